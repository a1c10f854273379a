"""Who hears how far a run is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears how far a run is."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Take the stage in words, and how much of it is done."""


def silent(stage: str, done: int, total: int | None) -> None:
    """Tell nobody."""
