/* From the data block to Leaflet layers: one canvas for areas and lines, SVG above it for the marks of sources. */
(function () {
  "use strict";

  /* A mark of any form: a unit path, moved and scaled into place. */
  var /** @type {Maker<[LatLon, object], SourceMark>} */ Mark = L.CircleMarker.extend({
    _updatePath: function () {
      var path = this._path, point = this._point, radius = this._radius;
      path.setAttribute("d", this.options.shape);
      path.setAttribute("transform", "translate(" + point.x + "," + point.y + ") scale(" + radius + ")");
    },
    _initPath: function () { return this; }
  });

  /** @param {Look} look @param {object} [extra] */
  function pathStyle(look, extra) {
    return Object.assign({
      color: look.stroke, weight: look.width_px, dashArray: look.dash || null,
      fill: look.fill_opacity > 0, fillColor: look.fill, fillOpacity: look.fill_opacity
    }, extra);
  }
  hmgeo.pathStyle = pathStyle;

  /* A light rim under what is drawn small, so that it stands out from the ground. */
  var fillStroke = L.Canvas.prototype._fillStroke;
  L.Canvas.include({
    _fillStroke: function (ctx, layer) {
      if (layer.options.halo) {
        ctx.save();
        ctx.setLineDash([]);
        ctx.globalAlpha = 0.9;
        ctx.strokeStyle = "#fff";
        ctx.lineWidth = layer.options.weight + 2 * layer.options.halo;
        ctx.stroke();
        ctx.restore();
      }
      fillStroke.call(this, ctx, layer);
    }
  });

  hmgeo.label = label;
  /** @param {LatLon} at @param {string} text @param {string} role @param {string} [en] */
  function label(at, text, role, en) {
    var span = hmgeo.el("span", "", text), marker;
    if (en !== undefined) { span.setAttribute("data-zh", text); span.setAttribute("data-en", en); }
    marker = L.marker(at, {
      pane: "labels", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "map-label label-" + role.replace(/\W/g, "_"), html: span, iconSize: [0, 0] })
    });
    return marker.on("add", function () { span.textContent = span.getAttribute("data-" + document.documentElement.lang) || text; });
  }

  /* What a place is called on the map: one with approximate lines says so. */
  hmgeo.placeName = /** @type {Hmgeo["placeName"]} */ function (labels, of, name) {
    return of.approximate ? name + (labels.approximate.charAt(0) === "(" ? " " : "") + labels.approximate : name;
  };

  /* A source for those who hear the page. */
  hmgeo.spoken = /** @type {Hmgeo["spoken"]} */ function (data, source) {
    return source.name + (data.language === "en" ? ", " : "，") + data.verdict_words[source.verdict][data.language];
  };

  /* Areas and lines for orientation: the few that carry labels are not clickable, the many say their name when pointed at. */
  hmgeo.contextLayer = /** @type {Hmgeo["contextLayer"]} */ function (layer, data, open) {
    var group = L.featureGroup(), look = pathStyle(layer.style, { interactive: !layer.labelled });
    if (layer.borders) { L.geoJSON(layer.borders, { style: Object.assign({}, look, { fill: false, interactive: false }) }).addTo(group); }
    if (!layer.borders || layer.is_filled) { L.geoJSON(layer.features, {
      style: function (feature) {
        return Object.assign({}, look, /LineString/.test(feature.geometry.type) ? { fill: false } : {}, layer.borders ? { stroke: false } : {});
      },
      pointToLayer: function (feature, at) { return L.circleMarker(at, Object.assign({}, look, { radius: 4 })); },
      onEachFeature: function (feature, drawn) {
        var name = feature.properties && feature.properties.name, facts = feature.properties && feature.properties.facts;
        if (!layer.labelled) {
          drawn.bindTooltip(function () {
            return hmgeo.el("span", "", hmgeo.inLanguage(data, layer.title, layer.title_en) + (name ? "　" + hmgeo.placeName(data.labels, layer, name) : ""));
          }, { sticky: true });
        }
        if (facts) { drawn.on("click", function (event) { L.DomEvent.stopPropagation(event); open(event.latlng, layer, feature.properties); }); }
      }
    }).addTo(group); }
    layer.features.forEach(function (feature) {
      var name = feature.properties, words = data.words;
      if (layer.labelled && name.name) { label(name.at, hmgeo.placeName(words.zh, layer, name.name), layer.role, hmgeo.placeName(words.en, layer, name.name)).addTo(group); }
    });
    return group;
  };

  /* Labels keep off marks and off each other: moved a little where that helps, else hidden; names that repeat, too. */
  hmgeo.declutter = /** @type {Hmgeo["declutter"]} */ function (map) {
    var /** @type {{left: number, right: number, top: number, bottom: number}[]} */ taken = [], /** @type {Record<string, boolean>} */ shown = Object.create(null);
    var /** @type {{node: HTMLElement, isNumber: boolean}[]} */ labels = [], many = false, /** @type {DOMRect[]} */ boxes;
    /** @param {DOMRect} box @param {number} dx @param {number} dy */
    function meets(box, dx, dy) {
      return taken.some(function (other) {
        return box.left + dx < other.right && other.left < box.right + dx && box.top + dy < other.bottom && other.top < box.bottom + dy;
      });
    }
    map.getPane("sources").querySelectorAll("path.mark").forEach(function (path) { taken.push(path.getBoundingClientRect()); });
    many = taken.length > 600;
    ["key_area", "county", "township", "number", "river"].forEach(function (role) {
      hmgeo.all(map.getPane("labels"), ".label-" + role + " span").forEach(function (node) { node.style.top = node.style.left = ""; labels.push({ node: node, isNumber: role === "number" }); });
    });
    boxes = labels.map(function (label) { return label.node.getBoundingClientRect(); });
    labels.forEach(function (label, i) {
      var node = label.node, word = node.textContent || "", box = boxes[i], w = box.width / 2 + 10, moves = label.isNumber ? [[w, 0], [-w, 0], [0, -16], [0, 16]] : [[0, 0], [0, -16], [0, 16], [0, -30], [0, 30]];
      var at = (label.isNumber ? many : shown[word]) ? null : moves.filter(function (move) { return !meets(box, move[0], move[1]); })[0];
      node.style.visibility = at ? "" : "hidden";
      if (!at) { return; }
      node.style.left = at[0] + "px";
      node.style.top = at[1] + "px";
      taken.push({ left: box.left + at[0], right: box.right + at[0], top: box.top + at[1], bottom: box.bottom + at[1] });
      shown[word] = true;
    });
  };

  /* One group per class of receptor; `parcels` collects the drawn ones by id. */
  hmgeo.receptorGroups = /** @type {Hmgeo["receptorGroups"]} */ function (layer, styles, parcels, open) {
    var /** @type {Record<string, Drawn>} */ classes = Object.create(null);
    layer.classes.forEach(function (word) { classes[word] = { group: L.featureGroup(), layers: [] }; });
    layer.features.forEach(function (feature) {
      var look = styles[feature.properties.cls], land = classes[feature.properties.cls];
      var drawn = Object.assign(L.geoJSON(feature, {
        style: function () { return pathStyle(look); },
        pointToLayer: function (f, at) { return L.circleMarker(at, pathStyle(look, { radius: 5 })); }
      }).getLayers()[0], { record: feature.properties, kind: layer.kind, group: land.group });
      drawn.on("click", function (event) { L.DomEvent.stopPropagation(event); open(drawn, event.latlng); });
      drawn.addTo(land.group);
      land.layers.push(drawn);
      parcels[feature.properties.id] = drawn;
    });
    return classes;
  };

  /* A ring of class shares with the number of parcels in it, at their mean position. */
  hmgeo.townshipCircle = /** @type {Hmgeo["townshipCircle"]} */ function (sum, styles, open) {
    var size = Math.round(30 + 7 * Math.log10(1 + sum.count)), r = size / 2 - 4, turn = 0;
    var svg = hmgeo.svg("svg", { width: size, height: size, viewBox: [-size / 2, -size / 2, size, size].join(" ") });
    hmgeo.svg("circle", { r: r, fill: "#fff", "fill-opacity": 0.9 }, svg);
    sum.classes.forEach(function (share) {
      var part = share[1] / sum.count, length = 2 * Math.PI * r;
      hmgeo.svg("circle", {
        r: r, fill: "none", stroke: styles[share[0]].fill, "stroke-width": 7,
        "stroke-dasharray": part * length + " " + length, transform: "rotate(" + (turn * 360 - 90) + ")"
      }, svg);
      turn += part;
    });
    hmgeo.svg("text", {}, svg).textContent = String(sum.count);
    var marker = L.marker(sum.at, {
      pane: "sums", title: sum.name, alt: sum.name,
      icon: L.divIcon({ className: "sum-circle", html: svg, iconSize: [size, size] })
    });
    marker.on("click", open);
    return marker;
  };

  /* The mark of a source, with the outline of where it is or may be. */
  hmgeo.sourceMark = /** @type {Hmgeo["sourceMark"]} */ function (source, data, renderer, open) {
    var look = data.styles.verdicts[source.verdict];
    var classes = "mark mark-" + look.shape + (source.certainty === "ambiguous" ? " mark-ambiguous" : "");
    var mark = new Mark(source.at, {
      renderer: renderer, pane: "sources", radius: 8, shape: data.shapes[look.shape], className: classes,
      bubblingMouseEvents: false
    });
    mark.source = source;
    mark.on("add", function () {
      var path = mark._path;
      path.style.setProperty("--colour", look.colour);
      ["fill", "stroke", "stroke-width", "fill-opacity", "stroke-opacity"].forEach(path.removeAttribute, path);
      path.setAttribute("tabindex", "0");
      path.setAttribute("role", "button");
      path.setAttribute("aria-label", hmgeo.spoken(data, source));
      path.setAttribute("data-source", source.id);
      path.addEventListener("keydown", function (event) { if (event.key === "Enter") { open(source); } });
    });
    mark.on("click", function () { open(source); });
    mark.bindTooltip(hmgeo.el("span", "", (source.number ? source.number + "　" : "") + source.name), { direction: "top", offset: [0, -8] });
    return mark;
  };
}());
