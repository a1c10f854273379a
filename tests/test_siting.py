"""The siting check: one site or many against a resident set of layers, clause by clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import shapely
from msgspec.structs import replace
from oracle import distance_m
from siting_world import COUNTY, SCHOOL, SECOND_ZONE, SITE, bench, layers
from test_situations import ALL, BOOK, by_layer, given_of, judged

from hmgeo.judging.bench import Question
from hmgeo.judging.cases import CaseFacts, choices_of
from hmgeo.judging.facts import (
    Answer,
    DistanceFact,
    Facts,
    Features,
    Layers,
    PlaceFact,
    Stated,
    Unasked,
    Unknown,
)
from hmgeo.judging.layers import LayerFacts
from hmgeo.judging.places import Areas, Place, Places
from hmgeo.rules.model import LayerState
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.kept import Kept, said_as
from hmgeo.siting.site import PlaceFinder, Site
from hmgeo.vocabulary import Basis, Certainty, Completeness, Status, Verdict
from hmgeo.words import encoded, say

if TYPE_CHECKING:
    from hmgeo.results.siting import Clause, SiteAnswer

SOUTH_OF_SCHOOL = distance_m(113.0, 23.101, SCHOOL)


def clause(answer: SiteAnswer, rule_id: str) -> Clause:
    return next(one for one in answer.clauses if one.citation.rule_id == rule_id)


def test_distance_is_told_as_people_read_it_with_object_bearing_and_what_would_change_it() -> None:
    found = clause(bench().check(SITE), "SIT-LAW-ART32")
    assert round(SOUTH_OF_SCHOOL, 1) == 110.7
    assert (found.verdict, found.certainty) == (Verdict.PROHIBITED, Certainty.CERTAIN)
    assert found.measured.value == pytest.approx(SOUTH_OF_SCHOOL, abs=1e-4)
    words = "最近敏感目标（居民区、学校、医院、疗养院、养老院）「示例小学」111 m，在南方向；限值 500 m。"
    assert found.evidence == (words,)
    assert found.changes == ("与最近对象的距离再增加 389 m 以上，即超出限值 500 m（仍须核对其他对象）。",)
    assert found.layers == ("sensitive_sites",)


def test_reading_order_is_gravity_then_rank_then_authority() -> None:
    answer = bench().check(SITE)
    assert [one.verdict.gravity for one in answer.clauses] == sorted(one.verdict.gravity for one in answer.clauses)
    prohibited = [one.citation.rule_id for one in answer.clauses if one.verdict is Verdict.PROHIBITED]
    assert prohibited == ["SIT-LAW-ART32", "SIT-QY-SENSITIVE"]
    assert sum(answer.counts().values()) == len(answer.clauses)
    assert list(answer.counts()) == list(Verdict)


def test_within_the_uncertainty_both_sides_stand() -> None:
    at_limit = replace(SITE, geometry=shapely.Point(113.0, 23.1045), uncertainty_m=5.0)  # 498.4 m
    found = clause(bench().check(at_limit), "SIT-LAW-ART32")
    assert (found.verdict, found.other, found.certainty) == (Verdict.PROHIBITED, Verdict.CLEAR, Certainty.AMBIGUOUS)
    firm = clause(bench().check(replace(at_limit, uncertainty_m=1.0)), "SIT-LAW-ART32")
    assert (firm.other, firm.certainty) == (None, Certainty.CERTAIN)


def test_absence_clears_only_in_a_complete_layer_that_covers_the_search() -> None:
    far = replace(SITE, geometry=shapely.Point(113.05, 23.15))
    assert clause(bench().check(far), "SIT-LAW-ART32").verdict is Verdict.CLEAR
    partial = bench(layers(completeness=Completeness.PARTIAL))
    found = clause(partial.check(far), "SIT-LAW-ART32")
    assert found.verdict is Verdict.NOT_ASSESSED
    assert "「敏感目标」未申明完整，结果为下限。" in found.reasons
    beside = replace(SITE, geometry=shapely.Point(112.802, 23.15))  # 205 m inside the border
    assert clause(bench().check(beside), "SIT-LAW-ART32").verdict is Verdict.NOT_ASSESSED


def test_inside_a_zone_says_which_and_how_deep() -> None:
    inside = replace(SITE, geometry=shapely.Point(112.99, 22.89))
    found = clause(bench().check(inside), "WAT-LAW-66")
    assert found.verdict is Verdict.PROHIBITED
    assert found.evidence == ("位于饮用水水源保护区（二级）「示例水源」内。",)
    depth_m = distance_m(112.99, 22.89, SECOND_ZONE.boundary)
    assert found.changes == (f"距其边界最近 {depth_m / 1000:.1f} km，移出边界后不再位于其内。",)


def test_a_shape_partly_inside_gets_the_graver_side_and_its_share() -> None:
    across = replace(SITE, geometry=shapely.box(112.97, 22.90, 112.99, 22.91))  # half of it east of the border
    found = clause(bench().check(across), "WAT-LAW-66")
    assert found.verdict is Verdict.PROHIBITED
    assert found.evidence == ("部分位于饮用水水源保护区（二级）「示例水源」内，占用地面积 50.0%。",)


def test_a_line_is_judged_by_its_nearest_point() -> None:
    pipeline = replace(SITE, geometry=shapely.LineString([(112.9, 23.15), (113.0, 23.101), (113.1, 23.15)]))
    assert clause(bench().check(pipeline), "SIT-LAW-ART32").measured.value == pytest.approx(SOUTH_OF_SCHOOL, abs=1e-3)


def test_key_areas_by_place_and_over_a_border() -> None:
    adds = replace(SITE, added_kg={"Pb": 1.0})
    rule = "SIT-QY-KEYAREA-BAN"
    assert clause(bench().check(adds), rule).verdict is Verdict.PROHIBITED
    outside = replace(adds, geometry=shapely.Point(113.5, 23.1))
    assert clause(bench().check(outside), rule).verdict is Verdict.CLEAR
    near = replace(adds, geometry=shapely.Point(113.3999, 23.1), uncertainty_m=50.0)  # 10 m from the border
    found = clause(bench().check(near), rule)
    assert (found.verdict, found.other, found.certainty) == (Verdict.PROHIBITED, Verdict.CLEAR, Certainty.AMBIGUOUS)
    assert "位置误差范围跨重点区域边界。" in "".join(found.reasons)
    shape = replace(adds, geometry=shapely.box(113.39, 23.1, 113.41, 23.11))
    answer = bench().check(shape)
    assert clause(answer, rule).verdict is Verdict.PROHIBITED
    assert "用地范围还涉及清新区，条款适用地域按代表点所在行政区判断。" in answer.notes


def test_missing_layers_and_open_points_are_counted() -> None:
    answer = bench([], surroundings_m="").check(SITE)
    assert answer.missing()["sensitive_sites"] == 2
    assert clause(answer, "SIT-LAW-ART32").missing_layers == ("sensitive_sites",)
    found = clause(bench(surroundings_m="").check(SITE), "SIT-LAW-ART32")
    assert (found.verdict, found.open_parameters) == (Verdict.NOT_ASSESSED, ("surroundings_m",))
    assert found.changes[0] == "「“周边”的距离」取 111 m 以上时，最近对象在范围内；取值更小时在范围外。"


def test_a_period_that_is_over_names_the_days_on_which_it_would_be_judged() -> None:
    found = clause(bench(as_of="2022-01-01").check(SITE), "SIT-QY-SENSITIVE")
    assert found.verdict is Verdict.NOT_ASSESSED
    assert found.changes == (
        "评估基准日在 2018-01-01 至 2020-12-31 之间，或核实接续文件、在项目中作本地参照后可作判断。",
    )


def test_a_hypothetical_site_on_invented_receptors_is_an_example() -> None:
    typed = replace(SITE, basis=Basis.UNDECLARED)
    found = {one.citation.rule_id: one for one in bench().check(typed).clauses}
    assert found["SIT-LAW-ART32"].is_example
    assert not found["SIT-CU-1KM"].is_example  # text not held: no datum went in
    assert not any(one.is_example for one in bench().check(SITE).clauses)


NUMBERS = ("offset_kg", "added_emission_kg")


def test_emissions_say_what_they_say_and_no_more() -> None:
    answer = bench().check(replace(SITE, added_kg={"Cd": 0.0}))
    assert clause(answer, "SIT-QY-KEYAREA-BAN").unsaid == ("是否增加重金属污染物排放",)
    told = Stated(added_kg={"Pb": 10.0}, offset_kg={"Cd": 12.0})
    assert told.ratio(*NUMBERS, "per_metal") == 0.0
    assert told.ratio(*NUMBERS, "sum_of_five") == 1.2


@pytest.mark.parametrize(("east", "reached"), [(113.004, ["B2"]), (112.999, [])])
def test_a_shape_reaches_into_the_next_county_whatever_township_is_named(east: float, reached: list[str]) -> None:
    boxes = [shapely.to_wkb(shapely.box(west, 23.0, west + 1.0, 24.0)) for west in (112.0, 113.0)]
    counties = pa.table({"id": ["A1", "B2"], "name": ["甲县", "乙县"], "geometry": boxes})
    site = replace(SITE, geometry=shapely.box(112.99, 23.5, east, 23.51), place=Place("A1", "甲县", "A1001", "某镇"))
    found = PlaceFinder(Areas(counties=counties)).find(site)
    assert ([place.code for place in found.across], found.near) == (reached, ())


def test_a_site_without_coordinates_is_judged_by_its_place_alone() -> None:
    named = bench()._places.find(SITE).given
    site = replace(SITE, geometry=None, place=named, status=Status.NOT_LOCATED, added_kg={"Pb": 1.0})
    answer = bench().check(site)
    assert clause(answer, "SIT-QY-KEYAREA-BAN").verdict is Verdict.PROHIBITED
    found = clause(answer, "SIT-LAW-ART32")
    assert found.verdict is Verdict.NOT_ASSESSED
    assert found.reasons[0] == "只知所在行政区，没有可用的坐标或范围，本条未作判断。"


def test_a_batch_equals_one_by_one_whatever_was_asked_before() -> None:
    spots = [shapely.Point(112.82 + lon / 5, 22.81 + lat / 9) for lon in range(4) for lat in range(3)]
    lattice = [
        replace(SITE, site_id=f"{number}-{spot}", geometry=shape, uncertainty_m=off_m, added_kg=added, attributes=said)
        for spot in spots
        for number, (shape, off_m, added, said) in enumerate(
            (
                (spot, 0.0, {}, SITE.attributes),
                (spot, 9_000.0, {"Pb": spot.x}, SITE.attributes),
                (shapely.box(spot.x, spot.y, spot.x + 0.05, spot.y + 0.08), 5.0, {}, {"may_pollute_soil": False}),
            )
        )
    ]
    assert all(COUNTY.buffer(0.1).contains(spot) for spot in spots)
    firm = replace(SITE, kind="enterprises", geometry=spots[0])
    lattice += [
        replace(firm, site_id="stated", attributes={"discharges_heavy_metals": True}, added_kg={"Pb": 5.0}),
        replace(firm, site_id="implied", attributes={}, added_kg={"Pb": 1.0}),
        replace(firm, site_id="unplaced", geometry=None, status=Status.NOT_LOCATED),
        replace(firm, site_id="doubted", attributes={}, doubts={"discharges_heavy_metals": "写作「有时」"}),
    ]
    partial = layers(completeness=Completeness.PARTIAL)
    for held in (None, partial):
        together = [answer for _, answer in bench(held).look(lattice)]
        fresh = bench(held)
        alone = [fresh.check(site) for site in reversed(lattice)][::-1]
        assert together == alone
        told = [
            [(one.changes, encoded(one.note), [encoded(text) for text in one.evidence]) for one in answer.clauses]
            for answer in (*together, *alone)
        ]
        assert told[: len(lattice)] == told[len(lattice) :]
        in_turn = bench(held)
        assert together == [
            answer for at in range(0, len(lattice), 7) for _, answer in in_turn.look(lattice[at : at + 7])
        ]
        assert together[::16] == [bench(held).check(site) for site in lattice[::16]]


def test_sites_asked_together_are_told_together_what_they_lie_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The method is found by the name of its question, so that nothing else tells when it is gone."""
    asked: list[int] = []

    def counting(self: LayerFacts, together: list[Layers], features: Features, /) -> list[PlaceFact | Unknown]:
        asked.append(len(together))
        return plain(self, together, features)

    plain = LayerFacts.inside_each
    monkeypatch.setattr(LayerFacts, "inside_each", counting)
    sites = [replace(SITE, site_id=str(at), geometry=shapely.Point(112.9 + at / 100, 22.9)) for at in range(5)]
    assert len(list(bench().look(sites))) == len(sites)
    assert max(asked) > 1


def test_new_emissions_say_what_a_cell_left_blank() -> None:
    """Whichever of two rows comes first, one that states it and one whose emission says so read alike."""
    stated = replace(SITE, kind="enterprises", attributes={"discharges_heavy_metals": True}, added_kg={"Pb": 5.0})
    implied = replace(stated, attributes={})
    for pair in ((stated, implied), (implied, stated)):
        found = [clause(answer, "MON-QY-SOURCES") for answer in map(bench().check, pair)]
        assert [one.verdict for one in found] == [Verdict.LISTED] * 2
        assert [one.changes for one in found] == [()] * 2
        assert {str(text) for one in found for text in one.evidence} == {"填报：排放重金属污染物——是。"}


def test_what_one_answer_came_to_is_not_told_of_another_that_reads_alike() -> None:
    near, nearer = (say("coverage_ends_near", reach_m=reach_m, limit_m=500.0) for reach_m in (449.98, 449.99))
    assert str(near) == str(nearer)
    assert said_as(Unknown(near)) is None
    absent = Unknown(say("layer_absent", layer="耕地", department="甲"))
    assert said_as(absent) == said_as(Unknown(say("layer_absent", layer="耕地", department="甲")))
    assert said_as(absent) != said_as(Unknown(str(absent.why)))
    assert said_as(PlaceFact(Answer.NO)) != said_as(PlaceFact(Answer.NO, frozenset({Answer.YES})))
    assert said_as(PlaceFact(Answer.NO, why=near)) is None
    assert said_as(PlaceFact(Answer.YES, measured_m=3.0)) is None
    assert said_as(DistanceFact(1.0, 1.0, 1.0)) is None


def test_beyond_so_many_answers_all_are_forgotten_and_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmgeo.siting.kept._MOST", 3)
    kept: Kept[str] = Kept()
    counted: list[str] = []

    def conclude(facts: Facts) -> str:
        fact = facts.layers.inside(Features("farmland"))
        counted.append(fact.why)
        return f"told {fact.why}"

    names = ["a", "b", "a", "b", "c", "d", "a", "a"]
    told = [kept.conclude([Facts(Unasked(Unknown(name)))], conclude)[0] for name in names]
    assert told == [f"told {name}" for name in names]
    assert counted == ["a", "b", "c", "d", "a"]


@pytest.mark.parametrize("situation", ALL, ids=lambda one: one["id"])
def test_the_situations_come_out_the_same_through_the_bench(situation: dict[str, object]) -> None:
    given = given_of(situation)
    facts = CaseFacts(
        given,
        unnamed=LayerState.MISSING,
        borderline=frozenset(by_layer(situation, "borderline")),
        township_is_approximate=situation.get("township_known_by") == "示意范围",
    )
    expected = judged(situation)
    adopted = frozenset(situation.get("adopted", []))
    rules = BOOK.rules
    desk = SitingBench([], Question(given.as_of, rules=rules, choices=choices_of(given), adopted=adopted))
    site = Site(
        "X",
        "",
        None,
        trade_code=given.trade,
        trade_edition="" if given.edition is None else str(given.edition),
        action=given.action,
        kind=given.source_kind,
        attributes=given.attributes,
    )
    answer = desk.answers([site], [Places(facts.place)], [facts.parts])[0]
    for one in answer.clauses:
        result = expected[one.citation.rule_id].judgement
        assert result is not None
        assert (one.verdict, one.other, one.certainty) == (result.verdict, result.other, result.certainty)
        assert (one.standing, one.note) == (result.standing, result.note)
    named = {rule_id for rule_id, said in situation["expect"].items() if said["standing"] != "不在适用地域"}
    assert named <= {one.citation.rule_id for one in answer.clauses}
