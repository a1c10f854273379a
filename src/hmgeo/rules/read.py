"""From YAML to rules: tests, worked cases and dated values, all faults at once with their lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import yaml
from msgspec import Struct

from hmgeo.errors import Place, Problem, RuleError, raise_problems
from hmgeo.reference.tables import implied_facts
from hmgeo.rules import model
from hmgeo.rules.kinds import KINDS, LIST_TYPES, FieldSpec, FieldType, KindSpec, known_words, parameters_of
from hmgeo.rules.nodes import Reader, compose, fingerprint, line_of
from hmgeo.rules.parameters import declared
from hmgeo.rules.words import (
    ATTRIBUTES,
    BASINS,
    CLASS_WORDS,
    DECIDERS,
    EDITIONS,
    LAYERS,
    MEASURED_ATTRIBUTES,
    SOURCE_KINDS,
)
from hmgeo.vocabulary import COUNTY_DIGITS, TOWNSHIP_DIGITS, Action, Certainty, Effect, LegalRank, Standing, Verdict

_MAX_PARTS_DEPTH = 2
_CODE_LENGTHS = range(1, 5)


def _read_test(reader: Reader, node: yaml.Node, depth: int = 0) -> model.Test | None:
    """Return a test, None where its kind is unknown; faults go to the reader."""
    entries = reader.free_mapping(node, "test")
    if "kind" not in entries:
        reader.fault(node, "test缺少 kind", allowed="、".join(KINDS), remedy="补写 kind")
        return None
    kind = reader.word(entries["kind"][1], "test.kind", KINDS)
    if not kind:
        return None
    spec = KINDS[kind]
    if spec.takes_parts:
        return _read_parts(reader, node, spec, depth)
    known = ["kind", *(field_spec.name for field_spec in spec.fields)]
    required = [field_spec.name for field_spec in spec.fields if field_spec.required]
    values = reader.mapping(node, known, required, f"test（{kind}）")
    fields: dict[str, model.FieldValue] = {}
    for field_spec in spec.fields:
        if field_spec.name in values:
            fields[field_spec.name] = _read_field(reader, values[field_spec.name], field_spec)
    _check_classes(reader, node, fields)
    return model.Test(kind, MappingProxyType(fields))


def _read_parts(reader: Reader, node: yaml.Node, spec: KindSpec, depth: int) -> model.Test | None:
    entries = reader.mapping(node, ("kind", "tests"), ("kind", "tests"), f"test（{spec.name}）")
    if depth >= _MAX_PARTS_DEPTH:
        reader.fault(node, "test 嵌套过深", allowed=f"不超过 {_MAX_PARTS_DEPTH} 层")
        return None
    parts = (_read_test(reader, item, depth + 1) for item in reader.items(entries, "tests"))
    return model.Test(spec.name, parts=tuple(part for part in parts if part is not None))


def _read_field(reader: Reader, node: yaml.Node, spec: FieldSpec) -> model.FieldValue:
    of = f"test.{spec.name}"
    if spec.type is FieldType.TEXT:
        return reader.text(node, of)
    if spec.type is FieldType.CLASSES:
        return reader.texts(node, of)
    known = spec.allowed or known_words(spec.type)
    return reader.words(node, of, known) if spec.type in LIST_TYPES else reader.word(node, of, known)


def _check_classes(reader: Reader, node: yaml.Node, fields: dict[str, model.FieldValue]) -> None:
    """Fault class words that the layer doesn't have."""
    classes, layer = fields.get("classes"), fields.get("layer")
    if not isinstance(classes, tuple) or not isinstance(layer, str) or not layer:
        return
    allowed = CLASS_WORDS.get(layer, ())
    for word in classes:
        if word not in allowed:
            reader.fault(node, f"{layer} 没有这一类别", found=word, allowed="、".join(allowed), remedy="改用允许的类别")


def _read_applies_to(reader: Reader, node: yaml.Node) -> model.AppliesTo:
    """Return who a rule speaks to."""
    known = ("source_kinds", "trades", "actions", "conditions", "existing")
    entries = reader.mapping(node, known, ("source_kinds", "trades"), "applies_to")
    source_kinds = reader.words(entries, "source_kinds", SOURCE_KINDS)
    if "source_kinds" in entries and not reader.items(entries, "source_kinds"):
        reader.fault(
            entries["source_kinds"], "source_kinds为空", allowed="、".join(SOURCE_KINDS), remedy="至少写一种对象"
        )
    return model.AppliesTo(
        source_kinds=source_kinds,
        trades=_read_trades(reader, entries["trades"]) if "trades" in entries else model.Trades(),
        actions=_read_actions(reader, entries.get("actions")),
        conditions=_read_conditions(reader, entries.get("conditions")),
        is_existing=reader.truth(entries, "existing"),
    )


def _read_actions(reader: Reader, node: yaml.Node | None) -> tuple[Action, ...]:
    return tuple(map(Action.of, reader.words(node, "actions", [action.value for action in Action])))


def _read_conditions(reader: Reader, node: yaml.Node | None) -> tuple[model.Condition, ...]:
    stated = _keyed(reader, node, "conditions", ATTRIBUTES, reader.truth)
    return tuple(model.Condition(attribute, expected) for attribute, expected in stated.items())


def _read_trades(reader: Reader, node: yaml.Node) -> model.Trades:
    """Return trades, written as `any`, as `{parameter: name}` or as `{lists: [{edition, codes}]}`."""
    if getattr(node, "value", None) == "any":
        return model.Trades()
    entries = reader.mapping(node, ("parameter", "lists", "note", "parts"), (), "trades（any，或 parameter，或 lists）")
    if ("parameter" in entries) == ("lists" in entries):
        reader.fault(node, "trades 须为 any、parameter、lists 三者之一", remedy="写 any，或 parameter，或 lists")
    parameter = reader.word(entries, "trades.parameter", [row.name for row in declared()])
    lists = (_read_trade_codes(reader, item) for item in reader.items(entries, "trades.lists"))
    note = reader.text(entries, "trades.note")
    parts = reader.words(entries, "trades.parts", sorted({row.fact for row in implied_facts()}))
    return model.Trades(tuple(lists), parameter, note, parts)


def _read_trade_codes(reader: Reader, node: yaml.Node) -> model.TradeCodes:
    entries = reader.mapping(node, ("edition", "codes"), ("edition", "codes"), "trades.lists")
    edition = reader.integer(entries, "edition")
    if edition is not None and edition not in EDITIONS:
        reader.fault(entries["edition"], "没有这一行业分类版本", found=str(edition), allowed="2011、2017")
    codes = reader.texts(entries, "codes")
    for code in codes:
        if code and (not code.isdigit() or len(code) not in _CODE_LENGTHS):
            reader.fault(node, "行业代码应为 1 至 4 位数字", found=code, remedy="核对 GB/T 4754")
    return model.TradeCodes(edition or EDITIONS[-1], codes)


def _read_exemption(reader: Reader, node: yaml.Node) -> model.Exemption:
    """Return one exception that the text makes."""
    entries = reader.mapping(node, ("quote", "actions", "conditions", "text"), ("quote",), "exceptions")
    return model.Exemption(
        quote=reader.text(entries, "exceptions.quote"),
        actions=_read_actions(reader, entries.get("actions")),
        conditions=_read_conditions(reader, entries.get("conditions")),
        text_zh=reader.text(entries, "exceptions.text"),
    )


_GIVEN_KEYS = tuple("class" if name == "classes" else name for name in model.Given.__struct_fields__)
T = TypeVar("T")
_YES_NO = ("yes", "no")


def _read_case(reader: Reader, node: yaml.Node) -> model.Case:
    """Return one case; faults go to the reader."""
    entries = reader.mapping(node, ("id", "given", "expect"), ("id", "given", "expect"), "cases")
    given, expected = _read_given(reader, entries.get("given")), _read_expected(reader, entries.get("expect"))
    return model.Case(reader.text(entries, "cases.id"), given, expected, line_of(node))


def _read_given(reader: Reader, node: yaml.Node | None) -> model.Given:
    entries = reader.mapping(node, _GIVEN_KEYS, ("as_of", "place"), "given")
    action = reader.member(entries, "given.action", Action, Action.NEW) if "action" in entries else None

    def flags(name: str, allowed: Sequence[str]) -> Mapping[str, str]:
        return _by_layer(reader, entries.get(name), name, lambda value: reader.word(value, name, allowed))

    def numbers(name: str) -> Mapping[str, float]:
        return _by_layer(reader, entries.get(name), name, lambda value: reader.number(value, name) or 0.0)

    names = {parameter.name: parameter for parameter in declared()}
    return model.Given(
        as_of=reader.day(entries, "as_of") or date.min,
        place=reader.text(entries, "place"),
        adopted=reader.truth(entries, "adopted"),
        source_kind=reader.word(entries, "source_kind", SOURCE_KINDS),
        trade=reader.text(entries, "trade"),
        edition=reader.integer(entries, "edition"),
        action=action,
        attributes=_keyed(reader, entries.get("attributes"), "attributes", ATTRIBUTES, reader.truth),
        parameters=_keyed(reader, entries.get("parameters"), "parameters", names, partial(_read_choice, reader)),
        layers=_read_states(reader, entries.get("layers")),
        distance_m=numbers("distance_m"),
        distance_high_m=numbers("distance_high_m"),
        inside=flags("inside", (*_YES_NO, "partly")),
        touches=flags("touches", _YES_NO),
        upstream=flags("upstream", _YES_NO),
        downstream=flags("downstream", _YES_NO),
        share_percent=numbers("share_percent"),
        ratio=reader.number(entries, "ratio"),
        number=_keyed(
            reader,
            entries.get("number"),
            "number",
            MEASURED_ATTRIBUTES,
            lambda value, of: reader.number(value, of) or 0.0,
        ),
        slope_deg=reader.number(entries, "slope_deg"),
        classes=_by_layer(reader, entries.get("class"), "class", lambda value: reader.text(value, "class")),
    )


def _read_expected(reader: Reader, node: yaml.Node | None) -> model.Expected:
    known = ("standing", "verdict", "certainty", "key_areas", "reason")
    entries = reader.mapping(node, known, ("standing",), "expect")
    verdict = None
    if "verdict" in entries:
        verdict = reader.member(entries, "expect.verdict", Verdict, Verdict.NOT_ASSESSED)
    return model.Expected(
        standing=reader.member(entries, "expect.standing", Standing, Standing.IN_FORCE),
        verdict=verdict,
        certainty=reader.word(entries, "expect.certainty", [word.value for word in Certainty]),
        key_areas=reader.texts(entries, "expect.key_areas"),
        reason=reader.text(entries, "expect.reason"),
    )


def _by_layer(reader: Reader, node: yaml.Node | None, of: str, read: Callable[[yaml.Node], T]) -> Mapping[str, T]:
    """Return values by layer code; a bare value speaks of every layer, under `*`."""
    if node is not None and getattr(node, "id", "") != "mapping":
        return MappingProxyType({model.ANY_LAYER: read(node)})
    return _keyed(reader, node, of, LAYERS, lambda value, _: read(value))


def _keyed(
    reader: Reader, node: yaml.Node | None, of: str, known: Mapping[str, object], read: Callable[[yaml.Node, str], T]
) -> Mapping[str, T]:
    """Return values by a key of a closed list."""
    values: dict[str, T] = {}
    for key, (key_node, value_node) in reader.free_mapping(node, of).items():
        if reader.word(key_node, of, known):
            values[key] = read(value_node, key)
    return MappingProxyType(values)


def _read_states(reader: Reader, node: yaml.Node | None) -> Mapping[str, model.LayerState]:
    states = [state.value for state in model.LayerState]
    states_of = _keyed(reader, node, "layers", LAYERS, lambda value, of: reader.word(value, of, states))
    return MappingProxyType({layer: model.LayerState(state) for layer, state in states_of.items() if state})


def _read_choice(reader: Reader, node: yaml.Node, of: str) -> model.FieldValue:
    kind = getattr(node, "id", "")
    if kind == "sequence":
        return reader.texts(node, of)
    if str(getattr(node, "tag", "")).endswith((":int", ":float")):
        return reader.number(node, of) or 0.0
    return reader.text(node, of)


_VALUE_KEYS = tuple("from" if name == "in_force_from" else name for name in model.DatedValue.__struct_fields__)
_VALUE_TEXTS = ("document", "quote", "article", "paragraph", "item", "replaced_by", "document_number", "text", "note")


def _read_history(reader: Reader, node: yaml.Node, *, is_held: bool) -> tuple[model.DatedValue, ...]:
    """Return the dated values in order; a text not held needs neither day nor quote."""
    nodes = reader.items(node, "history")
    if not nodes:
        reader.fault(node, "history为空", remedy="至少写一个带日期的取值")
    values = [_read_value(reader, item, is_held=is_held) for item in nodes]
    for earlier, later, item in zip(values, values[1:], nodes[1:], strict=False):
        _check_succession(reader, earlier, later, item)
    return tuple(values)


def _read_value(reader: Reader, node: yaml.Node, *, is_held: bool) -> model.DatedValue:
    required = ("from", "document", "quote") if is_held else ("document",)
    entries = reader.mapping(node, _VALUE_KEYS, required, "history")
    value = reader.number(entries, "value")
    unit = reader.text(entries, "unit")
    if value is not None and not unit:
        reader.fault(entries["value"], "数值缺少 unit", remedy="补写单位，如 unit: m")
    if is_held and not {"article", "paragraph", "item"} & entries.keys():
        reader.fault(node, "history缺少条款位置", remedy="补写 article、paragraph 或 item")
    first_day = reader.day(entries, "from")
    repealed_on = reader.day(entries, "repealed_on")
    if first_day is not None and repealed_on is not None and repealed_on <= first_day:
        reader.fault(entries["repealed_on"], "废止日期不晚于施行日期", found=str(repealed_on), remedy="核对日期")
    return model.DatedValue(
        in_force_from=first_day,
        value=value,
        value_max=reader.number(entries, "value_max"),
        unit=unit,
        plan_period=_read_period(reader, entries.get("plan_period")),
        target_year=reader.integer(entries, "target_year"),
        task_due=tuple(_read_due(reader, item) for item in reader.items(entries, "task_due")),
        repealed_on=repealed_on,
        **{name: reader.text(entries, name) for name in _VALUE_TEXTS},
    )


def _read_period(reader: Reader, node: yaml.Node | None) -> model.Period | None:
    entries = reader.mapping(node, ("from", "to"), ("from", "to"), "plan_period")
    start = reader.day(entries, "plan_period.from")
    end = reader.day(entries, "plan_period.to")
    if start is None or end is None:
        return None
    if end < start and node is not None:
        reader.fault(node, "plan_period 的止日早于起日", found=f"{start} 至 {end}", remedy="核对日期")
    return model.Period(start, end)


def _read_due(reader: Reader, node: yaml.Node) -> model.TaskDue:
    entries = reader.mapping(node, ("on", "task"), ("on", "task"), "task_due")
    due = reader.day(entries, "task_due.on")
    return model.TaskDue(due or date.min, reader.text(entries, "task_due.task"))


def _check_succession(reader: Reader, earlier: model.DatedValue, later: model.DatedValue, node: yaml.Node) -> None:
    """Fault values out of order, and a value that reaches into its successor's time."""
    if earlier.in_force_from is None or later.in_force_from is None:
        return
    if later.in_force_from <= earlier.in_force_from:
        reader.fault(
            node,
            "history 的施行日期须逐个递增",
            found=f"{earlier.in_force_from}、{later.in_force_from}",
            remedy="按施行日期先后排列，同日只留一个",
        )
        return
    if earlier.plan_period and earlier.plan_period.end >= later.in_force_from:
        reader.fault(
            node,
            "history 的期间重叠",
            found=f"前一取值止于 {earlier.plan_period.end}，后一取值始于 {later.in_force_from}",
            remedy="核对 plan_period 与 from",
        )
    elif earlier.repealed_on and earlier.repealed_on > later.in_force_from:
        reader.fault(
            node,
            "history 的期间重叠",
            found=f"前一取值于 {earlier.repealed_on} 废止，后一取值始于 {later.in_force_from}",
            remedy="核对 repealed_on 与 from",
        )


_SCHEMA = 1
_FILE_KEYS = ("schema", "pack", "version", "rules", "fingerprint")
_UNREAD = frozenset({"matter", "validity", "pack", "file", "line"})
"""What a rule has that isn't written in its record."""
_RULE_KEYS = tuple(name for name in model.Rule.__struct_fields__ if name not in _UNREAD)
_REQUIRED_KEYS = tuple(
    name
    for name in model.Rule.__struct_fields__[: -len(model.Rule.__struct_defaults__)]
    if name not in {"matter", "test"}
)
_RULE_TEXTS = ("id", "authority", "condition", "would_decide", "uncovered", "note")
_TERRITORY_DIGITS = (COUNTY_DIGITS, TOWNSHIP_DIGITS)


class RuleFile(Struct, frozen=True):
    """The rules of one file, in the order they are declared.

    `fingerprint`: of which version which content was, as the file says; empty where it doesn't.
    `content`: the fingerprint of what its rules say now, their cases apart.
    """

    file: str
    pack: str
    version: str
    rules: tuple[model.Rule, ...]
    fingerprint: str = ""
    content: str = ""

    def problems(self) -> list[Problem]:
        """Return what is wrong with the fingerprint: rules that changed without their version, or one not taken yet."""
        version, _, content = self.fingerprint.rpartition(" ")
        place, what, remedy = Place(file=self.file, key="fingerprint"), "", ""
        if self.fingerprint and version != self.version:
            what = f"版本已是 {self.version}，指纹还不是它的"
            remedy = f"核对改动，写 fingerprint: {self.version} {self.content}"
        elif self.fingerprint and content != self.content:
            what = f"规则的内容与版本 {self.version} 的指纹不符：内容改了，版本没有改"
            remedy = "提高 version，再检查一次，照提示改写指纹；无意改动的改回原样"
        return [Problem(what, place, self.fingerprint, remedy=remedy)] if what else []


def load_rules(content: bytes, file: str) -> RuleFile:
    """Return the rules of a file.

    `content`: UTF-8 YAML.
    `file`: name for messages and for `Rule.file`.
    `RuleError` with every fault of the file; nothing is loaded then.
    """
    reader = Reader(file)
    entries = reader.mapping(compose(content, file), _FILE_KEYS, _FILE_KEYS[:-1], "规则文件")
    schema = reader.integer(entries, "schema")
    if schema is not None and schema != _SCHEMA:
        reader.fault(entries["schema"], "不支持的 schema", found=str(schema), allowed=str(_SCHEMA), remedy="升级软件")
    pack, version = reader.text(entries, "pack"), reader.text(entries, "version")
    nodes = reader.items(entries, "rules")
    rules = [_read_rule(reader, node, pack) for node in nodes]
    first_lines: dict[str, int] = {}
    for rule in rules:
        if rule.id in first_lines:
            reader.fault(
                rule.line, "规则编号重复", found=rule.id, remedy=f"已在第 {first_lines[rule.id]} 行使用，改用新的编号"
            )
        elif rule.id:
            first_lines[rule.id] = rule.line
    stated = reader.text(entries, "fingerprint")
    raise_problems(RuleError, reader.problems)
    return RuleFile(file, pack, version, tuple(rules), stated, fingerprint(entries["rules"], without="cases"))


def _read_rule(reader: Reader, node: yaml.Node, pack: str) -> model.Rule:
    entries = reader.mapping(node, _RULE_KEYS, _REQUIRED_KEYS, "规则")
    runs = _read_runs(reader, entries.get("runs"))
    is_held = runs.state is not model.Runs.TEXT_NOT_HELD
    matter = reader.word(entries, "decider", DECIDERS)
    history = _read_history(reader, entries["history"], is_held=is_held) if "history" in entries else ()
    rule = model.Rule(
        title=_read_title(reader, entries.get("title")),
        legal_rank=reader.member(entries, "legal_rank", LegalRank, LegalRank.PLAN),
        territory=_read_territory(reader, entries.get("territory")),
        applies_to=_read_applies_to(reader, entries["applies_to"]) if "applies_to" in entries else model.AppliesTo(()),
        test=_read_test(reader, entries["test"]) if "test" in entries else None,
        effect=reader.member(entries, "effect", Effect, Effect.INFORM),
        history=history,
        decider=DECIDERS.get(matter, ""),
        matter=matter,
        verified=_read_verified(reader, entries.get("verified")),
        runs=runs,
        exceptions=tuple(_read_exemption(reader, item) for item in reader.items(entries, "exceptions")),
        parameters=reader.words(entries, "parameters", [item.name for item in declared()]),
        in_principle=reader.truth(entries, "in_principle"),
        basin=reader.word(entries, "basin", BASINS),
        cases=_read_cases(reader, entries.get("cases")),
        validity=None,
        pack=pack,
        file=reader.file,
        line=line_of(node),
        **{name: reader.text(entries, name) for name in _RULE_TEXTS},
    )
    _check_whole(reader, node, entries, rule)
    return rule


def _read_title(reader: Reader, node: yaml.Node | None) -> model.Title:
    entries = reader.mapping(node, ("zh", "en"), ("zh", "en"), "title")
    return model.Title(reader.text(entries, "title.zh"), reader.text(entries, "title.en"))


def _read_territory(reader: Reader, node: yaml.Node | None) -> tuple[str, ...]:
    codes = reader.texts(node, "territory")
    if node is not None and not reader.items(node, "territory"):
        reader.fault(node, "territory为空", allowed="CN、6 位或 9 位代码", remedy="写明适用地域")
    for code in codes:
        if code != "CN" and not (code.isdigit() and len(code) in _TERRITORY_DIGITS) and node is not None:
            reader.fault(node, "territory 应为行政区划代码", found=code, allowed="CN、6 位或 9 位代码")
    return codes


def _read_verified(reader: Reader, node: yaml.Node | None) -> model.Verification:
    entries = reader.mapping(node, ("on", "against", "state", "held_until"), ("against", "state"), "verified")
    state = reader.member(entries, "verified.state", model.VerificationState, model.VerificationState.UNVERIFIED)
    on = reader.day(entries, "verified.on")
    if node is not None and state is model.VerificationState.VERIFIED and on is None:
        reader.fault(node, "verified缺少 on", remedy="补写核对日期")
    against = reader.text(entries, "verified.against")
    held_until = reader.day(entries, "verified.held_until")
    return model.Verification(state, against, on, held_until)


def _read_runs(reader: Reader, node: yaml.Node | None) -> model.RunsState:
    entries = reader.mapping(node, ("state", "why"), ("state",), "runs")
    state = reader.member(entries, "runs.state", model.Runs, model.Runs.YES)
    why = reader.text(entries, "runs.why")
    if node is not None and state is not model.Runs.YES and not why:
        reader.fault(node, "runs缺少 why", found=state.value, remedy="说明为何不作空间判定")
    return model.RunsState(state, why)


def _read_cases(reader: Reader, node: yaml.Node | None) -> tuple[model.Case, ...]:
    nodes = reader.items(node, "cases")
    cases = tuple(_read_case(reader, item) for item in nodes)
    seen: set[str] = set()
    for case, item in zip(cases, nodes, strict=True):
        if case.id in seen:
            reader.fault(item, "算例编号重复", found=case.id, remedy="改用新的编号")
        seen.add(case.id)
    return cases


def _check_whole(reader: Reader, node: yaml.Node, entries: dict[str, yaml.Node], rule: model.Rule) -> None:
    """Fault what only shows when the parts of a rule are seen together."""
    name = rule.id or "规则"
    if rule.runs.state is model.Runs.YES:
        if "test" not in entries:
            reader.fault(node, f"{name} 缺少 test", remedy="补写 test，或把 runs 改为 inform、not_spatial")
        if not rule.cases:
            reader.fault(node, f"{name} 缺少算例 cases", remedy="在限值和日期两侧各写一个算例")
    if rule.runs.state is model.Runs.TEXT_NOT_HELD and not rule.would_decide:
        reader.fault(node, f"{name} 缺少 would_decide", remedy="说明该文件会决定什么")
    if rule.effect is Effect.RESTRICT and not rule.condition:
        reader.fault(node, f"{name} 缺少 condition", remedy="写明须满足的条件")
    if rule.uncovered and not all(rule.uncovered in value.quote for value in rule.history):
        reader.fault(entries["uncovered"], "uncovered 不是引文中的原话", found=rule.uncovered, remedy="照引文抄写")
    _check_parameters(reader, entries.get("test", node), rule)
    if rule.test is not None:
        for value, value_node in zip(rule.history, reader.items(entries, "history"), strict=True):
            _check_limit(reader, value_node, rule, rule.test, value)


def _check_parameters(reader: Reader, node: yaml.Node, rule: model.Rule) -> None:
    used = {*parameters_of(rule.test)} if rule.test is not None else set()
    if rule.applies_to.trades.parameter:
        used.add(rule.applies_to.trades.parameter)
    for name in sorted(used - set(rule.parameters)):
        reader.fault(node, f"{rule.id} 用到的参数未列入 parameters", found=name, remedy=f"在 parameters 中加入 {name}")


_LARGEST = {"m": 1_000_000.0, "°": 90.0, "%": 1_000.0}
"""By unit; beyond these a limit is a slip of the pen."""


def _check_limit(reader: Reader, node: yaml.Node, rule: model.Rule, test: model.Test, value: model.DatedValue) -> None:
    """Fault a number without the test's unit, and a test without a number."""
    units = [unit for leaf in test.leaves() if (unit := limit_unit(leaf))]
    if not units:
        return
    if value.value is None:
        reader.fault(node, f"{rule.id} 缺少限值", remedy="补写 value 和 unit，或在 test.limit 指明参数")
    elif value.unit and value.unit != units[0]:
        reader.fault(node, f"{rule.id} 的单位与 test 不符", found=value.unit, allowed=units[0], remedy="换算单位")
    largest = _LARGEST.get(units[0], math.inf)
    for limit in (value.value, value.value_max):
        if limit is not None and not math.isnan(limit) and not (0 < limit <= largest and math.isfinite(limit)):
            allowed = f"大于 0，不超过 {largest:g} {units[0]}" if math.isfinite(largest) else "大于 0 的有限数"
            reader.fault(node, f"{rule.id} 的限值不可能", found=f"{limit:g}", allowed=allowed, remedy="照原文填写")


def limit_unit(leaf: model.Test) -> str:
    """Return the unit of the dated value that the simple test `leaf` compares with.

    Empty where a parameter holds the limit, or there is none.
    """
    if leaf.text("limit"):
        return ""
    if leaf.kind == "attribute":
        return MEASURED_ATTRIBUTES[leaf.text("attribute")][1] if leaf.text("comparison") else ""
    return KINDS[leaf.kind].limit_unit
