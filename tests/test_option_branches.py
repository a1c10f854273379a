"""An option counts or is refused: none is passed over because another branch of the command was taken."""

from __future__ import annotations

import csv
import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from garbage import quick_loading
from typer.testing import CliRunner

from hmgeo.cli import app
from hmgeo.errors import ProjectError, UsageError
from hmgeo.intake.columns import ReadOptions
from hmgeo.project.sites.files import SiteRequest, answer_sites
from hmgeo.project.sites.given import Typed
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.results.siting import SitingResults

NANDAN = Path(__file__).resolve().parent.parent / "layers" / "projects" / "nandan"
SITE = ("site", "--project", str(NANDAN))
AT = ("--at", "107.5512,24.9812")
HEADER = "项目编号,项目名称,建设性质,行业代码,行业分类版本,经度,纬度,坐标系,新增铅(kg/a),是否可能造成土壤污染\n"


@pytest.fixture(scope="module", autouse=True)
def _layers_read_once() -> Iterator[None]:
    with quick_loading():
        yield


def listed(folder: Path, *rows: str) -> Path:
    path = folder / "sites.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def answer(sites: Path, **typed: object) -> SitingResults:
    request = SiteRequest(NANDAN, Typed("", **typed), sites, Basis.UNDECLARED, ReadOptions())  # type: ignore[arg-type]
    return answer_sites(request).results


def verdicts(results: SitingResults, row: int = 0) -> dict[str, str]:
    return {one.citation.rule_id: one.verdict.value for one in results.dossiers[row].answer.clauses}


def test_a_list_answers_as_the_point_does(tmp_path: Path) -> None:
    said = {
        "trade": "3212",
        "edition": "2017",
        "action": "new",
        "metals": ("Pb=12.5", "Cd=0.4"),
        "stated": ("may_pollute_soil=yes",),
    }
    point = answer_sites(
        SiteRequest(NANDAN, Typed("107.5512,24.9812", **said), None, Basis.UNDECLARED, ReadOptions())  # type: ignore[arg-type]
    ).results
    table = answer(listed(tmp_path, "P1,甲,,,,107.5512,24.9812,CGCS2000,,"), **said)
    assert verdicts(table) == verdicts(point)
    lines = [[(one.metal, one.added_kg) for one in held.dossiers[0].offsets] for held in (table, point)]
    assert lines[0] == lines[1]
    told = [(one.value, one.event, one.action) for one in table.ledger.entries if "选项" in one.event]
    options = ("--action new", "--trade 3212", "--edition 2017", "--metal Pb=12.5", "--metal Cd=0.4")
    assert told == [(option, "选项作默认值", "1 行按选项研判") for option in (*options, "--set may_pollute_soil=yes")]


def test_the_search_for_garbage_is_left_as_it_was(tmp_path: Path) -> None:
    was_on, left = gc.isenabled(), []
    try:
        for switch in (gc.enable, gc.disable):
            switch()
            with pytest.raises(ProjectError):
                answer_sites(SiteRequest(tmp_path, Typed("107.5,24.9"), None, Basis.UNDECLARED, ReadOptions()))
            left.append(gc.isenabled())
    finally:
        (gc.enable if was_on else gc.disable)()
    assert left == [True, False]


def test_a_cell_wins_over_an_option_understood_or_not_and_both_are_told(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        "P1,甲,扩建,3360,2011,107.5512,24.9812,CGCS2000,3,否",
        "P2,乙,待定,待定,,107.6,24.9,CGCS2000,待核,待查",
    )
    said = {
        "trade": "3212",
        "edition": "2017",
        "action": "new",
        "metals": ("Pb=12.5",),
        "stated": ("may_pollute_soil=yes",),
    }
    results = answer(path, **said)
    bare = answer(path)
    notes = ["".join(dossier.answer.notes) for dossier in results.dossiers]
    wins = (
        "清单已填，选项未用：--action new、--trade 3212、--edition 2017、--metal Pb=12.5、--set may_pollute_soil=yes。"
    )
    assert wins in notes[0]
    assert verdicts(results) == verdicts(bare)
    assert "清单已填，选项未用：--action new、--trade 3212、--metal Pb=12.5、--set may_pollute_soil=yes。" in notes[1]
    told = {one.value: one.action for one in results.ledger.entries if one.event == "选项未用"}
    assert told["--action new"] == "2 行按清单研判"


def test_a_list_of_sites_tells_amounts_below_zero_in_its_ledger(tmp_path: Path) -> None:
    sites = tmp_path / "sites.csv"
    head = "项目编号,经度,纬度,坐标系,新增铅,替代量,新增重点重金属排放量"
    sites.write_text(f"{head}\nP1,107.5512,24.9812,CGCS2000,-5,-6,-3\n", encoding="utf-8")
    told = [(one.row, one.field, one.value) for one in answer(sites).ledger.entries if one.event == "数值有误"]
    assert told == [(1, "新增铅", "-5"), (1, "替代量", "-6"), (1, "新增重点重金属排放量", "-3")]


@pytest.mark.parametrize(
    ("option", "named", "allowed"),
    [
        (("--action", "build"), "--action", "new（新建）"),
        (("--edition", "2013"), "--edition", "2011、2017"),
        (("--trade", "abc"), "--trade", "GB/T 4754 代码"),
        (("--metal", "Pb"), "--metal", "千克每年"),
        (("--set", "nonsense=1"), "--set", "没有这一事实"),
        (("--set", "may_pollute_soil=perhaps"), "--set", "yes、no"),
        (("--kind", "castle"), "--kind", "project_sites"),
        (("--datum", "gcj02"), "--datum", "--sites-datum"),
        (("--position-error", "30"), "--position-error", "只用于 --at 的点位"),
    ],
)
def test_nonsense_for_a_list_is_refused_by_name(
    tmp_path: Path, option: tuple[str, str], named: str, allowed: str
) -> None:
    sites = listed(tmp_path, "P1,甲,,,,107.5512,24.9812,CGCS2000,,")
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(app, [*SITE, "--sites", str(sites), *option], catch_exceptions=False)
    assert named in str(caught.value)
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ((*SITE, *AT, "--sites-datum", "gcj02"), "--sites-datum"),
        ((*SITE, *AT, "--sites-layer", "a"), "--sites-layer"),
        ((*SITE, *AT, "--sites-basis", "real"), "--sites-basis"),
        ((*SITE, *AT, "--edition", "2017"), "--edition 须与 --trade 同用"),
        (("overlay", "--project", str(NANDAN), "--out", "o", "--edition", "2017"), "--edition 须与 --trade 同用"),
        (("candidates", "--project", str(NANDAN), "--out", "o.csv", "--sites-basis", "real"), "--sites-basis"),
        (("candidates", "--project", str(NANDAN), "--out", "o.csv", "--sites", "s.csv", "--step", "2km"), "--step"),
        (("candidates", "--project", str(NANDAN), "--out", "o.csv", "--sites", "s.csv", "--area", "451221"), "--area"),
        (("offsets", "ledger.csv", "--basis", "per_metal"), "--basis 须与 --plan、--ratio 或 --in 同用"),
        (("offsets", "ledger.csv", "--ratio", "1.2"), "--ratio 须与 --plan 同用"),
        (("offsets", "l.csv", "--plan", "p.csv", "--ratio", "1.2", "--in", "451221"), "--ratio 与 --in 不能同用"),
        (("offsets", "ledger.csv", "--as-of", "2024-06-30"), "--as-of 须与 --in 同用"),
        (("rules", "list", "--for", "3360"), "--for：这一选项须与 --in 同用"),
        (("rules", "list", "--in", "451221", "--area", "450000"), "--area 与 --in 不能同用"),
        (("layers", "check", "dem.tif", "--crs", "EPSG:4547"), "--crs"),
        (("layers", "check", "wind.csv", "--kind", "wind", "--datum", "gcj02"), "--datum"),
    ],
)
def test_an_option_of_the_other_branch_is_refused(command: tuple[str, ...], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        CliRunner().invoke(app, list(command), catch_exceptions=False)
    assert named in str(caught.value)


def test_given_candidates_take_the_options_too(tmp_path: Path) -> None:
    sites = listed(tmp_path, "P1,甲,,,,107.5512,24.9812,CGCS2000,,")
    out = tmp_path / "out.csv"
    command = ["candidates", "--project", str(NANDAN), "--sites", str(sites), "--out", str(out)]
    said = ["--trade", "3212", "--action", "new", "--set", "may_pollute_soil=yes"]
    CliRunner().invoke(app, [*command, *said], catch_exceptions=False)
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "清单未填，按选项：--action new、--trade 3212、--set may_pollute_soil=yes。" in rows[0]["说明"]


def test_the_point_and_the_list_print_the_same_counts(tmp_path: Path) -> None:
    sites = listed(tmp_path, "P1,甲,,,,107.5512,24.9812,CGCS2000,,")
    said = ["--trade", "3212", "--action", "new", "--set", "may_pollute_soil=yes", "--json"]
    told = [
        json.loads(CliRunner().invoke(app, [*SITE, *where, *said], catch_exceptions=False).stdout)["sites"][0]
        for where in (AT, ("--sites", str(sites)))
    ]
    assert told[0]["counts"] == told[1]["counts"]
