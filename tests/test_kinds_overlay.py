"""Inside and outside, partly inside, shares of area, up- and downstream, and the key areas that hold a place."""

from __future__ import annotations

import pytest
from kind_facts import FixedFacts, ask, chosen

from hmgeo.judging.cases import place_of
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Answer, DistanceFact, NumberFact, Outcome, PlaceFact, Side, Unknown
from hmgeo.judging.places import Place, inside_key_areas, membership
from hmgeo.rules.book import load_book

MET, NOT, UNKNOWN = Side.MET, Side.NOT_MET, Side.UNKNOWN
YES, NO, PARTLY = Answer.YES, Answer.NO, Answer.PARTLY
PARKS = "industrial_parks"
GAP = "「工业园区」未申明完整，结果为下限。"


def lying(answer: Answer, *others: Answer, gap: str = "", centroid: bool | None = None) -> FixedFacts:
    return FixedFacts(insides={PARKS: PlaceFact(answer, frozenset(others), centroid, gap)})


def within(facts: FixedFacts, partly: Side = MET, choices: Choices | None = None, **more: str) -> Outcome:
    return ask("within", facts, partly=partly, choices=choices, layer=PARKS, **more)


@pytest.mark.parametrize(
    ("answer", "gap", "inside", "outside"),
    [(YES, "", MET, NOT), (YES, GAP, MET, NOT), (NO, "", NOT, MET), (NO, GAP, UNKNOWN, UNKNOWN)],
)
def test_a_hit_stands_and_a_miss_needs_a_complete_layer(answer: Answer, gap: str, inside: Side, outside: Side) -> None:
    assert within(lying(answer, gap=gap)).given is inside
    assert ask("not_within", lying(answer, gap=gap), layer=PARKS).given is outside
    assert within(lying(answer, gap=gap)).why == ((gap,) if inside is UNKNOWN else ())


def test_on_a_border_the_uncertainty_may_tip_it() -> None:
    found = within(lying(YES, NO))
    assert (found.given, found.others) == (MET, {NOT})
    found = within(lying(YES, NO, gap=GAP))
    assert (found.given, found.others) == (MET, {UNKNOWN})


@pytest.mark.parametrize("graver", [MET, NOT])
def test_partly_inside_takes_the_graver_side_where_the_text_does_not_say(graver: Side) -> None:
    found = within(lying(PARTLY), graver)
    assert (found.given, found.why) == (graver, ("部分位于「工业园区」内。",))
    assert ask("not_within", lying(PARTLY), layer=PARKS, partly=graver).given is graver


@pytest.mark.parametrize(
    ("code", "centroid", "given"),
    [("any", None, MET), ("whole", None, NOT), ("centroid", True, MET), ("centroid", False, NOT)],
)
def test_partly_inside_as_the_user_chose(code: str, given: Side, *, centroid: bool | None) -> None:
    choices = chosen(partly_inside=code)
    assert within(lying(PARTLY, centroid=centroid), choices=choices, part="partly_inside").given is given


def test_partly_inside_without_a_choice_is_unknown_in_the_parameter_s_words() -> None:
    found = within(lying(PARTLY), part="partly_inside")
    assert found.given is UNKNOWN
    assert found.why == (
        "部分位于「工业园区」内。",
        "条文未规定「部分位于区内的处理」，须由使用单位确定并说明理由。",
    )
    assert within(lying(YES), part="partly_inside").given is MET


def test_only_features_with_these_facts_are_asked_for() -> None:
    facts = lying(YES)
    ask("within", facts, layer=PARKS, having=("park_lawful",), lacking=("park_facilities_ok",))
    assert (facts.asked[0].having, facts.asked[0].lacking) == (("park_lawful",), ("park_facilities_ok",))


@pytest.mark.parametrize(("share", "given"), [(49.9, NOT), (50.0, MET), (50.1, MET)])
def test_a_share_of_the_area_reaches_the_limit(share: float, given: Side) -> None:
    facts = FixedFacts(shares={"ecological_redline": NumberFact(share)})
    found = ask("overlap_share", facts, value=50.0, layer="ecological_redline")
    assert found.given is given
    assert found.measurement is not None
    assert (found.measurement.value, found.measurement.limit, found.measurement.unit) == (share, 50.0, "%")


def test_a_share_with_a_range_may_tip() -> None:
    facts = FixedFacts(shares={"ecological_redline": NumberFact(49.0, 40.0, 55.0)})
    assert ask("overlap_share", facts, value=50.0, layer="ecological_redline").possible == {NOT, MET}


@pytest.mark.parametrize("kind", ["upstream_of", "downstream_of"])
def test_flow_is_asked_within_the_chosen_distance(kind: str) -> None:
    facts = FixedFacts(flows={"intakes": PlaceFact(YES)})
    fields = {"layer": "intakes", "limit": "max_upstream_m", "mode": "upstream_mode"}
    found = ask(kind, facts, choices=chosen(max_upstream_m=5000.0, upstream_mode="network"), **fields)
    assert found.given is MET
    assert facts.asked[1:] == (5000.0, "network")
    assert found.why == ("「上游追溯的距离」按使用单位选定的 5000 m 判断，条文未规定，非法定距离。",)
    unset = ask(kind, facts, **fields)
    assert (unset.given, unset.why) == (UNKNOWN, ("条文未规定「上游追溯的距离」，须由使用单位确定并说明理由。",))


@pytest.mark.parametrize(
    ("straight_m", "chosen_m", "complete", "given"),
    [
        (5_300.1, {"max_upstream_m": 5000.0, "snap_distance_m": 300.0}, True, NOT),
        (5_300.0, {"max_upstream_m": 5000.0, "snap_distance_m": 300.0}, True, UNKNOWN),
        (5_300.1, {"max_upstream_m": 5000.0, "snap_distance_m": 300.0}, False, UNKNOWN),
        (99_000.0, {"max_upstream_m": 5000.0}, True, UNKNOWN),
        (99_000.0, {"snap_distance_m": 300.0}, True, UNKNOWN),
    ],
)
def test_far_along_water_needs_a_limit_below_the_straight_distance_less_the_snapping(
    straight_m: float, chosen_m: dict[str, float], given: Side, *, complete: bool
) -> None:
    far = DistanceFact(straight_m, straight_m, straight_m, covered_m=100_000.0, is_complete=complete)
    facts = FixedFacts(distances={"intakes": far}, flows={"intakes": PlaceFact(NO, gap="水流在高程边缘处中断。")})
    fields = {"layer": "intakes", "limit": "max_upstream_m", "mode": "upstream_mode"}
    found = ask("upstream_of", facts, choices=chosen(upstream_mode="catchment", **chosen_m), **fields)
    assert found.given is given
    if given is NOT:
        words = "「饮用水取水口」最近也在直线 5.3 km 以外，大于沿水流的 5.0 km（含落点容差 300 m），沿水流够不着。"
        assert words in found.why
        network = ask("upstream_of", facts, choices=chosen(upstream_mode="network", **chosen_m), **fields)
        assert network.given is UNKNOWN  # both ends may be put onto the river
    no_limit = {"layer": "intakes", "mode": "upstream_mode"}
    assert ask("upstream_of", facts, choices=chosen(upstream_mode="catchment", **chosen_m), **no_limit).given is UNKNOWN


@pytest.mark.parametrize(
    ("place", "area", "answer"),
    [
        ("451221", "GX-ND", YES),
        ("451221101", "GX-ND", YES),
        ("451224", "GX-ND", NO),
        ("441802105", "GD-QC-LT", YES),
        ("441802106", "GD-QC-LT", NO),
        ("441802001", "GD-QC", YES),
        ("420281", "N05", YES),
        ("430000", "N05", NO),
    ],
)
def test_codes_tell_which_key_area_holds_a_place(place: str, area: str, answer: Answer) -> None:
    found = inside_key_areas(place_of(place), [area])
    assert isinstance(found, PlaceFact)
    assert (found.answer, found.is_approximate) == (answer, False)


@pytest.mark.parametrize(
    ("place", "area", "words"),
    [
        ("441802", "GD-QC-LT", "不知所在乡级行政区，是否位于「龙塘镇」未作判断。"),
        ("450000", "GX-ND", "不知所在县级行政区，是否位于「南丹县」未作判断。"),
        ("451200", "GX-ND", "不知所在县级行政区，是否位于「南丹县」未作判断。"),
        ("", "GX-ND", "不知所在县级行政区，是否位于重点区域未作判断。"),
        ("420222", "N05", "「大冶市及周边地区」的范围无界线，是否位于其内未作判断。"),
        ("451221", "B05", "「南丹县」所列流域或地点无界线，是否位于其内未作判断。"),
    ],
)
def test_a_place_known_too_coarsely_is_unknown(place: str, area: str, words: str) -> None:
    assert inside_key_areas(place_of(place), [area]) == Unknown(words)


def test_a_township_told_by_cells_is_approximate() -> None:
    longtang = place_of("441802105", is_approximate=True)
    found = inside_key_areas(longtang, ["GD-QC-LT", "GD-QC-SJ"])
    assert isinstance(found, PlaceFact)
    assert (found.answer, found.is_approximate) == (YES, True)
    assert found.why == "所在乡镇由示意范围推断，重点区域归属待核实。"
    elsewhere = inside_key_areas(place_of("441802001", is_approximate=True), ["GD-QC-LT"])
    assert isinstance(elsewhere, PlaceFact)
    assert (elsewhere.answer, elsewhere.is_approximate) == (NO, True)
    district = inside_key_areas(longtang, ["GD-QC"])
    assert isinstance(district, PlaceFact)
    assert (district.answer, district.is_approximate) == (YES, False)


def test_key_area_kind_asks_for_its_areas() -> None:
    facts = FixedFacts(insides={"key_areas": PlaceFact(YES)})
    assert ask("key_area", facts, area_ids=("GX-ND",)).given is MET
    assert facts.asked[0].area_ids == ("GX-ND",)


def test_membership_names_areas_and_what_cannot_be_told() -> None:
    day = load_book().get("KEY-NAT-DEMO").latest.in_force_from
    assert day is not None
    nandan = Place("451221", "南丹县")
    found = membership(nandan, [load_book().get("KEY-NAT-DEMO")], day, Choices())
    assert (found.ids, found.note) == ("", "「南丹县」所列流域或地点无界线，是否位于其内未作判断。")
    jiyuan = membership(Place("419001", "济源市"), [load_book().get("KEY-NAT-DEMO")], day, Choices())
    assert (jiyuan.ids, jiyuan.note) == ("N04", "")


def test_membership_of_an_open_extent_is_not_guessed() -> None:
    rule = load_book().get("KEY-QY")
    day = rule.latest.in_force_from
    assert day is not None
    found = membership(Place("441802", township_code="441802105"), [rule], day, Choices())
    assert found.ids == ""
    assert found.note.endswith("的范围参数未选定，是否位于重点区域未作判断。")


def test_concentrated_farmland_worked_out_by_density_is_never_the_official_one() -> None:
    facts = FixedFacts(insides={"pbf_concentrated_areas": PlaceFact(Answer.YES)})
    assert ask("within", facts, layer="pbf_concentrated_areas").possible == {MET}
    choices = chosen(pbf_concentrated_source="derived")
    derived = ask("within", facts, choices=choices, layer="pbf_concentrated_areas")
    assert derived.possible == {Side.UNKNOWN}
    assert derived.why == ("所载「永久基本农田集中区域」由密度推算，非法定范围，本条未作判断。",)
