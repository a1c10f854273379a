"""How exact a coordinate is, by the digits it is written with.

Half the last digit is a row's uncertainty on that axis, and the half-diagonal of both axes, in metres, is the row's.
Workbooks and vector files hold binary numbers, which can't show trailing zeros: there the axis with more digits speaks
for both.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.geodesy import geodesic_m

if TYPE_CHECKING:
    from pyproj import CRS

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_EXACT_DEG = 1e-9  # 0.1 mm, which is what distances are rounded to
_EXACT_M = 1e-4
_POLE_DEG = 90.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two coordinates of a row as numbers, with half the last digit given of each."""

    x: float
    y: float
    half_x: float
    half_y: float


def half_last_digit(text: str) -> float:
    """Return half a unit of the last digit of a number as written.

    Examples
    --------
    >>> half_last_digit("113.05"), half_last_digit("113"), half_last_digit("113.050000")
    (0.005, 0.5, 5e-07)
    """
    exponent = Decimal(text).as_tuple().exponent
    return float(Decimal(5).scaleb(int(exponent) - 1))


def digit_uncertainty_m(x: float, y: float, half_x: float, half_y: float) -> float:
    """Return the half-diagonal in metres of the box that half the last digits span around a lon/lat.

    Examples
    --------
    >>> round(digit_uncertainty_m(113.05, 23.62, 0.000005, 0.000005), 2)
    0.75
    """
    toward_equator = -half_y if y > 0 else half_y
    here, there = np.array([[x, y]]), np.array([[x + half_x, y + toward_equator]])
    return float(geodesic_m(here, there)[0])


def pair_uncertainty_m(pair: Pair, lon: float, lat: float, crs: CRS | None, *, is_typed: bool) -> float:
    """Return what half the last digits amount to in metres; 0 for binary numbers with nine decimals or more."""
    if crs is not None and crs.is_projected:
        unit_m = float(crs.axis_info[0].unit_conversion_factor)
        half_m = math.hypot(pair.half_x, pair.half_y) * unit_m
        return 0.0 if is_typed and half_m < _EXACT_M else half_m
    if is_typed and max(pair.half_x, pair.half_y) < _EXACT_DEG:
        return 0.0
    if abs(lat) > _POLE_DEG:  # refused later, with its reason
        return 0.0
    return digit_uncertainty_m(lon, lat, pair.half_x, pair.half_y)


def typed_pairs(xy: np.ndarray) -> list[Pair]:
    """Return pairs for (n, 2) binary coordinates, with the digits that their shortest decimal form shows."""
    made = []
    for x, y in xy.tolist():
        finer = min(half_last_digit(_shortest(x)), half_last_digit(_shortest(y)))
        made.append(Pair(x, y, finer, finer))
    return made


def _shortest(value: float) -> str:
    return repr(value).removesuffix(".0")
