"""The chain outlet, water, intake, district, parcels on tables small enough for a pencil."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import shapely
from msgspec.structs import replace

from hmgeo.records import RECEPTOR_SCHEMA
from hmgeo.results.columns import IRRIGATION_SCHEMA
from hmgeo.results.results import WaterTables
from hmgeo.screening.evidence import pathways_of
from hmgeo.water.irrigation import Along, ChainSource, ChainTables, irrigation_chains


def table(*rows: dict[str, Any]) -> pa.Table:
    empty = {"name": "", "class": "", "township": "", "links": {}, "geometry": shapely.Point(107.5, 24.9)}
    full = [{**empty, **row} for row in rows]
    made = [{**row, "links": list(row["links"].items()), "geometry": shapely.to_wkb(row["geometry"])} for row in full]
    return pa.Table.from_pylist(made, RECEPTOR_SCHEMA)


def parcel(number: str, word: str, hectares: float, lon: float = 107.5, **links: str) -> dict[str, Any]:
    return {
        "receptor_id": number, "class": word, "official_area_m2": hectares * 10_000, "links": links,
        "geometry": shapely.box(lon, 24.9, lon + 0.001, 24.901),
    }  # fmt: skip


OUTFALLS = table({"receptor_id": "P1", "name": "一号口", "links": {"enterprise": "A", "water": "东 河"}})
INTAKES = table({"receptor_id": "Q1", "name": "渠首", "links": {"water": "东河", "district": "G1"}})
DISTRICTS = table({"receptor_id": "G1", "name": "东灌区", "geometry": shapely.box(107.4, 24.8, 107.6, 25.0)})
PARCELS = table(
    parcel("F1", "严格管控类", 1.5, district="东灌区"),
    parcel("F2", "安全利用类", 2.0),
    parcel("F3", "优先保护类", 4.0, lon=107.9),
    parcel("F4", "优先保护类", 8.0, district="西灌区"),
)
A = ChainSource("A", "甲厂", geometry=shapely.Point(107.5, 24.9))


WHOLE = ChainTables(OUTFALLS, INTAKES, DISTRICTS, PARCELS)


def chain(source: ChainSource = A, tables: ChainTables = WHOLE) -> dict[str, Any]:
    (row,) = irrigation_chains([source], tables)
    return row


def test_a_whole_chain_names_every_link_and_what_it_rests_on() -> None:
    row = chain()
    assert (row["status"], row["parcel_count"], row["area_ha"]) == ("established", 2, 3.5)
    assert (row["strict_control_ha"], row["safe_use_ha"], row["broken_at"]) == (1.5, 2.0, "")
    assert row["chain"] == (
        "排污口 一号口（入河排污口表） → 受纳水体 东 河（入河排污口表「受纳水体」） → "
        "取水口 渠首（灌溉取水口表「水源」，上下游关系未核实） → 灌区 东灌区（取水口表「灌区」） → "
        "地块 2 块 3.50 ha（地块表所列 1 块、未写灌区而位于灌区范围内 1 块），"
        "其中严格管控类 1.50 ha、安全利用类 2.00 ha。"
    )


def test_without_intakes_the_pathway_is_not_assessed() -> None:
    row = chain(tables=replace(WHOLE, intakes=None))
    assert (row["status"], row["chain"]) == (
        "not_assessed",
        "灌溉途径未评估：未提供「灌溉取水口」，请向水利、自然资源部门获取。",
    )


def test_every_broken_link_is_named() -> None:
    assert chain(ChainSource("B", "乙厂"))["broken_at"] == "受纳水体"
    other = table({"receptor_id": "Q1", "links": {"water": "西河"}})
    assert chain(tables=replace(WHOLE, intakes=other))["chain"].endswith(
        "缺「取水口」：灌溉取水口表中没有以「东 河」为水源的取水口，不等于实地没有。"
    )
    lost = table({"receptor_id": "Q1", "name": "渠首", "links": {"water": "东河", "district": "G9"}})
    assert chain(tables=replace(WHOLE, intakes=lost))["chain"].endswith("缺「灌区」：灌区表中没有「G9」。")
    assert chain(tables=replace(WHOLE, parcels=PARCELS.slice(2, 2)))["broken_at"] == "地块"


def test_an_intake_above_the_outlet_breaks_the_chain_and_one_below_says_how_far() -> None:
    above = chain(tables=replace(WHOLE, along=lambda _upper, _lower: Along(None, "按高程推算")))
    assert (above["status"], above["broken_at"]) == ("broken", "上下游")
    below = chain(tables=replace(WHOLE, along=lambda _upper, _lower: Along(1234.0, "按所绘河网")))
    assert below["intake_flow_m"] == 1234.0
    assert "排污口下游 1.2 km，按所绘河网" in below["chain"]


def test_waters_of_other_lists_count_where_no_outfall_is_listed() -> None:
    source = ChainSource("B", "乙厂", (("东河", "排放口表「受纳水体」"),))
    row = chain(source)
    assert row["status"] == "established"
    assert row["chain"].startswith("乙厂（入河排污口表中没有该企业） → 受纳水体 东河（排放口表「受纳水体」）")


def test_a_whole_chain_is_evidence_of_a_pathway_and_of_receptors() -> None:
    water = WaterTables(chains=pa.Table.from_pylist([chain()], IRRIGATION_SCHEMA), notes=("水流未评估：…",))
    found = pathways_of(water, {"A": ""})
    assert found.irrigation["A"].established == "灌溉途径：东灌区，地块 2 块"
    assert found.irrigation["A"].receptor == "灌溉所及地块中有严格管控类 1.50 ha、安全利用类 2.00 ha"
    assert found.runoff["A"].text == "水流未评估：…"
