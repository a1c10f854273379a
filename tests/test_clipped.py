"""Land inside a circle, against an equal-area projection that shares nothing with it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer
from strategies import offset, star

from hmgeo.geo.land_area import ClippedAreas

PLACE = (113.05, 23.68)
GEOD = Geod(a=6378137.0, rf=298.257222101)


def planar_m2(shapes: list[shapely.Geometry], radius_m: float) -> float:
    """Union, then clip by a circle of 100,000 corners, all in Lambert's equal-area plane about the place."""
    plane = f"+proj=laea +lat_0={PLACE[1]} +lon_0={PLACE[0]} +ellps=GRS80 +rf=298.257222101 +units=m"
    there = Transformer.from_crs("EPSG:4490", plane, always_xy=True)

    def flat(shape: shapely.Geometry) -> shapely.Geometry:
        fine = shapely.segmentize(shape, 1e-4)
        return shapely.transform(fine, lambda xy: np.column_stack(there.transform(*xy.T)))

    corners = 100_000
    lon, lat, _ = GEOD.fwd(
        [PLACE[0]] * corners, [PLACE[1]] * corners, np.arange(corners) * 360 / corners, [radius_m] * corners
    )
    circle = shapely.Polygon(np.column_stack(there.transform(lon, lat)))
    return shapely.union_all([flat(shape) for shape in shapes]).intersection(circle).area


def parcels(count: int, within_m: float, size_m: float, seed: int) -> list[shapely.Geometry]:
    random = np.random.default_rng(seed)
    places = random.uniform(-within_m, within_m, (count, 2))
    return [star(offset(PLACE, *away), (size_m * random.uniform(0.5, 1, 9)).tolist(), [0.0] * 9) for away in places]


@pytest.mark.parametrize(("count", "size_m", "radius_m"), [(60, 150.0, 2_000.0), (300, 90.0, 10_000.0)])
def test_clipped_areas_agree_with_an_equal_area_plane(count: int, size_m: float, radius_m: float) -> None:
    shapes = parcels(count, radius_m, size_m, seed=count)
    found = ClippedAreas(np.array(shapes, dtype=object)).clipped_m2(*PLACE, radius_m)[0]
    assert found == pytest.approx(planar_m2(shapes, radius_m), rel=1e-6)


def test_overlaps_count_once_wherever_they_lie() -> None:
    twice = parcels(40, 2_300, 300.0, seed=1)
    found = ClippedAreas(np.array(twice + twice, dtype=object)).clipped_m2(*PLACE, 2_000.0)[0]
    once = ClippedAreas(np.array(twice, dtype=object)).clipped_m2(*PLACE, 2_000.0)[0]
    assert found == pytest.approx(once, rel=1e-9)
    assert found == pytest.approx(planar_m2(twice, 2_000.0), rel=1e-6)


def test_a_parcel_around_the_whole_circle_leaves_the_circle() -> None:
    """A disc of 1 km has pi r2 of ground, less what the ellipsoid's curvature takes: r2 / 12 R2, 2e-9."""
    around = shapely.box(PLACE[0] - 0.1, PLACE[1] - 0.1, PLACE[0] + 0.1, PLACE[1] + 0.1)
    found = ClippedAreas(np.array([around], dtype=object)).clipped_m2(*PLACE, 1_000.0)[0]
    assert found == pytest.approx(math.pi * 1e6, rel=1e-6)


def test_common_borders_are_no_overlaps_and_holes_stay_out() -> None:
    west = shapely.box(PLACE[0] - 0.002, PLACE[1], PLACE[0], PLACE[1] + 0.002)
    east = shapely.box(PLACE[0], PLACE[1], PLACE[0] + 0.002, PLACE[1] + 0.002)
    hole = shapely.box(PLACE[0] + 0.0005, PLACE[1] + 0.0005, PLACE[0] + 0.001, PLACE[1] + 0.001)
    both = ClippedAreas(np.array([west, east.difference(hole)], dtype=object))
    assert not len(both._of_all.later)
    assert both.clipped_m2(*PLACE, 5_000.0)[0] == pytest.approx(
        planar_m2([west, east.difference(hole)], 5_000.0), rel=1e-6
    )
    assert ClippedAreas(np.empty(0, dtype=object)).clipped_m2(*PLACE, 5_000.0)[0] == 0.0


@pytest.mark.parametrize("lat", [23.0, 60.0, 80.0, -84.0])
def test_circles_are_cut_right_far_from_the_equator(lat: float) -> None:
    """Shapes that cross the circle, against the whole circle's polygon with geodesic areas of fine edges."""
    lon, radius_m = 30.0, 50_000.0
    corners = 100_000
    around = GEOD.fwd([lon] * corners, [lat] * corners, np.arange(corners) * 360 / corners, [radius_m] * corners)
    circle = shapely.Polygon(np.column_stack(around[:2]))
    for azimuth in range(0, 360, 30):
        east, north, _ = GEOD.fwd(lon, lat, azimuth, radius_m)
        shape = shapely.box(east - 0.05, north - 0.02, east + 0.05, north + 0.02)
        inside = shapely.segmentize(shape.intersection(circle), 1e-4)
        found = ClippedAreas(np.array([shape], dtype=object)).clipped_m2(lon, lat, radius_m)[0]
        assert found == pytest.approx(abs(GEOD.geometry_area_perimeter(inside)[0]), rel=2e-6)
