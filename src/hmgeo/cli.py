"""Arguments in, exit code out, nothing else: which command is which function, and what an error becomes.

Exit codes: 0 done, 1 a bug, 2 bad input, usage or environment, 3 `--fail-on`; 130 and 143 for signals.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

import hmgeo
from hmgeo.commands import books, projects, sites
from hmgeo.commands.options import LOG, OUT
from hmgeo.errors import HmgeoError

if TYPE_CHECKING:
    from collections.abc import Callable


_RARELY = (50_000, 20, 100)
"""Modules imported are never garbage; looking through them again and again takes a sixth of a short command's time."""

app = typer.Typer(
    name="hmgeo",
    help="重金属污染防控重点区域 GIS 排查：初步筛查，结论由人作出。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": projects.demo,
    "run": projects.run,
    "init": projects.init,
    "check": projects.check,
    "screen": projects.screen,
    "pairs": projects.pairs,
    "flow": projects.flow,
    "site": sites.site,
    "overlay": sites.overlay,
    "key-areas": sites.key_areas,
    "candidates": sites.candidates,
    "offsets": sites.offsets,
    "map": projects.draw,
}
GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "layers": (
        "图层：随软件提供的，和拿到的文件能不能用。",
        {"list": books.show_shipped, "check": books.check_layer, "pack": books.pack},
    ),
    "rules": (
        "规则库：条款、出处、能否判定。",
        {"list": books.show_book, "coverage": books.coverage, "show": books.show, "check": books.check_rules},
    ),
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
for _name, (_help, _commands) in GROUPS.items():
    _group = typer.Typer(help=_help, no_args_is_help=True)
    for _inner, _command in _commands.items():
        _group.command(_inner)(_command)
    app.add_typer(_group, name=_name)


def main() -> None:
    """Run the command line; turn our errors into exit code 2 and words on stderr."""
    gc.set_threshold(*_RARELY)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing here uses it, and its threads spin when they start
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # consoles that can't show a sign print ? instead of failing
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except HmgeoError as error:
        for problem in error.problems:
            LOG.print(f"× {problem}", markup=False, style="red")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        LOG.print("已中断，没有留下未写完的结果。")
        sys.exit(128 + signal.SIGINT)


@app.callback(invoke_without_command=True)
def _version(*, version: Annotated[bool, typer.Option("--version", help="显示版本。", is_eager=True)] = False) -> None:
    """重金属污染防控重点区域 GIS 排查：初步筛查，结论由人作出。"""
    if version:
        OUT.print(hmgeo.__version__)
        raise typer.Exit
