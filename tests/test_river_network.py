"""Drawn rivers on a pencil network: a main stem of two reaches and a tributary that joins in its middle.

A --- B --- C        one hundredth of a degree of latitude each, flowing south
      |
D ----+              the tributary, flowing west into B
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import shapely
from grids import point, raster

from hmgeo.geo.raster import ground_of
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import Unknown
from hmgeo.results.columns import FLOW_CATCHMENT_SCHEMA
from hmgeo.water.agreement import agreement_rows
from hmgeo.water.grid import ClosedBasins, Conditioning, flow_grid
from hmgeo.water.rivers import OnNetwork, river_network
from hmgeo.water.sampling import Named, _wells, below_clusters, below_risks, clusters, double_sources, sections
from hmgeo.water.snap import FlowChoices, SnapRule, flow_choices
from hmgeo.water.trace import DOUBTFUL, Things, basin_cells, basin_rows

TOP, JOIN, END, HEAD = (108.0, 25.02), (108.0, 25.01), (108.0, 25.0), (108.02, 25.01)
STEM, BRANCH = shapely.LineString([TOP, JOIN, END]), shapely.LineString([HEAD, JOIN])
RULE = SnapRule(tolerance_m=200.0, stream_ha=1.0)
NORTH_M, WEST_M = 1107.7, 2018.7
"""A hundredth of a degree of latitude and two of longitude at 25 degrees north, by the ellipsoid."""


def network():  # noqa: ANN201 -- the narrowed type would need an import at run time
    made = river_network(["干流", "支流"], [STEM, BRANCH])
    assert made is not None
    return made


def spot(lon: float, lat: float):  # noqa: ANN201 -- as above
    return network().spot(shapely.Point(lon, lat), RULE.tolerance_m)


def test_lines_are_cut_where_another_ends() -> None:
    assert (list(network().names), list(network().below)) == (["干流", "干流", "支流"], [[1], [], [1]])
    assert list(network().length_m) == pytest.approx([NORTH_M, NORTH_M, WEST_M], abs=0.5)
    assert river_network([], []) is None


def test_the_way_along_the_rivers() -> None:
    upper, branch, lower = spot(108.0, 25.018), spot(108.018, 25.01), spot(108.0, 25.002)
    assert network().way_m(upper, lower) == pytest.approx(NORTH_M * 1.6, abs=1)
    assert network().way_m(branch, lower) == pytest.approx(WEST_M * 0.9 + NORTH_M * 0.8, abs=1)
    assert network().way_m(lower, upper) is None
    assert network().way_m(upper, branch) is None
    assert network().way_m(upper, lower, limit_m=1000.0) is None


def test_a_point_between_two_rivers_cannot_be_placed() -> None:
    placed = spot(108.001, 25.018)
    assert (placed.status, placed.distance_m) == (OnNetwork.SNAPPED, 100.9)
    assert placed.why == "落到 101 m 外的干流。"
    assert spot(108.01, 25.018).status is OnNetwork.NO_RIVER
    apart = river_network(
        ["东", "西"],
        [shapely.LineString([(108.0, 25.0), (108.0, 24.9)]), shapely.LineString([(108.002, 25.0), (108.002, 24.9)])],
    )
    assert apart is not None
    doubt = apart.spot(shapely.Point(108.00101, 24.95), RULE.tolerance_m)
    assert doubt.status is OnNetwork.CANNOT_TELL
    assert doubt.why == "无法判断所在河流：西（100 m）与 东（102 m） 相近。"


@pytest.mark.parametrize(
    ("by_heights_m", "source", "status"),
    [
        (1700.0, (108.0, 25.018), "agree"),
        (None, (108.0, 25.018), "cannot_tell"),
        (900.0, (108.1, 25.1), "only_heights"),
    ],
)
def test_heights_and_drawn_rivers_side_by_side(
    by_heights_m: float | None, source: tuple[float, float], status: str
) -> None:
    row = {
        "target_id": "T",
        "source_id": "S" if by_heights_m else "",
        "catchment_area_ha": 1.0,
        "flow_distance_m": by_heights_m,
    }
    told = pa.Table.from_pylist([row], FLOW_CATCHMENT_SCHEMA)
    sources = Things(["S"], ["源"], [shapely.Point(source)])
    targets = Things(["T"], ["口"], [shapely.Point(108.0, 25.002)])
    (found,) = agreement_rows(network(), sources, targets, told, RULE, 5000.0)
    assert found["status"] == status
    doubtful = pa.Table.from_pylist([row | {"is_ambiguous": True}], FLOW_CATCHMENT_SCHEMA)
    (marked,) = agreement_rows(network(), sources, targets, doubtful, RULE, 5000.0)
    assert marked == found | {"note": found["note"] + (f"{DOUBTFUL}。" if by_heights_m else "")}
    assert ("无法判断" in found["note"]) == (status == "cannot_tell")


def test_rivers_pass_from_town_to_town_and_a_shared_border_is_told_once() -> None:
    towns = [
        Named("1", "北镇", shapely.box(107.9, 25.01, 108.1, 25.1)),
        Named("2", "南镇", shapely.box(107.9, 24.9, 108.1, 25.01)),
    ]
    (found,) = sections([Named("r", "干流", STEM)], towns, is_approximate=True)
    assert (found.why, round(found.point.y, 6)) == ("干流由北镇流入南镇", 25.01)
    assert found.notes == ("乡镇界为示意，位置以勘界成果为准",)
    wavy = shapely.LineString([(108.0, 25.02), (108.01, 25.0), (108.02, 25.02), (108.03, 25.0)])
    (once,) = sections([Named("r", "干流", wavy)], towns, is_approximate=False)
    assert once.notes == ("沿界往返，另有 2 处交点",)


def test_density_makes_groups() -> None:
    # Three within 100 m of each other and one far away: 3 / (pi * 0.25) = 3.82 in 0.5 km.
    places = [(108.0, 25.0), (108.0005, 25.0), (108.0, 25.0005), (108.2, 25.0)]
    sources = [Named(str(number), "", shapely.Point(place)) for number, place in enumerate(places)]
    ((_, ids, density),) = clusters(sources, 500.0, 2.0)
    assert (ids, round(density, 2)) == (("0", "1", "2"), 3.82)
    assert clusters(sources, 500.0, 4.0) == []


@pytest.mark.parametrize(("stream_ha", "is_met"), [(0.05, True), (0.1, False)])
def test_water_that_meets_no_stream_is_told(stream_ha: float, is_met: bool) -> None:  # noqa: FBT001 -- a case's answer
    """A valley of three cells a side, 10 m each: 0.09 ha drain out of it, so a stream of 0.1 ha isn't there."""
    dem = raster([[9, 8, 9], [9, 7, 9], [9, 6, 9]])
    keep = Conditioning(closed_basins=ClosedBasins.KEEP)
    grid, chosen = flow_grid(dem, keep), FlowChoices(200.0, keep, SnapRule(50.0, stream_ha))
    park = Named("P1", "示例园区", point(dem, 0, 1))
    twins = [Named("A", "甲厂", point(dem, 0, 1)), Named("B", "乙厂", point(dem, 0, 0))]
    told = "的径流在 0.2 km 内未汇入水流或不在高程范围内，未提出下游点位。"
    proposals, dry = below_risks(grid, [("工业园区", park)], chosen)
    assert (len(proposals), dry) == ((1, []) if is_met else (0, [f"工业园区示例园区{told}"]))
    proposals, dry = below_clusters(grid, twins, 500.0, 1.0, chosen)
    assert (len(proposals), dry) == ((1, []) if is_met else (0, [f"涉铊涉锑企业密集区（A、B）{told}"]))


def test_groundwater_lists_what_pollutes_around() -> None:
    well = Named("W", "井", shapely.Point(108.0, 25.0))
    near = ("企业", Named("A", "甲厂", shapely.Point(108.001, 25.0)))
    (found,) = double_sources([well], [near, ("企业", Named("B", "乙厂", shapely.Point(108.1, 25.0)))], 1000.0)
    assert found.why == "地下水水源，1.0 km内污染源 1 处：企业甲厂（101 m）"


def test_a_well_stays_a_well_beside_an_intake_without_a_place() -> None:
    intakes = Things(["S", "W"], ["河边取水口", "井"], [None, shapely.Point(108.0, 25.0)], ["地表水", "地下水"])
    (well,) = _wells(SimpleNamespace(things=lambda _: intakes))  # type: ignore[arg-type]
    assert (well.id, well.name) == ("W", "井")


BOWL = raster(
    [
        [20.0, 20.0, 20.0, 20.0, 20.0],
        [20.0, 12.0, 11.0, 12.0, 20.0],
        [20.0, 11.0, 5.0, 11.0, 15.0],
        [20.0, 12.0, 11.0, 12.0, 20.0],
        [20.0, 20.0, 20.0, 20.0, 20.0],
    ]
)


@pytest.mark.parametrize("choice", list(ClosedBasins))
def test_a_closed_basin_with_who_lies_in_it(choice: ClosedBasins) -> None:
    # The rim is lowest at 15 m: ten metres deep, the nine inner cells of 100 m2.
    grid = flow_grid(BOWL, Conditioning(choice))
    cells = basin_cells(grid, grid.basins[0])
    assert cells.tolist() == [6, 7, 8, 11, 12, 13, 16, 17, 18]
    (row,) = basin_rows(grid, ["A", "B"], [np.array([12]), np.array([0])], {}, {})
    assert (row["depth_m"], row["area_ha"], row["sources_within"]) == (10.0, 0.09, "A")
    assert row["is_kept"] == (choice is ClosedBasins.KEEP)


def test_cells_become_ground() -> None:
    grid = flow_grid(BOWL, Conditioning(ClosedBasins.KEEP))
    ground = ground_of(grid.frame, np.array([6, 7, 11, 24]))
    assert ground.geom_type == "MultiPolygon"
    flat = grid.frame.to_plane(ground)
    assert flat.area == pytest.approx(400.0, abs=0.5)
    assert ground.contains(point(BOWL, 1, 1))
    assert not ground.contains(point(BOWL, 2, 2))


def test_unset_choices_are_asked_for_by_name() -> None:
    named = {"flow_limit_m": 1000.0, "snap_distance_m": 100.0, "stream_min_area_ha": 10.0, "closed_basins": "keep"}
    whole = flow_choices(Choices({name: ChosenParameter(name, value) for name, value in named.items()}))
    assert isinstance(whole, FlowChoices)
    assert (whole.limit_m, whole.conditioning.closed_basins) == (1000.0, ClosedBasins.KEEP)
    for left_out, title in (("flow_limit_m", "沿水流追踪的距离"), ("closed_basins", "封闭洼地的处理")):
        rest = {name: ChosenParameter(name, value) for name, value in named.items() if name != left_out}
        found = flow_choices(Choices(rest))
        assert isinstance(found, Unknown)
        assert found.why.startswith(f"水流未评估：条文未规定「{title}」")
