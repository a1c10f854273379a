"""How the work is cut: batches, units, threads of one process, and errands for others.

A unit's result is a function of its rows and of the errand alone, and merging takes the same steps in the same order
as on one machine; so the bytes that come out are the same, wherever and however often a unit was measured.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import shapely
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.proximity.kernel import AREAS_OF_PAIRS
from hmgeo.proximity.search import boxes
from hmgeo.proximity.tally import KEPT, Tally, class_column
from hmgeo.proximity.units import Found, Search, Sources, bytes_of
from hmgeo.records import RECEPTOR_SCHEMA
from hmgeo.reference.machine import core_count
from hmgeo.results.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

CODED_PAIRS_SCHEMA = pa.schema(
    [
        ("source_id", pa.dictionary(pa.int32(), pa.string())),
        ("receptor_id", pa.dictionary(pa.int32(), pa.string())),
        ("receptor_kind", pa.dictionary(pa.int32(), pa.string())),
        ("distance_m", pa.float64()),
    ]
)
"""`PAIRS_SCHEMA` with its texts as numbers into dictionaries, for sinks that ask for it."""


def pairs_batch(ids: pa.Array, part: pa.RecordBatch, met: Found, kind: str, *, coded: bool) -> pa.RecordBatch:
    """Return a unit's pairs by receptor, then source.

    `met` are the pairs among the rows of `part` and the sources of these `ids`; `kind` is the receptors'. `coded`
    writes `CODED_PAIRS_SCHEMA`, else `PAIRS_SCHEMA`.
    """
    receptors = part.column("receptor_id")
    if coded:
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(met.source), ids, safe=False),
            pa.DictionaryArray.from_arrays(pa.array(met.row), receptors, safe=False),
            pa.DictionaryArray.from_arrays(np.zeros(len(met.row), np.int32), pa.array([kind]), safe=False),
            pa.array(met.distance_m),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=CODED_PAIRS_SCHEMA)
    columns = [
        ids.take(pa.array(met.source)),
        receptors.take(pa.array(met.row)),
        pa.repeat(pa.scalar(kind), len(met.row)),
        pa.array(met.distance_m),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PAIRS_SCHEMA)


def reached_batch(ids: pa.Array, part: pa.RecordBatch, met: Found, kind: str) -> pa.RecordBatch:
    """Return the receptors of `part` with how many sources reach them, and the nearest one, the first of equals.

    `met` are pairs with the sources of these `ids`, by receptor and then source; `kind` is the receptors'.
    """
    rows = part.num_rows
    starts = np.flatnonzero(np.diff(met.row, prepend=-1))
    least_m = np.minimum.reduceat(met.distance_m, starts)
    least = np.flatnonzero(met.distance_m == np.repeat(least_m, np.diff(starts, append=len(met.row))))
    first = least[np.flatnonzero(np.diff(met.row[least], prepend=-1))]
    nearest = np.full(rows, -1, np.int64)
    nearest_m = np.full(rows, np.nan)
    nearest[met.row[first]] = met.source[first]
    nearest_m[met.row[first]] = met.distance_m[first]
    unreached = nearest < 0
    columns = {
        "receptor_id": part.column("receptor_id"),
        "receptor_kind": pa.repeat(pa.scalar(kind), rows),
        "name": part.column("name"),
        "class": part.column("class"),
        "land_class": part.column("land_class"),
        "area_ha": pa.array(met.area_ha),
        "township": part.column("township"),
        "source_count": pa.array(np.bincount(met.row, minlength=rows)),
        "nearest_source_id": ids.take(pa.array(nearest, mask=unreached)).fill_null(""),
        "nearest_source_m": pa.array(nearest_m, mask=unreached),
        "geometry": part.column("geometry"),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in RECEPTORS_SCHEMA.names], schema=RECEPTORS_SCHEMA)


_SAMPLE_STEP = 64


class Unit(Struct, frozen=True):
    """Some rows of a layer and where they stand in it."""

    part: pa.RecordBatch
    first_row: int
    class_code: Indices

    def take(self, rows: Indices) -> pa.RecordBatch:
        """Return `KEPT` columns of some `rows` (of the unit, from 0), as plain text."""
        taken = self.part.select(KEPT).take(pa.array(rows))
        return taken.set_column(KEPT.index("class"), "class", taken.column("class").cast(pa.string()))


def units(batches: Iterable[pa.RecordBatch], tally: Tally, rows: int) -> Iterator[Unit]:
    """Cut `batches` into units of at most so many `rows`; `tally` gives their classes numbers."""
    first = 0
    for batch in batches:
        for offset in range(0, batch.num_rows, rows):
            part = batch.slice(offset, rows)
            yield Unit(part, first, tally.class_codes(class_column(part)))
            first += part.num_rows


def within(met: Found, radius_m: float) -> Found:
    """Leave out of `met` what only the position's uncertainty brings within `radius_m`."""
    keep = met.distance_m <= radius_m
    if keep.all():
        return met
    return replace(met, source=met.source[keep], row=met.row[keep], distance_m=met.distance_m[keep])


def corners_of(part: pa.RecordBatch) -> Floats:
    """Return (k, 2) corners in degrees of some of the shapes of `part`."""
    _, corners = boxes(bytes_of(part.column("geometry")), _SAMPLE_STEP)
    sound: Floats = corners[np.isfinite(corners[:, 0])]
    return sound


class Errand(Struct, frozen=True):
    """What to measure, small enough to travel with every task.

    Parameters
    ----------
    sources
        `Sources.table` as an Arrow stream.
    radii_m
        Ascending; the last is the radius of the search.
    wants_pairs
        False: counts, areas and nearest only.
    """

    sources: bytes
    radii_m: tuple[float, ...]
    kind: str
    wants_pairs: bool


class Fetched(Struct, frozen=True):
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
        """Return `KEPT` columns of `rows` (of the unit) that may be some source's nearest."""
        return batch_of(self.nearest).take(pa.array(np.searchsorted(self.nearest_rows, rows)))


class _Prepared(Struct, frozen=True):
    sources: Sources
    search: Search


def run_errand(errand: Errand, batches: Iterable[pa.RecordBatch]) -> list[Fetched]:
    """Measure some `batches` of a layer for an `errand`; unit by unit, in order."""
    ready = _prepared(errand)
    tally = Tally(len(ready.sources.ids), errand.radii_m)
    fetched = []
    for unit in units(batches, tally, ready.search.rows_at_once):
        met = ready.search.find(unit.part, unit.class_code, np.full_like(tally.best_m, np.inf))
        met = replace(met, rooms=())  # only the pairs travel
        own = Tally(len(ready.sources.ids), errand.radii_m)
        code = own.class_codes(class_column(unit.part))
        own.add(unit.take, 0, code, met)
        rows = np.unique(own.best_row[own.best_row >= 0])
        pairs = b""
        if errand.wants_pairs:
            near = within(met, errand.radii_m[-1])
            pairs = bytes_of_batch(pairs_batch(ready.sources.ids, unit.part, near, errand.kind, coded=True))
        fetched.append(
            Fetched(
                rows=unit.part.num_rows,
                words=tuple(own.classes),
                word=code,
                found=met,
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
    sources = Sources(pa.Table.from_batches([batch_of(errand.sources)]))
    limit_m = errand.radii_m[-1] + sources.uncertainty_m
    every = np.arange(len(sources.ids))
    exact = errand.wants_pairs
    return _Prepared(sources, Search(sources, every, limit_m, errand.radii_m, areas=AREAS_OF_PAIRS, exact=exact))


def bytes_of_batch(batch: pa.RecordBatch) -> bytes:
    """Return `batch` as an Arrow stream; what a slice leaves out isn't written."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream


def batch_of(stream: bytes) -> pa.RecordBatch:
    """Return the one batch of an Arrow `stream`."""
    with pa.ipc.open_stream(pa.py_buffer(stream)) as reader:
        return reader.read_next_batch()


Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD_PER_THREAD = 2


def thread_count(asked: int) -> int:
    """Return the number of threads to use: `asked`, or one per core where that is 0."""
    return asked if asked > 0 else core_count()


def in_order(work: Callable[[Item], Result], items: Iterable[Item], threads: int) -> Iterator[tuple[Item, Result]]:
    """Yield each of `items` with what `work` makes of it, in order, however the `threads` finish.

    Only a few are under way at once.

    >>> list(in_order(abs, [-3, 2], threads=2))
    [(-3, 3), (2, 2)]
    """
    if threads == 1:
        for item in items:
            yield item, work(item)
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="hmgeo")
    under_way: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            under_way.append((item, pool.submit(work, item)))
            if len(under_way) > threads * _AHEAD_PER_THREAD:
                done, future = under_way.popleft()
                yield done, future.result()
        while under_way:
            done, future = under_way.popleft()
            yield done, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_TRIAL_RADIUS_M = 1_000.0


def compile_part(part: str) -> None:
    """Compile `part` of `hmgeo.commands.options.ENGINE_PARTS`, by measuring a point and a square."""
    shape = shapely.to_wkb(shapely.box(113.0, 23.0, 113.001, 23.001))
    columns = [pa.array([shape]) if field.name == "geometry" else pa.nulls(1, field.type) for field in RECEPTOR_SCHEMA]
    batch, codes = pa.RecordBatch.from_arrays(columns, schema=RECEPTOR_SCHEMA), np.zeros(1, np.int64)
    row = {"source_id": ["1"], "position_uncertainty_m": [0.0], "geometry": [shapely.to_wkb(shapely.Point(113, 23))]}
    sources, limit_m = Sources(pa.table(row)), np.array([_TRIAL_RADIUS_M])
    chosen = codes[:0] if part == "search" else codes  # a grid over none takes nothing that the other part compiles
    search = Search(sources, chosen, limit_m, (_TRIAL_RADIUS_M,), areas=AREAS_OF_PAIRS, exact=True)
    if part == "search":
        search.find(batch, codes, np.full((1, 1), np.inf))
    else:
        boxes(bytes_of(batch.column("geometry")))
        none = np.zeros(0, np.int32)
        Tally(1, (_TRIAL_RADIUS_M,)).add(batch.take, 0, codes, Found(none, none, np.zeros(0), np.zeros(1)))
