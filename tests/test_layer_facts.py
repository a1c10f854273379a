"""One source against loaded layers: distances, membership, margins, and what absence may not prove."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely
from oracle import distance_m

from hmgeo.judging.facts import Answer, DistanceFact, Features, Unknown
from hmgeo.judging.layers import LayerFacts, LayerIndex
from hmgeo.judging.places import Place, Places
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.vocabulary import Basis, Completeness, LayerKind

PARK = shapely.Polygon([(113.00, 23.00), (113.02, 23.00), (113.02, 23.02), (113.00, 23.02)])
OTHER = shapely.Polygon([(113.10, 23.00), (113.12, 23.00), (113.12, 23.02), (113.10, 23.02)])
COUNTY = shapely.box(112.5, 22.5, 113.5, 23.5)
QINGCHENG = Place("441802", "清城区", "441802105", "龙塘镇")


def index(completeness: Completeness = Completeness.COMPLETE, coverage: shapely.Geometry | None = COUNTY) -> LayerIndex:
    rows = [
        {"receptor_id": "A", "name": "甲园", "class": "省级", "township": "", "geometry": shapely.to_wkb(PARK)},
        {"receptor_id": "B", "name": "乙园", "class": "市级", "township": "", "geometry": shapely.to_wkb(OTHER)},
    ]
    rows[0]["stated"] = [("park_lawful", True)]
    rows[1]["stated"] = [("park_lawful", False)]
    table = pa.Table.from_pylist(rows, RECEPTOR_SCHEMA)
    gates = Gates(coverage, "清城区", completeness)
    return LayerIndex(
        Layer("parks", LayerKind.INDUSTRIAL_PARKS, Basis.REAL, Provenance("parks.gpkg"), table.to_batches, gates)
    )


def facts(
    geometry: shapely.Geometry, uncertainty_m: float = 0.0, place: Place = QINGCHENG, **gates: object
) -> LayerFacts:
    return LayerFacts(geometry, uncertainty_m, {"industrial_parks": index(**gates)}, Places(place))


PARKS = Features("industrial_parks")


def test_inside_outside_and_on_the_border() -> None:
    assert facts(shapely.Point(113.01, 23.01)).inside(PARKS).answer is Answer.YES
    assert facts(shapely.Point(113.01, 23.01)).inside(PARKS).receptor_name == "甲园"
    assert facts(shapely.Point(113.02, 23.01)).inside(PARKS).answer is Answer.YES
    outside = facts(shapely.Point(113.05, 23.01)).inside(PARKS)
    assert (outside.answer, outside.others, outside.gap) == (Answer.NO, frozenset(), "")


def test_uncertainty_reaches_over_the_border_from_both_sides() -> None:
    east = 113.02
    just_inside = shapely.Point(east - 0.0002, 23.01)  # about 20 m
    assert facts(just_inside, 10.0).inside(PARKS).others == frozenset()
    assert facts(just_inside, 30.0).inside(PARKS).others == {Answer.NO}
    just_outside = shapely.Point(east + 0.0002, 23.01)
    assert facts(just_outside, 10.0).inside(PARKS).others == frozenset()
    assert facts(just_outside, 30.0).inside(PARKS).others == {Answer.YES}


def test_a_site_partly_inside_says_so_and_its_share() -> None:
    site = shapely.box(113.005, 23.005, 113.025, 23.015)
    found = facts(site).inside(PARKS)
    assert found.answer is Answer.PARTLY
    assert found.centroid_inside is True
    assert facts(site).share(PARKS).value == pytest.approx(75.0, abs=1e-3)


def test_the_middle_of_a_site_in_two_parts_may_lie_in_a_feature_that_neither_touches() -> None:
    parts = shapely.box(113.015, 23.005, 113.025, 23.015), shapely.box(113.195, 23.005, 113.205, 23.015)
    site = facts(shapely.MultiPolygon(parts))
    assert site.inside(PARKS).centroid_inside is True  # at 113.11 E
    assert site.inside(Features("industrial_parks", ("省级",))).centroid_inside is False


def test_classes_narrow_what_counts() -> None:
    in_first = facts(shapely.Point(113.01, 23.01))
    assert in_first.inside(Features("industrial_parks", ("市级",))).answer is Answer.NO
    nearest = in_first.distance(Features("industrial_parks", ("市级",)))
    assert nearest.receptor_id == "B"
    assert nearest.measured_m == pytest.approx(distance_m(113.01, 23.01, OTHER), abs=1e-4)


def test_absence_proves_nothing_without_completeness_or_coverage() -> None:
    point = shapely.Point(113.05, 23.01)
    assert facts(point, completeness=Completeness.PARTIAL).inside(PARKS).gap == "「工业园区」未申明完整，结果为下限。"
    assert facts(point, coverage=None).inside(PARKS).gap == "「工业园区」未申明数据范围，结果为下限。"
    far = shapely.Point(114.0, 23.01)
    assert facts(far).inside(PARKS).gap == "该点或其误差范围超出「工业园区」数据范围，结果为下限。"


def test_a_layer_that_is_not_there_is_unknown_with_whom_to_ask() -> None:
    found = facts(shapely.Point(113.0, 23.0)).distance(Features("intakes"))
    assert found == Unknown("未提供「饮用水取水口」，本条未评估。请向水利部门获取。")


def test_distance_ends_widen_by_the_uncertainty() -> None:
    found = facts(shapely.Point(113.05, 23.01), 25.0).distance(PARKS)
    exact = distance_m(113.05, 23.01, PARK)
    assert found.measured_m == pytest.approx(exact, abs=1e-4)
    assert (found.low_m, found.high_m) == (pytest.approx(exact - 25, abs=1e-3), pytest.approx(exact + 25, abs=1e-3))
    assert found.bearing_deg == pytest.approx(270, abs=0.1)


def test_touching_within_a_tolerance() -> None:
    near = shapely.Point(113.0201, 23.01)  # about 10 m
    assert facts(near).touches(PARKS, 15.0).answer is Answer.YES
    assert facts(near).touches(PARKS, 5.0).answer is Answer.NO
    assert facts(near, 6.0).touches(PARKS, 5.0).others == {Answer.YES}


def test_key_areas_are_read_from_codes_before_geometry() -> None:
    towns = Features("key_areas", area_ids=("GD-QC-LT", "GD-QC-SJ"))
    point = shapely.Point(113.01, 23.01)
    assert facts(point).inside(towns).answer is Answer.YES
    assert facts(point).inside(towns).is_approximate is False
    rough = Place("441802", "清城区", "441802105", "龙塘镇", township_from_geometry=True)
    assert facts(point, place=rough).inside(towns).is_approximate is True
    unknown_town = facts(point, place=Place("441802", "清城区")).inside(towns)
    assert unknown_town == Unknown("不知所在乡级行政区，是否位于「龙塘镇」未作判断。")
    district = facts(point, place=Place("441802", "清城区")).inside(Features("key_areas", area_ids=("GD-QC",)))
    assert district.answer is Answer.YES


def test_nearest_widens_its_search_until_something_is_found() -> None:
    lonely = index()
    source = facts(shapely.Point(114.5, 23.01))._source
    (found,) = lonely.nearest_each(source, PARKS)
    assert found.receptor_id == "B"
    assert found.distance_m == pytest.approx(distance_m(114.5, 23.01, OTHER), abs=2e-4)
    assert np.isinf(facts(shapely.Point(10.0, 50.0)).distance(PARKS).low_m)


def test_facts_of_features_are_asked_for_and_never_guessed() -> None:
    lawful = Features("industrial_parks", having=("park_lawful",))
    assert facts(shapely.Point(113.01, 23.01)).inside(lawful).answer is Answer.YES
    assert facts(shapely.Point(113.11, 23.01)).inside(lawful).answer is Answer.NO  # stated to be unlawful
    audited = Features("industrial_parks", having=("park_lawful", "park_plan_eia"))
    untold = facts(shapely.Point(113.01, 23.01)).inside(audited)
    assert untold == Unknown("「工业园区」甲园未载明是否园区依法合规设立、是否园区经规划环评，本条未作判断。")
    assert facts(shapely.Point(113.05, 23.01)).inside(lawful).answer is Answer.NO
    from_afar = facts(shapely.Point(113.05, 23.01)).distance(audited)
    assert isinstance(from_afar, DistanceFact)
    assert from_afar.measured_m is None
    assert from_afar.untold_why == untold.why
