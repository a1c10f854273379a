"""A small finished run, made by hand, for tests of outputs."""

from __future__ import annotations

import json
import math
import re
from datetime import date
from typing import Any

import pyarrow as pa
import shapely
from msgspec.structs import replace
from pyproj import Geod
from shapely.ops import nearest_points

from hmgeo.records import Gates, Ledger, LedgerEntry, Provenance
from hmgeo.results.columns import COUNTS_SCHEMA, FINDINGS_SCHEMA, RECEPTORS_SCHEMA, SOURCES_SCHEMA
from hmgeo.results.results import ContextLayer, Results
from hmgeo.results.used import LayerUsed, ParameterUsed, RuleUsed
from hmgeo.vocabulary import Basis, Classification, Completeness, LayerKind, SoilQualityClass

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
RADII_M = (1000.0, 2000.0, 3000.0, 5000.0, 10000.0)
CLASSES = [word.value for word in SoilQualityClass]
FORBIDDEN_VERDICT_WORDS = frozenset(
    {"符合", "合规", "允许建设", "可以选址", "禁止新建", "安全", "无污染", "达标", "通过", "污染企业", "责任企业"}
)
"""Words that never stand as a whole badge or conclusion; inside a quoted clause they are the text's own."""
GEOD = Geod(a=6378137, rf=298.257222101)

# source_id, name, lon, lat, uncertainty_m, status, note
PLACES = [
    ("QC-001", "示例企业01", 113.02, 23.60, 0.1, "assessed", ""),
    ("QC-002", "示例企业02", 113.05, 23.62, 50.1, "assessed", ""),
    ("QC-003", HOSTILE, 113.08, 23.58, 0.1, "assessed", "=1+1"),
    (
        "QC-004",
        "示例企业04",
        113.20,
        23.52,
        120.0,
        "assessed",
        "该点距数据边界 3120 米，小于查询半径 10000 米，结果为下限。",
    ),
    ("QC-005", "示例企业05", None, None, None, "not_located", "缺少坐标，仅知所在乡镇（龙塘镇）。"),
    ("QC-006", "示例企业06", None, None, None, "rejected", "经度「待补」不是数字。"),
    ("QC-007", "示例企业07", 113.30, 23.86, 0.1, "assessed", ""),
    ("QC-008", "示例企业08", 113.10, 23.56, 0.1, "assessed", "重复待确认：与 QC-003 同名同址。"),
]


def parcel(index: int, columns: int) -> tuple[float, float, shapely.Polygon]:
    """Return a parcel of about 50 m by 60 m on a loose grid."""
    lon = 112.99 + 0.004 * (index % columns) + 0.0007 * math.sin(index)
    lat = 23.55 + 0.003 * (index // columns) + 0.0005 * math.cos(2 * index)
    ring = [(lon, lat), (lon + 0.0006, lat + 0.0001), (lon + 0.0005, lat + 0.0006), (lon - 0.0001, lat + 0.0004)]
    return lon, lat, shapely.Polygon(ring)


def circle(lon: float, lat: float, radius_m: float) -> shapely.Polygon:
    """Return the geodesic circle with 72 corners."""
    azimuths = [5.0 * step for step in range(72)]
    lons, lats, _ = GEOD.fwd([lon] * 72, [lat] * 72, azimuths, [radius_m] * 72)
    return shapely.Polygon(zip(lons, lats, strict=True))


def data_of(text: str) -> dict[str, Any]:
    """Return the JSON block that a map page carries, empty where it has none."""
    block = re.search(r'<script type="application/json" id="hmgeo-data">(.*?)</script>', text, re.DOTALL)
    return dict(json.loads(block[1])) if block else {}


def classified(**words: Classification) -> Results:
    """Return small results whose layers have these 密级, by name; the others are 公开."""
    results = small_results()
    marked = tuple(
        replace(layer, gates=replace(layer.gates, classification=words.get(layer.name, Classification.PUBLIC)))
        for layer in results.layers
    )
    return replace(results, layers=marked)


def small_results(parcel_count: int = 40, *, basis: Basis = Basis.SYNTHETIC, townships: bool = True) -> Results:
    """Return a finished run over `parcel_count` parcels and eight sources (one unlocated, one rejected)."""
    columns = max(8, math.isqrt(parcel_count) * 2)
    parcels = [parcel(index, columns) for index in range(parcel_count)]
    ids = [f"P{index:05d}" for index in range(parcel_count)]
    classes = [CLASSES[0 if index % 7 else index % 4] for index in range(parcel_count)]
    sources, findings, counts, areas = [], [], [], []
    reach = [0] * parcel_count
    best: list[tuple[float, str]] = [(math.inf, "")] * parcel_count
    for source_id, name, lon, lat, uncertainty_m, status, note in PLACES:
        row = dict.fromkeys(SOURCES_SCHEMA.names)
        row |= {"source_id": source_id, "name": name, "status": status, "note": note, "basis": basis.value}
        row |= {"position_kind": "point" if lon else ("place" if status == "not_located" else ""), "radius_m": 10000.0}
        row |= {
            "verdict": "not_assessed",
            "certainty": "",
            "county": "清城区",
            "township": "龙塘镇",
            "key_area_id": "GD-QC",
        }
        row |= {"trade_code": "3212", "trade_edition": "2017", "counts_are_lower_bounds": source_id == "QC-004"}
        finding = dict.fromkeys(FINDINGS_SCHEMA.names)
        if lon is not None and lat is not None and uncertainty_m is not None:
            point = shapely.Point(lon, lat)
            distances = [
                round(GEOD.inv(lon, lat, *nearest_points(polygon, point)[0].coords[0])[2], 4)
                for _, _, polygon in parcels
            ]
            order = min(range(parcel_count), key=distances.__getitem__)
            inside = [index for index in range(parcel_count) if distances[index] <= 10000]
            listed = bool(inside)
            ambiguous = source_id == "QC-004"
            bearing = GEOD.inv(lon, lat, parcels[order][0], parcels[order][1])[0] % 360
            row |= {
                "lon": lon,
                "lat": lat,
                "position_uncertainty_m": uncertainty_m,
                "geometry": shapely.to_wkb(point),
                "nearest_farmland_id": ids[order],
                "nearest_farmland_m": distances[order],
                "nearest_farmland_max_m": round(distances[order] + uncertainty_m, 4),
                "farmland_count": len(inside),
                "farmland_count_max": len(inside),
                "farmland_area_ha": 0.3 * len(inside),
                "verdict": "listed" if listed else "clear",
                "certainty": "ambiguous" if ambiguous else "certain",
                "nearest_farmland_class": classes[order],
                "nearest_farmland_bearing_deg": round(bearing, 1),
            }
            finding |= {
                "measured": distances[order],
                "measured_low": max(0.0, distances[order] - uncertainty_m),
                "measured_high": distances[order] + uncertainty_m,
                "margin": distances[order] - 10000,
                "measured_text": f"{distances[order]:.0f} m（±{uncertainty_m:.0f} m）",
                "receptor_id": ids[order],
                "receptor_name": "水田",
                "bearing_deg": bearing,
                "geometry": shapely.to_wkb(point),
            }
            for index in inside:
                reach[index] += 1
                best[index] = min(best[index], (distances[index], source_id))
            for radius_m in RADII_M:
                near = [index for index in range(parcel_count) if distances[index] <= radius_m]
                counts.append((source_id, radius_m, "all", len(near), 0.3 * len(near), "all"))
                for word in CLASSES:
                    n = sum(classes[index] == word for index in near)
                    counts.append((source_id, radius_m, word, n, 0.3 * n, "soil_quality"))
            areas.append((source_id, shapely.to_wkb(circle(lon, lat, 10000.0))))
        finding |= {
            "finding_id": f"{source_id}|SCR-JY-10KM",
            "source_id": source_id,
            "rule_id": "SCR-JY-10KM",
            "verdict": row["verdict"],
            "verdict_other": "clear" if row["certainty"] == "ambiguous" else "",
            "certainty": row["certainty"],
            "standing": "adopted",
            "basis": basis.value,
            "limit_value": 10000.0,
            "unit": "m",
            "key_area_id": "GD-QC",
            "as_of": "2019-06-30",
            "legal_rank": "plan",
            "document": "济源产城融合示范区2021年土壤污染防治攻坚战实施方案",
            "clause": "二（三）3",
            "quote": "2021年底前完成耕地周边（原则上平原地区周边10公里之内，山区、丘陵地区可适当缩减）"
            "涉镉等重金属行业企业排查",
            "decider": "生态环境部门会同农业农村等",
            "note": note or "未考虑地形。",
        }
        sources.append(row)
        findings.append(finding)
    receptors = [
        {
            "receptor_id": ids[index],
            "receptor_kind": "farmland",
            "name": "水田",
            "class": classes[index],
            "area_ha": 0.3,
            "township": ("龙塘镇", "石角镇")[index % 2] if townships else "",
            "source_count": reach[index],
            "nearest_source_id": best[index][1],
            "nearest_source_m": best[index][0] if reach[index] else None,
            "geometry": shapely.to_wkb(parcels[index][2]),
        }
        for index in range(parcel_count)
    ]
    county = shapely.box(112.90, 23.46, 113.36, 23.88)
    gates = Gates(county, "清城区（441802）", Completeness.COMPLETE, "2019", Classification.PUBLIC)
    provenance = Provenance("farmland.gpkg", "0" * 64, "合成数据（固定种子生成）", "CC0-1.0", "合成数据")
    names = pa.schema([("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])
    towns = [
        ("441802105", "龙塘镇", shapely.box(113.0, 23.5, 113.1, 23.7)),
        ("441802106", "石角镇", shapely.box(112.9, 23.5, 113.0, 23.7)),
    ]
    context = (
        ContextLayer(
            "county",
            "县级行政区",
            Basis.REAL,
            "天地图",
            pa.Table.from_pylist([{"id": "441802", "name": "清城区", "geometry": shapely.to_wkb(county)}], names),
        ),
        ContextLayer(
            "township",
            "乡级行政区",
            Basis.APPROXIMATE,
            "Vonng/adcode, GeoNames",
            pa.Table.from_pylist(
                [{"id": code, "name": town, "geometry": shapely.to_wkb(shape)} for code, town, shape in towns], names
            ),
        ),
        ContextLayer(
            "key_area",
            "重点区域",
            Basis.REAL,
            "天地图",
            pa.Table.from_pylist([{"id": "GD-QC", "name": "清城区", "geometry": shapely.to_wkb(county)}], names),
        ),
        ContextLayer(
            "river",
            "河流",
            Basis.REAL,
            "Natural Earth",
            pa.Table.from_pylist(
                [
                    {
                        "id": "1",
                        "name": "北江",
                        "geometry": shapely.to_wkb(shapely.LineString([(112.9, 23.8), (113.0, 23.6), (112.95, 23.46)])),
                    }
                ],
                names,
            ),
        ),
    )
    count_rows = [dict(zip(COUNTS_SCHEMA.names, row, strict=True)) for row in counts]
    finding_table = pa.Table.from_pylist(findings, FINDINGS_SCHEMA)
    return Results(
        title="清城区（龙塘镇、石角镇）示例",
        as_of=date(2019, 6, 30),
        area_name="清城区",
        radius_m=10000.0,
        radii_m=RADII_M,
        sources=pa.Table.from_pylist(sources, SOURCES_SCHEMA),
        findings=finding_table,
        counts=pa.Table.from_pylist(count_rows, COUNTS_SCHEMA),
        receptors=pa.Table.from_pylist(receptors, RECEPTORS_SCHEMA),
        search_areas=pa.table(
            {"source_id": [a[0] for a in areas], "geometry": pa.array([a[1] for a in areas], pa.binary())}
        ),
        ledger=Ledger(
            (
                LedgerEntry(
                    "enterprises.xlsx", "企业清单", 6, "经度", "待补", "坐标不可用", "不是数字", "退回补正", "QC-006"
                ),
                LedgerEntry(
                    "enterprises.xlsx", "企业清单", 0, "", "", "字段识别", "经度→lon；纬度→lat", "按对照表读取", ""
                ),
            )
        ),
        layers=(
            LayerUsed(
                "enterprises",
                LayerKind.ENTERPRISES,
                basis,
                Provenance("enterprises.xlsx", "1" * 64),
                Gates(vintage="2019"),
                8,
            ),
            LayerUsed("farmland", LayerKind.FARMLAND, basis, provenance, gates, parcel_count),
        ),
        rules=(
            RuleUsed(
                "SCR-JY-10KM",
                "耕地周边涉镉等重金属行业企业排查",
                "list",
                "adopted",
                "plan",
                "济源产城融合示范区2021年土壤污染防治攻坚战实施方案",
                "二（三）3",
                findings[0]["quote"],
                "2" * 64,
                "生态环境部门会同农业农村等",
                "2021-08-04",
                "2026-11-21",
                len(findings),
                "本地参照（非本地有效依据）",
            ),
        ),
        parameters=(
            ParameterUsed("cadmium_trades", "3212, 3360（2017 版）", "", "示例", "2026-11-21", "示例参数"),
            ParameterUsed("limits_inclusive", "含本数", "", "", "", "默认约定"),
        ),
        context=context,
        screening_rule_id="SCR-JY-10KM",
        warnings=("「河流」为小比例尺示意，不能用于岸线距离。",),
    )
