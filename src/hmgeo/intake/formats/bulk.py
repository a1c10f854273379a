"""Large GeoPackages and shapefiles read in bulk by GDAL, at a third of what their rows cost in Python.

A file of its own because it alone decides when both ways give the same. A GeoPackage where nothing is pending beside
the file comes so up to the first part with a cell that isn't what its column declares, or a geometry without a plain
header, which GDAL is asked to leave out. In a shapefile the members agree on how many rows there are, the index points
into the file, and each text can be read by itself. Other rows are read one by one, or at once.
"""

import re
import sqlite3
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hmgeo.intake.formats.dbf import Dbf
from hmgeo.intake.rows import cells_of, in_one_piece

_FEWEST_ROWS, _FEWEST_LOADED = 100_000, 5_000
"""Fewer don't make up for importing GDAL's wrapper; nor, where it is loaded already, for what has to hold first."""
_TABLE_ROWS = 32_768
"""Of more, memory in pieces costs GDAL twice its time; fewer would have to be put together."""
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


def tables_in_bulk(
    path: Path, database: sqlite3.Connection, table: str, shape_column: str, rows: int
) -> Iterator[tuple[pa.Table, sqlite3.Cursor]]:
    """Read a `table` from its first row on, about so many `rows` at a time, 0 for all at once, WKB without headers.

    Each part comes with what lies behind it: where parts end before the table does, before the first row, too, the rest
    has to be read row by row. `database` is `path` opened by SQLite.
    """
    held: list[pa.RecordBatch] = []
    faults = sqlite3.Error, RuntimeError, ValueError, OSError, pa.ArrowException
    with suppress(*faults):  # rows read one by one tell what it is
        with path.open("rb") as stream:
            is_logged = stream.read(20)[18:] != b"\x01\x01"  # GDAL would write beside it
        if is_logged or is_pending(path) or (layout := _layout(database, table, shape_column)) is None:
            return
        size = min(rows or _TABLE_ROWS, _TABLE_ROWS)
        source, key, low = quoted_name(table), quoted_name(layout.key), layout.first
        for batch in _opened(path, table, layout, size):
            numbers = batch.column(layout.key).to_numpy()
            high, there = int(numbers[-1]), batch.num_rows
            if high - low + 1 != there:
                asked = f"SELECT count(*) FROM {source} WHERE {key} BETWEEN ? AND ?"  # noqa: S608 -- quoted
                there = database.execute(asked, (low, high)).fetchone()[0]
            if batch.num_rows != there or numbers[0] < low or (numbers[1:] <= numbers[:-1]).any():
                return
            held.append(batch.select(list(layout.kinds)))
            low = high + 1
            if high == layout.last or 0 < rows <= size * len(held):
                behind = database.execute(f"SELECT * FROM {source} WHERE {key} > ?", (high,))  # noqa: S608 -- quoted
                yield pa.Table.from_batches(held), behind
                held = []


def _fewest() -> int:
    return min(_FEWEST_ROWS, _FEWEST_LOADED) if "pyogrio" in sys.modules else _FEWEST_ROWS


def quoted_name(name: str) -> str:
    """Return the `name` of a table or column as SQL writes it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


class _Layout(NamedTuple):
    """What a table declares."""

    kinds: dict[str, pa.DataType]
    """Its columns, and how Arrow holds them."""
    plain: str
    """What is true of each row whose cells are all of their kind."""
    key: str
    """The column of whole numbers by which rows are found."""
    first: int
    last: int


def is_pending(path: Path) -> bool:
    """Tell whether what was written to a database, or has to be taken back, lies beside it or what it links to."""
    whole = path.resolve()
    beside = (whole.with_name(f"{whole.name}{end}") for end in ("-wal", "-journal"))
    return any(near.exists() and near.stat().st_size for near in beside)


def _layout(database: sqlite3.Connection, table: str, shape_column: str) -> _Layout | None:
    """Return what a large table declares; None where GDAL would give something else than SQLite."""
    kinds: dict[str, pa.DataType] = {}
    odd, keys = [], []
    kept_apart = database.execute("SELECT count(*) FROM pragma_index_list(?) WHERE origin = 'pk'", (table,)).fetchone()
    for _, name, declared, _, _, key, is_made in database.execute(f"PRAGMA table_xinfo({quoted_name(table)})"):
        sorts = ((".*", _ODD_SHAPE, pa.binary()),) if name == shape_column else _OTHERS
        sort = next((sort for sort in sorts if re.fullmatch(sort[0], declared.upper())), None)
        if is_made or sort is None:
            return None
        _, others, kinds[name] = sort
        if key and kept_apart == (0,):  # a key without an index of its own is the row's number
            keys.append(name)
        else:
            odd.append(f"({others.format(quoted_name(name))}) IS NOT TRUE")
    if len(keys) != 1 or shape_column not in kinds:
        return None
    source, key, plain = quoted_name(table), quoted_name(keys[0]), " AND ".join(odd)
    ends = (f"SELECT {end}({key}) FROM {source}" for end in ("min", "max"))  # noqa: S608 -- quoted
    first, last = (database.execute(end).fetchone()[0] for end in ends)
    if first is None or last - first + 1 < _fewest():
        return None
    is_plain = f"SELECT 1 FROM {source} WHERE {key} = ? AND {plain}"  # noqa: S608 -- as above
    found = database.execute(is_plain, (first,)).fetchone()  # else GDAL would be loaded for nothing
    return _Layout(kinds, plain, keys[0], first, last) if found else None


def _opened(path: Path, table: str, layout: _Layout, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield plain rows; none where GDAL can't see the file, or holds the columns otherwise."""
    import pyogrio  # noqa: PLC0415 -- GDAL's wrapper is loaded where a table is large enough for it

    if not (text := plain_path(path)):
        return
    with ExitStack() as opened:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened.enter_context(gdal_option("OGR_GPKG_NUM_THREADS", "1"))  # reading ahead takes 60 MB
            # Without a condition GDAL 3.12 makes rows that are there twice of gaps, where it is told another count
            stream = pyogrio.open_arrow(
                text, layer=table, batch_size=rows, return_fids=True, use_pyarrow=True, where=layout.plain
            )
            _, batches = opened.enter_context(stream)
        if all(
            batches.schema.names.count(name) == 1 and batches.schema.field(name).type == kind
            for name, kind in layout.kinds.items()
        ):
            for batch in batches:
                batch.validate(full=True)
                yield batch


def plain_path(path: Path) -> str:
    """Return a path in which GDAL and its wrapper see a file or folder on this machine's disks; empty for any other."""
    from pyogrio.util import vsi_path  # noqa: PLC0415 -- as above

    text = str(path.absolute())
    return "" if text.replace("\\", "/").startswith("/vsi") or vsi_path(text) != text else text


@contextmanager
def gdal_option(name: str, value: str | None) -> Iterator[None]:
    """Set an option of GDAL for a while; `value` None leaves it to GDAL."""
    import pyogrio  # noqa: PLC0415 -- as above

    before = pyogrio.get_gdal_config_option(name)
    pyogrio.set_gdal_config_options({name: value})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({name: before})


_BATCH_ROWS = 2_048
"""Of more, memory in pieces costs GDAL a third of its time."""
_PLAIN_TYPES = (3, 5)
"""Lines and areas without heights and measures."""
_LEAST_WORDS = 11
"""Of what a record with corners holds, before its first part begins."""
_BLOCK_WORDS = 2_000_000
_AS_ARROW = "CNF"
_INDEX_HEAD = 100


def shapefile_in_bulk(
    path: Path, dbf: Dbf | None, encoding: str | None, rows: int
) -> tuple[Sequence[str], Any, Iterator[list[pa.Array]]] | None:
    """Return names, CRS and the columns of a shapefile, WKB last, so many `rows` at a time; None where it isn't plain.

    Its attributes are `dbf`, in this `encoding`, None for ASCII. A `RuntimeError` or `ValueError` where GDAL fails.
    """
    if dbf is None or dbf.count < _fewest() or not dbf.is_sound or not plain_path(path):
        return None
    if not (dbf.is_ascii[1] if encoding is None else dbf.are_texts_whole(encoding)):
        return None
    import pyogrio.raw  # noqa: PLC0415 -- as above

    with ExitStack() as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            about = pyogrio.read_info(path, encoding=encoding)
            beside = (near for near in path.parent.iterdir() if near.stem == path.stem)
            index = next(near for near in beside if near.suffix.lower() == ".shx")
            names = [str(name) for name in about["fields"]]
            is_told = encoding is not None or all(map(str.isascii, names))
            if (
                not is_told
                or not len(set(names)) == len(names) == len(dbf.fields)
                or not _is_indexed(path, index, dbf.count, (_state(path), _state(index)))
            ):
                return None
            others = [name for name, field in zip(names, dbf.fields, strict=True) if field.kind not in _AS_ARROW]
            held: dict[str, pa.Array] = {}
            if others:  # what a cell of theirs says may hang on all the others
                _, _, _, fields = pyogrio.raw.read(path, encoding=encoding, columns=others, read_geometry=False)
                held = {name: cells_of(values) for name, values in zip(others, fields, strict=True)}
            size = min(rows, _BATCH_ROWS)
            stream = pyogrio.open_arrow(plain_path(path), batch_size=size, ENCODING="")  # bytes as they are
            _, capsule = opened.enter_context(stream)
            batches = pa.RecordBatchReader.from_stream(capsule)
        except (RuntimeError, ValueError, pa.ArrowException):
            return None
        return names, about["crs"], _columns(batches, names, held, encoding, -(-rows // size), opened.pop_all())


def _state(path: Path) -> tuple[int, int]:
    return path.stat().st_mtime_ns, path.stat().st_size


@lru_cache(maxsize=1)
def _is_indexed(path: Path, index: Path, count: int, states: tuple[tuple[int, int], ...]) -> bool:  # noqa: ARG001 -- part of the key
    """Tell whether a shapefile holds as many plain lines or areas as that, one behind the other, and an index of them.

    Of a shape that contradicts itself Arrow says that there is none, where rows read one by one refuse the file.
    """
    data = index.read_bytes()
    if len(data) != _INDEX_HEAD + 8 * count or 2 * int.from_bytes(data[24:28], "big") != len(data):
        return False
    begin, length = np.frombuffer(data, ">i4", offset=_INDEX_HEAD).reshape(-1, 2).T.astype(np.int64)
    ends = begin + 4 + length
    if begin[0] != _INDEX_HEAD // 2 or (begin[1:] != ends[:-1]).any() or (length % 2).any():
        return False
    begin, length, ends = begin // 2, length // 2, ends // 2  # words of four bytes
    with path.open("rb") as stream:
        kind = int.from_bytes(stream.read(_INDEX_HEAD)[32:36], "little")
        if kind not in _PLAIN_TYPES or 4 * ends[-1] > path.stat().st_size:
            return False
        blocks = np.unique(np.searchsorted(begin, np.arange(begin[0], ends[-1], _BLOCK_WORDS))).tolist()
        for first, last in pairwise((*blocks, count)):
            words = np.frombuffer(stream.read(4 * int(ends[last - 1] - begin[first])), "<i4")
            if not _are_plain(words, begin[first:last] - begin[first], length[first:last], kind):
                return False
    return True


def _are_plain(words: NDArray[np.int32], begin: NDArray[np.int64], length: NDArray[np.int64], kind: int) -> bool:
    """Tell whether records are nothing, or of one kind with as many parts and corners as they have room for.

    All is counted in words of four bytes.
    """
    if (words[begin + 1].byteswap() != 2 * length).any():
        return False
    is_null = (length == 1) & (words[begin + 2] == 0)
    begin, length = begin[~is_null], length[~is_null]
    if (length < _LEAST_WORDS).any() or (words[begin + 2] != kind).any():
        return False
    parts, points = (words[begin + place].astype(np.int64) for place in (11, 12))
    if (parts < 1).any() or (points < parts).any() or (_LEAST_WORDS + parts + 4 * points != length).any():
        return False
    ordinal = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    start, is_next = words[np.repeat(begin + 13, parts) + ordinal], ordinal > 0
    return not (
        start[~is_next].any()
        or (start[1:] <= start[:-1])[is_next[1:]].any()
        or (start >= np.repeat(points, parts)).any()
    )


def _columns(
    batches: pa.RecordBatchReader,
    names: Sequence[str],
    held: dict[str, pa.Array],
    encoding: str | None,
    pieces: int,
    opened: ExitStack,
) -> Iterator[list[pa.Array]]:
    with opened:
        first = 0
        while parts := _fetched(batches, pieces):
            columns = [in_one_piece(pa.chunked_array(column)) for column in zip(*parts, strict=True)]
            count = len(columns[-1])
            for place, name in enumerate(names):
                if name in held:
                    columns[place] = held[name][first : first + count]
                elif pa.types.is_string(columns[place].type) or pa.types.is_large_string(columns[place].type):
                    columns[place] = _decoded(columns[place], encoding)
            yield columns
            first += count


def _fetched(batches: pa.RecordBatchReader, pieces: int) -> list[list[pa.Array]]:
    """Return the columns of the next batches; names in the file's encoding are none to Arrow, so without them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [batch.to_struct_array().flatten() for batch in islice(batches, pieces)]


def _decoded(column: pa.Array, encoding: str | None) -> pa.Array:
    """Return texts whose bytes are in an encoding."""
    if encoding == "UTF-8" or bytes(column.buffers()[2] or b"").isascii():
        column.validate(full=True)
        return column
    kind = pa.large_binary() if pa.types.is_large_string(column.type) else pa.binary()
    coded = column.cast(kind).dictionary_encode()
    words = [word.decode(encoding or "ascii") for word in coded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(coded.indices)
