"""Slope and relief from a grid of heights, and the classes that follow: at places, of parcels, and steep farmland."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.raster import Cells, Frame, Heights, Strip, frame_of, strips
from hmgeo.judging.facts import Answer, Features, NumberFact, Unknown
from hmgeo.judging.layers import LayerFacts, LayerIndex
from hmgeo.judging.places import Places
from hmgeo.records import Layer, Raster, table_of
from hmgeo.reference.tables import SLOPE_GRADE
from hmgeo.results.columns import SLOPES_SCHEMA, STEEP_SCHEMA
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import MEASURE_DECIMALS, Basis, LayerKind, TerrainClass
from hmgeo.words import Reason, say, sentences

Floats = NDArray[np.float64]


PLAIN_BELOW_M = 30.0
MOUNTAIN_FROM_M = 200.0
"""Relief between plain, hill and mountain: 李炳元 et al., 第四纪研究 2008(4) 535-543; no legal text has them."""

SLOPE_GRADE_LIMITS_DEG = (2.0, 6.0, 15.0, 25.0)
"""Upper ends of the farmland slope grades 1 to 4 (耕地坡度级, 上含下不含: a limit belongs to the grade below it)."""

STEEPEST_GRADE = len(SLOPE_GRADE_LIMITS_DEG) + 1
LEAST_VALID_SHARE = 0.95
_FLAT_TOLERANCE = 1e-9
_TILE_CELLS = 64


class ReliefScheme(Struct, frozen=True):
    """How relief makes classes: all of it is a choice and is printed with the results.

    Parameters
    ----------
    window_m
        Side of the square window; no text fixes it, and it changes the class.
    plain_below_m, mountain_from_m
        Lower limit inclusive, upper exclusive: [0, plain_below) plain, [plain_below, mountain_from) hill.
    least_valid_share
        Share of the window's cells that must hold a height, else the relief is unknown.
    """

    window_m: float
    plain_below_m: float = PLAIN_BELOW_M
    mountain_from_m: float = MOUNTAIN_FROM_M
    least_valid_share: float = LEAST_VALID_SHARE

    def half_cells(self, frame: Frame) -> tuple[int, int]:
        """Return how many rows and columns of `frame` the window reaches to each side, at least one."""
        width_m, height_m = frame.cell_m
        return max(1, round(self.window_m / height_m / 2)), max(1, round(self.window_m / width_m / 2))

    def described(self, frame: Frame) -> Reason:
        """Say what was used, in Chinese, with the window as it came out in whole cells.

        >>> from hmgeo.geo.raster import Frame
        >>> frame = Frame("EPSG:4547", (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), 9, 9)
        >>> ReliefScheme(100.0).described(frame)
        '起伏度窗口 150 m×150 m（5×5 格），低于 30 m 平原，30 至 200 m 丘陵，200 m 及以上山区'
        """
        rows, columns = (2 * half + 1 for half in self.half_cells(frame))
        width_m, height_m = frame.cell_m
        return say(
            "relief_by_window", width_m=columns * width_m, height_m=rows * height_m, columns=columns, rows=rows,
            low_m=self.plain_below_m, high_m=self.mountain_from_m,
        )  # fmt: skip

    def class_of(self, relief_m: float) -> TerrainClass:
        """Return the class of a relief amplitude in metres (`relief_m`).

        >>> [ReliefScheme(1000.0).class_of(relief_m).zh for relief_m in (29.9, 30.0, 199.9, 200.0)]
        ['平原', '丘陵', '丘陵', '山区']
        """
        if relief_m < self.plain_below_m:
            return TerrainClass.PLAIN
        return TerrainClass.HILL if relief_m < self.mountain_from_m else TerrainClass.MOUNTAIN


def slope_grade(slope_deg: Floats) -> NDArray[np.int64]:
    """Return the farmland slope grades 1 to 5 of slopes in degrees (`slope_deg`, NaN gives 0: unknown).

    >>> slope_grade(np.array([0.0, 2.0, 2.01, 6.0, 15.0, 25.0, 25.01, np.nan])).tolist()
    [1, 1, 2, 2, 3, 4, 5, 0]
    """
    grade = np.searchsorted(SLOPE_GRADE_LIMITS_DEG, slope_deg, side="left") + 1
    return np.where(np.isnan(slope_deg), 0, grade).astype(np.int64)


def slope_deg(heights: Heights, cell_m: tuple[float, float]) -> Floats:
    """Return the slope in degrees by Horn's third-order difference over 3 x 3 cells.

    `heights`: (rows, columns) in metres, NaN where unknown.
    `cell_m`: width and height of a cell.

    Returned: same shape; NaN at the raster's edge and wherever one of the nine cells is unknown.

    Horn (1981), Proc. IEEE 69(1), 14-47; the formula of gdaldem and of GRASS r.slope.aspect.

    Examples
    --------
    >>> rising = np.array([[0, 10, 20]] * 3, dtype=np.float32)
    >>> float(slope_deg(rising, (10.0, 10.0))[1, 1])
    45.0
    """
    out = np.full(heights.shape, np.nan)
    z = heights.astype(np.float64)
    if min(z.shape) < 3:  # noqa: PLR2004 -- a window of 3 x 3
        return out
    east = z[:-2, 2:] + 2 * z[1:-1, 2:] + z[2:, 2:]
    west = z[:-2, :-2] + 2 * z[1:-1, :-2] + z[2:, :-2]
    north = z[:-2, :-2] + 2 * z[:-2, 1:-1] + z[:-2, 2:]
    south = z[2:, :-2] + 2 * z[2:, 1:-1] + z[2:, 2:]
    gradient = np.hypot((east - west) / (8 * cell_m[0]), (north - south) / (8 * cell_m[1]))
    out[1:-1, 1:-1] = np.where(np.isnan(z[1:-1, 1:-1]), np.nan, np.degrees(np.arctan(gradient)))
    return out


def relief_m(heights: Heights, half_cells: tuple[int, int], least_valid_share: float = LEAST_VALID_SHARE) -> Floats:
    """Return highest less lowest height within a window around each cell.

    `half_cells`: rows and columns that the window reaches to each side.
    `least_valid_share`: where fewer of the window's cells hold a height (nodata, or beyond the raster) the relief is
    unknown.

    Returned: same shape as heights; NaN where the cell itself or too much of its window is unknown.

    Examples
    --------
    >>> heights = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 99]], dtype=np.float32)
    >>> float(relief_m(heights, (1, 1))[1, 1])
    98.0
    """
    unknown = np.isnan(heights)
    high = _over_window(np.maximum, np.where(unknown, -np.inf, heights), half_cells, -np.inf)
    low = _over_window(np.minimum, np.where(unknown, np.inf, heights), half_cells, np.inf)
    count = _over_window(np.add, (~unknown).astype(np.int32), half_cells, 0)
    valid = count / np.prod([2 * half + 1 for half in half_cells])
    is_known = ~unknown & (valid >= least_valid_share - _FLAT_TOLERANCE)
    out = np.full(heights.shape, np.nan)
    out[is_known] = high[is_known].astype(np.float64) - low[is_known]
    return out


def _over_window(of: np.ufunc, values: NDArray[Any], half_cells: tuple[int, int], beyond: float) -> NDArray[Any]:
    """Return what `of` makes of the window around each cell, side after side; `beyond` stands outside the grid.

    Windows twice as long are made of two, until two that overlap fill the one asked for; a sum takes each cell once.
    """
    for half in half_cells:
        length, reach = 2 * half + 1, 1
        rows = len(values)
        gathered = np.pad(values, ((half, half), (0, 0)), constant_values=beyond)
        if of is np.add:
            sums = np.pad(np.cumsum(gathered, axis=0), ((1, 0), (0, 0)))
            gathered = sums[length:] - sums[:-length]
        else:
            while 2 * reach <= length:
                gathered, reach = of(gathered[:-reach], gathered[reach:]), 2 * reach
            gathered = of(gathered[:rows], gathered[length - reach : length - reach + rows])
        values = np.ascontiguousarray(gathered.T)
    return values


class Measure(NamedTuple):
    """What is worked out for a cell from the heights around it.

    `of`: from heights to as many values, NaN where unknown. `halo`: rows and columns that it looks at to each side.
    """

    of: Callable[[Heights], Floats]
    halo: tuple[int, int]

    def at(self, strip: Strip, cells: Cells) -> Floats:
        """Return values at sorted cells of a strip, numbered from its first; only ground around them is measured."""
        row, column = np.divmod(cells, strip.heights.shape[1])
        row += strip.halo_above
        tile = column // max(_TILE_CELLS, 8 * self.halo[1])
        values = np.empty(len(cells))
        asked = np.unique(tile)
        for run in np.split(asked, np.flatnonzero(np.diff(asked) > 1) + 1):
            own = (tile >= run[0]) & (tile <= run[-1])
            top, left = (
                max(0, int(place[own].min()) - halo) for place, halo in zip((row, column), self.halo, strict=True)
            )
            bottom, right = (
                int(place[own].max()) + halo + 1 for place, halo in zip((row, column), self.halo, strict=True)
            )
            values[own] = self.of(strip.heights[top:bottom, left:right])[row[own] - top, column[own] - left]
        return values


def slope_measure(frame: Frame) -> Measure:
    """Return the slope in degrees on the cells of `frame`."""
    return Measure(partial(slope_deg, cell_m=frame.cell_m), (1, 1))


def relief_measure(frame: Frame, scheme: ReliefScheme) -> Measure:
    """Return the relief amplitude in metres on the cells of `frame`, by the window of `scheme`."""
    half = scheme.half_cells(frame)
    return Measure(partial(relief_m, half_cells=half, least_valid_share=scheme.least_valid_share), half)


FROM_LAYER, FROM_HEIGHTS = "layer", "elevation"
FROM_25, WATER_15_25 = "from_25", "water_15_25"
LISTED, NOT_ASSESSED = "listed", "not_assessed"
STEEP_DEG, LESS_STEEP_DEG = 25.0, 15.0
_GRADE_WORDS = {"一级": 1, "二级": 2, "三级": 3, "四级": 4, "五级": 5, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}
_GRADE = re.compile(r"([1-5])(?:\.0*)?级?")


def _stated_grade(text: str) -> int | None:
    """Return the slope grade that a cell states, None where it states none.

    >>> [_stated_grade(text) for text in ("1", "4.0", "5级", "三级", "", "6", "15-25")]
    [1, 4, 5, 3, None, None, None]
    """
    plain = "".join(text.split())
    match = _GRADE.fullmatch(plain)
    return int(match[1]) if match else _GRADE_WORDS.get(plain)


def parcel_slopes(farmland: Layer, elevation: Raster | None) -> tuple[pa.Table, tuple[str, ...]]:
    """Return `SLOPES_SCHEMA` in the order of `farmland`, and how the grades were found.

    `elevation` is None where there are no heights.

    The grid's slope is the mean over a parcel's cells; it makes the grade only where the layer states none.
    """
    table = farmland.read()
    texts = [dict(links or ()).get(SLOPE_GRADE, "") for links in table["links"].to_pylist()]
    degrees = _by_heights(table, elevation)
    rows = [_row(*parcel) for parcel in zip(table["receptor_id"].to_pylist(), texts, degrees, strict=True)]
    made = table_of(rows, SLOPES_SCHEMA)
    return made, _how(made, texts, elevation)


def _by_heights(table: pa.Table, elevation: Raster | None) -> list[float | None]:
    if elevation is None or not table.num_rows:
        return [None] * table.num_rows
    shapes = list(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    facts = slopes_of(elevation, shapes, [0.0] * len(shapes))
    return [fact.value if isinstance(fact, NumberFact) else None for fact in facts]


def _row(receptor_id: str, text: str, degrees: float | None) -> dict[str, Any]:
    stated = _stated_grade(text)
    row: dict[str, Any] = {"receptor_id": receptor_id, "slope_grade": stated, "slope_from": "", "slope_deg": degrees}
    if stated is not None:
        return row | {"slope_from": FROM_LAYER}
    if degrees is None:
        return row
    return row | {"slope_grade": int(slope_grade(np.array([degrees]))[0]), "slope_from": FROM_HEIGHTS}


def _how(made: pa.Table, texts: list[str], elevation: Raster | None) -> tuple[str, ...]:
    sources = made["slope_from"].to_pylist()
    own, heights, unknown = (sources.count(origin) for origin in (FROM_LAYER, FROM_HEIGHTS, ""))
    notes = [say("slope_grades_from", own=own, heights=heights, unknown=unknown)]
    strange = sum(1 for text in texts if text and _stated_grade(text) is None)
    if strange:
        notes.append(say("slope_grades_unread", count=strange))
    if elevation is not None:
        derived = slope_grade(made["slope_deg"].to_numpy())
        pairs = zip(made["slope_grade"].to_pylist(), derived.tolist(), sources, strict=True)
        differing = sum(1 for own, other, source in pairs if source == FROM_LAYER and other and own != other)
        notes.append(say("slope_grades_differ", count=differing))
    return tuple(notes)


def with_slopes(receptors: pa.Table, slopes: pa.Table) -> pa.Table:
    """Return `receptors` with slope_grade, slope_from and slope_deg after its own columns; null elsewhere.

    `slopes` is `SLOPES_SCHEMA` of the parcels among them.
    """
    at = pc.index_in(receptors["receptor_id"], value_set=slopes["receptor_id"].combine_chunks())
    is_parcel = pc.equal(receptors["receptor_kind"], LayerKind.FARMLAND.value)
    rows = pc.if_else(is_parcel, at, pa.scalar(None, pa.int32()))
    for name in SLOPES_SCHEMA.names[1:]:
        receptors = receptors.append_column(name, slopes[name].take(rows))
    return receptors


def steep_farmland(reached: pa.Table, slopes: pa.Table, indexes: Mapping[str, LayerIndex]) -> pa.Table:
    """Return `STEEP_SCHEMA`: farmland from 25 degrees, and from 15 to 25 at important water sources.

    Parameters
    ----------
    reached
        Receptors with area_ha, class and township.
    indexes
        Layers by code; what an important water source is comes from a layer of that kind alone.
    slopes
        `SLOPES_SCHEMA` of the parcels.
    """
    graded = {row["receptor_id"]: row for row in slopes.to_pylist()}
    rows = []
    for row in reached.filter(pc.equal(reached["receptor_kind"], LayerKind.FARMLAND.value)).to_pylist():
        slope = graded.get(row["receptor_id"])
        if slope is None or slope["slope_grade"] is None:
            continue
        standing = _told(slope, row, indexes)
        if standing:
            shown = {name: row[name] for name in ("receptor_id", "township", "class", "area_ha")}
            rows.append(standing | shown | {name: slope[name] for name in SLOPES_SCHEMA.names[1:]})
    rows.sort(key=lambda listed: (listed["list"], listed["status"] != LISTED))
    return table_of(rows, STEEP_SCHEMA)


def _told(slope: Mapping[str, Any], row: Mapping[str, Any], indexes: Mapping[str, LayerIndex]) -> dict[str, Any] | None:
    """Return which list a parcel stands in, and how; None where in neither."""
    by_layer = slope["slope_from"] == FROM_LAYER
    steep = slope["slope_grade"] == STEEPEST_GRADE if by_layer else slope["slope_deg"] >= STEEP_DEG
    if steep:
        return {"list": FROM_25, "status": LISTED, "water_source": "", "note": ""}
    lesser = slope["slope_grade"] == STEEPEST_GRADE - 1 if by_layer else slope["slope_deg"] >= LESS_STEEP_DEG
    if not lesser:
        return None
    facts = LayerFacts(shapely.from_wkb(row["geometry"]), 0.0, indexes, Places())
    fact = facts.inside(Features(LayerKind.IMPORTANT_WATER_SOURCES.value))
    word = {"list": WATER_15_25, "status": NOT_ASSESSED, "water_source": ""}
    if isinstance(fact, Unknown):
        department = LAYERS[LayerKind.IMPORTANT_WATER_SOURCES.value].department
        return word | {"note": sentences(fact.why, say("important_waters_open", department=department))}
    if fact.answer is Answer.NO:
        return word | {"note": fact.gap} if fact.gap else None
    partly = say("partly_in_it") if fact.answer is Answer.PARTLY else ""
    return word | {"status": LISTED, "water_source": fact.receptor_name or fact.receptor_id, "note": partly}


NO_HEIGHT = say("no_height_here")
_MEDIAN = 0.5


def gather(
    raster: Raster, measure: Measure, cells: Sequence[Cells], passed: Iterable[Strip] | None = None
) -> list[Floats]:
    """Return values of a measure at lists of flat cells, in one pass.

    `passed`: `strips` of the raster where they are kept; read anew where None.
    `cells`: one array of flat cell numbers for each place; -1 gives NaN.

    The values, in the order of the cells asked for.
    """
    asked = np.concatenate(cells) if cells else np.zeros(0, np.int64)
    order = np.argsort(asked, kind="stable")
    in_order = asked[order]
    values = np.full(len(asked), np.nan)
    for strip in strips(raster, measure.halo[0]) if passed is None else passed:
        start = strip.first_row * raster.width
        first, last = np.searchsorted(in_order, [start, strip.last_row * raster.width])
        if first < last:
            values[order[first:last]] = measure.at(strip, in_order[first:last] - start)
    ends = np.cumsum([len(own) for own in cells])
    return np.split(values, ends[:-1]) if cells else []


def cells_of_places(
    frame: Frame, geometries: Sequence[shapely.Geometry], uncertainties_m: Sequence[float]
) -> tuple[list[Cells], list[Cells]]:
    """Return for each of `geometries` (lon/lat) the cells of `frame` that it covers, and those that it may lie in.

    `uncertainties_m` are those of the positions.
    """
    own_cells = frame.cells_of_shapes(geometries)
    possible = [
        np.union1d(cells, frame.cells_within(geometry, uncertainty_m)) if uncertainty_m > 0 else cells
        for cells, geometry, uncertainty_m in zip(own_cells, geometries, uncertainties_m, strict=True)
    ]
    return own_cells, possible


def slopes_of(
    raster: Raster,
    geometries: Sequence[shapely.Geometry],
    uncertainties_m: Sequence[float],
    passed: Iterable[Strip] | None = None,
) -> list[NumberFact | Unknown]:
    """Return the slope in degrees of each place: of the cell that holds a point, the mean over a polygon's cells.

    Parameters
    ----------
    geometries
        In lon/lat.
    uncertainties_m
        Of the positions; the range is that of the cells which the place may lie in.
    passed
        `strips` of the raster with a halo of a row, where they are kept.
    """
    frame = frame_of(raster)
    own_cells, possible = cells_of_places(frame, geometries, uncertainties_m)
    values = gather(raster, slope_measure(frame), [*own_cells, *possible], passed)
    is_approximate = raster.basis is Basis.APPROXIMATE
    facts: list[NumberFact | Unknown] = []
    for own, around in zip(values[: len(own_cells)], values[len(own_cells) :], strict=True):
        facts.append(_number(own, around, is_approximate=is_approximate))
    return facts


def _number(own: Floats, around: Floats, *, is_approximate: bool) -> NumberFact | Unknown:
    if not len(own) or np.isnan(own).any() or np.isnan(around).any():
        return Unknown(NO_HEIGHT)
    value = round(float(own.mean()), MEASURE_DECIMALS)
    if len(around) == len(own):
        return NumberFact(value, is_approximate=is_approximate)
    low, high = (round(float(end), MEASURE_DECIMALS) for end in (around.min(), around.max()))
    return NumberFact(value, min(low, value), max(high, value), is_approximate=is_approximate)


class PlaceTerrain(Struct, frozen=True):
    """How rugged a place is.

    `relief_m`: the middle one of the place's cells, at the position as given.
    `others`: classes that it could have within the position's uncertainty.
    """

    terrain: TerrainClass
    relief_m: float
    others: frozenset[TerrainClass] = frozenset()


def terrain_class_at(
    raster: Raster, scheme: ReliefScheme, geometries: Sequence[shapely.Geometry], uncertainties_m: Sequence[float]
) -> list[PlaceTerrain | Unknown]:
    """Return the terrain class of each place by the relief amplitude around it; a polygon has its median cell's.

    Parameters
    ----------
    geometries
        In lon/lat: sources, parcels, or lines between them.
    raster, scheme
        Heights in metres, and how relief makes classes.
    uncertainties_m
        Of the positions.
    """
    frame = frame_of(raster)
    own_cells, possible = cells_of_places(frame, geometries, uncertainties_m)
    values = gather(raster, relief_measure(frame, scheme), [*own_cells, *possible])
    pairs = zip(values[: len(own_cells)], values[len(own_cells) :], strict=True)
    return [terrain_of(own, around, scheme) for own, around in pairs]


def terrain_of(own: Floats, around: Floats, scheme: ReliefScheme) -> PlaceTerrain | Unknown:
    """Return the class of a place by `scheme` from the relief of its `own` cells and of those `around` it."""
    if not len(own) or np.isnan(own).any() or np.isnan(around).any():
        return Unknown(NO_HEIGHT)
    middle_m = float(np.quantile(own, _MEDIAN, method="lower"))
    terrain = scheme.class_of(middle_m)
    possible = {terrain}
    if len(around) > len(own):
        possible = {scheme.class_of(float(value)) for value in around}
    return PlaceTerrain(terrain, round(middle_m, MEASURE_DECIMALS), frozenset(possible) - {terrain})
