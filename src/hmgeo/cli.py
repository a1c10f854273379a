"""Arguments in, exit code out, nothing else.

Exit codes: 0 done, 1 a bug, 2 bad input, usage or environment, 3 `--fail-on`; 130 and 143 for signals.
"""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import hmgeo
from hmgeo.errors import HmgeoError
from hmgeo.vocabulary import Basis, Status, Verdict

if TYPE_CHECKING:
    from types import TracebackType

    from hmgeo.project.run import Run

app = typer.Typer(
    name="hmgeo",
    help="重金属污染防控重点区域 GIS 排查：初步筛查，结论由人作出。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_log = Console(stderr=True, soft_wrap=True, highlight=False)
_out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)

OutOption = Annotated[Path, typer.Option("--out", help="结果文件夹，须不存在、为空或存放上次结果。")]
RadiusOption = Annotated[str, typer.Option("--radius", help="半径，数字加单位，如 10km、500m。")]
FailOption = Annotated[str, typer.Option("--fail-on", help="出现该结论时以 3 退出，如 listed。")]
EXIT_INPUT = 2
EXIT_FAIL_ON = 3


@app.command()
def demo(out: OutOption = Path("hmgeo-demo")) -> None:
    """运行随软件提供的两个示例项目（合成数据）。"""
    from hmgeo.project.demo import run_demo

    with _Reporter() as report:
        runs = run_demo(out, progress=report)
    for run in runs:
        _summarise(run)


@app.command()
def run(
    project: Annotated[Path, typer.Argument(help="project.yml 或其所在文件夹。")],
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹；默认 runs/<评估基准日>。")] = None,
    fail_on: FailOption = "",
) -> None:
    """运行一个项目：读入、测算、按条款判断、写出结果文件夹。"""
    from hmgeo.project.run import run_project

    failing = _verdict(fail_on)
    with _Reporter() as report:
        finished = run_project(project, out, progress=report)
    _summarise(finished)
    _fail_on(finished, failing)


@app.command()
def check(project: Annotated[Path, typer.Argument(help="project.yml 或其所在文件夹。")]) -> None:
    """读入全部数据并一次列出所有问题，不作测算。"""
    from hmgeo.project.check import check_project

    report = check_project(project)
    for table in report.tables:
        shown = Table(*table.header, title=table.title, title_justify="left")
        for row in table.rows:
            shown.add_row(*row)
        _out.print(shown)
    for problem in report.problems:
        _out.print(f"{'▲ 提醒' if problem.is_warning else '× 问题'} {problem}", markup=False)
    errors = sum(not problem.is_warning for problem in report.problems)
    _out.print(f"共 {errors} 个问题，{len(report.problems) - errors} 个提醒。")
    if errors:
        raise typer.Exit(EXIT_INPUT)


@app.command()
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
    fail_on: FailOption = "",
) -> None:
    """对两个文件按距离排查，不依据条款。"""
    from hmgeo.layers.load import ReadOptions
    from hmgeo.project.bare import BareFile, parse_radius_m, screen_files

    failing = _verdict(fail_on)
    radius_m = parse_radius_m(radius)
    first = BareFile(
        sources,
        ReadOptions(sources_layer, sources_id, sources_crs, sources_datum, central_meridian),
        sources_basis,
        credit=sources_credit,
    )
    second = BareFile(
        farmland,
        ReadOptions(farmland_layer, farmland_id, farmland_crs, farmland_datum, central_meridian),
        farmland_basis,
        farmland_covers,
        farmland_credit,
    )
    with _Reporter() as report:
        finished = screen_files(first, second, out, radius_m=radius_m, progress=report)
    _summarise(finished)
    _fail_on(finished, failing)


@app.command()
def pairs(
    sources: Annotated[Path, typer.Option("--sources", help="污染源文件。")],
    receptors: Annotated[Path, typer.Option("--receptors", help="受体文件。")],
    out: Annotated[Path, typer.Option("--out", help="写出的 parquet 文件。")],
    radius: RadiusOption = "10km",
    *,
    aggregate: Annotated[bool, typer.Option("--aggregate", help="只写各污染源的计数和面积。")] = False,
) -> None:
    """只测算距离：写出半径内的全部点对，或各污染源的计数。"""
    from hmgeo.project.bare import BareFile, pairs_files, parse_radius_m

    radius_m = parse_radius_m(radius)
    with _Reporter() as report:
        found = pairs_files(
            BareFile(sources), BareFile(receptors), out, radius_m=radius_m, aggregate=aggregate, progress=report
        )
    _log.print(f"已写出 {out.name}：受体 {found.receptor_count} 个。")


rules_app = typer.Typer(help="规则库：条款、出处、能否判定。", no_args_is_help=True)
app.add_typer(rules_app, name="rules")
PacksOption = Annotated[list[Path] | None, typer.Option("--pack", help="另加的规则文件或文件夹，可多次。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]


@rules_app.command("list")
def rules_list(
    pack: PacksOption = None,
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD。")] = "",
    area: Annotated[str, typer.Option("--area", help="行政区划代码，如 441802。")] = "CN",
    *,
    as_json: JsonOption = False,
) -> None:
    """列出规则；给出日期和地点时列出效力。"""
    rules_coverage_command(pack, as_of, area, as_json=as_json)


@rules_app.command("coverage")
def rules_coverage_command(
    pack: PacksOption = None,
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD。")] = "",
    area: Annotated[str, typer.Option("--area", help="行政区划代码，如 441802。")] = "CN",
    *,
    as_json: JsonOption = False,
) -> None:
    """逐条列出能否判定、为何不能、需要哪些图层和参数。"""
    from hmgeo.project.rulebook import coverage_rows, rules_coverage

    rows = rules_coverage(pack or (), as_of=_day(as_of), area=area)
    if as_json:
        typer.echo(json.dumps(coverage_rows(rows), ensure_ascii=False, indent=1))
        return
    shown = Table(
        "编号", "作用", "效力", "判定", "图层", "参数", "案例", title=f"规则 {len(rows)} 条", title_justify="left"
    )
    for row in rows:
        needs = "、".join(row.layers), "、".join(row.parameters)
        shown.add_row(row.id, row.effect, row.standing, row.runs, *needs, str(row.cases))
    _out.print(shown)


@rules_app.command("show")
def rules_show(
    rule_id: Annotated[str, typer.Argument(help="规则编号，如 SCR-JY-10KM。")], pack: PacksOption = None
) -> None:
    """显示一条规则的全部内容和原文。"""
    from hmgeo.project.rulebook import rule_card
    from hmgeo.rules.book import load_book

    for name, text in rule_card(load_book(pack or ()).get(rule_id)):
        _out.print(f"{name}：{text}", markup=False)


@rules_app.command("check")
def rules_check(file: Annotated[Path, typer.Argument(help="规则文件或文件夹。")]) -> None:
    """检查规则文件，一次列出全部错误。"""
    from hmgeo.rules.book import load_book

    book = load_book([file])
    _out.print(f"没有发现错误：规则库共 {len(book.rules)} 条。")


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        msg = f"「{text}」不是日期，写成 YYYY-MM-DD"
        raise typer.BadParameter(msg, param_hint="--as-of") from None


def main() -> None:
    """Run the command line; turn our errors into exit code 2 and words on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # consoles that can't show a sign print ? instead of failing
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except HmgeoError as error:
        for problem in error.problems:
            _log.print(f"× {problem}", markup=False, style="red")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _log.print("已中断，没有留下未写完的结果。")
        sys.exit(128 + signal.SIGINT)


class _Reporter:
    """Shows stages and a bar on a terminal, one line a stage elsewhere."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=_log, transient=True, disable=not _log.is_terminal)
        self._task = self._bars.add_task("")
        self._stage = ""

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if stage != self._stage:
            self._stage = stage
            if not _log.is_terminal:
                _log.print(f"{stage} …")
        self._bars.update(self._task, description=stage, completed=done, total=total)


def _summarise(finished: Run) -> None:
    """Say what came out, and what was assumed."""
    results = finished.results
    for warning in results.warnings:
        _log.print(f"▲ {warning}", markup=False)
    statuses = results.status_counts()
    rows = "，".join(f"{status.zh} {statuses.get(status.value, 0)}" for status in Status)
    verdicts = "｜".join(f"{verdict.zh} {count} 条" for verdict, count in results.verdict_counts().items())
    _out.print(f"{results.title}：污染源 {results.sources.num_rows} 行（{rows}）", markup=False)
    _out.print(f"  {verdicts}", markup=False)
    _out.print(f"  结果：{finished.folder}（地图 map.html，表格 screening.xlsx）", markup=False)


def _verdict(text: str) -> Verdict | None:
    if not text:
        return None
    codes = [verdict.value for verdict in Verdict]
    if text not in codes:
        msg = f"「{text}」不是结论代码，可用：{'、'.join(codes)}"
        raise typer.BadParameter(msg, param_hint="--fail-on")
    return Verdict.of(text)


def _fail_on(finished: Run, verdict: Verdict | None) -> None:
    if verdict is not None and finished.results.verdict_counts()[verdict]:
        raise typer.Exit(EXIT_FAIL_ON)


@app.callback(invoke_without_command=True)
def _version(*, version: Annotated[bool, typer.Option("--version", help="显示版本。", is_eager=True)] = False) -> None:
    """重金属污染防控重点区域 GIS 排查：初步筛查，结论由人作出。"""
    if version:
        _out.print(hmgeo.__version__)
        raise typer.Exit
