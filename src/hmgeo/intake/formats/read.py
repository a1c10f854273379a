"""Open a file of any kind we take and hand out its rows: columns as text, geometry as WKB, the declared CRS.

GeoPackage goes through sqlite3, GeoJSON through json, GeoParquet through pyarrow and workbooks through calamine, so
that reading them doesn't load geopandas; shapefile, KML and FileGDB need GDAL, whose Python wrapper imports it where it
is installed. GDAL only ever sees files whose first bytes are those of the format that the suffix names.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.formats.archive import refuse_address, unpacked
from hmgeo.intake.formats.sheets import read_csv
from hmgeo.intake.formats.vectors import (
    geopackage_parts,
    geoparquet_parts,
    read_dxf,
    read_filegdb,
    read_geojson,
    read_gml,
    read_kml,
    shapefile_parts,
)
from hmgeo.intake.rows import Journal, RawTable
from hmgeo.vocabulary import LayerKind
from hmgeo.words import say

SUFFIXES = (
    ".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".et", ".gpkg", ".geojson", ".json", ".shp", ".parquet",
    ".geoparquet", ".kml", ".kmz", ".gml", ".dxf", ".gdb", ".zip",
)  # fmt: skip
TEMPLATES = {
    LayerKind.ENTERPRISES: "企业清单",
    LayerKind.FARMLAND: "耕地地块",
    LayerKind.SENSITIVE_SITES: "敏感目标",
    LayerKind.WATER_SOURCE_ZONES: "水源地",
    LayerKind.TAILINGS_PONDS: "尾矿库",
    LayerKind.INDUSTRIAL_PARKS: "工业园区",
    LayerKind.WIND: "风频表",
    LayerKind.OUTLETS: "排放口",
}
"""Which of the offices' lists a kind of layer is kept in."""

_LAYERED = frozenset({".xlsx", ".xlsm", ".xls", ".et", ".gpkg", ".kml", ".kmz", ".gml", ".dxf", ".gdb", ".zip"})
_BY_GDAL = frozenset({".shp", ".kml", ".kmz", ".gml", ".dxf", ".gdb"})
_SPLITTING = "!;"
_REMEDIES = {
    ".ods": "另存为 xlsx",
    ".mdb": "在 QGIS 中导出为 GeoPackage（gpkg）",
    ".dwg": "在 QGIS 中导出为 GeoPackage（gpkg）并写明坐标系",
    ".vrt": "直接指定它所指向的文件",
    ".rar": "解压后指定其中的文件",
    ".7z": "解压后指定其中的文件",
    ".dbf": "指定同名的 shp 文件",
}


def read_raw(path: Path, *, layer: str, journal: Journal, kind: LayerKind, may_be_empty: bool = False) -> RawTable:
    """Read a file as it is, nothing converted but numbers to text.

    `InputError`: missing, empty or unreadable file, a kind we don't take, no row, or several layers and none named.

    Parameters
    ----------
    path
        One of `SUFFIXES`; a zip holds one of the others.
    layer
        Sheet or layer to read; may stay empty where the file has only one, or only one that fits.
    journal
        Told what was assumed on the way.
    kind
        What the layer is to be; a sheet fits if it has the columns for that.
    may_be_empty
        Whether a table without a single row will do.
    """
    place = Place(file=journal.file)
    check_file(path, place)
    suffix = path.suffix.lower()
    note_unused_layer(layer, suffix, journal)
    if suffix == ".zip":
        with unpacked(path, layer, journal) as (inner, rest):
            raw = _read(inner, rest, journal, kind)
    elif suffix in _BY_GDAL:
        with _at_plain_path(path) as plain:
            raw = _read(plain, layer, journal, kind)
    else:
        raw = _read(path, layer, journal, kind)
    if raw.row_count == 0 and not may_be_empty:
        remedy = "核对文件是否导出完整，或是否选对了工作表、图层"
        raise InputError(Problem("没有任何数据行", Place(file=journal.file, sheet=raw.sheet), remedy=remedy))
    return raw


def why_unused(layer: str, suffix: str) -> str:
    """Return why a `layer` that is named isn't looked for in a file of that `suffix`, in small letters; blank if it is.

    >>> why_unused("耕地", ".parquet"), why_unused("耕地", ".gpkg"), why_unused("", ".parquet")
    ('.parquet 文件只有一个图层', '', '')
    """
    return say("file_has_one_layer", suffix=suffix) if layer and suffix not in _LAYERED else ""


def note_unused_layer(layer: str, suffix: str, journal: Journal) -> None:
    """Tell the `journal` that a `layer` is named where a file of that `suffix` holds but one."""
    if why := why_unused(layer, suffix):
        journal.note("图层名未使用", why, "忽略所指定的图层名", field="layer", value=layer)


def _read(path: Path, layer: str, journal: Journal, kind: LayerKind) -> RawTable:
    suffix = path.suffix.lower()
    template = TEMPLATES.get(kind, "")
    if suffix in {".csv", ".tsv", ".txt"}:
        return read_csv(path, journal, template)
    if suffix in {".xlsx", ".xlsm", ".xls", ".et"}:
        from hmgeo.intake.formats.sheets import read_workbook  # noqa: PLC0415 -- openpyxl takes a fifth of a second

        return read_workbook(path, layer, journal, kind, template)
    if suffix in {".geojson", ".json"}:
        return read_geojson(path, journal)
    if suffix in {".gpkg", ".parquet", ".geoparquet"}:
        is_geopackage = suffix == ".gpkg"
        return next(geopackage_parts(path, layer, journal, 0) if is_geopackage else geoparquet_parts(path, journal, 0))
    if suffix == ".shp":
        return next(shapefile_parts(path, journal, 0))
    reader = {".gdb": read_filegdb, ".dxf": read_dxf, ".gml": read_gml}.get(suffix, read_kml)
    return reader(path, layer, journal)


@contextmanager
def _at_plain_path(path: Path) -> Iterator[Path]:
    """Hand out a file in a place whose name GDAL can't split into an archive and a member; a copy where need be."""
    if not any(sign in str(path.absolute()) for sign in _SPLITTING):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as folder:
        made = Path(folder) / f"layer{path.suffix}"
        if path.is_dir():
            shutil.copytree(path, made)
        for near in () if path.is_dir() else path.parent.iterdir():
            if near.stem == path.stem and near.is_file():
                shutil.copyfile(near, made.with_suffix(near.suffix))
        yield made


def check_file(path: Path, place: Place) -> None:
    """Refuse `path` if it can't be read at all: missing, a folder, an unknown suffix, no bytes; told at `place`."""
    try:
        is_there = path.exists()
    except OSError as error:  # a name too long, a folder that may not be looked into
        why = error.strerror or str(error)
        raise InputError(Problem("文件不能查看", place, found=why, remedy="核对路径、文件名长度和权限")) from error
    if not is_there:
        refuse_address(path, place.file)
        raise InputError(Problem(what="文件不存在", where=place, remedy="核对路径和文件名"))
    suffix = path.suffix.lower()
    is_folder = path.is_dir() and suffix != ".gdb"
    if is_folder or suffix not in SUFFIXES:
        what = "是文件夹，不是文件" if is_folder else "不支持这种文件"
        remedy = _REMEDIES.get(suffix, "另存为上述格式之一")
        raise InputError(Problem(what, place, found=suffix or path.name, allowed="、".join(SUFFIXES), remedy=remedy))
    if suffix == ".gdb" and not path.is_dir():
        raise InputError(Problem("FileGDB 须是文件夹", place, found=path.name, remedy="指定扩展名为 gdb 的文件夹"))
    if not path.is_dir() and path.stat().st_size == 0:
        raise InputError(Problem(what="文件为空（0 字节）", where=place, remedy="重新导出或重新下载该文件"))
