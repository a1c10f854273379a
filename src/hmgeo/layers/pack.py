"""The working format: mended receptors as GeoParquet, sorted along a Hilbert curve, read by the row groups that matter.

WKB in lon/lat, lz4, 50,000-row groups, a `bbox` column declared as covering (GeoParquet 1.1). Any GIS reads it.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from hmgeo.layers.batchwise import PlainParts
from hmgeo.layers.load import ReadOptions
from hmgeo.layers.opening import open_parts
from hmgeo.layers.spill import Spill, boxes_of
from hmgeo.records import LON_LAT_CRS, RECEPTOR_SCHEMA, Ledger
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from hmgeo.layers.remote import Stored

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

GROUP_ROWS = 50_000
SORTED_ROWS = 4 * GROUP_ROWS
MARK = b"hmgeo"
FORMAT = 1
BOX = "bbox"
_BOX_FIELDS = ("xmin", "ymin", "xmax", "ymax")
_BOX_TYPE = pa.struct([(name, pa.float64()) for name in _BOX_FIELDS])
_CURVE_BITS = 16
_REPEATING = ["name", "class", "township", "stated.key_value.key", "links.key_value.key"]
"""Columns worth a dictionary; looking one up for coordinates or ids that never repeat only costs the readers."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written: rows, row groups, and the ledger of reading."""

    rows: int
    row_groups: int
    ledger: Ledger

    @property
    def events(self) -> Counter[str]:
        """What befell rows, and how many."""
        return Counter(entry.event for entry in self.ledger.entries if entry.row)


def pack_layer(
    path: Stored,
    out: Path,
    *,
    kind: LayerKind = LayerKind.FARMLAND,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
    progress: Callable[[int], None] = lambda _: None,
    sorted_rows: int = SORTED_ROWS,
) -> Packed:
    """Read a receptor layer of any format, mend it as ever, and write it in the working format.

    GeoPackage and GeoParquet are taken in parts and sorted on disk beside `out`, so that memory doesn't grow with the
    file but for some 50 bytes a row; other formats are held as a whole.

    Parameters
    ----------
    path, kind, options, shown_as
        As in `load_receptors`.
    out
        File to write; replaced if present.
    progress
        Called with the number of rows read so far.
    sorted_rows
        Rows sorted in memory at a time, a multiple of `GROUP_ROWS`; the bytes written don't depend on it.

    Raises
    ------
    InputError
        As `load_receptors`.
    """
    said = {"kind": kind, "basis": Basis.UNDECLARED, "options": options, "shown_as": shown_as}
    layer, ledger = open_parts(path, **said)
    with tempfile.TemporaryDirectory(prefix=f"{out.name}.tmp-", dir=out.parent, ignore_cleanup_errors=True) as folder:
        spill = Spill(Path(folder))
        for batch in layer.batches():
            spill.add(batch)
            progress(spill.rows)
        rows = write_packed(spill.in_order(hilbert_distance, sorted_rows), out, kind, is_sorted=True)
    if isinstance(layer.open_batches, PlainParts):
        ledger = Ledger(tuple(layer.open_batches.entries))
    return Packed(rows, -(-rows // GROUP_ROWS), ledger)


def write_packed(tables: Iterable[pa.Table], out: Path, kind: LayerKind, *, is_sorted: bool = False) -> int:
    """Write tables of `RECEPTOR_SCHEMA` in the working format: the same bytes for the same rows; return the rows.

    Unless they are sorted already, each table is sorted in itself, so that a layer too large for memory may come in
    parts.
    """
    classes: set[str] = set()
    rows = 0
    schema = RECEPTOR_SCHEMA.append(pa.field(BOX, _BOX_TYPE)).with_metadata({"geo": _geo()})
    with pq.ParquetWriter(out, schema, compression="lz4", use_dictionary=_REPEATING) as writer:
        for given in tables:
            table, boxes = given, boxes_of(given)
            if not is_sorted:
                order = np.argsort(hilbert_distance(boxes), kind="stable")
                table, boxes = given.take(pa.array(order)), boxes[order]
            box = pa.StructArray.from_arrays([pa.array(side) for side in boxes.T], fields=list(_BOX_TYPE))
            writer.write_table(table.append_column(BOX, box), row_group_size=GROUP_ROWS)
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
