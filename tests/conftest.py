"""What several test modules share: the command line run in this process, and each shipped project run once.

`make test` hands out tests by module, so that what a module makes is made in one process; all modules that ask for a
shipped project go to the same one, and go first, since they take longest.
"""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hmgeo import run_project
from hmgeo.cli import main
from hmgeo.intake.catalog import shipped_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

    from hmgeo.project.run import Run
    from hmgeo.results.results import Results

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # programs that tests start would hear no Ctrl-C either

gc.set_threshold(50_000, 10, 10)  # with all test modules loaded the usual 700 takes up to a third of a test

collect_ignore = ["fuzz_parsers.py"]  # needs atheris, run by hand

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent
SHIPPED = ("own_run", "shipped_results")
"""Fixtures that run whole projects: some fifty seconds of CPU for each process that asks for one."""


@cache
def asks_for_shipped(module: Path) -> bool:
    """Whether a test module names a fixture that runs whole projects."""
    text = module.read_text(encoding="utf-8")
    return any(name in text for name in SHIPPED)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Give every module to one process, those with the shipped projects to the same one.

    Not by `xdist_group`: with pytest 9.2 and xdist 3.8 that mark is passed over without a word.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - only where tests are shared out

    class ByModule(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return "shipped" if asks_for_shipped(ROOT / module) else module

    return ByModule(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[pytest.CollectReport]:
    """Let every second process read the test modules backwards: on a fresh clone each finds half of them compiled."""
    report = yield
    if isinstance(collector, pytest.Directory) and os.environ.get("PYTEST_XDIST_WORKER", "gw0")[-1] in "13579":
        report.result.sort(key=lambda node: node.path, reverse=True)
    return report


LONG = ("siting_outputs", "garbage", "situations_on_disk", "proximity_oracle", "verify", "run_folder", "properties")
"""Modules that take more than ten seconds of CPU each and would leave one process waiting at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first: the shipped projects, then the browser; every process has the same order.

    What the browser shows needs no compiled engine: on a fresh clone one process compiles while the other draws.
    """
    drawn = {item.path for item in items if item.get_closest_marker("browser")}
    last = {TESTS / f"test_{name}.py": number for number, name in enumerate(LONG, -len(LONG))}
    order = {path: (not asks_for_shipped(path), path not in drawn, last.get(path, 0), path)
             for path in {item.path for item in items}}  # fmt: skip
    items.sort(key=lambda item: order[item.path])


def pytest_collection_finish() -> None:
    """Leave the modules and the collected tests out of every later search for what nobody holds."""
    gc.freeze()


SPENT = {"so_far": 0.0}
COSTLIEST = 20


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Note what each step of a test took of the processors, children that have ended included.

    Processes of a browser are no children of ours: a module that drives one takes two to three times what is told.
    """
    report = yield
    now = sum(os.times()[:4])
    report.cpu_s, SPENT["so_far"] = now - SPENT["so_far"], now
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which modules took most, so that a slow one is seen in every log; its imports count with its first test."""
    by_module: dict[str, float] = {}
    for report in (one for kept in terminalreporter.stats.values() for one in kept if hasattr(one, "cpu_s")):
        module = report.nodeid.partition("::")[0]
        by_module[module] = by_module.get(module, 0.0) + report.cpu_s
    terminalreporter.write_line(f"CPU {sum(by_module.values()):.0f} s, by module:")
    for module, cpu_s in sorted(by_module.items(), key=lambda item: -item[1])[:COSTLIEST]:
        terminalreporter.write_line(f"{cpu_s:8.1f} s  {module}")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """The lines that tell a problem."""
        return [line for line in (self.out + self.err).splitlines() if line.startswith("×")]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep notes on written files away from the user's own; all processes of a run make heights drain once."""
    base = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"))
        yield


@pytest.fixture
def hmgeo_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command as the shell would, exit codes included; they are made in `main`."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["hmgeo", *map(str, arguments)])
        ends = {name: getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)}
        before = {number: signal.getsignal(number) for number in ends.values()}
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return run


@pytest.fixture(scope="session")
def own_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """Shipped projects, by name, each run as a user would run it, once in a test session."""
    out = tmp_path_factory.mktemp("own")

    @cache
    def run_of(name: str) -> Run:
        return run_project(shipped_folder() / "projects" / name, out / name)

    return run_of


@pytest.fixture(scope="session")
def shipped_results(own_run: Callable[[str], Run]) -> Callable[[str], Results]:
    """What is found in a shipped project, by name."""
    return lambda name: own_run(name).results


@pytest.fixture(scope="session")
def with_another_hash_seed() -> Callable[[str], str]:
    """Run code in a process that hashes otherwise than this one; return what it printed."""

    def run(code: str) -> str:
        seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(map(str, (TESTS, ROOT / "src")))}
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603 - ours
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def bare_qingcheng() -> str:
    """The shipped project of Qingcheng as text, with its enterprises and its farmland alone: read and run in seconds.

    For what the other layers say nothing of.
    """
    shipped = shipped_folder() / "projects" / "qingcheng" / "project.yml"
    text = shipped.read_text(encoding="utf-8").replace("../../synthetic", str(shipped_folder() / "synthetic"))
    return re.sub(r"(?m)^  (?!enterprises:|farmland:)\w+: +\{path: .*\n", "", text)


@pytest.fixture(scope="session")
def page_data() -> Callable[[Path], dict[str, Any]]:
    """Read what a map page carries: its JSON block, and the counts that its legend shows."""

    def read(page: Path) -> dict[str, Any]:
        text = page.read_text(encoding="utf-8")
        block = re.search(r'<script type="application/json" id="hmgeo-data">(.*?)</script>', text, re.DOTALL)
        legend = re.findall(r'data-count="([^"]*)">([^<]*)<', text)
        data: dict[str, Any] = json.loads(block[1]) if block else {}
        return data | {"legend": {key: int(number.replace(",", "")) for key, number in legend}}

    return read


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of each input of every command that writes, and their runs, made once; for `tests/faults`."""
    folder = tmp_path_factory.mktemp("world")
    import_module("bench").make_world(folder)
    return folder
