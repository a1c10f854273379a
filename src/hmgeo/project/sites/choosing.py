"""`hmgeo candidates` and `hmgeo offsets`: points filtered by clause and spacing; reduction sources and purchases."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from hmgeo.errors import InputError, Place, Problem, UsageError, raise_problems
from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.intake.areas import resolve_area
from hmgeo.intake.catalog import shown_path
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.formats.read import read_raw
from hmgeo.intake.rows import Journal
from hmgeo.outputs import siting_words
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.plain_tables import PlainTable, write_plain
from hmgeo.outputs.wording import DISCLAIMER
from hmgeo.project.folder import whole_file
from hmgeo.project.inputs import context_layers_of, layers_used
from hmgeo.project.sites.desk import open_desk, read_sites
from hmgeo.project.sites.given import typed_site
from hmgeo.records import Ledger
from hmgeo.reference.tables import GUIDE_MARKS, find_header
from hmgeo.results.columns import SHAPES_SCHEMA, nothing_found
from hmgeo.results.results import ContextLayer, Presentation, Results
from hmgeo.rules.book import load_book
from hmgeo.rules.nodes import near
from hmgeo.siting.candidates import choose_candidates, generated_points, reading_order
from hmgeo.siting.offsets import (
    Covered,
    OffsetLedger,
    Purchase,
    asked_at,
    covered,
    kg_of,
    ledger_of,
    metal_of,
    settle,
    sources_of,
    uncontrolled,
)
from hmgeo.vocabulary import METALS, Basis, Effect, LayerKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from hmgeo.project.sites.desk import SiteDesk
    from hmgeo.project.sites.given import Typed
    from hmgeo.results.siting import Clause
    from hmgeo.siting.candidates import Candidate
    from hmgeo.siting.site import Site


MOST_POINTS = 50_000
_START = ("编号", "名称", "经度", "纬度", "是否入选", "未入选原因", "未评估的过滤条款", "过滤结果")
TOUCHED, OPEN, UNTOUCHED = "触及", "未评估", "未触及"
ORDER = "次序：未触及的在前，其中未评估最少的在前；不分优劣，未触及不等于可以建设。"
_MAPPED = {
    UNTOUCHED: ("candidate_untouched", "过滤条款均未触及的候选点（不等于可以建设）"),
    OPEN: ("candidate_open", "过滤条款有未评估的候选点"),
    TOUCHED: ("candidate_touched", "触及过滤条款的候选点"),
}


@dataclass(frozen=True, slots=True)
class Points:
    """Where candidates come from.

    Parameters
    ----------
    sites
        A file of points, the preferred ones first; a lattice over the area is laid out where None.
    area
        Area code, key-area id or polygon file of the lattice; the project's own where empty.
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

    Parameters
    ----------
    typed
        The project that would stand there.
    unwanted
        Ids of the clauses that filter; where empty all that can prohibit: bans, and requirements without a way out.

    Raises
    ------
    ProjectError, InputError, UsageError
        With every problem found.
    """
    desk = open_desk(project, as_of=as_of)
    wanted = _filter(desk, unwanted)
    like, _ = typed_site(typed, for_list=points.sites is not None)
    found = _given(desk, points.sites, typed, points.basis) if points.sites else _lattice(desk, points, like)
    chosen = reading_order(choose_candidates(desk.bench, found, unwanted=frozenset(wanted), spacing_m=spacing_m))
    rows = [(one, {clause.citation.rule_id: clause for clause in one.answer.clauses}) for one in chosen]
    held = [rule_id for rule_id in wanted if unwanted or any(rule_id in clauses for _, clauses in rows)]
    header = (
        *_START,
        *(verdict.zh for verdict in Verdict),
        *(text for one in held for text in (one, f"{one} 量测")),
        "说明",
    )
    table = PlainTable("候选点", header, tuple(_row(one, clauses, held) for one, clauses in rows))
    return Candidates(table, _candidate_map(desk, chosen, spacing_m=points.step_m))


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidate points as a table, and as a map of what is untouched, touched and not known."""

    table: PlainTable
    drawn: Results = field(repr=False)


def write_candidates(found: Candidates, out: Path, inputs: Sequence[Path]) -> Path:
    """Write the table as .xlsx or .csv and the map beside it; return the map.

    Raises
    ------
    OutputError
        A file can't be written, or a layer's 密级 forbids the page.
    """
    with whole_file(out, inputs) as temporary:
        write_plain([found.table], temporary, suffix=out.suffix, notes=(ORDER, DISCLAIMER))
    page = out.with_suffix(".html")
    with whole_file(page, inputs) as temporary:
        write_map(found.drawn, Presentation(), temporary)
    return page


def _state(one: Candidate, unjudged: Sequence[str]) -> str:
    return TOUCHED if one.is_touched else OPEN if unjudged else UNTOUCHED


def _candidate_map(desk: SiteDesk, found: Sequence[Candidate], *, spacing_m: float) -> Results:
    """Return an overview map: each point as a small disc by what the clauses of the filter say of it."""
    inputs = desk.inputs
    discs: dict[str, list[dict[str, object]]] = {state: [] for state in _MAPPED}
    for one in found:
        if one.site.geometry is not None:
            disc = geodesic_buffer(shapely.point_on_surface(one.site.geometry), spacing_m / 3)
            row = {"id": one.site.site_id, "name": one.site.name, "geometry": shapely.to_wkb(disc)}
            discs[_state(one, one.unjudged)].append(row)
    layers = [
        ContextLayer(code, f"{title}（{len(discs[state])} 个）", Basis.REAL, "", table_of(discs[state]))
        for state, (code, title) in _MAPPED.items()
        if discs[state]
    ]
    receptors = [*(() if inputs.farmland is None else (inputs.farmland,)), *inputs.others]
    return Results(
        title=f"候选点：{desk.spec.title}",
        as_of=desk.bench.question.as_of,
        area_name="、".join(area.name for area in inputs.areas),
        radius_m=0.0,
        radii_m=(),
        **nothing_found(),
        ledger=Ledger(()),
        layers=layers_used(receptors),
        context=(*layers, *context_layers_of(inputs.areas, inputs.context, [])),
        warnings=(ORDER,),
    )


def table_of(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return shapes with id and name as a map draws them."""
    return pa.Table.from_pylist(list(rows), SHAPES_SCHEMA)


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


def _given(desk: SiteDesk, path: Path, typed: Typed, basis: Basis) -> list[Site]:
    sites, _ = read_sites(desk, path, basis=basis, options=ReadOptions(), defaults=typed)
    return sites


def _lattice(desk: SiteDesk, asked: Points, like: Site) -> list[Site]:
    areas = [resolve_area(asked.area, base=desk.spec.folder)] if asked.area else list(desk.inputs.areas)
    outline = shapely.union_all([one.geometry for one in areas])
    points = list(islice(generated_points(outline, asked.step_m, like), MOST_POINTS + 1))
    if not 0 < len(points) <= MOST_POINTS:
        found, remedy = f"{len(points)} 个以上" if points else "0 个", "调整 --step 或 --area"
        raise UsageError(Problem("网格点数不合适", Place(key="--step"), found, f"1 至 {MOST_POINTS}", remedy))
    return points


def _row(one: Candidate, clauses: dict[str, Clause], held: Sequence[str]) -> tuple[str, ...]:
    answer = one.answer
    unjudged = "、".join(rule_id for rule_id in one.unjudged if rule_id in held)
    where = ("", "") if answer.lon is None else (f"{answer.lon:.6f}", f"{answer.lat:.6f}")
    start = (one.site.site_id, one.site.name, *where, "是" if one.is_chosen else "否", one.why, unjudged)
    state = _state(one, unjudged.split("、") if unjudged else ())
    counts = tuple(str(count) for count in answer.counts().values())
    evidence: list[str] = []
    for rule_id in held:
        clause = clauses.get(rule_id)
        evidence += ["", ""] if clause is None else [siting_words.badge(clause), "".join(clause.evidence)]
    return (*start, state, *counts, *evidence, one.site.note)


LEDGER_COLUMNS = ("来源编号", "来源企业", "金属", "核定量", "已出让", "余量", "核定文号")
PLAN_COLUMNS = ("项目编号", "来源编号", "金属", "购买量")
BASES = {"per_metal": False, "sum_of_five": True}
BASIS_WORDS = {"per_metal": "逐个金属", "sum_of_five": "五种金属合计"}
OPEN_BASIS = "条文未规定替代量逐个金属还是合计计算，须由使用单位确定并说明理由；两种算法并列。"


@dataclass(frozen=True, slots=True)
class OffsetReport:
    """The ledger after a plan, with what each project still lacks; notes are sentences."""

    ledger: OffsetLedger
    needs: tuple[tuple[str, Covered], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def tables(self) -> tuple[PlainTable, ...]:
        """Return the tables to print and to write."""
        made = [PlainTable("总量来源台账", _LEDGER_HEADER, tuple(self._ledger_rows()))]
        if self.needs:
            made.append(PlainTable("替代量", _NEEDS_HEADER, tuple(map(_need_row, self.needs))))
        return tuple(made)

    def _ledger_rows(self) -> list[tuple[str, ...]]:
        rows = []
        for (source_id, metal), source in self.ledger.sources.items():
            given = [one for one in self.ledger.allotments if (one.source_id, one.metal) == (source_id, metal)]
            sold_now = sum(one.kg for one in given)
            left = self.ledger.left_kg(source_id, metal)
            numbers = (source.verified_kg, source.sold_kg, sold_now, left)
            to = "；".join(f"{one.project_id} {one.kg:g}" for one in given)
            start = (source_id, source.name, METALS.get(metal, metal))
            rows.append((*start, *(f"{one:g}" for one in numbers), source.document or "未填写，不能使用", to))
        return rows


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

    Raises
    ------
    InputError, UsageError
        With every fault; nothing is sold where one row can't be.
    """
    _check(ratio, basis)
    asked = asked_at(load_book().rules, place, as_of) if place and as_of is not None else ()
    ratio = next((one.ratio for one in asked if one.ratio is not None), ratio)
    told = [one.text for one in asked] or ([f"{place} {as_of} 没有现行条款要求总量替代。"] if place else [])
    file = shown_path(ledger, "")
    held = ledger_of(sources_of(_columns(ledger, LEDGER_COLUMNS), file), file)
    purchases = () if plan is None else _purchases(plan)
    plan_file = "" if plan is None else shown_path(plan, "")
    after = settle(held, purchases, plan_file)
    if ratio is None:
        return OffsetReport(after, notes=tuple(told))
    codes = [basis] if basis else list(BASES)
    needs = tuple(
        (BASIS_WORDS[code], one)
        for code in codes
        for one in covered(purchases, ratio, is_summed=BASES[code], file=plan_file)
    )
    unsaid = sorted({one.project_id for one in purchases} - {one.project_id for _, one in needs})
    notes = told if basis else [*told, OPEN_BASIS]
    notes += uncontrolled(one.metal for one in purchases if one.added_kg)
    notes += [f"{'、'.join(unsaid)} 未填写新增量，须替代量未计算。"] if unsaid else []
    return OffsetReport(after, needs, tuple(notes))


def write_offsets(report: OffsetReport, out: Path, inputs: Sequence[Path]) -> None:
    """Write the tables: .xlsx with a sheet each, .csv with the ledger alone.

    Raises
    ------
    OutputError
        The file can't be written.
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


def _columns(path: Path, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the columns of a table by the template's names; those that the file lacks are left out."""
    raw = read_raw(path, layer="", journal=Journal(shown_path(path, "")), kind=LayerKind.PROJECT_SITES)
    headers = {name: find_header(raw.headers, name) for name in names}
    first = raw.columns[raw.headers[0]] if raw.headers else []
    kept = [row for row, cell in enumerate(first) if not cell.startswith(GUIDE_MARKS)]
    return {name: [raw.columns[header][row] for row in kept] for name, header in headers.items() if header}


def _purchases(path: Path) -> tuple[Purchase, ...]:
    file = shown_path(path, "")
    columns = _columns(path, (*PLAN_COLUMNS, "新增量"))
    lacking = [name for name in PLAN_COLUMNS if name not in columns]
    if lacking:
        allowed = "、".join(PLAN_COLUMNS)
        raise InputError(Problem("总量购买计划缺少列", Place(file=file), "、".join(lacking), allowed, "补充这些列"))
    problems: list[Problem] = []
    found = []
    for number in range(len(columns["项目编号"])):
        cells = {name: values[number].strip() for name, values in columns.items()}
        if not any(cells.values()):
            continue
        place = Place(file=file, row=number + 1)
        metal = metal_of(cells["金属"], place, problems)
        kg = kg_of(cells["购买量"], "购买量", place, problems)
        added = cells.get("新增量", "")
        added_kg = kg_of(added, "新增量", place, problems) if added else None
        found.append(Purchase(cells["项目编号"], cells["来源编号"], metal, kg, added_kg, number + 1))
    raise_problems(InputError, problems)
    return tuple(found)


def _need_row(need: tuple[str, Covered]) -> tuple[str, ...]:
    word, one = need
    numbers = (one.required_kg, one.bought_kg, one.lacking_kg)
    start = (one.project_id, word, METALS.get(one.metal, one.metal), f"{one.added_kg:g}", f"{one.ratio:g}:1")
    return (*start, *(f"{kg:g}" for kg in numbers))
