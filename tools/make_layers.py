"""Make the shipped layers: merged real data (from a folder of collected files) and two synthetic worlds.

``python tools/make_layers.py --out layers`` remakes the synthetic layers from layers/real and writes the catalogue;
with ``--raw DIR`` the real layers are merged anew first. The same input gives the same bytes on one platform.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import shapely
from shipped.annex import make_annex
from shipped.catalog import write_catalog
from shipped.enterprises import CADMIUM_TRADES, Firm, enterprise_rows, place_firms
from shipped.hazards import make_hazards
from shipped.parcels import describe_parcels, lay_parcels
from shipped.places import make_built_up, make_parks, make_sensitive_sites, make_tailings, make_water_zones, township_of
from shipped.real import make_real
from shipped.regions import REGIONS, Ground, Region, read_ground, real_mines
from shipped.side_tables import make_outlets, make_wind
from shipped.terrain import CELL_M, make_terrain
from shipped.water import make_water
from shipped.writing import write_dem, write_gpkg, write_xlsx

HOT_SPOTS = 5


def make_world(region: Region, real: Path, out: Path) -> None:
    """Write one region's synthetic layers into `out`, from the real layers in `real`."""
    rng = np.random.default_rng(region.seed)
    ground = read_ground(region, real)
    terrain = make_terrain(region, ground, rng)
    write_dem(terrain.height_m, terrain.origin, CELL_M, out / "dem.tif", region.epsg)
    built_up = make_built_up(region, ground, rng)
    parks = make_parks(region, ground, terrain, built_up, rng)
    towns = shapely.union_all([built_up.union_all(), parks.union_all()])
    tailings = make_tailings(region, ground, terrain.channels, towns, rng)
    keep_out = shapely.union_all([towns.buffer(30), tailings.union_all().buffer(60)])
    shapely.prepare(keep_out)
    fields = lay_parcels(region, ground, terrain, keep_out, rng)
    firms = place_firms(region, ground, terrain, fields=fields, parks=parks, towns=built_up.union_all(), rng=rng)
    smelters = _hot_spots(region, ground, firms)
    parcels = describe_parcels(region, ground, terrain, fields, smelters, rng)
    mines = shapely.union_all(real_mines(region)).buffer(300)
    taken = shapely.union_all([parks.union_all(), *fields, tailings.union_all(), mines])
    sites = make_sensitive_sites(region, ground, taken, rng)
    zones = make_water_zones(region, ground, terrain.channels, shapely.union_all([towns, *region.lonely]))
    write_xlsx(enterprise_rows(region, ground, firms, rng), out / "enterprises.xlsx", "企业清单")
    write_gpkg(parcels, out / "farmland.gpkg", "parcels")
    for name, frame in (
        ("sensitive_sites", sites),
        ("water_source_zones", zones),
        ("industrial_parks", parks),
        ("tailings_ponds", tailings),
        ("built_up_area", built_up),
    ):
        write_gpkg(frame, out / f"{name}.gpkg", name)
    make_water(region, ground, out)
    make_hazards(region, ground, out)


def make_tables(region: Region, out: Path) -> None:
    """Write the tables without shapes, which don't depend on the rest of the world."""
    make_wind(region, out / "wind.xlsx")
    make_outlets(region, out / "enterprise_outlets.xlsx")


def _hot_spots(region: Region, ground: Ground, firms: list[Firm]) -> list[shapely.Point]:
    """Return the places of the first few firms of cadmium trades in the region's main towns."""
    towns = township_of([firm.place for firm in firms], ground)
    return [
        firm.place
        for firm, (code, _) in zip(firms, towns, strict=True)
        if firm.trade in CADMIUM_TRADES and code in region.town_weights
    ][:HOT_SPOTS]


def main(arguments: list[str]) -> None:
    """Read the arguments and make what they ask for."""
    parser = argparse.ArgumentParser(description="Make the shipped layers.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "layers")
    parser.add_argument("--raw", type=Path, help="folder of collected real data; without it layers/real stays as it is")
    parser.add_argument("--water", action="store_true", help="only the water layers, on the terrain that is there")
    parser.add_argument("--hazards", action="store_true", help="only mines and homes below ponds, as above")
    parser.add_argument("--tables", action="store_true", help="only the tables of wind and outlets, and the catalogue")
    parser.add_argument("--region", choices=[region.key for region in REGIONS], help="only this one, no catalogue")
    options = parser.parse_args(arguments)
    if options.raw:
        make_real(options.raw, options.out / "real")
    for region in REGIONS:
        if options.region in (None, region.key):
            real, out = options.out / "real", options.out / "synthetic" / region.key
            if options.water:
                make_water(region, read_ground(region, real), out)
            elif options.hazards:
                make_hazards(region, read_ground(region, real), out)
            elif not options.tables:
                make_world(region, real, out)
            make_tables(region, out)
            print(f"{region.key}: done")
    if options.region is None:
        if not options.tables:
            make_annex(options.out)
        write_catalog(options.out)


if __name__ == "__main__":
    main(sys.argv[1:])
