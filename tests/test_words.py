"""One remedy per word: what a person says a word means, whole cells only, told and counted."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import openpyxl
import pyarrow.parquet as pq
import pytest
import shapely
import yaml
from situation_projects import declared, write_collection

from hmgeo import run_project
from hmgeo.errors import ProjectError
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.judging.own_columns import stated_action
from hmgeo.project.spec import read_spec, read_words
from hmgeo.records import WordMeaning
from hmgeo.vocabulary import Action, Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

SAID = "{means: 学校, by: 张三, on: 2026-11-20, reason: 现场核实}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A plant with a 私塾 and a 小学旧址 some 220 m off, and nothing else that counts."""
    wide = shapely.box(112.0, 22.5, 114.5, 24.8)
    write_collection(tmp_path / "wide.geojson", [({"名称": "范围"}, wide)])
    sites = [("A1", "私塾", 23.6020), ("A2", "小学旧址", 23.6021), ("A3", "私塾", 23.9)]
    rows = [({"编号": one, "名称": one, "类别": word}, shapely.Point(113.05, lat)) for one, word, lat in sites]
    write_collection(tmp_path / "sensitive.geojson", rows)
    with (tmp_path / "e.csv").open("w", encoding="utf-8", newline="") as file:
        head = ("企业编号", "企业名称", "县(市、区)", "行业代码", "行业分类版本", "经度", "纬度", "坐标系", "是否涉镉")
        point = ("清城区", "3360", "2017", "113.050000", "23.600000", "CGCS2000", "疑似")
        csv.writer(file).writerows([head, ("E1", "厂一", *point)])
    text = yaml.safe_dump(
        {
            "schema": 1,
            "title": "用语",
            "area": {"codes": ["wide.geojson"]},
            "layers": {
                "enterprises": declared("e.csv"),
                "sensitive_sites": declared("sensitive.geojson")
                | {"coverage": {"file": "wide.geojson"}, "completeness": "complete"},
            },
            "screening_rule": "none",
        },
        allow_unicode=True,
    )
    (tmp_path / "project.yml").write_text(f"as_of: 2024-06-30\n{text}", encoding="utf-8")
    return tmp_path


def declare(project: Path, words: str) -> None:
    with (project / "project.yml").open("a", encoding="utf-8") as file:
        file.write(f"words:\n{words}")


def test_the_lines_to_paste_are_printed_and_stand_in_the_workbook_of_what_to_mend(
    project: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    told = hmgeo_command("run", project, "--out", project / "out").err
    lines = [line.strip() for line in told.splitlines() if line.startswith('  "')]
    words = [line.split(":")[0] for line in lines]
    assert sorted(words) == ['"小学旧址"', '"疑似"', '"私塾"']
    line = next(line for line in lines if "私塾" in line)
    assert line.startswith('"私塾": {means: , by: , on: , reason: }  # 类别，2 行，')
    assert line.endswith("可写 居民区、学校、医院、疗养院、养老院、行政办公、其他")
    assert "看不懂的用语：在 project.yml 的 words 下" in told
    sheet = openpyxl.load_workbook(project / "out" / "fixme.xlsx")["按用语"]
    setup = sheet.page_setup
    assert (setup.orientation, setup.fitToHeight, sheet.print_title_rows) == ("landscape", 0, "$2:$2")
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    assert {row[0]: row[2] for row in rows} == {"私塾": 2, "小学旧址": 1, "疑似": 1}
    findings = pq.read_table(project / "out" / "data" / "findings.parquet").to_pylist()
    waiting = [one for one in findings if "unread:私塾" in one["reason_codes"].split(";")]
    assert {row[0]: row[3] for row in rows}["私塾"] == len(waiting)


def test_a_declared_word_is_read_so_in_whole_cells_and_told(project: Path) -> None:
    declare(project, f"  私塾: {SAID}\n  没有的词: {SAID}\n")
    results = run_project(project, project / "out").results
    assert [one.word for one in results.unread] == ["小学旧址", "疑似"]
    told = [one for one in results.ledger.entries if one.event == "用语按申明读取"]
    assert [(one.field, one.value, one.reason, one.action) for one in told] == [
        ("类别", "私塾", "现场核实（张三，2026-11-20），共 2 行", "按「学校」读取")
    ]
    manifest = json.loads((project / "out" / "data" / "manifest.json").read_text(encoding="utf-8"))
    used = next(one for one in manifest["parameters"] if "私塾" in one["name"])
    assert (used["value"], used["by"], used["on"], used["reason"]) == ("学校", "张三", "2026-11-20", "现场核实")
    assert "words 中的「没有的词」没有用到：没有这样的整格，或含义不在该列清单内。" in results.warnings


def test_a_file_of_words_holds_for_one_call(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    (project / "w.yml").write_text(f"words:\n  小学旧址: {SAID.replace('学校', '其他')}\n", encoding="utf-8")
    told = hmgeo_command("run", project, "--out", project / "out", "--words", project / "w.yml")
    assert told.code == 0
    assert "小学旧址" not in told.err
    assert "私塾" in told.err
    (project / "bare.yml").write_text(f"小学旧址: {SAID}\n", encoding="utf-8")
    assert read_words(project / "bare.yml")[0].means == "学校"


def test_a_meaning_outside_the_lists_is_an_error_with_the_words_allowed(project: Path) -> None:
    declare(project, f"  私塾: {SAID.replace('学校', '书院')}\n  小学旧址: {{means: 其他}}\n")
    with pytest.raises(ProjectError) as raised:
        read_spec(project)
    told = str(raised.value)
    assert "用语 私塾 的含义不是清单中的词（现为「书院」）；允许：是、否、" in told
    assert "用语 小学旧址 缺少 by" in told


def means(word: str, meaning: str) -> WordMeaning:
    return WordMeaning(word, meaning, "张三", "2026-11-20", "调查底册中的写法")


def test_a_land_code_is_settled_for_all_its_parcels(tmp_path: Path) -> None:
    codes = ["0101", "旱作", "旱作", "9999", "0301"]
    shapes = [shapely.box(113.0 + n / 100, 23.0, 113.005 + n / 100, 23.005) for n in range(len(codes))]
    rows = [
        ({"parcel_id": f"P{n}", "DLBM": code}, shape) for n, (code, shape) in enumerate(zip(codes, shapes, strict=True))
    ]
    write_collection(tmp_path / "land.geojson", rows)
    said = {"kind": LayerKind.FARMLAND, "basis": Basis.SYNTHETIC}
    held, _ = load_receptors(tmp_path / "land.geojson", **said)
    assert [(one.column, one.word, one.rows, one.allowed) for one in held.unread] == [
        ("DLBM", "旱作", 2, ("耕地", "非耕地")),
        ("DLBM", "9999", 1, ("耕地", "非耕地")),
    ]
    options = ReadOptions(words=(means("旱作", "耕地"), means("9999", "非耕地")))
    held, ledger = load_receptors(tmp_path / "land.geojson", **said, options=options)
    assert held.unread == ()
    assert held.read()["receptor_id"].to_pylist() == ["P0", "P1", "P2"]
    assert [one.event for one in ledger.entries if one.event == "地类看不懂"] == []
    assert sum(one.event == "用语按申明读取" for one in ledger.entries) == 2


def test_kinds_of_work_and_states_of_firms_are_settled(tmp_path: Path) -> None:
    head = "企业编号,企业名称,经度,纬度,生产状态,建设性质"
    rows = ["E1,一厂,113.05,23.6,半停产,翻建", "E2,二厂,113.06,23.6,正常生产,技改", "E3,三厂,113.07,23.6,/,"]
    (tmp_path / "e.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    said = {"kind": LayerKind.ENTERPRISES, "basis": Basis.SYNTHETIC}
    found, _ = load_positions(tmp_path / "e.csv", **said)
    assert [(one.column, one.word) for one in found.unread] == [("建设性质", "翻建"), ("生产状态", "半停产")]
    options = ReadOptions(words=(means("翻建", "改建"), means("半停产", "停产")))
    found, _ = load_positions(tmp_path / "e.csv", **said, options=options)
    assert found.unread == ()
    first, second, third = found.attributes.to_pylist()
    assert (first["生产状态"], stated_action(first)) == ("停产", (Action.RECONSTRUCT, ""))
    assert stated_action(second) == (Action.TECHNICAL_UPGRADE, "")
    assert stated_action(third) == (None, "")
