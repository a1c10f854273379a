"""The engine from end to end: passes over a layer, and a second one for sources with nothing within reach.

A corner of any shape bounds the nearest distance from above; within that bound the pass is like the first. Sources
whose bound is too far for the kernel, and those that are no points, are bounded by balls around the shapes instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.distance import chord_tolerance_m
from hmgeo.geo.ellipsoid import SMALLEST_RADIUS_M, earth_centred, geodesic_m, search_boxes
from hmgeo.proximity.elsewhere import (
    Errand,
    Fetched,
    Unit,
    batch_of,
    bytes_of_batch,
    corners_of,
    in_order,
    pairs_batch,
    reached_batch,
    thread_count,
    units,
    within,
)
from hmgeo.proximity.kernel import ALL_AREAS, AREAS_OF_PAIRS, NO_AREAS
from hmgeo.proximity.search import boxes
from hmgeo.proximity.tally import NEAREST_SCHEMA, NOWHERE, Tally, count_max_table, count_table, nearest_table
from hmgeo.proximity.units import Found, Search, Sources, bytes_of, geometries_of, measure_pairs
from hmgeo.records import Layer, Positions, Sink
from hmgeo.vocabulary import MEASURE_DECIMALS

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_MOST_SAMPLES = 200_000


class Wanted(Struct, frozen=True):
    """What a pass gives away as it goes.

    `coded`: pairs with dictionaries instead of repeated text; `forgets`: who takes them keeps none of their arrays.
    """

    radius_m: float
    kind: str
    pairs: Callable[[pa.RecordBatch], None] | None = None
    coded: bool = False
    forgets: bool = False
    reached: Callable[[pa.RecordBatch], None] | None = None
    progress: Callable[[int], None] | None = None


class Done(Struct, frozen=True):
    """A measured unit with the batches it gives away, and some corners of its shapes."""

    found: Found
    pairs: pa.RecordBatch | None
    reached: pa.RecordBatch | None
    corners: Floats


def _batches_within(layer: Layer, boxes: Floats) -> Iterable[pa.RecordBatch]:
    """Return a layer's batches, without those that can't meet (n, 4) boxes where the layer can tell."""
    within = getattr(layer.open_batches, "within", None)
    read: Iterable[pa.RecordBatch] = layer.batches() if within is None else within(boxes)
    return read


def _near_pass(sources: Sources, layer: Layer, tally: Tally, wanted: Wanted, threads: int) -> tuple[int, Floats]:
    """Measure everything within reach; return the rows read and (k, 2) corners from all over the layer."""
    limit_m = wanted.radius_m + sources.uncertainty_m
    exact = wanted.pairs is not None or wanted.reached is not None
    goes_beyond = bool(sources.uncertainty_m.any())
    areas = ALL_AREAS if wanted.reached is not None else AREAS_OF_PAIRS
    search = Search(sources, np.arange(len(sources.ids)), limit_m, tally.radii_m, areas=areas, exact=exact)

    def work(unit: Unit) -> Done:
        met = search.find(unit.part, unit.class_code, tally.best_m)
        near = within(met, wanted.radius_m) if exact and goes_beyond else met
        pairs = reached = None
        if wanted.pairs is not None:
            pairs = pairs_batch(sources.ids, unit.part, near, wanted.kind, coded=wanted.coded)
        if wanted.reached is not None:
            reached = reached_batch(sources.ids, unit.part, near, wanted.kind)
        return Done(met, pairs, reached, corners_of(unit.part))

    rows, corners = 0, np.empty((0, 2))
    wants_all = wanted.reached is not None
    batches = layer.batches() if wants_all else _batches_within(layer, search_boxes(sources.shapes.bounds, limit_m))
    for unit, done in in_order(work, units(batches, tally, search.rows_at_once), threads):
        tally.add(unit.take, unit.first_row, unit.class_code, done.found)
        if wanted.pairs is not None and done.pairs is not None:
            wanted.pairs(done.pairs)
        if wanted.reached is not None and done.reached is not None:
            wanted.reached(done.reached)
        if wanted.pairs is None or wanted.forgets:
            search.reuse(done.found)
        rows += unit.part.num_rows
        corners = np.concatenate([corners, done.corners])
        corners = corners[:: 1 + len(corners) // _MOST_SAMPLES]
        if wanted.progress is not None:
            wanted.progress(rows)
    return rows, corners


def _fetched_pass(
    sources: Sources, tally: Tally, wanted: Wanted, fetch: Callable[[Errand, Floats], Iterable[Fetched]]
) -> tuple[int, Floats]:
    """Do what `_near_pass` does with units that are measured elsewhere and come back in the order of the layer."""
    wants_pairs = wanted.pairs is not None
    errand = Errand(bytes_of_batch(sources.batch), tally.radii_m, wanted.kind, wants_pairs)
    rows, corners = 0, np.empty((0, 2))
    for done in fetch(errand, search_boxes(sources.shapes.bounds, wanted.radius_m + sources.uncertainty_m)):
        codes = tally.class_codes(pa.array(done.words, pa.string()))[done.word]
        tally.add(done.take, rows, codes, done.found)
        if wanted.pairs is not None:
            wanted.pairs(batch_of(done.pairs))
        rows += done.rows
        corners = np.concatenate([corners, done.corners])
        corners = corners[:: 1 + len(corners) // _MOST_SAMPLES]
        if wanted.progress is not None:
            wanted.progress(rows)
    return rows, corners


_SLACK_M = 0.01
_BALLS_AT_ONCE = 1_000_000
_LARGEST_RADIUS_M = SMALLEST_RADIUS_M * 1.0102
"""a2 / b: no radius of curvature is larger."""


def _far_pass(sources: Sources, layer: Layer, alone: Indices, corners: Floats, threads: int) -> list[Tally]:
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

    batches = _batches_within(layer, search_boxes(sources.shapes.bounds[chosen], limit_m[chosen]))

    def work(unit: Unit) -> Found:
        return search.find(unit.part, np.zeros_like(unit.class_code), far.best_m[:, :1])

    for unit, met in in_order(work, units(batches, far, search.rows_at_once), threads):
        far.add(unit.take, unit.first_row, np.zeros_like(unit.class_code), met)
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
        met = Found(chosen[place][order].astype(np.int32), row[order].astype(np.int32), metres[order], none_ha)
        far.add(unit.take, unit.first_row, np.zeros_like(unit.class_code), met)
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


def run(  # noqa: PLR0913 -- as `measure_proximity`
    positions: Positions,
    receptors: Layer,
    radii_m: tuple[float, ...],
    *,
    pairs: Sink | None,
    reached: Sink | None,
    progress: Callable[[int], None] | None,
    threads: int,
    fetch: Callable[[Errand, Floats], Iterable[Fetched]] | None = None,
    wants_nearest: bool = True,
) -> tuple[pa.Table, pa.Table, pa.Table, int]:
    """Measure, and return the fields of `Proximity`.

    `radii_m` ascend; all are those of `measure_proximity`.
    """
    sources = Sources(positions)
    tally = Tally(len(sources.ids), radii_m, keeps_rows=wants_nearest)
    wanted = Wanted(
        radii_m[-1],
        str(receptors.kind),
        pairs=pairs.write if pairs is not None else None,
        coded=bool(getattr(pairs, "takes_coded", False)),
        forgets=bool(getattr(pairs, "forgets", False)),
        reached=reached.write if reached is not None else None,
        progress=progress,
    )
    if reached is None:  # a packed layer tells all its classes, also of what isn't read
        opened = receptors.open_batches
        tally.know(getattr(opened, "classes", ()), getattr(opened, "land_classes", ()))
    workers = thread_count(threads)
    if fetch is not None and len(sources.ids):
        rows, corners = _fetched_pass(sources, tally, wanted, fetch)
    else:
        rows, corners = _near_pass(sources, receptors, tally, wanted, workers)
    nearest = NEAREST_SCHEMA.empty_table()
    if wants_nearest:
        _, row = tally.nearest()
        alone = np.flatnonzero(row == NOWHERE)
        far = _far_pass(sources, receptors, alone, corners, workers) if len(alone) else []
        nearest = nearest_table(tally, far, sources)
    return (
        count_table(tally, sources.ids, radii_m),
        nearest,
        count_max_table(tally, sources.ids),
        rows,
    )
