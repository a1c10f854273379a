"""Where water goes on a grid of heights, compiled: hollows filled, directions, area upstream, walks along them.

Heights are whole steps (int32), so that level ground is level to the last bit. Nothing depends on how a grid lies: of
neighbours that are equal in all that counts, the one is taken whose surroundings come first by a number that is the
same turned and mirrored; only ground that is its own mirror image is settled by row and column.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hmgeo.reference.compiled import compiled, inner

Whole = int | np.integer[Any]
Size = tuple[int, int]
PerStep = tuple[int, int, int]
Cells = NDArray[np.int64]
Costs = NDArray[np.int32]
Steps = NDArray[np.int32]
Mask = NDArray[np.bool_]
Heights = NDArray[np.float32]
Floats = NDArray[np.float64]

UNKNOWN = np.int32(-(2**31))
"""In place of a height where there is none."""

FAR = np.int32(2**31 - 1)
"""In place of a way where none was found."""

LEVEL = np.int64(-2)
"""In place of a neighbour where nothing falls."""

_UNSAID = np.int32(-2)
"""In place of what a way meets, until it was followed."""

_SURROUNDINGS = 3


@inner
def _around(cell: Whole, height: int, width: int) -> Iterator[tuple[Whole, int]]:
    """Yield the neighbours of a cell, and which kind of step leads there: along a row, along a column, across."""
    row = cell // width
    column = cell - row * width
    for near_row in range(max(0, row - 1), min(height, row + 2)):
        for near_column in range(max(0, column - 1), min(width, column + 2)):
            if near_row != row or near_column != column:
                yield near_row * width + near_column, 0 if near_row == row else 1 if near_column == column else 2


@compiled
def edge_of(steps: Steps) -> Mask:
    """Return (n,) which cells of `steps`, (rows, columns) heights, lie at the border or beside one without height."""
    height, width = steps.shape
    edge = np.zeros(height * width, np.bool_)
    for row in range(height):
        for column in range(width):
            if steps[row, column] == UNKNOWN:
                continue
            at_edge = row in (0, height - 1) or column in (0, width - 1)
            for near_row in range(max(0, row - 1), min(height, row + 2)):
                for near_column in range(max(0, column - 1), min(width, column + 2)):
                    at_edge = at_edge or steps[near_row, near_column] == UNKNOWN
            edge[row * width + column] = at_edge
    return edge


@compiled
def fill(level: Steps, done: Mask, outlets: Cells) -> None:
    """Raise cells in place to the lowest level over which their water reaches an outlet.

    Priority flood: Wang & Liu (2006), Int. J. GIS 20(2), 193-213. Heights are whole steps, so that the queue is a chain
    of cells for each of them, from which nothing is ever put before the one at hand.

    Parameters
    ----------
    level
        (rows, columns).
    done
        (n,) cells that are none of the matter; changed.
    outlets
        Where water may leave.
    """
    height, width = level.shape
    flat = level.reshape(-1)
    if len(outlets) == 0:
        return
    lowest = np.int64(flat[outlets].min())
    first = np.full(np.int64(flat.max()) - lowest + 1, np.int64(-1))
    after = np.empty(len(flat), np.int64)
    for cell in outlets:
        done[cell] = True
        after[cell] = first[flat[cell] - lowest]
        first[flat[cell] - lowest] = cell
    at = 0
    while at < len(first):
        here = first[at]
        if here < 0:
            at += 1
            continue
        first[at] = after[here]
        row = here // width
        column = here - row * width
        for near_row in range(max(0, row - 1), min(height, row + 2)):
            for near_column in range(max(0, column - 1), min(width, column + 2)):
                there = near_row * width + near_column
                if not done[there]:
                    done[there] = True
                    flat[there] = max(flat[there], flat[here])
                    after[there] = first[flat[there] - lowest]
                    first[flat[there] - lowest] = there


@compiled
def hollows(steps: Steps, level: Steps, deep: float, many: int) -> tuple[Cells, Cells]:
    """Return the cells of the hollows that filling closed, one hollow after the other, and where each ends.

    `steps` and `level`, (rows, columns), are the heights before and after; hollows of less than `deep` steps or `many`
    cells are left out.
    """
    height, width = level.shape
    raised = level.reshape(-1) - steps.reshape(-1)
    cells: list[Whole] = [np.int64(0) for _ in range(0)]
    ends: list[Whole] = [np.int64(0) for _ in range(0)]
    for start in np.flatnonzero(raised):
        if raised[start] <= 0:
            continue
        first = at = len(cells)
        deepest = np.int32(0)
        cells.append(start)
        raised[start] *= -1
        while at < len(cells):
            here = cells[at]
            at += 1
            deepest = max(deepest, -raised[here])
            for there, _ in _around(here, height, width):
                if raised[there] > 0:
                    raised[there] *= -1
                    cells.append(there)
        if deepest >= deep and len(cells) - first >= many:
            ends.append(len(cells))
        else:
            del cells[first:]
    return np.array(cells), np.array(ends)


@inner
def _surroundings(grid: Steps, other: Steps, outside: Whole, row: Whole, column: Whole) -> Whole:
    """Return a number of what lies around a cell, the same however the grid is turned; border as good as a void."""
    height, width = grid.shape
    total = np.uint64(0)
    for rows in range(-_SURROUNDINGS, _SURROUNDINGS + 1):
        for columns in range(-_SURROUNDINGS, _SURROUNDINGS + 1):
            there, across = row + rows, column + columns
            first = second = np.int64(outside)
            if 0 <= there < height and 0 <= across < width:
                first, second = np.int64(grid[there, across]), np.int64(other[there, across])
            mixed = np.uint64(rows * rows + columns * columns)
            # Multipliers of splitmix64 and its kin: any that mix bits do.
            mixed += np.uint64(first) * np.uint64(0x9E3779B97F4A7C15)
            mixed += np.uint64(second) * np.uint64(0xD6E8FEB86659FD93)
            mixed ^= mixed >> np.uint64(30)
            mixed *= np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(27)
            mixed *= np.uint64(0x94D049BB133111EB)
            total += mixed ^ (mixed >> np.uint64(31))
    return np.int64(total >> np.uint64(1))


@compiled
def first_of(cells: Cells, grid: Steps, other: Steps, outside: Whole) -> Whole:
    """Return the one of `cells` whose surroundings come first, the same however the grid is turned or mirrored.

    They are those in `grid` and `other`, (rows, columns) each; `outside` stands for what lies beyond.
    """
    width = grid.shape[1]
    first: Whole = cells[0]
    least: Whole = np.int64(-1)
    for cell in cells if len(cells) > 1 else cells[:0]:
        rank = _surroundings(grid, other, outside, cell // width, cell % width)
        if least < 0 or rank < least:
            first, least = cell, rank
    return first


@compiled
def steepest(level: Steps, steps: Steps, per_m: tuple[float, float, float]) -> Cells:
    """Return (n,) the neighbour to which the filled ground falls most steeply.

    `level` and `steps`, (rows, columns), are the heights filled and as they were, which settle equal falls.

    `per_m`: one by the length of a step along a row, along a column and across.

    Returned: -1 without a height, -2 where nothing falls: level ground.
    """
    height, width = level.shape
    downstream = np.full(height * width, np.int64(-1))
    alike = np.empty(8, np.int64)
    for row in range(height):
        for column in range(width):
            here = level[row, column]
            if here == UNKNOWN:
                continue
            best, count = 0.0, 0
            for near_row in range(max(0, row - 1), min(height, row + 2)):
                for near_column in range(max(0, column - 1), min(width, column + 2)):
                    there = level[near_row, near_column]
                    if there >= here or there == UNKNOWN:
                        continue
                    kind = 0 if near_row == row else 1 if near_column == column else 2
                    slope = (np.int64(here) - np.int64(there)) * per_m[kind]
                    if slope > best:
                        best, count = slope, 0
                    if slope == best:
                        alike[count] = near_row * width + near_column
                        count += 1
            downstream[row * width + column] = first_of(alike[:count], level, steps, UNKNOWN) if count else LEVEL
    return downstream


@compiled
def seeds_of(level: Steps, downstream: Cells) -> tuple[Cells, Cells]:
    """Return the cells of `level` ground by which `downstream` leaves it, and those of it beside higher ground."""
    height, width = level.shape
    low: list[Whole] = [np.int64(0) for _ in range(0)]
    high: list[Whole] = [np.int64(0) for _ in range(0)]
    for row in range(height):
        for column in range(width):
            cell = np.int64(row * width + column)
            if downstream[cell] == -1:
                continue
            is_level = downstream[cell] == LEVEL
            is_seed = False
            for near_row in range(max(0, row - 1), min(height, row + 2)):
                for near_column in range(max(0, column - 1), min(width, column + 2)):
                    there = level[near_row, near_column]
                    if is_level:
                        is_seed = is_seed or there > level[row, column]
                    else:
                        meets = downstream[near_row * width + near_column] == LEVEL
                        is_seed = is_seed or (meets and there == level[row, column])
            if is_seed:
                (high if is_level else low).append(cell)
    return np.array(low), np.array(high)


@compiled
def spread(level: Steps, downstream: Cells, seeds: Cells, costs: PerStep, away: Costs) -> None:
    """Fill in `away`, (n,), the shortest way from `seeds` over `level` ground, in whole units: equal ways are equal.

    Ways go where `downstream` is `LEVEL`, by `costs` of a step along a row, along a column, across.
    """
    height, width = level.shape
    flat = level.reshape(-1)
    queue: list[Whole] = [np.int64(0) for _ in range(0)]
    waits = np.zeros(height * width, np.bool_)
    for cell in seeds:
        away[cell] = 0
        queue.append(cell)
    at = 0
    while at < len(queue):
        here = queue[at]
        at += 1
        waits[here] = False
        for there, kind in _around(here, height, width):
            if downstream[there] != LEVEL or flat[there] != flat[here]:
                continue
            reached = away[here] + costs[kind]
            if reached < away[there]:
                away[there] = reached
                if not waits[there]:
                    waits[there] = True
                    queue.append(there)


@compiled
def over_level_ground(level: Steps, downstream: Cells, to_outlet: Costs, to_higher: Costs, costs: PerStep) -> Mask:
    """Direct level ground in place, the shortest way out; of ways as short that which keeps away from higher ground.

    `downstream`, (n,), is changed where it is `LEVEL`; `to_outlet` and `to_higher`, (n,), are as `spread` fills them in
    over one `level` by the same `costs`.

    Returned: (n,) the cells that were level.

    The two distances are those of Garbrecht & Martz (1997), J. Hydrol. 193, 204-213, for which Barnes, Lehman & Mulla
    (2014), Computers & Geosciences 62, 128-135, spread over whole flats; there their sum decides, here the way out does
    and the other settles what it leaves open, so that no way is longer than it need be.
    """
    height, width = level.shape
    flat = level.reshape(-1)
    wide_out, wide_high = to_outlet.reshape(height, width), to_higher.reshape(height, width)
    is_level: Mask = downstream == LEVEL
    alike = np.empty(8, np.int64)
    for cell in np.flatnonzero(is_level):
        farthest, count = np.int32(-1), 0
        for there, kind in _around(cell, height, width):
            if flat[there] != flat[cell] or to_outlet[there] != to_outlet[cell] - costs[kind]:
                continue
            if to_higher[there] > farthest:
                farthest, count = to_higher[there], 0
            if to_higher[there] == farthest:
                alike[count] = there
                count += 1
        downstream[cell] = first_of(alike[:count], wide_out, wide_high, FAR)
    return is_level


@compiled
def accumulate(downstream: Cells) -> Cells:
    """Return (n,) how many cells drain through each by `downstream`, (n,), itself included; 0 without a height."""
    inflows = np.zeros(len(downstream), np.int8)
    through = np.zeros(len(downstream), np.int64)
    for cell in range(len(downstream)):
        below = downstream[cell]
        if below >= 0:
            through[cell] = 1
            if below != cell:
                inflows[below] += 1
    for head in range(len(downstream)):
        if downstream[head] < 0 or inflows[head] != 0:
            continue
        here = np.int64(head)
        while inflows[here] == 0 and downstream[here] != here:
            inflows[here] = -1
            below = downstream[here]
            through[below] += through[here]
            inflows[below] -= 1
            here = below
    return through


@compiled
def wide_flats(level: Steps, is_flat: Mask, to_outlet: Costs, least: int) -> Mask:
    """Return (n,) which `is_flat` ground of one `level` has a cell whose way `to_outlet` is longer than `least`."""
    height, width = level.shape
    flat = level.reshape(-1)
    wide = is_flat & (to_outlet > least)
    stack: list[Whole] = list(np.flatnonzero(wide))
    while len(stack) > 0:
        here = stack.pop()
        for there, _ in _around(here, height, width):
            if is_flat[there] and not wide[there] and flat[there] == flat[here]:
                wide[there] = True
                stack.append(there)
    return wide


@compiled
def groups_of_outlets(level: Steps, wide: Mask, is_flat: Mask, is_outlet: Mask) -> Costs:
    """Return (n,) numbers from 1 of the ways out of `wide` level ground, 0 elsewhere; cells that touch are one way out.

    A way out is a cell from which something falls, not `is_flat` but of one `level` with it, and an `is_outlet` at the
    edge of the data, beyond which nothing is known; all (n,) but `level`, (rows, columns).
    """
    height, width = level.shape
    flat = level.reshape(-1)
    group = np.zeros(height * width, np.int32)
    for here in np.flatnonzero(wide):
        if is_outlet[here]:
            group[here] = -1
        for there, _ in _around(here, height, width):
            if not is_flat[there] and flat[there] == flat[here]:
                group[there] = -1
    count = np.int32(0)
    stack: list[Whole] = [np.int64(0) for _ in range(0)]
    for outlet in np.flatnonzero(group):
        if group[outlet] > 0:
            continue
        count += np.int32(1)
        group[outlet] = count
        stack.append(outlet)
        while len(stack) > 0:
            below = stack.pop()
            for there, _ in _around(below, height, width):
                if group[there] == -1 and flat[there] == flat[below]:
                    group[there] = count
                    stack.append(there)
    return group


@inner
def _root_of(parents: Costs, group: Whole) -> Whole:
    """Return the group that a group was joined to."""
    while parents[group] != group:
        group = parents[group]
    return group


@compiled  # a list counts who holds it
def _join(outlets: list[Whole], group: Costs, parents: Costs, downstream: Cells, met: Costs, most: int) -> None:
    """Make one of ways out whose water comes together within `most` steps; `met` is all zero before and after."""
    for is_over in (False, True):
        for outlet in outlets:
            here = outlet
            for _ in range(most):
                if is_over:
                    met[here] = 0
                elif met[here] > 0:
                    parents[_root_of(parents, group[outlet])] = _root_of(parents, met[here])
                else:
                    met[here] = group[outlet]
                here = downstream[here]


@compiled
def leave_one_way(level: Steps, wide: Mask, is_flat: Mask, group: Costs, downstream: Cells, most: int) -> None:
    """Join in place the ways out that come together again, and take out level ground that is left with one alone.

    Those numbered in `group` come together where `downstream` does within `most` steps; ground that `is_flat` on one
    `level` is taken out of `wide`.
    """
    height, width = level.shape
    flat = level.reshape(-1)
    seen, met = np.zeros(height * width, np.bool_), np.zeros(height * width, np.int32)
    parents = np.arange(group.max() + 1).astype(np.int32)
    for start in np.flatnonzero(wide):
        if seen[start]:
            continue
        seen[start] = True
        cells: list[Whole] = [start]
        outlets: list[Whole] = [start]
        at = 0
        while at < len(cells):
            here = cells[at]
            at += 1
            for there, _ in _around(here, height, width):
                if flat[there] == flat[here] and group[there] > 0:
                    outlets.append(there)
                if wide[there] and not seen[there] and flat[there] == flat[here]:
                    seen[there] = True
                    cells.append(there)
        outlets = outlets[1:]
        # Over the edge of the data nothing comes together.
        _join([outlet for outlet in outlets if not is_flat[outlet]], group, parents, downstream, met, most)
        root = _root_of(parents, group[outlets[0]])
        is_one = True
        for outlet in outlets:
            is_one = is_one and _root_of(parents, group[outlet]) == root
        for cell in cells if is_one else cells[:0]:
            wide[cell] = False
    for outlet in np.flatnonzero(group):
        group[outlet] = _root_of(parents, group[outlet])


@inner
def _offer(row: Whole, cost: Whole, outlet: Whole, group: Whole, away: Costs, outlets: Cells, groups: Costs) -> bool:
    """Keep a way out where it is among the two shortest of different groups; return whether it is."""
    if cost < away[row, 0]:
        if group != groups[row, 0]:
            away[row, 1], outlets[row, 1], groups[row, 1] = away[row, 0], outlets[row, 0], groups[row, 0]
        away[row, 0], outlets[row, 0], groups[row, 0] = cost, outlet, group
        return True
    if group != groups[row, 0] and cost < away[row, 1]:
        away[row, 1], outlets[row, 1], groups[row, 1] = cost, outlet, group
        return True
    return False


@inner
def _passed_on(own: Whole, to: Whole, step: int, away: Costs, outlets: Cells, groups: Costs) -> bool:
    """Offer a neighbour both ways out of a cell, a step longer; return whether it keeps any."""
    is_kept = False
    for slot in range(2):
        if away[own, slot] != FAR:
            is_kept |= _offer(to, away[own, slot] + step, outlets[own, slot], groups[own, slot], away, outlets, groups)
    return is_kept


@compiled
def two_ways_out(level: Steps, wide: Mask, group: Costs, costs: PerStep) -> tuple[Costs, Cells, Costs]:
    """Return for the m cells of `wide` level ground, in order, the shortest ways to the two nearest ways out.

    Ways go over one `level` to cells of a `group`, by `costs` of a step along a row, along a column, across.

    (m, 2) lengths, `FAR` where there is no second; the cells where they leave; their groups.
    """
    height, width = level.shape
    flat = level.reshape(-1)
    cells = np.flatnonzero(wide)
    row_of = np.full(height * width, np.int32(-1))
    for row in range(len(cells)):  # not by an index array, which takes seconds to compile
        row_of[cells[row]] = row
    away = np.full((len(cells), 2), FAR)
    outlets, groups = np.full((len(cells), 2), np.int64(-1)), np.zeros((len(cells), 2), np.int32)
    queue: list[Whole] = [np.int64(0) for _ in range(0)]
    waits = np.zeros(len(cells), np.bool_)
    for outlet in np.flatnonzero(group):
        if row_of[outlet] >= 0:
            _offer(row_of[outlet], 0, outlet, group[outlet], away, outlets, groups)
            queue.append(outlet)
        for there, kind in _around(outlet, height, width):
            if row_of[there] >= 0 and flat[there] == flat[outlet]:
                _offer(row_of[there], costs[kind], outlet, group[outlet], away, outlets, groups)
                queue.append(there)
    at = 0
    while at < len(queue):
        here = queue[at]
        at += 1
        own = row_of[here]
        waits[own] = False
        for there, kind in _around(here, height, width):
            to = row_of[there]
            if to < 0 or flat[there] != flat[here]:
                continue
            if _passed_on(own, to, costs[kind], away, outlets, groups) and not waits[to]:
                waits[to] = True
                queue.append(there)
    return away, outlets, groups


@compiled
def other_way_out(
    cells: Cells,
    downstream: Cells,
    group: Costs,
    to_outlet: Costs,
    away: Costs,
    groups: Costs,
    least: int,
    alike: float,
) -> NDArray[np.int8]:
    """Return (m,) which of two ways out water isn't led to though it is nearly as near, -1 where neither is.

    Water is led by `downstream`, so far as `to_outlet` says, out at a `group`, all (n,); `cells`, (m,), `away` and
    `groups`, (m, 2), are those of `two_ways_out`. Only cells farther than `least` from where their water is led count,
    and others at most `alike` times as far.
    """
    led_to = np.zeros(len(cells), np.int32)
    other = np.full(len(cells), np.int8(-1))
    for row in range(len(cells)):
        here, at = cells[row], np.int64(row)
        while at >= 0 and led_to[at] == 0:
            here = downstream[here]
            at = np.searchsorted(cells, here)
            if at == len(cells) or cells[at] != here:
                at = np.int64(-1)
        way = group[here] if at < 0 else led_to[at]
        here, at = cells[row], np.int64(row)
        while at >= 0 and led_to[at] == 0:
            led_to[at] = way
            here = downstream[here]
            at = np.searchsorted(cells, here)
            if at == len(cells) or cells[at] != here:
                at = np.int64(-1)
        own = to_outlet[cells[row]]
        slot = 1 if groups[row, 0] == way else 0
        if own > least and groups[row, slot] > 0 and away[row, slot] <= alike * own:
            other[row] = slot
    return other


@inner
def _step_out(
    cells: Cells, away: Costs, groups: Costs, row: Whole, slot: Whole, shape: Size, costs: PerStep
) -> tuple[Whole, Whole]:
    """Return row and slot of the next cell on the way to one of two ways out; -1 where it is the way out itself."""
    next_row, next_slot = np.int64(-1), np.int64(0)
    for there, kind in _around(cells[row], shape[0], shape[1]):
        place = np.searchsorted(cells, there)
        if place == len(cells) or cells[place] != there:
            continue
        for side in range(2):
            is_onward = away[place, side] == away[row, slot] - costs[kind]
            if is_onward and groups[place, side] == groups[row, slot]:
                next_row, next_slot = place, np.int64(side)
    return next_row, next_slot


@compiled
def ends_of_ways_out(cells: Cells, away: Costs, outlets: Cells, groups: Costs, shape: Size, costs: PerStep) -> Cells:
    """Return (m, 2) where ways over level ground end as `walk_out` walks them.

    Of outlets of one group at the same length `outlets`, as all others of `two_ways_out`, names one, and the walk may
    come to another. `shape` counts rows and columns.
    """
    ends = outlets.copy()
    for number in np.argsort(away.reshape(-1)):  # each after those that it may step to
        row: Whole = number // 2
        slot: Whole = number % 2
        if groups[row, slot] > 0 and away[row, slot] > 0:
            next_row, next_slot = _step_out(cells, away, groups, row, slot, shape, costs)
            if next_row >= 0:
                ends[row, slot] = ends[next_row, next_slot]
    return ends


@compiled
def walk_out(
    cells: Cells, away: Costs, outlets: Cells, groups: Costs, at: tuple[int, int], shape: Size, costs: PerStep
) -> Cells:
    """Return the way from a cell of level ground to one of its two ways out, both ends included.

    `cells`, `away`, `outlets`, `groups` and `costs` are those of `two_ways_out`; `shape` counts rows and columns;
    `at` is the cell's row in `cells`, and which of the two.
    """
    row: Whole = np.int64(at[0])
    slot: Whole = np.int64(at[1])
    way = [cells[row]]
    while away[row, slot] > 0:
        next_row, next_slot = _step_out(cells, away, groups, row, slot, shape, costs)
        if next_row < 0:
            way.append(outlets[row, slot])
            break
        row, slot = next_row, next_slot
        way.append(cells[row])
    return np.array(way)


@compiled
def met_on_way_out(
    cells: Cells, away: Costs, groups: Costs, is_target: Mask, starts: tuple[Cells, Cells], shape: Size, costs: PerStep
) -> Costs:
    """Return for ways over level ground how far from their end they first meet a target; -1 where they don't.

    `cells`, `away`, `groups`, `shape` and `costs` are those of `walk_out`; `is_target` is (m,) of the cells; `starts`
    are rows of theirs, and which of the two ways from each.
    """
    met = np.full((len(cells), 2), _UNSAID)
    lengths = np.empty(len(starts[0]), np.int32)
    for number in range(len(lengths)):
        row: Whole = np.int64(starts[0][number])
        slot: Whole = np.int64(starts[1][number])
        passed = [(row, slot)]
        while row >= 0 and met[row, slot] == _UNSAID and not is_target[row]:
            row, slot = _step_out(cells, away, groups, row, slot, shape, costs)
            if row >= 0:
                passed.append((row, slot))
        end = np.int32(-1)
        if row >= 0:
            end = away[row, slot] if is_target[row] else met[row, slot]
        for at_row, other in passed:
            met[at_row, other] = end
        lengths[number] = end
    return lengths


@compiled
def step_m(here: np.int64, there: np.int64, width: int, cell_width_m: float, cell_height_m: float) -> float:
    """Return the metres from cell `here` to its neighbour `there`, by `width`, `cell_width_m` and `cell_height_m`."""
    rows = abs(here // width - there // width)
    columns = abs(here % width - there % width)
    return float(np.sqrt((rows * cell_height_m) ** 2 + (columns * cell_width_m) ** 2))


@compiled
def walk_down(
    start: int, downstream: Cells, width: int, cell_width_m: float, cell_height_m: float, limit_m: float
) -> tuple[Cells, Floats]:
    """Follow the water from cell `start` until it leaves the grid, ends in a sink, or has gone `limit_m`.

    `downstream`: (n,) where each cell drains to.
    `width`, `cell_width_m`, `cell_height_m`: cells in a row, and the size of each.

    Returned: cells from the start on, and the way to each in metres.
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
    starts: Cells,
    starts_m: Floats,
    downstream: Cells,
    shape: Size,
    cell_width_m: float,
    cell_height_m: float,
    limit_m: float,
) -> tuple[Cells, Floats]:
    """Gather every cell whose water reaches one of the starts within `limit_m` along the water.

    `downstream` is (n,); `shape` counts rows and columns of cells of `cell_width_m` by `cell_height_m`.

    `starts_m`: the way that is counted at each start.

    Returned: cells (starts included), and the way from each to the first start that its water meets.
    """
    height, width = shape
    known = set([np.int64(-1)])  # noqa: C405 -- numba types a set by its first member
    cells = [np.int64(-1)]
    way = [0.0]
    for number in range(len(starts)):
        start = np.int64(starts[number])
        if start not in known and starts_m[number] <= limit_m:
            known.add(start)
            cells.append(start)
            way.append(starts_m[number])
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
                # Water goes one way, so that no cell but a start is come to twice.
                if downstream[there] != here or there == here or there in known:
                    continue
                reached_m = way[at] + step_m(there, here, width, cell_width_m, cell_height_m)
                if reached_m <= limit_m:
                    cells.append(there)
                    way.append(reached_m)
        at += 1
    return np.array(cells)[1:], np.array(way)[1:]


@compiled
def level_stretches(below: Cells, is_flat: Mask) -> Cells:
    """Return (m,) how many cells the longest stretch over `is_flat` ground, (m,), has on the way down from each cell.

    `below`: (m,) row of the cell that each drains to, which comes before it; -1 where the way ends, which counts for
    none.
    """
    own, longest = np.zeros(len(below), np.int64), np.zeros(len(below), np.int64)
    for row in range(len(below)):
        if below[row] >= 0:
            own[row] = own[below[row]] + 1 if is_flat[row] else 0
            longest[row] = max(longest[below[row]], own[row])
    return longest


@compiled
def hollow(bottom: int, heights: Heights, rim_m: float, steps_per_m: int) -> Cells:
    """Gather the cells joined to cell `bottom` (by sides or corners) that lie below `rim_m`, in no order.

    `heights`, (rows, columns) metres, are rounded to `steps_per_m` as for filling, so that the rim itself stays out.
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
