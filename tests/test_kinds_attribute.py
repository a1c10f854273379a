"""Facts, numbers, quotients, classes and slopes of the source itself."""

from __future__ import annotations

import pytest
from kind_facts import FixedFacts, ask, chosen

from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import NumberFact, Outcome, Side

MET, NOT, UNKNOWN = Side.MET, Side.NOT_MET, Side.UNKNOWN


@pytest.mark.parametrize(("known", "yes", "no"), [(True, MET, NOT), (False, NOT, MET), (None, UNKNOWN, UNKNOWN)])
def test_a_fact_is_so_or_not_or_nobody_said(known: bool | None, yes: Side, no: Side) -> None:  # noqa: FBT001
    facts = FixedFacts(said={} if known is None else {"rectified": known})
    assert ask("attribute", facts, attribute="rectified", expected="yes").given is yes
    assert ask("attribute", facts, attribute="rectified", expected="no").given is no


def test_what_nobody_said_is_named() -> None:
    found = ask("attribute", FixedFacts(), attribute="rectified", expected="yes")
    assert found.why == ("未说明是否已完成整治，本条未作判断。",)


@pytest.mark.parametrize(
    ("number", "at_least", "at_most"), [(89.9, NOT, MET), (90.0, MET, MET), (90.1, MET, NOT), (None, UNKNOWN, UNKNOWN)]
)
def test_a_number_meets_its_limit(number: float | None, at_least: Side, at_most: Side) -> None:
    facts = FixedFacts(numbers={} if number is None else {"offset_kg": number})
    for comparison, side in (("at_least", at_least), ("at_most", at_most)):
        found = ask("attribute", facts, value=90.0, attribute="offset_kg", comparison=comparison)
        assert found.given is side


def ratio(quotient: float | None, choices: Choices) -> Outcome:
    fields = {"numerator": "offset_kg", "denominator": "added_emission_kg", "comparison": "at_least"}
    return ask("ratio", FixedFacts(quotient=quotient), value=1.2, choices=choices, by="offset_basis", **fields)


@pytest.mark.parametrize(("quotient", "given"), [(1.1999, NOT), (1.2, MET), (1.2001, MET)])
def test_the_quotient_meets_its_limit(quotient: float, given: Side) -> None:
    assert ratio(quotient, chosen(offset_basis="per_metal")).given is given


def test_without_its_numbers_there_is_no_quotient() -> None:
    found = ratio(None, chosen(offset_basis="per_metal"))
    assert found.why == ("缺少替代量、新增重点重金属排放量，本条未作判断。",)


def test_on_which_basis_must_have_been_chosen() -> None:
    for tried in Choices().spread(["offset_basis"]):
        found = ratio(5.0, tried)
        assert found.given is UNKNOWN
        assert found.why == ("条文未规定「减量替代按单一金属还是合计计算」，须由使用单位确定并说明理由。",)


@pytest.mark.parametrize(
    ("word", "given"),
    [("严格管控类", MET), ("安全利用类", NOT), ("优先保护类", NOT), ("未划分", UNKNOWN), (None, UNKNOWN)],
)
def test_what_is_not_classified_yet_is_not_cleared(word: str | None, given: Side) -> None:
    found = ask("classification", FixedFacts(soil_class=word), layer="farmland", classes=("严格管控类",))
    assert found.given is given


@pytest.mark.parametrize(
    ("degrees", "open_end", "closed"),
    [(14.9999, NOT, NOT), (15.0, MET, MET), (25.0, MET, MET), (25.0001, MET, NOT)],
)
def test_slopes_belong_to_both_ends(degrees: float, open_end: Side, closed: Side) -> None:
    facts = FixedFacts(slope_fact=NumberFact(degrees))
    assert ask("slope", facts, value=15.0, comparison="at_least").given is open_end
    assert ask("slope", facts, value=15.0, upper=25.0, comparison="at_least").given is closed


def test_a_range_of_slopes_may_reach_into_the_limits() -> None:
    facts = FixedFacts(slope_fact=NumberFact(10.0, 8.0, 30.0))
    found = ask("slope", facts, value=15.0, upper=25.0, comparison="at_least")
    assert (found.given, found.others) == (NOT, {MET})
