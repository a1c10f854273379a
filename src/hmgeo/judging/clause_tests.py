"""The kinds of tests that clauses are made of: what each is asked, and how answers become sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from types import MappingProxyType
from typing import Literal

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.judging.choices import Choices, chosen_text, unset_text
from hmgeo.judging.facts import (
    FLOW_NEEDED,
    Answer,
    DistanceFact,
    Facts,
    Features,
    NumberFact,
    Outcome,
    PlaceFact,
    Side,
    TerrainVerdict,
    Unknown,
    unknown,
    unsaid,
)
from hmgeo.judging.places import KEY_AREAS
from hmgeo.reference.cells import read_class
from hmgeo.results.siting import Measurement
from hmgeo.results.text import distance_text
from hmgeo.rules.model import DatedValue, Test
from hmgeo.rules.parameters import Choice, declaration
from hmgeo.rules.words import ATTRIBUTES, CATCHMENT, LAYERS, MEASURED_ATTRIBUTES
from hmgeo.vocabulary import SoilQualityClass
from hmgeo.vocabulary import Unknown as NotRead
from hmgeo.words import say

AT_LEAST = "at_least"


class Inquiry(Struct, frozen=True):
    """One source asked about one dated value of a rule.

    `partly`: which side a source that lies partly inside takes where the text doesn't say: the graver one.
    `implied`: by fact: what the source's kind and trade say of it where nobody stated it; both sides for a wider
    code.
    """

    value: DatedValue
    facts: Facts
    choices: Choices
    partly: Side = Side.MET
    implied: Mapping[str, frozenset[Side]] = field(default_factory=lambda: MappingProxyType({}))


def features_of(test: Test, choices: Choices) -> Features:
    """Return which features count: those that `test` names, narrowed by the extent chosen in `choices`."""
    extent = _chosen(test.text("extent"), choices)
    classes = extent.classes if extent is not None and extent.classes else test.texts("classes")
    further = choices.get(test.text("further")) if classes else None
    if further is not None and isinstance(further.value, tuple):
        classes = (*classes, *further.value)
    area_ids = extent.area_ids if extent is not None and extent.area_ids else test.texts("area_ids")
    return Features(test.text("layer"), classes, test.texts("having"), test.texts("lacking"), area_ids)


def _chosen(name: str, choices: Choices) -> Choice | None:
    declared = declaration(name) if name else None
    return None if declared is None else declared.choice(choices.code(name))


def _place_outcome(fact: PlaceFact, layer_zh: str, *, on_yes: Side, partly: Side) -> Outcome:
    """Turn an answer into an outcome, a hit into `on_yes`; a `no` that rests on an incomplete layer is unknown."""
    on_no = Side.UNKNOWN if fact.gap else on_yes.opposite

    def side(answer: Answer) -> Side:
        return on_yes if answer is Answer.YES else on_no if answer is Answer.NO else partly

    decided = side(fact.answer)
    answers = (fact.answer, *fact.others)
    why = [fact.why]
    if Answer.NO in answers:
        why.append(fact.gap)
    if Answer.PARTLY in answers:
        why.append(say("partly_inside", layer=layer_zh))
    measurement = None
    if fact.receptor_id:
        measurement = Measurement(None, None, None, None, "", "", fact.receptor_id, fact.receptor_name)
    others = frozenset(map(side, fact.others)) - {decided}
    return Outcome(decided, others, tuple(filter(None, why)), measurement, fact.is_approximate)


def _number_outcome(fact: NumberFact, limit: float, upper: float | None, unit: str, comparison: str) -> Outcome:
    """Hold a number and its range against a limit, inclusive (`upper`: its end where the text gives a range)."""

    def side(number: float) -> Side:
        met = number >= limit if comparison == AT_LEAST else number <= limit
        if upper is not None:
            met = limit <= number <= upper
        return Side.MET if met else Side.NOT_MET

    low, high = fact.ends
    inner = [end for end in (limit, upper) if end is not None and low <= end <= high]
    decided = side(fact.value)
    others = frozenset(map(side, (low, high, *inner))) - {decided}
    text = f"{fact.value:g} {unit}".strip() if unit != "1" else f"{fact.value:g}"
    return Outcome(decided, others, (), Measurement(fact.value, low, high, limit, unit, text), fact.is_approximate)


def combined(outcomes: Sequence[Outcome], *, decisive: Side) -> Outcome:
    """Combine `outcomes` of parts in every mixture of their sides; one part on side `decisive` settles the whole."""
    decided = _whole((part.given for part in outcomes), decisive)
    possible = {_whole(sides, decisive) for sides in product(*(part.possible for part in outcomes))}
    counted = [part for part in outcomes if decided in part.possible] or list(outcomes)
    if decided is decisive:
        is_approximate = all(part.is_approximate for part in counted if part.given is decided)
    else:
        is_approximate = any(part.is_approximate for part in outcomes)
    why = dict.fromkeys(sentence for part in counted for sentence in part.why)
    if possible - {decided}:  # what could tip it is worth saying too
        why |= dict.fromkeys(sentence for part in outcomes if part.others for sentence in part.why)
    measurements = [part.measurement for part in counted if part.measurement is not None]
    return Outcome(decided, frozenset(possible) - {decided}, tuple(why), next(iter(measurements), None), is_approximate)


def _whole(sides: Iterable[Side], decisive: Side) -> Side:
    met = set(sides)
    if decisive in met:
        return decisive
    return Side.UNKNOWN if Side.UNKNOWN in met else decisive.opposite


def _attribute(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether a fact of the source is as said, or a number of it meets the limit."""
    name = test.text("attribute")
    if name in MEASURED_ATTRIBUTES:
        return _number(test, inquiry, name)
    known = inquiry.facts.stated.attribute(name)
    expected = test.text("expected") != "no"
    if known is None and name in inquiry.implied:
        sides = {side if expected else side.opposite for side in inquiry.implied[name]}
        decided = inquiry.partly if len(sides) > 1 else next(iter(sides))
        why = (say("graver_side_taken", word=ATTRIBUTES[name]),) if len(sides) > 1 else ()
        return Outcome(decided, frozenset(sides) - {decided}, why)
    if known is None or isinstance(known, Unknown):
        return unknown((known or unsaid(name)).why)
    return Outcome(Side.MET if known is expected else Side.NOT_MET)


def _number(test: Test, inquiry: Inquiry, name: str) -> Outcome:
    number, limit = inquiry.facts.stated.number(name), inquiry.value.value
    if isinstance(number, Unknown):
        return unknown(number.why)
    if number is None or limit is None:
        return unknown(unsaid(name).why if number is None else say("limit_not_set"))
    unit = MEASURED_ATTRIBUTES[name][1]
    return _number_outcome(NumberFact(number), limit, inquiry.value.value_max, unit, test.text("comparison"))


def _ratio(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge the quotient of two numbers of the source; on which basis it is formed must have been chosen."""
    limit, basis = ratio_limit(test, inquiry.value), test.text("by")
    if limit is None:
        return unknown(say("ratio_not_set"))
    if basis and basis in inquiry.choices.assumed:
        return unknown(unset_text(basis))
    quotient = inquiry.facts.stated.ratio(test.text("numerator"), test.text("denominator"), inquiry.choices.code(basis))
    if isinstance(quotient, Unknown):
        return unknown(quotient.why)
    return _number_outcome(NumberFact(quotient), limit, None, "1", test.text("comparison"))


def ratio_limit(test: Test, value: DatedValue) -> float | None:
    """Return what a quotient is held against: the number of the text (`value`), or one where `test` says 等量."""
    return 1.0 if test.text("equal") else value.value


def _classification(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source has one of the official classes; what nobody has classified yet is unknown."""
    layer = test.text("layer")
    word = inquiry.facts.stated.class_of(layer)
    if isinstance(word, Unknown):
        return unknown(word.why)
    read = read_class(layer, word)
    if isinstance(read, NotRead):
        return unknown(say("class_unread", layer=LAYERS[layer].zh, word=word))
    if read == SoilQualityClass.UNCLASSIFIED.value:
        return unknown(say("class_not_made_yet", layer=LAYERS[layer].zh))
    return Outcome(Side.MET if read in test.texts("classes") else Side.NOT_MET)


def _slope(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge the slope of the source."""
    limit = inquiry.value.value
    if limit is None:
        return unknown(say("slope_not_set"))
    fact = inquiry.facts.ground.slope()
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    return _number_outcome(fact, limit, inquiry.value.value_max, "°", test.text("comparison"))


def _key_area(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether one of the key areas holds the source."""
    features = replace(features_of(test, inquiry.choices), layer=KEY_AREAS)
    fact = inquiry.facts.layers.inside(features)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    return _place_outcome(fact, features.zh, on_yes=Side.MET, partly=inquiry.partly)


def _overlap_share(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether at least the limit's share of the source's area lies in the layer."""
    name = test.text("limit")
    limit = inquiry.choices.number(name) if name else inquiry.value.value
    if limit is None:
        return unknown(unset_text(name) if name else say("share_not_set"))
    fact = inquiry.facts.layers.share(features_of(test, inquiry.choices))
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = _number_outcome(fact, limit, None, "%", AT_LEAST)
    return replace(outcome, why=(chosen_text(name, limit),)) if name else outcome


def is_derived_area(features: Features, choices: Choices) -> bool:
    """Return whether `features` ask for farmland concentrated by density (`choices`), never the official one."""
    return features.layer == "pbf_concentrated_areas" and choices.code("pbf_concentrated_source") == "derived"


def _inside(test: Test, inquiry: Inquiry, *, on_yes: Side) -> Outcome:
    """Judge whether the source lies in a feature of the layer; `on_yes` is the side that proves."""
    features = features_of(test, inquiry.choices)
    if is_derived_area(features, inquiry.choices):
        return unknown(say("area_by_density"))
    fact = inquiry.facts.layers.inside(features)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    name = test.text("part")
    if name and Answer.PARTLY in {fact.answer, *fact.others}:
        resolved = _resolved(fact, inquiry.choices.code(name))
        if resolved is None:
            return unknown(say("partly_inside", layer=features.zh), unset_text(name))
        fact = resolved
    return _place_outcome(fact, features.zh, on_yes=on_yes, partly=inquiry.partly)


def _resolved(fact: PlaceFact, code: str) -> PlaceFact | None:
    """Return the answer with `partly` read as the user chose; None where that can't be told."""
    centre = {True: Answer.YES, False: Answer.NO, None: None}[fact.centroid_inside]
    reading = {"any": Answer.YES, "whole": Answer.NO, "centroid": centre}.get(code)
    if reading is None:
        return None

    def read(answer: Answer) -> Answer:
        return reading if answer is Answer.PARTLY else answer

    answer = read(fact.answer)
    return replace(fact, answer=answer, others=frozenset(map(read, fact.others)) - {answer})


def _along(test: Test, inquiry: Inquiry, *, part: Literal["upstream", "downstream"]) -> Outcome:
    """Judge whether water from the source reaches a feature of the layer, or the other way round."""
    name = test.text("limit")
    limit_m = inquiry.choices.number(name) if name else float("inf")
    if limit_m is None:
        return unknown(unset_text(name))
    features = features_of(test, inquiry.choices)
    mode = inquiry.choices.code(test.text("mode"))
    ask = inquiry.facts.water.upstream if part == "upstream" else inquiry.facts.water.downstream
    fact = ask(features, limit_m, mode)
    if isinstance(fact, Unknown):
        outcome = unknown(fact.why)
    else:
        outcome = _place_outcome(fact, features.zh, on_yes=Side.MET, partly=Side.MET)
    if Side.UNKNOWN in outcome.possible and outcome.given is not Side.MET:
        outcome = _too_far(features, inquiry, limit_m, mode) or outcome
    if outcome.given is Side.UNKNOWN and isinstance(fact, Unknown):
        return outcome
    return replace(outcome, why=(*outcome.why, chosen_text(name, limit_m))) if name else outcome


SNAP = "snap_distance_m"
_FARTHEST_M = 300_000.0
"""Nothing is looked for farther off."""


def _too_far(features: Features, inquiry: Inquiry, limit_m: float, mode: str) -> Outcome | None:
    """Return that no way along water can be short enough, where the straight distance shows it; None where it doesn't.

    That takes a limit and a snapping distance that somebody chose, and a complete layer that covers both; without a
    limit, far proves nothing. Along drawn rivers both ends may be put onto the water.
    """
    snap_m = inquiry.choices.number(SNAP)
    if snap_m is None or math.isinf(limit_m):
        return None
    snap_m *= 1 if mode == CATCHMENT else 2
    fact = inquiry.facts.layers.distance(features)
    if isinstance(fact, Unknown) or fact.is_approximate or fact.coverage_gap("", limit_m + snap_m):
        return None
    straight_m = min(fact.low_m, fact.untold_m, _FARTHEST_M)
    if straight_m - snap_m <= limit_m:
        return None
    straight, limit, snap = map(distance_text, (straight_m, limit_m, snap_m))
    reason = say("too_far_for_water", layer=LAYERS[features.layer].zh, straight=straight, limit=limit, snap=snap)
    return Outcome(Side.NOT_MET, why=(reason,))


TERRAIN_CONSIDERED = "considered"
TERRAIN_OPEN = say("terrain_open")
FLOW_PATH, PATH_BESIDE = "flow_path", "path_beside_m"
STRAIGHT_MODES = frozenset({"", "circle"})
"""Choices of how to measure under which the straight ground distance counts."""


def _adjacency(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source touches a feature of the layer, within the tolerance that the user chose."""
    name = test.text("tolerance")
    tolerance_m = inquiry.choices.number(name)
    if tolerance_m is None:
        return unknown(unset_text(name))
    features = features_of(test, inquiry.choices)
    fact = inquiry.facts.layers.touches(features, tolerance_m)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = _place_outcome(fact, features.zh, on_yes=Side.MET, partly=Side.MET)
    return replace(outcome, why=(*outcome.why, chosen_text(name, tolerance_m)))


def _judged(test: Test, inquiry: Inquiry, *, hit: Side) -> Outcome:
    """Judge by the distance; `hit` is the side that finding a feature proves.

    Where nobody chose which further classes count, what the text names and any class at all must come to the same.
    """
    features, name = features_of(test, inquiry.choices), test.text("further")
    named = _distance_judged(test, features, inquiry, hit)
    if not name or not inquiry.choices.is_open(name):
        return named
    anything = _distance_judged(test, replace(features, classes=()), inquiry, hit)
    if named.possible == anything.possible:
        return named
    return Outcome(Side.UNKNOWN, why=(unset_text(name), *named.why), measurement=anything.measurement)


def _distance_judged(test: Test, features: Features, inquiry: Inquiry, hit: Side) -> Outcome:
    name = test.text("limit")
    limit_m = inquiry.choices.number(name) if name else inquiry.value.value
    mode = inquiry.choices.code(test.text("mode"))
    if limit_m is None:
        return _without_limit(features, inquiry, name, hit) if name else unknown(say("distance_not_set"))
    if mode == FLOW_PATH:
        return _along_path(features, inquiry, limit_m, hit)
    if mode not in STRAIGHT_MODES:
        return unknown(FLOW_NEEDED)
    fact = inquiry.facts.layers.distance(features)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    is_open = inquiry.choices.code(test.text("terrain")) == TERRAIN_CONSIDERED
    outcome = _outcome(LAYERS[features.layer].zh, fact, limit_m, hit, is_terrain_open=is_open)
    if is_open:
        outcome = _by_terrain(outcome, fact, inquiry.facts.ground.terrain(features, limit_m), hit)
    labels = (chosen_text(name, limit_m),) if name else ()
    return replace(outcome, why=tuple(dict.fromkeys((*outcome.why, *labels))))


def _without_limit(features: Features, inquiry: Inquiry, name: str, hit: Side) -> Outcome:
    """Leave open what rests on a distance that nobody chose: it has no bound, so far isn't clear.

    The distance is measured all the same, and the value is told below which nothing would be touched.
    """
    fact = inquiry.facts.layers.distance(features)
    if isinstance(fact, Unknown):
        return unknown(unset_text(name))
    covered_m = fact.covered_m if fact.covered_m is not None and fact.is_complete else 0.0
    below_m = min(fact.low_m, fact.untold_m, covered_m)
    step_m = 1.0 if below_m < _KILOMETRE_M else _KILOMETRE_M / 10  # never more than it is
    is_told = hit is Side.MET and below_m >= 1.0
    reach = say("untouched_below", reach=distance_text(math.floor(below_m / step_m) * step_m)) if is_told else ""
    why = tuple(filter(None, (unset_text(name), reach)))
    return Outcome(Side.UNKNOWN, why=why, measurement=_measurement(fact, None))


_KILOMETRE_M = 1000.0


def _along_path(features: Features, inquiry: Inquiry, limit_m: float, hit: Side) -> Outcome:
    """Judge by the way down from the source; a feature counts that lies within the chosen width of it."""
    beside_m = inquiry.choices.number(PATH_BESIDE)
    if beside_m is None:
        return unknown(unset_text(PATH_BESIDE))
    fact = inquiry.facts.water.beside_path(features, limit_m, beside_m)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = _place_outcome(fact, LAYERS[features.layer].zh, on_yes=hit, partly=hit)
    measured_m = fact.measured_m
    text = "" if measured_m is None else say("along_water", way=distance_text(measured_m, 0.0, limit_m=limit_m))
    measured = Measurement(measured_m, measured_m, measured_m, limit_m, "m", text, fact.receptor_id, fact.receptor_name)
    return replace(outcome, why=(*outcome.why, chosen_text(PATH_BESIDE, beside_m)), measurement=measured)


def _by_terrain(outcome: Outcome, fact: DistanceFact, terrain: TerrainVerdict | Unknown | None, hit: Side) -> Outcome:
    """Let radii by terrain decide what the plain's radius left open; out of its reach nothing is open."""
    if terrain is None or Side.UNKNOWN not in outcome.possible:
        return outcome
    if isinstance(terrain, Unknown):
        return replace(outcome, why=(*outcome.why, terrain.why))
    sides = {Side.MET: hit, Side.NOT_MET: hit.opposite, Side.UNKNOWN: Side.UNKNOWN}
    limit_m = (outcome.measurement.limit or 0.0) if outcome.measurement else np.inf
    if fact.untold_m <= limit_m or fact.coverage_gap("", limit_m):
        sides[Side.NOT_MET] = Side.UNKNOWN
    decided = sides[terrain.outcome.side]
    others = frozenset(sides[side] for side in terrain.others) - {decided}
    why = [reason for reason in outcome.why if reason != TERRAIN_OPEN]
    return replace(
        outcome, given=decided, others=others, why=tuple(filter(None, (*why, terrain.outcome.why, terrain.how)))
    )


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
    if may_miss and reaches(fact.untold_m):
        why.append(fact.untold_why)
        sides[False] = Side.UNKNOWN
    if may_hit and is_terrain_open:
        sides[True] = Side.UNKNOWN
        why.append(TERRAIN_OPEN)
    possible = {sides[True]} if may_hit else set()
    if may_miss:
        possible.add(sides[False])
    decided = sides[is_hit]
    return Outcome(
        decided, frozenset(possible) - {decided}, tuple(why), _measurement(fact, limit_m), fact.is_approximate
    )


def _measurement(fact: DistanceFact, limit_m: float | None) -> Measurement:
    measured_m = fact.measured_m
    return Measurement(
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


def _finite(number: float) -> float | None:
    return None if number == float("inf") else number


EVALUATORS: Mapping[str, Callable[[Test, Inquiry], Outcome]] = MappingProxyType(
    {
        "within": partial(_inside, on_yes=Side.MET),
        "not_within": partial(_inside, on_yes=Side.NOT_MET),
        "minimum_distance": partial(_judged, hit=Side.NOT_MET),
        "maximum_distance": partial(_judged, hit=Side.MET),
        "overlap_share": _overlap_share,
        "adjacency": _adjacency,
        "upstream_of": partial(_along, part="upstream"),
        "downstream_of": partial(_along, part="downstream"),
        "classification": _classification,
        "ratio": _ratio,
        "attribute": _attribute,
        "slope": _slope,
        "key_area": _key_area,
    }
)
"""The simple kinds of `hmgeo.rules.kinds`, each with its function."""

COMBINERS: Mapping[str, Side] = MappingProxyType({"all_of": Side.NOT_MET, "any_of": Side.MET})
"""The kinds that hold parts, with the side of one part that settles the whole."""


def evaluate(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge `test`, part by part, for the source and value of `inquiry`."""
    if test.kind in COMBINERS:
        return combined([evaluate(part, inquiry) for part in test.parts], decisive=COMBINERS[test.kind])
    return EVALUATORS[test.kind](test, inquiry)
