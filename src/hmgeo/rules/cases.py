"""The closed vocabulary of worked cases: a situation as a lawyer writes it, and what it must come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hmgeo.rules.model import FieldValue
    from hmgeo.vocabulary import Action, Standing, Verdict

ANY_LAYER = "*"
"""Stands for every layer where a case gives one value for all."""


class LayerState(StrEnum):
    """What a case says of a layer: whether it can carry a `clear`."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Given:
    """The situation of a case, in closed words.

    Parameters
    ----------
    as_of, place, adopted
        The day, the innermost administrative code that holds the source (`standing.codes_of_place` gives the chain),
        and whether the project adopts the rule from elsewhere.
    source_kind, trade, edition, action, attributes
        The source; empty or missing means that nobody said.
    parameters
        Choices; what is missing is unset.
    layers
        State of each layer named by the test; a layer that isn't named is complete.
    distance_m, distance_high_m
        Nearest and farthest possible distance to the test's layer by layer code (or `*`), in metres; the second only
        where the position is uncertain. Infinite where nothing is within the search.
    inside, touches, upstream, downstream
        By layer code (or `*`): yes, no, or partly (inside only). They speak of features that the test means: of its
        classes, and with what it says of having and lacking. Membership of key areas is told by `place` instead.
    share_percent
        Share of the source's area, by layer code (or `*`).
    ratio, number, slope_deg
        For the kinds of those names; `number` by attribute.
    classes
        Official class of the source or of the receptor it meets, by layer code (or `*`).
    """

    as_of: date
    place: str
    adopted: bool = False
    source_kind: str = ""
    trade: str = ""
    edition: int | None = None
    action: Action | None = None
    attributes: Mapping[str, bool] = field(default_factory=dict)
    parameters: Mapping[str, FieldValue] = field(default_factory=dict)
    layers: Mapping[str, LayerState] = field(default_factory=dict)
    distance_m: Mapping[str, float] = field(default_factory=dict)
    distance_high_m: Mapping[str, float] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    touches: Mapping[str, str] = field(default_factory=dict)
    upstream: Mapping[str, str] = field(default_factory=dict)
    downstream: Mapping[str, str] = field(default_factory=dict)
    share_percent: Mapping[str, float] = field(default_factory=dict)
    ratio: float | None = None
    number: Mapping[str, float] = field(default_factory=dict)
    slope_deg: float | None = None
    classes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case must come to; verdict is None for rules that give none (classify, inform).

    Parameters
    ----------
    key_areas
        Ids that a classifying rule must put out.
    reason
        Words that the note must hold where the verdict is `not_assessed` or `not_applicable`.
    """

    standing: Standing
    verdict: Verdict | None = None
    certainty: str = ""
    key_areas: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A situation worked out by hand, run as a test; `line` is where it starts in its file."""

    id: str
    given: Given
    expect: Expected
    line: int = 0
