"""Wind frequencies and outlets: read with every fault told, joined by id, every row accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
import xlsxwriter

from hmgeo.errors import InputError
from hmgeo.intake.catalog import shipped_folder
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.side_tables import load_side_table, outlets_sheet_of
from hmgeo.judging.facts import Side
from hmgeo.judging.own_columns import JOINED, METALS, NO_ENTERPRISE, NO_ID, REPEATED, OutletCells, join_outlets
from hmgeo.outputs.templates import write_templates
from hmgeo.project.inputs import load_inputs
from hmgeo.project.spec import read_spec
from hmgeo.screening.evidence import downwind, emits, wind_of
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from hmgeo.results.results import Results

EIGHT = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
SOURCE = {"nearest_farmland_bearing_deg": 90.0, "nearest_farmland_m": 500.0, "position_kind": "point"}


def wind_file(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    path = folder / "wind.csv"
    lines = ["风向,频率_pct,气象站", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def even(calm: str = "20") -> list[tuple[str, str, str]]:
    return [*((name, "10", "甲站") for name in EIGHT), ("静风", calm, "甲站")]


def test_what_lies_east_is_downwind_while_the_wind_comes_from_the_west(tmp_path: Path) -> None:
    rows = [(name, "30" if name == "W" else "7", "甲站") for name in EIGHT]
    table, _ = load_side_table(wind_file(tmp_path, [*rows, ("C", "21", "甲站")]), kind=LayerKind.WIND, basis=Basis.REAL)
    share, note = downwind(wind_of(table), SOURCE)
    assert share == 30.0
    assert note == "风频：甲站，8 方位，静风 21%"


def test_without_a_table_or_a_bearing_the_share_is_empty_and_says_why(tmp_path: Path) -> None:
    table, _ = load_side_table(wind_file(tmp_path, even()), kind=LayerKind.WIND, basis=Basis.REAL)
    assert downwind(None, SOURCE) == (None, "没有可用的风频表")
    touching = SOURCE | {"nearest_farmland_bearing_deg": None}
    assert downwind(wind_of(table), touching) == (None, "位于地块内或与地块相接，没有方位")
    assert downwind(wind_of(table), touching | {"position_kind": "place"})[1] == "仅知所在行政区，没有方位"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([*even()[1:], ("北北", "10", "甲站")], ["不认识的风向", "「北北」", "缺 N"]),
        ([*even(), ("N", "1", "甲站")], ["风向重复"]),
        (even("60"), ["风频合计不是 100%", "140%"]),
        (even()[:-3], ["风向须为齐全的 8 或 16 方位", "缺 W、NW"]),
        ([("N", "十", "甲站"), *even()[1:]], ["风频不是 0 至 100 的数值"]),
        ([("N", "10", "乙站"), *even()[1:]], ["有多个气象站", "乙站、甲站"]),
    ],
)
def test_a_table_that_cannot_be_trusted_is_set_aside(
    tmp_path: Path, rows: list[tuple[str, str, str]], words: list[str]
) -> None:
    table, ledger = load_side_table(wind_file(tmp_path, rows), kind=LayerKind.WIND, basis=Basis.REAL)
    assert table.table.num_rows == 0
    assert wind_of(table) is None
    told = "".join(f"{one.reason}「{one.value}」{one.action}" for one in ledger.entries if one.event == "风频表搁置")
    assert [word for word in (*words, "整张风频表未采用，请更正") if word not in told] == []


def outlet_file(
    folder: Path, lines: list[str], header: str = "企业编号,排放口编号,排气筒高度(m),污染物,年排放量(kg),受纳水体"
) -> Path:
    path = folder / "outlets.csv"
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    return path


def test_outlets_join_by_id_and_the_rest_is_told(tmp_path: Path) -> None:
    path = outlet_file(
        tmp_path,
        [
            "A,DA001,35,镉及其化合物,1.2,",
            "A,DA002,15,总铅,2,",
            "A,DW001,,六价铬,0.5,龙塘河",
            "B,DA001,20,镉,1,",
            "Z,DA001,20,镉,1,",
            ",DA001,20,镉,1,",
        ],
    )
    table, _ = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL)
    found = join_outlets(table, ["A", "B", "B#2"])
    assert found.table["status"].to_pylist() == [JOINED, JOINED, JOINED, REPEATED, NO_ENTERPRISE, NO_ID]
    assert found.table["source_id"].to_pylist() == ["A", "A", "A", "", "", ""]
    cells = found.by_source["A"]
    assert cells.stacks_m == (15.0, 35.0)
    assert cells.emissions_kg == {"废气": {"镉": 1.2, "铅": 2.0}, "废水": {"六价铬": 0.5}}
    assert cells.receiving == ("龙塘河",)
    assert [(entry.row, entry.event) for entry in found.ledger.entries] == [(row, "排放口未关联") for row in (4, 5, 6)]
    nothing = dict.fromkeys(METALS, 0.0)
    assert emits(nothing, found.of_others, "废气") is Side.UNKNOWN  # one of those three may be its own
    assert emits(nothing, found.of_others, "废水") is Side.NOT_MET
    assert found.of_others.doubt == "未关联的排放口 DA001、DA001、DA001 可能属于本企业，请核对企业编号"
    assert join_outlets(table, ["A", "B", "Z"]).of_others.unstated == frozenset({"废气"})  # no id: anybody's


def test_an_outlet_that_emits_nothing_or_is_somebodys_leaves_nothing_open(tmp_path: Path) -> None:
    path = outlet_file(tmp_path, ["A,DA001,35,镉,1.2,", "Z,DA002,35,颗粒物,2,", "Z,DA003,35,铅,0,"])
    table, _ = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL)
    assert join_outlets(table, ["A", "B"]).of_others == OutletCells()


def test_a_unit_in_the_header_or_the_cell_is_heeded_and_words_are_not_numbers(tmp_path: Path) -> None:
    header = "企业编号,排放口编号,排气筒高度(m),污染物,年排放量(t)"
    path = outlet_file(tmp_path, ["A,DA001,约三十米,镉,0.002", "A,DA002,35 m,镉,3 kg"], header)
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL)
    assert table.table["emission_kg"].to_pylist() == [2.0, 3.0]
    assert table.table["stack_height_m"].to_pylist() == [None, 35.0]
    assert table.table["note"].to_pylist()[0] == "排气筒高度「约三十米」不是可用的数值，未采用"
    assert [(entry.row, entry.value) for entry in ledger.entries if entry.event == "数值有误"] == [(1, "约三十米")]


def test_a_list_of_outlets_without_the_enterprise_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="排放口表没有「企业编号」列"):
        load_side_table(
            outlet_file(tmp_path, ["DA001,3"], "排放口编号,年排放量(kg)"), kind=LayerKind.OUTLETS, basis=Basis.REAL
        )


def test_templates_that_nobody_filled_in_hold_no_outlet(tmp_path: Path) -> None:
    write_templates(tmp_path)
    path = tmp_path / "企业清单.xlsx"
    assert outlets_sheet_of(path) == "排放口"
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL, options=ReadOptions("排放口"))
    assert table.table.num_rows == 0
    assert [entry.event for entry in ledger.entries] == ["模板说明行"]


def test_the_sheet_of_outlets_beside_the_enterprises_is_read_by_itself(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "list.xlsx")) as book:
        firms = book.add_worksheet("企业清单")
        firms.write_row(0, 0, ["企业编号", "企业名称", "县(市、区)", "经度", "纬度", "坐标系"])
        firms.write_row(1, 0, ["A", "甲厂", "清城区", 113.05, 23.6, "CGCS2000"])
        page = book.add_worksheet("排放口")
        page.write_row(0, 0, ["企业编号", "排放口编号", "经度", "纬度", "排气筒高度(m)", "污染物", "年排放量(kg)"])
        page.write_row(1, 0, ["A", "DA001", 113.05, 23.6, 35, "镉", 1.5])
    (tmp_path / "project.yml").write_text(
        "schema: 1\ntitle: t\nas_of: 2019-06-30\narea: {codes: ['441802']}\n"
        "layers:\n  enterprises: {path: list.xlsx, basis: real, classification: 公开}\nscreening_rule: none\n",
        encoding="utf-8",
    )
    inputs = load_inputs(read_spec(tmp_path))
    assert inputs.positions.table["source_id"].to_pylist() == ["A"]
    assert inputs.sides[LayerKind.OUTLETS].table["emission_kg"].to_pylist() == [1.5]


@pytest.fixture(scope="module")
def results(shipped_results: Callable[[str], Results]) -> Results:
    return shipped_results("qingcheng")


def test_every_outlet_of_the_demo_comes_out_once(results: Results) -> None:
    sheet = openpyxl.load_workbook(shipped_folder() / "synthetic/qingcheng/enterprise_outlets.xlsx")["排放口"]
    given = [row[:2] for row in sheet.iter_rows(min_row=2, values_only=True)]
    table: pa.Table = results.bureau.outlets
    out = zip(table["enterprise_id"].to_pylist(), table["outlet_id"].to_pylist(), strict=True)
    assert [(owner or None, outlet) for owner, outlet in out] == given
    unjoined = [entry for entry in results.ledger.entries if entry.event == "排放口未关联"]
    assert len(unjoined) == sum(not source for source in table["source_id"].to_pylist()) == 3


def test_wind_and_outlets_make_the_air_cells_of_the_demo(results: Results) -> None:
    row = next(row for row in results.bureau.evidence.to_pylist() if row["source_id"] == "示例QC-001")
    assert (row["air_stack_height_m"], row["air_stack_height_max_m"]) == (15.0, 45.0)
    assert row["air_emissions"] == "镉 1.2 kg/a、铅 8.5 kg/a（排放口合计）"
    ten = next(row for row in results.bureau.evidence.to_pylist() if row["source_id"] == "示例QC-010")
    assert (ten["water_receiving"], ten["water_emissions"]) == ("示例排渠", "铬 0.8 kg/a（排放口合计）")
    assert row["air_downwind_note"] == "风频：清城区示例气象站（合成），2000-2018（合成），16 方位，静风 9.2%"
    visit = next(row for row in results.sources.to_pylist() if row["source_id"] == "示例QC-001")
    assert visit["visit_group"] == "甲"
    assert f"处于下风向的时间占 {row['air_downwind_percent']:g}%" in visit["visit_reason"]
    assert {layer.kind for layer in results.layers} >= {LayerKind.WIND, LayerKind.OUTLETS}


def test_a_data_row_that_resembles_the_example_is_data(tmp_path: Path) -> None:
    path = outlet_file(tmp_path, ["A,DA001,35,镉及其化合物,1.2,", "QY-001,DA001,35,镉及其化合物,1.2,"])
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL)
    assert table.table["enterprise_id"].to_pylist() == ["A", "QY-001"]
    assert [entry.event for entry in ledger.entries] == []


def test_an_example_row_that_was_written_over_is_data_and_says_so(tmp_path: Path) -> None:
    path = outlet_file(tmp_path, ["【示例】QY-001,DA001,35,镉及其化合物,1.2,", "【示例】B,DA009,22,铅,7,河"])
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.REAL)
    assert table.table["outlet_id"].to_pylist() == ["DA009"]
    assert [entry.event for entry in ledger.entries] == ["模板说明行已改动", "模板说明行"]
