"""Ways along drawn rivers from one reach: what lies ahead, how far, and whether the lines end before.

One walk serves both questions: with the water the reaches run into those below, against it into those above, and
every place is then told from the other end of its reach.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.river_network import RiverNetwork


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a reach in metres from where it begins; both ends are one for a point."""

    reach: int
    from_m: float
    to_m: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a feature lies on a reach.

    Parameters
    ----------
    row
        Of the feature.
    """

    row: int
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Ahead:
    """A feature on the axis of the reach that one starts from; beyond its end where other reaches lead there.

    Parameters
    ----------
    from_m, to_m
        Where it begins, and the last place of the reach from which it isn't behind.
    """

    row: int
    from_m: float
    to_m: float

    def way_m(self, start: Stretch) -> float | None:
        """Return the shortest way from a part of the reach; None where the feature lies behind all of it."""
        return round(max(0.0, self.from_m - start.to_m), MEASURE_DECIMALS) if self.to_m >= start.from_m else None


@dataclass(frozen=True, slots=True)
class Walk:
    """All that is found from one reach within a limit.

    Parameters
    ----------
    passed
        Parts of reaches that the way covers.
    ends_after_m
        How far from the start the lines end first; None where they go on to the limit.
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
        """Return a stretch told from where the walk enters its reach, or one of the walk as the reach is drawn."""
        if not self._is_against:
            return stretch
        length_m = self._length_m[stretch.reach]
        return Stretch(stretch.reach, length_m - stretch.to_m, length_m - stretch.from_m)

    def beyond(self, reach: int, limit_m: float) -> dict[int, float]:
        """Return the metres from the end of a reach to the beginning of each that follows, up to a limit.

        The reach itself is among them where the lines lead back to it.
        """
        found: dict[int, float] = {}
        waiting = [(0.0, one) for one in self._onward[reach]]
        while waiting:
            so_far_m, here = heapq.heappop(waiting)
            if here in found or round(so_far_m - limit_m, MEASURE_DECIMALS) > 0:
                continue
            found[here] = so_far_m
            for one in self._onward[here]:
                heapq.heappush(waiting, (so_far_m + self._length_m[here], one))
        return found

    def walk(self, start: Stretch, marks: Mapping[int, Sequence[Mark]], limit_m: float) -> Walk:
        """Go on from a part of a reach (turned) and gather the features met.

        Parameters
        ----------
        marks
            Turned features by reach.
        """
        length_m = self._length_m[start.reach]
        left_m = max(0.0, length_m - start.to_m)
        beyond = self.beyond(start.reach, limit_m - left_m)
        here = [Ahead(one.row, one.stretch.from_m, one.stretch.to_m) for one in marks.get(start.reach, ())]
        there = [
            Ahead(one.row, length_m + so_far_m + one.stretch.from_m, math.inf)
            for reach, so_far_m in beyond.items()
            for one in marks.get(reach, ())
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
        short = [one for one in ends_m if round(one, MEASURE_DECIMALS) < limit_m]
        return Walk((*here, *there), tuple(map(self.turned, passed)), min(short, default=None))


def ways_of(network: RiverNetwork, *, is_against: bool) -> Ways:
    """Return the ways with the water, or against it."""
    if not is_against:
        return Ways(network.length_m, network.below)
    above: list[list[int]] = [[] for _ in network.lines]
    for reach, below in enumerate(network.below):
        for one in below:
            above[one].append(reach)
    return Ways(network.length_m, above, is_against=True)


def nearest(ahead: Sequence[Ahead], start: Stretch, limit_m: float) -> tuple[float, int] | None:
    """Return (way in metres, row) of the feature met first from a part of a reach; None within the limit."""
    ways = [(way_m, one.row) for one in ahead if (way_m := one.way_m(start)) is not None]
    return min((one for one in ways if one[0] <= limit_m), default=None)


def answers(ahead: Sequence[Ahead], places: Stretch, limit_m: float) -> set[bool]:
    """Return the answers that occur at the single places of a stretch: is a feature met within the limit.

    Every place is asked: a feature is met from all of a stretch that ends where the feature does.

    Examples
    --------
    >>> answers([Ahead(0, 500.0, 500.0)], Stretch(0, 100.0, 700.0), 300.0) == {True, False}
    True
    >>> answers([Ahead(0, 500.0, 500.0)], Stretch(0, 250.0, 450.0), 300.0)
    {True}
    """
    met = sorted((round(one.from_m - limit_m, MEASURE_DECIMALS), round(one.to_m, MEASURE_DECIMALS)) for one in ahead)
    first_m, last_m = round(places.from_m, MEASURE_DECIMALS), round(places.to_m, MEASURE_DECIMALS)
    held = [(low_m, high_m) for low_m, high_m in met if high_m >= first_m and low_m <= last_m]
    if not held:
        return {False}
    reached_m = first_m
    for low_m, high_m in held:
        if low_m > reached_m:
            return {True, False}
        reached_m = max(reached_m, high_m)
    return {True} if reached_m >= last_m else {True, False}
