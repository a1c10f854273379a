/* Executes the clauses that Python compiled, at one place. Holds no limit and no list of its own. */
(function () {
  "use strict";
  var RING = 16, /** @type {"met"} */ MET = "met", /** @type {"not_met"} */ NOT_MET = "not_met", /** @type {"unknown"} */ UNKNOWN = "unknown";

  /** @param {Side} side */
  function opposite(side) { return side === MET ? NOT_MET : side === NOT_MET ? MET : UNKNOWN; }
  /** @template T @param {T[]} list */
  function unique(list) { return list.filter(function (item, i) { return list.indexOf(item) === i; }); }
  /** @template T @param {T[][]} lists */
  function joined(lists) { return unique(chained(lists)); }
  /** @template T @param {T[][]} lists */
  function chained(lists) { return lists.reduce(function (all, list) { return all.concat(list); }, []); }

  /* `data` is the page's `click` block, `grounds` its unpacked grounds. */
  var Clauses = /** @type {Maker<[ClickData, IGround[]], IClauses>} */ (/** @this {IClauses} */ function (data, grounds) {
    this.data = data;
    this.grounds = grounds;
  });
  hmgeo.Clauses = Clauses;

  /* The code of the innermost area that holds a place, as the compiled records are listed by. */
  Clauses.prototype.placeOf = /** @type {IClauses["placeOf"]} */ function (lon, lat) {
    var data = this.data, grounds = this.grounds, county = "", town = "";
    /** @param {Nullable<DrawnAreas>} area */
    function codes(area) {
      return area ? grounds[area.ground].holding(lon, lat, null).map(function (i) { return area.codes[grounds[area.ground].rows[i]]; }) : [];
    }
    county = codes(data.counties)[0] || "";
    town = codes(data.townships).filter(function (code) { return code.indexOf(county) === 0; })[0] || "";
    return town || county;
  };

  /* The records of an area; beside a county drawn, nearer than its outline is exact, those of a place that may lie in it. */
  Clauses.prototype.recordsOf = /** @type {IClauses["recordsOf"]} */ function (code, lon, lat) {
    var data = this.data, grounds = this.grounds, near;
    /** @param {DrawnAreas} area */
    function beside(area) {
      var ground = grounds[area.ground];
      return ground.shapesWithin(lon, lat, data.outline_error_m).map(function (i) { return data.beside[area.codes[ground.rows[i]]]; });
    }
    near = !code && data.counties ? beside(data.counties) : [];
    return near.length ? joined(near) : data.places[code];
  };

  /* Places on a ring just wide enough to reach whatever lies within the margin. */
  /** @param {number} lon @param {number} lat @param {number} metres */
  function ringAround(lon, lat, metres) {
    var per = hmgeo.metresPerDegree(lat), wide = metres / Math.cos(Math.PI / RING), /** @type {LatLon[]} */ ring = [], i, turn;
    for (i = 0; i < RING; i += 1) {
      turn = 2 * Math.PI * i / RING;
      ring.push([lon + wide * Math.sin(turn) / per.lon, lat + wide * Math.cos(turn) / per.lat]);
    }
    return ring;
  }

  var Spot = /** @type {Maker<[IClauses, number, number], ISpot>} */ (/** @this {ISpot} */ function (clauses, lon, lat) {
    this.clauses = clauses;
    this.data = clauses.data;
    this.lon = lon;
    this.lat = lat;
    this.margin = clauses.data.margin_m;
    /** @type {ISpot["reaches"]} */ this.reaches = {};  // by ground
    /** @type {ISpot["nearests"]} */ this.nearests = {};  // by set and state
  });

  Spot.prototype.ring = /** @type {ISpot["ring"]} */ function () { return ringAround(this.lon, this.lat, this.margin); };
  Spot.prototype.layer = /** @type {ISpot["layer"]} */ function (set) { return this.data.layers[this.data.sets[set].layer]; };
  Spot.prototype.ground = /** @type {ISpot["ground"]} */ function (set) { return this.clauses.grounds[this.layer(set).ground]; };

  /* How far the coverage reaches around a place; negative outside, null where nobody declared it. */
  Spot.prototype.reach = /** @type {ISpot["reach"]} */ function (layer) {
    var at = layer.coverage, ground, edge, metres;
    if (at === null) { return null; }
    if (!(at in this.reaches)) {
      ground = this.clauses.grounds[at];
      edge = ground.nearestEdge(this.lon, this.lat, null);
      metres = edge ? edge.metres : Infinity;
      this.reaches[at] = ground.holding(this.lon, this.lat, null).length ? metres : -Math.max(metres, 1e-4);
    }
    return this.reaches[at];
  };

  /* Why finding nothing within a limit would prove nothing; empty where it does. */
  /** @param {ClickLayer} layer @param {Nullable<number>} reach @param {number} limit */
  function gap(layer, reach, limit) {
    if (reach === null) { return layer.gaps.undeclared; }
    if (reach < 0) { return layer.gaps.outside; }
    if (reach < limit) { return hmgeo.say(layer.gaps.near, { reach: reach.toFixed(0), limit: limit.toFixed(0) }); }
    return layer.complete ? "" : layer.gaps.incomplete;
  }

  /* The nearest feature of a set that counts (state 1), or of which nobody can tell (state 2). */
  Spot.prototype.nearest = /** @type {ISpot["nearest"]} */ function (set, state) {
    var key = set + "/" + state, nearest;
    if (!(key in this.nearests)) {
      nearest = this.ground(set).nearest(this.lon, this.lat, this.data.sets[set].index, state);
      this.nearests[key] = nearest && Object.assign(nearest, { label: this.ground(set).labels[nearest.shape] });
    }
    return this.nearests[key];
  };

  /* Whether the nearest feature lies within the limit; within the margin of it both answers stand. */
  Spot.prototype.near = /** @type {ISpot["near"]} */ function (tree, hit) {
    var layer = this.layer(tree.set), nearest = this.nearest(tree.set, 1), maybe = this.nearest(tree.set, 2), metres = nearest ? nearest.metres : Infinity, reach = this.reach(layer);
    var margin = this.margin + layer.off_m, inclusive = hit === MET, /** @type {Side[]} */ missSides = [], /** @type {string[]} */ why = [], /** @type {Side[]} */ possible = [], mayHit, mayMiss, onHit = tree.open ? UNKNOWN : hit, given;
    /** @param {number} d */
    function reaches(d) { return inclusive ? d <= tree.limit : d < tree.limit; }
    /** @param {Nullable<number>} r */
    function onMiss(r) { return gap(layer, r, tree.limit) ? UNKNOWN : opposite(hit); }
    metres = Math.round(metres * 1e4) / 1e4;
    mayHit = reaches(Math.max(0, metres - margin));
    mayMiss = !reaches(metres + margin);
    missSides = reach === null ? [UNKNOWN] : unique([onMiss(reach), onMiss(reach - margin), onMiss(reach + margin)]);
    given = reaches(metres) ? onHit : onMiss(reach);
    if (mayHit) { possible.push(onHit); }
    if (mayMiss && maybe && reaches(Math.max(0, Math.round(maybe.metres * 1e4) / 1e4 - margin))) {
      missSides = [UNKNOWN];
      if (!reaches(metres)) { given = UNKNOWN; }
      why.push(hmgeo.say(this.data.sets[tree.set].untold, { name: maybe.label }));
    }
    if (mayMiss) { possible = possible.concat(missSides); }
    if (gap(layer, reach, tree.limit)) { why.push(gap(layer, reach, tree.limit)); }
    if (mayHit && tree.open) { why.push(tree.open); }
    return {
      given: given, possible: unique(possible.concat([given])), why: unique(why.concat(tree.why)), said: [{ set: tree.set, found: nearest, limit: tree.limit }],
      approx: layer.approx, measure: nearest ? { metres: metres, label: nearest.label, limit: tree.limit } : null
    };
  };

  /* The side of lying in a feature of a set, at one place; `reach` is how far the coverage reaches there. */
  Spot.prototype.sideInside = /** @type {ISpot["sideInside"]} */ function (tree, lon, lat, reach) {
    var ground = this.ground(tree.set), set = this.data.sets[tree.set], holding = ground.holding(lon, lat, set.index), states = ground.states[set.index];
    var sure = holding.filter(function (i) { return states[i] === 1; });
    if (sure.length) { return { side: tree.yes, label: ground.labels[sure[0]] }; }
    if (holding.length) { return { side: UNKNOWN, untold: ground.labels[holding[0]] }; }
    return { side: gap(this.layer(tree.set), reach, 0) ? UNKNOWN : opposite(tree.yes) };
  };

  Spot.prototype.inside = /** @type {ISpot["inside"]} */ function (tree) {
    var spot = this, layer = this.layer(tree.set), reach = this.reach(layer), given = this.sideInside(tree, this.lon, this.lat, reach), possible = [given.side], margin = this.margin + layer.off_m;
    var edge = this.ground(tree.set).nearestEdge(this.lon, this.lat, this.data.sets[tree.set].index, 1.1 * margin), atRim = reach !== null && Math.abs(reach) < margin;
    var untold = given.untold === undefined ? "" : hmgeo.say(this.data.sets[tree.set].untold, { name: given.untold });
    if (untold && !edge) { return settled(UNKNOWN, [untold]); }
    if (edge || atRim) {
      ringAround(this.lon, this.lat, margin).forEach(function (at) { [reach, reach === null ? null : reach - margin, reach === null ? null : reach + margin].forEach(function (r) { possible.push(spot.sideInside(tree, at[0], at[1], r).side); }); });
    }
    return {
      given: given.side, possible: unique(possible), approx: layer.approx,
      why: untold ? [untold] : given.label === undefined && gap(layer, reach, 0) ? [gap(layer, reach, 0)] : [],
      said: [{ set: tree.set, inside: given.label, found: given.label === undefined ? this.nearest(tree.set, 1) : null }],
      measure: given.label === undefined ? null : { metres: null, label: given.label, limit: null }
    };
  };

  /** @param {Side} side @param {string[]} why @param {Partial<Outcome>} [more] @returns {Outcome} */
  function settled(side, why, more) { return Object.assign({ given: side, possible: [side], why: why, said: [], approx: false, measure: null }, more); }

  /* The side of a fact that is stated or that the trade settles; null where neither does. */
  hmgeo.factSide = /** @type {Hmgeo["factSide"]} */ function (tree, facts) {
    var known = facts[tree.name], yes = known === "yes" || known === "implied yes";
    return yes || known === "no" || known === "implied no" ? yes === tree.expected ? MET : NOT_MET : null;
  };

  Spot.prototype.run = /** @type {ISpot["run"]} */ function (tree, facts) {
    var spot = this, known, side;
    switch (tree.op) {
    case "all":
    case "any":
      return combined(tree.of.map(function (part) { return spot.run(part, facts); }), tree.op === "all" ? NOT_MET : MET);
    case "fixed": return settled(tree.side, tree.why, { texts: tree.said, approx: Boolean(tree.approx) });
    case "off": return settled(UNKNOWN, tree.why, { off: true });
    case "fact":
      known = facts[tree.name];
      if (typeof known === "object") { return settled(UNKNOWN, [known.doubt]); }
      if (known === "maybe") { return settled(tree.graver, [tree.perhaps], { possible: [tree.graver, opposite(tree.graver)], unsaid: true }); }
      side = hmgeo.factSide(tree, facts);
      return !side ? settled(UNKNOWN, [tree.why]) : settled(side, [], known === "yes" || known === "no" ? { texts: [tree.said[known]] } : {});
    case "near": return this.near(tree, tree.hit || MET);
    case "touch": return this.near(tree, MET);
    case "inside": return this.inside(tree);
    default: return settled(UNKNOWN, [], { off: true });
    }
  };

  /* Three-valued logic over every mixture of the parts' sides; `decisive` is the side of one part that decides. */
  /** @param {Outcome[]} parts @param {Side} decisive @returns {Outcome} */
  function combined(parts, decisive) {
    /** @param {Side} a @param {Side} b @returns {Side} */
    function pair(a, b) { return a === decisive || b === decisive ? decisive : a === UNKNOWN || b === UNKNOWN ? UNKNOWN : opposite(decisive); }
    var given = parts.map(function (part) { return part.given; }).reduce(pair), counted, why, flips = parts.filter(function (part) { return part.possible.length > 1; });
    var possible = parts.map(function (part) { return part.possible; }).reduce(function (a, b) {
      return joined(a.map(function (x) { return b.map(function (y) { return pair(x, y); }); }));
    });
    counted = parts.filter(function (part) { return part.possible.indexOf(given) >= 0; });
    counted = counted.length ? counted : parts;
    why = joined(counted.map(function (part) { return part.why; }));
    if (possible.length > 1) { why = joined([why].concat(flips.map(function (part) { return part.why; }))); }
    return {
      unsaid: flips.length > 0 && flips.every(function (part) { return part.unsaid; }), given: given, possible: possible, why: why, said: chained(parts.map(function (part) { return part.said; })),
      texts: joined(parts.map(function (part) { return part.texts || []; })),
      approx: given === decisive ? counted.filter(function (part) { return part.given === given; }).every(function (part) { return part.approx; }) : parts.some(function (part) { return part.approx; }),
      off: given === UNKNOWN && counted.some(function (part) { return part.off; }),
      measure: counted.map(function (part) { return part.measure; }).filter(Boolean)[0] || null
    };
  }

  /* What a trade says of a fact: yes, no, maybe (a class wider than it), unknown, or nothing. */
  Clauses.prototype.implied = /** @type {IClauses["implied"]} */ function (name, asked) {
    var row = this.impliedBy(name, asked);
    return row ? row[3] : "";
  };

  /* The row that says so: fact, edition, code, what it means, source. */
  Clauses.prototype.impliedBy = /** @type {IClauses["impliedBy"]} */ function (name, asked) {
    var rows = this.data.implied.filter(function (row) { return row[0] === name; }), trade = plainTrade(asked), fits, others;
    if (!rows.length || !isCode(trade)) { return null; }
    fits = rows.filter(function (row) { return row[2] !== "*" && trade.indexOf(row[2]) === 0 && (!row[1] || row[1] === asked.edition); });
    others = rows.some(function (row) { return row[2] !== "*" && row[2].indexOf(trade) === 0; }) ? [] : rows.filter(function (row) { return row[2] === "*"; });
    fits.sort(function (a, b) { return b[2].length - a[2].length; });
    return fits[0] || others[0] || null;
  };

  /* What is known of a fact: {known: true, false or null, maybe, why}. */
  Clauses.prototype.knownFact = /** @type {IClauses["knownFact"]} */ function (name, asked) {
    var said = asked.facts[name], row = this.impliedBy(name, asked), means = row ? row[3] : "", data = this.data;
    if (name === "is_relocation" && said !== "yes" && said !== "no" && asked.action === "relocate") { return { known: true }; }
    if (said === "no" && means === "yes") { return { known: null, why: hmgeo.say(data.subject_words.fact_denied, { what: hmgeo.say(data.subject_words.by_trade, { code: asked.trade }), words: data.attributes[name] }) }; }
    if (said === "yes" || said === "no") { return { known: said === "yes" }; }
    return { known: means === "yes" || means === "maybe" ? true : means === "no" ? false : null, maybe: means === "maybe", open: means === "unknown", source: row && means === "yes" ? row[4] : "" };
  };

  /* What is stated, and for the rest what the trade says: implied yes, implied no, maybe; why a no can't be followed. */
  Clauses.prototype.factsOf = /** @type {IClauses["factsOf"]} */ function (asked) {
    var clauses = this, /** @type {Stateds} */ facts = {};
    this.data.implied.forEach(function (row) {
      var means = clauses.implied(row[0], asked);
      if (means === "maybe") { facts[row[0]] = means; }
      if (means === "yes" || means === "no") { facts[row[0]] = means === "yes" ? "implied yes" : "implied no"; }
    });
    Object.keys(asked.facts).forEach(function (name) {
      var doubt = clauses.knownFact(name, asked).why, stated = asked.facts[name];
      if (doubt) { facts[name] = { doubt: doubt }; }
      else if (stated === "yes" || stated === "no") { facts[name] = stated; }
    });
    return facts;
  };

  /** @param {Asked} asked */
  function plainTrade(asked) { return asked.trade.normalize("NFKC").trim(); }
  /** @param {string} trade */
  function isCode(trade) { var division = Number(trade.slice(0, 2)); return /^[0-9]{2,4}$/.test(trade) && division >= 1 && division <= 97; }
  /** @param {string} action @param {string[]} actions */
  function isAmong(action, actions) { return actions.indexOf(action) >= 0 || (action === "relocate" && actions.indexOf("new") >= 0); }
  /** @param {string} trade @param {string[]} codes */
  function lists(trade, codes) { return codes.some(function (code) { return trade.indexOf(code) === 0; }); }
  /** @param {string} trade @param {string[]} codes */
  function coarse(trade, codes) {
    return codes.some(function (code) { return code.indexOf(trade) === 0 || trade.length < 4 && (code.indexOf("0" + trade) === 0 || ("0" + trade).indexOf(code) === 0); });
  }

  /* Whether the listed trades hold the project's: {side, why, wide}. */
  Clauses.prototype.byTrade = /** @type {IClauses["byTrade"]} */ function (trades, asked) {
    var clauses = this, data = this.data, words = data.subject_words, trade = plainTrade(asked), listed = trades.codes || {}, codes = listed[asked.edition], /** @type {Record<string, KnownFact>} */ parts = Object.create(null), names = [], narrow, is;
    /** @param {string} why @returns {Reached} */
    function open(why) { return { side: UNKNOWN, why: why }; }
    /** @param {string} name */
    function zh(name) { return data.attributes[name]; }
    trades.parts.forEach(function (name) { parts[name] = clauses.knownFact(name, asked); });
    if (Object.keys(parts).some(function (name) { return parts[name].known && !parts[name].maybe; })) { return { side: MET }; }
    if (trades.unset) { return open(trades.unset); }
    if (!trade) { return open(words.trade_unsaid); }
    if (!isCode(trade)) { return open(hmgeo.say(words.trade_unread, { code: asked.trade })); }
    if (!codes) {
      names = Object.keys(listed).sort(function (a, b) { return Number(b) - Number(a); });
      if ((data.renumbered[asked.edition] || []).indexOf(trade) >= 0) {
        return open(hmgeo.say(words.other_edition, { code: trade, stated: asked.edition + " 版", held: names.map(function (edition) { return edition + " 版"; }).join("、") }));
      }
      codes = joined(names.map(function (edition) { return listed[edition]; }));
    }
    is = lists(trade, codes);
    if (!is && coarse(trade, codes)) { return open(hmgeo.say(words.trade_coarse, { code: trade })); }
    /** @returns {Reached} */
    function no() { return { side: NOT_MET, why: hmgeo.say(words.not_applicable, { what: hmgeo.say(words.trade, { code: trade, edition: asked.edition + " 版" }) }) }; }
    function doubted() { return Object.keys(parts).map(function (name) { return parts[name].why || ""; }).filter(Boolean).map(open)[0]; }
    if (!is) {
      names = Object.keys(parts).filter(function (name) { return parts[name].open; });
      return names.length ? open(hmgeo.say(words.trade_elsewhere, { code: asked.trade, words: names.map(zh).join("、") })) : doubted() || no();
    }
    narrow = codes.filter(function (code) {
      return !data.implied.some(function (row) { return parts[row[0]] && row[2] === code && row[3] === "maybe" && (!row[1] || row[1] === asked.edition); });
    });
    if (lists(trade, narrow)) { return { side: MET }; }
    names = Object.keys(parts).filter(function (name) { return parts[name].maybe; });
    return names.length ? { side: MET, wide: hmgeo.say(words.trade_wide, { code: asked.trade, words: names.map(zh).join("、") }) } : doubted() || no();
  };

  /* Whether the situation that a clause asks for is there. */
  Clauses.prototype.byConditions = /** @type {IClauses["byConditions"]} */ function (record, asked) {
    var clauses = this, data = this.data, words = data.subject_words, /** @type {string[]} */ unknown = [], doubted = "", wide = "", derived = "", other = "";
    record.conditions.forEach(function (condition) {
      var fact = clauses.knownFact(condition[0], asked), word = data.attributes[condition[0]], expected = condition[1];
      if (fact.why) { doubted += fact.why; }
      else if (fact.known === null || (fact.maybe && !expected)) { unknown.push(word); }
      else if (fact.known !== expected) { other = other || hmgeo.say(words.not_applicable, { what: hmgeo.say(words.situation, { word: (expected ? "非" : "") + word }) }); }
      else if (fact.maybe) { wide += hmgeo.say(words.fact_wide, { code: asked.trade, words: word }); }
      else if (fact.source) { derived += hmgeo.say(words.fact_derived, { what: hmgeo.say(words.derived_from_trade, { code: asked.trade }), words: word, source: fact.source }); }
    });
    if (other) { return { side: NOT_MET, why: other }; }
    if (doubted || unknown.length) { return { side: UNKNOWN, why: doubted + (unknown.length ? hmgeo.say(words.facts_unsaid, { words: unknown.join("、是否") }) : "") }; }
    return { side: MET, wide: wide, derived: derived };
  };

  /* Whether a clause speaks to a project: {side, why, wide}; `wide` where only a code wider than the clause says so. */
  Clauses.prototype.reach = /** @type {IClauses["reach"]} */ function (record, asked) {
    var data = this.data, words = data.subject_words, /** @type {Reached[]} */ reached = [], known;
    /** @returns {Reached} */
    function otherAction() { return { side: NOT_MET, why: hmgeo.say(words.not_applicable, { what: hmgeo.say(words.action, { action: data.actions[asked.action].zh }) }) }; }
    if (record.existing && isAmong(asked.action, ["new"])) { reached.push(otherAction()); }
    if (record.actions.length && !isAmong(asked.action, record.actions)) { reached.push(otherAction()); }
    if (record.trade) { reached.push(this.byTrade(record.trade, asked)); }
    reached.push(this.byConditions(record, asked));
    if (record.basin) {
      known = asked.facts[record.basin[0]];
      if (known !== "yes") { reached.push(known === "no" ? { side: NOT_MET, why: hmgeo.say(words.not_applicable, { what: words.basin }) } : { side: UNKNOWN, why: record.basin[1] }); }
    }
    return reached.filter(function (part) { return part.side === NOT_MET; })[0] || reached.filter(function (part) { return part.side === UNKNOWN; })[0] ||
      { side: MET, wide: unique(reached.map(function (part) { return part.side === MET && part.wide || ""; })).join(""), derived: unique(reached.map(function (part) { return part.side === MET && part.derived || ""; })).join("") };
  };

  /* An exception of the text that holds, or may hold: {known, why}, or null. */
  Clauses.prototype.exemption = /** @type {IClauses["exemption"]} */ function (record, asked) {
    var clauses = this, data = this.data, /** @type {{known: boolean, why: string}[]} */ holding = [];
    record.exceptions.forEach(function (exception) {
      var /** @type {string[]} */ unsaid = [], doubted = "";
      if (exception.actions.length && !isAmong(asked.action, exception.actions)) { return; }
      if (exception.conditions.some(function (condition) {
        var fact = clauses.knownFact(condition[0], asked);
        if (fact.why) { doubted += fact.why; return false; }
        if (fact.known === null || fact.maybe) { unsaid.push("是否" + data.attributes[condition[0]]); return false; }
        return fact.known !== condition[1];
      })) { return; }
      holding.push({ known: !unsaid.length && !doubted, why: unsaid.length ? hmgeo.say(exception.unsaid, { words: unsaid.join("、") }) : doubted || exception.known });
    });
    return holding.filter(function (exception) { return exception.known; })[0] || holding[0] || null;
  };

  /* What settles a clause before any position is looked at: {verdict, why}; null where its test must be asked. */
  Clauses.prototype.before = /** @type {IClauses["before"]} */ function (record, asked) {
    var reached, exempt;
    if (record.fixed) { return record.fixed; }
    reached = this.reach(record, asked);
    if (reached.side === NOT_MET) { return { verdict: "not_applicable", why: [reached.why] }; }
    exempt = this.exemption(record, asked);
    if (exempt && exempt.known) { return { verdict: "not_applicable", why: [exempt.why] }; }
    if (record.open && record.beyond.length) { return { verdict: "not_applicable", why: record.beyond }; }
    return record.open ? { verdict: "not_assessed", why: [] } : null;
  };

  /* What one clause says at a spot. `given` is the verdict at the place itself, `possible` all within the margin. */
  Clauses.prototype.judge = /** @type {IClauses["judge"]} */ function (record, asked, spot) {
    var settling = this.before(record, asked), verdict;
    if (!settling && !record.fixed && !record.open) { return this.test(record, asked, spot); }
    verdict = settling ? settling.verdict : "not_assessed";
    return { record: record, cite: record.cite, given: verdict, possible: [verdict], why: settling ? settling.why : [], said: [], texts: [], off: false, measure: null };
  };

  /* The same where its test must be asked. */
  Clauses.prototype.test = /** @type {IClauses["test"]} */ function (record, asked, spot) {
    var reached = this.reach(record, asked), exempt = this.exemption(record, asked), facts = this.factsOf(asked), given, possible, why, open, isHit, unsaid;
    var outcomes = record.trees.map(function (tree) { return spot.run(tree, facts); }), first = outcomes[0];
    unsaid = outcomes.some(function (outcome) { return outcome.unsaid; });
    given = unique(outcomes.map(function (outcome) { return record.sides[outcome.given]; }));
    possible = joined(outcomes.map(function (outcome) { return outcome.possible.map(function (side) { return record.sides[side]; }); }));
    why = first.why;
    open = given.length > 1 ? record.unset : record.blocked;
    if (given.length > 1 || record.blocked.length) {
      why = open.concat(given.length === 1 && given[0] === "not_assessed" ? why : []);
      if (record.blocked.length) { possible = ["not_assessed"]; } else { possible = unique(possible.concat(["not_assessed"])); }
      given = ["not_assessed"];
    } else if (outcomes.length > 1 && possible.length > 1) { possible = unique(possible.concat(["not_assessed"])); }
    if (reached.side === UNKNOWN && possible.some(function (verdict) { return verdict !== "clear"; })) {
      why = [reached.why].concat(given[0] === "not_assessed" ? why : []);
      given = [given[0] === "clear" ? "clear" : "not_assessed"];
      possible = unique(possible.map(function (verdict) { return verdict === "clear" ? verdict : "not_assessed"; }));
    }
    possible = this.byGravity(possible);
    isHit = possible[0] !== "not_assessed" && possible[0] !== "clear";
    if (possible[0] === "conditional") { why = [record.condition].concat(why); }
    if (record.principle && reached.side === MET && first.possible.some(function (side) { return side !== UNKNOWN; })) { why = why.concat([record.principle]); }
    if (isHit && reached.side === MET && reached.derived) { why = why.concat([reached.derived]); }
    if (isHit && reached.side === MET && reached.wide) { why = why.concat([reached.wide]); possible = possible.concat(["not_applicable"]); unsaid = true; }
    if (exempt && reached.side === MET && (isHit || (possible[0] === "clear" && record.graver === NOT_MET))) { why = why.concat([exempt.why]); }
    return {
      record: record, cite: record.cite, given: given[0], possible: possible, why: unique(why.filter(Boolean)), said: first.said, texts: first.texts || [], measure: first.measure,
      unsaid: unsaid && outcomes.every(function (outcome) { return outcome.possible.length === 1 || outcome.unsaid; }), off: given[0] === "not_assessed" && Boolean(first.off), approx: first.approx
    };
  };

  Clauses.prototype.byGravity = /** @type {IClauses["byGravity"]} */ function (verdicts) {
    var order = this.data.gravity;
    return unique(verdicts).sort(function (a, b) { return order.indexOf(a) - order.indexOf(b); });
  };

  /* All clauses at a place, gravest first. `asked`: edition, trade, action, facts. The graver of two sides is the verdict. */
  Clauses.prototype.ask = /** @type {IClauses["ask"]} */ function (lon, lat, asked) {
    var clauses = this, data = this.data, spot = new Spot(this, lon, lat), place = this.placeOf(lon, lat), near = this.placesNear(spot, place), /** @type {Record<string, number[]>} */ by = Object.create(null), list;
    var spoken = [place].concat(near).map(function (code) { return clauses.recordsOf(code, lon, lat); });
    spoken.forEach(function (numbers) {
      numbers.forEach(function (number) {
        var cite = data.citations[data.records[number].cite].rule;
        by[cite] = by[cite] || [];
        if (by[cite].indexOf(number) < 0) { by[cite].push(number); }
      });
    });
    list = Object.keys(by).map(function (rule) { return clauses.overPlaces(by[rule], spoken, asked, spot); });
    list.sort(function (a, b) { return data.gravity.indexOf(a.verdict) - data.gravity.indexOf(b.verdict) || a.record.order - b.record.order; });
    return { lon: lon, lat: lat, place: place, near: near, clauses: list, asked: asked };
  };

  /* What would settle a clause that isn't assessed: the kind, and of what. */
  Clauses.prototype.settling = /** @type {IClauses["settling"]} */ function (clause, asked) {
    var clauses = this, data = this.data, record = clause.record, /** @type {string[]} */ facts = [], /** @type {string[]} */ nowhere;
    if (record.open) { return ["text", [record.standing]]; }
    if (record.fixed) { return ["data", record.layers]; }
    nowhere = record.nowhere.concat(record.basin ? [record.basin[1]] : []);
    if (clause.why.some(function (why) { return nowhere.indexOf(why) >= 0; })) { return ["place", []]; }
    if (record.missing.length) { return ["layer", record.missing]; }
    if (record.params.length) { return ["parameter", record.params]; }
    record.conditions.forEach(function (condition) {
      var fact = clauses.knownFact(condition[0], asked);
      if (fact.known === null && !fact.why) { facts.push("是否" + data.attributes[condition[0]]); }
    });
    if (record.trade && !asked.trade) { facts.push("行业代码"); }
    record.stated.forEach(function (stated) {
      if (stated[0] === "word") { facts.push(stated[1]); }
      else if (asked.facts[stated[1]] !== "yes" && asked.facts[stated[1]] !== "no") { facts.push("是否" + data.attributes[stated[1]]); }
    });
    return facts.length ? ["fact", facts] : ["data", record.layers];
  };

  /* Open clauses by what would settle them: the gravest effect first, then what settles the most at once. */
  Clauses.prototype.grouped = /** @type {IClauses["grouped"]} */ function (list, asked) {
    var clauses = this, data = this.data, order = Object.keys(data.settling), /** @type {Group[]} */ groups = [], /** @type {Record<string, Group>} */ by = Object.create(null);
    list.forEach(function (clause) {
      var settling = clauses.settling(clause, asked), key = settling[0] + "|" + settling[1].join("|");
      if (!by[key]) { by[key] = { settling: settling[0], what: settling[1], clauses: [], gravest: Infinity }; groups.push(by[key]); }
      by[key].clauses.push(clause);
      by[key].gravest = Math.min(by[key].gravest, data.effects.indexOf(data.citations[clause.cite].effect_code));
    });
    return groups.sort(function (a, b) { return a.gravest - b.gravest || b.clauses.length - a.clauses.length || order.indexOf(a.settling) - order.indexOf(b.settling); });
  };

  /* The parts in which an answer is read, as in the terminal: {part, clauses}, open ones with their groups. */
  Clauses.prototype.parts = /** @type {IClauses["parts"]} */ function (answer) {
    var clauses = this, data = this.data;
    /** @param {string} verdict @param {string} [effect] @param {boolean} [has] */
    function having(verdict, effect, has) {
      return answer.clauses.filter(function (clause) { return clause.verdict === verdict && (!effect || (data.citations[clause.cite].effect_code === effect) === has); });
    }
    /** @param {string} name @param {Verdict[]} list @returns {AnswerPart} */
    function part(name, list) { return { part: name, clauses: list }; }
    /** @param {string} name @param {Verdict[]} list @returns {AnswerPart} */
    function open(name, list) {
      var groups = clauses.grouped(list, answer.asked);
      return { part: name, groups: groups, clauses: chained(groups.map(function (group) { return group.clauses; })) };
    }
    return [
      part("ban", having("prohibited", "require", false)), part("unmet", having("prohibited", "require", true)),
      part("conditional", having("conditional")), part("listed", having("listed")),
      open("open_ban", having("not_assessed", "ban", true)), open("open_other", having("not_assessed", "ban", false)),
      part("clear", having("clear")), part("not_applicable", having("not_applicable"))
    ];
  };

  /* The nearest object of every layer in the page, the nearest first. */
  Clauses.prototype.around = /** @type {IClauses["around"]} */ function (lon, lat) {
    var clauses = this, data = this.data;
    return Object.keys(data.layers).map(function (code) {
      var layer = data.layers[code], ground = clauses.grounds[layer.ground], nearest = ground.nearest(lon, lat, null);
      return { layer: code, title: layer.title, metres: nearest ? nearest.metres : Infinity, label: nearest ? ground.labels[nearest.shape] : "", lon: nearest ? nearest.lon : NaN, lat: nearest ? nearest.lat : NaN };
    }).sort(function (a, b) { return a.metres - b.metres; });
  };

  /* One rule by all records that may be meant: where the border of a place is within the margin there are several. */
  Clauses.prototype.overPlaces = /** @type {IClauses["overPlaces"]} */ function (numbers, spoken, asked, spot) {
    var clauses = this, data = this.data, judged = numbers.map(function (number) { return clauses.judge(data.records[number], asked, spot); }), first = judged[0], possible;
    var absent = spoken.some(function (heard) { return !numbers.some(function (number) { return heard.indexOf(number) >= 0; }); });
    possible = joined(judged.map(function (clause) { return clause.possible; }).concat(absent ? [["not_applicable"]] : []));
    if (absent && spoken[0].indexOf(numbers[0]) < 0) { first = Object.assign({}, first, { given: "not_applicable" }); }
    possible = this.byGravity(possible);
    return Object.assign({}, first, {
      verdict: possible[0], other: possible.length > 1 ? possible[possible.length - 1] : null, possible: possible, ambiguous: possible.length > 1, unsaid: judged.some(function (clause) { return clause.unsaid; }) && judged.every(function (clause) { return clause.possible.length === 1 || clause.unsaid; })
    });
  };

  /* Other places within the margin. */
  Clauses.prototype.placesNear = /** @type {IClauses["placesNear"]} */ function (spot, place) {
    var clauses = this, data = this.data;
    var close = [data.counties, data.townships].some(function (area) {
      return area && clauses.grounds[area.ground].nearestEdge(spot.lon, spot.lat, null, 1.1 * spot.margin);
    });
    if (!close) { return []; }
    return unique(spot.ring().map(function (at) { return clauses.placeOf(at[0], at[1]); })).filter(function (code) { return code !== place; });
  };
}());
