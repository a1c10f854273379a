"""A layer kept ready for single questions, and the answers about one source that rest on layers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.distance import NearestSearch, Outline, Shapes, box_around, outline_of, prepare_one, prepare_shapes
from hmgeo.geo.ellipsoid import bearing_deg, ellipsoidal_area_m2, search_boxes
from hmgeo.judging.facts import (
    Answer,
    DistanceFact,
    Features,
    Layers,
    NumberFact,
    PlaceFact,
    Unasked,
    Unknown,
    missing_layer,
    not_asked,
)
from hmgeo.judging.places import KEY_AREAS, Places, in_key_areas
from hmgeo.records import Layer
from hmgeo.reference.cells import leaves_class_open, read_class
from hmgeo.rules.words import ATTRIBUTES, CLASS_WORDS, LAYERS
from hmgeo.vocabulary import MEASURE_DECIMALS, Basis, Completeness, LayerKind
from hmgeo.vocabulary import Unknown as NotRead
from hmgeo.words import Reason, say, sentences

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

T = TypeVar("T")
FARTHEST_SEARCH_M = 300_000.0
_ROUNDED_M = 1e-3  # more than rounding takes off a distance
_BORDERS_M = (30.0, 300.0, 3_000.0, 30_000.0, np.inf)
_OUTLINES = 64
_COUNTS, _MAY_COUNT = (1,), (0,)
_ENDS = ("from_lon_lat", "to_lon_lat")


class _Hit(Struct, frozen=True):
    """The nearest feature, by its row; bearing_deg is None where the source touches it."""

    row: int
    receptor_id: str
    receptor_name: str
    distance_m: float
    bearing_deg: float | None


class LayerIndex:
    """Answers about one layer, source by source; built once, asked often.

    `layer`: read whole. Features without geometry are left out.
    """

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        table = layer.read()
        self._ids, self._names = (table[name].combine_chunks() for name in ("receptor_id", "name"))
        self.errors_m = np.zeros(table.num_rows)
        if layer.errors_m:
            self.errors_m[:] = [layer.errors_m.get(one, 0.0) for one in table["receptor_id"].to_pylist()]
        self.widest_m = float(self.errors_m.max(initial=0.0))
        words = table["class"].combine_chunks().dictionary_encode()
        self._classes = np.array([*words.dictionary.to_pylist(), None], dtype=object)[words.indices.fill_null(-1)]
        self._stated = table["stated"]
        self.shapes: Shapes = prepare_shapes(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
        self._tree = shapely.STRtree(self.shapes.geometries)
        self._unions: dict[tuple[Features, bool], shapely.Geometry] = {}
        self._searches: dict[tuple[Features, tuple[int, ...]], NearestSearch] = {}
        self._outlines: dict[bytes, Outline] = {}
        self._counting: dict[Features, NDArray[np.int8]] = {}

    @property
    def size(self) -> int:
        """How many features the layer has."""
        return len(self.errors_m)

    @cached_property
    def class_words(self) -> tuple[str, ...]:
        """The class words of the layer, each once, in order."""
        return tuple(dict.fromkeys(str(word) for word in self._classes if word))

    @cached_property
    def _read_classes(self) -> list[str | NotRead]:
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

    def nearest_each(self, sources: Shapes, features: Features, *, untold: bool = False) -> list[_Hit | None]:
        """Return for each source the nearest of `features` that counts, or if `untold` that nobody can tell to count.

        None where none lies within the search; `sources` come from `prepare_shapes`.
        """
        found = self._search(features, _MAY_COUNT if untold else _COUNTS).nearest_each(sources, FARTHEST_SEARCH_M)
        hits: list[_Hit | None] = [None] * len(found)
        met = [(at, near) for at, near in enumerate(found) if near is not None]
        if not met:
            return hits
        ids, names = self._named([near.row for _, near in met])
        bearings = bearing_deg(*(np.array([getattr(near, end) for _, near in met]) for end in _ENDS)).tolist()
        for (at, near), receptor_id, name, bearing in zip(met, ids, names, bearings, strict=True):
            hits[at] = _Hit(near.row, receptor_id, name, near.distance_m, bearing if near.distance_m > 0 else None)
        return hits

    def within(self, source: Shapes, features: Features, radius_m: float) -> list[_Hit]:
        """Return each of `features` that counts or may count within `radius_m` metres of `source`, nearest first."""
        rows, apart = self._search(features, (*_MAY_COUNT, *_COUNTS)).within(source, radius_m)
        if not len(rows):
            return []
        bearings = bearing_deg(apart.from_lon_lat, apart.to_lon_lat).tolist()
        return [
            _Hit(row, receptor_id, name, distance_m, bearing if distance_m > 0 else None)
            for row, receptor_id, name, distance_m, bearing in zip(
                rows.tolist(), *self._named(rows), apart.distance_m.tolist(), bearings, strict=True
            )
        ]

    def _named(self, rows: Sequence[int] | Indices) -> tuple[list[str], list[str]]:
        """Return ids and names of the features in some rows."""
        at = pa.array(rows)
        return self._ids.take(at).to_pylist(), self._names.take(at).to_pylist()

    def is_near_each(self, sources: Shapes, radius_m: Floats, features: Features, *, untold: bool = False) -> Flags:
        """Return for each source whether one of `features` may lie within its radius: one that counts, or is untold.

        No more than boxes are held against each other; `radius_m` is (n,), metres.
        """
        boxes = shapely.box(*search_boxes(sources.bounds, radius_m + _ROUNDED_M).T)
        return self._search(features, _MAY_COUNT if untold else _COUNTS).is_met(boxes)

    def _search(self, features: Features, codes: tuple[int, ...]) -> NearestSearch:
        search = self._searches.get((features, codes))
        if search is None:
            rows = np.flatnonzero(np.isin(self.states(features), codes))
            search = self._searches[features, codes] = NearestSearch(self.shapes, rows)
        return search

    def holding(self, source: Shapes, features: Features) -> Indices:
        """Return the rows of the features that may count and that `source` touches or lies in, in input order."""
        return self.holding_each(source, features)[0]

    def holding_each(self, sources: Shapes, features: Features) -> list[Indices]:
        """Return `holding` of each source."""
        source, rows = self._tree.query(sources.geometries, predicate="intersects")
        order = np.lexsort((rows, source))
        order = order[self.states(features)[rows[order]] >= 0]
        return np.split(rows[order], np.searchsorted(source[order], np.arange(1, len(sources))))

    def counts(self, row: int, features: Features) -> bool | None:
        """Return whether the feature in `row` counts; None where its own columns don't say what `features` ask."""
        return {1: True, 0: None, -1: False}[int(self.states(features)[row])]

    def labels(self) -> list[str]:
        """Return the name of each feature, its id where it has none, with a class that isn't understood."""
        return [self.label(row) for row in range(self.size)]

    def label(self, row: int) -> str:
        """Return the name of the feature in `row`, its id where it has none, with a class that isn't understood."""
        word = self._read_classes[row]
        receptor_id, own = self.named(row)
        name = own or receptor_id
        if not isinstance(word, NotRead) or self.layer.kind.value not in CLASS_WORDS:
            return name
        return named_class(name, "" if word.code == "not_stated" else word.found)

    def named(self, row: int) -> tuple[str, str]:
        """Return id and name of the feature in `row`."""
        return self._ids[row].as_py(), self._names[row].as_py()

    def class_of(self, row: int) -> str:
        """Return the official class word of the feature in `row`; empty where it has none."""
        return str(self._classes[row] or "")

    def unread_word(self, row: int) -> str:
        """Return the class word of the feature in `row` where its list doesn't hold it; else empty."""
        read = self._read_classes[row]
        return read.found.strip() if isinstance(read, NotRead) and read.code != "not_stated" else ""

    def union(self, features: Features, *, untold: bool = False) -> shapely.Geometry:
        """Return all of `features` that count as one shape, with those that may count too if `untold`; kept."""
        if (features, untold) not in self._unions:
            rows = np.flatnonzero(self.states(features) >= (0 if untold else 1))
            self._unions[features, untold] = shapely.union_all(self.shapes.geometries[rows])
        return self._unions[features, untold]

    def joined(self, rows: Indices, *, features: Features | None = None) -> shapely.Geometry:
        """Return the shapes in `rows` as one, of `features` those that count where they are given."""
        kept = rows if features is None else rows[self.states(features)[rows] > 0]
        return shapely.union_all(self.shapes.geometries[kept])

    def depth_m(self, source: Shapes, features: Features, enough_m: float = np.inf) -> float:
        """Return how far inside the features that count a source lies; negative where it isn't wholly inside.

        Beyond `enough_m` metres only that it is more. No more features are joined than a border so near may lie at.
        """
        search = self._search(features, _COUNTS)
        for radius_m in _BORDERS_M:
            rows = search.around(source, radius_m)
            key = rows.tobytes()
            if key not in self._outlines:
                if len(self._outlines) >= _OUTLINES:
                    self._outlines.clear()
                self._outlines[key] = Outline(self.joined(rows))
            reach_m = self._outlines[key].reach_m(source)
            if reach_m <= radius_m or radius_m >= enough_m:
                break
        return reach_m

    def covered_m(self, source: Shapes, uncertainty_m: float) -> float | None:
        """Return how far around `source` the coverage reaches, less `uncertainty_m` metres; None where undeclared."""
        return None if self._coverage is None else self._coverage.reach_m(source) - uncertainty_m

    def reach_each_m(self, sources: Shapes) -> list[float] | None:
        """Return how far around each of `sources` the coverage reaches, in metres; None where undeclared."""
        return None if self._coverage is None else self._coverage.reach_each_m(sources).tolist()

    def gap(self, covered_m: float | None, limit_m: float) -> str:
        """Return why nothing found within `limit_m` metres proves nothing, by `covered_m` as `covered_m` has it."""
        aside = self.layer.gates.aside
        fact = DistanceFact(np.inf, np.inf, None, covered_m=covered_m, is_complete=self.is_complete, aside=aside)
        return fact.coverage_gap(LAYERS[self.layer.kind.value].zh, limit_m)

    @cached_property
    def _coverage(self) -> Outline | None:
        coverage = self.layer.gates.coverage
        return None if coverage is None else outline_of(shapely.to_wkb(coverage))

    def states(self, features: Features) -> NDArray[np.int8]:
        """Return for each row 1 where it counts among `features`, -1 where it doesn't, 0 where nobody can tell."""
        if features not in self._counting:
            codes = np.ones(self.size, np.int8)
            for name, wanted in (
                *((fact, True) for fact in features.having),
                *((fact, False) for fact in features.lacking),
            ):
                answers = [dict(facts or ()).get(name) for facts in self._stated.to_pylist()]
                read = [0 if answer is None else 1 if answer is wanted else -1 for answer in answers]
                codes = np.minimum(codes, np.array(read))
            if features.classes:
                asked = set(features.classes)
                kind = self.layer.kind.value
                is_open = {word: leaves_class_open(kind, str(word or "")) for word in set(self._classes)}
                read = [
                    1 if official in asked or word in asked else 0 if is_open[word] else -1
                    for official, word in zip(self._read_classes, self._classes, strict=True)
                ]
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


RIVERS = "rivers"
BANK_LINES = frozenset({"river_shoreline_main", "river_shoreline_tributary", "river_shoreline_important_tributary"})
"""Layers whose features are bank lines, or areas of water whose edge is one."""

_CENTRELINES = ("中心线", "中泓线", "centreline", "centerline")


def bank_line_fault(code: str, indexes: Mapping[str, LayerIndex]) -> Unknown | None:
    """Return why nothing can be measured from a layer of bank lines; None for other layers and for usable ones.

    `code`: of a layer in `hmgeo.rules.words.LAYERS`.
    `indexes`: all layers at hand, by code: rivers among them are said to be no banks.
    """
    if code not in BANK_LINES:
        return None
    word = LAYERS[code]
    index = indexes.get(code)
    if index is None:
        instead = say("rivers_are_no_banks") if RIVERS in indexes else ""
        return Unknown(sentences(missing_layer(code).why, instead))
    if index.is_approximate:
        return Unknown(say("banks_approximate", layer=word.zh, department=word.department))
    if any(mark in text.casefold() for text in index.class_words for mark in _CENTRELINES):
        return Unknown(say("banks_are_centrelines", layer=word.zh, department=word.department))
    return None


class Sources:
    """Sources asked about together: what one of them asks of a layer is worked out for all at once.

    Parameters
    ----------
    geometries
        Shapely points, lines or polygons in lon/lat.
    uncertainty_m
        Of their positions.
    indexes
        Layers by their code in `hmgeo.rules.words.LAYERS`.
    barred
        Kinds of layers that the sources may not be held against; not among the indexes.
    """

    def __init__(
        self,
        geometries: Sequence[shapely.Geometry],
        uncertainty_m: Sequence[float],
        indexes: Mapping[str, LayerIndex],
        barred: tuple[LayerKind, ...] = (),
    ) -> None:
        self.shapes = prepare_one(geometries[0]) if len(geometries) == 1 else prepare_shapes(geometries)
        self._uncertainty_m = np.array(uncertainty_m, dtype=float)
        self._indexes, self._barred = indexes, barred
        self._asked: dict[str, LayerIndex | Unknown] = {}
        self._answers: dict[tuple[object, ...], Any] = {}

    def index(self, layer: str) -> LayerIndex | Unknown:
        """Return the `layer` of that code; why nothing can be told of it where it isn't to be asked."""
        if layer not in self._asked:
            known = bank_line_fault(layer, self._indexes) or self._indexes.get(layer)
            self._asked[layer] = not_asked(layer, self._barred) if known is None else known
        return self._asked[layer]

    def nearest(self, index: LayerIndex, features: Features, *, untold: bool = False) -> list[_Hit | None]:
        """Return the nearest of `features` in `index` to each, as `nearest_each` has it."""
        return self._all(
            ("nearest", features, untold), lambda: index.nearest_each(self.shapes, features, untold=untold)
        )

    def reach_m(self, index: LayerIndex) -> list[float] | None:
        """Return how far around each the coverage of `index` reaches, metres; None where undeclared."""
        return self._all(("reach", index.layer.kind), lambda: index.reach_each_m(self.shapes))

    def holding(self, index: LayerIndex, features: Features) -> list[Indices]:
        """Return for each the rows of those of `features` in `index` that may count and that it touches or lies in."""
        return self._all(("holding", features), lambda: index.holding_each(self.shapes, features))

    def is_near(self, index: LayerIndex, features: Features, limit_m: float = 0.0, *, untold: bool = False) -> Flags:
        """Return for each whether one of `features` may lie within its uncertainty and `limit_m` metres.

        Of those in `index` that count, or if `untold` of which nobody can tell.
        """
        reach_m = self._uncertainty_m + index.layer.margin_m + index.widest_m + limit_m
        key = ("near", features, limit_m, untold)
        asks = reach_m > (-1.0 if untold else 0.0)  # what counts and is met has been found before
        return self._all(key, lambda: index.is_near_each(self.shapes, reach_m, features, untold=untold) & asks)

    def met(self, index: LayerIndex, features: Features) -> list[_Hit | None]:
        """Return the nearest of `features` in `index` to each that may come to touch one; None for the others."""
        return self._all(("met", features), lambda: self._met(index, features))

    def _met(self, index: LayerIndex, features: Features) -> list[_Hit | None]:
        hits: list[_Hit | None] = [None] * len(self.shapes)
        near = np.flatnonzero(self.is_near(index, features))
        found = index.nearest_each(prepare_shapes(self.shapes.geometries[near]), features) if len(near) else []
        for at, hit in zip(near.tolist(), found, strict=True):
            hits[at] = hit
        return hits

    def outside(self, index: LayerIndex, features: Features) -> list[PlaceFact | None]:
        """Return for each that lies nowhere near `features` of `index` that it isn't inside; None for the others."""
        return self._all(("outside", features), lambda: self._outside(index, features))

    def _outside(self, index: LayerIndex, features: Features) -> list[PlaceFact | None]:
        off_m, reach_m = (self._uncertainty_m + index.layer.margin_m).tolist(), self.reach_m(index)
        gaps = [index.gap(covered_m, 0.0) for covered_m in (-1.0, 0.0)] if reach_m else [index.gap(None, 0.0)] * 2
        left, kept = (PlaceFact(Answer.NO, gap=gap, is_approximate=index.is_approximate) for gap in gaps)
        is_near = self.is_near(index, features) | self.is_near(index, features, untold=True)
        return [
            None if len(holding) or near else left if reach_m and reach_m[at] - off_m[at] < 0 else kept
            for at, (holding, near) in enumerate(zip(self.holding(index, features), is_near.tolist(), strict=True))
        ]

    def _all(self, question: tuple[object, ...], ask: Callable[[], T]) -> T:
        if question not in self._answers:
            self._answers[question] = ask()
        answers: T = self._answers[question]
        return answers


class LayerFacts:
    """Where one source lies among layers; each question is worked out once.

    Parameters
    ----------
    geometry
        Shapely point, line or polygon in lon/lat.
    indexes, barred
        As `Sources` has them.
    places
        The administrative areas that may hold the source; they decide on key areas.
    among, at
        The sources that it is asked about together with, and which of them it is; None for itself alone.
    """

    def __init__(
        self,
        geometry: shapely.Geometry,
        uncertainty_m: float,
        indexes: Mapping[str, LayerIndex],
        places: Places,
        *,
        barred: tuple[LayerKind, ...] = (),
        among: Sources | None = None,
        at: int = 0,
    ) -> None:
        self._geometry = geometry
        self.among = Sources([geometry], [uncertainty_m], indexes, barred) if among is None else among
        self.at = at
        self._uncertainty_m = uncertainty_m
        self._places = places
        self._distances: dict[Features, DistanceFact | Unknown] = {}
        self._insides: dict[Features, PlaceFact | Unknown] = {}

    @cached_property
    def _source(self) -> Shapes:
        return prepare_one(self._geometry)

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return the shortest ground distance to `features`, measured once."""
        if features not in self._distances:
            self._distances[features] = self._distance(features)
        return self._distances[features]

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return whether the source lies in one of `features`; on a border counts as inside."""
        if features not in self._insides:
            asks_place = features.layer == KEY_AREAS
            answer = in_key_areas(self._places, features.area_ids) if asks_place else self._inside(features)
            self._insides[features] = answer
        return self._insides[features]

    # `hmgeo.siting.kept` finds it by the question's name and "_each"
    def inside_each(self, asked: Sequence[Layers], features: Features, /) -> list[PlaceFact | Unknown]:
        """Return `inside` of each of those `asked`; sources asked together with this one share most answers."""
        index = None if features.layer == KEY_AREAS else self.among.index(features.layer)
        alike: Sequence[PlaceFact | Unknown | None]
        alike = (
            self.among.outside(index, features) if isinstance(index, LayerIndex) else [index] * len(self.among.shapes)
        )
        shared = (alike[one.at] if isinstance(one, LayerFacts) and one.among is self.among else None for one in asked)
        return [one.inside(features) if told is None else told for one, told in zip(asked, shared, strict=True)]

    def depth_m(self, features: Features) -> float | None:
        """Return how far inside the features the source lies in metres; None where it isn't wholly inside."""
        index = self.among.index(features.layer)
        if isinstance(index, Unknown):
            return None
        depth_m = index.depth_m(self._source, features)
        return depth_m if depth_m >= 0 else None

    def _distance(self, features: Features) -> DistanceFact | Unknown:
        index = self.among.index(features.layer)
        if isinstance(index, Unknown):
            return index
        hit = self._nearest(index, features)
        low_m, high_m = self._ends(index, features, hit)
        untold_m, untold_why = self._untold_near(index, features)
        return DistanceFact(
            low_m,
            high_m,
            None if hit is None else hit.distance_m,
            self._off_m(index, None if hit is None else hit.row),
            "" if hit is None else hit.receptor_id,
            "" if hit is None else hit.receptor_name,
            None if hit is None else hit.bearing_deg,
            covered_m=self._covered_m(index),
            is_complete=index.is_complete,
            is_approximate=index.is_approximate,
            untold_m=untold_m,
            untold_why=untold_why,
            aside=index.layer.gates.aside,
        )

    def _inside(self, features: Features) -> PlaceFact | Unknown:
        index = self.among.index(features.layer)
        if isinstance(index, Unknown):
            return index
        clear = self.among.outside(index, features)[self.at]
        if clear is not None:
            return clear
        holding = self.among.holding(index, features)[self.at]
        if not len(holding):
            return self._outside(index, features)
        sure = holding[index.states(features)[holding] > 0]
        if not len(sure):
            return _untold(index, int(holding[0]), features)
        receptor_id, name = index.named(int(sure[0]))
        geometry = self._geometry
        is_point = geometry.geom_type == "Point"
        answer, centroid, others = Answer.YES, None, frozenset[Answer]()
        if not is_point:
            union = index.joined(sure)
            answer = Answer.YES if shapely.covers(union, geometry) else Answer.PARTLY
            middle = index.holding(prepare_one(shapely.centroid(geometry)), features)  # it may lie outside the source
            centroid = bool((index.states(features)[middle] > 0).any())
        if answer is Answer.YES and self._may_be_out(index, features, holding):
            others = frozenset({Answer.NO if is_point else Answer.PARTLY})
        elif answer is Answer.PARTLY and shapely.covers(index.joined(holding), geometry):
            others = frozenset({Answer.YES})
        return PlaceFact(
            answer,
            others,
            centroid,
            self._gap(index, features) if others else "",
            "",
            receptor_id,
            name,
            index.is_approximate,
        )

    def touches(self, features: Features, tolerance_m: float, /) -> PlaceFact | Unknown:
        """Return whether the source comes within `tolerance_m` metres of one of `features`."""
        index = self.among.index(features.layer)
        if isinstance(index, Unknown):
            return index
        hit = self._nearest(index, features)
        low_m, high_m = self._ends(index, features, hit)
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

    def share(self, features: Features, /) -> NumberFact | Unknown:
        """Return the share of the source's area that lies in `features`, in percent; unknown for points."""
        index = self.among.index(features.layer)
        if isinstance(index, Unknown):
            return index
        geometry = self._geometry
        whole_m2 = float(ellipsoidal_area_m2([geometry])[0])
        if not whole_m2:
            return Unknown(say("outline_absent"))
        rows = self.among.holding(index, features)[self.at]
        unions = [index.joined(rows, features=features), index.joined(rows)]
        inside = [shapely.intersection(geometry, union) for union in unions]
        least, most = np.round(100.0 * ellipsoidal_area_m2(inside) / whole_m2, MEASURE_DECIMALS).tolist()
        return NumberFact(least, least, most, is_approximate=index.is_approximate)

    def _nearest(self, index: LayerIndex, features: Features) -> _Hit | None:
        """Return the nearest feature; asked once of each layer."""
        return self.among.nearest(index, features)[self.at]

    def _covered_m(self, index: LayerIndex) -> float | None:
        """Return how far around the source the layer's coverage reaches, whatever is unsure of it."""
        reach_m = self.among.reach_m(index)
        return None if reach_m is None else reach_m[self.at] - self._off_m(index)

    def _off_m(self, index: LayerIndex, row: int | None = None) -> float:
        """Return how far a distance to a layer, or to one feature, may be off: what is unsure of both ends."""
        own_m = 0.0 if row is None else float(index.errors_m[row])
        return self._uncertainty_m + index.layer.margin_m + own_m

    def _ends(self, index: LayerIndex, features: Features, hit: _Hit | None) -> tuple[float, float]:
        """Return the nearest and farthest that what is unsure of source and layer allows.

        Where features are unsure, one that is farther off may come nearer than the nearest does.
        """
        if hit is None:
            return np.inf, np.inf
        hits = [hit]
        if index.widest_m:
            near = index.within(self._source, features, hit.distance_m + index.widest_m)
            hits += [other for other in near if index.counts(other.row, features) is index.counts(hit.row, features)]
        low_m = min(other.distance_m - self._off_m(index, other.row) for other in hits)
        high_m = min(other.distance_m + self._off_m(index, other.row) for other in hits)
        return round(max(0.0, low_m), MEASURE_DECIMALS), round(high_m, MEASURE_DECIMALS)

    def _may_be_out(self, index: LayerIndex, features: Features, rows: Indices) -> bool:
        """Return whether what is unsure of the source, and of what holds it, reaches out of the features."""
        off_m = max(self._off_m(index, row) for row in rows.tolist())
        counted = rows[index.states(features)[rows] > 0]
        if off_m > 0:
            around = box_around(list(self._geometry.bounds), off_m + _ROUNDED_M)
            if shapely.covers(index.shapes.geometries[counted], around).any():
                return False
        return index.depth_m(self._source, features, off_m) < off_m

    def _outside(self, index: LayerIndex, features: Features) -> PlaceFact:
        hit = self.among.met(index, features)[self.at]
        if hit is not None and self._ends(index, features, hit)[0] > 0:
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
        gap = index.gap(self._covered_m(index), limit_m)
        if gap or not self.among.is_near(index, features, limit_m, untold=True)[self.at]:
            return gap
        untold_m, why = self._untold_near(index, features)
        return why if untold_m <= limit_m else ""

    def _untold_near(self, index: LayerIndex, features: Features) -> tuple[float, str]:
        """Return how near a feature may lie of which nobody can tell whether it counts, and what is said of it."""
        hit = self.among.nearest(index, features, untold=True)[self.at]
        if hit is None:
            return np.inf, ""
        return self._ends(index, features, hit)[0], _untold(index, hit.row, features).why


class KeyAreasOnly(Unasked):
    """What the layers of a source tell of key areas, and nothing else of them."""

    def __init__(self, layers: Layers) -> None:
        super().__init__()
        self._layers = layers

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return whether a key area holds the source; other `features` aren't asked."""
        return self._layers.inside(features) if features.layer == KEY_AREAS else super().inside(features)


class PlaceOnly(Unasked):
    """What can be told of a source of which only the place is known: key areas, nothing else of layers.

    `why`: said where the place doesn't decide.
    """

    def __init__(self, places: Places, why: Unknown | None = None) -> None:
        super().__init__(why)
        self._places = places

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return whether a key area holds the place; of other `features` nothing is known."""
        if features.layer == KEY_AREAS:
            return in_key_areas(self._places, features.area_ids)
        return super().inside(features)


def _untold(index: LayerIndex, row: int, features: Features) -> Unknown:
    """Return what of a feature isn't stated or isn't understood."""
    return Unknown(untold(features, index.label(row), index.unread_word(row) if features.classes else ""))


def named_class(name: str, word: str) -> Reason:
    """Return the `name` of a feature with its class `word` that isn't understood, empty where none is stated."""
    return say("named_class_unread", name=name, word=word) if word else say("named_class_blank", name=name)


def untold(features: Features, name: str, word: str = "") -> Reason:
    """Return what is said of a feature that doesn't state what is asked, or not so that it is understood.

    Parameters
    ----------
    word
        Of its class, where the list doesn't hold it; kept among the values.
    name
        Of the feature, or its id.
    features
        What was asked: their classes, else facts that they must have or lack.
    """
    layer = LAYERS[features.layer].zh
    if features.classes:
        return say("feature_class_unread", layer=layer, name=name, classes=features.classes, unread=word)
    asked = tuple(ATTRIBUTES[fact] for fact in (*features.having, *features.lacking))
    return say("feature_fact_unstated", layer=layer, name=name, what=asked)


def unread_text(features: Features, words: Iterable[str]) -> str:
    """Return what is said where `features` ask classes along water and some `words` leave theirs open; else empty."""
    met = set(words) - set(features.classes) if features.classes else ()
    unread = tuple(sorted(word for word in met if leaves_class_open(features.layer, word)))
    return say("classes_unread", layer=LAYERS[features.layer].zh, words=unread) if unread else ""
