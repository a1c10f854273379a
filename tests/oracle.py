"""Brute-force reference for ground distance and area, slow and plain; nothing here comes from hmgeo.

Distance is the shortest geodesic on the CGCS2000 ellipsoid between two shapes as drawn in lon/lat: edges straight in
lon/lat, 0 where the shapes touch or overlap. Only `pyproj.Geod` measures; shapely says what lies inside what.

Method: every edge is cut into pieces of at most 5 km, each piece is sampled, and a golden-section search runs around
the best sample. Pieces are left out only where a bound proves that they cannot hold the nearest point: no piece is
longer than `_upper_length_m`, so no point of it is nearer than its middle less half that length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Geod

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SEMI_MAJOR_M = 6_378_137.0
INVERSE_FLATTENING = 298.257222101
GEOD = Geod(a=SEMI_MAJOR_M, rf=INVERSE_FLATTENING)


def box_from(home: tuple[float, float], east_m: float, north_m: float, side_m: float) -> shapely.Polygon:
    """Return a box whose lower left corner lies so far from a place."""
    west, _, _ = GEOD.fwd(*home, 90, east_m)
    _, south, _ = GEOD.fwd(*home, 0, north_m)
    east, _, _ = GEOD.fwd(*home, 90, east_m + side_m)
    _, north, _ = GEOD.fwd(*home, 0, north_m + side_m)
    return shapely.box(west, south, east, north)


LARGEST_RADIUS_M = SEMI_MAJOR_M / (1 - 1 / INVERSE_FLATTENING)
"""a²/b, the radius of curvature at the poles: no direction anywhere on the ellipsoid curves less."""

PIECE_M = 5_000.0
SAMPLES = 9
GOLDEN = (np.sqrt(5.0) - 1) / 2
TOLERANCE_M = 1e-8


@dataclass(frozen=True, slots=True)
class Pieces:
    """Stretches of edges, each straight in lon/lat; `owner` is the index of the geometry it belongs to."""

    start: Floats
    end: Floats
    owner: Ints
    length_m: Floats

    def __getitem__(self, chosen: Ints | NDArray[np.bool_]) -> Pieces:
        """Return the chosen pieces."""
        return Pieces(self.start[chosen], self.end[chosen], self.owner[chosen], self.length_m[chosen])

    def at(self, t: Floats) -> Floats:
        """Return the lon/lat at parameter t of each piece, 0 at its start and 1 at its end."""
        return self.start * (1 - t)[:, None] + self.end * t[:, None]


def _upper_length_m(start: Floats, end: Floats) -> Floats:
    """Return a length that a lon/lat-straight edge cannot exceed on the ellipsoid."""
    dlon, dlat = np.radians(end - start).T
    widest = np.cos(np.radians(np.minimum(np.abs(start[:, 1]), np.abs(end[:, 1]))))
    widest = np.where(start[:, 1] * end[:, 1] < 0, 1.0, widest)
    upper: Floats = LARGEST_RADIUS_M * np.hypot(dlat, dlon * widest)
    return upper


def _pieces(geometries: Sequence[shapely.Geometry]) -> Pieces:
    """Return every edge of all rings, lines and points, cut to 5 km; a point is an edge of no length."""
    starts, ends, owners = [], [], []
    for index, geometry in enumerate(geometries):
        for simple in shapely.get_parts([geometry]):
            rings = [simple.exterior, *simple.interiors] if simple.geom_type == "Polygon" else [simple]
            for ring in rings:
                xy = shapely.get_coordinates(ring)
                if len(xy) == 1:
                    xy = np.repeat(xy, 2, axis=0)
                starts.append(xy[:-1])
                ends.append(xy[1:])
                owners.append(np.full(len(xy) - 1, index))
    start, end, owner = np.concatenate(starts), np.concatenate(ends), np.concatenate(owners)
    counts = np.maximum(1, np.ceil(_upper_length_m(start, end) / PIECE_M)).astype(np.int64)
    which = np.repeat(np.arange(len(start)), counts)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    low, high = (nth / counts[which])[:, None], ((nth + 1) / counts[which])[:, None]
    cut_start = start[which] * (1 - low) + end[which] * low
    cut_end = start[which] * (1 - high) + end[which] * high
    return Pieces(cut_start, cut_end, owner[which], _upper_length_m(cut_start, cut_end))


def _geodesic_m(a: Floats, b: Floats) -> Floats:
    """Return the geodesic between each lon/lat of a and of b; either may be a single one."""
    a, b = np.broadcast_arrays(np.atleast_2d(a), np.atleast_2d(b))
    _, _, metres = GEOD.inv(a[:, 0].copy(), a[:, 1].copy(), b[:, 0].copy(), b[:, 1].copy())
    return np.asarray(metres, dtype=np.float64)


def _golden_min(measure: Callable[[Floats, Ints], Floats], low: Floats, high: Floats, length_m: Floats) -> Floats:
    """Return the least value of each one-valley function between low and high.

    `measure(t, which)` evaluates the functions `which` at t. A search ends when its bracket, w metres wide, leaves no
    room for a better value: a distance d falls by at most w, and by about w²/2d near its minimum.
    """
    best = np.full(len(low), np.inf)
    which = np.arange(len(low))
    low, high = low.copy(), high.copy()
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = measure(left, which), measure(right, which)
    while len(which):
        best[which] = np.minimum(best[which], np.minimum(at_left, at_right))
        go_left = at_left < at_right
        high, low = np.where(go_left, right, high), np.where(go_left, low, left)
        fresh = np.where(go_left, high - GOLDEN * (high - low), low + GOLDEN * (high - low))
        left, right = np.where(go_left, fresh, right), np.where(go_left, left, fresh)
        at_fresh = measure(fresh, which)
        at_left, at_right = np.where(go_left, at_fresh, at_right), np.where(go_left, at_left, at_fresh)
        width = (high - low) * length_m[which]
        near = np.maximum(best[which] - width, 0)
        on = (width > TOLERANCE_M) & (width * width > TOLERANCE_M * near) & (high - low > 1e-15)
        best[which] = np.minimum(best[which], at_fresh)
        which, low, high, left, right = which[on], low[on], high[on], left[on], right[on]
        at_left, at_right = at_left[on], at_right[on]
    return best


def _sample_then_search(measure: Callable[[Floats, Ints], Floats], length_m: Floats) -> Floats:
    """Return the least value of each function over t in [0, 1]: samples first, then a search beside the best one."""
    count = len(length_m)
    ts = np.linspace(0, 1, SAMPLES)
    sampled = measure(np.tile(ts, count), np.repeat(np.arange(count), SAMPLES)).reshape(count, SAMPLES)
    lowest = sampled.argmin(axis=1)
    found = _golden_min(measure, ts[np.maximum(lowest - 1, 0)], ts[np.minimum(lowest + 1, SAMPLES - 1)], length_m)
    best: Floats = np.minimum(sampled.min(axis=1), found)
    return best


def _least_by_owner(values: Floats, owner: Ints, owners: int) -> Floats:
    least = np.full(owners, np.inf)
    np.minimum.at(least, owner, values)
    return least


def _to_outlines_m(point: Floats, pieces: Pieces, owners: int) -> Floats:
    """Return the distance from one point to the outline of every owner; inf for owners without pieces."""
    to_middle = _geodesic_m(point, pieces.at(np.full(len(pieces.owner), 0.5)))
    upper = _least_by_owner(to_middle, pieces.owner, owners)
    kept = pieces[to_middle - pieces.length_m / 2 <= upper[pieces.owner]]
    values = _sample_then_search(lambda t, which: _geodesic_m(point, kept[which].at(t)), kept.length_m)
    return _least_by_owner(values, kept.owner, owners)


def _reach_m(geometries: Sequence[shapely.Geometry], pieces: Pieces) -> tuple[Floats, Floats]:
    """Return a centre for each geometry and a radius around it that surely holds all of the geometry."""
    boxes = shapely.bounds(np.asarray(geometries, dtype=object))
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    to_middle = _geodesic_m(centre[pieces.owner], pieces.at(np.full(len(pieces.owner), 0.5)))
    reach = np.zeros(len(geometries))
    np.maximum.at(reach, pieces.owner, to_middle + pieces.length_m / 2)
    return centre, reach


def distance_m(lon: float, lat: float, geometry: shapely.Geometry) -> float:
    """Return the distance from a point to any lon/lat geometry."""
    return float(distances_m(np.array([[lon, lat]]), [geometry])[0, 0])


def distances_m(points: Floats, geometries: Sequence[shapely.Geometry]) -> Floats:
    """Return the (points, geometries) matrix of distances."""
    pieces = _pieces(geometries)
    drawn = np.asarray(geometries, dtype=object)
    shapely.prepare(drawn)
    rows = []
    for lon, lat in points:
        row = _to_outlines_m(np.array([lon, lat]), pieces, len(drawn))
        rows.append(np.where(shapely.intersects_xy(drawn, lon, lat), 0.0, row))
    return np.array(rows).reshape(len(points), len(drawn))


def pairs_within(
    points: Floats, geometries: Sequence[shapely.Geometry], radius_m: float
) -> dict[tuple[int, int], float]:
    """Return the distance of every pair (point index, geometry index) that lies within the radius, limit included.

    Distances are rounded to 0.1 mm before they are compared, and given so.
    """
    pieces = _pieces(geometries)
    centre, reach = _reach_m(geometries, pieces)
    drawn = np.asarray(geometries, dtype=object)
    shapely.prepare(drawn)
    pairs = {}
    for i, (lon, lat) in enumerate(points):
        point = np.array([lon, lat])
        near = _geodesic_m(point, centre) - reach <= radius_m + 1
        row = _to_outlines_m(point, pieces[near[pieces.owner]], len(drawn))
        rounded = np.round(np.where(shapely.intersects_xy(drawn, lon, lat), 0.0, row), 4)
        pairs.update({(i, int(j)): float(rounded[j]) for j in np.flatnonzero(rounded <= radius_m)})
    return pairs


def shape_distance_m(first: shapely.Geometry, second: shapely.Geometry) -> float:
    """Return the distance between two lon/lat geometries of any kind."""
    return float(shape_distances_m([first], [second])[0, 0])


def shape_distances_m(first: Sequence[shapely.Geometry], second: Sequence[shapely.Geometry]) -> Floats:
    """Return the (first, second) matrix of distances between lon/lat geometries of any kind.

    A search along every edge of one over searches along the edges of the other: for hundreds of edges, not for layers.
    """
    a, b = _pieces(first), _pieces(second)
    ia, ib = (grid.ravel() for grid in np.meshgrid(np.arange(len(a.owner)), np.arange(len(b.owner)), indexing="ij"))
    a, b = a[ia], b[ib]
    pair, pairs = a.owner * len(second) + b.owner, len(first) * len(second)
    half = np.full(len(pair), 0.5)
    to_middle = _geodesic_m(a.at(half), b.at(half))
    apart_m = [to_middle, *(_geodesic_m(one, other) for one in (a.start, a.end) for other in (b.start, b.end))]
    upper = _least_by_owner(np.min(apart_m, axis=0), pair, pairs)
    kept = to_middle - (a.length_m + b.length_m) / 2 <= upper[pair]
    a, b = a[kept], b[kept]

    def along_first(s: Floats, which: Ints) -> Floats:
        held, other = a[which].at(s), b[which]
        return _sample_then_search(lambda t, k: _geodesic_m(held[k], other[k].at(t)), other.length_m)

    least = _least_by_owner(_sample_then_search(along_first, a.length_m), pair[kept], pairs)
    meets = shapely.intersects(np.asarray(first, dtype=object)[:, None], np.asarray(second, dtype=object))
    return np.where(meets, 0.0, least.reshape(meets.shape))


def _ring_area_m2(ring: shapely.Geometry, step_m: float) -> float:
    """Return the unsigned area within a ring whose edges are straight in lon/lat."""
    xy = shapely.get_coordinates(ring)
    steps = np.maximum(1, np.ceil(_upper_length_m(xy[:-1], xy[1:]) / step_m)).astype(np.int64)
    which = np.repeat(np.arange(len(steps)), steps)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(steps) - steps, steps)
    t = (nth / steps[which])[:, None]
    dense = xy[which] * (1 - t) + xy[which + 1] * t
    area, _ = GEOD.polygon_area_perimeter(dense[:, 0], dense[:, 1])
    return abs(float(area))


def ellipsoidal_area_m2(geometry: shapely.Geometry, step_m: float = 5.0) -> float:
    """Return the area of a polygon or multipolygon; holes are subtracted whatever the direction of their rings."""
    return sum(
        _ring_area_m2(polygon.exterior, step_m) - sum(_ring_area_m2(hole, step_m) for hole in polygon.interiors)
        for polygon in shapely.get_parts([geometry])
    )
