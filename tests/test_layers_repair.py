"""Shapes as offices draw them: mended with a trace, or set aside by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hmgeo.errors import InputError
from hmgeo.intake.columns import make_ids
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.intake.places.locate import densified
from hmgeo.intake.rows import Journal
from hmgeo.vocabulary import Basis, LayerKind, SoilQualityClass

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.records import Layer, Ledger

SQUARE = "POLYGON((113 23, 113.01 23, 113.01 23.01, 113 23.01, 113 23))"
BOW_TIE = "POLYGON((113 23, 113.02 23.02, 113.02 23, 113 23.02, 113 23))"
SPIKE = "POLYGON((113 23, 113.01 23, 113.01 23.01, 113.01 23.05, 113.01 23.01, 113 23.01, 113 23))"
FLAT = "POLYGON((113 23, 113.01 23.01, 113.02 23.02, 113 23))"


def parquet(folder: Path, wkb: list[bytes | None], crs: int | None = 4490, **columns: list[Any]) -> Path:
    import pyproj  # noqa: PLC0415

    described: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    described["crs"] = json.loads(pyproj.CRS(crs).to_json()) if crs else None
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": described}}
    table = pa.table({**columns, "geometry": pa.array(wkb, pa.binary())})
    path = folder / "地块.parquet"
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    return path


def wkb(*texts: str | None) -> list[bytes | None]:
    return [None if text is None else shapely.to_wkb(shapely.from_wkt(text), flavor="iso") for text in texts]


def farmland(path: Path, options: ReadOptions | None = None) -> tuple[Layer, Ledger]:
    return load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=options or ReadOptions())


def shapes_of(layer: Layer) -> dict[str, shapely.Geometry]:
    table = layer.read()
    return dict(
        zip(table["receptor_id"].to_pylist(), shapely.from_wkb(table["geometry"].to_pylist()).tolist(), strict=True)
    )


def lines(ledger: Ledger, event: str) -> list[tuple[int, str, str, str]]:
    return [
        (entry.row, entry.source_id, entry.reason, entry.action) for entry in ledger.entries if entry.event == event
    ]


def test_what_cannot_be_used_is_set_aside_by_name(tmp_path: Path) -> None:
    nan = np.array([[113, 23], [113.01, 23], [np.nan, 23.01], [113, 23]])
    with np.errstate(invalid="ignore"):
        broken = shapely.to_wkb(shapely.polygons(nan))
    blobs = [
        *wkb(SQUARE, None, "POLYGON EMPTY"),
        broken,
        *wkb(FLAT, "POINT(113 23)", "LINESTRING(113 23, 113.1 23.1)"),
        b"\x01\x03",
        *wkb(
            "POLYGON((513 23, 513.01 23, 513.01 23.01, 513 23))", "POLYGON((23 113, 23.01 113, 23.01 113.01, 23 113))"
        ),
    ]
    layer, ledger = farmland(parquet(tmp_path, blobs, BSM=list("abcdefghij")))
    assert list(shapes_of(layer)) == ["a"]
    assert layer.feature_count == 1
    told = {name: reason for _, name, reason, _ in lines(ledger, "几何搁置")}
    assert told == {
        "b": "几何为空",
        "c": "几何为空",
        "d": "几何含有非有限的坐标（inf 或 nan）",
        "e": "面积为 0，无法修复",
        "f": "不是面状几何",
        "g": "不是面状几何",
        "h": "几何无法读取",
        "i": "坐标超出经纬度范围（经度 -180 至 180，纬度 -90 至 90）",
        "j": "经度与纬度疑似颠倒（对调后才落在中国境内），未作改动",
    }
    assert {action for *_, action in lines(ledger, "几何搁置")} == {"不参与计算，请更正"}


def test_a_bow_tie_becomes_two_triangles_and_says_so(tmp_path: Path) -> None:
    layer, ledger = farmland(parquet(tmp_path, wkb(BOW_TIE, SQUARE), BSM=["1", "2"]))
    mended = shapes_of(layer)["1"]
    assert mended.is_valid
    assert mended.geom_type == "MultiPolygon"
    assert mended.area == pytest.approx(2 * 0.02 * 0.01 / 2)
    assert lines(ledger, "几何修复") == [
        (1, "1", "自相交（113.01，23.01）", "已修复，原面积为 0（自相交抵消），修复后有面积")
    ]


def test_a_spike_goes_without_area(tmp_path: Path) -> None:
    layer, ledger = farmland(parquet(tmp_path, wkb(SPIKE), BSM=["1"]))
    assert shapes_of(layer)["1"].equals(shapely.from_wkt(SQUARE))
    assert lines(ledger, "几何修复")[0][3] == "已修复，面积变化 +0.0000%"


def test_heights_go_and_are_told_once(tmp_path: Path) -> None:
    with_z = "POLYGON Z((113 23 5, 113.01 23 5, 113.01 23.01 5, 113 23 5))"
    with_m = "POLYGON M((113 23 5, 113.01 23 5, 113.01 23.01 5, 113 23 5))"
    layer, ledger = farmland(parquet(tmp_path, wkb(with_z, with_m, SQUARE), BSM=list("abc")))
    assert [shape.has_z for shape in shapes_of(layer).values()] == [False, False, False]
    assert lines(ledger, "去除高程") == [(0, "", "带 Z 或 M 值，共 2 行（数据第 1、2 行）", "只用平面坐标")]


def test_collections_keep_their_areas(tmp_path: Path) -> None:
    mixed = f"GEOMETRYCOLLECTION({SQUARE}, POINT(113 23), GEOMETRYCOLLECTION(LINESTRING(113 23, 114 23)))"
    pointless = "GEOMETRYCOLLECTION(POINT(113 23), LINESTRING(113 23, 114 23))"
    layer, ledger = farmland(parquet(tmp_path, wkb(mixed, pointless), BSM=["a", "b"]))
    assert shapes_of(layer)["a"].equals(shapely.from_wkt(SQUARE))
    assert lines(ledger, "几何集合") == [(1, "a", "含 3 个部分", "只用维数最高的部分，弃去 2 个部分")]
    assert [name for _, name, *_ in lines(ledger, "几何搁置")] == ["b"]


def test_projected_coordinates_outside_the_grid_are_set_aside(tmp_path: Path) -> None:
    fine = "POLYGON((412000 2600000, 412100 2600000, 412100 2600100, 412000 2600000))"
    layer, ledger = farmland(parquet(tmp_path, wkb(fine, fine.replace("412", "38412")), 4547, BSM=["a", "b"]))
    assert list(shapes_of(layer)) == ["a"]
    assert "超出所声明坐标系" in lines(ledger, "几何搁置")[0][2]


def test_classes_are_official_words_and_strange_ones_stay(tmp_path: Path) -> None:
    words = ["优先保护类", "安全利用", "严格管控类", "", "轻度污染", "轻度污染", "未划分"]
    path = parquet(tmp_path, wkb(*[SQUARE] * 7), BSM=list("abcdefg"), 土壤环境质量类别=words)
    layer, ledger = farmland(path)
    classes = layer.read()["class"].to_pylist()
    assert classes == ["优先保护类", "安全利用类", "严格管控类", "未划分", "轻度污染", "轻度污染", "未划分"]
    assert set(classes) - {member.value for member in SoilQualityClass} == {"轻度污染"}, (
        "a class unknown, not unclassified"
    )
    assert lines(ledger, "类别空缺")[0][2:] == ("共 1 行（数据第 4 行）", "按未划分处理")
    told = [entry for entry in ledger.entries if entry.event == "类别未识别"]
    assert [(entry.value, entry.reason) for entry in told] == [("轻度污染", "共 2 行（数据第 5、6 行）")]


def test_no_class_column_is_told_once(tmp_path: Path) -> None:
    layer, ledger = farmland(parquet(tmp_path, wkb(SQUARE, SQUARE)))
    assert layer.read()["class"].to_pylist() == ["未划分", "未划分"]
    assert layer.read()["receptor_id"].to_pylist() == ["row-1", "row-2"]
    assert len(lines(ledger, "类别未提供")) == 1
    assert len(lines(ledger, "无编号列")) == 1


def test_official_areas_and_townships(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        wkb(*[SQUARE] * 4),
        BSM=list("abcd"),
        DLMC=["水田", "旱地", "", "水浇地"],
        TBDLMJ=[1234.5, 0.0, None, -3.0],
        ZLDWDM=["4418021052010000000", "", "4418021062030000000", "x"],
        ZLDWMC=["井岭村", "民平村", "", ""],
    )
    layer, ledger = farmland(path)
    table = layer.read()
    assert table["official_area_m2"].to_pylist() == [1234.5, None, None, None]
    assert table["township"].to_pylist() == ["441802105", "民平村", "441802106", "x"]
    assert table["name"].to_pylist() == ["水田", "旱地", "", "水浇地"]
    told = [(entry.value, entry.reason) for entry in ledger.entries if entry.event == "面积无效"]
    assert told == [
        ("0", "共 1 行（数据第 2 行）"),
        ("", "共 1 行（数据第 3 行）"),
        ("-3", "共 1 行（数据第 4 行）"),
    ]


def test_batches_hold_fifty_thousand_and_open_anew(tmp_path: Path) -> None:
    square = wkb(SQUARE)[0]
    layer, _ = farmland(parquet(tmp_path, [square] * 120_000))
    assert [batch.num_rows for batch in layer.batches()] == [50_000, 50_000, 20_000]
    assert sum(batch.num_rows for batch in layer.batches()) == 120_000


def test_a_layer_without_crs_asks(tmp_path: Path) -> None:
    path = parquet(tmp_path, wkb(SQUARE), None)
    with pytest.raises(InputError, match="没有声明坐标系"):
        farmland(path)
    told, ledger = farmland(path, ReadOptions(datum="cgcs2000"))
    assert shapes_of(told)["row-1"].equals(shapely.from_wkt(SQUARE))
    assert "坐标系未声明" not in {entry.event for entry in ledger.entries}


def test_the_users_datum_wins_over_the_files(tmp_path: Path) -> None:
    path = parquet(tmp_path, wkb(SQUARE), 4326)
    layer, ledger = farmland(path, ReadOptions(datum="gcj02"))
    west, south, *_ = shapes_of(layer)["row-1"].bounds
    assert (west - 113) * 102_400 == pytest.approx(-544, abs=60)  # the shift at 113 E, 23 N
    assert (south - 23) * 110_700 == pytest.approx(290, abs=60)
    assert any("以使用者声明的基准为准" in entry.action for entry in ledger.entries)


def test_sources_may_be_shapes(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        wkb(
            SQUARE,
            "LINESTRING(113 23, 113.1 23)",
            "MULTIPOINT((113.123456 23.123456))",
            "MULTIPOINT((113 23), (113.1 23.1))",
            None,
            "POINT(0 0)",
            BOW_TIE,
        ),
        库编号=list("abcdefg"),
        乡镇=["", "", "", "", "龙塘镇", "", ""],
        定位误差=["", "30", "", "", "", "", ""],
    )
    positions, ledger = load_positions(path, kind=LayerKind.TAILINGS_PONDS, basis=Basis.SYNTHETIC)
    table = positions.table
    assert table["position_kind"].to_pylist() == ["shape", "shape", "point", "shape", "place", "", "shape"]
    assert table["status"].to_pylist() == ["assessed"] * 4 + ["not_located", "rejected", "assessed"]
    assert table["position_uncertainty_m"].to_pylist()[:2] == [0.0, 30.0]
    assert table["position_uncertainty_m"][2].as_py() == pytest.approx(0.075, abs=1e-3)
    first = shapely.from_wkt(SQUARE)
    assert first.contains(shapely.Point(table["lon"][0].as_py(), table["lat"][0].as_py()))
    assert [row for row, *_ in lines(ledger, "几何修复")] == [7]


def test_binary_points_with_long_decimals_are_as_good_as_exact(tmp_path: Path) -> None:
    point = shapely.Point(113.0512345678912, 23.6012345678912)
    path = parquet(tmp_path, [shapely.to_wkb(point)])
    positions, _ = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["position_uncertainty_m"].to_pylist() == [0.0]


@given(st.lists(st.sampled_from(["", "A", "B", "A#2", "row-1", "row-3", " A "]), max_size=9))
def test_ids_are_never_blank_and_never_shared(values: list[str]) -> None:
    journal = Journal("f.csv")
    ids = make_ids(values, len(values), "编号", journal)
    assert len(set(ids)) == len(values)
    assert "" not in ids
    for value, made in zip(values, ids, strict=True):
        assert made == value.strip() or made.startswith(value.strip() or "row-")
    changed = sum(value.strip() != made for value, made in zip(values, ids, strict=True))
    assert len({entry.row for entry in journal.entries}) == changed


def test_a_repeat_gets_number_two_and_the_next_three() -> None:
    assert make_ids(["A", "A", "", "A"], 4, "编号", Journal("f")) == ["A", "A#2", "row-3", "A#3"]


def test_densifying_leaves_a_polygon_that_crosses_itself_for_mending() -> None:
    """GEOS alone would keep one lobe of a bow tie and call it valid."""
    bow_tie = shapely.Polygon([(0, 0), (500, 500), (500, 0), (0, 200)])
    both = shapely.MultiPolygon([bow_tie, shapely.box(1_000, 0, 1_010, 10)])
    square = shapely.box(0, 0, 300, 300)
    given = np.array([bow_tie, both, square], dtype=object)
    made = densified(given, 200.0)
    assert [shape.is_valid for shape in made] == [False, False, True]
    assert shapely.length(made) == pytest.approx(shapely.length(given))
    assert len(made[2].exterior.coords) == 9
    steps = np.diff(shapely.get_coordinates(made[0]), axis=0)
    assert np.hypot(*steps.T).max() <= 200.0
