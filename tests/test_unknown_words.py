"""What isn't understood is never a no: words outside a list, cells that are no trade code."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import openpyxl
import pytest
import shapely
from msgspec.structs import replace
from shapely.geometry import mapping
from siting_world import SITE, bench, layer

from hmgeo.errors import InputError
from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.intake.load import load_positions, load_receptors
from hmgeo.judging.applies import Subject, cadmium_of, found_cadmium, reach
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import Answer, Features, NumberFact, PlaceFact, Side
from hmgeo.judging.facts import Unknown as NoAnswer
from hmgeo.judging.layers import LayerFacts, LayerIndexes
from hmgeo.judging.places import Places
from hmgeo.project.check import check_layer
from hmgeo.records import Gates
from hmgeo.reference.cells import read_trade, read_word
from hmgeo.rules.book import load_book
from hmgeo.siting.candidates import choose_candidates
from hmgeo.siting.overlay import overlay_clauses
from hmgeo.siting.page_rules import compile_rules
from hmgeo.vocabulary import Basis, Certainty, Completeness, LayerKind, Unknown, Verdict
from hmgeo.words import codes_of, say

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.records import Layer
    from hmgeo.results.siting import Clause
    from hmgeo.siting.site import Site

TRADES = Choices({"cadmium_trades": ChosenParameter("cadmium_trades", ("3212", "3360", "0912"), edition=2017)})


def applies(cell: str, edition: str = "2017") -> str:
    """Return yes, no or why nobody can tell whether the cadmium clause reaches a trade."""
    found = reach(load_book().get("SCR-JY-10KM"), Subject("enterprises", cell, edition), TRADES)
    return {Side.MET: "yes", Side.NOT_MET: "no"}.get(found.side, found.why)


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


def test_neither_a_name_nor_a_code_of_one_meaning_needs_an_edition() -> None:
    assert applies("铅锌冶炼", "") == "yes"
    assert applies("3212", "") == "yes"


def test_cadmium_words_outside_the_list_are_unknown() -> None:
    assert [found_cadmium({"是否涉镉": word}) for word in ("是", "否", "/", "")] == [True, False, None, None]
    assert found_cadmium({"是否涉镉": "待查"}) == Unknown("not_in_list", "待查", field="是否涉镉")
    subject = Subject("enterprises", "1411", "2017", is_cadmium_related=Unknown("not_in_list", "待查"))
    found = reach(load_book().get("SCR-JY-10KM"), subject, TRADES)
    assert (found.side, found.why) == (
        Side.UNKNOWN, "是否涉镉所填「待查」看不懂，无法判断条款是否适用，本条未作判断。",
    )  # fmt: skip
    assert cadmium_of("待查", "", "1411", "2017", TRADES).word == ""
    assert cadmium_of("", "", "待定", "2017", TRADES).basis == "行业代码「待定」看不懂，未判定"
    assert cadmium_of("", "", "C3360 电镀", "2017", TRADES).word == "行业推定"


@pytest.mark.parametrize("header", ["行业类别", "行业名称", "所属行业", "行业"])
def test_a_trade_is_read_by_its_name_where_no_code_is_given(tmp_path: Path, header: str) -> None:
    cells = [
        ("", "铅锌冶炼"),
        ("", "C3212 铅锌冶炼"),
        ("/", "3360"),
        ("0912", "铅锌冶炼"),
        ("待定", "铅锌冶炼"),
        ("", ""),
    ]
    path = tmp_path / "e.csv"
    lines = ["企业名称,行业代码," + header + ",行业分类版本,经度,纬度"]
    lines += [f"厂{n},{code},{name},2017,{113.03 + n / 100},23.6853" for n, (code, name) in enumerate(cells)]
    path.write_text("\n".join(lines), encoding="utf-8")
    positions, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["trade_code"].to_pylist() == ["3212", "3212", "3360", "0912", "待定", ""]
    told = [(one.field, one.reason, one.action) for one in ledger.entries if one.event == "行业取自名称"]
    assert told == [(header, "共 3 行（数据第 1、2、3 行）没有行业代码", "按行业名称判断")]


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


@pytest.mark.parametrize(
    ("header", "cell", "read"),
    [
        ("是否涉镉（搬迁前）", "不涉及", "不涉及（搬迁前）"),
        ("是否化工园区（周边企业）", "否", "否（周边企业）"),
        ("是否化工园区(0是1否)", "0", "0（0是1否）"),
        ("是否化工园区(否=1)", "1", "1（否=1）"),
        ("生产状态（2015年）", "关闭", "关闭（2015年）"),
        ("建设性质（一期）", "技改", "技改（一期）"),
        ("是否涉镉（搬迁前）", "——", "——"),
        ("是否涉镉（已认定/行业推定/不涉及）", "不涉及", "不涉及"),
        ("是否化工园区（1.是 2.否）", "1", "1"),
        ("是否化工园区(必填)", "否", "否"),
        ("生产状态（正常生产/停产/关闭）", "关闭", "关闭"),
        ("运行状态(在用/停用/闭库)*", "闭库", "闭库"),
        ("是否化工园区（本项目）", "否", "否"),
    ],
)
def test_what_a_header_says_in_brackets_is_said_of_its_cells(header: str, cell: str, read: str, tmp_path: Path) -> None:
    path = tmp_path / "plants.csv"
    path.write_text(f"企业编号,企业名称,{header},经度,纬度\nA,厂,{cell},113.05,23.70\n", encoding="utf-8")
    held, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert held.attributes[header].to_pylist() == [read]
    assert [entry.value for entry in ledger.entries if entry.event == "表头另有说明"] == (
        [read.removeprefix(f"{cell}（").removesuffix("）")] if read != cell else ["搬迁前"] if cell == "——" else []
    )
    if read != cell and "建设" not in header and "状态" not in header:
        assert [word.word for word in held.unread] == [read]


def test_a_plain_column_counts_before_one_of_another_time() -> None:
    both = {"是否涉镉（2015年）": "不涉及（2015年）", "是否涉镉": "已认定"}
    assert found_cadmium(both) == found_cadmium({"是否涉镉": "已认定"})


def test_what_a_closed_list_says_in_other_words_is_told_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    rows = [f"厂{n},3212,{word},{113.03 + n / 100},23.6853" for n, word in enumerate(["是", "否", "待查", "已认定"])]
    path.write_text("\n".join(["企业名称,行业代码,是否涉镉,经度,纬度", *rows]), encoding="utf-8")
    _, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    told = [(one.value, one.action) for one in ledger.entries if one.event == "取值不在清单内"]
    assert told == [("是", "按「已认定」读取"), ("否", "按「不涉及」读取"), ("待查", "按原样保留，请更正")]


def test_findings_that_wait_for_a_word_name_it_in_their_codes() -> None:
    said = [say("cadmium_unread", word="不详"), say("cell_unread", column="工艺", cell="委外"), say("limit_not_set")]
    assert codes_of(said) == ("cadmium_unread", "unread:不详", "cell_unread", "unread:委外", "limit_not_set")


def test_words_mean_what_the_list_says() -> None:
    assert read_word("是否涉镉", "涉 镉") == "已认定"
    assert read_trade("C3360") is read_trade("C3360")


def beside(*words: str, metres: float = 400.0) -> list[Layer]:
    """Return sensitive sites of these classes, the first so far north of the site, each next one 1 km farther."""
    rows = []
    for number, word in enumerate(words):
        lon, lat, _ = ELLIPSOID.fwd(113.0, 23.101, 0.0, metres + 1000.0 * number)
        rows.append((f"A{number}", f"目标{number}", word, shapely.Point(lon, lat)))
    return [layer(LayerKind.SENSITIVE_SITES, rows)]


def zoned(word: str) -> list[Layer]:
    return [layer(LayerKind.WATER_SOURCE_ZONES, [("W1", "示例水源", word, shapely.box(112.99, 23.09, 113.01, 23.11))])]


def clause(found: list[Layer], rule_id: str, site: Site = SITE) -> Clause:
    return next(one for one in bench(found).check(site).clauses if one.citation.rule_id == rule_id)


@pytest.mark.parametrize("word", ["学校", "小学", "村庄", "幼儿园", "卫生院", "敬老院", " 小 学 "])
def test_a_synonym_is_the_class_it_means(word: str) -> None:
    assert clause(beside(word), "SIT-LAW-ART32").verdict is Verdict.PROHIBITED
    assert clause(beside(word, metres=501.0), "SIT-LAW-ART32").verdict is Verdict.CLEAR


@pytest.mark.parametrize("word", ["小学旧址", "拟建医院", "已搬迁", "xx", ""])
def test_a_word_outside_the_list_is_unknown_within_reach_and_nothing_beyond(word: str) -> None:
    within, beyond = clause(beside(word), "SIT-LAW-ART32"), clause(beside(word, metres=501.0), "SIT-LAW-ART32")
    told = f"类别「{word}」" if word else "类别未填"
    why = f"「敏感目标」目标0（{told}）不能判断是否属于居民区、学校、医院、疗养院、养老院，本条未作判断。"
    assert (within.verdict, within.certainty) == (Verdict.NOT_ASSESSED, None)
    assert why in within.reasons
    assert (beyond.verdict, beyond.certainty) == (Verdict.CLEAR, Certainty.CERTAIN)


def test_a_known_other_class_is_absent_and_a_sure_hit_stands() -> None:
    assert clause(beside("行政办公"), "SIT-LAW-ART32").verdict is Verdict.CLEAR
    near = layer(
        LayerKind.SENSITIVE_SITES,
        [("A1", "近", "私塾", shapely.Point(113.0, 23.102)), ("A2", "远", "学校", shapely.Point(113.0, 23.104))],
    )
    found = clause([near], "SIT-LAW-ART32")
    assert (found.verdict, found.certainty) == (Verdict.PROHIBITED, Certainty.CERTAIN)
    assert found.measured.receptor_id == "A2"
    far = layer(
        LayerKind.SENSITIVE_SITES,
        [("A1", "近", "私塾", shapely.Point(113.0, 23.102)), ("A2", "远", "学校", shapely.Point(113.0, 23.2))],
    )
    assert clause([far], "SIT-LAW-ART32").verdict is Verdict.NOT_ASSESSED


@pytest.mark.parametrize(
    ("word", "first", "second"),
    [
        ("一级", "prohibited", "clear"), ("一级保护区", "prohibited", "clear"), ("Ⅰ级", "prohibited", "clear"),
        ("二级保护区", "clear", "prohibited"), ("准保护区", "clear", "clear"),
        ("核心区", "not_assessed", "not_assessed"), ("", "not_assessed", "not_assessed"),
        ("原一级", "not_assessed", "not_assessed"),
    ],
)  # fmt: skip
def test_the_grade_of_a_zone_is_read_or_asked(word: str, first: str, second: str) -> None:
    assert clause(zoned(word), "WAT-LAW-65").verdict.value == first
    assert clause(zoned(word), "WAT-LAW-66").verdict.value == second
    away = replace(SITE, geometry=shapely.Point(113.02, 23.101))
    assert clause(zoned(word), "WAT-LAW-65", away).verdict is Verdict.CLEAR


def test_a_share_of_zones_partly_unknown_is_a_range() -> None:
    west, east = shapely.box(113.0, 23.0, 113.01, 23.01), shapely.box(113.01, 23.0, 113.02, 23.01)
    held = layer(LayerKind.WATER_SOURCE_ZONES, [("W1", "", "一级区", west), ("W2", "", "核心区", east)])
    site = shapely.box(113.0, 23.002, 113.04, 23.008)
    facts = LayerFacts(site, 0.0, LayerIndexes([held]), Places())
    share = facts.share(Features("water_source_zones", ("一级",)))
    assert isinstance(share, NumberFact)
    assert (round(share.value, 2), tuple(round(end, 2) for end in share.ends)) == (25.0, (25.0, 50.0))
    inside = LayerFacts(shapely.box(113.005, 23.002, 113.015, 23.008), 0.0, LayerIndexes([held]), Places())
    partly = inside.inside(Features("water_source_zones", ("一级",)))
    assert isinstance(partly, PlaceFact)
    assert (partly.answer, partly.others) == (Answer.PARTLY, {Answer.YES})


def test_overlay_and_candidates_leave_the_surroundings_of_the_unknown_open() -> None:
    area = shapely.box(112.95, 23.05, 113.05, 23.15)
    drawn = overlay_clauses(bench([*beside("私塾"), *zoned("核心区")]), SITE, area)
    assert not {"SIT-LAW-ART32", "WAT-LAW-65"} & {zone.citation.rule_id for zone in drawn.zones}
    told = {citation.rule_id: why for citation, why in drawn.undrawn}
    assert "类别「私塾」" in told["SIT-LAW-ART32"]
    assert "类别「核心区」" in told["WAT-LAW-65"]
    school = shapely.Point(113.0, 23.1046)
    assert not shapely.intersects(drawn.untouched, school)
    assert shapely.covers(drawn.uncovered, school)
    assert shapely.covers(drawn.untouched, shapely.Point(112.96, 23.06))
    known = overlay_clauses(bench([*beside("小学"), *zoned("一级区")]), SITE, area)
    assert {"SIT-LAW-ART32", "WAT-LAW-65"} <= {zone.citation.rule_id for zone in known.zones}
    wanted = {"SIT-LAW-ART32"}
    [near] = choose_candidates(bench(beside("私塾")), [SITE], unwanted=wanted)
    [far] = choose_candidates(bench(beside("私塾", metres=501.0)), [SITE], unwanted=wanted)
    assert (near.unjudged, far.unjudged) == (("SIT-LAW-ART32",), ())


def test_the_map_page_is_told_which_words_nobody_understands() -> None:
    compiled = compile_rules(bench(beside("私塾", "小学", "行政办公")))
    at = next(i for i, one in enumerate(compiled.sets) if one.layer == "sensitive_sites" and "居民区" in one.title)
    assert list(compiled.sets[at].states) == [2, 1, 0]
    held = next(one for one in compiled.layers.values() if one.code == "sensitive_sites")
    assert held.features["label"].to_pylist() == ["目标0（类别「私塾」）", "目标1", "目标2"]


def test_soil_words_outside_the_list_are_a_class_unknown_and_never_absent(tmp_path: Path) -> None:
    words = ["严格管控", "优先保护类", "重度污染", "", "III-2021-0001", "旱地"]
    path = tmp_path / "farm.geojson"
    shapes = [shapely.box(113.0 + n / 100, 23.0, 113.005 + n / 100, 23.005) for n in range(len(words))]
    features = [
        {"type": "Feature", "properties": {"地块编号": f"P{n}", "土壤环境质量类别": word}, "geometry": mapping(shape)}
        for n, (word, shape) in enumerate(zip(words, shapes, strict=True))
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    farmland, ledger = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert farmland.read()["class"].to_pylist() == [
        "严格管控类",
        "优先保护类",
        "重度污染",
        "未划分",
        "类别不明",
        "类别不明",
    ]
    told = [(one.value, one.action) for one in ledger.entries if one.event == "类别未识别"]
    action = "类别不明：凡问及类别的条款，在其范围内不作判断"
    assert sorted(told) == sorted([("重度污染", action), ("III-2021-0001", action), ("旱地", action)])
    features_asked = Features("farmland", ("严格管控类",))
    facts = LayerFacts(shapely.Point(113.0225, 23.0), 0.0, LayerIndexes([farmland]), Places())
    inside = facts.inside(features_asked)
    assert isinstance(inside, NoAnswer)
    assert inside.why == "「耕地」P2（类别「重度污染」）不能判断是否属于严格管控类，本条未作判断。"
    facts = LayerFacts(shapely.Point(113.0325, 23.0), 0.0, LayerIndexes([farmland]), Places())
    inside = facts.inside(features_asked)  # a blank is read as not classified yet: that is no other class
    assert isinstance(inside, NoAnswer)
    assert inside.why == "「耕地」P3不能判断是否属于严格管控类，本条未作判断。"


@pytest.mark.parametrize(
    ("word", "asked", "side"),
    [
        ("未划分", "优先保护类", Side.UNKNOWN),
        ("", "优先保护类", Side.UNKNOWN),
        (None, "优先保护类", Side.UNKNOWN),
        ("安全利用类", "优先保护类", Side.NOT_MET),
        ("未划分", "未划分", Side.MET),
    ],
    ids=["not classified", "blank", "no such column", "another class", "asked for as such"],
)
def test_land_that_nobody_classified_is_of_no_other_class(
    word: str | None, asked: str, side: Side, tmp_path: Path
) -> None:
    properties = {"地块编号": "P1"} if word is None else {"地块编号": "P1", "土壤环境质量类别": word}
    feature = {
        "type": "Feature",
        "properties": properties,
        "geometry": mapping(shapely.box(113.0, 23.0, 113.01, 23.01)),
    }
    path = tmp_path / "farm.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    gates = Gates(coverage=shapely.box(112.0, 22.0, 114.0, 24.0), completeness=Completeness.COMPLETE)
    farmland, _ = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, gates=gates)
    facts = LayerFacts(shapely.Point(113.005, 23.005), 0.0, LayerIndexes([farmland]), Places())
    inside = facts.inside(Features("farmland", (asked,)))
    if side is Side.UNKNOWN:
        assert isinstance(inside, NoAnswer)
    else:
        assert isinstance(inside, PlaceFact)
        assert inside.answer is (Answer.YES if side is Side.MET else Answer.NO)
    code = {Side.MET: 1, Side.NOT_MET: -1, Side.UNKNOWN: 0}[side]
    assert LayerIndexes([farmland])["farmland"].states(Features("farmland", (asked,))).tolist() == [code]


@pytest.mark.parametrize(
    ("codes", "kept"),
    [
        (["0101", "０１０３", "水田", "0301", "林地", "1001", "？"], [0, 1, 2, 6]),
        (["101", "203", "1001", "0101K", "011"], [3, 4]),  # 011 is there: 101 is a railway of the second survey
        (["101", "102.0", "301"], [0, 1]),  # no zeros at all: 101 may be 0101
        (["0101", "101", "301", "11"], [0, 1]),  # the third survey has no 101, but for a cut one
        (["101", "0", "103", "00"], [0, 1, 2]),  # a cell 0 keeps no zero; 00 is wetland
        (["0101", "9999", "88", "0000", "2301"], [0, 1, 2, 3]),  # there are no such classes
    ],
)
def test_a_land_code_that_is_not_understood_is_not_set_aside(codes: list[str], kept: list[int], tmp_path: Path) -> None:
    path = tmp_path / "farm.geojson"
    features = [
        {"type": "Feature", "properties": {"地块编号": f"P{n}", "地类编码": code},
         "geometry": mapping(shapely.box(113.0 + n / 100, 23.0, 113.005 + n / 100, 23.005))}
        for n, code in enumerate(codes)
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    farmland, ledger = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert farmland.read()["receptor_id"].to_pylist() == [f"P{n}" for n in kept]
    strange = [one.value for one in ledger.entries if one.event == "地类看不懂"]
    known = {"0101", "０１０３", "水田", "0101K", "011"}
    assert strange == [codes[n] for n in kept if codes[n] not in known]


@pytest.mark.parametrize(
    ("columns", "rows", "kept", "strange"),
    [
        (
            ("DLMC",),
            "水田 水浇地 旱地 耕地 果园 乔木林地 建制镇 物流仓储用地 沟田",
            {0: "水田", 1: "水浇地", 2: "旱地", 3: "未细分耕地", 8: "地类不明"},
            ["沟田"],
        ),
        (("土地利用类型",), "旱地 园地 ？", {0: "旱地", 2: "地类不明"}, ["？"]),
        (("地类",), "0101 0307 林地 011 0102K 013旱地", {0: "水田", 3: "水田", 4: "水浇地", 5: "旱地"}, []),
        (("DLBM", "DLMC"), "0103,旱地 0301,乔木林地 ,园地 怪,水田 怪,林地", {0: "旱地", 3: "水田"}, []),
        (
            ("DLMC", "DLBM"),
            "水田,0301 林地,0101 沟田,0301",
            {0: "地类不明", 1: "地类不明"},
            ["0301/水田", "0101/林地"],
        ),
        (
            ("DLBM", "DLMC"),
            "0101,耕地 01,旱地 0102,水田 0104, ,",
            {0: "水田", 1: "旱地", 2: "地类不明", 3: "未细分耕地", 4: "地类不明"},
            ["0102/水田"],
        ),
    ],
)
def test_names_of_land_decide_as_its_codes_do(
    columns: tuple[str, ...], rows: str, kept: dict[int, str], strange: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "farm.geojson"
    features = [
        {"type": "Feature", "properties": {"BSM": f"P{n}", **dict(zip(columns, row.split(","), strict=True))},
         "geometry": mapping(shapely.box(113.0 + n / 100, 23.0, 113.005 + n / 100, 23.005))}
        for n, row in enumerate(rows.split(" "))
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    farmland, ledger = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    held = farmland.read()
    assert dict(zip(held["receptor_id"].to_pylist(), held["land_class"].to_pylist(), strict=True)) == {
        f"P{n}": land for n, land in kept.items()
    }
    assert [one.value for one in ledger.entries if one.event == "地类看不懂"] == strange


@pytest.mark.parametrize(
    ("rows", "lands", "told"),
    [
        ("0103, 0201,果园 0202K,可调整茶园 0301,林地", "园地 园地", "0201 0202K"),
        ("011, 021,园地 ,橡胶园 ,公园与绿地", "园地 园地", "021 橡胶园"),
        ("0103, 02,种植园用地 0203,林地 0301,果园", "园地 园地", "02 0203(林地)"),
        ("0103, 0101,果园 0201,水田", "", ""),  # code and name contradict one another: kept as farmland, and told
    ],
)  # fmt: skip
def test_garden_land_is_counted_apart_and_is_no_farmland(rows: str, lands: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "farm.geojson"
    features = [
        {"type": "Feature", "properties": {"BSM": f"P{n}", **dict(zip(("DLBM", "DLMC"), row.split(","), strict=True))},
         "geometry": mapping(shapely.box(113.0 + n / 100, 23.0, 113.005 + n / 100, 23.005))}
        for n, row in enumerate(rows.split(" "))
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    layer, ledger = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert "园地" not in layer.read()["land_class"].to_pylist()
    beside = [] if layer.beside is None else layer.beside.read()["land_class"].to_pylist()
    assert beside == lands.split()
    said = [(one.value, one.action) for one in ledger.entries if one.event == "园地图斑"]
    assert said == [(word, "不是耕地，另计") for word in told.split()]
    if beside:
        assert layer.beside.read()["geometry"].null_count == 0


def test_a_code_that_may_have_lost_its_zero_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "farm.geojson"
    features = [
        {"type": "Feature", "properties": {"DLBM": code}, "geometry": mapping(shapely.box(113, 23, 113.01, 23.01))}
        for code in ("103", "201", "301")
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    layer, ledger = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert (layer.read()["land_class"].to_pylist(), layer.beside) == (["地类不明"], None)
    assert {one.value: one.action for one in ledger.entries if one.event == "非耕地图斑"} == {
        "201": "不是耕地；编码可能去了首位 0，若是园地请改正，未另计",
        "301": "不是耕地（0101、0102、0103），不作耕地计算",
    }


def test_other_land_of_a_survey_waits_for_nobody(tmp_path: Path) -> None:
    path = tmp_path / "DLTB.geojson"

    def write(*codes: str) -> None:
        features = [
            {"type": "Feature", "properties": {"BSM": f"P{n}", "DLBM": code},
             "geometry": mapping(shapely.box(113 + n / 100, 23, 113.005 + n / 100, 23.005))}
            for n, code in enumerate(codes)
        ]  # fmt: skip
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")

    write("0103", "0201", "0301", "0301")
    report = check_layer(path, "farmland")
    assert dict(report.tables[0].rows)["数据行"] == "4：已评估 1，未定位 0，退回补正 0，其他地类 3"
    assert not any("退回补正" in str(one) for one in report.problems)
    write("0201", "0201")
    with pytest.raises(InputError, match="（共 2 行，全部搁置）（现为「共 2 行（数据第 1、2 行）」）"):
        load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
