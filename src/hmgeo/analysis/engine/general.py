"""The general path: any shapes, anywhere on the globe, through shapely; what the compiled kernel leaves to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.geodesy import search_boxes
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from hmgeo.analysis.distance import PairDistances
    from hmgeo.analysis.engine.sources import Sources

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]


def geometries_of(column: pa.Array, rows: Indices) -> NDArray[np.object_]:
    """Return the shapely geometries of some rows of a WKB column."""
    return np.asarray(shapely.from_wkb(column.take(rows).to_numpy(zero_copy_only=False)), dtype=object)


def measure_pairs(sources: Sources, column: pa.Array, source: Indices, row: Indices) -> PairDistances:
    """Measure pairs of sources and rows of a WKB column with the geodesic itself, unrounded."""
    rows, place = np.unique(row, return_inverse=True)
    return pair_distances(sources.shapes, prepare_shapes(geometries_of(column, rows)), source, place)


class GeneralSearch:
    """Some sources with what they could reach, for finding pairs whose boxes meet.

    Parameters
    ----------
    sources, chosen, limit_m
        All sources, which of them to look for, and how far each of all searches.
    """

    def __init__(self, sources: Sources, chosen: Indices, limit_m: Floats) -> None:
        self._sources, self._chosen, self._limit_m = sources, chosen, limit_m
        self._tree = shapely.STRtree(shapely.box(*search_boxes(sources.shapes.bounds[chosen], limit_m[chosen]).T))

    def find(self, column: pa.Array, rows: Indices, boxes: Floats | None = None) -> tuple[Indices, Indices, Floats]:
        """Return source, row and rounded metres of every pair within reach among some rows of a WKB column."""
        if boxes is None:
            boxes = shapely.bounds(geometries_of(column, rows))
        source, place = self._meet(boxes)
        found = measure_pairs(self._sources, column, source, rows[place])
        metres = np.round(found.distance_m, MEASURE_DECIMALS)
        within = metres <= self._limit_m[source]
        return source[within], rows[place[within]], metres[within]

    def _meet(self, boxes: Floats) -> tuple[Indices, Indices]:
        """Return source and place of every pair whose boxes meet, on the neighbouring turns of the globe too."""
        usable = np.flatnonzero(~np.isnan(boxes[:, 0]))
        hits = []
        for turn in (-360.0, 0.0, 360.0):
            moved = shapely.box(boxes[usable, 0] + turn, boxes[usable, 1], boxes[usable, 2] + turn, boxes[usable, 3])
            place, source = self._tree.query(moved)
            hits.append(np.stack([usable[place], self._chosen[source]]))
        place, source = np.unique(np.concatenate(hits, axis=1), axis=1)
        return source.astype(np.int64), place.astype(np.int64)
