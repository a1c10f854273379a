"""What rules may ask about one source, answered from the layers that are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.bank_lines import bank_line_fault
from hmgeo.analysis.barred import not_asked
from hmgeo.analysis.facts import (
    Answer,
    DistanceFact,
    Features,
    NumberFact,
    PlaceFact,
    UnansweredFacts,
    Unknown,
)
from hmgeo.analysis.key_areas import KEY_AREAS, inside_key_areas
from hmgeo.analysis.nearest import prepare_one
from hmgeo.geodesy import ellipsoidal_area_m2
from hmgeo.reference.cells import unread_among
from hmgeo.rules.words import ATTRIBUTES, LAYERS
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.analysis.layer_index import Hit, LayerIndex
    from hmgeo.analysis.places import Place
    from hmgeo.vocabulary import LayerKind


class LayerFacts(UnansweredFacts):
    """Answers about one source with a usable position.

    Parameters
    ----------
    geometry
        Shapely point, line or polygon in lon/lat.
    uncertainty_m
        Of the position.
    indexes
        Layers by their code in `hmgeo.rules.words.LAYERS`.
    place
        The administrative areas that hold the source; they decide on key areas.
    attributes, numbers
        What the input row says, by the names of `ATTRIBUTES` and `MEASURED_ATTRIBUTES`.
    barred
        Kinds of layers that the source may not be held against; not among the indexes.
    """

    def __init__(
        self,
        geometry: shapely.Geometry,
        uncertainty_m: float,
        indexes: Mapping[str, LayerIndex],
        place: Place,
        *,
        attributes: Mapping[str, bool | Unknown] | None = None,
        numbers: Mapping[str, float] | None = None,
        barred: tuple[LayerKind, ...] = (),
    ) -> None:
        self._barred = barred
        self._source = prepare_one(geometry)
        self._uncertainty_m = uncertainty_m
        self._indexes = indexes
        self._place = place
        self._attributes = attributes or {}
        self._numbers = numbers or {}
        self._hits: dict[Features, Hit | None] = {}
        self._untold: dict[Features, Hit | None] = {}

    def distance(self, features: Features) -> DistanceFact | Unknown:
        """Return the shortest ground distance to the features."""
        index = self._index(features)
        if isinstance(index, Unknown):
            return index
        hit = self._nearest(index, features)
        low_m, high_m = self._ends(hit)
        untold_m, untold_why = self._untold_near(index, features)
        return DistanceFact(
            low_m,
            high_m,
            None if hit is None else hit.distance_m,
            self._uncertainty_m,
            "" if hit is None else hit.receptor_id,
            "" if hit is None else hit.receptor_name,
            None if hit is None else hit.bearing_deg,
            covered_m=index.covered_m(self._source, self._uncertainty_m),
            is_complete=index.is_complete,
            is_approximate=index.is_approximate,
            untold_m=untold_m,
            untold_why=untold_why,
        )

    def inside(self, features: Features) -> PlaceFact | Unknown:
        """Return whether the source lies in one of the features; on a border counts as inside."""
        if features.layer == KEY_AREAS:
            return inside_key_areas(self._place, features.area_ids)
        index = self._index(features)
        if isinstance(index, Unknown):
            return index
        held = index.holding(self._source, features)
        if not len(held):
            return self._outside(index, features)
        sure = [row for row in held.tolist() if index.counts(row, features)]
        if not sure:
            return _untold(index, int(held[0]), features)
        receptor_id, name = index.named(sure[0])
        union = index.union(features)
        geometry = self._source.geometries[0]
        is_point = geometry.geom_type == "Point"
        answer = Answer.YES if is_point or shapely.covers(union, geometry) else Answer.PARTLY
        others = frozenset[Answer]()
        if answer is Answer.YES and self._margin_m(index, features) < 0:
            others = frozenset({Answer.NO if is_point else Answer.PARTLY})
        elif answer is Answer.PARTLY and shapely.covers(index.union(features, untold=True), geometry):
            others = frozenset({Answer.YES})
        centroid = bool(shapely.covers(union, shapely.centroid(geometry)))
        return PlaceFact(
            answer,
            others,
            None if is_point else centroid,
            self._gap(index, features) if others else "",
            "",
            receptor_id,
            name,
            index.is_approximate,
        )

    def touches(self, features: Features, tolerance_m: float) -> PlaceFact | Unknown:
        """Return whether the source comes within a tolerance of one of the features."""
        index = self._index(features)
        if isinstance(index, Unknown):
            return index
        hit = self._nearest(index, features)
        low_m, high_m = self._ends(hit)
        answer = Answer.YES if hit is not None and hit.distance_m <= tolerance_m else Answer.NO
        possible = {Answer.YES} if low_m <= tolerance_m else set()
        possible |= {Answer.NO} if high_m > tolerance_m else set()
        touched = hit is not None and answer is Answer.YES
        return PlaceFact(
            answer,
            frozenset(possible - {answer}),
            gap=self._gap(index, features, tolerance_m),
            receptor_id=hit.receptor_id if hit is not None and touched else "",
            receptor_name=hit.receptor_name if hit is not None and touched else "",
            is_approximate=index.is_approximate,
        )

    def share(self, features: Features) -> NumberFact | Unknown:
        """Return the share of the source's area that lies in the features, in percent."""
        index = self._index(features)
        if isinstance(index, Unknown):
            return index
        geometry = self._source.geometries[0]
        whole_m2 = float(ellipsoidal_area_m2([geometry])[0])
        if not whole_m2:
            return Unknown("污染源没有范围，无法计算重叠占比，本条未作判断。")
        unions = [index.union(features), index.union(features, untold=True)]
        inside = [shapely.intersection(geometry, union) for union in unions]
        least, most = np.round(100.0 * ellipsoidal_area_m2(inside) / whole_m2, MEASURE_DECIMALS).tolist()
        return NumberFact(least, least, most, is_approximate=index.is_approximate)

    def attribute(self, name: str) -> bool | Unknown | None:
        """Return a yes/no fact that the row states; None where it doesn't."""
        return self._attributes.get(name)

    def number(self, name: str) -> float | None:
        """Return a number that the row states; None where it doesn't."""
        return self._numbers.get(name)

    def _index(self, features: Features) -> LayerIndex | Unknown:
        fault = bank_line_fault(features.layer, self._indexes)
        if fault is not None:
            return fault
        index = self._indexes.get(features.layer)
        return not_asked(features.layer, self._barred) if index is None else index

    def _nearest(self, index: LayerIndex, features: Features) -> Hit | None:
        """Return the nearest feature; asked once of each layer."""
        if features not in self._hits:
            self._hits[features] = index.nearest(self._source, features)
        return self._hits[features]

    def _ends(self, hit: Hit | None) -> tuple[float, float]:
        """Return the nearest and farthest that the position's uncertainty allows."""
        if hit is None:
            return np.inf, np.inf
        low_m = round(max(0.0, hit.distance_m - self._uncertainty_m), MEASURE_DECIMALS)
        return low_m, round(hit.distance_m + self._uncertainty_m, MEASURE_DECIMALS)

    def _margin_m(self, index: LayerIndex, features: Features) -> float:
        """Return how far inside the features the source lies, less its uncertainty."""
        return index.depth_m(self._source, features) - self._uncertainty_m

    def _outside(self, index: LayerIndex, features: Features) -> PlaceFact:
        hit = self._nearest(index, features) if self._uncertainty_m > 0 else None
        if hit is not None and hit.distance_m > self._uncertainty_m:
            hit = None
        return PlaceFact(
            Answer.NO,
            frozenset() if hit is None else frozenset({Answer.YES}),
            gap=self._gap(index, features),
            receptor_id="" if hit is None else hit.receptor_id,
            receptor_name="" if hit is None else hit.receptor_name,
            is_approximate=index.is_approximate,
        )

    def _gap(self, index: LayerIndex, features: Features, limit_m: float = 0.0) -> str:
        """Return why a `no` would prove nothing; empty where it does."""
        reach_m = index.covered_m(self._source, self._uncertainty_m)
        fact = DistanceFact(np.inf, np.inf, None, covered_m=reach_m, is_complete=index.is_complete)
        untold_m, why = self._untold_near(index, features)
        return fact.coverage_gap(LAYERS[features.layer].zh, limit_m) or (why if untold_m <= limit_m else "")

    def _untold_near(self, index: LayerIndex, features: Features) -> tuple[float, str]:
        """Return how near a feature may lie of which nobody can tell whether it counts, and what is said of it."""
        if features not in self._untold:
            self._untold[features] = index.nearest_untold(self._source, features)
        hit = self._untold[features]
        if hit is None:
            return np.inf, ""
        return self._ends(hit)[0], _untold(index, hit.row, features).why


def _untold(index: LayerIndex, row: int, features: Features) -> Unknown:
    """Return what of a feature isn't stated or isn't understood."""
    return Unknown(untold_template(features).format(name=index.label(row)))


def untold_template(features: Features) -> str:
    """Return what is said of a feature that doesn't state what is asked, or not so that it is understood.

    `{name}` stands for its name.
    """
    if features.classes:
        return f"「{LAYERS[features.layer].zh}」{{name}}不能判断是否属于{'、'.join(features.classes)}，本条未作判断。"
    asked = "、是否".join(ATTRIBUTES[name] for name in (*features.having, *features.lacking))
    return f"「{LAYERS[features.layer].zh}」{{name}}未载明是否{asked}，本条未作判断。"


def unread_text(features: Features, words: Iterable[str]) -> str:
    """Return what is said where classes are asked along water and some aren't understood; empty where all are."""
    unread = unread_among(features.layer, words) if features.classes else ()
    return f"「{LAYERS[features.layer].zh}」的类别「{'」「'.join(unread)}」不在清单内，结果为下限。" if unread else ""
