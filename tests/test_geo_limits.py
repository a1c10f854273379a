"""Distances, outlines and clipped land at their limits; what is cut, boxed or done at once changes no answer."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from oracle import GEOD, shape_distance_m, shape_distances_m

from hmgeo.geo import distance as engine
from hmgeo.geo import land_area
from hmgeo.geo.distance import (
    NearestSearch,
    Outline,
    box_around,
    chord_tolerance_m,
    covered_m,
    pair_distances,
    prepare_one,
    prepare_shapes,
)
from hmgeo.geo.land_area import ClippedAreas
from hmgeo.results.text import bearing_text, distance_text, radius_text

HOME = (113.0, 23.0)


def at(east_m: float, north_m: float) -> tuple[float, float]:
    lon, _, _ = GEOD.fwd(*HOME, 90, east_m)
    _, lat, _ = GEOD.fwd(*HOME, 0, north_m)
    return lon, lat


def box(east_m: float, north_m: float, wide_m: float, high_m: float | None = None) -> shapely.Polygon:
    return shapely.box(*at(east_m, north_m), *at(east_m + wide_m, north_m + (wide_m if high_m is None else high_m)))


def circle(east_m: float, north_m: float, radius_m: float, corners: int = 40) -> shapely.Polygon:
    lon, lat = at(east_m, north_m)
    around = GEOD.fwd([lon] * corners, [lat] * corners, np.arange(corners) * 360 / corners, [radius_m] * corners)
    return shapely.Polygon(np.column_stack(around[:2]))


SHAPES = (
    shapely.Point(at(0, 0)), shapely.Point(at(400, 300)), box(1000, 0, 500), box(0, 3000, 4000, 10),
    shapely.LineString([at(-2000, -2000), at(-2000, 2000), at(-1500, 2000)]), circle(5000, 5000, 700, 6),
    shapely.MultiPoint([at(100, 50), at(9000, 0)]), box(-5000, -5000, 3000).difference(box(-4500, -4500, 2000)),
)  # fmt: skip


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 7, 50, 1_000_000])
def test_however_many_pairs_are_measured_at_once_the_answer_is_the_same(
    rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = prepare_shapes(SHAPES)
    of_a, of_b = (one.ravel() for one in np.meshgrid(np.arange(len(SHAPES)), np.arange(len(SHAPES))))
    one_by_one = [pair_distances(held, held, np.array([a]), np.array([b])) for a, b in zip(of_a, of_b, strict=True)]
    monkeypatch.setattr(engine, "_ROWS_AT_ONCE", rows_at_once)
    found = pair_distances(held, held, of_a, of_b)
    assert found.distance_m.tolist() == [float(one.distance_m[0]) for one in one_by_one]
    np.testing.assert_array_equal(found.from_lon_lat, np.concatenate([one.from_lon_lat for one in one_by_one]))


def test_no_pairs_have_no_distances() -> None:
    held, none = prepare_shapes(SHAPES), np.empty(0, np.int64)
    assert len(pair_distances(held, held, none, none).distance_m) == 0
    empty = prepare_shapes([shapely.Point(), shapely.Point(*HOME)])
    assert pair_distances(empty, empty, np.array([0]), np.array([1])).distance_m.tolist() == [np.inf]


def test_shapes_are_measured_between_any_of_their_parts() -> None:
    held, apart_m = prepare_shapes(SHAPES), shape_distances_m(SHAPES, SHAPES)
    for a in range(len(SHAPES)):
        for b in range(a):
            found = pair_distances(held, held, np.array([a]), np.array([b]))
            expected = apart_m[a, b]
            assert found.distance_m[0] == pytest.approx(expected, abs=1e-3), (a, b)
            if expected > 0:
                ends = (*found.from_lon_lat[0], *found.to_lon_lat[0])
                assert GEOD.inv(*ends)[2] == pytest.approx(expected, abs=1e-3)
                assert shapely.distance(SHAPES[a], shapely.Point(found.from_lon_lat[0])) < 1e-7
                assert shapely.distance(SHAPES[b], shapely.Point(found.to_lon_lat[0])) < 1e-7


def test_shapes_that_share_a_border_or_a_corner_touch() -> None:
    one = box(0, 0, 100)
    west, south, east, north = one.bounds
    for other in (
        shapely.box(east, south, east + 0.001, north), shapely.box(west - 0.001, south, west, north),
        shapely.box(west, north, east, north + 0.001), shapely.box(west, south - 0.001, east, south),
        shapely.box(east, north, east + 0.001, north + 0.001), shapely.Point(east, north), one,
        shapely.box(west + 1e-5, south + 1e-5, east - 1e-5, north - 1e-5),
    ):  # fmt: skip
        a, b = prepare_shapes([one]), prepare_shapes([other])
        found = pair_distances(a, b, np.array([0]), np.array([0]))
        assert found.distance_m[0] == 0.0
        assert np.isnan(found.from_lon_lat).all()
        assert np.isnan(found.to_lon_lat).all()


def test_shapes_are_held_by_balls_around_the_middle_of_their_box() -> None:
    held = prepare_shapes([*SHAPES, shapely.Point()])
    for row, shape in enumerate(SHAPES):
        west, south, east, north = shape.bounds
        middle = shapely.Point((west + east) / 2, (south + north) / 2)
        corners = shapely.get_coordinates(shape)
        farthest_m = max(GEOD.inv(middle.x, middle.y, *one)[2] for one in corners.tolist())
        assert held.reach_m[row] == pytest.approx(farthest_m, abs=1.0)
    assert held.reach_m[-1] == 0.0
    assert len(prepare_shapes([]).reach_m) == 0


@pytest.mark.parametrize("shape", SHAPES)
def test_one_shape_is_readied_as_many_are(shape: shapely.Geometry) -> None:
    one, many = prepare_one(shape), prepare_shapes([shape])
    for name in ("bounds", "first", "start", "end", "start_xyz", "end_xyz", "centre_xyz", "reach_m"):
        np.testing.assert_allclose(getattr(one, name), getattr(many, name), err_msg=name, atol=1e-6)


SOURCES = (
    shapely.Point(at(50, 20)), shapely.Point(at(1200, 200)), shapely.Point(at(6100, 5000)), box(-1000, 100, 50),
    shapely.Point(at(-3900, -3900)), shapely.LineString([at(2000, 2000), at(2100, 2500)]), shapely.Point(at(800, 250)),
    shapely.Point(at(-1990, 500)), shapely.Point(at(20_000, -9_000)), shapely.LineString([at(700, -40), at(760, -90)]),
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(SOURCES)))
def test_the_nearest_of_some_shapes_is_the_nearest_of_all_of_them(number: int) -> None:
    source = SOURCES[number]
    apart_m = shape_distances_m([source], SHAPES)[0]
    held = prepare_shapes(SHAPES)
    for rows in (list(range(len(SHAPES))), [0, 1], [1, 2], [2, 3, 5], [4, 7], [6]):
        search = NearestSearch(held, np.array(rows))
        best = min(rows, key=lambda one: (round(apart_m[one], 4), one))
        found = search.nearest(prepare_one(source), np.inf)
        assert found is not None
        assert (found.row, found.distance_m) == (best, pytest.approx(apart_m[best], abs=2e-4))
        touches = apart_m[best] == 0.0
        assert np.isnan(found.from_lon_lat).all() == np.isnan(found.to_lon_lat).all() == touches
        exact = search.nearest(prepare_one(source), found.distance_m)
        assert exact is not None  # on the limit is within
        assert exact.row == best
        assert found.distance_m == 0.0 or search.nearest(prepare_one(source), found.distance_m - 2e-4) is None


@pytest.mark.parametrize("at_once", [1, 100_000])
def test_many_find_what_each_finds_alone(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_PIECES_AT_ONCE", at_once)
    search, nowhere = NearestSearch(prepare_shapes(SHAPES), np.arange(len(SHAPES))), shapely.Point()
    for within_m in (np.inf, 900.0):
        together = search.nearest_each(prepare_shapes([*SOURCES, nowhere, *SOURCES[::-1]]), within_m)
        alone = [search.nearest(prepare_one(source), within_m) for source in SOURCES]
        told = [found and (found.row, found.distance_m, *map(str, (found.from_lon_lat, found.to_lon_lat)))
                for found in (*together, *alone)]  # fmt: skip
        count = len(SOURCES)
        assert told[count] is None
        assert told[:count] == told[count + 1 : 2 * count + 1][::-1] == told[2 * count + 1 :]


def test_of_shapes_as_near_the_first_is_taken_and_of_none_nothing() -> None:
    held = prepare_shapes([box(500, 0, 10), box(100, 0, 10), box(100, 0, 10)])
    here = prepare_one(shapely.Point(at(0, 5)))
    found = NearestSearch(held, np.array([0, 1, 2])).nearest(here, np.inf)
    assert found is not None
    assert found.row == 1
    none = NearestSearch(held, np.empty(0, np.int64))
    assert none.nearest(here, np.inf) is None
    assert none.within(here, 1e6)[0].tolist() == []
    inside = NearestSearch(held, np.array([0, 1, 2])).nearest(prepare_one(shapely.Point(at(105, 5))), np.inf)
    assert inside is not None
    assert (inside.row, inside.distance_m) == (1, 0.0)


def test_shapes_within_a_radius_come_nearest_first_and_up_to_the_radius() -> None:
    held = prepare_shapes([box(500, 0, 10), box(100, 0, 10), box(100, 0, 10), box(9000, 0, 10)])
    here = prepare_one(shapely.Point(at(0, 5)))
    search = NearestSearch(held, np.array([0, 1, 2, 3]))
    rows, apart = search.within(here, 600.0)
    assert rows.tolist() == [1, 2, 0]
    assert apart.distance_m.tolist() == sorted(apart.distance_m.tolist())
    assert len(apart.from_lon_lat) == len(apart.to_lon_lat) == 3
    third_m = float(apart.distance_m[2])
    assert search.within(here, third_m)[0].tolist() == [1, 2, 0]
    assert search.within(here, third_m - 1e-4)[0].tolist() == [1, 2]
    assert search.within(here, 50.0)[0].tolist() == []
    assert NearestSearch(held, np.array([0, 3])).within(here, 600.0)[0].tolist() == [0]


WIDER = {
    "box_around": lambda *_: np.array([shapely.box(-400, -95, 400, 95)]),
    "search_boxes": lambda bounds, _: np.tile([-400.0, -95.0, 400.0, 95.0], (len(bounds), 1)),
    "chord_tolerance_m": lambda chord_m: 100 + np.zeros_like(chord_m),
    "_no_shorter_m": lambda here, _: np.full(len(here), 2e7),
}


@pytest.mark.parametrize("name", WIDER)
def test_wider_boxes_and_bounds_cost_more_and_change_no_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = prepare_shapes(SHAPES)
    search, source = NearestSearch(held, np.arange(len(SHAPES))), [prepare_one(one) for one in SOURCES]
    rows = (np.zeros(len(SHAPES), np.int64), np.arange(len(SHAPES)))

    def answers() -> list[object]:
        nearest = [search.nearest(one, within_m) for one in source for within_m in (np.inf, 900.0)]
        pairs = [pair_distances(one, held, *rows).distance_m.tolist() for one in source]
        found_within = [search.within(one, 900.0) for one in source]
        within = [[found.tolist(), apart.distance_m.tolist()] for found, apart in found_within]
        return [[found and (found.row, found.distance_m) for found in nearest], pairs, within]

    plain = answers()
    monkeypatch.setattr(engine, name, WIDER[name])
    assert answers() == plain


@pytest.mark.parametrize("lat", [0.0, 23.0, -60.0, 84.0, 89.9])
@pytest.mark.parametrize("radius_m", [1.0, 10_000.0, 900_000.0])
def test_a_box_holds_all_within_the_radius(lat: float, radius_m: float) -> None:
    corners = [112.9, lat - 0.05, 113.1, lat + 0.05]
    held = box_around(corners, radius_m)[0]
    for corner in shapely.get_coordinates(shapely.box(*corners))[:4].tolist():
        lon, north, _ = GEOD.fwd(
            [corner[0]] * 720, [corner[1]] * 720, np.arange(720) / 2, [radius_m] * 720
        )  # fmt: skip
        turned = 113.0 + (np.array(lon) - 113.0 + 180) % 360 - 180
        assert shapely.intersects_xy(held, turned, np.array(north)).all()
    west, south, east, north = held.bounds
    assert south >= corners[1] - math.degrees(radius_m / 6.3e6) * 1.02
    if radius_m < 20_000 and abs(lat) < 70:  # and not much more, or nothing would be gained by it
        wide = math.degrees(radius_m / 6.3e6 / math.cos(math.radians(abs(lat) + 0.2))) * 1.02
        assert east - corners[2] <= wide
        assert corners[0] - west <= wide
        assert north - corners[3] <= math.degrees(radius_m / 6.3e6) * 1.02


def test_a_bound_of_a_distance_is_never_shorter_than_it() -> None:
    rng = np.random.default_rng(5)
    here, there = rng.uniform([-180, -89], [180, 89], (2, 400, 2))
    near = np.column_stack(GEOD.fwd(*here.T, rng.uniform(0, 360, 400), [50.0] * 400)[:2])
    true_m = np.array(GEOD.inv(*here.T, *there.T)[2])
    bound_m = engine._no_shorter_m(here, there)
    assert (true_m <= bound_m).all()
    assert (bound_m <= true_m * 1.02 + 1).all()  # polar radius by equatorial: 1.7 %
    bound_m = engine._no_shorter_m(here, near)
    assert (bound_m >= 50.0).all()
    assert (bound_m <= 51.1).all()
    assert engine._no_shorter_m(np.array([[0.0, 0.0]]), np.array([[180.0, 0.0]])) >= GEOD.inv(0, 0, 180, 0)[2]


def test_two_geodesics_of_equal_chords_differ_by_less_than_the_tolerance() -> None:
    for chord_m in (1.0, 1e3, 5e4, 2e5):
        bound_m = float(chord_tolerance_m(np.array([chord_m]))[0])
        # arc = chord + chord³ / 24 R²; the flattest and the most curved section at 0 to 60 degrees
        flattest, most = 6.3995e6, 6.3354e6
        differ_m = chord_m**3 / 24 * (most**-2 - flattest**-2) * 0.7
        assert differ_m <= bound_m
        assert bound_m <= 2 * chord_m**3 / 24 * (most**-2 - flattest**-2) + 2e-6


AREA = circle(0, 0, 3000, 50)


def test_the_reach_of_an_outline_is_positive_inside_negative_outside_and_nought_on_it() -> None:
    outline = Outline(AREA)
    rim = AREA.exterior
    for number in range(50):
        corner = shapely.Point(rim.coords[number])
        assert outline.reach_m(prepare_one(corner)) == 0.0
        lon, lat, _ = GEOD.fwd(*HOME, number * 7.2 + 3.6, 2000)
        inside = shapely.Point(lon, lat)
        apothem_m = 3000 * math.cos(math.radians(3.6)) - 2000
        assert outline.reach_m(prepare_one(inside)) == pytest.approx(apothem_m, abs=0.05)
        lon, lat, _ = GEOD.fwd(*HOME, number * 7.2, 3500)
        assert outline.reach_m(prepare_one(shapely.Point(lon, lat))) == pytest.approx(-500, abs=1e-2)
    across = prepare_one(box(2900, 0, 500))
    assert outline.reach_m(across) == -1e-4
    assert outline.reach_m(across) == -1e-4  # asked twice
    touching = box(0, 0, 100)
    assert outline.reach_m(prepare_one(touching)) == pytest.approx(
        shape_distance_m(touching, rim), abs=1e-3
    )  # fmt: skip
    with_hole = Outline(box(-1000, -1000, 2000).difference(box(-100, -100, 200)))
    assert with_hole.reach_m(prepare_one(shapely.Point(HOME))) == pytest.approx(-100, abs=0.1)
    assert with_hole.reach_m(prepare_one(shapely.Point(at(150, 0)))) == pytest.approx(50, abs=0.1)


def test_an_empty_area_holds_nothing() -> None:
    assert Outline(shapely.Polygon()).reach_m(prepare_one(shapely.Point(HOME))) == -np.inf


def test_coverage_reaches_to_the_outline_less_the_uncertainty() -> None:
    area = box(-1000, -1000, 2000)
    east = area.bounds[2]
    points = np.array([*map(shapely.Point, (HOME, (east, HOME[1]), at(1300, 0))), box(900, 0, 200)])
    found = covered_m(points, np.array([10.0, 0.0, 5.0, 0.0]), area)
    assert found.tolist() == pytest.approx([990, 0, -305, -1e-4], abs=0.1)
    assert found[1] == 0.0
    assert found[3] == -1e-4


@pytest.mark.parametrize("radius_m", [500.0, 1_000.0])
def test_a_circle_s_polygon_is_as_large_as_the_circle(radius_m: float) -> None:
    """A geodesic circle has π r² (1 - r² / 12 R²); both curvatures of the ellipsoid are within 1 % of 6.36e6 m."""
    around = shapely.box(HOME[0] - 0.1, HOME[1] - 0.1, HOME[0] + 0.1, HOME[1] + 0.1)
    found = ClippedAreas(np.array([around], dtype=object)).clipped_m2(*HOME, radius_m)[0]
    assert found == pytest.approx(math.pi * radius_m**2 * (1 - radius_m**2 / 12 / 6.36e6**2), rel=3e-9)


def clipped(radius_m: float, *shapes: shapely.Geometry) -> list[float]:
    made: list[float] = ClippedAreas(np.array(shapes, dtype=object)).clipped_m2(*HOME, radius_m).tolist()
    return made


def test_land_is_counted_inside_the_circle_alone_however_far() -> None:
    inside, outside = box(900, -5, 10), box(1001, -5, 10)
    assert clipped(1000.0, inside)[0] == pytest.approx(100, rel=1e-3)
    assert clipped(1000.0, outside)[0] == 0.0
    assert clipped(1000.0, box(995, -5, 10))[0] == pytest.approx(50, rel=2e-2)
    for apart_m, found_m2 in ((999_980.0, 100.0), (1_000_010.0, 0.0)):  # a chord is some 1,030 m shorter there
        lon, lat, _ = GEOD.fwd(*HOME, 0, apart_m)
        wide, high = 5 / 111_320 / math.cos(math.radians(lat)), 5 / 111_320
        far = shapely.box(lon - wide, lat - high, lon + wide, lat + high)
        assert clipped(1_000_000.0, far)[0] == pytest.approx(found_m2, rel=1e-2)


def test_land_around_the_middle_and_in_every_direction_is_clipped_alike() -> None:
    for turn in range(0, 360, 15):
        lon, lat, _ = GEOD.fwd(*HOME, turn, 1000)
        half = shapely.Point(lon, lat).buffer(0.0005)
        assert clipped(1000.0, half)[0] == pytest.approx(clipped(2000.0, half)[0] / 2, rel=0.05)
    ring = circle(0, 0, 1500).difference(circle(0, 0, 500))
    assert clipped(1000.0, ring)[0] == pytest.approx(math.pi * (1000**2 - 500**2), rel=5e-3)
    quarter = shapely.box(HOME[0], HOME[1], HOME[0] + 0.1, HOME[1] + 0.1)
    assert clipped(1000.0, quarter)[0] == pytest.approx(math.pi * 1e6 / 4, rel=1e-3)
    tall = box(-10, -3000, 20, 6000)
    assert clipped(1000.0, tall)[0] == pytest.approx(20 * 2000, rel=1e-2)


@pytest.mark.parametrize(("name", "value"), [("_MARGIN_M", 3000.0), ("_WIDE_RAD", -1.0), ("_WIDE_RAD", 0.3)])
def test_wider_margins_of_the_circle_change_no_area(name: str, value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = [box(150 * (number % 20) - 1500, 200 * (number // 20) - 1500, 120) for number in range(300)]
    plain = clipped(1000.0, *shapes)
    monkeypatch.setattr(land_area, name, value)
    assert clipped(1000.0, *shapes) == pytest.approx(plain, rel=1e-9)


def test_ground_under_several_shapes_counts_once_together_and_once_in_each_class() -> None:
    one, two, three = box(0, 0, 100), box(50, 0, 100), box(50, 0, 200, 100)
    areas = ClippedAreas(np.array([one, two, three], dtype=object), np.array([0, 1, 0]))
    of_all = [25_000.0, 25_000.0, 10_000.0]  # 250 by 100 together; 0: 0 to 250; 1: 50 to 150
    assert areas.clipped_m2(*HOME, 1000.0).tolist() == pytest.approx(of_all, rel=1e-3)
    assert areas.union_m2(np.array([0, 1, 2])).tolist() == pytest.approx(of_all, rel=1e-3)
    assert areas.union_m2(np.array([1, 2])).tolist() == pytest.approx([20_000, 20_000, 10_000], rel=1e-3)
    assert areas.union_m2(np.array([1])).tolist() == pytest.approx([10_000, 0, 10_000], rel=1e-3)
    assert areas.union_m2(np.array([2])).tolist() == pytest.approx([20_000, 20_000, 0], rel=1e-3)
    assert areas.union_m2(np.empty(0, np.int64)).tolist() == [0.0, 0.0, 0.0]
    four = ClippedAreas(np.array([one, one, one, one], dtype=object))
    assert four.union_m2(np.array([0, 1, 2, 3])).tolist() == pytest.approx([10_000, 10_000], rel=1e-3)
    assert four.union_m2(np.array([3])).tolist() == pytest.approx([10_000, 10_000], rel=1e-3)
    assert four.union_m2(np.array([1, 3])).tolist() == pytest.approx([10_000, 10_000], rel=1e-3)
    none = ClippedAreas(np.empty(0, dtype=object))
    assert none.union_m2(np.empty(0, np.int64)).tolist() == none.clipped_m2(*HOME, 5.0).tolist() == [0.0, 0.0]
    empty = ClippedAreas(np.array([shapely.Polygon(), one], dtype=object))
    assert empty.clipped_m2(*HOME, 1000.0)[0] == pytest.approx(10_000, rel=1e-3)


@pytest.mark.parametrize(
    ("distance_m", "limit_m", "text"),
    [
        (999.4, None, "999 m"), (999.6, None, "1.0 km"), (1000.0, None, "1.0 km"), (9.96, None, "10 m"),
        (9.94, None, "9.9 m"), (10.4, None, "10 m"), (0.04, None, "0 m"), (10_003.2, 10_000.0, "10003.2 m"),
        (10_000.0, 10_000.0, "10.0 km"), (10_049.0, 10_000.0, "10049 m"), (10_051.0, 10_000.0, "10.1 km"),
        (100.4, 100.0, "100.4 m"), (100.6, 100.0, "101 m"), (None, 5.0, ""), (9.96, 10.0, "9.96 m"),
    ],
)  # fmt: skip
def test_a_distance_is_shown_so_that_its_side_of_the_limit_is_seen(
    distance_m: float | None, limit_m: float | None, text: str
) -> None:
    assert distance_text(distance_m, limit_m=limit_m) == text


def test_words_for_errors_radii_and_bearings() -> None:
    assert distance_text(823.4, 0.4) == "823 m"
    assert distance_text(823.4, 1.0) == "823 m（±1 m）"
    assert distance_text(823.4, 0.6) == "823 m（±1 m）"
    assert distance_text(4312.0, 50.0) == "4.3 km"
    assert [radius_text(one) for one in (999.0, 1000.0, 1500.0)] == ["999 m", "1 km", "1.5 km"]
    turns = (0, 22, 23, 67, 68, 112, 113, 157, 158, 202, 203, 247, 248, 292, 293, 337, 338, 360)
    words = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
    assert [bearing_text(float(one)) for one in turns] == [words[n // 2 % 8] for n in range(18)]
    assert bearing_text(None) == ""
