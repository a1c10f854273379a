"""Slopes, steep farmland, radii by terrain, ridges, ponds overhead and mines: small worlds that a pencil can check."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import rasterio
import shapely
from grids import CRS, NORTH, WEST, point, raster
from rasterio.transform import Affine

from hmgeo.errors import InputError, Place, Problem
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Unknown
from hmgeo.judging.layers import LayerIndexes
from hmgeo.project.folder import Wish
from hmgeo.project.run import project_results, run_project
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.results.columns import REACHED_SCHEMA
from hmgeo.screening.heights import Ground
from hmgeo.terrain.slope import parcel_slopes, steep_farmland
from hmgeo.vocabulary import Basis, Completeness, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.results.results import Results
    from hmgeo.water.grid import FlowGrid

# Two flanks of 5 m and of 3 m on 10 m cells: slopes of 26.5651 and of 16.6992 degrees, and level ground between.
FLANKS = np.array([[*range(0, 50, 5), *[50] * 10, *range(50, 80, 3)]] * 10)
STEEP_DEG, LESS_DEG = np.degrees(np.arctan([0.5, 0.3]))


def layer(kind: LayerKind, rows: list[dict[str, object]], *, complete: bool = True) -> Layer:
    table = pa.Table.from_pylist(rows, RECEPTOR_SCHEMA)
    gates = Gates(
        shapely.box(113, 22, 115, 25) if complete else None,
        completeness=Completeness.COMPLETE if complete else Completeness.UNKNOWN,
    )
    return Layer(kind.value, kind, Basis.REAL, Provenance(f"{kind.value}.gpkg"), table.to_batches, gates, len(rows))


def parcel(number: str, shape: shapely.Geometry, grade: str = "") -> dict[str, object]:
    links = {"slope_grade": grade} if grade else {}
    return {"receptor_id": number, "name": number, "class": "未划分", "geometry": shapely.to_wkb(shape), "links": links}


def reached(rows: list[dict[str, object]]) -> pa.Table:
    made = [
        {name: row[name] for name in ("receptor_id", "class", "geometry")}
        | {"receptor_kind": "farmland", "area_ha": float(number), "township": "甲镇"}
        for number, row in enumerate(rows, start=1)
    ]
    return pa.Table.from_pylist(made, REACHED_SCHEMA)


HEIGHTS = raster(FLANKS)
PARCELS = [
    parcel("P1", point(HEIGHTS, 5, 4)),
    parcel("P2", point(HEIGHTS, 5, 24)),
    parcel("P3", point(HEIGHTS, 5, 14)),
    parcel("P4", point(HEIGHTS, 5, 14), "5"),
    parcel("P5", point(HEIGHTS, 5, 4), "4级"),
    parcel("P6", point(HEIGHTS, 5, 4), "很陡"),
    parcel("P7", shapely.Point(113.0, 23.0)),
]


def test_the_layers_own_grade_goes_before_the_heights() -> None:
    table, notes = parcel_slopes(layer(LayerKind.FARMLAND, PARCELS), HEIGHTS)
    rows = {row["receptor_id"]: (row["slope_grade"], row["slope_from"], row["slope_deg"]) for row in table.to_pylist()}
    steep, less = round(float(STEEP_DEG), 4), round(float(LESS_DEG), 4)
    assert rows == {
        "P1": (5, "elevation", steep),
        "P2": (4, "elevation", less),
        "P3": (1, "elevation", 0.0),
        "P4": (5, "layer", 0.0),
        "P5": (4, "layer", steep),
        "P6": (5, "elevation", steep),
        "P7": (None, "", None),
    }
    assert notes == (
        "坡度级取自图斑自带坡度级（GDPDJB）2 块，由高程推算 4 块，未知 1 块。",
        "坡度级写法无法识别 1 块，按没有坡度级处理。",
        "自带坡度级与高程推算不一致 2 块，以自带坡度级为准。",
    )


def test_without_heights_only_the_layers_own_grade_is_known() -> None:
    table, notes = parcel_slopes(layer(LayerKind.FARMLAND, PARCELS), None)
    assert table["slope_grade"].to_pylist() == [None, None, None, 5, 4, None, None]
    assert notes[0] == "坡度级取自图斑自带坡度级（GDPDJB）2 块，由高程推算 0 块，未知 5 块。"


def test_steep_farmland_is_listed_and_the_less_steep_waits_for_a_layer_of_important_sources() -> None:
    slopes, _ = parcel_slopes(layer(LayerKind.FARMLAND, PARCELS), HEIGHTS)
    rows = steep_farmland(reached(PARCELS), slopes, {}).to_pylist()
    assert [(row["list"], row["status"], row["receptor_id"], row["area_ha"]) for row in rows] == [
        ("from_25", "listed", "P1", 1.0),
        ("from_25", "listed", "P4", 4.0),
        ("from_25", "listed", "P6", 6.0),
        ("water_15_25", "not_assessed", "P2", 2.0),
        ("water_15_25", "not_assessed", "P5", 5.0),
    ]
    assert rows[3]["note"].startswith("未提供「重要水源地」，本条未评估。请向水利部门获取。")
    assert "条文未规定哪些是重要水源地" in rows[3]["note"]


@pytest.mark.parametrize(
    ("complete", "expected"),
    [
        (True, [("P5", "listed", "甲水库", "")]),
        (
            False,
            [
                ("P5", "listed", "甲水库", ""),
                ("P2", "not_assessed", "", "「重要水源地」未申明数据范围，未找到不能说明没有。"),
            ],
        ),
    ],
)
def test_at_important_water_sources(complete: bool, expected: list[tuple[str, str, str, str]]) -> None:  # noqa: FBT001
    slopes, _ = parcel_slopes(layer(LayerKind.FARMLAND, PARCELS), HEIGHTS)
    around = shapely.buffer(point(HEIGHTS, 5, 4), 1e-4)
    water = [{"receptor_id": "W1", "name": "甲水库", "class": "", "geometry": shapely.to_wkb(around)}]
    indexes = LayerIndexes([layer(LayerKind.IMPORTANT_WATER_SOURCES, water, complete=complete)])
    rows = steep_farmland(reached(PARCELS), slopes, indexes).to_pylist()
    told = [row for row in rows if row["list"] == "water_15_25"]
    assert [(row["receptor_id"], row["status"], row["water_source"]) for row in told] == [one[:3] for one in expected]
    assert [bool(row["note"]) for row in told] == [bool(one[3]) for one in expected]


CELL = 30.0
ROWS, COLUMNS = 60, 41
VALLEY = np.array([[3.0 * abs(column - 20) + 100 - row for column in range(COLUMNS)] for row in range(ROWS)])
BY = "by: 示例, on: 2026-11-21, reason: 示例"
PROJECT = f"""
schema: 1
title: 小流域
as_of: 2024-06-30
area: {{codes: ["451221"]}}
layers:
  enterprises: {{path: sources.csv, datum: cgcs2000, basis: synthetic, classification: 公开}}
  farmland: {{path: farmland.geojson, basis: synthetic, completeness: complete, classification: 公开}}
  tailings_ponds: {{path: ponds.geojson, basis: synthetic, classification: 公开}}
  mines: {{path: mines.geojson, basis: synthetic, classification: 公开}}
  residential_and_important_facilities: {{path: homes.geojson, basis: synthetic, completeness: complete, PUBLIC}}
  elevation: {{path: dem.tif, basis: synthetic, classification: 公开}}
screening_rule: SCR-JY-10KM
parameters:
  cadmium_trades: {{value: ["3212"], edition: 2017, {BY}}}
  farmland_extent: {{value: all, {BY}}}
  terrain: {{value: not_considered, {BY}}}
  relief_window_m: {{value: 330, unit: m, {BY}}}
  barrier_ridge_m: {{value: 20, unit: m, {BY}}}
  small_catchment_ha: {{value: 50, unit: ha, {BY}}}
  path_beside_m: {{value: 30, unit: m, {BY}}}
  surroundings_m: {{value: 500, unit: m, {BY}}}
  max_downstream_m: {{value: 600, unit: m, {BY}}}
adopt:
  - {{rule: SCR-JY-10KM, {BY}}}
rule_packs: []
""".replace("PUBLIC", "classification: 公开")


def collection(rows: list[tuple[dict[str, str], shapely.Geometry]]) -> str:
    features = [
        {"type": "Feature", "properties": told, "geometry": json.loads(shapely.to_geojson(shape))}
        for told, shape in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", crs=CRS, transform=Affine(CELL, 0, WEST, 0, -CELL, NORTH),
        height=ROWS, width=COLUMNS, count=1, dtype="float32", nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(VALLEY.astype(np.float32), 1)
    given = raster(VALLEY, cell_m=CELL)

    def at(row: int, column: int) -> shapely.Point:
        return point(given, row, column)

    def field(row: int, column: int) -> shapely.Geometry:
        return shapely.buffer(at(row, column), 5e-5)

    rows = [
        f"{name},{name}厂,3212,2017,{at(*place).x:.9f},{at(*place).y:.9f}"
        for name, place in (("A", (5, 20)), ("B", (20, 5)))
    ]
    head = "编号,企业名称,行业代码,行业分类版本,经度,纬度\n"
    (tmp_path / "sources.csv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8-sig")
    toe = at(10, 20)
    layers: dict[str, list[tuple[dict[str, str], shapely.Geometry]]] = {
        "farmland": [
            ({"编号": "F1", "名称": "水田", "土壤环境质量类别": "严格管控类", "GDPDJB": "1"}, field(20, 20)),
            ({"编号": "F2", "名称": "旱地", "土壤环境质量类别": "安全利用类"}, field(8, 36)),
        ],
        "ponds": [
            (
                {
                    "编号": "K1", "名称": "一号库", "是否头顶库": "是", "坐标系": "CGCS2000",
                    "初期坝坝脚经度": f"{toe.x:.9f}", "初期坝坝脚纬度": f"{toe.y:.9f}",
                },
                shapely.buffer(at(8, 20), 2e-4),
            ),
            ({"编号": "K2", "名称": "二号库", "是否头顶库": "否"}, shapely.buffer(at(56, 5), 1e-4)),
        ],
        "mines": [
            ({"编号": "M2", "名称": "西矿"}, at(45, 2)),
            ({"编号": "M1", "名称": "北矿"}, at(5, 20)),
        ],
        "homes": [
            ({"编号": "V1", "名称": "河边村"}, field(25, 20)),
            ({"编号": "V2", "名称": "山坡村"}, field(10, 36)),
            ({"编号": "V3", "名称": "下游村"}, field(50, 20)),
        ],
    }  # fmt: skip
    for name, held in layers.items():
        (tmp_path / f"{name}.geojson").write_text(collection(held), encoding="utf-8")
    (tmp_path / "project.yml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def results_of(project: Path, **changes: str) -> Results:
    text = (project / "project.yml").read_text(encoding="utf-8")
    for old, new in changes.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"  {old}:")]
        if new:
            lines.insert(lines.index("parameters:") + 1, f"  {old}: {{{new}, {BY}}}")
        text = "\n".join(lines) + "\n"
    (project / "project.yml").write_text(text, encoding="utf-8")
    return project_results(project, page=False)


def test_ponds_overhead_by_designation_circle_and_path(project: Path) -> None:
    table = results_of(project).terrain
    assert table is not None
    first, second = table.overhead.to_pylist()
    assert (first["pond_id"], first["designated"], second["designated"]) == ("K1", "是", "否")
    # The pond's edge is some 20 m out from (8, 20), the homes' some 5 m: V1 lies 17 rows down, V2 16 columns east.
    assert first["circle_count"] == 2
    assert first["by_circle"].startswith("山坡村（4")
    # From the toe at (10, 20) to the first cell beside V1: 14 or 15 steps of 30 m.
    assert first["path_count"] == 1
    assert first["by_path"] == "河边村（420 m）"
    assert (first["only_by_circle"], first["only_by_path"]) == ("山坡村", "")
    assert first["path_ends"] == "到达追踪距离"
    # Without a toe the way starts where water leaves the pond, and leaves the data before 1 km.
    assert second["path_ends"] == "流出高程范围"
    assert "未载明初期坝坝脚坐标，改从库区最低出水处起算" in second["note"]


def test_an_unset_width_leaves_the_path_open_and_the_circle_stands(project: Path) -> None:
    table = results_of(project, path_beside_m="").terrain
    assert table is not None
    (first, _) = table.overhead.to_pylist()
    assert (first["circle_count"], first["path_count"]) == (2, None)
    assert first["note"].startswith("下游流经路径未作判断：条文未规定「流经路径两侧计入的宽度」")


def test_mines_by_polluted_farmland_around_and_downstream(project: Path) -> None:
    results = results_of(project)
    assert results.terrain is not None
    area = dict(
        zip(results.receptors["receptor_id"].to_pylist(), results.receptors["area_ha"].to_pylist(), strict=True)
    )
    first, second = results.terrain.mines.to_pylist()
    assert (first["mine_id"], first["rank"], second["mine_id"], second["rank"]) == ("M1", 1, "M2", 2)
    # 15 rows of 30 m less the field's radius of some 5.5 m; 14 or 15 steps along the water.
    assert 440 < first["nearest_m"] < 450
    assert first["near_strict_control_ha"] == pytest.approx(area["F1"], abs=1e-4)
    assert first["near_safe_use_ha"] == pytest.approx(area["F2"], abs=1e-4)
    assert first["downstream_m"] == 420.0
    assert (first["near_limit_m"], first["downstream_limit_m"], first["path_ends"]) == (500.0, 600.0, "到达追踪距离")
    assert (first["downstream_strict_control_ha"], first["downstream_safe_use_ha"]) == (
        pytest.approx(area["F1"], abs=1e-4),
        0.0,
    )
    assert (second["near_strict_control_ha"], second["downstream_m"], second["downstream_strict_control_ha"]) == (
        0.0,
        None,
        0.0,
    )


def test_unset_reaches_are_said_for_each_mine(project: Path) -> None:
    results = results_of(project, surroundings_m="", max_downstream_m="")
    assert results.terrain is not None
    for row in results.terrain.mines.to_pylist():
        assert row["near_strict_control_ha"] is None
        assert row["downstream_strict_control_ha"] is None
        assert "条文未规定「“周边”的距离」" in row["note"]
        assert "条文未规定「下游追踪的距离」" in row["note"]


def test_what_stands_between_a_source_and_its_parcel(project: Path) -> None:
    results = results_of(project)
    assert results.terrain is not None
    rows = {row["source_id"]: row for row in results.terrain.barriers.to_pylist()}
    # A (95 m) looks down the valley floor to F1 (80 m): nothing in between, the floor's catchment at F1.
    assert (rows["A"]["source_height_m"], rows["A"]["divide_m"], rows["A"]["has_ridge"]) == (95.0, 95.0, False)
    # B stands at (20, 5) on the west slope: 3 m a column, 15 columns, less 20 rows.
    assert rows["B"]["source_height_m"] == 125.0
    assert results.sources["barrier"].to_pylist()[1] == rows["B"]["barrier"]
    assert rows["B"]["barrier"].endswith("（供参考，不影响结论）。")


def test_slopes_come_with_the_receptors(project: Path) -> None:
    results = results_of(project)
    rows = {row["receptor_id"]: row for row in results.receptors.to_pylist()}
    assert (rows["F1"]["slope_grade"], rows["F1"]["slope_from"]) == (1, "layer")
    # Gradient 0.1 across and 1 in 30 along: 6.0171 degrees, just beyond grade 2.
    assert rows["F2"]["slope_deg"] == pytest.approx(np.degrees(np.arctan(np.hypot(0.1, 1 / 30))), abs=1e-3)
    assert (rows["F2"]["slope_grade"], rows["F2"]["slope_from"]) == (3, "elevation")


@pytest.mark.parametrize(
    ("at", "of_b"),
    [("source", "not_assessed"), ("farmland", "listed"), ("worst", "listed"), ("path", "not_assessed")],
)
def test_terrain_considered_without_radii_end_to_end(project: Path, at: str, of_b: str) -> None:
    # 9 x 9 cells: 4 * 3 + 8 = 20 m on the floor (plain: A, F1), 24 + 8 = 32 m on the slopes (hill: B, F2).
    results = results_of(
        project,
        terrain="value: considered",
        terrain_at=f"value: {at}",
        terrain_scheme="value: relief",
        relief_window_m="value: 270, unit: m",
    )
    assert results.terrain is not None
    assert results.terrain.barriers["terrain"].to_pylist() == ["plain", "hill"]
    assert results.sources["verdict"].to_pylist() == ["listed", of_b]
    said = "条文未规定丘陵半径，项目亦未给定，未作判断；按平原半径 10 km 则在范围内。"
    assert (said in results.sources["note"].to_pylist()[1]) is (of_b == "not_assessed")


def test_who_flips_without_a_radius_in_hills(project: Path) -> None:
    results = results_of(project, relief_window_m="value: 270, unit: m")
    assert results.terrain is not None
    rows = results.terrain.flips.to_pylist()
    listed = {(row["terrain_at"], row["radius_m"], row["source_id"]): row["is_listed"] for row in rows}
    # B lies 450 m from F1 and 934 m from F2: within every radius that is shown.
    assert set(listed.values()) == {True}
    assert len(listed) == 5 * 6 * 2


def test_the_files_and_sheets_of_a_run(project: Path) -> None:
    run = run_project(project, project / "out", wish=Wish(evidence=True))
    made = {path.name for path in (run.folder / "data").iterdir()}
    assert {"barriers.csv", "overhead.csv", "mines.csv", "terrain_flips.parquet"} <= made
    text = (run.folder / "data" / "mines.csv").read_text(encoding="utf-8-sig").splitlines()
    assert text[1].startswith("1,M1,北矿,44")
    paths = pyogrio.read_dataframe(run.folder / "data" / "findings.gpkg", layer="overhead_paths")
    assert paths[["pond_id", "designated", "path_count"]].to_numpy().tolist() == [["K1", "是", 1], ["K2", "否", 0]]
    assert set(paths.geometry.geom_type) == {"LineString"}


def test_heights_too_many_for_memory_leave_the_water_open_and_say_why() -> None:
    class TooLarge:
        @property
        def grid(self) -> FlowGrid:
            raise InputError(Problem("栅格过大", Place(file="dem.tif"), remedy="按流域裁剪"))

    ground = Ground(
        positions=None, farmland=None, others=(), elevation=HEIGHTS, choices=Choices(), radius_m=1e4,
        sources=pa.table({}), reached=pa.table({}), water=TooLarge(),
    )  # fmt: skip
    assert ground.grid() == Unknown("栅格过大。按流域裁剪。")


def test_a_run_whose_heights_are_too_many_goes_on_without_water(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmgeo.water.grid.BYTES_PER_CELL", 10**12)
    chosen = {
        "flow_limit_m": "value: 600, unit: m",
        "snap_distance_m": "value: 60, unit: m",
        "stream_min_area_ha": "value: 1, unit: ha",
        "closed_basins": "value: keep",
    }
    results = results_of(project, **chosen)
    assert results.water is not None
    assert results.water.notes[0].startswith("水流未评估：栅格过大：填洼和流向须整幅读入内存。")
    assert results.water.paths.num_rows == 0


@pytest.mark.parametrize("block", [3, 4, 64])
def test_slopes_of_parcels_are_the_same_whatever_the_blocks(block: int) -> None:
    whole, _ = parcel_slopes(layer(LayerKind.FARMLAND, PARCELS), HEIGHTS)
    parts, _ = parcel_slopes(layer(LayerKind.FARMLAND, PARCELS), raster(FLANKS, block=block))
    assert parts.equals(whole)
