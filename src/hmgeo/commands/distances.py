"""Commands on bare files: screen, pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hmgeo.commands.options import (
    AcceptOption,
    FailOption,
    LangOption,
    OutOption,
    RadiusOption,
    language_of,
    verdict_of,
)
from hmgeo.commands.shown import LOG, Reporter, fail_on_verdict, ready_engine, summarise
from hmgeo.vocabulary import Basis


def screen(  # one option for each thing that a bare file doesn't say
    sources: Annotated[Path, typer.Option("--sources", help="污染源文件：csv、xlsx、gpkg、geojson、parquet、shp。")],
    farmland: Annotated[Path, typer.Option("--farmland", help="耕地图斑文件。")],
    out: OutOption,
    radius: RadiusOption = "10km",
    sources_layer: Annotated[str, typer.Option(help="污染源的工作表或图层名。")] = "",
    sources_id: Annotated[str, typer.Option(help="污染源编号所在的列。")] = "",
    sources_crs: Annotated[str, typer.Option(help="污染源坐标系，如 EPSG:4547。")] = "",
    sources_datum: Annotated[str, typer.Option(help="污染源大地基准，如 gcj02。")] = "",
    sources_basis: Annotated[Basis, typer.Option(help="污染源数据性质。")] = Basis.UNDECLARED,
    farmland_layer: Annotated[str, typer.Option(help="耕地的图层名。")] = "",
    farmland_id: Annotated[str, typer.Option(help="图斑编号所在的列。")] = "",
    farmland_crs: Annotated[str, typer.Option(help="耕地坐标系。")] = "",
    farmland_datum: Annotated[str, typer.Option(help="耕地大地基准。")] = "",
    farmland_basis: Annotated[Basis, typer.Option(help="耕地数据性质。")] = Basis.UNDECLARED,
    farmland_covers: Annotated[str, typer.Option(help="耕地数据完整覆盖的区域：代码或面文件。")] = "",
    sources_credit: Annotated[str, typer.Option(help="污染源数据须随图注明的署名。")] = "",
    farmland_credit: Annotated[str, typer.Option(help="耕地数据须随图注明的署名。")] = "",
    central_meridian: Annotated[float | None, typer.Option(help="无带号米制坐标的中央子午线，度，如 114。")] = None,
    sources_axis_order: Annotated[str, typer.Option(help="污染源坐标列的顺序：lon_lat 或 lat_lon（两列颠倒）。")] = "",
    fail_on: FailOption = "",
    *,
    accept_suggestions: AcceptOption = False,
    clipped_area: Annotated[
        bool, typer.Option("--clipped-area", help="另列圆内面积和去重面积：重叠处只计一次。")
    ] = False,
    lang: LangOption = "zh",
) -> None:
    """对两个文件按距离排查，不依据条款。"""
    ready_engine(language_of(lang))
    from hmgeo.layers.load import ReadOptions
    from hmgeo.project.bare import BareFile, parse_radius_m
    from hmgeo.project.screening import screen_files
    from hmgeo.project.shown import Wish

    failing = verdict_of(fail_on)
    wish = Wish(language=language_of(lang))
    radius_m = parse_radius_m(radius)
    said = (central_meridian, sources_axis_order, accept_suggestions)
    options = ReadOptions(sources_layer, sources_id, sources_crs, sources_datum, *said)
    first = BareFile(sources, options, sources_basis, credit=sources_credit)
    second = BareFile(
        farmland,
        ReadOptions(farmland_layer, farmland_id, farmland_crs, farmland_datum, central_meridian),
        farmland_basis,
        farmland_covers,
        farmland_credit,
    )
    with Reporter(lang) as report:
        finished = screen_files(
            first, second, out, radius_m=radius_m, clipped_area=clipped_area, wish=wish, progress=report
        )
    summarise(finished, lang)
    fail_on_verdict(finished, failing)


def pairs(
    sources: Annotated[Path, typer.Option("--sources", help="污染源文件。")],
    receptors: Annotated[str, typer.Option("--receptors", help="受体文件；parquet 也可写地址，如 s3://桶/文件。")],
    out: Annotated[str, typer.Option("--out", help="写出的 parquet 文件，也可写地址。")],
    radius: RadiusOption = "10km",
    scheduler: Annotated[str, typer.Option("--scheduler", help="Dask 调度程序：tcp://主机:端口，或 local。")] = "",
    *,
    aggregate: Annotated[bool, typer.Option("--aggregate", help="只写各污染源的计数和面积。")] = False,
    clipped_area: Annotated[
        bool, typer.Option("--clipped-area", help="另列圆内面积和去重面积：重叠处只计一次；与 --aggregate 同用。")
    ] = False,
) -> None:
    """只测算距离：写出半径内的全部点对，或各污染源的计数。"""
    ready_engine()
    from hmgeo.layers.remote import stored_at
    from hmgeo.project.bare import BareFile, parse_radius_m
    from hmgeo.project.pairs import pairs_files

    radius_m = parse_radius_m(radius)
    target = stored_at(out)
    with Reporter() as report:
        found = pairs_files(
            BareFile(sources),
            BareFile(stored_at(receptors)),
            target,
            radius_m=radius_m,
            aggregate=aggregate,
            clipped_area=clipped_area,
            scheduler=scheduler,
            progress=report,
            tell=lambda line: LOG.print(line, markup=False),
        )
    LOG.print(f"已写出 {target.name}：受体 {found.receptor_count} 个。")
