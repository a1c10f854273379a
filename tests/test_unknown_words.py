"""What isn't understood is never a no: words outside a list, cells that are no trade code."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import openpyxl
import pytest

from hmgeo.analysis.applies import Subject, hindrance
from hmgeo.analysis.cadmium import cadmium_of, found_cadmium
from hmgeo.analysis.choices import Choices, ChosenParameter
from hmgeo.layers.load import load_positions
from hmgeo.project.layer_check import check_layer
from hmgeo.records import Unknown
from hmgeo.reference.cells import read_trade, read_word
from hmgeo.rules.book import load_book
from hmgeo.vocabulary import Basis, LayerKind, Verdict

if TYPE_CHECKING:
    from pathlib import Path

TRADES = Choices({"cadmium_trades": ChosenParameter("cadmium_trades", ("3212", "3360", "0912"), edition=2017)})


def applies(cell: str, edition: str = "2017") -> str:
    """Return yes, no or why nobody can tell whether the cadmium clause reaches a trade."""
    found = hindrance(load_book().get("SCR-JY-10KM"), Subject("enterprises", cell, edition), TRADES)
    if found is None:
        return "yes"
    return "no" if found.verdict is Verdict.NOT_APPLICABLE else found.why


def test_an_unknown_is_neither_yes_nor_no() -> None:
    with pytest.raises(TypeError, match="neither yes nor no"):
        bool(Unknown("not_in_list", "待查"))


@pytest.mark.parametrize(
    "cell",
    [
        "3360", "C3360", "c3360", "C-3360", "３３６０", "3360.0", "C3360 金属表面处理及热处理加工", "3360（电镀）",
        "铅锌冶炼", "铅锌冶炼业", "3211、3360", "3211/3212", "C33/C336/C3360", "金属表面处理及热处理加工（C3360）",
        "1411 面包\n3360 电镀", "0912 铅锌矿采选",
    ],
)  # fmt: skip
def test_a_trade_cell_is_read_as_offices_write_it(cell: str) -> None:
    assert applies(cell) == "yes"


@pytest.mark.parametrize(
    "cell", ["C3872 照明灯具制造", "1411", "３８７２", "铜冶炼", "0820 锰矿、铬矿采选", "3211、1411"]
)
def test_another_trade_stays_another_trade(cell: str) -> None:
    assert applies(cell) == "no"


@pytest.mark.parametrize(
    "cell",
    [
        "待定", "原1411", "1411 铅锌冶炼", "3212 面包厂", "B1411", "14111", "141I", "1411?", "1411-1419", "1411或3360",
        "1411（拟变更）", "其他", "1411、未知", "面包",
    ],
)  # fmt: skip
def test_a_cell_that_is_no_trade_is_asked_not_cleared(cell: str) -> None:
    assert applies(cell) == f"行业代码「{cell}」看不懂，无法判断条款是否适用，本条未作判断。"


def test_a_code_without_its_leading_zero_may_be_the_one_that_the_clause_lists() -> None:
    assert applies("912") == "行业代码 912 只到大类或中类，或缺前导零，不能判断是否为条款所列行业，本条未作判断。"
    assert applies("913") == "no"


def test_a_name_needs_no_edition_and_a_code_does() -> None:
    assert applies("铅锌冶炼", "") == "yes"
    assert applies("3212", "").startswith("行业代码 3212 为 未注明版本")


def test_cadmium_words_outside_the_list_are_unknown() -> None:
    assert [found_cadmium({"是否涉镉": word}) for word in ("是", "否", "/", "")] == [True, False, None, None]
    assert found_cadmium({"是否涉镉": "待查"}) == Unknown("not_in_list", "待查", field="是否涉镉")
    subject = Subject("enterprises", "1411", "2017", is_cadmium_related=Unknown("not_in_list", "待查"))
    found = hindrance(load_book().get("SCR-JY-10KM"), subject, TRADES)
    assert found is not None
    assert (found.verdict, found.why) == (
        Verdict.NOT_ASSESSED, "是否涉镉所填「待查」看不懂，无法判断条款是否适用，本条未作判断。",
    )  # fmt: skip
    assert cadmium_of("待查", "", "1411", "2017", TRADES).word == ""
    assert cadmium_of("", "", "待定", "2017", TRADES).basis == "行业代码「待定」看不懂，未判定"
    assert cadmium_of("", "", "C3360 电镀", "2017", TRADES).word == "行业推定"


def test_what_is_read_otherwise_or_not_at_all_stands_in_the_ledger_and_goes_back(tmp_path: Path) -> None:
    cells = ["3360", "C3360", "C3360", "待定", "1411 铅锌冶炼"]
    path = tmp_path / "e.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file)
        write.writerow(["企业编号", "企业名称", "行业代码", "行业分类版本", "经度", "纬度"])
        write.writerows([f"T{n}", f"厂{n}", cell, "2017", 113.03 + n / 100, 23.6853] for n, cell in enumerate(cells))
    positions, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["trade_code"].to_pylist() == ["3360", "3360", "3360", "待定", "1411 铅锌冶炼"]
    told = [(one.row, one.event, one.value, one.reason) for one in ledger.entries if "行业代码" in one.event]
    assert told == [
        (4, "行业代码看不懂", "待定", "不是代码、代码加名称或名录中的行业名称"),
        (5, "行业代码看不懂", "1411 铅锌冶炼", "代码与名称或门类不符"),
        (0, "行业代码换读", "C3360", "共 2 行（数据第 2、3 行）"),
    ]
    fixme = tmp_path / "fixme.xlsx"
    check_layer(path, "enterprises", fixme=fixme)

    rows = list(openpyxl.load_workbook(fixme).active.iter_rows(min_row=3, values_only=True))
    assert [(row[1], row[4]) for row in rows] == [("T3", "待定"), ("T4", "1411 铅锌冶炼")]
    assert rows[0][2] == "行业代码看不懂：不是代码、代码加名称或名录中的行业名称，请更正"


def test_words_mean_what_the_list_says() -> None:
    assert read_word("是否涉镉", "涉 镉") == "已认定"
    assert read_trade("C3360") is read_trade("C3360")
