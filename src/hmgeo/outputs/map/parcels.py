"""How receptors are drawn: a few one by one, many packed, sums where parcels must not be shown; and leads on them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct
from msgspec.structs import asdict
from numpy.typing import NDArray

from hmgeo.outputs import style
from hmgeo.outputs.english import in_english
from hmgeo.outputs.map import shapes
from hmgeo.outputs.map.audience import OVERHEAD_PATH
from hmgeo.outputs.map.sources import Fact, facts
from hmgeo.outputs.wording import LABELS, LABELS_EN
from hmgeo.results.results import Results, shapes_of
from hmgeo.vocabulary import MEASURE_DECIMALS, LayerKind

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


def _rows_of(results: Results, kind: str, township_names: Mapping[str, str]) -> pa.Table:
    """Return the receptors of a `kind` as they are drawn, their shapes aside: no text is null, townships have names.

    Slopes as far as there are any: `grade` and `slope_from` as numbers (0 unknown), `steep` as in `STEEP_KEYS`.
    """
    table = results.receptors.drop_columns("geometry")
    rows = table.filter(pc.equal(table["receptor_kind"], kind))
    columns = {name: rows[name] for name in rows.column_names}
    for name in ("name", "class", "township", "nearest_source_id", YEAR):
        columns[name] = pc.fill_null(columns[name], "") if name in columns else pa.repeat("", rows.num_rows)
    columns["township"] = pa.array([township_names.get(code, code) for code in columns["township"].to_pylist()])
    if "slope_grade" in columns:
        columns["grade"] = pc.fill_null(columns["slope_grade"], 0)
        columns["slope_from"] = pa.array([_FROM.get(word, 0) for word in columns["slope_from"].to_pylist()])
    numbers = _steep_numbers(results) if kind == LayerKind.FARMLAND.value else {}
    if numbers:
        columns["steep"] = pa.array([numbers.get(receptor, 0) for receptor in columns["receptor_id"].to_pylist()])
    return pa.table(columns)


def _slope_of(row: Mapping[str, Any]) -> list[Any] | None:
    """Return [grade, mean degrees by heights or None, where the grade comes from]; None where nothing is known."""
    grade, degrees = row.get("grade", 0), row.get("slope_deg")
    if not grade and degrees is None:
        return None
    return [grade, None if degrees is None else round(degrees, 1), row["slope_from"]]


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


class ReceptorPicture(Struct, frozen=True):
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
        Count by class and draw nothing.
    township_names
        Names by township code, where the table holds codes.
    """
    rows = _rows_of(results, kind, township_names or {})
    geometries = shapes_of(results.receptors)[pc.equal(results.receptors["receptor_kind"], kind).to_numpy()]
    has_shape = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    shown, shown_shapes = rows.filter(pa.array(has_shape)), geometries[has_shape]
    towns, words, years = ([] if counts_only else rows[name].to_pylist() for name in ("township", "class", YEAR))
    steep = rows["steep"].to_pylist() if "steep" in rows.column_names else []
    lists = Counter(key for key in zip(towns, steep, years, strict=False) if key[1])
    many = not (sums_only or counts_only) and len(shown) > max_drawn and shapes.can_pack(shown_shapes)
    one_by_one = not (sums_only or counts_only or many)
    return ReceptorPicture(
        kind=kind,
        drawn=tuple(_features(shown, shown_shapes)) if one_by_one else (),
        packed=shapes.pack(shown, shown_shapes) if many else None,
        townships=tuple(_townships(shown, shown_shapes)) if sums_only else (),
        totals=tuple(_class_totals(rows)),
        by_township=tuple(
            (town, word, count, year)
            for (town, word, year), count in Counter(zip(towns, words, years, strict=True)).items()
        ),
        steep_by_township=tuple((town, number, count, year) for (town, number, year), count in lists.items()),
        count=rows.num_rows,
        shapeless=int((~has_shape).sum()),
    )


def _class_totals(rows: pa.Table) -> list[tuple[str, int, float]]:
    """Return class word, count and area in ha, in order of first appearance."""
    classes, areas_ha = rows["class"], rows["area_ha"]
    groups = {word: areas_ha.filter(pc.equal(classes, word)) for word in classes.unique().to_pylist()}
    return [(word, len(areas), _sum_ha(areas.to_pylist())) for word, areas in groups.items()]


def _sum_ha(areas: Iterable[float | None]) -> float:
    known = [area for area in areas if area is not None]
    return math.fsum(known) if known else math.nan


def _features(rows: pa.Table, geometries: NDArray[Any]) -> list[dict[str, Any]]:
    drawn = []
    for row, geometry in zip(rows.to_pylist(), geometries, strict=True):
        slope = _slope_of(row)  # most parcels of a plain need neither this nor a list
        made = shapes.feature(
            geometry,
            id=row["receptor_id"],
            name=row["name"],
            cls=row["class"],
            area_ha=_told(row["area_ha"]),
            township=row["township"],
            year=row[YEAR],
            sources=row["source_count"],
            source=row["nearest_source_id"],
            distance_m=_told(row["nearest_source_m"]),
            **(({"slope": slope} if slope else {}) | ({"steep": row["steep"]} if row.get("steep") else {})),
        )
        if made is not None:
            drawn.append(made)
    return drawn


def _told(measure: float | None) -> float | None:
    return None if measure is None or math.isnan(measure) else round(measure, MEASURE_DECIMALS)


def _townships(rows: pa.Table, geometries: NDArray[Any]) -> list[dict[str, Any]]:
    centres = shapely.get_coordinates(shapely.centroid(geometries))
    names = np.array(rows["township"].to_pylist(), dtype=object)
    sums = []
    for name in dict.fromkeys(names.tolist()):
        totals = _class_totals(rows.filter(pa.array(names == name)))
        sums.append(
            {
                "name": name,
                "at": shapes.lat_lon(*centres[names == name].mean(axis=0)),
                "count": sum(count for _, count, _ in totals),
                "area_ha": _told(_sum_ha(area for *_, area in totals if not math.isnan(area))),
                "classes": [[word, count, _told(area)] for word, count, area in totals],
            }
        )
    return sums
