"""Places chosen: `hmgeo candidates`, `offsets`, `overlay` and `key-areas`.

Points filtered by clause and spacing, reduction sources and purchases, zones of clauses laid over an area, and key
areas filled into tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

import pyarrow as pa
import shapely
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem, UsageError, raise_problems
from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.intake.areas import context_layers, resolve_area
from hmgeo.intake.catalog import shown_path
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.formats.read import read_raw
from hmgeo.intake.quality import UNREAD_NUMBER, plain_numbers
from hmgeo.intake.rows import Journal
from hmgeo.outputs import qml, siting_words
from hmgeo.outputs.gis import GisTable, with_geometry, write_tables
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.style import CONTEXT, context_style
from hmgeo.outputs.tables import write_parquet
from hmgeo.outputs.templates import TABLES, PlainTable, write_plain
from hmgeo.outputs.wording import DISCLAIMER, badge
from hmgeo.project.folder import SCHEMA, ending_of, entries, whole_file, whole_files, whole_folder, write_record
from hmgeo.project.inputs import administrative_areas, context_layers_of, layers_used
from hmgeo.project.sites.desk import SiteDesk, open_desk, read_sites
from hmgeo.project.sites.given import Typed, sites_of_file, typed_site
from hmgeo.records import Ledger, schema_of, table_of
from hmgeo.reference.cells import factor, unit_of_header
from hmgeo.reference.tables import GUIDE_MARKS, find_header, key_areas
from hmgeo.results.columns import SHAPES_SCHEMA, nothing_found
from hmgeo.results.results import ContextLayer, Presentation, Results
from hmgeo.results.siting import Clause
from hmgeo.rules.book import load_book
from hmgeo.rules.nodes import near
from hmgeo.siting import offsets
from hmgeo.siting.candidates import Candidate, choose_candidates, generated_points, reading_order
from hmgeo.siting.key_areas import COLUMNS, Lists, fill_key_areas
from hmgeo.siting.overlay import Overlay, Zone, hatching, overlay_clauses
from hmgeo.siting.site import PlaceFinder
from hmgeo.vocabulary import FIVE_METALS, INVENTED, METALS, Basis, Effect, LayerKind, Verdict
from hmgeo.words import sentences

MOST_POINTS = 50_000
_START = ("编号", "名称", "经度", "纬度", "是否入选", "未入选原因", "未评估的过滤条款", "过滤结果")
TOUCHED, OPEN, UNTOUCHED = "触及", "未评估", "未触及"
ORDER = "次序：未触及的在前，其中未评估最少的在前；不分优劣，未触及不等于可以建设。"
_MAPPED = {
    UNTOUCHED: ("candidate_untouched", "过滤条款均未触及的候选点（不等于可以建设）"),
    OPEN: ("candidate_open", "过滤条款有未评估的候选点"),
    TOUCHED: ("candidate_touched", "触及过滤条款的候选点"),
}


class Points(Struct, frozen=True):
    """Where candidates come from.

    `sites`: a file of points, the preferred ones first; a lattice over the area is laid out where None.
    `area`: area code, key-area id or polygon file of the lattice; the project's own where empty.
    """

    sites: Path | None = None
    basis: Basis = Basis.UNDECLARED
    area: str = ""
    step_m: float = 1000.0


def candidate_table(
    project: Path,
    typed: Typed,
    points: Points,
    *,
    unwanted: Sequence[str] = (),
    spacing_m: float = 0.0,
    as_of: date | None = None,
) -> Candidates:
    """Judge candidate points and choose; there is no score, every row carries what the clauses say of it.

    `points` are given or a grid; `spacing_m` keeps those chosen apart, in metres (0: all stay); `as_of` is the day
    asked about, the project's where None.

    `typed`: the project that would stand there.
    `unwanted`: ids of the clauses that filter; where empty all that can prohibit: bans, and requirements without a
    way out.
    `ProjectError`, `InputError` or `UsageError` with every problem found.
    """
    desk = open_desk(project, as_of=as_of)
    wanted = _filter(desk, unwanted)
    like, _ = typed_site(typed, for_list=points.sites is not None)
    if points.sites is None:
        areas = [resolve_area(points.area, base=desk.spec.folder)] if points.area else list(desk.inputs.areas)
        outline = shapely.union_all([area.geometry for area in areas])
        candidates = list(islice(generated_points(outline, points.step_m, like), MOST_POINTS + 1))
        if not 0 < len(candidates) <= MOST_POINTS:
            count, remedy = f"{len(candidates)} 个以上" if candidates else "0 个", "调整 --step 或 --area"
            raise UsageError(Problem("网格点数不合适", Place(key="--step"), count, f"1 至 {MOST_POINTS}", remedy))
    else:
        candidates, _ = read_sites(desk, points.sites, basis=points.basis, options=ReadOptions(), defaults=typed)
    chosen = reading_order(choose_candidates(desk.bench, candidates, unwanted=frozenset(wanted), spacing_m=spacing_m))
    rows = [
        (candidate, {clause.citation.rule_id: clause for clause in candidate.answer.clauses}) for candidate in chosen
    ]
    shown = [rule_id for rule_id in wanted if unwanted or any(rule_id in clauses for _, clauses in rows)]
    header = (
        *_START,
        *(verdict.zh for verdict in Verdict),
        *(text for rule_id in shown for text in (rule_id, f"{rule_id} 量测")),
        "说明",
    )
    table = PlainTable("候选点", header, tuple(_row(row, clauses, shown) for row, clauses in rows))
    return Candidates(table, _candidate_map(desk, chosen, spacing_m=points.step_m))


class Candidates(Struct, frozen=True):
    """Candidate points as a table, and as a map of what is untouched, touched and not known."""

    table: PlainTable
    drawn: Results


def write_candidates(candidates: Candidates, out: Path, inputs: Sequence[Path]) -> Path:
    """Write `candidates` to `out`, .xlsx or .csv, and the map beside it, never over `inputs`; return the map.

    `OutputError`: a file can't be written, or a layer's 密级 forbids the page. `UsageError` as `ending_of`.
    """
    ending_of(out, TABLES)
    page = out.with_suffix(".html")
    with whole_files((out, page), inputs) as (table, drawn):
        write_plain([candidates.table], table, suffix=out.suffix, notes=(ORDER, DISCLAIMER))
        write_map(candidates.drawn, Presentation(), drawn)
    return page


def _state(candidate: Candidate, unjudged: Sequence[str]) -> str:
    return TOUCHED if candidate.is_touched else OPEN if unjudged else UNTOUCHED


def _candidate_map(desk: SiteDesk, candidates: Sequence[Candidate], *, spacing_m: float) -> Results:
    """Return an overview map: each point as a small disc by what the clauses of the filter say of it."""
    inputs = desk.inputs
    discs: dict[str, list[dict[str, object]]] = {state: [] for state in _MAPPED}
    for candidate in candidates:
        if candidate.site.geometry is not None:
            disc = geodesic_buffer(shapely.point_on_surface(candidate.site.geometry), spacing_m / 3)
            row = {"id": candidate.site.site_id, "name": candidate.site.name, "geometry": shapely.to_wkb(disc)}
            discs[_state(candidate, candidate.unjudged)].append(row)
    layers = [
        ContextLayer(code, f"{title}（{len(discs[state])} 个）", Basis.REAL, "", table_of(discs[state], SHAPES_SCHEMA))
        for state, (code, title) in _MAPPED.items()
        if discs[state]
    ]
    return Results(
        title=f"候选点：{desk.spec.title}",
        as_of=desk.bench.question.as_of,
        area_name="、".join(area.name for area in inputs.areas),
        **nothing_found(),
        ledger=Ledger(()),
        layers=layers_used(inputs.receptors),
        context=(*layers, *context_layers_of(inputs.areas, inputs.context, [])),
        warnings=(ORDER,),
    )


def _filter(desk: SiteDesk, unwanted: Sequence[str]) -> tuple[str, ...]:
    rules = {rule.id: rule for rule in desk.bench.question.rules}
    problems = []
    for rule_id in unwanted:
        if rule_id not in rules or not rules[rule_id].gives_findings:
            nearest = near(rule_id, tuple(rules))
            remedy = f"是否为「{nearest}」" if nearest else "用 hmgeo rules list 查看"
            problems.append(Problem("没有这一可判断的条款", Place(key="--filter"), rule_id, remedy=remedy))
    raise_problems(UsageError, problems)
    prohibiting = (
        rule.id
        for rule in rules.values()
        if rule.effect is Effect.BAN or (rule.effect is Effect.REQUIRE and not rule.in_principle)
    )
    return tuple(unwanted) or tuple(prohibiting)


def _row(candidate: Candidate, clauses: dict[str, Clause], rule_ids: Sequence[str]) -> tuple[str, ...]:
    answer = candidate.answer
    unjudged = "、".join(rule_id for rule_id in candidate.unjudged if rule_id in rule_ids)
    where = ("", "") if answer.lon is None else (f"{answer.lon:.6f}", f"{answer.lat:.6f}")
    start = (
        candidate.site.site_id,
        candidate.site.name,
        *where,
        "是" if candidate.is_chosen else "否",
        candidate.why,
        unjudged,
    )
    state = _state(candidate, unjudged.split("、") if unjudged else ())
    counts = tuple(str(count) for count in answer.counts().values())
    evidence: list[str] = []
    for rule_id in rule_ids:
        clause = clauses.get(rule_id)
        evidence += ["", ""] if clause is None else [siting_words.badge(clause), "".join(clause.evidence)]
    return (*start, state, *counts, *evidence, candidate.site.note)


LEDGER_COLUMNS = ("来源编号", "来源企业", "金属", "核定量", "已出让", "余量", "核定文号")
PLAN_COLUMNS = ("项目编号", "来源编号", "金属", "购买量")
_MASSES = ("核定量", "已出让", "余量", "新增量", "购买量")
BASES = {"per_metal": False, "sum_of_five": True}
BASIS_WORDS = {"per_metal": "逐个金属", "sum_of_five": "五种金属合计"}
OPEN_BASIS = "条文未规定替代量逐个金属还是合计计算，须由使用单位确定并说明理由；两种算法并列。"


class OffsetReport(Struct, frozen=True):
    """The ledger after a plan, with what each project still lacks; notes are sentences."""

    ledger: offsets.OffsetLedger
    needs: tuple[tuple[str, offsets.Covered], ...] = ()
    notes: tuple[str, ...] = ()

    def tables(self) -> tuple[PlainTable, ...]:
        """Return the tables to print and to write."""
        rows = []
        for (source_id, metal), source in self.ledger.sources.items():
            allotments = self.ledger.taken(source_id, metal)
            sold_now = sum(allotment.kg for allotment in allotments)
            left = self.ledger.left_kg(source_id, metal)
            numbers = (source.verified_kg, source.sold_kg, sold_now, left)
            to = "；".join(f"{allotment.project_id} {allotment.kg:g}" for allotment in allotments)
            start = (source_id, source.name, METALS.get(metal, metal))
            rows.append((*start, *(f"{number:g}" for number in numbers), _document(source), to))
        made = [PlainTable("总量来源台账", _LEDGER_HEADER, tuple(rows))]
        if self.needs:
            made.append(PlainTable("替代量", _NEEDS_HEADER, tuple(map(_need_row, self.needs))))
        return tuple(made)


def _document(source: offsets.ReductionSource) -> str:
    return source.document if source.is_verified else f"{source.document or '未填写'}，不能使用"


_LEDGER_HEADER = (
    "来源编号", "来源企业", "金属", "核定量(kg/a)", "已出让(kg/a)", "本次出让(kg/a)", "余量(kg/a)", "核定文号",
    "本次用于(kg/a)",
)  # fmt: skip
_NEEDS_HEADER = (
    "项目编号", "计算口径", "金属", "新增量(kg/a)", "比例", "须替代(kg/a)", "已落实(kg/a)", "尚缺(kg/a)",
)  # fmt: skip


def report_offsets(
    ledger: Path, plan: Path | None = None, *, ratio: float | None = None, basis: str = "", place: str = "",
    as_of: date | None = None,
) -> OffsetReport:  # fmt: skip
    """Read a ledger and a plan, and sell.

    `InputError`, `UsageError` with every fault; nothing is sold where one row can't be.

    Parameters
    ----------
    ledger
        Columns of the template 总量来源台账.
    plan
        Columns of the template 总量购买计划; None shows the ledger as it stands.
    ratio
        Replacement to new emission; None takes that of the clause that holds in `place`, or compares nothing.
    place, as_of
        Administrative code and day of the clause that gives the ratio.
    basis
        `per_metal` or `sum_of_five`; both are shown where it is empty.
    """
    _check(ratio, basis)
    asked = offsets.asked_at(load_book().rules, place, as_of) if place and as_of is not None else ()
    ratio = next((clause.ratio for clause in asked if clause.ratio is not None), ratio)
    lines = [clause.text for clause in asked] or ([f"{place} {as_of} 没有现行条款要求总量替代。"] if place else [])
    file = shown_path(ledger, "")
    columns = _columns(ledger, LEDGER_COLUMNS, lines)
    held_ledger = offsets.ledger_of(offsets.sources_of(columns, file), file)
    sold = columns.get("已出让", [""] * len(columns["来源编号"]))
    named = (columns["来源编号"], columns["金属"], columns["核定量"], sold)
    blank = [f"{source_id}（{metal}）" for source_id, metal, kg, cell in zip(*named, strict=True) if kg and not cell]
    lines += [f"{'、'.join(blank)} 未填写已出让，按未出让计，请核实。"] if blank else []
    purchases = () if plan is None else _purchases(plan, lines)
    plan_file = "" if plan is None else shown_path(plan, "")
    after = offsets.settle(held_ledger, purchases, plan_file)
    if ratio is None:
        return OffsetReport(after, notes=tuple(lines))
    codes = [basis] if basis else list(BASES)
    needs = tuple(
        (BASIS_WORDS[code], clause)
        for code in codes
        for clause in offsets.covered(purchases, ratio, is_summed=BASES[code], file=plan_file)
    )
    said = {(clause.project_id, clause.metal) for clause in purchases if clause.added_kg is not None}
    unsaid = dict.fromkeys(
        f"{clause.project_id}（{METALS[clause.metal]}）"
        for clause in purchases
        if (clause.project_id, clause.metal) not in said and clause.metal in FIVE_METALS
    )
    notes = lines if basis else [*lines, OPEN_BASIS]
    notes += offsets.uncontrolled(clause.metal for clause in purchases if clause.added_kg)
    notes += [f"{'、'.join(unsaid)} 未填写新增量，须替代量未计算，合计也不含。"] if unsaid else []
    return OffsetReport(after, needs, tuple(notes))


def write_offsets(report: OffsetReport, out: Path, inputs: Sequence[Path]) -> None:
    """Write `report`: .xlsx with a sheet each, .csv with the ledger alone, to `out`, never over `inputs`.

    `OutputError`: the file can't be written.
    """
    with whole_file(out, inputs) as temporary:
        write_plain(report.tables(), temporary, suffix=out.suffix, notes=(*report.notes, DISCLAIMER))


def _check(ratio: float | None, basis: str) -> None:
    problems = []
    if basis and basis not in BASES:
        allowed = "、".join(f"{code}（{zh}）" for code, zh in BASIS_WORDS.items())
        problems.append(Problem("没有这一计算口径", Place(key="--basis"), basis, allowed, "改为其中之一"))
    if ratio is not None and not ratio > 0:
        problems.append(Problem("替代比例须大于 0", Place(key="--ratio"), f"{ratio:g}", remedy="如 1.2"))
    raise_problems(UsageError, problems)


def _columns(path: Path, names: Sequence[str], notes: list[str]) -> Mapping[str, Sequence[str]]:
    """Return the columns of a table by the template's names, masses in kg/a; those that the file lacks are left out.

    How it was read joins `notes`. `InputError`: what should be a mass a year is another thing by its unit.
    """
    journal = Journal(shown_path(path, ""))
    raw = read_raw(path, layer="", journal=journal, kind=LayerKind.PROJECT_SITES)
    headers = {name: header for name in names if (header := find_header(raw.headers, name))}
    units = {header: unit_of_header(header) for name, header in headers.items() if name in _MASSES}
    raise_problems(
        InputError,
        [
            Problem("列的单位不是 kg/a", Place(file=journal.file, field=header), unit, "kg/a", "换算后填写，并改列名")
            for header, unit in units.items()
            if unit and factor(unit, "kg/a") is None
        ],
    )
    first = raw.columns[raw.headers[0]] if raw.headers else []
    kept = [row for row, cell in enumerate(first) if not cell.startswith(GUIDE_MARKS)]
    columns = {name: [raw.columns[header][row] for row in kept] for name, header in headers.items()}
    for name in filter(columns.__contains__, _MASSES):
        columns[name] = plain_numbers(columns[name], headers[name], "kg/a", journal)
    for entry in (entry for entry in journal.entries if entry.event != UNREAD_NUMBER):  # those are refused later
        where = Place(entry.file, entry.sheet, row=entry.row, field=entry.field)
        notes.append(str(Problem(entry.event, where, entry.value, remedy=sentences(entry.reason, entry.action))))
    return columns


def _purchases(path: Path, notes: list[str]) -> tuple[offsets.Purchase, ...]:
    file = shown_path(path, "")
    columns = _columns(path, (*PLAN_COLUMNS, "新增量"), notes)
    lacking = [name for name in PLAN_COLUMNS if name not in columns]
    if lacking:
        allowed = "、".join(PLAN_COLUMNS)
        raise InputError(Problem("总量购买计划缺少列", Place(file=file), "、".join(lacking), allowed, "补充这些列"))
    problems: list[Problem] = []
    purchases = []
    for number in range(len(columns["项目编号"])):
        cells = {name: values[number].strip() for name, values in columns.items()}
        if not any(cells.values()):
            continue
        place = Place(file=file, row=number + 1)
        metal = offsets.metal_of(cells["金属"], place, problems)
        kg = offsets.kg_of(cells["购买量"], "购买量", place, problems)
        added = cells.get("新增量", "")
        added_kg = offsets.kg_of(added, "新增量", place, problems) if added else None
        if added_kg is not None and added_kg < 0:
            problems.append(Problem("新增量不能为负", replace(place, field="新增量"), added, remedy="更正数值"))
        purchases.append(offsets.Purchase(cells["项目编号"], cells["来源编号"], metal, kg, added_kg, number + 1))
    raise_problems(InputError, problems)
    return tuple(purchases)


def _need_row(need: tuple[str, offsets.Covered]) -> tuple[str, ...]:
    word, amount = need
    numbers = (amount.required_kg, amount.bought_kg, amount.lacking_kg)
    start = (
        amount.project_id,
        word,
        METALS.get(amount.metal, amount.metal),
        f"{amount.added_kg:g}",
        f"{amount.ratio:g}:1",
    )
    return (*start, *(f"{kg:g}" for kg in numbers))


OVERLAY_COLUMNS = (
    "次序", "规则", "结论", "位阶", "文件", "条款", "单独触及(ha)", "单独触及(%)", "依次新增(ha)",
    "依次后未触及(ha)", "说明",
)  # fmt: skip
NOT_TOUCHED = "已载图层覆盖范围内未触及（不等于可以建设）"
DATA_END = "至少一个所用图层的数据范围以外（此处未触及不说明问题）"
NOT_ALLOWED = "未触及不等于可以建设：未评估的条款没有画在里面，斜线处数据不足。"
_ZONE_WORDS = (
    "rule_id", "verdict", "verdict_text", "title", "legal_rank", "document", "clause", "quote", "decider", "basis",
)  # fmt: skip
_ZONE_NUMBERS = ("alone_ha", "alone_percent", "added_ha", "left_ha")
_ZONE_SCHEMA = schema_of(f"text {' '.join(_ZONE_WORDS)}", f"number {' '.join(_ZONE_NUMBERS)}", "shape geometry")
_TOUCHING = (Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED)


def _overlay_rows(desk: SiteDesk, overlay: Overlay) -> list[tuple[str, ...]]:
    """Return the rows of overlay.csv: zones in reading order, what remains, and the clauses that have no zone."""
    rows = []
    for number, zone in enumerate(overlay.zones, start=1):
        cited = zone.citation
        numbers = (zone.alone_ha, zone.alone_percent, max(zone.added_ha, 0.0), zone.left_ha)
        start = (str(number), cited.rule_id, _badge(zone, desk), cited.legal_rank.zh, cited.document, cited.clause)
        rows.append((*start, *(f"{figure:.2f}" for figure in numbers), cited.title))
    blank = ("", "", "", "")
    rows.append(("", "", NOT_TOUCHED, "", "", "", *blank[:3], f"{overlay.untouched_ha:.2f}", NOT_ALLOWED))
    for cited, why in overlay.undrawn:
        rows.append(("", cited.rule_id, "未评估", cited.legal_rank.zh, cited.document, cited.clause, *blank, why))
    return rows


def _overlay_results(desk: SiteDesk, overlay: Overlay) -> Results:
    """Return an overview map: the zones above the project's lines, hatched where data end; nothing is judged."""
    inputs, question = desk.inputs, desk.bench.question
    lines = context_layers_of(inputs.areas, inputs.context, [])
    drawn = [_zone_layer(zone, desk) for zone in overlay.zones]
    if not overlay.uncovered.is_empty:
        figure = [{"id": "", "name": "", "geometry": shapely.to_wkb(hatching(overlay.uncovered))}]
        table = table_of(figure, SHAPES_SCHEMA)
        drawn.append(ContextLayer("data_end", DATA_END, Basis.REAL, "", table))
    undrawn = f"另有 {len(overlay.undrawn)} 条触及与否没有画出，原因见 overlay.xlsx。" if overlay.undrawn else ""
    return Results(
        title=f"已评估条款叠加：{desk.spec.title}",
        as_of=question.as_of,
        area_name="、".join(area.name for area in inputs.areas),
        **nothing_found(),
        ledger=Ledger(()),
        layers=layers_used(inputs.receptors),
        context=(*drawn, *lines),
        warnings=tuple(filter(None, (NOT_ALLOWED, undrawn))),
    )


def _zone_layer(zone: Zone, desk: SiteDesk) -> ContextLayer:
    cited = zone.citation
    name = f"《{cited.document}》{cited.clause}：{_badge(zone, desk)}"
    row = {"id": cited.rule_id, "name": name, "geometry": shapely.to_wkb(zone.geometry, output_dimension=2)}
    title = f"{_badge(zone, desk)}：《{cited.document}》{cited.clause}（{cited.rule_id}，{zone.alone_ha:.0f} ha）"
    table = table_of([row], SHAPES_SCHEMA)
    return ContextLayer(f"zone_{zone.verdict.value}", title, _basis(zone, desk), "", table)


def _basis(zone: Zone, desk: SiteDesk) -> Basis:
    return Basis.worst(*(desk.bench.basis_of(code) for code in zone.layers)) if zone.layers else Basis.REAL


def _badge(zone: Zone, desk: SiteDesk) -> str:
    """Return the word of a zone; a hypothetical project held against invented data reads 示例判定."""
    is_example = any(desk.bench.basis_of(code) in INVENTED for code in zone.layers)
    return badge({"verdict": zone.verdict.value}, example=is_example)


def _zone_row(zone: Zone, desk: SiteDesk) -> dict[str, object]:
    cited = zone.citation
    return {
        **{name: getattr(cited, name) for name in ("rule_id", "title", "document", "clause", "quote", "decider")},
        **{name: getattr(zone, name) for name in _ZONE_NUMBERS},
        "verdict": zone.verdict.value,
        "verdict_text": _badge(zone, desk),
        "legal_rank": cited.legal_rank.zh,
        "basis": _basis(zone, desk).value,
        "geometry": shapely.to_wkb(zone.geometry, output_dimension=2, byte_order=1),
    }


def _zones(zones: pa.Table) -> GisTable:
    shapes = list(shapely.from_wkb(zones["geometry"].to_pylist()))
    rows, kind = with_geometry(zones.drop_columns("geometry"), shapes)
    categories = [
        qml.Category(category.value, category.zh, qml.fill(CONTEXT[f"zone_{category.value}"])) for category in _TOUCHING
    ]
    own = {
        "title": "条款名称", "alone_ha": "单独触及(ha)", "alone_percent": "单独触及(%)", "added_ha": "依次新增(ha)",
        "left_ha": "依次后未触及(ha)",
    }  # fmt: skip
    headers = {
        name: alias
        for name in rows.column_names
        for name, alias in ({name: own[name]} if name in own else qml.aliases([name], "findings")).items()
    }
    return GisTable("zones", "各条款触及的范围", rows, kind, qml.categorized("verdict", categories, headers))


def _figures(overlay: Overlay) -> list[GisTable]:
    """Return what is left untouched within coverage, and where data end."""
    made = []
    for name, title, shape in (
        ("untouched", NOT_TOUCHED, overlay.untouched),
        ("data_end", DATA_END, overlay.uncovered),
    ):
        shapes = [] if shape.is_empty else [shape]
        table = table_of([{"name": title} for _ in shapes], pa.schema([("name", pa.string())]))
        rows, kind = with_geometry(table, shapes)
        look = qml.hatched(context_style(name)) if name == "data_end" else qml.fill(context_style(name))
        made.append(GisTable(name, title, rows, kind, qml.single(look, qml.aliases(rows.column_names, "areas"))))
    return made


def draw_overlay(
    project: Path, typed: Typed, out: Path, *, as_of: date | None = None, area: str = ""
) -> list[tuple[str, ...]]:
    """Draw and write to folder `out` where clauses touch `typed`; return the rows of overlay.csv, header first.

    `area` is a code, key-area id or polygon file (empty: the project's own), `as_of` the day (None: the project's).

    `ProjectError`, `InputError`, `UsageError` or `OutputError` with every problem found.
    """
    desk = open_desk(project, as_of=as_of)
    site, _ = typed_site(typed)
    shapes = (
        [resolve_area(area, base=desk.spec.folder).geometry] if area else [part.geometry for part in desk.inputs.areas]
    )
    overlay = overlay_clauses(desk.bench, site, shapely.union_all(shapes))
    rows = _overlay_rows(desk, overlay)
    zones = table_of([_zone_row(zone, desk) for zone in overlay.zones], _ZONE_SCHEMA)
    with whole_folder(Path(out), desk.spec.files) as folder:
        write_parquet(zones, folder / "zones.parquet")
        table = PlainTable("已评估条款叠加", OVERLAY_COLUMNS, tuple(rows))
        write_plain([table], folder / "overlay.csv")
        write_plain([table], folder / "overlay.xlsx", notes=(NOT_ALLOWED, DISCLAIMER))
        day = desk.bench.question.day
        write_tables([_zones(zones), *_figures(overlay)], folder / "overlay.gpkg", day)
        write_map(_overlay_results(desk, overlay), Presentation(), folder / "map.html")
        write_record(folder, {"schema": SCHEMA, "kind": "overlay", "as_of": day, "outputs": entries(folder)})
    return [OVERLAY_COLUMNS, *rows]


def fill_table(path: Path, out: Path, *, counties: Sequence[str], as_of: date) -> int:
    """Write a table again to `out` with the columns of 是否在重点区域 after its own; return the number of rows.

    `InputError`, `OutputError`, `UsageError`: the file can't be read or written, or is to be neither .xlsx nor .csv.

    Parameters
    ----------
    path
        A table or layer with coordinates, shapes or place names.
    counties
        Area codes or key-area ids whose administrative lines are looked up.
    as_of
        The day on which the lists of key areas must hold; a last column tells it.
    """
    ending_of(out, TABLES)
    areas = administrative_areas(context_layers(list(counties)))
    options = ReadOptions(in_china=True)  # lists of key areas hold no place abroad
    sites, positions, _ = sites_of_file(path, areas, basis=Basis.UNDECLARED, options=options)
    filled = fill_key_areas(sites, PlaceFinder(areas), _outlines(), Lists(load_book().rules, as_of))
    headers = positions.attributes.column_names
    rows = [
        (*(cells[name] for name in headers), *row.cells, as_of.isoformat())
        for cells, row in zip(positions.attributes.to_pylist(), filled, strict=True)
    ]
    with whole_file(out, [path]) as temporary:
        write_plain([PlainTable("重点区域", (*headers, *COLUMNS), tuple(rows))], temporary, suffix=out.suffix)
    return len(rows)


def _outlines() -> dict[str, shapely.Geometry]:
    """Return the polygon of every administrative code that a key area names and that ships with the program."""
    outlines = {}
    for area in key_areas():
        for context in context_layers([area.admin_code]) if area.admin_code.isdigit() else ():
            for row in context.table.to_pylist() if context.role in {"county", "township"} else ():
                outlines[row["id"]] = shapely.from_wkb(row["geometry"])
    return outlines
