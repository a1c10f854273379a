"""Areas by code, id and file; rasters; what ships."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from hmgeo.errors import InputError, ProjectError
from hmgeo.intake.areas import context_layers, resolve_area
from hmgeo.intake.catalog import shipped_folder, shipped_layers
from hmgeo.intake.formats.raster import load_elevation
from hmgeo.vocabulary import Basis

SQUARE = {"type": "Polygon", "coordinates": [[[113, 23], [113.01, 23], [113.01, 23.01], [113, 23.01], [113, 23]]]}


def refuse(text: str, base: Path) -> str:
    with pytest.raises((ProjectError, InputError)) as caught:
        resolve_area(text, base=base)
    return str(caught.value)


def test_counties_are_real_and_townships_approximate() -> None:
    county = resolve_area("441802", base=Path())
    township = resolve_area("441802105", base=Path())
    assert (county.name, county.basis, county.file) == ("清城区", Basis.REAL, "real/counties.geojson")
    assert (township.name, township.basis) == ("龙塘镇", Basis.APPROXIMATE)
    assert "GS(2024)0650" in county.credit
    assert county.geometry.buffer(0.002).covers(township.geometry)
    assert resolve_area("441802105000", base=Path()) == township


def test_key_areas_go_by_their_code() -> None:
    area = resolve_area("gd-qc-lt", base=Path())
    assert (area.id, area.name, area.basis) == ("GD-QC-LT", "龙塘镇", Basis.APPROXIMATE)
    assert area.geometry.equals(resolve_area("441802105", base=Path()).geometry)
    assert resolve_area("GX-ND", base=Path()).basis is Basis.REAL


def test_a_basin_drawn_as_its_county_is_approximate() -> None:
    assert resolve_area("B02", base=Path()).basis is Basis.APPROXIMATE


def test_a_key_area_without_boundary_asks_for_a_file() -> None:
    text = refuse("N07", Path())
    assert "水口山镇" in text
    assert "430482102" in text
    assert "面状文件" in text


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("清城区", "441802（清城区）"),
        ("GX-N", "GX-ND（南丹县）"),
        ("441803", ""),
        ("44180", "441802"),
        ("某地", "六位县级代码"),
    ],
)
def test_unknown_areas_list_the_near_ones(wrong: str, near: str) -> None:
    if wrong == "441803":
        assert resolve_area(wrong, base=Path()).name == "清新区"
        return
    text = refuse(wrong, Path())
    assert f"现为「{wrong}」" in text
    assert near in text


def test_polygon_files_lie_beside_the_project(tmp_path: Path) -> None:
    features = [
        {"type": "Feature", "properties": {"name": "示范区"}, "geometry": SQUARE},
        {"type": "Feature", "properties": {}, "geometry": None},
    ]
    (tmp_path / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    area = resolve_area("area.geojson", base=tmp_path)
    assert (area.id, area.name, area.basis, area.file) == ("area.geojson", "示范区", Basis.UNDECLARED, "area.geojson")
    assert area.geometry.equals(shapely.box(113, 23, 113.01, 23.01))
    assert "文件不存在" in refuse("other.geojson", tmp_path)


def test_a_polygon_file_without_polygons_is_refused(tmp_path: Path) -> None:
    point = {"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [113, 23]}}
    (tmp_path / "p.geojson").write_text(json.dumps(point), "utf-8")
    assert "没有可用的面" in refuse("p.geojson", tmp_path)


def test_context_holds_what_lies_around() -> None:
    contexts = {context.role: context for context in context_layers(["GD-QC-LT", "GD-QC-SJ"])}
    assert list(contexts) == ["county", "township", "river"]
    assert {"清城区", "清新区"} <= set(contexts["county"].table["name"].to_pylist())
    assert {code[:6] for code in contexts["township"].table["id"].to_pylist()} == {"441802"}
    assert "北江" in contexts["river"].table["name"].to_pylist()
    assert contexts["township"].basis is Basis.APPROXIMATE
    assert contexts["county"].table.column_names == ["id", "name", "geometry"]
    assert context_layers(["nowhere"]) == ()


def test_the_catalogue_lists_files_that_are_there() -> None:
    folder = shipped_folder()
    assert shipped_layers()
    assert [path for path in shipped_layers() if not (folder / path).exists()] == []


def write_raster(path: Path, *, crs: str | None, nodata: float | None, dtype: str = "int16") -> Path:
    values = np.arange(9, dtype=dtype).reshape(3, 3)
    values[0, 0] = -1
    shape = {"height": 3, "width": 3, "count": 1, "dtype": dtype}
    with rasterio.open(
        path, "w", driver="GTiff", crs=crs, nodata=nodata, transform=Affine(0.1, 0, 113, 0, -0.1, 24), **shape
    ) as out:
        out.write(values, 1)
    return path


def test_a_raster_comes_by_windows_with_its_voids_masked(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "dem.tif", crs="EPSG:4547", nodata=-1)
    raster, _ = load_elevation(path, basis=Basis.SYNTHETIC, shown_as="dem.tif")
    assert (raster.crs, raster.height, raster.width) == ("EPSG:4547", 3, 3)
    assert raster.transform == pytest.approx((0.1, 0, 113, 0, -0.1, 24))
    values = np.ma.concatenate([array for _, array in raster.windows()])
    assert values.sum() == sum(range(1, 9))
    assert values.mask.sum() == 1


def test_a_raster_says_everything_that_it_lacks_at_once(tmp_path: Path) -> None:
    path = write_raster(tmp_path / "dem.tif", crs=None, nodata=None)
    with pytest.raises(InputError) as caught:
        load_elevation(path, basis=Basis.SYNTHETIC)
    assert [problem.what for problem in caught.value.problems] == ["栅格没有坐标系", "栅格没有无效值（nodata）"]


def test_what_is_no_raster_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dem.tif"
    with pytest.raises(InputError, match="文件不存在"):
        load_elevation(path, basis=Basis.SYNTHETIC)
    path.write_text("text", encoding="utf-8")
    with pytest.raises(InputError, match="不是可读取的栅格"):
        load_elevation(path, basis=Basis.SYNTHETIC)
