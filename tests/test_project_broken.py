"""Broken projects: every fault is told in words, at once, with the way out; exit 2, and nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hmgeo.errors import ProjectError
from hmgeo.project.spec import read_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

BROKEN = Path(__file__).resolve().parent / "broken_projects"

# what each fault must say: file, line or key, what was found, what to do
FAULTS: dict[str, list[tuple[str, ...]]] = {
    "misspelt_key": [
        ("misspelt_key.yml，第 9 行", "未知的键（现为「screening_rul」）", "是否为「screening_rule」"),
        ("misspelt_key.yml", "缺少 screening_rule", "补写 screening_rule"),
    ],
    "misspelt_layer_key": [("第 8 行", "图层 farmland", "「completness」", "是否为「completeness」")],
    "misspelt_layer_kind": [("第 8 行", "layers有未知的键", "「farmlands」", "是否为「farmland」")],
    "unknown_parameter": [("第 14 行", "parameters有未知的键", "「terrane」", "是否为「terrain」")],
    "bad_choice": [("第 14 行", "参数 terrain", "「flat」", "允许：not_considered、considered")],
    "bad_basis": [("第 8 行", "basis不是允许的词", "「invented」", "real、undeclared、approximate、synthetic")],
    "no_as_of": [("no_as_of.yml", "缺少 as_of", "处理：补写 as_of")],
    "strange_day": [("第 4 行", "as_of应为日期", "「2019-06-31」", "YYYY-MM-DD")],
    "layer_without_basis": [("第 8 行", "图层 farmland缺少 basis", "处理：补写 basis")],
    "layer_without_path": [("第 8 行", "图层 farmland缺少 path", "处理：补写 path")],
    "parameter_without_who": [
        ("第 14 行", "参数 terrain缺少 by"),
        ("第 14 行", "参数 terrain缺少 on"),
        ("第 14 行", "参数 terrain缺少 reason"),
    ],
    "adopted_without_reason": [
        ("第 16 行", "adopt缺少 by"),
        ("第 16 行", "adopt缺少 on"),
        ("第 16 行", "adopt缺少 reason"),
    ],
    "trades_without_edition": [("第 11 行", "cadmium_trades 须注明行业分类版本 edition", "允许：2011、2017")],
    "number_without_unit": [("第 14 行", "surroundings_m 的单位不符", "「km」", "允许：m", "写明 unit 并换算")],
    "unknown_rule": [("unknown_rule.yml，键 screening_rule", "「SCR-JY-10M」", "是否为「SCR-JY-10KM」")],
    "unknown_adopted_rule": [("第 16 行，键 adopt", "「SCR-JY-1OKM」", "是否为「SCR-JY-10KM」")],
    "coverage_nowhere": [("coverage_nowhere.yml，第 8 行，键 coverage", "没有这个区域", "「449999」", "六位县级代码")],
    "bare_code": [("第 8 行", "area应为文字", "「441802」", "加英文引号")],
    "area_nowhere": [("area_nowhere.yml，键 area", "没有这个区域", "「GD-QQ」", "GD-QC（清城区）")],
    "missing_file": [("data/enterprise.csv：文件不存在", "核对路径和文件名")],
    "no_coordinates": [
        ("data/no_coordinates.csv", "没有识别出成对的坐标列", "企业编号、企业名称、行业代码、地址", "经度、纬度")
    ],
    "no_valid_parcel": [
        ("data/no_valid_parcel.geojson", "没有任何可用的耕地要素（共 2 行，全部搁置）", "核对图层、坐标系和几何类型")
    ],
    "real_on_synthetic": [
        ("第 8 行", "真实污染源不得对照合成", "污染源 real，受体 synthetic", "mix_basis: 理由")
    ],
    "no_sources": [("键 layers", "项目没有污染源图层", "enterprises: {path: …, basis: …}")],
    "repeated_key": [("第 4 行", "键重复（现为「title」）", "只保留一个")],
    "other_schema": [("第 2 行", "不认识的 schema 版本（现为「2」）", "允许：1")],
    "not_yaml": [("not_yaml.yml，第 6 行", "不是合法的 YAML", "检查缩进、冒号和引号")],
    "gbk": [("gbk.yml，第 3 行", "不是 UTF-8 编码，疑为 GBK", "另存为 UTF-8")],
    "empty": [("empty.yml", "项目文件为空", "写入内容或删除该文件")],
    "several_at_once": [
        ("第 8 行", "「screening_rul」", "是否为「screening_rule」"),
        ("缺少 as_of",),
        ("缺少 screening_rule",),
        ("第 7 行", "图层 farmland缺少 basis"),
        ("第 13 行", "参数 terrain", "「flat」"),
        ("第 15 行", "adopt有未知的键", "「reazon」", "是否为「reason」"),
        ("第 15 行", "adopt缺少 reason"),
    ],
    "several_files_at_once": [
        ("键 screening_rule", "「SCR-JY-10M」"),
        ("键 area", "「GD-QQ」"),
        ("data/no_coordinates.csv", "没有识别出成对的坐标列"),
        ("第 8 行，键 coverage", "「449999」"),
        ("data/no_valid_parcel.geojson", "没有任何可用的耕地要素"),
    ],
}  # fmt: skip


def assert_told(faults: list[str], expected: list[tuple[str, ...]]) -> None:
    assert len(faults) == len(expected), faults
    for fault, words in zip(faults, expected, strict=True):
        assert [word for word in words if word not in fault] == [], fault


def everything_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_every_broken_project_has_its_words() -> None:
    assert {path.stem for path in BROKEN.glob("*.yml")} == {*FAULTS, "good"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_run_tells_every_fault_and_writes_nothing(
    name: str, hmgeo_command: Callable[..., Ended], tmp_path: Path
) -> None:
    ended = hmgeo_command("run", BROKEN / f"{name}.yml", "--out", tmp_path / "out")
    assert (ended.code, ended.out, everything_in(tmp_path)) == (2, "", [])
    assert "Traceback" not in ended.err
    assert_told(ended.faults, FAULTS[name])


@pytest.mark.parametrize("name", FAULTS)
def test_a_check_tells_the_same_on_stdout(name: str, hmgeo_command: Callable[..., Ended]) -> None:
    before = everything_in(BROKEN)
    ended = hmgeo_command("check", BROKEN / f"{name}.yml")
    assert (ended.code, ended.err) == (2, "")
    assert_told(ended.faults, FAULTS[name])
    assert ended.out.splitlines()[-1] == f"共 {len(FAULTS[name])} 个问题，0 个提醒。"
    assert everything_in(BROKEN) == before


def test_a_run_over_an_earlier_one_leaves_it_alone(hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text("{}", encoding="utf-8")
    ended = hmgeo_command("run", BROKEN / "missing_file.yml", "--out", out)
    assert ended.code == 2
    assert everything_in(tmp_path) == ["out", "out/manifest.json"]
    assert (out / "manifest.json").read_text(encoding="utf-8") == "{}"


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_project_that_is_not_there(command: str, hmgeo_command: Callable[..., Ended], tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path):  # no such folder; a folder without project.yml
        ended = hmgeo_command(command, path)
        assert ended.code == 2
        assert_told(ended.faults, [(str(path), "找不到项目文件", "核对路径")])
    assert everything_in(tmp_path) == []


def test_the_sound_project_beside_them(hmgeo_command: Callable[..., Ended]) -> None:
    ended = hmgeo_command("check", BROKEN / "good.yml")
    assert (ended.code, ended.faults) == (0, [])
    assert ended.out.splitlines()[-1] == "共 0 个问题，0 个提醒。"


def test_problems_stand_apart_in_the_error() -> None:
    with pytest.raises(ProjectError) as raised:
        read_spec(BROKEN / "several_at_once.yml")
    lines = [problem.where.line for problem in raised.value.problems]
    assert lines == [8, 2, 2, 7, 13, 15, 15]
    assert {problem.where.file for problem in raised.value.problems} == {"several_at_once.yml"}
