"""Room that the kernel works in: one polygon at a time, and the places that may see it."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hmgeo.analysis.engine.frames import FRAME_FIELDS
from hmgeo.analysis.engine.wkb import SPARE

_SPARE_CUTS = 4_096
_MOST_KEPT_BYTES, _MOST_KEPT_PLACES = 1_000_000, 100_000

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Scratch(NamedTuple):
    """Points, rings, edges and places of one polygon; its points with further ones along edges that must be cut."""

    lon: Floats
    lat: Floats
    ring_end: Indices
    ring_part: Indices
    cut_lon: Floats
    cut_lat: Floats
    cut_end: Indices
    cut_size: int
    x: Floats
    y: Floats
    unit_x: Floats
    unit_y: Floats
    along: Floats
    across: Floats
    half: Floats
    east: Floats
    north: Floats
    drop: Floats
    squared: Floats
    metres: Floats
    rounded: Floats
    best_m: Floats
    limit_m: Floats
    keep: NDArray[np.uint8]
    unsettled: NDArray[np.uint8]
    chosen: NDArray[np.int32]
    chosen_x: Floats
    chosen_y: Floats
    chosen_z: Floats
    frame: Floats
    box: Floats


_held = threading.local()


def scratch_for(offsets: Indices, sources: int) -> Scratch:
    """Return room for the longest row and for all sources, this thread's own from last time where it does.

    Nothing is ever read from it that wasn't written for the same row, so what an earlier use left doesn't matter.
    """
    widest = int(np.diff(offsets).max(initial=0))
    if widest > _MOST_KEPT_BYTES or sources > _MOST_KEPT_PLACES:
        return make_scratch(widest, sources)
    most = getattr(_held, "widest", -1), getattr(_held, "sources", -1)
    if widest > most[0] or sources > most[1]:
        _held.widest, _held.sources = max(widest, most[0]), max(sources, most[1])
        _held.scratch = make_scratch(_held.widest, _held.sources)
    held: Scratch = _held.scratch
    return held


def make_scratch(widest: int, sources: int) -> Scratch:
    """Make room for a row of so many bytes and for so many sources."""
    points, rings, places = widest // 16 + 3 * SPARE, widest // 4 + 2, sources + 3 * SPARE
    cut = 2 * points + _SPARE_CUTS

    def doubles(size: int) -> Floats:
        return np.zeros(size)

    edges = cut + 3 * SPARE
    return Scratch(
        lon=doubles(points),
        lat=doubles(points),
        ring_end=np.zeros(rings, np.int64),
        ring_part=np.zeros(rings, np.int64),
        cut_lon=doubles(edges),
        cut_lat=doubles(edges),
        cut_end=np.zeros(rings, np.int64),
        cut_size=cut,
        x=doubles(edges),
        y=doubles(edges),
        unit_x=doubles(edges),
        unit_y=doubles(edges),
        along=doubles(edges),
        across=doubles(edges),
        half=doubles(edges),
        east=doubles(places),
        north=doubles(places),
        drop=doubles(places),
        squared=doubles(places),
        metres=doubles(places),
        rounded=doubles(places),
        best_m=doubles(places),
        limit_m=doubles(places),
        keep=np.zeros(places, np.uint8),
        unsettled=np.zeros(places, np.uint8),
        chosen=np.zeros(places, np.int32),
        chosen_x=doubles(places),
        chosen_y=doubles(places),
        chosen_z=doubles(places),
        frame=doubles(FRAME_FIELDS),
        box=doubles(8),
    )
