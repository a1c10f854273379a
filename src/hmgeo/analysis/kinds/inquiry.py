"""What every kind of test is given, and what they share: which features count, and how answers become sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.facts import Answer, Features
from hmgeo.analysis.outcome import Measurement, Outcome, Side
from hmgeo.rules.parameters import declaration

if TYPE_CHECKING:
    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Facts, NumberFact, PlaceFact
    from hmgeo.rules.model import DatedValue, Test
    from hmgeo.rules.parameters import Choice

AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One source asked about one dated value of a rule.

    Parameters
    ----------
    partly
        Which side a source that lies partly inside takes where the text doesn't say: the graver one.
    """

    value: DatedValue
    facts: Facts
    choices: Choices
    partly: Side = Side.MET


def features_of(test: Test, choices: Choices) -> Features:
    """Return which features count: those that the test names, narrowed by the chosen extent."""
    extent = _chosen(test.text("extent"), choices)
    classes = extent.classes if extent is not None and extent.classes else test.texts("classes")
    area_ids = extent.area_ids if extent is not None and extent.area_ids else test.texts("area_ids")
    return Features(test.text("layer"), classes, test.texts("having"), test.texts("lacking"), area_ids)


def _chosen(name: str, choices: Choices) -> Choice | None:
    declared = declaration(name) if name else None
    return None if declared is None else declared.choice(choices.code(name))


def place_outcome(fact: PlaceFact, layer_zh: str, *, on_yes: Side, partly: Side) -> Outcome:
    """Turn an answer into an outcome; a `no` that rests on an incomplete layer is unknown.

    Parameters
    ----------
    on_yes
        The side that a hit proves.
    partly
        The side of a source that lies partly inside.
    """
    on_no = Side.UNKNOWN if fact.gap else on_yes.opposite

    def side(answer: Answer) -> Side:
        return on_yes if answer is Answer.YES else on_no if answer is Answer.NO else partly

    given = side(fact.answer)
    answers = (fact.answer, *fact.others)
    why = [fact.why]
    if Answer.NO in answers:
        why.append(fact.gap)
    if Answer.PARTLY in answers:
        why.append(f"部分位于「{layer_zh}」内。")
    measurement = None
    if fact.receptor_id:
        measurement = Measurement(None, None, None, None, "", "", fact.receptor_id, fact.receptor_name)
    others = frozenset(map(side, fact.others)) - {given}
    return Outcome(given, others, tuple(filter(None, why)), measurement, fact.is_approximate)


def number_outcome(fact: NumberFact, limit: float, upper: float | None, unit: str, comparison: str) -> Outcome:
    """Hold a number and its range against a limit; limits are inclusive.

    Parameters
    ----------
    upper
        Upper end where the text gives a range, else None.
    comparison
        at_least or at_most.
    """

    def side(number: float) -> Side:
        met = number >= limit if comparison == AT_LEAST else number <= limit
        if upper is not None:
            met = limit <= number <= upper
        return Side.MET if met else Side.NOT_MET

    low, high = fact.ends
    inner = [end for end in (limit, upper) if end is not None and low <= end <= high]
    given = side(fact.value)
    others = frozenset(map(side, (low, high, *inner))) - {given}
    text = f"{fact.value:g} {unit}".strip() if unit != "1" else f"{fact.value:g}"
    return Outcome(given, others, (), Measurement(fact.value, low, high, limit, unit, text), fact.is_approximate)
