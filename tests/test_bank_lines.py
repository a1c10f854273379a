"""Setbacks from the Yangtze: from a bank line only, with the text's own exception."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
import shapely

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.judging.applies import Subject
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Facts
from hmgeo.judging.judge import Judgement, judge
from hmgeo.judging.layers import LayerFacts, LayerIndexes
from hmgeo.judging.places import Places
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.rules.book import load_book
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Action, Basis, Completeness, LayerKind

BANK = shapely.LineString([(114.0, 30.0), (115.0, 30.0)])
NEAR_M, FAR_M = 2_999.0, 3_001.0
MAIN, IMPORTANT = LayerKind.RIVER_SHORELINE_MAIN, LayerKind.RIVER_SHORELINE_IMPORTANT_TRIBUTARY
AROUND = shapely.box(113, 29, 116, 31)


def layer(kind: LayerKind, *, basis: Basis = Basis.REAL, word: str = "", shape: shapely.Geometry = BANK) -> Layer:
    row = {"receptor_id": "R1", "name": "长江", "class": word, "geometry": shapely.to_wkb(shape)}
    table = pa.Table.from_pylist([row], RECEPTOR_SCHEMA)
    gates = Gates(AROUND, completeness=Completeness.COMPLETE)
    return Layer(kind.value, kind, basis, Provenance("x.gpkg"), table.to_batches, gates, 1)


def judged(
    rule_id: str, layers: list[Layer], distance_m: float, action: str = "new", *, for_safety: bool | None = None
) -> Judgement:
    lon, lat, _ = ELLIPSOID.fwd(114.5, 30.0, 0.0, distance_m)
    facts = Facts(LayerFacts(shapely.Point(lon, lat), 0.0, LayerIndexes(layers), Places()))
    rule = load_book().get(rule_id)
    standing = standing_of(rule, as_of=date(2024, 6, 30), place_codes=codes_of_place("420281"), adopted=False)
    said = {} if for_safety is None else {"for_safety_or_ecology": for_safety}
    return judge(rule, standing, Subject("tailings_ponds", "", "", Action.of(action), said), facts, Choices())


@pytest.mark.parametrize(
    ("rule_id", "kind", "limit_m"), [("SIT-CJ-3KM", MAIN, 3_000.0), ("SIT-CJ-TRIB-1KM", IMPORTANT, 1_000.0)]
)
def test_a_bank_line_gives_a_verdict_on_both_sides_of_the_limit(rule_id: str, kind: LayerKind, limit_m: float) -> None:
    near, far = (judged(rule_id, [layer(kind)], limit_m + off_m) for off_m in (-1.0, 1.0))
    assert (near.verdict.value, far.verdict.value) == ("prohibited", "clear")
    assert near.measurement is not None
    assert near.measurement.value == pytest.approx(limit_m - 1.0, abs=0.01)


def test_an_area_of_water_is_measured_from_its_edge() -> None:
    river = shapely.box(114.0, 29.98, 115.0, 30.0)
    found = judged("SIT-CJ-3KM", [layer(MAIN, shape=river)], NEAR_M)
    assert found.verdict.value == "prohibited"


@pytest.mark.parametrize("distance_m", [NEAR_M, FAR_M])
def test_a_river_layer_never_stands_for_the_bank(distance_m: float) -> None:
    found = judged("SIT-CJ-3KM", [layer(LayerKind.RIVERS)], distance_m)
    assert found.verdict.value == "not_assessed"
    assert found.note.startswith(
        "未提供「干流岸线」，本条未评估。请向水利部门获取。「河流」图层只有中心线或比例尺过小，不能代替岸线"
    )


def test_without_any_river_only_the_bank_line_is_asked_for() -> None:
    found = judged("SIT-CJ-3KM", [], NEAR_M)
    assert found.verdict.value == "not_assessed"
    assert "未提供「干流岸线」" in found.note
    assert "「河流」" not in found.note


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (layer(MAIN, basis=Basis.APPROXIMATE), "「干流岸线」为示意数据，不能作岸线量距"),
        (layer(MAIN, word="河道中心线"), "「干流岸线」含河道中心线，不能作岸线量距"),
    ],
)
@pytest.mark.parametrize("distance_m", [NEAR_M, FAR_M])
def test_a_centreline_under_the_name_of_a_bank_line_is_not_measured(made: Layer, words: str, distance_m: float) -> None:
    found = judged("SIT-CJ-3KM", [made, layer(LayerKind.RIVERS)], distance_m)
    assert found.verdict.value == "not_assessed"
    assert words in found.note


@pytest.mark.parametrize(
    ("action", "for_safety", "verdict"),
    [
        ("reconstruct", True, "not_applicable"),
        ("reconstruct", False, "prohibited"),
        ("reconstruct", None, "prohibited"),
        ("new", True, "prohibited"),
        ("expand", True, "prohibited"),
    ],
)
def test_only_a_reconstruction_for_safety_or_ecology_is_excepted(
    action: str,
    for_safety: bool | None,  # noqa: FBT001
    verdict: str,
) -> None:
    found = judged("SIT-CJ-3KM", [layer(MAIN)], NEAR_M, action, for_safety=for_safety)
    assert found.verdict.value == verdict
