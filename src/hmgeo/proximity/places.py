"""The compiled loop that bounds counts over the cells of a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmgeo.reference.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]


@compiled
def tally_cells(
    cells: Floats,
    middles: Floats,
    reach_m: Floats,
    code: Indices,
    area_ha: Floats,
    surely_m: Floats,
    possibly_m: Floats,
    classes: int,
) -> tuple[Indices, Indices, Floats, Floats]:
    """Return fewest, most, least and most hectares by radius and class (all classes last) over the cells.

    Parameters
    ----------
    cells, middles
        (n, 2) middles of cells and of the balls around receptors, metres in a plane.
    surely_m, possibly_m
        Per radius, ascending: a ball wholly within the first counts everywhere in the cell, one that reaches into the
        second may count somewhere in it.
    """
    radii = len(surely_m)
    fewest = np.full((radii, classes + 1), np.iinfo(np.int64).max, np.int64)
    most = np.zeros((radii, classes + 1), np.int64)
    least_ha = np.full((radii, classes + 1), np.inf)
    most_ha = np.zeros((radii, classes + 1))
    low = np.empty((radii, classes + 1), np.int64)
    high = np.empty((radii, classes + 1), np.int64)
    low_ha = np.empty((radii, classes + 1))
    high_ha = np.empty((radii, classes + 1))
    for cell in range(len(cells)):
        low[:] = 0
        high[:] = 0
        low_ha[:] = 0.0
        high_ha[:] = 0.0
        for ball in range(len(middles)):
            east, north = middles[ball, 0] - cells[cell, 0], middles[ball, 1] - cells[cell, 1]
            apart2 = east * east + north * north
            farthest = possibly_m[radii - 1] + reach_m[ball]
            if apart2 > farthest * farthest:
                continue
            apart = np.sqrt(apart2)
            kind = code[ball]
            first = 0  # radii ascend: what the first of them holds, all others hold; they are summed up below
            while apart - reach_m[ball] > possibly_m[first] and first < radii - 1:
                first += 1
            high[first, kind] += 1
            high_ha[first, kind] += area_ha[ball]
            while first < radii and apart + reach_m[ball] > surely_m[first]:
                first += 1
            if first < radii:
                low[first, kind] += 1
                low_ha[first, kind] += area_ha[ball]
        _sum_up(low, high, low_ha, high_ha)
        fewest = np.minimum(fewest, low)
        most = np.maximum(most, high)
        least_ha = np.minimum(least_ha, low_ha)
        most_ha = np.maximum(most_ha, high_ha)
    return fewest, most, least_ha, most_ha


@compiled
def _sum_up(low: Indices, high: Indices, low_ha: Floats, high_ha: Floats) -> None:
    """Add what smaller radii hold to larger ones, and all classes into the last column, in place."""
    radii, columns = low.shape
    for radius in range(radii):
        for kind in range(columns - 1):
            if radius > 0:
                low[radius, kind] += low[radius - 1, kind]
                high[radius, kind] += high[radius - 1, kind]
                low_ha[radius, kind] += low_ha[radius - 1, kind]
                high_ha[radius, kind] += high_ha[radius - 1, kind]
            low[radius, columns - 1] += low[radius, kind]
            high[radius, columns - 1] += high[radius, kind]
            low_ha[radius, columns - 1] += low_ha[radius, kind]
            high_ha[radius, columns - 1] += high_ha[radius, kind]
