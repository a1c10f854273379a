"""From a grid of heights to the way water takes: pits filled, directions to one of eight neighbours, area upstream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.raster import Frame, Heights, frame_of, read_whole
from hmgeo.records import Raster
from hmgeo.reference import machine

Cells = NDArray[np.int64]
Steps = NDArray[np.int32]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

BYTES_PER_CELL = 80
"""Peak memory of conditioning and ordering a grid, measured on 4000 x 4000 cells."""

DEFAULT_MEMORY_BYTES = 8 * 2**30
_STEPS_PER_M = np.float32(256)
_FARTHEST_M = 20_000.0
"""No ground lies farther from zero; heights in whole steps must fit 32 bits."""

_LEVEL_UNIT = 29
"""Cost of a step by the shorter side of a cell over level ground: 29 to 41 is 1 to the root of 2 within 0.03 %."""


class ClosedBasins(Enum):
    """What becomes of hollows without an outlet: karst depressions, pits, artefacts of the grid."""

    BREACH = "breach"
    KEEP = "keep"


class Conditioning(Struct, frozen=True):
    """How a grid is made to drain; every value is a choice and is printed with the results.

    Parameters
    ----------
    closed_basins
        BREACH fills every hollow to its lowest rim, so that water goes on; KEEP lets water end at the bottom of every
        closed basin (hollows within it drain to that bottom) and fills only hollows that are no closed basin.
    basin_depth_m, basin_cells
        From which depth and size a hollow is reported as a closed basin; smaller ones are taken as noise.
    memory_bytes
        A grid that would need more is refused.
    flat_cells
        A way that goes over more level cells at a stretch than this says so: there the heights don't lead.
    alike
        How many times as long as the shortest way out of such level ground another may be to count as near as it.
    """

    closed_basins: ClosedBasins
    basin_depth_m: float = 5.0
    basin_cells: int = 4
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    flat_cells: int = 20
    alike: float = 1.25


class ClosedBasin(Struct, frozen=True):
    """A hollow without an outlet.

    Parameters
    ----------
    lowest_cell
        Flat cell number of its bottom.
    depth_m
        From the lowest point of the rim down to the bottom.
    cell_count
        Cells below the rim.
    is_kept
        Whether water ends in it.
    """

    lowest_cell: int
    depth_m: float
    cell_count: int
    volume_m3: float
    is_kept: bool


class End(Enum):
    """How a way downhill ends."""

    LIMIT = "limit"
    EDGE = "edge"
    VOID = "void"
    CLOSED_BASIN = "closed_basin"

    @property
    def zh(self) -> str:
        """The end in words."""
        return {
            "limit": "到达追踪距离",
            "edge": "流出高程范围",
            "void": "止于高程空洞",
            "closed_basin": "止于封闭洼地（岩溶区可能转入地下，去向不明）",
        }[self.value]


class _Forks(Struct, frozen=True):
    """Wide level ground, and the two nearest ways out of it, as of `hmgeo.geo.drainage.two_ways_out`.

    `cells` (m,) are sorted; `other` (m,) tells which of the two water isn't led to though it is nearly as near, -1
    where neither is; `costs` are those of a step along a row, along a column and across, in units `unit_m` long.
    """

    cells: Cells
    away: Steps
    outlets: Cells
    groups: Steps
    other: NDArray[np.int8]
    costs: tuple[int, int, int]
    unit_m: float

    def way(self, cell: int, shape: tuple[int, int]) -> Cells:
        """Return the other way out from a cell of a grid, both ends included; empty where there is none."""
        from hmgeo.geo.drainage import walk_out  # noqa: PLC0415 -- LLVM loads slowly

        row = int(np.searchsorted(self.cells, cell))
        if row == len(self.cells) or self.cells[row] != cell or self.other[row] < 0:
            return np.zeros(0, np.int64)
        at = (row, int(self.other[row]))
        return walk_out(self.cells, self.away, self.outlets, self.groups, at, shape, self.costs)

    def ways(self, targets: Cells, shape: tuple[int, int]) -> tuple[Cells, Cells, Floats, Floats]:
        """Return all cells with another way out, where it leaves, its length, and after how much it meets a target.

        `targets` are cells of a grid of this `shape`.

        Lengths are in metres, NaN where it meets none before it leaves.
        """
        from hmgeo.geo.drainage import met_on_way_out  # noqa: PLC0415 -- LLVM loads slowly

        rows = np.flatnonzero(self.other >= 0)
        slots = self.other[rows].astype(np.int64)
        away = self.away[rows, slots]
        is_target = np.isin(self.cells, targets)
        met = np.full(len(rows), -1, np.int32)
        if is_target.any():
            starts = (rows, slots)
            met = met_on_way_out(self.cells, self.away, self.groups, is_target, starts, shape, self.costs)
        met_m = np.where(met >= 0, np.asarray((away - met) * self.unit_m, np.float64), np.nan)
        over_m = np.asarray(away * self.unit_m, np.float64)
        return self.cells[rows], self.outlets[rows, slots], over_m, met_m


class Branch(Struct, frozen=True):
    """A way that water may take as well as the one that it is led.

    `cells`, `way_m`: from the start on, and the way to each.
    `parts`: how many cells it has in common with the way from which it parts.
    """

    cells: Cells
    way_m: Floats
    end: End
    parts: int


class FlowGrid(Struct, frozen=True):
    """A grid that drains.

    Parameters
    ----------
    heights
        (rows, columns) as given, NaN where unknown.
    downstream
        Flat number of the cell that each cell drains to; itself where water ends, -1 where there is no height.
    upstream_cells
        How many cells drain through each, itself included.
    basins
        Closed basins, deepest first.
    is_flat
        (n,) cells whose water goes over level ground, filled or found so: the heights alone don't say which way.
    forks
        Where level ground may be left another way.
    void_border
        Cells beside a hole in the data that doesn't reach the grid's outer edge.
    """

    frame: Frame
    heights: Heights
    downstream: Cells
    upstream_cells: Cells
    basins: tuple[ClosedBasin, ...]
    is_flat: Mask
    forks: _Forks
    void_border: Cells
    conditioning: Conditioning

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.frame.height, self.frame.width

    def path(self, cell: int, limit_m: float = np.inf) -> tuple[Cells, Floats, End]:
        """Return the cells that water passes from `cell` on, the way to each in metres up to `limit_m`, and its end."""
        from hmgeo.geo.drainage import walk_down  # noqa: PLC0415 -- LLVM loads slowly

        cells, way_m = walk_down(cell, self.downstream, self.frame.width, *self.frame.cell_m, limit_m)
        return cells, way_m, self.end_of(int(cells[-1]))

    def end_of(self, last: int) -> End:
        """Return why a way ends at the cell `last`."""
        if self.downstream[last] != last:
            return End.LIMIT
        if last in {basin.lowest_cell for basin in self.basins if basin.is_kept}:
            return End.CLOSED_BASIN
        return self._beyond(last)

    def _beyond(self, last: int) -> End:
        return End.VOID if last in self.void_border else End.EDGE

    def branches(self, cell: int, limit_m: float = np.inf) -> list[Branch]:
        """Return the ways that water from `cell` may take as well, up to `limit_m`.

        They part where it comes to level ground with two ways out alike.
        """
        others: list[Branch] = []
        if not len(self.forks.cells):
            return others
        seen: set[int] = set()
        ways = [self.path(cell)[0]]
        for cells in ways:
            way_m = self._along(cells)
            is_first = self.is_flat[cells] & ~np.concatenate([[False], self.is_flat[cells[:-1]]])
            for at in np.flatnonzero(is_first & (way_m <= limit_m)):
                over = self.forks.way(int(cells[at]), self.shape)
                if not len(over) or int(over[-1]) in seen:
                    continue
                seen.add(int(over[-1]))
                # Over the edge of the data, where water that is led goes on over level ground, nothing is known.
                is_edge = bool(self.is_flat[over[-1]])
                onward = over[-1:] if is_edge else self.path(int(over[-1]))[0]
                ways.append(np.concatenate([cells[:at], over[:-1], onward]))
                other_m = self._along(ways[-1])
                is_near = other_m <= limit_m
                last = int(ways[-1][is_near][-1])
                end = self._beyond(last) if is_edge and is_near.all() else self.end_of(last)
                others.append(Branch(ways[-1][is_near], other_m[is_near], end, int(at) + 1))
        return others

    def level_stretch(self, cells: Cells) -> int:
        """Return how many of the `cells` of a way the longest stretch over level ground has."""
        ends = np.flatnonzero(~np.concatenate([[False], self.is_flat[cells], [False]]))
        return int(np.diff(ends).max()) - 1

    def stretches_above(self, cells: Cells, way_m: Floats) -> Cells:
        """Return (m,) the same of the way from each of the `cells` of a `catchment` down; `way_m` is its length."""
        from hmgeo.geo.drainage import level_stretches  # noqa: PLC0415 -- LLVM loads slowly

        order = np.argsort(cells)
        at = np.searchsorted(cells, self.downstream[cells], sorter=order)
        below = order[np.minimum(at, len(cells) - 1)] if len(cells) else order
        return level_stretches(np.where(way_m > 0, below, -1), self.is_flat[cells])

    def _along(self, cells: Cells) -> Floats:
        """Return the way to each of the cells of a way in metres."""
        row, column = np.divmod(cells, self.frame.width)
        width_m, height_m = self.frame.cell_m
        step_m = np.hypot(np.diff(row) * height_m, np.diff(column) * width_m)
        return np.concatenate([[0.0], np.cumsum(step_m)])

    def catchment(self, cells: Cells, limit_m: float = np.inf) -> tuple[Cells, Floats]:
        """Return the cells whose water reaches `cells` within `limit_m`, and the way from each in metres."""
        from hmgeo.geo.drainage import walk_up  # noqa: PLC0415 -- LLVM loads slowly

        starts = np.asarray(cells, np.int64)
        starts = starts[self.downstream[starts] >= 0]
        if not len(starts):
            return starts, np.zeros(0)
        return walk_up(starts, np.zeros(len(starts)), self.downstream, self.shape, *self.frame.cell_m, limit_m)

    def doubtful(self, cells: Cells, limit_m: float = np.inf) -> tuple[Cells, Cells, Floats]:
        """Return the cells whose water reaches `cells` but may go elsewhere, and those whose water may, how far off.

        All within `limit_m`. It depends on level ground with two ways out alike, on which the water from there comes.
        """
        if not (self.forks.other >= 0).any():
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        draining, way_m = self.catchment(cells, limit_m)
        fork, outlet, over_m, met_m = self.forks.ways(cells, self.shape)
        outlet = np.where(self.is_flat[outlet], -1, outlet)  # over the edge of the data water reaches nothing
        is_draining = np.zeros(len(self.downstream) + 1, np.bool_)  # one more for -1
        is_draining[draining] = True
        parts = is_draining[fork] & ~is_draining[outlet] & np.isnan(met_m)
        level = self._onto(fork[parts], np.zeros(int(parts.sum())), np.inf)[0]
        leaving = np.unique(level[is_draining[level]])
        crosses = (met_m <= limit_m) & ~is_draining[fork]
        more, more_m = self._onto(fork[crosses], met_m[crosses], limit_m)
        may, may_m = draining, way_m
        while len(draining):
            _, first = np.unique(np.concatenate([may, more]), return_index=True)
            first.sort()
            may, may_m = np.concatenate([may, more])[first], np.concatenate([may_m, more_m])[first]
            order = np.argsort(may)
            at = order[np.minimum(np.searchsorted(may[order], outlet), len(may) - 1)]
            joins = (may[at] == outlet) & ~np.isin(fork, may) & (may_m[at] + over_m <= limit_m)
            if not joins.any():
                break
            more, more_m = self._onto(fork[joins], may_m[at[joins]] + over_m[joins], limit_m)
        return leaving, may[len(draining) :], may_m[len(draining) :]

    def _onto(self, flat: Cells, way_m: Floats, limit_m: float) -> tuple[Cells, Floats]:
        """Return level cells with what comes onto level ground there, and the way from each."""
        from hmgeo.geo.drainage import walk_up  # noqa: PLC0415 -- LLVM loads slowly

        width = self.frame.width
        starts, starts_m = [flat], [way_m]
        for step in (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1):
            there = np.clip(flat + step, 0, len(self.downstream) - 1)
            comes = (self.downstream[there] == flat) & ~self.is_flat[there] & (there != flat)
            length_m = np.hypot(*(np.array(self.frame.cell_m) * ((abs(step) != width), (abs(step) != 1))))
            onto = walk_up(
                there[comes], way_m[comes] + length_m, self.downstream, self.shape, *self.frame.cell_m, limit_m
            )
            starts.append(onto[0])
            starts_m.append(onto[1])
        return np.concatenate(starts), np.concatenate(starts_m)

    def is_edge(self, cells: Cells) -> Mask:
        """Return which of `cells` lie at the grid's border or beside a cell without height: more may drain in there."""
        row, column = np.divmod(cells, self.frame.width)
        flat = self.downstream
        outer = (row == 0) | (column == 0) | (row == self.frame.height - 1) | (column == self.frame.width - 1)
        beside = np.zeros(len(cells), dtype=np.bool_)
        for step in (-self.frame.width - 1, -self.frame.width, -self.frame.width + 1, -1):
            for there in (cells + step, cells - step):
                beside |= flat[np.clip(there, 0, len(flat) - 1)] < 0
        at_edge: Mask = outer | beside
        return at_edge

    def area_ha(self, cell: int) -> float:
        """Return the area that drains through `cell`, in hectares of the projection's plane."""
        return float(self.upstream_cells[cell]) * self.frame.cell_area_m2 / 10_000


def flow_grid(raster: Raster, conditioning: Conditioning) -> FlowGrid:
    """Make a grid drain.

    `raster`: heights in metres, north-up, in a projection in metres.

    Hollows are filled once, by priority flood (Wang & Liu 2006); water goes to the steepest of the eight neighbours
    (O'Callaghan & Mark 1984, CVGIP 28, 323-344), and over level ground, filled or found so, the shortest way out
    (`hmgeo.water.grid`). Outlets are cells at the edge of the data. Heights are held in whole steps of 1/256 m for
    this, so that levels are exact and no way can run in a circle. What is found is kept in the user's cache, under a
    name made of heights, cells, conditioning and code.

    `InputError` where the grid isn't in metres, holds no height or an impossible one, or would need more memory than
    allowed.
    """
    frame = frame_of(raster)
    _refuse_large(raster, conditioning)
    heights = read_whole(raster)
    unknown = ~np.isfinite(heights)
    if unknown.all():
        raise InputError(Problem("栅格中没有任何高程", Place(file=raster.provenance.path), remedy="核对无效值的设置"))
    farthest_m = float(np.abs(heights).max(where=~unknown, initial=0.0))
    if farthest_m > _FARTHEST_M:
        place, allowed = Place(file=raster.provenance.path), f"-{_FARTHEST_M:.0f} 至 {_FARTHEST_M:.0f} m"
        raise InputError(Problem("有不可能的高程", place, f"{farthest_m:g} m", allowed, "核对单位和无效值的设置"))
    made = _kept(heights, frame, conditioning, lambda: _drained(heights, unknown, frame, conditioning))
    return FlowGrid(
        frame,
        heights,
        made.downstream,
        made.through,
        made.basins,
        made.is_flat,
        made.forks,
        made.void_border,
        conditioning,
    )


class _Drained(NamedTuple):
    """What follows from heights, cells and conditioning alone; whole numbers in 32 bits where they fit."""

    downstream: Cells
    through: Cells
    is_flat: Mask
    basins: tuple[ClosedBasin, ...]
    forks: _Forks
    void_border: Cells

    def arrays(self) -> dict[str, Any]:
        """Return it as arrays for a file."""
        basins = [(basin.lowest_cell, basin.depth_m, basin.cell_count, basin.volume_m3) for basin in self.basins]
        forks = {name: _narrowed(getattr(self.forks, name)) for name in _FORK_ARRAYS}
        own = {name: getattr(self, name) for name in _OWN_ARRAYS}
        return own | forks | {"basins": np.array(basins, np.float64).reshape(-1, 4)}

    @classmethod
    def of_arrays(cls, kept: Mapping[str, NDArray[Any]], frame: Frame, conditioning: Conditioning) -> _Drained:
        """Return what was kept."""
        lengths, costs = _lengths(frame)
        is_kept = conditioning.closed_basins is ClosedBasins.KEEP
        basins = tuple(ClosedBasin(int(a), b, int(c), d, is_kept) for a, b, c, d in kept["basins"].tolist())
        cells, outlets = kept["cells"].astype(np.int64), kept["outlets"].astype(np.int64)
        others = kept["away"], outlets, kept["groups"], kept["other"]
        forks = _Forks(cells, *others, costs, min(lengths) / _LEVEL_UNIT)
        return cls(basins=basins, forks=forks, **{name: kept[name] for name in _OWN_ARRAYS})


_OWN_ARRAYS = ("downstream", "through", "is_flat", "void_border")
_FORK_ARRAYS = ("cells", "away", "outlets", "groups", "other")
_FEWEST_KEPT = 250_000
"""Cells; fewer drain faster than they are looked up."""


def _narrowed(array: NDArray[Any]) -> NDArray[Any]:
    fits = array.dtype == np.int64 and (not array.size or max(-array.min(), array.max()) < 2**31)
    return array.astype(np.int32) if fits else array


def _drained(heights: Heights, unknown: Mask, frame: Frame, conditioning: Conditioning) -> _Drained:
    from hmgeo.geo.drainage import UNKNOWN, accumulate  # noqa: PLC0415 -- LLVM loads slowly

    steps = np.where(unknown, UNKNOWN, np.round(heights * _STEPS_PER_M)).astype(np.int32)
    level, is_outlet, basins = _filled(steps, unknown, frame, conditioning)
    downstream, is_flat, to_outlet = _directed(level, steps, is_outlet, frame)
    forks = _forks(level, downstream, (is_flat, is_outlet), to_outlet, frame, conditioning)
    through = _narrowed(accumulate(downstream))
    return _Drained(_narrowed(downstream), through, is_flat, basins, forks, _void_border(unknown))


def _kept(heights: Heights, frame: Frame, conditioning: Conditioning, make: Callable[[], _Drained]) -> _Drained:
    """Return what `make` makes, as an earlier process kept it for the same heights, cells, choices and code."""
    if heights.size < _FEWEST_KEPT:
        return make()
    key = repr((heights.shape, frame.cell_m, replace(conditioning, memory_bytes=0))).encode(), heights.data
    made: list[_Drained] = []

    def arrays() -> dict[str, Any]:
        made.append(make())
        return made[0].arrays()

    kept = machine.kept_arrays(key, ("water/grid.py", "geo/drainage.py"), arrays)
    return made[0] if made else _Drained.of_arrays(kept, frame, conditioning)


def _refuse_large(raster: Raster, conditioning: Conditioning) -> None:
    needed = raster.height * raster.width * BYTES_PER_CELL
    if needed <= conditioning.memory_bytes:
        return
    gigabytes, allowed = needed / 2**30, conditioning.memory_bytes / 2**30
    what = "栅格过大：填洼和流向须整幅读入内存"
    where = Place(file=raster.provenance.path)
    found = f"{raster.height}×{raster.width} 格，约需 {gigabytes:.1f} GB"
    remedy = "裁到所查污染源和取水口所在流域（gdalwarp -te），或合并为较大的格（gdalwarp -tr），或提高内存上限"
    raise InputError(Problem(what, where, found=found, allowed=f"{allowed:.1f} GB", remedy=remedy))


def _filled(
    steps: Steps, unknown: Mask, frame: Frame, conditioning: Conditioning
) -> tuple[Steps, Mask, tuple[ClosedBasin, ...]]:
    """Return the filled ground, its outlets and its closed basins; a kept one is left open down to its bottom."""
    from hmgeo.geo.drainage import edge_of, fill  # noqa: PLC0415 -- LLVM loads slowly

    level, is_outlet = steps.copy(), edge_of(steps)
    fill(level, unknown.reshape(-1).copy(), np.flatnonzero(is_outlet))
    keeps = conditioning.closed_basins is ClosedBasins.KEEP
    basins, told_cells = _basins(steps, level, frame, conditioning, is_kept=keeps)
    if keeps and basins:
        # What a hollow holds drains to its bottom or over its rim, so that nothing outside it changes.
        bottoms = np.array([basin.lowest_cell for basin in basins], np.int64)
        done = np.ones(level.size, np.bool_)
        done[told_cells] = False
        level.reshape(-1)[told_cells] = steps.reshape(-1)[told_cells]
        fill(level, done, bottoms)
        is_outlet[bottoms] = True
    return level, is_outlet, basins


def _basins(
    steps: Steps, level: Steps, frame: Frame, conditioning: Conditioning, *, is_kept: bool
) -> tuple[tuple[ClosedBasin, ...], Cells]:
    """Return the hollows that filling closed and that are deep and large enough to be told, deepest first; their cells.

    The lowest cell of a level bottom is the one nearest to its middle.
    """
    from hmgeo.geo.drainage import UNKNOWN, first_of, hollows  # noqa: PLC0415 -- LLVM loads slowly

    cells, ends = hollows(steps, level, conditioning.basin_depth_m * float(_STEPS_PER_M), conditioning.basin_cells)
    raised = (level.reshape(-1)[cells] - steps.reshape(-1)[cells]) / _STEPS_PER_M
    basins = []
    for first, end in zip([0, *ends[:-1]][: len(ends)], ends, strict=True):
        own, depth_m = cells[first:end], raised[first:end]
        deepest = np.sort(own[depth_m == depth_m.max()])
        row, column = np.divmod(deepest, frame.width)
        off = (len(row) * row - row.sum()) ** 2 + (len(row) * column - column.sum()) ** 2
        bottom = first_of(deepest[off == off.min()], steps, steps, UNKNOWN)
        volume_m3 = depth_m.sum(dtype=np.float64) * frame.cell_area_m2
        basins.append(ClosedBasin(int(bottom), float(depth_m.max()), len(own), float(volume_m3), is_kept))
    return tuple(sorted(basins, key=lambda basin: (-basin.depth_m, basin.lowest_cell))), cells


def _lengths(frame: Frame) -> tuple[tuple[float, float, float], tuple[int, int, int]]:
    """Return the length of a step along a row, along a column and across, in metres and in whole units."""
    width_m, height_m = frame.cell_m
    lengths = (width_m, height_m, float(np.hypot(width_m, height_m)))
    units = [round(_LEVEL_UNIT * length / min(lengths)) for length in lengths]
    return lengths, (units[0], units[1], units[2])


def _directed(level: Steps, steps: Steps, is_outlet: Mask, frame: Frame) -> tuple[Cells, Mask, Steps]:
    """Return the cell that each cell drains to, which do so over level ground, and how far that is yet.

    Level ground is left where something falls from it, however near the edge of the data is; over the edge (or into a
    kept bottom) where nothing does.
    """
    from hmgeo.geo.drainage import (  # noqa: PLC0415 -- LLVM loads slowly
        FAR,
        LEVEL,
        over_level_ground,
        seeds_of,
        spread,
        steepest,
    )

    lengths, costs = _lengths(frame)
    downstream = steepest(level, steps, (1 / lengths[0], 1 / lengths[1], 1 / lengths[2]))
    to_outlet, to_higher = (np.full(len(downstream), FAR) for _ in range(2))
    low, high = seeds_of(level, downstream)
    spread(level, downstream, low, costs, to_outlet)
    closed = np.flatnonzero(is_outlet & (downstream == LEVEL) & (to_outlet == FAR))
    downstream[closed] = closed
    spread(level, downstream, closed, costs, to_outlet)
    spread(level, downstream, high, costs, to_higher)
    return downstream, over_level_ground(level, downstream, to_outlet, to_higher, costs), to_outlet


def _forks(
    level: Steps,
    downstream: Cells,
    masks: tuple[Mask, Mask],
    to_outlet: Steps,
    frame: Frame,
    conditioning: Conditioning,
) -> _Forks:
    """Return where wide level ground may be left another way; `masks` are the level cells and the outlets."""
    from hmgeo.geo.drainage import (  # noqa: PLC0415 -- LLVM loads slowly
        ends_of_ways_out,
        groups_of_outlets,
        leave_one_way,
        other_way_out,
        two_ways_out,
        wide_flats,
    )

    is_flat, is_outlet = masks
    lengths, costs = _lengths(frame)
    least = conditioning.flat_cells * min(costs)
    if not (is_flat & (to_outlet > least)).any():
        none, pairs = np.zeros(0, np.int64), np.zeros((0, 2), np.int32)
        return _Forks(
            none, pairs, pairs.astype(np.int64), pairs, none.astype(np.int8), costs, min(lengths) / _LEVEL_UNIT
        )
    wide = wide_flats(level, is_flat, to_outlet, least)
    group = groups_of_outlets(level, wide, is_flat, is_outlet)
    leave_one_way(level, wide, is_flat, group, downstream, conditioning.flat_cells)
    cells = np.flatnonzero(wide)
    away, outlets, groups = two_ways_out(level, wide, group, costs)
    other = other_way_out(cells, downstream, group, to_outlet, away, groups, least, conditioning.alike)
    ends = ends_of_ways_out(cells, away, outlets, groups, level.shape, costs)
    return _Forks(cells, away, ends, groups, other, costs, min(lengths) / _LEVEL_UNIT)


def _void_border(unknown: Mask) -> Cells:
    """Return the cells beside a hole in the data that doesn't reach the grid's outer edge."""
    none = np.zeros(0, np.int64)
    if not unknown.any():
        return none
    from hmgeo.geo.drainage import UNKNOWN, edge_of, fill  # noqa: PLC0415 -- LLVM loads slowly

    around = np.pad(unknown, 1, constant_values=True)  # a margin that joins what reaches the edge
    seen = ~around.reshape(-1)
    fill(np.zeros(around.shape, np.int32), seen, np.zeros(1, np.int64))
    hole = ~seen.reshape(around.shape)
    if not hole.any():
        return none
    border = edge_of(np.where(hole, UNKNOWN, np.int32(0))).reshape(around.shape)[1:-1, 1:-1]
    return np.flatnonzero(border)
