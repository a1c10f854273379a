"""Rows with positions become the table of sources; those that may be one enterprise are marked, never merged."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.geo.ellipsoid import geodesic_m
from hmgeo.intake.pipeline import as_wkb
from hmgeo.intake.places.numbers import PLACEHOLDERS
from hmgeo.intake.places.suspicion import PLACE_EVENT
from hmgeo.intake.places.units import county_in_address
from hmgeo.records import POSITION_SCHEMA, told_cells
from hmgeo.reference.cells import plain_trade
from hmgeo.vocabulary import MEASURE_DECIMALS, PositionKind, Status
from hmgeo.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.intake.columns import Opened
    from hmgeo.intake.rows import Outcome


TWIN_EVENT = "疑似重复"
_NEAR_M = 100.0
_NEAR_DEG = 0.0012  # a little over 100 m of longitude up to 40 N
_ALIKE = 0.8
_MOST_ROWS = 50_000
_FORMS = re.compile(r"有限责任公司|股份有限公司|有限公司|集团|公司|厂|\(.*?\)|\s")


def note_twins(
    names: Sequence[str], codes: Sequence[str], points: NDArray[np.float64], outcome: Outcome, *, header: str
) -> None:
    """Write down rows that share a credit code, or lie within 100 m of each other with similar names.

    Parameters
    ----------
    points
        (n, 2) lon/lat; nan where a row has no place.
    header
        The column of credit codes, for the ledger.
    """
    by_code: dict[str, list[int]] = defaultdict(list)
    for row, code in enumerate(codes):
        if code.casefold() not in PLACEHOLDERS:
            by_code[code.upper()].append(row)
    for code, rows in by_code.items():
        for row in rows[1:]:
            reason = say("credit_code_of_row", row=rows[0] + 1)
            outcome.journal.note_row(row + 1, TWIN_EVENT, reason, "照常计算，未合并，请核对", field=header, value=code)
            outcome.remark(row, say("bracketed", thing=TWIN_EVENT, more=reason))
    for row, first, apart_m in _near_and_alike(names, points):
        if codes[row] and codes[row] == codes[first]:
            continue
        reason = say("twin_of_row", row=first + 1, name=names[first], apart_m=apart_m)
        outcome.journal.note_row(row + 1, TWIN_EVENT, reason, "照常计算，未合并，请核对", value=names[row])
        near = say("name_like_row", row=first + 1, apart_m=apart_m)
        outcome.remark(row, say("bracketed", thing=TWIN_EVENT, more=near))


def similarity(name: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1, legal forms and brackets left aside.

    Examples
    --------
    >>> similarity("示例有色金属有限公司", "示例有色金属厂"), similarity("甲厂", "乙厂")
    (1.0, 0.0)
    """
    return difflib.SequenceMatcher(None, _core(name), _core(other), autojunk=False).ratio()


def _core(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return _FORMS.sub("", plain) or plain


def _near_and_alike(names: Sequence[str], points: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Return (row, earlier row, metres) of neighbours with different but similar names."""
    placed = np.flatnonzero(np.isfinite(points[:, 0]) & np.array([bool(name) for name in names], dtype=bool))
    if placed.size > _MOST_ROWS:
        return []
    shapes = shapely.points(points[placed])
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_NEAR_DEG)
    ordered = first > second
    later, earlier = placed[first[ordered]], placed[second[ordered]]
    apart_m = geodesic_m(points[later], points[earlier])
    pairs: dict[int, tuple[int, int, float]] = {}
    for row, other, metres in sorted(zip(later.tolist(), earlier.tolist(), apart_m.tolist(), strict=True)):
        if metres <= _NEAR_M and names[row] != names[other] and similarity(names[row], names[other]) >= _ALIKE:
            pairs.setdefault(row, (row, other, metres))
    return list(pairs.values())


REPEAT_NOTE = "重复待确认"
_SAME_PLACE_M = 1.0
_METRE_DEG = 2e-5  # a little over one metre of latitude
_SHORT_TRADE_CODE = re.compile(r"\d{3}")


def positions_table(opened: Opened, outcome: Outcome) -> pa.Table:
    """Return `POSITION_SCHEMA` with every input row once, in input order."""
    count = opened.raw.row_count
    names = opened.texts("name")
    townships = opened.texts("township")
    cells = opened.texts("trade_code")
    editions = [_edition(text) for text in opened.texts("trade_edition")]
    located = np.flatnonzero(outcome.is_assessed())
    types = np.full(count, -1)
    types[located] = shapely.get_type_id(outcome.shapes[located])
    points = np.full((count, 2), np.nan)
    points[located] = shapely.get_coordinates(_points_on(outcome.shapes[located]))
    counties = _counties(opened, points, outcome)
    _mark_repeats(names, points, outcome)
    note_twins(
        names, opened.texts("credit_code"), points, outcome, header=opened.columns.by_role.get("credit_code", "")
    )
    _mark_short_codes(cells, opened, outcome)
    kinds = [
        PositionKind.POINT
        if row in outcome.held
        else _position_kind(outcome.status[row], int(types[row]), counties[row] or townships[row])
        for row in range(count)
    ]
    columns = {
        "source_id": opened.ids,
        "name": names,
        "status": [status.value for status in outcome.status],
        "position_kind": kinds,
        "lon": _nullable(points[:, 0]),
        "lat": _nullable(points[:, 1]),
        "position_uncertainty_m": _nullable(np.round(outcome.uncertainty_m, MEASURE_DECIMALS), outcome.is_assessed()),
        "geometry": as_wkb(outcome.shapes),
        "trade_code": [plain_trade(cell, edition) for cell, edition in zip(cells, editions, strict=True)],
        "trade_edition": editions,
        "county": counties,
        "township": townships,
        "note": told_cells(outcome.note_text(row) for row in range(count)),
    }
    return pa.Table.from_pydict(columns, schema=POSITION_SCHEMA)


def _counties(opened: Opened, points: NDArray[np.float64], outcome: Outcome) -> list[str]:
    """Return what rows say of their county; where they say nothing that of the address, unless the point denies it."""
    stated = opened.texts("county")
    if "address" not in opened.columns:
        return stated
    coded = zip(stated, opened.texts("region_code"), strict=True)
    blank = [row for row, words in enumerate(coded) if not any(words)]
    taken: dict[str, list[int]] = defaultdict(list)
    header = opened.columns["address"]
    for row in blank:
        unit = county_in_address(address := opened.text("address", row))
        if unit is None:
            continue
        lon, lat = points[row : row + 1].T
        if np.isfinite(lon[0]) and unit.outside_m(lon, lat)[0] > unit.tolerance_m + outcome.uncertainty_m[row]:
            reason = say("address_contradicts_point", name=unit.name)
            action = "请核对坐标或地址，系统未作改动"
            outcome.journal.note_row(row + 1, PLACE_EVENT, reason, action, field=header, value=address)
            outcome.remark(row, reason)
            continue
        stated[row] = unit.name
        taken[unit.name].append(row + 1)
    for name, rows in taken.items():
        reason, action = say("county_in_address", rows=""), "按地址所写的县处理，请填写县一栏"
        outcome.journal.note("县名取自地址", reason, action, field=header, value=name, rows=rows)
        for row in rows:
            outcome.remark(row - 1, say("county_of_address", name=name))
    return stated


def _points_on(shapes: np.ndarray) -> np.ndarray:
    """Return a point on each shape; points themselves."""
    made = shapes.copy()
    others = shapely.get_type_id(shapes) != shapely.GeometryType.POINT
    made[others] = shapely.point_on_surface(shapes[others])
    return made


def attributes_table(opened: Opened) -> pa.Table:
    """Return the input's own columns as text."""
    return pa.Table.from_pydict({name: pa.array(values, pa.string()) for name, values in opened.raw.columns.items()})


def _position_kind(status: Status, type_id: int, named_place: str) -> str:
    if status is Status.ASSESSED:
        return PositionKind.POINT if type_id == shapely.GeometryType.POINT else PositionKind.SHAPE
    if status is Status.NOT_LOCATED and named_place:
        return PositionKind.PLACE
    return ""


def _mark_repeats(names: Sequence[str], points: np.ndarray, outcome: Outcome) -> None:
    """Remark on rows that share name and place (within 1 m) with an earlier row."""
    rows_by_name: dict[str, list[int]] = defaultdict(list)
    for row in np.flatnonzero(np.isfinite(points[:, 0])).tolist():
        if names[row]:
            rows_by_name[names[row]].append(row)
    for name, rows in rows_by_name.items():
        if len(rows) > 1:
            _mark_repeats_of(name, rows, points, outcome)


def _mark_repeats_of(name: str, rows: Sequence[int], points: np.ndarray, outcome: Outcome) -> None:
    from rtree.index import Index  # noqa: PLC0415 -- only where a name comes twice

    seen = Index()
    for row in rows:
        lon, lat = points[row].tolist()
        reach_lon = _METRE_DEG / max(np.cos(np.radians(lat)), 1e-6)
        box = (lon - reach_lon, lat - _METRE_DEG, lon + reach_lon, lat + _METRE_DEG)
        near = sorted(seen.intersection(box))
        if near:
            here = np.broadcast_to(points[row], (len(near), 2))
            apart_m = geodesic_m(here, points[near])
            near = [other for other, gap_m in zip(near, apart_m.tolist(), strict=True) if gap_m <= _SAME_PLACE_M]
        if near:
            same = say("name_place_of_row", row=near[0] + 1)
            outcome.remark(row, say("bracketed", thing=REPEAT_NOTE, more=same))
            outcome.journal.note_row(
                row + 1,
                REPEAT_NOTE,
                say("repeat_of_row", row=near[0] + 1),
                "照常计算，未合并",
                value=name,
            )
        seen.insert(row, (lon, lat, lon, lat))


def _mark_short_codes(codes: Sequence[str], opened: Opened, outcome: Outcome) -> None:
    """Remark on three-digit trade codes from binary numbers, which may have lost a leading zero."""
    if not opened.raw.is_typed:
        return
    for row, code in enumerate(codes):
        if _SHORT_TRADE_CODE.fullmatch(code):
            outcome.remark(row, say("trade_code_short", found=code))
            outcome.journal.note_row(
                row + 1,
                "行业代码存疑",
                "不足四位，以数值保存时可能丢失前导零",
                "按原样读取，请核对",
                field=opened.columns.by_role.get("trade_code", ""),
                value=code,
            )


def _edition(text: str) -> str:
    """Return the one year of GB/T 4754 that a text names, else the text."""
    years = set(re.findall(r"1994|2002|2011|2017", text))
    return years.pop() if len(years) == 1 else text


def _nullable(values: np.ndarray, keep: np.ndarray | None = None) -> pa.Array:
    mask = ~np.isfinite(values) if keep is None else ~keep
    return pa.array(values, pa.float64(), mask=mask)
