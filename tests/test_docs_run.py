"""Every command that README and docs show is run, page by page, in a folder that holds files of the names they use."""

from __future__ import annotations

import csv
import io
import re
import shlex
import shutil
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely
import xlsxwriter
from test_choosing_commands import LEDGER, PLAN
from test_docs import ROOT, WRITTEN, commands_in

from hmgeo import run_project
from hmgeo.project.start import Begin, init_project
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

SOUND = ROOT / "tests" / "broken_projects"
LISTS = ["enterprises", "list", "survey", "企业", "企业清单", "清单", "调查", "现场调查", "名单", "新清单"]
PERMITS = ["permits", "许可证", "排污许可证", "新许可证"]
PROJECTS = {
    "2025-06-30": ["my-project-2", "今年项目"],
    "2024-06-30": ["my-project", "我的项目", "去年项目"],
    "2019-06-30": ["P", "PROJECT"],
}
ANSWERS = {"cadmium_trades": "3212@2017", "farmland_extent": "all", "terrain": "not_considered"}
COUNTY = ("英德", "2025-11-29", "2026-11-29")
HEAD = "企业编号,企业名称,经度,纬度,行业代码,行业分类版本,县(市、区),乡镇(街道)\n"
NOT_RUN = {
    "hmgeo demo": "run by the fixtures of many tests",
    "s3://": "needs a bucket and a cluster; tests/test_remote.py has its own",
    "--wheels": "needs every package as a file; tests/test_verify.py makes some",
}
ENDS = {"verify": {0, 3}, "diff": {0, 3}, "ledger": {0, 2}, "init": {0, 2}}
"""Exit codes that tell an answer, not a fault: an unfilled ledger has gaps, and init asks nobody here what is open."""


def sheet(path: Path, text: str) -> None:
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("表")
        for row, cells in enumerate(csv.reader(io.StringIO(text))):
            page.write_row(row, 0, cells)


def ran(folder: Path, day: str) -> Path:
    """Run a project as of a day, which its file then says."""
    there = (folder / "project.yml").read_text(encoding="utf-8")
    (folder / "project.yml").write_text(re.sub(r"as_of: \S+", f"as_of: {day}", there), encoding="utf-8")
    run_project(folder)
    return folder / "runs" / day


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small files and projects under every name that a page uses."""
    home = tmp_path_factory.mktemp("docs")
    rows = "".join(f"A{n},示例厂{n},{113.39 + n / 100:.6f},24.190000,3212,2017,英德市,\n" for n in range(1, 6))
    for name in LISTS:
        sheet(home / f"{name}.xlsx", HEAD + rows)
    for name in PERMITS:
        (home / f"{name}.csv").write_text(HEAD + rows, encoding="utf-8")
    shape = {"BSM": ["P1"], "类别": ["优先保护类"]}
    field = gpd.GeoDataFrame(shape, geometry=[shapely.box(113.401, 24.19, 113.402, 24.191)], crs="EPSG:4490")
    for name in ("parcels.gpkg", "耕地.gpkg"):
        field.to_file(home / name)
    school = gpd.GeoDataFrame({"名称": ["示例学校"]}, geometry=[shapely.Point(113.41, 24.2)], crs="EPSG:4490")
    school.to_file(home / "敏感目标.gpkg")
    named = "项目编号,项目名称,经度,纬度,建设性质,行业代码,行业分类版本\n"
    sheet(home / "建设项目.xlsx", f"{named}X1,示例项目,113.4012,24.1876,新建,3212,2017\n")
    sheet(home / "总量来源台账.xlsx", "".join(line for line in LEDGER.splitlines(keepends=True) if "LY-2" not in line))
    for name in ("总量购买计划", "购买计划"):
        sheet(home / f"{name}.xlsx", PLAN)
    for day, names in PROJECTS.items():
        first = home / names[0]
        shutil.copytree(SOUND / "data", first / "data")
        shutil.copy(SOUND / "good.yml", first / "project.yml")
        made = ran(first, day)
        for name in names[1:]:
            shutil.copytree(first, home / name)
    for name in ("survey_list", "last", "上期"):
        shutil.copy(made / "survey_list.xlsx", home / f"{name}.xlsx")
    county = home / COUNTY[0]
    given = {LayerKind.ENTERPRISES: home / "企业.xlsx", LayerKind.FARMLAND: home / "耕地.gpkg"}
    begin = Begin(given, "441881", "SCR-JY-10KM", ANSWERS, "某局", "参照")
    init_project(county, "英德市", date(2026, 11, 29), begin)
    for day in COUNTY[1:]:
        ran(county, day)
    (home / "maps").mkdir()
    shutil.copy(ROOT / "maps" / "overview-jingxi.yml", home / "maps")
    (home / "layers").symlink_to(ROOT / "layers")
    return home


PAGES = [page for page in WRITTEN if commands_in(page.read_text(encoding="utf-8")) and page.name != "CHANGELOG.md"]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_of_a_page_runs(
    page: Path, world: Path, tmp_path: Path, hmgeo_command: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(world, tmp_path / "here", symlinks=True)
    monkeypatch.chdir(tmp_path / "here")
    lines = [line for line in commands_in(page.read_text(encoding="utf-8")) if not any(w in line for w in NOT_RUN)]
    wrong = {}
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        if words[0] == "init":  # a page shows the first use; what follows speaks of runs of the day above
            shutil.rmtree(words[1], ignore_errors=True)
        ended = hmgeo_command(*words)
        if (words[0] == "init" and not Path(words[1], "project.yml").is_file()) or (
            words[0] == "ledger" and not ended.out.strip()
        ):
            wrong[line] = (ended.code, ended.err[-600:])
        if words[:2] == ["init", COUNTY[0]]:
            shutil.rmtree(COUNTY[0])
            shutil.copytree(world / COUNTY[0], COUNTY[0])
        if ended.code not in ENDS.get(words[0], {0}):
            wrong[line] = (ended.code, ended.err[-600:])
    assert wrong == {}


def test_what_is_not_run_is_named_with_its_reason() -> None:
    shown = {line for page in WRITTEN for line in commands_in(page.read_text(encoding="utf-8"))}
    left = {word: sum(word in line for line in shown) for word in NOT_RUN}
    assert left == {"hmgeo demo": 1, "s3://": 1, "--wheels": 2}
