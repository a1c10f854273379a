"""Sources known only by place: no position in the place may contradict what is said of it."""

from __future__ import annotations

import os

import numpy as np
import pyarrow as pa
import pytest
import shapely
from oracle import distances_m

from hmgeo.geo.ellipsoid import ellipsoidal_area_m2
from hmgeo.judging.places import Areas, places_of
from hmgeo.records import POSITION_SCHEMA, RECEPTOR_SCHEMA, Layer, Positions, Provenance
from hmgeo.screening.somewhere import Field, PlaceRange, place_range
from hmgeo.vocabulary import ALL_CLASSES, Basis, LayerKind

RADII_M = (1000.0, 3000.0)
CLASSES = ("安全利用类", "严格管控类")


def layer_of(shapes: list[shapely.Geometry], classes: list[str]) -> Layer:
    rows = [
        {"receptor_id": f"P{i}", "name": "", "class": word, "official_area_m2": None, "township": "",
         "geometry": shapely.to_wkb(shape)}
        for i, (shape, word) in enumerate(zip(shapes, classes, strict=True))
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, RECEPTOR_SCHEMA)
    return Layer("farmland", LayerKind.FARMLAND, Basis.REAL, Provenance("a.gpkg"), table.to_batches)


def blob(rng: np.random.Generator, lon: float, lat: float, size_deg: float) -> shapely.Polygon:
    """Return a star-shaped polygon, mostly not convex."""
    turns = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(5, 12)))
    reach = size_deg * rng.uniform(0.25, 1.0, len(turns))
    ring = np.column_stack([lon + reach * np.cos(turns), lat + reach * np.sin(turns)])
    return shapely.Polygon(ring).buffer(0)


def world(seed: int) -> tuple[shapely.Geometry, list[shapely.Geometry], list[str], np.ndarray]:
    """Return a place (one part or two), parcels around it, their classes, and positions in it."""
    rng = np.random.default_rng(seed)
    lon, lat = rng.uniform(100, 120), rng.uniform(20, 45)
    place = blob(rng, lon, lat, rng.uniform(0.002, 0.05))
    if seed % 3 == 0:
        place = shapely.union(place, blob(rng, lon + 0.06, lat + 0.02, 0.01))
    spread = rng.uniform(0.01, 0.08)
    shapes = [
        blob(rng, *(np.array([lon, lat]) + rng.normal(0, spread, 2)), rng.uniform(0.0003, 0.003)) for _ in range(12)
    ]
    west, south, east, north = place.bounds
    tried = rng.uniform([west, south], [east, north], (120, 2))
    inside = tried[shapely.intersects_xy(place, *tried.T)][:12]
    return place, shapes, [CLASSES[i % 2] for i in range(12)], np.vstack([inside, shapely.get_coordinates(place)])


WORLDS = 200 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 80


@pytest.mark.parametrize("first", range(0, WORLDS, 20))
def test_no_position_in_the_place_contradicts_the_ranges(first: int) -> None:
    for seed in range(first, first + 20):
        place, shapes, classes, positions = world(seed)
        found = place_range(place, Field(layer_of(shapes, classes), place.bounds), RADII_M)
        measured_m = distances_m(positions, shapes)
        area_ha = ellipsoidal_area_m2(shapes) / 1e4
        for word in (ALL_CLASSES, *CLASSES):
            counts = np.array([word in (ALL_CLASSES, one) for one in classes])
            nearest_m = measured_m[:, counts].min(axis=1)
            low_m, high_m = found.nearest_m[word]
            assert low_m <= nearest_m.min() + 1e-3, (seed, word)
            assert nearest_m.max() <= high_m + 1e-3, (seed, word)
            for radius_m in RADII_M:
                within = measured_m[:, counts] <= radius_m
                says = found.within[radius_m, word]
                assert says.count_low <= within.sum(axis=1).min(), (seed, word, radius_m)
                assert within.sum(axis=1).max() <= says.count_high, (seed, word, radius_m)
                hectares = (within * area_ha[counts]).sum(axis=1)
                assert says.area_low_ha <= hectares.min() + 1e-3
                assert hectares.max() <= says.area_high_ha + 1e-3


def square(west: float, south: float, side: float) -> shapely.Polygon:
    return shapely.box(west, south, west + side, south + side)


def ranges(place: shapely.Geometry, shapes: list[shapely.Geometry]) -> PlaceRange:
    return place_range(place, Field(layer_of(shapes, ["安全利用类"] * len(shapes)), place.bounds), RADII_M)


def test_a_parcel_inside_the_place_may_be_at_no_distance() -> None:
    found = ranges(square(113.0, 23.0, 0.01), [square(113.004, 23.004, 0.001)])
    low_m, high_m = found.nearest_m[ALL_CLASSES]
    # From the corner (113.0, 23.0) to the parcel's corner (113.004, 23.004): 410 m east, 443 m north.
    # From the far corner (113.01, 23.01) to (113.005, 23.005): 512 m and 554 m, 754 m in all.
    assert low_m == 0.0
    assert high_m == pytest.approx(754, abs=100)
    assert found.within[1000.0, ALL_CLASSES].count_low == 1
    assert "严格管控类" not in found.nearest_m


def test_the_greatest_distance_is_pinned_down_where_a_radius_is_at_stake() -> None:
    place = square(113.0, 23.0, 0.0001)  # ten metres wide
    found = ranges(place, [square(113.0, 23.0270, 0.001)])  # 2.98 km north of its upper edge
    low_m, high_m = found.nearest_m[ALL_CLASSES]
    assert (low_m, high_m) == pytest.approx((2979, 2990), abs=6)
    assert found.nearest_error_m < 106
    assert found.within[3000.0, ALL_CLASSES].count_high == 1


def test_a_long_place_shows_how_far_its_counts_may_be_off() -> None:
    found = ranges(square(113.0, 23.0, 0.16), [square(113.08, 23.08, 0.001)])
    # 16 by 18 km in 256 cells: about 1.06 km a side, 0.75 km from the middle to a corner.
    assert found.count_error_m == pytest.approx(760, abs=40)
    assert found.within[3000.0, ALL_CLASSES].count_low == 0
    assert found.within[3000.0, ALL_CLASSES].count_high == 1


def outlined(code: str, name: str, west: float, east: float) -> dict[str, object]:
    return {"id": code, "name": name, "geometry": shapely.to_wkb(shapely.box(west, 23.0, east, 24.0))}


COUNTIES = pa.Table.from_pylist(
    [outlined("441802", "清城区", 113.0, 113.5), outlined("441881", "英德市", 113.5, 114.0)]
)


@pytest.mark.parametrize(
    ("cells", "lon", "away"),
    [
        ({"县": "清城区"}, 113.6, "10.2 km"),
        ({"行政区划代码": "441802105"}, 113.6, "10.2 km"),
        ({"名称": "清远市清城区某厂"}, 113.6, "10.2 km"),
        ({"县": "清城区"}, 112.9, "10.2 km"),  # where no outline ships
        ({"县": "清城区"}, 113.504, ""),  # 409 m: within what a generalised outline may err
        ({"县": "清城区"}, 113.4, ""),
        ({"名称": "英德金属厂"}, 113.4, ""),  # a short name is no county
        ({}, 113.6, ""),
    ],
)
def test_a_point_outside_the_county_that_its_row_states_or_names_is_not_relied_on(
    cells: dict[str, str], lon: float, away: str
) -> None:
    row = {"source_id": "S1", "status": "assessed", "position_kind": "point", "lon": lon, "lat": 23.5}
    row |= {"geometry": shapely.to_wkb(shapely.Point(lon, 23.5)), "position_uncertainty_m": 0.1}
    row |= {"name": cells.get("名称", ""), "county": cells.get("县", ""), "township": ""}
    positions = Positions(
        "sources",
        LayerKind.ENTERPRISES,
        Basis.SYNTHETIC,
        Provenance("a.csv"),
        pa.Table.from_pylist([row], POSITION_SCHEMA),
        pa.Table.from_pylist([{"行政区划代码": cells.get("行政区划代码", "")}]),
    )
    (place,) = places_of(positions, Areas(counties=COUNTIES))
    told = f"点位在所填或名称所述的清城区以外 {away}，位置不能采信，本条未作判断；请核对坐标或地址。"
    assert place.doubt == (told if away else "")
    if lon > 113.5 and cells.get("名称") is None and cells:
        assert {"441802", "441881"} <= place.codes  # the clauses of both are judged
