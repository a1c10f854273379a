"""Invented mines, homes below tailings ponds and an important water source, on the terrain and layers that are there.

Nothing here draws from the random numbers of the other layers: it can be made anew alone.
"""
# ruff: noqa: PLR2004 -- the numbers shape an invented world; they are choices, not limits.

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from hmgeo.intake.formats.raster import load_elevation
from hmgeo.vocabulary import Basis
from hmgeo.water.grid import ClosedBasins, Conditioning, flow_grid
from shipped.places import MINE_DISTANCE_M, blob, tail
from shipped.regions import real_mines
from shipped.writing import write_gpkg

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.water.grid import FlowGrid
    from shipped.regions import Ground, Region

MINES = 4
MINE_M = 160.0
ABOVE_FIELDS_M = 3_000.0
HOMES_M = 45.0


def make_hazards(region: Region, ground: Ground, out: Path) -> None:
    """Write homes and important facilities, and where a region has mines those and an important water source."""
    raster, _ = load_elevation(out / "dem.tif", basis=Basis.SYNTHETIC)
    grid = flow_grid(raster, Conditioning(ClosedBasins.BREACH))
    parcels = gpd.read_file(out / "farmland.gpkg", layer="parcels").to_crs(region.epsg)
    ponds = gpd.read_file(out / "tailings_ponds.gpkg").to_crs(region.epsg)
    taken = shapely.union_all([*parcels.geometry, *ponds.geometry])
    shapely.prepare(taken)
    homes = _homes(region, grid, ponds, taken)
    write_gpkg(homes, out / "residential_and_important_facilities.gpkg", "residential_and_important_facilities")
    if not region.has_mines:
        return
    zones = gpd.read_file(out / "water_source_zones.gpkg").to_crs(region.epsg)
    write_gpkg(_mines(region, ground, grid, parcels, taken), out / "mines.gpkg", "mines")
    important = _important(region, ground, zones, parcels)
    write_gpkg(important, out / "important_water_sources.gpkg", "important_water_sources")


def _mines(
    region: Region, ground: Ground, grid: FlowGrid, parcels: gpd.GeoDataFrame, taken: shapely.Geometry
) -> gpd.GeoDataFrame:
    """Put mines at the heads of waters above polluted parcels, and the last where none is near."""
    inside = ground.county.buffer(-1_000)
    polluted = parcels[parcels["土壤环境质量类别"].isin(["严格管控类", "安全利用类"])]
    shapes: list[shapely.Geometry] = []

    def add(cell: int) -> None:
        centre = shapely.Point(*np.column_stack(grid.frame.centres(np.array([cell])))[0])
        shape = blob(centre, MINE_M, np.random.default_rng([region.seed, 9, len(shapes)])).simplify(4)
        free = inside.contains(shape) and not shape.intersects(taken)
        free = free and all(shape.distance(mine) > MINE_DISTANCE_M for mine in real_mines(region))
        if free and all(shape.distance(other) > 4_000 for other in shapes):
            shapes.append(shape)

    for parcel in polluted.geometry:
        if len(shapes) == MINES - 1:
            break
        point = parcel.representative_point()
        cells, way_m = grid.catchment(grid.frame.cell_at(np.array([point.x]), np.array([point.y])), ABOVE_FIELDS_M)
        if len(cells) > 500:
            add(int(cells[np.argmax(way_m)]))
    for massif in region.lonely:
        if len(shapes) < MINES:
            add(int(grid.frame.cell_at(np.array([massif.x + 900]), np.array([massif.y + 1_500]))[0]))
    rows = [
        {
            "编号": f"示例KQ-{region.prefix}-{number:02d}",
            "名称": f"示例矿区{number:02d}",
            "矿种": "铅锌矿",
            "县(市、区)": region.county,
            **tail(region),
        }
        for number in range(1, len(shapes) + 1)
    ]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=region.epsg)


def _homes(region: Region, grid: FlowGrid, ponds: gpd.GeoDataFrame, taken: shapely.Geometry) -> gpd.GeoDataFrame:
    """Put a village beside the way below the first pond, one across the ridge from the second, a school far below."""
    rows: list[dict[str, object]] = []
    shapes: list[shapely.Geometry] = []

    def add(name: str, kind: str, place: shapely.Point) -> None:
        for turn in range(24):
            angle, away = 2.4 * turn, 12.0 * turn
            moved = shapely.Point(place.x + away * np.cos(angle), place.y + away * np.sin(angle))
            shape = blob(moved, HOMES_M, np.random.default_rng([region.seed, 10, len(shapes)])).simplify(3)
            if not shape.intersects(taken):
                break
        shapes.append(shape)
        number = f"示例JM-{region.prefix}-{len(shapes):02d}"
        rows.append({"编号": number, "名称": name, "类别": kind, "县(市、区)": region.county, **tail(region)})

    toes = gpd.GeoSeries(shapely.points(ponds["初期坝坝脚经度"], ponds["初期坝坝脚纬度"]), crs=4490).to_crs(region.epsg)
    for number, (toe, pond) in enumerate(zip(toes, ponds.geometry, strict=True), start=1):
        path = grid.path(int(grid.frame.cell_at(np.array([toe.x]), np.array([toe.y]))[0]), 1_600.0)
        x, y = grid.frame.centres(path[0])
        below = shapely.Point(*[axis[np.searchsorted(path[1], 650.0 if number == 1 else 1_350.0)] for axis in (x, y)])
        if number == 1:
            add("示例河湾村", "居民点", below)
        else:
            add(f"示例下游村{number:02d}", "居民点", below)
        behind = shapely.Point(2 * pond.centroid.x - toe.x, 2 * pond.centroid.y - toe.y)
        if number == 2:
            away = np.array([behind.x - toe.x, behind.y - toe.y])
            away *= 700 / np.hypot(*away)
            add("示例山后村", "居民点", shapely.Point(pond.centroid.x + away[0], pond.centroid.y + away[1]))
    add("示例学校", "重要设施", shapely.Point(shapes[0].centroid.x + 260, shapes[0].centroid.y + 120))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=region.epsg)


def _important(region: Region, ground: Ground, zones: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Call the water source important that has the most farmland of slope grade 4 within 4 km, with that ground."""
    steep = parcels[parcels["GDPDJB"].astype(int) >= 4].geometry
    whole = zones.drop_duplicates("名称", keep="last")
    around = [shape.buffer(4_000).intersection(ground.county) for shape in whole.geometry]
    best = int(np.argmax([steep.intersects(shape).sum() for shape in around]))
    row = {
        "编号": f"示例ZS-{region.prefix}-01",
        "名称": f"示例重要水源地（{whole['名称'].iloc[best]}）",
        "县(市、区)": region.county,
        **tail(region),
    }
    return gpd.GeoDataFrame([row], geometry=[around[best].simplify(20)], crs=region.epsg)
