"""Distances and classes found outside the clauses: hints for what a text leaves open, never legal limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hmgeo.reference.tables import read_rows

UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class ProtectiveDistance:
    """A distance that a standard, an access condition or a law names.

    Parameters
    ----------
    distance_text
        As the table holds it: metres, `polygon` (an official zone), `formula`, `unspecified`, or empty.
    status
        What is known of its standing.
    source
        Where it was read, and how sure that is.
    """

    document: str
    clause: str
    subject: str
    trade_2017: str
    condition: str
    distance_text: str
    effect: str
    status: str
    source: str
    note: str

    @property
    def distance_m(self) -> float | None:
        """The distance in metres, None where the text gives no number."""
        return float(self.distance_text) if self.distance_text.isdigit() else None

    @property
    def is_unverified(self) -> bool:
        """Whether nobody held the number against the text."""
        return UNVERIFIED in self.source


@dataclass(frozen=True, slots=True)
class WaterZoneSize:
    """How HJ 338-2018 sizes a drinking-water source zone; official zones always win over it.

    Parameters
    ----------
    value_text
        Metres, a range of metres, `polygon` or `catchment`.
    """

    source_type: str
    size_class: str
    level: str
    part: str
    rule: str
    value_text: str
    source: str
    note: str

    @property
    def range_m(self) -> tuple[float, float] | None:
        """The smallest and largest metres, None where the zone is no distance."""
        parts = self.value_text.split("-")
        return (float(parts[0]), float(parts[-1])) if all(part.isdigit() for part in parts) else None


@dataclass(frozen=True, slots=True)
class TerrainClass:
    """A class of relief or slope: from `lower` to `upper`, None where open; `boundary` says which end belongs to it."""

    scheme: str
    name: str
    lower: float | None
    upper: float | None
    unit: str
    boundary: str
    source: str


@lru_cache(maxsize=1)
def protective_distances() -> tuple[ProtectiveDistance, ...]:
    """Return the distances in the order of the table.

    Examples
    --------
    >>> [one.distance_m for one in protective_distances() if one.document == "长江保护法"]
    [1000.0, 3000.0, 1000.0]
    """
    return tuple(
        ProtectiveDistance(
            row["document"],
            row["clause"],
            row["subject"],
            row["gbt4754_2017"],
            row["condition"],
            row["distance_m"],
            row["effect"],
            row["status"],
            row["source"],
            row["note"],
        )
        for row in read_rows("protective_distances.csv")
    )


@lru_cache(maxsize=1)
def water_zone_sizes() -> tuple[WaterZoneSize, ...]:
    """Return the sizes of drinking-water source zones in the order of the table.

    Examples
    --------
    >>> water_zone_sizes()[0].range_m
    (1000.0, 1000.0)
    """
    return tuple(
        WaterZoneSize(
            row["source_type"],
            row["size_class"],
            row["level"],
            row["part"],
            row["rule"],
            row["value_m"],
            row["provenance"],
            row["note"],
        )
        for row in read_rows("dw_protection_zones.csv")
    )


@lru_cache(maxsize=1)
def terrain_classes() -> tuple[TerrainClass, ...]:
    """Return the terrain classes in the order of the table.

    Examples
    --------
    >>> [one.upper for one in terrain_classes() if one.scheme == "cropland_slope_deg"]
    [2.0, 6.0, 15.0, 25.0, None]
    """
    return tuple(
        TerrainClass(
            row["scheme"],
            row["class_name"],
            _number(row["lower"]),
            _number(row["upper"]),
            row["unit"],
            row["boundary"],
            row["source"],
        )
        for row in read_rows("terrain_classes.csv")
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
