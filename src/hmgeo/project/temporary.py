"""A folder to write in that is ours alone: it carries a marker, and a lock that ends with the process.

The marker says who writes (schema, run, host, process, start). Whoever gets the lock knows that the writer is gone,
however it ended, and its process id need not be asked for, which another process may bear by now.
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import platform
import shutil
import sys
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from hmgeo.errors import OutputError, Place, Problem

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from io import FileIO
    from pathlib import Path

SUFFIX = ".hmgeo-tmp"
MARKER_NAME = "hmgeo.json"
SWAP_NAME = "swap.json"
"""Lies in the folder while files are being put in place; a folder that holds it isn't dropped."""
SCHEMA = 1
_BESIDE_THE_TEXT = 1 << 20
"""Byte of the marker that is locked on Windows, where nobody reads what is locked."""
_TRIES = 100


@contextmanager
def own_folder(temporary: Path, out: Path, go_on: Callable[[], None]) -> Iterator[None]:
    """Make a folder this process's own and empty; drop it afterwards.

    Parameters
    ----------
    temporary
        The folder; its parents are made.
    out
        What it is for, for words.
    go_on
        Finishes a swap that a killed process left there.

    Raises
    ------
    OutputError
        Where another process writes there, one of another machine may, or the name is taken.
    """
    temporary.parent.mkdir(parents=True, exist_ok=True)
    marker = _take(temporary, out, go_on)
    try:
        yield
    finally:
        _release(marker, temporary)


def _take(temporary: Path, out: Path, go_on: Callable[[], None]) -> FileIO:
    """Return the marker of a folder that is ours alone, open and locked."""
    marker = temporary / MARKER_NAME
    for _ in range(_TRIES):
        if temporary.is_symlink() or _is_strange(temporary):
            remedy = "把它移走或改名，或换一个输出位置"
            raise OutputError(Problem("临时文件夹的名称被占用，未作改动", Place(file=str(temporary)), remedy=remedy))
        try:
            temporary.mkdir(exist_ok=True)
            stream = marker.open("a+b", buffering=0)
        except FileNotFoundError:  # dropped by its owner in this moment
            continue
        try:
            if _take_over(stream, temporary, out, go_on):
                return stream
        except BaseException:
            stream.close()
            raise
        stream.close()
    raise OutputError(Problem("另一次运行正在写这里", Place(file=str(out)), remedy="等它结束，或换一个输出位置"))


def _take_over(stream: FileIO, temporary: Path, out: Path, go_on: Callable[[], None]) -> bool:
    """Sign a marker once it is known that nobody else works there; False where it was dropped in this moment."""
    is_free = _lock(stream)
    stream.seek(0)
    text = stream.read()
    owner = _owner(text)
    if is_free is False:
        remedy = "等它结束，或换一个输出位置"
        _refuse("另一次运行正在写这里", out, owner, remedy)
    if not _is_still(stream, temporary / MARKER_NAME):
        return False
    if text and (owner is None or is_free is None or owner["host"] != platform.node()):
        remedy = f"确认没有运行后删除文件夹 {temporary.name} 再试，或换一个输出位置"
        _refuse("另一台机器正在写这里，或写到一半中断", out, owner, remedy)
    try:
        if (temporary / SWAP_NAME).is_file():
            go_on()
        _clear(temporary)
        stream.truncate(0)
        stream.write(_signature())
    except OSError:
        _release(stream, temporary)
        raise
    return True


def _signature() -> bytes:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    signed = {"program": "hmgeo", "schema": SCHEMA, "run": uuid.uuid4().hex, "host": platform.node()}
    return json.dumps({**signed, "pid": os.getpid(), "started": now}).encode()


def _refuse(what: str, out: Path, owner: Mapping[str, Any] | None, remedy: str) -> NoReturn:
    found = "" if owner is None else f"主机 {owner['host']}，进程 {owner['pid']}，{owner['started']} 开始"
    raise OutputError(Problem(what, Place(file=str(out)), found, remedy=remedy))


def _owner(text: bytes) -> dict[str, Any] | None:
    """Return what a marker says; None where it isn't ours, or not written yet."""
    try:
        held = json.loads(text)
        is_ours = held["program"] == "hmgeo" and {"host", "pid", "started"} <= set(held)
    except (ValueError, KeyError, TypeError):
        return None
    return held if is_ours else None


def _is_strange(temporary: Path) -> bool:
    """Tell whether a folder with our temporary name holds something without our marker, which is dropped last."""
    if not temporary.is_dir():
        return temporary.exists()
    return not (temporary / MARKER_NAME).exists() and any(temporary.iterdir())


def _lock(stream: FileIO) -> bool | None:
    """Lock a marker until this process ends; False where another one holds it, None where the disk knows no locks."""
    try:
        if sys.platform == "win32":
            stream.seek(_BESIDE_THE_TEXT)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK} else None
    return True


def _is_still(stream: FileIO, marker: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), marker.stat())
    except FileNotFoundError:
        return False


def _clear(temporary: Path) -> None:
    for path in temporary.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != MARKER_NAME:
            path.unlink()


def _release(marker: FileIO, temporary: Path) -> None:
    """Drop the temporary folder, its marker last, unless a swap in it isn't finished; never raise over an error."""
    with suppress(OSError), marker:
        if (temporary / SWAP_NAME).exists():
            return
        _clear(temporary)
        if sys.platform == "win32":  # nothing open is dropped there
            marker.close()
        (temporary / MARKER_NAME).unlink()
        temporary.rmdir()
