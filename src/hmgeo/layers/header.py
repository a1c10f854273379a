"""Where a table's names stand, and its rows lined up under them.

Offices put titles above the names, spread names over two rows with merged cells, and leave a template's rows of
allowed values and examples in place. What is taken for a header is told in the ledger.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.column_names import (
    ALIASES,
    CLASS_ALIASES,
    COORDINATES,
    IDS_FIRST,
    IDS_LAST,
    IDS_NUMBERS,
    OTHER_CLASS_ALIASES,
)
from hmgeo.layers.digits import NUMBER
from hmgeo.layers.journal import name_rows
from hmgeo.layers.rawtable import RawTable, unique_headers
from hmgeo.layers.schema import plain_name, without_unit
from hmgeo.reference.templates import GUIDE_MARKS, bare_header, templates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.layers.journal import Journal

_SEARCHED_ROWS = 20
_DEEPEST = 3
_FEWEST_NAMES = 2
_TEMPLATE_ROWS = 2


@lru_cache(maxsize=1)
def known_names() -> frozenset[str]:
    """Return every column name that means something to any kind of layer, as names are compared."""
    lists = [*ALIASES.values(), *CLASS_ALIASES.values(), OTHER_CLASS_ALIASES, IDS_FIRST, IDS_NUMBERS, IDS_LAST]
    lists += [words for pair in COORDINATES for words in pair]
    plain = {word for words in lists for word in words.split()}
    listed = {plain_name(column.name) for columns in templates().values() for column in columns}
    split = {f"{stem}({unit})" for stem in ("经度", "东经", "纬度", "北纬") for unit in "度分秒"}
    return frozenset({*plain, *listed, *split})


def find_header(rows: Sequence[Sequence[str]]) -> tuple[int, list[str], int]:
    """Find the rows that hold the names.

    Returns
    -------
    first, names, depth
        Index of the first header row, the names (joined where they stand in several rows), and how many rows they take.

    Examples
    --------
    >>> find_header([["企业一览表", "", ""], ["企业名称", "坐标", ""], ["", "经度", "纬度"], ["甲", "113.1", "23.6"]])
    (1, ['企业名称', '经度', '纬度'], 2)
    """
    found = (0, [cell.strip() for cell in rows[0]], 1)
    best = _score(found[1])
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
                found, best = (first, names, depth), score
    return found


def lay_table(rows: list[list[str]], journal: Journal, *, sheet: str, is_typed: bool, template: str = "") -> RawTable:
    """Line rows up under their header; what stands above it, template rows and trailing blanks go, with entries."""
    first, header, depth = find_header(rows) if rows else (0, [], 1)
    if not any(header):
        place = Place(file=journal.file, sheet=sheet)
        remedy = "把列名放在第一行（其上可有标题），如 企业编号、企业名称、经度、纬度"
        raise InputError(Problem("首行没有列名，前 20 行里也没有识别出表头", place, remedy=remedy))
    _tell_header(first, depth, journal)
    start = first + depth
    skipped = _template_rows(header, rows[start : start + _TEMPLATE_ROWS], template, journal)
    if skipped:
        journal.note("模板说明行", f"表头之下 {skipped} 行与模板的允许值或示例相同", "不计入数据行")
    start += skipped
    end = len(rows)
    while end > start and not any(cell.strip() for cell in rows[end - 1]):
        end -= 1
    if end < len(rows):
        journal.note("空行", f"文件末尾有 {len(rows) - end} 个空行", "不计入数据行")
    width = max((position + 1 for position, cell in enumerate(header) if cell), default=0)
    if is_typed:  # a sheet may carry cells under no header; they are columns without a name
        width = max([width, *(_used_width(row, width) for row in islice(rows, start, end))])
    names = unique_headers([*header, *[""] * width][:width], journal)
    damaged, short = _fit(rows, start, end, width)
    if short and not is_typed:
        journal.note("行字段数不足", f"共 {name_rows(short)}", "缺少的单元格按空白读取")
    columns = {name: [row[position] for row in islice(rows, start, end)] for position, name in enumerate(names)}
    return RawTable(
        sheet=sheet, columns=columns, row_count=end - start, is_typed=is_typed, damaged=damaged, first_line=start + 1
    )


def _score(names: Sequence[str]) -> int:
    known = known_names()
    plain = {plain_name(name) for name in names if name}
    return sum(name in known or without_unit(name) in known or bare_header(name) in known for name in plain)


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Join two header rows: the lower name where it says enough by itself, else upper(lower)."""
    width = max(len(upper), len(lower))
    above, below = [*upper, *[""] * width][:width], [cell.strip() for cell in [*lower, *[""] * width][:width]]
    made: list[str] = []
    spanning = ""
    for top, bottom in zip(above, below, strict=True):
        spanning = top or (spanning if bottom else "")
        if not bottom:
            made.append(top)
        elif not spanning or _score([bottom]):
            made.append(bottom)
        else:
            made.append(f"{spanning}({bottom})")
    return made


def _tell_header(first: int, depth: int, journal: Journal) -> None:
    if first:
        journal.note("表头位置", f"列名在第 {first + 1} 行，其上 {first} 行是标题或空行", "标题行不计入数据行")
    if depth > 1:
        journal.note("多行表头", f"列名占第 {first + 1} 至 {first + depth} 行", "合并为一行列名")


def _template_rows(header: Sequence[str], rows: Sequence[Sequence[str]], template: str, journal: Journal) -> int:
    """Return how many of the first rows are the template's own allowed values or example, untouched.

    A row that anyone changed is data, even where its mark still stands.
    """
    columns = {bare_header(column.name): column for column in templates().get(template, ())}
    count = 0
    for row in rows:
        first = next((cell.strip() for cell in row if cell.strip()), "")
        mark = next((one for one in GUIDE_MARKS if first.startswith(one)), "")
        told = [
            cell.strip().removeprefix(mark) in {"", columns[name].allowed, columns[name].example}
            for name, cell in zip(map(bare_header, header), row, strict=False)
            if cell.strip() and name in columns
        ]
        if len(told) < _FEWEST_NAMES or not all(told):
            if mark:
                journal.note("模板说明行已改动", f"带「{mark}」的行与模板不同", "按数据行读取，请删去标记或该行")
            break
        count += 1
    return count


def _used_width(row: Sequence[str], width: int) -> int:
    if len(row) <= width:
        return 0
    return max((position + 1 for position, cell in enumerate(row[width:], start=width) if cell.strip()), default=0)


def _fit(rows: list[list[str]], start: int, end: int, width: int) -> tuple[dict[int, str], list[int]]:
    """Bring rows to the header's width in place; return the rows that hold too much and those that hold too little."""
    damaged: dict[int, str] = {}
    short: list[int] = []
    for index in range(start, end):
        row = rows[index]
        if len(row) < width:
            short.append(index - start + 1)
            row.extend([""] * (width - len(row)))
        elif len(row) > width and any(cell.strip() for cell in row[width:]):
            damaged[index - start] = f"该行有 {len(row)} 个单元格，表头只有 {width} 列"
    return damaged, short
