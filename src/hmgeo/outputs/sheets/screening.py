"""The office's workbook: 目录, 核查先后, 汇总, 各源结果, 依据, 未评估与缺口, 按乡镇, 处理台账, 说明."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import asdict, replace

import hmgeo
from hmgeo.outputs import wording
from hmgeo.outputs.book import (
    CRITICAL,
    INSIDE,
    OUTSIDE,
    UNKNOWN,
    AtLeast,
    Cell,
    Column,
    From,
    Link,
    Measured,
    Section,
    Sheet,
    columns_of,
    open_book,
    table_sheet,
    with_columns_of,
    write_sections,
    write_table,
)
from hmgeo.outputs.english import in_english, value_in_language
from hmgeo.outputs.map.audience import why_no_page
from hmgeo.outputs.map.parcels import OVERHEAD_REMARK
from hmgeo.outputs.tables import tables_of
from hmgeo.records import LedgerEntry
from hmgeo.results.columns import (
    AGREEMENT,
    BARRIERS,
    BASINS,
    CATCHMENTS,
    FARMLAND_CLIPPED,
    FLIPS,
    IRRIGATION,
    LEADS,
    LEDGER,
    MINES,
    OUTLETS,
    OVERHEAD,
    SAMPLING,
    SOURCES,
    STEEP,
    TABLES,
    TOWNSHIPS,
)
from hmgeo.results.results import Presentation, Results
from hmgeo.results.text import bearing_text, mu, radius_text
from hmgeo.results.used import LayerUsed
from hmgeo.vocabulary import (
    ALL_CLASSES,
    GARDEN_BESIDE,
    LAND_CODES,
    POLLUTED_CLASSES,
    LandClass,
    LayerKind,
    LegalRank,
    Status,
    Verdict,
    VisitGroup,
    classes_in_order,
)
from hmgeo.words import Value, one_by_one, say, say_with, sentences

CONTENTS, ORDER, SUMMARY, EACH = "目录", "核查先后", "汇总", "各源结果"
CLAUSES, GAPS, TOWNS, ACTIONS, NOTES = "依据", "未评估与缺口", "按乡镇", "处理台账", "说明"
PURPOSES = {
    ORDER: "先去哪几家、为什么、依据哪一条、有多确定",
    SUMMARY: "各类数量：结论、分组、半径、行业、耕地",
    EACH: "每一行输入的结果，测算不了的也在内",
    CLAUSES: "触及、有附加条件、符合排查条件的条款及原文；其余条款只计数",
    GAPS: "哪些没有判、补什么就能判",
    TOWNS: "各乡镇的污染源和耕地",
    ACTIONS: "读取资料时的更正、假设和存疑",
    NOTES: "资料、参数、取法和限制",
}
MAP = "map.html"
HITS = (Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED)
READING = {
    LEADS.name: "线索只表示查询范围跨越县界，供移送和会商，不表示污染已经发生。",
    IRRIGATION.name: "按台账逐环核对。链条不全只说明台账接不上，不等于没有影响；链条完整不表示污染已经发生。",
    CATCHMENTS.name: "集水范围内现有数据没有污染源，不等于实地没有；「无法判断」「未落到水流」的取水口未作判断，"
    "须核对坐标。",
    SAMPLING.name: "供布点会商参考，实际点位由监测部门现场确定。",
    BASINS.name: "封闭洼地可能是岩溶洼地、矿坑，也可能是高程误差；填平或保留由使用单位选定，"
    "岩溶区地下水去向不能由高程得到。",
    AGREEMENT.name: "两者结论不一的一律「无法判断」，须现场核实。",
    STEEP.name: "「具备条件」由主管部门认定，本表只列坡度线索；坡度已知的地块中没有列入的，不等于实地不存在。",
    FLIPS.name: "条文只给出平原地区 10 公里，「山区、丘陵地区可适当缩减」没有数字；本表试算各档半径，不是结论。",
    BARRIERS.name: "山脊和同一小流域只供参考，不改变结论。",
    OVERHEAD.name: OVERHEAD_REMARK,
    MINES.name: "次序先看下游、再看周边的严格管控类面积，然后安全利用类，最后距离；不打总分，不表示污染来自该矿。",
    OUTLETS.name: "排放口位置只作列示，距离按企业位置测算；未归入企业的未计入任何企业，见处理台账。",
}
LAND_REMARK = "整块计入：地块与查询范围相接即计整块面积；圆内面积按所绘图形只计圆内部分，重叠处只计一次；只对点位计算。"


def write_workbook(results: Results, presentation: Presentation, path: Path) -> None:
    """Write the workbook to `path`: at most nine sheets, 目录 first, with links among them and to the map.

    Of `results` as `presentation` has them. Distances are in metres, areas in hectares and 亩, lon and lat in degrees.
    """
    run = Told(results, presentation.language)
    tables = {sheet.name: sheet for sheet in run.sheets()}
    summary, notes = tuple(_summary_sections(run)), tuple(_note_sections(results))
    order = [ORDER, SUMMARY, *(name for name in tables if name != ORDER), NOTES]
    counts = {name: len(tables[name].rows) if name in tables else 0 for name in order}
    with open_book(results, presentation, path) as book:
        book.place(tables.values())
        book.rows[CONTENTS, ""] = 0
        write_sections(
            book,
            CONTENTS,
            tuple(_contents_sections(results, counts, presentation.left_out)),
            CONTENT_WIDTHS,
            remarks=tuple(say("warned_of", words=words) for words in results.warnings),
        )
        for name in order:
            if name in tables:
                write_table(book, tables[name], "A3" if name == EACH else "")  # too wide to be read on A4
            elif name == SUMMARY:
                write_sections(book, SUMMARY, summary, SUMMARY_WIDTHS, is_broken=True)
            else:
                write_sections(book, NOTES, notes, NOTE_WIDTHS)


CONTENT_WIDTHS = (38, 12, 100, 30, 20)
SUMMARY_WIDTHS = (54, 19, 19, 19, 19, 19, 19, 19)
NOTE_WIDTHS = (26, 12, 10, 12, 48, 42, 12, 38)


def _contents_sections(
    results: Results, counts: Mapping[str, int], left_out: Collection[str] = ()
) -> Iterator[Section]:
    """Yield what the first sheet says: the sheets, what was found in one line each, and the other files."""
    rows: list[tuple[Cell, ...]] = [(Link(name, name), count or None, PURPOSES[name]) for name, count in counts.items()]
    yield Section("本工作簿", ("工作表", "行数", "用途"), rows)
    groups = Counter(results.sources["visit_group"].to_pylist()) if wording.is_ordered(results) else Counter[str]()
    numbers: list[tuple[Cell, ...]] = [
        (
            "污染源（行）",
            results.sources.num_rows,
            _counted(results.status_counts(), ((status.value, status) for status in Status)),
        ),
        (
            "排查清单（家）",
            sum(groups[group.value] for group in VisitGroup),
            _counted(groups, ((group.value, group.value) for group in VisitGroup)),
        ),
    ]
    numbers += [
        (say("verdict_clauses", verdict=verdict.zh), count, "") for verdict, count in results.verdict_counts().items()
    ]
    yield Section("数量", ("项目", "数量", "其中"), numbers)
    beside = [("report.docx", "报告"), ("survey_list.xlsx", "表1 排查清单、表2、表3，每家一张核查表")]
    if not why_no_page(results):
        beside.insert(0, (MAP, "地图，不需要网络"))
    files: list[tuple[Cell, ...]] = [(Link(name, name), None, what) for name, what in beside]
    files += [
        (f"data/{name}", table.num_rows, TABLES[name].zh)
        for name, table in tables_of(results)
        if table.num_rows and name.endswith(".csv") and name not in left_out
    ]
    yield Section("其他文件（各列含义见 data/dictionary.csv）", ("文件", "行数", "内容"), files)


def _counted(counts: Mapping[str, int], words: Iterable[tuple[str, Value]]) -> str:
    """Return words by their codes with how often each is counted, zeros left out."""
    return one_by_one(say("word_count", word=word, count=counts[code]) for code, word in words if counts.get(code))


class Told:
    """What the sheets are made from, gathered once."""

    def __init__(self, results: Results, language: str = "zh") -> None:
        self.results, self.language = results, language
        self.example = wording.is_example(results)
        self.sources: list[dict[str, Any]] = results.sources.drop_columns("geometry").to_pylist()
        self.findings = results.finding_rows()
        self.by_source: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for finding in self.findings:
            self.by_source[finding["source_id"]].append(finding)
        self.hits = [finding for finding in self.findings if finding["verdict"] in HITS]
        self.listed = sorted(
            (row for row in self.sources if row.get("list_number") is not None), key=lambda row: row["list_number"]
        )
        self.numbers = {row["source_id"]: row["list_number"] for row in self.listed}
        self.names = {row["source_id"]: row["name"] for row in self.sources}
        self.titles = {rule.rule_id: rule.title or rule.rule_id for rule in results.rules}
        self.counts: dict[str, dict[float, dict[str, tuple[int, float]]]] = defaultdict(lambda: defaultdict(dict))
        for row in results.counts.to_pylist():
            if row["count"] is not None:
                self.counts[row["source_id"]][row["radius_m"]][row["class"]] = (row["count"], row["area_ha"] or 0.0)
        self.has_map = not why_no_page(results)
        self.first_hit = {finding["source_id"]: finding["finding_id"] for finding in reversed(self.hits)}
        self.floors = results.lower_bounds()
        areas = [layer.table.select(["id", "name"]) for layer in results.context if layer.role == "key_area"]
        self.areas = {row["id"]: row["name"] or row["id"] for table in areas for row in table.to_pylist()}
        names = results.sources.column_names
        self.is_clipped = FARMLAND_CLIPPED in names
        self.has_extents = "key_area_district" in names and any(results.sources["key_area_district"].to_pylist())

    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets that are tables, in their order; those that nothing would stand on are left out."""
        yield _order_sheet(self)
        yield _sources_sheet(self)
        yield _clauses_sheet(self)
        rows: list[tuple[Cell, ...]] = list(wording.gaps_of(self.findings))
        remark = "一条可能缺几项，补齐才能判；「仅补此项可判」是只缺这一项的。未评估事项不得视为符合要求。"
        yield Sheet(GAPS, columns_of(GAPS), rows, remarks=(remark,))
        if self.results.bureau is not None and self.results.bureau.townships.num_rows:
            yield _townships_sheet(self)
        yield _ledger_sheet(self.results, self.language)

    def on_map(self, source_id: str) -> Cell:
        """Return `source_id`, linked to where it lies on the map."""
        return Link(source_id, MAP, source_id) if self.has_map else source_id

    def polluted_mu(self, source_id: str, word: str, *, floor: bool) -> Cell:
        """Return the farmland of class `word` within the search radius of `source_id` in 亩; `floor`: at least."""
        within = self.counts.get(source_id, {}).get(self.results.radius_m, {}).get(word)
        return None if within is None else bounded(mu(within[1]), floor=floor)


def distance(row: Mapping[str, Any]) -> Cell:
    """Return the distance of source `row` to the nearest parcel with its error; a range where a place is known."""
    near_m, far_m = row["nearest_farmland_m"], row["nearest_farmland_max_m"]
    if near_m is None:
        return None
    if row["position_kind"] == "place":
        return near_m if far_m is None else say("step_span", low=f"{near_m:,.0f}", high=f"{far_m:,.0f}")
    return Measured(near_m, row["position_uncertainty_m"] or 0.0)


def _order_sheet(run: Told) -> Sheet:
    """Return the one ordered list, with the columns that a decision needs and the reason in a sentence."""
    within = say("farmland_within", radius=radius_text(run.results.radius_m))
    columns = columns_of(ORDER, {"within": within}, polluted=tuple(POLLUTED_CLASSES))
    rows: list[tuple[Cell, ...]] = [
        (
            row["list_number"],
            run.on_map(row["source_id"]),
            row["name"],
            row["township"] or row["county"],
            row.get("trade_name") or row["trade_code"],
            row["visit_group"],
            row["distance_class"],
            distance(row),
            *(
                run.polluted_mu(row["source_id"], word, floor=bool(row["counts_are_lower_bounds"]))
                for word in POLLUTED_CLASSES
            ),
            wording.badge(row, example=run.example, language=run.language),
            wording.certainty_word(row),
            row["visit_reason"],
            Link("见各源", EACH, row["source_id"]),
        )
        for row in run.listed
    ]
    results = run.results
    rule = next((used for used in results.rules if used.rule_id == results.screening_rule_id and used.document), None)
    grounds = ""
    if rule is not None:
        grounds = say("grounds_are", cited=wording.cited_with_standing(asdict(rule)))
    remarks = (*filter(None, (wording.visit_order(results), grounds)), "点编号在地图上打开。")
    return Sheet(ORDER, columns, rows, remarks=remarks, keys=tuple(row["source_id"] for row in run.listed))


def _sources_sheet(run: Told) -> Sheet:
    """Return one row per input row, whatever became of it: distances, farmland, each radius, clauses by verdict."""
    results = run.results
    rows = [_source_row(run, row) for row in run.sources]
    remarks = (
        say(
            "clauses_by_verdict",
            counts=wording.verdict_header(results.verdict_counts(), results.unassessed_counts(), run.language),
        ),
        "「否」指现有数据在该半径内无记录，不等于实地不存在。「临界」指位置误差内结论可能改变。点编号在地图上打开。",
        *((LAND_REMARK,) if run.is_clipped else ()),
    )
    keys = tuple(row["source_id"] for row in run.sources)
    sheet = Sheet(EACH, _source_columns(run), rows, remarks=remarks, keys=keys)
    return with_columns_of(sheet, SOURCES.name, run.sources)


def _source_columns(run: Told) -> tuple[Column, ...]:
    results = run.results
    return columns_of(
        EACH,
        {"within": say("farmland_within", radius=radius_text(results.radius_m))},
        clipped=("圆内面积",) if run.is_clipped else (),
        radius=tuple(map(radius_text, results.radii_m)),
        extent=("按全区", "按所列乡镇") if run.has_extents else (),
        verdict=tuple(verdict.zh for verdict in (*HITS, Verdict.NOT_ASSESSED)),
        area=() if run.has_extents else ("所在重点区域",),
    )


def _source_row(run: Told, row: Mapping[str, Any]) -> tuple[Cell, ...]:
    results, clipped, extents = run.results, run.is_clipped, run.has_extents
    source_id, floor = row["source_id"], bool(row["counts_are_lower_bounds"])
    area_ha = row["farmland_area_ha"]
    of_clauses = Counter(finding["verdict"] for finding in run.by_source[source_id])
    hits = [
        Link(of_clauses[verdict.value], CLAUSES, run.first_hit[source_id]) if of_clauses[verdict.value] else 0
        for verdict in HITS
    ]
    key_area = row["key_area_id"] or ""
    return (
        Link(run.numbers[source_id], ORDER, source_id) if source_id in run.numbers else None,
        run.on_map(source_id) if row["status"] == Status.ASSESSED else source_id,
        row["name"],
        row["county"],
        row["township"],
        row.get("trade_name") or row["trade_code"],
        wording.status_word(row["status"]),
        wording.badge(row, example=run.example, language=run.language),
        wording.certainty_word(row),
        distance(row),
        row["nearest_farmland_id"],
        bounded(row["farmland_count"], floor=floor),
        bounded(None if area_ha is None else mu(area_ha), floor=floor),
        *((bounded(row[FARMLAND_CLIPPED], floor=floor),) if clipped else ()),
        *answers(row, run.counts.get(source_id, {}), results.radii_m, run.floors),
        *((row["key_area_district"], row["key_area_towns"]) if extents else ()),
        *hits,
        of_clauses[Verdict.NOT_ASSESSED.value],
        *(() if extents else (run.areas.get(key_area, key_area),)),
        wording.basis_word(row["basis"]),
        row["note"],
    )


def answers(
    row: Mapping[str, Any],
    by_radius: Mapping[float, Mapping[str, tuple[int, float]]],
    radii_m: Iterable[float],
    floors: frozenset[tuple[str, float]],
) -> list[str]:
    """Return for each of `radii_m` whether farmland lies within it: 是, 否, 未评估, or 临界 where the position tells.

    `row` is a source's, `by_radius` its counts and hectares by class. None found where the search leaves the declared
    coverage (`floors`) is 未评估, not 否.
    """
    return [
        _holds_farmland(row, by_radius.get(radius_m), radius_m, floor=(row["source_id"], radius_m) in floors)
        for radius_m in radii_m
    ]


def _holds_farmland(
    row: Mapping[str, Any], by_class: Mapping[str, tuple[int, float]] | None, radius_m: float, *, floor: bool
) -> str:
    if by_class is None or ALL_CLASSES not in by_class:
        return UNKNOWN
    nearest_m, farthest_m = row["nearest_farmland_m"], row["nearest_farmland_max_m"]
    if by_class[ALL_CLASSES][0] > 0:
        return INSIDE + (CRITICAL if farthest_m is not None and farthest_m > radius_m else "")
    if floor:
        return UNKNOWN
    reach_m = None if nearest_m is None else nearest_m - (row["position_uncertainty_m"] or 0.0)
    return OUTSIDE + (CRITICAL if reach_m is not None and reach_m <= radius_m else "")


def _summary_sections(run: Told) -> Iterator[Section]:
    """Yield the sums: by verdict, group and distance, radius, trade, class of farmland, key area."""
    results = run.results
    verdicts = Counter(row["verdict"] for row in run.sources)
    yield Section(
        "排查结论（家）",
        ("结论", "家数"),
        [(verdict.zh, verdicts[verdict.value]) for verdict in Verdict if verdicts[verdict.value]]
        or [("未设排查规则", len(run.sources))],
    )
    if run.listed:
        near_first = sorted(
            run.listed, key=lambda row: -1 if row["nearest_farmland_m"] is None else row["nearest_farmland_m"]
        )
        labels = list(dict.fromkeys(row["distance_class"] for row in near_first))
        matrix = Counter((row["visit_group"], row["distance_class"]) for row in run.listed)
        rows: list[tuple[Cell, ...]] = [
            (say("group_since", group=group.value, why=group), *(matrix[group.value, label] for label in labels),
             sum(matrix[group.value, label] for label in labels))
            for group in VisitGroup
        ]  # fmt: skip
        yield Section("核查分组和距离档（家）", ("分组", *labels, "合计"), rows)
    yield _radius_section(run)
    trades, listed = (
        Counter(row.get("trade_name") or row["trade_code"] or "行业未填" for row in rows)
        for rows in (run.sources, run.listed)
    )
    yield Section(
        "按行业（家）",
        ("行业", "输入", "在清单"),
        [(name, count, listed[name]) for name, count in trades.most_common()],
    )
    yield from _land_sections(results)
    if run.has_extents:
        both = [Counter(results.sources[name].to_pylist()) for name in ("key_area_district", "key_area_towns")]
        yield Section(
            "是否在重点区域（家）；正文按全区、附表按所列乡镇，两种口径分别列示",
            ("答案", "按全区", "按所列乡镇"),
            [(word, both[0][word], both[1][word]) for word in ("是", "否", "无法判断")],
        )


def _radius_section(run: Told) -> Section:
    floors = run.results.lower_bounds()
    radii_m = run.results.radii_m
    answered = [answers(row, run.counts.get(row["source_id"], {}), radii_m, floors) for row in run.sources]
    rows: list[tuple[Cell, ...]] = []
    for index, radius_m in enumerate(radii_m):
        counted = Counter(answer[index] for answer in answered)
        critical = counted[INSIDE + CRITICAL] + counted[OUTSIDE + CRITICAL]
        rows.append((radius_text(radius_m), counted[INSIDE], critical, counted[OUTSIDE], counted[UNKNOWN]))
    return Section("各半径内有耕地的污染源（家）", ("半径", "是", "临界", "否", "未评估"), rows)


def _land_sections(results: Results) -> Iterator[Section]:
    """Yield farmland by class of soil and of land use, all of it and what is reached; then by radius."""
    table = results.receptors.select(["receptor_kind", "class", "land_class", "area_ha", "source_count"])
    farmland = table.filter(pc.equal(table["receptor_kind"], LayerKind.FARMLAND.value))
    reached = farmland.filter(pc.greater(farmland["source_count"], 0))
    rows: list[tuple[Cell, ...]] = []
    for column, words in (("class", ["合计"]), ("land_class", [])):
        sums, near = _counts_and_mu(farmland, column), _counts_and_mu(reached, column)
        named = (*classes_in_order({*farmland[column].unique().to_pylist()} - {None}), *words)
        rows += [(word, *sums[word], *near.get(word, (0, 0.0))) for word in named]
    title = say("farmland_all_and_reached", radius=radius_text(results.radius_m))
    yield Section(title, ("类别", "地块数", "面积(亩)", "受影响地块数", "受影响面积(亩)"), rows)
    totals = results.bureau.land_totals.to_pylist() if results.bureau is not None else []
    if totals:
        known_m = (error_m for error_m in results.sources["position_uncertainty_m"].to_pylist() if error_m is not None)
        off_m = max(known_m, default=None)
        yield _totals_section([row for row in totals if row["county"] == totals[0]["county"]], off_m)


def _totals_section(rows: Sequence[Mapping[str, Any]], off_m: float | None) -> Section:
    """Return the farmland within each radius, each parcel once, by class; a lower bound is marked, and why.

    It is measured from the positions as given; `off_m` is how far off the worst of them may be.
    """
    radii = [radius_text(radius_m) for radius_m in dict.fromkeys(row["radius_m"] for row in rows)]
    by_class: dict[tuple[str, str], list[Cell]] = defaultdict(list)
    for row in rows:
        cell = bounded(mu(row["area_ha"]), floor=row["is_lower_bound"])
        word = {ALL_CLASSES: "合计", LandClass.GARDEN.value: GARDEN_BESIDE}.get(row["class"], row["class"])
        by_class[row["class_kind"], word].append(cell)
    widest = rows[-1]
    beyond, unplaced = widest["sources_beyond_coverage"], widest["sources_unplaced"]
    why = [say("land_beyond_coverage", count=beyond)] if beyond else []
    why += [say("land_unplaced", count=unplaced)] if unplaced else []
    is_bound = bool(why)
    why += [] if off_m is None else [say("land_from_given", off_m=off_m)]
    parts = ("各半径内有污染源的耕地(亩)，同一块只计一次", *["≥ 为下限"] * is_bound, *why)
    title = say("one_by_one", parts=parts)
    return Section(title, ("类别", *radii), [(word, *cells) for (_, word), cells in by_class.items()])


def _counts_and_mu(rows: pa.Table, column: str) -> dict[str, tuple[int, float]]:
    coded = pc.dictionary_encode(rows[column].combine_chunks(), null_encoding="encode")
    numbers, area_ha = coded.indices.to_numpy(), pc.fill_null(rows["area_ha"], 0.0).to_numpy()
    areas_ha = {word: area_ha[numbers == number] for number, word in enumerate(coded.dictionary.to_pylist())}
    areas_ha["合计"] = area_ha
    return {word: (len(areas), mu(sum(areas.tolist()))) for word, areas in areas_ha.items()}


def _clauses_sheet(run: Told) -> Sheet:
    """Return the findings that touch, restrict or list, each with what was measured; then every clause with counts."""
    order = {verdict.value: place for place, verdict in enumerate(HITS)}
    hits = sorted(
        run.hits,
        key=lambda finding: (
            order[finding["verdict"]],
            finding["rule_id"],
            run.numbers.get(finding["source_id"], len(run.sources)),
        ),
    )
    rows: list[tuple[Cell, ...]] = [
        (
            run.numbers.get(row["source_id"]),
            Link(row["source_id"], EACH, row["source_id"]),
            run.names.get(row["source_id"], ""),
            wording.badge(row, example=run.example, language=run.language),
            run.titles.get(row["rule_id"], row["rule_id"]),
            row["measured_text"],
            "" if row["limit_value"] is None else f"{row['limit_value']:,g} {row['unit'] or ''}".strip(),
            row["receptor_name"] or row["receptor_id"],
            wording.certainty_word(row),
            wording.verdict_word(row["verdict_other"]),
            bearing_text(row["bearing_deg"]),
        )
        for row in hits
    ]
    silent = len({rule.rule_id for rule in run.results.rules} - {finding["rule_id"] for finding in run.findings})
    remarks = (
        "只列触及、有附加条件、符合排查条件的；逐条全部结果见 data/findings.parquet。",
        "" if rows else "本次没有这样的条款。",
        say("clauses_without_judgement", silent=silent) if silent else "",
    )
    keys = tuple(row["finding_id"] for row in hits)
    sections = (_quotes_section(run), _counts_section(run))
    sheet = Sheet(CLAUSES, columns_of(CLAUSES), rows, remarks=(sentences(*remarks),), keys=keys, sections=sections)
    return with_columns_of(sheet, "findings.parquet", hits, last=0)


def _quotes_section(run: Told) -> Section:
    """Return the clauses that touched something, word for word, with what each says."""
    by_clause: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for finding in run.hits:
        by_clause[finding["rule_id"], finding["verdict"]].append(finding)
    rows: list[tuple[Cell, ...]] = [
        (
            say("rule_of_sources", rule=first["rule_id"], count=len(findings)),
            run.titles.get(first["rule_id"], ""),
            wording.badge(first, example=run.example, language=run.language),
            wording.finding_sentence(run.results, first, run.language, in_english),
            f"{wording.citation(first)}：{first['quote']}",
            _side_by_side(
                wording.standing_word(first["standing"], verified=run.results.verified_of(first["rule_id"])),
                LegalRank.of(first["legal_rank"]).zh if first["legal_rank"] else "",
                first["decider"],
            ),
        )
        for findings in by_clause.values()
        for first in findings[:1]
    ]
    spans = ((0, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 10))
    header = ("规则", "名称", "结论", "判断", "条款和原文", "效力｜位阶｜认定部门")
    return Section("条款怎样说", header, rows, (4,), spans)


def _side_by_side(*words: str) -> str:
    return say("side_by_side", parts=tuple(filter(None, words)))


def _counts_section(run: Told) -> Section:
    """Return how often each clause was judged how."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in run.findings:
        counted[finding["rule_id"]][finding["verdict"]] += 1
    rows: list[tuple[Cell, ...]] = [
        (
            rule.rule_id,
            rule.title,
            wording.citation({"document": rule.document, "clause": rule.clause}),
            wording.standing_word(rule.standing, verified=rule.verified),
            _side_by_side(
                *(
                    say("word_count", word=verdict, count=counted[rule.rule_id][verdict.value])
                    for verdict in Verdict
                    if counted[rule.rule_id][verdict.value]
                )
            ),
        )
        for rule in run.results.rules
        if set(counted[rule.rule_id]) - {Verdict.NOT_APPLICABLE.value}
    ]
    silent = sum(set(verdicts) == {Verdict.NOT_APPLICABLE.value} for verdicts in counted.values())
    title = one_by_one(("全部条款（条）", say("clauses_apply_to_none", silent=silent) if silent else ""))
    spans = ((0, 1), (2, 3), (4, 6), (7, 7), (8, 10))
    header = ("规则", "名称", "条款", "效力", "判断数")
    return Section(title, header, rows, (2,), spans)


def _townships_sheet(run: Told) -> Sheet:
    """Return one row per township: its sources, its parcels, those under influence, and by whom."""
    table = [] if run.results.bureau is None else named_sources(run.results.bureau.townships.to_pylist(), run.names)
    listed: dict[str, list[str]] = defaultdict(list)
    for row in run.listed:
        listed[row["township"] or ""].append(str(row["list_number"]))
    radius = radius_text(run.results.radius_m)
    lands = [land for code in LAND_CODES.values() if any(row[land := f"reached_{code}_ha"] for row in table)]
    told_of = (
        From("township", 14),
        From("county", 10),
        From("source_count", 8),
        From("farmland_count", 9),
        From("farmland_area_ha", 11, in_mu=True),
        From("reached_count", 9, group=say("farmland_reached_within", radius=radius)),
        From("reached_area_ha", 11, in_mu=True, group=say("farmland_reached_within", radius=radius)),
        From("reached_strict_control_ha", 11, in_mu=True, group=say("farmland_reached_within", radius=radius)),
        From("reached_safe_use_ha", 11, in_mu=True, group=say("farmland_reached_within", radius=radius)),
        *(From(land, 10, in_mu=True, group=say("farmland_reached_within", radius=radius)) for land in lands),
        *[From("reached_garden_ha", 11, in_mu=True)] * any(row["reached_garden_ha"] for row in table),
        From("reaching_count", 8),
        From("nearest_source_id", 20),
        From("nearest_source_m", 10),
        From("site_count", 8),
        From("reached_site_count", 8),
    )
    sheet = table_sheet(TOWNS, TOWNSHIPS.name, table, told_of)
    rows = [
        (*cells, "、".join(listed.get(row["township"] or "", []))) for cells, row in zip(sheet.rows, table, strict=True)
    ]
    not_summed = ("township", "county", "reaching_count", "nearest_source_id", "nearest_source_m")
    sums = [index for index, column in enumerate(told_of) if column.name not in not_summed]
    total: tuple[Cell, ...] = tuple(
        "合计" if index == 0 else _sum(rows, index) if index in sums else None for index in range(len(told_of) + 1)
    )
    remark = say("under_influence", radius=radius)
    columns = (*sheet.columns, Column("清单序号（在本乡镇的）", 30, "wrap"))
    return replace(sheet, columns=columns, rows=rows, totals=(total,), remarks=(remark,))


def named_sources(rows: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return rows that name their nearest source, where it has a name, beside its id."""
    ids = ((row, row["nearest_source_id"]) for row in rows)
    return [{**row, "nearest_source_id": f"{names[one]}（{one}）" if names.get(one) else one} for row, one in ids]


def _sum(rows: Iterable[tuple[Cell, ...]], index: int) -> Cell:
    values = [row[index] for row in rows]
    return sum(value for value in values if isinstance(value, int | float))


MOST_LINES, MOST_ROWS_NAMED = 400, 6


def _ledger_sheet(results: Results, language: str = "zh") -> Sheet:
    """Return everything that was dropped, repaired, assumed or suspected; rows of one kind stand on one line."""
    kinds: dict[tuple[str, ...], list[LedgerEntry]] = defaultdict(list)
    for entry in results.ledger.entries:
        kinds[PurePath(entry.file).name, entry.sheet, entry.field, entry.event, entry.reason, entry.action].append(
            entry
        )
    rows: list[tuple[Cell, ...]] = [
        (
            *kind,
            len(entries),
            _some(str(entry.row) if entry.row else "整个文件" for entry in entries),
            _some(value_in_language(entry.value, language) for entry in entries),
            _some(entry.source_id for entry in entries),
        )
        for kind, entries in kinds.items()
    ]
    code = "ledger_told_capped" if len(rows) > MOST_LINES else "ledger_told"
    counted: dict[str, Value] = {
        "count": len(results.ledger),
        "file": LEDGER.name,
        "most": MOST_LINES,
        "kinds": len(rows),
    }
    remark = say_with(code, counted)
    return Sheet(ACTIONS, columns_of(ACTIONS), rows[:MOST_LINES], remarks=(remark if rows else "没有需要记录的处理。",))


def _some(words: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(filter(None, words)))
    more = f" … ({len(distinct)})" if len(distinct) > MOST_ROWS_NAMED else ""  # in any language
    return "、".join(distinct[:MOST_ROWS_NAMED]) + more


def bounded(number: float | None, *, floor: bool) -> Cell:
    """Return count or area `number`, marked as at least where the search leaves the data (`floor`)."""
    return AtLeast(number) if floor and number is not None else number


def _note_sections(results: Results) -> Iterator[Section]:
    """Yield what the sheet 说明 says: run, layers, parameters, clauses that only classify, how other tables read."""
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
    wide = ((0, 1), (2, 7))
    yield Section("基本信息", ("项目", "内容"), run, spans=wide)
    yield _layers_section(results.layers)
    used = {layer.kind.zh for layer in results.layers}
    yield Section(
        "底图与参考图层（不参与判断）",
        ("图层", "性质", "来源"),
        [(layer.title, layer.basis.zh, layer.credit) for layer in results.context if layer.title not in used],
        spans=((0, 1), (2, 2), (3, 7)),
    )
    yield Section(
        "参数",
        ("参数", "取值", "确定单位", "日期", "理由"),
        [
            (p.name, f"{p.value} {p.unit}".strip(), p.by or "系统默认约定", p.on, p.reason)
            for p in results.parameters
        ],
        spans=((0, 1), (2, 4), (5, 5), (6, 6), (7, 7)),
    )  # fmt: skip
    filled = {name for name, table in tables_of(results) if table.num_rows}
    reading: list[tuple[Cell, ...]] = [(f"data/{name}", text) for name, text in READING.items() if name in filled]
    if reading:
        yield Section("其他各表怎样读", ("文件", "说明"), reading, spans=((0, 1), (2, 7)))
    terrain = () if results.terrain is None else [line for lines in results.terrain.notes.values() for line in lines]
    takings = (*(() if results.water is None else results.water.notes), *terrain)
    if takings:
        yield Section("水流和地形的取法", ("说明",), [(line,) for line in dict.fromkeys(takings)], spans=((0, 7),))


def _layers_section(layers: Sequence[LayerUsed]) -> Section:
    rows: list[tuple[Cell, ...]] = [
        (
            layer.kind.zh,
            layer.basis.zh,
            layer.feature_count,
            layer.gates.vintage or "未申明",
            "；".join(dict.fromkeys(filter(None, (layer.provenance.source, layer.provenance.credit)))) or "未申明",
            f"{layer.gates.coverage_name or '未申明'}｜{layer.gates.completeness.zh}",
            layer.gates.classification.value,
            PurePath(layer.provenance.path).name,
        )
        for layer in layers
    ]
    header = ("图层", "性质", "要素数", "时点", "来源", "覆盖范围｜完整性", "密级", "文件")
    return Section("资料（校验值见 data/manifest.json）", header, rows, quotes=(7,))
