"""Clauses along drawn rivers: a pencil network, every length by the ellipsoid.

A --- B --- C        hundredths of a degree of latitude, flowing south
      |
D ----+              the tributary, flowing west into B
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import Answer, Features, PlaceFact, Unasked, Unknown
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.vocabulary import Basis, Completeness, LayerKind
from hmgeo.water.agreement import WaterFacts, joint
from hmgeo.water.by_rivers import NO_NETWORK, NetworkFacts, ProjectRivers, rivers_of
from hmgeo.water.rivers import Ahead, Stretch, answers, placed, river_network

TOP, JOIN, END, HEAD = (108.0, 25.02), (108.0, 25.01), (108.0, 25.0), (108.02, 25.01)
RIVERS = [("干流", shapely.LineString([TOP, JOIN, END])), ("支流", shapely.LineString([HEAD, JOIN]))]
AROUND = shapely.box(107, 24, 109, 26)
INF = float("inf")
INTAKES = Features("intakes")


def layer(
    kind: LayerKind,
    rows: list[tuple[str, shapely.Geometry]],
    *,
    gates: Gates | None = None,
    word: str = "",
    basis: Basis = Basis.REAL,
    error_m: float = 0.0,
) -> Layer:
    cells = [
        {"receptor_id": f"{kind.value}-{number}", "name": name, "class": word, "geometry": shapely.to_wkb(shape)}
        for number, (name, shape) in enumerate(rows)
    ]
    table = pa.Table.from_pylist(cells, RECEPTOR_SCHEMA)
    held = Gates(AROUND, completeness=Completeness.COMPLETE) if gates is None else gates
    errors_m = {row["receptor_id"]: error_m for row in cells}
    return Layer(kind.value, kind, basis, Provenance("x.gpkg"), table.to_batches, held, len(rows), errors_m=errors_m)


def chosen(**values: str | float) -> Choices:
    values = {"snap_distance_m": 200.0, "river_direction": "as_drawn"} | values
    return Choices({name: ChosenParameter(name, value) for name, value in values.items() if value != ""})


def rivers(
    intakes: list[shapely.Geometry],
    *,
    drawn: list[tuple[str, shapely.Geometry]] | None = None,
    river_gates: Gates | None = None,
    choices: Choices | None = None,
    **told: Any,  # noqa: ANN401 -- handed on
) -> ProjectRivers:
    lines = layer(LayerKind.RIVERS, RIVERS if drawn is None else drawn, gates=river_gates)
    targets = layer(LayerKind.INTAKES, [(f"口{number}", shape) for number, shape in enumerate(intakes)], **told)
    made = rivers_of([lines, targets], chosen() if choices is None else choices)
    assert made is not None
    return made


def up(at: shapely.Geometry, held: ProjectRivers, limit_m: float = INF, error_m: float = 0.0) -> PlaceFact:
    found = NetworkFacts(at, error_m, held).upstream(INTAKES, limit_m)
    assert isinstance(found, PlaceFact), found.why
    return found


def east_of(at: tuple[float, float], metres: float) -> shapely.Point:
    lon, lat, _ = ELLIPSOID.fwd(*at, 90.0, metres)
    return shapely.Point(lon, lat)


def north_of(lat: float, metres: float) -> float:
    return float(ELLIPSOID.fwd(108.0, lat, 0.0, metres)[1])


def length_m(*places: tuple[float, float]) -> float:
    return float(ELLIPSOID.line_length(*zip(*places, strict=True)))


INTAKE = (108.0, 25.002)
BELOW = shapely.Point(INTAKE)


def test_the_way_along_the_lines_is_the_length_of_the_lines() -> None:
    way_m = length_m((108.0, 25.018), JOIN, INTAKE)
    found = up(shapely.Point(108.0, 25.018), rivers([BELOW]))
    assert (found.answer, found.receptor_id, found.receptor_name) == (Answer.YES, "intakes-0", "口0")
    assert found.measured_m == pytest.approx(way_m, abs=0.01)
    assert found.why == (
        "沿所绘河网下行 1.77 km（按线的绘制方向）。评估对象落到 0 m 外的干流。饮用水取水口落到 0 m 外的干流。"
    )
    branch = up(shapely.Point(108.018, 25.01), rivers([BELOW]))
    assert branch.measured_m == pytest.approx(length_m((108.018, 25.01), JOIN, INTAKE), abs=0.01)


def test_the_limit_is_inclusive_along_the_lines() -> None:
    at, held = shapely.Point(108.0, 25.018), rivers([BELOW])
    way_m = up(at, held).measured_m
    assert way_m is not None
    assert up(at, held, way_m).answer is Answer.YES
    short = up(at, held, way_m - 0.001)
    # The limit ends the search on the drawn river, and both layers are complete: nothing is there.
    assert (short.answer, short.gap, short.why) == (Answer.NO, "", "评估对象落到 0 m 外的干流。")


def test_a_source_below_the_intake_reaches_nothing_and_the_end_of_the_lines_proves_nothing() -> None:
    found = up(shapely.Point(108.0, 25.001), rivers([BELOW]))
    assert (found.answer, found.receptor_id) == (Answer.NO, "")
    assert found.gap == "所绘河网下行 0.1 km 处到头，其外未作判断，结果为下限。"
    assert up(shapely.Point(108.0, 25.001), rivers([BELOW]), 100.0).gap == ""


def test_downstream_is_the_same_question_from_the_other_end() -> None:
    held = rivers([shapely.Point(108.0, 25.018), shapely.Point(108.018, 25.01)])
    below = NetworkFacts(shapely.Point(INTAKE), 0.0, held)
    found = below.downstream(INTAKES, INF)
    assert isinstance(found, PlaceFact)
    assert (found.answer, found.receptor_name) == (Answer.YES, "口0")
    assert found.measured_m == pytest.approx(length_m((108.0, 25.018), INTAKE), abs=0.01)
    assert found.why.startswith("沿所绘河网上溯 1.77 km")
    above = NetworkFacts(shapely.Point(108.0, 25.019), 0.0, held).downstream(INTAKES, INF)
    assert isinstance(above, PlaceFact)
    assert (above.answer, above.gap) == (Answer.NO, "所绘河网上溯 0.1 km 处到头，其外未作判断，结果为下限。")


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (rivers([BELOW], gates=Gates()), "「饮用水取水口」未申明数据范围，结果为下限。"),
        (rivers([BELOW], gates=Gates(AROUND)), "「饮用水取水口」未申明完整，结果为下限。"),
        (rivers([BELOW], river_gates=Gates(AROUND)), "「河流」未申明完整，结果为下限。"),
        (
            rivers([BELOW], gates=Gates(shapely.box(107, 25.0001, 109, 26), completeness=Completeness.COMPLETE)),
            "沿河网超出「饮用水取水口」数据范围，结果为下限。",
        ),
        (rivers([BELOW, shapely.Point(108.05, 25.05)]), "「饮用水取水口」有 1 处未能落到所绘河流上，结果为下限。"),
    ],
)
def test_what_is_not_known_along_the_way_makes_a_lower_bound(held: ProjectRivers, words: str) -> None:
    found = up(shapely.Point(108.0, 25.0015), held, 100.0)
    assert (found.answer, found.gap) == (Answer.NO, words)


def test_nobody_tells_where_no_river_is_near() -> None:
    found = NetworkFacts(east_of((108.0, 25.015), 250.0), 0.0, rivers([BELOW])).upstream(INTAKES, INF)
    assert found == Unknown("评估对象200 m 内没有所绘河流，沿河网未作判断。")
    # Within the error of its position it may lie on one: the hit is possible, and told as such.
    unsure = up(east_of((108.0, 25.015), 250.0), rivers([BELOW]), INF, 60.0)
    assert (unsure.answer, unsure.others) == (Answer.NO, frozenset({Answer.YES}))
    assert unsure.gap.startswith("评估对象200 m 内没有所绘河流。")


PAIR = [
    ("东河", shapely.LineString([(108.002, 25.02), (108.002, 25.0)])),
    ("西河", shapely.LineString([(108.0, 25.02), (108.0, 25.0)])),
]
BETWEEN = shapely.Point(108.00101, 25.015)


def test_between_two_rivers_only_what_both_say_stands() -> None:
    one = NetworkFacts(BETWEEN, 0.0, rivers([BELOW], drawn=PAIR)).upstream(INTAKES, INF)
    doubt = "评估对象无法判断所在河流：东河（100 m）与 西河（102 m） 相近。"
    assert one == Unknown(f"{doubt}各河结论不一，沿河网未作判断。")
    both = up(BETWEEN, rivers([BELOW, shapely.Point(108.002, 25.003)], drawn=PAIR))
    assert (both.answer, both.receptor_name) == (Answer.YES, "口1")
    assert "各河结论相同。" in both.why


def test_where_all_rivers_clear_their_agreement_is_told() -> None:
    found = up(BETWEEN, rivers([shapely.Point(108.0, 25.018)], drawn=PAIR), 500.0)
    doubt = "评估对象无法判断所在河流：东河（100 m）与 西河（102 m） 相近。"
    assert (found.answer, found.gap, found.why) == (Answer.NO, "", f"{doubt}各河结论相同。")


@pytest.mark.parametrize(("error_m", "others"), [(199.0, frozenset()), (201.0, frozenset({Answer.NO}))])
def test_a_pond_may_lie_off_the_river_it_touches(error_m: float, others: frozenset[Answer]) -> None:
    """Moved by less than the tolerance of 200 m it stays within it; by more it may not."""
    pond = shapely.box(107.9999, 25.014, 108.0001, 25.016)
    found = up(pond, rivers([BELOW]), INF, error_m)
    assert (found.answer, found.others) == (Answer.YES, others)
    assert found.gap.startswith("位置误差范围内可能落不到所绘河流上，未作判断。" if others else "")


def test_an_intake_between_two_rivers_is_not_counted_on_either() -> None:
    found = up(shapely.Point(108.0, 25.018), rivers([shapely.Point(108.00101, 25.003)], drawn=PAIR), 1000.0)
    assert found.gap == "「饮用水取水口」有 1 处未能落到所绘河流上，结果为下限。"


def test_a_second_river_farther_off_is_named() -> None:
    drawn = [PAIR[1], ("远河", shapely.LineString([(108.0017, 25.02), (108.0017, 25.0)]))]
    found = up(shapely.Point(108.0002, 25.018), rivers([BELOW], drawn=drawn))
    assert "评估对象落到 20 m 外的西河，容差内另有较远的 远河（151 m）。" in found.why


def test_a_pond_meets_the_river_where_it_touches_it_and_an_area_of_land_only_there() -> None:
    pond = shapely.box(107.999, 25.014, 108.001, 25.016)
    found = up(pond, rivers([BELOW]))
    assert found.measured_m == pytest.approx(length_m((108.0, 25.014), INTAKE), abs=0.01)
    assert "评估对象与干流相接。" in found.why
    zone = shapely.box(107.999, 25.002, 108.001, 25.004)
    reached = up(shapely.Point(108.0, 25.018), rivers([zone]))
    assert reached.measured_m == pytest.approx(length_m((108.0, 25.018), (108.0, 25.004)), abs=0.01)
    beside = shapely.box(108.0001, 25.002, 108.001, 25.004)
    missed = up(shapely.Point(108.0, 25.018), rivers([beside]), 1500.0)
    assert (missed.answer, missed.gap) == (Answer.NO, "「饮用水取水口」有 1 处未能落到所绘河流上，结果为下限。")
    # Asked for its water, the same area lies at the nearest river.
    from_it = NetworkFacts(BELOW, 0.0, rivers([beside])).downstream(INTAKES, INF)
    assert isinstance(from_it, PlaceFact)
    assert from_it.answer is Answer.YES


def test_groundwater_is_not_reached_by_rivers() -> None:
    found = up(shapely.Point(108.0, 25.018), rivers([BELOW], word="地下水"), 100.0)
    assert (found.answer, found.gap) == (Answer.NO, "「饮用水取水口」有 1 处未能落到所绘河流上，结果为下限。")


def test_an_uncertain_position_beside_the_intake_may_be_above_or_below_it() -> None:
    held = rivers([BELOW])
    at = shapely.Point(108.0, north_of(25.002, 40.0))
    assert up(at, held, 300.0, 39.5).others == frozenset()
    unsure = up(at, held, 200.0, 40.5)
    assert (unsure.answer, unsure.others) == (Answer.YES, frozenset({Answer.NO}))
    below = shapely.Point(108.0, north_of(25.002, -40.0))
    assert up(below, held, 100.0, 39.5).others == frozenset()
    assert up(below, held, 100.0, 40.5).others == frozenset({Answer.YES})


def test_an_intake_of_uncertain_position_may_be_above_or_below_the_source() -> None:
    above, below = (shapely.Point(108.0, north_of(25.002, metres)) for metres in (40.0, -40.0))
    assert up(above, rivers([BELOW], error_m=39.5), 300.0).others == frozenset()
    unsure = up(above, rivers([BELOW], error_m=40.5), 200.0)
    assert (unsure.answer, unsure.others) == (Answer.YES, frozenset({Answer.NO}))
    assert unsure.gap.startswith("所问对象自身的定位误差范围内，结论可能不同。")
    assert up(below, rivers([BELOW], error_m=39.5), 100.0).others == frozenset()
    assert up(below, rivers([BELOW], error_m=40.5), 100.0).others == frozenset({Answer.YES})
    # By the limit: 40 m on, at most 59.5 or 60.5 m.
    assert up(above, rivers([BELOW], error_m=19.5), 60.0).others == frozenset()
    assert up(above, rivers([BELOW], error_m=20.5), 60.0).others == frozenset({Answer.NO})
    # Another intake that is exact settles it.
    far = shapely.Point(108.0, north_of(25.002, -30.0))
    exact = layer(LayerKind.INTAKES, [("甲", BELOW), ("乙", far)])
    exact = replace(exact, errors_m={"intakes-0": 150.0})
    held = rivers_of([layer(LayerKind.RIVERS, RIVERS), exact], chosen())
    assert held is not None
    assert up(above, held, 80.0).others == frozenset()


def test_an_uncertain_zone_is_met_for_sure_only_by_what_it_holds_wherever_it_lies() -> None:
    zone = shapely.box(107.999, 25.004, 108.001, 25.006)
    for error_m, others in ((90.0, frozenset()), (120.0, frozenset({Answer.NO}))):
        # Some 100.9 m to either side of the river.
        found = up(shapely.Point(108.0, 25.008), rivers([zone], error_m=error_m), 2000.0)
        assert (found.answer, found.others) == (Answer.YES, others)
    beside = shapely.box(108.0005, 25.004, 108.002, 25.006)
    for error_m, others in ((45.0, frozenset()), (60.0, frozenset({Answer.YES}))):
        # Some 50 m beside the river.
        found = up(shapely.Point(108.0, 25.008), rivers([beside], error_m=error_m), 2000.0)
        assert (found.answer, found.others) == (Answer.NO, others)


def test_an_uncertain_position_near_a_confluence_is_asked_on_both_rivers() -> None:
    # The intake lies on the stem above the tributary's mouth: only from the stem is it reached.
    held = rivers([shapely.Point(108.0, north_of(25.01, 30.0))])
    at = shapely.Point(east_of(JOIN, 30.0).x, north_of(25.01, 70.0))
    assert (up(at, held, 100.0).answer, up(at, held, 100.0).others) == (Answer.YES, frozenset())
    assert up(at, held, 100.0, 20.0).others == frozenset({Answer.NO})


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        (chosen(river_direction=""), "条文未规定「所绘河流的方向」"),
        (chosen(river_direction="not_known"), "所绘河流的方向未经核实，沿河网未作判断。"),
        (chosen(snap_distance_m=""), "条文未规定「点位落到水流上的最大距离」"),
    ],
)
def test_nothing_is_assumed_of_the_lines(choices: Choices, words: str) -> None:
    found = NetworkFacts(BELOW, 0.0, rivers([BELOW], choices=choices)).upstream(INTAKES, INF)
    assert isinstance(found, Unknown)
    assert found.why.startswith(words)


def test_what_cannot_be_asked_is_told() -> None:
    assert NetworkFacts(BELOW, 0.0, None).upstream(INTAKES, INF) == Unknown(NO_NETWORK)
    assert NetworkFacts(BELOW, 0.0, rivers([BELOW], drawn=[("点", BELOW)])).upstream(INTAKES, INF) == Unknown(
        NO_NETWORK
    )
    other = NetworkFacts(BELOW, 0.0, rivers([BELOW])).upstream(Features("farmland"), INF)
    assert isinstance(other, Unknown)
    assert other.why.startswith("未提供「耕地」")
    having = NetworkFacts(BELOW, 0.0, rivers([BELOW])).upstream(Features("intakes", having=("in_use",)), INF)
    assert having == Unknown("沿河网未能按属性筛选「饮用水取水口」，本条未作判断。")


def test_a_ring_of_reaches_ends_the_walk() -> None:
    ring = [
        ("甲", shapely.LineString([(108.0, 25.0), (108.01, 25.0)])),
        ("乙", shapely.LineString([(108.01, 25.0), (108.01, 25.01)])),
        ("丙", shapely.LineString([(108.01, 25.01), (108.0, 25.0)])),
    ]
    held = rivers([shapely.Point(108.002, 25.0)], drawn=ring)
    found = up(shapely.Point(108.004, 25.0), held)
    around = length_m((108.004, 25.0), (108.01, 25.0), (108.01, 25.01), (108.0, 25.0), (108.002, 25.0))
    assert found.measured_m == pytest.approx(around, abs=0.01)


def test_approximate_lines_are_told() -> None:
    lines = layer(LayerKind.RIVERS, RIVERS, basis=Basis.APPROXIMATE)
    made = rivers_of([lines, layer(LayerKind.INTAKES, [("口", BELOW)])], chosen())
    assert made is not None
    assert up(shapely.Point(108.0, 25.018), made).is_approximate


OFF_JOIN = {
    "between two vertices": ((108.0, 25.01), [TOP, END]),
    "short of the vertex": ((east_of(JOIN, 0.5).x, 25.01), [TOP, JOIN, END]),
    "across a rounding border": ((108.000000502, 25.01), [TOP, (108.000000498, 25.01), END]),
}
"""Where a tributary ends, and the stem that it should have joined; the last two lie 4e-9 degrees apart."""


def off_join(case: str, intakes: list[shapely.Geometry]) -> ProjectRivers:
    end, stem = OFF_JOIN[case]
    return rivers(intakes, drawn=[("干流", shapely.LineString(stem)), ("支流", shapely.LineString([HEAD, end]))])


LOOSE = "所绘河网有 1 处端点未与相邻河段相接，结果为下限。"


@pytest.mark.parametrize("case", OFF_JOIN)
def test_a_tributary_that_only_nearly_joins_clears_nothing(case: str) -> None:
    """The source on the tributary, 200 m from its mouth, does feed the intake 221 m below that."""
    held = off_join(case, [east_of(JOIN, 200.0)])
    at = shapely.Point(108.0, 25.008)
    against = NetworkFacts(at, 0.0, held).downstream(INTAKES, 1000.0)
    assert isinstance(against, PlaceFact)
    assert (against.answer, against.gap) == (Answer.NO, LOOSE)
    with_water = up(east_of(JOIN, 200.0), off_join(case, [at]), 1000.0)
    assert (with_water.answer, with_water.gap) == (
        Answer.NO, f"所绘河网下行 0.2 km 处到头，其外未作判断，结果为下限。{LOOSE}"
    )  # fmt: skip


@pytest.mark.parametrize("case", OFF_JOIN)
def test_an_end_that_is_not_passed_or_leads_no_water_there_takes_nothing_away(case: str) -> None:
    held = off_join(case, [shapely.Point(108.0, 25.018)])
    # Up from 100 m below the mouth, but 90 m only; and down past the mouth: no water leaves the stem there.
    below = NetworkFacts(shapely.Point(108.0, north_of(25.01, -100.0)), 0.0, held).downstream(INTAKES, 90.0)
    assert isinstance(below, PlaceFact)
    assert (below.answer, below.gap) == (Answer.NO, "")
    assert up(shapely.Point(108.0, 25.012), off_join(case, [shapely.Point(108.0, 25.018)]), 1000.0).gap == ""


def test_a_channel_that_only_nearly_leaves_the_river_clears_nothing_below() -> None:
    """Mirrored: what starts beside the stem may be fed by it, so that going down past its head is a lower bound."""
    away = ("支渠", shapely.LineString([(east_of(JOIN, 0.5).x, 25.01), (108.02, 25.005)]))
    held = rivers([shapely.Point(108.018, 25.0055)], drawn=[("干流", shapely.LineString([TOP, END])), away])
    assert up(shapely.Point(108.0, 25.012), held, 1000.0).gap == LOOSE
    assert up(shapely.Point(108.0, 25.008), held, 700.0).gap == ""


def test_ends_that_the_lines_lead_to_are_not_loose() -> None:
    """A head 111 m above the mouth of a tributary: every reach around is within the tolerance, and joined."""
    short = [
        ("干流", shapely.LineString([(108.0, 25.011), JOIN, END])),
        ("支流", shapely.LineString([HEAD, JOIN])),
    ]
    held = rivers([BELOW], drawn=short)
    found = NetworkFacts(shapely.Point(108.0, 25.008), 0.0, held).downstream(INTAKES, 300.0)
    assert isinstance(found, PlaceFact)
    assert found.gap == ""


SAME_NAME = [("小河", line) for _, line in PAIR]


def test_rivers_of_one_name_that_nothing_joins_are_both_asked() -> None:
    one = NetworkFacts(BETWEEN, 0.0, rivers([BELOW], drawn=SAME_NAME)).upstream(INTAKES, INF)
    doubt = "评估对象无法判断所在河流：小河（100 m）与 小河（102 m） 相近。"
    assert one == Unknown(f"{doubt}各河结论不一，沿河网未作判断。")


def test_reaches_of_one_name_that_are_joined_are_one_river() -> None:
    """A bend: the two arms are one river through the reach between them."""
    arms = [(108.002, 25.02), (108.002, 25.0)], [(108.002, 25.0), (108.0, 25.0)], [(108.0, 25.0), (108.0, 25.02)]
    held = rivers([shapely.Point(108.0, 25.003)], drawn=[("小河", shapely.LineString(arm)) for arm in arms])
    found = up(BETWEEN, held)
    assert found.measured_m == pytest.approx(length_m((108.002, 25.015), *arms[1], (108.0, 25.003)), abs=0.5)


POND = shapely.box(108.1, 25.0, 108.11, 25.01)


@pytest.mark.parametrize("odd", [POND, shapely.Point(108.1, 25.0), shapely.LineString()])
def test_what_cannot_be_a_reach_is_told(odd: shapely.Geometry) -> None:
    found = up(shapely.Point(108.0, 25.0015), rivers([BELOW], drawn=[*RIVERS, ("湖", odd)]), 100.0)
    assert (found.answer, found.gap) == (Answer.NO, "「河流」有 1 处不能作为河段，结果为下限。")


def test_a_river_without_shape_is_told() -> None:
    cells = [
        {"receptor_id": name, "name": name, "class": "", "geometry": None if line is None else shapely.to_wkb(line)}
        for name, line in [*RIVERS, ("无形", None)]
    ]
    table = pa.Table.from_pylist(cells, RECEPTOR_SCHEMA)
    whole = Gates(AROUND, completeness=Completeness.COMPLETE)
    lines = Layer("rivers", LayerKind.RIVERS, Basis.REAL, Provenance("x.gpkg"), table.to_batches, whole, 3)
    made = rivers_of([lines, layer(LayerKind.INTAKES, [("口", BELOW)])], chosen())
    assert made is not None
    assert up(shapely.Point(108.0, 25.0015), made, 100.0).gap == "「河流」有 1 处不能作为河段，结果为下限。"


YES = PlaceFact(Answer.YES, why="甲。", receptor_id="1", receptor_name="一", measured_m=5.0)
NO = PlaceFact(Answer.NO)
OPEN = PlaceFact(Answer.NO, gap="到头。")
SURE_NO, MAY_BE_NO = frozenset[Answer](), frozenset({Answer.NO})


@pytest.mark.parametrize(
    ("heights", "lines", "answer", "others", "gap", "why"),
    [
        (YES, replace(YES, why="乙。"), Answer.YES, SURE_NO, "", "高程与所绘河网结论一致。甲。乙。"),
        (
            YES, replace(YES, why="乙。", receptor_id="2", receptor_name="二"), Answer.YES, SURE_NO, "",
            "高程与所绘河网结论一致。两法先遇到的对象不同：一、二。甲。乙。",
        ),
        (YES, NO, Answer.YES, MAY_BE_NO, "高程与所绘河网结论不一，无法判断（按高程遇到，按河网未遇到）。", "甲。"),
        (NO, YES, Answer.YES, MAY_BE_NO, "高程与所绘河网结论不一，无法判断（按高程未遇到，按河网遇到）。", "甲。"),
        (YES, OPEN, Answer.YES, MAY_BE_NO, "到头。", "甲。"),
        (YES, Unknown("落不到。"), Answer.YES, MAY_BE_NO, "落不到。", "甲。"),
        (NO, NO, Answer.NO, SURE_NO, "", "高程与所绘河网结论一致。"),
        (NO, OPEN, Answer.NO, SURE_NO, "到头。", ""),
        (NO, Unknown("落不到。"), Answer.NO, SURE_NO, "落不到。", ""),
    ],
)  # fmt: skip
def test_heights_and_rivers_judged_side_by_side(
    heights: PlaceFact | Unknown,
    lines: PlaceFact | Unknown,
    answer: Answer,
    others: frozenset[Answer],
    gap: str,
    why: str,
) -> None:
    found = joint(heights, lines)
    assert isinstance(found, PlaceFact)
    assert (found.answer, found.others, found.gap, found.why) == (answer, others, gap, why)


class Heights(Unasked):
    """Whoever follows water over the ground, with one answer to all questions."""

    def __init__(self, answer: PlaceFact | Unknown) -> None:
        super().__init__()
        self._answer = answer

    def upstream(self, _features: Features, _limit_m: float, _mode: str, /) -> PlaceFact | Unknown:
        return self._answer


FLAT = Unknown("未提供「高程」。")


@pytest.mark.parametrize(
    ("mode", "by_heights", "choices", "answer", "words"),
    [
        ("catchment", YES, chosen(), Answer.YES, "甲。"),
        ("", YES, chosen(), Answer.YES, "甲。"),
        ("network", YES, chosen(), Answer.YES, "沿所绘河网下行 1.77 km"),
        ("both", YES, chosen(), Answer.YES, "两法先遇到的对象不同：一、口0。甲。沿所绘河网下行 1.77 km"),
        # Without heights the rivers answer where no mode is asked for, if the project trusts them.
        ("", FLAT, chosen(), Answer.YES, "沿所绘河网下行 1.77 km"),
        # Either heights or the missing choice would do: both are asked for.
        ("", FLAT, chosen(river_direction=""), None, "未提供「高程」。条文未规定「所绘河流的方向」"),
        ("", FLAT, chosen(snap_distance_m=""), None, "未提供「高程」。条文未规定「点位落到水流上的最大距离」"),
        ("", FLAT, chosen(river_direction="not_known"), None, "未提供「高程」。所绘河流的方向未经核实"),
        ("both", FLAT, chosen(), Answer.YES, "沿所绘河网下行 1.77 km"),
        ("both", YES, chosen(river_direction=""), Answer.YES, "甲。"),
        ("both", NO, chosen(river_direction="not_known"), Answer.NO, "所绘河流的方向未经核实，沿河网未作判断。"),
        ("both", FLAT, chosen(river_direction="not_known"), None, "未提供「高程」。所绘河流的方向未经核实"),
        ("network", YES, chosen(river_direction="not_known"), None, "所绘河流的方向未经核实"),
    ],
)
def test_the_mode_says_who_answers(
    mode: str, by_heights: PlaceFact | Unknown, choices: Choices, answer: Answer | None, words: str
) -> None:
    lines = NetworkFacts(shapely.Point(108.0, 25.018), 0.0, rivers([BELOW], choices=choices))
    water = WaterFacts(Heights(by_heights), lines, has_heights=by_heights is not FLAT)
    found = water.upstream(INTAKES, INF, mode)
    said = found.why if isinstance(found, Unknown) else found.why + found.gap
    assert (None if isinstance(found, Unknown) else found.answer) is answer
    assert words in said
    assert isinstance(found, Unknown) or found.others == frozenset()


def test_where_neither_can_tell_both_reasons_are_given() -> None:
    assert joint(Unknown("甲。"), Unknown("乙。")) == Unknown("甲。乙。")


REACHES = st.lists(st.integers(1, 40), min_size=1, max_size=6)
PLACES = st.floats(0.0, 1.0, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(REACHES, PLACES, PLACES)
def test_on_a_straight_river_the_answer_is_the_order_along_it(steps: list[int], one: float, other: float) -> None:
    """Cut into any number of reaches, what lies lower is reached, over the very length between."""
    lats = 25.0 - np.concatenate([[0.0], np.cumsum(steps)]) / 1000
    drawn = [("江", shapely.LineString([(108.0, above), (108.0, below)])) for above, below in pairwise(lats)]
    here, there = (25.0 + share * (lats[-1] - 25.0) for share in (one, other))
    found = up(shapely.Point(108.0, here), rivers([shapely.Point(108.0, there)], drawn=drawn))
    way_m = length_m((108.0, here), (108.0, there))
    if way_m > 0.01:
        assert found.answer is (Answer.YES if there < here else Answer.NO)
    if found.answer is Answer.YES:
        assert found.measured_m == pytest.approx(way_m, abs=0.01)


@settings(max_examples=40, deadline=None)
@given(PLACES, PLACES, st.floats(1000.0, 20_000.0), st.floats(0.0, 60.0))
def test_a_river_that_joins_nothing_changes_nothing(one: float, other: float, limit_m: float, error_m: float) -> None:
    far = ("远江", shapely.LineString([(108.1, 25.2), (108.1, 24.9)]))
    here, there = (shapely.Point(108.0, 25.0 + 0.02 * share) for share in (one, other))
    plain = NetworkFacts(here, error_m, rivers([there])).upstream(INTAKES, limit_m)
    more = NetworkFacts(here, error_m, rivers([there], drawn=[*RIVERS, far])).upstream(INTAKES, limit_m)
    assert plain == more


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=5),
    st.integers(0, 50), st.integers(0, 30), st.integers(0, 20),
)  # fmt: skip
def test_every_place_of_a_stretch_is_asked(spans: list[tuple[int, int]], first: int, long: int, limit: int) -> None:
    """Against asking a fine row of places one by one; features begin and end at whole numbers, so halves suffice."""
    ahead = [Ahead(row, float(start), float(start + size)) for row, (start, size) in enumerate(spans)]
    asked = np.arange(2 * first, 2 * (first + long) + 1) / 2
    singly = {any(one.from_m - limit <= at <= one.to_m for one in ahead) for at in asked}
    assert answers(ahead, Stretch(0, float(first), float(first + long)), float(limit)) == singly


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-30, 30), st.integers(5, 40)), min_size=2, max_size=6),
    st.integers(-200, 200), st.integers(1, 150), st.floats(0, 1), st.floats(0, 2 * np.pi),
)  # fmt: skip
def test_wherever_the_true_position_is_it_is_among_the_places_asked(
    bends: list[tuple[int, int]], aside_m: int, error_m: int, share: float, towards: float
) -> None:
    steps = np.array([(0, 0), *bends], float) * [2e-4, -2e-4]
    xy = np.array([108.0, 25.0]) + np.cumsum(steps, axis=0)
    network = river_network(["江"], [shapely.LineString(xy)])
    assert network is not None
    middle = xy[len(xy) // 2]
    at = east_of((middle[0], middle[1]), float(aside_m))
    lon, lat, _ = ELLIPSOID.fwd(at.x, at.y, np.degrees(towards), share * error_m)
    asked = placed(network, at, 500.0, float(error_m)).around
    true = network.spot(shapely.Point(lon, lat), 500.0)
    assert any(one.from_m - 0.2 <= true.along_m <= one.to_m + 0.2 for one in asked if one.reach == true.reach)
