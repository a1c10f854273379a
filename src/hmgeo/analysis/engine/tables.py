"""The tables that a finished tally becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.analysis.engine.tally import NOWHERE
from hmgeo.findings.columns import COUNTS_SCHEMA
from hmgeo.geodesy import bearing_deg
from hmgeo.vocabulary import ALL_CLASSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.sources import Sources
    from hmgeo.analysis.engine.tally import Tally

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

NEAREST_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("class", pa.string()),
        ("receptor_id", pa.string()),
        ("receptor_name", pa.string()),
        ("receptor_class", pa.string()),
        ("distance_m", pa.float64()),
        ("bearing_deg", pa.float64()),
    ]
)
_SHAPES_AT_ONCE = 5_000
COUNT_MAX_SCHEMA = pa.schema([COUNTS_SCHEMA.field(name) for name in ("source_id", "class", "count")])


def _with_all(values: NDArray[np.float64] | Indices, codes: list[int]) -> NDArray[np.float64] | Indices:
    """Order the last axis by class and put the sum of all before it."""
    ordered = values[..., codes]
    return np.concatenate([ordered.sum(axis=-1, keepdims=True), ordered], axis=-1)


def count_table(tally: Tally, ids: pa.Array, radii_m: tuple[float, ...]) -> pa.Table:
    """Return `COUNTS_SCHEMA` rows for every source, radius and class, `all` first."""
    words = [ALL_CLASSES, *tally.ordered_classes()]
    codes = [tally.classes[word] for word in words[1:]]
    sources, radii = len(ids), len(radii_m)
    columns = [
        ids.take(pa.array(np.repeat(np.arange(sources), radii * len(words)))),
        pa.array(np.tile(np.repeat(np.array(radii_m), len(words)), sources)),
        pa.array(words * (sources * radii), pa.string()),
        pa.array(_with_all(tally.count, codes).ravel()),
        pa.array(_with_all(tally.area_ha, codes).ravel()),
    ]
    return pa.table(columns, schema=COUNTS_SCHEMA)


def count_max_table(tally: Tally, ids: pa.Array) -> pa.Table:
    """Return source_id, class, count within the search radius plus the position's uncertainty."""
    words = [ALL_CLASSES, *tally.ordered_classes()]
    codes = [tally.classes[word] for word in words[1:]]
    columns = [
        ids.take(pa.array(np.repeat(np.arange(len(ids)), len(words)))),
        pa.array(words * len(ids), pa.string()),
        pa.array(_with_all(tally.count_max, codes).ravel()),
    ]
    return pa.table(columns, schema=COUNT_MAX_SCHEMA)


def nearest_table(tally: Tally, far: list[Tally], sources: Sources) -> pa.Table:
    """Return `NEAREST_SCHEMA` rows: per source the nearest of all, then of each class found within reach.

    `far`: tallies of the nearest, of whatever class, of sources with none within reach.
    """
    words = tally.ordered_classes()
    codes = [tally.classes[word] for word in words]
    metres, row = tally.nearest_of_all()
    metres = np.column_stack([metres, tally.best_m[:, codes]])
    row = np.column_stack([row, tally.best_row[:, codes]])
    source, column = np.nonzero(row != NOWHERE)
    parts = [_rows(tally, sources, source, column, metres[source, column], row[source, column])]
    for beyond in far:
        far_m, far_row = beyond.nearest_of_all()
        alone = np.flatnonzero(far_row != NOWHERE)
        parts.append(_rows(beyond, sources, alone, np.zeros_like(alone), far_m[alone], far_row[alone]))
    table = pa.concat_tables(parts)
    order = np.lexsort((table["column"].to_numpy(), table["source"].to_numpy()))
    table = table.take(pa.array(order))
    spoken = pa.array([ALL_CLASSES, *words]).take(table["column"].combine_chunks())
    columns = [sources.ids.take(table["source"].combine_chunks()), spoken, *table.columns[2:]]
    return pa.table(columns, schema=NEAREST_SCHEMA)


def _rows(tally: Tally, sources: Sources, source: Indices, column: Indices, metres: Floats, row: Indices) -> pa.Table:
    """Return the rows of one tally, with bearings measured anew."""
    if not len(source):
        kept = {name: pa.array([], pa.string()) for name in ("receptor_id", "name", "class")}
        bearing = np.empty(0)
    else:
        unique, place = np.unique(row, return_inverse=True)
        table = tally.kept(unique)
        bearing = np.where(metres > 0, _bearings_deg(table, sources, source, place), np.nan)
        table = table.take(pa.array(place))
        kept = {name: table[name].combine_chunks() for name in ("receptor_id", "name", "class")}
    return pa.table(
        {
            "source": pa.array(source, pa.int64()),
            "column": pa.array(column, pa.int64()),
            "receptor_id": kept["receptor_id"],
            "name": kept["name"],
            "receptor_class": kept["class"],
            "distance_m": pa.array(metres, pa.float64()),
            "bearing_deg": pa.array(bearing, mask=np.isnan(bearing)),
        }
    )


def _bearings_deg(table: pa.Table, sources: Sources, source: Indices, place: Indices) -> Floats:
    """Return where each source's receptor lies, some thousand shapes at a time.

    A source's nearest of all is the nearest of its class, too: it is measured once.
    """
    pair, again = np.unique(source * len(table) + place, return_inverse=True)
    source, place = pair // len(table), pair % len(table)
    made = np.empty(len(source))
    for first in range(0, len(table), _SHAPES_AT_ONCE):
        rows = np.flatnonzero((place >= first) & (place < first + _SHAPES_AT_ONCE))
        shapes = prepare_shapes(_geometries(table.slice(first, _SHAPES_AT_ONCE)))
        found = pair_distances(sources.shapes, shapes, source[rows], place[rows] - first)
        made[rows] = bearing_deg(found.from_lon_lat, found.to_lon_lat)
    return made[again]


def _geometries(table: pa.Table) -> NDArray[np.object_]:
    return np.asarray(shapely.from_wkb(table["geometry"].to_numpy()), dtype=object)
