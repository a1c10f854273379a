"""Record batches that sinks take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.findings.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA

if TYPE_CHECKING:
    from hmgeo.analysis.engine.units import Found

CODED_PAIRS_SCHEMA = pa.schema(
    [
        ("source_id", pa.dictionary(pa.int32(), pa.string())),
        ("receptor_id", pa.dictionary(pa.int32(), pa.string())),
        ("receptor_kind", pa.dictionary(pa.int32(), pa.string())),
        ("distance_m", pa.float64()),
    ]
)
"""`PAIRS_SCHEMA` with its texts as numbers into dictionaries, for sinks that ask for it."""


def pairs_batch(ids: pa.Array, part: pa.RecordBatch, found: Found, kind: str, *, coded: bool) -> pa.RecordBatch:
    """Return a unit's pairs by receptor, then source."""
    receptors = part.column("receptor_id")
    if coded:
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(found.source), ids, safe=False),
            pa.DictionaryArray.from_arrays(pa.array(found.row), receptors, safe=False),
            pa.DictionaryArray.from_arrays(np.zeros(len(found.row), np.int32), pa.array([kind]), safe=False),
            pa.array(found.distance_m),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=CODED_PAIRS_SCHEMA)
    columns = [
        ids.take(pa.array(found.source)),
        receptors.take(pa.array(found.row)),
        pa.repeat(pa.scalar(kind), len(found.row)),
        pa.array(found.distance_m),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=PAIRS_SCHEMA)


def reached_batch(ids: pa.Array, part: pa.RecordBatch, found: Found, kind: str) -> pa.RecordBatch:
    """Return the receptors with how many sources reach them, and the nearest one, the first of equals."""
    rows = part.num_rows
    order = np.lexsort((found.source, found.distance_m, found.row))
    first = order[np.flatnonzero(np.diff(found.row[order], prepend=-1))]
    nearest = np.full(rows, -1, np.int64)
    nearest_m = np.full(rows, np.nan)
    nearest[found.row[first]] = found.source[first]
    nearest_m[found.row[first]] = found.distance_m[first]
    unreached = nearest < 0
    columns = {
        "receptor_id": part.column("receptor_id"),
        "receptor_kind": pa.repeat(pa.scalar(kind), rows),
        "name": part.column("name"),
        "class": part.column("class"),
        "area_ha": pa.array(found.area_ha),
        "township": part.column("township"),
        "source_count": pa.array(np.bincount(found.row, minlength=rows)),
        "nearest_source_id": ids.take(pa.array(nearest, mask=unreached)).fill_null(""),
        "nearest_source_m": pa.array(nearest_m, mask=unreached),
        "geometry": part.column("geometry"),
    }
    return pa.RecordBatch.from_arrays([columns[name] for name in RECEPTORS_SCHEMA.names], schema=RECEPTORS_SCHEMA)
