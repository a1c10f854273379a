"""Commands on whole projects: demo, run, init, check."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from hmgeo.commands.options import (
    AcceptOption,
    FailOption,
    LangOption,
    OutOption,
    ProjectArgument,
    PublicOption,
    WatermarkOption,
    day_of,
    language_of,
    verdict_of,
)
from hmgeo.commands.shown import LOG, OUT, Reporter, fail_on_verdict, ready_engine, show_check, summarise


def demo(out: OutOption = Path("hmgeo-demo"), *, lang: LangOption = "zh") -> None:
    """运行随软件提供的两个示例项目（合成数据）。"""
    ready_engine(language_of(lang))
    from hmgeo.project.demo import run_demo

    with Reporter(language_of(lang)) as report:
        runs = run_demo(out, language=lang, progress=report)
    for run in runs:
        summarise(run, lang)


def run(
    project: ProjectArgument,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹；默认 runs/<评估基准日>。")] = None,
    fail_on: FailOption = "",
    *,
    accept_suggestions: AcceptOption = False,
    public: PublicOption = False,
    watermark: WatermarkOption = "",
    lang: LangOption = "zh",
) -> None:
    """运行一个项目：读入、测算、按条款判断、写出结果文件夹。"""
    ready_engine(language_of(lang))
    from hmgeo.project.run import run_project
    from hmgeo.project.shown import Wish

    failing = verdict_of(fail_on)
    wish = Wish(public=public, watermark=watermark, language=language_of(lang))
    with Reporter(lang) as report:
        finished = run_project(project, out, accept_suggestions=accept_suggestions, wish=wish, progress=report)
    summarise(finished, lang)
    fail_on_verdict(finished, failing)


def init(
    folder: Annotated[Path, typer.Argument(help="新项目文件夹，须不存在或为空。")],
    area: Annotated[str, typer.Option("--area", help="重点区域编号、县级或乡级代码，如 GD-QC、441802。")],
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD；默认今天。")] = "",
) -> None:
    """新建项目文件夹：project.yml、各类清单模板、需要取得的资料。"""
    from hmgeo.project.init import init_project

    made = init_project(folder, area, day_of(as_of) or dt.datetime.now(tz=dt.UTC).date())
    for name in made.files:
        OUT.print(name, markup=False)
    LOG.print(f"已建立 {made.folder}：填写清单模板后运行 hmgeo check {made.folder}", markup=False)


def check(project: ProjectArgument) -> None:
    """读入全部数据并一次列出所有问题，不作测算。"""
    from hmgeo.project.check import check_project

    show_check(check_project(project))
