from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from grids import frame, point, raster
from msgspec.structs import replace

from hmgeo.errors import InputError
from hmgeo.geo.raster import kept, read_whole, strips
from hmgeo.judging.facts import NumberFact, Unknown
from hmgeo.terrain.slope import (
    Measure,
    ReliefScheme,
    gather,
    relief_m,
    relief_measure,
    slope_deg,
    slope_grade,
    slope_measure,
    slopes_of,
    terrain_class_at,
)
from hmgeo.vocabulary import TerrainClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

HILLY = np.add.outer(np.arange(10) ** 2, np.arange(7) * 3).astype(np.float32)


@pytest.mark.parametrize(
    ("heights", "expected_deg"),
    [
        ([[5, 5, 5]] * 3, 0.0),
        ([[0, 10, 20]] * 3, 45.0),
        ([[20, 20, 20], [10, 10, 10], [0, 0, 0]], 45.0),
        # Up 10 m east and 10 m north over 10 m cells: a gradient of sqrt(2).
        ([[10, 20, 30], [0, 10, 20], [-10, 0, 10]], np.degrees(np.arctan(np.sqrt(2)))),
        # Horn weighs the middle row twice: (0 + 2 * 8 + 0) / (8 * 10).
        ([[0, 0, 0], [0, 0, 8], [0, 0, 0]], np.degrees(np.arctan(0.2))),
    ],
)
def test_slope_of_three_by_three_cells(heights: list[list[float]], expected_deg: float) -> None:
    assert slope_deg(np.array(heights, np.float32), (10.0, 10.0))[1, 1] == pytest.approx(expected_deg, abs=1e-9)


def test_slope_uses_each_axis_own_cell_size() -> None:
    rising_east = np.array([[0, 10, 20]] * 3, np.float32)
    assert slope_deg(rising_east, (20.0, 10.0))[1, 1] == pytest.approx(np.degrees(np.arctan(0.5)))
    assert slope_deg(rising_east.T, (20.0, 10.0))[1, 1] == pytest.approx(45.0)


def test_slope_is_unknown_at_the_edge_and_beside_a_void() -> None:
    heights = HILLY.copy()
    heights[4, 3] = np.nan
    unknown = np.isnan(slope_deg(heights, (10.0, 10.0)))
    expected = np.ones(heights.shape, dtype=bool)
    expected[1:-1, 1:-1] = False
    expected[3:6, 2:5] = True
    assert (unknown == expected).all()


def test_relief_is_highest_less_lowest_of_the_window() -> None:
    heights = np.array([[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 7, 8, 40, 0], [0, 0, 0, 0, 0]])
    found = relief_m(heights.astype(np.float32), (1, 1))
    assert found[1:4, 1:4].tolist() == [[5.0, 6.0, 6.0], [8.0, 39.0, 40.0], [8.0, 40.0, 40.0]]
    assert np.isnan(found[0]).all()
    assert relief_m(heights.astype(np.float32), (2, 2))[2, 2] == 40.0


def test_relief_needs_the_window_to_be_known_but_for_a_share() -> None:
    heights = np.zeros((9, 9), np.float32)
    heights[4, 4] = 100
    heights[4, 5] = np.nan
    # One cell of 81 is void: 98.8 % is known.
    assert relief_m(heights, (4, 4), 0.95)[4, 4] == 100.0
    assert np.isnan(relief_m(heights, (4, 4), 1.0)[4, 4])
    assert np.isnan(relief_m(heights, (1, 1), 0.95)[4, 4])
    assert np.isnan(relief_m(heights, (4, 4), 0.0)[4, 5])


@pytest.mark.parametrize("block", [1, 2, 3, 64])
def test_measures_by_strips_are_those_of_the_whole(block: int) -> None:
    heights = HILLY.copy()
    heights[6, 2] = np.nan
    given = raster(heights, block)
    scheme = ReliefScheme(50.0)
    assert np.array_equal(read_whole(given), heights, equal_nan=True)
    cells = np.arange(heights.size)
    shuffled = np.random.default_rng(block).permutation(cells)
    for asked in ([cells], [shuffled[:3], shuffled[3:4], shuffled[:0]]):
        relief = gather(given, relief_measure(frame(given), scheme), asked)
        slope = gather(given, slope_measure(frame(given)), asked)
        for own, steep, rough in zip(asked, slope, relief, strict=True):
            assert np.array_equal(rough, relief_m(heights, (2, 2)).reshape(-1)[own], equal_nan=True)
            assert np.array_equal(steep, slope_deg(heights, (10.0, 10.0)).reshape(-1)[own], equal_nan=True)
    assert np.isnan(gather(given, slope_measure(frame(given)), [np.array([-1])])[0]).all()


def test_only_ground_around_what_is_asked_is_measured() -> None:
    heights = np.random.default_rng(0).uniform(0.0, 50.0, (40, 300))
    given = raster(heights)
    seen: list[tuple[int, ...]] = []
    whole = slope_deg(heights.astype(np.float32), (10.0, 10.0))

    def slope(part: NDArray[np.float32]) -> NDArray[np.float64]:
        seen.append(part.shape)
        return slope_deg(part, (10.0, 10.0))

    (found,) = gather(given, Measure(slope, (1, 1)), [np.array([20 * 300 + 10, 22 * 300 + 70, 5 * 300 + 290])])
    assert found.tolist() == [whole[20, 10], whole[22, 70], whole[5, 290]]
    # Columns 10 and 70 lie in tiles side by side; column 290 has ground of its own.
    assert seen == [(5, 63), (3, 3)]


def test_a_raster_that_is_kept_is_read_once() -> None:
    given, passes = raster(HILLY, 3), []
    counted = replace(given, open_windows=lambda: passes.append(1) or given.open_windows())
    held = kept(counted)
    assert not passes
    for _ in range(3):
        assert np.array_equal(read_whole(held), HILLY)
    # A pass that was broken off keeps nothing.
    broken = kept(counted)
    next(broken.windows())
    assert np.array_equal(read_whole(broken), HILLY)
    assert len(passes) == 3
    large = replace(given, height=10_000, width=10_000)
    assert kept(large) is large


def test_a_strip_holds_its_block_and_the_halo_no_more() -> None:
    held = [len(strip.heights) for strip in strips(raster(np.zeros((1000, 2)), 10), halo=3)]
    assert max(held) == 16


def test_a_grade_ends_at_its_upper_limit() -> None:
    assert slope_grade(np.array([2.0, 2.0001, 6.0, 15.0, 25.0, 25.0001])).tolist() == [1, 2, 2, 3, 4, 5]


def test_the_window_changes_the_class() -> None:
    rows, columns = np.indices((41, 41))
    cone = raster(np.hypot(rows - 20, columns - 20) * 3)
    middle = [point(cone, 20, 20)]
    small, large = (terrain_class_at(cone, ReliefScheme(window), middle, [0.0])[0] for window in (100.0, 300.0))
    assert not isinstance(small, Unknown)
    assert not isinstance(large, Unknown)
    # Corners of 11 x 11 and 31 x 31 cells: 3 * hypot(5, 5) and 3 * hypot(15, 15).
    assert (small.terrain, small.relief_m) == (TerrainClass.PLAIN, 21.2132)
    assert (large.terrain, large.relief_m) == (TerrainClass.HILL, 63.6396)


def test_class_limits_are_lower_inclusive() -> None:
    scheme = ReliefScheme(100.0)
    assert [scheme.class_of(relief) for relief in (29.9999, 30.0, 199.9999, 200.0)] == [
        TerrainClass.PLAIN,
        TerrainClass.HILL,
        TerrainClass.HILL,
        TerrainClass.MOUNTAIN,
    ]


def test_slope_of_places() -> None:
    # Flat in the west, 45 degrees in the east.
    heights = raster(np.tile([0, 0, 0, 0, 0, 10, 20, 30, 40], (9, 1)))
    west, east = frame(heights).lon_lat(np.array([4 * 9 + 2, 4 * 9 + 7]))
    facts = slopes_of(
        heights,
        [shapely.Point(west), shapely.Point(east), shapely.LineString([west, east]), shapely.Point(113.0, 30.0)],
        [0.0, 0.0, 0.0, 0.0],
    )
    half = float(np.degrees(np.arctan(0.5)))
    assert facts[:2] == [NumberFact(0.0), NumberFact(45.0)]
    assert isinstance(facts[2], NumberFact)
    assert facts[2].value == pytest.approx((0 + 0 + half + 45 + 45 + 45) / 6, abs=1e-3)
    assert isinstance(facts[3], Unknown)
    assert "没有高程" in facts[3].why


def test_an_uncertain_place_has_a_range_of_slopes() -> None:
    heights = raster(np.tile([0, 0, 0, 0, 0, 10, 20, 30, 40], (9, 1)))
    found = slopes_of(heights, [point(heights, 4, 3)], [12.0])[0]
    assert isinstance(found, NumberFact)
    assert (found.value, found.low, found.high) == (0.0, 0.0, round(float(np.degrees(np.arctan(0.5))), 4))


def test_degrees_are_refused() -> None:
    with pytest.raises(InputError, match="须在米制投影上计算（现为「EPSG:4490」）"):
        slopes_of(raster(HILLY, crs="EPSG:4490"), [], [])
