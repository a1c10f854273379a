"""Units measured in other processes: what they must be told, and what they give back to be merged in order.

A unit's result is a function of its rows and of the errand alone, and merging takes the same steps in the same order
as on one machine; so the bytes that come out are the same, wherever and however often a unit was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from hmgeo.analysis.engine.batches import pairs_batch
from hmgeo.analysis.engine.cutting import corners_of, units, within
from hmgeo.analysis.engine.kernel import AREAS_OF_PAIRS
from hmgeo.analysis.engine.sources import Sources
from hmgeo.analysis.engine.tally import Tally, class_column
from hmgeo.analysis.engine.units import Found, Search

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Errand:
    """What to measure, small enough to travel with every task.

    Parameters
    ----------
    sources
        `Sources.table` as an Arrow stream.
    radii_m
        Ascending; the last is the radius of the search.
    kind
        Of the receptors.
    wants_pairs
        False: counts, areas and nearest only.
    """

    sources: bytes
    radii_m: tuple[float, ...]
    kind: str
    wants_pairs: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """A measured unit: rows, their classes, what was found, the rows that may be some source's nearest, its pairs."""

    rows: int
    words: tuple[str, ...]
    word: Indices
    found: Found
    nearest_rows: Indices
    nearest: bytes
    pairs: bytes
    corners: Floats

    def take(self, rows: Indices) -> pa.RecordBatch:
        """Return `KEPT` columns of rows that may be some source's nearest."""
        return batch_of(self.nearest).take(pa.array(np.searchsorted(self.nearest_rows, rows)))


@dataclass(frozen=True, slots=True)
class _Prepared:
    sources: Sources
    search: Search


def run_errand(errand: Errand, batches: Iterable[pa.RecordBatch]) -> list[Fetched]:
    """Measure some batches of a layer; unit by unit, in order."""
    ready = _prepared(errand)
    tally = Tally(len(ready.sources.ids), errand.radii_m)
    fetched = []
    for unit in units(batches, tally, ready.search.rows_at_once):
        found = ready.search.find(unit.part, unit.class_code, np.full_like(tally.best_m, np.inf))
        found = replace(found, rooms=())  # only the pairs travel
        own = Tally(len(ready.sources.ids), errand.radii_m)
        code = own.class_codes(class_column(unit.part))
        own.add(unit.take, 0, code, found)
        rows = np.unique(own.best_row[own.best_row >= 0])
        pairs = b""
        if errand.wants_pairs:
            near = within(found, errand.radii_m[-1])
            pairs = bytes_of_batch(pairs_batch(ready.sources.ids, unit.part, near, errand.kind, coded=True))
        fetched.append(
            Fetched(
                rows=unit.part.num_rows,
                words=tuple(own.classes),
                word=code,
                found=found,
                nearest_rows=rows,
                nearest=bytes_of_batch(unit.take(rows)),
                pairs=pairs,
                corners=corners_of(unit.part),
            )
        )
    return fetched


@lru_cache(maxsize=2)
def _prepared(errand: Errand) -> _Prepared:
    """Lay the grid over the sources, once for all units that a process measures."""
    sources = Sources.of_table(pa.Table.from_batches([batch_of(errand.sources)]))
    limit_m = errand.radii_m[-1] + sources.uncertainty_m
    every = np.arange(len(sources.ids))
    exact = errand.wants_pairs
    return _Prepared(sources, Search(sources, every, limit_m, errand.radii_m, areas=AREAS_OF_PAIRS, exact=exact))


def bytes_of_batch(batch: pa.RecordBatch) -> bytes:
    """Return a batch as an Arrow stream; what a slice leaves out isn't written."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    held: bytes = sink.getvalue().to_pybytes()
    return held


def batch_of(stream: bytes) -> pa.RecordBatch:
    """Return the one batch of an Arrow stream."""
    with pa.ipc.open_stream(pa.py_buffer(stream)) as reader:
        return reader.read_next_batch()
