"""The compiled pass over polygons: which sources lie within reach of each, how far, and their areas.

Per polygon: read its rings into scratch, take its box, find the sources listed for its cell, lay a level frame at its
middle, turn edges into segments in that frame (cut where they bend), and take the least distance of eight sources at
a time over all segments. Polygons larger than `SMALL_REACH_M` are measured stretch by stretch of their outline, each
in a frame of its own, against every source that their box could reach.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import SEMI_MAJOR_M, SMALLEST_RADIUS_M
from hmgeo.proximity.vectors import (
    BEND_EAST,
    BEND_M,
    BEND_NORTH,
    EAST,
    ECCENTRICITY_SQUARED,
    FRAME_REACH_M,
    NORTH,
    lay_edges,
    lay_points,
    nearest_of_segments,
    see,
    set_frame_at,
    strips,
    to_geodesics,
)
from hmgeo.proximity.wkb import SPARE, Scratch
from hmgeo.reference.compiled import inner, past

NEAR_LIMIT_M = 5e-4
"""Distances this near a limit are measured again with the geodesic itself; the kernel's own error stays below it."""

GENERAL = 1
"""Flag of rows that the general path must measure: not a polygon, big-endian, broken, or around the globe's seams."""

NO_AREAS, AREAS_OF_PAIRS, ALL_AREAS = range(3)
"""Which rows' areas are wanted: none, those with a pair, all."""

LARGEST_RADIUS_M = SMALLEST_RADIUS_M * 1.0102
"""No radius of curvature of the ellipsoid exceeds a2 / b."""

_RADIANS = math.pi / 180.0
_PIECE_M = 200.0

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Rows(NamedTuple):
    """A WKB column: bytes, (n + 1,) offsets, (n,) nulls, n."""

    data: NDArray[np.uint8]
    offsets: Indices
    is_null: NDArray[np.uint8]
    size: int


class Cells(NamedTuple):
    """Point sources by cells of equal degrees, and the limits that distances are compared with.

    Cells lie from `west` and `south` on, `step_lon` and `step_lat` degrees wide. `first` (cells + 1,) says where the
    list of each begins; `source`, `list_x`, `list_y`, `list_z` and `list_limit_m` are the lists, by source within a
    cell, with room for 16 more. Where all search equally far, `list_limit_m` is as long as the longest list and serves
    every cell (`has_own_limits` false). Sines and cosines are those of the middles of columns and rows; `x`, `y`, `z`
    (earth-centred), `lon`, `lat` and `limit_m` are the sources' own.
    """

    columns: int
    rows: int
    west: float
    south: float
    step_lon: float
    step_lat: float
    first: Indices
    source: NDArray[np.int32]
    list_x: Floats
    list_y: Floats
    list_z: Floats
    list_limit_m: Floats
    has_own_limits: bool
    column_sin: Floats
    column_cos: Floats
    row_sin: Floats
    row_cos: Floats
    x: Floats
    y: Floats
    z: Floats
    lon: Floats
    lat: Floats
    limit_m: Floats
    sources: int
    widest_m: float
    radii_m: Floats
    radii: int


class Room(NamedTuple):
    """Where results go and what is wanted: pairs, which of them lie near a limit, areas, flags.

    `areas` is `NO_AREAS`, `AREAS_OF_PAIRS` or `ALL_AREAS`. `bound_m` (sources x classes) is the nearest known so far,
    lowered in place. Unless `exact`, a pair gets a stand-in distance, on the right side of every limit, where it
    can't be the nearest.
    """

    class_code: Indices
    source: NDArray[np.int32]
    row: NDArray[np.int32]
    metres: Floats
    near: Indices
    size: int
    area_m2: Floats
    flags: NDArray[np.uint8]
    bound_m: Floats
    classes: int
    areas: int
    exact: bool


@inner
def _pieces(frame: Floats, dl: float, dp: float, longest_m: float) -> int:
    """Return into how many pieces an edge must be cut, so that none bends by more than `BEND_M` or is too long."""
    bend_m = abs(dl) * (abs(frame[BEND_EAST] * dp) + abs(frame[BEND_NORTH] * dl)) * 0.25
    pieces = max(1.0, math.ceil(math.sqrt(bend_m / BEND_M)))
    if longest_m > 0:
        length_m = abs(dl) * frame[EAST] + abs(dp) * frame[NORTH]
        pieces = max(pieces, math.ceil(length_m / longest_m))
    return int(pieces)


@inner
def _cut(s: Scratch, rings: int, longest_m: float) -> bool:
    """Fill the cut points: the polygon's and further ones along edges that bend or are too long; False without room."""
    count = begin = 0
    for ring in range(rings):
        s.cut_lon[count], s.cut_lat[count] = s.lon[begin], s.lat[begin]
        count += 1
        for i in range(begin + 1, s.ring_end[ring]):
            step_lon, step_lat = s.lon[i] - s.lon[i - 1], s.lat[i] - s.lat[i - 1]
            pieces = _pieces(s.frame, step_lon * _RADIANS, step_lat * _RADIANS, longest_m)
            if count + pieces >= s.cut_size:
                return False
            for number in range(1, pieces):
                s.cut_lon[count] = s.lon[i - 1] + number / pieces * step_lon
                s.cut_lat[count] = s.lat[i - 1] + number / pieces * step_lat
                count += 1
            s.cut_lon[count], s.cut_lat[count] = s.lon[i], s.lat[i]
            count += 1
        s.cut_end[ring] = count
        begin = s.ring_end[ring]
    for i in range(count, count + SPARE):
        s.cut_lon[i], s.cut_lat[i] = s.cut_lon[0], s.cut_lat[0]
    return True


@inner
def _measure_frame(s: Scratch, segments: int, places: int) -> None:
    """Fill s.metres with the geodesics from the places seen to the segments laid out in the frame."""
    nearest_of_segments(s.east, s.north, places, s.unit_x, s.unit_y, s.along, s.across, s.half, segments, s.squared)
    to_geodesics(s.frame, s.east, s.north, s.drop, s.squared, places, s.metres)


@inner
def _lay(
    s: Scratch, points_lon: Floats, points_lat: Floats, lon: float, lat: float, ring_end: Indices, rings: int
) -> tuple[int, float]:
    """Lay out rings in the frame at (lon, lat); return the number of segments and how far the worst one bends."""
    count = ring_end[rings - 1]
    lay_points(s.frame, points_lon, points_lat, lon, lat, count + SPARE, s.x, s.y)  # copies of a point follow
    lay_edges(s.frame, s.x, s.y, count, s.unit_x, s.unit_y, s.along, s.across, s.half, past(s.box, 5))
    if rings == 1 and count > 1:
        return count - 1, s.box[5]
    for ring in range(rings):
        last = ring_end[ring] - 1  # what leads to the next ring is no edge: only its first point is left
        s.along[last] = -(s.x[last] * s.unit_x[last] + s.y[last] * s.unit_y[last])
        s.half[last] = 0.0
    return count, s.box[5]


@inner
def _lay_small(s: Scratch, lon: float, lat: float, rings: int) -> int:
    """Lay out a polygon that fits into the frame at (lon, lat); return its segments, -1 without room."""
    segments, bend_m = _lay(s, s.lon, s.lat, lon, lat, s.ring_end, rings)
    if bend_m > BEND_M:
        if not _cut(s, rings, 0.0):
            return -1
        segments, _ = _lay(s, s.cut_lon, s.cut_lat, lon, lat, s.cut_end, rings)
    return segments


@inner
def measure_small(s: Scratch, lon: float, lat: float, rings: int, places: int) -> bool:
    """Measure a polygon of so many `rings` that fits into one frame at (`lon`, `lat`); False without room.

    `s` holds the first `places` sources seen.
    """
    segments = _lay_small(s, lon, lat, rings)
    if segments < 0:
        return False
    _measure_frame(s, segments, places)
    return True


@inner
def _stretch(s: Scratch, begin: int, end: int) -> int:
    """Return how far the cut points from `begin` on stay within the reach of a frame at the first of them."""
    last = begin + 1
    while last < end:
        dl, dp = (s.cut_lon[last] - s.cut_lon[begin]) * _RADIANS, (s.cut_lat[last] - s.cut_lat[begin]) * _RADIANS
        if abs(dl) * s.frame[EAST] + abs(dp) * s.frame[NORTH] > FRAME_REACH_M:
            break
        last += 1
    return last


@inner
def _cut_large(s: Scratch, rings: int) -> bool:
    """Fill the cut points of a polygon of any size; False without room."""
    # edges bend most where the box is nearest a pole, and are longest where it is nearest the equator
    poleward = max(abs(s.box[1]), abs(s.box[3]))
    widest = 0.0 if s.box[1] * s.box[3] < 0 else min(abs(s.box[1]), abs(s.box[3]))
    set_frame_at(s.frame, s.lon[0], poleward)
    s.frame[EAST] *= 1.01 * math.cos(widest * _RADIANS) / math.cos(poleward * _RADIANS)
    return _cut(s, rings, _PIECE_M)


@inner
def measure_large(s: Scratch, rings: int, places: int) -> bool:
    """Measure a polygon of so many `rings` stretch by stretch, each in a frame at its first point; False without room.

    `s` holds the first `places` sources chosen.
    """
    if not _cut_large(s, rings):
        return False
    for i in range(places):
        s.best_m[i] = np.inf
    begin = 0
    for ring in range(rings):
        while begin < s.cut_end[ring]:
            lon, lat = s.cut_lon[begin], s.cut_lat[begin]
            set_frame_at(s.frame, lon, lat)
            see(s.frame, s.chosen_x, s.chosen_y, s.chosen_z, 0, places, s.east, s.north, s.drop, s.squared)
            end = _stretch(s, begin, s.cut_end[ring])
            count = end - begin
            lay_points(s.frame, past(s.cut_lon, begin), past(s.cut_lat, begin), lon, lat, count, s.x, s.y)
            for i in range(count, count + SPARE):
                s.x[i], s.y[i] = s.x[count - 1], s.y[count - 1]
            lay_edges(s.frame, s.x, s.y, count, s.unit_x, s.unit_y, s.along, s.across, s.half, past(s.box, 5))
            _measure_frame(s, count, places)
            for i in range(places):
                s.best_m[i] = min(s.best_m[i], s.metres[i])
            begin = end if end == s.cut_end[ring] else end - 1
    for i in range(places):
        s.metres[i] = s.best_m[i]
    return True


@inner
def area_of(s: Scratch, sin_lat: float, cos_lat: float, lon: float, lat: float, count: int, rings: int) -> float:
    """Return the area on the ellipsoid in m2: Snyder's zone function (1987, eq. 3-12) as a series about the middle.

    The middle is at `lon`, `lat` (degrees; `sin_lat`, `cos_lat`); `s` holds `count` points in so many `rings`.
    """
    square, e2 = sin_lat * sin_lat, ECCENTRICITY_SQUARED
    w, c2 = 1 - e2 * square, cos_lat * cos_lat
    scale = SEMI_MAJOR_M * SEMI_MAJOR_M * (1 - e2) / (w * w)
    bracket = -1 + 4 * e2 * (c2 - 3 * square) / w + 24 * e2 * e2 * square * c2 / (w * w)
    s.box[5] = scale * cos_lat
    s.box[6] = scale * sin_lat * (4 * e2 * c2 / w - 1) / 2
    s.box[7] = scale * cos_lat * bracket / 6
    strips(past(s.box, 5), s.lon, s.lat, lon, lat, count, s.half)
    total = 0.0
    begin = 0
    for ring in range(rings):
        ring_m2 = 0.0
        for i in range(begin, s.ring_end[ring] - 1):
            ring_m2 += s.half[i]
        is_hole = ring > 0 and s.ring_part[ring] == s.ring_part[ring - 1]
        total += -abs(ring_m2) if is_hole else abs(ring_m2)
        begin = s.ring_end[ring]
    return total
