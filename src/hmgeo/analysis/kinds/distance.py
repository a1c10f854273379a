"""Tests of distance: a feature within the limit, or every feature beyond it. Limits are inclusive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.outcome import Measurement, Outcome, Side
from hmgeo.findings.text import COVERAGE_UNDECLARED, distance_text
from hmgeo.rules.parameters import declaration
from hmgeo.rules.words import LAYERS

if TYPE_CHECKING:
    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import DistanceFact, Facts
    from hmgeo.rules.model import DatedValue, Test

TERRAIN_CONSIDERED = "considered"


def maximum_distance(test: Test, value: DatedValue, facts: Facts, choices: Choices) -> Outcome:
    """Judge whether a feature of the layer lies within the limit of the source."""
    prepared = _prepare(test, value, facts, choices)
    if isinstance(prepared, Outcome):
        return prepared
    fact, limit_m = prepared
    sides = {
        Side.MET: fact.low_m <= limit_m,
        Side.NOT_MET: fact.high_m > limit_m,
    }
    return _outcome(test, choices, fact, limit_m, sides, hit=Side.MET)


def minimum_distance(test: Test, value: DatedValue, facts: Facts, choices: Choices) -> Outcome:
    """Judge whether the source keeps at least the limit from every feature of the layer."""
    prepared = _prepare(test, value, facts, choices)
    if isinstance(prepared, Outcome):
        return prepared
    fact, limit_m = prepared
    sides = {
        Side.NOT_MET: fact.low_m < limit_m,
        Side.MET: fact.high_m >= limit_m,
    }
    return _outcome(test, choices, fact, limit_m, sides, hit=Side.NOT_MET)


def _prepare(test: Test, value: DatedValue, facts: Facts, choices: Choices) -> Outcome | tuple[DistanceFact, float]:
    """Return the fact and the limit, or the outcome where one of them is missing."""
    limit_m = value.value
    limit_name = test.text("limit")
    if limit_name:
        chosen = choices.get(limit_name)
        if chosen is None or not isinstance(chosen.value, float):
            return Outcome(Side.UNKNOWN, why=(unset_text(limit_name),))
        limit_m = chosen.value
    if limit_m is None:
        return Outcome(Side.UNKNOWN, why=("条文未规定距离。",))
    layer = test.text("layer")
    fact = facts.distance(layer, _classes(test, choices))
    if fact is None:
        word = LAYERS[layer]
        return Outcome(Side.UNKNOWN, why=(f"未提供「{word.zh}」，本条未评估。请向{word.department}获取。",))
    return fact, limit_m


def _classes(test: Test, choices: Choices) -> tuple[str, ...]:
    """Return the official classes that count: those of the test, or of the chosen extent."""
    declared = declaration(test.text("extent"))
    chosen = choices.get(test.text("extent"))
    if declared is not None and chosen is not None:
        choice = declared.choice(str(chosen.value))
        if choice is not None and choice.classes:
            return choice.classes
    return test.texts("classes")


def _outcome(
    test: Test, choices: Choices, fact: DistanceFact, limit_m: float, sides: dict[Side, bool], *, hit: Side
) -> Outcome:
    """Turn the possible sides into an outcome; `hit` is the side that finding a feature proves."""
    miss = Side.NOT_MET if hit is Side.MET else Side.MET
    gap = fact.coverage_gap(LAYERS[test.text("layer")].zh, limit_m)
    why = [gap] if gap else []
    replaced = {hit: hit, miss: miss}
    if gap and sides[miss]:
        replaced[miss] = Side.UNKNOWN
    if not gap and sides[miss] and fact.covered_m is None:
        why.append(COVERAGE_UNDECLARED)
    terrain = choices.get(test.text("terrain"))
    if sides[hit] and terrain is not None and terrain.value == TERRAIN_CONSIDERED:
        replaced[hit] = Side.UNKNOWN
        why.append("已选择考虑地形，但本次未作地形分级，丘陵、山区半径也未给定；按平原半径则在范围内。")
    measured_m = fact.measured_m
    at_given = fact.low_m if measured_m is None else measured_m
    is_hit = at_given <= limit_m if hit is Side.MET else at_given < limit_m
    given, other = (hit, miss) if is_hit else (miss, hit)
    measurement = Measurement(
        value=measured_m,
        low=_finite(fact.low_m),
        high=_finite(fact.high_m),
        limit=limit_m,
        unit="m",
        text="" if measured_m is None else distance_text(measured_m, fact.uncertainty_m, limit_m=limit_m),
        receptor_id=fact.receptor_id,
        receptor_name=fact.receptor_name,
        bearing_deg=fact.bearing_deg,
    )
    return Outcome(
        replaced[given],
        replaced[other] if sides[other] else None,
        tuple(dict.fromkeys(why)),
        measurement,
        fact.is_approximate,
    )


def _finite(number: float) -> float | None:
    return None if number == float("inf") else number
