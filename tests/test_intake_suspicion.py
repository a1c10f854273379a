"""Points against the places their rows name; whole layers against the datum they claim."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
import shapely
from pyproj import CRS, Transformer

from hmgeo.errors import ProjectError
from hmgeo.geo.datum import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from hmgeo.intake.catalog import counties, declared_place, townships
from hmgeo.intake.load import ReadOptions, load_positions, load_receptors
from hmgeo.intake.places.suspicion import DATUM_EVENT, PLACE_EVENT
from hmgeo.project.bare import BareFile
from hmgeo.project.screening import screen_files
from hmgeo.project.spec import read_spec
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.records import Ledger, LedgerEntry, Positions

LAYERS = Path(__file__).resolve().parent.parent / "layers"
ENTERPRISES = LAYERS / "synthetic" / "qingcheng" / "enterprises.xlsx"
NEAR_BORDERS = Path(__file__).resolve().parent / "data" / "enterprises-near-township-borders.xlsx"
"""An earlier invented list: enough of its points change township when shifted; of the shipped list only one does."""
FARMLAND = LAYERS / "synthetic" / "qingcheng" / "farmland.gpkg"


def load(path: Path, **options: object) -> tuple[Positions, Ledger]:
    said = ReadOptions(**options)  # type: ignore[arg-type]
    return load_positions(path, kind=LayerKind.ENTERPRISES, basis=Basis.SYNTHETIC, options=said)


def told(ledger: Ledger, event: str) -> list[LedgerEntry]:
    return [entry for entry in ledger.entries if entry.event == event]


def shifted_copy(folder: Path, shift: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Path:
    """A list with its coordinates shifted, as if somebody had picked them off an internet map."""
    book = openpyxl.load_workbook(NEAR_BORDERS)
    sheet = book.active
    names = [cell.value for cell in sheet[1]]
    lon, lat = names.index("经度"), names.index("纬度")
    for row in sheet.iter_rows(min_row=2):
        if isinstance(row[lon].value, float) and isinstance(row[lat].value, float):
            x, y = shift(row[lon].value, row[lat].value)
            row[lon].value, row[lat].value = round(float(x), 6), round(float(y), 6)
    path = folder / "企业.xlsx"
    book.save(path)
    return path


def test_the_shipped_list_is_not_suspected() -> None:
    _, ledger = load(ENTERPRISES)
    assert told(ledger, DATUM_EVENT) == []
    assert told(ledger, PLACE_EVENT) == []


@pytest.mark.parametrize(("shift", "name"), [(wgs84_to_gcj02, "GCJ-02"), (wgs84_to_bd09, "BD-09")])
def test_an_internet_datum_taken_for_wgs84_is_noticed(
    tmp_path: Path, shift: Callable[..., tuple[np.ndarray, np.ndarray]], name: str
) -> None:
    positions, ledger = load(shifted_copy(tmp_path, shift))
    (line,) = told(ledger, DATUM_EVENT)
    assert line.reason == "54 个点疑为互联网地图坐标，请确认，系统未作改动。"
    assert line.value == name
    assert f"按 {name} 读取 100%" in line.action
    given = openpyxl.load_workbook(tmp_path / "企业.xlsx").active
    assert positions.table["lon"][0].as_py() == given.cell(2, 6).value  # nothing changed


def test_the_users_word_restores_the_layer(tmp_path: Path) -> None:
    truth, _ = load(NEAR_BORDERS)
    positions, ledger = load(shifted_copy(tmp_path, wgs84_to_gcj02), accept_suggestions=True)
    (line,) = told(ledger, DATUM_EVENT)
    assert "使用者采纳建议，已按 GCJ-02 还原" in line.reason
    row = positions.table.to_pylist()[0]
    assert row["lon"] == pytest.approx(truth.table["lon"][0].as_py(), abs=1e-6)
    assert row["position_uncertainty_m"] >= 5


def test_the_suspicion_stands_on_every_output(tmp_path: Path) -> None:
    run = screen_files(BareFile(shifted_copy(tmp_path, wgs84_to_gcj02)), BareFile(FARMLAND), tmp_path / "out")
    assert any("54 个点疑为互联网地图坐标，请确认，系统未作改动；" in one for one in run.results.warnings)
    assert "疑为互联网地图坐标" in (tmp_path / "out" / "data" / "manifest.json").read_text(encoding="utf-8")


def outline(folder: Path, shift: Callable[..., tuple[np.ndarray, np.ndarray]] | None) -> Path:
    shape = next(unit.shape for unit in counties() if unit.code == "441802")
    if shift is not None:
        shape = shapely.transform(shape, lambda xy: np.column_stack(shift(xy[:, 0], xy[:, 1])))
    feature = {"type": "Feature", "properties": {"name": "清城区"}, "geometry": json.loads(shapely.to_geojson(shape))}
    path = folder / "outline.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path


def test_an_outline_on_an_internet_datum_is_noticed(tmp_path: Path) -> None:
    _, ledger = load_receptors(outline(tmp_path, wgs84_to_gcj02), kind=LayerKind.BUILT_UP_AREA, basis=Basis.REAL)
    (line,) = told(ledger, DATUM_EVENT)
    assert line.reason == "1 个面疑为互联网地图坐标，请确认，系统未作改动。"
    assert "按 GCJ-02 读取 100.0%" in line.action
    _, ledger = load_receptors(outline(tmp_path, None), kind=LayerKind.BUILT_UP_AREA, basis=Basis.REAL)
    assert told(ledger, DATUM_EVENT) == []


def test_the_shipped_farmland_is_not_suspected_and_a_shifted_copy_is(tmp_path: Path) -> None:
    layer, ledger = load_receptors(FARMLAND, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert told(ledger, DATUM_EVENT) == []
    rows = [row for row in layer.read().to_pylist() if len(row["township"]) > 3]
    features = []
    for row in rows:
        shape = shapely.transform(
            shapely.from_wkb(row["geometry"]), lambda xy: np.column_stack(wgs84_to_gcj02(xy[:, 0], xy[:, 1]))
        )
        properties = {"BSM": row["receptor_id"], "ZLDWDM": row["township"]}
        features.append(
            {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
        )
    path = tmp_path / "f.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    _, ledger = load_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    assert [line.value for line in told(ledger, DATUM_EVENT)] == ["GCJ-02"]


def one_row(folder: Path, **cells: str) -> Path:
    row = {"企业编号": "E1", "企业名称": "甲厂", "县": "清城区", "乡镇": "龙塘镇", "坐标系": "CGCS2000"} | cells
    path = folder / "one.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(row))
        writer.writeheader()
        writer.writerow(row)
    return path


@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [
        ("113.062000", "23.287000", "有一位数字写错"),
        ("131.062000", "23.587000", "经度 131.062 或应为 113.062"),
        ("113.0343", "23.3513", "度分（秒）连写成了小数"),
        ("117.5", "30.5", "未发现常见原因"),
    ],
)
def test_the_cause_is_named(tmp_path: Path, lon: str, lat: str, words: str) -> None:
    positions, ledger = load(one_row(tmp_path, 经度=lon, 纬度=lat))
    (line,) = told(ledger, PLACE_EVENT)
    assert words in line.reason
    assert (line.row, line.field, line.source_id) == (1, "经度、纬度", "E1")
    assert line.action == "请核对坐标或地址，系统未作改动"
    assert "内，请核对坐标或地址" in positions.table["note"][0].as_py()
    assert positions.table["lon"][0].as_py() == float(lon)


def test_approximate_cells_are_held_loosely(tmp_path: Path) -> None:
    cell = declared_place("清城区", "龙塘镇").township
    assert cell is not None
    west, _, _, _ = cell.shape.bounds
    middle = cell.shape.representative_point().y
    for away_deg, lines in ((0.02, 0), (0.06, 1)):  # 2 km, 6 km
        _, ledger = load(one_row(tmp_path, 经度=f"{west - away_deg:.6f}", 纬度=f"{middle:.6f}"))
        assert len(told(ledger, PLACE_EVENT)) == lines


def test_places_by_name_and_code() -> None:
    assert declared_place("广东省清远市清城区", " 石角镇 ").township.code == "441802106"
    assert declared_place("", "", "441802105201").township.name == "龙塘镇"
    assert declared_place("某县", "龙塘镇").units == ()
    assert declared_place("", "").units == ()
    assert len(counties()) > 80
    assert len(townships()) > 60


def test_the_county_tells_the_meridian_where_only_one_fits(tmp_path: Path) -> None:
    x, y = Transformer.from_crs(CRS(4490), CRS(4547), always_xy=True).transform(113.062, 23.587)
    path = one_row(tmp_path, 经度="", 纬度="", 横坐标=f"{x:.3f}", 纵坐标=f"{y:.3f}")
    text = path.read_text(encoding="utf-8").replace("经度,纬度,", "甲,乙,")
    path.write_text(text, encoding="utf-8")
    positions, ledger = load(path)
    assert positions.table["lon"][0].as_py() == pytest.approx(113.062, abs=1e-7)
    (line,) = told(ledger, "中央子午线由县推定")
    assert line.value == "114"
    assert "只有 114° 能使点落在所填县内" in line.reason


def test_restored_points_are_where_the_formula_puts_them() -> None:
    there = wgs84_to_gcj02(113.062, 23.587)
    assert [float(value) for value in gcj02_to_wgs84(*there)] == pytest.approx([113.062, 23.587], abs=1e-9)
    there = wgs84_to_bd09(113.062, 23.587)
    assert [float(value) for value in bd09_to_wgs84(*there)] == pytest.approx([113.062, 23.587], abs=1e-9)


def test_the_project_file_carries_the_users_word(tmp_path: Path) -> None:
    good = (Path(__file__).parent / "broken_projects" / "good.yml").read_text(encoding="utf-8")
    said = "axis_order: lat_lon, accept_suggestions: true, columns: {lon: 甲, lat: 乙}, "
    path = tmp_path / "project.yml"
    path.write_text(good.replace("enterprises: {", "enterprises: {" + said).replace("enterprises:  {", said), "utf-8")
    options = read_spec(path).layers[LayerKind.ENTERPRISES].options
    assert (options.axis_order, options.accept_suggestions) == ("lat_lon", True)
    assert options.columns == (("lon", "甲"), ("lat", "乙"))
    path.write_text(path.read_text("utf-8").replace("accept_suggestions: true", "accept_suggestions: 也许"), "utf-8")
    with pytest.raises(ProjectError, match="accept_suggestions 须为 true 或 false"):
        read_spec(path)
