"""What a terminal shows: tables, progress, a summary."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hmgeo.commands import first_use
from hmgeo.commands.options import EXIT_FAIL_ON, EXIT_INPUT
from hmgeo.outputs.english import in_language
from hmgeo.outputs.wording import Text, status_word, verdict_header
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from types import TracebackType

    from hmgeo.project.check import CheckReport
    from hmgeo.project.check import Table as PrintedTable
    from hmgeo.project.run import Run
    from hmgeo.vocabulary import Verdict

IN_ALL = Text("{title}：污染源 {count} 行（{rows}）", "{title}: {count} sources ({rows})")
LIST_SIGN = Text("，", ", ")
WITH_PAGE = Text(
    "结果：{folder}（地图 map.html，图件 map.pdf，表格 screening.xlsx）",
    "Results: {folder} (map map.html, print map.pdf, tables screening.xlsx)",
)
WITHOUT_PAGE = Text(
    "结果：{folder}（图件 map.pdf，表格 screening.xlsx）", "Results: {folder} (print map.pdf, tables screening.xlsx)"
)
FIRST_USE = Text(
    "首次使用：先编译测算程序，约需十几秒；结果留存，以后不再需要。",
    "First use: compiling the engine, some fifteen seconds; it is kept and won't be needed again.",
)
LOG = Console(stderr=True, soft_wrap=True, highlight=False)
OUT = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)


def ready_engine(language: str = "zh") -> None:
    """Have the engine compiled, where it never was, while imports and files are read; say so."""
    if first_use.begin():
        LOG.print(FIRST_USE.say(language))


def show_table(table: PrintedTable) -> None:
    """Print a table."""
    shown = Table(title=table.title, title_justify="left")
    for name in table.header:
        shown.add_column(escape(name))
    for row in table.rows:
        shown.add_row(*map(escape, row))
    OUT.print(shown)


def show_check(report: CheckReport) -> None:
    """Print what a check found; leave with exit code 2 where there is a problem."""
    for table in report.tables:
        show_table(table)
    for problem in report.problems:
        OUT.print(f"{'▲ 提醒' if problem.is_warning else '× 问题'} {problem}", markup=False)
    errors = sum(not problem.is_warning for problem in report.problems)
    OUT.print(f"共 {errors} 个问题，{len(report.problems) - errors} 个提醒。")
    if errors:
        raise typer.Exit(EXIT_INPUT)


class Reporter:
    """Shows stages and a bar on a terminal, one line a stage elsewhere."""

    def __init__(self, language: str = "zh") -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=LOG, transient=True, disable=not LOG.is_terminal)
        self._task = self._bars.add_task("")
        self._stage = ""
        self._language = language

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bars.stop()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Hear how far a stage is."""
        stage = in_language(stage, self._language)
        if stage != self._stage:
            self._stage = stage
            if not LOG.is_terminal:
                LOG.print(f"{stage} …")
        self._bars.update(self._task, description=stage, completed=done, total=total)


def summarise(finished: Run, language: str = "zh") -> None:
    """Say what came out, and what was assumed."""
    results = finished.results
    for warning in results.warnings:
        LOG.print(f"▲ {in_language(warning, language)}", markup=False)
    statuses = results.status_counts()
    told = [f"{status_word(status.value, language)} {statuses.get(status.value, 0)}" for status in Status]
    rows = LIST_SIGN.say(language).join(told)
    line = IN_ALL.say(language, title=results.title, count=str(results.sources.num_rows), rows=rows)
    files = WITH_PAGE if (finished.folder / "map.html").is_file() else WITHOUT_PAGE
    OUT.print(line, markup=False)
    OUT.print(f"  {verdict_header(results.verdict_counts(), language)}", markup=False)
    OUT.print(f"  {files.say(language, folder=str(finished.folder))}", markup=False)


def fail_on_verdict(finished: Run, verdict: Verdict | None) -> None:
    """Leave with exit code 3 where a verdict occurs that must not."""
    if verdict is not None and finished.results.verdict_counts()[verdict]:
        raise typer.Exit(EXIT_FAIL_ON)
