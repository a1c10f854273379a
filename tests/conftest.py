"""What several test modules share: the command line run in this process, and the demo run once."""

from __future__ import annotations

import json
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hmgeo import run_demo
from hmgeo.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.project.run import Run

collect_ignore = ["fuzz_parsers.py"]  # needs atheris, run by hand

TESTS = Path(__file__).resolve().parent
ROOT = TESTS.parent


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


@pytest.fixture
def hmgeo_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command as the shell would, exit codes included; they are made in `main`."""

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["hmgeo", *map(str, arguments)])
        before = signal.getsignal(signal.SIGTERM)
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        finally:
            signal.signal(signal.SIGTERM, before)
        told = capsys.readouterr()
        return Ended(code, told.out, told.err)

    return run


@pytest.fixture(scope="session")
def demo_runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """The demo's runs by project name, made once in a test session."""
    return {run.folder.name: run for run in run_demo(tmp_path_factory.mktemp("demo"))}


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
