"""表1 排查清单, the forms for the visit, list templates and new projects."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyogrio
import pypdfium2
import pytest
import shapely
from msgspec.structs import replace
from pyproj import Geod
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from hmgeo.errors import OutputError, ProjectError
from hmgeo.geo.datum import gcj02_to_wgs84
from hmgeo.outputs.figure.paper import path_of
from hmgeo.outputs.figure.scene import view
from hmgeo.outputs.sheets import cards, survey
from hmgeo.outputs.sheets.cards import write_cards
from hmgeo.outputs.sheets.screening import write_workbook
from hmgeo.outputs.sheets.survey import (
    CLOSURE_COLUMNS,
    RECTIFICATION_COLUMNS,
    closure_sheet,
    headers,
    rectification_sheet,
    survey_sheet,
    write_field_kmz,
    write_survey_list,
)
from hmgeo.outputs.sheets.survey import headers_of as list_headers
from hmgeo.outputs.templates import write_templates
from hmgeo.project.check import check_project
from hmgeo.project.run import project_results
from hmgeo.project.start import init_project
from hmgeo.reference.tables import bare_header, find_header, templates
from hmgeo.results.results import Presentation, Results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AS_KEPT = (
    "序号、企业编号、名称、统一社会信用代码、县、乡镇、经度、纬度、行业、涉镉情况、生产状态、列入依据(条款)、所在排查重点区域、"
    "距最近耕地(m)、最近图斑号、严格管控类耕地面积(亩)、安全利用类耕地面积(亩)、大气途径、灌溉途径、固废径流途径、"
    "核查分组、位置可靠性、跨界情况、未评估事项、数据来源、建议核查重点"
)
GEOD = Geod(a=6378137, rf=298.257222101)
DAY = dt.date(2019, 6, 30)


@pytest.fixture(scope="module")
def results(shipped_results: Callable[[str], Results]) -> Results:
    return shipped_results("qingcheng")


def test_the_list_has_the_columns_that_offices_keep() -> None:
    assert "、".join(headers()) == AS_KEPT


def test_the_list_holds_who_meets_the_condition_and_who_could_not_be_judged_in_the_order_of_visits(
    results: Results,
) -> None:
    sources = {row["source_id"]: row for row in results.sources.to_pylist()}
    listed = [str(row[1]) for row in survey_sheet(results, 30).rows]
    assert [sources[one]["list_number"] for one in listed] == list(range(1, len(listed) + 1))
    on_list = {one for one, row in sources.items() if row["verdict"] in {"listed", "not_assessed"}}
    assert set(listed) == on_list == {one for one, row in sources.items() if row["visit_group"]}
    groups = [sources[one]["visit_group"] for one in listed]
    assert groups == sorted(groups, key="甲丁乙丙".index)  # 丁 goes along with 甲
    order, remark = survey_sheet(results, 30).remarks[:2]
    assert order.startswith("现场核查先后（建议）：只排现场核查的先后，不表示污染程度，不认定责任。")
    assert order.endswith("次序由示例于2026-11-21选定，理由：示例：先看途径和受体都有资料依据的，资料缺的同时补。")
    assert f"输入 60 行，本清单 {len(listed)} 行" in remark
    assert "未评估者不得视为不需排查" in remark


def test_a_source_without_coordinates_shows_a_range_and_no_point(results: Results) -> None:
    row = next(row for row in survey_sheet(results, 30).rows if row[1] == "示例QC-005")
    assert (row[6], row[7]) == (None, None)
    assert str(row[13]).startswith("0 至 ")
    assert row[21] == "仅知位于石角镇，无坐标；距离为范围"
    assert str(row[25]).startswith("坐标；是否涉镉")


def _beside(form: Any, label: str) -> str:  # noqa: ANN401 -- a sheet of openpyxl
    return next(str(row[1].value) for row in form.iter_rows() if row[0].value == label)


def test_forms_come_one_a_source_up_to_the_cap_and_print_on_one_page(results: Results, tmp_path: Path) -> None:
    write_survey_list(results, Presentation(field_forms=2), tmp_path / "list.xlsx")
    book = openpyxl.load_workbook(tmp_path / "list.xlsx")
    lists = ["表1 排查清单", "表2 整治清单", "表3 销号台账", "隐患问题清单", "调查表所问"]
    assert book.sheetnames == [*lists, "核查表-001", "核查表-002"]
    hazards = [[cell.value for cell in row] for row in book["隐患问题清单"].iter_rows()]
    assert "技术指南未收录，非评估等级" in hazards[3]
    row = next(one for one in hazards if one[0] == 1)
    assert row[3].startswith("涉镉：")
    assert "未填" in row[3]
    assert {*row[6:]} == {None}  # what people decide
    asked = [[cell.value for cell in row] for row in book["调查表所问"].iter_rows()]
    parcels = [one for one in asked if one[4] in {"有", None} and isinstance(one[6], float)]
    assert len(parcels) == 2
    assert all(one[4] == "有" and one[6] < 2000 and not str(one[2]).isdigit() for one in parcels)
    ponds = {one[0]: (one[1], one[5]) for one in asked if str(one[0]).startswith("示例尾矿库")}
    assert ponds["示例尾矿库01"] == ("有", None)
    assert ponds["示例尾矿库02"] == (None, "「居民点和重要设施」未申明完整，结果为下限。")
    form = book["核查表-001"]
    assert (form.page_setup.paperSize, form.page_setup.orientation) == (9, "portrait")
    assert form.sheet_properties.pageSetUpPr.fitToPage  # on 1 by 1 page, the default
    first = next(row["source_id"] for row in results.sources.to_pylist() if row["list_number"] == 1)
    texts = {cell.value for row in form.iter_rows() for cell in row if cell.value}
    assert "涉镉等重金属污染源现场核查表" in texts
    near = next(row for row in _listed(results) if row["list_number"] == 1)
    assert f"{near['nearest_farmland_m']:,.1f}" in texts
    assert {"污染途径认定", "核查意见", "监测采样", first} <= texts
    lon, lat = gcj02_to_wgs84(*map(float, re.match(r"(\S+), (\S+)（GCJ-02 近似", _beside(form, "导航坐标")).groups()))
    assert (float(lon), float(lat)) == pytest.approx((near["lon"], near["lat"]), abs=1e-5)
    top = [cell.value for row in book["表1 排查清单"].iter_rows(max_row=6) for cell in row if cell.value]
    assert any("核查表附前 2 家" in text for text in top)


def test_the_list_is_the_same_bytes_twice(results: Results, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_survey_list(results, Presentation(field_forms=1), tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_workbook_sums_up_by_radius_group_and_township(results: Results, tmp_path: Path) -> None:
    write_workbook(results, Presentation(), tmp_path / "screening.xlsx")
    book = openpyxl.load_workbook(tmp_path / "screening.xlsx", read_only=True)
    assert book.sheetnames == [
        "目录", "核查先后", "汇总", "各源结果", "依据", "未评估与缺口", "按乡镇", "处理台账", "说明",
    ]  # fmt: skip
    rows = list(book["汇总"].iter_rows(values_only=True))
    assert [row[0] for row in rows if str(row[0]).endswith(" km")] == ["1 km", "2 km", "3 km", "5 km", "8 km", "10 km"]
    assert [sum(row[1:5]) for row in rows if str(row[0]).endswith(" km")] == [60] * 6
    (title,) = [at for at, row in enumerate(rows) if row[0] == "核查分组和距离档（家）"]
    groups = [[cell for cell in row if cell is not None] for row in rows[title + 2 : title + 6]]
    counted = Counter(row["visit_group"] for row in results.sources.to_pylist())
    assert [(row[0][0], row[-1]) for row in groups] == [(word, counted[word]) for word in "甲丁乙丙"]
    assert all(sum(row[1:-1]) == row[-1] for row in groups)
    (land,) = [
        at for at, row in enumerate(rows) if str(row[0]).startswith("各半径内有污染源的耕地(亩)，同一块只计一次；≥")
    ]
    assert rows[land + 1][:7] == ("类别", "1 km", "2 km", "3 km", "5 km", "8 km", "10 km")
    told = {row[0]: row[1:7] for row in rows[land + 2 : land + 10]}
    lands = ["水田", "水浇地", "旱地"]
    assert list(told) == ["合计", "优先保护类", "安全利用类", "严格管控类", "未划分", *lands]
    reached = [row for row in results.receptors.to_pylist() if row["source_count"]]
    for word in told:
        ours = [row["area_ha"] for row in reached if word in {"合计", row["class"], row["land_class"]}]
        assert told[word][-1] == pytest.approx(sum(ours) * 15)
    assert [sum(told[word][at] for word in lands) for at in range(6)] == pytest.approx(told["合计"])
    towns = [row for row in book["按乡镇"].iter_rows(values_only=True) if row[1] == "清城区"]
    named = sorted(int(one) for row in towns for one in str(row[16] or "").split("、") if one)
    assert named == [row["list_number"] for row in _listed(results) if row["township"]]


def _listed(results: Results) -> list[dict[str, Any]]:
    rows = [row for row in results.sources.to_pylist() if row["list_number"] is not None]
    return sorted(rows, key=lambda row: row["list_number"])


def test_at_least_fifteen_enterprises_stand_on_the_first_a3_page(results: Results, tmp_path: Path) -> None:
    """By the heights of rows and the scale that fits the width; LibreOffice puts twenty there."""
    write_survey_list(results, Presentation(field_forms=1), tmp_path / "list.xlsx")
    page = openpyxl.load_workbook(tmp_path / "list.xlsx")["表1 排查清单"]
    assert (page.page_setup.paperSize, page.page_setup.orientation) == (8, "landscape")
    width_pt = sum(column.width * 7 + 5 for column in page.column_dimensions.values()) * 0.75
    room_pt = (297 / 25.4 - 1.2) * 72 / min((420 / 25.4 - 0.6) * 72 / width_pt, 1.0)
    heights = [page.row_dimensions[row].height for row in range(1, page.max_row + 1)]
    first = next(cell.row for cell in page["A"] if cell.value == 1)
    fits = next(count for count in range(len(heights)) if sum(heights[: first + count]) > room_pt)
    assert fits >= 15


def test_every_template_has_headers_allowed_values_and_an_example(tmp_path: Path) -> None:
    written = write_templates(tmp_path)
    assert len(written) == 15
    book = openpyxl.load_workbook(tmp_path / "企业清单.xlsx")
    assert book.sheetnames == ["企业清单", "排放口"]
    head, allowed, example = (list(row) for row in book["企业清单"].iter_rows(max_row=3, values_only=True))
    assert head[:4] == ["企业编号*", "企业名称*", "曾用名", "统一社会信用代码*"]
    assert allowed[head.index("生产状态*")] == "在产/停产/关闭/搬迁/在建/历史遗留"
    assert example[head.index("是否涉镉*")] == "行业推定"
    assert [one.name for one in templates()["排放口"]][:3] == ["企业编号", "排放口编号", "类型"]


def test_headers_are_found_under_other_names_and_with_units() -> None:
    assert bare_header("废气镉（kg/a）*") == "废气镉"
    assert find_header(["企业名称", "废气镉(kg/a)"], "废气镉") == "废气镉(kg/a)"
    assert find_header(["企业名称"], "废气镉") == ""


def test_a_new_project_lists_what_must_be_obtained_from_whom(tmp_path: Path) -> None:
    made = init_project(tmp_path / "p", "GD-QC-LT", DAY)
    assert made.files[:2] == ("project.yml", "需要取得的资料.md")
    needed = (tmp_path / "p" / "需要取得的资料.md").read_text(encoding="utf-8")
    assert "| 耕地 | farmland.gpkg | 自然资源部门 |" in needed
    assert "key_areas: [GD-QC-LT]" in (tmp_path / "p" / "project.yml").read_text(encoding="utf-8")


def test_a_filled_template_is_read_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    init_project(folder, "441802", DAY)
    file = folder / "templates" / "企业清单.xlsx"
    book = openpyxl.load_workbook(file)
    page = book["企业清单"]
    head = [str(cell.value).rstrip("*") for cell in page[1]]
    for name, value in {
        "企业编号": "A1", "企业名称": "甲厂", "县(市、区)": "清城区", "生产经营场所地址": "龙塘镇某路",
        "是否涉镉": "已认定",
    }.items():  # fmt: skip
        page.cell(4, head.index(name) + 1, value)
    book.save(file)
    assert check_project(folder).is_usable
    rows = project_results(folder, page=False).sources.to_pylist()
    assert [(row["source_id"], row["position_kind"], row["township"]) for row in rows] == [("A1", "place", "龙塘镇")]
    assert (rows[0]["cadmium"], rows[0]["key_area_towns"]) == ("已认定", "是")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="输出文件夹里有别的内容，未作改动"):
        init_project(tmp_path, "441802", DAY)
    with pytest.raises(ProjectError, match="没有这个区域"):
        init_project(tmp_path / "p", "清城", DAY)


def test_the_lists_that_people_fill_in_have_the_columns_that_offices_keep() -> None:
    assert "、".join(column.header for column in RECTIFICATION_COLUMNS) == (
        "核查日期、核查人、监测结果及报告编号、存在问题*、污染途径认定*、整治措施*、整治类型、责任单位*、责任人*、监管单位*、"
        "计划完成时限*、投资(万元)、一企一策文号"
    )
    assert "、".join(list_headers(CLOSURE_COLUMNS)) == (
        "进展(月)、完成日期、验收单位、验收文号、市级复核、省级抽查、销号日期、销号文号、佐证材料、逾期原因"
    )


def test_the_tool_fills_in_nothing_that_people_decide() -> None:
    rows = [{"source_id": "A", "name": "甲厂"}, {"source_id": "B", "name": "乙厂"}]
    for sheet in (rectification_sheet(rows), closure_sheet(rows)):
        assert [row[:3] for row in sheet.rows] == [(1, "A", "甲厂"), (2, "B", "乙厂")]
        assert {cell for row in sheet.rows for cell in row[3:]} == {None}


def test_cards_print_as_one_job_with_a_bookmark_each_and_a_sketch_to_scale(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    at: dict[tuple[float, ...], list[float]] = {}
    set_text, place = cards._Card.text, cards._Card._xy

    def keep_text(card: Any, x: float, y: float, text: str, size_pt: float, **how: Any) -> None:  # noqa: ANN401
        told.append(text)
        set_text(card, x, y, text, size_pt, **how)

    def keep_place(card: Any, seen: Any, lon_lat: Any) -> Any:  # noqa: ANN401
        found = place(card, seen, lon_lat)
        at.update(zip(map(tuple, lon_lat), found.tolist(), strict=True))
        return found

    write_cards(results, Presentation(field_forms=3), tmp_path / "b.pdf")
    monkeypatch.setattr(cards._Card, "text", keep_text)
    monkeypatch.setattr(cards._Card, "_xy", keep_place)
    write_cards(results, Presentation(field_forms=3), tmp_path / "a.pdf")
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert pdf == (tmp_path / "b.pdf").read_bytes()
    first = sorted(_listed(results), key=lambda row: row["list_number"])[:3]
    plain = re.sub(rb"\\([0-3][0-7]{2})", lambda octal: bytes([int(octal[1], 8)]), pdf)
    titles = [f"{row['list_number']} {row['name']}".encode("utf-16-be") for row in first]
    assert [plain.count(title) for title in titles] == [1, 1, 1]
    assert pdf.count(b"/MediaBox") == 6  # a sheet a source: overleaf is the form
    assert {"1", "2", "3", "500 m　1:25 000", "1 km 圆", "优先保护类", "北"} <= {*told}
    assert sum("GCJ-02 近似，只供手机地图导航" in text for text in told) == 3
    assert any("核实是否涉镉" in text for text in told)
    assert any(text.startswith("卡片附前 3 家，其余") for text in told)
    here = (first[0]["lon"], first[0]["lat"])
    on_ring = [one for one in at if GEOD.inv(*here, *one)[2] == pytest.approx(1000, abs=0.5)]
    north = max(on_ring, key=lambda one: one[1])
    assert (at[north][1] - at[here][1]) * 25.4 / 72 == pytest.approx(1000 / 25, rel=1e-3)  # at 1:25 000


@pytest.mark.parametrize("lat", [18.0, 24.0, 50.0])
def test_a_sketch_is_cut_outside_its_frame_and_names_what_the_frame_shows(
    results: Results, lat: float, tmp_path: Path
) -> None:
    frame, hair = cards._FRAME, cards._HAIR_MM
    seen = view([[lat - 0.009, 109.99], [lat + 0.009, 110.01]], frame)
    box, shown = cards._extent(seen, frame, lat, hair), cards._extent(seen, frame, lat)
    card = cards._Card(Canvas(str(tmp_path / "a.pdf")), results, Presentation())
    corners = card._xy(seen, [box.bounds[:2], box.bounds[2:]]) * 25.4 / 72
    left, top = frame.left - hair, 297 - frame.top + hair
    right, foot = frame.left + frame.width + hair, 297 - frame.top - frame.height - hair
    assert corners.ravel().tolist() == pytest.approx([left, foot, right, top], abs=1e-6)
    west, south, east, north = box.bounds
    shapes = np.array([
        shapely.box(west - 1, south - 1, east + 1, north + 1),
        shapely.box(east, south, east + 1, north),  # touches what is drawn
        shapely.box(west, shown.bounds[3] + 1e-6, east, north),  # drawn, beyond the frame
    ])  # fmt: skip
    words = ["优先保护类", "安全利用类", "严格管控类"]
    receptors = {"receptor_id": ["a", "b", "c"], "receptor_kind": ["farmland"] * 3, "class": words}
    table = pa.table(receptors | {"geometry": shapely.to_wkb(shapes)})
    land = cards._Land(replace(results, receptors=table))
    assert card._parcels(seen, (box, shown), land, "c") == ["优先保护类"]


def test_a_neighbour_covers_the_number_of_the_one_it_lies_on(results: Results, tmp_path: Path) -> None:
    cards.register_font()
    here, below, above = (113.0, 24.0, "1"), (113.004, 24.0, "4"), (113.0042, 24.0, "5")
    seen = view([[23.991, 112.99], [24.009, 113.01]], cards._FRAME)
    file, land = cards.UndatedCanvas(str(tmp_path / "a.pdf"), pagesize=(210 * mm, 297 * mm)), cards._Land(results)
    card = cards._Card(file, results, Presentation())
    card.draw_shared()
    for land.sources in ([here, above], [here, below, above]):
        row = {"lon": 113.0, "lat": 24.0, "list_number": 1}
        card._sources(seen, row, cards._extent(seen, cards._FRAME, 24.0), land)
        file.showPage()
    file.save()
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as made:
        alone, both = (page.render(scale=200 / 72).to_numpy().min(axis=2) for page in made)
    ((x, y),) = card._xy(seen, [above[:2]]) * 200 / 72
    rows, columns = np.indices(alone.shape)
    is_within = np.hypot(columns - x, rows - (len(alone) - y)) < 1.7 * 200 / 25.4
    assert (alone[is_within] < 128).any()  # the number itself
    assert (alone[is_within] == both[is_within]).all()
    assert (alone != both).any()


def test_a_sketchs_corners_lie_on_tenths_of_a_point_and_fall_together_where_print_cannot_part_them() -> None:
    ring = shapely.LinearRing([(0, 0), (1, 0), (1.01, 0.01), (1, 1)])
    line = shapely.LineString([(2, 2), (3, 2.04)])
    dot = shapely.LinearRing([(5, 5), (5.01, 5), (5, 5.01)])
    drawn = path_of(np.array([ring, line, dot]), 10)
    assert drawn == "0 0 m 10 0 l 10 10 l h\n20 20 m 30 20 l 50 50 m h\n"


def test_the_list_opens_in_a_phones_map_under_its_numbers(results: Results, tmp_path: Path) -> None:
    write_field_kmz(results, tmp_path / "a.kmz")
    write_field_kmz(results, tmp_path / "b.kmz")
    assert (tmp_path / "a.kmz").read_bytes() == (tmp_path / "b.kmz").read_bytes()
    layers = [str(name) for name in pyogrio.list_layers(tmp_path / "a.kmz")[:, 0]]
    assert [name[0] for name in layers] == ["甲", "丁"]
    found = {}
    for name in layers:
        meta, _, shapes, fields = pyogrio.raw.read(tmp_path / "a.kmz", layer=name)
        names = fields[list(meta["fields"]).index("Name")]
        found |= {text.split(" ")[0]: shapely.from_wkb(shape) for text, shape in zip(names, shapes, strict=True)}
    listed = [row for row in _listed(results) if row["lon"] is not None]
    assert set(found) == {str(row["list_number"]) for row in listed}
    for row in listed:
        at = found[str(row["list_number"])]
        assert (at.x, at.y) == pytest.approx((row["lon"], row["lat"]), abs=1e-6)


@pytest.mark.parametrize(
    ("way", "cell", "told"),
    [
        ("地块 41 块。", "", "地块 41 块。"),
        ("地块 41 块。", "示例排渠", "受纳水体：示例排渠；地块 41 块。"),
        ("", "示例排渠", "受纳水体：示例排渠；未测算"),
        ("", "", "受纳水体：未填；未测算"),
    ],
)
def test_a_pathway_ends_with_its_own_full_stop(way: str, cell: str, told: str) -> None:
    evidence = {"water_pathway": way, "water_receiving": cell}
    assert survey._with(evidence, "water_pathway", "receiving_water_is", "water_receiving") == told
