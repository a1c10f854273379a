"""The measures of a run, source by source, and what rules may ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
import shapely

from hmgeo.geo.distance import covered_m
from hmgeo.judging.facts import DistanceFact, Features, PlaceFact, UnansweredFacts, Unknown, missing_layer
from hmgeo.judging.layers import untold_template
from hmgeo.judging.places import KEY_AREAS, NOWHERE, Place, inside_key_areas
from hmgeo.reference.cells import unread_among
from hmgeo.vocabulary import ALL_CLASSES, MEASURE_DECIMALS, Basis, Completeness, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.judging.facts import Facts, NumberFact, TerrainVerdict
    from hmgeo.judging.layers import LayerFacts
    from hmgeo.proximity.measure import Proximity
    from hmgeo.records import Layer, Positions
    from hmgeo.screening.heights import TerrainScreen
    from hmgeo.water.agreement import WaterFacts


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest receptor of a source; bearing_deg is None where they touch."""

    receptor_id: str
    receptor_name: str
    receptor_class: str
    distance_m: float
    bearing_deg: float | None


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures by source id; sources without a usable position are in none of them.

    Parameters
    ----------
    nearest
        By source id and class (`all` for any class).
    count, area_ha
        Within the search radius, all classes.
    count_max
        Within the radius plus the position's uncertainty, all classes.
    covered_m
        How far the layer's coverage reaches around a source; missing where none is declared.
    is_complete
        Whether the layer is declared complete within its coverage.
    unread
        Class words met that the official list doesn't hold.
    """

    nearest: Mapping[tuple[str, str], Nearest]
    count: Mapping[str, int]
    area_ha: Mapping[str, float]
    count_max: Mapping[str, int]
    covered_m: Mapping[str, float]
    is_complete: bool
    unread: tuple[str, ...] = ()

    def are_lower_bounds(self, source_id: str, radius_m: float) -> bool:
        """Whether a search of this radius may have missed receptors."""
        return not self.is_complete or self.covered_m.get(source_id, -np.inf) < radius_m


def measures_of(positions: Positions, receptors: Layer | None, proximity: Proximity | None) -> Measures:
    """Gather the measures of a run; empty where there was no layer to measure against."""
    if receptors is None or proximity is None:
        return Measures({}, {}, {}, {}, {}, is_complete=False)
    nearest = {(row.pop("source_id"), row.pop("class")): Nearest(**row) for row in proximity.nearest.to_pylist()}
    of_all = pc.equal(proximity.counts["class"], ALL_CLASSES)
    widest = pc.equal(proximity.counts["radius_m"], proximity.radii_m[-1])
    counts = proximity.counts.filter(pc.and_(of_all, widest)).to_pylist()
    maxima = proximity.count_max.filter(pc.equal(proximity.count_max["class"], ALL_CLASSES)).to_pylist()
    return Measures(
        nearest,
        {row["source_id"]: row["count"] for row in counts},
        {row["source_id"]: row["area_ha"] for row in counts},
        {row["source_id"]: row["count"] for row in maxima},
        _covered(positions, receptors),
        receptors.gates.completeness is Completeness.COMPLETE,
        unread_words(word for _, word in nearest),
    )


def _covered(positions: Positions, receptors: Layer) -> dict[str, float]:
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    if receptors.gates.coverage is None or not located.num_rows:
        return {}
    reach_m = covered_m(
        shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False)),
        located["position_uncertainty_m"].to_numpy().astype(np.float64),
        receptors.gates.coverage,
    )
    return dict(zip(located["source_id"].to_pylist(), reach_m.tolist(), strict=True))


class SourceFacts(UnansweredFacts):
    """Answers about one source, from the measures of a run: farmland by distance, key areas by place.

    Parameters
    ----------
    row
        The source's row of `POSITION_SCHEMA`.
    farmland
        The layer that was measured against; None where there is none.
    undeclared_may_clear
        For a bare comparison by radius.
    place
        Where the source lies; unknown where nobody looked.
    layers
        Answers from the other layers; None where none was loaded.
    water, terrain
        Answers from heights; None where nobody asks.
    """

    def __init__(
        self,
        row: Mapping[str, Any],
        farmland: Layer | None,
        measures: Measures,
        *,
        undeclared_may_clear: bool,
        place: Place = NOWHERE,
        layers: LayerFacts | None = None,
        water: WaterFacts | None = None,
        terrain: TerrainScreen | None = None,
    ) -> None:
        self._id: str = row["source_id"]
        self._uncertainty_m: float = row["position_uncertainty_m"]
        self._farmland = farmland
        self._measures = measures
        self._undeclared_may_clear = undeclared_may_clear
        self._place = place
        self._layers: Facts = UnansweredFacts() if layers is None else layers
        self._water: Facts = UnansweredFacts() if water is None else water
        self._terrain = terrain

    def inside(self, features: Features) -> PlaceFact | Unknown:
        """Return whether a key area or a feature of a loaded layer holds the source."""
        if features.layer == KEY_AREAS:
            return inside_key_areas(self._place, features.area_ids)
        return self._layers.inside(features)

    def touches(self, features: Features, tolerance_m: float) -> PlaceFact | Unknown:
        """Return whether the source touches one of the features, within a tolerance in metres."""
        return self._layers.touches(features, tolerance_m)

    def share(self, features: Features) -> NumberFact | Unknown:
        """Return the share of the source's area that lies in the features, in percent."""
        return self._layers.share(features)

    def upstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of the features."""
        return self._water.upstream(features, limit_m, mode)

    def downstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from one of the features reaches the source."""
        return self._water.downstream(features, limit_m, mode)

    def beside_path(self, features: Features, limit_m: float, beside_m: float) -> PlaceFact | Unknown:
        """Return whether the way down from the source passes beside the features."""
        return self._water.beside_path(features, limit_m, beside_m)

    def slope(self) -> NumberFact | Unknown:
        """Return the slope of the source in degrees."""
        return self._water.slope()

    def terrain(self, features: Features, plain_m: float) -> TerrainVerdict | Unknown | None:
        """Return what radii by terrain make of the distance to farmland."""
        if self._terrain is None or features.layer != LayerKind.FARMLAND.value:
            return None
        return self._terrain.verdict(self._id, features.classes, plain_m)

    def attribute(self, name: str) -> bool | Unknown | None:
        """Return a yes/no fact that the row states; None where it doesn't."""
        return self._layers.attribute(name)

    def number(self, name: str) -> float | None:
        """Return a number that the row states; None where it doesn't."""
        return self._layers.number(name)

    def distance(self, features: Features) -> DistanceFact | Unknown:
        """Return the distance to farmland of these classes from the run's measures, to others from their layers."""
        if features.layer != LayerKind.FARMLAND.value or features.having or features.lacking:
            return self._layers.distance(features)
        if self._farmland is None:
            return missing_layer(features.layer)
        keys = [(self._id, word) for word in features.classes or (ALL_CLASSES,)]
        found = [self._measures.nearest[key] for key in keys if key in self._measures.nearest]
        nearest = min(found, key=lambda one: one.distance_m, default=None)
        unread = self._unread(features)
        low_m = high_m = np.inf
        if nearest is not None:
            low_m = round(max(0.0, nearest.distance_m - self._uncertainty_m), MEASURE_DECIMALS)
            high_m = round(nearest.distance_m + self._uncertainty_m, MEASURE_DECIMALS)
        return DistanceFact(
            low_m,
            high_m,
            None if nearest is None else nearest.distance_m,
            self._uncertainty_m,
            "" if nearest is None else nearest.receptor_id,
            "" if nearest is None else nearest.receptor_name,
            None if nearest is None else nearest.bearing_deg,
            covered_m=self._measures.covered_m.get(self._id),
            is_complete=self._measures.is_complete,
            undeclared_may_clear=self._undeclared_may_clear,
            is_approximate=self._farmland.basis is Basis.APPROXIMATE,
            untold_m=np.inf
            if unread is None
            else round(max(0.0, unread.distance_m - self._uncertainty_m), MEASURE_DECIMALS),
            untold_why="" if unread is None else self._unread_text(features, unread),
        )

    def _unread_text(self, features: Features, parcel: Nearest) -> str:
        return class_unread(features, parcel.receptor_name or parcel.receptor_id, parcel.receptor_class)

    def _unread(self, features: Features) -> Nearest | None:
        """Return the nearest parcel whose class word isn't understood, where classes are asked."""
        if not features.classes:
            return None
        keys = [(self._id, word) for word in self._measures.unread]
        found = [self._measures.nearest[key] for key in keys if key in self._measures.nearest]
        return min(found, key=lambda one: one.distance_m, default=None)


def class_unread(features: Features, name: str, word: str) -> str:
    """Return what is said of a parcel whose class word isn't understood."""
    return untold_template(features).format(name=f"{name}（类别「{word}」）" if word else f"{name}（类别未填）")


def unread_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return the class words of farmland that aren't understood, blank included."""
    return unread_among(LayerKind.FARMLAND.value, set(words) - {ALL_CLASSES})
