/* Steep farmland: highlights over the parcels, drawn one by one or packed. */
(function () {
  "use strict";
  var Page = hmgeo.Page;

  /* Parcels of one list drawn once more on top, as a highlight that lets clicks through. */
  function steepGroup(layer, line) {
    var group = L.featureGroup();
    layer.features.forEach(function (feature) {
      if (feature.properties.steep !== line.code) { return; }
      L.geoJSON(feature, {
        style: function () { return hmgeo.pathStyle(line.look, { interactive: false }); },
        pointToLayer: function (f, at) { return L.circleMarker(at, hmgeo.pathStyle(line.look, { radius: 6, interactive: false })); }
      }).eachLayer(function (drawn) {
        drawn.record = feature.properties;
        drawn.kind = layer.kind;
        group.addLayer(drawn);
      });
    });
    return group;
  }

  /* Steep farmland as highlights, off until asked for: a layer for each list, over the parcels and under nothing else. */
  Page.prototype.addSteep = /** @type {IPage["addSteep"]} */ function (layer, store) {
    var page = this, branch = { key: "tree_steep", children: [] }, light = layer.packed && layer.steep.length ? this.steepTiles(layer, store) : null;
    layer.steep.forEach(function (line) {
      var group = light ? page.standIn(light, line.code) : steepGroup(layer, line);
      if (!light) {
        page.lands.push({ group: group, weight: line.look.width_px, layers: group.getLayers() });
        page.keep(group, false);
      }
      branch.children.push({ key: line.key, code: line.code, layer: group });
    });
    this.branches.push(branch);
  };

  Page.prototype.steepTiles = /** @type {IPage["steepTiles"]} */ function (layer, store) {
    var styles = [null].concat(this.data.steep.map(function () { return null; })), light;
    layer.steep.forEach(function (line) { styles[line.code] = line.look; });
    light = new hmgeo.PackedLayer(store, styles, { column: "steep", least: 4, zIndex: 2 });
    this.lights.push({ store: store, layer: light, kind: layer.kind });
    return light;
  };
}());
