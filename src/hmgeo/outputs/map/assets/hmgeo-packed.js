/* Reads packed polygons (written by packed.py), draws them on canvas tiles, and says which one lies under a point. */
(function () {
  "use strict";
  var BLOCK = 64, MICRO = 1e6, BUDGET_MS = 9, OUTLINE_ZOOM = 14;
  var SECTIONS = ["rings", "vertices", "x", "y", "class", "area", "township", "reached", "source", "distance", "ids", "names", "year", "slope", "grade", "steep"];
  var /** @type {PackedColumn[]} */ COLUMNS = ["cls", "area", "township", "reached", "source", "distance", "names", "year", "slope", "grade", "steep"];
  var CODES = new Int16Array(256);
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".split("").forEach(function (letter, value) {
    CODES[letter.charCodeAt(0)] = value;
  });

  /** @param {string} base64 */
  function bytesOf(base64) {
    var length = base64.length, pad = base64.charAt(length - 2) === "=" ? 2 : base64.charAt(length - 1) === "=" ? 1 : 0;
    var out = new Uint8Array(length / 4 * 3 - pad), at = 0, i, word;
    for (i = 0; i < length; i += 4) {
      word = CODES[base64.charCodeAt(i)] << 18 | CODES[base64.charCodeAt(i + 1)] << 12 | CODES[base64.charCodeAt(i + 2)] << 6 | CODES[base64.charCodeAt(i + 3)];
      out[at++] = word >> 16;
      out[at++] = word >> 8 & 255;
      out[at++] = word & 255;
    }
    return out;
  }

  hmgeo.bytesOf = bytesOf;

  /* Reads `count` numbers of seven-bit groups; an area or a count never needs more than 32 bits. */
  /** @param {Uint8Array} bytes @param {number} [count] */
  function numbers(bytes, count) {
    var out = new Uint32Array(count === undefined ? howMany(bytes) : count), at = 0, i, byte, value, shift;
    for (i = 0; i < out.length; i += 1) {
      value = 0;
      shift = 0;
      do {
        byte = bytes[at++];
        value |= (byte & 127) << shift;
        shift += 7;
      } while (byte > 127);
      out[i] = value >>> 0;
    }
    return out;
  }

  /** @param {Uint8Array} bytes */
  function howMany(bytes) {
    var count = 0, i;
    for (i = 0; i < bytes.length; i += 1) { if (bytes[i] < 128) { count += 1; } }
    return count;
  }

  /** @param {Uint8Array} content */
  function sectionsOf(content) {
    var at = 0, lengths = numbers(content, SECTIONS.length), /** @type {Record<string, Uint8Array>} */ sections = {}, ends = 0;
    while (ends < SECTIONS.length) { if (content[at++] < 128) { ends += 1; } }
    SECTIONS.forEach(function (name, index) {
      sections[name] = content.subarray(at, at + lengths[index]);
      at += lengths[index];
    });
    return sections;
  }

  var Store = /** @type {Maker<[PackedMeta], IStore>} */ (/** @this {IStore} */ function (meta) {
    this.meta = meta;
    this.count = meta.count;
    /** @type {Part[]} */ this.parts = [];
    this.size = 0;
  });
  hmgeo.PackedStore = Store;

  /* Read one chunk; the differences start anew in each. */
  Store.prototype.add = /** @type {IStore["add"]} */ function (base64) {
    var raw = sectionsOf(fflate.inflateSync(bytesOf(base64))), rings = numbers(raw.rings);
    var vertices = numbers(raw.vertices), total = 0, n = rings.length, i;
    for (i = 0; i < vertices.length; i += 1) { total += vertices[i]; }
    this.parts.push({
      n: n, total: total, rings: rings, vertices: vertices, x: numbers(raw.x, total), y: numbers(raw.y, total),
      cls: numbers(raw["class"], n), area: numbers(raw.area, n), township: numbers(raw.township, n),
      reached: numbers(raw.reached, n), source: numbers(raw.source, n), distance: numbers(raw.distance, n),
      names: numbers(raw.names, n), year: numbers(raw.year, n), slope: numbers(raw.slope, n),
      grade: numbers(raw.grade, n), steep: numbers(raw.steep, n), ids: new TextDecoder().decode(raw.ids)
    });
    this.size += n;
  };

  /* Put the chunks into one set of arrays with boxes for polygons and for blocks of neighbours. */
  Store.prototype.finish = /** @type {IStore["finish"]} */ function () {
    var store = this, vertexTotal = 0, ringTotal = 0, at = 0, ring = 0, vertex = 0;
    this.parts.forEach(function (part) { vertexTotal += part.total; ringTotal += part.vertices.length; });
    this.x = new Int32Array(vertexTotal);
    this.y = new Int32Array(vertexTotal);
    this.firstVertex = new Uint32Array(ringTotal + 1);
    this.firstRing = new Uint32Array(this.size + 1);
    this.box = new Int32Array(4 * this.size);
    COLUMNS.forEach(function (name) { store[name] = new Uint32Array(store.size); });
    /** @type {string[]} */ this.ids = [];
    this.parts.forEach(function (part) {
      var px = 0, py = 0, r = 0, v = 0, i, j, k, west, east, south, north;
      for (i = 0; i < part.n; i += 1) {
        west = south = 2147483647;
        east = north = -2147483648;
        store.firstRing[at + i] = ring;
        for (j = 0; j < part.rings[i]; j += 1) {
          store.firstVertex[ring++] = vertex;
          for (k = part.vertices[r++]; k > 0; k -= 1) {
            px += part.x[v] >>> 1 ^ -(part.x[v] & 1);
            py += part.y[v] >>> 1 ^ -(part.y[v] & 1);
            v += 1;
            store.x[vertex] = px;
            store.y[vertex++] = py;
            if (px < west) { west = px; }
            if (px > east) { east = px; }
            if (py < south) { south = py; }
            if (py > north) { north = py; }
          }
        }
        store.box.set([west, south, east, north], 4 * (at + i));
      }
      COLUMNS.forEach(function (name) { store[name].set(part[name], at); });
      Array.prototype.push.apply(store.ids, part.ids.split("\n"));
      at += part.n;
    });
    this.firstRing[at] = ring;
    this.firstVertex[ring] = vertex;
    this.parts = [];
    this.blocks = this.blockBoxes();
    this.south = Infinity;
    this.north = -Infinity;
    for (at = 0; at < this.blocks.length; at += 4) {
      this.south = Math.min(this.south, this.blocks[at + 1] / MICRO);
      this.north = Math.max(this.north, this.blocks[at + 3] / MICRO);
    }
  };

  Store.prototype.blockBoxes = /** @type {IStore["blockBoxes"]} */ function () {
    var blocks = new Int32Array(4 * Math.ceil(this.size / BLOCK)), i, b;
    for (i = 0; i < this.size; i += 1) {
      b = 4 * Math.floor(i / BLOCK);
      if (i % BLOCK === 0) { blocks.set(this.box.subarray(4 * i, 4 * i + 4), b); continue; }
      blocks[b] = Math.min(blocks[b], this.box[4 * i]);
      blocks[b + 1] = Math.min(blocks[b + 1], this.box[4 * i + 1]);
      blocks[b + 2] = Math.max(blocks[b + 2], this.box[4 * i + 2]);
      blocks[b + 3] = Math.max(blocks[b + 3], this.box[4 * i + 3]);
    }
    return blocks;
  };

  /* Call `visit` with every polygon whose box meets a box; it may end the search by returning true. */
  Store.prototype.inBox = /** @type {IStore["inBox"]} */ function (west, south, east, north, visit) {
    var box = this.box, blocks = this.blocks, b, i, end;
    for (b = 0; b < blocks.length; b += 4) {
      if (blocks[b] > east || blocks[b + 2] < west || blocks[b + 1] > north || blocks[b + 3] < south) { continue; }
      end = Math.min(this.size, (b / 4 + 1) * BLOCK);
      for (i = b / 4 * BLOCK; i < end; i += 1) {
        if (box[4 * i] <= east && box[4 * i + 2] >= west && box[4 * i + 1] <= north && box[4 * i + 3] >= south && visit(i)) { return; }
      }
    }
  };

  /* Even-odd over all rings of a polygon: holes and parts need no care. */
  Store.prototype.holds = /** @type {IStore["holds"]} */ function (i, x, y) {
    var inside = false, r, v, w, end;
    for (r = this.firstRing[i]; r < this.firstRing[i + 1]; r += 1) {
      end = this.firstVertex[r + 1];
      for (v = this.firstVertex[r], w = end - 1; v < end; w = v, v += 1) {
        if ((this.y[v] > y) !== (this.y[w] > y) && x < (this.x[w] - this.x[v]) * (y - this.y[v]) / (this.y[w] - this.y[v]) + this.x[v]) { inside = !inside; }
      }
    }
    return inside;
  };

  /* The polygon at a place, or the one whose box lies nearest within `slack` degrees; -1 where there is none. */
  Store.prototype.hit = /** @type {IStore["hit"]} */ function (lon, lat, slack, shown) {
    var store = this, x = lon * MICRO, y = lat * MICRO, near = (slack || 0) * MICRO, found = -1, best = near;
    this.inBox(x - near, y - near, x + near, y + near, function (i) {
      if (shown && !shown(i)) { return false; }
      if (store.holds(i, x, y)) { found = i; return true; }
      var box = store.box, off = Math.max(box[4 * i] - x, x - box[4 * i + 2], box[4 * i + 1] - y, y - box[4 * i + 3], 0);
      if (near && off < best && Math.max(box[4 * i + 2] - box[4 * i], box[4 * i + 3] - box[4 * i + 1]) < 2 * near) { best = off; found = i; }
      return false;
    });
    return found;
  };

  /* What the popup shows of polygon i. */
  Store.prototype.record = /** @type {IStore["record"]} */ function (i) {
    var meta = this.meta;
    return {
      index: i, id: this.ids[i], name: meta.names[this.names[i]], cls: meta.classes[this.cls[i]], township: meta.townships[this.township[i]], year: meta.years[this.year[i]],
      area_ha: this.area[i] ? (this.area[i] - 1) / 1e4 : null, sources: this.reached[i] ? this.reached[i] - 1 : null,
      source: meta.sources[this.source[i]], distance_m: this.distance[i] ? (this.distance[i] - 1) / 10 : null,
      slope: this.slope[i] || this.grade[i] ? [this.grade[i] >> 1, this.slope[i] ? (this.slope[i] - 1) / 10 : null, 1 + (this.grade[i] & 1)] : null, steep: this.steep[i]
    };
  };

  Store.prototype.rings = /** @type {IStore["rings"]} */ function (i) {
    var /** @type {LatLon[][]} */ rings = [], r, v, ring;
    for (r = this.firstRing[i]; r < this.firstRing[i + 1]; r += 1) {
      rings.push(ring = []);
      for (v = this.firstVertex[r]; v < this.firstVertex[r + 1]; v += 1) { ring.push([this.y[v] / MICRO, this.x[v] / MICRO]); }
    }
    return rings;
  };

  Store.prototype.bounds = /** @type {IStore["bounds"]} */ function (i) {
    var box = this.box.subarray(4 * i, 4 * i + 4);
    return L.latLngBounds([box[1] / MICRO, box[0] / MICRO], [box[3] / MICRO, box[2] / MICRO]);
  };

  Store.prototype.indexOf = /** @type {IStore["indexOf"]} */ function (id) { return this.ids.indexOf(id); };

  /* Canvas tiles; a tile is drawn in slices between frames, so that the map keeps moving. */
  hmgeo.PackedLayer = /** @type {Hmgeo["PackedLayer"]} */ (L.GridLayer.extend({
    options: { pane: "packed", updateWhenIdle: false, updateWhenZooming: false, keepBuffer: 1, tileSize: 512, column: "cls", least: 1.6 },

    initialize: /** @this {PackedLayer} @type {PackedLayer["initialize"]} */ function (store, styles, options) {
      L.setOptions(this, options);
      this.store = store;
      this.styles = styles;  // by the number in the column
      this.code = store[this.options.column];
      this.hiddenClasses = styles.map(function (look) { return !look; });
      /** @type {TileJob[]} */ this.queue = [];
      this.onlyTownship = this.onlyYear = null;
      this.ratio = Math.min(2, window.devicePixelRatio || 1);
    },

    /* Show or hide one class and, where said, all townships but one. */
    setClass: function (index, on) {
      if (this.hiddenClasses[index] === !on) { return; }
      this.hiddenClasses[index] = !on;
      this.later();
    },
    setTownship: /** @this {PackedLayer} @type {PackedLayer["setTownship"]} */ function (name) {
      var index = name ? this.store.meta.townships.indexOf(name) : null;
      if (index !== this.onlyTownship) { this.onlyTownship = index; this.later(); }
    },
    setYear: /** @this {PackedLayer} @type {PackedLayer["setYear"]} */ function (word) {
      var index = word ? this.store.meta.years.indexOf(word) : null;
      if (index !== this.onlyYear) { this.onlyYear = index; this.later(); }
    },
    later: /** @this {PackedLayer} @type {PackedLayer["later"]} */ function () {
      if (this.waiting || !this._map) { return; }
      this.waiting = L.Util.requestAnimFrame(/** @this {PackedLayer} */ function () { this.waiting = null; if (this._map) { this.redraw(); } }, this);
    },
    isShown: function (i) {
      return !this.hiddenClasses[this.code[i]] && (this.onlyYear === null || this.store.year[i] === this.onlyYear) && (this.onlyTownship === null || this.store.township[i] === this.onlyTownship);
    },

    createTile: /** @this {PackedLayer} @type {PackedLayer["createTile"]} */ function (coords, done) {
      var tile = document.createElement("canvas"), size = this.getTileSize();
      tile.width = size.x * this.ratio;
      tile.height = size.y * this.ratio;
      this.queue.push(this.job(tile, coords, size, done));
      if (!this.running) { this.running = L.Util.requestAnimFrame(this.work, this); }
      return tile;
    },

    work: /** @this {PackedLayer} @type {PackedLayer["work"]} */ function () {
      var end = performance.now() + BUDGET_MS, job;
      while (this.queue.length && performance.now() < end) {
        job = this.queue[0];
        if (!this._map || job.zoom !== this._tileZoom || job.step(end)) { this.queue.shift(); }
      }
      this.running = this.queue.length ? L.Util.requestAnimFrame(this.work, this) : null;
      if (!this.running) { this.fire("drawn"); }
    },

    /* Finish everything at once, for paper and pictures. */
    drawNow: function () {
      while (this.queue.length) { if (this.queue[0].step(Infinity)) { this.queue.shift(); } }
    },

    /* Drawing is linear in lon and lat over the part of the tile that holds data: well within a pixel for a county. */
    job: function (tile, coords, size, done) {
      var layer = this, store = this.store, ctx = hmgeo.pen(tile), map = hmgeo.page.map, z = coords.z;
      var nw = map.unproject(coords.scaleBy(size), z), se = map.unproject(coords.add([1, 1]).scaleBy(size), z);
      var pad = 3 * (se.lng - nw.lng) / size.x, block = 0, blocks = store.blocks.length / 4;
      var view = [(nw.lng - pad) * MICRO, (se.lat - pad) * MICRO, (se.lng + pad) * MICRO, (nw.lat + pad) * MICRO];
      var top = Math.min(nw.lat, store.north + 1e-4), bottom = Math.min(Math.max(se.lat, store.south), top - 1e-4);
      var topPx = map.project([top, nw.lng], z).y, bottomPx = map.project([bottom, nw.lng], z).y;
      var ax = size.x / ((se.lng - nw.lng) * MICRO), bx = -nw.lng * MICRO * ax;
      var ay = (bottomPx - topPx) / ((bottom - top) * MICRO), by = topPx - coords.y * size.y - top * MICRO * ay;
      ctx.scale(this.ratio, this.ratio);
      ctx.lineJoin = "round";
      return {
        zoom: coords.z,
        step: function (end) {
          for (; block < blocks; block += 1) {
            if ((block & 7) === 0 && performance.now() > end) { return false; }
            layer.drawBlock(ctx, block, view, ax, bx, ay, by, coords.z);
          }
          done(null, tile);
          return true;
        }
      };
    },

    drawBlock: function (ctx, block, view, ax, bx, ay, by, zoom) {
      var store = this.store, boxes = store.blocks, at = 4 * block, first = block * BLOCK, last, c, i, any, box = store.box, small, tiny, look;
      if (boxes[at] > view[2] || boxes[at + 2] < view[0] || boxes[at + 1] > view[3] || boxes[at + 3] < view[1]) { return; }
      last = Math.min(store.size, first + BLOCK);
      for (c = 0; c < this.styles.length; c += 1) {
        look = this.styles[c];
        if (!look || this.hiddenClasses[c]) { continue; }
        any = false;
        tiny = true;
        ctx.beginPath();
        for (i = first; i < last; i += 1) {
          if (this.code[i] !== c || !this.isShown(i)) { continue; }
          if (box[4 * i] > view[2] || box[4 * i + 2] < view[0] || box[4 * i + 1] > view[3] || box[4 * i + 3] < view[1]) { continue; }
          any = true;
          small = Math.max((box[4 * i + 2] - box[4 * i]) * ax, (box[4 * i + 1] - box[4 * i + 3]) * ay);
          if (small < Math.max(3, this.options.least)) {
            small = Math.max(this.options.least, small);
            ctx.rect((box[4 * i] + box[4 * i + 2]) / 2 * ax + bx - small / 2, (box[4 * i + 1] + box[4 * i + 3]) / 2 * ay + by - small / 2, small, small);
          } else {
            tiny = false;
            this.trace(ctx, i, ax, bx, ay, by);
          }
        }
        if (!any) { continue; }
        ctx.globalAlpha = tiny ? 0.8 : Math.min(0.75, look.fill_opacity + (zoom < OUTLINE_ZOOM ? 0.2 : 0.05));
        ctx.fillStyle = look.fill;
        ctx.fill();
        if (!tiny) {
          ctx.globalAlpha = zoom >= OUTLINE_ZOOM ? 1 : 0.55;
          ctx.lineWidth = zoom >= OUTLINE_ZOOM ? look.width_px : 0.5;
          ctx.strokeStyle = look.stroke;
          ctx.setLineDash(look.dash && zoom >= OUTLINE_ZOOM ? look.dash.split(" ").map(Number) : []);
          ctx.stroke();
        }
      }
    },

    trace: function (ctx, i, ax, bx, ay, by) {
      var store = this.store, r, v, end, px, py, x, y;
      for (r = store.firstRing[i]; r < store.firstRing[i + 1]; r += 1) {
        v = store.firstVertex[r];
        end = store.firstVertex[r + 1];
        px = store.x[v] * ax + bx;
        py = store.y[v] * ay + by;
        ctx.moveTo(px, py);
        for (v += 1; v < end; v += 1) {
          x = store.x[v] * ax + bx;
          y = store.y[v] * ay + by;
          if (Math.abs(x - px) + Math.abs(y - py) > 0.7) { ctx.lineTo(px = x, py = y); }
        }
        ctx.closePath();
      }
    }
  }));

  /* The element that holds a chunk: a page that lost one shows none of its map rather than a part of it. */
  hmgeo.chunk = /** @type {Hmgeo["chunk"]} */ function (id) {
    var node = document.getElementById(id);
    if (!node) { throw new Error("the page has no " + id); }
    return node;
  };

  /* Unpack all kinds, chunk by chunk between frames; `progress` hears the share done, `then` gets the stores. */
  hmgeo.unpack = /** @type {Hmgeo["unpack"]} */ function (metas, progress, then) {
    var /** @type {{store: IStore, id: string}[]} */ jobs = [], total = 0, stores = metas.map(function (meta, place) {
      var store = meta && new Store(meta), n;
      for (n = 0; store && n < store.meta.chunks; n += 1) { jobs.push({ store: store, id: "packed-" + place + "-" + n }); }
      return store;
    });
    total = jobs.length;
    function next() {
      var end = performance.now() + 60, job, node;
      while ((job = jobs[0]) && performance.now() < end) {
        node = hmgeo.chunk(job.id);
        job.store.add(hmgeo.text(node).trim());
        node.replaceChildren();
        jobs.shift();
      }
      progress(1 - jobs.length / total);
      if (jobs.length) { window.setTimeout(next, 0); return; }
      stores.forEach(function (store) { if (store) { store.finish(); } });
      then(stores);
    }
    if (total) { window.setTimeout(next, 0); } else { then(stores); }
  };
}());
