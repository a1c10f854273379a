"""Commands on planned sites: site, overlay, key-areas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hmgeo.commands.options import (
    EXIT_FAIL_ON,
    ActionOption,
    AsOfOption,
    EditionOption,
    FailOption,
    JsonOption,
    KindOption,
    LangOption,
    MetalsOption,
    OutOption,
    ProjectOption,
    StatedOption,
    TradeOption,
    day_of,
    language_of,
    refuse_unused,
    verdict_of,
)
from hmgeo.commands.shown import OUT, Reporter
from hmgeo.vocabulary import Basis


def site(
    project: ProjectOption,
    at: Annotated[str, typer.Option("--at", help="拟建点位：经度,纬度。小数位数表示精度。")] = "",
    sites: Annotated[Path | None, typer.Option("--sites", help="建设项目清单或范围文件（点、线、面）。")] = None,
    kind: KindOption = "project_sites",
    trade: TradeOption = "",
    edition: EditionOption = "",
    action: ActionOption = "",
    as_of: AsOfOption = "",
    metal: MetalsOption = None,
    stated: StatedOption = None,
    ranges: Annotated[list[str] | None, typer.Option("--range", help="保护目标评价范围（米），如 soil=1000。")] = None,
    datum: Annotated[str, typer.Option("--datum", help="点位坐标系；不写为 cgcs2000。")] = "",
    error: Annotated[str, typer.Option("--position-error", help="点位另有的定位误差，米。")] = "",
    sites_basis: Annotated[Basis | None, typer.Option("--sites-basis", help="清单的数据性质；不写为未申明。")] = None,
    sites_datum: Annotated[str, typer.Option("--sites-datum", help="清单的大地基准。")] = "",
    sites_layer: Annotated[str, typer.Option("--sites-layer", help="清单的工作表或图层名。")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹：siting.xlsx、siting.json 等。")] = None,
    fail_on: FailOption = "",
    lang: LangOption = "zh",
    *,
    as_json: JsonOption = False,
) -> None:
    """选址条款研判：逐条列出触及什么、依据什么、什么未评估；不给总的结论。"""
    from hmgeo.layers.options import ReadOptions
    from hmgeo.project.site_command import SiteRequest, answer_sites
    from hmgeo.project.site_input import Typed

    failing = verdict_of(fail_on)
    if sites is None:
        of_list = {"--sites-basis": sites_basis, "--sites-datum": sites_datum, "--sites-layer": sites_layer}
        refuse_unused(of_list, "这一选项只用于 --sites 的清单", "去掉它；点位的坐标系用 --datum")
    elif not at:
        of_point = {"--datum": datum, "--position-error": error}
        refuse_unused(of_point, "这一选项只用于 --at 的点位", "清单的坐标系用 --sites-datum，定位误差写在清单的列里")
    typed = Typed(at, trade, edition, action, datum or "cgcs2000", error, "", kind, metal or (), stated or ())
    options = ReadOptions(layer=sites_layer, datum=sites_datum)
    request = SiteRequest(
        project,
        typed,
        sites,
        sites_basis or Basis.UNDECLARED,
        options,
        day_of(as_of),
        tuple(ranges or ()),
        out,
        language_of(lang),
    )
    with Reporter(lang) as report:
        answered = answer_sites(request, progress=report)
    typer.echo(answered.json_text() if as_json else "\n".join(answered.lines()))
    if failing is not None and answered.count(failing):
        raise typer.Exit(EXIT_FAIL_ON)


def overlay(
    project: ProjectOption,
    out: OutOption,
    trade: TradeOption = "",
    edition: EditionOption = "",
    action: ActionOption = "",
    as_of: AsOfOption = "",
    metal: MetalsOption = None,
    stated: StatedOption = None,
    area: Annotated[str, typer.Option("--area", help="区域代码、重点区域编号或面文件；默认为项目区域。")] = "",
) -> None:
    """已评估条款叠加：各条款在区域内触及的范围，单独和依次的面积；未触及不等于可以建设。"""
    from hmgeo.project.site_input import Typed
    from hmgeo.project.site_tools import draw_overlay

    typed = Typed("", trade, edition, action, metals=metal or (), stated=stated or ())
    for row in draw_overlay(project, typed, out, as_of=day_of(as_of), area=area):
        OUT.print("｜".join(row), markup=False)


def key_areas(
    table: Annotated[Path, typer.Argument(help="有坐标、范围或地名的表或图层。")],
    out: Annotated[Path, typer.Option("--out", help="写出的 csv 文件。")],
    area: Annotated[list[str], typer.Option("--area", help="所在县区代码或重点区域编号，可多次。")],
) -> None:
    """为任意名单填写是否在重点区域：哪个区域、级别、依据、确定性、占比。"""
    from hmgeo.project.site_tools import fill_table

    OUT.print(f"已写出 {out.name}：{fill_table(table, out, counties=area)} 行。")
