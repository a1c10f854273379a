"""The Excel workbook that offices open, sort, print and file: what sheets are made of, and how they are written.

Every text is written as a string, so that no cell is ever a formula or a link, and every number as a number. The bytes
depend on the results alone: creation time and all zip entries stand at 1980-01-01.
"""

from __future__ import annotations

import math
import re
import unicodedata
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pyarrow as pa
import xlsxwriter
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.outputs import wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.style import BASES, SHEET_FONT, VERDICTS
from hmgeo.results.columns import TABLES
from hmgeo.results.text import mu
from hmgeo.vocabulary import Unassessed, Verdict
from hmgeo.words import ENGLISH, say, table_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from hmgeo.results.results import Presentation, Results


MAX_CELL_LENGTH = 32_000
MAX_HEADER_LENGTH = 80
LINE_HEIGHT_PT = 15.0
MAX_ROW_HEIGHT_PT = 409.0

INSIDE, OUTSIDE, UNKNOWN = "是", "否", Verdict.NOT_ASSESSED.zh
CRITICAL = "（临界）"


def height_pt(texts: Sequence[tuple[str, float]]) -> float:
    """Return the height of a row, in points, that shows each of `texts` in its width in characters, for print."""
    lines = max((lines_of(text, width) for text, width in texts), default=1)
    return min(LINE_HEIGHT_PT * lines + 4, MAX_ROW_HEIGHT_PT)


_PIECES = re.compile(r"[（「『《“‘]*(?:[!-~]+|.)[，。；：、）」』》！？”’]*")
"""What stays on one line: a word, or a Chinese sign, with the marks that may not be parted from it."""
_LATIN = 1.15
"""How wide a Latin sign is, in halves of a Chinese one."""


@lru_cache(maxsize=4096)
def lines_of(text: str, width: float, size_pt: float = 10.0) -> int:
    """Return how many lines a text takes in a column, broken as spreadsheets break.

    `width`: of the column, as spreadsheets count: 7 pixels each, of which 1 is lost at the edges.
    `size_pt`: of the letters.

    >>> lines_of("合成（演示）", 12), lines_of("合成（演示）", 11)
    (1, 2)
    >>> lines_of("not assessed yet", 9.5)
    3
    """
    half_px = size_pt * 2 / 3
    room = max(7 * width - 1, 2 * half_px) / half_px
    lines = 0
    for part in text.split("\n"):
        lines += 1
        if 2 * len(part) <= room:
            continue
        taken = 0.0
        for piece in _PIECES.findall(part):
            wide = sum(map(_halves, piece))
            if taken and taken + wide > room:
                lines, taken = lines + 1, 0.0
            lines += max(math.ceil(wide / room) - 1, 0)
            taken += wide % room if wide > room else wide
    return lines


@lru_cache(maxsize=65536)
def _halves(sign: str) -> float:
    """Return the width of one sign, in halves of a Chinese one."""
    return _LATIN if sign.isascii() else _columns(sign)


@lru_cache(maxsize=65536)
def display_width(text: str) -> int:
    """Return the width of a text in columns of a sheet: a Chinese character takes two.

    >>> display_width("耕地 A")
    6
    """
    return sum(map(_columns, text))


@lru_cache(maxsize=65536)
def _columns(sign: str) -> int:
    return 2 if unicodedata.east_asian_width(sign) in "WFA" else 1


def cut(text: str) -> str:
    """Return a text that fits a cell; one that doesn't says so."""
    return text if len(text) <= MAX_CELL_LENGTH else f"{text[:MAX_CELL_LENGTH]}……（过长，全文见数据文件）"


def literal(text: str) -> str:
    """Return a text for a page header (255 characters in all), where & would start a code."""
    return text[:MAX_HEADER_LENGTH].replace("&", "&&")


class AtLeast(NamedTuple):
    """A count or area that is a lower bound, since the search leaves the declared coverage."""

    value: float


class Measured(NamedTuple):
    """A distance with its error in metres, shown behind it."""

    value: float
    error_m: float


class Link(NamedTuple):
    """A text or number that leads to the row of a sheet with that key, or to a place of a file beside the workbook."""

    shown: str | int
    to: str
    key: str = ""


Cell = str | int | float | AtLeast | Measured | Link | None


class Column(Struct, frozen=True):
    """One column: its header, width in characters, how values are shown, and the header spanning it.

    `kind`: text, wrap, quote (wrapped, never put into another language), badge, mark (centred), count, distance_m,
    area_ha, area_mu, degree or coordinate.
    `header_en`: where it isn't among the phrases.
    """

    header: str
    width: float
    kind: str = "text"
    group: str = ""
    header_en: str = ""


_LISTED = {
    sheet: tuple((*line, "", "")[1:6] for line in lines)
    for sheet, lines in groupby(
        sorted(table_rows("hmgeo.outputs.sheets", "columns.tsv"), key=itemgetter(0)), itemgetter(0)
    )
}


def columns_of(sheet: str, groups: Mapping[str, str] | None = None, **each: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of `sheet` as `columns.tsv` lists them.

    `groups`: the headers over several columns that the file names by a code.
    `each`: words by the name in the last cell of a line: it stands once for each of them, in the place of `{}`.
    """
    return tuple(
        Column(header.replace("{}", word), float(width), kind, (groups or {}).get(group, group))
        for header, width, kind, group, of in _LISTED[sheet]
        for word in (each[of] if of else ("",))
    )


class Section(Struct, frozen=True):
    """A small table among others on one sheet.

    `quotes`: columns that stay in their language.
    `spans`: first and last column of the sheet that each of its columns takes; one each where nothing is said.
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    quotes: tuple[int, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


class Sheet(Struct, frozen=True):
    """One table of the workbook.

    Parameters
    ----------
    totals, sections
        Stand under the rows.
    remarks
        Stand above the header.
    keys
        Of the rows, for links to them.
    """

    name: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    totals: tuple[tuple[Cell, ...], ...] = ()
    remarks: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()

    @property
    def first_row(self) -> int:
        """The first of its rows, below title, facts, remarks and header."""
        return _BANNER_ROWS + len(self.remarks) + 1 + any(column.group for column in self.columns)


_BANNER_ROWS = 2
CONTENTS = "目录"


class From(NamedTuple):
    """A column of a sheet that shows one of the table of columns as it is; `in_mu`: hectares are shown in 亩."""

    name: str
    width: float
    kind: str = ""
    group: str = ""
    in_mu: bool = False


def table_sheet(name: str, table: str, records: Sequence[Mapping[str, Any]], shown: Sequence[From]) -> Sheet:
    """Return a sheet of columns, `shown` from left to right, with headers, units and kinds of the table of columns.

    `table`: by its name in the table of columns.
    """
    by_name = {column.name: column for column in TABLES[table].columns}
    columns = []
    for place in shown:
        described = by_name[place.name]
        unit = "亩" if place.in_mu else described.measured_in
        kind = place.kind or (
            "area_mu" if place.in_mu else _KINDS.get(unit, "count" if described.type == pa.int64() else "wrap")
        )
        end, end_en = (f"({unit})", f" ({'mu' if place.in_mu else unit})") if unit else ("", "")
        columns.append(Column(f"{described.zh}{end}", place.width, kind, place.group, f"{described.en}{end_en}"))
    rows = [tuple(_cell_of(record[place.name], place) for place in shown) for record in records]
    return Sheet(name, tuple(columns), rows)


_KINDS = {"m": "distance_m", "ha": "area_ha", "°": "coordinate"}


def _cell_of(value: str | float | None, column: From) -> Cell:
    return mu(value) if column.in_mu and isinstance(value, int | float) else _shown(value)


def with_columns_of(sheet: Sheet, table: str, records: Sequence[Mapping[str, Any]], last: int = 1) -> Sheet:
    """Return a sheet with the columns that their lines put on it, before its `last` ones.

    `table`: by its name in the table of columns. `records`: a row of the table for each row of the sheet.
    """
    placed = TABLES[table].on_sheet(sheet.name)
    if not placed or not records:
        return sheet
    at = len(sheet.columns) - last
    more = tuple(Column(column.zh, how.width, how.kind, header_en=column.en) for column, how in placed)
    rows = [
        (*cells[:at], *(_shown(record.get(column.name)) for column, _ in placed), *cells[at:])
        for cells, record in zip(sheet.rows, records, strict=True)
    ]
    totals = tuple((*cells[:at], *(None for _ in placed), *cells[at:]) for cells in sheet.totals)
    return replace(sheet, columns=(*sheet.columns[:at], *more, *sheet.columns[at:]), rows=rows, totals=totals)


def _shown(value: str | float | None) -> Cell:
    return (INSIDE if value else OUTSIDE) if isinstance(value, bool) else value


CREATED = datetime.fromisoformat("1980-01-01")
PAPER_CODES = {"A3": 8, "A4": 9}
MAX_ROWS = 1_000_000
WRAPPED = frozenset({"wrap", "badge", "quote"})
_WORD_WIDTH = 9.5
CENTRED = frozenset({"badge", "mark"})

NUMBER_FORMATS = {
    "count": "#,##0_ ",
    "distance_m": "#,##0.0_ ",
    "area_ha": "#,##0.00_ ",
    "area_mu": "#,##0.0_ ",
    "degree": "0_ ",
    "coordinate": "0.00000_ ",
}
"""By kind of column; `_ ` keeps a number off the text to its right."""


@contextmanager
def workbook_at(path: Path, properties: Mapping[str, str], **options: object) -> Iterator[xlsxwriter.Workbook]:
    """Open a workbook at `path` with its `properties` whose cells are texts and numbers: no formula, link or clock.

    What xlsxwriter puts aside lies beside it and goes with it, however that ends. `options`: more of xlsxwriter's own.
    """
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with (
        TemporaryDirectory(dir=path.parent, ignore_cleanup_errors=True) as room,
        xlsxwriter.Workbook(str(path), {"tmpdir": room, **plain, **options}) as file,
    ):
        file.set_properties({"author": "hmgeo", **properties, "created": CREATED})
        yield file


class Formats(Struct, dict=True):
    """A workbook under way, with each cell format made once, and how it is shown."""

    file: xlsxwriter.Workbook
    presentation: Presentation
    size_pt: ClassVar[float] = 10

    @cached_property
    def formats(self) -> dict[tuple[tuple[str, str | float | bool], ...], Format]:
        """Those made so far, by their properties."""
        return {}

    def style(self, **properties: str | float | bool) -> Format:
        """Return the cell format with these properties on top of the common ones."""
        asked = tuple(properties.items())
        if asked not in self.formats:
            key = tuple(sorted(asked))
            if key not in self.formats:
                common = {"font_name": SHEET_FONT, "font_size": self.size_pt, "valign": "vcenter"}
                self.formats[key] = self.file.add_format(common | properties)
            self.formats[asked] = self.formats[key]
        return self.formats[asked]


class Book(Formats):
    """The workbook of a run: what it says of which results, and where the rows of its sheets stand."""

    results: Results
    titles: dict[str, str] = field(default_factory=dict)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)

    def place(self, sheets: Iterable[Sheet]) -> None:
        """Note where the rows of sheets will stand, so that links find them before they are written."""
        for sheet in sheets:
            self.rows |= {(sheet.name, key): sheet.first_row + at for at, key in enumerate(sheet.keys)}

    def target(self, link: Link) -> str:
        """Return what a link leads to, as a workbook writes it."""
        if "." in link.to:
            return f"external:{link.to}" + (f"#{link.key}" if link.key else "")
        return f"internal:'{self.say(link.to)}'!A{self.rows.get((link.to, link.key), 0) + 1}"

    def say(self, text: str) -> str:
        """Return a text of ours in the language of the workbook."""
        if self.presentation.language == ENGLISH and text in self.titles:
            return self.titles[text]
        return in_language(text, self.presentation.language)


_MOST_HELD = 5_000
"""Sources whose sheets are put together in memory."""


@contextmanager
def open_book(results: Results, presentation: Presentation, path: Path) -> Iterator[Book]:
    """Open a workbook at `path`, titled by `results` and `presentation`: no formula, no link, no clock."""
    properties = {
        "title": results.title,
        "subject": wording.basis_banner(results.basis, presentation.language),
        "author": presentation.maker or "hmgeo",
        "comments": wording.disclaimer(presentation.language),
    }
    is_held = results.sources.num_rows <= _MOST_HELD
    with workbook_at(path, properties, default_date_format="yyyy-mm-dd", in_memory=is_held) as file:
        titles = {rule.title: rule.title_en for rule in results.rules if rule.title_en}
        titles[wording.visit_order(results)] = wording.visit_order(results, ENGLISH)
        yield Book(file, presentation, results, titles)


def write_table(book: Book, sheet: Sheet, paper: str = "") -> Worksheet:
    """Write a table as a sheet of its own, ready to be printed on `paper`: A4, A3; else as the book is."""
    if book.presentation.language == ENGLISH:  # English words don't break between signs
        sheet = replace(
            sheet, columns=tuple(replace(column, width=max(column.width, _WORD_WIDTH)) for column in sheet.columns)
        )
    page = book.file.add_worksheet(book.say(sheet.name))
    for index, column in enumerate(sheet.columns):
        page.set_column(index, index, column.width)
    widths = [column.width for column in sheet.columns]
    first = _write_banner(book, page, sheet.name, sheet.remarks, widths)
    top = _write_header(book, page, sheet.columns, first)
    last = _write_rows(book, page, sheet, top + 1)
    badges = last
    if sheet.sections:
        last = _write_sections(book, page, sheet.sections, last + 2, widths) - 2
    _colour_badges(book, page, sheet, top + 1, badges)
    _shade_marks(book, page, sheet, top + 1, badges)
    if sheet.rows:
        page.autofilter(top, 0, min(last, top + len(sheet.rows)), len(sheet.columns) - 1)
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(first, top)
    _write_closing(book, page, last + 2, widths)
    _set_page(book, page, sheet.name, paper)
    page.print_area(0, 0, last + 3, len(widths) - 1)
    _fill_pages(page, paper or book.presentation.paper, widths, last + 4, range(first, top + 1))
    return page


def write_sections(
    book: Book,
    name: str,
    sections: Sequence[Section],
    widths: Sequence[float],
    *,
    remarks: Sequence[str] = (),
    is_broken: bool = False,
) -> None:
    """Write small tables, `sections`, on sheet `name` of `book` in columns of `widths` characters, `remarks` above.

    `is_broken`: whether a page ends before a table whose head would stand alone at its foot.
    """
    page = book.file.add_worksheet(book.say(name))
    for index, width in enumerate(widths):
        page.set_column(index, index, width)
    row = _write_banner(book, page, name, remarks, widths) + 1
    start = row
    row = _write_sections(book, page, sections, row, widths)
    _write_closing(book, page, row, widths)
    _set_page(book, page, name)
    page.print_area(0, 0, row + 1, len(widths) - 1)
    if is_broken:
        _break_pages(page, book.presentation.paper, widths, sections, start)
    else:
        _fill_pages(page, book.presentation.paper, widths, row + 2)


_PAGE_PX = {"A4": (1065, 679), "A3": (1530, 1007)}
"""Width and height inside the margins of `_set_page`, at 96 dots an inch."""
_TOGETHER, _SLACK = 5, 0.97
_LEAST_SCALE, _LEAST_SHRUNK, _LITTLE = 0.5, 0.7, 0.4
"""How small a page may be printed, how much smaller than its width asks for, how little may not fill the last."""


def _printed(page: Worksheet, paper: str, widths: Sequence[float], stop: int) -> tuple[float, float, list[float]]:
    """Return the scale at which columns fill a page, its room in pixels of the sheet, and the heights of the rows."""
    wide, high = _PAGE_PX.get(paper, _PAGE_PX["A4"])
    scale = min(1.0, wide / sum(int(7 * width + 5) for width in widths))
    usual = page.original_row_height  # 15 points or 20 dots: versions before 3.3 keep points
    return scale, high / scale, [20 / usual * page.row_sizes.get(at, (usual,))[0] for at in range(stop)]


def _fill_pages(page: Worksheet, paper: str, widths: Sequence[float], stop: int, repeated: range = range(0)) -> None:
    """Print a sheet smaller, `repeated` rows on each page, where else its end (row `stop`) stood almost alone."""
    scale, room, heights = _printed(page, paper, widths, stop)
    head = sum(heights[at] for at in repeated)
    full, taken = 0, 0.0
    for height in heights:
        if taken + height > room:
            full, taken = full + 1, head
        taken += height
    shrunk = full / (full + taken / room)
    if full and shrunk >= _LEAST_SHRUNK and shrunk * scale >= _LEAST_SCALE and taken < room * _LITTLE:
        page.fit_to_pages(1, full)


def _break_pages(page: Worksheet, paper: str, widths: Sequence[float], sections: Sequence[Section], row: int) -> None:
    """Break before a small table whose title, header and first rows don't fit any more."""
    starts = set()
    for section in sections:
        starts.add(row)
        row += len(section.rows) + 3
    _, room, heights = _printed(page, paper, widths, row)
    breaks, taken = [], 0.0
    for at, height in enumerate(heights):
        needed = sum(heights[at : at + _TOGETHER]) / _SLACK if at in starts else height
        if taken + needed > room and at + 1 not in starts:  # a blank row may hang over the edge
            breaks += [at] if at in starts else []
            taken = 0.0
        taken += height
    page.set_h_pagebreaks(breaks)


def _write_sections(book: Book, page: Worksheet, sections: Sequence[Section], row: int, widths: Sequence[float]) -> int:
    """Write small tables from a row on; return the next free one."""
    title = book.style(bold=True, font_size=11)
    for section in sections:
        page.write_string(row, 0, book.say(section.title), title)
        spans = section.spans or tuple((index, index) for index in range(len(section.header)))
        for at, cells in enumerate((section.header, *section.rows), start=row + 1):
            spoken = [
                _said(book, cell) if at == row + 1 or place not in section.quotes else cell
                for place, cell in enumerate(cells)
            ]
            look: dict[str, str | bool] = {"bold": True, "bg_color": "#E4E9EE"} if at == row + 1 else {}
            _write_spanned(book, page, at, spoken, spans, widths, look)
        row += len(section.rows) + 3
    return row


def _write_spanned(
    book: Book,
    page: Worksheet,
    row: int,
    cells: Sequence[Cell],
    spans: Sequence[tuple[int, int]],
    widths: Sequence[float],
    look: Mapping[str, str | bool],
) -> None:
    """Write a row whose cells may take several columns, in a row high enough for them."""
    texts = []
    for cell, (first, last) in zip(cells, spans, strict=False):
        kind = "count" if isinstance(cell, int) or (isinstance(cell, Link) and isinstance(cell.shown, int)) else "wrap"
        kind = "area_mu" if isinstance(cell, float | AtLeast) else kind
        if last > first:
            page.merge_range(row, first, row, last, "", book.style(border=1, border_color="#C9D0D6"))
        _write_cell(book, page, (row, first), cell, kind, **look)
        bare = cell.shown if isinstance(cell, Link) else cell.value if isinstance(cell, AtLeast) else cell
        text = f"{bare:,.1f}" if isinstance(bare, float) else str(bare)
        texts.append((text, sum(widths[first : last + 1])))
    page.set_row(row, height_pt(texts))


def _write_banner(book: Book, page: Worksheet, name: str, remarks: Sequence[str], widths: Sequence[float]) -> int:
    """Write title, day, basis and warnings over the full width; return the next free row."""
    results = book.results
    tint = BASES[results.basis]
    day = results.as_of.isoformat() if results.as_of else "未设基准日"
    facts = [say("as_of_day", day=day), say("area_of", name=results.area_name) if results.area_name else ""]
    facts += [say("classified_as", mark=wording.classification_word(results)), wording.basis_banner(results.basis)]
    is_behind_contents = (CONTENTS, "") in book.rows and name != CONTENTS
    if is_behind_contents and results.warnings:
        facts += [say("cautions_in_contents", count=len(results.warnings))]
    title = book.style(bold=True, font_size=14)
    notice = book.style(bg_color=tint.tint, font_color=tint.text, bold=True, text_wrap=True)
    plain = book.style(text_wrap=True, font_color="#333333")
    lines = [
        (f"{results.title}　{book.say(name)}", title),
        (say("side_by_side", parts=tuple(filter(None, facts))), notice),
    ]
    lines += [(remark, plain) for remark in remarks]
    for row, (text, style) in enumerate(lines):
        _write_across(page, row, book.say(text), style, widths)
    if is_behind_contents:
        page.write_url(0, 0, book.target(Link("", CONTENTS)), title, f"{results.title}　{book.say(name)}")
    return len(lines)


def _write_across(page: Worksheet, row: int, text: str, style: Format, widths: Sequence[float]) -> None:
    """Write one text over all columns, in a row high enough for it: merged cells don't grow by themselves."""
    page.set_row(row, height_pt([(text, sum(widths))]))
    page.merge_range(row, 0, row, len(widths) - 1, "", style)
    page.write_string(row, 0, cut(text), style)


def _write_header(book: Book, page: Worksheet, columns: Sequence[Column], row: int) -> int:
    """Write the header, in two rows where columns stand in groups; return its last row."""
    style = book.style(bold=True, bg_color="#E4E9EE", border=1, border_color="#9AA5B1", align="center", text_wrap=True)
    is_english = book.presentation.language == ENGLISH
    headers = [((is_english and column.header_en) or book.say(column.header), column.width) for column in columns]
    if not any(column.group for column in columns):
        page.set_row(row, height_pt(headers))
        for index, (header, _) in enumerate(headers):
            page.write_string(row, index, header, style)
        return row
    page.set_row(row, LINE_HEIGHT_PT + 4)
    page.set_row(row + 1, height_pt(headers))
    start = 0
    while start < len(columns):
        group = columns[start].group
        stop = start + 1
        while group and stop < len(columns) and columns[stop].group == group:
            stop += 1
        if not group:
            page.merge_range(row, start, row + 1, start, "", style)
            page.write_string(row, start, headers[start][0], style)
        else:
            if stop - start > 1:
                page.merge_range(row, start, row, stop - 1, "", style)
            page.write_string(row, start, book.say(group), style)
            for index in range(start, stop):
                page.write_string(row + 1, index, headers[index][0], style)
        start = stop
    return row + 1


def _write_rows(book: Book, page: Worksheet, sheet: Sheet, row: int) -> int:
    """Write rows and totals; return the last row written."""
    for written in sheet.rows[:MAX_ROWS]:
        cells = _spoken(book, written, sheet.columns)
        page.set_row(row, _row_height_pt(cells, sheet.columns))
        for index, (cell, column) in enumerate(zip(cells, sheet.columns, strict=True)):
            _write_cell(book, page, (row, index), cell, column.kind)
        row += 1
    if len(sheet.rows) > MAX_ROWS:
        text = say("rows_beyond_sheet", count=len(sheet.rows), most=MAX_ROWS)
        page.write_string(row, 0, book.say(text), book.style(bold=True))
        row += 1
    for written in sheet.totals:
        cells = _spoken(book, written, sheet.columns)
        for index, (cell, column) in enumerate(zip(cells, sheet.columns, strict=True)):
            kind = "count" if isinstance(cell, int) else column.kind
            _write_cell(book, page, (row, index), cell, kind, bold=True, bg_color="#F3F5F7")
        row += 1
    return row - 1


def _spoken(book: Book, cells: Sequence[Cell], columns: Sequence[Column]) -> tuple[Cell, ...]:
    """Return a row in the language of the workbook; quotes and names stay as they are."""
    if book.presentation.language != ENGLISH:
        return tuple(cells)
    return tuple(
        cell if column.kind == "quote" else _said(book, cell) for cell, column in zip(cells, columns, strict=True)
    )


def _said(book: Book, cell: Cell) -> Cell:
    if isinstance(cell, Link):
        return cell if isinstance(cell.shown, int) else cell._replace(shown=book.say(cell.shown))
    return book.say(cell) if isinstance(cell, str) else cell


def _write_cell(book: Book, page: Worksheet, at: tuple[int, int], cell: Cell, kind: str, **more: str | bool) -> None:
    shape: dict[str, str | float | bool] = {"border": 1, "border_color": "#C9D0D6", **more}
    if isinstance(cell, AtLeast):
        style = book.style(num_format=f'"≥"{NUMBER_FORMATS[kind]}', **shape)
        page.write_number(*at, cell.value, style)
    elif isinstance(cell, Measured):
        near = f'"±{cell.error_m:,.0f}"' if round(cell.error_m) >= 1 else ""
        style = book.style(num_format=f"{NUMBER_FORMATS[kind].rstrip('_ ')}{near}_ ", **shape)
        page.write_number(*at, cell.value, style)
    elif isinstance(cell, Link):
        shape |= {"font_color": "#0B5394", "underline": True}
        numeric = isinstance(cell.shown, int)
        style = book.style(**({"num_format": NUMBER_FORMATS["count"]} if numeric else {"text_wrap": True}), **shape)
        page.write_url(*at, book.target(cell), style, str(cell.shown))
        if isinstance(cell.shown, int):
            page.write_number(*at, cell.shown, style)
    elif isinstance(cell, int | float) and math.isfinite(cell):
        page.write_number(*at, cell, book.style(num_format=NUMBER_FORMATS[kind], **shape))
    elif isinstance(cell, str) and cell:
        align = "center" if kind in CENTRED else "left"
        page.write_string(*at, cut(cell), book.style(text_wrap=kind in WRAPPED, align=align, **shape))
    else:
        page.write_blank(*at, None, book.style(**shape))


def _colour_badges(book: Book, page: Worksheet, sheet: Sheet, first: int, last: int) -> None:
    """Tint the badge column by its word; the word itself always stands in the cell."""
    for index, column in enumerate(sheet.columns):
        if column.kind != "badge" or not sheet.rows:
            continue
        for verdict, words in _badge_words(book.presentation.language).items():
            tint = VERDICTS[verdict]
            style = book.style(bg_color=tint.tint, font_color=tint.text, bold=True)
            for word in dict.fromkeys(words):
                rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": style}
                page.conditional_format(first, index, last, index, rule)


def _shade_marks(book: Book, page: Worksheet, sheet: Sheet, first: int, last: int) -> None:
    """Shade 是, so that the eye finds it; no verdict is meant."""
    style = book.style(bg_color="#E3EBF3", bold=True)
    for index, column in enumerate(sheet.columns):
        if column.kind == "mark" and sheet.rows:
            rule = {"type": "text", "criteria": "begins with", "value": book.say(INSIDE), "format": style}
            page.conditional_format(first, index, last, index, rule)


def _badge_words(language: str) -> dict[Verdict, tuple[str, ...]]:
    codes = {Verdict.NOT_ASSESSED: ("", Unassessed.COVERAGE_UNDECLARED.value)}
    return {
        verdict: tuple(
            wording.badge({"verdict": verdict.value, "reason_codes": code}, example=example, language=language)
            for code in codes.get(verdict, ("",))
            for example in (False, True)
        )
        for verdict in Verdict
    }


def _write_closing(book: Book, page: Worksheet, row: int, widths: Sequence[float]) -> None:
    """Write caption and disclaimer under a sheet."""
    style = book.style(text_wrap=True, font_size=9, font_color="#444444")
    _write_across(page, row, book.say(wording.caption(book.results, book.presentation)), style, widths)
    _write_across(page, row + 1, wording.disclaimer(book.presentation.language), style, widths)


PAGE_COUNT = {"zh": "第 &P 页 / 共 &N 页", ENGLISH: "Page &P of &N"}
"""For the foot of a page, by language."""


def _set_page(book: Book, page: Worksheet, name: str, paper: str = "") -> None:
    """Make a sheet ready to print: paper, header and footer."""
    page.set_landscape()
    page.set_paper(PAPER_CODES.get(paper or book.presentation.paper, PAPER_CODES["A4"]))
    page.set_margins(left=0.3, right=0.3, top=0.6, bottom=0.6)
    page.fit_to_pages(1, 0)
    page.hide_gridlines(2)
    classification = book.say(say("classified_as", mark=wording.classification_word(book.results)))
    notice = wording.basis_banner(book.results.basis, book.presentation.language)
    page.set_header(f"&L&9{literal(book.results.title)}　{book.say(name)}&R&9{classification}")
    page.set_footer(
        f"&L&9{literal(notice)}&C&9{PAGE_COUNT[book.presentation.language]}&R&9{book.say('地图审核：未送审')}"
    )


def _row_height_pt(cells: Sequence[Cell], columns: Sequence[Column]) -> float:
    wrapped = [pair for pair in zip(cells, columns, strict=True) if pair[1].kind in WRAPPED]
    texts = [(cell.shown if isinstance(cell, Link) else cell, column.width) for cell, column in wrapped]
    return height_pt([(text, width) for text, width in texts if isinstance(text, str)])
