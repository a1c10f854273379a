"""GCJ-02, BD-09, the old national datums and Gauss-Kruger, in and out of CGCS2000.

The two internet datums are inverted from the publicly known approximation of their shift
(公开算法近似还原，非测绘成果): positions restored this way carry an uncertainty of 5 m and never count as surveyed.
"""

import re
import unicodedata
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS
from pyproj.crs import ProjectedCRS
from pyproj.crs.coordinate_operation import TransverseMercatorConversion
from pyproj.exceptions import CRSError

from hmgeo.vocabulary import Word

Floats: TypeAlias = NDArray[np.float64]


class Datum(Word):
    """What the longitudes and latitudes of a file refer to."""

    CGCS2000 = "cgcs2000", "CGCS2000", "CGCS2000"
    WGS84 = "wgs84", "WGS84", "WGS 84"
    GCJ02 = "gcj02", "GCJ-02", "GCJ-02"
    BD09 = "bd09", "BD-09", "BD-09"
    XIAN80 = "xian80", "西安80", "Xi'an 1980"
    BEIJING54 = "beijing54", "北京54", "Beijing 1954"
    UNKNOWN = "unknown", "未知", "unknown"

    @property
    def uncertainty_m(self) -> float:
        """What bringing a position to CGCS2000 adds to its uncertainty, in metres."""
        return _UNCERTAINTY_M.get(self, 0.0)


_UNCERTAINTY_M = {Datum.GCJ02: 5.0, Datum.BD09: 5.0, Datum.XIAN80: 100.0, Datum.BEIJING54: 100.0}

_SPELLINGS = {
    Datum.CGCS2000: "cgcs2000 cgcs 2000 天地图 4490 epsg4490 国家2000 国家大地2000 大地2000 "
    "中国大地2000 2000国家大地 国家大地 chinageodetic2000",
    Datum.WGS84: "wgs84 wgs1984 wgs 4326 epsg4326 84 gps crs84 世界大地 世界大地84 地球",
    Datum.GCJ02: "gcj02 gcj 火星 国测局 国测局加密 国测局02 高德 高德地图 腾讯 腾讯地图 amap mars",
    Datum.BD09: "bd09 bd09ll bd 百度 百度地图 百度09 百度经纬度 baidu",
    Datum.XIAN80: "西安80 西安1980 1980西安 80西安 1980国家大地 国家80 "
    "xian80 xian1980 xi'an80 xi'an1980 4610 epsg4610 80",
    Datum.BEIJING54: "北京54 北京1954 1954北京 54北京 beijing54 beijing1954 4214 epsg4214 54",
    Datum.UNKNOWN: "未知 不详 不明 不清楚 未说明 unknown",
}
"""What each is called, compared without case, spaces and signs."""

_SEMI_MAJOR_M = 6378245.0  # Krasovsky 1940, as the published approximation uses it
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_BAIDU_TURN = np.pi * 3000.0 / 180.0
_SHIFTED_LON = (72.004, 137.8347)  # outside this box the published approximation leaves positions alone
_SHIFTED_LAT = (0.8293, 55.8271)
_STEPS = 30
_CLOSED_DEG = 1e-12

SIX_DEGREE_ZONES = range(13, 24)
"""Zone numbers that can only be 6° zones in China."""
THREE_DEGREE_ZONES = range(25, 46)
"""Zone numbers that can only be 3° zones in China."""
_LAST_MERIDIAN = 20
"""EPSG lists CGCS2000 by 21 central meridians, every 3° from 75°."""


def parse_datum(text: str) -> Datum | None:
    """Read a datum as people write it; None where the words are not understood.

    `text`: a word such as `WGS-84`, `火星坐标系`, `2000国家大地坐标系` or `未知`; case, spaces and dashes don't matter.

    >>> parse_datum("高德坐标系").value, parse_datum("ＣＧＣＳ２０００").value, parse_datum("广州独立坐标系")
    ('gcj02', 'cgcs2000', None)
    """
    plain = re.sub(r"[\s\-_.:：、/]+", "", unicodedata.normalize("NFKC", text).casefold())
    plain = re.sub(r"(坐标系统|坐标系|坐标)$", "", plain) or plain
    candidates = {plain, plain.removesuffix("系"), plain.removesuffix("大地"), plain.replace("年", "")}
    return next((datum for datum, words in _SPELLINGS.items() if candidates & {*words.split()}), None)


def read_crs(declared: Any) -> CRS:  # noqa: ANN401 -- WKT, PROJJSON or a code
    """Return the CRS that is `declared`; a `CRSError` where it is none, or one of another planet or the moon.

    >>> read_crs("EPSG:4490").to_epsg()
    4490
    """
    crs = CRS.from_user_input(declared)
    if crs.ellipsoid is not None and not 6.3e6 < crs.ellipsoid.semi_major_metre < 6.4e6:  # noqa: PLR2004 -- the earth's
        raise CRSError(crs.name)
    return crs


def to_cgcs2000(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> tuple[Floats, Floats]:
    """Bring longitudes and latitudes to CGCS2000.

    `lon`, `lat`: degrees, arrays of one shape.
    `datum`: WGS84 is a zero shift. Xi'an 1980 and Beijing 1954 are left as given, for want of local parameters;
    `Datum.uncertainty_m` says what that costs. An unknown datum is the caller's to refuse.

    Returned: lon and lat in degrees.
    """
    if datum is Datum.GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if datum is Datum.BD09:
        return bd09_to_wgs84(lon, lat)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS84 `lon` and `lat`, degrees of any one shape, to GCJ-02 by the published approximation.

    Source: the publicly circulated formula of the shift (公开算法近似还原，非测绘成果). Positions outside its
    box around China come back unchanged.

    >>> lon, lat = wgs84_to_gcj02(113.0, 23.7)
    >>> round(float(lon), 5), round(float(lat), 5)
    (113.00531, 23.69739)
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    east, north = _gcj02_shift(lon, lat)
    inside = _is_shifted(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Turn GCJ-02 `lon` and `lat`, degrees, to WGS84: `wgs84_to_gcj02` inverted by steps that close below 1e-12°.

    Source: the publicly circulated formula of the shift (公开算法近似还原，非测绘成果).

    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02(113.05, 23.62))
    >>> round(float(lon), 9), round(float(lat), 9)
    (113.05, 23.62)
    """
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    inside = _is_shifted(lon, lat)
    back_lon, back_lat = lon, lat
    for _ in range(_STEPS):
        east, north = _gcj02_shift(back_lon, back_lat)
        next_lon, next_lat = lon - east, lat - north
        closed = _is_closed(next_lon - back_lon, next_lat - back_lat)
        back_lon, back_lat = next_lon, next_lat
        if closed:
            break
    return np.where(inside, back_lon, lon), np.where(inside, back_lat, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift GCJ-02 `lon` and `lat`, degrees, to BD-09 by the published formula (公开算法近似还原，非测绘成果)."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU_TURN)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Turn BD-09 `lon` and `lat`, degrees, to GCJ-02: `gcj02_to_bd09` inverted by steps that close below 1e-12°."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    back_lon, back_lat = lon - 0.0065, lat - 0.006
    for _ in range(_STEPS):
        there_lon, there_lat = gcj02_to_bd09(back_lon, back_lat)
        off_lon, off_lat = lon - there_lon, lat - there_lat
        back_lon, back_lat = back_lon + off_lon, back_lat + off_lat
        if _is_closed(off_lon, off_lat):
            break
    return back_lon, back_lat


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS84 `lon` and `lat`, degrees of any one shape, to BD-09, through GCJ-02."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Turn BD-09 `lon` and `lat`, degrees, to WGS84: `wgs84_to_bd09` inverted.

    >>> lon, lat = bd09_to_wgs84(*wgs84_to_bd09(107.5, 24.9))
    >>> round(float(lon), 9), round(float(lat), 9)
    (107.5, 24.9)
    """
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def zone_central_meridian(zone: int) -> float | None:
    """Return the central meridian in degrees of `zone`, a Gauss-Kruger zone number used in China; None for any other.

    Zones 13 to 23 are 6° wide, 25 to 45 are 3° wide: the numbers don't overlap.

    >>> zone_central_meridian(38), zone_central_meridian(19), zone_central_meridian(24)
    (114.0, 111.0, None)
    """
    if zone in SIX_DEGREE_ZONES:
        return zone * 6.0 - 3.0
    if zone in THREE_DEGREE_ZONES:
        return zone * 3.0
    return None


def gauss_kruger_crs(central_meridian: float, *, zone: int = 0, datum: Datum = Datum.CGCS2000) -> CRS:
    """Return the Gauss-Kruger projection about a meridian, eastings from 500 km, with the zone prefix if asked.

    Returned: EPSG:4513-4533 and 4491-4501 for CGCS2000 zones with prefix, EPSG:4534-4554 for whole multiples of 3°
    without; a projection built to the same definition for everything else.

    Parameters
    ----------
    central_meridian
        Degrees east.
    zone
        Zone number that stands before the easting; 0 for none.
    datum
        Whose ellipsoid is used; GCJ-02, BD-09 and an unknown datum have no such grid and are read on CGCS2000.

    Examples
    --------
    >>> [gauss_kruger_crs(114, zone=38).to_epsg(), gauss_kruger_crs(111, zone=19).to_epsg()]
    [4526, 4497]
    >>> gauss_kruger_crs(114).to_epsg()
    4547
    >>> gauss_kruger_crs(113.5).to_epsg() is None
    True
    """
    if datum is Datum.CGCS2000:
        if zone in THREE_DEGREE_ZONES:
            return CRS.from_epsg(4513 + zone - THREE_DEGREE_ZONES.start)
        if zone in SIX_DEGREE_ZONES:
            return CRS.from_epsg(4491 + zone - SIX_DEGREE_ZONES.start)
        steps = (central_meridian - 75.0) / 3.0
        if zone == 0 and steps.is_integer() and 0 <= steps <= _LAST_MERIDIAN:
            return CRS.from_epsg(4534 + int(steps))
    base = {Datum.WGS84: 4326, Datum.XIAN80: 4610, Datum.BEIJING54: 4214}.get(datum, 4490)
    conversion = TransverseMercatorConversion(
        latitude_natural_origin=0.0,
        longitude_natural_origin=central_meridian,
        false_easting=zone * 1_000_000.0 + 500_000.0,
        false_northing=0.0,
        scale_factor_natural_origin=1.0,
    )
    return ProjectedCRS(conversion=conversion, geodetic_crs=CRS.from_epsg(base), name=f"GK CM {central_meridian}")


def _is_shifted(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    return (lon >= _SHIFTED_LON[0]) & (lon <= _SHIFTED_LON[1]) & (lat >= _SHIFTED_LAT[0]) & (lat <= _SHIFTED_LAT[1])


def _is_closed(off_lon: Floats, off_lat: Floats) -> bool:
    return off_lon.size == 0 or bool(max(np.nanmax(np.abs(off_lon)), np.nanmax(np.abs(off_lat))) < _CLOSED_DEG)


def _gcj02_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the shift east and north in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (ripple + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (ripple + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    lat_rad = np.radians(lat)
    flattening = 1.0 - _ECCENTRICITY_SQUARED * np.sin(lat_rad) ** 2
    meridian_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_SQUARED) / flattening**1.5
    parallel_m = _SEMI_MAJOR_M / np.sqrt(flattening) * np.cos(lat_rad)
    return np.degrees(east / parallel_m), np.degrees(north / meridian_m)
