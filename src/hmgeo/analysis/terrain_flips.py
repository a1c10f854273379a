"""Who is listed for each terrain choice and each radius outside plains: one pass over the grid of heights for all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.raster_strips import frame_of
from hmgeo.analysis.terrain import relief_strips
from hmgeo.analysis.terrain_places import cells_of_places, gather, terrain_of
from hmgeo.analysis.terrain_radius import (
    LINE_SAMPLES,
    PAIRS_AT_ONCE,
    TerrainAt,
    inner_points,
    line_cells,
    line_classes,
    pair_classes,
    prevailing_classes,
)
from hmgeo.findings.columns import TERRAIN_FLIPS_SCHEMA
from hmgeo.vocabulary import COUNTED_RADII_M, TerrainClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import shapely
    from numpy.typing import NDArray

    from hmgeo.analysis.terrain import ReliefScheme
    from hmgeo.analysis.terrain_places import PlaceTerrain
    from hmgeo.analysis.terrain_radius import Pairs
    from hmgeo.records import Raster

    Flags = NDArray[np.bool_]

SHOWN_RADII_M = COUNTED_RADII_M[::-1]
NOT_CONSIDERED = "not_considered"
_UNKNOWN, _PLAIN = -1, 0
_CLASSES = list(TerrainClass)


@dataclass(frozen=True, slots=True)
class TerrainQuestion:
    """What the table of flips is asked of."""

    raster: Raster
    scheme: ReliefScheme
    source_ids: Sequence[str]
    sources: Sequence[shapely.Geometry] = field(repr=False)
    uncertainties_m: Sequence[float] = field(repr=False)
    receptors: Sequence[shapely.Geometry] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Flips:
    """The table of flips, and how rugged each source's place is.

    Parameters
    ----------
    table
        `TERRAIN_FLIPS_SCHEMA`, by choice, radius (longest first) and source.
    places
        In the order of the sources.
    """

    table: pa.Table = field(repr=False)
    places: Sequence[PlaceTerrain | Unknown] = field(repr=False)


def flips(question: TerrainQuestion, pairs: Pairs, plain_m: float = SHOWN_RADII_M[0]) -> Flips:
    """Return who is listed for each terrain choice and each radius in hills and mountains, and who flips.

    Parameters
    ----------
    pairs
        All within `plain_m`.

    Notes
    -----
    For `not_considered` the radius holds everywhere, for the other choices in hills and mountains only. Sources
    without heights are `is_listed` null, unless a pair whose class is known lists them.
    """
    here, there, lines = _grounds(question, pairs)
    codes = {NOT_CONSIDERED: np.full(len(pairs.source), _PLAIN)}
    codes |= {at.value: _codes(pair_classes(pairs, here, there, at, lines)) for at in TerrainAt}
    order = np.lexsort((pairs.distance_m, pairs.source))
    near = _Near(pairs.source[order], pairs.distance_m[order], len(question.source_ids))
    in_plain = near.first(near.distance_m <= plain_m) >= 0
    rows: list[Mapping[str, object]] = []
    for choice, of_pairs in codes.items():
        code = of_pairs[order]
        for radius_m in SHOWN_RADII_M:
            widest_m = radius_m if choice == NOT_CONSIDERED else plain_m
            listed, deciding = _listed(near, code, widest_m, radius_m)
            rows += [
                {
                    "terrain_at": choice,
                    "radius_m": radius_m,
                    "source_id": source_id,
                    "is_listed": listed[row],
                    "is_listed_if_plain": bool(in_plain[row]),
                    "source_terrain": "" if isinstance(place, Unknown) else place.terrain.value,
                    "pair_terrain": "" if deciding[row] < 0 else _word(int(code[deciding[row]])),
                }
                for row, (source_id, place) in enumerate(zip(question.source_ids, here, strict=True))
            ]
    return Flips(pa.Table.from_pylist(rows, TERRAIN_FLIPS_SCHEMA), here)


@dataclass(frozen=True, slots=True)
class _Near:
    """Pairs by source and then by distance."""

    source: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    count: int

    def first(self, held: Flags) -> NDArray[np.int64]:
        """Return the place of each source's nearest pair that is held, -1 where none is."""
        places = np.flatnonzero(held)
        found = np.full(self.count, -1)
        found[self.source[places][::-1]] = places[::-1]
        return found


def _listed(
    near: _Near, code: NDArray[np.int64], widest_m: float, radius_m: float
) -> tuple[list[bool | None], NDArray[np.int64]]:
    """Return for each source whether a pair lists it (None: it can't be told), and the pair that decides."""
    own_m = np.where(code == _PLAIN, widest_m, np.minimum(radius_m, widest_m))
    in_reach = near.distance_m <= widest_m
    met = near.first((code != _UNKNOWN) & (near.distance_m <= own_m))
    open_ = near.first((code == _UNKNOWN) & in_reach)
    any_ = near.first(in_reach)
    deciding = np.where(met >= 0, met, np.where(open_ >= 0, open_, any_))
    listed = [True if one >= 0 else None if other >= 0 else False for one, other in zip(met, open_, strict=True)]
    return listed, deciding


def _codes(classes: Sequence[TerrainClass | None]) -> NDArray[np.int64]:
    return np.array([_UNKNOWN if one is None else _CLASSES.index(one) for one in classes], dtype=np.int64)


def _word(code: int) -> str:
    return "" if code == _UNKNOWN else _CLASSES[code].value


def _grounds(
    question: TerrainQuestion, pairs: Pairs
) -> tuple[list[PlaceTerrain | Unknown], list[PlaceTerrain | Unknown], list[TerrainClass | None]]:
    """Return the terrain of sources, of parcels and along the lines between them."""
    frame, scheme = frame_of(question.raster), question.scheme
    given, possible = cells_of_places(frame, question.sources, question.uncertainties_m)
    parcels, _ = cells_of_places(frame, question.receptors, [0.0] * len(question.receptors))
    few = len(pairs.source) <= PAIRS_AT_ONCE
    ends = (inner_points(frame, question.sources), inner_points(frame, question.receptors))
    along = line_cells(frame, ends, pairs, slice(None)) if few else np.zeros(0, np.int64)
    values = gather(relief_strips(question.raster, scheme), frame.width, [*given, *possible, *parcels, along])
    count = len(given)
    here = [terrain_of(*one, scheme) for one in zip(values[:count], values[count : 2 * count], strict=True)]
    there = [terrain_of(one, one, scheme) for one in values[2 * count : -1]]
    if few:
        return here, there, prevailing_classes(values[-1].reshape(LINE_SAMPLES, -1), scheme)
    return here, there, line_classes(question.raster, scheme, pairs, question.sources, question.receptors)
