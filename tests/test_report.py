"""The Word report: made from what a run wrote, in the order of visits, from a template that people may edit."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import docx
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from docx.oxml.ns import qn
from msgspec import structs
from small_results import HOSTILE, small_results

from hmgeo.outputs import wording
from hmgeo.outputs.sheets.report import facts, wanted_of, write_letter, write_report, write_template
from hmgeo.project.run_files import new_run, read_told, told_by
from hmgeo.results.columns import VISITS_SCHEMA
from hmgeo.results.results import Presentation, Results
from hmgeo.results.used import VisitOrder
from hmgeo.screening.evidence import visiting
from hmgeo.vocabulary import Unassessed
from hmgeo.words import say, sentences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended


@pytest.fixture(scope="module")
def results() -> Results:
    found = small_results()
    rows = found.sources.to_pylist()
    visiting(rows, [{"visit_group": "丁", "visit_reason": "缺废气重金属排放量。"} for _ in rows], VisitOrder())
    schema = pa.schema([*found.sources.schema, *VISITS_SCHEMA])
    chosen = VisitOrder("group", "某局", "2026-05-01", "先近后远")
    return structs.replace(found, sources=pa.Table.from_pylist(rows, schema), visit_order=chosen)


@pytest.fixture(scope="module")
def page(results: Results, tmp_path_factory: pytest.TempPathFactory) -> docx.document.Document:
    folder = tmp_path_factory.mktemp("report")
    write_report(told_by(results, Presentation(maker="某局"), folder), folder / "report.docx")
    return docx.Document(str(folder / "report.docx"))


def table(page: docx.document.Document, first: str) -> list[list[str]]:
    """Return the rows of the table whose first header this is."""
    found = next(one for one in page.tables if one.rows[0].cells[0].text == first)
    return [[cell.text for cell in row.cells] for row in found.rows]


def test_it_goes_from_the_question_to_the_limits(page: docx.document.Document, results: Results) -> None:
    heads = [one.text for one in page.paragraphs if one.style.name == "Heading 1"]
    assert [one.split("、")[0] for one in heads] == list("一二三四五六七八九")
    text = "\n".join(one.text for one in page.paragraphs)
    assert "输入 8 行：已评估 6；未定位 1；退回补正 1。列入核查先后 6 家：甲 0；丁 6；乙 0；丙 0。" in text
    counted = wording.verdict_header(results.verdict_counts(), results.unassessed_counts())
    assert "未评估 2 条（已量未见、范围未申明 0，缺图层或资料 2，效力未核实" in counted
    assert f"各条款结论：{counted}。" in text
    assert "次序由某局于2026-05-01选定，理由：先近后远。" in text
    assert "本次没有乡镇资料，未分乡镇统计。" in text
    assert wording.DISCLAIMER in text
    assert "制图：某局" in text
    assert "{{" not in text
    assert "{%" not in text


def test_what_is_not_assessed_is_grouped_as_map_and_sheets_do(results: Results, tmp_path: Path) -> None:
    codes = ["county_unknown" if one == "not_assessed" else "" for one in results.findings["verdict"].to_pylist()]
    at = results.findings.schema.get_field_index("reason_codes")
    findings = results.findings.set_column(at, results.findings.schema.field(at), pa.array(codes, pa.string()))
    placed = structs.replace(results, findings=findings)
    counted = placed.unassessed_counts()
    assert counted[Unassessed.PLACE] == 2
    said = facts(told_by(placed, Presentation(), tmp_path))["verdicts"]
    assert said == wording.verdict_header(placed.verdict_counts(), counted)


def test_a_letter_for_each_department_asks_for_its_layers_with_all_points(results: Results, tmp_path: Path) -> None:
    told = told_by(results, Presentation(), tmp_path)
    absent = say("layer_absent", layer="永久基本农田", department="自然资源部门")
    undeclared = say("coverage_undeclared", layer="饮用水水源保护区（一级）")
    judged = {"verdict": "not_assessed", "document": "某条例", "clause": "第十七条", "rule_id": "R-1"}
    findings = [judged | {"source_id": f"QC-00{n}", "note": sentences(absent, say("place_unknown"))} for n in (1, 5)]
    findings += [judged | {"source_id": "QC-002", "rule_id": "R-2", "note": undeclared}]
    findings += [judged | {"source_id": "QC-003", "verdict": "clear", "note": absent}]
    wanted = wanted_of(findings)
    assert {whom: [(one.layer, one.is_absent) for one in held] for whom, held in wanted.items()} == {
        "生态环境部门": [("饮用水水源保护区（一级）", False)],
        "自然资源部门": [("永久基本农田", True)],
    }
    for name in ("a.docx", "b.docx"):
        write_letter(told, "自然资源部门", wanted["自然资源部门"], tmp_path / name)
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
    page = docx.Document(str(tmp_path / "a.docx"))
    text = "\n".join(one.text for one in page.paragraphs)
    assert "自然资源部门：" in text
    assert "2 家的 1 条条款未能判断" in text
    assert wording.DISCLAIMER in text
    assert table(page, "图层")[1] == ["永久基本农田", "图层及其范围、时点、完整性", "《某条例》第十七条", "2"]
    rows = {row[1]: row for row in table(page, "清单序号")[1:]}
    assert (rows.keys(), rows["QC-001"][4:7]) == ({"QC-001", "QC-005"}, ["113.020000", "23.600000", "±0"])
    assert rows["QC-005"][4:] == ["无坐标", "无坐标", "", ""]


def test_the_list_stands_in_the_order_of_visits_with_margins(page: docx.document.Document) -> None:
    rows = table(page, "序号")
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5", "6"]
    assert [row[1] for row in rows[1:3]] == ["示例企业05", "示例企业06"]
    assert HOSTILE in {row[1] for row in rows}
    assert rows[3][3:] == ["丁", "4.8 km", "缺废气重金属排放量。"]
    assert rows[1][4] == "未测算"


def test_without_a_gap_only_clauses_that_were_asked_are_spoken_of(results: Results, tmp_path: Path) -> None:
    judged = results.findings.filter(pc.not_equal(results.findings["verdict"], "not_assessed"))
    write_report(told_by(structs.replace(results, findings=judged), Presentation(), tmp_path), tmp_path / "report.docx")
    text = "\n".join(one.text for one in docx.Document(str(tmp_path / "report.docx")).paragraphs)
    assert "所评的条款中没有未评估的；没有载入的条款没有判断，不得视为符合要求。" in text
    assert "本次只按使用者设定的半径筛查" not in text


def test_clauses_are_quoted_once_with_who_decides(page: docx.document.Document, results: Results) -> None:
    (row,) = table(page, "结论")[1:]
    one = results.findings.to_pylist()[0]
    assert row[:4] == ["符合排查条件", "4", f"《{one['document']}》{one['clause']}", one["quote"]]
    assert row[5] == "生态环境部门会同农业农村等"


def test_a_text_that_nobody_compared_is_not_called_in_force(results: Results, tmp_path: Path) -> None:
    for verified, word in (("效力待核实：未对照", "效力待核实"), ("已核对（公报）", "现行有效")):
        rules = tuple(structs.replace(one, standing="in_force", verified=verified) for one in results.rules)
        rows = [one | {"standing": "in_force"} for one in results.findings.to_pylist()]
        found = structs.replace(results, rules=rules, findings=pa.Table.from_pylist(rows, results.findings.schema))
        write_report(told_by(found, Presentation(), tmp_path), tmp_path / "report.docx")
        page = docx.Document(str(tmp_path / "report.docx"))
        assert [row[4] for row in table(page, "结论")[1:]] == [word]
        assert f"｜{word}。" in "\n".join(one.text for one in page.paragraphs)


def test_no_row_breaks_over_a_page_and_signs_are_chinese_ones(page: docx.document.Document) -> None:
    for one in page.tables:
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in one.rows)
        assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in one.rows[:2]] == [True, False]
    assert page.styles["Normal"].element.rPr.find(qn("w:lang")).get(qn("w:eastAsia")) == "zh-CN"


def test_fonts_of_offices_and_the_number_of_the_page(page: docx.document.Document) -> None:
    fonts = {
        name: page.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) for name in ("Body Text", "Heading 1", "Title")
    }
    assert fonts == {"Body Text": "仿宋", "Heading 1": "黑体", "Title": "黑体"}
    assert "PAGE" in page.sections[0].footer.paragraphs[0]._p.xml


def test_the_same_results_give_the_same_bytes_and_a_template_of_ones_own_is_used(
    results: Results, tmp_path: Path
) -> None:
    told = told_by(results, Presentation(), tmp_path)
    for name in ("a.docx", "b.docx"):
        write_report(told, tmp_path / name)
    assert (tmp_path / "a.docx").read_bytes() == (tmp_path / "b.docx").read_bytes()
    held = io.BytesIO()
    write_template(held)
    own = docx.Document(held)
    own.add_paragraph("我局意见：列入 {{ listed_count }} 家。")
    own.save(str(tmp_path / "own.docx"))
    write_report(told, tmp_path / "c.docx", tmp_path / "own.docx")
    assert docx.Document(str(tmp_path / "c.docx")).paragraphs[-1].text == "我局意见：列入 6 家。"


def _listed(path: Path) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the rows of 表1 as text, and its headers."""
    rows = [tuple(str(cell or "") for cell in row) for row in openpyxl.load_workbook(path).worksheets[0].values]
    heads = next(row for row in rows if row[0] == "序号")
    return [row for row in rows if row[0].isdigit()], list(heads)


def test_the_command_reads_a_run_folder_and_says_what_is_wrong(
    hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "points.csv").write_text(
        "id,name,lon,lat,统一社会信用代码,坐标来源,行业代码,是否涉镉,生产状态,废气铅(kg/a)\n"
        "A,甲厂,113.05,23.60,91450000000000000X,实测,3212,已认定,停产,1\n"
        "B,乙厂,113.05,23.60,,,3212,待查,,\nC,丙厂,113.05,23.60,,,3212,,,\n",
        encoding="utf-8",
    )
    ring = "[[[113.05,23.61],[113.051,23.61],[113.051,23.611],[113.05,23.61]]]"
    (tmp_path / "land.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"id":"P1","类别":"优先保护类"},'
        f'"geometry":{{"type":"Polygon","coordinates":{ring}}}}}]}}',
        encoding="utf-8",
    )
    bare = ("--sources", tmp_path / "points.csv", "--farmland", tmp_path / "land.geojson")
    assert hmgeo_command("screen", *bare, "--out", tmp_path / "run").code == 0
    assert hmgeo_command("report", tmp_path / "run", "--out", tmp_path / "again.docx").code == 0
    pages = [docx.Document(str(tmp_path / name)) for name in ("run/report.docx", "again.docx")]
    assert [table(page, "序号")[1][:2] for page in pages] == [["1", "甲厂"]] * 2
    one, other = ([paragraph.text for paragraph in page.paragraphs] for page in pages)
    assert one == other
    assert len(pages[1].inline_shapes) == 1
    assert "本次只按使用者设定的半径筛查，没有逐条研判法规条款，不得视为符合要求。" in one
    assert "没有未评估的" not in "".join(one)
    assert [reason.split("；")[0] for *_, reason in table(pages[0], "序号")[1:]] == [
        "缺10 km内数据范围以外的耕地", "是否涉镉「待查」看不懂", "缺废气重金属排放量",
    ]  # fmt: skip
    first, heads = _listed(tmp_path / "run" / "survey_list.xlsx")
    asked = ("统一社会信用代码", "涉镉情况", "生产状态", "位置可靠性", "大气途径")
    assert [first[0][heads.index(name)].split("，")[0] for name in asked] == [
        "91450000000000000X", "已认定", "停产", "实测", "有据",
    ]  # fmt: skip
    assert [row[heads.index("涉镉情况")] for row in first] == ["已认定", "未判定", "未判定"]
    new_run(tmp_path)
    block = re.search(r'id="hmgeo-data">(.*?)</script>', (tmp_path / "run" / "map.html").read_text("utf-8"), re.DOTALL)
    drawn = {layer["role"]: layer["features"] for layer in json.loads(block[1] if block else "{}")["context"]}
    assert list(drawn) == ["county", "township", "river"]
    assert {one["properties"]["name"] for one in drawn["county"]} >= {"清城区", "清新区"}
    assert {"龙塘镇", "石角镇"} <= {one["properties"]["name"] for one in drawn["township"]}
    ended = hmgeo_command("report", tmp_path / "nowhere")
    assert ended.code == 2
    assert "不是结果文件夹" in ended.err
    assert "没有 data/manifest.json" in ended.err
    (tmp_path / "bad.docx").write_bytes(b"no zip")
    ended = hmgeo_command("report", tmp_path / "run", "--template", tmp_path / "bad.docx", "--out", tmp_path / "x.docx")
    assert ended.code == 2
    assert "报告模板不能填写" in ended.err
    assert not (tmp_path / "x.docx").exists()
    assert hmgeo_command("report", "--new-template", tmp_path / "t.docx").code == 0
    assert read_told(tmp_path / "run").sources[0]["list_number"] == "1"


def test_who_has_no_name_is_listed_by_the_id(results: Results, tmp_path: Path) -> None:
    rows = [row | {"name": ""} for row in results.sources.to_pylist()]
    nameless = structs.replace(results, sources=pa.Table.from_pylist(rows, results.sources.schema))
    write_report(told_by(nameless, Presentation(), tmp_path), tmp_path / "report.docx")
    listed = table(docx.Document(str(tmp_path / "report.docx")), "序号")[1:]
    by_number = {row["list_number"]: row["source_id"] for row in rows if row["list_number"]}
    assert [row[1] for row in listed] == [by_number[int(row[0])] for row in listed]
    assert len(listed) == 6
