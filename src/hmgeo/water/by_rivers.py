"""What rules ask along drawn rivers, answered for one source; the lines decide, no heights."""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.judging.choices import Choices, unset_text
from hmgeo.judging.facts import Answer, Features, PlaceFact, Unknown, incomplete, not_asked, undeclared
from hmgeo.judging.layers import unread_text
from hmgeo.records import Layer
from hmgeo.vocabulary import GROUNDWATER, Basis, Completeness, LayerKind
from hmgeo.water.rivers import (
    NOWHERE,
    LooseEnds,
    Mark,
    Placed,
    RiverNetwork,
    Stretch,
    Walk,
    Ways,
    answers,
    degrees_of,
    loose_ends,
    nearest,
    part_of,
    placed,
    river_network,
    touching,
    unfit_for_reaches,
    ways_of,
)
from hmgeo.water.snap import DIRECTION, SNAP
from hmgeo.words import say, sentences

NO_NETWORK = say("network_absent")
UNTRUSTED = say("rivers_untrusted")
AS_DRAWN = "as_drawn"


class Moved(Struct, frozen=True):
    """Where a feature may lie on the rivers that isn't sure of its place.

    Parameters
    ----------
    around
        Wherever it may lie; it is met for sure only where all of it is.
    core
        What it touches wherever it lies: any of it is enough.
    may_be_off
        Whether it may lie on no river.
    """

    around: tuple[Stretch, ...]
    core: tuple[Stretch, ...]
    may_be_off: bool


class _NetworkLayer(Struct, frozen=True):
    """A layer's features on the rivers.

    `marks` tell where they lie, `places` the evidence for each in words (empty for those on no river); `off` are the
    rows of those that couldn't be put onto one, `moved` those that aren't sure of their place, by row.
    """

    ids: Sequence[str]
    names: Sequence[str]
    classes: Sequence[str]
    marks: Sequence[Mark]
    places: Sequence[str]
    off: frozenset[int]
    moved: Mapping[int, Moved] = field(default_factory=dict)

    def rows_of(self, classes: Sequence[str]) -> set[int]:
        """Return the rows of features of these `classes`; of all where empty."""
        return {row for row, word in enumerate(self.classes) if not classes or word in classes}


class ProjectRivers:
    """A project's drawn rivers; nothing is worked out before it is asked for.

    `rivers`: lines, each drawn as its water flows.
    `choices`: how far a river may be, and whether the lines' direction can be trusted.
    """

    def __init__(self, rivers: Layer, layers: Iterable[Layer], choices: Choices) -> None:
        self._rivers = rivers
        self._layers = {layer.kind.value: layer for layer in layers}
        self._tolerance_m = choices.number(SNAP)
        self._direction = choices.code(DIRECTION)
        self._ways: dict[bool, Ways] = {}
        self._loose: dict[bool, LooseEnds] = {}
        self._made: dict[tuple[str, bool], _NetworkLayer] = {}
        self._marks: dict[tuple[Features, bool], dict[int, list[Mark]]] = {}
        self._coverages: dict[str, tuple[shapely.Geometry, shapely.Geometry]] = {}
        self._covered: dict[tuple[str, Stretch], bool] = {}

    @cached_property
    def network(self) -> RiverNetwork | None:
        """The rivers as reaches; None where the layer holds no line."""
        table = self._rivers.read()
        names = [name or "" for name in table["name"].to_pylist()]
        return river_network(names, self._drawn(table))

    @cached_property
    def unfit(self) -> int:
        """How many features, or parts of them, can't be reaches: without shape, or no line."""
        return unfit_for_reaches(self._drawn(self._rivers.read()))

    @staticmethod
    def _drawn(table: pa.Table) -> list[shapely.Geometry]:
        return [shapely.LineString() if wkb is None else shapely.from_wkb(wkb) for wkb in table["geometry"].to_pylist()]

    def loose(self, *, is_against: bool) -> LooseEnds:
        """Return the ends that walks with the water, or against it, come by without being led on; made once."""
        if is_against not in self._loose and self.network is not None:
            self._loose[is_against] = loose_ends(self.network, self.tolerance_m, is_against=is_against)
        return self._loose[is_against]

    @property
    def tolerance_m(self) -> float:
        """How far a river may be from what is put onto it."""
        return self._tolerance_m or 0.0

    def why_not(self) -> str:
        """Return why nothing can be asked of the rivers; empty where it can."""
        if self._direction and self._direction != AS_DRAWN:
            return UNTRUSTED
        missing = [unset_text(DIRECTION)] if not self._direction else []
        missing += [unset_text(SNAP)] if self._tolerance_m is None else []
        if missing:
            return sentences(*missing)
        return "" if self.network is not None else NO_NETWORK

    @property
    def is_approximate(self) -> bool:
        """Whether the lines are no more than a hint."""
        return self._rivers.basis is Basis.APPROXIMATE

    def ways(self, *, is_against: bool) -> Ways:
        """Return the ways with the water, or against it (`is_against`)."""
        if is_against not in self._ways and self.network is not None:
            self._ways[is_against] = ways_of(self.network, is_against=is_against)
        return self._ways[is_against]

    def has(self, code: str) -> bool:
        """Whether there is a layer of this `code`."""
        return code in self._layers

    def held(self, code: str) -> Layer:
        """Return the layer `code`, which is there; the rivers among them."""
        return self._rivers if code == LayerKind.RIVERS.value else self._layers[code]

    def layer(self, code: str, *, gives_water: bool) -> _NetworkLayer:
        """Return a layer on the rivers; made once.

        `gives_water`: whether water is followed from the features, so that an area that touches no river lies at the
        nearest; else water is followed to them, and reaches an area only where a river touches it.
        `code`: of a layer that is there.
        """
        key = (code, gives_water)
        if key not in self._made and self.network is not None:
            self._made[key] = _network_layer(
                self.network, self._layers[code], self.tolerance_m, gives_water=gives_water
            )
        return self._made[key]

    def marks(self, features: Features, *, is_against: bool) -> Mapping[int, Sequence[Mark]]:
        """Return `features` that count by the reaches they lie on, turned as the walk goes (`is_against`)."""
        key = (features, is_against)
        if key not in self._marks:
            layer, ways = self.layer(features.layer, gives_water=is_against), self.ways(is_against=is_against)
            rows, by_reach = layer.rows_of(features.classes), self._marks.setdefault(key, {})
            for mark in layer.marks:
                if mark.row in rows:
                    by_reach.setdefault(mark.stretch.reach, []).append(Mark(mark.row, ways.turned(mark.stretch)))
        return self._marks[key]

    def covers(self, code: str, parts: Iterable[Stretch]) -> bool:
        """Whether the coverage of the layer `code` holds `parts` of the rivers with all that could be put onto them.

        Held by the longest degrees that the tolerance may be, so that never too much is taken as covered.
        """
        return all(self._is_covered(code, part) for part in parts)

    def _is_covered(self, code: str, part: Stretch) -> bool:
        network, key = self.network, (code, part)
        if key not in self._covered:
            coverage, edge = self._coverage(code)
            shape = part_of(network.lines[part.reach], network.length_m[part.reach], part) if network else None
            near_deg = 0.0 if shape is None else degrees_of(self.tolerance_m, shape)
            is_inside = shape is not None and bool(shapely.covers(coverage, shape))
            self._covered[key] = is_inside and not shapely.dwithin(edge, shape, near_deg)
        return self._covered[key]

    def _coverage(self, code: str) -> tuple[shapely.Geometry, shapely.Geometry]:
        """Return a layer's coverage and its outline, made ready to be asked often; empty where none is declared."""
        if code not in self._coverages:
            coverage = self.held(code).gates.coverage or shapely.Polygon()
            edge = shapely.boundary(coverage)
            shapely.prepare([coverage, edge])
            self._coverages[code] = (coverage, edge)
        return self._coverages[code]

    def gap_of(self, code: str, zh: str, parts: Iterable[Stretch]) -> str:
        """Return why nothing found in layer `code` (`zh`) along `parts` of the rivers proves nothing; else empty."""
        layer = self.held(code)
        if layer.gates.coverage is None:
            return undeclared(zh)
        if layer.gates.completeness is not Completeness.COMPLETE:
            return incomplete(zh, layer.gates.aside)
        return "" if self.covers(code, parts) else sentences(say("rivers_leave_coverage", layer=zh), layer.gates.aside)


def why_not_as_drawn(choices: Choices) -> str:
    """Return why the lines' direction isn't to be used; empty where `choices` say that it is the water's."""
    direction = choices.code(DIRECTION)
    if direction == AS_DRAWN:
        return ""
    return UNTRUSTED if direction else unset_text(DIRECTION)


def rivers_of(layers: Sequence[Layer], choices: Choices) -> ProjectRivers | None:
    """Return the drawn rivers among `layers`, to be asked by `choices`; None where there is no layer of them."""
    rivers = [layer for layer in layers if layer.kind is LayerKind.RIVERS]
    return ProjectRivers(rivers[0], layers, choices) if rivers else None


def _network_layer(network: RiverNetwork, layer: Layer, tolerance_m: float, *, gives_water: bool) -> _NetworkLayer:
    table = layer.read()
    ids, names, classes = (table[name].to_pylist() for name in ("receptor_id", "name", "class"))
    marks: list[Mark] = []
    places: list[str] = []
    off, moved = set(), dict[int, Moved]()
    for row, (wkb, word) in enumerate(zip(table["geometry"].to_pylist(), classes, strict=True)):
        shape = None if wkb is None else shapely.from_wkb(wkb)
        lies, why = _lies(network, shape, word, tolerance_m, gives_water=gives_water)
        marks += [Mark(row, stretch) for stretch in lies]
        places.append(why)
        if not lies:
            off.add(row)
        error_m = layer.margin_m + layer.errors_m.get(ids[row], 0.0)
        if error_m > 0 and shape is not None and not shape.is_empty and GROUNDWATER not in (word or ""):
            moved[row] = _moved(network, shape, error_m, tolerance_m if gives_water else 0.0, tolerance_m)
    return _NetworkLayer(ids, names, classes, marks, places, frozenset(off), moved)


def _lies(
    network: RiverNetwork, shape: shapely.Geometry | None, word: str, tolerance_m: float, *, gives_water: bool
) -> tuple[tuple[Stretch, ...], str]:
    """Return where a feature lies on the rivers, with the evidence; nowhere where nobody can tell which is meant.

    Groundwater isn't fed by what is drawn on the ground.
    """
    if shape is None or shape.is_empty or GROUNDWATER in (word or ""):
        return (), ""
    if not gives_water and shape.geom_type not in {"Point", "MultiPoint"}:
        touched = touching(network, shape)
        return touched, say("meets_rivers", names=tuple(dict.fromkeys(network.called(part.reach) for part in touched)))
    spot = placed(network, shape, tolerance_m)
    return ((), "") if spot.rivals else (spot.given, spot.why)


def _moved(network: RiverNetwork, shape: shapely.Geometry, error_m: float, touch_m: float, tolerance_m: float) -> Moved:
    """Return where a feature may lie on the rivers; points and areas that give water within the tolerance of one."""
    if shape.geom_type in {"Point", "MultiPoint"}:
        spot = placed(network, shape, tolerance_m, error_m)
        return Moved(spot.around, (), spot.may_be_off)
    core = touching(network, shapely.buffer(shape, -degrees_of(error_m, shape)))
    return Moved(placed(network, shape, touch_m, error_m).around, core, may_be_off=True)


class NetworkFacts:
    """Answers about drawn rivers for one source.

    Parameters
    ----------
    geometry
        Of the source, in lon/lat.
    rivers
        None where the project has no layer of rivers.
    barred
        Kinds of layers that the source may not be held against.
    """

    def __init__(
        self,
        geometry: shapely.Geometry,
        uncertainty_m: float,
        rivers: ProjectRivers | None,
        barred: tuple[LayerKind, ...] = (),
    ) -> None:
        self._barred = barred
        self._geometry = geometry
        self._uncertainty_m = uncertainty_m
        self._rivers = rivers

    @property
    def is_drawn(self) -> bool:
        """Whether the project has drawn rivers, whatever keeps them from being asked."""
        return self._rivers is not None or LayerKind.RIVERS in self._barred

    def why_not(self) -> str:
        """Return why no rivers can be asked, whatever the source; empty where they can."""
        if LayerKind.RIVERS in self._barred:
            return not_asked(LayerKind.RIVERS.value, self._barred).why
        return NO_NETWORK if self._rivers is None else self._rivers.why_not()

    def upstream(self, features: Features, limit_m: float) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of `features` within `limit_m` along the lines."""
        return self._along(features, limit_m, is_against=False)

    def downstream(self, features: Features, limit_m: float) -> PlaceFact | Unknown:
        """Return whether water from one of `features` reaches the source within `limit_m` along the lines."""
        return self._along(features, limit_m, is_against=True)

    def _along(self, features: Features, limit_m: float, *, is_against: bool) -> PlaceFact | Unknown:
        rivers, why_not = self._rivers, self.why_not()
        if rivers is None or why_not:
            return Unknown(why_not)
        if features.having or features.lacking:
            return Unknown(say("network_not_by_fact", layer=features.zh))
        if not rivers.has(features.layer):
            return not_asked(features.layer, self._barred)
        question = _Question(rivers, features, limit_m, is_against=is_against)
        return question.answer(self._placed)

    @cached_property
    def _placed(self) -> Placed:
        rivers = self._rivers
        if rivers is None or rivers.network is None:
            return NOWHERE
        return placed(rivers.network, self._geometry, rivers.tolerance_m, self._uncertainty_m)


class _Looked(Struct, frozen=True):
    """What was found from where a source lies: the nearest feature, and the walks that led there."""

    way_m: float
    row: int
    walks: tuple[Walk, ...]

    @property
    def is_met(self) -> bool:
        return self.row >= 0


class _Question:
    """One layer asked along the rivers, one way, within one limit."""

    def __init__(self, rivers: ProjectRivers, features: Features, limit_m: float, *, is_against: bool) -> None:
        self._rivers = rivers
        self._features = features
        self._limit_m = limit_m
        self._layer = rivers.layer(features.layer, gives_water=is_against)
        self._marks = rivers.marks(features, is_against=is_against)
        self._ways = rivers.ways(is_against=is_against)
        self._is_against = is_against

    def answer(self, here: Placed) -> PlaceFact | Unknown:
        """Return the answer for a source; where nobody can tell on which river it lies, all of them must agree."""
        looked = self._looked(here.given)
        doubt = [self._looked((rival,)) for rival in here.rivals]
        if len({rival.is_met for rival in (looked, *doubt)}) > 1:
            return Unknown(sentences(say("subject_at", why=here.why), say("rivers_disagree")))
        others, walks = self._possible(here.around)
        if not here.given and Answer.YES not in others:
            return Unknown(say("subject_off_rivers", why=here.why))
        is_unsure = here.may_be_off and bool(here.around)
        others |= {Answer.NO} if is_unsure else set()
        elsewhere = self._elsewhere((*here.given, *here.around), is_met=looked.is_met)
        others |= elsewhere
        gap = self._gap((*looked.walks, *(walk for rival in doubt for walk in rival.walks), *walks))
        if is_unsure:
            gap = sentences(say("off_rivers") if here.given else say("subject_at", why=here.why), gap)
        if elsewhere - {Answer.YES if looked.is_met else Answer.NO}:
            gap = sentences(say("features_unsure"), gap)
        return self._fact(here, looked, others, gap)

    def _looked(self, places: tuple[Stretch, ...]) -> _Looked:
        """Return what is met first from any of the places, drawn as given."""
        starts = [self._ways.turned(stretch) for stretch in places]
        walks = tuple(self._ways.walk(stretch, self._marks, self._limit_m) for stretch in starts)
        ways = [nearest(walk.ahead, stretch, self._limit_m) for stretch, walk in zip(starts, walks, strict=True)]
        way_m, row = min(filter(None, ways), default=(math.inf, -1))
        return _Looked(way_m, row, walks)

    def _possible(self, around: tuple[Stretch, ...]) -> tuple[set[Answer], tuple[Walk, ...]]:
        """Return the answers of all single places where a source may lie, and the walks from there."""
        starts = [self._ways.turned(start) for start in around]
        walks = tuple(self._ways.walk(start, self._marks, self._limit_m) for start in starts)
        met = [answers(walk.ahead, start, self._limit_m) for start, walk in zip(starts, walks, strict=True)]
        return {Answer.YES if meets else Answer.NO for meets in set().union(*met)}, walks

    def _elsewhere(self, starts: tuple[Stretch, ...], *, is_met: bool) -> set[Answer]:
        """Return the answers that come up because features themselves may lie elsewhere within their error."""
        asked = self._layer.rows_of(self._features.classes)
        moved = {row: feature for row, feature in self._layer.moved.items() if row in asked}
        if not moved:
            return set()
        places = {row: [self._ways.turned(stretch) for stretch in at.around] for row, at in moved.items()}
        anywhere: dict[int, list[Mark]] = {}
        for row, at in places.items():
            for stretch in at:
                anywhere.setdefault(stretch.reach, []).append(Mark(row, stretch))
        exact = {reach: [mark for mark in marks if mark.row not in moved] for reach, marks in self._marks.items()}
        for row, feature in moved.items():
            for part in map(self._ways.turned, feature.core):
                exact.setdefault(part.reach, []).append(Mark(row, part))
        firm = [places[row] for row, feature in moved.items() if places[row] and not feature.may_be_off]
        answers_found = set[Answer]()
        for start in map(self._ways.turned, starts):
            if self._meets(start, anywhere):
                answers_found.add(Answer.YES)
            is_sure = self._meets(start, exact) or any(
                all(self._is_surely_met(start, stretch) for stretch in at) for at in firm
            )
            if is_met and not is_sure:
                answers_found.add(Answer.NO)
        return answers_found

    def _meets(self, start: Stretch, marks: Mapping[int, Sequence[Mark]]) -> bool:
        return nearest(self._ways.walk(start, marks, self._limit_m).ahead, start, self._limit_m) is not None

    def _is_surely_met(self, start: Stretch, place: Stretch) -> bool:
        """Whether all of a stretch (turned) lies ahead of all of a start, within the limit."""
        ends = [Mark(0, replace(place, from_m=place.to_m)), Mark(1, replace(place, to_m=place.from_m))]
        ahead = self._ways.walk(start, {place.reach: ends}, self._limit_m).ahead
        is_near = any(met.row == 0 and met.from_m - start.from_m <= self._limit_m for met in ahead)
        return is_near and any(met.row == 1 and met.to_m >= start.to_m for met in ahead)

    def _fact(self, here: Placed, looked: _Looked, others: set[Answer], gap: str) -> PlaceFact:
        layer = self._rivers.held(self._features.layer)
        is_approximate = self._rivers.is_approximate or layer.basis is Basis.APPROXIMATE
        if not looked.is_met:
            left = frozenset(others - {Answer.NO})
            why = (
                sentences(say("subject_at", why=here.why), say("rivers_agree") if here.rivals else "")
                if here.given
                else ""
            )
            return PlaceFact(Answer.NO, left, gap=gap, why=why, is_approximate=is_approximate)
        return PlaceFact(
            Answer.YES,
            frozenset(others - {Answer.YES}),
            gap=gap if Answer.NO in others else "",
            why=self._why(here, looked),
            receptor_id=self._layer.ids[looked.row],
            receptor_name=self._layer.names[looked.row],
            is_approximate=is_approximate,
            measured_m=looked.way_m,
        )

    def _why(self, here: Placed, looked: _Looked) -> str:
        way = say("up_rivers" if self._is_against else "down_rivers", way_m=looked.way_m)
        met = say("feature_at", layer=self._features.zh, why=self._layer.places[looked.row])
        return sentences(way, say("subject_at", why=here.why), say("rivers_agree") if here.rivals else "", met)

    def _gap(self, walks: tuple[Walk, ...]) -> str:
        """Return why finding nothing along the lines would prove nothing; empty where it does."""
        parts = [part for walk in walks for part in walk.passed]
        ends_m = [walk.ends_after_m for walk in walks if walk.ends_after_m is not None]
        loose = self._rivers.loose(is_against=self._is_against).passed(parts)
        unfit = self._rivers.unfit
        off = len(self._layer.off & self._layer.rows_of(self._features.classes))
        zh = self._features.zh
        reasons = [
            say("rivers_end_up" if self._is_against else "rivers_end_down", ends_m=min(ends_m)) if ends_m else "",
            say("rivers_loose", count=loose) if loose else "",
            say("rivers_unfit", layer=LayerKind.RIVERS, count=unfit) if unfit else "",
            unread_text(self._features, self._layer.classes),
            say("features_off_rivers", layer=zh, count=off) if off else "",
            self._rivers.gap_of(LayerKind.RIVERS.value, LayerKind.RIVERS.zh, parts),
            self._rivers.gap_of(self._features.layer, zh, parts),
        ]
        return sentences(*reasons)
