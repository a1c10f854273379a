"""Protected objects around a site (环境保护目标), element by element, within ranges that the user sets."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from hmgeo.geo.distance import Shapes, prepare_one
from hmgeo.judging.facts import Answer, Facts, Features, Unknown
from hmgeo.judging.layers import LayerIndex
from hmgeo.results.siting import Nearest, Target, TargetTable, Zoning
from hmgeo.rules.words import LAYERS
from hmgeo.siting.site import Site
from hmgeo.vocabulary import LayerKind, Verdict
from hmgeo.words import say, sentences


class Element(Struct, frozen=True):
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


_ACCESS_LIST = ("空间布局约束", "污染物排放管控", "环境风险防控", "资源利用效率")
_ZONES = (
    LayerKind.CONTROL_UNITS,
    LayerKind.ECOLOGICAL_REDLINE,
    LayerKind.PERMANENT_BASIC_FARMLAND,
    LayerKind.PBF_CONCENTRATED_AREAS,
    LayerKind.URBAN_DEVELOPMENT_BOUNDARY,
)


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
        say("soil_range_hint"),
    ),
    Element("noise", "声", "HJ 2.4（未核对原文）", ("sensitive_sites",)),
    Element("groundwater", "地下水", "HJ 610（未核对原文）", ("water_source_zones", "intakes")),
)
"""Elements in the order of the report. No text of these standards is held: every range is a parameter."""


class Surroundings(Struct, frozen=True):
    """What stands around sites.

    Parameters
    ----------
    ranges_m
        By code of `ELEMENTS`, metres, as the user set them.
    population
        Persons by layer code and receptor id, where the layer says so.
    columns
        By layer code and receptor id, the cells of layers of which more than the receptor's own columns is shown.
    """

    indexes: Mapping[str, LayerIndex]
    ranges_m: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    population: Mapping[tuple[str, str], int] = field(default_factory=lambda: MappingProxyType({}))
    columns: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=lambda: MappingProxyType({}))

    def tables(self, site: Site) -> tuple[TargetTable, ...]:
        """Return one table per element around `site`; one whose range nobody set says so and lists nothing."""
        if site.geometry is None:
            return ()
        source = prepare_one(site.geometry)
        return tuple(self._table(element, source, site.uncertainty_m) for element in ELEMENTS)

    def nearest(self, facts: Facts) -> tuple[Nearest, ...]:
        """Return the nearest object of every layer at hand, by `facts` of a site; layers that hold nothing last."""
        objects = []
        for code in self.indexes:
            fact = facts.layers.distance(Features(code))
            if isinstance(fact, Unknown):
                continue
            reach_m = math.inf if fact.measured_m is None else fact.measured_m
            is_open = bool(fact.coverage_gap(LAYERS[code].zh, reach_m))
            name = fact.receptor_name or fact.receptor_id
            ends = (fact.measured_m, fact.low_m, fact.high_m)
            objects.append(Nearest(code, name, *ends, fact.bearing_deg, is_open=is_open))
        return tuple(sorted(objects, key=lambda near: math.inf if near.distance_m is None else near.distance_m))

    def zoning(self, facts: Facts) -> tuple[Zoning, ...]:
        """Return how a site lies to the zones of plans, by its `facts`; those that nobody gave included."""
        zones = []
        for kind in _ZONES:
            word = LAYERS[kind.value]
            if kind.value not in self.indexes:
                zones.append(
                    Zoning(word.zh, "未提供", note=say("zone_absent", layer=word.zh, department=word.department))
                )
                continue
            fact = facts.layers.inside(Features(kind.value))
            if isinstance(fact, Unknown):
                zones.append(Zoning(word.zh, Verdict.NOT_ASSESSED.zh, note=fact.why))
                continue
            name = fact.receptor_name or fact.receptor_id
            state = {
                Answer.YES: say("in_zone", name=name),
                Answer.PARTLY: say("partly_in_zone", name=name),
                Answer.NO: say("zone_unseen" if fact.gap else "not_in_zone"),
            }[fact.answer]
            cells = self.columns.get(kind.value, {}).get(fact.receptor_id, {})
            wanted = ("类别", *_ACCESS_LIST, "发布文号") if kind is LayerKind.CONTROL_UNITS else ()
            details = tuple((part, cells.get(part, "") or "未提供") for part in wanted)
            border = say("zone_may_change") if fact.others else ""
            gap = "" if fact.answer is Answer.YES else fact.gap
            zones.append(Zoning(word.zh, state, () if fact.answer is Answer.NO else details, sentences(gap, border)))
        return tuple(zones)

    def _table(self, element: Element, source: Shapes, uncertainty_m: float) -> TargetTable:
        range_m = self.ranges_m.get(element.code, element.range_m)
        if range_m is None:
            note = sentences(say("range_not_set"), element.hint)
            return TargetTable(element.title, element.standard, None, note=note)
        at_hand = [code for code in element.layers if code in self.indexes]
        notes: list[str] = [
            say("layer_to_obtain", layer=LAYERS[code].zh, department=LAYERS[code].department)
            for code in element.layers
            if code not in self.indexes
        ]
        targets = [target for code in at_hand for target in self._targets(code, source, range_m)]
        targets.sort(key=lambda target: target.distance_m)
        held = [self.indexes[code] for code in at_hand]
        notes += filter(None, (index.gap(index.covered_m(source, uncertainty_m), range_m) for index in held))
        notes += [say("targets_downstream_not_listed")] if element.code == "risk_5000" else []
        if at_hand and not targets:
            notes.append(say("nothing_on_record"))
        people = [target.population for target in targets] if element.counts_people else []
        known = [count for count in people if count is not None]
        return TargetTable(
            element.title,
            element.standard,
            range_m,
            tuple(targets),
            sum(known) if known else None,
            len(people) - len(known),
            sentences(*notes),
        )

    def _targets(self, code: str, source: Shapes, range_m: float) -> list[Target]:
        index, title = self.indexes[code], LAYERS[code].zh
        return [
            Target(
                hit.receptor_id,
                hit.receptor_name,
                f"{title}·{word}" if (word := index.class_of(hit.row)) else title,
                hit.distance_m,
                hit.bearing_deg,
                self.population.get((code, hit.receptor_id)),
            )
            for hit in index.within(source, Features(code), range_m)
        ]
