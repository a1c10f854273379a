"""Every case of every rule in the book, judged by hmgeo; and what holds for the book as a whole.

One test a rule; a failure names the case. `test_rules_by_hand.py` judges the same cases by other code.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from hmgeo.errors import RuleError
from hmgeo.judging.applies import Subject, reach
from hmgeo.judging.cases import CaseFacts, run_case, run_given
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Side
from hmgeo.project.start import check_rules
from hmgeo.rules import book
from hmgeo.rules.book import load_book
from hmgeo.rules.claims import KIND
from hmgeo.rules.model import Case, Rule, Runs
from hmgeo.rules.words import ATTRIBUTES
from hmgeo.vocabulary import Action, Effect, Standing, Verdict

BOOK = load_book()
DATA = Path(book.__file__).parent / "data"
NEAR = """
  - id: near
    given: {as_of: 2022-01-01, place: "441802", source_kind: enterprises, trade: "3212", edition: 2017, action: new,
            attributes: {may_pollute_soil: true}, distance_m: 1000}
    expect: {verdict: listed, standing: in_force, certainty: certain}"""
FAR = NEAR.replace("near", "far").replace("distance_m: 1000", "distance_m: 1000.1")
EARLY = NEAR.replace("near", "early").replace("2022", "2020").replace("certainty: certain", "reason: 下雨")


def pack_with(folder: Path, cases: str) -> Path:
    """Write a rule (strict farmland within 1000 m, from 2021) with cases; the first is on line 31, each has four."""
    text = (Path(__file__).parent / "broken_rules" / "duplicate_case_id.yml").read_text(encoding="utf-8")
    path = folder / "pack.yml"
    path.write_text(text[: text.index("  cases:")] + "  cases:" + cases + "\n", encoding="utf-8")
    return path


def faults_of(rule: Rule, case: Case) -> list[str]:
    """What came out otherwise than worked, and a refusal to judge that doesn't say why."""
    found = run_case(rule, case)
    expect, judgement = case.expect, found.judgement
    verdict = None if judgement is None else judgement.verdict
    certainty = None if judgement is None else judgement.certainty
    told = [("standing", found.standing, expect.standing), ("verdict", verdict, expect.verdict)]
    if expect.certainty:
        told.append(("certainty", certainty, expect.certainty))
    if rule.effect is Effect.CLASSIFY:
        told.append(("key areas", sorted(found.key_areas), sorted(expect.key_areas)))
    if expect.reason not in found.note:
        told.append(("note", found.note, f"… {expect.reason} …"))
    if verdict in {Verdict.NOT_ASSESSED, Verdict.NOT_APPLICABLE}:
        told.append(("certainty of what is not judged", certainty, None))
        told.append(("last sign of the note", found.note[-1:], "。"))
    return [f"{case.id}: {name} is {ours}, worked {worked}" for name, ours, worked in told if ours != worked]


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_every_case_comes_out_as_worked_and_says_why_it_is_not_judged(rule: Rule) -> None:
    assert [fault for case in rule.cases for fault in faults_of(rule, case)] == []


def test_every_rule_has_cases() -> None:
    assert [rule.id for rule in BOOK.rules if not rule.cases] == []


def test_classifying_and_informing_rules_give_no_verdict() -> None:
    silent = [rule for rule in BOOK.rules if rule.effect in {Effect.CLASSIFY, Effect.INFORM}]
    assert {run_case(rule, case).judgement for rule in silent for case in rule.cases} == {None}
    assert {"KEY-GX", "KEY-QY", "SIT-GX-OFFSET-EXEMPT"} <= {rule.id for rule in silent}


@pytest.mark.parametrize("rule", [rule for rule in BOOK.rules if rule.runs.state is Runs.YES], ids=lambda rule: rule.id)
def test_a_rule_that_runs_shows_both_sides(rule: Rule) -> None:
    if rule.gives_findings:
        verdicts = {case.expect.verdict for case in rule.cases}
        touched = {Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED}
        assert verdicts & touched, f"{rule.id} has no case that touches it"
        assert (Verdict.CLEAR in verdicts) is not bool(rule.uncovered), f"{rule.id} has no case that keeps clear of it"


def test_a_case_without_its_attributes_never_turns_clear() -> None:
    """Leaving out what a source says of itself may leave a rule unjudged, never clear it."""
    for rule in BOOK.rules:
        for case in rule.cases:
            if case.expect.verdict not in {Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED}:
                continue
            silent = replace(case.given, attributes={})
            judgement = run_given(rule, silent, CaseFacts(silent)).judgement
            assert judgement is not None
            assert judgement.verdict is not Verdict.CLEAR, f"{rule.id}/{case.id}"


def test_adoption_lifts_neither_a_repeal_nor_a_missing_text() -> None:
    kept = {Standing.REPEALED, Standing.TEXT_NOT_HELD}
    adopted = [(rule, case) for rule in BOOK.rules for case in rule.cases if case.given.adopted]
    for rule, case in adopted:
        if rule.runs.state is Runs.TEXT_NOT_HELD:
            assert run_case(rule, case).standing in kept
        else:
            assert run_case(rule, case).standing is case.expect.standing


def test_checking_a_file_runs_its_cases_and_names_those_that_fail_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(RuleError) as caught:
        check_rules(pack_with(tmp_path, NEAR + FAR + EARLY))
    told = [(problem.where.line, str(problem).partition("：")[2]) for problem in caught.value.problems]
    what = (
        "CITY-1 的算例 {} 与判定不符：{} 写的是「{}」，判定另有结果（现为「{}」）。处理：核对规则，或重新推算这一算例"
    )
    assert told[:3] == [
        (35, what.format("far", "verdict", "listed", "clear")),
        (39, what.format("early", "standing", "in_force", "not_yet")),
        (39, what.format("early", "verdict", "listed", "not_applicable")),
    ]
    assert told[3][1].startswith("CITY-1 的算例 early 与判定不符：reason 写的是「下雨」")
    assert len(told) == 4


def test_a_file_whose_cases_hold_is_told_with_their_number(tmp_path: Path) -> None:
    path = pack_with(tmp_path, NEAR + FAR.replace("verdict: listed", "verdict: clear"))
    total = len(BOOK.rules) + 1
    assert (
        check_rules(path)
        == f"没有发现错误：1 条规则，2 个算例均与判定相符；引文未与原文核对（用 --texts 给出）；规则库共 {total} 条。"
    )
    assert check_rules(tmp_path) == check_rules(path)


def test_a_packaged_file_is_no_second_copy_of_itself() -> None:
    name = "004-jiyuan-soil-2021.yml"
    own = [rule for rule in BOOK.rules if rule.file == name]
    assert check_rules(DATA / name).startswith(f"没有发现错误：{len(own)} 条规则，")
    with pytest.raises(RuleError, match=r"parameters\.yml，第 \d+ 行：规则文件缺少 pack"):
        check_rules(DATA / "parameters.yml")


@pytest.mark.parametrize(
    ("rule_id", "case_id", "trade", "fact"),
    [
        ("MON-LAW-25", "met", "7724", "stores_or_treats_waste"),
        ("SCR-GX-TL", "met", "0915", "thallium_or_antimony"),
    ],
)
def test_a_test_does_not_follow_a_stated_no_that_the_trade_contradicts(
    rule_id: str, case_id: str, trade: str, fact: str
) -> None:
    rule = next(one for one in BOOK.rules if one.id == rule_id)
    given = next(one for one in rule.cases if one.id == case_id).given
    told = replace(given, trade=trade, edition=2017, attributes={"treats_sewage": False, fact: False})
    found = run_given(rule, told, CaseFacts(told))
    assert found.judgement is not None
    assert found.judgement.verdict is Verdict.NOT_ASSESSED
    assert f"行业代码为 {trade}，而填报“{ATTRIBUTES[fact]}”为否，两者矛盾" in found.note


@pytest.mark.parametrize(
    ("rule_id", "kind", "trade", "words"),
    [
        ("SIT-CJ-3KM", "project_sites", "7723", "行业代码 7723 的项目是否建设尾矿库因项目而异，未说明"),
        ("SIT-LAW-ART32", "project_sites", "3360", "行业代码 3360 的项目是否可能造成土壤污染因项目而异，未说明"),
        ("SIT-LAW-ART32", "waste_heaps", "", "渣堆是否可能造成土壤污染因具体情况而异，未说明"),
        ("GW-REG-42", "waste_heaps", "", "渣堆是否可能造成地下水污染因具体情况而异"),
    ],
)
def test_what_a_text_does_not_say_of_all_is_asked_and_judged_by_the_graver_side(
    rule_id: str, kind: str, trade: str, words: str
) -> None:
    rule = next(one for one in BOOK.rules if one.id == rule_id)
    reached = reach(rule, Subject(kind, trade, "2017", Action.NEW), Choices())
    assert (reached.side, reached.derived) == (Side.MET, "")
    assert words in reached.wide


@pytest.mark.parametrize("trade", ["06", "1200", "3212", ""])
def test_no_trade_denies_a_tailings_pond_that_nobody_spoke_of(trade: str) -> None:
    rule = next(one for one in BOOK.rules if one.id == "SIT-CJ-3KM")
    reached = reach(rule, Subject("project_sites", trade, "2017", Action.NEW), Choices())
    assert (reached.side, reached.why) == (Side.UNKNOWN, "未说明是否建设尾矿库，本条未作判断。")


def test_a_stated_no_stands_where_the_trade_only_may_say_otherwise() -> None:
    rule = next(one for one in BOOK.rules if one.id == "LIST-GX-KEY-EMITTERS")
    given = next(one for one in rule.cases if one.id == "met").given
    told = replace(given, trade="0912", edition=2017, attributes={"discharges_pollutants": False})
    assert run_given(rule, told, CaseFacts(told)).judgement.verdict is Verdict.CLEAR
    unsaid = run_given(rule, replace(told, attributes={}), CaseFacts(replace(told, attributes={}))).judgement
    assert (unsaid.verdict, unsaid.other) == (Verdict.LISTED, Verdict.CLEAR)


@pytest.mark.parametrize(("rule_id", "trade"), [("PBF-REG-17", "3311"), ("PBF-REG-17-WASTE", "3311")])
def test_a_kind_that_nobody_could_read_denies_nothing(rule_id: str, trade: str) -> None:
    """铅锌矿山 is read as no kind, and so as a project; that a project of 3311 digs nothing can't be said of it."""
    rule = BOOK.get(rule_id)
    sure = Subject("project_sites", trade, "2017", Action.NEW)
    assert reach(rule, sure, Choices()).side is Side.NOT_MET
    doubted = replace(sure, doubts={KIND: "类型看不懂。"})
    reached = reach(rule, doubted, Choices())
    assert (reached.side, reached.why) == (Side.UNKNOWN, "类型看不懂。")
