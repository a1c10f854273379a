"""From YAML to tests and to whom they apply, against the declared kinds and closed words."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.rules.kinds import KINDS, LIST_TYPES, FieldSpec, FieldType, known_words
from hmgeo.rules.model import AppliesTo, Condition, Exemption, FieldValue, Test, TradeCodes, Trades
from hmgeo.rules.parameters import declared
from hmgeo.rules.words import ATTRIBUTES, CLASS_WORDS, EDITIONS, SOURCE_KINDS
from hmgeo.vocabulary import Action

if TYPE_CHECKING:
    import yaml

    from hmgeo.rules.kinds import KindSpec
    from hmgeo.rules.nodes import Reader

MAX_PARTS_DEPTH = 2
_CODE_LENGTHS = range(1, 5)


def read_test(reader: Reader, node: yaml.Node, depth: int = 0) -> Test | None:
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
    known = ["kind", *(one.name for one in spec.fields)]
    required = [one.name for one in spec.fields if one.required]
    values = reader.mapping(node, known, required, f"test（{kind}）")
    fields: dict[str, FieldValue] = {}
    for one in spec.fields:
        if one.name in values:
            fields[one.name] = _read_field(reader, values[one.name], one)
    _check_classes(reader, node, fields)
    return Test(kind, MappingProxyType(fields))


def _read_parts(reader: Reader, node: yaml.Node, spec: KindSpec, depth: int) -> Test | None:
    entries = reader.mapping(node, ("kind", "tests"), ("kind", "tests"), f"test（{spec.name}）")
    if depth >= MAX_PARTS_DEPTH:
        reader.fault(node, "test 嵌套过深", allowed=f"不超过 {MAX_PARTS_DEPTH} 层")
        return None
    parts = (read_test(reader, item, depth + 1) for item in reader.items(entries.get("tests"), "tests"))
    return Test(spec.name, parts=tuple(part for part in parts if part is not None))


def _read_field(reader: Reader, node: yaml.Node, spec: FieldSpec) -> FieldValue:
    of = f"test.{spec.name}"
    if spec.type is FieldType.TEXT:
        return reader.text(node, of)
    if spec.type is FieldType.CLASSES:
        return reader.texts(node, of)
    known = spec.allowed or known_words(spec.type)
    return reader.words(node, of, known) if spec.type in LIST_TYPES else reader.word(node, of, known)


def _check_classes(reader: Reader, node: yaml.Node, fields: dict[str, FieldValue]) -> None:
    """Fault class words that the layer doesn't have."""
    classes, layer = fields.get("classes"), fields.get("layer")
    if not isinstance(classes, tuple) or not isinstance(layer, str) or not layer:
        return
    allowed = CLASS_WORDS.get(layer, ())
    for word in classes:
        if word not in allowed:
            reader.fault(node, f"{layer} 没有这一类别", found=word, allowed="、".join(allowed), remedy="改用允许的类别")


def read_applies_to(reader: Reader, node: yaml.Node) -> AppliesTo:
    """Return who a rule speaks to."""
    entries = reader.mapping(
        node, ("source_kinds", "trades", "actions", "conditions"), ("source_kinds", "trades"), "applies_to"
    )
    source_kinds = reader.words(entries.get("source_kinds"), "source_kinds", SOURCE_KINDS)
    if "source_kinds" in entries and not reader.items(entries["source_kinds"], "source_kinds"):
        reader.fault(
            entries["source_kinds"], "source_kinds为空", allowed="、".join(SOURCE_KINDS), remedy="至少写一种对象"
        )
    return AppliesTo(
        source_kinds=source_kinds,
        trades=_read_trades(reader, entries["trades"]) if "trades" in entries else Trades(),
        actions=_read_actions(reader, entries.get("actions")),
        conditions=_read_conditions(reader, entries.get("conditions")),
    )


def _read_actions(reader: Reader, node: yaml.Node | None) -> tuple[Action, ...]:
    words = reader.words(node, "actions", [action.value for action in Action])
    return tuple(action for word in words for action in Action if action.value == word)


def _read_conditions(reader: Reader, node: yaml.Node | None) -> tuple[Condition, ...]:
    if node is None:
        return ()
    conditions = []
    for key, (key_node, value_node) in reader.free_mapping(node, "conditions").items():
        if reader.word(key_node, "conditions", ATTRIBUTES):
            conditions.append(Condition(key, reader.truth(value_node, key)))
    return tuple(conditions)


def _read_trades(reader: Reader, node: yaml.Node) -> Trades:
    """Return trades, written as `any`, as `{parameter: name}` or as `{lists: [{edition, codes}]}`."""
    if getattr(node, "value", None) == "any":
        return Trades()
    entries = reader.mapping(node, ("parameter", "lists", "note"), (), "trades（any，或 parameter，或 lists）")
    if ("parameter" in entries) == ("lists" in entries):
        reader.fault(node, "trades 须为 any、parameter、lists 三者之一", remedy="写 any，或 parameter，或 lists")
    parameter = reader.word(entries.get("parameter"), "trades.parameter", [one.name for one in declared()])
    lists = (_read_trade_codes(reader, item) for item in reader.items(entries.get("lists"), "trades.lists"))
    return Trades(tuple(lists), parameter, reader.text(entries.get("note"), "trades.note"))


def _read_trade_codes(reader: Reader, node: yaml.Node) -> TradeCodes:
    entries = reader.mapping(node, ("edition", "codes"), ("edition", "codes"), "trades.lists")
    edition = reader.integer(entries.get("edition"), "edition")
    if edition is not None and edition not in EDITIONS:
        reader.fault(entries["edition"], "没有这一行业分类版本", found=str(edition), allowed="2011、2017")
    codes = reader.texts(entries.get("codes"), "codes")
    for code in codes:
        if code and (not code.isdigit() or len(code) not in _CODE_LENGTHS):
            reader.fault(node, "行业代码应为 1 至 4 位数字", found=code, remedy="核对 GB/T 4754")
    return TradeCodes(edition or EDITIONS[-1], codes)


def read_exemption(reader: Reader, node: yaml.Node) -> Exemption:
    """Return one exception that the text makes."""
    entries = reader.mapping(node, ("quote", "actions", "conditions", "text"), ("quote",), "exceptions")
    return Exemption(
        quote=reader.text(entries.get("quote"), "exceptions.quote"),
        actions=_read_actions(reader, entries.get("actions")),
        conditions=_read_conditions(reader, entries.get("conditions")),
        text_zh=reader.text(entries.get("text"), "exceptions.text"),
    )
