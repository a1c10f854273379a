"""Judging at its limits: what is said beside a verdict, distances nobody chose, layers at their edges."""

from __future__ import annotations

import math
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import shapely
from kind_facts import FixedFacts, ask, chosen, in_force, rule_of, value_of
from msgspec.structs import replace
from oracle import GEOD, distance_m

from hmgeo.judging.applies import Subject, _by_trade, exemption, implied, known_fact, reach
from hmgeo.judging.choices import Choices, unset_text
from hmgeo.judging.clause_tests import combined, evaluate, features_of
from hmgeo.judging.facts import (
    Answer,
    DistanceFact,
    Facts,
    Features,
    NumberFact,
    Outcome,
    PlaceFact,
    Side,
    Stated,
    TerrainOutcome,
    TerrainVerdict,
    Unknown,
    barred_kinds,
    unplaced,
)
from hmgeo.judging.judge import (
    Judgement,
    asked_layers,
    basis_of,
    condition_text,
    elsewhere,
    implied_sides,
    judge,
    names_key_areas,
    unset_outside_the_test,
    user_radius_rule,
    verdict_of,
)
from hmgeo.judging.layers import KeyAreasOnly, LayerFacts, LayerIndex, PlaceOnly, bank_line_fault, unread_text
from hmgeo.judging.own_columns import stated_of_row
from hmgeo.judging.places import Place, Places
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.results.siting import Measurement
from hmgeo.rules.model import AppliesTo, Condition, Exemption, Test, TradeCodes, Trades
from hmgeo.rules.words import ATTRIBUTES
from hmgeo.vocabulary import Action, Basis, Certainty, Completeness, Effect, LayerKind, Verdict
from hmgeo.words import codes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MET, NOT, UNKNOWN = Side.MET, Side.NOT_MET, Side.UNKNOWN
YES, NO, PARTLY = Answer.YES, Answer.NO, Answer.PARTLY
PARKS, HOUSES = "industrial_parks", "sensitive_sites"
IN_PARK = Test("within", MappingProxyType({"layer": PARKS}))
ENTERPRISE = Subject("enterprises")
ALL_OF, ANY_OF = partial(combined, decisive=NOT), partial(combined, decisive=MET)
MAYBE = Exemption("安全改造除外", (), (Condition("for_safety_or_ecology", expected=True),))


def judged(
    effect: Effect, fact: PlaceFact, subject: Subject = ENTERPRISE, choices: Choices | None = None, **more: object
) -> Judgement:
    rule = rule_of(IN_PARK, effect, **more)
    return judge(rule, in_force(rule), subject, FixedFacts(insides={PARKS: fact}).parts, choices or Choices())


def test_an_exception_that_may_hold_is_told_beside_a_hit_and_beside_what_meets_a_requirement_alone() -> None:
    hit = judged(Effect.BAN, PlaceFact(YES), exceptions=(MAYBE,))
    assert (hit.verdict, codes_of(hit.reasons)) == (Verdict.PROHIBITED, ("exception_unstated",))
    clear = judged(Effect.BAN, PlaceFact(NO), exceptions=(MAYBE,))
    assert (clear.verdict, codes_of(clear.reasons)) == (Verdict.CLEAR, ())
    met = judged(Effect.REQUIRE, PlaceFact(YES), exceptions=(MAYBE,))
    assert (met.verdict, codes_of(met.reasons)) == (Verdict.CLEAR, ("exception_unstated",))
    assert codes_of(judged(Effect.REQUIRE, PlaceFact(YES)).reasons) == ()
    open_ = judged(Effect.BAN, PlaceFact(NO, gap="不完整。"), exceptions=(MAYBE,))
    assert (open_.verdict, codes_of(open_.reasons)) == (Verdict.NOT_ASSESSED, codes_of(["不完整。"]))
    assert open_.reasons[-2:] == ("不完整。", "")


def test_a_side_gives_its_verdict_and_a_test_of_a_part_never_clears() -> None:
    for effect, met, not_met in (
        (Effect.BAN, Verdict.PROHIBITED, Verdict.CLEAR), (Effect.REQUIRE, Verdict.CLEAR, Verdict.PROHIBITED),
    ):  # fmt: skip
        rule = rule_of(IN_PARK, effect)
        assert [verdict_of(rule, side) for side in (MET, NOT, UNKNOWN)] == [met, not_met, Verdict.NOT_ASSESSED]
        part = rule_of(IN_PARK, effect, uncovered="其余")
        assert Verdict.CLEAR not in [verdict_of(part, side) for side in (MET, NOT)]
        assert Verdict.PROHIBITED in [verdict_of(part, side) for side in (MET, NOT)]
    mild = rule_of(IN_PARK, Effect.REQUIRE, in_principle=True)
    assert verdict_of(mild, NOT) is Verdict.CONDITIONAL


def test_what_is_not_tested_is_told_only_beside_what_would_have_been_clear() -> None:
    missed = judged(Effect.BAN, PlaceFact(NO), uncovered="其余")
    assert (missed.verdict, codes_of(missed.reasons)) == (Verdict.NOT_ASSESSED, ("part_not_tested",))
    hit = judged(Effect.BAN, PlaceFact(YES), uncovered="其余")
    assert (hit.verdict, codes_of(hit.reasons)) == (Verdict.PROHIBITED, ())


def test_a_condition_is_told_with_its_clause_and_only_where_there_is_one() -> None:
    rule = rule_of(IN_PARK, Effect.RESTRICT, condition="执行限值。")
    (said,) = condition_text(rule, value_of(), Verdict.CONDITIONAL)
    assert said == "须满足：执行限值（依据《某办法》三）。"
    assert condition_text(rule, value_of(), Verdict.PROHIBITED) == ()


def test_a_clause_that_is_not_in_force_asks_for_nothing() -> None:
    rule = rule_of(IN_PARK, Effect.BAN)
    standing = replace(in_force(rule), value=None)
    assert judge(rule, standing, ENTERPRISE, FixedFacts(insides={PARKS: PlaceFact(YES)}).parts, Choices()).verdict is (
        Verdict.NOT_ASSESSED
    )
    bare = rule_of(None, Effect.BAN)
    found = judge(bare, in_force(bare), ENTERPRISE, FixedFacts().parts, Choices())
    assert (found.verdict, found.reasons) == (Verdict.NOT_ASSESSED, ())
    assert not names_key_areas(bare)
    assert list(asked_layers(bare, Choices())) == []
    assert implied_sides(bare, ENTERPRISE) == {}


IN_AREA = Test("key_area", MappingProxyType({"area_ids": ("GX-ND",)}))


def test_a_clause_of_another_key_area_speaks_here_on_no_day() -> None:
    rule, value = rule_of(IN_AREA, Effect.BAN), value_of()

    def here(fact: PlaceFact, rule: object = rule) -> tuple[str, ...] | None:
        return elsewhere(rule, value, FixedFacts(insides={"key_areas": fact}).parts, Choices())  # type: ignore[arg-type]

    out = here(PlaceFact(NO))
    assert out is not None
    assert codes_of(out) == ("not_applicable",)
    assert here(PlaceFact(YES)) is None
    assert here(PlaceFact(NO, frozenset({YES}))) is None
    assert here(PlaceFact(YES), rule_of(IN_AREA, Effect.REQUIRE)) is not None  # whoever lies there fulfils it
    assert here(PlaceFact(NO), rule_of(IN_AREA, Effect.REQUIRE)) is None
    assert here(PlaceFact(NO), rule_of(IN_PARK, Effect.BAN)) is None
    assert elsewhere(rule, None, FixedFacts(insides={"key_areas": PlaceFact(NO)}).parts, Choices()) is None
    assert elsewhere(rule, value, None, Choices()) is None
    by_layer = Test("within", MappingProxyType({"layer": "key_areas"}))
    assert names_key_areas(rule_of(by_layer, Effect.BAN))
    assert names_key_areas(rule)
    assert not names_key_areas(rule_of(IN_PARK, Effect.BAN))


def test_where_it_is_not_known_whether_a_clause_speaks_only_a_clear_stands() -> None:
    unsaid = {"applies_to": AppliesTo(("enterprises",), actions=(Action.NEW,))}
    clear = judged(Effect.BAN, PlaceFact(NO), **unsaid)
    assert (clear.verdict, clear.other) == (Verdict.CLEAR, None)
    hit = judged(Effect.BAN, PlaceFact(YES), **unsaid)
    assert (hit.verdict, hit.other, hit.certainty) == (Verdict.NOT_ASSESSED, None, None)
    assert codes_of(hit.reasons) == ("action_unstated",)
    either = judged(Effect.BAN, PlaceFact(YES, frozenset({NO})), **unsaid)
    assert (either.verdict, either.other, either.certainty) == (
        Verdict.NOT_ASSESSED, Verdict.CLEAR, Certainty.AMBIGUOUS,
    )  # fmt: skip
    gap = judged(Effect.BAN, PlaceFact(NO, gap="不完整。"), **unsaid)
    assert (gap.verdict, gap.reasons[1:2]) == (Verdict.NOT_ASSESSED, ("不完整。",))


def test_a_radius_set_by_hand_counts_up_to_itself_and_stands_on_every_day() -> None:
    rule, standing = user_radius_rule(500.0, "enterprises")
    assert (rule.latest.in_force_from, rule.latest.value, standing.value) == (date(1, 1, 1), 500.0, rule.latest)
    for measured_m, verdict in ((500.0, Verdict.LISTED), (500.1, Verdict.CLEAR)):
        fact = DistanceFact(measured_m, measured_m, measured_m, covered_m=500.0, is_complete=True)
        found = judge(rule, standing, ENTERPRISE, FixedFacts(distances={"farmland": fact}).parts, Choices())
        assert found.verdict is verdict


def test_layers_asked_are_the_target_and_what_lies_between() -> None:
    def asked(kind: str, mode: str = "") -> list[str]:
        test = Test(kind, MappingProxyType({"layer": "intakes", "mode": "upstream_mode"}))
        return list(asked_layers(rule_of(test, Effect.BAN), chosen(upstream_mode=mode) if mode else Choices()))

    assert asked("upstream_of", "network") == ["intakes", "rivers"]
    assert asked("upstream_of", "catchment") == ["intakes", "elevation"]
    assert asked("upstream_of") == ["intakes", "rivers", "elevation"]
    assert asked("within") == ["intakes"]
    assert asked("within", "network") == ["intakes"]
    assert asked("maximum_distance", "flow_path") == ["intakes", "elevation"]
    assert list(asked_layers(rule_of(Test("slope", {}), Effect.BAN), Choices())) == ["elevation"]
    rule = rule_of(IN_PARK, Effect.BAN)
    assert basis_of(rule, Choices(), Basis.REAL, {PARKS: Basis.APPROXIMATE}) is Basis.APPROXIMATE
    assert basis_of(rule, Choices(), Basis.REAL, {"farmland": Basis.SYNTHETIC}) is Basis.REAL


def test_open_points_that_no_test_reads_are_named() -> None:
    outside = rule_of(IN_PARK, Effect.BAN, parameters=("surroundings_m",))
    assert unset_outside_the_test(outside, Choices()) == ["surroundings_m"]
    assert unset_outside_the_test(outside, chosen(surroundings_m=500.0)) == []
    by_test = Test("maximum_distance", {"layer": HOUSES, "limit": "surroundings_m"})
    read = rule_of(by_test, Effect.BAN, parameters=("surroundings_m",))
    assert unset_outside_the_test(read, Choices()) == []
    assert unset_outside_the_test(rule_of(IN_PARK, Effect.BAN), Choices()) == []
    found = judged(Effect.BAN, PlaceFact(NO), parameters=("surroundings_m",))
    assert (found.verdict, codes_of(found.reasons)) == (Verdict.NOT_ASSESSED, ("parameter_unset_hinted",))
    gap = judged(Effect.BAN, PlaceFact(NO, gap="不完整。"), parameters=("surroundings_m",))
    assert "不完整。" in gap.reasons


def number(kind: str, told: float, low: float | None = None, high: float | None = None, **limits: float) -> Outcome:
    return ask("slope", FixedFacts(slope_fact=NumberFact(told, low, high)), comparison=kind, **limits)


TOP = 15.0


@pytest.mark.parametrize(
    ("kind", "numbers", "limits", "possible"),
    [
        ("at_least", (25.0,), {"value": 25.0}, {MET}), ("at_least", (24.9,), {"value": 25.0}, {NOT}),
        ("at_most", (25.0,), {"value": 25.0}, {MET}), ("at_most", (25.1,), {"value": 25.0}, {NOT}),
        ("at_least", (6.0,), {"value": 6.0, "upper": TOP}, {MET}),
        ("at_least", (15.0,), {"value": 6.0, "upper": TOP}, {MET}),
        ("at_least", (5.9,), {"value": 6.0, "upper": TOP}, {NOT}),
        ("at_least", (15.1,), {"value": 6.0, "upper": TOP}, {NOT}),
        ("at_most", (5.0, 5.0, 6.0), {"value": 6.0, "upper": TOP}, {NOT, MET}),
        ("at_most", (16.0, 15.0, 17.0), {"value": 6.0, "upper": TOP}, {NOT, MET}),
        ("at_least", (5.0, 4.0, 20.0), {"value": 6.0, "upper": TOP}, {NOT, MET}),  # passes through
        ("at_least", (5.0, 4.0, 5.9), {"value": 6.0, "upper": TOP}, {NOT}),
    ],
)  # fmt: skip
def test_numbers_meet_limits_inclusively(
    kind: str, numbers: tuple[float, ...], limits: dict[str, float], possible: set[Side]
) -> None:
    assert number(kind, *numbers, **limits).possible == possible


def test_a_number_is_told_with_its_unit_and_ends() -> None:
    told = number("at_least", 30.0, 28.0, 31.0, value=25.0).measurement
    assert told is not None
    assert (told.value, told.low, told.high, told.limit, told.text) == (30.0, 28.0, 31.0, 25.0, "30 °")
    assert NumberFact(3.0).ends == (3.0, 3.0)
    assert NumberFact(3.0, 1.0, 4.0).ends == (1.0, 4.0)
    assert ask("slope", FixedFacts(), value=25.0, comparison="at_least").given is UNKNOWN
    ratio = ask("ratio", FixedFacts(quotient=1.2), value=1.2, comparison="at_least")
    assert (ratio.given, ratio.measurement and ratio.measurement.text) == (MET, "1.2")
    assert codes_of(ask("ratio", FixedFacts(quotient=1.2), comparison="at_least").why) == ("ratio_not_set",)
    for quotient, given in ((1.0, MET), (0.99, NOT)):
        assert ask("ratio", FixedFacts(quotient=quotient), comparison="at_least", equal="yes").given is given


def test_a_share_is_held_against_the_chosen_or_the_written_limit() -> None:
    facts = FixedFacts(shares={PARKS: NumberFact(50.0, 50.0, 50.0)})
    written = ask("overlap_share", facts, value=50.0, layer=PARKS)
    assert (written.given, written.why) == (MET, ())
    assert codes_of(ask("overlap_share", facts, layer=PARKS).why) == ("share_not_set",)
    unset = ask("overlap_share", facts, value=50.0, layer=PARKS, limit="surroundings_m")
    assert codes_of(unset.why) == ("parameter_unset_hinted",)
    picked = ask("overlap_share", facts, choices=chosen(surroundings_m=51.0), layer=PARKS, limit="surroundings_m")
    assert (picked.given, len(picked.why)) == (NOT, 1)
    assert ask("overlap_share", FixedFacts(), value=50.0, layer=PARKS).given is UNKNOWN


def open_limit(fact: DistanceFact, kind: str = "maximum_distance") -> Outcome:
    return ask(kind, FixedFacts(distances={HOUSES: fact}), layer=HOUSES, limit="surroundings_m")


def fact_of(low_m: float, covered_m: float | None = 9e3, *, complete: bool = True, **more: object) -> DistanceFact:
    return DistanceFact(low_m, low_m, low_m, covered_m=covered_m, is_complete=complete, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fact", "reach"),
    [
        (fact_of(850.9), "850 m"), (fact_of(2_590.0), "2.5 km"), (fact_of(1_000.0), "1.0 km"),
        (fact_of(999.9), "999 m"),
        (fact_of(2_590.0, 700.0), "700 m"), (fact_of(1.0), "1 m"), (fact_of(0.9), ""), (fact_of(850.0, None), ""),
        (fact_of(850.0, complete=False), ""), (fact_of(850.0, untold_m=300.0), "300 m"),
    ],
)  # fmt: skip
def test_without_a_chosen_distance_it_is_told_below_which_nothing_is_touched(fact: DistanceFact, reach: str) -> None:
    found = open_limit(fact)
    assert (found.given, found.others) == (UNKNOWN, frozenset())
    assert codes_of(found.why) == ("parameter_unset_hinted", *(["untouched_below"] if reach else []))
    assert not reach or reach in found.why[1]
    assert found.measurement is not None
    assert (found.measurement.value, found.measurement.limit) == (fact.measured_m, None)
    assert codes_of(open_limit(fact, "minimum_distance").why) == ("parameter_unset_hinted",)


def test_a_distance_without_a_limit_is_open_for_that_reason() -> None:
    facts = FixedFacts(distances={HOUSES: fact_of(5.0)})
    assert codes_of(ask("maximum_distance", facts, layer=HOUSES).why) == ("distance_not_set",)
    missing = ask("maximum_distance", FixedFacts(), layer=HOUSES, limit="surroundings_m")
    assert codes_of(missing.why) == ("parameter_unset_hinted",)


def within_1_km(fact: DistanceFact, kind: str = "maximum_distance") -> Outcome:
    return ask(kind, FixedFacts(distances={HOUSES: fact}), value=1000.0, layer=HOUSES)


def test_a_feature_that_may_count_opens_a_miss_up_to_the_limit() -> None:
    for untold_m, given in ((1000.0, UNKNOWN), (1000.1, NOT)):
        found = within_1_km(fact_of(5000.0, untold_m=untold_m, untold_why="看不懂。"))
        assert (found.given, found.why) == (given, ("看不懂。",) if given is UNKNOWN else ())
    for untold_m, given in ((999.9, UNKNOWN), (1000.0, MET)):
        assert within_1_km(fact_of(5000.0, untold_m=untold_m, untold_why="x"), "minimum_distance").given is given
    hit = within_1_km(fact_of(10.0, untold_m=5.0, untold_why="看不懂。"))
    assert (hit.given, hit.others, hit.why) == (MET, frozenset(), ())


def test_far_along_water_is_not_met_and_says_which_distances() -> None:
    fields = {"layer": "intakes", "limit": "max_upstream_m", "mode": "upstream_mode"}

    def along(fact: PlaceFact | None, straight: DistanceFact | None, mode: str = "network") -> Outcome:
        facts = FixedFacts(
            flows={} if fact is None else {"intakes": fact}, distances={} if straight is None else {"intakes": straight}
        )
        choices = chosen(upstream_mode=mode, max_upstream_m=5000.0, snap_distance_m=300.0)
        return ask("upstream_of", facts, choices=choices, **fields)

    far = fact_of(5_600.1, 99_000.0)
    assert along(None, far).given is NOT
    assert codes_of(along(None, far).why) == ("too_far_for_water", "distance_chosen")
    assert along(None, fact_of(5_600.0, 99_000.0)).given is UNKNOWN
    assert len(along(None, fact_of(5_600.0, 99_000.0)).why) == 1  # nothing was asked within the chosen distance
    assert along(None, far, "catchment").given is NOT
    assert along(None, fact_of(5_300.0, 99_000.0), "catchment").given is UNKNOWN
    assert along(None, replace(far, is_approximate=True)).given is UNKNOWN
    assert along(None, replace(far, untold_m=5_000.0)).given is UNKNOWN
    assert along(None, replace(far, covered_m=5_599.0)).given is UNKNOWN
    assert along(None, replace(far, covered_m=5_600.0)).given is NOT
    assert along(None, None).given is UNKNOWN
    met = along(PlaceFact(YES, frozenset({NO}), gap="断。"), far)
    assert met.given is MET  # what the water was seen to join isn't undone by a distance
    assert along(PlaceFact(NO), far).why == along(PlaceFact(NO), None).why
    assert len(along(PlaceFact(NO, gap="断。"), None).why) == 2


def test_the_way_down_is_told_with_its_length_and_the_chosen_width() -> None:
    facts = FixedFacts(flows={HOUSES: PlaceFact(YES, receptor_id="H", receptor_name="村", measured_m=400.0)})
    fields = {"layer": HOUSES, "mode": "upstream_mode"}
    unset = ask("maximum_distance", facts, value=1000.0, choices=chosen(upstream_mode="flow_path"), **fields)
    assert (unset.given, len(unset.why)) == (UNKNOWN, 1)
    choices = chosen(upstream_mode="flow_path", path_beside_m=50.0)
    found = ask("maximum_distance", facts, value=1000.0, choices=choices, **fields)
    assert (found.given, facts.asked[1:]) == (MET, (1000.0, 50.0))
    assert found.measurement is not None
    assert (found.measurement.value, found.measurement.receptor_name) == (400.0, "村")
    assert "400 m" in found.measurement.text
    none = ask("maximum_distance", FixedFacts(flows={HOUSES: PlaceFact(NO)}), value=1000.0, choices=choices, **fields)
    assert (none.given, none.measurement and none.measurement.text) == (NOT, "")


def test_partly_inside_is_read_as_chosen_and_whatever_else_is_possible_too() -> None:
    def part(code: str, fact: PlaceFact) -> set[Side]:
        facts = FixedFacts(insides={PARKS: fact})
        return set(ask("within", facts, choices=chosen(upstream_mode=code), layer=PARKS, part="upstream_mode").possible)

    half = PlaceFact(PARTLY, frozenset({YES, NO}), centroid_inside=True)
    assert part("any", PlaceFact(PARTLY)) == {MET}
    assert part("whole", PlaceFact(PARTLY)) == {NOT}
    assert part("centroid", PlaceFact(PARTLY, centroid_inside=True)) == {MET}
    assert part("centroid", PlaceFact(PARTLY, centroid_inside=False)) == {NOT}
    assert part("centroid", PlaceFact(PARTLY)) == {UNKNOWN}
    assert part("any", half) == {MET, NOT}
    assert part("any", PlaceFact(YES, frozenset({PARTLY}))) == {MET}
    assert part("", PlaceFact(YES)) == {MET}


def test_classes_and_areas_are_those_of_the_test_where_no_extent_is_chosen() -> None:
    test = Test("within", MappingProxyType({"layer": "farmland", "classes": ("严格管控类",), "area_ids": ("GX-ND",)}))
    assert features_of(test, Choices()) == Features("farmland", ("严格管控类",), area_ids=("GX-ND",))
    extent = Test("key_area", MappingProxyType({"area_ids": ("GD-QC",), "extent": "key_area_extent"}))
    assert features_of(extent, chosen(key_area_extent="towns")).area_ids == ("GD-QC-LT", "GD-QC-SJ")
    assert features_of(extent, Choices()).area_ids == ("GD-QC",)


def test_what_kind_and_trade_imply_is_met_not_met_or_both() -> None:
    test = Test("attribute", MappingProxyType({"attribute": "for_safety_or_ecology"}))
    from hmgeo.judging.clause_tests import Inquiry  # noqa: PLC0415

    def implying(*sides: Side, said: dict[str, bool] | None = None, expected: str = "") -> Outcome:
        asked = Test("attribute", MappingProxyType({**test.fields, **({"expected": expected} if expected else {})}))
        facts = Facts(stated=Stated(said or {}))
        return evaluate(asked, Inquiry(value_of(), facts, Choices(), MET, {"for_safety_or_ecology": frozenset(sides)}))

    assert implying(MET).possible == {MET}
    assert implying(NOT).possible == {NOT}
    assert implying(MET, expected="no").possible == {NOT}
    both = implying(MET, NOT)
    assert (both.given, both.others, codes_of(both.why)) == (MET, frozenset({NOT}), ("graver_side_taken",))
    assert implying(MET, said={"for_safety_or_ecology": False}).possible == {NOT}  # what is stated comes first
    assert implying(MET).why == ()


BOX = shapely.box(113.00, 23.00, 113.02, 23.02)
HOLE = shapely.box(113.10, 23.00, 113.12, 23.02)


def index(
    *rows: tuple[str, str, str, shapely.Geometry, dict[str, bool]],
    kind: LayerKind = LayerKind.INDUSTRIAL_PARKS,
    errors_m: dict[str, float] | None = None,
    **gates: object,
) -> LayerIndex:
    whole = {"coverage": shapely.box(112, 22, 114, 24), "scope": "某市", "completeness": Completeness.COMPLETE} | gates
    made = [
        {"receptor_id": one, "name": name, "class": word, "township": "", "geometry": shapely.to_wkb(shape),
         "stated": list(said.items())}
        for one, name, word, shape, said in rows
    ]  # fmt: skip
    table = pa.Table.from_pylist(made, RECEPTOR_SCHEMA)
    held = Gates(whole["coverage"], whole["scope"], whole["completeness"])  # type: ignore[arg-type]
    layer = Layer("parks", kind, Basis.REAL, Provenance("a.gpkg"), table.to_batches, held)
    return LayerIndex(replace(layer, errors_m=errors_m or {}))


PARK = ("A", "甲园", "", BOX, {"park_lawful": True})
FEATURES = Features(PARKS)


def facts(geometry: shapely.Geometry, off_m: float = 0.0, *rows: object, **more: object) -> LayerFacts:
    held = index(*(rows or (PARK,)), **more)  # type: ignore[arg-type]
    return LayerFacts(geometry, off_m, {PARKS: held}, Places(Place("441802")))


def point(east_m: float) -> shapely.Point:
    """Return a point so far east of the box's eastern edge, half-way up."""
    lon, lat, _ = GEOD.fwd(113.02, 23.01, 90, east_m)
    return shapely.Point(lon, lat)


def test_depth_is_how_far_inside_and_none_outside() -> None:
    assert facts(shapely.Point(113.02, 23.01)).depth_m(FEATURES) == 0.0
    assert facts(point(-7.5)).depth_m(FEATURES) == pytest.approx(7.5, abs=1e-3)
    assert facts(point(-0.5)).depth_m(FEATURES) == pytest.approx(0.5, abs=1e-3)
    assert facts(point(0.01)).depth_m(FEATURES) is None
    assert facts(shapely.box(113.01, 23.005, 113.03, 23.01)).depth_m(FEATURES) is None  # across the edge
    assert facts(point(-5)).depth_m(Features("farmland")) is None


def test_a_point_on_the_edge_is_inside_and_any_error_opens_it() -> None:
    on = facts(shapely.Point(113.02, 23.01)).inside(FEATURES)
    assert isinstance(on, PlaceFact)
    assert (on.answer, on.others, on.centroid_inside) == (YES, frozenset(), None)
    for off_m, others in ((7.4, frozenset()), (7.6, frozenset({NO}))):
        found = facts(point(-7.5), off_m).inside(FEATURES)
        assert isinstance(found, PlaceFact)
        assert (found.answer, found.others) == (YES, others)
    for off_m, others in ((7.4, frozenset()), (7.6, frozenset({YES}))):
        found = facts(point(7.5), off_m).inside(FEATURES)
        assert isinstance(found, PlaceFact)
        assert (found.answer, found.others, found.receptor_name) == (NO, others, "甲园" if others else "")


def test_a_shape_near_the_edge_may_be_partly_inside() -> None:
    shape = shapely.box(113.005, 23.005, 113.0199, 23.015)  # some ten metres off the edge
    for off_m, others in ((9.0, frozenset()), (12.0, frozenset({PARTLY}))):
        found = facts(shape, off_m).inside(FEATURES)
        assert isinstance(found, PlaceFact)
        assert (found.answer, found.others, found.centroid_inside) == (YES, others, True)
    across = facts(shapely.box(113.019, 23.005, 113.03, 23.015)).inside(FEATURES)
    assert isinstance(across, PlaceFact)
    assert (across.answer, across.others, across.centroid_inside) == (PARTLY, frozenset(), False)


UNTOLD = ("B", "乙园", "", shapely.box(113.02, 23.00, 113.04, 23.02), {})
LAWFUL = Features(PARKS, having=("park_lawful",))


def test_what_nobody_states_is_neither_inside_nor_outside() -> None:
    in_untold = facts(point(100), 0.0, PARK, UNTOLD).inside(LAWFUL)
    assert isinstance(in_untold, Unknown)
    assert "乙园" in in_untold.why
    shape = shapely.box(113.01, 23.005, 113.03, 23.015)
    across = facts(shape, 0.0, PARK, UNTOLD).inside(LAWFUL)
    assert isinstance(across, PlaceFact)
    assert (across.answer, across.others) == (PARTLY, frozenset({YES}))
    beyond = shapely.box(113.01, 23.005, 113.05, 23.015)
    out = facts(beyond, 0.0, PARK, UNTOLD).inside(LAWFUL)
    assert isinstance(out, PlaceFact)
    assert (out.answer, out.others) == (PARTLY, frozenset())
    unlawful = ("B", "乙园", "", UNTOLD[3], {"park_lawful": False})
    found = facts(point(100), 0.0, PARK, unlawful).inside(LAWFUL)
    assert isinstance(found, PlaceFact)
    assert found.answer is NO
    lacking = facts(point(100), 0.0, PARK, unlawful).inside(Features(PARKS, lacking=("park_lawful",)))
    assert isinstance(lacking, PlaceFact)
    assert (lacking.answer, lacking.receptor_id) == (YES, "B")


def test_a_gap_is_told_where_a_feature_that_may_count_lies_on_the_spot() -> None:
    near = facts(point(-5), 0.0, PARK, UNTOLD).inside(LAWFUL)
    assert isinstance(near, PlaceFact)
    assert near.answer is YES
    distance = facts(point(-5), 0.0, PARK, UNTOLD).distance(LAWFUL)
    assert isinstance(distance, DistanceFact)
    assert (distance.measured_m, distance.untold_m) == (0.0, pytest.approx(5.0, abs=1e-3))
    assert "乙园" in distance.untold_why
    none = facts(point(-5)).distance(LAWFUL)
    assert isinstance(none, DistanceFact)
    assert (none.untold_m, none.untold_why) == (math.inf, "")
    out = facts(shapely.Point(113.021, 23.03), 5.0, PARK, UNTOLD).inside(LAWFUL)
    assert isinstance(out, PlaceFact)
    assert (out.answer, out.gap) == (NO, "")


def test_features_as_unsure_as_they_are_may_be_nearer_than_the_nearest() -> None:
    rows = (PARK, ("B", "乙园", "", shapely.box(112.9, 23.00, 112.99, 23.02), {"park_lawful": True}))
    here = shapely.Point(112.9951, 23.01)  # some 523 m from B, 502 m from A
    near = facts(here, 0.0, *rows).distance(FEATURES)
    assert isinstance(near, DistanceFact)
    assert near.low_m == near.high_m == pytest.approx(502.0, abs=0.5)
    rough = facts(here, 10.0, *rows, errors_m={"B": 100.0}).distance(FEATURES)
    assert isinstance(rough, DistanceFact)
    assert rough.measured_m == near.measured_m
    assert rough.uncertainty_m == 10.0  # that of the nearest feature
    assert rough.low_m == pytest.approx(522.8 - 110, abs=0.5)  # B may come nearer than A
    assert rough.high_m == pytest.approx(502.0 + 10, abs=0.5)  # A lies no farther than that
    far = facts(shapely.Point(113.05, 23.01), 0.0, PARK, errors_m={"A": 30.0}).distance(FEATURES)
    assert isinstance(far, DistanceFact)
    assert far.measured_m is not None
    assert (far.low_m, far.high_m) == pytest.approx((far.measured_m - 30, far.measured_m + 30), abs=1e-3)
    assert facts(point(7.5), 0.0, PARK, errors_m={"A": 8.0}).inside(FEATURES).others == {YES}  # type: ignore[union-attr]
    assert facts(point(7.5), 0.0, PARK, errors_m={"A": 7.0}).inside(FEATURES).others == set()  # type: ignore[union-attr]


def test_touching_counts_up_to_the_tolerance() -> None:
    for tolerance_m, answer in ((7.51, YES), (7.49, NO)):
        found = facts(point(7.5)).touches(FEATURES, tolerance_m)
        assert isinstance(found, PlaceFact)
        assert (found.answer, found.others, found.receptor_id) == (answer, frozenset(), "A" if answer is YES else "")
    on = facts(shapely.Point(113.02, 23.01)).touches(FEATURES, 0.0)
    assert isinstance(on, PlaceFact)
    assert (on.answer, on.others) == (YES, frozenset())
    may = facts(point(7.5), 2.0).touches(FEATURES, 9.0)
    assert isinstance(may, PlaceFact)
    assert (may.answer, may.others) == (YES, frozenset({NO}))
    nothing = facts(point(7.5)).touches(LAWFUL, 9.0)
    assert isinstance(nothing, PlaceFact)
    assert nothing.answer is YES
    none = facts(point(7.5), 0.0, PARK).touches(Features(PARKS, lacking=("park_lawful",)), 9.0)
    assert isinstance(none, PlaceFact)
    assert (none.answer, none.others, none.receptor_name) == (NO, frozenset(), "")


def test_a_share_needs_an_outline_and_counts_what_may_count_as_its_most() -> None:
    assert isinstance(facts(point(5)).share(FEATURES), Unknown)
    half = shapely.box(113.01, 23.005, 113.03, 23.015)
    plain = facts(half).share(FEATURES)
    assert isinstance(plain, NumberFact)
    assert plain.ends == pytest.approx((50.0, 50.0), abs=1e-3)
    open_ = facts(half, 0.0, PARK, UNTOLD).share(LAWFUL)
    assert isinstance(open_, NumberFact)
    assert open_.ends == pytest.approx((50.0, 100.0), abs=1e-3)


def test_words_of_classes_are_those_met_and_those_not_understood_are_named() -> None:
    held = index(
        ("A", "甲地", "严格管控类", BOX, {}), ("B", "", "三类", HOLE, {}), ("C", "丙地", "", HOLE, {}),
        ("D", "丁地", "三类", HOLE, {}), ("E", "戊地", "/", HOLE, {}), kind=LayerKind.FARMLAND,
    )  # fmt: skip
    assert held.class_words == ("严格管控类", "三类", "/")
    assert held.labels()[0] == "甲地"
    assert [codes_of([one])[0] for one in held.labels()[1:]] == [
        "named_class_unread", "named_class_blank", "named_class_unread", "named_class_blank",
    ]  # fmt: skip
    assert "B" in held.label(1)
    assert "三类" in held.label(1)
    assert [held.unread_word(row) for row in range(5)] == ["", "三类", "", "三类", ""]  # a dash is a blank
    strict = Features("farmland", ("严格管控类",))
    assert held.states(strict).tolist() == [1, 0, 0, 0, 0]
    assert held.states(Features("farmland", ("安全利用类",))).tolist() == [-1, 0, 0, 0, 0]
    assert held.states(Features("farmland", ("三类",))).tolist() == [-1, 1, 0, 1, 0]
    assert [held.counts(row, strict) for row in (0, 1)] == [True, None]
    assert held.counts(0, Features("farmland", ("安全利用类",))) is False
    parks = index(("A", "甲园", "三类", BOX, {}))
    assert parks.labels() == ["甲园"]  # a park has no class to be understood
    assert codes_of([unread_text(strict, ["三类", "严格管控类"])])[0] == "classes_unread"
    assert unread_text(strict, ["严格管控类"]) == ""
    assert unread_text(Features("farmland"), ["三类"]) == ""


def test_bank_lines_are_needed_as_such() -> None:
    code = "river_shoreline_main"

    def fault(held: dict[str, LayerIndex]) -> tuple[str, ...]:
        found = bank_line_fault(code, held)
        return () if found is None else codes_of([found.why])

    plain = index(("A", "", "岸线", BOX, {}), kind=LayerKind.RIVERS)
    assert bank_line_fault(PARKS, {}) is None
    assert fault({code: plain}) == ()
    assert "rivers_are_no_banks" not in fault({})
    assert "rivers_are_no_banks" in fault({"rivers": plain})
    assert fault({code: index(("A", "", "河道中心线", BOX, {}))}) == ("banks_are_centrelines",)
    rough = LayerIndex(replace(plain.layer, basis=Basis.APPROXIMATE))
    assert fault({code: rough}) == ("banks_approximate",)


def test_layers_that_tell_key_areas_alone_tell_nothing_else() -> None:
    area = Features("key_areas", area_ids=("GD-QC",))
    only = KeyAreasOnly(facts(point(-5)))
    for one in (only, PlaceOnly(Places(Place("441802")))):
        held = one.inside(area)
        assert isinstance(held, PlaceFact)
        assert held.answer is YES
        assert isinstance(one.inside(FEATURES), Unknown)


def trades(*codes: str, parts: Sequence[str] = ()) -> AppliesTo:
    return AppliesTo(("enterprises",), trades=Trades(lists=(TradeCodes(2017, codes),), parts=tuple(parts)))


def side(applies: AppliesTo, subject: Subject, doubt: str = "", **more: object) -> tuple[Side, tuple[str, ...]]:
    found = reach(rule_of(IN_PARK, Effect.BAN, applies_to=applies, **more), subject, Choices(), doubt)
    return found.side, codes_of([found.why])


def test_a_clause_reaches_kinds_actions_and_trades_that_it_names() -> None:
    assert side(AppliesTo(("enterprises",)), ENTERPRISE) == (MET, ())
    assert side(AppliesTo(("tailings_ponds",)), ENTERPRISE)[0] is NOT
    assert side(AppliesTo(("tailings_ponds",)), replace(ENTERPRISE, doubts={"kind": "类别不明"}))[0] is UNKNOWN
    new = AppliesTo(("enterprises",), actions=(Action.NEW,))
    assert side(new, ENTERPRISE) == (UNKNOWN, ("action_unstated",))
    assert side(new, replace(ENTERPRISE, action=Action.NEW))[0] is MET
    assert side(new, replace(ENTERPRISE, action=Action.RECONSTRUCT))[0] is NOT
    assert side(new, replace(ENTERPRISE, action=Action.NEW, doubts={"action": "矛盾"}))[0] is UNKNOWN
    standing = AppliesTo(("enterprises",), is_existing=True)
    assert side(standing, ENTERPRISE)[0] is MET
    assert side(standing, replace(ENTERPRISE, action=Action.RECONSTRUCT))[0] is MET
    assert side(standing, replace(ENTERPRISE, action=Action.NEW))[0] is NOT
    assert side(standing, replace(ENTERPRISE, action=Action.NEW, doubts={"action": "矛盾"}))[0] is UNKNOWN
    listed = trades("3360")
    assert side(listed, replace(ENTERPRISE, trade_code="3360", trade_edition="2017"))[0] is MET
    assert side(listed, replace(ENTERPRISE, trade_code="1711", trade_edition="2017"))[0] is NOT
    assert side(listed, ENTERPRISE) == (UNKNOWN, ("trade_unstated",))
    assert side(listed, replace(ENTERPRISE, trade_code="电镀一类")) == (UNKNOWN, ("trade_unreadable",))


def test_a_basin_that_the_place_does_not_tell_is_what_the_row_states() -> None:
    everyone = AppliesTo(("enterprises",))

    def basin(**said: bool | Unknown) -> tuple[Side, tuple[str, ...]]:
        return side(everyone, Subject("enterprises", attributes=said), "流域不明。", basin="yangtze")

    assert basin()[0] is UNKNOWN
    assert basin(in_yangtze_basin=True)[0] is MET
    assert basin(in_yangtze_basin=False)[0] is NOT
    assert codes_of(["x"]) == codes_of(["x"])
    assert basin(in_yangtze_basin=Unknown("矛盾。"))[0] is UNKNOWN


def test_a_situation_that_is_denied_or_confirmed_is_said_as_such() -> None:
    def under(*, expected: bool, known: bool | None) -> tuple[Side, tuple[str, ...]]:
        applies = AppliesTo(("enterprises",), conditions=(Condition("for_safety_or_ecology", expected=expected),))
        said = {} if known is None else {"for_safety_or_ecology": known}
        rule = rule_of(IN_PARK, Effect.BAN, applies_to=applies)
        found = reach(rule, Subject("enterprises", attributes=said), Choices())
        return found.side, (str(found.why),)

    assert under(expected=True, known=True)[0] is under(expected=False, known=False)[0] is MET
    denied, confirmed = under(expected=True, known=False), under(expected=False, known=True)
    assert denied[0] is confirmed[0] is NOT
    word = ATTRIBUTES["for_safety_or_ecology"]  # what is said is the subject's state, as of trade and action
    assert denied[1] == (f"原因：情形（非{word}）不在条款适用范围。",)
    assert confirmed[1] == (f"原因：情形（{word}）不在条款适用范围。",)
    assert under(expected=True, known=None)[0] is UNKNOWN


def test_what_is_stated_comes_before_what_kind_and_trade_imply() -> None:
    moved = Subject("enterprises", action=Action.RELOCATE)
    assert known_fact(moved, "is_relocation") == (True, False)
    assert known_fact(replace(moved, attributes={"is_relocation": False}), "is_relocation") == (False, False)
    assert known_fact(ENTERPRISE, "for_safety_or_ecology") == (None, False)
    assert implied(ENTERPRISE, "for_safety_or_ecology") is None


def test_of_several_exceptions_the_one_that_is_known_speaks() -> None:
    known = Exemption("搬迁除外", (), (Condition("is_relocation", expected=True),), text_zh="搬入园区")
    rule = rule_of(IN_PARK, Effect.BAN, exceptions=(MAYBE, known))
    held = exemption(rule, Subject("enterprises", attributes={"is_relocation": True}))
    assert held is not None
    assert (held.is_known, codes_of([held.why])) == (True, ("exempt_since",))
    plain = exemption(rule_of(IN_PARK, Effect.BAN, exceptions=(replace(known, text_zh=""),)), Subject(
        "enterprises", attributes={"is_relocation": True}
    ))  # fmt: skip
    assert plain is not None
    assert codes_of([plain.why]) == ("exempt",)
    may = exemption(rule, ENTERPRISE)
    assert may is not None
    assert not may.is_known
    neither = Subject("enterprises", attributes={"is_relocation": False, "for_safety_or_ecology": False})
    assert exemption(rule, neither) is None
    unsure = Subject("enterprises", attributes={"is_relocation": Unknown("矛盾。")})
    doubted = exemption(rule_of(IN_PARK, Effect.BAN, exceptions=(known,)), unsure)
    assert doubted is not None
    assert codes_of([doubted.why])[0] == "exception_doubted"
    by_action = Exemption("改建除外", (Action.RECONSTRUCT,), ())
    only = rule_of(IN_PARK, Effect.BAN, exceptions=(by_action,))
    assert exemption(only, replace(ENTERPRISE, action=Action.NEW)) is None
    unsaid = exemption(only, ENTERPRISE)
    assert unsaid is not None
    assert codes_of([unsaid.why])[0] == "exception_unstated"
    taken = exemption(only, replace(ENTERPRISE, action=Action.RECONSTRUCT))
    assert taken is not None
    assert taken.is_known
    contradicted = exemption(only, replace(ENTERPRISE, action=Action.NEW, doubts={"action": "矛盾"}))
    assert contradicted is not None
    assert not contradicted.is_known


def test_cadmium_by_trade_is_read_in_its_edition() -> None:
    listed, unlisted = (_by_trade(code, "2017", "2017", ("3212",)).word for code in ("3212", "1711"))
    assert listed != unlisted != ""


def test_sentences_for_unset_parameters_name_their_hints() -> None:
    assert codes_of([unset_text("surroundings_m")]) == ("parameter_unset_hinted",)
    assert codes_of([unset_text("max_upstream_m")]) == ("parameter_unset",)
    assert "nowhere" in unset_text("nowhere")


def test_stated_numbers_and_ratios() -> None:
    stated = Stated({}, {"capacity": 3.0})
    assert stated.number("capacity") == 3.0
    assert stated.number("other") is None
    assert isinstance(Stated({}, {"capacity": 3.0}, doubt="矛盾。").number("capacity"), Unknown)


def ratio(added: dict[str, float], offset: dict[str, float], basis: str, **more: object) -> float | None:
    stated = Stated(added_kg=added, offset_kg=offset, **more)  # type: ignore[arg-type]
    found = stated.ratio("offset_kg", "added_emission_kg", basis)
    return None if isinstance(found, Unknown) else found


def test_an_offset_is_that_of_the_least_replaced_metal_or_of_the_sums() -> None:
    added, offset = {"Cd": 2.0, "Pb": 0.0, "As": 0.5}, {"Cd": 2.4, "Pb": 9.0, "As": 0.5}
    assert ratio(added, offset, "per_metal") == 1.0  # a metal that isn't added needs no replacement
    assert ratio(added, {"Cd": 2.4}, "per_metal") == 0.0  # one that nothing replaces has none
    assert ratio(added, {}, "per_metal") is None
    assert ratio({}, offset, "per_metal") is None
    assert ratio({"Cd": 0.0}, offset, "per_metal") is None
    assert ratio({"Cd": 2.0}, {"Cd": 2.4}, "sum_of_five") == 1.2
    assert ratio({"Cd": 2.0}, {}, "sum_of_five", numbers={"offset_kg": 3.0}) == 1.5
    assert ratio({}, {"Cd": 2.4}, "sum_of_five", numbers={"added_emission_kg": 2.0}) == 1.2
    assert ratio({}, {"Cd": 2.4}, "sum_of_five", numbers={"added_emission_kg": 0.0}) is None
    assert ratio({"Cd": 2.0}, {}, "sum_of_five") is None
    assert ratio({"Cd": 2.0}, {"Cd": 2.4}, "sum_of_five", quotient=7.0) == 7.0
    assert ratio({"Cd": 2.0}, {"Cd": 2.4}, "sum_of_five", doubt="矛盾。") is None
    other = Stated(added_kg={"Cd": 2.0}, offset_kg={"Cd": 2.4}).ratio(
        "added_emission_kg", "added_emission_kg", "sum_of_five"
    )
    assert isinstance(other, Unknown)


def test_only_the_five_metals_replace_and_are_replaced() -> None:
    assert ratio({"Pb": 10.0}, {"Sb": 12.0}, "sum_of_five") == 0.0  # antimony replaces no lead
    assert ratio({"Pb": 10.0}, {"Pb": 6.0, "Tl": 6.0}, "sum_of_five") == 0.6
    assert ratio({"Pb": 10.0, "Tl": 1.0}, {"Pb": 12.0}, "sum_of_five") == 1.2
    assert ratio({"Pb": 10.0, "Tl": 1.0}, {"Pb": 12.0}, "per_metal") == 1.2
    assert ratio({"Tl": 1.0}, {"Tl": 1.2}, "per_metal") is None


def test_an_amount_below_zero_is_unread_and_meets_no_offset() -> None:
    """-6 by -5 would be 1.2, and -20 kg of one metal would take away what 10 kg of another needs."""
    for cells in (
        {"新增铅(kg/a)": "-5", "替代量(kg/a)": "-6"},
        {"新增铅(kg/a)": "10", "新增镉(kg/a)": "-20", "替代量(kg/a)": "12"},
        {"新增铅(kg/a)": "10", "替代铅(kg/a)": "-12"},
        {"新增重点重金属排放量": "-5", "替代量(kg/a)": "6"},
    ):
        said = stated_of_row(cells, {})
        for basis in ("per_metal", "sum_of_five"):
            found = said.ratio("offset_kg", "added_emission_kg", basis)
            assert isinstance(found, Unknown), (cells, basis)
            assert "看不懂" in found.why
    assert isinstance(stated_of_row({"新增铅(kg/a)": "-5"}, {}).attribute("adds_heavy_metal_emission"), Unknown)


def test_nothing_is_known_of_where_a_source_lies_without_a_position() -> None:
    said = Stated({"for_safety_or_ecology": True})
    nowhere, doubted = unplaced(said), unplaced(said, "位置不能采信。")
    assert nowhere.stated is doubted.stated is said
    assert doubted.layers.inside(FEATURES) == Unknown("位置不能采信。")
    assert doubted.ground.slope() == doubted.water.upstream(FEATURES, 1.0, "") == Unknown("位置不能采信。")
    assert codes_of([nowhere.layers.inside(FEATURES).why]) == ("place_unknown",)
    assert nowhere.ground.slope() == Facts().ground.slope() != Unknown("位置不能采信。")


def test_real_sources_are_held_against_no_invented_layer() -> None:
    real, drawn = index(PARK).layer, index(PARK, kind=LayerKind.RIVERS).layer
    invented = replace(drawn, basis=Basis.SYNTHETIC)
    assert barred_kinds(Basis.REAL, [real, invented], mixes=False) == (LayerKind.RIVERS,)
    assert barred_kinds(Basis.REAL, [real, invented], mixes=True) == ()
    assert barred_kinds(Basis.SYNTHETIC, [real, invented], mixes=False) == ()


def by_terrain(told: Side | Unknown | None, fact: DistanceFact, kind: str = "maximum_distance") -> Outcome:
    """Judge a limit of 1,000 m where hills are to be considered, and this is what they come to."""

    class Hilly(FixedFacts):
        def terrain(self, _features: Features, plain_m: float, /) -> TerrainVerdict | Unknown | None:
            assert plain_m == 1000.0
            if told is None or isinstance(told, Unknown):
                return told
            return TerrainVerdict(TerrainOutcome(told), frozenset({MET}), how="按地形。")

    facts, choices = Hilly(distances={HOUSES: fact}), chosen(upstream_mode="considered")
    return ask(kind, facts, value=1000.0, choices=choices, layer=HOUSES, terrain="upstream_mode")


def test_hills_decide_what_the_plain_s_radius_leaves_open_and_nothing_beyond_it() -> None:
    near, far = fact_of(800.0), fact_of(1200.0)
    assert by_terrain(MET, near).possible == {MET}
    assert by_terrain(NOT, near).possible == {NOT, MET}
    assert by_terrain(UNKNOWN, near).possible == {UNKNOWN, MET}
    assert by_terrain(NOT, near, "minimum_distance").possible == {MET, NOT}
    assert by_terrain(MET, near, "minimum_distance").possible == {NOT}
    assert "按地形。" in by_terrain(MET, near).why
    assert codes_of(by_terrain(MET, near).why) != codes_of(by_terrain(None, near).why)
    assert by_terrain(None, near).possible == {UNKNOWN}
    assert codes_of(by_terrain(None, near).why) == ("terrain_open",)
    unknown = by_terrain(Unknown("无高程。"), near)
    assert (unknown.possible, unknown.why[-1]) == ({UNKNOWN}, "无高程。")
    for told in (MET, NOT, None):
        assert by_terrain(told, far) == within_1_km(far)  # out of the plain's reach nothing is open
    partial = by_terrain(NOT, replace(near, is_complete=False))
    assert partial.possible == {UNKNOWN, MET}  # what isn't in the layer may lie nearer
    for untold_m, possible in ((1000.0, {UNKNOWN, MET}), (1000.1, {NOT, MET})):
        assert by_terrain(NOT, replace(near, untold_m=untold_m, untold_why="x")).possible == possible


def test_a_margin_counts_the_least_sure_of_what_holds_a_source() -> None:
    over = ("B", "乙园", "", shapely.box(113.01, 23.00, 113.02, 23.02), {"park_lawful": True})
    for errors_m, others in (({"B": 30.0}, {NO}), ({"A": 30.0}, {NO}), ({"A": 10.0, "B": 10.0}, set())):
        found = facts(point(-20), 0.0, PARK, over, errors_m=errors_m).inside(FEATURES)
        assert isinstance(found, PlaceFact)
        assert (found.answer, found.others) == (YES, others)


def test_choices_are_what_was_chosen_else_tried_else_recorded() -> None:
    assert chosen(surroundings_m=5.0).number("surroundings_m") == 5.0
    assert chosen(surroundings_m="x").number("surroundings_m") is None
    assert Choices().code("surroundings_m") == ""
    tried = Choices(assumed={"key_area_extent": "towns"})
    assert tried.code("key_area_extent") == "towns"
    assert chosen(key_area_extent="district").code("key_area_extent") == "district"
    assert Choices().is_open("key_area_extent")
    assert not chosen(key_area_extent="district").is_open("key_area_extent")
    assert not Choices().is_open("no_such_parameter")
    codes = [one.code("key_area_extent") for one in Choices().spread(["key_area_extent", "surroundings_m"])]
    assert codes == ["district", "towns"]
    assert len(list(chosen(key_area_extent="towns").spread(["key_area_extent"]))) == 1


def test_features_are_named_with_the_classes_that_count() -> None:
    assert "严格管控类" in Features("farmland", ("严格管控类",)).zh
    assert codes_of([Features("farmland", ("严格管控类",)).zh]) == ("layer_of_classes",)
    assert Features("farmland").zh == "耕地"


def test_what_could_tip_a_part_is_told_only_where_it_tips_the_whole() -> None:
    sure, unsure = Outcome(MET, why=("确定。",)), Outcome(NOT, frozenset({UNKNOWN}), ("存疑。",))
    assert (ANY_OF([sure, unsure]).possible, ANY_OF([sure, unsure]).why) == ({MET}, ("确定。",))
    assert (ALL_OF([sure, unsure]).possible, ALL_OF([sure, unsure]).why) == ({NOT, UNKNOWN}, ("存疑。",))
    may = Outcome(NOT, frozenset({MET}), ("可能。",))
    assert (ANY_OF([may, Outcome(NOT, why=("否。",))]).possible, ALL_OF([sure, may]).why) == ({NOT, MET}, ("可能。",))
    other = Measurement(1.0, 1.0, 1.0, 2.0, "m", "1 m")
    assert ANY_OF([Outcome(NOT, measurement=None), Outcome(MET, measurement=other)]).measurement is other
    assert ANY_OF([Outcome(MET), Outcome(NOT, measurement=other)]).measurement is None


def test_coverage_reaches_as_far_as_the_outline_less_what_is_unsure() -> None:
    near = shapely.box(113.0, 22.9, 113.03, 23.1)  # its eastern border lies 0.01° east of the park's
    here = point(0)
    border_m = distance_m(here.x, here.y, near.exterior)
    for off_m in (0.0, 12.5):
        found = facts(here, off_m, coverage=near).distance(FEATURES)
        assert isinstance(found, DistanceFact)
        assert found.covered_m == pytest.approx(border_m - off_m, abs=1e-3)
        assert found.uncertainty_m == off_m
    none = facts(here, 12.5, coverage=near).distance(Features(PARKS, lacking=("park_lawful",)))
    assert isinstance(none, DistanceFact)
    assert (none.measured_m, none.low_m, none.uncertainty_m) == (None, math.inf, 12.5)
    assert facts(here, 0.0, coverage=None).distance(FEATURES).covered_m is None  # type: ignore[union-attr]
