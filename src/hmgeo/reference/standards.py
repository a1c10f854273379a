"""Soil standards: screening and intervention values of GB 15618 (farmland) and GB 36600 (building land), in mg/kg."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hmgeo.reference.tables import read_rows

GB_15618 = "GB 15618-2018"
GB_36600 = "GB 36600-2018"
SOIL_ELEMENTS = ("Cd", "Hg", "As", "Pb", "Cr", "Cu", "Ni", "Zn")
"""The elements of GB 15618 表1, in its order."""


@dataclass(frozen=True, slots=True)
class FarmlandLimit:
    """Values of GB 15618 for one element, land type and pH band (above `ph_above`, up to and with `ph_to`).

    Parameters
    ----------
    land_type
        paddy (水田), orchard (果园), other (其他), or all where the table makes no difference.
    ph_above, ph_to
        None where the band is open.
    intervention_mg_kg
        None for elements without one (Cu, Ni, Zn).
    source
        Where the values were read, and how sure that is.
    """

    element: str
    land_type: str
    ph_above: float | None
    ph_to: float | None
    screening_mg_kg: float
    intervention_mg_kg: float | None
    table: str
    source: str

    def holds(self, ph: float) -> bool:
        """Return whether a pH belongs to the band; the upper end does, the lower doesn't."""
        return (self.ph_above is None or ph > self.ph_above) and (self.ph_to is None or ph <= self.ph_to)

    @property
    def band_zh(self) -> str:
        """The band as the standard prints it.

        Examples
        --------
        >>> farmland_limits()[1].band_zh
        '5.5<pH≤6.5'
        """
        if self.ph_above is None:
            return f"pH≤{self.ph_to:g}"
        return f"pH>{self.ph_above:g}" if self.ph_to is None else f"{self.ph_above:g}<pH≤{self.ph_to:g}"


@dataclass(frozen=True, slots=True)
class BuildingLandLimit:
    """Values of GB 36600 for one metal: first class (第一类用地) and second class (第二类用地)."""

    element: str
    cas: str
    screening_class1_mg_kg: float
    screening_class2_mg_kg: float
    intervention_class1_mg_kg: float
    intervention_class2_mg_kg: float
    table: str
    source: str


@lru_cache(maxsize=1)
def farmland_limits() -> tuple[FarmlandLimit, ...]:
    """Return the values of GB 15618 in the order of the table.

    Examples
    --------
    >>> farmland_limits()[0].screening_mg_kg, farmland_limits()[0].intervention_mg_kg
    (0.3, 1.5)
    """
    return tuple(
        FarmlandLimit(
            row["element"],
            row["land_type"],
            _number(row["ph_gt"]),
            _number(row["ph_le"]),
            float(row["screening_mg_kg"]),
            _number(row["intervention_mg_kg"]),
            row["table"],
            row["source"],
        )
        for row in read_rows("gb15618.csv")
    )


def farmland_limit(element: str, land_type: str, ph: float) -> FarmlandLimit | None:
    """Return the values for an element on a land type (paddy, orchard, other) at a pH; None where there are none.

    A land type that the table doesn't list for an element is its `other`, or its `all`.

    Examples
    --------
    >>> farmland_limit("Cd", "orchard", 7.0).screening_mg_kg
    0.3
    >>> farmland_limit("Cu", "paddy", 7.0).screening_mg_kg
    100.0
    >>> farmland_limit("Ni", "paddy", 7.5).screening_mg_kg
    100.0
    """
    return next((one for one in _bands(element, land_type) if one.holds(ph)), None)


def strictest_farmland_limit(element: str, land_type: str) -> FarmlandLimit | None:
    """Return the values of the strictest pH band for an element on a land type; None where there are none.

    Examples
    --------
    >>> strictest_farmland_limit("Cd", "paddy").band_zh, strictest_farmland_limit("As", "paddy").band_zh
    ('pH≤5.5', 'pH>7.5')
    """
    bands = _bands(element, land_type)
    return min(bands, key=lambda one: (one.screening_mg_kg, one.intervention_mg_kg or 0.0), default=None)


def _bands(element: str, land_type: str) -> list[FarmlandLimit]:
    """Return the bands that count for a land type: its own, else those of `other`, else of `all`."""
    of_element = [one for one in farmland_limits() if one.element == element]
    for wanted in (land_type, "other", "all"):
        bands = [one for one in of_element if one.land_type == wanted]
        if bands:
            return bands
    return []


@lru_cache(maxsize=1)
def building_land_limits() -> tuple[BuildingLandLimit, ...]:
    """Return the values of GB 36600 for metals.

    Examples
    --------
    >>> next(one.screening_class1_mg_kg for one in building_land_limits() if one.element == "Pb")
    400.0
    """
    return tuple(
        BuildingLandLimit(
            row["element"],
            row["cas"],
            float(row["screening_class1"]),
            float(row["screening_class2"]),
            float(row["intervention_class1"]),
            float(row["intervention_class2"]),
            row["table"],
            row["source"],
        )
        for row in read_rows("gb36600_metals.csv")
    )


def _number(text: str) -> float | None:
    return float(text) if text else None
