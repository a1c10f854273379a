"""A run folder appears whole or not at all.

It is filled under a temporary name beside its place, then put there by renaming. A folder that holds something else is
never touched, and neither is one that holds an input.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.errors import OutputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmgeo.layers.remote import Stored

MANIFEST_NAME = "manifest.json"


@contextmanager
def whole_folder(out: Path, inputs: Sequence[Path]) -> Iterator[Path]:
    """Give a temporary folder to fill; put it at `out` if all went well, drop it otherwise.

    Parameters
    ----------
    out
        Must be absent, empty, or hold a manifest of an earlier run.
    inputs
        Files that were read; none may lie inside `out`.

    Raises
    ------
    OutputError
        Where `out` holds something else or an input, or can't be written (full, locked, no permission).
    """
    out = out.resolve()  # links and .. must not hide an input
    _refuse_foreign(out, inputs)
    temporary = out.with_name(f"{out.name}.tmp-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        _recover(out)
        temporary.mkdir()
        yield temporary
        _replace(temporary, out)
    except OSError as error:
        raise _unwritable(error, out) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def whole_file(out: Path, inputs: Sequence[Path]) -> Iterator[Path]:
    """Give a temporary name for a file; put it at `out` if all went well, drop it otherwise.

    Raises
    ------
    OutputError
        Where `out` is a folder or an input, or can't be written.
    """
    out = out.resolve()
    place = Place(file=out.name)
    if out.is_dir():
        raise OutputError(Problem("输出位置是一个文件夹", place, remedy="写明文件名"))
    if out in [path.resolve() for path in inputs]:
        raise OutputError(Problem("输出文件就是本次的输入文件，未作改动", place, remedy="换一个文件名"))
    temporary = out.with_name(f"{out.name}.tmp-{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for path, _ in _leftovers(out):
            path.unlink()
        yield temporary
        temporary.replace(out)
    except OSError as error:
        raise _unwritable(error, out) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_stored(out: Stored, inputs: Sequence[Stored]) -> Iterator[Path]:
    """Do as `whole_file`; what goes to an address is written to a temporary folder and sent when it is whole.

    Raises
    ------
    OutputError, UsageError
        As `whole_file` and `RemoteFile.put`.
    """
    if isinstance(out, Path):
        with whole_file(out, [path for path in inputs if isinstance(path, Path)]) as temporary:
            yield temporary
        return
    if out in inputs:
        raise OutputError(Problem("输出文件就是本次的输入文件，未作改动", Place(file=repr(out)), remedy="换一个文件名"))
    out.must_be_known()
    try:
        with tempfile.TemporaryDirectory(prefix="hmgeo-") as folder:
            temporary = Path(folder) / "out"
            yield temporary
            out.put(temporary)
    except OSError as error:
        raise _unwritable(error, Path(out.name)) from error


def _unwritable(error: OSError, out: Path) -> OutputError:
    remedy = "检查磁盘空间、权限，关闭正在打开结果文件的程序后重试"
    place = Place(file=Path(error.filename or out).name)
    return OutputError(Problem("结果写不出", place, found=error.strerror or "", remedy=remedy))


def _refuse_foreign(out: Path, inputs: Sequence[Path]) -> None:
    place = Place(file=str(out))
    if out.exists() and not out.is_dir():
        raise OutputError(Problem("输出位置是一个文件", place, remedy="改用一个文件夹"))
    holds_other = out.is_dir() and any(out.iterdir()) and not (out / MANIFEST_NAME).is_file()
    if holds_other:
        raise OutputError(Problem("输出文件夹里有别的内容，未作改动", place, remedy="换一个空文件夹或新名称"))
    inside = [path for path in inputs if path.resolve().is_relative_to(out)]
    if inside:
        raise OutputError(
            Problem("输出文件夹里有本次的输入文件，未作改动", place, found=inside[0].name, remedy="换一个输出文件夹")
        )


def _replace(temporary: Path, out: Path) -> None:
    """Put the finished folder in place; the earlier one is moved aside first and dropped last."""
    aside = out.with_name(f"{out.name}.old-{os.getpid()}")
    if out.exists():
        out.rename(aside)
    temporary.rename(out)
    shutil.rmtree(aside, ignore_errors=True)


def _recover(out: Path) -> None:
    """Clear up after runs that were cut short: put an earlier run back where it was moved aside, drop the rest."""
    for path, word in _leftovers(out):
        if word == "old" and not out.exists() and (path / MANIFEST_NAME).is_file():
            path.rename(out)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _leftovers(out: Path) -> list[tuple[Path, str]]:
    """Return what runs to `out` left behind that no longer go on: path, and whether it is `old` or `tmp`."""
    name = re.compile(re.escape(out.name) + r"\.(tmp|old)-(\d+)")
    found = [(path, name.fullmatch(path.name)) for path in sorted(out.parent.iterdir())]
    return [(path, match[1]) for path, match in found if match and not _is_running(int(match[2]))]


def _is_running(process: int) -> bool:
    if process == os.getpid():
        return False
    if os.name == "nt":  # asking would end the process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # someone else's process, or no such question on this system
        return True
    return True


def folder_files(folder: Path) -> list[Path]:
    """Return the files of a folder in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.is_file())
