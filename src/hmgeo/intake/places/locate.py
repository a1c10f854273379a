"""From a file's coordinates to lon/lat on CGCS2000, with the ledger saying how, and the usual causes of wrong ones."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.datum import Datum, gauss_kruger_crs, parse_datum, to_cgcs2000, zone_central_meridian
from hmgeo.intake.catalog import COUNTY_TOLERANCE_M, AdminUnit, declared_place
from hmgeo.intake.columns import Columns, Declared
from hmgeo.intake.places.headers import NEUTRAL_PAIR, datums_in_note, plain_name
from hmgeo.intake.places.numbers import NUMBER, Pair, pair_uncertainties_m, read_pairs
from hmgeo.intake.rows import Journal, Outcome, RawTable, ReadAs, name_rows
from hmgeo.reference.cells import unit_size
from hmgeo.reference.tables import PLACEHOLDERS, is_blank
from hmgeo.vocabulary import expression
from hmgeo.words import say

Floats = NDArray[np.float64]

UNDECLARED_EVENT = "坐标系未声明"
"""Ledger event where lon/lat or metres were read as CGCS2000 because nobody said otherwise."""

_LONGEST_EDGE_M = 200.0
_FARTHEST_M = 1e8  # beyond any grid; densifying such edges would never end
_CLOSES_M = 0.01
_MILLION = 1_000_000.0

_DATUM_NAMES = (
    (Datum.GCJ02, r"gcj0?2|火星|国测局|高德|腾讯|amap"),
    (Datum.BD09, r"bd0?9|百度|baidu"),
    (Datum.CGCS2000, r"china2000|chinageodeticcoordinatesystem2000|cgcs2000"),
    (Datum.WGS84, r"(?<!to)wgs84|wgs1984|worldgeodeticsystem1984|crs84"),
    (Datum.XIAN80, r"xian1980|xian80"),
    (Datum.BEIJING54, r"beijing1954|beijing54|newbeijing"),
)
_SHIFTED = frozenset({Datum.GCJ02, Datum.BD09})
_UNSHIFTED = frozenset({Datum.XIAN80, Datum.BEIJING54})
"""Datums whose degrees stay as they are for want of parameters, unless a file brings its own (`+towgs84`)."""


def datum_of(crs: CRS) -> Datum | None:
    """Return the datum that `crs` stands on; None for one that PROJ must bring to WGS84.

    That is one neither Chinese nor WGS84, or one that brings the parameters of its own shift (`+towgs84`).

    >>> datum_of(CRS(4547)).value, datum_of(CRS(32649)).value, datum_of(CRS(2401)).value, datum_of(CRS(26910))
    ('cgcs2000', 'wgs84', 'beijing54', None)
    >>> datum_of(CRS('GEOGCRS["GCJ-02",' + CRS(4326).to_wkt().partition(",")[2])).value
    'gcj02'
    >>> datum_of(CRS("+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3,0,0,0,0 +no_defs")) is None
    True
    """
    base = crs.geodetic_crs
    if base is None:
        return None
    own, names = (  # GCJ-02 has no datum of its own: systems are called so on that of WGS84
        re.sub(r"[\W_]+", "", text.casefold())
        for text in (crs.name, f"{crs.name} {base.name} {base.datum.name if base.datum else ''}")
    )
    named = next((datum for datum, pattern in _DATUM_NAMES if re.search(pattern, names)), None)
    if named in _SHIFTED and sum(bool(re.search(pattern, own)) for _, pattern in _DATUM_NAMES) > 1:
        return Datum.UNKNOWN  # which of them it was brought from, or to, nobody says
    return None if named in _UNSHIFTED and _has_own_shift(crs) else named


def _has_own_shift(crs: CRS) -> bool:
    """Return whether a CRS brings parameters of its shift to WGS84; all zeros are none."""
    shift = crs.coordinate_operation if crs.is_bound else None
    return shift is not None and any(shift.towgs84)


def _shift_margin_m(crs: CRS) -> tuple[float, bool]:
    """Return how far PROJ's way from a CRS to WGS84 may be off, in metres, and whether PROJ says so itself.

    Where PROJ gives no figure the margin is that of a Chinese datum without local parameters: an accuracy that isn't
    known is not accuracy zero.

    >>> _shift_margin_m(CRS(26910)), _shift_margin_m(CRS("+proj=longlat +ellps=krass +towgs84=15.8,-154.4,-82.3"))
    ((4.0, True), (100.0, False))
    """
    accuracy_m = Transformer.from_crs(crs, CRS.from_epsg(4326), always_xy=True).accuracy
    is_known = accuracy_m is not None and accuracy_m >= 0
    return (float(accuracy_m), True) if is_known else (Datum.BEIJING54.uncertainty_m, False)


def unproject(crs: CRS, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return `x`, `y` on `crs` as degrees on its own datum (on WGS84 for datums that hmgeo doesn't know by name).

    Coordinates that the projection can't hold come back infinite.
    """
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    known = datum_of(flat) is not None
    if known and flat.is_geographic:
        return x, y
    geodetic = flat.geodetic_crs
    target = geodetic.to_2d() if known and geodetic is not None else CRS.from_epsg(4326)
    there = Transformer.from_crs(flat, target, always_xy=True)
    lon, lat = there.transform(x, y)
    back_x, back_y = there.transform(lon, lat, direction="INVERSE")
    unit_m = flat.axis_info[0].unit_conversion_factor if flat.is_projected else 1.0
    lost = ~(np.hypot(back_x - x, back_y - y) * unit_m < _CLOSES_M) if flat.is_projected else np.isinf(lon)
    return np.where(lost, np.inf, lon), np.where(lost, np.inf, lat)


def file_crs(
    declared: Declared, own: CRS | None, bounds: Sequence[float], journal: Journal
) -> tuple[CRS, Datum | None]:
    """Decide how a vector file's coordinates are read: the CRS, and the datum of the degrees that come out.

    `own`: what the file declares.
    `bounds`: minx, miny, maxx, maxy of its coordinates.
    `InputError`: nobody says what the coordinates are.
    """
    crs = declared.crs or own
    if crs is not None and (crs.is_engineering or crs.geodetic_crs is None):
        crs = None
    if crs is None:
        crs = _guess_crs(declared, bounds, journal)
    elif declared.crs is not None and own is not None and not declared.crs.equals(own):
        journal.note(
            "坐标系",
            say("file_declares_crs", name=own.name),
            "以使用者声明为准",
            field="crs",
            value=f"{declared.crs.name}",
        )
    datum = declared.datum or datum_of(crs)
    if declared.datum is not None and own is not None and datum_of(own) is not declared.datum:
        journal.note(
            "坐标系",
            say("file_declares_crs", name=own.name),
            "以使用者声明的基准为准",
            field="datum",
            value=declared.datum.zh,
        )
    _tell_crs(crs, datum, bounds, journal)
    return crs, datum


def refer_shapes(outcome: Outcome, crs: CRS, datums: Sequence[Datum | None]) -> None:
    """Bring the shapes of the assessed rows of `outcome` from `crs` to lon/lat on CGCS2000, in place.

    `datums`: for each row the datum of the degrees that `crs` gives; None for a datum without a name here.
    """
    rows = outcome.unsettled()
    if crs.is_projected:
        far = (np.abs(shapely.bounds(outcome.made[rows])) > _FARTHEST_M).any(axis=1)
        for row in rows[far]:
            outcome.reject(int(row), say("outside_crs_range", name=crs.name), field="几何")
        rows = rows[~far]
    shapes = outcome.made[rows]
    if crs.is_projected:
        longest = _LONGEST_EDGE_M / crs.axis_info[0].unit_conversion_factor
        shapes = densified(shapes, longest)
    shapes = shapely.transform(shapes, lambda xy: np.column_stack(unproject(crs, xy[:, 0], xy[:, 1])))
    finite = finite_mask(shapes)
    outcome.made[rows] = shapes
    for row in rows[~finite]:
        outcome.reject(int(row), say("outside_crs_range", name=crs.name), field="几何")
    if datum_of(crs) is None:
        by_proj = [int(row) for row in rows[finite] if datums[int(row)] is None]
        outcome.widen(by_proj, _shift_margin_m(crs)[0])
    _shift_datums(outcome, datums)


def densified(shapes: NDArray[np.object_], longest: float) -> NDArray[np.object_]:
    """Return `shapes` with no edge `longest` or longer, in units of theirs.

    GEOS mends a polygon that crosses itself while it does so, and may drop a part of it; such polygons go ring by ring
    and stay as they are, so that mending is done, and told, in its place.
    """
    made = np.asarray(shapely.segmentize(shapes, longest), dtype=object)
    for row in np.flatnonzero(~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)).tolist():
        made[row] = _densified_rings(shapes[row], longest)
    return made


def _densified_rings(shape: shapely.Geometry, longest: float) -> shapely.Geometry:
    if isinstance(shape, shapely.Polygon) and not shape.is_empty:
        shell, *holes = shapely.segmentize(shapely.get_rings(shape), longest)
        return shapely.Polygon(shell, holes)
    if isinstance(shape, shapely.MultiPolygon | shapely.GeometryCollection):
        return type(shape)([_densified_rings(part, longest) for part in shape.geoms])
    return shapely.segmentize(shape, longest)


def _shift_datums(outcome: Outcome, datums: Sequence[Datum | None]) -> None:
    """Bring shapes in degrees to CGCS2000 by their rows' datums, add its uncertainty, and tell the ledger."""
    assessed = outcome.is_assessed()
    is_one = bool(datums) and datums.count(datums[0]) == len(datums)
    rows_of = {
        datum: assessed & (np.bool_(datums[0] is datum) if is_one else np.array([own is datum for own in datums], bool))
        for datum in ([datums[0]] if is_one else dict.fromkeys(datums))
    }
    for row in np.flatnonzero(rows_of.get(Datum.UNKNOWN, [])).tolist():
        outcome.hold(row, "坐标系为未知，申明坐标系之前不能定位", field="坐标系", value=Datum.UNKNOWN.zh)
    for datum in Datum:
        rows = np.flatnonzero(rows_of.get(datum, []))
        if rows.size and datum not in {Datum.CGCS2000, Datum.UNKNOWN}:
            if datum in {Datum.GCJ02, Datum.BD09}:
                outcome.made[rows] = shapely.transform(
                    outcome.made[rows], lambda xy, of=datum: np.column_stack(to_cgcs2000(xy[:, 0], xy[:, 1], of))
                )
            outcome.widen(rows, datum.uncertainty_m)
            _tell_shift(datum, rows, outcome)


def finite_mask(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which shapes have only finite coordinates."""
    coordinates, index = shapely.get_coordinates(shapes, return_index=True)
    mask = np.ones(len(shapes), dtype=bool)
    mask[index[~np.isfinite(coordinates).all(axis=1)]] = False
    return mask


def _guess_crs(declared: Declared, bounds: Sequence[float], journal: Journal) -> CRS:
    """Read a file without a CRS by what the user says of its datum or meridian."""
    datum = declared.datum or Datum.CGCS2000
    is_stated = declared.datum is not None or declared.central_meridian is not None
    min_x, min_y, max_x, max_y = bounds
    if is_stated and max(abs(min_x), abs(max_x)) <= 180 and max(abs(min_y), abs(max_y)) <= 90:  # noqa: PLR2004 -- degrees
        if declared.datum is None:
            journal.note(UNDECLARED_EVENT, "没有声明基准", "按 CGCS2000 读取")
        return CRS.from_epsg(4490)
    zone = int(min_x // _MILLION)
    prefixed = zone_central_meridian(zone)
    if is_stated and prefixed is not None and zone == int(max_x // _MILLION):
        return gauss_kruger_crs(prefixed, zone=zone, datum=datum)
    if declared.central_meridian is not None:
        return gauss_kruger_crs(declared.central_meridian, datum=datum)
    raise InputError(
        Problem(
            what="文件没有声明坐标系（shp 缺少 prj，或图层坐标系为空）",
            where=Place(file=journal.file, sheet=journal.sheet),
            found=f"坐标范围 {min_x:g}，{min_y:g} 至 {max_x:g}，{max_y:g}",
            remedy="用 crs 声明坐标系（如 EPSG:4490、EPSG:4547），"
            "经纬度也可用 datum 声明基准（如 cgcs2000），无带号的平面坐标可用 central_meridian 声明中央子午线；"
            "或补上 prj 文件",
        )
    )


@lru_cache(maxsize=64)
def _epsg_of(crs: CRS) -> int | None:
    """Return the code of a system; PROJ takes long to find one, and the layers of a project share few systems."""
    code: int | None = crs.to_epsg()
    return code


def _tell_crs(crs: CRS, datum: Datum | None, bounds: Sequence[float], journal: Journal) -> None:
    epsg = _epsg_of(crs)
    name = datum.zh if datum is not None and not crs.is_projected else crs.name
    value = f"{name}（EPSG:{epsg}）" if epsg else name
    if datum is None:
        _tell_margin(crs, journal, value)
    elif crs.is_projected:
        journal.note(
            "坐标系转换", "平面坐标", "超过 200 米的边在原坐标系中加密后，反算为经纬度（EPSG:4490）", value=value
        )
    else:
        journal.note("坐标系", "文件声明或使用者声明", "按此读取", value=value)
    area = crs.area_of_use
    if area is not None and crs.is_projected:
        lon, lat = unproject(crs, np.array([bounds[0], bounds[2]]), np.array([bounds[1], bounds[3]]))
        if not (
            lon[1] >= area.west - 5
            and lon[0] <= area.east + 5
            and lat[1] >= area.south - 5
            and lat[0] <= area.north + 5
        ):
            journal.note("坐标系存疑", "数据不在所声明坐标系的适用区域附近", "未作改动，请核对坐标系", value=value)


def _tell_margin(crs: CRS, journal: Journal, value: str) -> None:
    margin_m, is_known = _shift_margin_m(crs)
    says = f"PROJ 给出精度 {margin_m:g} 米" if is_known else f"PROJ 没有给出精度，按 {margin_m:g} 米计"
    by = "文件自带的转换参数" if _has_own_shift(crs) else "PROJ"
    journal.note(
        "坐标系转换", "基准不是 CGCS2000 或 WGS84", f"由{by}换算到 WGS84，再零平移；{says}，计入位置误差", value=value
    )


def _tell_shift(datum: Datum, rows: NDArray[np.intp], outcome: Outcome) -> None:
    name: str = datum.zh
    action: str = say("datum_kept", uncertainty_m=datum.uncertainty_m)
    if datum is Datum.WGS84:
        name, action = "WGS84", "WGS84 与 CGCS2000 按零平移处理"
    elif datum in {Datum.GCJ02, Datum.BD09}:
        action = say("shift_undone", uncertainty_m=datum.uncertainty_m)
    outcome.journal.note("坐标系转换", say("rows_of_datum", name=name, rows=""), action, value=datum.zh, rows=rows + 1)


MERIDIANS = range(75, 138, 3)
_FARTHEST_DEG = 4.5


def _meridians_by_county(
    rows: Sequence[int],
    pairs: dict[int, Pair],
    datums: Sequence[Datum | None],
    raw: RawTable,
    columns: Columns,
    outcome: Outcome,
) -> dict[int, float]:
    """Return the one meridian, 3° or 6°, that puts each row without one into its county; none or several: left out."""
    counties: dict[str, AdminUnit] = {}
    rows_of: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        words = (
            raw.columns[columns[role]][row] if role in columns else "" for role in ("county", "township", "region_code")
        )
        county = declared_place(*words).county
        if county is not None:
            counties[county.code] = county
            rows_of[county.code].append(row)
    chosen: dict[int, float] = {}
    for code, members in rows_of.items():
        fitting = _fitting(counties[code], members, pairs, datums)
        chosen |= {row: meridians[0] for row, meridians in fitting.items() if len(meridians) == 1}
    for meridian in sorted(set(chosen.values())):
        numbered = [row + 1 for row in sorted(chosen) if chosen[row] == meridian]
        outcome.journal.note(
            "中央子午线由县推定",
            say("meridian_of_county", rows=name_rows(numbered), meridian_deg=meridian),
            say("read_by_meridian", meridian_deg=meridian),
            field=f"{columns['lon']}、{columns['lat']}",
            value=f"{meridian:g}",
        )
    return chosen


def _fitting(
    county: AdminUnit, rows: Sequence[int], pairs: dict[int, Pair], datums: Sequence[Datum | None]
) -> dict[int, list[float]]:
    west, _, east, _ = county.shape.bounds
    x = np.array([pairs[row].x for row in rows])
    y = np.array([pairs[row].y for row in rows])
    by_row: dict[int, list[float]] = defaultdict(list)
    for meridian in MERIDIANS:
        if abs(meridian - (west + east) / 2) > _FARTHEST_DEG:
            continue
        lon, lat = unproject(gauss_kruger_crs(float(meridian), datum=datums[rows[0]] or Datum.CGCS2000), x, y)
        finite = np.isfinite(lon) & np.isfinite(lat)
        inside = np.zeros(len(rows), dtype=bool)
        inside[finite] = county.outside_m(lon[finite], lat[finite]) <= COUNTY_TOLERANCE_M
        for position in np.flatnonzero(inside).tolist():
            by_row[rows[position]].append(float(meridian))
    return by_row


_DEGREES_UP_TO = 360.0
_SMALLEST_EASTING_M = 100_000.0
_GRID_ONLY = frozenset({Datum.GCJ02, Datum.BD09})


class _Grid(Struct, frozen=True):
    """How a group of rows is read: metres on `crs`, or degrees where it is None."""

    crs: CRS | None
    datum: Datum


def locate_table(raw: RawTable, columns: Columns, declared: Declared, outcome: Outcome) -> None:
    """Fill `outcome` with points from the coordinate `columns` of `raw`, a table, as `declared` says they are meant.

    `InputError`: the file's metres have no zone prefix and nobody gives a central meridian.
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
    _shift_datums(outcome, datums)


def corner_coordinates(
    raw: RawTable, columns: Columns, declared: Declared, outcome: Outcome
) -> tuple[dict[int, tuple[float, float]], CRS]:
    """Return east and north of each row that gives a corner, and the one grid that they stand on.

    `outcome`: where rows that give none are rejected. `InputError`: several grids, or degrees on a datum that shapes
    can't be read on here.
    """
    pairs = read_pairs(raw, columns, is_turned=declared.is_turned, outcome=outcome)
    if columns.pair == NEUTRAL_PAIR and not declared.is_turned:
        pairs = _turn_survey_axes(pairs, columns, outcome)
    grids = _row_grids(raw, columns, declared, pairs, _row_datums(raw, columns, declared, outcome), outcome)
    kinds = set(grids.values())
    is_odd = any(grid.crs is None and grid.datum not in {Datum.CGCS2000, Datum.WGS84} for grid in kinds)
    if len(kinds) > 1 or is_odd:
        place = Place(file=outcome.journal.file, sheet=raw.sheet)
        names = "、".join(sorted(grid.crs.name if grid.crs else grid.datum.zh for grid in kinds))
        raise InputError(
            Problem("界址点不在同一坐标系，或不是可连成面的坐标系", place, names, remedy="先换算到同一坐标系")
        )
    crs = next((grid.crs for grid in kinds), None) or CRS.from_epsg(4490)
    return {row: (pairs[row].x, pairs[row].y) for row in grids}, crs


def row_datum_words(raw: RawTable, columns: Columns, outcome: Outcome) -> list[Datum | None]:
    """Read the 坐标系 of each row of `raw` by its `columns`, else its notes; `outcome` holds rows not understood."""
    if "datum" not in columns and raw.geometry is not None:
        return [None] * raw.row_count
    words = [text.strip() for text in raw.columns[columns["datum"]]] if "datum" in columns else [""] * raw.row_count
    understood = {word: parse_datum(word) for word in set(words) if word}
    for row, word in enumerate(words):
        if word and understood[word] is None:
            outcome.hold(row, "坐标系无法识别，申明坐标系之前不能定位", field=columns["datum"], value=word)
        elif understood.get(word) is Datum.UNKNOWN:
            outcome.hold(row, "坐标系为未知，申明坐标系之前不能定位", field=columns["datum"], value=word)
    own = [understood.get(word) for word in words]
    if raw.geometry is None:
        _read_notes(own, raw, columns, outcome)
    return own


def _read_notes(own: list[Datum | None], raw: RawTable, columns: Columns, outcome: Outcome) -> None:
    """Take the datum that a row's notes, or remarks above and below the table, name; hold what they leave open."""
    notes = [(name, texts) for name, texts in raw.columns.items() if name not in columns.by_role.values()]
    notes += [("表头或表尾说明", [text] * raw.row_count) for text in raw.remarks]
    taken: dict[tuple[str, str], list[int]] = defaultdict(list)
    for header, texts in notes:
        meanings = {text: datums_in_note(text) for text in set(texts) if text and not NUMBER.fullmatch(text)}
        for row, text in enumerate(texts):
            named, is_all = meanings.get(text, ((), False))
            if not named or named == (own[row],):
                continue
            if own[row] is None and is_all and len(named) == 1 and named[0] is not Datum.UNKNOWN:
                own[row] = named[0]
                taken[header, text].append(row + 1)
            else:
                stated = own[row]
                reason = f"与坐标系「{stated.zh}」不符" if stated is not None else "看不出坐标属于哪个坐标系"
                outcome.hold(row, f"文字提到坐标系，{reason}，请在坐标系列写明", field=header, value=text)
    for (header, text), rows in taken.items():
        outcome.journal.note("坐标系", say("crs_in_words", rows=""), "按此读取", field=header, value=text, rows=rows)


_STATED_ERROR = expression(r"[±约<≤小于]*\+?(\d+(?:\.\d+)?)(.*?)(?:左右|以内|之内)?")
_ERROR_NAME = expression(r".*(?:误差(?:半径|范围)?|偏差|不确定[度性]|精度|uncertainty)|[^\W_]+")
_WORDS_BEHIND = expression(r"[^\W_]+(?:/[^\W_]+)*|[°′″%'\"]+")
_NO_UNIT = expression(r"单位|选填|必填|可选|水平|平面|[以为约计估算值]")


def _length_of(unit: str) -> float | None:
    """Return how many metres a `unit` has; None for an angle, an unknown one or the like."""
    size = unit_size(unit)
    return float(size[1]) if size is not None and size[0] == "m" else None


def _metres_of(header: str) -> float | None:
    """Return how many metres the unit that `header` gives has, 1 where it gives none; None where it isn't understood.

    >>> _metres_of("定位误差[km]"), _metres_of("定位误差（单位：米，估计）"), _metres_of("定位误差")
    (1000.0, 1.0, 1.0)
    >>> _metres_of("定位误差（″）"), _metres_of("定位误差(百米)")
    (None, None)
    """
    behind = re.sub(r"#\d+$", "", _ERROR_NAME.sub("", plain_name(header), count=1))
    words = _WORDS_BEHIND.findall(_NO_UNIT.sub(" ", behind))
    if not words:
        return 1.0
    return _length_of(words[0]) if len(words) == 1 else None


def add_stated_uncertainty(raw: RawTable, columns: Columns, outcome: Outcome) -> None:
    """Add what rows of `raw` state in 定位误差(m), one of `columns`, to `outcome`; what can't be read is held there.

    Of several such columns the largest error counts, row by row.
    """
    read: dict[int, list[float]] = defaultdict(list)
    for header in columns.errors:
        metres = _metres_of(header)
        for row, text in enumerate(raw.columns[header]):
            plain = "".join(unicodedata.normalize("NFKC", text).split()).casefold()
            if plain in PLACEHOLDERS:
                continue
            stated = _STATED_ERROR.fullmatch(plain)
            size = metres if stated is None or not stated[2] else _length_of(stated[2])
            if stated is not None and size is not None:
                read[row].append(float(stated[1]) * size)
            else:
                reason = "定位误差不是大于等于 0 的米数，位置误差不明"
                outcome.hold(row, reason, field=header, value=text, action="未据以判断，请更正定位误差")
    for row, errors_m in read.items():
        outcome.uncertainty_m[row] += max(errors_m)
    differing = [row + 1 for row, errors_m in read.items() if len(set(errors_m)) > 1]
    if differing:
        field, why = "、".join(columns.errors), say("rows_in_all", rows="")
        outcome.journal.note("定位误差各列不同", why, "按较大者计，请核对", field=field, rows=differing)


def _turn_survey_axes(pairs: dict[int, Pair], columns: Columns, outcome: Outcome) -> dict[int, Pair]:
    """Read X as north and Y as east where a file's metres fit only that, as survey grids name them."""
    survey = [row for row, pair in pairs.items() if _is_easting(pair.y) and not _is_easting(pair.x)]
    mapped = [row for row, pair in pairs.items() if _is_easting(pair.x) and not _is_easting(pair.y)]
    if len(survey) <= len(mapped):
        return pairs
    outcome.journal.note(
        "坐标轴",
        f"{columns['lon']} 为七位数、{columns['lat']} 为东坐标，符合测量坐标系的习惯",
        say("axes_by_northing_easting", lon=columns["lon"], lat=columns["lat"]),
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
            UNDECLARED_EVENT,
            say("rows_without_crs", rows=name_rows(undeclared)),
            "按 CGCS2000 读取，请确认",
            value="CGCS2000",
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
    grids: dict[int, _Grid] = {}
    in_degrees: dict[Datum, _Grid] = {}
    homeless: list[int] = []
    for row, pair in pairs.items():
        if outcome.status[row] != "assessed":
            continue
        datum = datums[row] or Datum.WGS84
        stated = _row_meridian(row, raw, columns, outcome)
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
        elif (crs := _metre_crs(row, pair, stated, declared, datum, columns, outcome)) is not None:
            grids[row] = _Grid(crs, datum)
        elif outcome.status[row] == "assessed":
            homeless.append(row)
    meridians = _meridians_by_county(homeless, pairs, datums, raw, columns, outcome)
    _refuse_homeless([row for row in homeless if row not in meridians], pairs, columns, outcome)
    for row, meridian in meridians.items():
        datum = datums[row] or Datum.CGCS2000
        grids[row] = _Grid(gauss_kruger_crs(meridian, datum=datum), datum)
    return grids


def _row_meridian(row: int, raw: RawTable, columns: Columns, outcome: Outcome) -> float | None:
    """Return the central meridian that a row states, by itself or by its zone; two that differ go back."""
    stated, of_zone = (_told_meridian(row, raw, role, columns, outcome) for role in ("central_meridian", "zone"))
    if stated is not None and of_zone is not None and stated != of_zone:
        zone = raw.columns[columns["zone"]][row].strip()
        reason = say("zone_contradicts", zone=zone, of_zone=of_zone, stated=stated)
        outcome.reject(row, reason, field=columns["zone"], value=zone)
    return of_zone if stated is None else stated


def _told_meridian(row: int, raw: RawTable, role: str, columns: Columns, outcome: Outcome) -> float | None:
    """Return the meridian that one of a row's cells says, whose role is central_meridian or zone."""
    cell = raw.columns[columns[role]][row] if role in columns else ""
    text = unicodedata.normalize("NFKC", cell).strip()
    if is_blank(text):
        return None
    if role == "zone":
        number = re.fullmatch(r"(\d{2})(?:带|\.0)?", text)
        of_zone = zone_central_meridian(int(number[1])) if number else None
        if of_zone is None:
            outcome.reject(row, "带号不是 13–23（6 度带）或 25–45（3 度带）", field=columns[role], value=cell)
        return of_zone
    match = re.fullmatch(r"(?:东经|E)?(\d+(?:\.\d+)?)(?:°|度)?(?:E)?", text, flags=re.IGNORECASE)
    if match is None or not 0 < float(match[1]) <= 180:  # noqa: PLR2004 -- degrees east
        outcome.reject(row, "中央子午线不是度数", field=columns[role], value=cell)
        return None
    return float(match[1])


def _metre_crs(
    row: int, pair: Pair, stated: float | None, declared: Declared, datum: Datum, columns: Columns, outcome: Outcome
) -> CRS | None:
    """Return the grid of a row in metres; None with the row rejected, or assessed still where a meridian is missing."""
    if declared.crs is not None and declared.crs.is_projected:
        return declared.crs
    meridian = declared.central_meridian if stated is None else stated
    zone = int(pair.x // _MILLION)
    of_zone = zone_central_meridian(zone)
    if of_zone is not None and 0 <= pair.y < 10 * _MILLION:
        claimed = meridian if "central_meridian" in columns else stated
        if claimed is not None and claimed != of_zone:
            reason = say("zone_of_coordinates_contradicts", zone=zone, of_zone=of_zone, given=claimed)
            outcome.reject(row, reason, **_shown(columns, pair))
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
    if rows and 2 * len(rows) >= len(pairs):
        first = pairs[rows[0]]
        what = f"坐标是没有带号的平面坐标，无法确定中央子午线（{name_rows(row + 1 for row in rows)}）"
        where = Place(file=outcome.journal.file, sheet=outcome.journal.sheet, row=rows[0] + 1, field=columns["lon"])
        raise InputError(Problem(what, where, found=f"{first.x:.10g}，{first.y:.10g}", remedy=remedy))
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
            say("plane_coordinates_read", rows=name_rows(row + 1 for row in rows)),
            "反算为经纬度（EPSG:4490）",
            value=f"{grid.crs.name}" + (f"（EPSG:{epsg}）" if (epsg := grid.crs.to_epsg()) else ""),
        )
    is_finite = np.isfinite(lon) & np.isfinite(lat)
    for position in np.flatnonzero(~is_finite).tolist():
        pair = pairs[rows[position]]
        outcome.reject(rows[position], "平面坐标超出该投影带的有效范围", value=f"{pair.x:.10g}，{pair.y:.10g}")
    placed = np.array(rows)[is_finite]
    outcome.made[placed] = shapely.points(lon[is_finite], lat[is_finite])
    if grid.crs is not None and datum_of(grid.crs) is None:
        outcome.widen(placed, _shift_margin_m(grid.crs)[0])
        _tell_margin(grid.crs, outcome.journal, grid.crs.name)
    kept = [pairs[row] for row in placed.tolist()]
    outcome.read_as.update(
        (row, ReadAs(pair.x, pair.y, grid.crs, grid.datum)) for row, pair in zip(placed.tolist(), kept, strict=True)
    )
    outcome.uncertainty_m[placed] += pair_uncertainties_m(
        kept, lon[is_finite], lat[is_finite], grid.crs, is_typed=raw.is_typed
    )


def _shown(columns: Columns, pair: Pair) -> dict[str, str]:
    return {"field": f"{columns['lon']}、{columns['lat']}", "value": f"{pair.x:.12g}，{pair.y:.12g}"}
