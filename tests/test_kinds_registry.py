"""Every declared kind has a function, and says in words what it needs where nothing is known."""

from __future__ import annotations

import pytest
from kind_facts import FixedFacts, ask, chosen

from hmgeo.judging.clause_tests import COMBINERS, EVALUATORS
from hmgeo.judging.facts import FLOW_NEEDED, SLOPE_NEEDED, Side
from hmgeo.rules.book import load_book
from hmgeo.rules.kinds import KINDS

FIELDS: dict[str, dict[str, str | tuple[str, ...]]] = {
    "within": {"layer": "industrial_parks"},
    "not_within": {"layer": "industrial_parks"},
    "minimum_distance": {"layer": "sensitive_sites"},
    "maximum_distance": {"layer": "sensitive_sites"},
    "overlap_share": {"layer": "ecological_redline"},
    "adjacency": {"layer": "contaminated_sites", "tolerance": "touch_tolerance_m"},
    "upstream_of": {"layer": "intakes"},
    "downstream_of": {"layer": "trade_clusters"},
    "classification": {"layer": "farmland", "classes": ("严格管控类",)},
    "ratio": {"numerator": "offset_kg", "denominator": "added_emission_kg", "comparison": "at_least"},
    "attribute": {"attribute": "rectified", "expected": "yes"},
    "slope": {"comparison": "at_least"},
    "key_area": {"area_ids": ("GX-ND",)},
}


def test_both_registries_hold_the_same_kinds() -> None:
    assert sorted([*EVALUATORS, *COMBINERS]) == sorted(KINDS)
    assert sorted(COMBINERS) == sorted(spec.name for spec in KINDS.values() if spec.takes_parts)
    assert sorted(FIELDS) == sorted(EVALUATORS)


def test_the_fields_used_here_are_declared() -> None:
    for kind, fields in FIELDS.items():
        declared = {spec.name for spec in KINDS[kind].fields}
        required = {spec.name for spec in KINDS[kind].fields if spec.required}
        assert required <= set(fields) <= declared, kind


@pytest.mark.parametrize("kind", EVALUATORS)
def test_nothing_known_is_unknown_with_a_sentence(kind: str) -> None:
    outcome = ask(kind, FixedFacts(), value=1.0, choices=chosen(touch_tolerance_m=5.0), **FIELDS[kind])
    assert outcome.given is Side.UNKNOWN
    assert outcome.others == frozenset()
    assert outcome.why
    assert all(sentence.endswith("。") for sentence in outcome.why)


@pytest.mark.parametrize("kind", ["upstream_of", "downstream_of"])
def test_flow_says_that_it_needs_the_flow_of_water(kind: str) -> None:
    assert ask(kind, FixedFacts(), **FIELDS[kind]).why == (FLOW_NEEDED,)


def test_slope_says_that_it_needs_slopes() -> None:
    assert ask("slope", FixedFacts(), value=25.0, comparison="at_least").why == (SLOPE_NEEDED,)


def test_every_kind_of_the_book_is_judged_here() -> None:
    used = {leaf.kind for rule in load_book().rules if rule.test is not None for leaf in rule.test.leaves()}
    assert used <= set(EVALUATORS)
