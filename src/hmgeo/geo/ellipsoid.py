"""Bearing, buffer and area on the CGCS2000 ellipsoid; the only place that picks a surface for measuring.

Shapes are read as drawn in lon/lat (EPSG:4490): an edge is straight between the coordinates of its ends. How far two
shapes are apart is worked out in `hmgeo.geo.distance`, on what stands here.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod, Transformer

Floats = NDArray[np.float64]
Geometries = Sequence[shapely.Geometry] | NDArray[np.object_]

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257222101
ELLIPSOID = Geod(a=SEMI_MAJOR_M, f=FLATTENING)
"""CGCS2000: GB 22021-2008, a = 6378137 m, 1/f = 298.257222101."""

_ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)
SMALLEST_RADIUS_M = SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED)
"""Smallest radius of curvature of the ellipsoid: along the meridian at the equator."""

SQUARE_M_PER_HA = 10_000.0
_PARTS_OF_HA = 2.0**33
HALF_TURN_DEG = 180.0
"""Longitudes lie within it, both ways; at its end is the antimeridian."""

_CIRCLE_CORNERS = 360
DRAWN_CORNERS = 64
"""Of circles that are only drawn: at most 0.12 % of the radius inside it, a sixth of the bytes."""


def earth_centred(lon_lat: Floats) -> Floats:
    """Turn `lon_lat`, (n, 2) degrees on the ellipsoid, into (n, 3) earth-centred metres.

    >>> earth_centred(np.array([[0.0, 0.0]])).tolist()
    [[6378137.0, 0.0, 0.0]]
    """
    lon, lat = np.radians(lon_lat[:, 0]), np.radians(lon_lat[:, 1])
    sin_lat = np.sin(lat)
    prime_vertical_m = SEMI_MAJOR_M / np.sqrt(1 - _ECCENTRICITY_SQUARED * sin_lat**2)
    from_axis_m = prime_vertical_m * np.cos(lat)
    return np.column_stack(
        [from_axis_m * np.cos(lon), from_axis_m * np.sin(lon), prime_vertical_m * (1 - _ECCENTRICITY_SQUARED) * sin_lat]
    )


def geodesic_m(here: Floats, there: Floats) -> Floats:
    """Return the (n,) geodesic distances in metres from `here` to `there`, (n, 2) lon/lat each; NaN of NaN."""
    _, _, distance_m = ELLIPSOID.inv(here[:, 0], here[:, 1], there[:, 0], there[:, 1])
    return np.asarray(distance_m, dtype=np.float64)


def bearing_deg(here: Floats, there: Floats) -> Floats:
    """Return the (n,) bearings `here` to `there`, (n, 2) lon/lat each: degrees from north, NaN where one or unknown.

    >>> bearing_deg(np.array([[113.0, 23.0]]), np.array([[113.0, 22.0]])).tolist()
    [180.0]
    """
    azimuth, _, distance_m = ELLIPSOID.inv(here[:, 0], here[:, 1], there[:, 0], there[:, 1])
    bearing = np.asarray(azimuth, dtype=np.float64) % 360
    return np.where(np.asarray(distance_m) > 0, bearing, np.nan)


def search_boxes(bounds: Floats, radius_m: Floats) -> Floats:
    """Widen `bounds`, (n, 4) lon/lat boxes, so that they hold everything within (n,) `radius_m` of them.

    The box is a little larger than needed, never smaller; near a pole it spans all longitudes.
    """
    angle = radius_m / SMALLEST_RADIUS_M * 1.001
    south = bounds[:, 1] - np.degrees(angle)
    north = bounds[:, 3] + np.degrees(angle)
    poleward = np.radians(np.maximum(np.abs(south), np.abs(north)))
    with np.errstate(invalid="ignore"):
        widen = np.degrees(np.arcsin(np.minimum(1.0, np.sin(np.minimum(angle, np.pi / 2)) / np.cos(poleward))))
    widen = np.where((poleward >= np.pi / 2) | ~np.isfinite(widen), 360.0, widen)
    return np.column_stack([bounds[:, 0] - widen, south, bounds[:, 2] + widen, north])


def geodesic_buffer(geometry: shapely.Geometry, radius_m: float, corners: int = _CIRCLE_CORNERS) -> shapely.Geometry:
    """Return the lon/lat polygon of everything within `radius_m` of `geometry`, a lon/lat shape.

    A point gives a circle whose corners lie exactly at the radius (edges of the usual 360 are at most 0.004 % inside,
    of the `DRAWN_CORNERS` 0.12 %); other shapes are buffered in an azimuthal equidistant plane about their middle, good
    to 0.1 % of the radius.
    """
    if geometry.geom_type == "Point":
        azimuths = np.arange(corners) * (360 / corners)
        lon, lat = np.full(corners, geometry.x), np.full(corners, geometry.y)
        around_lon, around_lat, _ = ELLIPSOID.fwd(lon, lat, azimuths, np.full(corners, radius_m))
        return shapely.Polygon(np.column_stack([around_lon, around_lat]))
    middle = shapely.box(*geometry.bounds).centroid
    plane = f"+proj=aeqd +lat_0={middle.y!r} +lon_0={middle.x!r} +a={SEMI_MAJOR_M} +rf={1 / FLATTENING} +units=m"
    there = Transformer.from_crs("EPSG:4490", plane, always_xy=True)
    back = Transformer.from_crs(plane, "EPSG:4490", always_xy=True)
    flat = shapely.transform(shapely.segmentize(geometry, 0.002), lambda xy: np.column_stack(there.transform(*xy.T)))
    wide = shapely.buffer(flat, radius_m, quad_segs=corners // 4)
    return shapely.transform(wide, lambda xy: np.column_stack(back.transform(*xy.T)))


def local_metric_crs(lon: float) -> str:
    """Return a transverse Mercator in metres about `lon` (degrees, to a tenth) on the CGCS2000 ellipsoid.

    For grids only: within 1.5 degrees of the meridian its scale is off by less than 0.04 %.

    >>> local_metric_crs(107.53)
    '+proj=tmerc +lat_0=0 +lon_0=107.5 +k=1 +x_0=500000 +y_0=0 +a=6378137.0 +rf=298.257222101 +units=m +no_defs'
    """
    ellipsoid = f"+a={SEMI_MAJOR_M} +rf={1 / FLATTENING:.9f}"
    return f"+proj=tmerc +lat_0=0 +lon_0={round(lon, 1):g} +k=1 +x_0=500000 +y_0=0 {ellipsoid} +units=m +no_defs"


def _area_from_equator(lat: Floats) -> Floats:
    """Return the area in m2 between equator and latitude (radians) per radian of longitude.

    Snyder, Map Projections: A Working Manual (1987), USGS PP 1395, eq. 3-12.
    """
    eccentricity = np.sqrt(_ECCENTRICITY_SQUARED)
    sine = np.sin(lat)
    zone = sine / (1 - _ECCENTRICITY_SQUARED * sine**2) + np.arctanh(eccentricity * sine) / eccentricity
    return np.asarray(SEMI_MAJOR_M**2 * (1 - _ECCENTRICITY_SQUARED) / 2 * zone, dtype=np.float64)


def hectares(area_m2: Floats) -> Floats:
    """Return `area_m2`, (n,), in ha as multiples of 2**-33 (about 0.01 cm2): sums up to a million ha are exact.

    So a total is the same in whatever order its parcels come.

    >>> float(hectares(np.array([15_000.0]))[0])
    1.5
    """
    return np.asarray(np.rint(area_m2 / SQUARE_M_PER_HA * _PARTS_OF_HA) / _PARTS_OF_HA)


def ellipsoidal_area_m2(geometries: Geometries) -> Floats:
    """Return the (n,) areas in m2 of `geometries` on the ellipsoid, edges straight in lon/lat, holes taken off.

    Lines and points have area 0.

    >>> square = shapely.box(0, 0, 1, 1)
    >>> round(float(ellipsoidal_area_m2([square])[0]) / 1e6, 1)
    12308.5
    """
    array = np.asarray(geometries, dtype=object)
    parts, part_of = shapely.get_parts(array, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    if not len(rings):
        return np.zeros(len(array))
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    lon, lat = np.radians(coordinates[:, 0]), np.radians(coordinates[:, 1])
    same = ring[1:] == ring[:-1]
    low, high = _area_from_equator(lat[:-1]), _area_from_equator(lat[1:])
    middle = _area_from_equator((lat[:-1] + lat[1:]) / 2)
    strip = np.where(same, np.diff(lon) * (low + 4 * middle + high) / 6, 0.0)  # Simpson, exact to rounding here
    ring_area_m2 = np.abs(np.bincount(ring[:-1], weights=strip, minlength=len(rings)))
    is_hole = np.append(False, ring_part[1:] == ring_part[:-1])
    signed = np.where(is_hole, -ring_area_m2, ring_area_m2)
    return np.asarray(np.bincount(part_of[ring_part], weights=signed, minlength=len(array)), dtype=np.float64)
