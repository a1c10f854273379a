"""The oracle against geodesics, integrals and dense sampling that owe it nothing."""

from __future__ import annotations

import math

import numpy as np
import oracle
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

ONE_DEGREE_OF_EQUATOR_M = math.pi * 6_378_137 / 180


def meridian_m(lat_from: float, lat_to: float) -> float:
    """Return the meridian arc by Gauss-Legendre integration of M(lat)."""
    f = 1 / 298.257222101
    e2 = f * (2 - f)
    x, w = np.polynomial.legendre.leggauss(40)
    lats = np.radians(lat_from + (lat_to - lat_from) * (x + 1) / 2)
    curvature = 6_378_137 * (1 - e2) / (1 - e2 * np.sin(lats) ** 2) ** 1.5
    return float((w * curvature).sum() / 2 * math.radians(lat_to - lat_from))


def cell_m2(south: float, north: float, width_deg: float) -> float:
    """Return the area between two parallels by the closed authalic formula."""
    f = 1 / 298.257222101
    e2 = f * (2 - f)
    e = math.sqrt(e2)

    def q(lat: float) -> float:
        s = math.sin(math.radians(lat))
        return s / (1 - e2 * s * s) + math.atanh(e * s) / e

    return math.radians(width_deg) * (6_378_137 * (1 - f)) ** 2 / 2 * (q(north) - q(south))


def densely_m(lon: float, lat: float, line: LineString) -> float:
    """Return the least geodesic to evenly spaced points of a line, then to closer ones near the best."""
    (lon_a, lat_a), (lon_b, lat_b) = line.coords
    low, high = 0.0, 1.0
    for _ in range(2):
        t = np.linspace(low, high, 20_001)
        lons, lats = lon_a * (1 - t) + lon_b * t, lat_a * (1 - t) + lat_b * t
        metres = oracle.GEOD.inv(np.full(len(t), lon), np.full(len(t), lat), lons, lats)[2]
        low, high = t[max(0, metres.argmin() - 50)], t[min(len(t) - 1, metres.argmin() + 50)]
    return float(metres.min())


def test_one_degree_of_the_equator() -> None:
    assert oracle.distance_m(111, 0, Point(112, 0)) == pytest.approx(ONE_DEGREE_OF_EQUATOR_M, abs=1e-6)


def test_a_meridian_edge_seen_from_the_equator_is_met_at_a_right_angle() -> None:
    edge = LineString([(113, -0.05), (113, 0.05)])
    assert oracle.distance_m(112.9, 0, edge) == pytest.approx(ONE_DEGREE_OF_EQUATOR_M / 10, abs=1e-6)


def test_the_meridian_from_below_a_parcel() -> None:
    parcel = box(112.9, 23.1, 113.1, 23.2)
    found = oracle.distance_m(113.0, 23.0, Polygon([(113, 23.1), (113.1, 23.3), (112.9, 23.3)]))
    assert found == pytest.approx(meridian_m(23.0, 23.1), abs=1e-6)
    assert oracle.distance_m(113.0, 23.0, parcel) < meridian_m(23.0, 23.1) + 1e-9


def test_ten_thousand_metres_laid_out_from_a_corner() -> None:
    parcel = box(113.1, 23.1, 113.2, 23.2)
    lon, lat, _ = oracle.GEOD.fwd(113.1, 23.1, 225, 10_000)
    assert oracle.distance_m(lon, lat, parcel) == pytest.approx(10_000, abs=1e-6)


def test_inside_on_an_edge_on_a_corner_and_inside_a_hole() -> None:
    hole = box(113.04, 23.04, 113.06, 23.06)
    parcel = Polygon(box(113, 23, 113.1, 23.1).exterior, [hole.exterior])
    assert oracle.distance_m(113.02, 23.02, parcel) == 0
    assert oracle.distance_m(113.05, 23.0, parcel) == pytest.approx(0, abs=1e-6)
    assert oracle.distance_m(113.1, 23.1, parcel) == 0
    to_side = oracle.distance_m(113.05, 23.05, LineString([(113.04, 23.04), (113.04, 23.06)]))
    assert oracle.distance_m(113.05, 23.05, parcel) == pytest.approx(to_side, abs=1e-9)
    assert 1_020 < to_side < 1_025


def test_a_point_on_a_slanting_edge_is_at_no_distance() -> None:
    edge = LineString([(105.0, 30.0), (105.2, 30.1)])
    assert oracle.distance_m(105.074, 30.037, edge) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("lon", "lat"), [(113.1, 23.05), (113.1, 22.9), (113.04, 23.0004), (112.9, 23.2)])
def test_long_east_west_edge_follows_the_parallel(lon: float, lat: float) -> None:
    edge = LineString([(113.0, 23.0), (113.195, 23.0)])
    assert oracle.distance_m(lon, lat, edge) == pytest.approx(densely_m(lon, lat, edge), abs=1e-6)


def test_the_great_circle_would_bulge_away_from_a_long_edge() -> None:
    edge = LineString([(113.0, 45.0), (113.1, 45.0)])
    azimuth, _, length = oracle.GEOD.inv(113.0, 45.0, 113.1, 45.0)
    lon, lat, _ = oracle.GEOD.fwd(113.0, 45.0, azimuth, length / 2)
    sagitta = length**2 / 8 * math.tan(math.radians(45)) / 6_388_838
    assert oracle.distance_m(lon, lat, edge) == pytest.approx(sagitta, rel=1e-3)
    assert 1.2 < sagitta < 1.3


@pytest.mark.parametrize("seed", range(6))
def test_random_edges_against_dense_sampling(seed: int) -> None:
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(75, 134), random.uniform(-50, 55)
    a, b, p = (np.array([lon, lat]) + random.uniform(-0.05, 0.05, (3, 2))).tolist()
    edge = LineString([a, b])
    assert oracle.distance_m(*p, edge) == pytest.approx(densely_m(*p, edge), abs=1e-6)


def test_pairs_within_leaves_nothing_out_and_rounds_to_a_tenth_of_a_millimetre() -> None:
    random = np.random.default_rng(7)
    points = random.uniform((113, 23), (113.3, 23.3), (12, 2))
    corners = random.uniform((112.9, 22.9), (113.4, 23.4), (60, 2))
    parcels = [box(x, y, x + w, y + w) for (x, y), w in zip(corners, random.uniform(0.0005, 0.03, 60), strict=True)]
    matrix = np.round(oracle.distances_m(points, parcels), 4)
    expected = {(int(i), int(j)): matrix[i, j] for i, j in zip(*np.nonzero(matrix <= 10_000), strict=True)}
    assert 90 < len(expected) < 720
    assert oracle.pairs_within(points, parcels, 10_000) == expected


def test_a_limit_is_inclusive() -> None:
    target = Point(113, 23)
    lon, lat, _ = oracle.GEOD.fwd(113, 23, 40, 10_000.00004)
    beyond = oracle.GEOD.fwd(113, 23, 40, 10_000.0002)[:2]
    points = np.array([[lon, lat], beyond])
    assert oracle.pairs_within(points, [target], 10_000) == {(0, 0): 10_000.0}


def test_shapes_that_cross_touch_and_face_each_other() -> None:
    parcel = box(113, 23, 113.1, 23.1)
    assert oracle.shape_distance_m(parcel, LineString([(112.9, 23.05), (113.2, 23.05)])) == 0
    assert oracle.shape_distance_m(parcel, box(113.1, 23.1, 113.2, 23.2)) == 0
    assert oracle.shape_distance_m(parcel, box(113.02, 23.02, 113.03, 23.03)) == 0
    north = oracle.shape_distance_m(parcel, box(113, 23.2, 113.1, 23.3))
    assert north == pytest.approx(meridian_m(23.1, 23.2), abs=1e-6)


def test_shape_distance_agrees_with_point_distance_where_a_corner_is_nearest() -> None:
    parcel = MultiPolygon([box(113, 23, 113.01, 23.01), box(113.05, 23, 113.06, 23.01)])
    wedge = Polygon([(113.03, 23.02), (113.035, 23.04), (113.025, 23.04)])
    assert oracle.shape_distance_m(parcel, wedge) == pytest.approx(oracle.distance_m(113.03, 23.02, parcel), abs=1e-6)
    assert oracle.shape_distance_m(wedge, parcel) == pytest.approx(oracle.shape_distance_m(parcel, wedge), abs=1e-6)


@pytest.mark.parametrize("south", [0.0, 23.0, 39.0, 52.0])
def test_area_of_a_one_degree_cell(south: float) -> None:
    cell = box(113, south, 114, south + 1)
    assert oracle.ellipsoidal_area_m2(cell) == pytest.approx(cell_m2(south, south + 1, 1), rel=1e-10)


def test_the_closed_formula_gives_the_whole_ellipsoid() -> None:
    assert cell_m2(-90, 90, 360) == pytest.approx(5.10065621718e14, rel=1e-9)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_holes_are_subtracted_whatever_their_direction(is_reversed: bool) -> None:  # noqa: FBT001  (pytest parameter)
    ring = list(box(113.02, 23.02, 113.04, 23.05).exterior.coords)
    parcel = Polygon(box(113, 23, 113.1, 23.1).exterior, [ring[::-1] if is_reversed else ring])
    expected = cell_m2(23, 23.1, 0.1) - cell_m2(23.02, 23.05, 0.02)
    assert oracle.ellipsoidal_area_m2(parcel) == pytest.approx(expected, abs=1e-2)
    assert oracle.ellipsoidal_area_m2(shapely.reverse(parcel)) == pytest.approx(expected, abs=1e-2)


def test_area_of_parts_adds_up() -> None:
    parts = MultiPolygon([box(113, 23, 113.01, 23.01), box(113.05, 23, 113.06, 23.01)])
    assert oracle.ellipsoidal_area_m2(parts) == pytest.approx(2 * cell_m2(23, 23.01, 0.01), abs=1e-3)
