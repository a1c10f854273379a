"""Steep farmland: which side of a limit a slope falls, and a project whose table, sheet and page hold every list."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from grids import point, raster
from test_terrain_view import CELL, VALLEY, collection, layer, parcel, project, reached

from hmgeo.judging.layers import LayerIndexes
from hmgeo.project.run import project_results, run_project
from hmgeo.terrain.slope import parcel_slopes, steep_farmland
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["project"]


def lists_of(slope_deg: float, grade: str = "", *, at_water: bool = True) -> tuple[object, ...]:
    """Return grade, degrees and (list, status) of a parcel on a plane that falls to the west."""
    heights = raster([[10.0 * column * np.tan(np.radians(slope_deg)) for column in range(9)]] * 9)
    parcels = [parcel("P1", point(heights, 4, 4), grade)]
    place = point(heights, 4, 4) if at_water else point(heights, 0, 0)
    water = {"receptor_id": "W1", "name": "甲水库", "class": "", "geometry": shapely.to_wkb(place.buffer(1e-5))}
    slopes, _ = parcel_slopes(layer(LayerKind.FARMLAND, parcels), heights)
    indexes = LayerIndexes([layer(LayerKind.IMPORTANT_WATER_SOURCES, [water])])
    told = steep_farmland(reached(parcels), slopes, indexes).to_pylist()
    made = slopes.to_pylist()[0]
    return made["slope_grade"], made["slope_deg"], *((row["list"], row["status"]) for row in told)


@pytest.mark.parametrize(
    ("slope_deg", "expected"),
    [
        # A grade ends at its upper limit; the text's 25 度以上 and 15—25 度 begin at theirs.
        (14.99, (3, 14.99)),
        (15.0, (3, 15.0, ("water_15_25", "listed"))),
        (15.01, (4, 15.01, ("water_15_25", "listed"))),
        (24.99, (4, 24.99, ("water_15_25", "listed"))),
        (25.0, (4, 25.0, ("from_25", "listed"))),
        (25.01, (5, 25.01, ("from_25", "listed"))),
    ],
)
def test_exactly_at_a_limit_by_heights(slope_deg: float, expected: tuple[object, ...]) -> None:
    assert lists_of(slope_deg) == expected


@pytest.mark.parametrize(
    ("grade", "expected"),
    [
        ("3", (3, 25.0)),
        ("4", (4, 25.0, ("water_15_25", "listed"))),
        ("5", (5, 25.0, ("from_25", "listed"))),
    ],
)
def test_the_layers_own_grade_decides_whatever_the_heights(grade: str, expected: tuple[object, ...]) -> None:
    assert lists_of(25.0, grade) == expected


def test_away_from_important_water_sources_only_25_degrees_count() -> None:
    assert lists_of(20.0, at_water=False) == (4, 20.0)
    assert lists_of(25.0, at_water=False) == (4, 25.0, ("from_25", "listed"))


@pytest.fixture
def steep(project: Path) -> Path:
    """Return the small valley with parcels of grade 5, of grade 4 in and off an important source, and a flat one."""
    given = raster(VALLEY, cell_m=CELL)

    def field(row: int, column: int) -> shapely.Geometry:
        return shapely.buffer(point(given, row, column), 5e-5)

    grades = {"F1": ("1", 20, 20), "F3": ("5", 24, 30), "F4": ("4", 30, 12), "F5": ("4", 40, 12), "F6": ("5", 44, 30)}
    rows = [
        ({"编号": name, "名称": "旱地", "土壤环境质量类别": "未划分", "GDPDJB": grade}, field(row, column))
        for name, (grade, row, column) in grades.items()
    ]
    (project / "farmland.geojson").write_text(collection(rows), encoding="utf-8")
    water = [({"编号": "W1", "名称": "甲水库"}, shapely.buffer(point(given, 30, 12), 2e-4))]
    (project / "water.geojson").write_text(collection(water), encoding="utf-8")
    text = (project / "project.yml").read_text(encoding="utf-8")
    line = "  important_water_sources: {path: water.geojson, basis: synthetic, classification: 公开}\n"
    (project / "project.yml").write_text(text.replace("  elevation:", f"{line}  elevation:"), encoding="utf-8")
    return project


LISTED = [
    ("from_25", "listed", "F3", "5"),
    ("from_25", "listed", "F6", "5"),
    ("water_15_25", "listed", "F4", "4"),
    ("water_15_25", "not_assessed", "F5", "4"),
]


def test_every_list_stands_in_the_table_and_on_the_page(steep: Path) -> None:
    run = run_project(steep, steep / "out")
    with (run.folder / "data" / "steep_farmland.csv").open(encoding="utf-8-sig", newline="") as held:
        rows = list(csv.DictReader(held))
    assert [(row["list"], row["status"], row["receptor_id"], row["slope_grade"]) for row in rows] == LISTED
    assert (rows[2]["water_source"], rows[3]["water_source"]) == ("甲水库", "")
    assert rows[3]["note"] == "「重要水源地」未申明数据范围，结果为下限。"

    page = (run.folder / "map.html").read_text(encoding="utf-8")
    block = re.search(r'id="hmgeo-data">(.*?)</script>', page, re.DOTALL)
    farmland = json.loads(block[1] if block else "")["receptors"][0]
    numbers = {one["properties"]["id"]: one["properties"].get("steep", 0) for one in farmland["features"]}
    assert numbers == {"F1": 0, "F3": 1, "F4": 2, "F5": 3, "F6": 1}
    assert re.findall(r'data-count="steep:(\d)">([^<]*)<', page) == [("1", "2"), ("2", "1"), ("3", "1")]
    assert "合成数据，仅供软件演示" in page


def test_a_list_without_parcels_says_that_this_clears_nothing(project: Path) -> None:
    results = project_results(project, page=False)
    assert results.terrain is not None
    assert results.terrain.steep.num_rows == 0
    run = run_project(project, project / "out")
    assert 'data-count="steep:' not in (run.folder / "map.html").read_text(encoding="utf-8")
