"""Vector files as rows of text with WKB: GeoPackage, GeoJSON, GeoParquet, and through GDAL Shapefile, KML, FileGDB."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import struct
import tempfile
import warnings
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

import pyarrow as pa
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.formats.archive import check_zip, opened_parquet
from hmgeo.intake.rows import Cells, Journal, RawTable, choose_layer, column_texts, unique_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmgeo.intake.formats.archive import Stored


_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}
_CURVED = frozenset(range(8, 15))  # WKB types from CircularString to Surface


_ROWS_AT_ONCE = 1_000_000


def read_geopackage(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one layer of a GeoPackage (OGC 12-128), or its one table without geometry."""
    return next(geopackage_parts(path, layer, journal, rows=0))


def geopackage_parts(path: Path, layer: str, journal: Journal, rows: int, only: str = "") -> Iterator[RawTable]:
    """Read a layer in parts of so many rows, at least one; 0 for all at once; of `only` one column its words."""
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
            quoted = name.replace('"', '""')
            _refuse_view(database, name, place)
            cursor = database.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 -- a table name can't be a parameter
            headers = [column[0] for column in cursor.description]
            crs = _geopackage_crs(database, name, journal)
            named = unique_headers(headers, journal)
            if only:
                own = headers[named.index(only)].replace('"', '""')
                cursor = database.execute(f'SELECT DISTINCT "{own}" FROM "{quoted}"')  # noqa: S608 -- as above
                cells = column_texts([row[0] for row in cursor])
                yield RawTable(name, {only: cells}, len(cells), is_typed=True)
                return
            first = 0
            while (held := cursor.fetchmany(rows) if rows else cursor.fetchall()) or not first:
                yield _geopackage_rows(path, held, (headers, named, shapes.get(name, "")), crs, journal, first)
                first += len(held)
                if len(held) < rows or not rows:
                    return
        except (sqlite3.Error, UnicodeDecodeError) as problem:
            raise broken(journal, "不是有效的 GeoPackage", "在 QGIS 中打开核对并重新导出为 gpkg") from problem


def _geopackage_rows(
    path: Path,
    rows: list[Any],
    names: tuple[list[str], list[str], str],
    crs: CRS | None,
    journal: Journal,
    first: int,
) -> RawTable:
    headers, named, shape_column = names
    columns = {
        unique: column_texts([row[position] for row in rows])
        for position, (header, unique) in enumerate(zip(headers, named, strict=True))
        if header != shape_column and header.lower() not in {"fid", "ogc_fid"}
    }
    position = headers.index(shape_column) if shape_column in headers else -1
    geometry = [_strip_header(row[position]) for row in rows] if position >= 0 else None
    if geometry is not None and any(map(is_curved, geometry)):
        geometry = _chords(path, journal, geometry, first)
    return RawTable(journal.sheet, columns, len(rows), _wkb_array(geometry), crs, is_typed=True)


def _wkb_array(geometry: Sequence[bytes | None] | None) -> pa.Array | None:
    return None if geometry is None else pa.array(geometry, pa.large_binary())


def read_geojson(path: Path, journal: Journal) -> RawTable:
    """Read a GeoJSON; without a `crs` member its coordinates are WGS84, as RFC 7946 says."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as problem:
        raise broken(
            journal, "不是有效的 GeoJSON（不是 UTF-8 编码的 JSON 文本）", "重新导出为 geojson 或 gpkg"
        ) from problem
    features = _features(content)
    if features is None:
        raise broken(journal, "JSON 中没有 FeatureCollection 或 Feature", "重新导出为 geojson 或 gpkg")
    name = _mapping(_mapping(content.get("crs")).get("properties")).get("name", "")
    crs = read_crs(name or "OGC:CRS84", journal)
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


def read_geoparquet(path: Path, journal: Journal) -> RawTable:
    """Read a GeoParquet with WKB geometry, or a plain parquet table."""
    return next(geoparquet_parts(path, journal, rows=0))


def geoparquet_parts(path: Stored, journal: Journal, rows: int, only: str = "") -> Iterator[RawTable]:
    """Read a GeoParquet in parts of so many rows, at least one; 0 for all at once; of `only` one column its cells."""
    try:
        with opened_parquet(path) as file:
            schema = file.schema_arrow
            geo = _mapping(json.loads((schema.metadata or {}).get(b"geo", b"{}")))
            wanted = [_own_name(schema.names, geo, only)] if only else None
            parts = map(_table_of, file.iter_batches(rows, columns=wanted)) if rows else iter([file.read()])
            first = next(parts, schema.empty_table())
            yield _geoparquet_rows(first, geo, journal, is_first=True)
            for part in parts:
                yield _geoparquet_rows(part, geo, journal, is_first=False)
    except (pa.ArrowException, OSError, UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise broken(journal, "不是有效的 parquet 文件", "重新导出为 GeoParquet 或 gpkg") from problem


def _own_name(names: Sequence[str], geo: dict[str, Any], told: str) -> str:
    """Return the name in the file of the column that is told by another where names repeat or hold blanks."""
    described = {*_mapping(geo.get("columns")), geo.get("primary_column", "")}
    own = [name for name in names if name not in described]
    return own[unique_headers(own, Journal("")).index(told)]


MARK = b"hmgeo"
"""Key of what a file in the working format says of itself."""


def packed_own(path: Stored) -> dict[str, Any]:
    """Return what a file in the working format says of itself; nothing for any other file."""
    if path.suffix.lower() != ".parquet":
        return {}
    try:
        with opened_parquet(path) as file:
            return _mapping(json.loads((file.metadata.metadata or {}).get(MARK, b"{}")))
    except (pa.ArrowException, OSError, UnicodeDecodeError, json.JSONDecodeError):
        return {}


def left_open_of(own: dict[str, Any]) -> int:
    """Return how many features a packed file lacks that are not absent; older ones tell only all set aside."""
    return int(own.get("left_open", own.get("set_aside", 0)))


def distinct_words(path: Stored, layer: str, name: str) -> set[str]:
    """Return the different texts of one column of a GeoPackage or parquet file."""
    journal = Journal("")
    if isinstance(path, Path) and path.suffix.lower() == ".gpkg":
        parts = geopackage_parts(path, layer, journal, rows=0, only=name)
    else:
        parts = geoparquet_parts(path, journal, _ROWS_AT_ONCE, only=name)
    return {word for part in parts for word in part.coded(part.headers[0]).words}


def _table_of(batch: pa.RecordBatch) -> pa.Table:
    return pa.Table.from_batches([batch])


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
            found = str(described.get("encoding", kind))
            raise broken(journal, "几何不是 WKB 编码", "以 WKB 编码重新导出 GeoParquet", found=found)
        declared = described.get("crs", "OGC:CRS84")
        crs = None if declared is None else read_crs(declared, journal)
        geometry = _joined(table[primary])
    headers = [name for name in names if name not in described_columns and name != primary]
    told = journal if is_first else Journal("")
    columns = {
        unique: _joined(table[header])
        for header, unique in zip(headers, unique_headers(headers, told), strict=True)
        if not pa.types.is_struct(table.schema.field(header).type)  # a bbox helper column
    }
    return RawTable("", Cells(columns), table.num_rows, geometry, crs, is_typed=True)


_LONG = {pa.string(): pa.large_string(), pa.string_view(): pa.large_string()}
_LONG |= {kind: pa.large_binary() for kind in (pa.binary(), pa.binary_view())}


def _joined(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; texts and WKB with offsets that don't end at two gigabytes."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = _LONG.get(column.type)
    if kind is not None and (column.num_chunks != 1 or pa.types.is_binary_view(column.type)):
        column = column.cast(kind)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def is_curved(wkb: bytes | None) -> bool:
    """Tell whether WKB holds arcs, which have to be drawn as chords first."""
    if wkb is None or len(wkb) < 5:  # noqa: PLR2004 -- byte order and type
        return False
    code = struct.unpack_from("<I" if wkb[0] == 1 else ">I", wkb, 1)[0]
    return (code & 0x0FFFFFFF) % 1000 in _CURVED


def _chords(path: Path, journal: Journal, arcs: Sequence[bytes | None], first: int) -> list[bytes | None]:
    """Return the shapes of rows from `first` on with arcs drawn as chords, which is GDAL's to do."""
    import pyogrio.raw  # noqa: PLC0415 -- as for shapefiles

    curved = [row for row, wkb in enumerate(arcs, start=1) if is_curved(wkb)]
    journal.first = first
    journal.note("曲线", "含圆弧等曲线，共 {rows}", "按 GDAL 默认每 4 度一段折线化", field="几何", rows=curved)
    layer = journal.sheet
    _, _, drawn, _ = pyogrio.raw.read(
        plain_path(path, journal), layer=layer, columns=[], skip_features=first, max_features=len(arcs)
    )
    return [None if wkb is None else bytes(wkb) for wkb in drawn]


def plain_path(path: Path, journal: Journal) -> str:
    """Return a path in which GDAL and its wrapper see nothing but a file or folder on this machine's disks.

    Raises
    ------
    InputError
        It begins with /vsi, or holds a sign by which they split it into an archive and a member.
    """
    from pyogrio.util import vsi_path  # noqa: PLC0415 -- as for shapefiles

    text = str(path.absolute())
    if text.replace("\\", "/").startswith("/vsi") or vsi_path(text) != text:
        raise broken(journal, "路径中有 GDAL 另作他用的写法（/vsi、!、; 等）", "把文件或文件夹改名，放到普通路径下")
    return text


def _open_geopackage(path: Path) -> sqlite3.Connection:
    # immutable keeps sqlite from asking for write access beside the file; a pending log must still be read
    pending = path.with_name(path.name + "-wal")
    mode = "mode=ro" if pending.exists() and pending.stat().st_size else "mode=ro&immutable=1"
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
    return read_crs(definition, journal)


def _refuse_view(database: sqlite3.Connection, name: str, place: Place) -> None:
    """Refuse a layer that is a query, which may never end."""
    kind = database.execute("SELECT type FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    if kind is not None and kind[0] != "table":
        raise InputError(Problem("图层是视图，不是表", place, found=name, remedy="在 QGIS 中另存为新的 gpkg"))


def _strip_header(blob: bytes | None) -> bytes | None:
    """Return the WKB behind a GeoPackage geometry header; None for null, as is for anything else."""
    if not isinstance(blob, bytes) or not blob.startswith(b"GP") or len(blob) < 8:  # noqa: PLR2004 -- shortest header
        return blob if isinstance(blob, bytes) else None
    return blob[8 + _ENVELOPE_BYTES.get((blob[3] >> 1) & 0x07, 0) :]


def _features(content: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 -- parsed JSON
    if not isinstance(content, dict):
        return None
    if content.get("type") == "FeatureCollection" and isinstance(content.get("features"), list):
        return [feature for feature in content["features"] if isinstance(feature, dict)]
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


def read_crs(declared: Any, journal: Journal) -> CRS:  # noqa: ANN401 -- WKT, PROJJSON or a code
    """Return the CRS that a file declares, or refuse the file."""
    try:
        return CRS.from_user_input(declared)
    except CRSError as problem:
        raise broken(
            journal,
            "文件声明的坐标系无法识别",
            "在 QGIS 中核对坐标系并重新导出，或用 crs 声明（如 EPSG:4490）",
            found=str(declared)[:80],
        ) from problem


def broken(journal: Journal, what: str, remedy: str, found: str = "") -> InputError:
    """Return the error of a file as a whole."""
    return InputError(Problem(what, Place(file=journal.file), found=found, remedy=remedy))


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
    return RawTable(layer, columns, count, _wkb_array(geometry), crs, is_typed=True)


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
