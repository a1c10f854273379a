"""Sources known by place, at their limits: cells, the greatest distance, counts, and what is said of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from msgspec.structs import replace
from oracle import box_from
from strategies import layer_of, positions_of

from hmgeo.judging.bench import Question
from hmgeo.judging.facts import Answer, DistanceFact, Features, PlaceFact, Unknown
from hmgeo.judging.places import Areas, Place, Places
from hmgeo.proximity.measure import measure_proximity
from hmgeo.records import Gates
from hmgeo.screening.screen import screen
from hmgeo.screening.somewhere import (
    CountRange,
    Field,
    MeasuredLayers,
    Measures,
    Nearest,
    PlaceRange,
    PlaceRanges,
    PlaceSource,
    _cells,
    _counts,
    _distances,
    _greatest,
    _split,
    count_rows,
    covered_around_m,
    measured_places,
    measures_of,
    place_range,
    place_sources,
    places_table,
    unread_words,
    widened,
)
from hmgeo.vocabulary import Basis, Completeness

if TYPE_CHECKING:
    from collections.abc import Sequence

SAG_M = 0.05


@dataclass
class Plane:
    """A field in a plane without distortion."""

    distortion: float = 0.0
    middle: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    reach_m: np.ndarray = field(default_factory=lambda: np.empty(0))
    area_ha: np.ndarray = field(default_factory=lambda: np.empty(0))
    code: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    classes: Sequence[str] = ("甲",)
    lands: Sequence[str] = ()
    land_code: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def widened(self, distance_m: float) -> float:
        return distance_m * (1 + self.distortion) + SAG_M


def tree(*points: tuple[float, float]) -> shapely.STRtree:
    return shapely.STRtree(shapely.points(points))


def greatest(flat: shapely.Geometry, held: shapely.STRtree, *radii_m: float) -> tuple[float, float]:
    return _greatest(flat, held, Plane(), radii_m)  # type: ignore[arg-type]  # as much of a field as is asked


def test_cells_cover_a_place() -> None:
    middles, side_m = _cells(shapely.box(0, 0, 100, 50), 1)
    assert side_m == pytest.approx(math.sqrt(5000))  # one cell of the same area, two to cover the length
    assert middles.tolist() == pytest.approx(np.array([[0.5, 0.5], [1.5, 0.5]]) * side_m)
    middles, side_m = _cells(shapely.box(10, 20, 26, 36), 256)
    assert (side_m, len(middles)) == (1.0, 256)
    assert (middles[0].tolist(), middles[-1].tolist()) == ([10.5, 20.5], [25.5, 35.5])
    middles, side_m = _cells(shapely.box(0, 0, 1000, 0.001), 1)  # a strip isn't cut into a thousand cells
    assert (side_m, len(middles)) == (250.0, 4)
    middles, side_m = _cells(shapely.box(0, 0, 0.001, 1000), 1)
    assert (side_m, len(middles)) == (250.0, 4)
    middles, side_m = _cells(shapely.Point(5, 6), 1)
    assert (side_m, middles.tolist()) == (1e-3, [[5.0005, 6.0005]])


def test_cells_that_miss_the_place_are_left_out_and_those_that_touch_it_are_not() -> None:
    corner = shapely.Polygon([(0, 0), (16, 0), (0, 16)])
    middles, side_m = _cells(corner, 256)
    assert side_m == 1.0
    assert len(middles) == 16 * 17 // 2 + 15  # those on and below the slope, and those that it touches at a corner
    finer, half_m = _split(shapely.box(-2, -2, 2, 2), np.array([[0.0, 0.0]]), 4.0)
    assert (finer.tolist(), half_m) == ([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], 2.0)
    finer, _ = _split(shapely.box(0.5, -0.5, 1, -0.1), np.array([[0.0, 0.0]]), 4.0)
    assert finer.tolist() == [[1.0, -1.0]]


def test_the_greatest_distance_of_a_corner_is_attained() -> None:
    square = shapely.box(0, 0, 100, 100)
    assert _distances(shapely.points([[0, 0], [3, 4]]), tree((0, 0))).max() == 5.0
    assert greatest(square, tree((0, 0)), 1000.0) == pytest.approx((math.hypot(100, 100),) * 2)


FOUR = ((0.0, 0.0), (100.0, 0.0), (0.0, 100.0), (100.0, 100.0))
MIDDLE_M = math.hypot(50, 50)
"""From the middle of a square of 100 m to its corners; the first cell is the square, whose bound is twice that."""


@pytest.mark.parametrize(
    ("radius_m", "is_pinned"),
    [
        (MIDDLE_M - SAG_M - 0.01, False), (MIDDLE_M - SAG_M + 0.01, True), (100.0, True),
        (2 * MIDDLE_M + SAG_M - 0.01, True), (2 * MIDDLE_M + SAG_M + 0.01, False),
    ],
)  # fmt: skip
def test_the_greatest_distance_is_pinned_where_a_radius_lies_in_the_gap(radius_m: float, *, is_pinned: bool) -> None:
    proven_m, high_m = greatest(shapely.box(0, 0, 100, 100), tree(*FOUR), 1.0, radius_m, 1e5)
    assert proven_m == pytest.approx(MIDDLE_M)
    if is_pinned:
        assert MIDDLE_M <= high_m <= MIDDLE_M + 5.0
    else:
        assert high_m == pytest.approx(2 * MIDDLE_M)


def test_the_plane_s_distortion_widens_what_lies_in_the_gap() -> None:
    around = Plane(distortion=0.1)
    square, held = shapely.box(0, 0, 100, 100), tree(*FOUR)
    for radius_m, is_pinned in ((0.9 * MIDDLE_M - 0.1, False), (0.9 * MIDDLE_M, True), (2.2 * MIDDLE_M, True)):
        _, high_m = _greatest(square, held, around, (radius_m,))  # type: ignore[arg-type]
        assert (high_m < 80) is is_pinned


def test_a_gap_of_a_hundred_metres_is_shown_and_one_more_is_split() -> None:
    big = shapely.box(0, 0, 140, 140)  # bound and attained lie 98.99 m apart
    corners = tree((0, 0), (140, 0), (0, 140), (140, 140))
    assert greatest(big, corners)[1] == pytest.approx(2 * math.hypot(70, 70))
    bigger = shapely.box(0, 0, 142, 142)  # 100.4 m
    corners = tree((0, 0), (142, 0), (0, 142), (142, 142))
    proven_m, high_m = greatest(bigger, corners)
    assert proven_m == pytest.approx(math.hypot(71, 71))
    assert high_m == pytest.approx(math.hypot(71, 71))  # a quarter of the square bounds it, no longer twice that


def test_only_positions_in_the_place_attain_a_distance() -> None:
    two = shapely.union(shapely.box(0, 0, 10, 10), shapely.box(990, 0, 1000, 10))
    proven_m, high_m = greatest(two, tree((5, 5), (995, 5)), 20.0)
    assert proven_m == pytest.approx(math.hypot(5, 5))  # not the 495 m of the middle between them
    assert math.hypot(5, 5) <= high_m <= math.hypot(5, 5) + 100


@pytest.mark.parametrize("seed", range(24))
def test_the_greatest_distance_holds_on_a_fine_grid(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
    place = shapely.Polygon(np.column_stack([np.cos(turns), np.sin(turns)]) * rng.uniform(200, 900, (9, 1))).buffer(0)
    held = shapely.STRtree(shapely.points(rng.uniform(-900, 900, (4, 2))))
    west, south, east, north = place.bounds
    grid = np.stack(np.meshgrid(np.linspace(west, east, 60), np.linspace(south, north, 60)), -1).reshape(-1, 2)
    most_m = _distances(shapely.points(grid[shapely.intersects_xy(place, *grid.T)]), held).max()
    for radii_m in ((), (most_m,), (most_m + 3.0, most_m + 30.0)):
        proven_m, high_m = greatest(place, held, *radii_m)
        assert most_m <= high_m
        is_at_stake = any(proven_m - SAG_M <= one <= high_m + SAG_M for one in radii_m)
        assert 0 <= high_m - proven_m <= (5.0 if is_at_stake else 100.0)


@pytest.mark.parametrize("seed", range(12))
def test_the_greatest_distance_in_a_triangle_of_receptors_is_the_radius_of_its_circle(seed: int) -> None:
    turns = np.radians([0, 115, 235]) + np.random.default_rng(seed).uniform(-0.4, 0.4, 3)  # acute: it holds the middle
    corners = 950.0 * np.column_stack([np.cos(turns), np.sin(turns)])
    place, held = shapely.Polygon(corners), shapely.STRtree(shapely.points(corners))
    for radii_m in ((), (940.0,), (949.0, 951.0), (955.0,)):
        proven_m, high_m = greatest(place, held, *radii_m)
        assert proven_m <= 950.0 <= high_m


def counted(radii_m: Sequence[float], *balls: tuple[float, float, float], **more: Any) -> dict[Any, CountRange]:  # noqa: ANN401
    """Count balls (east, north, reach) from a square of 16 m, cut into cells of 1 m."""
    middle = np.array([[x, y] for x, y, _ in balls])
    plane = Plane(
        middle=middle, reach_m=np.array([reach for *_, reach in balls]), area_ha=np.full(len(balls), 2.0),
        code=np.zeros(len(balls), np.int64), **more,
    )  # fmt: skip
    within, land, slack_m = _counts(shapely.box(0, 0, 16, 16), plane, radii_m)  # type: ignore[arg-type]
    assert slack_m == pytest.approx(math.sqrt(0.5) + SAG_M)
    assert land == {}
    return within


SLACK_M = math.sqrt(0.5) + SAG_M


def far_m(east: float) -> float:
    """Return how far the farthest cell's middle lies from a point east of the square at half its height."""
    return math.hypot(east - 0.5, 7.5)


def test_a_ball_counts_surely_where_every_cell_holds_it_and_possibly_where_one_meets_it() -> None:
    east, reach_m = 40.0, 2.0
    near_m, most_m = math.hypot(east - 15.5, 0.5), far_m(east)
    for radius_m, told in (
        (near_m - reach_m - SLACK_M - 0.01, (0, 0)), (near_m - reach_m - SLACK_M + 0.01, (0, 1)),
        (most_m + reach_m + SLACK_M - 0.01, (0, 1)), (most_m + reach_m + SLACK_M + 0.01, (1, 1)),
    ):  # fmt: skip
        found = counted((radius_m,), (east, 8.0, reach_m))[radius_m, "all"]
        assert (found.count_low, found.count_high) == told
        assert (found.area_low_ha, found.area_high_ha) == (2.0 * told[0], 2.0 * told[1])


def test_distortion_widens_what_may_and_narrows_what_surely_counts() -> None:
    near_m, most_m = math.hypot(24.5, 0.5), far_m(40.0)
    for radius_m, told in (
        ((near_m - SLACK_M) / 1.1 - 0.01, (0, 0)), ((near_m - SLACK_M) / 1.1 + 0.01, (0, 1)),
        ((most_m + SLACK_M) / 0.9 - 0.01, (0, 1)), ((most_m + SLACK_M) / 0.9 + 0.01, (1, 1)),
    ):  # fmt: skip
        found = counted((radius_m,), (40.0, 8.0, 0.0), distortion=0.1)[radius_m, "all"]
        assert (found.count_low, found.count_high) == told


@pytest.mark.parametrize("ball", [(-84.0, 8.0), (100.0, 8.0), (8.0, -84.0), (8.0, 100.0)])
def test_balls_on_every_side_are_met(ball: tuple[float, float]) -> None:
    found = counted((10.0, 84.5), (*ball, 0.0), (1000.0, 1000.0, 0.0))
    assert [found[radius_m, "all"].count_high for radius_m in (10.0, 84.5)] == [0, 1]
    assert found[84.5, "甲"] == found[84.5, "all"]


def test_classes_and_land_are_counted_apart() -> None:
    plane = Plane(
        middle=np.array([[8.0, 8.0], [8.0, 9.0], [8.0, 10.0]]), reach_m=np.zeros(3), area_ha=np.array([1.0, 2.0, 4.0]),
        code=np.array([0, 1, 1]), classes=("甲", "乙"), lands=("水田", "旱地"), land_code=np.array([1, 1, 0]),
    )  # fmt: skip
    soil, land, _ = _counts(shapely.box(0, 0, 16, 16), plane, (50.0,))  # type: ignore[arg-type]
    assert {word: one.area_low_ha for (_, word), one in soil.items()} == {"all": 7.0, "甲": 1.0, "乙": 6.0}
    assert {word: one.count_high for (_, word), one in land.items()} == {"all": 3, "水田": 1, "旱地": 2}


HOME = (113.0, 23.0)


square = partial(box_from, HOME)


def test_a_field_holds_every_receptor_as_a_ball_with_its_area() -> None:
    parcels = layer_of(
        [square(0, 0, 100), square(1000, 0, 200)], classes=["严格管控类", "安全利用类"],
        official_area_m2=[12_345.0, None], lands=["水田", None],
    )  # fmt: skip
    around = Field(parcels, square(0, 0, 1000).bounds)
    assert around.classes == ["安全利用类", "严格管控类"]
    assert around.code.tolist() == [1, 0]
    assert (around.lands, around.land_code.tolist()) == (["水田", "地类不明"], [0, 1])
    assert around.area_ha.tolist() == pytest.approx([1.2345, 4.0], rel=1e-3)
    assert around.reach_m.tolist() == pytest.approx([math.hypot(50, 50), math.hypot(100, 100)], rel=1e-3)
    apart_m = around.middle[1] - around.middle[0]
    assert apart_m.tolist() == pytest.approx([1050, 50], rel=1e-3)
    # The plane's middle is that of 0 to 1200 m east and 0 to 1000 m north, whatever is asked first.
    assert around.middle[0].tolist() == pytest.approx([-550, -450], rel=1e-3)
    assert {word: len(held) for word, held in around.trees.items()} == {"all": 2, "安全利用类": 1, "严格管控类": 1}
    farthest_m = math.hypot(600, 500)
    assert around.distortion == pytest.approx((farthest_m / 6.3354e6) ** 2 / 5 + 2e-6, rel=1e-4)
    assert around.widened(1000.0) == pytest.approx(1000 * (1 + around.distortion) + SAG_M, abs=1e-9)
    assert around.narrowed(1000.0) == pytest.approx(1000 * (1 - around.distortion) - SAG_M, abs=1e-9)
    assert around.narrowed(0.01) == 0.0
    silent = Field(layer_of([square(0, 0, 100)]), square(0, 0, 100).bounds)
    assert (silent.lands, silent.land_code.tolist()) == ([], [])


def test_distortion_grows_with_the_square_of_the_extent() -> None:
    wide = Field(layer_of([square(0, 0, 100)]), square(0, 0, 200_000).bounds)
    assert wide.distortion == pytest.approx((math.hypot(100_000, 100_000) / 6.3354e6) ** 2 / 5 + 2e-6, rel=0.05)


def test_a_search_around_a_place_is_covered_as_far_as_the_outline_lies_off() -> None:
    around = Field(layer_of([square(0, 0, 100)]), square(-2000, -2000, 5000).bounds)
    place = square(0, 0, 1000)
    assert covered_around_m(place, square(-500, -700, 3000), around) == pytest.approx(500, abs=1)
    assert covered_around_m(place, square(-500, -700, 3000), around) < 500
    assert covered_around_m(place, square(1300, 0, 1000), around) == pytest.approx(-300, abs=1)
    assert covered_around_m(place, square(1300, 0, 1000), around) < -300
    assert covered_around_m(place, square(500, 0, 1000), around) == pytest.approx(-SAG_M, abs=1e-6)  # across it
    assert covered_around_m(place, place, around) == 0.0


def test_the_range_over_a_place_is_wider_than_what_was_measured() -> None:
    parcels = layer_of([square(2000, 0, 100)], classes=["安全利用类"])
    around = Field(parcels, square(0, 0, 1000).bounds)
    found = place_range(square(0, 0, 1000), around, (1000.0, 10_000.0))
    assert sorted(found.nearest_m) == ["all", "安全利用类"]
    low_m, high_m = found.nearest_m["all"]
    assert 999.0 < low_m < 1000.0 - SAG_M
    farthest_m = math.hypot(2000, 900)
    assert farthest_m < high_m < farthest_m + 101
    assert 0.0 < found.nearest_error_m == pytest.approx(high_m - farthest_m, abs=1)
    assert found.count_error_m == pytest.approx(1000 / 16 * math.sqrt(0.5) + SAG_M, rel=1e-3)
    assert found.within[10_000.0, "all"] == CountRange(1, 1, pytest.approx(1.0, rel=1e-3), pytest.approx(1.0, rel=1e-3))
    assert found.within[1000.0, "all"].count_low == 0
    assert place_range(square(2000, 0, 1000), around, (1000.0,)).nearest_m["all"][0] == 0.0


SOMEWHERE = PlaceSource("441802", "清城区", square(0, 0, 1000), is_approximate=False)
RANGE = PlaceRange(
    {"all": (100.00004, 900.12344), "严格管控类": (300.0, 1200.0), "三类": (50.0, 80.0)}, 12.0,
    {(1e3, "all"): CountRange(1, 4, 2.5, 9.5), (1e3, "严格管控类"): CountRange(0, 1, 0.0, 3.0)}, 7.0,
    {(1e3, "all"): CountRange(1, 4, 2.5, 9.5), (1e3, "水田"): CountRange(1, 2, 1.5, 3.0)},
)  # fmt: skip


def test_a_search_misses_nothing_only_in_a_complete_layer_that_covers_it() -> None:
    covered = replace(SOMEWHERE, is_complete=True, covered_m=500.0)
    assert not covered.lower_bounds(500.0)
    assert covered.lower_bounds(500.1)
    assert replace(covered, is_complete=False).lower_bounds(1.0)
    assert replace(covered, covered_m=None).lower_bounds(1.0)


def test_cells_of_a_source_somewhere_are_ranges() -> None:
    bare = {"status": "assessed", "position_kind": "place"}
    assert SOMEWHERE.columns(1e3) == bare
    assert replace(SOMEWHERE, measured=PlaceRange()).columns(1e3) == bare
    assert replace(SOMEWHERE, measured=RANGE, is_complete=True, covered_m=1e3).columns(1e3) == bare | {
        "nearest_farmland_m": 100.0, "nearest_farmland_max_m": 900.1234, "farmland_count": 1,
        "farmland_count_max": 4, "farmland_area_ha": 2.5, "counts_are_lower_bounds": False,
    }  # fmt: skip


def test_what_is_said_of_a_place_names_outline_and_errors() -> None:
    assert SOMEWHERE.sentence().code == "somewhere_unmeasured"  # type: ignore[attr-defined]
    said = replace(SOMEWHERE, measured=RANGE).sentence()
    rough = replace(SOMEWHERE, measured=RANGE, is_approximate=True).sentence()
    assert "12 m" in said
    assert "7 m" in said
    assert said != rough


def areas(**more: object) -> Areas:
    schema = pa.schema([("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])

    def table(*rows: tuple[str, str]) -> pa.Table:
        ground = shapely.to_wkb(square(0, 0, 1000))
        return pa.Table.from_pylist([{"id": code, "name": name, "geometry": ground} for code, name in rows], schema)

    return replace(Areas(table(("441802", "清城区")), table(("441802105", "龙塘镇"))), **more)  # type: ignore[arg-type]


TOWN = Place("441802", "清城区", "441802105", "龙塘镇")


def test_only_rows_without_coordinates_stand_somewhere() -> None:
    positions = positions_of([None, shapely.Point(HOME), None, None, None])
    table = positions.table
    at = table.schema.get_field_index("position_kind")
    kinds = ["", "point", "point", "", ""]
    waiting = replace(positions, table=table.set_column(at, table.schema.field(at), pa.array(kinds)))
    other, nowhere = Place("441802", "清城区", "441802999", "某镇"), Place("449999", "某县")
    found = place_sources(waiting, [TOWN, TOWN, TOWN, other, nowhere], areas())
    assert {name: (one.code, one.name, one.is_approximate) for name, one in found.items()} == {
        "S0": ("441802105", "清城区龙塘镇", True), "S3": ("441802", "清城区", False),
    }  # fmt: skip
    assert found["S0"].note == ""
    assert "某镇" in found["S3"].note
    official = place_sources(waiting, [TOWN] * 5, areas(townships_are_approximate=False))
    assert not official["S0"].is_approximate
    assert place_sources(waiting, [replace(TOWN, township="", township_code="")] * 5, areas())["S0"].note == ""
    assert place_sources(waiting, [TOWN] * 5, Areas()) == {}


def test_places_are_measured_once_and_say_how_far_the_data_reach() -> None:
    bare = layer_of([square(2000, 0, 100)])
    gates = Gates(square(-1000, -1000, 9000), "清城区", Completeness.COMPLETE)
    parcels = replace(bare, gates=gates)
    two = {"S0": SOMEWHERE, "S1": SOMEWHERE}
    assert measured_places(two, None, (1e3,)) == two
    assert measured_places({}, parcels, (1e3,)) == {}
    found = measured_places(two, parcels, (1e3,))
    assert found["S0"].measured is found["S1"].measured
    assert (found["S0"].is_complete, found["S0"].is_approximate) == (True, False)
    assert found["S0"].covered_m == pytest.approx(1000, abs=1)
    silent = measured_places(two, replace(bare, basis=Basis.APPROXIMATE), (1e3,))["S1"]
    assert (silent.covered_m, silent.is_complete, silent.is_approximate) == (None, False, True)
    assert measured_places({"S0": replace(SOMEWHERE, is_approximate=True)}, bare, (1e3,))["S0"].is_approximate


def test_rows_of_places_tell_the_fewest_all_classes_once() -> None:
    rows = count_rows({"S0": replace(SOMEWHERE, measured=RANGE), "S1": SOMEWHERE})
    told = [(one["source_id"], one["class"], one["class_kind"], one["count"], one["area_ha"]) for one in rows]
    assert told == [
        ("S0", "all", "all", 1, 2.5), ("S0", "严格管控类", "soil_quality", 0, 0.0), ("S0", "水田", "land_use", 1, 1.5),
    ]  # fmt: skip
    both = PlaceRange(within={(radius_m, "all"): CountRange(1, 1, 1.0, 1.0) for radius_m in (2e3, 1e3)})
    assert [one["radius_m"] for one in count_rows({"S0": replace(SOMEWHERE, measured=both)})] == [1e3, 2e3]
    drawn = places_table({"S0": SOMEWHERE}).to_pylist()
    assert [(one["source_id"], one["place_code"], one["place_name"], one["is_approximate"]) for one in drawn] == [
        ("S0", "441802", "清城区", False)
    ]


FARMLAND = Features("farmland")
OTHERS = (
    Features("industrial_parks"),
    Features("farmland", having=("park_lawful",)),
    Features("farmland", lacking=("park_lawful",)),
)


def somewhere(measured: PlaceRange | None = RANGE, *, has_farmland: bool = True, **more: object) -> PlaceRanges:
    source = replace(SOMEWHERE, measured=measured, covered_m=5.0, is_complete=True, aside="搁置", **more)  # type: ignore[arg-type]
    return PlaceRanges(source, Places(TOWN), has_farmland=has_farmland)


def test_a_distance_from_somewhere_is_the_range_of_the_classes_asked() -> None:
    of_all = somewhere().distance(FARMLAND)
    assert of_all == DistanceFact(
        100.0, 900.1234, None, covered_m=5.0, is_complete=True, aside="搁置",
        untold_why=of_all.untold_why,  # type: ignore[union-attr]
    )  # fmt: skip
    strict = somewhere(is_approximate=True).distance(Features("farmland", ("严格管控类",)))
    assert isinstance(strict, DistanceFact)
    assert (strict.low_m, strict.high_m, strict.untold_m, strict.is_approximate) == (300.0, 1200.0, 50.0, True)
    assert "三类" in strict.untold_why
    asked = somewhere().distance(Features("farmland", ("严格管控类", "三类")))
    assert isinstance(asked, DistanceFact)
    assert (asked.low_m, asked.high_m, asked.untold_m) == (50.0, 80.0, math.inf)
    none = somewhere().distance(Features("farmland", ("优先保护类",)))
    assert isinstance(none, DistanceFact)
    assert (none.low_m, none.high_m) == (math.inf, math.inf)


def test_from_somewhere_nothing_is_told_of_other_layers_or_facts() -> None:
    for features in OTHERS:
        assert isinstance(somewhere().distance(features), Unknown)
    assert isinstance(somewhere(has_farmland=False).distance(FARMLAND), Unknown)
    assert isinstance(somewhere(None).distance(FARMLAND), Unknown)
    assert isinstance(somewhere().inside(Features("industrial_parks")), Unknown)
    held = somewhere().inside(Features("key_areas", area_ids=("GD-QC-LT",)))
    assert isinstance(held, PlaceFact)
    assert held.answer is Answer.YES


def measures(**more: object) -> Measures:
    nearest = {
        ("S0", "all"): Nearest("P1", "甲地", "三类", 40.0, 90.0),
        ("S0", "三类"): Nearest("P1", "", "三类", 40.0, 90.0),
        ("S0", "四类"): Nearest("P4", "丁地", "四类", 45.0, 90.0),
        ("S0", "严格管控类"): Nearest("P2", "乙地", "严格管控类", 100.00004, None),
        ("S0", "安全利用类"): Nearest("P3", "丙地", "安全利用类", 70.0, 45.0),
    }
    whole = Measures(nearest, {}, {}, {}, {"S0": 500.0}, is_complete=True, unread=("三类", "四类"))
    return replace(whole, **more)  # type: ignore[arg-type]


def located(held: Measures | None = None, off_m: float = 10.0, name: str = "S0", **more: object) -> MeasuredLayers:
    row = {"source_id": name, "geometry": shapely.to_wkb(shapely.Point(HOME)), "position_uncertainty_m": off_m}
    farmland = replace(layer_of([square(0, 0, 10)]), **more)  # type: ignore[arg-type]
    return MeasuredLayers(row, farmland, held or measures(), {}, Places(TOWN))


def test_the_distance_of_a_run_is_that_of_the_nearest_of_the_classes_less_and_plus_what_is_unsure() -> None:
    both = located().distance(Features("farmland", ("严格管控类", "安全利用类")))
    assert isinstance(both, DistanceFact)
    assert (both.low_m, both.high_m, both.measured_m, both.uncertainty_m) == (60.0, 80.0, 70.0, 10.0)
    assert (both.receptor_id, both.receptor_name, both.bearing_deg) == ("P3", "丙地", 45.0)
    assert (both.covered_m, both.is_complete, both.is_approximate) == (500.0, True, False)
    assert both.untold_m == 30.0  # the nearer of two parcels whose class isn't understood
    assert "P1" in both.untold_why
    strict = located(off_m=200.0).distance(Features("farmland", ("严格管控类",)))
    assert isinstance(strict, DistanceFact)
    assert (strict.low_m, strict.high_m, strict.untold_m) == (0.0, 300.0, 0.0)
    of_all = located().distance(FARMLAND)
    assert isinstance(of_all, DistanceFact)
    assert (of_all.measured_m, of_all.untold_m, of_all.untold_why) == (40.0, math.inf, "")
    asked = located().distance(Features("farmland", ("三类",)))
    assert isinstance(asked, DistanceFact)
    assert (asked.measured_m, asked.untold_m) == (40.0, 35.0)  # 四类 is still open


def test_a_run_without_farmland_or_without_a_parcel_in_reach() -> None:
    none = located().distance(Features("farmland", ("优先保护类",)))
    assert isinstance(none, DistanceFact)
    assert (none.low_m, none.high_m, none.measured_m, none.receptor_id, none.bearing_deg) == (
        math.inf, math.inf, None, "", None,
    )  # fmt: skip
    stranger = located(name="S9").distance(FARMLAND)
    assert isinstance(stranger, DistanceFact)
    assert (stranger.measured_m, stranger.covered_m) == (None, None)
    row = {"source_id": "S0", "geometry": shapely.to_wkb(shapely.Point(HOME)), "position_uncertainty_m": 1.0}
    assert isinstance(MeasuredLayers(row, None, measures(), {}, Places(TOWN)).distance(FARMLAND), Unknown)
    for features in OTHERS:
        assert isinstance(located().distance(features), Unknown)  # asked of layers, of which there are none
    drawn = located(basis=Basis.APPROXIMATE).distance(FARMLAND)
    assert isinstance(drawn, DistanceFact)
    assert drawn.is_approximate


def test_measures_of_a_run_are_those_within_the_widest_radius() -> None:
    gates = Gates(square(-1000, -1000, 3000), "清城区", Completeness.COMPLETE)
    parcels = layer_of(
        [square(100, 0, 10), square(2000, 0, 10)], classes=["三类", "安全利用类"], official_area_m2=[1e4, 2e4]
    )
    sources = positions_of([shapely.Point(HOME), None], uncertainty_m=[50.0, 0.0])
    found = measure_proximity(sources, parcels, radii_m=(1000.0, 1960.0))
    held = measures_of(sources, replace(parcels, gates=gates), found)
    assert (held.count, held.area_ha, held.count_max) == ({"S0": 1}, {"S0": 1.0}, {"S0": 2})
    assert sorted(held.nearest) == [("S0", "all"), ("S0", "三类"), ("S0", "安全利用类")][: len(held.nearest)]
    assert held.nearest["S0", "all"].distance_m == pytest.approx(100, abs=0.1)
    assert held.covered_m == {"S0": pytest.approx(950, abs=1)}
    assert (held.is_complete, held.unread) == (True, ("三类",))
    assert not held.are_lower_bounds("S0", 900.0)
    assert held.are_lower_bounds("S0", 1000.0)
    assert held.are_lower_bounds("S1", 0.0)
    assert replace(held, is_complete=False).are_lower_bounds("S0", 900.0)
    open_ = measures_of(sources, parcels, found)
    assert (open_.covered_m, open_.is_complete) == ({}, False)
    nobody = measures_of(positions_of([None]), replace(parcels, gates=gates), found)
    assert nobody.covered_m == {}
    for nothing in (measures_of(sources, None, found), measures_of(sources, parcels, None)):
        assert (nothing.nearest, nothing.is_complete) == ({}, False)


def test_a_search_that_ends_on_the_outline_of_the_data_misses_nothing() -> None:
    held = measures(covered_m={"S0": 500.0})
    assert (held.are_lower_bounds("S0", 500.0), held.are_lower_bounds("S0", 500.1)) == (False, True)


def test_sources_are_as_unsure_as_they_and_the_layer_are_together() -> None:
    sources = positions_of([shapely.Point(HOME)], uncertainty_m=[50.0])
    assert widened(sources, 0.0) is sources
    assert widened(sources, 7.5).table["position_uncertainty_m"].to_pylist() == [57.5]


def test_words_that_leave_the_class_open_are_told_once_in_order() -> None:
    assert unread_words(["四类", "三类", "all", "严格管控类", "三类"]) == ("三类", "四类")


def test_a_screening_says_of_a_place_what_was_measured_from_it_and_in_the_order_of_the_rows() -> None:
    gates = Gates(square(-20_000, -20_000, 41_000), "清城区", Completeness.COMPLETE)
    parcels = replace(layer_of([square(2000, 0, 100)], classes=["安全利用类"]), gates=gates)
    rows = positions_of([None, shapely.Point(HOME), None, shapely.Point(square(19_000, 0, 10).bounds[:2])])
    held = rows.table
    for name, cells in (("county", ["清城区", "", "某县", ""]), ("position_kind", ["", "point", "", "point"])):
        at = held.schema.get_field_index(name)
        held = held.set_column(at, held.schema.field(at), pa.array(cells))
    sources = replace(rows, table=held)
    found = screen(sources, parcels, Question(None, radius_m=5000.0, areas=areas(townships=None)))
    notes = found.sources["note"].to_pylist()
    assert "清城区" in notes[0]
    assert notes[1] == ""
    assert "清城区" not in notes[2]
    assert "结果为下限" in notes[3]  # its search leaves the data
    assert found.sources["farmland_count"].to_pylist() == [1, 1, None, 0]
    assert found.sources["counts_are_lower_bounds"].to_pylist() == [False, False, None, True]
    widest = [row for row in found.counts.to_pylist() if (row["radius_m"], row["class"]) == (5000.0, "all")]
    told = [(row["source_id"], row["count"], row["is_lower_bound"]) for row in widest]
    assert told == [("S0", 1, False), ("S1", 1, False), ("S3", 0, True)]
    assert list(found.place_sources) == ["S0"]
    alone = screen(sources, None, Question(None, radius_m=5000.0, areas=areas(townships=None)))
    assert alone.counts.num_rows == 0
    assert alone.sources["farmland_count"].to_pylist() == [None] * 4
