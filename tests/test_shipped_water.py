"""The invented waters of the shipped layers: on the terrain's streams, linked as office tables link them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely

ROOT = Path(__file__).resolve().parent.parent / "layers/synthetic"
EPSG = {"qingcheng": 4547, "nandan": 4545}


def rows(key: str, name: str) -> list[dict[str, object]]:
    header, *body = openpyxl.load_workbook(ROOT / key / f"{name}.xlsx").active.iter_rows(values_only=True)
    return [dict(zip(header, line, strict=True)) for line in body]


def rivers(key: str) -> gpd.GeoDataFrame:
    return gpd.read_file(ROOT / key / "rivers.gpkg").to_crs(EPSG[key])


def points(key: str, name: str) -> gpd.GeoSeries:
    places = [(row["经度"], row["纬度"]) for row in rows(key, name)]
    return gpd.GeoSeries(shapely.points(places), crs=4490).to_crs(EPSG[key])


@pytest.mark.parametrize("key", EPSG)
def test_reaches_run_downstream_and_meet_end_to_start(key: str) -> None:
    lines = rivers(key)
    ends = {tuple(np.round(line.coords[-1], 2)) for line in lines.geometry}
    starts = {tuple(np.round(line.coords[0], 2)) for line in lines.geometry}
    assert lines["名称"].str.fullmatch(r"示例河\d\d").all()
    assert len(ends & starts) > 15
    assert lines["河段编号"].is_unique


@pytest.mark.parametrize("key", EPSG)
@pytest.mark.parametrize("name", ["outfalls", "irrigation_intakes"])
def test_outlets_and_intakes_lie_on_the_river_they_name(key: str, name: str) -> None:
    lines = rivers(key).dissolve("名称").geometry
    column = "受纳水体" if name == "outfalls" else "水源"
    told = [(row[column], point) for row, point in zip(rows(key, name), points(key, name), strict=True) if row[column]]
    assert max(lines[river].distance(point) for river, point in told) < 30


@pytest.mark.parametrize("key", EPSG)
def test_chains_are_whole_but_for_the_gaps_that_are_meant(key: str) -> None:
    outlets, intakes = rows(key, "outfalls"), rows(key, "irrigation_intakes")
    districts = gpd.read_file(ROOT / key / "irrigation_districts.gpkg")
    assert [row["灌区编号"] in set(districts["灌区编号"]) for row in intakes] == [True] * (len(intakes) - 1) + [False]
    assert sum(row["受纳水体"] is None for row in outlets) == len(outlets) // 7
    assert {row["水源"] for row in intakes} & {row["受纳水体"] for row in outlets}
    parcels = gpd.read_file(ROOT / key / "farmland.gpkg")
    said = set(parcels["灌区名称"]) - {"", None}
    assert said <= set(districts["名称"])
    assert set(districts["名称"]) - said == {"示例灌区02"}
    named = parcels[parcels["灌区名称"] == "示例灌区01"]
    shape = districts[districts["名称"] == "示例灌区01"].geometry.iloc[0]
    assert named.intersects(shape).all()


@pytest.mark.parametrize("key", EPSG)
@pytest.mark.parametrize("name", ["outfalls", "intakes", "irrigation_intakes", "water_stations"])
def test_tables_say_that_they_are_invented(key: str, name: str) -> None:
    assert all(str(row["名称"]).startswith("示例") for row in rows(key, name))
    assert {row["数据来源"] for row in rows(key, name)} == {"合成数据"}
