"""Tests of overlay: inside or outside a layer, the share that overlaps, and the key areas that hold a source."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmgeo.analysis.choices import chosen_text, unset_text
from hmgeo.analysis.facts import Answer, Unknown
from hmgeo.analysis.key_areas import KEY_AREAS
from hmgeo.analysis.kinds.inquiry import AT_LEAST, features_of, number_outcome, place_outcome
from hmgeo.analysis.outcome import Outcome, Side, unknown

if TYPE_CHECKING:
    from hmgeo.analysis.facts import PlaceFact
    from hmgeo.analysis.kinds.inquiry import Inquiry
    from hmgeo.rules.model import Test

PERCENT = "%"


def within(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source lies in a feature of the layer."""
    return _inside(test, inquiry, on_yes=Side.MET)


def not_within(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source lies in no feature of the layer."""
    return _inside(test, inquiry, on_yes=Side.NOT_MET)


def key_area(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether one of the key areas holds the source."""
    features = replace(features_of(test, inquiry.choices), layer=KEY_AREAS)
    fact = inquiry.facts.inside(features)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    return place_outcome(fact, features.zh, on_yes=Side.MET, partly=inquiry.partly)


def overlap_share(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether at least the limit's share of the source's area lies in the layer."""
    name = test.text("limit")
    limit = inquiry.choices.number(name) if name else inquiry.value.value
    if limit is None:
        return unknown(unset_text(name) if name else "条文未规定占比。")
    fact = inquiry.facts.share(features_of(test, inquiry.choices))
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    outcome = number_outcome(fact, limit, None, PERCENT, AT_LEAST)
    return replace(outcome, why=(chosen_text(name, limit),)) if name else outcome


def _inside(test: Test, inquiry: Inquiry, *, on_yes: Side) -> Outcome:
    features = features_of(test, inquiry.choices)
    fact = inquiry.facts.inside(features)
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    name = test.text("part")
    if name and Answer.PARTLY in {fact.answer, *fact.others}:
        resolved = _resolved(fact, inquiry.choices.code(name))
        if resolved is None:
            return unknown(f"部分位于「{features.zh}」内。", unset_text(name))
        fact = resolved
    return place_outcome(fact, features.zh, on_yes=on_yes, partly=inquiry.partly)


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
