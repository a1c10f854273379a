"""The instructions written by hand, each held against the same few lines in plain numpy."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import earth_centred
from hmgeo.proximity import vectors as v

Floats = NDArray[np.float64]

LON, LAT = 113.05, 23.68
SPARE = 4 * v.LANES
RADII_M = np.array([1_000.0, 5_000.0])


@numba.njit
def _laid(
    frame: Floats, lon: Floats, lat: Floats, count: int, xy: Floats, edges: Floats, bend: Floats, area: Floats
) -> None:
    v.set_frame_at(frame, LON, LAT)
    v.lay_points(frame, lon, lat, LON, LAT, count + 2 * v.LANES, xy[0], xy[1])
    v.lay_edges(frame, xy[0], xy[1], count, edges[0], edges[1], edges[2], edges[3], edges[4], bend)
    v.box_of_points(lon, lat, count, bend[1:])
    v.strips(np.array([3.0, 2.0, 1.0]), lon, lat, LON, LAT, count, area)


@numba.njit
def _measured(
    frame: Floats, held: tuple[Floats, Floats, Floats], sizes: tuple[int, int], edges: Floats, out: Floats,
    marks: NDArray[np.uint8], closest: Floats,
) -> None:  # fmt: skip
    (places, seen, limit_m), (count, segments) = held, sizes
    v.see(frame, places[0], places[1], places[2], 1, count, seen[0], seen[1], seen[2], seen[3])
    v.nearest_of_segments(seen[0], seen[1], count, edges[0], edges[1], edges[2], edges[3], edges[4], segments, out[0])
    v.to_geodesics(frame, seen[0], seen[1], seen[2], out[0], count, out[1])
    v.settle(out[1], limit_m, count, RADII_M, 2, out[2], marks[0], closest)
    v.stand_in(seen[3], limit_m, count, RADII_M, 2, 30.0, 1e-15, out[3], marks[1], marks[2])


def plain_points(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Lay points out in metres, by the formulas at the head of `vectors`."""
    e2, sin, cos = v.ECCENTRICITY_SQUARED, math.sin(math.radians(LAT)), math.cos(math.radians(LAT))
    w = 1 - e2 * sin * sin
    n = v.SEMI_MAJOR_M / math.sqrt(w)
    m = n * (1 - e2) / w
    dl, dp = np.radians(lon - LON), np.radians(lat - LAT)
    east = n * cos * dl - m * sin * dl * dp
    return east, m * dp + n * sin * cos * dl**2 / 2 + 1.5 * e2 * sin * cos * m / w * dp**2


def plain_seen(xyz: Floats) -> tuple[Floats, Floats, Floats]:
    """Turn earth-centred places into east, north and up of the origin."""
    lon, lat = math.radians(LON), math.radians(LAT)
    turn = np.array(
        [
            [-math.sin(lon), math.cos(lon), 0.0],
            [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
            [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
        ]
    )
    east, north, up = turn @ (xyz.T - earth_centred(np.array([[LON, LAT]]))[0]).T
    return east, north, up


def plain_apart(metres: Floats, limit_m: Floats) -> Floats:
    """Return how far distances are from their limit and from every radius, whichever is nearest."""
    return np.min([np.abs(metres - limit_m), *(np.abs(metres - radius_m) for radius_m in RADII_M)], axis=0)


rings = st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=2, max_size=30)
places_near = st.lists(
    st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1), st.sampled_from([500.0, 10_000.0])), min_size=1, max_size=21
)


@settings(deadline=None)  # the first example compiles
@given(ring=rings, near=places_near)
def test_every_lane_does_what_plain_numpy_does(
    ring: list[tuple[int, int]], near: list[tuple[float, float, float]]
) -> None:
    corners = np.array([*ring, ring[0]]) * 1e-4 + [LON, LAT]
    count = len(corners)
    lon, lat = (np.concatenate([axis, np.full(SPARE, axis[0])]) for axis in corners.T)
    frame, xy, edges = np.zeros(v.FRAME_FIELDS), np.zeros((2, count + SPARE)), np.zeros((5, count + SPARE))
    bend, area = np.zeros(8), np.zeros(count + SPARE)
    _laid(frame, lon, lat, count, xy, edges, bend, area)
    x, y = plain_points(*corners.T)
    np.testing.assert_allclose(xy[:, :count], [x, y], atol=1e-7)
    assert bend[1:6].tolist() == [*corners.min(axis=0), *corners.max(axis=0), 0.0]
    low, high = np.radians(corners[:-1, 1] - LAT), np.radians(corners[1:, 1] - LAT)
    zone = 3 * (low + high) / 2 + 2 / 3 * (low**2 + low * high + high**2) + (low + high) / 4 * (low**2 + high**2)
    np.testing.assert_allclose(area[: count - 1], np.radians(np.diff(corners[:, 0])) * zone, atol=1e-20)
    dx, dy = np.abs(np.diff(x)), np.abs(np.diff(y))
    mixed, pure = frame[v.BEND_EAST] / frame[v.NORTH], frame[v.BEND_NORTH] / frame[v.EAST]
    bent = dx * (abs(mixed) * dy + abs(pure) * dx) / frame[v.EAST] / 4
    assert bend[0] == pytest.approx(bent.max(), rel=1e-6, abs=1e-12)

    many = len(near)
    told = np.array(near)
    limit_m = np.concatenate([told[:, 2], np.zeros(SPARE)])
    xyz = earth_centred(told[:, :2] + np.array([LON, LAT])).T
    places, seen, out = np.zeros((3, 1 + many + SPARE)), np.zeros((4, many + SPARE)), np.zeros((4, many + SPARE))
    places[:, 1 : 1 + many] = xyz
    marks, closest = np.zeros((3, many + SPARE), np.uint8), np.zeros(2)
    _measured(frame, (places, seen, limit_m), (many, count - 1), edges, out, marks, closest)
    east, north, up = plain_seen(xyz)
    plain = [east, north, up**2, east**2 + north**2 + up**2]
    np.testing.assert_allclose(seen[:, :many], plain, rtol=1e-6, atol=1e-6)
    level_m = shapely.distance(shapely.points(east, north), shapely.LineString(np.column_stack([x, y])))
    np.testing.assert_allclose(np.sqrt(out[0, :many]), level_m, atol=1e-5)
    metres, limit_m = out[1, :many], told[:, 2]
    np.testing.assert_array_equal(out[2, :many], np.rint(metres * 1e4) / 1e4)
    np.testing.assert_array_equal(marks[0, :many], metres <= limit_m)
    assert closest[0] <= plain_apart(metres, limit_m).min()
    assert closest[1] <= metres.min()
    chord_m = np.sqrt(seen[3, :many])
    np.testing.assert_array_equal(out[3, :many], chord_m)
    np.testing.assert_array_equal(marks[1, :many], chord_m <= limit_m)
    np.testing.assert_array_equal(
        marks[2, :many], plain_apart(chord_m, limit_m) <= 30.0 + 1e-15 * seen[3, :many] * chord_m
    )
