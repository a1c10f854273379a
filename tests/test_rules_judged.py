"""Every case of every rule in the book, judged by hmgeo; and what holds for the book as a whole.

One test a rule; a failure names the case. `test_rules_by_hand.py` judges the same cases by other code.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from hmgeo.analysis.case_facts import CaseFacts, run_case, run_given
from hmgeo.rules.book import load_book
from hmgeo.rules.model import Case, Rule, Runs
from hmgeo.vocabulary import Effect, Standing, Verdict

BOOK = load_book()


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
        assert Verdict.CLEAR in verdicts, f"{rule.id} has no case that keeps clear of it"


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
