"""Distances against limits: inclusive, with their uncertainty, and never clear for want of data."""

from __future__ import annotations

import math

import pytest
from kind_facts import FixedFacts, ask, chosen

from hmgeo.judging.facts import FLOW_NEEDED, Answer, DistanceFact, NumberFact, Outcome, PlaceFact, Side, missing_layer
from hmgeo.words import codes_of

MET, NOT, UNKNOWN = Side.MET, Side.NOT_MET, Side.UNKNOWN
HOUSES = "sensitive_sites"


def at(
    measured_m: float, uncertainty_m: float = 0.0, covered_m: float | None = math.inf, *, complete: bool = True
) -> FixedFacts:
    low_m, high_m = max(0.0, measured_m - uncertainty_m), measured_m + uncertainty_m
    fact = DistanceFact(low_m, high_m, measured_m, uncertainty_m, "H-1", covered_m=covered_m, is_complete=complete)
    return FixedFacts(distances={HOUSES: fact})


def near(facts: FixedFacts, **more: str) -> Outcome:
    return ask("maximum_distance", facts, value=1000.0, layer=HOUSES, **more)


def far(facts: FixedFacts) -> Outcome:
    return ask("minimum_distance", facts, value=1000.0, layer=HOUSES)


@pytest.mark.parametrize(
    ("measured_m", "within", "beyond"),
    [(0.0, MET, NOT), (999.9999, MET, NOT), (1000.0, MET, MET), (1000.0001, NOT, MET)],
)
def test_limits_belong_to_both_kinds(measured_m: float, within: Side, beyond: Side) -> None:
    assert near(at(measured_m)).given is within
    assert far(at(measured_m)).given is beyond


@pytest.mark.parametrize(
    ("measured_m", "uncertainty_m", "given", "others"),
    [
        (950.0, 50.0, MET, set()),
        (950.0, 50.0001, MET, {NOT}),
        (1000.0, 1.0, MET, {NOT}),
        (1040.0, 50.0, NOT, {MET}),
        (1050.0, 50.0, NOT, {MET}),
        (1050.0001, 50.0, NOT, set()),
    ],
)
def test_the_position_s_uncertainty_may_tip_it(
    measured_m: float, uncertainty_m: float, given: Side, others: set[Side]
) -> None:
    found = near(at(measured_m, uncertainty_m))
    assert (found.given, found.others) == (given, others)


@pytest.mark.parametrize(
    ("covered_m", "complete", "code"),
    [
        (None, True, "coverage_undeclared"),
        (-1e-4, True, "coverage_left"),
        (0.0, True, "coverage_ends_near"),  # on the outline nothing is left yet
        (999.9999, True, "coverage_ends_near"),
        (1000.0, True, ""),
        (1000.0, False, "layer_incomplete"),
    ],
)
def test_the_coverage_must_hold_the_whole_limit_and_not_more(
    covered_m: float | None, code: str, *, complete: bool
) -> None:
    fact = DistanceFact(5e3, 5e3, 5e3, covered_m=covered_m, is_complete=complete)
    assert codes_of([fact.coverage_gap("学校", 1000.0)]) == tuple(filter(None, [code]))


def test_a_slope_without_a_limit_is_unknown_for_that_reason() -> None:
    found = ask("slope", FixedFacts(slope_fact=NumberFact(3.0, 3.0, 3.0)), comparison="over")
    assert found.given is UNKNOWN
    assert codes_of(found.why) == ("slope_not_set",)


def test_a_place_is_judged_by_its_nearest_end() -> None:
    facts = FixedFacts(distances={HOUSES: DistanceFact(200.0, 8000.0, None, covered_m=math.inf, is_complete=True)})
    found = near(facts)
    assert (found.given, found.others) == (MET, {NOT})
    assert found.measurement is not None
    assert (found.measurement.value, found.measurement.low, found.measurement.high) == (None, 200.0, 8000.0)


@pytest.mark.parametrize(
    ("covered_m", "complete", "words"),
    [
        (None, True, "「敏感目标」未申明数据范围，结果为下限。"),
        (-3.0, True, "该点或其误差范围超出「敏感目标」数据范围，结果为下限。"),
        (999.0, True, "该点距数据边界 999 米，小于查询半径 1000 米，结果为下限。"),
        (1000.0, False, "「敏感目标」未申明完整，结果为下限。"),
    ],
)
def test_finding_nothing_needs_a_complete_layer_that_covers_the_search(
    covered_m: float | None, *, complete: bool, words: str
) -> None:
    missed = near(at(1500.0, covered_m=covered_m, complete=complete))
    assert (missed.given, missed.why) == (UNKNOWN, (words,))
    assert far(at(1500.0, covered_m=covered_m, complete=complete)).given is UNKNOWN
    hit = near(at(500.0, covered_m=covered_m, complete=complete))
    assert hit.given is MET
    assert far(at(500.0, covered_m=covered_m, complete=complete)).given is NOT


def test_coverage_up_to_the_limit_is_enough() -> None:
    assert near(at(1500.0, covered_m=1000.0)).given is NOT


def test_without_the_layer_it_says_whom_to_ask() -> None:
    facts = FixedFacts(distances={HOUSES: missing_layer(HOUSES)})
    assert near(facts).why == ("未提供「敏感目标」，本条未评估。请向生态环境部门获取。",)


def test_a_limit_that_the_text_leaves_open_must_be_chosen() -> None:
    found = ask("maximum_distance", at(10.0), layer=HOUSES, limit="surroundings_m")
    assert found.given is UNKNOWN
    assert found.why[0].startswith("条文未规定「“周边”的距离」，须由使用单位确定并说明理由。参考值1000 m出自")
    assert "非法定距离" in found.why[0]


@pytest.mark.parametrize(("metres", "given"), [(499.9999, NOT), (500.0, MET)])
def test_a_chosen_limit_is_labelled_as_no_legal_distance(metres: float, given: Side) -> None:
    choices = chosen(surroundings_m=metres)
    found = ask("maximum_distance", at(500.0), choices=choices, layer=HOUSES, limit="surroundings_m")
    assert found.given is given
    assert found.why == (f"「“周边”的距离」按使用单位选定的 {metres:g} m 判断，条文未规定，非法定距离。",)


def on_path(facts: FixedFacts, **choices: str | float) -> Outcome:
    given = chosen(overhead_mode="flow_path", **choices)
    return ask("maximum_distance", facts, value=1000.0, choices=given, layer=HOUSES, mode="overhead_mode")


def test_a_circle_is_measured_straight() -> None:
    choices = chosen(overhead_mode="circle")
    found = ask("maximum_distance", at(900.0), value=1000.0, choices=choices, layer=HOUSES, mode="overhead_mode")
    assert (found.given, found.why) == (MET, ())


def test_a_flow_path_needs_a_width_and_the_flow_of_water() -> None:
    unset = on_path(at(900.0))
    assert (unset.given, unset.why[0][:21]) == (UNKNOWN, "条文未规定「流经路径两侧计入的宽度」，须由")
    dry = on_path(at(900.0), path_beside_m=50.0)
    assert (dry.given, dry.why) == (UNKNOWN, (FLOW_NEEDED,))


@pytest.mark.parametrize(
    ("fact", "given", "measured_m", "text"),
    [
        (PlaceFact(Answer.YES, receptor_id="V-1", measured_m=420.0), MET, 420.0, "沿水流 420 m"),
        (PlaceFact(Answer.NO), NOT, None, ""),
        (PlaceFact(Answer.NO, gap="结果为下限。"), UNKNOWN, None, ""),
    ],
)
def test_a_flow_path_is_not_a_circle(fact: PlaceFact, given: Side, measured_m: float | None, text: str) -> None:
    facts = FixedFacts(distances=at(900.0).distances, flows={HOUSES: fact})
    found = on_path(facts, path_beside_m=50.0)
    assert found.given is given
    assert found.measurement is not None
    assert (found.measurement.value, found.measurement.limit, found.measurement.text) == (measured_m, 1000.0, text)
    assert found.why[-1] == "「流经路径两侧计入的宽度」按使用单位选定的 50 m 判断，条文未规定，非法定距离。"


@pytest.mark.parametrize(("measured_m", "given"), [(900.0, UNKNOWN), (1100.0, NOT)])
def test_considering_terrain_leaves_only_what_lies_beyond_the_plain_s_limit(measured_m: float, given: Side) -> None:
    choices = chosen(terrain="considered")
    found = ask("maximum_distance", at(measured_m), value=1000.0, choices=choices, layer=HOUSES, terrain="terrain")
    assert found.given is given


def test_the_chosen_extent_says_which_classes_count() -> None:
    facts = at(10.0)
    ask(
        "maximum_distance",
        facts,
        value=1.0,
        choices=chosen(farmland_extent="polluted"),
        layer=HOUSES,
        extent="farmland_extent",
    )
    assert facts.asked[0].classes == ("安全利用类", "严格管控类")
    ask(
        "maximum_distance",
        facts,
        value=1.0,
        choices=chosen(farmland_extent="all"),
        layer=HOUSES,
        extent="farmland_extent",
    )
    assert facts.asked[0].classes == ()


def touching(answer: Answer, gap: str = "") -> FixedFacts:
    return FixedFacts(touching={"contaminated_sites": PlaceFact(answer, gap=gap)})


@pytest.mark.parametrize(
    ("answer", "gap", "given"),
    [(Answer.YES, "不完整。", MET), (Answer.NO, "", NOT), (Answer.NO, "不完整。", UNKNOWN)],
)
def test_neighbours_touch_within_the_chosen_tolerance(answer: Answer, gap: str, given: Side) -> None:
    facts, fields = touching(answer, gap), {"layer": "contaminated_sites", "tolerance": "touch_tolerance_m"}
    found = ask("adjacency", facts, choices=chosen(touch_tolerance_m=20.0), **fields)
    assert found.given is given
    assert facts.asked[1] == 20.0
    assert found.why[-1] == "「“毗邻”的容差」按使用单位选定的 20 m 判断，条文未规定，非法定距离。"


def test_without_a_tolerance_nobody_knows_what_a_neighbour_is() -> None:
    fields = {"layer": "contaminated_sites", "tolerance": "touch_tolerance_m"}
    found = ask("adjacency", touching(Answer.YES), **fields)
    assert found.given is UNKNOWN
    assert found.why[0].startswith("条文未规定「“毗邻”的容差」")
