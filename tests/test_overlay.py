"""Zones of clauses: drawn where the check touches, nowhere else; areas alone and in sequence."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import shapely
from msgspec.structs import replace
from siting_world import COUNTY, HOUSES, SCHOOL, SITE, bench, layer, layers

from hmgeo.geo.distance import pair_distances, prepare_shapes
from hmgeo.geo.ellipsoid import ELLIPSOID, ellipsoidal_area_m2
from hmgeo.judging.places import Areas
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.overlay import TOLERANCE_M, TOUCHED, corners, overlay_clauses, zone_within
from hmgeo.vocabulary import Basis, Completeness, LayerKind

AREA = shapely.box(112.95, 22.85, 113.25, 23.25)
LINE = shapely.LineString([(113.0, 23.0), (113.05, 23.03), (113.06, 22.99)])


def distances_m(points: np.ndarray, shape: shapely.Geometry) -> np.ndarray:
    count = len(points)
    here, there = prepare_shapes(points), prepare_shapes([shape])
    return pair_distances(here, there, np.arange(count), np.zeros(count, np.int64)).distance_m


def test_a_circle_is_as_large_as_it_should_be() -> None:
    zone = zone_within([SCHOOL], 500.0)
    assert ellipsoidal_area_m2([zone])[0] == pytest.approx(math.pi * 500.0**2, rel=1e-4)
    assert corners(500.0) == 224  # 500 m * (1 - cos(pi / 224)) = 0.049 m


@pytest.mark.parametrize("shape", [SCHOOL, HOUSES, LINE, shapely.MultiPoint([SCHOOL, (113.003, 23.1)])])
@pytest.mark.parametrize("radius_m", [50.0, 500.0, 3000.0])
def test_the_border_of_a_zone_lies_at_the_radius(shape: shapely.Geometry, radius_m: float) -> None:
    border = zone_within([shape], radius_m).boundary
    on_it = shapely.points(shapely.get_coordinates(shapely.segmentize(border, 0.0002)))
    assert np.abs(distances_m(on_it, shape) - radius_m).max() <= TOLERANCE_M


def test_points_half_a_metre_from_the_limit_fall_on_their_side() -> None:
    zone = zone_within([SCHOOL], 500.0)
    azimuth = np.linspace(0, 360, 720, endpoint=False)
    for radius_m, inside in ((499.5, True), (500.5, False)):
        lon, lat, _ = ELLIPSOID.fwd(np.full(720, SCHOOL.x), np.full(720, SCHOOL.y), azimuth, np.full(720, radius_m))
        assert shapely.contains_xy(zone, lon, lat).tolist() == [inside] * 720


def test_zones_are_drawn_exactly_where_the_check_touches() -> None:
    asked = replace(SITE, added_kg={"Pb": 1.0}, attributes={**SITE.attributes, "seriously_pollutes_water": True})
    desk = bench()
    drawn = overlay_clauses(desk, asked, AREA)
    zones = {zone.citation.rule_id: zone.geometry for zone in drawn.zones}
    assert set(zones) == {"SIT-LAW-ART32", "SIT-QY-SENSITIVE", "SIT-QY-KEYAREA-BAN", "WAT-LAW-65", "WAT-LAW-66"}
    undrawn = {cited.rule_id for cited, _ in drawn.undrawn}
    random = np.random.default_rng(20190630)
    spots = np.column_stack([random.uniform(112.95, 113.25, 600), random.uniform(22.85, 23.25, 600)])
    around = np.column_stack([random.uniform(112.99, 113.01, 300), random.uniform(23.09, 23.11, 300)])
    sites = [replace(asked, geometry=point) for point in shapely.points(np.concatenate([spots, around]))]
    for site, answer in desk.check_all(sites):
        point = site.geometry
        touched = {one.citation.rule_id for one in answer.clauses if one.verdict in TOUCHED} - undrawn
        assert touched == {rule_id for rule_id, zone in zones.items() if zone.intersects(point)}, point.wkt


def test_area_alone_and_in_sequence_add_up() -> None:
    drawn = overlay_clauses(bench(), SITE, AREA)
    by_rule = {zone.citation.rule_id: zone for zone in drawn.zones}
    assert [zone.citation.rule_id for zone in drawn.zones] == [
        "SIT-LAW-ART32",
        "WAT-LAW-65",
        "WAT-LAW-66",
        "SIT-QY-SENSITIVE",
    ]
    # a second clause over the same ground adds nothing
    assert by_rule["SIT-QY-SENSITIVE"].alone_ha == pytest.approx(by_rule["SIT-LAW-ART32"].alone_ha)
    assert by_rule["SIT-QY-SENSITIVE"].added_ha == pytest.approx(0.0, abs=1e-6)
    zone_ha = ellipsoidal_area_m2([shapely.box(112.98, 22.88, 113.04, 22.94)])[0] / 1e4
    assert by_rule["WAT-LAW-66"].alone_ha == pytest.approx(zone_ha, rel=1e-9)
    assert by_rule["WAT-LAW-66"].alone_percent == pytest.approx(100 * zone_ha / drawn.area_ha)
    added = sum(zone.added_ha for zone in drawn.zones)
    assert drawn.zones[-1].left_ha == pytest.approx(drawn.area_ha - added)
    assert drawn.untouched_ha == pytest.approx(drawn.zones[-1].left_ha)


def test_nothing_is_untouched_where_a_layer_declares_no_coverage() -> None:
    drawn = overlay_clauses(bench(layers(coverage=None)), SITE, AREA)
    assert (drawn.untouched_ha, drawn.uncovered.is_empty) == (0.0, False)


def test_what_cannot_be_drawn_says_why() -> None:
    drawn = overlay_clauses(bench(), replace(SITE, attributes={}, trade_code="1411"), AREA)
    why = {cited.rule_id: text for cited, text in drawn.undrawn}
    assert why["SIT-LAW-ART32"] == "未说明是否可能造成土壤污染，本条未作判断。"
    assert "SIT-QY-SENSITIVE" not in why


def test_a_requirement_touches_outside_and_only_where_data_prove_it() -> None:
    park = shapely.box(113.0, 23.0, 113.05, 23.05)
    covered = shapely.box(112.95, 22.95, 113.15, 23.15)
    table = layer(LayerKind.INDUSTRIAL_PARKS, [("K", "示例园区", "省级", park)]).read()
    stated = pa.array([[("park_lawful", True), ("park_plan_eia", True)]], RECEPTOR_SCHEMA.field("stated").type)
    told = table.set_column(RECEPTOR_SCHEMA.get_field_index("stated"), RECEPTOR_SCHEMA.field("stated"), stated)
    gates = Gates(covered, "示例", Completeness.COMPLETE, "2024")
    parks = Layer("parks", LayerKind.INDUSTRIAL_PARKS, Basis.SYNTHETIC, Provenance("p"), told.to_batches, gates)
    counties = pa.Table.from_pylist([{"id": "451221", "name": "南丹县", "geometry": shapely.to_wkb(COUNTY)}])
    asked = replace(bench([]).question, as_of=date(2024, 6, 30), areas=Areas(counties))
    desk = SitingBench([parks], asked)
    drawn = overlay_clauses(desk, SITE, AREA)
    zone = next(one for one in drawn.zones if one.citation.rule_id == "SIT-GX-PARK")
    assert zone.geometry.equals(shapely.intersection(covered, AREA).difference(park))
    for lon, lat, verdict in ((113.1, 23.1, "prohibited"), (113.02, 23.02, "clear"), (113.2, 23.2, "not_assessed")):
        answer = desk.check(replace(SITE, geometry=shapely.Point(lon, lat)))
        said = next(one for one in answer.clauses if one.citation.rule_id == "SIT-GX-PARK")
        assert said.verdict.value == verdict
