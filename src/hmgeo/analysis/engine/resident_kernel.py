"""The compiled side of `resident`: questions asked of polygons that `resident_lay` laid out.

Everything is reached through one array of addresses, because handing over an array costs more than looking at a
hundred polygons.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types

from hmgeo.analysis.engine.frames import CURVE_M, CURVE_N, ECCENTRICITY_SQUARED, FRAME_FIELDS, NEARBY_M
from hmgeo.analysis.engine.kernel import NEAR_LIMIT_M
from hmgeo.analysis.engine.lanes import written
from hmgeo.analysis.engine.pointers import past
from hmgeo.analysis.engine.segments import segments_to_place
from hmgeo.analysis.engine.wkb import holds, read_polygon
from hmgeo.geodesy import SEMI_MAJOR_M, SMALLEST_RADIUS_M
from hmgeo.reference.compiled import compiled, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.untyped import Ir

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

LIST, MEASURE, NEAREST = range(3)
WEST, SOUTH, STEP, COLUMNS, LINES, WIDEST_M, LARGE = range(7)
"""Fields of `Ready.grid`: where the cells lie (degrees), the farthest reach of a ball, how many large polygons."""

_FIRST_M = 120.0
_FARTHEST_M = 50_000.0
_ARC_EXCESS = 1.02 / (24 * SMALLEST_RADIUS_M**2)
_RADIANS = math.pi / 180.0
_UNITS = 1e4
_ROUNDING_M = 1e-4


class Ready(NamedTuple):
    """Outlines by cell: frames, segments (eights), balls, and what they belong to; room for answers.

    `large` is -1 for a small polygon laid out whole, else the number of the large one that an outline is a part of;
    `large_m` the least distance met so far, `met` the large ones met.
    """

    frames: Floats
    unit_x: Floats
    unit_y: Floats
    along: Floats
    across: Floats
    half: Floats
    ball: Floats
    box: Floats
    grid: Floats
    large_box: Floats
    large_m: Floats
    lon: Floats
    lat: Floats
    least: Floats
    out_m: Floats
    begin: Indices
    offsets: Indices
    row: Indices
    large: Indices
    first: Indices
    large_row: Indices
    met: Indices
    ring_end: Indices
    ring_part: Indices
    out: Indices
    data: NDArray[np.uint8]


_FIRST_INDICES, _FIRST_BYTES = Ready._fields.index("begin"), Ready._fields.index("data")


@written
def ready_at(_typing: Ir, _addresses: Ir) -> Ir:
    """Return `Ready` as pointers, given an array of the addresses of its arrays."""
    kinds = [
        types.CPointer(
            types.float64 if i < _FIRST_INDICES else types.int64 if i < _FIRST_BYTES else types.uint8  # as Ready has it
        )
        for i in range(len(Ready._fields))
    ]
    result = types.NamedTuple(kinds, Ready)

    def generate(context: Ir, builder: Ir, signature: Ir, arguments: Ir) -> Ir:
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, arguments[0]).data
        values = []
        for i, pointer in enumerate(kinds):
            address = builder.load(builder.gep(held, [ir.Constant(ir.IntType(64), i)]))
            values.append(builder.inttoptr(address, context.get_value_type(pointer)))
        return context.make_tuple(builder, result, values)

    return result(types.Array(types.int64, 1, "C")), generate


class _Question(NamedTuple):
    """A place in degrees and earth-centred metres, and what to do: `LIST`, `MEASURE` or `NEAREST`."""

    lon: float
    lat: float
    x: float
    y: float
    z: float
    task: int


@inner
def _cells(r: Ready, q: _Question, radius_m: float) -> tuple[int, int, int, int]:
    """Return the columns and lines of cells that could hold an answer."""
    west, south, step = r.grid[WEST], r.grid[SOUTH], r.grid[STEP]
    grow_lat = (radius_m + r.grid[WIDEST_M]) / SMALLEST_RADIUS_M * 1.001 / _RADIANS
    grow_lon = 1.01 * grow_lat / math.cos(min(89.0, abs(q.lat) + grow_lat) * _RADIANS)
    column = max(0, math.floor((q.lon - grow_lon - west) / step))
    columns = min(int(r.grid[COLUMNS]), math.floor((q.lon + grow_lon - west) / step) + 1)
    line = max(0, math.floor((q.lat - grow_lat - south) / step))
    lines = min(int(r.grid[LINES]), math.floor((q.lat + grow_lat - south) / step) + 1)
    return column, max(column, columns), line, lines


@compiled
def ask(addresses: Indices, lon: float, lat: float, radius_m: float, task: int) -> int:
    """Answer; rows and rounded metres go to `Ready.out` and `out_m`. Returns how many there are.

    The number is negative, less one, where one of them lies so near the radius that it must be measured again. For
    `NEAREST` there is one answer at most, and none where nothing lies within 50 km.
    """
    r = ready_at(addresses)
    sin_lat, cos_lat = math.sin(lat * _RADIANS), math.cos(lat * _RADIANS)
    n = SEMI_MAJOR_M / math.sqrt(1 - ECCENTRICITY_SQUARED * sin_lat * sin_lat)
    q = _Question(
        lon,
        lat,
        n * cos_lat * math.cos(lon * _RADIANS),
        n * cos_lat * math.sin(lon * _RADIANS),
        n * (1 - ECCENTRICITY_SQUARED) * sin_lat,
        task,
    )
    if task != NEAREST:
        return _within(r, q, radius_m)
    limit_m = _FIRST_M
    while limit_m < _FARTHEST_M:
        found_m = _nearest(r, q, limit_m)
        if found_m <= limit_m:
            return 1
        limit_m = min(3 * limit_m, found_m)
    return 0


@inner
def _within(r: Ready, q: _Question, radius_m: float) -> int:
    found = met = 0
    is_close = False
    slack_m = NEAR_LIMIT_M + _ARC_EXCESS * radius_m * radius_m * radius_m
    column, columns, line, lines = _cells(r, q, radius_m)
    width = int(r.grid[COLUMNS])
    for at in range(line, lines):
        for k in range(r.first[at * width + column], r.first[at * width + columns]):
            dx, dy, dz = q.x - r.ball[4 * k], q.y - r.ball[4 * k + 1], q.z - r.ball[4 * k + 2]
            reach_m = r.ball[4 * k + 3]
            squared = dx * dx + dy * dy + dz * dz
            if squared > (radius_m + reach_m) * (radius_m + reach_m):
                continue
            inner_m = radius_m - reach_m - slack_m
            metres = 0.0
            if q.task != LIST or inner_m <= 0 or squared >= inner_m * inner_m:
                metres = _distance_m(r, q, dx, dy, dz, k)
                if metres > radius_m + NEAR_LIMIT_M:
                    continue
            number = r.large[k]
            if number >= 0:
                if r.large_m[number] == np.inf:
                    r.met[met] = number
                    met += 1
                r.large_m[number] = min(r.large_m[number], metres)
                continue
            is_close |= abs(metres - radius_m) <= NEAR_LIMIT_M
            r.out[found], r.out_m[found] = r.row[k], np.rint(metres * _UNITS) / _UNITS
            found += 1
    found, large_is_close = _take_large(r, q, radius_m, found, met)
    return -1 - found if is_close or large_is_close else found


@inner
def _take_large(r: Ready, q: _Question, radius_m: float, found: int, met: int) -> tuple[int, bool]:
    """Add the large polygons met, and those around the place."""
    is_close = False
    for number in range(int(r.grid[LARGE])):
        if _inside(r, q, past(r.large_box, 4 * number), r.large_row[number]):
            if r.large_m[number] == np.inf:
                r.met[met] = number
                met += 1
            r.large_m[number] = 0.0
    for i in range(met):
        number = r.met[i]
        metres = r.large_m[number]
        r.large_m[number] = np.inf
        is_close |= abs(metres - radius_m) <= NEAR_LIMIT_M
        r.out[found], r.out_m[found] = r.large_row[number], np.rint(metres * _UNITS) / _UNITS
        found += 1
    return found, is_close


@inner
def _nearest(r: Ready, q: _Question, limit_m: float) -> float:
    """Put the nearest into out[0] and out_m[0], the first of equals; return its metres.

    Sure if they are within `limit_m`; farther off something else may be nearer still.
    """
    best_m, best_row = np.inf, -1
    for number in range(int(r.grid[LARGE])):
        row = r.large_row[number]
        if _inside(r, q, past(r.large_box, 4 * number), row) and (best_m > 0 or row < best_row):
            best_m, best_row = 0.0, row
    column, columns, line, lines = _cells(r, q, limit_m)
    width = int(r.grid[COLUMNS])
    bound_m = min(best_m, limit_m) + _ROUNDING_M
    for at in range(line, lines):
        for k in range(r.first[at * width + column], r.first[at * width + columns]):
            dx, dy, dz = q.x - r.ball[4 * k], q.y - r.ball[4 * k + 1], q.z - r.ball[4 * k + 2]
            far_m = bound_m + r.ball[4 * k + 3]
            if dx * dx + dy * dy + dz * dz > far_m * far_m:
                continue
            metres = np.rint(_distance_m(r, q, dx, dy, dz, k) * _UNITS) / _UNITS
            row = r.row[k]
            if metres < best_m or (metres == best_m and row < best_row):
                best_m, best_row = metres, row
                bound_m = min(best_m, limit_m) + _ROUNDING_M
    r.out[0], r.out_m[0] = best_row, best_m
    return best_m


@inner
def _distance_m(r: Ready, q: _Question, dx: float, dy: float, dz: float, k: int) -> float:
    """Return the distance from a place, as an earth-centred offset from an outline's frame; 0 in a small polygon."""
    frame = past(r.frames, k * FRAME_FIELDS)
    sin_lon, cos_lon, sin_lat, cos_lat = frame[3], frame[4], frame[5], frame[6]
    outward = cos_lon * dx + sin_lon * dy
    east, north, up = cos_lon * dy - sin_lon * dx, cos_lat * dz - sin_lat * outward, cos_lat * outward + sin_lat * dz
    begin = r.begin[2 * k]
    count = r.begin[2 * k + 1]
    segments_to_place(r.unit_x, r.unit_y, r.along, r.across, r.half, begin, count, east, north, r.least)
    level, across = r.least[0], east * east + north * north
    squared = level + up * up
    if across < NEARBY_M * NEARBY_M:
        squared = level * (1 + up * up / max(across, 1e-30))
    curve = frame[CURVE_N] + (frame[CURVE_M] - frame[CURVE_N]) * (north * north / max(across, 1e-30))
    metres: float = math.sqrt(squared) * (1 + squared * curve)
    if r.large[k] < 0 and metres <= 2 * (r.ball[4 * k + 3] + 1) and _inside(r, q, past(r.box, 4 * k), r.row[k]):
        return 0.0
    return metres


@inner
def _inside(r: Ready, q: _Question, box: Floats, row: int) -> bool:
    if not (box[0] <= q.lon <= box[2] and box[1] <= q.lat <= box[3]):
        return False
    _, rings = read_polygon(r.data, r.offsets[row], r.offsets[row + 1], r.lon, r.lat, r.ring_end, r.ring_part)
    return holds(r.lon, r.lat, r.ring_end, r.ring_part, rings, q.lon, q.lat)
