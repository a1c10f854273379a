"""Every command on a full disk, on one that can't be written, in odd surroundings; two at once into one place."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from bench import COMMANDS, TEMPORARY, held, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="mounts and surroundings of Linux")]


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """Mount a file system of its own; skip where that isn't allowed."""
    place.mkdir()
    mount, words = shutil.which("mount"), ["-t", "tmpfs", "-o", f"size={size}", "none", str(place)]
    if mount is None or subprocess.run([mount, *words], check=False, capture_output=True).returncode:  # noqa: S603
        pytest.skip("nothing may be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)  # noqa: S603, S607 - own words


def ended(command: str, folder: Path, **more: object) -> tuple[int, str]:
    process = started(command, 1, folder, heard=True, **more)  # type: ignore[arg-type]
    told = b"".join(process.communicate())
    return process.returncode, told.decode("utf-8", "replace")


@pytest.mark.parametrize("is_locked", [False, True], ids=["full", "read only"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_disk_without_room_or_leave_is_told_and_nothing_is_left(
    command: str,
    world: Path,
    tmp_path: Path,
    is_locked: bool,  # noqa: FBT001 -- a case
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before = held(folder)
    with small_disk(folder / "small", "8k"):
        if is_locked:
            subprocess.run(["mount", "-o", "remount,ro", str(folder / "small")], check=True)  # noqa: S603, S607
        code, told = ended(command, folder, into="small/")
        left = sorted(path.name for path in (folder / "small").iterdir())
    assert (code, left) == (2, [])
    assert "写不出" in told
    assert "Traceback" not in told
    assert held(folder) == before


ODD = "a!b 表😀 [b] 'c' %41 $x"
FAR = "/".join([ODD, *["很长的名字" * 8] * 6])
AROUND = {
    "LANG=C, streams of cp936": {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "cp936"},
    "no HOME, no cache, another zone": {"HOME": "", "XDG_CACHE_HOME": "/dev/null/none", "TZ": "Pacific/Kiritimati"},
}
CLOCKS = ("1999-12-31 23:59:58", "2044-02-29 12:00:00")


@pytest.mark.parametrize("command", COMMANDS)
def test_neither_names_nor_surroundings_nor_the_clock_change_a_byte(
    command: str, world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    faketime, seen = shutil.which("faketime"), {}

    def done(where: str, **more: object) -> dict[str, bytes]:
        folder = tmp_path / where
        shutil.copytree(world, folder)
        code, told = ended(command, folder, **more)
        assert "Traceback" not in told, where
        seen[where] = code
        now = held(folder)
        shutil.rmtree(tmp_path / where.partition("/")[0])
        return now

    first = done("here")
    assert len(str(tmp_path / FAR)) > 260
    others = {"far": done(FAR)} | {name: done(f"w{k}", around=more) for k, (name, more) in enumerate(AROUND.items())}
    if faketime:
        others |= {clock: done(clock[:4], before=[faketime, clock]) for clock in CLOCKS}
    assert set(seen.values()) == {seen["here"]}
    assert {
        where: sorted(n for n in {**first, **now} if first.get(n) != now.get(n)) for where, now in others.items()
    } == {where: [] for where in others}


def test_where_names_of_files_hold_no_chinese_it_is_told_and_nothing_is_left(world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before = held(folder)
    code, told = ended("screen", folder, around={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8"})
    assert code == 2
    assert "× 写不出：这里的文件名按 ascii 编码，容不下中文" in told
    assert "Traceback" not in told
    assert held(folder) == before
    assert not any(folder.glob(f"*{TEMPORARY}"))


@pytest.mark.parametrize("command", ["run", "screen", "map"])
def test_of_two_into_one_place_one_is_whole_and_the_other_is_told_of_it(
    command: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before, wholes = held(folder), []
    for number in (1, 2):
        assert started(command, number, folder).wait() == 0
        wholes.append(held(folder))
    refused = 0
    for _ in range(20):
        both = [started(command, number, folder, heard=True) for number in (1, 2)]
        told = [b"".join(one.communicate()).decode("utf-8", "replace") for one in both]
        codes = [one.returncode for one in both]
        assert sorted(codes) in ([0, 0], [0, 2]), told
        for one, other, code, text in zip(both, both[::-1], codes, told, strict=True):
            is_told = f"进程 {other.pid}" in text or "另一次运行正在写这里。" in text  # before it wrote who it is
            assert code == 0 or is_told, (one.pid, text)
        refused += codes.count(2)
        now = held(folder)
        assert now in wholes, "one of the two, whole"
        assert len(set(codes)) == 1 or now == wholes[codes.index(0)], "who was told that it is done, is there"
        assert {name: now[name] for name in before} == before
        assert not any(folder.glob(f"*{TEMPORARY}"))
    with capsys.disabled():
        print(f"\n{command}: {refused} of 20 were refused, the others came one after the other", end="")  # noqa: T201 - for docs/reliability.md
