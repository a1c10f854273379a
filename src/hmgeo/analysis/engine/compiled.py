"""Numba behind one door: compiled functions that keep their machine code in a folder that can be written.

Importing this module imports numba, which takes half a second; the rest of hmgeo imports it only when it measures.
The first use on a machine compiles for some seconds and keeps the result, under a name made of the engine's own code,
so that no other version's is ever used. Where neither the package's folder nor the user's cache can be written, it is
kept in a temporary folder, and a warning says so.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

_HERE = Path(__file__).parent

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])


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
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or "~/.cache"
    for base in (package / "__pycache__", Path(os.path.expanduser(home))):  # noqa: PTH111 -- Path raises without a home
        folder = base / f"hmgeo-engine-{digest}"
        if _can_write(folder):
            return folder
    user = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir()) / f"hmgeo-engine-{user}-{digest}"
    if not _can_write(folder):
        folder = Path(tempfile.mkdtemp(prefix="hmgeo-engine-"))
    warnings.warn(f"编译结果不能保存在程序目录或用户目录，改存临时目录：{folder}", CacheFolderWarning, stacklevel=3)
    return folder


@cache
def _folder() -> Path:
    code = b"".join(path.read_bytes() for path in sorted(_HERE.glob("*.py")))
    return choose_folder(_HERE, hashlib.sha256(code).hexdigest()[:12])


def compiled(function: Function) -> Function:
    """Compile on first call, keep the machine code, run without the interpreter lock; IEEE arithmetic throughout."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(_folder())  # read when the decorator runs; other packages keep their own
    try:
        return cast("Function", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    finally:
        numba.config.CACHE_DIR = before
