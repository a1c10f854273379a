"""The measures of a run, source by source, and what rules may ask of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
import shapely

from hmgeo.geo.distance import covered_m
from hmgeo.judging.facts import DistanceFact, Features, Unknown, missing_layer
from hmgeo.judging.layers import LayerFacts, named_class, untold
from hmgeo.reference.cells import unread_among
from hmgeo.vocabulary import ALL_CLASSES, MEASURE_DECIMALS, Basis, Completeness, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hmgeo.judging.layers import LayerIndex
    from hmgeo.judging.places import Places
    from hmgeo.proximity.measure import Proximity
    from hmgeo.records import Layer, Positions


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
    margin_m
        How far off the receptors may lie.
    """

    nearest: Mapping[tuple[str, str], Nearest]
    count: Mapping[str, int]
    area_ha: Mapping[str, float]
    count_max: Mapping[str, int]
    covered_m: Mapping[str, float]
    is_complete: bool
    unread: tuple[str, ...] = ()
    margin_m: float = 0.0

    def are_lower_bounds(self, source_id: str, radius_m: float) -> bool:
        """Whether a search of this radius may have missed receptors."""
        return not self.is_complete or self.covered_m.get(source_id, -np.inf) < radius_m


def widened(positions: Positions, margin_m: float) -> Positions:
    """Return sources as unsure as they and a layer are together, to be measured against that layer."""
    if not margin_m:
        return positions
    at = positions.table.schema.get_field_index("position_uncertainty_m")
    wider = pc.add(positions.table["position_uncertainty_m"], margin_m)
    return replace(positions, table=positions.table.set_column(at, "position_uncertainty_m", wider))


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
        receptors.margin_m,
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


class MeasuredLayers(LayerFacts):
    """Where one located source lies: farmland by the measures of a run, everything else from its layers.

    Parameters
    ----------
    row
        The source's row of `POSITION_SCHEMA`.
    farmland
        The layer that was measured against; None where there is none.
    indexes, places, barred
        As in `LayerFacts`.
    """

    def __init__(
        self,
        row: Mapping[str, Any],
        farmland: Layer | None,
        measures: Measures,
        indexes: Mapping[str, LayerIndex],
        places: Places,
        *,
        barred: tuple[LayerKind, ...] = (),
    ) -> None:
        super().__init__(
            shapely.from_wkb(row["geometry"]), row["position_uncertainty_m"], indexes, places, barred=barred
        )
        self._id: str = row["source_id"]
        self._farmland = farmland
        self._measures = measures

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return the distance to farmland of these classes from the run's measures, to others from their layers."""
        if features.layer != LayerKind.FARMLAND.value or features.having or features.lacking:
            return super().distance(features)
        if self._farmland is None:
            return missing_layer(features.layer)
        keys = [(self._id, word) for word in features.classes or (ALL_CLASSES,)]
        found = [self._measures.nearest[key] for key in keys if key in self._measures.nearest]
        nearest = min(found, key=lambda one: one.distance_m, default=None)
        unread = self._unread(features)
        off_m = self._uncertainty_m + self._farmland.margin_m
        low_m = high_m = np.inf
        if nearest is not None:
            low_m = round(max(0.0, nearest.distance_m - off_m), MEASURE_DECIMALS)
            high_m = round(nearest.distance_m + off_m, MEASURE_DECIMALS)
        return DistanceFact(
            low_m,
            high_m,
            None if nearest is None else nearest.distance_m,
            off_m,
            "" if nearest is None else nearest.receptor_id,
            "" if nearest is None else nearest.receptor_name,
            None if nearest is None else nearest.bearing_deg,
            covered_m=self._measures.covered_m.get(self._id),
            is_complete=self._measures.is_complete,
            is_approximate=self._farmland.basis is Basis.APPROXIMATE,
            untold_m=np.inf if unread is None else round(max(0.0, unread.distance_m - off_m), MEASURE_DECIMALS),
            untold_why="" if unread is None else self._unread_text(features, unread),
            aside=self._farmland.gates.aside,
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
    return untold(features, named_class(name, word))


def unread_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return the class words of farmland that aren't understood, blank included."""
    return unread_among(LayerKind.FARMLAND.value, set(words) - {ALL_CLASSES})
