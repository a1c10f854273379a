"""Compiled loops that put pairs in line for a file, and into the encodings of Parquet.

A receptor's pairs follow one another, so its column is a list of runs; that is what makes writing cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmgeo.analysis.engine.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int32]
    Bytes = NDArray[np.uint8]

_SEVEN_BITS, _MORE = 127, 128


@compiled
def line_up(
    given: tuple[Numbers, Numbers, Floats],
    first: int,
    line: tuple[Numbers, Floats],
    filled: int,
    rows_met: Numbers,
    lengths: Numbers,
) -> tuple[int, int]:
    """Append pairs from `first` on to a line until it is full; return how many it holds and the receptors met.

    Parameters
    ----------
    given
        Sources, rows and metres; rows come in ascending order.
    line
        Sources and metres, of which the first `filled` are taken.
    rows_met, lengths
        Filled with the row of each receptor met, and how many pairs it has here.
    """
    source, row, metres = given
    to_source, to_metres = line
    end = min(len(row), first + len(to_source) - filled)
    met, k = 0, first
    while k < end:
        held, begin = row[k], k
        while k < end and row[k] == held:
            to_source[filled], to_metres[filled] = source[k], metres[k]
            filled += 1
            k += 1
        rows_met[met], lengths[met] = held, k - begin
        met += 1
    return filled, met


@compiled
def _put_varint(out: Bytes, at: int, value: int) -> int:
    while value > _SEVEN_BITS:
        out[at] = (value & _SEVEN_BITS) | _MORE
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@compiled
def put_runs(lengths: Numbers, count: int, width: int, out: Bytes, at: int) -> int:
    """Write runs of 0, 1, 2 ... as RLE runs (Parquet's hybrid encoding) of so many bits; return where they end."""
    size = (width + 7) // 8
    for value in range(count):
        at = _put_varint(out, at, lengths[value] << 1)
        for i in range(size):
            out[at] = (value >> (8 * i)) & 255
            at += 1
    return at


@compiled
def put_packed(values: Numbers, count: int, width: int, out: Bytes, at: int) -> int:
    """Write numbers as one bit-packed run of so many bits each, the last eight filled up; return where it ends."""
    eights = (count + 7) // 8
    at = _put_varint(out, at, (eights << 1) | 1)
    held, bits = np.uint64(0), 0
    for i in range(8 * eights):
        held |= np.uint64(values[i] if i < count else 0) << np.uint64(bits)
        bits += width
        while bits >= 8:  # noqa: PLR2004 -- a byte
            out[at] = held & np.uint64(255)
            held >>= np.uint64(8)
            bits -= 8
            at += 1
    return at


@compiled
def put_texts(offsets: Numbers, data: Bytes, out: Bytes) -> int:
    """Write texts as Parquet's plain encoding, each with its length before it; return where they end."""
    at = 0
    for i in range(len(offsets) - 1):
        begin, end = offsets[i], offsets[i + 1]
        size = end - begin
        for k in range(4):
            out[at + k] = (size >> (8 * k)) & 255
        at += 4
        for k in range(begin, end):
            out[at] = data[k]
            at += 1
    return at
