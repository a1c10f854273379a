"""The irrigation and runoff pathways of each source as evidence: a sentence, and whether data establish them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hmgeo.analysis.irrigation import BROKEN, ESTABLISHED
from hmgeo.vocabulary import LayerKind, SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.findings.water import WaterTables

NOT_TRACED = "未作水流方向测算"
_NOTHING_STORED = frozenset({"", "无", "否", "没有"})
_MOST_CHAINS = 3


@dataclass(frozen=True, slots=True)
class Pathway:
    """One pathway of one source.

    Parameters
    ----------
    text
        What is said of it.
    established
        The short reason where data establish it; empty where they don't.
    receptor
        Polluted farmland at its end, in words.
    """

    text: str = NOT_TRACED
    established: str = ""
    receptor: str = ""


@dataclass(frozen=True, slots=True)
class Pathways:
    """Pathways by source id."""

    irrigation: Mapping[str, Pathway] = field(default_factory=lambda: MappingProxyType({}))
    runoff: Mapping[str, Pathway] = field(default_factory=lambda: MappingProxyType({}))


def pathways_of(water: WaterTables, stored: Mapping[str, str]) -> Pathways:
    """Return the pathways that a run's tables on water hold.

    Parameters
    ----------
    stored
        By source id what its list says of waste stored there (固废堆存情况): runoff counts as a pathway only where
        something lies that may be washed away.
    """
    chains: dict[str, list[dict[str, Any]]] = {}
    for row in water.chains.to_pylist():
        chains.setdefault(row["source_id"], []).append(row)
    met: dict[str, list[dict[str, Any]]] = {}
    for row in water.met.to_pylist():
        if row["layer"] == LayerKind.FARMLAND.value:
            met.setdefault(row["source_id"], []).append(row)
    paths = {row["source_id"]: row for row in water.paths.drop_columns("geometry").to_pylist()}
    why = "；".join(water.notes[:1]) if not paths else ""
    runoff = {name: _runoff(paths.get(name), met.get(name, []), told, why) for name, told in stored.items()}
    return Pathways({name: _irrigation(rows) for name, rows in chains.items()}, runoff)


def _irrigation(rows: Iterable[Mapping[str, Any]]) -> Pathway:
    held = list(rows)
    whole = [row for row in held if row["status"] == ESTABLISHED]
    broken = [row for row in held if row["status"] == BROKEN]
    shown = whole or broken or held
    more = f"（另有 {len(shown) - _MOST_CHAINS} 条见「灌溉途径」表）" if len(shown) > _MOST_CHAINS else ""
    text = "".join(dict.fromkeys(row["chain"] for row in shown[:_MOST_CHAINS])) + more
    if not whole:
        return Pathway(text)
    count = sum(row["parcel_count"] for row in whole)
    districts = "、".join(dict.fromkeys(row["district_name"] or row["district_id"] or "直接取水" for row in whole))
    polluted = {
        word.value: sum(row[column] for row in whole)
        for word, column in (
            (SoilQualityClass.STRICT_CONTROL, "strict_control_ha"),
            (SoilQualityClass.SAFE_USE, "safe_use_ha"),
        )
    }
    held_ha = "、".join(f"{word} {area_ha:,.2f} ha" for word, area_ha in polluted.items() if area_ha)
    receptor = f"灌溉所及地块中有{held_ha}" if held_ha else ""
    return Pathway(text, f"灌溉途径：{districts}，地块 {count} 块", receptor)


def _runoff(path: Mapping[str, Any] | None, parcels: list[dict[str, Any]], stored: str, why_not: str) -> Pathway:
    if path is None:
        return Pathway(why_not or NOT_TRACED)
    if path["length_m"] is None:
        return Pathway(f"径流未评估：{path['note']}")
    reach = f"径流 {path['length_m'] / 1000:.1f} km，{path['note']}"
    if not parcels:
        return Pathway(f"{reach}；沿途现有数据未遇耕地，不等于不受影响")
    first_m = min(row["flow_distance_m"] for row in parcels)
    polluted = [
        f"{word.value} {count} 块"
        for word in (SoilQualityClass.STRICT_CONTROL, SoilQualityClass.SAFE_USE)
        if (count := sum(row["class"] == word.value for row in parcels))
    ]
    text = f"{reach}；沿途遇耕地 {len(parcels)} 块，最近流程 {first_m / 1000:.2f} km"
    text += f"，其中{'、'.join(polluted)}" if polluted else ""
    if stored.strip() in _NOTHING_STORED:
        return Pathway(f"{text}；固废堆存情况未填，不作途径证据")
    return Pathway(text, f"固废径流途径：堆存「{stored.strip()}」，沿径流 {first_m / 1000:.2f} km 遇耕地")
