"""What a source comes to where terrain is considered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hmgeo.analysis.outcome import Side
    from hmgeo.vocabulary import TerrainClass


@dataclass(frozen=True, slots=True)
class TerrainOutcome:
    """What a source comes to under its radii.

    Parameters
    ----------
    side
        MET where a pair lies within its class's radius; UNKNOWN where only pairs without a radius (or without
        heights) lie within the plain's; NOT_MET where none does.
    side_if_plain
        What the plain's radius alone would say.
    receptor
        Row of the nearest parcel that decides, -1 where none does.
    terrain
        Class of the deciding pair.
    """

    side: Side
    side_if_plain: Side
    receptor: int = -1
    distance_m: float | None = None
    radius_m: float | None = None
    terrain: TerrainClass | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class TerrainVerdict:
    """What terrain makes of a source.

    Parameters
    ----------
    others
        Sides it could take within the position's uncertainty.
    receptor_id
        The parcel that decides; empty where none does.
    how
        What was chosen, in words.
    """

    outcome: TerrainOutcome
    others: frozenset[Side] = frozenset()
    receptor_id: str = ""
    how: str = ""
