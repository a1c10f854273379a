"""all_of and any_of by three-valued logic, over what each part may be."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from hmgeo.judging.clause_tests import combined
from hmgeo.judging.facts import Outcome, Side
from hmgeo.results.siting import Measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

MET, NOT, UNKNOWN = Side.MET, Side.NOT_MET, Side.UNKNOWN


def all_of(parts: Sequence[Outcome]) -> Outcome:
    return combined(parts, decisive=NOT)


def any_of(parts: Sequence[Outcome]) -> Outcome:
    return combined(parts, decisive=MET)


def outcome(given: Side, *others: Side, why: str = "", approximate: bool = False) -> Outcome:
    return Outcome(given, frozenset(others), (why,) if why else (), None, approximate)


@pytest.mark.parametrize(
    ("one", "other", "both", "either"),
    [
        (MET, MET, MET, MET),
        (MET, NOT, NOT, MET),
        (MET, UNKNOWN, UNKNOWN, MET),
        (NOT, NOT, NOT, NOT),
        (NOT, UNKNOWN, NOT, UNKNOWN),
        (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
    ],
)
def test_the_truth_table(one: Side, other: Side, both: Side, either: Side) -> None:
    for parts in ((outcome(one), outcome(other)), (outcome(other), outcome(one))):
        assert all_of(parts).given is both
        assert any_of(parts).given is either


def test_a_part_that_may_tip_tips_the_whole() -> None:
    tipping, met, missed = outcome(MET, NOT), outcome(MET), outcome(NOT)
    assert all_of([tipping, met]).others == {NOT}
    assert any_of([tipping, met]).others == frozenset()
    assert any_of([tipping, missed]).others == {NOT}
    assert all_of([tipping, missed]).others == frozenset()


def test_two_tipping_parts_may_tip_together() -> None:
    assert all_of([outcome(NOT, MET), outcome(NOT, MET)]).possible == {NOT, MET}
    assert any_of([outcome(NOT, MET), outcome(NOT, UNKNOWN)]).possible == {NOT, MET, UNKNOWN}


def test_a_part_that_decides_silences_what_is_missing_elsewhere() -> None:
    found = any_of([outcome(MET, why="在红线内。"), outcome(UNKNOWN, why="未提供图层。")])
    assert (found.given, found.why) == (MET, ("在红线内。",))


def test_every_missing_part_is_named_once() -> None:
    missing = outcome(UNKNOWN, why="未提供图层。")
    found = all_of([missing, outcome(MET, why="别的。"), outcome(UNKNOWN, why="缺少数值。"), missing])
    assert found.why == ("未提供图层。", "缺少数值。")


def test_an_exact_part_that_decides_is_not_spoilt_by_an_approximate_one() -> None:
    rough, exact = outcome(MET, approximate=True), outcome(MET)
    assert not any_of([rough, exact]).is_approximate
    assert any_of([rough, outcome(NOT)]).is_approximate
    assert all_of([rough, exact]).is_approximate
    assert not all_of([rough, outcome(NOT)]).is_approximate


def test_the_measurement_is_that_of_the_part_that_decides() -> None:
    far = Outcome(NOT, measurement=Measurement(5000.0, None, None, 1000.0, "m", "5 km", "far"))
    near = Outcome(MET, measurement=Measurement(900.0, None, None, 1000.0, "m", "900 m", "near"))
    decided = any_of([far, near]).measurement
    assert decided is not None
    assert decided.receptor_id == "near"


def test_composed_parts_nest() -> None:
    inner = any_of([outcome(UNKNOWN, why="一。"), outcome(NOT)])
    assert all_of([inner, outcome(NOT, why="二。")]).why == ("二。",)
    assert all_of([inner, outcome(MET)]).why == ("一。",)


def test_learning_what_was_unknown_never_overturns_what_was_decided() -> None:
    for combine in (all_of, any_of):
        for sides in product(Side, repeat=3):
            decided = combine([outcome(side) for side in sides]).given
            if decided is UNKNOWN:
                continue
            for learnt in product((MET, NOT), repeat=3):
                known = [after if before is UNKNOWN else before for before, after in zip(sides, learnt, strict=True)]
                assert combine([outcome(side) for side in known]).given is decided


def test_the_order_of_the_parts_does_not_matter() -> None:
    for combine in (all_of, any_of):
        for one, other in product(product(Side, repeat=2), repeat=2):
            parts = [outcome(one[0], *{one[1]} - {one[0]}), outcome(other[0], *{other[1]} - {other[0]})]
            there, back = combine(parts), combine(parts[::-1])
            assert (there.given, there.others) == (back.given, back.others)
