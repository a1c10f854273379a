"""Where pairs go while they are made: a Parquet file of our own that doesn't spell out every id.

General writers spend ten times as long on looking up every id of every pair; here the runs are known already. Any
reader of Parquet takes the file.
"""

from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct, field
from numpy.typing import NDArray

from hmgeo.records import Sink

ROW_GROUP_ROWS = 100_000


class Both:
    """Hands every batch to two sinks.

    `first`: None where nobody else listens.
    """

    def __init__(self, first: Sink | None, second: Sink) -> None:
        self._sinks = [sink for sink in (first, second) if sink is not None]

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch."""
        for sink in self._sinks:
            sink.write(batch)


class ParquetSink:
    """Writes batches to a Parquet file in row groups of `ROW_GROUP_ROWS`, however the batches were cut."""

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


MAGIC = b"PAR1"
_I32, _I64, _TEXT, _LIST, _STRUCT = 5, 6, 8, 9, 12
_SHORT_LIST = 15
_BYTE_ARRAY, _DOUBLE = 6, 5
_OPTIONAL, _UTF8 = 1, 0
_PLAIN, _RLE, _RLE_DICTIONARY = 0, 3, 8
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_CODECS = {"": 0, "lz4_raw": 7}
_CREATED_BY = "hmgeo"

Typed: TypeAlias = tuple[int, bytes]


def _varint(value: int) -> bytes:
    """Return an unsigned number, seven bits to a byte, the lowest first.

    >>> _varint(300).hex()
    'ac02'
    """
    made = bytearray()
    while value > 127:  # noqa: PLR2004 -- seven bits
        made.append((value & 127) | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(value: int, kind: int = _I32) -> Typed:
    return kind, _varint((value << 1) ^ (value >> 63))


def _text(value: str) -> Typed:
    return _TEXT, _varint(len(value.encode())) + value.encode()


def _struct(**fields: Typed) -> Typed:
    """Return a struct; fields are named by their number, as `f3`, in ascending order."""
    made, last = b"", 0
    for name, (kind, value) in fields.items():
        number = int(name[1:])
        made += bytes([(number - last) << 4 | kind]) + value
        last = number
    return _STRUCT, made + b"\x00"


def _many(items: list[Typed], kind: int) -> Typed:
    size = len(items)
    head = bytes([size << 4 | kind]) if size < _SHORT_LIST else bytes([0xF0 | kind]) + _varint(size)
    return _LIST, head + b"".join(value for _, value in items)


class Chunk(Struct, frozen=True):
    """A column of a row group as it will stand in the file.

    Parameters
    ----------
    values
        The data page's content after its levels.
    dictionary
        Content of the dictionary page and how many texts it holds; None for a column of doubles.
    codec
        `lz4_raw`, or empty for none.
    """

    name: str
    rows: int
    values: bytes | memoryview
    dictionary: tuple[bytes, int] | None = None
    codec: str = ""


class PairsFile(Struct):
    """Writes row groups of optional columns that hold no null.

    `columns`: name and whether it holds text (doubles otherwise).
    """

    stream: IO[bytes]
    columns: tuple[tuple[str, bool], ...]
    rows: int = 0
    _groups: list[Typed] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin the file."""
        self.stream.write(MAGIC)

    def write(self, chunks: list[Chunk]) -> None:
        """Write a row group of `chunks`, one a column in order, all of as many rows."""
        described, total = [], 0
        for chunk in chunks:
            made, size = self._write_chunk(chunk)
            described.append(made)
            total += size
        rows = chunks[0].rows
        group = _struct(f1=_many(described, _STRUCT), f2=_number(total, _I64), f3=_number(rows, _I64))
        self._groups.append(group)
        self.rows += rows

    def close(self) -> None:
        """Write the footer."""
        leaves = [self._leaf(name, is_text=is_text) for name, is_text in self.columns]
        root = _struct(f4=_text("schema"), f5=_number(len(leaves)))
        _, footer = _struct(
            f1=_number(2),
            f2=_many([root, *leaves], _STRUCT),
            f3=_number(self.rows, _I64),
            f4=_many(self._groups, _STRUCT),
            f6=_text(_CREATED_BY),
        )
        self.stream.write(footer + len(footer).to_bytes(4, "little") + MAGIC)

    @staticmethod
    def _leaf(name: str, *, is_text: bool) -> Typed:
        if not is_text:
            return _struct(f1=_number(_DOUBLE), f3=_number(_OPTIONAL), f4=_text(name))
        string = _struct(f1=_struct())
        return _struct(f1=_number(_BYTE_ARRAY), f3=_number(_OPTIONAL), f4=_text(name), f6=_number(_UTF8), f10=string)

    def _write_chunk(self, chunk: Chunk) -> tuple[Typed, int]:
        begin = self.stream.tell()
        plain = 0
        offsets = {}
        if chunk.dictionary is not None:
            content, count = chunk.dictionary
            about = {"f7": _struct(f1=_number(count), f2=_number(_PLAIN))}
            plain += self._write_page(_DICTIONARY_PAGE, [content], about, chunk.codec)
            offsets["f11"] = _number(begin, _I64)
        data_at = self.stream.tell()
        levels = _varint(chunk.rows << 1) + b"\x01"  # one run: every row has a value
        encoding = _PLAIN if chunk.dictionary is None else _RLE_DICTIONARY
        about = {"f5": _struct(f1=_number(chunk.rows), f2=_number(encoding), f3=_number(_RLE), f4=_number(_RLE))}
        pieces = [len(levels).to_bytes(4, "little") + levels, chunk.values]
        plain += self._write_page(_DATA_PAGE, pieces, about, chunk.codec)
        size = self.stream.tell() - begin
        encodings = [_number(word) for word in sorted({_PLAIN, _RLE, encoding})]
        kind = _DOUBLE if chunk.dictionary is None else _BYTE_ARRAY
        described = _struct(
            f1=_number(kind),
            f2=_many(encodings, _I32),
            f3=_many([_text(chunk.name)], _TEXT),
            f4=_number(_CODECS[chunk.codec]),
            f5=_number(chunk.rows, _I64),
            f6=_number(plain, _I64),
            f7=_number(size, _I64),
            f9=_number(data_at, _I64),
            **offsets,
        )
        return _struct(f2=_number(begin, _I64), f3=described), plain

    def _write_page(self, kind: int, pieces: list[bytes | memoryview], about: dict[str, Typed], codec: str) -> int:
        """Write a page; return its size with its header, uncompressed."""
        size = sum(len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in pieces)
        if codec:
            pieces = [pa.Codec(codec).compress(b"".join(pieces), asbytes=True)]
        length = sum(len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in pieces)
        _, header = _struct(f1=_number(kind), f2=_number(size), f3=_number(length), **about)
        for piece in (header, *pieces):
            self.stream.write(piece)
        return len(header) + size


GROUP_ROWS = 1_000_000
_COLUMNS = (("source_id", True), ("receptor_id", True), ("receptor_kind", True), ("distance_m", False))
_CODEC_OF_COLUMN = {"source_id": "", "receptor_id": "lz4_raw", "receptor_kind": "lz4_raw"}
"""Numbers packed to their last bit hardly shrink any more."""


class CodedPairsSink:
    """Writes coded pairs in row groups of `GROUP_ROWS`, however the batches were cut; texts as dictionaries.

    `path`: file to write; it reads back with plain text columns (`PAIRS_SCHEMA`).
    """

    takes_coded = True
    forgets = True

    def __init__(self, path: Path, group_rows: int = GROUP_ROWS) -> None:
        self.rows = 0
        self._stream = path.open("wb")
        self._file = PairsFile(self._stream, _COLUMNS)
        self._compiled: Any = import_module("hmgeo.proximity.pair_runs")  # LLVM is loaded where it is needed
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
            count = self._compiled.run_lengths(row, first, end, met, self._lengths[self._receptors :])
            self._ids.append(receptor.dictionary.take(pa.array(met[:count])))
            self._receptors += count
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
        run = np.empty(16, np.uint8)
        run[0] = 1
        run = run[: put.put_runs(np.array([rows], np.int32), 1, 1, run, 1)]
        texts = self._texts(sources), self._texts(pa.concat_arrays(self._ids)), self._texts(pa.array([kind]))
        pages = zip((packed, runs, run), texts, _COLUMNS, strict=False)
        chunks = [Chunk(name, rows, page.data, text, _CODEC_OF_COLUMN[name]) for page, text, (name, _) in pages]
        self._file.write([*chunks, Chunk("distance_m", rows, self._metres[:rows].data)])
        self._filled = self._receptors = 0
        self._ids = []

    def _texts(self, texts: pa.Array) -> tuple[bytes, int]:
        """Return a dictionary page and how many texts it holds."""
        _, offsets, data = texts.buffers()
        at: NDArray[np.int32] = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        out = np.empty(int(at[-1] - at[0]) + 4 * len(texts), np.uint8)
        codes = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
        self._compiled.put_texts(at, codes, out)
        return out.tobytes(), len(texts)


def _width(values: int) -> int:
    """Return the bits that a number below so many takes."""
    return max(1, (values - 1).bit_length())
