"""How big, how soon ready, how smooth: the map page beside a plain folium page on the same invented data.

    python benchmarks/map/measure.py                 # all nine sizes, about ten minutes
    python benchmarks/map/measure.py 60x2000 1500x200000

Needs Chromium (HMGEO_CHROMIUM, or on the path) and playwright. Every page opens from a file with the network refused;
the libraries that the plain page asks of a CDN are handed to it from the package. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import tempfile
import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from playwright.sync_api import sync_playwright

from hmgeo.outputs.map import assets
from hmgeo.outputs.map.page import write_map
from hmgeo.records import Gates, Ledger, Provenance
from hmgeo.results.columns import COUNTS_SCHEMA, FINDINGS_SCHEMA, RECEPTORS_SCHEMA, SOURCES_SCHEMA
from hmgeo.results.results import Presentation, Results
from hmgeo.results.used import LayerUsed
from hmgeo.vocabulary import Basis, Classification, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, CDPSession, Page

SEED = 20261121
CLASSES = ("优先保护类", "安全利用类", "严格管控类", "未划分")
COLOURS = dict(zip(CLASSES, ("#009E73", "#F0E442", "#D55E00", "#BDBDBD"), strict=True))
RADII_M = (1000.0, 2000.0, 3000.0, 5000.0, 10000.0)
SIZES = [(sources, parcels) for parcels in (2_000, 20_000, 200_000) for sources in (60, 400, 1_500)]
PLAIN_UP_TO = 20_000
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome")
PAN_MS = 2000
ROUNDS = 3
"""The best counts: the machine is shared, and others' work takes frames away."""
OPENED_MS = 60_000
NOTE_READY = """
new MutationObserver(function () {
  if (!window.readyAt && document.documentElement.getAttribute("data-ready")) { window.readyAt = performance.now(); }
}).observe(document, { attributes: true, subtree: true });
"""
PAN = """
(map, ms) => new Promise(done => {
  let frames = 0, longest = 0, start = performance.now(), last = start;
  function step(now) {
    longest = Math.max(longest, now - last); last = now; frames += 1;
    map._rawPanBy(L.point(Math.floor(frames / 60) % 2 ? -9 : 9, Math.round(3 * Math.cos(frames / 40))));
    map.fire("move");  // what dragging does in every frame; letting go comes once in 60
    if (frames % 60 === 0) { map.fire("moveend"); }
    if (now - start < ms) { requestAnimationFrame(step); } else { done([1000 * frames / (now - start), longest]); }
  }
  requestAnimationFrame(step);
})
"""


def parcels_of(count: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Return star-shaped parcels of 7 to 14 corners and about 0.3 ha, in clusters within a county of 50 km."""
    centres = rng.uniform([112.8, 23.4], [113.3, 23.9], (max(20, count // 400), 2))
    at = centres[rng.integers(len(centres), size=count)] + rng.normal(0, 0.006, (count, 2))
    corners = rng.integers(7, 15, count)
    owner = np.repeat(np.arange(count), corners)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(corners) - corners, corners)
    angle = 2 * np.pi * place / corners[owner]
    reach = 0.0003 * rng.uniform(0.6, 1.4, len(owner))
    xy = at[owner] + np.column_stack([np.cos(angle) * reach, 0.9 * np.sin(angle) * reach])
    rings = shapely.linearrings(xy, indices=owner)
    return np.asarray(shapely.polygons(rings))


def table(rows: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Return a table of a schema; columns that aren't given are null."""
    count = len(next(iter(rows.values())))
    columns = [pa.array(list(rows.get(name, [None] * count)), schema.field(name).type) for name in schema.names]
    return pa.Table.from_arrays(columns, schema=schema)


def results_of(source_count: int, parcel_count: int) -> Results:
    """Return invented results whose page carries as much as a real one."""
    rng = np.random.default_rng(SEED)
    shapes = parcels_of(parcel_count, rng)
    points = shapely.points(rng.uniform([112.85, 23.45], [113.25, 23.85], (source_count, 2)))
    tree = shapely.STRtree(shapes)
    nearest = tree.nearest(points)
    ids = [f"441802{index:013d}" for index in range(parcel_count)]
    names = [f"Q{index:05d}" for index in range(source_count)]
    near_source = shapely.STRtree(points).nearest(shapes)
    classes = np.array(CLASSES)[rng.choice(4, parcel_count, p=[0.72, 0.2, 0.03, 0.05])]
    receptors = {
        "receptor_id": ids,
        "receptor_kind": ["farmland"] * parcel_count,
        "name": ["水田"] * parcel_count,
        "class": classes,
        "area_ha": np.round(rng.lognormal(-1.2, 0.5, parcel_count), 4),
        "township": [f"示例镇{index % 12:02d}" for index in range(parcel_count)],
        "source_count": rng.poisson(source_count / 8, parcel_count),
        "nearest_source_id": [names[place] for place in near_source],
        "nearest_source_m": np.round(111_000 * shapely.distance(shapes, points[near_source]), 4),
        "geometry": shapely.to_wkb(shapes),
    }
    sources = {
        "source_id": names,
        "name": [f"示例企业{index}" for index in range(source_count)],
        "status": ["assessed"] * source_count,
        "position_kind": ["point"] * source_count,
        "lon": shapely.get_x(points),
        "lat": shapely.get_y(points),
        "position_uncertainty_m": [10.0] * source_count,
        "nearest_farmland_id": [ids[place] for place in nearest],
        "nearest_farmland_m": np.round(111_000 * shapely.distance(points, shapes[nearest]), 4),
        "radius_m": [10000.0] * source_count,
        "verdict": ["listed"] * source_count,
        "certainty": ["certain"] * source_count,
        "township": [f"示例镇{index % 12:02d}" for index in range(source_count)],
        "counts_are_lower_bounds": [False] * source_count,
        "basis": ["synthetic"] * source_count,
        "geometry": shapely.to_wkb(points),
    }
    findings = {
        "source_id": [name for name in names for _ in range(40)],
        "rule_id": [f"R-{index:02d}" for _ in names for index in range(40)],
        "verdict": [("listed", *["not_assessed"] * 9, *["not_applicable"] * 30)[i] for _ in names for i in range(40)],
        "note": ["示例说明"] * (40 * source_count),
    }
    counts = {
        "source_id": [name for name in names for _ in RADII_M],
        "radius_m": list(RADII_M) * source_count,
        "class": ["all"] * (source_count * len(RADII_M)),
        "count": rng.integers(0, 900, source_count * len(RADII_M)),
        "area_ha": np.round(rng.uniform(0, 300, source_count * len(RADII_M)), 4),
    }
    circles = shapely.buffer(points, 0.09, quad_segs=90)
    gates = Gates(vintage="2024", classification=Classification.PUBLIC)
    return Results(
        title=f"基准测试 {source_count} × {parcel_count}",
        as_of=date(2024, 6, 30),
        area_name="虚构县",
        radius_m=10000.0,
        radii_m=RADII_M,
        sources=table(sources, SOURCES_SCHEMA),
        findings=table(findings, FINDINGS_SCHEMA),
        counts=table(counts, COUNTS_SCHEMA),
        receptors=table(receptors, RECEPTORS_SCHEMA),
        search_areas=pa.table({"source_id": names, "geometry": pa.array(list(shapely.to_wkb(circles)), pa.binary())}),
        ledger=Ledger(()),
        layers=(
            LayerUsed("enterprises", LayerKind.ENTERPRISES, Basis.SYNTHETIC, Provenance("a"), gates, source_count),
            LayerUsed("farmland", LayerKind.FARMLAND, Basis.SYNTHETIC, Provenance("b"), gates, parcel_count),
        ),
        screening_rule_id="R-00",
    )


def write_plain(results: Results, path: Path) -> None:
    """Write the page that folium makes of the same parcels and sources, drawn on canvas."""
    frame = results.receptors.select(["receptor_id", "class", "area_ha", "township"]).to_pandas()
    shapes = shapely.from_wkb(results.receptors["geometry"].to_numpy(zero_copy_only=False))
    parcels = gpd.GeoDataFrame(frame, geometry=shapely.set_precision(shapes, 1e-6), crs=4326)
    page = folium.Map(location=[23.65, 113.05], zoom_start=11, tiles=None, prefer_canvas=True, zoom_snap=1)
    folium.GeoJson(
        parcels,
        style_function=lambda feature: {
            "fillColor": COLOURS[feature["properties"]["class"]],
            "color": COLOURS[feature["properties"]["class"]],
            "weight": 1,
        },
        tooltip=folium.GeoJsonTooltip(["receptor_id", "class"]),
    ).add_to(page)
    for row in results.sources.select(["name", "lon", "lat"]).to_pylist():
        folium.CircleMarker([row["lat"], row["lon"]], radius=6, tooltip=row["name"]).add_to(page)
    page.save(str(path))


def write_ours(results: Results, path: Path) -> None:
    """Write hmgeo's page."""
    write_map(results, Presentation(), path)


def hand_over(page: Page) -> None:
    """Answer requests for Leaflet from the package and refuse every other."""

    def answer(route: Any) -> None:
        name = route.request.url.rpartition("/")[2]
        path = f"vendor/leaflet/{name}"
        if path in assets.links().values():
            route.fulfill(
                body=assets.read_bytes(path), content_type="text/css" if name.endswith("css") else "text/javascript"
            )
        else:
            route.abort()

    page.route("http*://**/*", answer)


def measured(browser: Browser, path: Path, *, is_plain: bool, only_open: bool = False) -> dict[str, float]:
    """Open a page and return its numbers; a page that doesn't open in a minute has none."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(OPENED_MS)
    page.add_init_script(NOTE_READY)
    hand_over(page)
    found = {"MB": path.stat().st_size / 1e6}
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    try:
        page.goto(path.as_uri(), timeout=OPENED_MS)
        if is_plain:
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found["ready_s"] = page.evaluate("performance.now()") / 1000
        else:
            page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=OPENED_MS)
            found["ready_s"] = page.evaluate("window.readyAt") / 1000
        found["ready_cpu_s"] = main_thread_cpu_s(session)
        name = page.evaluate("Object.keys(window).filter(key => /^map_/.test(key) && window[key].panBy)[0]")
        for zoom in () if only_open else (11, 14):
            page.evaluate(f"void {name}.setView([23.65, 113.05], {zoom}, {{ animate: false }})")
            page.wait_for_timeout(1500)
            before_s = main_thread_cpu_s(session)
            rounds = [page.evaluate(f"({PAN})({name}, {PAN_MS})") for _ in range(ROUNDS)]
            frames = sum(fps for fps, _ in rounds) * PAN_MS / 1000
            found[f"frame_cpu_ms_z{zoom}"] = 1000 * (main_thread_cpu_s(session) - before_s) / frames
            found[f"fps_z{zoom}"], found[f"longest_ms_z{zoom}"] = max(rounds)
        if not is_plain and not only_open and page.evaluate("hmgeo.page.lots.length"):
            found["click_ms"] = page.evaluate(
                "(() => { const store = hmgeo.page.lots[0].store, start = performance.now();"
                "for (let i = 0; i < 2000; i += 1) { store.hit(112.85 + (i % 50) / 125, 23.45 + i / 5000, 0); }"
                "return (performance.now() - start) / 2000; })()"
            )
    except Exception as fault:  # noqa: BLE001 - whatever a page that is too heavy ends with is the result
        found["failed"] = 1.0
        print(f"<!-- {path.name}: {str(fault)[:200]} -->", flush=True)
    page.close()
    return found


def main_thread_cpu_s(session: CDPSession) -> float:
    """Return the CPU seconds of the page's main thread so far: what other work on the machine doesn't change."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def timed(make: Callable[[], None]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    make()
    return time.perf_counter() - start


def main() -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sizes", nargs="*", help="SOURCESxPARCELS; all nine where nothing is said")
    asked = [tuple(int(part) for part in size.split("x")) for size in parser.parse_args().sizes] or SIZES
    chromium = os.environ.get("HMGEO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)))
    rows = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        for sources, parcels in asked:
            results = results_of(sources, parcels)
            ours, plain = Path(folder) / "ours.html", Path(folder) / "plain.html"
            for name, path, write in (("hmgeo", ours, write_ours), ("folium GeoJson", plain, write_plain)):
                if name != "hmgeo" and parcels > PLAIN_UP_TO and sources != SIZES[0][0]:
                    continue  # 119 MB that no browser here opens: once is enough
                write_s = timed(partial(write, results, path))
                browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
                numbers = measured(browser, path, is_plain=name != "hmgeo")
                again = measured(browser, path, is_plain=name != "hmgeo", only_open=True)
                numbers["ready_s"] = min(one.get("ready_s", math.inf) for one in (numbers, again))
                browser.close()
                rows.append({"sources": sources, "parcels": parcels, "page": name, "write_s": write_s} | numbers)
                rows[-1]["load"] = os.getloadavg()[0]
                print(f"<!-- {rows[-1]} -->", flush=True)
    print(pd.DataFrame(rows).round(3).to_csv(index=False, sep="|"))


if __name__ == "__main__":
    main()
