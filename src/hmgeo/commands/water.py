"""Commands on water: flow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hmgeo.commands.options import JsonOption, ProjectArgument
from hmgeo.commands.shown import LOG, OUT


def flow(
    project: ProjectArgument,
    limit: Annotated[str, typer.Option("--limit", help="沿水流追踪的距离，如 20km；条文未规定，须自定。")],
    source: Annotated[list[str] | None, typer.Option("--source", help="只查这些污染源编号，可多次。")] = None,
    sources_kind: Annotated[str, typer.Option("--from", help="以哪个图层为源，如 tailings_ponds。")] = "enterprises",
    closed_basins: Annotated[str, typer.Option(help="封闭洼地：breach 填平，keep 保留。")] = "breach",
    beside: Annotated[str, typer.Option("--beside", help="距路径多近视为遇到，如 100m。")] = "0m",
    geojson: Annotated[Path | None, typer.Option("--geojson", help="把路径写成 GeoJSON。")] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """沿高程推算的水流：下游遇到什么，水源地集水范围内有哪些污染源。"""
    from hmgeo.project.bare import parse_radius_m
    from hmgeo.project.flow import flow_options, flow_project, report_rows, shown_tables, write_paths

    metres = parse_radius_m(limit), parse_radius_m(beside) if beside != "0m" else 0.0
    report = flow_project(project, flow_options(*metres, closed_basins, sources_kind, source or ()))
    if geojson is not None:
        write_paths(report, geojson)
    if as_json:
        typer.echo(json.dumps(report_rows(report), ensure_ascii=False, indent=1))
        return
    for title, header, rows in shown_tables(report):
        shown = Table(*header, title=title, title_justify="left")
        for row in rows:
            shown.add_row(*row)
        OUT.print(shown)
    for note in report.notes:
        LOG.print(note, markup=False)
