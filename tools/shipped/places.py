"""Invented places of a region: built-up areas, parks, tailings ponds, sensitive sites and water-source zones."""
# ruff: noqa: PLR2004 -- the numbers shape an invented world; they are choices, not limits.

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely
from shapely import affinity

from shipped.regions import real_mines
from shipped.terrain import floor_half_width_m

if TYPE_CHECKING:
    from shipped.regions import Ground, Region
    from shipped.terrain import Channel, Terrain

SYNTHETIC = "合成数据"
MINE_DISTANCE_M = 600.0
SITE_KINDS = (("居民区", 55), ("学校", 27), ("医院", 12), ("养老院", 10), ("行政办公", 10), ("疗养院", 2), ("其他", 4))
PEOPLE = {"居民区": 900, "学校": 700, "医院": 250, "养老院": 90, "行政办公": 60, "疗养院": 80, "其他": 40}


def blob(centre: shapely.Point, radius_m: float, rng: np.random.Generator, stretch: float = 1.4) -> shapely.Geometry:
    """Return an irregular rounded polygon of about the given radius, stretched in a random direction."""
    angle = np.linspace(0, 2 * np.pi, 25)[:-1]
    waves = sum(rng.uniform(0.04, 0.16) * np.sin(k * angle + rng.uniform(0, 6.28)) for k in (2, 3, 5))
    radius = radius_m * (1 + waves)
    ring = np.column_stack([radius * np.cos(angle) * stretch**0.5, radius * np.sin(angle) / stretch**0.5])
    shape = affinity.rotate(shapely.Polygon(ring), rng.uniform(0, 180), origin=(0, 0))
    return affinity.translate(shape, centre.x, centre.y)


def tail(region: Region) -> dict[str, str]:
    """Return the columns that every office table ends with."""
    return {"数据来源": SYNTHETIC, "资料时点": f"{region.vintage}-06", "密级": "公开", "备注": "合成数据，仅供软件演示"}


def frame_of(rows: list[dict[str, object]], shapes: list[shapely.Geometry], region: Region) -> gpd.GeoDataFrame:
    """Return rows and shapes with the office columns at the end, in the region's CRS."""
    merged = [{**row, **tail(region)} for row in rows]
    return gpd.GeoDataFrame(merged, geometry=shapes, crs=region.epsg)


def township_of(points: list[shapely.Geometry], ground: Ground) -> list[tuple[str, str]]:
    """Return code and name of the approximate township cell that holds (or is nearest to) each point."""
    near = ground.townships.sindex.nearest(points, return_all=False)[1]
    return [(ground.townships["code9"].iloc[k], ground.townships["name"].iloc[k]) for k in near]


def make_built_up(region: Region, ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Make one built-up area for each township seat, larger for subdistricts and the county seat."""
    rows: list[dict[str, object]] = []
    shapes = []
    taken = shapely.Point()
    for number, (code, name, seat) in enumerate(
        zip(ground.seats["code9"], ground.seats["name"], ground.seats.geometry, strict=True), start=1
    ):
        is_urban = name.endswith("街道") or code.endswith("100")
        radius = rng.uniform(1_100, 1_500) if is_urban else rng.uniform(380, 620)
        parts = [blob(seat, radius, rng)]
        parts += [
            blob(shapely.Point(seat.x + rng.normal(0, radius), seat.y + rng.normal(0, radius)), radius / 2.5, rng)
            for _ in range(4)
        ]
        shape = shapely.union_all(parts).difference(taken.buffer(40)).intersection(ground.county.buffer(-30))
        shape = max(shapely.get_parts(shape), key=shapely.area).simplify(8)
        taken = shapely.union(taken, shape)
        shapes.append(shape)
        rows.append(
            {"编号": f"示例JC-{region.prefix}-{number:02d}", "名称": f"示例建成区{number:02d}", "乡镇(街道)": name}
        )
    return frame_of(rows, shapes, region)


def make_parks(
    region: Region, ground: Ground, terrain: Terrain, built_up: gpd.GeoDataFrame, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Make three industrial parks on gentle ground near the towns of `park_towns`."""
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    towns = built_up.union_all()
    mines = real_mines(region)
    for number, code in enumerate(region.park_towns, start=1):
        seat = ground.seats.geometry[ground.seats["code9"] == code].iloc[0]
        best, best_slope = None, 90.0
        for _ in range(60):
            angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(1_300, 3_200)
            centre = shapely.Point(seat.x + away * np.cos(angle), seat.y + away * np.sin(angle))
            shape = _park_shape(centre, rng)
            free = not shape.intersects(towns) and ground.county.buffer(-400).contains(shape)
            free = free and all(shape.distance(other) > 500 for other in [*shapes, *mines])
            x, y = shapely.get_coordinates(shape.segmentize(120)).T
            slope = float(terrain.slope_deg(x, y).mean())
            if free and slope < best_slope:
                best, best_slope = shape, slope
        if best is None:
            message = f"no room for a park near {code}"
            raise RuntimeError(message)
        shapes.append(best)
        rows.append(_park_row(region, ground, number, best))
    return frame_of(rows, shapes, region)


def _park_shape(centre: shapely.Point, rng: np.random.Generator) -> shapely.Geometry:
    long, wide = rng.uniform(1_000, 1_500), rng.uniform(650, 950)
    corner = shapely.box(long * 0.55, wide * 0.6, long, wide)
    shape = affinity.translate(shapely.box(0, 0, long, wide).difference(corner), -long / 2, -wide / 2)
    return affinity.translate(affinity.rotate(shape, rng.uniform(0, 180), origin=(0, 0)), centre.x, centre.y)


def _park_row(region: Region, ground: Ground, number: int, shape: shapely.Geometry) -> dict[str, object]:
    return {
        "园区编号": f"示例YQ-{region.prefix}-{number:02d}",
        "名称": f"示例工业园区{number:02d}",
        "级别": "省级" if number == 1 else "县级",
        "批准设立文号": f"示例批〔{region.vintage - 6}〕{number}号",
        "主导产业": ("有色金属冶炼", "金属表面处理", "综合")[number - 1],
        "是否化工园区": "否",
        "是否涉重金属园区": "是" if number < 3 else "否",
        "规划环评审查文号": f"示例环审〔{region.vintage - 4}〕{number}号",
        "审查日期": f"{region.vintage - 4}-0{number}-15",
        "县(市、区)": region.county,
        "乡镇(街道)": township_of([shape.centroid], ground)[0][1],
    }


def make_tailings(
    region: Region, ground: Ground, channels: list[Channel], keep_out: shapely.Geometry, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Make tailings ponds in the heads of side valleys, each with the toe of its starter dam."""
    towns = list(ground.seats.geometry[ground.seats["code9"].isin(list(region.tailings_towns))])
    inside = ground.county.buffer(-700)
    barred = shapely.union_all([keep_out, shapely.union_all(real_mines(region)).buffer(MINE_DISTANCE_M)])
    found = []
    for channel in channels:
        line = shapely.LineString(channel.xy[: 1 + int(rng.integers(9, 16))])
        near = min(line.distance(town) for town in towns)
        if inside.contains(line) and near < 9_000 and line.distance(barred) > 300 and channel.z[0] > region.hills_m:
            found.append((near, line))
    found.sort(key=lambda pair: pair[0])
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    for _, line in found:
        pond = shapely.union_all(
            [line.buffer(70, cap_style="flat"), line.interpolate(0.65, normalized=True).buffer(110)]
        )
        if len(shapes) < region.tailings_count and all(pond.distance(other) > 2_500 for other in shapes):
            shapes.append(pond.simplify(3))
            rows.append(_tailings_row(region, ground, len(shapes), line))
    return frame_of(rows, shapes, region)


def _tailings_row(region: Region, ground: Ground, number: int, line: shapely.LineString) -> dict[str, object]:
    toe = gpd.GeoSeries([shapely.Point(line.coords[-1])], crs=region.epsg).to_crs(4490).iloc[0]
    return {
        "库编号": f"示例WK-{region.prefix}-{number:02d}",
        "名称": f"示例尾矿库{number:02d}",
        "运营管理单位": f"示例企业{number:02d}",
        "县(市、区)": region.county,
        "乡镇(街道)": township_of([shapely.Point(line.coords[-1])], ground)[0][1],
        "坐标系": "CGCS2000",
        "初期坝坝脚经度": round(toe.x, 6),
        "初期坝坝脚纬度": round(toe.y, 6),
        "矿种": "铅锌矿",
        "涉及重金属": "铅、镉、砷",
        "等别": ("四等", "五等", "三等")[number - 1],
        "坝高(m)": (38.0, 24.0, 62.0)[number - 1],
        "库容(万m³)": (85.0, 30.0, 240.0)[number - 1],
        "运行状态": ("在用", "闭库", "停用")[number - 1],
        "是否头顶库": "是" if number == 1 else "未认定",
        "认定文号": f"示例应急〔{region.vintage - 1}〕1号" if number == 1 else "",
    }


def make_sensitive_sites(
    region: Region, ground: Ground, taken: shapely.Geometry, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    """Make 120 small sites around township seats and villages."""
    anchors = [*ground.seats.geometry, *ground.seats.geometry, *ground.villages.geometry]
    inside = ground.county.buffer(-200)
    shapely.prepare(taken)
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    for kind, count in SITE_KINDS:
        made = 0
        while made < count:
            anchor = anchors[int(rng.integers(len(anchors)))]
            spread = 900 if kind != "居民区" else 2_200
            centre = shapely.Point(anchor.x + rng.normal(0, spread), anchor.y + rng.normal(0, spread))
            shape = _compound(centre, rng)
            if not inside.contains(shape) or taken.intersects(shape) or any(shape.distance(s) < 40 for s in shapes):
                continue
            made += 1
            shapes.append(shape)
            rows.append(_site_row(region, ground, len(shapes), kind, made, shape, rng))
    return frame_of(rows, shapes, region)


def _compound(centre: shapely.Point, rng: np.random.Generator) -> shapely.Geometry:
    long, wide = rng.uniform(45, 170), rng.uniform(35, 110)
    notch = shapely.box(long * rng.uniform(0.5, 0.8), wide * rng.uniform(0.5, 0.8), long, wide)
    return affinity.translate(
        affinity.rotate(shapely.box(0, 0, long, wide).difference(notch), rng.uniform(0, 180)), centre.x, centre.y
    )


def _site_row(
    region: Region,
    ground: Ground,
    number: int,
    kind: str,
    of_kind: int,
    shape: shapely.Geometry,
    rng: np.random.Generator,
) -> dict[str, object]:
    code, town = township_of([shape.centroid], ground)[0]
    return {
        "编号": f"示例MG-{region.prefix}-{number:03d}",
        "名称": f"示例{kind}{of_kind:02d}",
        "类别": kind,
        "涉及环境要素": "大气、土壤",
        "县(市、区)": region.county,
        "乡镇(街道)": town,
        "行政区划代码": code,
        "人口": int(rng.lognormal(np.log(PEOPLE[kind]), 0.5)),
        "现状或规划": "现状",
    }


def make_water_zones(
    region: Region, ground: Ground, channels: list[Channel], avoid: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Make nested protection zones of three river sources: 100 m below the intake and 1, 3 and 5 km above it."""
    inside = ground.county.buffer(-600)
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    intakes: list[shapely.Point] = []
    for channel in sorted(channels, key=lambda channel: -len(channel.xy)):
        spots = np.flatnonzero((channel.area_km2 > 12) & (channel.area_km2 < 200))
        for at in spots[spots > 180][::-10]:
            line = shapely.LineString(channel.xy[at - 180 : at + 4])
            intake = shapely.Point(channel.xy[at])
            if len(intakes) == 3 or any(intake.distance(other) < 9_000 for other in intakes):
                break
            if not inside.contains(line) or line.distance(avoid) < 350:
                continue
            intakes.append(intake)
            width = min(float(floor_half_width_m(channel.area_km2[at], region)), 150.0)
            for level, vertices, reach_m in (("一级", 37, 60.0), ("二级", 104, 250.0), ("准", 184, 300.0 + 2 * width)):
                part = shapely.LineString(channel.xy[at + 4 - vertices : at + 4]).simplify(reach_m / 4)
                shapes.append(part.buffer(reach_m, cap_style="flat").buffer(-8).buffer(8).simplify(4))
                rows.append(_zone_row(region, len(intakes), level, intake))
            break
    # Zones nest: each wider one also holds the narrower ones.
    for k in range(0, len(shapes), 3):
        shapes[k + 1] = shapes[k + 1].union(shapes[k])
        shapes[k + 2] = shapes[k + 2].union(shapes[k + 1])
    return frame_of(rows, [shape.intersection(ground.county) for shape in shapes], region)


def _zone_row(region: Region, number: int, level: str, intake: shapely.Point) -> dict[str, object]:
    at = gpd.GeoSeries([intake], crs=region.epsg).to_crs(4490).iloc[0]
    return {
        "水源地编号": f"示例SY-{region.prefix}-{number:02d}-{level}",
        "名称": f"示例水源地{number:02d}",
        "级别": "县级" if number == 1 else "乡镇级",
        "类型": "河流",
        "使用状态": "在用",
        "保护区级别": level,
        "批复机关": "示例人民政府",
        "批复文号": f"示例府函〔{region.vintage - 5}〕{number}号",
        "批复日期": f"{region.vintage - 5}-03-0{number}",
        "取水口经度": round(at.x, 6),
        "取水口纬度": round(at.y, 6),
        "坐标系": "CGCS2000",
    }
