"""Compiles the rules of a siting question for a page: one plain record per clause and kind of place.

A record holds: `cite` (number of its citation), `standing`, `note` (how it stands), `order` (where it is read among
those of one verdict), `layers` (codes), and either `fixed` (`verdict`, `why`: no position and no answer changes it) or
`actions`, `trade`, `conditions`, `exceptions` (whom it is about), `blocked` (why it can't be judged whatever the
test says), `trees` (one per completion of what nobody chose that makes a difference; see `compiled_tests`), `unset`
(what is said where they differ), `sides` (the verdict of each side), `condition` and `principle` (sentences).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import shapely

from hmgeo.analysis import applies
from hmgeo.analysis.applies import Subject, trade_lists
from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.compiled_tests import Sets, Spot, tree_of
from hmgeo.analysis.facts import GAP_INCOMPLETE, GAP_NEAR, GAP_OUTSIDE, GAP_UNDECLARED
from hmgeo.analysis.judge import IN_PRINCIPLE, condition_text, judge, unset_outside_the_test, verdict_of
from hmgeo.analysis.key_areas import KEY_AREA_KIND, KEY_AREAS
from hmgeo.analysis.kinds.inquiry import Inquiry
from hmgeo.analysis.outcome import Side
from hmgeo.analysis.places import Place
from hmgeo.analysis.site_facts import PROJECT_SITES, Site, SiteNumbers, SitePlaces
from hmgeo.analysis.siting import citation_of
from hmgeo.findings.compiled import CompiledLayer, CompiledRules
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.rules.words import ATTRIBUTES, LAYERS
from hmgeo.vocabulary import COUNTY_DIGITS, SPEAKING, Effect, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.layer_index import LayerIndex
    from hmgeo.analysis.siting import SitingBench
    from hmgeo.findings.siting import Citation
    from hmgeo.rules.model import DatedValue, Exemption, Rule, RuleStanding

Record = dict[str, Any]

_FEATURES = pa.schema([("label", pa.string()), ("geometry", pa.binary())])
_GAPS = {"outside": GAP_OUTSIDE, "near": GAP_NEAR, "undeclared": GAP_UNDECLARED, "incomplete": GAP_INCOMPLETE}

SUBJECT_WORDS = {
    "not_applicable": applies.NOT_APPLICABLE,
    "action": applies.ACTION_WORD,
    "trade": applies.TRADE_WORD,
    "situation": applies.SITUATION_WORD,
    "trade_unsaid": applies.TRADE_UNSAID,
    "trade_unread": applies.TRADE_UNREAD,
    "trade_coarse": applies.TRADE_COARSE,
    "other_edition": applies.OTHER_EDITION,
    "facts_unsaid": applies.FACTS_UNSAID,
}


def compile_rules(bench: SitingBench) -> CompiledRules:
    """Return every clause that `bench.check` may say something by of a project site, for a page to execute.

    A page that follows the records at a point comes to the verdicts of `bench.check` for a point without uncertainty,
    of the same trade, action and stated facts.
    """
    compiler = _Compiler(bench)
    places = {place.code: compiler.numbers(place) for place in _places(bench)}
    sets = compiler.sets.compiled()
    codes = dict.fromkeys(one.layer for one in sets)
    names = {place.code: f"{place.county}{place.township}" for place in _places(bench)}
    areas = bench.question.areas
    missing = dict.fromkeys(code for record in compiler.records for code in record.get("missing", ()))
    return CompiledRules(
        bench.question.as_of.isoformat(),
        tuple(compiler.records),
        tuple(compiler.citations),
        places,
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
    counties = {} if areas.counties is None else _named(areas.counties)
    for code, name in counties.items():
        yield Place(code, name)
    for code, name in ({} if areas.townships is None else _named(areas.townships)).items():
        county = code[:COUNTY_DIGITS]
        yield Place(county, counties.get(county, ""), code, name, township_from_geometry=True)
    yield Place()


def _named(table: pa.Table) -> dict[str, str]:
    return dict(zip(table["id"].to_pylist(), table["name"].to_pylist(), strict=True))


def _layer(code: str, index: LayerIndex) -> CompiledLayer:
    gates = index.layer.gates
    wkb = shapely.to_wkb(index.shapes.geometries, output_dimension=2, byte_order=1)
    return CompiledLayer(
        code,
        LAYERS[code].zh,
        LAYERS[code].department,
        index.layer.basis,
        gates.vintage,
        gates.classification,
        None if gates.coverage is None else shapely.to_wkb(gates.coverage, output_dimension=2, byte_order=1),
        index.is_complete,
        {name: text.replace("{layer}", LAYERS[code].zh) for name, text in _GAPS.items()},
        pa.Table.from_pydict({"label": index.labels(), "geometry": list(wkb)}, _FEATURES),
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
        """Return the records of the clauses that speak of a place."""
        found = []
        asked = self.bench.question
        codes = codes_of_place(place.code)
        for rule in asked.rules:
            is_adopted = rule.id in asked.adopted
            if not rule.gives_findings or not (is_adopted or set(rule.territory) & codes):
                continue
            standing = standing_of(rule, as_of=asked.as_of, place_codes=codes, adopted=is_adopted)
            found.append(self._number(self._record(rule, standing, place)))
        return tuple(found)

    def _number(self, record: Record) -> int:
        key = json.dumps(record, ensure_ascii=False, sort_keys=True)
        if key not in self._places:
            self._places[key] = len(self.records)
            self.records.append(record)
        return self._places[key]

    def _record(self, rule: Rule, standing: RuleStanding, place: Place) -> Record:
        cited = citation_of(rule, standing)
        record: Record = {
            "cite": self._cite(cited),
            "standing": standing.standing.value,
            "note": standing.note_zh,
            "order": list(cited.order),
        }
        value = standing.value
        is_settled = standing.standing not in SPEAKING or rule.test is None or value is None
        if is_settled or PROJECT_SITES not in rule.applies_to.source_kinds or value is None:
            settled = judge(rule, standing, Subject(PROJECT_SITES), None, self.bench.question.choices)
            return record | {"layers": [], "fixed": {"verdict": settled.verdict.value, "why": list(settled.reasons)}}
        self.asked |= {one.attribute for one in rule.applies_to.conditions}
        self.asked |= {condition.attribute for one in rule.exceptions for condition in one.conditions}
        return record | _subject(rule, self.bench.question.choices) | self._test(rule, value, place)

    def _cite(self, cited: Citation) -> int:
        if cited not in self._cited:
            self._cited[cited] = len(self.citations)
            self.citations.append(cited)
        return self._cited[cited]

    def _test(self, rule: Rule, value: DatedValue, place: Place) -> Record:
        """Return what the test comes to, under every completion of what nobody chose."""
        choices = self.bench.question.choices
        site = Site("", "", None)
        graver = Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET
        trees = []
        for one in choices.spread(rule.parameters):
            inquiry = Inquiry(value, SiteNumbers(site, SitePlaces(place)), one, graver)
            if rule.test is not None:
                trees.append((one, tree_of(rule.test, Spot(rule, place, inquiry, self.sets))))
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
        }

    def _layers(self, rule: Rule) -> list[str]:
        """Return the layers at hand that a test rests on."""
        found = []
        for leaf in rule.test.leaves() if rule.test is not None else ():
            code = KEY_AREAS if leaf.kind == KEY_AREA_KIND else leaf.text("layer")
            if code in self.bench.indexes or code == KEY_AREAS:
                found.append(code)
        return list(dict.fromkeys(found))


def leaves_of(tree: Record) -> Iterator[Record]:
    """Yield the operations of a tree that hold no others."""
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
            trades = {"unset": unset_text(rule.applies_to.trades.parameter)}
        else:
            trades = {"codes": {edition: list(codes) for edition, codes in lists.items()}}
    return {
        "actions": [action.value for action in rule.applies_to.actions],
        "trade": trades,
        "conditions": [[one.attribute, one.expected] for one in rule.applies_to.conditions],
        "exceptions": [_exception(one) for one in rule.exceptions],
    }


def _exception(one: Exemption) -> Record:
    said = f"：{one.text_zh}" if one.text_zh else ""
    return {
        "actions": [action.value for action in one.actions],
        "conditions": [[condition.attribute, condition.expected] for condition in one.conditions],
        "known": applies.EXEMPT.format(quote=one.quote, said=said),
        "unsaid": applies.EXEMPT_UNSAID.format(words="{words}", quote=one.quote),
    }
