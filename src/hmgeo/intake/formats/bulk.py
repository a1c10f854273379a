"""Large tables of GeoPackages read in bulk by GDAL, at a third of what SQLite's rows cost in Python.

A file of its own because it alone decides when both ways give the same: every cell of the table is what its column
declares, every geometry has a plain header, and nothing is pending beside the file. Else rows are read one by one.
"""

from __future__ import annotations

import re
import sqlite3
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FEWEST_ROWS = 100_000
"""Fewer don't make up for importing GDAL."""
_NO_TEXT = "{0} COLLATE BINARY < '' OR {0} COLLATE BINARY >= x'' OR instr({0}, char(0))"
"""Numbers come before all texts, blobs after them; GDAL cuts a text at its NUL."""
_OTHERS = (
    (r"TEXT(\(\d+\))?", _NO_TEXT, pa.string()),
    ("INT|INTEGER", "typeof({0}) NOT IN ('integer', 'null')", pa.int64()),
    ("REAL|DOUBLE", "typeof({0}) NOT IN ('real', 'null')", pa.float64()),
)
"""What columns are declared, which of their cells are something else, and how Arrow holds the rest."""
_ODD_SHAPE = "{0} < x'47500000' OR {0} >= x'4750000A' OR length({0}) <= 76"
"""Not GP, version 0, flags of a geometry that isn't empty and none of an extension, a WKB type behind any box."""


def batches_in_bulk(
    path: Path, database: sqlite3.Connection, table: str, shape_column: str, rows: int
) -> Iterator[pa.RecordBatch] | None:
    """Return the rows of a `table` as batches of about so many `rows`, WKB without headers; None where they are told.

    None stands for a table that has to be read row by row. `database` is `path` opened by SQLite.
    """
    expected = _plain_columns(path, database, table, shape_column)
    return None if expected is None else _opened(str(path.absolute()), table, expected, rows)


def quoted_name(name: str) -> str:
    """Return the `name` of a table or column as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _plain_columns(
    path: Path, database: sqlite3.Connection, table: str, shape_column: str
) -> dict[str, pa.DataType] | None:
    """Return the columns of a large table and how Arrow holds them; None unless all of its cells are of their kind."""
    beside = (path.with_name(f"{path.name}{end}") for end in ("-wal", "-journal"))
    with path.open("rb") as stream:
        is_logged = stream.read(20)[18:] != b"\x01\x01"
    if is_logged or not shape_column or any(near.exists() for near in beside):
        return None
    quoted = quoted_name(table)
    try:
        first = database.execute(f"SELECT min(rowid) FROM {quoted}").fetchone()[0]  # noqa: S608 -- quoted
        last = database.execute(f"SELECT max(rowid) FROM {quoted}").fetchone()[0]  # noqa: S608 -- quoted
        counted = database.execute(
            "SELECT feature_count FROM gpkg_ogr_contents WHERE table_name = ?", (table,)
        ).fetchone()
    except sqlite3.OperationalError:  # tables without
        return None
    if first != 1 or not isinstance(last, int) or last < _FEWEST_ROWS or counted != (last,):
        return None  # of gaps GDAL 3.12 makes rows that are there twice where it was told another count
    expected: dict[str, pa.DataType] = {}
    odd = []
    kept_apart = database.execute("SELECT count(*) FROM pragma_index_list(?) WHERE origin = 'pk'", (table,)).fetchone()
    for _, name, declared, _, _, key, is_made in database.execute(f"PRAGMA table_xinfo({quoted})"):
        column = quoted_name(name)
        if is_made:
            return None
        if name == shape_column:
            expected[name] = pa.binary()
            odd.append(_ODD_SHAPE.format(column))
            continue
        stored = next((stored for stored in _OTHERS if re.fullmatch(stored[0], declared.upper())), None)
        if stored is None:
            return None
        expected[name] = stored[2]
        if not key or kept_apart != (0,):  # a key without an index of its own is the row's number
            odd.append(stored[1].format(column))
    plain = " AND ".join(f"({others}) IS NOT TRUE" for others in odd)
    found = database.execute(f"SELECT count(*) FROM {quoted} WHERE {plain}").fetchone()  # noqa: S608 -- quoted
    return expected if found == (last,) else None


def _opened(text: str, table: str, expected: dict[str, pa.DataType], rows: int) -> Iterator[pa.RecordBatch] | None:
    """Open the stream; None where GDAL can't, or holds the columns otherwise."""
    import pyogrio  # noqa: PLC0415 -- GDAL's wrapper is loaded where a table is large enough for it
    from pyogrio.util import vsi_path  # noqa: PLC0415 -- as above

    if vsi_path(text) != text or text.replace("\\", "/").startswith("/vsi"):
        return None
    with ExitStack() as opened:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                stream = pyogrio.open_arrow(text, layer=table, batch_size=rows, return_fids=True, use_pyarrow=True)
                _, batches = opened.enter_context(stream)
        except (RuntimeError, ValueError):
            return None
        if any(
            batches.schema.names.count(name) != 1 or batches.schema.field(name).type != kind
            for name, kind in expected.items()
        ):
            return None
        return _read(batches, list(expected), opened.pop_all())


def _read(batches: pa.RecordBatchReader, names: list[str], opened: ExitStack) -> Iterator[pa.RecordBatch]:
    with opened:
        for batch in batches:
            batch.validate(full=True)
            yield batch.select(names)
