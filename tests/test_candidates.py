"""Candidates: filtered by clause, kept apart, with evidence instead of a score."""

from __future__ import annotations

import csv
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import shapely
from msgspec.structs import replace
from siting_world import SITE, areas, bench

import hmgeo.siting.bench as siting_bench
from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.rules.book import load_book
from hmgeo.siting.candidates import SpacedSet, choose_candidates, generated_points
from hmgeo.siting.key_areas import Lists, fill_key_areas
from hmgeo.siting.site import PlaceFinder
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from conftest import Ended


def east_of(lon: float, lat: float, metres: float) -> tuple[float, float]:
    there = ELLIPSOID.fwd(lon, lat, 90.0, metres)
    return float(there[0]), float(there[1])


def test_the_set_grows_while_it_is_asked() -> None:
    kept = SpacedSet(1000.0)
    assert kept.add(113.0, 23.0)
    assert not kept.add(*east_of(113.0, 23.0, 999.9))
    assert kept.add(*east_of(113.0, 23.0, 1000.1))
    assert len(kept) == 2
    random = np.random.default_rng(7)
    spots = np.column_stack([random.uniform(113, 113.2, 400), random.uniform(23, 23.2, 400)]).tolist()
    fresh, chosen = SpacedSet(2000.0), []
    for lon, lat in spots:
        apart = [ELLIPSOID.inv(lon, lat, *other)[2] for other in chosen]
        assert fresh.add(lon, lat) is (min(apart, default=9e9) >= 2000.0)
        if min(apart, default=9e9) >= 2000.0:
            chosen.append((lon, lat))


def test_candidates_come_back_every_one_with_the_reason() -> None:
    points = {"近学校": (113.0, 23.101), "甲": (113.05, 23.15), "乙": (113.051, 23.15), "丙": (113.09, 23.15)}
    sites = [replace(SITE, site_id=name, geometry=shapely.Point(at)) for name, at in points.items()]
    found = list(choose_candidates(bench(), sites, unwanted={"SIT-LAW-ART32"}, spacing_m=1000.0))
    assert [one.is_chosen for one in found] == [False, True, False, True]
    assert [one.why for one in found] == ["触及 SIT-LAW-ART32", "", "距已选 甲 102 m，小于 1000 m", ""]
    unknown = next(choose_candidates(bench([]), sites[1:2], unwanted={"SIT-LAW-ART32"}))
    assert (unknown.is_chosen, unknown.unjudged) == (True, ("SIT-LAW-ART32",))


def test_those_after_the_first_that_are_asked_together_come_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sites = [replace(SITE, site_id=str(at), geometry=shapely.Point(113.05, 23.15 + at / 100)) for at in range(5)]
    together = list(choose_candidates(bench(), sites, unwanted={"SIT-LAW-ART32"}))
    monkeypatch.setattr(siting_bench, "SITES_AT_ONCE", 2)
    by_two = list(choose_candidates(bench(), sites, unwanted={"SIT-LAW-ART32"}))
    assert [one.site.site_id for one in by_two] == ["0", "1", "2", "3", "4"]
    assert [(one.is_chosen, one.why) for one in by_two] == [(one.is_chosen, one.why) for one in together]


def test_generated_points_stand_on_a_lattice_of_metres() -> None:
    area = shapely.box(113.0, 23.0, *east_of(113.0, 23.0, 2050.0)).envelope
    area = shapely.box(113.0, 23.0, area.bounds[2], 23.0 + 0.0095)  # 2.05 km by 1.05 km
    found = list(generated_points(area, 1000.0, SITE))
    assert [one.site_id for one in found] == [f"C{number:05d}" for number in range(1, 7)]
    first, second = found[0].geometry, found[1].geometry
    assert round(ELLIPSOID.inv(first.x, first.y, second.x, second.y)[2], 3) == 1000.0


def test_key_area_columns_tell_area_level_source_and_certainty() -> None:
    sites = [
        replace(SITE, geometry=shapely.Point(113.0, 23.1)),
        replace(SITE, geometry=shapely.Point(113.5, 23.1)),
        replace(SITE, geometry=shapely.box(113.38, 23.1, 113.42, 23.11)),
        replace(SITE, geometry=shapely.Point(113.3999, 23.1), uncertainty_m=50.0),
        replace(SITE, geometry=shapely.Point(100.0, 30.0)),
        replace(SITE, geometry=None, status=Status.NOT_LOCATED),
    ]
    outlines = {"441802": shapely.box(112.8, 22.8, 113.4, 23.4)}
    lists = Lists(load_book().rules, date(2019, 6, 30))
    found = list(fill_key_areas(sites, PlaceFinder(areas()), outlines, lists))
    assert [one.answer for one in found] == ["是", "否", "部分", "是", "不能判断", "不能判断"]
    assert found[0].areas == "清城区（GD-QC）、龙塘镇（GD-QC-LT）"
    assert found[0].sources.startswith("《清远市")
    assert "GD-QC 50.0%" in found[2].share
    assert found[3].certainty == "临界，待核实"
    assert found[5].note == "没有可用的位置，也没有所在县乡。"


LISTED = "编号,县(市、区)\n1,清城区\n2,靖西县\n3,济源市\n4,南丹县\n5,德保县\n6,清远市清城区\n7,火星县\n"


def test_lists_of_key_areas_hold_for_their_years_and_old_names_count(
    tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    table, out = tmp_path / "t.csv", tmp_path / "out.csv"
    table.write_text(LISTED, encoding="utf-8")
    areas_ = [word for code in ("441802", "451081", "419001", "451221") for word in ("--area", code)]

    def filled(day: str) -> list[dict[str, str]]:
        assert hmgeo_command("key-areas", table, "--out", out, *areas_, "--as-of", day).code == 0
        with out.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    then = filled("2018-06-30")
    assert [row["是否在重点区域"] for row in then] == ["是", "不能判断", "是", "不能判断", "不能判断", "是", "不能判断"]
    assert then[6]["重点区域说明"] == "没有可用的位置，「火星县」不在已有行政区名录。"
    assert "济源市（N04）" in then[2]["重点区域"]
    now = filled("2026-11-28")
    assert [row["是否在重点区域"] for row in now] == ["不能判断", "是", "不能判断", "是", "否", "不能判断", "不能判断"]
    assert "规划期 2018-01-01 至 2020-12-31），已届满，接续文件未核实。" in now[0]["重点区域说明"]
    assert now[1]["重点区域"] == "靖西市（GX-JX）"
    assert now[1]["重点区域说明"] == "「靖西县」为旧名（至 2015 年），今靖西市。"
    assert "济源市曾列入" in now[2]["重点区域说明"]
    assert {row["评估基准日"] for row in now} == {"2026-11-28"}
