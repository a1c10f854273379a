from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pytest
import shapely
from grids import point, raster
from test_flow import BREACH, VALLEY

from hmgeo.judging.facts import Answer, Features, PlaceFact, Unknown
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.terrain.ponds_and_mines import overhead
from hmgeo.vocabulary import Basis, Completeness, LayerKind
from hmgeo.water.agreement import stream_offsets
from hmgeo.water.by_heights import FlowFacts, ProjectWater
from hmgeo.water.grid import ClosedBasins, Conditioning, FlowGrid, flow_grid
from hmgeo.water.snap import SnapRule
from hmgeo.water.trace import Things, catchments_of, cells_beside

DEM = raster(VALLEY)


@cache
def grid() -> FlowGrid:
    """Return what water does there, made by whoever asks first: the kernels aren't compiled to collect tests."""
    return flow_grid(DEM, BREACH)


def test_streams_that_lie_beside_the_mapped_river() -> None:
    # The stream (8 cells and more upstream) runs in column 2, rows 1 to 4; the river is drawn one column to the east.
    river = shapely.LineString([point(DEM, 1, 3), point(DEM, 4, 3)])
    found = stream_offsets(grid(), [river], 0.08)
    assert found is not None
    assert (found.median_m, found.upper_m, found.share_within_two_cells) == (10.0, 10.0, 1.0)
    assert (
        found.zh == f"所绘河流上 {found.count} 个点，距高程推算的水流中位数 10 m，九成不超过 10 m；两格以内的占 100%。"
    )
    assert stream_offsets(grid(), [shapely.LineString([(0, 0), (1, 1)])], 0.08) is None
    assert stream_offsets(grid(), [river], 1.0) is None


def test_both_readings_of_a_pond_overhead() -> None:
    houses = [point(DEM, 4, 2), point(DEM, 2, 4), point(DEM, 2, 3)]
    beside = cells_beside(grid(), Things(["1", "2", "3"], ["甲", "乙", "丙"], houses), 0.0)
    pond = point(DEM, 2, 2)
    found = overhead(grid(), pond, None, houses, beside, limit_m=20.0)
    assert [row for row, _ in found.by_circle] == [2, 0, 1]
    assert found.by_circle[0][1] == pytest.approx(10.0, abs=0.01)
    assert found.by_path == ((0, 20.0),)
    assert (found.only_by_circle, found.only_by_path) == ((2, 1), ())
    near = overhead(grid(), pond, point(DEM, 1, 2), houses, beside, limit_m=20.0)
    assert near.by_path == ()


def test_a_pond_off_the_grid_has_its_circle_only() -> None:
    beside = cells_beside(grid(), Things([], [], []), 0.0)
    found = overhead(grid(), shapely.Point(100, 30), None, [], beside)
    assert isinstance(found.by_path, Unknown)
    assert (found.by_circle, found.only_by_path) == ((), ())


def test_targets_off_streams_or_off_the_grid_are_told_apart() -> None:
    places = [point(DEM, 3, 1), point(DEM, 0, 0), shapely.Point(100, 30), None]
    targets = Things(["1", "2", "3", "4"], ["一", "二", "三", "四"], places)
    sources = Things(["S", "T"], ["", ""], [point(DEM, 0, 2), None])
    rows = catchments_of(grid(), targets, sources, 1000.0, SnapRule(15.0, 0.08)).table.to_pylist()
    assert [(row["target_id"], row["target_status"], row["source_id"]) for row in rows] == [
        ("1", "snapped", "S"),
        ("2", "no_stream", ""),
        ("3", "no_stream", ""),
        ("4", "not_assessed", ""),
    ]
    assert (rows[0]["snap_distance_m"], rows[0]["flow_distance_m"], rows[0]["order"]) == (10.0, 30.0, 1)
    assert rows[0]["note"].endswith("集水范围达到高程数据边缘，结果为下限。")


def test_layers_on_a_grid_answer_rules() -> None:
    row = {"receptor_id": "F1", "name": "水田", "class": "严格管控类", "geometry": shapely.to_wkb(point(DEM, 3, 2))}
    batch = pa.RecordBatch.from_pylist([row], RECEPTOR_SCHEMA)
    gates = Gates(shapely.box(110, 20, 120, 30), "全部", Completeness.COMPLETE)
    farmland = Layer("f", LayerKind.FARMLAND, Basis.APPROXIMATE, Provenance("f"), lambda: [batch], gates)
    water = ProjectWater(DEM, [farmland], BREACH, SnapRule(15.0, 0.08))
    facts = FlowFacts(point(DEM, 0, 2), 0.0, water)
    found = facts.upstream(Features("farmland", ("严格管控类",)), 30.0, "catchment")
    assert isinstance(found, PlaceFact)
    assert (found.answer, found.receptor_id, found.is_approximate) == (Answer.YES, "F1", True)
    missed = facts.upstream(Features("farmland"), 20.0, "catchment")
    assert isinstance(missed, PlaceFact)
    assert (missed.answer, missed.gap) == (Answer.NO, "")
    assert water.layer("farmland").targets.missing == 0
    assert np.array_equal(water.layer("farmland").targets.cells, [17])


def test_heights_too_many_for_memory_leave_clauses_open() -> None:
    farmland = Layer("f", LayerKind.FARMLAND, Basis.REAL, Provenance("f"), list, Gates())
    little = Conditioning(ClosedBasins.BREACH, memory_bytes=100)
    facts = FlowFacts(point(DEM, 0, 2), 0.0, ProjectWater(DEM, [farmland], little, SnapRule(15.0, 0.08)))
    found = facts.upstream(Features("farmland"), 30.0, "catchment")
    assert isinstance(found, Unknown)
    assert found.why.startswith("栅格过大：填洼和流向须整幅读入内存。裁到所查污染源和取水口所在流域")
