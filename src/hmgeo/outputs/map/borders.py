"""Outlines of areas, with the national border left open.

The layers don't mark which part of a county's outline is the national border. It is told by exclusion: of a county
on the border, a line is stroked only where another county of the layer lies on its other side. Where the neighbour
isn't in the layer, or there is none, the line stays open; the same stretch is then left open in the outlines of key
areas and townships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hmgeo.outputs.map import shapes
from hmgeo.vocabulary import COUNTY_DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from hmgeo.findings.results import ContextLayer

BORDER_COUNTIES = frozenset({"450603", "450681", "451026", "451081", "451422", "451423", "451424", "451481"})
"""Counties of Guangxi on the land border, by code; other provinces' are not among the shipped areas."""

_NEAR_DEG = 2e-4
"""About 20 m: outlines of areas inside a county follow the county's only nearly."""

AREAS = 2


def open_stretch(context: Sequence[ContextLayer]) -> BaseGeometry | None:
    """Return a narrow strip along the lines that must not be stroked; None where no county lies on the border."""
    codes: list[str] = []
    outlines: list[BaseGeometry] = []
    for layer in context:
        if layer.role == "county":
            codes += [code or "" for code in layer.table["id"].to_pylist()]
            outlines += list(shapes.read(layer.table["geometry"].to_pylist()))
    at_border = [place for place, code in enumerate(codes) if code[:COUNTY_DIGITS] in BORDER_COUNTIES]
    if not at_border:
        return None
    strips = [_unshared(outlines, place) for place in at_border]
    return shapely.union_all([shapely.buffer(strip, _NEAR_DEG) for strip in strips])


def stroked(geometries: NDArray[Any], left_open: BaseGeometry | None) -> dict[str, Any] | None:
    """Return the outlines of areas as GeoJSON lines, each shared border once, without what is left open.

    Examples
    --------
    >>> stroked(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]), None)["type"]
    'MultiLineString'
    """
    areas = shapes.rounded(geometries[~shapely.is_missing(geometries)])
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(areas)))
    if left_open is not None:
        lines = shapely.difference(lines, left_open)
    return shapes.geojson(lines)


def touches(geometries: NDArray[Any], left_open: BaseGeometry | None) -> bool:
    """Tell whether an outline runs along what is left open."""
    if left_open is None or not len(geometries):
        return False
    return bool(shapely.intersects(shapely.boundary(geometries), left_open).any())


def are_areas(geometries: NDArray[Any]) -> bool:
    """Tell whether all geometries are areas; no geometry is none."""
    return bool(len(geometries)) and bool((shapely.get_dimensions(geometries) == AREAS).all())


def _unshared(outlines: list[BaseGeometry], place: int) -> BaseGeometry:
    """Return the part of one outline along which no other area of the list lies."""
    others = [outline for other, outline in enumerate(outlines) if other != place and outline is not None]
    near = shapely.buffer(np.array(others, dtype=object), _NEAR_DEG)
    return shapely.difference(shapely.boundary(outlines[place]), shapely.union_all(near))
