"""Facts that an office's own columns state, by the names of `hmgeo.rules.words`; what isn't said stays unknown."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from hmgeo.rules.words import ATTRIBUTES, MEASURED_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_YES = frozenset({"是", "有", "已", "yes", "y", "true", "1"})
_NO = frozenset({"否", "无", "未", "no", "n", "false", "0"})
_PRESENT = ("批准设立文号", "规划环评审查文号")
_EXTRA_COLUMNS = {
    "是否可能造成土壤污染及依据": "may_pollute_soil",
    "是否排放重点重金属": "discharges_heavy_metals",
    "是否化工园区": "is_chemical",
    "是否土壤污染重点监管单位": "key_supervised_unit",
    "批准设立文号": "park_lawful",
    "规划环评审查文号": "park_plan_eia",
}
_STATES = {
    "运行状态": {"在用": False, "停用": False, "闭库": True, "销库": True},
    "生产状态": {"在产": False, "停产": False, "关闭": True},
}
_NUMBERED = re.compile(r"\d.*号|号.*\d|[〔\[(（]\d{4}|\d{3}")
"""What makes a cell a document number; 待批, 无 and the like are none."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Return a header without spaces, brackets and what stands in them, half-width and in small letters."""
    half = unicodedata.normalize("NFKC", text).casefold()
    return "".join(re.sub(r"[(\[].*?[)\]]", "", half).split()).rstrip("*")


@lru_cache(maxsize=1)
def _attribute_columns() -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for code, zh in ATTRIBUTES.items():
        columns |= {_plain(name): code for name in (code, zh, f"是否{zh}")}
    return columns | {_plain(name): code for name, code in _EXTRA_COLUMNS.items()}


@lru_cache(maxsize=1)
def _number_columns() -> Mapping[str, str]:
    return {_plain(name): code for code, (zh, _) in MEASURED_ATTRIBUTES.items() for name in (code, zh)}


def stated_facts(row: Mapping[str, str]) -> dict[str, bool]:
    """Return the yes/no facts that a row states.

    Parameters
    ----------
    row
        Column names as the office writes them, with the cells as text. A permit number that is filled in says that the
        permit is there; one left blank says nothing.

    Examples
    --------
    >>> stated_facts({"是否化工园区": "否", "批准设立文号": "桂政函〔2010〕1号", "规划环评审查文号": "", "备注": "是"})
    {'is_chemical': False, 'park_lawful': True}
    """
    return {code: value for code, value, _, _ in said_facts(row)}


def said_facts(row: Mapping[str, str]) -> Iterator[tuple[str, bool, str, str]]:
    """Yield every statement of a yes/no fact: its code, the value, the column and the cell that say it.

    Examples
    --------
    >>> list(said_facts({"运行状态": "闭库", "生产状态": "在产"}))
    [('closed', True, '运行状态', '闭库'), ('closed', False, '生产状态', '在产')]
    """
    for column, cell in row.items():
        name, value = _plain(column), (cell or "").strip().casefold()
        code = _attribute_columns().get(name)
        if name in _STATES and value in _STATES[name]:
            yield "closed", _STATES[name][value], column, (cell or "").strip()
        elif code is not None and name in _PRESENT:
            if _NUMBERED.search(value):
                yield code, True, column, cell.strip()
        elif code is not None and value in _YES | _NO:
            yield code, value in _YES, column, cell.strip()


def mentioned_facts(row: Mapping[str, str]) -> frozenset[str]:
    """Return the facts for which a row has a cell that isn't blank, understood or not.

    Examples
    --------
    >>> sorted(mentioned_facts({"是否化工园区": "待查", "规划环评审查文号": ""}))
    ['is_chemical']
    """
    written = [_plain(column) for column, cell in row.items() if cell.strip()]
    codes = {"closed" if name in _STATES else _attribute_columns().get(name, "") for name in written}
    return frozenset(codes - {""})


def stated_numbers(row: Mapping[str, str]) -> dict[str, float]:
    """Return the numbers of `MEASURED_ATTRIBUTES` that a row states, in the unit that the word list gives.

    Examples
    --------
    >>> stated_numbers({"替代量(kg/a)": "12.5", "备注": "3"})
    {'offset_kg': 12.5}
    """
    found: dict[str, float] = {}
    for column, cell in row.items():
        code = _number_columns().get(_plain(column))
        if code is not None and _NUMBER.fullmatch(cell.strip()):
            found[code] = float(cell)
    return found


def stated_by_row(columns: Mapping[str, Sequence[str]], rows: Sequence[int]) -> list[dict[str, bool]]:
    """Return `stated_facts` of some rows of a table of columns."""
    known = {name: values for name, values in columns.items() if _says_something(name)}
    return [stated_facts({name: values[row] for name, values in known.items()}) for row in rows]


def _says_something(column: str) -> bool:
    name = _plain(column)
    return name in _attribute_columns() or name in _STATES
