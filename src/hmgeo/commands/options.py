"""Options that several commands share, and what a terminal shows: tables, progress, a summary.

Also the first use on a machine: the engine is compiled by other processes while imports and files are read.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import sys
from contextlib import suppress
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from msgspec.structs import replace

from hmgeo.errors import without_passwords
from hmgeo.vocabulary import LayerKind, Status, Verdict
from hmgeo.words import render, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from rich.console import Console
    from rich.progress import Progress

    from hmgeo.intake.load import ReadOptions
    from hmgeo.project.check import CheckReport
    from hmgeo.project.run import Run
    from hmgeo.project.start import Ask, Asked


OutOption = Annotated[Path, typer.Option("--out", help="结果文件夹，须不存在、为空或存放上次结果。")]
RadiusOption = Annotated[str, typer.Option("--radius", help="半径，数字加单位，如 10km、500m。")]
FailOption = Annotated[str, typer.Option("--fail-on", help="出现该结论时以 3 退出，如 listed。")]
WordsOption = Annotated[
    Path | None, typer.Option("--words", help="用语文件（yaml）：清单外的用语各是什么意思，每词一行。")
]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        help="哪一列是什么：lon=列名,lat=列名,name=列名；分列 lon=度列+分列+秒列；一格 lonlat=列名；或 yml 文件。",
    ),
]
SecondColumnsOption = Annotated[
    list[str] | None,
    typer.Option(help="受体（耕地）文件哪一列是什么，写法同 --columns，如 class=列名,id=列名；或 yml 文件。"),
]
AcceptOption = Annotated[bool, typer.Option("--accept-suggestions", help="采纳位置检查的建议，逐条记入台账。")]
EvidenceOption = Annotated[
    bool, typer.Option("--evidence", help="另写只有专业人员才看的表：河网对照、地形试算、洼地、各半径敏感性等。")
]
PublicOption = Annotated[
    bool, typer.Option("--public", help="地图按公开版写：只含标为公开的图层和乡镇统计；有图层未标注或涉密即拒绝。")
]
WatermarkOption = Annotated[
    str, typer.Option("--watermark", help="地图水印，如 单位·姓名·时间·运行编号，照写；不写则无。")
]
AlsoOption = Annotated[
    list[str] | None, typer.Option("--also", help="GIS 图层另写成：shp（GBK）、kmz、geoparquet，几个用逗号隔开。")
]
LangOption = Annotated[str, typer.Option("--lang", help="表格、说明和页面打开时的语言：zh 或 en。")]
PacksOption = Annotated[list[Path] | None, typer.Option("--pack", help="另加的规则文件或文件夹，可多次。")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON。")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="评估基准日，YYYY-MM-DD；不写则按项目。")]
AreaOption = Annotated[str, typer.Option("--area", help="行政区划代码，如 441802。")]
ProjectArgument = Annotated[Path, typer.Argument(help="project.yml 或其所在文件夹。")]
ProjectAboveOption = Annotated[
    Path | None, typer.Option("--project", help="project.yml 或其所在文件夹；不写则在结果文件夹之上找。")
]
ProjectOption = Annotated[Path, typer.Option("--project", help="project.yml 或其所在文件夹。")]
OutsideOption = Annotated[
    bool, typer.Option("--allow-outside", help="项目可引用其文件夹以外的文件；只用于来源可靠的项目。")
]
TradeOption = Annotated[str, typer.Option("--trade", help="行业代码，如 3212。")]
EditionOption = Annotated[str, typer.Option("--edition", help="行业分类版本：2011 或 2017。")]
ActionOption = Annotated[str, typer.Option("--action", help="建设性质：new、expand、reconstruct、technical_upgrade。")]
MetalsOption = Annotated[list[str] | None, typer.Option("--metal", help="新增排放量 kg/a，如 Pb=12.5，可多次。")]
StatedOption = Annotated[list[str] | None, typer.Option("--set", help="填报的事实，如 may_pollute_soil=yes。")]
KindOption = Annotated[str, typer.Option("--kind", help="研判对象：project_sites、enterprises、tailings_ponds 等。")]
EXIT_BUG = 1
EXIT_INPUT = 2
EXIT_FAIL_ON = 3


def refuse_unused(options: Mapping[str, object], why: str, remedy: str) -> None:
    """Refuse options that what was asked makes no use of, told by `why` and `remedy`: silence looks as if it counted.

    `options`: name and value of each; the empty ones weren't given.

    `UsageError` with every one of them.
    """
    from hmgeo.errors import Place, Problem, UsageError, raise_problems

    filled = [(name, value) for name, value in options.items() if value not in (None, "", False)]
    raise_problems(UsageError, [Problem(why, Place(key=name), str(value), remedy=remedy) for name, value in filled])


def options_of(flag: str, columns: list[str] | None, *fields: Any) -> ReadOptions:  # noqa: ANN401 -- its fields
    """Return what is said of a file: its `columns` by a `flag` of their own, `fields` as `ReadOptions` begins."""
    from hmgeo.intake.load import ReadOptions

    options = replace(ReadOptions(*fields), columns_flag=flag)
    if not columns:  # what projects are read with loads all rules
        return options
    from hmgeo.project.spec import told_columns

    return replace(options, columns=told_columns(columns, flag))


def day_of(text: str) -> dt.date | None:
    """Return the day a text names, None for no text.

    >>> day_of("2019-06-30")
    datetime.date(2019, 6, 30)
    """
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        msg = f"「{text}」不是日期，写成 YYYY-MM-DD"
        raise typer.BadParameter(msg, param_hint="--as-of") from None


def also_of(options: Sequence[str] | None) -> tuple[str, ...]:
    """Return the further formats that `options`, an option's texts, name, in the order of the list of them.

    `typer.BadParameter`: a word names none of them.

    >>> also_of(["KMZ, shp"]), also_of(None)
    (('shp', 'kmz'), ())
    """
    if not options:
        return ()
    from hmgeo.outputs.gis import ALSO

    words = [word for text in options for word in re.split(r"[\s,，、;；]+", text.strip()) if word]
    unknown = [word for word in words if word.lower() not in ALSO]
    if unknown or not words:
        msg = f"「{'、'.join(unknown) or '、'.join(options)}」不可用，可写：{'、'.join(ALSO)}，几个用逗号隔开"
        raise typer.BadParameter(msg, param_hint="--also")
    asked = {word.lower() for word in words}
    return tuple(word for word in ALSO if word in asked)


def language_of(text: str) -> str:
    """Return the language that `text`, a code, names; `typer.BadParameter` where it is neither zh nor en."""
    if text not in {"zh", "en"}:
        msg = f"「{text}」不可用，写 zh 或 en"
        raise typer.BadParameter(msg, param_hint="--lang")
    return text


def verdict_of(text: str) -> Verdict | None:
    """Return the verdict a code names, None for no text."""
    if not text:
        return None
    codes = [verdict.value for verdict in Verdict]
    if text not in codes:
        msg = f"「{text}」不是结论代码，可用：{'、'.join(codes)}"
        raise typer.BadParameter(msg, param_hint="--fail-on")
    return Verdict.of(text)


def is_terminal() -> bool:
    """Return whether somebody sits there who can be asked."""
    return bool(sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty())


def asker() -> Ask:
    """Return what asks a person at the terminal."""

    def ask(asked: Asked) -> str:
        for line in ("", *asked.lines):
            LOG.print(line, markup=False)
        answer: str = typer.prompt(asked.title, default=asked.default, show_default=bool(asked.default), err=True)
        return answer.strip()

    return ask


def pair_of(text: str, option: str) -> tuple[str, str]:
    """Return name and value of `text`, `name=value`; `typer.BadParameter` of the `option` where it is no such thing."""
    name, sign, value = text.partition("=")
    if not (sign and name.strip() and value.strip()):
        msg = f"「{text}」应写成 名称=取值"
        raise typer.BadParameter(msg, param_hint=option)
    return name.strip(), value.strip()


def layers_of_words(sources: Path | None, farmland: Path | None, others: Sequence[str]) -> dict[LayerKind, Path]:
    """Return the file of each kind of layer that options name: `sources`, `farmland`, and `others` as kind=file.

    `typer.BadParameter`: no such kind, or one named twice.
    """
    named = {LayerKind.ENTERPRISES: sources, LayerKind.FARMLAND: farmland}
    files = {kind: file for kind, file in named.items() if file is not None}
    kinds = {word: kind for kind in LayerKind for word in (kind.value, kind.zh)}
    for text in others:
        word, file = pair_of(text, "--layer")
        if word not in kinds or kinds[word] in files:
            fault = (
                "写了两次"
                if word in kinds
                else f"没有这种图层，可用：{'、'.join(member.value for member in LayerKind)}"
            )
            msg = f"「{word}」{fault}"
            raise typer.BadParameter(msg, param_hint="--layer")
        files[kinds[word]] = Path(file)
    return files


class Stream:
    """What is told on stdout or stderr; rich is loaded for tables, and where a terminal shows it."""

    def __init__(self, *, stderr: bool) -> None:
        self._is_stderr = stderr

    @cached_property
    def console(self) -> Console:
        """What rich writes to."""
        from rich.console import Console

        width = None if self._is_stderr or (sys.stdout and sys.stdout.isatty()) else 160
        return Console(stderr=self._is_stderr, soft_wrap=True, highlight=False, width=width)

    @property
    def is_terminal(self) -> bool:
        """Whether a terminal shows it, or what the user's variables have rich take for one; asked without rich."""
        stream = sys.stderr if self._is_stderr else sys.stdout
        compatible, forced = os.environ.get("TTY_COMPATIBLE"), os.environ.get("FORCE_COLOR")
        if compatible in {"0", "1"}:
            return compatible == "1"
        return stream.isatty() if forced is None else forced != ""

    def print(self, shown: object, **options: Any) -> None:  # noqa: ANN401 -- as rich has them
        """Write `shown`, a line, without passwords, or a table; `options` are those of `rich.console.Console.print`."""
        line = without_passwords(shown) if isinstance(shown, str) else None
        if line is None or self.is_terminal:
            self.console.print(shown if line is None else line, **options)
        else:
            print(line, file=sys.stderr if self._is_stderr else sys.stdout, flush=True)


LOG = Stream(stderr=True)
OUT = Stream(stderr=False)


def ready_engine(language: str = "zh") -> None:
    """Have the engine compiled, where it never was, while imports and files are read; say so in a `language`."""
    if begin_compiling():
        LOG.print(render(say("cli.first_use"), language))


def show_json(shown: object) -> None:
    """Print `shown`, plain values, as JSON."""
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=1))


def show_table(title: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table of `rows` under its `title` and `header`."""
    from rich.markup import escape
    from rich.table import Table

    shown = Table(title=escape(title), title_justify="left")
    for name in header:
        shown.add_column(escape(name), overflow="fold")  # a narrow screen cuts no words
    for row in rows:
        shown.add_row(*map(escape, row))
    OUT.print(shown)


def show_check(report: CheckReport) -> None:
    """Print what a check found, its `report`; leave with exit code 2 where there is a problem."""
    for table in report.tables:
        show_table(table.title, table.header, table.rows)
    for problem in report.problems:
        OUT.print(f"{'▲ 提醒' if problem.is_warning else '× 问题'} {problem}", markup=False)
    for table in report.forecast:
        show_table(table.title, table.header, table.rows)
    if report.verdicts:
        OUT.print(f"照此运行：{report.verdicts}", markup=False)
    errors = sum(not problem.is_warning for problem in report.problems)
    OUT.print(f"共 {errors} 个问题，{len(report.problems) - errors} 个提醒。")
    if errors:
        raise typer.Exit(EXIT_INPUT)


class Reporter:
    """Shows stages and a bar on a terminal, one line a stage elsewhere."""

    def __init__(self, language: str = "zh") -> None:
        self._bars: Progress | None = None
        if LOG.is_terminal:
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
            self._bars = Progress(*columns, console=LOG.console, transient=True)
            self._bars.add_task("", total=None)
        self._stage = ""
        self._language = language

    def __enter__(self) -> Self:
        """Show the bar."""
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Hear how far a stage is."""
        if self._language != "zh":
            from hmgeo.outputs.english import in_language

            stage = in_language(stage, self._language)
        if self._bars is not None:
            self._bars.update(self._bars.task_ids[0], description=stage, completed=done, total=total)
        elif stage != self._stage:
            self._stage = stage
            LOG.print(f"{stage} …")


def warn(warnings: Sequence[str], language: str = "zh") -> None:
    """Say the `warnings` that stand on top of every output in a `language`."""
    from hmgeo.outputs.english import in_language

    for warning in warnings:
        LOG.print(f"▲ {in_language(warning, language)}", markup=False)


def summarise(finished: Run, language: str = "zh") -> None:
    """Say in a `language` what came out of the `finished` run, and what was assumed."""
    from hmgeo.outputs.guide import GUIDE_NAME
    from hmgeo.outputs.templates import settling_lines
    from hmgeo.outputs.wording import status_word, verdict_header

    results = finished.results
    warn(results.warnings, language)
    for line in settling_lines(results.unread, language):
        LOG.print(line, markup=False, soft_wrap=True)
    statuses = results.status_counts()
    counts = [f"{status_word(status.value, language)} {statuses.get(status.value, 0)}" for status in Status]
    sources = say("cli.in_all", title=results.title, count=str(results.sources.num_rows), rows=tuple(counts))
    page = "cli.results_page" if (finished.folder / "map.html").is_file() else "cli.results"
    OUT.print(render(sources, language), markup=False)
    OUT.print(f"  {verdict_header(results.verdict_counts(), results.unassessed_counts(), language)}", markup=False)
    OUT.print(f"  {render(say(page, folder=str(finished.folder), guide=GUIDE_NAME), language)}", markup=False)


def fail_on_verdict(finished: Run, verdict: Verdict | None) -> None:
    """Leave with 1 where a file of the `finished` run wasn't made, with 3 where a `verdict` occurs that must not."""
    if finished.results.failed:
        raise typer.Exit(EXIT_BUG)
    if verdict is not None and finished.results.verdict_counts()[verdict]:
        raise typer.Exit(EXIT_FAIL_ON)


ENGINE_PARTS = ("search", "boxes")
"""Of `hmgeo.proximity.elsewhere`: the kernel, and what is asked of boxes and of pairs; with it, of rings of a file."""


_KEPT = "proximity.search.search", "intake.places.sound._find_sound"
"""What is compiled last by either of them."""


COMPILING = """
import gc
from hmgeo.reference.machine import hidden
gc.disable()
with hidden("pandas", "scipy", "yaml"):
    from hmgeo.intake.places import sound
    from hmgeo.proximity import elsewhere
    elsewhere.compile_part({part!r})
    if {part!r} == "boxes":
        sound.compile_ahead()
"""
"""What a process of its own runs for each of them."""


def begin_compiling() -> bool:
    """Start compiling where nothing is kept yet; return whether that was needed."""
    from hmgeo.reference.machine import code_folder, start

    if all(any(code_folder().glob(f"hmgeo.{name}-*.code")) for name in _KEPT):
        return False
    start([COMPILING.format(part=part) for part in ENGINE_PARTS])
    return True


_LARGE_BYTES = 10_000_000
"""No table of as many rows as are read in bulk is smaller."""


def may_need_gdal(receptors: str) -> bool:
    """Tell whether GDAL's wrapper is asked for a file of `receptors`: a shapefile, a large GeoPackage."""
    path = Path(receptors)
    with suppress(OSError):  # a file that can't be looked at is told where it is read
        return path.suffix == ".shp" or (path.suffix == ".gpkg" and path.stat().st_size > _LARGE_BYTES)
    return False


def keep_lean(*, is_read_by_gdal: bool = False, gives_back: bool = False) -> None:
    """Keep libraries from loading pandas and geopandas just to see whether they are there; half a second.

    `is_read_by_gdal`: whether GDAL's wrapper is surely needed, which hands out no GeoDataFrame then. `gives_back`:
    whether Arrow's free memory goes to the system at once, since what comes after asks for other sizes.
    """
    from hmgeo.reference.machine import hidden

    # Parts follow each other: memory given back is asked again, and goes to the system when that is asked for.
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "5000")
    if gives_back:
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    with hidden("pandas"):
        arrow = import_module("pyarrow")
        arrow.array(import_module("numpy").empty(0)), arrow.scalar("")  # either looks for itself, once
        if is_read_by_gdal:
            with hidden("geopandas"):
                import_module("pyogrio")
