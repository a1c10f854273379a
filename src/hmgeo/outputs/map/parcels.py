"""Which receptors are drawn one by one, which are summed up by township, and what the page says about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from hmgeo.outputs.map import shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.findings.results import Results

MAX_DRAWN = 2000
"""Polygons that a page of this kind carries smoothly in an old browser."""


@dataclass(frozen=True, slots=True)
class ReceptorPicture:
    """One kind of receptor as drawn.

    Parameters
    ----------
    kind
        `receptor_kind` of the table.
    drawn
        GeoJSON features, one per receptor.
    townships
        Sums: name, at ([lat, lon], mean of the parcels), count, area_ha, classes ([word, count, area_ha]).
    totals
        Class word, count and area_ha (NaN where no area is known) over all receptors, drawn or not.
    count, summed, left_out, shapeless
        All receptors; those that stand in township sums; those neither drawn nor summed; those without a geometry.
    """

    kind: str
    drawn: tuple[dict[str, Any], ...]
    townships: tuple[dict[str, Any], ...]
    totals: tuple[tuple[str, int, float], ...]
    count: int
    summed: int
    left_out: int
    shapeless: int


def picture(results: Results, kind: str, *, max_drawn: int = MAX_DRAWN) -> ReceptorPicture:
    """Choose what is drawn of one kind of receptor.

    Up to `max_drawn` receptors are drawn as they are. Beyond that those with a township are summed up by township;
    of those without, the ones nearest to a source are drawn. The nearest receptor of every source is drawn always.
    """
    table = results.receptors.to_pandas()
    frame = table[table["receptor_kind"] == kind].reset_index(drop=True)
    geometries = shapes.read(frame["geometry"])
    has_shape = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    summed = np.zeros(len(frame), dtype=bool)
    chosen = has_shape.copy()
    if has_shape.sum() > max_drawn:
        summed = has_shape & (frame["township"].fillna("") != "").to_numpy()
        chosen = _nearest(frame, has_shape, summed, set(results.sources["nearest_farmland_id"].to_pylist()), max_drawn)
    return ReceptorPicture(
        kind=kind,
        drawn=tuple(_features(frame[chosen], geometries[chosen], summed[chosen])),
        townships=tuple(_townships(frame[summed], geometries[summed])),
        totals=tuple(class_totals(frame)),
        count=len(frame),
        summed=int(summed.sum()),
        left_out=int((has_shape & ~summed & ~chosen).sum()),
        shapeless=int((~has_shape).sum()),
    )


def class_totals(frame: pd.DataFrame) -> list[tuple[str, int, float]]:
    """Return class word, count and area in ha, in order of first appearance."""
    words = frame["class"].fillna("")
    groups = frame.groupby(words, sort=False)["area_ha"]
    return [(str(word), len(areas), float(areas.sum(min_count=1))) for word, areas in groups]


def _nearest(
    frame: pd.DataFrame, has_shape: NDArray[Any], summed: NDArray[Any], nearest_ids: set[str | None], max_drawn: int
) -> NDArray[Any]:
    """Choose the receptors to draw: each source's nearest, then those without township by distance to a source."""
    is_nearest = frame["receptor_id"].isin(nearest_ids - {None, ""}).to_numpy()
    candidates = np.flatnonzero(has_shape & (is_nearest | ~summed))
    distance_m = frame["nearest_source_m"].fillna(np.inf).to_numpy()
    order = np.lexsort((candidates, distance_m[candidates], ~is_nearest[candidates]))
    chosen = np.zeros(len(frame), dtype=bool)
    chosen[candidates[order][:max_drawn]] = True
    return chosen


def _features(frame: pd.DataFrame, geometries: NDArray[Any], summed: NDArray[Any]) -> list[dict[str, Any]]:
    drawn = []
    for row, geometry, is_summed in zip(frame.to_dict("records"), geometries, summed, strict=True):
        near = row["nearest_source_m"]
        area_ha = row["area_ha"]
        made = shapes.feature(
            geometry,
            id=row["receptor_id"],
            name=row["name"] or "",
            cls=row["class"] or "",
            area_ha=None if pd.isna(area_ha) else round(float(area_ha), 4),
            township=row["township"] or "",
            sources=None if pd.isna(row["source_count"]) else int(row["source_count"]),
            source=row["nearest_source_id"] or "",
            distance_m=None if pd.isna(near) else round(float(near), 4),
            summed=bool(is_summed),
        )
        if made is not None:
            drawn.append(made)
    return drawn


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
                [word, count, None if pd.isna(area) else round(area, 4)] for word, count, area in class_totals(group)
            ],
        }
        for name, group in places.groupby("township", sort=False)
    ]


def _sum_ha(areas: pd.Series) -> float | None:
    total = areas.sum(min_count=1)
    return None if pd.isna(total) else round(float(total), 4)
