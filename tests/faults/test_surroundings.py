"""Every command on a full disk and on one that can't be written: told in words, nothing left, nothing touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from bench import COMMANDS, held, started

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
