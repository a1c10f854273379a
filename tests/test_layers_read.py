"""Files that can't be used: one clear error each, naming the file and the way out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pyogrio.raw
import pytest
import shapely

from hmgeo.errors import InputError
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.vocabulary import Basis, LayerKind

BROKEN = Path(__file__).parent / "broken" / "layers"
NOTHING_SAID = ReadOptions()


def refuse_sources(path: Path, options: ReadOptions = NOTHING_SAID) -> str:
    with pytest.raises(InputError) as caught:
        load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=options)
    return str(caught.value)


def refuse_farmland(path: Path, options: ReadOptions = NOTHING_SAID) -> str:
    with pytest.raises(InputError) as caught:
        load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_coordinates.csv", ["没有识别出成对的坐标列", "企业编号、企业名称、地址", "经度", "首行须为列名"]),
        ("metres_without_zone.csv", ["没有带号的平面坐标", "2 行", "412345.6，2612345.6", "中央子午线", "EPSG"]),
        ("empty.csv", ["文件为空", "重新导出"]),
        ("header_only.csv", ["没有任何数据行", "核对文件是否导出完整"]),
        ("blank_header.csv", ["首行没有列名", "把列名放在第一行"]),
        ("open_quote.csv", ["引号不成对", "第 2 行"]),
        ("fullwidth_commas.csv", ["全角逗号", "半角逗号"]),
        ("text_named.xlsx", ["不是有效的 xlsx", "扩展名"]),
        ("text_named.gpkg", ["不是有效的 GeoPackage", "重新导出"]),
        ("text_named.parquet", ["不是有效的 parquet", "重新导出"]),
        ("cut_off.geojson", ["不是有效的 GeoJSON", "重新导出"]),
        ("no_feature.geojson", ["没有任何数据行"]),
        ("not_features.geojson", ["没有 FeatureCollection"]),
        ("strange_crs.geojson", ["坐标系无法识别", "EPSG:99999999"]),
        ("old.xls", ["不是有效的 xlsx 或 xls", "另存为 xlsx"]),
        ("places.kml", ["不是有效的 KML", "QGIS"]),
        ("not_there.csv", ["文件不存在", "核对路径"]),
    ],
)
def test_broken_sources_say_what_and_what_to_do(name: str, words: list[str]) -> None:
    text = refuse_sources(BROKEN / name)
    assert text.startswith(name)
    assert "\n" not in text
    for word in [*words, "处理："]:
        assert word in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("farmland.csv", ["耕地须为面状图层", "gpkg"]),
        ("points_as_farmland.geojson", ["没有任何可用的耕地要素", "共 2 行", "全部搁置"]),
    ],
)
def test_broken_farmland(name: str, words: list[str]) -> None:
    text = refuse_farmland(BROKEN / name)
    for word in words:
        assert word in text


def test_a_folder_is_not_a_file() -> None:
    assert "是文件夹" in refuse_sources(BROKEN)


def test_several_layers_ask_which_and_list_them(tmp_path: Path) -> None:
    path = tmp_path / "many.gpkg"
    square = np.array([shapely.to_wkb(shapely.box(113, 23, 113.01, 23.01))], dtype=object)
    for layer in ("地块", "parks"):
        pyogrio.raw.write(
            path,
            square,
            [],
            [],
            layer=layer,
            geometry_type="Polygon",
            crs="EPSG:4490",
            driver="GPKG",
            append=path.exists(),
        )
    text = refuse_farmland(path)
    assert "2 个图层" in text
    assert "地块、parks" in text
    assert "没有这个图层" in refuse_farmland(path, ReadOptions(layer="roads"))
    layer, ledger = load_receptors(
        path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=ReadOptions(layer="地块")
    )
    assert layer.feature_count == 1
    assert {entry.sheet for entry in ledger.entries} == {"地块"}


def test_several_sheets_ask_which_and_list_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("企业", "尾矿库"):
        sheet = book.create_sheet(name)
        sheet.append(["企业编号", "经度", "纬度"])
        sheet.append(["E1", 113.051234, 23.612345])
    path = tmp_path / "两张表.xlsx"
    book.save(path)
    text = refuse_sources(path)
    assert "2 个工作表" in text
    assert "企业、尾矿库" in text
    positions, _ = load_positions(
        path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=ReadOptions(layer="企业")
    )
    assert positions.table["source_id"].to_pylist() == ["E1"]


def test_formula_without_result_is_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["企业编号", "经度", "纬度"])
    book.active.append(["E1", "=113+0.05", 23.6])
    path = tmp_path / "f.xlsx"
    book.save(path)
    positions, ledger = load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC)
    assert positions.table["status"].to_pylist() == ["rejected"]
    told = next(entry for entry in ledger.entries if entry.event == "公式无结果")
    assert (told.row, told.field, told.value) == (1, "经度", "=113+0.05")


@pytest.fixture
def shapefile(tmp_path: Path) -> Path:
    path = tmp_path / "地块.shp"
    square = np.array([shapely.to_wkb(shapely.box(412_000, 2_600_000, 412_500, 2_600_500))], dtype=object)
    pyogrio.raw.write(
        path,
        square,
        [np.array(["水田"], dtype=object)],
        ["DLMC"],
        geometry_type="Polygon",
        crs="EPSG:4547",
        driver="ESRI Shapefile",
        encoding="GBK",
    )
    return path


def test_shapefile_without_prj_asks(shapefile: Path) -> None:
    shapefile.with_suffix(".prj").unlink()
    text = refuse_farmland(shapefile)
    assert "没有声明坐标系" in text
    assert "缺少 prj" in text
    assert "EPSG:4547" in text
    told, _ = load_receptors(
        shapefile, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=ReadOptions(crs="EPSG:4547")
    )
    by_meridian, _ = load_receptors(
        shapefile, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=ReadOptions(central_meridian=114)
    )
    assert told.read().equals(by_meridian.read())


def test_shapefile_text_without_cpg_is_read_as_gbk(shapefile: Path) -> None:
    shapefile.with_suffix(".cpg").unlink()
    dbf = bytearray(shapefile.with_suffix(".dbf").read_bytes())
    dbf[29] = 0  # no language id either
    shapefile.with_suffix(".dbf").write_bytes(bytes(dbf))
    layer, ledger = load_receptors(shapefile, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert layer.read()["name"].to_pylist() == ["水田"]
    assert [entry.value for entry in ledger.entries if entry.event == "编码"] == ["GB18030"]


def test_a_lone_shp_is_read_beside_its_folder(shapefile: Path, tmp_path: Path) -> None:
    lone = tmp_path / "lone" / "a.shp"
    lone.parent.mkdir()
    shutil.copy(shapefile, lone)
    assert "没有声明坐标系" in refuse_farmland(lone)
    options = ReadOptions(crs="EPSG:4547")
    layer, ledger = load_receptors(lone, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, options=options)
    assert layer.feature_count == 1
    assert {"缺少索引", "缺少属性文件"} <= {entry.event for entry in ledger.entries}
    assert [path.name for path in lone.parent.iterdir()] == ["a.shp"]


def test_words_of_the_user_that_are_not_understood_come_at_once() -> None:
    path = BROKEN / "metres_without_zone.csv"
    text = refuse_sources(path, ReadOptions(crs="EPSG:1", datum="mars2", central_meridian=1140))
    assert "EPSG:1" in text
    assert "mars2" in text
    assert "1140" in text
    assert len(text.splitlines()) == 3


def test_an_id_column_that_is_not_there() -> None:
    text = refuse_sources(BROKEN / "metres_without_zone.csv", ReadOptions(id_field="厂号"))
    assert "指定的编号列不存在" in text
    assert "企业编号、企业名称、X坐标、Y坐标" in text
