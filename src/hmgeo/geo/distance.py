"""How far shapes are apart: the shortest geodesic on CGCS2000, 0 where they touch; how far a layer's coverage reaches.

Edges are straight in lon/lat. They are cut to `EDGE_LIMIT_M`, their ends turned into earth-centred coordinates, and
the nearest piece of edge is found by its chord (the straight line through the earth). Chord and geodesic order two
candidates differently only where they differ by less than `chord_tolerance_m`; every candidate that close to the
shortest is measured with the geodesic inverse of Karney (2013, doi:10.1007/s00190-012-0578-z), and the shortest of
these is the answer.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import FLATTENING, SEMI_MAJOR_M, SMALLEST_RADIUS_M, earth_centred, geodesic_m, search_boxes
from hmgeo.vocabulary import MEASURE_DECIMALS

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Geometries = Sequence[shapely.Geometry] | NDArray[np.object_]


EDGE_LIMIT_M = 200.0
_ROWS_AT_ONCE = 1_000_000


class Shapes(Struct, frozen=True):
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


class PairDistances(Struct, frozen=True):
    """Distances of pairs, with the nearest point of each side.

    `distance_m`: (k,) geodesic distances; infinite where a side is empty.
    `from_lon_lat`, `to_lon_lat`: (k, 2) where the shortest line begins and ends; NaN where shapes touch.
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

    `geometries`: sequence of shapely geometries in lon/lat degrees (EPSG:4490); points, lines, polygons and their
    multis.

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
    """Bound, in metres, how far chords may misjudge the order of two geodesics of about `chord_m`, (n,) metres.

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
    first, second = a.bounds[of_a].T, b.bounds[of_b].T
    meet = np.flatnonzero((first[:2] <= second[2:]).all(axis=0) & (second[:2] <= first[2:]).all(axis=0))
    touch = meet[shapely.intersects(a.geometries[of_a[meet]], b.geometries[of_b[meet]])]
    best.distance_m[touch] = 0.0
    best.from_lon_lat[touch] = best.to_lon_lat[touch] = np.nan
    return best


def pair_distances(a: Shapes, b: Shapes, of_a: Indices, of_b: Indices) -> PairDistances:
    """Measure pairs of shapes.

    `a`, `b`: shapes from `prepare_shapes`.
    `of_a`, `of_b`: (k,) which shape of each side; pair i is a[of_a[i]] with b[of_b[i]].

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

    Returned: (n,) metres, the distance to the coverage's outline less the uncertainty; negative for sources outside.

    Parameters
    ----------
    geometries
        (n,) sources in lon/lat.
    uncertainty_m
        (n,) of their positions, metres.
    coverage
        Polygon or multipolygon in lon/lat.

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
    apart = pair_distances(sources, outline, np.arange(count), np.zeros(count, np.int64))
    shapely.prepare(coverage)
    inside = shapely.covers(coverage, geometries)
    reach_m = np.where(inside, apart.distance_m, -np.maximum(apart.distance_m, 1e-4))
    return np.asarray(reach_m - uncertainty_m, dtype=np.float64)


_PIECE_VERTICES = 16
_FEW_PIECES = 64
_PIECES_AT_ONCE = 100_000
_LONGEST_PIECE_M = EDGE_LIMIT_M + 10.0  # edges are cut evenly in degrees, so some are a little longer
_LONGEST_EDGE_DEG = 0.02
_SAME_M = 2e-4  # what rounding to 0.1 mm may make equal
_UNKNOWN = np.full(2, np.nan)
LARGEST_RADIUS_M = SEMI_MAJOR_M / (1 - FLATTENING)
"""Largest radius of curvature of the ellipsoid: at the poles."""


class Found(Struct, frozen=True):
    """The nearest shape: its row, the distance, and the ends of the shortest line (lon/lat; NaN where they touch)."""

    row: int
    distance_m: float
    from_lon_lat: NDArray[np.float64]
    to_lon_lat: NDArray[np.float64]


class NearestSearch:
    """Nearest of some rows of prepared shapes.

    `shapes`: from `prepare_shapes`. `rows`: (k,) which of them count, ascending.
    """

    def __init__(self, shapes: Shapes, rows: NDArray[np.int64]) -> None:
        self._shapes = shapes
        self._rows = rows
        self._tree = shapely.STRtree(shapes.geometries[rows])

    def nearest(self, source: Shapes, within_m: float) -> Found | None:
        """Return what `nearest_each` finds within `within_m` metres of one `source`."""
        return self.nearest_each(source, within_m)[0]

    def nearest_each(self, sources: Shapes, within_m: float) -> list[Found | None]:
        """Return for each source the nearest shape, the first of several as near; None: none within `within_m` metres.

        The shape nearest in degrees bounds the distance, so that only shapes in that box need measuring. `sources` come
        from `prepare_shapes`; nothing is near to one without a place.
        """
        found: list[Found | None] = [None] * len(sources)
        if not len(self._rows):
            return found
        asked, close = self._tree.query_nearest(sources.geometries, all_matches=False)
        lines = shapely.shortest_line(sources.geometries[asked], self._shapes.geometries[self._rows[close]])
        here, there = np.hsplit(shapely.get_coordinates(lines).reshape(-1, 4), 2)
        boxes = search_boxes(sources.bounds[asked], np.minimum(_no_shorter_m(here, there), within_m))
        box, met = self._tree.query(shapely.box(*boxes.T))
        order = np.lexsort((met, box))
        of, rows = asked[box[order]], self._rows[met[order]]
        is_point = np.diff(sources.first) == 1
        touching = np.zeros(len(sources), bool)
        touching[asked] = (here == there).all(axis=1) & is_point[asked]
        on = np.flatnonzero(touching[of])
        on = on[shapely.intersects(self._shapes.geometries[rows[on]], sources.geometries[of[on]])]
        for source, row in zip(of[on][::-1].tolist(), rows[on][::-1].tolist(), strict=True):
            found[source] = Found(row, 0.0, _UNKNOWN, _UNKNOWN)
            is_point[source] = False
        for source in np.unique(of[~np.isin(of, of[on]) & ~is_point[of]]).tolist():
            found[source] = self._measured(sources, source, rows[of == source])
        left = np.flatnonzero(is_point[of])
        pieces = np.cumsum(np.diff(self._shapes.first)[rows[left]])
        begins = np.flatnonzero(np.diff(of[left], prepend=-1))
        part = np.diff((pieces[begins] // _PIECES_AT_ONCE) if len(begins) else begins, prepend=-1) > 0
        for some in np.split(left, begins[part][1:]):
            self._from_points(sources, of[some], rows[some], found)
        return [None if one is None or one.distance_m > within_m else one for one in found]

    def met(self, box: NDArray[np.object_]) -> NDArray[np.int64]:
        """Return the rows of the shapes whose bounds meet a `box`, (1,), ascending."""
        return np.sort(self._rows[self._tree.query(box)[1]])

    def is_met(self, boxes: NDArray[np.object_]) -> Flags:
        """Return for each of some `boxes` whether the bounds of a shape meet it."""
        is_met = np.zeros(len(boxes), bool)
        is_met[self._tree.query(boxes)[0]] = True
        return is_met

    def around(self, source: Shapes, radius_m: float) -> NDArray[np.int64]:
        """Return the rows of all shapes within `radius_m` of `source`, one prepared shape, and of some farther off."""
        return self._rows if math.isinf(radius_m) else self.met(box_around(source.bounds[0].tolist(), radius_m))

    def within(self, source: Shapes, radius_m: float) -> tuple[NDArray[np.int64], PairDistances]:
        """Return the rows within `radius_m` metres of `source`, one prepared shape, nearest first, and how far."""
        rows = self.around(source, radius_m) if len(self._rows) else self._rows
        apart = pair_distances(source, self._shapes, np.zeros(len(rows), np.int64), rows)
        distance_m = np.round(apart.distance_m, MEASURE_DECIMALS)
        order = np.argsort(distance_m, kind="stable")
        order = order[distance_m[order] <= radius_m]
        return rows[order], PairDistances(distance_m[order], apart.from_lon_lat[order], apart.to_lon_lat[order])

    def _measured(self, sources: Shapes, source: int, rows: NDArray[np.int64]) -> Found:
        apart = pair_distances(sources, self._shapes, np.full(len(rows), source), rows)
        distance_m = np.round(apart.distance_m, MEASURE_DECIMALS)
        best = int(np.argmin(distance_m))
        return Found(int(rows[best]), float(distance_m[best]), apart.from_lon_lat[best], apart.to_lon_lat[best])

    def _from_points(
        self, sources: Shapes, of: NDArray[np.int64], rows: NDArray[np.int64], found: list[Found | None]
    ) -> None:
        """Measure from points as `pair_distances` does, all pieces of edges at once that may be the nearest.

        `of` are the sources in order, `rows` the shapes to measure each against.
        """
        if not len(of):
            return
        shapes = self._shapes
        piece, pair = _pieces_of(shapes, rows)
        start_xyz, own = shapes.start_xyz[piece], of[pair]
        offset = sources.start_xyz[sources.first[own]] - start_xyz
        begins_m = np.sqrt(np.einsum("ij,ij->i", offset, offset))
        near = np.flatnonzero(begins_m <= _least(begins_m, own) + _LONGEST_PIECE_M)
        piece, pair, own, start_xyz, offset = piece[near], pair[near], own[near], start_xyz[near], offset[near]
        along = shapes.end_xyz[piece] - start_xyz
        squared = np.einsum("ij,ij->i", along, along)
        squared[squared == 0] = 1.0  # a point: its offset times along is 0 too
        share = np.minimum(np.maximum(np.einsum("ij,ij->i", offset, along) / squared, 0.0), 1.0)
        offset -= share[:, None] * along
        chord_m = np.sqrt(np.einsum("ij,ij->i", offset, offset))
        shortest_m = _least(chord_m, own)
        near = np.flatnonzero(chord_m <= shortest_m + chord_tolerance_m(shortest_m) + _SAME_M)
        piece, pair, own = piece[near], pair[near], own[near]
        here, start = sources.start[sources.first[own]], shapes.start[piece]
        there = start + share[near, None] * (shapes.end[piece] - start)
        distance_m = np.round(geodesic_m(here, there), MEASURE_DECIMALS)
        best = np.flatnonzero(distance_m == _least(distance_m, own))
        best = best[np.flatnonzero(np.diff(own[best], prepend=-1))]
        told = own[best].tolist(), rows[pair[best]].tolist(), distance_m[best].tolist(), here[best], there[best]
        for source, *nearest in zip(*told, strict=True):
            found[source] = Found(*nearest)


def _least(values: Floats, own: Indices) -> Floats:
    """Return for each value the least of its own, which stand together."""
    begins = np.flatnonzero(np.diff(own, prepend=-1))
    least: Floats = np.repeat(np.minimum.reduceat(values, begins), np.diff(begins, append=len(own)))
    return least


def _pieces_of(shapes: Shapes, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the pieces of edges of some shapes stand, shape after shape, and which of the shapes has each."""
    first = shapes.first
    count = first[rows + 1] - first[rows]
    pair = np.repeat(np.arange(len(rows)), count)
    return np.arange(len(pair)) + (first[rows] - np.cumsum(count) + count)[pair], pair


class Outline:
    """The border of an area, to ask how far inside it a source lies.

    `area`: polygon or multipolygon in lon/lat.
    """

    def __init__(self, area: shapely.Geometry) -> None:
        self.area = area
        shapely.prepare(area)
        shapes = prepare_shapes(_parts_of(shapely.boundary(area)))
        self._search = NearestSearch(shapes, np.arange(len(shapes)))
        self._last: tuple[Shapes | None, Floats] = (None, np.empty(0))

    def reach_m(self, source: Shapes) -> float:
        """Return the metres from `source`, one prepared shape, to the border; negative where it isn't wholly inside."""
        return float(self.reach_each_m(source)[0])

    def reach_each_m(self, sources: Shapes) -> Floats:
        """Return `reach_m` of each of `sources`; of one without a place it is minus infinity."""
        asked, reach_m = self._last
        if asked is not sources:  # the same ask for several layers of one coverage
            found = self._search.nearest_each(sources, np.inf)
            distance_m = np.array([np.inf if nearest is None else nearest.distance_m for nearest in found])
            is_inside = shapely.covers(self.area, sources.geometries)
            reach_m = np.where(is_inside, distance_m, -np.maximum(distance_m, 1e-4))
            self._last = (sources, reach_m)
        return reach_m


@lru_cache(maxsize=16)
def outline_of(wkb: bytes) -> Outline:
    """Return the outline of an area given as `wkb` in lon/lat; layers of one coverage share it."""
    return Outline(shapely.from_wkb(wkb))


def prepare_one(geometry: shapely.Geometry) -> Shapes:
    """Return `prepare_shapes` of one lon/lat `geometry`; for a point without its detours."""
    if geometry.geom_type != "Point":
        return prepare_shapes([geometry])
    at = np.array([[geometry.x, geometry.y]])
    xyz = earth_centred(at)
    array = np.empty(1, dtype=object)
    array[0] = geometry
    return Shapes(array, np.hstack([at, at]), np.array([0, 1]), at, at, xyz, xyz, xyz, np.zeros(1))


def _no_shorter_m(here: Floats, there: Floats) -> Floats:
    """Return (n,) lengths that the geodesics between two times (n, 2) lon/lat points don't exceed.

    On the ellipsoid a step in latitude or longitude is at most as long as on a sphere of its largest radius of
    curvature, with geodetic latitudes taken for the sphere's.
    """
    (lon, lat), (other_lon, other_lat) = np.radians(here).T, np.radians(there).T
    slant = np.sin((other_lat - lat) / 2) ** 2
    slant += np.cos(lat) * np.cos(other_lat) * np.sin((other_lon - lon) / 2) ** 2
    length: Floats = 2 * LARGEST_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(slant))) + _SAME_M
    return length


def box_around(bounds: list[float], radius_m: float) -> NDArray[np.object_]:
    """Return (1,) the lon/lat box of all within `radius_m` of `bounds`; `search_boxes` does it for many."""
    west, south, east, north = bounds
    angle = radius_m / SMALLEST_RADIUS_M * 1.001
    tall = math.degrees(angle)
    poleward = math.radians(max(abs(south - tall), abs(north + tall)))
    wide = 360.0
    if poleward < math.pi / 2 and angle < math.pi / 2 and math.sin(angle) < math.cos(poleward):
        wide = math.degrees(math.asin(math.sin(angle) / math.cos(poleward)))
    box: NDArray[np.object_] = shapely.box([west - wide], south - tall, east + wide, north + tall)
    return box


def _parts_of(boundary: shapely.Geometry) -> list[shapely.Geometry]:
    """Cut lines into pieces of a few edges, end to end."""
    pieces = []
    cut = shapely.segmentize(boundary, _LONGEST_EDGE_DEG)
    if 0 < shapely.get_num_coordinates(cut) <= _FEW_PIECES:
        return [cut]
    for line in shapely.get_parts(cut):
        xy = shapely.get_coordinates(line)
        pieces += [
            shapely.LineString(xy[start : start + _PIECE_VERTICES + 1])
            for start in range(0, len(xy) - 1, _PIECE_VERTICES)
        ]
    return pieces
