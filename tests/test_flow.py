from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest
import shapely
from grids import frame, point, raster, rows_of
from pyproj import Transformer

from hmgeo.errors import InputError
from hmgeo.geo.raster import Frame
from hmgeo.judging.facts import Unknown
from hmgeo.records import LON_LAT_CRS
from hmgeo.reference import machine
from hmgeo.water import grid as grids_of_water
from hmgeo.water.agreement import _nearest_m
from hmgeo.water.grid import ClosedBasins, Conditioning, End, flow_grid
from hmgeo.water.snap import SnapRule, SnapStatus, snap
from hmgeo.water.trace import borders_along, downhill, exits_of, targets_of, upstream_sources

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.water.grid import FlowGrid

BREACH = Conditioning(ClosedBasins.BREACH, basin_depth_m=2.0, basin_cells=1)
KEEP = Conditioning(ClosedBasins.KEEP, basin_depth_m=2.0, basin_cells=1)
DIAGONAL = 10 * 2**0.5

# A valley that falls to the south in column 2, side slopes falling to it.
VALLEY = [[10 * abs(column - 2) + 8 - row for column in range(5)] for row in range(5)]

# Two streams join at (3, 2) and leave at (5, 2).
FORK = [
    [50, 20, 50, 20, 50],
    [50, 19, 50, 19, 50],
    [50, 18, 50, 18, 50],
    [50, 50, 17, 50, 50],
    [50, 50, 16, 50, 50],
    [50, 50, 15, 50, 50],
]

# A hollow of depth 6 whose lowest rim lies at (2, 3).
HOLLOW = [
    [20, 20, 20, 20, 20],
    [20, 9, 9, 20, 20],
    [20, 9, 6, 12, 5],
    [20, 9, 9, 20, 20],
    [20, 20, 20, 20, 20],
]


def test_a_valley_drains_down_its_middle() -> None:
    given = raster(VALLEY)
    grid = flow_grid(given, BREACH)
    cells, way_m, end = grid.path(2)
    assert rows_of(given, cells) == [(0, 2), (1, 2), (2, 2), (3, 2), (4, 2)]
    assert way_m.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0]
    assert end is End.EDGE
    # From (1, 1) it falls 10 m over 10 m to the east, 11 m over 14.1 m to the south-east: the steeper way counts.
    cells, way_m, _ = grid.path(1 * 5 + 1)
    assert rows_of(given, cells) == [(1, 1), (1, 2), (2, 2), (3, 2), (4, 2)]
    assert way_m.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0]
    assert grid.upstream_cells.reshape(5, 5)[4, 2] == 25


def test_a_path_ends_at_its_limit() -> None:
    grid = flow_grid(raster(VALLEY), BREACH)
    cells, way_m, end = grid.path(2, 20.0)
    assert (len(cells), way_m[-1], end) == (3, 20.0, End.LIMIT)
    assert len(grid.path(2, 19.9999)[0]) == 2


def test_the_catchment_of_each_branch_of_a_fork() -> None:
    given = raster(FORK)
    grid = flow_grid(given, BREACH)
    west, way_m = grid.catchment(np.array([2 * 5 + 1]))
    # (1, 2) and (0, 2) lie between two equal branches and go to the first; (3, 0) falls most steeply up the diagonal.
    # (4, 0) is level and a step from two cells that fall: the pencil doesn't say which.
    assert {*rows_of(given, west)} - {(4, 0)} == {
        *[(0, 0), (0, 1), (0, 2)],
        *[(1, 0), (1, 1), (1, 2)],
        *[(2, 0), (2, 1), (3, 0)],
    }
    assert dict(zip(rows_of(given, west), way_m.tolist(), strict=True))[0, 1] == 20.0
    whole, _ = grid.catchment(np.array([5 * 5 + 2]))
    assert len(whole) == 30
    near, _ = grid.catchment(np.array([5 * 5 + 2]), 10.0)
    assert sorted(rows_of(given, near)) == [(4, 2), (5, 1), (5, 2), (5, 3)]


def test_a_hollow_is_reported_and_either_breached_or_kept() -> None:
    given = raster(HOLLOW)
    through = flow_grid(given, BREACH)
    kept = flow_grid(given, KEEP)
    for grid, is_kept in ((through, False), (kept, True)):
        (basin,) = grid.basins
        assert (basin.lowest_cell, basin.depth_m, basin.cell_count) == (12, 6.0, 6)
        assert basin.volume_m3 == (5 * 3 + 6) * 100
        assert basin.is_kept is is_kept
    assert rows_of(given, through.path(6)[0])[-2:] == [(2, 3), (2, 4)]
    assert through.path(6)[2] is End.EDGE
    assert rows_of(given, kept.path(6)[0]) == [(1, 1), (2, 2)]
    assert kept.path(6)[2] is End.CLOSED_BASIN
    assert kept.upstream_cells[12] >= 6
    assert "岩溶" in End.CLOSED_BASIN.zh


def test_a_shallow_hollow_is_noise_and_filled_in_both() -> None:
    conditioning = Conditioning(ClosedBasins.KEEP, basin_depth_m=6.5, basin_cells=1)
    grid = flow_grid(raster(HOLLOW), conditioning)
    assert grid.basins == ()
    assert grid.path(6)[2] is End.EDGE


def test_flats_drain_through() -> None:
    pan = np.pad(np.full((4, 4), 5.0), 1, constant_values=9.0)
    pan[5, 3] = 4.0
    given = raster(pan)
    grid = flow_grid(given, BREACH)
    assert grid.basins == ()
    assert {rows_of(given, grid.path(row * 6 + column)[0])[-1] for row in range(1, 5) for column in range(1, 5)} == {
        (5, 3)
    }


def test_a_void_stays_void_and_swallows_water_only_with_a_word() -> None:
    heights = np.array(VALLEY, float)
    heights[2, 2] = np.nan
    given = raster(heights)
    grid = flow_grid(given, BREACH)
    assert grid.downstream[12] == -1
    cells, _, end = grid.path(2)
    assert rows_of(given, cells) == [(0, 2), (1, 2)]
    assert end is End.VOID
    assert isinstance(downhill(grid, point(given, 2, 2)), Unknown)


def test_a_collar_of_nodata_is_the_edge() -> None:
    given = raster(np.pad(np.array(VALLEY, float), 2, constant_values=np.nan))
    grid = flow_grid(given, BREACH)
    cells, _, end = grid.path(2 * 9 + 4)
    assert rows_of(given, cells) == [(2, 4), (3, 4), (4, 4), (5, 4), (6, 4)]
    assert end is End.EDGE


@pytest.mark.parametrize("block", [2, 64])
def test_blocks_change_nothing(block: int) -> None:
    assert (
        flow_grid(raster(FORK, block), BREACH).downstream.tolist()
        == flow_grid(raster(FORK), BREACH).downstream.tolist()
    )


def test_too_large_is_refused_with_what_to_do() -> None:
    small = Conditioning(ClosedBasins.BREACH, memory_bytes=1000)
    with pytest.raises(InputError, match="栅格过大：填洼和流向须整幅读入内存（现为「5×5 格") as refused:
        flow_grid(raster(VALLEY), small)
    assert "裁到所查污染源和取水口所在流域" in str(refused.value)


def test_no_height_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="有不可能的高程（现为「1e\\+30 m」）；允许：-20000 至 20000 m"):
        flow_grid(raster([[1.0, 1e30], [1.0, 2.0]]), BREACH)
    with pytest.raises(InputError, match="没有任何高程"):
        flow_grid(raster([[np.nan] * 3] * 3), BREACH)


def test_the_way_from_a_source_with_what_it_meets() -> None:
    given = raster(FORK)
    grid = flow_grid(given, BREACH)
    path = downhill(grid, point(given, 0, 1))
    assert not isinstance(path, Unknown)
    assert (path.length_m, path.drop_m, path.end, path.area_ha) == (round(40 + DIAGONAL, 1), 5.0, End.EDGE, 0.03)
    fields = targets_of(
        ["near", "far", "away", "both"],
        ["甲", "乙", "丙", "丁"],
        ["安全利用类", "优先保护类", "", ""],
        [np.array([2 * 5 + 1]), np.array([4 * 5 + 2]), np.array([0]), np.array([3 * 5 + 2, 4 * 5 + 2])],
    )
    assert fields.along(path) == [(0, 20.0), (3, round(20 + DIAGONAL, 1)), (1, round(30 + DIAGONAL, 1))]
    assert rows_of(given, fields.of_classes(["优先保护类"])) == [(4, 2)]
    line = path.line(grid.frame)
    assert isinstance(line, shapely.LineString)
    assert len(line.coords) == 6


def test_borders_that_a_path_crosses() -> None:
    given = raster(FORK)
    grid = flow_grid(given, BREACH)
    path = downhill(grid, point(given, 0, 1))
    assert not isinstance(path, Unknown)
    areas = targets_of(["1", "2"], ["上镇", "下镇"], ["", ""], [np.arange(0, 15), np.arange(15, 25)])
    crossed = [(one.area_from, one.area_to, one.flow_distance_m) for one in borders_along(path, areas)]
    assert crossed == [("上镇", "下镇", round(20 + DIAGONAL, 1)), ("下镇", "", round(40 + DIAGONAL, 1))]


def test_sources_in_the_catchment_nearest_along_the_water_first() -> None:
    given = raster(FORK)
    grid = flow_grid(given, BREACH)
    sources = [exits_of(grid, point(given, *cell)) for cell in ((0, 1), (1, 3), (5, 2), (4, 2))]
    intake = np.array([4 * 5 + 2])
    found = upstream_sources(grid, intake, sources)
    ways = [(3, 0.0), (1, round(20 + DIAGONAL, 1)), (0, round(30 + DIAGONAL, 1))]
    assert [(one.row, one.way_m) for one in found.sources] == ways
    assert found.touches_edge
    for limit_m in (30.0, round(20 + DIAGONAL, 1) - 0.1):
        assert upstream_sources(grid, intake, sources, limit_m).sources == ((3, 0.0, 0, False),)


def test_a_shape_leaves_by_its_exits() -> None:
    given = raster([[8 - row] * 5 for row in range(5)])
    grid = flow_grid(given, BREACH)
    corners = [shapely.Point(grid.frame.lon_lat(np.array([cell]))[0]) for cell in (1, 3, 13, 11)]
    pond = shapely.Polygon(corners).buffer(2e-5, join_style="mitre")
    assert rows_of(given, grid.frame.cells_of_shape(pond)) == [
        (row, column) for row in range(3) for column in (1, 2, 3)
    ]
    path = downhill(grid, pond)
    assert not isinstance(path, Unknown)
    assert rows_of(given, path.exits) == [(2, 1), (2, 2), (2, 3)]
    assert rows_of(given, path.cells)[:3] == [(2, 1), (3, 1), (4, 1)]
    valley = raster(VALLEY)
    assert rows_of(valley, exits_of(flow_grid(valley, BREACH), pond)) == [(2, 2)]


def test_a_point_beside_one_stream_is_snapped_with_its_distance() -> None:
    given = raster(VALLEY)
    grid = flow_grid(given, BREACH)
    found = snap(grid, point(given, 3, 1), SnapRule(25.0, 0.08))
    assert found.status is SnapStatus.SNAPPED
    assert found.reach is not None
    assert (rows_of(given, found.cells), found.reach.distance_m) == ([(3, 2)], 10.0)
    assert "落到 10 m 外的水流，集水面积 0.00 km²" in found.why


def test_between_two_streams_nobody_can_tell() -> None:
    heights = np.array(FORK, float)
    heights = np.vstack([[50, 21, 50, 50, 50], heights[0] * 0 + [50, 20.5, 50, 20.5, 50], heights])
    given = raster(heights)
    grid = flow_grid(given, BREACH)
    found = snap(grid, point(given, 3, 2), SnapRule(25.0, 0.04, rival_ratio=1.1))
    assert found.status is SnapStatus.CANNOT_TELL
    assert len(found.rivals) >= 1
    assert found.cells.tolist() == []
    assert "无法判断所在水流" in found.why


def test_no_stream_within_the_tolerance() -> None:
    given = raster(VALLEY)
    found = snap(flow_grid(given, BREACH), point(given, 0, 4), SnapRule(5.0, 1.0))
    assert (found.status, found.reach) == (SnapStatus.NO_STREAM, None)
    assert found.why == "5 m 内没有集水面积达 1 公顷的水流，未能落到水流上。"


def test_cells_lie_where_they_should() -> None:
    given = raster(VALLEY)
    place = frame(given)
    lon, lat = place.lon_lat(np.arange(25)).T
    assert place.cell_of(lon, lat).tolist() == list(range(25))
    assert place.cell_of(np.array([0.0]), np.array([0.0])).tolist() == [-1]


def test_wide_shapes_among_cells_asked_for() -> None:
    place = frame(raster(np.zeros((90, 90))))
    asked = np.arange(0, 8100, 7)
    x, y = place.transform[2], place.transform[5]
    size = place.cell_m[0]
    whole = shapely.box(x + 10.2 * size, y - 80 * size, x + 80.4 * size, y - 5.3 * size)
    thin = shapely.box(x + 10.6 * size, y - 80 * size, x + 10.8 * size, y - 5 * size)  # between two columns of centres
    beside = shapely.box(x - 500 * size, y - 80 * size, x + 0.3 * size, y - 5 * size)  # wide, but not on the grid
    there = Transformer.from_crs(place.crs, LON_LAT_CRS, always_xy=True)
    shapes = [
        shapely.transform(shape, lambda xy: np.column_stack(there.transform(*xy.T))) for shape in (whole, thin, beside)
    ]
    some, every = place.cells_of_shapes(shapes, asked), place.cells_of_shapes(shapes)
    row, column = np.divmod(asked, 90)
    held = (row >= 5) & (row < 80) & (column >= 10) & (column < 80)
    assert some[0].tolist() == asked[held].tolist()
    assert np.isin(some[0], every[0]).all()
    assert np.unique(every[1] % 90).tolist() == [10]
    assert np.unique(every[2] % 90).tolist() == [0]
    assert [one.tolist() for one in some[1:]] == [one.tolist() for one in every[1:]]


def test_a_county_that_is_torn_in_the_plane_alone_covers_the_same_cells() -> None:
    # A corner of its hole lies on its south edge, which is straight in degrees and bends in the plane.
    county = shapely.Polygon(
        [(113, 23), (114, 23), (114, 24), (113, 24)], [[(113.5, 23), (113.45, 23.2), (113.55, 23.2)]]
    )
    place = Frame("EPSG:4547", (100.0, 0.0, 400_000.0, 0.0, -100.0, 2_700_000.0), 1500, 1500)
    assert county.is_valid
    assert not place.to_plane(county).is_valid
    asked = np.arange(0, 1500 * 1500, 97)
    assert len(np.intersect1d(place.cells_of_shapes([county], asked)[0], asked)) == 10_761
    assert len(np.intersect1d(place.cells_of_shapes([county])[0], asked)) == 10_761


def test_many_small_shapes_are_asked_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    place = frame(raster(np.zeros((60, 60))))
    lon, lat = place.lon_lat(np.arange(0, 3600, 41)).T
    shapes = list(shapely.buffer(shapely.points(lon, lat), 0.0004))
    at_once = [one.tolist() for one in place.cells_of_shapes(shapes)]
    monkeypatch.setattr("hmgeo.geo.raster._AT_ONCE", 7 * 4096)
    assert [one.tolist() for one in place.cells_of_shapes(shapes)] == at_once
    assert sum(map(len, at_once)) > len(shapes)


def test_the_nearest_stream_of_each_place_is_that_of_all() -> None:
    random = np.random.default_rng(5)
    wet = np.concatenate([random.integers(0, 60, (40, 2)), [[500, 20], [31, 400]]])
    places = random.integers(0, 600, (300, 2))
    size_m = np.array([30.0, 20.0])
    by_hand = np.hypot(*((places[:, None] - wet[None]) * size_m).transpose(2, 0, 1)).min(axis=1)
    assert np.allclose(_nearest_m(wet, places, size_m), by_hand, rtol=0, atol=1e-9)
    assert np.allclose(_nearest_m(wet[-1:], places, size_m), np.hypot(*((places - wet[-1]) * size_m).T), atol=1e-9)


# ---- kept ---------------------------------------------------------------------------------------------------------


def told_by(grid: FlowGrid) -> list[object]:
    """Return all that a grid holds, arrays with their types."""
    forks = [getattr(grid.forks, name) for name in ("cells", "away", "outlets", "groups", "other", "costs", "unit_m")]
    arrays = [grid.downstream, grid.upstream_cells, grid.is_flat, grid.void_border, *forks]
    return [grid.basins, *((one.dtype, one.tolist()) if isinstance(one, np.ndarray) else one for one in arrays)]


@pytest.fixture
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have grids of any size kept in an own folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(grids_of_water, "_FEWEST_KEPT", 1)
    return tmp_path / "cache" / machine.HEIGHTS


def never(*_: object) -> NoReturn:
    pytest.fail("made to drain again")


@pytest.mark.parametrize("how", [BREACH, KEEP])
def test_a_grid_is_made_to_drain_once_and_read_back_as_it_was(
    how: Conditioning, kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heights = np.random.default_rng(7).integers(0, 4, (60, 60)).astype(float)  # much of it level, with hollows
    heights[20:40, 20:45] = 2.0
    first = told_by(flow_grid(raster(heights.tolist()), how))
    assert len(list(kept_in.iterdir())) == 1
    with monkeypatch.context() as patch:
        patch.setattr(grids_of_water, "_drained", never)
        assert told_by(flow_grid(raster(heights.tolist()), how)) == first
    (file,) = kept_in.iterdir()
    file.write_bytes(file.read_bytes()[:-300])
    assert told_by(flow_grid(raster(heights.tolist()), how)) == first
    monkeypatch.setattr(grids_of_water, "_drained", never)
    assert told_by(flow_grid(raster(heights.tolist()), how)) == first  # kept whole again
    heights[5, 5] += 0.01
    for changed, other in ((heights, how), (heights[:, :-1], KEEP if how is BREACH else BREACH)):
        with pytest.raises(pytest.fail.Exception, match="made to drain again"):
            flow_grid(raster(changed.tolist()), other)


def test_without_a_folder_for_it_a_grid_drains_all_the_same(
    kept_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert flow_grid(raster(HOLLOW), KEEP).basins[0].depth_m == 6.0
    assert not kept_in.exists()


def test_what_was_used_longest_ago_goes_first(kept_in: Path) -> None:
    kept_in.mkdir(parents=True)
    for day, name in enumerate("abc"):
        (kept_in / name).write_bytes(bytes(40))
        os.utime(kept_in / name, (day, day))
    assert machine.drop_oldest(kept_in, 100) == 80
    assert sorted(one.name for one in kept_in.iterdir()) == ["b", "c"]
    assert {word: size for word, _, size in machine.kept_here()}["heights"] == 80
    assert machine.forget_heights() == 80
    assert not kept_in.exists()
