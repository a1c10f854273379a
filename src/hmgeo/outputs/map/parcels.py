"""How receptors are drawn: a few one by one, many packed, sums where parcels must not be shown; and leads on them."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from hmgeo.outputs import style
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map import shapes
from hmgeo.outputs.map.audience import OVERHEAD_PATH
from hmgeo.outputs.map.sources import facts
from hmgeo.outputs.wording import LABELS, LABELS_EN
from hmgeo.vocabulary import MEASURE_DECIMALS, LayerKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

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


def _steep_numbers(results: Results) -> dict[str, int]:
    """Return the number in `STEEP` by parcel, of the parcels that the table of steep farmland names."""
    if results.terrain is None:
        return {}
    rows = results.terrain.steep.select(["receptor_id", "list", "status"]).to_pylist()
    return {row["receptor_id"]: STEEP.index((row["list"], row["status"])) + 1 for row in rows}


def with_slopes(frame: pd.DataFrame, results: Results, kind: str) -> pd.DataFrame:
    """Return receptors `frame` of a `kind` with `grade` and `slope_from` as numbers (0 unknown) and `steep`.

    `slope_deg` too; `results` tell which parcels lists of steep farmland name.
    """
    import pandas as pd  # noqa: PLC0415 -- loads slowly

    is_farmland = kind == LayerKind.FARMLAND.value
    known = frame.assign(slope_grade=None, slope_from="", slope_deg=None) if "slope_grade" not in frame else frame
    numbers = _steep_numbers(results) if is_farmland else {}
    return known.assign(
        grade=pd.to_numeric(known["slope_grade"]).fillna(0).astype(int),
        slope_from=known["slope_from"].map(_FROM).fillna(0).astype(int),
        slope_deg=pd.to_numeric(known["slope_deg"]),
        steep=known["receptor_id"].map(numbers).fillna(0).astype(int),
    )


def _slope_of(row: Mapping[str, Any]) -> list[Any] | None:
    """Return [grade, mean degrees by heights or None, where the grade comes from]; None where nothing is known."""
    degrees = None if row["slope_deg"] is None or math.isnan(row["slope_deg"]) else round(float(row["slope_deg"]), 1)
    return [row["grade"], degrees, row["slope_from"]] if row["grade"] or degrees is not None else None


def steep_lines(results: Results) -> list[dict[str, Any]]:
    """Return a line for each list of `results` that names parcels: number, label's key, look, and how many."""
    counts = Counter(_steep_numbers(results).values())
    return [
        {"code": code, "key": key, "look": asdict(style.STEEP_FARMLAND[code]), "count": counts[code]}
        for code, key in enumerate(STEEP_KEYS, start=1)
        if counts[code]
    ]


def facts_of(results: Results, role: str) -> dict[str, list[Fact]]:
    """Return the popups of the features of context layer `role` by id; empty where `results` know only a name."""
    return _overhead_facts(results) if role == OVERHEAD_PATH else {}


def _overhead_facts(results: Results) -> dict[str, list[Fact]]:
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


def _designated(stated: str) -> tuple[str, str]:
    label = LABELS["overhead_pond"], LABELS_EN["overhead_pond"]
    return label[0].format(said=stated), label[1].format(said=in_english(stated))


def _reading(row: Mapping[str, Any], how: str) -> tuple[str, str]:
    count, named = row[f"{how}_count"], row[f"by_{how}"]
    if count is None:
        return LABELS["not_judged"], LABELS_EN["not_judged"]
    values = {"n": count, "named": named}
    key = "overhead_found" if count else "overhead_none"
    return LABELS[key].format(**values), LABELS_EN[key].format(**values)


def _both(text: str) -> tuple[str, str]:
    return text, in_english(text)


YEAR = "class_year"
"""Column of the year of classing, where a layer says it."""

MAX_DRAWN = 2000
"""Polygons that a page carries smoothly as single features; beyond, they are packed."""


@dataclass(frozen=True, slots=True)
class ReceptorPicture:
    """One kind of receptor as drawn.

    Parameters
    ----------
    kind
        `receptor_kind` of the table.
    drawn
        GeoJSON features, one per receptor; empty where they are packed or only summed.
    packed
        All receptors with a shape, packed; None where they are drawn one by one or only summed.
    townships
        Sums: name, at ([lat, lon], mean of the parcels), count, area_ha, classes ([word, count, area_ha]).
        Filled only where single parcels are not shown.
    totals
        Class word, count and area_ha (NaN where no area is known) over all receptors, drawn or not.
    by_township
        (township, class word, count, year of classing) over all receptors, for counts that follow a filter.
    steep_by_township
        The same of parcels in a list of steep farmland, with the list's number instead of the class word.
    count, shapeless
        All receptors; those without a geometry.
    """

    kind: str
    drawn: tuple[dict[str, Any], ...]
    packed: shapes.Packed | None
    townships: tuple[dict[str, Any], ...]
    totals: tuple[tuple[str, int, float], ...]
    by_township: tuple[tuple[str, str, int, str], ...]
    steep_by_township: tuple[tuple[str, int, int, str], ...]
    count: int
    shapeless: int


def picture(
    results: Results,
    kind: str,
    *,
    max_drawn: int = MAX_DRAWN,
    sums_only: bool = False,
    counts_only: bool = False,
    township_names: Mapping[str, str] | None = None,
) -> ReceptorPicture:
    """Choose how the receptors of one `kind` in `results` are drawn.

    Parameters
    ----------
    max_drawn
        More polygons than this are packed.
    sums_only
        Draw sums by township and no receptor: what a public page may show of a layer that isn't public.
    counts_only
        Count and draw nothing.
    township_names
        Names by township code, where the table holds codes.
    """
    table = results.receptors.to_pandas()
    frame = with_slopes(table[table["receptor_kind"] == kind].reset_index(drop=True), results, kind)
    if YEAR not in frame:
        frame[YEAR] = ""
    texts = ["name", "class", "township", "nearest_source_id", YEAR]
    frame[texts] = frame[texts].astype(object).fillna("")
    frame["township"] = frame["township"].replace(dict(township_names or {}))
    geometries = shapes.read(frame["geometry"])
    has_shape = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    shown, shown_shapes = frame[has_shape], geometries[has_shape]
    many = not (sums_only or counts_only) and len(shown) > max_drawn and shapes.can_pack(shown_shapes)
    one_by_one = not (sums_only or counts_only or many)
    return ReceptorPicture(
        kind=kind,
        drawn=tuple(_features(shown, shown_shapes)) if one_by_one else (),
        packed=shapes.pack(shown, shown_shapes) if many else None,
        townships=tuple(_townships(shown, shown_shapes)) if sums_only else (),
        totals=tuple(_class_totals(frame)),
        by_township=tuple(
            (str(town), str(word), len(rows), str(year))
            for (town, word, year), rows in frame.groupby(["township", frame["class"].fillna(""), YEAR], sort=False)
        ),
        steep_by_township=tuple(
            (str(town), int(number), len(rows), str(year))
            for (town, number, year), rows in frame[frame["steep"] > 0].groupby(["township", "steep", YEAR], sort=False)
        ),
        count=len(frame),
        shapeless=int((~has_shape).sum()),
    )


def _class_totals(frame: pd.DataFrame) -> list[tuple[str, int, float]]:
    """Return class word, count and area in ha, in order of first appearance."""
    words = frame["class"].fillna("")
    groups = frame.groupby(words, sort=False)["area_ha"]
    return [(str(word), len(areas), float(areas.sum(min_count=1))) for word, areas in groups]


def _features(frame: pd.DataFrame, geometries: NDArray[Any]) -> list[dict[str, Any]]:
    drawn = []
    for row, geometry in zip(frame.to_dict("records"), geometries, strict=True):
        near = row["nearest_source_m"]
        area_ha = row["area_ha"]
        made = shapes.feature(
            geometry,
            id=row["receptor_id"],
            name=row["name"] or "",
            cls=row["class"] or "",
            area_ha=None if pd.isna(area_ha) else round(float(area_ha), MEASURE_DECIMALS),
            township=row["township"] or "",
            year=row[YEAR],
            sources=None if pd.isna(row["source_count"]) else int(row["source_count"]),
            source=row["nearest_source_id"] or "",
            distance_m=None if pd.isna(near) else round(float(near), MEASURE_DECIMALS),
            **_ground(row),
        )
        if made is not None:
            drawn.append(made)
    return drawn


def _ground(row: dict[str, Any]) -> dict[str, Any]:
    """Return slope and list of steep farmland, as far as there are any: most parcels of a plain need neither."""
    slope = _slope_of(row)
    return ({"slope": slope} if slope else {}) | ({"steep": row["steep"]} if row["steep"] else {})


def _townships(frame: pd.DataFrame, geometries: NDArray[Any]) -> list[dict[str, Any]]:
    centres = shapely.centroid(geometries)
    places = frame.assign(x=shapely.get_x(centres), y=shapely.get_y(centres))
    return [
        {
            "name": str(name),
            "at": shapes.lat_lon(group["x"].mean(), group["y"].mean()),
            "count": len(group),
            "area_ha": _sum_ha(group["area_ha"]),
            "classes": [
                [word, count, None if pd.isna(area) else round(area, MEASURE_DECIMALS)]
                for word, count, area in _class_totals(group)
            ],
        }
        for name, group in places.groupby("township", sort=False)
    ]


def _sum_ha(areas: pd.Series) -> float | None:
    total = areas.sum(min_count=1)
    return None if pd.isna(total) else round(float(total), MEASURE_DECIMALS)
