"""GeoPackage tables with QGIS styles, written so that the bytes depend on what is in them alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.records import LON_LAT_CRS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CONSTANT_DAY = "1980-01-01"
GPKG_VERSION = "1.2"
_MOST_SAID = 160
"""Characters of what GDAL says, which may be a whole statement."""
STYLE_SCHEMA = pa.schema(
    [
        ("f_table_catalog", pa.string()),
        ("f_table_schema", pa.string()),
        ("f_table_name", pa.string()),
        ("f_geometry_column", pa.string()),
        ("styleName", pa.string()),
        ("styleQML", pa.string()),
        ("styleSLD", pa.string()),
        ("useAsDefault", pa.bool_()),
        ("description", pa.string()),
        ("owner", pa.string()),
        ("ui", pa.string()),
        ("update_time", pa.timestamp("ms")),
    ]
)
"""The table in which QGIS looks for a layer's style."""


@dataclass(frozen=True, slots=True)
class GisTable:
    """A table to be written; `style` is QML, empty where QGIS needs none."""

    name: str
    title: str
    rows: pa.Table
    geometry_type: str
    style: str


def write_tables(tables: Sequence[GisTable], path: Path, day: str) -> None:
    """Write tables and the styles that QGIS applies by itself.

    Parameters
    ----------
    path
        Written anew; an older file there is replaced.
    day
        YYYY-MM-DD that stands for every time inside the file.

    Raises
    ------
    OutputError
        The file can't be written; GDAL tells a full disk as a failed statement.
    """
    path.unlink(missing_ok=True)
    try:
        with _gdal_clock(f"{day}T00:00:00.000Z"):
            for table in tables:
                _write(table, path)
            _write_styles(tables, path, day)
    except (DataLayerError, DataSourceError, FeatureError) as error:
        remedy = "检查磁盘空间、权限，关闭正在打开结果文件的程序后重试"
        found = str(error)[:_MOST_SAID]
        raise OutputError(Problem("GeoPackage 写不出", Place(file=path.name), found, remedy=remedy)) from error


@contextmanager
def _gdal_clock(moment: str) -> Iterator[None]:
    """Hold the time that GDAL writes into last_change."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _write(table: GisTable, path: Path) -> None:
    pyogrio.write_arrow(
        table.rows,
        path,
        layer=table.name,
        driver="GPKG",
        geometry_name="geometry",
        geometry_type=table.geometry_type,
        crs=LON_LAT_CRS,
        append=path.exists(),
        dataset_options=None if path.exists() else {"VERSION": GPKG_VERSION},
        layer_options={"GEOMETRY_NAME": "geometry", "IDENTIFIER": table.title},
    )


def _write_styles(tables: Sequence[GisTable], path: Path, day: str) -> None:
    rows = [
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": table.name,
            "f_geometry_column": "geometry",
            "styleName": table.title,
            "styleQML": table.style,
            "styleSLD": "",
            "useAsDefault": True,
            "description": table.title,
            "owner": "",
            "ui": "",
            "update_time": np.datetime64(day, "ms").item(),
        }
        for table in tables
    ]
    styles = pa.Table.from_pylist(rows, STYLE_SCHEMA)
    pyogrio.write_arrow(
        styles, path, layer="layer_styles", driver="GPKG", append=True, layer_options={"FID": "id"}, crs=None
    )


def with_geometry(table: pa.Table, geometry: list[shapely.Geometry]) -> tuple[pa.Table, str]:
    """Return the table with geometry last, and its type: single parts become multi-parts where both occur."""
    shapes = np.array(geometry, dtype=object)
    kinds = {shape.geom_type for shape in geometry if shape is not None}
    if kinds == {"Polygon", "MultiPolygon"}:
        shapes = np.array([_multi(shape) for shape in geometry], dtype=object)
        kinds = {"MultiPolygon"}
    wkb = pa.array(list(shapely.to_wkb(shapes)), pa.binary())
    kind = kinds.pop() if len(kinds) == 1 else ("Polygon" if not kinds else "Unknown")
    return table.append_column("geometry", wkb), kind


def _multi(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    return shapely.MultiPolygon([shape]) if shape is not None and shape.geom_type == "Polygon" else shape
