"""A rule's worked cases: facts answered from the words of a case, and the case judged like any other source."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct

from hmgeo.judging.applies import Subject
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import (
    FLOW_NEEDED,
    Answer,
    DistanceFact,
    Facts,
    Features,
    NumberFact,
    PlaceFact,
    Stated,
    Unasked,
    Unknown,
    missing_layer,
)
from hmgeo.judging.judge import Judgement, judge
from hmgeo.judging.places import KEY_AREAS, Place, inside_key_areas, membership
from hmgeo.rules.kinds import KINDS
from hmgeo.rules.model import ANY_LAYER, Case, Given, LayerState, Rule
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import COUNTY_DIGITS, TOWNSHIP_DIGITS, Effect, Standing
from hmgeo.words import say, sentences

DEFAULT_EDITION = 2017
_INFINITY = float("inf")
_FLOW_LAYERS = KINDS["upstream_of"].extra_layers
_SLOPE_LAYERS = KINDS["slope"].extra_layers
T = TypeVar("T")


class CaseFacts(Unasked):
    """Answers about the source of a worked case.

    Parameters
    ----------
    unnamed
        State of the layers that the situation doesn't name.
    borderline
        Layers on whose border the source lies, so that within its uncertainty it may be on either side.
    township_is_approximate
        Whether only cells around township seats tell the township.
    """

    def __init__(
        self,
        situation: Given,
        *,
        unnamed: LayerState = LayerState.COMPLETE,
        borderline: frozenset[str] = frozenset(),
        township_is_approximate: bool = False,
    ) -> None:
        super().__init__()
        self._given = situation
        self._unnamed = unnamed
        self._borderline = borderline
        self.place = place_of(situation.place, is_approximate=township_is_approximate)

    def _state(self, layer: str) -> LayerState:
        return self._given.layers.get(layer, self._unnamed)

    def _gap(self, layer: str) -> str:
        return say("layer_incomplete", layer=LAYERS[layer].zh) if self._state(layer) is LayerState.PARTIAL else ""

    def _said(self, values: Mapping[str, T], layer: str) -> T | Unknown:
        """Return what the case says of a layer, or why it can't be known."""
        if self._state(layer) is LayerState.MISSING:
            return missing_layer(layer)
        value = values.get(layer, values.get(ANY_LAYER))
        return Unknown(say("case_silent", layer=LAYERS[layer].zh)) if value is None else value

    def _is_left_out(self, features: Features) -> bool:
        """Return whether what the case says of the feature it meets (class, facts) keeps it from counting."""
        met, stated = self._given.classes.get(features.layer), self._given.attributes
        is_other_class = bool(features.classes) and met is not None and met not in features.classes
        lacks = any(stated.get(name) is False for name in features.having)
        return is_other_class or lacks or any(stated.get(name) is True for name in features.lacking)

    def _placed(self, values: Mapping[str, str], features: Features) -> PlaceFact | Unknown:
        layer = features.layer
        answered = self._said(values, layer)
        if isinstance(answered, Unknown):
            return answered
        if self._is_left_out(features):
            return PlaceFact(Answer.NO, gap=self._gap(layer))
        answer = Answer(answered)
        others = frozenset({Answer.YES, Answer.NO} - {answer}) if layer in self._borderline else frozenset[Answer]()
        return PlaceFact(answer, others, gap=self._gap(layer))

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return the distance in metres from the source to `features` that the case gives, with its range."""
        low_m = self._said(self._given.distance_m, features.layer)
        if isinstance(low_m, Unknown):
            return low_m
        if self._is_left_out(features):
            low_m = _INFINITY
        highest = self._given.distance_high_m
        high_m = max(low_m, highest.get(features.layer, highest.get(ANY_LAYER, low_m)))
        return DistanceFact(
            low_m,
            high_m,
            None if low_m == _INFINITY else (low_m + high_m) / 2,
            (high_m - low_m) / 2 if low_m < _INFINITY else 0.0,
            covered_m=_INFINITY,
            is_complete=self._state(features.layer) is LayerState.COMPLETE,
        )

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return what the case says of `features`; for key areas its place, unless it says otherwise."""
        if features.layer == KEY_AREAS and KEY_AREAS not in self._given.inside:
            return inside_key_areas(self.place, features.area_ids)
        return self._placed(self._given.inside, features)

    def touches(self, features: Features, _tolerance_m: float, /) -> PlaceFact | Unknown:
        """Return whether the case has source and `features` touch; `_tolerance_m` is taken to be in that."""
        return self._placed(self._given.touches, features)

    def share(self, features: Features, /) -> NumberFact | Unknown:
        """Return the percentage in `features` that the case gives."""
        percent = self._said(self._given.share_percent, features.layer)
        return percent if isinstance(percent, Unknown) else NumberFact(percent)

    def upstream(self, features: Features, _limit_m: float, _mode: str, /) -> PlaceFact | Unknown:
        """Return what the case says of `features` where layers that flow needs are there, any `_limit_m`, `_mode`."""
        return self._along(self._given.upstream, _FLOW_LAYERS, features)

    def downstream(self, features: Features, _limit_m: float, _mode: str, /) -> PlaceFact | Unknown:
        """Return what the case says of `features` where layers that flow needs are there, any `_limit_m`, `_mode`."""
        return self._along(self._given.downstream, _FLOW_LAYERS, features)

    def beside_path(self, features: Features, _limit_m: float, _beside_m: float, /) -> PlaceFact | Unknown:
        """Return what the case says of `features` downstream where heights are there, any `_limit_m`, `_beside_m`."""
        return self._along(self._given.upstream, _SLOPE_LAYERS, features)

    def slope(self) -> NumberFact | Unknown:
        """Return the slope that the case gives, where there is an elevation layer."""
        missing = self._missing(_SLOPE_LAYERS)
        if missing is not None or self._given.slope_deg is None:
            return missing or super().slope()
        return NumberFact(self._given.slope_deg)

    def _along(self, values: Mapping[str, str], layers: tuple[str, ...], features: Features) -> PlaceFact | Unknown:
        if not values:
            return Unknown(FLOW_NEEDED)
        return self._missing(layers) or self._placed(values, features)

    def _missing(self, layers: tuple[str, ...]) -> Unknown | None:
        return next((missing_layer(layer) for layer in layers if self._state(layer) is LayerState.MISSING), None)

    @property
    def parts(self) -> Facts:
        """What rules may ask of the source."""
        above, below = (self._given.number.get(name) for name in ("offset_kg", "added_emission_kg"))
        quotient = above / below if self._given.ratio is None and above is not None and below else self._given.ratio
        classes = {layer: self._given.classes.get(layer, self._given.classes.get(ANY_LAYER, "")) for layer in LAYERS}
        stated = Stated(self._given.attributes, self._given.number, classes=classes, quotient=quotient)
        return Facts(self, self, self, stated)


class CaseResult(Struct, frozen=True):
    """What a case came to.

    `judgement`: none for rules that give no verdict (classify, inform).
    `key_areas`: ids that a classifying rule put out.
    """

    standing: Standing
    judgement: Judgement | None
    key_areas: tuple[str, ...]
    note: str


def run_case(rule: Rule, case: Case) -> CaseResult:
    """Judge `rule`'s own `case`."""
    return run_given(rule, case.given, CaseFacts(case.given))


def run_given(rule: Rule, situation: Given, facts: CaseFacts) -> CaseResult:
    """Judge the situation `situation` by `rule`: standing from its day and place, the rest from what `facts` answer."""
    codes = codes_of_place(situation.place)
    standing = standing_of(rule, as_of=situation.as_of, place_codes=codes, adopted=situation.adopted)
    choices = choices_of(situation)
    adopted = {rule.id} if situation.adopted else set()
    area = membership(facts.place, [rule], situation.as_of, choices, adopted)
    ids = tuple(filter(None, area.ids.split(";")))
    if not rule.gives_findings:
        return CaseResult(standing.standing, None, ids, sentences(area.note, standing.note_zh))
    judgement = judge(rule, standing, subject_of(situation), facts.parts, choices)
    return CaseResult(standing.standing, judgement, ids, judgement.note)


def case_faults(rule: Rule, case: Case) -> list[tuple[str, str, str]]:
    """Return what comes out otherwise than `case` of `rule` is worked, as (word of the case, as worked, as judged).

    Empty where all agrees. A certainty or reason that the case doesn't state is not held against it; a verdict is.
    """
    result, expect = run_case(rule, case), case.expect
    judged = result.judgement
    certainty = "" if judged is None or judged.certainty is None else judged.certainty.value
    compared = [
        ("standing", expect.standing.value, result.standing.value),
        (
            "verdict",
            "" if expect.verdict is None else expect.verdict.value,
            "" if judged is None else judged.verdict.value,
        ),
        ("certainty", expect.certainty, certainty if expect.certainty else ""),
        ("reason", expect.reason, expect.reason if expect.reason in result.note else result.note),
    ]
    if rule.effect is Effect.CLASSIFY:
        compared.append(("key_areas", "、".join(sorted(expect.key_areas)), "、".join(sorted(result.key_areas))))
    return [row for row in compared if row[1] != row[2]]


def subject_of(situation: Given) -> Subject:
    """Return what the situation `situation` says of its source."""
    edition = "" if situation.edition is None else str(situation.edition)
    return Subject(situation.source_kind, situation.trade, edition, situation.action, situation.attributes)


def choices_of(situation: Given) -> Choices:
    """Return the choices of the situation `situation`; lists of trade codes are in the edition of its trade."""
    edition = situation.edition or DEFAULT_EDITION
    chosen = {}
    for name, value in situation.parameters.items():
        is_list = isinstance(value, tuple)
        chosen[name] = ChosenParameter(name, value, edition=edition if is_list else None)
    return Choices(MappingProxyType(chosen))


def place_of(code: str, *, is_approximate: bool = False) -> Place:
    """Return the place of a `code` of six or nine digits, else nowhere; `is_approximate`: by cells around seats.

    >>> place_of("441802105").county_code
    '441802'
    """
    if not code.isdigit():
        return Place()
    county = code[:COUNTY_DIGITS]
    township = code[:TOWNSHIP_DIGITS] if len(code) >= TOWNSHIP_DIGITS else ""
    return Place(county, "", township, "", township_from_geometry=is_approximate and bool(township))
