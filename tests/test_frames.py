"""Analysts' doors: layers and results as GeoDataFrames, GeoDataFrames as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas
import pandas as pd
import pytest
import shapely

import hmgeo
from hmgeo import (
    BareFile,
    HmgeoError,
    load_positions,
    load_receptors,
    measure_proximity,
    pairs_files,
    screen_files,
)
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmgeo import Results

SQUARE = shapely.box(113.0, 23.7, 113.01, 23.71)


def farmland(crs: str | None = "EPSG:4490") -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame({"地块编号": ["P1"]}, geometry=[SQUARE], crs=crs)


def test_a_frame_is_read_as_the_file_that_it_would_write(tmp_path: Path) -> None:
    farmland().to_parquet(tmp_path / "parcels.parquet", index=False)
    of_file, _ = load_receptors(tmp_path / "parcels.parquet", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    of_frame, _ = load_receptors(farmland(), kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, name="parcels")
    assert of_frame.read() == of_file.read()
    assert of_frame.provenance.sha256 == of_file.provenance.sha256
    back = of_frame.to_geopandas()
    assert back.crs.to_epsg() == 4490
    assert list(back["receptor_id"]) == ["P1"]
    assert back.geometry[0].normalize() == SQUARE.normalize()


def test_a_frame_on_another_plane_is_brought_to_the_ellipsoid() -> None:
    points = geopandas.GeoDataFrame(
        {"名称": ["甲"]}, geometry=[shapely.Point(113.005, 23.705)], crs="EPSG:4490"
    ).to_crs("EPSG:4547")
    positions, _ = load_positions(points, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    layer, _ = load_receptors(farmland(), kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert positions.table["lon"][0].as_py() == pytest.approx(113.005, abs=1e-9)
    proximity = measure_proximity(positions, layer, radii_m=[1000.0])
    assert set(proximity.nearest["distance_m"].to_pylist()) == {0.0}  # it lies in the parcel


def test_a_frame_without_crs_is_asked_for_it_as_a_file_is() -> None:
    with pytest.raises(HmgeoError, match="坐标系"):
        load_receptors(
            farmland(None).set_geometry([shapely.box(4e5, 2.6e6, 4.1e5, 2.61e6)]),
            kind=LayerKind.FARMLAND,
            basis=Basis.SYNTHETIC,
        )


def test_numbers_among_texts_are_told_as_a_plain_column_tells_them() -> None:
    two = geopandas.GeoDataFrame(
        {"地块编号": pd.Series([1.0, "x"], dtype=object)}, geometry=[SQUARE, SQUARE], crs="EPSG:4490"
    )
    layer, _ = load_receptors(two, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert layer.read()["receptor_id"].to_pylist() == ["1", "x"]


def test_a_named_index_is_a_column_and_mixed_cells_refuse_no_frame() -> None:
    two = geopandas.GeoDataFrame(
        {"地块编号": ["P1", "P2"], "备注": [1, "2 t"], 7: [None, 1.5]}, geometry=[SQUARE, SQUARE], crs="EPSG:4490"
    )
    two.index = ["0103", "0301"]
    two.index.name = "地类编码"
    layer, ledger = load_receptors(two, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, name="甲/乙")
    assert layer.read()["receptor_id"].to_pylist() == ["P1"]  # 0301 is woodland
    assert layer.read()["land_class"].to_pylist() == ["旱地"]
    assert (layer.name, ledger.entries[0].file) == ("甲/乙", "甲/乙")
    with pytest.raises(HmgeoError, match="只读文件路径或 GeoDataFrame（现为「GeoSeries」）"):
        load_receptors(two.geometry, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)


def test_a_layer_that_became_a_frame_is_the_same_layer_again() -> None:
    def frame(**columns: list[str]) -> geopandas.GeoDataFrame:
        shapes = [shapely.box(113 + at / 50, 23.7, 113.01 + at / 50, 23.71) for at in range(4)]
        return geopandas.GeoDataFrame({"地块编号": list("甲乙丙丁"), **columns}, geometry=shapes, crs="EPSG:4490")

    for given in (frame(DLBM=["0101", "01", "？", ""]), frame()):
        layer, _ = load_receptors(given, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
        again, _ = load_receptors(layer.to_geopandas(), kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
        assert again.read() == layer.read()
        lands = ["水田", "未细分耕地", "地类不明", "地类不明"] if "DLBM" in given else [None] * 4
        assert again.read()["land_class"].to_pylist() == lands


def test_tables_of_a_run_with_shapes_are_frames(shipped_results: Callable[[str], Results]) -> None:
    results = shipped_results("qingcheng")
    sources = results.to_geopandas("sources")
    assert len(sources) == results.sources.num_rows
    assert sources.crs.to_epsg() == 4490
    known = sources.geometry.notna()
    assert (sources["status"][known] == "assessed").all()
    assert (sources.geometry[known].x == sources["lon"][known]).all()
    assert sources.geometry[sources["status"] != "assessed"].isna().all()
    with pytest.raises(HmgeoError, match="没有这张表（现为「pairs」）；允许：sources、findings"):
        results.to_geopandas("pairs")


def test_garden_land_is_in_the_frame_and_beside_the_layer_that_reads_it_again() -> None:
    shapes = [shapely.box(113 + at / 50, 23.7, 113.01 + at / 50, 23.71) for at in range(3)]
    given = geopandas.GeoDataFrame(
        {"地块编号": list("甲乙丙"), "DLBM": ["0201", "0103", "0301"]}, geometry=shapes, crs=4490
    )
    layer, _ = load_receptors(given, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    frame = layer.to_geopandas()
    assert dict(zip(frame["receptor_id"], frame["land_class"], strict=True)) == {"乙": "旱地", "甲": "园地"}
    again, _ = load_receptors(frame, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert again.read() == layer.read()
    assert again.beside is not None
    assert layer.beside is not None
    assert again.beside.read() == layer.beside.read()


def test_frames_are_screened_and_paired_as_the_files_that_they_would_write(tmp_path: Path) -> None:
    firms = geopandas.GeoDataFrame({"编号": ["A1"]}, geometry=[shapely.Point(113.02, 23.705)], crs=4490)
    for name, frame in (("firms", firms), ("land", farmland())):
        frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
    files = BareFile(str(tmp_path / "firms.parquet")), BareFile(tmp_path / "land.parquet")  # type: ignore[arg-type]
    with pytest.raises(HmgeoError, match="只读文件路径或 GeoDataFrame（现为「dict」）"):
        BareFile({})  # type: ignore[arg-type]
    frames = BareFile(firms), BareFile(farmland())
    told = [
        screen_files(*given, tmp_path / name, radius_m=2000.0).results
        for name, given in (("of_files", files), ("of_frames", frames))
    ]
    assert told[1].sources["verdict"].to_pylist() == ["listed"]
    assert told[1].sources == told[0].sources
    assert told[1].findings == told[0].findings
    assert [used.provenance.path for used in told[1].layers] == ["GeoDataFrame", "GeoDataFrame"]
    near = [pairs_files(*given, tmp_path / "pairs.parquet", radius_m=2000.0).nearest for given in (files, frames)]
    assert near[0] == near[1]


def test_every_public_name_is_in_the_example_of_the_front_door() -> None:
    assert len(hmgeo.__all__) <= 15
    assert all(getattr(hmgeo, name).__doc__ for name in hmgeo.__all__ if name != "__version__")
    told = hmgeo.__doc__ or ""
    run = [line for line in told.splitlines() if line.startswith((">>> ", "... ")) and "+SKIP" not in line]
    assert [name for name in hmgeo.__all__ if f"hmgeo.{name}" not in "\n".join(run)] == ["__version__"]
