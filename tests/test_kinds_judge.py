"""From sides to verdicts: effects, exceptions, choices nobody made, and that rules don't know each other."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from kind_facts import FixedFacts, chosen, in_force, rule_of

from hmgeo.judging.applies import Subject
from hmgeo.judging.cases import CaseFacts, choices_of, run_given, subject_of
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Answer, PlaceFact
from hmgeo.judging.judge import Judgement, judge
from hmgeo.rules.book import load_book
from hmgeo.rules.model import AppliesTo, Condition, Exemption, LayerState, Test, TradeCodes, Trades
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Action, Certainty, Effect, Verdict

PARKS = "industrial_parks"
IN_PARK = Test("within", MappingProxyType({"layer": PARKS}))
YES, NO, PARTLY = Answer.YES, Answer.NO, Answer.PARTLY
ENTERPRISE = Subject("enterprises")
SAFETY = Exemption("安全改造除外", (Action.RECONSTRUCT,), (Condition("for_safety_or_ecology", expected=True),))
EXEMPT_ZH = "原因：属条文除外情形（“安全改造除外”）。"
UNSAID_ZH = "条文另有除外情形（“安全改造除外”），未说明{}，按一般规定判断。"


def judged(
    effect: Effect,
    fact: PlaceFact | None,
    subject: Subject = ENTERPRISE,
    choices: Choices | None = None,
    **more: object,
) -> Judgement:
    rule = rule_of(IN_PARK, effect, **more)
    facts = FixedFacts(insides={} if fact is None else {PARKS: fact})
    return judge(rule, in_force(rule), subject, facts.parts, choices or Choices())


@pytest.mark.parametrize(
    ("effect", "inside", "outside"),
    [
        (Effect.BAN, Verdict.PROHIBITED, Verdict.CLEAR),
        (Effect.REQUIRE, Verdict.CLEAR, Verdict.PROHIBITED),
        (Effect.RESTRICT, Verdict.CONDITIONAL, Verdict.CLEAR),
        (Effect.LIST, Verdict.LISTED, Verdict.CLEAR),
    ],
)
def test_the_table_of_effects(effect: Effect, inside: Verdict, outside: Verdict) -> None:
    assert judged(effect, PlaceFact(YES)).verdict is inside
    assert judged(effect, PlaceFact(NO)).verdict is outside
    assert judged(effect, PlaceFact(NO, gap="不完整。")).verdict is Verdict.NOT_ASSESSED
    assert judged(effect, None).verdict is Verdict.NOT_ASSESSED


@pytest.mark.parametrize(
    ("effect", "verdict"),
    [
        (Effect.BAN, Verdict.PROHIBITED),
        (Effect.REQUIRE, Verdict.PROHIBITED),
        (Effect.RESTRICT, Verdict.CONDITIONAL),
        (Effect.LIST, Verdict.LISTED),
    ],
)
def test_partly_inside_is_judged_by_its_graver_part(effect: Effect, verdict: Verdict) -> None:
    found = judged(effect, PlaceFact(PARTLY))
    assert (found.verdict, found.certainty) == (verdict, Certainty.CERTAIN)
    assert found.reasons[-2:] == ("部分位于「工业园区」内。", "")


def test_a_border_gives_both_sides_and_the_graver_first() -> None:
    found = judged(Effect.BAN, PlaceFact(NO, frozenset({YES})))
    assert (found.verdict, found.other, found.certainty) == (Verdict.PROHIBITED, Verdict.CLEAR, Certainty.AMBIGUOUS)
    found = judged(Effect.REQUIRE, PlaceFact(YES, frozenset({NO}), gap="不完整。"))
    assert (found.verdict, found.other) == (Verdict.NOT_ASSESSED, Verdict.CLEAR)


def test_approximate_geometry_is_never_certain() -> None:
    found = judged(Effect.BAN, PlaceFact(YES, is_approximate=True))
    assert (found.verdict, found.other, found.certainty) == (Verdict.PROHIBITED, None, Certainty.AMBIGUOUS)


def test_a_restriction_says_what_must_be_fulfilled() -> None:
    found = judged(Effect.RESTRICT, PlaceFact(YES), condition="执行特别排放限值。")
    assert found.note == "须满足：执行特别排放限值（依据《某办法》三）。"
    assert judged(Effect.RESTRICT, PlaceFact(NO), condition="执行特别排放限值。").note == ""


def test_in_principle_is_a_condition_and_never_a_ban() -> None:
    found = judged(Effect.REQUIRE, PlaceFact(NO), in_principle=True)
    assert found.verdict is Verdict.CONDITIONAL
    assert found.note == "须满足：某条（依据《某办法》三）。原则上（例外须有书面依据）。"


@pytest.mark.parametrize(
    ("action", "attributes", "verdict", "words"),
    [
        (Action.NEW, {}, Verdict.PROHIBITED, ""),
        (
            Action.RECONSTRUCT,
            {"for_safety_or_ecology": True},
            Verdict.NOT_APPLICABLE,
            EXEMPT_ZH,
        ),
        (Action.RECONSTRUCT, {"for_safety_or_ecology": False}, Verdict.PROHIBITED, ""),
        (
            Action.RECONSTRUCT,
            {},
            Verdict.PROHIBITED,
            UNSAID_ZH.format("是否以提升安全、生态环境保护水平为目的"),
        ),
        (None, {"for_safety_or_ecology": False}, Verdict.PROHIBITED, ""),
        (
            None,
            {"for_safety_or_ecology": True},
            Verdict.PROHIBITED,
            UNSAID_ZH.format("建设性质"),
        ),
    ],
)
def test_exceptions_take_out_what_the_text_takes_out(
    action: Action | None, attributes: dict[str, bool], verdict: Verdict, words: str
) -> None:
    subject = Subject("enterprises", action=action, attributes=attributes)
    found = judged(Effect.BAN, PlaceFact(YES), subject, exceptions=(SAFETY,))
    assert (found.verdict, found.note) == (verdict, words)


def test_an_exception_does_not_bring_in_another_kind_of_source() -> None:
    subject = Subject("mines", action=Action.RECONSTRUCT)
    found = judged(Effect.BAN, PlaceFact(YES), subject, exceptions=(SAFETY,))
    assert (found.verdict, found.note) == (Verdict.NOT_APPLICABLE, "原因：对象（矿区）不在条款适用范围。")


@pytest.mark.parametrize(
    ("code", "edition", "verdict"),
    [
        ("3212", "2017", Verdict.PROHIBITED),
        ("3216", "2017", Verdict.NOT_APPLICABLE),
        ("32", "2017", Verdict.NOT_ASSESSED),
        ("", "2017", Verdict.NOT_ASSESSED),
        ("3212", "", Verdict.PROHIBITED),
        ("3212", "2011", Verdict.PROHIBITED),
        ("3849", "", Verdict.NOT_ASSESSED),
        ("3849", "2011", Verdict.NOT_ASSESSED),
        ("3849", "2017", Verdict.NOT_APPLICABLE),
        ("3130", "2011", Verdict.NOT_APPLICABLE),
    ],
)
def test_a_trade_is_read_in_its_edition_and_no_coarser_than_the_clause(
    code: str, edition: str, verdict: Verdict
) -> None:
    applies = AppliesTo(("enterprises",), Trades((TradeCodes(2017, ("3212", "3843")),)))
    found = judged(Effect.BAN, PlaceFact(YES), Subject("enterprises", code, edition), applies_to=applies)
    assert found.verdict is verdict


def test_a_choice_nobody_made_matters_only_where_it_would_change_the_verdict() -> None:
    rule = rule_of(
        Test("within", MappingProxyType({"layer": PARKS, "part": "partly_inside"})),
        Effect.BAN,
        parameters=("partly_inside", "pbf_concentrated_source"),
    )

    def of(fact: PlaceFact, choices: Choices) -> Judgement:
        return judge(rule, in_force(rule), ENTERPRISE, FixedFacts(insides={PARKS: fact}).parts, choices)

    assert of(PlaceFact(YES), Choices()).verdict is Verdict.PROHIBITED
    assert of(PlaceFact(NO), Choices()).verdict is Verdict.CLEAR
    split = of(PlaceFact(PARTLY, centroid_inside=True), Choices())
    assert split.verdict is Verdict.NOT_ASSESSED
    assert split.note == "条文未规定「部分位于区内的处理」，须由使用单位确定并说明理由。"
    assert of(PlaceFact(PARTLY), chosen(partly_inside="any")).verdict is Verdict.PROHIBITED
    assert of(PlaceFact(PARTLY), chosen(partly_inside="whole")).verdict is Verdict.CLEAR


def test_an_open_point_that_no_field_reads_must_be_settled_first() -> None:
    found = judged(Effect.LIST, PlaceFact(YES), parameters=("important_facilities",))
    assert found.verdict is Verdict.NOT_ASSESSED
    assert found.note == "条文未规定「“重要设施”的类型」，须由使用单位确定并说明理由。"
    choices = chosen(important_facilities="学校")
    assert judged(Effect.LIST, PlaceFact(YES), choices=choices, parameters=("important_facilities",)).verdict is (
        Verdict.LISTED
    )


def test_recorded_defaults_and_settled_points_ask_nobody() -> None:
    parameters = ("distance_metric", "measuring_crs", "measure_from", "in_principle")
    assert judged(Effect.BAN, PlaceFact(YES), parameters=parameters).verdict is Verdict.PROHIBITED
    assert not any(map(Choices().is_open, parameters))


def test_a_point_asked_under_another_choice_is_open_only_there() -> None:
    assert not Choices().is_open("hill_limit_m")
    assert not chosen(terrain="not_considered").is_open("hill_limit_m")
    assert chosen(terrain="considered").is_open("hill_limit_m")


def test_without_a_position_nothing_spatial_is_judged() -> None:
    rule = rule_of(IN_PARK, Effect.BAN)
    found = judge(rule, in_force(rule), ENTERPRISE, None, Choices())
    assert (found.verdict, found.note) == (Verdict.NOT_ASSESSED, "没有可用的位置，本条未作判断。")


def test_without_a_position_what_the_row_states_still_decides() -> None:
    test = Test("attribute", MappingProxyType({"attribute": "rectified", "expected": "yes"}))
    rule = rule_of(test, Effect.REQUIRE)
    for known, verdict in ((True, Verdict.CLEAR), (False, Verdict.PROHIBITED)):
        subject = Subject("enterprises", attributes={"rectified": known})
        assert judge(rule, in_force(rule), subject, None, Choices()).verdict is verdict
    silent = judge(rule, in_force(rule), ENTERPRISE, None, Choices())
    assert (silent.verdict, silent.note) == (Verdict.NOT_ASSESSED, "未说明是否已完成整治，本条未作判断。")
    either = rule_of(Test("any_of", parts=(test, IN_PARK)), Effect.BAN)
    subject = Subject("enterprises", attributes={"rectified": True})
    assert judge(either, in_force(either), subject, None, Choices()).verdict is Verdict.PROHIBITED


def test_taking_a_rule_out_changes_no_other_finding() -> None:
    book = load_book()
    case = next(case for case in book.get("SIT-QY-KEYAREA-BAN").cases if case.id == "met")
    given = case.given
    facts = CaseFacts(given, unnamed=LayerState.MISSING)

    def findings(left_out: str) -> dict[str, tuple[Verdict, str]]:
        found = {}
        for rule in book.rules:
            if rule.gives_findings and rule.id != left_out:
                codes = codes_of_place(given.place)
                standing = standing_of(rule, as_of=given.as_of, place_codes=codes, adopted=False)
                judgement = judge(rule, standing, subject_of(given), facts.parts, choices_of(given))
                found[rule.id] = (judgement.verdict, judgement.note)
        return found

    whole = findings("")
    assert whole["SIT-QY-KEYAREA-BAN"][0] is Verdict.PROHIBITED
    for left_out in whole:
        rest = dict(whole)
        del rest[left_out]
        assert findings(left_out) == rest


def test_classifying_rules_are_not_judged() -> None:
    rule = load_book().get("KEY-GX")
    given = rule.cases[0].given
    assert run_given(rule, given, CaseFacts(given)).judgement is None
