"""Every command on a full disk, on one that can't be written, under odd names, in poor surroundings, and twice at once.

What it writes elsewhere is compared, byte for byte, with what it writes in a plain folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from bench import COMMANDS, TEMPORARY, held, poor, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="mounts and surroundings of Linux")]
ODD = "a! 项目😀\n[b] "
LONG = "/".join(["很长的名字" * 8] * 4)
ROUNDS = 20
SURROUNDINGS = {
    "LANG=C, streams of cp936": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "cp936"},
    "no HOME, no cache": {"HOME": "", "XDG_CACHE_HOME": "/dev/null/none"},
    "another zone": {"TZ": "Pacific/Kiritimati"},
}


@pytest.fixture(scope="module")
def plain(world: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, dict[str, bytes]]]:
    """How each command ends in a plain folder, and what it writes."""
    found = {}
    for command in COMMANDS:
        folder = tmp_path_factory.mktemp("plain") / "work"
        shutil.copytree(world, folder)
        before = held(folder)
        code = started(command, 1, folder).wait()
        found[command] = code, {name: one for name, one in held(folder).items() if name not in before}
    return found


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
    _, told = process.communicate()
    return process.returncode, told.decode("utf-8", "replace")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_told_and_nothing_is_left(command: str, world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before = held(folder)
    with small_disk(folder / "small", "8k"):
        code, told = ended(command, folder, into="small/")
        left = sorted(path.name for path in (folder / "small").iterdir())
    assert (code, left) == (2, [])
    assert "结果写不出" in told
    assert "Traceback" not in told
    assert held(folder) == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_disk_that_cannot_be_written_is_told(command: str, world: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before = held(folder)
    with small_disk(folder / "small", "8k"):
        subprocess.run(["mount", "-o", "remount,ro", str(folder / "small")], check=True)  # noqa: S603, S607
        code, told = ended(command, folder, into="small/")
        assert list((folder / "small").iterdir()) == []
    assert code == 2
    assert "结果写不出" in told
    assert "Traceback" not in told
    assert held(folder) == before


@pytest.mark.parametrize("name", [ODD, LONG], ids=["odd", "long"])
@pytest.mark.parametrize("command", COMMANDS)
def test_odd_and_long_names_change_no_byte(
    command: str, name: str, world: Path, tmp_path: Path, plain: dict[str, tuple[int, dict[str, bytes]]]
) -> None:
    folder = tmp_path / name
    shutil.copytree(world, folder)
    before = held(folder)
    code, told = ended(command, folder, into=f"{folder}/" if name == LONG else "")
    assert code == plain[command][0], told
    assert {one: what for one, what in held(folder).items() if one not in before} == plain[command][1]


@pytest.mark.parametrize("around", SURROUNDINGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_poor_surroundings_change_no_byte(
    command: str, around: str, world: Path, tmp_path: Path, plain: dict[str, tuple[int, dict[str, bytes]]]
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    before = held(folder)
    process = started(command, 1, folder, env=poor(**SURROUNDINGS[around]), heard=True)
    told = b"".join(process.communicate())
    assert process.returncode == plain[command][0], told
    assert {one: what for one, what in held(folder).items() if one not in before} == plain[command][1]
    assert "处理" in told.decode("cp936" if "cp936" in around else "utf-8") or process.returncode == 0


@pytest.mark.parametrize("command", ["screen", "key-areas, csv"])
def test_two_at_once_both_are_kept_or_the_second_is_told(
    command: str, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(world, folder)
    wholes, refused = [], 0
    for n in (1, 2):
        assert started(command, n, folder).wait() == 0
        wholes.append(held(folder))
    for _ in range(ROUNDS):
        both = [started(command, n, folder, heard=True) for n in (1, 2)]
        told = [process.communicate()[1].decode() for process in both]
        codes = [process.returncode for process in both]
        refused += 2 in codes
        assert set(codes) <= {0, 2}
        assert 0 in codes
        assert all("另一次运行正在写这里" in text for code, text in zip(codes, told, strict=True) if code == 2)
        assert held(folder) in wholes
        if 2 in codes:
            assert held(folder) == wholes[codes.index(0)], "who is told that it is done has its result there"
        assert not any(folder.glob(f"*{TEMPORARY}"))
    with capsys.disabled():
        print(f"\n{command}: twice at once {ROUNDS} times, {refused} times one was told of the other", end="")  # noqa: T201
