/* Distances and areas for measuring on the page: CGCS2000 ellipsoid. Nothing here decides anything. */
(function () {
  "use strict";
  var A = 6378137, F = 1 / 298.257222101, B = A * (1 - F), E2 = F * (2 - F), RAD = Math.PI / 180;

  /* Geodesic distance in metres (Vincenty's inverse); its known failure near antipodes doesn't arise on a county. */
  hmgeo.geodesic = /** @type {Hmgeo["geodesic"]} */ function (from, to) {
    var u1 = Math.atan((1 - F) * Math.tan(from.lat * RAD)), u2 = Math.atan((1 - F) * Math.tan(to.lat * RAD));
    var s1 = Math.sin(u1), c1 = Math.cos(u1), s2 = Math.sin(u2), c2 = Math.cos(u2), l = (to.lng - from.lng) * RAD;
    var lambda = l, turn, sinS = 0, cosS = 0, sigma = 0, sinA, cos2A = 0, cosM = 0, c, before, k, bigA, bigB;
    for (turn = 0; turn < 60; turn += 1) {
      sinS = Math.sqrt(Math.pow(c2 * Math.sin(lambda), 2) + Math.pow(c1 * s2 - s1 * c2 * Math.cos(lambda), 2));
      if (sinS === 0) { return 0; }
      cosS = s1 * s2 + c1 * c2 * Math.cos(lambda);
      sigma = Math.atan2(sinS, cosS);
      sinA = c1 * c2 * Math.sin(lambda) / sinS;
      cos2A = 1 - sinA * sinA;
      cosM = cos2A === 0 ? 0 : cosS - 2 * s1 * s2 / cos2A;
      c = F / 16 * cos2A * (4 + F * (4 - 3 * cos2A));
      before = lambda;
      lambda = l + (1 - c) * F * sinA * (sigma + c * sinS * (cosM + c * cosS * (2 * cosM * cosM - 1)));
      if (Math.abs(lambda - before) < 1e-12) { break; }
    }
    k = cos2A * (A * A - B * B) / (B * B);
    bigA = 1 + k / 16384 * (4096 + k * (-768 + k * (320 - 175 * k)));
    bigB = k / 1024 * (256 + k * (-128 + k * (74 - 47 * k)));
    return B * bigA * (sigma - bigB * sinS * (cosM + bigB / 4 * (cosS * (2 * cosM * cosM - 1) - bigB / 6 * cosM * (4 * sinS * sinS - 3) * (4 * cosM * cosM - 3))));
  };

  /** @param {number} sin */
  function authalic(sin) {
    var e = Math.sqrt(E2);
    return (1 - E2) * (sin / (1 - E2 * sin * sin) + Math.log((1 + e * sin) / (1 - e * sin)) / (2 * e));
  }

  /* Area in hectares of a ring of places, on the sphere that has the ellipsoid's area; edges straight in its cylinder. */
  hmgeo.ringArea = /** @type {Hmgeo["ringArea"]} */ function (ring) {
    var sum = 0;
    ring.forEach(function (place, i) {
      var next = ring[(i + 1) % ring.length];
      sum += (next.lng - place.lng) * RAD * (authalic(Math.sin(place.lat * RAD)) + authalic(Math.sin(next.lat * RAD)));
    });
    return Math.abs(sum) * A * A / 4 / 1e4;
  };

  /* Metres per degree of longitude and latitude at a latitude. */
  hmgeo.metresPerDegree = /** @type {Hmgeo["metresPerDegree"]} */ function (lat) {
    var w = 1 - E2 * Math.pow(Math.sin(lat * RAD), 2), n = A / Math.sqrt(w);
    return { lon: n * Math.cos(lat * RAD) * RAD, lat: n * (1 - E2) / w * RAD };
  };

  /* A ring of places about `metres` away, for drawing only (within 0.1 % at 10 km). */
  hmgeo.circleAround = /** @type {Hmgeo["circleAround"]} */ function (at, metres) {
    var per = hmgeo.metresPerDegree(at[0]), /** @type {LatLon[]} */ ring = [], i;
    for (i = 0; i < 120; i += 1) {
      ring.push([at[0] + metres / per.lat * Math.cos(i * 3 * RAD), at[1] + metres / per.lon * Math.sin(i * 3 * RAD)]);
    }
    return ring;
  };

  /* About how far a point lies from polygon rings ([lat, lon]), in metres; 0 inside. Good for ranking, not for judging. */
  hmgeo.aboutFar = /** @type {Hmgeo["aboutFar"]} */ function (at, rings) {
    var per = hmgeo.metresPerDegree(at[0]), best = Infinity, inside = false;
    rings.forEach(function (ring) {
      var j = ring.length - 1, i, ax, ay, bx, by, dx, dy, t;
      for (i = 0; i < ring.length; j = i, i += 1) {
        ax = (ring[j][1] - at[1]) * per.lon;
        ay = (ring[j][0] - at[0]) * per.lat;
        bx = (ring[i][1] - at[1]) * per.lon;
        by = (ring[i][0] - at[0]) * per.lat;
        if ((ay > 0) !== (by > 0) && 0 < (bx - ax) * -ay / (by - ay) + ax) { inside = !inside; }
        dx = bx - ax;
        dy = by - ay;
        t = dx || dy ? Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy))) : 0;
        best = Math.min(best, Math.pow(ax + t * dx, 2) + Math.pow(ay + t * dy, 2));
      }
    });
    return inside ? 0 : Math.sqrt(best);
  };

  /* One coordinate: its side (E, N or none) and degrees from one to three numbers. */
  /** @param {string} text */
  function angle(text) {
    var figures = text.match(/\d+(?:\.\d+)?/g) || [], side = /[EN]/.exec(text);
    if (!figures.length || figures.length > 3) { return null; }
    return { side: side ? side[0] : "", value: Number(figures[0]) + Number(figures[1] || 0) / 60 + Number(figures[2] || 0) / 3600 };
  }

  /* A place from text: "113.05, 23.6", "23.6N 113.05E", "113°03′00″E 23°36′00″N", 经度113度3分，纬度23度36分; else null. */
  hmgeo.parsePlace = /** @type {Hmgeo["parsePlace"]} */ function (text) {
    var plain = text.normalize("NFKC").toUpperCase().replace(/东经|经度|东|LON(GITUDE)?|LNG/g, "E").replace(/北纬|纬度|北|LAT(ITUDE)?/g, "N").trim();
    var halves, first, second, east, north;
    if (!/^[-\d\s.,;:、°º度分秒'′’\x60"”EN=()]+$/.test(plain) || !/\d/.test(plain)) { return null; }
    if (/^[EN]/.test(plain)) { halves = plain.split(/(?!^)(?=[EN])/); }
    else if (/[EN]/.test(plain)) { halves = plain.replace(/([EN])(?!$)/, "$1|").split("|"); }
    else { halves = plain.split(/[,;、]+\s*|\s+(?=\d{2,3}\s*[°º度.])/); }
    if (halves.length !== 2) { halves = plain.split(/[\s,;]+/); }
    first = angle(halves[0]);
    second = halves.length === 2 ? angle(halves[1]) : null;
    if (!first || !second) { return null; }
    east = first.side === "E" || second.side === "N" || !first.side && !second.side && first.value > second.value ? first : second;
    north = east === first ? second : first;
    if (east.side === "N" || north.side === "E") { return null; }
    return east.value >= 73 && east.value <= 136 && north.value >= 3 && north.value <= 54 ? L.latLng(north.value, east.value) : null;
  };
}());
