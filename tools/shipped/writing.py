"""Files whose bytes depend on nothing but their content."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import rasterio
import shapely
import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    from numpy.typing import NDArray

LON_LAT = 4490
FIXED_TIME = datetime(1980, 1, 1, tzinfo=UTC)
DEM_NODATA = -9999.0


def write_geojson(frame: gpd.GeoDataFrame, path: Path, *, decimals: int = 6) -> None:
    """Write lon/lat GeoJSON on EPSG:4490, one feature a line, coordinates rounded to `decimals`."""
    features = []
    properties = frame.drop(columns="geometry").to_dict("records")
    for row, shape in zip(properties, frame.geometry, strict=True):
        coordinates = _rounded(shapely.geometry.mapping(shape)["coordinates"], decimals)
        geometry = {"type": shape.geom_type, "coordinates": coordinates}
        feature = {"type": "Feature", "properties": row, "geometry": geometry}
        features.append(json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    crs = '{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}}'
    head = f'{{"type":"FeatureCollection","name":"{path.stem}","crs":{crs},"features":[\n'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(head + ",\n".join(features) + "\n]}\n", encoding="utf-8", newline="\n")


def _rounded(value: Any, decimals: int) -> Any:  # noqa: ANN401 -- numbers, nested as coordinates are
    if isinstance(value, float | int):
        return round(float(value), decimals)
    return [_rounded(part, decimals) for part in value]


def write_gpkg(frame: gpd.GeoDataFrame, path: Path, table: str) -> None:
    """Write one table of a new GeoPackage 1.2 in EPSG:4490 with fixed dates."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "1980-01-01T00:00:00.000Z"})
    pyogrio.write_dataframe(frame.to_crs(LON_LAT), path, layer=table, driver="GPKG", VERSION="1.2")


def write_xlsx(rows: Sequence[dict[str, str | float]], path: Path, sheet: str) -> None:
    """Write one sheet: header row, then the rows; text stays text and empty cells stay empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": sheet, "author": "hmgeo", "created": FIXED_TIME})
        page = book.add_worksheet(sheet)
        bold = book.add_format({"bold": True})
        page.freeze_panes(1, 2)
        page.set_column(0, len(rows[0]) - 1, 14)
        for column, name in enumerate(rows[0]):
            page.write_string(0, column, name, bold)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row.values()):
                if isinstance(value, str):
                    page.write_string(number, column, value) if value else page.write_blank(number, column, None)
                else:
                    page.write_number(number, column, value)


def write_dem(height_m: NDArray[np.float64], origin: tuple[float, float], cell_m: float, path: Path, epsg: int) -> None:
    """Write a tiled, deflated float32 GeoTIFF; NaN becomes nodata.

    Parameters
    ----------
    height_m
        Rows from north to south.
    origin
        x and y of the upper left corner, metres.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    data = np.where(np.isnan(height_m), DEM_NODATA, height_m).astype("float32")
    profile = {
        "driver": "GTiff", "height": data.shape[0], "width": data.shape[1], "count": 1, "dtype": "float32",
        "crs": f"EPSG:{epsg}", "transform": rasterio.Affine(cell_m, 0, origin[0], 0, -cell_m, origin[1]),
        "nodata": DEM_NODATA, "compress": "deflate", "zlevel": 9, "predictor": 3,
        "tiled": True, "blockxsize": 256, "blockysize": 256,
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as target:
        target.write(data, 1)
