"""What a datum leaves open travels with sources and layers alike: an accuracy that isn't known is not zero.

2069.7721 m from 113.0375, 23.685278 to the parcel 113.05-113.06 E, 23.70-23.71 N is a brute-force search over pyproj's
`Geod` (GRS 80). Due west of a meridian edge the distance is an arc of longitude, worked by `Geod` here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import shapely
from pyproj import CRS, Geod

from hmgeo.errors import InputError
from hmgeo.intake.formats.packed import pack_layer, stream_receptors
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.intake.places.locate import datum_of
from hmgeo.judging.bench import Question
from hmgeo.judging.facts import DistanceFact, Features, PlaceFact
from hmgeo.judging.layers import LayerFacts, LayerIndexes
from hmgeo.judging.places import Places
from hmgeo.records import Gates
from hmgeo.screening.screen import screen
from hmgeo.vocabulary import Basis, Completeness, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.records import Layer, Positions

RIGHT_M = 2069.7721
OWN_SHIFT = (
    "+proj=tmerc +lat_0=0 +lon_0=114 +k=1 +x_0=500000 +y_0=0 +ellps=krass +towgs84=15.8,-154.4,-82.3,0,0,0,0 +units=m"
)
EVERYWHERE = Gates(shapely.box(110, 20, 117, 27), "全域", Completeness.COMPLETE)


def parcel(folder: Path, west_deg: float, gates: Gates = Gates(), error: str = "", **said: str) -> Layer:  # noqa: B008 - frozen
    """Read a parcel a hundredth of a degree wide whose western edge lies at a longitude."""
    ring = [[west_deg + x, 23.70 + y] for x, y in ((0, 0), (0.01, 0), (0.01, 0.01), (0, 0.01), (0, 0))]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"parcel_id": "P1", "定位误差(m)": error}, "geometry": shape}
    path = folder / "farm.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    options = ReadOptions(**said)
    return load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.REAL, gates=gates, options=options)[0]


def plant(folder: Path, x: str = "113.0375", y: str = "23.685278", **said: str) -> Positions:
    path = folder / "plants.csv"
    names = "经度,纬度" if float(x) < 180 else "x,y"
    path.write_text(f"企业编号,企业名称,{names}\nE1,厂,{x},{y}\n", encoding="utf-8")
    options = ReadOptions(**({"datum": "cgcs2000"} | said if "crs" not in said else said))
    return load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.REAL, options=options)[0]


def answer(positions: Positions, farmland: Layer) -> dict[str, object]:
    done = screen(positions, farmland, Question(None, 10_000.0, screening_rule_id="USER-RADIUS"))
    (row,) = done.sources.to_pylist()
    return row


@pytest.mark.parametrize(
    ("text", "datum"),
    [
        (OWN_SHIFT, None),
        ("EPSG:4326", "wgs84"),
        ("+proj=longlat +datum=WGS84 +towgs84=0,0,0", "wgs84"),
        ("EPSG:2401", "beijing54"),
        ("EPSG:4555", "beijing54"),
    ],
)
def test_wgs84_is_not_found_inside_towgs84(text: str, datum: str | None) -> None:
    found = datum_of(CRS(text))
    assert (None if found is None else found.value) == datum


def test_a_files_own_shift_is_used_and_its_unknown_accuracy_counts(tmp_path: Path) -> None:
    row = answer(plant(tmp_path, "401776.621", "2620823.429", crs=OWN_SHIFT), parcel(tmp_path, 113.05))
    assert row["nearest_farmland_m"] == pytest.approx(RIGHT_M, abs=0.002)
    assert row["position_uncertainty_m"] == pytest.approx(100.0, abs=0.01)


def test_proj_says_how_accurate_its_own_way_is(tmp_path: Path) -> None:
    """NAD83 to WGS84 is 4 m by EPSG's figure."""
    table = plant(tmp_path, "500000", "4200000", crs="EPSG:26910").table
    assert table["position_uncertainty_m"].to_pylist() == [
        pytest.approx(4 + 0.5**0.5, abs=1e-4)
    ]  # and half a metre each way


@pytest.mark.parametrize(
    ("datum", "margin_m"), [("xian80", 100.0), ("beijing54", 100.0), ("gcj02", 5.0), ("wgs84", 0.0)]
)
def test_a_layer_carries_the_margin_of_its_datum(datum: str, margin_m: float, tmp_path: Path) -> None:
    assert parcel(tmp_path, 113.05, datum=datum).margin_m == margin_m


@pytest.mark.parametrize(
    ("datum", "verdict", "certainty"), [("xian80", "listed", "ambiguous"), ("cgcs2000", "clear", "certain")]
)
def test_farmland_just_beyond_the_radius_is_not_beyond_it_for_certain(
    datum: str, verdict: str, certainty: str, tmp_path: Path
) -> None:
    """10,030 m east of the plant along its parallel: within 100 m of the limit."""
    away_m = 10_030.0
    east_deg = Geod(ellps="GRS80").fwd(113.0375, 23.705, 90.0, away_m)[0]
    row = answer(plant(tmp_path, "113.0375000", "23.7050000"), parcel(tmp_path, east_deg, EVERYWHERE, datum=datum))
    assert row["nearest_farmland_m"] == pytest.approx(away_m, abs=0.5)
    assert (row["verdict"], row["certainty"]) == (verdict, certainty)
    margin_m = 100.0 if datum == "xian80" else 0.0
    off_m = row["nearest_farmland_max_m"] - row["nearest_farmland_m"] - row["position_uncertainty_m"]
    assert off_m == pytest.approx(margin_m, abs=1e-3)
    assert row["farmland_count_max"] == (1 if datum == "xian80" else 0)


def test_the_working_format_keeps_the_margin(tmp_path: Path) -> None:
    parcel(tmp_path, 113.05)
    out = tmp_path / "farm.packed.parquet"
    pack_layer(tmp_path / "farm.geojson", out, options=ReadOptions(datum="xian80"))
    assert stream_receptors(out, kind=LayerKind.FARMLAND, basis=Basis.REAL).margin_m == 100.0


def test_a_school_is_as_unsure_as_its_own_row_says(tmp_path: Path) -> None:
    """One 520 m off to the metre, one 560 m off give or take 100 m: the nearest is 460 to 521 m off."""
    at = (113.05, 23.6)
    rows = []
    for name, away_m, error in (("甲", 520.0, "1"), ("乙", 560.0, "±100米"), ("丙", 5000.0, "/")):
        lon, lat, _ = Geod(ellps="GRS80").fwd(*at, 90.0, away_m)
        rows.append(f"{name},{name},学校,{lon:.9f},{lat:.9f},CGCS2000,{error}")
    path = tmp_path / "schools.csv"
    path.write_text("编号,名称,类别,经度,纬度,坐标系,定位误差(m)\n" + "\n".join(rows) + "\n", encoding="utf-8")
    layer, _ = load_receptors(path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.REAL, gates=EVERYWHERE)
    assert layer.margin_m == 0.0
    assert layer.errors_m["乙"] == pytest.approx(100.0, abs=0.001)
    facts = LayerFacts(shapely.Point(at), 0.0, LayerIndexes([layer]), Places())
    found = facts.distance(Features("sensitive_sites"))
    assert isinstance(found, DistanceFact)
    assert (found.receptor_id, found.low_m, found.high_m) == (
        "甲",
        pytest.approx(460.0, abs=0.01),
        pytest.approx(521.0, abs=0.01),
    )
    touched = facts.touches(Features("sensitive_sites"), 500.0)
    assert isinstance(touched, PlaceFact)
    assert {one.value for one in touched.others} == {"yes"}


def test_the_widest_error_of_a_parcel_holds_for_the_farmland(tmp_path: Path) -> None:
    held = parcel(tmp_path, 113.05, error="30")
    assert (held.margin_m, dict(held.errors_m)) == (30.0, {})


GEOGCS = (
    'GEOGCS["{}",DATUM["{}",SPHEROID["{}",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.0174532925]]'
)


@pytest.mark.parametrize(
    ("name", "of", "datum"),
    [
        ("GCJ-02", "D_WGS_1984", "gcj02"),
        ("火星坐标", "D_Krasovsky", "gcj02"),
        ("GCS_User", "D_GCJ02", "gcj02"),
        ("百度坐标", "D_WGS_1984", "bd09"),
        ("GCS_BD_09", "D_WGS_1984", "bd09"),
        ("WGS84 from GCJ-02", "D_WGS_1984", "unknown"),
        ("GCS_WGS_1984", "D_WGS_1984", "wgs84"),
    ],
)
def test_a_system_called_gcj_02_is_none_of_wgs84(name: str, of: str, datum: str) -> None:
    found = datum_of(CRS(GEOGCS.format(name, of, of)))
    assert found is not None
    assert found.value == datum


def test_a_web_map_on_gcj_02_says_so_in_its_own_name() -> None:
    found = datum_of(CRS(CRS(3857).to_wkt().replace("WGS 84 / Pseudo-Mercator", "GCJ02 / Pseudo-Mercator")))
    assert found is not None
    assert found.value == "gcj02"


def test_a_system_of_the_moon_is_no_system_of_a_layer(tmp_path: Path) -> None:
    moon = 'GEOGCS["Moon 2000",DATUM["D_Moon",SPHEROID["Moon",1737400,0]],PRIMEM["R",0],UNIT["Degree",0.0174532925]]'
    with pytest.raises(InputError, match="声明的坐标系无法识别"):
        parcel(tmp_path, 113.05, crs=moon)


def stated(folder: Path, at: str, crs: object) -> Path:
    """Write one point, and a system with the collection, its feature or the feature's geometry."""
    point: dict[str, object] = {"type": "Point", "coordinates": [113.0375, 23.685278]}
    feature: dict[str, object] = {"type": "Feature", "properties": {"企业名称": "厂"}, "geometry": point}
    whole: dict[str, object] = {"type": "FeatureCollection", "features": [feature]}
    {"collection": whole, "feature": feature, "geometry": point}[at]["crs"] = crs
    path = folder / "plants.geojson"
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path


def read_points(path: Path) -> Positions:
    return load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.REAL, options=ReadOptions())[0]


@pytest.mark.parametrize("at", ["collection", "feature", "geometry"])
@pytest.mark.parametrize("crs", ["EPSG:4214", {"type": "name", "properties": {"name": "EPSG:4214"}}])
def test_the_crs_of_a_geojson_is_read_wherever_it_stands(at: str, crs: object, tmp_path: Path) -> None:
    (row,) = read_points(stated(tmp_path, at, crs)).table.to_pylist()
    assert row["position_uncertainty_m"] > 100.0


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "link", "properties": {"href": "http://example.org/gcj02"}},
        {"type": "name", "properties": {"name": ""}},
        {"type": "name", "name": "EPSG:4214"},
        "GCJ-02",
        [1],
    ],
)
def test_a_crs_of_a_geojson_that_is_not_understood_is_refused(crs: object, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="文件声明的坐标系无法识别"):
        read_points(stated(tmp_path, "collection", crs))


def test_features_of_two_systems_are_refused_and_no_feature_is_still_a_row(tmp_path: Path) -> None:
    path = stated(tmp_path, "feature", "EPSG:4214")
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["features"] += [{**whole["features"][0], "crs": None}]
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(InputError, match="各要素声明的坐标系不同"):
        read_points(path)
    whole["features"] = [{**whole["features"][1]}, None]
    path.write_text(json.dumps(whole), encoding="utf-8")
    assert read_points(path).table["status"].to_pylist() == ["assessed", "not_located"]
