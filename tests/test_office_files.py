"""Files as offices, permit platforms and surveyors hand them out, each with its right places; none needs a hand."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely
import xlwt
from pyproj import Geod, Transformer

from hmgeo.errors import InputError
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.load import load_positions, load_receptors
from hmgeo.project.check import check_layer
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    from hmgeo.records import Ledger, Positions

    Maker: TypeAlias = Callable[[Path], Path]

HERE, THERE = (113.0375, 23.685278), (113.05, 23.69)
CLOSE_DEG = 2e-6
ROWS = [["企业名称", "经度", "纬度"], ["甲厂", *map(str, HERE)], ["乙厂", *map(str, THERE)]]
DMS = [["企业名称", "经度", "纬度"], ["甲厂", "113°2′15″", "23°41′7.0008″"], ["乙厂", "113°03′00″", "23°41′24″"]]
BOX = shapely.box(113.05, 23.70, 113.06, 23.71)
BOX_M2 = abs(Geod(ellps="GRS80").geometry_area_perimeter(BOX)[0])
TO_GRID = Transformer.from_crs(4490, 4526, always_xy=True)


def text(body: str | list[list[str]], *, name: str = "a.csv", sign: str = ",", encoding: str = "utf-8") -> Maker:
    def make(folder: Path) -> Path:
        lines = body if isinstance(body, str) else "".join(sign.join(row) + "\n" for row in body)
        (folder / name).write_bytes(lines.encode(encoding))
        return folder / name

    return make


def book(*sheets: list[list[object]], merges: tuple[str, ...] = (), hours: str = "") -> Maker:
    def make(folder: Path) -> Path:
        held = openpyxl.Workbook()
        held.remove(held.active)
        for number, rows in enumerate(sheets):
            sheet = held.create_sheet(f"表{number}")
            for row in rows:
                sheet.append(row)
            for span in merges:
                sheet.merge_cells(span)
            for cells in sheet[hours] if hours else ():
                for cell in cells:
                    cell.number_format = "[h]:mm:ss"
        held.save(folder / "a.xlsx")
        return folder / "a.xlsx"

    return make


def old_book(name: str) -> Maker:
    def make(folder: Path) -> Path:
        held = xlwt.Workbook()
        sheet = held.add_sheet("名单")
        for at, row in enumerate(ROWS):
            for column, cell in enumerate(row):
                sheet.write(at, column, cell)
        held.save(str(folder / name))
        return folder / name

    return make


def shapes(name: str, *, encoding: str = "", cpg: str = "", names: tuple[str, ...] = ("企业名",)) -> Maker:
    def make(folder: Path) -> Path:
        fields = [np.array(["甲厂", "乙厂"], object) for _ in names]
        points = np.array(shapely.to_wkb(shapely.points([HERE, THERE])), object)
        more = {"encoding": encoding} if encoding else {"driver": "OpenFileGDB"} if name.endswith(".gdb") else {}
        pyogrio.raw.write(folder / name, points, fields, list(names), geometry_type="Point", crs="EPSG:4490", **more)
        told = (folder / name).with_suffix(".cpg")
        if cpg:
            told.write_text(cpg)
        elif encoding:
            told.unlink()
        return folder / name

    return make


def within(name: str, maker: Maker) -> Maker:
    def make(folder: Path) -> Path:
        (folder / "plain").mkdir()
        made = maker(folder / "plain").name
        return (folder / "plain").rename(folder / name) / made

    return make


def zipped(maker: Maker, *, extra: str = "", keep: str = "") -> Maker:
    def make(folder: Path) -> Path:
        inner = folder / "in"
        inner.mkdir()
        maker(inner)
        with zipfile.ZipFile(folder / "a.zip", "w") as archive:
            for path in sorted(inner.rglob("*")):
                if path.is_file() and not path.name.startswith("a.zip"):
                    archive.write(path, f"{keep}{path.relative_to(inner)}")
                    if extra:
                        archive.writestr(f"{extra}{path.name}", b"\x00\x05\x16\x07")
        return folder / "a.zip"

    return make


def kml(body: str, *, name: str = "a.kml", encoding: str = "utf-8") -> Maker:
    whole = f'<?xml version="1.0" encoding="{encoding}"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    return text(f"{whole}{body}</Document></kml>", name=name, encoding=encoding)


def mark(name: str, at: tuple[float, float]) -> str:
    return f"<Placemark><name>{name}</name><Point><coordinates>{at[0]},{at[1]},0</coordinates></Point></Placemark>"


MARKS = mark("甲厂", HERE) + mark("乙厂", THERE)
RING = " ".join(f"{lon},{lat},0" for lon, lat in shapely.get_coordinates(BOX).tolist())


def geojson(crs: object = None, points: tuple[tuple[float, float], ...] = (HERE, THERE), name: str = "a.json") -> Maker:
    features = [
        {"type": "Feature", "properties": {"企业名称": one}, "geometry": {"type": "Point", "coordinates": at}}
        for one, at in zip(("甲厂", "乙厂"), points, strict=True)
    ]
    return text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), name=name)


def parquet(folder: Path) -> Path:
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}
    table = pa.table({"企业名称": ["甲厂", "乙厂"], "geometry": shapely.to_wkb(shapely.points([HERE, THERE])).tolist()})
    pq.write_table(table.replace_schema_metadata({b"geo": json.dumps(geo).encode()}), folder / "a.geoparquet")
    return folder / "a.geoparquet"


ESRI = {
    "geometryType": "esriGeometryPoint",
    "spatialReference": {"wkid": 4490},
    "fields": [{"name": "NAME", "type": "esriFieldTypeString", "alias": "NAME", "length": 20}],
    "features": [
        {"attributes": {"NAME": name}, "geometry": {"x": at[0], "y": at[1]}}
        for name, at in (("甲厂", HERE), ("乙厂", THERE))
    ],
}
TOPO = {
    "type": "Topology",
    "objects": {
        "plants": {
            "type": "GeometryCollection",
            "geometries": [
                {"type": "Point", "coordinates": at, "properties": {"name": name}}
                for name, at in (("甲厂", HERE), ("乙厂", THERE))
            ],
        }
    },
    "arcs": [],
}
XML_BOOK = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="名单"><Table>'
    + "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>"
        for row in ROWS
    )
    + "</Table></Worksheet></Workbook>"
)
XML_COMMENT = '<Comment><ss:Data xmlns="http://www.w3.org/TR/REC-html40">11</ss:Data></Comment>'
WEB_BOOK = (
    '<html><head><meta charset="gbk"></head><body><table border="1">'
    + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS)
    + "</table></body></html>"
)
CORNERS = [(f"J{number}", *TO_GRID.transform(*at)) for number, at in enumerate(BOX.exterior.coords[:4], start=1)]
SURVEY = (
    "[属性描述]\n格式版本号=1.01\n坐标系=2000国家大地坐标系\n几度分带=3\n投影类型=高斯克吕格\n计量单位=米\n带号=38\n精度=0.001\n"
    "[地块坐标]\n5,113.0,1,甲块,面,,旱地,,@\n"
    + "".join(f"{name},1,{north:.4f},{east:.4f}\n" for name, east, north in [*CORNERS, CORNERS[0]])
)
CORNER_ROWS = [["地块编号", "地块名称", "界址点号", "X坐标", "Y坐标"]] + [
    ["D1", "甲块", name, f"{north:.4f}", f"{east:.4f}"] for name, east, north in CORNERS
]
DRAWING = "  0\nSECTION\n  2\nENTITIES\n  0\nLWPOLYLINE\n  8\n红线\n 90\n4\n 70\n1\n" + "".join(
    f" 10\n{east:.4f}\n 20\n{north:.4f}\n" for _, east, north in CORNERS
)
DRAWING += "  0\nLINE\n  8\n道路\n 10\n0.0\n 20\n0.0\n 11\n1.0\n 21\n1.0\n  0\nENDSEC\n  0\nEOF\n"

POINTS: dict[str, Maker] = {
    "utf-8": text(ROWS),
    "utf-8 with mark": text(ROWS, encoding="utf-8-sig"),
    "gbk": text(ROWS, encoding="gbk"),
    "unicode text of excel": text(ROWS, name="a.txt", sign="\t", encoding="utf-16"),
    "tabs": text(ROWS, name="a.tsv", sign="\t"),
    "semicolons": text(ROWS, sign=";"),
    "pipes": text(ROWS, name="a.txt", sign="|"),
    "fixed columns": text("".join(f"{a:<10}{b:<14}{c}\n" for a, b, c in ROWS), name="a.txt"),
    "old mac line ends": text("\r".join(",".join(row) for row in ROWS)),
    "numbers as formulas": text('企业名称,经度,纬度\n甲厂,="113.0375",="23.685278"\n乙厂,="113.05","=""23.69"""\n'),
    "apostrophes": text("企业名称,经度,纬度\n甲厂,'113.0375,'23.685278\n乙厂,'113.05,'23.69\n"),
    "chinese full stops": text("企业名称,经度,纬度\n甲厂,113。0375,23。685278\n乙厂,113．05,23．69\n"),
    "full width": text("企业名称,经度,纬度\n甲厂,１１３．０３７５,２３．６８５２７８\n乙厂,113.05,23.69\n"),
    "degrees minutes seconds": text(DMS),
    "one cell": text("企业名称,经纬度\n甲厂,E113.0375 N23.685278\n乙厂,北纬23.69、东经113.05\n"),
    "titles and foot": text(
        "某市企业名单,,\n填表日期：2024年,,\n企业名称,经度,纬度\n甲厂,113.0375,23.685278\n乙厂,113.05,23.69\n合计,2家,\n注：无,,\n"
    ),
    "full-width semicolons": text(
        "序号；企业名称；经度；纬度；备注\n1；甲厂；113.0375；23.685278；含铬，镍；\n"
        "2；乙厂；113.05；23.69；\n",
        encoding="gbk",
    ),
    "units below the names": text(
        "企业名称,经度,纬度,年产量,镉排放量\n,度,度,吨/年,kg/a\n甲厂,113.0375,23.685278,1,0.2\n乙厂,113.05,23.69,2,0\n"
    ),
    "pages with their header": text(
        "企业名称,经度,纬度\n甲厂,113.0375,23.685278\n第1页，共2页,,\n"
        "企业名称,经度,纬度\n乙厂,113.05,23.69\n第 2 页,,\n"
    ),
    "names in two languages": text([["company", "longitude", "latitude"], *ROWS]),
    "workbook": book([[*row] for row in ROWS]),
    "printed form": book(
        [
            ["附件1", *[None] * 6],
            ["涉镉等重金属重点行业企业排查清单", *[None] * 6],
            ["序号", "企业基本情况", None, "地理位置", None, "排放量（kg/a）", "备注"],
            [None, "企业名称（盖章）", "行业类别（代码）", "东经（°）", "北纬（°）", "废气镉（kg）", None],
            ["1", "甲厂", "电镀（3360）", *HERE, 0.5, None],
            [None, "小计", "1家", None, None, 0.5, None],
            ["2", "乙厂", "铅锌冶炼（3212）", "113.05°E", "23.69°N", "—", "停产"],
            ["合计", None, "2家", None, None, None, None],
            ["审核人：张三", None, "填表人：李四", None, None, None, None],
        ],
        merges=("A1:G1", "A2:G2", "A3:A4", "B3:C3", "D3:E3", "G3:G4"),
    ),
    "numbers in a workbook": book([["企业名称", "经度", "纬度"], ["甲厂", *HERE], ["乙厂", *THERE]]),
    "merged header": book(
        [["企业名称", "地理坐标", None], [None, "经度", "纬度"], ["甲厂", *HERE], ["乙厂", *THERE]],
        merges=("A1:A2", "B1:C1"),
    ),
    "names over two lines": book([["企业\n名称", "经度\n（°）", "纬度\n（°）"], ["甲厂", *HERE], ["乙厂", *THERE]]),
    "taken for times": book(
        [
            ["企业名称", "经度", "纬度"],
            ["甲厂", timedelta(hours=113, minutes=2, seconds=15), timedelta(hours=23, minutes=41, seconds=7)],
            ["乙厂", timedelta(hours=113, minutes=3), timedelta(hours=23, minutes=41, seconds=24)],
        ],
        hours="B2:C3",
    ),
    "text on the first sheet": book([["填表说明"], ["请逐行填写"]], [[*row] for row in ROWS]),
    "columns and rows left free": book([[], *([None, None, *row] for row in ROWS)]),
    "old workbook": old_book("a.xls"),
    "wps table": old_book("a.et"),
    "web page named xls": text(WEB_BOOK, name="a.xls", encoding="gbk"),
    "xml named xls": text(XML_BOOK, name="a.xls"),
    "xml with comments": text(XML_BOOK.replace("</Data></Cell>", f"</Data>{XML_COMMENT}</Cell>"), name="a.xls"),
    "web page with lines in cells": text(
        '<table><tr><th><p>企业</p>名称</th><th colspan="1px">坐标</th></tr><tr><td rowspan="?">甲厂</td>'
        "<td>113.0375<br>23.685278</td></tr><tr><td>乙厂</td><td><div>113.05</div><div>23.69</div></td></tr></table>",
        name="a.xls",
    ),
    "zip of a list": zipped(text(ROWS)),
    "zip with what an open workbook leaves": zipped(text(ROWS), extra="~$"),
    "shapefile": shapes("名单.shp"),
    "shapefile in gbk without cpg": shapes("名单.shp", encoding="GB18030"),
    "cpg in words of windows": shapes("名单.shp", encoding="GB18030", cpg="ANSI 936"),
    "cpg that says the wrong thing": shapes("名单.shp", encoding="GB18030", cpg="UTF-8"),
    "cpg OEM": shapes("名单.shp", encoding="GB18030", cpg="OEM"),
    "zip of a mac": zipped(shapes("名单.shp"), extra="__MACOSX/._"),
    "geopackage": shapes("a.gpkg"),
    "zip of a geodatabase": zipped(shapes("a.gdb")),
    "geoparquet": parquet,
    "geojson": geojson(),
    "geojson of 2008": geojson(
        {"type": "EPSG", "properties": {"code": 4526}}, (TO_GRID.transform(*HERE), TO_GRID.transform(*THERE))
    ),
    "esri json": text(json.dumps(ESRI), name="a.json"),
    "topojson": text(json.dumps(TOPO), name="a.json"),
    "gml": shapes("a.gml"),
    "shapefile in a folder with signs": within("1!a;b", shapes("名单.shp", encoding="GB18030")),
    "kml": kml(MARKS),
    "kml in utf-16": kml(MARKS, encoding="utf-16"),
    "kml in gbk": kml(MARKS, encoding="GBK"),
    "kml with an empty folder": kml(f"<Folder><name>我的收藏</name></Folder><Folder><name>企业</name>{MARKS}</Folder>"),
}  # fmt: skip
AREAS: dict[str, Maker] = {
    "survey text": text(SURVEY, name="a.txt", encoding="gbk"),
    "table of corners": text(CORNER_ROWS),
    "table of corners, name once": text([*CORNER_ROWS[:2], *(["", "", *row[2:]] for row in CORNER_ROWS[2:])]),
    "closed line in kml": kml(
        f"<Placemark><name>甲块</name><LineString><coordinates>{RING}</coordinates></LineString></Placemark>"
    ),
}  # fmt: skip


def load(path: Path, **said: str) -> tuple[Positions, Ledger]:
    return load_positions(
        path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=ReadOptions(**said)  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("name", POINTS)
def test_two_plants_of_any_file_stand_where_they_are(name: str, tmp_path: Path) -> None:
    positions, _ = load(POINTS[name](tmp_path))
    table = positions.table
    assert table["name"].to_pylist() == ["甲厂", "乙厂"]
    assert table["status"].to_pylist() == ["assessed", "assessed"], table["note"].to_pylist()
    found = np.column_stack([table["lon"].to_pylist(), table["lat"].to_pylist()])
    assert np.abs(found - [HERE, THERE]).max() < CLOSE_DEG


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("企业名称,经度,纬度,,企业名称,经度,纬度\n甲厂,113.0375,23.685278,,乙厂,113.05,23.69\n",
         "几张表左右并排，列名成组重复（现为「企业名称#2、经度#2、纬度#2」）.*移到左边一组下面"),
        ("企业编号,企业名称,县,企业编号,企业名称,县\n1,甲厂,佛冈县,4,丁厂,英德市\n",
         "几张表左右并排，列名成组重复（现为「企业编号#2、企业名称#2、县#2」）"),
        ("企业编号,地址,企业编号,地址\n1,甲镇,2,乙镇\n3,丙镇,4,丁镇\n", "几张表左右并排"),
        ("企业名称,经度,纬度,企业名称,经度,纬度\n甲厂,113.0375,23.685278,丁厂,113.0375,23.685278\n", "几张表左右并排"),
        ("企业名称,甲厂,乙厂\n经度,113.0375,113.05\n纬度,23.685278,23.69\n",
         "列名排在一列里，不在首行（现为「企业名称」）.*转置"),
    ],
)  # fmt: skip
def test_tables_that_lie_otherwise_say_so(body: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        load(text(body)(tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        "企业编号,企业名称,经度,纬度,是否涉镉\n单位,无量纲,°,°,无量纲\nA1,甲厂,113.0375,23.685278,是\n",
        "企业编号,企业名称,经度,纬度,职工\n序号,单位,°,°,人\nA1,甲厂,113.0375,23.685278,9\n",
        "说明：企业编号；企业名称；经度；纬度均须填写\n企业编号,企业名称,经度,纬度\nA1,甲厂,113.0375,23.685278\n",
        "必填项：企业名称；经度；纬度\n企业编号,企业名称,经度,纬度\nA1,甲厂,113.0375,23.685278\n",
        "企业编号；企业名称；经度；纬度\nA1；甲厂；113.0375；23.685278\n",
        "企业编号,企业名称,经度,纬度,企业名称\nA1,甲厂,113.0375,23.685278,铅锭\n",
    ],
)
def test_rows_about_the_columns_take_no_name_and_part_no_other_row(body: str, tmp_path: Path) -> None:
    positions, _ = load(text(body)(tmp_path))
    row = positions.table.slice(0, 1).to_pylist()[0]
    assert (row["source_id"], row["name"], row["status"]) == ("A1", "甲厂", "assessed")
    assert (round(row["lon"], 6), round(row["lat"], 6)) == (113.0375, 23.685278)


def test_what_a_table_repeats_is_told(tmp_path: Path) -> None:
    _, ledger = load(POINTS["pages with their header"](tmp_path))
    told = {one.event: one.reason for one in ledger.entries}
    assert (told["页码行"], told["重复的表头行"]) == ("表中第 3、6 行，2 个页码行", "表中第 4 行，1 个重复的表头行")


def test_a_trade_that_stands_for_its_code_contradicts_nothing(tmp_path: Path) -> None:
    rows = [
        ["企业名称", "行业类别", "经度", "纬度"],
        ["甲厂", "铅锌冶炼", *map(str, HERE)],
        ["乙厂", "铜冶炼", *map(str, THERE)],
    ]
    positions, ledger = load(text(rows)(tmp_path))
    assert positions.table["note"].to_pylist() == ["", ""]
    assert "行业名称与代码不符" not in {one.event for one in ledger.entries}


def test_units_below_the_names_are_those_of_the_columns(tmp_path: Path) -> None:
    positions, _ = load(POINTS["units below the names"](tmp_path))
    assert positions.attributes.column_names[-2:] == ["年产量(吨/年)", "镉排放量(kg/a)"]


@pytest.mark.parametrize("name", AREAS)
def test_corners_go_round_the_area(name: str, tmp_path: Path) -> None:
    positions, _ = load(AREAS[name](tmp_path))
    assert positions.table["name"].to_pylist() == ["甲块"]
    (made,) = shapely.from_wkb(positions.table["geometry"].to_pylist())
    assert abs(Geod(ellps="GRS80").geometry_area_perimeter(made)[0]) == pytest.approx(BOX_M2, rel=1e-4)
    assert shapely.hausdorff_distance(made, BOX) < CLOSE_DEG


def test_a_drawing_says_no_crs_and_is_read_after_the_line(tmp_path: Path) -> None:
    path = text(DRAWING, name="a.dxf")(tmp_path)
    with pytest.raises(InputError, match="用 crs 声明坐标系"):
        load(path)
    positions, ledger = load(path, crs="EPSG:4526")
    (made,) = shapely.from_wkb(positions.table["geometry"].to_pylist())
    assert shapely.hausdorff_distance(made, BOX) < CLOSE_DEG
    assert positions.table["name"].to_pylist() == ["红线"]
    assert "按面读取，其余 1 个图形未读" in {entry.action for entry in ledger.entries}


@pytest.mark.parametrize(("body", "name"), [(SURVEY, "a.txt"), (CORNER_ROWS, "a.csv")])
def test_outlines_are_told_as_areas_of_projects(body: str | list[list[str]], name: str, tmp_path: Path) -> None:
    rows = dict(check_layer(text(body, name=name)(tmp_path)).tables[0].rows)
    assert (rows["是什么"], rows["几何"]) == ("建设项目（project_sites）", "面 1")


def test_a_gml_leads_nowhere(tmp_path: Path) -> None:
    path = shapes("a.gml")(tmp_path)
    path.with_suffix(".xsd").unlink()
    before = path.read_text(encoding="utf-8")
    load(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.gml"]
    path.write_text(before.replace("<ogr:Feat", "<!DOCTYPE x [<!ENTITY y 'z'>]><ogr:Feat", 1), encoding="utf-8")
    with pytest.raises(InputError, match="GML 中含有 DOCTYPE"):
        load(path)
    path.write_text("<gpx></gpx>", encoding="utf-8")
    with pytest.raises(InputError, match=r"不是有效的 GML（没有 FeatureCollection 根元素）.*导出为 gpkg"):
        load(path)


def test_a_hole_of_a_survey_is_a_hole_and_what_it_states_is_checked(tmp_path: Path) -> None:
    hole = [TO_GRID.transform(*at) for at in shapely.box(113.052, 23.702, 113.054, 23.704).exterior.coords]
    rings = "".join(f"J{number},2,{north:.4f},{east:.4f}\n" for number, (east, north) in enumerate(hole, start=6))
    positions, ledger = load(text(SURVEY + rings, name="a.txt")(tmp_path))
    (made,) = shapely.from_wkb(positions.table["geometry"].to_pylist())
    assert not made.covers(shapely.Point(113.053, 23.703))
    assert made.covers(shapely.Point(113.051, 23.701))
    told = {entry.event: entry.reason for entry in ledger.entries}
    assert told["界址点数不符"] == "写明 5 点，实有 10 点"
    assert told["面积不符"].startswith("写明 113.0 公顷，界址点围成 ")
    with pytest.raises(InputError, match="带号不明"):
        load(text(SURVEY.replace("带号=38", "带号=39"), name="b.txt")(tmp_path))
    short = SURVEY + "".join(rings.splitlines(keepends=True)[:2])
    with pytest.raises(InputError, match="第 10 行：有一圈界址点不足三个，围不成面（现为「5,113"):
        load(text(short, name="b.txt")(tmp_path))
    with pytest.raises(InputError, match="几度分带与带号不符"):
        load(text(SURVEY.replace("几度分带=3", "几度分带=6"), name="b.txt")(tmp_path))


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ("甲1J1 甲1J2 甲1J4 甲1J3 甲2J1 甲2J2 甲2J4 甲2J3", "点号重复而坐标不同：8 行.*（现为「J1、J2、J4、J3」）"),
        ("甲1J1 1J2 1J4 2J1 2J2 2J4", "点号重复而坐标不同：6 行.*各写名称或编号，同一地块的几圈写圈号"),
        ("甲1J1 甲1J2 甲1J3 甲1J4", "边线相交或重叠：4 行.*（现为「J1、J2、J3、J4」）.*按走向先后排列"),
        ("甲1J1 甲1 甲1J4 甲1J3", "没有点号，不知接在何处：1 行（数据第 2 行）.*写全点号"),
        ("甲1J1 甲1J2 甲1J4 甲1 甲1J1 甲1J3", "没有点号，不知接在何处：1 行（数据第 4 行）"),
        ("甲1J1 甲1J2 甲1J4 乙2J1", "不足三个，围不成面：1 行（数据第 4 行）（现为「1 个不同的点」）"),
        ("甲1J1圈1 甲1J2圈1 甲1J4圈1 甲2J5圈2 甲2J6圈2 甲2J6圈2", "围不成面：3 行.*（现为「2 个不同的点」）"),
    ],
)
def test_corners_that_go_round_nothing_are_refused_with_their_rows(corners: str, words: str, tmp_path: Path) -> None:
    # 甲1J3: owner, which square, number of the point; J1 to J4 read row by row, so that J1 J2 J3 J4 is an hourglass
    at = {"J1": (0, 0), "J2": (1, 0), "J3": (0, 1), "J4": (1, 1), "": (1, 0), "J5": (0, 0), "J6": (1, 0)}
    rows = ["地块名称,圈号,界址点号,经度,纬度"]
    for one in corners.split():
        owner, square, number, ring = re.fullmatch(r"(\D?)(\d)(J\d|)(?:圈(\d))?", one).groups()  # type: ignore[union-attr]
        east, north = at[number]
        rows.append(f"{owner},{ring or ''},{number},{113 + int(square) / 20 + east / 100},{23.6 + north / 100}")
    with pytest.raises(InputError, match=words):
        load(text("\n".join(rows))(tmp_path))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("点号", "界址点没有写明属于哪个地块.*列名写「界址点号」"),
        ("企业名称,点号", "连续 3 行像是同一地块的界址点，也可能各是一处.*列名写「监测点编号」之类"),
    ],
)
def test_points_that_may_be_corners_or_samples_are_a_question(header: str, words: str, tmp_path: Path) -> None:
    owner = "甲厂," if "," in header else ""
    rows = "".join(f"{owner}{number},113.0{number},23.6{number}\n" for number in (1, 2, 3))
    with pytest.raises(InputError, match=words):
        load(text(f"{header},经度,纬度\n{rows}")(tmp_path))


def test_a_county_merged_over_rows_is_every_row_s(tmp_path: Path) -> None:
    rows = [
        ["县区", "企业名称", "经度", "纬度"],
        ["清城区", "甲厂", *HERE],
        [None, "乙厂", *THERE],
        ["清新区", "丙厂", *THERE],
    ]
    positions, ledger = load(book(rows, merges=("A2:A3",))(tmp_path))
    assert positions.table["county"].to_pylist() == ["清城区", "清城区", "清新区"]
    assert "合并单元格" in {entry.event for entry in ledger.entries}


def test_an_xml_book_s_merged_cells_and_its_broken_places(tmp_path: Path) -> None:
    rows = [["县区", *ROWS[0]], ["清城区", *ROWS[1]], ["", *ROWS[2]]]
    cells = [[f"<Cell><Data>{cell}</Data></Cell>" for cell in row] for row in rows]
    cells[1][0] = cells[1][0].replace("<Cell>", '<Cell ss:MergeDown="1">')
    cells[2] = [cells[2][1].replace("<Cell>", '<Cell ss:Index="2">'), *cells[2][2:]]
    head, _, _ = XML_BOOK.partition("<Row>")
    lines = "".join("<Row>" + "".join(row) + "</Row>" for row in cells)
    body = f"{head}{lines}</Table></Worksheet></Workbook>"
    positions, _ = load(text(body, name="a.xls")(tmp_path))
    assert positions.table["county"].to_pylist() == ["清城区", "清城区"]
    assert positions.table["lon"].to_pylist() == [HERE[0], THERE[0]]
    for wrong in ("二", "-1"):
        with pytest.raises(InputError, match="不是有效的 xlsx 或 xls 工作簿"):
            load(text(body.replace('ss:Index="2"', f'ss:Index="{wrong}"'), name="a.xls")(tmp_path))


def test_a_kmz_of_two_kml_with_placemarks_is_refused_in_words(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        for name, at in (("doc.kml", HERE), ("files/more.kml", THERE)):
            archive.write(kml(mark("甲厂", at), name=name.rpartition("/")[2])(tmp_path), name)
    with pytest.raises(
        InputError, match=r"几个含地标的 kml，只能读一个（现为「doc.kml、files/more.kml」）.*解压后分别指定"
    ):
        load(tmp_path / "a.kmz")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("企业名称,甲,乙\n甲厂,113.0501,23.6001\n乙厂,待定,待定", "lon=甲,lat=乙"),
        ("企业名称,甲\n甲厂,113.05 23.60", "lonlat=甲"),
        ("企业名称,甲\n甲厂,23.60，113.05\n乙厂,待测", "lonlat=甲"),
        ("企业名称,甲_度,甲_分,甲_秒,乙_度,乙_分,乙_秒\n甲厂,113,2,3,23,4,5\n乙厂,无,无,无,,,", "lon=甲_度+甲_分"),
    ],
)  # fmt: skip
def test_a_junk_cell_among_coordinates_under_odd_names_doesn_t_hide_them(body: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"的数值像经纬度：写 --columns {re.escape(line)}"):
        load(text(body)(tmp_path))


def test_ids_of_nineteen_digits_and_names_of_ten_bytes_are_whole(tmp_path: Path) -> None:
    box = np.array([shapely.to_wkb(BOX)], object)
    path = tmp_path / "耕地.shp"
    fields = [np.array(["严格管控类"], object), np.array(["4418020010000000011"], object)]
    pyogrio.raw.write(
        path, box, fields, ["土壤环境质", "BSM"], geometry_type="Polygon", crs="EPSG:4490", encoding="GBK"
    )
    data = bytearray(path.with_suffix(".dbf").read_bytes())
    data[32 + 32 + 11] = ord("N")  # the field's type
    path.with_suffix(".dbf").write_bytes(data)
    layer, _ = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    row = layer.read().to_pylist()[0]
    assert (row["receptor_id"], row["class"]) == ("4418020010000000011", "严格管控类")
