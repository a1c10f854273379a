"""Hatched places: where sources may stand that only a township or county is known of, as lines for any map."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.findings.columns import SHAPES_SCHEMA

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_LINES = 36


def hatched_places(places: pa.Table) -> pa.Table:
    """Return one hatched figure per place, named after it and the number of sources known to be somewhere in it.

    Parameters
    ----------
    places
        `hmgeo.analysis.place_sources.PLACES_SCHEMA`.

    Returns
    -------
    pyarrow.Table
        id (code), name, geometry (lines as lon/lat WKB), in the order in which places are first met.
    """
    rows = {row["place_code"]: row for row in places.to_pylist()}
    counted = Counter(places["place_code"].to_pylist())
    figures = [
        {
            "id": code,
            "name": f"{row['place_name']}：{counted[code]} 家仅知位于此范围",
            "geometry": shapely.to_wkb(hatching(shapely.from_wkb(row["geometry"]))),
        }
        for code, row in rows.items()
    ]
    return pa.Table.from_pylist(figures, SHAPES_SCHEMA)


def hatching(place: BaseGeometry) -> BaseGeometry:
    """Return slanting lines across a place, and its outline.

    Examples
    --------
    >>> lines = hatching(shapely.box(0, 0, 1, 1))
    >>> lines.geom_type, bool(shapely.covers(shapely.box(0, 0, 1, 1), lines))
    ('MultiLineString', True)
    """
    west, south, east, north = place.bounds
    span = max(east - west, north - south)
    starts = np.linspace(-span, span, _LINES + 1)[1:-1]
    ends = [[(west + start, south), (west + start + span, south + span)] for start in starts.tolist()]
    inside = shapely.intersection(place, shapely.multilinestrings([shapely.linestrings(end) for end in ends]))
    parts = shapely.get_parts(shapely.get_parts([inside, shapely.boundary(place)]))
    lines = [part for part in parts if part.geom_type == "LineString" and not math.isclose(part.length, 0)]
    return shapely.multilinestrings(lines)
