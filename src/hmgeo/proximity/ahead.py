"""Compiling by measuring a point and a square; done by the processes that `hmgeo.commands.options` starts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.proximity.kernel import AREAS_OF_PAIRS
from hmgeo.proximity.search import boxes
from hmgeo.proximity.tally import Tally
from hmgeo.proximity.units import Found, Search, Sources, bytes_of
from hmgeo.records import RECEPTOR_SCHEMA

_RADIUS_M = 1_000.0


def compile_part(part: str) -> None:
    """Compile one of `hmgeo.commands.options.ENGINE_PARTS`."""
    batch, codes = _square(), np.zeros(1, np.int64)
    if part == "search":
        given = {
            "source_id": ["1"],
            "position_uncertainty_m": [0.0],
            "geometry": [shapely.to_wkb(shapely.Point(113.0, 23.0))],
        }
        sources = Sources.of_table(pa.table(given))
        limit_m = np.array([_RADIUS_M])
        search = Search(sources, codes, limit_m, (_RADIUS_M,), areas=AREAS_OF_PAIRS, exact=True)
        search.find(batch, codes, np.full((1, 1), np.inf))
    else:
        boxes(bytes_of(batch.column("geometry")))
        none = np.zeros(0, np.int32)
        Tally(1, (_RADIUS_M,)).add(batch.take, 0, codes, Found(none, none, np.zeros(0), np.zeros(1)))


def _square() -> pa.RecordBatch:
    shape = shapely.to_wkb(shapely.box(113.0, 23.0, 113.001, 23.001))
    columns = [pa.array([shape]) if field.name == "geometry" else pa.nulls(1, field.type) for field in RECEPTOR_SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=RECEPTOR_SCHEMA)
