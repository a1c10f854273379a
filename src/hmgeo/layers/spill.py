"""Receptors on their way to being sorted, kept on disk: as many rows as the disk holds, sorted a bucket at a time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import shapely

from hmgeo.records import RECEPTOR_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_MOST_BUCKETS = 500


def boxes_of(table: pa.Table | pa.RecordBatch) -> Floats:
    """Return (n, 4) west, south, east, north of the rows."""
    return np.asarray(shapely.bounds(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))))


class Spill:
    """Takes batches of `RECEPTOR_SCHEMA` in any order and gives them back sorted.

    Parameters
    ----------
    folder
        Empty folder with room for twice the data; whoever made it drops it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer = pa.ipc.new_stream(folder / "all", RECEPTOR_SCHEMA)
        self._boxes: list[Floats] = []
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch."""
        self._writer.write_batch(batch)
        self._boxes.append(boxes_of(batch))
        self.rows += batch.num_rows

    def in_order(self, place_of: Callable[[Floats], Indices], rows: int) -> Iterator[pa.Table]:
        """Yield all rows by their place, equals in the order they came, in tables of so many rows.

        Parameters
        ----------
        place_of
            (n, 4) boxes to (n,) places.
        """
        self._writer.close()
        places = place_of(np.concatenate([np.empty((0, 4)), *self._boxes]))
        self._boxes = []
        rows = max(rows, -(-self.rows // _MOST_BUCKETS // rows) * rows)
        rank = np.empty(self.rows, np.int64)
        rank[np.argsort(places, kind="stable")] = np.arange(self.rows)
        del places
        buckets = -(-self.rows // rows)
        with ExitStack() as opened:
            writers = [
                opened.enter_context(pa.ipc.new_stream(self._folder / f"{number}", RECEPTOR_SCHEMA))
                for number in range(buckets)
            ]
            first = 0
            for batch in _read(self._folder / "all"):
                bucket = rank[first : first + batch.num_rows] // rows
                for number in np.unique(bucket).tolist():
                    writers[number].write_batch(batch.take(pa.array(np.flatnonzero(bucket == number))))
                first += batch.num_rows
        (self._folder / "all").unlink()
        bucket = rank // rows
        for number in range(buckets):
            path = self._folder / f"{number}"
            table = pa.Table.from_batches(list(_read(path)), RECEPTOR_SCHEMA)
            yield table.take(pa.array(np.argsort(rank[bucket == number])))
            path.unlink()


def _read(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        yield from stream
