"""Shapes made fit for measuring: every change and every row set aside goes into the ledger."""

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from hmgeo.intake.formats.vectors import is_curved
from hmgeo.intake.places.locate import finite_mask
from hmgeo.intake.rows import Outcome
from hmgeo.words import say

_NO_AREA_DEG2 = 1e-15  # some ten square millimetres: what rounding leaves of a line
_AREA_DIMENSION = 2
_FEWEST_IN_RING = 4
_LON_LIMITS = (-180.0, 180.0)
_LAT_LIMITS = (-90.0, 90.0)
_CHINA_LON = (73.0, 136.0)
_CHINA_LAT = (3.0, 54.0)
ABROAD = "坐标在中国以外（东经 73–136、北纬 3–54 之外），其余各行或项目区域在中国"
CHINA = (_CHINA_LON[0], _CHINA_LAT[0], _CHINA_LON[1], _CHINA_LAT[1])
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
_TYPE_WORDS = {-1: "空", 0: "点", 1: "线", 2: "线环", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}


def read_shapes(wkb: pa.Array, outcome: Outcome) -> None:
    """Put the shapes of `wkb` into `outcome`: null, unreadable, empty, non-finite ones set aside, Z and M dropped."""
    outcome.wkb = wkb
    rows = outcome.unsettled()
    blobs = wkb.take(pa.array(rows)).to_numpy(zero_copy_only=False)
    arcs = np.fromiter(map(is_curved, blobs), bool, len(rows))
    is_null = np.array([blob is None for blob in blobs], bool)
    blobs[arcs] = None
    with np.errstate(invalid="ignore"):  # NaN in a file is told below, row by row
        shapes = shapely.from_wkb(blobs, on_invalid="ignore")
    unread = shapely.is_missing(shapes) & ~is_null & ~arcs
    if unread.any():
        with np.errstate(invalid="ignore"):
            shapes[unread] = shapely.from_wkb(blobs[unread], on_invalid="fix")
        for row in rows[unread & ~shapely.is_missing(shapes)].tolist():
            outcome.journal.note_row(row + 1, "几何修复", "环未闭合或点数不足", "闭合后读取", field="几何")
    unread &= shapely.is_missing(shapes)
    with_height = shapely.has_z(shapes) | shapely.has_m(shapes)
    if with_height.any():
        reason = say("shapes_with_z_or_m", rows="")
        outcome.journal.note("去除高程", reason, "只用平面坐标", field="几何", rows=rows[with_height] + 1)
        shapes = shapely.force_2d(shapes)
    lone = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    outcome.made[rows] = shapes
    for row in rows[arcs].tolist():
        outcome.reject(row, "几何含有圆弧等曲线，请在 GIS 软件中转为折线", field="几何")
    for row in rows[unread].tolist():
        outcome.reject(row, "几何无法读取", field="几何")
    for row in rows[is_null].tolist():
        outcome.leave(row, "几何为空", field="几何")
    readable = outcome.unsettled()
    finite = finite_mask(outcome.made[readable])
    for row in readable[~finite].tolist():
        outcome.reject(row, "几何含有非有限的坐标（inf 或 nan）", field="几何")
    for row in readable[finite & shapely.is_empty(outcome.made[readable])].tolist():
        outcome.leave(row, "几何为空", field="几何")
    outcome.made[rows[lone]] = shapely.get_geometry(outcome.made[rows[lone]], 0)


def close_lines(outcome: Outcome) -> None:
    """Read lines in `outcome` that end where they begin as the areas they go round, with an entry each."""
    rows = outcome.unsettled()
    for row in rows[shapely.get_dimensions(outcome.made[rows]) == 1].tolist():
        parts = shapely.get_parts(outcome.made[row])
        closed = shapely.is_closed(parts) & (shapely.get_num_coordinates(parts) >= _FEWEST_IN_RING)
        if not closed.all():
            continue
        rings = [shapely.Polygon(shapely.get_coordinates(part)) for part in parts]
        outcome.made[row] = rings[0] if len(rings) == 1 else shapely.union_all(shapely.make_valid(rings))
        outcome.journal.note_row(row + 1, "闭合线", "首尾相接的线", "按所围成的面读取，请核对", field="几何")
        outcome.remark(row, "首尾相接的线，按所围成的面读取")


def lies_in_china(bounds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (n,) which of `bounds`, (n, 4) lon/lat boxes, lie in the box around China."""
    west, south, east, north = bounds.T
    return _within(west, east, _CHINA_LON) & _within(south, north, _CHINA_LAT)


def check_range(
    outcome: Outcome, label: str, *, accept_swaps: bool = False, in_china: bool = False, may_cross: bool = False
) -> None:
    """Reject shapes outside the globe, at (0, 0), plausible only with their axes swapped, or on another continent.

    Those are looked for in `outcome`; `label` names their field in the ledger.

    Parameters
    ----------
    in_china
        Whether they ought to lie in China; False where only the other rows may tell.
    may_cross
        Whether lines and areas may lie across the border and beyond, as rivers do: it is told then.
    accept_swaps
        Swap the axes of shapes that are plausible only so, with an entry each, in place of rejecting them.
    """
    rows = outcome.unsettled()
    if rows.size == 0:
        return
    bounds = shapely.bounds(outcome.made[rows])
    west, south, east, north = bounds.T
    outside = ~(_within(west, east, _LON_LIMITS) & _within(south, north, _LAT_LIMITS))
    null_island = (west == 0) & (east == 0) & (south == 0) & (north == 0)
    swapped = _within(south, north, _CHINA_LON) & _within(west, east, _CHINA_LAT)
    if accept_swaps and swapped.any():
        _swap(rows[swapped], outcome, label)
        bounds[swapped] = bounds[swapped][:, [1, 0, 3, 2]]
        west, south, east, north = bounds.T
        outside &= ~swapped
        swapped[:] = False
    for position in np.flatnonzero(outside | null_island | swapped).tolist():
        value = f"{west[position]:.10g}，{south[position]:.10g}"
        if null_island[position]:
            reason = "坐标为 (0, 0)，多为空值误填"
        elif swapped[position]:
            reason = "经度与纬度疑似颠倒（对调后才落在中国境内），未作改动"
        else:
            reason = "坐标超出经纬度范围（经度 -180 至 180，纬度 -90 至 90）"
        outcome.reject(int(rows[position]), reason, field=label, value=value)
    plausible = ~(outside | null_island | swapped)
    here = lies_in_china(bounds)
    abroad = plausible & ~here
    others_here = bool((plausible & here).any() or outcome.sound.any())  # sound rows lie in China
    astray = abroad if in_china or others_here else np.zeros_like(abroad)
    if may_cross:
        astray = astray & (shapely.get_dimensions(outcome.made[rows]) == 0)
    for position in np.flatnonzero(astray).tolist():
        value = f"{west[position]:.10g}，{south[position]:.10g}"
        outcome.reject(int(rows[position]), ABROAD, field=label, value=value)
    abroad &= ~astray
    if abroad.any():
        reason = say("rows_outside_china", rows="")
        outcome.journal.note("境外提示", reason, "照常使用，请核对坐标系", rows=rows[abroad] + 1)


def _swap(rows: NDArray[np.intp], outcome: Outcome, label: str) -> None:
    """Swap the axes of shapes because the user accepts suggestions."""
    before = shapely.bounds(outcome.made[rows]).tolist()
    outcome.made[rows] = shapely.transform(outcome.made[rows], lambda xy: xy[:, ::-1])
    for row, (x, y, *_) in zip(rows.tolist(), before, strict=True):
        outcome.journal.note_row(
            row + 1,
            "采纳建议",
            "经度与纬度颠倒（对调后才落在中国境内）",
            "使用者采纳建议，已对调",
            field=label,
            value=f"{x:.10g}，{y:.10g}",
        )
        outcome.remark(row, "经度与纬度颠倒，已按使用者采纳的建议对调")


def mend(outcome: Outcome, *, polygons_only: bool) -> None:
    """Mend invalid polygons in `outcome`, flatten collections, and set aside what holds no usable shape.

    `polygons_only`: whether points and lines are set aside (farmland and other areas).
    """
    rows = outcome.unsettled()
    if rows.size == 0:
        return
    _mend_invalid(rows, outcome)
    _flatten(outcome, polygons_only=polygons_only)
    rows = outcome.unsettled()
    types = shapely.get_type_id(outcome.made[rows])
    areas = shapely.area(outcome.made[rows])
    polygonal = np.isin(types, _POLYGONAL)
    for position in np.flatnonzero(polygonal & ~(areas > _NO_AREA_DEG2)).tolist():
        outcome.reject(int(rows[position]), "面积为 0，无法修复", field="几何")
    if polygons_only:
        for position in np.flatnonzero(~polygonal).tolist():
            word = _TYPE_WORDS.get(int(types[position]), "未知类型")
            outcome.reject(int(rows[position]), "不是面状几何", field="几何", value=word)


def _mend_invalid(rows: NDArray[np.intp], outcome: Outcome) -> None:
    bad = rows[~shapely.is_valid(outcome.made[rows])]
    if bad.size == 0:
        return
    whole = outcome.made[bad]
    before = shapely.area(whole)
    reasons = shapely.is_valid_reason(whole)
    mended = shapely.make_valid(whole, method="structure", keep_collapsed=False)
    after = shapely.area(mended)
    dimensions, empty = shapely.get_dimensions(whole), shapely.is_empty(mended)
    for position, row in enumerate(bad.tolist()):
        if after[position] <= _NO_AREA_DEG2 and (dimensions[position] == _AREA_DIMENSION or empty[position]):
            outcome.reject(row, "几何无效且修复后面积为 0", field="几何", value=_reason(reasons[position]))
            continue
        outcome.made[row] = mended[position]
        outcome.journal.note_row(
            row + 1,
            "几何修复",
            _reason(reasons[position]),
            say("shape_mended", change=_area_change(float(before[position]), float(after[position]))),
            field="几何",
        )
        parts = shapely.get_parts(whole[position])
        is_area = shapely.get_dimensions(parts) == _AREA_DIMENSION
        solid = shapely.make_valid(parts, method="structure", keep_collapsed=False)
        lost = parts[is_area & ~(shapely.area(solid) > _NO_AREA_DEG2)]  # polygons without an area of their own
        outcome.lose(row, np.asarray(shapely.boundary(lost), dtype=object))


def _area_change(before: float, after: float) -> str:
    if before == 0:
        return "原面积为 0（自相交抵消），修复后有面积"
    change = round((after - before) / before, 6) + 0.0  # no minus zero
    return say("mend_area_changes", change=change)


def _reason(text: str) -> str:
    """Return GEOS's reason in Chinese, with its place."""
    words = (
        ("Self-intersection", "自相交"),
        ("Ring Self-intersection", "环自相交"),
        ("Hole lies outside shell", "洞在外环之外"),
        ("Nested holes", "洞相互嵌套"),
        ("Nested shells", "外环相互嵌套"),
        ("Holes are nested", "洞相互嵌套"),
        ("Interior is disconnected", "内部不连通"),
        ("Duplicate Rings", "环重复"),
        ("Too few points", "点数不足"),
    )
    plain, _, place = text.partition("[")
    known = next((zh for en, zh in words if plain.strip().casefold().startswith(en.casefold())), plain.strip())
    return f"{known}（{place.rstrip(']').replace(' ', '，')}）" if place else known


def _flatten(outcome: Outcome, *, polygons_only: bool) -> None:
    """Replace collections by their parts of the highest dimension."""
    rows = outcome.unsettled()
    types = shapely.get_type_id(outcome.made[rows])
    for row in rows[types == shapely.GeometryType.GEOMETRYCOLLECTION].tolist():
        parts = shapely.get_parts(outcome.made[row])
        while any(part.geom_type == "GeometryCollection" for part in parts):
            parts = shapely.get_parts(shapely.get_parts(parts))
        dimensions = shapely.get_dimensions(parts)
        kept = parts[dimensions == dimensions.max()]
        if polygons_only and dimensions.max() < _AREA_DIMENSION:
            continue
        merged = shapely.union_all(kept)
        outcome.made[row] = merged
        dropped = len(parts) - len(kept)
        outcome.journal.note_row(
            row + 1, "几何集合", f"含 {len(parts)} 个部分", f"只用维数最高的部分，弃去 {dropped} 个部分", field="几何"
        )
        outcome.lose(row, parts[dimensions < dimensions.max()])


def _within(low: NDArray[np.float64], high: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((low >= limits[0]) & (high <= limits[1]), dtype=bool)
