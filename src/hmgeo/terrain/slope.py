"""Slope and relief from a grid of heights, and the classes that follow; measured where somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hmgeo.vocabulary import TerrainClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hmgeo.geo.raster import Cells, Frame, Heights, Strip

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


@dataclass(frozen=True, slots=True)
class ReliefScheme:
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
        """Return how many rows and columns the window reaches to each side, at least one."""
        width_m, height_m = frame.cell_m
        return max(1, round(self.window_m / height_m / 2)), max(1, round(self.window_m / width_m / 2))

    def described(self, frame: Frame) -> str:
        """Say what was used, in Chinese, with the window as it came out in whole cells.

        Examples
        --------
        >>> from hmgeo.geo.raster import Frame
        >>> frame = Frame("EPSG:4547", (30.0, 0.0, 0.0, 0.0, -30.0, 0.0), 9, 9)
        >>> ReliefScheme(100.0).described(frame)
        '起伏度窗口 150 m×150 m（5×5 格），低于 30 m 平原，30 至 200 m 丘陵，200 m 及以上山区'
        """
        rows, columns = (2 * half + 1 for half in self.half_cells(frame))
        width_m, height_m = frame.cell_m
        low, high = self.plain_below_m, self.mountain_from_m
        return (
            f"起伏度窗口 {columns * width_m:.0f} m×{rows * height_m:.0f} m（{columns}×{rows} 格），"
            f"低于 {low:g} m 平原，{low:g} 至 {high:g} m 丘陵，{high:g} m 及以上山区"
        )

    def class_of(self, relief_m: float) -> TerrainClass:
        """Return the class of a relief amplitude.

        Examples
        --------
        >>> [ReliefScheme(1000.0).class_of(relief_m).zh for relief_m in (29.9, 30.0, 199.9, 200.0)]
        ['平原', '丘陵', '丘陵', '山区']
        """
        if relief_m < self.plain_below_m:
            return TerrainClass.PLAIN
        return TerrainClass.HILL if relief_m < self.mountain_from_m else TerrainClass.MOUNTAIN


def slope_grade(slope_deg: Floats) -> NDArray[np.int64]:
    """Return the farmland slope grades 1 to 5, 0 where the slope is unknown.

    Examples
    --------
    >>> slope_grade(np.array([0.0, 2.0, 2.01, 6.0, 15.0, 25.0, 25.01, np.nan])).tolist()
    [1, 1, 2, 2, 3, 4, 5, 0]
    """
    grade = np.searchsorted(SLOPE_GRADE_LIMITS_DEG, slope_deg, side="left") + 1
    return np.where(np.isnan(slope_deg), 0, grade).astype(np.int64)


def slope_deg(heights: Heights, cell_m: tuple[float, float]) -> Floats:
    """Return the slope in degrees by Horn's third-order difference over 3 x 3 cells.

    Parameters
    ----------
    heights
        (rows, columns) in metres, NaN where unknown.
    cell_m
        Width and height of a cell.

    Returns
    -------
    numpy.ndarray
        Same shape; NaN at the raster's edge and wherever one of the nine cells is unknown.

    Notes
    -----
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

    Parameters
    ----------
    half_cells
        Rows and columns that the window reaches to each side.
    least_valid_share
        Where fewer of the window's cells hold a height (nodata, or beyond the raster) the relief is unknown.

    Returns
    -------
    numpy.ndarray
        Same shape as heights; NaN where the cell itself or too much of its window is unknown.

    Examples
    --------
    >>> heights = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 99]], dtype=np.float32)
    >>> float(relief_m(heights, (1, 1))[1, 1])
    98.0
    """
    size = tuple(2 * half + 1 for half in half_cells)
    unknown = np.isnan(heights)
    from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter  # noqa: PLC0415 -- scipy loads slowly

    high = maximum_filter(np.where(unknown, -np.inf, heights), size=size, mode="constant", cval=-np.inf)
    low = minimum_filter(np.where(unknown, np.inf, heights), size=size, mode="constant", cval=np.inf)
    valid = uniform_filter((~unknown).astype(np.float64), size=size, mode="constant", cval=0.0)
    is_known = ~unknown & (valid >= least_valid_share - _FLAT_TOLERANCE)
    out = np.full(heights.shape, np.nan)
    out[is_known] = high[is_known].astype(np.float64) - low[is_known]
    return out


class Measure(NamedTuple):
    """What is worked out for a cell from the heights around it.

    Parameters
    ----------
    of
        From heights to as many values, NaN where unknown.
    halo
        Rows and columns that it looks at to each side.
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
            top, left = (max(0, int(one[own].min()) - halo) for one, halo in zip((row, column), self.halo, strict=True))
            bottom, right = (int(one[own].max()) + halo + 1 for one, halo in zip((row, column), self.halo, strict=True))
            values[own] = self.of(strip.heights[top:bottom, left:right])[row[own] - top, column[own] - left]
        return values


def slope_measure(frame: Frame) -> Measure:
    """Return the slope in degrees on a raster's cells."""
    return Measure(partial(slope_deg, cell_m=frame.cell_m), (1, 1))


def relief_measure(frame: Frame, scheme: ReliefScheme) -> Measure:
    """Return the relief amplitude in metres on a raster's cells."""
    half = scheme.half_cells(frame)
    return Measure(partial(relief_m, half_cells=half, least_valid_share=scheme.least_valid_share), half)
