"""How long a click takes, and what it adds to the page: many sensitive objects, many parcels.

    python benchmarks/map/click.py                    # 1,000, 10,000 and 100,000 objects, with 200,000 parcels
    python benchmarks/map/click.py 100000 2000        # objects, parcels

Needs Chromium (HMGEO_CHROMIUM, or on the path) and playwright. Times are `performance.now` around a whole answer
(place, all clauses, reasons) in the page, for random places, and the CPU time of the page's main thread over all of
them; the first question also unpacks and indexes, which the page does while the panel opens.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely
from measure import FLAGS, NAMES, NOTE_READY, SEED, main_thread_cpu_s, results_of
from msgspec.structs import replace
from playwright.sync_api import sync_playwright

from hmgeo.judging.bench import Question
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.judging.places import Areas
from hmgeo.outputs.map.page import write_map
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.results.results import Presentation
from hmgeo.rules.book import load_book
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.page_rules import compile_rules
from hmgeo.vocabulary import Basis, Completeness, LayerKind

if TYPE_CHECKING:
    from hmgeo.results.siting import CompiledRules

AREA = (112.8, 23.4, 113.3, 23.9)
CLASSES = ("居民区", "学校", "医院", "养老院")
CLICKS = 2000
FACTS = ("may_pollute_soil", "discharges_pollutants", "is_chemical")
ASK = """
([places, facts]) => {
  const asked = { edition: "2017", trade: "3212", action: "new", facts: facts }, clauses = hmgeo.page.clauses();
  const times = places.map(([lon, lat]) => {
    const from = performance.now();
    clauses.ask(lon, lat, asked);
    return performance.now() - from;
  }).sort((a, b) => a - b);
  return [0.5, 0.95].map(share => times[Math.floor(places.length * share)]);
}
"""


def layer(kind: LayerKind, rows: list[tuple[str, str, str, shapely.Geometry]]) -> Layer:
    """Return a complete layer that covers the area."""
    found = [
        {"receptor_id": one, "name": name, "class": word, "township": "", "geometry": shapely.to_wkb(shape)}
        for one, name, word, shape in rows
    ]
    table = pa.Table.from_pylist(found, RECEPTOR_SCHEMA)
    gates = Gates(shapely.box(*AREA), "虚构县", Completeness.COMPLETE, "2024")
    return Layer(kind.value, kind, Basis.SYNTHETIC, Provenance("x"), table.to_batches, gates, table.num_rows)


def compiled(count: int) -> CompiledRules:
    """Return the rules of the book on `count` sensitive objects (a tenth of them outlines), zones and a shoreline."""
    rng = np.random.default_rng(SEED)
    at = rng.uniform(AREA[:2], AREA[2:], (count, 2))
    shapes = shapely.points(at)
    shapes[::10] = shapely.buffer(shapes[::10], 0.001, quad_segs=3)
    sites = [(f"S{row}", f"示例对象{row}", CLASSES[row % 4], shape) for row, shape in enumerate(shapes)]
    zones = [
        (f"W{row}", f"示例水源{row}", ("一级", "二级", "准")[row % 3], shapely.Point(*xy).buffer(0.01))
        for row, xy in enumerate(rng.uniform(AREA[:2], AREA[2:], (60, 2)))
    ]
    walk = np.cumsum(rng.normal(0, 0.0004, (3000, 2)), axis=0) + np.array([113.05, 23.65])
    layers = [
        layer(LayerKind.SENSITIVE_SITES, sites),
        layer(LayerKind.WATER_SOURCE_ZONES, zones),
        layer(LayerKind.RIVER_SHORELINE_MAIN, [("R", "示例干流", "", shapely.LineString(walk))]),
    ]
    county = pa.table({"id": ["441802"], "name": ["虚构县"], "geometry": [shapely.to_wkb(shapely.box(*AREA))]})
    chosen = {"surroundings_m": ChosenParameter("surroundings_m", 500.0, "m")}
    question = Question(date(2024, 6, 30), rules=load_book().rules, choices=Choices(chosen), areas=Areas(county, None))
    return compile_rules(SitingBench(layers, question))


def main() -> None:
    """Measure the sizes asked for."""
    given = [int(word) for word in sys.argv[1:]]
    sizes = [(given[0], given[1])] if given else [(1_000, 2_000), (10_000, 20_000), (100_000, 200_000)]
    chromium = os.environ.get("HMGEO_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)))
    print("| objects | parcels | MB before | MB | ready before | ready s | unpack, CPU ms | click ms | 95 % | CPU ms |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        for objects, parcels in sizes:
            results = results_of(400, parcels)
            plain, path = Path(folder) / "plain.html", Path(folder) / "map.html"
            write_map(results, Presentation(), plain)
            write_map(replace(results, compiled_rules=compiled(objects)), Presentation(), path)
            browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
            ready_s = []
            for one in (plain, path):
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.add_init_script(NOTE_READY)
                page.goto(one.as_uri())
                page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=60_000)
                ready_s.append(page.evaluate("window.readyAt") / 1000)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable", {"timeDomain": "threadTicks"})
            cpu_s = [main_thread_cpu_s(session)]
            places = np.random.default_rng(SEED).uniform(AREA[:2], AREA[2:], (CLICKS, 2)).tolist()
            facts = dict.fromkeys(FACTS, "yes")
            for asked in (places[:1], places):
                took = page.evaluate(ASK, [asked, facts])
                cpu_s.append(main_thread_cpu_s(session))
            browser.close()
            megabytes = [one.stat().st_size / 1e6 for one in (plain, path)]
            cells = [f"{objects:,}", f"{parcels:,}", *(f"{one:.1f}" for one in (*megabytes, *ready_s))]
            cells += [f"{1000 * (cpu_s[1] - cpu_s[0]):.0f}", *(f"{one:.2f}" for one in took)]
            print(f"| {' | '.join(cells)} | {1000 * (cpu_s[2] - cpu_s[1]) / CLICKS:.2f} |", flush=True)


if __name__ == "__main__":
    main()
