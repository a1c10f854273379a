"""Workbooks and text tables as rows of text: where the names stand, and the rows lined up under them.

Offices put titles above the names, spread names over two rows with merged cells, and leave a template's rows of
allowed values and examples in place. What is taken for a header is told in the ledger.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
import warnings
import zipfile
import zlib
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import ParseError

import python_calamine

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.columns import is_name, recognise
from hmgeo.intake.formats.archive import check_zip, made_aside, survey_workbook
from hmgeo.intake.formats.corners import is_survey_text, read_survey_text
from hmgeo.intake.places.headers import name_parts, plain_name
from hmgeo.intake.places.numbers import NUMBER
from hmgeo.intake.rows import Journal, RawTable, as_text, choose_layer, name_rows, unique_headers
from hmgeo.reference.cells import unit_size
from hmgeo.reference.tables import GUIDE_MARKS, bare_header, templates
from hmgeo.vocabulary import expression
from hmgeo.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from lxml.html import HtmlElement

    from hmgeo.vocabulary import LayerKind


Merge: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
_SEARCHED_ROWS = 20
_DEEPEST = 3
_FEWEST_NAMES = 2
_TEMPLATE_ROWS = 2
BLANK_EVENT, REPEATED_EVENT = "空行", "重复的表头行"
_LINES_NAMED = 5
_SERIALS = frozenset({"序号", "顺序号", "no", "no.", "#"})
_PARTS = frozenset("度分秒")
_DASHES = frozenset({"-", "--", "—", "——", "/"})
_SUM = expression(
    r"(本页|本表|本县|本市|全县|全市|全省|全区|[一二三四五六七八九十]、)?(合计|小计|总计|共计|累计|总和|total)(\(.*\))?:?(\d+[家个处])?"
)
_PAGE = expression(r"第?\d+页([,;/、]?共\d+页)?|共\d+页([,;/、]?第\d+页)?|第\d+/\d+页|page\d+(of\d+)?")
_PLAIN_UNITS = frozenset({"度", "°", "%", "个", "家", "人", "户", "年", "月", "日", "元", "万元", "无量纲"})
_COUNT = expression(r"\d+[家个处户座]")
_REMARK = expression(
    r"(注|备注|说明|填表说明|填表人|制表人|制表|审核人|复核人|填报人|填报单位|填表单位|填报日期|填表日期|联系电话)\d?[:：]"
)


@lru_cache(maxsize=1)
def _listed_names() -> frozenset[str]:
    return frozenset(plain_name(column.name) for columns in templates().values() for column in columns)


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, list[str], int]:
    """Find the rows that hold the names.

    Index of the first header row, the names (joined where they stand in several rows), and how many rows they take.

    >>> find_header([["企业一览表", "", ""], ["企业名称", "坐标", ""], ["", "经度", "纬度"], ["甲", "113.1", "23.6"]])
    (1, ['企业名称', '经度', '纬度'], 2)
    """
    header = (0, [cell.strip() for cell in rows[0]], 1)
    best = _score(header[1])
    for depth in range(1, _DEEPEST + 1):  # the shallower header wins where both say the same
        for first in range(min(len(rows), _SEARCHED_ROWS) - depth + 1):
            lower = rows[first + 1 : first + depth]
            if any(NUMBER.fullmatch(cell.strip()) for row in lower for cell in row):
                continue
            names = [cell.strip() for cell in rows[first]]
            for row in lower:
                names = _joined(names, row)
            score = _score(names)
            if score >= _FEWEST_NAMES and score > best:
                header, best = (first, names, depth), score
    first, names, depth = header
    below = rows[first + depth] if len(rows) > first + depth else ()
    if not _are_units(below):
        return header
    pairs = zip(names, [*below, *[""] * len(names)], strict=False)
    units = ["" if not name or plain_name(cell) in _NO_UNITS else cell for name, cell in pairs]
    return first, _joined(names, units), depth + 1


_UNNAMED = _SERIALS | {"单位", "/"}
"""What stands in a row of units below names that have none."""
_NO_UNITS = _UNNAMED | {"无量纲", "个", "家", "户", "人", "年", "月", "日"}
"""What no name takes on: nothing, or of what something is the number."""


def _are_units(row: Sequence[str]) -> bool:
    """Tell whether a row says in which units the columns above it are, and nothing else."""
    units = [cell for cell in map(plain_name, row) if cell and cell not in _UNNAMED]
    return len(units) > 1 and all(cell in _PLAIN_UNITS or unit_size(cell.strip("()")) for cell in units)


def _lay_table(
    rows: list[list[str]],
    journal: Journal,
    *,
    sheet: str,
    is_typed: bool,
    template: str = "",
    merged: Sequence[Merge] = (),
) -> RawTable:
    """Line rows up under their header; what stands above it, template rows and trailing blanks go, with entries."""
    first, header, depth = find_header(rows) if rows else (0, [], 1)
    if not any(header):
        place = Place(file=journal.file, sheet=sheet)
        remedy = "把列名放在第一行（其上可有标题），如 企业编号、企业名称、经度、纬度"
        raise InputError(Problem("首行没有列名，前 20 行里也没有识别出表头", place, remedy=remedy))
    if first:
        journal.note("表头位置", say("header_below_titles", line=first + 1, above=first), "标题行不计入数据行")
    if depth > 1:
        journal.note("多行表头", say("header_takes_lines", first=first + 1, last=first + depth), "合并为一行列名")
    start = first + depth
    skipped = _template_rows(header, rows[start : start + _TEMPLATE_ROWS], template, journal)
    if skipped:
        journal.note("模板说明行", say("template_rows_skipped", count=skipped), "不计入数据行")
    start += skipped
    kept, remarks = _data_lines(header, rows, range(first, start - skipped), start, journal)
    _fill_merged(rows, kept, merged, journal)
    width = max((position + 1 for position, cell in enumerate(header) if cell), default=0)
    if is_typed:  # a sheet may carry cells under no header; they are columns without a name
        width = max([width, *(_used_width(rows[index], width) for index in kept)])
    names = unique_headers([*header, *[""] * width][:width], journal)
    journal.lines = tuple(index + 1 for index in kept)
    data = [rows[index] for index in kept]
    damaged, short = _fit(data, width)
    if short and not is_typed:
        journal.note("行字段数不足", say("rows_in_all", rows=name_rows(short)), "缺少的单元格按空白读取")
    columns = {name: [row[position] for row in data] for position, name in enumerate(names)}
    _unquote(columns, journal)
    return RawTable(
        sheet=sheet,
        columns=columns,
        row_count=len(data),
        is_typed=is_typed,
        damaged=damaged,
        lines=journal.lines,
        remarks=tuple(text for row in [*range(first), *remarks] for cell in rows[row] if (text := cell.strip())),
    )


def _fill_merged(rows: list[list[str]], kept: Sequence[int], merged: Sequence[Merge], journal: Journal) -> None:
    """Repeat what cells merged downwards say in every row of data that they span."""
    lines = set(kept)
    spans = [(*first, last[0]) for first, last in merged if first[1] == last[1] and first[0] in lines]
    for top, column, bottom in spans:
        for index in lines.intersection(range(top + 1, bottom + 1)):
            rows[index] += [""] * (column + 1 - len(rows[index]))
            rows[index][column] = rows[top][column]
    if spans:
        journal.note("合并单元格", say("cells_merged_downwards", count=len(spans)), "所跨各行都取合并格的值")


_QUOTED = expression(r"""="(.*)"|=([+-]?[\d.]+)|'([\dA-Z][\dA-Z.]*)""", re.DOTALL)


def _unquote(columns: dict[str, list[str]], journal: Journal) -> None:
    """Read ="113.05" and '113.05, by which numbers are kept as text, as what they hold."""
    for name, cells in columns.items():
        rows = [row for row, cell in enumerate(cells) if cell[:1] in {"=", "'"} and _QUOTED.fullmatch(cell)]
        for row in rows:
            match = _QUOTED.fullmatch(cells[row])
            cells[row] = next(filter(None, match.groups()), "") if match else cells[row]
        if rows:
            reason = say("numbers_quoted", rows=name_rows(row + 1 for row in rows))
            journal.note("文本数字", reason, "去掉引号、撇号读取", field=name)


def _data_lines(
    header: Sequence[str], rows: list[list[str]], heads: range, start: int, journal: Journal
) -> tuple[list[int], list[int]]:
    """Return the indexes of rows of data, and of remarks; blanks, sums, pages, headings said again go with entries."""
    headings = [list(_said_of(rows[index])) for index in heads]
    firsts = {next(iter(heading), None) for heading in headings}
    is_serial = [plain_name(name) in _SERIALS for name in header]
    telling = [place for place, serial in enumerate(is_serial) if not serial]
    kept: list[int] = []
    left: dict[str, list[int]] = {}
    for index in range(start, len(rows)):
        row = rows[index]
        is_data = any(place < len(row) and row[place].strip() for place in telling)
        is_data = is_data and not _SIGNS_OF_NONE.search(unicodedata.normalize("NFKC", "".join(row)))
        event = "" if is_data else _no_data(row, is_serial)
        if not event and next(_said_of(row), None) in firsts and list(_said_of(row)) in headings:
            event = REPEATED_EVENT
        if event:
            left.setdefault(event, []).append(index + 1)
        else:
            kept.append(index)
    for event, lines in left.items():
        listed = "、".join(map(str, lines[:_LINES_NAMED])) + (" 等" if len(lines) > _LINES_NAMED else "")
        first = next(cell.strip() for cell in [*rows[lines[0] - 1], ""] if cell.strip() or event == BLANK_EVENT)
        journal.note(event, f"表中第 {listed} 行，{len(lines)} 个{event}", "不计入数据行", value=first)
    return kept, [line - 1 for line in left.get(_REMARK_EVENT, ())]


_SIGNS_OF_NONE = expression(
    "[计和页:]|" + "|".join(r"[\s*\ufeff]*".join(word) for word in ("page", "total")), re.IGNORECASE
)
"""What a sum, a page number or a remark can't do without."""
_REMARK_EVENT = "表尾说明行"


def _no_data(row: Sequence[str], is_serial: Sequence[bool]) -> str:
    """Return why a row is no data: blank (a serial number alone is), a sum, or a remark; empty where it is data."""
    filled = [(position, cell) for position, cell in enumerate(row) if cell.strip()]
    if all(
        position < len(is_serial) and is_serial[position] and NUMBER.fullmatch(cell.strip())
        for position, cell in filled
    ):
        return BLANK_EVENT
    plain = [plain_name(cell) for _, cell in filled]
    others = [cell for cell in plain if not _SUM.fullmatch(cell)]
    if len(others) < len(plain) and all(
        NUMBER.fullmatch(cell.replace(",", "")) or _COUNT.fullmatch(cell) or cell in _DASHES for cell in others
    ):
        return "合计行"
    if _PAGE.fullmatch("".join(plain)):
        return "页码行"
    return _REMARK_EVENT if all(map(_REMARK.match, plain)) else ""


def _said_of(row: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the filled cells of a row with their places, as names are compared."""
    return ((place, name) for place, cell in enumerate(row) if (name := plain_name(cell)))


def _score(names: Sequence[str]) -> int:
    plain = {plain_name(name): name for name in names if name}
    return sum(is_name(name) or bool({text, bare_header(text)} & _listed_names()) for text, name in plain.items())


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Join two header rows: the lower name where it says enough by itself, else upper(lower)."""
    width = max(len(upper), len(lower))
    above, below = [*upper, *[""] * width][:width], [cell.strip() for cell in [*lower, *[""] * width][:width]]
    made: list[str] = []
    spanning = ""
    parts = {name for name in below if below.count(name) > 1 or name in _PARTS}
    for top, bottom in zip(above, below, strict=True):
        spanning = top or (spanning if bottom else "")
        if not bottom:
            made.append(top)
        elif not spanning or (_score([bottom]) and not (bottom in parts and name_parts(f"{spanning}({bottom})"))):
            made.append(bottom)
        else:
            made.append(f"{spanning}({bottom})")
    return made


def _template_rows(header: Sequence[str], rows: Sequence[Sequence[str]], template: str, journal: Journal) -> int:
    """Return how many of the first rows are the template's own allowed values or example, untouched.

    A row that anyone changed is data, even where its mark still stands.
    """
    columns = {bare_header(column.name): column for column in templates().get(template, ())}
    count = 0
    for row in rows:
        first = next((cell.strip() for cell in row if cell.strip()), "")
        mark = next((guide for guide in GUIDE_MARKS if first.startswith(guide)), "")
        untouched = [
            cell.strip().removeprefix(mark) in {"", columns[name].allowed, columns[name].example}
            for name, cell in zip(map(bare_header, header), row, strict=False)
            if cell.strip() and name in columns
        ]
        if len(untouched) < _FEWEST_NAMES or not all(untouched):
            if mark:
                journal.note(
                    "模板说明行已改动", say("template_row_changed", mark=mark), "按数据行读取，请删去标记或该行"
                )
            break
        count += 1
    return count


def _used_width(row: Sequence[str], width: int) -> int:
    if len(row) <= width:
        return 0
    return max((position + 1 for position, cell in enumerate(row[width:], start=width) if cell.strip()), default=0)


def _fit(rows: list[list[str]], width: int) -> tuple[dict[int, str], list[int]]:
    """Bring rows to the header's width in place; return the rows that hold too much and those that hold too little."""
    damaged: dict[int, str] = {}
    short: list[int] = []
    for index, row in enumerate(rows):
        if len(row) < width:
            short.append(index + 1)
            row.extend([""] * (width - len(row)))
        elif len(row) > width and any(cell.strip() for cell in row[width:]):
            damaged[index] = say("row_cells_beyond_header", count=len(row), width=width)
    return damaged, short


_ZIP_MARK = b"PK"
_HEAD_BYTES = 4096
_HEAD_ROWS = 30
_LARGEST_SCANNED_BYTES = 20 << 20
_BROKEN_BOOK = (  # what the readers let through where a workbook is damaged
    python_calamine.CalamineError,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    OSError,
)


def read_workbook(path: Path, layer: str, journal: Journal, kind: LayerKind, template: str = "") -> RawTable:
    """Read one sheet of the xlsx or xls `path`: the only one filled, the only one that fits, or `layer`.

    One fits that has the columns for a layer of that `kind`, or bears the name of the offices' `template`; `journal` is
    told which was taken, and what reads as blank. What export programs name .xls may be a web page or an XML of Excel
    2003. An `InputError` where it can't be read, holds nothing, or several fit and none is named.
    """
    sheets, merged, marks = _opened(path, journal)
    name = _choose(sheets, layer, journal, kind, template)
    journal.sheet = name
    rows = sheets.pop(name)
    sheets.clear()
    if marks:
        _tell_lost_cells(path, name, rows, marks, journal)
    return _lay_table(rows, journal, sheet=name, is_typed=True, template=template, merged=merged[name])


def _opened(path: Path, journal: Journal) -> tuple[dict[str, list[list[str]]], dict[str, list[Merge]], set[bytes]]:
    """Return the rows of every sheet of a workbook, its merged ranges, and which marks of lost cells stand in it."""
    place = Place(file=journal.file)
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    marks: set[bytes] = set()
    if head.startswith(_ZIP_MARK):
        check_zip(path, place, "xlsx 工作簿")
        try:
            marks = survey_workbook(path, place)
        except _BROKEN_BOOK as problem:
            raise _broken(place) from problem
    return *(_marked_up(path, head, journal) or _sheets(path, place)), marks


def _marked_up(
    path: Path, head: bytes, journal: Journal
) -> tuple[dict[str, list[list[str]]], dict[str, list[Merge]]] | None:
    """Return the sheets of a web page's tables or of an XML of Excel 2003; None for anything else."""
    plain = head.decode("utf-16" if head.startswith(_UTF16_MARKS) else "latin-1", "ignore").casefold()
    is_xml = "urn:schemas-microsoft-com:office:spreadsheet" in plain and "<html" not in plain
    if not is_xml and "<table" not in plain and "<html" not in plain:
        return None
    journal.note("工作簿", "扩展名是 xls，内容是 XML 或网页表格", "按其中的表格读取，请另存为 xlsx 留存")
    return _xml_sheets(path.read_bytes(), Place(file=journal.file)) if is_xml else _web_sheets(_decode(path, journal))


def _web_sheets(text: str) -> tuple[dict[str, list[list[str]]], dict[str, list[Merge]]]:
    """Read the tables of a web page that hold no other tables."""
    from lxml import html  # noqa: PLC0415 -- few files need it

    sheets: dict[str, list[list[str]]] = {}
    merged: dict[str, list[Merge]] = {}
    for table in html.fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text)).iter("table"):
        if table.find(".//table") is not None:
            continue
        rows: list[list[str]] = [[] for _ in table.iter("tr")]
        spans: list[Merge] = []
        taken: set[tuple[int, int]] = set()
        for at, row in enumerate(table.iter("tr")):
            for cell in row.iterchildren("td", "th"):
                while (at, len(rows[at])) in taken:
                    rows[at].append("")
                across, down = (_span(cell.get(attribute)) for attribute in ("colspan", "rowspan"))
                column = len(rows[at])
                taken |= {(at + line, column + step) for line in range(1, down) for step in range(across)}
                spans += [((at, column), (at + down - 1, column + across - 1))] if down > 1 else []
                rows[at] += [_shown_lines(cell), *[""] * (across - 1)]
        name = f"表{len(sheets) + 1}"
        sheets[name], merged[name] = rows, spans
    return sheets, merged


_BREAKS = ("br", "p", "div", "li")
_BREAK = "\u2028"


def _shown_lines(cell: HtmlElement) -> str:
    """Return what a cell of a web page shows, with its lines parted as they are shown."""
    for element in cell.iter(*_BREAKS):
        element.text, element.tail = f"{_BREAK}{element.text or ''}", f"{_BREAK}{element.tail or ''}"
    lines = (" ".join(line.split()) for line in cell.text_content().split(_BREAK))
    return "\n".join(filter(None, lines))


def _span(text: str | None) -> int:
    """Return over how many rows or columns a cell of a web page goes: as browsers read it, one where that fails."""
    digits = re.match(r"\s*\+?(\d+)", text or "")
    return max(1, min(int(digits[1]), _MOST_COLUMNS)) if digits else 1


_SHEET_NS = "{urn:schemas-microsoft-com:office:spreadsheet}"


def _xml_sheets(data: bytes, place: Place) -> tuple[dict[str, list[list[str]]], dict[str, list[Merge]]]:
    """Read an XML of Excel 2003."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise _broken(place)
    sheets: dict[str, list[list[str]]] = {}
    merged: dict[str, list[Merge]] = {}
    try:
        root = ET.fromstring(data)  # noqa: S314 -- no entities, as looked at above
        for sheet in root.iter(f"{_SHEET_NS}Worksheet"):
            name = sheet.get(f"{_SHEET_NS}Name", f"表{len(sheets) + 1}")
            sheets[name], merged[name] = _xml_rows(sheet)
    except (ParseError, ValueError) as problem:
        raise _broken(place) from problem
    return sheets, merged


def _xml_rows(sheet: ET.Element) -> tuple[list[list[str]], list[Merge]]:
    """Return a sheet's rows and its merged ranges; `ValueError` where its places make no sense."""
    rows: list[list[str]] = []
    spans: list[Merge] = []
    for row in sheet.iter(f"{_SHEET_NS}Row"):
        rows += [[] for _ in range(_skipped(row, len(rows), _MOST_BLANK_ROWS))]
        cells: list[str] = []
        for cell in row.iterfind(f"{_SHEET_NS}Cell"):
            cells += [""] * _skipped(cell, len(cells), _MOST_COLUMNS)
            first = (len(rows), len(cells))
            across, down = (int(cell.get(f"{_SHEET_NS}{attribute}", 0)) for attribute in ("MergeAcross", "MergeDown"))
            spans += [(first, (first[0] + down, first[1] + across))] if down > 0 else []
            cells.append("".join("".join(data.itertext()) for data in cell.iterfind(f"{_SHEET_NS}Data")))
            cells += [""] * min(across, _MOST_COLUMNS)
        rows.append(cells)
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows], spans


def _skipped(element: ET.Element, count: int, most: int) -> int:
    """Return how many rows or cells an index leaves blank before it."""
    blank = int(element.get(f"{_SHEET_NS}Index", count + 1)) - count - 1
    if blank < 0:
        raise ValueError(blank)
    return min(blank, most)


_MOST_BLANK_ROWS, _MOST_COLUMNS = 10_000, 16_384


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the names of the sheets of `path`; none where the file is no workbook that can be read."""
    if path.suffix.lower() not in {".xlsx", ".xlsm", ".xls", ".et"} or not path.is_file():
        return ()
    try:
        with path.open("rb") as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            return tuple(book.sheet_names)
    except _BROKEN_BOOK:
        return ()  # told where the workbook itself is read


def sheet_rows(path: Path) -> tuple[dict[str, list[list[str]]], list[LostCell]]:
    """Return the cells of every sheet of `path` as they stand, by its name, and which of them read as blank and aren't.

    A csv's stand under no name. `InputError` where the file can't be read.
    """
    if not path.is_file():
        raise InputError(Problem("文件不存在", Place(file=path.name), remedy="核对路径"))
    journal = Journal(path.name)
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls", ".et"}:
        sheets, _, marks = _opened(path, journal)
        return sheets, list(_lost_cells(path, sheets)) if marks else []
    text = _decode(path, journal)
    try:
        return {
            "": list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text, journal), strict=True))
        }, []
    except csv.Error as problem:
        remedy = "用 Excel 或 WPS 打开核对，另存为 xlsx 或 csv"
        raise InputError(Problem("不是完整的 csv", Place(file=path.name), str(problem), remedy=remedy)) from problem


def _sheets(path: Path, place: Place) -> tuple[dict[str, list[list[str]]], dict[str, list[Merge]]]:
    """Return the rows of every sheet by its name, from the first line and column on, and its merged ranges.

    Hidden sheets are there, too.
    """
    try:
        with path.open("rb") as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            sheets = {
                meta.name: made_aside(partial(book.get_sheet_by_name, meta.name))
                for meta in book.sheets_metadata
                if meta.typ is python_calamine.SheetTypeEnum.WorkSheet
            }
            merged = {name: list(sheet.merged_cell_ranges or ()) for name, sheet in sheets.items()}
            return {name: _rows(sheet) for name, sheet in sheets.items()}, merged
    except python_calamine.PasswordError as problem:
        raise InputError(Problem("工作簿加了密码", place, remedy="在 Excel 或 WPS 中取消密码后保存")) from problem
    except _BROKEN_BOOK as problem:
        raise _broken(place) from problem
    except BaseException as problem:
        if type(problem).__name__ == "PanicException":  # the Rust reader gave up; it has no importable name
            raise _broken(place) from problem
        raise


def _rows(sheet: Any) -> list[list[str]]:  # noqa: ANN401 -- the reader carries no types
    if sheet.start is None:
        return []
    top, left = sheet.start
    margin = [""] * left
    rows = [[*margin, *[cell if type(cell) is str else as_text(cell) for cell in row]] for row in sheet.iter_rows()]
    return [[""] * (len(rows[0]) if rows else 0) for _ in range(top)] + rows


def _choose(sheets: dict[str, list[list[str]]], layer: str, journal: Journal, kind: LayerKind, template: str) -> str:
    place = Place(file=journal.file)
    filled = [name for name, rows in sheets.items() if any(any(cell for cell in row) for row in rows)]
    if not filled:
        raise InputError(Problem("工作簿中没有内容", place, remedy="核对是否选对了文件"))
    if layer or len(filled) == 1:
        return choose_layer(list(sheets) if layer else filled, layer, place, "工作表")
    if template in filled:
        others = "、".join(name for name in filled if name != template)
        journal.note(
            "工作表",
            say("sheet_is_the_templates", template=template),
            say("sheets_not_read", others=others),
            value=template,
        )
        return template
    widths = {name: _coordinate_columns(sheets[name][:_HEAD_ROWS], kind) for name in filled}
    fitting = [name for name in filled if widths[name] and widths[name] == max(widths.values())]
    if len(fitting) != 1:
        return choose_layer(filled, layer, place, "工作表")
    others = "、".join(name for name in filled if name != fitting[0])
    journal.note(
        "工作表",
        say("one_sheet_has_coordinates", sheet=fitting[0]),
        say("sheets_not_read", others=others),
        value=fitting[0],
    )
    return fitting[0]


def _coordinate_columns(head: list[list[str]], kind: LayerKind) -> int:
    """Return in how many columns a sheet gives its coordinates: two or one; 0 where it has none."""
    _, names, _ = find_header(head)
    place = recognise([name for name in names if name], kind).place
    return 0 if place is None else min(len(place.headers), 2)


def _tell_lost_cells(path: Path, sheet: str, rows: list[list[str]], marks: set[bytes], journal: Journal) -> None:
    """Write down formulas whose result the workbook doesn't hold and cells in error: they read as blank."""
    if b't="e"' in marks:
        journal.note("公式出错", "工作簿中有 #N/A、#REF! 等错误值的单元格", "按空白读取，请核对")
    if not marks & {b"<f>", b"<f "}:
        return
    if path.stat().st_size > _LARGEST_SCANNED_BYTES:
        journal.note("公式未核对", "工作簿较大，未逐格核对公式是否都有结果", "按所存的结果读取")
        return
    first, names, depth = find_header(rows)
    for cell in _lost_cells(path, {sheet: rows}):
        if cell.is_formula:
            journal.note_row(
                max(cell.row - first - depth + 1, 0),
                "公式无结果",
                "工作簿中没有保存该公式的计算结果",
                "按空白读取；请用 Excel 或 WPS 打开后保存",
                field=names[cell.column] if cell.column < len(names) else "",
                value=cell.written,
            )


class LostCell(NamedTuple):
    """A cell that reads as blank and isn't: a formula whose result isn't stored, or an error such as #N/A.

    `row`, `column`: counted from 0. `name`: as Excel names it. `written`: the formula or the error.
    """

    sheet: str
    row: int
    column: int
    name: str
    is_formula: bool
    written: str

    @property
    def what(self) -> str:
        """Return what is wrong with it."""
        return "公式没有保存结果，读作空白" if self.is_formula else "单元格是错误值，读作空白"

    @property
    def remedy(self) -> str:
        """Return what to do."""
        return "用 Excel 或 WPS 打开，改正后保存"


def _lost_cells(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[LostCell]:
    """Yield the lost cells of an xlsx's `sheets`, given as they were read; `InputError` where it is broken.

    A formula whose stored result is an empty text lost nothing.
    """
    import openpyxl  # noqa: PLC0415 -- takes a fifth of a second, and few workbooks need it

    try:
        with warnings.catch_warnings(), path.open("rb") as stream, path.open("rb") as again:
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations it doesn't keep
            written, stored = (  # given streams, since it goes by the name of a file; a row at a time
                openpyxl.load_workbook(source, read_only=True, data_only=is_stored)
                for source, is_stored in ((stream, False), (again, True))
            )
            for sheet, rows in sheets.items():
                for book in (written, stored):
                    book[sheet].reset_dimensions()
                pairs = zip(written[sheet].iter_rows(), stored[sheet].iter_rows(), strict=True)
                for row, (cells, results) in enumerate(pairs):
                    for column, (cell, result) in enumerate(zip(cells, results, strict=True)):
                        is_blank = not (row < len(rows) and column < len(rows[row]) and rows[row][column])
                        is_error = result.data_type == "e"
                        if is_blank and (is_error or (cell.data_type == "f" and result.data_type == "n")):
                            formula = getattr(cell.value, "text", None) or getattr(cell.value, "ref", cell.value)
                            yield LostCell(sheet, row, column, cell.coordinate, not is_error, str(formula))
    except (*_BROKEN_BOOK, openpyxl.utils.exceptions.InvalidFileException) as problem:
        raise _broken(Place(file=path.name)) from problem


def _broken(place: Place) -> InputError:
    remedy = "核对文件内容（扩展名可能被改过，或文件加了密码）；用 Excel 或 WPS 另存为 xlsx"
    return InputError(Problem("不是有效的 xlsx 或 xls 工作簿", place, remedy=remedy))


_DELIMITERS = (",", "\t", ";", "，")
_BLANKS = " "
_WIDE = ("；", "｜")
_DELIMITER_WORDS = {"\t": "制表符", ";": "分号", "|": "竖线", _BLANKS: "空格", "；": "全角分号", "｜": "全角竖线"}
_FEWEST_COLUMNS = 3
_LOOKED_AT_LINES = 20
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE_BYTES = 4096
_MOSTLY = 0.3


def read_csv(path: Path, journal: Journal, template: str = "") -> RawTable:
    """Read the csv `path`: UTF-8 or UTF-16 with or without mark, then GB 18030; comma, tab or semicolon between cells.

    Untouched rows of the offices' `template` are left out; `journal` is told of them, of encoding and delimiter. An
    `InputError` where it is no text in these encodings, or no csv.
    """
    text = _decode(path, journal)
    if is_survey_text(text):
        return read_survey_text(text, journal)
    delimiter = _delimiter(text, journal)
    if delimiter == _BLANKS:
        rows = [line.split() for line in text.split("\n")]
        return _lay_table(rows, journal, sheet="", is_typed=False, template=template)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = list(reader)  # empty lines too: rows are counted as Excel counts them
    except csv.Error as problem:
        what = "不是完整的 csv（引号不成对或单元格过长）"
        where = Place(file=journal.file, line=reader.line_num)
        remedy = "用 Excel 或 WPS 打开核对该行，另存为 xlsx 或 csv"
        raise InputError(Problem(what, where, found=str(problem), remedy=remedy)) from problem
    return _lay_table(rows, journal, sheet="", is_typed=False, template=template)


def _delimiter(text: str, journal: Journal) -> str:
    head = "\n".join(text.split("\n", _LOOKED_AT_LINES)[:_LOOKED_AT_LINES])
    first_line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda sign: (head.count(sign), -_DELIMITERS.index(sign)))
    if delimiter == "，" and "，" in first_line and "," not in first_line:
        # a full-width comma is never a delimiter; saying so beats one long column
        raise InputError(
            Problem("列之间是全角逗号", Place(file=journal.file, line=1), remedy="改为半角逗号，或另存为 xlsx")
        )
    if delimiter == "，":
        delimiter = max(_DELIMITERS[:-1], key=lambda sign: (head.count(sign), -_DELIMITERS.index(sign)))
    lines = [line for line in head.split("\n") if line.strip()]
    # most lines have as many cells as a table has: one sentence is no table
    tabled = [sign for sign in _WIDE if 2 * sum(line.count(sign) >= _FEWEST_COLUMNS - 1 for line in lines) > len(lines)]
    wide = next((sign for sign in tabled if any(_are_names(line, sign) for line in lines)), "")
    if wide:
        delimiter = wide
    elif not _is_even(head, delimiter):
        delimiter = next((sign for sign in ("|", None) if _is_even(head, sign)), delimiter) or _BLANKS
    if delimiter != ",":
        journal.note(
            "分隔符", "列之间不是逗号", say("cells_parted_by", sign=_DELIMITER_WORDS[delimiter]), value=repr(delimiter)
        )
    return delimiter


def _are_names(line: str, sign: str) -> bool:
    """Tell whether a line without other delimiters is one of names when a full-width sign parts it."""
    cells = line.split(sign)
    return len(cells) >= _FEWEST_COLUMNS and not re.search(r"[,\t;|]", line) and _score(cells) >= _FEWEST_NAMES


def _is_even(head: str, sign: str | None) -> bool:
    """Tell whether a sign, or blanks where it is None, parts every line into as many cells."""
    widths = {len(line.split(sign)) for line in head.split("\n") if line.strip()}
    return len(widths) == 1 and widths.pop() >= _FEWEST_COLUMNS and head.count("\n") > 0


def _decode(path: Path, journal: Journal) -> str:
    data = path.read_bytes()
    sample = data[:_SAMPLE_BYTES]
    if data.startswith(_UTF16_MARKS):
        journal.note("编码", "文件以 UTF-16 标记开头", "按 UTF-16 读取", value="utf-16")
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in sample:
        encodings = _unmarked_utf16(sample)
        if encodings:
            journal.note(
                "编码",
                "没有标记，按字节规律判断",
                say("bytes_read_as", encoding=encodings[0].upper()),
                value=encodings[0],
            )
    else:
        encodings = ("utf-8", "gb18030")
    for encoding in encodings:
        try:  # some programs put the mark of UTF-8 before GBK, too
            text = data.removeprefix(codecs.BOM_UTF8).decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:  # UTF-32, or no text at all
            continue
        if encoding == "gb18030":
            journal.note("编码", "不是 UTF-8", "按 GB 18030（含 GBK）读取", value="gb18030")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    remedy = "核对文件内容是否为 csv 文本；可用 Excel 或 WPS 另存为「CSV UTF-8」或 xlsx"
    raise InputError(Problem("不是 UTF-8、UTF-16 或 GB 18030（GBK）文本", Place(file=journal.file), remedy=remedy))


def _unmarked_utf16(sample: bytes) -> tuple[str, ...]:
    """Return the UTF-16 that a text without mark is in: commas and digits leave zeros at every other byte."""
    pairs = max(len(sample) // 2, 1)
    if sample[1::2].count(0) > _MOSTLY * pairs and not sample[0::2].count(0):
        return ("utf-16-le",)
    if sample[0::2].count(0) > _MOSTLY * pairs and not sample[1::2].count(0):
        return ("utf-16-be",)
    return ()
