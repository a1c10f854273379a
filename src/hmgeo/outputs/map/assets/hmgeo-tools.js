/* Measuring, the link to a view, the language. */
(function () {
  "use strict";
  var Page = hmgeo.Page;

  Page.prototype.fileName = /** @type {IPage["fileName"]} */ function (what) {
    return (document.title + "_" + what).replace(/[\\/:*?"<>|\s]+/g, "_");
  };

  Page.prototype.addTools = /** @type {IPage["addTools"]} */ function () {
    var page = this;
    document.getElementById("tool-measure").addEventListener("click", function () { page.measure(!page.measuring); });
    document.getElementById("tool-language").addEventListener("click", function () { page.speak(page.data.language === "en" ? "zh" : "en"); });
    document.getElementById("tool-link").addEventListener("click", function () { page.copyLink(); });
    document.addEventListener("keydown", function (event) {  // before Leaflet, which listens where the map has the focus
      var at = document.activeElement;
      if (event.key !== "Escape" || (at && at.closest("#search-box[aria-expanded=true], #ask, #print-dialog"))) { return; }  // these close themselves
      if (page.measuring) { page.measure(false); }
      else if (page.map.getContainer().querySelector(".leaflet-popup")) { page.map.closePopup(); }
      else if (page.dock.isOpen()) { document.getElementById("dock-close").click(); }
    }, true);
    this.map.on("moveend", function () {  // browsers allow only so many changes of the address
      window.clearTimeout(page.remembering);
      page.remembering = window.setTimeout(function () { page.remember(); }, 250);
    });
    this.recall();
    window.addEventListener("hashchange", function () { if (location.hash.slice(1) !== page.fragment) { page.recall(); } });
    if (this.data.language === "en") { this.speak("en"); }
  };

  /* Click point after point; the line tells its length on the ellipsoid, three points and more also an area. */
  Page.prototype.measure = /** @type {IPage["measure"]} */ function (on) {
    var map = this.map, button = document.getElementById("tool-measure"), says = document.getElementById("measure-says");
    if (on === Boolean(this.measuring)) { return; }
    if (on && this.ask && !this.ask.box.hidden) { this.ask.open(false); }
    button.setAttribute("aria-pressed", String(on));
    map.getContainer().classList.toggle("measuring", on);
    if (!on) {
      if (says && says.textContent === this.data.labels.measure_hint) { says.remove(); }
      if (this.measuring) { map.off("click", this.measuring.add).off("dblclick", this.measuring.end); }
      map.doubleClickZoom.enable();
      this.measuring = null;
      return;
    }
    this.startMeasure();
  };

  Page.prototype.startMeasure = /** @type {IPage["startMeasure"]} */ function () {
    var page = this, map = this.map, /** @type {L.LatLng[]} */ points = [], drawn = L.featureGroup(), dots = L.featureGroup().addTo(drawn);
    var line = L.polyline([], { color: "#14202c", weight: 2, dashArray: "6 4", interactive: false }).addTo(drawn);
    var says = document.getElementById("measure-says") || hmgeo.el("p");
    if (this.measured) { this.measured.remove(); }
    this.measured = drawn.addTo(map);
    says.id = "measure-says";
    says.setAttribute("role", "status");
    says.textContent = this.data.labels.measure_hint;
    map.getContainer().appendChild(says);
    map.doubleClickZoom.disable();
    this.measuring = {
      add: function (event) {
        var last = points[points.length - 1], total = 0;
        if (last && last.equals(event.latlng, 1e-9)) { return; }
        points.push(event.latlng);
        line.setLatLngs(points);
        L.circleMarker(event.latlng, { radius: 3, color: "#14202c", fillColor: "#fff", fillOpacity: 1, weight: 2, interactive: false }).addTo(dots);
        points.forEach(function (point, i) { if (i) { total += hmgeo.geodesic(points[i - 1], point); } });
        says.textContent = points.length < 2 ? page.data.labels.measure_hint : page.lengthWord(total) +
          (points.length > 2 ? "　" + hmgeo.say(page.data.labels.measure_area, { ha: hmgeo.ringArea(points).toFixed(2) }) : "") + "　" + page.data.labels.measure_method;
        says.setAttribute("data-metres", total.toFixed(3));
      },
      end: function () { page.measure(false); }
    };
    map.on("click", this.measuring.add).on("dblclick", this.measuring.end);
  };
  Page.prototype.lengthWord = /** @type {IPage["lengthWord"]} */ function (metres) { return metres < 1000 ? metres.toFixed(1) + " m" : (metres / 1000).toFixed(3) + " km"; };

  /* The view as a fragment: place and zoom, radius, filter, chosen source, hidden verdicts. */
  Page.prototype.remember = /** @type {IPage["remember"]} */ function () {
    var page = this, at = this.map.getCenter(), parts = ["@" + [at.lng.toFixed(5), at.lat.toFixed(5), this.map.getZoom()].join(",")], off;
    if (!this.codes || this.recalling || document.documentElement.classList.contains("printing")) { return; }
    if (this.radius !== null && this.data.radii_m[this.radius] !== this.data.radius_m) { parts.push("r=" + this.data.radii_m[this.radius]); }
    Object.keys(this.rules).forEach(function (name) { if (page.rules[name]) { parts.push(name + "=" + encodeURIComponent(page.rules[name])); } });
    if (this.chosen) { parts.push("s=" + encodeURIComponent(this.chosen.id)); }
    off = this.codes.filter(function (code) { return !page.map.hasLayer(page.groups[code]); });
    if (off.length) { parts.push("off=" + off.join(",")); }
    [["on", true], ["hide", false]].forEach(function (pair) {
      var keys = page.choices.filter(function (choice) { return choice.on !== pair[1] && page.map.hasLayer(choice.layer) === pair[1]; }).map(function (choice) { return choice.key; });
      if (keys.length) { parts.push(pair[0] + "=" + keys.join(",")); }
    });
    if (this.dock.isOpen()) { parts.push("t=" + this.dock.tab); }
    if (this.ask && this.ask.fragment()) { parts.push("ask=" + this.ask.fragment()); }
    if (this.data.language === "en") { parts.push("en"); }
    this.fragment = parts.join("&");
    window.history.replaceState(null, "", "#" + this.fragment);
  };

  Page.prototype.recall = /** @type {IPage["recall"]} */ function () {
    var page = this, parts = location.hash.slice(1).split("&"), /** @type {Words} */ given = Object.create(null), view;
    /** @param {string} part @param {string} key */
    function names(part, key) { return (given[part] || "").split(",").indexOf(key) >= 0; }
    if (parts[0].charAt(0) !== "@") { this.find(parts[0]); return; }
    view = parts[0].slice(1).split(",").map(Number);
    parts.slice(1).forEach(function (part) { var at = part.indexOf("="); given[at < 0 ? part : part.slice(0, at)] = at < 0 ? "yes" : hmgeo.decoded(part.slice(at + 1)); });
    this.recalling = true;
    if (view.length === 3 && view.every(isFinite)) { this.map.setView([view[1], view[0]], view[2], { animate: false }); }
    if (given.r && this.data.radii_m.indexOf(Number(given.r)) >= 0) { this.setRadius(this.data.radii_m.indexOf(Number(given.r))); }
    this.filterFields().forEach(function (field) {
      field.select.value = given[field.name] || "";
      page.rules[field.name] = field.select.value;
    });
    if (this.isFiltered()) { this.applyFilter(); }
    (given.off || "").split(",").forEach(function (code) { if (given.off !== undefined && page.groups[code]) { page.map.removeLayer(page.groups[code]); } });
    this.choices.forEach(function (choice) {
      var on = !names("hide", choice.key) && (choice.on || names("on", choice.key));
      if (on !== page.map.hasLayer(choice.layer)) { if (on) { page.map.addLayer(choice.layer); } else { page.map.removeLayer(choice.layer); } }
    });
    this.restack();
    if (given.t && this.dock.tabs && this.dock.tabs.some(function (tab) { return tab[0] === given.t; })) { this.dock.open(given.t); }
    if (given.s && this.sources[given.s]) { this.openSource(this.sources[given.s].source); }
    if (given.ask && this.ask) { this.ask.recall(location.hash.slice(1).split("&ask=")[1].split("&")[0]); }
    this.recalling = false;
    if (given.en && this.data.language !== "en") { this.speak("en"); }
  };

  /* A fragment that names a source, as links from sheets do. */
  Page.prototype.find = /** @type {IPage["find"]} */ function (fragment) {
    var id = hmgeo.decoded(fragment), mark = this.sources[id];
    if (mark) { this.map.setView(mark.source.at, 14, { animate: false }); this.openSource(mark.source); }
  };

  Page.prototype.copyLink = /** @type {IPage["copyLink"]} */ function () {
    var page = this, node = hmgeo.el("textarea");
    this.remember();
    node.value = location.href;
    document.body.appendChild(node);
    node.select();
    document.execCommand("copy");  // file:// pages have no clipboard API in older browsers
    document.body.removeChild(node);
    this.toast(page.data.labels.link_done);
  };

  Page.prototype.toast = /** @type {IPage["toast"]} */ function (text) {
    var node = document.getElementById("toast") || hmgeo.el("p");
    node.id = "toast";
    node.setAttribute("role", "status");
    node.textContent = text;
    document.body.appendChild(node);
    window.clearTimeout(this.toasting);
    this.toasting = window.setTimeout(function () { node.textContent = ""; }, 4000);
  };

  /* Change the words of the page. Quotes, names and notes stay in the language they are written in. */
  Page.prototype.speak = /** @type {IPage["speak"]} */ function (language) {
    var page = this, data = this.data, labels = data.words[language], each = Array.prototype.forEach;
    data.language = language;
    data.labels = labels;
    document.documentElement.lang = language;
    each.call(document.querySelectorAll("[data-t]"), function (node) { node.textContent = hmgeo.say(labels[node.getAttribute("data-t")], { n: node.getAttribute("data-n") }); });
    each.call(document.querySelectorAll("[data-t-placeholder]"), function (node) { node.placeholder = labels[node.getAttribute("data-t-placeholder")]; });
    each.call(document.querySelectorAll("[data-t-label]"), function (node) { node.setAttribute("aria-label", labels[node.getAttribute("data-t-label")]); });
    each.call(document.querySelectorAll("[data-en]"), function (node) {
      if (!node.hasAttribute("data-zh")) { node.setAttribute("data-zh", node.textContent); }
      node.textContent = node.getAttribute("data-" + language);
    });
    each.call(document.querySelectorAll("[data-verdict-word]"), function (node) { node.textContent = page.verdictWord(node.getAttribute("data-verdict-word")); });
    each.call(document.querySelectorAll("[data-status-word]"), function (node) { node.textContent = page.statusWord(node.getAttribute("data-status-word")); });
    each.call(document.querySelectorAll("[data-certainty-word]"), function (node) { node.textContent = labels["certainty_" + node.getAttribute("data-certainty-word")]; });
    document.getElementById("print-scale").options[0].textContent = labels.scale_fit;
    document.getElementById("tool-language").lang = language === "en" ? "zh" : "en";
    Object.keys(this.sources).forEach(function (id) {
      var mark = page.sources[id], path = mark.getElement();
      if (path) { path.setAttribute("aria-label", hmgeo.spoken(data, mark.source)); }
    });
    this.map.closePopup();
    this.addTree();
    this.credits.querySelectorAll("summary")[0].textContent = labels.credits;
    this.drawVisits();
    if (document.getElementById("filter-reset")) { this.fillFilters(); this.applyFilter(); }
    this.sayRadius();
    if (this.zoomer) { this.zoomer.remove(); this.zoomer = L.control.zoom({ position: "topleft", zoomInTitle: labels.zoom_in, zoomOutTitle: labels.zoom_out }).addTo(this.map); }
    if (this.dock.box) { this.dock.drawTabs(); this.dock.draw(); }
    if (this.ask) { this.ask.translate(); }
    this.remember();
  };
}());
