/* Small helpers. Every text goes in by textContent: nothing of the data is ever read as HTML. */
var hmgeo = /** @type {Hmgeo} */ ({});
(function () {
  "use strict";
  
  hmgeo.el = /** @type {Hmgeo["el"]} */ function (tag, className, text) {
    var node = document.createElement(tag);
    if (className) { node.className = className; }
    if (text !== undefined && text !== null) { node.textContent = String(text); }
    return node;
  };

  hmgeo.svg = /** @type {Hmgeo["svg"]} */ function (tag, attributes, parent) {
    var node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    Object.keys(attributes).forEach(function (name) { node.setAttribute(name, String(attributes[name])); });
    if (parent) { parent.appendChild(node); }
    return node;
  };

  hmgeo.escape = /** @type {Hmgeo["escape"]} */ function (text) {
    return hmgeo.el("i", "", text).innerHTML.replace(/"/g, "&quot;").replace(/'/g, "&#39;");
  };

  hmgeo.say = /** @type {Hmgeo["say"]} */ function (text, values) {
    text = text.replace(/(\{(\w+)\} (?:more )?[a-z]{3,})s\b/g, function (whole, one, key) { return values[key] === 1 || key === "n" && values[key] === "1" ? one : whole; });
    return text.replace(/\{(\w+)\}/g, function (whole, key) { return key in values ? String(values[key]) : whole; });
  };

  hmgeo.text = /** @type {Hmgeo["text"]} */ function (node) { return node && node.textContent || ""; };

  hmgeo.all = /** @type {Hmgeo["all"]} */ function (box, selector) { return box.querySelectorAll(selector); };

  /* What draws on a canvas; browsers that are out of memory give none. */
  hmgeo.pen = /** @type {Hmgeo["pen"]} */ function (canvas) {
    var ctx = canvas.getContext("2d");
    if (!ctx) { throw new Error("no canvas to draw on"); }
    return ctx;
  };

  /* A part of an address as it was before it was written into one; a torn one stands as it is. */
  hmgeo.decoded = /** @type {Hmgeo["decoded"]} */ function (text) {
    try { return decodeURIComponent(text); } catch (fault) { return text; }
  };

  hmgeo.distance = /** @type {Hmgeo["distance"]} */ function (metres) {
    return metres < 999.5 ? Math.round(metres) + " m" : (metres / 1000).toFixed(1) + " km";
  };

  hmgeo.distanceWord = /** @type {Hmgeo["distanceWord"]} */ function (metres) { return metres < 1000 ? metres + " m" : metres / 1000 + " km"; };

  hmgeo.badge = /** @type {Hmgeo["badge"]} */ function (text, look) {
    var node = hmgeo.el("span", "badge", text);
    node.style.setProperty("--tint", look.tint);
    node.style.setProperty("--text", look.text);
    return node;
  };

  hmgeo.area = /** @type {Hmgeo["area"]} */ function (hectares) {
    return hectares.toFixed(2) + " ha（" + (hectares * 15).toFixed(1) + " 亩）";
  };
}());
