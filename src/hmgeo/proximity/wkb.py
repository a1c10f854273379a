"""Polygons read from WKB bytes without making geometry objects, and the room that the kernel works in."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import HALF_TURN_DEG
from hmgeo.proximity.vectors import FRAME_FIELDS, LANES, box_of_points, read_eight_points
from hmgeo.reference.compiled import inner, read_count, read_double

Bytes = NDArray[np.uint8]

POLYGON, MULTIPOLYGON = 3, 6
UNREADABLE = -1
SPARE = 2 * LANES
"""Room that scratch arrays need past what they hold."""

_SRID, _M, _Z = 0x20000000, 0x40000000, 0x80000000
_FLAGS = _SRID | _M | _Z
_POINT_BYTES = 16
_LEAST_BYTES = 9
"""Byte order, type and one count."""
_POLE_DEG = HALF_TURN_DEG / 2


@inner
def _header(data: Bytes, at: int) -> tuple[int, int, int]:
    """Return base type, bytes per point, and where the content begins; base type 0 where it isn't little-endian."""
    if data[at] != 1:
        return 0, _POINT_BYTES, at
    word = read_count(data, at + 1)
    flags, code = word & _FLAGS, word & ~_FLAGS
    extra = code // 1000
    size = _POINT_BYTES
    if flags & _Z or extra == 1 or extra == 3:  # noqa: PLR1714, PLR2004 -- looking into a tuple compiles for long
        size += 8
    if flags & _M or extra == 2 or extra == 3:  # noqa: PLR1714, PLR2004 -- as above
        size += 8
    return code % 1000, size, at + 5 + (4 if flags & _SRID else 0)


@inner
def _read_rings(  # noqa: PLR0913, PLR0917 -- compiled code takes arrays one by one
    data: Bytes,
    at: int,
    end: int,
    size: int,
    part: int,
    count: int,
    rings: int,
    lon: Floats,
    lat: Floats,
    ring_end: Indices,
    ring_part: Indices,
) -> tuple[int, int, int]:
    """Append one polygon's rings; return (at, points, rings), at negative where the bytes run out."""
    ring_count = read_count(data, at)
    at += 4
    for _ in range(ring_count):
        if at + 4 > end:
            return UNREADABLE, count, rings
        points = read_count(data, at)
        at += 4
        if at + points * size > end:
            return UNREADABLE, count, rings
        left = points
        while size == _POINT_BYTES and left >= LANES:
            read_eight_points(data, at, lon, lat, count)
            at += LANES * _POINT_BYTES
            count += LANES
            left -= LANES
        for _ in range(left):
            lon[count] = read_double(data, at)
            lat[count] = read_double(data, at + 8)
            at += size
            count += 1
        if points:
            ring_end[rings] = count
            ring_part[rings] = part
            rings += 1
    return at, count, rings


@inner
def read_polygon(  # noqa: PLR0911 -- one for every way to be unreadable
    data: Bytes, begin: int, end: int, lon: Floats, lat: Floats, ring_end: Indices, ring_part: Indices
) -> tuple[int, int]:
    """Read a polygon or multipolygon, `data[begin:end]`, into scratch arrays; return points and rings.

    The first point is repeated after. `lon`, `lat` are degrees; `ring_end` and `ring_part` say where a ring ends and
    whose it is.

    (-1, 0) where it is something else, big-endian or cut short: the general path reads those.
    """
    if end - begin < _LEAST_BYTES:
        return UNREADABLE, 0
    base, size, at = _header(data, begin)
    count = rings = 0
    if base == POLYGON:
        at, count, rings = _read_rings(data, at, end, size, 0, 0, 0, lon, lat, ring_end, ring_part)
    elif base == MULTIPOLYGON:
        parts = read_count(data, at)
        at += 4
        for part in range(parts):
            if at + 9 > end:
                return UNREADABLE, 0
            base, size, at = _header(data, at)
            if base != POLYGON:
                return UNREADABLE, 0
            at, count, rings = _read_rings(data, at, end, size, part, count, rings, lon, lat, ring_end, ring_part)
            if at < 0:
                return UNREADABLE, 0
    else:
        return UNREADABLE, 0
    if at < 0:
        return UNREADABLE, 0
    for i in range(count, count + SPARE):
        lon[i], lat[i] = lon[0], lat[0]
    return count, rings


@inner
def find_box(lon: Floats, lat: Floats, count: int, box: Floats) -> bool:
    """Fill box[:4] with west, south, east, north of `count` points.

    Tell whether every coordinate is a plausible degree.

    `lon` and `lat` are scratch of degrees.
    """
    box_of_points(lon, lat, count, box)
    on_globe: bool = box[0] >= -HALF_TURN_DEG and box[2] <= HALF_TURN_DEG and box[1] > -_POLE_DEG and box[3] < _POLE_DEG
    return on_globe and box[4] == 0


@inner
def holds(lon: Floats, lat: Floats, ring_end: Indices, ring_part: Indices, rings: int, x: float, y: float) -> bool:
    """Tell whether a place (`x`, `y`) lies inside any part, holes left out; even-odd within a part.

    Direction is no matter. `lon`, `lat` hold so many `rings`, ended and shared out as in `ring_end` and `ring_part`.

    On an edge either answer may come; the distance there is 0 anyway.
    """
    inside = False
    begin = 0
    for ring in range(rings):
        if ring and ring_part[ring] != ring_part[ring - 1]:
            if inside:
                return True
            inside = False
        for i in range(begin, ring_end[ring] - 1):
            low, high = lat[i] - y, lat[i + 1] - y
            if (low > 0) != (high > 0):
                across = (lon[i] - x) * high - (lon[i + 1] - x) * low
                if (across > 0) == (high > low):
                    inside = not inside
        begin = ring_end[ring]
    return inside


_SPARE_CUTS = 4_096
_MOST_KEPT_BYTES, _MOST_KEPT_PLACES = 1_000_000, 100_000

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Scratch(NamedTuple):
    """Points, rings, edges and places of one polygon; its points with further ones along edges that must be cut."""

    lon: Floats
    lat: Floats
    ring_end: Indices
    ring_part: Indices
    cut_lon: Floats
    cut_lat: Floats
    cut_end: Indices
    cut_size: int
    x: Floats
    y: Floats
    unit_x: Floats
    unit_y: Floats
    along: Floats
    across: Floats
    half: Floats
    east: Floats
    north: Floats
    drop: Floats
    squared: Floats
    metres: Floats
    rounded: Floats
    best_m: Floats
    limit_m: Floats
    keep: NDArray[np.uint8]
    unsettled: NDArray[np.uint8]
    chosen: NDArray[np.int32]
    chosen_x: Floats
    chosen_y: Floats
    chosen_z: Floats
    frame: Floats
    box: Floats


_held = threading.local()


def scratch_for(offsets: Indices, sources: int) -> Scratch:
    """Return room for the longest row by `offsets` and for all `sources`, this thread's own where it does.

    Nothing is ever read from it that wasn't written for the same row, so what an earlier use left doesn't matter.
    """
    widest = int(np.diff(offsets).max(initial=0))
    if widest > _MOST_KEPT_BYTES or sources > _MOST_KEPT_PLACES:
        return _make_scratch(widest, sources)
    most = getattr(_held, "widest", -1), getattr(_held, "sources", -1)
    if widest > most[0] or sources > most[1]:
        _held.widest, _held.sources = max(widest, most[0]), max(sources, most[1])
        _held.scratch = _make_scratch(_held.widest, _held.sources)
    scratch: Scratch = _held.scratch
    return scratch


def _make_scratch(widest: int, sources: int) -> Scratch:
    """Make room for a row of so many bytes and for so many sources."""
    points, rings, places = widest // 16 + 3 * SPARE, widest // 4 + 2, sources + 3 * SPARE
    cut = 2 * points + _SPARE_CUTS

    edges = cut + 3 * SPARE
    sizes = {
        **dict.fromkeys(("lon", "lat"), points),
        **dict.fromkeys(("cut_lon", "cut_lat", "x", "y", "unit_x", "unit_y", "along", "across", "half"), edges),
        **dict.fromkeys(("east", "north", "drop", "squared", "metres", "rounded", "best_m", "limit_m"), places),
        **dict.fromkeys(("chosen_x", "chosen_y", "chosen_z"), places),
        "frame": FRAME_FIELDS,
        "box": 8,
    }
    return Scratch(
        ring_end=np.zeros(rings, np.int64),
        ring_part=np.zeros(rings, np.int64),
        cut_end=np.zeros(rings, np.int64),
        cut_size=cut,
        keep=np.zeros(places, np.uint8),
        unsettled=np.zeros(places, np.uint8),
        chosen=np.zeros(places, np.int32),
        **{name: np.zeros(size) for name, size in sizes.items()},
    )
