"""Rows that may be one and the same enterprise: candidates for people to judge, never merged."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.geodesy import geodesic_m
from hmgeo.layers.pairs import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.layers.outcome import Outcome

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
            first = rows[0] + 1
            reason = f"与数据第 {first} 行的统一社会信用代码相同"
            outcome.journal.note_row(row + 1, TWIN_EVENT, reason, "照常计算，未合并，请核对", field=header, value=code)
            outcome.remark(row, f"{TWIN_EVENT}（{reason}）")
    for row, first, apart_m in _near_and_alike(names, points):
        if codes[row] and codes[row] == codes[first]:
            continue
        reason = f"与数据第 {first + 1} 行「{names[first]}」名称相近，相距 {apart_m:.0f} 米"
        outcome.journal.note_row(row + 1, TWIN_EVENT, reason, "照常计算，未合并，请核对", value=names[row])
        outcome.remark(row, f"{TWIN_EVENT}（与数据第 {first + 1} 行名称相近，相距 {apart_m:.0f} 米）")


def similarity(one: str, other: str) -> float:
    """Return how alike two names are, from 0 to 1, legal forms and brackets left aside.

    Examples
    --------
    >>> similarity("示例有色金属有限公司", "示例有色金属厂"), similarity("甲厂", "乙厂")
    (1.0, 0.0)
    """
    return difflib.SequenceMatcher(None, _core(one), _core(other), autojunk=False).ratio()


def _core(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name)
    return _FORMS.sub("", plain) or plain


def _near_and_alike(names: Sequence[str], points: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """Return (row, earlier row, metres) of neighbours with different but similar names."""
    held = np.flatnonzero(np.isfinite(points[:, 0]) & np.array([bool(name) for name in names], dtype=bool))
    if held.size > _MOST_ROWS:
        return []
    shapes = shapely.points(points[held])
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=_NEAR_DEG)
    ordered = first > second
    later, earlier = held[first[ordered]], held[second[ordered]]
    apart_m = geodesic_m(points[later], points[earlier])
    found: dict[int, tuple[int, int, float]] = {}
    for row, other, metres in sorted(zip(later.tolist(), earlier.tolist(), apart_m.tolist(), strict=True)):
        if metres <= _NEAR_M and names[row] != names[other] and similarity(names[row], names[other]) >= _ALIKE:
            found.setdefault(row, (row, other, metres))
    return list(found.values())
