"""The compiled kernel against the plain one, and the same bytes whatever the threads and the cut of the batches."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import oracle
import pyarrow as pa
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from strategies import ANCHORS, layer_of, offset, parcels, points_near, positions_of, star, with_hole, worlds

from hmgeo.geo.distance import pair_distances, prepare_shapes
from hmgeo.geo.ellipsoid import ellipsoidal_area_m2
from hmgeo.proximity.elsewhere import reached_batch
from hmgeo.proximity.measure import Proximity, TableSink, measure_proximity
from hmgeo.proximity.search import boxes
from hmgeo.proximity.units import Found, bytes_of
from hmgeo.records import RECEPTOR_SCHEMA
from hmgeo.results.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.records import Layer

RADIUS_M = 10_000.0
ERROR_M = 3e-4
"""The kernel's own error, and the rounding to 0.1 mm."""

PLACE = (113.05, 23.68)


def plain_pairs(
    sources: Sequence[shapely.Geometry], ground: Sequence[shapely.Geometry], radius_m: float = RADIUS_M
) -> dict[tuple[int, int], float]:
    """Measure every pair with the plain engine: shapely, numpy and the geodesic."""
    of_source, of_parcel = (grid.ravel() for grid in np.indices((len(sources), len(ground))))
    found = pair_distances(prepare_shapes(sources), prepare_shapes(ground), of_source, of_parcel)
    metres = np.round(found.distance_m, 4)
    kept = np.flatnonzero(metres <= radius_m)
    return {(int(of_source[k]), int(of_parcel[k])): float(metres[k]) for k in kept}


def engine_pairs(
    sources: Sequence[shapely.Geometry], layer: Layer, radius_m: float = RADIUS_M, threads: int = 1
) -> dict[tuple[int, int], float]:
    sink = TableSink(PAIRS_SCHEMA)
    measure_proximity(positions_of(sources), layer, radii_m=[radius_m], pairs=sink, threads=threads)
    return {(int(r["source_id"][1:]), int(r["receptor_id"][1:])): r["distance_m"] for r in sink.table().to_pylist()}


def assert_alike(found: dict[tuple[int, int], float], expected: dict[tuple[int, int], float]) -> None:
    assert found.keys() == expected.keys()
    assert {pair for pair, metres in found.items() if abs(metres - expected[pair]) > ERROR_M} == set()


def all_of(measured: Proximity) -> tuple[pa.Table, ...]:
    return measured.counts, measured.nearest, measured.count_max


@st.composite
def edgy_worlds(draw: st.DrawFn) -> tuple[list[shapely.Geometry], list[shapely.Geometry]]:
    """Draw points and parcels, one point 10,000 m give or take 0.5 m from a parcel's corner, one parcel twice."""
    anchor = draw(st.sampled_from(ANCHORS))
    ground = draw(st.lists(parcels(anchor), min_size=1, max_size=6))
    corner = shapely.get_coordinates(ground[0])[draw(st.integers(0, 3))]
    away_m = RADIUS_M + draw(st.floats(-0.5, 0.5))
    lon, lat, _ = oracle.GEOD.fwd(*corner, draw(st.floats(0, 360)), away_m)
    sources = [shapely.Point(lon, lat), *draw(st.lists(points_near(anchor), max_size=12))]
    return sources, [*ground, ground[-1]]


@given(edgy_worlds())
def test_the_kernel_agrees_with_the_plain_engine(world: tuple[list[shapely.Geometry], list[shapely.Geometry]]) -> None:
    sources, ground = world
    assert_alike(engine_pairs(sources, layer_of(ground)), plain_pairs(sources, ground))


@given(worlds(), st.integers(1, 3), st.integers(1, 5))
def test_threads_and_batches_change_no_byte(
    world: tuple[list[shapely.Geometry], list[shapely.Geometry]], threads: int, batch_rows: int
) -> None:
    sources, ground = world
    made = []
    for count, rows in ((1, 1_000), (threads, batch_rows)):
        pairs, reached = TableSink(PAIRS_SCHEMA), TableSink(RECEPTORS_SCHEMA)
        layer = layer_of(ground, batch_rows=rows)
        radii_m = [500.0, 3_000.0, RADIUS_M]
        measured = measure_proximity(
            positions_of(sources), layer, radii_m=radii_m, pairs=pairs, reached=reached, threads=count
        )
        made.append((pairs.table(), reached.table(), *all_of(measured)))
    assert all(one.equals(other) for one, other in zip(*made, strict=True))


@given(worlds(max_parcels=12, max_sources=6), st.sampled_from([0.0, 40.0, 900.0]))
def test_aggregates_are_those_of_the_pairs(
    world: tuple[list[shapely.Geometry], list[shapely.Geometry]], width_m: float
) -> None:
    sources, ground = world
    positions = positions_of(sources, uncertainty_m=[width_m] * len(sources))
    radii_m = [500.0, 3_000.0, RADIUS_M]
    full = measure_proximity(positions, layer_of(ground), radii_m=radii_m, pairs=TableSink(PAIRS_SCHEMA))
    brief = measure_proximity(positions, layer_of(ground), radii_m=radii_m)
    assert all(one.equals(other) for one, other in zip(all_of(full), all_of(brief), strict=True))


def test_many_sources_and_parcels_in_many_units() -> None:
    random = np.random.default_rng(7)
    sources = [shapely.Point(offset(PLACE, *random.uniform(-20_000, 20_000, 2))) for _ in range(40)]
    ground = []
    for _ in range(900):
        at = offset(PLACE, *random.uniform(-20_000, 20_000, 2))
        ground.append(star(at, (40 * random.lognormal(0, 1) * random.uniform(0.4, 1, 9)).tolist(), [0.0] * 9))
    expected = plain_pairs(sources, ground)
    assert len(expected) > 5_000
    assert_alike(engine_pairs(sources, layer_of(ground, batch_rows=130), threads=2), expected)


def big_endian(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shape, byte_order=0))


def extended(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.set_srid(shape, 4490), include_srid=True, flavor="extended"))


def measured_polygon(shape: shapely.Polygon) -> bytes:
    """Return ISO WKB with M: 2003."""
    rings = [shape.exterior, *shape.interiors]
    made = struct.pack("<BII", 1, 2003, len(rings))
    for ring in rings:
        points = shapely.get_coordinates(ring)
        made += struct.pack("<I", len(points)) + np.column_stack([points, np.ones(len(points))]).astype("<f8").tobytes()
    return made


def iso_z(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.force_3d(shape, 7.0), flavor="iso"))


def extended_z(shape: shapely.Geometry) -> bytes:
    return bytes(shapely.to_wkb(shapely.force_3d(shape, 7.0), flavor="extended"))


@pytest.mark.parametrize("write", [big_endian, extended, measured_polygon, iso_z, extended_z])
def test_every_dialect_of_wkb(write: object) -> None:
    parcel = with_hole(star(PLACE, [300.0] * 11, [0.0] * 11), PLACE, 0.5)
    sources = [shapely.Point(offset(PLACE, away, 0)) for away in (0.0, 220.0, 800.0, 9_000.0)]
    plain = layer_of([parcel])
    table = plain.read()
    odd = table.set_column(
        table.schema.get_field_index("geometry"), table.schema.field("geometry"), pa.array([write(parcel)], pa.binary())
    )
    layer = type(plain)(plain.name, plain.kind, plain.basis, plain.provenance, odd.to_batches)
    assert engine_pairs(sources, layer) == pytest.approx(plain_pairs(sources, [parcel]), abs=ERROR_M)
    assert engine_pairs(sources, plain)[1, 0] == 0.0


def test_nulls_and_empty_shapes_are_read_and_never_reached() -> None:
    ground = [star(PLACE, [50.0] * 5, [0.0] * 5), shapely.Polygon(), shapely.MultiPolygon()]
    layer = layer_of(ground)
    table = layer.read()
    nulled = pa.concat_tables(
        [
            table,
            table.slice(0, 1).set_column(
                table.schema.get_field_index("geometry"), table.schema.field("geometry"), pa.nulls(1, pa.binary())
            ),
        ]
    )
    with_null = type(layer)(layer.name, layer.kind, layer.basis, layer.provenance, nulled.to_batches)
    sink = TableSink(PAIRS_SCHEMA)
    measured = measure_proximity(positions_of([shapely.Point(PLACE)]), with_null, radii_m=[RADIUS_M], pairs=sink)
    assert measured.receptor_count == 4
    assert sink.table()["receptor_id"].to_pylist() == ["P0"]


def test_points_and_lines_take_the_general_path_among_polygons() -> None:
    ground = [
        shapely.Point(offset(PLACE, 500, 0)),
        star(offset(PLACE, 900, 0), [60.0] * 7, [0.0] * 7),
        shapely.LineString([offset(PLACE, -700, -900), offset(PLACE, -700, 900)]),
    ]
    sources = [shapely.Point(PLACE), shapely.box(*PLACE, *offset(PLACE, 30, 30)), shapely.Point(offset(PLACE, 100, 9))]
    assert engine_pairs(sources, layer_of(ground)) == pytest.approx(plain_pairs(sources, ground), abs=ERROR_M)


def test_large_polygons_are_measured_stretch_by_stretch() -> None:
    random = np.random.default_rng(5)
    ground = [
        star(PLACE, (60_000 * random.uniform(0.8, 1, 40)).tolist(), [0.0] * 40),
        with_hole(star(PLACE, [5_000.0] * 300, [0.0] * 300), PLACE, 0.6),
        shapely.box(*offset(PLACE, -900, -700), *offset(PLACE, 800, 900)),
    ]
    sources = [shapely.Point(offset(PLACE, *random.uniform(-70_000, 70_000, 2))) for _ in range(120)]
    sources += [shapely.Point(offset(PLACE, *random.uniform(-9_000, 9_000, 2))) for _ in range(40)]
    assert_alike(engine_pairs(sources, layer_of(ground)), plain_pairs(sources, ground))


@pytest.mark.parametrize("radius_m", [50.0, 49_000.0, 90_000.0])
def test_small_and_large_radii(radius_m: float) -> None:
    random = np.random.default_rng(6)
    ground = [star(offset(PLACE, *random.uniform(-50_000, 50_000, 2)), [90.0] * 6, [0.0] * 6) for _ in range(60)]
    sources = [shapely.Point(offset(PLACE, *random.uniform(-50_000, 50_000, 2))) for _ in range(30)]
    sources += [shapely.Point(offset((p.centroid.x, p.centroid.y), 120, 0)) for p in ground[:9]]
    assert_alike(engine_pairs(sources, layer_of(ground), radius_m), plain_pairs(sources, ground, radius_m))


@pytest.mark.parametrize("place", [(179.99, 51.0), (-179.97, -17.0), (20.0, 89.96), (0.0, -89.9)])
def test_the_antimeridian_and_the_poles(place: tuple[float, float]) -> None:
    ground = [shapely.box(place[0] - 0.004, place[1] - 0.004, place[0] + 0.004, place[1] + 0.004)]
    lon = place[0] + 0.05
    sources = [shapely.Point(lon - 360 if lon > 180 else lon, place[1]), shapely.Point(place)]
    found = engine_pairs(sources, layer_of(ground))
    expected = oracle.pairs_within(shapely.get_coordinates(sources), ground, RADIUS_M)
    assert found == pytest.approx(expected, abs=1e-3)
    assert found[1, 0] == 0.0


@given(st.data())
def test_areas_are_those_of_the_zone_function(data: st.DataObject) -> None:
    parcel = data.draw(parcels(data.draw(st.sampled_from(ANCHORS))))
    sink = TableSink(RECEPTORS_SCHEMA)
    far_away = shapely.Point(parcel.centroid.x + 3, parcel.centroid.y)
    measure_proximity(positions_of([far_away]), layer_of([parcel]), radii_m=[RADIUS_M], reached=sink)
    expected = ellipsoidal_area_m2([parcel])[0] / 10_000
    step_ha = 2.0**-33  # areas are whole steps, a square millimetre, so that their sums are exact in any order
    assert sink.table()["area_ha"].to_pylist() == pytest.approx([expected], abs=step_ha / 2 + 1e-9 * expected)


def test_an_area_of_one_hectare_by_hand() -> None:
    """At the equator a metre is 1 / 111,319.4908 degrees of longitude and 1 / 110,574.2758 of latitude."""
    square = shapely.box(100.0, -50 / 110_574.2758, 100.0 + 100 / 111_319.4908, 50 / 110_574.2758)
    sink = TableSink(RECEPTORS_SCHEMA)
    measure_proximity(positions_of([shapely.Point(100, 0)]), layer_of([square]), radii_m=[50.0], reached=sink)
    assert sink.table()["area_ha"].to_pylist() == pytest.approx([1.0], abs=1e-7)


def test_nothing_to_read_and_nothing_to_see_needs_no_room() -> None:
    """In a thread that never measured anything."""
    with ThreadPoolExecutor(1) as pool:
        held, _ = pool.submit(boxes, bytes_of(pa.array([None, None], pa.binary()))).result()
    assert np.isnan(held).all()


def test_the_nearest_source_of_a_receptor_is_the_first_of_equals() -> None:
    part = pa.RecordBatch.from_arrays(
        [
            pa.array(["A", "B", "C", "D"]) if name == "receptor_id" else pa.nulls(4, kind)
            for name, kind in zip(RECEPTOR_SCHEMA.names, RECEPTOR_SCHEMA.types, strict=True)
        ],
        schema=RECEPTOR_SCHEMA,
    )
    row, source = np.array([0, 0, 0, 2, 2, 3], np.int32), np.array([0, 1, 2, 0, 2, 1], np.int32)
    met = Found(source, row, np.array([5.0, 3.0, 3.0, 0.0, 7.0, 9.0]), np.ones(4))
    found = reached_batch(pa.array(["x", "y", "z"]), part, met, "farmland").to_pydict()
    assert found["source_count"] == [3, 0, 2, 1]
    assert found["nearest_source_id"] == ["y", "", "x", "y"]
    assert found["nearest_source_m"] == [3.0, None, 0.0, 9.0]
    none = Found(row[:0], row[:0], np.empty(0), np.ones(4))
    assert reached_batch(pa.array(["x"]), part, none, "farmland")["source_count"].to_pylist() == [0, 0, 0, 0]
