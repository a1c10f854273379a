"""Killed without a word at ten moments of each command: what lay there stays, and the next run goes on.

Two inputs take turns, so that what a killed command leaves is told apart: the earlier result whole, the new one whole,
or, in the instant of changing places, part of one without its record, which the next run finishes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]
BEFORE, WRITING = 4, 6
"""Moments spread over a command's work up to its temporary folder, and over the life of that folder."""
COMMANDS = {
    "run": "run p{n} --fresh --out out",
    "screen": "screen --sources {n}.csv --farmland {n}.geojson --out out",
    "site": "site --project p1 --at 113.0{n},23.60 --trade 3360 --action new --out out",
    "overlay": "overlay --project p{n} --out out",
    "map": "map maps{n} --out out",
    "site, docx": "site --project p1 --at 113.0{n},23.60 --trade 3360 --action new --extract out.docx",
    "site, pdf": "site --project p1 --at 113.0{n},23.60 --trade 3360 --action new --extract out.pdf",
    "pairs, parquet": "pairs --sources {n}.csv --receptors {n}.geojson --out out.parquet",
    "key-areas, csv": "key-areas {n}.csv --area 441802 --out out.csv",
    "candidates, xlsx": "candidates --project p1 --sites {n}.csv --out out.xlsx",
    "layers check, xlsx": "layers check {n}.csv --fixme out.xlsx",
    "layers pack, parquet and ledger": "layers pack {n}.geojson --out out.parquet",
    "report, docx": "report p{n}/runs/2019-06-30 --out out.docx",
    "archive, zip": "archive p{n}/runs/2019-06-30 --out out.zip",
}
MANIFEST, TEMPORARY = "manifest.json", ".hmgeo-tmp"
SOUND = Path(__file__).resolve().parents[1] / "broken_projects"
MAP = "schema: 1\ntitle: 底图{n}\narea: [HA-JY]\n"


def started(command: str, number: int, folder: Path) -> subprocess.Popen[bytes]:
    words = COMMANDS.get(command, command).format(n=number).split()
    typed = [sys.executable, "-c", "from hmgeo.cli import command; command()", *words]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(typed, cwd=folder, stdout=quiet, stderr=quiet)  # noqa: S603 - own words


def held(folder: Path) -> dict[str, bytes]:
    """Return every file that is no temporary one; of manifests, which tell the time of day, that they are there."""
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: b"" if path.name == MANIFEST else path.read_bytes()
        for name, path in names.items()
        if TEMPORARY not in name
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of each input, and a run of each project."""
    folder = tmp_path_factory.mktemp("world")
    for n in (1, 2):
        rows = "".join(f"厂{k},{113.05 + k / 500},23.{600 + k % 90}\n" for k in range(300 - n))
        (folder / f"{n}.csv").write_text(f"企业名称,经度,纬度\n{rows},,\n", encoding="utf-8")
        ring = f"[[113.06,23.60],[113.07,23.60],[113.07,23.6{n}],[113.06,23.60]]"
        shape = f'{{"type":"Polygon","coordinates":[{ring}]}}'
        (folder / f"{n}.geojson").write_text(
            f'{{"type":"Feature","properties":{{"id":"p{n}"}},"geometry":{shape}}}', encoding="utf-8"
        )
        project = folder / f"p{n}"
        shutil.copytree(SOUND / "data", project / "data")
        text = (SOUND / "good.yml").read_text(encoding="utf-8").replace("错误示例", f"示例{n}")
        (project / "project.yml").write_text(text, encoding="utf-8")
        (folder / f"maps{n}").mkdir()
        (folder / f"maps{n}" / "m.yml").write_text(MAP.format(n=n), encoding="utf-8")
        assert started("run p{n}", n, folder).wait() == 0
    (folder / "out.old-2023").mkdir()
    (folder / "out.old-2023" / "notes.txt").write_text("a year's work", encoding="utf-8")
    return folder


def moments(command: str, folder: Path) -> Iterator[tuple[float, float]]:
    """Yield ten moments as seconds after the start, and after the temporary folder appears, of an undisturbed run."""
    began = time.monotonic()
    process, seen = started(command, 2, folder), []
    while process.poll() is None:
        if any(folder.glob(f"*{TEMPORARY}")):
            seen.append(time.monotonic() - began)
        time.sleep(0.002)
    assert process.returncode in {0, 2}, "the check of a list with faults ends with 2"
    for k in range(BEFORE):
        yield seen[0] * (k + 0.5) / BEFORE, 0.0
    for k in range(WRITING):
        yield 0.0, (seen[-1] - seen[0]) * (k + 0.5) / WRITING


def killed_at(moment: tuple[float, float], command: str, number: int, folder: Path) -> bool:
    """Start a command, kill it at a moment, and tell whether it was still alive."""
    after_start_s, after_temporary_s = moment
    process = started(command, number, folder)
    time.sleep(after_start_s)
    while after_temporary_s and process.poll() is None and not any(folder.glob(f"*{TEMPORARY}/new")):
        time.sleep(0.002)
    time.sleep(after_temporary_s)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def state_of(now: Mapping[str, bytes], wholes: list[dict[str, bytes]], folder: Path) -> str:
    """Tell what lies there by its own words; empty where it is none of what may."""
    if now in wholes:
        return "earlier or new, whole"
    told = any(folder.glob(f"*{TEMPORARY}/swap.json"))
    has_record = any(name.startswith("out/") and name.endswith(MANIFEST) for name in now)
    is_part = any(now.items() <= whole.items() for whole in wholes)
    return "changing places, without a record" if told and is_part and not has_record else ""


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_ten_moments_nothing_is_lost_and_the_next_run_goes_on(
    command: str, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before = held(folder)
    code = started(command, 1, folder).wait()
    if (folder / "out").is_dir():
        (folder / "out" / "notes.txt").write_text("what a person put there", encoding="utf-8")
    first = held(folder)
    assert set(before) < set(first)
    chosen = list(moments(command, folder))
    second = held(folder)
    assert first != second, "else a mix can't be seen"
    killed, seen = 0, []
    for k, moment in enumerate(chosen):
        killed += killed_at(moment, command, 1 + k % 2, folder)
        now = held(folder)
        assert {name: now.get(name) for name in before} == before, "what is the user's"
        assert now.get("out/notes.txt") == first.get("out/notes.txt"), "what a person put there"
        seen.append(state_of(now, [first, second], folder))
        assert seen[-1], f"half a file or a mix after moment {k}"
    assert started(command, 1, folder).wait() == code
    assert held(folder) == first, "the same bytes as at first"
    assert not any(folder.glob(f"*{TEMPORARY}")), "nothing left over"
    with capsys.disabled():
        amid = seen.count("changing places, without a record")
        print(f"\n{command}: {killed} of {len(chosen)} killed, {amid} while changing places", end="")  # noqa: T201 - for docs/reliability.md
