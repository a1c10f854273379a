/* Where each compiled clause touches the project that is asked about: painted from the same trees, sets and limits. */
(function () {
  "use strict";
  var el = hmgeo.el, RAD = Math.PI / 180, A = 6378137, SIZE = 512, HATCH = 7, MANY = 20000;

  /** @param {number} size */
  function canvas(size) {
    var made = document.createElement("canvas");
    made.width = made.height = size;
    return made;
  }

  /* One tile being painted: from lon/lat to its pixels, and canvases that hold where something is so. */
  var Sheet = /** @type {Maker<[IClauses, TileAt], ISheet>} */ (/** @this {ISheet} */ function (clauses, coords) {
    var world = 256 * Math.pow(2, coords.z), middle;
    this.clauses = clauses;
    this.world = world;
    this.left = coords.x * SIZE;
    this.top = coords.y * SIZE;
    middle = Math.atan(Math.sinh(Math.PI * (1 - 2 * (this.top + SIZE / 2) / world)));
    this.metre = world / (2 * Math.PI * A * Math.cos(middle));
  });
  Sheet.prototype.x = /** @type {ISheet["x"]} */ function (lon) { return (lon + 180) / 360 * this.world - this.left; };
  Sheet.prototype.y = /** @type {ISheet["y"]} */ function (lat) { return (0.5 - Math.log(Math.tan(Math.PI / 4 + lat * RAD / 2)) / (2 * Math.PI)) * this.world - this.top; };
  Sheet.prototype.box = /** @type {ISheet["box"]} */ function (pad) {
    var sheet = this;
    /** @param {number} px */
    function lat(px) { return Math.atan(Math.sinh(Math.PI * (1 - 2 * (sheet.top + px) / sheet.world))) / RAD; }
    /** @param {number} px */
    function lon(px) { return (sheet.left + px) / sheet.world * 360 - 180; }
    return [lon(-pad), lat(SIZE + pad), lon(SIZE + pad), lat(-pad)];
  };

  Sheet.prototype.blank = /** @type {ISheet["blank"]} */ function () { return hmgeo.pen(canvas(SIZE)); };
  Sheet.prototype.full = /** @type {ISheet["full"]} */ function () {
    var ctx = this.blank();
    ctx.fillRect(0, 0, SIZE, SIZE);
    return ctx;
  };
  /** @param {Pen} first @param {Pen} second @param {GlobalCompositeOperation} how */
  function mixed(first, second, how) {
    first.globalCompositeOperation = how;
    first.drawImage(second.canvas, 0, 0);
    first.globalCompositeOperation = "source-over";
    return first;
  }
  /** @param {Pen} first @param {Pen} second */
  function both(first, second) { return mixed(first, second, "destination-in"); }
  /** @param {Pen} first @param {Pen} second */
  function either(first, second) { return mixed(first, second, "source-over"); }
  /** @param {Pen} first @param {Pen} second */
  function without(first, second) { return mixed(first, second, "destination-out"); }
  Sheet.prototype.copy = /** @type {ISheet["copy"]} */ function (ctx) { return either(this.blank(), ctx); };

  Sheet.prototype.trace = /** @type {ISheet["trace"]} */ function (ctx, ground, i) {
    var r, v, end, first;
    ctx.beginPath();
    for (r = ground.firstRing[i]; r < ground.firstRing[i + 1]; r += 1) {
      first = ground.firstVertex[r];
      end = ground.firstVertex[r + 1];
      ctx.moveTo(this.x(ground.lon[first]), this.y(ground.lat[first]));
      for (v = first + 1; v < end; v += 1) { ctx.lineTo(this.x(ground.lon[v]), this.y(ground.lat[v])); }
      if (ground.dimensions[r] === 2) { ctx.closePath(); }
    }
  };

  /* The shapes of a set, widened by some metres; `wanted` tells by state which of them. */
  Sheet.prototype.shapes = /** @type {ISheet["shapes"]} */ function (ground, set, metres, wanted) {
    var sheet = this, ctx = this.blank(), radius = metres * this.metre, box = this.box(radius + 2), /** @type {number[]} */ met = [], states = set === null ? null : ground.states[set];
    ground.trees(set).shapes.inBox(box[0], box[1], box[2], box[3], function (i) { if (!states || wanted(states[i])) { met.push(i); } });
    ctx.lineWidth = 2 * radius;
    ctx.lineJoin = ctx.lineCap = "round";
    met.forEach(function (i) {
      var ring = ground.firstRing[i], at = ground.firstVertex[ring];
      if (ground.dimensions[ring] === 0) {
        for (; at < ground.firstVertex[ground.firstRing[i + 1]]; at += 1) { sheet.dot(ctx, ground.lon[at], ground.lat[at], radius, met.length > MANY); }
        return;
      }
      sheet.trace(ctx, ground, i);
      if (ground.dimensions[ring] === 2) { ctx.fill("evenodd"); }
      if (radius > 0) { ctx.stroke(); }
    });
    return ctx;
  };

  Sheet.prototype.dot = /** @type {ISheet["dot"]} */ function (ctx, lon, lat, radius, rough) {
    var x = this.x(lon), y = this.y(lat);
    if (rough && radius < 2) { ctx.fillRect(x - radius, y - radius, 2 * radius, 2 * radius); return; }
    ctx.beginPath();
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
    ctx.fill();
  };

  /* Where finding nothing within some metres proves that there is nothing. */
  Sheet.prototype.cleared = /** @type {ISheet["cleared"]} */ function (layer, metres) {
    var ground, ctx, edge;
    if (layer.coverage === null || !layer.complete) { return this.blank(); }
    ground = this.clauses.grounds[layer.coverage];
    ctx = this.shapes(ground, null, 0, Boolean);
    if (metres > 0) {
      edge = this.blank();
      edge.lineWidth = 2 * metres * this.metre;
      edge.lineJoin = "round";
      this.trace(edge, ground, 0);
      edge.stroke();
      without(ctx, edge);
    }
    return ctx;
  };

  /* Where a tree comes out met, and where not; elsewhere nobody can tell. */
  Sheet.prototype.sides = /** @type {ISheet["sides"]} */ function (tree, facts) {
    var sheet = this, set, layer, ground, hit, rest, side, limit;
    if (tree.op === "all" || tree.op === "any") {
      return tree.of.map(function (part) { return sheet.sides(part, facts); }).reduce(function (a, b) {
        return tree.op === "all" ? { met: both(a.met, b.met), not_met: either(a.not_met, b.not_met) } : { met: either(a.met, b.met), not_met: both(a.not_met, b.not_met) };
      });
    }
    if (tree.op === "fixed" || tree.op === "fact" || tree.op === "off") {
      side = tree.op === "fixed" ? tree.side : tree.op === "fact" ? hmgeo.factSide(tree, facts) : null;
      return { met: side === "met" ? this.full() : this.blank(), not_met: side === "not_met" ? this.full() : this.blank() };
    }
    limit = tree.op === "inside" ? 0 : tree.limit;
    set = this.clauses.data.sets[tree.set];
    layer = this.clauses.data.layers[set.layer];
    ground = this.clauses.grounds[layer.ground];
    hit = this.shapes(ground, set.index, limit, function (state) { return state === 1; });
    rest = without(this.cleared(layer, limit), this.shapes(ground, set.index, limit, Boolean));
    return (tree.op === "inside" ? tree.yes : tree.hit || "met") === "met" ? { met: hit, not_met: rest } : { met: rest, not_met: hit };
  };

  /* The pieces of the project's area where a record speaks. */
  Sheet.prototype.cell = /** @type {ISheet["cell"]} */ function (numbers) {
    var sheet = this, data = this.clauses.data, grounds = this.clauses.grounds, ctx = this.blank();
    /** @param {string} code */
    function speaks(code) { return (data.places[code] || []).some(function (number) { return numbers.indexOf(number) >= 0; }); }
    /** @param {DrawnAreas} area @param {number} i @param {boolean} on */
    function paint(area, i, on) {
      sheet.trace(ctx, grounds[area.ground], i);
      ctx.globalCompositeOperation = on ? "source-over" : "destination-out";
      ctx.fill("evenodd");
    }
    /** @param {Nullable<DrawnAreas>} area */
    function drawn(area) { return area ? grounds[area.ground].rows.map(function (row, i) { return { area: area, i: i, code: area.codes[row] }; }) : []; }
    drawn(data.counties).forEach(function (county) { paint(county.area, county.i, speaks(county.code)); });
    drawn(data.townships).forEach(function (town) {
      var county = drawn(data.counties).filter(function (other) { return town.code.indexOf(other.code) === 0; })[0];
      if (county && speaks(county.code) === speaks(town.code)) { return; }
      ctx.save();
      if (county) { sheet.trace(ctx, grounds[county.area.ground], county.i); ctx.clip("evenodd"); }
      paint(town.area, town.i, speaks(town.code));
      ctx.restore();
    });
    ctx.globalCompositeOperation = "source-over";
    return data.area === null ? ctx : both(ctx, this.shapes(grounds[data.area], null, 0, Boolean));
  };

  /* Where a clause touches, and where it can't be judged. */
  Sheet.prototype.clause = /** @type {ISheet["clause"]} */ function (entries, facts) {
    var sheet = this, touched = this.blank(), open = this.blank();
    entries.forEach(function (entry) {
      var cell = sheet.cell([entry.number]), hit = sheet.full(), known = sheet.full();
      if (entry.open) { either(open, cell); return; }
      entry.record.trees.forEach(function (tree) {
        var sides = sheet.sides(tree, facts);
        both(known, either(sheet.copy(sides.met), sides.not_met));
        both(hit, entry.record.graver === "met" ? sides.met : sides.not_met);
      });
      either(touched, both(hit, cell));
      either(open, without(cell, known));
    });
    return { touched: touched, open: open };
  };

  /** @param {Pen} ctx @param {string} colour */
  function tinted(ctx, colour) {
    ctx.globalCompositeOperation = "source-in";
    ctx.fillStyle = colour;
    ctx.fillRect(0, 0, SIZE, SIZE);
    return ctx.canvas;
  }

  /* A hatch that runs on from tile to tile. */
  /** @param {Pen} ctx */
  function hatched(ctx) {
    var tile = canvas(HATCH), line = hmgeo.pen(tile);
    line.strokeStyle = "rgba(70, 80, 90, 0.55)";
    line.beginPath();
    [[-1, 1, 1, -1], [0, HATCH, HATCH, 0], [HATCH - 1, HATCH + 1, HATCH + 1, HATCH - 1]].forEach(function (ends) { line.moveTo(ends[0], ends[1]); line.lineTo(ends[2], ends[3]); });
    line.stroke();
    return ctx.createPattern(tile, "repeat") || line.strokeStyle;
  }

  var /** @type {Maker<[IZones], ZoneLayer>} */ ZoneLayer = L.GridLayer.extend({
    options: { pane: "zones", tileSize: SIZE, updateWhenZooming: false, updateWhenIdle: true, keepBuffer: 1 },
    initialize: /** @this {ZoneLayer} @type {ZoneLayer["initialize"]} */ function (zones) { this.zones = zones; },
    createTile: function (coords, done) {
      var tile = canvas(SIZE), zones = this.zones;
      window.setTimeout(function () { zones.paint(hmgeo.pen(tile), coords); done(null, tile); }, 0);
      return tile;
    }
  });

  var Zones = /** @type {Maker<[IAsk], IZones>} */ (/** @this {IZones} */ function (ask) {
    this.ask = ask;
    this.page = ask.page;
    this.chosen = Object.create(null);  // by rule
    this.box = document.getElementById("ask-zones");
    this.page.map.createPane("zones").style.zIndex = "380";
    this.page.map.getPane("zones").style.pointerEvents = "none";
    this.layer = new ZoneLayer(this);
    this.isOpen = false;
    /** @type {Zone[]} */ this.shown = [];
  });
  hmgeo.Zones = Zones;

  /* Clauses that ask the position of this project, by rule: where each record speaks; or why there is nothing to paint. */
  Zones.prototype.clauses = /** @type {IZones["clauses"]} */ function () {
    var clauses = this.ask.clauses(), data = clauses.data, asked = this.ask.asked, facts = clauses.factsOf(asked), /** @type {Record<string, Zone>} */ zones = Object.create(null), named = Object.create(null);
    Object.keys(data.places).forEach(function (code) { if (code) { data.places[code].forEach(function (number) { named[number] = true; }); } });
    data.records.forEach(function (record, number) {
      var rule = data.citations[record.cite].rule, reached, why, zone, nowhere;
      if (record.fixed || record.open || clauses.before(record, asked)) { return; }
      reached = clauses.reach(record, asked);
      nowhere = reached.side === "unknown" && !named[number];  /* where no county is known: open there, painted elsewhere */
      why = nowhere ? "" : reached.side === "unknown" ? reached.why : record.blocked[0] || record.trees.map(function (tree) { return clauses.unpaintable(tree, facts); }).filter(Boolean)[0] || "";
      zone = zones[rule] = zones[rule] || { rule: rule, cite: record.cite, entries: [], why: "", order: record.order, verdict: record.sides[record.graver], example: record.example };
      zone.entries.push({ number: number, record: record, open: nowhere });
      zone.why = zone.why || why;
    });
    return Object.keys(zones).map(function (rule) { return zones[rule]; }).sort(function (a, b) {
      return data.gravity.indexOf(a.verdict) - data.gravity.indexOf(b.verdict) || a.order - b.order;
    });
  };

  /* Why a tree has no zone on a page; empty where it has one. */
  hmgeo.Clauses.prototype.unpaintable = /** @type {IClauses["unpaintable"]} */ function (tree, facts) {
    var clauses = this, known;
    if (tree.op === "all" || tree.op === "any") { return tree.of.map(function (part) { return clauses.unpaintable(part, facts); }).filter(Boolean)[0] || ""; }
    if (tree.op === "off") { return tree.why[0] || " "; }
    if (tree.op === "fixed" && tree.side === "unknown") { return tree.why[0] || " "; }
    if (tree.op === "fact" && !hmgeo.factSide(tree, facts)) {
      known = facts[tree.name];
      return typeof known === "object" ? known.doubt : tree.why;
    }
    return tree.op === "near" && tree.open || "";
  };

  /* The list of clauses with boxes, the legend, and what isn't painted. */
  Zones.prototype.draw = /** @type {IZones["draw"]} */ function () {
    var zones = this, page = this.page, labels = page.data.labels, list = el("ul"), rest = el("details", "ask-more"), others = el("ul"), details = el("details");
    this.box.textContent = "";
    this.shown = this.clauses();
    details.open = this.isOpen;
    details.addEventListener("toggle", function () { zones.isOpen = details.open; });
    details.appendChild(el("summary", "", labels.zones));
    details.appendChild(el("p", "aside", labels.zones_hint));
    this.shown.forEach(function (zone) {
      if (zone.why) { others.appendChild(el("li", "", zones.ask.data.citations[zone.cite].title + "：" + zone.why)); } else { list.appendChild(zones.line(zone)); }
    });
    if (list.children.length) { details.appendChild(list); } else { details.appendChild(el("p", "", labels.zones_none)); }
    details.appendChild(this.hatchLine(labels.zones_hatch));
    details.appendChild(el("p", "zone-caveat", labels.zones_rest_hint));
    if (others.children.length) {
      rest.appendChild(el("summary", "", hmgeo.say(labels.zones_rest, { n: others.children.length })));
      rest.appendChild(others);
      details.appendChild(rest);
    }
    this.box.appendChild(details);
  };

  Zones.prototype.line = /** @type {IZones["line"]} */ function (zone) {
    var zones = this, item = el("li"), label = el("label"), box = el("input"), swatch = el("span", "zone-swatch"), look = this.page.data.styles.verdicts[zone.verdict];
    box.type = "checkbox";
    box.checked = Boolean(this.chosen[zone.rule]);
    box.setAttribute("data-zone", zone.rule);
    box.addEventListener("change", function () { zones.chosen[zone.rule] = box.checked; zones.show(); });
    swatch.style.background = look.colour;
    label.appendChild(box);
    label.appendChild(swatch);
    label.appendChild(el("span", "", this.ask.badge(zone.verdict, zone.example) + "　" + this.ask.data.citations[zone.cite].title));
    item.appendChild(label);
    return item;
  };

  Zones.prototype.hatchLine = /** @type {IZones["hatchLine"]} */ function (text) {
    var line = el("p", "zone-hatch");
    line.appendChild(el("span", "zone-swatch hatch"));
    line.appendChild(el("span", "", text));
    return line;
  };

  /* After a change of the question: the list anew, the tiles anew. */
  Zones.prototype.update = /** @type {IZones["update"]} */ function () {
    if (this.ask.box.hidden) { if (this.page.map.hasLayer(this.layer)) { this.layer.remove(); } return; }
    this.draw();
    this.show();
  };

  Zones.prototype.painted = /** @type {IZones["painted"]} */ function () {
    var zones = this;
    return this.shown.filter(function (zone) { return !zone.why && zones.chosen[zone.rule]; });
  };

  /* What a picture says of the zones on it. */
  Zones.prototype.caption = /** @type {IZones["caption"]} */ function () {
    var page = this.page, data = this.ask.data, titles = page.map.hasLayer(this.layer) ? this.painted().map(function (zone) { return data.citations[zone.cite].title; }) : [];
    return titles.length ? "　" + page.data.labels.zones + "：" + titles.join("；") : "";
  };

  Zones.prototype.show = /** @type {IZones["show"]} */ function () {
    var map = this.page.map;
    if (!this.painted().length) { if (map.hasLayer(this.layer)) { this.layer.remove(); } return; }
    if (map.hasLayer(this.layer)) { this.layer.redraw(); } else { this.layer.addTo(map); }
  };

  /* Where a zone touches on a tile, and where it can't be judged, for the question as it stands. */
  Zones.prototype.where = /** @type {IZones["where"]} */ function (zone, coords) {
    var clauses = this.ask.clauses();
    return new Sheet(clauses, coords).clause(zone.entries, clauses.factsOf(this.ask.asked));
  };

  Zones.prototype.paint = /** @type {IZones["paint"]} */ function (ctx, coords) {
    var zones = this, styles = this.page.data.styles.verdicts, open = hmgeo.pen(canvas(SIZE)), dx = coords.x * SIZE % HATCH, dy = coords.y * SIZE % HATCH;
    this.painted().forEach(function (zone) {
      var where = zones.where(zone, coords);
      ctx.globalAlpha = 0.34;
      ctx.drawImage(tinted(where.touched, styles[zone.verdict].colour), 0, 0);
      ctx.globalAlpha = 1;
      either(open, where.open);
    });
    open.globalCompositeOperation = "source-in";
    open.translate(-dx, -dy);
    open.fillStyle = hatched(open);
    open.fillRect(0, 0, SIZE + HATCH, SIZE + HATCH);
    ctx.drawImage(open.canvas, 0, 0);
  };
}());
