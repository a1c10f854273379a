"""Plain files too large for memory: GeoPackage and GeoParquet taken in parts, each mended as a whole file would be.

The rows come out as `load_receptors` gives them, ids included. What grows with the file is eight bytes for each row,
by which repeated ids are known.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.errors import Place
from hmgeo.layers.catalog import shown_path
from hmgeo.layers.journal import Journal
from hmgeo.layers.options import ReadOptions, understand
from hmgeo.layers.pipeline import place_rows
from hmgeo.layers.read import check_file
from hmgeo.layers.read_vector import geopackage_parts, geoparquet_parts
from hmgeo.layers.receptors import nothing_usable, usable_batches
from hmgeo.layers.remote import RemoteFile, refuse_format
from hmgeo.layers.schema import Columns, Opened, id_column, map_columns, recognise
from hmgeo.records import Gates, Layer, Ledger, LedgerEntry, Provenance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from hmgeo.layers.rawtable import RawTable
    from hmgeo.layers.remote import Stored
    from hmgeo.vocabulary import Basis, LayerKind

    Hashes = NDArray[np.int64]

PART_ROWS = 20_000


class RunningIds:
    """Ids for rows that come in parts: the value, a repeat with `#2`, a blank as `row-N`."""

    def __init__(self) -> None:
        self._seen: list[Hashes] = []
        self._times: dict[str, int] = {}
        self.rows = self.repeats = self.blanks = 0

    def of(self, values: Sequence[str] | None, count: int) -> list[str]:
        """Return the ids of the next rows."""
        first, self.rows = self.rows, self.rows + count
        if values is None:
            return [f"row-{row}" for row in range(first + 1, first + count + 1)]
        given = [value.strip() for value in values]
        self.blanks += sum(not value for value in given)
        ids = [value or f"row-{first + place}" for place, value in enumerate(given, start=1)]
        hashes = _hashes(ids)
        again = np.flatnonzero(self._known(hashes) | _repeats(hashes)).tolist()
        here = set(ids) if again else set()
        for place in again:
            ids[place] = self._renamed(ids[place], here)
            here.add(ids[place])
        self._remember(_hashes(ids))
        return ids

    def _renamed(self, value: str, here: set[str]) -> str:
        self.repeats += 1
        number = self._times.get(value, 1) + 1
        while f"{value}#{number}" in here or self._known(_hashes([f"{value}#{number}"]))[0]:
            number += 1
        self._times[value] = number
        return f"{value}#{number}"

    def _known(self, hashes: Hashes) -> NDArray[np.bool_]:
        known = np.zeros(len(hashes), dtype=bool)
        for seen in self._seen:
            place = np.minimum(np.searchsorted(seen, hashes), len(seen) - 1)
            known |= seen[place] == hashes
        return known

    def _remember(self, hashes: Hashes) -> None:
        """Keep sorted runs, each more than twice as long as the next, so that few must be searched."""
        if not len(hashes):
            return
        self._seen.append(np.sort(hashes))
        while len(self._seen) > 1 and len(self._seen[-2]) <= 2 * len(self._seen[-1]):
            last = self._seen.pop()
            self._seen[-1] = np.sort(np.concatenate([self._seen[-1], last]), kind="stable")


def _hashes(words: Sequence[str]) -> Hashes:
    return np.fromiter(map(hash, words), np.int64, len(words))


def _repeats(hashes: Hashes) -> NDArray[np.bool_]:
    """Tell which stand somewhere before."""
    repeat = np.ones(len(hashes), dtype=bool)
    repeat[np.unique(hashes, return_index=True)[1]] = False
    return repeat


@dataclass(slots=True)
class PlainParts:
    """Opens passes over a plain file.

    Parameters
    ----------
    entries
        What befell rows and file in the last pass.
    seconds
        What reading and mending took in the last pass.
    rows
        Rows of the file, once read.
    """

    path: Stored
    kind: LayerKind
    options: ReadOptions
    shown: str
    entries: list[LedgerEntry] = field(default_factory=list)
    seconds: float = 0.0
    rows: int = 0

    def __call__(self) -> Iterator[pa.RecordBatch]:
        """Read the file from the beginning."""
        ids, self.entries, self.seconds = RunningIds(), [], 0.0
        columns: Columns | None = None
        opened, usable, began = None, 0, time.perf_counter()
        for raw in _parts(self.path, self.options.layer, Journal(self.shown), PART_ROWS):
            journal = Journal(self.shown, raw.sheet)
            columns = columns or _columns(raw, self.kind, self.options, journal)
            own = ids.of(raw.columns[columns["id"]] if "id" in columns else None, raw.row_count)
            journal.ids = own
            opened = Opened(raw, columns, own, journal)
            batches = usable_batches(opened, place_rows(opened, self.kind, self.options, are_receptors=True), self.kind)
            self._listen(journal, ids.rows - raw.row_count)
            self.seconds += time.perf_counter() - began
            for batch in batches:
                usable += batch.num_rows
                yield batch
            began = time.perf_counter()
        self.rows = ids.rows
        if ids.repeats or ids.blanks:
            reason = f"共 {ids.repeats} 行编号重复、{ids.blanks} 行编号为空"
            self.entries.append(LedgerEntry(self.shown, event="编号", reason=reason, action="编号加序号或取 row-行号"))
        if opened is not None and not usable:
            raise nothing_usable(opened, ids.rows, self.kind)

    def _listen(self, journal: Journal, first: int) -> None:
        """Take a part's entries; what speaks of the file as a whole is told by the first part that says it."""
        said = {(entry.event, entry.field) for entry in self.entries if not entry.row}
        for entry in journal.entries:
            if entry.row:
                self.entries.append(replace(entry, row=entry.row + first))
            elif (entry.event, entry.field) not in said:
                self.entries.append(entry)

    @property
    def told(self) -> Counter[str]:
        """Events of the last pass with the number of rows each befell."""
        return Counter(entry.event for entry in self.entries if entry.row)


def _columns(raw: RawTable, kind: LayerKind, options: ReadOptions, journal: Journal) -> Columns:
    place = Place(file=journal.file, sheet=raw.sheet)
    columns = map_columns(recognise(raw.headers, kind), options.columns, raw.headers, place)
    column = id_column(raw.headers, kind, options.id_field, place)
    return replace(columns, by_role={"id": column, **columns.by_role}) if column else columns


def _parts(path: Stored, layer: str, journal: Journal, rows: int) -> Iterator[RawTable]:
    if not isinstance(path, RemoteFile) and path.suffix.lower() == ".gpkg":
        return geopackage_parts(path, layer, journal, rows)
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

    That is so for other formats, for tables without geometry, and where nobody says what the coordinates are.
    Parameters are those of `load_receptors`; the file isn't read through for its SHA-256.

    Raises
    ------
    InputError
        The file can't be used.
    """
    journal = Journal(shown_path(path, shown_as))
    place = Place(file=journal.file)
    if isinstance(path, RemoteFile):
        refuse_format(path)
    else:
        check_file(path, place)
    if path.suffix.lower() not in {".gpkg", ".parquet"}:
        return None
    first = next(_parts(path, options.layer, journal, 1))
    crs = understand(options, place).crs or first.crs
    if first.geometry is None or crs is None or crs.is_engineering or not first.row_count:
        return None
    parts = PlainParts(path, kind, options, journal.file)
    provenance = replace(provenance or Provenance(journal.file), path=journal.file)
    return Layer(name or path.stem, kind, basis, provenance, parts, gates), Ledger()
