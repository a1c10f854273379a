"""Geometry as the page draws it: GeoJSON, outlines with the national border left open, many polygons as few bytes.

The layers don't mark which part of a county's outline is the national border. It is told by exclusion: of a county
on the border, a line is stroked only where another county of the layer lies on its other side. Where the neighbour
isn't in the layer, or there is none, the line stays open; the same stretch is then left open in the outlines of key
areas and townships.

One chunk holds up to `CHUNK` polygons and can be read without the others, so that a page can show how far it is.
A chunk is a deflate stream; inside stand the byte lengths of its sections (variable-length integers) and then the
sections in the order of `SECTIONS`. `assets/hmgeo-packed.js` is the reader.
"""

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hmgeo.geo.raster import hilbert_distance
from hmgeo.results.results import ContextLayer
from hmgeo.vocabulary import COUNTY_DIGITS

DECIMALS = 6
"""Of a degree, about 0.1 m: drawing only, nothing is measured on the page."""


def read(wkb: Iterable[bytes | None]) -> NDArray[Any]:
    """Return shapely geometries, in lon/lat, of `wkb`; None stays None."""
    return np.asarray(shapely.from_wkb(np.array(list(wkb), dtype=object)))


def rounded(geometries: NDArray[Any]) -> NDArray[Any]:
    """Return geometries with coordinates rounded for drawing."""
    return np.asarray(shapely.transform(geometries, lambda xy: np.round(xy, DECIMALS)))


def geojson(geometry: BaseGeometry | None) -> dict[str, Any] | None:
    """Return a geometry as GeoJSON; None for none or an empty one.

    >>> geojson(shapely.Point(113.02345678, 23.6))
    {'type': 'Point', 'coordinates': [113.023457, 23.6]}
    """
    if geometry is None or geometry.is_empty:
        return None
    drawn: dict[str, Any] = json.loads(shapely.to_geojson(rounded(np.array([geometry]))[0]))
    return drawn


def feature(geometry: BaseGeometry | None, **properties: object) -> dict[str, Any] | None:
    """Return a GeoJSON feature of `geometry` (lon/lat) and `properties`; None where there is nothing to draw."""
    shape = geojson(geometry)
    return None if shape is None else {"type": "Feature", "geometry": shape, "properties": properties}


def anchor(geometry: BaseGeometry | None) -> list[float] | None:
    """Return [lat, lon] of a point that lies on a geometry, for a marker or a label.

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
    """Return [[south, west], [north, east]] around all of `groups` of geometries; None where there are none."""
    boxes = [shapely.total_bounds(group) for group in groups if len(group)]
    known = [box for box in boxes if not np.isnan(box).any()]
    if not known:
        return None
    west, south = np.min(known, axis=0)[:2]
    east, north = np.max(known, axis=0)[2:]
    return [lat_lon(west, south), lat_lon(east, north)]


BORDER_COUNTIES = frozenset({"450603", "450681", "451026", "451081", "451422", "451423", "451424", "451481"})
"""Counties of Guangxi on the land border, by code; other provinces' are not among the shipped areas."""

_NEAR_DEG = 2e-4
"""About 20 m: outlines of areas inside a county follow the county's only nearly."""

AREAS = 2


def open_stretch(context: Sequence[ContextLayer]) -> BaseGeometry | None:
    """Return a narrow strip along the lines of `context` that must not be stroked; None if no county borders."""
    codes: list[str] = []
    outlines: list[BaseGeometry] = []
    for layer in context:
        if layer.role == "county":
            codes += [code or "" for code in layer.table["id"].to_pylist()]
            outlines += list(read(layer.table["geometry"].to_pylist()))
    at_border = [place for place, code in enumerate(codes) if code[:COUNTY_DIGITS] in BORDER_COUNTIES]
    if not at_border:
        return None
    strips = [_unshared(outlines, place) for place in at_border]
    return shapely.union_all([shapely.buffer(strip, _NEAR_DEG) for strip in strips])


def stroked(geometries: NDArray[Any], left_open: BaseGeometry | None) -> dict[str, Any] | None:
    """Return the outlines of areas `geometries` as GeoJSON lines, each shared border once, without `left_open`.

    >>> stroked(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]), None)["type"]
    'MultiLineString'
    """
    areas = rounded(geometries[~shapely.is_missing(geometries)])
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(areas)))
    if left_open is not None:
        lines = shapely.difference(lines, left_open)
    return geojson(lines)


def touches(geometries: NDArray[Any], left_open: BaseGeometry | None) -> bool:
    """Tell whether an outline of `geometries` runs along `left_open`; None is open nowhere."""
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


CHUNK = 8192
"""Polygons in a chunk: the page draws breath between two of them."""

MICRO = 1e6
"""Steps of a degree: 1e-6 of it, at most 0.11 m."""

AREA_STEPS = 1e4
"""Steps of a hectare: a square metre."""

DEGREE_STEPS = 10
"""Steps of a degree of slope."""

SECTIONS = ("rings", "vertices", "x", "y", "class", "area", "township", "reached", "source", "distance", "ids", "names",
            "year", "slope", "grade", "steep")  # fmt: skip
_FACTS = SECTIONS.index("class")
"""Where what is known of the polygons begins."""

_POLYGONS = (3, 6)
_DECIMALS_BELOW_M, _METRES_PER_KM = 10.0, 1000.0


class Packed(Struct, frozen=True):
    """Polygons of one kind of receptor.

    Parameters
    ----------
    count
        Polygons in all chunks.
    classes, townships, sources, names, years
        Words that the chunks name by number; a name is looked up only where `names` isn't empty.
    chunks
        Deflate streams as base64.
    """

    count: int
    classes: tuple[str, ...]
    townships: tuple[str, ...]
    sources: tuple[str, ...]
    names: tuple[str, ...]
    years: tuple[str, ...]
    chunks: tuple[str, ...]


def can_pack(geometries: NDArray[Any]) -> bool:
    """Tell whether all geometries are polygons, the only ones that are packed."""
    return bool(np.isin(shapely.get_type_id(geometries), _POLYGONS).all())


def pack(table: pa.Table, geometries: NDArray[Any]) -> Packed:
    """Pack receptors that have a polygon each.

    `table`: columns of the receptor table; slopes and lists of steep farmland only where there are any.
    `geometries`: shapely polygons in lon/lat, one per row.
    """
    order = curve_order(geometries)
    shapes, given = shapely.normalize(geometries[order]), frozenset(table.column_names)
    rows = table.take(pa.array(order))
    coded = {
        key: pc.dictionary_encode(pc.fill_null(rows[column], "").combine_chunks())
        for key, column in _WORD_COLUMNS.items()
    }
    words = {key: tuple(column.dictionary.to_pylist()) for key, column in coded.items()}
    grade, nothing = _numbers(rows, "grade"), np.zeros(len(order), np.uint64)
    numbers = {key: column.indices.to_numpy() for key, column in coded.items()} | {
        "area": _steps(_numbers(rows, "area_ha"), AREA_STEPS),
        "reached": _steps(_numbers(rows, "source_count"), 1),
        "slope": _steps(_numbers(rows, "slope_deg"), DEGREE_STEPS),
        # Twice the grade, and one more where heights gave it; 0 stands for nothing known.
        "grade": np.where(grade > 0, 2 * grade + _numbers(rows, "slope_from") - 1, 0) if "grade" in given else nothing,
        "steep": rows["steep"].to_numpy() if "steep" in given else nothing,
        "distance": _decimetres(_numbers(rows, "nearest_source_m")),
    }
    ids = rows["receptor_id"].to_pylist()
    chunks = []
    for start in range(0, len(order), CHUNK):
        part = slice(start, start + CHUNK)
        sections = _geometry_sections(shapes[part]) | {key: varints(values[part]) for key, values in numbers.items()}
        sections["ids"] = "\n".join(text.replace("\n", " ") for text in ids[part]).encode()
        chunks.append(_chunk(sections))
    return Packed(
        count=len(order),
        classes=words["class"],
        townships=words["township"],
        sources=words["source"],
        names=words["names"],
        years=words["year"],
        chunks=tuple(chunks),
    )


_WORD_COLUMNS = {"class": "class", "township": "township", "source": "nearest_source_id", "names": "name",
                 "year": "class_year"}  # fmt: skip


def curve_order(geometries: NDArray[Any]) -> NDArray[Any]:
    """Return the order of geometries along a Hilbert curve: neighbours in the list are neighbours on the ground."""
    return np.argsort(hilbert_distance(shapely.bounds(geometries)), kind="stable")


def varints(numbers: NDArray[Any]) -> bytes:
    r"""Return whole numbers ≥ 0 as bytes of seven bits each, low ones first, the high bit set where more follow.

    >>> varints(np.array([1, 300]))
    b'\x01\xac\x02'
    """
    most = int(numbers.max(initial=0))
    left, places = numbers.astype(np.min_scalar_type(most)), max(-(-most.bit_length() // 7), 1)
    filled, is_written = np.zeros((len(left), places), np.uint8), np.ones((len(left), places), bool)
    for place in range(places):
        filled[:, place] = left.astype(np.uint8) & 0x7F
        left >>= 7
        if place + 1 < places:
            is_written[:, place + 1] = left > 0
            filled[:, place] |= is_written[:, place + 1].view(np.uint8) << 7
    return filled[is_written].tobytes()


def zigzag(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return signed numbers as unsigned ones, small where they are small.

    >>> zigzag(np.array([0, -1, 1, -2])).tolist()
    [0, 1, 2, 3]
    """
    whole = numbers.astype(np.int64)
    return ((whole << 1) ^ (whole >> 63)).astype(np.uint64)


def _geometry_sections(shapes: NDArray[Any]) -> dict[str, bytes]:
    """Return rings per polygon, vertices per ring (the closing one left out), and the differences of both axes."""
    part_of = np.repeat(np.arange(len(shapes)), shapely.get_num_geometries(shapes))
    parts, is_many = shapes[part_of], shapely.get_type_id(shapes) != shapely.GeometryType.POLYGON
    parts[is_many[part_of]] = shapely.get_parts(shapes[is_many])  # taking the others apart would copy them
    rings, owners = shapely.get_rings(parts, return_index=True)
    coordinates, ring_of = shapely.get_coordinates(rings, return_index=True)
    closes = np.append(ring_of[1:] != ring_of[:-1], True)
    steps = np.rint(coordinates[~closes] * MICRO).astype(np.int64)
    return {
        "rings": varints(np.bincount(part_of[owners], minlength=len(shapes))),
        "vertices": varints(np.bincount(ring_of[~closes], minlength=len(rings))),
        "x": varints(zigzag(np.diff(steps[:, 0], prepend=0))),
        "y": varints(zigzag(np.diff(steps[:, 1], prepend=0))),
    }


def _numbers(rows: pa.Table, name: str) -> NDArray[Any]:
    """Return a column as numbers, NaN for nothing known; all of them where there is no such column."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(rows[name].cast(pa.float64()).to_numpy())


def _steps(values: NDArray[Any], steps: float) -> NDArray[Any]:
    """Return `values` as whole steps plus one; 0 stands for nothing known."""
    return np.where(np.isnan(values), 0, np.rint(np.nan_to_num(values) * steps) + 1).astype(np.uint64)


def _decimetres(metres: NDArray[Any]) -> NDArray[Any]:
    """Return distances as tables and popups show them, in whole decimetres plus one; 0 stands for none."""
    shown = np.where(metres < _DECIMALS_BELOW_M, metres, np.rint(metres))
    shown = np.where(shown < _METRES_PER_KM, shown, np.round(metres, -2))
    return np.where(np.isnan(shown), 0, np.rint(np.nan_to_num(shown) * 10) + 1).astype(np.uint64)


def _chunk(sections: dict[str, bytes]) -> str:
    lengths, made = varints(np.array([len(sections[name]) for name in SECTIONS])), []
    shapes, facts = (b"".join(sections[name] for name in names) for names in (SECTIONS[:_FACTS], SECTIONS[_FACTS:]))
    # Outlines as surveyed are random differences: looking for what comes again takes twice the time for a hundredth
    # less. Parcels in a grid, as invented ones are, would be squeezed to a quarter of this.
    ways = (lengths + shapes, zlib.Z_RLE, zlib.Z_SYNC_FLUSH), (facts, zlib.Z_FILTERED, zlib.Z_FINISH)
    for content, strategy, end in ways:
        squeezer = zlib.compressobj(4, zlib.DEFLATED, -zlib.MAX_WBITS, strategy=strategy)
        made += [squeezer.compress(content), squeezer.flush(end)]
    return base64.b64encode(b"".join(made)).decode("ascii")


def scripts(packed: Sequence[Packed | None]) -> Iterator[tuple[str, str]]:
    """Return (element id, base64) of every chunk of every kind in `packed`; None for a kind that isn't."""
    for place, kind in enumerate(packed):
        for number, chunk in enumerate(kind.chunks if kind else ()):
            yield f"packed-{place}-{number}", chunk
