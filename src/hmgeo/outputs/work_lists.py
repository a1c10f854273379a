"""表2 整治清单 and 表3 销号台账: the columns that people fill in after the visit; nothing in them is the tool's.

The first columns say which row of 表1 a line speaks of. Closed lists and dates are checked by the sheet as they are
typed; a state is never set here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.outputs.cells import Column, Sheet
from hmgeo.outputs.workbook import write_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.outputs.cells import Cell
    from hmgeo.outputs.workbook import Book

KEY_GROUP, RECTIFY_GROUP, CLOSE_GROUP = "对应表1", "核查后由责任部门填写", "整治后由责任部门填写"
RECTIFICATION, CLOSURE = "表2 整治清单", "表3 销号台账"
KEYS = (
    Column("序号", 4.5, "count", KEY_GROUP),
    Column("企业编号", 11, "quote", KEY_GROUP),
    Column("名称", 18, "quote", KEY_GROUP),
)
RECTIFICATION_COLUMNS = (
    ("核查日期", 11), ("核查人", 9), ("监测结果及报告编号", 18), ("存在问题*", 22), ("污染途径认定*", 12),
    ("整治措施*", 22),
    ("整治类型", 11), ("责任单位*", 14), ("责任人*", 9), ("监管单位*", 14), ("计划完成时限*", 12), ("投资(万元)", 9),
    ("一企一策文号", 16),
)  # fmt: skip
"""As offices keep them, in their order; a star marks what must be filled in."""

CLOSURE_COLUMNS = (
    ("进展(月)", 16), ("完成日期", 11), ("验收单位", 14), ("验收文号", 16), ("市级复核", 14), ("省级抽查", 14),
    ("销号日期", 11), ("销号文号", 16), ("佐证材料", 22), ("逾期原因", 18),
)  # fmt: skip
_DAYS = frozenset({"核查日期", "计划完成时限*", "完成日期", "销号日期"})
_PATHWAYS = ("大气", "灌溉", "固废径流", "其他", "未发现")
_HEADER_ROWS = 2


def headers(columns: Sequence[tuple[str, int]]) -> list[str]:
    """Return column names without the stars."""
    return [name.rstrip("*") for name, _ in columns]


def rectification_sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    """Return 表2 with a blank line for each source of 表1."""
    remark = "由责任部门在核查后填写，带 * 的必填；软件只预列表1的企业，不填写任何认定、措施和时限。"
    return _blank(RECTIFICATION, RECTIFICATION_COLUMNS, RECTIFY_GROUP, rows, remark)


def closure_sheet(rows: Sequence[dict[str, Any]]) -> Sheet:
    """Return 表3 with a blank line for each source of 表1."""
    remark = "由责任部门填写；状态只能向前推进，须附日期、文号和责任人；软件不作销号判断。"
    return _blank(CLOSURE, CLOSURE_COLUMNS, CLOSE_GROUP, rows, remark)


def _blank(
    name: str, columns: Sequence[tuple[str, int]], group: str, rows: Sequence[dict[str, Any]], remark: str
) -> Sheet:
    made: list[tuple[Cell, ...]] = [
        (number, row["source_id"], row["name"], *([None] * len(columns))) for number, row in enumerate(rows, start=1)
    ]
    return Sheet(name, (*KEYS, *(Column(title, width, "wrap", group) for title, width in columns)), made, (), (remark,))


def write_work_lists(book: Book, rows: Sequence[dict[str, Any]]) -> None:
    """Write both lists as sheets that check days and pathways as they are typed."""
    for sheet in (rectification_sheet(rows), closure_sheet(rows)):
        page = write_table(book, sheet)
        page.set_paper(8)
        first = 2 + bool(book.results.warnings) + len(sheet.remarks) + _HEADER_ROWS
        last = first + max(len(sheet.rows), 1) - 1
        for index, column in enumerate(sheet.columns):
            if column.header in _DAYS:
                told = book.say("填写日期，如 2026-06-30")
                check = {"validate": "length", "criteria": "between", "minimum": 5, "maximum": 10}
                page.data_validation(first, index, last, index, check | _warning(told))
            elif column.header == "污染途径认定*":
                source = [book.say(one) for one in _PATHWAYS]
                told = book.say("大气、灌溉、固废径流、其他、未发现；多个途径以顿号分隔")
                page.data_validation(first, index, last, index, {"validate": "list", "source": source} | _warning(told))


def _warning(text: str) -> dict[str, str]:
    return {"error_type": "warning", "error_message": text, "input_message": text}
