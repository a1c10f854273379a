"""Other processes that do something ahead of time; whatever they fail at is done by this one when it is needed."""

from __future__ import annotations

import atexit
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

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
