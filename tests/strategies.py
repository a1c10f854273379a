"""Random ground for Hypothesis, and the plain builders that turn shapes into `Positions` and `Layer`."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from hmgeo.records import POSITION_SCHEMA, RECEPTOR_SCHEMA, Layer, Positions, Provenance
from hmgeo.vocabulary import Basis, LayerKind, PositionKind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn, SearchStrategy

# a shared machine is slow at times, and a deadline would make that a failure; no example database keeps runs alike
CALM = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=25, **CALM)
settings.register_profile("thorough", max_examples=300, **CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

DEGREE_M = 111_000.0
ANCHORS = (
    (113.05, 23.68),  # Qingcheng
    (107.54, 25.06),  # Nandan
    (112.6, 35.09),  # Jiyuan
    (111.0, 30.0),  # zone borders: 3 and 6 degrees
    (112.5, 24.0),
    (114.0, 38.0),
    (126.6, 45.7),
    (-70.6, -33.4),  # elsewhere, south and west
    (10.4, 59.9),
    (0.0, 5.6),
)
CLASSES = ("优先保护类", "安全利用类", "严格管控类", "未划分")


def offset(anchor: tuple[float, float], east_m: float, north_m: float) -> tuple[float, float]:
    """Return a lon/lat about so many metres from the anchor."""
    lon, lat = anchor
    return lon + east_m / (DEGREE_M * math.cos(math.radians(lat))), lat + north_m / DEGREE_M


def star(anchor: tuple[float, float], radii_m: Sequence[float], turns: Sequence[float]) -> shapely.Polygon:
    """Return a polygon seen whole from its anchor: corner i at `radii_m[i]`, turned by up to 0.45 of a step."""
    step = 2 * math.pi / len(radii_m)
    angles = [step * (i + 0.45 * turn) for i, turn in enumerate(turns)]
    ring = [offset(anchor, r * math.cos(a), r * math.sin(a)) for r, a in zip(radii_m, angles, strict=True)]
    return shapely.Polygon(ring)


def with_hole(polygon: shapely.Polygon, anchor: tuple[float, float], scale: float) -> shapely.Polygon:
    """Cut a smaller likeness of a star out of it; what is seen whole from the anchor holds every such likeness."""
    ring = np.asarray(anchor) + scale * (shapely.get_coordinates(polygon) - anchor)
    return shapely.Polygon(polygon.exterior, [ring])


def anchors() -> SearchStrategy[tuple[float, float]]:
    """Draw a place on the ground."""
    return st.sampled_from(ANCHORS)


def points_near(anchor: tuple[float, float], within_m: float = 15_000.0) -> SearchStrategy[shapely.Point]:
    """Draw a point within a square around the anchor."""
    away = st.floats(-within_m, within_m, allow_nan=False)
    return st.builds(lambda east, north: shapely.Point(offset(anchor, east, north)), away, away)


@st.composite
def stars(draw: DrawFn, anchor: tuple[float, float], within_m: float = 12_000.0) -> shapely.Polygon:
    """Draw a valid polygon of 5 to 9 corners and 10 m to 8 km, in a third of cases with a hole."""
    middle = draw(points_near(anchor, within_m))
    centre = (middle.x, middle.y)
    size_m = draw(st.sampled_from((10.0, 60.0, 300.0, 1_500.0, 8_000.0)))
    corners = draw(st.integers(5, 9))
    radii = draw(st.lists(st.floats(0.3, 1.0), min_size=corners, max_size=corners))
    turns = draw(st.lists(st.floats(-1.0, 1.0), min_size=corners, max_size=corners))
    polygon = star(centre, [size_m * radius for radius in radii], turns)
    return with_hole(polygon, centre, draw(st.floats(0.2, 0.8))) if draw(st.integers(0, 2)) == 0 else polygon


@st.composite
def parcels(draw: DrawFn, anchor: tuple[float, float]) -> shapely.Geometry:
    """Draw a valid parcel: polygon or multipolygon, rings either way round, with or without Z."""
    parcel: shapely.Geometry = draw(stars(anchor))
    if draw(st.integers(0, 3)) == 0:
        other = draw(stars(anchor))
        if not parcel.intersects(other):
            parcel = shapely.MultiPolygon([parcel, other])
    if draw(st.booleans()):
        parcel = shapely.reverse(parcel)
    return shapely.force_3d(parcel, 12.5) if draw(st.booleans()) else parcel


@st.composite
def source_shapes(draw: DrawFn, anchor: tuple[float, float]) -> shapely.Geometry:
    """Draw what a source may be: mostly a point, else a line or a polygon."""
    kind = draw(st.sampled_from(("point", "point", "line", "polygon")))
    if kind == "polygon":
        return draw(stars(anchor))
    if kind == "line":
        return shapely.LineString(
            draw(st.lists(points_near(anchor), min_size=2, max_size=4, unique_by=lambda p: p.wkb))
        )
    return draw(points_near(anchor))


@st.composite
def worlds(
    draw: DrawFn, max_parcels: int = 6, max_sources: int = 4
) -> tuple[list[shapely.Geometry], list[shapely.Geometry]]:
    """Draw (sources, parcels) around one place."""
    anchor = draw(anchors())
    sources = draw(st.lists(source_shapes(anchor), min_size=1, max_size=max_sources))
    return sources, draw(st.lists(parcels(anchor), min_size=1, max_size=max_parcels))


def positions_of(
    shapes: Sequence[shapely.Geometry | None],
    *,
    ids: Sequence[str] | None = None,
    uncertainty_m: Sequence[float] | None = None,
) -> Positions:
    """Return sources S0, S1, … at the shapes; None is a row that is not located."""
    names = list(ids) if ids is not None else [f"S{i}" for i in range(len(shapes))]
    widths = list(uncertainty_m) if uncertainty_m is not None else [0.0] * len(shapes)
    inner = [None if shape is None else shape.representative_point() for shape in shapes]
    is_point = [shape is None or shape.geom_type == "Point" for shape in shapes]
    here = Status.ASSESSED.value
    columns = {
        "source_id": names,
        "name": names,
        "status": [Status.NOT_LOCATED.value if shape is None else here for shape in shapes],
        "position_kind": [PositionKind.POINT.value if flag else PositionKind.SHAPE.value for flag in is_point],
        "lon": [None if point is None else point.x for point in inner],
        "lat": [None if point is None else point.y for point in inner],
        "position_uncertainty_m": [
            None if shape is None else width for shape, width in zip(shapes, widths, strict=True)
        ],
        "geometry": [None if shape is None else shapely.to_wkb(shape) for shape in shapes],
    }
    blank = [""] * len(shapes)
    table = pa.table([columns.get(name, blank) for name in POSITION_SCHEMA.names], schema=POSITION_SCHEMA)
    return Positions(
        name="enterprises",
        kind=LayerKind.ENTERPRISES,
        basis=Basis.SYNTHETIC,
        provenance=Provenance(path="sources.csv"),
        table=table,
        attributes=table.select(["source_id"]),
    )


def layer_of(
    shapes: Sequence[shapely.Geometry],
    *,
    ids: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    official_area_m2: Sequence[float | None] | None = None,
    lands: Sequence[str | None] | None = None,
    batch_rows: int = 1_000,
) -> Layer:
    """Return parcels P0, P1, … as a farmland layer that comes in batches of so many rows."""
    count = len(shapes)
    names = list(ids) if ids is not None else [f"P{i}" for i in range(count)]
    columns = {
        "receptor_id": names,
        "name": names,
        "class": list(classes) if classes is not None else [CLASSES[i % len(CLASSES)] for i in range(count)],
        "official_area_m2": list(official_area_m2) if official_area_m2 is not None else [None] * count,
        "township": [""] * count,
        "geometry": [shapely.to_wkb(shape, output_dimension=3 if shape.has_z else 2) for shape in shapes],
        "stated": [None] * count,
        "links": [None] * count,
        "land_class": list(lands) if lands is not None else [None] * count,
    }
    table = pa.table([columns[name] for name in RECEPTOR_SCHEMA.names], schema=RECEPTOR_SCHEMA)
    return Layer(
        name="farmland",
        kind=LayerKind.FARMLAND,
        basis=Basis.SYNTHETIC,
        provenance=Provenance(path="farmland.gpkg"),
        open_batches=lambda: table.to_batches(max_chunksize=batch_rows),
        feature_count=count,
    )
