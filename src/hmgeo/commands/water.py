"""Commands on water: flow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from hmgeo.commands.options import JsonOption, ProjectArgument
from hmgeo.commands.shown import LOG, OUT


def flow(
    project: ProjectArgument,
    limit: Annotated[
        str,
        typer.Option("--limit", help="追踪距离，如 20km；不写则用项目参数 flow_limit_m 或 max_downstream_m。"),
    ] = "",
    source: Annotated[list[str] | None, typer.Option("--source", help="只查这些污染源编号，可多次。")] = None,
    sources_kind: Annotated[str, typer.Option("--from", help="以哪个图层为源，如 tailings_ponds。")] = "enterprises",
    closed_basins: Annotated[
        str, typer.Option(help="封闭洼地：breach 填平，keep 保留；不写则用项目参数 closed_basins。")
    ] = "",
    beside: Annotated[
        str, typer.Option("--beside", help="距路径多近视为遇到，如 100m；不写则用项目参数 path_beside_m。")
    ] = "",
    snap: Annotated[
        str, typer.Option("--snap", help="取水口落到水流上的容差，如 300m；不写则用项目参数 snap_distance_m。")
    ] = "",
    stream_ha: Annotated[
        str, typer.Option("--stream-ha", help="集水多少公顷视为水流，如 100；不写则用项目参数 stream_min_area_ha。")
    ] = "",
    geojson: Annotated[Path | None, typer.Option("--geojson", help="把路径写成 GeoJSON。")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """沿高程推算的水流：下游遇到什么，水源地集水范围内有哪些污染源。"""
    from hmgeo.project.flow import flow_project, report_rows, shown_tables, write_paths
    from hmgeo.project.flow_options import FlowWords

    words = FlowWords(limit, beside, closed_basins, snap, stream_ha, sources_kind, tuple(source or ()))
    report = flow_project(project, words)
    if geojson is not None:
        write_paths(report, geojson)
    if as_json:
        typer.echo(json.dumps(report_rows(report), ensure_ascii=False, indent=1))
        return
    for title, header, rows in shown_tables(report):
        shown = Table(*map(escape, header), title=escape(title), title_justify="left")
        for row in rows:
            shown.add_row(*map(escape, row))
        OUT.print(shown)
    for note in report.notes:
        LOG.print(note, markup=False)
