"""The two regions of the shipped data and what is particular to each.

Counties, townships and rivers are real or approximate; everything that is built on them here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

if TYPE_CHECKING:
    from pathlib import Path

REAL_MINES_LON_LAT = ((107.629203, 24.838887), (107.665914, 24.853384), (107.572961, 24.828668))
"""Real mining sites within the counties (ICMM Global Mining Dataset, September 2025, CC BY 4.0): kept at a distance."""


@dataclass(frozen=True, slots=True)
class Region:
    """What one synthetic world is made from.

    Parameters
    ----------
    epsg
        CGCS2000 3-degree Gauss-Kruger zone by central meridian, the CRS everything is built in.
    prefix
        Of the fictional ids.
    town_weights
        Share of enterprises by township code, the rest spread over the county.
    relief_m, base_m
        Height of the highest ridges above the lowest outlet, and the outlet's height.
    valley_width
        Factor on the width of valley floors.
    wall_slope
        Rise of valley walls, m per m.
    empty_radius_m
        Around `lonely_xy` no farmland is laid, so that a site there is beyond every parcel.
    """

    key: str
    adcode: str
    county: str
    prefecture: str
    epsg: int
    prefix: str
    vintage: int
    seed: int
    enterprise_count: int
    town_weights: dict[str, float]
    relief_m: float
    base_m: float
    valley_width: float
    wall_slope: float
    dem_step_m: float
    trunk: tuple[str, ...]
    trunk_fall: float
    basin_m: float
    basin_depth: float
    relief_power: float
    field_slope_deg: float
    hills_m: float
    park_towns: tuple[str, ...]
    tailings_towns: tuple[str, ...]
    tailings_count: int
    plain: bool = False
    field_spacing_m: float = 63.0
    empty_radius_m: float = 0.0
    has_mines: bool = False
    lonely_xy: tuple[tuple[float, float], ...] = ()

    @property
    def lonely(self) -> list[shapely.Point]:
        """Places without farmland around, in the region's CRS: deep inside the county, then near its border."""
        return [shapely.Point(xy) for xy in self.lonely_xy]


QINGCHENG = Region(
    key="qingcheng",
    adcode="441802",
    county="清城区",
    prefecture="清远市",
    epsg=4547,
    prefix="QC",
    vintage=2019,
    seed=441802,
    enterprise_count=60,
    town_weights={"441802105": 0.45, "441802106": 0.33},
    relief_m=620.0,
    base_m=6.0,
    valley_width=2.4,
    wall_slope=0.16,
    dem_step_m=0.125,
    basin_m=2_200,
    basin_depth=0.85,
    relief_power=1.0,
    field_slope_deg=9.0,
    hills_m=60.0,
    park_towns=("441802105", "441802106", "441802103"),
    tailings_towns=("441802103", "441802107"),
    tailings_count=2,
    trunk=("Bei",),
    trunk_fall=2.2e-4,
    plain=True,
)
NANDAN = Region(
    key="nandan",
    adcode="451221",
    county="南丹县",
    prefecture="河池市",
    epsg=4545,
    prefix="ND",
    vintage=2024,
    seed=451221,
    enterprise_count=45,
    town_weights={"451221101": 0.3, "451221102": 0.3, "451221100": 0.2},
    relief_m=1050.0,
    base_m=210.0,
    valley_width=1.0,
    wall_slope=0.3,
    dem_step_m=0.5,
    trunk=("Nanpan", "Hongshui"),
    trunk_fall=6e-4,
    basin_m=1_900,
    basin_depth=0.75,
    relief_power=0.85,
    field_slope_deg=17.0,
    hills_m=0.0,
    park_towns=("451221102", "451221100", "451221104"),
    tailings_towns=("451221101", "451221102"),
    tailings_count=3,
    field_spacing_m=64.0,
    empty_radius_m=11_200.0,
    has_mines=True,
    lonely_xy=((424_700.0, 2_799_450.0), (415_700.0, 2_793_000.0)),
)
REGIONS = (QINGCHENG, NANDAN)


@dataclass(frozen=True, slots=True)
class Ground:
    """The real and approximate geography of a region, in its own CRS (metres)."""

    county: shapely.Geometry
    townships: gpd.GeoDataFrame
    seats: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    rivers: gpd.GeoDataFrame


def read_ground(region: Region, real: Path) -> Ground:
    """Read what `real` (the folder layers/real) holds of a region.

    Returns
    -------
    Ground
        Geometry in ``EPSG:{region.epsg}``, metres.
    """

    def read(name: str, column: str = "") -> gpd.GeoDataFrame:
        frame = gpd.read_file(real / f"{name}.geojson")
        if column:
            frame = frame[frame[column] == region.adcode].reset_index(drop=True)
        return frame.to_crs(region.epsg)

    return Ground(
        county=read("counties", "adcode").geometry.iloc[0],
        townships=read("townships", "county"),
        seats=read("township_seats", "county"),
        villages=read("villages", "county"),
        rivers=read("rivers"),
    )


def real_mines(region: Region) -> list[shapely.Point]:
    """Return the real mining sites near the region, in its CRS."""
    points = gpd.GeoSeries(shapely.points(REAL_MINES_LON_LAT), crs=4490).to_crs(region.epsg)
    return list(points)
