/* The ground that clauses are held against (written by ground.py): which shapes hold a place, and how far the nearest is. */
(function () {
  "use strict";
  var STEPS = 1e8, PIECE = 16, FAN = 16, RAD = Math.PI / 180, A = 6378137, E2 = 2 / 298.257222101 - Math.pow(1 / 298.257222101, 2);
  var SMALL = A * (1 - E2), FARTHEST_M = 300000;
  var SECTIONS = ["rings", "dimensions", "vertices", "x", "y", "rows", "states", "labels"];

  /* Numbers of seven-bit groups, beyond 32 bits too. */
  /** @param {Uint8Array} bytes @param {number} [most] */
  function numbers(bytes, most) {
    return read(bytes, most === undefined ? Infinity : most).list;
  }

  /** @param {Uint8Array} bytes @param {number} most */
  function read(bytes, most) {
    var list = [], at = 0, value, scale, byte;
    while (at < bytes.length && list.length < most) {
      value = 0;
      scale = 1;
      do { byte = bytes[at++]; value += (byte & 127) * scale; scale *= 128; } while (byte > 127);
      list.push(value);
    }
    return { list: list, end: at };
  }

  /** @param {number} value */
  function unzigzag(value) { return value % 2 ? -(value + 1) / 2 : value / 2; }

  var Ground = /** @type {Maker<[string, number], IGround>} */ (/** @this {IGround} */ function (base64, setCount) {
    var content = fflate.inflateSync(hmgeo.bytesOf(base64)), sizes = read(content, SECTIONS.length), at = sizes.end, /** @type {Record<string, Uint8Array>} */ raw = {}, row = 0;
    SECTIONS.forEach(function (name, i) { raw[name] = content.subarray(at, at + sizes.list[i]); at += sizes.list[i]; });
    this.rings = numbers(raw.rings);
    this.dimensions = numbers(raw.dimensions);
    this.size = this.rings.length;
    this.labels = raw.labels.length ? new TextDecoder().decode(raw.labels).split("\n") : [];
    this.rows = numbers(raw.rows).map(function (step) { row += unzigzag(step); return row; });
    /** @type {Uint8Array[]} */ this.states = [];
    /** @type {IGround["built"]} */ this.built = {};
    for (at = 0; at < setCount; at += 1) { this.states.push(raw.states.subarray(at * this.size, (at + 1) * this.size)); }
    this.place(numbers(raw.vertices), numbers(raw.x), numbers(raw.y));
    this.cut();
  });
  hmgeo.Ground = Ground;

  Ground.prototype.place = /** @type {IGround["place"]} */ function (vertices, x, y) {
    var px = 0, py = 0, ring = 0, vertex = 0, i, k, r, box;
    this.lon = new Float64Array(x.length);
    this.lat = new Float64Array(x.length);
    this.firstRing = new Uint32Array(this.size + 1);
    this.firstVertex = new Uint32Array(vertices.length + 1);
    this.boxes = new Float64Array(4 * this.size);
    for (i = 0; i < this.size; i += 1) {
      box = [Infinity, Infinity, -Infinity, -Infinity];
      for (r = 0; r < this.rings[i]; r += 1) {
        for (k = vertices[ring]; k > 0; k -= 1) {
          px += unzigzag(x[vertex]);
          py += unzigzag(y[vertex]);
          this.lon[vertex] = px / STEPS;
          this.lat[vertex] = py / STEPS;
          grow(box, this.lon[vertex], this.lat[vertex]);
          vertex += 1;
        }
        ring += 1;
        this.firstVertex[ring] = vertex;
      }
      this.firstRing[i + 1] = ring;
      this.boxes.set(box, 4 * i);
    }
  };

  /** @param {number[]} box @param {number} lon @param {number} lat */
  function grow(box, lon, lat) {
    if (lon < box[0]) { box[0] = lon; }
    if (lat < box[1]) { box[1] = lat; }
    if (lon > box[2]) { box[2] = lon; }
    if (lat > box[3]) { box[3] = lat; }
  }

  /* Cut rings and lines into pieces of a few edges; a piece knows its shape, ring, first edge and number of edges. */
  Ground.prototype.cut = /** @type {IGround["cut"]} */ function () {
    var pieces = [], boxes = [], i, r, v, from, n, edges, box, k;
    for (i = 0; i < this.size; i += 1) {
      for (r = this.firstRing[i]; r < this.firstRing[i + 1]; r += 1) {
        from = this.firstVertex[r];
        n = this.firstVertex[r + 1] - from;
        edges = this.dimensions[r] === 2 ? n : Math.max(1, n - 1);
        for (v = 0; v < edges; v += PIECE) {
          box = [Infinity, Infinity, -Infinity, -Infinity];
          for (k = v; k <= Math.min(edges, v + PIECE); k += 1) { grow(box, this.lon[from + k % n], this.lat[from + k % n]); }
          pieces.push(i, r, v, Math.min(edges - v, PIECE));
          boxes.push(box[0], box[1], box[2], box[3]);
        }
      }
    }
    this.pieces = Uint32Array.from(pieces);
    this.pieceBoxes = Float64Array.from(boxes);
  };

  /* A tree over some boxes that stand in an order in which neighbours are near: sixteen by sixteen. */
  var Tree = /** @type {Maker<[Float64Array, number[]], BoxTree>} */ (/** @this {BoxTree} */ function (boxes, chosen) {
    var level = { boxes: new Float64Array(4 * chosen.length) }, i, box, up;
    chosen.forEach(function (which, place) { level.boxes.set(boxes.subarray(4 * which, 4 * which + 4), 4 * place); });
    this.items = chosen;
    this.levels = [level.boxes];
    while (level.boxes.length > 4 * FAN) {
      up = new Float64Array(4 * Math.ceil(level.boxes.length / 4 / FAN));
      for (i = 0; i < level.boxes.length / 4; i += 1) {
        box = 4 * Math.floor(i / FAN);
        if (i % FAN === 0) { up.set(level.boxes.subarray(4 * i, 4 * i + 4), box); continue; }
        up[box] = Math.min(up[box], level.boxes[4 * i]);
        up[box + 1] = Math.min(up[box + 1], level.boxes[4 * i + 1]);
        up[box + 2] = Math.max(up[box + 2], level.boxes[4 * i + 2]);
        up[box + 3] = Math.max(up[box + 3], level.boxes[4 * i + 3]);
      }
      this.levels.push(up);
      level = { boxes: up };
    }
  });

  /* Call `visit` with every item whose box meets a box. */
  Tree.prototype.inBox = /** @type {BoxTree["inBox"]} */ function (west, south, east, north, visit) {
    var tree = this;
    (/** @param {number} level @param {number} from @param {number} to */ function down(level, from, to) {
      var boxes = tree.levels[level], i;
      for (i = from; i < to; i += 1) {
        if (boxes[4 * i] > east || boxes[4 * i + 2] < west || boxes[4 * i + 1] > north || boxes[4 * i + 3] < south) { continue; }
        if (level === 0) { visit(tree.items[i]); } else { down(level - 1, i * FAN, Math.min(tree.levels[level - 1].length / 4, (i + 1) * FAN)); }
      }
    }(this.levels.length - 1, 0, this.levels[this.levels.length - 1].length / 4));
  };

  /* The trees of one set (all shapes where `set` is null): pieces to measure, shapes to lie in. */
  Ground.prototype.trees = /** @type {IGround["trees"]} */ function (set, only) {
    var ground = this, key = set === null ? "all" : only === undefined ? set : set + "/" + only, states = set === null ? null : this.states[set], /** @type {number[]} */ pieces = [], /** @type {number[]} */ shapes = [], i;
    /** @param {number} state */
    function wanted(state) { return only === undefined ? state : state === only; }
    if (!this.built[key]) {
      for (i = 0; i < this.pieces.length; i += 4) { if (!states || wanted(states[ground.pieces[i]])) { pieces.push(i / 4); } }
      for (i = 0; i < this.size; i += 1) { if (!states || wanted(states[i])) { shapes.push(i); } }
      this.built[key] = { pieces: new Tree(this.pieceBoxes, pieces), shapes: new Tree(this.boxes, shapes) };
    }
    return this.built[key];
  };

  /* Even-odd over all rings of a shape; a point on its border may be told either way. */
  Ground.prototype.holds = /** @type {IGround["holds"]} */ function (i, lon, lat) {
    var inside = false, r, v, w, end;
    for (r = this.firstRing[i]; r < this.firstRing[i + 1]; r += 1) {
      if (this.dimensions[r] !== 2) { continue; }
      end = this.firstVertex[r + 1];
      for (v = this.firstVertex[r], w = end - 1; v < end; w = v, v += 1) {
        if ((this.lat[v] > lat) !== (this.lat[w] > lat) && lon < (this.lon[w] - this.lon[v]) * (lat - this.lat[v]) / (this.lat[w] - this.lat[v]) + this.lon[v]) { inside = !inside; }
      }
    }
    return inside;
  };

  /* The shapes of a set that hold a place, in the order of the layer. */
  Ground.prototype.holding = /** @type {IGround["holding"]} */ function (lon, lat, set, only) {
    var ground = this, /** @type {number[]} */ shapes = [];
    this.trees(set, only).shapes.inBox(lon, lat, lon, lat, function (i) { if (ground.holds(i, lon, lat)) { shapes.push(i); } });
    return shapes.sort(function (a, b) { return ground.rows[a] - ground.rows[b]; });
  };

  /* A plane about a place: metres per degree there. Off by less than `share(d)` of a distance d. */
  /** @param {number} lon @param {number} lat */
  function plane(lon, lat) {
    var w = 1 - E2 * Math.pow(Math.sin(lat * RAD), 2), n = A / Math.sqrt(w), lean = 0.62 * Math.abs(Math.tan(lat * RAD)) + 0.1;
    return { lon: lon, lat: lat, kx: n * Math.cos(lat * RAD) * RAD, ky: n * (1 - E2) / w * RAD, lean: lean / SMALL };
  }
  /** @param {Plane} flat @param {number} d */
  function atLeast(flat, d) { return d * Math.max(0.5, 1 - flat.lean * d); }

  /** @param {Plane} flat @param {Float64Array} boxes @param {number} i */
  function boxDistance(flat, boxes, i) {
    var x = Math.max(boxes[4 * i] - flat.lon, 0, flat.lon - boxes[4 * i + 2]) * flat.kx;
    var y = Math.max(boxes[4 * i + 1] - flat.lat, 0, flat.lat - boxes[4 * i + 3]) * flat.ky;
    return atLeast(flat, Math.sqrt(x * x + y * y));
  }

  /* The nearest piece of edge to a place: {metres, shape, lon, lat}; nothing beyond `within` metres. */
  Ground.prototype.nearestEdge = /** @type {IGround["nearestEdge"]} */ function (lon, lat, set, within, only) {
    var ground = this, flat = plane(lon, lat), tree = this.trees(set, only).pieces;
    var /** @type {Foot} */ best = { metres: within === undefined ? FARTHEST_M : within, shape: -1, lon: NaN, lat: NaN, edge: null };
    (/** @param {number} level @param {number} from @param {number} to */ function down(level, from, to) {
      var near = [], i, d;
      for (i = from; i < to; i += 1) {
        d = boxDistance(flat, tree.levels[level], i);
        if (d <= best.metres) { near.push([d, i]); }
      }
      if (level > 0 || near.length > 2) { near.sort(function (a, b) { return a[0] - b[0]; }); }
      near.forEach(function (box) {
        if (box[0] > best.metres) { return; }
        if (level === 0) { ground.measure(flat, tree.items[box[1]], best); return; }
        down(level - 1, box[1] * FAN, Math.min(tree.levels[level - 1].length / 4, (box[1] + 1) * FAN));
      });
    }(tree.levels.length - 1, 0, tree.levels[tree.levels.length - 1].length / 4));
    if (best.shape < 0) { return null; }
    if (best.edge) { this.refine(flat, best, best.edge); }
    return best;
  };

  /* The shapes whose edge lies within so many metres of a place. */
  Ground.prototype.shapesWithin = /** @type {IGround["shapesWithin"]} */ function (lon, lat, metres) {
    var ground = this, flat = plane(lon, lat), wide = 1.01 * metres / flat.kx, tall = 1.01 * metres / flat.ky, /** @type {number[]} */ shapes = [];
    this.trees(null).pieces.inBox(lon - wide, lat - tall, lon + wide, lat + tall, function (piece) {
      var /** @type {Foot} */ best = { metres: metres, shape: -1, lon: NaN, lat: NaN, edge: null };
      ground.measure(flat, piece, best);
      if (best.shape >= 0 && shapes.indexOf(best.shape) < 0) { shapes.push(best.shape); }
    });
    return shapes;
  };

  /* Shorten `best` by the edges of a piece: the foot in the plane, its distance on the ellipsoid. */
  Ground.prototype.measure = /** @type {IGround["measure"]} */ function (flat, piece, best) {
    var p = 4 * piece, shape = this.pieces[p], ring = this.pieces[p + 1], from = this.firstVertex[ring], n = this.firstVertex[ring + 1] - from;
    var edge, a, b, ax, ay, dx, dy, square, t, metres, there;
    for (edge = this.pieces[p + 2]; edge < this.pieces[p + 2] + this.pieces[p + 3]; edge += 1) {
      a = from + edge;
      b = from + (edge + 1) % n;
      ax = (this.lon[a] - flat.lon) * flat.kx;
      ay = (this.lat[a] - flat.lat) * flat.ky;
      dx = (this.lon[b] - this.lon[a]) * flat.kx;
      dy = (this.lat[b] - this.lat[a]) * flat.ky;
      square = dx * dx + dy * dy;
      t = square > 0 ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / square)) : 0;
      if (atLeast(flat, Math.sqrt(Math.pow(ax + t * dx, 2) + Math.pow(ay + t * dy, 2))) > best.metres) { continue; }
      there = { lng: this.lon[a] + t * (this.lon[b] - this.lon[a]), lat: this.lat[a] + t * (this.lat[b] - this.lat[a]) };
      metres = hmgeo.geodesic({ lng: flat.lon, lat: flat.lat }, there);
      if (metres < best.metres - 1e-4 || (metres < best.metres + 1e-4 && (best.shape < 0 ? metres <= best.metres : this.rows[shape] < this.rows[best.shape]))) {
        best.metres = Math.min(metres, best.metres);
        best.shape = shape;
        best.lon = there.lng;
        best.lat = there.lat;
        best.edge = square > 0 ? [a, b, t] : null;
      }
    }
  };

  /* Far away the plane leans: look along the edge for a shorter way, on the ellipsoid. */
  Ground.prototype.refine = /** @type {IGround["refine"]} */ function (flat, best, edge) {
    var ground = this, a = edge[0], b = edge[1], t = edge[2], low, high, nearer, farther, turn;
    var length = hmgeo.geodesic({ lng: this.lon[a], lat: this.lat[a] }, { lng: this.lon[b], lat: this.lat[b] }) || 1;
    var reach = Math.min(1, (flat.lean * best.metres * best.metres + flat.lean * length * best.metres) / length);
    /** @param {number} s */
    function at(s) { return { lng: ground.lon[a] + s * (ground.lon[b] - ground.lon[a]), lat: ground.lat[a] + s * (ground.lat[b] - ground.lat[a]) }; }
    /** @param {number} s */
    function far(s) { return hmgeo.geodesic({ lng: flat.lon, lat: flat.lat }, at(s)); }
    if (reach * length < 0.05) { return; }
    low = Math.max(0, t - reach);
    high = Math.min(1, t + reach);
    for (turn = 0; turn < 24; turn += 1) {
      nearer = low + (high - low) / 3;
      farther = high - (high - low) / 3;
      if (far(nearer) < far(farther)) { high = farther; } else { low = nearer; }
    }
    t = (low + high) / 2;
    if (far(t) < best.metres) { best.metres = far(t); best.lon = at(t).lng; best.lat = at(t).lat; }
  };

  /* The nearest shape of a set: 0 metres in one that holds the place. */
  Ground.prototype.nearest = /** @type {IGround["nearest"]} */ function (lon, lat, set, only) {
    var holding = this.holding(lon, lat, set, only);
    return holding.length ? { metres: 0, shape: holding[0], lon: lon, lat: lat } : this.nearestEdge(lon, lat, set, undefined, only);
  };
}());
