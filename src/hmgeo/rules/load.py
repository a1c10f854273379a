"""From a rule file to rules: every fault at once, with file and line; a faulty file loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.errors import RuleError, raise_problems
from hmgeo.rules.kinds import KINDS, parameters_of
from hmgeo.rules.model import AppliesTo, Rule, Runs, RunsState, Title, Verification, VerificationState
from hmgeo.rules.nodes import Reader, compose, line_of
from hmgeo.rules.parameters import declared
from hmgeo.rules.read_case import read_case
from hmgeo.rules.read_history import read_history
from hmgeo.rules.read_test import read_applies_to, read_exemption, read_test
from hmgeo.rules.words import DECIDERS, MEASURED_ATTRIBUTES
from hmgeo.vocabulary import COUNTY_DIGITS, TOWNSHIP_DIGITS, Effect, LegalRank

if TYPE_CHECKING:
    import yaml

    from hmgeo.rules.cases import Case
    from hmgeo.rules.model import DatedValue, Test

SCHEMA = 1
FILE_KEYS = ("schema", "pack", "version", "rules")
RULE_KEYS = (
    "id",
    "title",
    "legal_rank",
    "authority",
    "territory",
    "applies_to",
    "test",
    "effect",
    "history",
    "exceptions",
    "decider",
    "parameters",
    "in_principle",
    "condition",
    "would_decide",
    "verified",
    "runs",
    "note",
    "cases",
)
REQUIRED_KEYS = (
    "id",
    "title",
    "legal_rank",
    "authority",
    "territory",
    "applies_to",
    "effect",
    "history",
    "decider",
    "verified",
    "runs",
)
_TERRITORY_DIGITS = (COUNTY_DIGITS, TOWNSHIP_DIGITS)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The rules of one file, in the order they are declared."""

    file: str
    pack: str
    version: str
    rules: tuple[Rule, ...]


def load_rules(content: bytes, file: str) -> RuleFile:
    """Return the rules of a file.

    Parameters
    ----------
    content
        UTF-8 YAML.
    file
        Name for messages and for `Rule.file`.

    Raises
    ------
    RuleError
        With every fault of the file; nothing is loaded then.
    """
    reader = Reader(file)
    entries = reader.mapping(compose(content, file), FILE_KEYS, FILE_KEYS, "规则文件")
    schema = reader.integer(entries.get("schema"), "schema")
    if schema is not None and schema != SCHEMA:
        reader.fault(entries["schema"], "不支持的 schema", found=str(schema), allowed=str(SCHEMA), remedy="升级软件")
    pack, version = reader.text(entries.get("pack"), "pack"), reader.text(entries.get("version"), "version")
    nodes = reader.items(entries.get("rules"), "rules")
    rules = [_read_rule(reader, node, pack, version) for node in nodes]
    _check_ids(reader, rules)
    raise_problems(RuleError, reader.problems)
    return RuleFile(file, pack, version, tuple(rules))


def _check_ids(reader: Reader, rules: list[Rule]) -> None:
    first_lines: dict[str, int] = {}
    for rule in rules:
        if rule.id in first_lines:
            reader.fault(
                rule.line, "规则编号重复", found=rule.id, remedy=f"已在第 {first_lines[rule.id]} 行使用，改用新的编号"
            )
        elif rule.id:
            first_lines[rule.id] = rule.line


def _read_rule(reader: Reader, node: yaml.Node, pack: str, version: str) -> Rule:
    entries = reader.mapping(node, RULE_KEYS, REQUIRED_KEYS, "规则")
    runs = _read_runs(reader, entries.get("runs"))
    is_held = runs.state is not Runs.TEXT_NOT_HELD
    matter = reader.word(entries.get("decider"), "decider", DECIDERS)
    history = read_history(reader, entries["history"], is_held=is_held) if "history" in entries else ()
    rule = Rule(
        id=reader.text(entries.get("id"), "id"),
        title=_read_title(reader, entries.get("title")),
        legal_rank=reader.member(entries.get("legal_rank"), "legal_rank", LegalRank, LegalRank.PLAN),
        authority=reader.text(entries.get("authority"), "authority"),
        territory=_read_territory(reader, entries.get("territory")),
        applies_to=read_applies_to(reader, entries["applies_to"]) if "applies_to" in entries else AppliesTo(()),
        test=read_test(reader, entries["test"]) if "test" in entries else None,
        effect=reader.member(entries.get("effect"), "effect", Effect, Effect.INFORM),
        history=history,
        decider=DECIDERS.get(matter, ""),
        matter=matter,
        verified=_read_verified(reader, entries.get("verified")),
        runs=runs,
        exceptions=tuple(read_exemption(reader, one) for one in reader.items(entries.get("exceptions"), "exceptions")),
        parameters=reader.words(entries.get("parameters"), "parameters", [one.name for one in declared()]),
        in_principle=reader.truth(entries.get("in_principle"), "in_principle"),
        condition=reader.text(entries.get("condition"), "condition"),
        would_decide=reader.text(entries.get("would_decide"), "would_decide"),
        note=reader.text(entries.get("note"), "note"),
        cases=_read_cases(reader, entries.get("cases")),
        pack=pack,
        pack_version=version,
        file=reader.file,
        line=line_of(node),
    )
    _check_whole(reader, node, entries, rule)
    return rule


def _read_title(reader: Reader, node: yaml.Node | None) -> Title:
    if node is None:
        return Title("", "")
    entries = reader.mapping(node, ("zh", "en"), ("zh", "en"), "title")
    return Title(reader.text(entries.get("zh"), "title.zh"), reader.text(entries.get("en"), "title.en"))


def _read_territory(reader: Reader, node: yaml.Node | None) -> tuple[str, ...]:
    codes = reader.texts(node, "territory")
    if node is not None and not reader.items(node, "territory"):
        reader.fault(node, "territory为空", allowed="CN、6 位或 9 位代码", remedy="写明适用地域")
    for code in codes:
        if code != "CN" and not (code.isdigit() and len(code) in _TERRITORY_DIGITS) and node is not None:
            reader.fault(node, "territory 应为行政区划代码", found=code, allowed="CN、6 位或 9 位代码")
    return codes


def _read_verified(reader: Reader, node: yaml.Node | None) -> Verification:
    if node is None:
        return Verification(VerificationState.UNVERIFIED, "")
    entries = reader.mapping(node, ("on", "against", "state"), ("against", "state"), "verified")
    state = reader.member(entries.get("state"), "verified.state", VerificationState, VerificationState.UNVERIFIED)
    on = reader.day(entries.get("on"), "verified.on")
    if state is VerificationState.VERIFIED and on is None:
        reader.fault(node, "verified缺少 on", remedy="补写核对日期")
    against = reader.text(entries.get("against"), "verified.against")
    return Verification(state, against, on)


def _read_runs(reader: Reader, node: yaml.Node | None) -> RunsState:
    if node is None:
        return RunsState(Runs.YES)
    entries = reader.mapping(node, ("state", "why"), ("state",), "runs")
    state = reader.member(entries.get("state"), "runs.state", Runs, Runs.YES)
    why = reader.text(entries.get("why"), "runs.why")
    if state is not Runs.YES and not why:
        reader.fault(node, "runs缺少 why", found=state.value, remedy="说明为何不作空间判定")
    return RunsState(state, why)


def _read_cases(reader: Reader, node: yaml.Node | None) -> tuple[Case, ...]:
    nodes = reader.items(node, "cases")
    cases = tuple(read_case(reader, item) for item in nodes)
    seen: set[str] = set()
    for case, item in zip(cases, nodes, strict=True):
        if case.id in seen:
            reader.fault(item, "算例编号重复", found=case.id, remedy="改用新的编号")
        seen.add(case.id)
    return cases


def _check_whole(reader: Reader, node: yaml.Node, entries: dict[str, yaml.Node], rule: Rule) -> None:
    """Fault what only shows when the parts of a rule are seen together."""
    name = rule.id or "规则"
    if rule.runs.state is Runs.YES:
        if "test" not in entries:
            reader.fault(node, f"{name} 缺少 test", remedy="补写 test，或把 runs 改为 inform、not_spatial")
        if not rule.cases:
            reader.fault(node, f"{name} 缺少算例 cases", remedy="在限值和日期两侧各写一个算例")
    if rule.runs.state is Runs.TEXT_NOT_HELD and not rule.would_decide:
        reader.fault(node, f"{name} 缺少 would_decide", remedy="说明该文件会决定什么")
    if rule.effect is Effect.RESTRICT and not rule.condition:
        reader.fault(node, f"{name} 缺少 condition", remedy="写明须满足的条件")
    _check_parameters(reader, entries.get("test", node), rule)
    if rule.test is not None:
        for value, value_node in zip(rule.history, reader.items(entries.get("history"), "history"), strict=True):
            _check_limit(reader, value_node, rule, rule.test, value)


def _check_parameters(reader: Reader, node: yaml.Node, rule: Rule) -> None:
    used = {*parameters_of(rule.test)} if rule.test is not None else set()
    if rule.applies_to.trades.parameter:
        used.add(rule.applies_to.trades.parameter)
    for name in sorted(used - set(rule.parameters)):
        reader.fault(node, f"{rule.id} 用到的参数未列入 parameters", found=name, remedy=f"在 parameters 中加入 {name}")


def _check_limit(reader: Reader, node: yaml.Node, rule: Rule, test: Test, value: DatedValue) -> None:
    """Fault a number without the test's unit, and a test without a number."""
    units = [unit for leaf in test.leaves() if (unit := limit_unit(leaf))]
    if not units:
        return
    if value.value is None:
        reader.fault(node, f"{rule.id} 缺少限值", remedy="补写 value 和 unit，或在 test.limit 指明参数")
    elif value.unit and value.unit != units[0]:
        reader.fault(node, f"{rule.id} 的单位与 test 不符", found=value.unit, allowed=units[0], remedy="换算单位")


def limit_unit(leaf: Test) -> str:
    """Return the unit of the dated value that a simple test compares with; empty where a parameter or nothing does."""
    if leaf.text("limit"):
        return ""
    if leaf.kind == "attribute":
        return MEASURED_ATTRIBUTES[leaf.text("attribute")][1] if leaf.text("comparison") else ""
    return KINDS[leaf.kind].limit_unit
