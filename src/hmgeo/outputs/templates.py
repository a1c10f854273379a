"""Workbooks of text for offices: empty lists with examples, rows that go back to be corrected, and plain tables.

The run's own tables are written elsewhere (`tables`), since they need no Excel writer.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType

import xlsxwriter
from msgspec import Struct, field
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from hmgeo.outputs.book import (
    MAX_CELL_LENGTH,
    PAGE_COUNT,
    PAPER_CODES,
    cut,
    display_width,
    height_pt,
    literal,
    workbook_at,
)
from hmgeo.outputs.english import in_language, value_in_language
from hmgeo.outputs.style import SHEET_FONT
from hmgeo.outputs.tables import guarded
from hmgeo.records import LedgerEntry, UnreadWord
from hmgeo.reference.tables import GUIDE_MARKS, TemplateColumn, templates
from hmgeo.words import say

SUBTABLES = {"企业清单": ("排放口",)}
"""Tables that live in the workbook of another one."""
_LONGEST_CHOICE = 250
_ROWS_TO_FILL = 1000
_WIDEST = 40


def write_templates(folder: Path) -> tuple[str, ...]:
    """Write one workbook per list into `folder`; return the file names, in the order of the lists.

    Row 1 holds the headers (a star marks a required column), row 2 what each column may hold, row 3 an example. Rows 2
    and 3 start with a mark by which they are told from data when the list is read, so they may stay.
    """
    nested = {name for names in SUBTABLES.values() for name in names}
    written = []
    for name in templates():
        if name in nested:
            continue
        file = f"{name}.xlsx"
        _write(folder / file, (name, *SUBTABLES.get(name, ())))
        written.append(file)
    return tuple(written)


def _write(path: Path, names: tuple[str, ...]) -> None:
    with workbook_at(path, {"title": names[0]}) as book:
        common = {"font_name": SHEET_FONT, "font_size": 10, "text_wrap": True, "valign": "vcenter"}
        head = book.add_format({**common, "bold": True, "bg_color": "#E4E9EE", "border": 1})
        needed = book.add_format({**common, "bold": True, "bg_color": "#F9E0CF", "border": 1})
        text = book.add_format({"font_name": SHEET_FONT, "font_size": 10, "num_format": "@"})
        guide = book.add_format({**common, "border": 1, "italic": True, "font_color": "#666666"})
        for name in names:
            columns = templates()[name]
            page = book.add_worksheet(name)
            for index, column in enumerate(columns):
                title = f"{column.name}*" if column.is_required else column.name
                page.set_column(index, index, min(display_width(title) + 3, _WIDEST), text)
                page.write_string(0, index, title, needed if column.is_required else head)
                for row, (mark, value) in enumerate(zip(GUIDE_MARKS, (column.allowed, column.example), strict=True)):
                    page.write_string(row + 1, index, value if index else f"{mark}{value}", guide)
                _offer(page, index, column)
            page.freeze_panes(3, 2)


def _offer(page: Worksheet, index: int, column: TemplateColumn) -> None:
    """Offer a closed list of values as a choice; other values only give a warning, since lists grow."""
    values = column.allowed.split("/")
    short = [value for value in values if value]
    if len(short) < 2 or len(",".join(short)) > _LONGEST_CHOICE or any(" " in word or "，" in word for word in short):  # noqa: PLR2004 -- one is no choice
        return
    page.data_validation(
        3,
        index,
        _ROWS_TO_FILL,
        index,
        {
            "validate": "list",
            "source": short,
            "error_type": "warning",
            "error_title": "不在常用值中",
            "error_message": f"常用值：{'、'.join(short)}"[:_LONGEST_CHOICE],
        },
    )


_HEADER = ("原表行号", "编号", "需要更正的问题", "涉及字段", "所填内容", "更正为（请填写）", "更正人", "日期")
_WIDTHS = (9, 16, 60, 18, 24, 24, 10, 12)
_COPIED_WIDTH = 18


class FixRow(Struct, frozen=True):
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
    cells: Mapping[str, str]


_ASKED_OF = {
    "请更正": "退回补正 几何搁置 信用代码有误 行业版本有误 行业代码看不懂 数值有误 编号重复 风频表搁置 公式无结果",
    "请补充": "未定位 行业版本未填 编号空缺",
    "请核对": "位置存疑 行业名称与代码不符 行业代码存疑 关联未成 重复待确认 疑似重复",
    "请核实": "填报矛盾",
}
TO_FIX: Mapping[str, str] = MappingProxyType(
    {event: ask for ask, events in _ASKED_OF.items() for event in events.split()}
)
"""Events of rows that go back to the sender, and what is asked."""

FIX_SOURCE = ("文件", "工作表/图层")


def rows_to_fix(entries: Iterable[LedgerEntry]) -> list[FixRow]:
    """Return the rows that senders should correct, by file and row, from `entries` of a run's ledger."""
    by_row: dict[tuple[str, str, int], list[LedgerEntry]] = {}
    for entry in entries:
        if entry.row and entry.event in TO_FIX:
            by_row.setdefault((entry.file, entry.sheet, entry.row), []).append(entry)
    return [
        FixRow(
            line=row,
            id=next((entry.source_id for entry in row_entries if entry.source_id), ""),
            problems=tuple(dict.fromkeys(problem_of(entry) for entry in row_entries)),
            fields=tuple(dict.fromkeys(entry.field for entry in row_entries if entry.field)),
            values=tuple(dict.fromkeys(entry.value for entry in row_entries if entry.value)),
            cells=dict(zip(FIX_SOURCE, (PurePath(file).name, sheet), strict=True)),
        )
        for (file, sheet, row), row_entries in sorted(by_row.items())
    ]


def problem_of(entry: LedgerEntry) -> str:
    """Return what is wrong with the row of `entry`, and what is asked of its sender."""
    return say("row_to_fix", event=entry.event, why=entry.reason, ask=TO_FIX[entry.event])


def fix_title(name: str, count: int) -> str:
    """Return what stands above the `count` rows to fix of file or project `name`."""
    return say("rows_to_fix", name=name, count=count)


def settling_lines(unread: Iterable[UnreadWord], language: str = "zh") -> list[str]:
    """Return lines for project.yml that lack only the values of `unread`, with what each would settle.

    None where all is read. What may be written stays Chinese in any `language`: it is what project.yml takes.

    >>> from hmgeo.records import UnreadWord
    >>> settling_lines([UnreadWord("保护区级别", "核心区", 3, ("一级", "二级", "准"), 12)])[-1]
    '  "核心区": {means: , by: , on: , reason: }  # 保护区级别，3 行，12 条结论待此；可写 一级、二级、准'
    """
    lines = []
    for word in unread:
        waits = say("unread_waits", column=word.column, rows=word.rows, verdicts=word.verdicts)
        key = json.dumps(word.word, ensure_ascii=False)
        told = f"{in_language(waits, language)} {'、'.join(word.allowed)}"
        lines.append(f"  {key}: {{means: , by: , on: , reason: }}  # {told}")
    return [in_language(say("unread_words"), language), "words:", *lines] if lines else []


_WORD_HEADER = ("用语", "列", "行数", "待此的结论", "可写", "写入 project.yml 的一行", "含义", "决定人", "日期", "理由")


def _to_fill(
    book: xlsxwriter.Workbook, name: str, title: str, header: Sequence[str], widths: Sequence[int], language: str
) -> tuple[Worksheet, Format, Format]:
    """Add a sheet with title and header; return it with the formats of cells that are full and of those to fill."""
    name = in_language(name, language)
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    empty = book.add_format({"border": 1, "bg_color": "#E2F0D9"})
    sheet.write_string(0, 0, title)
    for column, text in enumerate(header):
        sheet.write_string(1, column, text, bold)
        sheet.set_column(column, column, widths[column])
    _print_plainly(sheet, name, len(header), row=1, language=language)
    return sheet, plain, empty


def _write_words(book: xlsxwriter.Workbook, unread: Sequence[UnreadWord], language: str) -> None:
    """Write a sheet with a line for each word, to be filled in."""
    widths = [40 if column in {4, 5} else 14 for column in range(len(_WORD_HEADER))]
    title, _, *lines = settling_lines(unread, language)
    header = [in_language(name, language) for name in _WORD_HEADER]
    sheet, plain, empty = _to_fill(book, "按用语", title, header, widths, language)
    for position, (word, line) in enumerate(zip(unread, lines, strict=True), start=2):
        texts = {0: word.word, 1: word.column, 4: "、".join(word.allowed), 5: line.strip().partition("  #")[0]}
        sheet.set_row(position, height_pt([(text, widths[column]) for column, text in texts.items()]))
        for column, text in texts.items():
            sheet.write_string(position, column, text[:MAX_CELL_LENGTH], plain)
        for column, number in enumerate((word.rows, word.verdicts), start=2):
            sheet.write_number(position, column, number, plain)
        for column in range(6, len(_WORD_HEADER)):
            sheet.write_blank(position, column, None, empty)
    sheet.freeze_panes(2, 1)


def write_fixme(
    rows: Sequence[FixRow],
    headers: Sequence[str],
    path: Path,
    *,
    title: str,
    unread: Sequence[UnreadWord] = (),
    language: str = "zh",
) -> None:
    """Write the workbook of `rows` to `path`; every cell is text, so nothing in it is ever run as a formula.

    Parameters
    ----------
    headers
        The sender's own columns, in their order.
    title
        Stands above the table: which file this is about and what to do.
    unread
        Words that no list holds; they get a sheet of their own, a line each.
    language
        zh or en; headers of the sender's own stay.
    """
    with workbook_at(path, {"author": ""}, in_memory=True) as book:
        widths = (*_WIDTHS, *[_COPIED_WIDTH] * len(headers))
        ours = [in_language(name, language) for name in _HEADER]
        copied = [in_language(name, language) if headers is FIX_SOURCE else name for name in headers]
        top = in_language(title, language)
        sheet, plain, empty = _to_fill(book, "请更正", top, (*ours, *copied), widths, language)
        marked = book.add_format({"text_wrap": True, "valign": "top", "border": 1, "bg_color": "#FFF2CC"})
        for position, row in enumerate(rows, start=2):
            sheet.write_number(position, 0, row.line, plain)
            problems = (in_language(problem, language) for problem in row.problems)
            values = (value_in_language(value, language) for value in row.values)
            texts = (row.id, "；".join(problems), "、".join(row.fields), "、".join(values))
            copies = ((row.cells.get(name, "")[:MAX_CELL_LENGTH], _COPIED_WIDTH) for name in headers)
            sheet.set_row(position, height_pt([*zip(texts, _WIDTHS[1:], strict=False), *copies]))
            for column, text in enumerate(texts, start=1):
                sheet.write_string(position, column, text[:MAX_CELL_LENGTH], plain)
            for column in range(len(texts) + 1, len(_HEADER)):
                sheet.write_blank(position, column, None, empty)
            for column, name in enumerate(headers, start=len(_HEADER)):
                style = marked if name in row.fields else plain
                sheet.write_string(position, column, row.cells.get(name, "")[:MAX_CELL_LENGTH], style)
        sheet.freeze_panes(2, 2)
        sheet.autofilter(1, 0, max(len(rows) + 1, 1), len(_HEADER) + len(headers) - 1)
        if unread:
            _write_words(book, unread, language)


_WIDE, _NARROW = 48.0, 22.0
_LOOKED_AT = 500
_MANY_COLUMNS = 12


class PlainTable(Struct, frozen=True):
    """A table of text.

    `choices`: words that a column offers to whoever fills it in, by its header.
    `is_contents`: the first column names the sheets of the workbook, and leads to them.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_contents: bool = False


TABLES = ".xlsx", ".csv"
"""Endings of the tables that `write_plain` makes."""


def write_plain(tables: Sequence[PlainTable], path: Path, *, suffix: str = "", notes: Sequence[str] = ()) -> None:
    """Write tables: a sheet each where the suffix is .xlsx, else the first one as csv (UTF-8 with a mark).

    `suffix`: what kind of file it is; the path's own where empty. `notes`: lines below the first table of a workbook.
    """
    if (suffix or path.suffix).lower() != ".xlsx":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([guarded(cell) for cell in row] for row in (tables[0].header, *tables[0].rows))
        return
    with workbook_at(path, {"title": tables[0].title}) as book:
        frame = {"font_name": SHEET_FONT, "font_size": 10, "text_wrap": True, "valign": "vcenter"}
        head = book.add_format({**frame, "bold": True, "bg_color": "#E4E9EE", "border": 1})
        cell = book.add_format({**frame, "border": 1})
        foot = book.add_format({"font_name": SHEET_FONT, "font_size": 9, "font_color": "#444444"})
        link = book.add_format({**frame, "border": 1, "font_color": "#1F4E79", "underline": 1})
        for table in tables:
            sheet = book.add_worksheet(table.title)
            widest, widths = _WIDE if len(table.header) <= _MANY_COLUMNS else _NARROW, list[float]()
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
    _print_plainly(sheet, table.title, len(table.header))
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.header) - 1)
        for header, words in table.choices.items():
            column = table.header.index(header)
            sheet.data_validation(1, column, len(table.rows), column, {"validate": "list", "source": list(words)})


def _print_plainly(sheet: Worksheet, name: str, columns: int, row: int = 0, language: str = "zh") -> None:
    """Print a sheet as wide as a page, its header (in `row`) on each, on A3 where `columns` are many."""
    sheet.set_landscape()
    sheet.set_paper(PAPER_CODES["A3" if columns > _MANY_COLUMNS else "A4"])
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(row)
    sheet.set_footer(f"&L&9{literal(name)}&R&9{PAGE_COUNT[language]}")
