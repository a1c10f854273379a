"""A sheet of paper and the ground on it: Mercator on the ellipsoid at a round scale, true at the sheet's middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


PAPERS_MM = {"A4": (297.0, 210.0), "A3": (420.0, 297.0)}
SCALES = (
    5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 100, 125, 150, 175, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000,
    5000, 7500, 10000, 20000,
)  # fmt: skip
"""Thousands of the scales that sheets have."""

_A_M, _FLATTENING = 6378137.0, 1 / 298.257222101
_E = float(np.sqrt(_FLATTENING * (2 - _FLATTENING)))
_MARGIN_MM, _HEAD_MM, _FOOT_MM, _GAP_MM = 8.0, 15.0, 13.0, 3.0
_LEGEND_MM = {"A4": 62.0, "A3": 76.0}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on paper in mm from the upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper with its boxes.

    Parameters
    ----------
    width_mm, height_mm
        Landscape.
    frame, legend, head, foot
        Where map, legend, title and caption stand.
    """

    name: str
    width_mm: float
    height_mm: float
    frame: Box
    legend: Box
    head: Box
    foot: Box


@dataclass(frozen=True, slots=True)
class View:
    """The ground in a frame.

    Parameters
    ----------
    scale
        1 to this, at the middle parallel.
    centre
        Mercator x and y in m.
    metres_per_mm
        Mercator metres to a millimetre of paper.
    middle_lat
        Degrees.
    """

    scale: int
    centre: tuple[float, float]
    metres_per_mm: float
    middle_lat: float

    def limits(self, frame: Box) -> tuple[float, float, float, float]:
        """Return west, east, south, north of a frame in Mercator metres."""
        half = frame.width / 2 * self.metres_per_mm, frame.height / 2 * self.metres_per_mm
        (x, y) = self.centre
        return x - half[0], x + half[0], y - half[1], y + half[1]


def sheet(paper: str) -> Sheet:
    """Return the boxes of a paper; other papers than A3 are A4.

    Examples
    --------
    >>> sheet("A4").frame.width
    216.0
    """
    name = paper if paper in PAPERS_MM else "A4"
    width, height = PAPERS_MM[name]
    inner = width - 2 * _MARGIN_MM
    head = Box(_MARGIN_MM, _MARGIN_MM, inner, _HEAD_MM)
    foot = Box(_MARGIN_MM, height - _MARGIN_MM - _FOOT_MM, inner, _FOOT_MM)
    top, bottom = head.bottom + 1, foot.top - 4
    frame = Box(_MARGIN_MM, top, inner - _LEGEND_MM[name] - _GAP_MM, bottom - top)
    legend = Box(frame.right + _GAP_MM, top, _LEGEND_MM[name], bottom - top)
    return Sheet(name, width, height, frame, legend, head, foot)


def view(bounds: Sequence[Sequence[float]], frame: Box) -> View:
    """Return the largest round scale at which bounds fit a frame, with 4 % of air.

    Parameters
    ----------
    bounds
        [[south, west], [north, east]] in degrees.
    """
    (south, west), (north, east) = bounds
    corners = mercator(np.array([[west, south], [east, north]]))
    middle_lat = (south + north) / 2
    stretch = _stretch(middle_lat)
    needed_m = (corners[1] - corners[0]) / stretch / 0.96
    least = max(needed_m[0] / frame.width, needed_m[1] / frame.height, 1.0) * 1000
    scale = next((1000 * step for step in SCALES if 1000 * step >= least), SCALES[-1] * 1000)
    centre = corners.mean(axis=0)
    return View(scale, (float(centre[0]), float(centre[1])), scale / 1000 * stretch, middle_lat)


def mercator(lon_lat: NDArray[Any]) -> NDArray[Any]:
    """Return Mercator metres on the CGCS2000 ellipsoid (Snyder 1987, eq. 7-7), from degrees, one row a point."""
    sine = np.sin(np.radians(lon_lat[:, 1]))
    y = np.arctanh(sine) - _E * np.arctanh(_E * sine)
    return np.column_stack([_A_M * np.radians(lon_lat[:, 0]), _A_M * y])


def degrees_at(y_m: float, near_lat: float) -> float:
    """Return the latitude of a Mercator y, by Newton steps from a latitude near it."""
    lat = near_lat
    for _ in range(8):
        error = mercator(np.array([[0.0, lat]]))[0, 1] - y_m
        lat -= float(np.degrees(error / (_stretch(lat) * _meridian_radius_m(lat))))
    return lat


def _stretch(lat: float) -> float:
    """Return Mercator metres to a metre on the ground."""
    phi = np.radians(lat)
    return float(np.sqrt(1 - (_E * np.sin(phi)) ** 2) / np.cos(phi))


def _meridian_radius_m(lat: float) -> float:
    return float(_A_M * (1 - _E**2) / (1 - (_E * np.sin(np.radians(lat))) ** 2) ** 1.5)
