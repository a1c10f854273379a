"""What a sheet is made of, and texts in its cells: how wide they are, how high a row has to be, what fits."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from hmgeo.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CELL_LENGTH = 32_000
MAX_HEADER_LENGTH = 80
LINE_HEIGHT_PT = 15.0
MAX_ROW_HEIGHT_PT = 409.0

INSIDE, OUTSIDE, UNKNOWN = "是", "否", Verdict.NOT_ASSESSED.zh
CRITICAL = "（临界）"


def height_pt(texts: Sequence[tuple[str, float]]) -> float:
    """Return the height of a row that shows every text in its width: offices print without opening each cell."""
    lines = 1
    for text, width in texts:
        room = max(width * 0.95 - 1, 1.0)
        lines = max(lines, sum(math.ceil(max(display_width(part), 1) / room) for part in text.split("\n")))
    return min(LINE_HEIGHT_PT * lines + 4, MAX_ROW_HEIGHT_PT)


def display_width(text: str) -> int:
    """Return the width of a text in columns of a sheet: a Chinese character takes two.

    Examples
    --------
    >>> display_width("耕地 A")
    6
    """
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def cut(text: str) -> str:
    """Return a text that fits a cell; one that doesn't says so."""
    return text if len(text) <= MAX_CELL_LENGTH else f"{text[:MAX_CELL_LENGTH]}……（过长，全文见数据文件）"


def literal(text: str) -> str:
    """Return a text for a page header (255 characters in all), where & would start a code."""
    return text[:MAX_HEADER_LENGTH].replace("&", "&&")


class AtLeast(NamedTuple):
    """A count or area that is a lower bound, since the search leaves the declared coverage."""

    value: float


Cell = str | int | float | AtLeast | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header, width in characters, how values are shown, and the header spanning it.

    Parameters
    ----------
    kind
        text, wrap, quote (wrapped, never put into another language), badge, mark (centred), count, distance_m,
        area_ha, area_mu, degree or coordinate.
    """

    header: str
    width: float
    kind: str = "text"
    group: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the workbook; `totals` stand under the rows, `remarks` above the header."""

    name: str
    columns: tuple[Column, ...]
    rows: list[tuple[Cell, ...]]
    totals: tuple[tuple[Cell, ...], ...] = ()
    remarks: tuple[str, ...] = ()
