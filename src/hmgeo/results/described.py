"""What a table says of itself: columns with type, unit, words in both languages, and what an empty cell means."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from hmgeo.records import TOLD
from hmgeo.words import table_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


REASONS = pa.list_(pa.struct([("code", pa.string()), ("values", pa.string())]))


class Said(NamedTuple):
    """Words in both languages."""

    zh: str
    en: str


def lines_of(table: str) -> list[list[str]]:
    """Return the lines of columns.tsv that begin with `table`, without it; blank cells at their ends left out."""
    return _LINES[table]


_LINES: dict[str, list[list[str]]] = {}
for _name, *_cells in table_rows("hmgeo.results", "columns.tsv"):
    _LINES.setdefault(_name, []).append(_cells)
EMPTY: Mapping[str, Said] = MappingProxyType({code: Said(zh, en) for code, zh, en in lines_of("empty")})
"""What an empty cell means, by the code that lines have for it."""
KINDS: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "text": pa.string(),
        "told": TOLD,
        "number": pa.float64(),
        "whole": pa.int64(),
        "flag": pa.bool_(),
        "reasons": REASONS,
        "shape": pa.binary(),
    }
)
"""Type of a column by its kind: words, codes or ids; reasons told in the run's language when written; numbers in the
unit; counts; yes or no; reasons as codes with values in JSON; shapes as WKB in lon/lat."""

UNITS: Mapping[str, str] = MappingProxyType(
    {"_m": "m", "_ha": "ha", "_deg": "°", "_percent": "%", "_kg": "kg", "_m3": "m³"}
)
"""Unit of a number by the suffix of its column."""
_IN_ALIAS = frozenset({"m", "ha", "m³"})


class OnSheet(NamedTuple):
    """Where a workbook shows a column as it is: before the notes that end the sheet.

    Parameters
    ----------
    sheet
        各源结果 or 依据.
    width
        In characters.
    kind
        As `hmgeo.outputs.book.Column` names them.
    """

    sheet: str
    width: float
    kind: str = "wrap"


@dataclass(frozen=True, slots=True)
class DataColumn:
    """One column.

    Parameters
    ----------
    zh, en
        What it holds, as a header.
    null
        What an empty cell means.
    unit
        Told by the suffix of the name where nothing is said.
    popup
        Whether the map shows it of a source, under its header.
    sheet
        Where a workbook shows it; None where it doesn't, or where the sheet makes a cell of its own from it.
    """

    name: str
    type: pa.DataType
    zh: str
    en: str
    null: Said = EMPTY["never"]
    unit: str = ""
    popup: bool = False
    sheet: OnSheet | None = None

    @property
    def measured_in(self) -> str:
        """The unit; empty for words, counts and flags."""
        suffix = next((unit for end, unit in UNITS.items() if self.name.endswith(end)), "")
        return self.unit or (suffix if pa.types.is_floating(self.type) else "")

    @property
    def metadata(self) -> dict[str, str]:
        """What a parquet file says of it."""
        entries = {
            "zh": self.zh,
            "en": self.en,
            "unit": self.measured_in,
            "null_zh": self.null.zh,
            "null_en": self.null.en,
        }
        return {key: words for key, words in entries.items() if words}

    @property
    def alias(self) -> str:
        """The Chinese header with its unit, for GIS programs."""
        return f"{self.zh}({self.measured_in})" if self.measured_in in _IN_ALIAS else self.zh


@dataclass(frozen=True, slots=True)
class DataTable:
    """One table of a run.

    Parameters
    ----------
    name
        Of the file, or of the table in the GeoPackage.
    zh, en
        What a row is.
    """

    name: str
    zh: str
    en: str
    columns: tuple[DataColumn, ...] = field(repr=False)

    @property
    def schema(self) -> pa.Schema:
        """Names and types."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    def on_sheet(self, sheet: str) -> tuple[tuple[DataColumn, OnSheet], ...]:
        """Return the columns that `sheet`, by its title, shows as they are, each with how."""
        return tuple(
            (column, column.sheet)
            for column in self.columns
            if column.sheet is not None and column.sheet.sheet == sheet
        )


def column_of_line(line: Sequence[str]) -> DataColumn:
    """Return the column that a `line` of columns.tsv declares, its table left out: name, kind, Chinese, English, …

    The rest may be missing: the code of what an empty cell means, the unit, and where else it is shown, parted by
    blanks: `popup`, a sheet with width and kind as `各源结果:9:distance_m`.

    Examples
    --------
    >>> column_of_line(("distance_m", "number", "距离", "distance", "unlocated")).null.zh
    '没有可用位置，未测算'
    """
    name, kind, zh, en, empty, unit, shown = (*line, *[""] * _CELLS)[:_CELLS]
    sheets = [word.split(":") for word in shown.split() if ":" in word]
    sheet = next((OnSheet(title, float(width), form) for title, width, form in sheets), None)
    return DataColumn(name, KINDS[kind], zh, en, EMPTY[empty or "never"], unit, "popup" in shown.split(), sheet)


_CELLS = 7
