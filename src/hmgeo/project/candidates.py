"""`hmgeo candidates`: points given or laid out over an area, filtered by clause and spacing, with the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.candidates import choose_candidates, generated_points
from hmgeo.errors import Place, Problem, UsageError, raise_problems
from hmgeo.layers.areas import resolve_area
from hmgeo.layers.options import ReadOptions
from hmgeo.outputs import siting_words
from hmgeo.outputs.plain_tables import PlainTable, write_plain
from hmgeo.outputs.wording import DISCLAIMER
from hmgeo.project.folder import whole_file
from hmgeo.project.site import open_desk, read_sites
from hmgeo.project.site_input import typed_site
from hmgeo.rules.nodes import near
from hmgeo.vocabulary import Basis, Effect, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from hmgeo.analysis.candidates import Candidate
    from hmgeo.analysis.site_facts import Site
    from hmgeo.findings.siting import Clause
    from hmgeo.project.site import SiteDesk
    from hmgeo.project.site_input import Typed

MOST_POINTS = 50_000
_START = ("编号", "名称", "经度", "纬度", "是否入选", "未入选原因", "未评估的过滤条款")


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
) -> PlainTable:
    """Judge candidate points and choose; there is no score, every row carries what the clauses say of it.

    Parameters
    ----------
    typed
        The project that would stand there.
    unwanted
        Ids of the clauses that filter; all bans of the book where empty.

    Raises
    ------
    ProjectError, InputError, UsageError
        With every problem found.
    """
    desk = open_desk(project, as_of=as_of)
    wanted = _filter(desk, unwanted)
    like, _ = typed_site(typed, for_list=points.sites is not None)
    found = _given(desk, points.sites, typed, points.basis) if points.sites else _lattice(desk, points, like)
    chosen = choose_candidates(desk.bench, found, unwanted=frozenset(wanted), spacing_m=spacing_m)
    rows = [(one, {clause.citation.rule_id: clause for clause in one.answer.clauses}) for one in chosen]
    held = [rule_id for rule_id in wanted if unwanted or any(rule_id in clauses for _, clauses in rows)]
    header = (
        *_START,
        *(verdict.zh for verdict in Verdict),
        *(text for one in held for text in (one, f"{one} 量测")),
        "说明",
    )
    return PlainTable("候选点", header, tuple(_row(one, clauses, held) for one, clauses in rows))


def write_candidates(table: PlainTable, out: Path, inputs: Sequence[Path]) -> None:
    """Write the table as .xlsx or .csv.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    with whole_file(out, inputs) as temporary:
        write_plain([table], temporary, suffix=out.suffix, notes=(DISCLAIMER,))


def _filter(desk: SiteDesk, unwanted: Sequence[str]) -> tuple[str, ...]:
    rules = {rule.id: rule for rule in desk.bench.question.rules}
    problems = []
    for rule_id in unwanted:
        if rule_id not in rules or not rules[rule_id].gives_findings:
            nearest = near(rule_id, tuple(rules))
            remedy = f"是否为「{nearest}」" if nearest else "用 hmgeo rules list 查看"
            problems.append(Problem("没有这一可判断的条款", Place(key="--filter"), rule_id, remedy=remedy))
    raise_problems(UsageError, problems)
    return tuple(unwanted) or tuple(rule.id for rule in rules.values() if rule.effect is Effect.BAN)


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
    counts = tuple(str(count) for count in answer.counts().values())
    evidence: list[str] = []
    for rule_id in held:
        clause = clauses.get(rule_id)
        evidence += ["", ""] if clause is None else [siting_words.badge(clause), "".join(clause.evidence)]
    return (*start, *counts, *evidence, one.site.note)
