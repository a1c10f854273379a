/* Steep farmland: highlights over the parcels, drawn one by one or packed. */
(function () {
  "use strict";
  var Page = hmgeo.Page;

  /* Parcels of one list drawn once more on top, as a highlight that lets clicks through. */
  /** @param {ReceptorData} layer @param {SteepLine} line */
  function steepGroup(layer, line) {
    var group = L.featureGroup(), /** @type {ParcelLayer[]} */ layers = [];
    layer.features.forEach(function (feature) {
      if (feature.properties.steep !== line.code) { return; }
      L.geoJSON(feature, {
        style: function () { return hmgeo.pathStyle(line.look, { interactive: false }); },
        pointToLayer: function (f, at) { return L.circleMarker(at, hmgeo.pathStyle(line.look, { radius: 6, interactive: false })); }
      }).eachLayer(function (drawn) {
        layers.push(Object.assign(drawn, { record: feature.properties, kind: layer.kind, group: group }));
        group.addLayer(drawn);
      });
    });
    return { group: group, weight: line.look.width_px, layers: layers };
  }

  /* Steep farmland as highlights, off until asked for: a layer for each list, over the parcels and under nothing else. */
  Page.prototype.addSteep = /** @type {IPage["addSteep"]} */ function (layer, store) {
    var page = this, light = store && layer.steep.length ? this.steepTiles(layer, store) : null;
    /** @param {SteepLine} line */
    function switched(line) {
      var land;
      if (light) { return page.standIn(light, line.code); }
      land = steepGroup(layer, line);
      page.lands.push(land);
      return page.keep(land.group, false);
    }
    this.branches.push({ key: "tree_steep", children: layer.steep.map(function (line) { return { key: line.key, code: line.code, layer: switched(line) }; }) });
  };

  Page.prototype.steepTiles = /** @type {IPage["steepTiles"]} */ function (layer, store) {
    var /** @type {Nullable<Look>[]} */ styles = [null], light;
    this.data.steep.forEach(function () { styles.push(null); });
    layer.steep.forEach(function (line) { styles[line.code] = line.look; });
    light = new hmgeo.PackedLayer(store, styles, { column: "steep", least: 4, zIndex: 2 });
    this.lights.push({ store: store, layer: light, kind: layer.kind });
    return light;
  };
}());
