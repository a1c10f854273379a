"""What a user's own files cost: whole processes from start to end, on plain files that nobody packed beforehand.

    python benchmarks/generate.py county city province --out benchmarks/data
    python benchmarks/plain.py county city province --data benchmarks/data --repeats 3

Writes `plain-<size>/parcels.parquet` (GeoParquet as geopandas writes it: id, class, WKB, snappy), `.gpkg` and `.shp`
once, then runs the contenders in turn and prints the medians of CPU seconds (user and system, imports included), peak
memory and pairs. `hmgeo` is the command as users type it; DuckDB and SedonaDB run in a Python that imports nothing
else; PostGIS loads by its own shp2pgsql into a server that runs already. A suffix names the format that is read,
GeoParquet without one. hmgeo's pairs are held against brute force in the same run. The plot beside this file is drawn
from the run.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import postgis
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from generate import geo_metadata
from run import HERE, check_exact, pair_keys, versions, wrong_pairs

CONTENDERS = (
    "hmgeo", "hmgeo-gpkg", "hmgeo-shp", "duckdb", "duckdb-gpkg", "duckdb-shp", "sedonadb", "geopandas-dwithin",
    "postgis-shp",
)  # fmt: skip
COLUMNS = ["receptor_id", "class", "geometry"]


def write_plain(folder: Path) -> Path:
    """Write a size's parcels as a plain GeoParquet, with its other files beside it; return the new folder."""
    made = folder.with_name(f"plain-{folder.name}")
    made.mkdir(exist_ok=True)
    for name in ("sources.csv", "sources.parquet"):
        if (folder / name).exists() and not (made / name).exists():
            os.link(folder / name, made / name)
    target = made / "parcels.parquet"
    if not target.exists():
        with pq.ParquetFile(folder / "parcels.parquet") as packed:
            fields = [packed.schema_arrow.field(name) for name in COLUMNS]
            with pq.ParquetWriter(target, pa.schema(fields, metadata=geo_metadata("Polygon"))) as writer:
                for batch in packed.iter_batches(1_000_000, columns=COLUMNS):
                    writer.write_table(pa.table(batch.columns, schema=writer.schema))
    if not (made / "sources.shp").exists():
        sources = pq.read_table(folder / "sources.parquet", columns=["enterprise_id", "geometry"])
        sources = sources.rename_columns(["enterp_id", "geometry"]).replace_schema_metadata()
        about = {"geometry_name": "geometry", "geometry_type": "Point", "crs": "EPSG:4490", "encoding": "UTF-8"}
        pyogrio.write_arrow(sources, made / "sources.shp", driver="ESRI Shapefile", **about)
    for driver, suffix, said in (("GPKG", "gpkg", {}), ("ESRI Shapefile", "shp", {"encoding": "UTF-8"})):
        if not (made / f"parcels.{suffix}").exists():
            with pq.ParquetFile(target) as plain:
                batches = plain.iter_batches(100_000)
                schema = plain.schema_arrow.remove_metadata()
                if suffix == "shp":  # of names that take ten bytes
                    schema = pa.schema([pa.field("parcel_id", pa.string()), *list(schema)[1:]])
                    batches = (pa.record_batch(batch.columns, schema=schema) for batch in batches)
                rows = pa.RecordBatchReader.from_batches(schema, batches)
                about = {"geometry_name": "geometry", "geometry_type": "MultiPolygon", "crs": "EPSG:4490"} | said
                pyogrio.write_arrow(rows, made / f"parcels.{suffix}", driver=driver, **about)
    return made


DUCKDB = """
import duckdb, importlib.util, pathlib
folder = pathlib.Path(importlib.util.find_spec("duckdb_extension_spatial").origin).parent
found = next(folder.rglob("spatial.duckdb_extension"))
database = duckdb.connect()
database.execute("SET threads = 2")
database.execute(f"LOAD '{found}'")
database.execute('''
CREATE TABLE s AS SELECT enterprise_id, ST_Transform(geometry, 'EPSG:4490', 'EPSG:4547', always_xy := true) AS g
    FROM 'SOURCES';
CREATE TABLE p AS SELECT receptor_id, ST_Transform(geometry, 'EPSG:4490', 'EPSG:4547', always_xy := true) AS g
    FROM PARCELS;
COPY (SELECT s.enterprise_id AS source_id, p.receptor_id FROM p JOIN s ON ST_DWithin(p.g, s.g, 10000.0))
    TO 'OUT' (FORMAT parquet);
''')
"""
SEDONADB = """
import sedonadb
session = sedonadb.connect()
for name, key, path in (("s", "enterprise_id", "SOURCES"), ("p", "receptor_id", "PARCELS")):
    session.read_parquet(path).to_view(f"{name}0")
    shape = "ST_Transform(geometry, 'EPSG:4547')"
    session.sql(f"SELECT {key}, {shape} AS g FROM {name}0").to_memtable().to_view(name)
session.sql(
    "SELECT s.enterprise_id AS source_id, p.receptor_id FROM p JOIN s ON ST_DWithin(p.g, s.g, 10000.0)"
).to_parquet("OUT", single_file_output=True)
"""
"""Processes that import nothing else; the queries are those of peers.py."""


def suffix_of(name: str) -> str:
    """Return the format that a contender reads."""
    return next((suffix for suffix in ("gpkg", "shp") if name.endswith(f"-{suffix}")), "parquet")


def command_of(name: str, folder: Path) -> list[str]:
    """Return the command of a contender."""
    suffix, out = suffix_of(name), str(folder / f"out-{name}.parquet")
    parcels = str(folder / f"parcels.{suffix}")
    if name.startswith("hmgeo"):
        files = ["--sources", str(folder / "sources.csv"), "--receptors", parcels]
        return [str(Path(sys.executable).with_name("hmgeo")), "pairs", *files, "--radius", "10km", "--out", out]
    if name.startswith(("duckdb", "sedonadb")):
        is_duckdb = name.startswith("duckdb")
        key = "parcel_id" if suffix == "shp" else "receptor_id"
        read = f"(SELECT {key} AS receptor_id, geom AS geometry FROM ST_Read('{parcels}'))"
        if suffix == "parquet":
            read = f"'{parcels}'"
        words = {"SOURCES": str(folder / "sources.parquet"), "PARCELS": read if is_duckdb else parcels, "OUT": out}
        code = DUCKDB if is_duckdb else SEDONADB
        for word, meant in words.items():
            code = code.replace(word, meant)
        return [sys.executable, "-c", code]
    return [sys.executable, str(HERE / "peers.py"), name, str(folder)]


LAUNCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""
"""Starts a contender from a small process: the peak that Linux gives of a child is never below its parent's size."""


def run_whole(name: str, folder: Path) -> dict[str, Any]:
    """Run a contender once; return CPU seconds, peak MB, and why it failed where it did."""
    out = folder / f"out-{name}.parquet"
    out.unlink(missing_ok=True)
    if name.startswith("postgis"):
        try:
            return postgis.whole(folder, out)
        except (OSError, RuntimeError, subprocess.CalledProcessError, ValueError) as fault:
            return {"failed": str(fault)[-200:]}
    command = [sys.executable, "-I", "-S", "-c", LAUNCH, *command_of(name, folder)]
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}  # as a user's shell
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)  # noqa: S603 -- own commands
    code, cpu_s, memory_mb = done.stdout.split()
    if int(code):
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    return {"cpu_s": float(cpu_s), "memory_mb": float(memory_mb)}


def measure(folder: Path, names: list[str], repeats: int) -> dict[str, Any]:
    """Run all in turn, so that a busy machine hits all alike; return medians, and wrong pairs against hmgeo's."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            if not any("failed" in run for run in runs[name]):
                runs[name].append(run_whole(name, folder))
    exact = pair_keys(folder / "out-hmgeo.parquet")
    results: dict[str, Any] = {}
    for name in names:
        failed = [run for run in runs[name] if "failed" in run]
        if failed:
            results[name] = failed[0]
            continue
        found = pair_keys(folder / f"out-{name}.parquet")
        medians = {key: statistics.median(run[key] for run in runs[name]) for key in ("cpu_s", "memory_mb")}
        spread = [round(run["cpu_s"], 2) for run in runs[name]]
        results[name] = {**medians, "pairs": len(found), "wrong": wrong_pairs(found, exact), "runs": spread}
    return results


def table_of(results: dict[str, Any]) -> str:
    """Return the table as Markdown."""
    own = results["hmgeo"]["cpu_s"]
    lines = ["| contender | CPU s | × hmgeo | peak MB | pairs | wrong |", "|---|---:|---:|---:|---:|---:|"]
    for name, run in results.items():
        if "failed" in run:
            lines.append(f"| {name} | not run: {run['failed']} | | | | |")
            continue
        lines.append(
            f"| {name} | {run['cpu_s']:.2f} | {run['cpu_s'] / own:.2f} | {run['memory_mb']:,.0f} "
            f"| {run['pairs']:,} | {run['wrong']:,} |"
        )
    return "\n".join(lines)


def draw(sizes: dict[str, dict[str, Any]], out: Path) -> None:
    """Draw what the table tells: CPU seconds and peak memory of each contender by size."""
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "hmgeo"
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name in dict.fromkeys(name for results in sizes.values() for name in results):
        ran = {size: results[name] for size, results in sizes.items() if "cpu_s" in results.get(name, {})}
        for axis, key in zip(axes, ("cpu_s", "memory_mb"), strict=True):
            axis.semilogy(list(ran), [run[key] for run in ran.values()], marker="o", label=name)
    axes[0].set(ylabel="CPU s, whole process")
    axes[1].set(ylabel="peak MB")
    axes[1].legend(frameon=False, fontsize=7)
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    """Measure the sizes asked for and print their tables."""
    parser = argparse.ArgumentParser(description="Measure whole processes on plain files.")
    parser.add_argument("sizes", nargs="+")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(CONTENDERS))
    parser.add_argument("--plot", type=Path, default=HERE / "plain.svg")
    asked = parser.parse_args()
    print(versions())
    measured: dict[str, dict[str, Any]] = {}
    for size in asked.sizes:
        folder = write_plain(asked.data / size)
        run_whole("hmgeo", folder)  # what the first use compiles is not a user's daily cost
        results = measured[size] = measure(folder, asked.only, asked.repeats)
        (folder / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        checked = check_exact(asked.data / size, folder / "out-hmgeo.parquet")
        print(f"\n{size}, load {os.getloadavg()[0]:.1f}; {checked}\n{table_of(results)}", flush=True)
    draw(measured, asked.plot)


if __name__ == "__main__":
    main()
