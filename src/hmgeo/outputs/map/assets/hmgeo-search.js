/* Search by name, id or township; arrow keys choose, Enter goes, Escape closes. */
(function () {
  "use strict";
  var SHOWN = 12;

  /** @param {string} text */
  function plain(text) { return text.normalize("NFKC").toLowerCase().replace(/\s+/g, ""); }

  /* 0 starts with the words, 1 contains them, -1 neither. */
  /** @param {Entry} entry @param {string} wanted */
  function rank(entry, wanted) {
    var best = -1;
    entry.keys.forEach(function (key) {
      var at = key.indexOf(wanted);
      if (at === 0) { best = 0; } else if (at > 0 && best < 0) { best = 1; }
    });
    return best;
  }

  /** @param {Entry[]} entries @param {string} wanted */
  function find(entries, wanted) {
    return !wanted ? [] : [0, 1].reduce(function (ranked, place) {
      return ranked.concat(entries.filter(function (entry) { return rank(entry, wanted) === place; }));
    }, /** @type {Found[]} */ ([]));
  }

  /* Everything that can be looked for: drawn sources, rows that aren't drawn, townships, parcels. */
  hmgeo.entries = /** @type {Hmgeo["entries"]} */ function (data, parcels, go) {
    var /** @type {Entry[]} */ all = [], /** @type {Record<string, boolean>} */ towns = Object.create(null);
    data.sources.forEach(function (source) {
      all.push({
        name: source.name, aside: source.id, kind: "kind_source", keys: [source.name, source.id, source.township, source.uscc],
        go: function () { go.source(source); }
      });
    });
    data.unmapped.forEach(function (row) {
      all.push({
        name: row.name, aside: row.id, kind: "kind_unmapped", keys: [row.name, row.id, row.township, row.uscc],
        go: function () { go.row(row.id); }
      });
    });
    data.context.forEach(function (layer) {
      if (layer.role !== "township") { return; }
      layer.features.forEach(function (feature) {
        var name = feature.properties.name;
        towns[name] = true;
        all.push({ name: name, approximate: layer.approximate, kind: "kind_township", keys: [name], go: function () { go.area(feature.properties.bounds); } });
      });
    });
    data.receptors.forEach(function (layer) {
      layer.townships.forEach(function (sum) {
        if (!towns[sum.name]) { all.push({ name: sum.name, kind: "kind_township", keys: [sum.name], go: function () { go.area(L.latLng(sum.at).toBounds(8000)); } }); }
      });
    });
    Object.keys(parcels).forEach(function (id) {
      all.push({ name: id, aside: parcels[id].record.township, kind: "kind_parcel", keys: [id], go: function () { go.parcel(parcels[id]); } });
    });
    return all;
  };

  /* `entries`: {name, aside, kind, keys: [text], go: function}; `places` gives more of them for a text (coordinates)
     and `lots` those of the packed parcels, too many to be entries. */
  hmgeo.search = /** @type {Hmgeo["search"]} */ function (entries, data, places, lots) {
    var box = document.getElementById("search-box"), list = document.getElementById("search-list");
    var /** @type {Found[]} */ shown = [], current = -1;
    entries.forEach(function (entry) { entry.keys = entry.keys.filter(Boolean).map(plain); });

    function close() {
      list.hidden = true;
      box.setAttribute("aria-expanded", "false");
      box.removeAttribute("aria-activedescendant");
    }

    /** @param {number} index */
    function mark(index) {
      current = index;
      list.querySelectorAll("[role=option]").forEach(function (item, at) {
        item.setAttribute("aria-selected", String(at === current));
        if (at === current) {
          box.setAttribute("aria-activedescendant", item.id);
          item.scrollIntoView({ block: "nearest" });
        }
      });
    }

    /** @param {number} index */
    function choose(index) {
      var entry = shown[index];
      if (!entry) { return; }
      close();
      entry.go();
    }

    /** @param {Found} entry @param {number} index */
    function option(entry, index) {
      var item = hmgeo.el("li");
      item.id = "search-option-" + index;
      item.setAttribute("role", "option");
      item.appendChild(hmgeo.el("span", "word", hmgeo.placeName(data.labels, entry, entry.name)));
      if (entry.aside) { item.appendChild(hmgeo.el("span", "aside", entry.aside)); }
      item.appendChild(hmgeo.el("span", "chip", data.labels[entry.kind]));
      item.addEventListener("mousedown", function (event) { event.preventDefault(); choose(index); });
      return item;
    }

    function update() {
      var wanted = plain(box.value), found = places(box.value).concat(find(entries, wanted), lots(wanted, SHOWN + 1)), labels = data.labels;
      shown = found.slice(0, SHOWN);
      list.textContent = "";
      shown.forEach(function (entry, index) { list.appendChild(option(entry, index)); });
      if (!found.length) { list.appendChild(hmgeo.el("li", "none", labels.search_none)); }
      if (found.length > SHOWN) { list.appendChild(hmgeo.el("li", "none", hmgeo.say(labels.search_more, { n: found.length - SHOWN }))); }
      list.hidden = !box.value.trim();
      box.setAttribute("aria-expanded", String(!list.hidden));
      mark(shown.length ? 0 : -1);
    }

    box.addEventListener("input", update);
    box.addEventListener("focus", function () { if (box.value.trim()) { update(); } });
    box.addEventListener("blur", close);
    box.addEventListener("keydown", function (event) {
      var step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && shown.length) {
        event.preventDefault();
        mark((current + step + shown.length) % shown.length);
      } else if (event.key === "Enter") {
        choose(current);
      } else if (event.key === "Escape") {
        close();
      }
    });
  };
}());
