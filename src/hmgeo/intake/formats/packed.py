"""Layers larger than memory: taken in parts, sorted on disk, packed, streamed in blocks.

Rows taken in parts come out as `load_receptors` gives them, ids included. What grows with the file is some twenty
bytes for each row, by which repeated ids are known.

A packed file holds WKB in lon/lat, lz4, in groups of 50,000 rows, with a `bbox` column declared as covering
(GeoParquet 1.1). Any GIS reads it.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import shapely
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray
from pyproj import CRS

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.raster import hilbert_distance
from hmgeo.intake.catalog import file_sha256, note_standard, shown_path, stream_sha256
from hmgeo.intake.columns import NO_ID, Columns, Opened, ReadOptions, understand, write_mapping
from hmgeo.intake.formats.archive import RemoteFile, Stored, opened_parquet, refuse_format
from hmgeo.intake.formats.read import check_file, note_unused_layer
from hmgeo.intake.formats.vectors import (
    MARK,
    distinct_words,
    geopackage_parts,
    geoparquet_parts,
    left_open_of,
    shapefile_parts,
)
from hmgeo.intake.layers import Aside, gates_of_packed, nothing_usable, own_errors_m, usable_batches
from hmgeo.intake.load import columns_of, load_receptors, place_rows
from hmgeo.intake.places.mend import lies_in_china
from hmgeo.intake.rows import SET_ASIDE_EVENT, Cells, Journal, RawTable
from hmgeo.records import LON_LAT_CRS, RECEPTOR_SCHEMA, Gates, Layer, Ledger, LedgerEntry, Provenance
from hmgeo.reference.cells import zeros_kept
from hmgeo.vocabulary import Basis, LayerKind
from hmgeo.words import say

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

_MOST_BUCKETS = 500


def _boxes_of(table: pa.Table | pa.RecordBatch) -> Floats:
    """Return (n, 4) west, south, east, north of the rows."""
    return np.asarray(shapely.bounds(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))))


class _Spill:
    """Takes batches of `RECEPTOR_SCHEMA` in any order into an empty folder, and gives them back sorted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer = pa.ipc.new_stream(folder / "all", RECEPTOR_SCHEMA)
        self._boxes: list[Floats] = []
        self.rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch."""
        self._writer.write_batch(batch)
        self._boxes.append(_boxes_of(batch))
        self.rows += batch.num_rows

    def in_order(self, place_of: Callable[[Floats], Indices], rows: int) -> Iterator[pa.Table]:
        """Yield all rows by the place of their (n, 4) boxes, equals as they came, in tables of so many rows."""
        self._writer.close()
        places = place_of(np.concatenate([np.empty((0, 4)), *self._boxes]))
        self._boxes = []
        rows = max(rows, -(-self.rows // _MOST_BUCKETS // rows) * rows)
        rank = np.empty(self.rows, np.int64)
        rank[np.argsort(places, kind="stable")] = np.arange(self.rows)
        del places
        buckets = -(-self.rows // rows)
        with ExitStack() as opened:
            writers = [
                opened.enter_context(pa.ipc.new_stream(self._folder / f"{number}", RECEPTOR_SCHEMA))
                for number in range(buckets)
            ]
            first = 0
            for batch in _read(self._folder / "all"):
                bucket = rank[first : first + batch.num_rows] // rows
                for number in np.unique(bucket).tolist():
                    writers[number].write_batch(batch.take(pa.array(np.flatnonzero(bucket == number))))
                first += batch.num_rows
        (self._folder / "all").unlink()
        bucket = rank // rows
        for number in range(buckets):
            path = self._folder / f"{number}"
            table = pa.Table.from_batches(list(_read(path)), RECEPTOR_SCHEMA)
            yield table.take(pa.array(np.argsort(rank[bucket == number])))
            path.unlink()


def _read(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        yield from stream


PART_ROWS = 32_768


class RunningIds:
    """Ids for rows that come in parts: the value, a repeat with `#2`, a blank as `row-N`."""

    def __init__(self) -> None:
        self._bytes: Any = import_module("hmgeo.intake.places.sound")  # LLVM is loaded where it is needed
        self._known = self._bytes.KnownTexts()
        self._times: dict[str, int] = {}
        self.rows = self.repeats = self.blanks = 0

    def of(self, raw: RawTable, column: str) -> pa.Array:
        """Return the ids of the next rows, `raw`, by their `column`; without one the numbers of the rows."""
        first, self.rows = self.rows, self.rows + raw.row_count
        if not column:
            return pa.array([f"row-{row}" for row in range(first + 1, self.rows + 1)])
        texts, is_own = self._given(raw, column, first)
        is_new = np.ones(len(texts), bool)
        if is_own.all():
            is_new = self._known.enter(texts)
        else:
            is_new[is_own] = self._known.enter(texts.filter(pa.array(is_own)))  # the file's own before made ones
            is_new[~is_own] = self._known.enter(texts.filter(pa.array(~is_own)))
        if not is_new.all():
            ids = texts.to_pylist()
            for place in np.flatnonzero(~is_new).tolist():
                ids[place] = self._renamed(ids[place])
            texts = pa.array(ids, pa.string())
        return texts

    def _given(self, raw: RawTable, column: str, first: int) -> tuple[pa.Array, NDArray[np.bool_]]:
        """Return the file's own ids, stripped, a blank as `row-N`, and which are the file's own."""
        if isinstance(raw.columns, Cells):
            cells = raw.columns.columns[column]
            is_whole = pa.types.is_integer(cells.type)
            if (is_whole or pa.types.is_string(cells.type)) and self._bytes.are_ids(text := cells.cast(pa.string())):
                return text, np.ones(len(text), bool)
        texts = ["" if value in NO_ID else value for value in map(str.strip, raw.columns[column])]
        is_own = np.array(texts) != ""
        self.blanks += int((~is_own).sum())
        ids = [value or f"row-{first + place}" for place, value in enumerate(texts, start=1)]
        return pa.array(ids, pa.string()), is_own

    def _renamed(self, value: str) -> str:
        self.repeats += 1
        number = self._times.get(value, 1) + 1
        while not self._known.enter(pa.array([f"{value}#{number}"]))[0]:
            number += 1
        self._times[value] = number
        return f"{value}#{number}"


class PlainParts(Struct):
    """Opens passes over a plain file.

    Parameters
    ----------
    entries
        What befell rows and file in the last pass.
    seconds
        What reading and mending took in the last pass.
    rows
        Rows of the file, once read.
    left_open
        As in `Layer`, once read.
    zeros_kept
        As in `Opened`, once read.
    """

    path: Stored
    kind: LayerKind
    options: ReadOptions
    shown: str
    entries: list[LedgerEntry] = field(default_factory=list)
    margin_m: float = 0.0
    seconds: float = 0.0
    rows: int = 0
    left_open: int = 0
    zeros_kept: frozenset[int] | None = None

    def __call__(self) -> Iterator[pa.RecordBatch]:
        """Read the file from the beginning."""
        ids, journal, self.seconds, self.left_open = RunningIds(), Journal(self.shown), 0.0, 0
        self.entries, aside = journal.entries, Aside(self.kind)
        note_unused_layer(self.options.layer, self.path.suffix.lower(), journal)
        columns: Columns | None = None
        opened, usable, began, options = None, 0, time.perf_counter(), self.options
        for raw in _parts(self.path, self.options.layer, journal, PART_ROWS):
            journal.sheet, journal.first = raw.sheet, ids.rows
            if columns is None:
                columns = columns_of(raw, self.kind, self.options, Place(file=self.shown, sheet=raw.sheet))
                write_mapping(columns, journal)
                note_standard(raw.headers, raw.sheet, self.kind, journal)
            own = ids.of(raw, columns.by_role.get("id", ""))
            journal.ids = own
            if "land_code" in columns and self.zeros_kept is None:
                self.zeros_kept = zeros_kept(distinct_words(self.path, self.options.layer, columns["land_code"]))
            opened = Opened(raw, columns, own, journal, zeros_kept=self.zeros_kept)
            outcome = place_rows(opened, self.kind, options, are_receptors=True)
            if not options.in_china:  # later parts ought to lie where earlier ones do
                rows = outcome.unsettled()
                here = outcome.sound.any() or lies_in_china(shapely.bounds(outcome.made[rows])).any()
                options = replace(options, in_china=bool(here))
            batches = usable_batches(opened, outcome, self.kind)
            widest_m = max(own_errors_m(opened, outcome).values(), default=0.0)
            self.margin_m = max(self.margin_m, outcome.shift_margin_m + widest_m)
            aside.add(opened, outcome)
            self.seconds += time.perf_counter() - began
            for batch in batches:
                usable += batch.num_rows
                yield batch
            began = time.perf_counter()
        self.rows, self.left_open = ids.rows, aside.count
        if aside.count:
            aside.note(journal)
        if ids.repeats or ids.blanks:
            reason = say("ids_repeated_or_blank", repeats=ids.repeats, blanks=ids.blanks)
            journal.note("编号", reason, "编号加序号或取 row-行号")
        if opened is not None and not usable:
            raise nothing_usable(opened, ids.rows, self.kind)


def _parts(path: Stored, layer: str, journal: Journal, rows: int) -> Iterator[RawTable]:
    if not isinstance(path, RemoteFile) and path.suffix.lower() == ".gpkg":
        return geopackage_parts(path, layer, journal, rows)
    if not isinstance(path, RemoteFile) and path.suffix.lower() == ".shp":
        return shapefile_parts(path, journal, rows)
    return geoparquet_parts(path, journal, rows)


def plain_parts(
    path: Stored,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> tuple[Layer, Ledger] | None:
    """Open a file to be read in parts; None where it must be seen as a whole to be understood.

    That is so for other formats, small or odd shapefiles, tables without geometry, and where nobody says what the
    coordinates are.

    `path`, `kind`, `basis`, `name`, `gates`, `provenance`, `options`, `shown_as`: as in `load_receptors`; a `path`
    may be an address. The file isn't read through for its SHA-256. `InputError`: the file can't be used.
    """
    journal = Journal(shown_path(path, shown_as))
    place = Place(file=journal.file)
    if isinstance(path, RemoteFile):
        refuse_format(path)
    else:
        check_file(path, place)
    if path.suffix.lower() not in {".gpkg", ".parquet", ".shp"}:
        return None
    first = next(_parts(path, options.layer, journal, 1), None)
    if first is None:
        return None
    crs = understand(options, place).crs or first.crs
    if first.geometry is None or crs is None or crs.is_engineering or not first.row_count:
        return None
    parts = PlainParts(path, kind, options, journal.file)
    provenance = replace(provenance or Provenance(journal.file), path=journal.file)
    return Layer(name or path.stem, kind, basis, provenance, parts, gates), Ledger()


def open_parts(path: Stored, **declared: Any) -> tuple[Layer, Ledger]:  # noqa: ANN401 -- as `load_receptors`
    """Open the file `path` that isn't packed; `declared` is what `load_receptors` takes.

    `InputError`: the file can't be used, or lies at an address and would have to be seen as a whole.
    """
    opened = plain_parts(path, **declared)
    if opened is not None:
        return opened
    if isinstance(path, RemoteFile):
        remedy = "写明坐标系重新导出，或下载到本机再用"
        raise InputError(Problem("按地址读的 parquet 须有几何和坐标系", Place(file=repr(path)), remedy=remedy))
    return load_receptors(path, **declared)


GROUP_ROWS = 50_000
SORTED_ROWS = 2 * GROUP_ROWS
FORMAT = 1
BOX = "bbox"
_BOX_FIELDS = ("xmin", "ymin", "xmax", "ymax")
_BOX_TYPE = pa.struct([(name, pa.float64()) for name in _BOX_FIELDS])
_REPEATING = ["name", "class", "land_class", "township", "stated.key_value.key", "links.key_value.key"]
"""Columns worth a dictionary; looking one up for coordinates or ids that never repeat only costs the readers."""


class Packed(Struct, frozen=True):
    """What was written: rows, row groups, and the ledger of reading."""

    rows: int
    row_groups: int
    ledger: Ledger


def pack_layer(
    path: Stored,
    out: Path,
    *,
    kind: LayerKind = LayerKind.FARMLAND,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
    progress: Callable[[int], None] = lambda _: None,
    sorted_rows: int = SORTED_ROWS,
) -> Packed:
    """Read a receptor layer of any format, mend it as ever, and write it in the working format.

    GeoPackage, GeoParquet and large shapefiles are taken in parts and sorted on disk beside `out`, so that memory
    doesn't grow with the file but for some 50 bytes a row; other formats are held as a whole.

    `InputError`: as `load_receptors`.

    Parameters
    ----------
    path, kind, options, shown_as
        As in `load_receptors`.
    out
        File to write; replaced if present.
    progress
        Called with the number of rows read so far.
    sorted_rows
        Rows sorted in memory at a time, a multiple of `GROUP_ROWS`; the bytes written don't depend on it.
    """
    declared = {"kind": kind, "basis": Basis.UNDECLARED, "options": options, "shown_as": shown_as}
    layer, ledger = open_parts(path, **declared)
    with tempfile.TemporaryDirectory(prefix=f"{out.name}.tmp-", dir=out.parent, ignore_cleanup_errors=True) as folder:
        spill = _Spill(Path(folder))
        for batch in layer.batches():
            spill.add(batch)
            progress(spill.rows)
        parts = layer.open_batches
        reading = parts if isinstance(parts, PlainParts) else layer
        sorted_tables = spill.in_order(hilbert_distance, sorted_rows)
        if isinstance(parts, PlainParts):
            ledger = Ledger(tuple(parts.entries))
        more = {"margin_m": reading.margin_m, "befell": ledger.events(), "left_open": reading.left_open}
        rows = write_packed(sorted_tables, out, kind, is_sorted=True, more=more)
    return Packed(rows, -(-rows // GROUP_ROWS), ledger)


def write_packed(
    tables: Iterable[pa.Table],
    out: Path,
    kind: LayerKind,
    *,
    is_sorted: bool = False,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> int:
    """Write `tables` of `RECEPTOR_SCHEMA` to `out` in the working format: same bytes for same rows; return the rows.

    Parameters
    ----------
    tables
        Each is sorted in itself, so that a layer too large for memory may come in parts, unless `is_sorted`.
    kind
        Which layers of receptors the file may be opened as.
    more
        What else the file says of itself: `margin_m` and `left_open` as in `Layer`, and what `befell` how many rows.
    """
    classes: dict[str, set[str | None]] = {"class": set(), "land_class": set()}
    rows = 0
    schema = RECEPTOR_SCHEMA.append(pa.field(BOX, _BOX_TYPE)).with_metadata({"geo": _geo()})
    with pq.ParquetWriter(out, schema, compression="lz4", use_dictionary=_REPEATING) as writer:
        for batch in tables:
            table, boxes = batch, _boxes_of(batch)
            if not is_sorted:
                order = np.argsort(hilbert_distance(boxes), kind="stable")
                table, boxes = batch.take(pa.array(order)), boxes[order]
            box = pa.StructArray.from_arrays([pa.array(side) for side in boxes.T], fields=list(_BOX_TYPE))
            writer.write_table(table.append_column(BOX, box), row_group_size=GROUP_ROWS)
            for name, words in classes.items():
                words |= set(table[name].unique().to_pylist())
            rows += table.num_rows
        writer.add_key_value_metadata({MARK.decode(): _own(kind, classes, more)})
    return rows


def _geo() -> str:
    column = {
        "encoding": "WKB",
        "geometry_types": [],
        "crs": json.loads(CRS(LON_LAT_CRS).to_json()),
        "edges": "planar",
        "covering": {"bbox": {name: [BOX, name] for name in _BOX_FIELDS}},
    }
    return json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}})


def _own(kind: LayerKind, classes: Mapping[str, set[str | None]], more: Mapping[str, Any]) -> str:
    soil, land = (sorted(word for word in words if word is not None) for words in classes.values())
    own = {"format": FORMAT, "kind": kind.value, "classes": soil, "columns": RECEPTOR_SCHEMA.names}
    own |= {"land_classes": land} if land else {}
    return json.dumps(own | (dict(more) if any(more.values()) else {}), ensure_ascii=False)


_MANY_GROUPS = 100
"""With more row groups than this memory is given back after each: kept for the next, it adds up to a tenth of a GB."""


class RowGroups(Struct, frozen=True):
    """Opens passes over a packed file: all of it, or what meets some boxes.

    Parameters
    ----------
    path
        The packed file.
    boxes
        (g, 4) west, south, east, north of each row group.
    classes, land_classes
        Every class word in the file, read or not: of soil, of land use.
    columns
        Those of `RECEPTOR_SCHEMA` that the file has.
    befell
        What befell how many rows when they were packed.
    read
        Numbers of the row groups that any pass has read so far.
    """

    path: Stored
    boxes: Floats
    classes: tuple[str, ...]
    land_classes: tuple[str, ...]
    columns: tuple[str, ...]
    befell: Mapping[str, int] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)

    def __call__(self) -> Iterator[pa.RecordBatch]:
        """Read every row group."""
        return self._read(np.arange(len(self.boxes)))

    def within(self, boxes: Floats) -> Iterator[pa.RecordBatch]:
        """Read the row groups that meet any of (n, 4) lon/lat boxes, in the order of the file.

        Classes come as numbers into a dictionary, as they stand in the file.
        """
        return self._read(self.meeting(boxes), coded=("class", "land_class"))

    def meeting(self, boxes: Floats) -> NDArray[np.intp]:
        """Return the numbers of the row groups that meet any of (n, 4) boxes, on the neighbouring turns too."""
        meets = np.zeros(len(self.boxes), bool)
        for turn in (-360.0, 0.0, 360.0):
            west, south, east, north = (boxes + np.array([turn, 0.0, turn, 0.0])).T[:, :, None]
            own = self.boxes.T[:, None, :]
            meets |= ((own[0] <= east) & (west <= own[2]) & (own[1] <= north) & (south <= own[3])).any(axis=0)
        return np.flatnonzero(meets)

    def of_group(self, group: int) -> Iterator[pa.RecordBatch]:
        """Read one row group."""
        return self._read(np.array([group]))

    def _read(self, groups: NDArray[np.intp], coded: tuple[str, ...] = ()) -> Iterator[pa.RecordBatch]:
        with opened_parquet(self.path, coded) as file:
            for group in groups.tolist():
                self._recognise(file.metadata, group)
                self.read.add(group)
                blank, null = _blank_columns(file.metadata.row_group(group))
                wanted = [name for name in self.columns if name not in blank | null]
                table = file.read_row_group(group, columns=wanted, use_threads=False)
                batches = _completed(table, blank, coded).combine_chunks().to_batches()
                del table
                yield from batches
                del batches
                if len(groups) > _MANY_GROUPS:
                    pa.default_memory_pool().release_unused()

    def _recognise(self, footer: pq.FileMetaData, group: int) -> None:
        """Refuse a file that isn't the one that was opened first: another machine's, or changed since."""
        if footer.num_row_groups != len(self.boxes) or not np.array_equal(_group_box(footer, group), self.boxes[group]):
            place, remedy = Place(file=shown_path(self.path, "")), "各工作机须读到同一份文件，测算期间不要改动"
            raise InputError(Problem("文件与开始测算时不是同一份", place, remedy=remedy))


def _blank_columns(group: pq.RowGroupMetaData) -> tuple[set[str], set[str]]:
    """Return text columns that hold nothing but empty texts, and columns of nulls, as the statistics say.

    There is no need to read them.
    """
    blank, null = set(), set()
    for number in range(group.num_columns):
        column = group.column(number)
        statistics = column.statistics
        if statistics is None or not statistics.has_null_count:
            continue
        if statistics.null_count == column.num_values and "." not in column.path_in_schema:
            null.add(column.path_in_schema)
        elif statistics.has_min_max and statistics.null_count == 0 and statistics.min == statistics.max == "":
            blank.add(column.path_in_schema)
    return blank, null


def _completed(table: pa.Table, blank: set[str], coded: tuple[str, ...]) -> pa.Table:
    """Return a table of `RECEPTOR_SCHEMA`, null where the file, packed by an older version, says nothing."""
    present, rows = set(table.column_names), table.num_rows
    columns = {}
    for wanted in RECEPTOR_SCHEMA:
        kind = pa.dictionary(pa.int32(), wanted.type) if wanted.name in coded else wanted.type
        if wanted.name in present:
            columns[wanted.name] = table[wanted.name].cast(kind)
        elif wanted.name in blank:
            columns[wanted.name] = pa.repeat(pa.scalar(""), rows).cast(kind)
        else:
            columns[wanted.name] = pa.nulls(rows, kind)
    return pa.table(columns)


def _can_read(columns: list[str] | None) -> bool:
    """Tell whether a file's columns are ours, but perhaps for the last ones, of which a blank says nothing."""
    names = RECEPTOR_SCHEMA.names
    return columns is not None and columns == names[: len(columns)] and "geometry" in columns


def is_packed(path: Stored) -> bool:
    """Tell whether the file `path` is in the working format."""
    if path.suffix.lower() != ".parquet":
        return False
    try:
        with opened_parquet(path) as file:
            metadata = file.metadata.metadata or {}
    except (pa.ArrowException, OSError):
        return False
    return MARK in metadata


def stream_receptors(
    path: Stored,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    shown_as: str = "",
    fingerprint: bool = True,
) -> Layer:
    """Open a file that `pack_layer` wrote; nothing but its footer is read until a pass begins.

    What reading set aside or mended was told when the file was packed.

    `path`, `kind`, `basis`, `name`, `gates`, `provenance`, `shown_as`: as in `load_receptors`; a `path` may be an
    address.
    `fingerprint`: whether the file is read through for its SHA-256.
    `InputError`: the file isn't packed, was packed for another kind, or by an older version.
    """
    place = Place(file=shown_path(path, shown_as))
    remedy = "用 hmgeo layers pack 重新生成"
    if not is_packed(path):
        raise InputError(Problem("不是工作格式文件", place, remedy=remedy))
    with opened_parquet(path) as file:
        footer = file.metadata
        own = json.loads(footer.metadata[MARK])
        if own.get("format") != FORMAT or not _can_read(own.get("columns")):
            raise InputError(Problem("工作格式版本不符", place, found=str(own.get("format")), remedy=remedy))
        if own["kind"] != kind.value:
            raise InputError(Problem("工作格式文件的图层类别不符", place, found=own["kind"], allowed=kind.value))
        befell = own.get("befell") or {SET_ASIDE_EVENT: own.get("set_aside", 0)}  # older files tell no more
        boxes = [_group_box(footer, group) for group in range(footer.num_row_groups)]
        classes = (tuple(own["classes"]), tuple(own.get("land_classes", ())))
        groups = RowGroups(path, np.array(boxes, dtype=float).reshape(-1, 4), *classes, tuple(own["columns"]), befell)
    return Layer(
        name=name or path.stem,
        kind=kind,
        basis=basis,
        provenance=replace(provenance or Provenance(""), path=place.file, sha256=_sha256(path) if fingerprint else ""),
        open_batches=groups,
        gates=gates_of_packed(gates, left_open_of(own), kind),
        feature_count=footer.num_rows,
        margin_m=float(own.get("margin_m", 0.0)),
        left_open=left_open_of(own),
    )


def _group_box(footer: pq.FileMetaData, group: int) -> tuple[float, float, float, float]:
    row_group = footer.row_group(group)
    at = {row_group.column(i).path_in_schema: i for i in range(row_group.num_columns)}
    sides = [row_group.column(at[f"{BOX}.{side}"]).statistics for side in ("xmin", "ymin", "xmax", "ymax")]
    return sides[0].min, sides[1].min, sides[2].max, sides[3].max


def _sha256(path: Stored) -> str:
    if not isinstance(path, RemoteFile):
        return file_sha256(path)
    with path.reading() as stream:
        return stream_sha256(stream)
