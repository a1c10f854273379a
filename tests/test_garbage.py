"""Garbage never clears: one value replaced by nonsense leaves findings as they are, open, or graver."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from garbage import all_worlds, faults, quick_loading, replace_some

from hmgeo.judging import applies, layers, own_columns
from hmgeo.project.sites import given
from hmgeo.reference.cells import TradeCell, read_trade
from hmgeo.vocabulary import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from garbage import World

SRC = Path(__file__).resolve().parents[1] / "src" / "hmgeo"


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    with quick_loading():
        yield all_worlds(tmp_path_factory.mktemp("garbage"))


def told(worlds: list[World], count: int, seed: int) -> list[str]:
    return [
        f"{one.world}: {one.cell.table} {one.cell.header} {one.cell.row} {one.value!r} -> {one.garbage!r}: {fault}"
        for one in replace_some(worlds, count, seed)
        for fault in one.faults
    ]


def test_there_is_something_to_clear_to_ban_and_to_list(worlds: list[World]) -> None:
    found = {one.verdict for world in worlds for one in world.baseline.values()}
    assert found == {"prohibited", "conditional", "listed", "not_assessed", "clear", "not_applicable"}
    assert sum(one.verdict == "clear" for world in worlds for one in world.baseline.values()) > 100


def test_one_value_of_garbage_clears_nothing(worlds: list[World]) -> None:
    assert told(worlds, 100, seed=1) == []  # ten thousand in the full run


@pytest.mark.slow
def test_ten_thousand_values_of_garbage_clear_nothing(worlds: list[World]) -> None:
    assert told(worlds, 10_000, seed=2) == []


def taken_for_another_trade(cell: str) -> TradeCell | Unknown:
    found = read_trade(cell)
    return TradeCell(("0111",)) if isinstance(found, Unknown) and found.code != "not_stated" else found


def test_without_the_mechanism_garbage_clears(worlds: list[World], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "NotRead", type("Never", (), {}))
    for module in (applies, own_columns, given):
        monkeypatch.setattr(module, "read_trade", taken_for_another_trade)
    for module in (own_columns, given):
        monkeypatch.setattr(module, "unread_doubts", lambda _cells: {})
    world = next(world for world in worlds if world.judged == "enterprises")
    cells = [one for one in world.cells() if (one.table, one.header) == ("enterprises", "行业代码")]
    found = [what for cell in cells for what, *_ in faults(world, cell, world.spoilt(cell, "三二一二"))]
    assert any(what.endswith((">clear", ">not_applicable")) for what in found), found


def test_only_the_judge_makes_a_clear_or_a_not_applicable() -> None:
    """Elsewhere the two are compared with, or stand as keys of words and colours; nobody else gives them out."""
    makers = []
    for path in sorted(SRC.rglob("*.py")):
        name = path.relative_to(SRC).as_posix()
        if name == "judging/judge.py" or name.startswith(("outputs/", "compare/")):  # tell of finished findings
            continue
        text = path.read_text(encoding="utf-8")
        if "Verdict" not in text:
            continue
        tree = ast.parse(text)
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        names = ("frozenset", "self.having", "say")  # to compare with, to pick by, to put into a sentence
        told = [node for node in calls if ast.unparse(node.func) in names]
        told += [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in {"zh", "en"}]
        compared = {id(part) for held in told for part in ast.walk(held)}
        for node in ast.walk(tree):
            if id(node) in compared:
                continue
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"Verdict.CLEAR", "Verdict.NOT_APPLICABLE"}:
                makers.append(f"{name}:{node.lineno}")
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Verdict", "Verdict.of"}:
                makers.append(f"{name}:{node.lineno}")
    assert [one for one in makers if not one.startswith("commands/options.py")] == []  # --fail-on is typed


@pytest.mark.parametrize("cell", ["33六零", "3360六", "C33六零", "33 六零", "9999", "0000", "0099", "98", "99", "9800"])
def test_a_code_partly_in_words_or_of_no_division_is_no_code(cell: str) -> None:
    assert read_trade(cell) == Unknown("unreadable", cell, field="trade_code")


_OFFICIAL = (
    "1932 毛皮服装加工", "1951 纺织面料鞋制造", "1495 食品及饲料添加剂制造", "3351 建筑、家具用金属配件制造",
    "3391 钢铁铸造", "1019 陶瓷土采选", "1011 石灰石、石膏开采（水泥用）", "2662 专项化学用品（造纸用）",
    "3212 铅锌冶炼等", "3630 改装汽车制造", "1411 糕点、面包制造等",
    "2511 原油加工及石油制品制造", "3821 变压器、整流器和电感器制造", "1332 非食用植物油加工",
    "1821 运动休闲针织服装制造", "1829 其他针织或钩针编织服装制造", "1781 非织造布制造", "3437 机械式停车设备制造",
    "3415 风能原动设备制造", "3453 齿轮及齿轮减、变速箱制造", "3735 船舶改装", "3736 船舶拆除", "2642 印刷油墨",
    "3099 其他非金属矿物制品制造", "30 非金属矿物制品业", "1099 其他未列明非金属矿采选", "3732 非金属船舶制造",
    "3211 有色金属冶炼", "3360 金属及非金属表面处理", "31 黑色金属冶炼和压延加工业", "3516 黑色金属冶炼设备制造",
    "4220 非金属废料和碎屑加工处理", "0610 原煤开采", "18 纺织服装、服饰业", "3869 其他非电力家用器具制造",
)  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        *((cell, "") for cell in _OFFICIAL),
        ("3212 铅锌冶炼、面包制造等", "contradiction"),
        ("1932 电镀", "contradiction"),
        ("3211 非金属矿物", "contradiction"),
        ("3240 非金属矿物制品", "contradiction"),
        ("3211 非金属", "contradiction"),
        ("3211 黑色金属", "contradiction"),
        ("3360 家具", "contradiction"),
        ("3212 铅锌冶炼（拆除）", "unreadable"),
        ("2611 硫酸装置停车", "unreadable"),
        ("3821 变更为电镀", "unreadable"),
        ("1411 电镀", "contradiction"),
        ("1411（含电镀车间）", "contradiction"),
        ("1411 食品、电镀", "contradiction"),
        ("1411 有色金属冶炼", "contradiction"),
        ("1411 兼电镀", "unreadable"),
        ("1411等", "unreadable"),
        ("2017", "unreadable"),  # the edition in the column of the code: no class of either
        ("2002", "unreadable"),
        ("1411及其他", "unreadable"),
        ("1499 其他未列明食品制造", ""),
        ("1411 食品加工", ""),
        ("1411", ""),
        ("2614 有机化学原料制造", ""),
        ("3982 印刷电路板", ""),
        ("5122 糕点批发", ""),
        ("3516 冶炼专用设备", ""),
    ],
)
def test_words_beside_a_code_that_tell_another_trade_leave_it_open(cell: str, fault: str) -> None:
    read = read_trade(cell)
    assert (read.code if isinstance(read, Unknown) else "") == fault


@pytest.mark.parametrize("code", ["01", "0111", "97", "9700"])
def test_the_first_and_the_last_division_are_read(code: str) -> None:
    assert read_trade(code) == TradeCell((code,))
