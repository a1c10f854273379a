"""`hmgeo flow` on a small valley: one project, two sources, a parcel and a water-source zone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio
import shapely
from grids import CRS, NORTH, WEST, point, raster
from rasterio.transform import Affine

from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.facts import Side, Unknown
from hmgeo.project.inputs import load_inputs
from hmgeo.project.run import project_results
from hmgeo.project.spec import read_spec
from hmgeo.screening.heights import measured_pairs, terrain_choice, terrain_verdicts
from hmgeo.terrain.radius import TerrainQuestion, flips

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

CELL = 30.0
ROWS, COLUMNS = 60, 41
VALLEY = np.array([[3.0 * abs(column - 20) + 100 - row for column in range(COLUMNS)] for row in range(ROWS)])

PROJECT = """
schema: 1
title: 小流域
as_of: 2024-06-30
area: {codes: ["451221"]}
layers:
  enterprises: {path: sources.csv, datum: cgcs2000, basis: synthetic}
  farmland: {path: farmland.geojson, basis: synthetic, completeness: complete}
  water_source_zones: {path: zones.geojson, basis: synthetic}
  elevation: {path: dem.tif, basis: synthetic}
screening_rule: none
parameters: {}
adopt: []
rule_packs: []
"""


GIVEN = ("--limit", "5km", "--beside", "0m", "--closed-basins", "breach")
"""All that the texts leave open; the zone is drawn as an area, so that nothing has to be put onto a stream."""


def feature(number: str, name: str, shape: shapely.Geometry) -> dict[str, object]:
    properties = {"编号": number, "名称": name}
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", crs=CRS, transform=Affine(CELL, 0, WEST, 0, -CELL, NORTH),
        height=ROWS, width=COLUMNS, count=1, dtype="float32", nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(VALLEY.astype(np.float32), 1)
    given = raster(VALLEY, cell_m=CELL)
    upper, lower = point(given, 5, 20), point(given, 50, 20)
    rows = [f"{name},{name}厂,{place.x:.9f},{place.y:.9f}" for name, place in (("A", upper), ("B", lower))]
    (tmp_path / "sources.csv").write_text(
        "编号,企业名称,经度,纬度\n" + "\n".join(rows) + "\nC,丙厂,,\n", encoding="utf-8-sig"
    )
    shapes = {
        "farmland": [
            ("F1", "水田", point(given, 20, 20).buffer(1e-4)),
            ("F2", "旱地", point(given, 20, 2).buffer(1e-4)),
        ],
        "zones": [("Z1", "一号水源地", point(given, 40, 20).buffer(1e-4))],
    }
    for name, held in shapes.items():
        collection = {"type": "FeatureCollection", "features": [feature(*one) for one in held]}
        (tmp_path / f"{name}.geojson").write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "project.yml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def test_the_way_and_what_it_meets(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    ended = hmgeo_command("flow", project, *GIVEN, "--json")
    assert ended.code == 0
    told = json.loads(ended.out)
    paths = {row["source_id"]: row for row in told["paths"]}
    # From row 5 to row 59 in steps of 30 m.
    assert (paths["A"]["length_m"], paths["A"]["drop_m"], paths["A"]["ends"]) == (54 * 30.0, 54.0, "edge")
    assert (paths["C"]["status"], paths["C"]["length_m"], paths["C"]["note"]) == (
        "not_assessed",
        None,
        "没有可用的位置",
    )
    met = [(row["source_id"], row["layer"], row["receptor_id"], row["flow_distance_m"]) for row in told["met"]]
    assert met == [("A", "farmland", "F1", 15 * 30.0), ("A", "water_source_zones", "Z1", 35 * 30.0)]
    drained = [(row["target_id"], row["source_id"], row["flow_distance_m"]) for row in told["catchments"]]
    assert drained == [("Z1", "A", 35 * 30.0)]
    assert any("封闭洼地 0 处" in note for note in told["notes"])


def test_a_limit_ends_the_way(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    told = json.loads(hmgeo_command("flow", project, *GIVEN, "--limit", "900m", "--source", "A", "--json").out)
    assert [(row["source_id"], row["length_m"], row["ends"]) for row in told["paths"]] == [("A", 900.0, "limit")]
    assert [row["receptor_id"] for row in told["met"]] == ["F1"]


def test_the_tables_and_the_paths_as_geojson(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    out = project / "paths.geojson"
    ended = hmgeo_command("flow", project, *GIVEN, "--beside", "60m", "--geojson", out)
    assert ended.code == 0
    assert "一号水源地（Z1）" in ended.out
    assert "只反映地面径流，不含渠道、管道和地下水" in ended.err
    held = json.loads(out.read_text(encoding="utf-8"))
    assert [one["properties"]["source_id"] for one in held["features"]] == ["A", "B"]
    assert len(held["features"][0]["geometry"]["coordinates"]) == 55


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("farmland.geojson", "输出文件就是本次的输入文件，未作改动"),
        ("project.yml", "写不成这种文件"),
        ("dem.tif", "写不成这种文件"),
    ],
)
def test_paths_are_never_written_over_an_input(
    project: Path, hmgeo_command: Callable[..., Ended], name: str, fault: str
) -> None:
    before = (project / name).read_bytes()
    ended = hmgeo_command("flow", project, *GIVEN, "--geojson", project / name)
    assert ended.code == 2
    assert fault in ended.err
    assert (project / name).read_bytes() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--source", "X"), "没有这一污染源（现为「X」）"),
        (("--closed-basins", "no"), "不认识这个词（现为「no」）；允许：breach、keep"),
        (("--from", "tailings_ponds"), "项目没有「尾矿库」图层"),
        (("--beside", "60"), "--beside：距离看不懂（现为「60」）"),
        (("--stream-ha", "0"), "--stream-ha：面积看不懂（现为「0」）；允许：大于 0 的公顷数"),
    ],
)
def test_what_is_not_there_is_told(
    project: Path, hmgeo_command: Callable[..., Ended], options: tuple[str, str], words: str
) -> None:
    ended = hmgeo_command("flow", project, *GIVEN, *options)
    assert ended.code == 2
    assert words in ended.err.replace("\n", "")


def test_no_heights_no_water(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    text = PROJECT.replace("  elevation: {path: dem.tif, basis: synthetic}\n", "")
    (project / "project.yml").write_text(text, encoding="utf-8")
    ended = hmgeo_command("flow", project, *GIVEN)
    assert ended.code == 2
    assert "项目没有高程图层，水流方向不能测算" in ended.err


LINE = "  %s: {value: %s, by: 张三, on: 2026-11-21, reason: 示例}"
OPEN = {
    "flow_limit_m": "900, unit: m",
    "path_beside_m": "60, unit: m",
    "closed_basins": "keep",
    "snap_distance_m": "40, unit: m",
    "stream_min_area_ha": "2, unit: ha",
}


def choose(project: Path, values: dict[str, str], *, intake: bool = False) -> None:
    """Write parameters into the project, and an intake in the valley where one is wanted."""
    lines = [LINE % one for one in values.items()]
    text = PROJECT.replace("parameters: {}", "\n".join(["parameters:", *lines]) if lines else "parameters: {}")
    if intake:
        place = point(raster(VALLEY, cell_m=CELL), 30, 21)
        well = feature("I2", "水源井", place)
        well["properties"] = {"编号": "I2", "名称": "水源井", "水源类型": "地下水"}
        collection = {"type": "FeatureCollection", "features": [feature("I1", "一号取水口", place), well]}
        (project / "intakes.geojson").write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
        text = text.replace("layers:\n", "layers:\n  intakes: {path: intakes.geojson, basis: synthetic}\n")
    (project / "project.yml").write_text(text, encoding="utf-8")


def test_the_project_chooses_where_no_option_does(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    choose(project, OPEN, intake=True)
    told = json.loads(hmgeo_command("flow", project, "--source", "A", "--json").out)
    assert [(row["length_m"], row["ends"]) for row in told["paths"]] == [(900.0, "limit")]
    assert [(one["parameter"], one["value"]) for one in told["settings"]] == [
        ("flow_limit_m", 900.0),
        ("path_beside_m", 60.0),
        ("closed_basins", "keep"),
        ("snap_distance_m", 40.0),
        ("stream_min_area_ha", 2.0),
    ]
    assert {one["from"] for one in told["settings"]} == {f"项目参数 {name}：张三，2026-11-21，示例" for name in OPEN}
    assert "追踪距离 0.9 km（项目参数 flow_limit_m：张三，2026-11-21，示例）。" in told["notes"]
    assert any("本次保留，水流止于洼底（项目参数 closed_basins" in one for one in told["notes"])
    # The intake lies one cell beside the valley floor, 25 rows below the source.
    assert [(one["target_id"], one["source_id"], one["flow_distance_m"]) for one in told["catchments"]] == [
        ("I1", "A", 25 * 30.0),
        ("I2", "", None),
        ("Z1", "", None),
    ]
    shown = hmgeo_command("flow", project, "--source", "A").out
    assert "未评估" in [one for one in shown.splitlines() if "水源井" in one][-1]
    assert told["catchments"][1]["note"] == "地下水水源，不按地表集水推算。"


def test_an_option_wins_and_says_what_it_replaces(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    choose(project, OPEN)
    options = ("--limit", "1.5km", "--closed-basins", "breach", "--beside", "0m")
    told = json.loads(hmgeo_command("flow", project, *options, "--source", "A", "--json").out)
    assert [row["length_m"] for row in told["paths"]] == [1500.0]
    origins = {one["parameter"]: one["from"] for one in told["settings"]}
    assert origins["flow_limit_m"] == "命令选项 --limit，未用项目参数 flow_limit_m（900 m）"
    assert origins["closed_basins"] == "命令选项 --closed-basins，未用项目参数 closed_basins（keep）"
    assert origins["snap_distance_m"] == "项目参数 snap_distance_m：张三，2026-11-21，示例"


def test_the_distance_of_the_clauses_stands_in_and_says_so(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    choose(project, {"max_downstream_m": "600, unit: m"} | {name: OPEN[name] for name in list(OPEN)[1:]})
    told = json.loads(hmgeo_command("flow", project, "--source", "A", "--json").out)
    assert [row["length_m"] for row in told["paths"]] == [600.0]
    assert told["settings"][0]["parameter"] == "max_downstream_m"


@pytest.mark.parametrize("name", list(OPEN))
def test_what_nobody_chose_is_asked_for(project: Path, hmgeo_command: Callable[..., Ended], name: str) -> None:
    options = {
        "flow_limit_m": "--limit",
        "path_beside_m": "--beside",
        "closed_basins": "--closed-basins",
        "snap_distance_m": "--snap",
        "stream_min_area_ha": "--stream-ha",
    }
    choose(project, {one: value for one, value in OPEN.items() if one != name}, intake=True)
    ended = hmgeo_command("flow", project)
    assert ended.code == 2
    said = ended.err.replace("\n", "")
    assert f"在 settings 下写 {name}" in said
    assert f"或加选项 {options[name]}；条文未规定，没有默认值" in said


def test_all_that_nobody_chose_is_asked_for_at_once(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    ended = hmgeo_command("flow", project)
    said = ended.err.replace("\n", "")
    assert ended.code == 2
    # No intake is a point here: how it would be put onto a stream needn't be chosen.
    assert [name for name in OPEN if f"在 settings 下写 {name}" in said] == list(OPEN)[:3]


def chosen(**values: str | float) -> Choices:
    return Choices({name: ChosenParameter(name, value) for name, value in values.items()})


RELIEF = {"terrain_at": "source", "terrain_scheme": "relief", "relief_window_m": 300.0}


@pytest.mark.parametrize("unset", ["terrain_at", "terrain_scheme", "relief_window_m"])
def test_an_unset_terrain_parameter_is_asked_for(unset: str) -> None:
    found = terrain_choice(chosen(**{name: value for name, value in RELIEF.items() if name != unset}), 10_000.0)
    assert isinstance(found, Unknown)
    assert "条文未规定" in found.why


def test_a_project_with_terrain_considered(project: Path) -> None:
    inputs = load_inputs(read_spec(project))
    assert inputs.elevation is not None
    assert inputs.farmland is not None
    measured = measured_pairs(inputs.positions, inputs.farmland, 10_000.0)
    sides = {}
    for hill_m in (None, 400.0, 500.0):
        extra = {} if hill_m is None else {"hill_limit_m": hill_m}
        choice = terrain_choice(chosen(**RELIEF, **extra), 10_000.0)
        assert not isinstance(choice, Unknown)
        # 11 x 11 cells around the valley floor: 5 cells of 3 m to the side, 10 rows of 1 m.
        assert choice.described(inputs.elevation).startswith("起伏度窗口 330 m×330 m（11×11 格）")
        verdicts = terrain_verdicts(inputs.elevation, measured, choice)
        sides[hill_m] = {name: one.outcome.side for name, one in verdicts.items()}
    # Relief 15 + 10 = 25 m is plain: nothing depends on the hills' radius.
    assert sides == {hill_m: {"A": Side.MET, "B": Side.MET} for hill_m in (None, 400.0, 500.0)}
    wide = terrain_choice(chosen(**RELIEF | {"relief_window_m": 420.0}), 10_000.0)
    assert not isinstance(wide, Unknown)
    # 15 x 15 cells: 21 + 14 = 35 m is hill, whose radius nobody set.
    found = terrain_verdicts(inputs.elevation, measured, wide)["B"]
    assert (found.outcome.side, found.receptor_id) == (Side.UNKNOWN, "F1")
    ends = measured.source_ids, measured.sources, measured.uncertainties_m.tolist(), measured.receptors
    asked = TerrainQuestion(inputs.elevation, wide.scheme, *ends)
    rows = flips(asked, measured.within(10_000.0), 10_000.0).table.to_pylist()
    listed = {(row["terrain_at"], row["radius_m"], row["source_id"]): row["is_listed"] for row in rows}
    assert [listed["source", radius_m, "B"] for radius_m in (1000.0, 2000.0)] == [True, True]


CONSIDERED = """screening_rule: SCR-JY-10KM
parameters:
  cadmium_trades: {value: ["3212"], edition: 2017, by: 示例, on: 2026-11-21, reason: 示例}
  farmland_extent: {value: all, by: 示例, on: 2026-11-21, reason: 示例}
  terrain: {value: considered, by: 示例, on: 2026-11-21, reason: 示例}
  terrain_at: {value: source, by: 示例, on: 2026-11-21, reason: 示例}
  terrain_scheme: {value: relief, by: 示例, on: 2026-11-21, reason: 示例}
  relief_window_m: {value: 420, unit: m, by: 示例, on: 2026-11-21, reason: 示例}
HILL
adopt:
  - {rule: SCR-JY-10KM, by: 示例, on: 2026-11-21, reason: 示例}
"""
HILL = "  hill_limit_m: {value: %s, unit: m, by: 示例, on: 2026-11-21, reason: 示例}"


@pytest.mark.parametrize(
    ("hill", "verdict", "words"),
    [
        ("", "not_assessed", "条文未规定丘陵半径，项目亦未给定，未作判断；按平原半径 10 km 则在范围内。"),
        (HILL % 5000, "listed", "以企业一端为准；平原 10 km，丘陵 5 km，山区 未定。"),
        # Nothing within 100 m; the layer has no coverage, so that nothing is cleared either.
        (HILL % 100, "not_assessed", "按所定丘陵半径不在。"),
    ],
)
def test_the_screening_rule_with_terrain_considered(project: Path, hill: str, verdict: str, words: str) -> None:
    head, _ = PROJECT.split("screening_rule: none")
    text = head + CONSIDERED.replace("HILL", hill) + "rule_packs: []\n"
    (project / "project.yml").write_text(text, encoding="utf-8")
    lines = (project / "sources.csv").read_text(encoding="utf-8-sig").splitlines()
    trade = ["行业代码,行业分类版本", "3212,2017", "3212,2017", "3212,2017"]
    rows = [f"{line},{more}" for line, more in zip(lines, trade, strict=True)]
    (project / "sources.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    findings = {
        row["source_id"]: row
        for row in project_results(project, page=False).findings.to_pylist()
        if row["rule_id"] == "SCR-JY-10KM"
    }
    assert (findings["B"]["verdict"], words in findings["B"]["note"]) == (verdict, True), findings["B"]["note"]
    assert findings["B"]["basis"] == "synthetic"


def test_names_with_square_brackets_are_shown_as_they_are(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    path = project / "sources.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("A厂", "A[/厂]"), encoding="utf-8-sig")
    ended = hmgeo_command("flow", project, *GIVEN)
    assert ended.code == 0, ended.err
    assert "A[/厂]" in ended.out


@pytest.mark.parametrize("word", ["0", "0m", "0 m", "0米", "0公里", "0.0m", "0KM"])
def test_beside_may_be_nothing_in_any_unit(project: Path, hmgeo_command: Callable[..., Ended], word: str) -> None:
    given = ("--limit", "5km", "--beside", word, "--closed-basins", "breach", "--json")
    ended = hmgeo_command("flow", project, *given)
    assert ended.code == 0, ended.err
    assert {one["parameter"]: one["value"] for one in json.loads(ended.out)["settings"]}["path_beside_m"] == 0.0


def test_a_setting_that_was_not_used_is_not_listed(project: Path, hmgeo_command: Callable[..., Ended]) -> None:
    """Half a rule puts nothing onto a stream, and nothing here has to be."""
    half = json.loads(hmgeo_command("flow", project, *GIVEN, "--snap", "300m", "--json").out)
    names = ["flow_limit_m", "path_beside_m", "closed_basins"]
    assert [one["parameter"] for one in half["settings"]] == names
    whole = json.loads(hmgeo_command("flow", project, *GIVEN, "--snap", "300m", "--stream-ha", "1", "--json").out)
    assert [one["parameter"] for one in whole["settings"]] == [*names, "snap_distance_m", "stream_min_area_ha"]
