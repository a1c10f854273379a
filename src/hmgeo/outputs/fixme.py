"""The workbook that goes back to whoever sent a list: the rows to correct, the problem in words, the row as it came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import xlsxwriter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_CREATED = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
_HEADER = ("原表行号", "编号", "需要更正的问题", "涉及字段", "所填内容", "更正为（请填写）", "更正人", "日期")
_WIDTHS = (9, 16, 60, 18, 24, 24, 10, 12)
_COPIED_WIDTH = 14
_LONGEST = 32_000


@dataclass(frozen=True, slots=True)
class FixRow:
    """A row to correct.

    Parameters
    ----------
    line
        Line in the sender's file; the data row's number where it has no lines.
    problems
        In words, one sentence each.
    fields
        Columns that the problems speak of; their cells are marked.
    cells
        The row as it came, by column name.
    """

    line: int
    id: str
    problems: tuple[str, ...]
    fields: tuple[str, ...]
    values: tuple[str, ...]
    cells: Mapping[str, str] = field(repr=False)


def write_fixme(rows: Sequence[FixRow], headers: Sequence[str], path: Path, *, title: str) -> None:
    """Write the workbook; every cell is text, so nothing in it is ever run as a formula.

    Parameters
    ----------
    headers
        The sender's own columns, in their order.
    title
        Stands above the table: which file this is about and what to do.
    """
    with xlsxwriter.Workbook(path, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"created": _CREATED})
        sheet = book.add_worksheet("请更正")
        bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "top"})
        plain = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        marked = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "bg_color": "#FFF2CC"})
        empty = book.add_format({"border": 1, "bg_color": "#E2F0D9"})
        sheet.write_string(0, 0, title)
        for column, name in enumerate((*_HEADER, *headers)):
            sheet.write_string(1, column, name, bold)
            sheet.set_column(column, column, _WIDTHS[column] if column < len(_WIDTHS) else _COPIED_WIDTH)
        for position, row in enumerate(rows, start=2):
            sheet.write_number(position, 0, row.line, plain)
            told = (row.id, "；".join(row.problems), "、".join(row.fields), "、".join(row.values))
            for column, text in enumerate(told, start=1):
                sheet.write_string(position, column, text[:_LONGEST], plain)
            for column in range(len(told) + 1, len(_HEADER)):
                sheet.write_blank(position, column, None, empty)
            for column, name in enumerate(headers, start=len(_HEADER)):
                style = marked if name in row.fields else plain
                sheet.write_string(position, column, row.cells.get(name, "")[:_LONGEST], style)
        sheet.freeze_panes(2, 2)
        sheet.autofilter(1, 0, max(len(rows) + 1, 1), len(_HEADER) + len(headers) - 1)
