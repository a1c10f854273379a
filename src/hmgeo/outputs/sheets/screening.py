"""The workbook's tables: sources, counts, findings with their clauses, the ledger, and what the last sheet says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import hmgeo
from hmgeo.outputs import wording
from hmgeo.outputs.book import CRITICAL, INSIDE, OUTSIDE, UNKNOWN, AtLeast, Cell, Column, Sheet, with_columns_of
from hmgeo.results.columns import AREA_CLIPPED, AREA_UNION, FARMLAND_CLIPPED, FINDINGS, SOURCES
from hmgeo.results.text import mu, radius_text
from hmgeo.vocabulary import ALL_CLASSES, Effect, LegalRank, SoilQualityClass, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from hmgeo.results.results import Results
    from hmgeo.results.used import LayerUsed


LAND_HEADERS = ("去重面积(ha)", "圆内面积(ha)")
LAND_REMARKS = (
    "去重面积：同一批地块按所绘图形计，重叠处只计一次；各类别之间也有重叠时，合计小于各类之和。",
    "圆内面积：按所绘图形只计圆内部分，重叠处只计一次；只对点位计算。",
    "按图形计与按图斑面积字段计可能略有出入。",
)


def screening_sheet(results: Results) -> Sheet:
    """Return one row per input row, whatever became of it, with the screening rule's verdict."""
    within = f"{radius_text(results.radius_m)}内耕地"
    clipped = {FARMLAND_CLIPPED} & set(results.sources.column_names)
    columns = (
        Column("序号", 4.5, "count"),
        Column("编号", 9, "wrap"),
        Column("名称", 16, "wrap"),
        Column("县 (市、区)", 7.5, "wrap"),
        Column("乡镇 (街道)", 7.5, "wrap"),
        Column("行业代码", 6, "wrap"),
        Column("排查结论", 9.5, "badge"),
        Column("确定性", 10.5, "wrap"),
        Column("状态", 7.5, "wrap"),
        Column("距离(m)", 8.5, "distance_m", "最近耕地"),
        Column("最远可能(m)", 8.5, "distance_m", "最近耕地"),
        Column("图斑号", 9, "wrap", "最近耕地"),
        Column("类别", 8, "wrap", "最近耕地"),
        Column("方位(°)", 5.5, "degree", "最近耕地"),
        Column("地块数", 6.5, "count", within),
        Column("最多可能", 6, "count", within),
        Column("面积(ha)", 8.5, "area_ha", within),
        Column("面积(亩)", 9, "area_mu", within),
        *(Column(LAND_HEADERS[1], 8.5, "area_ha", within) for _ in clipped),
        Column("所在重点区域", 9, "wrap"),
        Column("经度", 9.5, "coordinate", "点位"),
        Column("纬度", 8.5, "coordinate", "点位"),
        Column("误差(m)", 6.5, "distance_m", "点位"),
        Column("数据性质", 11, "wrap"),
        Column("备注", 21, "wrap"),
    )
    areas = key_area_names(results)
    example = wording.is_example(results)
    records = _records(results.sources)
    rows = [_screening_row(number, row, areas, example=example) for number, row in enumerate(records, start=1)]
    remarks = (f"各条款结论：{wording.verdict_header(results.verdict_counts(), results.unassessed_counts())}",)
    return with_columns_of(Sheet("排查结果", columns, rows, remarks=remarks), SOURCES.name, records)


def _screening_row(number: int, row: dict[str, Any], areas: dict[str, str], *, example: bool) -> tuple[Cell, ...]:
    area_ha = row["farmland_area_ha"]
    floor = bool(row["counts_are_lower_bounds"])
    key_area = row["key_area_id"] or ""
    return (
        number,
        row["source_id"],
        row["name"],
        row["county"],
        row["township"],
        row["trade_code"],
        wording.badge(row, example=example),
        wording.certainty_word(row["certainty"]),
        wording.status_word(row["status"]),
        row["nearest_farmland_m"],
        row["nearest_farmland_max_m"],
        row["nearest_farmland_id"],
        row["nearest_farmland_class"],
        row["nearest_farmland_bearing_deg"],
        _bounded(row["farmland_count"], floor=floor),
        _bounded(row["farmland_count_max"], floor=floor),
        _bounded(area_ha, floor=floor),
        _bounded(None if area_ha is None else mu(area_ha), floor=floor),
        *((_bounded(row[FARMLAND_CLIPPED], floor=floor),) if FARMLAND_CLIPPED in row else ()),
        areas.get(key_area, key_area),
        row["lon"],
        row["lat"],
        row["position_uncertainty_m"],
        wording.basis_word(row["basis"]),
        row["note"],
    )


def counts_sheet(results: Results) -> Sheet:
    """Return one row per source and radius: count, hectares and 亩 of each class and of all."""
    counted = counts_by_source(results)
    floors = results.lower_bounds()
    classes = classes_counted(results)
    land = land_by_source(results)
    titles = [*classes[:-1], "合计"]
    columns = (
        Column("编号", 11),
        Column("名称", 20),
        Column("半径", 7.5),
        *(
            column
            for title in titles
            for column in (
                Column("地块数", 6.5, "count", title),
                Column("面积(ha)", 8.5, "area_ha", title),
                Column("面积(亩)", 9, "area_mu", title),
                *(Column(header, 8.5, "area_ha", title) for header in (LAND_HEADERS if land else ())),
            )
        ),
        Column("备注", 26, "wrap"),
    )
    rows: list[tuple[Cell, ...]] = []
    for row in _records(results.sources):
        start = (row["source_id"], row["name"])
        by_radius = counted.get(row["source_id"])
        if not by_radius:
            rows.append((*start, UNKNOWN, *([None] * (len(columns) - 4)), row["note"]))
            continue
        for radius_m, found in sorted(by_radius.items()):
            floor = (row["source_id"], radius_m) in floors
            remark = "超出数据覆盖，为下限。" if floor else ""
            numbers = [
                cell
                for word in classes
                for cell in (
                    *_count_cells(found.get(word), floor=floor),
                    *(_bounded(one, floor=floor) for one in land.get((row["source_id"], radius_m, word), ())),
                )
            ]
            rows.append((*start, radius_text(radius_m), *numbers, remark))
    remarks = ("整块计入：地块与查询范围相接即计整块面积。", *(LAND_REMARKS if land else ()))
    return Sheet("各半径统计", columns, rows, remarks=remarks)


def _count_cells(found: tuple[int, float] | None, *, floor: bool) -> tuple[Cell, Cell, Cell]:
    if found is None:
        return None, None, None
    count, area_ha = found
    return _bounded(count, floor=floor), _bounded(area_ha, floor=floor), _bounded(mu(area_ha), floor=floor)


def radius_sheet(results: Results) -> Sheet:
    """Return who has farmland within each radius: 是, 否 or 未评估, with a total per radius.

    Where the position's uncertainty could turn the answer, it says 临界. No farmland found where the search leaves the
    declared coverage is 未评估, not 否.
    """
    columns = (
        Column("序号", 4.5, "count"),
        Column("编号", 11),
        Column("名称", 26, "wrap"),
        Column("最近耕地距离(m)", 11, "distance_m"),
        *(Column(radius_text(radius_m), 11, "mark", "半径内是否有耕地") for radius_m in results.radii_m),
        Column("备注", 36, "wrap"),
    )
    counted = counts_by_source(results)
    floors = results.lower_bounds()
    rows: list[tuple[Cell, ...]] = []
    answers: list[list[str]] = []
    for number, row in enumerate(_records(results.sources), start=1):
        by_radius = counted.get(row["source_id"], {})
        answer = [
            _holds_farmland(row, by_radius.get(one), one, floor=(row["source_id"], one) in floors)
            for one in results.radii_m
        ]
        answers.append(answer)
        rows.append((number, row["source_id"], row["name"], row["nearest_farmland_m"], *answer, row["note"]))
    remark = "「否」指现有数据在该半径内无记录，不等于实地不存在。「临界」指位置误差内结论可能改变。"
    return Sheet("各半径纳入情况", columns, rows, _radius_totals(answers, len(results.radii_m)), (remark,))


def _radius_totals(answers: list[list[str]], radii: int) -> tuple[tuple[Cell, ...], ...]:
    per_radius = [Counter(answer[index] for answer in answers) for index in range(radii)]

    def line(title: str, words: Iterable[str]) -> tuple[Cell, ...]:
        known = tuple(words)
        return (None, None, title, None, *(sum(found[word] for word in known) for found in per_radius), None)

    return (
        line("合计：是（家）", (INSIDE, INSIDE + CRITICAL)),
        line("合计：否（家）", (OUTSIDE, OUTSIDE + CRITICAL)),
        line("合计：未评估（家）", (UNKNOWN,)),
        line("其中临界（家）", (INSIDE + CRITICAL, OUTSIDE + CRITICAL)),
    )


def _holds_farmland(
    row: dict[str, Any], found: dict[str, tuple[int, float]] | None, radius_m: float, *, floor: bool
) -> str:
    if found is None or ALL_CLASSES not in found:
        return UNKNOWN
    nearest_m, farthest_m = row["nearest_farmland_m"], row["nearest_farmland_max_m"]
    if found[ALL_CLASSES][0] > 0:
        return INSIDE + (CRITICAL if farthest_m is not None and farthest_m > radius_m else "")
    if floor:
        return UNKNOWN
    reach_m = None if nearest_m is None else nearest_m - (row["position_uncertainty_m"] or 0.0)
    return OUTSIDE + (CRITICAL if reach_m is not None and reach_m <= radius_m else "")


def counts_by_source(results: Results) -> dict[str, dict[float, dict[str, tuple[int, float]]]]:
    """Return (count, hectares) by source, radius (m) and class."""
    found: dict[str, dict[float, dict[str, tuple[int, float]]]] = defaultdict(lambda: defaultdict(dict))
    for row in _records(results.counts):
        if row["count"] is not None:
            found[row["source_id"]][row["radius_m"]][row["class"]] = (row["count"], row["area_ha"] or 0.0)
    return found


def land_by_source(results: Results) -> dict[tuple[str, float, str], tuple[float | None, float | None]]:
    """Return hectares under whole parcels and inside the circle, common ground once; empty where nobody asked."""
    if AREA_UNION not in results.counts.column_names:
        return {}
    return {
        (row["source_id"], row["radius_m"], row["class"]): (row[AREA_UNION], row[AREA_CLIPPED])
        for row in _records(results.counts)
    }


def classes_counted(results: Results) -> list[str]:
    """Return the classes in the counts, official ones first in their order, `all` last."""
    present = dict.fromkeys(results.counts["class"].to_pylist())
    official = [word.value for word in SoilQualityClass if word.value in present]
    others = [word for word in present if word not in {*official, ALL_CLASSES}]
    return [*official, *others, ALL_CLASSES]


def key_area_names(results: Results) -> dict[str, str]:
    """Return the name of each key area that the context layers hold, by id."""
    names: dict[str, str] = {}
    for layer in results.context:
        if layer.role == "key_area":
            for row in layer.table.select(["id", "name"]).to_pylist():
                names[row["id"]] = row["name"] or row["id"]
    return names


def _records(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _bounded(number: float | None, *, floor: bool) -> Cell:
    return AtLeast(number) if floor and number is not None else number


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
    records = _records(results.findings)
    rows = [_clause_row(row, names, results, example=example) for row in records]
    return with_columns_of(Sheet("依据条款", columns, rows), FINDINGS.name, records)


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
        wording.standing_word(row["standing"], verified=results.verified_of(row["rule_id"])),
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
    counts += [("未评估", group.zh, number) for group, number in results.unassessed_counts().items()]
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
            wording.standing_word(rule.standing, verified=rule.verified),
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
