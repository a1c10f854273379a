"""All contenders on the same files in the same run: CPU seconds, memory, and how many pairs each gets wrong.

    python benchmarks/run.py city province --data benchmarks/data --repeats 3

Each run is a process of its own (see peers.py); the median counts. The exact answer is hmgeo's once it has been
checked: 5,000 sampled pairs and every pair within 0.5 m of the limit against the brute-force reference of
tests/oracle.py, which shares no code with hmgeo. Writes `results-<size>.json` into the data folder and prints the
table of README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

PACKAGES = ("hmgeo", "duckdb", "sedonadb", "geopandas", "shapely", "pyarrow", "numba", "rtree", "pyproj")
ORDER = (
    "hmgeo",
    "hmgeo-aggregate",
    "duckdb",
    "sedonadb",
    "geopandas-dwithin",
    "geopandas-buffer",
    "shapely-strtree",
    "rtree",
    "postgis-projected",
    "postgis-geography",
)
SAMPLES = 5_000
NEAR_M = 0.5
RADIUS_M = 10_000.0


def run_once(name: str, folder: Path, timeout_s: float) -> dict[str, Any]:
    """Run a contender in its own process and return what it printed, or why it could not run."""
    command = [sys.executable, str(HERE / "peers.py"), name, str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)  # noqa: S603 -- own commands
    except subprocess.TimeoutExpired:
        return {"failed": f"over {timeout_s:g} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def pair_keys(path: Path) -> NDArray[np.int64]:
    """Return every pair of a result as one number, sorted: the digits of both ids."""
    table = pq.read_table(path, columns=["source_id", "receptor_id"])
    digits = [
        pc.cast(pc.utf8_slice_codeunits(table[name].cast("string"), 1), "int64").to_numpy()
        for name in table.column_names
    ]
    return np.sort(digits[0] * 10**9 + digits[1])


def wrong_pairs(found: NDArray[np.int64], exact: NDArray[np.int64]) -> int:
    """Return how many pairs are on the wrong side of the limit, in or out."""
    return len(np.setxor1d(found, exact))


def check_exact(folder: Path, pairs: Path) -> dict[str, float]:
    """Check hmgeo's pairs against brute force; radius 10,000.5 m brings in what it left out near the limit."""
    import oracle
    from peers import PARCELS, positions

    from hmgeo.intake.formats.packed import stream_receptors
    from hmgeo.project.pairs.file import CodedPairsSink
    from hmgeo.proximity.measure import measure_proximity
    from hmgeo.vocabulary import Basis, LayerKind

    wide = folder / "out-wide.parquet"
    layer = stream_receptors(folder / PARCELS, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, fingerprint=False)
    with CodedPairsSink(wide) as sink:
        measure_proximity(positions(folder), layer, radii_m=[RADIUS_M + NEAR_M], pairs=sink)
    table = pq.read_table(wide)
    metres = table["distance_m"].to_numpy()
    near = np.flatnonzero(np.abs(metres - RADIUS_M) <= NEAR_M)
    sample = np.random.default_rng(1).choice(len(metres), min(SAMPLES, len(metres)), replace=False)
    chosen = np.concatenate([sample, near])
    shapes = _shapes(folder, table["receptor_id"].take(chosen).unique().to_pylist())
    sources = pq.read_table(folder / "sources.parquet")
    points = dict(
        zip(sources["enterprise_id"].to_pylist(), shapely.from_wkb(sources["geometry"].to_numpy()), strict=True)
    )
    worst = wrong = 0
    exact_keys = pair_keys(pairs)
    for row in chosen:
        source, receptor = table["source_id"][int(row)].as_py(), table["receptor_id"][int(row)].as_py()
        exact_m = oracle.distance_m(points[source].x, points[source].y, shapes[receptor])
        worst = max(worst, abs(exact_m - metres[row]))
        key = int(source[1:]) * 10**9 + int(receptor[1:])
        at = np.searchsorted(exact_keys, key)
        held = bool(at < len(exact_keys) and exact_keys[at] == key)
        wrong += held != (round(exact_m, 4) <= RADIUS_M)
    return {"checked": len(chosen), "near": len(near), "worst_error_m": float(worst), "wrong": int(wrong)}


def _shapes(folder: Path, ids: list[str]) -> dict[str, Any]:
    wanted = set(ids)
    held = {}
    for batch in pq.ParquetFile(folder / "parcels.parquet").iter_batches(columns=["receptor_id", "geometry"]):
        names = batch.column(0).to_pylist()
        rows = [i for i, name in enumerate(names) if name in wanted]
        held.update({names[i]: shapely.from_wkb(batch.column(1)[i].as_py()) for i in rows})
    return held


def measure_size(folder: Path, names: list[str], repeats: int, timeout_s: float) -> dict[str, Any]:
    """Run all contenders, in turn so that a busy machine hits all alike."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for _ in range(repeats):
        for name in names:
            if not any("failed" in run for run in runs[name]):
                runs[name].append(run_once(name, folder, timeout_s))
    exact = pair_keys(folder / "out-hmgeo.parquet")
    results: dict[str, Any] = {}
    for name in names:
        failed = next((run["failed"] for run in runs[name] if "failed" in run), "")
        if failed:
            results[name] = {"failed": failed}
            continue
        median = {
            key: statistics.median(run[key] for run in runs[name]) for key in ("cpu_s", "wall_s", "memory_mb", "rows")
        }
        out = folder / f"out-{name}.parquet"
        wrong = wrong_pairs(pair_keys(out), exact) if name != "hmgeo-aggregate" else 0
        results[name] = {**median, "wrong": wrong, "runs": [run["cpu_s"] for run in runs[name]]}
    return {"contenders": results, "check": check_exact(folder, folder / "out-hmgeo.parquet"), "load": os.getloadavg()}


def table_of(results: dict[str, Any]) -> str:
    """Return the table as Markdown."""
    own = results["contenders"]["hmgeo"]
    lines = [
        "| contender | CPU s | × hmgeo | wall s | peak MB | pairs | wrong |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, run in results["contenders"].items():
        if "failed" in run:
            lines.append(f"| {name} | not run: {run['failed']} | | | | | |")
            continue
        pairs = "" if name == "hmgeo-aggregate" else f"{int(run['rows']):,}"
        lines.append(
            f"| {name} | {run['cpu_s']:.2f} | {run['cpu_s'] / own['cpu_s']:.1f} | {run['wall_s']:.2f} "
            f"| {run['memory_mb']:.0f} | {pairs} | {run['wrong']:,} |"
        )
    return "\n".join(lines)


def versions() -> str:
    """Return the versions of everything that ran."""
    held = []
    for name in PACKAGES:
        try:
            held.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            held.append(f"{name} not installed")
    return ", ".join(held)


def main() -> None:
    """Run the sizes asked for and print their tables."""
    parser = argparse.ArgumentParser(description="Measure the distance engine against its peers.")
    parser.add_argument("sizes", nargs="+")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=600.0)
    parser.add_argument("--only", nargs="*", default=list(ORDER))
    asked = parser.parse_args()
    print(versions())
    for size in asked.sizes:
        folder = asked.data / size
        results = measure_size(folder, [name for name in ORDER if name in asked.only], asked.repeats, asked.timeout)
        (folder / f"results-{size}.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
        print(f"\n{size}: {results['check']}\n{table_of(results)}")


if __name__ == "__main__":
    main()
