"""Let every cell of a grid of heights drain to the grid's edge, by cutting through what bars the way."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FALL_M = 1e-4
"""Least fall from cell to cell along a cut."""


def drain(height: NDArray[np.float64]) -> float:
    """Lower cells, in place, until each has a falling way to the grid's edge; nothing is raised.

    From the edge inwards, lowest first, every cell remembers the cell from which it was reached; where a low cell is
    reached from a higher one, the way back is cut down until it falls (as in Lindsay 2016, doi:10.1002/hyp.10648).

    Parameters
    ----------
    height
        Metres, without gaps.

    Returns
    -------
    float
        The deepest cut, metres.

    Examples
    --------
    >>> bowl = np.array([[9.0, 9.0, 9.0, 9.0], [9.0, 1.0, 5.0, 8.0], [9.0, 9.0, 9.0, 9.0]])
    >>> drain(bowl)
    7.0002
    >>> bowl[1].round(3).tolist()
    [9.0, 1.0, 1.0, 1.0]
    """
    before = height.copy()
    numba.njit(_cut)(height)
    return round(float((before - height).max()), 4)


def _cut(height: NDArray[np.float64]) -> None:
    rows, columns = height.shape
    flat = height.reshape(-1)
    came_from = np.full(rows * columns, -1, np.int64)
    seen = np.zeros(rows * columns, np.bool_)
    heap = [(flat[0], 0)]
    seen[0] = True
    for cell in range(1, rows * columns):
        row, column = cell // columns, cell % columns
        if row in (0, rows - 1) or column in (0, columns - 1):
            seen[cell] = True
            heapq.heappush(heap, (flat[cell], cell))
    while heap:
        _, cell = heapq.heappop(heap)
        row, column = cell // columns, cell % columns
        for down in range(-1, 2):
            for right in range(-1, 2):
                i, j = row + down, column + right
                if i < 0 or j < 0 or i >= rows or j >= columns or seen[i * columns + j]:
                    continue
                other = i * columns + j
                seen[other] = True
                came_from[other] = cell
                heapq.heappush(heap, (flat[other], other))
                back, level = cell, flat[other]
                # A cell no lower than the one it was reached from drains there.
                while back >= 0 and flat[back] >= level:
                    level -= FALL_M
                    flat[back] = min(flat[back], level)
                    back = came_from[back]
