"""Counties and townships that ship with the software, to hold points and outlines against.

County lines are real but generalised by some hundred metres; township cells are approximations and no boundaries.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry import shape

from hmgeo.geo.datum import Datum, to_cgcs2000
from hmgeo.intake.catalog import shipped_folder
from hmgeo.vocabulary import COUNTY_DIGITS, TOWNSHIP_DIGITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

COUNTY_TOLERANCE_M = 800.0
"""How far outside its county a point may lie before that is told: what generalisation moved the lines by."""
TOWNSHIP_TOLERANCE_M = 3000.0
"""How far outside its township's cell a point may lie before that is told: cells are approximate."""

_DEGREE_M = 111_195.0


@dataclass(frozen=True, slots=True)
class AdminUnit:
    """A county, or the cell that stands for a township; shape in lon/lat."""

    code: str
    name: str
    shape: Any = field(repr=False, hash=False, compare=False)

    @property
    def is_county(self) -> bool:
        """Whether this is a county, not a township."""
        return len(self.code) == COUNTY_DIGITS

    @property
    def tolerance_m(self) -> float:
        """How far outside a point may lie before that is told."""
        return COUNTY_TOLERANCE_M if self.is_county else TOWNSHIP_TOLERANCE_M

    def covers(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """Return which points lie inside."""
        return np.asarray(shapely.intersects_xy(self.shape, lon, lat), dtype=bool)

    def outside_m(self, lon: Floats, lat: Floats) -> Floats:
        """Return how far points lie outside, in metres to about one per cent; 0 inside."""
        away_m = np.zeros(len(lon))
        out = np.flatnonzero(~self.covers(lon, lat))
        if out.size:
            middle = (self.shape.bounds[1] + self.shape.bounds[3]) / 2
            scale = np.array([_DEGREE_M * np.cos(np.radians(middle)), _DEGREE_M])
            flat = shapely.transform(self.shape, lambda xy: xy * scale)
            away_m[out] = shapely.distance(flat, shapely.points(lon[out] * scale[0], lat[out] * scale[1]))
        return away_m


@dataclass(frozen=True, slots=True)
class DeclaredPlace:
    """Where a row says it is; None where the shipped units don't hold the name or code."""

    county: AdminUnit | None = None
    township: AdminUnit | None = None

    @property
    def units(self) -> tuple[AdminUnit, ...]:
        """The units that are known, county first."""
        return tuple(unit for unit in (self.county, self.township) if unit is not None)


@lru_cache(maxsize=1)
def counties() -> tuple[AdminUnit, ...]:
    """Return the shipped counties."""
    return _units("counties.geojson", "adcode")


@lru_cache(maxsize=1)
def townships() -> tuple[AdminUnit, ...]:
    """Return the shipped township cells."""
    return _units("townships.geojson", "code9")


@lru_cache(maxsize=4096)
def declared_place(county: str, township: str, code: str = "") -> DeclaredPlace:
    """Return the units that a row's names and code mean.

    Parameters
    ----------
    county, township
        As the row has them; a prefecture's name may stand before the county's, spaces don't matter.
    code
        Six to twelve digits; used where the names are not known.

    Examples
    --------
    >>> place = declared_place("清远市清城区", "龙塘镇")
    >>> place.county.code, place.township.code
    ('441802', '441802105')
    """
    found_county = _county(county, re.sub(r"\D", "", code))
    name = re.sub(r"\s+", "", township)
    named = [unit for unit in townships() if name and name.endswith(unit.name)]
    if found_county is not None:
        named = [unit for unit in named if unit.code.startswith(found_county.code)]
    elif county.strip():
        named = []
    by_code = re.sub(r"\D", "", code)[:TOWNSHIP_DIGITS]
    if not name and len(by_code) == TOWNSHIP_DIGITS:
        named = [unit for unit in townships() if unit.code == by_code]
    cell = named[0] if len(named) == 1 else None
    if cell is not None and found_county is None:
        found_county = next((unit for unit in counties() if unit.code == cell.code[:COUNTY_DIGITS]), None)
    return DeclaredPlace(found_county, cell)


def _county(name: str, code: str) -> AdminUnit | None:
    plain = re.sub(r"\s+", "", name)
    named = [unit for unit in counties() if plain and plain.endswith(unit.name)]
    if len(named) > 1:
        named = [unit for unit in named if unit.code == code[:COUNTY_DIGITS]]
    if not plain and len(code) >= COUNTY_DIGITS:
        named = [unit for unit in counties() if unit.code == code[:COUNTY_DIGITS]]
    return named[0] if len(named) == 1 else None


@lru_cache(maxsize=4096)
def county_in_address(address: str) -> AdminUnit | None:
    """Return the one shipped county that an address names; None where it names none, or several.

    Examples
    --------
    >>> county_in_address("广东省清远市清城区石角镇某路1号").code, county_in_address("清城区与清新区交界")
    ('441802', None)
    """
    plain = re.sub(r"\s+", "", address)
    named = [unit for unit in counties() if re.search(rf"(?:^|[省市州区]){unit.name}(?![路街巷村]|大道)", plain)]
    return named[0] if len(named) == 1 and sum(unit.name in plain for unit in counties()) == 1 else None


def _units(name: str, code_key: str) -> tuple[AdminUnit, ...]:
    content = json.loads((shipped_folder() / "real" / name).read_text(encoding="utf-8"))
    made = []
    for feature in content["features"]:
        outline = shape(feature["geometry"])
        shapely.prepare(outline)
        made.append(AdminUnit(str(feature["properties"][code_key]), str(feature["properties"]["name"]), outline))
    return tuple(made)


MOST_SHAPES = 200
"""More shapes than this are no outlines of counties."""
_LEAST_AREA_DEG2 = 0.003  # some 35 square kilometres
_SAME_OUTLINE = 0.85
_LEAST_GAIN = 0.01


@dataclass(frozen=True, slots=True)
class OutlineFit:
    """How well shapes cover the counties they outline: overlap over union, mean of all."""

    datum: Datum
    count: int
    as_given: float
    restored: float

    def __str__(self) -> str:
        """Return both shares in words."""
        return f"与所画县界的重合度：按 {self.datum.zh} 读取 {self.restored:.1%}，按所申明的坐标系 {self.as_given:.1%}"


def outline_datum(shapes: NDArray[np.object_]) -> OutlineFit | None:
    """Return the internet datum on which outlines of counties fit better; None where none do or none is an outline."""
    if len(shapes) > MOST_SHAPES:
        return None
    large = shapes[(shapely.area(shapes) > _LEAST_AREA_DEG2) & shapely.is_valid(shapes)]
    outlines = np.array([unit.shape for unit in counties()], dtype=object)
    fits: list[tuple[float, float, float]] = []
    for drawn in large:
        near = outlines[shapely.intersects(outlines, shapely.point_on_surface(drawn))]
        shares = [_overlap(drawn, outline) for outline in near]
        if shares and max(shares) >= _SAME_OUTLINE:
            outline = near[int(np.argmax(shares))]
            gcj02, bd09 = (_overlap(_restored(drawn, datum), outline) for datum in (Datum.GCJ02, Datum.BD09))
            fits.append((max(shares), gcj02, bd09))
    if not fits:
        return None
    as_given, *others = np.mean(fits, axis=0).tolist()
    best = int(np.argmax(others))
    if others[best] - as_given < _LEAST_GAIN:
        return None
    return OutlineFit((Datum.GCJ02, Datum.BD09)[best], len(fits), as_given, others[best])


def _restored(drawn: shapely.Geometry, datum: Datum) -> shapely.Geometry:
    return shapely.transform(drawn, lambda xy: np.column_stack(to_cgcs2000(xy[:, 0], xy[:, 1], datum)))


def _overlap(drawn: shapely.Geometry, other: shapely.Geometry) -> float:
    return float(shapely.area(shapely.intersection(drawn, other)) / shapely.area(shapely.union(drawn, other)))
