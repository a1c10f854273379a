/* The dock below the map: sources, clause by clause, receptors; sortable, click to fly, export of what is shown. */
(function () {
  "use strict";
  var el = hmgeo.el, STEP = 200;
  var GRAVITY = ["prohibited", "conditional", "listed", "not_assessed", "clear", "not_applicable", ""];

  var Dock = /** @type {Maker<[IPage], IDock>} */ (/** @this {IDock} */ function (page) {
    this.page = page;
    this.box = document.getElementById("dock");
    this.body = document.getElementById("dock-body");
    this.tab = "sources";
    this.sort = { column: 0, down: false };
    this.shown = STEP;
  });
  hmgeo.Dock = Dock;

  Dock.prototype.start = /** @type {IDock["start"]} */ function () {
    var dock = this, page = this.page, receptors = document.getElementById("tool-receptors");
    if (!this.box) { return; }
    this.tabs = [["sources", "tab_sources"], ["findings", "tab_findings"]];
    if (page.data.statistics.length) { this.tabs = [["townships", "tab_townships"]]; this.tab = "townships"; }
    else if (receptors) { this.tabs.push(["receptors", "tab_receptors"]); }
    document.getElementById("tool-table").addEventListener("click", function () { dock.toggle(dock.tabs[0][0]); });
    document.getElementById("dock-close").addEventListener("click", function () { dock.close(); document.getElementById("tool-table").focus(); });
    document.getElementById("skip").addEventListener("click", function (event) { event.preventDefault(); dock.open(dock.tabs[0][0]); if (dock.box) { dock.box.focus(); } });
    if (receptors) { receptors.addEventListener("click", function () { dock.toggle("receptors"); }); }
    document.getElementById("export-csv").addEventListener("click", function () { hmgeo.saveCsv(dock.content(), page.fileName(dock.tab)); });
    document.getElementById("export-xlsx").addEventListener("click", function () { hmgeo.saveXlsx(dock.content(), page.fileName(dock.tab)); });
    this.drawTabs();
  };

  Dock.prototype.isOpen = /** @type {IDock["isOpen"]} */ function () { return this.box !== null && !this.box.hidden; };
  Dock.prototype.toggle = /** @type {IDock["toggle"]} */ function (tab) { if (this.isOpen() && this.tab === tab) { this.close(); } else { this.open(tab); } };
  Dock.prototype.close = /** @type {IDock["close"]} */ function () {
    if (!this.box) { return; }
    this.box.hidden = true;
    this.mark();
    this.page.resized();
  };
  Dock.prototype.open = /** @type {IDock["open"]} */ function (tab) {
    var box = this.box, wasHidden = box && box.hidden;
    if (!box) { return; }
    if (tab !== this.tab) { this.sort = { column: 0, down: false }; this.shown = STEP; }
    this.tab = tab;
    box.hidden = false;
    this.drawTabs();
    this.draw();
    this.mark();
    if (wasHidden) { this.page.resized(); }
  };
  Dock.prototype.mark = /** @type {IDock["mark"]} */ function () {
    var dock = this;
    [["tool-table", "sources"], ["tool-receptors", "receptors"]].forEach(function (pair) {
      var node = document.getElementById(pair[0]);
      if (node) { node.setAttribute("aria-expanded", String(dock.isOpen() && (dock.tab === "receptors") === (pair[1] === "receptors"))); }
    });
  };

  Dock.prototype.drawTabs = /** @type {IDock["drawTabs"]} */ function () {
    var dock = this, list = document.getElementById("dock-tabs"), labels = this.page.data.labels;
    list.textContent = "";
    this.tabs.forEach(function (tab, index) {
      var node = el("button", "", labels[tab[1]]);
      node.type = "button";
      node.setAttribute("role", "tab");
      node.setAttribute("aria-controls", "dock-body");
      node.setAttribute("aria-selected", String(dock.tab === tab[0]));
      node.tabIndex = dock.tab === tab[0] ? 0 : -1;
      node.addEventListener("click", function () { dock.open(tab[0]); });
      node.addEventListener("keydown", function (event) {
        var step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) { return; }
        dock.open(dock.tabs[(index + step + dock.tabs.length) % dock.tabs.length][0]);
        hmgeo.all(list, "[aria-selected=true]")[0].focus();
      });
      list.appendChild(node);
    });
  };

  /* Columns: title, value of a row (text, number or null), and how it is shown. */
  Dock.prototype.sourceColumns = /** @type {IDock["sourceColumns"]} */ function () {
    var page = this.page, labels = page.data.labels, radius = page.radius === null ? -1 : page.radius, word = page.radiusWord();
    /** @param {string} code @returns {Column<AnyRow>} */
    function verdicts(code) {
      return [page.verdictWord(code), function (row) { return page.tally(row)[code] || 0; }];
    }
    var /** @type {Column<AnyRow>[]} */ columns = [
      [labels.id, function (row) { return row.id; }], [labels.name, function (row) { return row.name; }],
      [labels.township, function (row) { return row.township || row.county; }],
      [labels.trade, function (row) { return row.trade; }],
      [labels.verdict, function (row) { return row.verdict; }, "verdict"],
      [labels.col_nearest, function (row) { return row.nearest_m; }, "metres"]
    ];
    if (page.data.visits) { columns.unshift([labels.list_number, function (row) { return row.number; }]); }
    if (radius >= 0) {
      columns.push([hmgeo.say(labels.col_count, { radius: word }), function (row) { return row.reach && row.reach[radius][0]; }, "bound"]);
      columns.push([hmgeo.say(labels.col_area, { radius: word }), function (row) { return row.reach && row.reach[radius][1]; }, "hectares"]);
    }
    ["prohibited", "conditional", "listed", "not_assessed"].forEach(function (code) { columns.push(verdicts(code)); });
    columns.push([labels.where, function (row) { return row.at ? labels.on_map : page.statusWord(row.status_code); }]);
    return columns;
  };

  Dock.prototype.findingColumns = /** @type {IDock["findingColumns"]} */ function () {
    var page = this.page, labels = page.data.labels;
    return [
      [labels.verdict, function (row) { return row.finding.verdict; }, "verdict"],
      [labels.id, function (row) { return row.source.id; }], [labels.name, function (row) { return row.source.name; }],
      [labels.township, function (row) { return row.source.township || row.source.county; }],
      [labels.col_rule, function (row) { return row.law.title; }],
      [labels.clause, function (row) { return page.factOf(row.law.facts, "clause"); }],
      [labels.measured, function (row) { return page.factOf(row.finding.facts, "measured"); }],
      [labels.certainty_fact, function (row) { return page.factOf(row.finding.facts, "certainty_fact"); }],
      [labels.standing, function (row) { return page.factOf(row.law.facts, "standing"); }],
      [labels.decider, function (row) { return page.factOf(row.law.facts, "decider"); }],
      [labels.note, function (row) { return hmgeo.inLanguage(page.data, row.finding.sentence, row.finding.sentence_en); }, "long"]
    ];
  };

  Dock.prototype.townshipColumns = /** @type {IDock["townshipColumns"]} */ function () {
    var page = this.page, labels = page.data.labels;
    return [
      [labels.township, function (row) { return row[0] || labels.filter_none; }],
      [labels.verdict, function (row) { return row[1]; }, "verdict"], [labels.tree_sources, function (row) { return row[2]; }]
    ];
  };

  Dock.prototype.columns = /** @type {IDock["columns"]} */ function () {
    if (this.tab === "receptors") { return this.page.receptors.columns(); }
    return this.tab === "townships" ? this.townshipColumns() : this.tab === "findings" ? this.findingColumns() : this.sourceColumns();
  };

  /* Rows of the tab that pass the filter; what doesn't apply is counted, not listed. */
  Dock.prototype.rows = /** @type {IDock["rows"]} */ function () {
    var page = this.page, data = page.data, /** @type {FindingRow[]} */ rows = [], dock = this;
    this.leftOut = 0;
    if (this.tab === "receptors") { return page.receptors.rows(); }
    if (this.tab === "townships") { return data.statistics; }
    if (this.tab === "sources") { return page.allRows().filter(page.passes, page); }
    page.allRows().filter(page.passes, page).forEach(function (source) {
      source.findings.forEach(function (index) {
        var finding = data.findings[index];
        if (finding.verdict === "not_applicable") { dock.leftOut += 1; return; }
        rows.push({ source: source, finding: finding, law: data.laws[finding.law] });
      });
    });
    return rows;
  };

  /** @param {Cell} value */
  function isUnknown(value) { return value === null || value === undefined || value === ""; }

  /** @param {Column<DockRow>} column @param {boolean} down @returns {(a: DockRow, b: DockRow) => number} */
  function comparer(column, down) {
    var value = column[1], isVerdict = column[2] === "verdict";
    return function (a, b) {
      var x = value(a), y = value(b), order;
      if (isVerdict) { x = GRAVITY.indexOf(String(x)); y = GRAVITY.indexOf(String(y)); }
      if (isUnknown(x) || isUnknown(y)) { return Number(isUnknown(x)) - Number(isUnknown(y)); }  // unknown last, either way
      order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "zh-CN", { numeric: true });
      return down ? -order : order;
    };
  }

  Dock.prototype.sorted = /** @type {IDock["sorted"]} */ function () {
    var rows = this.rows(), compare = comparer(this.columns()[this.sort.column], this.sort.down);
    if (!this.sort.column && !this.sort.down && this.tab !== "findings") { return rows; }
    return rows.map(function (row, place) { return { row: row, place: place }; })
      .sort(function (a, b) { return compare(a.row, b.row) || a.place - b.place; }).map(function (placed) { return placed.row; });
  };

  /* Whether a count or area of a row is one that the search couldn't finish. */
  Dock.prototype.isFloor = /** @type {IDock["isFloor"]} */ function (column, row) {
    var radius = this.page.radius;
    return (column[2] === "bound" || column[2] === "hectares") && radius !== null && "reach" in row && row.reach !== undefined && row.reach[radius][2] === 1;
  };

  Dock.prototype.cellText = /** @type {IDock["cellText"]} */ function (column, row) {
    var value = column[1](row), page = this.page, floor = this.isFloor(column, row) ? "≥" : "";
    if (column[2] === "verdict") { return page.verdictWord(String(value)); }
    if (value === null || value === undefined) { return ""; }
    if (typeof value === "string") { return value; }
    if (column[2] === "metres") { return value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value)); }
    if (column[2] === "bound") { return floor + value.toLocaleString("en-US"); }
    if (column[2] === "hectares") { return floor + value.toFixed(1); }
    return String(value);
  };

  /* What export writes: head and all rows in the order shown; numbers stay numbers. */
  Dock.prototype.content = /** @type {IDock["content"]} */ function () {
    var dock = this, columns = this.columns();
    return {
      head: columns.map(function (column) { return column[0]; }),
      rows: this.sorted().map(function (row) {
        return columns.map(function (column) {
          var value = column[1](row);
          return typeof value === "number" && !dock.isFloor(column, row) ? value : dock.cellText(column, row);
        });
      }),
      notes: [this.page.data.caption, this.page.data.disclaimer]
    };
  };

  Dock.prototype.headCell = /** @type {IDock["headCell"]} */ function (column, index) {
    var dock = this, cell = el("th"), button = el("button", "", column[0]), on = this.sort.column === index;
    button.type = "button";
    cell.scope = "col";
    cell.setAttribute("aria-sort", on ? this.sort.down ? "descending" : "ascending" : "none");
    button.addEventListener("click", function () {
      dock.sort = { column: index, down: dock.sort.column === index ? !dock.sort.down : false };
      dock.draw();
      hmgeo.all(dock.body, "th button")[index].focus();
    });
    cell.appendChild(button);
    return cell;
  };

  Dock.prototype.bodyRow = /** @type {IDock["bodyRow"]} */ function (columns, row) {
    var dock = this, line = el("tr"), page = this.page, go = this.goOf(row);
    columns.forEach(function (column, index) {
      var cell = el(index ? "td" : "th"), text = dock.cellText(column, row), button;
      if (!index) { cell.scope = "row"; }
      if (column[2] === "verdict") {
        cell.appendChild(hmgeo.badge(text, page.data.styles.verdicts[String(column[1](row))]));
      } else if (go && (column[0] === page.data.labels.name || column[0] === page.data.labels.col_source)) {
        button = el("button", "go", text);
        button.type = "button";
        button.addEventListener("click", function (event) { event.stopPropagation(); });
        button.addEventListener("click", go);
        cell.appendChild(button);
      } else {
        cell.textContent = text;
        if (typeof column[1](row) === "number") { cell.className = "number"; }
        if (column[2] === "long") { cell.className = "long"; cell.title = text; }
      }
      line.appendChild(cell);
    });
    if (go) { line.addEventListener("click", go); line.className = "goes"; }
    return line;
  };

  Dock.prototype.goOf = /** @type {IDock["goOf"]} */ function (row) {
    var page = this.page, source = Array.isArray(row) ? null : "source" in row ? row.source : row;
    if (!source) { return null; }
    return source.at ? page.goToSource.bind(page, source) : page.goToRow.bind(page, source.id);
  };

  Dock.prototype.draw = /** @type {IDock["draw"]} */ function () {
    var dock = this, labels = this.page.data.labels, visits = this.page.data.visits, columns, rows, table, body, head, more;
    if (!this.isOpen()) { return; }
    columns = this.columns();
    rows = this.sorted();
    this.body.textContent = "";
    if (this.tab === "receptors") { this.page.receptors.head(this.body); }
    if (this.tab === "sources" && visits) { this.body.appendChild(el("p", "visits", hmgeo.inLanguage(this.page.data, visits.text, visits.text_en))); }
    table = el("table");
    head = table.createTHead().insertRow();
    head.append.apply(head, columns.map(this.headCell, this));
    body = table.createTBody();
    body.append.apply(body, rows.slice(0, this.shown).map(this.bodyRow.bind(this, columns)));
    if (rows.length || this.tab !== "receptors") { this.body.appendChild(table); }
    if (rows.length > this.shown) {
      more = el("button", "more", hmgeo.say(labels.more_rows, { n: Math.min(STEP, rows.length - this.shown) }));
      more.type = "button";
      more.addEventListener("click", function () { dock.shown += STEP; dock.draw(); });
      this.body.appendChild(more);
    }
    document.getElementById("dock-says").textContent = hmgeo.say(labels.rows_shown, { n: rows.length.toLocaleString("en-US") }) +
      (this.leftOut ? "　" + hmgeo.say(labels.findings_left_out, { n: this.leftOut.toLocaleString("en-US") }) : "");
  };
}());
