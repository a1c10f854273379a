"""The land inside a circle: parcels clipped by the radius, and what lies under several of them counted once.

Most parcels lie wholly inside and overlap nothing: their own areas add up. The rest is clipped by the circle, which
near a parcel is a fan of its 8,192 sides, and unions are drawn only where parcels do overlap. The circle's sides stand
off a little, so that the polygon is as large as the circle; its areas agree with it within 1e-6.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis.distance import prepare_shapes
from hmgeo.geodesy import ELLIPSOID, earth_centred, ellipsoidal_area_m2
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.analysis.distance import Shapes
    from hmgeo.records import Positions

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

COLUMN = "farmland_area_clipped_ha"
_SIDES = 8_192
_MARGIN_M = 5.0
_SQUARE_M_PER_HA = 10_000.0
_DECIMALS = 4


class ClippedAreas:
    """Areas of shapes within circles.

    Parameters
    ----------
    geometries
        Polygons in lon/lat, valid.
    """

    def __init__(self, geometries: NDArray[np.object_]) -> None:
        self._shapes: Shapes = prepare_shapes(geometries)
        self._area_m2 = ellipsoidal_area_m2(geometries)
        self._overlaps = _overlapping(geometries)

    def within_m2(self, lon: float, lat: float, radius_m: float) -> float:
        """Return the area in m2 of what lies under any shape within the radius of a place.

        Parameters
        ----------
        lon, lat
            Degrees, away from the poles and the antimeridian.
        """
        apart_m = np.linalg.norm(self._shapes.centre_xyz - earth_centred(np.array([[lon, lat]])), axis=1)
        arc_m = apart_m + apart_m**3 / (24 * 6.3e6**2) * 1.1  # a chord is shorter than the way along the ground
        near = apart_m - self._shapes.reach_m <= radius_m + _MARGIN_M
        inside = near & (arc_m + self._shapes.reach_m <= radius_m - _MARGIN_M)
        plain = inside & ~self._overlaps
        total = float(self._area_m2[plain].sum())
        circle = _circle(lon, lat, radius_m)
        pieces: list[shapely.Geometry] = []
        shared = list(self._shapes.geometries[inside & self._overlaps])
        for row in np.flatnonzero(near & ~inside):
            clipped = _clip(self._shapes.geometries[row], (lon, lat), circle)
            (shared if self._overlaps[row] else pieces).append(clipped)
        if shared:
            pieces.append(shapely.union_all(shared))
        return total + float(ellipsoidal_area_m2(np.array(pieces, dtype=object)).sum()) if pieces else total


def _overlapping(geometries: NDArray[np.object_]) -> Flags:
    """Tell which shapes share ground with another; a common border is none."""
    one, other = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    pairs = one < other
    one, other = one[pairs], other[pairs]
    shares = shapely.relate_pattern(geometries[one], geometries[other], "T********")
    found = np.zeros(len(geometries), bool)
    found[one[shares]] = found[other[shares]] = True
    return found


def _circle(lon: float, lat: float, radius_m: float) -> Floats:
    """Return (sides + 1, 2) corners of a polygon as large as the circle, the first one repeated."""
    step = 2 * math.pi / _SIDES
    off_m = radius_m * (1 + step * step / 12)  # sin(step) / step, halved: the same area as the circle
    azimuth = np.arange(_SIDES + 1) * (360 / _SIDES)
    here = np.full(_SIDES + 1, lon), np.full(_SIDES + 1, lat)
    around_lon, around_lat, _ = ELLIPSOID.fwd(*here, azimuth, np.full(_SIDES + 1, off_m))
    around = np.column_stack([around_lon, around_lat])
    around[-1] = around[0]
    return around


def _clip(shape: shapely.Geometry, middle: tuple[float, float], circle: Floats) -> shapely.Geometry:
    """Return what of a shape lies within a circle; a fan over the shape's directions stands for the circle."""
    seen = shapely.get_coordinates(shape) - middle
    azimuth = np.arctan2(seen[:, 0] * math.cos(math.radians(middle[1])), seen[:, 1])
    middlemost = math.atan2(float(np.sin(azimuth).mean()), float(np.cos(azimuth).mean()))
    turn = (azimuth - middlemost + math.pi) % (2 * math.pi) - math.pi
    width = float(np.abs(turn).max()) + 0.02
    if width > 1.2 or shape.covers(shapely.Point(middle)):  # noqa: PLR2004 -- wide fans are no simpler than the circle
        return shapely.intersection(shape, shapely.Polygon(circle))
    first = math.floor((middlemost - width) / (2 * math.pi) * _SIDES)
    last = math.ceil((middlemost + width) / (2 * math.pi) * _SIDES)
    sides = circle[np.arange(first, last + 1) % _SIDES]
    return shapely.intersection(shape, shapely.Polygon([middle, *sides.tolist()]))


def with_clipped_area(sources: pa.Table, positions: Positions, receptors: pa.Table, radius_m: float) -> pa.Table:
    """Append `farmland_area_clipped_ha` to the table of sources: hectares within the radius, overlaps once.

    Null for a source that is no point or has no place.

    Parameters
    ----------
    receptors
        `RECEPTORS_SCHEMA`; those that no source reaches are left out.
    """
    reached = receptors.filter(pa.compute.greater(receptors["source_count"], 0))
    areas = ClippedAreas(np.asarray(shapely.from_wkb(reached["geometry"].to_numpy()), dtype=object))
    given = positions.table.select(["source_id", "status", "geometry"]).to_pylist()
    shapes = {row["source_id"]: row["geometry"] for row in given if row["status"] == Status.ASSESSED.value}
    made: list[float | None] = []
    for source_id in sources["source_id"].to_pylist():
        place = shapely.from_wkb(shapes.get(source_id))
        if not isinstance(place, shapely.Point) or place.is_empty:
            made.append(None)
        else:
            made.append(round(areas.within_m2(place.x, place.y, radius_m) / _SQUARE_M_PER_HA, _DECIMALS))
    return sources.append_column(COLUMN, pa.array(made, pa.float64()))
