"""Rows with positions become the table of sources."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import rtree
import shapely

from hmgeo.geodesy import geodesic_m
from hmgeo.layers.pipeline import as_wkb
from hmgeo.layers.twins import note_twins
from hmgeo.records import POSITION_SCHEMA
from hmgeo.reference.cells import plain_trade
from hmgeo.vocabulary import MEASURE_DECIMALS, PositionKind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.layers.outcome import Outcome
    from hmgeo.layers.schema import Opened

REPEAT_NOTE = "重复待确认"
_SAME_PLACE_M = 1.0
_METRE_DEG = 2e-5  # a little over one metre of latitude
_SHORT_TRADE_CODE = re.compile(r"\d{3}")


def positions_table(opened: Opened, outcome: Outcome) -> pa.Table:
    """Return `POSITION_SCHEMA` with every input row once, in input order."""
    count = opened.raw.row_count
    names = opened.texts("name")
    counties, townships = opened.texts("county"), opened.texts("township")
    cells = opened.texts("trade_code")
    editions = [_edition(text) for text in opened.texts("trade_edition")]
    held = np.flatnonzero(outcome.is_assessed())
    types = np.full(count, -1)
    types[held] = shapely.get_type_id(outcome.shapes[held])
    points = np.full((count, 2), np.nan)
    points[held] = shapely.get_coordinates(_points_on(outcome.shapes[held]))
    _mark_repeats(names, points, outcome)
    note_twins(
        names, opened.texts("credit_code"), points, outcome, header=opened.columns.by_role.get("credit_code", "")
    )
    _mark_short_codes(cells, opened, outcome)
    kinds = [
        PositionKind.POINT
        if row in outcome.awaiting_datum
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
        "note": [outcome.note_text(row) for row in range(count)],
    }
    return pa.Table.from_pydict(columns, schema=POSITION_SCHEMA)


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
    seen = rtree.index.Index()
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
            outcome.remark(row, f"{REPEAT_NOTE}（与数据第 {near[0] + 1} 行同名同址）")
            outcome.journal.note_row(
                row + 1, REPEAT_NOTE, f"与数据第 {near[0] + 1} 行同名且相距不超过 1 米", "照常计算，未合并", value=name
            )
        seen.insert(row, (lon, lat, lon, lat))


def _mark_short_codes(codes: Sequence[str], opened: Opened, outcome: Outcome) -> None:
    """Remark on three-digit trade codes from binary numbers, which may have lost a leading zero."""
    if not opened.raw.is_typed:
        return
    for row, code in enumerate(codes):
        if _SHORT_TRADE_CODE.fullmatch(code):
            outcome.remark(row, f"行业代码「{code}」不足四位，可能丢失前导零")
            outcome.journal.note_row(
                row + 1,
                "行业代码存疑",
                "不足四位，以数值保存时可能丢失前导零",
                "按原样读取，请核对",
                field=opened.columns["trade_code"],
                value=code,
            )


def _edition(text: str) -> str:
    """Return the one year of GB/T 4754 that a text names, else the text."""
    years = set(re.findall(r"1994|2002|2011|2017", text))
    return years.pop() if len(years) == 1 else text


def _nullable(values: np.ndarray, keep: np.ndarray | None = None) -> pa.Array:
    mask = ~np.isfinite(values) if keep is None else ~keep
    return pa.array(values, pa.float64(), mask=mask)
