"""Rows of a file before anything is understood."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from hmgeo.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pyproj import CRS

    from hmgeo.layers.journal import Journal

_EXACT_UP_TO = 1e15  # whole doubles are exact below


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of one file.

    Parameters
    ----------
    sheet
        Sheet or layer that was read; empty where the kind of file has none.
    columns
        Every column as text, blank where the file says nothing.
    row_count
        Data rows, blank ones in the middle included.
    geometry
        WKB or None per row; None where the file carries no geometry at all.
    crs
        As the file declares it; None where it doesn't.
    is_typed
        Numbers come as binary numbers, which can't show trailing zeros.
    damaged
        Rows whose cells can't be trusted, with the reason.
    first_line
        Line of the sheet or text file that holds the first data row; 0 where rows have no lines.
    """

    sheet: str
    columns: dict[str, list[str]]
    row_count: int
    geometry: list[bytes | None] | None = None
    crs: CRS | None = None
    is_typed: bool = False
    damaged: dict[int, str] = field(default_factory=dict)
    first_line: int = 0

    @property
    def headers(self) -> list[str]:
        """The column names in file order."""
        return list(self.columns)


def as_text(value: Any) -> str:  # noqa: ANN401 -- whatever a file format hands out
    """Return a cell as text: whole numbers without `.0`, dates in ISO form, blank for nothing.

    Examples
    --------
    >>> as_text(441802.0), as_text(113.05), as_text(None), as_text(float("nan")), as_text(True)
    ('441802', '113.05', '', '', 'true')
    """
    if type(value) is float and math.isfinite(value) and not value.is_integer():  # the common case
        return repr(value)
    if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_UP_TO else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else str(value)


def column_texts(values: Sequence[Any]) -> list[str]:
    """Return a column as text, `as_text` of every value."""
    return [value if type(value) is str else as_text(value) for value in values]


def choose_layer(names: Sequence[str], wanted: str, place: Place, noun: str) -> str:
    """Return the layer to read.

    Raises
    ------
    InputError
        The wanted one is not there, or there are several and none was named.
    """
    if wanted:
        if wanted in names:
            return wanted
        raise InputError(
            Problem(f"没有这个{noun}", place, found=wanted, allowed="、".join(names), remedy=f"指定文件中的{noun}名")
        )
    if len(names) == 1:
        return names[0]
    raise InputError(
        Problem(
            what=f"文件中有 {len(names)} 个{noun}，未指定读取哪一个",
            where=place,
            allowed="、".join(names),
            remedy=f"用 layer（或 --sources-layer、--farmland-layer）指定{noun}名",
        )
    )


def unique_headers(raw_headers: Iterable[str], journal: Journal) -> list[str]:
    """Return column names that differ: blanks get a name, repeats a number; each with a ledger entry."""
    made: list[str] = []
    for position, header in enumerate(raw_headers, start=1):
        name = " ".join(header.replace("\ufeff", "").split()) or f"列{position}"
        unique, number = name, 1
        while unique in made:
            number += 1
            unique = f"{name}#{number}"
        if number > 1:
            journal.note("列名重复", "首行有同名列", f"第 {position} 列改称 {unique}，按列名识别时取第一列", field=name)
        made.append(unique)
    return made
