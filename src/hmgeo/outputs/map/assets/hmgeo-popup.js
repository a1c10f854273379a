/* What popups hold: texts made in Python, put together here as DOM nodes. */
(function () {
  "use strict";
  var el = hmgeo.el;

  function facts(pairs) {
    var list = el("dl");
    pairs.forEach(function (pair) {
      list.appendChild(el("dt", "", pair[0]));
      list.appendChild(el("dd", "", pair[1]));
    });
    return list;
  }

  function coloured(node, look) {
    ["colour", "tint", "text"].forEach(function (name) { node.style.setProperty("--" + name, look[name]); });
    return node;
  }

  function head(box, kind, name) {
    box.appendChild(el("p", "pop-kind", kind));
    box.appendChild(el("p", "pop-name", name));
  }

  function button(text, act) {
    var node = el("button", "", text);
    node.type = "button";
    if (act) { node.addEventListener("click", act); } else { node.disabled = true; }
    return node;
  }

  /* The clause a finding rests on, in the text's own words. */
  function law(box, finding, data) {
    var clause = data.laws[finding.law];
    box.appendChild(facts(clause.facts));
    if (clause.quote) {
      var quote = el("blockquote", "", clause.quote);
      quote.setAttribute("data-label", data.labels.quote);
      box.appendChild(quote);
    }
    box.appendChild(facts(finding.more));
  }

  function countTable(counts, lower, labels) {
    var box = el("div", "pop-table"), table = el("table"), row = table.createTHead().insertRow(), body = table.createTBody();
    table.createCaption().textContent = labels.count_area + (lower ? "。" + labels.lower_bound : "");
    [labels.class].concat(counts.head).forEach(function (text) { row.appendChild(el("th", "", text)); });
    counts.rows.forEach(function (cells) {
      var line = body.insertRow();
      cells.forEach(function (text, index) { line.appendChild(el(index ? "td" : "th", "", text)); });
    });
    box.appendChild(table);
    return box;
  }

  /* `toNearest` is a function, or null where the parcel has no place on the map. */
  hmgeo.sourcePopup = function (source, data, toNearest) {
    var labels = data.labels, box = el("div", "pop");
    var findings = source.findings.map(function (index) { return data.findings[index]; }), first = findings[0];
    head(box, source.id, source.name);
    if (first) {
      var verdict = coloured(el("div", "pop-verdict"), data.styles.verdicts[first.verdict]);
      verdict.appendChild(el("b", "", first.badge));
      verdict.appendChild(el("span", "", first.sentence));
      box.appendChild(verdict);
    }
    box.appendChild(facts((first ? first.facts : []).concat(source.nearest)));
    if (source.nearest_id) {
      var go = button(labels.to_nearest, toNearest);
      if (!toNearest) { go.title = labels.not_drawn; }
      box.appendChild(go);
    }
    if (first) {
      box.appendChild(el("p", "pop-rule", data.laws[first.law].title));
      law(box, first, data);
    }
    if (source.counts.rows.length) { box.appendChild(countTable(source.counts, source.lower, labels)); }
    box.appendChild(facts(source.facts));
    if (findings.length > 1) { box.appendChild(el("p", "pop-rule", hmgeo.say(labels.more_clauses, { n: findings.length - 1 }))); }
    findings.slice(1).forEach(function (finding) { box.appendChild(otherFinding(finding, data)); });
    return box;
  };

  function otherFinding(finding, data) {
    var more = el("details"), line = el("summary");
    line.appendChild(coloured(el("span", "badge", finding.badge), data.styles.verdicts[finding.verdict]));
    line.appendChild(el("span", "", " " + data.laws[finding.law].title));
    more.appendChild(line);
    more.appendChild(el("p", "", finding.sentence));
    more.appendChild(facts(finding.facts));
    law(more, finding, data);
    return more;
  }

  hmgeo.parcelPopup = function (record, kind, data, toSource) {
    var labels = data.labels, box = el("div", "pop"), lines = [];
    head(box, kind === "farmland" ? labels.parcel : labels.receptor, record.id + (record.name ? "　" + record.name : ""));
    lines.push([labels.class, record.cls || labels.no_class]);
    if (record.area_ha !== null) { lines.push([labels.area_ha, hmgeo.area(record.area_ha)]); }
    if (record.township) { lines.push([labels.township, record.township]); }
    if (record.sources !== null) { lines.push([labels.reached_by, hmgeo.say(labels.count_unit, { n: record.sources })]); }
    if (record.source) {
      lines.push([labels.nearest_source, record.source + (record.distance_m === null ? "" : "，" + hmgeo.distance(record.distance_m))]);
    }
    box.appendChild(facts(lines));
    if (toSource) { box.appendChild(button(labels.to_source, toSource)); }
    return box;
  };

  hmgeo.townshipPopup = function (sum, data) {
    var labels = data.labels, box = el("div", "pop"), lines = [[labels.count, sum.count.toLocaleString("zh-CN")]];
    head(box, labels.township_sum, sum.name);
    if (sum.area_ha !== null) { lines.push([labels.area_ha, hmgeo.area(sum.area_ha)]); }
    sum.classes.forEach(function (share) {
      lines.push([share[0] || labels.no_class, share[1].toLocaleString("zh-CN") + (share[2] === null ? "" : " · " + hmgeo.area(share[2]))]);
    });
    box.appendChild(facts(lines));
    return box;
  };
}());
