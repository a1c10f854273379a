"""Polygons kept ready in memory for single questions: what lies within a radius of a point, and what is nearest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.analysis.engine.columns import bytes_of
from hmgeo.analysis.engine.frames import FRAME_FIELDS
from hmgeo.analysis.engine.general import DECIMALS, geometries_of
from hmgeo.analysis.engine.grid import SMALL_REACH_M
from hmgeo.analysis.engine.kernel import LARGEST_RADIUS_M, NEAR_LIMIT_M, Rows
from hmgeo.analysis.engine.lanes import LANES
from hmgeo.analysis.engine.resident_kernel import LIST, MEASURE, NEAREST, Ready, ask
from hmgeo.analysis.engine.resident_lay import lay_all, lay_stretches
from hmgeo.analysis.engine.scratch import make_scratch
from hmgeo.analysis.engine.search import boxes
from hmgeo.geodesy import earth_centred

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.scratch import Scratch
    from hmgeo.records import Layer

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_CELL_DEG = 0.004
_MOST_CELLS = 4_000_000
_MOST_DEG = 2.0
_FARTHEST_LAT_DEG, _FARTHEST_LON_DEG = 80.0, 178.0


class ResidentIndex:
    """A layer's polygons, ready for questions about single points; one question at a time.

    Parameters
    ----------
    layer
        Receptors; kept in memory, with about 1 kB for each polygon.

    Notes
    -----
    What is no polygon, spans degrees or lies around the poles or the antimeridian is measured by shapely for every
    question: exact as well, but slow.
    """

    def __init__(self, layer: Layer) -> None:
        table = layer.read().combine_chunks()
        self.ids = table["receptor_id"].combine_chunks()
        self._column = table["geometry"].combine_chunks()
        self._column = self._column.chunk(0) if isinstance(self._column, pa.ChunkedArray) else self._column
        rows = bytes_of(self._column)
        box, _ = boxes(rows)
        small, large, odd = _sorted_out(box)
        scratch = make_scratch(int(np.diff(rows.offsets).max(initial=0)), 2 * LANES)
        large, too_long = _cuttable(rows, large, scratch)
        odd = np.sort(np.concatenate([odd, too_long]))
        self._rows = np.concatenate([small, large])
        self._odd_rows = odd
        self._odd = prepare_shapes(geometries_of(self._column, odd))
        self._ready = _make_ready(rows, box, small, large, scratch)
        self._addresses = np.array([array.ctypes.data for array in self._ready], np.int64)

    def within(self, lon: float, lat: float, radius_m: float) -> Indices:
        """Return the rows of the layer within a radius, in no order of distance.

        Parameters
        ----------
        lon, lat
            Degrees on CGCS2000.
        radius_m
            Inclusive; up to 50 km.
        """
        count = ask(self._addresses, lon, lat, radius_m, LIST)
        if count < 0:
            return self._measured_again(lon, lat, radius_m, -1 - count)[0]
        rows: Indices = self._ready.out[:count].copy()
        return self._with_odd(lon, lat, radius_m, rows, None)[0] if len(self._odd_rows) else rows

    def distances(self, lon: float, lat: float, radius_m: float) -> tuple[Indices, Floats]:
        """Return rows as `within`, and their metres, rounded to 0.1 mm."""
        count = ask(self._addresses, lon, lat, radius_m, MEASURE)
        if count < 0:
            return self._measured_again(lon, lat, radius_m, -1 - count)
        rows, metres = self._ready.out[:count].copy(), self._ready.out_m[:count].copy()
        return self._with_odd(lon, lat, radius_m, rows, metres) if len(self._odd_rows) else (rows, metres)

    def nearest(self, lon: float, lat: float) -> tuple[int, float]:
        """Return the row of the nearest polygon and its metres, the first of equals; (-1, inf) in an empty layer."""
        row, metres = -1, math.inf
        if ask(self._addresses, lon, lat, 0.0, NEAREST):
            row, metres = int(self._ready.out[0]), float(self._ready.out_m[0])
        elif len(self._rows):
            row, metres = self._first_of(self._rows, self._exact_m(lon, lat, self._rows))
        if len(self._odd_rows):
            other = self._first_of(self._odd_rows, self._exact_m(lon, lat, self._odd_rows))
            row, metres = min((metres, row), (other[1], other[0]))[::-1]
        return row, metres

    def _measured_again(self, lon: float, lat: float, radius_m: float, count: int) -> tuple[Indices, Floats]:
        """Return rows and metres where some lie so near the radius that only the geodesic can tell."""
        rows, metres = self._ready.out[:count].copy(), self._ready.out_m[:count].copy()
        close = np.flatnonzero(np.abs(metres - radius_m) <= 2 * NEAR_LIMIT_M)
        metres[close] = self._exact_m(lon, lat, rows[close])
        keep = metres <= radius_m
        return self._with_odd(lon, lat, radius_m, rows[keep], metres[keep])

    def _with_odd(
        self, lon: float, lat: float, radius_m: float, rows: Indices, metres: Floats | None
    ) -> tuple[Indices, Floats]:
        known_m = np.zeros(len(rows)) if metres is None else metres
        if not len(self._odd_rows):
            return rows, known_m
        middle_m = np.linalg.norm(self._odd.centre_xyz - earth_centred(np.array([[lon, lat]])), axis=1)
        chosen = self._odd_rows[middle_m - self._odd.reach_m <= radius_m]
        odd_m = self._exact_m(lon, lat, chosen)
        near = odd_m <= radius_m
        return np.concatenate([rows, chosen[near]]), np.concatenate([known_m, odd_m[near]])

    def _exact_m(self, lon: float, lat: float, rows: Indices) -> Floats:
        """Return rounded metres, infinite for rows that hold nothing."""
        if not len(rows):
            return np.empty(0)
        here = prepare_shapes([shapely.Point(lon, lat)])
        there = prepare_shapes(geometries_of(self._column, rows))
        found = pair_distances(here, there, np.zeros(len(rows), np.int64), np.arange(len(rows)))
        metres = np.round(found.distance_m, DECIMALS)
        metres[~np.isfinite(metres)] = np.inf
        return metres

    @staticmethod
    def _first_of(rows: Indices, metres: Floats) -> tuple[int, float]:
        best = np.lexsort((rows, metres))[0]
        return (int(rows[best]), float(metres[best])) if np.isfinite(metres[best]) else (-1, math.inf)


def _sorted_out(box: Floats) -> tuple[Indices, Indices, Indices]:
    """Return the rows of small polygons, of large ones, and of what only the general path can measure."""
    readable = np.isfinite(box[:, 0])
    wide = np.abs(box[:, 2:] - box[:, :2])
    reach_m = LARGEST_RADIUS_M / 2 * np.hypot(*np.radians(wide).T)
    north_or_south, east_or_west = np.abs(box[:, 1::2]), np.abs(box[:, ::2])
    edge = (north_or_south > _FARTHEST_LAT_DEG).any(axis=1) | (east_or_west > _FARTHEST_LON_DEG).any(axis=1)
    plain = readable & ~edge & (wide < _MOST_DEG).all(axis=1)
    small = plain & (reach_m <= SMALL_REACH_M)
    return np.flatnonzero(small), np.flatnonzero(plain & ~small), np.flatnonzero(~plain & ~np.isnan(box[:, 0]))


def _make_ready(rows: Rows, box: Floats, small: Indices, large: Indices, scratch: Scratch) -> Ready:
    """Lay out all outlines and sort them into cells."""
    none = np.zeros((5, 0))
    begin, reach_m = np.zeros(len(small) + 1, np.int64), np.zeros(len(small))
    frames, boxed = np.zeros((len(small), FRAME_FIELDS)), np.zeros((len(small), 4))
    laid = np.zeros((5, lay_all(rows, small, scratch, frames, none, begin, boxed, reach_m) + LANES))
    lay_all(rows, small, scratch, frames, laid, begin, boxed, reach_m)

    count, need = lay_stretches(rows, large, scratch, frames, none, begin, reach_m, begin)
    more_begin, number = np.zeros(count + 1, np.int64), np.zeros(count, np.int64)
    more_frames, more_reach_m = np.zeros((count, FRAME_FIELDS)), np.zeros(count)
    more = np.zeros((5, need + LANES))
    lay_stretches(rows, large, scratch, more_frames, more, more_begin, more_reach_m, number)
    more_begin[count] = need

    shift = laid.shape[1]
    span = np.concatenate(
        [np.column_stack([begin[:-1], np.diff(begin)]), np.column_stack([more_begin[:-1] + shift, np.diff(more_begin)])]
    )
    frames = np.concatenate([frames, more_frames])
    laid = np.concatenate([laid, more], axis=1)
    ball = np.column_stack([frames[:, :3], np.concatenate([reach_m, more_reach_m])])
    grid, order, first = _cells(frames, float(ball[:, 3].max(initial=0.0)), len(large))
    all_boxes = np.concatenate([boxed, np.zeros((count, 4))])
    row = np.concatenate([small, large[number]])
    held = np.concatenate([np.full(len(small), -1), number])
    room = len(small) + len(large) + LANES
    return Ready(
        frames=np.ascontiguousarray(frames[order]),
        unit_x=laid[0].copy(),
        unit_y=laid[1].copy(),
        along=laid[2].copy(),
        across=laid[3].copy(),
        half=laid[4].copy(),
        ball=np.ascontiguousarray(ball[order]),
        box=np.ascontiguousarray(all_boxes[order]),
        grid=grid,
        large_box=np.ascontiguousarray(box[large]),
        large_m=np.full(len(large), np.inf),
        lon=scratch.lon,
        lat=scratch.lat,
        least=np.zeros(LANES),
        out_m=np.empty(room),
        begin=np.ascontiguousarray(span[order].astype(np.int64)),
        offsets=rows.offsets,
        row=row[order].astype(np.int64),
        large=held[order].astype(np.int64),
        first=first,
        large_row=large.astype(np.int64),
        met=np.zeros(len(large) + 1, np.int64),
        ring_end=scratch.ring_end,
        ring_part=scratch.ring_part,
        out=np.empty(room, np.int64),
        data=rows.data,
    )


def _cuttable(rows: Rows, large: Indices, scratch: Scratch) -> tuple[Indices, Indices]:
    """Part large polygons into those whose outlines can be cut into stretches and those that are too long for it."""
    too_long: list[int] = []
    none = np.empty(0, np.int64)
    while True:
        count, number = lay_stretches(rows, large, scratch, np.zeros((0, 0)), np.zeros((5, 0)), none, np.empty(0), none)
        if count >= 0:
            return large, np.array(too_long, np.int64)
        too_long.append(int(large[number]))
        large = np.delete(large, number)


def _cells(frames: Floats, widest_m: float, large: int) -> tuple[Floats, Indices, Indices]:
    """Return the grid's fields, the order of outlines by cell, and where each cell begins."""
    lon, lat = np.degrees(np.arctan2(frames[:, 3], frames[:, 4])), np.degrees(np.arctan2(frames[:, 5], frames[:, 6]))
    middle = np.column_stack([lon, lat])
    low = middle.min(axis=0, initial=180.0)
    span = np.maximum(middle.max(axis=0, initial=-180.0) - low, 0.0)
    step = max(_CELL_DEG, float(np.sqrt((span[0] + 0.01) * (span[1] + 0.01) / _MOST_CELLS)))
    columns, lines = (int(side / step) + 1 for side in span)
    cell = ((middle - low) / step).astype(np.int64) @ np.array([1, columns])
    first = np.searchsorted(np.sort(cell), np.arange(columns * lines + 1)).astype(np.int64)
    grid = np.array([low[0], low[1], step, columns, lines, widest_m, large], np.float64)
    return grid, np.argsort(cell, kind="stable"), first
