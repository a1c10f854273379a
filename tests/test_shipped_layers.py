"""The shipped layers: what the catalogue says of them is true, and the invented worlds hang together."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from bisect import bisect_left
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyproj
import pytest
import rasterio
import shapely
import yaml
from scipy.ndimage import label, minimum_filter

from hmgeo.vocabulary import Basis, Completeness, LayerKind, SoilQualityClass

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ROOT / "layers"
REGIONS = {
    "qingcheng": {"adcode": "441802", "epsg": 4547, "enterprises": 60, "prefix": "QC"},
    "nandan": {"adcode": "451221", "epsg": 4545, "enterprises": 45, "prefix": "ND"},
}
CATALOG_KEYS = {
    "path", "kind", "title", "licence", "source", "credit", "datum", "vintage", "coverage", "completeness",
    "classification", "basis", "sha256",
}  # fmt: skip
TABLES = {
    "farmland": "parcels",
    "sensitive_sites": "sensitive_sites",
    "water_source_zones": "water_source_zones",
    "industrial_parks": "industrial_parks",
    "tailings_ponds": "tailings_ponds",
    "built_up_area": "built_up_area",
    "irrigation_districts": "irrigation_districts",
    "waste_heaps": "waste_heaps",
}
TEMPLATE = [
    "企业编号", "企业名称", "设区市", "县(市、区)", "乡镇(街道)", "经度", "纬度", "坐标系", "坐标来源", "定位误差(m)",
    "行业名称", "行业代码", "行业分类版本", "是否涉镉", "生产状态", "数据来源", "资料时点", "密级", "备注",
]  # fmt: skip
EIGHT = np.ones((3, 3))
"""A cell and its eight neighbours."""
GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)


def entries() -> list[dict[str, str]]:
    return yaml.safe_load((LAYERS / "catalog.yml").read_text(encoding="utf-8"))["layers"]


def county(key: str) -> shapely.Geometry:
    counties = gpd.read_file(LAYERS / "real/counties.geojson")
    return counties[counties["adcode"] == REGIONS[key]["adcode"]].geometry.iloc[0]


def table(key: str, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(LAYERS / "synthetic" / key / f"{name}.gpkg", layer=TABLES[name])


def rows(key: str) -> list[dict[str, object]]:
    sheet = openpyxl.load_workbook(LAYERS / "synthetic" / key / "enterprises.xlsx")["企业清单"]
    header, *body = sheet.iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in body]


def located(key: str) -> dict[str, shapely.Point]:
    """Return the rows whose coordinates are clean CGCS2000, by id."""
    return {
        str(row["企业编号"]): shapely.Point(row["经度"], row["纬度"])
        for row in rows(key)
        if isinstance(row["经度"], float) and row["经度"] > 90 and row["坐标系"] == "CGCS2000"
    }


def metres(shapes: object, key: str) -> gpd.GeoSeries:
    return gpd.GeoSeries(shapes, crs=4490).to_crs(REGIONS[key]["epsg"])


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["path"])
def test_catalog_entry_is_true(entry: dict[str, str]) -> None:
    assert set(entry) == CATALOG_KEYS
    assert hashlib.sha256((LAYERS / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
    assert entry["kind"] in {*LayerKind, "places"}
    assert entry["completeness"] in list(Completeness)
    assert entry["basis"] in list(Basis)
    assert entry["classification"] == "公开"
    assert entry["licence"]
    assert entry["credit"]
    assert (entry["basis"] == "synthetic") == entry["path"].startswith("synthetic/")


def test_every_data_file_is_listed_once() -> None:
    there = sorted(
        path.relative_to(LAYERS).as_posix()
        for part in ("real", "synthetic")
        for path in (LAYERS / part).rglob("*")
        if path.is_file()
    )
    assert sorted(entry["path"] for entry in entries()) == there


def test_provenance_names_every_file() -> None:
    text = (LAYERS / "PROVENANCE.md").read_text(encoding="utf-8")
    assert [entry["path"] for entry in entries() if Path(entry["path"]).stem not in text] == []


def test_layers_stay_small() -> None:
    assert sum(path.stat().st_size for path in LAYERS.rglob("*") if path.is_file()) < 15_000_000


def test_township_cells_say_they_are_approximate() -> None:
    cells = gpd.read_file(LAYERS / "real/townships.geojson")
    assert cells["approximate"].all()
    assert cells["code9"].is_unique
    assert next(entry for entry in entries() if entry["path"] == "real/townships.geojson")["basis"] == "approximate"
    assert cells.groupby("county").size().loc[["441802", "451221"]].tolist() == [8, 11]


def test_counties_are_there_once_and_valid() -> None:
    counties = gpd.read_file(LAYERS / "real/counties.geojson")
    assert counties["adcode"].is_unique
    assert counties.is_valid.all()
    names = counties.set_index("adcode")["name"]
    assert names.loc[["441802", "451221", "419001"]].tolist() == ["清城区", "南丹县", "济源市"]


@pytest.mark.parametrize("key", REGIONS)
class TestFarmland:
    def test_two_thousand_fields_of_a_third_of_a_hectare(self, key: str) -> None:
        parcels = table(key, "farmland")
        assert len(parcels) == 2_000
        assert parcels["BSM"].is_unique
        assert parcels.is_valid.all()
        assert 2_500 <= parcels["TBMJ"].median() <= 3_500
        vertices = shapely.get_num_coordinates(parcels.geometry.to_numpy())
        assert (vertices.min() >= 5, vertices.max() <= 60, np.median(vertices) > 8) == (True, True, True)

    def test_inside_the_county_and_apart(self, key: str) -> None:
        parcels = table(key, "farmland")
        assert shapely.contains(county(key), parcels.geometry.to_numpy()).all()
        first, second = parcels.sindex.query(parcels.geometry, predicate="intersects")
        assert (first == second).all()

    def test_ten_have_holes_and_ten_have_two_parts(self, key: str) -> None:
        shapes = table(key, "farmland").geometry.to_numpy()
        parts, owner = shapely.get_parts(shapes, return_index=True)
        assert (np.bincount(owner) == 2).sum() == 10
        assert 5 <= (shapely.get_num_interior_rings(parts) > 0).sum() <= 10

    def test_official_area_is_the_ellipsoidal_one_less_what_is_deducted(self, key: str) -> None:
        parcels = table(key, "farmland")
        for row in parcels.iloc[::97].itertuples():
            area = sum(
                abs(GEOD.polygon_area_perimeter(*part.exterior.xy)[0])
                - sum(abs(GEOD.polygon_area_perimeter(*ring.xy)[0]) for ring in part.interiors)
                for part in shapely.get_parts(row.geometry)
            )
            assert pytest.approx(area, abs=0.0051) == row.TBMJ
        assert (parcels["TBMJ"] - parcels["KCMJ"] - parcels["TBDLMJ"]).abs().max() < 1e-6
        assert (parcels["TBDLMJ"] * 100 % 1).apply(lambda rest: min(rest, 1 - rest)).max() < 1e-6

    def test_classes_are_official_words_in_their_shares(self, key: str) -> None:
        counts = table(key, "farmland")["土壤环境质量类别"].value_counts()
        assert {SoilQualityClass(word).value: int(number) for word, number in counts.items()} == {
            "优先保护类": 1_600, "安全利用类": 280, "严格管控类": 80, "未划分": 40,
        }  # fmt: skip

    def test_polluted_classes_cluster(self, key: str) -> None:
        parcels = table(key, "farmland")
        points = metres(parcels.geometry.representative_point(), key)
        strict = points[parcels["土壤环境质量类别"] == "严格管控类"].union_all()
        share = points[parcels["土壤环境质量类别"] == "安全利用类"].distance(strict).median()
        assert share < points[parcels["土壤环境质量类别"] == "优先保护类"].distance(strict).median() / 2

    def test_codes_words_and_grades(self, key: str) -> None:
        parcels = table(key, "farmland")
        assert set(parcels["DLBM"] + parcels["DLMC"]) <= {"0101水田", "0102水浇地", "0103旱地"}
        cells = gpd.read_file(LAYERS / "real/townships.geojson").set_index("code9")["name"]
        assert (cells.loc[parcels["ZLDWDM"]].to_numpy() == parcels["ZLDWMC"].to_numpy()).all()
        assert set(parcels["GDPDJB"]) <= {1, 2, 3, 4, 5}


@pytest.mark.parametrize("key", REGIONS)
class TestEnterprises:
    def test_columns_are_the_office_template(self, key: str) -> None:
        assert list(rows(key)[0]) == TEMPLATE

    def test_names_and_ids_are_fictional(self, key: str) -> None:
        assert len(rows(key)) == REGIONS[key]["enterprises"]
        assert all(re.fullmatch(r"示例企业\d\d", str(row["企业名称"])) for row in rows(key))
        assert all(re.fullmatch(rf"示例{REGIONS[key]['prefix']}-\d{{3}}", str(row["企业编号"])) for row in rows(key))
        assert {row["数据来源"] for row in rows(key)} == {"合成数据"}

    def test_dirt_of_real_lists(self, key: str) -> None:
        listed = rows(key)
        ids = [row["企业编号"] for row in listed]
        assert len(ids) - len(set(ids)) == 1
        places = [(row["企业名称"], row["经度"], row["纬度"]) for row in listed]
        assert len(places) - len(set(places)) == 1
        assert [row["乡镇(街道)"] != "" for row in listed if row["经度"] is None] == [True]
        assert [row["纬度"] > 90 for row in listed if isinstance(row["经度"], float) and row["经度"] < 90] == [True]
        assert [row["经度"] for row in listed if isinstance(row["经度"], str)] == ["待补"]
        datums = [row["坐标系"] for row in listed]
        assert (datums.count("GCJ-02"), datums.count("未知"), datums.count(None)) == (2, 1, 1)
        assert [row["行业分类版本"] for row in listed].count("2011") == 2
        assert [row["行业代码"] for row in listed].count(None) == 1
        coarse = [row for row in listed if isinstance(row["经度"], float) and round(row["经度"], 3) == row["经度"]]
        assert len(coarse) >= 2

    def test_most_are_of_the_cadmium_trades(self, key: str) -> None:
        trades = [row["行业代码"] for row in rows(key)]
        share = (trades.count("3212") + trades.count("3360")) / len(trades)
        assert 0.5 <= share <= 0.75

    def test_clean_ones_lie_in_the_township_they_name(self, key: str) -> None:
        cells = gpd.read_file(LAYERS / "real/townships.geojson")
        cells = cells[cells["county"] == REGIONS[key]["adcode"]].set_index("name").geometry
        towns = {str(row["企业编号"]): str(row["乡镇(街道)"]) for row in rows(key)}
        far = [name for name, point in located(key).items() if cells[towns[name]].distance(point) > 0.001]
        assert far == []

    def test_the_last_but_special_one_stands_inside_a_parcel(self, key: str) -> None:
        number = {"qingcheng": 59, "nandan": 43}[key]
        point = located(key)[f"示例{REGIONS[key]['prefix']}-{number:03d}"]
        assert table(key, "farmland").contains(point).sum() == 1

    def test_none_stands_at_a_real_mine(self, key: str) -> None:
        mines = metres(shapely.points([(107.629203, 24.838887), (107.665914, 24.853384), (107.572961, 24.828668)]), key)
        points = metres(list(located(key).values()), key)
        assert points.distance(mines.union_all()).min() > 500
        ponds = table(key, "tailings_ponds").to_crs(REGIONS[key]["epsg"])
        assert ponds.distance(mines.union_all()).min() > 500


def test_nandan_has_a_site_beyond_every_parcel_and_well_inside() -> None:
    site = metres([located("nandan")["示例ND-044"]], "nandan").iloc[0]
    parcels = table("nandan", "farmland").to_crs(4545)
    outline = metres([county("nandan")], "nandan").iloc[0].boundary
    assert parcels.distance(site).min() > 10_500
    assert outline.distance(site) > 10_500


def test_nandan_has_a_site_near_the_border_without_a_parcel_around() -> None:
    site = metres([located("nandan")["示例ND-045"]], "nandan").iloc[0]
    assert table("nandan", "farmland").to_crs(4545).distance(site).min() > 10_000
    assert metres([county("nandan")], "nandan").iloc[0].boundary.distance(site) < 2_500


@pytest.mark.parametrize("key", REGIONS)
@pytest.mark.parametrize("name", [name for name in TABLES if name != "farmland"])
def test_other_tables_are_invented_and_inside(key: str, name: str) -> None:
    frame = table(key, name)
    assert frame["名称"].str.startswith("示例").all()
    assert set(frame["数据来源"]) == {"合成数据"}
    assert frame.is_valid.all()
    assert shapely.within(frame.geometry.to_numpy(), county(key).buffer(1e-6)).all()


@pytest.mark.parametrize("key", REGIONS)
def test_how_many_there_are(key: str) -> None:
    ponds = {"qingcheng": 2, "nandan": 3}[key]
    counts = [len(table(key, name)) for name in ("sensitive_sites", "water_source_zones", "industrial_parks")]
    assert [*counts, len(table(key, "tailings_ponds"))] == [120, 9, 3, ponds]


@pytest.mark.parametrize("key", REGIONS)
def test_water_source_zones_nest(key: str) -> None:
    zones = table(key, "water_source_zones")
    for _, group in zones.groupby("名称"):
        shapes = group.set_index("保护区级别").geometry
        assert list(shapes.index) == ["一级", "二级", "准"]
        assert shapes["二级"].buffer(1e-7).contains(shapes["一级"])
        assert shapes["准"].buffer(1e-7).contains(shapes["二级"])


@pytest.mark.parametrize("key", REGIONS)
def test_no_concentrations_and_no_credit_codes(key: str) -> None:
    names = [name for table_name in TABLES for name in table(key, table_name).columns] + list(rows(key)[0])
    assert [name for name in names if re.search(r"mg|kg|镉|砷|汞|铅|铬|信用代码", name)] == ["是否涉镉"]


@pytest.mark.parametrize("key", REGIONS)
def test_terrain_covers_the_county_and_ten_kilometres_around(key: str) -> None:
    with rasterio.open(LAYERS / "synthetic" / key / "dem.tif") as raster:
        assert raster.res == (30.0, 30.0)
        assert raster.crs.to_epsg() == REGIONS[key]["epsg"]
        around = metres([county(key)], key).iloc[0].buffer(10_000).exterior
        spots = [around.interpolate(part / 200, normalized=True) for part in range(200)]
        heights = np.array([value[0] for value in raster.sample([(spot.x, spot.y) for spot in spots])])
        assert (heights > 0).all()
        assert raster.nodata == -9999.0


def lowest(key: str) -> tuple[np.ndarray, list[tuple[int, int]], rasterio.Affine]:
    """Return heights, a cell of each closed hollow from which no way leads down and out, and where the cells are.

    The ground drains off the grid and where it has no height.
    """
    with rasterio.open(LAYERS / "synthetic" / key / "dem.tif") as raster:
        heights, nodata, transform = raster.read(1), raster.nodata, raster.transform
    heights[heights == nodata] = -np.inf
    still = (minimum_filter(heights, 3, mode="constant", cval=-np.inf) == heights) & np.isfinite(heights)
    numbers, count = label(still, structure=EIGHT)
    beside_one_that_falls = still & (minimum_filter(np.where(still, np.inf, heights), 3) == heights)
    closed = np.setdiff1d(np.arange(1, count + 1), numbers[beside_one_that_falls])
    cells = np.argwhere(np.isin(numbers, closed))
    first = {int(numbers[row, column]): (int(row), int(column)) for row, column in cells[::-1]}
    return heights, [first[int(number)] for number in closed], transform


def hollow(heights: np.ndarray, row: int, column: int) -> tuple[float, np.ndarray]:
    """Return up to which height the hollow around a cell fills before it spills, and its cells, in 400 by 400."""
    top, left = row - 200, column - 200
    ground = heights[top : top + 401, left : left + 401]
    levels = np.unique(ground[ground >= ground[200, 200]])

    def spills(level: float) -> bool:
        wet, _ = label(ground <= level, structure=EIGHT)
        edge = np.concatenate([wet[0], wet[-1], wet[:, 0], wet[:, -1]])
        return bool((edge == wet[200, 200]).any())

    level = levels[bisect_left(levels, True, key=spills)]  # noqa: FBT003 - the first level that does
    wet, _ = label(ground < level, structure=EIGHT)
    held = np.zeros(heights.shape, bool)
    held[top : top + 401, left : left + 401] = (wet == wet[200, 200]) & (wet > 0)
    return float(level), held


def test_the_plain_has_no_closed_hollow() -> None:
    assert lowest("qingcheng")[1] == []


def test_the_karst_has_the_hollows_that_its_provenance_names_and_no_other() -> None:
    heights, deepest, transform = lowest("nandan")
    text = (LAYERS / "PROVENANCE.md").read_text(encoding="utf-8")
    named = [row.split(" | ") for row in re.findall(r"^\| (示例洼地.*) \|$", text, re.MULTILINE)]
    assert [name for name, *_ in named] == [f"示例洼地{number:02d}" for number in range(1, 7)]
    to_plane = pyproj.Transformer.from_crs(4490, 4545, always_xy=True)
    met = []
    for _, lon, lat, deep_m, area_ha in named:
        cell = rasterio.transform.rowcol(transform, *to_plane.transform(float(lon), float(lat)))
        level_m, held = hollow(heights, *map(int, cell))
        assert held[cell]
        assert level_m - heights[held].min() == float(deep_m)
        assert held.sum() * 0.09 == pytest.approx(float(area_ha), abs=0.05)
        met += [one for one in deepest if held[one]]
    assert sorted(met) == sorted(deepest)
    assert len(met) == len(named)


@pytest.mark.parametrize(("key", "crossing"), [("qingcheng", {"北江"}), ("nandan", {"红水河"})])
def test_real_rivers_are_valleys_that_fall_all_the_way(key: str, crossing: set[str]) -> None:
    rivers = gpd.read_file(LAYERS / "real/rivers.geojson").to_crs(REGIONS[key]["epsg"])
    found = set()
    with rasterio.open(LAYERS / "synthetic" / key / "dem.tif") as raster:
        for name, line in zip(rivers["name"], rivers.intersection(shapely.box(*raster.bounds)), strict=True):
            for part in shapely.get_parts(shapely.line_merge(line)):
                xy = shapely.get_coordinates(shapely.line_interpolate_point(part, np.arange(0, part.length, 90)))
                xy = xy[::-1] if len(xy) and xy[0, 1] < xy[-1, 1] else xy
                bed_m, bank_m = (np.array([v[0] for v in raster.sample(np.add(xy, [east, 0]))]) for east in (0, 1_500))
                held = (bed_m > 0) & (bank_m > 0)
                if part.length > 5_000 and held.any():
                    found.add(name)
                    assert (np.diff(bed_m[bed_m > 0]) <= 1.0).all()
                    assert np.mean(bank_m[held] > bed_m[held]) > 0.9
    assert found == crossing


@pytest.mark.parametrize("key", REGIONS)
def test_fields_lie_lower_than_the_land_around(key: str) -> None:
    parcels = table(key, "farmland").to_crs(REGIONS[key]["epsg"])
    rng = np.random.default_rng(1)
    near = [(p.x + rng.normal(0, 2_000), p.y + rng.normal(0, 2_000)) for p in parcels.representative_point()]
    with rasterio.open(LAYERS / "synthetic" / key / "dem.tif") as raster:
        own = np.array([v[0] for v in raster.sample([(p.x, p.y) for p in parcels.representative_point()])])
        around = np.array([v[0] for v in raster.sample(near)])
    assert np.mean(own[around > 0] < around[around > 0]) > 0.6


@pytest.mark.parametrize("key", REGIONS)
def test_project_names_layers_that_exist(key: str) -> None:
    folder = LAYERS / "projects" / key
    project = yaml.safe_load((folder / "project.yml").read_text(encoding="utf-8"))
    assert set(project["layers"]) <= set(LayerKind)
    for own in project["layers"].values():
        layer = project.get("layer_defaults", {}) | own
        assert (folder / layer["path"]).is_file()
        assert (layer["basis"], layer["classification"]) == ("synthetic", "公开")
    assert project["screening_rule"] == project["adopt"][0]["rule"] == "SCR-JY-10KM"


@pytest.mark.slow
def test_a_world_made_twice_has_the_same_bytes(tmp_path: Path) -> None:
    sums = []
    for turn in ("first", "second"):
        out = tmp_path / turn
        (out / "real").mkdir(parents=True)
        for file in (LAYERS / "real").glob("*"):
            (out / "real" / file.name).write_bytes(file.read_bytes())
        command = [sys.executable, ROOT / "tools/make_layers.py", "--out", out, "--region", "qingcheng"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- our own script
        made = sorted((out / "synthetic/qingcheng").iterdir())
        sums.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in made})
    assert sums[0] == sums[1]
    assert len(sums[0]) == 18
