"""Which receptors lie within the radii of which sources: batches in, pairs to a sink, measures out.

One pass over the receptors finds pairs, counts, areas and the nearest receptor by class. Sources with nothing within
reach cost a second pass, bounded by balls around the shapes, for the nearest receptor however far.
Distances are rounded to 0.1 mm before they are compared with a radius; radii are inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.analysis.distance import chord_tolerance_m, pair_distances, prepare_shapes
from hmgeo.analysis.tally import Pairs, Slice, Tally
from hmgeo.errors import Problem, UsageError
from hmgeo.findings.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA
from hmgeo.geodesy import ellipsoidal_area_m2, search_boxes
from hmgeo.vocabulary import ALL_CLASSES, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.distance import Shapes
    from hmgeo.records import Layer, Positions

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_PAIRS_AT_ONCE = 2_000_000
_SQUARE_M_PER_HA = 10_000.0
_DECIMALS = 4


class Sink(Protocol):
    """Takes record batches as they are made."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""


@dataclass(slots=True)
class TableSink:
    """Keeps the batches in memory, for small work and for notebooks."""

    schema: pa.Schema
    batches: list[pa.RecordBatch] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        """Keep one batch."""
        self.batches.append(batch)

    def table(self) -> pa.Table:
        """Return all batches as one table."""
        return pa.Table.from_batches(self.batches, self.schema)


@dataclass(frozen=True, slots=True)
class Proximity:
    """What was measured. Only located sources appear.

    Parameters
    ----------
    radii_m
        Ascending; the last is the radius of the search.
    counts
        `COUNTS_SCHEMA`: every located source x radius x class, zeros included.
    nearest
        `NEAREST_SCHEMA`: per source a row of class `all` (however far) and a row for each class found within reach.
        bearing_deg is null where shapes touch.
    count_max
        source_id, class, count: within the search radius plus the position's uncertainty.
    receptor_count
        Receptors read.
    """

    radii_m: tuple[float, ...]
    counts: pa.Table = field(repr=False)
    nearest: pa.Table = field(repr=False)
    count_max: pa.Table = field(repr=False)
    receptor_count: int


class _Sources:
    """Located sources, ready for measuring."""

    def __init__(self, positions: Positions) -> None:
        located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
        self.ids = located["source_id"].combine_chunks()
        self.shapes = prepare_shapes(shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False)))
        self.uncertainty_m = located["position_uncertainty_m"].to_numpy().astype(np.float64)

    def tree(self, radius_m: float) -> shapely.STRtree:
        """Index the boxes that hold everything within `radius_m` plus each source's uncertainty."""
        boxes = search_boxes(self.shapes.bounds, radius_m + self.uncertainty_m)
        return shapely.STRtree(shapely.box(*boxes.T))


def measure_proximity(
    positions: Positions,
    receptors: Layer,
    *,
    radii_m: Sequence[float],
    pairs: Sink | None = None,
    reached: Sink | None = None,
    progress: Callable[[int], None] | None = None,
) -> Proximity:
    """Measure which receptors lie near which sources.

    Parameters
    ----------
    positions
        Sources; rows whose status is not assessed are left out.
    receptors
        Layer of `RECEPTOR_SCHEMA` batches in lon/lat; read once, or twice where a source has none within reach.
    radii_m
        Radii to count at; the largest is the search radius.
    pairs
        Takes every pair within the search radius (`PAIRS_SCHEMA`), by receptor and then source, both in input order.
    reached
        Takes every receptor (`RECEPTORS_SCHEMA`) with the sources that reach it.
    progress
        Called with the number of receptors done so far.

    Returns
    -------
    Proximity
        Distances in metres on CGCS2000, rounded to 0.1 mm; areas of whole parcels in hectares, official where the
        layer carries an official area, else ellipsoidal as drawn.

    Raises
    ------
    UsageError
        If no radius is given or one is not a positive number.
    """
    radii = tuple(sorted(set(map(float, radii_m))))
    if not radii or not all(np.isfinite(radius) and radius > 0 for radius in radii):
        raise UsageError(Problem("半径须为正数", found=str(list(radii_m)), allowed="例如 10km、500m"))
    sources = _Sources(positions)
    tally = Tally(len(sources.ids), radii)
    tree = sources.tree(radii[-1])
    done = 0
    for part in _slices(receptors, tally):
        found = _measure(sources, part, *_candidates(tree, part.shapes))
        possible = found.only(found.distance_m <= radii[-1] + sources.uncertainty_m[found.source])
        tally.add(part, possible)
        tally.remember_nearest(part, possible, by_class=True)
        within = possible.only(possible.distance_m <= radii[-1])
        if pairs is not None:
            pairs.write(_pairs_batch(sources, part, within, receptors.kind))
        if reached is not None:
            reached.write(_reached_batch(sources, part, within, receptors.kind))
        done += part.batch.num_rows
        if progress is not None:
            progress(done)
    _find_far_nearest(tally, sources, receptors)
    ids = sources.ids.to_pylist()
    return Proximity(radii, tally.count_table(ids), tally.nearest_table(ids), tally.count_max_table(ids), done)


def _measure(sources: _Sources, part: Slice, source: Indices, receptor: Indices) -> Pairs:
    found = pair_distances(sources.shapes, part.shapes, source, receptor)
    return Pairs(source, receptor, np.round(found.distance_m, _DECIMALS), found.from_lon_lat, found.to_lon_lat)


def _slices(receptors: Layer, tally: Tally) -> Iterator[Slice]:
    """Cut the batches so that sources x receptors stays within bounds."""
    rows = max(64, _PAIRS_AT_ONCE // max(1, tally.source_count))
    for batch in receptors.batches():
        for offset in range(0, batch.num_rows, rows):
            part = batch.slice(offset, rows)
            shapes = prepare_shapes(shapely.from_wkb(part.column("geometry").to_numpy(zero_copy_only=False)))
            official_m2 = part.column("official_area_m2").to_numpy(zero_copy_only=False).astype(np.float64)
            drawn_m2 = ellipsoidal_area_m2(shapes.geometries)
            area_ha = np.where(np.isnan(official_m2), drawn_m2, official_m2) / _SQUARE_M_PER_HA
            yield Slice(part, shapes, area_ha, tally.class_codes(part.column("class").to_pylist()))


def _candidates(tree: shapely.STRtree, shapes: Shapes) -> tuple[Indices, Indices]:
    """Return source and receptor of every pair whose boxes meet, by receptor, then source.

    Boxes are tried on the neighbouring turns of the globe too, so that the antimeridian is no border.
    """
    boxes = shapes.bounds
    usable = np.flatnonzero(np.isfinite(boxes[:, 0]))
    hits = []
    for turn in (-360.0, 0.0, 360.0):
        moved = shapely.box(boxes[usable, 0] + turn, boxes[usable, 1], boxes[usable, 2] + turn, boxes[usable, 3])
        receptor, source = tree.query(moved)
        hits.append(np.stack([usable[receptor], source]))
    receptor, source = np.unique(np.concatenate(hits, axis=1), axis=1)
    return source.astype(np.int64), receptor.astype(np.int64)


def _pairs_batch(sources: _Sources, part: Slice, pairs: Pairs, kind: str) -> pa.RecordBatch:
    columns = [
        sources.ids.take(pa.array(pairs.source)),
        part.batch.column("receptor_id").take(pa.array(pairs.receptor)),
        pa.repeat(pa.scalar(str(kind)), len(pairs.source)),
        pa.array(pairs.distance_m),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PAIRS_SCHEMA)


def _reached_batch(sources: _Sources, part: Slice, pairs: Pairs, kind: str) -> pa.RecordBatch:
    """Return the receptors with how many sources reach them, and the nearest one."""
    rows = part.batch.num_rows
    order = np.lexsort((pairs.source, pairs.distance_m, pairs.receptor))
    first = order[np.flatnonzero(np.diff(pairs.receptor[order], prepend=-1))]
    nearest = np.full(rows, -1, np.int64)
    nearest_m = np.full(rows, np.nan)
    nearest[pairs.receptor[first]] = pairs.source[first]
    nearest_m[pairs.receptor[first]] = pairs.distance_m[first]
    unreached = nearest < 0
    ids = sources.ids.take(pa.array(nearest, mask=unreached))
    columns = {
        "receptor_id": part.batch.column("receptor_id"),
        "receptor_kind": pa.repeat(pa.scalar(str(kind)), rows),
        "name": part.batch.column("name"),
        "class": part.batch.column("class"),
        "area_ha": pa.array(part.area_ha),
        "township": part.batch.column("township"),
        "source_count": pa.array(np.bincount(pairs.receptor, minlength=rows)),
        "nearest_source_id": ids.fill_null(""),
        "nearest_source_m": pa.array(nearest_m, mask=unreached),
        "geometry": part.batch.column("geometry"),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in RECEPTORS_SCHEMA.names], schema=RECEPTORS_SCHEMA)


def _find_far_nearest(tally: Tally, sources: _Sources, receptors: Layer) -> None:
    """Find the nearest receptor of sources that have none within reach.

    A receptor is measured only if the ball around it could hold something nearer than the nearest ball's far side.
    """
    alone = np.array([s for s in range(tally.source_count) if (s, ALL_CLASSES) not in tally.best], np.int64)
    if not len(alone):
        return
    ceiling_m = np.full(len(alone), np.inf)
    for part in _slices(receptors, tally):
        apart = sources.shapes.centre_xyz[alone, None] - part.shapes.centre_xyz[None]
        balls_m = sources.shapes.reach_m[alone, None] + part.shapes.reach_m[None]
        chord_m = np.linalg.norm(apart, axis=2)
        chord_m[:, np.diff(part.shapes.first) == 0] = np.inf
        ceiling_m = np.minimum(ceiling_m, (chord_m + balls_m).min(axis=1))
        allowed_m = ceiling_m + 2 * chord_tolerance_m(ceiling_m)
        row, receptor = np.nonzero(chord_m - balls_m <= allowed_m[:, None])
        tally.remember_nearest(part, _measure(sources, part, alone[row], receptor), by_class=False)
