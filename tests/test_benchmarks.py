"""The benchmarks' ground and what is worked out from their numbers; the measuring itself is run by hand."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import shapely
from conftest import ROOT

from hmgeo.intake.formats.packed import stream_receptors
from hmgeo.records import RECEPTOR_SCHEMA
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType
    from typing import TypeAlias

    Load: TypeAlias = Callable[[str], ModuleType]


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return how to import what stands in benchmarks/."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module


def test_the_ground_is_the_same_from_the_same_seed_and_in_the_working_format(
    benchmarks: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate = benchmarks("generate")
    monkeypatch.setattr(generate, "SIZES", {"hamlet": generate.Size(10, 5, 600)})
    for folder in ("one", "two"):
        generate.write_size("hamlet", tmp_path / folder)
    for name in ("parcels.parquet", "sources.parquet", "sources.csv"):
        assert (tmp_path / "one/hamlet" / name).read_bytes() == (tmp_path / "two/hamlet" / name).read_bytes()
    layer = stream_receptors(
        tmp_path / "one/hamlet/parcels.parquet", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC, fingerprint=False
    )
    table = layer.read()
    assert table.schema == RECEPTOR_SCHEMA
    assert sorted(table["receptor_id"].to_pylist())[::599] == ["P00000000", "P00000599"]
    assert shapely.is_valid(shapely.from_wkb(table["geometry"].to_pylist())).mean() > 0.9
    assert pq.read_metadata(tmp_path / "one/hamlet/sources.parquet").num_rows == 5


def test_growth_and_the_country_are_worked_out_as_told(benchmarks: Load) -> None:
    sizes = benchmarks("sizes")
    ran = [
        {"parcels": parcels, "hmgeo": {"cpu_s": cpu_s, "rows": 1_000_000}, "hmgeo-aggregate": {"cpu_s": cpu_s - 0.1}}
        for parcels, cpu_s in ((100_000, 1.0), (10_000_000, 100.0))
    ]
    assert sizes.exponent(ran) == pytest.approx(1.0)
    told = sizes.country(ran[0])  # 9 us a parcel, 100 ns a pair: 2,655 s and 41 s
    assert told.startswith("9000 ns a parcel, 100 ns a pair")
    assert "405,461,802 pairs: 45 CPU minutes" in told
