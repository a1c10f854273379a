"""The real annexes of the Qingyuan plan: 66 rows without coordinates, judged on nothing that is invented."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hmgeo.judging.places import named_place
from hmgeo.project.start import DEMO_PROJECTS
from hmgeo.reference.tables import county_forms, trades_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.results.results import Results

TEXT = Path(__file__).parent / "policy_texts" / "qingyuan-action-plan-2018-2020.txt"
IN_TOWNS = {"附表5-26": "龙塘镇", "附表5-34": "石角镇", "附表5-35": "龙塘镇"}


@pytest.fixture(scope="module")
def results(shipped_results: Callable[[str], Results]) -> Results:
    return shipped_results("qingyuan-annex")


@pytest.fixture(scope="module")
def rows(results: Results) -> dict[str, dict[str, Any]]:
    return {row["source_id"]: row for row in results.sources.to_pylist()}


def test_sixty_six_rows_in_sixty_six_out_in_their_order(rows: dict[str, dict[str, Any]]) -> None:
    assert list(rows) == [f"附表4-{n}" for n in range(1, 7)] + [f"附表5-{n}" for n in range(1, 61)]


def test_the_names_are_those_of_the_plan(rows: dict[str, dict[str, Any]]) -> None:
    text = TEXT.read_text(encoding="utf-8")
    assert [row["name"] for row in rows.values() if row["name"] not in text] == []


def test_the_district_is_told_for_every_row(rows: dict[str, dict[str, Any]]) -> None:
    by_county: dict[str, int] = {}
    for row in rows.values():
        by_county[row["county_code"]] = by_county.get(row["county_code"], 0) + 1
    assert by_county == {
        "441802": 24, "441803": 13, "441821": 5, "441823": 2, "441826": 4, "441881": 13, "441882": 5,
    }  # fmt: skip


def test_the_key_area_is_answered_both_ways_and_unknown_stays_unknown(rows: dict[str, dict[str, Any]]) -> None:
    for source_id, row in rows.items():
        is_home = row["county_code"] == "441802"
        towns = ("是" if source_id in IN_TOWNS else "无法判断") if is_home else "否"
        assert (row["key_area_district"], row["key_area_towns"]) == ("是" if is_home else "否", towns), source_id
    unknown = [row for row in rows.values() if row["key_area_towns"] == "无法判断"]
    assert len(unknown) == 21
    assert all("名单未写明所在乡镇，无法判断是否位于重点区域所列乡镇" in row["note"] for row in unknown)


def test_only_three_names_of_the_district_carry_a_town(rows: dict[str, dict[str, Any]]) -> None:
    found = {one: row["township"] for one, row in rows.items() if row["county_code"] == "441802" and row["township"]}
    assert found == IN_TOWNS
    assert "所在乡镇由名称中的「龙塘」推断，待核实" in rows["附表5-26"]["note"]
    assert "待核实" not in rows["附表5-34"]["note"]


def test_trades_come_in_both_editions_and_are_never_guessed(rows: dict[str, dict[str, Any]]) -> None:
    def codes(source_id: str) -> tuple[str, str]:
        return rows[source_id]["trade_code_2017"], rows[source_id]["trade_code_2011"]

    assert codes("附表5-27") == ("3391", "3130")  # 黑色金属铸造: 3130 means something else in 2017
    assert codes("附表5-28") == ("3982", "3972")  # 印制电路板制造
    assert codes("附表5-7") == ("3849", "3849")
    assert codes("附表5-9") == ("", "")  # 涉重金属危险废物处理处置业 is no class
    assert codes("附表4-1") == ("", "")  # the annex gives no trade
    assert "行业名称「涉重金属危险废物处理处置业」不在行业代码对照表中" in rows["附表5-9"]["note"]
    assert [one.code for one in trades_named("金属表面处理及热处理加工业")] == ["3360", "3360"]


def test_deadlines_come_from_the_rows_own_columns(rows: dict[str, dict[str, Any]]) -> None:
    assert (rows["附表4-4"]["deadline_text"], rows["附表4-4"]["deadline"]) == ("2019年底前", "2019-12-31")
    assert (rows["附表5-1"]["deadline_text"], rows["附表5-1"]["deadline"]) == ("持续实施", "")
    assert rows["附表4-4"]["action_text"] == "拟闭库"


def test_real_firms_are_measured_against_nothing(results: Results, rows: dict[str, dict[str, Any]]) -> None:
    assert {row["nearest_farmland_m"] for row in rows.values()} == {None}
    assert {row["verdict"] for row in rows.values()} == {""}
    assert {row["position_kind"] for row in rows.values()} == {"place"}
    assert {row["basis"] for row in rows.values()} == {"real"}
    assert {layer.basis.value for layer in results.layers} == {"real"}
    assert results.receptors.num_rows == 0
    assert set(results.findings["measured_low"].to_pylist()) == {None}


def test_no_source_becomes_a_point_and_every_place_is_hatched_once(results: Results) -> None:
    assert set(results.sources["lon"].to_pylist()) == {None}
    hatched = next(layer for layer in results.context if layer.role == "source_place")
    named = dict(zip(hatched.table["id"].to_pylist(), hatched.table["name"].to_pylist(), strict=True))
    assert named["441802"] == "清城区：21 家仅知位于此范围"
    assert named["441802105"] == "清城区龙塘镇：2 家仅知位于此范围"


def test_the_demo_stays_two_projects() -> None:
    assert DEMO_PROJECTS == ("qingcheng", "nandan")


def test_the_workbook_holds_what_was_transcribed() -> None:
    source = Path(__file__).resolve().parents[1] / "tools" / "shipped" / "qingyuan_annexes.csv"
    with source.open(encoding="utf-8", newline="") as file:
        held = list(csv.DictReader(file))
    assert len(held) == 66
    assert held[46]["行业类别"] == held[46]["行业类别"].strip()


def test_a_town_named_like_its_county_is_no_evidence() -> None:
    counties, towns = {"441882": "连州市"}, {"441882100": "连州镇"}
    found = named_place("连州市", "", [("名称", "东强（连州）铜箔有限公司")], counties, towns)
    assert (found.county_code, found.township_code) == ("441882", "")


def test_two_towns_in_one_name_are_no_answer() -> None:
    towns = {"441802105": "龙塘镇", "441802106": "石角镇"}
    found = named_place("清城区", "", [("名称", "龙塘石角电镀厂")], {"441802": "清城区"}, towns)
    assert found.township_code == ""


def test_counties_are_known_by_their_short_names() -> None:
    assert county_forms("连南瑶族自治县") == ("连南瑶族自治县", "连南县", "连南")
    assert named_place("清城", "", [], {"441802": "清城区"}, {}).county_code == "441802"
    government = named_place("", "", [("责任单位", "清新区人民政府")], {"441803": "清新区"}, {})
    assert government.note == "所在县由责任单位中的「清新区」推断"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("不在南丹县", ""), ("非清城区", ""), ("原南丹县", ""), ("临近南丹县", ""), ("不在靖西县", ""),
        ("河池市南丹县", "451221"), ("清远清城区", "441802"), ("太原市小店区", "140105"), ("临沂市兰山区", "371302"),
        ("无南丹县", ""), ("南丹县(河池市)", "451221"), ("河池市（南丹县）", "451221"), ("无为市", ""),
        ("固原市原州区", "640402"), ("百色市靖西县", "451081"), ("原靖西县", "451081"),
    ],
)  # fmt: skip
def test_a_word_before_a_county_that_takes_it_back_is_heard_and_a_prefecture_is_not_such_a_word(
    cell: str, code: str
) -> None:
    every = {"441802": "清城区", "140105": "小店区", "371302": "兰山区", "640402": "原州区"}
    assert named_place(cell, "", [], {"451221": "南丹县"}, {}, every).county_code == code
