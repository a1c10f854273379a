"""Answers about water as tables: the way from each source, what it meets, and who drains to each target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.flow import Downhill, borders_along, downhill, exits_of, targets_of, upstream_sources
from hmgeo.analysis.flow_snap import snap
from hmgeo.findings.columns import FLOW_CATCHMENT_SCHEMA, FLOW_MET_SCHEMA, FLOW_PATHS_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.analysis.flow import Targets
    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.flow_snap import SnapRule
    from hmgeo.analysis.raster_strips import Cells
    from hmgeo.analysis.water_things import Things

SNAPPED_DIRECTLY = "on_shape"


def cells_beside(grid: FlowGrid, things: Things, beside_m: float) -> Targets:
    """Return features as targets: their own cells and, with `beside_m`, those as near as that."""
    cells = []
    for geometry in things.geometries:
        own = _no_cells() if geometry is None else grid.frame.cells_of_shape(geometry)
        if geometry is not None and beside_m > 0:
            own = np.union1d(own, grid.frame.cells_within(geometry, beside_m))
        cells.append(own[grid.downstream[own] >= 0])
    classes = things.classes or [""] * len(things.ids)
    return targets_of(things.ids, things.names, classes, cells)


def _no_cells() -> Cells:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Downstream:
    """What was found downhill: `FLOW_PATHS_SCHEMA`, one row for each source, and `FLOW_MET_SCHEMA`."""

    paths: pa.Table
    met: pa.Table


def downstream_of(
    grid: FlowGrid, sources: Things, layers: Mapping[str, Targets], borders: Mapping[str, Targets], limit_m: float
) -> Downstream:
    """Follow the water from each source.

    Parameters
    ----------
    layers
        What may be met, by layer code.
    borders
        Townships and counties; crossings of their borders are met, too.
    """
    paths: list[dict[str, Any]] = []
    met: list[dict[str, Any]] = []
    kinds = sources.kinds or [""] * len(sources.ids)
    for source_id, name, geometry, kind in zip(sources.ids, sources.names, sources.geometries, kinds, strict=True):
        why = sources.why_not.get(source_id, "没有可用的位置")
        path = Unknown(why) if geometry is None else downhill(grid, geometry, limit_m)
        paths.append({"source_id": source_id, "name": name, "source_kind": kind} | _path_row(grid, path))
        if isinstance(path, Downhill):
            rows = sorted(_met_rows(path, layers, borders), key=lambda row: (row["flow_distance_m"], row["layer"]))
            met += [{"source_id": source_id, "order": order} | row for order, row in enumerate(rows, 1)]
    return Downstream(pa.Table.from_pylist(paths, FLOW_PATHS_SCHEMA), pa.Table.from_pylist(met, FLOW_MET_SCHEMA))


def _path_row(grid: FlowGrid, path: Downhill | Unknown) -> dict[str, Any]:
    if isinstance(path, Unknown):
        return {"status": "not_assessed", "ends": "", "note": path.why}
    end_lon, end_lat = grid.frame.lon_lat(path.cells[-1:])[0]
    exits = len(path.exits)
    return {
        "status": "assessed",
        "length_m": path.length_m,
        "drop_m": path.drop_m,
        "ends": path.end.value,
        "end_lon": round(float(end_lon), 6),
        "end_lat": round(float(end_lat), 6),
        "upstream_area_ha": round(path.area_ha, 2),
        "note": f"{path.end.zh}" + (f"；范围有 {exits} 个出水格，取集水最大者" if exits > 1 else ""),
        "geometry": shapely.to_wkb(path.line(grid.frame)),
    }


def _met_rows(path: Downhill, layers: Mapping[str, Targets], borders: Mapping[str, Targets]) -> list[dict[str, Any]]:
    rows = [
        {
            "layer": layer,
            "receptor_id": targets.ids[row],
            "receptor_name": targets.names[row],
            "class": targets.classes[row],
            "flow_distance_m": way_m,
            "note": "",
        }
        for layer, targets in layers.items()
        for row, way_m in targets.along(path)
    ]
    rows += [
        {
            "layer": layer,
            "receptor_id": "",
            "receptor_name": f"{border.area_from or '范围外'}→{border.area_to or '范围外'}",
            "class": "",
            "flow_distance_m": border.flow_distance_m,
            "note": "流经界线",
        }
        for layer, targets in borders.items()
        for border in borders_along(path, targets)
    ]
    return rows


def catchments_of(grid: FlowGrid, targets: Things, sources: Things, limit_m: float, snap_rule: SnapRule) -> pa.Table:
    """Return the sources in the catchment of each target, nearest along the water first.

    Parameters
    ----------
    targets
        Points (intakes) are put onto a stream first; shapes (zones) count as drawn.

    Returns
    -------
    pyarrow.Table
        `FLOW_CATCHMENT_SCHEMA`.
    """
    starts = [_no_cells() if one is None else exits_of(grid, one) for one in sources.geometries]
    rows: list[dict[str, Any]] = []
    for target_id, name, geometry in zip(targets.ids, targets.names, targets.geometries, strict=True):
        cells, told = target_cells(grid, geometry, snap_rule, targets.why_not.get(target_id, "没有可用的位置。"))
        head = {"target_id": target_id, "target_name": name} | told
        if not len(cells):
            rows.append(head)
            continue
        found = upstream_sources(grid, cells, starts, limit_m)
        head["catchment_area_ha"] = round(found.area_ha, 2)
        if found.touches_edge:
            head["note"] += "集水范围达到高程数据边缘，结果为下限。"
        own = [
            {"source_id": sources.ids[row], "order": order, "flow_distance_m": way_m}
            for order, (row, way_m) in enumerate(found.sources, 1)
        ]
        rows += [head | one for one in own or [{"source_id": ""}]]
    return pa.Table.from_pylist(rows, FLOW_CATCHMENT_SCHEMA)


def target_cells(
    grid: FlowGrid, geometry: shapely.Geometry | None, snap_rule: SnapRule, why_not: str = "没有可用的位置。"
) -> tuple[Cells, dict[str, Any]]:
    """Return a target's cells and the cells of its row: a point is put onto a stream, a shape counts as drawn."""
    told: dict[str, Any] = {"target_status": "not_assessed", "note": why_not, "source_id": ""}
    if geometry is None:
        return _no_cells(), told
    if geometry.geom_type == "Point":
        found = snap(grid, geometry, snap_rule)
        distance_m = None if found.reach is None else found.reach.distance_m
        return found.cells, told | {
            "target_status": found.status.value,
            "snap_distance_m": distance_m,
            "note": found.why,
        }
    cells = grid.frame.cells_of_shape(geometry)
    cells = cells[grid.downstream[cells] >= 0]
    if not len(cells):
        return cells, told | {"note": "不在高程数据范围内。"}
    return cells, told | {"target_status": SNAPPED_DIRECTLY, "note": ""}
