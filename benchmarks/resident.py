"""Single questions to 100,000 polygons kept in memory: hmgeo's resident index beside a prepared STRtree.

    python benchmarks/resident.py --data benchmarks/data

Microseconds of wall time for one question, the median of 400 places near parcels, both in the same process and asked
in turn, kind by kind. The tree holds prepared planar geometries (EPSG:4547) and is given a ready planar point, so it
neither projects nor answers on the ellipsoid; hmgeo does both.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer

from hmgeo.analysis.engine.resident import ResidentIndex
from hmgeo.layers.stream import stream_receptors
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POLYGONS, QUESTIONS = 100_000, 400
SPREAD_DEG = 0.003
TARGETS_US = {"within 1 km": 50.0, "within 10 km": 500.0, "nearest": 50.0}


def timed_us(ask: Callable[[], object]) -> float:
    """Return the microseconds that one question takes."""
    begun = time.perf_counter_ns()
    ask()
    return (time.perf_counter_ns() - begun) / 1_000


def main() -> None:
    """Ask both and print the table."""
    parser = argparse.ArgumentParser(description="Measure single questions.")
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"))
    folder = parser.parse_args().data / "city"
    layer = stream_receptors(
        folder / "parcels.parquet", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, fingerprint=False
    )
    table = layer.read().slice(0, POLYGONS)
    held = replace(layer, open_batches=table.to_batches)
    begun = time.perf_counter()
    index = ResidentIndex(held)
    built_s = time.perf_counter() - begun
    shapes = shapely.from_wkb(table["geometry"].to_numpy())
    middles = shapely.get_coordinates(shapely.centroid(shapes))
    random = np.random.default_rng(3)
    places = middles[random.integers(0, len(middles), QUESTIONS)] + random.normal(0, SPREAD_DEG, (QUESTIONS, 2))
    project = Transformer.from_crs(4490, 4547, always_xy=True)
    planar = shapely.transform(shapes, lambda xy: np.column_stack(project.transform(*xy.T)))
    shapely.prepare(planar)
    tree = shapely.STRtree(planar)
    points = shapely.points(np.column_stack(project.transform(*places.T)))

    def questions(i: int) -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
        lon, lat = places[i].tolist()
        point = points[i]
        return {
            "within 1 km": (
                lambda: index.within(lon, lat, 1_000.0),
                lambda: tree.query(point, predicate="dwithin", distance=1_000.0),
            ),
            "within 10 km": (
                lambda: index.within(lon, lat, 10_000.0),
                lambda: tree.query(point, predicate="dwithin", distance=10_000.0),
            ),
            "nearest": (lambda: index.nearest(lon, lat), lambda: tree.nearest(point)),
        }

    taken: dict[str, list[Floats]] = {name: [] for name in questions(0)}
    for name, asked in taken.items():
        for side in (0, 1, 0, 1):  # in turn, so that a busy machine hits both alike
            asked.append(np.array([timed_us(questions(i)[name][side]) for i in range(QUESTIONS)]))
    print(f"{len(table):,} polygons, laid out in {built_s:.2f} s (compiling included on a machine's first use)")
    print("| question | hmgeo us | wanted | prepared STRtree us | times faster |\n|---|---:|---:|---:|---:|")
    for name, asked in taken.items():
        own_us, tree_us = (float(np.median(np.concatenate(asked[side::2]))) for side in (0, 1))
        print(f"| {name} | {own_us:.1f} | {TARGETS_US[name]:g} | {tree_us:.1f} | {tree_us / own_us:.1f} |")


if __name__ == "__main__":
    main()
