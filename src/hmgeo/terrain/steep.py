"""Slope of every parcel: the layer's own grade first, the grid of heights otherwise; and lists of steep farmland."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.judging.facts import Answer, Features, NumberFact, Unknown
from hmgeo.judging.layers import LayerFacts
from hmgeo.judging.places import Places
from hmgeo.reference.tables import SLOPE_GRADE
from hmgeo.results.columns import SLOPES_SCHEMA, STEEP_SCHEMA
from hmgeo.rules.words import LAYERS
from hmgeo.terrain.places import slopes_of
from hmgeo.terrain.slope import STEEPEST_GRADE, slope_grade
from hmgeo.vocabulary import LayerKind
from hmgeo.words import say, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.judging.layers import LayerIndex
    from hmgeo.records import Layer, Raster


FROM_LAYER, FROM_HEIGHTS = "layer", "elevation"
FROM_25, WATER_15_25 = "from_25", "water_15_25"
LISTED, NOT_ASSESSED = "listed", "not_assessed"
STEEP_DEG, LESS_STEEP_DEG = 25.0, 15.0
_GRADE_WORDS = {"一级": 1, "二级": 2, "三级": 3, "四级": 4, "五级": 5, "Ⅰ": 1, "Ⅱ": 2, "Ⅲ": 3, "Ⅳ": 4, "Ⅴ": 5}
_GRADE = re.compile(r"([1-5])(?:\.0*)?级?")


def stated_grade(text: str) -> int | None:
    """Return the slope grade that a cell states, None where it states none.

    Examples
    --------
    >>> [stated_grade(text) for text in ("1", "4.0", "5级", "三级", "", "6", "15-25")]
    [1, 4, 5, 3, None, None, None]
    """
    plain = "".join(text.split())
    held = _GRADE.fullmatch(plain)
    return int(held[1]) if held else _GRADE_WORDS.get(plain)


def parcel_slopes(farmland: Layer, elevation: Raster | None) -> tuple[pa.Table, tuple[str, ...]]:
    """Return `SLOPES_SCHEMA` in the layer's order, and how the grades were found.

    The grid's slope is the mean over a parcel's cells; it makes the grade only where the layer states none.
    """
    table = farmland.read()
    texts = [dict(one or ()).get(SLOPE_GRADE, "") for one in table["links"].to_pylist()]
    degrees = _by_heights(table, elevation)
    rows = [_row(*one) for one in zip(table["receptor_id"].to_pylist(), texts, degrees, strict=True)]
    made = pa.Table.from_pylist(rows, SLOPES_SCHEMA)
    return made, _how(made, texts, elevation)


def _by_heights(table: pa.Table, elevation: Raster | None) -> list[float | None]:
    if elevation is None or not table.num_rows:
        return [None] * table.num_rows
    shapes = list(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    facts = slopes_of(elevation, shapes, [0.0] * len(shapes))
    return [one.value if isinstance(one, NumberFact) else None for one in facts]


def _row(receptor_id: str, text: str, degrees: float | None) -> dict[str, Any]:
    stated = stated_grade(text)
    row: dict[str, Any] = {"receptor_id": receptor_id, "slope_grade": stated, "slope_from": "", "slope_deg": degrees}
    if stated is not None:
        return row | {"slope_from": FROM_LAYER}
    if degrees is None:
        return row
    return row | {"slope_grade": int(slope_grade(np.array([degrees]))[0]), "slope_from": FROM_HEIGHTS}


def _how(made: pa.Table, texts: list[str], elevation: Raster | None) -> tuple[str, ...]:
    sources = made["slope_from"].to_pylist()
    own, heights, unknown = (sources.count(one) for one in (FROM_LAYER, FROM_HEIGHTS, ""))
    notes = [say("slope_grades_from", own=own, heights=heights, unknown=unknown)]
    strange = sum(1 for text in texts if text and stated_grade(text) is None)
    if strange:
        notes.append(say("slope_grades_unread", count=strange))
    if elevation is not None:
        derived = slope_grade(np.array([np.nan if one is None else one for one in made["slope_deg"].to_pylist()]))
        pairs = zip(made["slope_grade"].to_pylist(), derived.tolist(), sources, strict=True)
        differing = sum(1 for own, other, source in pairs if source == FROM_LAYER and other and own != other)
        notes.append(say("slope_grades_differ", count=differing))
    return tuple(notes)


def with_slopes(receptors: pa.Table, slopes: pa.Table) -> pa.Table:
    """Return a table of receptors with slope_grade, slope_from and slope_deg after its own columns; null elsewhere."""
    at = pc.index_in(receptors["receptor_id"], value_set=slopes["receptor_id"].combine_chunks())
    is_parcel = pc.equal(receptors["receptor_kind"], LayerKind.FARMLAND.value)
    rows = pc.if_else(is_parcel, at, pa.scalar(None, pa.int32()))
    for name in SLOPES_SCHEMA.names[1:]:
        receptors = receptors.append_column(name, slopes[name].take(rows))
    return receptors


def steep_farmland(reached: pa.Table, slopes: pa.Table, indexes: Mapping[str, LayerIndex]) -> pa.Table:
    """Return `STEEP_SCHEMA`: farmland from 25 degrees, and from 15 to 25 at important water sources.

    Parameters
    ----------
    reached
        Receptors with area_ha, class and township.
    indexes
        Layers by code; what an important water source is comes from a layer of that kind alone.
    """
    graded = {row["receptor_id"]: row for row in slopes.to_pylist()}
    rows = []
    for row in reached.filter(pc.equal(reached["receptor_kind"], LayerKind.FARMLAND.value)).to_pylist():
        slope = graded.get(row["receptor_id"])
        if slope is None or slope["slope_grade"] is None:
            continue
        told = _told(slope, row, indexes)
        if told:
            shown = {name: row[name] for name in ("receptor_id", "township", "class", "area_ha")}
            rows.append(told | shown | {name: slope[name] for name in SLOPES_SCHEMA.names[1:]})
    rows.sort(key=lambda one: (one["list"], one["status"] != LISTED))
    return pa.Table.from_pylist(rows, STEEP_SCHEMA)


def _told(slope: Mapping[str, Any], row: Mapping[str, Any], indexes: Mapping[str, LayerIndex]) -> dict[str, Any] | None:
    """Return which list a parcel stands in, and how; None where in neither."""
    by_layer = slope["slope_from"] == FROM_LAYER
    steep = slope["slope_grade"] == STEEPEST_GRADE if by_layer else slope["slope_deg"] >= STEEP_DEG
    if steep:
        return {"list": FROM_25, "status": LISTED, "water_source": "", "note": ""}
    lesser = slope["slope_grade"] == STEEPEST_GRADE - 1 if by_layer else slope["slope_deg"] >= LESS_STEEP_DEG
    if not lesser:
        return None
    facts = LayerFacts(shapely.from_wkb(row["geometry"]), 0.0, indexes, Places())
    found = facts.inside(Features(LayerKind.IMPORTANT_WATER_SOURCES.value))
    word = {"list": WATER_15_25, "status": NOT_ASSESSED, "water_source": ""}
    if isinstance(found, Unknown):
        department = LAYERS[LayerKind.IMPORTANT_WATER_SOURCES.value].department
        return word | {"note": sentences(found.why, say("important_waters_open", department=department))}
    if found.answer is Answer.NO:
        return word | {"note": found.gap} if found.gap else None
    partly = say("partly_in_it") if found.answer is Answer.PARTLY else ""
    return word | {"status": LISTED, "water_source": found.receptor_name or found.receptor_id, "note": partly}
