"""Units of work: some rows of a batch against all sources, compiled where shapes allow it, else through shapely."""

from __future__ import annotations

from collections import deque
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.distance import PairDistances, pair_distances, prepare_shapes
from hmgeo.geo.ellipsoid import HALF_TURN_DEG, ellipsoidal_area_m2, hectares, search_boxes
from hmgeo.proximity.kernel import ALL_AREAS, GENERAL, Room, Rows
from hmgeo.proximity.search import boxes, can_grid, make_grid, search
from hmgeo.proximity.wkb import scratch_for
from hmgeo.records import Positions
from hmgeo.vocabulary import MEASURE_DECIMALS, Status

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Numbers = NDArray[np.int32]
_Arrays = tuple[Numbers, Numbers, Floats, Indices]


def geometries_of(column: pa.Array, rows: Indices) -> NDArray[np.object_]:
    """Return the shapely geometries of some `rows` of a WKB `column`."""
    return np.asarray(shapely.from_wkb(column.take(rows).to_numpy(zero_copy_only=False)), dtype=object)


def measure_pairs(sources: Sources, column: pa.Array, source: Indices, row: Indices) -> PairDistances:
    """Measure pairs of `sources` and rows of a WKB `column` with the geodesic itself, unrounded.

    `source` and `row` are (k,) indices.
    """
    rows, place = np.unique(row, return_inverse=True)
    return pair_distances(sources.shapes, prepare_shapes(geometries_of(column, rows)), source, place)


class _GeneralSearch:
    """Some chosen sources with how far each may reach, for finding pairs whose boxes meet."""

    def __init__(self, sources: Sources, chosen: Indices, limit_m: Floats) -> None:
        self._sources, self._chosen, self._limit_m = sources, chosen, limit_m
        self._tree = shapely.STRtree(shapely.box(*search_boxes(sources.shapes.bounds[chosen], limit_m[chosen]).T))

    def find(self, column: pa.Array, rows: Indices, boxes: Floats | None = None) -> tuple[Indices, Indices, Floats]:
        """Return source, row and rounded metres of every pair within reach among some rows of a WKB column."""
        if boxes is None:
            boxes = shapely.bounds(geometries_of(column, rows))
        source, place = self._meet(boxes)
        geodesics = measure_pairs(self._sources, column, source, rows[place])
        metres = np.round(geodesics.distance_m, MEASURE_DECIMALS)
        within = metres <= self._limit_m[source]
        return source[within], rows[place[within]], metres[within]

    def _meet(self, boxes: Floats) -> tuple[Indices, Indices]:
        """Return source and place of every pair whose boxes meet, on the neighbouring turns of the globe too."""
        usable = np.flatnonzero(~np.isnan(boxes[:, 0]))
        hits = []
        for turn in (-360.0, 0.0, 360.0):
            moved = shapely.box(boxes[usable, 0] + turn, boxes[usable, 1], boxes[usable, 2] + turn, boxes[usable, 3])
            place, source = self._tree.query(moved)
            hits.append(np.stack([usable[place], self._chosen[source]]))
        place, source = np.unique(np.concatenate(hits, axis=1), axis=1)
        return source.astype(np.int64), place.astype(np.int64)


def bytes_of(column: pa.Array) -> Rows:
    """Look into a binary `column`; only the offsets are copied."""
    wide = column.type == pa.large_binary()
    _, offsets, data = column.buffers()
    count = len(column)
    kind = np.dtype(np.int64 if wide else np.int32)
    if offsets is None or data is None or count == 0:
        return Rows(np.zeros(8, np.uint8), np.zeros(count + 1, np.int64), np.ones(count, np.uint8), size=count)
    all_offsets = np.frombuffer(offsets, kind, column.offset + count + 1)
    is_null = np.zeros(count, np.uint8)
    if column.null_count:
        is_null = column.is_null().to_numpy(zero_copy_only=False).astype(np.uint8)
    return Rows(np.frombuffer(data, np.uint8), all_offsets[column.offset :].astype(np.int64), is_null, size=count)


_MOST_ROWS, _FEWEST_ROWS = 16_384, 256
_PAIRS_AT_ONCE = 2_000_000


class Found(Struct, frozen=True):
    """Pairs of a unit by row, then source: (k,) indices and rounded metres; and (n,) hectares of its rows.

    Unless distances are exact, stand-ins come first within a row.

    `rooms` are the arrays that pairs may be views into; see `Search.reuse`.
    """

    source: NDArray[np.int32]
    row: NDArray[np.int32]
    distance_m: Floats
    area_ha: Floats
    rooms: tuple[_Arrays, ...] = ()


class Search:
    """Finds the receptors within reach of some sources.

    Parameters
    ----------
    sources, chosen
        All sources, and which of them to search for.
    limit_m
        (sources,) how far each one searches.
    radii_m
        Further limits that distances are compared with.
    areas
        `NO_AREAS`, `AREAS_OF_PAIRS` or `ALL_AREAS`.
    exact
        False: a pair that can't be the nearest gets a stand-in distance on the right side of every limit.
    """

    def __init__(
        self, sources: Sources, chosen: Indices, limit_m: Floats, radii_m: tuple[float, ...], *, areas: int, exact: bool
    ) -> None:
        self._sources, self._limit_m = sources, limit_m
        self._exact = exact
        self._fast, slow = sources.split(limit_m, chosen)
        fast = self._fast
        self._fast32, self._is_part = fast.astype(np.int32), len(fast) < len(sources.ids)
        self._cells = make_grid(sources.lon[fast], sources.lat[fast], limit_m[fast], radii_m)
        self._longest_list = int(np.diff(self._cells.first).max(initial=0))
        self._slow = _GeneralSearch(sources, slow, limit_m) if len(slow) else None
        self._odd_rows = _GeneralSearch(sources, fast, limit_m) if len(fast) else None
        self._areas = ALL_AREAS if len(slow) and areas else areas
        self._rooms: deque[_Arrays] = deque()

    @property
    def rows_at_once(self) -> int:
        """Rows of a unit such that its pairs stay within bounds."""
        width = self._longest_list + (len(self._sources.ids) - len(self._fast))
        return int(np.clip(_PAIRS_AT_ONCE // max(1, width), _FEWEST_ROWS, _MOST_ROWS))

    def find(self, part: pa.RecordBatch, class_code: Indices, bound_m: Floats) -> Found:
        """Measure a unit.

        Parameters
        ----------
        part
            Rows of `RECEPTOR_SCHEMA`.
        class_code
            (n,) column of `bound_m` for each row.
        bound_m
            (sources, classes) nearest known so far, as rounded; may lag behind.
        """
        column = part.column("geometry")
        rows = bytes_of(column)
        area_m2, flags = np.zeros(part.num_rows), np.zeros(part.num_rows, np.uint8)
        source, row, metres, near, rooms = self._run_kernel(rows, class_code, bound_m, area_m2, flags)
        if self._is_part:
            source = self._fast32[source]
        if len(near):
            geodesics = measure_pairs(self._sources, column, source[near].astype(np.int64), row[near].astype(np.int64))
            metres[near] = np.round(geodesics.distance_m, MEASURE_DECIMALS)
            keep = metres <= self._limit_m[source]
            source, row, metres = source[keep], row[keep], metres[keep]
        source, row, metres = self._add_general(column, rows, flags, (source, row, metres))
        return Found(source, row, metres, self._areas_ha(part, area_m2, flags), rooms)

    def reuse(self, done: Found) -> None:
        """Take back the room of pairs that nobody looks at (`done`): fresh memory costs more than filling it."""
        self._rooms.extend(done.rooms)

    def _room(self, size: int) -> _Arrays:
        with suppress(IndexError):  # another thread may have taken the last one
            room = self._rooms.pop()
            if len(room[0]) >= size:
                return room
        return np.empty(size, np.int32), np.empty(size, np.int32), np.empty(size), np.empty(size, np.int64)

    def _run_kernel(
        self, rows: Rows, class_code: Indices, bound_m: Floats, area_m2: Floats, flags: NDArray[np.uint8]
    ) -> tuple[Numbers, Numbers, Floats, Indices, tuple[_Arrays, ...]]:
        count = len(flags)
        bound_m = np.ascontiguousarray(bound_m[self._fast])
        room = count * self._longest_list + 2 * len(self._fast) + 64
        scratch = scratch_for(rows.offsets, len(self._fast))
        pieces: list[tuple[Numbers, Numbers, Floats]] = []
        nears: list[Indices] = []
        rooms: list[_Arrays] = []
        begin = done = 0
        while begin < count:
            out = self._room(room)
            rooms.append(out)
            into = Room(
                class_code, *out, len(out[0]), area_m2, flags, bound_m, bound_m.shape[1], self._areas, self._exact
            )
            begin, pairs, near = search(begin, rows, self._cells, into, scratch)
            pieces.append((into.source[:pairs], into.row[:pairs], into.metres[:pairs]))
            nears.append(into.near[:near] + done)
            done += pairs
        source, row, metres = _joined(pieces)
        near_limit = np.concatenate(nears) if nears else np.empty(0, np.int64)
        return source, row, metres, near_limit, tuple(rooms)

    def _add_general(
        self, column: pa.Array, rows: Rows, flags: NDArray[np.uint8], pairs: tuple[Numbers, Numbers, Floats]
    ) -> tuple[Numbers, Numbers, Floats]:
        """Add the pairs that the kernel left out: odd rows, and sources that are no points or search too far."""
        odd = np.flatnonzero(flags == GENERAL)
        pieces = [pairs]
        if len(odd) and self._odd_rows is not None:
            pieces.append(_narrow(*self._odd_rows.find(column, odd)))
        if self._slow is not None:
            every = np.arange(len(flags))
            bounds, _ = boxes(rows)
            odd = np.flatnonzero(np.isinf(bounds[:, 0]))
            if len(odd):
                bounds[odd] = shapely.bounds(geometries_of(column, odd))
            pieces.append(_narrow(*self._slow.find(column, every, bounds)))
        if len(pieces) == 1:
            return pairs
        source, row, metres = _joined(pieces)
        order = np.lexsort((source, row))
        return source[order], row[order], metres[order]

    def _areas_ha(self, part: pa.RecordBatch, area_m2: Floats, flags: NDArray[np.uint8]) -> Floats:
        if not self._areas:
            return area_m2
        missing = np.flatnonzero((flags == GENERAL) | np.isnan(area_m2))
        if len(missing):
            area_m2[missing] = ellipsoidal_area_m2(geometries_of(part.column("geometry"), missing))
        official = part.column("official_area_m2")
        if official.null_count < len(official):
            official_m2 = official.to_numpy(zero_copy_only=False).astype(np.float64)
            area_m2 = np.where(np.isnan(official_m2), area_m2, official_m2)
        return hectares(area_m2)


def _joined(pieces: list[tuple[Numbers, Numbers, Floats]]) -> tuple[Numbers, Numbers, Floats]:
    if len(pieces) == 1:
        return pieces[0]
    source, row, metres = zip(*pieces, strict=True)
    return np.concatenate(source), np.concatenate(row), np.concatenate(metres)


def _narrow(source: Indices, row: Indices, metres: Floats) -> tuple[Numbers, Numbers, Floats]:
    return source.astype(np.int32), row.astype(np.int32), metres


FARTHEST_M = 50_000.0
"""Up to here a chord becomes a geodesic by its local radius alone, within 0.02 mm."""


class Sources:
    """Located sources, ready for measuring.

    `positions`: rows whose status is not assessed are left out; or the table of located ones, such as another's
    `batch`.
    """

    def __init__(self, positions: Positions | pa.Table) -> None:
        located: pa.Table = positions
        if not isinstance(positions, pa.Table):
            located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
        self._located = located
        self.ids = located["source_id"].combine_chunks()
        self.shapes = prepare_shapes(shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False)))
        self.uncertainty_m: Floats = located["position_uncertainty_m"].to_numpy().astype(np.float64)
        self.is_point = shapely.get_type_id(self.shapes.geometries) == shapely.GeometryType.POINT
        self.is_point &= ~shapely.is_empty(self.shapes.geometries)
        self.lon, self.lat = np.zeros(len(self.ids)), np.zeros(len(self.ids))
        places = shapely.get_coordinates(self.shapes.geometries[self.is_point])
        self.lon[self.is_point], self.lat[self.is_point] = places[:, 0], places[:, 1]

    @property
    def batch(self) -> pa.RecordBatch:
        """What another process must know of the sources."""
        columns = ["source_id", "position_uncertainty_m", "geometry"]
        return self._located.select(columns).combine_chunks().to_batches()[0]

    def split(self, limit_m: Floats, chosen: Indices) -> tuple[Indices, Indices]:
        """Part the `chosen` sources into those for the kernel and those for the general path.

        `limit_m` is the reach of each of all sources.
        """
        fit = self.is_point[chosen] & (limit_m[chosen] <= FARTHEST_M)
        fit &= (np.abs(self.lon[chosen]) <= HALF_TURN_DEG) & (np.abs(self.lat[chosen]) < HALF_TURN_DEG / 2)
        fit[fit] = can_grid(self.lon[chosen][fit], self.lat[chosen][fit], limit_m[chosen][fit])
        return chosen[fit], chosen[~fit]
