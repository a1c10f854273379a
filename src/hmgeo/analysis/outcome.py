"""What a test comes to: met, not met or unknown, at the position as given and within its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Side(Enum):
    """One answer of a test."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @property
    def opposite(self) -> Side:
        """The other known answer; unknown stays unknown."""
        return {Side.MET: Side.NOT_MET, Side.NOT_MET: Side.MET, Side.UNKNOWN: Side.UNKNOWN}[self]


@dataclass(frozen=True, slots=True)
class Measurement:
    """The number a test rests on, with the nearest object.

    Parameters
    ----------
    value
        As measured at the position as given; None where nothing was found within the search or the position is a
        place.
    low, high
        The range that the position's uncertainty allows; None where unknown.
    limit
        What it was held against; None where the test asks only for yes or no.
    bearing_deg
        From true north; None where shapes touch.
    """

    value: float | None
    low: float | None
    high: float | None
    limit: float | None
    unit: str
    text: str
    receptor_id: str = ""
    receptor_name: str = ""
    bearing_deg: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test's answer.

    Parameters
    ----------
    given
        At the position as given.
    others
        What else it could be within the position's uncertainty; never holds `given`.
    why
        Sentences: why a side is unknown, and what limits the answer.
    is_approximate
        Whether approximate geometry went in; then nothing is certain.
    """

    given: Side
    others: frozenset[Side] = field(default_factory=frozenset)
    why: tuple[str, ...] = ()
    measurement: Measurement | None = None
    is_approximate: bool = False

    @property
    def possible(self) -> frozenset[Side]:
        """Every side it could be."""
        return self.others | {self.given}


def unknown(*why: str) -> Outcome:
    """Return the outcome of a test that can't be told, with the reasons."""
    return Outcome(Side.UNKNOWN, why=why)
