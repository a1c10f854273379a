"""The way every layer takes: open, name the columns, give ids, bring to lon/lat, mend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.errors import InputError, Place, Problem
from hmgeo.intake.catalog import shown_path
from hmgeo.intake.columns import (
    Opened,
    ReadOptions,
    id_column,
    make_ids,
    map_columns,
    names_places_only,
    note_standard,
    recognise,
    refuse_boundary_points,
    require_coordinates,
    understand,
    write_mapping,
)
from hmgeo.intake.formats.read import read_raw
from hmgeo.intake.places.locate import add_stated_uncertainty, file_crs, locate_table, refer_shapes, row_datum_words
from hmgeo.intake.places.mend import check_range, close_lines, mend, read_shapes
from hmgeo.intake.places.numbers import pair_uncertainties_m, typed_pairs
from hmgeo.intake.places.suspicion import hold_against_places, hold_shapes_against_places
from hmgeo.intake.rows import Journal, Outcome, ReadAs
from hmgeo.vocabulary import LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pyproj import CRS

    from hmgeo.geo.datum import Datum


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
    columns = map_columns(recognise(raw.headers, kind), options.columns, raw.headers, place)
    column = id_column(raw.headers, kind, options.id_field, place)
    if column:
        columns = replace(columns, by_role={"id": column, **columns.by_role})
    write_mapping(columns, journal)
    note_standard(raw.headers, raw.sheet, kind, journal)
    ids = make_ids(raw.columns[column] if column else None, raw.row_count, column, journal)
    return Opened(raw, columns, ids, journal)


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
        if not are_receptors and names_places_only(columns, raw.headers):
            _leave_unlocated(outcome)
            return outcome
        require_coordinates(columns, raw.headers, place)
        refuse_boundary_points(raw, columns, place)
        locate_table(raw, columns, declared, outcome)
        label = "、".join(dict.fromkeys((columns["lon"], columns["lat"])))
        check_range(outcome, label, accept_swaps=options.accept_suggestions, in_china=options.in_china)
    else:
        read_shapes(raw.geometry, outcome)
        if polygons_only or not are_receptors:
            close_lines(outcome)
        own = row_datum_words(raw, columns, outcome)
        rows = np.flatnonzero(outcome.is_assessed())
        if rows.size:
            before = outcome.shapes.copy()
            crs, read_on = file_crs(declared, raw.crs, shapely.total_bounds(before[rows]).tolist(), journal)
            if declared.is_turned:
                _turn_shapes(outcome, journal)
            refer_shapes(outcome, crs, [word or read_on for word in own])
            in_china = None if are_receptors else options.in_china  # rivers and the like may cross borders
            check_range(outcome, "几何", accept_swaps=options.accept_suggestions, in_china=in_china)
            if not are_receptors:
                _add_digits(before, crs, [word or read_on for word in own], outcome)
        outcome.are_placed = True
        mend(outcome, polygons_only=polygons_only)
    add_stated_uncertainty(raw, columns, outcome)
    if not are_receptors:
        hold_against_places(opened, outcome, accept=options.accept_suggestions)
    elif raw.geometry is not None:
        hold_shapes_against_places(opened, outcome, read_on)
    return outcome


def _leave_unlocated(outcome: Outcome) -> None:
    """Leave every row without coordinates; the places they name may still tell something."""
    outcome.journal.note("没有坐标列", "名单只写明所在行政区，没有坐标列", "全部按所在县、乡镇处理，不落点")
    for row in range(len(outcome.status)):
        outcome.status[row] = Status.NOT_LOCATED
        outcome.uncertainty_m[row] = np.nan
        outcome.remark(row, "没有坐标")


def _turn_shapes(outcome: Outcome, journal: Journal) -> None:
    """Swap the axes of shapes, as the user says."""
    rows = np.flatnonzero(outcome.is_assessed())
    outcome.shapes[rows] = shapely.transform(outcome.shapes[rows], lambda xy: xy[:, ::-1])
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
