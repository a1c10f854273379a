"""Tables of text for people: a workbook, or csv. Apart from the run's own tables, which need no Excel writer."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import xlsxwriter

from hmgeo.outputs.book import CREATED, cut, display_width, height_pt
from hmgeo.outputs.style import SHEET_FONT
from hmgeo.outputs.tables import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xlsxwriter.worksheet import Worksheet

_WIDEST, _NARROW = 48.0, 22.0
_LOOKED_AT = 500
_MANY_COLUMNS = 12
_A3, _A4 = 8, 9


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table of text.

    Parameters
    ----------
    choices
        Words that a column offers to whoever fills it in, by its header.
    is_contents
        The first column names the sheets of the workbook, and leads to them.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_contents: bool = False


def write_plain(tables: Sequence[PlainTable], path: Path, *, suffix: str = "", notes: Sequence[str] = ()) -> None:
    """Write tables: a sheet each where the suffix is .xlsx, else the first one as csv (UTF-8 with a mark).

    Parameters
    ----------
    suffix
        What kind of file it is; the path's own where empty.
    notes
        Lines below the first table of a workbook.
    """
    if (suffix or path.suffix).lower() != ".xlsx":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([guarded(cell) for cell in row] for row in (tables[0].header, *tables[0].rows))
        return
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": tables[0].title, "author": "hmgeo", "created": CREATED})
        frame = {"font_name": SHEET_FONT, "font_size": 10, "text_wrap": True, "valign": "vcenter"}
        head = book.add_format({**frame, "bold": True, "bg_color": "#E4E9EE", "border": 1})
        cell = book.add_format({**frame, "border": 1})
        foot = book.add_format({"font_name": SHEET_FONT, "font_size": 9, "font_color": "#444444"})
        link = book.add_format({**frame, "border": 1, "font_color": "#1F4E79", "underline": 1})
        for table in tables:
            sheet = book.add_worksheet(table.title)
            widest, widths = _WIDEST if len(table.header) <= _MANY_COLUMNS else _NARROW, list[float]()
            for column, title in enumerate(table.header):
                texts = (title, *(row[column] for row in table.rows[:_LOOKED_AT]))
                widths.append(min(max(map(display_width, texts)) + 3.0, widest))
                sheet.set_column(column, column, widths[-1])
                sheet.write_string(0, column, title, head)
            for number, row in enumerate(table.rows, start=1):
                long = [pair for pair in zip(row, widths, strict=True) if 2 * len(pair[0]) > pair[1] - 3]
                if long:
                    sheet.set_row(number, height_pt(long))
                for column, text in enumerate(row):
                    sheet.write_string(number, column, cut(text), cell)
                if table.is_contents:
                    sheet.write_url(number, 0, f"internal:'{row[0]}'!A1", link, row[0])
            _make_ready(sheet, table)
            for number, note in enumerate(notes):
                sheet.write_string(len(table.rows) + 2 + number, 0, note, foot)


def _make_ready(sheet: Worksheet, table: PlainTable) -> None:
    """Make a sheet ready to be filled in and printed."""
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(_A3 if len(table.header) > _MANY_COLUMNS else _A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer(f"&L&9{table.title}&R&9第 &P 页 / 共 &N 页")
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.header) - 1)
        for header, words in table.choices.items():
            column = table.header.index(header)
            sheet.data_validation(1, column, len(table.rows), column, {"validate": "list", "source": list(words)})
