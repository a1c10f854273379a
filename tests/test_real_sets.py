"""Real fields and real sources elsewhere, through `hmgeo screen`: every row accounted for, pairs as by brute force."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import oracle
import pyarrow.parquet as pq
import pytest
import shapely

from hmgeo import BareFile, ReadOptions, screen_files
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from hmgeo.results.results import Results

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
RADIUS_M = 10_000.0
ERROR_M = 0.01
QUERIES = {
    "sources": "select source_id, geom from sources order by fid",
    "farmland": "select parcel_id, geom from farmland order by fid",
}


@dataclass
class Screened:
    """A set with what `hmgeo screen` made of it."""

    name: str
    inputs: Path
    out: Path
    results: Results

    @property
    def rows(self) -> list[dict[str, str]]:
        with (self.out / "data" / "sources.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    @property
    def ledger(self) -> list[dict[str, str]]:
        with (self.out / "data" / "ledger.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=["california", "bayreuth"])
def real(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Screened:
    name = request.param
    inputs, out = EXAMPLES / name / "inputs.gpkg", tmp_path_factory.mktemp(name) / "out"
    run = screen_files(
        BareFile(inputs, ReadOptions(layer="sources"), Basis.REAL),
        BareFile(inputs, ReadOptions(layer="farmland"), Basis.REAL),
        out,
    )
    return Screened(name, inputs, out, run.results)


def stored(inputs: Path, table: str) -> list[tuple[str, shapely.Geometry]]:
    """Return id and shape of every row of a GeoPackage table, read without our readers and without GDAL."""
    with sqlite3.connect(f"file:{inputs}?mode=ro&immutable=1", uri=True) as db:
        rows = db.execute(QUERIES[table]).fetchall()
    return [(key, shape_of(blob)) for key, blob in rows]


def shape_of(blob: bytes) -> shapely.Geometry:
    """Return the shape behind a GeoPackage header, whose flags tell how long its envelope is."""
    envelope_bytes = (0, 32, 48, 48, 64)[(blob[3] >> 1) & 7]
    return shapely.force_2d(shapely.from_wkb(blob[8 + envelope_bytes :]))


def test_every_row_is_accounted_for(real: Screened) -> None:
    given = stored(real.inputs, "sources")
    assert len(real.rows) == len(given)
    assert len({row["source_id"] for row in real.rows}) == len(given)
    first_of_its_id = {key for key, _ in given}
    assert first_of_its_id <= {row["source_id"] for row in real.rows}
    repeats = [line for line in real.ledger if line["event"] == "编号重复" and line["sheet"] == "sources"]
    assert len(given) - len(first_of_its_id) == len(repeats)
    manifest = json.loads((real.out / "data" / "manifest.json").read_text(encoding="utf-8"))
    statuses = Counter(row["status"] for row in real.rows)
    assert manifest["counts"]["sources_in"] == len(given)
    assert manifest["counts"]["sources_by_status"] == statuses
    assert sum(statuses.values()) == len(given)
    assert manifest["counts"]["ledger"] == len(real.ledger)


def test_every_row_that_is_set_aside_stands_in_the_ledger(real: Screened) -> None:
    for row in real.rows:
        if row["status"] != "assessed":
            assert any(line["source_id"] == row["source_id"] for line in real.ledger)
    lost = [line for line in real.ledger if line["sheet"] == "farmland" and line["event"] == "几何搁置"]
    assert len(stored(real.inputs, "farmland")) - len(lost) == real.results.receptors.num_rows


def test_pairs_agree_with_brute_force(real: Screened) -> None:
    located = [row for row in real.results.sources.to_pylist() if row["geometry"] is not None]
    points = [shapely.from_wkb(row["geometry"]) for row in located]
    parcels = [shapely.from_wkb(wkb) for wkb in real.results.receptors["geometry"].to_pylist()]
    ids = real.results.receptors["receptor_id"].to_pylist()
    given = dict(stored(real.inputs, "sources"))
    drawn = [given.get(row["source_id"], point) for row, point in zip(located, points, strict=True)]
    assert max(shapely.hausdorff_distance(points, drawn)) < 1e-9  # nothing was moved on the way in
    brute = oracle.pairs_within(shapely.get_coordinates(points), parcels, RADIUS_M)
    expected = {(located[i]["source_id"], ids[j]): metres for (i, j), metres in brute.items()}
    rows = pq.read_table(real.out / "data" / "pairs.parquet").to_pylist()
    found = {(row["source_id"], row["receptor_id"]): row["distance_m"] for row in rows}
    wrong = {pair: (found[pair], m) for pair, m in expected.items() if abs(found.get(pair, np.inf) - m) > ERROR_M}
    assert ({*found} - {*expected}, wrong) == (set(), {})
    assert len(rows) == len(expected) > 500


def test_what_is_said_of_each_source(real: Screened) -> None:
    pairs = Counter(pq.read_table(real.out / "data" / "pairs.parquet")["source_id"].to_pylist())
    for row in real.rows:
        if row["status"] != "assessed":
            assert (row["verdict"], row["farmland_count"]) == ("not_assessed", "")
            continue
        expected = "listed" if pairs[row["source_id"]] else "not_assessed"
        assert row["verdict"] == expected or row["certainty"] == "ambiguous"
        assert int(row["farmland_count"]) == pairs[row["source_id"]]
        assert row["basis"] == "real"
        if row["verdict"] == "not_assessed":
            assert row["reason_codes"] == "coverage_undeclared"


def test_numbers_of_the_set_agree(real: Screened) -> None:
    pairs = pq.read_table(real.out / "data" / "pairs.parquet").to_pylist()
    near = {pair["source_id"] for pair in pairs}
    assert len(near) == sum(int(row["farmland_count"] or 0) > 0 for row in real.rows)
    assert len(pairs) == sum(int(row["farmland_count"] or 0) for row in real.rows)
    nearest_m = min(pair["distance_m"] for pair in pairs)
    assert nearest_m == min(float(row["nearest_farmland_m"] or "inf") for row in real.rows)
    assert (len(near), real.results.receptors.num_rows) == {"california": (177, 661), "bayreuth": (33, 323)}[real.name]
