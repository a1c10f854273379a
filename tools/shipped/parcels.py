"""Invented farmland: irregular fields strung along valley floors, with the columns that offices keep."""
# ruff: noqa: PLR2004 -- the numbers shape an invented world; they are choices, not limits.

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from shipped.places import SYNTHETIC, township_of
from shipped.terrain import floor_half_width_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from shipped.regions import Ground, Region
    from shipped.terrain import Channel, Terrain

PARCEL_COUNT = 2_000
BORDER_M = 80.0
STRIP_GAP_M = 70.0
BANK_M = 22.0
SHRINK_M = 2.2
MOST_IN_STRIP = 42
VERTICES = (5, 40)
SPECIAL = 10
CGCS2000 = pyproj.Geod(a=6378137.0, rf=298.257222101)
SLOPE_GRADES_DEG = (2, 6, 15, 25)
LAND_USES = (("0101", "水田"), ("0102", "水浇地"), ("0103", "旱地"))


def lay_parcels(
    region: Region, ground: Ground, terrain: Terrain, keep_out: shapely.Geometry, rng: np.random.Generator
) -> list[shapely.Geometry]:
    """Lay 2,000 parcels in strips along channels, more of them near towns; a few with holes or in two parts."""
    starts, chances = _starts(ground, terrain.channels)
    lonely = region.lonely
    inside = ground.county.buffer(-BORDER_M)
    strips: list[shapely.Geometry] = []
    fields: list[shapely.Geometry] = []
    wanted = PARCEL_COUNT + SPECIAL
    for start in rng.choice(len(starts), size=6_000, p=chances):
        if len(fields) >= wanted:
            break
        channel, at = terrain.channels[starts[start][0]], starts[start][1]
        line, strip = _strip(region, channel, at, rng)
        if strip.is_empty or not inside.contains(strip) or strip.intersects(keep_out):
            continue
        if any(strip.distance(place) < region.empty_radius_m for place in lonely):
            continue
        if len(shapely.STRtree(strips).query(strip, "dwithin", STRIP_GAP_M)):
            continue
        x, y = shapely.get_coordinates(strip.segmentize(60)).T
        if np.median(terrain.slope_deg(x, y)) > region.field_slope_deg:
            continue
        laid = _fields(line, strip, region.field_spacing_m, rng)
        if laid:
            strips.append(strip)
            fields.extend(laid)
    if len(fields) < wanted:
        message = f"only {len(fields)} parcels laid in {region.key}"
        raise RuntimeError(message)
    return _special(fields[:wanted], rng)


def _starts(ground: Ground, channels: list[Channel]) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
    """Return channel vertices inside the county as (channel, vertex) and the chance of a strip at each."""
    pairs = [(k, at) for k, channel in enumerate(channels) for at in range(10, len(channel.xy) - 10, 6)]
    xy = np.array([channels[k].xy[at] for k, at in pairs])
    area = np.array([channels[k].area_km2[at] for k, at in pairs])
    within = shapely.contains_xy(ground.county, xy[:, 0], xy[:, 1])
    settled = np.array([[p.x, p.y] for p in [*ground.seats.geometry, *ground.villages.geometry]])
    near = np.hypot(xy[:, None, 0] - settled[None, :, 0], xy[:, None, 1] - settled[None, :, 1]).min(axis=1)
    chance = within * (np.exp(-near / 4_500) + 0.06) * np.clip(area / 8, 0.5, 3)
    return pairs, chance / chance.sum()


def _strip(
    region: Region, channel: Channel, at: int, rng: np.random.Generator
) -> tuple[shapely.LineString, shapely.Geometry]:
    """Return a stretch of channel and the valley floor beside it, one bank or both."""
    half = int(rng.integers(6, 24))
    line = shapely.LineString(channel.xy[max(at - half, 0) : at + half + 1])
    width = float(np.clip(floor_half_width_m(channel.area_km2[at], region) * rng.uniform(0.8, 1.2), 70, 330))
    water = BANK_M + 0.12 * min(float(channel.area_km2[at]), 900.0)
    side = rng.random()
    if side < 0.3:
        whole = line.buffer(water + width, single_sided=True)
    elif side < 0.6:
        whole = line.buffer(-(water + width), single_sided=True)
    else:
        whole = line.buffer(water + width, cap_style="flat")
    return line, whole.difference(line.buffer(water))


def _fields(
    line: shapely.LineString, strip: shapely.Geometry, typical_m: float, rng: np.random.Generator
) -> list[shapely.Geometry]:
    """Divide a strip into fields: Voronoi cells of a jittered grid, warped, shrunk and thinned."""
    spacing = typical_m * float(rng.lognormal(0, 0.16))
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    turn = np.arctan2(y1 - y0, x1 - x0)
    reach = np.hypot(*(np.array(strip.bounds[2:]) - strip.bounds[:2])) / 2 + 4 * spacing
    ticks = np.arange(-reach, reach, spacing)
    along, across = np.meshgrid(ticks * 1.25, ticks / 1.25)
    along = along + rng.normal(0, 0.24 * spacing, along.shape)
    across = across + rng.normal(0, 0.24 * spacing, across.shape)
    centre = strip.envelope.centroid
    x = centre.x + along * np.cos(turn) - across * np.sin(turn)
    y = centre.y + along * np.sin(turn) + across * np.cos(turn)
    near = shapely.dwithin(shapely.points(x.ravel(), y.ravel()), strip, 3 * spacing)
    points = shapely.multipoints(np.column_stack([x.ravel()[near], y.ravel()[near]]))
    cells = shapely.get_parts(shapely.voronoi_polygons(points, ordered=True))
    shapely.prepare(strip)
    cells = cells[shapely.contains_properly(strip, cells) & (rng.random(len(cells)) < 0.86)]
    warp = _warp(rng)
    fields = shapely.transform(shapely.segmentize(cells, 16), warp)
    fields = shapely.simplify(shapely.buffer(shapely.simplify(fields, 0.8), -SHRINK_M, join_style="mitre"), 0.6)
    counts = shapely.get_num_coordinates(fields)
    good = (shapely.get_type_id(fields) == 3) & (shapely.area(fields) > 300)
    good &= (counts >= VERTICES[0]) & (counts <= VERTICES[1]) & shapely.is_valid(fields)
    fields = fields[good]
    if len(fields) > MOST_IN_STRIP:
        heart = line.interpolate(rng.uniform(0.2, 0.8), normalized=True)
        fields = fields[np.argsort(shapely.distance(fields, heart), kind="stable")[:MOST_IN_STRIP]]
    return list(fields)


def _warp(rng: np.random.Generator) -> object:
    """Return a smooth displacement that can't fold: the slopes of its waves add up to less than one."""
    waves = [
        (2 * np.pi / length * np.array([np.cos(turn), np.sin(turn)]), rng.uniform(0, 6.28), size * np.array(push))
        for length, size in ((55.0, 2.0), (120.0, 5.0), (300.0, 11.0))
        for turn, push in ((rng.uniform(0, 3.14), (1.0, 0.0)), (rng.uniform(0, 3.14), (0.0, 1.0)))
    ]

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = xy.copy()
        for wave, phase, push in waves:
            moved += np.sin(xy @ wave + phase)[:, None] * push
        return moved

    return move


def _special(fields: list[shapely.Geometry], rng: np.random.Generator) -> list[shapely.Geometry]:
    """Give ten large fields a pond in the middle, and join ten pairs of neighbours into fields of two parts."""
    fields = list(fields)
    pondable = [k for k, field in enumerate(fields) if field.buffer(-22).area > 0]
    for k in rng.choice(pondable, size=SPECIAL, replace=False):
        middle = shapely.maximum_inscribed_circle(fields[k]).coords[0]
        fields[k] = fields[k].difference(shapely.Point(middle).buffer(rng.uniform(7, 12), quad_segs=2))
    joined: set[int] = set()
    for k in rng.permutation(len(fields) - 1):
        if len(joined) == SPECIAL:
            break
        first, second = fields[k], fields[k + 1]
        if shapely.distance(first, second) < 30 and not {k - 1, k, k + 1} & joined:
            vertices = shapely.get_num_coordinates([first, second]).sum()
            if vertices <= VERTICES[1]:
                fields[k] = shapely.multipolygons([first, second])
                joined.add(int(k))
    return [field for k, field in enumerate(fields) if k - 1 not in joined]


def describe_parcels(
    region: Region,
    ground: Ground,
    terrain: Terrain,
    fields: list[shapely.Geometry],
    hot_spots: list[shapely.Point],
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Return the parcels in lon/lat with their office columns.

    Parameters
    ----------
    hot_spots
        Sites around which 严格管控类 and 安全利用类 cluster.

    Returns
    -------
    GeoDataFrame
        EPSG:4490; areas in square metres on the CGCS2000 ellipsoid, rounded to 0.01.
    """
    shapes = gpd.GeoSeries(fields, crs=region.epsg).to_crs(4490)
    shapes = gpd.GeoSeries(shapely.orient_polygons(shapely.set_precision(shapes.to_numpy(), 1e-9)), crs=4490)
    points = shapely.point_on_surface(fields)
    x, y = shapely.get_x(points), shapely.get_y(points)
    grade = 1 + np.searchsorted(SLOPE_GRADES_DEG, terrain.slope_deg(x, y))
    towns = township_of(list(points), ground)
    uses = [LAND_USES[k] for k in np.where(rng.random(len(fields)) < 0.1, 1, np.where(grade > 2, 2, 0))]
    area = np.array([round(abs(CGCS2000.geometry_area_perimeter(shape)[0]), 2) for shape in shapes])
    deducted = np.where(rng.random(len(fields)) < 0.35, np.round(area * rng.uniform(0.01, 0.06, len(fields)), 2), 0.0)
    columns = {
        "BSM": [f"{region.adcode}2110{k:08d}" for k in range(1, len(fields) + 1)],
        "TBBH": [f"{k:04d}" for k in range(1, len(fields) + 1)],
        "DLBM": [use[0] for use in uses],
        "DLMC": [use[1] for use in uses],
        "ZLDWDM": [town[0] for town in towns],
        "ZLDWMC": [town[1] for town in towns],
        "TBMJ": area,
        "KCMJ": deducted,
        "TBDLMJ": np.round(area - deducted, 2),
        "GDPDJB": grade.astype("int32"),
        "土壤环境质量类别": soil_classes(x, y, hot_spots, rng),
        "划分年度": str(region.vintage - 1),
        "是否永久基本农田": np.where(rng.random(len(fields)) < 0.72, "是", "否"),
        "数据来源": SYNTHETIC,
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4490)


def soil_classes(
    x: NDArray[np.float64], y: NDArray[np.float64], hot_spots: list[shapely.Point], rng: np.random.Generator
) -> NDArray[np.str_]:
    """Return official classes, 4 % strict control and 14 % safe use around hot spots, 2 % not yet classified."""
    away = np.array([np.hypot(x - spot.x, y - spot.y) for spot in hot_spots])
    score = np.exp(-away / 1_600).sum(axis=0) * np.exp(rng.normal(0, 0.35, len(x)))
    rank = np.argsort(np.argsort(-score, kind="stable"), kind="stable") / len(x)
    classes = np.where(rank < 0.04, "严格管控类", np.where(rank < 0.18, "安全利用类", "优先保护类"))
    corner = int(rng.integers(len(x)))
    unsurveyed = np.hypot(x - x[corner], y - y[corner]) + 1e9 * (rank < 0.18)
    classes[np.argsort(unsurveyed, kind="stable")[: len(x) // 50]] = "未划分"
    return classes
