"""Arrow buffers read by compiled code: which shapes need no mending, and texts as numbers by which they are known.

A file of its own because importing it imports numba. A shape is sound if the general way would hand on its bytes and
say nothing: a plain polygon, alone or as the one part of several, within China's degrees whose rings surely don't touch
themselves. Where rounding leaves a doubt it isn't, and GEOS decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.reference.compiled import compiled, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bytes = NDArray[np.uint8]
    Offsets = NDArray[np.int64]

_HEAD_BYTES = 13
"""Of a polygon with one ring: byte order, type, number of rings, number of points."""
_ONE_PART_BYTES = 9
"""Of a multipolygon with one part, before that: byte order, type, number of parts."""
_POINT_BYTES = 16
_FEWEST_POINTS, _MOST_POINTS = 4, 200
"""Every edge is held against every other; beyond this GEOS is faster."""
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
def _goes_round(xy: Floats, points: int) -> bool:
    """Tell whether a closed line surely goes once around the mean of its corners, never back: then it is simple.

    Seen from there every edge turns the same way by less than half a turn, so the line crosses the level of that point
    upwards once a turn. Most parcels are such, and each edge is looked at once instead of against all others.
    """
    edges = points - 1
    x, y = 0.0, 0.0
    for i in range(edges):
        x += xy[2 * i]
        y += xy[2 * i + 1]
    x, y = x / edges, y / edges
    way, upward, downward = 0, 0, 0
    for i in range(edges):
        side = _side(xy[2 * i], xy[2 * i + 1], xy[2 * i + 2], xy[2 * i + 3], x, y)
        if side in {0, -way}:
            return False
        way = side
        upward += xy[2 * i + 1] < y <= xy[2 * i + 3]
        downward += xy[2 * i + 1] >= y > xy[2 * i + 3]
    return upward == 1 and downward == 1


@inner
def _is_ring(xy: Floats, points: int) -> bool:
    """Tell whether a closed line surely is a simple ring with an area."""
    edges = points - 1
    if xy[0] != xy[2 * edges] or xy[1] != xy[2 * edges + 1]:
        return False
    double_area = 0.0
    for i in range(edges):
        double_area += (xy[2 * i] - xy[0]) * (xy[2 * i + 3] - xy[1]) - (xy[2 * i + 2] - xy[0]) * (xy[2 * i + 1] - xy[1])
    if abs(double_area) <= 2 * _LEAST_AREA_DEG2:
        return False
    if _goes_round(xy, points):
        return True
    for i in range(edges):
        if not _turns(xy, i - 1 if i else edges - 1, i, i + 1):
            return False
        for j in range(i + 2, edges - (i == 0)):
            if not _are_apart(xy, i, j):
                return False
    return True


@inner
def _part_at(data: Bytes, begin: int, end: int) -> int:
    """Return where the polygon begins in a multipolygon made of one, as many layers hold; 0 in anything else."""
    if end - begin < _ONE_PART_BYTES or data[begin] != 1 or data[begin + 1] != 6 or data[begin + 5] != 1:  # noqa: PLR2004 -- type
        return 0
    for i in (2, 3, 4, 6, 7, 8):
        if data[begin + i] != 0:
            return 0
    return _ONE_PART_BYTES


@compiled
def _find_sound(data: Bytes, offsets: Offsets, box: Floats, xy: Floats, xy_bytes: Bytes, sound: Bytes) -> None:
    for row in range(len(sound)):
        begin, end = offsets[row], offsets[row + 1]
        begin += _part_at(data, begin, end)
        size = end - begin - _HEAD_BYTES
        points = size // _POINT_BYTES
        if points < _FEWEST_POINTS or points > _MOST_POINTS or points * _POINT_BYTES != size:
            continue
        ring = points if points < 256 else 0  # noqa: PLR2004 -- one byte of the count
        head = data[begin : begin + _HEAD_BYTES]
        is_plain = head[0] == 1 and head[1] == 3 and head[5] == 1 and head[9] == ring  # noqa: PLR2004 -- polygon
        for i in (2, 3, 4, 6, 7, 8, 10, 11, 12):
            is_plain = is_plain and head[i] == 0
        if not is_plain:
            continue
        for i in range(size):
            xy_bytes[i] = data[begin + _HEAD_BYTES + i]
        is_inside = True
        for i in range(points):
            is_inside = is_inside and box[0] <= xy[2 * i] <= box[2] and box[1] <= xy[2 * i + 1] <= box[3]
        sound[row] = is_inside and _is_ring(xy, points)


def sound_rows(wkb: pa.Array, box: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    """Return (n,) which `wkb` surely are simple polygons of one ring, alone or in a multipolygon, within `box`.

    The box is west, south, east, north in the degrees of the shapes.
    """
    offsets, data = _buffers(wkb)
    xy = np.zeros(2 * _MOST_POINTS)
    sound = np.zeros(len(wkb), np.uint8)
    _find_sound(data, offsets, np.array(box), xy, xy.view(np.uint8), sound)
    is_sound: NDArray[np.bool_] = sound.astype(bool) & wkb.is_valid().to_numpy(zero_copy_only=False)
    return is_sound


@compiled
def _hash(data: Bytes, offsets: Offsets, hashes: NDArray[np.uint64]) -> None:
    for row in range(len(hashes)):
        made = np.uint64(14695981039346656037)  # FNV-1a
        for at in range(offsets[row], offsets[row + 1]):
            made = (made ^ np.uint64(data[at])) * np.uint64(1099511628211)
        hashes[row] = made


def hashes_of(texts: pa.Array) -> NDArray[np.int64]:
    """Return (n,) 64 bits for each of `texts`, the same for the same text."""
    offsets, data = _buffers(texts)
    made = np.empty(len(texts), np.uint64)
    _hash(data, offsets, made)
    return made.view(np.int64)


def is_stripped(texts: pa.Array) -> bool:
    """Tell whether each of `texts` is there and surely begins and ends with a sign that is no space."""
    offsets, data = _buffers(texts)
    begin, end = offsets[:-1], offsets[1:]
    if texts.null_count or not (end > begin).all():
        return False
    edges = np.concatenate([data[begin], data[end - 1]])
    return bool(((edges > 0x20) & (edges < 0x7F)).all())  # noqa: PLR2004 -- ASCII but for spaces and what controls


def _buffers(array: pa.Array) -> tuple[Offsets, Bytes]:
    """Return where the values of a binary or text array begin and end, and the bytes."""
    is_long = pa.types.is_large_binary(array.type) or pa.types.is_large_string(array.type)
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64 if is_long else np.int32)[array.offset : array.offset + len(array) + 1]
    return bounds.astype(np.int64), np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
