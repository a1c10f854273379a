"""A landscape on a coarse grid: the steady state of uplift against river incision.

Valley slopes fall with catchment area (stream-power law, implicit in receiver order as in Braun and Willett 2013,
doi:10.1016/j.geomorph.2012.10.008), which gives dendritic valleys where every cell drains to an outlet.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import rasterio.features
import shapely
from rasterio.transform import from_origin

from shipped.grids import NEIGHBOURS, smooth_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shipped.regions import Ground, Region

COARSE_M = 240.0
FRINGE_M = 12_000.0
MARGIN_M = 5_760.0
AREA_EXPONENT = 0.45
ERODIBILITY = 1 / 48.0
RISE_M = 50.0
STEPS = 45
LEAST_FALL_M = 0.05
STUB_M = 5_000.0


@dataclass(frozen=True, slots=True)
class Landscape:
    """Coarse heights in metres, the flat index of the cell each cell drains to, and its catchment in cells."""

    frame: Frame
    height_m: NDArray[np.float64]
    receiver: NDArray[np.intp]
    cells: NDArray[np.float64]
    top_m: float

    def stretched(self, region: Region, height_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return heights before the relief was stretched to the region's as they are after it."""
        return _stretched(region, height_m, self.top_m)


@dataclass(frozen=True, slots=True)
class Frame:
    """The coarse grid: upper left corner and shape."""

    left: float
    top: float
    shape: tuple[int, int]

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of all cell centres as two grids."""
        rows, columns = np.indices(self.shape, dtype=np.float64)
        return self.left + (columns + 0.5) * COARSE_M, self.top - (rows + 0.5) * COARSE_M

    def box(self) -> shapely.Polygon:
        """Return the grid's outline."""
        rows, columns = self.shape
        return shapely.box(self.left, self.top - rows * COARSE_M, self.left + columns * COARSE_M, self.top)

    def paint(self, shape: shapely.Geometry) -> NDArray[np.bool_]:
        """Return which cells a shape touches."""
        transform = from_origin(self.left, self.top, COARSE_M, COARSE_M)
        mask: NDArray[np.uint8] = rasterio.features.rasterize(
            [(shape, 1)], out_shape=self.shape, transform=transform, all_touched=True, dtype="uint8"
        )
        return mask.astype(bool)


def make_landscape(region: Region, ground: Ground, rng: np.random.Generator) -> Landscape:
    """Make the coarse landscape of a region with its relief scaled as the region says."""
    frame = _frame(ground.county)
    base, fixed = _base_level(region, ground, frame)
    uplift = _uplift(region, ground, frame, rng)
    height, receiver, cells = _erode(base, fixed, uplift, rng)
    top_m = float(np.quantile(height, 0.995))
    return Landscape(frame, _stretched(region, height, top_m), receiver, cells, top_m)


def _stretched(region: Region, height: NDArray[np.float64], top_m: float) -> NDArray[np.float64]:
    share = np.clip((height - region.base_m) / (top_m - region.base_m), 0, None)
    stretched: NDArray[np.float64] = region.base_m + region.relief_m * share**region.relief_power
    return stretched


def _frame(county: shapely.Geometry) -> Frame:
    left, bottom, right, top = county.buffer(FRINGE_M + MARGIN_M).bounds
    left, bottom = np.floor(left / COARSE_M) * COARSE_M, np.floor(bottom / COARSE_M) * COARSE_M
    shape = (int(np.ceil((top - bottom) / COARSE_M)), int(np.ceil((right - left) / COARSE_M)))
    return Frame(float(left), float(bottom + shape[0] * COARSE_M), shape)


def trunk_line(region: Region, ground: Ground, frame: Frame) -> shapely.LineString:
    """Return the course of the region's real main river across the frame, from its northern end to its southern one.

    Under several names it is one river; stubs of side waters are left out and gaps between names are bridged.
    """
    lines = ground.rivers.geometry[ground.rivers["name_en"].isin(region.trunk)]
    parts = [
        part
        for line in lines
        for part in shapely.get_parts(shapely.line_merge(line.intersection(frame.box())))
        if part.length > STUB_M
    ]
    vertices = [shapely.get_coordinates(part) for part in parts]
    vertices.sort(key=lambda xy: -xy[:, 1].mean())
    return shapely.LineString(np.concatenate([xy if xy[0, 1] > xy[-1, 1] else xy[::-1] for xy in vertices]))


def trunk_height_m(
    region: Region, trunk: shapely.LineString, x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the height of the main river beside points, metres: it falls evenly along its course."""
    along = shapely.line_locate_point(trunk, shapely.points(x, y))
    height: NDArray[np.float64] = region.base_m + region.trunk_fall * (trunk.length - along)
    return height


def _base_level(region: Region, ground: Ground, frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the starting surface and the cells whose height is given: the main river and, in mountains, the rim."""
    x, y = frame.centres()
    trunk = trunk_line(region, ground, frame)
    river = frame.paint(trunk)
    height = trunk_height_m(region, trunk, x, y)
    if region.plain:
        return height, river
    rim = np.zeros(frame.shape, dtype=bool)
    rim[-1, :] = rim[:, -1] = rim[:, 0] = True
    return np.where(river, height, region.base_m + 0.0028 * (y - y.min())), rim | river


def _uplift(region: Region, ground: Ground, frame: Frame, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return how fast each cell rises: low around towns and villages, high on massifs and where nobody farms."""
    x, y = frame.centres()
    uplift = np.exp(0.3 * smooth_noise(rng, frame.shape, 6) + 0.25 * smooth_noise(rng, frame.shape, 4))
    if region.plain:
        x0, y0, x1, y1 = ground.county.bounds
        north = np.clip((y - (y0 + 0.50 * (y1 - y0))) / (0.4 * (y1 - y0)), 0, 1)
        east = np.clip((x - (x0 + 0.62 * (x1 - x0))) / (0.35 * (x1 - x0)), 0, 1)
        uplift *= 0.035 + np.maximum(north, 0.55 * east) ** 1.3
    for seat in [*ground.seats.geometry, *ground.villages.geometry]:
        near = np.exp(-(((x - seat.x) ** 2 + (y - seat.y) ** 2) / region.basin_m**2))
        uplift *= 1 - region.basin_depth * near
    for massif in region.lonely:
        away = np.hypot(x - massif.x, y - massif.y)
        uplift *= 1 + 0.7 * np.exp(-((away / 9_000) ** 4))
    return uplift


def _erode(
    base: NDArray[np.float64], fixed: NDArray[np.bool_], uplift: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Return height, receiver and upstream cell count after the landscape has settled."""
    height = (
        base + 1 * (1 + smooth_noise(rng, base.shape, 2)) + 3 * np.clip(smooth_noise(rng, base.shape, 4) + 1, 0, None)
    )
    height[fixed] = base[fixed]
    height = _flood(height, fixed)
    for _ in range(STEPS):
        receiver, run = _receivers(height, fixed)
        levels = _levels(receiver)
        cells = np.ones(height.size)
        for level in reversed(levels[1:]):
            np.add.at(cells, receiver[level], cells[level])
        factor = RISE_M * ERODIBILITY * (cells * COARSE_M**2) ** AREA_EXPONENT / run
        flat = height.ravel().copy()
        risen = flat + RISE_M * uplift.ravel()
        for level in levels[1:]:
            below = flat[receiver[level]]
            # Ground that rises slower than its outlet is filled by the stream; else it would close into a hollow.
            flat[level] = np.maximum((risen[level] + factor[level] * below) / (1 + factor[level]), below + LEAST_FALL_M)
        height = flat.reshape(height.shape)
    return height, receiver, cells.reshape(height.shape)


def _flood(height: NDArray[np.float64], outlets: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Raise every cell that has no way down to an outlet (priority flood with a small gradient)."""
    filled = height.copy()
    done = outlets.copy()
    heap = [(float(filled[row, column]), int(row), int(column)) for row, column in np.argwhere(outlets)]
    heapq.heapify(heap)
    rows, columns = height.shape
    while heap:
        level, row, column = heapq.heappop(heap)
        for down, right in NEIGHBOURS:
            i, j = row + down, column + right
            if 0 <= i < rows and 0 <= j < columns and not done[i, j]:
                done[i, j] = True
                filled[i, j] = max(filled[i, j], level + 1e-4)
                heapq.heappush(heap, (float(filled[i, j]), i, j))
    return filled


def _receivers(height: NDArray[np.float64], fixed: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return for every cell the flat index of its steepest lower neighbour (itself if fixed) and the way there."""
    rows, columns = height.shape
    padded = np.pad(height, 1, constant_values=np.inf)
    index = np.arange(height.size).reshape(height.shape)
    best = np.zeros(height.shape)
    receiver = index.copy()
    run = np.full(height.shape, COARSE_M)
    for down, right in NEIGHBOURS:
        way = COARSE_M * float(np.hypot(down, right))
        fall = (height - padded[1 + down : 1 + down + rows, 1 + right : 1 + right + columns]) / way
        better = (fall > best) & ~fixed
        best[better] = fall[better]
        receiver[better] = (index + down * columns + right)[better]
        run[better] = way
    return receiver.ravel(), run.ravel()


def _levels(receiver: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Group cells by the number of steps to their outlet, outlets first."""
    steps = (receiver != np.arange(receiver.size)).astype(np.intp)
    jump = receiver.copy()
    while True:
        more = steps[jump]
        if not more.any():
            break
        steps += more
        jump = jump[jump]
    order = np.argsort(steps, kind="stable")
    return np.split(order, np.cumsum(np.bincount(steps))[:-1])
