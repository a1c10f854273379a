"""Water on a large grid: hmgeo against pyflwdir's own calls on the same heights, and what a grid too large comes to.

    python benchmarks/flow.py [--cells 4000] [--large 20000] [--repeats 3] [--work DIR]

Seeded ground: valleys cut by running water on a coarse grid (stream power: uplift against incision by the root of the
area upstream), drawn finer, with fractal roughness and half a metre of noise on top, in whole decimetres: ridges,
joined valleys, and the many small pits and flats of a real grid. Every contender runs in a process of its own, in turn,
reads the same file of heights, is warmed up on a small grid (imports, compiled code) before the clock starts, and
answers the same 1,000 points: the way downhill for 20 km and the area upstream. CPU seconds are the process's own (all
threads); the median of the repeats counts, and the ratio within one run, not the seconds.

The large grid (an int16 GeoTIFF in tiles, the same ground mirrored) is asked for slope, relief and flow.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hmgeo.records import Raster

    Heights = NDArray[np.float32]

SEED = 8
CELL_M = 30.0
COARSE = 400
UPLIFTS, UPLIFT_M = 60, 12.0
POINTS = 1_000
REACH_M, NEAR_M = 20_000.0, 5_000.0
WARM = 60
RELIEF_WINDOW_M = 2_000.0
VOID = -32768
SMALL, LARGE = "heights.npy", "large.tif"


def valleys(cells: int) -> Heights:
    """Return (cells, cells) heights in metres of a land that rivers have cut, tilted to one side."""
    import pyflwdir

    random = np.random.default_rng(SEED)
    cell_m = CELL_M * cells / COARSE
    heights = random.random((COARSE, COARSE), np.float32) + np.linspace(50, 0, COARSE, dtype=np.float32)[:, None]
    for _ in range(UPLIFTS):
        heights += UPLIFT_M
        heights[-1] = 0.0
        water = pyflwdir.from_dem(heights, nodata=-9999.0)
        area_km2 = water.upstream_area(unit="cell") * cell_m**2 / 1e6
        below = heights.reshape(-1)[water.idxs_ds].reshape(heights.shape)
        # An implicit step, stable however strong the incision is.
        strength = 0.05 * np.sqrt(area_km2)
        heights = ((heights + strength * below) / (1.0 + strength)).astype(np.float32)
    fine = ndimage.zoom(heights, cells / COARSE, order=3, mode="nearest", grid_mode=True)[:cells, :cells]
    rough = _fractal(cells, random)
    noise = random.normal(0.0, 0.5, fine.shape).astype(np.float32)
    made: Heights = np.round((fine + 4.0 * rough + noise) * 10).astype(np.float32) / np.float32(10)
    return made


def _fractal(cells: int, random: np.random.Generator) -> Heights:
    """Return fractal roughness of unit deviation, whose strength falls with the square of the frequency."""
    waves = np.fft.rfft2(random.normal(size=(cells, cells)).astype(np.float32))
    frequency = np.hypot(np.fft.fftfreq(cells)[:, None], np.fft.rfftfreq(cells)[None, :])
    frequency[0, 0] = 1.0
    rough = np.fft.irfft2(waves / np.maximum(frequency, 1 / 200) ** 2, s=(cells, cells))
    scaled: Heights = (rough / rough.std()).astype(np.float32)
    return scaled


def raster_of(heights: Heights) -> Raster:
    """Return heights as the raster that hmgeo reads, one window for each 256 rows."""
    from rasterio.windows import Window

    from hmgeo.records import Provenance, Raster
    from hmgeo.vocabulary import Basis

    def windows() -> Iterator[tuple[Any, Any]]:
        for row in range(0, len(heights), 256):
            part = heights[row : row + 256]
            yield Window(0, row, part.shape[1], len(part)), np.ma.masked_invalid(part)

    transform = (CELL_M, 0.0, 500_000.0, 0.0, -CELL_M, 2_600_000.0)
    return Raster("dem", Basis.SYNTHETIC, Provenance("dem"), "EPSG:4547", transform, *heights.shape, windows)


def hmgeo(heights: Heights, points: NDArray[np.int64]) -> dict[str, float]:
    """Condition, direct, accumulate and ask by hmgeo; catchments are asked on top."""
    from hmgeo.water.grid import ClosedBasins, Conditioning, flow_grid

    start = time.process_time()
    grid = flow_grid(raster_of(heights), Conditioning(ClosedBasins.BREACH))
    made = time.process_time()
    way_m = [float(grid.path(int(cell), REACH_M)[1][-1]) for cell in points]
    area_ha = [grid.area_ha(int(cell)) for cell in points]
    asked = time.process_time()
    upstream = [len(grid.catchment(points[at : at + 1], NEAR_M)[0]) for at in range(len(points))]
    ended = time.process_time()
    return {
        "grid_s": made - start,
        "points_s": asked - made,
        "catchments_s": ended - asked,
        "mean_way_m": float(np.mean(way_m)),
        "mean_area_ha": float(np.mean(area_ha)),
        "mean_upstream_cells": float(np.mean(upstream)),
        "closed_basins": len(grid.basins),
    }


def pyflwdir(heights: Heights, points: NDArray[np.int64]) -> dict[str, float]:
    """Do the same by pyflwdir's own calls as its documentation has them."""
    import pyflwdir as peer
    from affine import Affine

    at = Affine(CELL_M, 0.0, 500_000.0, 0.0, -CELL_M, 2_600_000.0)
    start = time.process_time()
    filled, directions = peer.dem.fill_depressions(heights, nodata=VOID)
    flow = peer.from_array(directions, ftype="d8", transform=at, latlon=False)
    area_ha = flow.upstream_area(unit="ha").reshape(-1)
    made = time.process_time()
    # affine 3 is no tuple any more, which pyflwdir's compiled code takes it for.
    flow.transform = tuple(at)
    _, way_m = flow.path(idxs=points, max_length=REACH_M, unit="m")
    mean_area_ha = float(area_ha[points].mean())
    asked = time.process_time()
    return {
        "grid_s": made - start,
        "points_s": asked - made,
        "mean_way_m": float(np.mean(way_m)),
        "mean_area_ha": mean_area_ha,
        "raised_cells": int((filled > heights).sum()),
    }


CONTENDERS = {"hmgeo": hmgeo, "pyflwdir": pyflwdir}
PARTS = (*CONTENDERS, "make", "large")


def contender(name: str, path: Path) -> dict[str, float]:
    """Warm up, ask, and return seconds and peak memory of this process."""
    ask = CONTENDERS[name]
    random = np.random.default_rng(SEED)
    ask(random.random((WARM, WARM), np.float32), np.arange(5))
    heights: Heights = np.load(path)
    row, column = random.integers(heights.shape[0] // 20, heights.shape[0] * 19 // 20, (2, POINTS))
    before = peak_mb()
    found = ask(heights, row * heights.shape[1] + column)
    return found | {"before_mb": before, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_large(path: Path, heights: Heights, cells: int) -> None:
    """Write the same ground mirrored over and over as an int16 GeoTIFF in compressed tiles."""
    import rasterio
    from affine import Affine
    from rasterio.windows import Window

    whole = np.round(heights).astype(np.int16)
    side = len(whole)
    at = Affine(CELL_M, 0.0, 500_000.0, 0.0, -CELL_M, 2_600_000.0)
    form = {"driver": "GTiff", "dtype": "int16", "count": 1, "tiled": True, "compress": "deflate", "zlevel": 1}
    with rasterio.open(path, "w", **form, height=cells, width=cells, crs="EPSG:4547", transform=at, nodata=VOID) as out:
        for row in range(0, cells, side):
            for column in range(0, cells, side):
                part = whole[:: 1 - row // side % 2 * 2, :: 1 - column // side % 2 * 2]
                part = part[: cells - row, : cells - column]
                out.write(part, 1, window=Window(column, row, part.shape[1], part.shape[0]))


def make(folder: Path, cells: int, large_cells: int) -> dict[str, float]:
    """Write both grids. In a process of its own: a child counts the memory its parent had when it was started."""
    heights = valleys(cells)
    np.save(folder / SMALL, heights)
    if large_cells:
        write_large(folder / LARGE, heights, large_cells)
    return {"lowest_m": float(heights.min()), "highest_m": float(heights.max())}


def large(path: Path) -> dict[str, Any]:
    """Ask a grid larger than memory for slope and relief by strips, then for flow; say what came of it."""
    from hmgeo.errors import InputError
    from hmgeo.geo.raster import frame_of, strips
    from hmgeo.intake.formats.raster import load_elevation
    from hmgeo.terrain.slope import ReliefScheme, relief_measure, slope_measure
    from hmgeo.vocabulary import Basis
    from hmgeo.water.grid import ClosedBasins, Conditioning, flow_grid

    raster, _ = load_elevation(path, basis=Basis.SYNTHETIC)
    found: dict[str, Any] = {"before_mb": peak_mb()}
    start = time.process_time()
    try:
        flow_grid(raster, Conditioning(ClosedBasins.BREACH))
    except InputError as refused:
        found |= {"refused": str(refused)}
    found |= {"refused_s": time.process_time() - start, "refused_mb": peak_mb()}
    start = time.process_time()
    slope, relief = slope_measure(frame_of(raster)), relief_measure(frame_of(raster), ReliefScheme(RELIEF_WINDOW_M))
    rows = sum(len(strip.inner(slope.of(strip.heights))) for strip in strips(raster, slope.halo[0]))
    found |= {"slope_rows": rows, "slope_s": time.process_time() - start, "slope_mb": peak_mb()}
    start = time.process_time()
    rows = sum(len(strip.inner(relief.of(strip.heights))) for strip in strips(raster, relief.halo[0]))
    return found | {"relief_rows": rows, "relief_s": time.process_time() - start, "relief_mb": peak_mb()}


def process(*arguments: str) -> dict[str, Any]:
    """Run a part in a process of its own and return what it found."""
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- own process
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(folder: str, repeats: int) -> None:
    """Run the contenders in turn and print medians and ratios."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
    for _ in range(repeats):
        for name, done in runs.items():
            done.append(process("--part", name, "--work", folder))
            print(f"{name}: {json.dumps(done[-1])}", flush=True)
    middle = {
        name: {key: float(np.median([one[key] for one in done])) for key in done[0]} for name, done in runs.items()
    }
    for name, found in middle.items():
        asked_s = found["grid_s"] + found["points_s"]
        print(
            f"{name:9} grid {found['grid_s']:.2f} s, points {found['points_s']:.3f} s, together {asked_s:.2f} s, "
            f"peak {found['peak_mb']:.0f} MB"
        )
    ours, theirs = (found["grid_s"] + found["points_s"] for found in middle.values())
    print(f"hmgeo / pyflwdir {ours / theirs:.2f}; load average {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure and print; or be one of the processes measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=4_000)
    parser.add_argument("--large", type=int, default=20_000, help="rows and columns of the large grid; 0 leaves it out")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--work", type=Path, help="where the grids are written; default a folder that is removed")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.part:
        print(json.dumps(part(given), ensure_ascii=False))
        return
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        sizes = ("--work", folder, "--cells", str(given.cells), "--large", str(given.large))
        made = process("--part", "make", *sizes)
        print(f"{given.cells} x {given.cells} cells, {made['lowest_m']:.1f} to {made['highest_m']:.1f} m", flush=True)
        compare(folder, given.repeats)
        if given.large:
            for key, value in process("--part", "large", "--work", folder).items():
                print(f"large {key}: {value}")


def part(given: argparse.Namespace) -> dict[str, Any]:
    """Be one of the processes."""
    if given.part == "make":
        return make(given.work, given.cells, given.large)
    if given.part == "large":
        return large(given.work / LARGE)
    return contender(given.part, given.work / SMALL)


if __name__ == "__main__":
    main()
