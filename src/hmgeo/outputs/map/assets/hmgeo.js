/* Puts the page together: panes, layers, tree, controls, selection, search. */
(function () {
  "use strict";

  function Page(map, data) {
    this.map = map;
    this.data = data;
    this.sources = Object.create(null);  // mark by source id
    this.parcels = Object.create(null);  // drawn receptor by id
    this.lands = [];                     // {group, weight} of drawn receptors
    this.stack = [];                     // groups from the bottom up
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    [["labels", 430], ["sums", 440], ["sources", 450]].forEach(function (pane) {
      map.createPane(pane[0]).style.zIndex = pane[1];
    });
    map.getPane("labels").style.pointerEvents = "none";
    this.svg = L.svg({ pane: "sources", padding: 0.5 });
    this.selected = L.featureGroup();
  }

  /* Register a group in drawing order; show it if `on`. */
  Page.prototype.keep = function (group, on) {
    this.stack.push(group);
    if (on) { this.map.addLayer(group); }
    return group;
  };

  Page.prototype.restack = function () {
    var map = this.map;
    this.stack.forEach(function (group) { if (map.hasLayer(group)) { group.bringToFront(); } });
  };

  /* Small parcels stay visible from afar: their outline grows as they shrink. Many marks get smaller instead. */
  Page.prototype.adaptToZoom = function () {
    var zoom = this.map.getZoom(), marks = this.sources, ids = Object.keys(marks);
    var more = zoom < 12.5 ? 2 : zoom < 14.5 ? 1 : 0, radius = ids.length > 120 && zoom < 12 ? 5.5 : 8;
    if (more !== this.more) { this.lands.forEach(function (land) { land.group.setStyle({ weight: land.weight + more }); }); }
    if (radius !== this.radius) { ids.forEach(function (id) { marks[id].setRadius(radius); }); }
    this.more = more;
    this.radius = radius;
  };

  /* A line drawn as computed: no simplifying, no fill over what lies in it. */
  Page.prototype.searchLine = function (source, weight) {
    var look = this.data.styles.search;
    return L.geoJSON(source.search, {
      style: hmgeo.pathStyle(look, { interactive: false, fill: false, weight: weight || look.width_px, smoothFactor: 0 })
    });
  };

  /* The ground a source takes, or the area somewhere in which it lies. */
  Page.prototype.outline = function (source) {
    var styles = this.data.styles, colour = styles.verdicts[source.verdict].colour;
    var look = source.kind === "place" ? styles.place : Object.assign({}, styles.place, { stroke: colour, fill: colour, fill_opacity: 0.25, dash: "" });
    return L.geoJSON(source.outline, { style: hmgeo.pathStyle(look, { interactive: false }) });
  };

  /* Width in pixels that the layer tree takes from the right. */
  Page.prototype.treeWidth = function () {
    return this.tree ? this.tree.getContainer().offsetWidth + 24 : 24;
  };

  Page.prototype.popup = function (at, content) {
    var size = this.map.getSize(), tree = this.treeWidth();
    var room = Math.max(260, size.x - tree - 64);  // beside zoom buttons and layer tree, under neither
    L.popup({
      maxWidth: Math.min(460, room), minWidth: Math.min(340, room), maxHeight: Math.max(200, Math.round(size.y * 0.7)),
      autoPanPaddingTopLeft: [56, 14], autoPanPaddingBottomRight: [tree, 24]
    }).setLatLng(at).setContent(content).openOn(this.map);
  };

  Page.prototype.fly = function (at, zoom, then) {
    this.map.closePopup();
    this.map.once("moveend", then);
    if (this.calm) { this.map.setView(at, zoom, { animate: false }); } else { this.map.flyTo(at, zoom, { duration: 0.6 }); }
  };

  Page.prototype.ensure = function (group) {
    if (!this.map.hasLayer(group)) { this.map.addLayer(group); this.restack(); }
  };

  Page.prototype.openSource = function (source) {
    var page = this, there = this.parcels[source.nearest_id] || source.nearest_at;
    this.selected.clearLayers();
    if (source.search) { this.searchLine(source, 2.2).addTo(this.selected); }
    L.circleMarker(source.at, { renderer: this.svg, pane: "sources", radius: 13, className: "halo", interactive: false }).addTo(this.selected);
    this.popup(source.at, hmgeo.sourcePopup(source, this.data, there ? function () { page.goToNearest(source); } : null));
  };

  Page.prototype.goToSource = function (source) {
    var page = this;
    this.ensure(this.sources[source.id].group);
    this.fly(source.at, Math.max(this.map.getZoom(), 13), function () { page.openSource(source); });
  };

  Page.prototype.openParcel = function (layer, at) {
    var page = this, mark = this.sources[layer.record.source];
    this.popup(at, hmgeo.parcelPopup(layer.record, layer.kind, this.data, mark ? function () { page.goToSource(mark.source); } : null));
  };

  Page.prototype.goToParcel = function (layer) {
    var page = this, at = layer.getBounds ? layer.getBounds().getCenter() : layer.getLatLng();
    this.ensure(layer.group);
    this.fly(at, 16, function () { page.openParcel(layer, at); });
  };

  Page.prototype.goToNearest = function (source) {
    var layer = this.parcels[source.nearest_id];
    if (layer) { this.goToParcel(layer); } else { this.fly(source.nearest_at, 16, function () {}); }
  };

  /* A row that isn't drawn: show it in its list. */
  Page.prototype.goToRow = function (id) {
    var list = document.getElementById("unmapped");
    list.open = true;
    Array.prototype.forEach.call(list.querySelectorAll("li"), function (item) {
      var found = item.getAttribute("data-source") === id;
      item.classList.toggle("found", found);
      if (found) { item.scrollIntoView({ block: "center" }); item.focus({ preventScroll: true }); }
    });
  };

  Page.prototype.addContext = function () {
    var page = this;
    return this.data.context.map(function (layer) {
      return { label: hmgeo.escape(layer.title), layer: page.keep(hmgeo.contextLayer(layer), true) };
    });
  };

  Page.prototype.addReceptors = function (layer) {
    var page = this, labels = this.data.labels, styles = this.data.styles.classes[layer.kind];
    var groups = hmgeo.receptorGroups(layer, styles, this.parcels, this.openParcel.bind(this));
    var children = layer.classes.map(function (word) {
      page.lands.push({ group: groups[word], weight: styles[word].width_px });
      return { label: hmgeo.escape(word || labels.no_class), layer: page.keep(groups[word], true) };
    });
    if (layer.townships.length) {
      var sums = L.featureGroup(layer.townships.map(function (sum) {
        return hmgeo.townshipCircle(sum, styles, function () { page.popup(sum.at, hmgeo.townshipPopup(sum, page.data)); });
      })).addTo(this.map);
      children.push({ label: hmgeo.escape(labels.township_sum), layer: sums });
    }
    return { label: hmgeo.escape(layer.title), selectAllCheckbox: labels.tree_all, children: children };
  };

  Page.prototype.addSearchLines = function () {
    var page = this, lines = L.featureGroup();
    this.data.sources.forEach(function (source) {
      if (source.search) { page.searchLine(source).addTo(lines); }
    });
    return this.keep(lines, false);
  };

  Page.prototype.addSources = function () {
    var page = this, data = this.data, groups = Object.create(null);
    data.sources.forEach(function (source) {
      var group = groups[source.verdict] = groups[source.verdict] || L.featureGroup();
      if (source.outline) { page.outline(source).addTo(group); }
      page.sources[source.id] = hmgeo.sourceMark(source, data, page.svg, page.openSource.bind(page)).addTo(group);
      page.sources[source.id].group = group;
    });
    var codes = Object.keys(data.verdict_words).filter(function (code) { return groups[code]; });
    codes.slice().reverse().forEach(function (code) { page.keep(groups[code], true); });  // the gravest on top
    return codes.map(function (code) { return { label: hmgeo.escape(data.verdict_words[code]), layer: groups[code] }; });
  };

  Page.prototype.addTree = function (frame, lands, lines, sources) {
    var labels = this.data.labels, tree = [];
    function branch(label, children) {
      if (children.length) {
        tree.push({ label: hmgeo.escape(label), selectAllCheckbox: labels.tree_all, children: children, collapsed: children.length > 6 });
      }
    }
    branch(labels.tree_sources, sources);
    if (lines.getLayers().length) { tree.push({ label: hmgeo.escape(labels.tree_search), layer: lines }); }
    tree = tree.concat(lands);
    branch(labels.tree_frame, frame);
    if (tree.length) {
      this.tree = L.control.layers.tree(null, tree, { collapsed: false, closedSymbol: "▸", openedSymbol: "▾", spaceSymbol: " " }).addTo(this.map);
    }
  };

  Page.prototype.addControls = function () {
    var labels = this.data.labels, credits = this.data.credits.map(hmgeo.escape).join("；");
    L.control.zoom({ position: "topleft", zoomInTitle: labels.zoom_in, zoomOutTitle: labels.zoom_out }).addTo(this.map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 140 }).addTo(this.map);
    L.control.attribution({ position: "bottomright", prefix: false }).addAttribution(credits || "hmgeo").addTo(this.map);
    this.map.on("popupopen", function (event) {
      var cross = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      cross.title = labels.close;
      cross.setAttribute("aria-label", labels.close);
    });
  };

  Page.prototype.addSearch = function () {
    var page = this;
    hmgeo.search(hmgeo.entries(this.data, this.parcels, {
      source: this.goToSource.bind(this), row: this.goToRow.bind(this), parcel: this.goToParcel.bind(this),
      area: function (bounds) { page.map.closePopup().fitBounds(bounds, { animate: !page.calm }); }
    }), this.data.labels);
  };

  Page.prototype.addPanels = function () {
    var map = this.map, dismiss = document.getElementById("dismiss-warnings"), paper = document.getElementById("watermark");
    if (paper) { map.getContainer().appendChild(paper); }
    if (dismiss) {
      dismiss.addEventListener("click", function () {
        document.getElementById("warnings").classList.add("dismissed");
        map.invalidateSize();
      });
    }
  };

  /* Give the page the size of the sheet, and draw at once: printing doesn't wait for the next frame. */
  Page.prototype.toPaper = function (on) {
    document.documentElement.classList.toggle("printing", on);
    this.map.invalidateSize({ animate: false });
    this.map.eachLayer(function (layer) { if (layer instanceof L.Canvas) { layer._redraw(); } });
  };

  hmgeo.start = function (map) {
    var page = new Page(map, JSON.parse(document.getElementById("hmgeo-data").textContent));
    var frame = page.addContext(), lands = page.data.receptors.map(page.addReceptors, page);
    var lines = page.addSearchLines(), sources;
    page.keep(page.selected, true);
    sources = page.addSources();
    page.addTree(frame, lands, lines, sources);
    page.addControls();
    page.addPanels();
    page.addSearch();
    map.on("overlayadd", page.restack, page);
    map.on("click", function () { page.selected.clearLayers(); });
    map.on("zoomend", page.adaptToZoom, page);
    map.on("zoomend overlayadd", function () { hmgeo.declutter(map); });
    window.addEventListener("beforeprint", function () { page.toPaper(true); });
    window.addEventListener("afterprint", function () { page.toPaper(false); });
    map.fitBounds(page.data.bounds, {
      paddingTopLeft: [40, 28], paddingBottomRight: [page.treeWidth(), 28], animate: false, maxZoom: 15
    });
    page.adaptToZoom();
    hmgeo.declutter(map);
    document.documentElement.setAttribute("data-ready", "yes");
  };
}());
