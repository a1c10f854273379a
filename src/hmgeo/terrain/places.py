"""Slope and terrain class of places, all of them in one pass over the grid of heights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.geo.raster import frame_of, strips
from hmgeo.judging.facts import NumberFact, Unknown
from hmgeo.terrain.slope import relief_measure, slope_measure
from hmgeo.vocabulary import MEASURE_DECIMALS, Basis, TerrainClass
from hmgeo.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import shapely
    from numpy.typing import NDArray

    from hmgeo.geo.raster import Cells, Frame, Strip
    from hmgeo.records import Raster
    from hmgeo.terrain.slope import Measure, ReliefScheme

    Floats = NDArray[np.float64]

NO_HEIGHT = say("no_height_here")
_MEDIAN = 0.5


def gather(
    raster: Raster, measure: Measure, cells: Sequence[Cells], passed: Iterable[Strip] | None = None
) -> list[Floats]:
    """Return values of a measure at lists of flat cells, in one pass.

    Parameters
    ----------
    passed
        `strips` of the raster where they are kept; read anew where None.
    cells
        One array of flat cell numbers for each place; -1 gives NaN.

    Returns
    -------
    list of numpy.ndarray
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
    ends = np.cumsum([len(one) for one in cells])
    return np.split(values, ends[:-1]) if cells else []


def cells_of_places(
    frame: Frame, geometries: Sequence[shapely.Geometry], uncertainties_m: Sequence[float]
) -> tuple[list[Cells], list[Cells]]:
    """Return for each place the cells that it covers, and those that it may lie in within its uncertainty."""
    given = [frame.cells_of_shape(geometry) for geometry in geometries]
    possible = [
        np.union1d(own, frame.cells_within(geometry, uncertainty_m)) if uncertainty_m > 0 else own
        for own, geometry, uncertainty_m in zip(given, geometries, uncertainties_m, strict=True)
    ]
    return given, possible


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
    given, possible = cells_of_places(frame, geometries, uncertainties_m)
    values = gather(raster, slope_measure(frame), [*given, *possible], passed)
    is_approximate = raster.basis is Basis.APPROXIMATE
    facts: list[NumberFact | Unknown] = []
    for own, around in zip(values[: len(given)], values[len(given) :], strict=True):
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


@dataclass(frozen=True, slots=True)
class PlaceTerrain:
    """How rugged a place is.

    Parameters
    ----------
    relief_m
        The middle one of the place's cells, at the position as given.
    others
        Classes that it could have within the position's uncertainty.
    """

    terrain: TerrainClass
    relief_m: float
    others: frozenset[TerrainClass] = frozenset()


def terrain_class_at(
    raster: Raster,
    scheme: ReliefScheme,
    geometries: Sequence[shapely.Geometry],
    uncertainties_m: Sequence[float],
) -> list[PlaceTerrain | Unknown]:
    """Return the terrain class of each place by the relief amplitude around it; a polygon has its median cell's.

    Parameters
    ----------
    geometries
        In lon/lat: sources, parcels, or lines between them.
    """
    frame = frame_of(raster)
    given, possible = cells_of_places(frame, geometries, uncertainties_m)
    values = gather(raster, relief_measure(frame, scheme), [*given, *possible])
    pairs = zip(values[: len(given)], values[len(given) :], strict=True)
    return [terrain_of(own, around, scheme) for own, around in pairs]


def terrain_of(own: Floats, around: Floats, scheme: ReliefScheme) -> PlaceTerrain | Unknown:
    """Return the class of a place from the relief of its cells, and of those it may lie in."""
    if not len(own) or np.isnan(own).any() or np.isnan(around).any():
        return Unknown(NO_HEIGHT)
    middle_m = float(np.quantile(own, _MEDIAN, method="lower"))
    terrain = scheme.class_of(middle_m)
    possible = {terrain}
    if len(around) > len(own):
        possible = {scheme.class_of(float(value)) for value in around}
    return PlaceTerrain(terrain, round(middle_m, MEASURE_DECIMALS), frozenset(possible) - {terrain})
