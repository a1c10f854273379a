"""The view from the land, evidence without a score, and what crosses the county line."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import shapely
from msgspec.structs import replace
from siting_world import layer

from hmgeo.geo.ellipsoid import ellipsoidal_area_m2
from hmgeo.judging.applies import Subject, cadmium_of, found_cadmium, reach
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import Side, Unknown
from hmgeo.judging.layers import LayerIndexes
from hmgeo.judging.own_columns import due_day
from hmgeo.project.run import project_results
from hmgeo.results.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA
from hmgeo.rules.book import load_book
from hmgeo.screening.bureau import DATA_MISSING, OUTWARD, asked_around, leads_table, with_works
from hmgeo.screening.evidence import Wind
from hmgeo.screening.land import Exceedances, LandView, land_totals, sources_by_town, township_table
from hmgeo.terrain.ponds_and_mines import Overhead, downstream_answer
from hmgeo.vocabulary import Basis, Completeness, LayerKind
from hmgeo.water.grid import End
from hmgeo.water.trace import Downhill
from hmgeo.words import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hmgeo.records import Layer
    from hmgeo.results.results import Results

NAMES = {"441802": "清城区", "441802105": "龙塘镇", "441802106": "石角镇"}
TRADES = Choices({"cadmium_trades": ChosenParameter("cadmium_trades", ("3212",), edition=2017)})


def parcel(number: int, town: str, word: str, area_ha: float, reached: list[tuple[str, float]]) -> dict[str, Any]:
    return {
        "receptor_id": f"P{number}", "receptor_kind": "farmland", "name": "", "class": word, "area_ha": area_ha,
        "township": town, "source_count": len(reached), "nearest_source_id": reached[0][0] if reached else "",
        "nearest_source_m": reached[0][1] if reached else None,
        "geometry": shapely.to_wkb(shapely.box(113 + number / 100, 23, 113 + number / 100 + 0.001, 23.001)),
    }  # fmt: skip


def land(parcels: list[tuple[str, str, float, list[tuple[str, float]]]]) -> LandView:
    rows = [parcel(number, *one) for number, one in enumerate(parcels)]
    pairs = [
        {"source_id": source, "receptor_id": f"P{number}", "receptor_kind": "farmland", "distance_m": distance_m}
        for number, one in enumerate(parcels)
        for source, distance_m in one[3]
    ]
    view = LandView()
    for batch in pa.Table.from_pylist(pairs, PAIRS_SCHEMA).to_batches():
        view.pairs.write(batch)
    for batch in pa.Table.from_pylist(rows, RECEPTORS_SCHEMA).to_batches():
        view.write(batch)
    return view


PARCELS = [
    ("441802105201", "严格管控类", 1.0, [("S1", 100.0), ("S2", 900.0)]),
    ("龙塘镇", "安全利用类", 2.0, [("S2", 50.0)]),
    ("石角镇", "安全利用类", 4.0, []),
    ("", "未划分", 8.0, [("S1", 9000.0)]),
]
SOURCES = [
    {"township_code": "441802105", "township": "龙塘镇"},
    {"township_code": "", "township": ""},
]


def test_a_township_counts_each_of_its_parcels_once() -> None:
    view = land([("441802105", *PARCELS[0][1:]), *PARCELS[1:]])
    rows = {row["township"]: row for row in township_table(view, SOURCES, NAMES, 10_000.0).to_pylist()}
    town = rows["龙塘镇"]
    assert (town["township_code"], town["county"], town["source_count"]) == ("441802105", "清城区", 1)
    assert (town["farmland_count"], town["reached_count"], town["reached_area_ha"]) == (2, 2, 3.0)
    assert (town["reached_strict_control_ha"], town["reached_safe_use_ha"]) == (1.0, 2.0)
    assert (town["reaching_count"], town["nearest_source_id"], town["nearest_source_m"]) == (2, "S2", 50.0)
    assert town["sources"] == "S2（50 m）；S1（100 m）"
    assert (rows["石角镇"]["reached_count"], rows["石角镇"]["farmland_area_ha"]) == (0, 4.0)
    assert rows["未注明乡镇"]["reached_area_ha"] == 8.0


def with_lands(table: pa.Table, lands: list[str | None]) -> pa.Table:
    at = table.schema.get_field_index("land_class")
    return table.set_column(at, table.schema.field(at), pa.array(lands, pa.string()))


def test_land_within_each_radius_counts_a_parcel_once_whoever_reaches_it() -> None:
    receptors = with_lands(land(PARCELS).receptors, ["水田", "旱地", "水田", "地类不明"])
    sources = [{"geometry": b""}, {"geometry": b""}, {"geometry": None}]
    counts = pa.table({"source_id": ["S1", "S1"], "radius_m": [1e3, 1e4], "is_lower_bound": [False, True]})
    names = NAMES | {"441802105201": "某村"}
    rows = land_totals(receptors, sources, counts, (1e3, 1e4), names).to_pylist()
    told = {(row["county"], row["radius_m"], row["class"]): (row["count"], row["area_ha"]) for row in rows}
    assert (told["合计", 1e3, "all"], told["合计", 1e4, "all"]) == ((2, 3.0), (3, 11.0))  # S1 and S2 reach the first
    of_near = {word: found for (county, radius_m, word), found in told.items() if (county, radius_m) == ("合计", 1e3)}
    assert of_near == {
        "all": (2, 3.0), "安全利用类": (1, 2.0), "严格管控类": (1, 1.0), "未划分": (0, 0.0),
        "水田": (1, 1.0), "旱地": (1, 2.0), "地类不明": (0, 0.0),
    }  # fmt: skip
    assert (told["清城区", 1e4, "all"], told["未注明县区", 1e4, "地类不明"]) == ((2, 3.0), (1, 8.0))
    assert {(row["radius_m"], row["is_lower_bound"], row["sources_beyond_coverage"]) for row in rows} == {
        (1e3, True, 0), (1e4, True, 1),
    }  # fmt: skip
    assert {row["sources_unplaced"] for row in rows} == {1}
    complete = land_totals(receptors, sources[:2], counts, (1e3,), names).to_pylist()
    assert not any(row["is_lower_bound"] for row in complete)


def test_garden_land_is_in_no_sum_of_farmland() -> None:
    view = land(PARCELS)
    garden = with_lands(view.receptors.slice(1, 1), ["园地"])
    towns = {row["township"]: row for row in township_table(view, SOURCES, NAMES, 10_000.0, None, garden).to_pylist()}
    alone = {row["township"]: row for row in township_table(view, SOURCES, NAMES, 10_000.0).to_pylist()}
    assert {name: row["reached_garden_ha"] for name, row in alone.items()} == dict.fromkeys(alone)
    assert {name: row["reached_garden_ha"] for name, row in towns.items()} == {
        **dict.fromkeys(alone, 0.0),
        "龙塘镇": 2.0,
    }
    assert towns["龙塘镇"] | {"reached_garden_ha": None} == alone["龙塘镇"]
    counts = pa.table({"source_id": ["S1"], "radius_m": [1e3], "is_lower_bound": [False]})
    asked = view.receptors, [{"geometry": b""}], counts, (1e3,), NAMES
    before, after = land_totals(*asked).to_pylist(), land_totals(*asked, garden).to_pylist()
    assert [row for row in after if row["class"] != "园地"] == before
    gardens = [row for row in after if row["class"] == "园地"]
    assert {(row["county"], row["class_kind"], row["count"], row["area_ha"]) for row in gardens} == {
        ("合计", "land_use", 1, 2.0), ("未注明县区", "land_use", 0, 0.0), ("清城区", "land_use", 1, 2.0),
    }  # fmt: skip


def test_a_township_tells_land_use_only_where_the_layer_does() -> None:
    view = land([("龙塘镇", *PARCELS[1][1:]), *PARCELS[2:]])
    silent = township_table(view, SOURCES, NAMES, 10_000.0).to_pylist()
    assert {row["reached_paddy_ha"] for row in silent} == {None}
    batch = view.reached.to_batches()[0]
    view._batches = with_lands(pa.table(batch), ["水田", "水田", "旱地"]).to_batches()
    rows = {row["township"]: row for row in township_table(view, SOURCES, NAMES, 10_000.0).to_pylist()}
    assert [rows[name]["reached_paddy_ha"] for name in ("龙塘镇", "石角镇", "未注明乡镇")] == [2.0, 0.0, 0.0]
    assert rows["未注明乡镇"]["reached_dry_land_ha"] == 8.0


def test_a_parcel_names_its_sources_nearest_first() -> None:
    assert land(PARCELS).reached["sources"].to_pylist() == [
        "S1（100 m）；S2（900 m）", "S2（50 m）", "", "S1（9000 m）",
    ]  # fmt: skip


def test_the_parts_of_a_split_parcel_sum_to_the_whole() -> None:
    whole = shapely.box(113.0, 23.0, 113.004, 23.002)
    parts = [shapely.box(113.0, 23.0, 113.001, 23.002), shapely.box(113.001, 23.0, 113.004, 23.002)]
    area_ha = (ellipsoidal_area_m2([whole, *parts]) / 1e4).tolist()
    reached = [("S1", 500.0)]
    one = land([("龙塘镇", "安全利用类", area_ha[0], reached)])
    two = land([("龙塘镇", "安全利用类", area_ha[1], reached), ("石角镇", "安全利用类", area_ha[2], reached)])
    sums = [sum(township_table(made, [], NAMES, 10_000.0)["reached_area_ha"].to_pylist()) for made in (one, two)]
    assert sums[0] == pytest.approx(sums[1], abs=1e-9)


@pytest.fixture(scope="module")
def results(shipped_results: Callable[[str], Results]) -> Results:
    return shipped_results("qingcheng")


def test_townships_add_up_to_the_parcels_of_the_run(results: Results) -> None:
    table = results.bureau.townships
    reached = [row for row in results.receptors.to_pylist() if row["source_count"]]
    assert sum(table["reached_count"].to_pylist()) == len(reached)
    assert sum(table["reached_area_ha"].to_pylist()) == pytest.approx(sum(row["area_ha"] for row in reached))
    assert sum(table["farmland_count"].to_pylist()) == results.receptors.num_rows
    assert sum(table["source_count"].to_pylist()) == results.sources.num_rows


def test_parcels_and_sources_count_the_same_pairs(results: Results) -> None:
    located = [row for row in results.sources.to_pylist() if row["position_kind"] != "place"]
    assert sum(row["farmland_count"] or 0 for row in located) == sum(results.receptors["source_count"].to_pylist())
    parcels = results.bureau.reached.filter(pc.equal(results.bureau.reached["receptor_kind"], "farmland"))
    named = Counter(text.count("（") for text in parcels["sources"].to_pylist())
    assert named[0] == results.receptors["source_count"].to_pylist().count(0)


def test_sources_known_by_place_are_ranges_and_never_certain_on_approximate_cells(results: Results) -> None:
    rows = [row for row in results.sources.to_pylist() if row["position_kind"] == "place"]
    assert [row["township"] for row in rows] == ["石角镇"]
    for row in rows:
        assert row["status"] == "assessed"
        assert row["lon"] is None
        assert row["geometry"] is None
        assert row["nearest_farmland_m"] <= row["nearest_farmland_max_m"]
        assert row["farmland_count"] <= row["farmland_count_max"]
        assert row["farmland_area_ha"] <= row["farmland_area_max_ha"]
        assert (row["verdict"], row["certainty"]) == ("listed", "ambiguous")
        assert row["nearest_farmland_id"] == ""


def test_downwind_is_opposite_to_where_the_wind_comes_from() -> None:
    wind = Wind({0.0: 40.0, 90.0: 30.0, 180.0: 20.0, 270.0: 10.0})
    assert [wind.downwind_percent(bearing) for bearing in (0.0, 90.0, 190.0)] == [20.0, 10.0, 40.0]


def test_a_persons_finding_comes_before_the_trade() -> None:
    assert cadmium_of("", "", "3212", "2017", TRADES).word == "行业推定"
    assert cadmium_of("不涉及", "", "3212", "2017", TRADES).word == "不涉及"
    assert cadmium_of("已认定", "监测报告", "1712", "2017", TRADES).word == "已认定"
    assert cadmium_of("", "", "3212", "2011", TRADES).word == "行业推定"  # 铅锌冶炼 in both editions
    assert cadmium_of("行业推定", "", "1712", "2017", TRADES).word == "不涉及"
    assert [found_cadmium({"是否涉镉": word}) for word in ("已认定", "不涉及", "行业推定")] == [True, False, None]


def test_the_finding_decides_whether_the_cadmium_rule_applies() -> None:
    rule = load_book().get("SCR-JY-10KM")
    by_trade = Subject("enterprises", "3212", "2017")
    assert reach(rule, by_trade, TRADES).side is Side.MET
    cleared = Subject("enterprises", "3212", "2017", is_cadmium_related=False)
    reason = reach(rule, cleared, TRADES)
    assert (reason.side, reason.why) == (Side.NOT_MET, "原因：涉镉情况（名单填报：不涉及）不在条款适用范围。")
    assert reach(rule, Subject("enterprises", "1712", "2017", is_cadmium_related=True), TRADES).side is Side.MET


def test_a_search_across_the_county_line_is_a_lead_and_missing_data_say_so() -> None:
    counties = pa.table(
        {
            "id": ["441802", "440114"],
            "name": ["清城区", "花都区"],
            "geometry": [shapely.to_wkb(shapely.box(113.0, 23.0, 113.2, 23.2)),
                         shapely.to_wkb(shapely.box(113.0, 22.8, 113.2, 23.0))],
        }
    )  # fmt: skip
    source = {
        "source_id": "S1", "name": "甲厂", "status": "assessed", "position_kind": "point", "county": "清城区",
        "county_code": "441802", "geometry": shapely.to_wkb(shapely.Point(113.1, 23.05)),
    }  # fmt: skip
    far = source | {"source_id": "S2", "geometry": shapely.to_wkb(shapely.Point(113.1, 23.15))}
    found = leads_table([source, far], counties, frozenset({"441802"}), LandView(), 10_000.0).to_pylist()
    assert [(row["source_id"], row["neighbour"], row["direction"]) for row in found] == [("S1", "花都区", OUTWARD)]
    assert found[0]["distance_m"] == pytest.approx(5537, abs=2)  # 0.05° of latitude at 23°
    assert (found[0]["farmland_count"], found[0]["note"]) == (None, DATA_MISSING)


@pytest.mark.parametrize(
    ("text", "day"),
    [("2020年底前", "2020-12-31"), ("2021年2月底前", "2021-02-28"), ("2022-06-30", "2022-06-30"), ("持续实施", "")],
)
def test_deadlines_are_read_to_their_last_day(text: str, day: str) -> None:
    assert due_day(text) == day


def test_sensitive_sites_are_seen_from_the_land_too(results: Results) -> None:
    reached = results.bureau.reached
    sites = reached.filter(pc.equal(reached["receptor_kind"], "sensitive_sites")).to_pylist()
    assert len(sites) == next(one.feature_count for one in results.layers if one.kind.value == "sensitive_sites")
    near = [row for row in sites if row["source_count"]]
    assert all(row["sources"].startswith(f"{row['nearest_source_id']}（") for row in near)
    assert all(row["nearest_source_m"] <= results.radius_m for row in near)


def test_survey_focus_areas_say_why_a_source_is_in(bare_qingcheng: str, tmp_path: Path) -> None:
    survey = "  survey_areas: {path: survey.geojson, basis: synthetic, classification: 公开}\nscreening_rule"
    (tmp_path / "project.yml").write_text(bare_qingcheng.replace("screening_rule", survey, 1), encoding="utf-8")
    area = shapely.geometry.mapping(shapely.box(113.0, 23.4, 113.3, 23.62))
    feature = {"type": "Feature", "properties": {"名称": "龙塘片区"}, "geometry": area}
    made = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "survey.geojson").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    rows = project_results(tmp_path, page=False).sources.to_pylist()
    inside = [row for row in rows if row["lon"] is not None and row["status"] == "assessed"]
    for row in inside:
        is_in = 113.0 <= row["lon"] <= 113.3 and 23.4 <= row["lat"] <= 23.62
        assert row["survey_area"] == ("龙塘片区" if is_in else "")
        assert ("排查重点区域：龙塘片区" in row["why_in"]) is is_in
    somewhere = {row["township"]: row["survey_area"] for row in rows if row["position_kind"] == "place"}
    assert somewhere["石角镇"] == "龙塘片区（可能）"


def test_pairs_that_come_in_parts_add_up_to_the_same_view() -> None:
    whole = land(PARCELS)
    parts = LandView()
    for number, one in enumerate(PARCELS):
        pairs = [
            {"source_id": source, "receptor_id": f"P{number}", "receptor_kind": "farmland", "distance_m": distance_m}
            for source, distance_m in one[3]
        ]
        for batch in pa.Table.from_pylist(pairs, PAIRS_SCHEMA).to_batches():
            parts.pairs.write(batch)
        for batch in pa.Table.from_pylist([parcel(number, *one)], RECEPTORS_SCHEMA).to_batches():
            parts.write(batch)
    assert parts.reached.equals(whole.reached)
    assert parts.met == whole.met
    assert parts.nearest == whole.nearest == {"S1": (100.0, "P0"), "S2": (50.0, "P1")}
    assert parts.count == {"S1": 2, "S2": 2}


def test_parcels_whose_produce_exceeds_are_receptor_evidence() -> None:
    view = LandView(Exceedances(is_told=True, elements={"P1": "镉"}))
    pairs = [{"source_id": "S1", "receptor_id": "P1", "receptor_kind": "farmland", "distance_m": 420.0}]
    for batch in pa.Table.from_pylist(pairs, PAIRS_SCHEMA).to_batches():
        view.pairs.write(batch)
    rows = [parcel(1, "龙塘镇", "未划分", 2.5, [("S1", 420.0)])]
    for batch in pa.Table.from_pylist(rows, RECEPTORS_SCHEMA).to_batches():
        view.write(batch)
    held = view.exceeding["S1"]
    assert (held.count, held.area_ha, held.least_m) == (1, 2.5, 420.0)
    assert held.unstated == 0


def test_who_reaches_a_village_is_told_nearest_first(results: Results) -> None:
    kinds = ("sensitive_sites", "residential_and_important_facilities")
    sites = [row for row in results.bureau.reached.to_pylist() if row["receptor_kind"] in kinds]
    assert Counter(row["receptor_kind"] for row in sites) == dict(zip(kinds, (120, 4), strict=True))
    for row in sites:
        distances = [float(part.split("（")[1].split(" m")[0]) for part in row["sources"].split("；") if " m）" in part]
        assert distances == sorted(distances)
        assert bool(distances) == bool(row["source_count"])
    towns = results.bureau.townships.to_pylist()
    assert sum(row["site_count"] for row in towns) == 124
    assert sum(row["reached_site_count"] for row in towns) == sum(bool(row["source_count"]) for row in sites)
    evidence = results.bureau.evidence.to_pylist()
    assert sum(row["site_count"] for row in evidence) == sum(row["source_count"] for row in sites)


def test_inner_radii_may_be_exact_where_the_outer_one_leaves_the_coverage(results: Results) -> None:
    counts = [row for row in results.counts.to_pylist() if row["class"] == "all"]
    by_source: dict[str, list[bool]] = {}
    for row in counts:
        by_source.setdefault(row["source_id"], []).append(row["is_lower_bound"])
    assert all(flags == sorted(flags) for flags in by_source.values())
    assert any(flags[0] is False and flags[-1] is True for flags in by_source.values())
    widest = {row["source_id"]: row["counts_are_lower_bounds"] for row in results.sources.to_pylist()}
    assert all(flags[-1] == widest[source] for source, flags in by_source.items())


def test_who_reaches_a_township_is_a_list_whatever_signs_an_id_holds() -> None:
    odd = "甲；S9（5 m）"
    view = land([("龙塘镇", "安全利用类", 1.0, [(odd, 500.4), ("S1", 20.0)]), ("石角镇", "安全利用类", 1.0, [])])
    towns = township_table(view, [], NAMES, 10_000.0)
    near = dict(zip(towns["township"].to_pylist(), sources_by_town(view, towns, NAMES), strict=True))
    assert near == {"龙塘镇": (("S1", 20.0), (odd, 500.4)), "石角镇": ()}


def test_a_works_within_2_km_is_answered_by_its_error_and_none_never() -> None:
    reached = land([("T", "安全利用类", 1.0, [("S1", one)]) for one in (1950.0, 1951.0, 2600.0)]).reached
    sources = [{"source_id": "S1", "position_uncertainty_m": 50.0, "basis": "real", "status": "assessed"}]
    assert with_works(reached, sources)["works_2km"].to_pylist() == ["有", None, None]
    assert with_works(reached, sources, 1.0)["works_2km"].to_pylist() == [None, None, None]  # the parcels' own margin
    disbelieved = [sources[0] | {"status": ""}]
    assert with_works(reached, disbelieved)["works_2km"].to_pylist() == [None, None, None]
    drawn = [sources[0] | {"basis": "approximate"}]
    assert with_works(reached, drawn)["works_2km"].to_pylist() == [None, None, None]


def _around(*given: Layer, **more: object) -> tuple[str, str, str]:
    point = shapely.to_wkb(shapely.Point(113.0, 23.0))
    row = {"status": "assessed", "position_kind": "point", "position_uncertainty_m": 10.0, "geometry": point}
    row["basis"] = "real"
    told = asked_around(row | more, LayerIndexes(given))
    assert {name: unpacked(packed(text)) for name, text in told.items()} == told  # as the column keeps it
    return told["receptors_1km"], told["receptors_1km_found"], told["receptors_1km_open"]


def test_receptors_within_1_km_are_counted_by_kind_and_none_needs_a_complete_layer_that_reaches() -> None:
    # 0.001 degrees of latitude are 110.7 m here: intakes at 553.7 m, at 996.6 m (within the error of 10 m) and far off
    at = [("I1", "甲", "", shapely.Point(113.0, 23.005)), ("I2", "乙", "", shapely.Point(113.0, 23.009)),
          ("I3", "丙", "", shapely.Point(113.0, 23.02))]  # fmt: skip
    reserve = [("N1", "保护区", "", shapely.box(113.1, 23.1, 113.2, 23.2))]
    intakes, reserves = layer(LayerKind.INTAKES, at), layer(LayerKind.NATURE_RESERVES, reserve)
    answer, found, why = _around(intakes, reserves)
    assert answer == "有"
    assert found == "饮用水取水口 1 处（最近 554 m）。饮用水取水口另有 1 处在误差内，待核实。自然保护区无。"
    zones = layer(LayerKind.WATER_SOURCE_ZONES, reserve)  # asked first, told last, for there is none
    assert _around(zones, intakes)[1].endswith("另有 1 处在误差内，待核实。饮用水水源保护区无。")
    assert why.startswith("未提供饮用水水源保护区、重要水源地、灌溉取水口、河流、水质自动监测站，不能答「无」。")
    for open_ in (
        layer(LayerKind.NATURE_RESERVES, reserve, completeness=Completeness.UNKNOWN),
        layer(LayerKind.NATURE_RESERVES, reserve, coverage=None),
        layer(LayerKind.NATURE_RESERVES, reserve, coverage=shapely.box(112.9, 22.991, 113.1, 23.1)),
    ):
        answer, found, why = _around(open_)
        assert (answer, found) == ("", "")
        assert "自然保护区未申明完整、所申明的范围不及周边 1 公里，或位置只是示意，不能答「无」。" in why
    drawn = layer(LayerKind.INTAKES, at[:1], basis=Basis.APPROXIMATE)
    assert _around(drawn)[:2] == ("", "饮用水取水口另有 1 处在误差内，待核实。")
    assert _around(intakes, position_kind="place") == ("", "", "位置不明，周边 1 公里不能答。")


@pytest.mark.parametrize(
    ("met", "more", "answer"),
    [
        (((0, 400.0),), {}, "有"),
        ((), {}, "无"),
        ((), {"completeness": Completeness.UNKNOWN}, ""),
        ((), {"coverage": None}, ""),
        ((), {"coverage": shapely.box(112.9, 22.991, 113.1, 23.1)}, ""),
        (((0, 400.0),), {"basis": Basis.APPROXIMATE}, ""),
    ],
)
def test_who_lives_within_1_km_downstream_is_none_only_where_nothing_could_be_missed(
    met: tuple[tuple[int, float], ...], more: dict[str, Any], answer: str
) -> None:
    houses = layer(
        LayerKind.RESIDENTIAL_AND_IMPORTANT_FACILITIES, [("H1", "村", "居民区", shapely.Point(113.0, 23.004))], **more
    )
    cells, way_m = np.zeros(1, np.int64), np.zeros(1)
    way, pond = Downhill(cells, way_m, End.LIMIT, cells, 1.0, 1.0), shapely.Point(113.0, 23.0)
    assert downstream_answer(Overhead((), met), way, houses, pond, 50.0) == answer
    if answer != "无":
        return
    for doubtful in (replace(way, end=End.EDGE), replace(way, flat_cells=3), Unknown("没有高程")):
        assert downstream_answer(Overhead((), met), doubtful, houses, pond, 50.0) == ""
    assert downstream_answer(Overhead((), ((0, 400.0),), frozenset({0})), way, houses, pond, 50.0) == ""
    for off in ({"margin_m": 1.0}, {"errors_m": {"H1": 1.0}}):
        assert downstream_answer(Overhead((), ()), way, replace(houses, **off), pond, 50.0) == ""
    assert downstream_answer(Overhead((), ()), way, houses, pond, 50.0, 1.0) == ""  # the pond's own error
    seen = Overhead((), ((0, 400.0),))
    assert downstream_answer(seen, way, houses, pond, 50.0, 50.0) == "有"
    assert downstream_answer(seen, way, replace(houses, margin_m=0.1), pond, 50.0, 50.0) == ""
