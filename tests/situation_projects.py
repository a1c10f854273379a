"""Situations of the rule book as projects on disk: layers, sites and project.yml written as an office would."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
import yaml
from affine import Affine
from test_situations import FOLDER

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.reference.tables import townships
from hmgeo.rules.parameters import declaration
from hmgeo.rules.words import ATTRIBUTES

if TYPE_CHECKING:
    from pathlib import Path

CHOSEN_ON = date(2026, 11, 21)
LON, LAT = 113.05, 23.6
NEAR_M, UNSURE_M, BESIDE_M = 5.0, 10.0, 10.0
ACTIONS = {"new": "新建", "expand": "扩建", "reconstruct": "改建", "technical_upgrade": "技术改造"}
COUNTIES = {
    "441802": "清城区", "441803": "清新区", "451221": "南丹县", "451224": "东兰县", "451202": "金城江区",
    "419001": "济源市", "420281": "大冶市", "532501": "个旧市", "990101": "示例县",
}  # fmt: skip
TOWNS = {town.code: town.name for town in townships()} | {"441802001": "东城街道"}
PARK_FACTS = {"park_lawful": True, "park_plan_eia": True}
CLASS_COLUMNS = {"water_source_zones": "保护区级别", "farmland": "土壤环境质量类别"}
PARTLY = "部分在内"
COUNTY = shapely.box(112.5, 23.0, 113.6, 24.2)
WIDE = shapely.box(108.0, 20.0, 118.0, 32.0)


@dataclass(frozen=True)
class OnDisk:
    """A situation's project, its file of sites and what they are."""

    project: Path
    sites: Path
    kind: str


def moved(east_m: float, north_m: float) -> tuple[float, float]:
    """Return a point so many metres from the site, along the ground."""
    lon, lat, _ = ELLIPSOID.fwd(LON, LAT, 0.0, north_m)
    lon, lat, _ = ELLIPSOID.fwd(lon, lat, 90.0, east_m)
    return lon, lat


def box(west_m: float, south_m: float, east_m: float, north_m: float) -> shapely.Geometry:
    return shapely.box(*moved(west_m, south_m), *moved(east_m, north_m))


def write_collection(path: Path, rows: list[tuple[dict[str, Any], shapely.Geometry]]) -> None:
    features = [
        {"type": "Feature", "properties": cells, "geometry": shapely.geometry.mapping(shape)} for cells, shape in rows
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")


def feature_of(said: dict[str, Any]) -> shapely.Geometry:
    """Return the feature that stands to the site as a situation says."""
    if "distance_m" in said:
        low_m = float(said["distance_m"])
        if low_m == float("inf"):
            return shapely.Point(moved(0.0, 450_000.0))
        lon, lat = moved(0.0, (low_m + float(said.get("distance_high_m", low_m))) / 2)
        return shapely.Polygon([(lon, lat), (lon + 0.001, lat + 0.001), (lon - 0.001, lat + 0.001)])
    if said.get("touches") == "毗邻":
        return box(-50.0, BESIDE_M, 50.0, 100.0)
    inside, is_borderline = said.get("inside"), bool(said.get("borderline"))
    if inside == "在内":
        return box(-1000.0, -1000.0, NEAR_M if is_borderline else 1000.0, 1000.0)
    if inside == PARTLY:
        return box(-1000.0, -1000.0, 0.0, 1000.0)
    return box(NEAR_M, -1000.0, 2000.0, 1000.0) if is_borderline else box(3000.0, 3000.0, 5000.0, 5000.0)


def uncertainty_of(situation: dict[str, Any]) -> float:
    """Return the error of the position that a situation implies."""
    layers = situation.get("layers", {}).values()
    if any(said.get("borderline") for said in layers):
        return UNSURE_M
    spread = [(said["distance_high_m"] - said["distance_m"]) / 2 for said in layers if "distance_high_m" in said]
    return max(spread, default=0.0)


def site_cells(situation: dict[str, Any]) -> dict[str, str]:
    planned, place = situation["planned"], situation["place"]
    is_named = len(place) > 6 and situation.get("township_known_by") != "示意范围"
    cells = {
        "项目编号": situation["id"],
        "项目名称": situation["title"],
        "县(市、区)": COUNTIES[place[:6]],
        "乡镇(街道)": TOWNS[place] if is_named else "",
        "行业代码": planned.get("trade", ""),
        "行业分类版本": str(planned.get("edition", "")),
        "建设性质": ACTIONS.get(planned.get("action", ""), ""),
        "定位误差(m)": f"{uncertainty_of(situation):g}",
    }
    cells |= {f"是否{ATTRIBUTES[name]}": "是" if value else "否" for name, value in planned.get("facts", {}).items()}
    own = situation.get("layers", {}).get(planned["kind"], {})
    cells |= {"土壤环境质量类别": own["class"]} if "class" in own else {}
    if "ratio" in situation:
        cells |= {"新增铅(kg/a)": "10", "替代铅(kg/a)": f"{10 * situation['ratio']:g}"}
    return cells


def write_sites(situation: dict[str, Any], folder: Path) -> Path:
    cells = site_cells(situation)
    if any(said.get("inside") == PARTLY for said in situation.get("layers", {}).values()):
        path = folder / "sites.geojson"
        write_collection(path, [(cells, box(-50.0, -50.0, 50.0, 50.0))])
        return path
    cells |= {"经度": f"{LON:.12f}", "纬度": f"{LAT:.12f}", "坐标系": "CGCS2000"}
    path = folder / "sites.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(cells), list(cells.values())])
    return path


def write_heights(folder: Path) -> dict[str, Any]:
    """Write a plane that falls to the south, 300 by 300 cells of 30 m around the site."""
    rows = np.arange(300, dtype=np.float32)[:, None]
    heights = np.repeat(500.0 - rows, 300, axis=1)
    west, north = moved(-4500.0, 4500.0)
    grid = Affine(0.0003, 0.0, west, 0.0, -0.00027, north)
    with rasterio.open(
        folder / "dem.tif", "w", driver="GTiff", height=300, width=300, count=1, dtype="float32", crs="EPSG:4490",
        transform=grid,
    ) as file:  # fmt: skip
        file.write(heights, 1)
    return declared("dem.tif")


def write_layer(kind: str, said: dict[str, Any], facts: dict[str, bool], folder: Path) -> dict[str, Any]:
    if kind == "elevation":
        return write_heights(folder)
    facts = PARK_FACTS | facts if kind == "industrial_parks" else facts
    cells = {"编号": f"{kind}-1", "名称": f"示例{kind}"}
    cells |= {CLASS_COLUMNS.get(kind, "类别"): said["class"]} if "class" in said else {}
    cells |= {f"是否{ATTRIBUTES[name]}": "是" if value else "否" for name, value in facts.items()}
    write_collection(folder / f"{kind}.geojson", [(cells, feature_of(said))])
    completeness = "complete" if said["state"] == "完整" else "partial"
    return declared(f"{kind}.geojson") | {"completeness": completeness, "coverage": {"file": "wide.geojson"}}


def declared(path: str, basis: str = "synthetic") -> dict[str, Any]:
    return {"path": path, "basis": basis, "classification": "公开", "vintage": "2024"}


def parameter(name: str, value: object, edition: object) -> dict[str, Any]:
    known = declaration(name)
    assert known is not None
    unit = {"unit": known.unit} if known.unit else {}
    codes = {"edition": edition} if isinstance(value, list) else {}
    return {"value": value, "by": "示例", "on": CHOSEN_ON, "reason": "示例参数"} | unit | codes


def write_situation(situation: dict[str, Any], folder: Path) -> OnDisk:
    """Write a situation as a project with a file of one site."""
    planned, place = situation["planned"], situation["place"]
    folder.mkdir()
    write_collection(folder / "area.geojson", [({"名称": "示例范围"}, COUNTY)])
    write_collection(folder / "wide.geojson", [({"名称": "示例数据范围"}, WIDE)])
    write_collection(folder / "counties.geojson", [({"编码": place[:6], "名称": COUNTIES[place[:6]]}, COUNTY)])
    layers: dict[str, Any] = {"counties": declared("counties.geojson")}
    if situation.get("township_known_by") == "示意范围":
        write_collection(folder / "townships.geojson", [({"编码": place, "名称": TOWNS[place]}, COUNTY)])
        layers["townships"] = declared("townships.geojson", "approximate")
    for kind, said in situation.get("layers", {}).items():
        layers[kind] = write_layer(kind, said, planned.get("facts", {}), folder)
    chosen, edition = situation.get("chosen", {}), planned.get("edition", 2017)
    adopted = situation.get("adopted", [])
    project = {
        "schema": 1,
        "title": situation["title"],
        "as_of": situation["as_of"],
        "area": {"codes": ["area.geojson"]},
        "layers": layers,
        "screening_rule": "none",
        "parameters": {name: parameter(name, value, edition) for name, value in chosen.items()},
        "adopt": [{"rule": one, "by": "示例", "on": CHOSEN_ON, "reason": "示例"} for one in adopted],
    }
    if any(name.startswith("EXAMPLE-") for name in (*situation["expect"], *adopted)):
        shutil.copytree(FOLDER / "packs", folder / "packs")
        project["rule_packs"] = ["packs"]
    text = yaml.safe_dump(project, allow_unicode=True, sort_keys=False)
    (folder / "project.yml").write_text(text, encoding="utf-8")
    return OnDisk(folder, write_sites(situation, folder), planned["kind"])
