"""CSV and parquet files of a run folder."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import structs
from small_results import HOSTILE, small_results

from hmgeo.outputs.tables import csv_text, guarded, unguarded, write_data, write_entries
from hmgeo.records import LedgerEntry
from hmgeo.results.columns import COUNTS_SCHEMA, FINDINGS_SCHEMA, LEDGER_SCHEMA, SOURCES_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_sources_csv_holds_every_row_once_in_input_order(tmp_path: Path) -> None:
    results = small_results()
    write_data(results, tmp_path)
    rows = rows_of(tmp_path / "sources.csv")
    assert [row["source_id"] for row in rows] == [f"QC-00{number}" for number in range(1, 9)]
    assert list(rows[0]) == [name for name in SOURCES_SCHEMA.names if name != "geometry"]
    assert (tmp_path / "sources.csv").read_bytes().startswith(b"\xef\xbb\xbfsource_id,name,status,")
    assert rows[2]["name"] == HOSTILE
    assert rows[2]["note"] == "'=1+1"


def test_sources_csv_prints_what_was_judged(tmp_path: Path) -> None:
    results = small_results()
    write_data(results, tmp_path)
    first, unlocated = rows_of(tmp_path / "sources.csv")[0], rows_of(tmp_path / "sources.csv")[4]
    nearest_m = results.sources["nearest_farmland_m"][0].as_py()
    assert first["nearest_farmland_m"] == f"{nearest_m:.4f}"
    assert float(first["nearest_farmland_m"]) == nearest_m
    assert (first["lon"], first["lat"], first["position_uncertainty_m"]) == ("113.02", "23.6", "0.1000")
    assert (first["farmland_count"], first["farmland_area_ha"], first["radius_m"]) == ("40", "12.0000", "10000")
    assert (unlocated["lon"], unlocated["nearest_farmland_m"], unlocated["farmland_count"]) == ("", "", "")
    assert (unlocated["status"], unlocated["verdict"]) == ("not_located", "not_assessed")


def test_columns_beyond_the_contract_follow_it(tmp_path: Path) -> None:
    results = small_results()
    more = results.sources.add_column(0, "company_code", pa.array([f"+{n}-x" for n in range(8)]))
    write_data(structs.replace(results, sources=more), tmp_path)
    rows = rows_of(tmp_path / "sources.csv")
    assert next(iter(rows[0])) == "source_id"
    assert list(rows[0])[-1] == "company_code"
    assert rows[3]["company_code"] == "'+3-x"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),
        ("-12.5", "-12.5"),
        ("+86", "+86"),
        ("清城=1", "清城=1"),
        ("'=1", "''=1"),
        ("'甲'", "'甲'"),
        ("", ""),
    ],
)
def test_a_spreadsheet_takes_text_as_text(text: str, written: str) -> None:
    assert guarded(text) == written
    assert unguarded(written) == text


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (-12.5, "margin", "-12.5"),
        (113.123456789012, "lon", "113.123456789"),
        (0.00001, "nearest_farmland_m", "0.0000"),
        (float("nan"), "nearest_farmland_m", ""),
        (True, "counts_are_lower_bounds", "true"),
        (0, "farmland_count", "0"),
        (None, "note", ""),
    ],
)
def test_numbers_stay_numbers(value: object, name: str, text: str) -> None:
    assert csv_text(value, name) == text


def test_ledger_keeps_order_line_breaks_and_row_zero(tmp_path: Path) -> None:
    results = small_results()
    odd = LedgerEntry("a.csv", "", 3, "名称", '甲,"乙"\n丙', "重复", "同名", "保留", "QC-003")
    write_entries((*results.ledger.entries, odd), tmp_path / "ledger.csv")
    rows = rows_of(tmp_path / "ledger.csv")
    assert list(rows[0]) == LEDGER_SCHEMA.names
    assert [row["row"] for row in rows] == ["6", "0", "3"]
    assert rows[2]["value"] == '甲,"乙"\n丙'


def test_an_empty_ledger_has_its_header(tmp_path: Path) -> None:
    write_entries((), tmp_path / "ledger.csv")
    text = (tmp_path / "ledger.csv").read_text(encoding="utf-8-sig")
    assert text.strip() == ",".join(LEDGER_SCHEMA.names)


def test_parquet_files_hold_the_contract_and_no_private_metadata(tmp_path: Path) -> None:
    results = small_results()
    write_data(results, tmp_path)
    counts, findings = pq.read_table(tmp_path / "counts.parquet"), pq.read_table(tmp_path / "findings.parquet")
    assert counts.schema.equals(COUNTS_SCHEMA)
    assert counts.equals(results.counts)
    assert findings.column_names == FINDINGS_SCHEMA.names
    assert findings.to_pylist() == results.findings.to_pylist()
    assert counts.schema.metadata is None
    assert list(findings.schema.metadata) == [b"geo"]
    geo: dict[str, Any] = json.loads(findings.schema.metadata[b"geo"])
    assert geo["columns"]["geometry"]["crs"]["id"] == {"authority": "EPSG", "code": 4490}
    assert pq.ParquetFile(tmp_path / "counts.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def test_row_groups_do_not_follow_the_chunks_of_memory(tmp_path: Path) -> None:
    results = small_results()
    chunked = pa.concat_tables([results.counts.slice(0, 7), results.counts.slice(7)])
    for name, one in (("a", results), ("b", structs.replace(results, counts=chunked))):
        (tmp_path / name).mkdir()
        write_data(one, tmp_path / name)
    assert (tmp_path / "a" / "counts.parquet").read_bytes() == (tmp_path / "b" / "counts.parquet").read_bytes()


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        held = write_data(small_results(), tmp_path / name)
    assert {path.name for path in (tmp_path / "a").iterdir()} == {*held} - {"pairs.parquet"}
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_results_are_told_in_short_in_a_notebook() -> None:
    results = small_results()
    told = repr(results)
    assert told.startswith("Results(title='清城区（龙塘镇、石角镇）示例', as_of=datetime.date(2019, 6, 30), ")
    assert "sources=<Table of 8>" in told
    assert "ledger=Ledger(entries=<tuple of 2>)" in told
    assert "cadmium" not in told  # parameters are told by their number, too
