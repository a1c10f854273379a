"""Passes over a layer: units measured by threads, results taken in the order of the layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.analysis.engine.batches import pairs_batch, reached_batch
from hmgeo.analysis.engine.cutting import Unit, corners_of, units, within
from hmgeo.analysis.engine.elsewhere import Errand, Fetched, batch_of, bytes_of_batch
from hmgeo.analysis.engine.kernel import ALL_AREAS, AREAS_OF_PAIRS
from hmgeo.analysis.engine.tally import NOWHERE, Tally
from hmgeo.analysis.engine.threads import in_order
from hmgeo.analysis.engine.units import Search
from hmgeo.geodesy import search_boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from hmgeo.analysis.engine.sources import Sources
    from hmgeo.analysis.engine.units import Found
    from hmgeo.records import Layer

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_MOST_SAMPLES = 200_000


@dataclass(frozen=True, slots=True)
class Wanted:
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


@dataclass(frozen=True, slots=True)
class Done:
    """A measured unit with the batches it gives away, and some corners of its shapes."""

    found: Found
    pairs: pa.RecordBatch | None
    reached: pa.RecordBatch | None
    corners: Floats


def batches_within(layer: Layer, boxes: Floats) -> Iterable[pa.RecordBatch]:
    """Return a layer's batches, without those that can't meet (n, 4) boxes where the layer can tell."""
    within = getattr(layer.open_batches, "within", None)
    read: Iterable[pa.RecordBatch] = layer.batches() if within is None else within(boxes)
    return read


def near_pass(sources: Sources, layer: Layer, tally: Tally, wanted: Wanted, threads: int) -> tuple[int, Floats]:
    """Measure everything within reach; return the rows read and (k, 2) corners from all over the layer."""
    limit_m = wanted.radius_m + sources.uncertainty_m
    exact = wanted.pairs is not None or wanted.reached is not None
    goes_beyond = bool(sources.uncertainty_m.any())
    areas = ALL_AREAS if wanted.reached is not None else AREAS_OF_PAIRS
    search = Search(sources, np.arange(len(sources.ids)), limit_m, tally.radii_m, areas=areas, exact=exact)

    def work(unit: Unit) -> Done:
        found = search.find(unit.part, unit.class_code, tally.best_m)
        near = within(found, wanted.radius_m) if exact and goes_beyond else found
        pairs = reached = None
        if wanted.pairs is not None:
            pairs = pairs_batch(sources.ids, unit.part, near, wanted.kind, coded=wanted.coded)
        if wanted.reached is not None:
            reached = reached_batch(sources.ids, unit.part, near, wanted.kind)
        return Done(found, pairs, reached, corners_of(unit.part))

    rows, corners = 0, np.empty((0, 2))
    batches: Iterable[pa.RecordBatch] = layer.batches()
    if wanted.reached is None:
        batches = batches_within(layer, search_boxes(sources.shapes.bounds, limit_m))
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


def fetched_pass(
    sources: Sources, tally: Tally, wanted: Wanted, fetch: Callable[[Errand, Floats], Iterable[Fetched]]
) -> tuple[int, Floats]:
    """Do what `near_pass` does with units that are measured elsewhere and come back in the order of the layer."""
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


def without_neighbour(tally: Tally) -> Indices:
    """Return the sources with nothing within reach."""
    _, row = tally.nearest_of_all()
    return np.flatnonzero(row == NOWHERE)
