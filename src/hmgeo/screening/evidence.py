"""What is known of each source beside distance: irrigation and runoff, wind, as evidence with its tier.

A tier is no score: A has a pathway established on data and receptor evidence, B one of the two, C distance alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hmgeo.judging.outlets import AIR, WATER, JoinedOutlets, OutletCells
from hmgeo.results.text import distance_text, radius_text
from hmgeo.screening.land import LandView
from hmgeo.vocabulary import ALL_CLASSES, EVIDENCE_RADII_M, POLLUTED_CLASSES, LayerKind, PositionKind, SoilQualityClass
from hmgeo.water.irrigation import BROKEN, ESTABLISHED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmgeo.judging.own_columns import OwnColumns
    from hmgeo.records import SideTable
    from hmgeo.results.results import WaterTables


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


NOT_GIVEN = "未提供风频表"
_WHOLE_TURN_DEG = 360.0


@dataclass(frozen=True, slots=True)
class Wind:
    """Share of the time (percent) that wind comes from each direction, degrees from north.

    Parameters
    ----------
    calm_percent
        Share of the time without wind, when nothing is downwind.
    """

    percent_from: Mapping[float, float]
    station: str = ""
    years: str = ""
    calm_percent: float = 0.0
    directions: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Count the directions."""
        object.__setattr__(self, "directions", len(self.percent_from))

    def downwind_percent(self, bearing_deg: float) -> float:
        """Return how often what lies on a bearing is downwind: the share of wind from the opposite direction.

        Examples
        --------
        >>> Wind({0.0: 40.0, 90.0: 30.0, 180.0: 20.0, 270.0: 10.0}).downwind_percent(180.0)
        40.0
        """
        came_from = (bearing_deg + 180) % _WHOLE_TURN_DEG
        nearest = min(self.percent_from, key=lambda one: (abs((one - came_from + 180) % _WHOLE_TURN_DEG - 180), one))
        return self.percent_from[nearest]

    def described(self) -> str:
        """Say which table this is, in Chinese."""
        named = "，".join(filter(None, (self.station, self.years)))
        return f"风频：{named or '气象站未注明'}，{self.directions} 方位，静风 {self.calm_percent:g}%"


def wind_of(table: SideTable | None) -> Wind | None:
    """Return the wind that a table of `hmgeo.records.WIND_SCHEMA` tells; None where there is none."""
    if table is None:
        return None
    rows = table.table.to_pylist()
    shares = {row["from_deg"]: row["percent"] for row in rows if row["from_deg"] is not None}
    calm = sum(row["percent"] for row in rows if row["from_deg"] is None)
    return Wind(shares, rows[0]["station"], rows[0]["years"], calm)


def downwind(wind: Wind | None, source: Mapping[str, Any]) -> tuple[float | None, str]:
    """Return the share of the time (percent) that a source's nearest parcel is downwind, and what it rests on.

    Parameters
    ----------
    source
        A row of the table of sources.
    """
    if wind is None:
        return None, NOT_GIVEN
    bearing_deg = source["nearest_farmland_bearing_deg"]
    if bearing_deg is not None:
        return wind.downwind_percent(bearing_deg), wind.described()
    if source["position_kind"] == PositionKind.PLACE.value:
        return None, "仅知所在行政区，没有方位"
    if source["nearest_farmland_m"] is None:
        return None, "未作距离测算，没有方位"
    return None, "位于地块内或与地块相接，没有方位"


EXCEEDANCE_NOT_GIVEN = "未提供农产品超标数据"
NO_EXCEEDANCE = "现有数据无超标地块"
_SAME_MASS = 0.01


@dataclass(frozen=True, slots=True)
class Around:
    """What was found around the sources: parcels, villages and sensitive sites, the ways of water."""

    land: LandView = field(default_factory=LandView)
    sites: LandView = field(default_factory=LandView)
    pathways: Pathways = field(default_factory=Pathways)


def evidence_rows(
    sources: Sequence[Mapping[str, Any]],
    counts: Mapping[tuple[str, float, str], float],
    own: OwnColumns,
    *,
    radius_m: float,
    wind: Wind | None = None,
    outlets: JoinedOutlets = JoinedOutlets(),  # noqa: B008 -- frozen
    around: Around | None = None,
) -> list[dict[str, Any]]:
    """Return `EVIDENCE_SCHEMA` rows.

    Parameters
    ----------
    sources
        Rows of the table of sources, in input order.
    counts
        Hectares by source id, radius (m) and class.
    own
        The input's own columns.
    radius_m
        The search radius: what lies within it is receptor evidence.
    wind
        None where the project gives no table of frequencies.
    outlets
        Outlets by source.
    around
        Parcels, sites and pathways of each source; None where nobody measured.
    """
    none = OutletCells()
    told = _Told(counts, own, radius_m, wind, around or Around())
    return [
        _row(number, source, told, outlets.by_source.get(source["source_id"], none))
        for number, source in enumerate(sources)
    ]


@dataclass(frozen=True, slots=True)
class _Told:
    """What every row is put together from."""

    counts: Mapping[tuple[str, float, str], float]
    own: OwnColumns
    radius_m: float
    wind: Wind | None
    around: Around

    def of_the_land(self, source_id: str) -> dict[str, Any]:
        """Return the cells on exceedances and on sites."""
        held = self.around.land.exceeding.get(source_id)
        site_m, site_id = self.around.sites.nearest.get(source_id, (None, ""))
        cells: dict[str, Any] = {
            "exceedance": "" if not self.around.land.reached.num_rows else NO_EXCEEDANCE,
            "site_count": self.around.sites.count[source_id],
            "nearest_site_id": site_id,
            "nearest_site_m": site_m,
        }
        if not self.around.land.exceedances.is_told:
            return cells | ({"exceedance": EXCEEDANCE_NOT_GIVEN} if cells["exceedance"] else {})
        if held is not None:
            within = radius_text(self.radius_m)
            text = (
                f"{within}内农产品超标地块 {held.count} 块，{held.area_ha:,.2f} ha，最近 {distance_text(held.least_m)}"
            )
            cells |= {"exceedance": text, "exceeding_count": held.count, "exceeding_ha": held.area_ha}
        return cells


def _row(number: int, source: Mapping[str, Any], told: _Told, outlets: OutletCells) -> dict[str, Any]:
    counts, own, radius_m = told.counts, told.own, told.radius_m
    source_id, bearing_deg = source["source_id"], source["nearest_farmland_bearing_deg"]
    share, share_note = downwind(told.wind, source)
    stated_m = own.number(number, "排气筒高度")
    irrigation = told.around.pathways.irrigation.get(source_id, Pathway())
    runoff = told.around.pathways.runoff.get(source_id, Pathway())
    stacks_m = outlets.stacks_m or (() if stated_m is None else (stated_m,))
    cells: dict[str, Any] = {
        "source_id": source_id,
        "name": source["name"],
        "air_distance_m": source["nearest_farmland_m"],
        "air_bearing_deg": bearing_deg,
        "air_downwind_percent": share,
        "air_downwind_note": share_note,
        "air_stack_height_m": min(stacks_m, default=None),
        "air_stack_height_max_m": max(stacks_m, default=None),
        "air_emissions": _emissions_text(own.emissions(number, AIR), outlets.emissions_kg.get(AIR, {})),
        "water_emissions": _emissions_text(own.emissions(number, WATER), outlets.emissions_kg.get(WATER, {})),
        "water_receiving": own.text(number, "受纳水体") or own.text(number, "废水去向") or "、".join(outlets.receiving),
        "outlets": outlets.text,
        "water_pathway": irrigation.text,
        "waste_storage": own.text(number, "固废堆存情况"),
        "waste_pathway": runoff.text,
        **told.of_the_land(source_id),
    }
    for word, code in POLLUTED_CLASSES.items():
        for one_m in EVIDENCE_RADII_M:
            cells[f"{code}_{one_m / 1000:g}km_ha"] = counts.get((source_id, one_m, word))
    land = {word: counts.get((source_id, radius_m, word), 0.0) for word in POLLUTED_CLASSES}
    is_near = bool(counts.get((source_id, radius_m, ALL_CLASSES)))
    tier, text = tier_of(
        source["nearest_farmland_m"], land, cells, radius_m=radius_m, is_near=is_near, by_water=(irrigation, runoff)
    )
    return cells | {"tier": tier, "tier_text": text}


def tier_of(
    distance_m: float | None,
    land_ha: Mapping[str, float],
    cells: Mapping[str, Any],
    *,
    radius_m: float,
    is_near: bool,
    by_water: tuple[Pathway, Pathway] = (Pathway(), Pathway()),
) -> tuple[str, str]:
    """Return the tier and the cells that made it, in words.

    Parameters
    ----------
    land_ha
        Hectares of 严格管控类 and 安全利用类 within the search radius.
    is_near
        Whether any farmland lies within it.
    by_water
        Irrigation and runoff.

    Examples
    --------
    >>> tier_of(900.0, {"严格管控类": 0.0}, {"air_emissions": ""}, radius_m=10000.0, is_near=True)[0]
    'C'
    """
    if distance_m is None:
        return "", "未作距离测算，不分层级。"
    within = radius_text(radius_m)
    established = [one.established for one in by_water if one.established]
    if not is_near and not established:
        return "", f"{within}内现有数据无耕地，不分层级。"
    held = [f"{word} {area_ha:,.2f} ha" for word, area_ha in land_ha.items() if area_ha > 0]
    exceeding = cells["exceedance"] if cells.get("exceeding_count") else ""
    found = [f"{within}内有{'、'.join(held)}" if held else "", exceeding, *(one.receptor for one in by_water)]
    receptor = "；".join(f"受体证据：{one}" for one in found if one)
    path = "；".join(filter(None, (_air_path(distance_m, cells), *established)))
    missing = [
        "" if cells["air_emissions"] else "废气重金属排放量未填",
        "" if cells.get("air_downwind_percent") is not None else cells.get("air_downwind_note") or NOT_GIVEN,
        "" if by_water[0].established else "灌溉途径未确立",
        "" if by_water[1].established else "径流途径未确立",
    ]
    absent = f"途径未确立（{'、'.join(filter(None, missing))}）"
    if path and receptor:
        return "A", f"A：{path}；{receptor}。"
    if path or receptor:
        return "B", f"B：{path or receptor}；{'现有数据无受体证据' if path else absent}。"
    return "C", f"C：仅有距离，最近耕地 {distance_text(distance_m)}；{absent}；现有数据无严格管控类、安全利用类耕地。"


def _air_path(distance_m: float, cells: Mapping[str, Any]) -> str:
    downwind_percent = cells.get("air_downwind_percent")
    if not cells["air_emissions"] or downwind_percent == 0:
        return ""
    text = f"大气途径：废气{cells['air_emissions']}，最近耕地 {distance_text(distance_m)}"
    return text + ("" if downwind_percent is None else f"，处于下风向的时间占 {downwind_percent:g}%")


def _emissions_text(listed: Mapping[str, float], outlets: Mapping[str, float]) -> str:
    """Return a year's metals: as the list states them, else summed over the outlets; where both differ, both.

    Examples
    --------
    >>> _emissions_text({"镉": 1.2}, {}), _emissions_text({}, {"镉": 1.0}), _emissions_text({"镉": 1.2}, {"镉": 1.0})
    ('镉 1.2 kg/a', '镉 1 kg/a（排放口合计）', '镉 1.2 kg/a（排放口合计 镉 1 kg/a，与清单不一致，待核实）')
    """
    own, summed = _masses(listed), _masses({metal: mass for metal, mass in outlets.items() if mass})
    if not own:
        return f"{summed}（排放口合计）" if summed else ""
    differing = {
        metal: mass
        for metal, mass in outlets.items()
        if mass and not math.isclose(listed.get(metal, 0.0), mass, rel_tol=_SAME_MASS)
    }
    return f"{own}（排放口合计 {_masses(differing)}，与清单不一致，待核实）" if differing else own


def _masses(given: Mapping[str, float]) -> str:
    return "、".join(f"{metal} {value:g} kg/a" for metal, value in given.items())
