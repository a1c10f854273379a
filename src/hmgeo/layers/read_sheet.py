"""Workbooks, xlsx and xls: the values that they hold, as rows of text."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import python_calamine

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.archive import check_zip
from hmgeo.layers.header import find_header, lay_table
from hmgeo.layers.rawtable import RawTable, as_text, choose_layer
from hmgeo.layers.schema import recognise

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.layers.journal import Journal
    from hmgeo.vocabulary import LayerKind

_ZIP_MARK = b"PK"
_HEAD_ROWS = 30
_LARGEST_SCANNED_BYTES = 20 << 20
_CHUNK_BYTES = 4 << 20
_MOST_CELLS = 40_000_000
_MARKS = (b"<f>", b"<f ", b't="e"')
_SHEET_NAME = re.compile(r"/?xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_LETTERS = re.compile(rb' r="([A-Z]{1,10})\d')
_NUMBERS = re.compile(rb' r="[A-Z]{1,10}(\d{1,12})"')
_LONGEST_REFERENCE = 30
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
    """Read one sheet of an xlsx or xls: the only one filled, the only one that fits, or the one that is named."""
    place = Place(file=journal.file)
    with path.open("rb") as stream:
        is_zip = stream.read(len(_ZIP_MARK)) == _ZIP_MARK
    marks: set[bytes] = set()
    if is_zip:
        check_zip(path, place, "xlsx 工作簿")
        marks = _survey(path, place)
    sheets = _sheets(path, place)
    name = _choose(sheets, layer, journal, kind, template)
    journal.sheet = name
    rows = sheets.pop(name)
    sheets.clear()
    if marks:
        _tell_lost_cells(path, name, rows, marks, journal)
    return lay_table(rows, journal, sheet=name, is_typed=True, template=template)


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the names of a workbook's sheets; none where the file is no workbook that can be read."""
    if path.suffix.lower() not in {".xlsx", ".xlsm", ".xls"} or not path.is_file():
        return ()
    try:
        with path.open("rb") as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            return tuple(book.sheet_names)
    except _BROKEN_BOOK:
        return ()  # told where the workbook itself is read


def _sheets(path: Path, place: Place) -> dict[str, list[list[str]]]:
    """Return the rows of every sheet by its name, from the first line and column on; hidden sheets too."""
    try:
        with path.open("rb") as stream:
            book = python_calamine.CalamineWorkbook.from_filelike(stream)
            return {
                meta.name: _rows(book.get_sheet_by_name(meta.name))
                for meta in book.sheets_metadata
                if meta.typ is python_calamine.SheetTypeEnum.WorkSheet
            }
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
        journal.note("工作表", f"「{template}」与清单模板同名", f"读取它，未读「{others}」", value=template)
        return template
    fitting = [name for name in filled if _fits(sheets[name][:_HEAD_ROWS], kind)]
    if len(fitting) != 1:
        return choose_layer(filled, layer, place, "工作表")
    others = "、".join(name for name in filled if name != fitting[0])
    journal.note("工作表", f"只有「{fitting[0]}」有坐标列", f"读取它，未读「{others}」", value=fitting[0])
    return fitting[0]


def _fits(head: list[list[str]], kind: LayerKind) -> bool:
    _, names, _ = find_header(head)
    columns = recognise([name for name in names if name], kind)
    return "lon" in columns and "lat" in columns


def _tell_lost_cells(path: Path, sheet: str, rows: list[list[str]], marks: set[bytes], journal: Journal) -> None:
    """Write down formulas whose result the workbook doesn't hold and cells in error: they read as blank."""
    if b't="e"' in marks:
        journal.note("公式出错", "工作簿中有 #N/A、#REF! 等错误值的单元格", "按空白读取，请核对")
    if not marks & {b"<f>", b"<f "}:
        return
    if path.stat().st_size > _LARGEST_SCANNED_BYTES:
        journal.note("公式未核对", "工作簿较大，未逐格核对公式是否都有结果", "按所存的结果读取")
        return
    import openpyxl  # noqa: PLC0415 -- takes a fifth of a second, and few workbooks need it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations it doesn't keep
            book = openpyxl.load_workbook(path, data_only=False)
    except (*_BROKEN_BOOK, openpyxl.utils.exceptions.InvalidFileException) as problem:
        raise _broken(Place(file=journal.file)) from problem
    first, names, depth = find_header(rows)
    for number, cells in enumerate(book[sheet].iter_rows()):
        for position, cell in enumerate(cells):
            if cell.data_type == "f" and not _cell(rows, number, position):
                journal.note_row(
                    max(number - first - depth + 1, 0),
                    "公式无结果",
                    "工作簿中没有保存该公式的计算结果",
                    "按空白读取；请用 Excel 或 WPS 打开后保存",
                    field=names[position] if position < len(names) else "",
                    value=str(cell.value),
                )
    book.close()


def _cell(rows: list[list[str]], number: int, position: int) -> str:
    return rows[number][position] if number < len(rows) and position < len(rows[number]) else ""


def _survey(path: Path, place: Place) -> set[bytes]:
    """Return which of the marks of formulas and errors stand in the sheets of an xlsx; refuse sheets spread too far.

    The fast reader lays every sheet out as one full rectangle, and ends the whole process where that doesn't fit.
    """
    found: set[bytes] = set()
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if _SHEET_NAME.fullmatch(info.filename):
                    with archive.open(info) as stream:
                        found |= _survey_sheet(stream, place)
    except _BROKEN_BOOK as problem:
        raise _broken(place) from problem
    return found


def _survey_sheet(stream: IO[bytes], place: Place) -> set[bytes]:
    found: set[bytes] = set()
    columns: set[bytes] = set()
    last_row, tail = 0, b""
    while chunk := stream.read(_CHUNK_BYTES):
        text = tail + chunk
        found |= {mark for mark in _MARKS if mark in text}
        columns.update(_LETTERS.findall(text))
        last_row = max(last_row, *map(int, set(_NUMBERS.findall(text))), 0)
        tail = text[-_LONGEST_REFERENCE:]
    width = max(map(_column_number, columns), default=0)
    if last_row * width > _MOST_CELLS:
        raise InputError(
            Problem(
                what="工作表的单元格散布过远，已拒绝读取",
                where=place,
                found=f"用到第 {last_row} 行、第 {width} 列",
                allowed=f"行数乘列数不超过 {_MOST_CELLS}",
                remedy="删除表格之外的单元格（选中后清除内容和格式），或把表格复制到新工作簿",
            )
        )
    return found


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _broken(place: Place) -> InputError:
    remedy = "核对文件内容（扩展名可能被改过，或文件加了密码）；用 Excel 或 WPS 另存为 xlsx"
    return InputError(Problem("不是有效的 xlsx 或 xls 工作簿", place, remedy=remedy))
