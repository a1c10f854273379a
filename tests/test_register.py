"""Several lists made one register: what is joined, what is asked, what is told, what a year changes."""

from __future__ import annotations

import csv
import hashlib
import random
from typing import TYPE_CHECKING

import openpyxl
import pytest
from stdnum.cn import uscc
from typer.testing import CliRunner

from hmgeo.cli import app
from hmgeo.errors import InputError, OutputError, UsageError
from hmgeo.intake.load import load_positions
from hmgeo.project.registers import merge_lists
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.register.merge import Register


def code(number: int) -> str:
    """Return a credit code with the right check digit."""
    body = f"91441802MA{number:07d}"
    return body + uscc.calc_check_digit(body)


A, B, C, D = (code(number) for number in (1, 2, 3, 4))
PLAIN = ("企业名称", "统一社会信用代码", "县(市、区)", "经度", "纬度", "坐标系", "生产状态")


def write(path: Path, rows: list[tuple[str, ...]], encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def plain(path: Path, *rows: tuple[str, ...]) -> Path:
    return write(path, [PLAIN, *((*row, *[""] * 7)[:7] for row in rows)])


def sheet(book: Path, name: str) -> list[dict[str, str]]:
    rows = openpyxl.load_workbook(book)[name].iter_rows(values_only=True)
    header = next(rows)
    return [dict(zip(header, (str(cell or "") for cell in row), strict=True)) for row in rows]


def groups(made: Register) -> list[list[str]]:
    """Return the names of each group's rows."""
    return [[made.entries[row].values.get("name", "") for row in rows] for rows in made.rows_of]


def test_numbers_and_names_join_and_every_row_is_counted_once(tmp_path: Path) -> None:
    first = plain(
        tmp_path / "企业清单2025年.csv",
        ("清远市甲电镀有限责任公司", A, "清城区"),
        ("广东省清远市乙金属（清城）有限公司", "", "清城区", "113.0", "23.6", "CGCS2000", "在产"),
        ("示例丙五金厂", C, "清新区"),
        ("清远市独有化工有限公司", D, "英德市"),
    )
    permits = write(
        tmp_path / "许可证.csv",
        [
            ("全国排污许可证清单", "", ""),
            ("许可证编号", "单位名称", "发证日期"),
            (f"{A}001P", "清远市甲电镀有限公司", "2024-05-01"),
            (f"{B}001V", "清远市戊电源有限公司", "2024-05-01"),
        ],
        "gbk",
    )
    survey = plain(
        tmp_path / "现场调查.csv",
        ("清远市乙金属清城有限公司", "", "清城区", "113.0002", "23.6001", "CGCS2000", "停产"),
        ("己新材料有限公司（原清远市戊电源有限公司）", "", "清城区"),
    )
    made = merge_lists(
        [first, permits, survey], tmp_path / "底册.xlsx", stated={"date": {"现场调查.csv": "2026-03-01"}}
    )
    assert groups(made) == [
        ["清远市甲电镀有限责任公司", "清远市甲电镀有限公司"],
        ["广东省清远市乙金属（清城）有限公司", "清远市乙金属清城有限公司"],
        ["示例丙五金厂"],
        ["清远市独有化工有限公司"],
        ["清远市戊电源有限公司", "己新材料有限公司（原清远市戊电源有限公司）"],
    ]
    assert made.counts == (8, 6, 0, 2)
    rows = sheet(tmp_path / "底册.xlsx", "底册")
    assert [row["企业编号"] for row in rows] == ["DC00001", "DC00002", "DC00003", "DC00004", "DC00005"]
    assert rows[0]["排污许可证编号"] == f"{A}001P"
    assert rows[4]["统一社会信用代码"] == B  # the first eighteen signs of its permit
    assert (rows[4]["企业名称"], rows[4]["曾用名"]) == (
        "己新材料有限公司（原清远市戊电源有限公司）",
        "清远市戊电源有限公司",
    )
    (state,) = [row for row in sheet(tmp_path / "底册.xlsx", "冲突") if row["项目"] == "生产状态"]
    assert (state["采用值"], state["采用值日期"], state["另一值"], state["另一值日期"]) == (
        "停产",
        "2026-03-01",
        "在产",
        "2025",
    )
    assert (state["采用值出处"], state["另一值出处"]) == ("现场调查 第 2 行", "企业清单2025年 第 3 行")
    matrix = sheet(tmp_path / "底册.xlsx", "比对矩阵")
    assert [matrix[0][name] for name in ("企业清单2025年", "许可证", "现场调查")] == [
        "第 2 行 清远市甲电镀有限责任公司",
        "第 3 行 清远市甲电镀有限公司",  # as Excel counts, the title above
        "",
    ]
    assert [row["企业名称"] for row in sheet(tmp_path / "底册.xlsx", "未匹配")] == [
        "示例丙五金厂",
        "清远市独有化工有限公司",
    ]
    told = {row["项目"]: row["内容"] for row in sheet(tmp_path / "底册.xlsx", "说明")}
    assert told["核对"] == "读入 8 行 = 已合并 6 + 待确认 0 + 未匹配 2"


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("甲厂电镀", A, "清城区"), ("乙丙丁化工", A, "清城区"), "统一社会信用代码相同，但名称差别大"),
        (("清远市甲电镀厂", A, "清城区"), ("清远市甲电镀厂", B, "清城区"), "企业名称相同，但信用代码不同"),
        (
            ("清远市甲电镀厂", "", "清城区"),
            ("清远市甲电镀厂", "", "英德市"),
            "企业名称相同，但县区不同（清城区、英德市）",
        ),
        (
            ("清远市甲电镀厂", "", "清城区", "113.00", "23.60", "CGCS2000"),
            ("清远市甲电镀厂", "", "清城区", "113.10", "23.60", "CGCS2000"),
            "企业名称相同，但相距 10.2 km",
        ),
        (("鸿发甲电镀厂", "", ""), ("鸿发甲电镀厂", "", ""), "名称不含地名，也没有同一县区或相近坐标佐证"),
        (("选矿厂", "", "清城区"), ("选矿厂", "", "清城区"), "名称只说明行业，没有坐标佐证"),
        (("清远鸿发电镀厂", C, "清城区"), ("清远宏发电镀厂", C.replace("0", "O", 1), "清城区"), "形近或只差一位"),
        (("清远鸿发新电镀厂", "", "清城区"), ("清远宏发新电镀厂", "", "清城区"), "名称相似 0.88，同一县区"),
        (("清远甲矿业有限公司", A, "清城区"), ("清远甲矿业有限公司尾矿库", A, "清城区"), "「尾矿库」只见于一方"),
    ],
)
def test_what_is_doubtful_is_asked_and_not_joined(
    tmp_path: Path, one: tuple[str, ...], other: tuple[str, ...], reason: str
) -> None:
    out = tmp_path / "底册.xlsx"
    made = merge_lists([plain(tmp_path / "甲表.csv", one), plain(tmp_path / "乙表.csv", other)], out)
    assert made.counts == (2, 0, 2, 0)
    (asked,) = sheet(out, "待人工确认")
    assert reason in asked["理由"]
    assert {asked["对象名称"], asked["候选名称"]} == {one[0], other[0]}


def test_two_permits_of_one_code_are_two_plants_until_somebody_says_otherwise(tmp_path: Path) -> None:
    permits = write(
        tmp_path / "许可证.csv",
        [("许可证编号", "单位名称"), (f"{A}001P", "清远市甲化工有限公司"), (f"{A}002Q", "清远市甲化工有限公司")],
    )
    listed = plain(tmp_path / "清单.csv", ("清远市甲化工有限公司", A, "英德市"))
    made = merge_lists([permits, listed], tmp_path / "底册.xlsx")
    assert made.counts == (3, 0, 3, 0)
    told = [row["理由"] for row in sheet(tmp_path / "底册.xlsx", "待人工确认")]
    assert any("许可证编号不同，可能是同一企业的两个厂区" in text for text in told)


def test_at_most_three_candidates_the_nearest_first(tmp_path: Path) -> None:
    many = [(f"清远鸿发{sign}电镀制品厂", "", "清城区") for sign in "甲乙丙丁戊"]
    lists = [plain(tmp_path / f"{name[4]}.csv", (name, *rest)) for name, *rest in many]
    merge_lists([plain(tmp_path / "本.csv", ("清远鸿发己电镀制品厂", "", "清城区")), *lists], tmp_path / "底册.xlsx")
    asked = sheet(tmp_path / "底册.xlsx", "待人工确认")
    by_object: dict[str, int] = {}
    for row in asked:
        by_object[row["对象编号"]] = by_object.get(row["对象编号"], 0) + 1
    assert max(by_object.values()) == 3
    assert {row["名称相似度"] for row in asked} == {"0.90"}  # 9 of 10 signs


def answered(book: Path, word: str, **more: str) -> Path:
    file = openpyxl.load_workbook(book)
    page = file["待人工确认"]
    at = {cell.value: cell.column for cell in page[1]}
    told = {"决定": word, "决定人": "张三", "决定日期": "2026-01-05", "决定依据": "营业执照", **more}
    for row in range(2, page.max_row + 1):
        for name, text in told.items():
            page.cell(row, at[name]).value = text
    file.save(book)
    return book


@pytest.mark.parametrize(("word", "counts"), [("同一", (2, 2, 0, 0)), ("不同", (2, 0, 0, 2)), ("待查", (2, 0, 2, 0))])
def test_a_decision_filled_in_is_replayed_on_other_lists_and_carried_on(
    tmp_path: Path, word: str, counts: tuple[int, ...]
) -> None:
    rows = [("清远鸿发新电镀厂", "", "清城区"), ("清远宏发新电镀厂", "", "清城区")]
    first = tmp_path / "第一年.xlsx"
    merge_lists([plain(tmp_path / "甲.csv", rows[0]), plain(tmp_path / "乙.csv", rows[1])], first)
    answered(first, word)
    again = [plain(tmp_path / "新甲.csv", rows[1]), plain(tmp_path / "新乙.csv", rows[0])]  # other files, turned round
    second = tmp_path / "第二年.xlsx"
    made = merge_lists(again, second, decisions=[first])
    assert made.counts == counts
    if word != "待查":
        (kept,) = sheet(second, "已作决定")
        assert (kept["决定"], kept["决定人"], kept["本次使用情况"]) == (word, "张三", "已用：涉及 2 行")
        third = merge_lists(again, tmp_path / "第三年.xlsx", decisions=[second])  # from 已作决定 alone
        assert third.counts == counts


def test_a_decision_whose_formula_has_no_result_is_told(tmp_path: Path) -> None:
    rows = [("清远鸿发新电镀厂", "", "清城区"), ("清远宏发新电镀厂", "", "清城区")]
    first = tmp_path / "第一年.xlsx"
    lists = [plain(tmp_path / "甲.csv", rows[0]), plain(tmp_path / "乙.csv", rows[1])]
    merge_lists(lists, first)
    answered(first, '=IF(1,"不同","")')
    made = merge_lists(lists, tmp_path / "第二年.xlsx", decisions=[first])
    assert made.counts.pending == 2  # it reads as blank, and both stay open
    told = [row for row in sheet(tmp_path / "第二年.xlsx", "处理台账") if row["事项"] == "公式无结果"]
    assert [(row["文件"], row["工作表"], row["行"], row["字段"]) for row in told] == [
        ("第一年.xlsx", "待人工确认", "2", "决定")
    ]


def test_a_decision_against_which_something_speaks_since_is_looked_at_again(tmp_path: Path) -> None:
    rows = [("清远鸿发新电镀厂", "", "清城区"), ("清远宏发新电镀厂", "", "清城区")]
    first = tmp_path / "第一年.xlsx"
    merge_lists([plain(tmp_path / "甲.csv", rows[0]), plain(tmp_path / "乙.csv", rows[1])], first)
    answered(first, "同一")
    again = [
        plain(tmp_path / "丙.csv", (rows[0][0], A, "清城区")),
        plain(tmp_path / "丁.csv", (rows[1][0], B, "清城区")),
    ]
    made = merge_lists(again, tmp_path / "第二年.xlsx", decisions=[first])
    assert made.applied == ("待复核：认定同一（张三，2026-01-05）之后又见信用代码不同",)
    assert made.counts.merged == 0


def test_what_was_decided_of_two_plants_of_one_firm_holds_the_year_after(tmp_path: Path) -> None:
    name = "清远市甲化工有限公司"
    permits = write(tmp_path / "许可证.csv", [("许可证编号", "单位名称"), (f"{A}001P", name), (f"{A}002Q", name)])
    listed = plain(tmp_path / "清单.csv", (name, "", "英德市"))
    book = tmp_path / "2025.xlsx"
    first = merge_lists([permits, listed], book)
    assert first.counts == (3, 0, 3, 0)
    file = openpyxl.load_workbook(book)
    page = file["待人工确认"]
    at = {cell.value: cell.column for cell in page[1]}
    for row in range(2, page.max_row + 1):
        sides = {page.cell(row, at[f"{side}许可证"]).value for side in ("对象", "候选")}
        word = "同一" if f"{A}002Q" not in sides else "不同"  # the list means the first plant
        for title, text in (("决定", word), ("决定人", "张三"), ("决定日期", "2026-01-05")):
            page.cell(row, at[title]).value = text
    file.save(book)
    made = merge_lists([permits, listed], tmp_path / "2026.xlsx", previous=book, decisions=[book])
    assert all(text.startswith("已用") for text in made.applied)
    assert (made.counts, made.matched.proposals) == ((3, 3, 0, 0), ())
    rows = {row["企业编号"]: row for row in sheet(tmp_path / "2026.xlsx", "底册")}
    assert rows["DC00001"]["来源"] == "许可证 第 2 行；清单 第 2 行"
    assert rows["DC00002"]["来源"] == "许可证 第 3 行"
    assert rows["DC00001"]["底册说明"].endswith("并入 DC00003")


def test_decisions_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    sides = [
        f"{side}{name}" for side in ("对象", "候选") for name in ("编号", "名称", "信用代码", "许可证", "县区", "坐标")
    ]
    told = ("决定", "决定人", "决定日期", "决定依据")
    pairs = (("甲", "乙", "同一"), ("乙", "丙", "同一"), ("甲", "丙", "不同"))
    rows = [
        ("", f"清远市{one}厂", *[""] * 5, f"清远市{other}厂", *[""] * 4, word, "张三", "2026-01-05", "")
        for one, other, word in pairs
    ]
    made = write(tmp_path / "决定.csv", [(*sides, *told), *rows])
    listed = plain(tmp_path / "清单.csv", ("清远市甲厂", "", "清城区"))
    with pytest.raises(InputError) as caught:
        merge_lists([listed], tmp_path / "底册.xlsx", decisions=[made])
    assert str(caught.value).startswith("决定.csv，第 4 行：认定不同的两家，按别的「同一」决定是一家")


def test_decisions_that_are_not_understood_are_told_with_their_rows(tmp_path: Path) -> None:
    rows = [("清远鸿发新电镀厂", "", "清城区"), ("清远宏发新电镀厂", "", "清城区")]
    lists = [plain(tmp_path / "甲.csv", rows[0]), plain(tmp_path / "乙.csv", rows[1])]
    out = tmp_path / "底册.xlsx"
    merge_lists(lists, out)
    answered(out, "可能")
    with pytest.raises(InputError) as caught:
        merge_lists(lists, tmp_path / "新.xlsx", decisions=[out])
    told = "决定看不懂（现为「可能」）；允许：同一、不同、待查，或留空。处理：改为其中之一"
    assert str(caught.value) == f"底册.xlsx，图层/工作表 待人工确认，第 2 行，字段 决定：{told}"
    answered(out, "同一", 决定人="")
    with pytest.raises(InputError, match="决定没有写明决定人或日期"):
        merge_lists(lists, tmp_path / "新.xlsx", decisions=[out])
    assert not (tmp_path / "新.xlsx").exists()


def test_a_year_later_ids_stay_and_what_changed_is_told(tmp_path: Path) -> None:
    place = ("113.0", "23.6", "CGCS2000")
    first = plain(
        tmp_path / "去年.csv",
        ("清远市甲电镀有限公司", A, "清城区", *place, "在产"),
        ("清远市乙电镀有限公司", B, "清城区"),
        ("清远市旧名化工有限公司", C, "清新区", "113.1", "23.7", "CGCS2000", "在产"),
    )
    book = tmp_path / "底册2025.xlsx"
    merge_lists([first], book)
    second = plain(
        tmp_path / "今年.csv",
        ("清远市丁电镀有限公司", D, "清城区"),
        ("清远新名科技有限公司", C, "清新区", "113.1", "23.7", "CGCS2000", "停产"),
        ("清远市甲电镀有限公司", A, "清城区", *place, "在产"),
    )
    made = merge_lists([second], tmp_path / "底册2026.xlsx", previous=book)
    told = [
        (row["变化"], row["企业编号"], row["上年"], row["本年"])
        for row in sheet(tmp_path / "底册2026.xlsx", "年度变化")
    ]
    assert told == [
        ("新增", "DC00004", "", "清远市丁电镀有限公司"),
        ("更名", "DC00003", "清远市旧名化工有限公司", "清远新名科技有限公司"),
        ("生产状态变化", "DC00003", "在产", "停产"),
        ("本年未见", "DC00002", "清远市乙电镀有限公司", ""),
    ]
    assert made.counts == (3, 2, 0, 1)
    kept = {row["企业编号"]: row["底册说明"] for row in sheet(tmp_path / "底册2026.xlsx", "底册")}
    assert kept["DC00002"] == "本年各表均未见；是否关闭须核实"


def test_the_order_of_lists_and_rows_decides_nothing_about_who_is_who(tmp_path: Path) -> None:
    dice = random.Random(3)  # noqa: S311 -- no secret
    names = ["清远市甲电镀厂", "清远甲电镀厂", "清远市甲电镀有限公司", "清远市乙电镀厂", "甲电镀厂（原清远市乙电镀厂）"]
    rows = [(dice.choice(names), dice.choice(("", A, B)), dice.choice(("", "清城区", "英德市"))) for _ in range(40)]
    seen = set()
    for turn in range(4):
        dice.shuffle(rows)
        lists = [plain(tmp_path / f"{turn}{part}.csv", *rows[part::3]) for part in range(3)]
        made = merge_lists(lists, tmp_path / "底册.xlsx")
        told = [(entry.values["name"], entry.code, entry.county) for entry in made.entries]
        seen.add(frozenset(tuple(sorted(told[row] for row in held)) for held in made.rows_of))
    assert len(seen) == 1


def test_cells_stay_text_and_the_bytes_stay_the_same(tmp_path: Path) -> None:
    listed = plain(tmp_path / "清单.csv", ("=HYPERLINK(1)", "", "清城区"), ("+甲", A, "@乙"))
    for name in ("一.xlsx", "二.xlsx"):
        merge_lists([listed], tmp_path / name)
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "一.xlsx")["底册"].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert "=HYPERLINK(1)" in {cell.value for cell in cells}
    one, other = (hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("一.xlsx", "二.xlsx"))
    assert one == other


def test_an_input_is_never_written_over_and_a_broken_list_leaves_nothing(tmp_path: Path) -> None:
    good = plain(tmp_path / "清单.csv", ("清远市甲电镀厂", A, "清城区"))
    book = tmp_path / "底册.xlsx"
    merge_lists([good], book)
    before = book.read_bytes()
    with pytest.raises(OutputError, match="输出文件就是本次的输入文件"):
        merge_lists([good], book, previous=book)
    bad = write(tmp_path / "坏.csv", [("颜色", "大小"), ("红", "1")])
    with pytest.raises(InputError, match="没有可据以比对的列"):
        merge_lists([good, bad], book)
    assert book.read_bytes() == before
    with pytest.raises(UsageError, match=r"--out：写不成这种文件.*允许：\.xlsx"):
        merge_lists([good], tmp_path / "底册.csv")
    with pytest.raises(UsageError, match=r"清单\.csv：同一张表给了两次"):
        merge_lists([good, good], book)
    with pytest.raises(InputError, match="决定表缺列：对象编号"):
        merge_lists([good], book, decisions=[good])
    with pytest.raises(UsageError, match="没有这张表"):
        merge_lists([good], book, stated={"date": {"别的.csv": "2026"}})


def test_a_sheet_is_asked_for_and_a_sum_below_is_no_enterprise(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title, rows in (
        (
            "许可证",
            [("清远市2024年6月排污许可证",), ("许可证编号", "单位名称"), (f"{A}001P", "清远市甲厂"), ("合计", "1家")],
        ),
        ("登记", [("登记编号", "单位名称"), ("x", "清远市乙厂")]),
    ):
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(tmp_path / "多表.xlsx")
    with pytest.raises(InputError, match="底册的 --sheet 文件名=工作表"):
        merge_lists([tmp_path / "多表.xlsx"], tmp_path / "底册.xlsx")
    made = merge_lists([tmp_path / "多表.xlsx"], tmp_path / "底册.xlsx", stated={"sheet": {"多表.xlsx": "许可证"}})
    assert (groups(made), made.lists[0].date) == ([["清远市甲厂"]], "2024-06")


def test_the_register_is_read_as_a_list_of_sources(tmp_path: Path) -> None:
    listed = plain(
        tmp_path / "清单.csv",
        ("清远市甲电镀厂", A, "清城区", "113.05", "23.70", "CGCS2000"),
        ("清远市乙电镀厂", B, "清城区"),
    )
    merge_lists([listed], tmp_path / "底册.xlsx")
    positions, _ = load_positions(tmp_path / "底册.xlsx", kind=LayerKind.ENTERPRISES, basis=Basis.UNDECLARED)
    assert positions.table["source_id"].to_pylist() == ["DC00001", "DC00002"]
    assert positions.table["status"].to_pylist() == ["assessed", "not_located"]
    assert positions.table["lon"][0].as_py() == pytest.approx(113.05, abs=1e-9)


def test_the_command_prints_the_sum_of_rows(tmp_path: Path) -> None:
    lists = [plain(tmp_path / f"{name}.csv", ("清远市甲电镀厂", A, "清城区")) for name in "甲乙"]
    out = tmp_path / "底册.xlsx"
    done = CliRunner().invoke(app, ["register", "merge", *map(str, lists), "--out", str(out), "--date", "甲.csv=2025"])
    assert done.exit_code == 0, done.output
    assert "读入 2 行 = 已合并 2 + 待确认 0 + 未匹配 0" in done.output
    assert (
        CliRunner().invoke(app, ["register", "merge", str(lists[0]), "--out", str(out), "--date", "x"]).exit_code == 2
    )


def test_an_id_alone_never_makes_another_enterprise_of_that_id_the_one_decided_on(tmp_path: Path) -> None:
    county = ("", "清新区")
    lists = [
        plain(tmp_path / "甲.csv", ("鸿发电镀厂", *county), ("安泰冶炼厂", *county)),
        plain(tmp_path / "乙.csv", ("宏发电镀厂", *county), ("丰源制革厂", *county)),
    ]
    draft, final, next_year = (tmp_path / f"{name}.xlsx" for name in ("草稿", "2025", "2026"))
    merge_lists(lists, draft)  # 宏发 is DC00003 here …
    merge_lists(lists, final, decisions=[answered(draft, "同一")])
    ids = {row["企业名称"]: row["企业编号"] for row in sheet(final, "底册")}
    assert ids == {"鸿发电镀厂": "DC00001", "安泰冶炼厂": "DC00002", "丰源制革厂": "DC00003"}  # … and 丰源 here
    made = merge_lists(lists, next_year, previous=final, decisions=[final])
    assert groups(made) == [
        ["鸿发电镀厂", "鸿发电镀厂", "宏发电镀厂"],
        ["安泰冶炼厂", "安泰冶炼厂"],
        ["丰源制革厂", "丰源制革厂"],
    ]
    assert {row["企业名称"]: row["企业编号"] for row in sheet(next_year, "底册")} == ids


def test_an_id_that_was_given_up_is_never_given_again(tmp_path: Path) -> None:
    rows = [("清远鸿发新电镀厂", "", "清城区"), ("清远宏发新电镀厂", "", "清城区")]
    lists = [plain(tmp_path / "甲.csv", rows[0]), plain(tmp_path / "乙.csv", rows[1])]
    books = [tmp_path / f"{year}.xlsx" for year in (2025, 2026, 2027, 2028)]
    merge_lists(lists, books[0])
    merge_lists(lists, books[1], previous=books[0], decisions=[answered(books[0], "同一")])
    (kept,) = sheet(books[1], "底册")
    assert (kept["企业编号"], kept["底册说明"]) == ("DC00001", "并入 DC00002")
    merge_lists(lists, books[2], previous=books[1])  # without the decisions: the remark alone tells
    rows_of = {row["企业名称"]: row for row in sheet(books[2], "底册")}
    assert rows_of["清远鸿发新电镀厂"]["底册说明"] == "并入 DC00002"
    new = plain(tmp_path / "丙.csv", ("英德市甲化工厂", "", "英德市"))
    merge_lists([new], books[3], previous=books[1], decisions=[books[1]])
    ids = {row["企业名称"]: row["企业编号"] for row in sheet(books[3], "底册")}
    assert ids["英德市甲化工厂"] == "DC00003"


def test_a_previous_register_with_one_id_twice_is_refused(tmp_path: Path) -> None:
    listed = plain(tmp_path / "清单.csv", ("清远市甲电镀厂", A, "清城区"), ("清远市乙化工厂", B, "清城区"))
    book = tmp_path / "2025.xlsx"
    merge_lists([listed], book)
    file = openpyxl.load_workbook(book)
    file["底册"].cell(3, 1).value = "DC00001"
    file.save(book)
    with pytest.raises(InputError) as caught:
        merge_lists([listed], tmp_path / "2026.xlsx", previous=book)
    told = "企业编号重复：第 2、3 行（现为「DC00001」）。处理：一个编号只留给一家，另一家的编号留空（合并时另编）"
    assert str(caught.value) == f"2025.xlsx，图层/工作表 底册，字段 企业编号：{told}"


def test_columns_called_as_the_register_calls_its_own_are_kept_under_their_lists_name(tmp_path: Path) -> None:
    header = ("企业名称", "县(市、区)", "来源", "底册说明", "建设内容", "建设内容*")
    lists = [
        write(tmp_path / f"{name}.csv", [header, ("清远市甲电镀厂", "清城区", source, "", "一", "二")])
        for name, source in (("甲", "市局"), ("乙", "省厅"))
    ]
    merge_lists(lists, tmp_path / "底册.xlsx")
    (row,) = sheet(tmp_path / "底册.xlsx", "底册")
    assert (row["来源（甲）"], row["来源（乙）"], row["来源"]) == ("市局", "省厅", "甲 第 2 行；乙 第 2 行")
    assert (row["建设内容"], row["建设内容*"]) == ("一", "二")
    merge_lists([lists[0]], tmp_path / "再.xlsx", previous=tmp_path / "底册.xlsx")
    (row,) = sheet(tmp_path / "再.xlsx", "底册")
    assert (row["来源（甲）"], row["来源（乙）"]) == ("市局", "省厅")


def test_two_columns_of_one_template_name_dont_overwrite_each_other(tmp_path: Path) -> None:
    header = ("企业名称", "资料时点", "环评批复文号", "环评批复文号*")
    told = ("清环审〔2019〕1号", "清环审〔2020〕2号")
    listed = write(tmp_path / "清单.csv", [header, ("清远市甲电镀厂", "2024", *told)])
    merge_lists([listed], tmp_path / "底册.xlsx")
    (row,) = sheet(tmp_path / "底册.xlsx", "底册")
    assert [text for name, text in row.items() if name.startswith("环评批复文号")] == list(told)


def test_a_coordinate_that_cannot_be_read_stays_one_and_is_told(tmp_path: Path) -> None:
    listed = plain(
        tmp_path / "清单.csv",
        ("清远市甲电镀厂", A, "清城区", "东经113度多", "23.70", "CGCS2000"),
        ("清远市乙电镀厂", B, "清城区", "/", "", ""),
        ("清远市丙电镀厂", C, "清城区", "113.05", "23.70", "CGCS2000"),
    )
    survey = plain(tmp_path / "调查.csv", ("清远市丙电镀厂", C, "清城区", "1130500", "23.70", "CGCS2000"))
    merge_lists([listed, survey], tmp_path / "底册.xlsx")
    rows = sheet(tmp_path / "底册.xlsx", "底册")
    assert [(row["经度"], row["纬度"]) for row in rows] == [
        ("东经113度多", "23.70"),
        ("", ""),
        ("113.050000", "23.700000"),
    ]
    assert [row["底册说明"] for row in rows] == [
        "坐标「东经113度多，23.70」用不上，照录待核（清单 第 2 行）",
        "",
        "坐标「1130500，23.70」用不上，照录待核（调查 第 2 行）",
    ]
    statuses = [
        load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.UNDECLARED)[0].table["status"].to_pylist()
        for path in (listed, tmp_path / "底册.xlsx")
    ]
    assert statuses == [["rejected", "not_located", "assessed"]] * 2
    merge_lists([listed], tmp_path / "再.xlsx", previous=tmp_path / "底册.xlsx")  # and so the year after
    assert sheet(tmp_path / "再.xlsx", "底册")[0]["经度"] == "东经113度多"
