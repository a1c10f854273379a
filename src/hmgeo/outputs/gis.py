"""The GeoPackage of a run, with QGIS styles, written so that the bytes depend on what is in the tables alone.

Geometry columns are lon/lat on CGCS2000 (EPSG:4490). GDAL's clock is set to as_of, or to 1980-01-01 where a run has
none.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import shapely
from msgspec import Struct
from msgspec.structs import replace
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.geo.ellipsoid import DRAWN_CORNERS, geodesic_buffer
from hmgeo.outputs import qml, wording
from hmgeo.outputs.english import in_english, in_language
from hmgeo.outputs.guide import HEADER, described
from hmgeo.outputs.style import (
    CONTEXT,
    FARMLAND_CLASSES,
    SEARCH_AREA,
    UNCERTAINTY,
    UNJUDGED,
    UNKNOWN_CLASS,
    VERDICTS,
    Style,
    context_style,
)
from hmgeo.outputs.tables import OUR_WORDS, csv_text, write_parquet, write_rows
from hmgeo.records import LON_LAT_CRS, plain_table, table_of
from hmgeo.results.columns import (
    AREA_SCHEMA,
    FINDINGS_SCHEMA,
    IN_GEOPACKAGE,
    RECEPTORS_SCHEMA,
    SOURCES_SCHEMA,
    column_of,
)
from hmgeo.results.results import Results, shapes_of
from hmgeo.vocabulary import Basis, LayerKind
from hmgeo.words import ENGLISH, sentences

CONSTANT_DAY = "1980-01-01"
GPKG_VERSION = "1.2"
_DATA_COLUMNS = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT, CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name),
  CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
INSERT INTO gpkg_extensions VALUES (
  'gpkg_data_columns', NULL, 'gpkg_schema', 'http://www.geopackage.org/spec121/#extension_schema', 'read-write');
"""
_MOST_SAID = 160
"""Characters of what GDAL says, which may be a whole statement."""
_STYLE_WORDS = (
    "f_table_catalog", "f_table_schema", "f_table_name", "f_geometry_column", "styleName", "styleQML", "styleSLD",
    "useAsDefault", "description", "owner", "ui",
)  # fmt: skip
STYLE_SCHEMA = pa.schema(
    [
        *((name, pa.bool_() if name == "useAsDefault" else pa.string()) for name in _STYLE_WORDS),
        ("update_time", pa.timestamp("ms")),
    ]
)
"""The table in which QGIS looks for a layer's style."""


class GisTable(Struct, frozen=True):
    """A table to be written; `style` is QML, empty where QGIS needs none."""

    name: str
    title: str
    rows: pa.Table
    geometry_type: str
    style: str


def write_tables(tables: Sequence[GisTable], path: Path, day: str, language: str = "zh") -> None:
    """Write tables and the styles that QGIS applies by itself, headers of columns in `language`.

    `path`: written anew; an older file there is replaced.
    `day`: YYYY-MM-DD that stands for every time inside the file.
    `OutputError`: the file can't be written; GDAL tells a full disk as a failed statement.
    """
    path.unlink(missing_ok=True)
    with _at_short_path(path) as made, _gdal_writes(path):
        with _gdal_set_up(f"{day}T00:00:00.000Z"):
            for table in tables:
                pyogrio.write_arrow(
                    plain_table(table.rows),
                    made,
                    layer=table.name,
                    driver="GPKG",
                    geometry_name="geometry",
                    geometry_type=table.geometry_type,
                    crs=LON_LAT_CRS,
                    append=made.exists(),
                    dataset_options=None if made.exists() else {"VERSION": GPKG_VERSION},
                    layer_options={"GEOMETRY_NAME": "geometry", "IDENTIFIER": table.title},
                )
            _write_styles(tables, made, day)
        _write_headers(tables, made, language)


_LONGEST_PATH = 480
"""In bytes; SQLite opens none of more than 512, its journal's included."""


@contextmanager
def _at_short_path(path: Path) -> Iterator[Path]:
    """Give a path that SQLite takes; what is made there comes to where it belongs."""
    if len(os.fsencode(path.resolve())) <= _LONGEST_PATH:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / path.name
        shutil.move(Path(folder) / path.name, path)


@contextmanager
def _gdal_writes(path: Path) -> Iterator[None]:
    """Tell in our words what GDAL can't write."""
    try:
        yield
    except (DataLayerError, DataSourceError, FeatureError, sqlite3.Error) as error:
        remedy = "检查磁盘空间、权限，关闭正在打开结果文件的程序后重试"
        message = str(error)[:_MOST_SAID]
        what = "GeoPackage 写不出" if path.suffix == ".gpkg" else "GIS 文件写不出"
        raise OutputError(Problem(what, Place(file=path.name), message, remedy=remedy)) from error


def _write_headers(tables: Sequence[GisTable], path: Path, language: str) -> None:
    """Write what the columns hold, as GDAL and QGIS read it (GeoPackage 1.2, extension gpkg_schema)."""
    rows = []
    for table in tables:
        for name in table.rows.column_names if table.name in IN_GEOPACKAGE else ():
            column = column_of(table.name, name)
            description = f"{column.zh}；空值：{column.null.zh} | {column.en}; null: {column.null.en}"
            if name != "geometry":
                alias = column.alias_in(language)
                rows.append((table.name, name, alias, alias, description))
    if rows:
        with closing(sqlite3.connect(path)) as base, base:
            base.executescript(f"PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; {_DATA_COLUMNS}")
            base.executemany("INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)", rows)


@contextmanager
def _gdal_set_up(moment: str) -> Iterator[None]:
    """Hold the time that GDAL writes into last_change; no more is forced on to the disk than of any other file."""
    options = {"OGR_CURRENT_DATE": moment, "OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "MEMORY"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)


def _write_styles(tables: Sequence[GisTable], path: Path, day: str) -> None:
    rows = [
        dict.fromkeys(_STYLE_WORDS, "")
        | {"f_table_name": table.name, "f_geometry_column": "geometry", "styleName": table.title}
        | {"styleQML": table.style, "useAsDefault": True, "description": table.title}
        | {"update_time": np.datetime64(day, "ms").item()}
        for table in tables
    ]
    styles = table_of(rows, STYLE_SCHEMA)
    pyogrio.write_arrow(
        styles, path, layer="layer_styles", driver="GPKG", append=True, layer_options={"FID": "id"}, crs=None
    )


def with_geometry(
    table: pa.Table, geometry: list[shapely.Geometry], wkb: pa.ChunkedArray | None = None
) -> tuple[pa.Table, str]:
    """Return the table with geometry last, and its type: single parts become multi-parts where both occur.

    `wkb`: the same geometry as it is stored, where it is.
    """
    shapes = np.array(geometry, dtype=object)
    types = shapely.get_type_id(shapes)
    kinds = {_TYPES[number] for number in np.unique(types) if number >= 0}
    if kinds == {"Polygon", "MultiPolygon"}:
        single = types == shapely.GeometryType.POLYGON
        shapes[single] = shapely.multipolygons(shapes[single][:, None])
        kinds, wkb = {"MultiPolygon"}, None
    wkb = pa.array(shapely.to_wkb(shapes), pa.binary()) if wkb is None else wkb
    kind = kinds.pop() if len(kinds) == 1 else ("Polygon" if not kinds else "Unknown")
    return table.append_column("geometry", wkb), kind


_TYPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
          "GeometryCollection")  # fmt: skip
"""By shapely's numbers."""


def _held(results: Results) -> Iterator[tuple[str, str, pa.Table, Callable[[Style], qml.Symbol] | None]]:
    """Yield name, role, table and symbol (None for points) of every table that the run has."""
    water, terrain = results.water, results.terrain
    if water is not None:
        yield "flow_paths", "flow_path", water.paths, qml.line
        yield "catchments", "catchment", water.catchment_areas, qml.fill
        yield "closed_basins", "closed_basin", water.basins, qml.fill
        yield "sampling_points", "sampling_point", water.sampling, None
    if terrain is not None:
        names = ["geometry" if name == "path" else name for name in terrain.overhead.column_names]
        yield "overhead_paths", "overhead_path", terrain.overhead.rename_columns(names), qml.line


_PLACE_KEYS = ("source_id", "geometry")
ROLE_NAMES = {
    "key_area": "重点区域",
    "project_area": "项目区域",
    "county": "县级行政区",
    "township": "乡级行政区",
    "river": "河流",
    "source_place": "仅知所在行政区的污染源",
    "flow_path": "径流路径",
    "overhead_path": "头顶库下游路径（复核线索）",
    "catchment": "集水范围",
    "closed_basin": "封闭洼地",
    "sampling_point": "建议布点",
}


def write_geopackage(results: Results, path: Path, language: str = "zh") -> dict[str, list[str]]:
    """Write tables findings, sources, source_positions, receptors, areas, search_areas and layer_styles.

    findings and sources hold one point per row (lon, lat; null where a source is not located). source_positions holds
    the shape of a source, or the circle in which its point may lie. Context that isn't polygons goes to
    context_lines and context_points. QGIS applies the styles by itself.

    Returned: names of columns by table, as `hmgeo.outputs.guide.write_dictionary` takes them.

    Parameters
    ----------
    results
        Geometry as WKB in lon/lat.
    path
        Written anew; an older file there is replaced.
    language
        Of headers, titles, legends, verdicts in words and notes; what the data say stays.
    """
    tables = _tables(results, language)
    write_tables(tables, path, _day(results), language)
    _write_project(results, tables, path)
    return {f"{path.name}/{table.name}": table.rows.column_names for table in tables}


def _tables(results: Results, language: str) -> list[GisTable]:
    made = [_findings(results), _sources(results), _positions(results), _receptors(results), _searched(results)]
    every = [*made, *_context(results), *_water(results)]
    shown = map(_in_english, every) if language == ENGLISH else every
    return [replace(table, rows=plain_table(table.rows)) for table in shown]


def _in_english(table: GisTable) -> GisTable:
    rows = table.rows
    for name in _OUR_WORDS & set(rows.column_names):
        words = pa.array([text and in_english(text) for text in rows[name].to_pylist()], pa.string())
        rows = rows.set_column(rows.column_names.index(name), name, words)
    style = qml.renamed(table.style, qml.aliases(rows.column_names, table.name, ENGLISH), in_english)
    return replace(table, title=in_english(table.title), rows=rows, style=style)


_OUR_WORDS = OUR_WORDS | {"verdict_text", "role_name"}


def _day(results: Results) -> str:
    return results.as_of.isoformat() if results.as_of else CONSTANT_DAY


_DRAWN_ORDER = (
    "sources", "source_positions", "sampling_points", "overhead_paths", "flow_paths", "context_points", "context_lines",
    "receptors", "search_areas", "closed_basins", "catchments", "areas", "findings",
)  # fmt: skip
"""Of the QGIS project, from top to bottom."""
_SHOWN = frozenset({"sources", "source_positions", "context_lines", "receptors", "areas"})
_PADDING_DEG = 0.02


def _write_project(results: Results, tables: Sequence[GisTable], path: Path) -> None:
    """Write the QGIS project beside a GeoPackage: a zip that names it by a path of its own folder."""
    by_name = {table.name: table for table in tables}
    layers = [
        qml.Drawn(
            f"hmgeo_layer_{name}",
            by_name[name].title,
            f"./{path.name}|layername={name}",
            by_name[name].style,
            name in _SHOWN,
        )
        for name in _DRAWN_ORDER
        if name in by_name
    ]
    shapes = shapely.from_wkb([point for point in _points(results.sources) if point is not None])
    west, south, east, north = shapely.total_bounds(shapes) if len(shapes) else (73.0, 3.0, 136.0, 54.0)
    extent = (west - _PADDING_DEG, south - _PADDING_DEG, east + _PADDING_DEG, north + _PADDING_DEG)
    text = qml.project_document(layers, results.title, extent)
    with zipfile.ZipFile(path.with_suffix(".qgz"), "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(f"{path.stem}.qgs", (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)


def _findings(results: Results) -> GisTable:
    points = dict(zip(results.sources["source_id"].to_pylist(), _points(results.sources), strict=True))
    geometry = [points.get(source_id) for source_id in results.findings["source_id"].to_pylist()]
    rows = _worded(results.findings, FINDINGS_SCHEMA, geometry, results)
    return GisTable("findings", "逐条判断", rows, "Point", _verdict_style(rows, "findings", ""))


def _sources(results: Results) -> GisTable:
    rows = _worded(results.sources, SOURCES_SCHEMA, _points(results.sources), results)
    return GisTable("sources", "排查对象", rows, "Point", _verdict_style(rows, "sources", "name"))


def _worded(table: pa.Table, schema: pa.Schema, geometry: list[bytes | None], results: Results) -> pa.Table:
    """Return the contract's columns and whatever follows, the badge in words, and the point as geometry."""
    names = [name for name in schema.names if name != "geometry"]
    names += [name for name in table.column_names if name not in {*schema.names}]
    names = [name for name in names if not pa.types.is_nested(table.schema.field(name).type)]
    example = wording.is_example(results)
    badges = [wording.badge(row, example=example) for row in table.select(["verdict", "reason_codes"]).to_pylist()]
    worded = table.select(names).append_column("verdict_text", pa.array(badges, pa.string()))
    return worded.append_column("geometry", pa.array(geometry, pa.binary()))


def _points(sources: pa.Table) -> list[bytes | None]:
    lons, lats = sources["lon"].to_pylist(), sources["lat"].to_pylist()
    assessed = [geometry is not None for geometry in sources["geometry"].to_pylist()]
    return [
        shapely.to_wkb(shapely.Point(lon, lat)) if located and lon is not None and lat is not None else None
        for lon, lat, located in zip(lons, lats, assessed, strict=True)
    ]


def _positions(results: Results) -> GisTable:
    names = ["source_id", "name", "position_kind", "position_uncertainty_m", "basis"]
    somewhere = results.bureau.places if results.bureau is not None else None
    places = {} if somewhere is None else dict(zip(*(somewhere[key].to_pylist() for key in _PLACE_KEYS), strict=True))
    rows = results.sources.to_pylist()
    placed = [row | {"geometry": row["geometry"] or places.get(row["source_id"])} for row in rows]
    located = [row for row in placed if row["geometry"] is not None]
    geometry = [_extent(row) for row in located]
    schema = pa.schema([(name, SOURCES_SCHEMA.field(name).type) for name in names])
    rows = table_of([{name: row[name] for name in names} for row in located], schema)
    return _drawn_alike("source_positions", "点位及误差范围", rows, geometry, qml.fill(UNCERTAINTY))


def _drawn_alike(name: str, title: str, rows: pa.Table, shapes: list[shapely.Geometry], symbol: qml.Symbol) -> GisTable:
    """Return a table of which every row is drawn by one symbol."""
    rows, kind = with_geometry(rows, shapes)
    return GisTable(name, title, rows, kind, qml.single(symbol, qml.aliases(rows.column_names, name)))


def _extent(row: dict[str, Any]) -> shapely.Geometry:
    """Return the shape, or the circle in which a point may lie; a point known exactly stays a point."""
    shape = shapely.from_wkb(row["geometry"])
    uncertainty_m = row["position_uncertainty_m"] or 0.0
    is_circle = shape.geom_type == "Point" and uncertainty_m > 0
    return geodesic_buffer(shape, uncertainty_m, DRAWN_CORNERS) if is_circle else shape


def _receptors(results: Results) -> GisTable:
    bases: dict[str, Basis] = {}
    for layer in results.layers:
        bases[layer.kind.value] = Basis.worst(layer.basis, bases.get(layer.kind.value, layer.basis))
    kinds = results.receptors["receptor_kind"].to_pylist()
    codes = {kind: bases.get(kind, Basis.UNDECLARED).value for kind in dict.fromkeys(kinds)}
    basis = pa.array([codes[kind] for kind in kinds], pa.string())
    names = [name for name in results.receptors.column_names if name != "geometry"]
    ordered = [name for name in RECEPTORS_SCHEMA.names if name in names]
    ordered += [name for name in names if name not in ordered]
    table = results.receptors.select(ordered).append_column("basis", basis)
    rows, kind = with_geometry(table, list(shapes_of(results.receptors)), results.receptors["geometry"])
    categories = [qml.Category(word.value, word.value, qml.fill(style)) for word, style in FARMLAND_CLASSES.items()]
    categories.append(qml.Category("", "其他或未知类别", qml.fill(UNKNOWN_CLASS)))
    style = qml.categorized("class", categories, qml.aliases(rows.column_names, "receptors"))
    return GisTable("receptors", "耕地及其他受体", rows, kind, style)


def _searched(results: Results) -> GisTable:
    table = results.search_areas
    names = dict(zip(results.sources["source_id"].to_pylist(), results.sources["name"].to_pylist(), strict=True))
    ids = table["source_id"].to_pylist()
    rows = pa.table(
        {
            "source_id": pa.array(ids, pa.string()),
            "name": pa.array([names.get(source_id, "") for source_id in ids], pa.string()),
            "radius_m": pa.array([results.radius_m] * len(ids), pa.float64()),
            "basis": pa.array([results.basis.value] * len(ids), pa.string()),
        }
    )
    shapes = list(shapely.from_wkb(table["geometry"].to_pylist()))
    return _drawn_alike("search_areas", "查询范围", rows, shapes, qml.fill(SEARCH_AREA))


def _water(results: Results) -> Iterator[GisTable]:
    """Yield the tables on water that hold anything, with all their columns."""
    for name, role, table, symbol in _held(results):
        drawn = table.filter(pc.is_valid(table["geometry"]))
        if drawn.num_rows:
            shapes = list(shapely.from_wkb(drawn["geometry"].to_pylist()))
            mark = qml.marker(UNJUDGED, 2.4) if symbol is None else symbol(context_style(role))
            yield _drawn_alike(name, ROLE_NAMES[role], drawn.drop_columns("geometry"), shapes, mark)


def _context(results: Results) -> list[GisTable]:
    """Return areas always, and context_lines and context_points where there are any."""
    rows = [
        {
            "id": str(row["id"]),
            "name": row["name"],
            "role": layer.role,
            "role_name": _role_name(layer.role),
            "title": layer.title,
            "basis": layer.basis.value,
            "credit": layer.credit,
            "geometry": row["geometry"],
        }
        for layer in results.context
        for row in layer.table.to_pylist()
    ]
    dimensions = shapely.get_dimensions(shapely.from_wkb(np.array([row["geometry"] for row in rows], dtype=object)))
    parts = (("areas", "区域", (2, -1)), ("context_lines", "线状参考", (1,)), ("context_points", "点状参考", (0,)))
    tables = []
    for name, title, wanted in parts:
        chosen = [row for row, dimension in zip(rows, dimensions, strict=True) if dimension in wanted]
        if chosen or name == "areas":
            tables.append(_context_table(name, title, chosen))
    return tables


def _context_table(name: str, title: str, rows: list[dict[str, Any]]) -> GisTable:
    table = table_of(rows, AREA_SCHEMA)
    geometry = list(shapely.from_wkb(table["geometry"].to_pylist()))
    placed, kind = with_geometry(table.drop_columns("geometry"), geometry)
    roles = dict.fromkeys(row["role"] for row in rows) or dict.fromkeys(CONTEXT)
    symbols = {"areas": qml.fill, "context_lines": qml.line}
    if name in symbols:
        categories = [qml.Category(role, _role_name(role), symbols[name](context_style(role))) for role in roles]
        style = qml.categorized("role", categories, qml.aliases(placed.column_names, name), label_column="name")
    else:
        style = qml.single(qml.marker(UNJUDGED, 2.0), qml.aliases(placed.column_names, name), label_column="name")
    return GisTable(name, title, placed, kind, style)


def _role_name(role: str) -> str:
    words = {kind.value: kind.zh for kind in LayerKind}
    return ROLE_NAMES.get(role) or words.get(role) or role


def _verdict_style(rows: pa.Table, table: str, label_column: str) -> str:
    """Return the style by verdict, gravest first, and one for what no rule judged."""
    categories = [qml.Category(verdict.value, verdict.zh, qml.marker(style)) for verdict, style in VERDICTS.items()]
    categories.append(qml.Category("", "未设排查规则", qml.marker(UNJUDGED, 2.4)))
    return qml.categorized("verdict", categories, qml.aliases(rows.column_names, table), label_column=label_column)


ALSO = {"shp": "shp", "kmz": "findings.kmz", "geoparquet": "geoparquet"}
"""What the tables of the GeoPackage are also written as on request, and where that lies beside it."""
FIELD_MAP = "字段对照.csv"
_FIELD_SIGNS, _FIELD_BYTES = 10, 254
_SHAPES = ("Point", "LineString", "Polygon")


def write_also(results: Results, word: str, path: Path, language: str = "zh") -> None:
    """Write the tables of the GeoPackage of `results` in `language` once more, as `word` of `ALSO` says.

    `shp`: a shapefile a table, one for points, lines and polygons each where a table holds several; texts in GBK. The
    field map tells which column each field is, and in how many rows a text was too long or not in GBK.

    `kmz`: a folder a table, drawn as in QGIS; findings are left out, which lie on their sources.

    `geoparquet`: a file a table.

    `path`: the file or folder that `ALSO` names.
    """
    tables = {table.name: table for table in _tables(results, language)}
    if word == "kmz":
        text = str(sentences(wording.basis_banner(results.basis, language), wording.disclaimer(language)))
        drawn = [tables[name] for name in _DRAWN_ORDER[:-1] if name in tables]
        folders = (_kml_folder(table, language) for table in drawn)
        write_kmz(path, results.title, text, folders, "".join(map(_kml_styles, drawn)))
        return
    path.mkdir()
    if word == "geoparquet":
        for name, table in tables.items():
            write_parquet(table.rows, path / f"{name}.parquet")
        return
    words = (*HEADER[:1], "字段", *HEADER[1:], f"截到 {_FIELD_BYTES} 字节的行", "有 GBK 没有的字、改写的行")
    header = [in_language(word, language) for word in words]
    rows = [row for table in tables.values() for row in write_shapefiles(table, path, _day(results))]
    write_rows(path / FIELD_MAP, header, rows)


def write_shapefiles(table: GisTable, folder: Path, day: str) -> Iterator[list[str]]:
    """Write `table` into `folder` as shapefiles dated `day`; yield a row of the field map for each column.

    A name too long for a field, a text too long or not in GBK is counted there.
    """
    shapes = shapely.from_wkb(table.rows["geometry"].to_numpy(zero_copy_only=False))
    dimensions = shapely.get_dimensions(shapes)
    present = sorted({*dimensions.tolist()} - {-1}) or [0 if table.geometry_type == _SHAPES[0] else 2]
    shorts = _short_names(table.rows.column_names[:-1])
    for dimension in present:
        chosen = (dimensions == dimension) | ((dimensions == -1) & (dimension == present[0]))
        rows, changed = _in_gbk(table.rows.filter(pa.array(chosen)).drop_columns("geometry"))
        shown = shapes[chosen]
        several = dimension == 0 and any(shape is not None and shape.geom_type != _SHAPES[0] for shape in shown)
        if several:
            shown = np.array(
                [shape if shape is None else shapely.multipoints(shapely.get_parts(shape)) for shape in shown]
            )
        wkb = shapely.to_wkb(shown).tolist()
        path = folder / f"{table.name}{f'_{_SHAPES[dimension].lower()}' if len(present) > 1 else ''}.shp"
        with _gdal_writes(path):
            pyogrio.write_arrow(
                rows.rename_columns(shorts).append_column("geometry", pa.array(wkb, pa.binary())),
                path,
                driver="ESRI Shapefile",
                geometry_name="geometry",
                geometry_type="MultiPoint" if several else _SHAPES[dimension],
                crs=LON_LAT_CRS,
                encoding="GBK",
                layer_options={"DBF_DATE_LAST_UPDATE": day, "RESIZE": "YES"},
            )
        for name, short in zip(table.rows.column_names[:-1], shorts, strict=True):
            yield [path.name, short, *described(table.name, name)[1:], *map(str, changed.get(name, ("", "")))]


def _short_names(names: Iterable[str]) -> list[str]:
    """Return names as a dbf file can hold them, each once."""
    made: list[str] = []
    for name in names:
        short, number = name[:_FIELD_SIGNS], 0
        while short in made:
            number += 1
            short = f"{name[: _FIELD_SIGNS - 1 - len(str(number))]}_{number}"
        made.append(short)
    return made


def _in_gbk(table: pa.Table) -> tuple[pa.Table, dict[str, tuple[int, int]]]:
    """Return a table whose texts a dbf file in GBK can hold, and how many of each column were cut and rewritten."""
    changed = {}
    for at, column in enumerate(table.schema):
        if pa.types.is_string(column.type):
            texts = table[column.name].to_pylist()
            coded = [None if text is None else _gbk(text) for text in texts]
            short = [None if code is None else code[:_FIELD_BYTES].decode("gbk", "ignore") for code in coded]
            other = sum(
                code is not None and code.decode("gbk") != text for code, text in zip(coded, texts, strict=True)
            )
            changed[column.name] = sum(len(code or b"") > _FIELD_BYTES for code in coded), other
            table = table.set_column(at, column, pa.array(short, pa.string()))
    return table, changed


def _gbk(text: str) -> bytes:
    """Return a text in GBK; signs that it lacks in their plain form (km² as km2), else as a question mark.

    >>> _gbk("12 km²，𠮷").decode("gbk")
    '12 km2，?'
    """
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        return "".join(map(_plain_sign, text)).encode("gbk", "replace")


def _plain_sign(sign: str) -> str:
    try:
        sign.encode("gbk")
    except UnicodeEncodeError:
        return unicodedata.normalize("NFKC", sign)
    return sign


_KML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{title}</name>'
    "<description>{text}</description>{styles}{folders}</Document></kml>"
)


def write_kmz(path: Path, title: str, text: str, folders: Iterable[str], styles: str = "") -> None:
    """Write a KMZ file at `path`: `title`, `text` that is said of it, `folders` and `styles` as KML."""
    text = _KML.format(title=kml_text(title), text=kml_text(text), styles=styles, folders="".join(folders))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("doc.kml", (1980, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)


def kml_text(text: str) -> str:
    """Return a text as XML holds it: without signs that it forbids."""
    return escape(re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text))


def placemark(name: str, shape: shapely.Geometry | None, text: str = "", more: str = "") -> str:
    """Return a mark called `name` with `text` and more KML elements (`more`); without `shape` (lon/lat) it's listed."""
    description = f"<description>{kml_text(text)}</description>" if text else ""
    where = "" if shape is None else _kml_shape(shape)
    return f"<Placemark><name>{kml_text(name)}</name>{description}{more}{where}</Placemark>"


def _kml_shape(shape: shapely.Geometry) -> str:
    kind = shape.geom_type
    if hasattr(shape, "geoms"):
        return f"<MultiGeometry>{''.join(map(_kml_shape, shape.geoms))}</MultiGeometry>"
    if kind == "Polygon":
        rings = [("outer", shape.exterior), *(("inner", hole) for hole in shape.interiors)]
        inside = "".join(f"<{side}BoundaryIs>{_kml_shape(ring)}</{side}BoundaryIs>" for side, ring in rings)
    else:
        places = " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat in shapely.get_coordinates(shape))
        inside = f"<coordinates>{places}</coordinates>"
    return f"<{kind}>{inside}</{kind}>"


def _kml_folder(table: GisTable, language: str) -> str:
    """Return a table as a folder: a mark for each row with its cells, on the map where it has a shape."""
    column, looks = qml.looks(table.style)
    order, seen = list(looks), "" if table.name in _SHOWN else "<visibility>0</visibility>"
    headers = qml.aliases(table.rows.column_names, table.name, language)
    marks = []
    for row in table.rows.to_pylist():
        wkb = row.pop("geometry")
        at = order.index(row.get(column)) if row.get(column) in looks else len(order) - 1
        cells = "".join(_kml_cell(name, headers[name], value) for name, value in row.items() if value not in (None, ""))
        more = f"{seen}<styleUrl>#{table.name}-{at}</styleUrl><ExtendedData>{cells}</ExtendedData>"
        title = " ".join(str(row[shown]) for shown in ("list_number", "name") if row.get(shown))
        shape = None if wkb is None else shapely.from_wkb(wkb)
        marks.append(placemark(title or str(next(iter(row.values()))), shape, more=more))
    return f"<Folder><name>{kml_text(table.title)}</name>{seen}{''.join(marks)}</Folder>"


def _kml_cell(name: str, header: str, value: object) -> str:
    text = value if isinstance(value, str) else csv_text(value, name)
    return f'<Data name="{name}"><displayName>{kml_text(header)}</displayName><value>{kml_text(text)}</value></Data>'


def _kml_styles(table: GisTable) -> str:
    _, looks = qml.looks(table.style)
    styles = (f'<Style id="{table.name}-{at}">{_kml_style(*look)}</Style>' for at, look in enumerate(looks.values()))
    return "".join(styles)


def _kml_style(kind: str, look: Mapping[str, str]) -> str:
    """Return how a symbol of QGIS is drawn: colours as opacity, blue, green, red; widths in pixels."""

    def colour(name: str) -> str:
        red, green, blue, opacity = map(int, look[name].split(","))
        return f"<color>{opacity:02x}{blue:02x}{green:02x}{red:02x}</color>"

    if kind == "marker":
        hollow = look["color"] == "255,255,255,255"
        return f"<IconStyle>{colour('outline_color' if hollow else 'color')}</IconStyle>"
    edge = "line" if kind == "line" else "outline"
    width = f"<width>{float(look[f'{edge}_width']) / _PIXEL_MM:.1f}</width>"
    inside = f"<PolyStyle>{colour('color')}</PolyStyle>" if kind == "fill" else ""
    return f"<LineStyle>{colour(f'{edge}_color')}{width}</LineStyle>{inside}"


_PIXEL_MM = 0.26
