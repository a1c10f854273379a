"""From a file's coordinates to lon/lat on CGCS2000, with the ledger saying how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import CRS, Transformer

from hmgeo.datum import Datum, gauss_kruger_crs, to_cgcs2000, zone_central_meridian
from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.journal import name_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.layers.journal import Journal
    from hmgeo.layers.options import Declared
    from hmgeo.layers.outcome import Outcome

    Floats = NDArray[np.float64]

UNDECLARED_EVENT = "坐标系未声明"
"""Ledger event where lon/lat or metres were read as CGCS2000 because nobody said otherwise."""

_LONGEST_EDGE_M = 200.0
_FARTHEST_M = 1e8  # beyond any grid; densifying such edges would never end
_CLOSES_M = 0.01
_MILLION = 1_000_000.0

_DATUM_NAMES = (
    (Datum.CGCS2000, r"china2000|chinageodeticcoordinatesystem2000|cgcs2000"),
    (Datum.WGS84, r"wgs84|wgs1984|worldgeodeticsystem1984|crs84"),
    (Datum.XIAN80, r"xian1980|xian80"),
    (Datum.BEIJING54, r"beijing1954|beijing54"),
)


def datum_of(crs: CRS) -> Datum | None:
    """Return the datum that a CRS stands on; None for one that is neither Chinese nor WGS84.

    Examples
    --------
    >>> datum_of(CRS(4547)).value, datum_of(CRS(32649)).value, datum_of(CRS(2401)).value, datum_of(CRS(26910))
    ('cgcs2000', 'wgs84', 'beijing54', None)
    """
    base = crs.geodetic_crs
    if base is None:
        return None
    names = f"{base.name} {base.datum.name if base.datum else ''}"
    plain = re.sub(r"[^a-z0-9]+", "", names.casefold())
    return next((datum for datum, pattern in _DATUM_NAMES if re.search(pattern, plain)), None)


def unproject(crs: CRS, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return degrees on the CRS's own datum (on WGS84 for datums that hmgeo doesn't know by name).

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

    Parameters
    ----------
    own
        What the file declares.
    bounds
        minx, miny, maxx, maxy of its coordinates.

    Raises
    ------
    InputError
        Nobody says what the coordinates are.
    """
    crs = declared.crs or own
    if crs is not None and (crs.is_engineering or crs.geodetic_crs is None):
        crs = None
    if crs is None:
        crs = _guess_crs(declared, bounds, journal)
    elif declared.crs is not None and own is not None and not declared.crs.equals(own):
        journal.note("坐标系", f"文件声明为 {own.name}", "以使用者声明为准", field="crs", value=f"{declared.crs.name}")
    datum = declared.datum or datum_of(crs)
    if declared.datum is not None and own is not None and datum_of(own) is not declared.datum:
        journal.note(
            "坐标系", f"文件声明为 {own.name}", "以使用者声明的基准为准", field="datum", value=declared.datum.zh
        )
    _tell_crs(crs, datum, bounds, journal)
    return crs, datum


def refer_shapes(outcome: Outcome, crs: CRS, datums: Sequence[Datum | None]) -> None:
    """Bring the shapes of the assessed rows from `crs` to lon/lat on CGCS2000, in place.

    Parameters
    ----------
    datums
        Per row: the datum of the degrees that `crs` gives; None for a datum without a name here.
    """
    rows = np.flatnonzero(outcome.is_assessed())
    if crs.is_projected:
        far = (np.abs(shapely.bounds(outcome.shapes[rows])) > _FARTHEST_M).any(axis=1)
        for row in rows[far]:
            outcome.reject(int(row), f"坐标超出所声明坐标系（{crs.name}）的有效范围", field="几何")
        rows = rows[~far]
    shapes = outcome.shapes[rows]
    if crs.is_projected:
        longest = _LONGEST_EDGE_M / crs.axis_info[0].unit_conversion_factor
        shapes = densified(shapes, longest)
    shapes = shapely.transform(shapes, lambda xy: np.column_stack(unproject(crs, xy[:, 0], xy[:, 1])))
    finite = finite_mask(shapes)
    outcome.shapes[rows] = shapes
    for row in rows[~finite]:
        outcome.reject(int(row), f"坐标超出所声明坐标系（{crs.name}）的有效范围", field="几何")
    shift_datums(outcome, datums)


def densified(shapes: NDArray[np.object_], longest: float) -> NDArray[np.object_]:
    """Return shapes with no edge longer than so many units of theirs.

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


def shift_datums(outcome: Outcome, datums: Sequence[Datum | None]) -> None:
    """Bring shapes in degrees to CGCS2000 by their rows' datums, add its uncertainty, and tell the ledger."""
    by_datum: dict[Datum, list[int]] = {}
    for row in np.flatnonzero(outcome.is_assessed()).tolist():
        datum = datums[row]
        if datum is Datum.UNKNOWN:
            outcome.await_datum(row, "坐标系为未知，申明坐标系之前不能定位", field="坐标系", value=datum.zh)
        elif datum is not None:
            by_datum.setdefault(datum, []).append(row)
    for datum in Datum:
        rows = by_datum.get(datum, [])
        if rows and datum is not Datum.CGCS2000:
            if datum in {Datum.GCJ02, Datum.BD09}:
                outcome.shapes[rows] = shapely.transform(
                    outcome.shapes[rows], lambda xy, of=datum: np.column_stack(to_cgcs2000(xy[:, 0], xy[:, 1], of))
                )
            outcome.uncertainty_m[rows] += datum.uncertainty_m
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
    told = declared.datum is not None or declared.central_meridian is not None
    min_x, min_y, max_x, max_y = bounds
    if told and max(abs(min_x), abs(max_x)) <= 180 and max(abs(min_y), abs(max_y)) <= 90:  # noqa: PLR2004 -- degrees
        if declared.datum is None:
            journal.note(UNDECLARED_EVENT, "没有声明基准", "按 CGCS2000 读取")
        return CRS.from_epsg(4490)
    zone = int(min_x // _MILLION)
    prefixed = zone_central_meridian(zone)
    if told and prefixed is not None and zone == int(max_x // _MILLION):
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


def _tell_crs(crs: CRS, datum: Datum | None, bounds: Sequence[float], journal: Journal) -> None:
    epsg = crs.to_epsg()
    value = f"EPSG:{epsg} {crs.name}" if epsg else crs.name
    if datum is None:
        journal.note(
            "坐标系转换", "基准不是 CGCS2000 或 WGS84", "由 PROJ 换算到 WGS84（精度不明），再零平移", value=value
        )
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


def _tell_shift(datum: Datum, rows: Sequence[int], outcome: Outcome) -> None:
    count = name_rows(row + 1 for row in rows)
    if datum is Datum.WGS84:
        outcome.journal.note("坐标系转换", f"WGS84，{count}", "WGS84 与 CGCS2000 按零平移处理", value=datum.zh)
    elif datum in {Datum.GCJ02, Datum.BD09}:
        action = f"公开算法近似还原（非测绘成果），位置误差增加 {datum.uncertainty_m:g} 米"
        outcome.journal.note("坐标系转换", f"{datum.zh}，{count}", action, value=datum.zh)
    else:
        action = f"没有本地转换参数，经纬度按原值使用，位置误差增加 {datum.uncertainty_m:g} 米"
        outcome.journal.note("坐标系转换", f"{datum.zh}，{count}", action, value=datum.zh)
