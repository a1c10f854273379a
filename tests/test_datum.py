from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from hmgeo.geo.datum import (
    Datum,
    bd09_to_gcj02,
    bd09_to_wgs84,
    gauss_kruger_crs,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    parse_datum,
    to_cgcs2000,
    wgs84_to_bd09,
    wgs84_to_gcj02,
    zone_central_meridian,
)

LON = st.floats(74.0, 134.0)
LAT = st.floats(4.0, 53.0)


@given(lon=LON, lat=LAT)
def test_gcj02_round_trip_closes(lon: float, lat: float) -> None:
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))
    np.testing.assert_allclose(back, (lon, lat), rtol=0, atol=1e-9)


@given(lon=LON, lat=LAT)
def test_bd09_round_trip_closes(lon: float, lat: float) -> None:
    np.testing.assert_allclose(bd09_to_wgs84(*wgs84_to_bd09(lon, lat)), (lon, lat), rtol=0, atol=1e-9)
    np.testing.assert_allclose(bd09_to_gcj02(*gcj02_to_bd09(lon, lat)), (lon, lat), rtol=0, atol=1e-9)


@given(lon=LON, lat=LAT)
def test_the_shift_is_hundreds_of_metres_and_never_kilometres(lon: float, lat: float) -> None:
    there_lon, there_lat = wgs84_to_gcj02(lon, lat)
    shift_m = np.hypot((there_lon - lon) * 111_320 * np.cos(np.radians(lat)), (there_lat - lat) * 110_600)
    assert 10 < shift_m < 1_200


def test_known_place_shifts_as_published() -> None:
    # Qingcheng: the GCJ-02 and CGCS2000 county polygons differ by +0.0055, -0.0024 degrees
    lon, lat = wgs84_to_gcj02(113.05, 23.69)
    assert lon - 113.05 == pytest.approx(0.0055, abs=2e-4)
    assert lat - 23.69 == pytest.approx(-0.0026, abs=3e-4)


def test_positions_abroad_are_left_alone() -> None:
    assert [float(value) for value in wgs84_to_gcj02(11.5, 50.0)] == [11.5, 50.0]
    assert [float(value) for value in gcj02_to_wgs84(-120.3, 37.6)] == [-120.3, 37.6]


def test_arrays_keep_their_shape_and_empty_ones_pass() -> None:
    lon, lat = gcj02_to_wgs84(np.full(3, 113.0), np.full(3, 23.0))
    assert lon.shape == lat.shape == (3,)
    assert bd09_to_wgs84(np.array([]), np.array([]))[0].shape == (0,)


@pytest.mark.parametrize(
    ("words", "datum"),
    [
        ("CGCS2000", Datum.CGCS2000),
        ("2000国家大地坐标系", Datum.CGCS2000),
        ("国家2000坐标系", Datum.CGCS2000),
        ("EPSG:4490", Datum.CGCS2000),
        ("WGS-84", Datum.WGS84),
        ("wgs 1984", Datum.WGS84),
        ("GPS坐标", Datum.WGS84),
        ("GCJ-02", Datum.GCJ02),
        ("火星坐标系", Datum.GCJ02),
        ("高德", Datum.GCJ02),
        ("BD-09", Datum.BD09),
        ("百度坐标系", Datum.BD09),
        ("西安80", Datum.XIAN80),
        ("1980西安坐标系", Datum.XIAN80),
        ("Xi'an 1980", Datum.XIAN80),
        ("北京５４", Datum.BEIJING54),
        ("1954年北京坐标系", Datum.BEIJING54),
        ("未知", Datum.UNKNOWN),
        ("广州独立坐标系", None),
        ("", None),
    ],
)
def test_free_spellings(words: str, datum: Datum | None) -> None:
    assert parse_datum(words) is datum


def test_what_each_datum_adds() -> None:
    added = {datum.value: datum.uncertainty_m for datum in Datum}
    assert added == {
        "cgcs2000": 0.0,
        "wgs84": 0.0,
        "gcj02": 5.0,
        "bd09": 5.0,
        "xian80": 100.0,
        "beijing54": 100.0,
        "unknown": 0.0,
    }


def test_old_datums_are_left_as_given() -> None:
    for datum in (Datum.CGCS2000, Datum.WGS84, Datum.XIAN80, Datum.BEIJING54):
        assert [float(value) for value in to_cgcs2000(113.05, 23.6, datum)] == [113.05, 23.6]


@pytest.mark.parametrize("zone", [13, 19, 23, 25, 38, 45])
def test_zone_grids_are_the_epsg_ones(zone: int) -> None:
    meridian = zone_central_meridian(zone)
    assert meridian == (zone * 6 - 3 if zone <= 23 else zone * 3)
    grid = gauss_kruger_crs(meridian, zone=zone)
    assert grid.to_epsg() == (4491 + zone - 13 if zone <= 23 else 4513 + zone - 25)
    lon, _ = Transformer.from_crs(grid, CRS(4490), always_xy=True).transform(zone * 1e6 + 500_000, 2_600_000)
    assert lon == pytest.approx(meridian, abs=1e-12)


def test_zone_24_does_not_exist() -> None:
    assert zone_central_meridian(24) is None


def test_a_built_grid_agrees_with_the_epsg_one() -> None:
    x, y = 412_345.6, 2_612_345.6
    built = gauss_kruger_crs(114.0, datum=Datum.WGS84)
    lon, lat = Transformer.from_crs(built, CRS(4326), always_xy=True).transform(x, y)
    expected = Transformer.from_crs(CRS(4547), CRS(4490), always_xy=True).transform(x, y)
    assert (lon, lat) == pytest.approx(expected, abs=1e-8)  # the two ellipsoids differ by 0.1 mm
