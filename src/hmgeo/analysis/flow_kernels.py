"""Walks over flow directions, compiled: downstream paths and upstream catchments with the way in metres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmgeo.reference.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Cells = NDArray[np.int64]
    Heights = NDArray[np.float32]
    Floats = NDArray[np.float64]


@compiled
def step_m(here: np.int64, there: np.int64, width: int, cell_width_m: float, cell_height_m: float) -> float:
    """Return the length of a step between neighbouring cells, centre to centre."""
    rows = abs(here // width - there // width)
    columns = abs(here % width - there % width)
    return float(np.sqrt((rows * cell_height_m) ** 2 + (columns * cell_width_m) ** 2))


@compiled
def steepest(level: Heights, downstream: Cells, cell_width_m: float, cell_height_m: float) -> Cells:
    """Send each cell to the neighbour to which the filled surface falls most steeply, where it falls at all.

    Parameters
    ----------
    level
        (rows, columns), filled; exact to the last bit where the surface is flat.
    downstream
        Directions that lead out over flats; kept there, and where water ends.
    """
    height, width = level.shape
    out = downstream.copy()
    for here in range(height * width):
        if downstream[here] < 0 or downstream[here] == here:
            continue
        row, column = here // width, here % width
        best = 0.0
        for next_row in range(max(0, row - 1), min(height, row + 2)):
            for next_column in range(max(0, column - 1), min(width, column + 2)):
                there = next_row * width + next_column
                fall_m = level[row, column] - level[next_row, next_column]
                if fall_m <= 0 or downstream[there] < 0:
                    continue
                slope = fall_m / step_m(np.int64(here), np.int64(there), width, cell_width_m, cell_height_m)
                if slope > best:
                    best = slope
                    out[here] = there
    return out


@compiled
def walk_down(
    start: int, downstream: Cells, width: int, cell_width_m: float, cell_height_m: float, limit_m: float
) -> tuple[Cells, Floats]:
    """Follow the water from a cell until it leaves the grid, ends in a sink, or has gone `limit_m`.

    Returns
    -------
    tuple
        Cells from the start on, and the way to each in metres.
    """
    cells = [np.int64(start)]
    way = [0.0]
    here = np.int64(start)
    while True:
        there = np.int64(downstream[here])
        if there == here or there < 0:
            break
        reached_m = way[-1] + step_m(here, there, width, cell_width_m, cell_height_m)
        if reached_m > limit_m:
            break
        cells.append(there)
        way.append(reached_m)
        here = there
    return np.array(cells), np.array(way)


@compiled
def walk_up(
    starts: Cells, downstream: Cells, shape: tuple[int, int], cell_width_m: float, cell_height_m: float, limit_m: float
) -> tuple[Cells, Floats]:
    """Gather every cell whose water reaches one of the starts within `limit_m` along the water.

    Returns
    -------
    tuple
        Cells (starts included), and the way from each to the first start that its water meets.
    """
    height, width = shape
    seen = set([np.int64(-1)])  # noqa: C405 -- numba types a set by its first member
    cells = [np.int64(-1)]
    way = [0.0]
    for one in starts:
        if np.int64(one) not in seen:
            seen.add(np.int64(one))
            cells.append(np.int64(one))
            way.append(0.0)
    at = 1
    while at < len(cells):
        here = cells[at]
        row, column = here // width, here % width
        for step_row in range(-1, 2):
            for step_column in range(-1, 2):
                next_row, next_column = row + step_row, column + step_column
                if next_row < 0 or next_row >= height or next_column < 0 or next_column >= width:
                    continue
                there = np.int64(next_row * width + next_column)
                if downstream[there] != here or there == here or there in seen:
                    continue
                reached_m = way[at] + step_m(there, here, width, cell_width_m, cell_height_m)
                if reached_m <= limit_m:
                    seen.add(there)
                    cells.append(there)
                    way.append(reached_m)
        at += 1
    return np.array(cells)[1:], np.array(way)[1:]


@compiled
def hollow(bottom: int, heights: Heights, rim_m: float, steps_per_m: int) -> Cells:
    """Gather the cells that are joined to a bottom (by sides or corners) and lie below a rim, in no order.

    Heights are rounded to steps as for filling, so that the rim itself stays out.
    """
    height, width = heights.shape
    seen = set([np.int64(bottom)])  # noqa: C405 -- numba types a set by its first member
    cells = [np.int64(bottom)]
    at = 0
    while at < len(cells):
        row, column = cells[at] // width, cells[at] % width
        for next_row in range(max(0, row - 1), min(height, row + 2)):
            for next_column in range(max(0, column - 1), min(width, column + 2)):
                there = np.int64(next_row * width + next_column)
                # Of nothing known nothing is below.
                level = np.round(np.float64(heights[next_row, next_column]) * steps_per_m) / steps_per_m
                if level < rim_m and there not in seen:
                    seen.add(there)
                    cells.append(there)
        at += 1
    return np.array(cells)
