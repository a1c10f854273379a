"""Killed without a word at ten moments of each command: what lay there stays, and the next run goes on.

Two inputs take turns, so that what a killed command leaves is told apart: the earlier result whole, the new one whole,
or, in the instant of changing places, part of one without its record, which the next run finishes.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from typing import TYPE_CHECKING

import pytest
from bench import COMMANDS, MANIFEST, TEMPORARY, held, started

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]
BEFORE, WRITING = 4, 6
"""Moments spread over a command's work up to its temporary folder, and over the life of that folder."""


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
