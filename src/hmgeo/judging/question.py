"""What is asked of the layers, for all sources of a run and for planned sites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.judging.choices import Choices
from hmgeo.judging.places import Areas
from hmgeo.vocabulary import COUNTED_RADII_M

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from hmgeo.rules.claims import Dispute
    from hmgeo.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the layers.

    Parameters
    ----------
    as_of
        The day asked about; None only for a bare comparison by radius.
    radius_m
        The search radius; counts are made at `COUNTED_RADII_M` below it and at itself.
    rules
        Rules to judge by, classifying ones included; empty for a bare comparison by radius.
    adopted
        Ids of rules adopted from elsewhere.
    screening_rule_id
        The rule whose verdict stands in the table of sources; empty for none.
    home_counties
        Six-digit codes of the project's own area; sources outside are marked 界外. Empty asks nothing.
    mixes
        Whether real sources are held against invented layers; else questions to those stay open.
    disputes
        By source id, from `hmgeo.judging.crosscheck`: words of its row that its own figures or other tables
        contradict; clauses that rest on either value aren't judged.
    """

    as_of: date | None
    radius_m: float
    rules: tuple[Rule, ...] = ()
    adopted: frozenset[str] = frozenset()
    choices: Choices = field(default_factory=Choices)
    screening_rule_id: str = ""
    areas: Areas = field(default_factory=Areas)
    home_counties: frozenset[str] = frozenset()
    mixes: bool = False
    disputes: Mapping[str, tuple[Dispute, ...]] = field(default_factory=dict)

    @property
    def radii_m(self) -> tuple[float, ...]:
        """All radii to count at, ascending, the search radius last."""
        return (*(radius for radius in COUNTED_RADII_M if radius < self.radius_m), self.radius_m)


@dataclass(frozen=True, slots=True)
class SitingQuestion:
    """What is asked of every site: the day, the rules, the choices, where places are looked up.

    Parameters
    ----------
    adopted
        Ids of rules adopted from elsewhere.
    """

    as_of: date
    rules: tuple[Rule, ...]
    choices: Choices = field(default_factory=Choices)
    areas: Areas = field(default_factory=Areas)
    adopted: frozenset[str] = frozenset()
