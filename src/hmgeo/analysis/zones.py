"""Everything within a distance of shapes, drawn on the ellipsoid so finely that drawing and judging agree.

A circle's corners lie on a geodesic circle, so many that its edges fall short of it by less than the tolerance. The
zone of a segment of at most 200 m is the hull of the circles around its ends; that of a shape is the union of the
zones of its segments and the shape itself. No plane and no projection comes in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.distance import prepare_shapes
from hmgeo.geodesy import ELLIPSOID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Geometries = Sequence[shapely.Geometry] | NDArray[np.object_]

TOLERANCE_M = 0.05
"""How far a drawn border may lie from the true one, metres; a border is drawn on average where it belongs."""
_FEWEST_CORNERS = 32
_CIRCLES_AT_ONCE = 2_000


def corners(radius_m: float, tolerance_m: float = TOLERANCE_M) -> int:
    """Return how many corners a circle needs for its edges to lie within the tolerance of it.

    Examples
    --------
    >>> corners(500.0), corners(10_000.0)
    (224, 996)
    """
    half_angle = np.sqrt(2 * tolerance_m / max(radius_m, tolerance_m))
    return max(_FEWEST_CORNERS, int(np.ceil(np.pi / half_angle / 4)) * 4)


def zone_within(geometries: Geometries, radius_m: float, tolerance_m: float = TOLERANCE_M) -> shapely.Geometry:
    """Return the lon/lat polygon of everything within `radius_m` metres of the shapes.

    Parameters
    ----------
    geometries
        Points, lines, polygons and their multis in lon/lat on CGCS2000 (EPSG:4490).
    tolerance_m
        Largest distance between the drawn border and the true one.
    """
    array = np.asarray(geometries, dtype=object)
    if not len(array):
        return shapely.Polygon()
    if radius_m <= 0:
        return shapely.union_all(array)
    shapes = prepare_shapes(array)
    is_bent = np.zeros(len(array), dtype=bool)
    areal = shapely.get_dimensions(array) == 2  # noqa: PLR2004 -- polygons
    is_bent[areal] = ~_are_convex(array[areal])
    count = np.diff(shapes.first)
    pieces: list[shapely.Geometry] = list(array[areal])
    convex = np.flatnonzero(areal & ~is_bent)
    pieces += [
        _hull(shapes.start[shapes.first[row] : shapes.first[row + 1]], radius_m, tolerance_m) for row in convex.tolist()
    ]
    by_edge = np.flatnonzero(np.repeat(is_bent | ~areal, count))
    for low in range(0, len(by_edge), _CIRCLES_AT_ONCE):
        rows = by_edge[low : low + _CIRCLES_AT_ONCE]
        pieces += _stadiums(shapes.start[rows], shapes.end[rows], radius_m, tolerance_m)
    return shapely.union_all(np.array(pieces, dtype=object))


def _are_convex(polygons: NDArray[np.object_]) -> NDArray[np.bool_]:
    whole = shapely.area(shapely.convex_hull(polygons))
    answer: NDArray[np.bool_] = shapely.area(polygons) >= whole * (1 - 1e-12)
    return answer


def _hull(lon_lat: NDArray[np.float64], radius_m: float, tolerance_m: float) -> shapely.Geometry:
    ring = _circles(lon_lat, radius_m, tolerance_m).reshape(-1, 2)
    return shapely.convex_hull(shapely.multipoints(ring))


def _stadiums(
    start: NDArray[np.float64], end: NDArray[np.float64], radius_m: float, tolerance_m: float
) -> list[shapely.Geometry]:
    """Return the zone of each segment: the hull of the circles around its ends."""
    first = _circles(start, radius_m, tolerance_m)
    same = np.all(start == end, axis=1)
    both = np.concatenate([first, np.where(same[:, None, None], first, _circles(end, radius_m, tolerance_m))], axis=1)
    which = np.repeat(np.arange(len(both)), both.shape[1])
    hulls = shapely.convex_hull(shapely.multipoints(shapely.points(both.reshape(-1, 2)), indices=which))
    return list(hulls)


def _circles(centres: NDArray[np.float64], radius_m: float, tolerance_m: float) -> NDArray[np.float64]:
    """Return (k, corners, 2) lon/lat corners; half of them would fall short, so the radius is half a sagitta longer."""
    count = corners(radius_m, tolerance_m)
    longer_m = radius_m * (1 + (1 - np.cos(np.pi / count)) / 2)
    azimuth = np.tile(np.arange(count) * (360 / count), len(centres))
    lon, lat = np.repeat(centres, count, axis=0).T
    there_lon, there_lat, _ = ELLIPSOID.fwd(lon, lat, azimuth, np.full(len(azimuth), longer_m))
    return np.column_stack([there_lon, there_lat]).reshape(len(centres), count, 2)
