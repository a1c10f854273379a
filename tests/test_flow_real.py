"""Real heights: agreement with GRASS, and the same answer whatever the file looks like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject

from hmgeo.errors import InputError
from hmgeo.geo.raster import read_whole
from hmgeo.intake.formats.raster import load_elevation
from hmgeo.terrain.slope import relief_m, slope_deg
from hmgeo.vocabulary import Basis
from hmgeo.water.grid import ClosedBasins, Conditioning, FlowGrid, flow_grid
from hmgeo.water.snap import SnapRule, snap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.records import Ledger, Raster

OREGON = Path(__file__).parent / "data" / "oregon"
DEM = OREGON / "dem.tif"
BREACH = Conditioning(ClosedBasins.BREACH)


def loaded(path: Path) -> tuple[Raster, Ledger]:
    return load_elevation(path, basis=Basis.REAL)


@pytest.fixture(scope="module")
def oregon() -> FlowGrid:
    return flow_grid(loaded(DEM)[0], BREACH)


@pytest.fixture(scope="module")
def grass() -> dict[str, NDArray[Any]]:
    with np.load(OREGON / "grass.npz") as held:
        return dict(held)


def test_slope_and_relief_are_those_of_grass(oregon: FlowGrid, grass: dict[str, NDArray[Any]]) -> None:
    slope = slope_deg(oregon.heights, (30.0, 30.0)).reshape(-1)[grass["sample"]]
    relief = relief_m(oregon.heights, (8, 8), 1.0).reshape(-1)[grass["sample"]]
    assert np.abs(slope - grass["slope_deg"]).max() < 1e-5
    assert np.abs(relief - grass["relief_m"]).max() == 0.0


def test_catchments_agree_with_grass(oregon: FlowGrid, grass: dict[str, NDArray[Any]]) -> None:
    """Eight catchments that don't reach the edge: the same for 99.8 % of all cells, overlap 95 % and more."""
    masks = np.unpackbits(grass["catchments"], axis=1)[:, : 231 * 194].astype(bool)
    same, overlap = [], []
    for outlet, theirs in zip(grass["outlets"], masks, strict=True):
        ours = np.zeros(231 * 194, bool)
        ours[oregon.catchment(np.array([outlet]))[0]] = True
        same.append(float((ours == theirs).mean()))
        overlap.append(float((ours & theirs).sum() / (ours | theirs).sum()))
    assert min(same) > 0.998
    assert min(overlap) > 0.95
    assert float(np.median(overlap)) > 0.99


def test_a_catchment_is_as_large_as_its_upstream_area(oregon: FlowGrid) -> None:
    for cell in np.random.default_rng(0).choice(231 * 194, 50, replace=False):
        assert len(oregon.catchment(np.array([cell]))[0]) == oregon.upstream_cells[cell]


def test_no_way_climbs_the_filled_ground(oregon: FlowGrid) -> None:
    # This DEM came filled: nothing was raised, so heights along a path never rise.
    assert oregon.basins == ()
    for cell in np.random.default_rng(1).choice(231 * 194, 50, replace=False):
        heights = oregon.heights.reshape(-1)[oregon.path(int(cell))[0]]
        assert np.diff(heights).max(initial=0.0) <= 0.0


def write(path: Path, values: NDArray[Any], transform: Affine, crs: str = "EPSG:26910") -> Path:
    height, width = values.shape
    shape = {"height": height, "width": width, "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=transform, nodata=-32768.0, **shape) as out:
        out.write(values.astype(np.float32), 1)
    return path


def oregon_values() -> tuple[NDArray[Any], Affine]:
    with rasterio.open(DEM) as held:
        return held.read(1), held.transform


def test_a_single_metric_north_up_file_comes_as_it_is() -> None:
    raster, ledger = loaded(DEM)
    assert (raster.crs, raster.height, raster.width, len(ledger)) == ("EPSG:26910", 231, 194, 0)
    assert np.array_equal(read_whole(raster), oregon_values()[0])


def test_south_up_is_turned_cell_for_cell(tmp_path: Path) -> None:
    values, at = oregon_values()
    turned = Affine(at.a, 0, at.c, 0, -at.e, at.f + at.e * 231)
    raster, ledger = loaded(write(tmp_path / "south.tif", values[::-1], turned))
    assert np.array_equal(read_whole(raster), values)
    assert [entry.action for entry in ledger.entries] == ["转为正北朝上"]


def test_tiles_with_an_overlap_make_the_same_grid(tmp_path: Path) -> None:
    values, at = oregon_values()
    tiles = tmp_path / "tiles"
    tiles.mkdir()
    for row, column in ((0, 0), (0, 100), (115, 0), (115, 100)):
        part = values[row : row + 120, column : column + 101]
        write(tiles / f"t{row}_{column}.tif", part, at @ Affine.translation(column, row))
    raster, ledger = loaded(tiles)
    assert np.array_equal(read_whole(raster), values)
    assert [entry.action for entry in ledger.entries] == ["4 幅拼接"]
    assert len(raster.provenance.sha256) == 64


def test_a_nodata_collar_changes_no_direction(tmp_path: Path, oregon: FlowGrid) -> None:
    values, at = oregon_values()
    wide = np.pad(values, 5, constant_values=-32768.0)
    raster, _ = loaded(write(tmp_path / "collar.tif", wide, at @ Affine.translation(-5, -5)))
    grid = flow_grid(raster, BREACH)
    assert np.isnan(grid.heights[0]).all()
    inner = grid.upstream_cells.reshape(241, 204)[5:-5, 5:-5]
    assert np.array_equal(inner, oregon.upstream_cells.reshape(231, 194))


def test_a_geographic_file_gives_nearly_the_same(
    tmp_path: Path, oregon: FlowGrid, grass: dict[str, NDArray[Any]]
) -> None:
    """Heights resampled twice: slopes within half a degree in the mean, eight catchments within 5 %."""
    values, at = oregon_values()
    lon_lat = np.full((270, 320), -32768.0, np.float32)
    west, north, step = -123.508, 44.556, 0.00031
    there = Affine(step, 0, west, 0, -step, north)
    reproject(
        values,
        lon_lat,
        src_transform=at,
        src_crs="EPSG:26910",
        src_nodata=-32768.0,
        dst_transform=there,
        dst_crs="EPSG:4326",
        dst_nodata=-32768.0,
        resampling=Resampling.bilinear,
    )
    raster, ledger = loaded(write(tmp_path / "lonlat.tif", lon_lat, there, "EPSG:4326"))
    assert raster.crs.startswith("+proj=tmerc +lat_0=0 +lon_0=-123.5 ")
    assert "重投影到米制坐标" in ledger.entries[0].action
    assert "双线性内插" in ledger.entries[0].action
    grid = flow_grid(raster, BREACH)
    ours, theirs = (slope_deg(one.heights, one.frame.cell_m) for one in (grid, oregon))
    assert abs(np.nanmean(ours) - np.nanmean(theirs)) < 0.5
    for outlet in grass["outlets"]:
        place = shapely.Point(oregon.frame.lon_lat(np.array([outlet]))[0])
        found = snap(grid, place, SnapRule(tolerance_m=60.0, stream_ha=80.0))
        assert found.reach is not None
        assert found.reach.area_ha == pytest.approx(oregon.area_ha(int(outlet)), rel=0.05)


def test_tiles_that_differ_are_refused_all_at_once(tmp_path: Path) -> None:
    values, at = oregon_values()
    write(tmp_path / "a.tif", values[:9, :9], at)
    write(tmp_path / "b.tif", values[:9, :9], at, "EPSG:26911")
    (tmp_path / "c.tif").write_bytes(b"none")
    with pytest.raises(InputError) as refused:
        loaded(tmp_path)
    assert [problem.what for problem in refused.value.problems] == [
        "不是可读取的栅格文件",
        "各图幅坐标系或格的大小不同",
    ]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="文件夹中没有高程图幅"):
        loaded(tmp_path)
