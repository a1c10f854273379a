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
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import hmgeo
from hmgeo.errors import HmgeoError
from hmgeo.vocabulary import Basis, Status, Verdict

if TYPE_CHECKING:
    from types import TracebackType

    from hmgeo.project.check import CheckReport
    from hmgeo.project.check import Table as PrintedTable
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
AcceptOption = Annotated[bool, typer.Option("--accept-suggestions", help="采纳位置检查的建议，逐条记入台账。")]
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
    *,
    accept_suggestions: AcceptOption = False,
) -> None:
    """运行一个项目：读入、测算、按条款判断、写出结果文件夹。"""
    from hmgeo.project.run import run_project

    failing = _verdict(fail_on)
    with _Reporter() as report:
        finished = run_project(project, out, accept_suggestions=accept_suggestions, progress=report)
    _summarise(finished)
    _fail_on(finished, failing)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="新项目文件夹，须不存在或为空。")],
    area: Annotated[str, typer.Option("--area", help="重点区域编号、县级或乡级代码，如 GD-QC、441802。")],
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD；默认今天。")] = "",
) -> None:
    """新建项目文件夹：project.yml、各类清单模板、需要取得的资料。"""
    from hmgeo.project.init import init_project

    made = init_project(folder, area, _day(as_of) or dt.datetime.now(tz=dt.UTC).date())
    for name in made.files:
        _out.print(name, markup=False)
    _log.print(f"已建立 {made.folder}：填写清单模板后运行 hmgeo check {made.folder}", markup=False)


@app.command()
def check(project: Annotated[Path, typer.Argument(help="project.yml 或其所在文件夹。")]) -> None:
    """读入全部数据并一次列出所有问题，不作测算。"""
    from hmgeo.project.check import check_project

    _show_check(check_project(project))


def _show_table(table: PrintedTable) -> None:
    shown = Table(title=table.title, title_justify="left")
    for name in table.header:
        shown.add_column(escape(name))
    for row in table.rows:
        shown.add_row(*map(escape, row))
    _out.print(shown)


def _show_check(report: CheckReport) -> None:
    for table in report.tables:
        _show_table(table)
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
    sources_axis_order: Annotated[str, typer.Option(help="污染源坐标列的顺序：lon_lat 或 lat_lon（两列颠倒）。")] = "",
    fail_on: FailOption = "",
    *,
    accept_suggestions: AcceptOption = False,
) -> None:
    """对两个文件按距离排查，不依据条款。"""
    from hmgeo.layers.load import ReadOptions
    from hmgeo.project.bare import BareFile, parse_radius_m
    from hmgeo.project.screening import screen_files

    failing = _verdict(fail_on)
    radius_m = parse_radius_m(radius)
    first = BareFile(
        sources,
        ReadOptions(
            sources_layer,
            sources_id,
            sources_crs,
            sources_datum,
            central_meridian,
            sources_axis_order,
            accept_suggestions,
        ),
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
    from hmgeo.project.bare import BareFile, parse_radius_m
    from hmgeo.project.pairs import pairs_files

    radius_m = parse_radius_m(radius)
    with _Reporter() as report:
        found = pairs_files(
            BareFile(sources), BareFile(receptors), out, radius_m=radius_m, aggregate=aggregate, progress=report
        )
    _log.print(f"已写出 {out.name}：受体 {found.receptor_count} 个。")


@app.command()
def flow(
    project: Annotated[Path, typer.Argument(help="project.yml 或其所在文件夹。")],
    limit: Annotated[str, typer.Option("--limit", help="沿水流追踪的距离，如 20km；条文未规定，须自定。")],
    source: Annotated[list[str] | None, typer.Option("--source", help="只查这些污染源编号，可多次。")] = None,
    sources_kind: Annotated[str, typer.Option("--from", help="以哪个图层为源，如 tailings_ponds。")] = "enterprises",
    closed_basins: Annotated[str, typer.Option(help="封闭洼地：breach 填平，keep 保留。")] = "breach",
    beside: Annotated[str, typer.Option("--beside", help="距路径多近视为遇到，如 100m。")] = "0m",
    geojson: Annotated[Path | None, typer.Option("--geojson", help="把路径写成 GeoJSON。")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
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
        _out.print(shown)
    for note in report.notes:
        _log.print(note, markup=False)


@app.command()
def site(
    project: Annotated[Path, typer.Option("--project", help="project.yml 或其所在文件夹。")],
    at: Annotated[str, typer.Option("--at", help="拟建点位：经度,纬度。小数位数表示精度。")] = "",
    sites: Annotated[Path | None, typer.Option("--sites", help="建设项目清单或范围文件（点、线、面）。")] = None,
    trade: Annotated[str, typer.Option("--trade", help="行业代码，如 3212。")] = "",
    edition: Annotated[str, typer.Option("--edition", help="行业分类版本：2011 或 2017。")] = "",
    action: Annotated[
        str, typer.Option("--action", help="建设性质：new、expand、reconstruct、technical_upgrade。")
    ] = "",
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，默认为项目的。")] = "",
    metal: Annotated[list[str] | None, typer.Option("--metal", help="新增排放量 kg/a，如 Pb=12.5，可多次。")] = None,
    stated: Annotated[list[str] | None, typer.Option("--set", help="填报的事实，如 may_pollute_soil=yes。")] = None,
    ranges: Annotated[list[str] | None, typer.Option("--range", help="保护目标评价范围（米），如 soil=1000。")] = None,
    datum: Annotated[str, typer.Option("--datum", help="点位坐标系。")] = "cgcs2000",
    error: Annotated[str, typer.Option("--position-error", help="点位另有的定位误差，米。")] = "",
    sites_basis: Annotated[Basis, typer.Option("--sites-basis", help="清单的数据性质。")] = Basis.UNDECLARED,
    sites_datum: Annotated[str, typer.Option("--sites-datum", help="清单的大地基准。")] = "",
    sites_layer: Annotated[str, typer.Option("--sites-layer", help="清单的工作表或图层名。")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹：siting.xlsx、siting.json 等。")] = None,
    fail_on: FailOption = "",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
) -> None:
    """选址条款研判：逐条列出触及什么、依据什么、什么未评估；不给总的结论。"""
    from hmgeo.layers.options import ReadOptions
    from hmgeo.project.site_command import SiteRequest, answer_sites
    from hmgeo.project.site_input import Typed

    failing = _verdict(fail_on)
    typed = Typed(at, trade, edition, action, datum, error, "", metal or (), stated or ())
    options = ReadOptions(layer=sites_layer, datum=sites_datum)
    request = SiteRequest(project, typed, sites, sites_basis, options, _day(as_of), tuple(ranges or ()), out)
    with _Reporter() as report:
        answered = answer_sites(request, progress=report)
    typer.echo(answered.json_text() if as_json else "\n".join(answered.lines()))
    if failing is not None and answered.count(failing):
        raise typer.Exit(EXIT_FAIL_ON)


@app.command()
def overlay(
    project: Annotated[Path, typer.Option("--project", help="project.yml 或其所在文件夹。")],
    out: OutOption,
    trade: Annotated[str, typer.Option("--trade", help="行业代码，如 3212。")] = "",
    edition: Annotated[str, typer.Option("--edition", help="行业分类版本：2011 或 2017。")] = "",
    action: Annotated[
        str, typer.Option("--action", help="建设性质：new、expand、reconstruct、technical_upgrade。")
    ] = "",
    as_of: Annotated[str, typer.Option("--as-of", help="评估基准日，默认为项目的。")] = "",
    metal: Annotated[list[str] | None, typer.Option("--metal", help="新增排放量 kg/a，如 Pb=12.5，可多次。")] = None,
    stated: Annotated[list[str] | None, typer.Option("--set", help="填报的事实，如 may_pollute_soil=yes。")] = None,
    area: Annotated[str, typer.Option("--area", help="区域代码、重点区域编号或面文件；默认为项目区域。")] = "",
) -> None:
    """已评估条款叠加：各条款在区域内触及的范围，单独和依次的面积；未触及不等于可以建设。"""
    from hmgeo.project.site_input import Typed
    from hmgeo.project.site_tools import draw_overlay

    typed = Typed("", trade, edition, action, metals=metal or (), stated=stated or ())
    for row in draw_overlay(project, typed, out, as_of=_day(as_of), area=area):
        _out.print("｜".join(row), markup=False)


@app.command("key-areas")
def key_areas_command(
    table: Annotated[Path, typer.Argument(help="有坐标、范围或地名的表或图层。")],
    out: Annotated[Path, typer.Option("--out", help="写出的 csv 文件。")],
    area: Annotated[list[str], typer.Option("--area", help="所在县区代码或重点区域编号，可多次。")],
) -> None:
    """为任意名单填写是否在重点区域：哪个区域、级别、依据、确定性、占比。"""
    from hmgeo.project.site_tools import fill_table

    _out.print(f"已写出 {out.name}：{fill_table(table, out, counties=area)} 行。")


layers_app = typer.Typer(help="图层：随软件提供的，和拿到的文件能不能用。", no_args_is_help=True)
app.add_typer(layers_app, name="layers")


@layers_app.command("list")
def layers_list() -> None:
    """列出随软件提供的图层、数据性质和署名。"""
    from hmgeo.project.layer_check import shipped_table

    _show_table(shipped_table())


@layers_app.command("check")
def layers_check(
    file: Annotated[Path, typer.Argument(help="表格或矢量文件，可以是 zip。")],
    kind: Annotated[str, typer.Option("--kind", help="图层种类，如 enterprises、farmland；不写则按字段判断。")] = "",
    layer: Annotated[str, typer.Option("--layer", help="工作表或图层名。")] = "",
    crs: Annotated[str, typer.Option("--crs", help="坐标系，如 EPSG:4547。")] = "",
    datum: Annotated[str, typer.Option("--datum", help="大地基准，如 gcj02。")] = "",
    axis_order: Annotated[str, typer.Option("--axis-order", help="lon_lat 或 lat_lon。")] = "",
    central_meridian: Annotated[float | None, typer.Option("--central-meridian", help="度，如 114。")] = None,
    fixme: Annotated[Path | None, typer.Option("--fixme", help="写出请提供单位更正的表（xlsx）。")] = None,
    *,
    accept_suggestions: AcceptOption = False,
) -> None:
    """读入一个文件，列出内容、范围、坐标系、可疑行和全部问题，不作测算。"""
    from hmgeo.layers.load import ReadOptions
    from hmgeo.project.layer_check import check_layer

    options = ReadOptions(layer, "", crs, datum, central_meridian, axis_order, accept_suggestions)
    _show_check(check_layer(file, kind, options=options, fixme=fixme))


@app.command("map")
def map_command(
    definitions: Annotated[Path, typer.Argument(help="地图定义（.yml）或存放它们的文件夹。")] = Path("maps"),
    out: Annotated[Path | None, typer.Option("--out", help="写出网页的文件夹；默认与定义同处。")] = None,
    language: Annotated[str, typer.Option("--language", help="页面打开时的语言：zh 或 en。")] = "",
    *,
    public: Annotated[bool, typer.Option("--public", help="公开版：只含标为公开的图层和乡镇统计。")] = False,
) -> None:
    """按定义画地图：每幅一个离线网页；给出文件夹时另写目录 index.html。"""
    from hmgeo.project.maps import build_maps

    if language not in {"", "zh", "en"}:
        msg = f"「{language}」不可用，写 zh 或 en"
        raise typer.BadParameter(msg, param_hint="--language")
    folder = out or (definitions if definitions.is_dir() else definitions.parent)
    for built in build_maps(definitions, folder, audience="public" if public else "internal", language=language):
        _out.print(f"{built.spec.title}：{built.path}", markup=False)


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
