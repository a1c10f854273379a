"""Text tables: csv in the encodings and with the delimiters that offices use, as rows of text."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.header import lay_table

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.layers.journal import Journal
    from hmgeo.layers.rawtable import RawTable

_DELIMITERS = (",", "\t", ";", "，")
_DELIMITER_WORDS = {"\t": "制表符", ";": "分号"}
_LOOKED_AT_LINES = 20
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SAMPLE_BYTES = 4096
_MOSTLY = 0.3


def read_csv(path: Path, journal: Journal, template: str = "") -> RawTable:
    """Read a csv: UTF-8 or UTF-16 with or without mark, then GB 18030; comma, tab or semicolon between cells."""
    text = _decode(path, journal)
    delimiter = _delimiter(text, journal)
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
    return lay_table(rows, journal, sheet="", is_typed=False, template=template)


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
    if delimiter != ",":
        journal.note("分隔符", "列之间不是逗号", f"按{_DELIMITER_WORDS[delimiter]}分列", value=repr(delimiter))
    return delimiter


def _decode(path: Path, journal: Journal) -> str:
    data = path.read_bytes()
    sample = data[:_SAMPLE_BYTES]
    if data.startswith(_UTF16_MARKS):
        journal.note("编码", "文件以 UTF-16 标记开头", "按 UTF-16 读取", value="utf-16")
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in sample:
        encodings = _unmarked_utf16(sample)
        if encodings:
            journal.note("编码", "没有标记，按字节规律判断", f"按 {encodings[0].upper()} 读取", value=encodings[0])
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "gb18030":
            journal.note("编码", "不是 UTF-8", "按 GB 18030（含 GBK）读取", value="gb18030")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise InputError(
        Problem(
            what="不是 UTF-8、UTF-16 或 GB 18030（GBK）文本",
            where=Place(file=journal.file),
            remedy="核对文件内容是否为 csv 文本；可用 Excel 或 WPS 另存为「CSV UTF-8」或 xlsx",
        )
    )


def _unmarked_utf16(sample: bytes) -> tuple[str, ...]:
    """Return the UTF-16 that a text without mark is in: commas and digits leave zeros at every other byte."""
    pairs = max(len(sample) // 2, 1)
    if sample[1::2].count(0) > _MOSTLY * pairs and not sample[0::2].count(0):
        return ("utf-16-le",)
    if sample[0::2].count(0) > _MOSTLY * pairs and not sample[1::2].count(0):
        return ("utf-16-be",)
    return ()
