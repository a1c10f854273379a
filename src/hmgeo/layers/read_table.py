"""Tables: csv and xlsx, as rows of text."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.journal import name_rows
from hmgeo.layers.rawtable import RawTable, as_text, choose_layer, unique_headers

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.workbook import Workbook

    from hmgeo.layers.journal import Journal

_DELIMITERS = (",", "\t", ";", "，")
_BROKEN_BOOK = (  # what openpyxl lets through where a workbook is damaged
    zipfile.BadZipFile,
    zlib.error,
    InvalidFileException,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    OSError,
)
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def read_csv(path: Path, journal: Journal) -> RawTable:
    """Read a csv: UTF-8 with or without mark, then GB 18030; the first row holds the names."""
    text = _decode(path, journal)
    first_line = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda sign: (first_line.count(sign), -_DELIMITERS.index(sign)))
    if delimiter == "，":  # a full-width comma is never a delimiter; saying so beats one long column
        raise InputError(
            Problem("列之间是全角逗号", Place(file=journal.file, line=1), remedy="改为半角逗号，或另存为 xlsx")
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [row for row in reader if row]
    except csv.Error as problem:
        raise InputError(
            Problem(
                what="不是完整的 csv（引号不成对或单元格过长）",
                where=Place(file=journal.file, line=reader.line_num),
                found=str(problem),
                remedy="用 Excel 或 WPS 打开核对该行，另存为 xlsx 或 csv",
            )
        ) from problem
    return _table(rows, journal, sheet="", is_typed=False)


def read_xlsx(path: Path, layer: str, journal: Journal) -> RawTable:
    """Read one sheet of an xlsx: the values that the workbook holds; the first row holds the names."""
    values = _open_workbook(path, journal, data_only=True)
    filled = [
        sheet.title for sheet in values.worksheets if any(any(cell is not None for cell in row) for row in sheet.values)
    ]
    place = Place(file=journal.file)
    if not filled:
        raise InputError(Problem("工作簿中没有内容", place, remedy="核对是否选对了文件"))
    known = filled if not layer else [sheet.title for sheet in values.worksheets]
    name = choose_layer(known, layer, place, "工作表")
    journal.sheet = name
    rows = [[as_text(cell) for cell in row] for row in values[name].values]
    values.close()
    _note_uncomputed(path, name, rows, journal)
    return _table(rows, journal, sheet=name, is_typed=True)


def _decode(path: Path, journal: Journal) -> str:
    data = path.read_bytes()
    if data.startswith(_UTF16_MARKS):
        journal.note("编码", "文件以 UTF-16 标记开头", "按 UTF-16 读取", value="utf-16")
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in data[:4096]:
        encodings = ()
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030":
            journal.note("编码", "不是 UTF-8", "按 GB 18030（含 GBK）读取", value="gb18030")
        return text
    raise InputError(
        Problem(
            what="不是 UTF-8 或 GB 18030（GBK）文本",
            where=Place(file=journal.file),
            remedy="核对文件内容是否为 csv 文本；可用 Excel 或 WPS 另存为「CSV UTF-8」或 xlsx",
        )
    )


def _open_workbook(path: Path, journal: Journal, *, data_only: bool) -> Workbook:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations it doesn't keep: values stand
            # Not read-only mode: that trusts a size that some programs write wrongly.
            return openpyxl.load_workbook(path, data_only=data_only)
    except _BROKEN_BOOK as problem:
        raise InputError(
            Problem(
                what="不是有效的 xlsx 工作簿",
                where=Place(file=journal.file),
                remedy="核对文件内容（扩展名可能被改过，或文件加了密码）；用 Excel 或 WPS 另存为 xlsx",
            )
        ) from problem


def _note_uncomputed(path: Path, sheet: str, rows: list[list[str]], journal: Journal) -> None:
    """Write down formulas whose result the workbook doesn't hold: their cells read as blank."""
    formulas = _open_workbook(path, journal, data_only=False)
    for row, cells in enumerate(formulas[sheet].iter_rows(), start=1):
        for position, cell in enumerate(cells):
            if cell.data_type == "f" and rows[row - 1][position] == "":
                journal.note_row(
                    row - 1,
                    "公式无结果",
                    "工作簿中没有保存该公式的计算结果",
                    "按空白读取；请用 Excel 或 WPS 打开后保存",
                    field=rows[0][position],
                    value=str(cell.value),
                )
    formulas.close()


def _table(rows: list[list[str]], journal: Journal, *, sheet: str, is_typed: bool) -> RawTable:
    """Line rows up under the header; trailing blank rows and columns go, with an entry."""
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise InputError(
            Problem(
                "首行没有列名", Place(file=journal.file, sheet=sheet), remedy="把列名放在第一行，其上不留标题行和空行"
            )
        )
    header = list(rows[0])
    body = rows[1:]
    kept = len(body)
    while kept and not any(cell.strip() for cell in body[kept - 1]):
        kept -= 1
    if kept < len(body):
        journal.note("空行", f"文件末尾有 {len(body) - kept} 个空行", "不计入数据行")
    body = body[:kept]
    width = max((position + 1 for position, cell in enumerate(header) if cell.strip()), default=0)
    if is_typed:  # a sheet may carry cells under no header; they are columns without a name
        used = (position + 1 for row in body for position, cell in enumerate(row) if cell.strip())
        width = max(width, max(used, default=0))
    header = [*header, *[""] * width][:width]
    names = unique_headers(header, journal)
    damaged: dict[int, str] = {}
    short: list[int] = []
    lined: list[list[str]] = []
    for number, row in enumerate(body, start=1):
        if any(cell.strip() for cell in row[width:]):
            damaged[number - 1] = f"该行有 {len(row)} 个单元格，表头只有 {width} 列"
        elif len(row) < width:
            short.append(number)
        lined.append([*row, *[""] * width][:width])
    if short and not is_typed:
        journal.note("行字段数不足", f"共 {name_rows(short)}", "缺少的单元格按空白读取")
    columns = {name: [row[position] for row in lined] for position, name in enumerate(names)}
    return RawTable(sheet=sheet, columns=columns, row_count=len(lined), is_typed=is_typed, damaged=damaged)
