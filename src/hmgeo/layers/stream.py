"""Layers in the working format, read row group by row group: memory doesn't grow with the file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.catalog import file_sha256, shown_path, stream_sha256
from hmgeo.layers.pack import BOX, FORMAT, MARK
from hmgeo.layers.remote import RemoteFile, opened_parquet
from hmgeo.records import RECEPTOR_SCHEMA, Gates, Layer, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hmgeo.layers.remote import Stored
    from hmgeo.vocabulary import Basis, LayerKind

    Floats = NDArray[np.float64]

_MANY_GROUPS = 100
"""With more row groups than this memory is given back after each: kept for the next, it adds up to a tenth of a GB."""


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Opens passes over a packed file: all of it, or what meets some boxes.

    Parameters
    ----------
    path
        The packed file.
    boxes
        (g, 4) west, south, east, north of each row group.
    classes
        Every class word in the file, read or not.
    columns
        Those of `RECEPTOR_SCHEMA` that the file has.
    read
        Numbers of the row groups that any pass has read so far.
    """

    path: Stored
    boxes: Floats
    classes: tuple[str, ...]
    columns: tuple[str, ...]
    read: set[int] = field(default_factory=set, compare=False)

    def __call__(self) -> Iterator[pa.RecordBatch]:
        """Read every row group."""
        return self._read(np.arange(len(self.boxes)))

    def within(self, boxes: Floats) -> Iterator[pa.RecordBatch]:
        """Read the row groups that meet any of (n, 4) lon/lat boxes, in the order of the file.

        Classes come as numbers into a dictionary, as they stand in the file.
        """
        return self._read(self.meeting(boxes), coded=("class",))

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
                held = [name for name in self.columns if name not in blank | null]
                table = file.read_row_group(group, columns=held, use_threads=False)
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
        found = column.statistics
        if found is None or not found.has_null_count:
            continue
        if found.null_count == column.num_values and "." not in column.path_in_schema:
            null.add(column.path_in_schema)
        elif found.has_min_max and found.null_count == 0 and found.min == found.max == "":
            blank.add(column.path_in_schema)
    return blank, null


def _completed(table: pa.Table, blank: set[str], coded: tuple[str, ...]) -> pa.Table:
    """Return a table of `RECEPTOR_SCHEMA`, null where the file, packed by an older version, says nothing."""
    held, rows = set(table.column_names), table.num_rows
    columns = {}
    for wanted in RECEPTOR_SCHEMA:
        kind = pa.dictionary(pa.int32(), wanted.type) if wanted.name in coded else wanted.type
        if wanted.name in held:
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
    """Tell whether a file is in the working format."""
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

    Parameters are those of `load_receptors`; without `fingerprint` the file isn't read through for its SHA-256.
    What reading set aside or mended was told when the file was packed.

    Raises
    ------
    InputError
        The file isn't packed, was packed for another kind, or by an older version.
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
        groups = RowGroups(path, _group_boxes(footer), tuple(own["classes"]), tuple(own["columns"]))
    return Layer(
        name=name or path.stem,
        kind=kind,
        basis=basis,
        provenance=replace(provenance or Provenance(""), path=place.file, sha256=_sha256(path) if fingerprint else ""),
        open_batches=groups,
        gates=gates,
        feature_count=footer.num_rows,
    )


def _group_boxes(footer: pq.FileMetaData) -> Floats:
    """Read each row group's box from the statistics of the covering column."""
    boxes = [_group_box(footer, group) for group in range(footer.num_row_groups)]
    return np.array(boxes, dtype=float).reshape(-1, 4)


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
