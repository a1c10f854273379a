"""`upstream_mode` on disk, through `hmgeo run` and `site`: a river flows south past four works to an intake."""

from __future__ import annotations

import csv
import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import shapely
import yaml
from situation_projects import LON, WIDE, declared, moved, parameter, write_collection, write_heights

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.outputs.english import in_english
from hmgeo.project.run import project_results
from hmgeo.words import decoded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa
    from conftest import Ended

RULE = "WAT-QY-UPSTREAM"
LENGTH_M = 30_000.0
"""Longer than the limit of 20 km from every works that lies on the river."""
WORKS = {
    "上": (50.0, 1000.0, 0.0),
    "下": (50.0, -3500.0, 0.0),
    "远": (4000.0, 1000.0, 0.0),
    "疑": (50.0, -2990.0, 30.0),
}
"""East and north of the site in metres, and the error of the position; the intake lies 3000 m south."""
PARAMETERS = {"max_upstream_m": 20_000, "snap_distance_m": 300, "river_direction": "as_drawn"}


def river(east_m: float = 0.0) -> shapely.LineString:
    """Return a river drawn from north to south, a vertex each kilometre."""
    return shapely.LineString([moved(east_m, 2000.0 - north_m) for north_m in range(0, int(LENGTH_M), 1000)])


def gated(path: str) -> dict[str, Any]:
    return declared(path) | {"completeness": "complete", "coverage": {"file": "wide.geojson"}}


def write_project(
    folder: Path,
    mode: str,
    *,
    drawn: list[tuple[dict[str, Any], shapely.Geometry]] | None = None,
    heights: bool = False,
    without: str = "",
    real: tuple[str, ...] = (),
    mix_basis: str = "",
) -> Path:
    """Write a project with one river (or those given) and four works of a mining trade; synthetic but for `real`."""
    lines = [({"河段编号": "r1", "名称": "示例江"}, river())] if drawn is None else drawn
    held = {
        "wide": [({"名称": "示例数据范围"}, WIDE)],
        "rivers": lines,
        "intakes": [({"编号": "I1", "名称": "示例取水口"}, shapely.Point(moved(10.0, -3000.0)))],
    }
    for name, rows in held.items():
        write_collection(folder / f"{name}.geojson", rows)
    header = ["企业编号", "企业名称", "县(市、区)", "行业代码", "行业分类版本", "经度", "纬度", "坐标系", "定位误差(m)"]
    rows = [header]
    for name, (east_m, north_m, error_m) in WORKS.items():
        lon, lat = moved(east_m, north_m)
        rows.append(
            [name, f"示例{name}", "清城区", "0912", "2011", f"{lon:.10f}", f"{lat:.10f}", "CGCS2000", f"{error_m:g}"]
        )
    with (folder / "enterprises.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    layers: dict[str, Any] = {
        "enterprises": declared("enterprises.csv"),
        "rivers": gated("rivers.geojson"),
        "intakes": gated("intakes.geojson"),
    }
    if heights:
        layers["elevation"] = write_heights(folder)
    if not lines:
        del layers["rivers"]
    chosen = PARAMETERS | {"upstream_mode": mode, "stream_min_area_ha": 0.01, "closed_basins": "keep"}
    project = {
        "schema": 1,
        "title": "沿河网上溯",
        "as_of": date(2019, 7, 2),
        "area": {"codes": ["441802"]},
        "layers": layers,
        "screening_rule": "none",
        "parameters": {name: parameter(name, value, 2011) for name, value in chosen.items() if name != without},
    }
    if mix_basis:
        project["mix_basis"] = mix_basis
    for name in real:
        layers[name]["basis"] = "real"
    text = yaml.safe_dump(project, allow_unicode=True, sort_keys=False)
    (folder / "project.yml").write_text(text, encoding="utf-8")
    return folder


def by_works(findings: pa.Table) -> dict[str, dict[str, Any]]:
    """Return what the rule says of each works."""
    return {row["source_id"]: row for row in findings.to_pylist() if row["rule_id"] == RULE}


def site(project: Path, hmgeo_command: Callable[..., Ended], east_m: float, north_m: float) -> dict[str, Any]:
    """Return the rule's clause for a point, from `hmgeo site`."""
    lon, lat = moved(east_m, north_m)
    ended = hmgeo_command(
        "site", "--project", project, "--at", f"{lon:.10f},{lat:.10f}", "--kind", "enterprises",
        "--trade", "0912", "--edition", "2011", "--action", "new", "--json",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    clauses = json.loads(ended.out)["sites"][0]["clauses"]
    found: dict[str, Any] = next(one for one in clauses if one["rule_id"] == RULE)
    return found


def way_km(north_m: float) -> str:
    return f"{ELLIPSOID.line_length([LON, LON], [moved(0.0, north_m)[1], moved(0.0, -3000.0)[1]]) / 1000:.2f} km"


def test_the_rule_along_the_river_through_a_run(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    project = write_project(tmp_path, "network")
    ended = hmgeo_command("run", project, "--out", project / "out")
    assert ended.code == 0, ended.err
    found = by_works(pq.read_table(project / "out" / "data" / "findings.parquet"))
    assert {name: (row["verdict"], row["verdict_other"], row["certainty"]) for name, row in found.items()} == {
        "上": ("listed", "", "certain"),
        "下": ("clear", "", "certain"),
        "远": ("not_assessed", "", ""),
        "疑": ("listed", "clear", "ambiguous"),
    }
    assert way_km(1000.0) == "4.00 km"
    assert (
        "沿所绘河网下行 4.00 km（按线的绘制方向）。评估对象落到 50 m 外的示例江。饮用水取水口落到 10 m 外的示例江。"
        in found["上"]["note"]
    )
    assert found["上"]["receptor_name"] == "示例取水口"
    assert "评估对象300 m 内没有所绘河流，沿河网未作判断。" in found["远"]["note"]


def test_the_rule_along_the_river_at_a_site(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    project = write_project(tmp_path, "network")
    upper = site(project, hmgeo_command, 50.0, 1000.0)
    assert (upper["verdict"], upper["certainty"]) == ("listed", "certain")
    assert upper["measured_text"].startswith(f"下游为饮用水取水口「示例取水口」，沿所绘河网下行 {way_km(1000.0)}")
    assert "河流（2024" in upper["data"]
    lower = site(project, hmgeo_command, 50.0, -3500.0)
    assert lower["verdict"] == "clear"
    assert "下游沿水流 20.0 km 内现有数据未见饮用水取水口。评估对象落到 50 m 外的示例江。" in lower["measured_text"]


@pytest.mark.parametrize(
    ("drawn", "without", "words"),
    [
        ([], "", "未提供有流向的河网图层，沿河网未作判断。"),
        (None, "river_direction", "条文未规定「所绘河流的方向」，须由使用单位确定并说明理由。"),
        (None, "snap_distance_m", "条文未规定「点位落到水流上的最大距离」"),
    ],
)
def test_without_rivers_or_choices_nothing_is_judged(
    tmp_path: Path, drawn: list[Any] | None, without: str, words: str
) -> None:
    found = by_works(
        project_results(write_project(tmp_path, "network", drawn=drawn, without=without), page=False).findings
    )
    assert {row["verdict"] for row in found.values()} == {"not_assessed"}
    assert all(words in row["note"] for row in found.values())


def test_a_river_that_ends_before_the_limit_clears_nothing(tmp_path: Path) -> None:
    short = shapely.LineString([moved(0.0, 2000.0), moved(0.0, -5000.0)])
    found = by_works(
        project_results(write_project(tmp_path, "network", drawn=[({"名称": "示例江"}, short)]), page=False).findings
    )
    assert (found["上"]["verdict"], found["下"]["verdict"]) == ("listed", "not_assessed")
    assert "所绘河网下行 1.5 km 处到头，其外未作判断，结果为下限。" in found["下"]["note"]


def test_a_river_drawn_the_other_way_answers_the_other_way(tmp_path: Path) -> None:
    turned = river().reverse()
    found = by_works(
        project_results(write_project(tmp_path, "network", drawn=[({"名称": "示例江"}, turned)]), page=False).findings
    )
    assert (found["上"]["verdict"], found["下"]["verdict"]) == ("not_assessed", "listed")


def test_both_ways_side_by_side(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    """Heights fall to the south all over: east of the river they never come by the intake, the drawn river does."""
    project = write_project(tmp_path, "both", heights=True)
    found = by_works(project_results(project, page=False).findings)
    upper = found["上"]
    assert (upper["verdict"], upper["verdict_other"], upper["certainty"]) == ("listed", "not_assessed", "ambiguous")
    assert "沿所绘河网下行 4.00 km" in upper["note"]
    straight = site(project, hmgeo_command, 10.0, 1000.0)
    assert (straight["verdict"], straight["certainty"]) == ("listed", "certain"), straight["note"]
    assert "高程与所绘河网结论一致。" in straight["note"]
    assert "沿水流 4.0" in straight["note"]
    assert "沿所绘河网下行 4.00 km" in straight["note"]


def test_the_reasons_are_told_in_english_too(tmp_path: Path) -> None:
    found = by_works(project_results(write_project(tmp_path, "both"), page=False).findings)
    assert in_english(decoded(found["上"]["reasons"])).startswith(
        "4.00 km down the drawn rivers (as the lines are drawn). source: put onto 示例江, 50 m away. "
        "drinking-water intakes: put onto 示例江, 10 m away."
    )
    assert in_english(decoded(found["远"]["reasons"])).startswith(
        "source: no drawn river within 300 m; not judged along the rivers. No heights: flow not judged."
    )


@pytest.mark.parametrize(
    ("drawn", "without", "words"),
    [([], "", "未提供有流向的河网图层"), (None, "river_direction", "条文未规定「所绘河流的方向」"), (None, "", "")],
)
def test_check_tells_beforehand_what_the_mode_lacks(
    tmp_path: Path, hmgeo_command: Callable[..., Ended], drawn: list[Any] | None, without: str, words: str
) -> None:
    ended = hmgeo_command("check", write_project(tmp_path, "network", drawn=drawn, without=without))
    said = (ended.out + ended.err).replace("\n", "")
    assert ended.code == 0
    assert words in said
    assert ("在 settings 下写明 river_direction 和 snap_distance_m" in said) == bool(words)


@pytest.mark.parametrize(
    ("without", "words"),
    [
        ("river_direction", "条文未规定「所绘河流的方向」"),
        ("snap_distance_m", "条文未规定「点位落到水流上的最大距离」"),
    ],
)
def test_rivers_alone_ask_for_the_choice_that_is_missing(
    tmp_path: Path, hmgeo_command: Callable[..., Ended], without: str, words: str
) -> None:
    """No way is chosen and there are no heights: the rivers could answer."""
    project = write_project(tmp_path, "network", without=without)
    text = (project / "project.yml").read_text(encoding="utf-8")
    head, _, tail = text.partition("  upstream_mode:")
    rest = tail.splitlines(keepends=True)[1:]
    kept = rest[next(row for row, line in enumerate(rest) if not line.startswith("    ")) :]
    (project / "project.yml").write_text(head + "".join(kept), encoding="utf-8")
    ended = hmgeo_command("check", project)
    assert ended.code == 0, ended.err
    assert words in (ended.out + ended.err).replace("\n", "")


@pytest.mark.parametrize(
    ("direction", "words", "count"),
    [
        ("as_drawn", "", 2),
        ("", "条文未规定「所绘河流的方向」", 0),
        ("not_known", "所绘河流的方向未经核实，沿河网未作判断。", 0),
    ],
)
def test_no_table_uses_a_direction_that_nobody_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direction: str, words: str, count: int
) -> None:
    """By heights nothing is joined here; by the river two works lie above the intake."""
    monkeypatch.setitem(PARAMETERS, "river_direction", direction or "as_drawn")
    monkeypatch.setitem(PARAMETERS, "flow_limit_m", 20_000)
    project = write_project(tmp_path, "catchment", heights=True, without="" if direction else "river_direction")
    water = project_results(project, page=False).water
    assert [row["source_id"] for row in water.agreement.to_pylist()] == ["上", "疑"][:count]
    told = [note for note in water.notes if "未用所绘河网" in note]
    assert bool(told) == bool(words)
    assert all(note.startswith(words) and note.endswith("灌溉途径和「高程与河网对照」未用所绘河网。") for note in told)


BARRED = "真实污染源不对照合成或示意的「{}」。本条未作判断。"


@pytest.mark.parametrize(
    ("mode", "real", "heights", "barred"),
    [
        ("network", ("enterprises", "intakes"), False, "河流"),
        ("network", ("enterprises", "rivers"), False, "饮用水取水口"),
        ("catchment", ("enterprises", "intakes", "rivers"), True, "高程"),
    ],
)
def test_real_sources_are_not_judged_along_invented_water(
    tmp_path: Path,
    mode: str,
    real: tuple[str, ...],
    heights: bool,  # noqa: FBT001 -- a case
    barred: str,
) -> None:
    results = project_results(write_project(tmp_path, mode, real=real, heights=heights), page=False)
    found = by_works(results.findings)
    assert {(row["verdict"], row["certainty"], row["basis"]) for row in found.values()} == {
        ("not_assessed", "", "real")
    }
    assert all(BARRED.format(barred) in row["note"] for row in found.values())
    assert any(f"真实污染源不对照合成或示意的「{barred}」。" in note for note in results.water.notes)
    english = in_english(decoded(next(iter(found.values()))["reasons"]))
    assert english.startswith("Real sources aren't held against synthetic or approximate")


def test_a_barred_river_leaves_the_answer_to_heights_a_lower_bound(tmp_path: Path) -> None:
    real = ("enterprises", "intakes", "elevation")
    found = by_works(project_results(write_project(tmp_path, "both", real=real, heights=True), page=False).findings)
    assert {row["verdict"] for row in found.values()} == {"not_assessed"}
    assert BARRED.format("河流") in found["下"]["note"]


@pytest.mark.parametrize(
    ("real", "heights", "basis"),
    [
        (("enterprises", "intakes"), False, "synthetic"),
        (("enterprises", "rivers"), False, "synthetic"),
        (("enterprises", "rivers", "intakes"), False, "real"),
        (("enterprises", "rivers", "intakes"), True, "real"),
    ],
)
def test_the_weakest_layer_gives_a_mixed_finding_its_basis(
    tmp_path: Path,
    real: tuple[str, ...],
    heights: bool,  # noqa: FBT001 -- a case
    basis: str,
) -> None:
    """Along rivers the heights aren't asked, so that theirs doesn't count."""
    project = write_project(tmp_path, "network", real=real, heights=heights, mix_basis="培训用")
    found = by_works(project_results(project, page=False).findings)
    assert {row["basis"] for row in found.values()} == {basis}


def test_by_heights_their_basis_counts(tmp_path: Path) -> None:
    real = ("enterprises", "rivers", "intakes")
    project = write_project(tmp_path, "catchment", real=real, heights=True, mix_basis="培训用")
    found = by_works(project_results(project, page=False).findings)
    assert {row["basis"] for row in found.values()} == {"synthetic"}
