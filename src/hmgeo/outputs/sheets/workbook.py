"""The workbook of a screening: which sheets it has, and 说明."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.outputs.book import Book, cut, height_pt, open_book, set_page, write_banner, write_closing, write_table
from hmgeo.outputs.sheets.land import add_sensitivity_chart, bureau_sheets, sensitivity_sheet
from hmgeo.outputs.sheets.screening import (
    clauses_sheet,
    counts_sheet,
    ledger_sheet,
    note_sections,
    radius_sheet,
    screening_sheet,
)
from hmgeo.outputs.sheets.water import terrain_sheets, water_sheets
from hmgeo.results.columns import RADIUS_TRIAL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from hmgeo.outputs.sheets.screening import Section
    from hmgeo.results.results import Presentation, Results


NOTE_WIDTHS = (16, 16, 10, 12, 22, 32, 11, 13, 10.5, 10.5, 8, 24)


def write_workbook(results: Results, presentation: Presentation, path: Path) -> None:
    """Write the workbook: 排查结果, 各半径统计, 各半径纳入情况, 依据条款, 处理台账, 说明.

    Distances are in metres, areas in hectares and 亩, lon and lat in degrees on CGCS2000.
    """
    with open_book(results, presentation, path) as book:
        for sheet in (screening_sheet(results), counts_sheet(results), radius_sheet(results)):
            write_table(book, sheet)
        left_out = presentation.left_out
        if RADIUS_TRIAL not in left_out and results.bureau is not None and results.bureau.reached.num_rows:
            write_table(book, sensitivity_sheet(results))
            add_sensitivity_chart(book, sensitivity_sheet(results))
        held = (*bureau_sheets(results), *water_sheets(results, left_out), *terrain_sheets(results, left_out))
        for sheet in (*held, clauses_sheet(results), ledger_sheet(results)):
            write_table(book, sheet)
        _write_notes(book, note_sections(results))


def _write_notes(book: Book, sections: Sequence[Section]) -> None:
    page = book.file.add_worksheet(book.say("说明"))
    for index, width in enumerate(NOTE_WIDTHS):
        page.set_column(index, index, width)
    row = write_banner(book, page, "说明", (), NOTE_WIDTHS) + 1
    title = book.style(bold=True, font_size=11)
    header = book.style(bold=True, bg_color="#E4E9EE", border=1, border_color="#9AA5B1", text_wrap=True)
    cell = book.style(text_wrap=True, align="left", border=1, border_color="#C9D0D6")
    for section in sections:
        page.write_string(row, 0, book.say(section.title), title)
        row += 1
        for values, style in [(section.header, header), *((values, cell) for values in section.rows)]:
            quoted = () if style is header else section.quotes
            said = [
                book.say(one) if isinstance(one, str) and at not in quoted else one for at, one in enumerate(values)
            ]
            _write_note_row(page, row, said, style)
            row += 1
        row += 1
    write_closing(book, page, row, NOTE_WIDTHS)
    set_page(book, page, "说明")


def _write_note_row(page: Worksheet, row: int, values: Sequence[str | int], style: Format) -> None:
    """Write a row of 说明; the last value of a short table takes the remaining width up to the sixth column."""
    wide = 6
    spans: list[tuple[str, float]] = []
    for index, text in enumerate(values):
        stop = wide - 1 if index == len(values) - 1 and len(values) < wide else index
        if stop > index:
            page.merge_range(row, index, row, stop, "", style)
        if isinstance(text, int):
            page.write_number(row, index, text, style)
        else:
            page.write_string(row, index, cut(text), style)
        spans.append((str(text), sum(NOTE_WIDTHS[index : stop + 1])))
    page.set_row(row, height_pt(spans))
