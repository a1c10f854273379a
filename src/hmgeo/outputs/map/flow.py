"""The way water takes from each source, as the page draws it when a source is selected, with what it meets in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from hmgeo.outputs.map import shapes
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from hmgeo.findings.results import Results

_KINDS = {kind.value: kind.zh for kind in LayerKind} | {"townships": "", "counties": ""}
_MOST_MET = 8
_TOLERANCE_DEG = 1e-4


def by_source(results: Results) -> dict[str, dict[str, Any]]:
    """Return line ([lat, lon] downstream) and text by source id; sources without a way are left out."""
    water = results.water
    if water is None:
        return {}
    met: dict[str, list[str]] = {}
    land: dict[str, int] = {}
    for row in water.met.to_pylist():
        if row["layer"] == LayerKind.FARMLAND.value:
            land[row["source_id"]] = land.get(row["source_id"], 0) + 1
            continue
        name = row["receptor_name"] or row["receptor_id"]
        way = f"{row['flow_distance_m'] / 1000:.1f} km"
        met.setdefault(row["source_id"], []).append(f"{_KINDS.get(row['layer'], row['layer'])}{name}（{way}）")
    found = {}
    for row in water.paths.to_pylist():
        shape = None if row["geometry"] is None else shapely.from_wkb(row["geometry"])
        if shape is None or shape.geom_type != "LineString":
            continue
        named = met.get(row["source_id"], [])
        more = f"；等 {len(named)} 处" if len(named) > _MOST_MET else ""
        parts = (
            f"{row['length_m'] / 1000:.1f} km，{row['note']}",
            f"耕地 {land[row['source_id']]} 块" if row["source_id"] in land else "现有数据未遇耕地",
            "；".join(named[:_MOST_MET]) + more,
        )
        thin = shapely.simplify(shape, _TOLERANCE_DEG)
        line = [shapes.lat_lon(x, y) for x, y in thin.coords]
        found[row["source_id"]] = {"line": line, "text": "；".join(filter(None, parts))}
    return found
