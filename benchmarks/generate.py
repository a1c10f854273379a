"""Seeded ground for the benchmarks: farmland parcels and enterprises along invented valleys.

    python benchmarks/generate.py county city province --out DIR

Writes `DIR/<size>/parcels.parquet` in the working format of `hmgeo layers pack` (GeoParquet, WKB, lz4, Hilbert order,
50,000-row groups, bbox covering), `sources.parquet` (points) and `sources.csv`.
The same seed gives the same ground; nothing here is a real place's farmland.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from hmgeo.intake.formats.packed import write_packed
from hmgeo.records import RECEPTOR_SCHEMA
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SEED = 20261121
GROUP_ROWS = 50_000
PART_ROWS = 2_000_000
DEGREE_M = 111_320.0
CLASSES = ("优先保护类", "安全利用类", "严格管控类", "未划分")
CLASS_SHARES = (0.72, 0.2, 0.03, 0.05)
MEDIAN_RADIUS_M = 31.0
"""Of the circle as large as the median parcel of 0.3 ha."""
WITH_HOLE, IN_PARTS = 0.01, 0.005


@dataclass(frozen=True, slots=True)
class Size:
    """How much ground: square side in km, sources, parcels."""

    side_km: float
    sources: int
    parcels: int


SIZES = {
    "county": Size(40, 60, 20_000),
    "city": Size(114, 400, 200_000),
    "province": Size(412, 1_500, 2_000_000),
    "huge": Size(1_300, 14_000, 20_000_000),
}
CENTRE = (112.9, 26.4)


def valleys(random: np.random.Generator, size: Size) -> list[Floats]:
    """Return winding lines (k, 2) in metres from the centre, about one for each 250 km2."""
    side_m = size.side_km * 1_000
    lines = []
    for _ in range(max(8, int(size.side_km**2 / 250))):
        heading = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.25, 40))
        steps = 500.0 * np.column_stack([np.cos(heading), np.sin(heading)])
        line = random.uniform(-side_m / 2, side_m / 2, 2) + np.cumsum(steps, axis=0)
        lines.append(np.clip(line, -side_m / 2, side_m / 2))
    return lines


def along(random: np.random.Generator, line: Floats, count: int, width_m: float) -> Floats:
    """Return (count, 2) places beside a line."""
    at = random.uniform(0, len(line) - 1.001, count)
    low = at.astype(np.int64)
    share = (at - low)[:, None]
    return line[low] * (1 - share) + line[low + 1] * share + random.normal(0, width_m, (count, 2))


def to_lon_lat(metres: Floats) -> Floats:
    """Place metres from the centre on the globe, near enough."""
    lat = CENTRE[1] + metres[:, 1] / DEGREE_M
    return np.column_stack([CENTRE[0] + metres[:, 0] / (DEGREE_M * np.cos(np.radians(lat))), lat])


def stars(random: np.random.Generator, centre: Floats, radius_m: Floats) -> NDArray[np.object_]:
    """Return polygons of 4 to 40 corners around the centres."""
    corners = np.clip(np.round(random.lognormal(np.log(13), 0.5, len(centre))), 4, 40).astype(np.int64)
    ring = np.repeat(np.arange(len(centre)), corners)
    number = np.arange(len(ring)) - np.repeat(np.cumsum(corners) - corners, corners)
    turn = 2 * np.pi * (number + random.uniform(-0.35, 0.35, len(ring))) / corners[ring]
    stretch = random.uniform(0.5, 1.6, len(centre))
    tilt = random.uniform(0, np.pi, len(centre))
    reach = radius_m[ring] * random.uniform(0.7, 1.25, len(ring))
    x, y = reach * np.cos(turn) * stretch[ring], reach * np.sin(turn) / stretch[ring]
    east = x * np.cos(tilt[ring]) - y * np.sin(tilt[ring])
    north = x * np.sin(tilt[ring]) + y * np.cos(tilt[ring])
    corners_at = to_lon_lat(centre[ring] + np.column_stack([east, north]))
    return np.asarray(shapely.polygons(shapely.linearrings(corners_at, indices=ring)))


def parcels(random: np.random.Generator, centre: Floats) -> NDArray[np.object_]:
    """Return parcels, a few with a hole or in two parts."""
    count = len(centre)
    radius_m = MEDIAN_RADIUS_M * random.lognormal(0, 0.55, count)
    made = stars(random, centre, radius_m)
    kind = random.uniform(0, 1, count)
    for i in np.flatnonzero(kind < WITH_HOLE):
        middle = np.asarray(to_lon_lat(centre[i : i + 1])[0])
        hole = middle + 0.4 * (shapely.get_coordinates(made[i]) - middle)
        made[i] = shapely.Polygon(made[i].exterior, [hole[::-1]])
    apart = np.flatnonzero((kind >= WITH_HOLE) & (kind < WITH_HOLE + IN_PARTS))
    others = stars(random, centre[apart] + 8 * radius_m[apart, None], radius_m[apart])
    for i, other in zip(apart, others, strict=True):
        made[i] = shapely.MultiPolygon([made[i], other])
    return made


def groups(random: np.random.Generator, lines: list[Floats], size: Size) -> Iterator[pa.Table]:
    """Yield tables of up to 50,000 parcels, valley by valley."""
    shares = np.cumsum(random.dirichlet(np.full(len(lines), 3.0)))
    valley = np.searchsorted(shares, (np.arange(size.parcels) + 0.5) / size.parcels)
    for first in range(0, size.parcels, GROUP_ROWS):
        here = valley[first : first + GROUP_ROWS]
        centre = np.concatenate(
            [along(random, lines[v], int(n), 700) for v, n in zip(*np.unique(here, return_counts=True), strict=True)]
        )
        word = random.choice(len(CLASSES), len(here), p=CLASS_SHARES)
        columns = {
            "receptor_id": [f"P{i:08d}" for i in range(first, first + len(here))],
            "class": np.array(CLASSES)[word],
            "geometry": pa.array(shapely.to_wkb(parcels(random, centre)), pa.binary()),
        }
        yield pa.table([columns.get(field.name, blank(field, len(here))) for field in RECEPTOR_SCHEMA], RECEPTOR_SCHEMA)


def blank(field: pa.Field, rows: int) -> pa.Array:
    """Return a column that says nothing."""
    return pa.array([""] * rows) if pa.types.is_string(field.type) else pa.nulls(rows, field.type)


def parts(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Join tables into parts of two million rows, which fit into memory."""
    while held := list(islice(tables, PART_ROWS // GROUP_ROWS)):
        yield pa.concat_tables(held)


def geo_metadata(kind: str) -> dict[str, str]:
    """Return GeoParquet metadata for one WKB column in lon/lat."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": None, "edges": "planar"}
    column["crs"] = json.loads(CRS("EPSG:4490").to_json())
    column["geometry_types"] = ["Point"] if kind == "Point" else ["Polygon", "MultiPolygon"]
    return {"geo": json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})}


def write_size(name: str, out: Path) -> None:
    """Write one size's files."""
    size, folder = SIZES[name], out / name
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng([SEED, list(SIZES).index(name)])
    lines = valleys(random, size)
    chosen = random.integers(0, len(lines), size.sources)
    places = to_lon_lat(np.concatenate([along(random, lines[v], 1, 1_500) for v in chosen]))
    ids = [f"E{i:05d}" for i in range(size.sources)]
    points = pa.table({"enterprise_id": ids, "geometry": pa.array(shapely.to_wkb(shapely.points(places)), pa.binary())})
    pq.write_table(points.replace_schema_metadata(geo_metadata("Point")), folder / "sources.parquet")
    listed = pd.DataFrame({"enterprise_id": ids, "lon": places[:, 0], "lat": places[:, 1]})
    listed.to_csv(folder / "sources.csv", index=False)
    write_packed(parts(groups(random, lines, size)), folder / "parcels.parquet", LayerKind.FARMLAND)


def main() -> None:
    """Write the sizes asked for."""
    parser = argparse.ArgumentParser(description="Write the ground for the benchmarks.")
    parser.add_argument("sizes", nargs="+", choices=SIZES)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/data"))
    asked = parser.parse_args()
    for name in asked.sizes:
        write_size(name, asked.out)


if __name__ == "__main__":
    main()
