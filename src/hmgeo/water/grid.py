"""From a grid of heights to the way water takes: pits filled, directions, area upstream; walks over them, compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.raster import frame_of, read_whole
from hmgeo.reference.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.geo.raster import Frame, Heights
    from hmgeo.records import Raster

    Cells = NDArray[np.int64]
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


VOID_HEIGHT = np.float32(-9999.0)
BYTES_PER_CELL = 80
"""Peak memory of conditioning and ordering a grid, measured on 4000 x 4000 cells."""

DEFAULT_MEMORY_BYTES = 8 * 2**30
_STEPS_PER_M = np.float32(256)
_EIGHT = np.ones((3, 3), dtype=np.bool_)


class ClosedBasins(Enum):
    """What becomes of hollows without an outlet: karst depressions, pits, artefacts of the grid."""

    BREACH = "breach"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Conditioning:
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
    """

    closed_basins: ClosedBasins
    basin_depth_m: float = 5.0
    basin_cells: int = 4
    memory_bytes: int = DEFAULT_MEMORY_BYTES


@dataclass(frozen=True, slots=True)
class ClosedBasin:
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


@dataclass(frozen=True, slots=True)
class FlowGrid:
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
    is_void_border
        Cells beside a hole in the data that doesn't reach the grid's outer edge.
    """

    frame: Frame
    heights: Heights = field(repr=False)
    downstream: Cells = field(repr=False)
    upstream_cells: Cells = field(repr=False)
    basins: tuple[ClosedBasin, ...]
    is_void_border: NDArray[np.bool_] = field(repr=False)
    conditioning: Conditioning

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.frame.height, self.frame.width

    def path(self, cell: int, limit_m: float = np.inf) -> tuple[Cells, Floats, End]:
        """Return the cells that water passes from a cell on, the way to each in metres, and how it ends."""
        cells, way_m = walk_down(cell, self.downstream, self.frame.width, *self.frame.cell_m, limit_m)
        last = int(cells[-1])
        if self.downstream[last] != last:
            return cells, way_m, End.LIMIT
        if last in {basin.lowest_cell for basin in self.basins if basin.is_kept}:
            return cells, way_m, End.CLOSED_BASIN
        return cells, way_m, End.VOID if self.is_void_border.reshape(-1)[last] else End.EDGE

    def catchment(self, cells: Cells, limit_m: float = np.inf) -> tuple[Cells, Floats]:
        """Return the cells whose water reaches these within `limit_m`, and the way from each in metres."""
        starts = np.asarray(cells, np.int64)
        starts = starts[self.downstream[starts] >= 0]
        if not len(starts):
            return starts, np.zeros(0)
        return walk_up(starts, self.downstream, self.shape, *self.frame.cell_m, limit_m)

    def is_edge(self, cells: Cells) -> NDArray[np.bool_]:
        """Return which cells lie at the grid's border or beside a cell without height: more may drain in there."""
        row, column = np.divmod(cells, self.frame.width)
        flat = self.downstream
        outer = (row == 0) | (column == 0) | (row == self.frame.height - 1) | (column == self.frame.width - 1)
        beside = np.zeros(len(cells), dtype=np.bool_)
        for step in (-self.frame.width - 1, -self.frame.width, -self.frame.width + 1, -1):
            for there in (cells + step, cells - step):
                beside |= flat[np.clip(there, 0, len(flat) - 1)] < 0
        at_edge: NDArray[np.bool_] = outer | beside
        return at_edge

    def area_ha(self, cell: int) -> float:
        """Return the area that drains through a cell, in hectares of the projection's plane."""
        return float(self.upstream_cells[cell]) * self.frame.cell_area_m2 / 10_000


def flow_grid(raster: Raster, conditioning: Conditioning) -> FlowGrid:
    """Make a grid drain.

    Parameters
    ----------
    raster
        Heights in metres, north-up, in a projection in metres.

    Raises
    ------
    InputError
        Where the grid isn't in metres, holds no height, or would need more memory than allowed.

    Notes
    -----
    Pits are filled by pyflwdir's priority flood after Wang & Liu (2006), Int. J. GIS 20(2), 193-213, which also leads
    water over flats; elsewhere it goes to the steepest of the eight neighbours (O'Callaghan & Mark 1984, CVGIP 28,
    323-344). Outlets are cells at the edge of the data. Heights are rounded to 1/256 m for this, so that levels are
    exact in single precision and no way can run in a circle.
    """
    frame = frame_of(raster)
    _refuse_large(raster, conditioning)
    heights = read_whole(raster)
    unknown = np.isnan(heights)
    if unknown.all():
        raise InputError(Problem("栅格中没有任何高程", Place(file=raster.provenance.path), remedy="核对无效值的设置"))
    rounded = np.where(unknown, VOID_HEIGHT, np.round(heights * _STEPS_PER_M) / _STEPS_PER_M)
    flood, basins = _flooded(rounded, unknown, frame, conditioning)
    downstream, upstream_cells = _directed(*flood, frame)
    return FlowGrid(frame, heights, downstream, upstream_cells, basins, _void_border(unknown), conditioning)


def _refuse_large(raster: Raster, conditioning: Conditioning) -> None:
    needed = raster.height * raster.width * BYTES_PER_CELL
    if needed <= conditioning.memory_bytes:
        return
    gigabytes, allowed = needed / 2**30, conditioning.memory_bytes / 2**30
    raise InputError(
        Problem(
            "栅格过大：填洼和流向须整幅读入内存",
            Place(file=raster.provenance.path),
            found=f"{raster.height}×{raster.width} 格，约需 {gigabytes:.1f} GB",
            allowed=f"{allowed:.1f} GB",
            remedy="裁到所查污染源和取水口所在流域（gdalwarp -te），或合并为较大的格（gdalwarp -tr），或提高内存上限",
        )
    )


def _flooded(
    rounded: Heights, unknown: NDArray[np.bool_], frame: Frame, conditioning: Conditioning
) -> tuple[tuple[Heights, NDArray[np.uint8]], tuple[ClosedBasin, ...]]:
    """Fill and direct; where closed basins are kept, once more with the bottom of each as an outlet."""
    from pyflwdir import dem, gis_utils  # noqa: PLC0415 -- slow to load, and only where water is asked for

    def flood(outlets: Cells | None) -> tuple[Heights, NDArray[np.uint8]]:
        level, directions = dem.fill_depressions(rounded, nodata=VOID_HEIGHT, idxs_pit=outlets)
        return level, directions

    flooded = flood(None)
    keeps = conditioning.closed_basins is ClosedBasins.KEEP
    found = _basins(flooded[0] - rounded, frame, conditioning, is_kept=keeps)
    if not keeps or not found:
        return flooded, found
    bottoms = np.array([basin.lowest_cell for basin in found], np.int64)
    edge = np.flatnonzero(gis_utils.get_edge(~unknown))
    return flood(np.union1d(edge, bottoms)), found


def _basins(depth: Heights, frame: Frame, conditioning: Conditioning, *, is_kept: bool) -> tuple[ClosedBasin, ...]:
    """Return the hollows that filling closed and that are deep and large enough to be told, deepest first."""
    label, count = ndimage.label(depth > 0, structure=_EIGHT)
    if not count:
        return ()
    flat, depth_of = label.reshape(-1), depth.reshape(-1)
    inside = np.flatnonzero(flat)
    order = inside[np.lexsort((-depth_of[inside], flat[inside]))]
    basin, first, cells = np.unique(flat[order], return_index=True, return_counts=True)
    volume_m3 = np.bincount(flat[inside], weights=depth_of[inside], minlength=count + 1)[basin] * frame.cell_area_m2
    bottom = order[first]
    told = (depth_of[bottom] >= conditioning.basin_depth_m) & (cells >= conditioning.basin_cells)
    found = [
        ClosedBasin(int(bottom[row]), float(depth_of[bottom[row]]), int(cells[row]), float(volume_m3[row]), is_kept)
        for row in np.flatnonzero(told)
    ]
    return tuple(sorted(found, key=lambda one: (-one.depth_m, one.lowest_cell)))


def _directed(level: Heights, directions: NDArray[np.uint8], frame: Frame) -> tuple[Cells, Cells]:
    """Return the cell that each cell drains to, and how many drain through each."""
    import pyflwdir  # noqa: PLC0415 -- as above

    flood = pyflwdir.from_array(directions, ftype="d8", check_ftype=False)
    downstream = steepest(level, flood.idxs_ds, *frame.cell_m)
    flow = pyflwdir.FlwdirRaster(downstream, level.shape, "d8", idxs_pit=flood.idxs_pit)
    return downstream, flow.upstream_area(unit="cell").reshape(-1)


def _void_border(unknown: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells beside a hole in the data that doesn't reach the grid's outer edge."""
    if not unknown.any():
        return np.zeros_like(unknown)
    label, _ = ndimage.label(unknown, structure=_EIGHT)
    outer = np.unique(np.concatenate([label[0], label[-1], label[:, 0], label[:, -1]]))
    hole = unknown & ~np.isin(label, outer)
    border: NDArray[np.bool_] = ndimage.binary_dilation(hole, structure=_EIGHT) & ~unknown if hole.any() else hole
    return border
