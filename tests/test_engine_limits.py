"""The engine and what is gathered of it at their limits; how it cuts, keeps and looks ahead changes no answer."""

from __future__ import annotations

import importlib.util
import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from msgspec.structs import replace
from oracle import GEOD, distances_m
from strategies import layer_of, positions_of

from hmgeo.errors import UsageError
from hmgeo.geo.distance import pair_distances, prepare_shapes
from hmgeo.proximity import elsewhere, run, tally, units
from hmgeo.proximity.elsewhere import Errand, Fetched, batch_of, in_order, run_errand, thread_count
from hmgeo.proximity.measure import measure_proximity
from hmgeo.proximity.tally import NOWHERE, Tally, class_column
from hmgeo.proximity.units import FARTHEST_M, Found, Search, Sources, bytes_of
from hmgeo.results.columns import COUNTS_SCHEMA
from hmgeo.screening.land import land_areas, with_clipped_area, with_land_areas
from hmgeo.vocabulary import ClassKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hmgeo.proximity.measure import Proximity
    from hmgeo.records import Layer

ROOT = Path(__file__).resolve().parents[1]
HOME = (113.0, 23.0)
RADII_M = (500.0, 2000.0)
WORDS = ("严格管控类", "安全利用类", "三类")


def at(east_m: float, north_m: float, home: tuple[float, float] = HOME) -> tuple[float, float]:
    lon, _, _ = GEOD.fwd(*home, 90, east_m)
    _, lat, _ = GEOD.fwd(*home, 0, north_m)
    return lon, lat


def box(east_m: float, north_m: float, side_m: float, home: tuple[float, float] = HOME) -> shapely.Polygon:
    return shapely.box(*at(east_m, north_m, home), *at(east_m + side_m, north_m + side_m, home))


GROUND = [box(300 * (number % 9) - 1500, 400 * (number // 9) - 1300, 100 + 5 * number) for number in range(60)]
GROUND += [box(0, 60_000, 100), shapely.MultiPolygon([box(50, 50, 30), box(2500, 2500, 30)])]
SOURCES = [
    shapely.Point(HOME), shapely.Point(at(1500, -800)), box(-700, 700, 50),
    shapely.LineString([at(0, 900), at(90, 950)]),
    shapely.Point(at(0, 61_000)), shapely.Point(at(-400_000, 0)), box(-300_000, 5000, 80),
]  # fmt: skip
OFF_M = [0.0, 40.0, 0.0, 25.0, 0.0, 0.0, 10.0]


@dataclass
class Kept:
    """A sink."""

    forgets: bool = False
    takes_coded: bool = False
    batches: list[pa.RecordBatch] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        self.batches.append(pa.record_batch(batch.columns, schema=batch.schema))

    def rows(self) -> list[Any]:
        return [tuple(row.values()) for batch in self.batches for row in batch.to_pylist()]


def ground(batch_rows: int = 1000) -> Layer:
    return layer_of(GROUND, classes=[WORDS[number % 3] for number in range(len(GROUND))], batch_rows=batch_rows)


def here() -> object:
    return positions_of(SOURCES, uncertainty_m=OFF_M)


def told(found: Proximity) -> tuple[Any, ...]:
    return found.counts.to_pylist(), found.nearest.to_pylist(), found.count_max.to_pylist(), found.receptor_count


def measured(threads: int = 1, batch_rows: int = 1000, sinks: str = "", **more: Any) -> tuple[Any, ...]:  # noqa: ANN401
    pairs = Kept(forgets="f" in sinks) if "p" in sinks else None
    reached = Kept() if "r" in sinks else None
    found = measure_proximity(
        here(), ground(batch_rows), radii_m=RADII_M, pairs=pairs, reached=reached, threads=threads, **more  # type: ignore[arg-type]
    )  # fmt: skip
    return told(found), pairs and pairs.rows(), reached and reached.rows()


@pytest.fixture(scope="module")
def plain() -> tuple[Any, ...]:
    return measured(sinks="pr")


def test_the_engine_agrees_with_plain_geodesics(plain: tuple[Any, ...]) -> None:
    (counts, nearest, maxima, rows), pairs, reached = plain
    assert rows == len(GROUND)
    pairs_of = [one.ravel() for one in np.meshgrid(np.arange(len(SOURCES)), np.arange(len(GROUND)), indexing="ij")]
    plainly = pair_distances(prepare_shapes(SOURCES), prepare_shapes(GROUND), *pairs_of)
    apart_m = plainly.distance_m.round(4).reshape(len(SOURCES), len(GROUND))
    by_oracle = distances_m(shapely.get_coordinates([SOURCES[0], SOURCES[4]]), GROUND)
    assert np.abs(by_oracle - apart_m[[0, 4]]).max() < 2e-4
    for row in counts:
        source = int(row["source_id"][1:])
        own = np.array([row["class"] in ("all", WORDS[number % 3]) for number in range(len(GROUND))])
        assert row["count"] == int((apart_m[source][own] <= row["radius_m"]).sum()), row
    for row in maxima:
        source = int(row["source_id"][1:])
        own = np.array([row["class"] in ("all", WORDS[number % 3]) for number in range(len(GROUND))])
        assert row["count"] == int((apart_m[source][own] <= RADII_M[-1] + OFF_M[source]).sum()), row
    of_all = {row["source_id"]: row for row in nearest if row["class"] == "all"}
    for source in range(len(SOURCES)):
        best = int(apart_m[source].argmin())
        row = of_all[f"S{source}"]
        assert row["distance_m"] == pytest.approx(apart_m[source][best], abs=2e-4)
        assert (row["bearing_deg"] is None) is bool(apart_m[source][best] == 0)
    expected = [
        (f"S{source}", f"P{row}") for row in range(len(GROUND)) for source in range(len(SOURCES))
        if apart_m[source][row] <= RADII_M[-1]
    ]  # fmt: skip
    assert [one[:2] for one in pairs] == expected
    by_parcel = {one[0]: one for one in reached}
    assert len(by_parcel) == len(GROUND)
    names = {
        row: [source for source in range(len(SOURCES)) if apart_m[source][row] <= RADII_M[-1]] for row in range(62)
    }
    for row, sources in names.items():
        cells = by_parcel[f"P{row}"]
        assert len(sources) in cells
        assert not sources or f"S{min(sources, key=lambda one: (apart_m[one][row], one))}" in cells


@pytest.mark.parametrize(("threads", "batch_rows"), [(1, 7), (5, 7), (2, 1000)])
def test_threads_and_batches_change_nothing(plain: tuple[Any, ...], threads: int, batch_rows: int) -> None:
    assert measured(threads, batch_rows, "pr") == plain


@pytest.mark.parametrize("sinks", ["", "p", "r", "pf"])
def test_what_is_given_away_changes_nothing(plain: tuple[Any, ...], sinks: str) -> None:
    tables, pairs, reached = measured(2, 7, sinks)
    assert tables == plain[0]
    assert pairs is None or pairs == plain[1]
    assert reached is None or reached == plain[2]


CHANGES = [
    (elsewhere, "_AHEAD_PER_THREAD", 0), (elsewhere, "_AHEAD_PER_THREAD", 9), (elsewhere, "_SAMPLE_STEP", 1),
    (elsewhere, "_SAMPLE_STEP", 1000), (units, "_PAIRS_AT_ONCE", 1), (units, "_FEWEST_ROWS", 1),
    (units, "_MOST_ROWS", 300),
    (run, "_MOST_SAMPLES", 3), (run, "_BALLS_AT_ONCE", 1), (run, "_SLACK_M", 500.0), (tally, "_SPARE_ROWS", 0),
    (tally, "_SPARE_ROWS", -50), (tally, "_SHAPES_AT_ONCE", 1), (tally, "_SHAPES_AT_ONCE", 2),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name", "value"), CHANGES)
def test_how_the_work_is_cut_changes_no_answer(
    plain: tuple[Any, ...], module: Any, name: str, value: float, monkeypatch: pytest.MonkeyPatch  # noqa: ANN401
) -> None:  # fmt: skip
    monkeypatch.setattr(module, name, value)
    assert measured(2, 7, "pr") == plain
    assert measured(1, 1000, "")[0] == plain[0]


@pytest.mark.parametrize("module", [run, units])
def test_wider_boxes_cost_more_and_change_no_answer(
    plain: tuple[Any, ...],
    module: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        module, "search_boxes", lambda bounds, _: np.tile([-400.0, -95.0, 400.0, 95.0], (len(bounds), 1))
    )
    assert measured(2, 7, "pr") == plain


def test_units_measured_elsewhere_come_to_the_same(plain: tuple[Any, ...]) -> None:
    layer = ground(11)

    def fetch(errand: Errand, _: np.ndarray) -> Iterator[Fetched]:
        for batch in layer.batches():
            yield from run_errand(errand, [batch])

    counted: list[int] = []
    for sink in (None, Kept()):
        found = measure_proximity(
            here(), layer, radii_m=RADII_M, pairs=sink, fetch=fetch, progress=counted.append  # type: ignore[arg-type]
        )  # fmt: skip
        assert told(found) == plain[0]
    assert counted == [11, 22, 33, 44, 55, 62] * 2
    nobody = measure_proximity(positions_of([None]), layer, radii_m=RADII_M, fetch=fetch)
    assert (nobody.counts.num_rows, nobody.receptor_count) == (0, 62)


def test_progress_tells_the_rows_done() -> None:
    done: list[int] = []
    measure_proximity(here(), ground(20), radii_m=RADII_M, progress=done.append, threads=2)  # type: ignore[arg-type]
    assert done == [20, 40, 60, 62]


def test_a_layer_that_knows_where_its_rows_lie_reads_only_those() -> None:
    layer = ground(1)
    asked: list[np.ndarray] = []

    class Opened:
        def __call__(self) -> Iterator[pa.RecordBatch]:
            yield from layer.batches()

        def within(self, boxes: np.ndarray) -> Iterator[pa.RecordBatch]:
            asked.append(boxes)
            return (one for one in layer.batches() if one["receptor_id"][0].as_py() != "P60")

    packed = replace(layer, open_batches=Opened())
    near = positions_of(SOURCES[:2])
    some = measure_proximity(near, packed, radii_m=RADII_M)
    assert (some.receptor_count, len(asked)) == (61, 1)
    assert asked[0].shape == (2, 4)
    every = measure_proximity(near, packed, radii_m=RADII_M, reached=Kept())
    assert every.receptor_count == 62


def test_sources_with_nothing_in_reach_find_the_nearest_however_far() -> None:
    parcels = layer_of([box(0, 0, 100, (3.0, 0.0)), box(0, 0, 100, (-4.0, 0.0))])
    for source in (shapely.Point(0.001, 0.001), shapely.box(0.0, 0.0, 0.001, 0.001), shapely.Point(-1.0, 0.0)):
        found = measure_proximity(positions_of([source]), parcels, radii_m=[100.0]).nearest.to_pylist()
        best = "P1" if source.bounds[0] == -1.0 else "P0"
        assert [(row["class"], row["receptor_id"]) for row in found] == [("all", best)]

        def fetch(errand: Errand, _: np.ndarray) -> Iterator[Fetched]:
            yield from run_errand(errand, parcels.batches())

        there = measure_proximity(positions_of([source]), parcels, radii_m=[100.0], fetch=fetch)
        assert there.nearest.to_pylist() == found
    none = measure_proximity(positions_of([shapely.Point(0, 0)]), layer_of([]), radii_m=[100.0])
    assert (none.nearest.num_rows, none.receptor_count) == (0, 0)
    gap = layer_of([shapely.Polygon(), box(0, 0, 100, (3.0, 0.0))])
    empty = measure_proximity(positions_of([shapely.box(0, 0, 0.001, 0.001)]), gap, radii_m=[9.0])
    assert empty.nearest["receptor_id"].to_pylist() == ["P1"]


def test_across_the_antimeridian_and_far_from_the_equator_shapes_meet() -> None:
    for home in ((180.0, 10.0), (10.0, 50.0), (-70.0, -40.0), (170.0, 80.0)):
        lon = [(one + 180) % 360 - 180 for one in (home[0] - 0.0004, home[0] + 0.0004)]
        parcel = box(100, -50, 100, (lon[1], home[1]))
        line = shapely.LineString([(lon[0], home[1]), (lon[0] - 1e-5, home[1] + 1e-5)])
        for source in (line, shapely.Point(lon[0], home[1])):
            found = measure_proximity(positions_of([source]), layer_of([parcel]), radii_m=[400.0]).counts.to_pylist()
            assert found[0]["count"] == 1, (home, source)
    inside = shapely.LineString([(10.0050, 50.005), (10.00501, 50.005)])
    wide = shapely.box(10.0, 50.0, 10.01, 50.01)
    assert measure_proximity(positions_of([inside]), layer_of([wide]), radii_m=[1.0]).counts["count"][0].as_py() == 1


@pytest.mark.parametrize("radii_m", [(), (0.0,), (-5.0, 100.0), (math.inf,), (math.nan, 5.0), (100.0, 0.0)])
def test_radii_are_positive_numbers(radii_m: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="半径须为正数"):
        measure_proximity(here(), ground(), radii_m=radii_m)  # type: ignore[arg-type]


def test_the_kernel_takes_points_that_search_no_farther_than_it_can() -> None:
    sources = Sources(positions_of([shapely.Point(HOME), shapely.Point(HOME), box(0, 0, 10), None]))
    assert sources.is_point.tolist() == [True, True, False]
    limit_m = np.array([FARTHEST_M, FARTHEST_M + 1, 5.0])
    fit, beyond = sources.split(limit_m, np.arange(3))
    assert (fit.tolist(), beyond.tolist()) == ([0], [1, 2])
    fit, beyond = sources.split(limit_m, np.array([1, 2]))
    assert (fit.tolist(), beyond.tolist()) == ([], [1, 2])
    poles = Sources(positions_of([shapely.Point(0, 90), shapely.Point(180, 0), shapely.Point(-180, 0)]))
    assert 0 in poles.split(np.full(3, 5.0), np.arange(3))[1].tolist()


def test_bytes_are_those_of_the_rows_of_a_slice() -> None:
    held = [b"abc", None, b"", b"defg", b"hi"]
    for kind in (pa.binary(), pa.large_binary()):
        for start, count in ((0, 5), (1, 3), (3, 2), (4, 1), (2, 0)):
            rows = bytes_of(pa.array(held, kind).slice(start, count))
            assert rows.size == count
            found = [bytes(rows.data[rows.offsets[row] : rows.offsets[row + 1]]) for row in range(count)]
            expected = held[start : start + count]
            assert [bool(rows.is_null[row]) for row in range(count)] == [one is None for one in expected]
            assert found == [one or b"" for one in expected]
    nothing = bytes_of(pa.array([None, None], pa.binary()))
    assert nothing.is_null[:2].tolist() == [1, 1]
    assert bytes_of(pa.array([], pa.binary())).size == 0


def test_areas_are_official_where_the_layer_says_so() -> None:
    parcels = layer_of([box(0, 0, 100), box(200, 0, 100)], official_area_m2=[20_000.0, None])
    for source in (shapely.Point(HOME), box(0, 0, 10)):
        rows = measure_proximity(positions_of([source]), parcels, radii_m=[150.0, 1000.0]).counts.to_pylist()
        of_all = [row["area_ha"] for row in rows if row["class"] == "all"]
        assert of_all == [2.0, pytest.approx(3.0, rel=1e-3)]


def test_a_tally_keeps_the_first_of_equals_and_knows_classes_that_it_did_not_meet() -> None:
    own = Tally(2, (10.0, 20.0))
    assert own.class_codes(pa.array([], pa.string())).tolist() == []
    assert own.class_codes(pa.array(["乙", "甲", "乙"])).tolist() == [0, 1, 0]
    assert own.class_codes(pa.array(["丙", "甲"])).tolist() == [2, 1]
    columns = {"receptor_id": ["P0", "P1", "P2"], "name": [""] * 3, "class": ["乙", "甲", "乙"], "geometry": [b""] * 3}
    part = pa.record_batch(columns)

    def take(rows: np.ndarray) -> pa.RecordBatch:
        return part.take(pa.array(rows))

    def found(*pairs: tuple[int, int, float]) -> Found:
        source, row, metres = zip(*pairs, strict=True)
        return Found(np.array(source, np.int32), np.array(row, np.int32), np.array(metres), np.array([1.0, 2.0, 4.0]))

    codes = np.array([0, 1, 0])
    own.add(take, 0, codes, found((0, 0, 10.0), (0, 1, 10.1), (0, 2, 10.0), (1, 2, 25.0)))
    assert own.count[0].tolist() == [[2, 0, 0], [2, 1, 0]]
    assert own.count[1].tolist() == [[0, 0, 0], [0, 0, 0]]
    assert own.area_ha[0].tolist() == [[5.0, 0.0, 0.0], [5.0, 2.0, 0.0]]
    assert own.count_max.tolist() == [[2, 1, 0], [1, 0, 0]]
    metres, row = own.nearest()
    assert (metres.tolist(), row.tolist()) == ([10.0, 25.0], [0, 2])
    metres, row = own.nearest([1])
    assert (metres.tolist(), row.tolist()) == ([10.1, math.inf], [1, NOWHERE])
    own.add(take, 3, codes, found((0, 0, 10.0), (1, 1, 24.0)))
    metres, row = own.nearest()
    assert (metres.tolist(), row.tolist()) == ([10.0, 24.0], [0, 4])
    assert own.kept(np.array([0, 4]))["receptor_id"].to_pylist() == ["P0", "P1"]
    own._forget()
    assert own.kept(np.array([0, 4]))["receptor_id"].to_pylist() == ["P0", "P1"]
    assert own.codes_of(ClassKind.LAND) == {}
    assert own.codes_of(ClassKind.SOIL) == {"丙": [2], "乙": [0], "甲": [1]}


def test_what_land_is_used_as_stands_beside_its_class_only_where_any_row_says_so() -> None:
    silent = layer_of(GROUND[:3], classes=["甲", "乙", "甲"]).batches()
    assert class_column(next(iter(silent))).to_pylist() == ["甲", "乙", "甲"]
    told_of = layer_of(GROUND[:3], classes=["甲", "乙", "甲"], lands=["水田", None, "旱地"])
    found = measure_proximity(positions_of([shapely.Point(HOME)]), told_of, radii_m=[9e3]).counts.to_pylist()
    rows = {(row["class_kind"], row["class"]): row["count"] for row in found}
    assert rows == {
        ("all", "all"): 3, ("soil_quality", "甲"): 2, ("soil_quality", "乙"): 1, ("land_use", "水田"): 1,
        ("land_use", "旱地"): 1, ("land_use", "地类不明"): 1,
    }  # fmt: skip
    nearest = measure_proximity(positions_of([shapely.Point(HOME)]), told_of, radii_m=[9e3]).nearest
    assert sorted(nearest["class"].to_pylist()) == sorted(["all", "甲", "乙"])


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_results_come_in_order_and_a_failure_ends_the_work(threads: int) -> None:
    assert list(in_order(lambda one: one * 2, range(40), threads)) == [(one, one * 2) for one in range(40)]
    assert list(in_order(abs, [], threads)) == []

    def fails(one: int) -> int:
        if one == 5:
            raise ValueError(one)
        return one

    with pytest.raises(ValueError, match="5"):
        list(in_order(fails, range(40), threads))
    assert thread_count(3) == 3
    assert thread_count(0) >= 1


def test_pairs_travel_as_they_are() -> None:
    errand = Errand(elsewhere.bytes_of_batch(Sources(here()).batch), RADII_M, "farmland", wants_pairs=True)  # type: ignore[arg-type]
    (fetched,) = run_errand(errand, ground().batches())
    assert batch_of(fetched.pairs).num_rows == int((fetched.found.distance_m <= RADII_M[-1]).sum())
    assert fetched.rows == 62
    search = Search(Sources(here()), np.arange(7), np.full(7, 2000.0), RADII_M, areas=1, exact=True)  # type: ignore[arg-type]
    assert 256 <= search.rows_at_once <= 16_384


CORNER = [box(0, 0, 100), box(50, 0, 100), box(900, 0, 200), box(5000, 0, 100)]


def land(points: Sequence[shapely.Geometry], layer: Layer) -> dict[tuple[str, float, str], tuple[float, float | None]]:
    return land_areas(positions_of(points), layer, [500.0, 1000.0])


def test_land_around_counts_parcels_on_the_radius_whole_and_ground_once() -> None:
    layer = layer_of(CORNER, classes=["甲", "乙", "甲", "甲"])
    edge_m = float(distances_m(np.array([HOME]), [CORNER[2]])[0][0])
    found = land_areas(positions_of([shapely.Point(HOME)]), layer, [round(edge_m, 4), 500.0])
    outer = round(edge_m, 4)
    assert {key: one[0] for key, one in found.items()} == {
        ("S0", 500.0, "all"): pytest.approx(1.5, rel=1e-3), ("S0", 500.0, "甲"): pytest.approx(1.0, rel=1e-3),
        ("S0", 500.0, "乙"): pytest.approx(1.0, rel=1e-3), ("S0", outer, "all"): pytest.approx(5.5, rel=1e-3),
        ("S0", outer, "甲"): pytest.approx(5.0, rel=1e-3), ("S0", outer, "乙"): pytest.approx(1.0, rel=1e-3),
    }  # fmt: skip
    clipped = [found["S0", radius_m, "all"][1] for radius_m in (500.0, outer)]
    assert clipped == [pytest.approx(1.5, rel=1e-3), pytest.approx(1.5, rel=1e-3)]


def test_sources_far_apart_and_side_by_side_are_measured_each_with_its_own() -> None:
    layer = layer_of(CORNER, classes=["甲"] * 4)
    points = [shapely.Point(one) for one in (at(5000, 50), HOME, at(90_000, 0), at(10, 0))]
    found = land([*points[:2], box(0, 0, 10), *points[2:]], layer)
    assert found["S0", 500.0, "all"] == (pytest.approx(1.0, rel=1e-3), pytest.approx(1.0, rel=1e-3))
    assert found["S1", 1000.0, "all"][0] == pytest.approx(5.5, rel=1e-3)
    assert found["S4", 500.0, "all"][0] == pytest.approx(1.5, rel=1e-3)
    assert found["S2", 500.0, "all"] == (pytest.approx(1.5, rel=1e-3), None)  # a shape has no circle
    assert found["S3", 1000.0, "all"] == (0.0, 0.0)
    assert {key[0] for key in found} == {f"S{number}" for number in range(5)}
    assert land([], layer) == {}
    assert land([shapely.Point(HOME)], layer_of([]))["S0", 500.0, "all"] == (0.0, 0.0)


def test_a_circle_is_clipped_up_to_85_degrees_and_175_of_longitude() -> None:
    for home, has_circle in (((0.0, 85.0), True), ((0.0, 85.1), False), ((175.0, 0.0), True), ((-175.1, 0.0), False)):
        parcel = shapely.box(home[0] - 0.001, home[1] - 0.001, home[0] + 0.001, home[1] + 0.001)
        found = land([shapely.Point(home)], layer_of([parcel], classes=["甲"]))
        assert (found["S0", 500.0, "all"][1] is not None) is has_circle, home
        assert found["S0", 500.0, "all"][0] > 0


def test_land_is_found_across_the_antimeridian() -> None:
    parcel = shapely.box(-179.9999, 10.0, -179.999, 10.001)
    found = land([shapely.Point(179.9999, 10.0)], layer_of([parcel], classes=["甲"]))
    assert found["S0", 500.0, "all"][0] > 0


def test_land_is_told_by_use_too_and_what_was_not_met_is_nought() -> None:
    layer = layer_of(CORNER[:2], classes=["甲", "甲"], lands=["水田", None])
    found = land([shapely.Point(HOME)], layer)
    assert sorted(word for _, radius_m, word in found if radius_m == 500.0) == sorted(["all", "甲", "", "水田"])
    blank = {"area_ha": 0.0, "count": 0, "class_kind": ""}
    rows = [
        {"source_id": source, "radius_m": 500.0, "class": word} | blank
        for source, word in (("S0", "all"), ("S0", "甲"), ("S0", "乙"), ("S9", "all"), ("S9", "甲"))
    ]
    made = with_land_areas(pa.Table.from_pylist(rows, COUNTS_SCHEMA), found)
    whole, clipped = made.column(made.num_columns - 2).to_pylist(), made.column(made.num_columns - 1).to_pylist()
    assert whole == [pytest.approx(1.5, rel=1e-3), pytest.approx(1.5, rel=1e-3), 0.0, None, None]
    assert clipped == [pytest.approx(1.5, rel=1e-3), pytest.approx(1.5, rel=1e-3), 0.0, None, None]
    shape = with_land_areas(pa.Table.from_pylist(rows[:3], COUNTS_SCHEMA), land([box(0, 0, 10)], layer))
    assert shape.column(shape.num_columns - 1).to_pylist() == [None, None, None]
    assert shape.column(shape.num_columns - 2).to_pylist()[2] == 0.0
    sources = pa.table({"source_id": ["S0", "S9"]})
    told_of = with_clipped_area(sources, found, 500.0).column(1).to_pylist()
    assert told_of == [pytest.approx(1.5, rel=1e-3), None]
    assert told_of[0] == round(told_of[0], 4)


def test_a_layer_that_knows_where_its_rows_lie_is_read_for_each_tile() -> None:
    layer = layer_of(CORNER, classes=["甲"] * 4, batch_rows=1)
    asked: list[int] = []

    class Opened:
        def __call__(self) -> Iterator[pa.RecordBatch]:
            yield from layer.batches()

        def within(self, boxes: np.ndarray) -> Iterator[pa.RecordBatch]:
            asked.append(len(boxes))
            yield from layer.batches()

    points = [shapely.Point(HOME), shapely.Point(at(90_000, 0))]
    assert land(points, replace(layer, open_batches=Opened())) == land(points, layer)
    assert asked == [1, 1]


def test_mistakes_that_change_no_answer_are_listed_where_they_can_be_planted() -> None:
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tools" / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = tool
    spec.loader.exec_module(tool)
    names = {name for name, _ in tool.SAME_ANSWER}
    lines = {(one.function, one.told()) for one in tool.mutants() if one.function in names}
    for name, part in tool.SAME_ANSWER:
        assert any(name == function and part in told.partition(": `")[2] for function, told in lines), (name, part)
