"""Polygons kept ready in memory for single questions: what lies within a radius of a point, and what is nearest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.analysis.engine.columns import bytes_of
from hmgeo.analysis.engine.compiled import compiled
from hmgeo.analysis.engine.frames import CURVE_M, CURVE_N, FRAME_FIELDS, NEARBY_M, set_frame_at
from hmgeo.analysis.engine.general import DECIMALS, geometries_of
from hmgeo.analysis.engine.grid import SMALL_REACH_M
from hmgeo.analysis.engine.kernel import LARGEST_RADIUS_M, NEAR_LIMIT_M, Rows, Scratch, lay_small, make_scratch
from hmgeo.analysis.engine.lanes import LANES
from hmgeo.analysis.engine.pointers import bare, past
from hmgeo.analysis.engine.search import boxes
from hmgeo.analysis.engine.sources import FARTHEST_M
from hmgeo.analysis.engine.vectors import segments_to_place
from hmgeo.analysis.engine.wkb import find_box, holds, read_polygon
from hmgeo.geodesy import SMALLEST_RADIUS_M, earth_centred

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.records import Layer

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_CELL_DEG = 0.004
_MOST_CELLS = 4_000_000
_FIRST_M = 120.0
_ARC_EXCESS = 1.02 / (24 * SMALLEST_RADIUS_M**2)
_LIST, _MEASURE, _NEAREST = range(3)
_RADIANS = math.pi / 180.0


class _Ready(NamedTuple):
    """Polygons by cell: frames, segments (eights), boxes with reach, WKB, and where each cell's list begins."""

    frames: Floats
    x: Floats
    y: Floats
    along_x: Floats
    along_y: Floats
    inverse: Floats
    begin: Indices
    ball: Floats
    box: Floats
    data: NDArray[np.uint8]
    offsets: Indices
    row: Indices
    first: Indices
    west: float
    south: float
    step: float
    columns: int
    lines: int
    widest_m: float


@compiled
def _lay_all(
    rows: Rows, order: Indices, scratch: Scratch, frames: Floats, out: Floats, begin: Indices, box: Floats
) -> int:
    """Lay out polygons one after another; return the room they need, also where `out` has none."""
    rows, s = bare(rows), bare(scratch)
    held = 0
    for k in range(len(order)):
        row = order[k]
        _, rings = read_polygon(
            rows.data, rows.offsets[row], rows.offsets[row + 1], s.lon, s.lat, s.ring_end, s.ring_part
        )
        find_box(s.lon, s.lat, s.ring_end[rings - 1], s.box)
        for i in range(4):
            box[k, i] = s.box[i]
        lon, lat = (s.box[0] + s.box[2]) / 2, (s.box[1] + s.box[3]) / 2
        half_lon, half_lat = (s.box[2] - s.box[0]) / 2 * _RADIANS, (s.box[3] - s.box[1]) / 2 * _RADIANS
        wide = half_lon * (math.cos(lat * _RADIANS) + half_lat)
        box[k, 4] = LARGEST_RADIUS_M * math.sqrt(half_lat * half_lat + wide * wide) + 0.01
        set_frame_at(s.frame, lon, lat)
        begin[k] = held
        segments = lay_small(s, lon, lat, rings)
        padded = (segments + LANES - 1) // LANES * LANES
        if out.shape[1]:
            for i in range(FRAME_FIELDS):
                frames[k, i] = s.frame[i]
            for i in range(padded):
                at = min(i, segments - 1)
                out[0, held + i], out[1, held + i] = s.x[at], s.y[at]
                out[2, held + i], out[3, held + i] = s.along_x[at], s.along_y[at]
                out[4, held + i] = s.inverse[at]
        held += padded
    begin[len(order)] = held
    return held


class _Question(NamedTuple):
    """A place in degrees and earth-centred metres, the radius, and what to do: `_LIST`, `_MEASURE` or `_NEAREST`."""

    lon: float
    lat: float
    x: float
    y: float
    z: float
    radius_m: float
    task: int


@compiled
def _cells(r: _Ready, q: _Question) -> tuple[int, int, int, int]:
    """Return the columns and lines of cells that could hold an answer."""
    grow_lat = (q.radius_m + r.widest_m) / SMALLEST_RADIUS_M * 1.001 / _RADIANS
    grow_lon = 1.01 * grow_lat / math.cos(min(89.0, abs(q.lat) + grow_lat) * _RADIANS)
    column = max(0, math.floor((q.lon - grow_lon - r.west) / r.step))
    columns = min(r.columns, math.floor((q.lon + grow_lon - r.west) / r.step) + 1)
    line = max(0, math.floor((q.lat - grow_lat - r.south) / r.step))
    lines = min(r.lines, math.floor((q.lat + grow_lat - r.south) / r.step) + 1)
    return column, max(column, columns), line, lines


@compiled
def _ask(ready: _Ready, scratch: Scratch, q: _Question, out: Indices, out_m: Floats) -> int:
    """Fill the polygons within the radius, or those that may be the nearest; return how many."""
    r, s = bare(ready), bare(scratch)
    found = 0
    radius_m = q.radius_m
    slack_m = NEAR_LIMIT_M + _ARC_EXCESS * radius_m * radius_m * radius_m
    column, columns, line, lines = _cells(r, q)
    for at in range(line, lines):
        for k in range(r.first[at * r.columns + column], r.first[at * r.columns + columns]):
            dx, dy, dz = q.x - r.ball[4 * k], q.y - r.ball[4 * k + 1], q.z - r.ball[4 * k + 2]
            reach_m = r.ball[4 * k + 3]
            squared = dx * dx + dy * dy + dz * dz
            if squared > (radius_m + reach_m) * (radius_m + reach_m):
                continue
            inner_m = radius_m - reach_m - slack_m
            if q.task == _LIST and inner_m > 0 and squared < inner_m * inner_m:
                out[found], out_m[found] = r.row[k], 0.0
                found += 1
                continue
            metres = _distance_m(r, s, past(r.frames, k * FRAME_FIELDS), dx, dy, dz, k)
            if metres <= 2 * (reach_m + 1) and _inside(r, s, k, q.lon, q.lat):
                metres = 0.0
            if metres <= radius_m + NEAR_LIMIT_M:
                if q.task == _NEAREST:
                    found = 0 if metres < radius_m - 2 * NEAR_LIMIT_M else found
                    radius_m = min(radius_m, metres)
                out[found], out_m[found] = r.row[k], metres
                found += 1
    return found


@compiled
def _distance_m(r: _Ready, s: Scratch, frame: Floats, dx: float, dy: float, dz: float, k: int) -> float:
    """Return the distance from a place, as an earth-centred offset from a polygon's frame, to its outline."""
    sin_lon, cos_lon, sin_lat, cos_lat = frame[3], frame[4], frame[5], frame[6]
    outward = cos_lon * dx + sin_lon * dy
    east, north, up = cos_lon * dy - sin_lon * dx, cos_lat * dz - sin_lat * outward, cos_lat * outward + sin_lat * dz
    begin = r.begin[k]
    segments_to_place(r.x, r.y, r.along_x, r.along_y, r.inverse, begin, r.begin[k + 1] - begin, east, north, s.metres)
    level, across = s.metres[0], east * east + north * north
    squared = level + up * up
    if across < NEARBY_M * NEARBY_M:
        squared = level * (1 + up * up / max(across, 1e-30))
    curve = frame[CURVE_N] + (frame[CURVE_M] - frame[CURVE_N]) * (north * north / max(across, 1e-30))
    metres: float = math.sqrt(squared) * (1 + squared * curve)
    return metres


@compiled
def _inside(r: _Ready, s: Scratch, k: int, lon: float, lat: float) -> bool:
    at = k * 5
    if not (r.box[at] <= lon <= r.box[at + 2] and r.box[at + 1] <= lat <= r.box[at + 3]):
        return False
    row = r.row[k]
    _, rings = read_polygon(r.data, r.offsets[row], r.offsets[row + 1], s.lon, s.lat, s.ring_end, s.ring_part)
    return holds(s.lon, s.lat, s.ring_end, s.ring_part, rings, lon, lat)


class ResidentIndex:
    """A layer's polygons, ready for questions about single points.

    Parameters
    ----------
    layer
        Receptors; kept in memory, with about 1 kB for each polygon.
    """

    def __init__(self, layer: Layer) -> None:
        table = layer.read().combine_chunks()
        self.ids = table["receptor_id"].combine_chunks()
        self._column = table["geometry"].combine_chunks()
        self._column = self._column.chunk(0) if isinstance(self._column, pa.ChunkedArray) else self._column
        rows = bytes_of(self._column)
        box, _ = boxes(rows)
        usable = np.isfinite(box[:, 0])
        wide = np.abs(np.radians(box[:, 2:] - box[:, :2]))
        reach_m = LARGEST_RADIUS_M / 2 * np.hypot(wide[:, 0], wide[:, 1])
        edge = (np.abs(box[:, 1]) > 80) | (np.abs(box[:, 3]) > 80) | (np.abs(box[:, ::2]) > 179).any(axis=1)  # noqa: PLR2004
        small = usable & (reach_m <= SMALL_REACH_M) & ~edge
        rest = np.flatnonzero(~small & ~np.isnan(box[:, 0]))
        self._rest = prepare_shapes(geometries_of(self._column, rest))
        self._rest_rows = rest
        self._scratch = make_scratch(rows.offsets, 2 * LANES)
        self._ready = self._make_ready(rows, box, np.flatnonzero(small))
        self._room = np.empty(len(self.ids) + LANES, np.int64), np.empty(len(self.ids) + LANES)

    def _make_ready(self, rows: Rows, box: Floats, small: Indices) -> _Ready:
        middle = (box[small, :2] + box[small, 2:]) / 2
        low = middle.min(axis=0, initial=180.0)
        span = np.maximum(middle.max(axis=0, initial=-180.0) - low, 0.0)
        step = max(_CELL_DEG, float(np.sqrt((span[0] + 0.01) * (span[1] + 0.01) / _MOST_CELLS)))
        columns, lines = (int(side / step) + 1 for side in span)
        cell = ((middle - low) / step).astype(np.int64) @ np.array([1, columns])
        order = small[np.argsort(cell, kind="stable")]
        first = np.searchsorted(np.sort(cell), np.arange(columns * lines + 1))
        begin, boxed = np.zeros(len(order) + 1, np.int64), np.zeros((len(order), 5))
        frames = np.zeros((len(order), FRAME_FIELDS))
        need = _lay_all(rows, order, self._scratch, frames, np.zeros((5, 0)), begin, boxed)
        laid = np.zeros((5, need + LANES))
        _lay_all(rows, order, self._scratch, frames, laid, begin, boxed)
        ball = np.column_stack([frames[:, :3], boxed[:, 4]])
        return _Ready(
            frames=frames,
            x=laid[0],
            y=laid[1],
            along_x=laid[2],
            along_y=laid[3],
            inverse=laid[4],
            begin=begin,
            ball=ball,
            box=boxed,
            data=rows.data,
            offsets=rows.offsets,
            row=order,
            first=first,
            west=float(low[0]),
            south=float(low[1]),
            step=step,
            columns=columns,
            lines=lines,
            widest_m=float(boxed[:, 4].max(initial=0.0)),
        )

    def within(self, lon: float, lat: float, radius_m: float) -> Indices:
        """Return the rows of the layer within a radius, in no order of distance.

        Parameters
        ----------
        lon, lat
            Degrees on CGCS2000.
        radius_m
            Inclusive; up to 50 km.
        """
        rows, metres = self._ask(lon, lat, radius_m, _LIST)
        keep = metres <= radius_m
        return rows if keep.all() else rows[keep]

    def distances(self, lon: float, lat: float, radius_m: float) -> tuple[Indices, Floats]:
        """Return rows as `within`, and their metres, rounded to 0.1 mm."""
        rows, metres = self._ask(lon, lat, radius_m, _MEASURE)
        keep = metres <= radius_m
        return (rows, metres) if keep.all() else (rows[keep], metres[keep])

    def nearest(self, lon: float, lat: float) -> tuple[int, float]:
        """Return the row of the nearest polygon and its metres, the first of equals; (-1, inf) in an empty layer."""
        radius_m = _FIRST_M
        while radius_m < FARTHEST_M:
            rows, metres = self._ask(lon, lat, radius_m, _NEAREST)
            if len(rows) and metres.min() <= radius_m:
                best = np.lexsort((rows, metres))[0]
                return int(rows[best]), float(metres[best])
            radius_m *= 3
        return self._exact_nearest(lon, lat)

    def _ask(self, lon: float, lat: float, radius_m: float, task: int) -> tuple[Indices, Floats]:
        place = earth_centred(np.array([[lon, lat]]))
        out, out_m = self._room
        x, y, z = place[0].tolist()
        question = _Question(float(lon), float(lat), x, y, z, float(radius_m), task)
        count = _ask(self._ready, self._scratch, question, out, out_m)
        rows, metres = out[:count].copy(), np.round(out_m[:count], DECIMALS)
        if task != _NEAREST:
            close = np.flatnonzero(np.abs(out_m[:count] - radius_m) <= NEAR_LIMIT_M)
            metres[close] = self._exact_m(lon, lat, rows[close])
        if not len(self._rest_rows):
            return rows, metres
        bound_m = min(radius_m, metres.min(initial=radius_m)) if task == _NEAREST else radius_m
        middle_m = np.linalg.norm(self._rest.centre_xyz - place, axis=1)
        chosen = np.flatnonzero(middle_m - self._rest.reach_m <= bound_m)
        surely = middle_m[chosen] + self._rest.reach_m[chosen] < radius_m * (1 - 1e-6) if task == _LIST else False
        large_m = np.zeros(len(chosen))
        open_ones = np.flatnonzero(~np.broadcast_to(surely, len(chosen)))
        large_m[open_ones] = self._exact_m(lon, lat, self._rest_rows[chosen[open_ones]])
        return np.concatenate([rows, self._rest_rows[chosen]]), np.concatenate([metres, large_m])

    def _exact_m(self, lon: float, lat: float, rows: Indices) -> Floats:
        if not len(rows):
            return np.empty(0)
        here = prepare_shapes([shapely.Point(lon, lat)])
        there = prepare_shapes(geometries_of(self._column, rows))
        found = pair_distances(here, there, np.zeros(len(rows), np.int64), np.arange(len(rows)))
        return np.round(found.distance_m, DECIMALS)

    def _exact_nearest(self, lon: float, lat: float) -> tuple[int, float]:
        rows = np.concatenate([self._ready.row, self._rest_rows])
        metres = self._exact_m(lon, lat, rows)
        metres[~np.isfinite(metres)] = np.inf
        if not len(metres) or not np.isfinite(metres.min()):
            return -1, math.inf
        best = np.lexsort((rows, metres))[0]
        return int(rows[best]), float(metres[best])
