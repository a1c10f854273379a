"""Level frames on the ellipsoid: metres east and north of an origin for places near it, in closed form.

To second order in the angles (dl, dp) from an origin at latitude p, with the radii of curvature n (prime vertical) and
m (meridian), e the eccentricity and w = 1 - e2 sin2 p:
    east  = n cos p dl - m sin p dl dp
    north = m dp + n sin p cos p dl2 / 2 + (3 e2 sin p cos p m / w) dp2 / 2
What is left out is under 1e-5 m within `FRAME_REACH_M` of the origin.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hmgeo.geodesy import FLATTENING, SEMI_MAJOR_M
from hmgeo.reference.compiled import inner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)
FRAME_REACH_M = 450.0
NEARBY_M = 2_000.0
"""Where heights are reckoned one way nearer than this and another way farther off.

Place and point stand p2 / 2r and v2 / 2r below the frame's level, where v, the point's distance from the origin, is
not known any more. Far off, v2 is left out: an error of p v2 / 4 r2. Near by, the difference of heights is
level * (p + v) / 2r, taken as level * p / 2r: an error under level * p v / 4 r2. Both stay under 0.02 mm within
`FRAME_REACH_M` of the origin and 15 km, and under 0.07 mm at 50 km.
"""

BEND_M = 1e-4
"""How far a lon/lat-straight edge may bend away from the straight line that stands for it."""

_A = SEMI_MAJOR_M
_E2 = ECCENTRICITY_SQUARED
_RADIANS = math.pi / 180.0

X, Y, Z, SIN_LON, COS_LON, SIN_LAT, COS_LAT, EAST, NORTH, BEND_EAST, BEND_NORTH, BEND_MERIDIAN, CURVE_N, CURVE_M = (
    range(14)
)
FRAME_FIELDS = 14
"""A frame is an array: origin's earth-centred metres; sines and cosines; coefficients of the formulas above; and
1 / 24 n2, 1 / 24 m2, by which chords become arcs."""


@inner
def turn(sine: float, cosine: float, angle: float) -> tuple[float, float]:
    """Return sine and cosine after a turn by a small angle (under 0.05 rad, to the last bits)."""
    square = angle * angle
    s = angle * (1 - square * (1 / 6 - square * (1 / 120 - square / 5040)))
    c = 1 - square * (0.5 - square * (1 / 24 - square / 720))
    return sine * c + cosine * s, cosine * c - sine * s


@inner
def set_frame(frame: Floats, sin_lon: float, cos_lon: float, sin_lat: float, cos_lat: float) -> None:
    """Fill a frame for the origin with these sines and cosines."""
    w = 1 - _E2 * sin_lat * sin_lat
    n = _A / math.sqrt(w)
    m = n * (1 - _E2) / w
    frame[X], frame[Y], frame[Z] = n * cos_lat * cos_lon, n * cos_lat * sin_lon, n * (1 - _E2) * sin_lat
    frame[SIN_LON], frame[COS_LON], frame[SIN_LAT], frame[COS_LAT] = sin_lon, cos_lon, sin_lat, cos_lat
    frame[EAST], frame[NORTH] = n * cos_lat, m
    frame[BEND_EAST], frame[BEND_NORTH] = m * sin_lat, 0.5 * n * sin_lat * cos_lat
    frame[BEND_MERIDIAN] = 1.5 * _E2 * sin_lat * cos_lat * m / w
    frame[CURVE_N], frame[CURVE_M] = 1 / (24 * n * n), 1 / (24 * m * m)


@inner
def set_frame_at(frame: Floats, lon: float, lat: float) -> None:
    """Fill a frame for an origin in degrees."""
    lon, lat = lon * _RADIANS, lat * _RADIANS
    set_frame(frame, math.sin(lon), math.cos(lon), math.sin(lat), math.cos(lat))
