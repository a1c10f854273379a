"""The first use on a machine: the engine is compiled by other processes while imports and files are read."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("search", "boxes")
"""Of `hmgeo.proximity.ahead`: the kernel, and what is asked of boxes and of pairs."""


def begin() -> bool:
    """Start compiling where nothing is kept yet; return whether that was needed."""
    from hmgeo.reference.machine import code_folder, start

    if any(code_folder().rglob("search.search-*.nbi")):
        return False
    task = "import gc; gc.disable(); from hmgeo.proximity import ahead; ahead.compile_part({part!r})"
    start([task.format(part=part) for part in PARTS])
    return True


def keep_lean(*, is_measured: bool = True) -> None:
    """Keep pyarrow and numba from loading pandas and scipy just to see whether they are there; half a second.

    Both are loaded as ever where something is asked of them.

    Parameters
    ----------
    is_measured
        Whether numba is surely needed.
    """
    with _hidden("pandas"):
        arrow = import_module("pyarrow")
        arrow.array(import_module("numpy").empty(0)), arrow.scalar("")  # either looks for itself, once
    if "numba" not in sys.modules and is_measured:
        with _hidden("scipy"):
            import_module("numba.np.arraymath")


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Have a package seem not to be installed, unless it is loaded already."""
    hide = _Hide(name)
    sys.meta_path.insert(0, hide)
    try:
        yield
    finally:
        sys.meta_path.remove(hide)


class _Hide(MetaPathFinder):
    """Stands before the finders of packages and denies one."""

    def __init__(self, name: str) -> None:
        self._name = name

    def find_spec(self, fullname: str, _path: object, _target: object = None) -> None:
        """Say that the package isn't there; nothing of any other."""
        if fullname.split(".", maxsplit=1)[0] == self._name:
            raise ModuleNotFoundError(fullname, name=fullname)
