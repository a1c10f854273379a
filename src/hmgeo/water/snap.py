"""What a project chose for following water, and putting a point onto the stream it is meant for, with the evidence."""

from __future__ import annotations

from collections.abc import Container
from enum import Enum

import numpy as np
import shapely
from msgspec import Struct

from hmgeo.geo.raster import GRID_DECIMALS, Cells
from hmgeo.judging.choices import Choices, unset_text
from hmgeo.judging.facts import Unknown
from hmgeo.water.grid import ClosedBasins, Conditioning, FlowGrid
from hmgeo.words import Value, say, sentences

_CLOSE_FACTOR = 2.0
_LOOK_AHEAD_CELLS = 200


class SnapRule(Struct, frozen=True):
    """How a point is put onto a stream; printed with the results.

    Parameters
    ----------
    tolerance_m
        How far a stream may be.
    stream_ha
        Area upstream from which a cell counts as stream.
    rival_ratio
        Another reach within the tolerance is a rival where the areas upstream differ by more than this factor.
    """

    tolerance_m: float
    stream_ha: float
    rival_ratio: float = 1.5


class Reach(Struct, frozen=True):
    """The nearest cell of a stretch of stream between confluences."""

    cell: int
    distance_m: float
    area_ha: float


class SnapStatus(Enum):
    """What became of a point."""

    SNAPPED = "snapped"
    NO_STREAM = "no_stream"
    CANNOT_TELL = "cannot_tell"


class _Snap(Struct, frozen=True):
    """A point on its nearest stream, or why not; rivals are other reaches near, of another area upstream."""

    status: SnapStatus
    reach: Reach | None
    rivals: tuple[Reach, ...]
    why: str

    @property
    def cells(self) -> Cells:
        """The cell that counts; empty unless snapped."""
        is_snapped = self.status is SnapStatus.SNAPPED and self.reach is not None
        return np.array([self.reach.cell] if is_snapped and self.reach else [], np.int64)


def snap(grid: FlowGrid, point: shapely.Point, rule: SnapRule) -> _Snap:
    """Put a lon/lat `point` onto the nearest stream of `grid`, by `rule`.

    CANNOT_TELL where a rival is nearly as near (within twice the distance, or one cell more): the catchment would be
    another one, and the point alone doesn't say which.
    """
    cells = grid.frame.cells_within(point, rule.tolerance_m)
    least_cells = rule.stream_ha * 10_000 / grid.frame.cell_area_m2
    cells = cells[(grid.downstream[cells] >= 0) & (grid.upstream_cells[cells] >= least_cells)]
    if not len(cells):
        why = say("no_stream", tolerance_m=rule.tolerance_m, stream_ha=rule.stream_ha)
        return _Snap(SnapStatus.NO_STREAM, None, (), why)
    reaches = _reaches(grid, point, cells, least_cells)
    first, *others = reaches
    rivals = tuple(reach for reach in others if _differs(reach, first, rule.rival_ratio))
    close_m = max(_CLOSE_FACTOR * first.distance_m, first.distance_m + max(grid.frame.cell_m))
    close = [reach for reach in rivals if reach.distance_m <= close_m]
    values: dict[str, Value] = {"distance_m": first.distance_m, "area_ha": first.area_ha}
    if not close:
        why = say("on_stream_of_more", **values, count=len(rivals)) if rivals else say("on_stream", **values)
        return _Snap(SnapStatus.SNAPPED, first, rivals, why)
    shown = tuple(say("stream_at", distance_m=reach.distance_m, area_ha=reach.area_ha) for reach in close)
    why = say("stream_untold", **values, others=shown)
    return _Snap(SnapStatus.CANNOT_TELL, first, rivals, why)


def _differs(reach: Reach, beside: Reach, ratio: float) -> bool:
    return max(reach.area_ha, beside.area_ha) > ratio * min(reach.area_ha, beside.area_ha)


def _reaches(grid: FlowGrid, point: shapely.Point, cells: Cells, least_cells: float) -> list[Reach]:
    """Group stream cells into reaches between confluences; the nearest cell stands for each, nearest reach first."""
    x, y = grid.frame.centres(cells)
    flat = grid.frame.to_plane(point)
    distance_m = np.round(np.hypot(x - flat.x, y - flat.y), GRID_DECIMALS)
    leader = {int(cell): int(cell) for cell in cells}

    def find(cell: int) -> int:
        while leader[cell] != cell:
            leader[cell] = leader[leader[cell]]
            cell = leader[cell]
        return cell

    for cell in leader:
        below = _next_of_reach(grid, cell, leader.keys(), least_cells)
        if below is not None:
            leader[find(cell)] = find(below)
    nearest: dict[int, Reach] = {}
    for at in np.lexsort((-grid.upstream_cells[cells], distance_m)):
        cell = int(cells[at])
        nearest.setdefault(find(cell), Reach(cell, float(distance_m[at]), grid.area_ha(cell)))
    return list(nearest.values())


def _next_of_reach(grid: FlowGrid, cell: int, among: Container[int], least_cells: float) -> int | None:
    """Return the next of these cells down the same reach; None where a confluence or the end comes first."""
    here = cell
    for _ in range(_LOOK_AHEAD_CELLS):
        there = int(grid.downstream[here])
        if there == here or _inflows(grid, there, least_cells) > 1:
            return None
        if there in among:
            return there
        here = there
    return None


def _inflows(grid: FlowGrid, cell: int, least_cells: float) -> int:
    """Count the streams that run into a cell."""
    height, width = grid.shape
    row, column = divmod(cell, width)
    count = 0
    for next_row in range(max(0, row - 1), min(height, row + 2)):
        for next_column in range(max(0, column - 1), min(width, column + 2)):
            there = next_row * width + next_column
            is_inflow = there != cell and int(grid.downstream[there]) == cell
            count += int(is_inflow and grid.upstream_cells[there] >= least_cells)
    return count


def places_around(grid: FlowGrid, geometry: shapely.Geometry, uncertainty_m: float) -> Cells:
    """Return the cells that a lon/lat `geometry` moved by `uncertainty_m` may touch; empty where that is none."""
    if uncertainty_m <= 0:
        return np.zeros(0, np.int64)
    cells = grid.frame.cells_touching(geometry, uncertainty_m)
    on_grid: Cells = cells[grid.downstream[cells] >= 0]
    return on_grid


def streams_around(grid: FlowGrid, point: shapely.Point, uncertainty_m: float, rule: SnapRule) -> tuple[Cells, bool]:
    """Return the stream cells that an uncertain `point` may be put onto by `rule`, and whether none may be near enough.

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
    """Return the answers at single `places` of `grid`: does water from `targets`, cells, reach it in `limit_m`.

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
    """Return the answers that are possible for a line or an area (`shape`) moved by its `uncertainty_m`.

    Does water from one of the cells `targets` of `grid` reach it within `limit_m`.

    Water may come by where it reaches anything that the shape may touch; it surely does where it reaches what the
    shape covers wherever it lies.
    """
    if uncertainty_m <= 0:
        return set()
    sure = grid.frame.cells_within(shape, -uncertainty_m)
    possible = (places_around(grid, shape, uncertainty_m), sure)
    return {bool(np.isin(targets, grid.catchment(cells, limit_m)[0]).any()) for cells in possible}


LIMIT, SNAP, STREAM, BASINS = "flow_limit_m", "snap_distance_m", "stream_min_area_ha", "closed_basins"
DIRECTION = "river_direction"


class FlowChoices(Struct, frozen=True):
    """All that following water along heights needs.

    `limit_m`: how far along the water.
    """

    limit_m: float
    conditioning: Conditioning
    snap_rule: SnapRule


def flow_choices(choices: Choices) -> FlowChoices | Unknown:
    """Return a project's `choices`; Unknown with a sentence for everything that is unset."""
    conditioning, rule = conditioning_of(choices), snap_rule_of(choices)
    limit_m = choices.number(LIMIT)
    missing: list[str] = [unset_text(LIMIT)] if limit_m is None else []
    missing += [choice.why for choice in (conditioning, rule) if isinstance(choice, Unknown)]
    if limit_m is None or isinstance(conditioning, Unknown) or isinstance(rule, Unknown):
        return Unknown(say("water_not_assessed", why=sentences(*missing)))
    return FlowChoices(limit_m, conditioning, rule)


def conditioning_of(choices: Choices) -> Conditioning | Unknown:
    """Return how closed basins are treated by `choices`; Unknown where that is unset."""
    code = choices.code(BASINS)
    return Conditioning(ClosedBasins(code)) if code else Unknown(unset_text(BASINS))


def snap_rule_of(choices: Choices) -> SnapRule | Unknown:
    """Return how a point is put onto a stream by `choices`; Unknown where a part of that is unset."""
    tolerance_m, stream_ha = choices.number(SNAP), choices.number(STREAM)
    if tolerance_m is None or stream_ha is None:
        names = [name for name, value in ((SNAP, tolerance_m), (STREAM, stream_ha)) if value is None]
        return Unknown(sentences(*map(unset_text, names)))
    return SnapRule(tolerance_m, stream_ha)
