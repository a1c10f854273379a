"""From coordinate columns of a table to points, row by row; nothing is repaired or swapped on its own."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.datum import Datum, gauss_kruger_crs, parse_datum, zone_central_meridian
from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.column_names import NEUTRAL_PAIR
from hmgeo.layers.digits import NUMBER, Pair, pair_uncertainties_m
from hmgeo.layers.georeference import UNDECLARED_EVENT, datum_of, shift_datums, unproject
from hmgeo.layers.journal import name_rows
from hmgeo.layers.meridians import meridians_by_county
from hmgeo.layers.outcome import ReadAs
from hmgeo.layers.pairs import PLACEHOLDERS, read_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyproj import CRS

    from hmgeo.layers.options import Declared
    from hmgeo.layers.outcome import Outcome
    from hmgeo.layers.rawtable import RawTable
    from hmgeo.layers.schema import Columns

_DEGREES_UP_TO = 360.0
_SMALLEST_EASTING_M = 100_000.0
_MILLION = 1_000_000.0
_GRID_ONLY = frozenset({Datum.GCJ02, Datum.BD09})


@dataclass(frozen=True, slots=True)
class _Grid:
    """How a group of rows is read: metres on `crs`, or degrees where it is None."""

    crs: CRS | None
    datum: Datum


def locate_table(raw: RawTable, columns: Columns, declared: Declared, outcome: Outcome) -> None:
    """Fill an outcome with points from the coordinate columns of a table.

    Raises
    ------
    InputError
        The file's metres have no zone prefix and nobody gives a central meridian.
    """
    pairs = read_pairs(raw, columns, is_turned=declared.is_turned, outcome=outcome)
    if columns.pair == NEUTRAL_PAIR and not declared.is_turned:
        pairs = _turn_survey_axes(pairs, columns, outcome)
    datums = _row_datums(raw, columns, declared, outcome)
    grids = _row_grids(raw, columns, declared, pairs, datums, outcome)
    groups: dict[_Grid, list[int]] = {}
    for row, grid in grids.items():
        groups.setdefault(grid, []).append(row)
    for grid, rows in groups.items():
        _place_group(grid, rows, pairs, outcome, raw)
    shift_datums(outcome, datums)


def row_datum_words(raw: RawTable, columns: Columns, outcome: Outcome) -> list[Datum | None]:
    """Read each row's own 坐标系; rows whose words are not understood are left without a place."""
    if "datum" not in columns:
        return [None] * raw.row_count
    header = columns["datum"]
    words = [text.strip() for text in raw.columns[header]]
    understood = {word: parse_datum(word) for word in set(words) if word}
    for row, word in enumerate(words):
        if word and understood[word] is None:
            outcome.await_datum(row, "坐标系无法识别，申明坐标系之前不能定位", field=header, value=word)
        elif understood.get(word) is Datum.UNKNOWN:
            outcome.await_datum(row, "坐标系为未知，申明坐标系之前不能定位", field=header, value=word)
    return [understood.get(word) for word in words]


def add_stated_uncertainty(raw: RawTable, columns: Columns, outcome: Outcome) -> None:
    """Add what rows state in 定位误差(m)."""
    if "uncertainty" not in columns:
        return
    header = columns["uncertainty"]
    for row, text in enumerate(raw.columns[header]):
        plain = unicodedata.normalize("NFKC", text).strip().removesuffix("米").removesuffix("m")
        if plain in PLACEHOLDERS:
            continue
        value = float(plain) if NUMBER.fullmatch(plain) else math.nan
        if math.isfinite(value) and value >= 0:
            outcome.uncertainty_m[row] += value
        else:
            outcome.journal.note_row(
                row + 1, "定位误差无效", "不是大于等于 0 的米数", "未计入位置误差，请更正", field=header, value=text
            )
            outcome.remark(row, f"定位误差无效（{header}「{text}」），未计入")


def _turn_survey_axes(pairs: dict[int, Pair], columns: Columns, outcome: Outcome) -> dict[int, Pair]:
    """Read X as north and Y as east where a file's metres fit only that, as survey grids name them."""
    survey = [row for row, pair in pairs.items() if _is_easting(pair.y) and not _is_easting(pair.x)]
    mapped = [row for row, pair in pairs.items() if _is_easting(pair.x) and not _is_easting(pair.y)]
    if len(survey) <= len(mapped):
        return pairs
    outcome.journal.note(
        "坐标轴",
        f"{columns['lon']} 为七位数、{columns['lat']} 为东坐标，符合测量坐标系的习惯",
        f"{columns['lon']} 按北坐标、{columns['lat']} 按东坐标读取",
        field=f"{columns['lon']}、{columns['lat']}",
    )
    turned = set(survey)
    return {
        row: Pair(pair.y, pair.x, pair.half_y, pair.half_x) if row in turned else pair for row, pair in pairs.items()
    }


def _is_easting(value: float) -> bool:
    has_prefix = zone_central_meridian(int(value // _MILLION)) is not None
    return has_prefix or _SMALLEST_EASTING_M <= value < _MILLION


def _row_datums(raw: RawTable, columns: Columns, declared: Declared, outcome: Outcome) -> list[Datum | None]:
    own = row_datum_words(raw, columns, outcome)
    of_file = declared.datum or columns.header_datum or (datum_of(declared.crs) if declared.crs is not None else None)
    if of_file is None and declared.crs is not None:
        return own  # a datum without a name here: PROJ brings it to WGS84
    undeclared = [row + 1 for row in np.flatnonzero(outcome.is_assessed()).tolist() if own[row] is None]
    if of_file is None and undeclared:
        outcome.journal.note(
            UNDECLARED_EVENT, f"共 {name_rows(undeclared)}没有声明坐标系", "按 CGCS2000 读取，请确认", value="CGCS2000"
        )
    elif of_file is not None:
        outcome.journal.note("坐标系", "使用者或列名声明", "没有自带坐标系的行按此读取", value=of_file.zh)
    return [datum or of_file or Datum.CGCS2000 for datum in own]


def _row_grids(
    raw: RawTable,
    columns: Columns,
    declared: Declared,
    pairs: dict[int, Pair],
    datums: Sequence[Datum | None],
    outcome: Outcome,
) -> dict[int, _Grid]:
    """Decide for each row with numbers whether they are degrees or metres, and on which grid."""
    meridians = raw.columns[columns["central_meridian"]] if "central_meridian" in columns else None
    grids: dict[int, _Grid] = {}
    in_degrees: dict[Datum, _Grid] = {}
    homeless: list[int] = []
    for row, pair in pairs.items():
        if outcome.status[row] != "assessed":
            continue
        datum = datums[row] or Datum.WGS84
        meridian = _row_meridian(row, meridians, columns, outcome) or declared.central_meridian
        if outcome.status[row] != "assessed":
            continue
        if abs(pair.x) <= _DEGREES_UP_TO and abs(pair.y) <= _DEGREES_UP_TO:
            if declared.crs is not None and declared.crs.is_projected:
                outcome.reject(
                    row, f"坐标像经纬度，而文件声明为平面坐标（{declared.crs.name}）", **_shown(columns, pair)
                )
            else:
                grids[row] = in_degrees.setdefault(datum, _Grid(None, datum))
        elif datum in _GRID_ONLY:
            outcome.reject(row, f"{datum.zh} 只有经纬度，没有平面坐标", **_shown(columns, pair))
        elif (crs := _metre_crs(row, pair, meridian, declared, datum, columns, outcome)) is not None:
            grids[row] = _Grid(crs, datum)
        elif outcome.status[row] == "assessed":
            homeless.append(row)
    grids |= _homes(homeless, pairs, datums, raw, columns, outcome)
    return grids


def _homes(
    homeless: list[int],
    pairs: dict[int, Pair],
    datums: Sequence[Datum | None],
    raw: RawTable,
    columns: Columns,
    outcome: Outcome,
) -> dict[int, _Grid]:
    """Return grids for metres without a meridian whose county leaves only one; refuse the others."""
    told = meridians_by_county(homeless, pairs, datums, raw, columns, outcome)
    rest = [row for row in homeless if row not in told]
    if rest:
        _refuse_homeless(rest, pairs, columns, outcome)
    of_row = {row: datums[row] or Datum.CGCS2000 for row in told}
    return {row: _Grid(gauss_kruger_crs(told[row], datum=datum), datum) for row, datum in of_row.items()}


def _row_meridian(row: int, meridians: Sequence[str] | None, columns: Columns, outcome: Outcome) -> float | None:
    if meridians is None or not meridians[row].strip():
        return None
    text = unicodedata.normalize("NFKC", meridians[row]).strip()
    match = re.fullmatch(r"(?:东经|E)?(\d+(?:\.\d+)?)(?:°|度)?(?:E)?", text, flags=re.IGNORECASE)
    if match is None or not 0 < float(match[1]) <= 180:  # noqa: PLR2004 -- degrees east
        outcome.reject(row, "中央子午线不是度数", field=columns["central_meridian"], value=meridians[row])
        return None
    return float(match[1])


def _metre_crs(
    row: int,
    pair: Pair,
    meridian: float | None,
    declared: Declared,
    datum: Datum,
    columns: Columns,
    outcome: Outcome,
) -> CRS | None:
    """Return the grid of a row in metres; None with the row rejected, or assessed still where a meridian is missing."""
    if declared.crs is not None and declared.crs.is_projected:
        return declared.crs
    zone = int(pair.x // _MILLION)
    of_zone = zone_central_meridian(zone)
    if of_zone is not None and 0 <= pair.y < 10 * _MILLION:
        given = columns.by_role.get("central_meridian")
        if meridian is not None and meridian != of_zone and given is not None:
            outcome.reject(
                row, f"带号 {zone} 的中央子午线是 {of_zone:g}，与所填 {meridian:g} 不符", **_shown(columns, pair)
            )
            return None
        return gauss_kruger_crs(of_zone, zone=zone, datum=datum)
    if zone_central_meridian(int(pair.y // _MILLION)) is not None and 0 <= pair.x < 10 * _MILLION:
        outcome.reject(row, "两列坐标疑似颠倒（对调后带号才成立），未作改动", **_shown(columns, pair))
        return None
    if not (_SMALLEST_EASTING_M <= pair.x < _MILLION and 0 <= pair.y < 10 * _MILLION):
        outcome.reject(row, "数值既不像经纬度，也不像平面坐标", **_shown(columns, pair))
        return None
    return None if meridian is None else gauss_kruger_crs(meridian, datum=datum)


def _refuse_homeless(rows: list[int], pairs: dict[int, Pair], columns: Columns, outcome: Outcome) -> None:
    """Refuse the file where most rows are metres without a meridian; else return those rows."""
    remedy = (
        "增加「中央子午线」列，或填写县名（随软件提供的县可推定），"
        "或用 --central-meridian（central_meridian）声明，如 114；"
        "也可用 --sources-crs（crs）声明 EPSG 代码"
    )
    if 2 * len(rows) >= len(pairs):
        first = pairs[rows[0]]
        raise InputError(
            Problem(
                what=f"坐标是没有带号的平面坐标，无法确定中央子午线（{name_rows(row + 1 for row in rows)}）",
                where=Place(
                    file=outcome.journal.file, sheet=outcome.journal.sheet, row=rows[0] + 1, field=columns["lon"]
                ),
                found=f"{first.x:.10g}，{first.y:.10g}",
                remedy=remedy,
            )
        )
    for row in rows:
        outcome.reject(row, "平面坐标没有带号，也没有中央子午线", **_shown(columns, pairs[row]))


def _place_group(grid: _Grid, rows: list[int], pairs: dict[int, Pair], outcome: Outcome, raw: RawTable) -> None:
    x = np.array([pairs[row].x for row in rows])
    y = np.array([pairs[row].y for row in rows])
    if grid.crs is None:
        lon, lat = x, y
    else:
        lon, lat = unproject(grid.crs, x, y)
        outcome.journal.note(
            "坐标系转换",
            f"平面坐标，共 {name_rows(row + 1 for row in rows)}",
            "反算为经纬度（EPSG:4490）",
            value=f"{grid.crs.name}" + (f"（EPSG:{epsg}）" if (epsg := grid.crs.to_epsg()) else ""),
        )
    is_finite = np.isfinite(lon) & np.isfinite(lat)
    for position in np.flatnonzero(~is_finite).tolist():
        pair = pairs[rows[position]]
        outcome.reject(rows[position], "平面坐标超出该投影带的有效范围", value=f"{pair.x:.10g}，{pair.y:.10g}")
    held = np.array(rows)[is_finite]
    outcome.shapes[held] = shapely.points(lon[is_finite], lat[is_finite])
    kept = [pairs[row] for row in held.tolist()]
    outcome.read_as.update(
        (row, ReadAs(pair.x, pair.y, grid.crs, grid.datum)) for row, pair in zip(held.tolist(), kept, strict=True)
    )
    outcome.uncertainty_m[held] += pair_uncertainties_m(
        kept, lon[is_finite], lat[is_finite], grid.crs, is_typed=raw.is_typed
    )


def _shown(columns: Columns, pair: Pair) -> dict[str, str]:
    return {"field": f"{columns['lon']}、{columns['lat']}", "value": f"{pair.x:.12g}，{pair.y:.12g}"}
