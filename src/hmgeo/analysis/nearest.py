"""The nearest of many shapes, found by a tree and measured on the ellipsoid; built once, asked often."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.distance import chord_tolerance_m, pair_distances, prepare_shapes
from hmgeo.geodesy import geodesic_m, search_boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.analysis.distance import Shapes

_DECIMALS = 4
_PIECE_VERTICES = 16
_SAME_M = 2e-4  # what rounding to 0.1 mm may make equal
_UNKNOWN = np.full(2, np.nan)


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
        close = self._tree.query_nearest(shape, all_matches=False)
        line = shapely.get_coordinates(shapely.shortest_line(shape, self._shapes.geometries[self._rows[close[0]]]))
        bound_m = float(geodesic_m(line[:1], line[1:])[0])
        box = search_boxes(source.bounds, np.array([min(bound_m, within_m)]))[0]
        candidates = np.sort(self._rows[self._tree.query(shapely.box(*box))])
        if not len(candidates):
            return None
        found = self._measured(source, candidates)
        return found if found.distance_m <= within_m else None

    def within(self, source: Shapes, radius_m: float) -> list[Found]:
        """Return every shape within `radius_m` metres, nearest first, those as near in the order of rows."""
        if not len(self._rows):
            return []
        box = search_boxes(source.bounds, np.array([radius_m]))[0]
        rows = np.sort(self._rows[self._tree.query(shapely.box(*box))])
        if not len(rows):
            return []
        found = pair_distances(source, self._shapes, np.zeros(len(rows), np.int64), rows)
        distance_m = np.round(found.distance_m, _DECIMALS)
        order = [one for one in np.argsort(distance_m, kind="stable").tolist() if distance_m[one] <= radius_m]
        return [
            Found(int(rows[one]), float(distance_m[one]), found.from_lon_lat[one], found.to_lon_lat[one])
            for one in order
        ]

    def _measured(self, source: Shapes, rows: NDArray[np.int64]) -> Found:
        if len(source.start) == 1:
            return self._from_point(source, rows)
        found = pair_distances(source, self._shapes, np.zeros(len(rows), np.int64), rows)
        distance_m = np.round(found.distance_m, _DECIMALS)
        best = int(np.argmin(distance_m))
        return Found(int(rows[best]), float(distance_m[best]), found.from_lon_lat[best], found.to_lon_lat[best])


    def _from_point(self, source: Shapes, rows: NDArray[np.int64]) -> Found:
        """Measure from one point: as `pair_distances` does, all pieces of edges at once."""
        held = rows[shapely.intersects(self._shapes.geometries[rows], source.geometries[0])]
        if len(held):
            return Found(int(held[0]), 0.0, _UNKNOWN, _UNKNOWN)
        shapes, first = self._shapes, self._shapes.first
        count = first[rows + 1] - first[rows]
        piece = np.arange(int(count.sum())) + np.repeat(first[rows] - np.cumsum(count) + count, count)
        offset = source.start_xyz - shapes.start_xyz[piece]
        along = shapes.end_xyz[piece] - shapes.start_xyz[piece]
        squared = np.einsum("ij,ij->i", along, along)
        share = np.clip(np.einsum("ij,ij->i", offset, along) / np.where(squared > 0, squared, 1.0), 0.0, 1.0)
        chord_m = np.linalg.norm(offset - share[:, None] * along, axis=1)
        shortest_m = chord_m.min(keepdims=True)
        near = np.flatnonzero(chord_m <= shortest_m + chord_tolerance_m(shortest_m) + _SAME_M)
        start, end = shapes.start[piece[near]], shapes.end[piece[near]]
        there = start + share[near, None] * (end - start)
        distance_m = np.round(geodesic_m(np.broadcast_to(source.start, there.shape), there), _DECIMALS)
        best = int(np.argmin(distance_m))
        row = int(np.repeat(rows, count)[near[best]])
        return Found(row, float(distance_m[best]), source.start[0], there[best])


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


def _pieces(boundary: shapely.Geometry) -> list[shapely.Geometry]:
    """Cut lines into pieces of a few edges, end to end."""
    pieces = []
    for line in shapely.get_parts(boundary):
        xy = shapely.get_coordinates(line)
        pieces += [
            shapely.LineString(xy[start : start + _PIECE_VERTICES + 1])
            for start in range(0, len(xy) - 1, _PIECE_VERTICES)
        ]
    return pieces
