"""Vector files as rows of text with WKB: GeoPackage, GeoJSON, GeoParquet, and through GDAL Shapefile, KML, FileGDB."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
import struct
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import shapely
from msgspec.structs import replace
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.datum import read_crs
from hmgeo.intake.columns import literal_names
from hmgeo.intake.formats.archive import Stored, check_zip, opened_parquet
from hmgeo.intake.formats.bulk import (
    gdal_option,
    is_pending,
    plain_path,
    quoted_name,
    shapefile_in_bulk,
    tables_in_bulk,
)
from hmgeo.intake.formats.dbf import EXACT_DIGITS, Dbf
from hmgeo.intake.rows import (
    Cells,
    Journal,
    RawTable,
    arrow_columns,
    cells_of,
    choose_layer,
    column_texts,
    in_one_piece,
    unique_headers,
)
from hmgeo.words import say

_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_LONGEST_HEADER = 73
"""Of a GeoPackage's geometry, with one byte behind it."""
_CURVED = frozenset(range(8, 15))  # WKB types from CircularString to Surface


_ROWS_AT_ONCE = 1_000_000


def geopackage_parts(path: Path, layer: str, journal: Journal, rows: int, only: str = "") -> Iterator[RawTable]:
    """Read a `layer` of `path` in parts of so many `rows`, at least one; 0 for all at once; of column `only` its words.

    Names and curves are told to `journal`, which learns the layer's name. An `InputError` where it is no GeoPackage, or
    the layer is a query.
    """
    place = Place(file=journal.file)
    with contextlib.closing(_open_geopackage(path)) as database:
        try:
            listed = database.execute("SELECT table_name, data_type FROM gpkg_contents ORDER BY rowid").fetchall()
            shapes = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
            spatial = [name for name, kind in listed if kind == "features"]
            names = spatial or [name for name, kind in listed if kind == "attributes" and name != "layer_styles"]
            if not names:
                raise InputError(Problem("没有任何图层", place, remedy="核对是否选对了文件"))
            name = choose_layer([name for name, _ in listed] if layer else names, layer, place, "图层")
            journal.sheet = name
            quoted = quoted_name(name)
            _refuse_view(database, name, place)
            cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608 -- a table name can't be a parameter
            headers = [column[0] for column in cursor.description]
            crs = _geopackage_crs(database, name, journal)
            named = unique_headers(headers, journal)
            if only:
                own = quoted_name(headers[named.index(only)])
                cursor = database.execute(f"SELECT DISTINCT {own} FROM {quoted}")  # noqa: S608 -- as above
                words = column_texts([row[0] for row in cursor])
                yield RawTable(name, {only: words}, len(words), is_typed=True)
                return
            shape, first = shapes.get(name, ""), 0
            shown = {
                header: unique
                for header, unique in zip(headers, named, strict=True)
                if header != shape and header.lower() not in _FIDS
            }
            for table, behind in () if rows == 1 else tables_in_bulk(path, database, name, shape, rows):
                cells = {header: in_one_piece(table[header]) for header in table.column_names}
                cells[shape] = cells[shape].cast(pa.large_binary())
                yield _geopackage_rows(path, cells, table.num_rows, (shown, shape), crs, journal, first)
                first, cursor = first + table.num_rows, behind
            while (fetched := cursor.fetchmany(rows) if rows else cursor.fetchall()) or not first:
                cells = {
                    header: (_bare_wkb if header == shape else cells_of)([row[position] for row in fetched])
                    for position, header in enumerate(headers)
                    if header == shape or header in shown
                }
                yield _geopackage_rows(path, cells, len(fetched), (shown, shape), crs, journal, first)
                first += len(fetched)
                if len(fetched) < rows or not rows:
                    return
        except (sqlite3.Error, UnicodeDecodeError, RuntimeError, pa.ArrowException) as problem:
            raise _broken(journal, "不是有效的 GeoPackage", "在 QGIS 中打开核对并重新导出为 gpkg") from problem


_FIDS = frozenset({"fid", "ogc_fid"})


def _geopackage_rows(
    path: Path,
    cells: dict[str, pa.Array],
    count: int,
    names: tuple[dict[str, str], str],
    crs: CRS | None,
    journal: Journal,
    first: int,
) -> RawTable:
    shown, shape = names
    columns = {unique: cells[header] for header, unique in shown.items()}
    geometry = cells.get(shape)
    if geometry is not None and has_curves(geometry):
        geometry = _wkb_array(_chords(path, journal, geometry.to_pylist(), first))
    return RawTable(journal.sheet, Cells(columns), count, geometry, crs, is_typed=True)


def _wkb_array(geometry: Sequence[bytes | None] | None) -> pa.Array | None:
    return None if geometry is None else pa.array(geometry, pa.large_binary())


def read_geojson(path: Path, journal: Journal) -> RawTable:
    """Read the GeoJSON `path`; without a `crs` member its coordinates are WGS84 (RFC 7946); `journal` is told."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as problem:
        raise _broken(
            journal, "不是有效的 GeoJSON（不是 UTF-8 编码的 JSON 文本）", "重新导出为 geojson 或 gpkg"
        ) from problem
    if _mapping(content).get("type") == "Topology" or "geometryType" in _mapping(content):
        raw = _read(path, "", journal, None, "不是有效的 TopoJSON 或 EsriJSON")
        journal.note("格式", "TopoJSON 或 EsriJSON", "由 GDAL 读取")
        return raw if raw.crs is not None else replace(raw, crs=_read_crs("OGC:CRS84", journal))
    features = _features(content)
    if features is None:
        raise _broken(journal, "JSON 中没有 FeatureCollection 或 Feature", "重新导出为 geojson 或 gpkg")
    crs = _geojson_crs(content, features, journal)
    properties = [_mapping(feature.get("properties")) for feature in features]
    if any("id" in feature for feature in features) and not any("id" in record for record in properties):
        properties = [{"id": feature.get("id"), **record} for feature, record in zip(features, properties, strict=True)]
    headers = list(dict.fromkeys(key for record in properties for key in record))
    columns = {
        unique: column_texts([record.get(header) for record in properties])
        for header, unique in zip(headers, unique_headers(headers, journal), strict=True)
    }
    geometry = [_geojson_wkb(feature.get("geometry")) for feature in features]
    return RawTable("", columns, len(features), _wkb_array(geometry), crs, is_typed=True)


def _geojson_crs(content: Mapping[str, Any], features: Sequence[Mapping[str, Any]], journal: Journal) -> CRS:
    """Return the CRS that `content`, or in it features or their geometries state, as GeoJSON of 2008 has it."""
    said: list[Any] = []
    for feature in features or [content]:
        holders = (_mapping(feature.get("geometry")), feature, content)
        crs = next((holder["crs"] for holder in holders if holder.get("crs") is not None), "OGC:CRS84")
        said += [crs] if crs not in said else []
    if len(said) > 1:
        remedy = "按坐标系分成几个文件，或在 QGIS 中统一后重新导出"
        raise _broken(journal, "各要素声明的坐标系不同", remedy, "、".join(map(str, said))[:80])
    declared = _mapping(_mapping(said[0]).get("properties"))
    name = declared.get("name") or (f"EPSG:{declared['code']}" if "code" in declared else said[0])
    return _read_crs(name, journal)


def geoparquet_parts(path: Stored, journal: Journal, rows: int, only: str = "") -> Iterator[RawTable]:
    """Read `path` in parts of so many `rows`, at least one; 0 for all at once; of `only` one column its cells.

    Repeated names are told to `journal`. An `InputError` where it is no parquet, or its geometry no WKB.
    """
    try:
        with opened_parquet(path) as file:
            schema = file.schema_arrow
            geo = _mapping(json.loads((schema.metadata or {}).get(b"geo", b"{}")))
            wanted = [_own_name(schema.names, geo, only)] if only else None
            parts = (
                (pa.Table.from_batches([batch]) for batch in file.iter_batches(rows, columns=wanted))
                if rows
                else iter([file.read()])
            )
            first = next(parts, schema.empty_table())
            yield _geoparquet_rows(first, geo, journal, is_first=True)
            for part in parts:
                yield _geoparquet_rows(part, geo, journal, is_first=False)
    except (pa.ArrowException, OSError, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise _broken(journal, "不是有效的 parquet 文件", "重新导出为 GeoParquet 或 gpkg") from problem


def _own_name(names: Sequence[str], geo: dict[str, Any], shown_name: str) -> str:
    """Return the name in the file of the column that is told by another where names repeat or hold blanks."""
    described = {*_mapping(geo.get("columns")), geo.get("primary_column", "")}
    own = [name for name in names if name not in described]
    return own[unique_headers(own, Journal("")).index(shown_name)]


MARK = b"hmgeo"
"""Key of what a file in the working format says of itself."""


def packed_own(path: Stored) -> dict[str, Any]:
    """Return what `path`, a file in the working format, says of itself; nothing for any other file."""
    if path.suffix.lower() != ".parquet":
        return {}
    try:
        with opened_parquet(path) as file:
            return _mapping(json.loads((file.metadata.metadata or {}).get(MARK, b"{}")))
    except (pa.ArrowException, OSError, UnicodeDecodeError, json.JSONDecodeError):
        return {}


def left_open_of(own: dict[str, Any]) -> int:
    """Return how many features a file lacks that aren't absent, by its `own` words; older ones tell all set aside."""
    return int(own.get("left_open", own.get("set_aside", 0)))


def distinct_words(path: Stored, layer: str, name: str) -> set[str]:
    """Return the different texts of column `name` of `path`: parquet, large shapefile, GeoPackage with that `layer`."""
    journal = Journal("")
    if isinstance(path, Path) and path.suffix.lower() == ".gpkg":
        parts = geopackage_parts(path, layer, journal, rows=0, only=name)
    elif isinstance(path, Path) and path.suffix.lower() == ".shp":
        parts = shapefile_parts(path, journal, 65_536)
    else:
        parts = geoparquet_parts(path, journal, _ROWS_AT_ONCE, only=name)
    return {word for part in parts for word in part.coded(name if name in part.columns else part.headers[0]).words}


def _geoparquet_rows(table: pa.Table, geo: dict[str, Any], journal: Journal, *, is_first: bool) -> RawTable:
    names = table.column_names
    described_columns = _mapping(geo.get("columns"))
    primary = geo.get("primary_column", "")
    geometry: pa.Array | None = None
    crs: CRS | None = None
    if primary in names:
        described = _mapping(described_columns.get(primary))
        kind = table.schema.field(primary).type
        is_binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
        if not is_binary or described.get("encoding", "WKB") != "WKB":
            encoding = str(described.get("encoding", kind))
            raise _broken(journal, "几何不是 WKB 编码", "以 WKB 编码重新导出 GeoParquet", value=encoding)
        declared = described.get("crs", "OGC:CRS84")
        crs = None if declared is None else _read_crs(declared, journal)
        geometry = in_one_piece(table[primary])
    headers = [name for name in names if name not in described_columns and name != primary]
    own_journal = journal if is_first else Journal("")
    columns = {
        unique: in_one_piece(table[header])
        for header, unique in zip(headers, unique_headers(headers, own_journal), strict=True)
        if not pa.types.is_struct(table.schema.field(header).type)  # a bbox helper column
    }
    return RawTable("", Cells(columns), table.num_rows, geometry, crs, is_typed=True)


def is_curved(wkb: bytes | None) -> bool:
    """Tell whether `wkb` holds arcs, which have to be drawn as chords first; null holds none."""
    if wkb is None or len(wkb) < 5:  # noqa: PLR2004 -- byte order and type
        return False
    code = struct.unpack_from("<I" if wkb[0] == 1 else ">I", wkb, 1)[0]
    return (code & 0x0FFFFFFF) % 1000 in _CURVED


def _chords(path: Path, journal: Journal, arcs: Sequence[bytes | None], first: int) -> list[bytes | None]:
    """Return the shapes of rows from `first` on with arcs drawn as chords, which is GDAL's to do."""
    import pyogrio.raw  # noqa: PLC0415 -- as for shapefiles

    curved = [row for row, wkb in enumerate(arcs, start=1) if is_curved(wkb)]
    journal.first = first
    journal.note("曲线", say("shapes_with_curves", rows=""), "按 GDAL 默认每 4 度一段折线化", field="几何", rows=curved)
    # GDAL skips rows by a count of them that the file may tell wrongly
    these = f"SELECT * FROM {quoted_name(journal.sheet)} LIMIT {len(arcs)} OFFSET {first}"  # noqa: S608 -- quoted
    _, _, drawn, _ = pyogrio.raw.read(_plain_path(path, journal), sql=these, columns=[])
    return [bytes(wkb) if is_curved(arc) and wkb is not None else arc for arc, wkb in zip(arcs, drawn, strict=True)]


def _plain_path(path: Path, journal: Journal) -> str:
    """Return a path that GDAL takes for a file or folder on this machine's disks; refuse any other."""
    if not (text := plain_path(path)):
        raise _broken(journal, "路径中有 GDAL 另作他用的写法（/vsi、!、; 等）", "把文件或文件夹改名，放到普通路径下")
    return text


def _open_geopackage(path: Path) -> sqlite3.Connection:
    # immutable keeps sqlite from asking for write access beside the file, and from looking at what lies there
    mode = "mode=ro" if is_pending(path) else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)


def _geopackage_crs(database: sqlite3.Connection, name: str, journal: Journal) -> CRS | None:
    row = database.execute(
        "SELECT s.organization, s.organization_coordsys_id, s.definition, g.srs_id FROM gpkg_geometry_columns g "
        "JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id WHERE g.table_name = ?",
        (name,),
    ).fetchone()
    if row is None:
        return None
    organization, code, definition, srs_id = row
    if srs_id in {0, -1} or str(definition).strip().lower() in {"", "undefined"} or "Undefined" in str(definition):
        return None
    if str(organization).upper() == "EPSG":
        with contextlib.suppress(CRSError):
            return CRS.from_epsg(int(code))
    return _read_crs(definition, journal)


def _refuse_view(database: sqlite3.Connection, name: str, place: Place) -> None:
    """Refuse a layer that is a query, which may never end."""
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'view' AND name = ? COLLATE NOCASE"
    if database.execute(asked, (name,)).fetchone():
        raise InputError(Problem("图层是视图，不是表", place, found=name, remedy="在 QGIS 中另存为新的 gpkg"))


def _bare_wkb(blobs: Sequence[Any]) -> pa.Array:
    """Return the WKB behind the headers of GeoPackage geometries, cut off all at once where they are equally long."""
    if set(map(type, blobs)) <= {bytes, type(None)}:
        column = pa.array(blobs, pa.large_binary())
        begin, length, data = _starts_of(column)
        if length.size and length.min() >= _LONGEST_HEADER:
            marked = (data[begin] == ord("G")).all() and (data[begin + 1] == ord("P")).all()
            sizes = np.unique((data[begin + 3] >> 1) & 0x07).tolist() if marked else []
            if len(sizes) == 1:
                return _without_heads(column, begin, data, 8 + _ENVELOPE_BYTES.get(sizes[0], 0))
    return pa.array(map(_strip_header, blobs), pa.large_binary())


def _without_heads(column: pa.Array, begin: NDArray[np.int64], data: NDArray[np.uint8], size: int) -> pa.Array:
    """Return a column without the first so many bytes of each value; Arrow's own slices fail where many are null."""
    kept = np.ones(len(data), bool)
    for place in range(size):
        kept[begin + place] = False
    valid = np.asarray(column.is_valid())
    at = np.frombuffer(column.buffers()[1], np.int64)[: len(column) + 1] - size * np.concatenate(
        [[0], np.cumsum(valid)]
    )
    buffers = [column.buffers()[0], pa.py_buffer(at), pa.py_buffer(data[kept])]
    return pa.Array.from_buffers(pa.large_binary(), len(column), buffers)


def _starts_of(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Return where each value of a large binary column begins and how long it is, nulls left out, and all bytes."""
    _, offsets, data = column.buffers()
    at = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    valid = np.asarray(column.is_valid())
    return at[:-1][valid], np.diff(at)[valid], np.frombuffer(data or b"", np.uint8)


def has_curves(geometry: pa.Array) -> bool:
    """Tell whether any of `geometry`, a large binary column of WKB, holds arcs, to be drawn as chords first."""
    begin, length, data = _starts_of(geometry)
    begin = begin[length >= 5]  # noqa: PLR2004 -- byte order and type
    if not len(begin):
        return False
    code = np.ndarray(len(data) - 3, "<u4", data, strides=(1,))[begin + 1]  # four bytes from any place on
    code = np.where(data[begin] == 1, code, code.byteswap())
    code = code[:1] if (code == code[0]).all() else code
    return bool(np.isin((code & 0x0FFFFFFF) % 1000, list(_CURVED)).any())


def _strip_header(blob: bytes | None) -> bytes | None:
    """Return the WKB behind a GeoPackage geometry header; None for null, as is for anything else."""
    if not isinstance(blob, bytes) or not blob.startswith(b"GP") or len(blob) < 8:  # noqa: PLR2004 -- shortest header
        return blob if isinstance(blob, bytes) else None
    return blob[8 + _ENVELOPE_BYTES.get((blob[3] >> 1) & 0x07, 0) :]


def _features(content: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 -- parsed JSON
    if not isinstance(content, dict):
        return None
    if content.get("type") == "FeatureCollection" and isinstance(content.get("features"), list):
        return [_mapping(feature) for feature in content["features"]]
    if content.get("type") == "Feature":
        return [content]
    return None


def _mapping(value: Any) -> dict[str, Any]:  # noqa: ANN401 -- parsed JSON
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def _geojson_wkb(geometry: Any) -> bytes | None:  # noqa: ANN401 -- parsed JSON
    """Return WKB; unreadable geometry becomes bytes that no reader takes, so that the row is set aside by name."""
    if geometry is None:
        return None
    try:
        made = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.GEOSException, ValueError, TypeError):
        return b"\x00"
    return bytes(shapely.to_wkb(made)) if made is not None else b"\x00"


def _read_crs(declared: Any, journal: Journal) -> CRS:  # noqa: ANN401 -- WKT, PROJJSON or a code
    """Return the CRS that a file declares, or refuse the file."""
    try:
        return read_crs(declared)
    except CRSError as problem:
        raise _broken(
            journal,
            "文件声明的坐标系无法识别",
            "在 QGIS 中核对坐标系并重新导出，或用 crs 声明（如 EPSG:4490）",
            value=str(declared)[:80],
        ) from problem


def _broken(journal: Journal, what: str, remedy: str, value: str = "") -> InputError:
    """Return the error of a file as a whole."""
    return InputError(Problem(what, Place(file=journal.file), found=value, remedy=remedy))


_SHP_MARK = b"\x00\x00\x27\x0a"
_GDB_CATALOGUE = "a00000001.gdbtable"
_GDB_MARKS = (b"\x03\x00\x00\x00", b"\x04\x00\x00\x00")
_MEMBERS = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_HEAD_BYTES = 2048
_FEWEST_NAME_BYTES = 8
_KML_FIELDS_LEFT_OUT = frozenset(
    {"timestamp", "begin", "end", "altitudemode", "tessellate", "extrude", "visibility", "draworder", "icon"}
)
_SHX_REMEDY = "补齐同名文件，或在 QGIS 中另存为 gpkg"


def shapefile_parts(path: Path, journal: Journal, rows: int) -> Iterator[RawTable]:
    """Read the .shp `path` in parts of so many `rows`, none where it must be held as a whole; 0 for all at once.

    Text goes by its .cpg, without one by trial; a missing .shx is rebuilt in a temporary folder. `journal` is told of
    all that was missing, mended or made whole. An `InputError` where it can't be read.
    """
    members = {near.suffix.lower(): near for near in path.parent.iterdir() if near.stem == path.stem}
    with path.open("rb") as stream:
        mark = stream.read(len(_SHP_MARK))
    if mark != _SHP_MARK:
        raise _broken(journal, "不是有效的 shapefile（shp 文件头不符）", _SHX_REMEDY)
    if ".dbf" not in members:
        journal.note("缺少属性文件", "缺少 dbf 文件", "只读几何，没有属性列")
    dbf = Dbf.of(members[".dbf"]) if ".dbf" in members else None
    encoding = dbf.encoding(members.get(".cpg"), journal) if dbf else None
    for is_thorough in (False, True):
        mends = dbf.mends(encoding, is_thorough=is_thorough) if dbf and encoding else {}
        with _mended_copy(path, members, mends, encoding, journal) as sound:
            held = Dbf.of(sound.with_suffix(".dbf")) if mends else dbf
            what = f"不是有效的 shapefile（{'shp、shx、dbf 须齐全且同名' if sound == path else 'shp 已损坏'}）"
            with gdal_option("SHAPE_RESTORE_SHX", None if sound == path else "YES"):  # never beside the user's file
                in_bulk = shapefile_in_bulk(sound, held, encoding, rows or (held.count if held else 0))
                if in_bulk is None and rows:
                    return
                try:
                    whole = _read(sound, "", journal, encoding, what) if in_bulk is None else None
                except InputError:
                    if encoding is None or is_thorough:
                        raise
                    continue
            parts = _bulk_rows(*in_bulk, journal, what) if in_bulk else iter([whole] if whole else [])
            yield from _named_rows(parts, held, journal, is_in_bulk=in_bulk is not None)
            return


@contextmanager
def _mended_copy(
    path: Path, members: dict[str, Path], mends: dict[int, bytes], encoding: str | None, journal: Journal
) -> Iterator[Path]:
    """Hand out a shapefile, or a copy in a temporary folder where its index is missing or something is to be mended."""
    if ".shx" in members and not mends:
        yield path
        return
    if ".shx" not in members:
        journal.note("缺少索引", "缺少 shx 文件", "在临时文件夹中由 shp 重建索引后读取，原文件未改动")
    if mends:
        reason = "属性文件的列名或单元格在汉字中间截断"
        journal.note("文字截断", reason, "去掉半个字后读取，原文件未改动", value=encoding or "")
    with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "layer.shp"
        for suffix in _MEMBERS:
            if suffix in members:
                shutil.copyfile(members[suffix], copy.with_suffix(suffix))
        if mends:
            with copy.with_suffix(".dbf").open("r+b") as dbf:
                for at, text in mends.items():
                    dbf.seek(at)
                    dbf.write(text)
        yield copy


def _bulk_rows(
    headers: Sequence[str], declared: str | None, parts: Iterator[list[pa.Array]], journal: Journal, what: str
) -> Iterator[RawTable]:
    names = unique_headers(headers, journal)
    crs = _read_crs(declared, journal) if declared else None
    try:
        for *cells, geometry in parts:
            shapes = geometry.cast(pa.large_binary())
            yield RawTable("", Cells(dict(zip(names, cells, strict=True))), len(shapes), shapes, crs, is_typed=True)
    except (RuntimeError, ValueError, OSError, pa.ArrowException) as problem:
        raise _broken(journal, what, _SHX_REMEDY) from problem


def _named_rows(
    parts: Iterator[RawTable], dbf: Dbf | None, journal: Journal, *, is_in_bulk: bool
) -> Iterator[RawTable]:
    """Return rows with names that ten bytes cut short made whole, and numbers too long to be exact as their digits."""
    long: dict[str, Iterator[str]] | None = None
    for raw in parts:
        columns = arrow_columns(raw.columns)
        if long is None:
            long, renamed = {}, {}
            fields = dbf.fields if dbf is not None and dbf.records and len(dbf.fields) == len(columns) else ()
            for field, name in zip(fields, columns, strict=False):
                if dbf is not None and dbf.is_long(field) and (is_in_bulk or dbf.row_count() == raw.row_count):
                    long[name] = dbf.digits(field)
                    why = say("numbers_too_long", digits=EXACT_DIGITS)
                    journal.note("长编号", why, "按文字逐位读取，不作数值", field=name)
            renamed = _whole_names(columns, journal)
        columns |= {name: pa.array(list(islice(cells, raw.row_count)), pa.string()) for name, cells in long.items()}
        yield replace(raw, columns=Cells({renamed.get(name, name): cells for name, cells in columns.items()}))


def _whole_names(columns: Iterable[str], journal: Journal) -> dict[str, str]:
    """Return whole names by those that were cut, each in the ledger; of columns that may be the same one, none."""
    whole = {name: full for name in columns if (full := _whole_name(name)) != name}
    known = Counter([*columns, *whole.values()])
    for name, full in whole.items():
        if known[full] == 1:
            journal.note("列名截断", "shp 的列名最多十个字节", f"按「{full}」读取", field=name)
        else:
            journal.note("列名截断", say("names_cut_alike", name=full), "按原列名读取，请改全列名", field=name)
    return {name: full for name, full in whole.items() if known[full] == 1}


def _whole_name(name: str) -> str:
    """Return the one name of a template that a cut name begins; the name itself where none or several are."""
    if name.isascii() or all(len(name.encode(encoding)) < _FEWEST_NAME_BYTES for encoding in ("utf-8", "gb18030")):
        return name
    fitting = {full for full in literal_names() if full.startswith(name)}
    return fitting.pop() if len(fitting) == 1 and name not in literal_names() else name


def read_kml(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one `layer` (folder) of the KML or KMZ `path`; its coordinates are WGS84; `journal` is told."""
    data = path.read_bytes() if path.suffix.lower() == ".kml" else b""
    plain = _in_utf8(data)
    if plain != data:
        journal.note("编码", "KML 不是 UTF-8", "按其声明的编码读取")
        with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as folder:
            (Path(folder) / "layer.kml").write_bytes(plain)
            return read_kml(Path(folder) / "layer.kml", layer, journal)
    _check_kml(path, journal)
    what = f"不是有效的 {path.suffix.lower().removeprefix('.')} 文件"
    raw = _read(path, _layer_of(path, layer, journal, what), journal, None, what)
    kept = {
        name: texts for name, texts in raw.columns.items() if name.casefold() not in _KML_FIELDS_LEFT_OUT and any(texts)
    }
    return RawTable(raw.sheet, kept, raw.row_count, raw.geometry, CRS.from_epsg(4326), is_typed=True)


_OUTER_SCHEMA = re.compile(rb"""\sxsi:\w*[sS]chemaLocation\s*=\s*("[^"]*"|'[^']*')""")


def read_gml(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one kind of feature, `layer`, of the GML `path` by itself: no schema is looked for beside it or elsewhere.

    `journal` is told of repeated names. An `InputError` where it is no GML, or defines entities.
    """
    data = _in_utf8(path.read_bytes())
    remedy = "在 QGIS 中打开核对并导出为 gpkg"
    if b"<!ENTITY" in data or b"<!DOCTYPE" in data:
        raise _broken(journal, "GML 中含有 DOCTYPE 或实体定义，已拒绝读取", remedy)
    if _root_of(data) != "FeatureCollection":
        raise _broken(journal, "不是有效的 GML（没有 FeatureCollection 根元素）", remedy)
    with tempfile.TemporaryDirectory(prefix="hmgeo-", ignore_cleanup_errors=True) as folder:
        plain = Path(folder) / "layer.gml"
        plain.write_bytes(_OUTER_SCHEMA.sub(b"", data))
        raw = _read(plain, _layer_of(plain, layer, journal, "不是有效的 GML"), journal, None, "不是有效的 GML")
    return replace(raw, columns={name: raw.columns[name] for name in raw.columns if not name.endswith("Corner")})


def _whole_text(text: str) -> str:
    """Return a text that was read as Latin letters for want of a declared code page as the Chinese that it is."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return text.encode("latin-1").decode(encoding)
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return text


_DXF_MARK = re.compile(rb"(?:\s*999\r?\n[^\n]*\n)*\s*0\r?\n\s*SECTION")
_DXF_AREA_TYPES = frozenset({shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON})


def read_dxf(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read what the drawing `path` goes round: closed polylines and hatched areas, those of one `layer` if it is named.

    A drawing declares no CRS. `journal` is told how many shapes were taken and left.
    """
    with path.open("rb") as stream:
        if not _DXF_MARK.match(stream.read(_HEAD_BYTES)):
            raise _broken(journal, "不是有效的 DXF（ASCII）", "在 CAD 中另存为 DXF（ASCII）")
    raw = _read(path, "", journal, None, "不是有效的 DXF")
    shapes = shapely.from_wkb([] if raw.geometry is None else raw.geometry.to_pylist(), on_invalid="ignore")
    kinds = shapely.get_type_id(shapes)
    is_ring = (kinds == shapely.GeometryType.LINESTRING) & shapely.is_closed(shapes)
    is_area = np.isin(kinds, list(_DXF_AREA_TYPES)) | is_ring
    names = [_whole_text(name) for name in raw.columns.get("Layer", [""] * raw.row_count)]
    drawn = list(dict.fromkeys(name for name, keep in zip(names, is_area.tolist(), strict=True) if keep))
    if not drawn:
        raise _broken(journal, "DXF 中没有闭合的多段线或填充", "把红线画成闭合多段线后另存")
    chosen = choose_layer(drawn, layer, Place(file=journal.file), "图层")
    journal.sheet = chosen
    kept = [row for row in np.flatnonzero(is_area).tolist() if names[row] == chosen]
    others = raw.row_count - len(kept)
    why = say("dxf_closed_shapes", chosen=chosen, count=len(kept))
    journal.note("DXF 图形", why, say("dxf_areas_read", others=others))
    polygons = [shapely.Polygon(shapes[row]) if shapes[row].geom_type == "LineString" else shapes[row] for row in kept]
    columns = {"名称": [names[row] for row in kept]}
    wkb = _wkb_array(shapely.to_wkb(polygons, output_dimension=2).tolist())
    return RawTable(chosen, columns, len(kept), wkb, raw.crs, is_typed=True)


def read_filegdb(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one feature class, `layer`, of the .gdb folder `path`, arcs drawn as chords by GDAL; `journal` is told."""
    what = "不是有效的 FileGDB（gdb 文件夹）"
    catalogue = next((near for near in path.iterdir() if near.name.lower() == _GDB_CATALOGUE and near.is_file()), None)
    if catalogue is None or catalogue.read_bytes()[: len(_GDB_MARKS[0])] not in _GDB_MARKS:
        raise _broken(journal, what, "核对文件夹是否完整，或在 ArcGIS、QGIS 中导出为 gpkg")
    return _read(path, _layer_of(path, layer, journal, what), journal, None, what)


def _read(path: Path, layer: str, journal: Journal, encoding: str | None, what: str) -> RawTable:
    import pyogrio.raw  # noqa: PLC0415 -- it imports geopandas where that is installed

    wanted: dict[str, Any] = {"layer": layer} if layer else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL warns of (ring order) is checked and told by our own repair
            meta, _, geometry, fields = pyogrio.raw.read(_plain_path(path, journal), encoding=encoding, **wanted)
    except (RuntimeError, ValueError) as problem:
        raise _broken(journal, what, _SHX_REMEDY) from problem
    headers = [str(name) for name in meta["fields"]]
    columns = {
        unique: cells_of(values) for unique, values in zip(unique_headers(headers, journal), fields, strict=True)
    }
    crs = _read_crs(meta["crs"], journal) if meta["crs"] else None
    count = len(geometry) if geometry is not None else len(next(iter(fields), ()))
    return RawTable(layer, Cells(columns), count, _wkb_array(geometry), crs, is_typed=True)


def _layer_of(path: Path, wanted: str, journal: Journal, what: str) -> str:
    import pyogrio  # noqa: PLC0415 -- as above

    try:
        listed = pyogrio.list_layers(_plain_path(path, journal))
    except (RuntimeError, UnicodeDecodeError) as problem:
        raise _broken(journal, what, "在 QGIS 中打开核对并导出为 gpkg") from problem
    spatial = [str(name) for name, kind in listed.tolist() if kind is not None]
    if len(spatial) > 1 and not wanted:  # a folder without anything in it is no choice
        spatial = [
            name for name in spatial if pyogrio.read_info(_plain_path(path, journal), layer=name)["features"]
        ] or spatial
    names = spatial or [str(name) for name, _ in listed.tolist()]
    if not names:
        raise InputError(Problem("没有任何图层", Place(file=journal.file), remedy="核对是否选对了文件"))
    journal.sheet = choose_layer(names, wanted, Place(file=journal.file), "图层")
    return journal.sheet


def _in_utf8(data: bytes) -> bytes:
    """Return XML in UTF-8: from UTF-16 by its mark, from GBK by its declaration; anything else as it is."""
    declared = re.match(rb"""\s*<\?xml[^>]*encoding\s*=\s*["']([\w-]+)["']""", data[:_HEAD_BYTES])
    is_wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    is_gbk = declared is not None and re.fullmatch(rb"(?i)gbk|gb-?2312|gb-?18030|cp936", declared[1]) is not None
    if not is_wide and not is_gbk:
        return data
    try:
        text = data.decode("utf-16" if is_wide else "gb18030")
    except UnicodeDecodeError:
        return data
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8")


_PLACEMARK = re.compile(rb"<(?:\w+:)?Placemark[\s>]")


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
        marked = [info.filename for info, text in zip(inner, texts, strict=False) if _PLACEMARK.search(_in_utf8(text))]
        if len(marked) > 1:
            remedy = "解压后分别指定其中的 kml，或在 Google Earth、QGIS 中合并另存"
            place, names = Place(file=journal.file), "、".join(marked)
            raise InputError(Problem("kmz 里有几个含地标的 kml，只能读一个", place, names, remedy=remedy))
    else:
        texts = [path.read_bytes()]
    for text in texts:
        if b"<!ENTITY" in text or b"<!DOCTYPE" in text:
            raise _broken(journal, "KML 中含有 DOCTYPE 或实体定义，已拒绝读取", "在 QGIS 中打开核对并导出为 gpkg")
        if b"<kml" not in text[:_HEAD_BYTES] or _root_of(text) != "kml":
            raise _broken(journal, "不是有效的 KML（没有 kml 根元素）", "在 QGIS 中打开核对并导出为 gpkg")


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
