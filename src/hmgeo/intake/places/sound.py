"""Arrow buffers read by compiled code: which shapes need no mending, and texts as numbers by which they are known.

A file of its own because importing it loads LLVM. A shape is sound if the general way would hand on its bytes and
say nothing: plain polygons within China's degrees whose rings surely touch neither themselves nor each other, holes
inside their shells, parts beside each other. Where rounding leaves a doubt it isn't, and GEOS decides.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hmgeo.reference.compiled import bare, compiled, inner, past, read_count, read_double

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Offsets = NDArray[np.int64]
Hashes = NDArray[np.uint64]


class _Rings(NamedTuple):
    """The bytes of all shapes, and of one the corners of its rings one after the other and where each ring begins."""

    data: Bytes
    xy: Floats
    begins: Offsets


_HEAD_BYTES = 9
"""Byte order, type and one count; before the rings of a polygon and the parts of several."""
_COUNT_BYTES, _POINT_BYTES = 4, 16
_FEWEST_POINTS, _MOST_POINTS = 4, 200
"""Every edge is held against every other; beyond this GEOS is faster."""
_MOST_RINGS = 20
_UNSOUND = -1
_POLYGON, _SEVERAL = 3, 6
_LEAST_AREA_DEG2 = 1e-12  # a thousand times what counts as none
_ROUNDING = 4e-16  # more than 3 + 16 u of Shewchuk's first filter


@inner
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> int:
    """Return on which side of a line a point surely lies; 0 where rounding could turn it."""
    left, right = (ax - x) * (by - y), (ay - y) * (bx - x)
    across = left - right
    doubt = _ROUNDING * (abs(left) + abs(right))
    return int(across > doubt) - int(across < -doubt)


@inner
def _are_apart(xy: Floats, i: int, j: int) -> bool:
    """Tell whether two edges surely have no point in common, but for the corner at which neighbours meet."""
    ax, ay, bx, by = xy[2 * i], xy[2 * i + 1], xy[2 * i + 2], xy[2 * i + 3]
    cx, cy, dx, dy = xy[2 * j], xy[2 * j + 1], xy[2 * j + 2], xy[2 * j + 3]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx):
        return True
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return True
    of_c, of_d = _side(ax, ay, bx, by, cx, cy), _side(ax, ay, bx, by, dx, dy)
    if of_c * of_d > 0:
        return True
    of_a, of_b = _side(cx, cy, dx, dy, ax, ay), _side(cx, cy, dx, dy, bx, by)
    return of_a * of_b > 0


@inner
def _turns(xy: Floats, before: int, at: int, after: int) -> bool:
    """Tell whether the ring goes on at a corner, sideways or straight on, and doesn't come back over itself."""
    x, y = xy[2 * at], xy[2 * at + 1]
    ux, uy, wx, wy = xy[2 * before], xy[2 * before + 1], xy[2 * after], xy[2 * after + 1]
    return _side(ux, uy, wx, wy, x, y) != 0 or (ux - x) * (wx - x) + (uy - y) * (wy - y) < 0


@inner
def _goes_round(xy: Floats, points: int, x: float, y: float) -> bool:
    """Tell whether a closed line surely goes once around a point, the mean of its corners, never back: it is simple.

    Seen from there every edge turns the same way by less than half a turn, so the line crosses the level of that point
    upwards once a turn. Most parcels are such, and each edge is looked at once instead of against all others.
    """
    edges = points - 1
    turned = upward = downward = 0
    ax, ay = xy[0] - x, xy[1] - y
    for i in range(1, points):  # no branch, so that several corners are looked at at once
        bx, by = xy[2 * i] - x, xy[2 * i + 1] - y
        ahead, other = ax * by, ay * bx
        doubt = _ROUNDING * (abs(ahead) + abs(other))
        turned += int(ahead - other > doubt) - int(ahead - other < -doubt)
        upward += (ay < 0) & (by >= 0)
        downward += (ay >= 0) & (by < 0)
        ax, ay = bx, by
    return abs(turned) == edges and upward == 1 and downward == 1


@inner
def _ring_area_deg2(xy: Floats, points: int) -> float:
    """Return the area in a closed line that surely is a simple ring; 0 for any other."""
    edges = points - 1
    if points < _FEWEST_POINTS or xy[0] != xy[2 * edges] or xy[1] != xy[2 * edges + 1]:
        return 0.0
    double_area = x = y = 0.0
    for i in range(edges):
        x, y = x + xy[2 * i], y + xy[2 * i + 1]
        double_area += (xy[2 * i] - xy[0]) * (xy[2 * i + 3] - xy[1]) - (xy[2 * i + 2] - xy[0]) * (xy[2 * i + 1] - xy[1])
    area: float = abs(double_area) / 2
    if area <= _LEAST_AREA_DEG2:
        return 0.0
    if _goes_round(xy, points, x / edges, y / edges):
        return area
    for i in range(edges):
        if not _turns(xy, i - 1 if i else edges - 1, i, i + 1):
            return 0.0
        for j in range(i + 2, edges - (i == 0)):
            if not _are_apart(xy, i, j):
                return 0.0
    return area


@inner
def _are_rings_apart(xy: Floats, first: Offsets, second: Offsets, is_hole: bool) -> bool:  # noqa: FBT001 -- compiled
    """Tell whether two simple rings surely have no point in common and lie as they must.

    A hole lies inside the first, any other ring beside it. Rings that don't meet lie inside one another as any of their
    corners does.
    """
    for i in range(first[0], first[1] - 1):
        for j in range(second[0], second[1] - 1):
            if not _are_apart(xy, i, j):
                return False
    inside = _inside(xy, first, second[0])
    return inside == 1 if is_hole else inside == -1 and _inside(xy, second, first[0]) == -1


@inner
def _inside(xy: Floats, ring: Offsets, point: int) -> int:
    """Return 1 for a point that surely lies inside a ring, -1 for one that surely doesn't, 0 where rounding decides."""
    inside, x, y = -1, xy[2 * point], xy[2 * point + 1]
    for i in range(ring[0], ring[1] - 1):
        is_upward = xy[2 * i + 1] <= y < xy[2 * i + 3]
        if is_upward or xy[2 * i + 3] <= y < xy[2 * i + 1]:
            side = _side(xy[2 * i], xy[2 * i + 1], xy[2 * i + 2], xy[2 * i + 3], x, y)
            if side == 0:
                return 0
            if (side > 0) == is_upward:
                inside = -inside
    return inside


@inner
def _is_head(data: Bytes, at: int, end: int, kind: int) -> bool:
    """Tell whether a plain little-endian shape of a kind begins here."""
    if end - at < _HEAD_BYTES or data[at] != 1:
        return False
    is_kind: bool = data[at + 1] == kind and data[at + 2] == 0 and data[at + 3] == 0 and data[at + 4] == 0
    return is_kind


@inner
def _ring_at(at: int, end: int, into: _Rings, rings: int) -> float:
    """Read a ring behind those read before; return its area, 0 where it isn't sound or there is no more room."""
    begin = into.begins[rings]
    count = read_count(into.data, at) if at + _COUNT_BYTES <= end else 0
    if count == 0 or begin + count > _MOST_POINTS or at + _COUNT_BYTES + count * _POINT_BYTES > end:
        return 0.0
    for i in range(2 * count):
        into.xy[2 * begin + i] = read_double(into.data, at + _COUNT_BYTES + _POINT_BYTES // 2 * i)
    into.begins[rings + 1] = begin + count
    return _ring_area_deg2(past(into.xy, 2 * begin), count)


@inner
def _polygon_at(at: int, end: int, into: _Rings, rings: int) -> tuple[int, int]:
    """Read a polygon behind the rings read before; return where it ends (`_UNSOUND` if it is that), and all rings."""
    more = read_count(into.data, at + 5) if _is_head(into.data, at, end, _POLYGON) else 0
    if more == 0 or rings + more > _MOST_RINGS:
        return _UNSOUND, rings
    at += _HEAD_BYTES
    area, begins = 0.0, into.begins
    for ring in range(rings, rings + more):
        own = _ring_at(at, end, into, ring)
        if own == 0:
            return _UNSOUND, rings
        for other in range(ring):
            is_hole = other == rings
            if not _are_rings_apart(into.xy, past(begins, other), past(begins, ring), is_hole):
                return _UNSOUND, rings
        area += own if ring == rings else -own
        at += _COUNT_BYTES + (begins[ring + 1] - begins[ring]) * _POINT_BYTES
    return at if area > _LEAST_AREA_DEG2 else _UNSOUND, rings + more


@compiled
def _find_sound(offsets: Offsets, box: tuple[float, float, float, float], rooms: _Rings, sound: Bytes) -> None:
    into = bare(rooms)  # of arrays each part of one would be counted while it is looked at
    west, south, east, north = box
    for row in range(len(sound)):
        at, end = offsets[row], offsets[row + 1]
        parts, rings = 1, 0
        if _is_head(into.data, at, end, _SEVERAL):
            parts = read_count(into.data, at + 5)
            at += _HEAD_BYTES
        while parts and at != _UNSOUND:
            at, rings = _polygon_at(at, end, into, rings)
            parts -= 1
        inside, points = 0, into.begins[rings]
        for i in range(points if at == end else 0):
            x, y = into.xy[2 * i], into.xy[2 * i + 1]
            inside += (west <= x) & (x <= east) & (south <= y) & (y <= north)
        sound[row] = at == end and inside == points > 0


def sound_rows(wkb: pa.Array, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Return (n,) which `wkb` surely are valid polygons or multipolygons, of few corners, within `box`.

    The box is west, south, east, north in the degrees of the shapes.
    """
    offsets, data = _buffers(wkb)
    sound = np.zeros(len(wkb), np.uint8)
    into = _Rings(data, np.zeros(2 * _MOST_POINTS), np.zeros(_MOST_RINGS + 1, np.int64))
    _find_sound(offsets, box, into, sound)
    is_sound: NDArray[np.bool_] = sound.astype(bool) & wkb.is_valid().to_numpy(zero_copy_only=False)
    return is_sound


def compile_ahead() -> None:
    """Compile what `sound_rows` calls: once kept, files far smaller than pay for compiling have the use of it."""
    sound_rows(pa.array([b""]), (0.0, 0.0, 0.0, 0.0))


_MIXES = np.uint64(0x9E3779B97F4A7C15)
"""2 to the 64th by the golden ratio: hashes of texts that differ in their last sign are alike in their upper bits."""


@compiled
def _enter(data: Bytes, offsets: Offsets, table: Hashes, made: Hashes, is_new: Bytes) -> int:
    """Put the hashes of texts, kept in `made`, into a table with room for them; return how many weren't there."""
    last, count = len(table) - 1, 0
    for row in range(len(is_new)):
        text_hash = np.uint64(14695981039346656037)  # FNV-1a
        for at in range(offsets[row], offsets[row + 1]):
            text_hash = (text_hash ^ np.uint64(data[at])) * np.uint64(1099511628211)
        made[row] = text_hash | np.uint64(1)
    for row in range(len(is_new)):  # apart, so that many places are waited for at once
        is_new[row] = _put(made[row], table, last)
        count += is_new[row]
    return count


@inner
def _put(text_hash: np.uint64, table: Hashes, last: int) -> bool:
    """Put a hash into the first free place from its own on; tell whether it was not there."""
    place = np.int64((text_hash * _MIXES) >> np.uint64(32)) & last
    while table[place] != text_hash:
        if table[place] == 0:
            table[place] = text_hash
            return True
        place = (place + 1) & last
    return False


@compiled
def _move(table: Hashes, into: Hashes) -> None:
    for text_hash in table:
        if text_hash:
            _put(text_hash, into, len(into) - 1)


class KnownTexts:
    """Texts given so far, by 63 bits of each: 11 to 22 bytes a text, and half as much again while it grows."""

    def __init__(self) -> None:
        self._table, self._count = np.zeros(1 << 16, np.uint64), 0

    def enter(self, texts: pa.Array) -> NDArray[np.bool_]:
        """Return (n,) which of `texts` were not given before, nor earlier among them; from now on all were."""
        offsets, data = _buffers(texts)
        while 4 * (self._count + len(texts)) > 3 * len(self._table):
            wider = np.zeros(2 * len(self._table), np.uint64)
            _move(self._table, wider)
            self._table = wider
        is_new = np.zeros(len(texts), np.uint8)
        self._count += _enter(data, offsets, self._table, np.empty(len(texts), np.uint64), is_new)
        return is_new.astype(bool)


def are_ids(texts: pa.Array) -> bool:
    """Tell whether each of `texts` is there and surely an id: no space at either end, nothing that stands for none."""
    offsets, data = _buffers(texts)
    return texts.null_count == 0 and _are_ids(data, offsets)


_SPACE, _DASH, _SLASH, _DELETE = b" -/\x7f"


@compiled
def _are_ids(data: Bytes, offsets: Offsets) -> bool:
    for row in range(len(offsets) - 1):
        first, last = offsets[row], offsets[row + 1] - 1
        if last < first or not (_SPACE < data[first] < _DELETE and _SPACE < data[last] < _DELETE):
            return False
        if data[last] == _DASH or data[last] == _SLASH:  # -, -- and / are no ids
            return False
    return True


def _buffers(array: pa.Array) -> tuple[Offsets, Bytes]:
    """Return where the values of a binary or text array begin and end, and the bytes."""
    is_long = pa.types.is_large_binary(array.type) or pa.types.is_large_string(array.type)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64 if is_long else np.int32)[array.offset : array.offset + len(array) + 1]
    return bounds.astype(np.int64), np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
