"""A layer kept ready for single questions: which feature is nearest, which hold the source, how far data reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.coverage import covered_m
from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.geodesy import bearing_deg, search_boxes
from hmgeo.vocabulary import Basis, Completeness

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.distance import Shapes
    from hmgeo.records import Layer

    Indices = NDArray[np.int64]

_FIRST_SEARCH_M = 1_000.0
_SEARCH_GROWTH = 4.0
FARTHEST_SEARCH_M = 300_000.0
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Hit:
    """The nearest feature; bearing_deg is None where the source touches it."""

    receptor_id: str
    receptor_name: str
    distance_m: float
    bearing_deg: float | None


class LayerIndex:
    """Answers about one layer, source by source; built once, asked often.

    Parameters
    ----------
    layer
        Read whole. Features without geometry are left out.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        table = layer.read()
        self._ids: list[str] = table["receptor_id"].to_pylist()
        self._names: list[str] = table["name"].to_pylist()
        self._classes = np.asarray(table["class"].to_pylist(), dtype=object)
        self.shapes: Shapes = prepare_shapes(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
        self._tree = shapely.STRtree(self.shapes.geometries)
        self._unions: dict[tuple[str, ...], shapely.Geometry] = {}

    @cached_property
    def is_approximate(self) -> bool:
        """Whether the layer's geometry is no more than a hint."""
        return self.layer.basis is Basis.APPROXIMATE

    @cached_property
    def is_complete(self) -> bool:
        """Whether the layer holds everything of its kind within its coverage."""
        return self.layer.gates.completeness is Completeness.COMPLETE

    def nearest(
        self, source: Shapes, classes: Sequence[str] = (), *, within_m: float = FARTHEST_SEARCH_M
    ) -> Hit | None:
        """Return the nearest feature of these classes (all where empty), None where none lies within `within_m`.

        Parameters
        ----------
        source
            One shape from `prepare_shapes`.
        """
        radius_m = min(_FIRST_SEARCH_M, within_m)
        while True:
            found = self._nearest_within(source, classes, radius_m)
            if found is not None or radius_m >= within_m:
                return found
            radius_m = min(radius_m * _SEARCH_GROWTH, within_m)

    def _nearest_within(self, source: Shapes, classes: Sequence[str], radius_m: float) -> Hit | None:
        box = search_boxes(source.bounds, np.array([radius_m]))[0]
        receptor = self._of_classes(self._tree.query(shapely.box(*box)), classes)
        if not len(receptor):
            return None
        found = pair_distances(source, self.shapes, np.zeros(len(receptor), np.int64), receptor)
        distance_m = np.round(found.distance_m, _DECIMALS)
        best = int(np.argmin(distance_m))
        if distance_m[best] > radius_m:
            return None
        row = int(receptor[best])
        only = slice(best, best + 1)
        bearing = None
        if distance_m[best] > 0:
            bearing = float(bearing_deg(found.from_lon_lat[only], found.to_lon_lat[only])[0])
        return Hit(self._ids[row], self._names[row], float(distance_m[best]), bearing)

    def holding(self, source: Shapes, classes: Sequence[str] = ()) -> Indices:
        """Return the rows of the features of these classes that the source touches or lies in, in input order."""
        geometry = source.geometries[0]
        return self._of_classes(self._tree.query(geometry, predicate="intersects"), classes)

    def named(self, row: int) -> tuple[str, str]:
        """Return id and name of a feature."""
        return self._ids[row], self._names[row]

    def union(self, classes: Sequence[str] = ()) -> shapely.Geometry:
        """Return all features of these classes as one shape; kept for the next question."""
        key = tuple(classes)
        if key not in self._unions:
            rows = self._of_classes(np.arange(len(self._ids)), classes)
            self._unions[key] = shapely.union_all(self.shapes.geometries[rows])
        return self._unions[key]

    def covered_m(self, source: Shapes, uncertainty_m: float) -> float | None:
        """Return how far around the source the declared coverage reaches; None where none is declared."""
        coverage = self.layer.gates.coverage
        if coverage is None:
            return None
        return float(covered_m(source.geometries, np.array([uncertainty_m]), coverage)[0])

    def _of_classes(self, rows: Indices, classes: Sequence[str]) -> Indices:
        rows = np.sort(rows)
        if not classes:
            return rows
        kept: Indices = rows[np.isin(self._classes[rows], list(classes))]
        return kept
