"""Tests of flow: upstream or downstream of a feature, along the water."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.choices import chosen_text, unset_text
from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.kinds.inquiry import features_of, place_outcome
from hmgeo.analysis.outcome import Outcome, Side, unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.analysis.facts import Features, PlaceFact
    from hmgeo.analysis.kinds.inquiry import Inquiry
    from hmgeo.rules.model import Test


def upstream_of(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether water from the source reaches a feature of the layer."""
    return _along(test, inquiry, inquiry.facts.upstream)


def downstream_of(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether water from a feature of the layer reaches the source."""
    return _along(test, inquiry, inquiry.facts.downstream)


def _along(test: Test, inquiry: Inquiry, ask: Callable[[Features, float, str], PlaceFact | Unknown]) -> Outcome:
    name = test.text("limit")
    limit_m = inquiry.choices.number(name) if name else float("inf")
    if limit_m is None:
        return unknown(unset_text(name))
    features = features_of(test, inquiry.choices)
    fact = ask(features, limit_m, inquiry.choices.code(test.text("mode")))
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = place_outcome(fact, features.zh, on_yes=Side.MET, partly=Side.MET)
    why = (*outcome.why, chosen_text(name, limit_m)) if name else outcome.why
    return Outcome(outcome.given, outcome.others, why, outcome.measurement, outcome.is_approximate)
