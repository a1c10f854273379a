"""How cost and memory grow with the ground: hmgeo on every size, DuckDB where it is given time, whole processes too.

    python benchmarks/sizes.py city province huge --data benchmarks/data

Writes `sizes.json` into the data folder and `scaling.svg` beside this file (`--plot FILE` elsewhere), and prints the
table of README.md: CPU seconds from files to pairs file after imports, peak memory, the exponent of the cost in parcels
from the smallest to the largest size that ran, and what a country would take, by the largest that ran both ways.
`whole` is a process from start to end, imports and reading of the sources' table included: `hmgeo pairs`, and
`peers.py duckdb`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from run import HERE, run_once

COUNTRY_PARCELS, COUNTRY_SOURCES = 295_000_000, 14_000
GROUND_KM2, RADIUS_KM = 9_600_000, 10.0


def whole_cpu_s(command: list[str]) -> float:
    """Return the CPU seconds of a process and its children, from start to end."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- own commands
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def measure(folder: Path, timeout_s: float) -> dict[str, Any]:
    """Run hmgeo and DuckDB on one size, and both as whole processes."""
    made: dict[str, Any] = {"parcels": pq.read_metadata(folder / "parcels.parquet").num_rows}
    made["sources"] = pq.read_metadata(folder / "sources.parquet").num_rows
    for name in ("hmgeo", "hmgeo-aggregate", "duckdb"):
        made[name] = run_once(name, folder, timeout_s)
    if "failed" not in made["duckdb"]:
        with tempfile.TemporaryDirectory() as temporary:
            files = ["--sources", str(folder / "sources.csv"), "--receptors", str(folder / "parcels.parquet")]
            out = ["--out", str(Path(temporary) / "pairs.parquet")]
            made["whole hmgeo"] = whole_cpu_s([str(Path(sys.executable).with_name("hmgeo")), "pairs", *files, *out])
            made["whole duckdb"] = whole_cpu_s([sys.executable, str(HERE / "peers.py"), "duckdb", str(folder)])
    return made


def exponent(sizes: list[dict[str, Any]]) -> float:
    """Return the power of the number of parcels by which the cost grows, from the smallest size to the largest."""
    first, last = sizes[0], sizes[-1]
    grown = last["hmgeo"]["cpu_s"] / first["hmgeo"]["cpu_s"]
    return math.log(grown) / math.log(last["parcels"] / first["parcels"])


def country(size: dict[str, Any]) -> str:
    """Work out a country from what a size cost for each parcel and each pair.

    Aggregates cost next to nothing for a pair, so what is beyond them is put down to pairs. Sources stand where
    farmland is: the density of parcels around them is taken as three times the country's mean.
    """
    own, bare = size["hmgeo"], size["hmgeo-aggregate"]
    pair_s = (own["cpu_s"] - bare["cpu_s"]) / own["rows"]
    parcel_s = bare["cpu_s"] / size["parcels"]
    pairs = 3 * COUNTRY_PARCELS / GROUND_KM2 * math.pi * RADIUS_KM**2 * COUNTRY_SOURCES
    seconds = COUNTRY_PARCELS * parcel_s + pairs * pair_s
    return (
        f"{parcel_s * 1e9:.0f} ns a parcel, {pair_s * 1e9:.0f} ns a pair: {COUNTRY_PARCELS:,} parcels x "
        f"{COUNTRY_SOURCES:,} sources, {pairs:,.0f} pairs: {seconds / 60:.0f} CPU minutes, "
        f"{pairs * 11.3 / 1e9:.1f} GB of pairs from {COUNTRY_PARCELS * 285 / 1e9:.0f} GB of parcels"
    )


def draw(sizes: list[dict[str, Any]], out: Path) -> None:
    """Draw cost and memory over parcels."""
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "hmgeo"
    figure, (cost, memory) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name in ("hmgeo", "hmgeo-aggregate", "duckdb"):
        ran = [size for size in sizes if "failed" not in size[name]]
        parcels = [size["parcels"] for size in ran]
        cost.loglog(parcels, [size[name]["cpu_s"] for size in ran], marker="o", label=name)
        memory.semilogx(parcels, [size[name]["memory_mb"] for size in ran], marker="o", label=name)
    cost.set(xlabel="parcels", ylabel="CPU s, files to pairs file")
    memory.set(xlabel="parcels", ylabel="peak MB")
    memory.axhline(600, color="grey", linewidth=0.8, linestyle="--")
    cost.legend(frameon=False)
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    """Measure the sizes asked for, print the table, draw the plot."""
    parser = argparse.ArgumentParser(description="How cost and memory grow.")
    parser.add_argument("sizes", nargs="+")
    parser.add_argument("--data", type=Path, default=HERE / "data")
    parser.add_argument("--timeout", type=float, default=300.0)
    parser.add_argument("--plot", type=Path, default=HERE / "scaling.svg")
    asked = parser.parse_args()
    sizes = [measure(asked.data / name, asked.timeout) for name in asked.sizes]
    (asked.data / "sizes.json").write_text(json.dumps(sizes, indent=1), encoding="utf-8")
    print("| parcels x sources | pairs | hmgeo CPU s | MB | aggregates CPU s | MB | DuckDB CPU s | MB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for size in sizes:
        cells = [f"{size['parcels']:,} x {size['sources']:,}", f"{size['hmgeo'].get('rows', 0):,}"]
        for name in ("hmgeo", "hmgeo-aggregate", "duckdb"):
            run = size[name]
            cells += [run["failed"], ""] if "failed" in run else [f"{run['cpu_s']:.2f}", f"{run['memory_mb']:.0f}"]
        print(f"| {' | '.join(cells)} |")
    for size in sizes:
        if "whole hmgeo" in size:
            own, other = size["whole hmgeo"], size["whole duckdb"]
            print(f"whole process, {size['parcels']:,}: {own:.2f} s, DuckDB {other:.2f} s, {other / own:.1f} times")
    if len(ran := [size for size in sizes if "failed" not in size["hmgeo"]]) > 1:
        print(f"cost grows with parcels to the power of {exponent(ran):.3f}; load {os.getloadavg()}")
    if both := [size for size in ran if "failed" not in size["hmgeo-aggregate"]]:
        print(country(both[-1]))
    draw(sizes, asked.plot)


if __name__ == "__main__":
    main()
