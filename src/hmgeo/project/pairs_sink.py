"""Pairs to Parquet without spelling out every id: a tenth of the cost of `ParquetSink`, the same table when read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

GROUP_ROWS = 1_000_000
_DICTIONARY_BYTES = 1 << 28
_VALUES_AT_ONCE = 65_536
_TEXTS = ("source_id", "receptor_id", "receptor_kind")


class CodedPairsSink:
    """Writes coded pairs in row groups of `GROUP_ROWS`, however the batches were cut; texts as dictionaries.

    Parameters
    ----------
    path
        File to write; it reads back with plain text columns (`PAIRS_SCHEMA`).
    group_rows
        Rows of a row group.
    """

    takes_coded = True

    def __init__(self, path: Path, group_rows: int = GROUP_ROWS) -> None:
        self.rows = 0
        self._path, self._group_rows = path, group_rows
        self._writer: pq.ParquetWriter | None = None
        self._fixed: tuple[pa.Array, pa.Array] = (pa.array([], pa.string()), pa.array([""]))
        self._source: list[NDArray[np.int32]] = []
        self._receptor: list[NDArray[np.int64]] = []
        self._metres: list[NDArray[np.float64]] = []
        self._ids: list[pa.Array] = []
        self._receptors = self._waiting = 0

    def __enter__(self) -> Self:
        """Return the sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits and close the file."""
        if kind is None:
            self._flush(finish=True)
        if self._writer is not None:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch of `CODED_PAIRS_SCHEMA`; a receptor's pairs all come in one batch."""
        source, receptor, kind, metres = batch.columns
        row = receptor.indices.to_numpy()
        starts = np.diff(row, prepend=-1) != 0
        self._fixed = source.dictionary, kind.dictionary
        self._source.append(source.indices.to_numpy())
        self._receptor.append(np.cumsum(starts) - 1 + self._receptors)
        self._metres.append(metres.to_numpy())
        self._ids.append(receptor.dictionary.take(pa.array(row[starts])))
        self._receptors += len(self._ids[-1])
        self._waiting += batch.num_rows
        self.rows += batch.num_rows
        if self._waiting >= self._group_rows:
            self._flush(finish=False)

    def _flush(self, *, finish: bool) -> None:
        source, receptor, metres = (
            np.concatenate([np.empty(0, kind), *pieces])
            for kind, pieces in ((np.int32, self._source), (np.int64, self._receptor), (np.float64, self._metres))
        )
        ids = pa.concat_arrays([pa.array([], pa.string()), *self._ids])
        begin = 0
        while len(source) - begin >= self._group_rows or (finish and (begin < len(source) or self._writer is None)):
            end = min(begin + self._group_rows, len(source))
            self._write(source[begin:end], receptor[begin:end], metres[begin:end], ids)
            begin = end
        first = int(receptor[begin]) if begin < len(receptor) else self._receptors
        self._source, self._metres = [source[begin:]], [metres[begin:]]
        self._receptor, self._ids = [receptor[begin:] - first], [ids.slice(first)]
        self._receptors -= first
        self._waiting = len(source) - begin

    def _write(
        self, source: NDArray[np.int32], receptor: NDArray[np.int64], metres: NDArray[np.float64], ids: pa.Array
    ) -> None:
        first, last = (int(receptor[0]), int(receptor[-1]) + 1) if len(receptor) else (0, 0)
        columns = [
            pa.DictionaryArray.from_arrays(source, self._fixed[0]),
            pa.DictionaryArray.from_arrays((receptor - first).astype(np.int32), ids.slice(first, last - first)),
            pa.DictionaryArray.from_arrays(np.zeros(len(source), np.int32), self._fixed[1]),
            pa.array(metres),
        ]
        table = pa.table(columns, names=[*_TEXTS, "distance_m"])
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self._path,
                table.schema,
                store_schema=False,
                compression="lz4",
                use_dictionary=list(_TEXTS),
                write_statistics=False,
                write_batch_size=_VALUES_AT_ONCE,
                column_encoding={"distance_m": "BYTE_STREAM_SPLIT"},
                dictionary_pagesize_limit=_DICTIONARY_BYTES,
            )
        self._writer.write_table(table, row_group_size=self._group_rows)
