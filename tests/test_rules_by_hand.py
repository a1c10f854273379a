"""The worked cases of every rule, judged by hand: an independent judge, written from the rules' own words.

It shares the record of a rule, the standing of a day and the list of key areas with hmgeo, and not one line of the
judging itself; `test_rules_judged.py` gives the same cases to hmgeo's own judge. A case passes where both come to what
it says.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from hmgeo.reference.tables import key_areas
from hmgeo.rules.book import load_book
from hmgeo.rules.kinds import KINDS
from hmgeo.rules.model import ANY_LAYER, Case, LayerState, Rule, Runs, Test
from hmgeo.rules.parameters import ParameterType, declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Action, Effect, Standing, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.rules.model import Condition, DatedValue, FieldValue, Given

BOOK = load_book()
NEVER_APPLIES = {Standing.REPEALED, Standing.NOT_YET, Standing.OUTSIDE_TERRITORY}
NEVER_JUDGED = {Standing.PERIOD_OVER, Standing.TEXT_NOT_HELD}
# Told by the law and the classification, once more: who a tailings pond is, which class holds more than the clause.
WASTE = {"tailings_ponds", "waste_heaps"}
WIDE = {
    "4210": "dismantles_ewaste",
    "3360": "electroplating",
    "2613": "heavy_metal_inorganics",
    "3849": "lead_batteries",
}
PERHAPS = {"3982": "electroplating"}
KEY_TRADES = ("091", "3211", "3212", "3213", "3214", "3215", "3219", "3360", "2613", "1910", "3843")
PERHAPS_SO = {  # what the plan of Qingyuan and the laws name
    "heavier_polluter": ("3360", "32", "26"),
    "key_firm": ("32",),
    "treats_sewage": ("4620",),
    "may_pollute_groundwater": ("09", "26"),
    "is_chemical": ("26",),
    "may_pollute_soil": ("09", "251", "26", "191", "321", "322", "323", "3360", "3843"),
    "discharges_heavy_metals": (*KEY_TRADES, "3849"),
    "discharges_pollutants": (*KEY_TRADES, "3849"),
    "thallium_or_antimony": ("0915", "3215"),
}
MINED = {"tailings_ponds", "mines"}
PERHAPS_BY_KIND = {
    "below_high_water": WASTE,
    "lacks_monitoring_wells": {*MINED, "industrial_parks"},
    "in_barred_crop_area": {"farmland"},
    "may_pollute_groundwater": {*WASTE, *MINED},
    "may_pollute_soil": {*WASTE, *MINED},
    "spoils_landscape": {*WASTE, *MINED},
    "digs_minerals": {"mines"},
    "heaps_waste": WASTE,
    "groundwater_key_source": {*MINED, "industrial_parks"},
}
DIGGING, WASTE_TRADES = ("06", "07", "08", "09", "10", "11", "12"), ("7723", "7724", "7820", "42")
SLAGGY = ("06", "08", "09", "10", "12", "25", "26", "31", "32", "3360", "44")
"""Trades that mine, that keep waste, and that may have a heap of their own: told by the classification once more."""
HEAVY_ORES = ("0911", "0912", "0913", "0914", "0915")
WHEN_MET = {
    Effect.BAN: Verdict.PROHIBITED,
    Effect.REQUIRE: Verdict.CLEAR,
    Effect.RESTRICT: Verdict.CONDITIONAL,
    Effect.LIST: Verdict.LISTED,
}
Choices = dict[str, "FieldValue"]


def chosen(given: Given, name: str) -> FieldValue | None:
    declared = declaration(name)
    default = declared.default if declared else ""
    return given.parameters.get(name, default or None)


def fact(name: str, given: Given) -> bool | None:
    """What is said of a fact, else what the kind and trade of the source make of it."""
    if name in given.attributes:
        return given.attributes[name]
    is_so = name == "stores_or_treats_waste" and (given.source_kind in WASTE or given.trade == "7724")
    is_so |= name == "is_tailings_pond" and given.source_kind == "tailings_ponds"
    if is_so or given.source_kind in PERHAPS_BY_KIND.get(name, ()):
        return True
    if name in {*ACTS, "needs_capacity_review", "lacks_monitoring_wells", "spoils_landscape"} and given.trade:
        return acts(name, given)
    if name == "is_tailings_pond" and given.source_kind == "project_sites" and given.trade:
        return given.trade.startswith(("08", "09", "10", "77")) or None
    ores = HEAVY_ORES if name == "heavy_nonferrous_mine" else PERHAPS_SO.get(name, ())
    return True if ores and given.trade.startswith(ores) else None


ACTS = {
    "digs_minerals": (DIGGING, "-"),
    "heaps_waste": (WASTE_TRADES, SLAGGY),
    "groundwater_key_source": (("26", "7724", "7820"), "-"),
}
"""Trades that do it, and those that may."""
LIKELY = {
    "needs_capacity_review": ("3031", "3032", "307", "308", "26"),
    "lacks_monitoring_wells": ("26", "7724", "7820"),
    "spoils_landscape": DIGGING,
}


def acts(name: str, given: Given) -> bool | None:
    """Whether a source of a trade does what the text names: no other trade mines, some may well keep a heap."""
    if name in LIKELY:
        return given.trade.startswith(LIKELY[name]) or None
    sure, perhaps = ACTS[name]
    return True if given.trade.startswith(sure) else None if given.trade.startswith(perhaps) else False


def holds(conditions: tuple[Condition, ...], given: Given) -> bool | None:
    known = [fact(one.attribute, given) for one in conditions]
    if any(value is not None and value is not one.expected for value, one in zip(known, conditions, strict=True)):
        return False
    return None if None in known else True


def is_meant(rule: Rule, given: Given) -> bool | None:
    """Whether the trade is one of the rule's; no case rests on the edition of a code that changed its meaning."""
    trades = rule.applies_to.trades
    if trades.is_any:
        return True
    if any(given.attributes.get(part) for part in trades.parts):
        return True
    lists = [one.codes for one in trades.lists if given.edition in {None, one.edition}]
    codes = given.parameters.get(trades.parameter) if trades.parameter else sum(lists, ())
    if not codes or not given.trade:
        return None
    if not any(given.trade.startswith(code) for code in codes):
        part = PERHAPS.get(given.trade)
        return None if part in trades.parts and part not in given.attributes else False
    return given.attributes.get(WIDE.get(given.trade, "")) is not False


def reached(rule: Rule, given: Given) -> bool | None:
    """Whether the rule speaks to the source."""
    actions, action = rule.applies_to.actions, given.action
    done = {action, Action.NEW} if action is Action.RELOCATE else {action}
    is_said = None if action is None else bool(done & set(actions))
    told = [
        given.source_kind in rule.applies_to.source_kinds,
        is_said if actions else True,
        is_meant(rule, given),
        holds(rule.applies_to.conditions, given),
        not (rule.applies_to.is_existing and Action.NEW in done),
    ]
    if rule.basin and given.place in BASIN_UNKNOWN:
        told.append(None)
    return False if False in told else None if None in told else True


BASIN_UNKNOWN = {"522726", "370102"}


def value_of(by_layer: Mapping[str, object], layer: str) -> object:
    return by_layer.get(layer, by_layer.get(ANY_LAYER))


def miss_is_known(given: Given, layer: str) -> bool:
    return given.layers.get(layer, LayerState.COMPLETE) is LayerState.COMPLETE


def three(given: Given, layer: str, *, hit: bool | None) -> bool | None:
    if given.layers.get(layer) is LayerState.MISSING or hit is None:
        return None
    if hit:
        return True
    return False if miss_is_known(given, layer) else None


def in_key_areas(test: Test, given: Given, choices: Choices) -> bool:
    ids = test.texts("area_ids")
    extent = declaration(test.text("extent"))
    if extent is not None:
        ids = extent.choice(str(choices[extent.name])).area_ids
    codes = codes_of_place(given.place)
    return any(area.id in ids and area.admin_code in codes for area in key_areas())


def inside(test: Test, given: Given, choices: Choices) -> bool | None:
    layer = test.text("layer")
    if layer == "key_areas":
        return in_key_areas(test, given, choices)
    answer = value_of(given.inside, layer)
    met_class, meant = given.classes.get(layer), test.texts("classes")
    answer = "no" if met_class and meant and met_class not in meant else answer
    return three(given, layer, hit=None if answer is None else answer != "no")


def compare(number: float, comparison: str, limit: float) -> bool:
    return number >= limit if comparison == "at_least" else number <= limit


def met(test: Test, value: DatedValue, given: Given, choices: Choices) -> bool | None:  # noqa: C901, PLR0911, PLR0912 - one branch a kind
    layer = test.text("layer")
    match test.kind:
        case "all_of":
            answers = [met(part, value, given, choices) for part in test.parts]
            return False if False in answers else None if None in answers else True
        case "any_of":
            answers = [met(part, value, given, choices) for part in test.parts]
            return True if True in answers else None if None in answers else False
        case "within":
            return inside(test, given, choices)
        case "not_within":
            answer = inside(test, given, choices)
            return None if answer is None else not answer
        case "maximum_distance" if choices.get("overhead_mode") == "flow_path":
            beside = value_of(given.upstream, layer)
            is_known = "path_beside_m" in given.parameters and given.layers.get("elevation") is not LayerState.MISSING
            return three(given, layer, hit=None if beside is None or not is_known else beside == "yes")
        case "maximum_distance":
            distance = value_of(given.distance_m, layer)
            met_class = given.classes.get(layer)
            if met_class is not None and test.text("further") and met_class not in test.texts("classes"):
                counted = given.parameters.get(test.text("further"))
                if counted is None:
                    return None
                distance = distance if met_class in counted else float("inf")
            limit = choices.get(test.text("limit")) if test.text("limit") else value.value
            if limit is None:
                return None
            answer = three(given, layer, hit=None if distance is None else distance <= limit)
            if answer and choices.get("terrain") == "considered":
                return None
            return answer
        case "adjacency":
            answer = value_of(given.touches, layer) if test.text("tolerance") in given.parameters else None
            return three(given, layer, hit=None if answer is None else answer == "yes")
        case "upstream_of" | "downstream_of" if test.text("limit") and test.text("limit") not in choices:
            return None
        case "upstream_of" | "downstream_of":
            answer = value_of(given.upstream if test.kind == "upstream_of" else given.downstream, layer)
            return three(given, layer, hit=None if answer is None else answer == "yes")
        case "classification":
            word = value_of(given.classes, layer)
            return None if word in {None, "未划分"} else word in test.texts("classes")
        case "attribute":
            known = fact(test.text("attribute"), given)
            return None if known is None else known == (test.text("expected") == "yes")
        case "ratio":
            limit = 1.0 if test.text("equal") else value.value
            return None if given.ratio is None else compare(given.ratio, test.text("comparison"), limit)
        case "slope":
            if given.layers.get("elevation") is LayerState.MISSING or given.slope_deg is None:
                return None
            top = value.value_max is None or given.slope_deg <= value.value_max
            return compare(given.slope_deg, test.text("comparison"), value.value) and top
    raise AssertionError(test.kind)


def verdict_of(rule: Rule, *, answer: bool | None) -> Verdict:
    if answer is None:
        return Verdict.NOT_ASSESSED
    if answer:
        return WHEN_MET[rule.effect]
    if rule.effect is Effect.REQUIRE:
        return Verdict.CONDITIONAL if rule.in_principle else Verdict.PROHIBITED
    return Verdict.NOT_ASSESSED if rule.uncovered else Verdict.CLEAR


def judged(rule: Rule, value: DatedValue, given: Given) -> Verdict:
    open_choices = [
        declared
        for name in rule.parameters
        if (declared := declaration(name)).type is ParameterType.CHOICE and chosen(given, name) is None
    ]
    base = {name: said for name in rule.parameters if (said := chosen(given, name)) is not None}
    verdicts = set()
    for codes in product(*([choice.code for choice in one.choices] for one in open_choices)):
        choices = {**base, **dict(zip([one.name for one in open_choices], codes, strict=True))}
        verdicts.add(verdict_of(rule, answer=met(rule.test, value, given, choices)))
    return verdicts.pop() if len(verdicts) == 1 else Verdict.NOT_ASSESSED


def answer(rule: Rule, case: Case) -> tuple[Standing, Verdict | None]:
    given = case.given
    standing = standing_of(rule, as_of=given.as_of, place_codes=codes_of_place(given.place), adopted=given.adopted)
    if not rule.gives_findings:
        return standing.standing, None
    applies = reached(rule, given)
    is_exempt = any(
        (not one.actions or given.action in one.actions) and holds(one.conditions, given) for one in rule.exceptions
    )
    if standing.standing in NEVER_APPLIES or applies is False or is_exempt:
        return standing.standing, Verdict.NOT_APPLICABLE
    if standing.standing in NEVER_JUDGED or is_open(rule, given):
        return standing.standing, Verdict.NOT_ASSESSED
    verdict = judged(rule, standing.value, given)
    if applies is None and verdict is not Verdict.CLEAR:
        return standing.standing, Verdict.NOT_ASSESSED
    return standing.standing, verdict


def is_open(rule: Rule, given: Given) -> bool:
    """Whether something must be chosen that neither trade nor test reads, such as a threshold."""
    read = {rule.applies_to.trades.parameter}
    read |= {leaf.text(name) for leaf in rule.test.leaves() for name in ("limit", "tolerance", "further")}
    declared = [declaration(name) for name in rule.parameters if name not in read]
    return any(
        one.type is not ParameterType.CHOICE and not one.when and chosen(given, one.name) is None for one in declared
    )


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_cases_come_to_what_they_say(rule: Rule) -> None:
    ours = {case.id: answer(rule, case) for case in rule.cases}
    assert ours == {case.id: (case.expect.standing, case.expect.verdict) for case in rule.cases}


def key_areas_named(rule: Rule, given: Given) -> tuple[str, ...]:
    ids = rule.test.texts("area_ids")
    extent = declaration(rule.test.text("extent"))
    if extent is not None:
        ids = extent.choice(str(given.parameters[extent.name])).area_ids
    codes = codes_of_place(given.place)
    return tuple(area.id for area in key_areas() if area.id in ids and area.admin_code in codes)


@pytest.mark.parametrize(
    "rule", [rule for rule in BOOK.rules if rule.effect is Effect.CLASSIFY], ids=lambda rule: rule.id
)
def test_cases_of_a_classifying_rule_name_their_key_areas(rule: Rule) -> None:
    if rule.test.kind != "key_area":
        return
    told = [case for case in rule.cases if case.expect.standing in {Standing.IN_FORCE, Standing.ADOPTED}]
    ours = {case.id: key_areas_named(rule, case.given) for case in told}
    assert ours == {case.id: case.expect.key_areas for case in told}


def judged_rules() -> list[Rule]:
    return [rule for rule in BOOK.rules if rule.runs.state is Runs.YES and rule.gives_findings]


@pytest.mark.parametrize("rule", judged_rules(), ids=lambda rule: rule.id)
def test_cases_stand_on_both_sides_of_each_day(rule: Rule) -> None:
    first = rule.history[0]
    days = {case.given.as_of: case.expect.standing for case in rule.cases if not case.given.adopted}
    before = max(day for day in days if day < first.in_force_from)
    assert (first.in_force_from - before).days == 1
    assert days[before] is Standing.NOT_YET
    assert days[first.in_force_from] is Standing.IN_FORCE
    if first.plan_period is not None:
        end = first.plan_period.end
        after = min(day for day in days if day > end)
        assert (after - end).days == 1
        assert days[end] is Standing.IN_FORCE
        assert days[after] is Standing.PERIOD_OVER


@pytest.mark.parametrize("rule", judged_rules(), ids=lambda rule: rule.id)
def test_cases_meet_and_miss_the_test(rule: Rule) -> None:
    verdicts = {case.expect.verdict for case in rule.cases if case.expect.standing is Standing.IN_FORCE}
    assert {verdict_of(rule, answer=True), verdict_of(rule, answer=False)} <= verdicts, rule.uncovered


@pytest.mark.parametrize("rule", judged_rules(), ids=lambda rule: rule.id)
def test_cases_stand_at_and_on_both_sides_of_each_limit(rule: Rule) -> None:
    leaf = next((leaf for leaf in rule.test.leaves() if KINDS[leaf.kind].limit_unit == "m"), None)
    if leaf is None:
        return
    offsets = set()
    for case in rule.cases:
        distance = value_of(case.given.distance_m, leaf.text("layer"))
        limit = case.given.parameters.get(leaf.text("limit")) if leaf.text("limit") else rule.latest.value
        if distance is not None and limit is not None:
            offsets.add(round(distance - limit, 4))
    assert {-0.0001, 0.0, 0.0001} <= offsets
