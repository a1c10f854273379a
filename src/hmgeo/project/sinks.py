"""Where pairs go while they are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from hmgeo.records import Sink

ROW_GROUP_ROWS = 100_000


class Both:
    """Hands every batch to two sinks.

    Parameters
    ----------
    first
        None where nobody else listens.
    """

    def __init__(self, first: Sink | None, second: Sink) -> None:
        self._sinks = [one for one in (first, second) if one is not None]

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""
        for sink in self._sinks:
            sink.write(batch)


class ParquetSink:
    """Writes batches to a Parquet file in row groups of `ROW_GROUP_ROWS`, however the batches were cut.

    Parameters
    ----------
    path
        File to write.
    schema
        Of the batches.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self.rows = 0

    def __enter__(self) -> Self:
        """Return the sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits and close the file."""
        if kind is None:
            self._flush(ROW_GROUP_ROWS, finish=True)
        self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""
        self.rows += batch.num_rows
        self._waiting.append(batch)
        self._waiting_rows += batch.num_rows
        if self._waiting_rows >= ROW_GROUP_ROWS:
            self._flush(ROW_GROUP_ROWS, finish=False)

    def _flush(self, group: int, *, finish: bool) -> None:
        table = pa.Table.from_batches(self._waiting, self._schema)
        ready = table.num_rows if finish else table.num_rows // group * group
        if ready:
            self._writer.write_table(table.slice(0, ready), row_group_size=group)
        rest = table.slice(ready)
        self._waiting = rest.to_batches()
        self._waiting_rows = rest.num_rows
