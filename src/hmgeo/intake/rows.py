"""Rows of a file before anything is understood, what becomes of each, and the pen that writes the ledger."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem
from hmgeo.records import Ledger, LedgerEntry
from hmgeo.vocabulary import Status
from hmgeo.words import Reason, one_by_one, plain, say

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyproj import CRS

    from hmgeo.geo.datum import Datum


SET_ASIDE_EVENT = "几何搁置"
"""Ledger event of a receptor without a usable shape."""
_MARGIN_DEG = 1e-5  # a metre
Box: TypeAlias = tuple[float, float, float, float]
"""West, south, east, north."""


class ReadAs(Struct, frozen=True):
    """The numbers of a row as given, and how they were read: degrees where `crs` is None."""

    x: float
    y: float
    crs: CRS | None
    datum: Datum | None


class Outcome(Struct):
    """Shapes and verdicts on rows, filled step by step; rows are counted from 0 here, from 1 in the ledger.

    Parameters
    ----------
    made
        Shapely geometries in lon/lat (EPSG:4490); None where a row has no usable place, and where it is sound.
    uncertainty_m
        Of each position, in metres.
    shift_margin_m
        The most that the way from a datum to CGCS2000 leaves open, over all rows; in `uncertainty_m` already.
    status
        `assessed` until something is found wrong.
    are_receptors
        Receptors are set aside (几何搁置); sources are returned (退回补正) or left without a place (未定位).
    notes
        Row to the sentences that its output row carries.
    held
        Rows that give coordinates whose datum or error nobody knows; a place they name stands in for nothing.
    aside
        Row of a receptor that was set aside, wholly or in part, to the lon/lat box it may lie in; None where nothing
        tells.
    are_placed
        Whether shapes are in lon/lat on CGCS2000 by now.
    read_as
        Row to the numbers of a point as given and how they were read, for the suspicion checks.
    sound
        Rows whose WKB in `wkb` goes out as it came, as nothing would change and nothing be said of it.
    """

    made: NDArray[np.object_]
    uncertainty_m: NDArray[np.float64]
    status: list[Status]
    journal: Journal
    are_receptors: bool = False
    notes: dict[int, list[str]] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    read_as: dict[int, ReadAs] = field(default_factory=dict)
    shift_margin_m: float = 0.0
    aside: dict[int, Box | None] = field(default_factory=dict)
    are_placed: bool = False
    sound: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))
    wkb: pa.Array | None = None
    _assessed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    @property
    def shapes(self) -> NDArray[np.object_]:
        """The shapes of all rows; asking for them has the sound rows read, too."""
        rows = np.flatnonzero(self.sound)
        if self.wkb is not None and rows.size:
            self.made[rows] = self.shapes_of(rows)
            self.sound[:] = False
        return self.made

    def shapes_of(self, rows: NDArray[np.intp]) -> NDArray[np.object_]:
        """Return the shapes of some rows."""
        shapes = self.made[rows]
        sound = self.sound[rows]
        if self.wkb is not None and sound.any():
            shapes[sound] = shapely.from_wkb(self.wkb.take(pa.array(rows[sound])).to_numpy(zero_copy_only=False))
        return shapes

    def unsettled(self) -> NDArray[np.intp]:
        """Return the assessed rows whose shapes have to be looked at."""
        return np.flatnonzero(self._assessed & ~self.sound)

    def mark(self, row: int, status: Status) -> None:
        """Set the status of a row that has no usable place."""
        self.status[row] = status
        self._assessed[row] = False
        self.sound[row] = False

    def widen(self, rows: Sequence[int] | NDArray[np.int_], margin_m: float) -> None:
        """Add `margin_m`, what the way from their datum leaves open, to the uncertainty of `rows`."""
        self.uncertainty_m[rows] += margin_m
        if len(rows):
            self.shift_margin_m = max(self.shift_margin_m, margin_m)

    @classmethod
    def of_rows(cls, count: int, journal: Journal, *, are_receptors: bool) -> Outcome:
        """Start with `count` rows assessed and nowhere; `journal` is told what befalls them."""
        shapes = np.full(count, None, dtype=object)
        made = cls(shapes, np.zeros(count), [Status.ASSESSED] * count, journal, are_receptors)
        made.sound, made._assessed = np.zeros(count, bool), np.ones(count, bool)
        return made

    def reject(self, row: int, reason: str, *, field: str = "", value: str = "") -> None:
        """Return a `row` for correction for a `reason`: the `value` of a `field` is given but can't be used."""
        self._close(row, Status.REJECTED, "退回补正", reason, "请更正后重新提交", field, value)

    def hold(self, row: int, reason: str, *, field: str, value: str, action: str = "请申明坐标系") -> None:
        """Leave a `row` on whose coordinates nothing can rest before somebody says their datum or error."""
        if self.status[row] is Status.ASSESSED:
            self.held.add(row)
        self.leave(row, reason, field=field, value=value, action=action)

    def leave(self, row: int, reason: str, *, field: str = "", value: str = "", action: str = "请补充坐标") -> None:
        """Leave a `row` without a place for a `reason`: no usable `value` in `field`; `action` says what to do."""
        self._close(row, Status.NOT_LOCATED, "未定位", reason, action, field, value)

    def lose(self, row: int, parts: NDArray[np.object_]) -> None:
        """Remember where `parts` of the receptor in a `row` lie that can't be used; a source is returned for them.

        Parts within the ground of what is left are none: a spike or a point inside an area adds nothing to it.
        """
        outside = parts[~shapely.covers(shapely.buffer(self.made[row], _MARGIN_DEG), parts)] if parts.size else parts
        if not outside.size:
            return
        west, south, east, north = shapely.total_bounds(outside).tolist()
        if self.are_receptors:
            self.aside[row] = (west, south, east, north)
        else:
            self.reject(row, "图形有一部分不可用", field="几何", value=f"{west:.10g}，{south:.10g}")

    def remark(self, row: int, sentence: str) -> None:
        """Add a sentence to the row's note."""
        self.notes.setdefault(row, []).append(sentence)

    def note_text(self, row: int) -> str:
        """Return the row's note."""
        return one_by_one(self.notes.get(row, ()))

    def is_assessed(self) -> NDArray[np.bool_]:
        """Return which rows still have a usable place."""
        return self._assessed.copy()

    def _close(self, row: int, status: Status, event: str, reason: str, action: str, field: str, value: str) -> None:
        if self.status[row] is not Status.ASSESSED:
            return
        self.mark(row, status)
        shape, self.made[row] = self.made[row], None
        self.uncertainty_m[row] = np.nan
        self.remark(row, say("value_unfit", reason=reason, field=field, value=value) if value else reason)
        if self.are_receptors:
            self.aside[row] = shape.bounds if self.are_placed and shape is not None else None
            event, action = SET_ASIDE_EVENT, "不参与计算，请更正"
        self.journal.note_row(row + 1, event, reason, action, field=field, value=value)


_ROWS_NAMED = 5


class Journal(Struct):
    """Collects entries on one file; rows are data rows counted from 1.

    Parameters
    ----------
    file, sheet
        As the user named them; put into every entry.
    ids
        The id of each row, once known; put into the entries that speak of a row.
    lines
        As `RawTable.lines`.
    first
        Rows of the file before those at hand, where it comes in parts.
    """

    file: str
    sheet: str = ""
    ids: list[str] | pa.Array = field(default_factory=list)
    lines: tuple[int, ...] = ()
    first: int = 0
    entries: list[LedgerEntry] = field(default_factory=list)
    _said: dict[LedgerEntry, tuple[int, list[int]]] = field(default_factory=dict)

    def note(
        self,
        event: str,
        reason: str = "",
        action: str = "",
        *,
        field: str = "",
        value: str = "",
        rows: Iterable[int] | NDArray[np.intp] | None = None,
    ) -> None:
        """Write an entry on the file as a whole, or on many rows, which the reason names where it has a value `rows`.

        What was said of an earlier part isn't said again; rows of a later part are added to those of which it was said.

        `rows`: data rows counted from 1.
        """
        key = LedgerEntry(self.file, self.sheet, 0, field, value, event, reason, action)
        place, named = self._said.get(key, (len(self.entries), [])) if self.first else (len(self.entries), [])
        entry = key
        if rows is not None:
            listed = rows if isinstance(rows, np.ndarray) else list(rows)
            named += [int(row) + self.first for row in listed[: _ROWS_NAMED - len(named)]]
            before = self.entries[place].row_count if place < len(self.entries) else 0
            count = before + len(listed)
            entry = replace(key, reason=_with_rows(reason, _rows_named(count, named)), row_count=count)
        self.entries[place : place + 1] = [entry]
        self._said[key] = (place, named)

    def note_row(
        self, row: int, event: str, reason: str = "", action: str = "", *, field: str = "", value: str = ""
    ) -> None:
        """Write an entry on one data `row` of those at hand, counted from 1."""
        own = self.ids[row - 1] if row <= len(self.ids) else ""
        self.entries.append(
            LedgerEntry(
                file=self.file,
                sheet=self.sheet,
                row=row + self.first,
                field=field,
                value=value,
                event=event,
                reason=reason,
                action=action,
                source_id=own if isinstance(own, str) else own.as_py(),
            )
        )

    def ledger(self) -> Ledger:
        """Return what was written, in order."""
        return Ledger(tuple(self.entries))


def name_rows(rows: Iterable[int] | NDArray[np.intp]) -> str:
    """Name how many rows something concerns and the first of them.

    >>> name_rows([3, 4, 9])
    '3 行（数据第 3、4、9 行）'
    """
    listed = rows if isinstance(rows, np.ndarray) else list(rows)
    return _rows_named(len(listed), listed[:_ROWS_NAMED])


def _rows_named(count: int, first: Iterable[int]) -> Reason:
    listed = tuple(map(str, first))
    return say("rows_named_of_more" if count > _ROWS_NAMED else "rows_named", count=count, rows=listed)


def _with_rows(reason: str, rows: Reason) -> Reason:
    """Return a reason that tells which rows it is about."""
    return say(reason.code, **{**reason.values, "rows": rows}) if isinstance(reason, Reason) else plain(reason)


_EXACT_UP_TO = 1e15  # whole doubles are exact below


class Coded(Struct, frozen=True):
    """A column as its different words and, for each row, the number of its word; words in the order they appear."""

    code: NDArray[np.int64]
    words: list[str]

    @classmethod
    def of_words(cls, code: NDArray[np.int64], words: Sequence[str]) -> Coded:
        """Give `words` that are the same one number; `code` holds for each row the place of its word among them."""
        number: dict[str, int] = {}
        again = np.array([number.setdefault(word, len(number)) for word in words], np.int64)
        return cls(again[code] if len(number) < len(words) else code, list(number))

    def rows_of(self, number: int) -> NDArray[np.intp]:
        """Return the rows that hold the word of a `number`."""
        return np.flatnonzero(self.code == number)

    def column(self, rows: NDArray[np.intp], words: Sequence[str] | None = None) -> pa.Array:
        """Return the words of some rows, or what stands for them."""
        return pa.array(self.words if words is None else words, pa.string()).take(pa.array(self.code[rows]))


class Cells(Mapping[str, list[str]]):
    """The columns of an Arrow table as text, blank where the file says nothing; spelled out when first asked for.

    `columns`: by name, as the file holds them.
    """

    def __init__(self, columns: Mapping[str, pa.Array]) -> None:
        self.columns = columns
        self._spelled: dict[str, list[str]] = {}

    def __getitem__(self, name: str) -> list[str]:
        """Return a column as text."""
        if name not in self._spelled:
            self._spelled[name] = column_texts(self.columns[name].to_pylist())
        return self._spelled[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names."""
        return iter(self.columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def coded(self, name: str) -> Coded:
        """Return the column `name` by its different words, of which each is spelled once."""
        try:
            encoded = self.columns[name].dictionary_encode(null_encoding="encode")
        except pa.ArrowNotImplementedError:  # lists and the like
            return _coded(self[name])
        return Coded.of_words(encoded.indices.to_numpy().astype(np.int64), column_texts(encoded.dictionary.to_pylist()))


def _coded(texts: Sequence[str]) -> Coded:
    """Return texts by their different words."""
    number: dict[str, int] = {}
    code = np.fromiter((number.setdefault(text, len(number)) for text in texts), np.int64, len(texts))
    return Coded(code, list(number))


class RawTable(Struct, frozen=True):
    """The rows of one file.

    Parameters
    ----------
    sheet
        Sheet or layer that was read; empty where the kind of file has none.
    columns
        Every column as text, blank where the file says nothing.
    row_count
        Data rows, blank ones in the middle included.
    geometry
        WKB or null per row; None where the file carries no geometry at all.
    crs
        As the file declares it; None where it doesn't.
    is_typed
        Numbers come as binary numbers, which can't show trailing zeros.
    damaged
        Rows whose cells can't be trusted, with the reason.
    lines
        Row of the sheet or text file, as Excel counts them, that holds each data row; empty where rows have no lines.
    remarks
        What stands above and below the table.
    """

    sheet: str
    columns: Mapping[str, list[str]]
    row_count: int
    geometry: pa.Array | None = None
    crs: CRS | None = None
    is_typed: bool = False
    damaged: dict[int, str] = field(default_factory=dict)
    lines: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def headers(self) -> list[str]:
        """The column names in file order."""
        return list(self.columns)

    def coded(self, name: str) -> Coded:
        """Return the column `name` by its different words."""
        return self.columns.coded(name) if isinstance(self.columns, Cells) else _coded(self.columns[name])


def as_text(value: Any) -> str:  # noqa: ANN401 -- whatever a file format hands out
    """Return `value`, a cell, as text: whole numbers without `.0`, dates in ISO form, blank for nothing.

    >>> as_text(441802.0), as_text(113.05), as_text(None), as_text(float("nan")), as_text(True)
    ('441802', '113.05', '', '', 'true')
    """
    if type(value) is float and math.isfinite(value) and not value.is_integer():  # the common case
        return repr(value)
    if value is None or isinstance(value, bytes) or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_UP_TO else repr(value)
    if isinstance(value, timedelta):  # hours may be degrees that a workbook took for a time
        hours, seconds = divmod(round(value.total_seconds(), 3), 3600)
        value = f"{hours:g}:{int(seconds // 60):02d}:{seconds % 60:g}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict | list) else str(value)


def column_texts(values: Sequence[Any]) -> list[str]:
    """Return a column as text, `as_text` of each of `values`."""
    return [value if type(value) is str else as_text(value) for value in values]


def cells_of(values: Sequence[Any] | NDArray[Any]) -> pa.Array:
    """Return a column as Arrow holds it where all its values are whole numbers, doubles or texts; else as text.

    A column of several kinds (SQLite lets a text stand among numbers) keeps what each cell says.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        return pa.array(values)
    cells: Sequence[Any] = values.tolist() if isinstance(values, np.ndarray) else values
    kinds = set(map(type, cells)) - {type(None)}
    kind = _ARROW_KINDS.get(next(iter(kinds), str)) if len(kinds) <= 1 else None
    try:
        made = pa.array(column_texts(cells) if kind is None else cells, kind or pa.string())
    except (pa.ArrowInvalid, OverflowError):  # whole numbers beyond 64 bits
        made = pa.array(column_texts(cells), pa.string())
    return in_one_piece(made) if isinstance(made, pa.ChunkedArray) else made  # beyond two gigabytes of text


_ARROW_KINDS = {int: pa.int64(), float: pa.float64(), str: pa.string()}


_LONG = {pa.string(): pa.large_string(), pa.string_view(): pa.large_string()}
_LONG |= {kind: pa.large_binary() for kind in (pa.binary(), pa.binary_view())}


def in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; texts and WKB with offsets that don't end at two gigabytes."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = _LONG.get(column.type)
    if kind is not None and (column.num_chunks != 1 or pa.types.is_binary_view(column.type)):
        column = column.cast(kind)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def arrow_columns(columns: Mapping[str, list[str]]) -> dict[str, pa.Array]:
    """Return columns as Arrow holds them."""
    arrays = columns.columns if isinstance(columns, Cells) else {name: pa.array(columns[name]) for name in columns}
    return dict(arrays)


def choose_layer(names: Sequence[str], wanted: str, place: Place, noun: str) -> str:
    """Return the one of `names` to read.

    `InputError`: the `wanted` one is not there, or there are several and none was named: told at `place`, `noun` for
    a layer.
    """
    if wanted:
        if wanted in names:
            return wanted
        raise InputError(
            Problem(f"没有这个{noun}", place, found=wanted, allowed="、".join(names), remedy=f"指定文件中的{noun}名")
        )
    if len(names) == 1:
        return names[0]
    what = f"文件中有 {len(names)} 个{noun}，未指定读取哪一个"
    remedy = f"用 layer（或 --sources-layer、--farmland-layer、底册的 --sheet 文件名={noun}）指定{noun}名"
    raise InputError(Problem(what, place, allowed="、".join(names), remedy=remedy))


def unique_headers(raw_headers: Iterable[str], journal: Journal) -> list[str]:
    """Return column names that differ: blanks of `raw_headers` get a name, repeats a number; told to `journal`."""
    made: list[str] = []
    for position, header in enumerate(raw_headers, start=1):
        name = " ".join(header.replace("\ufeff", "").split()) or f"列{position}"
        unique, number = name, 1
        while unique in made:
            number += 1
            unique = f"{name}#{number}"
        if number > 1:
            journal.note(
                "列名重复", "首行有同名列", say("column_renamed", position=position, unique=unique), field=name
            )
        made.append(unique)
    return made


def as_wkb(shapes: Sequence[object] | np.ndarray) -> list[bytes | None]:
    """Return `shapes` as plain two-dimensional WKB, little-endian, None for nothing."""
    return list(shapely.to_wkb(shapes, output_dimension=2, byte_order=1))
