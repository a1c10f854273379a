"""The commands around choosing a site: the ledger of offsets, candidate points."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from hmgeo.cli import app
from hmgeo.errors import InputError, UsageError
from hmgeo.outputs.templates import write_templates
from hmgeo.outputs.wording import unmet_sentence
from hmgeo.project.sites.choosing import report_offsets

NANDAN = Path(__file__).resolve().parent.parent / "layers" / "projects" / "nandan"
LEDGER = (
    "来源编号*,来源企业*,金属*,核定量(kg/a)*,已出让(kg/a),余量(kg/a),核定文号*\n"
    "LY-1,示例关停企业,铅,20,5,15,示例核〔2024〕1号\n"
    "LY-1,示例关停企业,镉,1,,,示例核〔2024〕1号\n"
    "LY-2,示例企业乙,铅,9,0,9,\n"
)
PLAN = "项目编号*,金属*,新增量(kg/a),来源编号*,购买量(kg/a)*\nXM-1,铅,10,LY-1,12\nXM-1,镉,0.5,LY-1,0.5\n"


def files(folder: Path, ledger: str = LEDGER, plan: str = PLAN) -> tuple[Path, Path]:
    (folder / "台账.csv").write_text(ledger, encoding="utf-8")
    (folder / "计划.csv").write_text(plan, encoding="utf-8")
    return folder / "台账.csv", folder / "计划.csv"


def test_purchases_leave_what_is_left_and_needs_stand_on_both_bases(tmp_path: Path) -> None:
    ledger, plan = files(tmp_path)
    report = report_offsets(ledger, plan, ratio=1.2)
    sold, needs = report.tables()
    assert [(row[0], row[2], row[5], row[6], row[8]) for row in sold.rows] == [
        ("LY-1", "铅", "12", "3", "XM-1 12"),
        ("LY-1", "镉", "0.5", "0.5", "XM-1 0.5"),
        ("LY-2", "铅", "0", "9", ""),
    ]
    assert [row[1:] for row in needs.rows] == [
        ("逐个金属", "铅", "10", "1.2:1", "12", "12", "0"),
        ("逐个金属", "镉", "0.5", "1.2:1", "0.6", "0.5", "0.1"),
        ("五种金属合计", "合计", "10.5", "1.2:1", "12.6", "12.5", "0.1"),
    ]
    assert report.notes[1].startswith("条文未规定替代量逐个金属还是合计计算")
    chosen = report_offsets(ledger, plan, ratio=1.2, basis="per_metal")
    assert [word for word, _ in chosen.needs] == ["逐个金属", "逐个金属"]
    assert chosen.notes == ("LY-1（镉） 未填写已出让，按未出让计，请核实。",)


@pytest.mark.parametrize(
    ("place", "day", "ratio", "words"),
    [
        ("451221", date(2024, 6, 30), "1.2:1", "SIT-GX-OFFSET-KEY"),  # 南丹, a key area
        ("451224", date(2024, 6, 30), "1:1", "SIT-GX-OFFSET-OTHER"),  # 东兰, none
        ("441802", date(2019, 6, 30), "", "2024 没有现行条款要求总量替代"),
        ("441881", date(2019, 6, 30), "", "条文未给出比例数值"),  # 英德: the plan of 清远 names no number
    ],
)
def test_the_ratio_comes_from_the_clause_that_holds_there(
    tmp_path: Path, place: str, day: date, ratio: str, words: str
) -> None:
    ledger, plan = files(tmp_path, plan=PLAN.replace("XM-1,镉,0.5,LY-1,0.5", "XM-1,铊,2,LY-3,1"), ledger=LEDGER + TL)
    report = report_offsets(ledger, plan, place=place, as_of=day)
    assert {row[4] for row in (report.tables()[1].rows if ratio else ())} == ({ratio} if ratio else set())
    assert words.removeprefix("2024 ") in report.notes[0]
    assert any("铊不在其列，须替代量未计算" in note for note in report.notes) is bool(ratio)


TL = "LY-3,示例关停企业丙,铊,5,,,示例核〔2024〕2号\n"


def test_a_kilogram_sold_twice_is_refused_with_row_metal_and_kg(tmp_path: Path) -> None:
    ledger, plan = files(tmp_path, plan=PLAN + "XM-2,铅,3,LY-1,4\nXM-2,铅,3,LY-2,1\n")
    with pytest.raises(InputError) as caught:
        report_offsets(ledger, plan)
    told = [str(problem) for problem in caught.value.problems]
    assert told == [
        (
            "计划.csv，数据第 3 行，键 XM-2 购自 LY-1：铅 4 kg/a：总量来源余量不足，同一千克不得重复出让"
            "（现为「4 kg/a」）；允许：余量 3 kg/a。处理：减少用量或另寻来源；已用于 XM-1 12 kg/a"
        ),
        (
            "计划.csv，数据第 4 行，键 XM-2 购自 LY-2：铅 1 kg/a：总量来源没有核定文号，不能使用"
            "（现为「LY-2」）。处理：补充生态环境部门核定文号"
        ),
    ]


@pytest.mark.parametrize(
    ("ledger", "plan", "told"),
    [
        (
            LEDGER,
            PLAN.replace("镉,0.5", "镉,-0.5"),
            "计划.csv，数据第 2 行，字段 新增量：新增量不能为负（现为「-0.5」）",
        ),
        (
            LEDGER.replace("15,示例核〔2024〕1号", "15,待批"),
            PLAN,
            "没有核定文号，不能使用（现为「LY-1（核定文号：待批）」",
        ),
        (LEDGER.replace("核定量(kg/a)", "核定量(kg/d)"), PLAN, "列的单位不是 kg/a（现为「kg/d」）"),
        (LEDGER, PLAN.replace("购买量(kg/a)", "购买量(mg/m³)"), "列的单位不是 kg/a（现为「mg/m3」）"),
    ],
)
def test_what_would_sell_or_spare_more_than_there_is_is_refused(
    tmp_path: Path, ledger: str, plan: str, told: str
) -> None:
    with pytest.raises(InputError) as caught:
        report_offsets(*files(tmp_path, ledger, plan), ratio=1.2)
    assert told in str(caught.value)


def test_what_the_tables_do_not_say_is_told(tmp_path: Path) -> None:
    """A blank addition needs nothing, a formula without its result has sold nothing: neither goes without a word."""
    _, plan = files(tmp_path, plan=PLAN.replace("镉,0.5", "镉,"))
    book = openpyxl.Workbook()
    for line in LEDGER.strip().split("\n"):
        book.active.append(line.split(","))
    book.active["E2"], book.active["F2"] = "=2+3", None
    book.save(tmp_path / "台账.xlsx")
    report = report_offsets(tmp_path / "台账.xlsx", plan, ratio=1.2, basis="per_metal")
    assert [row[2] for row in report.tables()[1].rows] == ["铅"]
    lost = "台账.xlsx，图层/工作表 Sheet，数据第 1 行，字段 已出让(kg/a)：公式无结果（现为「=2+3」）。"
    remedy = "处理：工作簿中没有保存该公式的计算结果。按空白读取；请用 Excel 或 WPS 打开后保存。"
    assert list(report.notes) == [
        lost + remedy,
        "LY-1（铅）、LY-1（镉） 未填写已出让，按未出让计，请核实。",
        "XM-1（镉） 未填写新增量，须替代量未计算，合计也不含。",
    ]


def test_a_ledger_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    ledger, plan = files(tmp_path, ledger=LEDGER.replace("20,5,15", "20,5,18"))
    with pytest.raises(InputError, match="余量与核定量、已出让不符") as caught:
        report_offsets(ledger, plan)
    assert "核定量减已出让为 15 kg/a" in str(caught.value)
    ledger, plan = files(tmp_path, plan=PLAN + "XM-1,铅,11,LY-1,1\n")
    with pytest.raises(InputError, match="新增量前后不一"):
        report_offsets(ledger, plan, ratio=1.2)
    with pytest.raises(UsageError, match="没有这一计算口径"):
        report_offsets(ledger, plan, basis="each")


def test_masses_are_read_by_the_units_of_their_headers_and_cells(tmp_path: Path) -> None:
    in_tonnes = LEDGER.replace("核定量(kg/a)", "核定量(t/a)").replace(",铅,20,5,15,", ",铅,0.02,5,15,")
    in_tonnes = in_tonnes.replace(",镉,1,,", ",镉,1 kg,,").replace(",铅,9,0,9,", ",铅,0.009,0,9,")
    ledger, plan = files(tmp_path, ledger=in_tonnes, plan=PLAN.replace("购买量(kg/a)", "购买量(g)"))
    report = report_offsets(ledger, plan)
    assert [(row[3], row[5], row[6]) for row in report.tables()[0].rows] == [
        ("20", "0.012", "14.988"),
        ("1", "0.0005", "0.9995"),
        ("9", "0", "9"),
    ]
    read_as, rows = "按数值读取（单位 kg/a）。", "2 行（数据第 1、{} 行）"
    assert report.notes == (
        (
            "台账.csv，字段 核定量(t/a)*：数值按表头单位换算。"
            f"处理：表头单位 t/a，按 1 t/a = 1000 kg/a 换算，共 {rows.format(3)}。{read_as}"
        ),
        (
            "台账.csv，字段 核定量(t/a)*：单元格单位与表头不同。"
            "处理：单元格所写单位与表头的 t/a 不同，共 1 行（数据第 2 行）。以单元格所写单位为准，请核对。"
        ),
        f"台账.csv，字段 核定量(t/a)*：数值带单位。处理：含单位或千分位，共 1 行（数据第 2 行）。{read_as}",
        "LY-1（镉） 未填写已出让，按未出让计，请核实。",
        (
            "计划.csv，字段 购买量(g)*：数值按表头单位换算。"
            f"处理：表头单位 g，按 1 g = 0.001 kg/a 换算，共 {rows.format(2)}。{read_as}"
        ),
    )


def test_the_command_prints_and_writes_the_same(tmp_path: Path) -> None:
    ledger, plan = files(tmp_path)
    out = tmp_path / "结果.xlsx"
    command = ["offsets", str(ledger), "--plan", str(plan), "--ratio", "1.2", "--out", str(out), "--json"]
    told = CliRunner().invoke(app, command, catch_exceptions=False)
    printed = json.loads(told.stdout)
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["总量来源台账", "替代量"]
    rows = [["" if cell is None else cell for cell in row] for row in book["替代量"].iter_rows(values_only=True)]
    assert [dict(zip(rows[0], row, strict=True)) for row in rows[1:4]] == printed["替代量"]


def test_the_templates_are_there_and_read_as_empty(tmp_path: Path) -> None:
    assert {"总量来源台账.xlsx", "总量购买计划.xlsx"} <= set(write_templates(tmp_path))
    assert report_offsets(tmp_path / "总量来源台账.xlsx", tmp_path / "总量购买计划.xlsx").ledger.sources == {}


def test_candidates_are_filtered_by_clause_and_kept_apart(tmp_path: Path) -> None:
    out = tmp_path / "候选点.csv"
    command = ["candidates", "--project", str(NANDAN), "--trade", "3212", "--action", "new", "--step", "4km"]
    command += ["--filter", "SIT-GX-PARK", "--filter", "SIT-LAW-ART32", "--set", "may_pollute_soil=yes"]
    told = CliRunner().invoke(app, [*command, "--spacing", "20km", "--out", str(out)], catch_exceptions=False)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for row in rows if row["是否入选"] == "是"]
    states = [row["过滤结果"] for row in rows]
    counted = "，".join(f"{state} {states.count(state)} 个" for state in ("未触及", "触及", "未评估"))
    assert told.stdout.startswith(f"候选点 {len(rows)} 个（过滤条款：{counted}），入选 {len(chosen)} 个；逐条见")
    assert {row["过滤结果"] for row in rows if row["未入选原因"].startswith("触及")} == {"触及"}
    assert {row["SIT-GX-PARK"] for row in chosen} <= {"示例判定：未触及", "示例判定：未评估"}
    order = [row["过滤结果"] == "触及" for row in rows]
    assert order == sorted(order)
    unjudged = [(bool(row["未评估的过滤条款"]), int(row["未评估"])) for row in rows if row["过滤结果"] != "触及"]
    assert unjudged == sorted(unjudged)
    page = out.with_suffix(".html").read_text(encoding="utf-8")
    assert "未作任何判断" not in page.split('<p id="head-numbers">')[1].split("</p>")[0]
    drawn = {"触及": "触及过滤条款的候选点", "未评估": "过滤条款有未评估的候选点", "未触及": "过滤条款均未触及的候选点"}
    for state in set(states):
        assert re.search(rf"{drawn[state]}[^（]*(（不等于可以建设）)?（{states.count(state)} 个）", page)
    left_out = [row for row in rows if row["SIT-GX-PARK"] == "示例判定：要求未见满足"]
    assert {row["未入选原因"].split("、")[0] for row in left_out} <= {"触及 SIT-GX-PARK", "触及 SIT-LAW-ART32"}
    assert "最近工业园区" in left_out[0]["SIT-GX-PARK 量测"]
    with pytest.raises(UsageError, match=r"没有这一可判断的条款.*SIT-GX-PARK"):
        CliRunner().invoke(
            app, ["candidates", "--project", str(NANDAN), "--out", str(out), "--filter", "SIT-GX-PARC"],
            catch_exceptions=False,
        )  # fmt: skip


def test_an_unmet_requirement_is_not_called_a_ban() -> None:
    finding = {"verdict": "prohibited", "document": "示例方案", "clause": "四（一）", "decider": "审批部门"}
    assert (
        unmet_sentence(finding, "require", "应布设在园区")
        == "现有数据中未见满足《示例方案》四（一）所列要求（应布设在园区），是否适用由审批部门认定。"
    )
    assert unmet_sentence(finding, "ban", "应布设在园区") == ""
    assert unmet_sentence(finding | {"verdict": "clear"}, "require", "应布设在园区") == ""
    assert "do not show that a requirement" in unmet_sentence(finding, "require", "应布设在园区", "en")
