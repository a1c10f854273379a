"""Heights come from one file of a known format and in metres, or are refused with what to type."""

from __future__ import annotations

import shutil
import socket
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.shutil import copy as copy_raster

from hmgeo.errors import InputError
from hmgeo.intake.formats.raster import load_elevation
from hmgeo.project.check import check_layer, check_project
from hmgeo.project.run import run_project
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GRID = Affine(30, 0, 400_000, 0, -30, 2_620_000)
ALLOWED = "GeoTIFF（含 COG）、Erdas Imagine（img）、ASCII Grid（asc）、SRTM（hgt）"
VRT = """<VRTDataset rasterXSize="3" rasterYSize="3"><SRS>EPSG:4547</SRS>
<GeoTransform>400000, 30, 0, 2620000, 0, -30</GeoTransform>
<VRTRasterBand dataType="Float32" band="1"><NoDataValue>-32768</NoDataValue><SimpleSource>
<SourceFilename relativeToVRT="1">true.tif</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>
</VRTDataset>"""


def write(path: Path, values: object, *, driver: str = "GTiff", nodata: float | None = -32768, **tags: object) -> Path:
    """Write heights; tags: scale, offset, unit, crs."""
    cells = np.atleast_2d(np.asarray(values))
    bands = cells if cells.ndim == 3 else cells[None]
    shape = {"count": len(bands), "height": bands.shape[1], "width": bands.shape[2], "dtype": bands.dtype}
    crs = tags.get("crs", "EPSG:4547")
    with rasterio.open(path, "w", driver=driver, crs=crs, nodata=nodata, transform=GRID, **shape) as out:
        out.write(bands)
        if "scale" in tags or "offset" in tags:
            out.scales, out.offsets = (tags.get("scale", 1.0),), (tags.get("offset", 0.0),)
        if "unit" in tags:
            out.units = (tags["unit"],)
    return path


def heights(path: Path) -> NDArray[np.float64]:
    raster, _ = load_elevation(path, basis=Basis.SYNTHETIC, shown_as=path.name)
    found = np.full((raster.height, raster.width), np.nan)
    for window, values in raster.windows():
        found[window.toslices()] = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    return found


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_elevation(path, basis=Basis.SYNTHETIC, shown_as=path.name)
    return str(caught.value)


def whole(dtype: str = "int16") -> NDArray[np.generic]:
    return np.array([[100, 110, 120], [130, 140, 150], [160, 170, 180]], dtype)


def test_a_pointer_to_other_data_is_no_raster_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "true.tif", whole())
    path = tmp_path / "dem.tif"
    path.write_text(VRT, encoding="utf-8")
    told = refused(path)
    assert "不是可读取的栅格文件" in told
    assert "VRT（指向别处数据的说明文件）" in told
    assert ALLOWED in told
    assert 'gdal_translate -of GTiff "dem.tif" "dem_new.tif"' in told


@pytest.mark.parametrize("driver", ["GPKG", "PNG", "netCDF", "WMS", "XYZ"])
def test_other_formats_are_refused_though_gdal_knows_them(tmp_path: Path, driver: str) -> None:
    path = tmp_path / "dem.tif"
    if driver == "WMS":
        path.write_text("<GDAL_WMS><Service name='TMS'/></GDAL_WMS>", encoding="utf-8")
    elif driver == "XYZ":
        path.write_text("0 0 1\n1 0 2\n0 1 3\n1 1 4\n", encoding="utf-8")
    elif driver == "netCDF":
        path.write_bytes(b"CDF\x01" + bytes(400))
    else:
        write(path, whole("uint8"), driver=driver, nodata=None)
    assert ALLOWED in refused(path)


def test_check_the_check_of_layers_and_the_run_refuse_alike(tmp_path: Path) -> None:
    write(tmp_path / "true.tif", whole())
    (tmp_path / "dem.tif").write_text(VRT, encoding="utf-8")
    (tmp_path / "base.csv").write_text("企业编号,企业名称,经度,纬度\nE1,一厂,113.03,23.68\n", encoding="utf-8")
    layers = "{enterprises: {path: base.csv, datum: cgcs2000, basis: synthetic, classification: 公开}, "
    layers += "elevation: {path: dem.tif, basis: synthetic}}"
    head = "schema: 1\ntitle: t\nas_of: 2024-06-30\narea: {key_areas: [GD-QC]}\nscreening_rule: SCR-JY-10KM\n"
    text = f"{head}layers: {layers}\n"
    (tmp_path / "project.yml").write_text(text, encoding="utf-8")
    told = [str(one) for one in check_project(tmp_path).problems if not one.is_warning]
    assert [("不是可读取的栅格文件" in one, "gdal_translate" in one) for one in told] == [(True, True)]
    assert [str(one) for one in check_layer(tmp_path / "dem.tif").problems] == told
    assert [str(one) for one in check_layer(tmp_path / "dem.tif", "elevation").problems] == told
    with pytest.raises(InputError) as caught:
        run_project(tmp_path, tmp_path / "out")
    assert [str(one) for one in caught.value.problems] == told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("driver", "name"), [("GTiff", "dem.tif"), ("COG", "dem.tif"), ("HFA", "dem.img")])
def test_the_formats_that_are_taken(tmp_path: Path, driver: str, name: str) -> None:
    write(tmp_path / "plain.tif", whole())
    copy_raster(tmp_path / "plain.tif", tmp_path / name, driver=driver)
    assert heights(tmp_path / name).tolist() == whole().tolist()


def test_an_ascii_grid_reads_its_prj_and_that_counts_as_part_of_it(tmp_path: Path) -> None:
    head = "ncols 3\nnrows 3\nxllcorner 400000\nyllcorner 2619910\ncellsize 30\nNODATA_value -9999\n"
    path = tmp_path / "dem.asc"
    path.write_text(head + "100 110 120\n130 -9999 150\n160 170 180\n", encoding="ascii")
    assert "栅格没有坐标系" in refused(path)
    (tmp_path / "dem.prj").write_text(rasterio.crs.CRS.from_epsg(4547).to_wkt(), encoding="ascii")
    raster, _ = load_elevation(path, basis=Basis.SYNTHETIC)
    assert np.array_equal(heights(path), [[100, 110, 120], [130, np.nan, 150], [160, 170, 180]], equal_nan=True)
    other = rasterio.crs.CRS.from_epsg(4548).to_wkt()
    (tmp_path / "dem.prj").write_text(other, encoding="ascii")
    again, _ = load_elevation(path, basis=Basis.SYNTHETIC)
    assert (raster.crs != again.crs, raster.provenance.sha256 != again.provenance.sha256) == (True, True)


def test_an_srtm_tile_is_known_by_name_and_size(tmp_path: Path) -> None:
    cells = np.full((1201, 1201), 100, ">i2")
    cells[600:, :] = 200
    cells[0, 0] = -32768
    path = tmp_path / "N23E113.hgt"
    path.write_bytes(cells.tobytes())
    found = heights(path)
    assert np.nanmin(found) == 100
    assert np.nanmax(found) == 200
    shutil.copy(path, tmp_path / "dem.hgt")
    assert ALLOWED in refused(tmp_path / "dem.hgt")


@pytest.mark.parametrize(
    ("tags", "cell", "metres"),
    [
        ({"scale": 0.1}, 2160, 216.0),
        ({"scale": 0.1, "offset": 100.0}, 1160, 216.0),
        ({"unit": "cm"}, 21600, 216.0),
        ({"unit": "ft"}, 1000, 304.8),
        ({"scale": 10, "unit": "ft"}, 100, 304.8),
        ({"unit": "metre"}, 216, 216.0),
    ],
)
def test_scale_offset_and_unit_are_applied_and_told(
    tmp_path: Path, tags: dict[str, float | str], cell: int, metres: float
) -> None:
    cells = np.full((3, 3), cell, "int16")
    cells[1, 1] = -32768
    path = write(tmp_path / "dem.tif", cells, **tags)
    found = heights(path)
    assert found[0, 0] == pytest.approx(metres, abs=1e-4)
    assert np.isnan(found[1, 1])
    _, ledger = load_elevation(path, basis=Basis.SYNTHETIC)
    told = [entry.action for entry in ledger.entries if entry.event == "高程已换算"]
    assert bool(told) == (tags != {"unit": "metre"})


def test_tiles_of_different_scale_meet_in_metres(tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    write(folder / "a.tif", np.full((3, 3), 2160, "int16"), scale=0.1)
    with rasterio.open(folder / "a.tif") as first:
        profile = first.profile
    profile.update(transform=Affine(30, 0, 400_090, 0, -30, 2_620_000))
    with rasterio.open(folder / "b.tif", "w", **profile) as out:
        out.write(np.full((1, 3, 3), 217, "int16"))
    assert heights(folder).tolist() == [[216.0] * 3 + [217.0] * 3] * 3


@pytest.mark.parametrize(
    ("void", "dtype", "nodata", "number"),
    [
        (-32768, "int16", -9999, "-32768"),
        (-9999, "float32", None, "-9999"),
        (65535, "uint16", 0, "65535"),
        (-3.4028234663852886e38, "float32", -9999, "-3.402823466e+38"),
        (np.inf, "float32", None, "inf"),
    ],
)
def test_a_void_under_another_number_is_an_impossible_height(
    tmp_path: Path, void: float, dtype: str, nodata: float | None, number: str
) -> None:
    cells = whole(dtype)
    cells[2, 2] = void
    path = write(tmp_path / "dem.tif", cells, nodata=nodata)
    told = refused(path)
    assert "有不可能的高程" in told
    assert f"{number} m" in told
    assert "-500 至 9000 m" in told
    assert f'gdal_translate -of GTiff -a_nodata {number} "dem.tif" "dem_new.tif"' in told
    assert [str(one) for one in check_layer(path).problems] == [told]


def test_heights_of_land_are_taken_to_the_limit(tmp_path: Path) -> None:
    cells = np.array([[-500.0, 9000.0]], "float32")
    assert heights(write(tmp_path / "dem.tif", cells, nodata=None)).tolist() == [[-500.0, 9000.0]]
    assert "9001 m" in refused(write(tmp_path / "high.tif", cells + 1, nodata=None))
    assert "-501 m" in refused(write(tmp_path / "low.tif", cells - 1, nodata=None))


def test_an_unknown_unit_or_several_bands_are_asked_about(tmp_path: Path) -> None:
    told = refused(write(tmp_path / "dem.tif", whole(), unit="furlong"))
    assert "高程的单位看不懂（现为「furlong」）" in told
    assert "gdal_edit -units m" in told
    told = refused(write(tmp_path / "two.tif", np.stack([whole(), whole()])))
    assert "高程栅格须只有一个波段（现为「2 个波段」）" in told
    assert "-b 1" in told


def test_what_lies_beside_is_not_read_and_not_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "dem.tif", whole())
    aux = tmp_path / "dem.tif.aux.xml"
    aux.write_text(
        '<PAMDataset><PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MEAN">1</MDI></Metadata>'
        "</PAMRasterBand></PAMDataset>",
        encoding="utf-8",
    )
    assert heights(path).tolist() == whole().tolist()
    aux.write_text('<PAMDataset><PAMRasterBand band="1"><Scale>0.1</Scale></PAMRasterBand></PAMDataset>', "utf-8")
    told = refused(path)
    assert "栅格的一部分在别的文件里" in told
    assert "dem.tif.aux.xml：Scale" in told
    aux.unlink()
    (tmp_path / "dem.tif.msk").write_bytes(b"II*\x00")
    assert "dem.tif.msk" in refused(path)


def test_cells_of_an_erdas_file_that_lie_in_another_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "plain.tif", whole())
    copy_raster(tmp_path / "plain.tif", tmp_path / "dem.img", driver="HFA", USE_SPILL="YES")
    assert "栅格的一部分在别的文件里，不能只读这一个（现为「ige」）" in refused(tmp_path / "dem.img")


def test_a_file_cut_short_is_told_as_such(tmp_path: Path) -> None:
    cells = np.tile(np.arange(512, dtype="float32"), (512, 1))
    path = write(tmp_path / "dem.tif", cells)
    with path.open("r+b") as stream:
        stream.truncate(path.stat().st_size // 2)
    told = refused(path)
    assert "栅格的格值读不出来" in told
    assert "文件可能没有传完" in told
    assert [str(one) for one in check_layer(path).problems] == [told]


POINTER = """<OGRVRTDataSource>{comment}<OGRVRTLayer name="true"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer>
</OGRVRTDataSource>"""


def test_a_pointer_under_a_vector_files_name_is_not_followed(tmp_path: Path) -> None:
    true = tmp_path / "true.csv"
    true.write_text("id,lon,lat\nA,113,23\n", encoding="utf-8")
    for comment in ("<!-- <kml> -->", '<kml xmlns="http://www.opengis.net/kml/2.2"/>'):
        path = tmp_path / "sites.kml"
        path.write_text(POINTER.format(comment=comment, source=true), encoding="utf-8")
        told = [str(one) for one in check_layer(path, "sensitive_sites").problems]
        assert [("不是有效的 KML（没有 kml 根元素）" in one, "导出为 gpkg" in one) for one in told] == [(True, True)]


def test_a_kml_that_speaks_of_a_pointer_leads_nowhere(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        source = f"/vsicurl/http://127.0.0.1:{server.getsockname()[1]}/a.geojson"
        comment = POINTER.format(comment="", source=source)
        path = tmp_path / "sites.kml"
        place = "<Placemark><Point><coordinates>113.05,23.7</coordinates></Point></Placemark>"
        path.write_text(f"<kml><!-- {comment} --><Document>{place}</Document></kml>", encoding="utf-8")
        check_layer(path, "sensitive_sites")
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_path_that_gdal_would_split_is_read_whole(tmp_path: Path) -> None:
    folder = tmp_path / "a.zip!b"
    folder.mkdir()
    text = '<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><Point><coordinates>113.5,23</coordinates></Point>'
    (folder / "sites.kml").write_text(f"{text}</Placemark></kml>", encoding="utf-8")
    (tmp_path / "a.zip").write_bytes(b"PK")  # what GDAL would open
    report = check_layer(folder / "sites.kml", "sensitive_sites")
    assert report.is_usable
    assert ("范围", "经度 113.50000–113.50000，纬度 23.00000–23.00000；不在随软件提供的各县内") in report.tables[0].rows
