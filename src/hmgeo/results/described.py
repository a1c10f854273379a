"""What a table says of itself: columns with type, unit, words in both languages, and what an empty cell means."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from hmgeo.records import TOLD

if TYPE_CHECKING:
    from collections.abc import Mapping


REASONS = pa.list_(pa.struct([("code", pa.string()), ("values", pa.string())]))


class Said(NamedTuple):
    """Words in both languages."""

    zh: str
    en: str


NEVER = Said("不为空", "never empty")
UNLOCATED = Said("没有可用位置，未测算", "no usable position, not measured")
UNSTATED = Said("资料未填", "not stated in the data")
NO_LAYER = Said("没有所需图层或参数未定，未测算", "layer missing or parameter unset, not measured")
NONE_FOUND = Said("现有数据中没有，或未测算", "none in the data at hand, or not measured")
UNJUDGED = Said("未作判断", "not judged")
NOTHING_TO_SAY = Said("没有要说明的", "nothing to add")

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
    null: Said = NEVER
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


def text(
    name: str, zh: str, en: str, null: Said = NEVER, *, popup: bool = False, sheet: OnSheet | None = None
) -> DataColumn:
    """Return a column of words, codes or ids.

    Parameters
    ----------
    name, zh, en
        Its header in files, and its titles.
    null
        What an empty cell means; never empty where left out.
    popup, sheet
        Whether the map's popup shows it, and how a sheet does.
    """
    return DataColumn(name, pa.string(), zh, en, null, popup=popup, sheet=sheet)


def told(
    name: str, zh: str, en: str, null: Said = NEVER, *, popup: bool = False, sheet: OnSheet | None = None
) -> DataColumn:
    """Return a column of reasons, told in the language of the run when written.

    `name`, `zh`, `en`, `null`, `popup` and `sheet` are as in `text`.
    """
    return DataColumn(name, TOLD, zh, en, null, popup=popup, sheet=sheet)


def number(
    name: str,
    zh: str,
    en: str,
    null: Said = NEVER,
    unit: str = "",
    *,
    popup: bool = False,
    sheet: OnSheet | None = None,
) -> DataColumn:
    """Return a column of numbers in `unit` (by the suffix of `name` where empty).

    `zh`, `en`, `null`, `popup` and `sheet` are as in `text`.
    """
    return DataColumn(name, pa.float64(), zh, en, null, unit, popup, sheet)


def whole(name: str, zh: str, en: str, null: Said = NEVER) -> DataColumn:
    """Return a column of counts; `name`, `zh`, `en` and `null` as in `text`."""
    return DataColumn(name, pa.int64(), zh, en, null)


def flag(name: str, zh: str, en: str, null: Said = NEVER) -> DataColumn:
    """Return a column that says yes or no; `name`, `zh`, `en` and `null` as in `text`."""
    return DataColumn(name, pa.bool_(), zh, en, null)


def reasons(name: str, zh: str, en: str, null: Said = NEVER) -> DataColumn:
    """Return a column of reasons, codes with values in JSON; `name`, `zh`, `en`, `null` as in `text`."""
    return DataColumn(name, REASONS, zh, en, null)


def shape(null: Said = NEVER, name: str = "geometry") -> DataColumn:
    """Return a column of shapes as WKB in lon/lat; `null` and `name` as in `text`."""
    return DataColumn(name, pa.binary(), "图形（CGCS2000 经纬度，WKB）", "shape (WKB in lon/lat, CGCS2000)", null)
