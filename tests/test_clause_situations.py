"""Situations of one clause each, with the right answer from the text: what isn't understood is never a no."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pytest
import shapely

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.judging.bench import Question
from hmgeo.judging.cases import place_of
from hmgeo.judging.choices import Choices, ChosenParameter
from hmgeo.project.sites.given import ACTIONS
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance
from hmgeo.rules.book import load_book
from hmgeo.rules.words import stated_facts, stated_numbers
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Action, Basis, Completeness, LayerKind, Verdict

TABLE = Path(__file__).parent / "data" / "clause_situations.csv"
ROWS = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))
CLASS_COLUMNS = ("保护区级别", "类别", "土壤环境质量类别")
NAMES = tuple(f"{row['id']}-{row['rule']}" for row in ROWS)


def moved(lon: float, lat: float, north_m: float) -> shapely.Geometry:
    """Return a box of a few hundred metres that begins so far north of a place."""
    east, south, _ = ELLIPSOID.fwd(lon, lat, 0.0, north_m)
    return shapely.box(east - 0.005, south, east + 0.005, south + 0.005)


def layer_of(told: str, lon: float, lat: float) -> Layer | None:
    """Return a layer as a row tells it: `kind: site inside {cells}`, `site 9 km outside`, `400 m off`."""
    code, _, rest = told.partition(": ")
    if code not in set(LayerKind):
        return None
    cells = json.loads(rest[rest.index("{") :]) if "{" in rest else {}
    off = re.match(r"(\d+) m off", rest)
    if off:
        shape = moved(lon, lat, float(off[1]))
    else:
        shape = shapely.box(lon - 0.02, lat - 0.02, lon + 0.02, lat + 0.02)
        shape = shape if rest.startswith("site inside") else moved(lon, lat, 9_000.0)
    word = next((cells[name] for name in CLASS_COLUMNS if name in cells), "")
    stated = list(stated_facts(cells).items())
    row = {"receptor_id": "R1", "name": "示例", "class": word, "geometry": shapely.to_wkb(shape), "stated": stated}
    kind = LayerKind(code)
    gates = Gates(shapely.box(lon - 1.2, lat - 1.2, lon + 1.2, lat + 1.2), "", Completeness.COMPLETE, "2024")
    table = pa.Table.from_pylist([row], RECEPTOR_SCHEMA)
    return Layer(code, kind, Basis.SYNTHETIC, Provenance(f"{code}.gpkg"), table.to_batches, gates, 1)


def choices_of(row: dict[str, str]) -> Choices:
    edition = int(row["edition"] or 2017)
    chosen = {}
    for name, value in json.loads(row["chosen"] or "{}").items():
        kept = tuple(value) if isinstance(value, list) else float(value) if isinstance(value, int) else value
        chosen[name] = ChosenParameter(name, kept, edition=edition if isinstance(kept, tuple) else None)
    return Choices(MappingProxyType(chosen))


def site_of(row: dict[str, str]) -> Site:
    cells = json.loads(row["cells"] or "{}")
    facts = {name: word == "yes" for name, word in json.loads(row["facts"] or "{}").items()}
    action = Action.of(row["action"]) if row["action"] else ACTIONS.get(cells.get("建设性质", ""))
    word = re.search(r'farmland: site inside \{"土壤环境质量类别": "([^"]+)"', row["layers"])
    own = cells.get("土壤环境质量类别", word[1] if word else "")
    lead = {name[:2]: float(value) for name, value in cells.items() if name.endswith("铅(kg/a)")}
    return Site(
        row["id"],
        row["about"],
        shapely.Point(float(row["lon"]), float(row["lat"])),
        0.0,
        row["trade"],
        row["edition"],
        action,
        row["kind"],
        attributes=stated_facts(cells) | facts,
        numbers=stated_numbers(cells),
        added_kg={"Pb": lead["新增"]} if "新增" in lead else {},
        offset_kg={"Pb": lead["替代"]} if "替代" in lead else {},
        classes={"farmland": own} if own else {},
        place=place_of(row["place"]),
    )


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_the_clause_says_what_the_text_says(row: dict[str, str]) -> None:
    lon, lat = float(row["lon"]), float(row["lat"])
    layers = [found for told in row["layers"].split(" | ") if (found := layer_of(told, lon, lat)) is not None]
    rule = load_book().get(row["rule"])
    question = Question(date.fromisoformat(row["as_of"]), rules=(rule,), choices=choices_of(row))
    clauses = SitingBench(layers, question).check(site_of(row)).clauses
    if not clauses:  # a rule without force in a place writes nothing there
        assert row["right"] == Verdict.NOT_APPLICABLE.value
        return
    (clause,) = clauses
    assert clause.verdict.value == row["right"], clause.note
    if row["certainty"]:
        assert clause.certainty is not None
        assert (clause.certainty.value, clause.other) == (row["certainty"], Verdict.NOT_APPLICABLE), clause.note
        assert "宽于条款" in clause.note
    if row["id"] == "H12":
        assert "条文另有除外情形" in clause.note
