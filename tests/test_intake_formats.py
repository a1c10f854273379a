"""Sheets, archives, exports and cells in the shapes that offices send."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pyogrio.raw
import pytest
import shapely
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from lat_lon_parser import parse as oracle

from hmgeo.errors import InputError
from hmgeo.intake.catalog import recognise_standard
from hmgeo.intake.formats.sheets import find_header
from hmgeo.intake.layers import similarity
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.intake.places.numbers import parse_angle, parse_packed
from hmgeo.project.sites import desk
from hmgeo.reference.cells import in_unit, parse_quantity, read_word
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.records import Layer, Ledger, Positions


def load(path: Path, **options: object) -> tuple[Positions, Ledger]:
    said = ReadOptions(**options)  # type: ignore[arg-type]
    return load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=said)


def farmland(path: Path, **options: object) -> tuple[Layer, Ledger]:
    said = ReadOptions(**options)  # type: ignore[arg-type]
    return load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=said)


def events(ledger: Ledger) -> dict[str, str]:
    return {entry.event: f"{entry.reason}；{entry.action}" for entry in ledger.entries}


@pytest.mark.parametrize(
    ("text", "degrees", "axis"),
    [
        ("113°03′43.2″", 113.062, ""),
        ("东经113°03′43.2″", 113.062, "lon"),
        ("東經113度03分43.2秒", 113.062, "lon"),
        ("E113°3'43.2\"", 113.062, "lon"),
        ("113°3'43.2''E", 113.062, "lon"),
        ("113º03´43.2˝", None, ""),
        ("113d03m43.2s", 113.062, ""),
        ("113:03:43.2", 113.062, ""),
        ("113-03-43.2", 113.062, ""),
        ("113 03 43.2", 113.062, ""),
        ("113.03.43.2", 113.062, ""),
        ("113°3.72′", 113.062, ""),
        ("113.062°", 113.062, ""),
        ("113.062E", 113.062, "lon"),
        ("１１３°０３′４３．２″", 113.062, ""),
        ("经度：113°03′43.2″", 113.062, "lon"),
        ("S23°30′", -23.5, "lat"),
        ("西经113°30′", -113.5, "lon"),
        ("113 05", None, ""),
        ("113°60′", None, ""),
        ("113°03′60″", None, ""),
        ("113°02′60.00″", 113.05, ""),  # an export that rounds 59.998″ and doesn't carry
        ("113°60.0′", None, ""),
        ("113°02′60.01″", None, ""),
        ("113°3.5′2″", None, ""),
        ("-W113°30′", None, ""),
        ("东经113°北纬23°", None, ""),
        ("1/2", None, ""),
    ],
)
def test_spellings_of_angles(text: str, degrees: float | None, axis: str) -> None:
    angle = parse_angle(text)
    assert (angle is None) == (degrees is None)
    if angle is not None and degrees is not None:
        assert angle.degrees == pytest.approx(degrees, abs=1e-12)
        assert angle.axis == axis


def test_half_of_the_last_digit_of_an_angle() -> None:
    halves = [angle.half for text in ("113°", "113°03′", "113°03′43″", "113°03′43.2″") if (angle := parse_angle(text))]
    assert halves == pytest.approx([0.5, 0.5 / 60, 0.5 / 3600, 0.05 / 3600], rel=1e-12)


@given(
    degrees=st.integers(0, 179), minutes=st.integers(0, 59), hundredths=st.integers(0, 5999), sign=st.sampled_from("EW")
)
def test_angles_agree_with_a_kept_library(degrees: int, minutes: int, hundredths: int, sign: str) -> None:
    text = f"{degrees}°{minutes:02d}'{hundredths / 100:05.2f}\"{sign}"
    angle = parse_angle(text)
    assert angle is not None
    assert angle.degrees == pytest.approx(oracle(text), abs=1e-12)


@settings(max_examples=400)
@given(text=st.text(alphabet="0123456789.°′″'\"度分秒 -+:NSEW东西南北经纬dmsº˚１２,eE", max_size=16))
def test_any_text_is_an_angle_or_not(text: str) -> None:
    angle = parse_angle(text)
    assert angle is None or (abs(angle.degrees) < 1000 and angle.half > 0 and angle.axis in {"", "lon", "lat"})


@settings(max_examples=300)
@given(lon=st.text(alphabet="0123456789.-", max_size=12), lat=st.text(alphabet="0123456789.-", max_size=12))
def test_any_digits_are_packed_or_not(lon: str, lat: str) -> None:
    pair = parse_packed(lon, lat)
    assert pair is None or (73 <= pair[0].degrees < 136 and 3 <= pair[1].degrees < 54)


@settings(max_examples=300)
@given(text=st.text(alphabet="0123456789.,<>-+eE kgmt/年吨克μ约（）", max_size=14))
def test_any_text_is_a_quantity_or_not(text: str) -> None:
    quantity = parse_quantity(text)
    assert quantity is None or quantity.value == quantity.value  # never a NaN


@settings(max_examples=150)
@given(rows=st.lists(st.lists(st.sampled_from(["", "经度", "纬度", "企业编号", "表", "1"]), max_size=5), min_size=1))
def test_any_rows_have_some_header(rows: list[list[str]]) -> None:
    first, names, depth = find_header(rows)
    assert 0 <= first < len(rows)
    assert 1 <= depth <= 3
    assert len(names) <= 5


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.35mg/kg", "mg/kg", 0.35),
        ("1,200 kg", "kg", 1200.0),
        ("1.2 t/a", "kg/a", 1200.0),
        ("３．５ 吨", "kg", 3500.0),
    ],
)
def test_numbers_with_units(text: str, unit: str, value: float) -> None:
    quantity = parse_quantity(text)
    assert quantity is not None
    assert in_unit(quantity, unit) == pytest.approx(value)


@pytest.mark.parametrize("text", ["E0", "e5", "-", ".", "1,20", "12 个", "一百", "1.2.3", "--1"])
def test_what_fuzzing_found_and_its_like_are_no_numbers(text: str) -> None:
    assert parse_quantity(text) is None


def test_numbers_of_known_columns_become_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        '企业编号,经度,纬度,废气铅(kg/a),环评防护距离(m)\n1,113.05,23.6,"1,200 kg",0.5km\n2,113.06,23.6,3,100\n',
        encoding="utf-8",
    )
    positions, ledger = load(path)
    assert positions.attributes["废气铅(kg/a)"].to_pylist() == ["1200", "3"]
    assert positions.attributes["环评防护距离(m)"].to_pylist() == ["500", "100"]
    told = [(entry.event, entry.field) for entry in ledger.entries if entry.event == "数值带单位"]
    assert told == [("数值带单位", "废气铅(kg/a)"), ("数值带单位", "环评防护距离(m)")]


def test_the_only_sheet_that_fits_is_taken_and_said(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["填报说明"])
    sheet = book.create_sheet("名单")
    for row in (["某区企业名单"], [], ["序号", "单位名称", "东经", "北纬"], [1, "甲厂", 113.051234, 23.612345]):
        sheet.append(row)
    path = tmp_path / "a.xlsx"
    book.save(path)
    positions, ledger = load(path)
    assert positions.table["name"].to_pylist() == ["甲厂"]
    told = events(ledger)
    assert "只有「名单」有坐标列" in told["工作表"]
    assert "列名在第 3 行，其上 2 行是标题或空行" in told["表头位置"]


def test_template_rows_left_in_place_are_no_data(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [
        "企业编号*,企业名称*,经度,纬度,生产状态*,是否涉镉*",
        ",,,,在产/停产/关闭/搬迁/在建/历史遗留,已认定/行业推定/不涉及",
        "QY-001,示例冶炼厂,113.05,23.6,在产,行业推定",
        "QY-002,甲厂,113.05,23.6,停产,不涉及",
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    positions, ledger = load(path)
    assert "模板" in events(ledger)["模板说明行"]
    assert positions.table["source_id"].to_pylist()[-1] == "QY-002"


def test_xls_is_read(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("企业")
    sheet.write_merge(0, 0, 0, 2, "企业一览表")
    for row, cells in enumerate([["企业编号", "经度", "纬度"], ["E1", 113.051234, 23.612345]], start=1):
        for column, value in enumerate(cells):
            sheet.write(row, column, value)
    path = tmp_path / "a.xls"
    book.save(str(path))
    positions, _ = load(path)
    assert positions.table["lon"].to_pylist() == [113.051234]


def test_degrees_minutes_and_seconds_in_columns_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "企业编号,经度(度),经度(分),经度(秒),纬度(度),纬度(分),纬度(秒)\nE1,113,3,43.2,23,35,13.2\nE2,,,,,,\n",
        encoding="utf-8",
    )
    positions, _ = load(path)
    assert positions.table["lon"].to_pylist() == [pytest.approx(113.062), None]
    assert positions.table["lat"].to_pylist() == [pytest.approx(23.587), None]


def test_the_users_mapping_wins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("编号,甲,乙\nE1,113.05,23.6\n", encoding="utf-8")
    positions, _ = load(path, columns=(("lon", "甲"), ("lat", "乙")))
    assert positions.table["lon"].to_pylist() == [113.05]
    with pytest.raises(InputError, match="字段映射的列不存在"):
        load(path, columns=(("lon", "丙"),))


def parcels(
    path: Path, codes: list[str], layer: str = "DLTB", driver: str = "GPKG", deducted: Sequence[str] = ()
) -> Path:
    shapes = [shapely.box(113 + row / 100, 23.5, 113.005 + row / 100, 23.505) for row in range(len(codes))]
    fields = {
        "BSM": np.array([f"4418021050000{row:05d}" for row in range(len(codes))], dtype=object),
        "DLBM": np.array(codes, dtype=object),
        "TBMJ": np.full(len(codes), 1000.0),
        "KCMJ": np.array(deducted, dtype=object) if deducted else np.full(len(codes), 100.0),
        "QSDWDM": np.array(["4418021052010000000"] * len(codes), dtype=object),
    }
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes),
        list(fields.values()),
        list(fields),
        layer=layer,
        driver=driver,
        geometry_type="Polygon",
        crs="EPSG:4490",
    )
    return path


@pytest.mark.parametrize(("suffix", "driver"), [("gpkg", "GPKG"), ("gdb", "OpenFileGDB")])
def test_of_a_land_survey_only_farmland_is_farmland(tmp_path: Path, suffix: str, driver: str) -> None:
    path = parcels(tmp_path / f"a.{suffix}", ["0101", "0102", "0103", "0301", "1001", "0301"], driver=driver)
    layer, ledger = farmland(path)
    table = layer.read()
    assert table.num_rows == 3
    assert table["official_area_m2"].to_pylist() == [900.0] * 3  # TBMJ less KCMJ
    assert set(table["township"].to_pylist()) == {"441802105"}
    told = [(entry.value, entry.reason) for entry in ledger.entries if entry.event == "非耕地图斑"]
    assert told == [("0301", "共 2 行（数据第 4、6 行）"), ("1001", "共 1 行（数据第 5 行）")]
    assert "国土调查地类图斑" in events(ledger)["标准图层"]


def test_a_deduction_that_cannot_be_read_is_not_nothing(tmp_path: Path) -> None:
    path = parcels(tmp_path / "a.gpkg", ["0101"] * 5, deducted=["100", "", "—", "约 100", "-5"])
    layer, ledger = farmland(path)
    assert layer.read()["official_area_m2"].to_pylist() == [900.0, 1000.0, 1000.0, None, None]
    assert [entry.value for entry in ledger.entries if entry.event == "面积无效"] == ["约 100", "-5"]


@pytest.mark.parametrize(
    ("fields", "layer", "kind"),
    [
        (["BSM", "DLBM", "TBMJ", "ZLDWDM"], "", LayerKind.FARMLAND),
        (["BSM", "JBNTTBBH", "DLBM", "JBNTMJ"], "", LayerKind.PERMANENT_BASIC_FARMLAND),
        (["HJZHGKDYBM", "HJZHGKDYMC", "ZHGKDYFL", "AREA"], "", LayerKind.CONTROL_UNITS),
        (["BSM", "XZQDM", "XZQMC"], "", LayerKind.TOWNSHIPS),
        (["BSM", "YJJBNTTBBH"], "", LayerKind.PERMANENT_BASIC_FARMLAND),
        (["BSM", "YSDM"], "STBHHX_441802", LayerKind.ECOLOGICAL_REDLINE),
        (["BSM", "YSDM"], "CZKFBJ", LayerKind.URBAN_DEVELOPMENT_BOUNDARY),
        (["名称", "保护区级别"], "", LayerKind.WATER_SOURCE_ZONES),
        (["地块编号", "耕地土壤环境质量类别"], "", LayerKind.FARMLAND),
        (["name", "typecode", "pname", "adname", "location"], "", LayerKind.SENSITIVE_SITES),
    ],
)
def test_exports_are_recognised(fields: list[str], layer: str, kind: LayerKind) -> None:
    found = recognise_standard(fields, layer)
    assert found is not None
    assert found.kind is kind


def test_a_zip_with_chinese_names_and_nothing_left_behind(tmp_path: Path) -> None:
    parcels(tmp_path / "图斑.shp", ["0101"], layer="图斑", driver="ESRI Shapefile")
    path = tmp_path / "图斑.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            info = zipfile.ZipInfo(f"交付/{'图斑'}{suffix}")
            archive.writestr(info, (tmp_path / f"图斑{suffix}").read_bytes())
    before = sorted(tmp_path.rglob("*"))
    layer, ledger = farmland(path)
    assert layer.feature_count == 1
    assert layer.provenance.path == "图斑.zip"
    assert "读后删除" in events(ledger)["压缩包"]
    assert sorted(tmp_path.rglob("*")) == before


def test_names_are_alike_without_their_legal_form() -> None:
    assert similarity("清远某某有色金属有限公司", "清远某某有色金属公司(龙塘)") == 1.0
    assert similarity("甲冶炼厂", "乙电镀厂") < 0.5


def test_control_units_are_read_by_the_fields_of_their_exports(tmp_path: Path) -> None:
    codes = {"HJZHGKDYBM": "ZH44180220001", "HJZHGKDYMC": "高新区重点管控单元", "CITY": "清远", "ZHGKDYFL": "2"}
    texts = {"KJBJYS": "禁止新建电镀", "PWWPFGK": "等量替代", "HJFXFK": "设应急池", "ZYKFXLYQ": "", "REMARK": "x"}
    path = tmp_path / "units.geojson"
    shape = {"type": "Polygon", "coordinates": [[[113, 23], [113.1, 23], [113.1, 23.1], [113, 23.1], [113, 23]]]}
    feature = {"type": "Feature", "properties": codes | texts, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    layer, _ = load_receptors(path, kind=LayerKind.CONTROL_UNITS, basis=Basis.SYNTHETIC)
    (row,) = layer.read().select(["receptor_id", "name", "class"]).to_pylist()
    assert row == {"receptor_id": "ZH44180220001", "name": "高新区重点管控单元", "class": "2"}
    assert read_word("control_units", "2") == "重点管控"
    inputs = SimpleNamespace(receptors=[layer])
    cells = desk._cells(inputs, LayerKind.CONTROL_UNITS)["ZH44180220001"]  # type: ignore[arg-type]
    wanted = ("类别", "空间布局约束", "污染物排放管控", "环境风险防控", "资源利用效率")
    assert [cells[name] for name in wanted] == ["重点管控", "禁止新建电镀", "等量替代", "设应急池", ""]
