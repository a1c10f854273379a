"""Where a shape lies on drawn rivers: as given, and everywhere its position's uncertainty allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.ops import substring

from hmgeo.analysis.network_ways import Stretch
from hmgeo.analysis.river_network import (
    SHORTEST_DEGREE_M,
    OnNetwork,
    flattened,
    rival_reach_m,
    stretch_of,
    way_to_m,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.analysis.river_network import RiverNetwork

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
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
    """Put a lon/lat shape onto drawn rivers.

    A line or an area lies where rivers touch or cross it. A point, and a shape that no river touches, lies at the place
    of the nearest reach within the tolerance.
    """
    around = _around(network, shape, tolerance_m, uncertainty_m) if uncertainty_m > 0 else ()
    touched = touching(network, shape)
    if touched:
        names = "、".join(dict.fromkeys(network.called(one.reach) for one in touched))
        return Placed(touched, (), around, may_be_off=uncertainty_m > tolerance_m, why=f"与{names}相接。")
    spot = network.spot_within(shape, tolerance_m)
    if spot.status is OnNetwork.NO_RIVER:
        return Placed((), (), around, may_be_off=True, why=spot.why)
    given = (Stretch(spot.reach, spot.along_m, spot.along_m),)
    rivals = tuple(Stretch(one.reach, one.along_m, one.along_m) for one in spot.rivals)
    return Placed(given, rivals, around, may_be_off=spot.distance_m + uncertainty_m > tolerance_m, why=spot.why)


def touching(network: RiverNetwork, shape: shapely.Geometry) -> tuple[Stretch, ...]:
    """Return the parts of reaches that touch or cross a line or an area; none for points."""
    if shape.geom_type in {"Point", "MultiPoint"}:
        return ()
    found = []
    for reach in sorted(network.tree.query(shape, predicate="intersects").tolist()):
        line = network.lines[reach]
        common = shapely.intersection(line, shape)
        found += [_stretch(line, reach, part) for part in shapely.get_parts(common)]
    return tuple(found)


def _stretch(line: shapely.LineString, reach: int, part: shapely.Geometry) -> Stretch:
    stretch = stretch_of(line)
    flat = flattened(line, stretch)
    shares = shapely.line_locate_point(flat, shapely.points(shapely.get_coordinates(flattened(part, stretch))))
    return Stretch(reach, *(way_to_m(flat, float(share), stretch) for share in (shares.min(), shares.max())))


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
    farthest_m = rival_reach_m(near[0].distance_m + uncertainty_m) + uncertainty_m
    return tuple(
        _feet(network.lines[one.reach], one.reach, shape, uncertainty_m, one.distance_m + 2 * uncertainty_m)
        for one in near
        if one.distance_m <= farthest_m
    )


def _feet(
    line: shapely.LineString, reach: int, shape: shapely.Geometry, uncertainty_m: float, within_m: float
) -> Stretch:
    """Return from where to where a line may lie nearest to a shape moved by its uncertainty.

    Of a point the foot on a segment moves as far as the point; none lies farther than `within_m`. Of other shapes
    everything within that distance counts. Metres become degrees by the shortest degree, so that nothing is left out.
    """
    stretch = stretch_of(shape)
    flat, place = flattened(line, stretch), flattened(shape, stretch)
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
    return Stretch(reach, *(way_to_m(flat, float(share), stretch) for share in (shares.min(), shares.max())))


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
    """Return a part of a reach as a line (a point where it has no length), to be held against a coverage."""
    if not length_m:
        return shapely.Point(line.coords[0])
    return substring(line, stretch.from_m / length_m, stretch.to_m / length_m, normalized=True)
