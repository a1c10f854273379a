"""Points held against the county and township that their rows name; what would explain those outside.

Nothing is changed without the user's word (`accept_suggestions`). Township cells are approximate, so a single point is
told only where it lies well outside; for a layer as a whole, many small misfits together speak for another datum.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.datum import Datum, bd09_to_wgs84, gauss_kruger_crs, gcj02_to_wgs84, zone_central_meridian
from hmgeo.intake.catalog import MOST_SHAPES, AdminUnit, DeclaredPlace, declared_place, outline_datum
from hmgeo.intake.columns import Opened
from hmgeo.intake.places.locate import MERIDIANS, unproject
from hmgeo.intake.rows import Outcome, ReadAs, name_rows
from hmgeo.words import say

Groups = dict[DeclaredPlace, NDArray[np.intp]]

DATUM_EVENT = "坐标系疑误"
"""Ledger event of a layer that fits its townships better on an internet datum; a warning on every output."""
PLACE_EVENT = "位置存疑"
"""Ledger event of a point outside the place that its row names."""
ACCEPTED_EVENT = "采纳建议"
"""Ledger event of a point changed because the user accepts suggestions."""

SWAPPED = "经度与纬度颠倒"
WRONG_ZONE = "投影带号或中央子午线不对"
RUN_TOGETHER = "度分（秒）连写成了小数"
ONE_DIGIT = "有一位数字写错"
UNDECLARED_GCJ02 = "实为 GCJ-02（高德等）坐标而未声明"
UNDECLARED_BD09 = "实为 BD-09（百度）坐标而未声明"
SHIFTED_TWICE = "已是 CGCS2000 或 WGS84 坐标，却声明为互联网地图坐标"

_MOST_ROWS_EXPLAINED = 1_000
_MOST_ROWS_TOLD = 20_000
_MOST_SHAPES_TESTED = 5_000
_FEWEST_BETTER = 3
_CHANCE = 0.01
_LEAST_GAIN = 0.02
_GOOD_FIT = 0.95
_PLAIN = frozenset({Datum.CGCS2000, Datum.WGS84})
_SHIFTED = (Datum.GCJ02, Datum.BD09)
_DECIMALS = 9
_SIXTY = 60
_MILLION = 1_000_000.0
_BACK = {Datum.GCJ02: gcj02_to_wgs84, Datum.BD09: bd09_to_wgs84}
_COARSE = frozenset({SWAPPED, WRONG_ZONE, RUN_TOGETHER})  # causes that move a point by far more than a cell is wrong


class _Fit(Struct, frozen=True):
    """How many of the points lie in their townships as given, and on another datum."""

    datum: Datum
    rows: NDArray[np.intp]
    inside: int
    inside_as_given: int


def hold_against_places(opened: Opened, outcome: Outcome, *, accept: bool) -> None:
    """Write down which points of `outcome` lie outside the place that `opened` declares, and why that may be.

    They are changed only if the user takes suggestions: `accept`.
    """
    groups = _groups(opened, outcome)
    header = "几何"
    if "lon" in opened.columns and opened.raw.geometry is None:
        header = "、".join(dict.fromkeys((opened.columns["lon"], opened.columns["lat"])))
    fit = _better_datum(groups, outcome)
    if fit is not None:
        _tell_datum(fit, outcome, accept=accept)
    outside = [finding for place, rows in groups.items() for finding in _outside(place, rows, outcome)]
    outside.sort(key=lambda finding: finding[0])
    for row, place, unit, away_m in outside[:_MOST_ROWS_EXPLAINED]:
        _tell_row(row, place, _Outside(unit, away_m), header, outcome, accept=accept)
    for row, _, unit, away_m in outside[_MOST_ROWS_EXPLAINED:_MOST_ROWS_TOLD]:
        reason = f"{_Outside(unit, away_m)}；存疑的行过多，未逐一查找原因"
        outcome.journal.note_row(row + 1, PLACE_EVENT, reason, "请先核对整个图层的坐标系", field=header)
    if len(outside) > _MOST_ROWS_TOLD:
        rest = name_rows(row + 1 for row, *_ in outside[_MOST_ROWS_TOLD:])
        outcome.journal.note(PLACE_EVENT, f"另有 {rest}不在所填行政区内", "请先核对整个图层的坐标系", field=header)


class _Outside(Struct, frozen=True):
    unit: AdminUnit
    away_m: float

    def __str__(self) -> str:
        """Return the finding in words, with what the line is worth."""
        worth = "县界概化" if self.unit.is_county else "乡镇界为示意"
        level = "县" if self.unit.is_county else "乡镇"
        return say("point_outside_stated", level=level, name=self.unit.name, away_km=self.away_m / 1000, worth=worth)


def hold_shapes_against_places(opened: Opened, outcome: Outcome, read_on: Datum | None) -> None:
    """Tell where the shapes of a layer as a whole fit their townships, or the county they outline, better elsewhere.

    Which those are `opened` says; shapes and status come from `outcome`; `read_on` is the datum they were read on.
    """
    if read_on not in _PLAIN or not outcome.is_assessed().any():
        return
    groups = _groups(opened, outcome, points_only=False)
    fit = _better_datum(groups, outcome, read_on)
    if fit is not None and fit.inside >= _GOOD_FIT * len(fit.rows):
        _tell_datum(fit, outcome, accept=False)
        return
    located = np.flatnonzero(outcome.is_assessed())
    outline = outline_datum(outcome.shapes_of(located)) if located.size <= MOST_SHAPES else None
    if outline is not None:
        reason = f"{outline.count} 个面疑为互联网地图坐标，请确认，系统未作改动。"
        outcome.journal.note(DATUM_EVENT, reason, str(outline), field="坐标系", value=outline.datum.zh)


def _groups(opened: Opened, outcome: Outcome, *, points_only: bool = True) -> Groups:
    """Return the located rows by the place that they name, where the shipped units hold it."""
    columns = [opened.coded(role) for role in ("county", "township", "region_code" if points_only else "unit_code")]
    wanted = outcome.is_assessed()
    if points_only:
        wanted &= shapely.get_type_id(outcome.shapes) == shapely.GeometryType.POINT
    located = np.flatnonzero(wanted)
    if not points_only and located.size > _MOST_SHAPES_TESTED:
        located = located[:: located.size // _MOST_SHAPES_TESTED]
    if not any(any(column.words) for column in columns):
        return {}
    at = np.zeros(located.size, np.int64)
    for column in columns:
        at = at * len(column.words) + column.code[located]
    _, first, at = np.unique(at, return_index=True, return_inverse=True)
    groups: dict[DeclaredPlace, list[NDArray[np.intp]]] = defaultdict(list)
    for number in np.argsort(first).tolist():
        words = [column.words[column.code[located[first[number]]]] for column in columns]
        place = declared_place(*words) if any(words) else None
        if place is not None and place.units:
            groups[place].append(located[at == number])
    return {place: np.sort(np.concatenate(rows)) for place, rows in groups.items()}


def _lon_lat(rows: NDArray[np.intp], outcome: Outcome) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    shapes = outcome.shapes_of(rows)
    if (shapely.get_type_id(shapes) != shapely.GeometryType.POINT).any():
        shapes = shapely.point_on_surface(shapes)
    lon, lat = shapely.get_coordinates(shapes).T
    return lon, lat


def _outside(
    place: DeclaredPlace, rows: NDArray[np.intp], outcome: Outcome
) -> list[tuple[int, DeclaredPlace, AdminUnit, float]]:
    """Return the rows that lie outside their county, or else well outside their township."""
    lon, lat = _lon_lat(rows, outcome)
    by_row: dict[int, tuple[int, DeclaredPlace, AdminUnit, float]] = {}
    for unit in place.units:
        away_m = unit.outside_m(lon, lat)
        for position in np.flatnonzero(away_m > unit.tolerance_m + outcome.uncertainty_m[rows]).tolist():
            row = int(rows[position])
            by_row.setdefault(row, (row, place, unit, float(away_m[position])))
    return list(by_row.values())


def _better_datum(groups: Groups, outcome: Outcome, of_all: Datum | None = None) -> _Fit | None:
    """Return the internet datum on which clearly more points fall into their townships; None where chance may do it."""
    as_given: list[NDArray[np.bool_]] = []
    others: dict[Datum, list[NDArray[np.bool_]]] = {datum: [] for datum in _BACK}
    rows_tested: list[NDArray[np.intp]] = []
    for place, rows in groups.items():
        read_as = ((row, outcome.read_as.get(row)) for row in rows.tolist())
        plain_rows = [row for row, reading in read_as if reading is not None and reading.datum in _PLAIN]
        plain = rows if of_all else np.array(plain_rows, np.intp)
        if plain.size == 0 or place.township is None:
            continue
        lon, lat = _lon_lat(plain, outcome)
        rows_tested.append(plain)
        as_given.append(place.township.covers(lon, lat))
        for datum, back in _BACK.items():
            others[datum].append(place.township.covers(*back(lon, lat)))
    if not rows_tested:
        return None
    rows, inside = np.concatenate(rows_tested), np.concatenate(as_given)
    fits = []
    for datum, masks in others.items():
        there = np.concatenate(masks)
        better, worse = int((there & ~inside).sum()), int((inside & ~there).sum())
        is_perfect = bool(there.all()) and better >= _FEWEST_BETTER
        if is_perfect or _is_clearly_better(better, worse, len(rows)):
            fits.append(_Fit(datum, np.sort(rows), int(there.sum()), int(inside.sum())))
    return max(fits, key=lambda fit: fit.inside, default=None)


def _is_clearly_better(better: int, worse: int, count: int) -> bool:
    """Return whether a sign test leaves chance less than one in a hundred, and the gain is worth a word."""
    changed = better + worse
    if better < _FEWEST_BETTER or better - worse < _LEAST_GAIN * count:
        return False
    # the binomial tail by its normal approximation where it would take long
    if changed > 1000:  # noqa: PLR2004 -- many
        return (better - worse) / math.sqrt(changed) > 2.33  # noqa: PLR2004 -- one in a hundred
    tail = sum(math.comb(changed, times) for times in range(better, changed + 1))
    return bool(tail < _CHANCE * 2**changed)


def _tell_datum(fit: _Fit, outcome: Outcome, *, accept: bool) -> None:
    count = len(fit.rows)
    shares = (
        f"落在所填乡镇（示意界）内的：按 {fit.datum.zh} 读取 {fit.inside / count:.0%}，"
        f"按所申明的坐标系 {fit.inside_as_given / count:.0%}"
    )
    if not accept:
        reason = say("points_look_shifted", count=count)
        outcome.journal.note(DATUM_EVENT, reason, shares, field="坐标系", value=fit.datum.zh)
        return
    lon, lat = _BACK[fit.datum](*_lon_lat(fit.rows, outcome))
    outcome.made[fit.rows] = shapely.points(lon, lat)
    outcome.uncertainty_m[fit.rows] += fit.datum.uncertainty_m
    restored = say("points_restored", count=count, datum=fit.datum)
    outcome.journal.note(DATUM_EVENT, restored, shares, field="坐标系", value=fit.datum.zh)


def _tell_row(
    row: int, place: DeclaredPlace, outside: _Outside, header: str, outcome: Outcome, *, accept: bool
) -> None:
    reading = outcome.read_as.get(row)
    fitting = [] if reading is None else _fitting(list(_suggestions(reading)), place)
    value = "" if reading is None else f"{reading.x:.12g}，{reading.y:.12g}"
    single = fitting[0] if len(fitting) == 1 else None
    causes = "；".join(_in_words(fitting))
    reason = f"{outside}；{causes}" if causes else f"{outside}；未发现常见原因"
    if accept and single is not None:
        outcome.made[row] = shapely.Point(single.lon, single.lat)
        outcome.uncertainty_m[row] += single.added_m
        action = f"使用者采纳建议，改为 {single.lon:.7f}，{single.lat:.7f}"
        outcome.journal.note_row(row + 1, ACCEPTED_EVENT, reason, action, field=header, value=value)
        outcome.remark(row, say("mended_as_accepted", cause=single.cause))
        return
    action = "请核对坐标或地址，系统未作改动"
    outcome.journal.note_row(row + 1, PLACE_EVENT, reason, action, field=header, value=value)
    outcome.remark(row, f"点位不在所填{'县' if outside.unit.is_county else '乡镇'}内，请核对坐标或地址")


def _fitting(readings: list[Suggestion], place: DeclaredPlace) -> list[Suggestion]:
    """Return the readings that lie in the declared place; a changed digit counts only where nothing else fits."""
    lon = np.array([reading.lon for reading in readings])
    lat = np.array([reading.lat for reading in readings])
    fits = np.ones(len(readings), dtype=bool)
    for unit in place.units:
        slack_m = np.array(
            [0.0 if unit.is_county or reading.cause not in _COARSE else unit.tolerance_m for reading in readings]
        )
        inside = unit.covers(lon, lat)
        near = np.flatnonzero(~inside & (slack_m > 0))
        inside[near] = unit.outside_m(lon[near], lat[near]) <= slack_m[near]
        fits &= inside
    kept = [reading for reading, fit in zip(readings, fits.tolist(), strict=True) if fit]
    return [reading for reading in kept if reading.cause != ONE_DIGIT] or kept


def _in_words(fitting: list[Suggestion]) -> list[str]:
    by_cause: dict[str, list[Suggestion]] = defaultdict(list)
    for reading in fitting:
        by_cause[reading.cause].append(reading)
    made = []
    for cause, ones in by_cause.items():
        if len(ones) == 1:
            detail = f"（{ones[0].detail}）" if ones[0].detail else ""
            made.append(f"若为「{cause}」{detail}则落在其内")
        else:
            made.append(f"若为「{cause}」则有 {len(ones)} 种改法落在其内，无法确定")
    return made


class Suggestion(Struct, frozen=True):
    """A cause, where it would put the point in lon/lat on CGCS2000, and what it adds to the uncertainty."""

    cause: str
    lon: float
    lat: float
    added_m: float = 0.0
    detail: str = ""


def _suggestions(reading: ReadAs) -> Iterator[Suggestion]:
    """Yield every other reading of a row, the most telling cause first."""
    if reading.crs is not None and reading.crs.is_projected:
        yield from _other_zones(reading)
        return
    x, y = reading.x, reading.y
    yield Suggestion(SWAPPED, y, x)
    if reading.datum in _PLAIN:
        for datum, cause, back in (
            (Datum.GCJ02, UNDECLARED_GCJ02, gcj02_to_wgs84),
            (Datum.BD09, UNDECLARED_BD09, bd09_to_wgs84),
        ):
            lon, lat = back(x, y)
            yield Suggestion(cause, float(lon), float(lat), datum.uncertainty_m)
    elif reading.datum in _SHIFTED:
        yield Suggestion(SHIFTED_TWICE, x, y)
    yield from _run_together(x, y)
    yield from _one_digit(x, y)


def _other_zones(reading: ReadAs) -> Iterator[Suggestion]:
    """Read the metres about every other central meridian."""
    zone = int(reading.x // _MILLION)
    easting = reading.x - zone * _MILLION if zone_central_meridian(zone) is not None else reading.x
    for meridian in MERIDIANS:
        grid = gauss_kruger_crs(float(meridian), datum=reading.datum or Datum.CGCS2000)
        lon, lat = unproject(grid, np.array([easting]), np.array([reading.y]))
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
