/* Filter, radius of the counts, and the words of the page in its language; every number is read from the tables. */
(function () {
  "use strict";
  var Page = hmgeo.Page, el = hmgeo.el;

  Page.prototype.verdictWord = /** @type {IPage["verdictWord"]} */ function (code) { return this.data.verdict_words[code || ""][this.data.language]; };
  Page.prototype.statusWord = /** @type {IPage["statusWord"]} */ function (code) { return code in this.data.status_words ? this.data.status_words[code][this.data.language] : code; };
  Page.prototype.radiusWord = /** @type {IPage["radiusWord"]} */ function () { return this.radius === null ? "" : hmgeo.distanceWord(this.data.radii_m[this.radius]); };
  Page.prototype.factOf = /** @type {IPage["factOf"]} */ function (facts, key) {
    var wanted = facts.filter(function (fact) { return fact[0] === key; })[0];
    return wanted ? hmgeo.inLanguage(this.data, wanted[1], wanted[2]) : "";
  };

  /* Every input row once, in input order: drawn ones and those that aren't. */
  Page.prototype.allRows = /** @type {IPage["allRows"]} */ function () {
    if (!this.everyRow) { this.everyRow = /** @type {AnyRow[]} */ (this.data.sources).concat(this.data.unmapped).sort(function (a, b) { return (a.number || Infinity) - (b.number || Infinity) || a.row - b.row; }); }
    return this.everyRow;
  };

  Page.prototype.rowOf = /** @type {IPage["rowOf"]} */ function (id) { return this.allRows().filter(function (row) { return row.id === id; })[0] || { id: id, name: id, findings: [], verdict: "" }; };

  Page.prototype.tally = /** @type {IPage["tally"]} */ function (row) {
    var data = this.data, /** @type {Record<string, number>} */ counts = {};
    if (row.tally) { return row.tally; }
    row.findings.forEach(function (index) { var verdict = data.findings[index].verdict; counts[verdict] = (counts[verdict] || 0) + 1; });
    row.tally = counts;
    return counts;
  };

  Page.prototype.passes = /** @type {IPage["passes"]} */ function (row) {
    var rules = this.rules;
    return (!rules.township || (row.township || row.county || "\u0000") === rules.township) &&
      (!rules.trade || (row.trade || "\u0000") === rules.trade) && (!rules.certainty || (row.certainty || "\u0000") === rules.certainty);
  };

  Page.prototype.isFiltered = /** @type {IPage["isFiltered"]} */ function () { return Boolean(this.rules.township || this.rules.trade || this.rules.certainty || this.rules.year); };

  /** @param {HTMLSelectElement} select @param {string[][]} words @param {Words} labels */
  function options(select, words, labels) {
    select.textContent = "";
    [["", labels.filter_all]].concat(words).forEach(function (pair) {
      var option = el("option", "", pair[1]);
      option.value = pair[0];
      select.appendChild(option);
    });
  }

  Page.prototype.fillFilters = /** @type {IPage["fillFilters"]} */ function () {
    var page = this, labels = this.data.labels, rows = this.allRows(), years = document.getElementById("filter-year");
    /** @param {(row: AnyRow) => string} key @param {(value: string) => string} [word] */
    function words(key, word) {
      var seen = Object.create(null), /** @type {Pair[]} */ pairs = [];
      rows.forEach(function (row) {
        var value = key(row) || "\u0000";
        if (!seen[value]) { seen[value] = true; pairs.push([value, value === "\u0000" ? labels.filter_none : word ? word(value) : value]); }
      });
      return pairs.sort(function (a, b) { return a[1].localeCompare(b[1], "zh-CN", { numeric: true }); });
    }
    options(document.getElementById("filter-township"), words(function (row) { return row.township || row.county; }), labels);
    options(document.getElementById("filter-trade"), words(function (row) { return row.trade; }), labels);
    options(document.getElementById("filter-certainty"), words(function (row) { return row.certainty; }, function (code) { return labels["certainty_" + code]; }), labels);
    if (years) {
      options(years, this.parcelYears().map(function (year) { return [year, year]; }), labels);
    }
    this.filterFields().forEach(function (field) { field.select.value = page.rules[field.name]; });
  };

  /* The rules that have a field on this page: parcels don't always say when they were classed. */
  Page.prototype.filterFields = /** @type {IPage["filterFields"]} */ function () {
    var /** @type {ReturnType<IPage["filterFields"]>} */ fields = [];
    Object.keys(this.rules).forEach(function (name) {
      var select = document.getElementById("filter-" + name);
      if (select instanceof HTMLSelectElement) { fields.push({ name: name, select: select }); }
    });
    return fields;
  };

  Page.prototype.parcelYears = /** @type {IPage["parcelYears"]} */ function () {
    var seen = Object.create(null);
    this.data.receptors.forEach(function (layer) { layer.by_township.forEach(function (line) { if (line[3]) { seen[line[3]] = true; } }); });
    return Object.keys(seen).sort();
  };

  Page.prototype.addFilters = /** @type {IPage["addFilters"]} */ function () {
    var page = this, reset = document.getElementById("filter-reset"), radius = document.getElementById("radius");
    if (reset) {
      this.fillFilters();
      this.filterFields().forEach(function (field) {
        field.select.addEventListener("change", function () { page.rules[field.name] = field.select.value; page.applyFilter(); });
      });
      reset.addEventListener("click", function () {
        page.filterFields().forEach(function (field) { page.rules[field.name] = field.select.value = ""; });
        page.applyFilter();
      });
    }
    if (radius) {
      radius.value = String(this.radius);
      radius.addEventListener("change", function () { page.setRadius(this.selectedIndex); });
      this.sayRadius();
    }
  };

  /* Show what passes; the legend counts what the filter leaves, of the total. */
  Page.prototype.applyFilter = /** @type {IPage["applyFilter"]} */ function () {
    var page = this, shown = 0, reset = document.getElementById("filter-reset");
    if (reset) { reset.hidden = !this.isFiltered(); }
    Object.keys(this.sources).forEach(function (id) {
      var mark = page.sources[id], passes = page.passes(mark.source);
      shown += passes ? 1 : 0;
      [mark, mark.outline, mark.label].forEach(function (layer) {
        if (!layer) { return; }
        if (passes) { mark.group.addLayer(layer); } else { mark.group.removeLayer(layer); }
      });
    });
    this.filterParcels();
    this.countLegend();
    this.sayRadius();
    this.drawVisits();
    this.dock.draw();
    hmgeo.declutter(this.map);
    document.getElementById("filter-says").textContent = this.isFiltered() ? hmgeo.say(this.data.labels.gone, { n: shown }) : "";
    this.remember();
  };

  Page.prototype.filterParcels = /** @type {IPage["filterParcels"]} */ function () {
    var name = this.rules.township && this.parcelTownships().indexOf(this.rules.township) >= 0 ? this.rules.township : "";
    var year = this.rules.year;
    this.lots.concat(this.lights).forEach(function (lot) { lot.layer.setTownship(name); lot.layer.setYear(lot.kind === "farmland" ? year : ""); });
    this.lands.forEach(function (land) {
      land.layers.forEach(function (layer) {
        if ((!name || layer.record.township === name) && (!year || layer.kind !== "farmland" || layer.record.year === year)) { land.group.addLayer(layer); } else { land.group.removeLayer(layer); }
      });
    });
    this.parcelTownship = name;
  };

  Page.prototype.parcelTownships = /** @type {IPage["parcelTownships"]} */ function () {
    var seen = Object.create(null);
    this.data.receptors.forEach(function (layer) { layer.by_township.forEach(function (line) { if (line[0]) { seen[line[0]] = true; } }); });
    this.data.towns.forEach(function (town) { if (town.parcels) { seen[town.name] = true; } });
    return Object.keys(seen).sort(function (a, b) { return a.localeCompare(b, "zh-CN"); });
  };

  Page.prototype.countLegend = /** @type {IPage["countLegend"]} */ function () {
    var page = this, /** @type {Record<string, number>} */ counts = Object.create(null), filtered = this.isFiltered();
    /** @param {string} key @param {number} n */
    function add(key, n) { counts[key] = (counts[key] || 0) + n; }
    this.allRows().forEach(function (row) {
      if (!page.passes(row)) { return; }
      add("verdict:" + row.verdict, 1);
      add("status:" + row.status_code, 1);
      if (row.certainty) { add("certainty:" + row.certainty, 1); }
    });
    this.data.receptors.forEach(function (layer) {
      if (layer.kind !== "farmland") { return; }
      layer.by_township.forEach(function (line) { if ((!page.parcelTownship || line[0] === page.parcelTownship) && (!page.rules.year || line[3] === page.rules.year)) { add("class:" + line[1], line[2]); } });
      layer.steep_by_township.forEach(function (line) { if ((!page.parcelTownship || line[0] === page.parcelTownship) && (!page.rules.year || line[3] === page.rules.year)) { add("steep:" + line[1], line[2]); } });
    });
    hmgeo.all(document, "#legend [data-count]").forEach(function (node) {
      var key = node.dataset.count || "", n = (counts[key] || 0).toLocaleString("en-US"), total = node.dataset.total || hmgeo.text(node);
      node.dataset.total = total;
      node.textContent = filtered && (!/^(class|steep):/.test(key) || page.parcelTownship || page.rules.year) ? n + " / " + total : total;
    });
    document.getElementById("legend").classList.toggle("filtered", filtered);
  };

  Page.prototype.setRadius = /** @type {IPage["setRadius"]} */ function (index) {
    var select = document.getElementById("radius");
    if (!select) { return; }  // a page without counts, opened by a link from one that has them
    this.radius = index;
    select.value = String(index);
    this.sayRadius();
    this.drawRadius();
    this.dock.draw();
    this.remember();
  };

  /* How many sources have farmland within the radius: rows of the counts table. */
  Page.prototype.sayRadius = /** @type {IPage["sayRadius"]} */ function () {
    var page = this, node = document.getElementById("radius-says"), radius = this.radius === null ? -1 : this.radius, near = 0, known = 0;
    if (!node || radius < 0) { return; }
    this.data.sources.forEach(function (source) {
      var count = source.reach[radius][0];
      if (!page.passes(source) || count === null) { return; }
      known += 1;
      near += count > 0 ? 1 : 0;
    });
    node.textContent = hmgeo.say(this.data.labels.with_farmland, { radius: this.radiusWord(), n: near, of: known });
    node.title = this.data.labels.count_radius_note;
  };

  /* The chosen radius around the chosen source; the screening radius is drawn as it was searched. */
  Page.prototype.drawRadius = /** @type {IPage["drawRadius"]} */ function () {
    var source = this.chosen, metres = this.radius === null ? null : this.data.radii_m[this.radius];
    if (this.ring) { this.selected.removeLayer(this.ring); this.ring = null; }
    if (!source || metres === null || metres === this.data.radius_m || source.kind !== "point") { return; }
    this.ring = L.polygon(hmgeo.circleAround(source.at, metres), { color: "#0072B2", weight: 1.6, dashArray: "5 4", fill: false, interactive: false }).addTo(this.selected);
  };

  /* Every parcel with its township and, on demand, its rings. */
  Page.prototype.eachParcel = /** @type {IPage["eachParcel"]} */ function (visit) {
    var page = this;
    Object.keys(this.parcels).forEach(function (id) {
      var layer = page.parcels[id];
      if (layer.kind === "farmland") { visit(layer.record, function () { return hmgeo.ringsOf(layer); }); }
    });
    this.lots.forEach(function (lot) {
      var i = 0;
      function rings() { return lot.store.rings(i); }
      for (; lot.kind === "farmland" && i < lot.store.size; i += 1) {
        visit({ township: lot.store.meta.townships[lot.store.township[i]], sources: lot.store.reached[i] ? lot.store.reached[i] - 1 : null }, rings);
      }
    });
  };
}());
