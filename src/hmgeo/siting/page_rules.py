"""The rules of a siting question compiled for a page: records, and tests as trees that need no rule to run.

Operations: `all`, `any` (`of`: parts); `fixed` (`side`, `why`, `said`, `approx`: settled by the place or by what is
missing); `fact` (`name`, `expected`, `why`, `said`: a yes/no fact that the user states); `near` (`set`, `limit`,
`hit`: the side that a feature within the limit proves, `open`: why even a hit would prove nothing, `why`); `inside`
(`set`, `yes`: the side that lying in a feature proves); `touch` (`set`, `limit`, `why`); `off` (`why`: not run on a
page).

A record holds: `cite` (number of its citation), `standing`, `note` (how it stands), `order` (where it is read among
those of one verdict), `layers` (codes), and either `fixed` (`verdict`, `why`: no position and no answer changes it) or
`actions`, `existing`, `trade`, `conditions`, `exceptions`, `basin` (whom it is about), `open` (never judged: only
whether it applies can be told), `blocked` (why it can't be judged whatever the
test says), `trees` (one per completion of what nobody chose that makes a difference; see `compiled_tests`), `unset`
(what is said where they differ), `sides` (the verdict of each side), `condition` and `principle` (sentences).
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.judging.applies import Subject, exempt_text, trade_lists
from hmgeo.judging.bench import Heard
from hmgeo.judging.choices import Choices, chosen_text, unset_text
from hmgeo.judging.clause_tests import (
    STRAIGHT_MODES,
    TERRAIN_CONSIDERED,
    TERRAIN_OPEN,
    Inquiry,
    evaluate,
    features_of,
    is_derived_area,
)
from hmgeo.judging.facts import Features, Outcome, Side, Unknown, missing_layer, unsaid
from hmgeo.judging.judge import IN_PRINCIPLE, condition_text, elsewhere, judge, unset_outside_the_test, verdict_of
from hmgeo.judging.layers import LayerIndex, LayerIndexes, bank_line_fault, untold
from hmgeo.judging.places import KEY_AREA_KIND, KEY_AREAS, OUTLINE_ERROR_M, Place, Places, names_in
from hmgeo.results.siting import Citation, CompiledLayer, CompiledRules, CompiledSet
from hmgeo.rules.model import DatedValue, Exemption, Rule, Test
from hmgeo.rules.parameters import title_of
from hmgeo.rules.words import ATTRIBUTES, LAYERS, MEASURED_ATTRIBUTES
from hmgeo.siting.bench import SitingBench, Witness
from hmgeo.siting.site import PROJECT_SITES, Site, facts_of_place
from hmgeo.vocabulary import COUNTY_DIGITS, SPEAKING, Effect, Standing, Unassessed, Verdict
from hmgeo.words import codes_of, groups_of, say, template

Tree = dict[str, Any]

COMPOSED = {"all_of": "all", "any_of": "any"}
_HITS = {"maximum_distance": Side.MET, "minimum_distance": Side.NOT_MET}
_YES = {"within": Side.MET, "not_within": Side.NOT_MET}
_ASKED_ELSEWHERE = frozenset({"upstream_of", "downstream_of", "slope", "overlap_share", "classification"})
_STATE_BYTES = {1: 1, 0: 2, -1: 0}


class Sets(Struct):
    """The sets of features that trees name by number."""

    indexes: LayerIndexes
    numbers: dict[Features, int] = field(default_factory=dict)

    def number(self, features: Features) -> int:
        """Return the number of the set of `features`, the next one where it is new."""
        return self.numbers.setdefault(features, len(self.numbers))

    def compiled(self) -> tuple[CompiledSet, ...]:
        """Return every set that was named."""
        return tuple(self._compiled(features) for features in self.numbers)

    def _compiled(self, features: Features) -> CompiledSet:
        states = self.indexes[features.layer].states(features)
        table = np.zeros(3, np.uint8)
        for state, byte in _STATE_BYTES.items():
            table[state + 1] = byte
        return CompiledSet(features.layer, features.zh, table[states + 1].tobytes(), untold(features, "{name}"))


class Spot(Struct, frozen=True):
    """A rule asked in one place, under one completion of what nobody chose."""

    rule: Rule
    place: Place
    inquiry: Inquiry
    sets: Sets


def tree_of(test: Test, spot: Spot) -> Tree:
    """Return `test` as a tree, asked at `spot`."""
    layer = test.text("layer")
    if test.kind in COMPOSED:
        return {"op": COMPOSED[test.kind], "of": [tree_of(part, spot) for part in test.parts]}
    if test.kind == KEY_AREA_KIND or layer == KEY_AREAS:
        witness = Witness(spot.inquiry.facts, spot.place, spot.inquiry.choices, spot.sets.indexes)
        measured = witness.evidence(replace(spot.rule, test=test), spot.inquiry.value).measured
        return _fixed(evaluate(test, spot.inquiry)) | {"said": list(measured), "layer": KEY_AREAS}
    if test.kind in _ASKED_ELSEWHERE:
        return {"op": "off", "why": list(evaluate(test, spot.inquiry).why)}
    if layer:
        fault = bank_line_fault(layer, spot.sets.indexes)
        if layer in spot.sets.indexes and fault is None:
            return _of_layer(test, spot)
        return _missing(test, spot, layer, fault or missing_layer(layer))
    is_fact = test.kind == "attribute" and test.text("attribute") not in MEASURED_ATTRIBUTES
    return _of_fact(test, spot.inquiry.partly) if is_fact else _fixed(evaluate(test, spot.inquiry))


def _of_layer(test: Test, spot: Spot) -> Tree:
    if test.kind not in _YES:
        return _of_distance(test, spot)
    features = features_of(test, spot.inquiry.choices)
    if is_derived_area(features, spot.inquiry.choices):
        return _fixed(evaluate(test, spot.inquiry)) | {"layer": features.layer}
    number = spot.sets.number(features)
    return {"op": "inside", "set": number, "yes": _YES[test.kind].value}


def _of_fact(test: Test, graver: Side) -> Tree:
    """Ask a fact of the user; where only the trade makes it likely, the graver side is taken and said."""
    name = test.text("attribute")
    perhaps = {"graver": graver.value, "perhaps": say("graver_side_taken", word=ATTRIBUTES[name])}
    statements = {"yes": say("stated_so", what=ATTRIBUTES[name]), "no": say("stated_not_so", what=ATTRIBUTES[name])}
    expected = test.text("expected") != "no"
    return {"op": "fact", "name": name, "expected": expected, "why": unsaid(name).why, "said": statements} | perhaps


def _missing(test: Test, spot: Spot, layer: str, fault: Unknown) -> Tree:
    """Return what a missing or unusable layer leaves open; an unset limit is said first, as the judging does."""
    outcome = evaluate(test, spot.inquiry)
    is_unset = (test.kind in _HITS or test.kind == "adjacency") and _limit_m(test, spot.inquiry) is None
    why = list(outcome.why) if is_unset else [fault.why]
    tree = {"op": "fixed", "side": Side.UNKNOWN.value, "why": why}
    return tree if layer in spot.sets.indexes else tree | {"missing": layer}


def _of_distance(test: Test, spot: Spot) -> Tree:
    inquiry = spot.inquiry
    limit_m = _limit_m(test, inquiry)
    if limit_m is None:
        return _fixed(evaluate(test, inquiry)) | {"layer": test.text("layer")}
    features = features_of(test, inquiry.choices)
    name = test.text("tolerance") if test.kind == "adjacency" else test.text("limit")
    tree = {
        "op": "touch" if test.kind == "adjacency" else "near",
        "set": spot.sets.number(features),
        "limit": limit_m,
        "why": [chosen_text(name, limit_m)] if name else [],
    }
    if test.kind == "adjacency":
        return tree
    if inquiry.choices.code(test.text("mode")) not in STRAIGHT_MODES:
        return {"op": "off", "why": list(evaluate(test, inquiry).why)}
    is_open = inquiry.choices.code(test.text("terrain")) == TERRAIN_CONSIDERED
    return tree | {"hit": _HITS[test.kind].value, "open": TERRAIN_OPEN if is_open else ""}


def _limit_m(test: Test, inquiry: Inquiry) -> float | None:
    if test.kind == "adjacency":
        return inquiry.choices.number(test.text("tolerance"))
    name = test.text("limit")
    return inquiry.choices.number(name) if name else inquiry.value.value


def _fixed(outcome: Outcome) -> Tree:
    return {"op": "fixed", "side": outcome.given.value, "why": list(outcome.why), "approx": outcome.is_approximate}


Record = dict[str, Any]

_FEATURES = pa.schema([("label", pa.string()), ("geometry", pa.binary())])
_GAPS = {
    "outside": template("coverage_left"),
    "near": template("coverage_ends_near").replace("_m}", "}"),
    "undeclared": template("coverage_undeclared"),
    "incomplete": template("layer_incomplete"),
}

SUBJECT_WORDS = {
    name: template(code)
    for name, code in {
        "not_applicable": "not_applicable",
        "action": "reach_action",
        "trade": "reach_trade",
        "situation": "reach_situation",
        "trade_wide": "trade_wide",
        "trade_elsewhere": "trade_may_run_it",
        "fact_wide": "fact_wide",
        "fact_derived": "fact_derived",
        "derived_from_trade": "derived_from_trade",
        "fact_denied": "fact_denied",
        "by_trade": "trade_is",
        "basin": "reach_basin",
        "trade_unsaid": "trade_unstated",
        "trade_unread": "trade_unreadable",
        "trade_coarse": "trade_coarse",
        "other_edition": "trade_other_edition",
        "facts_unsaid": "facts_unstated",
    }.items()
}


def compile_rules(bench: SitingBench) -> CompiledRules:
    """Return every clause that `bench.check` may say something by of a project site, for a page to execute.

    A page that follows the records at a point comes to the verdicts of `bench.check` for a point without uncertainty,
    of the same trade, action and stated facts.
    """
    compiler = _Compiler(bench)
    places = {place.code: compiler.numbers(place) for place in _places(bench)}
    beside = {code: compiler.numbers(place) for code, place in _places_beside(bench)}
    sets = compiler.sets.compiled()
    codes = dict.fromkeys((*(compiled_set.layer for compiled_set in sets), *bench.indexes))
    names = {place.code: f"{place.county}{place.township}" for place in _places(bench)}
    areas = bench.question.areas
    missing = dict.fromkeys(code for record in compiler.records for code in record.get("missing", ()))
    return CompiledRules(
        bench.question.day,
        tuple(compiler.records),
        tuple(compiler.citations),
        places,
        beside,
        OUTLINE_ERROR_M,
        names,
        {name: ATTRIBUTES[name] for name in ATTRIBUTES if name in compiler.asked},
        {code: (LAYERS[code].zh, LAYERS[code].department) for code in missing},
        SUBJECT_WORDS,
        sets,
        {code: _layer(code, bench.indexes[code]) for code in codes},
        areas.counties,
        areas.townships,
    )


def _places(bench: SitingBench) -> Iterator[Place]:
    """Yield every place that a point may turn out to lie in, the one that nobody knows last."""
    areas = bench.question.areas
    counties = names_in(areas.counties)
    for code, name in counties.items():
        yield Place(code, name)
    for code, name in names_in(areas.townships).items():
        county = code[:COUNTY_DIGITS]
        yield Place(county, counties.get(county, ""), code, name, township_from_geometry=True)
    yield Place(not_in=_outlined(bench))


def _places_beside(bench: SitingBench) -> Iterator[tuple[str, Place]]:
    """Yield for each county drawn the place that no polygon holds and that may lie in this county alone."""
    counties = bench.question.areas.counties
    for code in [] if counties is None else counties["id"].to_pylist():
        yield code, Place(not_in=_outlined(bench) - {code})


def _outlined(bench: SitingBench) -> frozenset[str]:
    areas = bench.question.areas
    return frozenset(names_in(areas.counties) | names_in(areas.outlines))


def _layer(code: str, index: LayerIndex) -> CompiledLayer:
    gates = index.layer.gates
    wkb = shapely.to_wkb(index.shapes.geometries, output_dimension=2, byte_order=1)
    # said where finding nothing proves nothing
    texts = _GAPS | ({"incomplete": template("features_set_aside")} if gates.aside else {})
    word = LAYERS[code].zh
    return CompiledLayer(
        code,
        LAYERS[code].zh,
        LAYERS[code].department,
        index.layer.basis,
        gates.vintage,
        gates.classification,
        None if gates.coverage is None else shapely.to_wkb(gates.coverage, output_dimension=2, byte_order=1),
        index.is_complete,
        {
            name: text.replace("{layer}", word) + (gates.aside if name != "undeclared" else "")
            for name, text in texts.items()
        },
        pa.Table.from_pydict({"label": index.labels(), "geometry": list(wkb)}, _FEATURES),
        index.layer.margin_m + float(index.errors_m.max(initial=0.0)),
    )


class _Compiler:
    """Records without repeats: places that a rule doesn't tell apart share one."""

    def __init__(self, bench: SitingBench) -> None:
        self.bench = bench
        self.sets = Sets(bench.indexes)
        self.records: list[Record] = []
        self.citations: list[Citation] = []
        self.asked: set[str] = set()
        self._places: dict[str, int] = {}
        self._cited: dict[Citation, int] = {}

    def numbers(self, place: Place) -> tuple[int, ...]:
        """Return the records of the clauses that speak of `place`."""
        judged = (heard for heard in self.bench.rules.heard(place) if heard.rule.gives_findings)
        return tuple(self._number(self._record(heard, place)) for heard in judged)

    def _number(self, record: Record) -> int:
        key = json.dumps(record, ensure_ascii=False, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.records)
            self.records.append(record)
        return self._places[key]

    def _record(self, heard: Heard, place: Place) -> Record:
        rule, standing, cited = heard.rule, heard.standing, heard.citation
        if cited not in self._cited:
            self._cited[cited] = len(self.citations)
            self.citations.append(cited)
        record: Record = {
            "cite": self._cited[cited],
            "standing": standing.standing.value,
            "note": standing.note_zh,
            "order": list(cited.order),
        }
        value = standing.value
        is_open = standing.standing in {Standing.PERIOD_OVER, Standing.TEXT_NOT_HELD}
        is_settled = not is_open and (standing.standing not in SPEAKING or rule.test is None or value is None)
        if is_settled or PROJECT_SITES not in rule.applies_to.source_kinds:
            settled = judge(rule, standing, Subject(PROJECT_SITES), None, self.bench.question.choices)
            return record | {"layers": [], "fixed": {"verdict": settled.verdict.value, "why": list(settled.reasons)}}
        self.asked |= {condition.attribute for condition in rule.applies_to.conditions}
        self.asked |= {condition.attribute for exception in rule.exceptions for condition in exception.conditions}
        self.asked |= set(rule.applies_to.trades.parts)
        subject = _subject(rule, self.bench.question.choices)
        subject["params"] = [title_of(name) for name in rule.parameters if self.bench.question.choices.is_open(name)]
        if is_open or value is None:
            facts = facts_of_place(Site("", "", None), Places(place))
            reasons = elsewhere(rule, value, facts, self.bench.question.choices) or ()
            return record | subject | {"layers": [], "trees": [], "open": True, "beyond": list(reasons)}
        if standing.doubt:
            subject["basin"] = [f"in_{rule.basin}_basin", standing.doubt]
            self.asked.add(subject["basin"][0])
        return record | subject | self._test(rule, value, place)

    def _test(self, rule: Rule, value: DatedValue, place: Place) -> Record:
        """Return what the test comes to, under every completion of what nobody chose."""
        choices = self.bench.question.choices
        site = Site("", "", None)
        graver = Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET
        trees = []
        for tried in choices.spread(rule.parameters):
            inquiry = Inquiry(value, facts_of_place(site, Places(place)), tried, graver)
            if rule.test is not None:
                trees.append((tried, tree_of(rule.test, Spot(rule, place, inquiry, self.sets))))
        distinct = list({json.dumps(tree, sort_keys=True): tree for _, tree in trees}.values())
        leaves = [leaf for tree in distinct for leaf in leaves_of(tree)]
        self.asked |= {leaf["name"] for leaf in leaves if leaf["op"] == "fact"}
        return {
            "trees": distinct,
            "unset": [unset_text(name) for name in trees[0][0].assumed] if len(distinct) > 1 else [],
            "blocked": [unset_text(name) for name in unset_outside_the_test(rule, choices)],
            "sides": {side.value: verdict_of(rule, side).value for side in Side},
            "graver": graver.value,
            "condition": "".join(condition_text(rule, value, Verdict.CONDITIONAL)),
            "principle": IN_PRINCIPLE if rule.in_principle else "",
            "layers": self._layers(rule),
            "missing": list(dict.fromkeys(leaf["missing"] for leaf in leaves if "missing" in leaf)),
            "stated": _stated(rule),
            "nowhere": [
                why
                for leaf in leaves
                for why in leaf.get("why", ())
                if Unassessed.PLACE.value in groups_of(";".join(codes_of([why]))).split(";")
            ],
        }

    def _layers(self, rule: Rule) -> list[str]:
        """Return the layers at hand that a test rests on."""
        codes = []
        for leaf in rule.test.leaves() if rule.test is not None else ():
            code = KEY_AREAS if leaf.kind == KEY_AREA_KIND else leaf.text("layer")
            if code in self.bench.indexes or code == KEY_AREAS:
                codes.append(code)
        return list(dict.fromkeys(codes))


def _stated(rule: Rule) -> list[list[str]]:
    """Return what a test asks of the project itself: yes/no facts by name, numbers and ratios in words."""
    asked = []
    for leaf in rule.test.leaves() if rule.test is not None else ():
        name = leaf.text("attribute")
        if leaf.kind == "ratio":
            above, below = (MEASURED_ATTRIBUTES[leaf.text(part)][0] for part in ("numerator", "denominator"))
            asked.append(["word", say("both", one=above, other=below)])
        elif leaf.kind == "attribute":
            measured = MEASURED_ATTRIBUTES.get(name)
            asked.append(["fact", name] if measured is None else ["word", measured[0]])
    return asked


def leaves_of(tree: Record) -> Iterator[Record]:
    """Yield the operations of `tree` that hold no others."""
    if "of" in tree:
        for part in tree["of"]:
            yield from leaves_of(part)
    else:
        yield tree


def _subject(rule: Rule, choices: Choices) -> Record:
    """Return whom a rule is about: plain sets, with what is said of those outside."""
    trades: Record | None = None
    if not rule.applies_to.trades.is_any:
        lists = trade_lists(rule, choices)
        if lists is None:
            trades = {"unset": unset_text(rule.applies_to.trades.parameter), "parts": []}
        else:
            trades = {"codes": {edition: list(codes) for edition, codes in lists.items()}}
            trades["parts"] = list(rule.applies_to.trades.parts)
    return {
        "existing": rule.applies_to.is_existing,
        "actions": [action.value for action in rule.applies_to.actions],
        "trade": trades,
        "conditions": [[condition.attribute, condition.expected] for condition in rule.applies_to.conditions],
        "exceptions": [_exception(exception) for exception in rule.exceptions],
    }


def _exception(exception: Exemption) -> Record:
    return {
        "actions": [action.value for action in exception.actions],
        "conditions": [[condition.attribute, condition.expected] for condition in exception.conditions],
        "known": exempt_text(exception),
        "unsaid": say("exception_unstated", what="{words}", quote=exception.quote),
    }
