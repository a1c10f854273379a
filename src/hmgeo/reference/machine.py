"""What the machine offers: cores, a folder for compiled code, other processes that do something ahead of time."""

from __future__ import annotations

import atexit
import hashlib
import os
import stat
import subprocess
import sys
import tempfile
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


_ENGINE = Path(__file__).parents[1] / "proximity"
"""The modules of the distance engine, whose functions call each other."""


class CacheFolderWarning(UserWarning):
    """Compiled code could not be kept where it is found again."""


def _can_write(folder: Path) -> bool:
    """Try to write a file; permission bits alone don't tell (read-only mounts, root)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _is_private(folder: Path) -> bool:
    """Tell whether nobody else can put code there: it is a folder, this user's or root's, and not open to everybody.

    Loading compiled code runs it. Systems without owners rely on the user's own folder.
    """
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid in {os.getuid(), 0} and not found.st_mode & stat.S_IWOTH


def cache_folder() -> Path:
    """Return where this user's programs keep what they can make again; it need not exist, nor be writable."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    return Path(os.path.expanduser(home))  # noqa: PTH111 -- Path raises without a home


def choose_folder(package: Path, digest: str) -> Path:
    """Return the first folder that can be written: the user's choice, the package's, the user's cache, a temporary one.

    Warns
    -----
    CacheFolderWarning
        If it is a temporary one.
    """
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return Path(chosen)
    for base in (package / "__pycache__", cache_folder()):
        folder = base / f"hmgeo-engine-{digest}"
        if _can_write(folder) and _is_private(folder):
            return folder
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"hmgeo-engine-{user}-{digest}"
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    if not (_can_write(folder) and _is_private(folder)):
        folder = Path(tempfile.mkdtemp(prefix="hmgeo-engine-"))
    warnings.warn(f"编译结果不能保存在程序目录或用户目录，改存临时目录：{folder}", CacheFolderWarning, stacklevel=3)
    return folder


@cache
def code_folder() -> Path:
    """Return the folder for compiled code, named after the modules it is compiled from."""
    modules = [*sorted(_ENGINE.glob("*.py")), Path(__file__).with_name("compiled.py")]
    code = b"".join(path.read_bytes() for path in modules)
    return choose_folder(_ENGINE, hashlib.sha256(code).hexdigest()[:12])


def core_count() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_started: list[subprocess.Popen[bytes]] = []


def start(statements: Sequence[str]) -> None:
    """Have statements of Python run by a process each, in silence; nothing while some are under way."""
    if _started or not sys.executable or getattr(sys, "frozen", False):
        return
    atexit.register(_stop)
    quiet = subprocess.DEVNULL
    for statement in statements:
        command = [sys.executable, "-P", "-c", statement]  # -P: no module may come from the folder where a user stands
        with suppress(OSError):  # no room for another process
            _started.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet))  # noqa: S603 -- own code


def wait() -> None:
    """Wait for all that was started."""
    while _started:
        _started[-1].wait()  # still known to `_stop` if a signal ends the waiting
        _started.pop()


def _stop() -> None:
    for process in _started:
        process.terminate()
    wait()
