"""The rule that bare `hmgeo screen` judges by: a radius the user set, of no legal standing."""

from __future__ import annotations

from datetime import date

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
from hmgeo.vocabulary import Effect, LegalRank, Standing

USER_RADIUS_ID = "USER-RADIUS"
USER_DECIDER = "使用者设定"


def user_radius_rule(radius_m: float, source_kind: str) -> tuple[Rule, RuleStanding]:
    """Return the rule for a radius in metres, with a standing that lets it be judged anywhere."""
    value = DatedValue(date(1, 1, 1), "", value=radius_m, unit="m")
    rule = Rule(
        id=USER_RADIUS_ID,
        title=Title("使用者设定的半径", "radius set by the user"),
        legal_rank=LegalRank.TECHNICAL_GUIDE,
        authority=USER_DECIDER,
        territory=("CN",),
        applies_to=AppliesTo((source_kind,)),
        test=Test("maximum_distance", {"layer": "farmland"}),
        effect=Effect.LIST,
        history=(value,),
        decider=USER_DECIDER,
        matter="",
        verified=Verification(VerificationState.UNVERIFIED, ""),
        runs=RunsState(Runs.YES),
    )
    return rule, RuleStanding(Standing.IN_FORCE, value, "")
