"""From nothing to one's own county: what a new project asks, what it writes, and that a check foresees the run."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import shapely

from hmgeo import check_project, project_results
from hmgeo.errors import HmgeoError
from hmgeo.intake.areas import area_named, resolve_area
from hmgeo.intake.catalog import shipped_folder
from hmgeo.outputs.wording import gaps_of, verdict_header
from hmgeo.project.spec import read_spec
from hmgeo.project.start import Asked, Begin, init_project, screening_rules
from hmgeo.vocabulary import Completeness, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

    from hmgeo.outputs.templates import PlainTable
    from hmgeo.project.check import CheckReport
    from hmgeo.results.results import Results

DAY = date(2026, 11, 29)
SOUND = Path(__file__).resolve().parent / "broken_projects" / "good.yml"
HEADER = "企业编号,企业名称,经度,纬度,行业代码\n"
ROWS = "A1,甲厂,113.40,24.19,3212\nA2,乙厂,113.42,24.20,3360\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[LayerKind, Path]:
    """A list of two enterprises in 英德市 and a parcel 100 m wide beside the first."""
    sources, farmland = tmp_path / "企业.csv", tmp_path / "耕地.geojson"
    sources.write_text(HEADER + ROWS, encoding="utf-8")
    parcel = {"type": "Feature", "properties": {"BSM": "P1"},
              "geometry": shapely.geometry.mapping(shapely.box(113.401, 24.19, 113.402, 24.191))}  # fmt: skip
    farmland.write_text(json.dumps({"type": "FeatureCollection", "features": [parcel]}), encoding="utf-8")
    return {LayerKind.ENTERPRISES: sources, LayerKind.FARMLAND: farmland}


def answering(**answers: str) -> tuple[Callable[[Asked], str], list[Asked]]:
    """Return what answers by a part of the title, with every question that was asked."""
    heard: list[Asked] = []

    def ask(asked: Asked) -> str:
        heard.append(asked)
        return next((answer for part, answer in answers.items() if part in asked.title), asked.default)

    return ask, heard


TOLD = {"完整覆盖": "是", "排查规则": "SCR-JY-10KM", "由谁决定": "某局", "为什么": "没有本地规则",
        "cadmium_trades": "3212，3360", "farmland_extent": "1", "terrain": "not_considered"}  # fmt: skip


def test_a_county_by_its_name_is_asked_through_to_an_answer(tmp_path: Path, files: dict[LayerKind, Path]) -> None:
    """Ten questions, no edit: the first firm lies some 100 m from the parcel and smelts lead."""
    ask, heard = answering(**TOLD)
    made = init_project(tmp_path / "p", "英德市", DAY, Begin(files), ask)
    assert made.files[:4] == ("project.yml", "需要取得的资料.md", "资料/企业.csv", "资料/耕地.geojson")
    assert (made.waiting, len(heard)) == ((), 10)
    spec = read_spec(made.folder)
    assert (spec.area_ids, spec.screening_rule, spec.as_of) == (("441881",), "SCR-JY-10KM", DAY)
    assert [(one.rule, one.by, one.reason) for one in spec.adopt] == [("SCR-JY-10KM", "某局", "没有本地规则")]
    farmland = spec.layers[LayerKind.FARMLAND]
    assert (farmland.path, farmland.coverage, farmland.completeness) == (
        "资料/耕地.geojson",
        "441881",
        Completeness.COMPLETE,
    )
    chosen = {name: (one.value, one.edition, one.by, one.reason) for name, one in spec.parameters.items()}
    assert chosen == {
        "cadmium_trades": (("3212", "3360"), 2017, "某局", "没有本地规则"),
        "terrain": ("not_considered", None, "某局", "没有本地规则"),
        "farmland_extent": ("all", None, "某局", "没有本地规则"),
    }
    found = project_results(made.folder, page=False).sources.to_pylist()
    assert [(row["source_id"], row["verdict"]) for row in found] == [("A1", "listed"), ("A2", "listed")]


def test_every_question_says_what_the_text_says_and_who_asks(tmp_path: Path, files: dict[LayerKind, Path]) -> None:
    ask, heard = answering(**TOLD)
    init_project(tmp_path / "p", "英德市", DAY, Begin(files), ask)
    by_title = {one.title: "\n".join(one.lines) for one in heard}
    rules = by_title["选一条排查规则：编号或序号，回车不选"]
    assert "1　SCR-JY-10KM　耕地周边涉镉等重金属行业企业排查" in rules
    assert "按距离；不在适用地域，只能参照采用，须写理由" in rules
    assert "二（三）3：「2021年底前完成耕地周边（原则上平原地区周边10公里之内" in rules
    terrain = by_title["是否按地形缩减排查距离（terrain），回车暂不定"]
    assert (
        "条文没有写明：《济源产城融合示范区2021年土壤污染防治攻坚战实施方案》二（三）3：「山区、丘陵地区可适当缩减」"
        in terrain
    )
    assert "1 not_considered：不考虑地形，一律按平原地区距离" in terrain
    assert "用到它的条款：SCR-JY-10KM" in terrain


def test_where_nobody_can_be_asked_a_list_to_fill_is_written(tmp_path: Path, files: dict[LayerKind, Path]) -> None:
    made = init_project(tmp_path / "p", "英德市", DAY, Begin(files))
    assert made.waiting == ("screening_rule：选定一条排查规则",)
    text = (made.folder / "project.yml").read_text(encoding="utf-8")
    assert "screening_rule: none\n" in text
    assert "#   SCR-JY-10KM　耕地周边" in text
    begin = Begin(files, rule="SCR-JY-10KM", by="某局", reason="参照", values={"terrain": "not_considered"})
    made = init_project(tmp_path / "q", "英德市", DAY, begin)
    assert [one.partition("：")[0] for one in made.waiting] == ["cadmium_trades", "farmland_extent"]
    text = (made.folder / "project.yml").read_text(encoding="utf-8")
    assert re.search(
        r"#   参考：0912、3212、3360 等候选行业.*\n.*\n  # cadmium_trades: \{value: 取值, edition: 2017, by: ", text
    )
    assert list(read_spec(made.folder).parameters) == ["terrain"]


def test_what_is_typed_stands_in_the_file_as_typed(tmp_path: Path) -> None:
    """Codes keep their zeros, and no sign of YAML changes what somebody said."""
    by, reason = "甲: 乙 #1", '参照 {济源}, "试行"'
    begin = Begin(rule="SCR-JY-10KM", by=by, reason=reason, values={"cadmium_trades": "0912、3212"})
    made = init_project(tmp_path / "p", "441881", DAY, begin)
    text = (made.folder / "project.yml").read_text(encoding="utf-8")
    assert 'cadmium_trades: {value: ["0912", "3212"], edition: 2017, by: "甲: 乙 #1", on: 2026-11-29, ' in text
    chosen = read_spec(made.folder).parameters["cadmium_trades"]
    assert (chosen.value, chosen.by, chosen.reason) == (("0912", "3212"), by, reason)


def test_an_answer_that_is_not_understood_is_asked_again(tmp_path: Path, files: dict[LayerKind, Path]) -> None:
    tries = {
        "排查规则": ["SCR-JY-1OKM", "SCR-JY-10KM"],
        "由谁决定": ["", "某局"],
        "cadmium_trades": ["铅锌", "3849", "3849@2011"],
    }
    heard: list[tuple[str, str]] = []

    def ask(asked: Asked) -> str:
        faults = [line for line in asked.lines if line.startswith("×")]
        heard.extend((asked.title, fault) for fault in faults)
        for part, answers in tries.items():
            if part in asked.title:
                return answers.pop(0)
        return TOLD.get(next((part for part in TOLD if part in asked.title), ""), asked.default)

    made = init_project(tmp_path / "p", "英德市", DAY, Begin(files), ask)
    chosen = read_spec(made.folder).parameters["cadmium_trades"]
    assert (chosen.value, chosen.edition) == (("3849",), 2011)
    assert "是否为「SCR-JY-10KM」" in heard[0][1]
    assert heard[1] == ("由谁决定（单位或姓名）", "× 须写明，不能空着")
    assert [fault for _, fault in heard[2:]] == [
        f"× 键 cadmium_trades：「涉镉等重金属行业」的取值看不懂（现为「{text}」）；"
        "允许：2 至 4 位代码，如 3212,3360；两版含义不同的加 @2011 或 @2017。处理：改写后重试"
        for text in ("铅锌", "3849")
    ]


@pytest.mark.parametrize(
    ("area", "begin", "words"),
    [
        ("英德", Begin(), "没有这个区域（现为「英德」）；允许：441881（英德市）"),
        ("441881", Begin(rule="SCR-JY-10KM"), "在这里没有效力，只能参照采用，须写明谁决定、为什么"),
        ("441881", Begin(rule="SCR-JY-10M", by="甲", reason="乙"), "是否为「SCR-JY-10KM」"),
        ("441881", Begin(values={"terrain": "1"}), "「是否按地形缩减排查距离」条文没有写明，取值须写明谁决定、为什么"),
        ("441881", Begin(values={"terrane": "1"}), "没有这个参数（现为「terrane」）。处理：是否为「terrain」"),
        ("441881", Begin({LayerKind.FARMLAND: Path("没有.shp")}), "没有.shp：文件不存在"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_and_leaves_nothing(
    tmp_path: Path, area: str, begin: Begin, words: str
) -> None:
    with pytest.raises(HmgeoError) as caught:
        init_project(tmp_path / "p", area, DAY, begin)
    assert words in str(caught.value)
    assert not (tmp_path / "p").exists()


def test_names_codes_several_and_a_polygon(tmp_path: Path) -> None:
    county = shapely.geometry.mapping(resolve_area("441881", base=Path()).geometry.centroid.buffer(0.05))
    polygon = tmp_path / "范围.geojson"
    polygon.write_text(json.dumps({"type": "Feature", "properties": {}, "geometry": county}), encoding="utf-8")
    told = {
        "英德市、清新区": ("441881", "441803"),
        "gx-nd": ("GX-ND",),
        str(polygon): ("资料/范围.geojson",),
    }
    for number, (area, ids) in enumerate(told.items()):
        made = init_project(tmp_path / str(number), area, DAY)
        assert read_spec(made.folder).area_ids == ids
        assert [one.what for one in check_project(made.folder).problems] == ["没有任何数据行"]  # the list is empty yet
    assert [area_named(one) for one in ("清城区", "441802105", "没有")] == ["441802", "441802105", "没有"]


def test_what_was_said_is_written_though_the_rule_reads_something_else(tmp_path: Path) -> None:
    values = {"surroundings_m": "500 m", "snap_distance_m": "300"}
    made = init_project(tmp_path / "p", "441881", DAY, Begin(values=values, by="甲", reason="乙"))
    text = (made.folder / "project.yml").read_text(encoding="utf-8")
    assert "  surroundings_m: {value: 500, unit: m, by: 甲, on: 2026-11-29, reason: 乙}\n" in text
    assert "settings: {snap_distance_m: 300}\n" in text
    assert {name: one.value for name, one in read_spec(made.folder).parameters.items()} == {
        "surroundings_m": 500.0,
        "snap_distance_m": 300.0,
    }


def test_rules_in_force_stand_first(tmp_path: Path) -> None:
    """From 2021-08-04 the rule of Jiyuan is in force at home; in 2026 it is over, and in Qingyuan it never was."""
    at_home = screening_rules(date(2021, 9, 1), ["419001"])
    assert (at_home[0].rule.id, at_home[0].adopted) == ("SCR-JY-10KM", False)
    elsewhere = screening_rules(DAY, ["441881"])
    assert (elsewhere[0].rule.id, elsewhere[0].adopted) == ("SCR-JY-10KM", True)
    begin = Begin(rule="SCR-JY-10KM", by="甲", reason="乙", values={"terrain": "1"})
    assert read_spec(init_project(tmp_path / "p", "济源市", date(2021, 9, 1), begin).folder).adopt == ()


def table(report: CheckReport, title: str) -> PlainTable:
    return next(one for one in report.forecast if one.title == title)


def agrees(report: CheckReport, results: Results) -> None:
    """Hold a forecast against what the run of the same project found."""
    assert report.verdicts == verdict_header(results.verdict_counts(), results.unassessed_counts())
    statuses = {word: int(count) for word, count in report.tables[1].rows}
    assert [statuses[one.zh] for one in Status] == [results.status_counts().get(one.value, 0) for one in Status]
    found = Counter(zip(results.findings["rule_id"].to_pylist(), results.findings["verdict"].to_pylist(), strict=True))
    for name, decided, elsewhere, left, _ in table(report, "各条款能判多少").rows:
        rule = name.partition(" ")[0]
        if rule != "其余":
            graver = sum(found[rule, verdict] for verdict in ("prohibited", "conditional", "listed", "clear"))
            counts = graver, found[rule, "not_applicable"], found[rule, "not_assessed"]
            assert (int(decided), int(elsewhere), int(left)) == counts, rule
    rows = [(what, *map(str, counts)) for what, *counts in gaps_of(results.finding_rows())]
    assert list(table(report, "补什么最管用").rows) == rows[:8]


def test_a_check_foresees_the_run_of_a_small_project() -> None:
    report = check_project(SOUND, foresee=True)
    agrees(report, project_results(SOUND, page=False))
    # two firms with a place and their trade listed in the parcels' radius, the third without coordinates
    assert table(report, "各条款能判多少").rows[0][0].startswith("SCR-JY-10KM ")
    states = {row[0]: row[1:] for row in table(report, "各图层问到多少、答出多少").rows}
    assert states["耕地"][0] == "完整"
    assert states["建成区"] == ("未提供", states["建成区"][1], "0")


def test_a_check_foresees_the_run_of_a_shipped_project(shipped_results: Callable[[str], Results]) -> None:
    agrees(check_project(shipped_folder() / "projects" / "nandan", foresee=True), shipped_results("nandan"))


def test_a_project_that_answers_nothing_is_a_problem(
    tmp_path: Path, files: dict[LayerKind, Path], hmgeo_command: Callable[..., Ended]
) -> None:
    """No farmland, no rule, nothing stated: before, `check` said that there is no problem."""
    del files[LayerKind.FARMLAND]
    sources = files[LayerKind.ENTERPRISES]
    ended = hmgeo_command("init", tmp_path / "p", "--area", "英德市", "--sources", sources, "--as-of", "2026-11-29")
    assert ended.code == 2
    said = (ended.out + ended.err).replace("\n", "")
    assert "什么也答不出" in said
    assert "处理：先选定一条排查规则，写明 screening_rule；可选的规则和原文列在 project.yml 里" in said
    assert "没有选定排查规则，污染源不会有排查结论" in said
    assert "共 1 个问题" in said
    assert "下一步：改好上面的问题，再运行 hmgeo check" in said
    assert check_project(tmp_path / "p").is_usable  # a run would go through: it would only say nothing


def test_what_the_chosen_rule_lacks_is_told_before_what_helps_most(
    tmp_path: Path, files: dict[LayerKind, Path], hmgeo_command: Callable[..., Ended]
) -> None:
    """Two lines to fill in were all it needed; it was told to get the text of another document."""
    command = ["init", tmp_path / "p", "--area", "英德市", "--sources", files[LayerKind.ENTERPRISES]]
    command += ["--farmland", files[LayerKind.FARMLAND], "--rule", "SCR-JY-10KM", "--by", "某局", "--reason", "试"]
    ended = hmgeo_command(*command, "--set", "terrain=not_considered", "--as-of", "2026-11-29")
    said = (ended.out + ended.err).replace("\n", "")
    assert "先补排查规则所缺：选定参数「涉镉等重金属行业」并说明理由；选定参数「哪些耕地计入」并说明理由" in said


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--layer", "rivers"), "应写成 名称=取值"),
        (("--layer", "lakes=a.gpkg"), "没有这种图层"),
        (("--layer", "耕地=a.gpkg", "--farmland", "b.gpkg"), "写了两次"),
        (("--set", "terrain"), "应写成 名称=取值"),
    ],
)
def test_options_that_are_no_pairs_are_refused(
    tmp_path: Path, hmgeo_command: Callable[..., Ended], option: tuple[str, ...], words: str
) -> None:
    ended = hmgeo_command("init", tmp_path / "p", "--area", "441881", *option)
    assert ended.code == 2
    assert words in re.sub(r"[\s│]", "", ended.err).replace("应写成名称", "应写成 名称")
