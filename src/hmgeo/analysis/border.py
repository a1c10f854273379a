"""Across the county line: sources whose search leaves the project's counties, and sources that lie outside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.findings.columns import LEADS_SCHEMA
from hmgeo.vocabulary import COUNTY_DIGITS, MEASURE_DECIMALS, PositionKind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.land_view import LandView

OUTWARD, INWARD = "本地源，周边涉及界外", "界外源，周边涉及本地"
DATA_MISSING = "界外数据缺失，界外受体未统计，不等于没有受体"


def leads_table(
    sources: Sequence[Mapping[str, Any]],
    counties: pa.Table | None,
    home: frozenset[str],
    land: LandView,
    radius_m: float,
) -> pa.Table:
    """Return `LEADS_SCHEMA`: what one county should tell another, by source in input order and county by code.

    Parameters
    ----------
    sources
        Rows of the table of sources; those known by place only are left out, since where they stand isn't known.
    counties
        Table of id, name, geometry around the project's area; None gives no leads.
    home
        Six-digit codes of the project's own counties.
    land
        Parcels with who reaches them.

    Notes
    -----
    A lead says that a search circle crosses a line. It says nothing of pollution.
    """
    located = [
        row
        for row in sources
        if row["status"] == Status.ASSESSED.value and row["position_kind"] != PositionKind.PLACE.value
    ]
    if counties is None or not home or not located:
        return LEADS_SCHEMA.empty_table()
    codes, names = counties["id"].to_pylist(), counties["name"].to_pylist()
    points = prepare_shapes(shapely.from_wkb([row["geometry"] for row in located]))
    areas = prepare_shapes(shapely.from_wkb(counties["geometry"].to_pylist()))
    one, other = (grid.ravel() for grid in np.meshgrid(np.arange(len(located)), np.arange(len(codes)), indexing="ij"))
    near = _boxes_near(points.bounds[one], areas.bounds[other], radius_m)
    one, other = one[near], other[near]
    apart_m = pair_distances(points, areas, one, other).distance_m
    reached = _reached(land)
    towns = land.receptors["township"].unique().to_pylist()
    covered = {code[:COUNTY_DIGITS] for code in towns if code[:COUNTY_DIGITS].isdigit()}
    rows = []
    for source, county, distance_m in zip(one.tolist(), other.tolist(), apart_m.tolist(), strict=True):
        row, code = located[source], codes[county]
        at_home = row["county_code"] in home
        if distance_m > radius_m or code == row["county_code"] or (code in home) is at_home:
            continue
        found = reached.get((row["source_id"], code), (0 if code in covered else None, None))
        cells = {"neighbour_code": code, "neighbour": names[county], "distance_m": round(distance_m, MEASURE_DECIMALS)}
        rows.append(cells | _lead(row, found, at_home=at_home))
    return pa.Table.from_pylist(rows, LEADS_SCHEMA)


def _lead(row: Mapping[str, Any], found: tuple[int | None, float | None], *, at_home: bool) -> dict[str, Any]:
    """Return the cells of a lead that tell of the source and of what it reaches."""
    count, nearest_m = found
    return {
        "source_id": row["source_id"],
        "name": row["name"],
        "county": row["county"],
        "direction": OUTWARD if at_home else INWARD,
        "farmland_count": count,
        "nearest_farmland_m": nearest_m,
        "note": DATA_MISSING if count is None else "",
    }


def _boxes_near(first: np.ndarray, second: np.ndarray, radius_m: float) -> np.ndarray:
    """Return which boxes in degrees may lie within the radius; generous, the distance decides."""
    lat_deg = radius_m / 110_000
    widest = np.maximum(np.abs(first[:, 1]), np.abs(first[:, 3]))
    lon_deg = lat_deg / np.maximum(np.cos(np.radians(widest + lat_deg)), 1e-3)
    apart_x = np.maximum(first[:, 0] - second[:, 2], second[:, 0] - first[:, 2])
    apart_y = np.maximum(first[:, 1] - second[:, 3], second[:, 1] - first[:, 3])
    return np.asarray((apart_x <= lon_deg) & (apart_y <= lat_deg))


def _reached(land: LandView) -> dict[tuple[str, str], tuple[int, float]]:
    """Return parcels and the nearest distance by source and county code, as far as parcels carry codes."""
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for (town, source), met in land.met.items():
        key = source, town[:COUNTY_DIGITS]
        count, least_m = found.get(key, (0, np.inf))
        found[key] = count + met.count, min(least_m, met.least_m)
    return found
