"""Filled lists read back: what is planted is found with its cell, what is right is left alone."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
import xlsxwriter

from hmgeo.compare.ledger import RECTIFICATION, TASKS, Fault, check_ledgers, read_span
from hmgeo.errors import InputError
from hmgeo.intake.catalog import file_sha256
from hmgeo.outputs.sheets.survey import CLOSURE, write_survey_list
from hmgeo.project.run import project_results
from hmgeo.results.results import Presentation

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"
TODAY = dt.date(2026, 11, 28)
FORM = "核查表-001"
FIRST = {
    RECTIFICATION: {
        "核查日期": "2026-03-02", "核查人": "甲", "存在问题": "堆存未防渗", "污染途径认定": "固废径流、大气",
        "整治措施": "清运并防渗", "责任单位": "某公司", "责任人": "乙", "监管单位": "某分局",
        "计划完成时限": "2026年6月", "投资(万元)": "12.5", "一企一策文号": "示环〔2026〕12号",
    },
    CLOSURE: {
        "完成日期": dt.date(2026, 6, 20), "验收单位": "某分局", "验收文号": "示环验〔2026〕3号", "市级复核": "已复核",
        "销号日期": "2026.7.15", "销号文号": "示环函[2026]第45号", "佐证材料": "照片、监测报告",
    },
}  # fmt: skip
SECOND = {
    RECTIFICATION: FIRST[RECTIFICATION] | {"计划完成时限": "2026-06-30"},
    CLOSURE: {"完成日期": "2026/7/3", "逾期原因": "雨季停工"},
}
"""The first is through all states, the second is done late and says why; the third nobody began."""


class Filled:
    """A survey list with cells filled in, and where they stand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = openpyxl.load_workbook(path)
        self.columns: dict[str, dict[str, int]] = {}
        self.first: dict[str, int] = {}
        for sheet in (RECTIFICATION, CLOSURE):
            header = next(row for row in self.book[sheet].iter_rows() if row[1].value == "企业编号")
            self.columns[sheet] = {str(cell.value).rstrip("*"): cell.column for cell in header}
            self.first[sheet] = header[0].row + 1

    def cell(self, sheet: str, row: int, name: str) -> str:
        held = self.book[sheet].cell(self.first[sheet] + row, self.columns[sheet][name])
        return str(held.coordinate)

    def put(self, sheet: str, row: int, name: str, value: object) -> None:
        self.book[sheet][self.cell(sheet, row, name)] = value

    def fill(self, row: int, lists: dict[str, dict[str, object]]) -> None:
        for sheet, cells in lists.items():
            for name, value in cells.items():
                self.put(sheet, row, name, value)

    def form(self, label: str, value: str) -> str:
        rows = list(self.book[FORM].iter_rows())
        second = next(at for at, row in enumerate(rows) if str(row[0].value).startswith("二、"))
        held = next(cell for row in rows[second:] for cell in row if cell.value == label)
        target = self.book[FORM].cell(held.row, held.column + 1)
        target.value = value
        return str(target.coordinate)

    def saved(self) -> Path:
        self.book.save(self.path)
        return self.path


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the survey list of three sources, as it is written."""
    folder = Path(shutil.copytree(BROKEN / "data", tmp_path_factory.mktemp("ledger") / "data")).parent
    shutil.copy(BROKEN / "good.yml", folder / "project.yml")
    rows = folder / "data" / "enterprises.csv"
    rows.write_text(rows.read_text(encoding="utf-8").replace("0912", "3212"), encoding="utf-8")
    write_survey_list(project_results(folder, page=False), Presentation(), folder / "survey_list.xlsx")
    return folder / "survey_list.xlsx"


@pytest.fixture
def filled(blank: Path, tmp_path: Path) -> Filled:
    made = Filled(Path(shutil.copy(blank, tmp_path / "第一期.xlsx")))
    made.fill(0, FIRST)  # type: ignore[arg-type]
    made.fill(1, SECOND)  # type: ignore[arg-type]
    told = {"生产状态": "在产 ☑　停产 □", "核查意见": "列入整治 √", "核查人": "甲", "核查日期": "2026年3月2日"}
    for label, value in told.items():
        made.form(label, value)
    return made


def test_what_is_right_or_not_begun_has_no_fault(blank: Path, filled: Filled) -> None:
    assert check_ledgers(blank, None, TODAY).faults == ()
    path = filled.saved()
    before = file_sha256(path)
    assert check_ledgers(path, None, TODAY).faults == ()
    assert file_sha256(path) == before


def test_twelve_planted_faults_are_found_in_their_cells_and_none_is_invented(filled: Filled) -> None:
    twice = filled.book[RECTIFICATION][filled.cell(RECTIFICATION, 0, "企业编号")].value
    late = "完成日期 2026/7/3 晚于计划完成时限 2026-06-30，逾期原因未填"
    planted: list[tuple[str, int, str, object, str]] = [
        (RECTIFICATION, 0, "责任人", "", "必填而未填"),
        (RECTIFICATION, 0, "污染途径认定", "大气、噪声", "不在清单内"),
        (RECTIFICATION, 0, "投资(万元)", "约12", "不是不小于零的数字"),
        (RECTIFICATION, 1, "核查日期", "2026-02-30", "没有这一天"),
        (RECTIFICATION, 1, "一企一策文号", "已发文", "看不出文号（年份和号）"),
        (RECTIFICATION, 2, "企业编号", twice, "企业编号重复，一家只占一行"),
        (CLOSURE, 0, "验收文号", None, "已填销号，而验收的验收文号未填"),
        (CLOSURE, 0, "销号日期", "2026-06-01", "早于完成日期（2026-06-20）"),
        (CLOSURE, 0, "销号文号", "示环函〔2027〕1号", "文号的年份晚于 2026 年"),
        (CLOSURE, 1, "逾期原因", None, late),
        (CLOSURE, 2, "完成日期", "2026-08-01", "表3已填完成，表2没有填这一家"),
    ]
    lost = filled.book[RECTIFICATION][filled.cell(RECTIFICATION, 2, "企业编号")].value
    for sheet, row, name, value, _ in planted:
        filled.put(sheet, row, name, value)
    form = filled.form("核查意见", "无需整治 ☑　列入整治 ☑")
    found = check_ledgers(filled.saved(), None, TODAY).faults
    told = {(one.sheet, one.cell, one.what) for one in found}
    follows = {(RECTIFICATION, "", "表1有这一家，这张表里没有")}  # its number was written over with another's
    where = {(sheet, filled.cell(sheet, row, name), what) for sheet, row, name, _, what in planted}
    assert told == {*where, (FORM, form, "勾选了不止一项"), *follows}
    assert len(planted) + 1 == 12
    assert {one.found for one in found if not one.cell} == {lost}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-06-30", (dt.date(2026, 6, 30), dt.date(2026, 6, 30))),
        ("2026年2月", (dt.date(2026, 2, 1), dt.date(2026, 2, 28))),
        ("2026年6月底前", (dt.date(2026, 6, 1), dt.date(2026, 6, 30))),
        ("2026年底前", (dt.date(2026, 1, 1), dt.date(2026, 12, 31))),
        ("２０２６／６／３０", (dt.date(2026, 6, 30), dt.date(2026, 6, 30))),
        ("2026-13-01", "没有这一天"),
        ("46203", "日期读不出"),  # a serial number of Excel in a cell of text
        ("6月30日", "日期读不出"),
        ("2026-06-30前后", "日期读不出"),
    ],
)
def test_a_day_is_read_as_far_as_it_is_said(text: str, told: object) -> None:
    assert read_span(text) == told


def test_a_year_of_ledgers_loses_no_cell_and_no_state_goes_back(filled: Filled, tmp_path: Path) -> None:
    first = filled.saved()
    second = Filled(Path(shutil.copy(first, tmp_path / "第二期.xlsx")))
    second.put(CLOSURE, 1, "验收单位", "某分局")
    second.put(CLOSURE, 1, "验收文号", "示环验〔2026〕9号")
    second.put(CLOSURE, 0, "完成日期", "2026-06-20")  # the same day as text
    clean = check_ledgers(second.saved(), first, TODAY)
    assert clean.faults == ()
    assert [(one[2], one[4]) for one in clean.changes] == [("验收单位", "某分局"), ("验收文号", "示环验〔2026〕9号")]
    third = Filled(Path(shutil.copy(second.path, tmp_path / "第三期.xlsx")))
    third.put(CLOSURE, 1, "验收单位", None)
    third.put(CLOSURE, 1, "验收文号", None)
    third.put(CLOSURE, 0, "销号文号", "示环函〔2026〕46号")
    third.book[RECTIFICATION].delete_rows(third.first[RECTIFICATION] + 2)
    held = {"验收单位": "某分局", "验收文号": "示环验〔2026〕9号"}
    lost = {third.cell(CLOSURE, 1, name): text for name, text in held.items()}
    found = check_ledgers(third.saved(), second.path, TODAY).faults
    assert {(one.cell, one.what) for one in found} == {
        *((cell, f"上期已填「{text}」，本期空白（上期在 {cell}）") for cell, text in lost.items()),
        (third.cell(CLOSURE, 0, "销号文号"), "上期已填「示环函[2026]第45号」，本期改动"),
        ("", "表1有这一家，这张表里没有"),
        ("", "上期有这一行，本期没有"),
    }


def test_days_to_come_and_names_of_others_are_told(filled: Filled) -> None:
    filled.put(CLOSURE, 1, "完成日期", "2026-12-01")
    name = filled.book[CLOSURE][filled.cell(CLOSURE, 0, "名称")].value
    filled.put(CLOSURE, 0, "名称", "别的企业")
    found = {one.cell: one.what for one in check_ledgers(filled.saved(), None, TODAY).faults}
    assert found == {
        filled.cell(CLOSURE, 1, "完成日期"): "晚于 2026-11-28，还没到的日子不能填已办",
        filled.cell(CLOSURE, 0, "名称"): f"与表1的名称（{name}）不同",
    }


def test_a_ledger_of_tasks_is_read_as_offices_lay_it_out(tmp_path: Path) -> None:
    text = (
        "2021年土壤污染防治工作任务分解台账,,,,,\n"
        "序号,工  作  任  务,文件内容,负责单位,配合单位,工作或时限要求\n"
        "一、源头,,,,,\n"
        "3,严格控制涉重金属企业污染物排放,排查,生态环境局,各镇,12月底前\n"
        ",,边排查边整治,,,2022年12月底前\n"  # merged cells above
        "4,防控矿产资源开发污染土壤,监督,,各镇,持续推进\n"
    )
    path = tmp_path / "台账.csv"
    path.write_bytes(text.encode("gb18030"))
    found = check_ledgers(path, None, TODAY)
    assert [(one.kind, list(one.rows)) for one in found.ledgers] == [(TASKS, ["一 3", "一 3 之2", "一 4"])]
    assert found.faults == (Fault("", "D6", "负责单位", "必填而未填", "", "补填"),)


def tasks(path: Path, **sheets: list[str]) -> Path:
    """Write a book of tasks, one line of commas for each row."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append([cell or None for cell in line.split(",")])
    book.save(path)
    return path


def test_a_task_without_a_number_is_a_task_and_each_chapter_counts_from_one(tmp_path: Path) -> None:
    bare = ["工作任务,负责单位,时限", "整治A尾矿库,县局,2026年6月", "整治B尾矿库,,", "备注：按季报送,,",
            "整治C尾矿库,待定,2026年9月"]  # fmt: skip
    found = check_ledgers(tasks(tmp_path / "a.xlsx", 台账=bare), None, TODAY)
    assert list(found.ledgers[0].rows) == ["整治A尾矿库", "整治B尾矿库", "整治C尾矿库"]
    assert [(one.cell, one.what, one.found) for one in found.faults] == [
        ("B3", "必填而未填", ""), ("C3", "必填而未填", ""), ("B5", "必填而未填", "待定"),
    ]  # fmt: skip
    parted = ["序号,工作任务,负责单位,完成时限", "一,污染源整治,,", "1,整治A,县局,2026年6月", "2,整治B,县局,2026年7月",
              "二,农田,,", "1,监测,,", "（一）,修复,,", "1,修复C,县局,2026年9月"]  # fmt: skip
    found = check_ledgers(tasks(tmp_path / "b.xlsx", 台账=parted), None, TODAY)
    assert list(found.ledgers[0].rows) == ["一 1", "一 2", "二 1", "二一 1"]
    assert [one.cell for one in found.faults] == ["C6", "D6"]
    numerals = ["序号,工作任务,负责单位,完成时限", "一,整治A,县局,2026年6月", "二,整治B,,"]
    assert [one.cell for one in check_ledgers(tasks(tmp_path / "c.xlsx", 台账=numerals), None, TODAY).faults] == [
        "C3", "D3",
    ]  # fmt: skip


def test_a_day_as_a_bare_number_is_no_deadline(tmp_path: Path) -> None:
    """46203 is how a workbook holds 2026-06-30; a year or a month run together are deadlines."""
    rows = [
        "序号,工作任务,负责单位,完成时限",
        "1,a,u,46203",
        "2,b,u,2026",
        "3,c,u,202606",
        "4,d,u,20260630",
        "5,e,u,46203.5",
    ]
    found = check_ledgers(tasks(tmp_path / "任务.xlsx", 台账=rows), None, TODAY)
    what, remedy = "是日期的序列数，看不出是哪一天", "单元格设为日期格式，或写成 2026-06-30"
    assert [(one.cell, one.what, one.found, one.remedy) for one in found.faults] == [
        ("D2", what, "46203", remedy), ("D6", what, "46203.5", remedy),
    ]  # fmt: skip
    book = openpyxl.Workbook()
    book.active.append(["序号", "任务", "负责单位", "时限"])
    book.active.append([1, "a", "u", 46203])
    book.active.append([2, "b", "u", dt.date(2026, 6, 30)])
    book.save(tmp_path / "数.xlsx")
    assert [one.cell for one in check_ledgers(tmp_path / "数.xlsx", None, TODAY).faults] == ["D2"]


def test_all_sheets_of_one_kind_are_held_against_the_last_period(filled: Filled, tmp_path: Path) -> None:
    head, rest = "序号,工作任务,负责单位,完成时限", ["2,b,u,2026年6月"]
    towns = [head, "1,c,u,2026年6月"]
    old = tasks(tmp_path / "old.xlsx", 城区=[head, "1,a,u,2026年6月", *rest], 乡镇=towns)
    new = tasks(tmp_path / "new.xlsx", 城区=[head, *rest], 乡镇=towns)
    assert [(one.sheet, one.what, one.found) for one in check_ledgers(new, old, TODAY).faults] == [
        ("城区", "上期有这一行，本期没有", "1")
    ]
    gone = tasks(
        tmp_path / "gone.xlsx", 城区=[head, "1,a,u,2026年6月", *rest], 别处=[head, "3,d,u,2026年6月"], 丙=towns
    )
    assert [(one.sheet, one.what) for one in check_ledgers(gone, old, TODAY).faults] == [
        ("乡镇", "上期有这张表，本期没有")
    ]
    first = filled.saved()
    parted = Filled(Path(shutil.copy(first, tmp_path / "分表.xlsx")))
    copied = parted.book.copy_worksheet(parted.book[RECTIFICATION])
    parted.book[RECTIFICATION].delete_rows(parted.first[RECTIFICATION])  # the first enterprise is on the copy alone
    copied.delete_rows(parted.first[RECTIFICATION] + 1, 2)
    assert check_ledgers(parted.saved(), first, TODAY).faults == ()
    twice = Filled(Path(shutil.copy(first, tmp_path / "两行.xlsx")))
    twice.book.copy_worksheet(twice.book[RECTIFICATION]).delete_rows(twice.first[RECTIFICATION] + 1, 2)
    assert [one.what for one in check_ledgers(twice.saved(), first, TODAY).faults] == [
        f"这一家在工作表 {RECTIFICATION} 已有一行，一家只占一行"
    ]


def test_a_filled_form_of_the_last_period_is_not_lost(filled: Filled, tmp_path: Path) -> None:
    first = filled.saved()
    gone = Filled(Path(shutil.copy(first, tmp_path / "缺.xlsx")))
    identifier = next(row[1].value for row in gone.book[FORM].iter_rows() if row[0].value == "企业编号")
    gone.book.remove(gone.book[FORM])
    found = check_ledgers(gone.saved(), first, TODAY).faults
    assert [(one.sheet, one.what, one.found) for one in found] == [(FORM, "上期填过的核查表，本期没有", identifier)]
    blank = Filled(Path(shutil.copy(first, tmp_path / "空.xlsx")))
    printed = {"核查意见": "无需整治 □　列入整治 □　需进一步调查 □　理由："}
    cells = [blank.form(label, printed.get(label, "")) for label in ("生产状态", "核查意见", "核查人", "核查日期")]
    found = check_ledgers(blank.saved(), first, TODAY).faults
    assert [(one.cell, one.found) for one in found] == [(cell, "") for cell in cells]
    assert found[2].what == f"上期已填「甲」，本期空白（上期在 {FORM} {cells[2]}）"


def test_a_box_nobody_ticked_and_a_placeholder_are_not_filled(filled: Filled) -> None:
    opinion = filled.form("核查意见", "看过了 无需整治 □　列入整治 □　需进一步调查 □　理由：")
    by = filled.form("核查人", "/")
    person = filled.cell(RECTIFICATION, 0, "责任人")
    filled.put(RECTIFICATION, 0, "责任人", "（待填）")
    filled.put(RECTIFICATION, 0, "存在问题", "无")  # an answer, no gap
    filled.put(RECTIFICATION, 2, "整治类型", "待定")  # nobody began this row
    number = filled.cell(CLOSURE, 0, "验收文号")
    filled.put(CLOSURE, 0, "验收文号", "无")
    late = filled.cell(CLOSURE, 1, "逾期原因")
    filled.put(CLOSURE, 1, "逾期原因", "—")
    told = {(one.sheet, one.cell): (one.what, one.found) for one in check_ledgers(filled.saved(), None, TODAY).faults}
    assert told == {
        (FORM, opinion): ("没有勾选", ""),
        (FORM, by): ("未填", "/"),
        (RECTIFICATION, person): ("必填而未填", "（待填）"),
        (CLOSURE, number): ("已填销号，而验收的验收文号未填", "无"),
        (CLOSURE, late): ("完成日期 2026/7/3 晚于计划完成时限 2026-06-30，逾期原因未填", "—"),
    }


def test_the_command_names_sheet_and_cell_and_refuses_what_is_no_ledger(
    filled: Filled, tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    filled.put(CLOSURE, 0, "验收文号", "有")
    path = filled.saved()
    ended = hmgeo_command("ledger", "check", path, "--as-of", "2026-11-28")
    assert ended.code == 2
    where = f"图层/工作表 {CLOSURE}，字段 验收文号（{filled.cell(CLOSURE, 0, '验收文号')}）"
    assert f"× 问题 第一期.xlsx，{where}：看不出文号（年份和号）（现为「有」）" in ended.out
    told = json.loads(hmgeo_command("ledger", "check", path, "--as-of", "2026-11-28", "--json").out)
    assert [one["what"] for one in told["问题"]] == ["看不出文号（年份和号）"]
    other = tmp_path / "别的.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="没有认出台账"):
        check_ledgers(other, None, TODAY)


def test_formula_without_result_and_error_are_told_by_cell(tmp_path: Path) -> None:
    """A formula may be the answer: it doesn't read as "not filled in" alone. One whose result is empty lost nothing."""
    path = tmp_path / "任务.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet("任务")
    sheet.write_row(0, 0, ["序号", "任务", "负责单位", "时限", "备注"])
    sheet.write_row(1, 0, [1, "清运堆渣", "", "2024年6月底前"])
    sheet.write_array_formula("C2", "{=A1&A2}")
    sheet.write_row(2, 0, [2, "", "某分局", "2024年6月底前"])
    sheet.write_formula("B3", "=NA()", value="#N/A")
    sheet.write_formula("E3", '=IF(A3="","",A3)', value="空")
    book.add_worksheet("附页").write_formula("A1", "=1+1")  # no list
    book.close()
    _without(path, "<v>0</v>", "<v>空</v>")
    shutil.copy(path, tmp_path / "任务.xls")  # WPS names workbooks so
    for name in ("任务.xlsx", "任务.xls"):
        faults = check_ledgers(tmp_path / name, None, TODAY).faults
        told = [(fault.cell, fault.what, fault.found) for fault in faults if "读作空白" in fault.what]
        assert told == [
            ("C2", "公式没有保存结果，读作空白", "=A1&A2"),
            ("B3", "单元格是错误值，读作空白", "=NA()"),
        ]


def _without(path: Path, *results: str) -> None:
    """Empty what formulas of a workbook came to."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            whole = re.sub("|".join(results), "<v></v>", part) if "worksheets/" in name else part
            archive.writestr(name, whole)


def test_list_spread_over_a_whole_sheet_is_refused(tmp_path: Path) -> None:
    """The reader of workbooks would end the process where its rectangle doesn't fit."""
    book = openpyxl.Workbook()
    book.active.append(["序号", "任务", "负责单位", "时限"])
    book.active["XFD1048576"] = "x"
    path = tmp_path / "任务.xlsx"
    book.save(path)
    with pytest.raises(InputError, match="散布过远"):
        check_ledgers(path, None, TODAY)
