"""Commands on planned sites: site, overlay, key-areas, candidates, offsets."""

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from hmgeo.commands import options as common
from hmgeo.vocabulary import Basis


def site(
    project: common.ProjectOption,
    at: Annotated[str, typer.Option("--at", help="拟建点位：经度,纬度。小数位数表示精度。")] = "",
    sites: Annotated[Path | None, typer.Option("--sites", help="建设项目清单或范围文件（点、线、面）。")] = None,
    kind: common.KindOption = "project_sites",
    trade: common.TradeOption = "",
    edition: common.EditionOption = "",
    action: common.ActionOption = "",
    as_of: common.AsOfOption = "",
    metal: common.MetalsOption = None,
    stated: common.StatedOption = None,
    ranges: Annotated[list[str] | None, typer.Option("--range", help="保护目标评价范围（米），如 soil=1000。")] = None,
    datum: Annotated[str, typer.Option("--datum", help="点位坐标系；不写为 cgcs2000。")] = "",
    error: Annotated[str, typer.Option("--position-error", help="点位另有的定位误差，米。")] = "",
    sites_basis: Annotated[Basis | None, typer.Option("--sites-basis", help="清单的数据性质；不写为未申明。")] = None,
    sites_datum: Annotated[str, typer.Option("--sites-datum", help="清单的大地基准。")] = "",
    sites_crs: Annotated[str, typer.Option("--sites-crs", help="清单的坐标系，如 EPSG:4526；DXF 必写。")] = "",
    sites_layer: Annotated[str, typer.Option("--sites-layer", help="清单的工作表或图层名。")] = "",
    columns: common.ColumnsOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹：siting.xlsx、siting.json 等。")] = None,
    extract: Annotated[
        list[Path] | None, typer.Option("--extract", help="摘录，按后缀写 .docx、.pdf、.json；可多次。")
    ] = None,
    fail_on: common.FailOption = "",
    lang: common.LangOption = "zh",
    words: common.WordsOption = None,
    *,
    every_clause: Annotated[bool, typer.Option("--all", help="逐条列出全部条款，含不适用的。")] = False,
    as_json: common.JsonOption = False,
) -> None:
    """选址条款研判：逐条列出触及什么、依据什么、什么未评估；不给总的结论。"""
    common.keep_lean(gives_back=True)
    from hmgeo.intake.columns import ReadOptions
    from hmgeo.outputs.english import in_language
    from hmgeo.project.sites.files import SiteRequest, answer_sites
    from hmgeo.project.sites.given import Typed
    from hmgeo.project.spec import told_columns

    failing = common.verdict_of(fail_on)
    if sites is None:
        of_list: dict[str, object] = {"--sites-basis": sites_basis, "--sites-datum": sites_datum}
        of_list |= {"--sites-crs": sites_crs, "--sites-layer": sites_layer, "--columns": columns}
        common.refuse_unused(of_list, "这一选项只用于 --sites 的清单", "去掉它；点位的坐标系用 --datum")
    elif not at:
        of_point = {"--datum": datum, "--position-error": error}
        remedy = "清单的坐标系用 --sites-datum，定位误差写在清单的列里"
        common.refuse_unused(of_point, "这一选项只用于 --at 的点位", remedy)
    typed = Typed(at, trade, edition, action, datum or "cgcs2000", error, "", kind, metal or (), stated or ())
    options = ReadOptions(layer=sites_layer, crs=sites_crs, datum=sites_datum, columns=told_columns(columns or ()))
    day, language, basis = common.day_of(as_of), common.language_of(lang), sites_basis or Basis.UNDECLARED
    rest = (options, day, tuple(ranges or ()), out, language, words, tuple(extract or ()))
    request = SiteRequest(project, typed, sites, basis, *rest)
    with common.Reporter(lang) as report:
        answered = answer_sites(request, progress=report)
    for warning in answered.results.warnings:
        common.LOG.print(f"▲ {in_language(warning, lang)}", markup=False)
    typer.echo(answered.json_text() if as_json else "\n".join(answered.lines(every_clause=every_clause)))
    if failing is not None and answered.count(failing):
        raise typer.Exit(common.EXIT_FAIL_ON)


def overlay(
    project: common.ProjectOption,
    out: common.OutOption,
    trade: common.TradeOption = "",
    edition: common.EditionOption = "",
    action: common.ActionOption = "",
    as_of: common.AsOfOption = "",
    metal: common.MetalsOption = None,
    stated: common.StatedOption = None,
    area: Annotated[str, typer.Option("--area", help="区域代码、重点区域编号或面文件；默认为项目区域。")] = "",
) -> None:
    """已评估条款叠加：各条款在区域内触及的范围，单独和依次的面积；未触及不等于可以建设。"""
    from hmgeo.project.sites.choosing import draw_overlay
    from hmgeo.project.sites.given import Typed

    typed = Typed("", trade, edition, action, metals=metal or (), stated=stated or ())
    for row in draw_overlay(project, typed, out, as_of=common.day_of(as_of), area=area):
        common.OUT.print("｜".join(filter(None, row)), markup=False)


def key_areas(
    table: Annotated[Path, typer.Argument(help="有坐标、范围或地名的表或图层。")],
    out: Annotated[Path, typer.Option("--out", help="写出的 xlsx 或 csv 文件。")],
    area: Annotated[list[str], typer.Option("--area", help="所在县区代码或重点区域编号，可多次。")],
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD；默认今天，写入末列。")] = "",
) -> None:
    """为任意名单填写是否在重点区域：哪个区域、级别、依据、确定性、占比。"""
    from hmgeo.project.sites.choosing import fill_table

    day = common.day_of(as_of) or dt.datetime.now(tz=dt.UTC).date()
    common.OUT.print(f"已写出 {out.name}：{fill_table(table, out, counties=area, as_of=day)} 行（评估基准日 {day}）。")


def candidates(
    project: common.ProjectOption,
    out: Annotated[Path, typer.Option("--out", help="写出的 xlsx 或 csv 文件。")],
    sites: Annotated[Path | None, typer.Option("--sites", help="候选点文件，优先的在前；不写则按网格生成。")] = None,
    area: Annotated[str, typer.Option("--area", help="网格的区域代码、重点区域编号或面文件；默认项目区域。")] = "",
    step: Annotated[str, typer.Option("--step", help="网格间距，不写为 1km。")] = "",
    spacing: Annotated[str, typer.Option("--spacing", help="入选点之间的最小距离，如 2km。")] = "",
    unwanted: Annotated[
        list[str] | None, typer.Option("--filter", help="触及即不选的条款，可多次；默认为禁止性的。")
    ] = None,
    kind: common.KindOption = "project_sites",
    trade: common.TradeOption = "",
    edition: common.EditionOption = "",
    action: common.ActionOption = "",
    as_of: common.AsOfOption = "",
    metal: common.MetalsOption = None,
    stated: common.StatedOption = None,
    sites_basis: Annotated[
        Basis | None, typer.Option("--sites-basis", help="候选点文件的数据性质；不写为未申明。")
    ] = None,
) -> None:
    """候选点：逐点研判，按条款过滤，保持间距，列表并上图；不打分，未评估最少的在前，未触及不等于可以建设。"""
    from hmgeo.outputs.templates import TABLES
    from hmgeo.project.bare import parse_radius_m
    from hmgeo.project.folder import ending_of
    from hmgeo.project.sites.choosing import Points, candidate_table, write_candidates
    from hmgeo.project.sites.given import Typed

    if sites is None:
        common.refuse_unused(
            {"--sites-basis": sites_basis}, "这一选项只用于 --sites 的候选点文件", "去掉它，或加上 --sites"
        )
    else:
        common.refuse_unused(
            {"--area": area, "--step": step}, "这一选项只用于网格", "去掉它，或去掉 --sites 改为按网格生成"
        )
    ending_of(out, TABLES)
    typed = Typed("", trade, edition, action, kind=kind, metals=metal or (), stated=stated or ())
    result = candidate_table(
        project,
        typed,
        Points(sites, sites_basis or Basis.UNDECLARED, area, parse_radius_m(step or "1km")),
        unwanted=unwanted or (),
        spacing_m=parse_radius_m(spacing) if spacing else 0.0,
        as_of=common.day_of(as_of),
    )
    page, table = write_candidates(result, out, [] if sites is None else [sites]), result.table
    chosen = sum(row[4] == "是" for row in table.rows)
    states = Counter(row[table.header.index("过滤结果")] for row in table.rows)
    counts = "，".join(f"{state} {states[state]} 个" for state in ("未触及", "触及", "未评估"))
    told_of = f"候选点 {len(table.rows)} 个（过滤条款：{counts}），入选 {chosen} 个"
    line = f"{told_of}；逐条见 {out.name}，图见 {page.name}。未触及不等于可以建设。"
    common.OUT.print(line, markup=False)


def offsets(
    ledger: Annotated[Path, typer.Argument(help="总量来源台账（xlsx、csv，模板见 hmgeo init）。")],
    plan: Annotated[Path | None, typer.Option("--plan", help="总量购买计划。")] = None,
    ratio: Annotated[float | None, typer.Option("--ratio", help="替代比例，如 1.2。")] = None,
    basis: Annotated[str, typer.Option("--basis", help="per_metal 逐个金属，sum_of_five 合计；不写则并列。")] = "",
    place: Annotated[str, typer.Option("--in", help="项目所在地的行政区划代码：比例取自在该地有效的条款。")] = "",
    as_of: common.AsOfOption = "",
    out: Annotated[Path | None, typer.Option("--out", help="写出的 xlsx 或 csv 文件。")] = None,
    *,
    as_json: common.JsonOption = False,
) -> None:
    """重点重金属总量替代：来源余量，购买计划，须替代量；同一千克不出让两次。"""
    from hmgeo.outputs.templates import TABLES
    from hmgeo.project.folder import ending_of
    from hmgeo.project.sites.choosing import report_offsets, write_offsets

    if out is not None:
        ending_of(out, TABLES)
    if (ratio is None and not place) or plan is None:
        common.refuse_unused({"--basis": basis}, "--basis 须与 --plan、--ratio 或 --in 同用", "加上购买计划和替代比例")
    if plan is None:
        common.refuse_unused({"--ratio": ratio}, "--ratio 须与 --plan 同用", "加上购买计划")
    if place:
        common.refuse_unused({"--ratio": ratio}, "--ratio 与 --in 不能同用", "去掉其一：比例或由条款给出，或自己写明")
    else:
        common.refuse_unused({"--as-of": as_of}, "--as-of 须与 --in 同用", "加上 --in 行政区划代码")
    day = common.day_of(as_of) or dt.datetime.now(tz=dt.UTC).date()
    report = report_offsets(ledger, plan, ratio=ratio, basis=basis, place=place, as_of=day)
    tables = report.tables()
    if out is not None:
        write_offsets(report, out, [ledger, *([] if plan is None else [plan])])
    if as_json:
        rows = {table.title: [dict(zip(table.header, row, strict=True)) for row in table.rows] for table in tables}
        common.show_json(rows | {"说明": list(report.notes)})
        return
    for table in tables:
        common.show_table(table.title, table.header, table.rows)
    for note in report.notes:
        common.LOG.print(note, markup=False)
