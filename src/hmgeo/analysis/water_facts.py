"""What rules ask of water for one source, by heights, by drawn rivers, or by both side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmgeo.analysis.barred import not_asked
from hmgeo.analysis.facts import Answer, PlaceFact, UnansweredFacts, Unknown
from hmgeo.analysis.flow_agreement import DISAGREE
from hmgeo.rules.words import BOTH, CATCHMENT, NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.analysis.facts import Facts, Features, NumberFact
    from hmgeo.analysis.network_facts import NetworkFacts
    from hmgeo.vocabulary import LayerKind

AGREED = "高程与所绘河网结论一致。"


class WaterFacts(UnansweredFacts):
    """Answers about water and slope for one source.

    Parameters
    ----------
    heights
        Whoever follows water over the ground.
    rivers
        Whoever follows drawn lines.
    has_heights
        Whether there is a grid of heights: without one, rivers answer alone where no mode is asked for.
    barred
        Kinds of layers that the source may not be held against.
    """

    def __init__(
        self, heights: Facts, rivers: NetworkFacts, *, has_heights: bool, barred: tuple[LayerKind, ...] = ()
    ) -> None:
        self._barred = barred
        self._heights = heights
        self._rivers = rivers
        self._has_heights = has_heights

    def upstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of the features within the limit along the water."""
        return self._by(
            features,
            mode,
            lambda: self._heights.upstream(features, limit_m, CATCHMENT),
            lambda: self._rivers.upstream(features, limit_m),
        )

    def downstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from one of the features reaches the source within the limit along the water."""
        return self._by(
            features,
            mode,
            lambda: self._heights.downstream(features, limit_m, CATCHMENT),
            lambda: self._rivers.downstream(features, limit_m),
        )

    def beside_path(self, features: Features, limit_m: float, beside_m: float) -> PlaceFact | Unknown:
        """Return whether the way down from the source passes beside the features; by heights."""
        if self._is_barred(features):
            return not_asked(features.layer, self._barred)
        return self._heights.beside_path(features, limit_m, beside_m)

    def slope(self) -> NumberFact | Unknown:
        """Return the slope of the source."""
        return self._heights.slope()

    def _is_barred(self, features: Features) -> bool:
        return any(kind.value == features.layer for kind in self._barred)

    def _by(
        self,
        features: Features,
        mode: str,
        by_heights: Callable[[], PlaceFact | Unknown],
        by_rivers: Callable[[], PlaceFact | Unknown],
    ) -> PlaceFact | Unknown:
        if self._is_barred(features):
            return not_asked(features.layer, self._barred)
        why_not = self._rivers.why_not()
        if mode == NETWORK or (not mode and not self._has_heights and not why_not):
            return by_rivers()
        if mode != BOTH:
            fact = by_heights()
            asks_rivers = not mode and not self._has_heights and self._rivers.is_drawn
            return Unknown(fact.why + why_not) if asks_rivers and isinstance(fact, Unknown) else fact
        if why_not:
            return _alone(by_heights(), why_not)
        if not self._has_heights:
            without = by_heights()
            return _alone(by_rivers(), without.why)
        return joint(by_heights(), by_rivers())


def _alone(fact: PlaceFact | Unknown, why_not: str) -> PlaceFact | Unknown:
    """Return what one way tells where the other is missing: a hit stands, finding nothing proves nothing."""
    if isinstance(fact, Unknown):
        return Unknown(fact.why + why_not)
    finds_nothing = Answer.NO in {fact.answer, *fact.others}
    return replace(fact, gap=fact.gap + why_not) if finds_nothing else fact


def joint(by_heights: PlaceFact | Unknown, by_rivers: PlaceFact | Unknown) -> PlaceFact | Unknown:
    """Join two answers to one question: what either finds is found, what one doesn't find stays open.

    Where both agree their agreement is told. Where only one finds something, or one cannot tell, both answers are
    possible; only where both find nothing, and nothing stands in the way of either, is nothing there.
    """
    told = [one for one in (by_heights, by_rivers) if isinstance(one, PlaceFact)]
    untold = "".join(one.why for one in (by_heights, by_rivers) if isinstance(one, Unknown))
    if not told:
        return Unknown(untold)
    best = min(told, key=lambda one: (one.answer is not Answer.YES, one.measured_m or 0.0))
    possible = {answer for one in told for answer in (one.answer, *one.others)} | ({Answer.NO} if untold else set())
    gaps = [_split(by_heights, by_rivers), *(one.gap for one in told), untold]
    agrees = len(told) > 1 and all(one.answer is best.answer for one in told)
    is_proven = best.answer is Answer.YES or not any(gaps)
    return replace(
        best,
        others=frozenset(possible - {best.answer}),
        gap="".join(dict.fromkeys(filter(None, gaps))) if Answer.NO in possible else "",
        why=(AGREED if agrees and is_proven else "") + _apart(told) + "".join(one.why for one in told),
        is_approximate=any(one.is_approximate for one in told),
    )


def _split(by_heights: PlaceFact | Unknown, by_rivers: PlaceFact | Unknown) -> str:
    """Return that one finds what the other rules out; empty where neither speaks against the other."""
    if isinstance(by_heights, Unknown) or isinstance(by_rivers, Unknown) or by_heights.answer is by_rivers.answer:
        return ""
    is_by_heights = by_heights.answer is Answer.YES
    lacking = by_rivers if is_by_heights else by_heights
    if lacking.gap:
        return ""
    words = ("遇到", "未遇到") if is_by_heights else ("未遇到", "遇到")
    return f"{DISAGREE}（按高程{words[0]}，按河网{words[1]}）。"


def _apart(told: list[PlaceFact]) -> str:
    """Return that two ways meet different features; empty where they meet the same."""
    met = {one.receptor_id: one.receptor_name or one.receptor_id for one in told if one.answer is Answer.YES}
    return f"两法先遇到的对象不同：{'、'.join(met.values())}。" if len(met) > 1 else ""
