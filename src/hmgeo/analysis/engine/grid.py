"""A grid over the sources: each cell lists the sources that could reach a small parcel whose middle lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.analysis.engine.lanes import LANES
from hmgeo.geodesy import HALF_TURN_DEG, SMALLEST_RADIUS_M, earth_centred, search_boxes
from hmgeo.reference.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

SMALL_REACH_M = 400.0
"""Parcels that stay this near the middle of their box are found by their cell; larger ones search every source."""

_CELLS_PER_RADIUS = 8
_SMALLEST_CELL_M = 400.0
_MOST_CELLS = 500_000
_LARGEST_CELL_DEG = 2.0
LARGEST_LAT_DEG = 85.0


@dataclass(frozen=True, slots=True)
class SourceGrid:
    """Point sources by cells of equal degrees.

    Parameters
    ----------
    lon_lat, xyz, limit_m
        (2, n), (3, n), (n,): the sources, earth-centred too, and how far each one searches.
    west, south, step_lon, step_lat, columns, rows
        Where the cells lie, degrees.
    first
        (cells + 1,) where each cell's list begins.
    source, list_xyz, list_limit_m
        (k,), (3, k), (k,) with room for 16 more in the last two: the lists, by source within a cell. Where all
        search equally far, list_limit_m is as long as the longest list, and serves every cell.
    trig
        (4, max(columns, rows)): sine and cosine of the middles of columns and of rows.
    """

    lon_lat: Floats
    xyz: Floats
    limit_m: Floats
    west: float
    south: float
    step_lon: float
    step_lat: float
    columns: int
    rows: int
    first: Indices
    source: NDArray[np.int32]
    list_xyz: Floats
    list_limit_m: Floats
    trig: Floats

    @property
    def longest_list(self) -> int:
        """Length of the longest list of any cell."""
        return int(np.diff(self.first).max(initial=0))


def can_grid(lon: Floats, lat: Floats, limit_m: Floats) -> NDArray[np.bool_]:
    """Tell which sources search away from the antimeridian and the poles."""
    boxes = search_boxes(np.column_stack([lon, lat, lon, lat]), limit_m + 2 * SMALL_REACH_M)
    near_pole = np.maximum(np.abs(boxes[:, 1]), np.abs(boxes[:, 3])) >= LARGEST_LAT_DEG
    return ~near_pole & (boxes[:, 0] > -HALF_TURN_DEG) & (boxes[:, 2] < HALF_TURN_DEG)


def make_grid(lon: Floats, lat: Floats, limit_m: Floats) -> SourceGrid:
    """Lay the grid.

    Parameters
    ----------
    lon, lat
        (n,) degrees, such as `can_grid` allows.
    limit_m
        (n,) how far each source searches.
    """
    xyz = np.ascontiguousarray(earth_centred(np.column_stack([lon, lat])).T)
    boxes = search_boxes(np.column_stack([lon, lat, lon, lat]), limit_m + SMALL_REACH_M)
    if not len(lon):
        boxes = np.array([[0.0, 0.0, 1e-6, 1e-6]])
    west, south = boxes[:, 0].min(), boxes[:, 1].min()
    width, height = boxes[:, 2].max() - west, boxes[:, 3].max() - south
    metres = max(_SMALLEST_CELL_M, float(limit_m.max(initial=0.0)) / _CELLS_PER_RADIUS)
    step_lat = np.degrees(metres / SMALLEST_RADIUS_M)
    poleward = min(LARGEST_LAT_DEG, max(abs(south), abs(south + height)))
    step_lon = step_lat / np.cos(np.radians(poleward))
    grow = max(1.0, float(np.sqrt(width / step_lon * (height / step_lat) / _MOST_CELLS)))
    step_lat, step_lon = min(step_lat * grow, _LARGEST_CELL_DEG), min(step_lon * grow, _LARGEST_CELL_DEG)
    columns, rows = int(width / step_lon) + 1, int(height / step_lat) + 1
    middles = west + (np.arange(columns) + 0.5) * step_lon, south + (np.arange(rows) + 0.5) * step_lat
    first, source = _lists(boxes[: len(lon)], xyz, limit_m, (west, south), (step_lon, step_lat), middles)
    trig = np.zeros((4, max(columns, rows)))
    middle_lon, middle_lat = np.radians(middles[0]), np.radians(middles[1])
    trig[0, :columns], trig[1, :columns] = np.sin(middle_lon), np.cos(middle_lon)
    trig[2, :rows], trig[3, :rows] = np.sin(middle_lat), np.cos(middle_lat)
    return SourceGrid(
        np.ascontiguousarray(np.stack([lon, lat])),
        xyz,
        np.ascontiguousarray(limit_m),
        float(west),
        float(south),
        float(step_lon),
        float(step_lat),
        columns,
        rows,
        first,
        source,
        _listed(xyz, source),
        _listed_limit_m(limit_m, source, int(np.diff(first).max(initial=0))),
        trig,
    )


def _listed(xyz: Floats, source: NDArray[np.int32]) -> Floats:
    """Return the places of the lists, followed by the room that reading eight at a time needs."""
    listed = np.zeros((3, len(source) + 2 * LANES))
    for axis in range(3):
        np.take(xyz[axis], source, out=listed[axis, : len(source)])
    return listed


def _listed_limit_m(limit_m: Floats, source: NDArray[np.int32], longest: int) -> Floats:
    spare = np.zeros(2 * LANES)
    if len(limit_m) and (limit_m == limit_m[0]).all():
        return np.concatenate([np.full(longest, limit_m[0]), spare])
    return np.concatenate([limit_m[source], spare])


@compiled
def _walk(
    span: Indices,
    centre: Floats,
    half_m: Floats,
    xyz: Floats,
    limit_m: Floats,
    at: Indices,
    cell_source: NDArray[np.int32],
) -> None:
    """Count the cells that each source could reach, or, given room, list the sources by cell; `at` moves along."""
    columns = centre.shape[2]
    for source in range(len(limit_m)):
        for row in range(span[source, 1], span[source, 3]):
            reach_m = limit_m[source] + SMALL_REACH_M + half_m[row]
            for column in range(span[source, 0], span[source, 2]):
                dx = centre[0, row, column] - xyz[0, source]
                dy = centre[1, row, column] - xyz[1, source]
                dz = centre[2, row, column] - xyz[2, source]
                if dx * dx + dy * dy + dz * dz <= reach_m * reach_m:
                    cell = row * columns + column
                    if len(cell_source):
                        cell_source[at[cell]] = source
                    at[cell] += 1


def _lists(
    boxes: Floats,
    xyz: Floats,
    limit_m: Floats,
    corner: tuple[float, float],
    step: tuple[float, float],
    middles: tuple[Floats, Floats],
) -> tuple[Indices, NDArray[np.int32]]:
    """Return where each cell's list begins, and the sources, by cell, then source."""
    lon, lat = middles
    rows, columns = len(lat), len(lon)
    grid = np.array(np.meshgrid(lon, lat)).reshape(2, -1).T
    centre = np.ascontiguousarray(earth_centred(grid).T.reshape(3, rows, columns))
    equatorward = np.where(lat > 0, lat - step[1] / 2, lat + step[1] / 2)
    wide = earth_centred(np.column_stack([np.full(rows, lon[0] - step[0] / 2), equatorward]))
    half_m = np.linalg.norm(centre[:, :, 0].T - wide, axis=1) * 1.01 + 1
    low = np.floor((boxes[:, :2] - corner) / step).astype(np.int64)
    high = np.floor((boxes[:, 2:] - corner) / step).astype(np.int64) + 1
    span = np.clip(np.column_stack([low, high]), 0, [columns, rows, columns, rows])
    sizes = np.zeros(rows * columns, np.int64)
    _walk(span, centre, half_m, xyz, limit_m, sizes, np.empty(0, np.int32))
    first = np.concatenate([[0], np.cumsum(sizes)])
    source = np.empty(first[-1], np.int32)
    if len(source):
        _walk(span, centre, half_m, xyz, limit_m, first[:-1].copy(), source)
    return first, source
