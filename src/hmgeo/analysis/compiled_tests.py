"""Tests as small trees of primitive operations that a page can run without knowing any rule.

Operations: `all`, `any` (`of`: parts); `fixed` (`side`, `why`, `said`, `approx`: settled by the place or by what is
missing); `fact` (`name`, `expected`, `why`, `said`: a yes/no fact that the user states); `near` (`set`, `limit`,
`hit`: the side that a feature within the limit proves, `open`: why even a hit would prove nothing, `why`); `inside`
(`set`, `yes`: the side that lying in a feature proves); `touch` (`set`, `limit`, `why`); `off` (`why`: not run on a
page).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hmgeo.analysis.bank_lines import bank_line_fault
from hmgeo.analysis.choices import chosen_text
from hmgeo.analysis.facts import Unknown, missing_layer, unsaid
from hmgeo.analysis.key_areas import KEY_AREA_KIND, KEY_AREAS
from hmgeo.analysis.kinds.distance import STRAIGHT_MODES, TERRAIN_CONSIDERED, TERRAIN_OPEN
from hmgeo.analysis.kinds.inquiry import Inquiry, features_of
from hmgeo.analysis.kinds.registry import evaluate
from hmgeo.analysis.layer_facts import untold_template
from hmgeo.analysis.outcome import Side
from hmgeo.analysis.site_evidence import Witness
from hmgeo.findings.compiled import CompiledSet
from hmgeo.rules.words import ATTRIBUTES, MEASURED_ATTRIBUTES

if TYPE_CHECKING:
    from hmgeo.analysis.facts import Features
    from hmgeo.analysis.layer_index import LayerIndexes
    from hmgeo.analysis.outcome import Outcome
    from hmgeo.analysis.places import Place
    from hmgeo.rules.model import Rule, Test

Tree = dict[str, Any]

COMPOSED = {"all_of": "all", "any_of": "any"}
_HITS = {"maximum_distance": Side.MET, "minimum_distance": Side.NOT_MET}
_YES = {"within": Side.MET, "not_within": Side.NOT_MET}
_ASKED_ELSEWHERE = frozenset({"upstream_of", "downstream_of", "slope", "overlap_share", "classification"})
_STATE_BYTES = {1: 1, 0: 2, -1: 0}


@dataclass(slots=True)
class Sets:
    """The sets of features that trees name by number."""

    indexes: LayerIndexes
    numbers: dict[Features, int] = field(default_factory=dict)

    def number(self, features: Features) -> int:
        """Return the number of a set, the next one where it is new."""
        return self.numbers.setdefault(features, len(self.numbers))

    def compiled(self) -> tuple[CompiledSet, ...]:
        """Return every set that was named."""
        return tuple(self._compiled(one) for one in self.numbers)

    def _compiled(self, features: Features) -> CompiledSet:
        states = self.indexes[features.layer].states(features)
        table = np.zeros(3, np.uint8)
        for state, byte in _STATE_BYTES.items():
            table[state + 1] = byte
        return CompiledSet(features.layer, features.zh, table[states + 1].tobytes(), untold_template(features))


@dataclass(frozen=True, slots=True)
class Spot:
    """A rule asked in one place, under one completion of what nobody chose."""

    rule: Rule
    place: Place
    inquiry: Inquiry
    sets: Sets


def tree_of(test: Test, spot: Spot) -> Tree:
    """Return a test as a tree."""
    layer = test.text("layer")
    if test.kind in COMPOSED:
        return {"op": COMPOSED[test.kind], "of": [tree_of(part, spot) for part in test.parts]}
    if test.kind == KEY_AREA_KIND or layer == KEY_AREAS:
        return _of_place(test, spot)
    if test.kind in _ASKED_ELSEWHERE:
        return {"op": "off", "why": list(evaluate(test, spot.inquiry).why)}
    if layer:
        fault = bank_line_fault(layer, spot.sets.indexes)
        if layer in spot.sets.indexes and fault is None:
            return _of_layer(test, spot)
        return _missing(test, spot, layer, fault or missing_layer(layer))
    return _of_statement(test, spot)


def _of_layer(test: Test, spot: Spot) -> Tree:
    if test.kind not in _YES:
        return _of_distance(test, spot)
    number = spot.sets.number(features_of(test, spot.inquiry.choices))
    return {"op": "inside", "set": number, "yes": _YES[test.kind].value}


def _of_statement(test: Test, spot: Spot) -> Tree:
    """Return what the user's own words decide; numbers can't be stated on a page."""
    if test.kind == "attribute" and test.text("attribute") not in MEASURED_ATTRIBUTES:
        return _of_fact(test)
    return _fixed(evaluate(test, spot.inquiry))


def _of_place(test: Test, spot: Spot) -> Tree:
    """Settle what the place alone decides: the key areas that hold it."""
    witness = Witness(spot.inquiry.facts, spot.place, spot.inquiry.choices, spot.sets.indexes)
    said = witness.evidence(replace(spot.rule, test=test), spot.inquiry.value).measured
    return _fixed(evaluate(test, spot.inquiry)) | {"said": list(said), "layer": KEY_AREAS}


def _of_fact(test: Test) -> Tree:
    name = test.text("attribute")
    said = {known: f"填报：{ATTRIBUTES[name]}——{word}。" for known, word in (("yes", "是"), ("no", "否"))}
    expected = test.text("expected") != "no"
    return {"op": "fact", "name": name, "expected": expected, "why": unsaid(name).why, "said": said}


def _missing(test: Test, spot: Spot, layer: str, fault: Unknown) -> Tree:
    """Return what a missing or unusable layer leaves open; an unset limit is said first, as the judging does."""
    outcome = evaluate(test, spot.inquiry)
    is_unset = (test.kind in _HITS or test.kind == "adjacency") and _limit_m(test, spot.inquiry) is None
    why = list(outcome.why) if is_unset else [fault.why]
    tree = {"op": "fixed", "side": Side.UNKNOWN.value, "why": why}
    return tree if layer in spot.sets.indexes else tree | {"missing": layer}


def _of_distance(test: Test, spot: Spot) -> Tree:
    inquiry = spot.inquiry
    limit_m = _limit_m(test, inquiry)
    if limit_m is None:
        return _fixed(evaluate(test, inquiry)) | {"layer": test.text("layer")}
    features = features_of(test, inquiry.choices)
    name = test.text("tolerance") if test.kind == "adjacency" else test.text("limit")
    tree = {
        "op": "touch" if test.kind == "adjacency" else "near",
        "set": spot.sets.number(features),
        "limit": limit_m,
        "why": [chosen_text(name, limit_m)] if name else [],
    }
    if test.kind == "adjacency":
        return tree
    if inquiry.choices.code(test.text("mode")) not in STRAIGHT_MODES:
        return {"op": "off", "why": list(evaluate(test, inquiry).why)}
    is_open = inquiry.choices.code(test.text("terrain")) == TERRAIN_CONSIDERED
    return tree | {"hit": _HITS[test.kind].value, "open": TERRAIN_OPEN if is_open else ""}


def _limit_m(test: Test, inquiry: Inquiry) -> float | None:
    if test.kind == "adjacency":
        return inquiry.choices.number(test.text("tolerance"))
    name = test.text("limit")
    return inquiry.choices.number(name) if name else inquiry.value.value


def _fixed(outcome: Outcome) -> Tree:
    return {"op": "fixed", "side": outcome.given.value, "why": list(outcome.why), "approx": outcome.is_approximate}
