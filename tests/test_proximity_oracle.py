"""The distance engine against brute force: no pair missed, none invented, 1 mm at most between the distances."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import oracle
import pytest
import shapely
from strategies import layer_of, offset, positions_of, star, with_hole

from hmgeo.errors import UsageError
from hmgeo.proximity.measure import TableSink, measure_proximity
from hmgeo.results.columns import PAIRS_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

RADIUS_M = 10_000.0
ERROR_M = 1e-3
PLACES = [(113.05, 23.68), (111.0, 30.0), (112.5, 24.7), (114.0, 38.0), (100.2, 36.1), (-70.6, -33.4), (10.4, 59.9)]

Shapes = list[shapely.Geometry]
Place = tuple[float, float]


def engine_pairs(
    sources: Sequence[shapely.Geometry], ground: Sequence[shapely.Geometry], radius_m: float = RADIUS_M
) -> dict[tuple[int, int], float]:
    sink = TableSink(PAIRS_SCHEMA)
    measure_proximity(positions_of(sources), layer_of(ground, batch_rows=97), radii_m=[radius_m], pairs=sink)
    rows = sink.table().to_pylist()
    return {(int(row["source_id"][1:]), int(row["receptor_id"][1:])): row["distance_m"] for row in rows}


def assert_same(found: dict[tuple[int, int], float], expected: dict[tuple[int, int], float]) -> None:
    missed = {pair: expected[pair] for pair in sorted(expected.keys() - found.keys())}
    extra = {pair: found[pair] for pair in sorted(found.keys() - expected.keys())}
    off = {pair: (found[pair], metres) for pair, metres in expected.items() if pair in found}
    wrong = {pair: both for pair, both in off.items() if abs(both[0] - both[1]) > ERROR_M}
    assert (missed, extra, wrong) == ({}, {}, {})


def scattered(random: np.random.Generator, place: Place, count: int, within_m: float = 15_000) -> list[Place]:
    away = random.uniform(-within_m, within_m, (count, 2))
    return [offset(place, east, north) for east, north in away]


def random_star(random: np.random.Generator, at: Place, size_m: float) -> shapely.Polygon:
    corners = int(random.integers(5, 12))
    return star(at, (size_m * random.uniform(0.3, 1, corners)).tolist(), random.uniform(-1, 1, corners).tolist())


def random_ground(random: np.random.Generator, place: Place, count: int) -> Shapes:
    """Return parcels of 10 m to 8 km: with holes, in several parts, rings either way round."""
    ground: Shapes = []
    for at in scattered(random, place, count):
        parcel = random_star(random, at, float(np.exp(random.uniform(np.log(10), np.log(3_000)))))
        kind = random.integers(0, 5)
        if kind == 0:
            parcel = with_hole(parcel, at, random.uniform(0.2, 0.8))
        elif kind == 1:
            other = random_star(random, scattered(random, place, 1)[0], 200)
            parcel = shapely.MultiPolygon([parcel, other]) if not parcel.intersects(other) else parcel
        elif kind == 2:
            parcel = shapely.reverse(parcel)
        ground.append(parcel)
    return ground


def oracle_pairs(sources: Shapes, ground: Shapes, radius_m: float = RADIUS_M) -> dict[tuple[int, int], float]:
    return oracle.pairs_within(shapely.get_coordinates(sources), ground, radius_m)


@pytest.mark.parametrize("place", PLACES)
def test_random_ground(place: Place) -> None:
    random = np.random.default_rng(20)
    sources = [shapely.Point(at) for at in scattered(random, place, 25)]
    ground = random_ground(random, place, 150)
    expected = oracle_pairs(sources, ground)
    assert len(expected) > 400
    assert_same(engine_pairs(sources, ground), expected)


@pytest.mark.parametrize("place", PLACES)
def test_corners_and_edges_half_a_metre_from_the_limit(place: Place) -> None:
    """Wedges point at the source, and long walls face it, at 10,000 m give or take 0.5 m."""
    random = np.random.default_rng(21)
    ground: Shapes = []
    for azimuth in random.uniform(0, 360, 60):
        metres = RADIUS_M + random.uniform(-0.5, 0.5)
        lon, lat, _ = oracle.GEOD.fwd(*place, azimuth, metres)
        half_m = random.choice([40.0, 400.0, 4_000.0])
        ends = [oracle.GEOD.fwd(lon, lat, azimuth + turn, half_m)[:2] for turn in (-90, 90)]
        behind = oracle.GEOD.fwd(*place, azimuth, metres + 300)[:2]
        beside = oracle.GEOD.fwd(*behind, azimuth + 90, 50)[:2]
        ground += [shapely.Polygon([*ends, behind]), shapely.Polygon([(lon, lat), behind, beside])]
    source = [shapely.Point(place)]
    expected = oracle_pairs(source, ground)
    assert 20 < len(expected) < 100
    assert_same(engine_pairs(source, ground), expected)


def test_millimetres_from_the_limit() -> None:
    place = (113.05, 23.68)
    offsets_m = [-0.002, -0.0002, 0.0, 0.00004, 0.0002, 0.002]
    at = [oracle.GEOD.fwd(*place, 37.0, RADIUS_M + away)[:2] for away in offsets_m]
    ground = [shapely.Polygon([xy, oracle.GEOD.fwd(*xy, 30, 90)[:2], oracle.GEOD.fwd(*xy, 50, 90)[:2]]) for xy in at]
    source = [shapely.Point(place)]
    assert sorted(engine_pairs(source, ground)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert_same(engine_pairs(source, ground), oracle_pairs(source, ground))


@pytest.mark.parametrize("place", PLACES)
def test_sources_inside_parcels_inside_holes_and_on_edges(place: Place) -> None:
    random = np.random.default_rng(22)
    sources: Shapes = []
    ground: Shapes = []
    for at in scattered(random, place, 20):
        parcel = with_hole(random_star(random, at, 2_000), at, 0.5)
        ring = shapely.get_coordinates(parcel.exterior)
        sources += [
            shapely.Point(at),
            parcel.representative_point(),
            shapely.Point(ring[0]),
            shapely.Point((ring[0] + ring[1]) / 2),
        ]
        ground.append(parcel)
    expected = oracle_pairs(sources, ground)
    assert all(expected[4 * i, i] > 100 for i in range(20))
    assert all(expected[4 * i + k, i] == 0 for i in range(20) for k in (1, 2, 3))
    assert_same(engine_pairs(sources, ground), expected)


@pytest.mark.parametrize("place", PLACES)
def test_long_edges(place: Place) -> None:
    """Edges of 5 to 20 km bulge by up to metres from the great circle; distances from 0 to the limit."""
    random = np.random.default_rng(23)
    sources = [shapely.Point(at) for at in scattered(random, place, 30, 9_000)]
    ground = [
        shapely.Polygon([offset(at, 0, 0), offset(at, length, tilt), offset(at, length / 2, tilt + 900)])
        for at, length, tilt in zip(
            scattered(random, place, 40),
            random.uniform(5_000, 20_000, 40),
            random.choice([0.0, 500.0, -3_000.0], 40),
            strict=True,
        )
    ]
    expected = oracle_pairs(sources, ground)
    assert len(expected) > 200
    assert_same(engine_pairs(sources, ground), expected)


@pytest.mark.parametrize("place", PLACES[::2])
def test_sources_that_are_lines_and_polygons(place: Place) -> None:
    random = np.random.default_rng(24)
    sources: Shapes = [random_star(random, at, 800) for at in scattered(random, place, 3)]
    sources += [shapely.LineString(scattered(random, place, 3, 5_000)), shapely.LineString(scattered(random, place, 2))]
    ground = random_ground(random, place, 18)
    apart_m = np.round(oracle.shape_distances_m(sources, ground), 4)
    expected = {(i, j): metres for (i, j), metres in np.ndenumerate(apart_m) if metres <= RADIUS_M}
    assert len(expected) > 20
    assert_same(engine_pairs(sources, ground), expected)


def test_long_parallel_walls_facing_each_other() -> None:
    """Edges along parallels, nearly: the nearest points may lie inside both edges."""
    sources: Shapes = [shapely.box(113.0, 39.0, 113.09, 39.01), shapely.LineString([(113.0, 38.99), (113.09, 38.9901)])]
    ground: Shapes = [
        shapely.Polygon([(112.99, 39.08), (113.1, 39.0801), (113.05, 39.09)]),
        shapely.Polygon([(113.01, 38.92), (113.08, 38.92), (113.05, 38.91)]),
        shapely.Polygon([(113.03, 39.05), (113.06, 39.09), (113.0, 39.09)]),
    ]
    expected = dict(np.ndenumerate(np.round(oracle.shape_distances_m(sources, ground), 4)))
    found = engine_pairs(sources, ground, 20_000.0)
    assert_same(found, expected)


@pytest.mark.parametrize("place", PLACES[:3])
def test_nearest_however_far_with_the_bearing_that_leads_there(place: Place) -> None:
    random = np.random.default_rng(25)
    sources = [shapely.Point(at) for at in scattered(random, place, 12, 60_000)]
    ground = random_ground(random, place, 40)
    measured = measure_proximity(positions_of(sources), layer_of(ground), radii_m=[500.0])
    rows = [row for row in measured.nearest.to_pylist() if row["class"] == "all"]
    matrix = oracle.distances_m(shapely.get_coordinates(sources), ground)
    assert [row["source_id"] for row in rows] == [f"S{i}" for i in range(12)]
    for row, source, metres in zip(rows, sources, matrix, strict=True):
        assert row["receptor_id"] == f"P{metres.argmin()}"
        assert row["distance_m"] == pytest.approx(metres.min(), abs=ERROR_M)
        if metres.min() == 0:
            assert row["bearing_deg"] is None
            continue
        lon, lat, _ = oracle.GEOD.fwd(source.x, source.y, row["bearing_deg"], row["distance_m"])
        assert oracle.distance_m(lon, lat, ground[metres.argmin()]) < 2 * ERROR_M


def test_counts_and_areas_at_several_radii_and_with_uncertainty() -> None:
    random = np.random.default_rng(26)
    place = (113.05, 23.68)
    sources = [shapely.Point(at) for at in scattered(random, place, 10)]
    ground = random_ground(random, place, 80)
    radii, width_m = [1_000.0, 5_000.0, RADIUS_M], 700.0
    positions = positions_of(sources, uncertainty_m=[width_m] * len(sources))
    measured = measure_proximity(positions, layer_of(ground, classes=["未划分"] * 80), radii_m=radii)
    matrix = np.round(oracle.distances_m(shapely.get_coordinates(sources), ground), 4)
    areas_ha = np.array([oracle.ellipsoidal_area_m2(parcel) for parcel in ground]) / 10_000
    counts = {
        (row["source_id"], row["radius_m"]): (row["count"], row["area_ha"])
        for row in measured.counts.to_pylist()
        if row["class"] == "all"
    }
    for i, metres in enumerate(matrix):
        for radius_m in radii:
            count, area_ha = counts[f"S{i}", radius_m]
            assert count == int((metres <= radius_m).sum())
            assert area_ha == pytest.approx(areas_ha[metres <= radius_m].sum(), rel=1e-7, abs=1e-9)
    widest = {row["source_id"]: row["count"] for row in measured.count_max.to_pylist() if row["class"] == "all"}
    assert widest == {f"S{i}": int((metres <= RADIUS_M + width_m).sum()) for i, metres in enumerate(matrix)}


@pytest.mark.slow
def test_four_hundred_sources_and_five_thousand_parcels() -> None:
    random = np.random.default_rng(27)
    place = (113.05, 23.68)
    sources = [shapely.Point(at) for at in scattered(random, place, 400, 40_000)]
    ground = [
        random_star(random, at, float(np.exp(random.uniform(np.log(10), np.log(2_000)))))
        for at in scattered(random, place, 5_000, 40_000)
    ]
    expected = oracle_pairs(sources, ground)
    assert len(expected) > 50_000
    assert_same(engine_pairs(sources, ground), expected)


@pytest.mark.parametrize("radii_m", [[], [0.0], [-5.0], [500.0, np.inf], [np.nan]])
def test_a_radius_is_a_positive_number(radii_m: list[float]) -> None:
    with pytest.raises(UsageError, match="半径须为正数"):
        measure_proximity(positions_of([shapely.Point(113, 23)]), layer_of([]), radii_m=radii_m)
