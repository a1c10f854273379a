"""现场核查先后（建议）: groups by what is known, never by silence; distance classes; one number a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from small_results import small_results

from hmgeo.errors import ProjectError
from hmgeo.judging.applies import cadmium_of
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.own_columns import METALS, OwnColumns, join_outlets
from hmgeo.outputs import wording
from hmgeo.project.spec import read_spec
from hmgeo.results.columns import COUNTS_SCHEMA
from hmgeo.results.results import WaterTables
from hmgeo.results.used import VisitOrder
from hmgeo.screening.evidence import Around, distance_class, evidence_rows, pathways_of, visiting
from hmgeo.vocabulary import VisitGroup
from hmgeo.water.grid import End

if TYPE_CHECKING:
    from pathlib import Path

TRADES = Choices({"cadmium_trades": ChosenParameter("cadmium_trades", ("3212",), edition=2017)})
AIR = [f"废气{metal}(kg/a)" for metal in METALS]
BLANK_ROW = {"行业代码": "", "是否涉镉": "", "固废堆存情况": "", "废水去向": "", **dict.fromkeys(AIR, "")}
STATED = BLANK_ROW | {
    "行业代码": "3212", "是否涉镉": "已认定", "固废堆存情况": "无", "废水去向": "不外排", **dict.fromkeys(AIR, "0"),
}  # fmt: skip


class _Rows:
    """As much of `Positions` as own columns read."""

    def __init__(self, cells: dict[str, str]) -> None:
        self.attributes = pa.Table.from_pylist([cells])


def group_of(
    cells: dict[str, str],
    parcels: tuple[str, ...],
    *,
    place: str = "point",
    meets_land: bool = False,
    chain: str = "",
    is_floor: bool = False,
) -> tuple[str, str]:
    """Return group and reason of one source with parcels of these classes within the radius."""
    source = {
        "source_id": "A", "name": "甲厂", "status": "assessed", "position_kind": place, "trade_code": cells["行业代码"],
        "nearest_farmland_m": 800.0, "nearest_farmland_bearing_deg": 90.0, "counts_are_lower_bounds": is_floor,
        "cadmium": cadmium_of(cells["是否涉镉"], "", cells["行业代码"], "2017", TRADES).word,
    }  # fmt: skip
    words = sorted(set(parcels))
    counts = [
        {"source_id": "A", "radius_m": 10_000.0, "class": word, "count": parcels.count(word), "area_ha": 2.0}
        for word in words
    ]
    held = WaterTables()
    paths = [
        dict.fromkeys(held.paths.schema.names) | {"source_id": "A", "length_m": 900.0, "note": "入河", "ends": "limit"}
    ]
    met = [dict.fromkeys(held.met.schema.names) | {"source_id": "A", "layer": "farmland", "class": "",
                                                             "flow_distance_m": 500.0}]  # fmt: skip
    chains = [
        dict.fromkeys(held.chains.schema.names)
        | {"source_id": "A", "status": chain, "broken_at": "" if chain == "established" else "受纳水体", "chain": "链",
           "parcel_count": 3, "district_name": "甲灌区", "strict_control_ha": 0.0, "safe_use_ha": 0.0}
    ]  # fmt: skip
    water = WaterTables(
        paths=pa.Table.from_pylist(paths if meets_land else [], held.paths.schema),
        met=pa.Table.from_pylist(met if meets_land else [], held.met.schema),
        chains=pa.Table.from_pylist(chains if chain else [], held.chains.schema),
    )
    around = Around(pathways=pathways_of(water, {"A": cells["固废堆存情况"]}))
    own = OwnColumns(_Rows(cells))  # type: ignore[arg-type]  # reads the attributes alone
    told = evidence_rows(
        [source], pa.Table.from_pylist(counts, COUNTS_SCHEMA), own, radius_m=10_000.0, around=around,
        outlets=join_outlets(None, []),
    )[0]  # fmt: skip
    return told["visit_group"], told["visit_reason"]


EMITS = STATED | {"废气镉(kg/a)": "1.2"}


@pytest.mark.parametrize(
    ("cells", "parcels", "group", "reason"),
    [
        (EMITS, ("严格管控类",), "甲", "大气途径：废气镉 1.2 kg/a；受体：10 km内有严格管控类 2.00 ha。"),
        (EMITS, ("优先保护类",), "乙", "大气途径：废气镉 1.2 kg/a。"),
        (STATED, ("安全利用类",), "乙", "受体：10 km内有安全利用类 2.00 ha。"),
        (STATED, ("优先保护类",), "丙", "资料齐，仅有距离。"),
        (STATED | {"废气汞(kg/a)": ""}, ("优先保护类",), "丁", "缺废气重金属排放量。"),
        (STATED | {"废气镉(kg/a)": "约1"}, ("安全利用类",), "丁", "缺废气重金属排放量；受体"),
        (EMITS, ("优先保护类", "未划分", "未划分"), "丁", "缺耕地类别（10 km内 2 块未划分或看不懂）；大气途径"),
        (EMITS, ("优先保护类", "三类"), "丁", "缺耕地类别（10 km内 1 块未划分或看不懂）；大气途径"),
        (EMITS | {"是否涉镉": "", "行业代码": ""}, ("严格管控类",), "丁", "缺行业（是否涉镉）；大气途径"),
        (EMITS | {"是否涉镉": "待查"}, ("严格管控类",), "丁", "是否涉镉「待查」看不懂；大气途径"),
        (STATED | {"废水去向": "排入农灌沟"}, ("优先保护类",), "丁", "缺水流资料（灌溉取水）。"),
        (STATED | {"废水去向": ""}, ("安全利用类",), "丁", "缺水流资料（灌溉取水）；受体"),
        (STATED | {"固废堆存情况": "露天堆存"}, ("优先保护类",), "丁", "缺水流资料（高程）。"),
        (STATED | {"固废堆存情况": ""}, ("优先保护类",), "丁", "缺固废堆存情况、水流资料（高程）。"),
        (STATED | {"固废堆存情况": "不详"}, ("优先保护类",), "丁", "缺固废堆存情况、水流资料（高程）。"),
        (STATED | {"固废堆存情况": "不涉及"}, ("优先保护类",), "丙", "资料齐，仅有距离。"),
        (
            STATED | {"废水镉(kg/a)": "2.1"},
            ("优先保护类",),
            "丁",
            "废水去向「不外排」与废水镉(kg/a)「镉 2.1 kg/a」矛盾，待核实；缺水流资料（灌溉取水）。",
        ),
        (
            STATED | {"废水铅(kg/a)": "3千克"},
            ("优先保护类",),
            "丁",
            "废水去向「不外排」与废水铅(kg/a)「铅 3 kg/a」矛盾",
        ),
        (
            STATED | {"废水铅(kg/a)": "-1"},
            ("优先保护类",),
            "丁",
            "废水去向「不外排」与废水铅(kg/a)「-1」矛盾，待核实；",
        ),
        (
            STATED | {"废水铅(kg/a)": "约1"},
            ("优先保护类",),
            "丁",
            "废水去向「不外排」与废水铅(kg/a)「约1」矛盾，待核实；",
        ),
        (STATED | {"废水铅(kg/a)": "未检出"}, ("优先保护类",), "丙", "资料齐，仅有距离。"),
        (STATED | {"废水铅(kg/a)": "０.00 kg"}, ("优先保护类",), "丙", "资料齐，仅有距离。"),
        (STATED | {"受纳水体": "清河"}, ("优先保护类",), "丁", "废水去向「不外排」与受纳水体「清河」矛盾，待核实；"),
        (STATED | {f"废水{metal}(kg/a)": "0" for metal in METALS}, ("优先保护类",), "丙", "资料齐，仅有距离。"),
        (STATED | {"废水镉(kg/a)": "/", "受纳水体": "无"}, ("优先保护类",), "丙", "资料齐，仅有距离。"),
    ],
)
def test_the_group_follows_from_what_is_stated(
    cells: dict[str, str], parcels: tuple[str, ...], group: str, reason: str
) -> None:
    told = group_of(cells, parcels)
    assert told[0] == group
    assert told[1].startswith(reason)


@pytest.mark.parametrize(
    ("stored", "group", "says"),
    [
        ("露天堆存", "乙", "固废径流途径：堆存「露天堆存」，沿径流 0.50 km 遇耕地"),
        ("废渣 200 t", "乙", "固废径流途径"),
        *((word, "丙", "资料齐，仅有距离。") for word in ("无", "否", "没有", "无堆存", "不涉及", "不 涉 及")),
        *(
            (word, "丁", "缺固废堆存情况。")
            for word in ("不详", "不清楚", "待查", "未知", "/", "／", "0", "0 吨", "0.0", "")
        ),
    ],
)
def test_waste_is_stored_or_not_or_nobody_says(stored: str, group: str, says: str) -> None:
    told = group_of(STATED | {"固废堆存情况": stored}, ("优先保护类",), meets_land=True)
    assert told[0] == group
    assert told[1].startswith(says)


POLLUTES = {"固废堆存情况": "露天堆存", "废水去向": "排入农灌沟"}


@pytest.mark.parametrize(
    ("chain", "path", "states", "lacks"),
    [
        (None, None, ("待补", "待补"), "缺水流资料（灌溉取水）；缺水流资料（高程）。"),
        ("缺图层", None, ("待补", "待补"), "缺水流资料（灌溉取水）；缺水流资料（高程）。"),
        ("缺图层", {"length_m": None, "note": "在高程范围外"}, ("待补", "待补"),
         "缺水流资料（灌溉取水）；缺水流资料（径流）。"),
        ("上下游", {"length_m": 900.0, "note": "入河", "ends": "limit"}, ("未见", "未见"), "资料齐，仅有距离。"),
        ("上下游", {"length_m": 900.0, "note": "止于封闭洼地", "ends": "closed_basin"}, ("未见", "待补"),
         "缺水流资料（径流到头以外）。"),
        ("上下游", {"length_m": 900.0, "note": "止于高程空洞", "ends": "void"}, ("未见", "待补"),
         "缺水流资料（径流到头以外）。"),
        ("上下游", {"length_m": 900.0, "note": "流出高程范围", "ends": "edge"}, ("未见", "待补"),
         "缺水流资料（径流到头以外）。"),
        ("取水口", {"length_m": 900.0, "note": "入河", "ends": "limit"}, ("待补", "未见"),
         "缺废水去向及与灌溉取水的关系。"),
    ],
)  # fmt: skip
def test_water_that_nobody_assessed_is_open_and_never_none_seen(
    chain: str | None, path: dict[str, Any] | None, states: tuple[str, str], lacks: str
) -> None:
    source = {
        "source_id": "A", "name": "甲厂", "status": "assessed", "position_kind": "point", "trade_code": "3212",
        "nearest_farmland_m": 800.0, "nearest_farmland_bearing_deg": 90.0, "counts_are_lower_bounds": False,
    }  # fmt: skip
    held = WaterTables()
    chains = [dict.fromkeys(held.chains.schema.names) | {"source_id": "A", "broken_at": chain, "chain": "链"}]
    water = WaterTables(
        paths=pa.Table.from_pylist([] if path is None else [{"source_id": "A"} | path], held.paths.schema),
        chains=pa.Table.from_pylist(chains if chain else [], held.chains.schema),
    )
    around = Around(pathways=pathways_of(water, {"A": "露天堆存"})) if chain else None  # None: nobody asked at all
    told = evidence_rows(
        [source], COUNTS_SCHEMA.empty_table(), OwnColumns(_Rows(STATED | POLLUTES)),  # type: ignore[arg-type]
        radius_m=10_000.0, around=around,
    )[0]  # fmt: skip
    assert (told["irrigation_state"], told["runoff_state"], told["visit_reason"]) == (*states, lacks)
    assert path is None or path.get("ends") in {None, *(end.value for end in End)}


def test_an_area_that_the_data_cut_off_is_said_to_be_the_least() -> None:
    told = group_of(EMITS, ("严格管控类",), is_floor=True)
    assert told == ("甲", "大气途径：废气镉 1.2 kg/a；受体：10 km内至少有严格管控类 2.00 ha。")


def test_a_source_known_by_place_needs_its_position_first() -> None:
    assert group_of(EMITS, ("严格管控类",), place="place")[0] == "丁"
    assert group_of(EMITS, ("严格管控类",), place="place")[1].startswith("缺位置；")


WORDS = {
    "行业代码": ("3212", "", "金属"),
    "是否涉镉": ("已认定", "", "待查"),
    "固废堆存情况": ("废渣 200 t", "无", ""),
    "废水去向": ("不外排", "", "清河"),
    **dict.fromkeys(AIR, ("0", "1.5", "", "不详")),
}
CLASSES = st.lists(st.sampled_from(["严格管控类", "安全利用类", "优先保护类", "未划分", "x"]), min_size=1, max_size=4)


@settings(deadline=None)
@given(
    cells=st.fixed_dictionaries({name: st.sampled_from(words) for name, words in WORDS.items()}),
    parcels=CLASSES,
    chain=st.sampled_from(["", "established", "broken"]),
    meets_land=st.booleans(),
    blanked=st.sampled_from([*WORDS, "位置", "类别", "链"]),
)
def test_blanking_a_cell_moves_a_source_to_data_first_or_leaves_it(
    *, cells: dict[str, str], parcels: list[str], chain: str, meets_land: bool, blanked: str
) -> None:
    # A word that nobody understands says nothing that could be blanked: it disputes the trade code, and without it the
    # row is one that lacks the cell. Every other cell is blanked, such a row's too.
    assume((blanked, cells.get(blanked)) != ("是否涉镉", "待查"))
    whole: dict[str, Any] = {"chain": chain, "meets_land": meets_land}
    before = group_of(cells, tuple(parcels), **whole)[0]
    less: dict[str, Any] = dict(whole)
    if blanked == "位置":
        less["place"] = "place"
    elif blanked == "链" and chain:
        less["chain"] = "broken"  # the chain breaks where a list leaves a link blank
    classes = ("未划分", *parcels[1:]) if blanked == "类别" else tuple(parcels)
    fewer = cells | {blanked: ""} if blanked in cells else cells
    assert group_of(fewer, classes, **less)[0] in {before, "丁"}


@pytest.mark.parametrize(
    ("distance_m", "error_m", "label"),
    [
        (0.0, 0.0, "0–1 km"), (1000.0, 0.0, "0–1 km"), (1000.1, 0.0, "1–2 km"), (1040.0, 50.0, "0–1 km"),
        (3000.0, 10.0, "2–3 km"), (4999.0, 0.0, "3–5 km"), (10_000.0, 0.0, "5–10 km"), (10_001.0, 0.5, "10 km 以上"),
        (None, None, "距离未知"),
    ],
)  # fmt: skip
def test_distance_classes_take_the_nearer_end(distance_m: float | None, error_m: float | None, label: str) -> None:
    row = {"nearest_farmland_m": distance_m, "position_uncertainty_m": error_m, "position_kind": "point"}
    assert distance_class(row)[1] == label


ROWS = (
    ("far-both", "listed", "甲", 4000.0, "B镇"),
    ("near-data", "listed", "丁", 100.0, "A镇"),
    ("near-both-b", "listed", "甲", 900.0, "B镇"),
    ("off", "not_applicable", "甲", 50.0, "A镇"),
    ("near-both-a", "listed", "甲", 950.0, "A镇"),
    ("one", "listed", "乙", 10.0, "A镇"),
    ("unplaced", "not_assessed", "丁", None, ""),
    ("alone", "listed", "丙", 10.0, "A镇"),
)


def ordered(value: str) -> list[str]:
    sources: list[dict[str, Any]] = [
        {"source_id": name, "verdict": verdict, "nearest_farmland_m": metres, "position_uncertainty_m": 0.0,
         "position_kind": "point", "township": town}
        for name, verdict, _, metres, town in ROWS
    ]  # fmt: skip
    evidence = [{"visit_group": group, "visit_reason": "x"} for _, _, group, _, _ in ROWS]
    visiting(sources, evidence, VisitOrder(value))
    on_list = [row for row in sources if row["list_number"] is not None]
    return [row["source_id"] for row in sorted(on_list, key=lambda row: row["list_number"])]


def test_the_list_goes_by_group_then_distance_class_then_township() -> None:
    by_group = ["near-both-a", "near-both-b", "far-both", "unplaced", "near-data", "one", "alone"]
    assert ordered("group") == by_group
    assert ordered("distance") == ["unplaced", "near-both-a", "near-both-b", "near-data", "one", "alone", "far-both"]
    assert ordered("township")[:3] == ["near-both-a", "near-data", "one"]
    assert [group.value for group in VisitGroup] == ["甲", "丁", "乙", "丙"]


def test_the_order_is_a_recorded_decision(tmp_path: Path) -> None:
    text = (
        "schema: 1\ntitle: t\nas_of: 2026-06-30\narea: {codes: ['441802']}\nlayers: {}\nscreening_rule: none\n"
        "visit_order: {value: township, by: 某局, on: 2026-05-01, reason: 按片区派组}\n"
    )
    (tmp_path / "project.yml").write_text(text, encoding="utf-8")
    chosen = read_spec(tmp_path).visit_order
    assert chosen == VisitOrder("township", "某局", "2026-05-01", "按片区派组")
    (tmp_path / "project.yml").write_text(text.replace("township,", "risk,").replace(", by: 某局", ""), "utf-8")
    with pytest.raises(ProjectError) as raised:
        read_spec(tmp_path)
    assert "「risk」" in str(raised.value)
    assert "group、distance、township" in str(raised.value)
    assert "by" in str(raised.value)


def test_who_chose_the_order_stands_beside_it_and_so_does_that_nobody_did() -> None:
    results = small_results()
    assert wording.visit_order(results).endswith("次序为软件默认，使用单位尚未选定（project.yml 的 visit_order）。")
    assert "丁 资料不足以分组（行业、位置、排放、耕地类别缺或互相矛盾），与甲同时办，先补资料。" in wording.visit_order(
        results
    )
