"""Words that disagree within a row or between tables: both kept, neither judged by; and links that lead nowhere."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from siting_world import SITE, bench

from hmgeo.intake import layers
from hmgeo.intake.catalog import shipped_folder
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.load import load_positions, load_receptors
from hmgeo.intake.side_tables import load_side_table
from hmgeo.judging import own_columns
from hmgeo.judging.applies import Subject, reach
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.crosscheck import CrossCheck, cross_check
from hmgeo.judging.facts import Side, Stated, doubted_facts, unplaced
from hmgeo.judging.own_columns import by_metal
from hmgeo.judging.places import Areas
from hmgeo.project.check import check_project
from hmgeo.project.run import cross_warnings
from hmgeo.project.sites.given import Typed, sites_of_file, typed_site
from hmgeo.rules import claims
from hmgeo.rules.book import load_book
from hmgeo.rules.claims import ACTION, CADMIUM, NUMBERS, TRADE, Emission, Said, Told, disputes, doubts_of, may_claim
from hmgeo.rules.words import stated_facts, unread_facts
from hmgeo.siting.offsets import ReductionSource
from hmgeo.terrain.ponds_and_mines import pond_disputes
from hmgeo.vocabulary import Action, Basis, LayerKind, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.siting.site import Site

DAY = dt.date(2024, 6, 30)
TRADES = Choices({"cadmium_trades": ChosenParameter("cadmium_trades", ("3212", "3360"), edition=2017)})

CONTRADICTIONS: tuple[tuple[dict[str, str], str, str, tuple[str, ...]], ...] = (
    ({"是否涉镉*": "不涉及", "废气镉(kg/a)": "2.1"}, "不涉及", "2.1 kg/a", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "涉镉依据": "环评", "废水镉（kg/a）": "0.3"}, "环评", "0.3", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "涉及重金属*": "铅、镉"}, "不涉及", "铅、镉", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "含重金属原辅料及含量": "铜精矿，镉0.3%"}, "不涉及", "镉0.3%", (CADMIUM, "emits_cadmium")),
    ({"是否排放镉等重金属": "否", "废气镉": "1"}, "否", "镉 1 kg/a", ("emits_cadmium", CADMIUM)),
    ({"是否排放重点重金属*": "否", "新增铅(kg/a)": "12"}, "否", "铅 12 kg/a", ("discharges_heavy_metals",)),
    ({"涉及重金属": "不涉及", "废水砷": "0.2"}, "不涉及", "砷 0.2 kg/a", ()),
    ({"排放污染物": "否", "废气汞": "0.1"}, "否", "汞 0.1 kg/a", ("discharges_pollutants",)),
    ({"是否向河流排放重金属": "否", "废水铅": "3"}, "否", "铅 3 kg/a", ("discharges_to_river",)),
    ({"废水去向": "不外排", "废水铅": "3"}, "不外排", "铅 3 kg/a", ("discharges_to_river",)),
    ({"废水去向": "零排放", "受纳水体": "示例河01"}, "零排放", "示例河01", ("discharges_to_river",)),
    ({"是否增加重金属污染物排放": "否", "新增镉": "2"}, "否", "镉 2 kg/a", ("adds_heavy_metal_emission",)),
    ({"是否增加排污量": "否", "新增铬": "2"}, "否", "铬 2 kg/a", ("adds_discharge",)),
    ({"是否涉铊涉锑": "否", "涉及重金属": "铅、铊"}, "否", "铅、铊", ("thallium_or_antimony",)),
    (
        {"生产状态": "关闭", "停产关闭时间": "2020年6月", "排放量年份": "2022", "废气铅": "5"},
        "关闭",
        "铅 5 kg/a（2022 年）",
        ("closed",),
    ),
    ({"生产状态": "关闭", "许可证有效期至": "2026-12-31"}, "关闭", "2026-12-31", ("closed",)),
    ({"生产状态": "停产", "排污许可证有效期": "2021-01-01至2025-12-31"}, "停产", "2025-12-31", ()),
    ({"生产状态": "在产", "停产关闭时间": "2019"}, "在产", "2019", ("closed",)),
    ({"生产状态": "在产", "投产时间": "2025"}, "在产", "2025", ()),
    ({"生产状态": "在建", "投产时间": "201506"}, "在建", "201506", ()),
    ({"运行状态": "闭库", "生产状态": "在产"}, "闭库", "在产", ("closed",)),
    ({"是否化工园区": "否", "化工项目或化工园区": "是"}, "是", "否", ("is_chemical",)),
    ({"是否化工园区": "否", "主导产业": "精细化工"}, "否", "精细化工", ("is_chemical",)),
    ({"是否涉重金属园区": "否", "主导产业": "有色金属冶炼"}, "否", "有色金属冶炼", ()),
    ({"园区依法合规设立": "否", "批准设立文号": "桂政函〔2010〕1号"}, "桂政函", "否", ("park_lawful",)),
    ({"建设性质": "新建", "投产时间": "2015-03"}, "新建", "2015-03", (ACTION,)),
    ({"建设性质*": "新建", "生产状态": "在产"}, "新建", "在产", (ACTION,)),
    ({"建设性质": "新建", "项目名称": "示例冶炼厂扩建项目"}, "新建", "扩建项目", (ACTION,)),
    ({"行业代码": "3212", "行业分类版本": "2017", "企业名称": "示例面包厂"}, "3212", "示例面包厂", (TRADE,)),
    ({"行业代码": "3212", "行业分类版本": "2017", "行业名称": "面包制造"}, "3212", "面包制造", (TRADE,)),
    ({"行业代码": "3212", "行业分类版本": "2017", "行业名称": "铜冶炼"}, "3212", "铜冶炼", (TRADE,)),
    ({"行业代码": "1411", "重点行业归类": "重有色金属冶炼业"}, "1411", "重有色金属冶炼业", (TRADE,)),
    ({"行业代码": "3212", "主要产品及产能": "饼干 500 吨"}, "3212", "饼干 500 吨", (TRADE,)),
    ({"是否头顶库（应急部门认定）": "否", "下游1km居民数": "12"}, "否", "12", ()),
    ({"是否头顶库": "否", "下游重要设施": "示例学校"}, "否", "示例学校", ()),
    ({"运行状态": "无主", "运营管理单位": "示例企业02"}, "无主", "示例企业02", ()),
    ({"责任主体": "灭失", "责任单位": "示例企业02"}, "灭失", "示例企业02", ()),
    ({"使用状态": "停用", "供水人口": "12000"}, "停用", "12000", ()),
    ({"是否“千吨万人”水源地": "否", "日供水量(t)": "1000"}, "否", "1000", ("thousand_ton_source",)),
    ({"是否“千吨万人”水源地": "否", "日供水量": "0.1万m³/d"}, "否", "0.1万", ("thousand_ton_source",)),
    ({"是否“千吨万人”水源地": "否", "供水人口（万人）": "1"}, "否", "「1」", ("thousand_ton_source",)),
    ({"是否“千吨万人”水源地": "否", "供水人口（万户）": "1.2"}, "否", "「1.2」", ("thousand_ton_source",)),
    ({"是否涉镉": "不涉及", "废气镉": "0.5 t/a"}, "不涉及", "镉 500 kg/a", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "废气镉(t/a)": "0.5"}, "不涉及", "镉 500 kg/a", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "废气镉(t/a)": "0.5 g"}, "不涉及", "镉 0.0005 kg/a", (CADMIUM, "emits_cadmium")),
    ({"是否有明确具体的总量来源": "否", "总量来源企业": "示例企业03"}, "否", "示例企业03", ("offset_source_named",)),
    ({"类型": "废气", "排放口编号": "DW001"}, "废气", "DW001", ()),
    ({"是否涉镉": "不涉及", "废气Cd(kg/a)": "2"}, "不涉及", "镉 2 kg/a", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "涉及重金属": "Pb、Cd"}, "不涉及", "Pb、Cd", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "特征污染物": "总镉"}, "不涉及", "总镉", (CADMIUM, "emits_cadmium")),
    ({"是否排放重点重金属": "否", "新增Pb(kg/a)": "3"}, "否", "铅 3 kg/a", ("discharges_heavy_metals",)),
    ({"是否涉镉": "不涉及", "是否涉镉#2": "已认定"}, "不涉及", "已认定", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "行业推定", "涉镉情况": "否"}, "否", "行业推定", (CADMIUM, "emits_cadmium")),
    ({"是否化工园区": "否", "是否化工园区#2": "是"}, "是", "否", ("is_chemical",)),
    ({"行业代码": "1411", "行业代码#2": "3360"}, "1411", "3360", (TRADE,)),
    ({"行业代码": "C1411", "行业小类代码": "3360"}, "1411", "3360", (TRADE,)),
    ({"建设性质": "技术改造", "建设性质#2": "新建"}, "技术改造", "新建", (ACTION,)),
    ({"新增铅": "10", "新增铅#2": "100"}, "10", "100", (NUMBERS,)),
    ({"新增铅(kg/a)": "10", "新增铅排放量(kg/a)": "100"}, "10", "100", (NUMBERS,)),
    ({"替代铅(kg/a)": "12", "替代铅": "1.2"}, "12", "1.2", (NUMBERS,)),
    ({"新增重点重金属排放量": "100", "新增铅": "10", "新增镉": "1"}, "100", "新增镉「1」", (NUMBERS,)),
    ({"替代量(kg/a)": "1", "替代铅(kg/a)": "12"}, "1", "12", (NUMBERS,)),
)
NO_CONTRADICTION: tuple[dict[str, str], ...] = (
    {"是否涉镉": "不涉及", "废气镉": "0", "废水镉": "", "涉及重金属": "铅", "含重金属原辅料及含量": "不含镉"},
    {"是否涉镉": "不涉及", "废气镉": "未检出", "废气铅": "5.6"},
    {"是否涉镉": "已认定", "废气镉": "2.1"},
    {"是否涉镉": "行业推定", "行业代码": "3212", "行业名称": "铅锌冶炼", "企业名称": "示例冶炼厂"},
    {
        "行业代码": "3360",
        "行业分类版本": "2011",
        "行业名称": "金属表面处理及热处理加工",
        "企业名称": "示例食品机械电镀厂",
    },
    {"行业代码": "321", "行业名称": "铅锌冶炼"},
    {"行业代码": "3982", "企业名称": "示例印刷电路板厂"},
    {"行业代码": "4210", "企业名称": "示例废铅蓄电池回收厂"},
    {"行业代码": "3212", "行业名称": "有色金属综合利用"},
    {"生产状态": "关闭", "停产关闭时间": "2022-06", "排放量年份": "2022", "废气铅": "5"},
    {"生产状态": "关闭", "许可证有效期至": "2020-12-31", "排污许可证编号": "91441802MA00000000001P"},
    {"生产状态": "在产", "停产关闭时间": "2024", "投产时间": "2008"},
    {"建设性质": "新建", "投产时间": "2024", "项目名称": "示例新建项目"},
    {"建设性质": "扩建", "项目名称": "示例改扩建项目", "生产状态": "在产"},
    {"是否头顶库": "否", "下游1km居民数": "0", "下游重要设施": "无"},
    {"是否头顶库": "是", "下游1km居民数": "0"},
    {"新增重点重金属排放量": "0.3", "新增铅": "0.1", "新增铅排放量": "0.10", "新增镉": "0.2", "新增铊": "9"},
    {"行业代码": "336", "行业代码#2": "3360", "行业小类代码": "C3360", "建设性质": "技改", "建设性质#2": "技术改造"},
    {"是否涉镉": "不涉及", "涉及重金属": "Pb、As", "特征污染物": "COD、SS", "废气Cd": "0", "废水CODCr(kg/a)": "9"},
    {"是否涉镉": "行业推定", "是否涉镉#2": "已认定", "涉镉情况": "", "是否化工园区": "否", "是否化工园区#2": "否"},
    {"新增重点重金属排放量": "0.3", "新增铅": "", "替代量": "0.36", "替代铅": "约0.4"},
    {"废水去向": "园区污水厂", "废水铅": "3", "受纳水体": "示例河01"},
    {"废水去向": "不外排", "废水铅": "0"},
    {"运行状态": "在用", "运营管理单位": "示例企业02"},
    {"使用状态": "在用", "供水人口": "12000"},
    {"是否“千吨万人”水源地": "否", "日供水量(t)": "999", "供水人口": "9,999"},
    {"类型": "废气", "排放口编号": "DA001"},
)


@pytest.mark.parametrize(("cells", "claimed", "against", "touches"), CONTRADICTIONS)
def test_a_row_that_contradicts_itself_keeps_both_values(
    cells: dict[str, str], claimed: str, against: str, touches: tuple[str, ...]
) -> None:
    (found,) = disputes(Told(cells, as_of=DAY))
    assert claimed in found.claim.text
    assert any(against in one.text for one in found.evidence)
    assert found.touches == touches


@pytest.mark.parametrize("cells", NO_CONTRADICTION)
def test_what_can_be_true_together_is_no_contradiction(cells: dict[str, str]) -> None:
    assert disputes(Told(cells, as_of=DAY)) == ()


UNREAD = (
    ({"是否涉镉": "不涉及", "废气镉": "若干"}, "废气镉「若干」", (CADMIUM, "emits_cadmium")),
    ({"是否涉镉": "不涉及", "废气镉": "2", "废水镉": "-1"}, "废气镉「镉 2 kg/a」与废水镉「-1」", ()),
    ({"是否排放重点重金属": "否", "废气铅(mg/m³)": "3"}, "废气铅(mg/m³)「3」", ("discharges_heavy_metals",)),
    ({"是否“千吨万人”水源地": "否", "日供水量(t)": "约千吨"}, "日供水量(t)「约千吨」", ("thousand_ton_source",)),
)


@pytest.mark.parametrize(("cells", "evidence", "touches"), UNREAD)
def test_an_amount_that_cannot_be_read_may_contradict(
    cells: dict[str, str], evidence: str, touches: tuple[str, ...]
) -> None:
    (found,) = disputes(Told(cells, as_of=DAY))
    if not touches:  # one that can be read does contradict
        assert (found.is_open, [cell.is_unread for cell in found.evidence]) == (False, [False, True])
        assert found.note.endswith("「-1」，两值均保留，待核实。")
        return
    assert (found.is_open, found.touches) == (True, touches)
    assert found.why.endswith(f"{evidence}：后者看不懂，不能断定是否矛盾，待核实，本条未作判断。")
    assert found.cause == "与之相关的所填数量看不懂，不能断定是否矛盾"


_CASES = [cells for cells, *_ in CONTRADICTIONS] + list(NO_CONTRADICTION)
_HEADERS = sorted({header for cells in _CASES for header in cells} | {"备注", "编号"})
_WORDS = sorted({cell for cells in _CASES for cell in cells.values()} | {"", " ", "是"})


@given(cells=st.dictionaries(st.sampled_from(_HEADERS), st.sampled_from(_WORDS)))
def test_claims_that_a_row_has_no_column_for_are_never_made_by_it(cells: dict[str, str]) -> None:
    row = Told(cells, as_of=DAY)
    asked = disputes(row)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(claims, "_claims_in", lambda _: claims._CLAIMS)
        assert disputes(row) == asked
    if not any(may_claim(header) for header, cell in cells.items() if cell.strip()):
        assert asked == ()


def test_of_rows_that_state_the_same_only_the_one_that_contradicts_itself_loses_it(tmp_path: Path) -> None:
    lines = [
        "编号,名称,经度,纬度,坐标系,是否化工园区,批准设立文号,主导产业",
        "P1,甲,113.0,23.0,CGCS2000,否,桂政函〔2010〕1号,精细化工",
        "P2,乙,113.1,23.0,CGCS2000,否,桂政函〔2010〕1号,制鞋",
        "P3,丙,113.2,23.0,CGCS2000,,,精细化工",
    ]
    path = write(tmp_path / "parks.csv", *lines)
    for asked in (may_claim, lambda _: True):  # any row of the second is held against itself
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(layers, "may_claim", asked)
            layer, ledger = load_receptors(path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.SYNTHETIC)
        both = [("is_chemical", False), ("park_lawful", True)]
        assert layer.read()["stated"].to_pylist() == [both[1:], both, []]
        (told,) = [one for one in ledger.entries if one.event == "填报矛盾"]
        assert (told.row, told.source_id, told.value) == (1, "P1", "是否化工园区「否」与主导产业「精细化工」")


def test_without_a_day_nothing_is_past() -> None:
    assert disputes(Told({"生产状态": "在建", "投产时间": "2015"})) == ()


def test_emissions_of_other_tables_speak_against_a_word() -> None:
    emissions = (Emission("排放口表 DA001", "镉及其化合物", "废气", 2.1), Emission("入河排污口表 P1", "铅、镉", "废水"))
    (found,) = disputes(Told({"是否涉镉": "不涉及"}, emissions))
    assert found.why == (
        "是否涉镉「不涉及」（未填依据）与排放口表 DA001「镉及其化合物 2.1 kg/a」、"
        "入河排污口表 P1「铅、镉（数量未填）」矛盾，两值均保留，待核实，本条未作判断。"
    )


def judged(cells: dict[str, str], rule_id: str, *, found: bool | None = None) -> tuple[Verdict | None, str]:
    doubts = doubts_of(disputes(Told(cells, as_of=DAY)))
    subject = Subject(
        "enterprises",
        cells.get("行业代码", ""),
        "2017",
        attributes=doubted_facts(stated_facts(cells), doubts),
        is_cadmium_related=found,
        doubts=doubts,
    )
    reached = reach(load_book().get(rule_id), subject, TRADES)
    verdict = {Side.UNKNOWN: Verdict.NOT_ASSESSED, Side.NOT_MET: Verdict.NOT_APPLICABLE}.get(reached.side)
    return verdict, reached.why


def test_the_cadmium_clause_is_not_judged_by_a_contradicted_word_and_others_are_untouched() -> None:
    cells = {"行业代码": "3211", "是否涉镉": "不涉及", "废气镉": "2.1"}
    verdict, why = judged(cells, "SCR-JY-10KM", found=False)
    assert verdict is Verdict.NOT_ASSESSED
    assert "「不涉及」" in why
    assert "2.1 kg/a" in why
    assert judged(cells | {"废气镉": "0"}, "SCR-JY-10KM", found=False)[0] is Verdict.NOT_APPLICABLE
    assert judged(cells, "LIM-GX-SPECIAL", found=False) == judged(cells | {"废气镉": ""}, "LIM-GX-SPECIAL")


def test_a_trade_that_a_name_contradicts_decides_nothing_but_what_a_person_found_stands() -> None:
    cells = {"行业代码": "3212", "企业名称": "示例面包厂"}
    assert judged(cells, "SCR-JY-10KM")[0] is Verdict.NOT_ASSESSED
    assert judged({"行业代码": "3212"}, "SCR-JY-10KM") == (None, "")
    assert judged(cells, "SCR-JY-10KM", found=True) == (None, "")


def test_a_contradicted_fact_is_unknown_with_both_values() -> None:
    cells = {"运行状态": "闭库", "生产状态": "在产"}
    doubts = doubts_of(disputes(Told(cells)))
    known = unplaced(Stated(doubted_facts(stated_facts(cells), doubts))).stated.attribute("closed")
    assert known is not True
    assert known is not False
    assert known is not None
    assert "「闭库」与生产状态「在产」矛盾" in known.why


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def crossed(tmp_path: Path) -> CrossCheck:
    firms = write(
        tmp_path / "firms.csv",
        "企业编号,企业名称,经度,纬度,坐标系,行业代码,行业分类版本,是否涉镉,园区编号",
        "A,甲厂,113.01,23.01,CGCS2000,3211,2017,不涉及,P1",
        "B,乙厂,113.02,23.01,CGCS2000,3211,2017,行业推定,P9",
        "C,丙厂,113.03,23.01,CGCS2000,3211,2017,不涉及,",
        "C,丁厂,113.04,23.01,CGCS2000,1910,2017,不涉及,P1",
        "D,戊厂,113.05,23.01,CGCS2000,3212,2017,行业推定,",
        "E,己厂,113.06,23.01,CGCS2000,3211,2017,不涉及,",
    )
    outlets = write(
        tmp_path / "outlets.csv",
        "企业编号,排放口编号,类型,污染物,年排放量(kg)",
        *("A,DA001,废气,镉及其化合物,2.1", "B,DW001,废水,总镉,0.4", "C,DA001,废气,镉,0.9"),
        *("D,DA001,废气,镉,1", "E,DA001,废气,铅,5", "Z,DA001,废气,镉,1", ",DA002,废气,铅,1"),
    )
    parks = write(
        tmp_path / "parks.geojson",
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"园区编号":"P1","名称":"示例园区"},'
        '"geometry":{"type":"Polygon","coordinates":[[[113,23],[113.1,23],[113.1,23.1],[113,23]]]}}]}',
    )
    positions, _ = load_positions(firms, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    table, _ = load_side_table(outlets, kind=LayerKind.OUTLETS, basis=Basis.SYNTHETIC)
    park, _ = load_receptors(parks, kind=LayerKind.INDUSTRIAL_PARKS, basis=Basis.SYNTHETIC)
    return cross_check(positions, None, [park], {LayerKind.OUTLETS: table}, DAY, TRADES)


def test_every_list_is_held_against_the_others(tmp_path: Path) -> None:
    found = crossed(tmp_path)
    assert sorted(found.disputes) == ["A", "B", "C", "C#2"]  # D emits and says so; E emits no cadmium
    assert "行业代码「3211」" in found.disputes["B"][0].values
    assert "企业编号重复，不能确定属于哪一家" in found.disputes["C#2"][0].values
    told = [one for one in found.ledger.entries if one.event == "填报矛盾"]
    assert [(one.row, one.source_id) for one in told] == [(1, "A"), (2, "B"), (3, "C"), (4, "C#2")]
    assert "不涉及" in told[0].value
    assert "2.1 kg/a" in told[0].value


def test_an_outlet_whose_id_is_only_somebodys_name_speaks_against_nobody(tmp_path: Path) -> None:
    firms = write(
        tmp_path / "firms.csv",
        "企业编号,企业名称,经度,纬度,坐标系,是否涉镉",
        "E,己厂,113.06,23.01,CGCS2000,不涉及",
    )
    positions, _ = load_positions(firms, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)

    def disputed(owner: str) -> list[str]:
        row = f"{owner},DA001,废气,镉,1"
        file = write(tmp_path / "outlets.csv", "企业编号,排放口编号,类型,污染物,年排放量(kg)", row)
        table, _ = load_side_table(file, kind=LayerKind.OUTLETS, basis=Basis.SYNTHETIC)
        return sorted(cross_check(positions, None, [], {LayerKind.OUTLETS: table}, DAY, TRADES).disputes)

    assert [disputed("己厂"), disputed("E")] == [[], ["E"]]


def test_a_link_that_leads_nowhere_is_told_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    found = crossed(tmp_path)
    told = {(one.table, one.target): (one.rows, one.joined, one.set_aside, one.lost) for one in found.joins}
    assert told == {
        ("排放口", "涉重金属企业"): (7, 4, 3, ("C", "Z", "未填")),
        ("涉重金属企业", "工业园区"): (3, 2, 1, ("P9",)),
    }
    lost = [one for one in found.ledger.entries if one.event == "关联未成"]
    assert [(one.field, one.value, one.row) for one in lost] == [("园区编号", "P9", 2)]
    assert cross_warnings(found.joins, len(found.disputes)) == (
        "「排放口」7 行按「企业编号」关联「涉重金属企业」，4 行已关联，3 行未关联（「C、Z、未填」），见处理台账。",
        "「涉重金属企业」3 行按「园区编号」关联「工业园区」，2 行已关联，1 行未关联（「P9」），见处理台账。",
        "4 行所填与其他数据矛盾，两值均保留，以其为依据的条款未作判断，见处理台账。",
    )


def test_a_planned_site_that_contradicts_itself_is_not_judged_by_either_word(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sites.csv",
        "项目编号,项目名称,经度,纬度,坐标系,行业代码,行业分类版本,建设性质,投产时间,是否排放重点重金属,新增铅(kg/a)",
        "1,甲,113.0,23.101,CGCS2000,3212,2017,新建,2015,否,12",
        "2,乙,113.0,23.101,CGCS2000,3212,2017,新建,,是,12",
    )
    sites, _, ledger = sites_of_file(path, Areas(), basis=Basis.SYNTHETIC, options=ReadOptions(), as_of=DAY)
    assert set(sites[0].doubts) == {ACTION, "discharges_heavy_metals"}
    assert "「新建」与投产时间「2015」" in sites[0].note
    assert dict(sites[0].facts)["填报的事实"] == "排放重金属污染物：矛盾待核实"
    assert sites[1].doubts == {}
    told = [(one.row, one.field) for one in ledger.entries if one.event == "填报矛盾"]
    assert told == [(1, "是否排放重点重金属"), (1, "建设性质")]


def _site_with(tmp_path: Path, header: str, cell: str, *, edition: str = "2017", denial: str = "否") -> Site:
    """Return the site of a list of one row that denies new emissions beside a mass under a `header`."""
    path = write(
        tmp_path / "sites.csv",
        f"项目编号,项目名称,经度,纬度,坐标系,行业代码,行业分类版本,建设性质,是否增加重金属污染物排放,{header}",
        f"1,甲,113.0,23.101,CGCS2000,3212,{edition},新建,{denial},{cell}",
    )
    (site,), _, _ = sites_of_file(path, Areas(), basis=Basis.SYNTHETIC, options=ReadOptions(), as_of=DAY)
    return site


def _key_area_ban(site: Site) -> Verdict:
    answer = bench().check(replace(SITE, attributes=site.attributes, added_kg=site.added_kg, doubts=site.doubts))
    return next(one.verdict for one in answer.clauses if one.citation.rule_id == "SIT-QY-KEYAREA-BAN")


@pytest.mark.parametrize(
    ("header", "cell", "kg"),
    [
        *(
            (header, "12", 12.0)
            for header in ("新增铅[kg/a]", "新增铅【kg/a】", "新增铅 kg/a", "新增铅_kg", "新增铅kg")
        ),
        *((header, "12", 12.0) for header in ("新增铅量(kg/a)", "新增铅合计", "新增总铅", "新增铅年排放总量")),
        *(
            (header, "0.5", 500.0)
            for header in ("新增铅[t/a]", "新增铅 t/a", "新增铅_t", "新增Pb 吨/年", "新增铅量(t)（必填）")
        ),
    ],
)
def test_a_mass_is_read_whatever_signs_its_unit_stands_in(tmp_path: Path, header: str, cell: str, kg: float) -> None:
    site = _site_with(tmp_path, header, cell)
    assert site.added_kg == {"Pb": kg}
    assert f"「铅 {kg:g} kg/a」矛盾，两值均保留" in site.doubts["adds_heavy_metal_emission"]
    assert _key_area_ban(site) is Verdict.NOT_ASSESSED
    assert _key_area_ban(_site_with(tmp_path, header, "0")) is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    "header",
    ["新增铅（一期）(kg/a)", "新增铅(一期)", "新增铅分期", "新增铅(t/a)（二期）", "新增铅锌(kg/a)", "新增铅产生量"],
)
def test_what_may_be_a_part_of_a_mass_speaks_but_is_not_the_whole(tmp_path: Path, header: str) -> None:
    site = _site_with(tmp_path, header, "12")
    assert (site.added_kg, site.numbers) == ({}, {})
    assert "（不知是否为全部排放量）：不能断定是否矛盾" in site.doubts["adds_heavy_metal_emission"]
    assert "所填「12」不知是否为全部数量，本条未作判断。" in site.doubts[NUMBERS].replace(" t/a", "")
    assert _key_area_ban(site) is Verdict.NOT_ASSESSED
    assert NUMBERS not in own_columns.unread_doubts({header: "12", "新增铅(kg/a)": "20"})
    assert _site_with(tmp_path, header, "0").doubts == {}


def test_a_total_of_new_metals_speaks_against_their_denial(tmp_path: Path) -> None:
    assert "adds_heavy_metal_emission" in _site_with(tmp_path, "新增重点重金属排放总量[t/a]", "0.012").doubts
    assert _site_with(tmp_path, "新增重点重金属排放总量[t/a]", "0.012").numbers == {"added_emission_kg": 12.0}


@pytest.mark.parametrize("header", ["新增铅酸蓄电池产能", "新增铅来源", "新增锌精矿(t/a)", "新增铅削减量", "新增量"])
def test_what_only_begins_like_a_mass_says_nothing_of_emissions(tmp_path: Path, header: str) -> None:
    assert _site_with(tmp_path, header, "12").doubts == {}


@pytest.mark.parametrize("unit", ["[t/a]", " t/a", "_t", "【t/a】"])
def test_other_amounts_are_read_in_the_signs_of_their_units_too(tmp_path: Path, unit: str) -> None:
    assert _site_with(tmp_path, f"替代量{unit}", "0.012").numbers == {"offset_kg": 12.0}
    assert _site_with(tmp_path, f"替代铅{unit}", "0.012").offset_kg == {"Pb": 12.0}
    for header in ("废气镉", "废水总Cd"):
        (found,) = disputes(Told({"是否涉镉": "不涉及", f"{header}{unit}": "0.5"}))
        assert (found.evidence[0].value, found.is_open) == ("镉 500 kg/a", False)
    people = {"是否“千吨万人”水源地": "否", f"供水人口{unit.replace('t/a', '万人').replace('_t', '_万人')}": "1.2"}
    assert [found.is_open for found in disputes(Told(people))] == [False]
    (found,) = disputes(Told({"使用状态": "停用", f"日供水量{unit.replace('/a', '/d')}": "5"}))
    assert not found.is_open


def test_a_part_of_what_replaces_is_not_the_whole(tmp_path: Path) -> None:
    for header in ("替代量（一期）(kg/a)", "替代铅（一期）"):
        site = _site_with(tmp_path, header, "12")
        assert (site.numbers, site.offset_kg, set(site.doubts)) == ({}, {}, {NUMBERS})
    (found,) = disputes(Told({"是否涉镉": "不涉及", "废水镉（一期）(kg/a)": "0.5"}))
    assert found.is_open


def test_an_edition_in_full_width_digits_is_that_edition(tmp_path: Path) -> None:
    assert _site_with(tmp_path, "备注", "", edition="２０１７").trade_edition == "2017"


def test_rows_that_differ_in_their_names_alone_are_contradicted_by_their_own_names(tmp_path: Path) -> None:
    names = ("示例一", "示例食品厂", "示例二", "示例扩建项目", "示例面包、食品厂", "示例改扩建项目", "")
    lines = [f"{row},{name},113.0,23.1{row}1,CGCS2000,3212,2017,新建" for row, name in enumerate(names, start=1)]
    head = "项目编号,项目名称,经度,纬度,坐标系,行业代码,行业分类版本,建设性质"
    path = write(tmp_path / "sites.csv", head, *lines)
    sites, _, ledger = sites_of_file(path, Areas(), basis=Basis.SYNTHETIC, options=ReadOptions(), as_of=DAY)
    assert [set(site.doubts) for site in sites] == [set(), {TRADE}, set(), {ACTION}, {TRADE}, set(), set()]
    assert [site.name for site in sites] == [*names[:-1], "7"]
    assert [round(site.geometry.y, 3) for site in sites] == [23.111, 23.121, 23.131, 23.141, 23.151, 23.161, 23.171]
    told = [
        (one.row, one.field, "示例" + one.value.split("示例")[1]) for one in ledger.entries if one.event == "填报矛盾"
    ]
    assert told == [
        (2, "行业代码", "示例食品厂」"),
        (4, "建设性质", "示例扩建项目」"),
        (5, "行业代码", "示例面包、食品厂」"),
    ]


def test_options_that_contradict_each_other_are_kept_apart() -> None:
    site, _ = typed_site(Typed("", metals=["Pb=12.5"], stated=["discharges_heavy_metals=no"]))
    assert set(site.doubts) == {"discharges_heavy_metals"}
    assert "是否排放重金属污染物「否」与新增铅(kg/a)「铅 12.5 kg/a」" in site.note


def test_an_option_that_fills_a_blank_is_held_against_the_row(tmp_path: Path) -> None:
    path = write(
        tmp_path / "sites.csv",
        "项目编号,项目名称,经度,纬度,坐标系,新增铅(kg/a)",
        "1,甲,113.0,23.101,CGCS2000,12",
        "2,乙,113.0,23.101,CGCS2000,",
    )
    defaults = Typed("", stated=["discharges_heavy_metals=no"])
    sites, _, ledger = sites_of_file(path, Areas(), basis=Basis.SYNTHETIC, options=ReadOptions(), defaults=defaults)
    assert [set(site.doubts) for site in sites] == [{"discharges_heavy_metals"}, set()]
    assert [one.row for one in ledger.entries if one.event == "填报矛盾"] == [1]


def test_clauses_on_new_projects_are_not_judged_where_the_action_is_contradicted() -> None:
    told = Told({"建设性质": "新建", "投产时间": "2015"}, as_of=DAY)
    asked = bench()
    plain = {one.citation.rule_id: one.verdict for one in asked.check(SITE).clauses}
    doubted = asked.check(replace(SITE, doubts=doubts_of(disputes(told))))
    changed = {one.citation.rule_id: one for one in doubted.clauses if one.verdict is not plain[one.citation.rule_id]}
    assert changed
    asked_of = [one for one in changed.values() if one.verdict is Verdict.NOT_ASSESSED]
    assert all(load_book().get(rule_id).applies_to.actions for rule_id in changed)
    assert all("「新建」与投产时间「2015」矛盾" in one.note for one in asked_of)
    assert any(Action.NEW in load_book().get(one.citation.rule_id).applies_to.actions for one in asked_of)
    untouched = [rule_id for rule_id, one in changed.items() if one.verdict is not Verdict.NOT_ASSESSED]
    assert {changed[rule_id].verdict for rule_id in untouched} == {Verdict.CLEAR}, "far off whatever is built there"
    assert {plain[rule_id] for rule_id in untouched} == {Verdict.NOT_APPLICABLE}


def test_a_park_that_contradicts_itself_states_nothing(tmp_path: Path) -> None:
    row = '"名称":"示例园区","是否化工园区":"否","主导产业":"精细化工","批准设立文号":"示例批〔2018〕1号"'
    path = write(
        tmp_path / "parks.geojson",
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{' + row + "},"
        '"geometry":{"type":"Polygon","coordinates":[[[113,23],[113.1,23],[113.1,23.1],[113,23]]]}}]}',
    )
    layer, ledger = load_receptors(path, kind=LayerKind.INDUSTRIAL_PARKS, basis=Basis.SYNTHETIC)
    assert layer.read()["stated"].to_pylist() == [[("park_lawful", True)]]
    (told,) = [one for one in ledger.entries if one.event == "填报矛盾"]
    assert told.value == "是否化工园区「否」与主导产业「精细化工」"


def test_a_layer_counts_what_it_set_aside(tmp_path: Path) -> None:
    lines = ["名称,经度,纬度,坐标系,类别", "甲村,113.0,23.0,CGCS2000,居民区", "乙村,,,CGCS2000,居民区"]
    path = write(tmp_path / "sites.csv", *lines)
    layer, _ = load_receptors(path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.SYNTHETIC)
    assert (layer.row_count, layer.feature_count) == (2, 1)


def test_a_pond_said_to_hang_over_nobody_is_held_against_who_lives_there() -> None:
    row = {"designated": "否", "by_circle": "", "by_path": "示例下游村（640 m）"}
    assert pond_disputes(row)[0].evidence == (Said("下游流经路径旁", "示例下游村（640 m）"),)
    assert pond_disputes(row | {"by_path": ""}) == ()
    assert pond_disputes(row | {"designated": "未认定"}) == ()


def test_outlets_tell_when_their_medium_and_id_disagree(tmp_path: Path) -> None:
    path = write(tmp_path / "o.csv", "企业编号,排放口编号,类型,污染物,资料时点", "A,DW001,废气,铅,2024-06")
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL)
    (row,) = table.table.to_pylist()
    assert row["year"] == 2024
    assert "类型「废气」与排放口编号「DW001」" in row["note"]
    assert [one.event for one in ledger.entries if one.row] == ["填报矛盾"]


def test_check_tells_what_the_lists_say_against_each_other() -> None:
    report = check_project(shipped_folder() / "projects" / "nandan")
    told = [one.what for one in report.problems]
    assert report.is_usable
    assert "3 行所填与其他数据矛盾，两值均保留，以其为依据的条款未作判断，见处理台账" in told
    assert ("../../synthetic/nandan/enterprises.xlsx", "填报矛盾", "3") in report.tables[2].rows
    lost = "「灌溉取水口」4 行按「灌区编号」关联「灌区」，3 行已关联，1 行未关联（「示例GQ-ND-99」），见处理台账"
    assert lost in told


_DOCUMENTS = (
    "无锡市人民政府 锡政发〔2006〕12号", "无政发〔2006〕1号", "粤府函〔2005〕123号（扩区待批）",
    "粤府函[2005]No 123号", "桂政函〔二〇一〇〕1号", "粤府函〔2005〕一百二十三号", "国函〔2010〕1号（未来科技城）",
    "粤环审〔2015〕12号，不含北片区", "环审〔2010〕100号《关于示例规划环评报批稿的审查意见》",
    "国家发展改革委2006年第41号公告", "国务院令第 123 号", "粤府函2005-123", "清环字98-012号", "国函2006 45号",
    "粤环审〔2015〕12号（跟踪评价待开展）", "粤府函（2005年）123号",
    "桂政函〔2010〕1号，正在建设", "桂政函〔2010〕1号；计划2025年扩区", "粤环审〔2015〕12号（规划修编正在开展环评）",
    "未政发〔2006〕12号", "关于撤销甲并设立乙的批复 湘政函〔2006〕12号",
    "桂发改工业〔2013〕1021号", "国函2006 45号、桂环函〔2019〕12-3号", "生态环境部令第26号", "桂政函〔2012〕145号文件",
    "2006年经省政府批准设立（粤府函〔2006〕45号）", "桂环审〔2016〕77号（2016.8.12）", "中共清远市委清发〔2004〕7号",
    "《广东省人民政府关于同意设立示例产业转移工业园的批复》粤府函〔2006〕45号", "粤环审〔2015〕12号（现行有效）",
    "关于印发示例经济开发区规划环境影响报告书审查意见的函，粤环审〔2015〕12号", "赣府厅字〔2006〕126号，见附件",
    "国家发展和改革委员会公告2006年第41号；桂政函〔2012〕145号（首期）", "原环境保护部 环审〔2011〕260号",
    "粤经信园区〔2012〕77号（2014年7月取得）", "桂政函[2014]98号 2014/6/5",
    "闽环保评〔2015〕31号（总体规划环评审查意见）",
)  # fmt: skip
_NO_DOCUMENTS = (
    "桂政函〔2010〕1号（已作废）", "桂环审〔2010〕1号（已取消）", "预期2027年3月8号", "力争6月30号前取得",
    "中山路12号", "见附件3号", "受理〔2024〕12号", "清府〔2024〕12号请示", "清府请〔2024〕12号",
    "已上报，清府〔2024〕12号", "一期2号", "桂政函〔2010〕1号（已终止）", "桂政函〔2010〕1号被收回",
    "桂政函〔2010〕1号停止执行", "没有文号（电话12号）", "电话：12345号", "编制合同〔2024〕3号", "批复2024-06",
    "规划（2010-2020年）", "2020年12号楼", "桂政函〔2010〕1号，无", "扩区批复〔2020〕1号已撤销",
    "不含批复〔2020〕1号，待批",
    "清府〔2024〕12号（征求意见稿）", "桂政函〔2010〕1号（已撤）", "清环罚〔2024〕12号", "清环改字〔2024〕12号",
    "招标〔2024〕12号", "地块2024-12号", "沪A 2024-1号", "2024 " * 1200,
    "清府〔2024〕12号，审查中", "清府〔2024〕12号被退回", "桂政函〔2010〕1号（暂停执行）", "会议纪要〔2024〕3号",
    "桂政函〔2012〕145号？", "桂政函〔2012〕145号（文件遗失）", "桂政函〔2012〕145号（据园区口述）",
    "无桂政函〔2012〕145号", "桂政函〔2012〕145号或146号", "同意开展前期工作 桂政函〔2012〕145号",
    "参照环审〔2011〕260号", "桂政函〔2012〕145号（范围外）", "桂政函〔2012〕145号，后因违规被摘牌",
    "桂政函〔2012〕145号（有效期至2017年）", "立项：发改投资〔2021〕33号",
    "关于注销示例园区的批复 桂政函〔2012〕145号", "关于同意筹建示例园区的批复 桂政函〔2012〕145号",
    "用地预审〔2018〕20号", "关于申请设立示例园区的函 桂政函〔2012〕145号",
    "关于退回示例规划环评审查意见的函 桂环函〔2012〕145号", "粤环审〔2015〕12号（听说）", "失效示例批〔2018〕1号",
    "清府〔2024〕12号呈批件", "粤环审〔2015〕12号系企业项目环评",
)  # fmt: skip


@pytest.mark.parametrize("column", ["批准设立文号", "规划环评审查文号"])
@pytest.mark.parametrize(
    ("cell", "is_there"),
    [
        ("桂政函〔2010〕1号", True),
        ("桂环审[2015]12", True),
        ("粤府函（2006）123 号", True),
        ("示例批2018第3号", True),
        ("正在办理，预计2024年取得", False),
        ("无文号，2023年申报", False),
        ("尚未取得（电话0771-1234567）", False),
        ("桂政函〔2010〕1号（已撤销）", False),
        ("不予批准 桂环函〔2019〕1号", False),
        ("待批：桂环函〔2024〕  号", False),
        *((cell, True) for cell in _DOCUMENTS),
        *((cell, False) for cell in _NO_DOCUMENTS),
        ("2020", False),
        ("43646", False),
        ("2019-06-30", False),
    ],
)
def test_a_year_or_a_document_to_come_is_no_document(column: str, cell: str, *, is_there: bool) -> None:
    assert list(stated_facts({column: cell}).values()) == ([True] if is_there else [])


_GROUNDS = (
    "不存在可能造成土壤污染的环节", "不可能造成土壤污染", "粉尘经布袋除尘后外排", "拆除设备外运处置", "招待所",
    "无需核查", "但无生产废水", "未查出重金属", "无铅、镉排放", "含铬废水全部回用不外排", "非有色金属冶炼",
    "不存在渗漏", "监测不超标", "防渗漏措施完善", "设有泄漏收集池", "渗漏风险低", "历史上无污染", "COD(Cr)达标排放",
    "无", "不涉及", "生活污水经化粪池处理后排入市政管网", "雨污分流，地面全部硬化", "危废委托有资质的单位处理",
    "固废外运", "不属于重点监管单位", "已采取防渗措施", "未检出铅、镉、砷", "土壤检测结果均低于筛选值",
    "没有污染土壤的途径；无储罐", "纯组装，生活污水纳管", "不涉及重金属使用及排放", "不在重点监管名单内", "不涉重金属",
)  # fmt: skip
_NO_GROUNDS = (
    "无法判断", "需核实", "未调查", "尚未评估", "资料缺失", "不排除", "不排除可能", "排放镉", "废水含镉",
    "无组织排放镉", "排放镉不超标", "仍有镉排放", "存在渗漏风险", "环评报告书判定为是", "依据不足", "暂不清楚",
    "正在调查", "除镉外", "土壤超标", "发现渗漏", "排放Cd", "没调查", "估计不会", "未开展", "历史上为电镀厂",
    "废水排入农田", "有电镀车间", "使用铬酸盐", "废渣露天堆放", "地面未硬化", "防渗层破损", "未采取防渗措施",
    "没有防渗", "未回用", "无废水处理设施", "未处理", "雨污不分流", "危废自行填埋", "危废委托无资质单位处置", "不达标",
    "监测不合格", "未监测", "不知道", "一般不会", "目前没有", "企业自称无", "不能排除", "不是没有可能",
    "无废水但废气含铅", "防渗措施无", "无废水，有废渣", "含镉废水达标排放", "正常工况下无排放", "事故时排放",
    "无重金属？", "危险废物仓储", "无废水排放及含镉废气",
)  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("否，原料不含重金属", {"may_pollute_soil": False}),
        ("否", {"may_pollute_soil": False}),
        ("是，待核", {"may_pollute_soil": True}),
        ("否，但排放镉", {}),
        ("否；待核实", {}),
        ("否：不确定", {}),
        ("否，除2号线外", {}),
        *((f"否，{grounds}", {"may_pollute_soil": False}) for grounds in _GROUNDS),
        *((f"否，{grounds}", {}) for grounds in _NO_GROUNDS),
    ],
)
def test_a_no_that_its_grounds_take_back_is_none(cell: str, said: dict[str, bool]) -> None:
    cells = {"是否可能造成土壤污染及依据*": cell}
    assert stated_facts(cells) == said
    assert (unread_facts(cells) == {}) is bool(said)


@pytest.mark.parametrize(
    "part", [*"0([〔《否 甲政区，", "桂政函〔", "2012年", "关于同意设立甲", "不含铅", "无废水", "回用", "含"]
)
def test_a_long_cell_is_read_at_once(part: str) -> None:
    cell = part * (20_000 // len(part))
    begun = time.process_time()
    for before, behind in (("", "有"), ("桂政函〔2012〕1号", "不")):
        assert stated_facts({"批准设立文号": f"{before}{cell}{behind}"}) == {}
        assert stated_facts({"是否可能造成土壤污染及依据": f"否，{before}{cell}{behind}"}) == {}
        assert not ReductionSource("R", "", "Cd", 1.0, 0.0, f"{before}{cell}{behind}").is_verified
    assert time.process_time() - begun < 6 * 0.1


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        ({"是否“千吨万人”水源地": "否", "日供水量": "800m³/d"}, 0),
        ({"是否“千吨万人”水源地": "否", "日供水量": "约1200 m3/日"}, 1),
        ({"是否涉镉": "不涉及", "废气镉(kg/a)": "1.5E-3"}, 1),
        ({"是否涉镉": "不涉及", "废气镉(kg/a)": "0.0E+00"}, 0),
        ({"是否涉镉": "不涉及", "废气镉(kg/a)": "0." + "0" * 5000 + "1"}, 0),  # smaller than any double
        ({"是否涉镉": "不涉及", "废气镉(kg/a)": "0 " * 2500 + "1"}, 1),
        ({"是否涉镉": "不涉及", "废气镉(kg/a)": "约" + "9" * 308 + "t"}, 1),
    ],
)
def test_numbers_as_spreadsheets_and_offices_write_them_are_read_at_once(cells: dict[str, str], count: int) -> None:
    assert len(disputes(Told(cells))) == count


def test_the_sign_of_a_metal_at_an_outlet_speaks_as_its_name() -> None:
    emission = Emission("排放口", "Cd", "废气", 2.0)
    assert [str(one.values) for one in disputes(Told({"是否涉镉": "不涉及"}, (emission,)))] == [
        "是否涉镉「不涉及」（未填依据）与排放口「Cd 2 kg/a」"
    ]
    assert by_metal({"新增Cd(kg/a)": "2", "新增Pb": "3"}, "新增") == {"Pb": 3.0, "Cd": 2.0}


@pytest.mark.parametrize(
    "name", ["CODCr", "COD-Cr", "COD(Cr)", "COD Cr", "COD_Cr", "高锰酸盐指数（CODMn）", "化学需氧量（重铬酸盐法）"]
)
def test_oxygen_demand_is_no_metal(name: str) -> None:
    denials = {"是否排放重点重金属": "否", "涉及重金属": "不涉及", "是否向河流排放重金属": "否"}
    assert disputes(Told(denials, (Emission("排放口", name, "废水", 500.0),))) == ()


@pytest.mark.parametrize("six", ["六价铬", "Cr6+", "Cr⁶⁺", "Cr(VI)", "Cr（Ⅵ）", "铬(六价)", "铬（VI）", "六价Cr"])
def test_hexavalent_chromium_is_not_added_to_total_chromium(six: str) -> None:
    outlet = {"outlet_id": "DW1", "row": 1, "medium": "废水", "stack_height_m": None, "receiving_water": ""}
    named = (("总铬", 5.0), (six, 1.0), ("COD(Cr)", 90.0), ("Cd、Cr6+", 0.5))
    told = own_columns._cells([outlet | {"pollutant": pollutant, "emission_kg": kg} for pollutant, kg in named])
    assert told.emissions_kg == {"废水": {"铬": 5.0, "六价铬": 1.0, "镉六价铬": 0.5}}


@pytest.mark.parametrize("names", ["COD Cr Cd", "COD、Cr", "COD Cr6+", "COD-Cr(VI)", "CODCr/Cr", "BOD COD Cr"])
def test_chromium_beside_oxygen_demand_stays_a_metal(names: str) -> None:
    (found,) = disputes(Told({"是否排放重点重金属": "否"}, (Emission("排放口", names, "废水", 5.0),)))
    assert found.evidence[0].value == f"{names} 5 kg/a"


DENIED_AMOUNTS = (
    ({"是否涉镉": "不涉及"}, "废气镉(kg/a)"),
    ({"使用状态": "停用"}, "供水人口"),
    ({"是否头顶库": "否"}, "下游1km居民数"),
)


@pytest.mark.parametrize(("denial", "column"), DENIED_AMOUNTS)
@pytest.mark.parametrize(
    ("cell", "speaks"),
    [
        *((cell, False) for cell in ("——", "--", "－", "暂无", "空", "\\", "没有", "#N/A", "ＮＤ", "0（未检出）")),
        *((cell, False) for cell in ("约0", "0;0", "0／0", "0（2023年）")),
        *((cell, True) for cell in ("不足5", "未达2", "低于2", "不超过2", "非常多")),
        *((cell, True) for cell in ("0（待核实）", "0？", "0;5", "0-5", "<1000", "若干", "*", "-1")),
    ],
)
def test_a_blank_or_a_zero_speaks_against_no_denial(
    denial: dict[str, str], column: str, cell: str, *, speaks: bool
) -> None:
    assert [found.is_open for found in disputes(Told({**denial, column: cell}))] == [True] * speaks


@pytest.mark.parametrize(
    ("cell", "is_open"),
    [
        *(
            (cell, None)
            for cell in ("约8000人", "8000余人", "8000人左右", "<1000", "<10000", "小于1000人", "500人-800人")
        ),
        *((cell, None) for cell in ("0.8万", "约0.5万人", "不超过9999人", "800户", "8000人（2023年）")),
        *((cell, True) for cell in ("约9500人", "9000余人", "≤10000", "1万以下", "8000-12000", "5000以上", "3500户")),
        *((cell, False) for cell in ("1.2万", "12000余人", "1万多人", "不少于1万人", "12000-15000", "约2万人")),
    ],
)
def test_a_bound_speaks_against_a_denial_only_if_it_may_reach_the_limit(cell: str, *, is_open: bool | None) -> None:
    found = disputes(Told({"是否“千吨万人”水源地": "否", "供水人口": cell}))
    assert [dispute.is_open for dispute in found] == ([] if is_open is None else [is_open])


@pytest.mark.parametrize(
    ("cell", "in_doubt"), [("——", False), ("无", False), ("－", False), ("暂无", False), ("若干", True)]
)
def test_a_blank_emission_leaves_no_sum_in_doubt(cell: str, *, in_doubt: bool) -> None:
    for column in ("新增镉(kg/a)", "替代镉(kg/a)", "替代量(kg/a)"):
        assert (NUMBERS in own_columns.unread_doubts({column: cell, "新增铅(kg/a)": "10"})) == in_doubt


FIVE = {f"新增{metal}(kg/a)": "0" for metal in "铅汞镉铬砷"}
ROUNDED = (
    ({"新增重点重金属排放量": "12.35", "新增铅": "10.005", "新增镉": "2.34"}, None),
    ({"新增重点重金属排放量(t/a)": "0.0123", "新增铅(kg/a)": "10.005", "新增镉(kg/a)": "2.34"}, None),
    ({"替代量": "14.8 kg", "替代铅": "12.006", "替代镉": "2.814"}, None),
    ({"新增重点重金属排放量": "12.445", "新增铅": "10.005", "新增镉": "2.34", "新增铊": "0.1"}, None),
    ({"新增重点重金属排放量": "12.36", "新增铅": "10.005", "新增镉": "2.34"}, True),
    ({"新增重点重金属排放量": "12", "新增镉": "2"}, True),
    ({"新增重点重金属排放量": "12.34", "新增铅": "10.005", "新增镉": "2.34", "新增铊": "0.1"}, False),
    ({"新增重点重金属排放量": "1", "新增镉": "2"}, False),
    ({"新增重点重金属排放量": "0", "新增镉": "0.4"}, False),
    ({"新增重点重金属排放量": "1", "新增镉": "1.2"}, False),
    ({"新增重点重金属排放量": "12", "新增镉": "12.4"}, None),
    ({**FIVE, "新增重点重金属排放量": "12", "新增镉(kg/a)": "2"}, False),
)


@pytest.mark.parametrize(("cells", "is_open"), ROUNDED)
def test_a_total_is_the_sum_as_far_as_it_is_written(cells: dict[str, str], *, is_open: bool | None) -> None:
    found = disputes(Told(cells))
    assert [dispute.is_open for dispute in found] == ([] if is_open is None else [is_open])


def test_a_total_above_the_only_metal_that_is_told_leaves_the_others_open() -> None:
    (found,) = disputes(Told({"新增重点重金属排放量": "12", "新增镉": "2", "新增铅": ""}))
    values = "新增重点重金属排放量「12」与新增镉「2」（其余金属未填）"
    assert (found.why, found.touches) == (f"{values}：不能断定是否矛盾，待核实，本条未作判断。", (NUMBERS,))
    assert found.note == f"填报存疑：{values}，不能断定是否矛盾，待核实。"
    assert found.cause == "两处所填不全或不知以哪一处为准，不能断定是否矛盾"


def test_a_rounded_total_is_never_more_lenient_than_its_metals() -> None:
    row = {"新增重点重金属排放量": "12", "新增铅": "12.4", "替代量": "15", "替代铅": "14.6"}
    assert disputes(Told(row)) == ()
    assert own_columns.stated_of_row(row, {}).numbers == {"added_emission_kg": 12.4, "offset_kg": 14.6}
    row = {"新增重点重金属排放量": "12.4", "新增铅": "12.36", "替代量": "14.6", "替代铅": "14.62"}
    assert own_columns.stated_of_row(row, {}).numbers == {"added_emission_kg": 12.4, "offset_kg": 14.6}


@pytest.mark.parametrize(
    ("cells", "is_open"),
    [
        ({"行业代码": "3251", "行业代码（2011版）": "3261"}, None),
        ({"行业代码（2017版）": "3251", "行业代码（2011版）": "3261", "行业分类版本": "2017"}, None),
        ({"行业代码（主行业）": "3212", "行业代码（其他行业）": "2611"}, None),
        ({"新增铅(kg/a)": "8", "新增铅(一期)": "5", "新增铅(二期)": "3"}, None),
        ({"新增铅(一期)": "5", "新增铅(现有)": "3"}, True),
        ({"新增铅(一期)": "5", "新增铅(kg/a)": "8"}, True),
        ({"行业代码（2011版）": "3261", "行业代码（2017版）": "3251", "行业分类版本": "2017"}, True),
        ({"行业代码（其他行业）": "3212", "行业代码（主行业）": "2611"}, True),
        ({"行业代码": "3212", "行业代码（必填）": "2611"}, False),
        ({"行业代码（2017版）": "3212", "行业代码（2017版）#2": "2611"}, False),
        ({"新增铅(一期)": "5", "新增铅(一期)#2": "3"}, False),
        ({"新增铅(kg/a)": "5", "新增铅": "3"}, False),
    ],
)
def test_columns_of_two_editions_parts_or_phases_are_not_held_against_each_other(
    cells: dict[str, str], *, is_open: bool | None
) -> None:
    found = disputes(Told(cells))
    assert [dispute.is_open for dispute in found] == ([] if is_open is None else [is_open])


@pytest.mark.parametrize("cell", ["", "-", "——", "－", "暂无", "空", "#N/A"])
def test_a_fact_left_blank_is_not_called_unread(cell: str) -> None:
    assert unread_facts({"是否化工园区": cell}) == {}


@pytest.mark.parametrize(
    ("cell", "speaks"), [("无锡示例公司", True), ("不锈钢示例厂", True), ("无", False), ("——", False)]
)
def test_a_name_that_begins_like_a_no_is_a_name(cell: str, *, speaks: bool) -> None:
    assert len(disputes(Told({"是否有明确具体的总量来源": "否", "总量来源企业": cell}))) == speaks
