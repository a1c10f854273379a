"""What the workbook's last sheet says: where everything comes from, who chose what, by which rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import hmgeo
from hmgeo.findings.text import radius_text
from hmgeo.outputs import wording
from hmgeo.vocabulary import Effect, LegalRank, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.findings.results import Results
    from hmgeo.findings.used import LayerUsed


@dataclass(frozen=True, slots=True)
class Section:
    """One block of the sheet 说明: a title, a header and rows; `quotes`: columns that stay in their language."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str | int, ...]]
    quotes: tuple[int, ...] = ()


def note_sections(results: Results) -> tuple[Section, ...]:
    """Return what the sheet 说明 says: run, counts, layers, parameters, rules."""
    statuses = results.status_counts()
    run = [
        ("标题", results.title),
        ("区域", results.area_name),
        ("评估基准日", results.as_of.isoformat() if results.as_of else "未设基准日"),
        ("排查半径", radius_text(results.radius_m)),
        ("统计半径", "、".join(radius_text(radius_m) for radius_m in results.radii_m)),
        ("排查依据规则", results.screening_rule_id or "未设"),
        ("数据性质（取最差者）", results.basis.zh),
        ("密级", wording.classification_word(results)),
        ("软件", f"hmgeo {hmgeo.__version__}"),
    ]
    counts: list[tuple[str | int, ...]] = [("输入", "全部行", results.sources.num_rows)]
    counts += [("输入", status.zh, statuses.get(status.value, 0)) for status in Status]
    counts += [("结论", verdict.zh, number) for verdict, number in results.verdict_counts().items()]
    return (
        Section("基本信息", ("项目", "内容"), run),
        Section("数量", ("类别", "名称", "数量"), counts),
        Section("提示", ("内容",), [(warning,) for warning in results.warnings] or [("无",)]),
        _layers_section(results.layers),
        Section(
            "底图与参考图层（不参与判断）",
            ("图层", "性质", "来源"),
            [(layer.title, layer.basis.zh, layer.credit) for layer in results.context],
        ),
        Section(
            "参数",
            ("参数", "取值", "单位", "确定单位", "日期", "理由"),
            [(p.name, p.value, p.unit, p.by or "系统默认约定", p.on, p.reason) for p in results.parameters],
        ),
        _rules_section(results),
    )


def _layers_section(layers: Sequence[LayerUsed]) -> Section:
    header = (
        "图层",
        "类型",
        "性质",
        "要素数",
        "文件",
        "来源",
        "许可",
        "覆盖范围",
        "完整性",
        "时点",
        "密级",
        "sha256",
    )
    rows = [
        (
            layer.name,
            layer.kind.zh,
            layer.basis.zh,
            layer.feature_count,
            layer.provenance.path,
            "；".join(dict.fromkeys(filter(None, (layer.provenance.source, layer.provenance.credit)))) or "未申明",
            layer.provenance.licence or "未申明",
            layer.gates.coverage_name or "未申明",
            layer.gates.completeness.zh,
            layer.gates.vintage or "未申明",
            layer.gates.classification.value,
            layer.provenance.sha256,
        )
        for layer in layers
    ]
    return Section("数据来源", header, rows)


def _rules_section(results: Results) -> Section:
    header = (
        "规则",
        "名称",
        "作用",
        "效力",
        "文件",
        "原文",
        "条款",
        "法律位阶",
        "取值日期",
        "核实",
        "判断数",
        "备注",
    )
    rows = [
        (
            rule.rule_id,
            rule.title,
            _coded(Effect, rule.effect),
            wording.standing_word(rule.standing),
            rule.document,
            rule.quote,
            rule.clause,
            _coded(LegalRank, rule.legal_rank),
            rule.value_from,
            rule.verified or "效力待核实",
            rule.findings,
            rule.note,
        )
        for rule in results.rules
    ]
    return Section("所用规则", header, rows, quotes=(4, 5, 6, 9, 11))


def _coded(words: type[Effect | LegalRank], code: str) -> str:
    return words.of(code).zh if code else ""
