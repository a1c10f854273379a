"""What a clause's answer rests on, in words, and what would change it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmgeo.analysis.bank_lines import RIVERS
from hmgeo.analysis.facts import Answer, Features, Unknown
from hmgeo.analysis.key_areas import KEY_AREA_KIND, KEY_AREAS
from hmgeo.analysis.kinds.inquiry import features_of
from hmgeo.analysis.kinds.overlay import PERCENT
from hmgeo.analysis.site_facts import SiteFacts
from hmgeo.analysis.site_heights import ELEVATION
from hmgeo.findings.text import bearing_text, distance_text
from hmgeo.rules.kinds import DISTANCE_KINDS, FLOW_KINDS, INSIDE_KINDS
from hmgeo.rules.parameters import declaration
from hmgeo.rules.words import ATTRIBUTES, BOTH, MEASURED_ATTRIBUTES, NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import DistanceFact, Facts, PlaceFact
    from hmgeo.analysis.layer_index import LayerIndex
    from hmgeo.analysis.network_layers import ProjectRivers
    from hmgeo.analysis.places import Place
    from hmgeo.rules.model import DatedValue, Rule, Test

HEIGHT_KINDS = FLOW_KINDS | {"slope"}
NOTHING_FOUND = "查询范围内现有数据无记录，不等于实地不存在"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Sentences on what was measured and what would change the answer; codes of layers used and missing."""

    measured: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    missing_layers: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """Whom to ask for evidence on one site."""

    facts: Facts
    place: Place
    choices: Choices
    indexes: Mapping[str, LayerIndex]
    has_heights: bool = True
    rivers: ProjectRivers | None = None

    def evidence(self, rule: Rule, value: DatedValue) -> Evidence:
        """Return the evidence of every part of a rule's test."""
        found = [self._of_leaf(leaf, value) for leaf in (rule.test.leaves() if rule.test is not None else ())]
        if len(found) == 1:
            return found[0]
        return Evidence(
            _joined(one.measured for one in found),
            _joined(one.changes for one in found),
            _joined(one.layers for one in found),
            _joined(one.missing_layers for one in found),
            _joined(one.unsaid for one in found),
        )

    def _of_leaf(self, leaf: Test, value: DatedValue) -> Evidence:
        if leaf.kind in {"attribute", "ratio"}:
            return self._of_statement(leaf, value)
        layer = KEY_AREAS if leaf.kind == KEY_AREA_KIND else leaf.text("layer")
        features = features_of(leaf, self.choices)
        if layer == KEY_AREAS:
            return Evidence((self._key_area_text(Features(KEY_AREAS, area_ids=features.area_ids)),), layers=(layer,))
        missing = [layer] if layer and layer not in self.indexes else []
        ground = self._ground_of(leaf)
        lacking = [one for one in ground if not self._has(one)]
        if missing or (lacking and len(lacking) == len(ground)):
            return Evidence(missing_layers=(*missing, *lacking))
        return replace(self._of_ground(leaf, value, features), missing_layers=tuple(lacking))

    def _ground_of(self, leaf: Test) -> tuple[str, ...]:
        """Return what a leaf is answered by: heights, or the drawn rivers that its mode asks for."""
        if leaf.kind not in HEIGHT_KINDS:
            return ()
        mode = self.choices.code(leaf.text("mode")) if leaf.kind in FLOW_KINDS else ""
        if leaf.kind in FLOW_KINDS and not mode and not self.has_heights and self.rivers is not None:
            return (ELEVATION, RIVERS) if self.rivers.why_not() else (RIVERS,)
        return {NETWORK: (RIVERS,), BOTH: (ELEVATION, RIVERS)}.get(mode, (ELEVATION,))

    def _has(self, code: str) -> bool:
        return self.has_heights if code == ELEVATION else code in self.indexes

    def _of_ground(self, leaf: Test, value: DatedValue, features: Features) -> Evidence:
        if leaf.kind in DISTANCE_KINDS:
            return self._of_distance(leaf, value, features)
        if leaf.kind in INSIDE_KINDS:
            return self._of_inside(features)
        if leaf.kind in FLOW_KINDS:
            return self._of_flow(leaf, features)
        if leaf.kind == "slope":
            return self._of_slope(value)
        return Evidence(layers=(features.layer,) if features.layer else ())

    def _of_flow(self, leaf: Test, features: Features) -> Evidence:
        layers = (features.layer, *filter(self._has, self._ground_of(leaf)))
        name = leaf.text("limit")
        limit_m = self.choices.number(name) if name else math.inf
        if limit_m is None:
            return Evidence(layers=layers)
        is_upstream = leaf.kind == "upstream_of"
        ask = self.facts.upstream if is_upstream else self.facts.downstream
        fact = ask(features, limit_m, self.choices.code(leaf.text("mode")))
        if isinstance(fact, Unknown):
            return Evidence((fact.why,), layers=layers)
        reach = "" if math.isinf(limit_m) else f" {distance_text(limit_m)} 内"
        way = "下游" if is_upstream else "上游"
        if fact.answer is Answer.NO:
            return Evidence((f"{way}沿水流{reach}现有数据未见{features.zh}。{fact.why}",), layers=layers)
        return Evidence((f"{way}为{features.zh}「{_name(fact)}」，{fact.why}",), layers=layers)

    def _of_slope(self, value: DatedValue) -> Evidence:
        fact = self.facts.slope()
        if isinstance(fact, Unknown):
            return Evidence((fact.why,), layers=(ELEVATION,))
        limit = "" if value.value is None else f"，条文坡度 {value.value:g}°"
        return Evidence((f"坡度 {fact.value:.1f}°（按高程推算）{limit}。",), layers=(ELEVATION,))

    def _of_statement(self, leaf: Test, value: DatedValue) -> Evidence:
        return (
            self._of_ratio(leaf, value) if leaf.kind == "ratio" else self._of_attribute(leaf.text("attribute"), value)
        )

    def _of_attribute(self, name: str, value: DatedValue) -> Evidence:
        if name in MEASURED_ATTRIBUTES:
            word, unit = MEASURED_ATTRIBUTES[name]
            number = self.facts.number(name)
            if number is None:
                return Evidence(changes=(f"补充{word}后可作判断。",), unsaid=(word,))
            limit = "" if value.value is None else f"，限值 {value.value:g} {unit}"
            return Evidence((f"{word} {number:g} {unit}{limit}。",))
        word, known = ATTRIBUTES[name], self.facts.attribute(name)
        if isinstance(known, Unknown):
            return Evidence((known.why,), (f"核实是否{word}后可作判断。",))
        if known is None:
            return Evidence(changes=(f"说明是否{word}后可作判断。",), unsaid=(f"是否{word}",))
        return Evidence((f"填报：{word}——{'是' if known else '否'}。",))

    def _of_ratio(self, leaf: Test, value: DatedValue) -> Evidence:
        found = self.facts.ratio(leaf.text("numerator"), leaf.text("denominator"), self.choices.code(leaf.text("by")))
        words = "与".join(MEASURED_ATTRIBUTES[leaf.text(name)][0] for name in ("numerator", "denominator"))
        if isinstance(found, Unknown):
            return Evidence(changes=(f"补充{words}后可作判断。",), unsaid=(words,))
        return Evidence((f"{words}之比为 {found:g}，条文比例 {value.value:g}。",))

    def _of_distance(self, leaf: Test, value: DatedValue, features: Features) -> Evidence:
        fact = self.facts.distance(features)
        if isinstance(fact, Unknown):
            return Evidence((fact.why,), layers=(features.layer,))
        name = leaf.text("limit")
        limit_m = self.choices.number(name) if name else value.value
        measured = (distance_sentence(features, fact, limit_m),)
        if limit_m is not None:
            return Evidence(measured, _moves(fact, limit_m), (features.layer,))
        declared = declaration(name)
        if declared is None or fact.measured_m is None:
            return Evidence(measured, layers=(features.layer,))
        reach = distance_text(fact.measured_m)
        change = f"「{declared.title_zh}」取 {reach} 以上时，最近对象在范围内；取值更小时在范围外。"
        return Evidence(measured, (change,), (features.layer,))

    def _of_inside(self, features: Features) -> Evidence:
        fact = self.facts.inside(features)
        if isinstance(fact, Unknown):
            return Evidence((fact.why,), layers=(features.layer,))
        if fact.answer is Answer.YES:
            return Evidence((inside_sentence(features, fact),), self._way_out(features), (features.layer,))
        if fact.answer is Answer.PARTLY:
            share = self.facts.share(features)
            percent = "" if isinstance(share, Unknown) else f"，占用地面积 {share.value:.1f}{PERCENT}"
            return Evidence((f"部分位于{features.zh}「{_name(fact)}」内{percent}。",), layers=(features.layer,))
        nearest = self.facts.distance(features)
        if isinstance(nearest, Unknown) or nearest.measured_m is None:
            return Evidence((f"不在{features.zh}内：{NOTHING_FOUND}。",), layers=(features.layer,))
        text = distance_sentence(features, nearest, None)
        change = f"移近 {distance_text(nearest.measured_m)} 即进入其范围。"
        return Evidence((f"不在{features.zh}内；{text}",), (change,), (features.layer,))

    def _way_out(self, features: Features) -> tuple[str, ...]:
        depth_m = self.facts.depth_m(features) if isinstance(self.facts, SiteFacts) else None
        if depth_m is None:
            return ()
        return (f"距其边界最近 {distance_text(depth_m)}，移出边界后不再位于其内。",)

    def _key_area_text(self, features: Features) -> str:
        fact = self.facts.inside(features)
        if isinstance(fact, Unknown):
            return fact.why
        where = f"{self.place.county}{self.place.township}" or "所在地"
        if fact.answer is Answer.PARTLY:
            return f"用地范围部分位于条文所列重点区域（代表点位于{where}）。"
        word = "位于" if fact.answer is Answer.YES else "不在"
        return f"位于{where}，{word}条文所列重点区域{'内' if fact.answer is Answer.YES else '范围'}。{fact.why}"


def distance_sentence(features: Features, fact: DistanceFact, limit_m: float | None) -> str:
    """Return a distance as people read it: nearest object by name, its distance with uncertainty, its bearing.

    Examples
    --------
    >>> from hmgeo.analysis.facts import DistanceFact
    >>> fact = DistanceFact(773.4, 873.4, 823.4, 50.0, "S1", "示例小学", 44.0)
    >>> distance_sentence(Features("sensitive_sites"), fact, 1000.0)
    '最近敏感目标「示例小学」823 m（±50 m），在东北方向；限值 1.0 km。'
    """
    limit = "" if limit_m is None else f"；限值 {distance_text(limit_m)}"
    if fact.measured_m is None:
        return f"最近{features.zh}：{NOTHING_FOUND}{limit}。"
    name = fact.receptor_name or fact.receptor_id
    if fact.measured_m == 0:
        return f"与{features.zh}「{name}」相接或重叠{limit}。"
    away = distance_text(fact.measured_m, fact.uncertainty_m, limit_m=limit_m)
    way = bearing_text(fact.bearing_deg)
    return f"最近{features.zh}「{name}」{away}{f'，在{way}方向' if way else ''}{limit}。"


def inside_sentence(features: Features, fact: PlaceFact) -> str:
    """Return in which feature a site lies."""
    return f"位于{features.zh}「{_name(fact)}」内。"


def _name(fact: PlaceFact) -> str:
    return fact.receptor_name or fact.receptor_id


def _moves(fact: DistanceFact, limit_m: float) -> tuple[str, ...]:
    """Return how far the site would have to move to come to lie on the other side of a limit."""
    if fact.measured_m is None:
        return ()
    gap_m = limit_m - fact.measured_m
    step = distance_text(math.ceil(abs(gap_m) * 10) / 10)
    if gap_m < 0:
        return (f"移近 {step} 即进入限值 {distance_text(limit_m)} 以内。",)
    return (f"与最近对象的距离再增加 {step} 以上，即超出限值 {distance_text(limit_m)}（仍须核对其他对象）。",)


def _joined(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for part in parts for text in part))
