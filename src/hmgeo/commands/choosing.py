"""Commands around choosing a site: candidates, offsets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hmgeo.commands.options import (
    ActionOption,
    AsOfOption,
    EditionOption,
    JsonOption,
    KindOption,
    MetalsOption,
    ProjectOption,
    StatedOption,
    TradeOption,
    day_of,
    refuse_unused,
)
from hmgeo.commands.shown import LOG, OUT, show_table
from hmgeo.vocabulary import Basis


def candidates(
    project: ProjectOption,
    out: Annotated[Path, typer.Option("--out", help="写出的 xlsx 或 csv 文件。")],
    sites: Annotated[Path | None, typer.Option("--sites", help="候选点文件，优先的在前；不写则按网格生成。")] = None,
    area: Annotated[str, typer.Option("--area", help="网格的区域代码、重点区域编号或面文件；默认项目区域。")] = "",
    step: Annotated[str, typer.Option("--step", help="网格间距，不写为 1km。")] = "",
    spacing: Annotated[str, typer.Option("--spacing", help="入选点之间的最小距离，如 2km。")] = "",
    unwanted: Annotated[
        list[str] | None, typer.Option("--filter", help="触及即不选的条款，可多次；默认为禁止性的。")
    ] = None,
    kind: KindOption = "project_sites",
    trade: TradeOption = "",
    edition: EditionOption = "",
    action: ActionOption = "",
    as_of: AsOfOption = "",
    metal: MetalsOption = None,
    stated: StatedOption = None,
    sites_basis: Annotated[
        Basis | None, typer.Option("--sites-basis", help="候选点文件的数据性质；不写为未申明。")
    ] = None,
) -> None:
    """候选点：逐点研判，按条款过滤，保持间距；不打分，未评估的列出，未触及不等于可以建设。"""
    from hmgeo.project.bare import parse_radius_m
    from hmgeo.project.candidates import Points, candidate_table, write_candidates
    from hmgeo.project.site_input import Typed

    if sites is None:
        refuse_unused({"--sites-basis": sites_basis}, "这一选项只用于 --sites 的候选点文件", "去掉它，或加上 --sites")
    else:
        refuse_unused({"--area": area, "--step": step}, "这一选项只用于网格", "去掉它，或去掉 --sites 改为按网格生成")
    typed = Typed("", trade, edition, action, kind=kind, metals=metal or (), stated=stated or ())
    table = candidate_table(
        project,
        typed,
        Points(sites, sites_basis or Basis.UNDECLARED, area, parse_radius_m(step or "1km")),
        unwanted=unwanted or (),
        spacing_m=parse_radius_m(spacing) if spacing else 0.0,
        as_of=day_of(as_of),
    )
    write_candidates(table, out, [] if sites is None else [sites])
    chosen = sum(row[4] == "是" for row in table.rows)
    OUT.print(f"候选点 {len(table.rows)} 个，入选 {chosen} 个；逐条见 {out.name}。未触及不等于可以建设。", markup=False)


def offsets(
    ledger: Annotated[Path, typer.Argument(help="总量来源台账（xlsx、csv，模板见 hmgeo init）。")],
    plan: Annotated[Path | None, typer.Option("--plan", help="总量购买计划。")] = None,
    ratio: Annotated[float | None, typer.Option("--ratio", help="替代比例，如 1.2。")] = None,
    basis: Annotated[str, typer.Option("--basis", help="per_metal 逐个金属，sum_of_five 合计；不写则并列。")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="写出的 xlsx 或 csv 文件。")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """重点重金属总量替代：来源余量，购买计划，须替代量；同一千克不出让两次。"""
    from hmgeo.project.check import Table
    from hmgeo.project.offsets import report_offsets, write_offsets

    if ratio is None or plan is None:
        refuse_unused({"--basis": basis}, "--basis 须与 --plan、--ratio 同用", "加上购买计划和替代比例")
    if plan is None:
        refuse_unused({"--ratio": ratio}, "--ratio 须与 --plan 同用", "加上购买计划")
    report = report_offsets(ledger, plan, ratio=ratio, basis=basis)
    tables = report.tables()
    if out is not None:
        write_offsets(report, out, [ledger, *([] if plan is None else [plan])])
    if as_json:
        rows = {one.title: [dict(zip(one.header, row, strict=True)) for row in one.rows] for one in tables}
        typer.echo(json.dumps(rows | {"说明": list(report.notes)}, ensure_ascii=False, indent=1))
        return
    for one in tables:
        show_table(Table(one.title, one.header, one.rows))
    for note in report.notes:
        LOG.print(note, markup=False)
