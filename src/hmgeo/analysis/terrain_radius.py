"""The screening radius by terrain: full in plains, what the project sets in hills and mountains, else undecided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.outcome import Side
from hmgeo.analysis.raster_strips import frame_of
from hmgeo.analysis.terrain import relief_strips
from hmgeo.analysis.terrain_places import gather
from hmgeo.analysis.terrain_verdict import TerrainOutcome
from hmgeo.vocabulary import TerrainClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.raster_strips import Cells, Frame
    from hmgeo.analysis.terrain import ReliefScheme
    from hmgeo.analysis.terrain_places import PlaceTerrain
    from hmgeo.records import Raster

    Indices = NDArray[np.int64]
    Floats = NDArray[np.float64]

LINE_SAMPLES = 64
PAIRS_AT_ONCE = 100_000


class TerrainAt(Enum):
    """Whose terrain sets the radius of a pair; codes of the parameter `terrain_at`."""

    FARMLAND = "farmland"
    SOURCE = "source"
    WORST = "worst"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class TerrainRadii:
    """Radius in metres by class; None where the project sets none (no text has a number for hills or mountains)."""

    plain_m: float
    hill_m: float | None = None
    mountain_m: float | None = None

    def of(self, terrain: TerrainClass) -> float | None:
        """Return the radius of a class."""
        return {
            TerrainClass.PLAIN: self.plain_m,
            TerrainClass.HILL: self.hill_m,
            TerrainClass.MOUNTAIN: self.mountain_m,
        }[terrain]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of source and parcel within the plain's radius, as parallel arrays.

    Parameters
    ----------
    source, receptor
        Rows of the sources and of the parcels.
    distance_m
        Rounded to 0.1 mm, as judged.
    """

    source: Indices
    receptor: Indices
    distance_m: Floats


def pair_classes(
    pairs: Pairs,
    sources: Sequence[PlaceTerrain | Unknown],
    receptors: Sequence[PlaceTerrain | Unknown],
    at: TerrainAt,
    lines: Sequence[TerrainClass | None] = (),
) -> list[TerrainClass | None]:
    """Return the class that sets the radius of each pair; None where heights are missing.

    Parameters
    ----------
    lines
        For `TerrainAt.PATH`: the prevailing class along each pair's line, from `line_classes`.
    """
    if at is TerrainAt.PATH:
        return list(lines)
    here = [_class(sources[row]) for row in pairs.source]
    there = [_class(receptors[row]) for row in pairs.receptor]
    if at is TerrainAt.SOURCE:
        return here
    if at is TerrainAt.FARMLAND:
        return there
    return [_flatter(one, other) for one, other in zip(here, there, strict=True)]


def _class(place: PlaceTerrain | Unknown) -> TerrainClass | None:
    return None if isinstance(place, Unknown) else place.terrain


def _flatter(one: TerrainClass | None, other: TerrainClass | None) -> TerrainClass | None:
    """Return the class with the longer radius: plain settles it, an unknown end does not."""
    if TerrainClass.PLAIN in {one, other}:
        return TerrainClass.PLAIN
    if one is None or other is None:
        return None
    return min(one, other, key=list(TerrainClass).index)


def line_classes(
    raster: Raster,
    scheme: ReliefScheme,
    pairs: Pairs,
    sources: Sequence[shapely.Geometry],
    receptors: Sequence[shapely.Geometry],
) -> list[TerrainClass | None]:
    """Return the class that prevails along each pair's line from a point of the source to a point of the parcel.

    The line is sampled at 64 even steps; the flatter class wins a tie; None where a sample has no relief.
    """
    frame = frame_of(raster)
    ends = (inner_points(frame, sources), inner_points(frame, receptors))
    found: list[TerrainClass | None] = []
    for first in range(0, len(pairs.source), PAIRS_AT_ONCE):
        cells = line_cells(frame, ends, pairs, slice(first, first + PAIRS_AT_ONCE))
        (relief,) = gather(relief_strips(raster, scheme), frame.width, [cells])
        found += prevailing_classes(relief.reshape(LINE_SAMPLES, -1), scheme)
    return found


def line_cells(frame: Frame, ends: tuple[Floats, Floats], pairs: Pairs, part: slice) -> Cells:
    """Return the cells of 64 even steps along the lines of some pairs, all first steps first; -1 off the grid.

    Parameters
    ----------
    ends
        A point of each source and of each parcel in the plane, from `inner_points`.
    """
    here, there = ends[0][pairs.source[part]], ends[1][pairs.receptor[part]]
    steps = np.linspace(0.0, 1.0, LINE_SAMPLES)[:, None, None]
    along = (here + (there - here) * steps).reshape(-1, 2)
    return frame.cell_at(along[:, 0], along[:, 1])


def inner_points(frame: Frame, shapes: Sequence[shapely.Geometry]) -> Floats:
    """Return a point of each shape in the raster's plane, (n, 2)."""
    points = shapely.point_on_surface(np.asarray(shapes, dtype=object))
    flat: Floats = shapely.get_coordinates([frame.to_plane(point) for point in points])
    return flat


def prevailing_classes(relief: Floats, scheme: ReliefScheme) -> list[TerrainClass | None]:
    """Return the commonest class of each column of (samples, lines), the flatter of two as common; None with a gap.

    Examples
    --------
    >>> from hmgeo.analysis.terrain import ReliefScheme
    >>> relief = np.array([[0.0, 0.0, np.nan], [50.0, 50.0, 0.0], [0.0, 50.0, 0.0]])
    >>> [None if one is None else one.value for one in prevailing_classes(relief, ReliefScheme(1000.0))]
    ['plain', 'hill', None]
    """
    classes = list(TerrainClass)
    code = np.digitize(relief, [scheme.plain_below_m, scheme.mountain_from_m])
    counts = np.stack([(code == one).sum(axis=0) for one in range(len(classes))])
    gap = np.isnan(relief).any(axis=0)
    best = np.where(gap, -1, counts.argmax(axis=0))
    return [None if one < 0 else classes[one] for one in best.tolist()]


def outcomes(
    pairs: Pairs, classes: Sequence[TerrainClass | None], radii: TerrainRadii, source_count: int
) -> list[TerrainOutcome]:
    """Return what each source comes to; pairs may stand in any order.

    Parameters
    ----------
    classes
        From `pair_classes`, one for each pair.
    """
    rows: list[list[int]] = [[] for _ in range(source_count)]
    for row in np.argsort(pairs.distance_m, kind="stable"):
        if pairs.distance_m[row] <= radii.plain_m:
            rows[int(pairs.source[row])].append(int(row))
    return [_outcome(own, pairs, classes, radii) for own in rows]


def _outcome(
    rows: Sequence[int], pairs: Pairs, classes: Sequence[TerrainClass | None], radii: TerrainRadii
) -> TerrainOutcome:
    if not rows:
        return TerrainOutcome(Side.NOT_MET, Side.NOT_MET)
    undecided: TerrainOutcome | None = None
    for row in rows:
        terrain, distance_m = classes[row], float(pairs.distance_m[row])
        radius_m = None if terrain is None else radii.of(terrain)
        found = (int(pairs.receptor[row]), distance_m, radius_m, terrain)
        if radius_m is not None and distance_m <= radius_m:
            return TerrainOutcome(Side.MET, Side.MET, *found)
        if radius_m is None and undecided is None:
            undecided = TerrainOutcome(Side.UNKNOWN, Side.MET, *found, _open_text(terrain, radii.plain_m))
    if undecided is not None:
        return undecided
    first = rows[0]
    beyond = classes[first]
    why = f"按平原半径 {radii.plain_m / 1000:g} km 则在范围内，按所定{beyond.zh if beyond else ''}半径不在。"
    radius_m = None if beyond is None else radii.of(beyond)
    return TerrainOutcome(
        Side.NOT_MET, Side.MET, int(pairs.receptor[first]), float(pairs.distance_m[first]), radius_m, beyond, why
    )


def _open_text(terrain: TerrainClass | None, plain_m: float) -> str:
    beside = f"按平原半径 {plain_m / 1000:g} km 则在范围内。"
    if terrain is None:
        return f"缺少高程，地形类别未作判断；{beside}"
    return f"条文未规定{terrain.zh}半径，项目亦未给定，未作判断；{beside}"
