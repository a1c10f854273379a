from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from grids import Water, point, raster
from test_flow import BREACH, DIAGONAL, FORK, HOLLOW, KEEP, VALLEY

from hmgeo.errors import InputError
from hmgeo.judging.facts import Answer, Features, PlaceFact, Unknown
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.terrain.barrier import BarrierRule, barrier, profile
from hmgeo.vocabulary import Basis, Completeness, LayerKind
from hmgeo.water import by_heights
from hmgeo.water.by_heights import FlowFacts, WaterLayer
from hmgeo.water.grid import FlowGrid, flow_grid
from hmgeo.water.snap import SnapRule
from hmgeo.water.trace import targets_of

EVERYWHERE = shapely.box(110, 20, 120, 30)
INF = float("inf")


def water(
    grid: FlowGrid,
    *features: list[tuple[int, int]],
    coverage: shapely.Geometry | None = EVERYWHERE,
    complete: bool = True,
) -> Water:
    """Return features, each a list of cells, as the layer `farmland`."""
    width = grid.frame.width
    cells = [np.array([row * width + column for row, column in own], np.int64) for own in features]
    names = [f"F{number}" for number in range(len(cells))]
    classes = ["严格管控类", "优先保护类"][: len(cells)]
    return Water(grid, {"farmland": WaterLayer(targets_of(names, names, classes, cells), coverage, complete)})


def up(facts: FlowFacts, limit_m: float = INF, classes: tuple[str, ...] = (), mode: str = "catchment") -> PlaceFact:
    found = facts.upstream(Features("farmland", classes), limit_m, mode)
    assert isinstance(found, PlaceFact)
    return found


FORK_DEM = raster(FORK)


def test_a_source_upstream_of_a_parcel_by_the_limit() -> None:
    grid = flow_grid(FORK_DEM, BREACH)
    facts = FlowFacts(point(FORK_DEM, 0, 1), 0.0, water(grid, [(4, 2)], [(1, 3)]))
    way_m = 30 + DIAGONAL
    assert up(facts).answer is Answer.YES
    assert up(facts).receptor_id == "F0"
    assert up(facts).why == "沿水流 0.04 km（按高程推算）。"
    assert up(facts, way_m).answer is Answer.YES
    assert up(facts, way_m - 1).answer is Answer.NO
    # The limit ends the search before the grid does, and the layer is complete: nothing stands in the way.
    assert up(facts, way_m - 1).gap == ""
    assert up(facts, classes=("优先保护类",)).answer is Answer.NO


def test_water_that_leaves_the_grid_clears_nothing() -> None:
    grid = flow_grid(FORK_DEM, BREACH)
    found = up(FlowFacts(point(FORK_DEM, 0, 1), 0.0, water(grid, [(1, 3)])), 1000.0)
    assert found.answer is Answer.NO
    assert found.gap == "水流在 0.1 km 处流出高程范围，其后未作判断，结果为下限。"


def test_water_that_sinks_into_a_kept_hollow_clears_nothing() -> None:
    hollow = raster(HOLLOW)
    facts = {
        name: FlowFacts(point(hollow, 1, 1), 0.0, water(flow_grid(hollow, choice), [(2, 4)]))
        for name, choice in (("breach", BREACH), ("keep", KEEP))
    }
    assert up(facts["breach"]).answer is Answer.YES
    assert up(facts["keep"]).answer is Answer.NO
    assert "止于封闭洼地（岩溶区可能转入地下，去向不明）" in up(facts["keep"]).gap


@pytest.mark.parametrize(
    ("coverage", "complete", "gap"),
    [
        (None, True, "「耕地」未申明数据范围，结果为下限。"),
        (EVERYWHERE, False, "「耕地」未申明完整，结果为下限。"),
        (shapely.box(0, 0, 1, 1), True, "水流超出「耕地」数据范围，结果为下限。"),
        (EVERYWHERE, True, ""),
    ],
)
def test_finding_nothing_needs_the_layer_to_be_there(coverage: shapely.Geometry, complete: bool, gap: str) -> None:  # noqa: FBT001
    grid = flow_grid(FORK_DEM, BREACH)
    held = water(grid, [(1, 3)], coverage=coverage, complete=complete)
    assert up(FlowFacts(point(FORK_DEM, 0, 1), 0.0, held), 30.0).gap == gap


def test_an_uncertain_source_may_drain_to_either_branch() -> None:
    grid = flow_grid(FORK_DEM, BREACH)
    held = water(grid, [(2, 3)])
    exact, uncertain = (FlowFacts(point(FORK_DEM, 1, 1), error_m, held) for error_m in (0.0, 25.0))
    assert (up(exact).answer, up(exact).others) == (Answer.NO, frozenset())
    assert (up(uncertain).answer, up(uncertain).others) == (Answer.NO, frozenset({Answer.YES}))


@pytest.mark.parametrize("limit_m", [0.0, 30.0, DIAGONAL, 30 + DIAGONAL, 200.0, INF])
def test_no_start_is_left_out_however_many(limit_m: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What drains to the cells, gathered once, is what each start meets on its way down."""
    rng = np.random.default_rng(7)
    grid = flow_grid(raster(rng.uniform(0, 50, (24, 24)).tolist()), BREACH)
    cells = np.sort(rng.choice(576, 6, replace=False))
    singly = [by_heights._meets(grid, np.array([start]), cells, limit_m) for start in range(576)]
    monkeypatch.setattr(by_heights, "_MOST_TRACES", 0)
    assert [by_heights._meets(grid, np.array([start]), cells, limit_m) for start in range(576)] == singly
    assert by_heights._meets(grid, np.arange(576), cells, limit_m) == set().union(*singly)
    assert {True} in singly


def test_downstream_of_a_parcel() -> None:
    grid = flow_grid(FORK_DEM, BREACH)
    facts = FlowFacts(point(FORK_DEM, 4, 2), 0.0, water(grid, [(0, 1)], [(1, 3)]))
    near = facts.downstream(Features("farmland"), INF, "")
    assert isinstance(near, PlaceFact)
    assert (near.answer, near.receptor_id) == (Answer.YES, "F1")
    west = facts.downstream(Features("farmland", ("严格管控类",)), 40.0, "")
    assert isinstance(west, PlaceFact)
    assert west.answer is Answer.NO
    assert west.gap == "集水范围达到高程数据边缘，其外未作判断，结果为下限。"
    other_side = FlowFacts(point(FORK_DEM, 2, 3), 0.0, water(grid, [(0, 1)])).downstream(Features("farmland"), INF, "")
    assert isinstance(other_side, PlaceFact)
    assert other_side.answer is Answer.NO


def test_what_cannot_be_told_says_why() -> None:
    grid = flow_grid(FORK_DEM, BREACH)
    here = point(FORK_DEM, 0, 1)
    facts = FlowFacts(here, 0.0, water(grid, [(4, 2)]))
    asked = [
        facts.upstream(Features("farmland"), INF, "network"),
        facts.upstream(Features("intakes"), INF, "catchment"),
        FlowFacts(here, 0.0, None).upstream(Features("farmland"), INF, "catchment"),
        FlowFacts(shapely.Point(100, 20), 0.0, water(grid, [(4, 2)])).upstream(Features("farmland"), INF, ""),
    ]
    assert [one.why for one in asked if isinstance(one, Unknown)] == [
        "未提供有流向的河网图层，沿河网未作判断。",
        "未提供「饮用水取水口」，本条未评估。请向水利部门获取。",
        "未提供「高程」，水流方向未作判断。请向自然资源部门获取。",
        "不在高程数据范围内，水流方向未作判断。",
    ]


def test_both_modes_stand_on_a_hit_but_not_on_a_miss() -> None:
    facts = FlowFacts(point(FORK_DEM, 0, 1), 0.0, water(flow_grid(FORK_DEM, BREACH), [(4, 2)], [(1, 3)]))
    assert up(facts, mode="both").answer is Answer.YES
    assert up(facts, mode="both", classes=("优先保护类",)).gap == "未提供有流向的河网图层，沿河网未作判断。"


def test_a_station_is_put_onto_its_stream_first() -> None:
    given = raster(VALLEY)
    grid = flow_grid(given, BREACH)
    beside = point(given, 3, 1)
    held = water(grid, [(0, 2)])
    loose = FlowFacts(beside, 0.0, held).downstream(Features("farmland"), INF, "")
    snapped = FlowFacts(beside, 0.0, held, snap_rule=SnapRule(25.0, 0.08)).downstream(Features("farmland"), INF, "")
    nowhere = FlowFacts(beside, 0.0, held, snap_rule=SnapRule(5.0, 9.0)).downstream(Features("farmland"), INF, "")
    assert isinstance(loose, PlaceFact)
    assert isinstance(snapped, PlaceFact)
    assert isinstance(nowhere, Unknown)
    assert (loose.answer, snapped.answer) == (Answer.NO, Answer.YES)
    assert "未能落到水流上" in nowhere.why


# A ridge of 30 m in column 3 between two valleys that join in the last row.
RIDGE = [
    [15, 10, 15, 30, 15, 12, 15],
    [15, 9, 15, 30, 15, 11, 15],
    [15, 8, 15, 30, 15, 10, 15],
    [15, 7, 6, 5, 6, 7, 15],
    [15, 15, 15, 4, 15, 15, 15],
]


def test_a_ridge_between_two_points() -> None:
    given = raster(RIDGE)
    grid = flow_grid(given, BREACH)
    line = profile(grid.frame, grid.heights, point(given, 1, 1), point(given, 1, 5))
    assert not isinstance(line, Unknown)
    assert (line.source_height_m, line.parcel_height_m, line.divide_m) == (9.0, 11.0, 30.0)
    assert (line.above_source_m, line.above_parcel_m, line.above_higher_end_m) == (21.0, 19.0, 19.0)
    assert line.distance_m == pytest.approx(40.0, abs=0.1)
    assert line.at_m == pytest.approx(20.0, abs=5.0)


@pytest.mark.parametrize(("ridge_m", "has_ridge"), [(19.0, True), (19.1, False)])
def test_what_counts_as_a_ridge_is_a_choice(ridge_m: float, *, has_ridge: bool) -> None:
    given = raster(RIDGE)
    grid = flow_grid(given, BREACH)
    found = barrier(grid, point(given, 1, 1), point(given, 1, 5), BarrierRule(ridge_m, 10.0))
    assert not isinstance(found, Unknown)
    assert found.has_ridge is has_ridge
    # Both waters drain diagonally to (4, 3), the lowest neighbour, which drains everything.
    assert found.common_ha == 0.35
    assert found.is_same_small_catchment
    ridge = "有山脊" if has_ridge else "没有所定高差的山脊"
    assert f"，高出较高一端 19 m，{ridge}；" in found.zh
    assert found.zh.endswith("同属一个小流域（供参考，不影响结论）。")


def test_no_barrier_is_told_across_a_void() -> None:
    heights = np.array(RIDGE, float)
    heights[1, 3] = np.nan
    given = raster(heights)
    grid = flow_grid(given, BREACH)
    found = barrier(grid, point(given, 1, 1), point(given, 1, 5), BarrierRule(10.0, 10.0))
    assert found == Unknown("两点连线上有处没有高程，其间有无山脊未作判断。")


def test_degrees_are_refused() -> None:
    with pytest.raises(InputError, match="须在米制投影上计算"):
        flow_grid(raster(FORK, crs="EPSG:4490"), BREACH)


def test_a_feature_beside_the_way_counts_within_the_chosen_width() -> None:
    slope = np.array([[100.0 - 10 * row + 3 * abs(column - 3) for column in range(7)] for row in range(7)])
    given = raster(slope)
    grid = flow_grid(given, BREACH)
    house = shapely.buffer(point(given, 4, 5), 1e-6)
    cells = [grid.frame.cells_of_shape(house)]
    covered = shapely.box(113, 22, 115, 25)
    layer = WaterLayer(targets_of(["H1"], ["河边村"], [""], cells), covered, is_complete=True, shapes=[house])
    facts = FlowFacts(point(given, 0, 3), 0.0, Water(grid, {"sensitive_sites": layer}))
    houses = Features("sensitive_sites")
    # Straight down column 3, two columns (20 m) west of the house in row 4.
    missed, met = (facts.beside_path(houses, 50.0, beside_m) for beside_m in (19.0, 21.0))
    assert not isinstance(missed, Unknown)
    assert not isinstance(met, Unknown)
    assert missed.answer is Answer.NO
    assert (met.answer, met.receptor_id, met.measured_m) == (Answer.YES, "H1", 40.0)
    short = facts.beside_path(houses, 30.0, 21.0)
    assert not isinstance(short, Unknown)
    assert (short.answer, short.gap) == (Answer.NO, "")


def test_a_feature_that_is_not_sure_of_its_place_may_lie_beside_the_way() -> None:
    """Cells of 10 m; the way comes down the left branch, whose cells begin 15 m from the right one's middle."""
    grid = flow_grid(FORK_DEM, BREACH)
    source = FlowFacts(point(FORK_DEM, 0, 1), 0.0, Water(grid, {"farmland": intake_at(grid, (4, 2), 0.0)}))
    assert (up(source).answer, up(source).others) == (Answer.YES, frozenset())
    for cell, error_m, answer, others in (
        ((4, 2), 4.9, Answer.YES, frozenset()),
        ((4, 2), 5.1, Answer.YES, frozenset({Answer.NO})),
        ((1, 3), 14.9, Answer.NO, frozenset()),
        ((1, 3), 15.1, Answer.NO, frozenset({Answer.YES})),
    ):
        held = Water(grid, {"farmland": intake_at(grid, cell, error_m)})
        found = up(FlowFacts(point(FORK_DEM, 0, 1), 0.0, held))
        assert (found.answer, found.others) == (answer, others), (cell, error_m)
        assert ("所问对象自身的定位误差范围内，结论可能不同。" in found.why) is bool(others)
    for error_m, others in ((4.9, frozenset()), (15.1, frozenset({Answer.NO}))):
        below = FlowFacts(point(FORK_DEM, 2, 1), 0.0, Water(grid, {"farmland": intake_at(grid, (0, 1), error_m)}))
        fact = below.downstream(Features("farmland", ()), INF, "catchment")
        assert isinstance(fact, PlaceFact)
        assert (fact.answer, fact.others) == (Answer.YES, others), error_m


def intake_at(grid: FlowGrid, cell: tuple[int, int], error_m: float) -> WaterLayer:
    shape = point(FORK_DEM, *cell)
    table = pa.Table.from_pylist(
        [{"receptor_id": "Q1", "name": "取水口", "class": "", "geometry": shapely.to_wkb(shape)}], RECEPTOR_SCHEMA
    )
    gates = Gates(EVERYWHERE, completeness=Completeness.COMPLETE)
    kind = LayerKind.SENSITIVE_SITES
    held = Layer("x", kind, Basis.REAL, Provenance("x"), table.to_batches, gates, 1, errors_m={"Q1": error_m})
    return by_heights.water_layer(grid, held, None)
