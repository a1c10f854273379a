"""Wherever a source of uncertain position may lie, does water from a feature come by: every place, none left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import shapely

    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.flow_snap import SnapRule
    from hmgeo.analysis.raster_strips import Cells


def places_around(grid: FlowGrid, geometry: shapely.Geometry, uncertainty_m: float) -> Cells:
    """Return the cells that a lon/lat shape moved by its uncertainty may touch; empty where it has none."""
    if uncertainty_m <= 0:
        return np.zeros(0, np.int64)
    cells = grid.frame.cells_touching(geometry, uncertainty_m)
    held: Cells = cells[grid.downstream[cells] >= 0]
    return held


def streams_around(grid: FlowGrid, point: shapely.Point, uncertainty_m: float, rule: SnapRule) -> tuple[Cells, bool]:
    """Return the stream cells that an uncertain point may be put onto, and whether none may be near enough.

    If the true position is p, the nearest stream lies within d + u of it, so within d + 2u of the position as given.
    """
    if uncertainty_m <= 0:
        return np.zeros(0, np.int64), False
    cells = grid.frame.cells_within(point, rule.tolerance_m + uncertainty_m)
    least_cells = rule.stream_ha * 10_000 / grid.frame.cell_area_m2
    cells = cells[(grid.downstream[cells] >= 0) & (grid.upstream_cells[cells] >= least_cells)]
    if not len(cells):
        return cells, True
    x, y = grid.frame.centres(cells)
    flat = grid.frame.to_plane(point)
    away_m = np.hypot(x - flat.x, y - flat.y)
    nearest_m = float(away_m.min())
    return cells[away_m <= nearest_m + 2 * uncertainty_m], nearest_m + uncertainty_m > rule.tolerance_m


def comes_by(grid: FlowGrid, places: Cells, targets: Cells, limit_m: float) -> set[bool]:
    """Return the answers that occur at single places: does water from one of the cells reach it within the limit.

    Either what drains to each place is gathered, or the water of all cells in question is followed down, whichever are
    fewer.
    """
    if not len(places):
        return set()
    caught = grid.catchment(places, limit_m)[0]
    own = targets[np.isin(targets, caught)]
    if not len(own):
        return {False}
    if len(places) <= len(own):
        return {bool(np.isin(grid.catchment(places[at : at + 1], limit_m)[0], own).any()) for at in range(len(places))}
    reached = np.unique(np.concatenate([grid.path(int(cell), limit_m)[0] for cell in np.unique(own)]))
    return set(np.isin(places, reached).tolist())


def comes_by_shape(
    grid: FlowGrid, shape: shapely.Geometry, uncertainty_m: float, targets: Cells, limit_m: float
) -> set[bool]:
    """Return the answers that are possible for a line or an area moved by its uncertainty.

    Water may come by where it reaches anything that the shape may touch; it surely does where it reaches what the
    shape covers wherever it lies.
    """
    if uncertainty_m <= 0:
        return set()
    sure = grid.frame.cells_within(shape, -uncertainty_m)
    possible = (places_around(grid, shape, uncertainty_m), sure)
    return {bool(np.isin(targets, grid.catchment(cells, limit_m)[0]).any()) for cells in possible}
