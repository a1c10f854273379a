"""Sheets of the siting workbook: one grid, rows high enough for what they hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.outputs import siting_words as words
from hmgeo.outputs import wording
from hmgeo.outputs.cells import LINE_HEIGHT_PT, MAX_CELL_LENGTH, MAX_ROW_HEIGHT_PT, display_width
from hmgeo.outputs.siting_labels import say
from hmgeo.outputs.style import SHEET_FONT
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from hmgeo.findings.results import Presentation
    from hmgeo.findings.siting import SitingResults

Cell = str | int

WIDTHS = (4.5, 11.0, 11.0, 17.0, 23.0, 20.0, 23.0, 16.0, 14.0, 12.0)
"""Columns of a site's sheet, in characters; every block uses the same grid."""


@dataclass(slots=True)
class Page:
    """A sheet being filled from the top."""

    sheet: Worksheet
    book: Book
    row: int = 0

    def across(self, text: str, **style: str | float | bool) -> None:
        """Write one text over the whole grid."""
        self.cells([(text, len(WIDTHS))], border=False, **style)

    def title(self, text: str) -> None:
        """Write a block's title."""
        self.row += 1
        self.across(self.book.say(text), bold=True, font_size=12, font_color="#1F3A5F")

    def header(self, cells: Sequence[tuple[str, int]]) -> None:
        """Write a block's header."""
        named = [(self.book.say(text), span) for text, span in cells]
        self.cells(named, bold=True, bg_color="#E4E9EE", align="center")

    def cells(self, cells: Sequence[tuple[str, int]], *, border: bool = True, **style: str | float | bool) -> None:
        """Write one row of texts, each over so many columns of the grid, in a row high enough for all."""
        frame: dict[str, str | float | bool] = {"border": 1, "border_color": "#C9D0D6"} if border else {}
        shape = self.book.style(**(frame | {"text_wrap": True} | style))
        column, lines = 0, 1
        for text, span in cells:
            if span > 1:
                self.sheet.merge_range(self.row, column, self.row, column + span - 1, "", shape)
            self.sheet.write_string(self.row, column, _cut(text), shape)
            lines = max(lines, _lines(text, sum(WIDTHS[column : column + span])))
            column += span
        self.sheet.set_row(self.row, min(LINE_HEIGHT_PT * lines + 4, MAX_ROW_HEIGHT_PT))
        self.row += 1


@dataclass(slots=True)
class Book:
    """A workbook under way, with each cell format made once."""

    file: xlsxwriter.Workbook
    results: SitingResults
    presentation: Presentation
    formats: dict[tuple[tuple[str, str | float | bool], ...], Format] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """In which labels, verdicts and sentences are written."""
        return self.presentation.language

    def say(self, zh: str, **parts: str) -> str:
        """Return a label in the language of the book."""
        return say(zh, self.language, **parts)

    def style(self, **properties: str | float | bool) -> Format:
        """Return the cell format with these properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            common = {"font_name": SHEET_FONT, "font_size": 9, "valign": "vcenter"}
            self.formats[key] = self.file.add_format(common | properties)
        return self.formats[key]


def new_page(book: Book, name: str, widths: Sequence[float] = WIDTHS) -> Page:
    """Add a sheet with these column widths, ready to print on A4 landscape."""
    sheet = book.file.add_worksheet(name)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    level = wording.classification_word(words.shell(book.results))
    sheet.set_header(f"&L&9{book.results.title[:80].replace('&', '&&')}　{name}&R&9密级：{level}")
    sheet.set_footer(f"&L&9{notice(book)}&C&9第 &P 页 / 共 &N 页&R&9地图审核：未送审")
    return Page(sheet, book)


def notice(book: Book) -> str:
    """Return what stands on every sheet that rests on such data."""
    basis = words.shell(book.results).basis
    return wording.WATERMARK if basis is Basis.SYNTHETIC else wording.basis_banner(basis)


def write_flat(page: Page, titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Write a plain table with a filter, caption and disclaimer below."""
    head = page.book.style(
        bold=True, bg_color="#E4E9EE", border=1, border_color="#9AA5B1", align="center", text_wrap=True
    )
    cell = page.book.style(border=1, border_color="#C9D0D6", text_wrap=True)
    for column, title in enumerate(titles):
        page.sheet.write_string(0, column, page.book.say(title), head)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            if isinstance(value, int):
                page.sheet.write_number(number, column, value, cell)
            else:
                page.sheet.write_string(number, column, _cut(value), cell)
    page.sheet.freeze_panes(1, 0)
    page.sheet.repeat_rows(0)
    if rows:
        page.sheet.autofilter(0, 0, len(rows), len(titles) - 1)
    foot = page.book.style(font_color="#444444")
    page.sheet.write_string(len(rows) + 2, 0, words.caption(page.book.results, page.book.presentation), foot)
    page.sheet.write_string(len(rows) + 3, 0, wording.disclaimer(page.book.language), foot)


def _lines(text: str, width: float) -> int:
    room = max(width * 1.1 - 1, 1.0)  # nine points take less room than the ten that widths count in
    return sum(math.ceil(max(display_width(part), 1) / room) for part in text.split("\n"))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL_LENGTH else f"{text[:MAX_CELL_LENGTH]}……（过长，全文见数据文件）"
