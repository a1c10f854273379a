"""A place nobody knows is not elsewhere: clauses that may speak there are open, told in one line for each territory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import shapely

from hmgeo.errors import UsageError
from hmgeo.intake.columns import ReadOptions
from hmgeo.judging.places import Place
from hmgeo.project.run import project_results
from hmgeo.project.sites.desk import open_desk, read_sites, read_typed
from hmgeo.project.sites.given import Typed
from hmgeo.rules.book import load_book
from hmgeo.rules.standing import codes_of_place, territory_holds
from hmgeo.vocabulary import Basis, Certainty, Standing, Verdict
from hmgeo.words import groups_of

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.results.siting import Clause, SiteAnswer

NANDAN, NANNING = (107.5412345, 24.9812345), (108.3712345, 22.8212345)
PROJECT = """schema: 1
title: 区域为面文件
as_of: 2024-06-30
area: {codes: [area.geojson]}
layers:
  enterprises: {path: e.csv, datum: cgcs2000, basis: synthetic, classification: 公开, vintage: 2024}
screening_rule: none
"""


def project(folder: Path, at: tuple[float, float], columns: str = "", cells: str = "") -> Path:
    """Write a project whose area is a box of some 20 km around a point, with one electroplater at the point."""
    box = shapely.Point(at).buffer(0.1).envelope
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(box)}
    (folder / "area.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (folder / "project.yml").write_text(PROJECT, encoding="utf-8")
    header = f"企业编号,企业名称,行业代码,行业分类版本,建设性质,经度,纬度{columns}"
    row = f"E1,电镀厂,3360,2017,新建,{at[0]},{at[1]}{cells}"
    (folder / "e.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    return folder


def site(folder: Path) -> SiteAnswer:
    desk = open_desk(folder)
    options = ReadOptions(datum="cgcs2000")
    (one,), _ = read_sites(desk, folder / "e.csv", basis=Basis.SYNTHETIC, options=options)
    return desk.check(one)


def clause(answer: SiteAnswer, rule_id: str) -> Clause | None:
    return next((one for one in answer.clauses if one.citation.rule_id == rule_id), None)


@pytest.mark.parametrize(
    "named", [("", ""), (",县(市、区),行政区划代码", ",南丹县,451221"), (",县(市、区)", ",河池市南丹县")]
)
def test_an_area_given_as_a_file_has_the_clauses_of_its_county(tmp_path: Path, named: tuple[str, str]) -> None:
    folder = project(tmp_path, NANDAN, *named)
    answer = site(folder)
    offset, park = clause(answer, "SIT-GX-OFFSET-KEY"), clause(answer, "SIT-GX-PARK")
    assert offset is not None
    assert park is not None
    assert (offset.verdict, park.verdict) == (Verdict.CONDITIONAL, Verdict.NOT_ASSESSED)
    assert answer.key_area_ids == "GX-ND"
    results = project_results(folder, page=False)
    assert results.sources["county"].to_pylist() == ["南丹县"]
    verdicts = dict(zip(results.findings["rule_id"].to_pylist(), results.findings["verdict"].to_pylist(), strict=True))
    assert "LIM-GX-SPECIAL" in verdicts
    assert not any("行政区不明" in one for one in results.warnings)


def test_where_no_outline_tells_the_county_clauses_are_open_in_one_line_a_territory(tmp_path: Path) -> None:
    folder = project(tmp_path, NANNING)
    answer = site(folder)
    other = clause(answer, "SIT-GX-OFFSET-OTHER")
    assert other is not None
    assert (other.verdict, other.standing) == (Verdict.NOT_ASSESSED, Standing.IN_FORCE)
    assert "place_unknown" in groups_of(other.reason_codes)
    assert any(one.startswith("所在县级行政区不明，不能判断是否在广西壮族自治区") for one in other.reasons)
    told = [one for one in answer.notes if "所在县级行政区不明" in one]
    assert len(told) == 1
    assert "不能判断是否在广西壮族自治区，适用于该地的" in told[0]
    ids = {one.citation.rule_id for one in answer.clauses}
    assert not any("-QY-" in one or "-JY-" in one for one in ids)  # their counties' outlines ship and lie far off
    results = project_results(folder, page=False)
    assert sum("行政区不明" in one for one in results.warnings) == 1
    named = site(project(tmp_path, NANNING, ",省份", ",湖南省"))
    assert not any("行政区不明" in one for one in named.notes)
    assert clause(named, "SIT-GX-OFFSET-OTHER") is None


def test_a_code_of_no_province_tells_nothing(tmp_path: Path) -> None:
    answer = site(project(tmp_path, NANNING, ",行政区划代码", ",990101"))
    assert clause(answer, "SIT-GX-OFFSET-OTHER") is not None
    coded = site(project(tmp_path, NANNING, ",行政区划代码", ",450103"))
    found = clause(coded, "SIT-GX-OFFSET-OTHER")
    assert found is not None
    assert found.verdict is Verdict.CONDITIONAL
    assert not any("行政区不明" in one for one in coded.notes)


def test_where_code_and_point_disagree_the_key_area_of_either_counts(tmp_path: Path) -> None:
    answer = site(project(tmp_path, NANDAN, ",行政区划代码", ",459901"))  # a code of no county, in the same region
    found = clause(answer, "SIT-GX-OFFSET-KEY")
    assert found is not None
    assert (found.verdict, found.certainty) == (Verdict.CONDITIONAL, Certainty.AMBIGUOUS)
    assert "所填行政区、代码与点位所在行政区不一致" in found.note
    assert answer.key_area_ids == "GX-ND"


def test_a_point_outside_its_county_is_relied_on_by_nothing_in_a_run_and_a_site(tmp_path: Path) -> None:
    folder = project(tmp_path, NANDAN, ",县(市、区)", ",靖西县")  # some 250 km off
    answer = site(folder)
    found = clause(answer, "WAT-LAW-65")
    assert found is not None
    assert found.verdict is Verdict.NOT_ASSESSED
    assert any("点位在所填或名称所述的靖西市以外" in one for one in found.reasons)
    results = project_results(folder, page=False)
    assert "clear" not in results.findings["verdict"].to_pylist()
    assert "位置不能采信" in results.sources["note"][0].as_py()


def test_a_point_on_another_continent_is_refused(tmp_path: Path) -> None:
    folder = project(tmp_path, NANDAN)
    desk = open_desk(folder)
    with pytest.raises(UsageError, match="坐标在中国以外"):
        read_typed(desk, Typed("-107.54,24.98"))
    (folder / "e.csv").write_text("企业编号,经度,纬度\nE1,-107.54,24.98\n", encoding="utf-8")
    assert project_results(folder, page=False).sources["status"].to_pylist() == ["rejected"]


def test_territories_are_excluded_by_digits_and_outlines() -> None:
    rule = load_book().get("SIT-QY-SENSITIVE")
    eight = {"441802", "441803", "441821", "441823", "441825", "441826", "441881", "441882"}
    assert rule.territory == ("441800",)
    assert territory_holds(rule, codes_of_place("441881"), frozenset()) is True
    assert territory_holds(rule, codes_of_place("440000"), frozenset()) is None
    assert territory_holds(rule, codes_of_place("440100"), frozenset()) is False
    assert territory_holds(rule, Place().codes, frozenset(eight)) is False
    assert territory_holds(rule, Place().codes, frozenset(eight - {"441802"})) is None
