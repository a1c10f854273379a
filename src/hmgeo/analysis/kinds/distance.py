"""Tests of distance: a feature within the limit, or every feature beyond it. Limits are inclusive."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.analysis.choices import chosen_text, unset_text
from hmgeo.analysis.facts import FLOW_NEEDED, Unknown
from hmgeo.analysis.kinds.inquiry import features_of, place_outcome
from hmgeo.analysis.outcome import Measurement, Outcome, Side, unknown
from hmgeo.findings.text import COVERAGE_UNDECLARED, distance_text
from hmgeo.rules.words import LAYERS

if TYPE_CHECKING:
    from hmgeo.analysis.facts import DistanceFact, Features
    from hmgeo.analysis.kinds.inquiry import Inquiry
    from hmgeo.analysis.terrain_verdict import TerrainVerdict
    from hmgeo.rules.model import Test

TERRAIN_CONSIDERED = "considered"
TERRAIN_OPEN = "已选择考虑地形，但本次未作地形分级，丘陵、山区半径也未给定；按平原半径则在范围内。"
FLOW_PATH, PATH_BESIDE = "flow_path", "path_beside_m"
STRAIGHT_MODES = frozenset({"", "circle"})
"""Choices of how to measure under which the straight ground distance counts."""


def maximum_distance(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether a feature of the layer lies within the limit of the source."""
    return _judged(test, inquiry, hit=Side.MET)


def minimum_distance(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source keeps at least the limit from every feature of the layer."""
    return _judged(test, inquiry, hit=Side.NOT_MET)


def adjacency(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source touches a feature of the layer, within the tolerance that the user chose."""
    name = test.text("tolerance")
    tolerance_m = inquiry.choices.number(name)
    if tolerance_m is None:
        return unknown(unset_text(name))
    features = features_of(test, inquiry.choices)
    fact = inquiry.facts.touches(features, tolerance_m)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = place_outcome(fact, features.zh, on_yes=Side.MET, partly=Side.MET)
    why = (*outcome.why, chosen_text(name, tolerance_m))
    return Outcome(outcome.given, outcome.others, why, outcome.measurement, outcome.is_approximate)


def _judged(test: Test, inquiry: Inquiry, *, hit: Side) -> Outcome:
    """Judge by the distance; `hit` is the side that finding a feature proves."""
    name = test.text("limit")
    limit_m = inquiry.choices.number(name) if name else inquiry.value.value
    if limit_m is None:
        return unknown(unset_text(name) if name else "条文未规定距离。")
    mode = inquiry.choices.code(test.text("mode"))
    features = features_of(test, inquiry.choices)
    if mode == FLOW_PATH:
        return _along_path(features, inquiry, limit_m, hit)
    if mode not in STRAIGHT_MODES:
        return unknown(FLOW_NEEDED)
    fact = inquiry.facts.distance(features)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    is_open = _terrain_open(test, inquiry)
    outcome = _outcome(LAYERS[features.layer].zh, fact, limit_m, hit, is_terrain_open=is_open)
    if is_open:
        outcome = _by_terrain(outcome, fact, inquiry.facts.terrain(features, limit_m), hit)
    labels = (chosen_text(name, limit_m),) if name else ()
    why = tuple(dict.fromkeys((*outcome.why, *labels)))
    return Outcome(outcome.given, outcome.others, why, outcome.measurement, outcome.is_approximate)


def _along_path(features: Features, inquiry: Inquiry, limit_m: float, hit: Side) -> Outcome:
    """Judge by the way down from the source; a feature counts that lies within the chosen width of it."""
    beside_m = inquiry.choices.number(PATH_BESIDE)
    if beside_m is None:
        return unknown(unset_text(PATH_BESIDE))
    fact = inquiry.facts.beside_path(features, limit_m, beside_m)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = place_outcome(fact, LAYERS[features.layer].zh, on_yes=hit, partly=hit)
    measured_m = fact.measured_m
    text = "" if measured_m is None else f"沿水流 {distance_text(measured_m, 0.0, limit_m=limit_m)}"
    told = Measurement(measured_m, measured_m, measured_m, limit_m, "m", text, fact.receptor_id, fact.receptor_name)
    return replace(outcome, why=(*outcome.why, chosen_text(PATH_BESIDE, beside_m)), measurement=told)


def _terrain_open(test: Test, inquiry: Inquiry) -> bool:
    """Return whether the user wants hills to shorten the distance, which nothing here can tell yet."""
    return inquiry.choices.code(test.text("terrain")) == TERRAIN_CONSIDERED


def _by_terrain(outcome: Outcome, fact: DistanceFact, told: TerrainVerdict | Unknown | None, hit: Side) -> Outcome:
    """Let radii by terrain decide what the plain's radius left open; out of its reach nothing is open."""
    if told is None or Side.UNKNOWN not in outcome.possible:
        return outcome
    if isinstance(told, Unknown):
        return replace(outcome, why=(*outcome.why, told.why))
    sides = {Side.MET: hit, Side.NOT_MET: hit.opposite, Side.UNKNOWN: Side.UNKNOWN}
    limit_m = (outcome.measurement.limit or 0.0) if outcome.measurement else np.inf
    if fact.untold_m <= limit_m or fact.coverage_gap("", limit_m):
        sides[Side.NOT_MET] = Side.UNKNOWN
    given = sides[told.outcome.side]
    others = frozenset(sides[one] for one in told.others) - {given}
    why = [one for one in outcome.why if one != TERRAIN_OPEN]
    return replace(outcome, given=given, others=others, why=tuple(filter(None, (*why, told.outcome.why, told.how))))


def _outcome(layer_zh: str, fact: DistanceFact, limit_m: float, hit: Side, *, is_terrain_open: bool) -> Outcome:
    """Turn the range of the distance into sides: a feature found stands, finding none needs a complete layer."""
    inclusive = hit is Side.MET

    def reaches(distance_m: float) -> bool:
        return distance_m <= limit_m if inclusive else distance_m < limit_m

    measured_m = fact.measured_m
    is_hit = reaches(fact.low_m if measured_m is None else measured_m)
    may_hit, may_miss = reaches(fact.low_m), not reaches(fact.high_m)
    why: list[str] = []
    sides = {True: hit, False: hit.opposite}
    gap = fact.coverage_gap(layer_zh, limit_m)
    if gap:
        why.append(gap)
        sides[False] = Side.UNKNOWN
    elif may_miss and fact.covered_m is None:
        why.append(COVERAGE_UNDECLARED)
    if may_miss and reaches(fact.untold_m):
        why.append(fact.untold_why)
        sides[False] = Side.UNKNOWN
    if may_hit and is_terrain_open:
        sides[True] = Side.UNKNOWN
        why.append(TERRAIN_OPEN)
    possible = {sides[True]} if may_hit else set()
    if may_miss:
        possible.add(sides[False])
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
    given = sides[is_hit]
    return Outcome(given, frozenset(possible) - {given}, tuple(why), measurement, fact.is_approximate)


def _finite(number: float) -> float | None:
    return None if number == float("inf") else number
