"""What must hold on any ground: changes to the input that may not change the answer."""

from __future__ import annotations

import oracle
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import CLASSES, anchors, layer_of, parcels, points_near, positions_of, source_shapes, stars, worlds

from hmgeo.proximity.measure import Proximity, TableSink, measure_proximity
from hmgeo.results.columns import PAIRS_SCHEMA

RADIUS_M = 10_000.0
ROUNDING_M = 2e-4
"""Two distances, each rounded to 0.1 mm, from coordinates that a cut or a reversal may move by the last bit."""

World = tuple[list[shapely.Geometry], list[shapely.Geometry]]


def pairs_of(positions: object, layer: object, radius_m: float = RADIUS_M) -> dict[tuple[str, str], float]:
    sink = TableSink(PAIRS_SCHEMA)
    measure_proximity(positions, layer, radii_m=[radius_m], pairs=sink)
    rows = sink.table().to_pylist()
    found = {(row["source_id"], row["receptor_id"]): row["distance_m"] for row in rows}
    assert len(found) == len(rows)
    return found


def nearest_of(measured: Proximity, source_id: str = "S0") -> float:
    rows = measured.nearest.to_pylist()
    return next(row["distance_m"] for row in rows if row["source_id"] == source_id and row["class"] == "all")


def counts_of(measured: Proximity) -> dict[tuple[str, float, str], tuple[int, float]]:
    return {
        (row["source_id"], row["radius_m"], row["class"]): (row["count"], row["area_ha"])
        for row in measured.counts.to_pylist()
    }


@given(worlds(), st.randoms(use_true_random=False))
def test_input_order_changes_no_pair(world: World, random: object) -> None:
    sources, ground = world
    shuffled = list(range(len(ground)))
    random.shuffle(shuffled)
    turned = list(range(len(sources)))[::-1]
    moved = pairs_of(
        positions_of([sources[i] for i in turned], ids=[f"S{i}" for i in turned]),
        layer_of([ground[i] for i in shuffled], ids=[f"P{i}" for i in shuffled]),
    )
    assert moved == pairs_of(positions_of(sources), layer_of(ground))


@given(worlds())
def test_a_far_parcel_changes_nothing(world: World) -> None:
    sources, ground = world
    lon, lat = ground[0].representative_point().coords[0][:2]
    far = shapely.box(lon + 5, lat + 5, lon + 5.01, lat + 5.01)
    positions = positions_of(sources)
    assert pairs_of(positions, layer_of([*ground, far])) == pairs_of(positions, layer_of(ground))
    with_far = measure_proximity(positions, layer_of([*ground, far]), radii_m=[RADIUS_M])
    without = measure_proximity(positions, layer_of(ground), radii_m=[RADIUS_M])
    counted = {key: value for key, value in counts_of(with_far).items() if value[0]}
    assert counted == {key: value for key, value in counts_of(without).items() if value[0]}
    assert with_far.nearest.equals(without.nearest)


@given(worlds(), st.integers(1, 3))
def test_batches_change_nothing(world: World, batch_rows: int) -> None:
    sources, ground = world
    positions = positions_of(sources)
    whole = measure_proximity(positions, layer_of(ground), radii_m=[1_000.0, RADIUS_M])
    parts = measure_proximity(positions, layer_of(ground, batch_rows=batch_rows), radii_m=[1_000.0, RADIUS_M])
    assert parts.nearest.equals(whole.nearest)
    assert parts.counts.drop_columns("area_ha").equals(whole.counts.drop_columns("area_ha"))
    assert parts.counts["area_ha"].to_pylist() == pytest.approx(whole.counts["area_ha"].to_pylist(), abs=1e-9)
    assert pairs_of(positions, layer_of(ground, batch_rows=batch_rows)) == pairs_of(positions, layer_of(ground))


@given(st.data())
def test_the_nearest_part_of_a_split_parcel_is_as_near_as_the_whole(data: st.DataObject) -> None:
    anchor = data.draw(anchors())
    whole = data.draw(stars(anchor))
    source = data.draw(source_shapes(anchor))
    west, south, east, north = whole.bounds
    cut = west + data.draw(st.floats(0.2, 0.8)) * (east - west)
    sides = (shapely.box(west - 1, south - 1, cut, north + 1), shapely.box(cut, south - 1, east + 1, north + 1))
    parts = [shapely.intersection(whole, side) for side in sides]
    assume(all(part.geom_type in {"Polygon", "MultiPolygon"} and not part.is_empty for part in parts))
    positions = positions_of([source])
    at_whole = measure_proximity(positions, layer_of([whole]), radii_m=[RADIUS_M])
    at_parts = measure_proximity(positions, layer_of(parts, classes=["未划分"] * 2), radii_m=[RADIUS_M])
    assert nearest_of(at_parts) == pytest.approx(nearest_of(at_whole), abs=ROUNDING_M)


@given(st.data())
def test_direction_of_rings_their_first_corner_and_heights_do_not_matter(data: st.DataObject) -> None:
    anchor = data.draw(anchors())
    parcel = data.draw(parcels(anchor))
    source = data.draw(source_shapes(anchor))
    likes = [parcel, shapely.reverse(parcel), shapely.force_3d(parcel, 300.0), shapely.normalize(parcel)]
    measured = [measure_proximity(positions_of([source]), layer_of([like]), radii_m=[RADIUS_M]) for like in likes]
    for other in measured[1:]:
        assert nearest_of(other) == pytest.approx(nearest_of(measured[0]), abs=ROUNDING_M)


@given(st.data())
def test_source_and_receptor_may_change_places(data: st.DataObject) -> None:
    anchor = data.draw(anchors())
    one, other = data.draw(stars(anchor)), data.draw(stars(anchor))
    there = measure_proximity(positions_of([one]), layer_of([other]), radii_m=[RADIUS_M])
    back = measure_proximity(positions_of([other]), layer_of([one]), radii_m=[RADIUS_M])
    assert nearest_of(there) == pytest.approx(nearest_of(back), abs=ROUNDING_M)


@given(worlds(), st.floats(10.0, 9_999.0))
def test_a_smaller_radius_keeps_the_pairs_within_it_and_no_others(world: World, smaller_m: float) -> None:
    sources, ground = world
    positions, layer = positions_of(sources), layer_of(ground)
    wide = pairs_of(positions, layer)
    kept = {pair: metres for pair, metres in wide.items() if metres <= smaller_m}
    assert pairs_of(positions, layer, smaller_m) == kept


@given(worlds())
def test_counts_are_the_pairs_counted_by_soil_and_by_land(world: World) -> None:
    sources, ground = world
    official = [10_000.0 * (i + 1) for i in range(len(ground))]
    lands = ["水田", "旱地", "地类不明"]
    own = [lands[i // 2 % len(lands)] for i in range(len(ground))]
    positions, layer = positions_of(sources), layer_of(ground, official_area_m2=official, lands=own)
    pairs, found = pairs_of(positions, layer), measure_proximity(positions, layer, radii_m=[2_000.0, RADIUS_M])
    assert found.nearest == measure_proximity(positions, layer_of(ground), radii_m=[RADIUS_M]).nearest
    kinds = dict(found.counts.select(["class", "class_kind"]).to_pandas().itertuples(index=False))
    assert kinds == {word: "land_use" if word in lands else "soil_quality" for word in kinds} | {"all": "all"}
    for (source_id, radius_m, word), (count, area_ha) in counts_of(found).items():
        within = [int(p[1:]) for (s, p), metres in pairs.items() if s == source_id and metres <= radius_m]
        counted = [i for i in within if word in {"all", CLASSES[i % len(CLASSES)], own[i]}]
        assert count == len(counted)
        assert area_ha == pytest.approx(sum(i + 1 for i in counted), abs=1e-9)


@given(st.data())
def test_a_parcel_given_twice_counts_twice(data: st.DataObject) -> None:
    anchor = data.draw(anchors())
    parcel = data.draw(parcels(anchor))
    source = data.draw(points_near(anchor))
    pairs = pairs_of(positions_of([source]), layer_of([parcel, parcel]))
    assert set(pairs) in (set(), {("S0", "P0"), ("S0", "P1")})
    assert len(set(pairs.values())) <= 1


@given(st.data())
def test_a_point_of_the_parcel_is_at_no_distance_and_has_no_bearing(data: st.DataObject) -> None:
    parcel = data.draw(parcels(data.draw(anchors())))
    inside = shapely.force_2d(parcel.representative_point())
    measured = measure_proximity(positions_of([inside]), layer_of([parcel]), radii_m=[RADIUS_M])
    row = measured.nearest.to_pylist()[0]
    assert (row["class"], row["receptor_id"], row["distance_m"], row["bearing_deg"]) == ("all", "P0", 0.0, None)


@given(st.data())
def test_random_shapes_against_the_oracle(data: st.DataObject) -> None:
    anchor = data.draw(anchors())
    parcel, source = data.draw(parcels(anchor)), data.draw(points_near(anchor))
    measured = measure_proximity(positions_of([source]), layer_of([parcel]), radii_m=[RADIUS_M])
    expected = oracle.distance_m(source.x, source.y, parcel)
    assert nearest_of(measured) == pytest.approx(expected, abs=1e-3)
