"""Tables of points: every row is accounted for, and nothing is repaired in silence."""

from __future__ import annotations

import csv
import math
from collections import Counter
from typing import TYPE_CHECKING

import openpyxl
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from hmgeo.errors import InputError
from hmgeo.geo.datum import wgs84_to_bd09, wgs84_to_gcj02
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.records import Ledger, Positions

GCJ = tuple(f"{float(value):.6f}" for value in wgs84_to_gcj02(113.05, 23.6))
BD = tuple(f"{float(value):.6f}" for value in wgs84_to_bd09(113.05, 23.6))

HEADER = (
    "企业编号*,企业名称*,县(市、区)*,乡镇（街道）*,经度,纬度,坐标系*,中央子午线,定位误差(m),行业代码*,行业分类版本*"
)
# id, name, county, township, lon, lat, datum, meridian, error, trade, edition | status, kind, words of the note
DIRTY = [
    ("E01,甲厂,清城区,龙塘镇,113.050000,23.600000,CGCS2000,,,3212,2017", "assessed", "point", ""),
    ("E02,乙厂,清城区,龙塘镇,113.0501,23.6001,WGS84,,,3212,GB/T 4754-2017", "assessed", "point", ""),
    (f"E03,丙厂,清城区,,{GCJ[0]},{GCJ[1]},GCJ-02,,,3212,2011", "assessed", "point", ""),
    (f"E04,丁厂,清城区,,{BD[0]},{BD[1]},百度,,,3212,2017", "assessed", "point", ""),
    ("E05,戊厂,清城区,,113.052000,23.602000,西安80,,,,", "assessed", "point", ""),
    ("E06,己厂,清城区,,113.053000,23.603000,北京54,,20,,", "assessed", "point", ""),
    ("E07,庚厂,清城区,石角镇,113.054000,23.604000,未知,,,,", "not_located", "point", "坐标系为未知"),
    ("E08,辛厂,,,113.054000,23.604000,未知,,,,", "not_located", "point", "坐标系为未知"),
    ("E09,壬厂,清城区,,113.054000,23.604000,广州独立坐标系,,,,", "not_located", "point", "坐标系无法识别"),
    ("E10,癸厂,清城区,石角镇,,,CGCS2000,,,,", "not_located", "place", "没有坐标"),
    ("E11,子厂,,,,,,,,,", "not_located", "", "没有坐标"),
    ("E12,丑厂,清城区,,无,—,,,,,", "not_located", "place", "没有坐标"),
    ("E13,寅厂,清城区,,待补,23.6,,,,,", "rejected", "", "坐标不是数字（经度「待补」）"),
    ("E14,卯厂,清城区,,113°03′00″,23°36′60″,,,,,", "rejected", "", "分、秒须小于 60"),
    ("E15,辰厂,清城区,,113.05,,,,,,", "rejected", "", "只有一个坐标，缺纬度"),
    ("E16,巳厂,清城区,,23.600000,113.050000,CGCS2000,,,,", "rejected", "", "疑似颠倒"),
    ("E17,午厂,新疆,,43.700000,87.500000,CGCS2000,,,,", "rejected", "", "疑似颠倒"),
    ("E18,未厂,清城区,,0,0,,,,,", "rejected", "", "(0, 0)"),
    ("E19,申厂,清城区,,213.05,23.60,,,,,", "rejected", "", "超出经纬度范围"),
    ("E20,酉厂,清城区,,inf,23.6,,,,,", "rejected", "", "坐标不是数字（经度「inf」）"),
    ("E21,戌厂,清城区,,1e999,23.6,,,,,", "rejected", "", "不是有限的数"),
    ("E22,亥厂,清城区,,１１３．０６００００,２３．６１００００,CGCS2000,,,,", "assessed", "point", ""),
    ("E23,金厂,清城区,,38405123.45,2612345.67,CGCS2000,,,,", "assessed", "point", ""),
    ("E24,木厂,清城区,,24405123.45,2612345.67,CGCS2000,,,,", "rejected", "", "不像"),
    ("E25,水厂,清城区,,405123.45,2612345.67,CGCS2000,114,,,", "assessed", "point", ""),
    ("E26,火厂,某县,,405123.45,2612345.67,CGCS2000,,,,", "rejected", "", "没有带号"),
    ("E27,土厂,清城区,,38405123.45,2612345.67,CGCS2000,111,,,", "rejected", "", "中央子午线是 114"),
    ("E01,重厂,清城区,,113.070000,23.610000,CGCS2000,,约二十,,", "not_located", "point", "位置误差不明"),
    (",甲厂,清城区,,113.050001,23.600001,CGCS2000,,,,", "assessed", "point", "重复待确认"),
    ("E30,末厂,清城区,,405123.45,2612345.67,GCJ-02,114,,,", "rejected", "", "没有平面坐标"),
]


def load(path: Path, options: ReadOptions | None = None) -> tuple[Positions, Ledger]:
    return load_positions(
        path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=options or ReadOptions(), shown_as="脏表.csv"
    )


def table(folder: Path, text: str) -> Path:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Positions, Ledger]:
    path = tmp_path_factory.mktemp("dirty") / "脏表.csv"
    path.write_text("\n".join([HEADER, *(row for row, *_ in DIRTY)]) + "\n", encoding="utf-8-sig")
    return load(path)


def test_every_row_is_there_once_in_order(dirty: tuple[Positions, Ledger]) -> None:
    ids = dirty[0].table["source_id"].to_pylist()
    assert ids == [*(f"E{row:02d}" for row in range(1, 28)), "E01#2", "row-29", "E30"]
    assert dirty[0].attributes.num_rows == 30
    assert dirty[0].attributes["企业名称*"].to_pylist()[0] == "甲厂"


@pytest.mark.parametrize("row", range(30))
def test_row_outcome(dirty: tuple[Positions, Ledger], row: int) -> None:
    record = dirty[0].table.slice(row, 1).to_pylist()[0]
    _, status, kind, words = DIRTY[row]
    assert (record["status"], record["position_kind"]) == (status, kind), record["note"]
    assert words in record["note"]
    assert (record["note"] == "") == (words == "")
    located = status == "assessed"
    for name in ("lon", "lat", "position_uncertainty_m", "geometry"):
        assert (record[name] is not None) == located


def test_every_row_without_a_place_has_its_ledger_line(dirty: tuple[Positions, Ledger]) -> None:
    positions, ledger = dirty
    told = Counter(entry.row for entry in ledger.entries if entry.event in {"退回补正", "未定位"})
    expected = {row + 1: 1 for row, (_, status, *_) in enumerate(DIRTY) if status != "assessed"}
    assert told == expected
    for entry in ledger.entries:
        assert entry.file == "脏表.csv"
        if entry.row:
            assert entry.source_id == positions.table["source_id"][entry.row - 1].as_py()
    line = next(entry for entry in ledger.entries if entry.row == 13)
    assert (line.field, line.value, line.source_id) == ("经度", "待补", "E13")


def test_file_lines_say_what_was_assumed(dirty: tuple[Positions, Ledger]) -> None:
    events = {entry.event: entry for entry in dirty[1].entries if entry.row == 0}
    assert "；经度 ← 经度；纬度 ← 纬度" in events["字段对应"].value
    assert "定位误差 ← 定位误差(m)" in events["字段对应"].value
    assert "按 CGCS2000 读取" in events["坐标系未声明"].action
    assert "1 行（数据第 22 行）" in events["全角数字"].reason
    shifts = {entry.value: entry for entry in dirty[1].entries if entry.event == "坐标系转换"}
    assert "零平移" in shifts["WGS84"].action
    assert "增加 5 米" in shifts["GCJ-02"].action
    assert "非测绘成果" in shifts["BD-09"].action
    assert "增加 100 米" in shifts["西安80"].action
    assert "China Geodetic Coordinate System 2000" not in shifts


def test_repeats_and_blanks_of_ids_are_told(dirty: tuple[Positions, Ledger]) -> None:
    lines = {entry.row: entry for entry in dirty[1].entries if entry.event in {"编号重复", "编号空缺", "重复待确认"}}
    assert lines[28].action == "编号改为 E01#2"
    assert [entry.event for entry in dirty[1].entries if entry.row == 29] == ["编号空缺", "重复待确认"]
    assert "数据第 1 行" in lines[29].reason


@pytest.mark.parametrize(
    ("row", "lon", "lat"),
    [(1, 113.05, 23.6), (3, 113.05, 23.6), (4, 113.05, 23.6), (5, 113.052, 23.602), (22, 113.06, 23.61)],
)
def test_places(dirty: tuple[Positions, Ledger], row: int, lon: float, lat: float) -> None:
    record = dirty[0].table.slice(row - 1, 1).to_pylist()[0]
    assert record["lon"] == pytest.approx(lon, abs=1e-6)
    assert record["lat"] == pytest.approx(lat, abs=1e-6)


def test_zone_prefix_and_meridian_mean_the_same_place(dirty: tuple[Positions, Ledger]) -> None:
    with_prefix, with_meridian = (dirty[0].table.slice(row, 1).to_pylist()[0] for row in (22, 24))
    assert with_prefix["lon"] == pytest.approx(with_meridian["lon"], abs=1e-11)
    assert with_prefix["lat"] == pytest.approx(with_meridian["lat"], abs=1e-11)


# half of the last digit: 1e-6 degrees are 0.1021 m of longitude and 0.1108 m of latitude at 23.6 N
HALF_M = math.hypot(0.1021, 0.1108) / 2


@pytest.mark.parametrize(
    ("row", "expected_m", "within_m"),
    [
        (1, HALF_M, 1e-3),
        (2, 100 * HALF_M, 1e-1),
        (3, HALF_M + 5, 1e-3),
        (4, HALF_M + 5, 1e-3),
        (5, HALF_M + 100, 1e-3),
        (6, HALF_M + 120, 1e-3),
        (23, math.hypot(0.005, 0.005), 1e-4),
    ],
)
def test_uncertainty(dirty: tuple[Positions, Ledger], row: int, expected_m: float, within_m: float) -> None:
    assert dirty[0].table["position_uncertainty_m"][row - 1].as_py() == pytest.approx(expected_m, abs=within_m)


def test_trade_editions_are_years(dirty: tuple[Positions, Ledger]) -> None:
    assert dirty[0].table["trade_edition"].to_pylist()[:3] == ["2017", "2017", "2011"]


def test_nothing_declared_is_cgcs2000_and_says_so(tmp_path: Path) -> None:
    positions, ledger = load(table(tmp_path, "经度,纬度\n113.05,23.60\n"))
    assert positions.table["source_id"].to_pylist() == ["row-1"]
    assert [entry.event for entry in ledger.entries] == ["字段对应", "无编号列", "坐标系未声明"]
    # two decimals: half of 0.01 degrees is 510 m by 554 m
    assert positions.table["position_uncertainty_m"][0].as_py() == pytest.approx(math.hypot(510.5, 553.8), abs=1)


def test_the_users_datum_yields_to_the_rows_own(tmp_path: Path) -> None:
    text = f"编号,经度,纬度,坐标系\n1,{GCJ[0]},{GCJ[1]},\n2,113.050000,23.600000,CGCS2000\n"
    positions, ledger = load(table(tmp_path, text), ReadOptions(datum="gcj02"))
    assert positions.table["lon"].to_pylist() == pytest.approx([113.05, 113.05], abs=1e-6)
    assert positions.table["position_uncertainty_m"].to_pylist() == pytest.approx([5.075, 0.075], abs=1e-3)
    assert "坐标系未声明" not in {entry.event for entry in ledger.entries}


def test_a_datum_in_the_columns_name_counts(tmp_path: Path) -> None:
    positions, _ = load(table(tmp_path, f"编号,经度（GCJ-02）,纬度（GCJ-02）\n1,{GCJ[0]},{GCJ[1]}\n"))
    assert positions.table["lon"].to_pylist() == pytest.approx([113.05], abs=1e-6)


def test_metres_on_an_old_datum_keep_its_degrees(tmp_path: Path) -> None:
    text = "编号,横坐标,纵坐标,坐标系\n1,38405123.45,2612345.67,西安80\n2,38405123.45,2612345.67,CGCS2000\n"
    positions, _ = load(table(tmp_path, text))
    old, new = positions.table.to_pylist()
    assert old["position_uncertainty_m"] == pytest.approx(100.007, abs=1e-3)
    assert abs(old["lat"] - new["lat"]) * 110_700 < 3  # only the ellipsoids differ


def test_degrees_in_a_file_declared_as_metres_are_returned(tmp_path: Path) -> None:
    text = "编号,X,Y\n1,412345.6,2612345.6\n2,113.05,23.6\n"
    positions, _ = load(table(tmp_path, text), ReadOptions(crs="EPSG:4547"))
    assert positions.table["status"].to_pylist() == ["assessed", "rejected"]
    assert "坐标像经纬度" in positions.table["note"][1].as_py()


def test_a_row_with_more_cells_than_names_is_returned(tmp_path: Path) -> None:
    positions, _ = load(table(tmp_path, "编号,名称,经度,纬度\n1,甲,乙厂,113.05,23.6\n2,丙,113.05,23.6\n"))
    assert positions.table["status"].to_pylist() == ["rejected", "assessed"]
    assert "错位" in positions.table["note"][0].as_py()


def test_foreign_places_are_used_and_told_once(tmp_path: Path) -> None:
    text = "编号,经度,纬度\n1,-120.308512,37.657012\n2,11.541580,50.006899\n"
    positions, ledger = load(table(tmp_path, text))
    assert positions.table["status"].to_pylist() == ["assessed", "assessed"]
    assert [entry.row for entry in ledger.entries if entry.event == "境外提示"] == [0]


def test_another_continent_is_rejected_where_other_rows_or_the_project_lie_in_china(tmp_path: Path) -> None:
    rows = ["E1,-113.0375,23.685278", "E2,11.30375,23.685278", "E3,113.0375,2.3685278", "E4,113.0375,113.0375"]
    text = "\n".join(["企业编号,经度,纬度", *rows, "E5,23.685278,23.685278", "E6,113.0375,23.685278", ""])
    positions, ledger = load(table(tmp_path, text))
    assert positions.table["status"].to_pylist() == ["rejected"] * 5 + ["assessed"]
    notes = positions.table["note"].to_pylist()
    assert notes[0] == (
        "坐标在中国以外（东经 73–136、北纬 3–54 之外），其余各行或项目区域在中国（经度、纬度「-113.0375，23.685278」）"
    )
    assert [entry.row for entry in ledger.entries if entry.event == "退回补正"] == [4, 1, 2, 3, 5]
    alone = table(tmp_path, "企业编号,经度,纬度\nE1,-113.0375,23.685278\n")
    assert load(alone)[0].table["status"].to_pylist() == ["assessed"]  # a list of California is one
    assert load(alone, ReadOptions(in_china=True))[0].table["status"].to_pylist() == ["rejected"]


def test_blank_rows_sums_and_remarks_are_no_data_and_the_ledger_names_them(tmp_path: Path) -> None:
    text = (
        "序号,编号,名称,经度,纬度,铅排放量\n1,A,甲,113.05,23.6,3\n,,,,,\n\n4,,,,,\n5,B,合计电镀厂,113.06,23.6,4\n"
        ',,合 计,,—,"1,007"\n6,C,合计,113.07,23.6,镉\n注：数据截至六月,,,,,\n,,,,,\n'
    )
    positions, ledger = load(table(tmp_path, text))
    assert positions.table["source_id"].to_pylist() == ["A", "B", "C"]
    assert positions.table["status"].to_pylist() == ["assessed"] * 3
    told = {entry.event: (entry.reason, entry.action) for entry in ledger.entries if entry.action == "不计入数据行"}
    assert told == {
        "空行": ("表中第 3、4、5、10 行，4 个空行", "不计入数据行"),
        "合计行": ("表中第 7 行，1 个合计行", "不计入数据行"),
        "表尾说明行": ("表中第 9 行，1 个表尾说明行", "不计入数据行"),
    }


def test_ids_of_workbooks_have_no_point_zero_and_codes_their_doubt(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["ID", "经度", "纬度", "行业代码"])
    book.active.append([1001.0, 113.051234, 23.61, 912])
    book.active.append([1001, 113.061234, 23.61, "0912"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    positions, ledger = load(path)
    assert positions.table["source_id"].to_pylist() == ["1001", "1001#2"]
    assert positions.table["trade_code"].to_pylist() == ["912", "0912"]
    assert "可能丢失前导零" in positions.table["note"][0].as_py()
    assert [entry.row for entry in ledger.entries if entry.event == "行业代码存疑"] == [1]
    # 23.61 may have been 23.610000: the finer axis speaks for both
    assert positions.table["position_uncertainty_m"][0].as_py() == pytest.approx(0.0753, abs=1e-3)


def test_the_first_name_of_the_list_gives_the_id(tmp_path: Path) -> None:
    positions, _ = load(table(tmp_path, "编号,Source ID,经度,纬度\nA,B,113.05,23.6\n"))
    assert positions.table["source_id"].to_pylist() == ["B"]
    chosen, _ = load(table(tmp_path, "编号,Source ID,经度,纬度\nA,B,113.05,23.6\n"), ReadOptions(id_field="编号"))
    assert chosen.table["source_id"].to_pylist() == ["A"]


def test_receptor_points_come_from_tables_too(tmp_path: Path) -> None:
    path = table(tmp_path, "编号,名称,类别,经度,纬度\nM1,一小,学校,113.05,23.6\nM2,二小,学校,,\n")
    layer, ledger = load_receptors(path, kind=LayerKind.SENSITIVE_SITES, basis=Basis.SYNTHETIC)
    assert layer.read()["receptor_id"].to_pylist() == ["M1"]
    assert layer.read()["class"].to_pylist() == ["学校"]
    assert [(entry.row, entry.reason) for entry in ledger.entries if entry.event == "几何搁置"] == [(2, "没有坐标")]


def test_mostly_metres_without_a_meridian_refuse_the_file(tmp_path: Path) -> None:
    text = "编号,经度,纬度\n1,412345.6,2612345.6\n2,412346.6,2612345.6\n3,113.05,23.6\n"
    with pytest.raises(InputError, match="无法确定中央子午线"):
        load(table(tmp_path, text))


NUMBERS = [
    "113.05",
    "23.6",
    "０",
    "-0",
    "0",
    "1e5",
    "38405123.45",
    "405123.4",
    "2612345",
    "\u2212113.05",
    "114",
    "90.1",
]
ODDITIES = [
    "nan",
    "inf",
    "180",
    "-180",
    "113°",
    "abc",
    "1e-400",
    "9e40",
    ".",
    "GCJ-02",
    "百度",
    "西安80",
    "未知",
    "#",
    '"',
]
CELLS = st.sampled_from([*NUMBERS, *ODDITIES, "", "", "", ""])


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=6))
def test_whatever_stands_in_the_cells_each_row_comes_out_once(
    rows: list[tuple[str, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cells") / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["编号", "经度", "纬度", "坐标系", "中央子午线", "定位误差(m)"], *rows])
    try:
        positions, ledger = load(path)
    except InputError:
        return
    kept = len(rows)
    while not any(rows[kept - 1]):
        kept -= 1
    table = positions.table.to_pylist()
    assert len({record["source_id"] for record in table}) == len(table) == kept
    closed = [entry.row for entry in ledger.entries if entry.event in {"退回补正", "未定位"}]
    assert sorted(closed) == [row for row, record in enumerate(table, start=1) if record["status"] != "assessed"]
    for record in table:
        if record["status"] == "assessed":
            assert -180 <= record["lon"] <= 180
            assert -90 <= record["lat"] <= 90
            assert math.isfinite(record["position_uncertainty_m"])


def test_a_note_that_names_a_datum_is_the_rows_datum_or_holds_it(tmp_path: Path) -> None:
    at = ",".join(GCJ)  # of 113.05, 23.6
    notes = ("高德地图坐标", "坐标：GCJ-02", "已由GCJ-02转为CGCS2000", "高德路5号", "独立坐标系", "")
    rows = "".join(f"{number},{at},,{note}\n" for number, note in enumerate(notes, start=1))
    text = f"编号,经度,纬度,坐标系,备注\n{rows}7,{at},CGCS2000,高德地图坐标\n"
    positions, ledger = load(table(tmp_path, text))
    told = positions.table
    assert told["status"].to_pylist() == [
        "assessed", "assessed", "not_located", "assessed", "not_located", "assessed", "not_located"
    ]  # fmt: skip
    for row, read in (
        (0, (113.05, 23.6)),
        (1, (113.05, 23.6)),
        (3, (float(GCJ[0]), float(GCJ[1]))),
        (5, (float(GCJ[0]), float(GCJ[1]))),
    ):
        assert told["lon"][row].as_py() == pytest.approx(read[0], abs=2e-6)
        assert told["lat"][row].as_py() == pytest.approx(read[1], abs=2e-6)
    margins = told["position_uncertainty_m"].to_pylist()
    assert margins[0] == pytest.approx(5 + margins[3], abs=0.01)
    assert "看不出坐标属于哪个坐标系，请在坐标系列写明" in told["note"][2].as_py()
    assert "与坐标系「CGCS2000」不符" in told["note"][6].as_py()
    said = [(entry.field, entry.value) for entry in ledger.entries if entry.reason.startswith("文字写明")]
    assert said == [("备注", "高德地图坐标"), ("备注", "坐标：GCJ-02")]


def test_a_datum_in_a_title_or_under_the_table_speaks_for_all_rows(tmp_path: Path) -> None:
    rows = f"编号,名称,经度,纬度\n1,甲,{GCJ[0]},{GCJ[1]}\n"
    below, _ = load(table(tmp_path, f"{rows}注：坐标均为火星坐标系,,,\n"))
    above, _ = load(table(tmp_path, f"企业清单（高德坐标）,,,\n{rows}"))
    assert below.table["lon"].to_pylist() == above.table["lon"].to_pylist() == [pytest.approx(113.05, abs=2e-6)]
    for gap in ("　　", "  ", " "):  # a line of labels, as heads of forms have them
        beside, _ = load(table(tmp_path, f"填报单位：某县分局{gap}联系人：示例{gap}坐标：高德地图,,,\n{rows}"))
        assert beside.table["lon"].to_pylist() == [pytest.approx(113.05, abs=2e-6)]
    for denied in (
        "坐标系：GCJ02　　已停用",
        "原图坐标系：　　西安80　　本表已转换",
        "不是　　GCJ02",
        "填写示例：  GCJ02  经度",
    ):
        doubtful, _ = load(table(tmp_path, f"{denied},,,\n{rows}"))
        assert doubtful.table["status"].to_pylist() == ["not_located"], denied


def test_split_columns_of_any_stem_are_joined_and_parts_without_degrees_refused(tmp_path: Path) -> None:
    for lon, lat, form in (("中心经度", "中心纬度", "{}_{}"), ("经度", "纬度", "{}{}"), ("东经", "北纬", "{}-{}")):
        names = ",".join(form.format(stem, part) for stem in (lon, lat) for part in "度分秒")
        positions, _ = load(table(tmp_path, f"编号,{names}\n1,113,2,15,23,41,7\n"))
        assert positions.table["lon"].to_pylist() == [113.0375]  # 2′15″ are 0.0375°
        assert positions.table["lat"].to_pylist() == [pytest.approx(23.685278, abs=1e-6)]
    with pytest.raises(InputError, match="有分、秒列而对不上度列，坐标不完整（现为「经度_分、经度_秒」）"):
        load(table(tmp_path, "编号,经度,经度_分,经度_秒,纬度\n1,113,2,15,23\n"))


def test_a_second_pair_is_told_and_rows_that_give_only_that_go_back(tmp_path: Path) -> None:
    text = "编号,经度,纬度,X坐标,Y坐标\n1,113.0375,23.685278,38401000,2620000\n2,,,38401000,2620000\n3,,,,\n"
    positions, ledger = load(table(tmp_path, text))
    assert positions.table["status"].to_pylist() == ["assessed", "rejected", "not_located"]
    assert "经度、纬度 空白而 X坐标、Y坐标 有数值，未采用" in positions.table["note"][1].as_py()
    told = [(entry.field, entry.action) for entry in ledger.entries if entry.event == "坐标列未用"]
    assert told == [("X坐标、Y坐标", "以 经度、纬度 为准")]


def test_a_closed_line_is_the_area_it_goes_round_and_an_open_one_stays_a_line(tmp_path: Path) -> None:
    ring = "[[113.04,23.69],[113.08,23.69],[113.08,23.72],[113.04,23.72],[113.04,23.69]]"
    lines = ",".join(
        f'{{"type":"Feature","properties":{{"名称":"{name}"}},"geometry":{{"type":"LineString","coordinates":{at}}}}}'
        for name, at in (("红线厂", ring), ("渠", "[[113.04,23.69],[113.08,23.69],[113.08,23.72]]"))
    )
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"type":"FeatureCollection","features":[{lines}]}}', encoding="utf-8")
    positions, ledger = load(path)
    area, line = shapely.from_wkb(positions.table["geometry"].to_pylist())
    assert area.covers(shapely.box(113.05, 23.70, 113.06, 23.71))  # parcel P1 lies inside: 0 m
    assert line.geom_type == "LineString"
    assert [entry.row for entry in ledger.entries if entry.event == "闭合线"] == [1]
    assert "按所围成的面读取" in positions.table["note"][0].as_py()


def test_a_table_of_boundary_points_is_not_a_list_of_plants(tmp_path: Path) -> None:
    corners = ("2620000,38401000", "2620000,38401200", "2620200,38401200", "2620200,38401000")
    for name in ("", "甲厂"):
        rows = "".join(
            f"{name if number > 1 else '甲厂'},J{number},{at}\n" for number, at in enumerate(corners, start=1)
        )
        positions, ledger = load(table(tmp_path, f"地块名称,点号,X坐标,Y坐标\n{rows}"))
        (made,) = shapely.from_wkb(positions.table["geometry"].to_pylist())
        assert positions.table["name"].to_pylist() == ["甲厂"]
        assert abs(Geod(ellps="GRS80").geometry_area_perimeter(made)[0]) == pytest.approx(200 * 200, rel=1e-3)
        assert "4 个界址点，同一地块的各点按先后相连" in {entry.reason for entry in ledger.entries}
    with pytest.raises(InputError, match=r"界址点坐标缺少或无法读取：1 行（数据第 3 行）"):
        load(table(tmp_path, f"地块名称,点号,X坐标,Y坐标\n{rows.replace('2620200,38401200', '2620200,')}"))
    plants = "甲,1,113.0375,23.68\n乙,2,113.0475,23.68\n丙,3,113.0575,23.68\n"
    positions, _ = load(table(tmp_path, f"名称,点号,经度,纬度\n{plants}"))
    assert positions.table.num_rows == 3


def test_a_zone_that_contradicts_the_meridian_or_the_prefix_goes_back(tmp_path: Path) -> None:
    rows = (
        "A,405123.45,2612345.67,38,117",  # by zone 38 the meridian is 114
        "B,38405123.45,2612345.67,37,",
        "C,38405123.45,2612345.67,19,/",  # 19 is a zone of six degrees: 111
        "D,38405123.45,2612345.67,38,114",
        "E,405123.45,2612345.67,38,—",
        "F,405123.45,2612345.67,/,114",
    )
    positions, _ = load(table(tmp_path, "企业编号,东坐标,北坐标,带号,中央子午线\n" + "\n".join(rows) + "\n"))
    assert positions.table["status"].to_pylist() == ["rejected"] * 3 + ["assessed"] * 3
    notes = positions.table["note"].to_pylist()
    assert notes[0].startswith("带号 38 的中央子午线是 114，与所填 117 不符")
    assert [note.partition("（")[0] for note in notes[1:3]] == ["坐标前带号 38 的中央子午线是 114，与所填 111 不符"] * 2
    only_zone = "企业编号,东坐标,北坐标,带号\nB,38405123.45,2612345.67,37\nD,38405123.45,2612345.67,38\n"
    positions, _ = load(table(tmp_path, only_zone), ReadOptions(central_meridian=117.0))
    assert positions.table["status"].to_pylist() == ["rejected", "assessed"]
