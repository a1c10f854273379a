"""Layers cut into units of work, and what is asked of every unit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.analysis.engine.columns import bytes_of
from hmgeo.analysis.engine.search import boxes
from hmgeo.analysis.engine.tally import KEPT, Tally, class_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hmgeo.analysis.engine.units import Found

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_SAMPLE_STEP = 64


@dataclass(frozen=True, slots=True)
class Unit:
    """Some rows of a layer and where they stand in it."""

    part: pa.RecordBatch
    first_row: int
    class_code: Indices

    def take(self, rows: Indices) -> pa.RecordBatch:
        """Return `KEPT` columns of some rows, as plain text."""
        taken = self.part.select(KEPT).take(pa.array(rows))
        return taken.set_column(KEPT.index("class"), "class", taken.column("class").cast(pa.string()))


def units(batches: Iterable[pa.RecordBatch], tally: Tally, rows: int) -> Iterator[Unit]:
    """Cut batches into units of at most so many rows."""
    first = 0
    for batch in batches:
        for offset in range(0, batch.num_rows, rows):
            part = batch.slice(offset, rows)
            yield Unit(part, first, tally.class_codes(class_column(part)))
            first += part.num_rows


def within(found: Found, radius_m: float) -> Found:
    """Leave out what only the position's uncertainty brings within reach."""
    keep = found.distance_m <= radius_m
    if keep.all():
        return found
    return replace(found, source=found.source[keep], row=found.row[keep], distance_m=found.distance_m[keep])


def corners_of(part: pa.RecordBatch) -> Floats:
    """Return (k, 2) corners of some of the shapes."""
    _, corners = boxes(bytes_of(part.column("geometry")), _SAMPLE_STEP)
    sound: Floats = corners[np.isfinite(corners[:, 0])]
    return sound
