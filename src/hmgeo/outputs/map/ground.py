"""Geometries that a page measures against, as few bytes: whole hundred-millionths of a degree, deflated.

A ground is a deflate stream; inside stand the byte lengths of its sections (variable-length integers) and then the
sections in the order of `SECTIONS`. `assets/hmgeo-ground.js` is the reader.
"""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hmgeo.outputs.map.packed import curve_order, varints, zigzag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STEPS = 1e8
"""Steps of a degree: 1.1 mm, so that a vertex moves by less than a millimetre."""

SECTIONS = ("rings", "dimensions", "vertices", "x", "y", "rows", "states", "labels")
_POLYGON = 3
_COLLECTION = 7


def can_carry(geometries: NDArray[Any]) -> bool:
    """Tell whether no geometry mixes points, lines and polygons."""
    return not bool(np.isin(shapely.get_type_id(geometries), (_COLLECTION,)).any())


def ground(geometries: NDArray[Any], labels: Sequence[str] = (), states: Sequence[bytes] = ()) -> str:
    """Pack geometries that have a shape each.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in lon/lat, none empty.
    labels
        What each is called; none where nobody asks.
    states
        For each set of features, one byte per geometry.

    Returns
    -------
    str
        Base64 of a deflate stream. Many geometries stand along a Hilbert curve; `rows` holds their input order.
    """
    order = curve_order(geometries) if len(geometries) > 1 else np.arange(len(geometries))
    shapes = geometries[order]
    lines, ring_of, dimensions = _lines(shapes)
    coordinates, line_of = shapely.get_coordinates(lines, return_index=True)
    closes = np.append(line_of[1:] != line_of[:-1], True) & (dimensions[line_of] == 2)  # noqa: PLR2004 - polygons
    steps = np.rint(coordinates[~closes] * STEPS).astype(np.int64)
    sections = {
        "rings": varints(np.bincount(ring_of, minlength=len(shapes))),
        "dimensions": varints(dimensions),
        "vertices": varints(np.bincount(line_of[~closes], minlength=len(lines))),
        "x": varints(zigzag(np.diff(steps[:, 0], prepend=0))),
        "y": varints(zigzag(np.diff(steps[:, 1], prepend=0))),
        "rows": varints(zigzag(np.diff(order, prepend=0))),
        "states": b"".join(np.frombuffer(one, np.uint8)[order].tobytes() for one in states),
        "labels": "\n".join(labels[row].replace("\n", " ") for row in order.tolist()).encode() if labels else b"",
    }
    content = varints(np.array([len(sections[name]) for name in SECTIONS]))
    content += b"".join(sections[name] for name in SECTIONS)
    squeezer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(squeezer.compress(content) + squeezer.flush()).decode("ascii")


def _lines(shapes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return rings, lines and points in order, the shape of each, and its dimension (2, 1 or 0)."""
    parts, part_of = shapely.get_parts(shapes, return_index=True)
    is_polygon = shapely.get_type_id(parts) == _POLYGON
    rings, owners = shapely.get_rings(parts[is_polygon], return_index=True)
    where = np.flatnonzero(is_polygon)
    lines = np.concatenate([rings, parts[~is_polygon]])
    part = np.concatenate([where[owners], np.flatnonzero(~is_polygon)])
    dimensions = np.concatenate([np.full(len(rings), 2), shapely.get_dimensions(parts[~is_polygon])])
    sort = np.argsort(part, kind="stable")
    return lines[sort], part_of[part[sort]], dimensions[sort].astype(np.int64)
