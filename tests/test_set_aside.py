"""A receptor without a usable shape is not absent: where it may lie nothing is clear, until a person says so."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from hmgeo.errors import ProjectError
from hmgeo.intake.columns import Accepted, ReadOptions
from hmgeo.intake.formats.packed import pack_layer, stream_receptors
from hmgeo.intake.load import load_positions, load_receptors
from hmgeo.judging.facts import Features, PlaceFact
from hmgeo.judging.layers import LayerFacts, LayerIndexes
from hmgeo.judging.places import Places
from hmgeo.project.bare import BareFile
from hmgeo.project.pairs.measure import pairs_files
from hmgeo.project.run import project_results
from hmgeo.project.spec import read_spec
from hmgeo.records import Gates
from hmgeo.vocabulary import Basis, Completeness, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.records import Layer, Ledger

NEAR = [[[113.05, 23.70], [113.06, 23.70], [113.06, 23.71], [113.05, 23.71], [113.05, 23.70]]]
FLAT = [[[113.05, 23.70], [113.06, 23.70], [113.05, 23.70], [113.05, 23.70]]]
FAR = [[[113.10, 23.60], [113.11, 23.60], [113.11, 23.61], [113.10, 23.61], [113.10, 23.60]]]
AROUND = shapely.box(112.0, 23.0, 114.0, 24.5)
PLACES = {
    "null": (None, {}),
    "empty": ({"type": "Polygon", "coordinates": []}, {}),
    "no area": ({"type": "Polygon", "coordinates": FLAT}, {}),
    "a point": ({"type": "Point", "coordinates": [113.05, 23.70]}, {}),
    "null in its county": (None, {"县（市、区）": "清城区"}),
    "null with its code": (None, {"座落单位代码": "441802105000"}),
}
PROJECT = """schema: 1
title: 搁置
as_of: 2024-06-30
area: {{key_areas: [GD-QC]}}
layers:
  enterprises: {{path: e.csv, datum: cgcs2000, basis: synthetic, classification: 公开, vintage: 2024}}
  farmland: {{path: farm.geojson, basis: synthetic, classification: 公开, vintage: 2024,
    coverage: {{file: cover.geojson}}, completeness: complete{more}}}
screening_rule: SCR-JY-10KM
parameters:
  cadmium_trades: {{value: ["3212"], edition: 2017, by: 示例, on: 2026-11-21, reason: 示例}}
  farmland_extent: {{value: all, by: 示例, on: 2026-11-21, reason: 示例}}
  terrain: {{value: not_considered, by: 示例, on: 2026-11-21, reason: 示例}}
adopt:
  - {{rule: SCR-JY-10KM, by: 示例, on: 2026-11-21, reason: 示例}}
"""
ACCEPTED = ", accept_set_aside: {count: 1, by: 王工, on: 2026-11-28, reason: 已实地核实}"


def parcels(folder: Path, first: dict[str, Any] | None, **columns: str) -> Path:
    """Write P1 with this geometry, and P2 some 12 km from the source."""
    features = [
        {"type": "Feature", "properties": {"parcel_id": "P1"} | columns, "geometry": first},
        {"type": "Feature", "properties": {"parcel_id": "P2"}, "geometry": {"type": "Polygon", "coordinates": FAR}},
    ]
    path = folder / "farm.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def project(folder: Path, first: dict[str, Any] | None, more: str = "", **columns: str) -> Path:
    parcels(folder, first, **columns)
    cover = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(AROUND)}
    (folder / "cover.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [cover]}))
    header = "企业编号,企业名称,行业代码,行业分类版本,经度,纬度"
    (folder / "e.csv").write_text(f"{header}\nE1,一厂,3212,2017,113.0375,23.685278\n", encoding="utf-8")
    (folder / "project.yml").write_text(PROJECT.format(more=more), encoding="utf-8")
    return folder


def layer(path: Path, coverage: shapely.Geometry, accepted: Accepted | None = None) -> tuple[Layer, Ledger]:
    gates = Gates(coverage, "", Completeness.COMPLETE)
    options = ReadOptions(accept_set_aside=accepted)
    return load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, gates=gates, options=options)


def inside(held: Layer, lon: float, lat: float) -> PlaceFact:
    facts = LayerFacts(shapely.Point(lon, lat), 0.0, LayerIndexes([held]), Places())
    found = facts.inside(Features("farmland"))
    assert isinstance(found, PlaceFact)
    return found


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_clear_where_it_may_lie(tmp_path: Path, name: str) -> None:
    first, columns = PLACES[name]
    results = project_results(project(tmp_path, first, **columns), page=False)
    (row,) = results.sources.to_pylist()
    assert (row["verdict"], row["nearest_farmland_id"], row["counts_are_lower_bounds"]) == ("not_assessed", "P2", True)
    assert "「耕地」搁置了 1 个图形不可用的要素（P1）" in row["note"]
    assert "不等于不存在" in row["note"]
    (told,) = (one for one in results.warnings if "搁置" in one)
    assert "accept_set_aside: {count: 1, by: 姓名, on: 日期, reason: 理由}" in told
    (used,) = (one for one in results.layers if one.kind is LayerKind.FARMLAND)
    assert (used.feature_count, used.row_count) == (1, 2)


def test_a_person_may_accept_just_so_many(tmp_path: Path) -> None:
    (row,) = project_results(project(tmp_path, None, ACCEPTED), page=False).sources.to_pylist()
    assert (row["verdict"], row["counts_are_lower_bounds"], "搁置" in row["note"]) == ("clear", False, False)
    other = project_results(project(tmp_path, None, ACCEPTED.replace("count: 1", "count: 2")), page=False)
    assert other.sources["verdict"].to_pylist() == ["not_assessed"]
    assert any("所填 2 个与实际不符" in one for one in other.warnings)
    project(tmp_path, None, ", accept_set_aside: {count: 1, by: 王工}")
    with pytest.raises(ProjectError, match="reason"):
        read_spec(tmp_path)


def test_only_the_ground_where_it_may_lie_is_open(tmp_path: Path) -> None:
    held, _ = layer(parcels(tmp_path, {"type": "Polygon", "coordinates": FLAT}), AROUND)
    assert "其图形外框内" in inside(held, 113.055, 23.70).gap
    assert inside(held, 113.2, 23.8).gap == ""
    held, ledger = layer(parcels(tmp_path, None, **{"县（市、区）": "清城区"}), AROUND)
    assert "可能在清城区" in inside(held, 113.04, 23.68).gap
    assert inside(held, 112.1, 23.1).gap == ""  # in 四会, far outside 清城区
    assert [one.event for one in ledger.entries].count("搁置待核") == 1
    held, _ = layer(parcels(tmp_path, None), AROUND)
    assert "可能在任何位置" in inside(held, 112.1, 23.1).gap
    held, ledger = layer(parcels(tmp_path, None), AROUND, Accepted(1, "王工", "2026-11-28", "已核实"))
    assert inside(held, 112.1, 23.1).gap == ""
    assert any(one.event == "搁置已确认" and "王工（2026-11-28）" in one.action for one in ledger.entries)


def test_forest_without_a_shape_is_no_farmland(tmp_path: Path) -> None:
    held, _ = layer(parcels(tmp_path, None, DLBM="0301"), AROUND)
    assert (held.gates.aside, held.gates.completeness) == ("", Completeness.COMPLETE)


def test_a_code_that_no_land_has_is_no_other_land(tmp_path: Path) -> None:
    held, _ = layer(parcels(tmp_path, None, DLBM="9999"), AROUND)
    assert held.gates.completeness is Completeness.PARTIAL
    assert "搁置了 1 个图形不可用的要素（P1）" in held.gates.aside


@pytest.mark.parametrize("codes", [["", ""], ["0301", ""]])
def test_a_packed_layer_remembers_what_was_set_aside(tmp_path: Path, codes: list[str]) -> None:
    packed = tmp_path / "farm.packed.parquet"
    pack_layer(parcels(tmp_path, None, DLBM=codes[0]), packed)
    streamed = stream_receptors(packed, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, gates=Gates(AROUND))
    held, ledger = layer(packed, AROUND)
    told = [one.reason for one in ledger.entries if one.event == "搁置待核"]
    if codes[0]:  # a forest
        assert (held.gates.aside, streamed.gates.aside, told) == ("", "", [])
        return
    assert held.gates.completeness is streamed.gates.completeness is Completeness.PARTIAL
    words = "「耕地」搁置了 1 个图形不可用的要素（打包前已搁置 1 个），可能在任何位置，不等于不存在。"
    assert told == [held.gates.aside] == [streamed.gates.aside] == [words]
    held, ledger = layer(packed, AROUND, Accepted(1, "王工", "2026-11-28", "已核实"))
    assert inside(held, 112.1, 23.1).gap == ""


def test_a_packed_layer_remembers_the_margin_of_its_datum(tmp_path: Path) -> None:
    path, packed = parcels(tmp_path, {"type": "Polygon", "coordinates": NEAR}), tmp_path / "farm.packed.parquet"
    pack_layer(path, packed, options=ReadOptions(datum="西安80"))
    held, _ = layer(packed, AROUND)
    assert held.margin_m == 100.0


def test_farmland_on_another_continent_may_lie_anywhere_here(tmp_path: Path) -> None:
    import_module("hmgeo.reference.compiled")  # then P2 needs no second look, and still tells where the others lie
    moved = [[[lon - 100.0, lat] for lon, lat in NEAR[0]]]
    held, _ = layer(parcels(tmp_path, {"type": "Polygon", "coordinates": moved}), AROUND)
    assert held.read()["receptor_id"].to_pylist() == ["P2"]
    assert "（P1），可能在任何位置" in held.gates.aside
    path = parcels(tmp_path, {"type": "Polygon", "coordinates": moved})
    path.write_text(path.read_text(encoding="utf-8").replace("113.1", "13.1"), encoding="utf-8")
    held, ledger = layer(path, AROUND)  # all of it abroad: a study there
    assert (held.feature_count, held.gates.aside) == (2, "")
    assert any(one.event == "境外提示" for one in ledger.entries)


@pytest.mark.parametrize("how", ["a line beside an area", "a part without area"])
def test_a_part_that_is_lost_is_not_absent(tmp_path: Path, how: str) -> None:
    lost: dict[str, Any] = {"type": "LineString", "coordinates": [[113.055, 23.70], [113.056, 23.70]]}
    whole: dict[str, Any] = {"type": "Polygon", "coordinates": FAR}
    first: dict[str, Any] = {"type": "GeometryCollection", "geometries": [whole, lost]}
    if how == "a part without area":
        first = {"type": "MultiPolygon", "coordinates": [FAR, FLAT]}
    held, ledger = layer(parcels(tmp_path, first), AROUND)
    assert (held.feature_count, held.row_count, held.left_open) == (2, 2, 1)
    told = "「耕地」搁置了 1 个图形全部或部分不可用的要素（P1），可能在其图形外框内，不等于不存在。"
    assert held.gates.aside == told
    assert inside(held, 113.055, 23.70).gap.endswith(told)
    assert inside(held, 113.2, 23.8).gap == ""
    assert sum(one.event == "搁置待核" for one in ledger.entries) == 1


def test_a_point_inside_an_area_is_no_lost_part(tmp_path: Path) -> None:
    point = {"type": "Point", "coordinates": [113.055, 23.705]}
    whole = {"type": "Polygon", "coordinates": NEAR}
    held, _ = layer(parcels(tmp_path, {"type": "GeometryCollection", "geometries": [whole, point]}), AROUND)
    assert (held.gates.aside, held.left_open) == ("", 0)


def test_a_source_with_a_part_elsewhere_is_returned(tmp_path: Path) -> None:
    path = parcels(tmp_path, {"type": "MultiPolygon", "coordinates": [FAR, FLAT]})
    positions, _ = load_positions(path, kind=LayerKind.CONTAMINATED_SITES, basis=Basis.SYNTHETIC)
    assert positions.table["status"].to_pylist() == ["rejected", "assessed"]
    assert "图形有一部分不可用" in positions.table["note"][0].as_py()


def test_a_school_on_another_continent_may_lie_anywhere_here(tmp_path: Path) -> None:
    path = tmp_path / "schools.geojson"
    shapes = [shapely.Point(13.1, 23.6), shapely.Point(113.1, 23.6), shapely.LineString([(60, 50), (113.1, 23.6)])]
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(one)} for one in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    held, ledger = load_receptors(
        path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.SYNTHETIC, gates=Gates(AROUND, "", Completeness.COMPLETE)
    )
    assert (held.feature_count, held.gates.completeness) == (2, Completeness.PARTIAL)
    assert [one.row for one in ledger.entries if one.event == "几何搁置"] == [1]
    assert any(one.event == "境外提示" and "数据第 3 行" in one.reason for one in ledger.entries)


@pytest.mark.parametrize("how", ["plain", "whole", "packed"])
def test_pairs_tell_that_a_receptor_is_in_none(tmp_path: Path, how: str) -> None:
    import geopandas as gpd  # noqa: PLC0415

    project(tmp_path, None)
    path = tmp_path / "farm.geojson"
    if how != "whole":
        path = tmp_path / "farm.parquet"
        gpd.GeoDataFrame(
            {"parcel_id": ["P1", "P2"]}, geometry=[None, shapely.Polygon(FAR[0])], crs="EPSG:4490"
        ).to_parquet(path)
    if how == "packed":
        packed = tmp_path / "farm.packed.parquet"
        pack_layer(path, packed)
        assert stream_receptors(packed, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC).feature_count == 1
        path = packed
    told: list[str] = []
    pairs_files(BareFile(tmp_path / "e.csv"), BareFile(path), tmp_path / "pairs.parquet", tell=told.append)
    words = f"{path.name} 共 2 行，其中 1 行图形不可用，已搁置：不等于不存在，最近距离可能偏大，计数为下限。"
    assert told[-1] == words


def test_pairs_tell_once_what_was_set_aside(tmp_path: Path) -> None:
    """Beside the entry of its row stands one on the layer as a whole, which isn't counted as a row."""
    import geopandas as gpd  # noqa: PLC0415

    project(tmp_path, None)
    path = tmp_path / "farm.gpkg"
    frame = gpd.GeoDataFrame({"parcel_id": ["P1", "P2"]}, geometry=[None, shapely.Polygon(FAR[0])], crs="EPSG:4490")
    frame.to_file(path, engine="pyogrio")
    told: list[str] = []
    pairs_files(BareFile(tmp_path / "e.csv"), BareFile(path), tmp_path / "pairs.parquet", tell=told.append)
    assert [line.partition("用了")[0] for line in told] == [
        "farm.gpkg 读取时：几何搁置 1 行。",
        "farm.gpkg 分批读取整理 2 行",
        "farm.gpkg 共 2 行，其中 1 行图形不可用，已搁置：不等于不存在，最近距离可能偏大，计数为下限。",
    ]
