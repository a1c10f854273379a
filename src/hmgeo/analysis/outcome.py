"""What a test comes to: met, not met or unknown, at the position as given and on the other side of its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """One answer of a test."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


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
    bearing_deg
        From true north; None where shapes touch.
    """

    value: float | None
    low: float | None
    high: float | None
    limit: float
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
    other
        What it could be instead within the position's uncertainty; None where nothing else.
    why
        Sentences: why a side is unknown, and what limits the answer.
    is_approximate
        Whether approximate geometry went in; then nothing is certain.
    """

    given: Side
    other: Side | None = None
    why: tuple[str, ...] = ()
    measurement: Measurement | None = None
    is_approximate: bool = False
