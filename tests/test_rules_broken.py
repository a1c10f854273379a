"""Deliberately broken rule files, one fault each: the words, the line, and nothing loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from hmgeo.errors import RuleError
from hmgeo.rules.book import load_book
from hmgeo.rules.read import load_rules

FOLDER = Path(__file__).parent / "broken_rules"

FAULTS = {
    "bad_date": (20, "from应为日期（现为「2021-13-01」）；允许：YYYY-MM-DD"),
    "bad_territory": (9, "territory 应为行政区划代码（现为「4418」）"),
    "bad_trade_code": (14, "行业代码应为 1 至 4 位数字（现为「C3212」）"),
    "day_as_text": (20, "from应为日期（现为「2021-01-01」）；允许：YYYY-MM-DD。处理：去掉日期两边的引号"),
    "duplicate_case_id": (34, "算例编号重复（现为「near」）"),
    "duplicate_id": (34, "规则编号重复（现为「CITY-1」）。处理：已在第 5 行使用"),
    "duplicate_key": (19, "规则的键重复（现为「effect」）。处理：只保留一个"),
    "empty": (0, "规则文件为空"),
    "gbk": (6, "规则文件不是 UTF-8 编码，疑为 GBK（GB18030）；允许：UTF-8"),
    "missing_case": (5, "CITY-1 缺少算例 cases"),
    "missing_clause": (20, "history缺少条款位置"),
    "missing_date": (20, "history缺少 from"),
    "missing_legal_rank": (5, "规则缺少 legal_rank"),
    "missing_limit": (20, "CITY-1 缺少限值"),
    "missing_quote": (20, "history缺少 quote"),
    "missing_unit": (22, "数值缺少 unit"),
    "not_a_mapping": (6, "title应为键值表"),
    "not_held_without_would_decide": (5, "CITY-1 缺少 would_decide"),
    "not_yaml": (7, "不是合法的 YAML"),
    "number_as_text": (22, "value应为数字（现为「1000」）"),
    "octal_number": (22, "value应为数字（现为「0100」）"),
    "overlapping_periods": (27, "history 的期间重叠（现为「前一取值止于 2025-12-31，后一取值始于 2025-12-31」）"),
    "period_backwards": (21, "plan_period 的止日早于起日"),
    "repeal_into_successor": (28, "history 的期间重叠（现为「前一取值于 2026-06-01 废止"),
    "repealed_before_first_day": (26, "废止日期不晚于施行日期"),
    "restrict_without_condition": (5, "CITY-1 缺少 condition"),
    "same_first_day": (27, "history 的施行日期须逐个递增"),
    "tag": (8, "不允许 YAML 标签"),
    "too_deep": (27, "嵌套过深；允许：不超过 24 层"),
    "too_many_aliases": (0, "YAML 别名过多（现为「21」）；允许：不超过 20 个"),
    "trades_both_ways": (13, "trades 须为 any、parameter、lists 三者之一"),
    "unknown_action": (15, "actions不是允许的词（现为「newly」）"),
    "unknown_attribute": (16, "现为「may_polute_soil」"),
    "unknown_case_word": (32, "given有未知的键（现为「distanse_m」）"),
    "unknown_class": (17, "farmland 没有这一类别（现为「严控类」）"),
    "unknown_decider": (27, "decider不是允许的词（现为「排查清单」）"),
    "unknown_edition": (14, "没有这一行业分类版本（现为「2002」）；允许：2011、2017"),
    "unknown_effect": (18, "effect不是允许的词（现为「lists」）"),
    "unknown_key": (27, "规则有未知的键（现为「decidor」）"),
    "unknown_key_area": (17, "test.area_ids不是允许的词（现为「GD-QX」）"),
    "unknown_key_in_history": (25, "history有未知的键（现为「docment」）"),
    "unknown_kind": (17, "test.kind不是允许的词（现为「maximum_distence」）"),
    "unknown_layer": (17, "test.layer不是允许的词（现为「cropland」）"),
    "unknown_legal_rank": (7, "legal_rank不是允许的词（现为「plans」）"),
    "unknown_parameter": (17, "test.limit不是允许的词（现为「surrounding_m」）"),
    "unknown_schema": (1, "不支持的 schema（现为「9」）；允许：1"),
    "unknown_source_kind": (11, "source_kinds不是允许的词（现为「enterprise」）"),
    "unknown_test_field": (17, "test（maximum_distance）有未知的键（现为「clases」）"),
    "unknown_verdict": (33, "expect.verdict不是允许的词（现为「list」）"),
    "unlisted_parameter": (17, "CITY-1 用到的参数未列入 parameters（现为「surroundings_m」）"),
    "unquoted_trade_code": (14, "codes应为文字（现为「3212」）。处理：加英文引号"),
    "verified_without_day": (28, "verified缺少 on"),
    "why_missing": (29, "runs缺少 why（现为「inform」）"),
    "wrong_unit": (20, "CITY-1 的单位与 test 不符（现为「km」）；允许：m"),
    "yes_without_test": (5, "CITY-1 缺少 test"),
}

NEAREST = {
    "unknown_action": "new",
    "unknown_attribute": "may_pollute_soil",
    "unknown_case_word": "distance_m",
    "unknown_effect": "list",
    "unknown_key": "decider",
    "unknown_key_area": "GD-QC",
    "unknown_key_in_history": "document",
    "unknown_kind": "maximum_distance",
    "unknown_layer": "farmland",
    "unknown_legal_rank": "plan",
    "unknown_parameter": "surroundings_m",
    "unknown_source_kind": "enterprises",
    "unknown_test_field": "classes",
    "unknown_verdict": "listed",
}


def faults_of(name: str) -> RuleError:
    file = FOLDER / f"{name}.yml"
    with pytest.raises(RuleError) as caught:
        load_rules(file.read_bytes(), file.name)
    return caught.value


def test_every_broken_file_is_listed() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yml")) == sorted(FAULTS)


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_broken_file_has_its_one_fault(name: str) -> None:
    line, words = FAULTS[name]
    problems = faults_of(name).problems
    assert [problem.where.line for problem in problems] == [line]
    assert problems[0].where.file == f"{name}.yml"
    assert words in str(problems[0])


@pytest.mark.parametrize("name", sorted(NEAREST))
def test_unknown_word_names_the_nearest_known_one(name: str) -> None:
    assert f"是否为「{NEAREST[name]}」" in str(faults_of(name).problems[0])


def test_a_pack_of_broken_files_reports_all_faults_at_once() -> None:
    with pytest.raises(RuleError) as caught:
        load_book([FOLDER])
    assert len(caught.value.problems) == len(FAULTS)


def test_all_faults_of_one_file_come_at_once() -> None:
    content = (
        (FOLDER / "unknown_effect.yml").read_text(encoding="utf-8").replace("legal_rank: plan", "legal_rank: 规划")
    )
    with pytest.raises(RuleError) as caught:
        load_rules(content.encode(), "two.yml")
    assert [problem.where.line for problem in caught.value.problems] == [7, 18]


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(RuleError, match="规则文件过大，未读入（现为「1000001 字节」）"):
        load_rules(b"#" * 1_000_001, "large.yml")


def test_a_recursive_anchor_is_refused() -> None:
    with pytest.raises(RuleError):
        load_rules(b"schema: 1\npack: &a [*a]\nversion: '1'\nrules: *a\n", "loop.yml")
