"""From YAML to dated values: days in order, periods that don't overlap, a unit with every number."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hmgeo.rules.model import DatedValue, Period, TaskDue

if TYPE_CHECKING:
    import yaml

    from hmgeo.rules.nodes import Reader

KEYS = (
    "from",
    "plan_period",
    "target_year",
    "task_due",
    "repealed_on",
    "replaced_by",
    "value",
    "value_max",
    "unit",
    "document",
    "document_number",
    "article",
    "paragraph",
    "item",
    "quote",
    "text",
    "note",
)


def read_history(reader: Reader, node: yaml.Node, *, is_held: bool) -> tuple[DatedValue, ...]:
    """Return the dated values in order; a text not held needs neither day nor quote."""
    nodes = reader.items(node, "history")
    if not nodes:
        reader.fault(node, "history为空", remedy="至少写一个带日期的取值")
    values = [_read_value(reader, item, is_held=is_held) for item in nodes]
    for earlier, later, item in zip(values, values[1:], nodes[1:], strict=False):
        _check_succession(reader, earlier, later, item)
    return tuple(values)


def _read_value(reader: Reader, node: yaml.Node, *, is_held: bool) -> DatedValue:
    required = ("from", "document", "quote") if is_held else ("document",)
    entries = reader.mapping(node, KEYS, required, "history")
    value = reader.number(entries.get("value"), "value")
    unit = reader.text(entries.get("unit"), "unit")
    if value is not None and not unit:
        reader.fault(entries["value"], "数值缺少 unit", remedy="补写单位，如 unit: m")
    if is_held and not {"article", "paragraph", "item"} & entries.keys():
        reader.fault(node, "history缺少条款位置", remedy="补写 article、paragraph 或 item")
    first_day = reader.day(entries.get("from"), "from")
    repealed_on = reader.day(entries.get("repealed_on"), "repealed_on")
    if first_day is not None and repealed_on is not None and repealed_on <= first_day:
        reader.fault(entries["repealed_on"], "废止日期不晚于施行日期", found=str(repealed_on), remedy="核对日期")
    return DatedValue(
        in_force_from=first_day,
        document=reader.text(entries.get("document"), "document"),
        quote=reader.text(entries.get("quote"), "quote"),
        article=reader.text(entries.get("article"), "article"),
        paragraph=reader.text(entries.get("paragraph"), "paragraph"),
        item=reader.text(entries.get("item"), "item"),
        value=value,
        value_max=reader.number(entries.get("value_max"), "value_max"),
        unit=unit,
        plan_period=_read_period(reader, entries.get("plan_period")),
        target_year=reader.integer(entries.get("target_year"), "target_year"),
        task_due=tuple(_read_due(reader, item) for item in reader.items(entries.get("task_due"), "task_due")),
        repealed_on=repealed_on,
        replaced_by=reader.text(entries.get("replaced_by"), "replaced_by"),
        document_number=reader.text(entries.get("document_number"), "document_number"),
        text=reader.text(entries.get("text"), "text"),
        note=reader.text(entries.get("note"), "note"),
    )


def _read_period(reader: Reader, node: yaml.Node | None) -> Period | None:
    if node is None:
        return None
    entries = reader.mapping(node, ("from", "to"), ("from", "to"), "plan_period")
    start = reader.day(entries.get("from"), "plan_period.from")
    end = reader.day(entries.get("to"), "plan_period.to")
    if start is None or end is None:
        return None
    if end < start:
        reader.fault(node, "plan_period 的止日早于起日", found=f"{start} 至 {end}", remedy="核对日期")
    return Period(start, end)


def _read_due(reader: Reader, node: yaml.Node) -> TaskDue:
    entries = reader.mapping(node, ("on", "task"), ("on", "task"), "task_due")
    due = reader.day(entries.get("on"), "task_due.on")
    return TaskDue(due or date.min, reader.text(entries.get("task"), "task_due.task"))


def _check_succession(reader: Reader, earlier: DatedValue, later: DatedValue, node: yaml.Node) -> None:
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
