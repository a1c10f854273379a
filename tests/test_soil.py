"""Samples at and around each threshold of GB 15618, worked by pencil."""

from __future__ import annotations

import pytest

from hmgeo.analysis.soil import (
    NO_PH_ZH,
    TITLE_ZH,
    Concentration,
    LandType,
    RiskGrade,
    grade_element,
    grade_sample,
    read_concentration,
)
from hmgeo.reference.standards import FarmlandLimit, farmland_limits

LOW, BETWEEN, ABOVE, HIGH, OPEN = (
    RiskGrade.LOW,
    RiskGrade.BETWEEN,
    RiskGrade.ABOVE_SCREENING,
    RiskGrade.HIGH,
    RiskGrade.UNDETERMINED,
)
STEP = 0.0001


def grade(element: str, mg_kg: float, land: LandType, ph: float | None) -> RiskGrade:
    return grade_element(element, Concentration(mg_kg), land, ph).grade


@pytest.mark.parametrize("limit", farmland_limits(), ids=lambda one: f"{one.element}-{one.land_type}-{one.band_zh}")
def test_a_value_equal_to_a_limit_is_not_above_it(limit: FarmlandLimit) -> None:
    land = LandType.OTHER if limit.land_type == "all" else LandType.of(limit.land_type)
    ph = limit.ph_to if limit.ph_to is not None else 8.0
    assert grade(limit.element, limit.screening_mg_kg, land, ph) is LOW
    above = grade(limit.element, limit.screening_mg_kg + STEP, land, ph)
    if limit.intervention_mg_kg is None:
        assert above is ABOVE
        assert grade(limit.element, 100_000.0, land, ph) is ABOVE
        return
    assert above is BETWEEN
    assert grade(limit.element, limit.intervention_mg_kg, land, ph) is BETWEEN
    assert grade(limit.element, limit.intervention_mg_kg + STEP, land, ph) is HIGH


@pytest.mark.parametrize(
    ("element", "mg_kg", "land", "ph", "expected"),
    [
        ("Cd", 0.30, LandType.OTHER, 6.0, LOW),
        ("Cd", 0.31, LandType.OTHER, 6.0, BETWEEN),
        ("Cd", 2.00, LandType.OTHER, 6.0, BETWEEN),
        ("Cd", 2.01, LandType.OTHER, 6.0, HIGH),
        ("Cd", 0.40, LandType.PADDY, 6.0, LOW),
        ("Cd", 0.41, LandType.PADDY, 6.0, BETWEEN),
        ("Cd", 0.80, LandType.PADDY, 8.0, LOW),
        ("Cd", 4.01, LandType.PADDY, 8.0, HIGH),
        ("Hg", 1.3, LandType.OTHER, 5.5, LOW),
        ("Hg", 6.1, LandType.PADDY, 7.6, HIGH),
        ("As", 30.0, LandType.PADDY, 5.0, LOW),
        ("As", 30.1, LandType.PADDY, 5.0, BETWEEN),
        ("As", 100.1, LandType.OTHER, 7.6, HIGH),
        ("Pb", 80.0, LandType.PADDY, 5.5, LOW),
        ("Pb", 71.0, LandType.OTHER, 5.5, BETWEEN),
        ("Pb", 1000.1, LandType.PADDY, 9.0, HIGH),
        ("Cr", 250.0, LandType.PADDY, 5.0, LOW),
        ("Cr", 1300.1, LandType.OTHER, 8.0, HIGH),
        ("Cu", 150.0, LandType.ORCHARD, 6.0, LOW),
        ("Cu", 51.0, LandType.PADDY, 6.0, ABOVE),
        ("Ni", 60.1, LandType.ORCHARD, 5.5, ABOVE),
        ("Zn", 200.0, LandType.OTHER, 6.5, LOW),
    ],
)
def test_single_elements(element: str, mg_kg: float, land: LandType, ph: float, expected: RiskGrade) -> None:
    assert grade(element, mg_kg, land, ph) is expected


@pytest.mark.parametrize(
    ("ph", "screening"),
    [(0.0, 0.3), (5.5, 0.3), (5.5001, 0.4), (6.5, 0.4), (6.5001, 0.6), (7.5, 0.6), (7.5001, 0.8), (14.0, 0.8)],
)
def test_each_band_holds_its_upper_end(ph: float, screening: float) -> None:
    found = grade_element("Cd", Concentration(0.1), LandType.PADDY, ph)
    assert found.limit is not None
    assert found.limit.screening_mg_kg == screening


def test_without_ph_there_is_no_grade() -> None:
    found = grade_element("Cd", Concentration(50.0), LandType.PADDY, None)
    assert (found.grade, found.why_zh, found.limit) == (OPEN, "缺少 pH，无法分级。", None)
    sample = grade_sample({"Cd": Concentration(50.0)}, LandType.PADDY, None)
    assert (sample.grade, sample.note_zh) == (OPEN, NO_PH_ZH)


@pytest.mark.parametrize("ph", [-0.1, 14.1])
def test_an_impossible_ph_gives_no_grade(ph: float) -> None:
    found = grade_element("Cd", Concentration(0.1), LandType.OTHER, ph)
    assert (found.grade, found.why_zh) == (OPEN, f"pH {ph:g} 不在 0 至 14 之间，无法分级。")


def test_the_strictest_band_is_used_only_where_the_user_chose_it() -> None:
    found = grade_element("As", Concentration(21.0), LandType.PADDY, None, strictest_without_ph=True)
    assert found.limit is not None
    assert (found.grade, found.limit.band_zh) == (BETWEEN, "pH>7.5")
    assert found.why_zh == "缺少 pH，按使用单位选定的最严一档对照。"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.3", Concentration(0.3)),
        (" 12 ", Concentration(12.0)),
        ("<0.01", Concentration(0.01, is_below=True)),
        ("＜0.01", Concentration(0.01, is_below=True)),
        ("0.01L", Concentration(0.01, is_below=True)),
        ("未检出", Concentration(None, is_below=True)),
        ("ND", Concentration(None, is_below=True)),
        ("", None),
        ("-1", None),
        ("nan", None),
        ("约0.3", None),
    ],
)
def test_concentrations_as_laboratories_write_them(text: str, expected: Concentration | None) -> None:
    assert read_concentration(text) == expected


@pytest.mark.parametrize(
    ("detection", "expected", "words"),
    [
        (0.01, LOW, ""),
        (0.3, LOW, ""),
        (0.31, OPEN, "Cd 检出限 0.31 mg/kg 高于筛选值，无法分级。"),
        (None, OPEN, "未检出但未注明检出限，无法分级。"),
    ],
)
def test_a_non_detect_is_low_only_where_the_laboratory_could_have_seen_more(
    detection: float | None, expected: RiskGrade, words: str
) -> None:
    found = grade_element("Cd", Concentration(detection, is_below=True), LandType.OTHER, 6.0)
    assert (found.grade, found.why_zh) == (expected, words)


def test_the_gravest_element_decides() -> None:
    sample = {"Cd": Concentration(0.5), "Pb": Concentration(600.0), "As": Concentration(10.0)}
    found = grade_sample(sample, LandType.OTHER, 6.0)
    assert (found.grade, found.governing) == (HIGH, ("Pb",))
    assert found.note_zh == "仅依据 Cd、As、Pb 分级。"


def test_an_element_that_cannot_be_graded_leaves_the_sample_open_unless_another_is_high() -> None:
    unsure = Concentration(5.0, is_below=True)
    assert grade_sample({"Cd": unsure, "Pb": Concentration(10.0)}, LandType.OTHER, 6.0).grade is OPEN
    high = grade_sample({"Cd": unsure, "Pb": Concentration(501.0)}, LandType.OTHER, 6.0)
    assert (high.grade, high.governing) == (HIGH, ("Pb",))


def test_an_empty_sample_has_no_grade() -> None:
    found = grade_sample({"Cd": None}, LandType.OTHER, 6.0)
    assert (found.grade, found.note_zh) == (OPEN, "没有可用的含量，无法分级。")


def test_it_is_never_called_a_classification_of_farmland() -> None:
    assert TITLE_ZH == "土壤点位风险分级（仅依据GB 15618）"
    words = TITLE_ZH + "".join(one.zh for one in RiskGrade)
    for forbidden in ("类别", "优先保护", "安全利用", "严格管控", "达标", "超标", "无污染"):
        assert forbidden not in words
