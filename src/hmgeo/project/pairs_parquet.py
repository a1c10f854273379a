"""The Parquet file format (github.com/apache/parquet-format) as far as pairs need it; metadata in compact Thrift.

General writers spend ten times as long on looking up every id of every pair; here the runs are known already. Any
reader of Parquet takes the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO, TypeAlias

import pyarrow as pa

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


def varint(value: int) -> bytes:
    """Return an unsigned number, seven bits to a byte, the lowest first.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    made = bytearray()
    while value > 127:  # noqa: PLR2004 -- seven bits
        made.append((value & 127) | 128)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(value: int, kind: int = _I32) -> Typed:
    return kind, varint((value << 1) ^ (value >> 63))


def _text(value: str) -> Typed:
    return _TEXT, varint(len(value.encode())) + value.encode()


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
    head = bytes([size << 4 | kind]) if size < _SHORT_LIST else bytes([0xF0 | kind]) + varint(size)
    return _LIST, head + b"".join(value for _, value in items)


@dataclass(frozen=True, slots=True)
class Chunk:
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


@dataclass(slots=True)
class PairsFile:
    """Writes row groups of optional columns that hold no null.

    Parameters
    ----------
    columns
        Name and whether it holds text (doubles otherwise).
    """

    stream: IO[bytes]
    columns: tuple[tuple[str, bool], ...]
    rows: int = 0
    _groups: list[Typed] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin the file."""
        self.stream.write(MAGIC)

    def write(self, chunks: list[Chunk]) -> None:
        """Write a row group, its columns in order."""
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
        levels = varint(chunk.rows << 1) + b"\x01"  # one run: every row has a value
        encoding = _PLAIN if chunk.dictionary is None else _RLE_DICTIONARY
        about = {"f5": _struct(f1=_number(chunk.rows), f2=_number(encoding), f3=_number(_RLE), f4=_number(_RLE))}
        pieces = [len(levels).to_bytes(4, "little") + levels, chunk.values]
        plain += self._write_page(_DATA_PAGE, pieces, about, chunk.codec)
        held = self.stream.tell() - begin
        encodings = [_number(word) for word in sorted({_PLAIN, _RLE, encoding})]
        kind = _DOUBLE if chunk.dictionary is None else _BYTE_ARRAY
        described = _struct(
            f1=_number(kind),
            f2=_many(encodings, _I32),
            f3=_many([_text(chunk.name)], _TEXT),
            f4=_number(_CODECS[chunk.codec]),
            f5=_number(chunk.rows, _I64),
            f6=_number(plain, _I64),
            f7=_number(held, _I64),
            f9=_number(data_at, _I64),
            **offsets,
        )
        return _struct(f2=_number(begin, _I64), f3=described), plain

    def _write_page(self, kind: int, pieces: list[bytes | memoryview], about: dict[str, Typed], codec: str) -> int:
        """Write a page; return its size with its header, uncompressed."""
        size = sum(len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in pieces)
        if codec:
            pieces = [pa.Codec(codec).compress(b"".join(pieces), asbytes=True)]
        held = sum(len(piece) if isinstance(piece, bytes) else piece.nbytes for piece in pieces)
        _, header = _struct(f1=_number(kind), f2=_number(size), f3=_number(held), **about)
        for piece in (header, *pieces):
            self.stream.write(piece)
        return len(header) + size
