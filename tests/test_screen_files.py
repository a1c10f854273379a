"""`hmgeo screen` on files in four CRSs against brute force: no pair missed, none invented, distances within 0.01 m.

The same ground is drawn around the borders of Gauss-Krueger and UTM zones. An edge is straight in the CRS of its file,
so the oracle gets every shape with its edges cut to 200 m in that CRS, and only then in lon/lat.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import oracle
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import Transformer
from strategies import offset, star, with_hole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

RADIUS_M = 10_000.0
ERROR_M = 0.01
LONGEST_EDGE_M = 200.0
Place = tuple[float, float]
Pairs = dict[tuple[str, str], float]

# CRS to the suffixes of the files of sources and farmland; what unprojects it
FILES = {"EPSG:4490": (".csv", ".gpkg"), "EPSG:4326": (".geojson", ".geojson"),
         "EPSG:4547": (".gpkg", ".shp"), "EPSG:32649": (".xlsx", ".parquet")}  # fmt: skip
DEGREES = {"EPSG:4490": "EPSG:4490", "EPSG:4326": "EPSG:4326", "EPSG:4547": "EPSG:4490", "EPSG:32649": "EPSG:4326"}
BORDERS = [(112.5, 24.0), (114.0, 27.5), (115.5, 36.0)]  # GK 37/38, UTM 49/50, GK 38/39


@dataclass
class Scene:
    """Sources and parcels, drawn by their corners in lon/lat."""

    at: Place
    random: np.random.Generator
    sources: list[Place] = field(default_factory=list)
    parcels: list[shapely.Polygon] = field(default_factory=list)

    def scatter(self, count: int, within_m: float) -> list[Place]:
        return [offset(self.at, east, north) for east, north in self.random.uniform(-within_m, within_m, (count, 2))]

    def star(self, at: Place, size_m: float) -> shapely.Polygon:
        corners = int(self.random.integers(4, 14))
        radii = size_m * self.random.uniform(0.3, 1, corners)
        return star(at, radii.tolist(), self.random.uniform(-1, 1, corners).tolist())


def scene(at: Place, sources: int, parcels: int, within_m: float, seed: int) -> Scene:
    """Return a ground with all that goes wrong: holes, points inside, long edges, the limit give or take 0.5 m."""
    made = Scene(at, np.random.default_rng(seed))
    made.sources = made.scatter(sources, within_m)
    special = parcels // 20
    for i in range(special):
        source = made.sources[i % len(made.sources)]
        holed = with_hole(made.star(source, 400), source, 0.5)
        made.parcels += [holed, made.star(source, 90)]  # in the hole: the hole's edge is near; inside: 0 m
        made.parcels += limit_parcels(made, source, i / special)
    for place in made.scatter(special, within_m):
        made.parcels.append(sliver(made, place, made.random.uniform(1_000, 8_000)))
    missing = made.scatter(parcels - len(made.parcels), within_m)
    made.parcels += [made.star(place, float(np.exp(made.random.uniform(3, 5.5)))) for place in missing]
    made.sources = [(round(lon, 9), round(lat, 9)) for lon, lat in made.sources]
    return made


def limit_parcels(made: Scene, source: Place, turn: float) -> list[shapely.Polygon]:
    """Return a wedge that points at a source and a long wall that faces it, at 10,000 m give or take 0.5 m."""
    azimuth = 360 * turn + 11
    tip = oracle.GEOD.fwd(*source, azimuth, RADIUS_M + made.random.uniform(-0.5, 0.5))[:2]
    wedge = [tip, *(oracle.GEOD.fwd(*tip, azimuth + side, 70)[:2] for side in (20, -20))]
    foot = oracle.GEOD.fwd(*source, azimuth + 180, RADIUS_M + made.random.uniform(-0.5, 0.5))[:2]
    ends = [oracle.GEOD.fwd(*foot, azimuth + side, 2_000)[:2] for side in (90, -90)]
    behind = oracle.GEOD.fwd(*foot, azimuth + 180, 100)[:2]
    return [shapely.Polygon(wedge), shapely.Polygon([*ends, behind])]


def sliver(made: Scene, place: Place, length_m: float) -> shapely.Polygon:
    azimuth = float(made.random.uniform(0, 360))
    end = oracle.GEOD.fwd(*place, azimuth, length_m)[:2]
    beside = oracle.GEOD.fwd(*place, azimuth + 60, 40)[:2]
    return shapely.Polygon([place, end, beside])


def in_crs(shapes: list[Any], crs: str) -> list[Any]:
    """Return shapes with their corners, and only those, taken from lon/lat to the CRS."""
    there = Transformer.from_crs(DEGREES[crs], crs, always_xy=True)
    return list(shapely.transform(shapes, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1]))))


def ring_as_read(ring: np.ndarray, back: Transformer | None) -> np.ndarray:
    """Return a ring in lon/lat, edges of over 200 m of a projected file cut to equal parts first."""
    if back is None:
        return ring
    dense = [ring[:1]]
    for start, end in pairwise(ring):
        parts = max(1, int(np.ceil(np.hypot(*(end - start)) / LONGEST_EDGE_M)))
        dense.append(start + np.arange(1, parts + 1)[:, None] / parts * (end - start))
    xy = np.concatenate(dense)
    return np.column_stack(back.transform(xy[:, 0], xy[:, 1]))


def as_read(shape: shapely.Polygon, crs: str) -> shapely.Polygon:
    """Return what a polygon of the file covers on the ground, by the rule for long edges."""
    back = None if DEGREES[crs] == crs else Transformer.from_crs(crs, DEGREES[crs], always_xy=True)
    rings = [shape.exterior, *shape.interiors]
    outer, *holes = [ring_as_read(shapely.get_coordinates(ring), back) for ring in rings]
    return shapely.Polygon(outer, holes)


def write(frame: gpd.GeoDataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix in {".csv", ".xlsx"}:
        x, y = ("经度", "纬度") if frame.crs.is_geographic else ("东坐标", "北坐标")
        table = frame.drop(columns="geometry").assign(**{x: frame.geometry.x, y: frame.geometry.y})
        table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_excel(path, index=False)
    else:
        frame.to_file(path)


def screened(made: Scene, crs: str, folder: Path, command: Callable[..., Ended]) -> Path:
    """Write the scene in a CRS, screen it, and return the run folder."""
    sources, farmland = (
        folder / f"{name}{suffix}" for name, suffix in zip(("sources", "land"), FILES[crs], strict=True)
    )
    ids = [f"S{i}" for i in range(len(made.sources))]
    points = in_crs([shapely.Point(at) for at in made.sources], crs)
    write(gpd.GeoDataFrame({"eid": ids}, geometry=points, crs=crs), sources)
    names = [f"P{i}" for i in range(len(made.parcels))]
    write(gpd.GeoDataFrame({"pid": names}, geometry=in_crs(made.parcels, crs), crs=crs), farmland)
    said = {".csv": ["--sources-datum", "cgcs2000"], ".xlsx": ["--sources-crs", crs]}.get(sources.suffix, [])
    ended = command(
        "screen", "--sources", sources, "--farmland", farmland, "--radius", "10km", *said, "--out", folder / "out"
    )
    assert ended.code == 0, ended.err
    return folder / "out"


def brute_force(made: Scene, crs: str, first: tuple[int, int] = (0, 0)) -> Pairs:
    """Return every pair within 10 km; none may lie on the limit itself, where the last bit would decide.

    `first` are the numbers of the scene's first source and parcel.
    """
    ground = [as_read(shape, crs) for shape in in_crs(made.parcels, crs)]
    assert all(shape.is_valid for shape in ground)
    found = oracle.pairs_within(np.array(made.sources), ground, RADIUS_M + 1)
    assert min(abs(metres - RADIUS_M) for metres in found.values()) > 5e-5
    return {(f"S{first[0] + i}", f"P{first[1] + j}"): metres for (i, j), metres in found.items() if metres <= RADIUS_M}


def assert_agrees(out: Path, expected: Pairs, sources: int) -> None:
    """Hold pairs, counts and nearest parcels of a run against brute force."""
    rows = pq.read_table(out / "data" / "pairs.parquet").to_pylist()
    found = {(row["source_id"], row["receptor_id"]): row["distance_m"] for row in rows}
    assert len(found) == len(rows)
    wrong = {pair: (found[pair], m) for pair, m in expected.items() if abs(found.get(pair, np.inf) - m) > ERROR_M}
    assert ({*found} - {*expected}, wrong) == (set(), {})
    with (out / "data" / "sources.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["source_id"] for row in table] == [f"S{i}" for i in range(sources)]
    assert {row["status"] for row in table} == {"assessed"}
    for row in table:
        near = {parcel: metres for (source, parcel), metres in expected.items() if source == row["source_id"]}
        assert int(row["farmland_count"]) == len(near)
        assert (row["verdict"] == "listed") is bool(near)
        if near:
            assert float(row["nearest_farmland_m"]) == pytest.approx(min(near.values()), abs=ERROR_M)
            assert near[row["nearest_farmland_id"]] == pytest.approx(min(near.values()), abs=ERROR_M)


def assert_all_kinds_are_there(expected: Pairs) -> None:
    """See that the ground held what it should: points inside, in holes, and pairs at the limit on the inner side."""
    metres = np.array([*expected.values()])
    assert (metres == 0).sum() >= 5
    assert ((metres > 50) & (metres < 300)).sum() >= 5
    assert (metres > RADIUS_M - 0.51).sum() >= 3


@pytest.mark.parametrize("crs", FILES)
def test_screen_agrees_with_brute_force(crs: str, tmp_path: Path, hmgeo_command: Callable[..., Ended]) -> None:
    """The grounds at the three borders lie in one file: hundreds of kilometres apart they have no pair in common."""
    whole, expected = Scene(BORDERS[0], np.random.default_rng(0)), Pairs()
    for at in BORDERS:
        made = scene(at, sources=20, parcels=250, within_m=12_000, seed=31)
        pairs = brute_force(made, crs, (len(whole.sources), len(whole.parcels)))
        assert_all_kinds_are_there(pairs)
        expected |= pairs
        whole.sources += made.sources
        whole.parcels += made.parcels
    assert_agrees(screened(whole, crs, tmp_path, hmgeo_command), expected, len(whole.sources))


@pytest.mark.slow
@pytest.mark.parametrize("crs", FILES)
def test_four_hundred_sources_and_five_thousand_parcels(
    crs: str, tmp_path: Path, hmgeo_command: Callable[..., Ended]
) -> None:
    at = {"EPSG:4547": (112.5, 24.0), "EPSG:32649": (114.0, 27.5)}.get(crs, (115.5, 36.0))
    made = scene(at, sources=400, parcels=5_000, within_m=40_000, seed=32)
    expected = brute_force(made, crs)
    assert len(expected) > 50_000
    assert_all_kinds_are_there(expected)
    assert_agrees(screened(made, crs, tmp_path, hmgeo_command), expected, len(made.sources))


def test_the_reading_of_long_edges_matters() -> None:
    """An edge of 8 km that is straight in the file runs more than half a metre beside the one straight in lon/lat."""
    corners = [(115.5, 36.0), (115.58, 36.03), (115.54, 36.2)]
    drawn = as_read(in_crs([shapely.Polygon(corners)], "EPSG:4547")[0], "EPSG:4547")
    assert 0.5 < oracle.distance_m(115.54, 36.015, shapely.LineString(drawn.exterior.coords)) < 1.0
