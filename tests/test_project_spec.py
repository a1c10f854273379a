"""project.yml: what is read from it, what its words mean, and what a check warns of."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from situation_projects import write_situation
from test_map_page import data_of

from hmgeo import check_project, demo_projects, run_project
from hmgeo.errors import HmgeoError, ProjectError
from hmgeo.intake.areas import resolve_area
from hmgeo.intake.columns import ReadOptions
from hmgeo.project.inputs import load_inputs
from hmgeo.project.sites.desk import open_desk, read_sites
from hmgeo.project.spec import allowing_outside, read_spec, read_validity
from hmgeo.rules.book import load_book
from hmgeo.vocabulary import Basis, Classification, Completeness, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).resolve().parent / "broken_projects"
GOOD = (HERE / "good.yml").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Write the sound project with changes, with leave to reach data that lies elsewhere."""

    def write(*changes: tuple[str, str]) -> Path:
        text = GOOD.replace("data/", f"{HERE.as_posix()}/data/")
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        (tmp_path / "project.yml").write_text(text, encoding="utf-8")
        return tmp_path

    with allowing_outside():
        yield write


def test_what_layers_share_is_told_once(tmp_path: Path) -> None:
    head = 'schema: 1\ntitle: 甲\nas_of: 2021-06-30\narea: {codes: ["441802"]}\nlayer_defaults: {basis: 未申明}\n'
    layers = "layers:\n  enterprises: {path: a.csv}\n  farmland: {path: b.csv}\nscreening_rule: none\n"
    (tmp_path / "project.yml").write_text(head + layers, encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        read_spec(tmp_path)
    assert [problem.found for problem in caught.value.problems if problem.what.startswith("basis")] == ["未申明"]


@pytest.mark.parametrize(
    "written", ['"3212、3360"', '"3212, 3360"', "3212；3360", "３２１２、3360", "3212 3360", '["3212", "3360"]']
)
def test_codes_may_stand_in_one_text(project: Callable[..., Path], written: str) -> None:
    spec = read_spec(project(('["3212", "3360"]', written)))
    assert spec.parameters["cadmium_trades"].value == ("3212", "3360")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("取值", "（现为「取值」）"),
        ('"、"', ""),
        ("[]", ""),
        ("无", "（现为「无」）"),
        ('"3212、铅锌冶炼"', "（现为「铅锌冶炼」）"),
        ('["3212@2017"]', "（现为「3212@2017」）"),
        ('["3212/3360"]', "（现为「3212/3360」）"),
        ('"0000"', "（现为「0000」）"),
    ],
)
def test_what_is_no_code_is_refused_not_read_as_no_firm(project: Callable[..., Path], written: str, found: str) -> None:
    words = f"参数 cadmium_trades 的取值看不懂{found}；允许：2 至 4 位行业代码，如 3212、3360。处理：改写"
    with pytest.raises(ProjectError, match=words):
        read_spec(project(('["3212", "3360"]', written)))


def test_what_the_sound_project_says() -> None:
    spec = read_spec(HERE / "good.yml")
    farmland = spec.layers[LayerKind.FARMLAND]
    assert (spec.title, spec.as_of, spec.area_ids) == ("错误示例", date(2019, 6, 30), ("GD-QC",))
    assert (spec.screening_rule, spec.mix_basis, spec.rule_packs) == ("SCR-JY-10KM", "", ())
    assert spec.folder == HERE
    assert list(spec.layers) == [LayerKind.ENTERPRISES, LayerKind.FARMLAND]
    assert (farmland.path, farmland.coverage, farmland.vintage, farmland.line) == (
        "data/farmland.geojson",
        "441802",
        "2019",
        8,
    )
    assert (farmland.basis, farmland.completeness, farmland.classification) == (
        Basis.SYNTHETIC,
        Completeness.COMPLETE,
        Classification.PUBLIC,
    )
    trades = spec.parameters["cadmium_trades"]
    assert (trades.value, trades.edition, trades.by, trades.on, trades.reason) == (
        ("3212", "3360"),
        2017,
        "示例",
        "2026-11-21",
        "示例参数",
    )
    assert [(one.rule, one.reason) for one in spec.adopt] == [("SCR-JY-10KM", "参照济源做法，非本地有效依据")]


def test_what_nobody_said_is_unknown(project: Callable[..., Path]) -> None:
    declared = (
        'coverage: {area: "441802"}, completeness: complete, basis: synthetic, classification: 公开, vintage: 2019}'
    )
    none = ("screening_rule: SCR-JY-10KM", "screening_rule: none")
    folder = project((declared, "basis: synthetic}"), none)
    spec = read_spec(folder)
    farmland = spec.layers[LayerKind.FARMLAND]
    assert spec.screening_rule == ""
    assert (farmland.coverage, farmland.vintage, farmland.options.crs, farmland.options.central_meridian) == (
        "",
        "",
        "",
        None,
    )
    assert (farmland.completeness, farmland.classification) == (Completeness.UNKNOWN, Classification.UNMARKED)


@pytest.mark.parametrize(
    ("coverage", "read"),
    [('{area: "441802"}', "441802"), ("{key_area: GD-QC}", "GD-QC"), ("{file: data/a.geojson}", "data/a.geojson")],
)
def test_three_ways_to_state_coverage(project: Callable[..., Path], coverage: str, read: str) -> None:
    folder = project(('{area: "441802"}', coverage))
    assert read_spec(folder).layers[LayerKind.FARMLAND].coverage == read


def test_numbers_keep_their_unit(project: Callable[..., Path]) -> None:
    line = "  surroundings_m: {value: 500, unit: m, by: 甲, on: 2026-11-21, reason: 示例参数，非法定距离}\n  terrain:"
    chosen = read_spec(project(("  terrain:", line))).parameters["surroundings_m"]
    assert (chosen.value, chosen.unit, chosen.by) == (500.0, "m", "甲")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("surroundings_m", "-500", "参数 surroundings_m 的取值不成立（现为「-500」）；允许：大于 0 的有限数"),
        ("surroundings_m", "0", "参数 surroundings_m 的取值不成立（现为「0」）；允许：大于 0 的有限数"),
        ("surroundings_m", ".inf", "参数 surroundings_m 的取值不成立（现为「inf」）；允许：大于 0 的有限数"),
        ("touch_tolerance_m", "-1", "参数 touch_tolerance_m 的取值不成立（现为「-1」）；允许：不小于 0 的有限数"),
        ("snap_distance_m", "-1", "参数 snap_distance_m 的取值不成立（现为「-1」）；允许：不小于 0 的有限数"),
    ],
)
def test_a_reach_that_nothing_can_lie_in_is_refused(
    project: Callable[..., Path], name: str, value: str, words: str
) -> None:
    """Within -500 m there is never anything: every ban on what lies around would be clear."""
    line = f"  {name}: {{value: {value}, unit: m, by: 甲, on: 2026-11-21, reason: 示例参数}}\n  terrain:"
    with pytest.raises(ProjectError) as caught:
        read_spec(project(("  terrain:", line)))
    assert words in str(caught.value)


def test_a_tolerance_may_be_nothing(project: Callable[..., Path]) -> None:
    line = "  touch_tolerance_m: {value: 0, unit: m, by: 甲, on: 2026-11-21, reason: 示例参数}\n  terrain:"
    assert read_spec(project(("  terrain:", line))).parameters["touch_tolerance_m"].value == 0.0


def test_a_file_or_its_folder(project: Callable[..., Path]) -> None:
    folder = project()
    assert read_spec(folder) == read_spec(folder / "project.yml")


def test_key_areas_lie_in_counties() -> None:
    found = [resolve_area(code, base=Path()).counties for code in ("GD-QC-LT", "GX-ND", "451221", "441802105")]
    assert found == [{"441802"}, {"451221"}, {"451221"}, {"441802"}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((', coverage: {area: "441802"}', ""), ("「耕地」未申明数据范围", "计数只是下限", "coverage")),
        (("completeness: complete, ", ""), ("「耕地」未申明完整", "计数只是下限", "completeness: complete")),
        (("basis: synthetic, classification: 公开, vintage: 2019}\n  farmland", "basis: synthetic}\n  farmland"),
         ("「涉重金属企业」密级未标注", "仅限内部使用", "写明密级")),
        (("datum: cgcs2000, ", ""), ("没有声明", "CGCS2000", "写明 datum")),
        (("  terrain: {value: not_considered, by: 示例, on: 2026-11-21, reason: 示例参数}\n", ""),
         ("条文未规定「是否按地形缩减排查距离」", "须由使用单位确定并说明理由", "写明取值、决定人、日期和理由")),
    ],
)  # fmt: skip
def test_a_check_warns_of_what_caps_the_answers(
    project: Callable[..., Path], change: tuple[str, str], words: tuple[str, ...]
) -> None:
    report = check_project(project(change))
    assert report.is_usable
    assert len(report.problems) == 1
    assert [word for word in words if word not in str(report.problems[0])] == []


def test_a_check_warns_where_farmland_is_missing(project: Callable[..., Path]) -> None:
    lines = [line for line in GOOD.splitlines() if line.startswith("  farmland: ")]
    line = lines[0].replace("data/", f"{HERE.as_posix()}/data/") + "\n"
    report = check_project(project((line, "")))
    assert report.is_usable
    assert [problem.what for problem in report.problems] == ["未提供「耕地」，相关条款将未评估"]


def test_a_check_counts_the_rows_by_status(project: Callable[..., Path]) -> None:
    tables = {table.title: table.rows for table in check_project(project()).tables}
    assert tables["污染源记录"] == (("已评估", "2"), ("未定位", "1"), ("退回补正", "0"), ("合计", "3"))
    farmland = next(row for row in tables["数据适用性表"] if row[0] == "耕地")
    assert farmland[2:8] == ("3", "合成（演示）", "清城区（441802）", "完整", "2019", "公开")
    assert ("未定位", "1") in [row[1:] for row in tables["处理台账摘要"]]


def test_mixing_bases_takes_a_reason(project: Callable[..., Path]) -> None:
    real = ("datum: cgcs2000, basis: synthetic", "datum: cgcs2000, basis: real")
    refused = check_project(project(real))
    assert ["真实污染源不得对照" in str(problem) for problem in refused.problems] == [True]
    assert check_project(project(real, ("adopt:", "mix_basis: 培训演示\nadopt:"))).is_usable


@pytest.mark.parametrize("path", demo_projects(), ids=lambda path: path.parent.name)
def test_the_shipped_projects_are_sound(path: Path) -> None:
    told = check_project(path).problems
    assert all(problem.is_warning for problem in told)
    lists = (
        "行已关联",
        "矛盾",
    )  # their lists hold links that lead nowhere and contradictions, to show what becomes of them
    assert [str(problem) for problem in told if not any(word in str(problem) for word in lists)] == []


FARMLAND_LINE = next(line for line in GOOD.splitlines() if line.startswith("  farmland: "))
ODD = {
    "no screening rule": ((("screening_rule: SCR-JY-10KM", "screening_rule: none"),), ["", "", ""]),
    "no farmland": (((f"{FARMLAND_LINE}\n", ""),), ["not_assessed", "not_applicable", "not_assessed"]),
    "nobody located": ((("data/enterprises.csv", "unlocated.csv"),), ["listed", "not_assessed"]),  # A1: by its town
    "mixed bases": (
        (("datum: cgcs2000, basis: synthetic", "datum: cgcs2000, basis: real"), ("adopt:", "mix_basis: 培训\nadopt:")),
        ["listed", "not_applicable", "listed"],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_projects_run_whole(name: str, tmp_path: Path) -> None:
    """Every file is written and every row comes out, whatever a project lacks."""
    changes, verdicts = ODD[name]
    text = GOOD
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    shutil.copytree(HERE / "data", tmp_path / "data")
    header = "企业编号,企业名称,经度,纬度,行业代码,行业分类版本,乡镇(街道)\n"
    rows = "A1,示例甲,,,3212,2017,龙塘镇\nA2,示例乙,待补,待补,3212,2017,石角镇\n"
    (tmp_path / "unlocated.csv").write_text(header + rows, encoding="utf-8")
    (tmp_path / "project.yml").write_text(text, encoding="utf-8")
    run = run_project(tmp_path)
    assert run.folder == tmp_path / "runs" / "2019-06-30"
    names = {path.name for path in run.folder.rglob("*")}
    assert {"sources.csv", "pairs.parquet", "counts.parquet", "findings.parquet", "findings.gpkg", "ledger.csv",
            "screening.xlsx", "map.html", "manifest.json"} <= names  # fmt: skip
    assert run.results.sources["verdict"].to_pylist() == verdicts
    page = (run.folder / "map.html").read_text(encoding="utf-8")
    badges = {source["badge"] for source in data_of(page)["sources"]}
    assert ("示例判定：符合排查条件" in badges) is (name == "mixed bases")


CHECKED = """- clause: SIT-JY-PBF
  state: 仍执行
  by: 示例局
  on: 2024-06-01
  document: 示例函〔2024〕1号
"""


def test_an_offices_check_beside_the_project_changes_the_answer_and_is_told_with_its_source(tmp_path: Path) -> None:
    situation: dict[str, object] = {
        "id": "V-1", "title": "示例", "as_of": date(2024, 5, 30), "place": "419001",
        "planned": {"kind": "project_sites", "trade": "3212", "edition": 2017, "action": "new"},
        "layers": {"pbf_concentrated_areas": {"state": "完整", "inside": "在内"}}, "expect": {},
    }  # fmt: skip
    disk = write_situation(situation, tmp_path / "project")

    def said() -> tuple[str, str, str, list[str]]:
        desk = open_desk(disk.project)
        options = ReadOptions()
        sites, ledger = read_sites(desk, disk.sites, basis=Basis.SYNTHETIC, options=options)
        results = desk.results(desk.dossiers(sites), ledger)
        clauses = results.dossiers[0].answer.clauses
        found = next(one for one in clauses if one.citation.rule_id == "SIT-JY-PBF")
        used = [f"{one.name} {one.value} {one.by} {one.on} {one.reason}" for one in results.parameters]
        return found.verdict.value, found.standing.value, found.citation.verified, used

    assert said()[:2] == ("not_assessed", "period_over")
    (disk.project / "validity.yml").write_text(CHECKED, encoding="utf-8")
    verdict, standing, verified, used = said()
    assert (verdict, standing) == ("prohibited", "in_force")
    assert verified.startswith("单位效力核实：仍执行（示例局，2024-06-01，依据示例函〔2024〕1号）")
    assert "效力核实：SIT-JY-PBF 仍执行 示例局 2024-06-01 示例函〔2024〕1号" in used
    assert read_spec(disk.project).files[1].name == "validity.yml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (CHECKED.replace("  by: 示例局\n", ""), "缺少 by"),
        (CHECKED.replace("2024-06-01", '"去年"'), "on应为日期"),
        (CHECKED.replace("仍执行", "有效"), "效力核实的结果看不懂"),
        (CHECKED.replace("仍执行", "已接续"), "已接续的须写明接续文件"),
        (CHECKED.replace("仍执行", "失效"), "失效的须写明自何日起"),
        (CHECKED.replace("仍执行", "已接续于《丁方案》"), "已接续的须写明自何日起"),
        (CHECKED.replace("clause: SIT", "text: 某方案\n  clause: SIT"), "须写明一条条款或一份文件"),
        (CHECKED + "  until: 2025\n", "有未知的键"),
        (CHECKED.replace("SIT-JY-PBF", "SIT-JY-PB"), "是否为「SIT-JY-PBF」"),
    ],
)
def test_a_check_that_lacks_something_is_refused_with_words(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "validity.yml").write_text(text, encoding="utf-8")
    with pytest.raises(HmgeoError) as caught:
        load_book().checked(read_validity(tmp_path / "validity.yml"), "validity.yml")
    assert words in str(caught.value)
    assert "validity.yml，第" in str(caught.value)


DEFAULTS = "layer_defaults: {basis: synthetic, classification: 公开, vintage: 2019}\nlayers:"


def test_what_layers_share_is_said_once(project: Callable[..., Path]) -> None:
    """The shipped projects say it so; a layer's own word goes before the shared one."""
    own = (", basis: synthetic, classification: 公开, vintage: 2019}\n  farmland", ", vintage: 2018}\n  farmland")
    spec = read_spec(project(("layers:", DEFAULTS), own))
    listed, farmland = spec.layers[LayerKind.ENTERPRISES], spec.layers[LayerKind.FARMLAND]
    assert (listed.basis, listed.classification, listed.vintage) == (Basis.SYNTHETIC, Classification.PUBLIC, "2018")
    assert farmland == replace(read_spec(project()).layers[LayerKind.FARMLAND], line=farmland.line)
    folder = project(("layers:", "layer_defaults: {basis: synthetic, path: a.csv}\nlayers:"))
    with pytest.raises(HmgeoError) as caught:
        read_spec(folder)
    assert "layer_defaults有未知的键（现为「path」）" in str(caught.value)


SETTINGS = (
    "settings: {snap_distance_m: 300, closed_basins: {value: keep, by: 甲, on: '2026-11-21', reason: 岩溶}}\nadopt:"
)


def test_settings_need_no_reason_and_stand_apart(project: Callable[..., Path]) -> None:
    spec = read_spec(project(("adopt:", SETTINGS)))
    snap, basins = spec.parameters["snap_distance_m"], spec.parameters["closed_basins"]
    assert (snap.value, snap.unit, snap.by, snap.reason) == (300.0, "m", "使用者设定", "计算设置")
    assert (basins.value, basins.by, basins.on, basins.reason) == ("keep", "甲", "2026-11-21", "岩溶")
    assert check_project(project(("adopt:", SETTINGS))).problems == ()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("{surroundings_m: 500}", "surroundings_m 是条文留待确定的，不是计算设置。处理：移到 parameters 下"),
        ("{snap_distance_m: 300 m}", "snap_distance_m应为数字（现为「300 m」）"),
        ("{snap_distance_m: {value: 3, unit: km}}", "snap_distance_m 的单位不符（现为「km」）"),
        ("{closed_basins: dig}", "参数 closed_basins 不是允许的词（现为「dig」）；允许：breach、keep"),
        ("{snap_distence_m: 300}", "是否为「snap_distance_m」"),
    ],
)
def test_a_setting_that_is_none_is_refused(project: Callable[..., Path], settings: str, words: str) -> None:
    with pytest.raises(HmgeoError) as caught:
        read_spec(project(("adopt:", f"settings: {settings}\nadopt:")))
    assert words in str(caught.value)


def test_a_setting_in_the_old_place_is_read_and_told_where_it_belongs(project: Callable[..., Path]) -> None:
    line = "  snap_distance_m: {value: 300, unit: m, by: 甲, on: 2026-11-21, reason: 示例}\n  terrain:"
    old = project(("  terrain:", line))
    assert read_spec(old).parameters["snap_distance_m"].value == 300.0
    (told,) = map(str, check_project(old).problems)
    assert told == (
        "project.yml，第 14 行，键 parameters：计算设置写在了 parameters 下，已照用（现为「snap_distance_m」）。"
        "处理：移到 settings 下，可只写值，如 snap_distance_m: 300"
    )
    both = project(("  terrain:", line), ("adopt:", "settings: {snap_distance_m: 20}\nadopt:"))
    with pytest.raises(HmgeoError) as caught:
        read_spec(both)
    assert "在 parameters 和 settings 下各写了一次" in str(caught.value)


@pytest.mark.parametrize(
    ("written", "is_read"), [('"2019-06-30"', True), ("2019-06-30", True), ("20190630", False), ('"2019-W26-7"', False)]
)
def test_a_day_may_stand_in_quotes(project: Callable[..., Path], written: str, *, is_read: bool) -> None:
    folder = project(("as_of: 2019-06-30", f"as_of: {written}"))
    if is_read:
        assert read_spec(folder).as_of == date(2019, 6, 30)
        return
    with pytest.raises(HmgeoError) as caught:
        read_spec(folder)
    assert "as_of应为日期" in str(caught.value)


def test_a_list_has_an_edition_for_the_rows_that_state_none(project: Callable[..., Path]) -> None:
    """3130 is casting in 2011 and rolling in 2017: which, the row says, else the layer."""
    header = "企业编号,企业名称,经度,纬度,行业代码,行业分类版本\n"
    rows = "A1,甲,113.05,23.62,3130,\nA2,乙,113.06,23.63,3130,2017\nA3,丙,113.07,23.64,3212,\n"
    folder = project()
    text = (folder / "project.yml").read_text(encoding="utf-8")
    whole = next(one for one in text.splitlines() if one.startswith("  enterprises:"))
    path = whole.split("path: ")[1].split(",")[0]
    (folder / "list.csv").write_text(header + rows, encoding="utf-8")
    told = {}
    for edition in ("", ", edition: 2011"):
        (folder / "project.yml").write_text(text.replace(path, f"list.csv{edition}"), encoding="utf-8")
        inputs = load_inputs(read_spec(folder))
        asked = [one.row for one in inputs.ledger.entries if one.event == "行业版本未填"]
        said = [one.reason + one.action for one in inputs.ledger.entries if one.event == "行业版本按声明"]
        told[edition] = (inputs.positions.table["trade_edition"].to_pylist(), asked, said)
    assert told[""] == (["", "2017", ""], [1], [])
    declared = "共 2 行（数据第 1、3 行）有行业代码而未填版本按 2011 版读取"
    assert told[", edition: 2011"] == (["2011", "2017", "2011"], [], [declared])
    (folder / "project.yml").write_text(text.replace("farmland.geojson", "farmland.geojson, edition: 2011"), "utf-8")
    with pytest.raises(HmgeoError) as caught:
        read_spec(folder)
    assert "图层 farmland有未知的键（现为「edition」）" in str(caught.value)
