"""One file looked at as a whole: what it is, what would become of its rows, what is missing; nothing is computed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.intake.catalog import recognise_standard
from hmgeo.intake.columns import recognise
from hmgeo.intake.formats.read import TEMPLATES
from hmgeo.intake.pipeline import as_wkb, open_file, place_rows
from hmgeo.intake.places.numbers import PLACEHOLDERS
from hmgeo.intake.places.units import counties
from hmgeo.intake.quality import check_cells
from hmgeo.intake.receptors import keep_farmland
from hmgeo.intake.rows import name_rows
from hmgeo.intake.sources import positions_table
from hmgeo.reference.tables import find_header, templates
from hmgeo.results.columns import SHAPES_SCHEMA
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hmgeo.intake.columns import Opened, ReadOptions
    from hmgeo.intake.rows import Outcome
    from hmgeo.records import Ledger


SOURCE_KINDS = frozenset(
    {
        LayerKind.ENTERPRISES,
        LayerKind.TAILINGS_PONDS,
        LayerKind.PROJECT_SITES,
        LayerKind.WASTE_HEAPS,
        LayerKind.MINES,
        LayerKind.OUTFALLS,
        LayerKind.CONTAMINATED_SITES,
    }
)
"""Kinds of which every row is kept, located or not."""

_OUTLINE_EVENTS = frozenset({"勘测定界", "界址点成面", "DXF 图形"})
"""Ledger events of files that give the outlines of parcels."""

OTHER_LAND = "other_land"
"""What stands for the status of a parcel that nobody has to correct: it is woodland, or garden land."""
_SHAPE_WORDS = {0: "点", 1: "线", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file holds.

    Parameters
    ----------
    lines
        Row of the sheet, as Excel counts them, that holds each data row; empty where rows have no lines.
    standard
        Which of the offices' exports the file is; empty where it is none.
    mapping
        Role in words and column name.
    columns
        Role and column name, as `ReadOptions.columns` takes them.
    statuses
        Of each row: assessed, not_located, rejected; `OTHER_LAND` for parcels of a land survey that are no farmland.
    extent
        west, south, east, north in degrees; empty where no row is located.
    counties
        Shipped counties in which rows lie, with how many; those of none are not told.
    margin_m
        The least and the largest uncertainty of a position, in metres; empty where no row is located.
    shapes
        Word for the kind of geometry and how many rows have it.
    missing
        Required columns of the offices' list that the file doesn't have.
    blanks
        Required column and the rows, in words, where it is blank.
    located
        The rows that have a place: id, name, geometry in lon/lat.
    """

    file: str
    sheet: str
    kind: LayerKind
    lines: tuple[int, ...] = field(repr=False)
    standard: str
    mapping: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    headers: tuple[str, ...]
    cells: Mapping[str, list[str]] = field(repr=False)
    ids: tuple[str, ...] = field(repr=False)
    statuses: tuple[str, ...] = field(repr=False)
    extent: tuple[float, ...]
    counties: tuple[tuple[str, int], ...]
    margin_m: tuple[float, ...]
    shapes: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    blanks: tuple[tuple[str, str], ...]
    located: pa.Table = field(repr=False)
    ledger: Ledger = field(repr=False)


def inspect_file(path: Path, kind: LayerKind, options: ReadOptions, shown_as: str = "") -> Inspection:
    """Read a file as a layer of a kind and say all that can be said of it.

    Raises
    ------
    InputError
        The file as a whole can't be used.
    """
    opened = open_file(path, kind, options, shown_as)
    are_receptors = kind not in SOURCE_KINDS
    outcome = place_rows(opened, kind, options, are_receptors=are_receptors)
    usable = outcome.is_assessed().copy()
    if kind is LayerKind.FARMLAND:
        keep_farmland(opened, outcome)
    statuses = [status.value for status in outcome.status]
    for row in np.flatnonzero(usable & ~outcome.is_assessed()).tolist():
        statuses[row] = OTHER_LAND
    check_cells(opened, outcome, kind)
    if not are_receptors:
        positions_table(opened, outcome)  # notes repeats and short codes
    standard = recognise_standard(opened.raw.headers, opened.raw.sheet)
    missing, blanks = _required(opened, kind)
    return Inspection(
        file=opened.journal.file,
        sheet=opened.raw.sheet,
        kind=kind,
        lines=opened.raw.lines,
        standard="" if standard is None else standard.title,
        mapping=opened.columns.shown(),
        columns=opened.columns.said(),
        headers=tuple(opened.raw.headers),
        cells=opened.raw.columns,
        ids=tuple(opened.ids),
        statuses=tuple(statuses),
        extent=_extent(outcome),
        counties=_counties(outcome),
        margin_m=_margin_m(outcome),
        shapes=_shapes(outcome),
        missing=missing,
        blanks=blanks,
        located=_located(opened, outcome),
        ledger=opened.journal.ledger(),
    )


def guess_kind(path: Path, options: ReadOptions) -> LayerKind:
    """Return the kind that a file's standard fields tell, project sites for outlines; else enterprises."""
    opened = open_file(path, LayerKind.ENTERPRISES, options, "")
    standard = recognise_standard(opened.raw.headers, opened.raw.sheet)
    if standard is None and any(entry.event in _OUTLINE_EVENTS for entry in opened.journal.entries):
        return LayerKind.PROJECT_SITES  # boundary points and red lines of land for building
    return LayerKind.ENTERPRISES if standard is None else standard.kind


def _located(opened: Opened, outcome: Outcome) -> pa.Table:
    rows = np.flatnonzero(outcome.is_assessed())
    ids, names = list(opened.ids), opened.texts("name")
    columns = [
        pa.array([ids[row] for row in rows.tolist()], pa.string()),
        pa.array([names[row] for row in rows.tolist()], pa.string()),
        pa.array(as_wkb(outcome.shapes[rows]), pa.binary()),
    ]
    return pa.Table.from_arrays(columns, schema=SHAPES_SCHEMA)


def _extent(outcome: Outcome) -> tuple[float, ...]:
    located = outcome.is_assessed()
    return tuple(shapely.total_bounds(outcome.shapes[located]).tolist()) if located.any() else ()


def _counties(outcome: Outcome) -> tuple[tuple[str, int], ...]:
    points = shapely.get_coordinates(shapely.point_on_surface(outcome.shapes[outcome.is_assessed()]))
    counted = ((unit.name, int(unit.covers(points[:, 0], points[:, 1]).sum())) for unit in counties())
    return tuple(sorted((pair for pair in counted if pair[1]), key=lambda pair: -pair[1]))


def _margin_m(outcome: Outcome) -> tuple[float, ...]:
    margins = outcome.uncertainty_m[outcome.is_assessed()]
    return (float(margins.min()), float(margins.max())) if margins.size else ()


def _shapes(outcome: Outcome) -> tuple[tuple[str, int], ...]:
    types, counts = np.unique(shapely.get_type_id(outcome.shapes[outcome.is_assessed()]), return_counts=True)
    return tuple((_SHAPE_WORDS.get(int(code), "其他"), int(count)) for code, count in zip(types, counts, strict=True))


def _required(opened: Opened, kind: LayerKind) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Return the required columns that are missing, and those that have blanks with the rows."""
    missing: list[str] = []
    blanks: list[tuple[str, str]] = []
    for column in templates().get(TEMPLATES.get(kind, ""), ()):
        if not column.is_required or (opened.raw.geometry is not None and "范围文件" in column.name):
            continue
        role = next((known for known in recognise([column.name], kind).by_role if known != "class"), "")
        header = find_header(opened.raw.headers, column.name) or opened.columns.by_role.get(role, "")
        if not header:
            missing.append(column.name)
            continue
        texts = opened.raw.columns[header]
        empty = [row for row, text in enumerate(texts, start=1) if text.strip().casefold() in PLACEHOLDERS]
        if empty:
            blanks.append((header, name_rows(empty)))
    return tuple(missing), tuple(blanks)
