"""Ground under parcels, what lies under several of them counted once: of whole parcels, and of what a circle cuts out.

Where parcels overlap, the first of them keeps the common ground: each has an own part, itself less all earlier ones.
The area under a set of parcels is then a sum, and only own parts that cross the circle are clipped, each by the fan of
the circle's 8,192 sides that lies its way. The sides stand off a little, so that the polygon is as large as the
circle; its areas agree with it within 1e-6.
"""

import math

import numpy as np
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.distance import Shapes, prepare_shapes
from hmgeo.geo.ellipsoid import ELLIPSOID, earth_centred, ellipsoidal_area_m2

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]
Geometries = NDArray[np.object_]

_SIDES = 8_192
_MARGIN_M = 5.0
_WIDE_RAD = 1.2
_LONGEST_M = 6.3e6


class _Parts(Struct, frozen=True):
    """Own parts: each parcel less the earlier ones that it overlaps, by number of pair (`later`, `earlier`)."""

    later: Indices
    earlier: Indices
    own: Geometries
    area_m2: Floats


class ClippedAreas:
    """Areas under shapes, common ground once, together and by class.

    `geometries`: polygons in lon/lat, valid.
    `class_code`: (n,) numbers of their classes from 0; all of one class where left out.
    """

    def __init__(self, geometries: Geometries, class_code: Indices | None = None) -> None:
        self._shapes: Shapes = prepare_shapes(geometries)
        self._class = np.zeros(len(geometries), np.int64) if class_code is None else class_code
        self._classes = int(self._class.max(initial=0)) + 1
        later, earlier = _overlapping(geometries)
        same = self._class[later] == self._class[earlier]
        self._of_all = _parts(geometries, later, earlier)
        self._of_class = self._of_all if same.all() else _parts(geometries, later[same], earlier[same])

    def clipped_m2(self, lon: float, lat: float, radius_m: float) -> Floats:
        """Return (1 + classes) areas in m2 within a radius of a place: under any shape, under those of each class.

        `lon`, `lat`, `radius_m`: degrees, away from the poles and the antimeridian; metres on the ellipsoid.
        """
        apart_m = np.linalg.norm(self._shapes.centre_xyz - earth_centred(np.array([[lon, lat]])), axis=1)
        arc_m = apart_m + apart_m**3 / (24 * _LONGEST_M**2) * 1.1  # a chord is shorter than the way along the ground
        near = apart_m - self._shapes.reach_m <= radius_m + _MARGIN_M
        inside = near & (arc_m + self._shapes.reach_m <= radius_m - _MARGIN_M)
        crossing = np.flatnonzero(near & ~inside)
        circle = _circle(lon, lat, radius_m)
        made: list[Floats] = []
        for parts in (self._of_all, self._of_class):
            if made and parts is self._of_all:
                made.append(made[0])
                continue
            area_m2 = np.where(inside, parts.area_m2, 0.0)
            area_m2[crossing] = _clipped_m2(parts.own[crossing], (lon, lat), circle)
            made.append(area_m2)
        return self._summed(made[0], made[1])

    def union_m2(self, rows: Indices) -> Floats:
        """Return (1 + classes) areas in m2 under some of the shapes, each whole: of all, and of each class by itself.

        `rows`: numbers of the shapes, ascending.
        """
        chosen = np.zeros(len(self._shapes), bool)
        chosen[rows] = True
        made = [self._areas_of(parts, chosen) for parts in (self._of_all, self._of_class)]
        return self._summed(made[0], made[1])

    def _areas_of(self, parts: _Parts, chosen: Flags) -> Floats:
        """Return the own areas of chosen shapes; those whose earlier neighbours aren't all chosen keep more ground."""
        area_m2 = np.where(chosen, parts.area_m2, 0.0)
        lacking = np.unique(parts.later[chosen[parts.later] & ~chosen[parts.earlier]])
        if len(lacking):
            again = np.isin(parts.later, lacking) & chosen[parts.earlier]
            own = _less_earlier(self._shapes.geometries, parts.later[again], parts.earlier[again])
            area_m2[lacking] = ellipsoidal_area_m2(own[lacking])
        return area_m2

    def _summed(self, of_all: Floats, of_class: Floats) -> Floats:
        by_class = np.bincount(self._class, weights=of_class, minlength=self._classes)
        return np.concatenate([[of_all.sum()], by_class])


def _parts(geometries: Geometries, later: Indices, earlier: Indices) -> _Parts:
    own = _less_earlier(geometries, later, earlier)
    return _Parts(later, earlier, own, ellipsoidal_area_m2(own))


def _less_earlier(geometries: Geometries, later: Indices, earlier: Indices) -> Geometries:
    """Return shapes less those that come before them; pairs are ordered by the later one."""
    own = geometries.copy()
    turn = np.arange(len(later)) - np.searchsorted(later, later)
    for now in range(int(turn.max(initial=-1)) + 1):
        current = turn == now
        own[later[current]] = shapely.difference(own[later[current]], geometries[earlier[current]])
    return own


def _overlapping(geometries: Geometries) -> tuple[Indices, Indices]:
    """Return pairs of shapes that share ground, the later one and the earlier one; a common border is none."""
    later, earlier = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    pairs = earlier < later
    later, earlier = later[pairs], earlier[pairs]
    shares = shapely.relate_pattern(geometries[later], geometries[earlier], "T********")
    later, earlier = later[shares], earlier[shares]
    order = np.lexsort((earlier, later))
    return later[order].astype(np.int64), earlier[order].astype(np.int64)


def _circle(lon: float, lat: float, radius_m: float) -> Floats:
    """Return (sides, 2) corners of a polygon as large as the circle."""
    step = 2 * math.pi / _SIDES
    off_m = radius_m * (1 + step * step / 12)  # sin(step) / step, halved: the same area as the circle
    azimuth = np.arange(_SIDES) * (360 / _SIDES)
    here = np.full(_SIDES, lon), np.full(_SIDES, lat)
    around_lon, around_lat, _ = ELLIPSOID.fwd(*here, azimuth, np.full(_SIDES, off_m))
    return np.column_stack([around_lon, around_lat])


def _clipped_m2(shapes: Geometries, middle: tuple[float, float], circle: Floats) -> Floats:
    """Return the areas in m2 of what of each shape lies within a circle."""
    filled = np.flatnonzero(~shapely.is_empty(shapes))
    area_m2 = np.zeros(len(shapes))
    if not len(filled):
        return area_m2
    reach_rad = math.radians(float(np.abs(circle[:, 1] - middle[1]).max()))
    first, last = _directions(shapes[filled], middle, reach_rad)
    wide = (last - first > _WIDE_RAD / math.pi * _SIDES) | shapely.intersects_xy(shapes[filled], *middle)
    around = np.full(len(filled), shapely.Polygon(circle), dtype=object)
    around[~wide] = _fans(first[~wide], last[~wide], middle, circle)
    area_m2[filled] = ellipsoidal_area_m2(shapely.intersection(shapes[filled], around))
    return area_m2


def _directions(shapes: Geometries, middle: tuple[float, float], reach_rad: float) -> tuple[Indices, Indices]:
    """Return the first and last side of a circle that each shape may meet; further apart than wide where unsure.

    Azimuths are those of the plane at the middle, with a margin for how much parallels shorten within the circle.
    """
    seen, shape = shapely.get_coordinates(shapes, return_index=True)
    seen = seen - middle
    azimuth = np.arctan2(seen[:, 0] * math.cos(math.radians(middle[1])), seen[:, 1])
    count = len(shapes)
    east = np.bincount(shape, np.sin(azimuth), count)
    middlemost = np.arctan2(east, np.bincount(shape, np.cos(azimuth), count))
    turn = np.abs((azimuth - middlemost[shape] + math.pi) % (2 * math.pi) - math.pi)
    width = np.zeros(count)
    np.maximum.at(width, shape, turn)
    width += 0.02 + 2 * reach_rad * abs(math.tan(math.radians(middle[1])))
    side = 2 * math.pi / _SIDES
    return np.floor((middlemost - width) / side).astype(np.int64), np.ceil((middlemost + width) / side).astype(np.int64)


def _fans(first: Indices, last: Indices, middle: tuple[float, float], circle: Floats) -> Geometries:
    """Return the parts of a circle between two of its sides each: from the middle out, along, and back."""
    sizes = last - first + 3
    fan = np.repeat(np.arange(len(first)), sizes)
    number = np.arange(len(fan)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    corners = circle[(first[fan] + number - 1) % _SIDES]
    corners[(number == 0) | (number == sizes[fan] - 1)] = middle
    made: Geometries = shapely.polygons(shapely.linearrings(corners, indices=fan))
    return made
