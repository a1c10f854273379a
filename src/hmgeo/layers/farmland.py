"""What of a land survey is farmland, and how large its official area is."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.layers.journal import name_rows
from hmgeo.layers.quantities import in_unit, parse_quantity
from hmgeo.layers.schema import unclear_rows
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from hmgeo.layers.outcome import Outcome
    from hmgeo.layers.schema import Opened

FARMLAND_CODE = "01"
"""Beginning of the land codes of farmland: 0101 paddy, 0102 irrigated, 0103 dry (011 to 013 in the second survey)."""


def keep_farmland(opened: Opened, outcome: Outcome) -> None:
    """Set aside the parcels of a land survey that are no farmland, one ledger entry for each land code."""
    if "land_code" not in opened.columns:
        return
    others: dict[str, list[int]] = defaultdict(list)
    blanks: list[int] = []
    for row, code in enumerate(opened.texts("land_code")):
        if outcome.status[row] is not Status.ASSESSED:
            continue
        if not code:
            blanks.append(row + 1)
        elif not code.startswith(FARMLAND_CODE):
            others[code].append(row + 1)
    header = opened.columns["land_code"]
    if blanks:
        opened.journal.note("地类空缺", f"共 {name_rows(blanks)}没有地类编码", "按耕地读取，请核对", field=header)
    if not others:
        return
    rows = np.array(sorted(row - 1 for listed in others.values() for row in listed), dtype=np.intp)
    for row in rows.tolist():
        outcome.status[row] = Status.REJECTED
    outcome.shapes[rows] = None
    unclear_rows("非耕地图斑", others, "不是耕地（0101、0102、0103），不作耕地计算", header, opened.journal)


def official_areas_m2(opened: Opened) -> list[float | None]:
    """Return the official area of each parcel: TBDLMJ, else TBMJ less KCMJ; null with an entry where it is unusable."""
    if "official_area" in opened.columns:
        return _areas(opened, "official_area")
    if "parcel_area" not in opened.columns or "deducted_area" not in opened.columns:
        return [None] * opened.raw.row_count
    names = f"{opened.columns['parcel_area']}、{opened.columns['deducted_area']}"
    opened.journal.note("面积推算", "没有图斑地类面积（TBDLMJ）", "取图斑面积减扣除地类面积", field=names)
    whole = _areas(opened, "parcel_area")
    deducted = [_number(text) or 0.0 for text in opened.texts("deducted_area")]
    return [
        None if area is None or area <= less else round(area - less, 6)
        for area, less in zip(whole, deducted, strict=True)
    ]


def _areas(opened: Opened, role: str) -> list[float | None]:
    made: list[float | None] = []
    strange: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(opened.texts(role), start=1):
        value = _number(text)
        if value is not None and value > 0:
            made.append(value)
        else:
            made.append(None)
            strange[text].append(row)
    unclear_rows("面积无效", strange, "按图形面积计算", opened.columns[role], opened.journal)
    return made


def _number(text: str) -> float | None:
    """Return square metres; a unit in the cell is taken into account."""
    quantity = parse_quantity(text)
    value = None if quantity is None or quantity.sign else in_unit(quantity, "m2")
    return value if value is not None and math.isfinite(value) else None
