"""The way every layer takes: open, name the columns, give ids, bring to lon/lat, mend."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.errors import InputError, Place, Problem
from hmgeo.geo.datum import Datum
from hmgeo.intake.catalog import note_standard, shown_path
from hmgeo.intake.columns import (
    Opened,
    ReadOptions,
    id_column,
    lacks_coordinates,
    make_ids,
    map_columns,
    recognise,
    require_coordinates,
    require_one_table,
    understand,
    write_mapping,
)
from hmgeo.intake.formats.corners import join_corners
from hmgeo.intake.formats.read import read_raw
from hmgeo.intake.places.locate import (
    add_stated_uncertainty,
    datum_of,
    file_crs,
    locate_table,
    refer_shapes,
    row_datum_words,
)
from hmgeo.intake.places.mend import CHINA, check_range, close_lines, mend, read_shapes
from hmgeo.intake.places.numbers import pair_uncertainties_m, typed_pairs
from hmgeo.intake.places.suspicion import hold_against_places, hold_shapes_against_places
from hmgeo.intake.quality import settle_words
from hmgeo.intake.rows import Journal, Outcome, ReadAs
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray
    from pyproj import CRS

    from hmgeo.intake.columns import Columns, Declared
    from hmgeo.intake.rows import RawTable


AREA_KINDS = frozenset(
    {
        LayerKind.FARMLAND,
        LayerKind.WATER_SOURCE_ZONES,
        LayerKind.INDUSTRIAL_PARKS,
        LayerKind.BUILT_UP_AREA,
        LayerKind.SURVEY_AREAS,
        LayerKind.COUNTIES,
        LayerKind.TOWNSHIPS,
    }
)
"""Kinds that only areas can make up; points and lines among them are set aside."""


def open_file(path: Path, kind: LayerKind, options: ReadOptions, shown_as: str) -> Opened:
    """Read a file, recognise its columns and give every row its id."""
    journal = Journal(shown_path(path, shown_as))
    raw = read_raw(path, layer=options.layer, journal=journal, kind=kind)
    place = Place(file=journal.file, sheet=raw.sheet)
    cells = raw.columns if raw.geometry is None else None
    columns = map_columns(recognise(raw.headers, kind, cells), options.columns, raw.headers, place)
    column = id_column(raw.headers, kind, options.id_field or columns.by_role.get("id", ""), place)
    if column:
        columns = replace(columns, by_role={"id": column, **columns.by_role})
    write_mapping(columns, journal)
    if raw.geometry is None:
        raw = join_corners(raw, columns, understand(options, place), journal)
        columns = columns if raw.geometry is None else columns.at(None, ())
    note_standard(raw.headers, raw.sheet, kind, journal)
    ids = make_ids(raw.columns[column] if column else None, raw.row_count, column, journal)
    raw, unread = settle_words(raw, columns, kind, options.words, journal)
    return Opened(raw, columns, ids, journal, unread, edition=options.edition)


def place_rows(opened: Opened, kind: LayerKind, options: ReadOptions, *, are_receptors: bool) -> Outcome:
    """Bring every row to lon/lat on CGCS2000, or say why not."""
    raw, columns, journal = opened.raw, opened.columns, opened.journal
    place = Place(file=journal.file, sheet=raw.sheet)
    declared = understand(options, place)
    outcome = Outcome.of_rows(raw.row_count, journal, are_receptors=are_receptors)
    read_on: Datum | None = None
    polygons_only = are_receptors and kind in AREA_KINDS
    if raw.geometry is None:
        if polygons_only:
            remedy = "改用带面状几何的文件（gpkg、geojson、shp、parquet）"
            raise InputError(Problem(f"{kind.zh}须为面状图层，表格不能表达范围", place, remedy=remedy))
        require_one_table(columns, raw, place)
        if not are_receptors and lacks_coordinates(columns, raw):
            _leave_unlocated(outcome)
            return outcome
        require_coordinates(columns, raw, place, options.columns_flag)
        locate_table(raw, columns, declared, outcome)
        label = "、".join(dict.fromkeys((columns["lon"], columns["lat"])))
        check_range(outcome, label, accept_swaps=options.accept_suggestions, in_china=options.in_china)
    else:
        read_on = _place_shapes(opened, declared, outcome, options, polygons_only=polygons_only)
    add_stated_uncertainty(raw, columns, outcome)
    if not are_receptors:
        hold_against_places(opened, outcome, accept=options.accept_suggestions)
    elif raw.geometry is not None:
        hold_shapes_against_places(opened, outcome, read_on)
    return outcome


def _place_shapes(
    opened: Opened, declared: Declared, outcome: Outcome, options: ReadOptions, *, polygons_only: bool
) -> Datum | None:
    """Bring shapes to lon/lat and mend them; return the datum on which the file was read."""
    raw, read_on = opened.raw, None
    if outcome.are_receptors and _stays_as_it_is(raw, opened.columns, declared):
        outcome.sound = find_sound(raw.geometry)
    read_shapes(raw.geometry, outcome)
    if polygons_only or not outcome.are_receptors:
        close_lines(outcome)
    own = row_datum_words(raw, opened.columns, outcome)
    if outcome.is_assessed().any():
        rows = outcome.unsettled()
        before = outcome.made.copy()
        bounds = shapely.total_bounds(before[rows]).tolist() if rows.size else CHINA
        crs, read_on = file_crs(declared, raw.crs, bounds, opened.journal)
        if declared.is_turned:
            _turn_shapes(outcome, opened.journal)
        datums = [word or read_on for word in own] if any(own) else [read_on] * raw.row_count
        refer_shapes(outcome, crs, datums)
        accepts, in_china = options.accept_suggestions, options.in_china
        may_cross = outcome.are_receptors and not polygons_only
        check_range(outcome, "几何", accept_swaps=accepts, in_china=in_china, may_cross=may_cross)
        if not outcome.are_receptors:
            _add_digits(before, crs, datums, outcome)
    outcome.are_placed = True
    mend(outcome, polygons_only=polygons_only)
    return read_on


_COMPILED_FROM = 30_000
"""Fewer rows don't make up for importing numba, where nothing else has done so."""


def find_sound(wkb: pa.Array) -> NDArray[np.bool_]:
    """Return which shapes surely need nothing done to them; without compiled code nobody knows of any."""
    if len(wkb) < _COMPILED_FROM and "hmgeo.reference.compiled" not in sys.modules:
        return np.zeros(len(wkb), bool)
    from hmgeo.intake.places.sound import sound_rows  # noqa: PLC0415 -- numba takes half a second

    return sound_rows(wkb, CHINA)


def _stays_as_it_is(raw: RawTable, columns: Columns, declared: Declared) -> bool:
    """Tell whether degrees of a file stand on CGCS2000, or on WGS84, which is taken for the same."""
    crs = declared.crs or raw.crs
    if crs is None or not crs.is_geographic or crs.is_bound or "datum" in columns or declared.is_turned:
        return False
    return {datum_of(crs), declared.datum or Datum.CGCS2000} <= {Datum.CGCS2000, Datum.WGS84}


def _leave_unlocated(outcome: Outcome) -> None:
    """Leave every row without coordinates; the places they name may still tell something."""
    outcome.journal.note("没有坐标列", "没有坐标列的名单", "按所填的县、乡镇处理，不落点")
    for row in range(len(outcome.status)):
        outcome.leave(row, "没有坐标")


def _turn_shapes(outcome: Outcome, journal: Journal) -> None:
    """Swap the axes of shapes, as the user says."""
    rows = outcome.unsettled()
    outcome.made[rows] = shapely.transform(outcome.made[rows], lambda xy: xy[:, ::-1])
    journal.note("坐标轴", "使用者声明北坐标（纬度）在前", "几何的两个坐标对调后读取", field="几何")


def _add_digits(before: np.ndarray, crs: CRS, datums: Sequence[Datum | None], outcome: Outcome) -> None:
    """Add half the last digit of points, read from the shortest decimal form of the file's own coordinates."""
    is_point = outcome.is_assessed() & (shapely.get_type_id(before) == shapely.GeometryType.POINT)
    rows = np.flatnonzero(is_point)
    pairs = typed_pairs(shapely.get_coordinates(before[rows]))
    own = crs if crs.is_projected else None
    outcome.read_as.update(
        (row, ReadAs(pair.x, pair.y, own, datums[row])) for row, pair in zip(rows.tolist(), pairs, strict=True)
    )
    lon, lat = shapely.get_coordinates(outcome.shapes[rows]).T
    outcome.uncertainty_m[rows] += pair_uncertainties_m(pairs, lon, lat, crs, is_typed=True)


def as_wkb(shapes: Sequence[object] | np.ndarray) -> list[bytes | None]:
    """Return plain two-dimensional WKB, little-endian, None for nothing."""
    return list(shapely.to_wkb(shapes, output_dimension=2, byte_order=1))
