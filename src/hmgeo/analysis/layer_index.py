"""A layer kept ready for single questions: which feature is nearest, which hold the source, how far data reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.distance import prepare_shapes
from hmgeo.analysis.nearest import NearestSearch, Outline, outline_of
from hmgeo.geodesy import bearing_of
from hmgeo.records import Unknown
from hmgeo.reference.cells import read_class
from hmgeo.rules.words import CLASS_WORDS
from hmgeo.vocabulary import Basis, Completeness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hmgeo.analysis.distance import Shapes
    from hmgeo.analysis.facts import Features
    from hmgeo.analysis.nearest import Found
    from hmgeo.records import Layer

    Indices = NDArray[np.int64]

FARTHEST_SEARCH_M = 300_000.0
_COUNTS, _MAY_COUNT = (1,), (0,)


@dataclass(frozen=True, slots=True)
class Hit:
    """The nearest feature, by its row; bearing_deg is None where the source touches it."""

    row: int
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
        self._stated = [dict(facts or ()) for facts in table["stated"].to_pylist()]
        self.shapes: Shapes = prepare_shapes(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
        self._tree = shapely.STRtree(self.shapes.geometries)
        self._unions: dict[tuple[Features, bool], shapely.Geometry] = {}
        self._searches: dict[tuple[Features, tuple[int, ...]], NearestSearch] = {}
        self._outlines: dict[Features, Outline] = {}
        self._counting: dict[Features, NDArray[np.int8]] = {}

    @property
    def size(self) -> int:
        """How many features the layer has."""
        return len(self._ids)

    @cached_property
    def class_words(self) -> tuple[str, ...]:
        """The class words of the layer, each once, in order."""
        return tuple(dict.fromkeys(str(word) for word in self._classes if word))

    @cached_property
    def _read_classes(self) -> list[str | Unknown]:
        """The official class of each feature; `Unknown` where its word isn't in the list of the layer."""
        read = {word: read_class(self.layer.kind.value, str(word or "")) for word in set(self._classes)}
        return [read[word] for word in self._classes]

    @cached_property
    def is_approximate(self) -> bool:
        """Whether the layer's geometry is no more than a hint."""
        return self.layer.basis is Basis.APPROXIMATE

    @cached_property
    def is_complete(self) -> bool:
        """Whether the layer holds everything of its kind within its coverage."""
        return self.layer.gates.completeness is Completeness.COMPLETE

    def nearest(self, source: Shapes, features: Features, *, within_m: float = FARTHEST_SEARCH_M) -> Hit | None:
        """Return the nearest feature that counts, None where none lies within `within_m`.

        Parameters
        ----------
        source
            One shape from `prepare_shapes`.
        """
        found = self._search(features, _COUNTS).nearest(source, within_m)
        return None if found is None else self._hit(found)

    def nearest_untold(self, source: Shapes, features: Features) -> Hit | None:
        """Return the nearest feature of which nobody can tell whether it counts; None where there is none in reach."""
        if not (self._count_codes(features) == 0).any():
            return None
        found = self._search(features, _MAY_COUNT).nearest(source, FARTHEST_SEARCH_M)
        return None if found is None else self._hit(found)

    def within(self, source: Shapes, features: Features, radius_m: float) -> list[Hit]:
        """Return every feature that counts or may count within `radius_m` metres, nearest first."""
        return [self._hit(found) for found in self._search(features, (*_MAY_COUNT, *_COUNTS)).within(source, radius_m)]

    def _hit(self, found: Found) -> Hit:
        bearing = None
        if found.distance_m > 0:
            bearing = bearing_of(found.from_lon_lat, found.to_lon_lat)
        return Hit(found.row, self._ids[found.row], self._names[found.row], found.distance_m, bearing)

    def _search(self, features: Features, codes: tuple[int, ...]) -> NearestSearch:
        search = self._searches.get((features, codes))
        if search is None:
            rows = np.flatnonzero(np.isin(self._count_codes(features), codes))
            search = self._searches[features, codes] = NearestSearch(self.shapes, rows)
        return search

    def holding(self, source: Shapes, features: Features) -> Indices:
        """Return the rows of the features that may count and that the source touches or lies in, in input order."""
        return self._among(self._tree.query(source.geometries, predicate="intersects")[1], features)

    def counts(self, row: int, features: Features) -> bool | None:
        """Return whether a feature counts; None where its own columns don't say what is asked of it."""
        return {1: True, 0: None, -1: False}[int(self._count_codes(features)[row])]

    def states(self, features: Features) -> NDArray[np.int8]:
        """Return for each feature 1 where it counts, -1 where it doesn't, 0 where nobody can tell."""
        return self._count_codes(features).copy()

    def labels(self) -> list[str]:
        """Return the name of each feature, its id where it has none, with a class that isn't understood."""
        return [self.label(row) for row in range(self.size)]

    def label(self, row: int) -> str:
        """Return the name of a feature, its id where it has none, with a class that isn't understood."""
        word = self._read_classes[row]
        name = self._names[row] or self._ids[row]
        if not isinstance(word, Unknown) or self.layer.kind.value not in CLASS_WORDS:
            return name
        return f"{name}（类别未填）" if word.code == "not_stated" else f"{name}（类别「{word.found}」）"

    def named(self, row: int) -> tuple[str, str]:
        """Return id and name of a feature."""
        return self._ids[row], self._names[row]

    def class_of(self, row: int) -> str:
        """Return the official class word of a feature; empty where it has none."""
        return str(self._classes[row] or "")

    def union(self, features: Features, *, untold: bool = False) -> shapely.Geometry:
        """Return all features that count as one shape, with those that may count too if `untold`; kept."""
        if (features, untold) not in self._unions:
            rows = np.flatnonzero(self._count_codes(features) >= (0 if untold else 1))
            self._unions[features, untold] = shapely.union_all(self.shapes.geometries[rows])
        return self._unions[features, untold]

    def depth_m(self, source: Shapes, features: Features) -> float:
        """Return how far inside the features that count a source lies; negative where it isn't wholly inside."""
        if features not in self._outlines:
            self._outlines[features] = Outline(self.union(features))
        return self._outlines[features].reach_m(source)

    def covered_m(self, source: Shapes, uncertainty_m: float) -> float | None:
        """Return how far around the source the declared coverage reaches; None where none is declared."""
        return None if self._coverage is None else self._coverage.reach_m(source) - uncertainty_m

    @cached_property
    def _coverage(self) -> Outline | None:
        coverage = self.layer.gates.coverage
        return None if coverage is None else outline_of(shapely.to_wkb(coverage))

    def _among(self, rows: Indices, features: Features) -> Indices:
        """Return the rows that count or may count, sorted."""
        if not len(rows):
            return rows
        rows = np.sort(rows)
        kept: Indices = rows[self._count_codes(features)[rows] >= 0]
        return kept

    def _count_codes(self, features: Features) -> NDArray[np.int8]:
        """Return for each feature 1 where it counts, -1 where it doesn't, 0 where nobody can tell."""
        if features not in self._counting:
            codes = np.ones(len(self._ids), np.int8)
            for name, wanted in (
                *((one, True) for one in features.having),
                *((one, False) for one in features.lacking),
            ):
                said = [facts.get(name) for facts in self._stated]
                codes = np.minimum(
                    codes, np.array([0 if one is None else (1 if one is wanted else -1) for one in said])
                )
            if features.classes:
                asked = set(features.classes)
                read = [0 if isinstance(one, Unknown) else (1 if one in asked else -1) for one in self._read_classes]
                codes = np.minimum(codes, np.array(read, dtype=np.int64))
            self._counting[features] = codes.astype(np.int8)
        return self._counting[features]


class LayerIndexes(Mapping[str, LayerIndex]):
    """Layers by their code in `hmgeo.rules.words.LAYERS`, each indexed when first asked for."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self._layers = {layer.kind.value: layer for layer in layers}
        self._built: dict[str, LayerIndex] = {}

    def __getitem__(self, code: str) -> LayerIndex:
        """Return the index of a layer, building it the first time."""
        if code not in self._built:
            self._built[code] = LayerIndex(self._layers[code])
        return self._built[code]

    def __iter__(self) -> Iterator[str]:
        """Yield the codes of the layers."""
        return iter(self._layers)

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self._layers)
