"""Cells of a grid as ground: polygons along cell edges, in lon/lat."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from hmgeo.records import LON_LAT_CRS

if TYPE_CHECKING:
    from hmgeo.geo.raster import Cells, Frame


_DECIMALS = 7


def ground_of(frame: Frame, cells: Cells) -> shapely.Geometry:
    """Return the union of cells as a (multi)polygon in lon/lat; an empty polygon for none.

    Cells that only touch at a corner stay apart.
    """
    if not len(cells):
        return shapely.Polygon()
    row, column = np.divmod(np.asarray(cells), frame.width)
    top, left = int(row.min()), int(column.min())
    mask = np.zeros((int(row.max()) - top + 1, int(column.max()) - left + 1), np.uint8)
    mask[row - top, column - left] = 1
    shapes = [_polygon(frame, part, top, left) for part in _outlines(mask)]
    there = Transformer.from_crs(frame.crs, LON_LAT_CRS, always_xy=True)
    ground = shapes[0] if len(shapes) == 1 else shapely.multipolygons(shapes)

    def to_lon_lat(xy: np.ndarray) -> np.ndarray:
        return np.round(np.column_stack(there.transform(*xy.T)), _DECIMALS)

    return shapely.transform(ground, to_lon_lat)


def _outlines(mask: np.ndarray) -> list[dict[str, list[list[tuple[float, float]]]]]:
    """Return outlines in (column, row) corners."""
    from rasterio.features import shapes  # noqa: PLC0415 -- only where rasters are measured

    return [shape for shape, value in shapes(mask, mask=mask.astype(bool), connectivity=4) if value]


def _polygon(frame: Frame, part: dict[str, list[list[tuple[float, float]]]], top: int, left: int) -> shapely.Polygon:
    a, _, c, _, e, f = frame.transform
    rings = [[(c + (left + column) * a, f + (top + row) * e) for column, row in ring] for ring in part["coordinates"]]
    return shapely.Polygon(rings[0], rings[1:])
