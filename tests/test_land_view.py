"""The view from the land at its limits: who reaches a parcel, whose produce exceeds, townships, totals by county."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import shapely
from msgspec.structs import replace
from strategies import layer_of

from hmgeo.reference.tables import ELEMENTS, EXCEEDS
from hmgeo.results.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA
from hmgeo.screening.land import (
    ALL_COUNTIES,
    NO_COUNTY,
    NO_TOWNSHIP,
    SOURCES_NAMED,
    Exceedances,
    LandView,
    exceedances_of,
    land_totals,
    named_sources,
    sources_by_town,
    township_table,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from hmgeo.records import Layer

Reached = list[tuple[str, float]]
NAMES = {"441802": "清城区", "441802105": "龙塘镇", "441803": "清新区"}
GROUND = shapely.to_wkb(shapely.box(113, 23, 113.001, 23.001))


def parcel(name: str, town: str | None, word: str, area_ha: float, reached: Reached) -> dict[str, Any]:
    return {
        "receptor_id": name, "receptor_kind": "farmland", "name": "", "class": word, "area_ha": area_ha,
        "township": town, "source_count": len(reached), "nearest_source_id": reached[0][0] if reached else "",
        "nearest_source_m": reached[0][1] if reached else None, "geometry": GROUND,
    }  # fmt: skip


def take(view: LandView, *rows: tuple[str, str | None, str, float, Reached]) -> LandView:
    """Hand a view some receptors after their pairs, as a pass does."""
    pairs = [
        {"source_id": source, "receptor_id": name, "receptor_kind": "farmland", "distance_m": distance_m}
        for name, _, _, _, reached in rows
        for source, distance_m in reached
    ]
    for batch in pa.Table.from_pylist(pairs, PAIRS_SCHEMA).to_batches():
        view.pairs.write(batch)
    for batch in pa.Table.from_pylist([parcel(*one) for one in rows], RECEPTORS_SCHEMA).to_batches():
        view.write(batch)
    return view


def test_a_later_batch_is_the_nearest_only_where_it_is_nearer() -> None:
    view = LandView()
    take(view, ("P1", "龙塘镇", "未划分", 1.0, [("S1", 300.0)]))
    take(view, ("P2", "龙塘镇", "未划分", 1.0, [("S1", 300.0)]))
    assert view.nearest == {"S1": (300.0, "P1")}  # the first of equals
    take(view, ("P3", "龙塘镇", "未划分", 1.0, [("S1", 299.0), ("S2", 5.0)]))
    take(view, ("P4", "龙塘镇", "未划分", 1.0, [("S1", 400.0)]))
    assert view.nearest == {"S1": (299.0, "P3"), "S2": (5.0, "P3")}
    assert {key: (met.count, met.least_m) for key, met in view.met.items()} == {
        ("龙塘镇", "S1"): (4, 299.0), ("龙塘镇", "S2"): (1, 5.0),
    }  # fmt: skip
    assert view.count == {"S1": 4, "S2": 1}


def test_within_one_batch_the_nearest_is_the_least_and_the_first_of_equals() -> None:
    view = take(
        LandView(),
        ("P1", "甲", "未划分", 1.0, [("S1", 70.0)]),
        ("P2", "甲", "未划分", 1.0, [("S2", 9.0), ("S1", 60.0)]),
        ("P3", "甲", "未划分", 1.0, [("S1", 60.0)]),
    )
    assert view.nearest == {"S1": (60.0, "P2"), "S2": (9.0, "P2")}


def test_receptors_without_pairs_have_no_sources_and_pairs_wait_for_the_next_batch_only() -> None:
    view = take(LandView(), ("P1", "甲", "未划分", 1.0, [("S1", 70.0)]))
    take(view, ("P2", "甲", "未划分", 1.0, []))
    assert view.reached["sources"].to_pylist() == ["S1（70 m）", ""]
    assert view.receptors.column_names == RECEPTORS_SCHEMA.names
    nobody = LandView()
    nobody.pairs.write(pa.RecordBatch.from_pylist([], PAIRS_SCHEMA))
    nobody.write(pa.RecordBatch.from_pylist([], RECEPTORS_SCHEMA))
    assert (nobody.reached.num_rows, nobody.nearest, nobody.met) == (0, {}, {})


def test_equally_near_sources_are_named_in_the_order_they_came() -> None:
    view = take(LandView(), ("P1", "甲", "未划分", 1.0, [("S9", 40.0), ("S2", 40.0), ("S1", 39.6)]))
    assert view.reached["sources"].to_pylist() == ["S1（40 m）；S9（40 m）；S2（40 m）"]


def test_a_cell_names_twenty_sources_and_counts_the_rest() -> None:
    ids = [f"S{number}" for number in range(SOURCES_NAMED)]
    assert named_sources(ids, [1.0] * 20) == "；".join(f"{one}（1 m）" for one in ids)
    assert named_sources([*ids, "T", "U"], [1.0] * 22).endswith("；S19（1 m）；另有 2 家")
    assert named_sources([], []) == ""


def test_what_exceeds_and_what_nobody_says_is_counted_for_each_source() -> None:
    told = Exceedances(is_told=True, elements={"P1": "镉", "P3": ""}, sound=frozenset({"P2"}))
    view = take(
        LandView(told),
        ("P1", "甲", "未划分", 2.5, [("S1", 420.0), ("S2", 30.0)]),
        ("P2", "甲", "未划分", 4.0, [("S1", 10.0)]),
        ("P3", "甲", "未划分", 1.0, [("S1", 400.0)]),
        ("P4", "甲", "未划分", 8.0, [("S2", 5.0), ("S3", 6.0)]),
    )
    found = {one: (held.count, held.area_ha, held.least_m, held.unstated) for one, held in view.exceeding.items()}
    assert found == {
        "S1": (2, 3.5, 400.0, 0), "S2": (1, 2.5, 30.0, 1), "S3": (0, 0.0, float("inf"), 1),
    }  # fmt: skip


def test_nothing_is_counted_as_exceeding_where_nobody_was_asked() -> None:
    view = take(LandView(Exceedances()), ("P1", "甲", "未划分", 2.5, [("S1", 420.0)]))
    assert view.exceeding == {}


def stating(*cells: dict[str, str] | None, batch_rows: int = 1_000) -> Layer:
    """Return farmland whose rows say these things of themselves."""
    plain = layer_of([shapely.box(113, 23, 113.001, 23.001)] * len(cells), batch_rows=batch_rows)
    table = plain.read()
    at = table.schema.get_field_index("links")
    told = [None if one is None else list(one.items()) for one in cells]
    filled = table.set_column(at, table.schema.field(at), pa.array(told, table.schema.field(at).type))
    return replace(plain, open_batches=lambda: filled.to_batches(max_chunksize=batch_rows))


def test_words_for_yes_and_no_are_read_and_others_are_neither() -> None:
    found = exceedances_of(
        stating(
            {EXCEEDS: "是", ELEMENTS: "镉、铅"}, {EXCEEDS: " YES "}, {EXCEEDS: "否"}, {EXCEEDS: "未超标"},
            {EXCEEDS: "不详"}, {EXCEEDS: ""}, None, {"intake": "X"},
        )
    )  # fmt: skip
    assert found == Exceedances(is_told=True, elements={"P0": "镉、铅", "P1": ""}, sound=frozenset({"P2", "P3"}))


def test_exceedances_are_told_by_any_batch_and_by_none_where_there_is_no_word() -> None:
    assert exceedances_of(None) == Exceedances()
    assert exceedances_of(stating(None, {"intake": "X"})) == Exceedances()
    parts = exceedances_of(stating({EXCEEDS: "是"}, None, {EXCEEDS: "否"}, batch_rows=1))
    assert parts == Exceedances(is_told=True, elements={"P0": ""}, sound=frozenset({"P2"}))
    assert exceedances_of(stating({EXCEEDS: ""}, {"intake": "X"})).is_told  # the column is there, its cells are blank
    plain = layer_of([shapely.box(113, 23, 113.001, 23.001)])
    bare = replace(plain, open_batches=lambda: [one.drop_columns(["links"]) for one in plain.batches()])
    assert exceedances_of(bare) == Exceedances()


def towns_of(view: LandView, sources: Sequence[dict[str, Any]] = (), sites: pa.Table | None = None) -> dict[str, Any]:
    table = township_table(view, sources, NAMES, 10_000.0, sites)
    return {row["township"]: row for row in table.to_pylist()}


def test_a_township_by_code_by_name_and_without_either() -> None:
    view = take(
        LandView(),
        ("P1", "441802105", "严格管控类", 1.0, [("S1", 9.0)]),
        ("P2", "龙塘镇", "安全利用类", 2.0, []),
        ("P3", None, "优先保护类", 4.0, [("S1", 8.0), ("S2", 7.0)]),
        ("P4", "某乡", "未划分", 8.0, [("S2", 6.0)]),
    )
    own = [
        {"township_code": "441802105", "township": "别名"},
        {"township_code": "", "township": "某乡"},
        {"township_code": None, "township": None},
    ]
    rows = towns_of(view, own)
    assert list(rows) == ["龙塘镇", "某乡", NO_TOWNSHIP]  # what has no township stands last
    place = [(row["township_code"], row["county"], row["source_count"]) for row in rows.values()]
    assert place == [("441802105", "清城区", 1), ("", "", 1), ("", "", 1)]
    land = [
        (row["farmland_count"], row["farmland_area_ha"], row["reached_count"], row["reached_area_ha"])
        for row in rows.values()
    ]
    assert land == [(2, 3.0, 1, 1.0), (1, 8.0, 1, 8.0), (1, 4.0, 1, 4.0)]
    names = ("priority_protection", "safe_use", "strict_control", "unclassified")
    by_class = [tuple(row[f"reached_{name}_ha"] for name in names) for row in rows.values()]
    assert by_class == [(0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 8.0), (4.0, 0.0, 0.0, 0.0)]
    near = [(row["reaching_count"], row["nearest_source_id"], row["nearest_source_m"]) for row in rows.values()]
    assert near == [(1, "S1", 9.0), (1, "S2", 6.0), (2, "S2", 7.0)]
    assert {row["radius_m"] for row in rows.values()} == {10_000.0}


def test_a_code_that_names_nothing_is_told_as_it_stands() -> None:
    rows = towns_of(take(LandView(), ("P1", "449999999", "未划分", 1.0, [])))
    assert [(one["township_code"], one["county"]) for one in rows.values()] == [("449999999", "")]
    assert [(one["nearest_source_id"], one["nearest_source_m"], one["sources"]) for one in rows.values()] == [
        ("", None, "")
    ]


def test_of_two_codes_with_one_name_the_first_is_meant() -> None:
    names = {"441802": "清城区", "441802105": "龙塘镇", "441803105": "龙塘镇"}
    view = take(LandView(), ("P1", "龙塘镇", "未划分", 1.0, []))
    assert township_table(view, [], names, 1.0)["township_code"].to_pylist() == ["441802105"]


def test_villages_are_counted_by_the_township_that_they_name() -> None:
    rows = [
        ("V1", "441802105", "", 0.0, [("S1", 5.0), ("S2", 6.0)]), ("V2", "龙塘镇", "", 0.0, []),
        ("V3", "某乡", "", 0.0, [("S1", 5.0)]),
    ]  # fmt: skip
    sites = take(LandView(), *rows).reached
    towns = towns_of(take(LandView(), ("P1", "龙塘镇", "未划分", 1.0, [])), sites=sites)
    assert {name: (row["site_count"], row["reached_site_count"]) for name, row in towns.items()} == {
        "龙塘镇": (2, 1), "某乡": (1, 1),
    }  # fmt: skip
    assert (towns["某乡"]["farmland_count"], towns["某乡"]["farmland_area_ha"]) == (0, 0.0)


def test_a_township_lists_twenty_who_reach_it_by_any_of_its_names() -> None:
    many = [(f"S{number:02d}", 100.0 + number) for number in range(22)]
    view = take(
        LandView(),
        ("P1", "龙塘镇", "未划分", 1.0, many),
        ("P2", "441802105", "未划分", 1.0, [("S21", 1.0), ("S03", 999.0)]),
    )
    table = township_table(view, [], NAMES, 10_000.0)
    ((first, *others),) = sources_by_town(view, table, NAMES)
    assert first == ("S21", 1.0)
    assert others == many[:19]
    assert table["reaching_count"].to_pylist() == [22]


def totals(
    view: LandView, sources: Sequence[bytes | None], beyond: Sequence[tuple[str, float]]
) -> list[dict[str, Any]]:
    counts = pa.table(
        {
            "source_id": pa.array([one for one, _ in beyond], pa.string()),
            "radius_m": pa.array([radius_m for _, radius_m in beyond], pa.float64()),
            "is_lower_bound": pa.array([True] * len(beyond), pa.bool_()),
        }
    )
    rows = [{"geometry": one} for one in sources]
    return land_totals(view.receptors, rows, counts, (100.0, 200.0), NAMES).to_pylist()


def test_a_parcel_on_the_radius_lies_within() -> None:
    view = take(
        LandView(),
        ("P1", "441802105", "未划分", 1.0, [("S1", 100.0)]),
        ("P2", "441803", "未划分", 2.0, [("S1", 200.0)]),
        ("P3", "449999001", "未划分", 4.0, [("S1", 200.1)]),
        ("P4", "某乡", "未划分", 8.0, [("S1", 1.0)]),
        ("P5", None, "未划分", 16.0, []),
    )
    rows = [one for one in totals(view, [GROUND], []) if one["class"] == "all"]
    assert {(one["county_code"], one["county"], one["radius_m"]): one["area_ha"] for one in rows} == {
        ("", ALL_COUNTIES, 100.0): 9.0, ("", ALL_COUNTIES, 200.0): 11.0,
        ("", NO_COUNTY, 100.0): 8.0, ("", NO_COUNTY, 200.0): 8.0,
        ("441802", "清城区", 100.0): 1.0, ("441802", "清城区", 200.0): 1.0,
        ("441803", "清新区", 100.0): 0.0, ("441803", "清新区", 200.0): 2.0,
        ("449999", "449999", 100.0): 0.0, ("449999", "449999", 200.0): 0.0,
    }  # fmt: skip
    assert {one["is_lower_bound"] for one in rows} == {False}


def test_totals_are_a_floor_where_any_search_leaves_the_coverage_or_anyone_has_no_position() -> None:
    view = take(LandView(), ("P1", "441802105", "未划分", 1.0, [("S1", 100.0)]))
    of_all = [one for one in totals(view, [GROUND], [("S1", 200.0), ("S1", 200.0)]) if one["county_code"] == ""]
    told = {(one["radius_m"], one["is_lower_bound"], one["sources_beyond_coverage"]) for one in of_all}
    assert told == {(100.0, False, 0), (200.0, True, 1)}
    unplaced = totals(view, [GROUND, None, None], [])
    assert {(one["is_lower_bound"], one["sources_unplaced"]) for one in unplaced} == {(True, 2)}
    assert totals(LandView(), [GROUND], []) == []


def test_equally_near_sources_of_a_township_stand_by_their_ids() -> None:
    view = take(LandView(), ("P1", "龙塘镇", "未划分", 1.0, [("S9", 5.0), ("S1", 5.0), ("S5", 4.0)]))
    assert towns_of(view)["龙塘镇"]["sources"] == "S5（4 m）；S1（5 m）；S9（5 m）"
