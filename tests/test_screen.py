"""Screening in pencil: one source, a parcel or two at known metres, and what the rule of 10 km may say of them."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from kind_facts import rule_of, value_of
from msgspec import structs
from oracle import GEOD
from strategies import layer_of, positions_of

from hmgeo.judging.bench import Question
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.judge import USER_RADIUS_ID
from hmgeo.judging.places import Areas
from hmgeo.records import Gates, Layer, Positions
from hmgeo.rules.book import load_book
from hmgeo.rules.model import AppliesTo, Test
from hmgeo.screening.screen import Screened, screen
from hmgeo.vocabulary import COUNTED_RADII_M, Action, Basis, Completeness, Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.rules.model import Rule

RULE_ID = "SCR-JY-10KM"
RULE = load_book([]).get(RULE_ID)
LIMIT_M = 10_000.0
HERE = (113.05, 23.62)
WIDE = shapely.box(112.5, 23.0, 113.6, 24.2)  # more than 45 km on every side
PARAMETERS = {
    "cadmium_trades": ChosenParameter("cadmium_trades", ("3212", "3360"), "", 2017),
    "farmland_extent": ChosenParameter("farmland_extent", "all"),
    "terrain": ChosenParameter("terrain", "not_considered"),
}
Row = dict[str, Any]


def parcel(metres: float, azimuth: float = 0.0) -> shapely.Polygon:
    """Return a wedge whose tip, its nearest point, lies so many metres away."""
    tip = GEOD.fwd(*HERE, azimuth, metres)[:2]
    return shapely.Polygon([tip, GEOD.fwd(*tip, azimuth + 20, 60)[:2], GEOD.fwd(*tip, azimuth - 20, 60)[:2]])


def reaching(metres: float) -> shapely.Polygon:
    """Return a coverage whose eastern border lies so many metres east of the source."""
    return shapely.box(112.5, 23.0, GEOD.fwd(*HERE, 90, metres)[0], 24.2)


def farmland(
    *parcels: shapely.Polygon,
    coverage: shapely.Polygon | None = WIDE,
    completeness: Completeness = Completeness.COMPLETE,
    classes: Sequence[str] | None = None,
    basis: Basis = Basis.SYNTHETIC,
) -> Layer:
    layer = layer_of(parcels, classes=classes or ["安全利用类"] * len(parcels))
    return structs.replace(layer, gates=Gates(coverage, "范围", completeness), basis=basis)


def sources(*rows: Mapping[str, object], uncertainty_m: float = 0.0) -> Positions:
    """Return sources at HERE, of trade 3212 (2017), but for what the rows say."""
    given = [{"trade_code": "3212", "trade_edition": "2017", **row} for row in rows or ({},)]
    shapes = [row.pop("shape", shapely.Point(HERE)) for row in given]
    plain = positions_of(shapes, uncertainty_m=[uncertainty_m] * len(given))
    filled = [{**old, **new} for old, new in zip(plain.table.to_pylist(), given, strict=True)]
    return structs.replace(plain, table=pa.Table.from_pylist(filled, plain.table.schema))


def ask(**changes: object) -> Question:
    """Return the question of the demo projects, with changes."""
    usual: dict[str, Any] = {
        "as_of": date(2019, 6, 30),
        "radius_m": LIMIT_M,
        "rules": (RULE,),
        "adopted": frozenset({RULE_ID}),
        "choices": Choices(PARAMETERS),
        "screening_rule_id": RULE_ID,
    }
    return Question(**(usual | changes))


def answer(screened: Screened) -> tuple[Row, Row]:
    """Return the only source and the only finding."""
    (source,), (finding,) = screened.sources.to_pylist(), screened.findings.to_pylist()
    assert source["verdict"] == finding["verdict"]
    assert source["certainty"] == finding["certainty"]
    return source, finding


def judged(layer: Layer | None, *, uncertainty_m: float = 0.0, **changes: object) -> tuple[Row, Row]:
    return answer(screen(sources(uncertainty_m=uncertainty_m), layer, ask(**changes)))


# ---- order of rows ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["reversed", "drawn"])
def test_rows_in_another_order_give_the_same_findings_and_areas_to_the_last_digit(order: str) -> None:
    """Three parcels of 0.3 ha and one of 5 m2: in binary their sum is 0.9005 or a little less, as they come."""
    assert f"{0.3 + 0.3 + 0.3 + 0.0005:.3f}" != f"{0.0005 + 0.3 + 0.3 + 0.3:.3f}", "else there is nothing to see"
    shapes = [parcel(500.0 + 7.0 * n, 25.0 * n) for n in range(8)]
    words = ["安全利用类"] * 4 + ["严格管控类"] * 4
    land = layer_of(shapes, classes=words, official_area_m2=[3_000.0, 3_000.0, 3_000.0, 5.0] * 2)
    land = structs.replace(land, gates=Gates(WIDE, "范围", Completeness.COMPLETE))
    first = sources(*({"shape": shapely.Point(HERE[0] + n / 900, HERE[1]), "source_id": f"S{n}"} for n in range(5)))
    draw = np.random.default_rng(3)
    orders = [np.arange(n)[::-1] if order == "reversed" else draw.permutation(n) for n in (8, 5)]
    parcels, rows = land.read().take(orders[0]), first.table.take(orders[1])
    before = screen(first, land, ask())
    again = screen(
        structs.replace(first, table=rows),
        structs.replace(land, open_batches=lambda: parcels.to_batches(max_chunksize=3)),
        ask(),
    )
    assert max(before.counts["area_ha"].to_pylist()) == pytest.approx(1.801)
    for name in ("findings", "counts", "sources"):
        told, told_again = (rounded(getattr(one, name)) for one in (before, again))
        assert told == told_again, name


def rounded(table: pa.Table) -> list[str]:
    """Return the rows as they would be written, in order of their own text."""
    return sorted(
        str({key: f"{cell:.3f}" if isinstance(cell, float) else cell for key, cell in row.items()})
        for row in table.to_pylist()
    )


# ---- coverage -----------------------------------------------------------------------------------------------------


def test_nothing_near_inside_full_coverage_is_clear() -> None:
    source, finding = judged(farmland(parcel(15_000)))
    assert (source["verdict"], source["certainty"], source["counts_are_lower_bounds"]) == ("clear", "certain", False)
    assert (source["farmland_count"], source["farmland_count_max"], source["farmland_area_ha"]) == (0, 0, 0.0)
    assert "下限" not in source["note"] + finding["note"]


def test_the_nearest_parcel_is_told_however_far() -> None:
    source, finding = judged(farmland(parcel(15_000, 90.0), parcel(22_000)))
    assert (source["nearest_farmland_id"], source["nearest_farmland_m"]) == ("P0", 15_000.0)
    assert source["nearest_farmland_bearing_deg"] == pytest.approx(90.0, abs=0.001)
    assert (finding["receptor_id"], finding["measured"], finding["margin"]) == ("P0", 15_000.0, 5_000.0)


def test_a_circle_that_leaves_coverage_clears_nothing() -> None:
    source, finding = judged(farmland(parcel(15_000), coverage=reaching(4_000)))
    words = "该点距数据边界 4000 米，小于查询半径 10000 米，结果为下限。"
    assert (source["verdict"], source["certainty"], source["counts_are_lower_bounds"]) == ("not_assessed", "", True)
    assert words in source["note"]
    assert words in finding["note"]
    assert (source["farmland_count"], finding["verdict_other"]) == (0, "")


def test_a_hit_stands_where_the_circle_leaves_coverage() -> None:
    source, finding = judged(farmland(parcel(3_000, 270.0), coverage=reaching(4_000)))
    assert (source["verdict"], source["certainty"], source["counts_are_lower_bounds"]) == ("listed", "certain", True)
    assert "结果为下限。" in source["note"]
    assert "结果为下限。" in finding["note"]
    assert source["farmland_count"] == 1


@pytest.mark.parametrize(("reach_m", "verdict"), [(10_000.5, "clear"), (9_999.5, "not_assessed")])
def test_coverage_must_hold_the_whole_circle(reach_m: float, verdict: str) -> None:
    source, _ = judged(farmland(parcel(15_000), coverage=reaching(reach_m)))
    assert source["verdict"] == verdict


@pytest.mark.parametrize(("uncertainty_m", "verdict"), [(20.0, "clear"), (40.0, "not_assessed")])
def test_coverage_must_hold_the_circle_around_every_possible_position(uncertainty_m: float, verdict: str) -> None:
    source, _ = judged(farmland(parcel(15_000), coverage=reaching(10_030.0)), uncertainty_m=uncertainty_m)
    assert source["verdict"] == verdict


def test_a_source_outside_coverage() -> None:
    source, _ = judged(farmland(parcel(15_000), coverage=reaching(-500)))
    assert source["verdict"] == "not_assessed"
    assert "超出「耕地」数据范围，结果为下限。" in source["note"]


def test_a_hole_in_coverage_counts_as_its_border() -> None:
    hole = shapely.Polygon(WIDE.exterior, [shapely.Point(113.05, 23.68).buffer(0.01).exterior])
    source, _ = judged(farmland(parcel(15_000), coverage=hole))
    assert source["verdict"] == "not_assessed"


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (farmland(parcel(15_000), coverage=None), "「耕地」未申明数据范围，结果为下限。"),
        (farmland(parcel(15_000), completeness=Completeness.UNKNOWN), "「耕地」未申明完整，结果为下限。"),
        (farmland(parcel(15_000), completeness=Completeness.PARTIAL), "「耕地」未申明完整，结果为下限。"),
        (None, "未提供「耕地」"),
    ],
)
def test_what_nobody_declared_clears_nothing(layer: Layer | None, words: str) -> None:
    source, finding = judged(layer)
    assert (source["verdict"], source["certainty"]) == ("not_assessed", "")
    assert words in source["note"]
    assert words in finding["note"]


def test_without_farmland_nothing_is_measured() -> None:
    screened = screen(sources(), None, ask())
    source, finding = answer(screened)
    measured = ("nearest_farmland_m", "nearest_farmland_max_m", "farmland_count", "farmland_area_ha")
    assert [source[name] for name in measured] == [None] * 4
    assert (finding["measured"], finding["receptor_id"], screened.counts.num_rows) == (None, "", 0)
    assert "自然资源" in finding["note"]


@pytest.mark.parametrize("gap", [{"coverage": None}, {"completeness": Completeness.UNKNOWN}])
def test_a_hit_needs_no_declaration(gap: dict[str, Any]) -> None:
    source, _ = judged(farmland(parcel(3_000), **gap))
    assert (source["verdict"], source["certainty"], source["counts_are_lower_bounds"]) == ("listed", "certain", True)


# ---- the limit and the position's uncertainty ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metres", "verdict", "measured_m"),
    [
        (9_999.5, "listed", 9_999.5),
        (10_000.0, "listed", 10_000.0),
        (10_000.00004, "listed", 10_000.0),
        (10_000.0002, "clear", 10_000.0002),
        (10_000.5, "clear", 10_000.5),
    ],
)
def test_the_limit_is_inclusive_and_held_against_what_is_printed(
    metres: float, verdict: str, measured_m: float
) -> None:
    source, finding = judged(farmland(parcel(metres)))
    assert (source["verdict"], source["farmland_count"]) == (verdict, int(verdict == "listed"))
    assert finding["measured"] == measured_m
    assert finding["margin"] == pytest.approx(measured_m - LIMIT_M, abs=1e-9)
    assert (finding["limit_value"], finding["unit"]) == (LIMIT_M, "m")


@pytest.mark.parametrize(
    ("metres", "verdict", "other", "certainty"),
    [
        (9_900.0, "listed", "", "certain"),
        (9_950.0, "listed", "", "certain"),  # d + u is the limit itself
        (9_970.0, "listed", "clear", "ambiguous"),
        (10_030.0, "listed", "clear", "ambiguous"),  # the graver side, though the point as given is outside
        (10_050.0, "listed", "clear", "ambiguous"),  # d - u is the limit itself
        (10_051.0, "clear", "", "certain"),
    ],
)
def test_uncertainty_of_50_m(metres: float, verdict: str, other: str, certainty: str) -> None:
    source, finding = judged(farmland(parcel(metres)), uncertainty_m=50.0)
    assert (finding["verdict"], finding["verdict_other"], finding["certainty"]) == (verdict, other, certainty)
    assert (finding["measured"], finding["measured_low"], finding["measured_high"]) == (
        metres,
        metres - 50,
        metres + 50,
    )
    assert (source["nearest_farmland_m"], source["nearest_farmland_max_m"]) == (metres, metres + 50)
    assert source["farmland_count"] == int(metres <= LIMIT_M)
    assert source["farmland_count_max"] == int(metres <= LIMIT_M + 50)


def test_uncertainty_where_the_circle_leaves_coverage() -> None:
    """The other side would rest on finding nothing, which nobody can."""
    _, finding = judged(farmland(parcel(10_030, 270.0), coverage=reaching(4_000)), uncertainty_m=50.0)
    assert (finding["verdict"], finding["verdict_other"], finding["certainty"]) == (
        "listed",
        "not_assessed",
        "ambiguous",
    )
    assert "结果为下限。" in finding["note"]


def test_a_distance_never_falls_below_nought() -> None:
    _, finding = judged(farmland(parcel(30)), uncertainty_m=50.0)
    assert (finding["measured_low"], finding["measured"], finding["measured_high"]) == (0.0, 30.0, 80.0)
    assert finding["measured_text"] == "30 m（±50 m）"


def test_touching_is_nought_metres_without_a_bearing() -> None:
    around = shapely.Point(HERE).buffer(0.001)
    source, finding = judged(farmland(around))
    assert (source["nearest_farmland_m"], source["nearest_farmland_bearing_deg"]) == (0.0, None)
    assert (finding["measured"], finding["bearing_deg"], finding["measured_text"]) == (0.0, None, "0 m")
    assert (finding["verdict"], finding["margin"]) == ("listed", -10_000.0)


def test_approximate_parcels_are_never_certain() -> None:
    _, finding = judged(farmland(parcel(3_000), basis=Basis.APPROXIMATE))
    assert (finding["verdict"], finding["certainty"], finding["verdict_other"]) == ("listed", "ambiguous", "")


def test_the_basis_is_the_worst_that_went_in() -> None:
    assert judged(farmland(parcel(3_000), basis=Basis.REAL))[1]["basis"] == "synthetic"  # the sources are


def test_counts_by_class_at_each_radius_zeros_included() -> None:
    layer = farmland(parcel(900), parcel(1_500, 90), parcel(9_000, 180), classes=["安全利用类", "未划分", "安全利用类"])
    counts = {
        (row["radius_m"], row["class"]): row["count"]
        for row in screen(sources(), layer, ask()).counts.to_pylist()
        if row["class"] in {"all", "安全利用类", "未划分"}
    }
    within = {"all": [1, 2, 2, 2, 2, 3], "安全利用类": [1, 1, 1, 1, 1, 2], "未划分": [0, 1, 1, 1, 1, 1]}
    assert counts == {
        (radius_m, word): within[word][place] for place, radius_m in enumerate(COUNTED_RADII_M) for word in within
    }


# ---- what the text leaves open ------------------------------------------------------------------------------------


def without(*names: str, **chosen: str) -> Choices:
    kept = {name: one for name, one in PARAMETERS.items() if name not in {*names, *chosen}}
    return Choices(kept | {name: ChosenParameter(name, code) for name, code in chosen.items()})


def test_unset_trades() -> None:
    source, _ = judged(farmland(parcel(3_000)), choices=without("cadmium_trades"))
    assert source["verdict"] == "not_assessed"
    assert "条文未规定「涉镉等重金属行业」，须由使用单位确定并说明理由。" in source["note"]


@pytest.mark.parametrize(
    ("classes", "verdict"),
    [(["严格管控类", "优先保护类"], "listed"), (["优先保护类", "优先保护类"], "not_assessed")],
)
def test_an_unset_extent_matters_only_where_the_choices_differ(classes: list[str], verdict: str) -> None:
    layer = farmland(parcel(3_000), parcel(2_000, 90), classes=classes)
    source, _ = judged(layer, choices=without("farmland_extent"))
    assert source["verdict"] == verdict
    assert ("条文未规定「哪些耕地计入」" in source["note"]) is (verdict == "not_assessed")


def test_a_chosen_extent_measures_to_its_classes() -> None:
    layer = farmland(parcel(3_000), parcel(2_000, 90), classes=["严格管控类", "优先保护类"])
    source, finding = judged(layer, choices=without(farmland_extent="polluted"))
    assert (finding["verdict"], finding["receptor_id"], finding["measured"]) == ("listed", "P0", 3_000.0)
    assert (source["nearest_farmland_id"], source["nearest_farmland_m"]) == ("P1", 2_000.0)  # of all farmland
    only_good = farmland(parcel(2_000), classes=["优先保护类"])
    assert judged(only_good, choices=without(farmland_extent="polluted"))[1]["verdict"] == "clear"
    assert judged(only_good, choices=without(farmland_extent="all"))[1]["verdict"] == "listed"


def test_unset_terrain() -> None:
    near, _ = judged(farmland(parcel(3_000)), choices=without("terrain"))
    assert near["verdict"] == "not_assessed"
    assert "条文未规定「是否按地形缩减排查距离」" in near["note"]
    far, _ = judged(farmland(parcel(15_000)), choices=without("terrain"))
    assert far["verdict"] == "clear"  # a shorter distance for hills would change nothing


def test_terrain_considered_but_not_graded() -> None:
    near, _ = judged(farmland(parcel(3_000)), choices=without(terrain="considered"))
    assert near["verdict"] == "not_assessed"
    assert "地形" in near["note"]
    assert judged(farmland(parcel(15_000)), choices=without(terrain="considered"))[0]["verdict"] == "clear"


# ---- trades, standing, rows without a place -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "verdict", "words"),
    [
        ({"trade_code": "0912"}, "not_applicable", "原因：行业（0912，2017 版）不在条款适用范围。"),
        ({"trade_code": ""}, "not_assessed", "缺少行业代码"),
    ],
)
def test_trades(row: Row, verdict: str, words: str) -> None:
    source, finding = answer(screen(sources(row), farmland(parcel(3_000)), ask()))
    assert (source["verdict"], source["certainty"]) == (verdict, "")
    assert words in source["note"]
    assert words in finding["note"]
    assert source["nearest_farmland_m"] == 3_000.0  # measured all the same


@pytest.mark.parametrize("edition", ["2011", ""])
def test_a_code_that_means_the_same_in_both_editions_needs_none(edition: str) -> None:
    """3212 is 铅锌冶炼 in 2011 and in 2017."""
    source, _ = answer(screen(sources({"trade_edition": edition}), farmland(parcel(3_000)), ask()))
    assert (source["verdict"], source["certainty"]) == ("listed", "certain")


def test_a_shorter_code_holds_the_codes_below_it() -> None:
    division = Choices(PARAMETERS | {"cadmium_trades": ChosenParameter("cadmium_trades", ("32",), "", 2017)})
    assert judged(farmland(parcel(3_000)), choices=division)[0]["verdict"] == "listed"


def test_an_adopted_rule_says_so_in_every_row() -> None:
    source, finding = judged(farmland(parcel(3_000)))
    assert finding["standing"] == "adopted"
    assert "本地参照（非本地有效依据）。" in source["note"]
    assert "本地参照（非本地有效依据）：采用《济源产城融合示范区2021年土壤污染防治攻坚战实施方案》" in finding["note"]
    assert "原则上（例外须有书面依据）。" in source["note"]
    assert (finding["clause"], finding["legal_rank"]) == ("二（三）3", "plan")
    assert "山区、丘陵地区可适当缩减" in finding["quote"]


def test_a_rule_from_elsewhere_that_nobody_adopted_writes_nothing() -> None:
    screened = screen(sources(), farmland(parcel(3_000)), ask(adopted=frozenset(), areas=AREAS))
    assert screened.findings.num_rows == 0
    assert screened.sources["verdict"].to_pylist() == [""]
    assert screened.sources["farmland_count"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("cells", "adds", "new_only", "note"),
    [
        ({"建设性质": "新建", "新增镉(kg/a)": "1.5"}, "listed", "listed", ""),
        ({"建设性质": "扩建", "新增镉(kg/a)": "0"}, "not_assessed", "not_applicable", ""),
        ({"建设性质": "翻修", "新增镉(kg/a)": ""}, "not_assessed", "not_assessed", "建设性质「翻修」不能归入"),
        ({"备注": "新建"}, "not_assessed", "not_assessed", ""),
    ],
)
def test_a_list_states_its_action_and_emissions_as_a_site_does(
    cells: dict[str, str], adds: str, new_only: str, note: str
) -> None:
    """A cell that isn't understood is unknown and told, not another action; nought says nothing of a fact."""
    kinds = (sources().kind.value,)
    emits = Test("attribute", MappingProxyType({"attribute": "emits_cadmium", "expected": "yes"}))
    rules = (
        rule_of(emits, Effect.LIST, id="ADDS", applies_to=AppliesTo(kinds)),
        rule_of(
            Test("maximum_distance", MappingProxyType({"layer": "farmland"})),
            Effect.LIST,
            id="NEW",
            applies_to=AppliesTo(kinds, actions=(Action.NEW,)),
            history=(value_of(1000.0, "m"),),
        ),
    )
    given = structs.replace(sources(), attributes=pa.table({name: [cell] for name, cell in cells.items()}))
    asked = ask(as_of=date(2024, 1, 1), rules=rules, adopted=frozenset(), screening_rule_id="NEW")
    screened = screen(given, farmland(parcel(300.0)), asked)
    found = {row["rule_id"]: row["verdict"] for row in screened.findings.to_pylist()}
    assert found == {"ADDS": adds, "NEW": new_only}
    (told,) = screened.sources["note"].to_pylist()
    assert note in told
    assert ("翻修" in told) is bool(note)


def test_rows_without_a_usable_place_come_out_once_and_say_why() -> None:
    lost = {"shape": None, "status": "not_located", "position_kind": "place", "township": "石角镇", "note": "缺少坐标"}
    bad = {"shape": None, "status": "rejected", "position_kind": "", "note": "经度「待补」不是数字"}
    screened = screen(sources(lost, {}, bad), farmland(parcel(3_000)), ask())
    assert screened.sources["source_id"].to_pylist() == ["S0", "S1", "S2"]
    assert screened.sources["verdict"].to_pylist() == ["not_assessed", "listed", "not_assessed"]
    assert screened.sources["farmland_count"].to_pylist() == [None, 1, None]
    assert screened.sources["counts_are_lower_bounds"].to_pylist() == [None, False, None]
    notes = screened.sources["note"].to_pylist()
    assert notes[0].startswith("缺少坐标。没有可用的位置，本条未作判断。")
    assert notes[2].startswith("经度「待补」不是数字。没有可用的位置，本条未作判断。")
    assert screened.search_areas["source_id"].to_pylist() == ["S1"]
    assert screened.findings["finding_id"].to_pylist() == [f"S{i}|{RULE_ID}" for i in range(3)]


# ---- places -------------------------------------------------------------------------------------------------------

PLACE_SCHEMA = pa.schema([("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])


def areas_of(*rows: tuple[str, str, shapely.Polygon]) -> pa.Table:
    made = [{"id": code, "name": name, "geometry": shapely.to_wkb(shape)} for code, name, shape in rows]
    return pa.Table.from_pylist(made, PLACE_SCHEMA)


AREAS = Areas(
    areas_of(
        ("441802", "清城区", shapely.box(113.0, 23.5, 113.1, 23.7)),
        ("441803", "清新区", shapely.box(113.1, 23.5, 113.2, 23.7)),
    ),
    areas_of(
        ("441802105", "龙塘镇", shapely.box(113.0, 23.5, 113.07, 23.7)),
        ("441802106", "石角镇", shapely.box(113.07, 23.5, 113.1, 23.7)),
    ),
)


def placed(**row: object) -> Row:
    question = ask(areas=AREAS, home_counties=frozenset({"441802"}))
    return answer(screen(sources(row), farmland(parcel(3_000)), question))[0]


def test_a_place_is_read_from_geometry_where_the_row_is_silent() -> None:
    found = placed()
    assert (found["county"], found["township"]) == ("清城区", "龙塘镇")
    assert "界外" not in found["note"]


def test_the_township_that_a_row_names_beats_an_approximate_cell() -> None:
    found = placed(county="清城区", township="石角镇")
    assert (found["county"], found["township"]) == ("清城区", "石角镇")


def test_a_county_that_disagrees_with_the_point_is_remarked() -> None:
    found = placed(county="清新区")
    assert found["county"] == "清新区"
    assert "点位在所填或名称所述的清新区以外" in found["note"]
    assert "位置不能采信，本条未作判断；请核对坐标或地址。" in found["note"]


def test_sources_beyond_the_projects_own_area_are_marked() -> None:
    found = placed(shape=shapely.Point(113.15, 23.62))
    assert found["county"] == "清新区"
    assert "界外：位于清新区，不在本项目区域内。" in found["note"]


def test_a_row_without_coordinates_is_placed_by_its_words() -> None:
    found = placed(shape=None, status="not_located", position_kind="place", county="清城区", township="石角镇")
    assert (found["county"], found["township"]) == ("清城区", "石角镇")
    assert (found["status"], found["position_kind"], found["lon"]) == ("assessed", "place", None)
    assert (found["verdict"], found["certainty"]) == ("listed", "ambiguous")


# ---- the bare radius ----------------------------------------------------------------------------------------------


def bare(layer: Layer, radius_m: float = LIMIT_M, **options: float) -> tuple[Row, Row]:
    question = Question(None, radius_m, screening_rule_id=USER_RADIUS_ID)
    return answer(screen(sources({"trade_code": ""}, **options), layer, question))


def test_a_radius_of_the_user_has_no_legal_standing() -> None:
    _, finding = bare(farmland(parcel(3_000), coverage=None, completeness=Completeness.UNKNOWN))
    assert (finding["rule_id"], finding["finding_id"]) == ("USER-RADIUS", "S0|USER-RADIUS")
    silent = ("standing", "legal_rank", "document", "clause", "quote", "as_of", "key_area_id")
    assert [finding[name] for name in silent] == [""] * 7
    assert finding["decider"] == "使用者设定"
    assert (finding["verdict"], finding["certainty"], finding["limit_value"]) == ("listed", "certain", LIMIT_M)


def test_outside_the_radius_of_data_of_undeclared_extent_is_not_assessed_in_bare_files_and_projects_alike() -> None:
    layer = farmland(parcel(15_000), coverage=None, completeness=Completeness.UNKNOWN)
    for source, finding in (bare(layer), judged(layer)):
        assert (source["verdict"], source["certainty"]) == ("not_assessed", "")
        assert finding["reason_codes"] == source["reason_codes"] == "coverage_undeclared"
        assert finding["note"].startswith("「耕地」未申明数据范围，结果为下限。")
        assert source["counts_are_lower_bounds"] is True


def test_declared_coverage_counts_for_a_bare_radius_too() -> None:
    _, whole = bare(farmland(parcel(15_000)))
    assert (whole["verdict"], whole["note"]) == ("clear", "")
    source, left = bare(farmland(parcel(15_000), coverage=reaching(4_000)))
    assert left["verdict"] == "not_assessed"
    assert "该点距数据边界 4000 米，小于查询半径 10000 米，结果为下限。" in source["note"]


@pytest.mark.parametrize(("radius_m", "radii_m"), [
    (500.0, (500.0,)),
    (3_000.0, (1_000.0, 2_000.0, 3_000.0)),
    (20_000.0, (1_000.0, 2_000.0, 3_000.0, 5_000.0, 8_000.0, 10_000.0, 20_000.0)),
])  # fmt: skip
def test_counts_are_made_below_the_radius_and_at_it(radius_m: float, radii_m: tuple[float, ...]) -> None:
    question = Question(None, radius_m, screening_rule_id=USER_RADIUS_ID)
    screened = screen(sources(), farmland(parcel(400)), question)
    assert screened.radii_m == radii_m
    assert sorted(set(screened.counts["radius_m"].to_pylist())) == list(radii_m)
    assert screened.sources["radius_m"].to_pylist() == [radius_m]


# ---- the book ------------------------------------------------------------------------------------------------------


def test_removing_a_rule_removes_its_findings_and_adds_none() -> None:
    rules = load_book().rules
    layer = farmland(parcel(3_000))

    def findings(kept: tuple[Rule, ...]) -> list[Row]:
        return screen(sources(), layer, ask(rules=kept, areas=Areas())).findings.to_pylist()

    whole = findings(rules)
    heard = sorted({row["rule_id"] for row in whole if row["verdict"] != "not_applicable"})
    assert len(heard) > 10
    # Each that applies alone; and halves, so that of any two rules each is once removed where the other is kept.
    bits = range(len(rules).bit_length())
    halves = [{one.id for at, one in enumerate(rules) if (at >> bit) % 2 == side} for bit in bits for side in (0, 1)]
    for removed in [*({one} for one in heard), *halves]:
        left = findings(tuple(one for one in rules if one.id not in removed))
        assert left == [row for row in whole if row["rule_id"] not in removed], sorted(removed)


def test_garden_land_is_counted_by_radius_and_moves_no_verdict() -> None:
    land = farmland(parcel(6000))
    gardens = structs.replace(layer_of([parcel(500), parcel(900, 90)]), gates=land.gates)
    given = sources({}, {"source_id": "S9", "status": "not_located", "geometry": None})
    alone, both = (screen(given, one, ask()) for one in (land, structs.replace(land, beside=gardens)))
    assert both.findings == alone.findings
    assert both.sources == alone.sources
    assert alone.gardens is None
    assert both.sources["nearest_farmland_m"][0].as_py() == pytest.approx(6000, abs=0.01)
    rows = both.counts.to_pylist()
    kept = [row for row in rows if row["class"] != "园地"]
    assert kept == alone.counts.to_pylist()
    own = [row for row in rows if row["class"] == "园地"]
    assert [(row["radius_m"], row["count"]) for row in own] == [(radius_m, 2) for radius_m in COUNTED_RADII_M]
    assert {(row["class_kind"], row["is_lower_bound"]) for row in own} == {("land_use", False)}
    assert [row["radius_m"] for row in rows] == sorted(row["radius_m"] for row in rows)
    assert both.gardens["source_count"].to_pylist() == [1, 1]
