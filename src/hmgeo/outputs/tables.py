"""Tables of a run folder, csv and parquet.

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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from hmgeo.outputs.english import in_language
from hmgeo.records import LON_LAT_CRS, LedgerEntry, plain_table
from hmgeo.results import columns as told
from hmgeo.results.results import Results
from hmgeo.vocabulary import MEASURE_DECIMALS

ROW_GROUP_SIZE = 65536
COORDINATE_DECIMALS = 9

OUR_WORDS = frozenset(
    {
        "note", "event", "reason", "action", "cadmium_basis", "why_in", "visit_reason", "distance_class",
        "air_downwind_note", "air_emissions", "water_emissions", "water_pathway", "waste_pathway",
        "exceedance", "direction", "receptors_1km_found", "receptors_1km_open",
    }
)  # fmt: skip
"""Columns of CSV files whose sentences are ours; they follow the language, every other column stays."""

CONTRACT = (told.SOURCES.name, told.PAIRS.name, told.COUNTS.name, told.FINDINGS.name, told.LEDGER.name)
"""Tables that are written even when empty."""

OWN_PREFIX = "input:"
"""Before the header of a column that the input brought along."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?\Z", re.ASCII)


def write_data(
    results: Results, folder: Path, language: str = "zh", left_out: Collection[str] = ()
) -> dict[str, list[str]]:
    """Write every table of `results` but its pairs into `folder`: the contract's always, others if they hold rows.

    Our words are in `language`. Distances (m) and areas (ha) have four decimals in csv files, lon and lat up to nine,
    nulls are empty; geometry stays with parquet files.

    `left_out`: names of tables that nobody asked for.

    Names of columns by file.
    """
    columns = {told.PAIRS.name: told.PAIRS.schema.names, told.LEDGER.name: told.LEDGER.schema.names}
    write_entries(results.ledger.entries, folder / told.LEDGER.name, language)
    for name, table in tables_of(results):
        if name in CONTRACT or (table.num_rows and name not in left_out):
            columns[name] = write_table(table, folder / name, language)
    return columns


def tables_of(results: Results) -> Iterator[tuple[str, pa.Table]]:
    """Yield the tables of `results` by the names of their files, contract columns first; pairs and ledger apart."""
    table = _contract_first(results.sources, told.SOURCES.schema)
    own = results.bureau.attributes if results.bureau is not None else None  # under the office's own names
    for header, column in zip(own.column_names, own.columns, strict=True) if own is not None else ():
        table = table.append_column(f"{OWN_PREFIX}{header}", column)
    yield told.SOURCES.name, table
    yield told.COUNTS.name, _contract_first(results.counts, told.COUNTS.schema)
    yield told.FINDINGS.name, _contract_first(results.findings, told.FINDINGS.schema)
    bureau, terrain, water = results.bureau, results.terrain, results.water
    if bureau is not None:
        yield told.TOWNSHIPS.name, bureau.townships
        yield told.LAND_TOTALS.name, bureau.land_totals
        yield told.EVIDENCE.name, bureau.evidence
        yield told.LEADS.name, bureau.leads
        yield told.REACHED.name, bureau.reached
        if bureau.outlets is not None:
            yield told.OUTLETS.name, bureau.outlets
    if terrain is not None:
        yield told.STEEP.name, terrain.steep
        yield told.BARRIERS.name, terrain.barriers
        yield told.OVERHEAD.name, terrain.overhead
        yield told.MINES.name, terrain.mines
        yield told.FLIPS.name, terrain.flips
    if water is not None:
        yield told.FLOW_PATHS.name, water.paths
        yield told.FLOW_MET.name, water.met
        yield told.CATCHMENTS.name, water.catchments
        yield told.IRRIGATION.name, water.chains
        yield told.BASINS.name, water.basins
        yield told.SAMPLING.name, water.sampling
        yield told.AGREEMENT.name, water.agreement


def write_table(table: pa.Table, path: Path, language: str = "zh") -> list[str]:
    """Write `table` to `path` (.csv without shapes, .parquet), our words in `language`; return its columns."""
    if path.suffix == ".parquet":
        write_parquet(table, path)
        return list(table.column_names)
    shapes = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    plain = table.drop_columns(shapes)
    write_rows(path, plain.column_names, _text_rows(plain, language))
    return list(plain.column_names)


def write_entries(entries: Iterable[LedgerEntry], path: Path, language: str = "zh") -> None:
    """Write ledger `entries` to `path` in `language`, as met; row 0 speaks of the file as a whole."""
    names = told.LEDGER.schema.names
    rows = ([csv_text(_told(getattr(entry, name), name, language), name) for name in names] for entry in entries)
    write_rows(path, names, rows)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write `table` to `path` byte-identically: zstd, fixed row groups, GeoParquet's metadata with a geometry.

    Fields of a table of ours say what they hold, in both languages.
    """
    with parquet_file(table.schema, path) as write:
        write(table)


@contextmanager
def parquet_file(schema: pa.Schema, path: Path) -> Iterator[Callable[[pa.Table], None]]:
    """Take a table in parts and write it as `write_parquet` does; no more than a row group waits.

    Texts may come as dictionaries; they are spelled out as they are written.
    """
    metadata = {"geo": _geoparquet_metadata()} if "geometry" in schema.names else None
    fields = [_said_of(path.name, field) for field in plain_table(schema.empty_table()).schema]
    plain = pa.schema(fields, metadata)
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(path, plain, compression="zstd") as writer:

        def write(table: pa.Table, at_least: int = ROW_GROUP_SIZE) -> None:
            together = pa.concat_tables([*waiting, plain_table(table)])
            while together.num_rows >= at_least:
                group, together = together.slice(0, ROW_GROUP_SIZE), together.slice(ROW_GROUP_SIZE)
                told = [
                    column.combine_chunks().cast(field.type) for column, field in zip(group.columns, plain, strict=True)
                ]
                writer.write_table(pa.table(told, plain), row_group_size=ROW_GROUP_SIZE)
                del told, group
                pa.default_memory_pool().release_unused()  # what is asked next has other sizes
            waiting[:] = [together]

        yield write
        for rest in waiting[:]:
            write(rest.slice(0, 0), 1)


def _said_of(table: str, field: pa.Field) -> pa.Field:
    """Return a field with what its line in the table of columns says of it."""
    if table not in told.TABLES:
        return field.remove_metadata()
    return field.with_metadata(told.column_of(table, field.name).metadata)


def guarded(text: str) -> str:
    """Return text that a spreadsheet takes as text: a formula's first character gets an apostrophe before it.

    Full-width forms count too, since Chinese Excel reads them as operators. A plain number is left alone.

    >>> guarded("=cmd|' /C calc'!A0")
    "'=cmd|' /C calc'!A0"
    >>> guarded("-12.5")
    '-12.5'
    """
    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) and not PLAIN_NUMBER.match(text) else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given.

    >>> unguarded(guarded("=1+1")), unguarded(guarded("'-2")), unguarded("-2"), unguarded("'quoted'")
    ('=1+1', "'-2", '-2', "'quoted'")
    """
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(FORMULA_STARTS) else text


def csv_text(value: object, name: str) -> str:
    """Return one value as it stands in a CSV file, by the unit suffix of its column.

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
        columns: list[list[object]] = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns, strict=True):
            yield [csv_text(_told(value, name, language), name) for value, name in zip(values, names, strict=True)]


def write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write `header` and `rows` to `path`, a csv file as Excel opens it."""
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
