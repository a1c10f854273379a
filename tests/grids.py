"""Small grids of heights for pencil tests: 10 m cells in EPSG:4547, read in blocks of any size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from rasterio.windows import Window

from hmgeo.geo.raster import Frame, frame_of
from hmgeo.records import Provenance, Raster
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from hmgeo.water.by_heights import WaterLayer
    from hmgeo.water.grid import FlowGrid

WEST, NORTH, CELL_M = 500_000.0, 2_600_000.0, 10.0
CRS = "EPSG:4547"


def raster(
    heights: Sequence[Sequence[float | None]] | NDArray[Any], block: int = 64, *, cell_m: float = CELL_M, crs: str = CRS
) -> Raster:
    """Return heights as a raster; None and NaN are void."""
    values = np.array(heights, dtype=np.float32)

    def open_windows() -> Iterator[tuple[Any, Any]]:
        rows, columns = values.shape
        for row in range(0, rows, block):
            for column in range(0, columns, block):
                part = values[row : row + block, column : column + block]
                yield Window(column, row, part.shape[1], part.shape[0]), np.ma.masked_invalid(part)

    transform = (cell_m, 0.0, WEST, 0.0, -cell_m, NORTH)
    origin = Provenance("dem.tif")
    return Raster("dem", Basis.REAL, origin, crs, transform, *values.shape, open_windows)


def frame(heights: Raster) -> Frame:
    return frame_of(heights)


def point(heights: Raster, row: int, column: int) -> shapely.Point:
    """Return the centre of a cell in lon/lat."""
    place = frame_of(heights)
    return shapely.Point(place.lon_lat(np.array([row * place.width + column]))[0])


def rows_of(heights: Raster, cells: NDArray[Any]) -> list[tuple[int, int]]:
    """Return flat cells as (row, column)."""
    return [divmod(int(cell), heights.width) for cell in cells]


@dataclass(frozen=True)
class Water:
    """A grid that drains with layers laid on it by hand; a project's own is made of its files."""

    grid: FlowGrid
    layers: Mapping[str, WaterLayer] = field(default_factory=dict)
    is_approximate: bool = False

    def has(self, code: str) -> bool:
        return code in self.layers

    def layer(self, code: str) -> WaterLayer:
        return self.layers[code]

    def why_not(self, _code: str, /) -> str:
        return ""
