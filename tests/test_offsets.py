"""Offsets: what a ratio asks for, and a ledger that sells no kilogram twice."""

from __future__ import annotations

from datetime import date

import pytest

from hmgeo.errors import InputError, UsageError
from hmgeo.rules.book import load_book
from hmgeo.siting.offsets import ReductionSource, asked_at, ledger_of, needs_of, sources_of

LEAD = ReductionSource("R1", "关停企业甲", "Pb", 20.0, 5.0, "示例核〔2024〕1号")


def test_needs_per_metal_and_summed() -> None:
    added = {"Pb": 10.0, "Cd": 0.5, "Tl": 3.0, "As": 0.0}
    assert [(one.metal, one.required_kg) for one in needs_of(added, 1.2, is_summed=False)] == [
        ("Pb", 12.0),
        ("Cd", 0.6),
    ]
    assert [(one.metal, one.required_kg) for one in needs_of(added, 1.2, is_summed=True)] == [("合计", 12.6)]
    assert needs_of({}, 1.2, is_summed=True) == ()


def test_a_kilogram_is_sold_once() -> None:
    ledger = ledger_of([LEAD])
    assert ledger.left_kg("R1", "Pb") == 15.0
    after = ledger.allot("P1", "R1", "Pb", 12.0)
    assert (after.left_kg("R1", "Pb"), ledger.left_kg("R1", "Pb")) == (3.0, 15.0)
    with pytest.raises(InputError, match="同一千克不得重复出让") as caught:
        after.allot("P2", "R1", "Pb", 4.0)
    assert "现为「4 kg/a」" in str(caught.value)
    assert "余量 3 kg/a" in str(caught.value)
    assert "已用于 P1 12 kg/a" in str(caught.value)
    assert after.allot("P2", "R1", "Pb", 3.0).left_kg("R1", "Pb") == 0.0


def test_tenths_neither_refuse_nor_grant_by_rounding() -> None:
    ledger = ledger_of([ReductionSource("R", "", "Cd", 0.3, 0.0, "示例核〔2024〕1号")])
    for _ in range(3):
        ledger = ledger.allot("P", "R", "Cd", 0.1)
    assert ledger.left_kg("R", "Cd") == 0.0
    with pytest.raises(InputError, match="余量 0 kg/a"):
        ledger.allot("P", "R", "Cd", 0.000001)


def test_other_metals_strange_sources_and_papers_are_refused() -> None:
    ledger = ledger_of([LEAD, ReductionSource("R2", "", "Pb", 9.0)])
    with pytest.raises(InputError, match="台账中没有这一来源"):
        ledger.allot("P1", "R1", "Cd", 1.0)
    with pytest.raises(InputError, match="没有核定文号"):
        ledger.allot("P1", "R2", "Pb", 1.0)
    with pytest.raises(InputError, match="须大于 0"):
        ledger.allot("P1", "R1", "Pb", 0.0)


@pytest.mark.parametrize(
    ("metal", "document", "is_verified"),
    [
        ("Cd", "无锡环审〔2024〕5号", True),
        ("Pb", "清环核〔2024〕1号（不含镉）", True),
        ("Cd", "清环核〔2024〕1号（不含铅、镉）", False),
        ("Cd", "清环核〔2024〕1号（已作废）", False),
        *(("Cd", document, False) for document in ("/", "否", "暂缺", "2020年", "正在核定", "")),
    ],
)
def test_only_the_number_of_a_document_verifies_a_source(metal: str, document: str, *, is_verified: bool) -> None:
    assert ReductionSource("R", "", metal, 1.0, 0.0, document).is_verified is is_verified


def test_a_faulty_table_tells_everything_at_once() -> None:
    columns = {
        "来源编号": ["R1", "R2"],
        "金属": ["铅", "金"],
        "核定量": ["二十", "3"],
        "已出让": ["", "1"],
        "核定文号": ["示例核〔2024〕1号", "示例核〔2024〕2号"],
    }
    with pytest.raises(InputError) as caught:
        sources_of(columns, "sources.xlsx")
    assert [problem.what for problem in caught.value.problems] == ["不是数字", "金属无法识别"]
    with pytest.raises(InputError, match="缺少列"):
        sources_of({"来源编号": []})
    sold = ReductionSource("R3", "", "Pb", 1.0, 2.0, "3号", row=3)
    with pytest.raises(InputError, match="数据第 3 行") as oversold:
        ledger_of([sold])
    assert "已出让超过核定量" in str(oversold.value)
    with pytest.raises(InputError, match="出现两次"):
        ledger_of([LEAD, LEAD])


@pytest.mark.parametrize("place", ["451200", "450000"])
def test_a_place_of_which_only_a_part_is_a_key_area_has_no_one_ratio(place: str) -> None:
    with pytest.raises(UsageError, match="只有一部分属于重点区域"):
        asked_at(load_book().rules, place, date(2026, 11, 28))
    (asked,) = asked_at(load_book().rules, "451221", date(2026, 11, 28))
    assert asked.ratio == 1.2
