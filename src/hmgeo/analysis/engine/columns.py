"""Arrow columns as the arrays that compiled code takes, without copying."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from hmgeo.analysis.engine.kernel import Rows


def bytes_of(column: pa.Array) -> Rows:
    """Look into a binary column; only the offsets are copied."""
    wide = column.type == pa.large_binary()
    _, offsets, data = column.buffers()
    count = len(column)
    kind = np.dtype(np.int64 if wide else np.int32)
    if offsets is None or data is None or count == 0:
        return Rows(np.zeros(8, np.uint8), np.zeros(count + 1, np.int64), np.ones(count, np.uint8), size=count)
    all_offsets = np.frombuffer(offsets, kind, column.offset + count + 1)
    is_null = np.zeros(count, np.uint8)
    if column.null_count:
        is_null = column.is_null().to_numpy(zero_copy_only=False).astype(np.uint8)
    return Rows(np.frombuffer(data, np.uint8), all_offsets[column.offset :].astype(np.int64), is_null, size=count)
