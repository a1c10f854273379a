"""Arguments in, exit code out, nothing else: which command is which function, and what an error becomes.

Exit codes: 0 done, 1 a bug, 2 bad input, usage or environment, 3 `--fail-on`; 130 and 143 for signals.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import hmgeo
from hmgeo.commands import books, projects, sites
from hmgeo.commands.options import LOG, OUT
from hmgeo.errors import HmgeoError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


_RARELY = (50_000, 20, 100)
"""Modules imported are never garbage; looking through them again and again takes a sixth of a short command's time."""

_ENDS = ("SIGTERM", "SIGHUP")
_AGAIN_S = 0.25
"""After this a signal is said again: libraries swallow exceptions in callbacks."""
_NO_CHINESE = "hmgeo: this terminal's encoding ({encoding}) can't show Chinese; set PYTHONUTF8=1 or LANG=C.UTF-8.\n"

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
    "report": projects.report,
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
    "verify": projects.verify,
    "archive": projects.archive,
    "explain": projects.explain,
    "diff": projects.diff,
}
GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "layers": (
        "图层：随软件提供的，和拿到的文件能不能用。",
        {"list": books.show_shipped, "check": books.check_layer, "pack": books.pack},
    ),
    "rules": (
        "规则库：条款、出处、能否判定。",
        {
            "list": books.show_book,
            "coverage": books.coverage,
            "show": books.show,
            "check": books.check_rules,
            "diff": books.diff_rules,
        },
    ),
    "register": ("底册：几张企业清单并成一本。", {"merge": books.merge_register}),
    "ledger": ("台账：填好的表2、表3、核查表读回核对。", {"check": books.check_ledger}),
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
for _name, (_help, _commands) in GROUPS.items():
    _group = typer.Typer(help=_help, no_args_is_help=True)
    if len(_commands) == 1:  # typer would take the only command for the group itself
        _group.callback()(lambda: None)
    for _inner, _command in _commands.items():
        _group.command(_inner)(_command)
    app.add_typer(_group, name=_name)


def main() -> None:
    """Run the command line; turn our errors into exit code 2 and words on stderr."""
    gc.set_threshold(*_RARELY)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing here uses it, and its threads spin when they start
    _open_streams()
    for name in _ENDS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    try:
        app()
    except HmgeoError as error:
        for problem in error.problems:
            LOG.print(f"× {problem}", markup=False, style="red")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        LOG.print("已中断，没有留下未写完的结果。")
        sys.exit(128 + signal.SIGINT)
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def _open_streams() -> None:
    """Make both streams fit to be written to: closed ones lead nowhere, poor ones print ? and say once what to set."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 -- open to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    with suppress(LookupError):
        if "筛".encode(sys.stderr.encoding, "replace") == b"?":
            sys.stderr.write(_NO_CHINESE.format(encoding=sys.stderr.encoding))


def _leave(number: int, _: FrameType | None) -> None:
    """End the program; again and again where the first word was swallowed, but not while it is leaving already."""
    if hasattr(signal, "setitimer") and signal.getitimer(signal.ITIMER_REAL)[1] == 0:
        signal.signal(signal.SIGALRM, lambda _, frame: _leave(number, frame))
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S, _AGAIN_S)
    if not isinstance(sys.exc_info()[1], SystemExit):
        sys.exit(128 + number)


@app.callback(invoke_without_command=True)
def _version(*, version: Annotated[bool, typer.Option("--version", help="显示版本。", is_eager=True)] = False) -> None:
    """重金属污染防控重点区域 GIS 排查：初步筛查，结论由人作出。"""
    if version:
        OUT.print(hmgeo.__version__)
        raise typer.Exit
