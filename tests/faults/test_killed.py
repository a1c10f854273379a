"""Killed without a word at ten moments of each command: what lay there stays, and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]
MOMENTS = 10
COMMANDS = {
    "screen": ("--sources", "s.csv", "--farmland", "f.geojson", "--out", "out"),
    "pairs": ("--sources", "s.csv", "--receptors", "f.geojson", "--out", "out.parquet"),
    "key-areas": ("s.csv", "--area", "441802", "--out", "out.csv"),
    "layers pack": ("f.geojson", "--out", "out.parquet"),
    "layers check": ("s.csv", "--fixme", "out.xlsx"),
}
CLOCK = "manifest.json"
"""The one file that tells the time of day."""


def typed(command: str) -> list[str]:
    return [sys.executable, "-c", "from hmgeo.cli import command; command()", *command.split(), *COMMANDS[command]]


def started(command: str, folder: Path) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(typed(command), cwd=folder, stdout=quiet, stderr=quiet)  # noqa: S603 - own words


def held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != CLOCK
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_ten_moments_nothing_is_lost_and_the_next_run_goes_on(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    folder.mkdir()
    rows = "".join(f"厂{n},{113.05 + n / 500},23.{600 + n % 90}\n" for n in range(300))
    (folder / "s.csv").write_text(f"企业名称,经度,纬度\n{rows},,\n", encoding="utf-8")
    ring = "[[113.06,23.60],[113.07,23.60],[113.07,23.61],[113.06,23.60]]"
    shape = f'{{"type":"Polygon","coordinates":[{ring}]}}'
    (folder / "f.geojson").write_text(
        f'{{"type":"Feature","properties":{{"id":"p"}},"geometry":{shape}}}', encoding="utf-8"
    )
    (folder / "out.old-2023").mkdir()
    (folder / "out.old-2023" / "notes.txt").write_text("a year's work", encoding="utf-8")
    before = held(folder)
    began = time.monotonic()
    code = started(command, folder).wait()
    took_s = time.monotonic() - began
    whole = held(folder)
    assert code in {0, 2}  # the check of a list with faults ends with 2
    assert set(before) < set(whole)
    killed = 0
    for moment in range(1, MOMENTS + 1):
        process = started(command, folder)
        time.sleep(took_s * moment / (MOMENTS + 1))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        now = held(folder)
        assert {name: now.get(name) for name in before} == before, "what is the user's"
        ours = {name: one for name, one in now.items() if name not in before and ".hmgeo-tmp/" not in name}
        assert ours.items() <= whole.items(), "never half a file, never a mix"
    assert started(command, folder).wait() == code
    assert held(folder) == whole, "nothing left over, the same bytes"
    with capsys.disabled():
        print(f" {command}: {killed} of {MOMENTS} killed", end="")  # noqa: T201 - the table of docs/reliability.md
