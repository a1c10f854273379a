"""Outlets joined to their enterprises: stack heights, a year's metals by medium, receiving water.

An outlet belongs to the enterprise whose id it names, and only where one row alone carries that id. Those that belong
to nobody stay in the table of outlets and in the ledger, and may be those of any enterprise that has none of its own:
its word that it emits nothing isn't taken for a no then.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hmgeo.records import Ledger, LedgerEntry
from hmgeo.results.columns import OUTLETS_SCHEMA
from hmgeo.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.records import SideTable


AIR, WATER = "废气", "废水"
JOINED, NO_ENTERPRISE, NO_ID, REPEATED = "已关联", "无对应企业", "未填企业编号", "企业编号重复，未归入"
_METALS = ("铅", "汞", "镉", "铬", "砷", "铊", "锑", "镍", "铜", "锌", "锰", "钒")
_HEXAVALENT = "六价铬"
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class OutletCells:
    """What a source's outlets say together.

    Parameters
    ----------
    stacks_m
        Heights of its stacks, ascending.
    emissions_kg
        By medium and metal: kg a year, summed over its outlets; metals told together (铅、镉) stay together.
    receiving
        Receiving waters, each once.
    text
        All outlets in words, in the order of the table.
    unstated
        Media of outlets of a metal whose mass nobody states, or that nobody knows to be this source's.
    doubt
        Which outlets may be this source's, in words.
    """

    stacks_m: tuple[float, ...] = ()
    emissions_kg: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    receiving: tuple[str, ...] = ()
    text: str = ""
    unstated: frozenset[str] = frozenset()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class JoinedOutlets:
    """Outlets by source id, every input row with what became of it (`OUTLETS_SCHEMA`), and the ledger of the rest.

    Parameters
    ----------
    of_others
        What holds for a source without outlets of its own.
    """

    by_source: Mapping[str, OutletCells] = field(default_factory=dict)
    of_others: OutletCells = field(default_factory=OutletCells)
    table: pa.Table = field(default_factory=OUTLETS_SCHEMA.empty_table, repr=False)
    ledger: Ledger = field(default_factory=Ledger, repr=False)


def join_outlets(outlets: SideTable | None, source_ids: Sequence[str]) -> JoinedOutlets:
    """Return outlets with the sources they belong to.

    Parameters
    ----------
    outlets
        None where the project has none.
    source_ids
        Of all sources; a repeated id carries `#2`.
    """
    if outlets is None:
        return JoinedOutlets()
    known = set(source_ids)
    rows, entries = [], []
    held: dict[str, list[dict[str, Any]]] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for row in outlets.table.to_pylist():
        owner = row["enterprise_id"]
        status = _status(owner, known)
        key = owner, row["outlet_id"], row["pollutant"]
        seen[key] += 1
        repeated = row["outlet_id"] and seen[key] > 1
        note = "；".join(filter(None, (row["note"], say("outlet_repeated") if repeated else "")))
        is_joined = status == JOINED
        rows.append({**row, "status": status, "source_id": owner if is_joined else "", "note": note})
        if is_joined:
            held.setdefault(owner, []).append(row)
        else:
            entries.append(_entry(outlets, row, status))
    cells = {owner: _cells(listed) for owner, listed in held.items()}
    lost = [
        row for row in rows if row["status"] != JOINED and metal_named(row["pollutant"]) and row["emission_kg"] != 0
    ]
    table = pa.Table.from_pylist([{name: row[name] for name in OUTLETS_SCHEMA.names} for row in rows], OUTLETS_SCHEMA)
    return JoinedOutlets(cells, _of_others(lost), table, Ledger(tuple(entries)))


def _of_others(lost: Sequence[Mapping[str, Any]]) -> OutletCells:
    """Return what outlets of metals that belong to nobody leave open of a source without outlets of its own."""
    if not lost:
        return OutletCells()
    named = [row["outlet_id"] or f"第 {row['row']} 行" for row in lost]
    listed = "、".join(named[:_MOST_NAMED]) + ("等" if len(named) > _MOST_NAMED else "")
    media = frozenset({AIR, WATER} if any(not row["medium"] for row in lost) else {row["medium"] for row in lost})
    return OutletCells(unstated=media, doubt=f"未关联的排放口 {listed} 可能属于本企业，请核对企业编号")


def _status(owner: str, known: set[str]) -> str:
    if not owner:
        return NO_ID
    if f"{owner}#2" in known:
        return REPEATED
    return JOINED if owner in known else NO_ENTERPRISE


def _entry(outlets: SideTable, row: Mapping[str, Any], status: str) -> LedgerEntry:
    reasons = {
        NO_ENTERPRISE: "企业清单中没有这一企业编号",
        NO_ID: "没有填写企业编号",
        REPEATED: "企业清单中这一编号不止一行，不能确定属于哪一家",
    }
    return LedgerEntry(
        file=outlets.provenance.path,
        row=row["row"],
        field="企业编号",
        value=row["enterprise_id"],
        event="排放口未关联",
        reason=reasons[status],
        action="列入排放口表，未计入任何企业，请核对",
    )


def _cells(rows: Sequence[Mapping[str, Any]]) -> OutletCells:
    emissions: dict[str, dict[str, float]] = {}
    for row in rows:
        metal = metal_named(row["pollutant"])
        if metal and row["emission_kg"] is not None and row["medium"] in {AIR, WATER}:
            of_medium = emissions.setdefault(row["medium"], {})
            of_medium[metal] = of_medium.get(metal, 0.0) + row["emission_kg"]
    heights = {(row["outlet_id"] or row["row"]): row["stack_height_m"] for row in rows if row["stack_height_m"]}
    waters = dict.fromkeys(row["receiving_water"] for row in rows if row["receiving_water"])
    unstated = {row["medium"] for row in rows if row["emission_kg"] is None and metal_named(row["pollutant"])}
    words = "；".join(map(_words, rows))
    return OutletCells(tuple(sorted(heights.values())), emissions, tuple(waters), words, frozenset(unstated))


def metal_named(pollutant: str) -> str:
    """Return the metal that a pollutant's name holds, several joined; empty for what is no metal.

    Examples
    --------
    >>> metal_named("镉及其化合物"), metal_named("六价铬"), metal_named("铅、镉"), metal_named("颗粒物")
    ('镉', '六价铬', '铅镉', '')
    """
    if _HEXAVALENT in pollutant:
        return _HEXAVALENT
    return "".join(metal for metal in _METALS if metal in pollutant)


def _words(row: Mapping[str, Any]) -> str:
    height_m, mass_kg = row["stack_height_m"], row["emission_kg"]
    parts = (
        row["outlet_id"] or f"#{row['row']}",
        f"{height_m:g} m" if height_m else "",
        row["pollutant"] + ("" if mass_kg is None else f" {mass_kg:g} kg/a"),
        f"→ {row['receiving_water']}" if row["receiving_water"] else "",
    )
    return " ".join(filter(None, parts))
