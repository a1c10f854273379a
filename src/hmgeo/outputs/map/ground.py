"""The ground under the map: geometries that a page measures against as few bytes, and shaded relief as a picture.

Vertices are whole hundred-millionths of a degree. A ground is a deflate stream; inside stand the byte lengths of its
sections (variable-length integers) and then the sections in the order of `SECTIONS`. `assets/hmgeo-ground.js` is the
reader.
"""

import base64
import math
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from hmgeo.geo.raster import strips
from hmgeo.outputs.map.shapes import curve_order, varints, zigzag
from hmgeo.records import Raster
from hmgeo.results.results import Backdrop
from hmgeo.vocabulary import LayerKind

STEPS = 1e8
"""Steps of a degree: 1.1 mm, so that a vertex moves by less than a millimetre."""

SECTIONS = ("rings", "dimensions", "vertices", "x", "y", "rows", "states", "labels")
_POLYGON = 3
_COLLECTION = 7


def can_carry(geometries: NDArray[Any]) -> bool:
    """Tell whether none of `geometries` mixes points, lines and polygons."""
    return not bool(np.isin(shapely.get_type_id(geometries), (_COLLECTION,)).any())


def ground(geometries: NDArray[Any], labels: Sequence[str] = (), states: Sequence[bytes] = ()) -> str:
    """Pack geometries that have a shape each.

    Returned: base64 of a deflate stream. Many geometries stand along a Hilbert curve; `rows` holds their input order.

    Parameters
    ----------
    geometries
        (n,) shapely geometries in lon/lat, none empty.
    labels
        What each is called; none where nobody asks.
    states
        For each set of features, one byte per geometry.
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
        "states": b"".join(np.frombuffer(state, np.uint8)[order].tobytes() for state in states),
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


LONGEST_SIDE_PX = 720
"""Of the picture: about 200 kB, fine enough for a county on a screen."""

SUN_AZIMUTH_DEG, SUN_HEIGHT_DEG = 315.0, 45.0
"""From the north-west, as maps have it."""

EXAGGERATION = 1.5
GREYS = 32
_MERCATOR = "EPSG:3857"
_VOID = -32768.0


def hillshade(raster: Raster) -> Backdrop | None:
    """Return the hillshade of an elevation raster; None where every cell is void.

    `raster`: heights in metres in any CRS; void cells stay transparent. A raster finer than the picture is read as
    means of square blocks of cells, so that memory follows the picture and not the raster.

    Slope and aspect after Horn (1981), on cells warped to EPSG:3857 (bilinear); ground metres are Mercator metres times
    the cosine of the middle latitude.
    """
    heights, transform = _warped(raster)
    if np.isnan(heights).all():
        return None
    rows, columns = heights.shape
    west, north = transform[2], transform[5]
    bounds = _degrees(west, north + transform[4] * rows, west + transform[0] * columns, north)
    middle_deg = (bounds[1] + bounds[3]) / 2
    cell_m = transform[0] * np.cos(np.radians(middle_deg))
    grey = _shade(np.nan_to_num(heights, nan=float(np.nanmin(heights))), float(cell_m))
    alpha = np.where(np.isnan(heights), 0, 255).astype(np.uint8)
    title = "地形晕渲" + ("（合成高程）" if raster.basis.value == "synthetic" else "")
    return Backdrop(grey_png(grey, alpha), bounds, title, raster.provenance.credit or LayerKind.ELEVATION.zh)


def grey_png(grey: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> bytes:
    r"""Return a PNG of grey and alpha, the same bytes every time.

    >>> grey_png(np.zeros((2, 3), np.uint8), np.full((2, 3), 255, np.uint8))[:4]
    b'\x89PNG'
    """
    rows, columns = grey.shape
    pixels = np.dstack([np.where(alpha > 0, grey, 0), alpha]).astype(np.uint8).reshape(rows, 2 * columns)
    lines = np.hstack([np.zeros((rows, 1), np.uint8), pixels]).tobytes()
    head = struct.pack(">IIBBBBB", columns, rows, 8, 4, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _png_chunk(b"IHDR", head)
        + _png_chunk(b"IDAT", zlib.compress(lines, 9))
        + _png_chunk(b"IEND", b"")
    )


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _warped(raster: Raster) -> tuple[NDArray[Any], tuple[float, ...]]:
    """Return heights in EPSG:3857 with NaN for void, and the six coefficients of their transform."""
    from rasterio.transform import Affine, array_bounds  # noqa: PLC0415 - most pages need no raster
    from rasterio.warp import Resampling, reproject, transform_bounds  # noqa: PLC0415 -- as above

    cells, per_cell = _coarse(raster)
    a, b, c, d, e, f = raster.transform
    source = Affine(a * per_cell, b * per_cell, c, d * per_cell, e * per_cell, f)
    edges = array_bounds(*cells.shape, source)
    west, south, east, north = transform_bounds(raster.crs, _MERCATOR, *edges)
    step = max(max(east - west, north - south) / LONGEST_SIDE_PX, (east - west) / cells.shape[1])
    target = Affine(step, 0.0, west, 0.0, -step, north)
    shape = (max(1, math.ceil((north - south) / step)), max(1, math.ceil((east - west) / step)))
    warped = np.full(shape, np.nan, dtype=np.float32)
    reproject(
        cells,
        warped,
        src_transform=source,
        src_crs=raster.crs,
        src_nodata=_VOID,
        dst_transform=target,
        dst_crs=_MERCATOR,
        dst_nodata=np.nan,
        resampling=Resampling.average if shape[1] < cells.shape[1] else Resampling.bilinear,
    )
    return warped, tuple(target)[:6]


def _coarse(raster: Raster) -> tuple[NDArray[np.float32], int]:
    """Return means of square blocks of cells (void where a block has none), and the side of a block in cells."""
    side = max(1, max(raster.height, raster.width) // (2 * LONGEST_SIDE_PX))
    shape = (math.ceil(raster.height / side), math.ceil(raster.width / side))
    total, count = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    margin = ((0, 0), (0, shape[1] * side - raster.width))
    for strip in strips(raster):
        heights = np.pad(strip.heights.astype(np.float64), margin, constant_values=np.nan)
        is_known = ~np.isnan(heights)
        rows, starts = np.unique(np.arange(strip.first_row, strip.last_row) // side, return_index=True)
        for sums, values in ((total, np.where(is_known, heights, 0.0)), (count, is_known.astype(np.int64))):
            across = sum((values[:, first::side] for first in range(1, side)), values[:, ::side])
            sums[rows] += np.add.reduceat(across, starts, axis=0)
    means = np.divide(total, count, out=np.full(shape, _VOID), where=count > 0)
    return means.astype(np.float32), side


def _shade(heights: NDArray[Any], cell_m: float) -> NDArray[np.uint8]:
    """Return grey values of light from the north-west, quantised so that the picture stays small."""
    z = np.pad(heights.astype(float), 1, mode="edge")
    east = (z[:-2, 2:] + 2 * z[1:-1, 2:] + z[2:, 2:]) - (z[:-2, :-2] + 2 * z[1:-1, :-2] + z[2:, :-2])
    south = (z[2:, :-2] + 2 * z[2:, 1:-1] + z[2:, 2:]) - (z[:-2, :-2] + 2 * z[:-2, 1:-1] + z[:-2, 2:])
    rise_east, rise_north = EXAGGERATION * east / (8 * cell_m), -EXAGGERATION * south / (8 * cell_m)
    azimuth, height = np.radians(SUN_AZIMUTH_DEG), np.radians(SUN_HEIGHT_DEG)
    towards_sun = rise_east * np.sin(azimuth) + rise_north * np.cos(azimuth)
    light = (np.sin(height) - np.cos(height) * towards_sun) / np.sqrt(1 + rise_east**2 + rise_north**2)
    steps = np.rint(np.clip(light, 0, 1) * (GREYS - 1))
    return np.asarray(steps * (255 / (GREYS - 1))).astype(np.uint8)


def _degrees(west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    """Return Mercator bounds in lon/lat."""
    radius_m = 6378137.0
    lon = [float(np.degrees(x / radius_m)) for x in (west, east)]
    lat = [float(np.degrees(2 * np.arctan(np.exp(y / radius_m)) - np.pi / 2)) for y in (south, north)]
    return round(lon[0], 7), round(lat[0], 7), round(lon[1], 7), round(lat[1], 7)
