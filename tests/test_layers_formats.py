"""The same twenty points in every format and CRS give the same lon/lat."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely
from pyproj import CRS, Transformer

from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.records import Positions, Provenance
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

LON = np.round(112.9012343 + 0.0123457 * np.arange(20), 7)
LAT = np.round(23.5012347 + 0.0098763 * np.arange(20), 7)
IDS = [f"企业{number:02d}" for number in range(1, 21)]
CODES = [4490, 4326, 4547, 32649]
SUFFIXES = ["utf8.csv", "gbk.csv", "xlsx", "gpkg", "geojson", "shp", "parquet"]


def in_crs(code: int) -> np.ndarray:
    base = 4326 if code in {4326, 32649} else 4490
    x, y = Transformer.from_crs(CRS(base), CRS(code), always_xy=True).transform(LON, LAT)
    return np.column_stack([x, y])


def write(folder: Path, suffix: str, code: int) -> Path:
    path = folder / f"企业.{suffix}"
    xy = in_crs(code)
    rows = [
        ["企业编号", "X坐标", "Y坐标"],
        *([name, repr(x), repr(y)] for name, (x, y) in zip(IDS, xy.tolist(), strict=True)),
    ]
    wkb = shapely.to_wkb(shapely.points(xy))
    if suffix.endswith("csv"):
        encoding = "utf-8-sig" if suffix.startswith("utf8") else "gbk"
        with path.open("w", newline="", encoding=encoding) as stream:
            csv.writer(stream).writerows(rows)
    elif suffix == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(rows[0])
        for name, (x, y) in zip(IDS, xy.tolist(), strict=True):
            book.active.append([name, x, y])
        book.save(path)
    elif suffix == "parquet":
        geo = {
            "version": "1.0.0",
            "primary_column": "geometry",
            "columns": {
                "geometry": {"encoding": "WKB", "geometry_types": ["Point"], "crs": json.loads(CRS(code).to_json())}
            },
        }
        table = pa.table({"企业编号": IDS, "geometry": list(wkb)})
        pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    else:
        driver = {"gpkg": "GPKG", "geojson": "GeoJSON", "shp": "ESRI Shapefile"}[suffix]
        extra = {"COORDINATE_PRECISION": "15"} if suffix == "geojson" else {}
        pyogrio.raw.write(
            path,
            wkb,
            [np.array(IDS, dtype=object)],
            ["企业编号"],
            geometry_type="Point",
            crs=f"EPSG:{code}",
            driver=driver,
            encoding="GBK" if suffix == "shp" else None,
            **extra,
        )
    return path


def read(path: Path, **options: str) -> Positions:
    positions, _ = load_positions(
        path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=ReadOptions(**options)
    )
    return positions


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_points_everywhere(tmp_path: Path, suffix: str, code: int) -> None:
    is_table = suffix.endswith("csv") or suffix == "xlsx"
    table = read(write(tmp_path, suffix, code), **({"crs": f"EPSG:{code}"} if is_table else {})).table
    assert table["source_id"].to_pylist() == IDS
    assert set(table["status"].to_pylist()) == {"assessed"}
    assert set(table["position_kind"].to_pylist()) == {"point"}
    tolerance = 1e-9 if code in {4490, 4326} else 1e-8  # 1e-8 degrees are 1 mm
    np.testing.assert_allclose(table["lon"].to_numpy(), LON, rtol=0, atol=tolerance)
    np.testing.assert_allclose(table["lat"].to_numpy(), LAT, rtol=0, atol=tolerance)
    # seven decimals are 1 cm; repr drops the zeros of a row that ends in 00
    assert max(table["position_uncertainty_m"].to_pylist()) < 0.6


def test_zone_prefix_needs_no_declaration(tmp_path: Path) -> None:
    x, y = Transformer.from_crs(CRS(4490), CRS(4526), always_xy=True).transform(LON, LAT)
    path = tmp_path / "zone.csv"
    lines = [f"{name},{east!r},{north!r}" for name, east, north in zip(IDS, x.tolist(), y.tolist(), strict=True)]
    path.write_text("企业编号,横坐标,纵坐标\n" + "\n".join(lines), encoding="utf-8")
    table = read(path).table
    np.testing.assert_allclose(table["lon"].to_numpy(), LON, rtol=0, atol=1e-8)
    np.testing.assert_allclose(table["lat"].to_numpy(), LAT, rtol=0, atol=1e-8)


def test_survey_tables_name_north_x(tmp_path: Path) -> None:
    x, y = Transformer.from_crs(CRS(4490), CRS(4526), always_xy=True).transform(LON, LAT)
    path = tmp_path / "survey.csv"
    lines = [f"{name},{north!r},{east!r}" for name, east, north in zip(IDS, x.tolist(), y.tolist(), strict=True)]
    path.write_text("企业编号,X坐标(m),Y坐标（米）\n" + "\n".join(lines), encoding="utf-8")
    positions, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    np.testing.assert_allclose(positions.table["lon"].to_numpy(), LON, rtol=0, atol=1e-8)
    told = next(entry for entry in ledger.entries if entry.event == "坐标轴")
    assert "按北坐标" in told.action


def test_a_meridian_by_column_by_option_and_by_code_agree(tmp_path: Path) -> None:
    xy = in_crs(4547)
    bare = tmp_path / "bare.csv"
    column = tmp_path / "column.csv"
    rows = [f"{name},{x!r},{y!r}" for name, (x, y) in zip(IDS, xy.tolist(), strict=True)]
    bare.write_text("编号,X,Y\n" + "\n".join(rows), encoding="utf-8")
    column.write_text("编号,X,Y,中央子午线\n" + "\n".join(f"{row},东经114°" for row in rows), encoding="utf-8")
    by_option, _ = load_positions(
        bare, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=ReadOptions(central_meridian=114)
    )
    assert read(column).table.equals(by_option.table)
    assert read(bare, crs="EPSG:4547").table["lon"].equals(by_option.table["lon"])


def test_provenance_names_the_file_as_the_user_did_and_its_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, "gpkg", 4490)
    positions, ledger = load_positions(
        path,
        kind=LayerKind.ENTERPRISES,
        basis=Basis.SYNTHETIC,
        provenance=Provenance("", source="某局", licence="内部", credit="某局"),
        shown_as="数据/企业.gpkg",
    )
    assert positions.provenance == Provenance(
        "数据/企业.gpkg", hashlib.sha256(path.read_bytes()).hexdigest(), "某局", "内部", "某局"
    )
    assert {entry.file for entry in ledger.entries} == {"数据/企业.gpkg"}
    assert read(path).provenance.path == "企业.gpkg"


def test_a_shapefile_is_hashed_member_by_member(tmp_path: Path) -> None:
    path = write(tmp_path, "shp", 4490)
    members = b"".join((tmp_path / f"企业.{suffix}").read_bytes() for suffix in ("cpg", "dbf", "prj", "shp", "shx"))
    assert read(path).provenance.sha256 == hashlib.sha256(members).hexdigest()


def test_reading_receptors_does_not_load_geopandas(tmp_path: Path) -> None:
    path = tmp_path / "f.gpkg"
    square = np.array([shapely.to_wkb(shapely.box(113, 23, 113.01, 23.01))], dtype=object)
    pyogrio.raw.write(path, square, [], [], geometry_type="Polygon", crs="EPSG:4490", driver="GPKG")
    code = (
        "import sys; from pathlib import Path; from hmgeo.intake.load import load_receptors; "
        "from hmgeo.vocabulary import Basis, LayerKind; "
        f"load_receptors(Path({str(path)!r}), kind=LayerKind.FARMLAND, basis=Basis.REAL); "
        "print([name for name in ('geopandas', 'pyogrio', 'rasterio') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 -- our own words
    assert done.stdout.strip() == "[]"


def test_long_edges_of_projected_files_are_densified(tmp_path: Path) -> None:
    path = tmp_path / "strip.gpkg"
    strip = shapely.box(400_000, 2_600_000, 410_000, 2_600_150)
    pyogrio.raw.write(
        path,
        np.array([shapely.to_wkb(strip)], dtype=object),
        [],
        [],
        geometry_type="Polygon",
        crs="EPSG:4547",
        driver="GPKG",
    )
    layer, _ = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    shape = shapely.from_wkb(layer.read()["geometry"][0].as_py())
    assert len(shape.exterior.coords) == 1 + 2 * 50 + 2  # 10 km in 50 pieces twice, the 150 m sides whole
    lon, lat = Transformer.from_crs(CRS(4547), CRS(4490), always_xy=True).transform(405_000, 2_600_000)
    assert shapely.distance(shape.exterior, shapely.Point(lon, lat)) < 1e-9


def test_lon_lat_edges_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "box.gpkg"
    square = np.array([shapely.to_wkb(shapely.box(113, 23, 113.5, 23.5))], dtype=object)
    pyogrio.raw.write(path, square, [], [], geometry_type="Polygon", crs="EPSG:4490", driver="GPKG")
    layer, _ = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert shapely.from_wkb(layer.read()["geometry"][0].as_py()).equals_exact(shapely.box(113, 23, 113.5, 23.5))
