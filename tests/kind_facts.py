"""Facts with fixed answers, and short ways to ask a test of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.clause_tests import Inquiry, evaluate
from hmgeo.judging.facts import Facts, Outcome, Side, Stated, Unasked
from hmgeo.rules.model import (
    AppliesTo,
    DatedValue,
    Rule,
    RuleStanding,
    Runs,
    RunsState,
    Test,
    Title,
    Verification,
    VerificationState,
)
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import Effect, LegalRank, Standing

if TYPE_CHECKING:
    from hmgeo.judging.facts import DistanceFact, Features, NumberFact, PlaceFact, Unknown


@dataclass
class FixedFacts(Unasked):
    """Answers by layer; whatever isn't set is unanswered."""

    distances: dict[str, DistanceFact | Unknown] | None = None
    insides: dict[str, PlaceFact | Unknown] | None = None
    touching: dict[str, PlaceFact | Unknown] | None = None
    shares: dict[str, NumberFact] | None = None
    flows: dict[str, PlaceFact | Unknown] | None = None
    slope_fact: NumberFact | None = None
    said: dict[str, bool] | None = None
    numbers: dict[str, float] | None = None
    quotient: float | None = None
    soil_class: str | None = None
    asked: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def parts(self) -> Facts:
        classes = dict.fromkeys(LAYERS, self.soil_class or "")
        return Facts(
            self, self, self, Stated(self.said or {}, self.numbers or {}, classes=classes, quotient=self.quotient)
        )

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        self.asked = (features,)
        return (self.distances or {}).get(features.layer) or super().distance(features)

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        self.asked = (features,)
        return (self.insides or {}).get(features.layer) or super().inside(features)

    def touches(self, features: Features, tolerance_m: float, /) -> PlaceFact | Unknown:
        self.asked = (features, tolerance_m)
        return (self.touching or {}).get(features.layer) or super().touches(features, tolerance_m)

    def share(self, features: Features, /) -> NumberFact | Unknown:
        return (self.shares or {}).get(features.layer) or super().share(features)

    def upstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        self.asked = (features, limit_m, mode)
        return (self.flows or {}).get(features.layer) or super().upstream(features, limit_m, mode)

    def downstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        self.asked = (features, limit_m, mode)
        return (self.flows or {}).get(features.layer) or super().downstream(features, limit_m, mode)

    def beside_path(self, features: Features, limit_m: float, beside_m: float, /) -> PlaceFact | Unknown:
        self.asked = (features, limit_m, beside_m)
        return (self.flows or {}).get(features.layer) or super().beside_path(features, limit_m, beside_m)

    def slope(self) -> NumberFact | Unknown:
        return self.slope_fact or super().slope()


def chosen(**values: float | str) -> Choices:
    return Choices(MappingProxyType({name: ChosenParameter(name, value) for name, value in values.items()}))


def value_of(limit: float | None = None, unit: str = "", upper: float | None = None) -> DatedValue:
    return DatedValue(date(2020, 1, 1), "某办法", "原文", article="三", value=limit, value_max=upper, unit=unit)


def ask(
    kind: str,
    facts: FixedFacts,
    *,
    value: float | None = None,
    upper: float | None = None,
    choices: Choices | None = None,
    partly: Side = Side.MET,
    **fields: str | tuple[str, ...],
) -> Outcome:
    """Judge one simple test."""
    inquiry = Inquiry(value_of(value, upper=upper), facts.parts, choices or Choices(), partly)
    return evaluate(Test(kind, MappingProxyType(dict(fields))), inquiry)


def rule_of(test: Test | None, effect: Effect, **more: object) -> Rule:
    """Return a rule that stands everywhere and speaks to every enterprise."""
    plain: dict[str, object] = {
        "id": "R-1",
        "title": Title("某条", "a clause"),
        "legal_rank": LegalRank.PLAN,
        "authority": "某政府",
        "territory": ("CN",),
        "applies_to": AppliesTo(("enterprises",)),
        "test": test,
        "effect": effect,
        "history": (value_of(),),
        "decider": "某部门",
        "matter": "",
        "verified": Verification(VerificationState.UNVERIFIED, ""),
        "runs": RunsState(Runs.YES),
    }
    return Rule(**(plain | more))


def in_force(rule: Rule) -> RuleStanding:
    return RuleStanding(Standing.IN_FORCE, rule.latest, "")
