"""The screening radius by terrain: full in plains, what the project sets elsewhere; who flips under which choice."""

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.raster import Cells, Frame, frame_of
from hmgeo.judging.facts import Side, TerrainOutcome, Unknown
from hmgeo.records import Raster, table_of
from hmgeo.results.columns import TERRAIN_FLIPS_SCHEMA
from hmgeo.terrain.slope import PlaceTerrain, ReliefScheme, cells_of_places, gather, relief_measure, terrain_of
from hmgeo.vocabulary import COUNTED_RADII_M, TerrainClass
from hmgeo.words import say

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

LINE_SAMPLES = 64
PAIRS_AT_ONCE = 100_000


class TerrainAt(Enum):
    """Whose terrain sets the radius of a pair; codes of the parameter `terrain_at`."""

    FARMLAND = "farmland"
    SOURCE = "source"
    WORST = "worst"
    PATH = "path"


class TerrainRadii(Struct, frozen=True):
    """Radius in metres by class; None where the project sets none (no text has a number for hills or mountains)."""

    plain_m: float
    hill_m: float | None = None
    mountain_m: float | None = None

    def of(self, terrain: TerrainClass) -> float | None:
        """Return the radius in metres of the class `terrain`; None where none is set."""
        return {
            TerrainClass.PLAIN: self.plain_m,
            TerrainClass.HILL: self.hill_m,
            TerrainClass.MOUNTAIN: self.mountain_m,
        }[terrain]


class Pairs(Struct, frozen=True):
    """Pairs of source and parcel within the plain's radius, as parallel arrays.

    `source`, `receptor`: rows of the sources and of the parcels. `distance_m`: rounded to 0.1 mm, as judged.
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
    """Return the class that sets the radius of each of `pairs`; None where heights are missing.

    Parameters
    ----------
    lines
        For `TerrainAt.PATH`: the prevailing class along each pair's line, from `line_classes`.
    sources, receptors
        The terrain of each; Unknown where heights are missing.
    at
        Whose terrain counts.
    """
    if at is TerrainAt.PATH:
        return list(lines)
    here = [_class(sources[row]) for row in pairs.source]
    there = [_class(receptors[row]) for row in pairs.receptor]
    if at is TerrainAt.SOURCE:
        return here
    if at is TerrainAt.FARMLAND:
        return there
    return [_flatter(near_end, far_end) for near_end, far_end in zip(here, there, strict=True)]


def _class(place: PlaceTerrain | Unknown) -> TerrainClass | None:
    return None if isinstance(place, Unknown) else place.terrain


def _flatter(here: TerrainClass | None, there: TerrainClass | None) -> TerrainClass | None:
    """Return the class with the longer radius: plain settles it, an unknown end does not."""
    if TerrainClass.PLAIN in {here, there}:
        return TerrainClass.PLAIN
    if here is None or there is None:
        return None
    return min(here, there, key=list(TerrainClass).index)


def line_classes(
    raster: Raster,
    scheme: ReliefScheme,
    pairs: Pairs,
    sources: Sequence[shapely.Geometry],
    receptors: Sequence[shapely.Geometry],
) -> list[TerrainClass | None]:
    """Return the class that prevails along the line of each of `pairs`, from a point of either end to one of the other.

    `raster` holds heights in metres, `scheme` makes classes of relief; `sources` and `receptors` are lon/lat shapes.

    The line is sampled at 64 even steps; the flatter class wins a tie; None where a sample has no relief.
    """
    frame = frame_of(raster)
    ends = (_inner_points(frame, sources), _inner_points(frame, receptors))
    classes: list[TerrainClass | None] = []
    for first in range(0, len(pairs.source), PAIRS_AT_ONCE):
        cells = _line_cells(frame, ends, pairs, slice(first, first + PAIRS_AT_ONCE))
        (relief,) = gather(raster, relief_measure(frame, scheme), [cells])
        classes += _prevailing_classes(relief.reshape(LINE_SAMPLES, -1), scheme)
    return classes


def _line_cells(frame: Frame, ends: tuple[Floats, Floats], pairs: Pairs, part: slice) -> Cells:
    """Return the cells of 64 even steps along the lines of some pairs, all first steps first; -1 off the grid."""
    here, there = ends[0][pairs.source[part]], ends[1][pairs.receptor[part]]
    steps = np.linspace(0.0, 1.0, LINE_SAMPLES)[:, None, None]
    along = (here + (there - here) * steps).reshape(-1, 2)
    return frame.cell_at(along[:, 0], along[:, 1])


def _inner_points(frame: Frame, shapes: Sequence[shapely.Geometry]) -> Floats:
    """Return a point of each shape in the raster's plane, (n, 2)."""
    points = shapely.point_on_surface(np.asarray(shapes, dtype=object))
    flat: Floats = shapely.get_coordinates([frame.to_plane(point) for point in points])
    return flat


def _prevailing_classes(relief: Floats, scheme: ReliefScheme) -> list[TerrainClass | None]:
    """Return the commonest class of each column of (samples, lines), the flatter of two as common; None with a gap.

    >>> from hmgeo.terrain.slope import ReliefScheme
    >>> relief = np.array([[0.0, 0.0, np.nan], [50.0, 50.0, 0.0], [0.0, 50.0, 0.0]])
    >>> [None if one is None else one.value for one in _prevailing_classes(relief, ReliefScheme(1000.0))]
    ['plain', 'hill', None]
    """
    classes = list(TerrainClass)
    code = np.digitize(relief, [scheme.plain_below_m, scheme.mountain_from_m])
    counts = np.stack([(code == number).sum(axis=0) for number in range(len(classes))])
    gap = np.isnan(relief).any(axis=0)
    best = np.where(gap, -1, counts.argmax(axis=0))
    return [None if number < 0 else classes[number] for number in best.tolist()]


def outcomes(
    pairs: Pairs, classes: Sequence[TerrainClass | None], radii: TerrainRadii, source_count: int
) -> list[TerrainOutcome]:
    """Return what each source comes to; pairs may stand in any order.

    `classes`: from `pair_classes`, one for each pair.
    `source_count`: number of sources; rows of `pairs` are among them.
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
        return TerrainOutcome(Side.NOT_MET)
    undecided: TerrainOutcome | None = None
    for row in rows:
        terrain, distance_m = classes[row], float(pairs.distance_m[row])
        radius_m = None if terrain is None else radii.of(terrain)
        nearest = (int(pairs.receptor[row]), distance_m, radius_m, terrain)
        if radius_m is not None and distance_m <= radius_m:
            return TerrainOutcome(Side.MET, *nearest)
        if radius_m is None and undecided is None:
            undecided = TerrainOutcome(Side.UNKNOWN, *nearest, _open_text(terrain, radii.plain_m))
    if undecided is not None:
        return undecided
    first = rows[0]
    beyond = classes[first]
    why = say("outside_by_terrain", plain_m=radii.plain_m, terrain=beyond.zh if beyond else "")
    radius_m = None if beyond is None else radii.of(beyond)
    return TerrainOutcome(
        Side.NOT_MET, int(pairs.receptor[first]), float(pairs.distance_m[first]), radius_m, beyond, why
    )


def _open_text(terrain: TerrainClass | None, plain_m: float) -> str:
    if terrain is None:
        return say("terrain_without_heights", plain_m=plain_m)
    return say("terrain_radius_unset", terrain=terrain.zh, plain_m=plain_m)


SHOWN_RADII_M = COUNTED_RADII_M[::-1]
NOT_CONSIDERED = "not_considered"
_UNKNOWN, _PLAIN = -1, 0
_CLASSES = list(TerrainClass)


class TerrainQuestion(Struct, frozen=True):
    """What the table of flips is asked of."""

    raster: Raster
    scheme: ReliefScheme
    source_ids: Sequence[str]
    sources: Sequence[shapely.Geometry]
    uncertainties_m: Sequence[float]
    receptors: Sequence[shapely.Geometry]


class _Flips(Struct, frozen=True):
    """`TERRAIN_FLIPS_SCHEMA` by choice, radius (longest first) and source; the terrain of each source, in order."""

    table: pa.Table
    places: Sequence[PlaceTerrain | Unknown]


def flips(question: TerrainQuestion, pairs: Pairs, plain_m: float = SHOWN_RADII_M[0]) -> _Flips:
    """Return who is listed for each terrain choice and each radius in hills and mountains, and who flips.

    `pairs`: all within `plain_m`.

    For `not_considered` the radius holds everywhere, for the other choices in hills and mountains only. Sources without
    heights are `is_listed` null, unless a pair whose class is known lists them.
    """
    here, there, lines = _grounds(question, pairs)
    codes = {NOT_CONSIDERED: np.full(len(pairs.source), _PLAIN)}
    codes |= {at.value: _codes(pair_classes(pairs, here, there, at, lines)) for at in TerrainAt}
    order = np.lexsort((pairs.distance_m, pairs.source))
    near = _Near(pairs.source[order], pairs.distance_m[order], len(question.source_ids))
    in_plain = near.first(near.distance_m <= plain_m) >= 0
    rows: list[Mapping[str, object]] = []
    for choice, of_pairs in codes.items():
        code = of_pairs[order]
        for radius_m in SHOWN_RADII_M:
            widest_m = radius_m if choice == NOT_CONSIDERED else plain_m
            listed, deciding = _listed(near, code, widest_m, radius_m)
            rows += [
                {
                    "terrain_at": choice,
                    "radius_m": radius_m,
                    "source_id": source_id,
                    "is_listed": listed[row],
                    "is_listed_if_plain": bool(in_plain[row]),
                    "source_terrain": "" if isinstance(place, Unknown) else place.terrain.value,
                    "pair_terrain": "" if deciding[row] < 0 else _word(int(code[deciding[row]])),
                }
                for row, (source_id, place) in enumerate(zip(question.source_ids, here, strict=True))
            ]
    return _Flips(table_of(rows, TERRAIN_FLIPS_SCHEMA), here)


class _Near(Struct, frozen=True):
    """Pairs by source and then by distance."""

    source: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    count: int

    def first(self, is_held: Flags) -> NDArray[np.int64]:
        """Return the place of each source's nearest pair that is held, -1 where none is."""
        places = np.flatnonzero(is_held)
        nearest = np.full(self.count, -1)
        nearest[self.source[places][::-1]] = places[::-1]
        return nearest


def _listed(
    near: _Near, code: NDArray[np.int64], widest_m: float, radius_m: float
) -> tuple[list[bool | None], NDArray[np.int64]]:
    """Return for each source whether a pair lists it (None: it can't be told), and the pair that decides."""
    own_m = np.where(code == _PLAIN, widest_m, np.minimum(radius_m, widest_m))
    in_reach = near.distance_m <= widest_m
    met = near.first((code != _UNKNOWN) & (near.distance_m <= own_m))
    open_ = near.first((code == _UNKNOWN) & in_reach)
    any_ = near.first(in_reach)
    deciding = np.where(met >= 0, met, np.where(open_ >= 0, open_, any_))
    listed = [
        True if met_at >= 0 else None if open_at >= 0 else False for met_at, open_at in zip(met, open_, strict=True)
    ]
    return listed, deciding


def _codes(classes: Sequence[TerrainClass | None]) -> NDArray[np.int64]:
    return np.array([_UNKNOWN if terrain is None else _CLASSES.index(terrain) for terrain in classes], dtype=np.int64)


def _word(code: int) -> str:
    return "" if code == _UNKNOWN else _CLASSES[code].value


def _grounds(
    question: TerrainQuestion, pairs: Pairs
) -> tuple[list[PlaceTerrain | Unknown], list[PlaceTerrain | Unknown], list[TerrainClass | None]]:
    """Return the terrain of sources, of parcels and along the lines between them."""
    frame, scheme = frame_of(question.raster), question.scheme
    own_cells, possible = cells_of_places(frame, question.sources, question.uncertainties_m)
    parcels, _ = cells_of_places(frame, question.receptors, [0.0] * len(question.receptors))
    few = len(pairs.source) <= PAIRS_AT_ONCE
    ends = (_inner_points(frame, question.sources), _inner_points(frame, question.receptors))
    along = _line_cells(frame, ends, pairs, slice(None)) if few else np.zeros(0, np.int64)
    measure = relief_measure(frame, scheme)
    values = gather(question.raster, measure, [*own_cells, *possible, *parcels, along])
    count = len(own_cells)
    here = [terrain_of(*relief, scheme) for relief in zip(values[:count], values[count : 2 * count], strict=True)]
    there = [terrain_of(relief, relief, scheme) for relief in values[2 * count : -1]]
    if few:
        return here, there, _prevailing_classes(values[-1].reshape(LINE_SAMPLES, -1), scheme)
    return here, there, line_classes(question.raster, scheme, pairs, question.sources, question.receptors)
