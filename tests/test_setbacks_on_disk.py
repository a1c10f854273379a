"""Setbacks from the Yangtze as projects on disk, through `hmgeo site` and `hmgeo run`: what a bank line alone tells."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import shapely
import yaml
from situation_projects import declared, moved, write_collection, write_situation

from hmgeo.project.run import project_results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

MAIN, IMPORTANT = "river_shoreline_main", "river_shoreline_important_tributary"
RULES = {MAIN: ("SIT-CJ-3KM", 3000.0), IMPORTANT: ("SIT-CJ-TRIB-1KM", 1000.0)}
FACTS = {"grade_dangerous": False}


def line(north_m: float) -> shapely.LineString:
    """Return a river's line, east to west, so far north of the pond."""
    return shapely.LineString([moved(-20_000.0, north_m), moved(0.0, north_m), moved(20_000.0, north_m)])


def pond(
    folder: Path,
    layers: dict[str, tuple[shapely.Geometry, dict[str, str]]],
    action: str = "new",
    **options: Any,  # noqa: ANN401 -- parts of a situation
) -> tuple[Path, Path]:
    """Write a project with one planned pond, and the layers as lines; return the project and its file of sites."""
    facts = FACTS | options.get("facts", {})
    states = {
        kind: {"state": options.get("state", "完整"), "distance_m": options.get("error_m", 0.0)} for kind in layers
    }
    situation = {
        "id": "POND",
        "title": "示例尾矿库",
        "as_of": date(2024, 6, 30),
        "place": "420281",
        "planned": {"kind": "tailings_ponds", "action": action, "facts": facts},
        "layers": {kind: said | {"distance_high_m": 3 * said["distance_m"]} for kind, said in states.items()},
        "expect": {},
    }
    disk = write_situation(situation, folder)
    for kind, (shape, cells) in layers.items():
        named = {"编号": f"{kind}-1", "名称": "长江"} | cells
        write_collection(folder / f"{kind}.geojson", [(named, shape)])
    return disk.project, disk.sites


def asked(hmgeo_command: Callable[..., Ended], at: tuple[Path, Path], out: Path) -> dict[str, dict[str, Any]]:
    """Return the clauses of the pond by rule, after `hmgeo site`."""
    project, sites = at
    ended = hmgeo_command(
        "site", "--project", project, "--sites", sites, "--kind", "tailings_ponds", "--sites-basis", "synthetic",
        "--out", out, "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    return {one["rule_id"]: one for one in json.loads(ended.out)["sites"][0]["clauses"]}


@pytest.mark.parametrize("kind", list(RULES))
@pytest.mark.parametrize(("off_m", "verdict"), [(-1.0, "prohibited"), (1.0, "clear")])
def test_a_bank_line_decides_on_both_sides_of_the_limit(
    tmp_path: Path, hmgeo_command: Callable[..., Ended], kind: str, off_m: float, verdict: str
) -> None:
    rule_id, limit_m = RULES[kind]
    made = pond(tmp_path / "project", {kind: (line(limit_m + off_m), {}), "rivers": (line(10.0), {})})
    found = asked(hmgeo_command, made, tmp_path / "out")[rule_id]
    assert (found["verdict"], found["certainty"]) == (verdict, "certain"), found["note"]
    assert found["measured"] == pytest.approx(limit_m + off_m, abs=0.2)
    assert (found["document"], found["clause"]) == ("中华人民共和国长江保护法", "第二十六条第三款")
    assert found["quote"].startswith("禁止在长江干流岸线三公里范围内和重要支流岸线一公里范围内新建、改建、扩建尾矿库")
    (row,) = [
        one for one in pq.read_table(tmp_path / "out" / "findings.parquet").to_pylist() if one["rule_id"] == rule_id
    ]
    assert (row["verdict"], row["measured"], row["limit_value"]) == (verdict, found["measured"], limit_m)


CENTRELINE = "「河流」图层只有中心线或比例尺过小，不能代替岸线量距。"


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ({"rivers": (line(500.0), {})}, f"未提供「干流岸线」，本条未评估。请向水利部门获取。{CENTRELINE}"),
        ({MAIN: (line(500.0), {"类别": "河道中心线"})}, "「干流岸线」含河道中心线，不能作岸线量距"),
    ],
)
def test_a_centreline_near_the_pond_judges_nothing(
    tmp_path: Path, hmgeo_command: Callable[..., Ended], layers: dict[str, Any], words: str
) -> None:
    clauses = asked(hmgeo_command, pond(tmp_path / "project", layers), tmp_path / "out")
    assert {clauses[rule_id]["verdict"] for rule_id, _ in RULES.values()} == {"not_assessed"}
    assert words in clauses["SIT-CJ-3KM"]["note"]
    assert "未提供「重要支流岸线」" in clauses["SIT-CJ-TRIB-1KM"]["note"]


def test_a_sketched_bank_judges_nothing(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    project, sites = pond(tmp_path / "project", {MAIN: (line(500.0), {})})
    file = project / "project.yml"
    spec = yaml.safe_load(file.read_text(encoding="utf-8"))
    spec["layers"][MAIN]["basis"] = "approximate"
    file.write_text(yaml.safe_dump(spec, allow_unicode=True, sort_keys=False), encoding="utf-8")
    found = asked(hmgeo_command, (project, sites), tmp_path / "out")["SIT-CJ-3KM"]
    assert found["verdict"] == "not_assessed"
    assert "「干流岸线」为示意数据，不能作岸线量距" in found["note"]


def test_far_from_an_incomplete_bank_line_nothing_is_cleared(
    tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    made = pond(tmp_path / "project", {MAIN: (line(5000.0), {})}, state="不完整")
    found = asked(hmgeo_command, made, tmp_path / "out")["SIT-CJ-3KM"]
    assert found["verdict"] == "not_assessed"
    assert "「干流岸线」未申明完整，结果为下限。" in found["note"]


def test_a_position_that_may_lie_on_either_side_is_ambiguous(
    tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    made = pond(tmp_path / "project", {MAIN: (line(3005.0), {})}, error_m=10.0)
    found = asked(hmgeo_command, made, tmp_path / "out")["SIT-CJ-3KM"]
    assert (found["verdict"], found["verdict_other"], found["certainty"]) == ("prohibited", "clear", "ambiguous")
    assert (found["measured_low"], found["measured_high"]) == pytest.approx((2995.0, 3015.0), abs=0.2)


@pytest.mark.parametrize(
    ("action", "facts", "verdict", "words"),
    [
        (
            "reconstruct",
            {"for_safety_or_ecology": True},
            "not_applicable",
            "但是以提升安全、生态环境保护水平为目的的改建除外",
        ),
        ("reconstruct", {"for_safety_or_ecology": False}, "prohibited", ""),
        ("reconstruct", {}, "prohibited", "未说明是否以提升安全、生态环境保护水平为目的"),
        ("expand", {"for_safety_or_ecology": True}, "prohibited", ""),
    ],
)
def test_only_a_rebuild_for_safety_or_ecology_is_excepted(
    tmp_path: Path,
    hmgeo_command: Callable[..., Ended],
    action: str,
    facts: dict[str, bool],
    verdict: str,
    words: str,
) -> None:
    lines = {MAIN: (line(500.0), {}), IMPORTANT: (line(800.0), {})}
    clauses = asked(hmgeo_command, pond(tmp_path / "project", lines, action, facts=facts), tmp_path / "out")
    for rule_id, _ in RULES.values():
        assert clauses[rule_id]["verdict"] == verdict, clauses[rule_id]["note"]
        assert words in clauses[rule_id]["note"]


PACK = """
schema: 1
pack: example
version: "1"
rules:
- id: EXAMPLE-BANK
  title: {zh: 岸线三公里（虚构，只用于测试）, en: "Three km of a bank, for tests only"}
  legal_rank: normative_document
  authority: 示例部门（虚构）
  territory: [CN]
  applies_to: {source_kinds: [enterprises], trades: any}
  test: {kind: maximum_distance, layer: river_shoreline_main}
  effect: list
  history: [{from: 2015-01-01, value: 3000, unit: m, document: 示例办法（虚构）, article: 一, quote: 示例条文}]
  decider: 河流岸线
  verified: {state: unverified, against: 虚构}
  runs: {state: "yes"}
  cases:
  - id: met
    given: {as_of: 2018-07-02, place: "451221", source_kind: enterprises, distance_m: 3000.0}
    expect: {verdict: listed, standing: in_force}
- id: EXAMPLE-BASIN
  title: {zh: 刁江流域（虚构，只用于测试）, en: "A basin, for tests only"}
  legal_rank: normative_document
  authority: 示例部门（虚构）
  territory: [CN]
  applies_to: {source_kinds: [enterprises], trades: any}
  test: {kind: within, layer: key_areas, area_ids: [B05]}
  effect: list
  history: [{from: 2015-01-01, document: 示例办法（虚构）, article: 二, quote: 示例条文}]
  decider: 排查与整治清单
  verified: {state: unverified, against: 虚构}
  runs: {state: "yes"}
  cases:
  - id: met
    given: {as_of: 2018-07-02, place: "451221", source_kind: enterprises, inside: "yes"}
    expect: {verdict: listed, standing: in_force}
"""


@pytest.mark.parametrize(
    ("kind", "verdict", "words"),
    [(MAIN, "listed", "河岸"), ("rivers", "not_assessed", f"请向水利部门获取。{CENTRELINE}")],
)
def test_a_run_tells_banks_from_centrelines_and_leaves_undrawn_basins_open(
    tmp_path: Path, kind: str, verdict: str, words: str
) -> None:
    """南丹县 holds part of the basin of 刁江, one of eight in the national plan; no text gives its outline."""
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "example.yml").write_text(PACK, encoding="utf-8")
    (tmp_path / "sources.csv").write_text(
        "企业编号,企业名称,县(市、区),行业代码,行业分类版本,经度,纬度,坐标系\n"
        "E1,示例企业,南丹县,0912,2011,107.5410000,24.9750000,CGCS2000\n",
        encoding="utf-8",
    )
    shape = shapely.LineString([(107.5, 24.98), (107.6, 24.98)])
    write_collection(tmp_path / f"{kind}.geojson", [({"编号": "R1", "名称": "河岸"}, shape)])
    project = {
        "schema": 1,
        "title": "岸线和流域",
        "as_of": date(2018, 7, 2),
        "area": {"codes": ["451221"]},
        "layers": {"enterprises": declared("sources.csv"), kind: declared(f"{kind}.geojson")},
        "screening_rule": "none",
        "parameters": {},
        "rule_packs": ["packs"],
    }
    text = yaml.safe_dump(project, allow_unicode=True, sort_keys=False)
    (tmp_path / "project.yml").write_text(text, encoding="utf-8")
    results = project_results(tmp_path, page=False)
    found = {one["rule_id"]: one for one in results.findings.to_pylist()}
    bank, basin = found["EXAMPLE-BANK"], found["EXAMPLE-BASIN"]
    assert (bank["verdict"], words in bank["receptor_name"] + bank["note"]) == (verdict, True), bank["note"]
    no_outline = "「南丹县」所列流域或地点无界线，是否位于其内未作判断。"
    assert (basin["verdict"], no_outline in basin["note"]) == ("not_assessed", True), basin["note"]
    (row,) = results.sources.to_pylist()
    assert (row["key_area_id"], no_outline in row["note"]) == ("", True)
    # The law's own clause holds in the basin of the Yangtze only; 南丹县 drains to the Pearl River.
    assert "SIT-CJ-3KM" not in found
