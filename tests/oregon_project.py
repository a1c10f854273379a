"""A project on real heights: the Oregon cells laid out in EPSG:4547 (the shape of the ground counts, not the place).

Above each of the eight outlets of `grass.npz` three sources stand on the main stem, farmland lies on it between them,
and at the outlet there are a drinking-water intake (a point) and a protection zone (a shape).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
import shapely
from rasterio.crs import CRS as RasterCRS  # noqa: N811 -- a class named as what it is
from rasterio.transform import Affine
from rasterio.warp import Resampling, reproject, transform_bounds

from hmgeo.intake.formats.raster import load_elevation
from hmgeo.vocabulary import Basis
from hmgeo.water.grid import ClosedBasins, Conditioning, flow_grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.water.grid import FlowGrid

OREGON = Path(__file__).parent / "data" / "oregon"
PLANE, CELL_M, VOID = "EPSG:4547", 30.0, -32768.0
CELL_DEG = 0.00028
AT = Affine(CELL_M, 0, 500_000.0, 0, -CELL_M, 2_600_000.0)
PROJECT = """
schema: 1
title: 俄勒冈高程，移到 EPSG:4547
as_of: 2024-06-30
area: {codes: ["451221"]}
layers:
  enterprises: {path: sources.csv, datum: cgcs2000, basis: synthetic}
  farmland: {path: farmland.geojson, basis: synthetic, completeness: complete}
  intakes: {path: intakes.geojson, basis: synthetic}
  water_source_zones: {path: zones.geojson, basis: synthetic}
  elevation: {path: DEM, basis: real}
screening_rule: none
parameters: {}
adopt: []
rule_packs: []
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Points of sources and intakes, shapes of farmland and zones in lon/lat, by id."""

    sources: dict[str, shapely.Geometry]
    farmland: dict[str, shapely.Geometry]
    intakes: dict[str, shapely.Geometry]
    zones: dict[str, shapely.Geometry]


def heights() -> NDArray[np.float32]:
    with rasterio.open(OREGON / "dem.tif") as held:
        values: NDArray[np.float32] = held.read(1).astype(np.float32)
    return values


def write(path: Path, values: NDArray[np.float32], at: Affine = AT, crs: str = PLANE) -> Path:
    shape = {"height": values.shape[0], "width": values.shape[1], "count": 1, "dtype": "float32"}
    with rasterio.open(path, "w", driver="GTiff", crs=crs, transform=at, nodata=VOID, **shape) as out:
        out.write(values, 1)
    return path


def south_up(folder: Path) -> str:
    values = heights()
    turned = Affine(AT.a, 0, AT.c, 0, -AT.e, AT.f + AT.e * len(values))
    return write(folder / "south.tif", np.ascontiguousarray(values[::-1]), turned).name


def tiles(folder: Path) -> str:
    values = heights()
    (folder / "tiles").mkdir()
    for row, column in ((0, 0), (0, 100), (115, 0), (115, 100)):
        part = values[row : row + 120, column : column + 101]
        write(folder / "tiles" / f"t{row}_{column}.tif", part, AT @ Affine.translation(column, row))
    return "tiles"


def collar(folder: Path) -> str:
    wide = np.pad(heights(), 7, constant_values=VOID)
    return write(folder / "collar.tif", wide, AT @ Affine.translation(-7, -7)).name


def resampled(folder: Path, crs: str) -> str:
    """Write the heights in another CRS with cells of about the same size (bilinear)."""
    values = heights()
    rows, columns = values.shape
    bounds = (AT.c, AT.f + AT.e * rows, AT.c + AT.a * columns, AT.f)
    west, south, east, north = transform_bounds(PLANE, crs, *bounds, densify_pts=21)
    cell = CELL_M if RasterCRS.from_string(crs).is_projected else CELL_DEG
    there = Affine(cell, 0, west, 0, -cell, north)
    width, height = int(np.ceil((east - west) / cell)), int(np.ceil((north - south) / cell))
    moved = np.full((height, width), VOID, np.float32)
    given = {"src_transform": AT, "src_crs": RasterCRS.from_string(PLANE), "src_nodata": VOID}
    wanted = {"dst_transform": there, "dst_crs": RasterCRS.from_string(crs), "dst_nodata": VOID}
    reproject(values, moved, **given, **wanted, resampling=Resampling.bilinear)
    return write(folder / "moved.tif", moved, there, crs).name


STOPS_M = {"Fa": 200.0, "Sb": 450.0, "Fc": 700.0, "Sd": 950.0, "Se": 1500.0}
"""How far above the outlet, along the stem, farmland (F) and sources (S) lie."""

BESIDE_DEG = 6e-4


def places(folder: Path) -> Places:
    """Choose the places on the heights as they are."""
    raster, _ = load_elevation(write(folder / "plain.tif", heights()), basis=Basis.REAL)
    grid = flow_grid(raster, Conditioning(ClosedBasins.BREACH))
    with np.load(OREGON / "grass.npz") as held:
        outlets = [int(cell) for cell in held["outlets"]]
    found = Places({}, {}, {}, {})
    for number, outlet in enumerate(outlets, start=1):
        stem, way_m = _stem(grid, outlet)
        found.intakes[f"I{number}"] = _point(grid, outlet)
        found.zones[f"Z{number}"] = _point(grid, outlet).buffer(BESIDE_DEG)
        for name, metres in STOPS_M.items():
            place = _point(grid, stem[int(np.searchsorted(way_m, metres))])
            if name.startswith("F"):
                found.farmland[f"{name}{number}"] = place.buffer(BESIDE_DEG)
            else:
                found.sources[f"{name}{number}"] = place
    return found


def _stem(grid: FlowGrid, outlet: int) -> tuple[list[int], list[float]]:
    """Return the main stem upward from an outlet, and the way from each of its cells to the outlet."""
    cells, way_m = grid.catchment(np.array([outlet]))
    ways = dict(zip(cells.tolist(), way_m.tolist(), strict=True))
    stem = [outlet]
    while above := [cell for cell in ways if grid.downstream[cell] == stem[-1] and cell != stem[-1]]:
        stem.append(max(above, key=lambda cell: int(grid.upstream_cells[cell])))
    return stem, [ways[cell] for cell in stem]


def _point(grid: FlowGrid, cell: int) -> shapely.Geometry:
    return shapely.Point(grid.frame.lon_lat(np.array([cell]))[0])


def write_project(folder: Path, given: Places, dem: str) -> Path:
    rows = [f"{name},{name}厂,{place.x:.9f},{place.y:.9f}" for name, place in given.sources.items()]
    (folder / "sources.csv").write_text("编号,企业名称,经度,纬度\n" + "\n".join(rows) + "\n", encoding="utf-8-sig")
    for name, held in (("farmland", given.farmland), ("intakes", given.intakes), ("zones", given.zones)):
        features = [_feature(number, shape) for number, shape in held.items()]
        text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
    (folder / "project.yml").write_text(PROJECT.replace("DEM", dem), encoding="utf-8")
    return folder


def _feature(number: str, shape: shapely.Geometry) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shape))
    return {"type": "Feature", "properties": {"编号": number, "名称": number}, "geometry": geometry}
