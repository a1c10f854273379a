"""Sources that only a township or county is known of: where they may stand, what was measured, what rules may ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.facts import DistanceFact, Features, PlaceFact, UnansweredFacts, Unknown, missing_layer
from hmgeo.analysis.key_areas import KEY_AREAS, inside_key_areas
from hmgeo.analysis.measures import class_unread, unread_words
from hmgeo.analysis.place_ranges import Field, PlaceRange, covered_around_m, place_range
from hmgeo.findings.text import distance_text
from hmgeo.vocabulary import ALL_CLASSES, MEASURE_DECIMALS, Basis, Completeness, LayerKind, PositionKind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.places import Areas, Place
    from hmgeo.records import Layer, Positions

PLACES_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("place_code", pa.string()),
        ("place_name", pa.string()),
        ("is_approximate", pa.bool_()),
        ("geometry", pa.binary()),
    ]
)
"""Where each source may stand that only a place is known of."""


@dataclass(frozen=True, slots=True)
class PlaceSource:
    """The administrative area that a source lies somewhere in, and what was measured from it.

    Parameters
    ----------
    is_approximate
        Whether the outline is no boundary but a cell around the township's seat; then nothing is certain.
    measured
        None where no receptors were given.
    covered_m
        How far the receptors' coverage reaches around the whole place; None where none is declared.
    """

    code: str
    name: str
    geometry: shapely.Geometry = field(repr=False)
    is_approximate: bool
    note: str = ""
    measured: PlaceRange | None = field(default=None, repr=False)
    covered_m: float | None = None
    is_complete: bool = False

    def lower_bounds(self, radius_m: float) -> bool:
        """Whether a search of this radius may have missed receptors."""
        return not self.is_complete or self.covered_m is None or self.covered_m < radius_m

    def columns(self, radius_m: float) -> dict[str, Any]:
        """Return the cells of the table of sources: ranges over the place, fewest and most."""
        cells: dict[str, Any] = {"status": Status.ASSESSED.value, "position_kind": PositionKind.PLACE.value}
        if self.measured is None or ALL_CLASSES not in self.measured.nearest_m:
            return cells
        low_m, high_m = self.measured.nearest_m[ALL_CLASSES]
        within = self.measured.within[radius_m, ALL_CLASSES]
        return cells | {
            "nearest_farmland_m": round(low_m, MEASURE_DECIMALS),
            "nearest_farmland_max_m": round(high_m, MEASURE_DECIMALS),
            "farmland_count": within.count_low,
            "farmland_count_max": within.count_high,
            "farmland_area_ha": within.area_low_ha,
            "counts_are_lower_bounds": self.lower_bounds(radius_m),
        }

    def sentence(self) -> str:
        """Return what is to be said of a source known by place."""
        outline = "示意范围" if self.is_approximate else "行政区范围"
        text = f"仅知位于{self.name}，按{outline}内任意位置估算，不落点"
        if self.measured is None:
            return f"仅知位于{self.name}，不落点，未作距离测算。"
        near_m, far_m = self.measured.nearest_error_m, self.measured.count_error_m
        return (
            f"{text}；距离和地块数为范围（最远距离误差不超过 {distance_text(near_m)}，"
            f"计数按半径 ±{distance_text(far_m)} 取界）。"
        )


def place_sources(positions: Positions, places: Sequence[Place], areas: Areas) -> dict[str, PlaceSource]:
    """Return, by source id, the place of every row without coordinates whose township or county has an outline here.

    Parameters
    ----------
    places
        Of the rows, in order.

    Returns
    -------
    dict
        A township whose outline isn't held is widened to its county, and says so.
    """
    townships, counties = _outlines(areas.townships), _outlines(areas.counties)
    found = {}
    rows = zip(positions.table.select(["source_id", "status", "position_kind"]).to_pylist(), places, strict=True)
    for row, place in rows:
        awaits_datum = row["position_kind"] == PositionKind.POINT.value
        if row["status"] != Status.NOT_LOCATED.value or awaits_datum:
            continue
        if place.township_code in townships:
            name, shape = townships[place.township_code]
            source = PlaceSource(place.township_code, f"{place.county}{name}", shape, areas.townships_are_approximate)
        elif place.county_code in counties:
            name, shape = counties[place.county_code]
            note = f"「{place.township}」的界线未收录，按{name}全域估算" if place.township else ""
            source = PlaceSource(place.county_code, name, shape, is_approximate=False, note=note)
        else:
            continue
        found[row["source_id"]] = source
    return found


def _outlines(table: pa.Table | None) -> dict[str, tuple[str, shapely.Geometry]]:
    """Return name and shape of each area by its code."""
    if table is None:
        return {}
    shapes = shapely.from_wkb(table["geometry"].to_pylist())
    rows = zip(table["id"].to_pylist(), table["name"].to_pylist(), shapes, strict=True)
    return {code: (name, shape) for code, name, shape in rows}


def measured_places(
    sources: Mapping[str, PlaceSource], receptors: Layer | None, radii_m: Sequence[float]
) -> dict[str, PlaceSource]:
    """Return the same with what was measured; sources of one place share the work."""
    if receptors is None or not sources:
        return dict(sources)
    shapes = {source.code: source.geometry for source in sources.values()}
    around = Field(receptors, shapely.total_bounds(list(shapes.values())).tolist())
    ranges = {code: place_range(shape, around, radii_m) for code, shape in shapes.items()}
    coverage = receptors.gates.coverage
    reach_m: dict[str, float | None] = {
        code: None if coverage is None else covered_around_m(shape, coverage, around) for code, shape in shapes.items()
    }
    is_complete = receptors.gates.completeness is Completeness.COMPLETE
    return {
        source_id: PlaceSource(
            one.code, one.name, one.geometry, one.is_approximate or receptors.basis is Basis.APPROXIMATE, one.note,
            ranges[one.code], reach_m[one.code], is_complete,
        )
        for source_id, one in sources.items()
    }  # fmt: skip


def places_table(sources: Mapping[str, PlaceSource]) -> pa.Table:
    """Return `PLACES_SCHEMA` rows for drawing."""
    rows = [
        {
            "source_id": source_id,
            "place_code": one.code,
            "place_name": one.name,
            "is_approximate": one.is_approximate,
            "geometry": shapely.to_wkb(one.geometry),
        }
        for source_id, one in sources.items()
    ]
    return pa.Table.from_pylist(rows, PLACES_SCHEMA)


def count_rows(sources: Mapping[str, PlaceSource]) -> list[dict[str, Any]]:
    """Return `COUNTS_SCHEMA` rows with the fewest of each range: what holds wherever in the place the source is."""
    rows = []
    for source_id, source in sources.items():
        if source.measured is not None:
            for (radius_m, word), one in source.measured.within.items():
                cells = {"source_id": source_id, "radius_m": radius_m, "class": word}
                rows.append(cells | {"count": one.count_low, "area_ha": one.area_low_ha})
    return rows


class PlaceFacts(UnansweredFacts):
    """Answers about a source known by place: ranges, and membership by code.

    Parameters
    ----------
    stated
        Answers what the row itself states.
    """

    def __init__(
        self,
        source: PlaceSource,
        place: Place,
        *,
        has_farmland: bool,
        undeclared_may_clear: bool,
        stated: UnansweredFacts,
    ) -> None:
        self._source = source
        self._place = place
        self._has_farmland = has_farmland
        self._undeclared_may_clear = undeclared_may_clear
        self._stated = stated

    def inside(self, features: Features) -> PlaceFact | Unknown:
        """Return whether a key area holds the place; other layers can't be told from a place alone."""
        if features.layer == KEY_AREAS:
            return inside_key_areas(self._place, features.area_ids)
        return Unknown(f"仅知位于{self._source.name}，无法判断与「{features.zh}」的位置关系，本条未作判断。")

    def attribute(self, name: str) -> bool | Unknown | None:
        """Return a yes/no fact that the row states."""
        return self._stated.attribute(name)

    def number(self, name: str) -> float | None:
        """Return a number that the row states."""
        return self._stated.number(name)

    def distance(self, features: Features) -> DistanceFact | Unknown:
        """Return the range of distances to farmland of these classes."""
        if features.layer != LayerKind.FARMLAND.value or features.having or features.lacking:
            return Unknown(f"仅知位于{self._source.name}，未对「{features.zh}」作距离测算，本条未作判断。")
        measured = self._source.measured
        if not self._has_farmland or measured is None:
            return missing_layer(features.layer)
        known = [measured.nearest_m[word] for word in features.classes or (ALL_CLASSES,) if word in measured.nearest_m]
        low_m = min((low for low, _ in known), default=np.inf)
        high_m = min((high for _, high in known), default=np.inf)
        unread = unread_words(measured.nearest_m) if features.classes else ()
        untold_m, word = min(((measured.nearest_m[one][0], one) for one in unread), default=(np.inf, ""))
        return DistanceFact(
            round(low_m, MEASURE_DECIMALS),
            round(high_m, MEASURE_DECIMALS),
            None,
            untold_m=round(untold_m, MEASURE_DECIMALS),
            untold_why=class_unread(features, "图斑", word),
            covered_m=self._source.covered_m,
            is_complete=self._source.is_complete,
            undeclared_may_clear=self._undeclared_may_clear,
            is_approximate=self._source.is_approximate,
        )
