"""One source against one rule: standing first, then whether the rule reaches the source, then its test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.applies import hindrance
from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.kinds.registry import evaluate
from hmgeo.analysis.outcome import Outcome, Side
from hmgeo.findings.text import sentences
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
    reasons
        Sentences on this source: why it isn't judged, what limits the answer.
    standing_note
        How the rule stands, the same for all sources of a place.
    other, certainty
        The other side within the position's uncertainty; None and None where nothing was judged.
    """

    verdict: Verdict
    standing: Standing
    reasons: tuple[str, ...]
    standing_note: str = ""
    other: Verdict | None = None
    certainty: Certainty | None = None
    measurement: Measurement | None = None

    @property
    def note(self) -> str:
        """The reasons, and how the rule stands."""
        return sentences(*self.reasons, self.standing_note)


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

    def judged(verdict: Verdict, reasons: tuple[str, ...], tested: _Tested | None = None) -> Judgement:
        measurement = None if tested is None else tested.measurement
        return Judgement(verdict, standing.standing, reasons, standing.note_zh, measurement=measurement)

    if standing.standing in _NOT_JUDGED or rule.test is None or standing.value is None:
        return judged(_NOT_JUDGED.get(standing.standing, Verdict.NOT_ASSESSED), ())
    obstacle = hindrance(rule, subject, choices)
    if obstacle is not None:
        return judged(obstacle.verdict, (obstacle.why,))
    if facts is None:
        return judged(Verdict.NOT_ASSESSED, ("没有可用的位置，本条未作判断。",))
    possible = [_tested(rule, standing.value, facts, one) for one in choices.spread(rule.parameters)]
    first = possible[0]
    if len({(one.verdict, one.other) for one in possible}) > 1:
        unset = [name for name in rule.parameters if choices.get(name) is None]
        return judged(Verdict.NOT_ASSESSED, tuple(map(unset_text, unset)), first)
    return Judgement(
        first.verdict,
        standing.standing,
        first.reasons,
        standing.note_zh,
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
    reasons: tuple[str, ...]
    measurement: Measurement | None


def _tested(rule: Rule, value: DatedValue, facts: Facts, choices: Choices) -> _Tested:
    if rule.test is None:
        return _Tested(Verdict.NOT_ASSESSED, None, None, ("本条没有可执行的判定。",), None)
    outcome = evaluate(rule.test, value, facts, choices)
    given = verdict_of(rule, outcome.given)
    other = given if outcome.other is None else verdict_of(rule, outcome.other)
    graver, milder = sorted((given, other), key=lambda verdict: verdict.gravity)
    reasons = (*outcome.why, _in_principle(rule, outcome))
    if graver is milder:
        return _Tested(graver, None, _certainty(graver, outcome), reasons, outcome.measurement)
    return _Tested(graver, milder, Certainty.AMBIGUOUS, reasons, outcome.measurement)


def _certainty(verdict: Verdict, outcome: Outcome) -> Certainty | None:
    if verdict is Verdict.NOT_ASSESSED:
        return None
    return Certainty.AMBIGUOUS if outcome.is_approximate else Certainty.CERTAIN


def _in_principle(rule: Rule, outcome: Outcome) -> str:
    judged = outcome.given is not Side.UNKNOWN or outcome.other not in {None, Side.UNKNOWN}
    return "原则上（例外须有书面依据）。" if rule.in_principle and judged else ""
