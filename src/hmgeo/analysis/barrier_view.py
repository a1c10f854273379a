"""Evidence on what lies between each source and its nearest parcel, and how rugged each source's place is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import shapely

from hmgeo.analysis.barrier import BarrierRule, barrier
from hmgeo.analysis.facts import Unknown
from hmgeo.findings.terrain import BARRIER_SCHEMA
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.analysis.barrier import Barrier
    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.terrain_places import PlaceTerrain

RIDGE, SMALL = "barrier_ridge_m", "small_catchment_ha"


def barrier_rule(choices: Choices) -> BarrierRule:
    """Return what counts as a ridge and as a small catchment; None where the project doesn't say."""
    return BarrierRule(choices.number(RIDGE), choices.number(SMALL))


def barriers(
    sources: pa.Table,
    parcels: Mapping[str, shapely.Geometry],
    grid: FlowGrid | Unknown,
    rule: BarrierRule,
    places: Mapping[str, PlaceTerrain | Unknown],
) -> pa.Table:
    """Return `BARRIER_SCHEMA`: every source that has a position, once, in order.

    Parameters
    ----------
    sources
        `SOURCES_SCHEMA`, with the nearest parcel of each.
    parcels
        Shapes in lon/lat by id.
    grid
        Unknown where the project has no heights, or too many for memory.
    """
    rows = []
    for row in sources.to_pylist():
        if row["geometry"] is None:
            continue
        told = {"source_id": row["source_id"]} | _place(places.get(row["source_id"]))
        parcel = parcels.get(row["nearest_farmland_id"])
        if isinstance(grid, Unknown):
            rows.append(told | {"barrier": grid.why})
        elif parcel is None:
            rows.append(told | {"barrier": "没有可用的最近地块，其间有无山脊未作判断。"})
        else:
            found = _between(grid, shapely.from_wkb(row["geometry"]), parcel, rule)
            near = {"receptor_id": row["nearest_farmland_id"], "distance_m": row["nearest_farmland_m"]}
            rows.append(told | near | _cells(found))
    return pa.Table.from_pylist(rows, BARRIER_SCHEMA)


def _place(place: PlaceTerrain | Unknown | None) -> dict[str, Any]:
    if place is None or isinstance(place, Unknown):
        return {"terrain": ""}
    return {"terrain": place.terrain.value, "relief_m": place.relief_m}


def _between(
    grid: FlowGrid, source: shapely.Geometry, parcel: shapely.Geometry, rule: BarrierRule
) -> Barrier | Unknown:
    start = shapely.point_on_surface(source) if source.area else shapely.Point(shapely.get_coordinates(source)[0])
    end = shapely.Point(shapely.get_coordinates(shapely.shortest_line(start, parcel))[-1])
    return barrier(grid, start, end, rule)


def _cells(found: Barrier | Unknown) -> dict[str, Any]:
    if isinstance(found, Unknown):
        return {"barrier": found.why}
    line = found.profile
    return {
        "source_height_m": line.source_height_m,
        "parcel_height_m": line.parcel_height_m,
        "divide_m": line.divide_m,
        "divide_at_m": line.at_m,
        "above_higher_end_m": line.above_higher_end_m,
        "has_ridge": found.has_ridge,
        "common_catchment_ha": None if found.common_ha is None else round(found.common_ha, MEASURE_DECIMALS),
        "is_same_small_catchment": found.is_same_small_catchment,
        "barrier": found.zh,
    }
