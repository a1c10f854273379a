"""Words on screen: what a badge, a sentence and a caption may and may not say."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import structs
from small_results import FORBIDDEN_VERDICT_WORDS, small_results

from hmgeo.outputs import style, wording
from hmgeo.results.results import Presentation
from hmgeo.results.text import area_text, bearing_text, distance_text, mu, radius_text
from hmgeo.results.used import ParameterUsed
from hmgeo.vocabulary import Basis, Certainty, Classification, SoilQualityClass, Standing, Status, Unassessed, Verdict
from hmgeo.words import say

UNDECLARED = {"reason_codes": "coverage_undeclared"}


def finding(verdict: str, **columns: object) -> dict[str, object]:
    row = {"verdict": verdict, "document": "某办法", "clause": "第三条", "quote": "应当远离耕地。", "note": ""}
    return row | {"decider": "生态环境部门", "rule_id": "R-1"} | columns


@pytest.mark.parametrize(
    ("distance_m", "uncertainty_m", "text"),
    [
        (823.4, 50.0, "823 m（±50 m）"),
        (823.4, 0.1, "823 m"),
        (823.4, None, "823 m"),
        (0.0, 0.0, "0 m"),
        (0.34, None, "0.3 m"),
        (999.4, None, "999 m"),
        (999.6, None, "1.0 km"),
        (4312.0, 50.0, "4.3 km"),
        (4312.0, 51.0, "4.3 km（±0.1 km）"),
        (4312.0, 249.0, "4.3 km（±0.2 km）"),
        (None, 50.0, ""),
    ],
)
def test_distances_read_in_metres_below_one_kilometre(
    distance_m: float | None, uncertainty_m: float | None, text: str
) -> None:
    assert distance_text(distance_m, uncertainty_m) == text


@pytest.mark.parametrize(
    ("distance_m", "text"),
    [(10003.2, "10003.2 m"), (9999.9999, "9999.9999 m"), (10000.0, "10.0 km"), (9000.0, "9.0 km")],
)
def test_a_distance_that_rounds_onto_the_limit_is_printed_as_judged(distance_m: float, text: str) -> None:
    assert distance_text(distance_m, limit_m=10000.0) == text


@pytest.mark.parametrize(
    ("bearing_deg", "wind"),
    [(None, ""), (0.0, "北"), (22.4, "北"), (22.6, "东北"), (90.0, "东"), (180.0, "南"), (270.0, "西"), (337.6, "北")],
)
def test_bearings_are_the_nearest_of_eight(bearing_deg: float | None, wind: str) -> None:
    assert bearing_text(bearing_deg) == wind


def test_areas_read_in_hectares_and_mu() -> None:
    assert area_text(1234.5) == "1,234.50 ha（18,517.5 亩）"
    assert area_text(None) == ""
    assert mu(1.0) == 15.0
    assert [radius_text(radius_m) for radius_m in (500.0, 1500.0, 10000.0)] == ["500 m", "1.5 km", "10 km"]


def test_header_counts_every_verdict_gravest_first() -> None:
    counts = {Verdict.CLEAR: 4, Verdict.PROHIBITED: 1}
    assert wording.verdict_header(counts, {}) == (
        "触及禁止性规定 1 条｜有附加条件 0 条｜符合排查条件 0 条｜未评估 0 条｜未触及 4 条｜不适用 0 条"
    )
    assert wording.verdict_header(counts, {}, "en").startswith("touches a prohibition 1 | ")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (finding("prohibited"), "落入《某办法》第三条禁止情形的空间范围，是否适用由生态环境部门认定。"),
        (finding("conditional"), "须满足：应当远离耕地（依据《某办法》第三条）。"),
        (finding("listed"), "建议列入排查清单，是否列入由生态环境主管部门确定。"),
        (finding("clear"), "在所载数据（时点未申明，覆盖完整）范围内未触及本条款。"),
        (
            finding("not_assessed", limit_value=10_000.0, unit="m", measured_text="15.0 km") | UNDECLARED,
            "已量：10 km 内现有数据未见（最近 15.0 km）；数据范围未申明，不作未触及。",
        ),
        (finding("not_applicable", note="行业不在条款适用范围。"), "原因：行业不在条款适用范围。"),
        (finding("not_assessed", note=say("trade_unstated")), "缺少行业代码，无法判断条款是否适用，本条未作判断。"),
        (
            finding("not_assessed", note="规划期已届满。"),
            "缺少数据、参数或效力核实（规划期已届满），本条未作判断。",
        ),
        (finding("not_assessed"), "缺少数据、参数或效力核实，本条未作判断。"),
        (finding(""), ""),
    ],
)
def test_sentence_of_each_verdict(row: dict[str, object], sentence: str) -> None:
    assert wording.verdict_sentence(row) == sentence


def test_a_document_already_in_book_marks_is_not_marked_twice() -> None:
    assert wording.citation(finding("listed", document="《某法》")) == "《某法》第三条"
    assert wording.citation(finding("listed", document="")) == "使用者设定的条件"


def test_the_screening_rules_clear_names_the_farmland_layer_and_its_time() -> None:
    results = small_results()
    clear = next(row for row in results.findings.to_pylist() if row["verdict"] == "clear")
    sentence = "在耕地数据（2019，覆盖完整）范围内未触及本条款。"
    assert wording.finding_sentence(results, clear) == sentence


def test_bare_data_never_clear_in_full() -> None:
    assert wording.badge(finding("clear")) == "未触及"
    assert wording.badge(finding("not_assessed") | UNDECLARED) == "已量，现有数据未见"
    assert wording.badge(finding("not_assessed", reason_codes="coverage_undeclared;missing")) == "未评估"
    assert wording.badge(finding("listed") | UNDECLARED) == "符合排查条件"


def test_what_is_not_assessed_is_counted_in_four_groups_by_the_codes_of_its_reasons() -> None:
    codes = ["coverage_undeclared", "", "missing;coverage_undeclared", "period_over;place_unknown", "text_not_held"]
    rows = [("clear", "missing"), *(("not_assessed", one) for one in [*codes, "place_unknown"])]
    found = Unassessed.counted(rows)
    assert [*found.values()] == [1, 2, 2, 1]
    assert wording.verdict_header({Verdict.NOT_ASSESSED: 6}, found).split("｜")[3] == (
        "未评估 6 条（已量未见、范围未申明 1，缺图层或资料 2，效力未核实或原文未收录 2，位置不明 1）"
    )


def test_real_sources_on_invented_farmland_read_as_examples() -> None:
    results = small_results()
    assert not wording.is_example(results)
    mixed = structs.replace(results, parameters=(*results.parameters, ParameterUsed("mix_basis", "培训用")))
    assert wording.is_example(mixed)
    assert wording.badge(finding("prohibited"), example=True) == "示例判定：触及禁止性规定"
    assert wording.badge(finding(""), example=True) == ""


def test_no_badge_is_a_forbidden_word() -> None:
    codes = ("", "coverage_undeclared")
    badges = {wording.badge(finding(verdict.value, reason_codes=code)) for verdict in Verdict for code in codes}
    badges |= {wording.badge(finding(verdict.value), language="en") for verdict in Verdict}
    badges |= {word.zh for words in (Status, Certainty, Standing, Basis) for word in words}
    assert badges.isdisjoint(FORBIDDEN_VERDICT_WORDS)


def test_caption_names_data_maker_day_and_classification() -> None:
    results = small_results()
    assert wording.caption(results, Presentation(maker="某局")) == (
        "坐标系：2000国家大地坐标系｜资料来源：涉重金属企业（提供单位未申明），2019；合成数据（固定种子生成），2019"
        "｜制图：某局 2019-06-30｜地图审核：未送审｜密级：未标注｜界线仅供工作示意，不作为权属和行政区域界线依据"
    )
    undated = structs.replace(results, as_of=None, layers=())
    assert "资料来源：未申明｜制图：未填写 未设基准日｜" in wording.caption(undated, Presentation())


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ((Classification.PUBLIC, Classification.PUBLIC), "公开"),
        ((Classification.PUBLIC, Classification.SENSITIVE), "敏感"),
        ((Classification.PUBLIC, Classification.UNMARKED), "未标注"),
        ((Classification.CLASSIFIED, Classification.UNMARKED), "涉密（另有图层未标注）"),
        ((Classification.UNMARKED, Classification.UNMARKED), "未标注"),
    ],
)
def test_classification_is_the_worst_of_the_layers(given: tuple[Classification, Classification], word: str) -> None:
    results = small_results()
    layers = tuple(
        structs.replace(layer, gates=structs.replace(layer.gates, classification=classification))
        for layer, classification in zip(results.layers, given, strict=True)
    )
    assert wording.classification_word(structs.replace(results, layers=layers)) == word


def test_words_of_codes_and_empty_codes() -> None:
    assert wording.status_word("rejected") == "退回补正"
    assert wording.standing_word("adopted") == "本地参照（非本地有效依据）"
    assert wording.basis_banner(Basis.SYNTHETIC) == "合成数据，仅供软件演示"
    assert wording.basis_banner(Basis.REAL) == ""
    assert wording.disclaimer("zh").startswith("本结果由软件依据所载资料计算生成")
    assert date(2019, 6, 30).isoformat() in wording.caption(small_results(), Presentation())


@pytest.mark.parametrize(
    ("certainty", "codes", "ends", "told"),
    [
        ("", "", (None, None, None), ""),
        ("certain", "trade_wide", (None, None, None), "位置误差内结论不变"),
        ("ambiguous", "in_principle", (None, None, None), "临界，待核实（位置误差内结论可能改变）"),
        ("ambiguous", "in_principle;trade_wide", (None, None, None),
         "临界，待核实（资料未说清，已按较严一侧；补清后结论可能改变）"),
        ("ambiguous", "graver_side_taken", (400.0, 500.0, 499.9),
         "临界，待核实（资料未说清，已按较严一侧；补清后结论可能改变）"),
        ("ambiguous", "graver_side_taken", (400.0, 500.0, 500.1), "临界，待核实（位置误差内结论可能改变）"),
    ],
)  # fmt: skip
def test_a_finding_says_by_what_it_could_flip(
    certainty: str, codes: str, ends: tuple[float | None, float | None, float | None], told: str
) -> None:
    """A clause on what isn't stated said that the position could flip it, with no distance in it."""
    row = dict(zip(("measured_low", "limit_value", "measured_high"), ends, strict=True))
    assert wording.certainty_word({"certainty": certainty, "reason_codes": codes, **row}) == told
    english = wording.certainty_word({"certainty": certainty, "reason_codes": codes, **row}, "en")
    assert ("position" in english, "stated" in english) == ("位置" in told, "未说清" in told)


def test_every_verdict_and_class_has_a_colour_of_its_own_and_none_is_a_green_tick() -> None:
    colours = [shown.colour for shown in style.VERDICTS.values()]
    assert len(set(colours)) == len(list(Verdict))
    assert {shown.shape for shown in style.VERDICTS.values()} == {
        "diamond",
        "triangle",
        "circle",
        "square",
        "ring",
        "cross",
    }
    for colour in colours:
        red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
        assert not (green > red and green > blue)
    assert set(style.FARMLAND_CLASSES) == set(SoilQualityClass)
    assert style.class_style("别的词") is style.UNKNOWN_CLASS
    assert style.context_style("别的") is style.OTHER_CONTEXT


@pytest.mark.parametrize(("off_m", "is_position"), [(0.0, False), (0.2, True), (110.0, True)])
def test_a_sources_row_names_its_position_where_that_could_tip_it_too(off_m: float, is_position: bool) -> None:  # noqa: FBT001 -- a case
    row = {
        "certainty": "ambiguous", "reason_codes": "trade_wide", "position_kind": "point", "radius_m": 10_000.0,
        "nearest_farmland_m": 10_000.1, "position_uncertainty_m": min(off_m, 10.0),
        "nearest_farmland_max_m": 10_000.1 + off_m,
    }  # fmt: skip
    assert ("位置误差内" in wording.certainty_word(row)) is is_position
