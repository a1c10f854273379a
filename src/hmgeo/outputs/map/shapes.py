"""Geometry as the page draws it: GeoJSON of lon/lat WKB, rounded to a decimetre, and where things lie."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

DECIMALS = 6
"""Of a degree, about 0.1 m: drawing only, nothing is measured on the page."""


def read(wkb: Iterable[bytes | None]) -> NDArray[Any]:
    """Return shapely geometries; None stays None."""
    return np.asarray(shapely.from_wkb(np.array(list(wkb), dtype=object)))


def rounded(geometries: NDArray[Any]) -> NDArray[Any]:
    """Return geometries with coordinates rounded for drawing."""
    return np.asarray(shapely.transform(geometries, lambda xy: np.round(xy, DECIMALS)))


def geojson(geometry: BaseGeometry | None) -> dict[str, Any] | None:
    """Return a geometry as GeoJSON; None for none or an empty one.

    Examples
    --------
    >>> geojson(shapely.Point(113.02345678, 23.6))
    {'type': 'Point', 'coordinates': [113.023457, 23.6]}
    """
    if geometry is None or geometry.is_empty:
        return None
    drawn: dict[str, Any] = json.loads(shapely.to_geojson(rounded(np.array([geometry]))[0]))
    return drawn


def feature(geometry: BaseGeometry | None, **properties: object) -> dict[str, Any] | None:
    """Return a GeoJSON feature; None where there is nothing to draw."""
    shape = geojson(geometry)
    return None if shape is None else {"type": "Feature", "geometry": shape, "properties": properties}


def anchor(geometry: BaseGeometry | None) -> list[float] | None:
    """Return [lat, lon] of a point that lies on a geometry, for a marker or a label.

    Examples
    --------
    >>> anchor(shapely.box(113, 23, 114, 24))
    [23.5, 113.5]
    """
    if geometry is None or geometry.is_empty:
        return None
    point = shapely.point_on_surface(geometry)
    return lat_lon(point.x, point.y)


def lat_lon(lon: float, lat: float) -> list[float]:
    """Return [lat, lon] as the page's library wants it, rounded for drawing."""
    return [round(float(lat), DECIMALS), round(float(lon), DECIMALS)]


def bounds(groups: Sequence[NDArray[Any]]) -> list[list[float]] | None:
    """Return [[south, west], [north, east]] around all geometries; None where there are none."""
    boxes = [shapely.total_bounds(group) for group in groups if len(group)]
    known = [box for box in boxes if not np.isnan(box).any()]
    if not known:
        return None
    west, south = np.min(known, axis=0)[:2]
    east, north = np.max(known, axis=0)[2:]
    return [lat_lon(west, south), lat_lon(east, north)]
