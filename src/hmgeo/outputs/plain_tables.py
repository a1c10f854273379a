"""Tables of text for people: a workbook, or csv. Apart from the run's own tables, which need no Excel writer."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import xlsxwriter

from hmgeo.outputs.book import CREATED, cut, display_width
from hmgeo.outputs.style import SHEET_FONT
from hmgeo.outputs.tables import guarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_WIDEST = 48.0


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table of text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


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
        for table in tables:
            sheet = book.add_worksheet(table.title)
            for column, title in enumerate(table.header):
                widest = max(display_width(text) for text in (title, *(row[column] for row in table.rows)))
                sheet.set_column(column, column, min(widest + 3.0, _WIDEST))
                sheet.write_string(0, column, title, head)
            for number, row in enumerate(table.rows, start=1):
                for column, text in enumerate(row):
                    sheet.write_string(number, column, cut(text), cell)
            sheet.freeze_panes(1, 0)
            sheet.set_landscape()
            sheet.set_paper(9)
            sheet.fit_to_pages(1, 0)
            for number, note in enumerate(notes):
                sheet.write_string(len(table.rows) + 2 + number, 0, note, foot)
