"""How far shapes are apart: the shortest geodesic on CGCS2000, 0 where they touch; how far a layer's coverage reaches.

Edges are straight in lon/lat. They are cut to `EDGE_LIMIT_M`, their ends turned into earth-centred coordinates, and
the nearest piece of edge is found by its chord (the straight line through the earth). Chord and geodesic order two
candidates differently only where they differ by less than `chord_tolerance_m`; every candidate that close to the
shortest is measured with the geodesic inverse of Karney (2013, doi:10.1007/s00190-012-0578-z), and the shortest of
these is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.geo.ellipsoid import SMALLEST_RADIUS_M, earth_centred, geodesic_m

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Flags = NDArray[np.bool_]
    Geometries = Sequence[shapely.Geometry] | NDArray[np.object_]

EDGE_LIMIT_M = 200.0
_ROWS_AT_ONCE = 1_000_000


@dataclass(frozen=True, slots=True)
class Shapes:
    """Geometries with their edges ready for measuring.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in lon/lat.
    bounds
        (n, 4) min lon, min lat, max lon, max lat; NaN for empty ones.
    first
        (n + 1,) where each geometry's pieces begin.
    start, end
        (m, 2) lon/lat of each piece of edge; the same for a point or the last vertex of a line.
    start_xyz, end_xyz
        (m, 3) the same, earth-centred, metres.
    centre_xyz, reach_m
        (n, 3) and (n,): a ball that holds all vertices.
    """

    geometries: NDArray[np.object_]
    bounds: Floats
    first: Indices
    start: Floats
    end: Floats
    start_xyz: Floats
    end_xyz: Floats
    centre_xyz: Floats
    reach_m: Floats

    def __len__(self) -> int:
        """Return the number of geometries."""
        return len(self.geometries)


@dataclass(frozen=True, slots=True)
class PairDistances:
    """Distances of pairs, with the nearest point of each side.

    Parameters
    ----------
    distance_m
        (k,) geodesic distances; infinite where a side is empty.
    from_lon_lat, to_lon_lat
        (k, 2) where the shortest line begins and ends; NaN where shapes touch.
    """

    distance_m: Floats
    from_lon_lat: Floats
    to_lon_lat: Floats


def _pieces(geometries: NDArray[np.object_]) -> tuple[Floats, Floats, Indices]:
    """Return start, end and geometry index of every edge, and a zero-length one for every vertex left over."""
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    rings, ring_part = shapely.get_rings(parts[is_polygon], return_index=True)
    lines = np.concatenate([rings, parts[~is_polygon]])
    line_of = np.concatenate([part_of[is_polygon][ring_part], part_of[~is_polygon]])
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    if not len(coordinates):
        return np.empty((0, 2)), np.empty((0, 2)), np.empty(0, np.int64)
    continues = np.append(line[1:] == line[:-1], False)
    is_ring = np.isin(np.arange(len(lines)), np.arange(len(rings)))
    leaves_vertex = ~continues & ~is_ring[line]
    start = np.concatenate([coordinates[continues], coordinates[leaves_vertex]])
    after = np.flatnonzero(continues) + 1
    end = np.concatenate([coordinates[after], coordinates[leaves_vertex]])
    owner = line_of[np.concatenate([line[continues], line[leaves_vertex]])]
    order = np.argsort(owner, kind="stable")
    return start[order], end[order], owner[order].astype(np.int64)


def _cut_long_edges(start: Floats, end: Floats, owner: Indices) -> tuple[Floats, Floats, Indices, Floats, Floats]:
    """Cut edges over `EDGE_LIMIT_M` evenly in lon/lat, so that a chord stands for each piece.

    Returns start, end, owner and the ends earth-centred.
    """
    start_xyz, end_xyz = earth_centred(start), earth_centred(end)
    length_m = np.linalg.norm(end_xyz - start_xyz, axis=1)
    pieces = np.maximum(1, np.ceil(length_m / EDGE_LIMIT_M)).astype(np.int64)
    if pieces.max(initial=1) == 1:
        return start, end, owner, start_xyz, end_xyz
    edge = np.repeat(np.arange(len(start)), pieces)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    step = (end - start)[edge]
    low = (number / pieces[edge])[:, None]
    high = ((number + 1) / pieces[edge])[:, None]
    cut_start, cut_end = start[edge] + low * step, np.where(high == 1, end[edge], start[edge] + high * step)
    return cut_start, cut_end, owner[edge], earth_centred(cut_start), earth_centred(cut_end)


def prepare_shapes(geometries: Geometries) -> Shapes:
    """Ready geometries for measuring.

    Parameters
    ----------
    geometries
        Sequence of shapely geometries in lon/lat degrees (EPSG:4490); points, lines, polygons and their multis.

    Examples
    --------
    >>> len(prepare_shapes([shapely.Point(113.0, 23.6)]))
    1
    """
    array = np.asarray(geometries, dtype=object)
    start, end, owner, start_xyz, end_xyz = _cut_long_edges(*_pieces(array))
    first = np.searchsorted(owner, np.arange(len(array) + 1))
    bounds = shapely.bounds(array).reshape(-1, 4)
    middle = np.nan_to_num(np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)]))
    centre_xyz = earth_centred(middle)
    spread_m = np.linalg.norm(start_xyz - centre_xyz[owner], axis=1)
    reach_m = np.zeros(len(array))
    filled = np.flatnonzero(np.diff(first))
    if len(filled):
        reach_m[filled] = np.maximum.reduceat(spread_m, first[filled])
    return Shapes(array, bounds, first, start, end, start_xyz, end_xyz, centre_xyz, reach_m)


def chord_tolerance_m(chord_m: Floats) -> Floats:
    """Bound how far chords may misjudge the order of two geodesics of about this length.

    Arc minus chord is c^3 / 24 R^2; R differs by under 0.7 % over azimuths and latitudes within reach, so two
    equal chords differ by under 1.5 % of it. The micrometre covers rounding in earth-centred coordinates.
    """
    bound: Floats = 0.015 * chord_m**3 / (24 * SMALLEST_RADIUS_M**2) + 1e-6
    return bound


def _rows(a: Shapes, b: Shapes, of_a: Indices, of_b: Indices) -> tuple[Indices, Indices, Indices]:
    """Return for every vertex of a and piece of b of every pair: the pair, the vertex, the piece."""
    in_a, in_b = np.diff(a.first)[of_a], np.diff(b.first)[of_b]
    sizes = in_a * in_b
    pair = np.repeat(np.arange(len(of_a)), sizes)
    number = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    width = in_b[pair]
    return pair, a.first[of_a][pair] + number // width, b.first[of_b][pair] + number % width


def _vertices_to_pieces(a: Shapes, b: Shapes, of_a: Indices, of_b: Indices, best: PairDistances) -> None:
    """Shorten `best` by the distances from a's vertices to b's pieces."""
    pair, vertex, piece = _rows(a, b, of_a, of_b)
    if not len(pair):
        return
    offset = a.start_xyz[vertex] - b.start_xyz[piece]
    along = b.end_xyz[piece] - b.start_xyz[piece]
    length_squared = np.einsum("ij,ij->i", along, along)
    share = np.einsum("ij,ij->i", offset, along) / np.where(length_squared > 0, length_squared, 1.0)
    share = np.clip(share, 0.0, 1.0)
    chord_m = np.linalg.norm(offset - share[:, None] * along, axis=1)
    begins = np.flatnonzero(np.diff(pair, prepend=-1))
    shortest_m = np.zeros(len(of_a))
    shortest_m[pair[begins]] = np.minimum.reduceat(chord_m, begins)
    near = np.flatnonzero(chord_m <= (shortest_m + chord_tolerance_m(shortest_m))[pair])
    pair, vertex, piece, share = pair[near], vertex[near], piece[near], share[near, None]
    here = a.start[vertex]
    there = b.start[piece] + share * (b.end[piece] - b.start[piece])
    distance_m = geodesic_m(here, there)
    order = np.lexsort((distance_m, pair))
    winner = order[np.flatnonzero(np.diff(pair[order], prepend=-1))]
    winner = winner[distance_m[winner] < best.distance_m[pair[winner]]]
    best.distance_m[pair[winner]] = distance_m[winner]
    best.from_lon_lat[pair[winner]] = here[winner]
    best.to_lon_lat[pair[winner]] = there[winner]


def _boxes_meet(a: Floats, b: Floats) -> Flags:
    meets: Flags = (a[:, 0] <= b[:, 2]) & (b[:, 0] <= a[:, 2]) & (a[:, 1] <= b[:, 3]) & (b[:, 1] <= a[:, 3])
    return meets


def _measure(a: Shapes, b: Shapes, of_a: Indices, of_b: Indices) -> PairDistances:
    count = len(of_a)
    best = PairDistances(np.full(count, np.inf), np.full((count, 2), np.nan), np.full((count, 2), np.nan))
    _vertices_to_pieces(a, b, of_a, of_b, best)
    extended = np.flatnonzero(np.diff(a.first)[of_a] > 1)
    if len(extended):
        back = PairDistances(
            best.distance_m[extended], best.to_lon_lat[extended].copy(), best.from_lon_lat[extended].copy()
        )
        _vertices_to_pieces(b, a, of_b[extended], of_a[extended], back)
        best.distance_m[extended] = back.distance_m
        best.from_lon_lat[extended], best.to_lon_lat[extended] = back.to_lon_lat, back.from_lon_lat
    meet = np.flatnonzero(_boxes_meet(a.bounds[of_a], b.bounds[of_b]))
    touch = meet[shapely.intersects(a.geometries[of_a[meet]], b.geometries[of_b[meet]])]
    best.distance_m[touch] = 0.0
    best.from_lon_lat[touch] = best.to_lon_lat[touch] = np.nan
    return best


def pair_distances(a: Shapes, b: Shapes, of_a: Indices, of_b: Indices) -> PairDistances:
    """Measure pairs of shapes.

    Parameters
    ----------
    a, b
        Shapes from `prepare_shapes`.
    of_a, of_b
        (k,) which shape of each side; pair i is a[of_a[i]] with b[of_b[i]].

    Returns
    -------
    PairDistances
        Geodesic metres on CGCS2000, within 1e-4 m of a brute-force search for shapes up to 100 km apart.

    Examples
    --------
    >>> a = prepare_shapes([shapely.Point(113.0, 23.6)])
    >>> b = prepare_shapes([shapely.Point(113.0, 23.7)])
    >>> zero = np.array([0])
    >>> round(float(pair_distances(a, b, zero, zero).distance_m[0]), 3)
    11075.319
    """
    sizes = np.diff(a.first)[of_a] * np.diff(b.first)[of_b]
    chunk = np.cumsum(sizes) // _ROWS_AT_ONCE
    cuts = np.flatnonzero(np.diff(chunk, prepend=-1)) if len(sizes) else np.array([0])
    ends = np.append(cuts[1:], len(of_a))
    parts = [_measure(a, b, of_a[low:high], of_b[low:high]) for low, high in zip(cuts, ends, strict=True)]
    return PairDistances(
        np.concatenate([part.distance_m for part in parts]),
        np.concatenate([part.from_lon_lat for part in parts]),
        np.concatenate([part.to_lon_lat for part in parts]),
    )


def covered_m(
    geometries: NDArray[np.object_], uncertainty_m: NDArray[np.float64], coverage: shapely.Geometry
) -> NDArray[np.float64]:
    """Return how far a search around each source stays inside the coverage.

    Parameters
    ----------
    geometries
        (n,) sources in lon/lat.
    uncertainty_m
        (n,) of their positions, metres.
    coverage
        Polygon or multipolygon in lon/lat.

    Returns
    -------
    ndarray
        (n,) metres: distance to the coverage's outline less the uncertainty; negative for sources outside.

    Examples
    --------
    >>> inside = np.array([shapely.Point(0.5, 0.0)], dtype=object)
    >>> square = shapely.box(0, -1, 1, 1)
    >>> covered_m(inside, np.array([0.0]), square).round(0).tolist()
    [55660.0]
    """
    sources = prepare_shapes(geometries)
    outline = prepare_shapes([shapely.boundary(coverage)])
    count = len(sources)
    found = pair_distances(sources, outline, np.arange(count), np.zeros(count, np.int64))
    shapely.prepare(coverage)
    inside = shapely.covers(coverage, geometries)
    reach_m = np.where(inside, found.distance_m, -np.maximum(found.distance_m, 1e-4))
    return np.asarray(reach_m - uncertainty_m, dtype=np.float64)
