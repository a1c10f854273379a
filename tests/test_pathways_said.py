"""Evidence at its limits: what is said of runoff, irrigation, wind, exceedances and distances, cell by cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from msgspec.structs import replace

from hmgeo.judging.facts import Side
from hmgeo.judging.own_columns import METALS, OutletCells, OwnColumns
from hmgeo.records import WIND_SCHEMA
from hmgeo.results.columns import COUNTS_SCHEMA, FLOW_MET_SCHEMA, FLOW_PATHS_SCHEMA, IRRIGATION_SCHEMA
from hmgeo.results.results import WaterTables
from hmgeo.results.used import VisitOrder
from hmgeo.rules.claims import Dispute, Said
from hmgeo.screening.evidence import (
    EXCEEDANCE_NOT_GIVEN,
    NO_EXCEEDANCE,
    NOT_GIVEN,
    NOT_TRACED,
    Around,
    Evidence,
    Land,
    Pathway,
    Wind,
    distance_class,
    downwind,
    emits,
    evidence_rows,
    pathways_of,
    visiting,
    wind_of,
)
from hmgeo.screening.land import Exceedances, Exceeding, LandView
from hmgeo.water.irrigation import BROKEN, ELSEWHERE, ESTABLISHED, NO_LAYERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.judging.own_columns import JoinedOutlets

Cells = dict[str, Any]


def table(rows: Sequence[Cells], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(schema.names) | one for one in rows], schema)


def runoff(path: Cells | None, *met: Cells, stored: str = "露天堆存", notes: tuple[str, ...] = ()) -> Pathway:
    water = WaterTables(
        paths=table([] if path is None else [{"source_id": "A"} | path], FLOW_PATHS_SCHEMA),
        met=table([{"source_id": "A", "layer": "farmland", "class": ""} | one for one in met], FLOW_MET_SCHEMA),
        notes=notes,
    )
    return pathways_of(water, {"A": stored}).runoff["A"]


WAY = {"length_m": 1_249.0, "note": "入河", "ends": "limit"}


def test_runoff_tells_its_way_the_nearest_parcel_and_the_polluted_ones() -> None:
    told = runoff(
        WAY,
        {"flow_distance_m": 800.0, "class": "安全利用类"},
        {"flow_distance_m": 520.0, "class": "严格管控类"},
        {"flow_distance_m": 900.0, "class": "安全利用类"},
        {"flow_distance_m": 1_000.0, "class": "优先保护类"},
    )
    way = "径流 1.2 km，入河；沿途遇耕地 4 块，最近流程 0.52 km，其中严格管控类 1 块、安全利用类 2 块"
    said = "固废径流途径：堆存「露天堆存」，沿径流 0.52 km 遇耕地"
    assert told == Pathway(way, said, side=Side.MET)


def test_runoff_without_polluted_parcels_names_none() -> None:
    told = runoff(WAY, {"flow_distance_m": 520.0, "class": "优先保护类"})
    assert told.text == "径流 1.2 km，入河；沿途遇耕地 1 块，最近流程 0.52 km"


def test_runoff_meets_only_farmland() -> None:
    told = runoff(WAY, {"flow_distance_m": 5.0, "layer": "water_bodies"})
    assert told == Pathway("径流 1.2 km，入河；沿途现有数据未遇耕地，不等于不受影响", side=Side.NOT_MET)


def test_runoff_that_meets_land_is_no_evidence_while_nothing_is_known_to_lie_there() -> None:
    met = {"flow_distance_m": 520.0}
    way = "径流 1.2 km，入河；沿途遇耕地 1 块，最近流程 0.52 km"
    nothing = runoff(WAY, met, stored="无")
    assert nothing == Pathway(f"{way}；无固废堆存，不作途径证据", side=Side.NOT_MET)
    assert runoff(WAY, met, stored=" ") == Pathway(f"{way}；固废堆存情况未填，不作途径证据", lacks="固废堆存情况")
    unread = runoff(WAY, met, stored=" 不详 ")
    assert unread == Pathway(f"{way}；固废堆存情况所填「不详」看不出有无，不作途径证据", lacks="固废堆存情况")


def test_runoff_that_was_cut_off_stays_open_and_none_where_nothing_lies() -> None:
    cut = {"length_m": 900.0, "note": "流出高程范围", "ends": "edge"}
    text = "径流 0.9 km，流出高程范围；沿途现有数据未遇耕地，不等于不受影响"
    assert runoff(cut) == Pathway(text, lacks="水流资料（径流到头以外）")
    assert runoff(cut, stored="") == Pathway(text, lacks="固废堆存情况、水流资料（径流到头以外）")
    assert runoff(cut, stored="无") == Pathway(text, side=Side.NOT_MET)


def test_runoff_that_nobody_traced_says_why() -> None:
    assert runoff(None) == Pathway(NOT_TRACED, lacks="水流资料（高程）")
    why = runoff(None, notes=("水流未评估：无高程", "其他说明"))
    assert why == Pathway("水流未评估：无高程", lacks="水流资料（高程）")
    others = WaterTables(paths=table([{"source_id": "B"} | WAY], FLOW_PATHS_SCHEMA), notes=("按高程推算",))
    assert pathways_of(others, {"A": "露天堆存"}).runoff["A"].text == NOT_TRACED  # the note isn't why this one lacks it


def irrigation(*chains: Cells) -> Pathway:
    blank = {"source_id": "A", "chain": "链；", "strict_control_ha": 0.0, "safe_use_ha": 0.0, "parcel_count": 0}
    water = WaterTables(chains=table([blank | one for one in chains], IRRIGATION_SCHEMA))
    return pathways_of(water, {}).irrigation["A"]


def whole(chain: str, **cells: object) -> Cells:
    return {"status": ESTABLISHED, "chain": chain, "broken_at": ""} | cells


def test_whole_chains_are_told_before_broken_ones_three_at_most() -> None:
    broken = {"status": BROKEN, "chain": "断。", "broken_at": "取水口"}
    three = [whole(f"链{number}。", parcel_count=number, district_name="东灌区") for number in (1, 2, 3)]
    told = irrigation(broken, *three)
    assert told == Pathway("链1。链2。链3。", "灌溉途径：东灌区，地块 6 块", side=Side.MET)
    more = irrigation(*three, whole("链4。", district_id="G4", safe_use_ha=1.5), whole("链5。", strict_control_ha=2.25))
    assert more.text == "链1。链2。链3。（另有 2 条见「灌溉途径」表）"
    assert more.established == "灌溉途径：东灌区、G4、直接取水，地块 6 块"
    assert more.receptor == "灌溉所及地块中有严格管控类 2.25 ha、安全利用类 1.50 ha"


def test_areas_of_several_chains_are_summed_and_an_empty_class_goes_unnamed() -> None:
    told = irrigation(whole("链1。", safe_use_ha=1.5), whole("链2。", safe_use_ha=0.25))
    assert told.receptor == "灌溉所及地块中有安全利用类 1.75 ha"


def test_a_chain_that_breaks_elsewhere_shows_no_pathway_and_one_that_lacks_data_none_either_way() -> None:
    def cut(broken_at: str, status: str = BROKEN) -> Cells:
        return {"status": status, "broken_at": broken_at}

    assert irrigation(cut(ELSEWHERE), cut(ELSEWHERE)) == Pathway("链；", side=Side.NOT_MET)
    asked = "废水去向及与灌溉取水的关系"
    assert irrigation(cut(ELSEWHERE), cut("取水口")) == Pathway("链；", lacks=asked)
    assert irrigation(cut(NO_LAYERS, "not_assessed")) == Pathway("链；", lacks="水流资料（灌溉取水）")
    assert irrigation(cut(NO_LAYERS, "not_assessed"), cut("取水口")).lacks == asked


def test_the_nearest_direction_speaks_for_a_bearing_the_lower_of_two() -> None:
    wind = Wind({0.0: 40.0, 90.0: 30.0, 180.0: 20.0, 270.0: 10.0})
    assert [wind.downwind_percent(one) for one in (0.0, 89.0, 134.0, 136.0, 224.0, 226.0, 314.0, 316.0)] == [
        20.0, 10.0, 10.0, 40.0, 40.0, 30.0, 30.0, 20.0,
    ]  # fmt: skip
    assert wind.downwind_percent(225.0) == 40.0  # from 45°, as near to 0° as to 90°
    assert wind.downwind_percent(135.0) == 40.0  # from 315°, as near to 360° as to 270°
    assert wind.described() == "风频：气象站未注明，4 方位，静风 0%"


@dataclass
class SideRows:
    """As much of a side table as wind is read from."""

    table: pa.Table


def test_wind_is_none_without_rows_and_calm_is_no_direction() -> None:
    assert wind_of(None) is None
    assert wind_of(SideRows(WIND_SCHEMA.empty_table())) is None  # type: ignore[arg-type]
    rows = [
        {"from_deg": 0.0, "percent": 30.0, "station": "甲站", "years": "1991–2020"},
        {"from_deg": None, "percent": 12.5, "station": "甲站", "years": "1991–2020"},
        {"from_deg": 180.0, "percent": 57.5, "station": "甲站", "years": "1991–2020"},
    ]
    wind = wind_of(SideRows(pa.Table.from_pylist(rows, WIND_SCHEMA)))  # type: ignore[arg-type]
    assert wind == Wind({0.0: 30.0, 180.0: 57.5}, "甲站", "1991–2020", 12.5)
    assert wind.described() == "风频：甲站，1991–2020，2 方位，静风 12.5%"


SOURCE: Cells = {
    "source_id": "A", "name": "甲厂", "status": "assessed", "position_kind": "point", "trade_code": "3212",
    "nearest_farmland_m": 800.0, "nearest_farmland_bearing_deg": 90.0, "counts_are_lower_bounds": False,
}  # fmt: skip


def test_a_share_of_wind_needs_a_bearing() -> None:
    wind = Wind({0.0: 40.0, 90.0: 25.0, 180.0: 20.0, 270.0: 15.0})
    assert downwind(None, SOURCE) == (None, NOT_GIVEN)
    assert downwind(wind, SOURCE) == (15.0, wind.described())
    bare = SOURCE | {"nearest_farmland_bearing_deg": None}
    assert downwind(wind, bare) == (None, "位于地块内或与地块相接，没有方位")
    assert downwind(wind, bare | {"nearest_farmland_m": None}) == (None, "未作距离测算，没有方位")
    assert downwind(wind, SOURCE | {"nearest_farmland_bearing_deg": 0.0}) == (20.0, wind.described())


class Rows:
    """As much of `Positions` as own columns read."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.attributes = pa.Table.from_pylist([dict(cells)])


@dataclass
class Joined:
    """As much of joined outlets as evidence reads."""

    by_source: dict[str, OutletCells]
    of_others: OutletCells = OutletCells()  # noqa: RUF009 -- frozen


AIR = {f"废气{metal}(kg/a)": "0" for metal in METALS}
STATED = {"行业代码": "3212", "是否涉镉": "已认定", "固废堆存情况": "无", "废水去向": "不外排", **AIR}


def row_of(
    cells: Mapping[str, str] = STATED,
    counts: Sequence[Cells] = (),
    *,
    around: Around | None = None,
    outlets: OutletCells | None = None,
    wind: Wind | None = None,
    disputed: Sequence[Dispute] = (),
    **source: object,
) -> Cells:
    blank = {"source_id": "A", "class_kind": "soil_quality", "area_ha": 0.0}
    joined: JoinedOutlets = Joined({} if outlets is None else {"A": outlets})  # type: ignore[assignment]
    told = evidence_rows(
        [SOURCE | {"cadmium": "是"} | source],
        pa.Table.from_pylist([blank | one for one in counts], COUNTS_SCHEMA),
        OwnColumns(Rows(cells)),  # type: ignore[arg-type]  # reads the attributes alone
        radius_m=10_000.0, wind=wind, outlets=joined, around=around, disputed={"A": disputed},
    )  # fmt: skip
    return told[0]


def view(exceedances: Exceedances, held: Exceeding | None = None, *, parcels: int = 1) -> LandView:
    made = LandView(exceedances)
    batch = made.reached.schema.empty_table()
    one = pa.Table.from_pylist([dict.fromkeys(batch.schema.names)] * parcels, batch.schema)
    made._batches = one.to_batches()
    made.exceeding = {} if held is None else {"A": held}
    return made


TOLD = Exceedances(is_told=True)


def test_exceedances_are_told_where_anybody_was_asked() -> None:
    silent = row_of(around=Around(view(Exceedances())))
    assert silent["exceedance"] == EXCEEDANCE_NOT_GIVEN
    assert row_of(around=Around(view(Exceedances(), parcels=0)))["exceedance"] == ""
    assert row_of(around=Around(view(TOLD, parcels=0)))["exceedance"] == ""
    assert row_of(around=Around(view(TOLD)))["exceedance"] == NO_EXCEEDANCE
    only_unsaid = row_of(around=Around(view(TOLD, Exceeding(unstated=2))))
    assert (only_unsaid["exceedance"], only_unsaid.get("exceeding_count")) == (NO_EXCEEDANCE, None)
    assert (only_unsaid["visit_group"], only_unsaid["visit_reason"]) == ("丁", "缺农产品超标情况（2 块未填）。")
    over = row_of(around=Around(view(TOLD, Exceeding(2, 3.5, 420.0, 1))))
    text = "10 km内农产品超标地块 2 块，3.50 ha，最近 420 m"
    assert (over["exceedance"], over["exceeding_count"], over["exceeding_ha"]) == (text, 2, 3.5)
    assert (over["visit_group"], over["visit_reason"]) == ("乙", f"受体：{text}。")
    cut = row_of(around=Around(view(TOLD, Exceeding(2, 3.5, 420.0))), counts_are_lower_bounds=True)
    assert cut["exceedance"] == "10 km内至少农产品超标地块 2 块，3.50 ha，最近 420 m"


def test_sites_are_counted_and_the_nearest_named() -> None:
    sites = LandView()
    sites.nearest, sites.count["A"] = {"A": (12.5, "V1")}, 3
    near = row_of(around=Around(sites=sites))
    assert (near["site_count"], near["nearest_site_id"], near["nearest_site_m"]) == (3, "V1", 12.5)
    none = row_of()
    assert (none["site_count"], none["nearest_site_id"], none["nearest_site_m"]) == (0, "", None)


def test_land_is_taken_by_soil_class_within_the_radius() -> None:
    counts = [
        {"radius_m": 1e3, "class": "严格管控类", "count": 1, "area_ha": 1.0},
        {"radius_m": 1e4, "class": "严格管控类", "count": 1, "area_ha": 2.0},
        {"radius_m": 1e4, "class": "水田", "count": 4, "area_ha": 9.0, "class_kind": "land_use"},
        {"radius_m": 1e4, "class": "未划分", "count": 2, "area_ha": 9.0},
        {"radius_m": 1e4, "class": "三类", "count": 3, "area_ha": 9.0},
        {"radius_m": 1e4, "class": "安全利用类", "count": None, "area_ha": 0.0},
        {"radius_m": 1e3, "class": "未划分", "count": 7, "area_ha": 9.0},
        {"radius_m": 1e4, "class": "all", "count": 9, "area_ha": 9.0, "class_kind": "all"},
    ]
    made = Land.of(pa.Table.from_pylist([{"source_id": "A"} | one for one in counts], COUNTS_SCHEMA), 1e4)
    assert made.unclassed == {"A": 5}
    row = row_of(counts=counts)
    assert (row["strict_control_1km_ha"], row["strict_control_10km_ha"], row["safe_use_10km_ha"]) == (1.0, 2.0, 0.0)
    assert row["strict_control_3km_ha"] is None
    assert row["visit_reason"] == "受体：10 km内有严格管控类 2.00 ha。"
    open_ = row_of(counts=counts[3:])
    assert open_["visit_reason"] == "缺耕地类别（10 km内 5 块未划分或看不懂）。"


def test_a_search_that_leaves_the_data_leaves_the_land_open() -> None:
    row = row_of(counts_are_lower_bounds=True)
    assert (row["visit_group"], row["visit_reason"]) == ("丁", "缺10 km内数据范围以外的耕地。")


def test_stacks_are_those_of_the_outlets_else_the_listed_one() -> None:
    def stacks(**more: Any) -> tuple[float | None, float | None]:  # noqa: ANN401 -- passed on
        row = row_of(STATED | {"排气筒高度": "25"}, **more)
        return row["air_stack_height_m"], row["air_stack_height_max_m"]

    assert stacks(outlets=OutletCells(stacks_m=(15.0, 35.0))) == (15.0, 35.0)
    assert stacks() == (25.0, 25.0)
    assert row_of()["air_stack_height_m"] is None


def test_what_water_receives_it_is_the_first_that_anybody_names() -> None:
    outlets = OutletCells(receiving=("东河", "西河"))
    assert row_of(STATED | {"受纳水体": "清河"}, outlets=outlets)["water_receiving"] == "清河"
    assert row_of(outlets=outlets)["water_receiving"] == "不外排"
    assert row_of(STATED | {"废水去向": ""}, outlets=outlets)["water_receiving"] == "东河、西河"


def test_a_dry_works_has_no_irrigation_unless_its_figures_contradict_it() -> None:
    dry = row_of()
    assert (dry["irrigation_state"], dry["visit_group"]) == ("未见", "丙")
    zeros = {f"废水{metal}(kg/a)": "0" for metal in METALS}
    assert row_of(STATED | {"废水去向": "接管"} | zeros)["irrigation_state"] == "未见"  # all five stated as zero
    assert row_of(STATED | {"废水去向": "接管"})["irrigation_state"] == "待补"
    against = row_of(STATED | {"受纳水体": "清河"})
    assert against["irrigation_state"] == "待补"
    assert against["visit_reason"].startswith("废水去向「不外排」与受纳水体「清河」矛盾，待核实；")
    drains = Dispute(Said("废水去向", "不外排"), (Said("受纳水体", "清河"),))
    told = row_of(STATED | {"受纳水体": "清河"}, disputed=[drains])
    once = "废水去向「不外排」与受纳水体「清河」矛盾，待核实；缺水流资料（灌溉取水）。"  # the same isn't said twice
    assert told["visit_reason"] == once
    quoted = Dispute(Said("备注", "废水去向不详"), (Said("行业代码", "3212"),))  # a value that only names the column
    other = row_of(STATED | {"受纳水体": "清河"}, disputed=[quoted])
    assert other["visit_reason"].startswith(
        "备注「废水去向不详」与行业代码「3212」矛盾，待核实；废水去向「不外排」与受纳水体「清河」矛盾"
    )


def test_emissions_of_the_air_are_a_pathway_and_doubtful_outlets_leave_it_open() -> None:
    wind = Wind({0.0: 40.0, 90.0: 25.0, 180.0: 20.0, 270.0: 15.0})
    held = row_of(STATED | {"废气镉(kg/a)": "1.2"}, wind=wind)
    assert held["air_emissions"] == "镉 1.2 kg/a"
    assert held["visit_reason"] == "大气途径：废气镉 1.2 kg/a，最近耕地处于下风向的时间占 15%。"
    doubt = OutletCells(unstated=frozenset({"废气"}), doubt="排放口 DA001 未填")
    assert row_of(outlets=doubt)["visit_reason"] == "缺废气重金属排放量（排放口 DA001 未填）。"
    blank = row_of(STATED | {"废气镉(kg/a)": ""}, outlets=doubt)
    assert blank["visit_reason"] == "缺废气重金属排放量。"  # the list itself is silent, the outlets needn't be blamed


def test_emits_is_no_only_where_every_metal_is_stated_as_zero() -> None:
    zeros = dict.fromkeys(METALS, 0.0)
    assert emits(zeros, OutletCells(), "废气") is Side.NOT_MET
    assert emits(zeros, OutletCells(unstated=frozenset({"废气"})), "废气") is Side.UNKNOWN
    assert emits(zeros, OutletCells(unstated=frozenset({"废水"})), "废气") is Side.NOT_MET
    assert emits(zeros, OutletCells(emissions_kg={"废气": {"镉": 0.5}}), "废气") is Side.MET
    assert emits(zeros, OutletCells(emissions_kg={"废气": {"镉": 0.0}}), "废气") is Side.NOT_MET
    assert emits(zeros, OutletCells(emissions_kg={"废气": {"镉": -1.0}}), "废气") is Side.UNKNOWN
    assert emits({**zeros, "镉": -1.0}, OutletCells(), "废气") is Side.UNKNOWN
    assert emits({}, OutletCells(emissions_kg={"废水": {"镉": 0.5}}), "废气") is Side.UNKNOWN


def test_listed_and_summed_emissions_differ_beyond_one_percent() -> None:
    def said(listed: str, summed_kg: float) -> str:
        kg = {"废气": {"镉": summed_kg, "铅": 0.0}}
        return str(row_of(STATED | {"废气镉(kg/a)": listed}, outlets=OutletCells(emissions_kg=kg))["air_emissions"])

    assert said("99", 100.0) == "镉 99 kg/a"
    assert said("98.9", 100.0) == "镉 98.9 kg/a（排放口合计 镉 100 kg/a，与清单不一致，待核实）"
    assert said("0", 2.0) == "镉 2 kg/a（排放口合计）"
    assert said("0", 0.0) == ""
    assert said("5", 0.0) == "镉 5 kg/a"


def test_what_is_not_known_of_the_trade_and_the_place_is_missing() -> None:
    assert row_of(STATED | {"是否涉镉": ""}, cadmium="", trade_code="3212")["visit_reason"].startswith(
        "缺行业（是否涉镉）"
    )
    unasked = row_of(STATED | {"是否涉镉": ""}, cadmium=None, trade_code="3212")
    assert unasked["visit_reason"] == "资料齐，仅有距离。"
    assert row_of(STATED | {"是否涉镉": ""}, cadmium=None, trade_code=None)["visit_reason"].startswith("缺行业")
    assert row_of(status="not_located")["visit_reason"].startswith("缺位置")
    assert row_of(position_kind="place")["visit_reason"].startswith("缺位置")


MET, OPEN, NONE = (Pathway(established="有", side=Side.MET), Pathway(lacks="甲"), Pathway(side=Side.NOT_MET))


def test_a_pathway_is_met_by_any_and_open_while_any_is() -> None:
    assert Evidence(NONE, (NONE, MET), NONE).pathway is Side.MET
    assert Evidence(OPEN, (NONE, MET), NONE).pathway is Side.MET
    assert Evidence(NONE, (OPEN, NONE), NONE).pathway is Side.UNKNOWN
    assert Evidence(NONE, (NONE, NONE), NONE).pathway is Side.NOT_MET
    assert [Evidence(one, (), land).group.value for one in (NONE, MET) for land in (NONE, MET)] == list("丙乙乙甲")
    assert Evidence(MET, (), OPEN).group.value == Evidence(OPEN, (), MET).group.value == "丁"
    assert Evidence(MET, (), MET, ("缺",)).group.value == "丁"


def test_the_reason_names_what_is_missing_only_where_it_could_change_the_group() -> None:
    land = Pathway(lacks="地")
    assert Evidence(OPEN, (OPEN,), NONE).reason == "缺甲；缺甲。"
    assert Evidence(MET, (OPEN,), MET).reason == "有；有。"
    assert Evidence(MET, (OPEN,), land).reason == "缺地；有。"
    assert Evidence(MET, (OPEN,), NONE, ("缺位置",)).reason == "缺位置；有。"
    assert Evidence(NONE, (OPEN,), land).reason == "缺甲；缺地。"


def source(distance_m: float | None, error_m: float | None = 0.0, **more: object) -> Cells:
    return {"nearest_farmland_m": distance_m, "position_uncertainty_m": error_m, "position_kind": "point"} | more


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (source(None), (0, "距离未知")), (source(0.0), (1, "0–1 km")), (source(1000.0), (1, "0–1 km")),
        (source(1000.1), (2, "1–2 km")), (source(10_000.0), (5, "5–10 km")), (source(10_000.1), (6, "10 km 以上")),
        (source(30.0, 50.0), (1, "0–1 km")), (source(1040.0, None), (2, "1–2 km")),
        (source(1040.0, 50.0, position_kind="place"), (2, "1–2 km")),
        (source(1040.0, 10.0, nearest_farmland_max_m=1080.0), (1, "0–1 km")),
        (source(1040.0, 10.0, nearest_farmland_max_m=1079.0), (2, "1–2 km")),
        (source(1040.0, 50.0, nearest_farmland_max_m=1041.0), (1, "0–1 km")),
    ],
)  # fmt: skip
def test_a_distance_class_takes_the_nearer_end(row: Cells, told: tuple[int, str]) -> None:
    assert distance_class(row) == told


def test_equals_on_the_list_stand_in_their_order_and_those_without_a_township_last() -> None:
    rows = [
        {"verdict": verdict, "township_code": code, "township": town} | source(100.0)
        for verdict, code, town in (
            ("listed", "", ""), ("clear", "1", "甲"), ("listed", None, "乙"), ("listed", "2", "甲"),
            ("listed", "2", "丙"),
        )
    ]  # fmt: skip
    evidence = [{"visit_group": "甲", "visit_reason": "因"}] * 5
    visiting(rows, evidence, VisitOrder("group"))
    assert [row["list_number"] for row in rows] == [4, None, 3, 1, 2]
    assert [row["visit_group"] for row in rows] == ["甲", "", "甲", "甲", "甲"]
    assert [row["visit_reason"] for row in rows] == ["因", "", "因", "因", "因"]
    assert rows[1]["distance_class"] == ""
    far = [{"verdict": "listed", "township_code": "1", "township": ""} | source(one) for one in (5000.0, None, 900.0)]
    visiting(far, [{"visit_group": one, "visit_reason": ""} for one in "甲乙丁"], VisitOrder("distance"))
    assert [row["list_number"] for row in far] == [3, 1, 2]


def test_a_pathway_that_a_run_did_not_follow_is_open() -> None:
    row = row_of(STATED | {"固废堆存情况": "露天堆存", "废水去向": "排河"}, around=Around())
    assert (row["air_state"], row["irrigation_state"], row["runoff_state"]) == ("未见", "待补", "待补")
    assert (row["water_pathway"], row["waste_pathway"], row["waste_storage"]) == (NOT_TRACED, NOT_TRACED, "露天堆存")
    assert replace(Pathway(), side=Side.MET).text == NOT_TRACED


def test_lengths_are_told_to_the_last_digit_that_is_shown() -> None:
    told = runoff({"length_m": 49_960.0, "note": "入河", "ends": "limit"}, {"flow_distance_m": 49_990.0})
    assert told.text == "径流 50.0 km，入河；沿途遇耕地 1 块，最近流程 49.99 km"
    assert told.established.endswith("沿径流 49.99 km 遇耕地")


def test_broken_chains_are_shown_before_those_that_nobody_assessed() -> None:
    told = irrigation(
        {"status": "not_assessed", "broken_at": NO_LAYERS, "chain": "未评估。"},
        {"status": BROKEN, "broken_at": "取水口", "chain": "断。"},
    )
    assert told.text == "断。"


def test_waste_water_that_goes_somewhere_contradicts_no_figure() -> None:
    row = row_of(STATED | {"废水去向": "接管", "废水镉(kg/a)": "2", "受纳水体": "清河"})
    assert "矛盾" not in row["visit_reason"]
    assert row["water_emissions"] == "镉 2 kg/a"


def test_a_metal_of_the_outlets_that_the_list_leaves_out_is_told() -> None:
    kg = {"废气": {"铅": 5.0, "镉": 1.0}}
    row = row_of(STATED | {"废气铅(kg/a)": "5", "废气镉(kg/a)": ""}, outlets=OutletCells(emissions_kg=kg))
    assert row["air_emissions"] == "铅 5 kg/a（排放口合计 镉 1 kg/a，与清单不一致，待核实）"


def test_half_a_hectare_of_polluted_land_counts_and_a_blank_count_is_none() -> None:
    counts = [
        {"radius_m": 1e4, "class": "严格管控类", "count": 1, "area_ha": 0.5},
        {"radius_m": 1e4, "class": "未划分", "count": None, "area_ha": 0.0},
    ]
    assert row_of(counts=counts)["visit_reason"] == "受体：10 km内有严格管控类 0.50 ha。"
    assert row_of(counts=counts[1:])["visit_reason"] == "资料齐，仅有距离。"


def test_a_place_has_no_bearing_and_its_least_distance_no_error() -> None:
    wind = Wind({0.0: 40.0, 90.0: 25.0, 180.0: 20.0, 270.0: 15.0})
    somewhere = SOURCE | {"nearest_farmland_bearing_deg": None, "position_kind": "place"}
    assert downwind(wind, somewhere) == (None, "仅知所在行政区，没有方位")
    assert distance_class(source(1000.5, 50.0, position_kind="place")) == (2, "1–2 km")
