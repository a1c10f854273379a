"""What becomes of each row of a file on the way to a position."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from hmgeo.datum import Datum
    from hmgeo.layers.journal import Journal


@dataclass(frozen=True, slots=True)
class ReadAs:
    """The numbers of a row as given, and how they were read: degrees where `crs` is None."""

    x: float
    y: float
    crs: CRS | None
    datum: Datum | None


@dataclass(slots=True)
class Outcome:
    """Shapes and verdicts on rows, filled step by step; rows are counted from 0 here, from 1 in the ledger.

    Parameters
    ----------
    shapes
        Shapely geometries in lon/lat (EPSG:4490); None where a row has no usable place.
    uncertainty_m
        Of each position, in metres.
    status
        `assessed` until something is found wrong.
    are_receptors
        Receptors are set aside (几何搁置); sources are returned (退回补正) or left without a place (未定位).
    notes
        Row to the sentences that its output row carries.
    awaiting_datum
        Rows that give coordinates whose datum nobody knows; a place they name stands in for nothing.
    read_as
        Row to the numbers of a point as given and how they were read, for the suspicion checks.
    """

    shapes: NDArray[np.object_]
    uncertainty_m: NDArray[np.float64]
    status: list[Status]
    journal: Journal
    are_receptors: bool = False
    notes: dict[int, list[str]] = field(default_factory=dict)
    awaiting_datum: set[int] = field(default_factory=set)
    read_as: dict[int, ReadAs] = field(default_factory=dict)

    @classmethod
    def of_rows(cls, count: int, journal: Journal, *, are_receptors: bool) -> Outcome:
        """Start with every row assessed and nowhere."""
        shapes = np.full(count, None, dtype=object)
        return cls(shapes, np.zeros(count), [Status.ASSESSED] * count, journal, are_receptors)

    def reject(self, row: int, reason: str, *, field: str = "", value: str = "") -> None:
        """Return a row for correction: something is given but can't be used."""
        if self.status[row] is not Status.ASSESSED:
            return
        self.status[row] = Status.REJECTED
        self._close(row, "退回补正", reason, "请更正后重新提交", field, value)

    def await_datum(self, row: int, reason: str, *, field: str, value: str) -> None:
        """Leave a row whose coordinates can't be read before somebody declares their datum."""
        if self.status[row] is Status.ASSESSED:
            self.awaiting_datum.add(row)
        self.leave(row, reason, field=field, value=value, action="请申明坐标系")

    def leave(self, row: int, reason: str, *, field: str = "", value: str = "", action: str = "请补充坐标") -> None:
        """Leave a row without a place: nothing usable is given."""
        if self.status[row] is not Status.ASSESSED:
            return
        self.status[row] = Status.NOT_LOCATED
        self._close(row, "未定位", reason, action, field, value)

    def remark(self, row: int, sentence: str) -> None:
        """Add a sentence to the row's note."""
        self.notes.setdefault(row, []).append(sentence)

    def note_text(self, row: int) -> str:
        """Return the row's note."""
        return "；".join(self.notes.get(row, ()))

    def is_assessed(self) -> NDArray[np.bool_]:
        """Return which rows still have a usable place."""
        return np.fromiter((status is Status.ASSESSED for status in self.status), dtype=bool, count=len(self.status))

    def _close(self, row: int, event: str, reason: str, action: str, field: str, value: str) -> None:
        self.shapes[row] = None
        self.uncertainty_m[row] = np.nan
        self.remark(row, f"{reason}（{field}「{value}」）" if value else reason)
        if self.are_receptors:
            event, action = "几何搁置", "不参与计算，请更正"
        self.journal.note_row(row + 1, event, reason, action, field=field, value=value)
