"""The nearest of many shapes, found by a tree and measured on the ellipsoid; built once, asked often."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.geo.distance import Shapes, chord_tolerance_m, pair_distances, prepare_shapes
from hmgeo.geo.ellipsoid import ELLIPSOID, FLATTENING, SEMI_MAJOR_M, SMALLEST_RADIUS_M, earth_centred, geodesic_m
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import NDArray


_PIECE_VERTICES = 16
_LONGEST_EDGE_DEG = 0.02
_SAME_M = 2e-4  # what rounding to 0.1 mm may make equal
_UNKNOWN = np.full(2, np.nan)
LARGEST_RADIUS_M = SEMI_MAJOR_M / (1 - FLATTENING)
"""Largest radius of curvature of the ellipsoid: at the poles."""


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest shape: its row, the distance, and the ends of the shortest line (lon/lat; NaN where they touch)."""

    row: int
    distance_m: float
    from_lon_lat: NDArray[np.float64]
    to_lon_lat: NDArray[np.float64]


class NearestSearch:
    """Nearest of some rows of prepared shapes.

    Parameters
    ----------
    shapes
        From `prepare_shapes`.
    rows
        (k,) which of them count, ascending.
    """

    def __init__(self, shapes: Shapes, rows: NDArray[np.int64]) -> None:
        self._shapes = shapes
        self._rows = rows
        self._tree = shapely.STRtree(shapes.geometries[rows])

    def nearest(self, source: Shapes, within_m: float) -> Found | None:
        """Return the nearest shape, the first of several as near; None where none lies within `within_m` metres.

        The shape nearest in degrees bounds the distance, so that only shapes in that box need measuring.

        Parameters
        ----------
        source
            One shape from `prepare_shapes`.
        """
        if not len(self._rows):
            return None
        shape = source.geometries[0]
        close = int(self._tree.query_nearest(source.geometries, all_matches=False)[1, 0])
        line = shapely.get_coordinates(shapely.shortest_line(shape, self._shapes.geometries[self._rows[close]]))
        here_lon, here_lat, lon, lat = line.ravel().tolist()
        bound_m = _no_shorter_m(here_lon, here_lat, lon, lat)
        box = box_around(source.bounds[0].tolist(), min(bound_m, within_m))
        near = self._tree.query(box)[1]
        if not len(near):
            return None
        candidates = self._rows[near]
        candidates.sort()
        found = self._measured(source, candidates, touches=(here_lon, here_lat) == (lon, lat))
        return found if found.distance_m <= within_m else None

    def within(self, source: Shapes, radius_m: float) -> list[Found]:
        """Return every shape within `radius_m` metres, nearest first, those as near in the order of rows."""
        if not len(self._rows):
            return []
        box = box_around(source.bounds[0].tolist(), radius_m)
        rows = np.sort(self._rows[self._tree.query(box)[1]])
        if not len(rows):
            return []
        found = pair_distances(source, self._shapes, np.zeros(len(rows), np.int64), rows)
        distance_m = np.round(found.distance_m, MEASURE_DECIMALS)
        order = [one for one in np.argsort(distance_m, kind="stable").tolist() if distance_m[one] <= radius_m]
        return [
            Found(int(rows[one]), float(distance_m[one]), found.from_lon_lat[one], found.to_lon_lat[one])
            for one in order
        ]

    def _measured(self, source: Shapes, rows: NDArray[np.int64], *, touches: bool) -> Found:
        if len(source.start) == 1:
            return self._from_point(source, rows, touches=touches)
        found = pair_distances(source, self._shapes, np.zeros(len(rows), np.int64), rows)
        distance_m = np.round(found.distance_m, MEASURE_DECIMALS)
        best = int(np.argmin(distance_m))
        return Found(int(rows[best]), float(distance_m[best]), found.from_lon_lat[best], found.to_lon_lat[best])

    def _from_point(self, source: Shapes, rows: NDArray[np.int64], *, touches: bool) -> Found:
        """Measure from one point: as `pair_distances` does, all pieces of edges at once."""
        if touches:
            held = rows[shapely.intersects(self._shapes.geometries[rows], source.geometries[0])]
            if len(held):
                return Found(int(held[0]), 0.0, _UNKNOWN, _UNKNOWN)
        shapes, piece = self._shapes, _pieces_of(self._shapes, rows)
        start_xyz = shapes.start_xyz[piece]
        offset = source.start_xyz - start_xyz
        along = shapes.end_xyz[piece] - start_xyz
        squared = np.einsum("ij,ij->i", along, along)
        squared[squared == 0] = 1.0  # a point: its offset times along is 0 too
        share = np.minimum(np.maximum(np.einsum("ij,ij->i", offset, along) / squared, 0.0), 1.0)
        offset -= share[:, None] * along
        chord_m = np.sqrt(np.einsum("ij,ij->i", offset, offset))
        shortest_m = chord_m.min(keepdims=True)
        near = np.flatnonzero(chord_m <= shortest_m + chord_tolerance_m(shortest_m) + _SAME_M)
        start = shapes.start[piece][near]
        there = start + share[near, None] * (shapes.end[piece][near] - start)
        distance_m = np.round(_away_m(source.start[0], there), MEASURE_DECIMALS)
        best = int(np.argmin(distance_m))
        row = int(rows[0]) if len(rows) == 1 else _row_of(shapes, rows, int(near[best]))
        return Found(row, float(distance_m[best]), source.start[0], there[best])


def _pieces_of(shapes: Shapes, rows: NDArray[np.int64]) -> slice | NDArray[np.int64]:
    """Return where the pieces of edges of some shapes stand, shape after shape."""
    first = shapes.first
    if len(rows) == 1:
        return slice(int(first[rows[0]]), int(first[rows[0] + 1]))
    count = first[rows + 1] - first[rows]
    piece: NDArray[np.int64] = np.arange(int(count.sum())) + np.repeat(first[rows] - np.cumsum(count) + count, count)
    return piece


def _row_of(shapes: Shapes, rows: NDArray[np.int64], number: int) -> int:
    """Return the shape to which a piece of `_pieces_of` belongs."""
    ends = np.cumsum(shapes.first[rows + 1] - shapes.first[rows])
    return int(rows[np.searchsorted(ends, number, side="right")])


def _away_m(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the geodesics from one point to others; for a single one without the detour over arrays."""
    if len(there) == 1:
        return np.array([ELLIPSOID.inv(*here.tolist(), *there[0].tolist())[2]])
    return geodesic_m(np.zeros_like(there) + here, there)


class Outline:
    """The border of an area, to ask how far inside it a source lies.

    Parameters
    ----------
    area
        Polygon or multipolygon in lon/lat.
    """

    def __init__(self, area: shapely.Geometry) -> None:
        self.area = area
        shapely.prepare(area)
        shapes = prepare_shapes(_pieces(shapely.boundary(area)))
        self._search = NearestSearch(shapes, np.arange(len(shapes)))
        self._last: tuple[Shapes | None, float] = (None, 0.0)

    def reach_m(self, source: Shapes) -> float:
        """Return the metres from a source inside the area to its border; negative for one that isn't wholly inside."""
        asked, reach_m = self._last
        if asked is not source:  # one source asks for several layers of the same coverage
            found = self._search.nearest(source, np.inf)
            distance_m = np.inf if found is None else found.distance_m
            is_inside = shapely.covers(self.area, source.geometries[0])
            reach_m = distance_m if is_inside else -max(distance_m, 1e-4)
            self._last = (source, reach_m)
        return reach_m


@lru_cache(maxsize=16)
def outline_of(wkb: bytes) -> Outline:
    """Return the outline of an area given as WKB; layers of one coverage share it."""
    return Outline(shapely.from_wkb(wkb))


def prepare_one(geometry: shapely.Geometry) -> Shapes:
    """Return `prepare_shapes` of one geometry; for a point without its detours."""
    if geometry.geom_type != "Point":
        return prepare_shapes([geometry])
    at = np.array([[geometry.x, geometry.y]])
    xyz = earth_centred(at)
    array = np.empty(1, dtype=object)
    array[0] = geometry
    return Shapes(array, np.hstack([at, at]), np.array([0, 1]), at, at, xyz, xyz, xyz, np.zeros(1))


def _no_shorter_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Return a length that the geodesic between two points doesn't exceed.

    On the ellipsoid a step in latitude or longitude is at most as long as on a sphere of its largest radius of
    curvature, with geodetic latitudes taken for the sphere's.
    """
    up, across = math.radians(other_lat - lat), math.radians(other_lon - lon)
    slant = math.sin(up / 2) ** 2
    slant += math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(across / 2) ** 2
    return 2 * LARGEST_RADIUS_M * math.asin(min(1.0, math.sqrt(slant))) + _SAME_M


def box_around(bounds: list[float], radius_m: float) -> NDArray[np.object_]:
    """Return (1,) a lon/lat box that holds everything within a radius of a box, as `search_boxes` does for many."""
    west, south, east, north = bounds
    angle = radius_m / SMALLEST_RADIUS_M * 1.001
    tall = math.degrees(angle)
    poleward = math.radians(max(abs(south - tall), abs(north + tall)))
    wide = 360.0
    if poleward < math.pi / 2 and angle < math.pi / 2 and math.sin(angle) < math.cos(poleward):
        wide = math.degrees(math.asin(math.sin(angle) / math.cos(poleward)))
    box: NDArray[np.object_] = shapely.box([west - wide], south - tall, east + wide, north + tall)
    return box


def _pieces(boundary: shapely.Geometry) -> list[shapely.Geometry]:
    """Cut lines into pieces of a few edges, end to end."""
    pieces = []
    for line in shapely.get_parts(shapely.segmentize(boundary, _LONGEST_EDGE_DEG)):
        xy = shapely.get_coordinates(line)
        pieces += [
            shapely.LineString(xy[start : start + _PIECE_VERTICES + 1])
            for start in range(0, len(xy) - 1, _PIECE_VERTICES)
        ]
    return pieces
