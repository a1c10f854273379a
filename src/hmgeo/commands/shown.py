"""What a terminal shows: tables, progress, a summary."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hmgeo.commands.options import EXIT_FAIL_ON, EXIT_INPUT
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from types import TracebackType

    from hmgeo.project.check import CheckReport
    from hmgeo.project.check import Table as PrintedTable
    from hmgeo.project.run import Run
    from hmgeo.vocabulary import Verdict

LOG = Console(stderr=True, soft_wrap=True, highlight=False)
OUT = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)


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

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=LOG, transient=True, disable=not LOG.is_terminal)
        self._task = self._bars.add_task("")
        self._stage = ""

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
        if stage != self._stage:
            self._stage = stage
            if not LOG.is_terminal:
                LOG.print(f"{stage} …")
        self._bars.update(self._task, description=stage, completed=done, total=total)


def summarise(finished: Run) -> None:
    """Say what came out, and what was assumed."""
    results = finished.results
    for warning in results.warnings:
        LOG.print(f"▲ {warning}", markup=False)
    page = "地图 map.html，" if (finished.folder / "map.html").is_file() else ""
    page += "图件 map.pdf，"
    statuses = results.status_counts()
    rows = "，".join(f"{status.zh} {statuses.get(status.value, 0)}" for status in Status)
    verdicts = "｜".join(f"{verdict.zh} {count} 条" for verdict, count in results.verdict_counts().items())
    OUT.print(f"{results.title}：污染源 {results.sources.num_rows} 行（{rows}）", markup=False)
    OUT.print(f"  {verdicts}", markup=False)
    OUT.print(f"  结果：{finished.folder}（{page}表格 screening.xlsx）", markup=False)


def fail_on_verdict(finished: Run, verdict: Verdict | None) -> None:
    """Leave with exit code 3 where a verdict occurs that must not."""
    if verdict is not None and finished.results.verdict_counts()[verdict]:
        raise typer.Exit(EXIT_FAIL_ON)
