"""The Excel workbook: what stands in its cells is what the results hold."""

from __future__ import annotations

import tempfile
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pytest
from msgspec import structs
from small_results import FORBIDDEN_VERDICT_WORDS, HOSTILE, small_results

from hmgeo.outputs import wording
from hmgeo.outputs.book import Column, Section, Sheet, open_book, workbook_at, write_sections, write_table
from hmgeo.outputs.sheets.screening import write_workbook
from hmgeo.records import Ledger
from hmgeo.results.columns import COUNTS_SCHEMA, VISITS_SCHEMA
from hmgeo.results.results import Presentation
from hmgeo.results.used import ParameterUsed, VisitOrder
from hmgeo.screening.evidence import visiting

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from hmgeo.results.results import Results

SHEETS = ["目录", "核查先后", "汇总", "各源结果", "依据", "未评估与缺口", "处理台账", "说明"]
MAKER = Presentation(maker="某局")


def ordered(results: Results) -> Results:
    """Return results whose sources carry the order of visits, all in 丁, as of a bare screening."""
    rows = results.sources.to_pylist()
    told = [{"visit_group": "丁", "visit_reason": "缺废气重金属排放量。"} for _ in rows]
    visiting(rows, told, VisitOrder())
    schema = pa.schema([*results.sources.schema, *VISITS_SCHEMA])
    return structs.replace(results, sources=pa.Table.from_pylist(rows, schema))


def opened(results: Results, path: Path) -> Workbook:
    write_workbook(results, MAKER, path)
    return openpyxl.load_workbook(path)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return opened(ordered(small_results()), tmp_path_factory.mktemp("book") / "screening.xlsx")


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
        day = "评估基准日：2019-06-30｜区域：清城区｜密级：未标注｜合成数据，仅供软件演示"
        assert texts[1] == (day if sheet.title == "目录" else f"{day}｜提示 1 条，见目录")
        assert texts[-2:] == [caption, wording.DISCLAIMER]
    assert book["目录"]["A3"].value == "提示：「河流」为小比例尺示意，不能用于岸线距离。"
    assert len(SHEETS) <= 9


@pytest.mark.parametrize(("language", "word"), [("zh", "提示："), ("en", "Warning: ")])
def test_each_notice_has_a_row_on_the_first_sheet_which_points_elsewhere_alone(
    language: str, word: str, tmp_path: Path
) -> None:
    """All stood in one cell, on a sheet that said 见目录 of itself."""
    warned = ("第一条提示", "第二条提示", "第三条提示")
    write_workbook(
        structs.replace(small_results(), warnings=warned), Presentation(language=language), tmp_path / "book.xlsx"
    )
    first, *others = openpyxl.load_workbook(tmp_path / "book.xlsx")
    assert [first.cell(row, 1).value for row in (3, 4, 5, 6)] == [*(f"{word}{one}" for one in warned), None]
    led = "提示 3 条，见目录" if language == "zh" else "3 cautions, see Contents"
    assert [led in sheet["A2"].value for sheet in (first, *others)] == [False, *(True for _ in others)]


def linked(sheet: Worksheet) -> dict[str, str]:
    """Return where the cells of a sheet lead, by their text."""
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink is not None]
    return {str(cell.value): cell.hyperlink.location or cell.hyperlink.target for cell in cells}


def test_sheets_lead_to_each_other_and_to_the_map(book: Workbook) -> None:
    assert {name: linked(book["目录"])[name] for name in SHEETS[1:]} == {name: f"'{name}'!A1" for name in SHEETS[1:]}
    links = [cell.hyperlink for cell in book["核查先后"]["B"] if cell.value == "QC-002"]
    assert [(one.target, one.location) for one in links] == [("map.html", "QC-002")]
    at = next(cell.row for cell in book["各源结果"]["B"] if cell.value == "QC-002")
    row = next(cell.row for cell in book["核查先后"]["B"] if cell.value == "QC-002")
    there = [cell.hyperlink.location for cell in book["核查先后"][row] if cell.value == "见各源"]
    assert there == [f"'各源结果'!A{at}"]
    assert book["各源结果"].cell(at, 1).hyperlink.location == f"'核查先后'!A{row}"
    hit = next(cell.row for cell in book["依据"]["B"] if cell.value == "QC-002")
    (counted,) = [cell for cell in book["各源结果"][at] if cell.hyperlink and "依据" in (cell.hyperlink.location or "")]
    assert (counted.value, counted.hyperlink.location) == (1, f"'依据'!A{hit}")
    assert book["依据"].cell(hit, 2).hyperlink.location == f"'各源结果'!A{at}"


def test_the_order_names_who_decided_and_lists_by_number(book: Workbook) -> None:
    sheet = book["核查先后"]
    assert sheet["A3"].value == wording.visit_order(ordered(small_results()))
    rows = records(sheet, "清单序号")
    assert [row["清单序号"] for row in rows] == list(range(1, 7))  # QC-004 and QC-007 are clear of farmland
    assert [row["编号"] for row in rows[:3]] == ["QC-005", "QC-006", "QC-001"]  # of unknown distance first
    assert (rows[2]["分组"], rows[2]["距离档"], rows[2]["理由"]) == ("丁", "3–5 km", "缺废气重金属排放量。")
    assert [row["确定性"] for row in rows[1:3]] == [None, "位置误差内结论不变"]
    rule = small_results().rules[0]
    assert sheet["A4"].value.startswith(f"列入依据：《{rule.document}》{rule.clause}，")
    error = next(cell for row in sheet.iter_rows() for cell in row if cell.number_format == '#,##0.0"±50"_ ')
    assert sheet.cell(error.row, 2).value == "QC-002"


def test_each_source_stands_with_its_numbers(book: Workbook) -> None:
    rows = records(book["各源结果"], "清单序号")
    sources = small_results().sources.to_pylist()
    assert len(rows) == len(sources) == 8
    for row, source in zip(rows, sources, strict=True):
        assert row["编号"] == source["source_id"]
        assert row["名称"] == source["name"]
        assert row["排查结论"] == wording.verdict_word(source["verdict"])
        assert row["状态"] == wording.status_word(source["status"])
        assert row["距离(m)"] == source["nearest_farmland_m"]
        assert row["地块数"] == source["farmland_count"]
    assert rows[0]["面积(亩)"] == pytest.approx(180.0)
    assert rows[0]["所在重点区域"] == "清城区"
    assert rows[2]["名称"] == HOSTILE
    assert (rows[4]["状态"], rows[4]["距离(m)"]) == ("未定位", None)
    assert rows[5]["状态"] == "退回补正"
    assert (rows[0]["符合排查条件"], rows[0]["未评估"], rows[4]["未评估"]) == (1, 0, 1)


def test_numbers_show_one_decimal_and_lower_bounds_say_at_least(book: Workbook) -> None:
    sheet = book["各源结果"]
    formats = {cell.value: cell.number_format for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert formats[small_results().sources["nearest_farmland_m"][0].as_py()] == "#,##0.0_ "
    bounded = next(row for row in sheet.iter_rows() if row[1].value == "QC-004")
    assert [(cell.value, cell.number_format) for cell in bounded[11:13]] == [
        (0, '"≥"#,##0_ '), (0, '"≥"#,##0.0_ '),
    ]  # fmt: skip


def test_who_is_in_at_each_radius(book: Workbook) -> None:
    rows = records(book["各源结果"], "清单序号")
    answers = {row["编号"]: [row[f"{km} km"] for km in (1, 2, 3, 5, 10)] for row in rows}
    assert answers["QC-001"] == ["否", "否", "否", "是", "是"]
    assert answers["QC-002"] == ["否", "否", "否", "否", "是"]
    assert answers["QC-004"] == ["未评估"] * 5  # the search leaves the coverage: finding nothing says nothing
    assert answers["QC-005"] == ["未评估"] * 5
    assert answers["QC-007"] == ["否"] * 5
    sums = [row[:5] for row in book["汇总"].iter_rows(values_only=True) if str(row[0]).endswith(" km")]
    assert sums == [
        ("1 km", 0, 0, 5, 3), ("2 km", 0, 0, 5, 3), ("3 km", 0, 0, 5, 3), ("5 km", 1, 0, 4, 3), ("10 km", 4, 0, 1, 3),
    ]  # fmt: skip


def test_a_position_that_could_flip_a_radius_is_critical(tmp_path: Path) -> None:
    results = small_results()
    table = results.sources.to_pylist()
    nearest_m = table[0]["nearest_farmland_m"]
    table[0]["position_uncertainty_m"] = 5000.0 - nearest_m + 1
    table[0]["nearest_farmland_max_m"] = 5001.0
    table[1]["position_uncertainty_m"] = 4000.0
    moved = pa.Table.from_pylist(table, results.sources.schema)
    book = opened(structs.replace(results, sources=moved), tmp_path / "a.xlsx")
    rows = records(book["各源结果"], "清单序号")
    assert rows[0]["5 km"] == "是（临界）"
    assert rows[1]["5 km"] == "否（临界）"
    assert ("5 km", 0, 2, 3, 3) in [row[:5] for row in book["汇总"].iter_rows(values_only=True)]


def test_clauses_hold_what_touches_with_its_quote_and_decider_and_count_the_rest(book: Workbook) -> None:
    rows = records(book["依据"], "规则")
    findings = [one for one in small_results().findings.to_pylist() if one["verdict"] == "listed"]
    assert {f["rule_id"] for f in findings} == {"SCR-JY-10KM"}
    assert {(row["编号"], row["规则"]) for row in rows} == {
        (f["source_id"], "耕地周边涉镉等重金属行业企业排查") for f in findings
    }
    assert [row["清单序号"] for row in rows] == sorted(row["清单序号"] for row in rows)
    told = [[cell for cell in row if cell is not None] for row in book["依据"].iter_rows(values_only=True)]
    one = findings[0]
    (said,) = [row for row in told if row and row[0] == f"SCR-JY-10KM（{len(findings)} 家）"]
    assert said[1:] == [
        "耕地周边涉镉等重金属行业企业排查",
        "符合排查条件",
        "建议列入排查清单，是否列入由生态环境主管部门确定。",
        f"《{one['document']}》{one['clause']}：{one['quote']}",
        "本地参照（非本地有效依据）｜规划计划｜生态环境部门会同农业农村等",
    ]
    assert any("符合排查条件 4｜未评估 2｜未触及 2" in row for row in told)


def test_the_ledger_puts_what_is_alike_on_one_line(tmp_path: Path) -> None:
    results = small_results()
    more = [structs.replace(results.ledger.entries[0], row=row, value=f"待补{row}") for row in range(7, 15)]
    alike = structs.replace(results, ledger=Ledger((*results.ledger.entries, *more)))
    rows = records(opened(alike, tmp_path / "a.xlsx")["处理台账"], "文件")
    assert [(row["行数"], row["数据行"]) for row in rows] == [(9, "6、7、8、9、10、11 … (9)"), (1, "整个文件")]
    assert rows[0]["原值"].startswith("待补、待补7、")


def test_notes_tell_of_layers_and_choices(book: Workbook) -> None:
    notes = [[cell for cell in row if cell is not None] for row in book["说明"].iter_rows(values_only=True)]
    assert ["limits_inclusive", "含本数", "系统默认约定", "默认约定"] in [
        [cell for cell in row if cell] for row in notes
    ]
    assert [
        "耕地", "合成（演示）", 40, "2019", "合成数据（固定种子生成）；合成数据", "清城区（441802）｜完整", "公开",
        "farmland.gpkg",
    ] in notes  # fmt: skip
    found = [row[:2] for row in book["目录"].iter_rows(values_only=True)]
    assert ("污染源（行）", 8) in found
    assert ("符合排查条件（条）", 4) in found


def test_no_cell_is_a_formula_or_a_link(tmp_path: Path) -> None:
    results = small_results()
    table = results.sources.to_pylist()
    evil = ["=cmd|' /C calc'!A0", "http://example.com", "+1", "@x", "-1+1", "00123", "{=1}", "a\x07b"]
    for row, name in zip(table, evil, strict=True):
        row["name"] = name
    sources = pa.Table.from_pylist(table, results.sources.schema)
    book = opened(structs.replace(results, sources=sources), tmp_path / "a.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    targets = {cell.hyperlink.target for cell in cells if cell.hyperlink is not None}
    assert targets == {
        None,
        "map.html",
        "report.docx",
        "survey_list.xlsx",
    }  # sheets and files beside; never what a cell of the input says
    names = [row["名称"] for row in records(book["各源结果"], "清单序号")]
    assert names[:7] == evil[:7]


def test_no_verdict_cell_is_a_forbidden_word(book: Workbook) -> None:
    words = {cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert words.isdisjoint(FORBIDDEN_VERDICT_WORDS)


def test_pages_print_on_landscape_one_page_wide_the_widest_on_a3(book: Workbook) -> None:
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == (8 if sheet.title == "各源结果" else 9)
        assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)  # one is the default
        assert sheet.oddHeader.right.text == "密级：未标注"
        assert sheet.oddFooter.center.text == "第 &P 页 / 共 &N 页"
        assert sheet.print_area.startswith(f"'{sheet.title}'!$A$1:")
    assert book["各源结果"].freeze_panes == "A7"
    assert book["各源结果"].print_title_rows == "$5:$6"


def test_a_row_is_as_high_as_its_text_and_no_higher(tmp_path: Path) -> None:
    """A Chinese sign takes 13.3 of the 7 dots that each unit of width has, less one; marks stay with their sign."""
    told = ("合成（演示）", "耕地耕地耕地", "耕地耕地耕", "耕地耕地耕地。", "not assessed", "无依据")
    columns = tuple(Column(f"列{at}", width, "wrap") for at, width in enumerate((12, 12, 9.5, 11.6, 9.5, 4)))
    with open_book(small_results(), MAKER, tmp_path / "a.xlsx") as book:
        rows = [tuple(text if at == one else "" for one in range(6)) for at, text in enumerate(told)]
        write_table(book, Sheet("表", columns, rows))
    page = openpyxl.load_workbook(tmp_path / "a.xlsx")["表"]
    assert [page.row_dimensions[row].height for row in range(4, 10)] == [18.75, 18.75, 33.75, 33.75, 33.75, 33.75]


def test_a_sheet_whose_end_would_stand_almost_alone_prints_a_little_smaller(tmp_path: Path) -> None:
    """A4 holds 679 dots: banner, header and the lines below take 225, each row 25; a second page repeats the header.

    18 rows fit; 19 leave the last line, 27 leave 250 dots (under 40 %) for a page of its own, 28 leave 275.
    """
    path = tmp_path / "a.xlsx"
    with open_book(small_results(), MAKER, path) as book:
        for count in (18, 19, 27, 28):
            write_table(book, Sheet(f"{count} 行", (Column("甲", 50), Column("乙", 50)), [("一", "二")] * count))
    pages = openpyxl.load_workbook(path)
    heights = [pages["18 行"].row_dimensions[row].height or 15 for row in range(1, 25)]
    assert sum(heights) * 4 / 3 == 225 + 18 * 25
    tall = {page.title: page.page_setup.fitToHeight for page in pages}  # none is one page, 0 as many as it takes
    assert tall == {"18 行": 0, "19 行": None, "27 行": None, "28 行": 0}


def test_a_page_ends_before_a_table_whose_head_would_stand_alone(tmp_path: Path) -> None:
    """A4 holds 679 dots; rows are 25 high, titles and gaps 20: the second table begins at 135 + 25 times the rows."""
    path, told = tmp_path / "a.xlsx", ("甲", "乙")
    with open_book(small_results(), MAKER, path) as book:
        for first in (10, 20, 21, 30):
            tables = [Section(f"表{count}", told, [("一", "二")] * count) for count in (first, 9)]
            write_sections(book, f"{first} 行", tables, (40, 60), is_broken=True)
    pages = openpyxl.load_workbook(path)
    breaks = {page.title: [one.id for one in page.row_breaks.brk] for page in pages}
    title = {page.title: row for page in pages for row in range(1, 60) if page.cell(row, 1).value == "表9"}
    assert breaks == {"10 行": [], "20 行": [title["20 行"] - 1], "21 行": [title["21 行"] - 1], "30 行": []}


def test_badges_are_tinted_by_word(book: Workbook) -> None:
    rules = [rule for ranged in book["各源结果"].conditional_formatting for rule in ranged.rules]
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
    empty = structs.replace(
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
    assert book["各源结果"]["A2"].value == (
        "评估基准日：未设基准日｜区域：清城区｜密级：未标注｜数据性质未申明，不能确认为实测或官方数据"
    )


def test_mixed_basis_reads_as_an_example_in_every_verdict(tmp_path: Path) -> None:
    results = small_results()
    mixed = structs.replace(results, parameters=(ParameterUsed("mix_basis", "培训用"),))
    book = opened(mixed, tmp_path / "a.xlsx")
    verdicts = [row["排查结论"] for row in records(book["各源结果"], "清单序号")]
    assert all(verdict.startswith("示例判定：") for verdict in verdicts)


@pytest.mark.parametrize("constant_memory", [False, True])
def test_what_a_workbook_puts_aside_lies_beside_it_and_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, constant_memory: bool
) -> None:
    """The disk of temporary files may be full, and what a fault leaves there nobody would take away."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with workbook_at(tmp_path / "a.xlsx", {}, constant_memory=constant_memory) as file:
        file.add_worksheet("甲").write_row(0, 0, ["a", 1])
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
    assert next(openpyxl.load_workbook(tmp_path / "a.xlsx")["甲"].values) == ("a", 1)
