"""The first use on a machine: other processes compile the engine while this one reads its files.

What they compile is kept as ever (`hmgeo.analysis.engine.compiled`), and found there when it is needed. Whatever they
fail at is compiled by this process itself.
"""

from __future__ import annotations

import atexit
import subprocess
import sys

from hmgeo.reference.machine import code_folder

PARTS = ("search", "boxes")
"""Two of about the same weight: the kernel, and what is asked of boxes and of pairs."""

_started: list[subprocess.Popen[bytes]] = []


def begin() -> bool:
    """Start compiling where nothing is kept yet; return whether that was needed."""
    if any(code_folder(__file__).rglob("search.search-*.nbi")):
        return False
    if sys.executable and not getattr(sys, "frozen", False) and not _started:
        atexit.register(_stop)
        for part in PARTS:
            task = f"import gc; gc.disable(); from hmgeo.analysis.engine import ahead; ahead.compile_part({part!r})"
            command = [sys.executable, "-P", "-c", task]  # -P: no module may come from the folder where a user stands
            quiet = subprocess.DEVNULL
            _started.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet))  # noqa: S603 -- own
    return True


def finish() -> None:
    """Wait for what was started."""
    while _started:
        _started.pop().wait()


def _stop() -> None:
    for process in _started:
        process.terminate()
    finish()
