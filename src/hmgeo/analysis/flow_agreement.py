"""How far the streams of a grid lie from mapped rivers: evidence on whether its water can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.analysis.flow_grid import FlowGrid


@dataclass(frozen=True, slots=True)
class StreamOffsets:
    """Distances from points of mapped rivers, one for each cell length, to the nearest stream of the grid.

    Parameters
    ----------
    count
        Points on the grid.
    median_m, upper_m
        Half of the points, and nine in ten, lie nearer than this.
    share_within_two_cells
        Between 0 and 1.
    """

    count: int
    median_m: float
    upper_m: float
    share_within_two_cells: float

    @property
    def zh(self) -> str:
        """The agreement as a sentence."""
        return (
            f"所绘河流上 {self.count} 个点，距高程推算的水流中位数 {self.median_m:.0f} m，"
            f"九成不超过 {self.upper_m:.0f} m；两格以内的占 {100 * self.share_within_two_cells:.0f}%。"
        )


def stream_offsets(grid: FlowGrid, rivers: Sequence[shapely.Geometry], stream_ha: float) -> StreamOffsets | None:
    """Compare mapped rivers (lon/lat lines) with cells that drain at least `stream_ha`; None where none is on it."""
    frame = grid.frame
    is_stream = (grid.upstream_cells * frame.cell_area_m2 >= stream_ha * 10_000).reshape(grid.shape)
    if not is_stream.any():
        return None
    width_m, height_m = frame.cell_m
    away_m = ndimage.distance_transform_edt(~is_stream, sampling=(height_m, width_m)).reshape(-1)
    lines = [shapely.segmentize(frame.to_plane(river), max(frame.cell_m)) for river in rivers]
    xy = shapely.get_coordinates(lines)
    cells = frame.cell_at(xy[:, 0], xy[:, 1])
    cells = cells[cells >= 0]
    cells = cells[grid.downstream[cells] >= 0]
    if not len(cells):
        return None
    found = away_m[cells]
    median_m, upper_m = np.quantile(found, [0.5, 0.9])
    near = float((found <= 2 * max(frame.cell_m)).mean())
    return StreamOffsets(len(cells), round(float(median_m), 1), round(float(upper_m), 1), round(near, 4))
