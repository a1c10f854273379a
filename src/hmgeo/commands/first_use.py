"""The first use on a machine: the engine is compiled by other processes while imports and files are read."""

from __future__ import annotations

from hmgeo.reference.machine import code_folder, start

PARTS = ("search", "boxes")
"""Of `hmgeo.proximity.ahead`: the kernel, and what is asked of boxes and of pairs."""


def begin() -> bool:
    """Start compiling where nothing is kept yet; return whether that was needed."""
    if any(code_folder().rglob("search.search-*.nbi")):
        return False
    task = "import gc; gc.disable(); from hmgeo.proximity import ahead; ahead.compile_part({part!r})"
    start([task.format(part=part) for part in PARTS])
    return True
