"""Arguments in, exit code out, nothing else: which command is which function, and what an error becomes.

Exit codes: 0 done, 1 a bug, 2 bad input, usage or environment, 3 `--fail-on`; 130 and 143 for signals.
"""

from __future__ import annotations

import atexit
import errno
import gc
import inspect
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from enum import Enum
from functools import wraps
from itertools import zip_longest
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn, TextIO, cast
from unicodedata import east_asian_width

import typer
from typer.core import TyperCommand, TyperGroup

import hmgeo
from hmgeo.commands import books, projects, sites
from hmgeo.commands.options import LOG, OutsideOption
from hmgeo.errors import HmgeoError, Problem, UsageError, without_passwords
from hmgeo.words import table_rows

Given = Any
"""What typer hands over (commands, parameters, faults): it keeps the types of its own click to itself."""
Maker = Callable[..., None] | tuple[str, Mapping[str, Callable[..., None]]]
"""A command's function; or what a group is for, and the functions of its commands."""

_RARELY = (500_000, 20, 100)
"""Modules imported are never garbage; looking through them again and again takes a sixth of a short command's time."""

_ENDS = ("SIGTERM", "SIGHUP")
_AGAIN_S = 0.25
"""After this a signal is said again: libraries swallow exceptions in callbacks."""
_NO_CHINESE = "hmgeo: this terminal's encoding ({encoding}) can't show Chinese; set PYTHONUTF8=1 or LANG=C.UTF-8.\n"

EXAMPLES: dict[str, tuple[str, ...]] = {}
for _name, _example in table_rows("hmgeo.commands", "examples.tsv"):
    EXAMPLES[_name] = (*EXAMPLES.get(_name, ()), _example)
"""What to type, by command; stands at the end of its help."""
_WIDEST, _NAMES_WIDE = 100, 30
_FLAGS = frozenset({"help", "version"})
_ADDRESSES = frozenset({"file", "receptors", "out", "scheduler"})
"""Parameters that take addresses where they are texts."""
_IS_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?://|:)")
_AS_TYPED: dict[object, Callable[[Given], object]] = {str: str, Path: Path, list[str]: str, list[Path]: Path}


def _help_text(command: Given, context: Given) -> str:
    """Return a command's help in Chinese, folded by the width of its signs: a narrow screen cuts no word."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    parameters = command.get_params(context)
    arguments = [parameter for parameter in parameters if parameter.param_type_name == "argument"]
    options = sorted(
        (parameter for parameter in parameters if parameter not in arguments),
        key=lambda parameter: not parameter.required,
    )
    inner = getattr(command, "commands", Lazy({})).helps()
    path = _path_of(context)
    usage = ["hmgeo", *path, *(f"<{argument.name}>" for argument in arguments), "命令 …" if inner else "[选项]"]
    lines = [*_folded(f"用法：{' '.join(usage)}", width), ""]
    lines += [line for text in (command.help or "").strip().splitlines() for line in _folded(text, width) or [""]]
    lines += _section("命令", inner, width)
    lines += _section("参数", [(f"<{argument.name}>", _said(argument)) for argument in arguments], width)
    lines += _section("选项", [(_named(option), _said(option)) for option in options], width)
    lines += _section("例", [("", example) for example in EXAMPLES.get(" ".join(path), ())], width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _path_of(context: Given) -> list[str]:
    """Return the words that call a command, whatever the program was called as."""
    return [] if context.parent is None else [*_path_of(context.parent), context.info_name]


def _section(title: str, rows: list[tuple[str, str]], width: int) -> list[str]:
    """Return the lines of a section: what is told stands folded beside its name."""
    names_wide = min(max((_cells(name) for name, _ in rows), default=0), _NAMES_WIDE)
    lines, gap = (["", title] if rows else []), 2 if names_wide else 0
    for name, text in rows:
        beside = zip_longest(_folded(name, names_wide), _folded(text, width - names_wide - gap), fillvalue="")
        lines += [f"{left}{' ' * (names_wide - _cells(left) + gap)}{other}" for left, other in beside]
    return lines


def _cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: Chinese signs two each."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _folded(text: str, width: int) -> list[str]:
    """Return a text in lines of at most so many columns: Latin words stay whole where they fit."""
    lines = [""] if text else []
    for word in re.findall(r"[（「]?(?:[!-~]+|.)[，。、；：）」]*", text):
        for part in (word,) if _cells(word) <= width else word:
            if _cells(lines[-1] + part) > width:
                lines.append("")
            lines[-1] += part if lines[-1] or part != " " else ""
    return lines


def _named(option: Given) -> str:
    """Return an option's names and what stands behind them."""
    names = "/".join((*option.opts, *option.secondary_opts))
    is_flag = isinstance(option.default, bool) or option.name in _FLAGS
    return names if is_flag else f"{names} …"


def _said(parameter: Given) -> str:
    """Return what a parameter means, whether it must be given, and what holds where it isn't."""
    if parameter.name == "help":
        return "显示这段说明。"
    default, choices = parameter.default, ""
    if isinstance(default, Enum):
        choices, default = f"可写 {'、'.join(member.value for member in type(default))}。", default.value
    if parameter.required:
        return f"{parameter.help}（必填）"
    return f"{parameter.help}{choices}" + (
        f"（默认 {default}）" if isinstance(default, str | Path) and str(default) else ""
    )


class _Chinese:
    """A command or group whose help is in Chinese."""

    def get_params(self, ctx: object) -> list[Given]:
        """Return what it may be given."""
        parameters: list[Given] = cast("Given", super()).get_params(ctx)
        for parameter in parameters:
            _take_as_typed(parameter)
        return parameters

    def format_help(self, ctx: object, formatter: object) -> None:
        """Write the help."""
        cast("Given", formatter).write(_help_text(self, ctx))


class _HelpCommand(_Chinese, TyperCommand):
    """A command whose help is in Chinese."""


def _take_as_typed(parameter: Given) -> None:
    """Have a parameter take texts and paths as they were typed: typer loads pydantic for that, a quarter second."""
    kind = _AS_TYPED.get(getattr(getattr(parameter, "type_descriptor", None), "annotation", None))
    is_many, full = getattr(parameter, "multiple", False) or parameter.nargs != 1, type(parameter).process_value

    def taken(context: Given, value: Given) -> object:
        is_typed = isinstance(value, str | Path | list | tuple) and not isinstance(value, Enum)  # nor is it a flag's
        if (parameter.required and not value) or (is_typed and kind is None):
            return full(parameter, context, value)
        if kind is None or not is_typed:
            typed: object = () if is_many and value is None else value
        else:
            for text in value if is_many else (value,):
                _refuse_password(str(text), parameter.name, is_path=kind is not str)
            typed = tuple(map(kind, value)) if is_many else kind(value)
        return typed if parameter.callback is None else parameter.callback(context, parameter, typed)

    parameter.process_value = taken


def _refuse_password(text: str, name: str, *, is_path: bool) -> None:
    """Refuse a word that holds a password, but for addresses of parcels and results, which are never shown with it."""
    if without_passwords(text) == text or (name in _ADDRESSES and not is_path and _IS_ADDRESS.match(text)):
        return
    if is_path:
        from hmgeo.intake.formats.archive import refuse_address  # noqa: PLC0415 -- slow, and hardly ever asked for

        refuse_address(Path(text), text)
    remedy = "去掉账号和口令；数据库里的表先导出成文件"
    raise UsageError(Problem("命令里写有口令，未运行", found=text, remedy=remedy))


_USAGE_FAULTS = (
    (r"No such command '(.*?)'", "没有命令 {}"),
    (r"No such option: ([^ .]+)", "没有选项 {}"),
    (r"Missing (?:option|argument|parameter):? '?([^'. ]+)", "缺少 {}"),
    (r"Missing command", "缺少命令"),
    (r"Got unexpected extra argument.*?\(([^()]+)\)$", "多了 {}"),
    (r"Option '?(.+?)'? requires an argument", "{} 后面要有值"),
    (r"Option '?(.+?)'? does not take a value", "{} 后面不带值"),
    (r"Invalid value for '?(.+?)'?: (?:'.+' is not|Input should be) a valid (?:float|number|integer)", "{} 须为数"),
    (r"Invalid value for '?(.+?)'?: .*?(?:is not one of|Input should be) (.+?)\.?$", "{} 只能写 {}"),
    (r"Invalid value for '?(.+?)'?: (.+)", "{}：{}"),
)
"""What typer says of a command that can't be understood, and how it is said here."""


def _usage_text(error: Given) -> str:
    """Return what is wrong with a command as typed: the fault, what may have been meant, and where to look."""
    message = error.format_message()
    if type(error).__name__ == "NoArgsIsHelpError":
        return f"{message}\n"
    hits = ((re.match(pattern, message, re.DOTALL), words) for pattern, words in _USAGE_FAULTS)
    hit, words = next(((hit, words) for hit, words in hits if hit), (None, ""))
    fault = words.format(*(part.replace("'", "") for part in hit.groups())) if hit else message
    context = getattr(error, "ctx", None)
    if context is None:  # a fault of an option's form is raised without its command
        return f"× {fault}。处理：见 hmgeo --help\n"
    command = context.command
    known = [*getattr(command, "commands", ()), *(name for param in command.params for name in param.opts)]
    near = get_close_matches(hit[1], known) if hit and words.startswith("没有") else []
    meant = [
        param.help
        for param in command.params
        if hit and words.startswith("缺少") and hit[1] in (*param.opts, param.name)
    ]
    more = f"；相近的：{'、'.join(near)}" if near else "".join(f"：{text.rstrip('。')}" for text in meant if text)
    return f"× {fault}{more}。处理：用法见 {' '.join(['hmgeo', *_path_of(context)])} --help\n"


def _may_leave(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that reads a project, with the option to let that name files outside its folder."""

    @wraps(command)
    def asked(*, allow_outside: bool, **options: object) -> None:
        if not allow_outside:
            return command(**options)
        from hmgeo.project.spec import allowing_outside  # noqa: PLC0415 -- slow, and most commands do without

        with allowing_outside():
            return command(**options)

    kind = inspect.Parameter.KEYWORD_ONLY
    more = inspect.Parameter("allow_outside", kind, default=False, annotation=OutsideOption)
    signature = inspect.signature(command, eval_str=True)
    parameters = [*signature.parameters.values(), more]
    cast("Given", asked).__signature__ = signature.replace(parameters=parameters)
    asked.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return asked


class Lazy(Mapping[str, Given]):
    """Commands by name, each made when first asked for: finding out what thirty of them may be given takes its time."""

    def __init__(self, makers: Mapping[str, Maker], of_projects: Collection[str] = ()) -> None:
        self._makers, self._of_projects, self._made = makers, of_projects, dict[str, Given]()

    def __getitem__(self, name: str) -> Given:
        """Return the command, or the group of commands."""
        if name not in self._made:
            maker = self._makers[name]
            if isinstance(maker, tuple):
                made: Given = HelpGroup(name=name, help=maker[0], no_args_is_help=True, commands=Lazy(maker[1]))
            else:
                single = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
                single.command(name, cls=_HelpCommand)(_may_leave(maker) if name in self._of_projects else maker)
                made = typer.main.get_command(single)
            self._made[name] = made
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._makers)

    def helps(self) -> list[tuple[str, str]]:
        """Return the name of each and the first line of what it does; none is made for that."""
        texts = {
            name: maker[0] if isinstance(maker, tuple) else maker.__doc__ or "" for name, maker in self._makers.items()
        }
        return [(name, text.strip().splitlines()[0]) for name, text in texts.items()]


class HelpGroup(_Chinese, TyperGroup):
    """A group of commands that says in Chinese what can't be understood; without its own it has all that hmgeo has."""

    def __init__(self, *, commands: Given = None, **options: Given) -> None:
        whole = cast("Given", Lazy({**COMMANDS, **GROUPS}, _OF_PROJECTS))
        super().__init__(commands=commands or whole, **options)

    def main(self, *arguments: object, standalone_mode: bool = True, **more: object) -> object:
        """Run what was typed (`arguments`, `more`); in `standalone_mode` say what can't be understood, end with 2."""
        run = cast("Callable[..., object]", super().main)
        if not standalone_mode:
            return run(*arguments, standalone_mode=False, **more)
        try:
            code = run(*arguments, standalone_mode=False, **more)
        except typer.Abort:
            LOG.print("已中断，没有留下未写完的结果。")
            sys.exit(1)
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            LOG.console.file.write(without_passwords(_usage_text(error)))
            sys.exit(2)
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(
    name="hmgeo",
    cls=HelpGroup,
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
    "doctor": books.doctor,
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
_OF_PROJECTS = {"run", "check", "flow", "site", "overlay", "candidates", "map", "verify", "diff", "explain"}


def main() -> None:
    """Run the command line; turn our errors into exit code 2 and words on stderr."""
    gc.set_threshold(*_RARELY)
    sys.unraisablehook = _tell_unraisable
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
    except (KeyboardInterrupt, SystemExit) as end:
        _tell_interrupted(end)
    except UnicodeEncodeError as error:
        _tell_names(error)
    except OSError as error:
        _tell_full(error)
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def command() -> None:
    """Do what the shell asks, then leave at once; taking a million objects apart first costs a third of a second."""
    try:
        main()
    except SystemExit as end:
        if not (end.code is None or isinstance(end.code, int)):
            raise
        code = end.code or 0
    else:
        code = 0
    atexit._run_exitfuncs()  # noqa: SLF001 -- what libraries close on their way out, they still close
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:  # full; or whoever read has left, which Python says in its own way
        if error.errno in _FULL:
            with suppress(OSError):
                LOG.print(_NO_ROOM, markup=False, style="red")
            os._exit(2)
        sys.exit(code)
    os._exit(code)


_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_NAMES = (
    "× 写不出：这里的文件名按 {encoding} 编码，容不下中文（set PYTHONUTF8=1）。处理：设 PYTHONUTF8=1 或 LANG=C.UTF-8"
)
_NO_ROOM = "× 写不出：磁盘已满。处理：腾出空间，或把输出转到别处"


def _tell_interrupted(end: BaseException) -> NoReturn:
    """Say that Ctrl-C ended it, of which typer makes an exit with its code; any other exit stays as it is."""
    code = 128 + signal.SIGINT
    if isinstance(end, SystemExit) and end.code != code:
        raise end
    LOG.print("已中断，没有留下未写完的结果。")
    sys.exit(code)


def _tell_names(error: UnicodeEncodeError) -> NoReturn:
    """Say that names of files can't be in Chinese here, where that is what failed."""
    if error.encoding == "utf-8" or error.encoding != sys.getfilesystemencoding():
        raise error
    LOG.print(_NO_NAMES.format(encoding=error.encoding), markup=False, style="red")
    sys.exit(2)


def _tell_full(error: OSError) -> NoReturn:
    """Say that what was to be shown found no room; files say so themselves."""
    if error.errno not in _FULL:
        raise error
    with suppress(OSError):
        LOG.print(_NO_ROOM, markup=False, style="red")
    sys.stdout = sys.stderr = _nowhere()  # what is left in the old ones finds no room either
    sys.exit(2)


def _tell_unraisable(fault: sys.UnraisableHookArgs) -> None:
    """Say what went wrong where nobody could be told, but not again that a file of ours found no room."""
    if getattr(fault.exc_value, "errno", 0) not in {*_FULL, errno.EFBIG}:
        sys.__unraisablehook__(fault)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _open_streams() -> None:
    """Make both streams fit to be written to: closed ones lead nowhere, poor ones print ? and say once what to set."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, _nowhere())
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
        typer.echo(hmgeo.__version__)
        raise typer.Exit
