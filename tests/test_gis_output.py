"""The GeoPackage: tables, geometry, CRS, styles and bytes."""

from __future__ import annotations

import csv
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from msgspec import structs
from pyproj import Geod
from small_results import HOSTILE, small_results

from hmgeo.errors import OutputError
from hmgeo.outputs import gis
from hmgeo.outputs.gis import ALSO, GisTable, write_also, write_geopackage, write_shapefiles
from hmgeo.outputs.style import VERDICTS
from hmgeo.records import LON_LAT_CRS, table_of
from hmgeo.results import columns
from hmgeo.vocabulary import SoilQualityClass, Verdict
from hmgeo.words import say, sentences

TABLES = ["findings", "sources", "source_positions", "receptors", "search_areas", "areas", "context_lines"]
GEOD = Geod(a=6378137, rf=298.257222101)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gis") / "findings.gpkg"
    write_geopackage(small_results(), path)
    return path


def test_every_table_is_there_with_its_crs_type_and_rows(package: Path) -> None:
    listed = dict(pyogrio.list_layers(package).tolist())
    assert listed == {
        "findings": "Point",
        "sources": "Point",
        "source_positions": "Polygon",
        "receptors": "Polygon",
        "search_areas": "Polygon",
        "areas": "Polygon",
        "context_lines": "LineString",
        "layer_styles": None,
    }
    rows = {name: pyogrio.read_info(package, layer=name)["features"] for name in listed}
    assert rows == {
        "findings": 8,
        "sources": 8,
        "source_positions": 6,
        "receptors": 40,
        "search_areas": 6,
        "areas": 4,
        "context_lines": 1,
        "layer_styles": 7,
    }
    assert {pyogrio.read_info(package, layer=name)["crs"] for name in TABLES} == {LON_LAT_CRS}


def test_what_sqlite_can_t_write_is_told_as_what_gdal_can_t(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        base = sqlite3.Connection(path)
        base.execute("PRAGMA max_page_count = 1")  # as on a full disk
        return base

    monkeypatch.setattr(gis.sqlite3, "connect", connect)
    with pytest.raises(OutputError, match="GeoPackage 写不出（现为「database or disk is full」）"):
        write_geopackage(small_results(), tmp_path / "a.gpkg")


def test_sources_hold_every_row_and_null_where_not_located(package: Path) -> None:
    frame = pyogrio.read_dataframe(package, layer="sources")
    sources = small_results().sources.to_pylist()
    assert frame["source_id"].tolist() == [row["source_id"] for row in sources]
    assert [shape is None for shape in frame.geometry] == [row["geometry"] is None for row in sources]
    assert frame.geometry[0].coords[0] == (113.02, 23.6)
    assert frame["name"][2] == HOSTILE
    assert frame["verdict_text"][4] == "未评估"
    assert frame["nearest_farmland_m"][0] == sources[0]["nearest_farmland_m"]
    assert frame["farmland_count"][0] == 40


def test_findings_stand_at_their_source_with_basis_and_quote(package: Path) -> None:
    frame = pyogrio.read_dataframe(package, layer="findings")
    findings = small_results().findings.to_pylist()
    assert frame["finding_id"].tolist() == [row["finding_id"] for row in findings]
    assert frame["quote"].tolist() == [row["quote"] for row in findings]
    assert set(frame["basis"]) == {"synthetic"}
    assert frame.geometry[7].coords[0] == (113.10, 23.56)
    assert frame.geometry[4] is None


def test_a_position_is_the_circle_of_its_uncertainty(package: Path) -> None:
    frame = pyogrio.read_dataframe(package, layer="source_positions")
    assert frame["source_id"].tolist() == ["QC-001", "QC-002", "QC-003", "QC-004", "QC-007", "QC-008"]
    corners = frame.geometry[3].exterior.coords
    reach_m = [GEOD.inv(113.20, 23.52, lon, lat)[2] for lon, lat in corners]
    assert (min(reach_m), max(reach_m)) == pytest.approx((120.0, 120.0), abs=0.001)


def test_a_shape_stays_a_shape_and_a_sure_point_a_point(tmp_path: Path) -> None:
    results = small_results()
    rows = results.sources.to_pylist()
    pond = shapely.box(113.01, 23.59, 113.03, 23.61)
    rows[0] |= {"position_kind": "shape", "geometry": shapely.to_wkb(pond)}
    rows[1]["position_uncertainty_m"] = 0.0
    changed = structs.replace(results, sources=pa.Table.from_pylist(rows, results.sources.schema))
    write_geopackage(changed, tmp_path / "a.gpkg")
    frame = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="source_positions")
    assert frame.geometry[0].equals(pond)
    assert frame.geometry[1].geom_type == "Point"
    assert pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="sources").geometry[0].coords[0] == (113.02, 23.6)


def test_receptors_and_areas_carry_class_role_and_basis(package: Path) -> None:
    receptors = pyogrio.read_dataframe(package, layer="receptors")
    assert receptors["class"].tolist() == small_results().receptors["class"].to_pylist()
    assert set(receptors["basis"]) == {"synthetic"}
    areas = pyogrio.read_dataframe(package, layer="areas")
    assert areas[["name", "role", "role_name", "basis"]].to_numpy().tolist() == [
        ["清城区", "county", "县级行政区", "real"],
        ["龙塘镇", "township", "乡级行政区", "approximate"],
        ["石角镇", "township", "乡级行政区", "approximate"],
        ["清城区", "key_area", "重点区域", "real"],
    ]


def test_polygons_and_multipolygons_become_one_type(tmp_path: Path) -> None:
    results = small_results()
    rows = results.receptors.to_pylist()
    rows[0]["geometry"] = shapely.to_wkb(shapely.MultiPolygon([shapely.box(113, 23.5, 113.01, 23.51)]))
    changed = structs.replace(results, receptors=pa.Table.from_pylist(rows, results.receptors.schema))
    write_geopackage(changed, tmp_path / "a.gpkg")
    assert pyogrio.read_info(tmp_path / "a.gpkg", layer="receptors")["geometry_type"] == "MultiPolygon"


def styles(path: Path) -> dict[str, ET.Element]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("select f_table_name, styleQML, useAsDefault, f_geometry_column from layer_styles")
        found = {name: (qml, default, column) for name, qml, default, column in rows}
    assert {(default, column) for _, default, column in found.values()} == {(1, "geometry")}
    return {name: ET.fromstring(qml.split("\n", 1)[1]) for name, (qml, _, _) in found.items()}  # noqa: S314 - our own


def test_each_spatial_table_has_a_default_style_in_chinese(package: Path) -> None:
    documents = styles(package)
    assert list(documents) == TABLES
    labels = {c.get("value"): c.get("label") for c in documents["findings"].iter("category")}
    assert labels == {verdict.value: verdict.zh for verdict in Verdict} | {"": "未设排查规则"}
    classes = [c.get("value") for c in documents["receptors"].iter("category")]
    assert classes == [word.value for word in SoilQualityClass] + [""]
    aliases = {a.get("field"): a.get("name") for a in documents["sources"].iter("alias")}
    assert aliases["nearest_farmland_m"] == "最近耕地距离(m)"


def test_styles_have_a_symbol_per_category_in_the_palettes_colours(package: Path) -> None:
    for document in styles(package).values():
        symbols = {symbol.get("name") for symbol in document.iter("symbol")}
        assert {category.get("symbol") for category in document.iter("category")} <= symbols
    listed = next(s for s in styles(package)["sources"].iter("symbol") if s.get("name") == "2")
    colours = [prop.get("v") for prop in listed.iter("prop") if prop.get("k") == "color"]
    red, green, blue = (int(VERDICTS[Verdict.LISTED].colour[start : start + 2], 16) for start in (1, 3, 5))
    assert colours == [f"{red},{green},{blue},255"]


def test_last_change_is_the_day_asked_about(package: Path, tmp_path: Path) -> None:
    def changes(path: Path) -> set[str]:
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("pragma user_version").fetchone() == (10200,)
            return {row[0][:10] for row in database.execute("select last_change from gpkg_contents")}

    assert changes(package) == {"2019-06-30"}
    write_geopackage(structs.replace(small_results(), as_of=None), tmp_path / "a.gpkg")
    assert changes(tmp_path / "a.gpkg") == {"1980-01-01"}


def test_gdals_clock_is_given_back(tmp_path: Path) -> None:
    write_geopackage(small_results(), tmp_path / "a.gpkg")
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


def test_the_same_results_give_the_same_bytes_in_another_process_too(package: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from small_results import small_results;"
        "from hmgeo.outputs.gis import write_geopackage; write_geopackage(small_results(), Path(sys.argv[1]))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "b.gpkg")], check=True, env=environment)  # noqa: S603 - ours
    write_geopackage(small_results(), tmp_path / "c.gpkg")
    files = (package, tmp_path / "b.gpkg", tmp_path / "c.gpkg")
    assert len({hashlib.sha256(path.read_bytes()).hexdigest() for path in files}) == 1


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    write_geopackage(small_results(60), tmp_path / "a.gpkg")
    write_geopackage(small_results(), tmp_path / "a.gpkg")
    assert pyogrio.read_info(tmp_path / "a.gpkg", layer="receptors")["features"] == 40


def test_results_without_rows_or_context_still_have_all_tables(tmp_path: Path) -> None:
    results = small_results()
    empty = structs.replace(
        results,
        sources=results.sources.slice(0, 0),
        findings=results.findings.slice(0, 0),
        receptors=results.receptors.slice(0, 0),
        search_areas=results.search_areas.slice(0, 0),
        context=(),
    )
    write_geopackage(empty, tmp_path / "a.gpkg")
    names = set(pyogrio.list_layers(tmp_path / "a.gpkg")[:, 0])
    assert names == {*TABLES, "layer_styles"} - {"context_lines"}
    assert pyogrio.read_info(tmp_path / "a.gpkg", layer="areas")["features"] == 0


def test_the_project_beside_it_names_every_table_by_a_path_of_its_folder_in_order_with_its_style(package: Path) -> None:
    with zipfile.ZipFile(package.with_suffix(".qgz")) as file:
        assert [(one.filename, one.date_time[0]) for one in file.infolist()] == [("findings.qgs", 1980)]
        root = ET.fromstring(file.read("findings.qgs").partition(b"\n")[2])  # noqa: S314 -- our own file
    shown = [(one.get("id"), one.get("checked") == "Qt::Checked") for one in root.iter("layer-tree-layer")]
    assert shown == [
        ("hmgeo_layer_sources", True), ("hmgeo_layer_source_positions", True), ("hmgeo_layer_context_lines", True),
        ("hmgeo_layer_receptors", True), ("hmgeo_layer_search_areas", False), ("hmgeo_layer_areas", True),
        ("hmgeo_layer_findings", False),
    ]  # fmt: skip
    assert min(len(one) for one, _ in shown) > 10  # QGIS gives shorter ids anew and loses them in the tree
    made = root.findall("projectlayers/maplayer")
    for one in made:
        name = one.findtext("id", "").removeprefix("hmgeo_layer_")
        assert one.findtext("datasource") == f"./findings.gpkg|layername={name}"
        assert one.findtext("srs/spatialrefsys/authid") == "EPSG:4490"
        assert one.find("renderer-v2") is not None, name
    verdicts = [one.get("value") for one in made[0].iter("category")]
    assert verdicts == [*(one.value for one in Verdict), ""]
    extent = [float(one.text or "") for one in root.find("mapcanvas/extent") or ()]
    points = pyogrio.read_dataframe(package, layer="sources").geometry.dropna()
    assert extent == pytest.approx(points.total_bounds + np.array([-0.02, -0.02, 0.02, 0.02]), abs=1e-6)


def test_circles_that_are_only_drawn_have_64_corners_at_their_radius(package: Path) -> None:
    frame = pyogrio.read_dataframe(package, layer="source_positions")
    sources = pyogrio.read_dataframe(package, layer="sources").set_index("source_id").geometry
    circles = [one for one in frame.itertuples() if len(one.geometry.exterior.coords) == 65]
    assert circles
    for one in circles:
        lon, lat = np.array(one.geometry.exterior.coords).T
        at = sources[one.source_id]
        _, _, far_m = GEOD.inv(np.full(65, at.x), np.full(65, at.y), lon, lat)
        assert far_m == pytest.approx(one.position_uncertainty_m, abs=0.001)


# ---- the same layers in other formats --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def also(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("also")
    for word, name in ALSO.items():
        write_also(small_results(), word, folder / name)
    return folder


def field_map(folder: Path) -> list[dict[str, str]]:
    with (folder / "shp" / "字段对照.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", TABLES)
def test_a_shapefile_holds_every_row_and_cell_of_its_table_under_the_names_of_the_field_map(
    table: str, package: Path, also: Path
) -> None:
    file = also / "shp" / f"{table}.shp"
    there, here = pyogrio.read_dataframe(package, layer=table), pyogrio.read_dataframe(file)
    assert file.with_suffix(".cpg").read_bytes() == b"GBK"
    assert "GCS_China_Geodetic_Coordinate_System_2000" in file.with_suffix(".prj").read_text()
    named = {row["字段"]: row["列"] for row in field_map(also) if row["文件"] == file.name}
    assert list(here.columns) == [*named, "geometry"]
    assert list(named.values()) == list(there.columns[:-1])
    assert max(len(name) for name in named) <= 10
    for one, other in zip(here.geometry, there.geometry, strict=True):
        assert (one is None) == (other is None)
        assert one is None or shapely.equals(one, other)
    for short, name in named.items():
        for one, other in zip(here[short], there[name], strict=True):
            if isinstance(other, str) and other:
                assert one == other
            elif other not in ("", None) and not np.isnan(other):
                assert one == pytest.approx(other, rel=1e-12)
            else:  # a dbf file knows no empty text
                assert one is None or np.isnan(one)


def test_the_dbf_file_itself_is_in_gbk(also: Path) -> None:
    content = (also / "shp" / "sources.dbf").read_bytes()
    assert "示例企业01".encode("gbk") in content
    assert (content[1], content[2], content[3]) == (119, 6, 30)  # the day asked about, as years since 1900


def test_the_field_map_says_what_each_field_means_and_which_texts_are_not_whole(tmp_path: Path) -> None:
    places = [shapely.Point(113, 23), None, shapely.box(113, 23, 114, 24), shapely.MultiPoint([(113, 23), (114, 24)])]
    rows = pa.table(
        {
            "source_id": ["1", "2", "3", "4"],
            "name": ["汉" * 127, "汉" * 128, "12 km²", "𠮷祥厂"],
            "geometry": pa.array([None if one is None else shapely.to_wkb(one) for one in places], pa.binary()),
        }
    )
    told = list(write_shapefiles(GisTable("source_positions", "", rows, "Unknown", ""), tmp_path, "2019-06-30"))
    assert [(row[0], row[2], row[5], row[-2], row[-1]) for row in told] == [
        ("source_positions_point.shp", "source_id", "编号", "0", "0"),
        ("source_positions_point.shp", "name", "名称", "1", "1"),
        ("source_positions_polygon.shp", "source_id", "编号", "0", "0"),
        ("source_positions_polygon.shp", "name", "名称", "0", "1"),
    ]
    points = pyogrio.read_dataframe(tmp_path / "source_positions_point.shp")
    assert points["name"].tolist() == ["汉" * 127, "汉" * 127, "?祥厂"]
    assert [None if one is None else shapely.get_num_geometries(one) for one in points.geometry] == [1, None, 2]
    shapes = pyogrio.read_dataframe(tmp_path / "source_positions_polygon.shp")
    assert shapes["name"].tolist() == ["12 km2"]
    assert shapes.geometry[0].equals(places[2])


def test_the_kmz_has_a_folder_a_layer_with_its_rows_and_what_qgis_hides_is_not_shown(package: Path, also: Path) -> None:
    path = also / "findings.kmz"
    titles = {"sources": "排查对象", "source_positions": "点位及误差范围", "context_lines": "线状参考",
              "receptors": "耕地及其他受体", "search_areas": "查询范围", "areas": "区域"}  # fmt: skip
    assert pyogrio.list_layers(path)[:, 0].tolist() == list(titles.values())
    for table, title in titles.items():
        here = pyogrio.read_dataframe(path, layer=title)
        there = pyogrio.read_dataframe(package, layer=table)
        assert here.geometry.isna().tolist() == there.geometry.isna().tolist()
        is_drawn = there.geometry.notna()
        assert shapely.equals_exact(here.geometry[is_drawn].values, there.geometry[is_drawn].values, 1e-7).all()
        assert set(here["visibility"]) == {0 if table == "search_areas" else -1}
    sources = pyogrio.read_dataframe(path, layer="排查对象")
    assert sources["Name"][2] == HOSTILE
    assert sources["verdict_text"][0] == "符合排查条件"


def test_marks_of_the_kmz_have_the_colour_of_their_verdict_and_class(also: Path) -> None:
    with zipfile.ZipFile(also / "findings.kmz") as file:
        root = ET.fromstring(file.read("doc.kml"))  # noqa: S314 -- our own file
    space = {"k": "http://www.opengis.net/kml/2.2"}
    styles = {one.get("id"): "".join(one.itertext()) for one in root.iterfind("k:Document/k:Style", space)}
    red, green, blue = (VERDICTS[Verdict.LISTED].colour[at : at + 2].lower() for at in (1, 3, 5))
    drawn = {}
    for mark in root.iter(f"{{{space['k']}}}Placemark"):
        cells = {one.get("name"): one.findtext("k:value", "", space) for one in mark.iter(f"{{{space['k']}}}Data")}
        drawn.setdefault(cells.get("verdict"), set()).add(styles[mark.findtext("k:styleUrl", "", space)[1:]])
    assert drawn["listed"] == {f"ff{blue}{green}{red}"}
    assert len({style for one in drawn.values() for style in one}) > 4  # verdicts, classes of land, roles
    assert "仅供初步筛查" in root.findtext("k:Document/k:description", "", space)


def test_rows_without_a_place_stand_in_the_kmz_too(package: Path, also: Path) -> None:
    with zipfile.ZipFile(also / "findings.kmz") as file:
        text = file.read("doc.kml").decode("utf-8")
    folder = next(one for one in text.split("<Folder>") if one.startswith("<name>排查对象</name>"))
    sources = pyogrio.read_dataframe(package, layer="sources")
    assert folder.count("<Placemark>") == len(sources)
    assert folder.count("<Point>") == sources.geometry.notna().sum() < len(sources)


def test_geoparquet_holds_the_same_tables(package: Path, also: Path) -> None:
    for table in TABLES:
        here = gpd.read_parquet(also / "geoparquet" / f"{table}.parquet")
        there = pyogrio.read_dataframe(package, layer=table)
        assert here.crs == LON_LAT_CRS
        assert list(here.columns) == list(there.columns)
        assert here.iloc[:, 0].tolist() == there.iloc[:, 0].tolist()
        assert shapely.equals(here.geometry.values, there.geometry.values)[there.geometry.notna()].all()


def test_the_other_formats_have_the_same_bytes_each_time_and_stand_without_rows(also: Path, tmp_path: Path) -> None:
    results = small_results()
    for word, name in ALSO.items():
        write_also(results, word, tmp_path / name)
    files = [path.relative_to(also) for path in sorted(also.rglob("*")) if path.is_file()]
    assert [path for path in files if (also / path).read_bytes() != (tmp_path / path).read_bytes()] == []
    none = {name: getattr(results, name).slice(0, 0) for name in ("sources", "findings", "receptors", "search_areas")}
    (tmp_path / "empty").mkdir()
    for word, name in ALSO.items():
        write_also(structs.replace(results, **none, context=()), word, tmp_path / "empty" / name)
    held = {path.name: pyogrio.read_info(path)["geometry_type"] for path in (tmp_path / "empty" / "shp").glob("*.shp")}
    assert held == {"findings.shp": "Point", "sources.shp": "Point", "receptors.shp": "Polygon", "areas.shp": "Polygon",
                    "source_positions.shp": "Polygon", "search_areas.shp": "Polygon"}  # fmt: skip


def test_an_english_run_has_its_gis_files_in_english_but_for_what_the_data_say(tmp_path: Path) -> None:
    results = small_results()
    write_geopackage(results, tmp_path / "zh.gpkg")
    write_geopackage(results, tmp_path / "en.gpkg", "en")
    write_also(results, "kmz", tmp_path / "en.kmz", "en")
    with closing(sqlite3.connect(tmp_path / "en.gpkg")) as base:
        aliases = dict(base.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'sources'"))
        titles = dict(base.execute("SELECT f_table_name, styleName FROM layer_styles"))
        badges = {badge for (badge,) in base.execute("SELECT verdict_text FROM sources")}
        style = base.execute("SELECT styleQML FROM layer_styles WHERE f_table_name = 'receptors'").fetchone()[0]
        names = base.execute("SELECT name FROM gpkg_data_columns").fetchall()
        classes = {word for (word,) in base.execute("SELECT class FROM receptors")}
    assert (aliases["source_id"], aliases["nearest_farmland_m"]) == ("id", "distance to nearest farmland(m)")
    assert [name for (name,) in names if re.search("[\u4e00-\u9fff]", name)] == []
    assert (titles["findings"], titles["receptors"]) == ("Findings", "Farmland and other receptors")
    assert "meets the survey condition" in badges
    assert 'value="严格管控类" label="strictly controlled"' in style
    assert "严格管控类" in classes
    with closing(sqlite3.connect(tmp_path / "zh.gpkg")) as base:
        shapes = "SELECT source_id, verdict, geometry FROM sources"
        other = base.execute(shapes).fetchall()
    with closing(sqlite3.connect(tmp_path / "en.gpkg")) as base:
        assert base.execute(shapes).fetchall() == other
    marks = zipfile.ZipFile(tmp_path / "en.kmz").read("doc.kml").decode()
    assert "<name>Farmland and other receptors</name>" in marks
    assert "<displayName>distance to nearest farmland(m)</displayName>" in marks


def test_notes_in_gis_files_of_an_english_run_are_english(tmp_path: Path) -> None:
    results = small_results()
    note, field = sentences(say("targets_downstream_not_listed"), "使用者写的。"), results.sources.schema.field("note")
    told = table_of([{"note": note}] * results.sources.num_rows, pa.schema([field]))["note"]
    sources = results.sources.set_column(results.sources.column_names.index("note"), field, told)
    noted = structs.replace(results, sources=sources)
    shown = {}
    for language in ("zh", "en"):
        write_geopackage(noted, tmp_path / f"{language}.gpkg", language)
        with closing(sqlite3.connect(tmp_path / f"{language}.gpkg")) as base:
            shown[language] = {note for (note,) in base.execute("SELECT note FROM sources")}
    assert shown == {
        "zh": {"下游 10 km 内的保护目标本表未列；项目有高程时可用 hmgeo flow 沿水流查询。使用者写的。"},
        "en": {("Targets within 10 km downstream aren't listed here; "
               "with heights, hmgeo flow follows the water. 使用者写的。")},
    }  # fmt: skip
    write_also(noted, "shp", tmp_path / "shp", "en")
    header = (tmp_path / "shp" / "字段对照.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert header == (
        "File,Field,Column,Kind,Unit,Chinese,English,Meaning of null,null means,"
        "Rows cut to 254 bytes,Rows changed for signs that GBK lacks"
    )


@pytest.mark.parametrize("table", sorted(set(columns.IN_GEOPACKAGE.values())))
def test_headers_of_a_table_differ_in_either_language(table: str) -> None:
    """The standard asks for it (UNIQUE), and a person couldn't tell them apart."""
    for language in ("zh", "en"):
        headers = [column.alias_in(language) for column in columns.TABLES[table].columns]
        assert [header for header in headers if headers.count(header) > 1] == []
