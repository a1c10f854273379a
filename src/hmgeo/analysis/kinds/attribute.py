"""Tests of what is known of the source itself: a fact, a number, a quotient, its official class, its slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.facts import NumberFact, Unknown, unsaid
from hmgeo.analysis.kinds.inquiry import number_outcome
from hmgeo.analysis.outcome import Outcome, Side, unknown
from hmgeo.records import Unknown as NotRead
from hmgeo.reference.cells import read_class
from hmgeo.rules.words import LAYERS, MEASURED_ATTRIBUTES
from hmgeo.vocabulary import SoilQualityClass

if TYPE_CHECKING:
    from hmgeo.analysis.kinds.inquiry import Inquiry
    from hmgeo.rules.model import Test

DEGREES = "°"
RATIO_UNIT = "1"


def attribute(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether a fact of the source is as said, or a number of it meets the limit."""
    name = test.text("attribute")
    if name in MEASURED_ATTRIBUTES:
        return _number(test, inquiry, name)
    known = inquiry.facts.attribute(name)
    if known is None or isinstance(known, Unknown):
        return unknown((known or unsaid(name)).why)
    expected = test.text("expected") != "no"
    return Outcome(Side.MET if known is expected else Side.NOT_MET)


def _number(test: Test, inquiry: Inquiry, name: str) -> Outcome:
    number, limit = inquiry.facts.number(name), inquiry.value.value
    if number is None or limit is None:
        return unknown(unsaid(name).why if number is None else "条文未规定限值。")
    unit = MEASURED_ATTRIBUTES[name][1]
    return number_outcome(NumberFact(number), limit, inquiry.value.value_max, unit, test.text("comparison"))


def ratio(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge the quotient of two numbers of the source; on which basis it is formed must have been chosen."""
    limit, basis = inquiry.value.value, test.text("by")
    if limit is None:
        return unknown("条文未规定比例。")
    if basis and basis in inquiry.choices.assumed:
        return unknown(unset_text(basis))
    found = inquiry.facts.ratio(test.text("numerator"), test.text("denominator"), inquiry.choices.code(basis))
    if isinstance(found, Unknown):
        return unknown(found.why)
    return number_outcome(NumberFact(found), limit, None, RATIO_UNIT, test.text("comparison"))


def classification(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge whether the source has one of the official classes; what nobody has classified yet is unknown."""
    layer = test.text("layer")
    found = inquiry.facts.class_of(layer)
    if isinstance(found, Unknown):
        return unknown(found.why)
    read = read_class(layer, found)
    if isinstance(read, NotRead):
        return unknown(f"「{LAYERS[layer].zh}」类别所填「{found}」不在清单内，本条未作判断。")
    if read == SoilQualityClass.UNCLASSIFIED.value:
        return unknown(f"「{LAYERS[layer].zh}」尚未划分类别，本条未作判断。")
    return Outcome(Side.MET if read in test.texts("classes") else Side.NOT_MET)


def slope(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge the slope of the source."""
    limit = inquiry.value.value
    if limit is None:
        return unknown("条文未规定坡度。")
    fact = inquiry.facts.slope()
    if isinstance(fact, Unknown):
        return unknown(fact.why)
    return number_outcome(fact, limit, inquiry.value.value_max, DEGREES, test.text("comparison"))
