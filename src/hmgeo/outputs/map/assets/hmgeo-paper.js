/* Paper and pictures: a sheet at a fixed scale with frame, north arrow and scale bar; the map as PNG. */
(function () {
  "use strict";
  var Page = hmgeo.Page, /** @type {Record<string, LatLon>} */ SHEETS = { A4: [297, 210], A3: [420, 297] }, MARGIN_MM = 8, PX_PER_MM = 96 / 25.4;

  /* Ground metres per map pixel at zoom 0 along the parallel: on the ellipsoid, not on the sphere that the tiles use. */
  /** @param {number} lat */
  function metresPerPixel(lat) {
    return hmgeo.metresPerDegree(lat).lon * 360 / 256;
  }
  hmgeo.zoomOfScale = /** @type {Hmgeo["zoomOfScale"]} */ function (scale, lat) { return Math.log(metresPerPixel(lat) / (scale / PX_PER_MM / 1000)) / Math.LN2; };
  hmgeo.scaleOfZoom = /** @type {Hmgeo["scaleOfZoom"]} */ function (zoom, lat) { return metresPerPixel(lat) / Math.pow(2, zoom) * PX_PER_MM * 1000; };

  Page.prototype.addPaper = /** @type {IPage["addPaper"]} */ function () {
    var page = this, dialog = document.getElementById("print-dialog"), opener = document.getElementById("tool-print");
    var furniture = hmgeo.el("div"), north;
    furniture.id = "furniture";
    north = hmgeo.svg("svg", { viewBox: "-12 -20 24 36", width: 34, height: 50, "class": "north" }, furniture);
    hmgeo.svg("path", { d: "M0,-8L7,14L0,9L-7,14Z", fill: "#14202c" }, north);
    hmgeo.svg("text", { x: 0, y: -11, "text-anchor": "middle", "font-size": 9 }, north).textContent = this.data.labels.north;
    furniture.appendChild(hmgeo.el("div", "bar"));
    this.map.getContainer().appendChild(furniture);
    opener.addEventListener("click", function () { dialog.hidden = false; document.getElementById("print-paper").focus(); });
    function close() { dialog.hidden = true; opener.focus(); }
    document.getElementById("print-cancel").addEventListener("click", close);
    dialog.addEventListener("keydown", function (event) {
      var stops = hmgeo.all(dialog, "select, button"), last = stops[stops.length - 1];
      if (event.key === "Escape") { close(); }
      if (event.key === "Tab" && (event.shiftKey ? document.activeElement === stops[0] : document.activeElement === last)) {
        event.preventDefault();
        (event.shiftKey ? last : stops[0]).focus();
      }
    });
    document.getElementById("print-go").addEventListener("click", function () {
      page.sheet = { paper: document.getElementById("print-paper").value, scale: Number(document.getElementById("print-scale").value) };
      close();
      page.toPaper(true);
      window.setTimeout(function () { window.print(); }, 50);
    });
    document.getElementById("tool-picture").addEventListener("click", function () { page.savePicture(); });
    window.addEventListener("beforeprint", function () { page.toPaper(true); });
    window.addEventListener("afterprint", function () { page.toPaper(false); });
  };

  /* Give the page the size of the sheet, and draw at once: printing doesn't wait for the next frame. */
  Page.prototype.toPaper = /** @type {IPage["toPaper"]} */ function (on) {
    var map = this.map, root = document.documentElement, sheet = this.sheet || { paper: document.getElementById("print-paper").value, scale: 0 }, before = this.before, size;
    if (on === root.classList.contains("printing")) { return; }
    this.sheet = sheet;
    if (on) {
      before = this.before = { center: map.getCenter(), zoom: map.getZoom(), snap: map.options.zoomSnap, bounds: map.getBounds(), open: this.credits.open };
      size = SHEETS[sheet.paper];
      document.getElementById("sheet").textContent = "@page { size: " + size[0] + "mm " + size[1] + "mm; margin: " + MARGIN_MM + "mm; } :root { --sheet-width: " +
        (size[0] - 2 * MARGIN_MM) + "mm; --sheet-height: " + (size[1] - 2 * MARGIN_MM) + "mm; }";
      root.classList.add("printing");
      this.credits.open = true;
      map.options.zoomSnap = 0;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(before.center, sheet.scale ? hmgeo.zoomOfScale(sheet.scale, before.center.lat) : map.getBoundsZoom(before.bounds), { animate: false });
      this.drawBar(sheet.scale);
    } else if (before) {
      root.classList.remove("printing");
      this.credits.open = before.open;
      map.options.zoomSnap = before.snap;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(before.center, before.zoom, { animate: false });
    }
    this.drawAtOnce(on ? 3 : 0);
    hmgeo.declutter(map);
  };

  Page.prototype.drawAtOnce = /** @type {IPage["drawAtOnce"]} */ function (ratio) {
    this.map.eachLayer(function (layer) { if (layer instanceof L.Canvas) { layer._update(); layer._redraw(); } });
    this.lots.concat(this.lights).forEach(function (lot) {
      if (!lot.layer._map) { return; }
      lot.layer.ratio = ratio || Math.min(2, window.devicePixelRatio || 1);
      lot.layer.redraw();
      lot.layer.drawNow();
      hmgeo.all(lot.layer.getContainer(), "canvas").forEach(function (tile) { tile.style.opacity = "1"; });
    });
  };

  /** @param {number} metres */
  function nice(metres) {
    var power = Math.pow(10, Math.floor(Math.log(metres) / Math.LN10)), lead = metres / power;
    return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
  }

  /* Scale in figures and as a bar in metres, at the centre of the map. */
  Page.prototype.scaleBar = /** @type {IPage["scaleBar"]} */ function (pixels) {
    var at = this.map.getCenter(), zoom = this.map.getZoom(), perPixel = metresPerPixel(at.lat) / Math.pow(2, zoom), metres = nice(pixels * perPixel);
    return { metres: metres, pixels: metres / perPixel, scale: hmgeo.scaleOfZoom(zoom, at.lat) };
  };

  Page.prototype.drawBar = /** @type {IPage["drawBar"]} */ function (scale) {
    var box = hmgeo.all(document, "#furniture .bar")[0], bar = this.scaleBar(180), svg = hmgeo.svg("svg", { width: bar.pixels + 60, height: 24 }), i, part = bar.pixels / 4, says = scale || Number(bar.scale.toPrecision(3));
    box.replaceChildren(hmgeo.el("p", "", "1:" + Math.round(says).toLocaleString("en-US").replace(/,/g, " ") + "（" + this.data.labels.scale_note + "）"), svg);
    for (i = 0; i < 4; i += 1) { hmgeo.svg("rect", { x: 4 + i * part, y: 2, width: part, height: 5, fill: i % 2 ? "#fff" : "#14202c", stroke: "#14202c", "stroke-width": 0.8 }, svg); }
    [0, 0.5, 1].forEach(function (share) {
      hmgeo.svg("text", { x: 4 + share * bar.pixels, y: 19, "font-size": 10, "text-anchor": share ? "middle" : "start" }, svg).textContent = (bar.metres * share).toLocaleString("en-US") + (share === 1 ? " m" : "");
    });
  };

  /* The map as it stands, with title, caption, scale and watermark, as PNG. */
  Page.prototype.savePicture = /** @type {IPage["savePicture"]} */ function () {
    var page = this;
    this.picture(2, function (canvas) { canvas.toBlob(function (blob) {
      if (blob) { hmgeo.save([blob], "image/png", page.fileName("map") + ".png"); } else { page.toast(page.data.labels.picture_failed); }
    }); });
  };

  Page.prototype.picture = /** @type {IPage["picture"]} */ function (ratio, then) {
    var box = this.map.getContainer(), frame = box.getBoundingClientRect(), head = 34, side = 236, canvas = hmgeo.el("canvas"), ctx = hmgeo.pen(canvas), page = this, words, foot;
    this.drawAtOnce(ratio);
    ctx.font = "11px " + getComputedStyle(document.body).fontFamily;
    words = page.footWords(ctx, frame.width + side - 20);
    foot = 14 * words.length + 6;
    canvas.width = (frame.width + side) * ratio;
    canvas.height = (frame.height + head + foot) * ratio;
    ctx.scale(ratio, ratio);
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, frame.width + side, frame.height + head + foot);
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, head, frame.width, frame.height);
    ctx.clip();
    ctx.fillStyle = getComputedStyle(box).backgroundColor;
    ctx.fillRect(0, head, frame.width, frame.height);
    ctx.translate(-frame.left, head - frame.top);
    [".leaflet-backdrop-pane img", ".leaflet-packed-pane canvas", ".leaflet-zones-pane canvas", ".leaflet-overlay-pane canvas"].forEach(function (below) {  // from the bottom up
      hmgeo.all(box, below).forEach(function (node) {
        var at = node.getBoundingClientRect();
        ctx.globalAlpha = node instanceof HTMLImageElement ? Number(node.style.opacity) : 1;
        if (at.width && (node instanceof HTMLImageElement || node instanceof HTMLCanvasElement)) { ctx.drawImage(node, at.left, at.top, at.width, at.height); }
      });
    });
    ctx.globalAlpha = 1;
    drawTexts(ctx, hmgeo.all(box, ".map-label span"));
    drawMarks(ctx, box.querySelectorAll("path"));
    ctx.restore();
    page.frameOf(ctx, frame, head, words);
    page.drawLegend(ctx, frame.width + 10, head, head + frame.height, side - 18);
    this.drawAtOnce(0);
    then(canvas);
  };

  /** @param {Pen} ctx @param {NodeListOf<HTMLElement>} nodes */
  function drawTexts(ctx, nodes) {
    nodes.forEach(function (node) {
      var text = hmgeo.text(node), at = node.getBoundingClientRect(), look = getComputedStyle(node);
      if (look.visibility === "hidden" || !at.width) { return; }
      ctx.font = look.fontStyle + " " + look.fontWeight + " " + look.fontSize + " " + look.fontFamily;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.lineWidth = 3;
      ctx.strokeStyle = "rgba(255,255,255,.9)";
      ctx.strokeText(text, at.left + at.width / 2, at.top + at.height / 2);
      ctx.fillStyle = look.color;
      ctx.fillText(text, at.left + at.width / 2, at.top + at.height / 2);
    });
  }

  /** @param {Pen} ctx @param {Path2D} shape @param {CSSStyleDeclaration} look */
  function drawShape(ctx, shape, look) {
    ctx.lineWidth = parseFloat(look.strokeWidth);
    ctx.setLineDash(look.strokeDasharray === "none" ? [] : look.strokeDasharray.split(/[ ,]+/).map(parseFloat));
    if (look.fill !== "none") { ctx.globalAlpha = Number(look.fillOpacity); ctx.fillStyle = look.fill; ctx.fill(shape); ctx.globalAlpha = 1; }
    if (look.stroke !== "none") { ctx.strokeStyle = look.stroke; ctx.stroke(shape); }
  }

  /** @param {Pen} ctx @param {NodeListOf<SVGPathElement>} paths */
  function drawMarks(ctx, paths) {
    paths.forEach(function (path) {
      var to = path.matches(".mark, .halo") ? path.getScreenCTM() : null;
      if (!to) { return; }
      ctx.save();
      ctx.transform(to.a, to.b, to.c, to.d, to.e, to.f);
      drawShape(ctx, new Path2D(path.getAttribute("d") || ""), getComputedStyle(path));
      ctx.restore();
    });
  }

  /* A swatch of the legend, 22 by 14 pixels. */
  /** @param {Pen} ctx @param {SVGSVGElement} svg @param {number} x @param {number} y */
  function drawSwatch(ctx, svg, x, y) {
    var box = (svg.getAttribute("viewBox") || "").split(" ").map(Number), scale = Math.min(22 / box[2], 14 / box[3]);
    ctx.save();
    ctx.translate(x + 11, y);
    ctx.scale(scale, scale);
    ctx.translate(-box[0] - box[2] / 2, -box[1] - box[3] / 2);
    Array.from(svg.children).forEach(function (node) {
      var shape = new Path2D(node.getAttribute("d") || "");
      /** @param {string} name */
      function n(name) { return Number(node.getAttribute(name) || 0); }
      if (node.tagName === "circle") { shape.arc(n("cx"), n("cy"), n("r"), 0, 2 * Math.PI); }
      if (node.tagName === "rect") { shape.rect(n("x"), n("y"), n("width"), n("height")); }
      drawShape(ctx, shape, getComputedStyle(node));
    });
    ctx.restore();
  }

  /* Whether a line of the legend tells of something that is switched off; lines on no layer never are. */
  Page.prototype.isOff = /** @type {IPage["isOff"]} */ function (line) {
    var page = this, count = line.querySelector("[data-count]"), key = count && count.getAttribute("data-count") || "", of = key.split(":")[0], code = key.slice(of.length + 1), drawn = this.context[Number(line.getAttribute("data-context"))];
    var /** @type {(L.Layer | null)[]} */ layers = [];
    if (line.hasAttribute("data-context") && drawn) { layers = [drawn.layer]; }
    if (of === "verdict" && this.groups[code]) { layers = [this.groups[code]]; }
    if (of === "class" || of === "steep") {
      this.branches.forEach(function (land) {
        land.children.forEach(function (child) { if (String(of === "steep" ? child.code : child.word) === code) { layers.push(child.layer); } });
      });
    }
    if (line.hasAttribute("data-search")) { layers = [this.lines]; }
    layers = layers.filter(Boolean);
    return layers.length > 0 && !layers.some(function (layer) { return layer && page.map.hasLayer(layer); });
  };

  /* The legend of the panel beside the map, without layers that are off; what finds no room is counted. */
  Page.prototype.drawLegend = /** @type {IPage["drawLegend"]} */ function (ctx, x, top, bottom, width) {
    var page = this, lines = hmgeo.all(document, "#legend h2, #legend h3, #legend li"), font = getComputedStyle(document.body).fontFamily, y = top + 10, left = 0;
    ctx.textBaseline = "middle";
    lines.forEach(function (line) {
      var swatch = line.querySelector("svg"), word = line.querySelector(".word, [data-t]"), n = line.querySelector(".n, .total"), isHead = line.tagName !== "LI", room = width - (swatch ? 28 : 0) - (n ? 48 : 0);
      if (page.isOff(line)) { return; }
      if (y > bottom - 26) { left += 1; return; }
      if (isHead) { y += 4; }
      if (swatch) { drawSwatch(ctx, swatch, x, y); }
      ctx.fillStyle = "#1f2a36";
      ctx.font = (line.tagName === "H2" ? "600 12px " : "11px ") + font;
      ctx.textAlign = "left";
      ctx.fillText(hmgeo.text(word || line), x + (swatch ? 28 : 0), y, room);
      ctx.textAlign = "right";
      if (n) { ctx.fillText(hmgeo.text(n), x + width, y); }
      y += 16;
    });
    ctx.textAlign = "left";
    if (left) { ctx.fillText(hmgeo.say(this.data.labels.legend_left_out, { n: left }), x, bottom - 8, width); }
  };

  /* What stands around and over the picture: title, watermark, north, scale bar, caption, disclaimer. */
  Page.prototype.frameOf = /** @type {IPage["frameOf"]} */ function (ctx, frame, head, words) {
    var font = getComputedStyle(document.body).fontFamily, marks = document.querySelectorAll("#watermark text"), bar = this.scaleBar(140), x, y, n = 0, step;
    var bottom = head + frame.height;
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.fillStyle = "#1f2a36";
    ctx.font = "600 17px " + font;
    ctx.fillText(hmgeo.text(document.querySelector("#page-head h1")) + (this.ask ? this.ask.zones.caption() : ""), 8, head / 2, frame.width - 16);
    ctx.save();
    if (marks.length) {
      ctx.font = "16px " + font;
      ctx.fillStyle = "rgba(122,46,30,.17)";
      ctx.beginPath();
      ctx.rect(0, head, frame.width, frame.height);
      ctx.clip();
      step = Math.max(260, Number(document.getElementById("watermark-tile").getAttribute("width")) / 2);
      for (y = head; y < bottom + 200; y += 120) { for (x = -40; x < frame.width; x += step) { ctx.save(); ctx.translate(x, y); ctx.rotate(-0.42); ctx.fillText(hmgeo.text(marks[n++ % marks.length]), 0, 0); ctx.restore(); } n += 1; }
    }
    ctx.restore();
    ctx.strokeStyle = "#39434d";
    ctx.strokeRect(0.5, head + 0.5, frame.width - 1, frame.height - 1);
    ctx.fillStyle = "#14202c";
    ctx.fill(new Path2D("M" + (frame.width - 24) + "," + (head + 22) + "l7,22l-7,-5l-7,5Z"));
    ctx.font = "11px " + font;
    ctx.textAlign = "center";
    ctx.fillText(this.data.labels.north, frame.width - 24, head + 14);
    ctx.fillRect(12, bottom - 16, bar.pixels, 4);
    ctx.fillText(bar.metres.toLocaleString("en-US") + " m", 12 + bar.pixels / 2, bottom - 25);
    ctx.textAlign = "left";
    ctx.font = "11px " + font;
    ctx.fillStyle = "#45505b";
    words.forEach(function (line, i) { ctx.fillText(line, 8, bottom + 10 + 14 * i); });
  };

  /* Caption, disclaimer and credits in lines; tiles from the net aren't in the picture, and so aren't their credits. */
  Page.prototype.footWords = /** @type {IPage["footWords"]} */ function (ctx, width) {
    return [this.data.caption, hmgeo.text(document.getElementById("disclaimer")), this.pictureCredits].filter(Boolean).reduce(function (lines, text) {
      return lines.concat(wrap(ctx, text, width));
    }, /** @type {string[]} */ ([]));
  };

  /** @param {Pen} ctx @param {string} text @param {number} width */
  function wrap(ctx, text, width) {
    var /** @type {string[]} */ lines = [], line = "";
    text.split("").forEach(function (letter) {
      if (ctx.measureText(line + letter).width > width) { lines.push(line); line = ""; }
      line += letter;
    });
    return lines.concat(line);
  }
}());
