"""Invented water: rivers with a direction, intakes, irrigation districts, outlets, sections and heaps, on the terrain.

Everything lies on the streams that the written grid of heights drains to, so that tables, lines and heights tell one
story; a few links are broken on purpose, as they are in real ledgers. Nothing here draws from the random numbers of
the other layers: it can be made anew alone.
"""
# ruff: noqa: PLR2004 -- the numbers shape an invented world; they are choices, not limits.

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import shapely

from hmgeo.intake.formats.raster import load_elevation
from hmgeo.vocabulary import Basis
from hmgeo.water.grid import ClosedBasins, Conditioning, FlowGrid, flow_grid
from hmgeo.water.snap import SnapRule, SnapStatus, snap
from shipped.places import blob, tail
from shipped.writing import write_gpkg, write_xlsx

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from shipped.regions import Ground, Region

    Cells = NDArray[np.int64]

STREAM_HA = 250.0
RIVER_HA = 600.0
RIVERS = 48
OUTLET_REACH_M = 1_500.0
DISTRICTS = 4
FARMLAND_TABLE = "parcels"
POLLUTANTS = {
    "3212": "铅、镉、铊",
    "0912": "铅、锌、锑",
    "3211": "铜、砷、铊",
    "3360": "铬、镍",
    "3843": "铅",
    "1910": "铬",
}
CHAIN_COLUMNS = ("灌溉水源", "灌区名称", "取水口编号")
LON_LAT = 4490


@dataclass(frozen=True, slots=True)
class River:
    """One invented river: its cells from the head down to where it joins another or leaves the grid."""

    name: str
    cells: Cells


@dataclass(frozen=True, slots=True)
class Streams:
    """The grid, its rivers, and for every river cell the river's place in the list (-1 elsewhere)."""

    grid: FlowGrid
    rivers: list[River]
    river_of: NDArray[np.int64]

    def xy(self, cells: Cells) -> NDArray[np.float64]:
        """Return cell centres in the region's CRS."""
        return np.column_stack(self.grid.frame.centres(cells))

    def nearest(self, point: shapely.Point, reach_m: float) -> int | None:
        """Return the nearest river cell within reach."""
        held = np.flatnonzero(self.river_of >= 0)
        away = np.hypot(*(self.xy(held) - [point.x, point.y]).T)
        at = int(np.argmin(away))
        return int(held[at]) if away[at] <= reach_m else None


def make_water(region: Region, ground: Ground, out: Path) -> None:
    """Write the water layers of a region into `out`, beside the layers that are there."""
    rng = np.random.default_rng([region.seed, 8])
    raster, _ = load_elevation(out / "dem.tif", basis=Basis.SYNTHETIC)
    streams = _streams(flow_grid(raster, Conditioning(ClosedBasins.BREACH)), ground)
    firms = _firms(region, out / "enterprises.xlsx")
    outlets = _outlets(region, streams, firms)
    parcels = gpd.read_file(out / "farmland.gpkg", layer=FARMLAND_TABLE)
    parcels = parcels.drop(columns=[name for name in CHAIN_COLUMNS if name in parcels])
    places = _irrigated(region, ground, streams, parcels.to_crs(region.epsg), outlets)
    write_gpkg(_river_frame(region, ground, streams), out / "rivers.gpkg", "rivers")
    write_xlsx([row for row, _ in outlets], out / "outfalls.xlsx", "入河排污口")
    write_xlsx(
        _intake_rows(region, ground, streams, out, [cell for _, cell in outlets]), out / "intakes.xlsx", "饮用水取水口"
    )
    write_xlsx(_irrigation_rows(region, streams, places), out / "irrigation_intakes.xlsx", "灌溉取水口")
    write_gpkg(_district_frame(region, places), out / "irrigation_districts.gpkg", "irrigation_districts")
    write_xlsx(_station_rows(region, ground, streams), out / "water_stations.xlsx", "水质断面")
    write_gpkg(_heaps(region, streams, firms, parcels, rng), out / "waste_heaps.gpkg", "waste_heaps")
    write_gpkg(_with_chain(parcels, places), out / "farmland.gpkg", FARMLAND_TABLE)


def _streams(grid: FlowGrid, ground: Ground) -> Streams:
    """Follow the largest streams of the county from their heads until they join one that is taken."""
    cell_ha = grid.frame.cell_area_m2 / 10_000
    wet = grid.upstream_cells * cell_ha >= STREAM_HA
    fed = np.zeros(len(wet), dtype=bool)
    inner = np.flatnonzero(wet & (grid.downstream != np.arange(len(wet))))
    fed[grid.downstream[inner]] = True
    heads = np.flatnonzero(wet & ~fed)
    paths = [grid.path(int(head))[0] for head in heads]
    order = sorted(range(len(paths)), key=lambda one: (-len(paths[one]), int(heads[one])))
    shapely.prepare(ground.county)
    taken = np.full(len(wet), -1, np.int64)
    rivers: list[River] = []
    for one in order:
        path = paths[one]
        met = np.flatnonzero(taken[path] >= 0)
        own = path[: met[0] + 1] if len(met) else path
        x, y = grid.frame.centres(own)
        in_county = shapely.contains_xy(ground.county, x, y)
        if len(rivers) == RIVERS or grid.upstream_cells[own[-2:][0]] * cell_ha < RIVER_HA or in_county.sum() < 60:
            continue
        taken[own[:-1] if len(met) else own] = len(rivers)
        rivers.append(River(f"示例河{len(rivers) + 1:02d}", own))
    return Streams(grid, rivers, taken)


def _lines(streams: Streams, ground: Ground) -> list[tuple[River, int, shapely.LineString]]:
    """Return the reaches of all rivers between confluences, downstream, a little smoother than the cells."""
    joins = {int(river.cells[-1]) for river in streams.rivers}
    around = ground.county.buffer(3_000)
    lines = []
    for river in streams.rivers:
        cuts = [at for at, cell in enumerate(river.cells[1:-1], 1) if int(cell) in joins]
        stops = [0, *cuts, len(river.cells) - 1]
        number = 0
        for first, last in pairwise(stops):
            line = shapely.LineString(streams.xy(river.cells[first : last + 1])).simplify(12.0)
            if around.intersects(line):
                number += 1
                lines.append((river, number, line))
    return lines


def _river_frame(region: Region, ground: Ground, streams: Streams) -> gpd.GeoDataFrame:
    lines = _lines(streams, ground)
    rows = [
        {
            "河段编号": f"示例HD-{region.prefix}-{river.name[-2:]}{number:02d}",
            "名称": river.name,
            "流向": "沿绘制方向",
            **tail(region),
        }
        for river, number, _ in lines
    ]
    return gpd.GeoDataFrame(rows, geometry=[line for *_, line in lines], crs=region.epsg)


def _firms(region: Region, path: Path) -> list[tuple[str, str, shapely.Point]]:
    """Return id, trade and place (region's CRS) of the enterprises whose coordinates are clean."""
    header, *body = openpyxl.load_workbook(path)["企业清单"].iter_rows(values_only=True)
    rows = [dict(zip(header, line, strict=True)) for line in body]
    clean = [
        row
        for row in rows
        if isinstance(row["经度"], float) and row["经度"] > 90 and row["坐标系"] == "CGCS2000" and row["行业代码"]
    ]
    unique = {str(row["企业编号"]): row for row in clean}
    points = gpd.GeoSeries(shapely.points([(row["经度"], row["纬度"]) for row in unique.values()]), crs=LON_LAT)
    places = points.to_crs(region.epsg)
    return [(key, str(row["行业代码"]), place) for (key, row), place in zip(unique.items(), places, strict=True)]


def _outlets(
    region: Region, streams: Streams, firms: list[tuple[str, str, shapely.Point]]
) -> list[tuple[dict[str, str | float], int]]:
    """Return outlets with the river cell each drains to; every seventh leaves its water blank, as ledgers do."""
    made: list[tuple[dict[str, str | float], int]] = []
    for key, trade, place in firms:
        cell = streams.nearest(place, OUTLET_REACH_M)
        if cell is None or trade == "1712":
            continue
        x, y = streams.xy(np.array([cell]))[0]
        lon, lat = _lon_lat(region, x, y)
        blank = len(made) % 7 == 6
        row: dict[str, str | float] = {
            "企业编号": key,
            "排污口编号": f"{key}-RH01",
            "名称": f"示例排污口{len(made) + 1:02d}",
            "类型": "废水",
            "经度": lon,
            "纬度": lat,
            "坐标系": "CGCS2000",
            "污染物": POLLUTANTS.get(trade, ""),
            "受纳水体": "" if blank else streams.rivers[int(streams.river_of[cell])].name,
            **tail(region),
        }
        made.append((row, cell))
    return made


def _lon_lat(region: Region, x: float, y: float) -> tuple[float, float]:
    at = gpd.GeoSeries([shapely.Point(x, y)], crs=region.epsg).to_crs(LON_LAT).iloc[0]
    return round(float(at.x), 6), round(float(at.y), 6)


@dataclass(frozen=True, slots=True)
class Irrigated:
    """An invented irrigation district: its intake's cell, the river's name, its ground and its parcels' rows."""

    number: int
    cell: int
    water: str
    shape: shapely.Geometry
    parcels: NDArray[np.int64]
    told_by_parcels: bool


def _irrigated(
    region: Region,
    ground: Ground,
    streams: Streams,
    parcels: gpd.GeoDataFrame,
    outlets: list[tuple[dict[str, str | float], int]],
) -> list[Irrigated]:
    """Put districts below outlets: the intake up to 4 km down the river, the land beside the river below it."""
    points = shapely.point_on_surface(parcels.geometry.to_numpy())
    x, y = shapely.get_x(points), shapely.get_y(points)
    inside = ground.county.buffer(-300)
    made: list[Irrigated] = []
    for _, cell in outlets:
        path = streams.grid.path(cell, 6_000.0)[0]
        path = path[streams.river_of[path] >= 0]
        if len(made) == DISTRICTS or len(path) < 90:
            continue
        intake, reach = int(path[45]), shapely.LineString(streams.xy(path[50:]))
        near = np.flatnonzero(shapely.distance(points, reach) < 700)
        apart = all(reach.distance(other.shape) > 1_500 for other in made)
        if len(near) < 12 or not apart:
            continue
        shape = shapely.union_all(
            [blob(shapely.Point(x[row], y[row]), 170.0, np.random.default_rng([region.seed, int(row)])) for row in near]
        )
        shape = shapely.union(shape, reach.buffer(140.0)).buffer(60).buffer(-60).intersection(inside)
        shape = max(shapely.get_parts(shape), key=shapely.area).simplify(8)
        if not inside.contains(shapely.Point(*streams.xy(np.array([intake]))[0])):
            continue
        held = near[shapely.contains(shape, points[near])]
        water = streams.rivers[int(streams.river_of[intake])].name
        made.append(Irrigated(len(made) + 1, intake, water, shape, held, told_by_parcels=len(made) != 1))
    return made


def _irrigation_rows(region: Region, streams: Streams, places: list[Irrigated]) -> list[dict[str, str | float]]:
    """Return the irrigation intakes; the last names a district that no list holds: a broken link."""
    rows: list[dict[str, str | float]] = []
    for place in places:
        lon, lat = _lon_lat(region, *streams.xy(np.array([place.cell]))[0])
        rows.append(
            {
                "取水口编号": f"示例QS-{region.prefix}-{place.number:02d}",
                "名称": f"示例灌溉取水口{place.number:02d}",
                "类型": "取水口",
                "水源": place.water,
                "经度": lon,
                "纬度": lat,
                "坐标系": "CGCS2000",
                "灌区编号": f"示例GQ-{region.prefix}-{place.number:02d}",
                **tail(region),
            }
        )
    used = {place.water for place in places}
    other = next(river for river in streams.rivers if river.name not in used and len(river.cells) > 120)
    lon, lat = _lon_lat(region, *streams.xy(other.cells[len(other.cells) // 2 :][:1])[0])
    number = len(places) + 1
    rows.append(
        rows[-1]
        | {"取水口编号": f"示例QS-{region.prefix}-{number:02d}", "名称": f"示例灌溉取水口{number:02d}"}
        | {"水源": other.name, "经度": lon, "纬度": lat, "灌区编号": f"示例GQ-{region.prefix}-99"}
    )
    return rows


def _district_frame(region: Region, places: list[Irrigated]) -> gpd.GeoDataFrame:
    rows = [
        {
            "灌区编号": f"示例GQ-{region.prefix}-{place.number:02d}",
            "名称": f"示例灌区{place.number:02d}",
            "类型": "灌区",
            "水源": place.water,
            "取水口编号": f"示例QS-{region.prefix}-{place.number:02d}",
            **tail(region),
        }
        for place in places
    ]
    return gpd.GeoDataFrame(rows, geometry=[place.shape for place in places], crs=region.epsg)


def _with_chain(parcels: gpd.GeoDataFrame, places: list[Irrigated]) -> gpd.GeoDataFrame:
    """Add what parcels say of their irrigation; the second district's parcels say nothing, as is common."""
    said = {name: np.full(len(parcels), "", dtype=object) for name in CHAIN_COLUMNS}
    for place in places:
        if place.told_by_parcels:
            said["灌溉水源"][place.parcels] = place.water
            said["灌区名称"][place.parcels] = f"示例灌区{place.number:02d}"
            said["取水口编号"][place.parcels] = ""
    return parcels.assign(**said)


def _intake_rows(
    region: Region, ground: Ground, streams: Streams, out: Path, outlets: list[int]
) -> list[dict[str, str | float]]:
    """Return drinking-water intakes: those of the zones, one below the enterprises, one well."""
    zones = gpd.read_file(out / "water_source_zones.gpkg").drop_duplicates("名称")
    rows: list[dict[str, str | float]] = []

    def add(name: str, kind: str, water: str, at: tuple[float, float], people: int) -> None:
        number = len(rows) + 1
        rows.append(
            {
                "取水口编号": f"示例YQ-{region.prefix}-{number:02d}",
                "名称": name,
                "类型": kind,
                "水源": water,
                "经度": at[0],
                "纬度": at[1],
                "坐标系": "CGCS2000",
                "供水人口": people,
                **tail(region),
            }
        )

    for zone in zones.itertuples():
        cell = streams.nearest(_plane(region, zone.取水口经度, zone.取水口纬度), 800.0)
        water = "" if cell is None else streams.rivers[int(streams.river_of[cell])].name
        add(f"{zone.名称}取水口", "河流", water, (zone.取水口经度, zone.取水口纬度), 12_000)
    lower = _below_most(ground, streams, outlets)
    water = streams.rivers[int(streams.river_of[lower])].name
    add("示例水厂取水口", "河流", water, _lon_lat(region, *streams.xy(np.array([lower]))[0]), 60_000)
    seat = ground.seats.geometry[ground.seats["code9"] == next(iter(region.town_weights))].iloc[0]
    add("示例地下水水源井", "地下水", "", _lon_lat(region, seat.x + 900.0, seat.y - 700.0), 3_000)
    return rows


def _plane(region: Region, lon: float, lat: float) -> shapely.Point:
    return gpd.GeoSeries([shapely.Point(lon, lat)], crs=LON_LAT).to_crs(region.epsg).iloc[0]


def _below_most(ground: Ground, streams: Streams, outlets: list[int]) -> int:
    """Return the river cell well inside the county that the water of most outlets passes; the nearest to them."""
    inside = ground.county.buffer(-1_500)
    shapely.prepare(inside)
    passed: dict[int, list[float]] = {}
    for outlet in outlets:
        cells, way_m, _ = streams.grid.path(outlet, 12_000.0)
        held = (streams.river_of[cells] >= 0) & shapely.contains_xy(inside, *streams.xy(cells).T) & (way_m > 600)
        for cell, way in zip(cells[held].tolist(), way_m[held].tolist(), strict=True):
            passed.setdefault(cell, []).append(way)
    best = sorted(passed, key=lambda cell: (-len(passed[cell]), max(passed[cell]), cell))
    # Not beside a confluence: there nobody could tell which river it takes from.
    rule = SnapRule(tolerance_m=300.0, stream_ha=100.0)
    points = (shapely.Point(streams.grid.frame.lon_lat(np.array([cell]))[0]) for cell in best)
    return next(
        cell
        for cell, point in zip(best, points, strict=True)
        if snap(streams.grid, point, rule).status is SnapStatus.SNAPPED
    )


def _station_rows(region: Region, ground: Ground, streams: Streams) -> list[dict[str, str | float]]:
    """Return sections where four rivers pass from one township's approximate cell into another."""
    tree = shapely.STRtree(ground.townships.geometry.to_numpy())
    rows: list[dict[str, str | float]] = []
    for river in streams.rivers:
        if len(rows) == 4:
            break
        points = shapely.points(streams.xy(river.cells))
        at, town = tree.query(points, predicate="within")
        held = dict(zip(at.tolist(), town.tolist(), strict=True))
        steps = [k for k in range(len(points) - 1) if k in held and k + 1 in held and held[k] != held[k + 1]]
        if not steps:
            continue
        cell = river.cells[steps[len(steps) // 2]]
        lon, lat = _lon_lat(region, *streams.xy(np.array([cell]))[0])
        rows.append(
            {
                "断面编号": f"示例DM-{region.prefix}-{len(rows) + 1:02d}",
                "名称": f"示例断面{len(rows) + 1:02d}",
                "类别": "自动监测站" if len(rows) == 3 else "考核断面",
                "所在水体": river.name,
                "经度": lon,
                "纬度": lat,
                "坐标系": "CGCS2000",
                **tail(region),
            }
        )
    return rows


def _heaps(
    region: Region,
    streams: Streams,
    firms: list[tuple[str, str, shapely.Point]],
    parcels: gpd.GeoDataFrame,
    rng: np.random.Generator,
) -> gpd.GeoDataFrame:
    """Put three waste heaps upslope of streams near mining firms, off the fields."""
    fields = parcels.to_crs(region.epsg).union_all()
    shapely.prepare(fields)
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []
    for _, trade, place in sorted(firms, key=lambda firm: firm[1] != "0912"):
        for _ in range(20):
            turn, away = rng.uniform(0, 2 * np.pi), rng.uniform(250, 700)
            heap = blob(shapely.Point(place.x + away * np.cos(turn), place.y + away * np.sin(turn)), 60.0, rng)
            apart = all(heap.distance(other) > 2_000 for other in shapes)
            if len(shapes) < 3 and apart and not fields.intersects(heap) and streams.nearest(heap.centroid, 1_200.0):
                shapes.append(heap.simplify(2))
                number = len(shapes)
                row: dict[str, object] = {
                    "编号": f"示例ZD-{region.prefix}-{number:02d}",
                    "名称": f"示例渣堆{number:02d}",
                    "责任主体": "灭失",
                    "县(市、区)": region.county,
                    "涉及行业": trade,
                }
                rows.append(row | dict(tail(region)))
                break
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=region.epsg)
