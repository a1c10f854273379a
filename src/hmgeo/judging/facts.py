"""What tests may ask about one source, and what a test comes to: met, not met or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Protocol

from msgspec import Struct, field

from hmgeo.records import Layer, Raster
from hmgeo.results.siting import Measurement
from hmgeo.rules.words import ATTRIBUTES, LAYERS, MEASURED_ATTRIBUTES
from hmgeo.vocabulary import FIVE_METALS, INVENTED, Basis, LayerKind, TerrainClass
from hmgeo.words import Reason, say, sentences


class Side(Enum):
    """One answer of a test."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"

    @property
    def opposite(self) -> Side:
        """The other known answer; unknown stays unknown."""
        return _OPPOSITES[self]


_OPPOSITES = {Side.MET: Side.NOT_MET, Side.NOT_MET: Side.MET, Side.UNKNOWN: Side.UNKNOWN}


class Outcome(Struct, frozen=True):
    """A test's answer.

    Parameters
    ----------
    given
        At the position as given.
    others
        What else it could be within the position's uncertainty; never holds `given`.
    why
        Sentences: why a side is unknown, and what limits the answer.
    is_approximate
        Whether approximate geometry went in; then nothing is certain.
    """

    given: Side
    others: frozenset[Side] = field(default_factory=frozenset)
    why: tuple[str, ...] = ()
    measurement: Measurement | None = None
    is_approximate: bool = False

    @property
    def possible(self) -> frozenset[Side]:
        """Every side it could be."""
        return self.others | {self.given}


def unknown(*why: str) -> Outcome:
    """Return the outcome of a test that can't be told, with the reasons `why`."""
    return Outcome(Side.UNKNOWN, why=why)


class TerrainOutcome(Struct, frozen=True):
    """What a source comes to under its radii.

    Parameters
    ----------
    side
        MET where a pair lies within its class's radius; UNKNOWN where only pairs without a radius (or without
        heights) lie within the plain's; NOT_MET where none does.
    receptor
        Row of the nearest parcel that decides, -1 where none does.
    terrain
        Class of the deciding pair.
    """

    side: Side
    receptor: int = -1
    distance_m: float | None = None
    radius_m: float | None = None
    terrain: TerrainClass | None = None
    why: str = ""


class TerrainVerdict(Struct, frozen=True):
    """What terrain makes of a source.

    Parameters
    ----------
    others
        Sides it could take within the position's uncertainty.
    receptor_id
        The parcel that decides; empty where none does.
    how
        What was chosen, in words.
    """

    outcome: TerrainOutcome
    others: frozenset[Side] = frozenset()
    receptor_id: str = ""
    how: str = ""


FLOW_NEEDED, SLOPE_NEEDED = say("flow_needed"), say("slope_needed")


def incomplete(layer_zh: str, aside: str) -> Reason:
    """Return that the layer named `layer_zh` doesn't hold all: features set `aside`, or nobody says that it does."""
    if not aside:
        return say("layer_incomplete", layer=layer_zh)
    return sentences(say("features_set_aside", layer=layer_zh), aside)


def undeclared(layer_zh: str) -> Reason:
    """Return that the layer named `layer_zh` doesn't declare what it covers."""
    return say("coverage_undeclared", layer=layer_zh)


class Unknown(Struct, frozen=True):
    """Why nobody can tell."""

    why: str


@lru_cache(maxsize=256)
def missing_layer(layer: str) -> Unknown:
    """Return what is said where a layer wasn't given, with whom to ask.

    >>> missing_layer("intakes").why
    '未提供「饮用水取水口」，本条未评估。请向水利部门获取。'
    """
    word = LAYERS[layer]
    return Unknown(say("layer_absent", layer=word.zh, department=word.department))


@lru_cache(maxsize=256)
def _not_measured(layer: str) -> Unknown:
    """Return what is said where the question at hand doesn't measure against a layer, given or not."""
    return Unknown(say("layer_not_asked", layer=LAYERS[layer].zh))


class Features(Struct, frozen=True):
    """Which features of a layer count.

    Parameters
    ----------
    classes
        Official class words; empty for all.
    having, lacking
        Facts that must be known to be so, or known not to be so.
    area_ids
        Ids of key areas, for the layer `key_areas`.
    """

    layer: str
    classes: tuple[str, ...] = ()
    having: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    area_ids: tuple[str, ...] = ()

    @property
    def zh(self) -> str:
        """The layer in words, with the classes that count."""
        name = LAYERS[self.layer].zh
        return say("layer_of_classes", layer=name, classes=self.classes) if self.classes else name


class DistanceFact(Struct, frozen=True):
    """How far a source is from the nearest feature of a layer.

    Parameters
    ----------
    low_m, high_m
        Nearest and farthest possible; infinite where nothing is within the search.
    measured_m
        At the position as given; None where nothing is within the search or the position is a place.
    uncertainty_m
        Of both ends together: the position, the layer, and the nearest feature where it states its own.
    covered_m
        How far around the source the layer's declared coverage reaches, less the uncertainty; negative where the
        source lies outside it, None where no coverage is declared.
    is_complete
        Whether the layer holds everything of its kind within its coverage.
    is_approximate
        Whether approximate geometry went in.
    untold_m, untold_why
        How near the nearest feature may lie of which nobody can tell whether it counts, and why; infinite without one.
    aside
        What is said of features of the layer that were set aside, as in `Gates`.
    """

    low_m: float
    high_m: float
    measured_m: float | None
    uncertainty_m: float = 0.0
    receptor_id: str = ""
    receptor_name: str = ""
    bearing_deg: float | None = None
    covered_m: float | None = None
    is_complete: bool = False
    is_approximate: bool = False
    untold_m: float = float("inf")
    untold_why: str = ""
    aside: str = ""

    def coverage_gap(self, layer_zh: str, limit_m: float) -> str:
        """Return why finding nothing within `limit_m` metres would prove nothing, naming `layer_zh`; else empty."""
        if self.covered_m is None:
            return undeclared(layer_zh)
        if self.covered_m < 0:
            return sentences(say("coverage_left", layer=layer_zh), self.aside)
        if self.covered_m < limit_m:
            return sentences(say("coverage_ends_near", reach_m=self.covered_m, limit_m=limit_m), self.aside)
        return "" if self.is_complete else incomplete(layer_zh, self.aside)


class Answer(Enum):
    """Whether a source lies in a layer, touches it, or is joined to it by water."""

    YES = "yes"
    NO = "no"
    PARTLY = "partly"


class PlaceFact(Struct, frozen=True):
    """Whether a source lies in the features of a layer (or touches them, or lies up- or downstream of them).

    Parameters
    ----------
    answer
        At the position as given; on a border counts as inside.
    others
        What else it could be within the position's uncertainty.
    centroid_inside
        For `partly`: whether the source's centre lies inside; None where nobody looked.
    gap
        Why a `no` would prove nothing (layer incomplete, source outside its coverage); empty where it does.
    why
        What else is to be said of the answer.
    is_approximate
        Whether approximate geometry went in.
    measured_m
        How far along the water the features were met; None for other questions.
    """

    answer: Answer
    others: frozenset[Answer] = field(default_factory=frozenset)
    centroid_inside: bool | None = None
    gap: str = ""
    why: str = ""
    receptor_id: str = ""
    receptor_name: str = ""
    is_approximate: bool = False
    measured_m: float | None = None


class NumberFact(Struct, frozen=True):
    """A number of the source with the range that its position's uncertainty allows.

    `low`, `high`: the range; both None where the number is exact.
    """

    value: float
    low: float | None = None
    high: float | None = None
    is_approximate: bool = False

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and highest possible number."""
        return (self.value if self.low is None else self.low, self.value if self.high is None else self.high)


class Layers(Protocol):
    """Where a source lies among the features of layers. What can't be told is `Unknown` with the reason, never a no."""

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return the shortest ground distance to `features`, any of them."""

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return whether the source lies in one of `features`."""

    def touches(self, features: Features, tolerance_m: float, /) -> PlaceFact | Unknown:
        """Return whether the source touches one of the features, within `tolerance_m` metres."""

    def share(self, features: Features, /) -> NumberFact | Unknown:
        """Return the share of the source's area that lies in `features`, in percent."""


class Water(Protocol):
    """What water joins a source to, within a limit in metres along it; `mode` is the code of a choice."""

    def upstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of `features` within `limit_m`, by the way of `mode`."""

    def downstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        """Return whether water from one of `features` reaches the source within `limit_m`, by the way of `mode`."""

    def beside_path(self, features: Features, limit_m: float, beside_m: float, /) -> PlaceFact | Unknown:
        """Return whether the first `limit_m` metres of the way down pass within `beside_m` of the features."""


class Ground(Protocol):
    """The ground that a source stands on."""

    def slope(self) -> NumberFact | Unknown:
        """Return the slope of the source in degrees."""

    def terrain(self, features: Features, plain_m: float, /) -> TerrainVerdict | Unknown | None:
        """Return what radii by terrain (`plain_m` on plains) make of a distance to `features`; None: nobody looked."""


class Unasked:
    """Layers, water and ground that nobody can ask: each answer is the reason.

    `why`: said to every question; None says for each what would be needed.
    """

    def __init__(self, why: Unknown | None = None) -> None:
        self._why = why

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return why nothing was measured to `features`."""
        return self._why or _not_measured(features.layer)

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return why nobody knows what of `features` holds the source."""
        return self._why or _not_measured(features.layer)

    def touches(self, features: Features, _tolerance_m: float, /) -> PlaceFact | Unknown:
        """Return why nobody knows whether the source touches `features`, within `_tolerance_m` or more."""
        return self._why or _not_measured(features.layer)

    def share(self, features: Features, /) -> NumberFact | Unknown:
        """Return why no share in `features` was measured."""
        return self._why or _not_measured(features.layer)

    def upstream(self, _features: Features, _limit_m: float, _mode: str, /) -> PlaceFact | Unknown:
        """Return why water wasn't followed, whatever `_features`, `_limit_m` and `_mode` ask."""
        return self._why or Unknown(FLOW_NEEDED)

    def downstream(self, _features: Features, _limit_m: float, _mode: str, /) -> PlaceFact | Unknown:
        """Return why water wasn't followed, whatever `_features`, `_limit_m` and `_mode` ask."""
        return self._why or Unknown(FLOW_NEEDED)

    def beside_path(self, _features: Features, _limit_m: float, _beside_m: float, /) -> PlaceFact | Unknown:
        """Return why water wasn't followed, whatever `_features`, `_limit_m` and `_beside_m` ask."""
        return self._why or Unknown(FLOW_NEEDED)

    def slope(self) -> NumberFact | Unknown:
        """Return why the slope isn't known."""
        return self._why or Unknown(SLOPE_NEEDED)

    def terrain(self, _features: Features, _plain_m: float, /) -> TerrainVerdict | Unknown | None:
        """Return None: nobody looked, whatever `_features` and `_plain_m` ask."""
        return None


PER_METAL, OFFSET = "per_metal", "offset_kg"


class Stated(Struct, frozen=True):
    """What words say of a source.

    Parameters
    ----------
    attributes
        Yes/no facts of `ATTRIBUTES`; Unknown where other words contradict one.
    numbers
        By the names of `MEASURED_ATTRIBUTES`.
    added_kg, offset_kg
        New emission, and what is named to replace it, in kg/a by metal.
    classes
        Its own official class by layer code.
    quotient
        Stated instead of the numbers that it is formed of; None where it isn't.
    doubt
        Why nothing can rest on the numbers: one of them can't be read.
    """

    attributes: Mapping[str, bool | Unknown] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    added_kg: Mapping[str, float] = field(default_factory=dict)
    offset_kg: Mapping[str, float] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    quotient: float | None = None
    doubt: str = ""

    def attribute(self, name: str) -> bool | Unknown | None:
        """Return the yes/no fact `name` of `ATTRIBUTES`; None where nobody said."""
        return self.attributes.get(name)

    def number(self, name: str) -> float | Unknown | None:
        """Return the number `name` of `MEASURED_ATTRIBUTES` in its unit; None where nobody said."""
        return Unknown(self.doubt) if self.doubt else self.numbers.get(name)

    def ratio(self, numerator: str, denominator: str, basis: str) -> float | Unknown:
        """Return `numerator` by `denominator` on a `basis` (the code of a choice; empty where there is none).

        >>> said = Stated(added_kg={"Pb": 10.0, "Cd": 1.0}, offset_kg={"Pb": 12.0, "Cd": 2.0})
        >>> said.ratio("offset_kg", "added_emission_kg", "per_metal")
        1.2
        >>> round(said.ratio("offset_kg", "added_emission_kg", "sum_of_five"), 4)
        1.2727
        """
        if self.doubt:
            return Unknown(self.doubt)
        quotient = self.quotient
        if quotient is None and numerator == OFFSET:
            quotient = self._offset_ratio(denominator, basis)
        if quotient is not None:
            return quotient
        words = tuple(MEASURED_ATTRIBUTES[name][0] for name in (numerator, denominator))
        return Unknown(say("number_unstated", what=words))

    def class_of(self, layer: str) -> str | Unknown:
        """Return the official class in a layer's scheme."""
        return self.classes.get(layer) or Unknown(say("class_unstated", layer=LAYERS[layer].zh))

    def _offset_ratio(self, denominator: str, basis: str) -> float | None:
        """Return offset by new emission, summed or the least of single metals (no sums); None without a number.

        Of the five whose total is controlled alone: antimony replaces no lead, and nobody asks to replace it.
        """
        added, offset = (
            {metal: masses[metal] for metal in FIVE_METALS if metal in masses}
            for masses in (self.added_kg, self.offset_kg)
        )
        added = {metal: kg for metal, kg in added.items() if kg > 0}
        if basis == PER_METAL:
            if not added or not self.offset_kg:
                return None
            return min(offset.get(metal, 0.0) / kg for metal, kg in added.items())
        above = sum(offset.values()) if self.offset_kg else self.numbers.get(OFFSET)
        below = sum(added.values()) or self.numbers.get(denominator)
        return None if above is None or not below else above / below


class Facts(Struct, frozen=True):
    """What rules may ask of one source, part by part; a part that isn't given answers why it can't."""

    layers: Layers = field(default_factory=Unasked)
    water: Water = field(default_factory=Unasked)
    ground: Ground = field(default_factory=Unasked)
    stated: Stated = field(default_factory=Stated)


NO_POSITION = say("place_unknown")


def unplaced(stated: Stated, why: str = NO_POSITION) -> Facts:
    """Return the facts of a source without a usable position: `stated`, and `why` to all questions on where it lies."""
    nobody = Unasked(Unknown(why))
    return Facts(nobody, nobody, nobody, stated) if why is not NO_POSITION else Facts(nobody, stated=stated)


def doubted_facts(stated: Mapping[str, bool], doubts: Mapping[str, str]) -> dict[str, bool | Unknown]:
    """Return `stated` facts, unknown for the topics of `doubts` (`hmgeo.rules.claims.doubts_of`), with the reason."""
    return {**stated, **{topic: Unknown(why) for topic, why in doubts.items() if topic in ATTRIBUTES}}


def unsaid(name: str) -> Unknown:
    """Return what is said where the fact or number `name` of the source isn't there.

    >>> unsaid("rectified").why
    '未说明是否已完成整治，本条未作判断。'
    """
    if name in ATTRIBUTES:
        return Unknown(say("fact_unstated", what=ATTRIBUTES[name]))
    return Unknown(say("number_unstated", what=MEASURED_ATTRIBUTES[name][0]))


def barred_kinds(
    sources: Basis, layers: Iterable[Layer], elevation: Raster | None = None, *, mixes: bool
) -> tuple[LayerKind, ...]:
    """Return the kinds of layers that sources of a basis may not be held against.

    `mixes`: whether the project says that it holds real sources against invented data: then there is none.
    `elevation`: the heights; None where there are none.
    """
    if mixes or sources is not Basis.REAL:
        return ()
    heights = (LayerKind.ELEVATION,) if elevation is not None and elevation.basis in INVENTED else ()
    return (*(layer.kind for layer in layers if layer.basis in INVENTED), *heights)


def barred_text(kinds: Sequence[LayerKind]) -> str:
    """Return what is said of the barred `kinds`; empty where there is none."""
    return say("layer_invented", layers=tuple(kinds)) if kinds else ""


def not_asked(code: str, barred: Iterable[LayerKind]) -> Unknown:
    """Return why the layer `code` can't be asked: its kind is among `barred`, or it isn't given."""
    kinds = [kind for kind in barred if kind.value == code]
    return Unknown(say("layer_invented_unjudged", layers=tuple(kinds))) if kinds else missing_layer(code)
