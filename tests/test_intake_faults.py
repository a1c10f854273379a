"""A list of 150 rows with every fault that offices make: each row once, with its status, row and field told."""

from __future__ import annotations

import codecs
import csv
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
import shapely

from hmgeo.geo.datum import wgs84_to_bd09, wgs84_to_gcj02
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.intake.side_tables import load_side_table
from hmgeo.judging.own_columns import OwnColumns, amount_of, by_metal, unread_doubts
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Ended

    from hmgeo.records import Ledger, Positions

SHIPPED = Path(__file__).resolve().parent.parent / "layers" / "synthetic" / "qingcheng"
HEADER = (
    "企业编号", "企业名称", "统一社会信用代码", "县(市、区)", "乡镇(街道)", "经度", "纬度", "坐标系", "中央子午线",
    "定位误差(m)", "行业名称", "行业代码", "行业分类版本", "生产状态", "是否涉镉", "废气铅(kg/a)",
)  # fmt: skip
GOOD = {
    "县(市、区)": "清城区",
    "乡镇(街道)": "龙塘镇",
    "经度": "113.062000",
    "纬度": "23.587000",
    "坐标系": "CGCS2000",
    "行业代码": "3212",
    "行业分类版本": "2017",
    "生产状态": "在产",
    "是否涉镉": "行业推定",
}
GCJ = [f"{float(value):.6f}" for value in wgs84_to_gcj02(113.062, 23.587)]
BD = [f"{float(value):.6f}" for value in wgs84_to_bd09(113.062, 23.587)]

# what differs from a good row | status | event of the ledger ("" for none) | field that the ledger names
FAULTS: list[tuple[dict[str, str], str, str, str]] = [
    ({}, "assessed", "", ""),
    ({"经度": "", "纬度": ""}, "not_located", "未定位", "经度、纬度"),
    ({"经度": "无", "纬度": "/"}, "not_located", "未定位", "经度、纬度"),
    ({"经度": "待补"}, "rejected", "退回补正", "经度"),
    ({"纬度": "北纬"}, "rejected", "退回补正", "纬度"),
    ({"纬度": ""}, "rejected", "退回补正", "纬度"),
    ({"经度": "nan"}, "rejected", "退回补正", "经度"),
    ({"经度": "1e999"}, "rejected", "退回补正", "经度"),
    ({"经度": "0", "纬度": "0"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "213.05"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "23.587000", "纬度": "113.062000"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "113°61′12″"}, "rejected", "退回补正", "经度"),
    ({"经度": "113°03.5′12″"}, "rejected", "退回补正", "经度"),
    ({"经度": "北纬113°03′43″"}, "rejected", "退回补正", ""),
    ({"经度": "北纬23°35′13″", "纬度": "北纬23°35′13″"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "24405123.45", "纬度": "2612345.67"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "38405123.45", "纬度": "2612345.67", "中央子午线": "111"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "405123.45", "纬度": "2612345.67", "中央子午线": "一百一"}, "rejected", "退回补正", "中央子午线"),
    ({"经度": "405123.45", "纬度": "2612345.67", "坐标系": "GCJ-02"}, "rejected", "退回补正", "经度、纬度"),
    ({"经度": "405123.45", "纬度": "2612345.67", "县(市、区)": "某县"}, "rejected", "退回补正", "经度、纬度"),
    ({"坐标系": "未知"}, "not_located", "未定位", "坐标系"),
    ({"坐标系": "广州独立坐标系"}, "not_located", "未定位", "坐标系"),
    # usable, and told
    ({"经度": "东经113°03′43.2″", "纬度": "北纬23°35′13.2″"}, "assessed", "", ""),
    ({"经度": "1130343.20", "纬度": "233513.20"}, "assessed", "", ""),
    ({"经度": "１１３．０６２０００", "纬度": "２３．５８７０００"}, "assessed", "", ""),
    ({"经度": "北纬23°35′13.2″", "纬度": "东经113°03′43.2″"}, "assessed", "", ""),
    ({"经度": GCJ[0], "纬度": GCJ[1], "坐标系": "高德"}, "assessed", "", ""),
    ({"经度": BD[0], "纬度": BD[1], "坐标系": "百度坐标"}, "assessed", "", ""),
    ({"坐标系": "西安80"}, "assessed", "", ""),
    ({"坐标系": ""}, "assessed", "", ""),
    ({"定位误差(m)": "约二十"}, "not_located", "未定位", "定位误差(m)"),
    ({"统一社会信用代码": "91441802MA00000001"}, "assessed", "信用代码有误", "统一社会信用代码"),
    ({"统一社会信用代码": "9144180"}, "assessed", "信用代码有误", "统一社会信用代码"),
    ({"行业代码": "3130", "行业分类版本": ""}, "assessed", "行业版本未填", "行业代码"),
    ({"行业分类版本": "1994"}, "assessed", "行业版本有误", "行业分类版本"),
    ({"行业名称": "黑色金属铸造", "行业代码": "3130"}, "assessed", "行业名称与代码不符", "行业代码"),
    ({"废气铅(kg/a)": "很少"}, "assessed", "数值有误", "废气铅(kg/a)"),
    ({"废气铅(kg/a)": "12 m"}, "assessed", "数值有误", "废气铅(kg/a)"),
    # outside the place that the row names
    ({"经度": "113.362000"}, "assessed", "位置存疑", "经度、纬度"),
    ({"经度": "113.0343", "纬度": "23.3513"}, "assessed", "位置存疑", "经度、纬度"),
    ({"经度": "123.062000"}, "assessed", "位置存疑", "经度、纬度"),
    ({"经度": "37405123.45", "纬度": "2609345.67"}, "assessed", "位置存疑", "经度、纬度"),
    ({"企业名称": "双胞厂", "统一社会信用代码": "91350100M000100Y43"}, "assessed", "", ""),
    ({"企业名称": "又一厂", "统一社会信用代码": "91350100M000100Y43"}, "assessed", "疑似重复", "统一社会信用代码"),
    ({"企业名称": "示例有色金属有限公司", "经度": "113.081000"}, "assessed", "", ""),
    ({"企业名称": "示例有色金属厂", "经度": "113.081100"}, "assessed", "疑似重复", ""),
    ({"企业编号": ""}, "assessed", "编号空缺", "企业编号"),
    ({"企业编号": "R-001"}, "assessed", "编号重复", "企业编号"),
    ({"县(市、区)": "", "乡镇(街道)": "", "经度": "", "纬度": ""}, "not_located", "未定位", "经度、纬度"),
    ({"经度": "#REF!"}, "rejected", "退回补正", "经度"),
]  # fmt: skip
COPIES = 3
ROWS = FAULTS * COPIES


def write_list(path: Path) -> Path:
    with path.open("w", newline="", encoding="gb18030") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number, (changes, *_) in enumerate(ROWS, start=1):
            own = {"企业编号": f"R-{number:03d}", "企业名称": f"第{number * 7919}厂"}
            row = GOOD | own | changes
            writer.writerow([row.get(name, "") for name in HEADER])
    return path


def load(path: Path, options: ReadOptions | None = None) -> tuple[Positions, Ledger]:
    return load_positions(
        path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=options or ReadOptions(), shown_as="150.csv"
    )


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Positions, Ledger]:
    return load(write_list(tmp_path_factory.mktemp("faults") / "150.csv"))


def unread_numbers(ledger: Ledger) -> list[tuple[int | None, str, str, str]]:
    """Return row, column, cell and reason of each number that was not read."""
    return [(entry.row, entry.field, entry.value, str(entry.reason)) for entry in ledger.entries
            if entry.event == "数值有误"]  # fmt: skip


def test_an_amount_below_zero_is_none(tmp_path: Path) -> None:
    """What is emitted can't be less than nothing; a height can lie below the sea."""
    path = tmp_path / "甲.csv"
    head = "企业编号,经度,纬度,废气铅(kg/a),废水镉(kg/a),海拔(m)\n"
    path.write_text(f"{head}A,113.05,23.55,-5,－2,-3\nB,113.06,23.55,0,5,3\n", encoding="utf-8")
    read, ledger = load(path)
    assert unread_numbers(ledger) == [
        (1, "废气铅(kg/a)", "-5", "不是以 kg/a 计的非负数值"),
        (1, "废水镉(kg/a)", "－2", "不是以 kg/a 计的非负数值"),
    ]
    own = OwnColumns(read)
    assert [own.emissions(row, medium) for row in (0, 1) for medium in ("废气", "废水")] == [
        {},
        {},
        {"铅": 0},
        {"镉": 5},
    ]


@pytest.mark.parametrize("kind", [LayerKind.ENTERPRISES, LayerKind.PROJECT_SITES])
def test_an_amount_below_zero_is_told_without_a_unit_too(tmp_path: Path, kind: LayerKind) -> None:
    """A stack isn't lower than the ground; what lies against the sea, or is written as a coordinate, may be."""
    below = dict.fromkeys(("废气铅", "新增铅", "新增镉排放量", "替代铅", "替代量", "新增重点重金属排放量"), "kg/a")
    below |= {"排气筒高度(m)": "m", "烟囱高度": "m", "坝高(m)": "m"}
    free = ["海拔(m)", "地面高程(m)", "底板标高（m）", "地下水位(m)", "X(m)", "年均气温", "备注"]
    path = tmp_path / "甲.csv"
    cells = ",".join(["-3"] * len([*below, *free]))
    path.write_text(f"编号,经度,纬度,{','.join([*below, *free])}\nA,113.05,23.55,{cells}\n", encoding="utf-8")
    _, ledger = load_positions(path, kind=kind, basis=Basis.SYNTHETIC)
    told = {entry.field: str(entry.reason) for entry in ledger.entries if entry.event == "数值有误"}
    assert told == {header: f"不是以 {unit} 计的非负数值" for header, unit in below.items()}


def test_a_count_below_zero_has_no_unit(tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("名称,经度,纬度,人口\n小学,113.05,23.55,-3\n", encoding="utf-8")
    _, ledger = load_positions(path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.SYNTHETIC)
    told = [(entry.field, str(entry.reason)) for entry in ledger.entries if entry.event == "数值有误"]
    assert told == [("人口", "须为 0 或以上的数值")]


@pytest.mark.parametrize(
    ("header", "cell", "people"),
    [("人口,人口（户）", "120,40", 120), ("人口（户）,人口（人）", "40,120", 120),
     ("人口", "300", 300), ("人口（万人）", "1.2", 12_000), ("人口", "1.2万人", 12_000), ("人口（户）", "40", None),
     ("人口（百人）", "3", 300), ("人口", "0.3千人", 300), ("人口（十万人）", "3", None),
     ("人口（常住人口）", "300", 300), ("人口", "40户", None), ("人口", "约300", None)],
)  # fmt: skip
def test_people_at_sensitive_sites_are_counted_in_persons(
    tmp_path: Path, header: str, cell: str, people: int | None
) -> None:
    path = tmp_path / "甲.csv"
    path.write_text(f"名称,类别,经度,纬度,{header}\n小学,学校,113.05,23.55,{cell}\n", encoding="utf-8")
    layer, ledger = load_receptors(path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.SYNTHETIC)
    assert layer.shown is not None
    assert [amount_of(text) for text in layer.shown["人口"].to_pylist()] == [people]
    told = {entry.value for entry in ledger.entries if entry.event == "数值有误"}
    assert (cell in told) == (people is None and "约" not in cell)


def test_a_cell_that_gives_no_document_is_told_and_says_nothing(tmp_path: Path) -> None:
    """Parks whose papers aren't understood are no lawful ones, and the ledger tells which cells to write anew."""
    cells = [("粤府函〔2010〕3号", "待批"), ("2010年", "待批"), ("", "粤环审〔2012〕45号")]
    names = ("批准设立文号", "规划环评审查文号*")
    rows = [
        {"type": "Feature", "properties": dict(zip(names, pair, strict=True)),
         "geometry": shapely.geometry.mapping(shapely.box(113 + n / 10, 23, 113.05 + n / 10, 23.05))}
        for n, pair in enumerate(cells)
    ]  # fmt: skip
    path = tmp_path / "园区.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": rows}), encoding="utf-8")
    layer, ledger = load_receptors(path, kind=LayerKind.INDUSTRIAL_PARKS, basis=Basis.SYNTHETIC)
    told = [(entry.field, entry.value, entry.reason) for entry in ledger.entries if entry.event == "文号未认出"]
    assert told == [
        (names[0], "2010年", "看不出文件已有，共 1 行（数据第 2 行）"),
        (names[1], "待批", "看不出文件已有，共 2 行（数据第 1、2 行）"),
    ]
    stated = [dict(pairs) for pairs in layer.read()["stated"].to_pylist()]
    assert stated == [{"park_lawful": True}, {}, {"park_plan_eia": True}]


def test_a_mass_with_its_own_unit_is_read_in_the_templates_where_the_column_names_none(tmp_path: Path) -> None:
    path = tmp_path / "甲.csv"
    path.write_text("企业编号,经度,纬度,废气铅\nA,113.05,23.55,1.2t/a\nB,113.06,23.55,1.2\n", encoding="utf-8")
    own = OwnColumns(load(path)[0])
    assert [own.emissions(row, "废气") for row in (0, 1)] == [{"铅": 1200}, {"铅": 1.2}]


def told_of_units(ledger: Ledger) -> list[tuple[str, str]]:
    """Return the columns that were read in another unit than their own, with why."""
    return [(entry.field, str(entry.reason)) for entry in ledger.entries
            if entry.event in {"数值按表头单位换算", "单元格单位与表头不同"}]  # fmt: skip


def test_a_mass_is_read_by_the_unit_of_its_header_and_by_its_own_before_that(tmp_path: Path) -> None:
    """0.3 t is 300 kg to the last digit; the column goes on under the name of the unit that it is in now."""
    path = tmp_path / "甲.csv"
    columns = {
        "废气铅（t/a）": ("0.3", "0.5 kg/a"), "废气镉(g/a)": ("7", ""), "废气汞(毫克/年)": ("3", ""),
        "废水铅(吨)": ("1,200.5", "若干"), "废水砷(克)": ("<5", "5"), "废水铬(千克)": ("2", "2 t"),
        "新增铅(t/a)": ("0.0000007", "未检出"), "替代镉(万吨)": ("0.1", ""), "废水汞(kg/d)": ("3", "0"),
        "新增镉(单位：t·a⁻¹)": ("0.1", ""), "新增镉(kg/a)": ("3", ""), "新增重点重金属排放量(t)": ("0.7", ""),
    }  # fmt: skip
    rows = ["编号,经度,纬度," + ",".join(columns)]
    rows += [
        f'{name},113.0{5 + row},23.55,"' + '","'.join(cells[row] for cells in columns.values()) + '"'
        for row, name in enumerate("AB")
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    read, ledger = load(path)
    own = [OwnColumns(read).cells(row) for row in (0, 1)]
    assert [list(cells.items())[3:] for cells in own] == [
        [
            ("废气铅(kg/a)", "300"), ("废气镉(kg/a)", "0.007"), ("废气汞(kg/a)", "0.000003"),
            ("废水铅(kg/a)", "1200500"), ("废水砷(kg/a)", "<5 克"), ("废水铬(千克)", "2"),
            ("新增铅(kg/a)", "0.0007"), ("替代镉(kg/a)", "1000000"), ("废水汞(kg/a)", "3 kg/d"),
            ("新增镉(kg/a)*", "100"), ("新增镉(kg/a)", "3"), ("新增重点重金属排放量(kg/a)", "700"),
        ],
        [
            ("废气铅(kg/a)", "0.5"), ("废气镉(kg/a)", ""), ("废气汞(kg/a)", ""), ("废水铅(kg/a)", "若干"),
            ("废水砷(kg/a)", "0.005"), ("废水铬(千克)", "2000"), ("新增铅(kg/a)", "未检出"), ("替代镉(kg/a)", ""),
            ("废水汞(kg/a)", "0"), ("新增镉(kg/a)*", ""), ("新增镉(kg/a)", ""), ("新增重点重金属排放量(kg/a)", ""),
        ],
    ]  # fmt: skip
    one = "1 行（数据第 1 行）"
    assert told_of_units(ledger) == [
        ("废气铅（t/a）", f"表头单位 t/a，按 1 t/a = 1000 kg/a 换算，共 {one}"),
        ("废气铅（t/a）", "单元格所写单位与表头的 t/a 不同，共 1 行（数据第 2 行）"),
        ("废气镉(g/a)", f"表头单位 g/a，按 1 g/a = 0.001 kg/a 换算，共 {one}"),
        ("废气汞(毫克/年)", f"表头单位 毫克/年，按 1 毫克/年 = 1e-06 kg/a 换算，共 {one}"),
        ("废水铅(吨)", f"表头单位 吨，按 1 吨 = 1000 kg/a 换算，共 {one}"),
        ("废水砷(克)", "表头单位 克，按 1 克 = 0.001 kg/a 换算，共 1 行（数据第 2 行）"),
        ("废水铬(千克)", "单元格所写单位与表头的 千克 不同，共 1 行（数据第 2 行）"),
        ("新增铅(t/a)", f"表头单位 t/a，按 1 t/a = 1000 kg/a 换算，共 {one}"),
        ("替代镉(万吨)", f"表头单位 万吨，按 1 万吨 = 10000000 kg/a 换算，共 {one}"),
        ("新增镉(单位：t·a⁻¹)", f"表头单位 t·a-1，按 1 t·a-1 = 1000 kg/a 换算，共 {one}"),
        ("新增重点重金属排放量(t)", f"表头单位 t，按 1 t = 1000 kg/a 换算，共 {one}"),
    ]
    assert unread_numbers(ledger) == [
        (2, "废水铅(吨)", "若干", "不是数值"),
        (1, "废水汞(kg/d)", "3", "单位「kg/d」与列的单位「kg/a」不符"),
    ]
    assert unread_doubts(own[0]) == {}


def test_a_column_that_is_no_mass_a_year_is_no_amount(tmp_path: Path) -> None:
    """Concentrations and rates stay out; nothing is nothing in any unit."""
    path = tmp_path / "甲.csv"
    head = "企业编号,经度,纬度,废气铅(kg/h),废气镉(mg/m³),废水铅(kg),废水镉(mg/L),新增铅(mg/kg)\n"
    path.write_text(f"{head}A,113.05,23.55,0.5,3,2,0,0.5\nB,113.06,23.55,,/,,,\n", encoding="utf-8")
    read, ledger = load(path)
    assert unread_numbers(ledger) == [
        (1, "废气铅(kg/h)", "0.5", "单位「kg/h」与列的单位「kg/a」不符"),
        (1, "废气镉(mg/m³)", "3", "单位「mg/m3」与列的单位「kg/a」不符"),
        (1, "新增铅(mg/kg)", "0.5", "单位「mg/kg」与列的单位「kg/a」不符"),
    ]
    assert told_of_units(ledger) == []
    own = OwnColumns(read)
    assert [own.emissions(0, medium) for medium in ("废气", "废水")] == [{}, {"铅": 2, "镉": 0}]
    assert by_metal(own.cells(0), "新增") == {}
    assert unread_doubts(own.cells(0))["numbers"] == "新增铅所填「0.5 mg/kg」看不懂，本条未作判断。"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_mark_of_utf_8_before_any_text_is_no_part_of_the_first_column(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "甲.csv"
    path.write_bytes(codecs.BOM_UTF8 + "企业编号,企业名称,经度,纬度\nA,某厂,113.05,23.55\n".encode(encoding))
    table = load(path)[0].table.to_pylist()
    assert [(row["source_id"], row["name"]) for row in table] == [("A", "某厂")]


def test_there_are_150() -> None:
    assert len(ROWS) == 150


def test_every_row_comes_out_once_with_its_status(loaded: tuple[Positions, Ledger]) -> None:
    records = loaded[0].table.to_pylist()
    assert len({record["source_id"] for record in records}) == len(records) == 150
    found = {row: record["status"] for row, record in enumerate(records, start=1)}
    assert found == {row: status for row, (_, status, *_) in enumerate(ROWS, start=1)}
    counted = Counter(found.values())
    assert counted == {"assessed": 3 * 26, "rejected": 3 * 18, "not_located": 3 * 6}


@pytest.mark.parametrize("fault", range(len(FAULTS)))
def test_the_ledger_names_row_and_field(loaded: tuple[Positions, Ledger], fault: int) -> None:
    _, _, event, named = FAULTS[fault]
    entries = loaded[1].entries
    for copy in range(COPIES):
        row = copy * len(FAULTS) + fault + 1
        told = [(entry.event, entry.field) for entry in entries if entry.row == row]
        if event:
            assert any(one == event and (not named or field == named) for one, field in told), (row, told)
            assert all(entry.file == "150.csv" and entry.source_id for entry in entries if entry.row == row)
        elif copy == 0:
            assert told == []


def test_causes_are_named_and_nothing_is_changed(loaded: tuple[Positions, Ledger]) -> None:
    reasons = {entry.row: entry.reason for entry in loaded[1].entries if entry.event == "位置存疑"}
    by_longitude = {FAULTS[row - 1][0]["经度"]: reason for row, reason in reasons.items() if row <= len(FAULTS)}
    assert "度分（秒）连写" in by_longitude["113.0343"]
    assert "有一位数字写错" in by_longitude["123.062000"]
    assert "经度 123.062 或应为 113.062" in by_longitude["123.062000"]
    assert "投影带号或中央子午线不对" in by_longitude["37405123.45"]
    assert "中央子午线 114°" in by_longitude["37405123.45"]
    table = loaded[0].table.to_pylist()
    row = next(row for row, (changes, *_) in enumerate(FAULTS) if changes.get("经度") == "123.062000")
    assert table[row]["lon"] == 123.062
    assert "请核对坐标或地址" in table[row]["note"]


def test_suggestions_are_carried_out_on_the_users_word(tmp_path: Path) -> None:
    positions, ledger = load(write_list(tmp_path / "150.csv"), ReadOptions(accept_suggestions=True))
    table = positions.table.to_pylist()
    by_longitude = {changes.get("经度"): row for row, (changes, *_) in enumerate(FAULTS)}
    for given in ("123.062000", "23.587000", "37405123.45"):
        record = table[by_longitude[given]]
        assert record["status"] == "assessed"
        assert record["lon"] == pytest.approx(113.062, abs=0.03)
        assert record["lat"] == pytest.approx(23.587, abs=0.03)
        told = [entry.event for entry in ledger.entries if entry.row == by_longitude[given] + 1]
        assert told == ["采纳建议"]
    two_readings = table[by_longitude["113.0343"]]  # 113°03′43″ and 113°03.43′ both lie in the township
    assert two_readings["lon"] == 113.0343
    reason = next(entry.reason for entry in ledger.entries if entry.row == by_longitude["113.0343"] + 1)
    assert "有 2 种改法落在其内，无法确定" in reason


def test_the_same_list_screened_has_every_row_once(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    out = tmp_path / "out"
    ended = hmgeo_command(
        "screen", "--sources", write_list(tmp_path / "150.csv"), "--farmland", SHIPPED / "farmland.gpkg", "--out", out
    )
    assert ended.code == 0, ended.err
    with (out / "data" / "sources.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["status"] for row in rows] == [status for _, status, *_ in ROWS]
    assert sum(Counter(row["status"] for row in rows).values()) == 150


def test_a_screen_tells_amounts_below_zero_in_its_ledger(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    path, out = tmp_path / "甲.csv", tmp_path / "out"
    path.write_text("企业编号,经度,纬度,废气铅,排气筒高度(m)\nA,113.062,23.587,-5,-20\n", encoding="utf-8")
    ended = hmgeo_command("screen", "--sources", path, "--farmland", SHIPPED / "farmland.gpkg", "--out", out)
    assert ended.code == 0, ended.err
    with (out / "data" / "ledger.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["event"] == "数值有误"]
    assert [(row["row"], row["field"], row["value"]) for row in rows] == [
        ("1", "废气铅", "-5"),
        ("1", "排气筒高度(m)", "-20"),
    ]


def test_the_list_goes_back_with_every_fault(tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    path = write_list(tmp_path / "150.csv")
    ended = hmgeo_command("layers", "check", path, "--kind", "enterprises", "--fixme", tmp_path / "fixme.xlsx")
    assert ended.code == 0, ended.err
    sheet = openpyxl.load_workbook(tmp_path / "fixme.xlsx").active
    rows = list(sheet.iter_rows(min_row=3, values_only=True))
    faulty = {row for row, (_, _, event, _) in enumerate(ROWS, start=1) if event}
    assert faulty <= {line - 1 for line, *_ in rows}  # the header is line 1
    by_line = {line: problems for line, _, problems, *_ in rows}
    assert "没有坐标" in by_line[3]
    assert "坐标不是数字" in by_line[5]
    assert "共" in str(sheet.cell(1, 1).value)


@pytest.mark.parametrize(
    ("header", "cell", "error_m"),
    [
        ("定位误差(m)", "5", 5.0),
        ("定位误差", "5", 5.0),
        ("定位误差(km)", "5", 5000.0),
        ("定位误差（公里）*", "约0.5", 500.0),
        ("坐标误差(km)", "5m", 5.0),
        ("误差半径km", "5", 5000.0),
        ("定位精度(cm)", "50", 0.5),
        ("定位误差[km]", "5", 5000.0),
        ("定位误差【km】", "5", 5000.0),
        ("定位误差_km", "5", 5000.0),
        ("定位误差/km", "5", 5000.0),
        ("定位误差（单位：km）", "5", 5000.0),
        ("定位误差（单位:米）", "5", 5.0),
        ("定位误差km(估计)", "5", 5000.0),
        ("定位误差（公里，估计）", "5", 5000.0),
        ("定位误差（选填）", "5", 5.0),
        ("定位误差（水平，km）", "5", 5000.0),
        ("定位误差（单位为米）", "5", 5.0),
        ("定位误差（以千米计）", "5", 5000.0),
        ("GPS误差(km)", "5", 5000.0),
        ("水平误差(m)", "5", 5.0),
        ("平面位置误差（米）", "5", 5.0),
        ("误差范围(m)", "5", 5.0),
        ("定位误差范围[km]", "5", 5000.0),
        ("GPS精度(m)", "5", 5.0),
        ("精度(m)", "5", 5.0),
        ("最大误差(m)", "5", 5.0),
        ("定位偏差(km)", "5", 5000.0),
        ("坐标偏差", "5", 5.0),
        ("位置不确定度(m)", "5", 5.0),
        ("坐标不确定性（公里，估计）", "5", 5000.0),
        ("定位偏差(″)", "5", None),
        ("位置不确定度(级)", "5", None),
        ("排放偏差(m)", "5", 0.0),
        ("uncertainty_km", "5", 5000.0),
        ("定位误差(m)", "0.5公里", 500.0),
        ("定位误差(km)", "±20米以内", 20.0),
        ("定位误差(m)", "5里", None),
        ("定位误差(″)", "5", None),
        ("定位误差(角秒)", "5", None),
        ("定位误差[弧秒]", "5", None),
        ("定位误差(百米)", "5", None),
        ("定位误差_deg", "5", None),
        ("定位误差（m×100）", "5", None),
        ("误差范围(像元)", "5", None),
        ("误差(%)", "5", None),
        ("水平精度(百米)", "5", None),
        ("水平精度百米", "5", None),
        ("水平精度（m×100）", "5", None),
        ("GPS精度(英寻)", "5", None),
        ("GPS精度[km]", "5", 5000.0),
        ("定位精度（单位：公里，估计）", "5", 5000.0),
        ("定位误差百米", "5", None),
        ("定位误差mm", "5000", None),
        ("GPS精度（″）", "5", None),
        ("坐标偏差角秒", "5", None),
        ("uncertainty(ft)", "5", None),
        ("position_uncertainty_hm", "5", None),
        ("uncertainty (furlong)", "5", None),
        ("定位误差来源", "GPS", 0.0),
        ("定位精度等级", "高", 0.0),
        ("uncertainty_note", "high", 0.0),
        ("排放精度(百米)", "5", 0.0),
        ("高程误差(m)", "5", 0.0),
    ],
)
def test_an_error_is_read_in_the_unit_that_its_column_names(
    tmp_path: Path, header: str, cell: str, error_m: float | None
) -> None:
    path = tmp_path / "甲.csv"
    path.write_text(
        f"企业编号,经度,纬度,坐标系,{header}\nA,113.0512345678,23.5512345678,CGCS2000,{cell}\n", encoding="utf-8"
    )
    read, _ = load(path)
    (metres,) = read.table["position_uncertainty_m"].to_pylist()
    assert metres == (None if error_m is None else pytest.approx(error_m, abs=1e-3))


@pytest.mark.parametrize(
    ("unit", "kg"), [("kg", 0.5), ("t/a", 500.0), ("mg/m³", None), ("kg/h", None), ("2020年", 0.5)]
)
def test_a_share_is_no_mass_of_an_outlet(tmp_path: Path, unit: str, kg: float | None) -> None:
    path = tmp_path / "排放口.csv"
    path.write_text(f"企业编号,排放口编号,类型,污染物,年排放量({unit})\nA,DA1,废气,镉,0.5\n", encoding="utf-8")
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.SYNTHETIC)
    assert table.table["emission_kg"].to_pylist() == [kg]
    assert bool([entry for entry in ledger.entries if entry.event == "数值有误"]) is (kg is None)


def test_of_several_columns_of_errors_the_largest_counts_row_by_row(tmp_path: Path) -> None:
    """The first of them alone counted, the smaller here; one that can't be read holds its row."""
    path = tmp_path / "甲.csv"
    rows = ["5,1,", "9000,1,", ",1,", "5,0.005,", "5,,", "5,1,3"]
    head = "企业编号,经度,纬度,坐标系,定位误差(m),定位误差(km),GPS误差(里)\n"
    lines = [f"A{row},113.05123456,23.55123456,CGCS2000,{cells}" for row, cells in enumerate(rows)]
    path.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    for options in (ReadOptions(), ReadOptions(columns=(("uncertainty", "定位误差(m)"),))):
        read, ledger = load(path, options=options)
        metres = read.table["position_uncertainty_m"].to_pylist()
        assert metres == [*(pytest.approx(error, abs=1e-2) for error in (1000, 9000, 1000, 5, 5)), None]
        (told,) = [entry for entry in ledger.entries if entry.event == "定位误差各列不同"]
        assert (told.field, told.row_count) == ("定位误差(m)、定位误差(km)、GPS误差(里)", 3)
        assert told.action == "按较大者计，请核对"
        assert not [entry for entry in ledger.entries if entry.event == "数值有误"]


def test_a_mass_below_zero_is_refused_and_not_told_as_converted_before(tmp_path: Path) -> None:
    """The ledger said of -5 under t/a that it counts as -5000 kg/a, and then that it doesn't count."""
    path = tmp_path / "甲.csv"
    rows = "A,113.05,23.55,-5,-3 kg/a,-2\nB,113.06,23.55,0.3,1 kg/a,\n"
    path.write_text("企业编号,经度,纬度,废气铅(t/a),废气镉(t/a),海拔(km)\n" + rows, encoding="utf-8")
    _, ledger = load(path)
    assert told_of_units(ledger) == [
        ("废气铅(t/a)", "表头单位 t/a，按 1 t/a = 1000 kg/a 换算，共 1 行（数据第 2 行）"),
        ("废气镉(t/a)", "单元格所写单位与表头的 t/a 不同，共 1 行（数据第 2 行）"),
    ]
    assert unread_numbers(ledger) == [
        (1, "废气铅(t/a)", "-5", "不是以 kg/a 计的非负数值"),
        (1, "废气镉(t/a)", "-3 kg/a", "不是以 kg/a 计的非负数值"),
    ]
    path = tmp_path / "排放口.csv"
    path.write_text("企业编号,排放口编号,类型,污染物,年排放量(t/a)\nA,DA1,废气,镉,-5\n", encoding="utf-8")
    table, ledger = load_side_table(path, kind=LayerKind.OUTLETS, basis=Basis.SYNTHETIC)
    assert table.table["emission_kg"].to_pylist() == [None]
    assert (told_of_units(ledger), len(unread_numbers(ledger))) == ([], 1)
