"""Synthetic terrain on 30 m cells: a coarse landscape refined, bent, and carved along its channels.

A cubic B-spline takes the coarse landscape to 30 m, and the channels are stamped in as a lower envelope, so that
every valley floor falls along its channel.
"""
# ruff: noqa: PLR2004 -- the numbers shape an invented landscape; they are choices, not limits.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import rasterio.features
import shapely
from rasterio.transform import from_origin

from shipped.draining import drain
from shipped.grids import blurred, lowest_neighbour, smooth_noise, upsampled
from shipped.landscape import COARSE_M, FRINGE_M, Frame, Landscape, make_landscape, trunk_height_m, trunk_line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shipped.regions import Ground, Region

CELL_M = 30.0
CHANNEL_KM2 = 1.5
TRUNK_KM2 = 20_000.0


@dataclass(frozen=True, slots=True)
class Channel:
    """One stream from its head to where it joins another: vertices about 30 m apart.

    Parameters
    ----------
    xy, z
        Metres in the region's CRS; z never rises along the channel.
    area_km2
        Catchment area at each vertex.
    """

    xy: NDArray[np.float64]
    z: NDArray[np.float64]
    area_km2: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Terrain:
    """Heights on 30 m cells, rows from north to south, and the channels they drain to."""

    height_m: NDArray[np.float64]
    origin: tuple[float, float]
    channels: list[Channel]

    def sample(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the height of the cell under each point, metres."""
        rows, columns = self.cells(x, y)
        return self.height_m[rows, columns]

    def cells(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return rows and columns of the cells under points, clamped to the grid."""
        rows = np.floor((self.origin[1] - y) / CELL_M).astype(np.intp)
        columns = np.floor((x - self.origin[0]) / CELL_M).astype(np.intp)
        last_row, last_column = self.height_m.shape[0] - 1, self.height_m.shape[1] - 1
        return np.clip(rows, 0, last_row), np.clip(columns, 0, last_column)

    def slope_deg(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the slope at points by central differences over 60 m, degrees."""
        rows, columns = self.cells(x, y)
        rows = np.clip(rows, 1, self.height_m.shape[0] - 2)
        columns = np.clip(columns, 1, self.height_m.shape[1] - 2)
        across = self.height_m[rows, columns + 1] - self.height_m[rows, columns - 1]
        along = self.height_m[rows + 1, columns] - self.height_m[rows - 1, columns]
        return np.degrees(np.arctan(np.hypot(across, along) / (2 * CELL_M)))


def make_terrain(region: Region, ground: Ground, rng: np.random.Generator) -> Terrain:
    """Make the terrain of a region: county and 12 km around, NaN beyond."""
    land = make_landscape(region, ground, rng)
    frame, height = land.frame, land.height_m
    trunk = trunk_line(region, ground, frame)
    # The real river keeps its course.
    free = np.clip(shapely.distance(shapely.points(*frame.centres()), trunk) / 2_500, 0, 1)
    bend = [free * (70 * smooth_noise(rng, frame.shape, 2) + 170 * smooth_noise(rng, frame.shape, 4)) for _ in range(2)]
    channels = [*_trace(land, bend), _trunk(region, land, trunk)]
    fine = upsampled(_bent(upsampled(np.stack([height, lowest_neighbour(height)]), 1), bend), 2)
    above_valley = np.clip((fine[0] - fine[1]) / 80, 0, 1)
    fine = fine[0] + above_valley * smooth_noise(rng, fine[0].shape, 4) * 0.018 * region.relief_m
    _carve(fine, channels, frame, region)
    fine = blurred(fine)
    drain(fine)
    if region.lonely_xy:
        _sink_dolines(fine, frame, ground.county, rng)
    return _crop(fine, channels, frame, ground.county, region)


def _trace(land: Landscape, bend: list[NDArray[np.float64]]) -> list[Channel]:
    """Follow every stream of the coarse grid from its head down into the stream that it joins."""
    receiver, flat = land.receiver, land.height_m.ravel()
    area = land.cells.ravel() * COARSE_M**2 / 1e6
    wet = area >= CHANNEL_KM2
    fed = np.zeros(area.size, dtype=bool)
    fed[receiver[wet & (receiver != np.arange(area.size))]] = True
    heads = np.flatnonzero(wet & ~fed)
    taken = np.zeros(area.size, dtype=bool)
    x, y = (grid.ravel() + push.ravel() for grid, push in zip(land.frame.centres(), bend, strict=True))
    channels = []
    for head in heads[np.argsort(-flat[heads], kind="stable")]:
        path = [int(head)]
        joined = 0
        while receiver[path[-1]] != path[-1] and joined < 3:
            joined += int(taken[path[-1]])
            path.append(int(receiver[path[-1]]))
        taken[path] = True
        if len(path) > 2:
            nodes = np.array(path)
            channels.append(_smooth(x[nodes], y[nodes], flat[nodes], area[nodes]))
    return channels


def _trunk(region: Region, land: Landscape, line: shapely.LineString) -> Channel:
    """Return the main river as a channel, downstream."""
    points = shapely.line_interpolate_point(line, np.arange(0, line.length, CELL_M))
    xy = shapely.get_coordinates(points)
    z = land.stretched(region, trunk_height_m(region, line, xy[:, 0], xy[:, 1]))
    return Channel(xy, np.minimum.accumulate(z), np.full(len(z), TRUNK_KM2))


def _smooth(
    x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64], area: NDArray[np.float64]
) -> Channel:
    points = np.column_stack([x, y, z, area])
    for _ in range(2):
        points[1:-1, :2] = 0.5 * points[1:-1, :2] + 0.25 * (points[:-2, :2] + points[2:, :2])
    for _ in range(3):
        cut = np.repeat(points, 2, axis=0)
        cut[1:-1:2] = 0.75 * points[:-1] + 0.25 * points[1:]
        cut[2::2] = 0.25 * points[:-1] + 0.75 * points[1:]
        points = cut
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(points[:, 0]), np.diff(points[:, 1])))])
    at = np.linspace(0, along[-1], max(2, int(along[-1] / CELL_M) + 1))
    columns = [np.interp(at, along, points[:, k]) for k in range(4)]
    return Channel(np.column_stack(columns[:2]), np.minimum.accumulate(columns[2]), columns[3])


def _bent(grids: NDArray[np.float64], bend: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return grids of half the coarse cell as they look after every point has moved by `bend` (east, north; metres)."""
    east, north = (upsampled(push, 1) * 2 / COARSE_M for push in bend)
    rows, columns = np.indices(grids.shape[1:], dtype=float)
    # Two fixed-point steps find where each cell came from.
    from_row, from_column = rows + north, columns - east
    for _ in range(2):
        at = (_index(from_row, rows.shape[0]), _index(from_column, rows.shape[1]))
        from_row, from_column = rows + north[at], columns - east[at]
    from_row, from_column = np.clip(from_row, 0, rows.shape[0] - 1.001), np.clip(from_column, 0, rows.shape[1] - 1.001)
    row, column = np.floor(from_row).astype(np.intp), np.floor(from_column).astype(np.intp)
    down, right = from_row - row, from_column - column
    upper = grids[:, row, column] * (1 - right) + grids[:, row, column + 1] * right
    lower = grids[:, row + 1, column] * (1 - right) + grids[:, row + 1, column + 1] * right
    bent: NDArray[np.float64] = upper * (1 - down) + lower * down
    return bent


def _index(place: NDArray[np.float64], size: int) -> NDArray[np.intp]:
    return np.clip(np.rint(place), 0, size - 1).astype(np.intp)


def floor_half_width_m(area_km2: NDArray[np.float64] | float, region: Region) -> NDArray[np.float64]:
    """Return the half width of a valley floor by catchment area, metres."""
    return np.clip(55 * region.valley_width * (np.asarray(area_km2) / 10) ** 0.42, 30, 420 * region.valley_width**0.5)


def _carve(fine: NDArray[np.float64], channels: list[Channel], frame: Frame, region: Region) -> None:
    """Lower the grid to the envelope of all valley floors and walls, in place."""
    widest = int(floor_half_width_m(1e9, region) / CELL_M) + 1
    kernels = [_valley(cells, region.wall_slope) for cells in range(widest + 1)]
    for channel in channels:
        columns = np.floor((channel.xy[:, 0] - frame.left) / CELL_M).astype(int)
        rows = np.floor((frame.top - channel.xy[:, 1]) / CELL_M).astype(int)
        width = (floor_half_width_m(channel.area_km2, region) / CELL_M).round().astype(int)
        depth = 1 + 2 * np.clip(channel.area_km2 / 60, 0, 1)
        for row, column, cells, z in zip(rows, columns, width, channel.z - depth, strict=True):
            rise = kernels[cells]
            reach = rise.shape[0] // 2
            top, left = max(row - reach, 0), max(column - reach, 0)
            view = fine[top : row + reach + 1, left : column + reach + 1]
            part = rise[top - row + reach :, left - column + reach :][: view.shape[0], : view.shape[1]]
            np.minimum(view, z + part, out=view)


def _valley(cells: int, wall_slope: float) -> NDArray[np.float64]:
    """Return the rise above the channel over a square window: a floor that falls to the channel, then a wall."""
    reach = cells + 16
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    away = np.hypot(down, right) * CELL_M
    beyond = np.clip(away - cells * CELL_M, 0, None)
    rise: NDArray[np.float64] = 0.004 * away + wall_slope * beyond + 0.0009 * beyond**2
    return rise


def _sink_dolines(fine: NDArray[np.float64], frame: Frame, county: shapely.Geometry, rng: np.random.Generator) -> None:
    """Sink six closed karst depressions into high ground, in place."""
    inside = county.buffer(-3_000)
    left, bottom, right, top = inside.bounds
    made = 0
    high = np.quantile(fine[::16, ::16], 0.6)
    while made < 6:
        x, y = rng.uniform(left, right), rng.uniform(bottom, top)
        row, column = int((frame.top - y) / CELL_M), int((x - frame.left) / CELL_M)
        if not inside.contains(shapely.Point(x, y)) or fine[row, column] < high:
            continue
        radius = int(rng.integers(10, 18))
        view = fine[row - radius : row + radius + 1, column - radius : column + radius + 1]
        down, across = np.mgrid[-radius : radius + 1, -radius : radius + 1]
        away = np.clip(np.hypot(down, across) / radius, 0, 1)
        floor = view.min() - rng.uniform(15, 40)
        share = away**2 * (3 - 2 * away)
        np.minimum(view, floor + (view - floor) * share, out=view)
        made += 1


def _crop(
    fine: NDArray[np.float64], channels: list[Channel], frame: Frame, county: shapely.Geometry, region: Region
) -> Terrain:
    area = county.buffer(FRINGE_M)
    left, bottom, right, top = area.bounds
    first_row, last_row = int((frame.top - top) / CELL_M), int((frame.top - bottom) / CELL_M) + 1
    first_column, last_column = int((left - frame.left) / CELL_M), int((right - frame.left) / CELL_M) + 1
    height = np.round(fine[first_row:last_row, first_column:last_column] / region.dem_step_m) * region.dem_step_m
    origin = (frame.left + first_column * CELL_M, frame.top - first_row * CELL_M)
    outside = rasterio.features.geometry_mask([area], height.shape, from_origin(*origin, CELL_M, CELL_M))
    height[outside] = np.nan
    return Terrain(height, origin, channels)
