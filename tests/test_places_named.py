"""Which county, township and key area holds a source, at the limits of names, codes, outlines and their errors."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
import shapely
from kind_facts import rule_of
from msgspec.structs import replace
from oracle import GEOD, box_from
from strategies import positions_of

from hmgeo.intake.catalog import declared_place
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import Answer, PlaceFact, Unknown
from hmgeo.judging.places import (
    OUTLINE_ERROR_M,
    Areas,
    Elsewhere,
    Place,
    Places,
    in_key_areas,
    inside_key_areas,
    membership,
    named_place,
    places_of,
    province_of,
    texts_of,
)
from hmgeo.rules.book import load_book
from hmgeo.rules.model import Test
from hmgeo.vocabulary import Effect, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.records import Positions

COUNTIES = {"441802": "清城区", "441803": "清新区", "441881": "英德市"}
TOWNS = {"441802105": "龙塘镇", "441802106": "石角镇", "441881137": "东华镇", "441803101": "石角乡"}
YES, NO, PARTLY = Answer.YES, Answer.NO, Answer.PARTLY


def told(county: str = "", township: str = "", *texts: tuple[str, str]) -> tuple[str, str, str]:
    found = named_place(county, township, texts, COUNTIES, TOWNS)
    return found.county_code, found.township_code, found.note


def test_a_county_of_the_row_s_own_column_is_taken_without_a_word() -> None:
    assert told("清城区") == ("441802", "", "")
    assert told("清远市清城区", "", ("名称", "英德市某厂")) == ("441802", "", "")
    assert told("某某县") == ("", "", "")


@pytest.mark.parametrize(
    "cell",
    [
        "清城区、清新区",
        "清城区/清新区",
        "清城区清新区",
        "英德市、清新区",
        "英德市和清新区",
        "由清城区划入清新区",
        "跨清新区",
        "清城、清新区",
        "清城、清新县",
        "英德和清新区",
        "清城及清新区",
        "英德-清新区",
        "英德/清新区",
        "英德 清新区",
        "英德·清新区",
        "英德或清新区",
        "可能清新区",
        "南雄、英德市",
        "英德高新区清新区",
        "房山区英德市",
        "不在市辖区清新区",
        "无英德市",
        "没有英德市",
        "清远市（无英德市）",
        "无英德市（清远市）",
        "英德市（清新区）",
        "清新区（英德市）",
        "清远市（英德市、清新区）",
        "英德市（迁至清远市）",
        "英德市（现清远市）",
        "英德市（其他市）",
        "英德市（不在清远市）",
        "不在清远市（英德市）",
        "英德市（已搬迁）",
    ],
)
def test_a_cell_that_names_two_counties_names_none_whoever_reads_it(cell: str) -> None:
    assert told(cell) == ("", "", "")
    assert declared_place(cell, "").county is None


@pytest.mark.parametrize(
    "cell",
    [
        "英德",
        "英德市（县级市）",
        "英德市。",
        "【英德市】",
        "吉林省松原市英德市",
        "县级市英德市",
        "清远市市辖区英德市",
        "清远市市辖区/英德市",
        "广东省省直辖县级行政区划英德市",
        "清远高新区英德市",
        "清远市 英 德 市",
        "粤北山区英德市",
        "广清经济特别合作区英德市",
        "广东省，清远市，英德市",
        "和田地区英德市",
        "英德市（原英德县）",
        "英德市英德市",
        "英德市(清远市)",
        "英德市 （广东省清远市）",
        "清远市（英德市）",
        "广东省清远市（英德市）",
        "英德市（恩施土家族苗族自治州）",
        "英德市（宿迁市）",
        "无锡市英德市",
    ],
)
def test_levels_and_zones_beside_a_county_are_no_other_one(cell: str) -> None:
    county = declared_place(cell, "").county
    assert (told(cell)[0], county and county.code) == ("441881", "441881")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("龙塘镇", "441802105"),
        ("清远市清城区龙塘镇", "441802105"),
        ("江西省萍乡市龙塘镇", "441802105"),
        ("石角镇、龙塘镇", None),
        ("石角镇龙塘镇", None),
        ("石角、龙塘镇", None),
        ("邻近龙塘镇", None),
    ],
)
def test_a_cell_that_names_two_townships_names_none(cell: str, code: str | None) -> None:
    township = declared_place("清城区", cell).township
    assert (township and township.code) == code


@pytest.mark.parametrize("cell", ["连南", "连南县", "广东省清远市连南县", "清远市连南瑶族自治县"])
def test_an_autonomous_county_may_go_without_its_peoples(cell: str) -> None:
    county = declared_place(cell, "").county
    assert county
    assert (named_place(cell, "", [], {county.code: county.name}, {}).county_code, county.code) == ("441826", "441826")


def test_a_short_name_of_two_counties_names_none_and_of_two_endings_the_longer_is_meant() -> None:
    pair = {"211321": "朝阳县", "110105": "朝阳区"}
    assert [named_place(cell, "", [], pair, {}).county_code for cell in ("朝阳", "朝阳市朝阳县")] == ["", "211321"]
    both = {"441802": "清城区", "140502": "城区"}
    assert [named_place(cell, "", [], both, {}).county_code for cell in ("清城区", "晋城市城区")] == [
        "441802",
        "140502",
    ]


@pytest.mark.parametrize(
    "before", ["广东省", "广东省/清远市/", "某某市 ", "广西壮族自治区河池市", "西藏自治区阿里地区"]
)
def test_what_a_county_lies_in_may_stand_before_it(before: str) -> None:
    assert told(f"{before}清新区")[0] == "441803"


@pytest.mark.parametrize("doubted", ["across", "near", "also"])
def test_a_place_of_which_nobody_can_tell_leaves_a_no_open(doubted: str) -> None:
    """What is known of 清城区 without its township doesn't say whether 龙塘镇 holds the site."""
    coarse, town = Place("441802"), Place("441802", township_code="441802105")
    here = Place("441803", also=("441802",) if doubted == "also" else ())
    fact = in_key_areas(Places(here, **({} if doubted == "also" else {doubted: (coarse,)})), ["GD-QC-LT"])
    assert isinstance(fact, PlaceFact)
    assert (fact.answer, fact.gap) == (NO, "不知所在乡级行政区，是否位于「龙塘镇」未作判断。")
    held = in_key_areas(Places(town, near=(coarse,)), ["GD-QC-LT"])
    assert isinstance(held, PlaceFact)
    assert held.answer is YES


def test_two_counties_of_one_name_are_none_and_those_at_hand_come_before_those_from_anywhere() -> None:
    twice = {"110105": "朝阳区", "220104": "朝阳区"}
    assert named_place("朝阳区", "", [], twice, {}).county_code == ""
    assert named_place("朝阳区", "", [], {"110105": "朝阳区"}, {}, twice).county_code == "110105"
    assert named_place("朝阳区", "", [], {"441802": "清城区"}, {}, {"110105": "朝阳区"}).county_code == "110105"
    every = {"110105": "朝阳区"}
    assert named_place("", "", [("名称", "朝阳区某厂")], {"441802": "清城区"}, {}, every).county_code == ""


def test_a_former_county_is_named_only_where_nothing_else_is() -> None:
    found = named_place("清新县", "", [], COUNTIES, {})
    assert (found.county_code, bool(found.note)) == ("441803", True)
    held = named_place("清新县", "", [], {"441827": "清新县"}, {})
    assert (held.county_code, held.note) == ("441827", "")


def test_whole_names_come_before_short_ones_and_earlier_texts_before_later() -> None:
    assert told("", "", ("地址", "清城工业园"), ("名称", "英德市某厂"))[:2] == ("441881", "")
    first = told("", "", ("地址", "清新区太平"), ("名称", "英德市某厂"))
    assert first == ("441803", "", "所在县由地址中的「清新区」推断")
    assert told("", "", ("地址", "清城工业园"))[0] == "441802"
    assert told("", "", ("地址", "清城区清新区之间"), ("名称", "英德厂"))[0] == "441881"  # two names are no answer
    assert told("", "", ("地址", "某地")) == ("", "", "")


def test_a_township_is_one_of_the_county_by_its_whole_name_or_its_stem() -> None:
    assert told("清城区", "龙塘镇") == ("441802", "441802105", "")
    assert told("清城区", "龙塘")[1] == "441802105"
    assert told("清城区", "东华镇")[1] == ""  # lies in another county
    assert told("", "东华镇") == ("441881", "441881137", "")
    assert told("", "石角")[1] == ""  # a town and a township, of two counties
    assert (
        told("清城区", "某镇", ("名称", "清城区龙塘镇某厂"))[1] == ""
    )  # what the row says isn't overruled by its name
    assert told("清城区", "")[1] == ""


def test_a_township_in_a_free_text_is_inferred_by_name_and_guessed_by_stem() -> None:
    whole = told("清城区", "", ("名称", "龙塘镇电镀厂"))
    assert whole == ("441802", "441802105", "所在乡镇由名称中的「龙塘镇」推断")
    guessed = told("清城区", "", ("名称", "龙塘电镀厂"))
    assert guessed == ("441802", "441802105", "所在乡镇由名称中的「龙塘」推断，待核实")
    assert told("", "", ("名称", "龙塘电镀厂")) == ("", "", "")  # a short name counts only inside a known county
    assert told("", "", ("名称", "龙塘镇电镀厂"))[:2] == ("441802", "441802105")
    assert told("清城区", "", ("名称", "某厂"), ("责任单位", "石角镇人民政府"))[1] == "441802106"
    assert told("清城区", "", ("名称", "龙塘石角厂"), ("责任单位", "石角镇人民政府"))[1] == "441802106"


def test_a_stem_of_one_character_and_a_town_named_like_a_county_tell_nothing() -> None:
    towns = {"441881101": "桥镇", "441881102": "英德镇"}
    found = named_place("英德市", "", [("名称", "桥边英德厂")], COUNTIES, towns)
    assert (found.county_code, found.township_code) == ("441881", "")


HOME = (113.0, 23.7)


box = partial(box_from, HOME)


def table(*rows: tuple[str, str, shapely.Geometry]) -> pa.Table:
    made = [{"id": code, "name": name, "geometry": shapely.to_wkb(shape)} for code, name, shape in rows]
    schema = pa.schema([("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])
    return pa.Table.from_pylist(made, schema)


NEAR, FAR = box(-1000, -1000, 2000), box(6000, -1000, 2000)
AREAS = Areas(table(("441802", "清城区", NEAR), ("441803", "清新区", FAR)), table(("441802105", "龙塘镇", NEAR)))


def sources(
    points: Sequence[tuple[float, float] | None],
    off_m: float = 0.0,
    names: Sequence[str] = (),
    **columns: Sequence[str],
) -> Positions:
    """Return sources at the points with cells of their table (county, township) and of their own columns."""
    made = positions_of(
        [None if one is None else shapely.Point(one) for one in points], uncertainty_m=[off_m] * len(points)
    )
    held = made.table
    for name in ("county", "township"):
        if name in columns:
            at = held.schema.get_field_index(name)
            held = held.set_column(at, held.schema.field(at), pa.array(columns.pop(name)))
    if names:
        held = held.set_column(held.schema.get_field_index("name"), held.schema.field("name"), pa.array(list(names)))
    own = made.attributes
    for name, cells in columns.items():
        own = own.append_column(name, pa.array(list(cells)))
    return replace(made, table=held, attributes=own)


def place_of(
    point: tuple[float, float] | None, areas: Areas = AREAS, off_m: float = 0.0, name: str = "", **cells: str
) -> Place:
    held = sources([point], off_m, [name], **{column: [cell] for column, cell in cells.items()})
    return places_of(held, areas)[0]


def test_polygons_tell_county_and_township_where_the_row_says_nothing() -> None:
    here = place_of(HOME)
    assert (here.county_code, here.county, here.township_code, here.township) == (
        "441802", "清城区", "441802105", "龙塘镇",
    )  # fmt: skip
    assert (here.township_from_geometry, here.note, here.doubt, here.also, here.not_in) == (
        True,
        "",
        "",
        (),
        frozenset(),
    )
    named = place_of(HOME, county="清城区", township="龙塘镇")
    assert (named.township_code, named.township_from_geometry) == ("441802105", False)
    stated = place_of(HOME, county="清城区", township="某镇")
    assert (stated.township_code, stated.township) == ("441802105", "龙塘镇")
    edge = (shapely.get_coordinates(NEAR)[0][0], HOME[1])
    assert place_of(edge).county_code == "441802"  # on the border is inside


def test_on_a_shared_border_the_first_polygon_stays() -> None:
    shared = Areas(table(("441802", "清城区", box(-1000, -1000, 1000)), ("441803", "清新区", box(0, -1000, 1000))))
    west = shapely.bounds(box(0, -1000, 1000))[0]
    assert place_of((float(west), HOME[1] - 0.001), shared).county_code == "441802"


def test_several_rows_keep_their_order_and_those_without_a_point_have_none() -> None:
    far = shapely.centroid(FAR)
    found = places_of(sources([None, (far.x, far.y), HOME, None]), AREAS)
    assert [one.county_code for one in found] == ["", "441803", "441802", ""]
    assert [one.code for one in places_of(sources([None, None]), AREAS)] == ["", ""]
    assert [one.code for one in places_of(sources([HOME]), Areas())] == [""]


def test_where_only_the_position_tells_the_county_its_error_may_reach_another() -> None:
    """The next county begins 6 km off: its clauses are heard where the error reaches it and the row names none."""
    assert place_of(HOME, off_m=5990.0).reach == ()
    wide = place_of(HOME, off_m=6010.0)
    assert (wide.county_code, wide.reach, wide.also) == ("441802", ("441803",), ())
    assert wide.codes == {"CN", "440000", "441800", "441802", "441802105", "441803"}
    assert place_of(HOME, off_m=6010.0, county="清城区").reach == ()
    assert place_of(HOME, off_m=6010.0, 行政区划代码="441802").reach == ()
    other = in_key_areas(Places(replace(wide, county_code="441803", township_code="", reach=("441802",))), ["GD-QC"])
    assert isinstance(other, PlaceFact)
    assert (other.answer, other.others) == (NO, frozenset({YES}))
    assert "位置误差" in other.why


def test_outlines_from_anywhere_speak_where_those_at_hand_do_not() -> None:
    far = shapely.centroid(FAR)
    split = Areas(
        table(("441802", "清城区", NEAR)), None, outlines=table(("450103", "青秀区", FAR), ("441899", "某县", NEAR))
    )
    assert (place_of((far.x, far.y), split).county_code, place_of((far.x, far.y), split).county) == ("450103", "青秀区")
    assert place_of(HOME, split).county_code == "441802"


def test_a_code_of_the_row_places_it_and_what_the_outlines_say_is_spoken_of_too() -> None:
    here = place_of(HOME, 行政区划代码="441803")
    assert (here.county_code, here.also) == ("441803", ("441802",))
    assert here.codes == {"CN", "440000", "441800", "441803", "441802"}
    assert [one.code for one in here.others] == ["441802"]
    assert here.township_code == ""  # of the county that isn't meant
    town = place_of(None, 行政区划代码=" 441802105201 ")
    assert (town.county_code, town.township_code, town.township_from_geometry) == ("441802", "441802105", True)
    assert place_of(None, 行政区划代码="441802000").township_code == ""
    assert place_of(None, 行政区划代码="990101").code == ""
    assert place_of(None, 行政区划代码="44180").code == ""
    assert place_of(None, 行政区划代码="441827").county_code == "441803"  # 清新县 till 2012
    both = place_of(HOME, county="清城区", 行政区划代码="441803")
    assert (both.county_code, both.also) == ("441802", ("441803",))


@pytest.mark.parametrize(
    ("away_m", "off_m", "is_doubted"),
    [
        (OUTLINE_ERROR_M - 5, 0.0, False), (OUTLINE_ERROR_M + 5, 0.0, True),
        (OUTLINE_ERROR_M + 95, 100.0, False), (OUTLINE_ERROR_M + 105, 100.0, True),
    ],
)  # fmt: skip
def test_a_point_outside_its_county_is_doubted_beyond_both_errors(
    away_m: float, off_m: float, *, is_doubted: bool
) -> None:
    lon, lat, _ = GEOD.fwd(*HOME, 90, 1000 + away_m)
    found = place_of((lon, lat), off_m=off_m, county="清城区")
    assert bool(found.doubt) is is_doubted
    assert found.county_code == "441802"
    if is_doubted:
        assert "清城区" in found.doubt


def test_a_point_in_the_next_county_is_told_and_one_in_its_own_is_not() -> None:
    far = shapely.centroid(FAR)
    found = place_of((far.x, far.y), county="清城区")
    assert (found.county_code, found.also, bool(found.doubt)) == ("441802", ("441803",), True)
    assert "清城区" in found.note
    assert place_of(HOME, county="清城区").note == ""
    unheld = place_of(HOME, county="某县")
    assert (unheld.county_code, unheld.doubt, unheld.note) == ("441802", "", "")


def test_a_whole_name_in_a_text_is_held_against_the_position_a_short_or_double_one_is_not() -> None:
    far = shapely.centroid(FAR)
    point = (far.x, far.y)
    assert place_of(point, name="清城区电镀厂").doubt
    assert place_of(point, name="清城电镀厂").doubt == ""
    assert place_of(point, name="清城区清新区联合厂").doubt == ""
    assert place_of(point, name="清城区电镀厂", county="清新区").doubt == ""  # what the row states comes first
    assert place_of(point, name="清城区电镀厂", 行政区划代码="441803").doubt == ""
    assert place_of(point, name="清城区电镀厂", 生产经营场所地址="清新区太平镇").doubt == ""  # the address comes first


def test_where_no_outline_holds_a_point_the_province_is_said_and_far_counties_are_ruled_out() -> None:
    lon, lat, _ = GEOD.fwd(*HOME, 90, 3500)  # 2.5 km from both
    lost = place_of((lon, lat), 省份="广西壮族自治区")
    assert (lost.code, lost.also, lost.not_in) == ("", ("450000",), frozenset({"441802", "441803"}))
    assert lost.others == ()
    assert place_of((lon, lat), off_m=2100.0).not_in == frozenset()
    assert place_of((lon, lat), 生产经营场所地址="湖南省 某地").also == ("430000",)
    assert place_of((lon, lat), county="广西 某县").also == ("450000",)
    assert place_of((lon, lat)).also == ()
    assert place_of(HOME, 省份="湖南省").also == ()  # its county is known
    assert place_of(None).not_in == frozenset()
    two = sources([(lon, lat)] * 2, 省=["", "湖南省"], 生产经营场所地址=["广东省清远市", ""])
    assert [one.also for one in places_of(two, AREAS)] == [("440000",), ("430000",)]


@pytest.mark.parametrize(("apart_m", "is_out"), [(OUTLINE_ERROR_M + 45, False), (OUTLINE_ERROR_M + 55, True)])
def test_a_county_surely_does_not_hold_what_lies_beyond_both_errors(apart_m: float, *, is_out: bool) -> None:
    lon, lat, _ = GEOD.fwd(*HOME, 270, 1000 + apart_m)
    found = Elsewhere(AREAS).not_in([shapely.Point(lon, lat)], [50.0])[0]
    assert found == (frozenset({"441802", "441803"}) if is_out else frozenset({"441803"}))
    assert Elsewhere(Areas()).not_in([shapely.Point(lon, lat)], [50.0])[0] == frozenset()
    outlines = replace(AREAS, counties=None, outlines=AREAS.counties)
    assert Elsewhere(outlines).not_in([shapely.Point(lon, lat)], [50.0])[0] == found


def test_texts_come_in_the_order_in_which_they_tell() -> None:
    held = sources(
        [HOME, HOME], names=["甲厂", ""], 责任单位=["清新区政府", "乙单位"], 生产经营场所地址=["", "某路"]
    )  # fmt: skip
    assert texts_of(held) == [
        [("名称", "甲厂"), ("责任单位", "清新区政府")], [("生产经营场所地址", "某路"), ("责任单位", "乙单位")],
    ]  # fmt: skip
    assert texts_of(sources([HOME], names=["甲厂"])) == [[("名称", "甲厂")]]
    assert province_of("某省") == ""


def test_free_texts_place_only_rows_that_are_not_located() -> None:
    assert place_of(None, name="清城区龙塘镇某厂").township_code == "441802105"
    made = sources([(100.0, 30.0)], names=["清城区龙塘镇某厂"])
    assert made.table["status"].to_pylist() == [Status.ASSESSED.value]
    assert places_of(made, AREAS)[0].code == ""


LONGTANG, SHIJIAO = Place("441802", "清城区", "441802105"), Place("441802", "清城区", "441802106")
TOWN_AREAS = ("GD-QC-LT",)


def fact(places: Places, ids: Sequence[str] = TOWN_AREAS) -> PlaceFact:
    found = in_key_areas(places, ids)
    assert isinstance(found, PlaceFact)
    return found


def test_a_shape_across_a_key_area_is_partly_inside() -> None:
    assert (fact(Places(LONGTANG)).answer, fact(Places(SHIJIAO)).answer) == (YES, NO)
    for given, across in ((LONGTANG, SHIJIAO), (SHIJIAO, LONGTANG)):
        found = fact(Places(given, (across,)))
        assert (found.answer, found.others, bool(found.why)) == (PARTLY, frozenset(), True)
    same = fact(Places(LONGTANG, (LONGTANG,)))
    assert (same.answer, same.why) == (YES, "")


def test_uncertainty_that_reaches_across_leaves_both_answers_open() -> None:
    found = fact(Places(LONGTANG, near=(SHIJIAO,)))
    assert (found.answer, found.others, bool(found.why)) == (YES, frozenset({NO}), True)
    assert fact(Places(LONGTANG, near=(LONGTANG,))).others == frozenset()
    both = fact(Places(LONGTANG, (SHIJIAO,), (SHIJIAO, LONGTANG)))
    assert (both.answer, both.others) == (PARTLY, frozenset({NO}))


def test_another_county_that_is_spoken_of_leaves_both_answers_open() -> None:
    nandan = ("GX-ND",)
    disputed = Place("451224", "东兰县", also=("451221",))
    found = fact(Places(disputed), nandan)
    assert (found.answer, found.others) == (NO, frozenset({YES}))
    assert "不一致" in found.why
    agreed = fact(Places(Place("451221", "南丹县", also=("450000",))), nandan)
    assert (agreed.answer, agreed.others, agreed.why) == (YES, frozenset(), "")
    inside = fact(Places(Place("451221", "南丹县", also=("451224",))), nandan)
    assert (inside.answer, inside.others) == (YES, frozenset({NO}))


def test_what_a_neighbouring_place_cannot_tell_is_said_and_opens_nothing() -> None:
    found = fact(Places(LONGTANG, (Place("441802", "清城区"),)))
    assert (found.answer, found.others) == (YES, frozenset())
    assert "不知所在乡级行政区" in found.gap
    assert isinstance(in_key_areas(Places(), TOWN_AREAS), Unknown)


def test_a_township_told_by_cells_makes_only_answers_that_rest_on_it_rough() -> None:
    rough = replace(LONGTANG, township_from_geometry=True)
    cells = "所在乡镇由示意范围推断，重点区域归属待核实。"
    held = inside_key_areas(rough, ("GD-QC-LT", "GX-ND"))
    assert held == PlaceFact(YES, why=cells, is_approximate=True)
    assert inside_key_areas(rough, ("GD-QC-LT", "GD-QC")) == PlaceFact(YES)  # the district holds it whatever the town
    assert inside_key_areas(rough, ("GX-ND",)) == PlaceFact(NO)  # another county's areas don't rest on the town
    assert inside_key_areas(rough, ("GD-QC-SJ",)) == PlaceFact(NO, why=cells, is_approximate=True)
    assert inside_key_areas(LONGTANG, ()) == PlaceFact(YES)  # none named: all key areas
    assert inside_key_areas(Place("420281", "大冶市"), ()) == PlaceFact(NO)  # 大冶市 is no key area but a demonstration


def test_a_township_whose_code_ends_in_noughts_is_known_as_closely_as_any() -> None:
    round_town = Place("441802", "清城区", "441802100")
    assert inside_key_areas(round_town, ("GD-QC-LT",)) == PlaceFact(NO)
    assert isinstance(inside_key_areas(Place("440000"), ("GD-QC-LT",)), Unknown)
    assert inside_key_areas(Place("450000"), ("GD-QC-LT",)) == PlaceFact(NO)


def test_a_basin_without_outline_is_open_in_its_county_and_closed_elsewhere() -> None:
    assert isinstance(inside_key_areas(Place("451221"), ("B05",)), Unknown)
    assert inside_key_areas(Place("451224"), ("B05",)) == PlaceFact(NO)
    assert isinstance(inside_key_areas(Place("451200"), ("B05",)), Unknown)
    assert isinstance(inside_key_areas(Place("451221"), ("B05", "GX-JCJ")), Unknown)
    assert inside_key_areas(Place("451221"), ("B05", "GX-ND")) == PlaceFact(YES)  # a yes elsewhere is a yes
    assert inside_key_areas(Place("420381"), ("N05",)) == PlaceFact(NO)
    assert isinstance(inside_key_areas(Place("430400"), ("N07",)), Unknown)


def held(place: Place, rule_id: str, choices: Choices | None = None, adopted: Sequence[str] = ()) -> tuple[str, str]:
    rule = load_book().get(rule_id)
    day = rule.latest.in_force_from
    assert day is not None
    found = membership(place, [load_book().get("WAT-LAW-65"), rule], day, choices or Choices(), adopted)
    return found.ids, found.note


def extent(code: str) -> Choices:
    return Choices({"key_area_extent": ChosenParameter("key_area_extent", code)})


def test_membership_is_that_of_every_county_that_is_spoken_of() -> None:
    disputed = Place("451224", "东兰县", also=("451221",))
    assert held(disputed, "KEY-GX") == ("GX-ND", "")
    assert held(Place("451221"), "KEY-GX") == ("GX-ND", "")
    assert held(Place("441802"), "KEY-GX") == ("", "")  # not in force there
    assert held(Place(), "KEY-NAT-DEMO") == ("", "")
    assert held(Place("420281"), "KEY-NAT-DEMO") == ("N05", "")


def test_membership_by_a_township_of_cells_is_said_to_be_so_and_by_its_county_is_not() -> None:
    rough = replace(LONGTANG, township_from_geometry=True)
    assert held(rough, "KEY-QY", extent("towns")) == ("GD-QC-LT", "所在乡镇由示意范围推断，重点区域归属待核实。")
    assert held(LONGTANG, "KEY-QY", extent("towns")) == ("GD-QC-LT", "")
    assert held(rough, "KEY-QY", extent("district")) == ("GD-QC", "")
    assert held(Place("441802"), "KEY-QY", extent("towns"))[1].startswith("不知所在乡级行政区")
    assert held(Place("441803"), "KEY-QY", extent("towns")) == ("", "")


def test_nothing_is_said_of_key_areas_where_nobody_knows_the_place() -> None:
    extent_open = Test("key_area", {"area_ids": ("GD-QC",), "extent": "key_area_extent"})
    rule = rule_of(extent_open, Effect.CLASSIFY)
    day = date(2024, 1, 1)
    assert membership(Place("441802"), [rule], day, Choices()).note.endswith("未选定，是否位于重点区域未作判断。")
    assert membership(Place(), [rule], day, Choices()).note == ""
    assert membership(Place("441802"), [rule], date(2019, 12, 31), Choices()).note == ""  # not in force yet
    assert membership(Place("441802"), [rule_of(extent_open, Effect.BAN)], day, Choices()).note == ""
    assert membership(Place("441802"), [rule_of(None, Effect.CLASSIFY)], day, Choices()).note == ""
