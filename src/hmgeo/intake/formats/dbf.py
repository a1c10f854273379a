"""What the bytes of a shapefile's .dbf say: its columns, the encoding of its texts, characters that were cut through.

Read in blocks, so that no file is held as a whole. A file of its own because GDAL hands out none of this.
"""

from __future__ import annotations

import codecs
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.intake.rows import Journal

_ENCODINGS = (("GB18030", r"936|gbk|gb-?2312|gb-?18030|cp936"), ("UTF-8", r"utf-?8|65001"))
_DESCRIPTOR_BYTES = 32
_NAME_BYTES = 11
_BLOCK_BYTES = 8_000_000
_HEADER_BYTES = 1_000_000
"""Far beyond the longest header."""
_SPACE, _NINTH_BIT = 0x20, 0x80
_NUMBERS = "NF"
EXACT_DIGITS = 15


class Field(NamedTuple):
    """A column of a dbf: where its name and its cells stand."""

    at: int
    start: int
    width: int
    decimals: int
    kind: str


class Dbf(Struct, frozen=True):
    """A .dbf file of some `length`: columns, and where its records begin; none without a header.

    `is_ascii`: whether the file, and whether its records hold nothing but ASCII.
    `changed_ns`: when it was written: of another time, another file, of which nothing is known yet.
    """

    path: Path
    length: int
    head: bytes
    fields: tuple[Field, ...]
    records: range
    count: int
    is_ascii: tuple[bool, bool] = (False, False)
    changed_ns: int = 0

    @classmethod
    def of(cls, path: Path) -> Dbf:
        """Look through the file `path`; what was seen is kept as long as it doesn't change."""
        return _looked_through(path, path.stat().st_mtime_ns, path.stat().st_size)

    @classmethod
    def _of(cls, path: Path) -> Dbf:
        with path.open("rb") as stream:
            head = stream.read(_HEADER_BYTES)
        size, count, records = path.stat().st_size, 0, range(0)
        if len(head) >= _DESCRIPTOR_BYTES:
            count, begin, step = struct.unpack_from("<IHH", head, 4)
            records = range(begin, min(begin + count * step, size), step) if step else records
        fields: list[Field] = []
        at, start = _DESCRIPTOR_BYTES, 1
        while at + _DESCRIPTOR_BYTES <= len(head) and head[at] != 0x0D:  # noqa: PLR2004 -- the end of the header
            fields.append(Field(at, start, head[at + 16], head[at + 17], chr(head[at + 11])))
            at, start = at + _DESCRIPTOR_BYTES, start + head[at + 16]
        made = cls(path, size, head, tuple(fields), records, count)
        borders = (0, records.start, max(records.start, records.stop), size)
        told = [all(map(bytes.isascii, made.blocks(*ends))) for ends in pairwise(borders)]
        return cls(path, size, head, tuple(fields), records, count, (all(told), told[1]))

    @property
    def is_sound(self) -> bool:
        """Whether all records that the header counts are there and as long as their columns."""
        whole = self.records.start + self.count * self.records.step
        return self._reach == self.records.step and self.records.stop == whole

    @property
    def _reach(self) -> int:
        return max((field.start + field.width for field in self.fields), default=1)

    def encoding(self, cpg: Path | None, journal: Journal) -> str | None:
        """Return what a .cpg tells where the text is that; else UTF-8 if it is, else GB 18030, with an entry."""
        declared = cpg.read_text("ascii", "replace").strip() if cpg is not None else ""
        known = next((name for name, pattern in _ENCODINGS if re.search(pattern, declared.casefold())), None)
        if self.is_ascii[0] or (known and self._reads(known)):
            return known
        if not known and re.search(r"8859|latin|1252|big5|950", declared.casefold()):
            return None  # GDAL's own
        encoding = "UTF-8" if self._reads("utf-8") else "GB18030"
        which = "属性文字不是" if known else "不是已知的"
        reason = f"cpg 写「{declared}」，{which}这种编码" if declared else "缺少 cpg 文件"
        journal.note("编码", reason, f"属性文字按 {encoding} 读取", value=encoding)
        return encoding

    def mends(self, encoding: str, *, is_thorough: bool) -> dict[int, bytes]:
        """Return what to write where, to be rid of the halves of characters that a limit of bytes has cut through."""
        names = [(field.at, self.head[field.at :][:_NAME_BYTES].split(b"\0")[0]) for field in self.fields]
        made = {at: (text, mended(text, encoding), b"\0") for at, text in names}
        is_odd = not self.is_ascii[1] and (
            is_thorough or not _is_in(self, self.records.start, self.records.stop, encoding)
        )
        cells = self._odd_cells("C") if is_odd else ()
        made |= {at: (text, kept, b" ") for at, text in cells if (kept := mended(text, encoding)) != text}
        return {at: kept.ljust(len(text), blank) for at, (text, kept, blank) in made.items() if kept != text}

    def are_texts_whole(self, encoding: str) -> bool:
        """Tell whether each text of a sound file can be read by itself."""
        return self.is_ascii[1] or _are_texts_whole(self, encoding)

    def is_long(self, field: Field) -> bool:
        """Tell whether a column holds numbers too long to be exact as doubles."""
        if field.kind not in _NUMBERS or field.width - field.decimals <= EXACT_DIGITS:
            return False
        cells = (table[:, field.start : field.start + field.width] for table in self.tables())
        return any(((part >= ord("0")).sum(axis=1) - field.decimals).max(initial=0) > EXACT_DIGITS for part in cells)

    def digits(self, field: Field) -> Iterator[str]:
        """Yield the cells of a column of numbers as they are written, without zeros behind the point."""
        for table in self.tables():
            for cell in table[:, field.start : field.start + field.width]:
                yield re.sub(r"\.0*$", "", cell.tobytes().decode("ascii", "replace").strip())

    def row_count(self) -> int:
        """Return how many records aren't marked as deleted."""
        return sum(map(len, self.tables()))

    def _reads(self, encoding: str) -> bool:
        """Tell whether all texts are in an encoding, characters cut through set aside."""
        begin = struct.unpack_from("<H", self.head, 8)[0] if len(self.head) >= _DESCRIPTOR_BYTES else 0
        if _is_in(self, begin, self.length, encoding):
            return True
        return all(_decodes(mended(text, encoding), encoding) for _, text in self._odd_cells())

    def blocks(self, begin: int, end: int, size: int = 1) -> Iterator[bytes]:
        """Yield what stands from `begin` to `end` in blocks of whole multiples of a `size`."""
        with self.path.open("rb") as stream:
            stream.seek(begin)
            while begin < end and (block := stream.read(min(_BLOCK_BYTES // size * size or size, end - begin))):
                begin += len(block)
                yield block

    def tables(self) -> Iterator[NDArray[np.uint8]]:
        """Yield records that aren't deleted, a row of bytes for each; the last is filled up where it is cut off."""
        size = self.records.step
        for block in self.blocks(self.records.start, self.records.stop, size):
            table = np.frombuffer(block.ljust(-(-len(block) // size) * size), np.uint8).reshape(-1, size)
            yield table[table[:, 0] != ord("*")]

    def _odd_cells(self, kind: str = "") -> Iterator[tuple[int, bytes]]:
        """Yield where cells begin that aren't ASCII, and what they hold; of one kind, or of all."""
        at, size = self.records.start, self.records.step
        is_torn = self._reach > size  # cells reach into the next record: nothing but noise
        for block in self.blocks(at, self.length if is_torn else self.records.stop, self.length if is_torn else size):
            length = self.records.stop - at if is_torn else len(block)
            table = np.frombuffer(block[:length].ljust(-(-length // size) * size), np.uint8).reshape(-1, size)
            for field in self.fields:
                if kind not in {"", field.kind}:
                    continue
                is_odd = (table[:, field.start : field.start + field.width] >= _NINTH_BIT).any(axis=1)
                for row in range(len(table)) if is_torn else np.flatnonzero(is_odd).tolist():
                    start = row * size + field.start
                    yield at + start, block[start : start + field.width]
            at += len(block)


@lru_cache(maxsize=4)
def _looked_through(path: Path, changed_ns: int, size: int) -> Dbf:  # noqa: ARG001 -- of another size, another file
    return replace(Dbf._of(path), changed_ns=changed_ns)  # noqa: SLF001 -- the class is this file's own


@lru_cache(maxsize=16)
def _are_texts_whole(dbf: Dbf, encoding: str) -> bool:
    texts = [field for field in dbf.fields if field.kind not in _NUMBERS]
    return all(
        _decodes(_with_line_ends(table[:, field.start : field.start + field.width]), encoding)
        for table in dbf.tables()
        for field in texts
    )


@lru_cache(maxsize=16)
def _is_in(dbf: Dbf, begin: int, end: int, encoding: str) -> bool:
    """Tell whether all between two places of a file is text in an encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in dbf.blocks(begin, end):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _with_line_ends(cells: NDArray[np.uint8]) -> bytes:
    """Return cells in lines: no character goes on over the end of one. A text ends where a zero stands."""
    if not cells.all():
        cells = np.where(np.logical_or.accumulate(cells == 0, axis=1), np.uint8(_SPACE), cells)
    return np.pad(cells, ((0, 0), (0, 1)), constant_values=ord("\n")).tobytes()


def _decodes(text: bytes, encoding: str) -> bool:
    try:
        text.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def mended(text: bytes, encoding: str) -> bytes:
    """Return a `text` in an `encoding` without the beginning of a character that was cut through."""
    return next((text[: len(text) - cut] for cut in range(4) if _decodes(text[: len(text) - cut], encoding)), text)
