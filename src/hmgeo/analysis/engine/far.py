"""The nearest receptor, however far, of sources with none within reach: a second pass, bounded by what is known.

A corner of any shape bounds the nearest distance from above; within that bound the pass is like the first. Sources
whose bound is too far for the kernel, and those that are no points, are bounded by balls around the shapes instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.distance import chord_tolerance_m
from hmgeo.analysis.engine.columns import bytes_of
from hmgeo.analysis.engine.cutting import units
from hmgeo.analysis.engine.general import geometries_of, measure_pairs
from hmgeo.analysis.engine.kernel import NO_AREAS
from hmgeo.analysis.engine.passes import batches_within
from hmgeo.analysis.engine.search import boxes
from hmgeo.analysis.engine.tally import Tally
from hmgeo.analysis.engine.threads import in_order
from hmgeo.analysis.engine.units import Found, Search
from hmgeo.geodesy import SMALLEST_RADIUS_M, earth_centred, geodesic_m, search_boxes
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.cutting import Unit
    from hmgeo.analysis.engine.sources import Sources
    from hmgeo.records import Layer

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_SLACK_M = 0.01
_BALLS_AT_ONCE = 1_000_000
_LARGEST_RADIUS_M = SMALLEST_RADIUS_M * 1.0102
"""a2 / b: no radius of curvature is larger."""


def far_pass(sources: Sources, layer: Layer, alone: Indices, corners: Floats, threads: int) -> list[Tally]:
    """Find the nearest receptor of the sources in `alone`: tallies in which all classes count as one."""
    limit_m = _ceilings_m(sources, alone, corners)
    near, beyond = sources.split(limit_m, alone)
    tallies = []
    if len(near):
        tallies.append(_bounded_pass(sources, layer, near, limit_m, threads))
    if len(beyond):
        tallies.append(_ball_pass(sources, layer, beyond))
    return tallies


def _ceilings_m(sources: Sources, alone: Indices, corners: Floats) -> Floats:
    """Return (sources,) distances within which the nearest receptor surely lies; infinite where nothing is known."""
    ceiling_m = np.full(len(sources.ids), np.inf)
    points = alone[sources.is_point[alone]]
    if len(points) and len(corners):
        here = np.column_stack([sources.lon[points], sources.lat[points]])
        nearest = shapely.STRtree(shapely.points(corners)).nearest(shapely.points(here))
        ceiling_m[points] = geodesic_m(here, corners[nearest]) + _SLACK_M
    return ceiling_m


def _bounded_pass(sources: Sources, layer: Layer, chosen: Indices, limit_m: Floats, threads: int) -> Tally:
    far = Tally(len(sources.ids), ())
    search = Search(sources, chosen, limit_m, (), areas=NO_AREAS, exact=False)

    batches = batches_within(layer, search_boxes(sources.shapes.bounds[chosen], limit_m[chosen]))

    def work(unit: Unit) -> Found:
        return search.find(unit.part, np.zeros_like(unit.class_code), far.best_m[:, :1])

    for unit, found in in_order(work, units(batches, far, search.rows_at_once), threads):
        far.add(unit.take, unit.first_row, np.zeros_like(unit.class_code), found)
    return far


def _ball_pass(sources: Sources, layer: Layer, chosen: Indices) -> Tally:
    """Measure a receptor only if the ball around it could hold something nearer than the nearest ball's far side."""
    far = Tally(len(sources.ids), ())
    ceiling_m = np.full(len(chosen), np.inf)
    rows = max(64, _BALLS_AT_ONCE // len(chosen))
    for unit in units(layer.batches(), far, rows):
        column = unit.part.column("geometry")
        centre_xyz, reach_m, usable = _balls(column)
        apart = sources.shapes.centre_xyz[chosen, None] - centre_xyz[None]
        balls_m = sources.shapes.reach_m[chosen, None] + reach_m[None]
        chord_m = np.linalg.norm(apart, axis=2)
        chord_m[:, ~usable] = np.inf
        ceiling_m = np.minimum(ceiling_m, (chord_m + balls_m).min(axis=1))
        allowed_m = ceiling_m + 2 * chord_tolerance_m(ceiling_m)
        place, row = np.nonzero((chord_m - balls_m <= allowed_m[:, None]) & usable)
        metres = np.round(measure_pairs(sources, column, chosen[place], row).distance_m, MEASURE_DECIMALS)
        order = np.lexsort((place, row))
        order = order[np.isfinite(metres[order])]
        none_ha = np.zeros(unit.part.num_rows)
        found = Found(chosen[place][order].astype(np.int32), row[order].astype(np.int32), metres[order], none_ha)
        far.add(unit.take, unit.first_row, np.zeros_like(unit.class_code), found)
    return far


def _balls(column: pa.Array) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return (n, 3) centres, (n,) radii in metres of balls that hold the shapes, and which rows hold any."""
    box, _ = boxes(bytes_of(column))
    odd = np.flatnonzero(np.isinf(box[:, 0]))
    if len(odd):
        box[odd] = shapely.bounds(geometries_of(column, odd))
    usable = np.isfinite(box[:, 0])
    box = np.nan_to_num(box)
    middle = (box[:, :2] + box[:, 2:]) / 2
    half = np.radians(box[:, 2:] - box[:, :2]) / 2
    reach_m = _LARGEST_RADIUS_M * (half[:, 0] * np.cos(np.radians(middle[:, 1])) + half[:, 1])
    return earth_centred(middle), reach_m, usable
