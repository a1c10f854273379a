/* Receptors: who reaches a parcel or a township. How many comes from the tables; which ones, from where they are drawn. */
(function () {
  "use strict";
  var el = hmgeo.el;

  var Receptors = /** @type {Maker<[IPage], IReceptors>} */ (/** @this {IReceptors} */ function (page) {
    this.page = page;
    /** @type {IReceptors["parcel"]} */ this.parcel = null;  // record with rings
    this.township = "";
    /** @type {ReceptorRow[]} */ this.found = [];
  });
  hmgeo.Receptors = Receptors;

  Receptors.prototype.columns = /** @type {IReceptors["columns"]} */ function () {
    var labels = this.page.data.labels, /** @type {Column<ReceptorRow>[]} */ columns = [
      [labels.id, function (row) { return row.source.id; }], [labels.name, function (row) { return row.source.name; }],
      [labels.township, function (row) { return row.source.township || row.source.county; }],
      [labels.verdict, function (row) { return row.source.verdict; }, "verdict"],
      [labels.col_distance, function (row) { return row.exact ? hmgeo.distance(row.metres) : hmgeo.say(labels.about_distance, { text: hmgeo.distance(row.metres) }); }]
    ];
    if (this.township && this.found.some(function (row) { return row.parcels !== null; })) { columns.push([labels.reach_count, function (row) { return row.parcels; }]); }
    return columns;
  };

  Receptors.prototype.rows = /** @type {IReceptors["rows"]} */ function () { return this.found; };

  /* Sources with a place of their own, with how far they lie from rings; the table's count says how many to take. */
  Receptors.prototype.ranked = /** @type {IReceptors["ranked"]} */ function (rings) {
    return this.placed().map(function (source) { return { source: source, metres: hmgeo.aboutFar(source.at, rings), parcels: null, exact: false }; })
      .sort(function (a, b) { return a.metres - b.metres; });
  };

  Receptors.prototype.placed = /** @type {IReceptors["placed"]} */ function () {
    return this.page.data.sources.filter(function (source) { return source.kind !== "place" && source.status_code === "assessed"; });
  };

  Receptors.prototype.chooseParcel = /** @type {IReceptors["chooseParcel"]} */ function (record, rings) {
    this.parcel = record;
    this.township = "";
    this.found = record.sources ? this.ranked(rings).slice(0, record.sources) : [];
    if (this.found.length && this.found[0].source.id === record.source && record.distance_m !== null) {
      this.found[0].metres = record.distance_m;
      this.found[0].exact = true;
    }
    this.page.dock.open("receptors");
  };

  Receptors.prototype.chooseTownship = /** @type {IReceptors["chooseTownship"]} */ function (name) {
    var receptors = this, /** @type {Record<string, ReceptorRow>} */ per = Object.create(null), town = { name: name, parcels: 0, reached: 0 };
    var listed = this.page.data.towns.filter(function (row) { return row.name === name; })[0];
    this.parcel = null;
    this.township = name;
    if (listed) {  // the township table says it all
      town = listed;
      listed.sources.forEach(function (pair) {
        var mark = receptors.page.sources[pair[0]];
        per[pair[0]] = { source: mark ? mark.source : receptors.page.rowOf(pair[0]), metres: pair[1], parcels: null, exact: true };
      });
    } else if (name) {
      this.page.eachParcel(function (record, rings) {
        if (record.township !== name) { return; }
        town.parcels += 1;
        if (!record.sources) { return; }
        town.reached += 1;
        receptors.ranked(rings()).slice(0, record.sources).forEach(function (row) {
          var kept = per[row.source.id] = per[row.source.id] || row;
          kept.metres = Math.min(kept.metres, row.metres);
          kept.parcels = (kept.parcels || 0) + 1;
        });
      });
    }
    this.town = town;
    this.found = Object.keys(per).map(function (id) { return per[id]; }).sort(function (a, b) { return a.metres - b.metres; });
    this.page.dock.draw();
  };

  Receptors.prototype.head = /** @type {IReceptors["head"]} */ function (box) {
    var receptors = this, page = this.page, labels = page.data.labels, line = el("div", "receptor-head"), select = el("select");
    var radius = hmgeo.distanceWord(page.data.radius_m), says = "";
    this.select = select;  // drawn anew with every choice
    select.id = "receptor-township";
    select.setAttribute("aria-label", labels.choose_township);
    [""].concat(page.parcelTownships()).forEach(function (name) {
      var option = el("option", "", name || labels.choose_township);
      option.value = name;
      select.appendChild(option);
    });
    select.value = this.township;
    select.addEventListener("change", function () { receptors.chooseTownship(select.value); receptors.select.focus(); });
    line.appendChild(select);
    line.appendChild(el("span", "aside", labels.choose_parcel));
    box.appendChild(line);
    if (this.parcel) { says = hmgeo.say(labels.receptor_parcel, { id: this.parcel.id, radius: radius, n: this.parcel.sources || 0 }); }
    if (this.township) { says = hmgeo.say(labels.receptor_town, { name: this.township, parcels: this.town.parcels, reached: this.town.reached, n: this.found.length, radius: radius }); }
    if (says) {
      box.appendChild(el("p", "receptor-says", says + (this.found.length ? "" : "　" + labels.receptor_none)));
      if (this.found.some(function (row) { return !row.exact; })) { box.appendChild(el("p", "aside", labels.receptor_method)); }
    }
  };
}());
