/* Puts the page together: panes, layers, tree, controls, selection, search. */
(function () {
  "use strict";

  /* Rings ([lat, lon]) of a drawn feature; a point is a ring of one. */
  hmgeo.ringsOf = /** @type {Hmgeo["ringsOf"]} */ function (layer) {
    var /** @type {LatLon[][]} */ rings = [];
    /** @param {L.Rings} part @param {LatLon[]} ring */
    function walk(part, ring) {
      var /** @type {LatLon[]} */ own = [];
      if (!Array.isArray(part)) { ring.push([part.lat, part.lng]); return; }
      part.forEach(function (inner) { walk(inner, own); });
      if (own.length) { rings.push(own); }
    }
    if (layer.getLayers) { layer.getLayers().forEach(function (inner) { rings = rings.concat(hmgeo.ringsOf(inner)); }); }
    if (layer.getLatLngs) { walk(layer.getLatLngs(), []); }
    if (layer.getLatLng) { walk([layer.getLatLng()], []); }
    return rings;
  };

  var Page = /** @type {Maker<[L.Map, PageData], IPage>} */ (/** @this {IPage} */ function (map, data) {
    this.map = map;
    this.data = data;
    this.sources = Object.create(null);  // mark by source id
    this.parcels = Object.create(null);  // drawn receptor by id
    /** @type {IPage["lands"]} */ this.lands = [];                     // {group, weight} of drawn receptors
    /** @type {IPage["stack"]} */ this.stack = [];                     // groups from the bottom up
    this.calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.dock = new hmgeo.Dock(this);
    this.receptors = new hmgeo.Receptors(this);
    /** @type {Lot[]} */ this.lots = [];                      // {store, layer, kind} of packed receptors
    /** @type {Lot[]} */ this.lights = [];                    // the same of highlights over them
    this.radius = data.radii_m.indexOf(data.radius_m) >= 0 ? data.radii_m.indexOf(data.radius_m) : data.radii_m.length ? 0 : null;
    /** @type {Choice[]} */ this.choices = [];                   // {key, layer, on} of what the tree switches, as the page opens
    /** @type {Words} */ this.rules = { township: "", trade: "", certainty: "", year: "" };
    data.language = data.language === "en" ? "en" : "zh";
    data.labels = data.words[data.language];
    data.caption = hmgeo.text(document.getElementById("caption"));
    data.disclaimer = hmgeo.text(document.getElementById("disclaimer"));
    [["backdrop", "150"], ["packed", "350"], ["labels", "430"], ["sums", "440"], ["sources", "450"]].forEach(function (pane) {
      map.createPane(pane[0]).style.zIndex = pane[1];
    });
    map.getPane("labels").style.pointerEvents = "none";
    this.svg = L.svg({ pane: "sources", padding: 0.5 });
    this.selected = L.featureGroup();
  });

  /* Register a group in drawing order; show it if `on`. */
  Page.prototype.keep = /** @type {IPage["keep"]} */ function (group, on) {
    this.stack.push(group);
    if (on) { this.map.addLayer(group); }
    return group;
  };

  Page.prototype.restack = /** @type {IPage["restack"]} */ function () {
    var map = this.map;
    this.stack.forEach(function (group) { if (group.bringToFront && map.hasLayer(group)) { group.bringToFront(); } });
  };

  /* Small parcels stay visible from afar: their outline grows as they shrink. Many marks get smaller instead. */
  Page.prototype.adaptToZoom = /** @type {IPage["adaptToZoom"]} */ function () {
    var zoom = this.map.getZoom(), marks = this.sources, ids = Object.keys(marks);
    var more = zoom < 12.5 ? 2 : zoom < 14.5 ? 1 : 0, radius = (ids.length > 120 || this.isNarrow() && ids.length > 20) && zoom < 12 ? ids.length > 600 ? 3.6 : 5.5 : 8;
    if (more !== this.more) { this.lands.forEach(function (land) { land.group.setStyle({ weight: land.weight + more, halo: Math.min(1, more) }); }); }
    if (radius !== this.markRadius) { ids.forEach(function (id) { marks[id].setRadius(radius); }); }
    this.more = more;
    this.markRadius = radius;
  };

  /* A line drawn as computed: no simplifying, no fill over what lies in it. */
  Page.prototype.searchLine = /** @type {IPage["searchLine"]} */ function (source, weight) {
    var look = this.data.styles.search, index = this.searched ? this.searched.indexOf(source.id) : -1;
    if (!this.searched || index < 0) { return null; }
    return L.polygon(this.searched.rings(index), hmgeo.pathStyle(look, { interactive: false, fill: false, weight: weight || look.width_px, smoothFactor: 0 }));
  };

  /* The ground a source takes, or the area somewhere in which it lies. */
  Page.prototype.outline = /** @type {IPage["outline"]} */ function (source, outline) {
    var styles = this.data.styles, colour = styles.verdicts[source.verdict].colour;
    var look = source.kind === "place" ? styles.place : Object.assign({}, styles.place, { stroke: colour, fill: colour, fill_opacity: 0.25, dash: "" });
    return L.geoJSON(outline, { style: hmgeo.pathStyle(look, { interactive: false }) });
  };

  /* Width in pixels that the layer tree takes from the right. */
  Page.prototype.treeWidth = /** @type {IPage["treeWidth"]} */ function () {
    return this.tree ? this.tree.getContainer().offsetWidth + 24 : 24;
  };

  Page.prototype.popup = /** @type {IPage["popup"]} */ function (at, content) {
    var size = this.map.getSize(), tree = this.treeWidth();
    var room = Math.max(260, size.x - tree - 64);  // beside zoom buttons and layer tree, under neither
    L.popup({
      maxWidth: Math.min(460, room), minWidth: Math.min(340, room), maxHeight: Math.max(200, Math.round(size.y * 0.7)),
      autoPanPaddingTopLeft: [56, 14], autoPanPaddingBottomRight: [tree, 24]
    }).setLatLng(at).setContent(content).openOn(this.map);
  };

  Page.prototype.fly = /** @type {IPage["fly"]} */ function (at, zoom, then) {
    this.map.closePopup();
    this.map.once("moveend", then);
    if (this.calm) { this.map.setView(at, zoom, { animate: false }); } else { this.map.flyTo(at, zoom, { duration: 0.6 }); }
  };

  Page.prototype.ensure = /** @type {IPage["ensure"]} */ function (group) {
    if (!this.map.hasLayer(group)) { this.map.addLayer(group); this.restack(); }
  };

  Page.prototype.openSource = /** @type {IPage["openSource"]} */ function (source) {
    var page = this, there = this.parcels[source.nearest_id] || source.nearest_at;
    var line = this.searchLine(source, 2.2);
    this.selected.clearLayers();
    this.chosen = source;
    if (line) { line.addTo(this.selected); }
    if (source.flow) { L.polyline(source.flow, { color: "#005F86", weight: 4, interactive: false, smoothFactor: 0.5 }).addTo(this.selected); }
    this.drawRadius();
    L.circleMarker(source.at, { renderer: this.svg, pane: "sources", radius: 13, className: "halo", interactive: false }).addTo(this.selected);
    this.popup(source.at, hmgeo.sourcePopup(source, this.data, there ? function () { page.goToNearest(source); } : null));
  };

  Page.prototype.goToSource = /** @type {IPage["goToSource"]} */ function (source) {
    var page = this;
    this.ensure(this.sources[source.id].group);
    this.foldNarrow();
    this.fly(source.at, Math.max(this.map.getZoom(), 13), function () { page.openSource(source); });
  };

  Page.prototype.openParcel = /** @type {IPage["openParcel"]} */ function (layer, at) {
    this.showReceptor(layer.record, layer.kind, at, hmgeo.ringsOf(layer));
  };

  Page.prototype.showReceptor = /** @type {IPage["showReceptor"]} */ function (record, kind, at, rings) {
    var page = this, mark = this.sources[record.source];
    var who = document.getElementById("tool-receptors") && kind === "farmland" ? function () { page.receptors.chooseParcel(record, rings); } : null;
    this.popup(at, hmgeo.parcelPopup(record, kind, this.data, mark ? function () { page.goToSource(mark.source); } : null, who));
    if (who && this.dock.isOpen() && this.dock.tab === "receptors") { who(); }
  };

  /* A packed receptor: outline it, fly there if asked, open its popup. */
  Page.prototype.openPacked = /** @type {IPage["openPacked"]} */ function (lot, index, at) {
    var record = lot.store.record(index);
    this.selected.clearLayers();
    L.polygon(lot.store.rings(index), { color: "#14202c", weight: 2.5, fill: false, interactive: false }).addTo(this.selected);
    this.showReceptor(record, lot.kind, at || lot.store.bounds(index).getCenter(), lot.store.rings(index));
  };

  Page.prototype.goToPacked = /** @type {IPage["goToPacked"]} */ function (lot, index) {
    var page = this;
    this.fly(lot.store.bounds(index).getCenter(), 16, function () { page.openPacked(lot, index); });
  };

  /* The packed receptor under a place, within a few pixels of it where receptors are tiny. */
  Page.prototype.packedAt = /** @type {IPage["packedAt"]} */ function (latlng) {
    var slack = 3 * 360 / (256 * Math.pow(2, this.map.getZoom())), /** @type {ReturnType<IPage["packedAt"]>} */ hit = null;
    this.lots.forEach(function (lot) {
      var index = hit ? -1 : lot.store.hit(latlng.lng, latlng.lat, slack, function (i) { return lot.layer.isShown(i); });
      if (index >= 0) { hit = { lot: lot, index: index }; }
    });
    return hit;
  };

  Page.prototype.goToParcel = /** @type {IPage["goToParcel"]} */ function (layer) {
    var page = this, at = layer.getBounds ? layer.getBounds().getCenter() : L.latLng(hmgeo.ringsOf(layer)[0][0]);
    this.ensure(layer.group);
    this.fly(at, 16, function () { page.openParcel(layer, at); });
  };

  Page.prototype.goToNearest = /** @type {IPage["goToNearest"]} */ function (source) {
    var layer = this.parcels[source.nearest_id], lot = this.lots.filter(function (packed) { return packed.store.indexOf(source.nearest_id) >= 0; })[0];
    if (layer) { this.goToParcel(layer); }
    else if (lot) { this.goToPacked(lot, lot.store.indexOf(source.nearest_id)); }
    else if (source.nearest_at) { this.fly(source.nearest_at, 16, function () {}); }
  };

  /* The ordered list in the side panel: who is visited when, by group; what passes no filter waits. */
  Page.prototype.drawVisits = /** @type {IPage["drawVisits"]} */ function () {
    var page = this, list = document.getElementById("visits-list"), visits = this.data.visits, /** @type {AnyRow[]} */ rows, /** @type {string[]} */ groups = [], words = visits && this.data.language === "en" ? visits.words : {};
    /** @param {string} text */
    function word(text) { return words[text] || text; }
    if (!list || !visits) { return; }
    rows = this.allRows().filter(function (row) { return row.number && page.passes(row); });
    list.replaceChildren.apply(list, rows.map(function (row) {
      var item = hmgeo.el("li"), go = hmgeo.el("button");
      if (groups.indexOf(row.visit[0]) < 0) { groups.push(row.visit[0]); }
      go.type = "button";
      go.setAttribute("data-visit", row.id);
      go.title = row.visit[2];
      go.appendChild(hmgeo.el("span", "n", row.number));
      go.appendChild(hmgeo.el("span", "word", row.name));
      go.appendChild(hmgeo.el("span", "aside", word(row.visit[0]) + " " + word(row.visit[1])));
      go.addEventListener("click", function () { if (row.at) { page.goToSource(row); } else { page.goToRow(row.id); } });
      item.appendChild(go);
      return item;
    }));
    document.getElementById("visits-says").textContent = groups.map(function (group) {
      return word(group) + " " + rows.filter(function (row) { return row.visit[0] === group; }).length;
    }).join("｜");
    document.getElementById("visits-text").textContent = hmgeo.inLanguage(this.data, visits.text, visits.text_en);
  };

  /* A row that isn't drawn: show it in its list. */
  Page.prototype.goToRow = /** @type {IPage["goToRow"]} */ function (id) {
    var list = document.getElementById("unmapped");
    if (!list) { return; }
    list.open = true;
    list.querySelectorAll("li").forEach(function (item) {
      var isIt = item.getAttribute("data-source") === id;
      item.classList.toggle("found", isIt);
      if (isIt) { item.scrollIntoView({ block: "center" }); item.focus({ preventScroll: true }); }
    });
  };

  /* The layers for orientation, made once; the tree asks for their titles anew when the language changes. */
  Page.prototype.addContext = /** @type {IPage["addContext"]} */ function () {
    var page = this, backdrop = this.data.backdrop;
    /** @param {L.LatLng} at @param {ContextData} layer @param {ContextRecord} record */
    function open(at, layer, record) { page.popup(at, hmgeo.factsPopup(layer, record, page.data)); }
    this.context = this.data.context.map(function (layer) { return { title: layer.title, title_en: layer.title_en, layer: page.keep(hmgeo.contextLayer(layer, page.data, open), layer.shown) }; });
    this.data.tiles.forEach(function (tiles) {
      var layer = L.tileLayer(tiles.url, { maxNativeZoom: tiles.max_zoom, maxZoom: 18, attribution: hmgeo.escape(tiles.attribution) });
      page.context.push({ title: hmgeo.say(page.data.labels.tiles_title, { title: tiles.title }), layer: layer.addTo(page.map) });
    });
    if (backdrop) {
      this.context.push({ key: "hillshade", title: backdrop.title, layer: L.imageOverlay(backdrop.uri, backdrop.bounds, { pane: "backdrop", opacity: 0.4, alt: backdrop.title }) });
    }
  };

  Page.prototype.addReceptors = /** @type {IPage["addReceptors"]} */ function (layer, store) {
    var page = this, styles = this.data.styles.classes[layer.kind];
    var packed = store && this.addPacked(layer, store, styles), drawn = packed ? null : hmgeo.receptorGroups(layer, styles, this.parcels, this.openParcel.bind(this));
    var /** @type {Branch} */ branch = { kind: layer.kind, title: layer.title, title_en: layer.title_en, children: [] };
    layer.classes.forEach(function (word) {
      if (drawn) {
        page.lands.push({ group: drawn[word].group, weight: styles[word].width_px, layers: drawn[word].layers });
        branch.children.push({ word: word, layer: page.keep(drawn[word].group, true) });
      } else if (packed) {
        page.map.addLayer(packed[word]);
        branch.children.push({ word: word, layer: packed[word] });
      }
    });
    if (layer.townships.length) {
      branch.children.push({ key: "township_sum", layer: L.featureGroup(layer.townships.map(function (sum) {
        return hmgeo.townshipCircle(sum, styles, function () { page.popup(sum.at, hmgeo.townshipPopup(sum, page.data)); });
      })).addTo(this.map) });
    }
    this.branches.push(branch);
    if (!layer.townships.length) { this.addSteep(layer, store); }
  };

  /* What the tree switches in place of one class of a packed layer, which comes and goes with its classes. */
  Page.prototype.standIn = /** @type {IPage["standIn"]} */ function (drawn, index) {
    drawn.hiddenClasses[index] = true;
    return new (L.Layer.extend({
      onAdd: function (map) { map.addLayer(drawn); drawn.setClass(index, true); },
      onRemove: function (map) {
        drawn.setClass(index, false);
        if (drawn.hiddenClasses.every(Boolean)) { map.removeLayer(drawn); }
      },
      bringToFront: function () { return this; }
    }))();
  };

  /* Packed receptors are one layer; each class gets a stand-in that the tree switches. */
  Page.prototype.addPacked = /** @type {IPage["addPacked"]} */ function (layer, store, styles) {
    var page = this, looks = store.meta.classes.map(function (word) { return styles[word]; });
    var drawn = new hmgeo.PackedLayer(store, looks).addTo(this.map), /** @type {Record<string, L.Layer>} */ groups = Object.create(null);
    this.lots.push({ store: store, layer: drawn, kind: layer.kind });
    store.meta.classes.forEach(function (word, index) { groups[word] = page.standIn(drawn, index); });
    return groups;
  };

  /* All searched areas; made when they are first shown, since there may be hundreds. */
  Page.prototype.addSearchLines = /** @type {IPage["addSearchLines"]} */ function () {
    var page = this, lines = L.featureGroup(), made = false;
    lines.on("add", function () {
      if (made) { return; }
      made = true;
      page.data.sources.forEach(function (source) {
        var line = page.searchLine(source);
        if (line) { line.addTo(lines); }
      });
    });
    this.lines = this.searched ? this.keep(lines, false) : null;
  };

  Page.prototype.addSources = /** @type {IPage["addSources"]} */ function () {
    var page = this, data = this.data, /** @type {IPage["groups"]} */ groups = this.groups = Object.create(null);
    data.sources.forEach(function (source) {
      var group = groups[source.verdict] = groups[source.verdict] || L.featureGroup(), mark;
      mark = page.sources[source.id] = hmgeo.sourceMark(source, data, page.svg, page.openSource.bind(page)).addTo(group);
      mark.group = group;
      mark.label = source.number ? hmgeo.label(source.at, String(source.number), "number").addTo(group) : null;
      mark.outline = source.outline ? page.outline(source, source.outline).addTo(group) : null;
    });
    this.codes = Object.keys(data.verdict_words).filter(function (code) { return groups[code]; });
    this.codes.slice().reverse().forEach(function (code) { page.keep(groups[code], true); });  // the gravest on top
  };

  Page.prototype.isNarrow = /** @type {IPage["isNarrow"]} */ function () { return window.matchMedia("(max-width: 700px)").matches; };

  /* What the tree switches, by keys that are the same whenever this page opens; links tell what differs from the start. */
  Page.prototype.addChoices = /** @type {IPage["addChoices"]} */ function () {
    var page = this;
    /** @param {string} key @param {Nullable<L.Layer>} layer */
    function add(key, layer) { if (layer) { page.choices.push({ key: key, layer: layer, on: page.map.hasLayer(layer) }); } }
    add("q", this.lines);
    this.branches.forEach(function (land, i) { land.children.forEach(function (child, j) { add("r" + i + "." + j, child.layer); }); });
    this.context.forEach(function (item, i) { add("c" + i, item.layer); });
  };

  Page.prototype.addTree = /** @type {IPage["addTree"]} */ function () {
    var page = this, labels = this.data.labels, /** @type {TreeBranch[]} */ tree = [];
    /** @param {string} label @param {L.Layer} layer @returns {TreeBranch} */
    function leaf(label, layer) { return { label: hmgeo.escape(label), layer: layer }; }
    /** @param {string} label @param {TreeBranch[]} children */
    function branch(label, children) {
      if (children.length) {
        tree.push({ label: hmgeo.escape(label), selectAllCheckbox: labels.tree_all, children: children, collapsed: children.length > 6 });
      }
    }
    if (this.tree) { this.tree.remove(); }
    branch(labels.tree_sources, (this.codes || []).map(function (code) { return leaf(page.verdictWord(code), page.groups[code]); }));
    if (this.lines) { tree.push(leaf(labels.tree_search, this.lines)); }
    this.branches.forEach(function (land) {
      branch(land.key ? labels[land.key] : hmgeo.inLanguage(page.data, land.title || "", land.title_en), land.children.map(function (child) { return leaf(child.key ? labels[child.key] : hmgeo.classWord(page.data, child.word || ""), child.layer); }));
    });
    branch(labels.tree_frame, this.context.map(function (item) { return leaf(hmgeo.inLanguage(page.data, item.title, item.title_en), item.layer); }));
    if (tree.length) {
      this.tree = L.control.layers.tree(null, tree, { collapsed: this.isNarrow(), closedSymbol: "▸", openedSymbol: "▾", spaceSymbol: " " }).addTo(this.map);
    }
  };

  Page.prototype.addControls = /** @type {IPage["addControls"]} */ function () {
    var page = this, credits = this.data.credits.concat(this.data.backdrop ? [this.data.backdrop.credit] : []).filter(Boolean);
    var online = this.data.tiles.map(function (tiles) { return tiles.attribution; }).filter(function (text, i, all) { return text && all.indexOf(text) === i; });
    this.pictureCredits = credits.join("；");
    this.zoomer = L.control.zoom({ position: "topleft", zoomInTitle: this.data.labels.zoom_in, zoomOutTitle: this.data.labels.zoom_out }).addTo(this.map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 140 }).addTo(this.map);
    this.credits = hmgeo.el("details", "leaflet-control-attribution");
    this.credits.appendChild(hmgeo.el("summary", "", this.data.labels.credits));
    this.credits.appendChild(hmgeo.el("p", "", credits.concat(online).join("；")));
    this.credits.open = online.length > 0;  // who lends tiles wants to be named without a click
    this.map.addControl(new (L.Control.extend({ onAdd: function () { L.DomEvent.disableClickPropagation(page.credits); return page.credits; } }))({ position: "bottomright" }));
    this.map.getContainer().setAttribute("role", "application");
    this.map.getContainer().setAttribute("aria-label", this.data.labels.map_label);
    this.map.getContainer().setAttribute("data-t-label", "map_label");
    this.map.on("popupopen popupclose", function (event) { page.map.getContainer().classList.toggle("popped", event.type === "popupopen"); });
    this.map.on("popupopen", function (event) {
      var node = event.popup.getElement();
      hmgeo.all(node, ".leaflet-popup-close-button").forEach(function (cross) {
        cross.title = page.data.labels.close;
        cross.setAttribute("aria-label", page.data.labels.close);
      });
      node.setAttribute("role", "dialog");
      node.setAttribute("aria-label", hmgeo.text(node.querySelector(".pop-name") || node));
      hmgeo.all(node, ".leaflet-popup-content").forEach(function (content) { content.tabIndex = 0; });
    });
  };

  /* Search entries of places given as coordinates, and of packed parcels by id. */
  Page.prototype.addSearch = /** @type {IPage["addSearch"]} */ function () {
    var page = this;
    /** @param {string} text @returns {Found[]} */
    function places(text) {
      var at = hmgeo.parsePlace(text);
      return at ? [{
        name: hmgeo.say(page.data.labels.lon_lat, { lon: at.lng.toFixed(6), lat: at.lat.toFixed(6) }), kind: "kind_place",
        go: page.goToPlace.bind(page, at)
      }] : [];
    }
    /** @param {string} wanted @param {number} most */
    function lots(wanted, most) {
      var /** @type {Found[]} */ parcels = [];
      if (wanted.length < 2) { return parcels; }
      page.lots.forEach(function (lot) {
        lot.store.ids.some(function (id, index) {
          if (id.toLowerCase().indexOf(wanted) >= 0) {
            parcels.push({ name: id, aside: lot.store.record(index).township, kind: "kind_parcel", go: function () { page.goToPacked(lot, index); } });
          }
          return parcels.length >= most;
        });
      });
      return parcels;
    }
    hmgeo.search(hmgeo.entries(this.data, this.parcels, {
      source: this.goToSource.bind(this), row: this.goToRow.bind(this), parcel: this.goToParcel.bind(this),
      area: function (bounds) { page.map.closePopup().fitBounds(bounds, { animate: !page.calm }); }
    }), this.data, places, lots);
  };

  Page.prototype.goToPlace = /** @type {IPage["goToPlace"]} */ function (at) {
    var page = this;
    this.selected.clearLayers();
    L.circleMarker(at, { renderer: this.svg, pane: "sources", radius: 9, className: "halo", interactive: false }).addTo(this.selected);
    this.fly(at, Math.max(this.map.getZoom(), 14), function () { page.map.closePopup(); });
  };

  Page.prototype.addPanels = /** @type {IPage["addPanels"]} */ function () {
    var page = this, paper = document.getElementById("watermark"), more = document.getElementById("tool-more"), side = document.getElementById("tool-side");
    if (paper) { this.map.getContainer().appendChild(paper); }
    more.addEventListener("click", function () {
      more.setAttribute("aria-expanded", String(document.getElementById("head-more").classList.toggle("open")));
      page.resized();
    });
    /** @param {boolean} off */
    function fold(off) {
      document.body.classList.toggle("side-off", off);
      side.setAttribute("aria-expanded", String(!off));
      page.resized();
    }
    side.addEventListener("click", function () { fold(!document.body.classList.contains("side-off")); });
    this.foldNarrow = function () { if (page.isNarrow()) { fold(true); } };
    this.foldNarrow();
    this.drawVisits();
    document.documentElement.lang = this.data.language === "en" ? "en" : "zh";
  };

  Page.prototype.resized = /** @type {IPage["resized"]} */ function () { this.map.invalidateSize({ animate: false }); };

  Page.prototype.begin = /** @type {IPage["begin"]} */ function (stores) {
    var page = this, map = this.map;
    this.searched = stores[stores.length - 1];
    this.branches = [];
    if (stores.slice(0, -1).some(Boolean)) { map.options.zoomSnap = 1; }  // canvas tiles are sharp at whole zooms
    this.addContext();
    this.data.receptors.forEach(function (layer, index) { page.addReceptors(layer, stores[index]); });
    this.addSearchLines();
    this.keep(this.selected, true);
    this.addSources();
    this.addChoices();
    this.addTree();
    this.addControls();
    this.addPanels();
    this.addSearch();
    this.addFilters();
    this.dock.start();
    map.on("overlayadd", this.restack, this);
    map.on("click", function (event) {
      var hit = page.measuring ? null : page.packedAt(event.latlng);
      page.selected.clearLayers();
      page.chosen = null;
      if (hit) { page.openPacked(hit.lot, hit.index, event.latlng); }
    });
    map.on("zoomend", this.adaptToZoom, this);
    map.on("zoomend overlayadd overlayremove", function () { hmgeo.declutter(map); });
    map.fitBounds(this.data.bounds, {
      paddingTopLeft: [48, 36], paddingBottomRight: [this.treeWidth() + 12, 36], animate: false, maxZoom: 14
    });
    this.addAsk();
    this.addTools();
    this.addPaper();
    this.adaptToZoom();
    hmgeo.declutter(map);
    this.whenDrawn(function () { document.documentElement.setAttribute("data-ready", "yes"); });
  };

  /* Call back when every packed layer stands on the map. */
  Page.prototype.whenDrawn = /** @type {IPage["whenDrawn"]} */ function (then) {
    var open = this.lots.filter(function (lot) { return lot.layer.queue.length; }).length;
    if (!open) { then(); return; }
    this.lots.forEach(function (lot) {
      if (lot.layer.queue.length) { lot.layer.once("drawn", function () { open -= 1; if (!open) { then(); } }); }
    });
  };

  hmgeo.start = /** @type {Hmgeo["start"]} */ function (map) {
    var page = hmgeo.page = new Page(map, JSON.parse(hmgeo.text(document.getElementById("hmgeo-data"))));
    var bar = document.getElementById("progress"), metas = page.data.receptors.map(function (layer) { return layer.packed; });
    map.setView([30, 110], 5, { animate: false });
    bar.hidden = !metas.some(Boolean);
    hmgeo.unpack(metas.concat([page.data.searched]), function (share) {
      bar.querySelectorAll("progress")[0].value = Math.round(100 * share);
      bar.querySelectorAll("span")[0].textContent = hmgeo.say(page.data.labels.unpacking, { n: Math.round(100 * share) });
    }, function (stores) {
      bar.hidden = true;
      page.begin(stores);
    });
  };
  hmgeo.Page = Page;
}());
