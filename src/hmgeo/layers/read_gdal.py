"""Shapefile, KML and FileGDB through GDAL: only its own driver for each, and never a byte written beside the input."""

from __future__ import annotations

import shutil
import struct
import tempfile
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from pyproj import CRS

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.archive import check_zip
from hmgeo.layers.rawtable import RawTable, choose_layer, column_texts, unique_headers
from hmgeo.layers.read_vector import broken, plain_path, read_crs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.layers.journal import Journal

_SHP_MARK = b"\x00\x00\x27\x0a"
_GDB_CATALOGUE = "a00000001.gdbtable"
_GDB_MARKS = (b"\x03\x00\x00\x00", b"\x04\x00\x00\x00")
_MEMBERS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_HEAD_BYTES = 2048
_KML_FIELDS_LEFT_OUT = frozenset(
    {"timestamp", "begin", "end", "altitudemode", "tessellate", "extrude", "visibility", "draworder", "icon"}
)
_SHX_REMEDY = "补齐同名文件，或在 QGIS 中另存为 gpkg"


def read_shapefile(path: Path, journal: Journal) -> RawTable:
    """Read a shapefile; text by its .cpg, without one by trial; a missing .shx is rebuilt in a temporary folder."""
    members = _members(path)
    with path.open("rb") as stream:
        mark = stream.read(len(_SHP_MARK))
    if mark != _SHP_MARK:
        raise broken(journal, "不是有效的 shapefile（shp 文件头不符）", _SHX_REMEDY)
    if ".dbf" not in members:
        journal.note("缺少属性文件", "缺少 dbf 文件", "只读几何，没有属性列")
    encoding = _shapefile_encoding(members, journal)
    if ".shx" in members:
        return _read(path, "", journal, encoding, "不是有效的 shapefile（shp、shx、dbf 须齐全且同名）")
    journal.note("缺少索引", "缺少 shx 文件", "在临时文件夹中由 shp 重建索引后读取，原文件未改动")
    with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as folder:
        for suffix in _MEMBERS:
            if suffix in members:
                shutil.copyfile(members[suffix], Path(folder) / f"layer{suffix}")
        with _gdal_option("SHAPE_RESTORE_SHX", "YES"):
            return _read(Path(folder) / "layer.shp", "", journal, encoding, "不是有效的 shapefile（shp 已损坏）")


def read_kml(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one folder of a KML or KMZ; its coordinates are WGS84, as the format says."""
    _check_kml(path, journal)
    what = f"不是有效的 {path.suffix.lower().removeprefix('.')} 文件"
    raw = _read(path, _layer_of(path, layer, journal, what), journal, None, what)
    kept = {
        name: texts for name, texts in raw.columns.items() if name.casefold() not in _KML_FIELDS_LEFT_OUT and any(texts)
    }
    return RawTable(raw.sheet, kept, raw.row_count, raw.geometry, CRS.from_epsg(4326), is_typed=True)


def read_filegdb(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one feature class of a File Geodatabase folder, arcs drawn as chords by GDAL."""
    what = "不是有效的 FileGDB（gdb 文件夹）"
    catalogue = next((near for near in path.iterdir() if near.name.lower() == _GDB_CATALOGUE and near.is_file()), None)
    if catalogue is None or catalogue.read_bytes()[: len(_GDB_MARKS[0])] not in _GDB_MARKS:
        raise broken(journal, what, "核对文件夹是否完整，或在 ArcGIS、QGIS 中导出为 gpkg")
    return _read(path, _layer_of(path, layer, journal, what), journal, None, what)


def _read(path: Path, layer: str, journal: Journal, encoding: str | None, what: str) -> RawTable:
    # Here and not at the top: pyogrio imports geopandas where it is installed.
    import pyogrio.errors  # noqa: PLC0415 -- as above
    import pyogrio.raw  # noqa: PLC0415 -- as above

    wanted: dict[str, Any] = {"layer": layer} if layer else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL warns of (ring order) is checked and told by our own repair
            meta, _, geometry, fields = pyogrio.raw.read(plain_path(path, journal), encoding=encoding, **wanted)
    except (
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
        pyogrio.errors.FeatureError,
        pyogrio.errors.GeometryError,
        pyogrio.errors.FieldError,
        UnicodeDecodeError,
        ValueError,
        RuntimeError,
    ) as problem:
        raise broken(journal, what, _SHX_REMEDY) from problem
    headers = [str(name) for name in meta["fields"]]
    columns = {
        unique: column_texts(values.tolist())
        for unique, values in zip(unique_headers(headers, journal), fields, strict=True)
    }
    crs = read_crs(meta["crs"], journal) if meta["crs"] else None
    count = len(geometry) if geometry is not None else len(next(iter(fields), ()))
    wkb = [bytes(value) if value is not None else None for value in geometry] if geometry is not None else None
    return RawTable(layer, columns, count, wkb, crs, is_typed=True)


def _layer_of(path: Path, wanted: str, journal: Journal, what: str) -> str:
    import pyogrio  # noqa: PLC0415 -- as above
    import pyogrio.errors  # noqa: PLC0415 -- as above

    try:
        listed = pyogrio.list_layers(plain_path(path, journal))
    except (pyogrio.errors.DataSourceError, RuntimeError, UnicodeDecodeError) as problem:
        raise broken(journal, what, "在 QGIS 中打开核对并导出为 gpkg") from problem
    spatial = [str(name) for name, kind in listed.tolist() if kind is not None]
    names = spatial or [str(name) for name, _ in listed.tolist()]
    if not names:
        raise InputError(Problem("没有任何图层", Place(file=journal.file), remedy="核对是否选对了文件"))
    journal.sheet = choose_layer(names, wanted, Place(file=journal.file), "图层")
    return journal.sheet


def _check_kml(path: Path, journal: Journal) -> None:
    """Refuse what is no KML throughout, and XML that defines entities of its own (they can grow without end).

    The root is what counts: GDAL takes a file for a VRT, or for a description of a server, whose first bytes hold such
    a word anywhere, beside a "<kml" in a comment too.
    """
    if path.suffix.lower() == ".kmz":
        check_zip(path, Place(file=journal.file), "kmz 文件")
        with zipfile.ZipFile(path) as archive:
            inner = [info for info in archive.infolist() if info.filename.lower().endswith(".kml")]
            texts = [archive.read(info) for info in inner] or [b""]
    else:
        texts = [path.read_bytes()]
    for text in texts:
        if b"<!ENTITY" in text or b"<!DOCTYPE" in text:
            raise broken(journal, "KML 中含有 DOCTYPE 或实体定义，已拒绝读取", "在 QGIS 中打开核对并导出为 gpkg")
        if b"<kml" not in text[:_HEAD_BYTES] or _root_of(text) != "kml":
            raise broken(journal, "不是有效的 KML（没有 kml 根元素）", "在 QGIS 中打开核对并导出为 gpkg")


def _root_of(text: bytes) -> str:
    """Return the name of the root of well-formed XML without its namespace; empty for anything else."""
    roots: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def note(name: str, _: object) -> None:
        if not roots:
            roots.append(name.rpartition(" ")[2])

    parser.StartElementHandler = note
    try:
        parser.Parse(text, True)  # noqa: FBT003 -- expat takes no keywords
    except expat.ExpatError:
        return ""
    return roots[0]


@contextmanager
def _gdal_option(name: str, value: str) -> Iterator[None]:
    import pyogrio  # noqa: PLC0415 -- as above

    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: value})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})


def _members(path: Path) -> dict[str, Path]:
    """Return the files of a shapefile by suffix."""
    return {near.suffix.lower(): near for near in path.parent.iterdir() if near.stem == path.stem}


def _shapefile_encoding(members: dict[str, Path], journal: Journal) -> str | None:
    """Return None where a .cpg tells; else UTF-8 where the text is that, else GB 18030, with an entry."""
    if ".cpg" in members or ".dbf" not in members:
        return None
    data = members[".dbf"].read_bytes()
    if data.isascii():
        return None
    start = struct.unpack_from("<H", data, 8)[0] if len(data) > 10 else 0  # noqa: PLR2004 -- header length field
    try:
        data[start:].decode("utf-8")
        encoding = "UTF-8"
    except UnicodeDecodeError:
        encoding = "GB18030"
    journal.note("编码", "缺少 cpg 文件", f"属性文字按 {encoding} 读取", value=encoding)
    return encoding
