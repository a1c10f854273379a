"""What is known of each source beside distance: irrigation, runoff, wind; and from it the order of visits.

The order is no score. Whatever isn't stated is unknown, never "no": a blank cell moves a source to 丁 or leaves it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.judging.applies import DISPUTED
from hmgeo.judging.facts import Side
from hmgeo.judging.own_columns import METALS, JoinedOutlets, OutletCells, OwnColumns
from hmgeo.records import SideTable
from hmgeo.reference.cells import compared_word, read_trade, read_word
from hmgeo.results.results import WaterTables
from hmgeo.results.text import distance_text, radius_text
from hmgeo.results.used import VisitOrder
from hmgeo.rules.claims import AIR, WATER, Dispute, Said, Told, filled
from hmgeo.rules.claims import emits as stated_emissions
from hmgeo.screening.land import LandView
from hmgeo.vocabulary import (
    ALL_CLASSES,
    EVIDENCE_RADII_M,
    POLLUTED_CLASSES,
    UNTOLD,
    VISIT_CLASSES_M,
    ClassKind,
    LayerKind,
    PathwayState,
    PositionKind,
    SoilQualityClass,
    Status,
    Unknown,
    Verdict,
    VisitGroup,
)
from hmgeo.water.irrigation import BROKEN, ELSEWHERE, ESTABLISHED, NO_LAYERS
from hmgeo.words import Reason, one_by_one, parts_of, say, say_with, sentences

NOT_TRACED = "未作水流方向测算"
_NOTHING_STORED = frozenset({"无", "否", "没有", "无堆存", "无固废", "无固废堆存", "不涉及"})
_NO_MASS = re.compile(r"0+(?:\.0+)?(?:kg|千克|公斤|t|吨|m3|立方米|方)?")
"""A bare zero may stand for nothing as well as for nothing filled in."""
_TO_THE_LIMIT = "limit"
"""How a way ended that was followed as far as was asked (`hmgeo.water.grid.End`); any other was cut off before."""
_WASTE_UNSTATED = "固废堆存情况"
_MOST_CHAINS = 3


class Pathway(Struct, frozen=True):
    """One pathway of one source.

    Parameters
    ----------
    text
        What is said of it.
    established
        The short reason where data establish it; empty where they don't.
    receptor
        Polluted farmland at its end, in words.
    side
        Whether there is a pathway; one that nobody traced or whose link isn't told is unknown, never none.
    lacks
        What would tell it, where it is unknown.
    """

    text: str = NOT_TRACED
    established: str = ""
    receptor: str = ""
    side: Side = Side.UNKNOWN
    lacks: str = ""


_NO_IRRIGATION_DATA, _NO_HEIGHTS = "水流资料（灌溉取水）", "水流资料（高程）"
_UNTRACED_IRRIGATION = Pathway(lacks=_NO_IRRIGATION_DATA)


class Pathways(Struct, frozen=True):
    """Pathways by source id."""

    irrigation: Mapping[str, Pathway] = field(default_factory=lambda: MappingProxyType({}))
    runoff: Mapping[str, Pathway] = field(default_factory=lambda: MappingProxyType({}))


def pathways_of(water: WaterTables, stored: Mapping[str, str]) -> Pathways:
    """Return the pathways that a run's tables on water hold.

    `stored`: by source id what its list says of waste stored there (固废堆存情况): runoff counts as a pathway only
    where something lies that may be washed away.
    """
    chains: dict[str, list[dict[str, Any]]] = {}
    for row in water.chains.to_pylist():
        chains.setdefault(row["source_id"], []).append(row)
    met: dict[str, list[dict[str, Any]]] = {}
    for row in water.met.to_pylist():
        if row["layer"] == LayerKind.FARMLAND.value:
            met.setdefault(row["source_id"], []).append(row)
    paths = {row["source_id"]: row for row in water.paths.drop_columns("geometry").to_pylist()}
    why = next(iter(water.notes), "") if not paths else ""
    runoff = {name: _runoff(paths.get(name), met.get(name, []), waste, why) for name, waste in stored.items()}
    return Pathways({name: _irrigation(rows) for name, rows in chains.items()}, runoff)


def _irrigation(rows: Iterable[Mapping[str, Any]]) -> Pathway:
    chains = list(rows)
    whole = [row for row in chains if row["status"] == ESTABLISHED]
    broken = [row for row in chains if row["status"] == BROKEN]
    shown = whole or broken or chains
    text: str = sentences(*(row["chain"] for row in shown[:_MOST_CHAINS]))
    if len(shown) > _MOST_CHAINS:
        text = say("links_shown", chains=parts_of(text), more=len(shown) - _MOST_CHAINS)
    if not whole:
        if all(row["broken_at"] == ELSEWHERE for row in chains):
            return Pathway(text, side=Side.NOT_MET)
        is_asked = any(row["broken_at"] != NO_LAYERS for row in chains)
        return Pathway(text, lacks="废水去向及与灌溉取水的关系" if is_asked else _NO_IRRIGATION_DATA)
    count = sum(row["parcel_count"] for row in whole)
    districts = tuple(dict.fromkeys(row["district_name"] or row["district_id"] or "直接取水" for row in whole))
    polluted = {
        word.value: sum(row[column] for row in whole)
        for word, column in (
            (SoilQualityClass.STRICT_CONTROL, "strict_control_ha"),
            (SoilQualityClass.SAFE_USE, "safe_use_ha"),
        )
    }
    held_ha = _areas_by_class(polluted)
    receptor = say("irrigated_polluted", held=held_ha) if held_ha else ""
    return Pathway(text, say("irrigation_pathway", districts=districts, count=count), receptor, Side.MET)


def _areas_by_class(held_ha: Mapping[str, float]) -> tuple[Reason, ...]:
    """Return areas by class in words, those of nothing left out."""
    return tuple(say("class_area_of_many", word=word, area_ha=area_ha) for word, area_ha in held_ha.items() if area_ha)


def _runoff(path: Mapping[str, Any] | None, parcels: list[dict[str, Any]], stored: str, why_not: str) -> Pathway:
    if path is None:
        return _untraced_runoff(why_not or NOT_TRACED, stored, _NO_HEIGHTS)
    if path["length_m"] is None:
        return _untraced_runoff(say("runoff_not_assessed", why=path["note"]), stored, "水流资料（径流）")
    reach = say("runoff_way", length_m=path["length_m"], note=path["note"])
    if not parcels:
        unmet = one_by_one((reach, "沿途现有数据未遇耕地，不等于不受影响"))
        if path["ends"] == _TO_THE_LIMIT:
            return Pathway(unmet, side=Side.NOT_MET)
        return _untraced_runoff(unmet, stored, "水流资料（径流到头以外）")
    first_m = min(row["flow_distance_m"] for row in parcels)
    polluted = tuple(
        say("class_count", word=word, count=count)
        for word in (SoilQualityClass.STRICT_CONTROL, SoilQualityClass.SAFE_USE)
        if (count := sum(row["class"] == word.value for row in parcels))
    )
    values = {"count": len(parcels), "first_m": first_m, "polluted": polluted}
    met = say_with("farmland_met_polluted" if polluted else "farmland_met", values)
    lies = _lies(stored)
    if lies is not Side.MET:
        word = stored.strip()
        untold = say("storage_untold", stored=word) if word else "固废堆存情况未填，不作途径证据"
        why = untold if lies is Side.UNKNOWN else "无固废堆存，不作途径证据"
        text = one_by_one((reach, met, why))
        return Pathway(text, side=lies, lacks=_WASTE_UNSTATED if lies is Side.UNKNOWN else "")
    why_established = say("runoff_pathway", stored=stored.strip(), first_m=first_m)
    return Pathway(one_by_one((reach, met)), why_established, side=Side.MET)


def _untraced_runoff(text: str, stored: str, lacks: str) -> Pathway:
    """Return runoff that nobody traced to its end: none only where the list says that nothing lies there."""
    lies = _lies(stored)
    if lies is Side.NOT_MET:
        return Pathway(text, side=Side.NOT_MET)
    return Pathway(text, lacks=lacks if lies is Side.MET else say("listed", parts=(_WASTE_UNSTATED, lacks)))


def _lies(stored: str) -> Side:
    """Return whether a list says that waste lies on the site; a word for not knowing, or a bare zero, says nothing.

    >>> [_lies(cell).value for cell in ("露天堆存", "不涉及", "不详", "")]
    ['met', 'not_met', 'unknown', 'unknown']
    """
    word = compared_word(stored)
    if word in _NOTHING_STORED:
        return Side.NOT_MET
    return Side.UNKNOWN if not word or word in UNTOLD or _NO_MASS.fullmatch(word) else Side.MET


NOT_GIVEN = "没有可用的风频表"
_WHOLE_TURN_DEG = 360.0


class Wind(Struct, frozen=True):
    """Share of the time (percent) that wind comes from each direction, degrees from north.

    `calm_percent`: share of the time without wind, when nothing is downwind.
    """

    percent_from: Mapping[float, float]
    station: str = ""
    years: str = ""
    calm_percent: float = 0.0

    @property
    def directions(self) -> int:
        """Number of directions that the rose tells apart."""
        return len(self.percent_from)

    def downwind_percent(self, bearing_deg: float) -> float:
        """Return how often what lies on `bearing_deg` is downwind: the share of wind from the opposite direction.

        >>> Wind({0.0: 40.0, 90.0: 30.0, 180.0: 20.0, 270.0: 10.0}).downwind_percent(180.0)
        40.0
        """
        came_from = (bearing_deg + 180) % _WHOLE_TURN_DEG
        nearest = min(
            self.percent_from,
            key=lambda from_deg: (abs((from_deg - came_from + 180) % _WHOLE_TURN_DEG - 180), from_deg),
        )
        return self.percent_from[nearest]

    def described(self) -> Reason:
        """Say which table this is."""
        named = tuple(filter(None, (self.station, self.years))) or ("气象站未注明",)
        return say("wind_of", named=named, directions=self.directions, calm_percent=self.calm_percent)


def wind_of(table: SideTable | None) -> Wind | None:
    """Return the wind that `table` (`hmgeo.records.WIND_SCHEMA`) tells; None where there is none, or none usable."""
    if table is None or not table.table.num_rows:
        return None
    rows = table.table.to_pylist()
    shares = {row["from_deg"]: row["percent"] for row in rows if row["from_deg"] is not None}
    calm = sum(row["percent"] for row in rows if row["from_deg"] is None)
    return Wind(shares, rows[0]["station"], rows[0]["years"], calm)


def downwind(wind: Wind | None, source: Mapping[str, Any]) -> tuple[float | None, str]:
    """Return the share of the time (percent) that a source's nearest parcel is downwind, and what it rests on.

    `source`: a row of the table of sources. `wind`: none where no table of frequencies is at hand.
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


class Around(Struct, frozen=True):
    """What was found around the sources: parcels, villages and sensitive sites, the ways of water."""

    land: LandView = field(default_factory=LandView)
    sites: LandView = field(default_factory=LandView)
    pathways: Pathways = field(default_factory=Pathways)


class Land(Struct, frozen=True):
    """Farmland around the sources within the search radius and within others.

    `area_ha`: hectares by source id, radius (m) and class.
    `unclassed`: by source id: parcels within the search radius whose class is 未划分 or no official word.
    """

    area_ha: Mapping[tuple[str, float, str], float]
    unclassed: Mapping[str, int]

    @classmethod
    def of(cls, counts: pa.Table, radius_m: float) -> Land:
        """Return the land that a run's `counts` tell of; `radius_m` is that of the search."""
        rows = [row for row in counts.to_pylist() if row.get("class_kind") != ClassKind.LAND]
        unclassed: dict[str, int] = {}
        for row in rows:
            if row["radius_m"] == radius_m and row["class"] not in _CLASSED:
                unclassed[row["source_id"]] = unclassed.get(row["source_id"], 0) + (row["count"] or 0)
        return cls({(row["source_id"], row["radius_m"], row["class"]): row["area_ha"] for row in rows}, unclassed)


_CLASSED = frozenset({*SoilQualityClass, ALL_CLASSES}) - {SoilQualityClass.UNCLASSIFIED}


def evidence_rows(
    sources: Sequence[Mapping[str, Any]],
    counts: pa.Table,
    own: OwnColumns,
    *,
    radius_m: float,
    wind: Wind | None = None,
    outlets: JoinedOutlets = JoinedOutlets(),  # noqa: B008 -- frozen
    around: Around | None = None,
    disputed: Mapping[str, Sequence[Dispute]] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Return `EVIDENCE_SCHEMA` rows, each with `visit_group` and `visit_reason` beside them.

    Parameters
    ----------
    sources
        Rows of the table of sources, in input order.
    radius_m
        The search radius: what lies within it is receptor evidence.
    wind
        None where the project gives no table of frequencies.
    around
        Parcels, sites and pathways of each source; None where nobody measured.
    disputed
        By source id: values that contradict each other.
    """
    known = _Told(Land.of(counts, radius_m), own, radius_m, wind, around or Around(), disputed)
    return [
        _row(number, source, known, outlets.by_source.get(source["source_id"], outlets.of_others))
        for number, source in enumerate(sources)
    ]


class _Told(Struct, frozen=True):
    """What every row is put together from."""

    land: Land
    own: OwnColumns
    radius_m: float
    wind: Wind | None
    around: Around
    disputed: Mapping[str, Sequence[Dispute]]

    def of_the_land(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cells on exceedances and on sites."""
        source_id = source["source_id"]
        exceeding = self.around.land.exceeding.get(source_id)
        site_m, site_id = self.around.sites.nearest.get(source_id, (None, ""))
        cells: dict[str, Any] = {
            "exceedance": "" if not self.around.land.reached.num_rows else NO_EXCEEDANCE,
            "site_count": self.around.sites.count[source_id],
            "nearest_site_id": site_id,
            "nearest_site_m": site_m,
        }
        if not self.around.land.exceedances.is_told:
            return cells | ({"exceedance": EXCEEDANCE_NOT_GIVEN} if cells["exceedance"] else {})
        if exceeding is not None and exceeding.count:
            text = say(
                _floor(source, "exceeding_parcels", "exceeding_parcels_at_least"),
                radius=radius_text(self.radius_m),
                count=exceeding.count,
                area_ha=exceeding.area_ha,
                nearest=distance_text(exceeding.least_m),
            )
            cells |= {"exceedance": text, "exceeding_count": exceeding.count, "exceeding_ha": exceeding.area_ha}
        return cells


def _row(number: int, source: Mapping[str, Any], known: _Told, outlets: OutletCells) -> dict[str, Any]:
    area_ha, own = known.land.area_ha, known.own
    source_id, bearing_deg = source["source_id"], source["nearest_farmland_bearing_deg"]
    share, share_note = downwind(known.wind, source)
    stated_m = own.number(number, "排气筒高度")
    irrigation = known.around.pathways.irrigation.get(source_id, _UNTRACED_IRRIGATION)
    stored = own.text(number, "固废堆存情况")
    runoff = known.around.pathways.runoff.get(source_id) or _untraced_runoff(NOT_TRACED, stored, _NO_HEIGHTS)
    stacks_m = outlets.stacks_m or (() if stated_m is None else (stated_m,))
    air, water = own.emissions(number, AIR), own.emissions(number, WATER)
    cells: dict[str, Any] = {
        "source_id": source_id,
        "name": source["name"],
        "air_distance_m": source["nearest_farmland_m"],
        "air_bearing_deg": bearing_deg,
        "air_downwind_percent": share,
        "air_downwind_note": share_note,
        "air_stack_height_m": min(stacks_m, default=None),
        "air_stack_height_max_m": max(stacks_m, default=None),
        "air_emissions": _emissions_text(_emitted(air), outlets.emissions_kg.get(AIR, {})),
        "water_emissions": _emissions_text(_emitted(water), outlets.emissions_kg.get(WATER, {})),
        "water_receiving": own.text(number, "受纳水体") or own.text(number, "废水去向") or "、".join(outlets.receiving),
        "outlets": outlets.text,
        "water_pathway": irrigation.text,
        "waste_storage": stored,
        "waste_pathway": runoff.text,
        **known.of_the_land(source),
    }
    for word, code in POLLUTED_CLASSES.items():
        for reach_m in EVIDENCE_RADII_M:
            cells[f"{code}_{reach_m / 1000:g}km_ha"] = area_ha.get((source_id, reach_m, word))
    water_gap = _water_gap(own, number, cells["water_emissions"])
    is_dry = own.text(number, _DRAINS) in _NO_WASTEWATER or emits(water, outlets, WATER) is Side.NOT_MET
    if is_dry and not water_gap:
        irrigation = replace(irrigation, side=Side.NOT_MET) if irrigation.side is Side.UNKNOWN else irrigation
    disputes = known.disputed.get(source_id, ())
    disputed = one_by_one(say("contradiction_to_check", values=dispute.values) for dispute in disputes)
    if any(_DRAINS in cell.where for dispute in disputes for cell in (dispute.claim, *dispute.evidence)):
        water_gap = ""  # told among the disputes
    trade_gap = disputed or _trade_gap(source, own.text(number, "是否涉镉"))
    evidence = Evidence(
        air=_air(cells, emits(air, outlets, AIR), outlets.doubt if emits(air, _NONE, AIR) is Side.NOT_MET else ""),
        water=(irrigation, runoff),
        land=_polluted(source, known, cells, (irrigation, runoff)),
        gaps=tuple(filter(None, (trade_gap, water_gap, _place_gap(source)))),
    )
    states = zip(("air", "irrigation", "runoff"), (evidence.air, *evidence.water), strict=True)
    cells |= {f"{name}_state": _STATES[pathway.side].value for name, pathway in states}
    return cells | {"visit_group": evidence.group.value, "visit_reason": evidence.reason}


_STATES = {Side.MET: PathwayState.HELD, Side.UNKNOWN: PathwayState.OPEN, Side.NOT_MET: PathwayState.NONE}


_NONE = OutletCells()
_DRAINS = "废水去向"
_NO_WASTEWATER = frozenset({"不外排", "无废水", "无", "零排放", "全部回用", "无废水产生", "无外排废水"})


def _emitted(stated: Mapping[str, float]) -> dict[str, float]:
    return {metal: kg for metal, kg in stated.items() if kg}


def emits(stated: Mapping[str, float], outlets: OutletCells, medium: str) -> Side:
    """Return whether a source emits metals: yes by any figure, no only where all five are stated as zero.

    Parameters
    ----------
    stated
        kg a year by metal as the list states them, zeros included; a metal that isn't stated is left out.
    outlets
        What the source's outlets say.
    medium
        废气 or 废水.

    Examples
    --------
    >>> emits({"镉": 1.2}, OutletCells(), "废气").value, emits({"镉": 0.0}, OutletCells(), "废气").value
    ('met', 'unknown')
    >>> emits(dict.fromkeys(METALS, 0.0), OutletCells(), "废气").value
    'not_met'
    """
    of_outlets = outlets.emissions_kg.get(medium, {})
    if any(kg > 0 for kg in (*stated.values(), *of_outlets.values())):
        return Side.MET
    is_said = all(stated.get(metal) == 0 for metal in METALS) and medium not in outlets.unstated
    return Side.NOT_MET if is_said and not any(of_outlets.values()) else Side.UNKNOWN


def _air(cells: Mapping[str, Any], emitted: Side, doubt: str) -> Pathway:
    if emitted is not Side.MET:
        return Pathway(side=emitted, lacks=say("air_untold_since", doubt=doubt) if doubt else "废气重金属排放量")
    values = {"masses": cells["air_emissions"], "share": (share := cells["air_downwind_percent"])}
    established = say_with("air_pathway" if share is None else "air_pathway_downwind", values)
    return Pathway(established=established, side=Side.MET)


def _polluted(
    source: Mapping[str, Any], known: _Told, cells: Mapping[str, Any], by_water: Sequence[Pathway]
) -> Pathway:
    """Return whether polluted farmland lies within the radius or at the end of a pathway."""
    source_id, within = source["source_id"], radius_text(known.radius_m)
    land_ha = {word: known.land.area_ha.get((source_id, known.radius_m, word)) or 0.0 for word in POLLUTED_CLASSES}
    by_class = _areas_by_class(land_ha)
    candidates = (
        say(_floor(source, "polluted_within", "polluted_within_at_least"), radius=within, held=by_class)
        if by_class
        else "",
        cells["exceedance"] if cells.get("exceeding_count") else "",
        *(pathway.receptor for pathway in by_water),
    )
    reasons = tuple(filter(None, candidates))
    if reasons:
        return Pathway(established=say("receptors_are", parts=reasons), side=Side.MET)
    silent = known.around.land.exceeding.get(source_id)
    unclassed = known.land.unclassed.get(source_id, 0)
    lacks = (
        say("classes_unread_within", radius=within, count=unclassed) if unclassed else "",
        say("exceedance_unstated", count=silent.unstated) if silent is not None and silent.unstated else "",
        say("farmland_beyond_data", radius=within) if source["counts_are_lower_bounds"] else "",
    )
    missing = say("lacking_too", parts=tuple(filter(None, lacks)))
    return Pathway(side=Side.UNKNOWN if missing else Side.NOT_MET, lacks=missing)


def _floor(source: Mapping[str, Any], code: str, at_least: str) -> str:
    """Return the code that tells a number, or that it is at least so much."""
    return at_least if source["counts_are_lower_bounds"] else code


def _trade_gap(source: Mapping[str, Any], stated: str) -> str:
    """Return what isn't known of a source's trade; by the list's own word on cadmium (as stated) or by its code."""
    word = source.get("cadmium")
    if word == DISPUTED:
        return say("cadmium_contradicted")
    read = read_word("是否涉镉", stated)
    if isinstance(read, Unknown) and read.code != "not_stated":
        return say("cadmium_not_understood", stated=stated)
    if word is None and not isinstance(read_trade(source["trade_code"] or ""), Unknown):
        return ""
    return "" if word else "缺行业（是否涉镉）"


def _water_gap(own: OwnColumns, number: int, emissions: str) -> str:
    """Return what contradicts a row's word that no waste water leaves it, in words; neither value wins.

    A figure that can't be read may be one. `emissions`: metals in waste water other than zero, as the list or the
    outlets state them.
    """
    drains = own.text(number, _DRAINS)
    if drains not in _NO_WASTEWATER:
        return ""
    row = Told(own.cells(number))
    against = (*stated_emissions((), medium=WATER)(row), *filled(("受纳水体",))(row))
    if not against and emissions:
        against = (Said("废水重金属排放量", emissions),)
    return say("contradiction_to_check", values=Dispute(Said(_DRAINS, drains), against).values) if against else ""


def _place_gap(source: Mapping[str, Any]) -> str:
    known = source["status"] == Status.ASSESSED.value and source["position_kind"] != PositionKind.PLACE.value
    return "" if known else "缺位置"


class Evidence(Struct, frozen=True):
    """What a source's group rests on.

    Parameters
    ----------
    air, water
        Pathways through the air, and by irrigation and runoff.
    land
        Polluted farmland at their end.
    gaps
        What else isn't known or contradicts itself: trade, position, figures.
    """

    air: Pathway
    water: tuple[Pathway, ...]
    land: Pathway
    gaps: tuple[str, ...] = ()

    @property
    def pathway(self) -> Side:
        """Whether any pathway is evidenced; unknown while one of them is and none is."""
        sides = {self.air.side, *(pathway.side for pathway in self.water)}
        return next((side for side in (Side.MET, Side.UNKNOWN) if side in sides), Side.NOT_MET)

    @property
    def group(self) -> VisitGroup:
        """The group; 丁 where what isn't known could change it."""
        sides = (self.pathway, self.land.side)
        if self.gaps or Side.UNKNOWN in sides:
            return VisitGroup.DATA_FIRST
        return (VisitGroup.DISTANCE, VisitGroup.ONE, VisitGroup.BOTH)[sides.count(Side.MET)]

    @property
    def reason(self) -> str:
        """Why the group, in one sentence: what is missing, then what is evidenced."""
        pathways = (self.air, *self.water, self.land)
        established = [pathway.established for pathway in pathways if pathway.established]
        open_ = [pathway.lacks for pathway in pathways if pathway.side is Side.UNKNOWN]
        if self.pathway is Side.MET:
            open_ = [lack for lack in open_ if lack == self.land.lacks]
        is_open = self.group is VisitGroup.DATA_FIRST
        missing = [*self.gaps, *(say("lacking", what=lack) for lack in open_)] if is_open else []
        return say("visit_since", parts=(*missing, *established) or ("资料齐，仅有距离",))


def visiting(sources: Sequence[dict[str, Any]], evidence: Sequence[Mapping[str, Any]], chosen: VisitOrder) -> None:
    """Put the order of visits into rows of the table of sources.

    `sources`: gain `list_number` (from 1, empty for those who aren't on the list), `visit_group`, `distance_class`
    and `visit_reason`.
    """
    keys: list[tuple[tuple[Any, ...], int]] = []
    for number, (row, of_evidence) in enumerate(zip(sources, evidence, strict=True)):
        row |= {"list_number": None, "visit_group": "", "distance_class": "", "visit_reason": ""}
        if row["verdict"] in _OFF_LIST:
            continue
        rank, label = distance_class(row)
        group = VisitGroup.of(of_evidence["visit_group"])
        row |= {"visit_group": group.value, "distance_class": label, "visit_reason": of_evidence["visit_reason"]}
        town = row.get("township_code") or row["township"] or ""
        by: dict[str, tuple[Any, ...]] = {"group": (group.rank,), "distance": (rank,), "township": (not town, town)}
        keys.append((tuple(part for name in chosen.sorted_by for part in by[name]), number))
    for place, (_, number) in enumerate(sorted(keys), start=1):
        sources[number]["list_number"] = place


_OFF_LIST = frozenset({Verdict.CLEAR.value, Verdict.NOT_APPLICABLE.value})
_FARTHER, _DISTANCE_UNKNOWN = say("farther_than", km=VISIT_CLASSES_M[-1] / 1000), "距离未知"


def distance_class(source: Mapping[str, Any]) -> tuple[int, str]:
    """Return the class of a source's distance to its nearest parcel, by the nearer end within its error.

    A distance that isn't known may be any: it stands before the nearest class.

    >>> distance_class({"nearest_farmland_m": 1040.0, "position_uncertainty_m": 50.0, "position_kind": "point"})
    (1, '0–1 km')
    >>> distance_class({"nearest_farmland_m": 1040.0, "position_uncertainty_m": 10.0, "position_kind": "point"})
    (2, '1–2 km')
    """
    distance_m = source["nearest_farmland_m"]
    if distance_m is None:
        return 0, _DISTANCE_UNKNOWN
    near_m = distance_m - _error_m(source)
    bounds = (0.0, *VISIT_CLASSES_M)
    for rank, (low, high) in enumerate(pairwise(bounds), start=1):
        if near_m <= high:
            return rank, f"{low / 1000:g}–{high / 1000:g} km"
    return len(bounds), _FARTHER


def _error_m(source: Mapping[str, Any]) -> float:
    """Return how much nearer the parcel may be; the least distance from a place already is the nearer end."""
    if source["position_kind"] == PositionKind.PLACE.value:
        return 0.0
    most_m = source.get("nearest_farmland_max_m")
    error_m: float = source["position_uncertainty_m"] or 0.0
    return error_m if most_m is None else max(error_m, most_m - source["nearest_farmland_m"])


def _emissions_text(listed: Mapping[str, float], outlets: Mapping[str, float]) -> str:
    """Return a year's metals: as the list states them, else summed over the outlets; where both differ, both.

    >>> _emissions_text({"镉": 1.2}, {}), _emissions_text({}, {"镉": 1.0}), _emissions_text({"镉": 1.2}, {"镉": 1.0})
    ('镉 1.2 kg/a', '镉 1 kg/a（排放口合计）', '镉 1.2 kg/a（排放口合计 镉 1 kg/a，与清单不一致，待核实）')
    """
    own, summed = _masses(listed), _masses({metal: mass for metal, mass in outlets.items() if mass})
    if not own:
        return say("summed_over_outlets", masses=summed) if summed else ""
    differing = {
        metal: mass
        for metal, mass in outlets.items()
        if mass and not math.isclose(listed.get(metal, 0.0), mass, rel_tol=_SAME_MASS)
    }
    return say("emissions_differ", own=own, outlets=_masses(differing)) if differing else own


def _masses(masses: Mapping[str, float]) -> str:
    listed = tuple(say("metal_mass", metal=metal, mass=value) for metal, value in masses.items())
    return say("listed", parts=listed) if listed else ""
