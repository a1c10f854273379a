"""How receptors are drawn: a few one by one, many packed, and as sums by township where parcels must not be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from hmgeo.outputs.map import leads, shapes
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from hmgeo.results.results import Results


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
    """Choose how one kind of receptor is drawn.

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
    frame = leads.with_slopes(table[table["receptor_kind"] == kind].reset_index(drop=True), results, kind)
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
        totals=tuple(class_totals(frame)),
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


def class_totals(frame: pd.DataFrame) -> list[tuple[str, int, float]]:
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
    slope = leads.slope_of(row)
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
                for word, count, area in class_totals(group)
            ],
        }
        for name, group in places.groupby("township", sort=False)
    ]


def _sum_ha(areas: pd.Series) -> float | None:
    total = areas.sum(min_count=1)
    return None if pd.isna(total) else round(float(total), MEASURE_DECIMALS)
