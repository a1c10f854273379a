"""Tables of a run folder: sources.csv, ledger.csv, counts.parquet, findings.parquet.

The bytes depend on the results alone: rows keep the order of the input, row groups have a fixed size, and no clock,
path or library's private metadata goes in.

CSV files are utf-8 with a byte-order mark, so that Excel shows Chinese. A spreadsheet would run a text such as
``=cmd|...`` as a formula; such text gets a leading apostrophe (see `guarded`). Parquet files hold every text as it is.
"""

from __future__ import annotations

import csv
import json
import math
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from hmgeo.outputs.english import in_language
from hmgeo.records import LON_LAT_CRS
from hmgeo.results.columns import COUNTS_SCHEMA, FINDINGS_SCHEMA, LEDGER_SCHEMA, SOURCES_SCHEMA
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hmgeo.records import LedgerEntry
    from hmgeo.results.columns import TerrainTables, WaterTables
    from hmgeo.results.results import BureauTables, Results


ROW_GROUP_SIZE = 65536
COORDINATE_DECIMALS = 9

OUR_WORDS = frozenset(
    {
        "note", "event", "reason", "action", "cadmium_basis", "why_in", "tier_text", "air_downwind_note",
        "air_emissions", "water_emissions", "water_pathway", "waste_pathway", "exceedance", "direction",
    }
)  # fmt: skip
"""Columns of CSV files whose sentences are ours; they follow the language, every other column stays."""

OWN_PREFIX = "input:"
"""Before the header of a column that the input brought along."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z", re.ASCII)


def write_sources_csv(results: Results, path: Path, language: str = "zh") -> None:
    """Write every input row once, in input order, without geometry.

    Contract columns come first, then whatever else the table holds. Distances (m) and areas (ha) have four decimals,
    lon and lat up to nine, nulls are empty.
    """
    table = _contract_first(results.sources, SOURCES_SCHEMA).drop_columns("geometry")
    if results.bureau is not None:  # the office's own columns come back to it under their own names
        own = results.bureau.attributes
        for header, column in zip(own.column_names, own.columns, strict=True):
            table = table.append_column(f"{OWN_PREFIX}{header}", column)
    _write_csv(path, table.column_names, _text_rows(table, language))


def write_ledger_csv(results: Results, path: Path, language: str = "zh") -> None:
    """Write the ledger in the order things were met; row 0 speaks of the file as a whole."""
    write_entries(results.ledger.entries, path, language)


def write_entries(entries: Iterable[LedgerEntry], path: Path, language: str = "zh") -> None:
    """Write ledger entries as `write_ledger_csv` does."""
    names = LEDGER_SCHEMA.names
    rows = ([csv_text(_told(getattr(entry, name), name, language), name) for name in names] for entry in entries)
    _write_csv(path, names, rows)


def write_counts(results: Results, path: Path) -> None:
    """Write parcels by source, radius and class; radii in metres, areas in hectares."""
    write_parquet(_contract_first(results.counts, COUNTS_SCHEMA), path)


def write_findings(results: Results, path: Path) -> None:
    """Write the findings as GeoParquet: WKB in lon/lat, EPSG:4490, null where a source is not located."""
    write_parquet(_contract_first(results.findings, FINDINGS_SCHEMA), path)


def write_townships_csv(bureau: BureauTables, path: Path) -> None:
    """Write one row per township: its sources, its parcels, and those that sources reach, each once."""
    _write_csv(path, bureau.townships.column_names, _text_rows(bureau.townships))


def write_evidence_csv(bureau: BureauTables, path: Path, language: str = "zh") -> None:
    """Write one row per source: cells by pathway and receptor, and the tier they make."""
    _write_csv(path, bureau.evidence.column_names, _text_rows(bureau.evidence, language))


def write_leads_csv(bureau: BureauTables, path: Path, language: str = "zh") -> None:
    """Write what one county should tell another."""
    _write_csv(path, bureau.leads.column_names, _text_rows(bureau.leads, language))


def write_outlets_csv(bureau: BureauTables, path: Path, language: str = "zh") -> None:
    """Write every outlet once, with the source it belongs to; no file where the project gives none."""
    if bureau.outlets is not None:
        _write_csv(path, bureau.outlets.column_names, _text_rows(bureau.outlets, language))


def write_terrain(terrain: TerrainTables, folder: Path) -> None:
    """Write what was found of the ground: steep_farmland, barriers, overhead and mines (.csv), terrain_flips.parquet.

    No file where there is nothing to say; a path in overhead.csv is left to the map.
    """
    tables = {
        "steep_farmland": terrain.steep,
        "barriers": terrain.barriers,
        "overhead": terrain.overhead.drop_columns("path"),
        "mines": terrain.mines,
    }
    for name, table in tables.items():
        if table.num_rows:
            _write_csv(folder / f"{name}.csv", table.column_names, _text_rows(table))
    if terrain.flips.num_rows:
        write_parquet(terrain.flips, folder / "terrain_flips.parquet")


def write_receptors(bureau: BureauTables, path: Path) -> None:
    """Write every receptor once, with the sources that reach it, as GeoParquet (EPSG:4490)."""
    write_parquet(bureau.reached, path)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a table byte-identically: zstd, fixed row groups, no metadata but GeoParquet's where it has a geometry."""
    metadata = {"geo": _geoparquet_metadata()} if "geometry" in table.column_names else None
    plain = table.replace_schema_metadata(metadata).combine_chunks()
    pq.write_table(plain, path, compression="zstd", row_group_size=ROW_GROUP_SIZE)


def guarded(text: str) -> str:
    """Return text that a spreadsheet takes as text: a formula's first character gets an apostrophe before it.

    Full-width forms count too, since Chinese Excel reads them as operators. A plain number is left alone.

    Examples
    --------
    >>> guarded("=cmd|' /C calc'!A0")
    "'=cmd|' /C calc'!A0"
    >>> guarded("-12.5")
    '-12.5'
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not PLAIN_NUMBER.match(text) else text


def csv_text(value: object, name: str) -> str:
    """Return one value as it stands in a CSV file, by the unit suffix of its column.

    Examples
    --------
    >>> csv_text(823.4, "nearest_farmland_m"), csv_text(113.02, "lon"), csv_text(None, "name")
    ('823.4000', '113.02', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_text(value, name)
    return str(value) if isinstance(value, int) else guarded(str(value))


def _number_text(number: float, name: str) -> str:
    if math.isnan(number):
        return ""
    if name.endswith(("_m", "_ha")) and name != "radius_m":
        return f"{number:.{MEASURE_DECIMALS}f}"
    text = f"{number:.{COORDINATE_DECIMALS if name in ('lon', 'lat') else MEASURE_DECIMALS}f}"
    return text.rstrip("0").rstrip(".")


def _contract_first(table: pa.Table, schema: pa.Schema) -> pa.Table:
    more = [name for name in table.column_names if name not in set(schema.names)]
    return table.select([*schema.names, *more])


def _told(value: object, name: str, language: str) -> object:
    """Return a cell in `language` where its words are ours; codes, names and whatever the input brought stay."""
    return in_language(value, language) if isinstance(value, str) and name in OUR_WORDS else value


def _text_rows(table: pa.Table, language: str = "zh") -> Iterator[list[str]]:
    names: list[str] = table.column_names
    for batch in table.to_batches():
        columns: list[list[Any]] = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield [csv_text(_told(value, name, language), name) for value, name in zip(values, names, strict=True)]


def _write_csv(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(rows)


def _geoparquet_metadata() -> str:
    """Return the file metadata of GeoParquet 1.0.0 (https://geoparquet.org/releases/v1.0.0/)."""
    column = {"encoding": "WKB", "geometry_types": [], "crs": CRS(LON_LAT_CRS).to_json_dict(), "edges": "planar"}
    return json.dumps(
        {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}, ensure_ascii=True
    )


def write_water(water: WaterTables, folder: Path) -> None:
    """Write the tables on water: flow_met.parquet whole, the others as csv without geometry; none that is empty."""
    named = (
        ("flow_paths", water.paths),
        ("catchments", water.catchments),
        ("irrigation", water.chains),
        ("closed_basins", water.basins),
        ("sampling_points", water.sampling),
        ("flow_agreement", water.agreement),
    )
    for name, table in named:
        if table.num_rows:
            plain = table.drop_columns("geometry") if "geometry" in table.column_names else table
            _write_csv(folder / f"{name}.csv", plain.column_names, _text_rows(plain))
    if water.met.num_rows:
        pq.write_table(water.met, folder / "flow_met.parquet", row_group_size=ROW_GROUP_SIZE)
