"""Open a file of any kind we take and hand out its rows: columns as text, geometry as WKB, the declared CRS.

GeoPackage goes through sqlite3, GeoJSON through json and GeoParquet through pyarrow, so that reading them doesn't load
geopandas; only a shapefile needs GDAL, whose Python wrapper imports it where it is installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.read_table import read_csv, read_xlsx
from hmgeo.layers.read_vector import read_geojson, read_geopackage, read_geoparquet, read_shapefile

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.layers.journal import Journal
    from hmgeo.layers.rawtable import RawTable

SUFFIXES = (".csv", ".xlsx", ".gpkg", ".geojson", ".json", ".shp", ".parquet")

_REMEDIES = {
    ".xls": "在 Excel 或 WPS 中另存为 xlsx",
    ".et": "在 WPS 中另存为 xlsx",
    ".kml": "在 QGIS 中导出为 GeoPackage（gpkg）",
    ".kmz": "在 QGIS 中导出为 GeoPackage（gpkg）",
    ".gdb": "在 QGIS 中导出为 GeoPackage（gpkg）",
    ".mdb": "在 QGIS 中导出为 GeoPackage（gpkg）",
    ".dxf": "在 QGIS 中导出为 GeoPackage（gpkg）并写明坐标系",
    ".zip": "解压后指定其中的文件",
    ".dbf": "指定同名的 shp 文件",
}


def read_raw(path: Path, *, layer: str, journal: Journal) -> RawTable:
    """Read a file as it is, nothing converted but numbers to text.

    Parameters
    ----------
    path
        csv (UTF-8 or GB 18030), xlsx, gpkg, geojson, shp or parquet.
    layer
        Sheet or layer to read; may stay empty where the file has only one.
    journal
        Told what was assumed on the way.

    Raises
    ------
    InputError
        Missing, empty or unreadable file, a kind we don't take, no row, or several layers and none named.
    """
    place = Place(file=journal.file)
    check_file(path, place)
    suffix = path.suffix.lower()
    if layer and suffix not in {".xlsx", ".gpkg"}:
        journal.note("图层名未使用", f"{suffix} 文件只有一个图层", "忽略所指定的图层名", field="layer", value=layer)
    if suffix == ".csv":
        raw = read_csv(path, journal)
    elif suffix == ".xlsx":
        raw = read_xlsx(path, layer, journal)
    elif suffix == ".gpkg":
        raw = read_geopackage(path, layer, journal)
    elif suffix in {".geojson", ".json"}:
        raw = read_geojson(path, journal)
    elif suffix == ".parquet":
        raw = read_geoparquet(path, journal)
    else:
        raw = read_shapefile(path, journal)
    if raw.row_count == 0:
        raise InputError(
            Problem(
                what="没有任何数据行",
                where=Place(file=journal.file, sheet=raw.sheet),
                remedy="核对文件是否导出完整，或是否选对了工作表、图层",
            )
        )
    return raw


def check_file(path: Path, place: Place) -> None:
    """Refuse what can't be read at all: missing, a folder, a suffix we don't take, no bytes."""
    if not path.exists():
        raise InputError(Problem(what="文件不存在", where=place, remedy="核对路径和文件名"))
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in SUFFIXES:
        raise InputError(
            Problem(
                what="是文件夹，不是文件" if path.is_dir() else "不支持这种文件",
                where=place,
                found=suffix or path.name,
                allowed="、".join(SUFFIXES),
                remedy=_REMEDIES.get(suffix, "另存为上述格式之一"),
            )
        )
    if path.stat().st_size == 0:
        raise InputError(Problem(what="文件为空（0 字节）", where=place, remedy="重新导出或重新下载该文件"))
