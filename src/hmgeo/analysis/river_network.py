"""Drawn rivers with a direction: along the lines downstream, and whether two places are joined by them.

Every line runs as it is drawn; reaches join where the end of one touches a vertex of another. Nothing is guessed:
a reach whose end meets no other is an end of the network.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.geodesy import ELLIPSOID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.analysis.flow_snap import SnapRule

_KEY_DECIMALS = 6
_CLOSE_FACTOR = 2.0
_CLOSE_M = 10.0
SHORTEST_DEGREE_M = 110_000.0


class OnNetwork(Enum):
    """What became of a point that was to be put onto a river."""

    SNAPPED = "snapped"
    NO_RIVER = "no_river"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, order=True)
class Nearby:
    """The place of a reach that lies nearest to a shape; nearer ones sort first."""

    distance_m: float
    along_m: float
    reach: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A point on a reach: which, how far from its start, how far it had to be moved, and the evidence in words.

    Parameters
    ----------
    rivals
        Other rivers that are nearly as near; none unless the status is CANNOT_TELL.
    """

    status: OnNetwork
    reach: int
    along_m: float
    distance_m: float
    why: str
    rivals: tuple[Nearby, ...] = ()


@dataclass(frozen=True, slots=True)
class RiverNetwork:
    """Reaches with length and what they run into.

    Parameters
    ----------
    lines
        In lon/lat, drawn downstream.
    below
        For each reach the reaches that start at its end.
    rivers
        For each reach which river it is: reaches of one name that such reaches join. Every unnamed one is its own.
    """

    names: Sequence[str]
    lines: Sequence[shapely.LineString] = field(repr=False)
    length_m: Sequence[float] = field(repr=False)
    below: Sequence[Sequence[int]] = field(repr=False)
    tree: shapely.STRtree = field(repr=False)
    rivers: Sequence[int] = field(repr=False)

    def near(self, shape: shapely.Geometry, within_m: float) -> list[Nearby]:
        """Return the reaches that lie within a distance of a lon/lat shape, nearest first."""
        rows = self.tree.query(shape, predicate="dwithin", distance=degrees_of(within_m, shape))
        found = sorted(Nearby(*_nearest_on(self.lines[row], shape), int(row)) for row in rows)
        return [one for one in found if one.distance_m <= within_m]

    def spot(self, shape: shapely.Geometry, rule: SnapRule) -> Spot:
        """Put a point onto the nearest reach, with the evidence; of other shapes their nearest place counts.

        CANNOT_TELL where a reach of another river that isn't directly joined to the nearest is nearly as near.
        """
        return self.spot_within(shape, rule.tolerance_m)

    def spot_within(self, shape: shapely.Geometry, tolerance_m: float) -> Spot:
        """Put a shape onto the nearest reach within a tolerance, as `spot` does."""
        near = self.near(shape, tolerance_m)
        if not near:
            return Spot(OnNetwork.NO_RIVER, -1, 0.0, 0.0, f"{tolerance_m:g} m 内没有所绘河流。")
        best, *rest = near
        others = [one for one in rest if not self._is_same_river(one.reach, best.reach)]
        rivals = tuple(one for one in others if one.distance_m <= rival_reach_m(best.distance_m))
        place = best.reach, best.along_m, best.distance_m
        name = self.called(best.reach)
        if rivals:
            why = f"无法判断所在河流：{name}（{best.distance_m:.0f} m）与 {self._listed(rivals)} 相近。"
            return Spot(OnNetwork.CANNOT_TELL, *place, why, rivals)
        beside = f"，容差内另有较远的 {self._listed(others)}" if others else ""
        return Spot(OnNetwork.SNAPPED, *place, f"落到 {best.distance_m:.0f} m 外的{name}{beside}。")

    def _listed(self, places: Sequence[Nearby]) -> str:
        return "、".join(f"{self.called(one.reach)}（{one.distance_m:.0f} m）" for one in places)

    def called(self, reach: int) -> str:
        """Return the name of a reach in words."""
        return self.names[reach] or "未命名河段"

    def _is_same_river(self, one: int, other: int) -> bool:
        joined = one in self.below[other] or other in self.below[one]
        return joined or self.rivers[one] == self.rivers[other]

    def way_m(self, above: Spot, below: Spot, limit_m: float = np.inf) -> float | None:
        """Return the way along the rivers from one spot down to another; None where the water doesn't come by."""
        if above.reach == below.reach and below.along_m >= above.along_m:
            way_m = below.along_m - above.along_m
            return way_m if way_m <= limit_m else None
        ahead = [(self.length_m[above.reach] - above.along_m, one) for one in self.below[above.reach]]
        heapq.heapify(ahead)
        seen: set[int] = set()
        while ahead:
            so_far_m, reach = heapq.heappop(ahead)
            if so_far_m > limit_m or reach in seen:
                continue
            seen.add(reach)
            if reach == below.reach:
                way_m = so_far_m + below.along_m
                return way_m if way_m <= limit_m else None
            for one in self.below[reach]:
                heapq.heappush(ahead, (so_far_m + self.length_m[reach], one))
        return None


def rival_reach_m(distance_m: float) -> float:
    """Return how far another river may be to count as nearly as near as one at a distance."""
    return max(_CLOSE_FACTOR * distance_m, distance_m + _CLOSE_M)


def river_network(names: Sequence[str], geometries: Sequence[shapely.Geometry]) -> RiverNetwork | None:
    """Build a network from drawn rivers (lon/lat lines); None where there is no line.

    Lines are cut where another one's end touches them at a vertex, so that a tributary may join in the middle.
    """
    parts = [
        (name, line)
        for name, shape in zip(names, geometries, strict=True)
        for line in shapely.get_parts(shape)
        if _is_reach(line)
    ]
    ends = {node_of(line.coords[at]) for _, line in parts for at in (0, -1)}
    cut = [(name, piece) for name, line in parts for piece in _pieces(line, ends)]
    if not cut:
        return None
    starts: dict[tuple[float, float], list[int]] = {}
    for row, (_, line) in enumerate(cut):
        starts.setdefault(node_of(line.coords[0]), []).append(row)
    return RiverNetwork(
        [name for name, _ in cut],
        [line for _, line in cut],
        [_length_m(line) for _, line in cut],
        [starts.get(node_of(line.coords[-1]), []) for _, line in cut],
        shapely.STRtree([line for _, line in cut]),
        _rivers(cut),
    )


def unfit_for_reaches(geometries: Sequence[shapely.Geometry]) -> int:
    """Return how many shapes can't be reaches wholly: empty ones, and those with a part that is no line."""
    return sum(shape.is_empty or not all(map(_is_reach, shapely.get_parts(shape))) for shape in geometries)


def _is_reach(shape: shapely.Geometry) -> bool:
    return bool(shape.geom_type == "LineString" and len(shape.coords) > 1)


def _rivers(reaches: Sequence[tuple[str, shapely.LineString]]) -> list[int]:
    """Return for each reach the first of those of its name that are joined to it through such; names repeat."""
    first = list(range(len(reaches)))
    held: dict[tuple[str, tuple[float, float]], int] = {}

    def root(row: int) -> int:
        while first[row] != row:
            row = first[row]
        return row

    for row, (name, line) in enumerate(reaches):
        for at in (0, -1) if name else ():
            one, other = sorted((root(held.setdefault((name, node_of(line.coords[at])), row)), root(row)))
            first[other] = one
    return [root(row) for row in range(len(reaches))]


def node_of(at: Sequence[float]) -> tuple[float, float]:
    """Return the place where reaches join, from the first or last vertex of one; told to a tenth of a metre."""
    return round(at[0], _KEY_DECIMALS), round(at[1], _KEY_DECIMALS)


def _pieces(line: shapely.LineString, ends: set[tuple[float, float]]) -> list[shapely.LineString]:
    xy = line.coords
    cuts = [0, *(at for at in range(1, len(xy) - 1) if node_of(xy[at]) in ends), len(xy) - 1]
    return [shapely.LineString(xy[first : last + 1]) for first, last in pairwise(cuts)]


def _length_m(line: shapely.LineString) -> float:
    lon, lat = shapely.get_coordinates(line).T
    return float(ELLIPSOID.line_length(lon, lat))


def _nearest_on(line: shapely.LineString, shape: shapely.Geometry) -> tuple[float, float]:
    """Return (distance, way from the line's start) in metres of the place on a line that is nearest to a shape.

    Stretched by the cosine of latitude, so that the nearest place is found in near-true proportions.
    """
    stretch = stretch_of(shape)
    flat = flattened(line, stretch)
    place = flattened(shape, stretch)
    point = place if place.geom_type == "Point" else shapely.Point(shapely.shortest_line(place, flat).coords[0])
    share = shapely.line_locate_point(flat, point)
    at = shapely.line_interpolate_point(flat, share)
    _, _, distance_m = ELLIPSOID.inv(point.x / stretch, point.y, at.x / stretch, at.y)
    return round(float(distance_m), 1), way_to_m(flat, share, stretch)


def degrees_of(metres: float, shape: shapely.Geometry) -> float:
    """Return the most degrees that a length may be where a shape lies: of longitude, nearest to the pole."""
    north = max(abs(shape.bounds[1]), abs(shape.bounds[3]))
    return metres / (SHORTEST_DEGREE_M * float(np.cos(np.radians(north))))


def stretch_of(shape: shapely.Geometry) -> float:
    """Return the length of a degree of longitude in degrees of latitude, where a shape lies."""
    return float(np.cos(np.radians((shape.bounds[1] + shape.bounds[3]) / 2)))


def flattened(shape: shapely.Geometry, stretch: float) -> shapely.Geometry:
    """Return a lon/lat shape with its longitudes stretched, for finding what is nearest."""
    return shapely.transform(shape, lambda xy: xy * [stretch, 1.0])


def way_to_m(flat: shapely.LineString, share: float, stretch: float) -> float:
    """Return the metres along a flattened line from its start to a place on it.

    Parameters
    ----------
    share
        Of the place, as `shapely.line_locate_point` gives it.
    """
    at = shapely.line_interpolate_point(flat, share)
    xy = np.array([*_before(flat, share), (at.x, at.y)])
    return float(ELLIPSOID.line_length(xy[:, 0] / stretch, xy[:, 1])) if len(xy) > 1 else 0.0


def _before(flat: shapely.LineString, share: float) -> list[tuple[float, float]]:
    """Return the vertices of a line that lie before a place on it."""
    xy = shapely.get_coordinates(flat)
    reached = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    return [(float(x), float(y)) for (x, y), way in zip(xy, reached, strict=True) if way < share]
