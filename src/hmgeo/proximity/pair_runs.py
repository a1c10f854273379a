"""Compiled loops that put pairs into the encodings of Parquet.

A receptor's pairs follow one another, so its column is a list of runs; that is what makes writing cheap.
"""

import numpy as np
from numpy.typing import NDArray

from hmgeo.reference.compiled import compiled, inner

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Bytes = NDArray[np.uint8]

_SEVEN_BITS, _MORE = 127, 128
_BYTE_BITS = 8


@compiled
def run_lengths(row: Numbers, first: int, end: int, rows_met: Numbers, lengths: Numbers) -> int:
    """Return how many receptors the pairs from `first` up to `end` have; `row` comes in ascending order.

    `rows_met` and `lengths` are filled with the row of each receptor, and how many pairs it has here.
    """
    met, begin = 0, first
    for k in range(first, end):
        if k + 1 == end or row[k] != row[k + 1]:
            rows_met[met], lengths[met] = row[k], k + 1 - begin
            met += 1
            begin = k + 1
    return met


@inner
def _put_varint(out: Bytes, at: int, value: int) -> int:
    while value > _SEVEN_BITS:
        out[at] = (value & _SEVEN_BITS) | _MORE
        value >>= 7
        at += 1
    out[at] = value
    return at + 1


@compiled
def put_runs(lengths: Numbers, count: int, width: int, out: Bytes, at: int) -> int:
    """Write `count` runs of 0, 1, 2 ... as RLE runs (Parquet's hybrid encoding) from out[at] on; return where they end.

    `lengths` are theirs, `width` the bits of a value.
    """
    size = (width + 7) // 8
    for value in range(count):
        at = _put_varint(out, at, lengths[value] << 1)
        for i in range(size):
            out[at] = (value >> (8 * i)) & 255
            at += 1
    return at


@compiled
def put_packed(values: Numbers, count: int, width: int, out: Bytes, at: int) -> int:
    """Write `count` numbers as one bit-packed run from out[at] on, the last eight filled up; return where it ends.

    `width` is the bits of each of `values`.
    """
    eights = (count + 7) // 8
    at = _put_varint(out, at, (eights << 1) | 1)
    waiting, bits = np.uint64(0), 0
    for i in range(8 * eights):
        waiting |= np.uint64(values[i] if i < count else 0) << np.uint64(bits)
        bits += width
        while bits >= _BYTE_BITS:
            out[at] = waiting & np.uint64(255)
            waiting >>= np.uint64(_BYTE_BITS)
            bits -= _BYTE_BITS
            at += 1
    return at


@compiled
def put_texts(offsets: Numbers, data: Bytes, out: Bytes) -> int:
    """Write texts as Parquet's plain encoding into `out`, each with its length before it; return where they end.

    `offsets` and `data` are those of an Arrow array.
    """
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
