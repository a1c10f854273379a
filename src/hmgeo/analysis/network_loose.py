"""Ends of drawn rivers that lie near another reach without being joined to it: water may pass there, no walk does."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.river_network import node_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hmgeo.analysis.network_ways import Stretch
    from hmgeo.analysis.river_network import Nearby, RiverNetwork

    Node = tuple[float, float]
    End = tuple[int, bool]

_JOINED_FACTOR = 3.0
"""An end is joined to a place near it where the way there along the lines is at most so many times as long."""
_NEAR_M = 0.5
"""How exactly a place on a reach is known."""


@dataclass(frozen=True, slots=True)
class LooseEnds:
    """Where walks in one direction come by ends that join nothing.

    Parameters
    ----------
    at
        By reach: how far from its start, and which end (reach, whether its start).
    """

    at: Mapping[int, Sequence[tuple[float, End]]] = field(default_factory=dict)

    def passed(self, parts: Iterable[Stretch]) -> int:
        """Return how many ends lie along parts of reaches, told as they are drawn."""
        found = {
            end
            for part in parts
            for along_m, end in self.at.get(part.reach, ())
            if part.from_m - _NEAR_M <= along_m <= part.to_m + _NEAR_M
        }
        return len(found)


def loose_ends(network: RiverNetwork, tolerance_m: float, *, is_against: bool) -> LooseEnds:
    """Return the ends that lie within a tolerance of another reach without being joined to it, where walks meet them.

    With the water a walk comes by the end of its own reach, and by the start of one that may be fed from it; against
    the water by the start of its own, and by the end of one that may run into it.
    """
    joints = _joints(network)
    at: dict[int, list[tuple[float, End]]] = {}
    for reach, is_start in _open_ends(network):
        for one in _unjoined(network, joints, (reach, is_start), tolerance_m):
            length_m = network.length_m[reach]
            own = reach, 0.0 if is_start else length_m
            where = own if is_start == is_against else (one.reach, one.along_m)
            at.setdefault(where[0], []).append((where[1], (reach, is_start)))
    return LooseEnds(at)


def _open_ends(network: RiverNetwork) -> Iterator[End]:
    """Yield ends that run into nothing, and starts that nothing runs into."""
    fed = {one for below in network.below for one in below}
    for reach, below in enumerate(network.below):
        if reach not in fed:
            yield reach, True
        if not below:
            yield reach, False


def _joints(network: RiverNetwork) -> dict[Node, list[tuple[int, Node]]]:
    """Return for every node the reaches that touch it, with the node at their other end."""
    found: dict[Node, list[tuple[int, Node]]] = {}
    for reach, line in enumerate(network.lines):
        first, last = node_of(line.coords[0]), node_of(line.coords[-1])
        found.setdefault(first, []).append((reach, last))
        found.setdefault(last, []).append((reach, first))
    return found


def _unjoined(
    network: RiverNetwork, joints: Mapping[Node, Sequence[tuple[int, Node]]], end: End, tolerance_m: float
) -> Iterator[Nearby]:
    """Yield the places of other reaches near an end to which the lines don't lead."""
    reach, is_start = end
    place = network.lines[reach].coords[0 if is_start else -1]
    for one in network.near(shapely.Point(place), tolerance_m):
        if one.reach == reach:
            continue
        limit_m = _JOINED_FACTOR * one.distance_m + 2 * _NEAR_M
        ways_m = _ways_from(network, joints, node_of(place), limit_m)
        line = network.lines[one.reach]
        by_start_m = ways_m.get(node_of(line.coords[0]), limit_m + 1) + one.along_m
        by_end_m = ways_m.get(node_of(line.coords[-1]), limit_m + 1) + network.length_m[one.reach] - one.along_m
        if min(by_start_m, by_end_m) > limit_m:
            yield one


def _ways_from(
    network: RiverNetwork, joints: Mapping[Node, Sequence[tuple[int, Node]]], start: Node, limit_m: float
) -> dict[Node, float]:
    """Return the ways along the lines, whatever their direction, from a node to others up to a limit."""
    found: dict[Node, float] = {}
    waiting = [(0.0, start)]
    while waiting:
        so_far_m, node = heapq.heappop(waiting)
        if node in found or so_far_m > limit_m:
            continue
        found[node] = so_far_m
        for reach, other in joints[node]:
            heapq.heappush(waiting, (so_far_m + network.length_m[reach], other))
    return found
