"""Level ground: the shortest way out by its own outlets, the same however the grid lies."""

from __future__ import annotations

import heapq
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
import shapely
from grids import CRS, NORTH, WEST, point, raster, rows_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine
from strategies import CALM
from test_flow_facts import up, water

from hmgeo.judging.facts import Answer, Features, PlaceFact
from hmgeo.terrain.barrier import MAY_MEET, Barrier, BarrierRule, barrier
from hmgeo.terrain.ponds_and_mines import overhead
from hmgeo.water.agreement import along_of
from hmgeo.water.by_heights import FlowFacts
from hmgeo.water.grid import ClosedBasins, Conditioning, End, FlowGrid, flow_grid
from hmgeo.water.sampling import Named, below_risks
from hmgeo.water.snap import FlowChoices, SnapRule
from hmgeo.water.trace import (
    DOUBTFUL,
    MAY_LEAVE,
    NOT_BY_BRANCH,
    ONLY_BY_BRANCH,
    Things,
    catchments_of,
    cells_beside,
    downhill,
    downstream_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended
    from numpy.typing import NDArray

BREACH = Conditioning(ClosedBasins.BREACH, basin_depth_m=2.0, basin_cells=1)
KEEP = Conditioning(ClosedBasins.KEEP, basin_depth_m=2.0, basin_cells=1)
CALMLY = settings(**CALM)
TURNS = [(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


def turned(values: NDArray[np.generic], quarters: int, *, mirrored: bool) -> NDArray[np.generic]:
    there = np.rot90(values, quarters)
    return np.ascontiguousarray(there[:, ::-1] if mirrored else there)


def turned_back(values: NDArray[np.generic], quarters: int, *, mirrored: bool) -> NDArray[np.generic]:
    there = values[:, ::-1] if mirrored else values
    return np.ascontiguousarray(np.rot90(there, -quarters))


def plain(rows: int, columns: int, ways_out: dict[tuple[int, int], float]) -> NDArray[np.float64]:
    """Return level ground at 5 m within a rim of 9 m that is cut where water may leave."""
    heights = np.pad(np.full((rows - 2, columns - 2), 5.0), 1, constant_values=9.0)
    for place, height_m in ways_out.items():
        heights[place] = height_m
    return heights


@pytest.mark.parametrize(("quarters", "mirrored"), TURNS)
def test_a_plain_with_two_ways_out_is_left_by_the_nearer(quarters: int, *, mirrored: bool) -> None:
    made = plain(5, 11, {(2, 0): 4.0, (2, 10): 4.0})
    given_ = raster(turned(made, quarters, mirrored=mirrored))
    grid = flow_grid(given_, BREACH)
    ends = np.array([grid.path(cell)[0][-1] for cell in range(55)]).reshape(grid.shape)
    by_column = np.array(turned_back(ends, quarters, mirrored=mirrored))[1:4]
    here = np.arange(55).reshape(5, 11)
    west, east = (turned(here, quarters, mirrored=mirrored).reshape(-1).tolist().index(here[2, at]) for at in (0, 10))
    assert (by_column[:, 1:5] == west).all()
    assert (by_column[:, 6:10] == east).all()
    assert set(by_column[:, 5].tolist()) <= {west, east}


def test_ways_over_level_ground_are_as_short_as_they_can_be() -> None:
    given_ = raster(plain(9, 9, {(8, 6): 4.0}))
    grid = flow_grid(given_, BREACH)
    # From (1, 1) seven rows and five columns: five steps across, two straight.
    cells, way_m, end = grid.path(1 * 9 + 1)
    assert way_m[-1] == pytest.approx(5 * 10 * 2**0.5 + 2 * 10)
    assert (rows_of(given_, cells)[-1], end) == ((8, 6), End.EDGE)
    assert grid.is_flat.reshape(9, 9)[1:7, 1:8].all()
    assert not grid.is_flat[cells[-1]]


def test_of_ways_as_short_the_one_away_from_higher_ground_is_taken() -> None:
    # One way out at the foot; a cell four rows up and one column aside may go across at any of four steps. Higher
    # ground stands on its own side, so that it goes across at once.
    grid = flow_grid(raster(plain(8, 9, {(7, 4): 4.0})), BREACH)
    cells = grid.path(2 * 9 + 1)[0]
    rows = [divmod(int(cell), 9) for cell in cells]
    assert rows[1] == (3, 2)
    assert rows[-1] == (7, 4)


def test_a_filled_hollow_is_crossed_like_a_plain() -> None:
    heights = plain(7, 13, {(3, 0): 5.0, (3, 12): 5.0})
    heights[1:6, 1:12] = np.random.default_rng(3).uniform(1.0, 4.0, (5, 11))
    grid = flow_grid(raster(heights), BREACH)
    ends = np.array([grid.path(cell)[0][-1] for cell in range(91)]).reshape(7, 13)[1:6]
    assert (ends[:, 1:6] == 3 * 13).all()
    assert (ends[:, 7:12] == 3 * 13 + 12).all()


def test_level_ground_at_the_edge_of_the_data_goes_by_what_falls_and_else_over_the_edge() -> None:
    level = np.full((5, 6), 5.0)
    over = flow_grid(raster(level), BREACH)
    assert {over.path(cell)[2] for cell in range(30)} == {End.EDGE}
    assert len(over.path(2 * 6 + 2)[0]) == 3
    level[2, 5] = 4.0
    inside = flow_grid(raster(level), BREACH)
    assert {int(inside.path(cell)[0][-1]) for cell in range(30)} == {2 * 6 + 5}


def level_ways(level: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by brute force how far each cell is from leaving its own level ground; infinite where it can't."""
    height, width = level.shape
    near = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1) if row or column]

    def neighbours(row: int, column: int) -> list[tuple[int, int]]:
        places = [(row + one, column + other) for one, other in near]
        return [place for place in places if 0 <= place[0] < height and 0 <= place[1] < width]

    falls = [
        [any(level[place] < level[row, column] for place in neighbours(row, column)) for column in range(width)]
        for row in range(height)
    ]
    away = np.where(falls, 0.0, np.inf)
    queue = [(0.0, *place) for place in zip(*np.nonzero(away == 0.0), strict=True)]
    while queue:
        so_far, row, column = heapq.heappop(queue)
        for place in neighbours(row, column):
            reached = so_far + np.hypot(place[0] - row, place[1] - column)
            if level[place] == level[row, column] and reached < away[place] - 1e-9:
                away[place] = reached
                heapq.heappush(queue, (reached, *place))
    return away


def filled(heights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return by brute force the lowest level over which each cell's water reaches the border."""
    level = np.full(heights.shape, heights.max())
    border = np.ones(heights.shape, dtype=bool)
    border[1:-1, 1:-1] = False
    level[border] = heights[border]
    while True:
        wide = np.pad(level, 1, constant_values=heights.max())
        parts = [
            wide[row : row + len(level), column : column + len(level[0])] for row in range(3) for column in range(3)
        ]
        lower = np.where(border, heights, np.maximum(heights, np.minimum.reduce(parts)))
        if (lower == level).all():
            return lower
        level = lower


def made(seed: int, least: int = 3) -> NDArray[np.int64]:
    """Return ground in few whole metres: mostly level, with hollows."""
    random = np.random.default_rng(seed)
    return random.integers(0, random.integers(3, 6), random.integers(least, 14, 2))


def flat_way_m(grid: FlowGrid, cell: int) -> float:
    cells, way_m, _ = grid.path(cell)
    over = grid.is_flat[cells]
    return float(way_m[-1] if over.all() else way_m[np.argmin(over)])


@CALMLY
@given(st.integers(0, 10**6))
def test_no_way_over_level_ground_is_longer_than_by_brute_force(seed: int) -> None:
    heights = made(seed)
    grid = flow_grid(raster(heights), BREACH)
    level = filled(heights)
    away = level_ways(level).reshape(-1)
    for cell in np.flatnonzero(np.isfinite(away)):
        assert flat_way_m(grid, int(cell)) == pytest.approx(10 * away[cell])
    for cell in range(heights.size):
        passed = level.reshape(-1)[grid.path(cell)[0]]
        assert (np.diff(passed) <= 0).all()


@CALMLY
@given(st.integers(0, 10**6))
def test_turned_and_mirrored_ground_drains_alike(seed: int) -> None:
    # Smaller ground is too often its own mirror image, which nothing can settle.
    heights = made(seed, least=9)
    for conditioning in (BREACH, KEEP):
        upright = flow_grid(raster(heights), conditioning).upstream_cells.reshape(heights.shape)
        for quarters, mirrored in TURNS:
            grid = flow_grid(raster(turned(heights, quarters, mirrored=mirrored)), conditioning)
            through = turned_back(grid.upstream_cells.reshape(grid.shape), quarters, mirrored=mirrored)
            assert through.tolist() == upright.tolist()


# 59 cells of level ground from end to end: 29 to the west and 29 to the east from the middle.
LONG = plain(5, 61, {(2, 0): 4.0, (2, 60): 4.0})
DEM = raster(LONG)
WEST_END, EAST_END, MIDDLE = (2, 0), (2, 60), (2, 29)


@pytest.fixture(scope="module")
def level() -> FlowGrid:
    return flow_grid(DEM, BREACH)


def source(*place: int, uncertainty_m: float = 0.0, at: FlowGrid, fields: list[list[tuple[int, int]]]) -> FlowFacts:
    return FlowFacts(point(DEM, *place), uncertainty_m, water(at, *fields))


def test_from_the_middle_of_a_plain_water_may_go_either_way(level: FlowGrid) -> None:
    # 29 cells to the west, 31 to the east: within a quarter. From a third of the way it is 20 against 40.
    (branch,) = level.branches(2 * 61 + 29)
    assert (rows_of(DEM, branch.cells), branch.end) == ([(2, at) for at in range(29, 61)], End.EDGE)
    assert branch.way_m.tolist() == [10.0 * step for step in range(32)]
    assert level.branches(2 * 61 + 20) == []
    (near,) = level.branches(2 * 61 + 29, 45.0)
    assert (near.way_m[-1], near.end) == (40.0, End.LIMIT)


def test_a_narrow_plain_is_no_matter() -> None:
    grid = flow_grid(raster(plain(5, 21, {(2, 0): 4.0, (2, 20): 4.0})), BREACH)
    assert [grid.branches(2 * 21 + column) for column in range(21)] == [[]] * 21
    assert not len(grid.forks.cells)


def test_what_only_one_of_two_ways_meets_is_ambiguous(level: FlowGrid) -> None:
    for field, answer in ((WEST_END, Answer.YES), (EAST_END, Answer.NO)):
        found = up(source(*MIDDLE, at=level, fields=[[field]]))
        assert (found.answer, found.others) == (answer, frozenset({Answer.YES, Answer.NO} - {answer}))
        assert "途中平地有两个一样近的出口，水流可能由另一出口离开，待核实。" in found.why
    assert "途经一段平地 28 格" in up(source(*MIDDLE, at=level, fields=[[WEST_END]])).why
    both = up(source(*MIDDLE, at=level, fields=[[WEST_END], [EAST_END]]))
    assert (both.answer, both.others) == (Answer.YES, frozenset())
    # What lies before the ways part is met by both.
    assert up(source(*MIDDLE, at=level, fields=[[MIDDLE]])).others == frozenset()
    plainly = up(source(2, 10, at=level, fields=[[WEST_END]]))
    assert (plainly.answer, plainly.others, plainly.why) == (Answer.YES, frozenset(), "沿水流 0.10 km（按高程推算）。")


def test_what_may_drain_to_a_place_is_ambiguous_too(level: FlowGrid) -> None:
    features = Features("farmland", ())

    def down(end: tuple[int, int], *fields: tuple[int, int]) -> PlaceFact:
        found = source(*end, at=level, fields=[[one] for one in fields]).downstream(features, float("inf"), "catchment")
        assert isinstance(found, PlaceFact)
        return found

    assert (down(WEST_END, MIDDLE).answer, down(WEST_END, MIDDLE).others) == (Answer.YES, {Answer.NO})
    assert (down(EAST_END, MIDDLE).answer, down(EAST_END, MIDDLE).others) == (Answer.NO, {Answer.YES})
    assert down(WEST_END, MIDDLE, (2, 5)).others == frozenset()
    assert (down(EAST_END, (2, 5)).answer, down(EAST_END, (2, 5)).others) == (Answer.NO, frozenset())


def test_tables_mark_both_ways(level: FlowGrid) -> None:
    sources = Things(["M", "W"], ["中", "西"], [point(DEM, *MIDDLE), point(DEM, 2, 10)])
    ends = Things(["w", "e"], ["西口", "东口"], [point(DEM, *WEST_END), point(DEM, *EAST_END)])
    found = downstream_of(level, sources, {"farmland": cells_beside(level, ends, 0.0)}, {}, np.inf)
    paths = found.paths.to_pylist()
    assert [(row["flat_cells"], row["is_ambiguous"]) for row in paths] == [(28, True), (9, False)]
    lon, lat = level.frame.lon_lat(np.array([2 * 61 + 60]))[0]
    assert paths[0]["note"] == (
        "流出高程范围；途经一段平地 28 格，平地上的走向按最近出口推定，不由高程决定；"
        f"0.00 km 处的平地另有一样近的出口，水流也可能去往（{lon:.5f}，{lat:.5f}），流出高程范围，待核实"
    )
    assert paths[1]["note"] == "流出高程范围"
    met = [(row["source_id"], row["receptor_id"], row["is_ambiguous"], row["note"]) for row in found.met.to_pylist()]
    assert met == [("M", "w", True, NOT_BY_BRANCH), ("M", "e", True, ONLY_BY_BRANCH), ("W", "w", False, "")]
    drained = catchments_of(level, ends, sources, np.inf, SnapRule(5.0, 0.0)).table.to_pylist()
    assert [
        (row["target_id"], row["source_id"], row["flow_distance_m"], row["flat_cells"], row["is_ambiguous"])
        for row in drained
    ] == [("w", "W", 100.0, 9, False), ("w", "M", 290.0, 28, True), ("e", "M", 310.0, None, True)]
    assert DOUBTFUL not in drained[0]["note"]
    assert all(row["note"].endswith(f"{DOUBTFUL}。") for row in drained[1:])
    assert "途中平地有两个一样近的出口：其中 " in drained[0]["note"]


# One way out in the west: from column 30 the way there has 29 cells of level ground, columns 30 to 2.
ONE_WAY = raster(plain(5, 32, {(2, 0): 4.0}))
CROSSES = "途经一段平地 29 格，平地上的走向按最近出口推定，不由高程决定。"


@pytest.fixture(scope="module")
def one_way() -> FlowGrid:
    return flow_grid(ONE_WAY, BREACH)


def facts_at(row: int, column: int, at: FlowGrid, *fields: tuple[int, int], uncertainty_m: float = 0.0) -> FlowFacts:
    """Return what is told of a source on a plain; both plains have their cells in the same places."""
    return FlowFacts(point(DEM, row, column), uncertainty_m, water(at, *([one] for one in fields)))


def test_whatever_rests_on_level_ground_says_so(one_way: FlowGrid) -> None:
    # Found or not, down from a source and up from a place; up to 20 cells nothing is said.
    assert up(facts_at(2, 30, one_way, WEST_END)).why == f"沿水流 0.30 km（按高程推算）。{CROSSES}"
    missed = up(facts_at(2, 30, one_way, (0, 31)))
    assert (missed.answer, missed.why) == (Answer.NO, CROSSES)
    assert up(facts_at(2, 21, one_way, (0, 31))).why == ""
    features = Features("farmland", ())
    drained = facts_at(*WEST_END, one_way, (2, 30)).downstream(features, float("inf"), "catchment")
    assert isinstance(drained, PlaceFact)
    assert (drained.answer, drained.why) == (Answer.YES, f"沿水流 0.30 km（按高程推算）。{CROSSES}")
    nearer = facts_at(*WEST_END, one_way, (2, 21)).downstream(features, float("inf"), "catchment")
    assert isinstance(nearer, PlaceFact)
    assert nearer.why == "沿水流 0.21 km（按高程推算）。"
    # From column 22 on the way is longer than 20 level cells: ten columns of five cells of 100 m².
    area = "其中 0.5 公顷的来水途经一段超过 20 格的平地，平地上的走向按最近出口推定，不由高程决定。"
    nothing = facts_at(*WEST_END, one_way, WEST_END).downstream(
        Features("farmland", ("优先保护类",)), np.inf, "catchment"
    )
    assert isinstance(nothing, PlaceFact)
    assert (nothing.answer, nothing.why) == (Answer.NO, area)
    ends = Things(["w"], ["西口"], [point(DEM, *WEST_END)])
    (row,) = catchments_of(one_way, ends, Things([], [], []), np.inf, SnapRule(5.0, 0.0)).table.to_pylist()
    assert row["note"].endswith(area)
    tell = along_of(one_way, None, SnapRule(5.0, 0.0))
    assert tell is not None
    along = tell(point(DEM, 2, 30), point(DEM, *WEST_END))
    assert along is not None
    assert (along.flow_m, along.datum) == (300.0, "按高程推算，途经一段平地 29 格")
    against = tell(point(DEM, 2, 30), point(DEM, 0, 31))
    assert against is not None
    assert (against.flow_m, against.datum) == (None, "按高程推算，途经一段平地 29 格")


@pytest.mark.parametrize("traced", [200, 0])
def test_every_place_that_a_source_may_stand_on_has_both_its_ways(
    level: FlowGrid, traced: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hmgeo.water.by_heights._MOST_TRACES", traced)
    # From column 20 all water goes west; within 92 m lies column 29, whence it may go east as well.
    assert up(facts_at(2, 20, level, EAST_END)).others == frozenset()
    assert up(facts_at(2, 20, level, EAST_END, uncertainty_m=92.0)).others == {Answer.YES}
    assert up(facts_at(2, 20, level, WEST_END, uncertainty_m=92.0)).others == {Answer.NO}
    # Nothing drains to the rim beside the way out, to the way out itself the middle may.
    for place, others in (((1, 60), frozenset({Answer.YES})), ((0, 60), frozenset())):
        found = facts_at(*place, level, MIDDLE, uncertainty_m=6.0).downstream(Features("farmland", ()), np.inf, "")
        assert isinstance(found, PlaceFact)
        assert (found.answer, found.others) == (Answer.NO, others)


def test_below_a_pond_both_ways_are_looked_at(level: FlowGrid) -> None:
    houses = [point(DEM, *WEST_END), point(DEM, *EAST_END), point(DEM, *MIDDLE)]
    beside = cells_beside(level, Things(["w", "e", "m"], ["西", "东", "中"], houses), 0.0)
    found = overhead(level, houses[2], None, houses, beside)
    assert (found.by_path, found.doubtful) == (((2, 0.0), (0, 290.0), (1, 310.0)), {0, 1})
    near = overhead(level, point(DEM, 2, 10), None, houses, beside)
    assert (near.by_path, near.doubtful) == (((0, 100.0),), frozenset())


def test_where_waters_meet_is_open_across_ambiguous_ground(level: FlowGrid, one_way: FlowGrid) -> None:
    rule = BarrierRule(None, 1000.0)
    found = barrier(level, point(DEM, *MIDDLE), point(DEM, 2, 5), rule)
    assert isinstance(found, Barrier)
    # 24 cells of level ground from column 29 to 6; east the water meets none that comes from the west.
    assert (found.is_same_small_catchment, found.notes) == (None, (CROSSES[:-1].replace("29", "24"), MAY_MEET))
    sure = barrier(one_way, point(DEM, *MIDDLE), point(DEM, 2, 5), rule)
    assert isinstance(sure, Barrier)
    assert (sure.is_same_small_catchment, sure.notes) == (True, found.notes[:1])
    assert sure.zh.endswith(f"（供参考，不影响结论）。{found.notes[0]}。")


def test_a_place_to_sample_says_what_level_ground_leads_there(level: FlowGrid) -> None:
    parks = [("工业园区", Named(str(column), "", point(DEM, 2, column))) for column in (29, 10)]
    # All that drains to the west end makes a stream of it and of nothing before.
    stream_ha = level.area_ha(2 * 61) - 0.001
    found, _ = below_risks(level, parks, FlowChoices(1000.0, BREACH, SnapRule(5.0, stream_ha)))
    start = "按高程推算的径流汇合处"
    assert [one.notes for one in found] == [(start, CROSSES[:-1].replace("29", "28"), MAY_LEAVE), (start,)]


def test_no_order_of_two_places_is_told_across_ambiguous_ground(level: FlowGrid) -> None:
    tell = along_of(level, None, SnapRule(5.0, 0.0))
    assert tell is not None
    assert tell(point(DEM, *MIDDLE), point(DEM, *WEST_END)) is None
    assert tell(point(DEM, *MIDDLE), point(DEM, *EAST_END)) is None
    surely = tell(point(DEM, 2, 10), point(DEM, *WEST_END))
    assert surely is not None
    assert surely.flow_m == 100.0


def test_the_edge_of_the_data_is_another_way_out() -> None:
    # Level ground to the border in the west, a way down 40 cells to the east: beyond the border nothing is known.
    heights = np.pad(np.full((3, 45), 5.0), 1, constant_values=9.0)[:, 1:]
    heights[2, -1] = 4.0
    dem = raster(heights)
    grid = flow_grid(dem, BREACH)
    path = downhill(grid, point(dem, 2, 5))
    assert rows_of(dem, path.cells)[-1] == (2, 45)
    (branch,) = path.branches
    assert (rows_of(dem, branch.cells)[-1][1], branch.end) == (0, End.EDGE)
    fact = FlowFacts(point(dem, 2, 5), 0.0, water(grid, [(1, 3)], [(2, 3)], [(3, 3)])).upstream(
        Features("farmland", ()), np.inf, "catchment"
    )
    assert (fact.answer, fact.others) == (Answer.NO, {Answer.YES})


@CALMLY
@given(st.integers(0, 10**6))
def test_branches_are_ways_over_level_ground_to_another_way_out(seed: int) -> None:
    heights = made(seed, least=9)
    conditioning = Conditioning(ClosedBasins.BREACH, flat_cells=2, alike=1.5)
    grid = flow_grid(raster(heights), conditioning)
    level_ = filled(heights).reshape(-1)
    for cell in range(heights.size):
        own, way_m, _ = grid.path(cell)
        for branch in grid.branches(cell):
            steps = np.abs(np.diff(np.divmod(branch.cells, grid.frame.width), axis=1)).max(axis=0)
            assert set(steps.tolist()) <= {1}
            assert (np.diff(level_[branch.cells]) <= 0).all()
            if branch.parts == 1:
                leaves = np.flatnonzero(~grid.is_flat[own])[0]
                left = np.flatnonzero(~grid.is_flat[branch.cells])
                out = left[0] if len(left) else -1
                assert branch.way_m[out] <= 1.5 * way_m[leaves] * 1.001
                assert branch.cells[out] != own[leaves]


@CALMLY
@given(st.integers(0, 10**6))
@example(30886)  # two outlets of one way out at the same length
def test_doubtful_ground_is_what_branches_say(seed: int) -> None:
    heights = made(seed, least=9)
    grid = flow_grid(raster(heights), Conditioning(ClosedBasins.BREACH, flat_cells=2, alike=1.5))
    target = int(np.random.default_rng(seed).integers(heights.size))
    leaving, coming, _ = grid.doubtful(np.array([target]))
    for cell in range(heights.size):
        reaches = target in grid.path(cell)[0]
        others = [target in branch.cells for branch in grid.branches(cell)]
        if reaches and cell in leaving:
            assert not all(others) or any(cell in branch.cells for branch in grid.branches(cell))
        if not reaches and any(others):
            assert cell in coming


PROJECT = """
schema: 1
title: 有两个出口的平地
as_of: 2024-06-30
area: {key_areas: [GD-QC]}
layers:
  enterprises: {path: e.csv, datum: cgcs2000, basis: synthetic, source: x, classification: 公开, vintage: 2024}
  farmland: {path: f.geojson, basis: synthetic, source: x, classification: 公开, vintage: 2024}
  elevation: {path: dem.tif, basis: synthetic, source: x, classification: 公开, vintage: 2024}
screening_rule: SCR-JY-10KM
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Level ground of 51 by 51 cells of 30 m in a rim, with a way out in the west and one in the east."""
    heights = plain(61, 61, {})
    heights[:, :] = 20.0
    heights[5:56, 5:56] = 5.0
    heights[30, :5] = heights[30, 56:] = [4.5, 4.4, 4.3, 4.2, 4.1]
    heights[30, :5] = heights[30, :5][::-1]
    there = Affine(30, 0, WEST, 0, -30, NORTH)
    form = {
        "driver": "GTiff",
        "crs": CRS,
        "transform": there,
        "height": 61,
        "width": 61,
        "count": 1,
        "dtype": "float32",
    }
    with rasterio.open(tmp_path / "dem.tif", "w", nodata=-9999.0, **form) as out:
        out.write(heights.astype(np.float32), 1)
    dem = raster(heights, cell_m=30.0)
    sources = {"E1": (33, 52), "E2": (29, 54), "W1": (33, 12), "M": (30, 30)}
    rows = [
        f"{name},厂{name},{place.x:.8f},{place.y:.8f}" for name, at in sources.items() if (place := point(dem, *at))
    ]
    (tmp_path / "e.csv").write_text("企业编号,企业名称,经度,纬度\n" + "\n".join(rows) + "\n", encoding="utf-8-sig")
    features = [
        {
            "type": "Feature",
            "properties": {"parcel_id": name},
            "geometry": json.loads(shapely.to_geojson(point(dem, *at).buffer(1e-4))),
        }
        for name, at in (("WEST", (30, 3)), ("EAST", (30, 57)))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "f.geojson").write_text(text, encoding="utf-8")
    (tmp_path / "project.yml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def test_each_plant_on_the_plain_meets_the_parcel_at_its_own_end(
    case: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    ended = hmgeo_command("flow", case, "--limit", "5km", "--beside", "50m", "--closed-basins", "breach", "--json")
    assert ended.code == 0
    told = json.loads(ended.out)
    met = [(row["source_id"], row["receptor_id"], row["is_ambiguous"]) for row in told["met"]]
    assert [one for one in met if one[0] != "M"] == [
        ("E1", "EAST", False),
        ("E2", "EAST", False),
        ("W1", "WEST", False),
    ]
    assert {one for one in met if one[0] == "M"} == {("M", "EAST", True), ("M", "WEST", True)}
    far = {row["source_id"]: row["flow_distance_m"] for row in told["met"]}
    # Four cells to the east and three across them, and one more to the parcel's edge.
    assert far["E1"] == pytest.approx(3 * 30 * 2**0.5 + 30.0, abs=31.0)
    assert any("一段平地超过 20 格" in note for note in told["notes"])
