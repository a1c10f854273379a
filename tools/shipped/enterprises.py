"""Invented enterprises as an office list: fictional names and ids, real trades, and the dirt of real lists."""
# ruff: noqa: PLR2004 -- the numbers shape an invented world; they are choices, not limits.

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from shipped.places import MINE_DISTANCE_M, SYNTHETIC, township_of
from shipped.regions import real_mines
from shipped.terrain import floor_half_width_m

if TYPE_CHECKING:
    from shipped.regions import Ground, Region
    from shipped.terrain import Terrain

TRADES = {
    "3212": "铅锌冶炼", "3360": "金属表面处理及热处理加工", "0912": "铅锌矿采选", "3211": "铜冶炼",
    "1910": "皮革鞣制加工", "3843": "铅蓄电池制造", "1712": "棉织造加工",
}  # fmt: skip
SHARES = {"3212": 0.3, "3360": 0.32, "0912": 0.1, "3211": 0.08, "1910": 0.06, "3843": 0.08, "1712": 0.06}
CADMIUM_TRADES = ("3212", "3360")

# Which row (counted from 0) is dirty in which way; the last five rows are the special places.
NO_COORDINATES, SWAPPED, TEXT_LONGITUDE, REPEATED_ID, SAME_PLACE = 4, 7, 11, 15, 19
UNKNOWN_DATUM, NO_TRADE = 23, 36
GCJ02 = (27, 28)
THREE_DECIMALS = (31, 32)
EDITION_2011 = (34, 35)
STATED_ERROR_M = {2: 30, 9: 50, 17: 100, 25: 80, 30: 50}
LATER_EDITION_ONLY = ("3843", "3849", "其他电池制造")


@dataclass(frozen=True, slots=True)
class Firm:
    """A fictional enterprise: its true place in the region's CRS and its trade."""

    place: shapely.Point
    trade: str


def place_firms(
    region: Region,
    ground: Ground,
    terrain: Terrain,
    *,
    fields: list[shapely.Geometry],
    parks: gpd.GeoDataFrame,
    towns: shapely.Geometry,
    rng: np.random.Generator,
) -> list[Firm]:
    """Place the enterprises in parks, at valley edges near towns, and at a few special places.

    The special places come last: inside a parcel, near the county border, and (where the region has them) far from
    every parcel, once deep inside the county and once near its border.
    """
    tree = shapely.STRtree(fields)
    trades = _trades(region.enterprise_count, rng)
    special = _special_places(region, ground, terrain, fields, rng)
    firms: list[Firm] = []
    while len(firms) < region.enterprise_count - len(special):
        spot = _candidate(region, ground, terrain, parks, rng)
        if not ground.county.buffer(-150).contains(spot) or _steep(terrain, spot):
            continue
        apart = all(spot.distance(firm.place) > 120 for firm in firms)
        if not apart or len(tree.query(spot, "dwithin", 25)) or spot.within(towns):
            continue
        if min(spot.distance(mine) for mine in real_mines(region)) > MINE_DISTANCE_M:
            firms.append(Firm(spot, trades[len(firms)]))
    return [*firms, *(Firm(spot, "3212") for spot in special)]


def _trades(count: int, rng: np.random.Generator) -> list[str]:
    numbers = {trade: round(share * count) for trade, share in SHARES.items()}
    trades = [trade for trade, number in numbers.items() for _ in range(number)] + ["3360"] * count
    shuffled = [str(trade) for trade in rng.permutation(trades[:count])]
    # Rows without a usable place are of a screened trade, so that the demonstration shows what becomes of them.
    for k in (NO_COORDINATES, SWAPPED, TEXT_LONGITUDE, UNKNOWN_DATUM, *GCJ02):
        shuffled[k] = "3360"
    return shuffled


def _steep(terrain: Terrain, spot: shapely.Point) -> bool:
    return bool(terrain.slope_deg(np.array([spot.x]), np.array([spot.y]))[0] > 16)


def _candidate(
    region: Region, ground: Ground, terrain: Terrain, parks: gpd.GeoDataFrame, rng: np.random.Generator
) -> shapely.Point:
    codes = list(region.town_weights)
    chances = list(region.town_weights.values())
    code = rng.choice([*codes, ""], p=[*chances, 1 - sum(chances)])
    if not code:
        code = ground.seats["code9"].iloc[int(rng.integers(len(ground.seats)))]
    name = ground.seats["name"][ground.seats["code9"] == code].iloc[0]
    in_town = parks.geometry[parks["乡镇(街道)"] == name]
    if len(in_town) and rng.random() < 0.4:
        left, bottom, right, top = in_town.iloc[0].bounds
        spot = shapely.Point(rng.uniform(left, right), rng.uniform(bottom, top))
        if in_town.iloc[0].buffer(-40).contains(spot):
            return spot
    cell = ground.townships.geometry[ground.townships["code9"] == code].iloc[0]
    seat = ground.seats.geometry[ground.seats["code9"] == code].iloc[0]
    return _valley_edge(region, terrain, cell, seat, rng)


def _valley_edge(
    region: Region, terrain: Terrain, cell: shapely.Geometry, seat: shapely.Point, rng: np.random.Generator
) -> shapely.Point:
    """Return a point beside a channel within a township's cell, rather nearer its seat."""
    shapely.prepare(cell)
    while True:
        channel = terrain.channels[int(rng.integers(len(terrain.channels)))]
        at = int(rng.integers(1, len(channel.xy) - 1))
        x, y = channel.xy[at]
        if not shapely.contains_xy(cell, x, y) or rng.random() > math.exp(-math.hypot(x - seat.x, y - seat.y) / 4_000):
            continue
        step = channel.xy[at + 1] - channel.xy[at - 1]
        normal = np.array([-step[1], step[0]]) / np.hypot(*step) * rng.choice([-1, 1])
        width = min(float(floor_half_width_m(channel.area_km2[at], region)), 400.0)
        return shapely.Point(channel.xy[at] + normal * (width * rng.uniform(0.7, 1.1) + rng.uniform(20, 160)))


def _special_places(
    region: Region, ground: Ground, terrain: Terrain, fields: list[shapely.Geometry], rng: np.random.Generator
) -> list[shapely.Point]:
    inside = shapely.maximum_inscribed_circle(max(fields[:300], key=shapely.area)).coords[0]
    border = ground.county.buffer(-900).exterior if not region.lonely else None
    places = [shapely.Point(inside)]
    if border is not None:
        at = rng.uniform(0, 1)
        while _steep(terrain, border.interpolate(at, normalized=True)):
            at = rng.uniform(0, 1)
        places.append(border.interpolate(at, normalized=True))
    for centre in region.lonely:
        turn, away = rng.uniform(0, 2 * np.pi, 200), rng.uniform(0, 250, 200)
        x, y = centre.x + away * np.cos(turn), centre.y + away * np.sin(turn)
        flattest = int(np.argmin(terrain.slope_deg(x, y)))
        places.append(shapely.Point(x[flattest], y[flattest]))
    return places


def enterprise_rows(
    region: Region, ground: Ground, firms: list[Firm], rng: np.random.Generator
) -> list[dict[str, str | float]]:
    """Return the rows of 企业清单: one dictionary a row, in the order of the columns of the office template."""
    firms = list(firms)
    firms[SAME_PLACE] = replace(firms[SAME_PLACE - 1])
    points = gpd.GeoSeries([firm.place for firm in firms], crs=region.epsg).to_crs(4490)
    towns = township_of([firm.place for firm in firms], ground)
    rows = [
        _clean_row(region, k, firm.trade, (point.x, point.y), town[1], rng)
        for k, (firm, point, town) in enumerate(zip(firms, points, towns, strict=True))
    ]
    _dirty(rows, points)
    return rows


def _clean_row(
    region: Region, k: int, trade: str, lon_lat: tuple[float, float], town: str, rng: np.random.Generator
) -> dict[str, str | float]:
    return {
        "企业编号": f"示例{region.prefix}-{k + 1:03d}",
        "企业名称": f"示例企业{k + 1:02d}",
        "设区市": region.prefecture,
        "县(市、区)": region.county,
        "乡镇(街道)": town,
        "经度": round(lon_lat[0], 6),
        "纬度": round(lon_lat[1], 6),
        "坐标系": "CGCS2000",
        "坐标来源": str(rng.choice(["实测", "排污许可证", "遥感判读"], p=[0.4, 0.4, 0.2])),
        "定位误差(m)": STATED_ERROR_M.get(k, ""),
        "行业名称": TRADES[trade],
        "行业代码": trade,
        "行业分类版本": "2017",
        "是否涉镉": "行业推定" if trade in CADMIUM_TRADES else "不涉及",
        "生产状态": str(rng.choice(["在产", "停产", "关闭"], p=[0.72, 0.16, 0.12])),
        "数据来源": SYNTHETIC,
        "资料时点": f"{region.vintage}-06",
        "密级": "公开",
        "备注": "",
    }


def _dirty(rows: list[dict[str, str | float]], points: gpd.GeoSeries) -> None:
    """Make the list as untidy as real ones are, in place."""
    rows[NO_COORDINATES] |= {"经度": "", "纬度": "", "坐标系": "", "坐标来源": "", "备注": "坐标待补"}
    rows[SWAPPED] |= {"经度": rows[SWAPPED]["纬度"], "纬度": rows[SWAPPED]["经度"]}
    rows[TEXT_LONGITUDE] |= {"经度": "待补"}
    rows[REPEATED_ID] |= {"企业编号": rows[REPEATED_ID - 1]["企业编号"]}
    rows[SAME_PLACE] |= {"企业名称": rows[SAME_PLACE - 1]["企业名称"]}
    rows[UNKNOWN_DATUM] |= {"坐标系": "未知", "坐标来源": "地址解析"}
    rows[NO_TRADE] |= {"行业名称": "", "行业代码": "", "行业分类版本": "", "是否涉镉": ""}
    for k in GCJ02:
        lon, lat = to_gcj02(points.iloc[k].x, points.iloc[k].y)
        rows[k] |= {"经度": round(lon, 6), "纬度": round(lat, 6), "坐标系": "GCJ-02", "坐标来源": "地图标注"}
    for k in THREE_DECIMALS:
        rows[k] |= {"经度": round(float(rows[k]["经度"]), 3), "纬度": round(float(rows[k]["纬度"]), 3)}
        rows[k] |= {"坐标来源": "地图标注"}
    for k in EDITION_2011:
        old = {"行业代码": LATER_EDITION_ONLY[1], "行业名称": LATER_EDITION_ONLY[2]}
        rows[k] |= {"行业分类版本": "2011"} | (old if rows[k]["行业代码"] == LATER_EDITION_ONLY[0] else {})


def to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return the GCJ-02 position of a WGS84/CGCS2000 one by the public formula (Krasovsky 1940 ellipsoid).

    Examples
    --------
    >>> [round(value, 5) for value in to_gcj02(116.391349, 39.907375)]
    [116.39759, 39.90878]
    """
    major, flattening2 = 6_378_245.0, 0.006_693_421_622_965_943
    x, y = lon - 105.0, lat - 35.0
    swing = 20 * math.sin(6 * math.pi * x) + 20 * math.sin(2 * math.pi * x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + swing * 2 / 3
    north += (20 * math.sin(math.pi * y) + 40 * math.sin(math.pi * y / 3)) * 2 / 3
    north += (160 * math.sin(math.pi * y / 12) + 320 * math.sin(math.pi * y / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + swing * 2 / 3
    east += (20 * math.sin(math.pi * x) + 40 * math.sin(math.pi * x / 3)) * 2 / 3
    east += (150 * math.sin(math.pi * x / 12) + 300 * math.sin(math.pi * x / 30)) * 2 / 3
    sine = math.sin(math.radians(lat))
    magic = 1 - flattening2 * sine * sine
    d_lat = math.degrees(north / (major * (1 - flattening2) / (magic * math.sqrt(magic))))
    d_lon = math.degrees(east / (major / math.sqrt(magic) * math.cos(math.radians(lat))))
    return lon + d_lon, lat + d_lat
