"""Polygons laid out for `resident`: small ones whole, larger ones stretch by stretch of their outline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hmgeo.analysis.engine.frames import FRAME_FIELDS, set_frame_at
from hmgeo.analysis.engine.kernel import LARGEST_RADIUS_M, Rows, cut_large, lay_small, stretch
from hmgeo.analysis.engine.lanes import LANES
from hmgeo.analysis.engine.pointers import bare, past
from hmgeo.analysis.engine.segments import lay_edges
from hmgeo.analysis.engine.vectors import lay_points
from hmgeo.analysis.engine.wkb import SPARE, find_box, read_polygon
from hmgeo.reference.compiled import compiled, inner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.scratch import Scratch

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

_RADIANS = math.pi / 180.0


@compiled
def lay_all(
    rows: Rows,
    order: Indices,
    scratch: Scratch,
    frames: Floats,
    out: Floats,
    begin: Indices,
    boxes: Floats,
    reach_m: Floats,
) -> int:
    """Lay out small polygons one after another; return the room they need, also where `out` has none."""
    rows, s = bare(rows), bare(scratch)
    held = 0
    for k in range(len(order)):
        row = order[k]
        _, rings = read_polygon(
            rows.data, rows.offsets[row], rows.offsets[row + 1], s.lon, s.lat, s.ring_end, s.ring_part
        )
        find_box(s.lon, s.lat, s.ring_end[rings - 1], s.box)
        for i in range(4):
            boxes[k, i] = s.box[i]
        lon, lat = (s.box[0] + s.box[2]) / 2, (s.box[1] + s.box[3]) / 2
        half_lon, half_lat = (s.box[2] - s.box[0]) / 2 * _RADIANS, (s.box[3] - s.box[1]) / 2 * _RADIANS
        wide = half_lon * (math.cos(lat * _RADIANS) + half_lat)
        reach_m[k] = LARGEST_RADIUS_M * math.sqrt(half_lat * half_lat + wide * wide) + 0.01
        set_frame_at(s.frame, lon, lat)
        begin[k] = held
        segments = lay_small(s, lon, lat, rings)
        if out.shape[1]:
            _keep(s, segments, frames, out, k, held)
        held += (segments + LANES - 1) // LANES * LANES
    begin[len(order)] = held
    return held


@compiled
def lay_stretches(
    rows: Rows,
    order: Indices,
    scratch: Scratch,
    frames: Floats,
    out: Floats,
    begin: Indices,
    reach_m: Floats,
    large: Indices,
) -> tuple[int, int]:
    """Lay out large polygons stretch by stretch; return stretches and the room they need; (-1, row) without room."""
    rows, s = bare(rows), bare(scratch)
    held = pieces = 0
    for number in range(len(order)):
        row = order[number]
        _, rings = read_polygon(
            rows.data, rows.offsets[row], rows.offsets[row + 1], s.lon, s.lat, s.ring_end, s.ring_part
        )
        find_box(s.lon, s.lat, s.ring_end[rings - 1], s.box)
        if not cut_large(s, rings):
            return -1, number
        first = 0
        for ring in range(rings):
            while first < s.cut_end[ring]:
                lon, lat = s.cut_lon[first], s.cut_lat[first]
                set_frame_at(s.frame, lon, lat)
                end = stretch(s, first, s.cut_end[ring])
                count = end - first
                lay_points(s.frame, past(s.cut_lon, first), past(s.cut_lat, first), lon, lat, count, s.x, s.y)
                for i in range(count, count + SPARE):
                    s.x[i], s.y[i] = s.x[count - 1], s.y[count - 1]
                lay_edges(s.frame, s.x, s.y, count, s.unit_x, s.unit_y, s.along, s.across, s.half, past(s.box, 5))
                if out.shape[1]:
                    farthest = 0.0
                    for i in range(count):
                        farthest = max(farthest, s.x[i] * s.x[i] + s.y[i] * s.y[i])
                    begin[pieces], reach_m[pieces], large[pieces] = held, math.sqrt(farthest) + 0.01, number
                    _keep(s, count, frames, out, pieces, held)
                held += (count + LANES - 1) // LANES * LANES
                pieces += 1
                first = end if end == s.cut_end[ring] else end - 1
    return pieces, held


@inner
def _keep(s: Scratch, segments: int, frames: Floats, out: Floats, k: int, held: int) -> None:
    """Copy the frame and the segments laid out, the last one repeated to fill up an eight."""
    for i in range(FRAME_FIELDS):
        frames[k, i] = s.frame[i]
    for i in range((segments + LANES - 1) // LANES * LANES):
        at = min(i, segments - 1)
        out[0, held + i], out[1, held + i] = s.unit_x[at], s.unit_y[at]
        out[2, held + i], out[3, held + i] = s.along[at], s.across[at]
        out[4, held + i] = s.half[at]
