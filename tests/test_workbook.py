"""The Excel workbook: what stands in its cells is what the results hold."""

from __future__ import annotations

import dataclasses
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pytest
from small_results import HOSTILE, small_results

from hmgeo.outputs import wording
from hmgeo.outputs.sheets.workbook import write_workbook
from hmgeo.records import Ledger
from hmgeo.results.columns import COUNTS_SCHEMA
from hmgeo.results.results import Presentation
from hmgeo.results.used import ParameterUsed

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from hmgeo.results.results import Results

SHEETS = ["排查结果", "各半径统计", "各半径纳入情况", "依据条款", "处理台账", "说明"]
MAKER = Presentation(maker="某局")


def opened(results: Results, path: Path) -> Workbook:
    write_workbook(results, MAKER, path)
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return opened(small_results(), tmp_path_factory.mktemp("book") / "screening.xlsx")


def records(sheet: Worksheet, header: str) -> list[dict[str, Any]]:
    """Return the rows under the header row, up to the first empty row, by the lowest header of each column."""
    rows = list(sheet.iter_rows(values_only=True))
    top = next(index for index, row in enumerate(rows) if header in row)
    low = rows[top + 1]
    names = [rows[top][index] if rows[top][index] and not low[index] else low[index] for index in range(len(low))]
    grouped = any(name and not rows[top][index] for index, name in enumerate(low))
    body = rows[top + 2 :] if grouped else rows[top + 1 :]
    names = names if grouped else list(rows[top])
    found = []
    for row in body:
        if all(cell is None for cell in row):
            break
        found.append(dict(zip(names, row, strict=True)))
    return found


def test_sheets_stand_in_order_with_banner_caption_and_disclaimer(book: Workbook) -> None:
    assert book.sheetnames == SHEETS
    caption = wording.caption(small_results(), MAKER)
    for sheet in book:
        texts = [row[0] for row in sheet.iter_rows(values_only=True) if isinstance(row[0], str)]
        assert texts[0] == f"清城区（龙塘镇、石角镇）示例　{sheet.title}"
        assert texts[1] == "评估基准日：2019-06-30｜区域：清城区｜密级：未标注｜合成数据，仅供软件演示"
        assert texts[2] == "提示：「河流」为小比例尺示意，不能用于岸线距离。"
        assert texts[-2:] == [caption, wording.DISCLAIMER]


def test_screening_holds_every_source_with_its_numbers(book: Workbook) -> None:
    rows = records(book["排查结果"], "序号")
    sources = small_results().sources.to_pylist()
    assert len(rows) == len(sources) == 8
    for row, source in zip(rows, sources, strict=True):
        assert row["编号"] == source["source_id"]
        assert row["名称"] == source["name"]
        assert row["排查结论"] == wording.verdict_word(source["verdict"])
        assert row["状态"] == wording.status_word(source["status"])
        assert row["距离(m)"] == source["nearest_farmland_m"]
        assert row["地块数"] == source["farmland_count"]
        assert row["面积(ha)"] == source["farmland_area_ha"]
        assert (row["经度"], row["纬度"]) == (source["lon"], source["lat"])
    assert rows[0]["面积(亩)"] == pytest.approx(180.0)
    assert rows[0]["所在重点区域"] == "清城区"
    assert rows[2]["名称"] == HOSTILE
    assert (rows[4]["状态"], rows[4]["距离(m)"]) == ("未定位", None)
    assert rows[5]["状态"] == "退回补正"


def test_numbers_show_one_decimal_and_lower_bounds_say_at_least(book: Workbook) -> None:
    sheet = book["排查结果"]
    formats = {cell.value: cell.number_format for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert formats[small_results().sources["nearest_farmland_m"][0].as_py()] == "#,##0.0_ "
    bounded = next(row for row in sheet.iter_rows() if row[1].value == "QC-004")
    assert [cell.number_format for cell in bounded[14:16]] == ['"≥"#,##0_ '] * 2
    assert bounded[14].value == 0


def test_counts_per_radius_agree_with_the_results(book: Workbook) -> None:
    results = small_results()
    body = [row for row in book["各半径统计"].iter_rows(values_only=True) if str(row[0]).startswith("QC-")]
    assert len(body) == 6 * 5 + 2
    expected = {
        (row["source_id"], row["radius_m"], row["class"]): (row["count"], row["area_ha"])
        for row in results.counts.to_pylist()
    }
    classes = ["优先保护类", "安全利用类", "严格管控类", "未划分", "all"]
    for row in body:
        if row[2] == "未评估":
            assert row[0] in ("QC-005", "QC-006")
            assert set(row[3:18]) == {None}
            continue
        radius_m = float(str(row[2]).split()[0]) * 1000
        for index, word in enumerate(classes):
            count, area_ha, area_mu = row[3 + 3 * index : 6 + 3 * index]
            assert count == expected[row[0], radius_m, word][0]
            assert area_ha == pytest.approx(expected[row[0], radius_m, word][1], abs=1e-12)
            assert area_mu == pytest.approx(area_ha * 15)


def test_who_is_in_at_each_radius(book: Workbook) -> None:
    rows = records(book["各半径纳入情况"], "序号")
    answers = {row["编号"]: [row[f"{km} km"] for km in (1, 2, 3, 5, 10)] for row in rows if row["编号"]}
    assert answers["QC-001"] == ["否", "否", "否", "是", "是"]
    assert answers["QC-002"] == ["否", "否", "否", "否", "是"]
    assert answers["QC-004"] == ["未评估"] * 5  # the search leaves the coverage: finding nothing says nothing
    assert answers["QC-005"] == ["未评估"] * 5
    assert answers["QC-007"] == ["否"] * 5
    totals = {row["名称"]: [row[f"{km} km"] for km in (1, 2, 3, 5, 10)] for row in rows if not row["编号"]}
    assert totals == {
        "合计：是（家）": [0, 0, 0, 1, 4],
        "合计：否（家）": [5, 5, 5, 4, 1],
        "合计：未评估（家）": [3, 3, 3, 3, 3],
        "其中临界（家）": [0, 0, 0, 0, 0],
    }


def test_a_position_that_could_flip_a_radius_is_critical(tmp_path: Path) -> None:
    results = small_results()
    table = results.sources.to_pylist()
    nearest_m = table[0]["nearest_farmland_m"]
    table[0]["position_uncertainty_m"] = 5000.0 - nearest_m + 1
    table[0]["nearest_farmland_max_m"] = 5001.0
    table[1]["position_uncertainty_m"] = 4000.0
    moved = pa.Table.from_pylist(table, results.sources.schema)
    book = opened(dataclasses.replace(results, sources=moved), tmp_path / "a.xlsx")
    rows = records(book["各半径纳入情况"], "序号")
    assert rows[0]["5 km"] == "是（临界）"
    assert rows[1]["5 km"] == "否（临界）"
    assert rows[-1]["名称"] == "其中临界（家）"
    assert rows[-1]["5 km"] == 2


def test_clauses_hold_every_finding_with_its_quote_and_decider(book: Workbook) -> None:
    rows = records(book["依据条款"], "规则")
    findings = small_results().findings.to_pylist()
    assert [(row["编号"], row["规则"]) for row in rows] == [(f["source_id"], f["rule_id"]) for f in findings]
    for row, finding in zip(rows, findings, strict=True):
        assert row["结论"] == wording.verdict_word(finding["verdict"])
        assert (row["文件"], row["条款"], row["原文"]) == (finding["document"], finding["clause"], finding["quote"])
        assert row["效力"] == "本地参照（非本地有效依据）"
        assert row["法律位阶"] == "规划计划"
        assert row["认定部门"] == "生态环境部门会同农业农村等"
    assert rows[0]["判断"] == "建议列入排查清单，是否列入由生态环境主管部门确定。"
    assert rows[3]["另一可能"] == "未触及"


def test_ledger_sheet_and_notes(book: Workbook) -> None:
    rows = records(book["处理台账"], "文件")
    assert [(row["数据行"], row["原值"]) for row in rows] == [(6, "待补"), ("整个文件", None)]
    notes = [[cell for cell in row if cell is not None] for row in book["说明"].iter_rows(values_only=True)]
    assert ["输入", "全部行", 8] in notes
    assert ["结论", "符合排查条件", 4] in notes
    assert ["limits_inclusive", "含本数", "", "系统默认约定", "", "默认约定"] in [
        [cell or "" for cell in row[:6]] for row in book["说明"].iter_rows(values_only=True)
    ]
    farmland = next(row for row in notes if row[:1] == ["farmland"])
    assert farmland[1:11] == [
        "耕地",
        "合成（演示）",
        40,
        "farmland.gpkg",
        "合成数据（固定种子生成）；合成数据",
        "CC0-1.0",
        "清城区（441802）",
        "完整",
        "2019",
        "公开",
    ]
    assert farmland[11] == "0" * 64


def test_no_cell_is_a_formula_or_a_link(tmp_path: Path) -> None:
    results = small_results()
    table = results.sources.to_pylist()
    evil = ["=cmd|' /C calc'!A0", "http://example.com", "+1", "@x", "-1+1", "00123", "{=1}", "a\x07b"]
    for row, name in zip(table, evil, strict=True):
        row["name"] = name
    sources = pa.Table.from_pylist(table, results.sources.schema)
    book = opened(dataclasses.replace(results, sources=sources), tmp_path / "a.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)
    names = [row["名称"] for row in records(book["排查结果"], "序号")]
    assert names[:7] == evil[:7]


def test_no_verdict_cell_is_a_forbidden_word(book: Workbook) -> None:
    words = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert words.isdisjoint(wording.FORBIDDEN_VERDICT_WORDS)


def test_pages_print_on_landscape_a4_one_page_wide(book: Workbook) -> None:
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)  # one is the default
        assert sheet.oddHeader.right.text == "密级：未标注"
        assert sheet.oddFooter.center.text == "第 &P 页 / 共 &N 页"
    assert book["排查结果"].freeze_panes == "A7"
    assert book["排查结果"].auto_filter.ref == "A6:X14"
    assert book["排查结果"].print_title_rows == "$5:$6"


def test_badges_are_tinted_by_word(book: Workbook) -> None:
    rules = [rule for ranged in book["排查结果"].conditional_formatting for rule in ranged.rules]
    words = {rule.formula[0].strip('"') for rule in rules}
    assert {
        "触及禁止性规定",
        "符合排查条件",
        "未评估",
        "未触及",
        "已量，现有数据未见",
        "示例判定：符合排查条件",
    } <= words


def test_the_same_results_give_the_same_bytes_without_a_clock(tmp_path: Path) -> None:
    write_workbook(small_results(), MAKER, tmp_path / "a.xlsx")
    write_workbook(small_results(), MAKER, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}
        assert "1980-01-01T00:00:00Z" in archive.read("docProps/core.xml").decode()


def test_a_run_that_found_nothing_still_opens(tmp_path: Path) -> None:
    results = small_results()
    empty = dataclasses.replace(
        results,
        as_of=None,
        sources=results.sources.slice(0, 0),
        findings=results.findings.slice(0, 0),
        counts=pa.Table.from_pylist([], COUNTS_SCHEMA),
        ledger=Ledger(),
        layers=(),
        rules=(),
        warnings=(),
        context=(),
        parameters=(),
        screening_rule_id="",
    )
    book = opened(empty, tmp_path / "a.xlsx")
    assert book.sheetnames == SHEETS
    assert book["排查结果"]["A2"].value == (
        "评估基准日：未设基准日｜区域：清城区｜密级：未标注｜数据性质未申明，不能确认为实测或官方数据"
    )


def test_mixed_basis_reads_as_an_example_in_every_verdict(tmp_path: Path) -> None:
    results = small_results()
    mixed = dataclasses.replace(results, parameters=(ParameterUsed("mix_basis", "培训用"),))
    book = opened(mixed, tmp_path / "a.xlsx")
    verdicts = [row["排查结论"] for row in records(book["排查结果"], "序号")]
    assert all(verdict.startswith("示例判定：") for verdict in verdicts)
