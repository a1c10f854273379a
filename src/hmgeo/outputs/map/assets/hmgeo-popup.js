/* What popups hold: texts made in Python, put together here as DOM nodes. */
(function () {
  "use strict";
  var el = hmgeo.el, GRADES = ["≤2°", "2°–6°", "6°–15°", "15°–25°", ">25°"];

  /* Facts are [key of a label, text, English text]; lines made here are [label, text] in `plain`. */
  /** @param {Pair[]} pairs */
  function plain(pairs) {
    var list = el("dl");
    pairs.forEach(function (pair) {
      list.appendChild(el("dt", "", pair[0]));
      list.appendChild(el("dd", "", pair[1]));
    });
    return list;
  }

  /** @param {Fact[]} pairs @param {PageData} data */
  function facts(pairs, data) {
    return plain(pairs.map(/** @returns {Pair} */ function (pair) { return [data.labels[pair[0]], hmgeo.inLanguage(data, pair[1], pair[2])]; }));
  }

  hmgeo.classWord = /** @type {Hmgeo["classWord"]} */ function (data, word) { return hmgeo.inLanguage(data, word, data.class_words[word]) || data.labels.no_class; };
  hmgeo.inLanguage = /** @type {Hmgeo["inLanguage"]} */ function (data, zh, en) { return data.language === "en" && en || zh; };

  /** @param {HTMLElement} node @param {VerdictLook} look */
  function coloured(node, look) {
    node.style.setProperty("--colour", look.colour);
    node.style.setProperty("--tint", look.tint);
    node.style.setProperty("--text", look.text);
    return node;
  }

  /** @param {HTMLElement} box @param {string} kind @param {string} name */
  function head(box, kind, name) {
    box.appendChild(el("p", "pop-kind", kind));
    box.appendChild(el("p", "pop-name", name));
  }

  /** @param {string} text @param {Nullable<() => void>} act */
  function button(text, act) {
    var node = el("button", "", text);
    node.type = "button";
    if (act) { node.addEventListener("click", act); } else { node.disabled = true; }
    return node;
  }

  /* The clause a finding rests on, in the text's own words. */
  /** @param {HTMLElement} box @param {Finding} finding @param {PageData} data */
  function law(box, finding, data) {
    var clause = data.laws[finding.law];
    box.appendChild(facts(clause.facts, data));
    if (clause.quote) {
      var quote = el("blockquote", "", clause.quote);
      quote.setAttribute("data-label", data.labels.quote);
      box.appendChild(quote);
    }
    box.appendChild(facts(finding.more, data));
  }

  /* The sentences of `hmgeo explain`, written when opened. */
  /** @param {HTMLElement} box @param {Finding} finding @param {string} id @param {PageData} data */
  function explained(box, finding, id, data) {
    var more = el("details", "pop-why"), labels = data.labels, clause = data.laws[finding.law];
    more.appendChild(el("summary", "", labels.why));
    more.addEventListener("toggle", function () {
      if (!more.open || more.children.length > 1) { return; }
      part(more, labels.how_measured, steps(finding.why[0], finding, data));
      if (clause.parameters.length) { part(more, labels.parameters, clause.parameters); }
      part(more, labels.flips, steps(finding.why[1].concat(data.rerun), finding, data));
      more.appendChild(el("p", "aside", labels.explain_hint));
      more.appendChild(el("code", "", 'hmgeo explain . "' + id + '" ' + clause.rule));
    });
    box.appendChild(more);
  }

  /** @param {HTMLElement} box @param {string} title @param {Pair[]} lines */
  function part(box, title, lines) {
    box.appendChild(el("p", "pop-rule", title));
    box.appendChild(plain(lines));
  }

  /* [number of the name, number of the sentence and its values | a text | nothing: the finding's own note] */
  /** @param {Step[]} coded @param {Finding} finding @param {PageData} data @returns {Pair[]} */
  function steps(coded, finding, data) {
    var language = data.language === "en" ? 1 : 0;
    return coded.map(/** @returns {Pair} */ function (step) {
      var sentence = typeof step[1] === "number" ? data.steps[step[1]] : null, /** @type {Values} */ values = {}; // a text may read as a number
      if (sentence) { (sentence[0].match(/\w+(?=\})/g) || []).forEach(function (name, at) { values[name] = step[at + 2]; }); }
      return [data.steps[step[0]][language], sentence ? hmgeo.say(sentence[language], values) : step.length > 1 ? String(step[1]) : noteOf(finding)];
    });
  }

  /** @param {Finding} finding */
  function noteOf(finding) {
    return finding.more.filter(function (fact) { return fact[0] === "note"; }).map(function (fact) { return fact[1]; }).join("");
  }

  /** @param {Source["counts"]} counts @param {boolean} lower @param {PageData} data */
  function countTable(counts, lower, data) {
    var labels = data.labels, box = el("div", "pop-table"), table = el("table"), row = table.createTHead().insertRow(), body = table.createTBody();
    table.createCaption().textContent = labels.count_area + (lower ? "。" + labels.lower_bound : "");
    [labels.class].concat(counts.head).forEach(function (text) { row.appendChild(el("th", "", text)); });
    counts.rows.forEach(function (cells) {
      var line = body.insertRow();
      line.className = cells[0] === data.words.zh.all ? "sum" : "";
      cells.forEach(function (text, index) { line.appendChild(el(index ? "td" : "th", "", text)); });
    });
    box.appendChild(table);
    return box;
  }

  /* The screening rule's finding in full, then what was touched, then what is open or untouched as one line each.
     `toNearest` is a function, or null where the parcel has no place on the map. */
  hmgeo.sourcePopup = /** @type {Hmgeo["sourcePopup"]} */ function (source, data, toNearest) {
    var labels = data.labels, box = el("div", "pop");
    var findings = source.findings.map(function (index) { return data.findings[index]; }), first = findings[0];
    head(box, source.id, source.name);
    if (first) {
      var verdict = coloured(el("div", "pop-verdict"), data.styles.verdicts[first.verdict]);
      verdict.appendChild(el("b", "", hmgeo.inLanguage(data, first.badge, first.badge_en)));
      verdict.appendChild(el("span", "", hmgeo.inLanguage(data, first.sentence, first.sentence_en)));
      box.appendChild(verdict);
    }
    box.appendChild(facts((first ? first.facts : []).concat(source.nearest), data));
    if (source.nearest_id) {
      var go = button(labels.to_nearest, toNearest);
      if (!toNearest) { go.title = labels.not_drawn; }
      box.appendChild(go);
    }
    if (findings.length > 1) { others(box, findings.slice(1), source.id, data); }
    if (first) {
      box.appendChild(el("p", "pop-rule", data.laws[first.law].title));
      law(box, first, data);
      explained(box, first, source.id, data);
    }
    if (source.counts.rows.length) { box.appendChild(countTable(source.counts, source.lower, data)); }
    box.appendChild(facts(source.facts, data));
    return box;
  };

  /* Touched clauses one by one, gravest first; open and untouched ones folded; those that don't apply only counted. */
  /** @param {HTMLElement} box @param {Finding[]} findings @param {string} id @param {PageData} data */
  function others(box, findings, id, data) {
    var labels = data.labels, group = el("div", "pop-others");
    group.appendChild(el("p", "pop-rule", labels.more_clauses));
    ["prohibited", "conditional", "listed", "not_assessed", "clear", "not_applicable"].forEach(function (code) {
      var of = findings.filter(function (finding) { return finding.verdict === code; }), /** @type {HTMLDetailsElement} */ folded;
      if (!of.length) { return; }
      if (code === "not_applicable") { group.appendChild(el("p", "aside", hmgeo.say(labels.popup_left_out, { n: of.length }))); return; }
      if (code !== "not_assessed" && code !== "clear") { of.forEach(function (finding) { group.appendChild(otherFinding(finding, id, data)); }); return; }
      folded = el("details");
      folded.appendChild(el("summary", "", hmgeo.say(labels.verdict_many, { word: data.verdict_words[code][data.language], n: of.length })));
      folded.addEventListener("toggle", function () {  // filled when opened: dozens of clauses would slow every popup
        if (folded.open && folded.children.length === 1) { of.forEach(function (finding) { folded.appendChild(otherFinding(finding, id, data)); }); }
      });
      group.appendChild(folded);
    });
    box.appendChild(group);
  }

  /** @param {Finding} finding @param {string} id @param {PageData} data */
  function otherFinding(finding, id, data) {
    var more = el("details"), line = el("summary");
    line.appendChild(coloured(el("span", "badge", hmgeo.inLanguage(data, finding.badge, finding.badge_en)), data.styles.verdicts[finding.verdict]));
    line.appendChild(el("span", "", " " + data.laws[finding.law].title));
    more.appendChild(line);
    more.appendChild(el("p", "", hmgeo.inLanguage(data, finding.sentence, finding.sentence_en)));
    more.appendChild(facts(finding.facts, data));
    law(more, finding, data);
    explained(more, finding, id, data);
    return more;
  }

  /* [grade, mean degrees by heights, where the grade comes from]: the parcel's own grade stands, degrees beside it. */
  /** @param {Slope} slope @param {Words} labels */
  function slopeWords(slope, labels) {
    var words = [], deg = slope[1] === null ? "" : slope[1].toFixed(1);
    if (slope[0]) { words.push(hmgeo.say(labels["slope_" + slope[2]], { grade: slope[0], range: GRADES[slope[0] - 1], deg: deg })); }
    if (deg && slope[2] !== 2) { words.push(hmgeo.say(labels.slope_mean, { deg: deg })); }
    return words.join(labels.slope_joint);
  }

  /* What is known of one feature of a layer, beside its name. */
  hmgeo.factsPopup = /** @type {Hmgeo["factsPopup"]} */ function (layer, record, data) {
    var box = el("div", "pop");
    head(box, hmgeo.inLanguage(data, layer.title, layer.title_en), record.name);
    box.appendChild(facts(record.facts || [], data));
    if (layer.remark.length) { box.appendChild(el("p", "aside", layer.remark[data.language === "en" ? 1 : 0])); }
    return box;
  };

  hmgeo.parcelPopup = /** @type {Hmgeo["parcelPopup"]} */ function (record, kind, data, toSource, whoReaches) {
    var labels = data.labels, box = el("div", "pop"), /** @type {Pair[]} */ lines = [];
    head(box, kind === "farmland" ? labels.parcel : labels.receptor, record.id + (record.name ? "　" + record.name : ""));
    lines.push([labels.class, hmgeo.classWord(data, record.cls)]);
    if (record.area_ha !== null) { lines.push([labels.area_ha, hmgeo.area(record.area_ha)]); }
    if (record.slope) { lines.push([labels.slope, slopeWords(record.slope, labels)]); }
    if (record.steep) { lines.push([labels.steep_fact, labels[data.steep[record.steep - 1]]]); }
    if (record.year) { lines.push([labels.class_year, record.year]); }
    if (record.township) { lines.push([labels.township, record.township]); }
    if (record.sources !== null) { lines.push([labels.reached_by, hmgeo.say(labels.count_unit, { n: record.sources })]); }
    if (record.source) {
      lines.push([labels.nearest_source, record.source + (record.distance_m === null ? "" : "，" + hmgeo.distance(record.distance_m))]);
    }
    box.appendChild(plain(lines));
    if (toSource) { box.appendChild(button(labels.to_source, toSource)); }
    if (whoReaches) { box.appendChild(button(labels.reach, whoReaches)); }
    return box;
  };

  hmgeo.townshipPopup = /** @type {Hmgeo["townshipPopup"]} */ function (sum, data) {
    var labels = data.labels, box = el("div", "pop"), /** @type {Pair[]} */ lines = [[labels.count, sum.count.toLocaleString("zh-CN")]];
    head(box, labels.township_sum, sum.name);
    if (sum.area_ha !== null) { lines.push([labels.area_ha, hmgeo.area(sum.area_ha)]); }
    sum.classes.forEach(function (share) {
      lines.push([hmgeo.classWord(data, share[0]), share[1].toLocaleString("zh-CN") + (share[2] === null ? "" : " · " + hmgeo.area(share[2]))]);
    });
    box.appendChild(plain(lines));
    return box;
  };
}());
