/* The siting check of a clicked place: what is asked, the answer clause by clause, the place on the map. */
(function () {
  "use strict";
  var el = hmgeo.el, Page = hmgeo.Page, OPEN = ["prohibited", "conditional", "listed"];

  var Ask = /** @type {Maker<[IPage, ClickData, HTMLElement, HTMLElement], IAsk>} */ (/** @this {IAsk} */ function (page, data, box, button) {
    this.page = page;
    this.data = data;
    this.box = box;
    this.button = button;
    /** @type {Asked} */ this.asked = { edition: "2017", trade: "", action: "new", facts: Object.create(null) };
    /** @type {IAsk["answer"]} */ this.answer = null;
    this.drawn = L.featureGroup();
    this.zones = new hmgeo.Zones(this);
  });

  /* The compiled clauses, unpacked when they are first asked. */
  Ask.prototype.clauses = /** @type {IAsk["clauses"]} */ function () {
    var grounds = [], i;
    if (this.compiled) { return this.compiled; }
    for (i = 0; i < this.data.grounds; i += 1) { grounds.push(new hmgeo.Ground(hmgeo.text(hmgeo.chunk("ground-" + i)).trim(), this.data.states[i])); }
    this.compiled = new hmgeo.Clauses(this.data, grounds);
    return this.compiled;
  };

  Page.prototype.addAsk = /** @type {IPage["addAsk"]} */ function () {
    var page = this, button = document.getElementById("tool-ask"), box = document.getElementById("ask"), /** @type {IAsk} */ ask;
    if (!button || !box || !this.data.click) { return; }
    ask = this.ask = new Ask(this, this.data.click, box, button);
    ask.fill();
    this.keep(ask.drawn, true);
    button.addEventListener("click", function () { ask.open(ask.box.hidden); });
    document.getElementById("ask-close").addEventListener("click", function () { ask.open(false); ask.button.focus(); });
    document.getElementById("ask-form").addEventListener("submit", function (event) { event.preventDefault(); ask.goTyped(); });
    document.addEventListener("keydown", function (event) { if (event.key === "Escape" && !ask.box.hidden && ask.box.contains(document.activeElement)) { ask.open(false); ask.button.focus(); } });
    this.map.getContainer().addEventListener("click", function (event) {  // before marks and parcels get it
      var map = page.map;
      if (ask.box.hidden || page.measuring || !(event.target instanceof Element) || !event.target.closest(".leaflet-pane") || event.target.closest(".leaflet-popup")) { return; }
      if (map.dragging && map.dragging.moved && map.dragging.moved()) { return; }
      event.stopPropagation();
      var at = map.mouseEventToLatLng(event);
      ask.at(at.lng, at.lat);
    }, true);
  };

  Ask.prototype.open = /** @type {IAsk["open"]} */ function (on) {
    var page = this.page;
    if (on && page.measuring) { page.measure(false); }
    this.box.hidden = !on;
    this.button.setAttribute("aria-expanded", String(on));
    page.map.getContainer().classList.toggle("asking", on);
    if (on) {
      page.map.closePopup();
      this.warm();
      document.getElementById("ask-trade").focus();
    } else { this.drawn.clearLayers(); }
    this.zones.update();
    page.remember();
  };

  /* Unpack and index while the user reads the fields, so that the first click is as quick as the others. */
  Ask.prototype.warm = /** @type {IAsk["warm"]} */ function () {
    var ask = this, at = this.page.map.getCenter();
    if (!this.warming) { this.warming = window.setTimeout(function () { ask.clauses().ask(at.lng, at.lat, ask.asked); }, 30); }
  };

  /** @param {HTMLSelectElement} select @param {string[][]} pairs @param {string} value */
  function options(select, pairs, value) {
    select.textContent = "";
    pairs.forEach(function (pair) {
      var option = el("option", "", pair[1]);
      option.value = pair[0];
      select.appendChild(option);
    });
    select.value = value;
  }

  /* Fields in the page's language, with what was chosen. */
  Ask.prototype.fill = /** @type {IAsk["fill"]} */ function () {
    var ask = this, data = this.data, page = this.page, labels = page.data.labels, language = page.data.language;
    var edition = document.getElementById("ask-edition"), action = document.getElementById("ask-action"), trade = document.getElementById("ask-trade");
    options(edition, [["2017", "GB/T 4754—2017"], ["2011", "GB/T 4754—2011"]], this.asked.edition);
    options(action, Object.keys(data.actions).map(function (code) { return [code, data.actions[code][language]]; }), this.asked.action);
    edition.onchange = function () { ask.asked.edition = edition.value; ask.nameTrades(); ask.again(); };
    action.onchange = function () { ask.asked.action = action.value; ask.again(); };
    trade.oninput = function () { ask.asked.trade = trade.value.trim(); ask.nameTrades(); };
    trade.onchange = function () { ask.again(); };
    this.fillFacts(labels);
    this.nameTrades();
  };

  Ask.prototype.fillFacts = /** @type {IAsk["fillFacts"]} */ function (labels) {
    var ask = this, data = this.data, list = document.getElementById("ask-facts");
    list.textContent = "";
    Object.keys(data.attributes).forEach(function (name) {
      var line = el("div"), label = el("label", "", data.attributes[name]), select = el("select");
      select.id = "ask-fact-" + name;
      label.htmlFor = select.id;
      options(select, [["", labels.ask_unsaid], ["yes", labels.ask_yes], ["no", labels.ask_no]], ask.asked.facts[name] || "");
      select.onchange = function () { ask.asked.facts[name] = select.value; ask.again(); };
      line.appendChild(label);
      line.appendChild(select);
      list.appendChild(line);
    });
  };

  Ask.prototype.nameTrades = /** @type {IAsk["nameTrades"]} */ function () {
    var ask = this, list = document.getElementById("ask-trades"), named = "";
    list.textContent = "";
    this.data.trades.forEach(function (trade) {
      var option;
      if (String(trade[0]) !== ask.asked.edition) { return; }
      if (trade[1] === ask.asked.trade) { named = trade[2]; }
      option = el("option", "", trade[2]);
      option.value = trade[1];
      list.appendChild(option);
    });
    document.getElementById("ask-trade-name").textContent = named;
  };

  Ask.prototype.goTyped = /** @type {IAsk["goTyped"]} */ function () {
    var field = document.getElementById("ask-place"), says = document.getElementById("ask-says"), at = hmgeo.parsePlace(field.value);
    if (!at) { says.textContent = this.page.data.labels.ask_bad_place; field.focus(); return; }
    this.at(at.lng, at.lat);
    if (!this.page.map.getBounds().contains(at)) { this.page.map.setView(at, Math.max(13, this.page.map.getZoom()), { animate: false }); }
  };

  Ask.prototype.at = /** @type {IAsk["at"]} */ function (lon, lat) {
    this.answer = this.clauses().ask(lon, lat, this.asked);
    document.getElementById("ask-place").value = lon.toFixed(7) + ", " + lat.toFixed(7);
    this.draw();
    this.page.remember();
  };

  /* The same place asked anew after a change of trade, action or facts. */
  Ask.prototype.again = /** @type {IAsk["again"]} */ function () {
    if (this.answer) { this.at(this.answer.lon, this.answer.lat); }
    this.zones.update();
  };

  Ask.prototype.say = /** @type {IAsk["say"]} */ function (key, values) { return hmgeo.say(this.page.data.labels[key], values || {}); };
  Ask.prototype.badge = /** @type {IAsk["badge"]} */ function (verdict, example, unmet) { return this.data.badges[unmet ? example ? "unmet_example" : "unmet" : example ? "example" : "plain"][verdict][this.page.data.language]; };
  Ask.prototype.isUnmet = /** @type {IAsk["isUnmet"]} */ function (clause) { return clause.verdict === "prohibited" && this.data.citations[clause.cite].effect_code === "require"; };

  /* Everything that stands below the fields, in the order of the printed answer. */
  Ask.prototype.draw = /** @type {IAsk["draw"]} */ function () {
    var box = document.getElementById("ask-answer");
    box.textContent = "";
    this.mark();
    if (this.answer) { this.drawAnswer(box, this.answer); } else { document.getElementById("ask-says").textContent = this.say("ask_none"); }
  };

  Ask.prototype.drawAnswer = /** @type {IAsk["drawAnswer"]} */ function (box, answer) {
    var ask = this, parts = this.clauses().parts(answer);
    document.getElementById("ask-says").textContent = (answer.place ? this.say("ask_where", { place: this.data.names[answer.place] }) : this.say("ask_nowhere")) + "　" + this.counts(parts);
    [answer.near.length ? "ask_border" : "", answer.clauses.some(function (clause) { return clause.record.example; }) ? "ask_example" : ""].filter(Boolean).forEach(function (key) {
      box.appendChild(el("p", "ask-note", ask.say(key)));
    });
    box.appendChild(el("p", "aside", this.say("ask_pixel", { metres: this.pixel(answer.lat) })));
    parts.forEach(function (part) {
      if (part.part === "not_applicable") { ask.drawAround(box, answer); }
      if (part.clauses.length) { box.appendChild(ask.part(part)); }
    });
    this.drawLeftOut(box);
  };

  /* The counts, gravest first: no 0 of bans without those that can't be excluded, no unmet requirement among them. */
  Ask.prototype.counts = /** @type {IAsk["counts"]} */ function (parts) {
    var ask = this, by = Object.create(null), /** @type {string[]} */ list = [];
    parts.forEach(function (part) { by[part.part] = part.clauses.length; });
    list.push(by.ban ? this.say("ask_count", { word: this.badge("prohibited"), n: by.ban }) : this.say("ask_no_ban", { n: by.open_ban }));
    if (by.unmet) { list.push(this.say("ask_count", { word: this.badge("prohibited", false, true), n: by.unmet })); }
    [["conditional", by.conditional], ["listed", by.listed], ["not_assessed", by.open_ban + by.open_other], ["clear", by.clear], ["not_applicable", by.not_applicable]].forEach(function (pair) {
      list.push(ask.say("ask_count", { word: ask.badge(pair[0]), n: pair[1] }));
    });
    return list.join(this.page.data.language === "en" ? " | " : "｜");
  };

  Ask.prototype.pixel = /** @type {IAsk["pixel"]} */ function (lat) {
    var metres = 156543.034 * Math.cos(lat * Math.PI / 180) / Math.pow(2, this.page.map.getZoom());
    return metres < 10 ? metres.toFixed(1) + " m" : hmgeo.distance(metres);
  };

  /* The clauses of one part: those that touch and open bans in full, the others behind a line that opens. */
  Ask.prototype.part = /** @type {IAsk["part"]} */ function (part) {
    var ask = this, isHit = ["ban", "unmet", "conditional", "listed"].indexOf(part.part) >= 0, isOpen = isHit || part.part === "open_ban", box = el(isOpen ? "section" : "details", "ask-group"), /** @type {Words} */ words = {
      ban: this.badge("prohibited"), unmet: this.badge("prohibited", false, true), open_ban: this.say("ask_open_bans"), open_other: this.say("ask_open_others")
    };
    box.setAttribute("data-part", part.part);
    box.appendChild(el(isOpen ? "h3" : "summary", "", this.say("ask_group", { word: words[part.part] || this.badge(part.part), n: part.clauses.length })));
    /** @param {Verdict[]} clauses */
    function listed(clauses) {
      var list = el("ol");
      list.append.apply(list, clauses.map(function (clause) { return ask.clause(clause, isHit); }));
      box.appendChild(list);
    }
    if (part.groups) {
      part.groups.forEach(function (group) { box.appendChild(el("p", "ask-settles", ask.settles(group))); listed(group.clauses); });
    } else { listed(part.clauses); }
    return box;
  };

  /* What would settle open clauses, in words. */
  Ask.prototype.settles = /** @type {IAsk["settles"]} */ function (group) {
    var data = this.data, language = this.page.data.language;
    /** @param {string[]} names */
    function quoted(names) { return names.map(function (name) { return "「" + name + "」"; }).join(""); }
    /** @param {string} code */
    function words(code) { return data.missing[code] || [code, ""]; }
    if (group.settling === "layer") { return this.say("ask_settle_layer", { names: quoted(group.what.map(function (code) { return words(code)[0]; })), whom: group.what.map(function (code) { return words(code)[1]; }).filter(function (whom, i, all) { return whom && all.indexOf(whom) === i; }).join("、") }); }
    if (group.settling === "parameter") { return this.say("ask_settle_parameter", { names: quoted(group.what) }); }
    if (group.settling === "fact") { return this.say("ask_settle_fact", { names: group.what.join("、") }); }
    if (group.settling === "text") { return data.standings[group.what[0]][language]; }
    if (group.settling === "data" && group.what.some(function (code) { return data.layers[code]; })) { return this.say("ask_settle_data", { names: quoted(group.what.filter(function (code) { return data.layers[code]; }).map(function (code) { return data.layers[code].title; })) }); }
    return data.settling[group.settling][language];
  };

  /* The nearest object of every layer, whether a clause asks for it or not. */
  Ask.prototype.drawAround = /** @type {IAsk["drawAround"]} */ function (box, answer) {
    var ask = this, list = el("ul", "ask-missing"), nearest = this.clauses().around(answer.lon, answer.lat);
    nearest.forEach(function (thing) {
      var far_ = isFinite(thing.metres) ? thing.metres ? far(thing.metres) + " " + ask.towards(answer, thing) : ask.say("ask_inside") : ask.say("ask_nothing_found");
      list.appendChild(el("li", "", thing.title + (thing.label ? "「" + thing.label + "」" : "") + " " + far_));
    });
    if (!nearest.length) { return; }
    box.appendChild(el("h3", "", this.say("ask_around", { n: nearest.length })));
    box.appendChild(list);
  };
  Ask.prototype.towards = /** @type {IAsk["towards"]} */ function (from, to) {
    var per = hmgeo.metresPerDegree(from.lat), turn = Math.atan2((to.lon - from.lon) * per.lon, (to.lat - from.lat) * per.lat) * 180 / Math.PI;
    return this.say("ask_winds").split(" ")[(Math.round(turn / 45) + 8) % 8];
  };

  Ask.prototype.clause = /** @type {IAsk["clause"]} */ function (clause, isOpen) {
    var ask = this, cited = this.data.citations[clause.cite], item = el("li", "ask-clause"), head = el("h4"), language = this.page.data.language, lines, more;
    item.setAttribute("data-rule", cited.rule);
    item.setAttribute("data-verdict", clause.verdict);
    head.appendChild(hmgeo.badge(this.badge(clause.verdict, clause.record.example && clause.verdict !== "not_applicable" && clause.verdict !== "not_assessed", this.isUnmet(clause)), this.page.data.styles.verdicts[clause.verdict]));
    if (clause.off) { head.appendChild(el("span", "chip", this.say("ask_off"))); }
    head.appendChild(el("span", "", " " + cited.title));
    item.appendChild(head);
    if (clause.other) {
      item.appendChild(el("p", "ask-ambiguous", this.say(clause.unsaid ? "certainty_unsaid" : "certainty_ambiguous") + "　" + this.say("ask_other", { word: this.badge(clause.other) })));
    }
    clause.said.forEach(function (fact) { ask.fact(item, fact); });
    lines = this.sentences(clause, cited, language);
    lines.forEach(function (text) { item.appendChild(el("p", "", text)); });
    if (clause.verdict === "not_applicable") { return item; }
    more = isOpen ? item : item.appendChild(el("details"));
    if (!isOpen) { more.appendChild(el("summary", "", this.say("ask_text"))); }
    this.law(more, clause, cited);
    return item;
  };

  Ask.prototype.sentences = /** @type {IAsk["sentences"]} */ function (clause, cited, language) {
    var said = cited.sentences[clause.verdict], lines = said ? [said[language]] : clause.verdict === "clear" ? [this.say("ask_clear", { data: this.dataOf(clause) })] : [];
    return lines.concat(clause.texts, clause.why);
  };

  /* The data that an untouched clause rests on. */
  Ask.prototype.dataOf = /** @type {IAsk["dataOf"]} */ function (clause) {
    var ask = this;
    return clause.record.layers.map(function (code) {
      var layer = ask.data.layers[code];
      return layer ? ask.say("ask_layer", { layer: layer.title, vintage: layer.vintage || ask.say("ask_no_vintage"), basis: layer.basis }) : ask.say("ask_list");
    }).join("、") || this.say("ask_stated");
  };

  /** @param {number} metres @param {number} [limit] */
  function far(metres, limit) {
    var hides = limit !== undefined && metres !== limit && (Math.abs(metres - limit) < 1.5 || hmgeo.distance(metres) === hmgeo.distance(limit));
    return hides ? metres.toFixed(2) + " m" : metres < 10 ? metres.toFixed(1) + " m" : hmgeo.distance(metres);
  }

  /* One measured fact: the nearest object by name with distance, limit and a way to look at it. */
  Ask.prototype.fact = /** @type {IAsk["fact"]} */ function (item, fact) {
    var found = fact.found, answer = this.answer, map = this.page.map, set = this.data.sets[fact.set], line = el("p", "ask-fact"), text, go;
    if (fact.inside !== undefined) { line.textContent = this.say("ask_in", { layer: set.title, name: fact.inside }); item.appendChild(line); return; }
    text = fact.limit === undefined ? this.say("ask_out", { layer: set.title }) + "；" : "";
    text += this.say("ask_nearest", { layer: set.title });
    text += found ? "「" + found.label + "」" + far(found.metres, fact.limit) : "：" + this.say("ask_nothing_found");
    if (fact.limit !== undefined) { text += "；" + this.page.data.labels.limit + " " + hmgeo.distance(fact.limit); }
    line.textContent = text + (this.page.data.language === "en" ? ". " : "。");
    if (found && found.metres > 0 && answer) {
      go = el("button", "go", this.say("go_there"));
      go.type = "button";
      go.setAttribute("aria-label", this.say("go_there") + (this.page.data.language === "en" ? ": " : "：") + found.label);
      go.addEventListener("click", map.fitBounds.bind(map, L.latLngBounds([[answer.lat, answer.lon], [found.lat, found.lon]]).pad(0.3), { maxZoom: 17, animate: false }));
      line.appendChild(go);
    }
    item.appendChild(line);
  };

  Ask.prototype.law = /** @type {IAsk["law"]} */ function (box, clause, cited) {
    var language = this.page.data.language, labels = this.page.data.labels, list = el("dl"), quote, pairs = [
      [labels.clause, cited.clause + (cited.number ? "（" + cited.number + "）" : "")], [labels.rank, cited.rank[language]],
      [labels.standing, this.data.standings[clause.record.standing === "in_force" && cited.verified.indexOf(this.data.standings.unverified.zh) === 0 ? "unverified" : clause.record.standing][language] + (clause.record.note ? "　" + clause.record.note : "")], [labels.decider, cited.decider]
    ];
    if (cited.quote) {
      quote = el("blockquote", "", cited.quote);
      quote.setAttribute("data-label", labels.quote);
      box.appendChild(quote);
    }
    pairs.forEach(function (pair) { if (pair[1]) { list.appendChild(el("dt", "", pair[0])); list.appendChild(el("dd", "", pair[1])); } });
    box.appendChild(list);
  };

  /* Layers that aren't in this page. */
  Ask.prototype.drawLeftOut = /** @type {IAsk["drawLeftOut"]} */ function (box) {
    var ask = this, list = el("ul", "ask-missing");
    Object.keys(this.data.left_out).forEach(function (code) { list.appendChild(el("li", "", ask.say("off_" + ask.data.left_out[code][1], { layer: ask.data.left_out[code][0] }))); });
    if (list.children.length) {
      box.appendChild(el("h3", "", this.say("ask_not_checked")));
      box.appendChild(list);
    }
  };

  /* The asked place, and lines to the nearest objects of clauses that touch. */
  Ask.prototype.mark = /** @type {IAsk["mark"]} */ function () {
    var drawn = this.drawn, answer = this.answer, styles = this.page.data.styles.verdicts, /** @type {LatLon} */ at;
    drawn.clearLayers();
    if (!answer) { return; }
    at = [answer.lat, answer.lon];
    answer.clauses.forEach(function (clause) {
      clause.said.forEach(function (fact) {
        if (OPEN.indexOf(clause.verdict) < 0 || !fact.found || !fact.found.metres) { return; }
        L.polyline([at, [fact.found.lat, fact.found.lon]], { color: styles[clause.verdict].colour, weight: 2, dashArray: "5 4", interactive: false }).addTo(drawn);
      });
    });
    L.circleMarker(at, { renderer: this.page.svg, pane: "sources", radius: 9, className: "halo", interactive: false }).addTo(drawn);
    L.circleMarker(at, { renderer: this.page.svg, pane: "sources", radius: 2.5, className: "halo-dot", interactive: false }).addTo(drawn);
  };

  /* The question as a part of the page's address, and back. */
  Ask.prototype.fragment = /** @type {IAsk["fragment"]} */ function () {
    var asked = this.asked, facts = Object.keys(asked.facts).filter(function (name) { return asked.facts[name]; });
    if (this.box.hidden || !this.answer) { return ""; }
    return [this.answer.lon.toFixed(7), this.answer.lat.toFixed(7), asked.edition, encodeURIComponent(asked.trade), asked.action].concat(facts.map(function (name) { return name + "-" + asked.facts[name]; })).join(",");
  };
  Ask.prototype.recall = /** @type {IAsk["recall"]} */ function (text) {
    var parts = text.split(","), asked = this.asked, data = this.data;
    if (parts.length < 5 || !isFinite(Number(parts[0])) || !isFinite(Number(parts[1])) || !data.actions[parts[4]]) { return; }
    asked.edition = parts[2] === "2011" ? "2011" : "2017";
    try { asked.trade = decodeURIComponent(parts[3]); } catch (fault) { return; }
    asked.action = parts[4];
    asked.facts = Object.create(null);
    parts.slice(5).forEach(function (part) {
      var at = part.lastIndexOf("-"), name = part.slice(0, at);
      if (Object.prototype.hasOwnProperty.call(data.attributes, name) && /^(yes|no)$/.test(part.slice(at + 1))) { asked.facts[name] = part.slice(at + 1); }
    });
    document.getElementById("ask-trade").value = asked.trade;
    this.fill();
    this.open(true);
    this.at(Number(parts[0]), Number(parts[1]));
  };

  Ask.prototype.translate = /** @type {IAsk["translate"]} */ function () {
    this.fill();
    this.draw();
    this.zones.update();
  };
}());
