"""`hmgeo pairs` and `hmgeo layers pack`: files read in parts, packed files by row group, the same pairs every way."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import geopandas
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import Geod, Transformer
from strategies import offset, star

import hmgeo.intake.formats.packed
from hmgeo.errors import InputError
from hmgeo.intake.columns import make_ids
from hmgeo.intake.formats.packed import RunningIds, pack_layer, plain_parts, write_packed
from hmgeo.intake.load import ReadOptions, load_receptors
from hmgeo.intake.rows import Cells, Journal, RawTable
from hmgeo.project.bare import BareFile
from hmgeo.project.pairs.measure import pack_file, pairs_files
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

PLACE = (113.05, 23.68)
FARMLAND = {"kind": LayerKind.FARMLAND, "basis": Basis.SYNTHETIC}
COUNT = 90
STRANGE = 40
NORTH = {away_m: Geod(ellps="GRS80").fwd(*PLACE, 0, away_m)[:2] for away_m in (500, 700, 3000, 8000, 20_000)}
SCHOOLS = [[name, *NORTH[20_000], *NORTH[away_m]] for name, away_m in (("近", 500), ("中", 3000), ("远", 8000))]
"""Name, the gate, the centre: so many metres north of the first source."""


def parcels(away_deg: float = 0.0) -> geopandas.GeoDataFrame:
    """Ninety parcels within 20 km, a bow tie, a blank shape and a repeated number among them."""
    random = np.random.default_rng(8)
    shapes = [star(offset(PLACE, *random.uniform(-20_000, 20_000, 2)), [80.0] * 6, [0.0] * 6) for _ in range(COUNT - 2)]
    lon, lat = PLACE
    shapes += [shapely.Polygon([(lon, lat), (lon + 0.01, lat + 0.01), (lon + 0.01, lat), (lon, lat + 0.008)]), None]
    ids = [f"P{i}" for i in range(COUNT - 1)] + ["P3"]
    words = (["优先保护类", "安全利用类", "严格管控类"] * COUNT)[:COUNT]
    frame = geopandas.GeoDataFrame({"parcel_id": ids, "土壤环境质量类别": words}, geometry=shapes, crs=4490)
    frame.geometry = frame.geometry.translate(away_deg)
    return frame


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    path = tmp_path / "sources.csv"
    lines = [f"E{i},{PLACE[0] + i * 0.05:.6f},{PLACE[1]:.6f}" for i in range(3)]
    path.write_text("\n".join(["enterprise_id,lon,lat", *lines]), encoding="utf-8")
    return path


def write_gpkg(path: Path) -> None:
    parcels().to_file(path, layer="parcels", engine="pyogrio")


def write_projected(path: Path) -> None:
    parcels().to_crs(4547).to_file(path, layer="parcels", engine="pyogrio")


def write_parquet(path: Path) -> None:
    parcels().to_parquet(path)


WAYS = {"plain.gpkg": write_gpkg, "projected.gpkg": write_projected, "plain.parquet": write_parquet}


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("rows", [7, 1_000])
def test_parts_of_a_file_hold_what_the_whole_file_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, rows: int
) -> None:
    monkeypatch.setattr(hmgeo.intake.formats.packed, "PART_ROWS", rows)
    path = tmp_path / name
    WAYS[name](path)
    layer, _ = plain_parts(path, **FARMLAND)
    whole, ledger = load_receptors(path, **FARMLAND)
    assert layer.read().equals(whole.read())
    assert layer.read()["receptor_id"].to_pylist()[-1] == "P88"
    assert layer.open_batches.rows == COUNT
    rows_told = {(entry.row, entry.event) for entry in ledger.entries if entry.row and entry.event != "编号重复"}
    assert {(entry.row, entry.event) for entry in layer.open_batches.entries if entry.row} == rows_told
    assert rows_told == {(COUNT - 1, "几何修复"), (COUNT, "几何搁置")}


def test_a_layer_named_for_a_file_that_holds_but_one_is_told_in_parts_too(tmp_path: Path) -> None:
    path = tmp_path / "plain.parquet"
    write_parquet(path)
    options = ReadOptions(layer="别的图层")
    layer, _ = plain_parts(path, options=options, **FARMLAND)
    assert layer.read().num_rows == COUNT - 1
    _, ledger = load_receptors(path, options=options, **FARMLAND)
    for entries in (ledger.entries, layer.open_batches.entries):
        told = [(entry.field, entry.value, entry.reason) for entry in entries if entry.event == "图层名未使用"]
        assert told == [("layer", "别的图层", ".parquet 文件只有一个图层")]


@pytest.mark.parametrize("name", ["plain.parquet", "plain.gpkg"])
def test_pairs_say_which_named_layer_is_not_looked_for(tmp_path: Path, sources: Path, name: str) -> None:
    path = tmp_path / name
    WAYS[name](path)
    told: list[str] = []
    files = (BareFile(file, ReadOptions(layer="parcels")) for file in (sources, path))
    pairs_files(*files, tmp_path / "out.parquet", radius_m=10_000.0, tell=told.append)
    unused = [".csv"] if name == "plain.gpkg" else [".csv", ".parquet"]
    assert [line for line in told if "图层名" in line] == [
        f"{file.name}：{file.suffix} 文件只有一个图层，忽略所指定的图层名「parcels」。"
        for file in (sources, path)
        if file.suffix in unused
    ]


def test_files_that_say_nothing_of_their_coordinates_are_seen_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "unknown.gpkg"
    write_gpkg(path)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE gpkg_geometry_columns SET srs_id = 0")
    assert plain_parts(path, **FARMLAND) is None
    stated, _ = plain_parts(path, options=ReadOptions(crs="EPSG:4490"), **FARMLAND)
    assert stated.read().num_rows == COUNT - 1


def test_a_file_with_nothing_usable_is_refused_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "points.gpkg"
    frame = parcels()
    frame.geometry = frame.geometry.representative_point()
    frame[:-1].to_file(path, layer="parcels", engine="pyogrio")
    layer, _ = plain_parts(path, **FARMLAND)
    with pytest.raises(InputError, match="没有任何可用的耕地要素（共 89 行，全部搁置）"):
        layer.read()


@pytest.mark.parametrize("by_column", [True, False])
@pytest.mark.parametrize("part", [1, 3, 100])
def test_running_ids_are_those_of_a_whole_column(part: int, *, by_column: bool) -> None:
    values = ["A", "B", "A", "无", "A", " B ", "C", "A#2", "", "row-4"]
    for given in (values[:7], values):
        running = RunningIds()
        made = []
        for held in (given[i : i + part] for i in range(0, len(given), part)):
            columns = Cells({"id": pa.array(held)}) if by_column else {"id": held}
            made += running.of(RawTable("", columns, len(held)), "id").to_pylist()
        assert len(set(made)) == len(given)
        if len(given) == 7:
            assert made == make_ids(given, 7, "id", Journal("f"))
    assert (running.rows, running.blanks) == (10, 2)
    assert RunningIds().of(RawTable("", {}, 2), "").to_pylist() == ["row-1", "row-2"]
    kept = RunningIds().of(RawTable("", {"id": ["A", "", "row-2"]}, 3), "id").to_pylist()
    assert kept == ["A", "row-2#2", "row-2"]  # the file's own id comes before a made one


def test_every_way_of_reading_gives_the_same_pairs(tmp_path: Path, sources: Path) -> None:
    tables = []
    for name, write in WAYS.items():
        if name == "projected.gpkg":
            continue
        write(tmp_path / name)
        out, told = tmp_path / "pairs.parquet", []
        pairs_files(BareFile(sources), BareFile(tmp_path / name), out, tell=told.append)
        tables.append(pq.read_table(out))
        assert told[0] == f"{name} 读取时：几何搁置 1 行、几何修复 1 行。"
        assert f"先运行一次 hmgeo layers pack {name}" in told[1]
    made = pack_file(tmp_path / "plain.gpkg", None, options=ReadOptions())
    assert made.path.name == "plain.packed.parquet"
    assert "几何修复" in made.ledger_path.read_text(encoding="utf-8-sig")
    told = []
    pairs_files(BareFile(sources), BareFile(made.path), tmp_path / "pairs.parquet", tell=told.append)
    tables.append(pq.read_table(tmp_path / "pairs.parquet"))
    assert told[0] == "plain.packed.parquet 读取时：几何搁置 1 行、几何修复 1 行。"
    assert told[1] == "plain.packed.parquet 为工作格式：读取行组 1 个，共 1 个。"
    assert told[2].startswith("plain.packed.parquet 共 90 行，其中 1 行图形不可用")
    order = [("receptor_id", "ascending"), ("source_id", "ascending")]
    assert tables[0].num_rows == 66
    assert all(table.sort_by(order).equals(tables[0].sort_by(order)) for table in tables)


def test_sources_in_one_county_read_less_than_half_of_the_row_groups(tmp_path: Path, sources: Path) -> None:
    """Ten parts a degree apart make ten row groups; 10 km around sources within 0.1 degree reach one."""
    parts = []
    for i in range(10):
        path = tmp_path / "part.parquet"
        parcels(float(i)).to_parquet(path)
        parts.append(load_receptors(path, **FARMLAND)[0].read())
    packed = tmp_path / "packed.parquet"
    write_packed(parts, packed, LayerKind.FARMLAND)
    told: list[str] = []
    found = pairs_files(BareFile(sources), BareFile(packed), tmp_path / "pairs.parquet", tell=told.append)
    assert told == ["packed.parquet 为工作格式：读取行组 1 个，共 10 个。"]
    assert found.receptor_count == COUNT - 1


@pytest.mark.parametrize("suffix", ["gpkg", "parquet"])
def test_parts_read_land_codes_as_the_whole_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(hmgeo.intake.formats.packed, "PART_ROWS", 2)
    shapes = [shapely.box(113 + n / 100, 23, 113.005 + n / 100, 23.005) for n in range(5)]
    frame = geopandas.GeoDataFrame({"DLBM": ["101", "103", "031", "011", "102"]}, geometry=shapes, crs=4490)
    path = tmp_path / f"parcels.{suffix}"
    (frame.to_file if suffix == "gpkg" else frame.to_parquet)(path)
    layer, _ = plain_parts(path, **FARMLAND)
    whole, _ = load_receptors(path, **FARMLAND)
    assert layer.read()["receptor_id"].to_pylist() == whole.read()["receptor_id"].to_pylist() == ["row-4"]
    assert layer.read()["land_class"].to_pylist() == whole.read()["land_class"].to_pylist() == ["水田"]


def test_a_packed_file_counts_by_land_use_as_the_plain_one_does(tmp_path: Path, sources: Path) -> None:
    parts = []
    for away_deg, name in ((0.0, "水田"), (1.0, "旱地")):  # the second part is out of reach and isn't read
        frame = parcels(away_deg)
        frame["DLMC"] = ["怪" if n < STRANGE else name for n in range(COUNT)]
        frame.to_file(tmp_path / f"{name}.gpkg")
        parts.append(load_receptors(tmp_path / f"{name}.gpkg", **FARMLAND)[0].read())
    write_packed(parts, tmp_path / "packed.parquet", LayerKind.FARMLAND)
    out, found = tmp_path / "out.parquet", {}
    for file in ("packed.parquet", "水田.gpkg"):
        pairs_files(BareFile(sources), BareFile(tmp_path / file), out, aggregate=True)
        rows = pq.read_table(out).to_pylist()
        found[file] = [row for row in rows if (row["source_id"], row["radius_m"]) == ("E0", 10_000.0)]
    pairs_files(BareFile(sources), BareFile(tmp_path / "水田.gpkg"), out)
    near = [int(row["receptor_id"][1:]) for row in pq.read_table(out).to_pylist() if row["source_id"] == "E0"]
    strange = sum(n < STRANGE for n in near)
    assert 0 < strange < len(near)
    packed, plain = found["packed.parquet"], found["水田.gpkg"]
    assert [row for row in packed if row["class"] != "旱地"] == plain
    lands = [(row["class"], row["count"]) for row in packed if row["class_kind"] == "land_use"]
    assert lands == [("水田", len(near) - strange), ("旱地", 0), ("地类不明", strange)]


def test_parts_tell_what_the_whole_file_tells(tmp_path: Path, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hmgeo.intake.formats.packed, "PART_ROWS", 3)
    shapes = [shapely.box(113 + n / 100, 23, 113.005 + n / 100, 23.005) for n in range(9)]
    shapes[8] = shapely.force_3d(shapely.box(13, 23, 13.1, 23.1))  # on another continent, in a part of its own
    shapes[7] = shapes[6] = None
    codes = ["0101", "怪甲", "0301", "怪甲", "怪乙", "0301", "0101", "0301", "0101"]
    frame = geopandas.GeoDataFrame({"DLBM": codes}, geometry=shapes, crs=4490)
    frame.to_parquet(tmp_path / "p.parquet")
    frame.to_file(tmp_path / "p.geojson")
    for name in ("p.parquet", "p.geojson"):
        told: list[str] = []
        pairs_files(BareFile(sources), BareFile(tmp_path / name), tmp_path / "pairs.parquet", tell=told.append)
        befell = {"去除高程 1 行", "几何搁置 3 行", "地类看不懂 3 行", "非耕地图斑 2 行"}
        assert set(told[0].removeprefix(f"{name} 读取时：").rstrip("。").split("、")) - {"坐标系转换 9 行"} == befell
        assert told[-1].startswith(f"{name} 共 9 行，其中 3 行图形不可用")
    packed = pack_layer(tmp_path / "p.parquet", tmp_path / "packed.parquet")
    _, whole = load_receptors(tmp_path / "p.parquet", **FARMLAND)
    told, once = (
        {(one.row, one.event, one.value, one.reason) for one in ledger.entries if one.row or one.row_count}
        for ledger in (packed.ledger, whole)
    )
    assert told == once
    assert (0, "地类看不懂", "怪甲", "共 2 行（数据第 2、4 行）") in told
    assert (0, "地类看不懂", "怪乙", "共 1 行（数据第 5 行）") in told
    assert (0, "非耕地图斑", "0301", "共 2 行（数据第 3、6 行）") in told
    assert (0, "去除高程", "", "带 Z 或 M 值，共 1 行（数据第 9 行）") in told
    said: list[str] = []
    pairs_files(BareFile(sources), BareFile(tmp_path / "packed.parquet"), tmp_path / "o.parquet", tell=said.append)
    assert "非耕地图斑 2 行" in said[0]
    assert said[-1].startswith("packed.parquet 共 9 行，其中 3 行图形不可用")


@pytest.mark.parametrize("sorted_rows", [7, 50_000])
def test_packing_in_parts_writes_the_same_bytes_as_packing_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sorted_rows: int
) -> None:
    monkeypatch.setattr(hmgeo.intake.formats.packed, "GROUP_ROWS", 7)
    write_gpkg(tmp_path / "plain.gpkg")
    whole, _ = load_receptors(tmp_path / "plain.gpkg", **FARMLAND)
    own = {"margin_m": 0.0, "befell": {"几何搁置": 1, "几何修复": 1}, "left_open": 1}
    write_packed([whole.read()], tmp_path / "whole.parquet", LayerKind.FARMLAND, more=own)
    monkeypatch.setattr(hmgeo.intake.formats.packed, "PART_ROWS", 11)
    packed = pack_layer(tmp_path / "plain.gpkg", tmp_path / "parts.parquet", sorted_rows=sorted_rows)
    assert (packed.rows, packed.row_groups) == (COUNT - 1, -(-(COUNT - 1) // 7))
    assert (tmp_path / "parts.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts.parquet", "plain.gpkg", "whole.parquet"]


def test_other_formats_are_read_whole_and_the_run_says_so(tmp_path: Path, sources: Path) -> None:
    path = tmp_path / "farmland.geojson"
    ring = [[PLACE[0] + x, PLACE[1] + y] for x, y in [(0, 0), (0.01, 0), (0.01, 0.01), (0, 0)]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": {"parcel_id": "A"}, "geometry": shape}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    told: list[str] = []
    pairs_files(BareFile(sources), BareFile(path), tmp_path / "pairs.parquet", tell=told.append)
    assert told == [
        "farmland.geojson 读取时：坐标系转换 1 行。",  # without `crs` a GeoJSON is in WGS84
        "farmland.geojson 整体读入内存；行数很多时请先 hmgeo layers pack farmland.geojson，内存不再随文件增长。",
    ]


def test_packed_files_take_no_reading_options(tmp_path: Path, sources: Path) -> None:
    write_gpkg(tmp_path / "plain.gpkg")
    made = pack_file(tmp_path / "plain.gpkg", None, options=ReadOptions())
    with pytest.raises(InputError, match="工作格式文件已整理完毕"):
        pairs_files(BareFile(sources), BareFile(made.path, ReadOptions(crs="EPSG:4547")), tmp_path / "pairs.parquet")


def test_the_pack_command_names_what_it_wrote(hmgeo_command: Callable[..., object], tmp_path: Path) -> None:
    write_gpkg(tmp_path / "plain.gpkg")
    ended = hmgeo_command("layers", "pack", tmp_path / "plain.gpkg", "--out", tmp_path / "working.parquet")
    assert ended.code == 0
    assert ended.out.strip().endswith("working.parquet")
    assert "共 89 个要素，1 个行组" in ended.err
    assert "几何修复 1 行" in ended.err


def test_any_kind_of_receptors_and_several_radii(
    hmgeo_command: Callable[..., Ended], tmp_path: Path, sources: Path
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["填表说明"])  # type: ignore[union-attr]
    sheet = book.create_sheet("学校")
    for row in (["校名", "大门经度", "大门纬度", "中心经度", "中心纬度"], *SCHOOLS):
        sheet.append(row)
    book.save(tmp_path / "schools.xlsx")
    said = ["pairs", "--sources", sources, "--receptors", tmp_path / "schools.xlsx", "--kind", "sensitive_sites"]
    said += [
        "--receptors-layer",
        "学校",
        "--radius",
        "5km，1km,10km",
        "--aggregate",
        "--out",
        tmp_path / "counts.parquet",
    ]
    asked = hmgeo_command(*said)
    assert asked.code == 2
    assert (
        "写 --receptors-columns lon=中心经度,lat=中心纬度 或 --receptors-columns lon=大门经度,lat=大门纬度" in asked.err
    )
    told = "lon=中心经度,lat=中心纬度,id=校名"
    assert hmgeo_command(*said, "--receptors-columns", told).code == 0
    counts = pq.read_table(tmp_path / "counts.parquet").to_pylist()
    of_first = {row["radius_m"]: row["count"] for row in counts if (row["source_id"], row["class"]) == ("E0", "all")}
    assert of_first == {1000.0: 1, 5000.0: 2, 10000.0: 3}
    without = [word for word in said if word != "--aggregate"]
    assert hmgeo_command(*without, "--receptors-columns", told).code == 0
    pairs = pq.read_table(tmp_path / "counts.parquet").to_pylist()
    first = [(row["receptor_id"], row["receptor_kind"], row["distance_m"]) for row in pairs if row["source_id"] == "E0"]
    assert first == [
        ("近", "sensitive_sites", 500.0),
        ("中", "sensitive_sites", 3000.0),
        ("远", "sensitive_sites", 8000.0),
    ]


def test_receptors_in_metres_are_placed_by_the_crs_that_is_said(
    hmgeo_command: Callable[..., Ended], tmp_path: Path, sources: Path
) -> None:
    east, north = Transformer.from_crs(4490, 4547, always_xy=True).transform(*NORTH[700])
    (tmp_path / "a.csv").write_text(f"id,name,X,Y\nS1,村,{east},{north}\n", encoding="utf-8")
    said = [
        "pairs",
        "--sources",
        sources,
        "--receptors",
        tmp_path / "a.csv",
        "--kind",
        "敏感目标",
        "--out",
        tmp_path / "p.parquet",
    ]
    assert hmgeo_command(*said, "--receptors-crs", "EPSG:4547", "--radius", "1km").code == 0
    assert pq.read_table(tmp_path / "p.parquet")["distance_m"].to_pylist() == [pytest.approx(700, abs=1e-3)]
    unknown = hmgeo_command(*said[:-4], "--kind", "村庄", "--out", tmp_path / "p.parquet")
    assert unknown.code == 2
    assert "没有这种图层" in unknown.err
    assert "sensitive_sites（敏感目标）" in unknown.err
