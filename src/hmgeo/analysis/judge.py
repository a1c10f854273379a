"""One source against one rule: standing first, then whether the rule reaches the source, then its test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.applies import hindrance
from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.kinds.registry import evaluate
from hmgeo.analysis.outcome import Outcome, Side
from hmgeo.vocabulary import Certainty, Effect, Standing, Verdict

if TYPE_CHECKING:
    from hmgeo.analysis.applies import Subject
    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Facts
    from hmgeo.analysis.outcome import Measurement
    from hmgeo.rules.model import DatedValue, Rule, RuleStanding

_WHEN_MET = {
    Effect.BAN: Verdict.PROHIBITED,
    Effect.REQUIRE: Verdict.CLEAR,
    Effect.RESTRICT: Verdict.CONDITIONAL,
    Effect.LIST: Verdict.LISTED,
}
_NOT_JUDGED = {
    Standing.PERIOD_OVER: Verdict.NOT_ASSESSED,
    Standing.TEXT_NOT_HELD: Verdict.NOT_ASSESSED,
    Standing.REPEALED: Verdict.NOT_APPLICABLE,
    Standing.NOT_YET: Verdict.NOT_APPLICABLE,
    Standing.OUTSIDE_TERRITORY: Verdict.NOT_APPLICABLE,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of a source, and why.

    Parameters
    ----------
    other, certainty
        The other side within the position's uncertainty; None and None where nothing was judged.
    """

    verdict: Verdict
    standing: Standing
    note: str
    other: Verdict | None = None
    certainty: Certainty | None = None
    measurement: Measurement | None = None


def judge(rule: Rule, standing: RuleStanding, subject: Subject, facts: Facts | None, choices: Choices) -> Judgement:
    """Judge a source by a rule.

    Parameters
    ----------
    facts
        None where the source has no usable position.

    Returns
    -------
    Judgement
        `not_assessed` always says why. Where a closed choice is unset, the verdict stands only if every allowed
        choice comes to the same.
    """
    if standing.standing in _NOT_JUDGED or rule.test is None or standing.value is None:
        return Judgement(_NOT_JUDGED.get(standing.standing, Verdict.NOT_ASSESSED), standing.standing, standing.note_zh)
    obstacle = hindrance(rule, subject, choices)
    if obstacle is not None:
        return Judgement(obstacle.verdict, standing.standing, _joined(obstacle.why, standing.note_zh))
    if facts is None:
        reason = "没有可用的位置，本条未作判断。"
        return Judgement(Verdict.NOT_ASSESSED, standing.standing, _joined(reason, standing.note_zh))
    possible = [_tested(rule, standing.value, facts, one) for one in choices.spread(rule.parameters)]
    answers = {(one.verdict, one.other) for one in possible}
    if len(answers) > 1:
        unset = [name for name in rule.parameters if choices.get(name) is None]
        reason = "".join(unset_text(name) for name in unset)
        return Judgement(
            Verdict.NOT_ASSESSED,
            standing.standing,
            _joined(reason, standing.note_zh),
            measurement=possible[0].measurement,
        )
    first = possible[0]
    return Judgement(
        first.verdict,
        standing.standing,
        _joined(first.note, standing.note_zh),
        first.other,
        first.certainty,
        first.measurement,
    )


def verdict_of(rule: Rule, side: Side) -> Verdict:
    """Return the verdict of one side of a test (the table of effects).

    A requirement that holds only in principle (原则上) and isn't met is conditional, not prohibited.
    """
    if side is Side.UNKNOWN:
        return Verdict.NOT_ASSESSED
    if side is Side.MET:
        return _WHEN_MET[rule.effect]
    if rule.effect is Effect.REQUIRE:
        return Verdict.CONDITIONAL if rule.in_principle else Verdict.PROHIBITED
    return Verdict.CLEAR


@dataclass(frozen=True, slots=True)
class _Tested:
    verdict: Verdict
    other: Verdict | None
    certainty: Certainty | None
    note: str
    measurement: Measurement | None


def _tested(rule: Rule, value: DatedValue, facts: Facts, choices: Choices) -> _Tested:
    if rule.test is None:
        return _Tested(Verdict.NOT_ASSESSED, None, None, "本条没有可执行的判定。", None)
    outcome = evaluate(rule.test, value, facts, choices)
    given = verdict_of(rule, outcome.given)
    other = given if outcome.other is None else verdict_of(rule, outcome.other)
    graver, milder = sorted((given, other), key=lambda verdict: verdict.gravity)
    note = _joined(*outcome.why, _in_principle(rule, outcome))
    if graver is milder:
        return _Tested(graver, None, _certainty(graver, outcome), note, outcome.measurement)
    return _Tested(graver, milder, Certainty.AMBIGUOUS, note, outcome.measurement)


def _certainty(verdict: Verdict, outcome: Outcome) -> Certainty | None:
    if verdict is Verdict.NOT_ASSESSED:
        return None
    return Certainty.AMBIGUOUS if outcome.is_approximate else Certainty.CERTAIN


def _in_principle(rule: Rule, outcome: Outcome) -> str:
    judged = outcome.given is not Side.UNKNOWN or outcome.other not in {None, Side.UNKNOWN}
    return "原则上（例外须有书面依据）。" if rule.in_principle and judged else ""


def _joined(*sentences: str) -> str:
    return "".join(dict.fromkeys(filter(None, sentences)))
