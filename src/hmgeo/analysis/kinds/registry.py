"""Which function judges which kind of test."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from hmgeo.analysis.kinds.distance import maximum_distance, minimum_distance
from hmgeo.analysis.outcome import Outcome, Side
from hmgeo.rules.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Facts
    from hmgeo.rules.model import DatedValue, Test


class Evaluator(Protocol):
    """Judges a test of one kind for one source."""

    def __call__(self, test: Test, value: DatedValue, facts: Facts, choices: Choices) -> Outcome:
        """Return the outcome."""


EVALUATORS: Mapping[str, Evaluator] = MappingProxyType(
    {
        "maximum_distance": maximum_distance,
        "minimum_distance": minimum_distance,
    }
)


def evaluate(test: Test, value: DatedValue, facts: Facts, choices: Choices) -> Outcome:
    """Judge a test; a kind without a function here is unknown, with what it needs."""
    evaluator = EVALUATORS.get(test.kind)
    if evaluator is None:
        return Outcome(Side.UNKNOWN, why=(f"本版本尚不能作「{KINDS[test.kind].zh}」判定，本条未作判断。",))
    return evaluator(test, value, facts, choices)
