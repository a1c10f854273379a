"""Reference tables: their sums, their known rows, and that every row says where it comes from."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from hmgeo.reference.distances import protective_distances, terrain_classes, water_zone_sizes
from hmgeo.reference.plans import QINGYUAN_PLAN, emission_targets, guangdong_key_units, tasks
from hmgeo.reference.standards import SOIL_ELEMENTS, building_land_limits, farmland_limit, farmland_limits
from hmgeo.reference.tables import key_areas, trades
from hmgeo.rules.book import load_book
from hmgeo.rules.kinds import KINDS, FieldType
from hmgeo.vocabulary import LegalRank


def test_guangxi_s_targets_add_up_to_the_stated_totals() -> None:
    targets = emission_targets()
    assert len(targets) == 14
    assert sum(one.enterprises for one in targets) == 408
    assert round(sum(one.base_2020_kg for one in targets), 2) == 119594.72


def test_read_as_cumulative_the_targets_come_near_the_six_percent() -> None:
    allowed = sum(one.allowed_kg(2025) for one in emission_targets())
    assert round(100 * (1 - allowed / 119594.72), 2) == 6.63


@pytest.mark.parametrize(
    ("city", "year", "kg"),
    [("来宾市", 2025, 14066.05 * 0.75), ("河池市", 2022, 49581.00 * 0.98), ("南宁市", 2025, 1265.57)],
)
def test_what_a_city_s_target_leaves(city: str, year: int, kg: float) -> None:
    target = next(one for one in emission_targets() if one.city == city)
    assert target.allowed_kg(year) == pytest.approx(kg, abs=1e-9)


def test_no_increase_is_not_a_cut_of_nothing() -> None:
    cuts = {one.city: dict(one.cut) for one in emission_targets()}
    assert cuts["南宁市"][2022] is None
    assert cuts["防城港市"][2022] == 0.0
    assert cuts["来宾市"] == {2022: 0.05, 2023: 0.1, 2024: 0.2, 2025: 0.25}


def test_every_key_area_of_the_five_texts_is_there() -> None:
    areas = key_areas()
    assert len(areas) == 39
    assert len({area.id for area in areas}) == 39
    assert Counter(area.document for area in areas) == {"002": 29, "003": 6, "001": 3, "004": 1}


def test_rules_name_only_key_areas_that_exist() -> None:
    known = {area.id for area in key_areas()}
    for rule in load_book().rules:
        for leaf in rule.test.leaves() if rule.test is not None else ():
            for spec in KINDS[leaf.kind].fields:
                if spec.type is FieldType.KEY_AREAS:
                    assert set(leaf.texts(spec.name)) <= known, rule.id


def test_guangdong_s_units_carry_the_rank_of_their_plan() -> None:
    units = guangdong_key_units()
    assert len(units) == 52
    assert {unit.legal_rank for unit in units} == {LegalRank.PLAN}
    lead = [unit for unit in units if unit.county == "清城区"]
    assert [(unit.name, unit.township_code, unit.metals) for unit in lead] == [
        ("龙塘镇", "441802105", ("Pb",)),
        ("石角镇", "441802106", ("Pb",)),
    ]
    joined = next(unit for unit in units if unit.name == "六都镇")
    assert joined.county_codes == ("445303", "445302")
    assert next(unit.township_code for unit in units if unit.name == "罗村") == ""


def test_gb_15618_has_every_element_in_four_bands() -> None:
    limits = farmland_limits()
    assert len(limits) == 56
    assert set(SOIL_ELEMENTS) == {one.element for one in limits}
    assert set(Counter((one.element, one.land_type) for one in limits).values()) == {4}
    assert {one.element for one in limits if one.intervention_mg_kg is None} == {"Cu", "Ni", "Zn"}


@pytest.mark.parametrize(
    ("element", "land", "ph", "screening", "intervention"),
    [
        ("Cd", "paddy", 7.0, 0.6, 3.0),
        ("Hg", "other", 6.0, 1.8, 2.5),
        ("As", "paddy", 8.0, 20.0, 100.0),
        ("Pb", "other", 5.0, 70.0, 400.0),
        ("Cr", "orchard", 7.0, 200.0, 1000.0),
        ("Cu", "orchard", 7.0, 200.0, None),
        ("Ni", "paddy", 6.0, 70.0, None),
        ("Zn", "other", 7.6, 300.0, None),
    ],
)
def test_known_values_of_gb_15618(
    element: str, land: str, ph: float, screening: float, intervention: float | None
) -> None:
    found = farmland_limit(element, land, ph)
    assert found is not None
    assert (found.screening_mg_kg, found.intervention_mg_kg) == (screening, intervention)


def test_screening_lies_below_intervention() -> None:
    for one in farmland_limits():
        assert one.intervention_mg_kg is None or one.screening_mg_kg < one.intervention_mg_kg
    for metal in building_land_limits():
        assert metal.screening_class1_mg_kg < metal.screening_class2_mg_kg < metal.intervention_class2_mg_kg
        assert metal.screening_class1_mg_kg < metal.intervention_class1_mg_kg < metal.intervention_class2_mg_kg


def test_known_values_of_gb_36600() -> None:
    lead = next(one for one in building_land_limits() if one.element == "Pb")
    assert (lead.screening_class1_mg_kg, lead.screening_class2_mg_kg) == (400.0, 800.0)
    assert (lead.intervention_class1_mg_kg, lead.intervention_class2_mg_kg) == (800.0, 2500.0)


def test_trades_of_both_editions_differ_where_they_should() -> None:
    assert trades()[2017, "3212"].name == trades()[2011, "3212"].name == "铅锌冶炼"
    assert trades()[2017, "3843"].name == "铅蓄电池制造"
    assert (2011, "3843") not in trades()


def test_tasks_keep_their_due_days() -> None:
    qingyuan = [one for one in tasks() if one.document == QINGYUAN_PLAN]
    assert len(qingyuan) == 72
    assert Counter(one.due for one in qingyuan) == {
        None: 45,
        date(2018, 12, 31): 2,
        date(2019, 12, 31): 4,
        date(2020, 12, 31): 21,
    }
    jiyuan = [one for one in tasks() if one.document != QINGYUAN_PLAN]
    assert Counter(one.plan for one in jiyuan) == {"大气": 46, "土壤": 41, "水": 25, "农业农村": 23}
    early = [(one.plan, one.number) for one in jiyuan if one.note]
    assert all(one.due is not None and one.due < date(2021, 8, 4) for one in jiyuan if one.note)
    assert len(early) == 4


def test_a_protective_distance_without_a_number_has_none() -> None:
    by_law = {(one.document, one.clause): one for one in protective_distances()}
    assert by_law["长江保护法", "26条3款"].distance_m == 1000.0
    assert by_law["黄河保护法", "26条"].distance_m is None
    assert by_law["铅锌行业准入条件 (发改委公告2007年第13号)", "一"].distance_m == 1000.0
    unverified = Counter(one.document for one in protective_distances() if one.is_unverified)
    assert unverified == {"GB 11659-1989": 6, "GB 11657-1989": 3, "HJ 964-2018": 6, "太湖流域管理条例": 1}


def test_water_zones_are_metres_ranges_or_no_distance() -> None:
    ranges = {one.value_text: one.range_m for one in water_zone_sizes()}
    assert ranges["30-50"] == (30.0, 50.0)
    assert ranges["1000"] == (1000.0, 1000.0)
    assert ranges["polygon"] is None
    assert ranges["catchment"] is None


def test_slope_grades_join_without_gaps() -> None:
    grades = [one for one in terrain_classes() if one.scheme == "cropland_slope_deg"]
    assert [(one.lower, one.upper) for one in grades] == [
        (0.0, 2.0),
        (2.0, 6.0),
        (6.0, 15.0),
        (15.0, 25.0),
        (25.0, None),
    ]


def test_every_row_says_where_it_comes_from() -> None:
    tables = (
        farmland_limits(),
        building_land_limits(),
        emission_targets(),
        guangdong_key_units(),
        protective_distances(),
        water_zone_sizes(),
        terrain_classes(),
    )
    assert all(row.source.strip() for table in tables for row in table)
    assert all(one.time_text or one.due is None for one in tasks())
