"""Pairs to Parquet without spelling out every id: a tenth of the cost of `ParquetSink`, the same table when read."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from hmgeo.project.pairs_parquet import Chunk, PairsFile

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

GROUP_ROWS = 1_000_000
_COLUMNS = (("source_id", True), ("receptor_id", True), ("receptor_kind", True), ("distance_m", False))
_CODECS = {"source_id": "", "receptor_id": "lz4_raw", "receptor_kind": "lz4_raw"}
"""Numbers packed to their last bit hardly shrink any more."""


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
    forgets = True

    def __init__(self, path: Path, group_rows: int = GROUP_ROWS) -> None:
        self.rows = 0
        self._stream = path.open("wb")
        self._file = PairsFile(self._stream, _COLUMNS)
        self._compiled: Any = import_module("hmgeo.analysis.engine.runs")  # numba is loaded where it is needed
        self._source, self._metres = np.empty(group_rows, np.int32), np.empty(group_rows)
        self._lengths = np.empty(group_rows, np.int32)
        self._fixed: tuple[pa.Array, str] = (pa.array([], pa.string()), "")
        self._filled = self._receptors = 0
        self._ids: list[pa.Array] = []

    def __enter__(self) -> Self:
        """Return the sink itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits and close the file."""
        with self._stream:
            if kind is None:
                if self._filled:
                    self._write()
                self._file.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Take a batch of `CODED_PAIRS_SCHEMA`; a receptor's pairs all come in one batch."""
        source, receptor, kind, metres = batch.columns
        self._fixed = source.dictionary, kind.dictionary[0].as_py()
        numbers, row, distance_m = source.indices.to_numpy(), receptor.indices.to_numpy(), metres.to_numpy()
        met = np.empty(min(len(receptor.dictionary), batch.num_rows), np.int32)
        first, rows = 0, batch.num_rows
        self.rows += rows
        while first < rows:
            size = min(rows - first, len(self._source) - self._filled)
            end, line = first + size, slice(self._filled, self._filled + size)
            self._source[line], self._metres[line] = numbers[first:end], distance_m[first:end]
            held = self._compiled.run_lengths(row, first, end, met, self._lengths[self._receptors :])
            self._ids.append(receptor.dictionary.take(pa.array(met[:held])))
            self._receptors += held
            self._filled, first = self._filled + size, end
            if self._filled == len(self._source):
                self._write()

    def _write(self) -> None:
        rows, receptors = self._filled, self._receptors
        sources, kind = self._fixed
        put = self._compiled
        width = _width(len(sources))
        packed = np.empty(rows // 8 * width + width + 16, np.uint8)
        packed[0] = width
        packed = packed[: put.put_packed(self._source, rows, width, packed, 1)]
        width = _width(receptors)
        runs = np.empty(10 * receptors + 16, np.uint8)
        runs[0] = width
        runs = runs[: put.put_runs(self._lengths, receptors, width, runs, 1)]
        one = np.empty(16, np.uint8)
        one[0] = 1
        one = one[: put.put_runs(np.array([rows], np.int32), 1, 1, one, 1)]
        texts = self._texts(sources), self._texts(pa.concat_arrays(self._ids)), self._texts(pa.array([kind]))
        pages = zip((packed, runs, one), texts, _COLUMNS, strict=False)
        chunks = [Chunk(name, rows, page.data, text, _CODECS[name]) for page, text, (name, _) in pages]
        self._file.write([*chunks, Chunk("distance_m", rows, self._metres[:rows].data)])
        self._filled = self._receptors = 0
        self._ids = []

    def _texts(self, texts: pa.Array) -> tuple[bytes, int]:
        """Return a dictionary page and how many texts it holds."""
        _, offsets, data = texts.buffers()
        at: NDArray[np.int32] = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        out = np.empty(int(at[-1] - at[0]) + 4 * len(texts), np.uint8)
        held = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        self._compiled.put_texts(at, held, out)
        return out.tobytes(), len(texts)


def _width(values: int) -> int:
    """Return the bits that a number below so many takes."""
    return max(1, (values - 1).bit_length())
