"""Drawn rivers with a direction: ways along them, places on them, and where the lines are loose.

Every line runs as it is drawn; reaches join where the end of one touches a vertex of another. Nothing is guessed:
a reach whose end meets no other is an end of the network.

One walk serves both questions: with the water the reaches run into those below, against it into those above, and
every place is then told from the other end of its reach.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import pairwise

import numpy as np
import shapely
from msgspec import Struct, field
from numpy.typing import NDArray
from shapely.ops import substring

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.vocabulary import MEASURE_DECIMALS
from hmgeo.words import Reason, Value, say

Floats = NDArray[np.float64]
Node = tuple[float, float]
End = tuple[int, bool]

_KEY_DECIMALS = 6
_CLOSE_FACTOR = 2.0
_CLOSE_M = 10.0
SHORTEST_DEGREE_M = 110_000.0


class OnNetwork(Enum):
    """What became of a point that was to be put onto a river."""

    SNAPPED = "snapped"
    NO_RIVER = "no_river"
    CANNOT_TELL = "cannot_tell"


class _Nearby(Struct, frozen=True, order=True):
    """The place of a reach that lies nearest to a shape; nearer ones sort first."""

    distance_m: float
    along_m: float
    reach: int


class Spot(Struct, frozen=True):
    """A point on a reach: which, how far from its start, how far it had to be moved, and the evidence in words.

    `rivals`: other rivers that are nearly as near; none unless the status is CANNOT_TELL.
    """

    status: OnNetwork
    reach: int
    along_m: float
    distance_m: float
    why: str
    rivals: tuple[_Nearby, ...] = ()


class RiverNetwork(Struct, frozen=True):
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
    lines: Sequence[shapely.LineString]
    length_m: Sequence[float]
    below: Sequence[Sequence[int]]
    tree: shapely.STRtree
    rivers: Sequence[int]

    def near(self, shape: shapely.Geometry, within_m: float) -> list[_Nearby]:
        """Return the reaches that lie within `within_m` metres of a lon/lat `shape`, nearest first."""
        rows = self.tree.query(shape, predicate="dwithin", distance=degrees_of(within_m, shape))
        places = sorted(_Nearby(*_nearest_on(self.lines[row], shape), int(row)) for row in rows)
        return [place for place in places if place.distance_m <= within_m]

    def spot(self, shape: shapely.Geometry, tolerance_m: float) -> Spot:
        """Put `shape` onto the nearest reach within `tolerance_m`, with the evidence; by its nearest place.

        CANNOT_TELL where a reach of another river that isn't directly joined to the nearest is nearly as near.
        """
        near = self.near(shape, tolerance_m)
        if not near:
            return Spot(OnNetwork.NO_RIVER, -1, 0.0, 0.0, say("no_drawn_river", tolerance_m=tolerance_m))
        best, *rest = near
        others = [other for other in rest if not self._is_same_river(other.reach, best.reach)]
        rivals = tuple(other for other in others if other.distance_m <= _rival_reach_m(best.distance_m))
        place = best.reach, best.along_m, best.distance_m
        name = self.called(best.reach)
        if rivals:
            why = say("river_untold", name=name, distance_m=best.distance_m, rivals=self._listed(rivals))
            return Spot(OnNetwork.CANNOT_TELL, *place, why, rivals)
        named: dict[str, Value] = {"name": name, "distance_m": best.distance_m}
        why = say("on_river_of_more", **named, others=self._listed(others)) if others else say("on_river", **named)
        return Spot(OnNetwork.SNAPPED, *place, why)

    def _listed(self, places: Sequence[_Nearby]) -> tuple[Reason, ...]:
        return tuple(say("river_at", name=self.called(place.reach), distance_m=place.distance_m) for place in places)

    def called(self, reach: int) -> str:
        """Return the name of a `reach` in words."""
        return self.names[reach] or say("reach_unnamed")

    def _is_same_river(self, one: int, other: int) -> bool:
        joined = one in self.below[other] or other in self.below[one]
        return joined or self.rivers[one] == self.rivers[other]

    def way_m(self, above: Spot, below: Spot, limit_m: float = np.inf) -> float | None:
        """Return the way along the rivers from `above` down to `below`.

        None where the water doesn't come by within `limit_m`.
        """
        if above.reach == below.reach and below.along_m >= above.along_m:
            way_m = below.along_m - above.along_m
            return way_m if way_m <= limit_m else None
        ahead = [(self.length_m[above.reach] - above.along_m, onward) for onward in self.below[above.reach]]
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
            for onward in self.below[reach]:
                heapq.heappush(ahead, (so_far_m + self.length_m[reach], onward))
        return None


def _rival_reach_m(distance_m: float) -> float:
    """Return how far another river may be to count as nearly as near as one at a distance."""
    return max(_CLOSE_FACTOR * distance_m, distance_m + _CLOSE_M)


def river_network(names: Sequence[str], geometries: Sequence[shapely.Geometry]) -> RiverNetwork | None:
    """Build a network from drawn rivers; None where there is no line.

    `geometries` are lon/lat lines, `names` theirs.

    Lines are cut where another one's end touches them at a vertex, so that a tributary may join in the middle.
    """
    parts = [
        (name, line)
        for name, shape in zip(names, geometries, strict=True)
        for line in shapely.get_parts(shape)
        if _is_reach(line)
    ]
    ends = {_node_of(line.coords[at]) for _, line in parts for at in (0, -1)}
    cut = [(name, piece) for name, line in parts for piece in _pieces(line, ends)]
    if not cut:
        return None
    starts: dict[tuple[float, float], list[int]] = {}
    for row, (_, line) in enumerate(cut):
        starts.setdefault(_node_of(line.coords[0]), []).append(row)
    return RiverNetwork(
        [name for name, _ in cut],
        [line for _, line in cut],
        [_length_m(line) for _, line in cut],
        [starts.get(_node_of(line.coords[-1]), []) for _, line in cut],
        shapely.STRtree([line for _, line in cut]),
        _rivers(cut),
    )


def unfit_for_reaches(geometries: Sequence[shapely.Geometry]) -> int:
    """Return how many of `geometries` can't be reaches wholly: empty ones, and those with a part that is no line."""
    return sum(shape.is_empty or not all(map(_is_reach, shapely.get_parts(shape))) for shape in geometries)


def _is_reach(shape: shapely.Geometry) -> bool:
    return bool(shape.geom_type == "LineString" and len(shape.coords) > 1)


def _rivers(reaches: Sequence[tuple[str, shapely.LineString]]) -> list[int]:
    """Return for each reach the first of those of its name that are joined to it through such; names repeat."""
    first = list(range(len(reaches)))
    first_at: dict[tuple[str, tuple[float, float]], int] = {}

    def root(row: int) -> int:
        while first[row] != row:
            row = first[row]
        return row

    for row, (name, line) in enumerate(reaches):
        for at in (0, -1) if name else ():
            lower, higher = sorted((root(first_at.setdefault((name, _node_of(line.coords[at])), row)), root(row)))
            first[higher] = lower
    return [root(row) for row in range(len(reaches))]


def _node_of(at: Sequence[float]) -> tuple[float, float]:
    """Return the place where reaches join, from the first or last vertex of one; told to a tenth of a metre."""
    return round(at[0], _KEY_DECIMALS), round(at[1], _KEY_DECIMALS)


def _pieces(line: shapely.LineString, ends: set[tuple[float, float]]) -> list[shapely.LineString]:
    xy = line.coords
    cuts = [0, *(at for at in range(1, len(xy) - 1) if _node_of(xy[at]) in ends), len(xy) - 1]
    return [shapely.LineString(xy[first : last + 1]) for first, last in pairwise(cuts)]


def _length_m(line: shapely.LineString) -> float:
    lon, lat = shapely.get_coordinates(line).T
    return float(ELLIPSOID.line_length(lon, lat))


def _nearest_on(line: shapely.LineString, shape: shapely.Geometry) -> tuple[float, float]:
    """Return (distance, way from the line's start) in metres of the place on a line that is nearest to a shape.

    Stretched by the cosine of latitude, so that the nearest place is found in near-true proportions.
    """
    stretch = _stretch_of(shape)
    flat = _flattened(line, stretch)
    place = _flattened(shape, stretch)
    point = place if place.geom_type == "Point" else shapely.Point(shapely.shortest_line(place, flat).coords[0])
    share = shapely.line_locate_point(flat, point)
    at = shapely.line_interpolate_point(flat, share)
    _, _, distance_m = ELLIPSOID.inv(point.x / stretch, point.y, at.x / stretch, at.y)
    return round(float(distance_m), 1), _way_to_m(flat, share, stretch)


def degrees_of(metres: float, shape: shapely.Geometry) -> float:
    """Return the most degrees that so many `metres` may be where `shape` lies: of longitude, nearest to the pole."""
    north = max(abs(shape.bounds[1]), abs(shape.bounds[3]))
    return metres / (SHORTEST_DEGREE_M * float(np.cos(np.radians(north))))


def _stretch_of(shape: shapely.Geometry) -> float:
    """Return the length of a degree of longitude in degrees of latitude, where a shape lies."""
    return float(np.cos(np.radians((shape.bounds[1] + shape.bounds[3]) / 2)))


def _flattened(shape: shapely.Geometry, stretch: float) -> shapely.Geometry:
    """Return a lon/lat shape with its longitudes stretched, for finding what is nearest."""
    return shapely.transform(shape, lambda xy: xy * [stretch, 1.0])


def _way_to_m(flat: shapely.LineString, share: float, stretch: float) -> float:
    """Return the metres along a flattened line from its start to a place on it, given as a share of the line."""
    at = shapely.line_interpolate_point(flat, share)
    xy = np.array([*_before(flat, share), (at.x, at.y)])
    return float(ELLIPSOID.line_length(xy[:, 0] / stretch, xy[:, 1])) if len(xy) > 1 else 0.0


def _before(flat: shapely.LineString, share: float) -> list[tuple[float, float]]:
    """Return the vertices of a line that lie before a place on it."""
    xy = shapely.get_coordinates(flat)
    reached = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    return [(float(x), float(y)) for (x, y), way in zip(xy, reached, strict=True) if way < share]


class Stretch(Struct, frozen=True):
    """Part of a reach in metres from where it begins; both ends are one for a point."""

    reach: int
    from_m: float
    to_m: float


class Mark(Struct, frozen=True):
    """Where a feature lies on a reach."""

    row: int
    stretch: Stretch


class Ahead(Struct, frozen=True):
    """A feature on the axis of the reach that one starts from; beyond its end where other reaches lead there.

    `from_m`, `to_m`: where it begins, and the last place of the reach from which it isn't behind.
    """

    row: int
    from_m: float
    to_m: float

    def way_m(self, start: Stretch) -> float | None:
        """Return the shortest way from `start`, a part of the reach; None where the feature lies behind all of it."""
        return round(max(0.0, self.from_m - start.to_m), MEASURE_DECIMALS) if self.to_m >= start.from_m else None


class Walk(Struct, frozen=True):
    """All that is found from one reach within a limit.

    `passed`: parts of reaches that the way covers.
    `ends_after_m`: how far from the start the lines end first; None where they go on to the limit.
    """

    ahead: tuple[Ahead, ...]
    passed: tuple[Stretch, ...]
    ends_after_m: float | None


class Ways:
    """Reaches walked in one direction.

    Parameters
    ----------
    length_m
        Of every reach.
    onward
        For every reach those that begin where it ends.
    is_against
        Whether the walk goes against the water: stretches are turned then.
    """

    def __init__(self, length_m: Sequence[float], onward: Sequence[Sequence[int]], *, is_against: bool = False) -> None:
        self._length_m = length_m
        self._onward = onward
        self._is_against = is_against

    def turned(self, stretch: Stretch) -> Stretch:
        """Return `stretch` told from where the walk enters its reach, or one of the walk as the reach is drawn."""
        if not self._is_against:
            return stretch
        length_m = self._length_m[stretch.reach]
        return Stretch(stretch.reach, length_m - stretch.to_m, length_m - stretch.from_m)

    def beyond(self, reach: int, limit_m: float) -> dict[int, float]:
        """Return the metres from the end of `reach` to the beginning of each that follows, up to `limit_m`.

        The reach itself is among them where the lines lead back to it.
        """
        begins: dict[int, float] = {}
        waiting = [(0.0, onward) for onward in self._onward[reach]]
        while waiting:
            so_far_m, here = heapq.heappop(waiting)
            if here in begins or round(so_far_m - limit_m, MEASURE_DECIMALS) > 0:
                continue
            begins[here] = so_far_m
            for onward in self._onward[here]:
                heapq.heappush(waiting, (so_far_m + self._length_m[here], onward))
        return begins

    def walk(self, start: Stretch, marks: Mapping[int, Sequence[Mark]], limit_m: float) -> Walk:
        """Go on from `start`, a part of a reach (turned), for `limit_m` and gather the features met.

        `marks`: turned features by reach.
        """
        length_m = self._length_m[start.reach]
        left_m = max(0.0, length_m - start.to_m)
        beyond = self.beyond(start.reach, limit_m - left_m)
        here = [Ahead(mark.row, mark.stretch.from_m, mark.stretch.to_m) for mark in marks.get(start.reach, ())]
        there = [
            Ahead(mark.row, length_m + so_far_m + mark.stretch.from_m, math.inf)
            for reach, so_far_m in beyond.items()
            for mark in marks.get(reach, ())
        ]
        passed = [Stretch(start.reach, start.from_m, min(length_m, start.to_m + limit_m))]
        passed += [
            Stretch(reach, 0.0, max(0.0, min(self._length_m[reach], limit_m - left_m - so_far_m)))
            for reach, so_far_m in beyond.items()
        ]
        to_end_m = {start.reach: left_m} | {
            reach: left_m + so_far_m + self._length_m[reach] for reach, so_far_m in beyond.items()
        }
        ends_m = [way_m for reach, way_m in to_end_m.items() if not self._onward[reach]]
        short = [way_m for way_m in ends_m if round(way_m, MEASURE_DECIMALS) < limit_m]
        return Walk((*here, *there), tuple(map(self.turned, passed)), min(short, default=None))


def ways_of(network: RiverNetwork, *, is_against: bool) -> Ways:
    """Return the ways of `network` with the water, or against it (`is_against`)."""
    if not is_against:
        return Ways(network.length_m, network.below)
    above: list[list[int]] = [[] for _ in network.lines]
    for reach, below in enumerate(network.below):
        for lower in below:
            above[lower].append(reach)
    return Ways(network.length_m, above, is_against=True)


def nearest(ahead: Sequence[Ahead], start: Stretch, limit_m: float) -> tuple[float, int] | None:
    """Return (way in metres, row) of the feature `ahead` that is met first from `start`; None within `limit_m`."""
    ways = [(way_m, feature.row) for feature in ahead if (way_m := feature.way_m(start)) is not None]
    return min((way for way in ways if way[0] <= limit_m), default=None)


def answers(ahead: Sequence[Ahead], places: Stretch, limit_m: float) -> set[bool]:
    """Return the answers that occur at the single `places`: is one of the features `ahead` met within `limit_m`.

    Every place is asked: a feature is met from all of a stretch that ends where the feature does.

    >>> answers([Ahead(0, 500.0, 500.0)], Stretch(0, 100.0, 700.0), 300.0) == {True, False}
    True
    >>> answers([Ahead(0, 500.0, 500.0)], Stretch(0, 250.0, 450.0), 300.0)
    {True}
    """
    met = sorted(
        (round(feature.from_m - limit_m, MEASURE_DECIMALS), round(feature.to_m, MEASURE_DECIMALS)) for feature in ahead
    )
    first_m, last_m = round(places.from_m, MEASURE_DECIMALS), round(places.to_m, MEASURE_DECIMALS)
    near = [(low_m, high_m) for low_m, high_m in met if high_m >= first_m and low_m <= last_m]
    if not near:
        return {False}
    reached_m = first_m
    for low_m, high_m in near:
        if low_m > reached_m:
            return {True, False}
        reached_m = max(reached_m, high_m)
    return {True} if reached_m >= last_m else {True, False}


class Placed(Struct, frozen=True):
    """A shape on drawn rivers.

    Parameters
    ----------
    given
        Where it lies at its position as given; empty where no river is within the tolerance.
    rivals
        Places on other rivers that are nearly as near: nobody can tell which one is meant.
    around
        Wherever it may lie within the uncertainty of its position; empty where that is none.
    may_be_off
        Whether no river may be within the tolerance of its true position.
    why
        The evidence in words.
    """

    given: tuple[Stretch, ...]
    rivals: tuple[Stretch, ...]
    around: tuple[Stretch, ...]
    may_be_off: bool
    why: str


NOWHERE = Placed((), (), (), may_be_off=True, why="")


def placed(network: RiverNetwork, shape: shapely.Geometry, tolerance_m: float, uncertainty_m: float = 0.0) -> Placed:
    """Put a lon/lat `shape` onto the drawn rivers of `network`.

    `tolerance_m` is how far a river may be, `uncertainty_m` how far off the position.

    A line or an area lies where rivers touch or cross it. A point, and a shape that no river touches, lies at the place
    of the nearest reach within the tolerance.
    """
    around = _around(network, shape, tolerance_m, uncertainty_m) if uncertainty_m > 0 else ()
    touched = touching(network, shape)
    if touched:
        why = say("meets_rivers", names=tuple(dict.fromkeys(network.called(part.reach) for part in touched)))
        return Placed(touched, (), around, may_be_off=uncertainty_m > tolerance_m, why=why)
    spot = network.spot(shape, tolerance_m)
    if spot.status is OnNetwork.NO_RIVER:
        return Placed((), (), around, may_be_off=True, why=spot.why)
    on_nearest = (Stretch(spot.reach, spot.along_m, spot.along_m),)
    rivals = tuple(Stretch(rival.reach, rival.along_m, rival.along_m) for rival in spot.rivals)
    return Placed(on_nearest, rivals, around, may_be_off=spot.distance_m + uncertainty_m > tolerance_m, why=spot.why)


def touching(network: RiverNetwork, shape: shapely.Geometry) -> tuple[Stretch, ...]:
    """Return the parts of reaches of `network` that touch or cross `shape`, a line or an area; none for points."""
    if shape.geom_type in {"Point", "MultiPoint"}:
        return ()
    parts = []
    for reach in sorted(network.tree.query(shape, predicate="intersects").tolist()):
        line = network.lines[reach]
        common = shapely.intersection(line, shape)
        parts += [_stretch(line, reach, part) for part in shapely.get_parts(common)]
    return tuple(parts)


def _stretch(line: shapely.LineString, reach: int, part: shapely.Geometry) -> Stretch:
    stretch = _stretch_of(line)
    flat = _flattened(line, stretch)
    shares = shapely.line_locate_point(flat, shapely.points(shapely.get_coordinates(_flattened(part, stretch))))
    return Stretch(reach, *(_way_to_m(flat, float(share), stretch) for share in (shares.min(), shares.max())))


def _around(
    network: RiverNetwork, shape: shapely.Geometry, tolerance_m: float, uncertainty_m: float
) -> tuple[Stretch, ...]:
    """Return wherever a shape of uncertain position may lie: on what may be nearest, or nearly as near as that.

    If the true position is p, the nearest reach lies within d + u of it, and a rival within what counts as nearly as
    near; from the position as given that is u more.
    """
    near = network.near(shape, tolerance_m + uncertainty_m)
    if not near:
        return ()
    farthest_m = _rival_reach_m(near[0].distance_m + uncertainty_m) + uncertainty_m
    return tuple(
        _feet(network.lines[place.reach], place.reach, shape, uncertainty_m, place.distance_m + 2 * uncertainty_m)
        for place in near
        if place.distance_m <= farthest_m
    )


def _feet(
    line: shapely.LineString, reach: int, shape: shapely.Geometry, uncertainty_m: float, within_m: float
) -> Stretch:
    """Return from where to where a line may lie nearest to a shape moved by its uncertainty.

    Of a point the foot on a segment moves as far as the point; none lies farther than `within_m`. Of other shapes
    everything within that distance counts. Metres become degrees by the shortest degree, so that nothing is left out.
    """
    stretch = _stretch_of(shape)
    flat, place = _flattened(line, stretch), _flattened(shape, stretch)
    reach_deg, moved_deg = (metres / SHORTEST_DEGREE_M for metres in (within_m, uncertainty_m))
    if shape.geom_type == "Point":
        shares = _shares_of_point(flat, np.array([place.x, place.y]), moved_deg, reach_deg)
    else:
        part = shapely.intersection(flat, shapely.buffer(place, reach_deg, quad_segs=64))
        shares = shapely.line_locate_point(flat, shapely.points(shapely.get_coordinates(part)))
    if not len(shares):
        shares = np.array(
            [shapely.line_locate_point(flat, shapely.Point(shapely.shortest_line(flat, place).coords[0]))]
        )
    return Stretch(reach, *(_way_to_m(flat, float(share), stretch) for share in (shares.min(), shares.max())))


def _shares_of_point(flat: shapely.LineString, point: Floats, moved: float, within: float) -> Floats:
    """Return places of a flat line (from its start) between which the feet of a point lie that may move so far.

    A vertex is a foot only where the point may lie beyond the segment before it and short of the one after it.
    """
    xy = shapely.get_coordinates(flat)
    step = np.diff(xy, axis=0)
    length = np.hypot(step[:, 0], step[:, 1])
    keep = length > 0
    start, step, length = xy[:-1][keep], step[keep], length[keep]
    at = ((point - start) * step).sum(axis=1) / length
    before = np.concatenate([[0.0], np.cumsum(length)])
    low, high = np.clip(at - moved, 0, length), np.clip(at + moved, 0, length)
    side = ((point - start) * np.column_stack([-step[:, 1], step[:, 0]])).sum(axis=1) / length
    away = np.hypot(side, at - np.clip(at, low, high))
    holds = (at + moved >= 0) & (at - moved <= length) & (away <= within)
    passes = np.concatenate([[True], at + moved >= length])
    falls_short = np.concatenate([at - moved <= 0, [True]])
    corners = np.vstack([start, start[-1:] + step[-1:]])
    is_foot = passes & falls_short & (np.hypot(*(corners - point).T) <= within)
    return np.concatenate([(before[:-1] + low)[holds], (before[:-1] + high)[holds], before[is_foot]])


def part_of(line: shapely.LineString, length_m: float, stretch: Stretch) -> shapely.Geometry:
    """Return `stretch` of a reach as a line (a point where `length_m` is none), to be held against a coverage."""
    if not length_m:
        return shapely.Point(line.coords[0])
    return substring(line, stretch.from_m / length_m, stretch.to_m / length_m, normalized=True)


_JOINED_FACTOR = 3.0
"""An end is joined to a place near it where the way there along the lines is at most so many times as long."""
_NEAR_M = 0.5
"""How exactly a place on a reach is known."""


class LooseEnds(Struct, frozen=True):
    """Where walks in one direction come by ends that join nothing.

    `at`: by reach: how far from its start, and which end (reach, whether its start).
    """

    at: Mapping[int, Sequence[tuple[float, End]]] = field(default_factory=dict)

    def passed(self, parts: Iterable[Stretch]) -> int:
        """Return how many ends lie along `parts` of reaches, told as they are drawn."""
        ends = {
            end
            for part in parts
            for along_m, end in self.at.get(part.reach, ())
            if part.from_m - _NEAR_M <= along_m <= part.to_m + _NEAR_M
        }
        return len(ends)


def loose_ends(network: RiverNetwork, tolerance_m: float, *, is_against: bool) -> LooseEnds:
    """Return the ends that lie within `tolerance_m` of another reach without being joined to it, where walks meet them.

    `network` is walked with the water, or against it if `is_against`.

    With the water a walk comes by the end of its own reach, and by the start of one that may be fed from it; against
    the water by the start of its own, and by the end of one that may run into it.
    """
    joints = _joints(network)
    at: dict[int, list[tuple[float, End]]] = {}
    for reach, is_start in _open_ends(network):
        for place in _unjoined(network, joints, (reach, is_start), tolerance_m):
            length_m = network.length_m[reach]
            own = reach, 0.0 if is_start else length_m
            where = own if is_start == is_against else (place.reach, place.along_m)
            at.setdefault(where[0], []).append((where[1], (reach, is_start)))
    return LooseEnds(at)


def _open_ends(network: RiverNetwork) -> Iterator[End]:
    """Yield ends that run into nothing, and starts that nothing runs into."""
    fed = {one_below for below in network.below for one_below in below}
    for reach, below in enumerate(network.below):
        if reach not in fed:
            yield reach, True
        if not below:
            yield reach, False


def _joints(network: RiverNetwork) -> dict[Node, list[tuple[int, Node]]]:
    """Return for every node the reaches that touch it, with the node at their other end."""
    joints: dict[Node, list[tuple[int, Node]]] = {}
    for reach, line in enumerate(network.lines):
        first, last = _node_of(line.coords[0]), _node_of(line.coords[-1])
        joints.setdefault(first, []).append((reach, last))
        joints.setdefault(last, []).append((reach, first))
    return joints


def _unjoined(
    network: RiverNetwork, joints: Mapping[Node, Sequence[tuple[int, Node]]], end: End, tolerance_m: float
) -> Iterator[_Nearby]:
    """Yield the places of other reaches near an end to which the lines don't lead."""
    reach, is_start = end
    place = network.lines[reach].coords[0 if is_start else -1]
    for place_near in network.near(shapely.Point(place), tolerance_m):
        if place_near.reach == reach:
            continue
        limit_m = _JOINED_FACTOR * place_near.distance_m + 2 * _NEAR_M
        ways_m = _ways_from(network, joints, _node_of(place), limit_m)
        line = network.lines[place_near.reach]
        by_start_m = ways_m.get(_node_of(line.coords[0]), limit_m + 1) + place_near.along_m
        by_end_m = (
            ways_m.get(_node_of(line.coords[-1]), limit_m + 1) + network.length_m[place_near.reach] - place_near.along_m
        )
        if min(by_start_m, by_end_m) > limit_m:
            yield place_near


def _ways_from(
    network: RiverNetwork, joints: Mapping[Node, Sequence[tuple[int, Node]]], start: Node, limit_m: float
) -> dict[Node, float]:
    """Return the ways along the lines, whatever their direction, from a node to others up to a limit."""
    ways_m: dict[Node, float] = {}
    waiting = [(0.0, start)]
    while waiting:
        so_far_m, node = heapq.heappop(waiting)
        if node in ways_m or so_far_m > limit_m:
            continue
        ways_m[node] = so_far_m
        for reach, other in joints[node]:
            heapq.heappush(waiting, (so_far_m + network.length_m[reach], other))
    return ways_m
