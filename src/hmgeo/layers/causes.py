"""The usual causes that put a point outside the place it should be in, and where each would put it instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.datum import Datum, bd09_to_wgs84, gauss_kruger_crs, gcj02_to_wgs84, zone_central_meridian
from hmgeo.layers.georeference import unproject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.layers.outcome import ReadAs


SWAPPED = "经度与纬度颠倒"
WRONG_ZONE = "投影带号或中央子午线不对"
RUN_TOGETHER = "度分（秒）连写成了小数"
ONE_DIGIT = "有一位数字写错"
UNDECLARED_GCJ02 = "实为 GCJ-02（高德等）坐标而未声明"
UNDECLARED_BD09 = "实为 BD-09（百度）坐标而未声明"
SHIFTED_TWICE = "已是 CGCS2000 或 WGS84 坐标，却声明为互联网地图坐标"

_MILLION = 1_000_000.0
_MERIDIANS = range(75, 138, 3)
_DECIMALS = 9
_SIXTY = 60
_PLAIN = frozenset({Datum.CGCS2000, Datum.WGS84})
_SHIFTED = frozenset({Datum.GCJ02, Datum.BD09})


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cause, where it would put the point in lon/lat on CGCS2000, and what it adds to the uncertainty."""

    cause: str
    lon: float
    lat: float
    added_m: float = 0.0
    detail: str = ""


def suggestions(given: ReadAs) -> Iterator[Suggestion]:
    """Yield every other reading of a row, the most telling cause first."""
    if given.crs is not None and given.crs.is_projected:
        yield from _other_zones(given)
        return
    x, y = given.x, given.y
    yield Suggestion(SWAPPED, y, x)
    if given.datum in _PLAIN:
        for datum, cause, back in (
            (Datum.GCJ02, UNDECLARED_GCJ02, gcj02_to_wgs84),
            (Datum.BD09, UNDECLARED_BD09, bd09_to_wgs84),
        ):
            lon, lat = back(x, y)
            yield Suggestion(cause, float(lon), float(lat), datum.uncertainty_m)
    elif given.datum in _SHIFTED:
        yield Suggestion(SHIFTED_TWICE, x, y)
    yield from _run_together(x, y)
    yield from _one_digit(x, y)


def _other_zones(given: ReadAs) -> Iterator[Suggestion]:
    """Read the metres about every other central meridian."""
    zone = int(given.x // _MILLION)
    easting = given.x - zone * _MILLION if zone_central_meridian(zone) is not None else given.x
    for meridian in _MERIDIANS:
        grid = gauss_kruger_crs(float(meridian), datum=given.datum or Datum.CGCS2000)
        lon, lat = unproject(grid, np.array([easting]), np.array([given.y]))
        if np.isfinite(lon[0]) and np.isfinite(lat[0]):
            yield Suggestion(WRONG_ZONE, float(lon[0]), float(lat[0]), detail=f"中央子午线 {meridian}°")


def _run_together(x: float, y: float) -> Iterator[Suggestion]:
    """Read 113.0345 as 113°03′45″ and as 113°03.45′."""
    for with_seconds in (True, False):
        lon, lat = _unpacked(x, with_seconds=with_seconds), _unpacked(y, with_seconds=with_seconds)
        if lon is not None and lat is not None and (lon, lat) != (x, y):
            yield Suggestion(RUN_TOGETHER, lon, lat, detail="度.分秒" if with_seconds else "度.分")


def _unpacked(value: float, *, with_seconds: bool) -> float | None:
    whole, _, fraction = _digits(value).partition(".")
    fraction = fraction.ljust(4, "0")
    minutes = float(fraction[:2])
    rest = float(f"{fraction[2:4]}.{fraction[4:] or '0'}")
    if not whole.isdigit() or minutes >= _SIXTY or (with_seconds and rest >= _SIXTY):
        return None
    if with_seconds:
        return int(whole) + minutes / _SIXTY + rest / _SIXTY**2
    return int(whole) + float(f"{fraction[:2]}.{fraction[2:]}") / _SIXTY


def _one_digit(x: float, y: float) -> Iterator[Suggestion]:
    """Change one digit of one coordinate, or swap two neighbours."""
    for name, text, is_lon in (("经度", _digits(x), True), ("纬度", _digits(y), False)):
        for other in dict.fromkeys(_neighbours(text)):
            lon, lat = (float(other), y) if is_lon else (x, float(other))
            yield Suggestion(ONE_DIGIT, lon, lat, detail=f"{name} {text} 或应为 {other}")


def _neighbours(text: str) -> Iterator[str]:
    places = [match.start() for match in re.finditer(r"\d", text)]
    for place in places:
        for digit in "0123456789":
            if digit != text[place]:
                yield f"{text[:place]}{digit}{text[place + 1 :]}"
    for first, second in pairwise(places):
        if text[first] != text[second]:
            between = text[first + 1 : second]
            yield f"{text[:first]}{text[second]}{between}{text[first]}{text[second + 1 :]}"


def _digits(value: float) -> str:
    """Return a number as it would be written, without an exponent."""
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
