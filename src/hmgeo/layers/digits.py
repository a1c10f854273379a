"""How exact a coordinate is, by the digits it is written with.

Half the last digit is a row's uncertainty on that axis, and the half-diagonal of both axes, in metres, is the row's.
Workbooks and vector files hold binary numbers, which can't show trailing zeros: there the axis with more digits speaks
for both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.geodesy import geodesic_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pyproj import CRS

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_HALVES = tuple(float(f"5e-{places + 1}") for places in range(25))
_EXACT_DEG = 1e-9  # 0.1 mm, which is what distances are rounded to
_EXACT_M = 1e-4
_POLE_DEG = 90.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two coordinates of a row as numbers, with half the last digit given of each.

    Parameters
    ----------
    is_written
        The cells held text such as 113°03′00″, which shows all its digits even in a workbook.
    """

    x: float
    y: float
    half_x: float
    half_y: float
    is_written: bool = False


def half_last_digit(text: str) -> float:
    """Return half a unit of the last digit of a number as written.

    Examples
    --------
    >>> half_last_digit("113.05"), half_last_digit("113"), half_last_digit("113.050000")
    (0.005, 0.5, 5e-07)
    """
    if len(text) < len(_HALVES) and "e" not in text and "E" not in text:
        _, dot, decimals = text.partition(".")
        return _HALVES[len(decimals)] if dot else _HALVES[0]
    exponent = Decimal(text).as_tuple().exponent
    return float(Decimal(5).scaleb(int(exponent) - 1))


def digit_uncertainties_m(
    lon: NDArray[np.float64], lat: NDArray[np.float64], half_x: NDArray[np.float64], half_y: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the half-diagonals in metres of the boxes that half the last digits span around lon/lats.

    Examples
    --------
    >>> digit_uncertainties_m(*np.array([[113.05], [23.62], [0.000005], [0.000005]])).round(2).tolist()
    [0.75]
    """
    toward_equator = np.where(lat > 0, -half_y, half_y)
    return geodesic_m(np.column_stack([lon, lat]), np.column_stack([lon + half_x, lat + toward_equator]))


def pair_uncertainties_m(
    pairs: Sequence[Pair],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    crs: CRS | None,
    *,
    is_typed: bool,
) -> NDArray[np.float64]:
    """Return what half the last digits amount to in metres; 0 for binary numbers with nine decimals or more."""
    halves = np.array([(pair.half_x, pair.half_y) for pair in pairs], dtype=np.float64).reshape(-1, 2)
    is_binary = np.array([is_typed and not pair.is_written for pair in pairs], dtype=bool)
    if crs is not None and crs.is_projected:
        half_m = np.hypot(halves[:, 0], halves[:, 1]) * float(crs.axis_info[0].unit_conversion_factor)
        return np.where(is_binary & (half_m < _EXACT_M), 0.0, half_m)
    found = np.zeros(len(halves))
    # latitudes beyond the pole are refused later, with their reason
    needed = (np.abs(lat) <= _POLE_DEG) & ~(is_binary & (halves.max(axis=1, initial=0.0) < _EXACT_DEG))
    found[needed] = digit_uncertainties_m(lon[needed], lat[needed], halves[needed, 0], halves[needed, 1])
    return found


def typed_pairs(xy: NDArray[np.float64]) -> list[Pair]:
    """Return pairs for (n, 2) binary coordinates, with the digits that their shortest decimal form shows."""
    made = []
    for x, y in xy.tolist():
        finer = min(half_last_digit(_shortest(x)), half_last_digit(_shortest(y)))
        made.append(Pair(x, y, finer, finer))
    return made


def _shortest(value: float) -> str:
    return repr(value).removesuffix(".0")
