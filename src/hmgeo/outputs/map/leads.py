"""Leads on the ground as the page shows them: ways down from tailings ponds, and steep farmland.

Words and counts are those of the sheets; nothing is worked out here.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hmgeo.outputs import style
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map.audience import OVERHEAD_PATH
from hmgeo.outputs.map.labels import LABELS, LABELS_EN
from hmgeo.outputs.map.sources import facts
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from hmgeo.outputs.map.sources import Fact
    from hmgeo.results.results import Results


OVERHEAD_REMARK = (
    "是否头顶库由应急管理部门认定，以认定为准；两种量法只作复核线索，不代替认定。"
    "路径自初期坝坝脚起，按高程推算；后出办法（应急〔2020〕15号）原文未收录，据转述。"
)
STEEP = (("from_25", "listed"), ("water_15_25", "listed"), ("water_15_25", "not_assessed"))
"""List and status of a steep parcel; its place here, from 1, is the parcel's number on the page, 0 stands for none."""

STEEP_KEYS = tuple(f"steep_{which}_{status}" for which, status in STEEP)
"""Labels of the lists, in that order."""

FROM_LAYER, FROM_HEIGHTS = 1, 2
_FROM = {"layer": FROM_LAYER, "elevation": FROM_HEIGHTS}


def steep_numbers(results: Results) -> dict[str, int]:
    """Return the number in `STEEP` by parcel, of the parcels that the table of steep farmland names."""
    if results.terrain is None:
        return {}
    rows = results.terrain.steep.select(["receptor_id", "list", "status"]).to_pylist()
    return {row["receptor_id"]: STEEP.index((row["list"], row["status"])) + 1 for row in rows}


def with_slopes(frame: pd.DataFrame, results: Results, kind: str) -> pd.DataFrame:
    """Return receptors of a kind with `grade` and `slope_from` as numbers (0 unknown), `slope_deg`, and `steep`."""
    import pandas as pd  # noqa: PLC0415 -- loads slowly

    is_farmland = kind == LayerKind.FARMLAND.value
    known = frame.assign(slope_grade=None, slope_from="", slope_deg=None) if "slope_grade" not in frame else frame
    numbers = steep_numbers(results) if is_farmland else {}
    return known.assign(
        grade=pd.to_numeric(known["slope_grade"]).fillna(0).astype(int),
        slope_from=known["slope_from"].map(_FROM).fillna(0).astype(int),
        slope_deg=pd.to_numeric(known["slope_deg"]),
        steep=known["receptor_id"].map(numbers).fillna(0).astype(int),
    )


def slope_of(row: Mapping[str, Any]) -> list[Any] | None:
    """Return [grade, mean degrees by heights or None, where the grade comes from]; None where nothing is known."""
    degrees = None if row["slope_deg"] is None or math.isnan(row["slope_deg"]) else round(float(row["slope_deg"]), 1)
    return [row["grade"], degrees, row["slope_from"]] if row["grade"] or degrees is not None else None


def steep_lines(results: Results) -> list[dict[str, Any]]:
    """Return one line for each list that names parcels: number, key of its label, look, and how many."""
    counts = Counter(steep_numbers(results).values())
    return [
        {"code": code, "key": key, "look": asdict(style.STEEP_FARMLAND[code]), "count": counts[code]}
        for code, key in enumerate(STEEP_KEYS, start=1)
        if counts[code]
    ]


def facts_of(results: Results, role: str) -> dict[str, list[Fact]]:
    """Return the popups of a context layer's features by id; empty for layers that say no more than a name."""
    return overhead_facts(results) if role == OVERHEAD_PATH else {}


def overhead_facts(results: Results) -> dict[str, list[Fact]]:
    """Return what the popup of each way down from a pond says, by the pond's id; both readings side by side."""
    if results.terrain is None:
        return {}
    return {row["pond_id"]: _overhead(row) for row in results.terrain.overhead.drop_columns("path").to_pylist()}


def _overhead(row: Mapping[str, Any]) -> list[Fact]:
    return facts(
        ("designated", *_designated(row["designated"])),
        ("overhead_path", *_reading(row, "path")),
        ("path_ends", *_both(row["path_ends"])),
        ("overhead_circle", *_reading(row, "circle")),
        ("only_by_path", row["only_by_path"]),
        ("only_by_circle", row["only_by_circle"]),
        ("note", *_both(row["note"] or "")),
    )


def overhead_remark() -> list[str]:
    """Return what such a way is and isn't, in both languages; the sheet's own words."""
    return list(_both(f"{OVERHEAD_REMARK}四周直线为国家文本的量法。"))


def _designated(said: str) -> tuple[str, str]:
    told = LABELS["overhead_pond"], LABELS_EN["overhead_pond"]
    return told[0].format(said=said), told[1].format(said=in_english(said))


def _reading(row: Mapping[str, Any], how: str) -> tuple[str, str]:
    count, named = row[f"{how}_count"], row[f"by_{how}"]
    if count is None:
        return LABELS["not_judged"], LABELS_EN["not_judged"]
    told = {"n": count, "named": named}
    key = "overhead_found" if count else "overhead_none"
    return LABELS[key].format(**told), LABELS_EN[key].format(**told)


def _both(text: str) -> tuple[str, str]:
    return text, in_english(text)
