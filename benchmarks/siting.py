"""The siting check under load: 100,000 sensitive objects, one warm check, 10,000 sites, batch against one by one.

    python benchmarks/siting.py [--sites 10000] [--whole FOLDER]

With `--whole` the ground and the list of sites are written as a project, and `hmgeo site --sites` answers it from start
to end, workbook and all: the CPU seconds and the peak memory of that process are printed, and nothing else is done.

Seeded ground of one county (0.6 by 0.6 degrees): 100,000 sensitive objects (points), 20,000 farmland parcels twice
(farmland, permanent basic farmland), two shorelines of 3,001 vertices, water-source zones, parks, elevation left out,
and further polygon layers, so that every clause that a map of shapes can answer is held against the ground at every
site. Prints wall and CPU time; wall time means something on an idle machine only, so the load average is printed too.
"""

from __future__ import annotations

import argparse
import csv
import os
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyogrio
import shapely

from hmgeo.judging.bench import Question
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.places import Areas
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.rules.book import load_book
from hmgeo.rules.words import ATTRIBUTES
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Action, Basis, Completeness, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WEST, SOUTH, EAST, NORTH = 112.8, 22.8, 113.4, 23.4
OBJECTS, PARCELS, PARCEL_DEG = 100_000, 20_000, 0.002
CLASSES = ("居民区", "学校", "医院", "行政办公", "其他")
LEVELS = ("一级", "二级", "准")
SEED = 3
PROGRESS_EVERY = 1_000
STATED = (
    "may_pollute_soil", "discharges_pollutants", "seriously_pollutes_water", "is_chemical", "stores_or_treats_waste",
    "is_relocation", "discharges_heavy_metals", "adds_heavy_metal_emission",
)  # fmt: skip
DENIED = ("serves_water_supply", "serves_remediation", "uses_mercury_process", "is_mercury_mine")


def layer(kind: LayerKind, shapes: Sequence[shapely.Geometry], classes: Sequence[str] = ("",)) -> Layer:
    """Return a complete layer of the whole county."""
    count = len(shapes)
    columns = {
        "receptor_id": [f"{kind.value}-{number}" for number in range(count)],
        "name": [f"示例{number}" for number in range(count)],
        "class": [classes[number % len(classes)] for number in range(count)],
        "township": [""] * count,
        "geometry": shapely.to_wkb(np.array(shapes, dtype=object)),
    }
    missing = {name: [None] * count for name in RECEPTOR_SCHEMA.names if name not in columns}
    table = pa.table({name: (columns | missing)[name] for name in RECEPTOR_SCHEMA.names}, schema=RECEPTOR_SCHEMA)
    gates = Gates(shapely.box(WEST, SOUTH, EAST, NORTH), "示例县", Completeness.COMPLETE, "2019")
    return Layer(kind.value, kind, Basis.SYNTHETIC, Provenance(f"{kind.value}.gpkg"), table.to_batches, gates, count)


def ground(random: np.random.Generator) -> list[Layer]:
    """Return all layers of the county."""
    objects = shapely.points(random.uniform([WEST, SOUTH], [EAST, NORTH], (OBJECTS, 2)))
    corner = random.uniform([WEST, SOUTH], [EAST - 0.01, NORTH - 0.01], (PARCELS, 2))
    parcels = shapely.box(*corner.T, *(corner + PARCEL_DEG).T)
    step = np.linspace(0, 1, 3_001)
    bend = 0.01 * np.sin(step * 100)
    main = shapely.LineString(np.column_stack([WEST + 0.6 * step, SOUTH + 0.05 + bend]))
    tributary = shapely.LineString(np.column_stack([WEST + 0.1 + bend, SOUTH + 0.6 * step]))
    zones = [shapely.box(west, 22.9, west + 0.05, 22.95) for west in (112.8, 113.0, 113.2)]
    parks = [shapely.box(west, 23.0, west + 0.05, 23.03) for west in (112.9, 113.0, 113.1)]
    return [
        layer(LayerKind.SENSITIVE_SITES, list(objects), CLASSES),
        layer(LayerKind.WATER_SOURCE_ZONES, zones, LEVELS),
        layer(LayerKind.INDUSTRIAL_PARKS, parks, ("省级",)),
        layer(LayerKind.FARMLAND, list(parcels), ("安全利用类",)),
        layer(LayerKind.PBF_CONCENTRATED_AREAS, list(parcels)),
        layer(LayerKind.RIVER_SHORELINE_MAIN, [main]),
        layer(LayerKind.RIVER_SHORELINE_TRIBUTARY, [tributary]),
        *(layer(kind, zones) for kind in (LayerKind.ECOLOGICAL_REDLINE, LayerKind.BUILT_UP_AREA)),
        *(layer(kind, zones) for kind in (LayerKind.SPECIAL_PROTECTION_AREAS, LayerKind.RURAL_AREAS)),
        layer(LayerKind.CONTAMINATED_SITES, parks),
    ]


def bench_of(layers: list[Layer]) -> SitingBench:
    """Return the bench with every parameter chosen that the clauses of the county ask for."""
    chosen: dict[str, str | float] = {
        "surroundings_m": 500.0,
        "key_area_extent": "district",
        "pbf_concentrated_source": "official",
    }
    parameters = {
        name: ChosenParameter(name, value, "m" if isinstance(value, float) else "", by="示例")
        for name, value in chosen.items()
    }

    def table(code: str, name: str, shape: shapely.Geometry) -> pa.Table:
        return pa.Table.from_pylist([{"id": code, "name": name, "geometry": shapely.to_wkb(shape)}])

    county = shapely.box(WEST, SOUTH, EAST, NORTH)
    town = shapely.box(WEST, SOUTH, (WEST + EAST) / 2, NORTH)
    areas = Areas(table("441802", "清城区", county), table("441802105", "龙塘镇", town))
    choices = Choices(MappingProxyType(parameters))
    return SitingBench(layers, Question(date(2019, 6, 30), rules=load_book().rules, choices=choices, areas=areas))


def sites(random: np.random.Generator, count: int) -> Iterator[Site]:
    """Yield new lead smelters at random points, known to 10 m."""
    stated = MappingProxyType(dict.fromkeys(STATED, True) | dict.fromkeys(DENIED, False))
    spots = random.uniform([WEST + 0.01, SOUTH + 0.01], [EAST - 0.01, NORTH - 0.01], (count, 2))
    for number, spot in enumerate(spots):
        yield Site(
            f"S{number}", f"示例{number}", shapely.Point(*spot), 10.0, "3212", "2017", Action.NEW,
            basis=Basis.SYNTHETIC, attributes=stated,
        )  # fmt: skip


def clocked(bench: SitingBench, asked: Sequence[Site]) -> tuple[list[float], list[float]]:
    """Return wall and CPU milliseconds of every check."""
    wall, cpu = [], []
    for site in asked:
        start, start_cpu = time.perf_counter(), time.process_time()
        bench.check(site)
        wall.append(1e3 * (time.perf_counter() - start))
        cpu.append(1e3 * (time.process_time() - start_cpu))
    return wall, cpu


def batch(bench: SitingBench, asked: Sequence[Site]) -> tuple[float, float, list[dict[str, int]]]:
    """Return wall and CPU seconds of a batch with progress, and the counts of every site."""
    start, start_cpu, counts = time.perf_counter(), time.process_time(), []
    for number, answer in enumerate(map(bench.check, asked), start=1):
        counts.append({verdict.value: count for verdict, count in answer.counts().items()})
        if number % PROGRESS_EVERY == 0:
            print(f"  {number}/{len(asked)}  {time.perf_counter() - start:.1f} s", flush=True)
    return time.perf_counter() - start, time.process_time() - start_cpu, counts


PROJECT = """schema: 1
title: 示例
as_of: 2019-06-30
area: {key_areas: [GD-QC-LT, GD-QC-SJ]}
layer_defaults: {basis: synthetic, classification: 公开, vintage: 2019}
parameters:
  surroundings_m: {value: 500, unit: m, by: 示例, on: 2026-11-21, reason: 示例}
  key_area_extent: {value: district, by: 示例, on: 2026-11-21, reason: 示例}
  pbf_concentrated_source: {value: official, by: 示例, on: 2026-11-21, reason: 示例}
layers:
"""


def write_project(folder: Path, layers: Sequence[Layer], asked: Sequence[Site]) -> Path:
    """Write layers and a list of sites as a project; return the list."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for held in layers:
        kind, table = held.kind.value, held.read()
        plain = pa.table({"编号": table["receptor_id"], "名称": table["name"], "类别": table["class"]})
        plain = plain.append_column("geometry", table["geometry"].cast(pa.binary()))
        shapes = "Point" if kind == "sensitive_sites" else "LineString" if "shoreline" in kind else "Polygon"
        path = folder / f"{kind}.gpkg"
        path.unlink(missing_ok=True)
        pyogrio.write_arrow(plain, path, geometry_name="geometry", geometry_type=shapes, crs="EPSG:4490", layer=kind)
        lines.append(
            f"  {kind}: {{path: {path.name}, layer: {kind}, completeness: complete, coverage: {{area: '441802'}}}}\n"
        )
    (folder / "project.yml").write_text(PROJECT + "".join(lines), encoding="utf-8")
    said = [f"是否{ATTRIBUTES[name]}" for name in (*STATED, *DENIED)]
    head = [
        "项目编号",
        "项目名称",
        "建设性质",
        "行业代码",
        "行业分类版本",
        "经度",
        "纬度",
        "坐标系",
        "定位误差（米）",
        *said,
    ]
    with (folder / "sites.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        answers = ["是"] * len(STATED) + ["否"] * len(DENIED)
        for site in asked:
            at = (f"{site.geometry.x:.6f}", f"{site.geometry.y:.6f}", "CGCS2000", "10")
            writer.writerow([site.site_id, site.name, "新建", "3212", "2017", *at, *answers])
    return folder / "sites.csv"


def whole(folder: Path, many: int) -> None:
    """Answer a whole list in a process of its own and print what that took."""
    random = np.random.default_rng(SEED)
    listed = write_project(folder, ground(random), list(sites(random, many)))
    out = folder / f"out{many}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("hmgeo")), "site", "--project", str(folder), "--sites", str(listed)]
    subprocess.run([*command, "--sites-basis", "synthetic", "--out", str(out)], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- our own command
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(f"{many} sites, whole process with workbook: {cpu_s:.1f} s CPU, {used.ru_maxrss / 1024:.0f} MB at the peak")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--whole", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    many = given.sites
    if given.whole is not None:
        whole(given.whole, many)
        return
    random = np.random.default_rng(SEED)
    bench = bench_of(ground(random))
    start = time.perf_counter()
    first = next(iter(sites(random, 1)))
    answer = bench.check(first)
    print(f"load average {os.getloadavg()[0]:.1f}; indexing and first check {time.perf_counter() - start:.1f} s")
    held = sum(bool(one.layers) for one in answer.clauses)
    print(f"{len(answer.clauses)} clauses, {held} of them held against the ground")
    warm = list(sites(random, 500))
    clocked(bench, warm[:50])
    for name, each in zip(("wall", "CPU"), clocked(bench, warm), strict=True):
        middle, high = np.percentile(each, [50, 95])
        print(f"one warm check, {name}: median {middle:.2f} ms, 95 % {high:.2f} ms")
    asked = list(sites(random, many))
    wall_s, cpu_s, counts = batch(bench, asked)
    print(f"{many} sites in a batch: {wall_s:.1f} s wall, {cpu_s:.1f} s CPU; load average {os.getloadavg()[0]:.1f}")
    sampled = range(0, many, max(1, many // 200))
    fresh = bench_of(ground(np.random.default_rng(SEED)))
    again = [fresh.check(asked[number]) for number in reversed(sampled)][::-1]
    same = again == [bench.check(asked[number]) for number in sampled]
    told = [{verdict.value: count for verdict, count in one.counts().items()} for one in again]
    is_equal = same and told == [counts[number] for number in sampled]
    print(f"{len(sampled)} of them alone, in reverse, on a fresh bench: {'equal' if is_equal else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
