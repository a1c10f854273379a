"""Clauses compiled for the page: plain tables with the limits, sets and words that judging uses."""

from __future__ import annotations

import base64
import json
import zlib

import pytest
import shapely
from msgspec.structs import replace
from siting_world import bench, layer, layers
from small_results import small_results

from hmgeo.outputs.map.click import ClickPage
from hmgeo.outputs.map.ground import can_carry, ground
from hmgeo.outputs.map.page import map_page
from hmgeo.results.results import Presentation
from hmgeo.siting.page_rules import compile_rules, leaves_of
from hmgeo.vocabulary import Classification, LayerKind

COMPILED = compile_rules(bench())


def record_of(rule_id: str, place: str, compiled: object = COMPILED) -> dict[str, object]:
    found = [compiled.clauses[number] for number in compiled.places[place]]
    return next(one for one in found if compiled.citations[one["cite"]].rule_id == rule_id)


def test_a_distance_clause_is_its_limit_its_set_and_its_sides() -> None:
    record = record_of("SIT-LAW-ART32", "441802105")
    tree = record["trees"][0]
    assert (tree["op"], tree["limit"], tree["hit"], tree["open"]) == ("near", 500.0, "met", "")
    assert tree["why"] == ["「“周边”的距离」按使用单位选定的 500 m 判断，条文未规定，非法定距离。"]
    assert record["sides"] == {"met": "prohibited", "not_met": "clear", "unknown": "not_assessed"}
    assert (record["actions"], record["trade"]) == (["new", "reconstruct", "expand"], None)
    assert record["conditions"] == [["may_pollute_soil", True]]
    held = COMPILED.sets[tree["set"]]
    assert (held.layer, held.title) == ("sensitive_sites", "敏感目标（居民区、学校、医院、疗养院、养老院）")
    assert list(held.states) == [1, 1]


def test_a_set_says_which_features_count_and_which_nobody_can_tell() -> None:
    parks = layer(LayerKind.INDUSTRIAL_PARKS, [("P1", "示例园区", "省级", shapely.box(113.0, 23.0, 113.01, 23.01))])
    compiled = compile_rules(bench([*layers(), parks]))
    number = record_of("SIT-QY-PARK-SUSPEND", "441802105", compiled)["trees"][0]["set"]
    assert list(compiled.sets[number].states) == [2]
    assert compiled.sets[number].untold == (
        "「工业园区」{name}未载明是否园区环保基础设施完善且治理设施正常运行，本条未作判断。"
    )


def test_places_that_a_clause_does_not_tell_apart_share_a_record() -> None:
    one, other = (record_of("SIT-LAW-ART32", place) for place in ("441802105", "441803"))
    assert one is other
    inside, outside = (record_of("SIT-QY-KEYAREA-BAN", place) for place in ("441802105", "441803"))
    assert [one["trees"][0]["side"] for one in (inside, outside)] == ["met", "not_met"]
    assert inside["trees"][0]["said"] == ["位于清城区龙塘镇，位于条文所列重点区域内。"]


def test_a_missing_layer_and_an_unset_limit_are_said_in_the_words_of_judging() -> None:
    leaf = record_of("SIT-QY-RURAL", "441802105")["trees"][0]
    assert leaf["why"] == ["未提供「农村地区和欠发达地区」，本条未评估。请向农业农村部门获取。"]
    unset = compile_rules(bench(surroundings_m=""))
    leaf = record_of("SIT-LAW-ART32", "441802105", unset)["trees"][0]
    assert leaf["why"][0].startswith("条文未规定「“周边”的距离」，须由使用单位确定并说明理由。")


def test_what_no_position_changes_is_settled() -> None:
    settled = record_of("WAT-QY-UPSTREAM", "441802105")
    assert settled["fixed"]["verdict"] == "not_applicable"
    assert "trees" not in settled


def test_a_ground_keeps_labels_with_their_states_and_refuses_mixed_shapes() -> None:
    shapes = shapely.from_wkt(["POINT (113.123456789 23.5)", "POINT (113 23)", "POINT (113.1 23.5)"])
    packed = ground(shapes, ["甲", "乙", "丙"], [b"\x01\x00\x02"])
    content = zlib.decompress(base64.b64decode(packed), -zlib.MAX_WBITS)
    labels = content[-11:].decode().split("\n")
    assert dict(zip(labels, content[-14:-11], strict=True)) == {"甲": 1, "乙": 0, "丙": 2}
    assert not can_carry(shapely.from_wkt(["GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1))"]))


@pytest.mark.parametrize(
    ("classification", "audience", "why"),
    [
        (Classification.INTERNAL, "internal", ""),
        (Classification.INTERNAL, "public", "「敏感目标」未标为公开，未载入公开版页面，未在页面评估。"),
        (Classification.CLASSIFIED, "internal", "「敏感目标」为涉密，未载入页面，未在页面评估。"),
    ],
)
def test_a_layer_that_may_not_be_shown_is_not_in_the_page(
    classification: Classification, audience: str, why: str
) -> None:
    marked = {code: replace(one, classification=Classification.PUBLIC) for code, one in COMPILED.layers.items()}
    marked["sensitive_sites"] = replace(marked["sensitive_sites"], classification=classification)
    made = ClickPage(replace(COMPILED, layers=marked), Presentation(audience=audience))
    leaves = [leaf for one in made.data["records"] for tree in one.get("trees", ()) for leaf in leaves_of(tree)]
    asking = [leaf for leaf in leaves if made.data["sets"][leaf.get("set", 1)]["layer"] == "sensitive_sites"]
    assert ("sensitive_sites" in made.data["layers"]) is (not why)
    assert bool(asking) is (not why)
    asked = sum(COMPILED.sets[leaf["set"]].layer == "sensitive_sites" for leaf in compiled_leaves() if "set" in leaf)
    assert asked >= 2
    assert [leaf["why"] for leaf in leaves if leaf["op"] == "off"] == ([[why]] * asked if why else [])
    packed = "".join(text for _, text in made.scripts())
    assert (ground(*_sites()) in packed) is (not why)


def compiled_leaves() -> list[dict[str, object]]:
    return [leaf for one in COMPILED.clauses for tree in one.get("trees", ()) for leaf in leaves_of(tree)]


def _sites() -> tuple[object, list[str], list[bytes]]:
    table = COMPILED.layers["sensitive_sites"].features
    shapes = shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))
    return shapes, table["label"].to_pylist(), [one.states for one in COMPILED.sets if one.layer == "sensitive_sites"]


def test_the_page_is_the_same_on_a_rerun_and_carries_no_rule_of_another_territory() -> None:
    results = replace(small_results(), compiled_rules=COMPILED)
    page = map_page(results, Presentation())
    assert page == map_page(replace(small_results(), compiled_rules=compile_rules(bench())), Presentation())
    data = json.loads(page.split('id="hmgeo-data">')[1].split("</script>")[0])
    click = data["click"]
    cited = {
        code: {click["citations"][click["records"][number]["cite"]]["rule"] for number in numbers}
        for code, numbers in click["places"].items()
    }
    assert {code for code, rules in cited.items() if any(rule.startswith("SIT-JY") for rule in rules)} == {""}
    assert "SIT-LAW-ART32" in cited["441802105"]
    assert 'id="tool-ask"' in page
    assert 'id="tool-ask"' not in map_page(small_results(), Presentation())
