"""Protected objects around a site (环境保护目标), element by element, within ranges that the user sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.geo.nearest import prepare_one
from hmgeo.judging.facts import DistanceFact, Features
from hmgeo.results.siting import Target, TargetTable
from hmgeo.rules.words import LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.geo.distance import Shapes
    from hmgeo.judging.layers import LayerIndex
    from hmgeo.siting.site import Site


DOWNSTREAM_NEEDED = "下游 10 km 内的保护目标本表未列；项目有高程时可用 hmgeo flow 沿水流查询。"


@dataclass(frozen=True, slots=True)
class Element:
    """An element of the environment with the range within which its objects are listed.

    Parameters
    ----------
    code
        By which the user sets the range.
    range_m
        The range that the standard names, None where it depends on the grade of assessment and must be set.
    layers
        Codes of the layers searched.
    hint
        Numbers found elsewhere; never a legal distance.
    """

    code: str
    title: str
    standard: str
    layers: tuple[str, ...]
    range_m: float | None = None
    hint: str = ""
    counts_people: bool = False


ELEMENTS = (
    Element("air", "大气", "HJ 2.2（未核对原文）", ("sensitive_sites",)),
    Element("risk_500", "环境风险（500 m）", "HJ 169（未核对原文）", ("sensitive_sites",), 500.0, counts_people=True),
    Element("risk_5000", "环境风险（5 km）", "HJ 169（未核对原文）", ("sensitive_sites",), 5000.0, counts_people=True),
    Element(
        "soil",
        "土壤",
        "HJ 964（未核对原文）",
        ("farmland", "sensitive_sites", "water_source_zones"),
        None,
        "参考值 50、200、1000 m 出自 HJ 964（未核对），非法定距离。",
    ),
    Element("noise", "声", "HJ 2.4（未核对原文）", ("sensitive_sites",)),
    Element("groundwater", "地下水", "HJ 610（未核对原文）", ("water_source_zones", "intakes")),
)
"""Elements in the order of the report. No text of these standards is held: every range is a parameter."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around sites.

    Parameters
    ----------
    ranges_m
        By code of `ELEMENTS`, metres, as the user set them.
    population
        Persons by layer code and receptor id, where the layer says so.
    """

    indexes: Mapping[str, LayerIndex]
    ranges_m: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    population: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))

    def tables(self, site: Site) -> tuple[TargetTable, ...]:
        """Return one table per element; one whose range nobody set says so and lists nothing."""
        if site.geometry is None:
            return ()
        source = prepare_one(site.geometry)
        return tuple(self._table(element, source, site.uncertainty_m) for element in ELEMENTS)

    def _table(self, element: Element, source: Shapes, uncertainty_m: float) -> TargetTable:
        range_m = self.ranges_m.get(element.code, element.range_m)
        if range_m is None:
            note = f"评价范围随评价等级而定，未设定，本表未列。{element.hint}"
            return TargetTable(element.title, element.standard, None, note=note)
        given = [code for code in element.layers if code in self.indexes]
        notes = [
            f"未提供「{LAYERS[code].zh}」，请向{LAYERS[code].department}获取。"
            for code in element.layers
            if code not in self.indexes
        ]
        found = [target for code in given for target in self._targets(code, source, range_m)]
        found.sort(key=lambda target: target.distance_m)
        notes += [gap for code in given if (gap := self._gap(code, source, range_m, uncertainty_m))]
        notes += [DOWNSTREAM_NEEDED] if element.code == "risk_5000" else []
        if given and not found:
            notes.append("查询范围内现有数据无记录，不等于实地不存在。")
        people = [target.population for target in found] if element.counts_people else []
        known = [count for count in people if count is not None]
        return TargetTable(
            element.title,
            element.standard,
            range_m,
            tuple(found),
            sum(known) if known else None,
            len(people) - len(known),
            "".join(dict.fromkeys(notes)),
        )

    def _targets(self, code: str, source: Shapes, range_m: float) -> list[Target]:
        index = self.indexes[code]
        return [
            Target(
                hit.receptor_id,
                hit.receptor_name,
                "·".join(filter(None, (LAYERS[code].zh, index.class_of(hit.row)))),
                hit.distance_m,
                hit.bearing_deg,
                self.population.get((code, hit.receptor_id)),
            )
            for hit in index.within(source, Features(code), range_m)
        ]

    def _gap(self, code: str, source: Shapes, range_m: float, uncertainty_m: float) -> str:
        """Return why the list may lack objects; empty where the layer is complete as far as the range reaches."""
        index = self.indexes[code]
        reach_m = index.covered_m(source, uncertainty_m)
        is_complete, aside = index.is_complete, index.layer.gates.aside
        fact = DistanceFact(0.0, 0.0, None, covered_m=reach_m, is_complete=is_complete, aside=aside)
        return fact.coverage_gap(LAYERS[code].zh, range_m)
