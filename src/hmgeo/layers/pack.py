"""The working format: mended receptors as GeoParquet, sorted along a Hilbert curve, read by the row groups that matter.

WKB in lon/lat, lz4, 50,000-row groups, a `bbox` column declared as covering (GeoParquet 1.1). Any GIS reads it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from hmgeo.layers.load import ReadOptions, load_receptors
from hmgeo.records import LON_LAT_CRS, RECEPTOR_SCHEMA
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from hmgeo.records import Ledger

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

GROUP_ROWS = 50_000
MARK = b"hmgeo"
FORMAT = 1
BOX = "bbox"
_BOX_FIELDS = ("xmin", "ymin", "xmax", "ymax")
_BOX_TYPE = pa.struct([(name, pa.float64()) for name in _BOX_FIELDS])
_CURVE_BITS = 16


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written: rows, row groups, and the ledger of reading."""

    rows: int
    row_groups: int
    ledger: Ledger


def pack_layer(
    path: Path,
    out: Path,
    *,
    kind: LayerKind = LayerKind.FARMLAND,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> Packed:
    """Read a receptor layer of any format, mend it as ever, and write it in the working format.

    Parameters
    ----------
    path, kind, options, shown_as
        As in `load_receptors`.
    out
        File to write; replaced if present.

    Raises
    ------
    InputError
        As `load_receptors`.
    """
    layer, ledger = load_receptors(path, kind=kind, basis=Basis.UNDECLARED, options=options, shown_as=shown_as)
    table = layer.read()
    write_packed([table], out, kind)
    return Packed(table.num_rows, -(-table.num_rows // GROUP_ROWS), ledger)


def write_packed(tables: Iterable[pa.Table], out: Path, kind: LayerKind) -> int:
    """Write tables of `RECEPTOR_SCHEMA` in the working format: the same bytes for the same rows; return the rows.

    Each table is sorted in itself, so that a layer too large for memory may come in parts.
    """
    classes: set[str] = set()
    rows = 0
    schema = RECEPTOR_SCHEMA.append(pa.field(BOX, _BOX_TYPE)).with_metadata({"geo": _geo()})
    with pq.ParquetWriter(out, schema, compression="lz4") as writer:
        for table in tables:
            boxes = shapely.bounds(shapely.from_wkb(table["geometry"].to_numpy()))
            order = np.argsort(hilbert_distance(boxes), kind="stable")
            box = pa.StructArray.from_arrays([pa.array(side) for side in boxes[order].T], fields=list(_BOX_TYPE))
            writer.write_table(table.take(pa.array(order)).append_column(BOX, box), row_group_size=GROUP_ROWS)
            classes |= set(table["class"].unique().to_pylist())
            rows += table.num_rows
        writer.add_key_value_metadata({MARK.decode(): _own(kind, classes)})
    return rows


def hilbert_distance(boxes: Floats) -> Indices:
    """Return the place of each box's middle along a Hilbert curve over them all (Skilling 2004, 2 dimensions).

    Examples
    --------
    >>> hilbert_distance(np.array([[0.0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1], [0, 1, 0, 1]])).argsort().tolist()
    [0, 3, 2, 1]
    """
    middle = np.nan_to_num((boxes[:, :2] + boxes[:, 2:]) / 2)
    low = middle.min(axis=0, initial=np.inf)
    span = np.maximum(middle.max(axis=0, initial=-np.inf) - low, 1e-12)
    x, y = ((middle - low) / span * (2**_CURVE_BITS - 1)).astype(np.int64).T
    place = np.zeros(len(boxes), np.int64)
    for bit in range(_CURVE_BITS - 1, -1, -1):
        half = 1 << bit
        right, upper = (x & half) > 0, (y & half) > 0
        place += half * half * ((3 * right) ^ upper)
        flip = ~upper & right
        x, y = (
            np.where(flip, half - 1 - (x & (half - 1)), x & (half - 1)),
            np.where(flip, half - 1 - (y & (half - 1)), y & (half - 1)),
        )
        x, y = np.where(~upper, y, x), np.where(~upper, x, y)
    return place


def _geo() -> str:
    column = {
        "encoding": "WKB",
        "geometry_types": [],
        "crs": json.loads(CRS(LON_LAT_CRS).to_json()),
        "edges": "planar",
        "covering": {"bbox": {name: [BOX, name] for name in _BOX_FIELDS}},
    }
    return json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})


def _own(kind: LayerKind, classes: Iterable[str]) -> str:
    own = {"format": FORMAT, "kind": kind.value, "classes": sorted(classes), "columns": RECEPTOR_SCHEMA.names}
    return json.dumps(own, ensure_ascii=False)
