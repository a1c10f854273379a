"""The sheets of findings with their clauses, and of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hmgeo.outputs import wording
from hmgeo.outputs.cells import Column, Sheet
from hmgeo.vocabulary import LegalRank

if TYPE_CHECKING:
    from hmgeo.findings.results import Results
    from hmgeo.outputs.cells import Cell


def clauses_sheet(results: Results) -> Sheet:
    """Return the findings, each with its clause as quoted, its standing and who decides."""
    columns = (
        Column("编号", 9, "wrap"),
        Column("名称", 14, "quote"),
        Column("规则", 11, "wrap"),
        Column("结论", 9.5, "badge"),
        Column("另一可能", 8, "wrap"),
        Column("确定性", 10.5, "wrap"),
        Column("判断", 22, "wrap"),
        Column("量测", 9.5, "wrap"),
        Column("限值", 9, "wrap"),
        Column("对象", 8, "wrap"),
        Column("文件", 17, "quote"),
        Column("条款", 8, "quote"),
        Column("原文", 30, "quote"),
        Column("效力", 10, "wrap"),
        Column("法律位阶", 6.5, "wrap"),
        Column("认定部门", 11, "wrap"),
        Column("数据性质", 11, "wrap"),
        Column("备注", 18, "wrap"),
    )
    names = dict(zip(results.sources["source_id"].to_pylist(), results.sources["name"].to_pylist(), strict=True))
    example = wording.is_example(results)
    rows = [_clause_row(row, names, results, example=example) for row in results.findings.to_pylist()]
    return Sheet("依据条款", columns, rows)


def _clause_row(row: dict[str, Any], names: dict[str, str], results: Results, *, example: bool) -> tuple[Cell, ...]:
    limit = row["limit_value"]
    return (
        row["source_id"],
        names.get(row["source_id"], ""),
        row["rule_id"],
        wording.badge(row, example=example),
        wording.verdict_word(row["verdict_other"]),
        wording.certainty_word(row["certainty"]),
        wording.finding_sentence(results, row),
        row["measured_text"],
        "" if limit is None else f"{limit:,g} {row['unit'] or ''}".strip(),
        row["receptor_name"] or row["receptor_id"],
        row["document"],
        row["clause"],
        row["quote"],
        wording.standing_word(row["standing"]),
        LegalRank.of(row["legal_rank"]).zh if row["legal_rank"] else "",
        row["decider"],
        wording.basis_word(row["basis"]),
        row["note"],
    )


def ledger_sheet(results: Results) -> Sheet:
    """Return everything that was dropped, repaired, assumed or suspected."""
    columns = (
        Column("文件", 24, "quote"),
        Column("工作表/图层", 14, "wrap"),
        Column("数据行", 8, "count"),
        Column("字段", 12, "quote"),
        Column("原值", 20, "quote"),
        Column("事件", 18, "wrap"),
        Column("原因", 34, "wrap"),
        Column("处理", 24, "wrap"),
        Column("编号", 12),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            entry.file,
            entry.sheet,
            entry.row or "整个文件",
            entry.field,
            entry.value,
            entry.event,
            entry.reason,
            entry.action,
            entry.source_id,
        )
        for entry in results.ledger.entries
    ]
    return Sheet("处理台账", columns, rows, remarks=() if rows else ("没有需要记录的处理。",))
