"""What a project chose for following water; nothing is assumed where it chose nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.judging.choices import unset_text
from hmgeo.judging.facts import Unknown
from hmgeo.water.grid import ClosedBasins, Conditioning
from hmgeo.water.snap import SnapRule
from hmgeo.words import say, sentences

if TYPE_CHECKING:
    from hmgeo.judging.choices import Choices


LIMIT, SNAP, STREAM, BASINS = "flow_limit_m", "snap_distance_m", "stream_min_area_ha", "closed_basins"
DIRECTION = "river_direction"


@dataclass(frozen=True, slots=True)
class FlowChoices:
    """All that following water along heights needs.

    Parameters
    ----------
    limit_m
        How far along the water.
    """

    limit_m: float
    conditioning: Conditioning
    snap_rule: SnapRule


def flow_choices(choices: Choices) -> FlowChoices | Unknown:
    """Return a project's choices; Unknown with a sentence for everything that is unset."""
    conditioning, rule = conditioning_of(choices), snap_rule_of(choices)
    limit_m = choices.number(LIMIT)
    missing: list[str] = [unset_text(LIMIT)] if limit_m is None else []
    missing += [one.why for one in (conditioning, rule) if isinstance(one, Unknown)]
    if limit_m is None or isinstance(conditioning, Unknown) or isinstance(rule, Unknown):
        return Unknown(say("water_not_assessed", why=sentences(*missing)))
    return FlowChoices(limit_m, conditioning, rule)


def conditioning_of(choices: Choices) -> Conditioning | Unknown:
    """Return how closed basins are treated."""
    code = choices.code(BASINS)
    return Conditioning(ClosedBasins(code)) if code else Unknown(unset_text(BASINS))


def snap_rule_of(choices: Choices) -> SnapRule | Unknown:
    """Return how a point is put onto a stream."""
    tolerance_m, stream_ha = choices.number(SNAP), choices.number(STREAM)
    if tolerance_m is None or stream_ha is None:
        names = [name for name, value in ((SNAP, tolerance_m), (STREAM, stream_ha)) if value is None]
        return Unknown("".join(unset_text(name) for name in names))
    return SnapRule(tolerance_m, stream_ha)
