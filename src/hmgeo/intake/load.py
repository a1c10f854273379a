"""Files in: any file opened, its columns named, its rows given ids, brought to lon/lat and mended; layers out.

Sources come with positions, receptors in batches. A file can also be looked at as a whole: what it is, what would
become of its rows, what is missing; nothing is computed then.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem, UsageError
from hmgeo.geo.datum import Datum
from hmgeo.intake.catalog import counties, file_sha256, note_standard, recognise_standard, shown_path
from hmgeo.intake.columns import (
    TITLES_OF_FIELDS,
    Columns,
    Declared,
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
from hmgeo.intake.formats.read import TEMPLATES, read_raw
from hmgeo.intake.formats.vectors import left_open_of, packed_own
from hmgeo.intake.layers import (
    attributes_table,
    keep_farmland,
    less_set_aside,
    own_errors_m,
    positions_table,
    receptor_batches,
    rows_aside,
)
from hmgeo.intake.places.headers import plain_name
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
from hmgeo.intake.quality import check_cells, note_documents, plain_numbers, settle_words
from hmgeo.intake.rows import Journal, Outcome, RawTable, ReadAs, as_text, as_wkb, name_rows
from hmgeo.records import Gates, Layer, Ledger, Positions, Provenance
from hmgeo.reference.cells import read_word, unit_of_header
from hmgeo.reference.machine import code_folder
from hmgeo.reference.tables import find_header, is_blank, templates
from hmgeo.results.columns import SHAPES_SCHEMA
from hmgeo.vocabulary import Basis, LayerKind, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray
    from pyproj import CRS


__all__ = [
    "Inspection",
    "ReadOptions",
    "guess_kind",
    "inspect_file",
    "load_positions",
    "load_receptors",
    "open_file",
    "place_rows",
]


def load_positions(
    path: Path | GeoDataFrame,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> tuple[Positions, Ledger]:
    """Read sources: every row once, with where it may be or why that is unknown.

    Parameters
    ----------
    path
        Points, lines or areas; a GeoDataFrame is read as the GeoParquet that it would write.
    kind, basis, gates, provenance
        As the project declares them. The path and SHA-256 of `provenance` are filled in here.
    name
        The layer's name; the file's stem where empty.
    options
        What the file doesn't say itself.
    shown_as
        The path as the user wrote it, for provenance and ledger.

    Returns
    -------
    positions, ledger
        lon/lat on CGCS2000 (EPSG:4490), uncertainty in metres.

    Raises
    ------
    InputError
        The file as a whole can't be used. Single bad rows don't raise: they are `rejected` or `not_located`.

    Examples
    --------
    >>> from hmgeo.project.start import demo_projects
    >>> from hmgeo.vocabulary import Basis, LayerKind
    >>> file = demo_projects()[0].parents[2] / "synthetic" / "qingcheng" / "water_stations.xlsx"
    >>> stations, _ = load_positions(file, kind=LayerKind.WATER_STATIONS, basis=Basis.SYNTHETIC)
    >>> stations.to_geopandas().crs.to_epsg()
    4490
    """
    with _as_file(path, name, shown_as) as (file, shown):
        opened = open_file(file, kind, options, shown)
        outcome = place_rows(opened, kind, options, are_receptors=False)
        opened = check_cells(opened, outcome, kind)
        positions = Positions(
            name=name or file.stem,
            kind=kind,
            basis=basis,
            provenance=_provenance(file, provenance, opened.journal.file),
            table=positions_table(opened, outcome),
            attributes=attributes_table(opened),
            gates=gates,
            unread=opened.unread,
        )
        return positions, opened.journal.ledger()


def load_receptors(
    path: Path | GeoDataFrame,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> tuple[Layer, Ledger]:
    """Read receptors: mended shapes in Arrow batches of 50,000; what is set aside stands in the ledger.

    geopandas is not imported, but for a shapefile.

    Parameters
    ----------
    path, kind, basis, name, gates, provenance, options, shown_as
        As in `load_positions`.

    Raises
    ------
    InputError
        The file as a whole can't be used, or holds no usable feature.
    """
    with _as_file(path, name, shown_as) as (file, shown):
        opened = open_file(file, kind, options, shown)
        outcome = place_rows(opened, kind, options, are_receptors=True)
        batches, gardens = receptor_batches(opened, outcome, kind)
        packed = packed_own(file)
        before = left_open_of(packed)
        errors_m = own_errors_m(opened, outcome)
        widest_m = max(errors_m.values(), default=0.0) if kind is LayerKind.FARMLAND else 0.0
        layer = Layer(
            name=name or file.stem,
            kind=kind,
            basis=basis,
            provenance=_provenance(file, provenance, opened.journal.file),
            open_batches=lambda: batches,
            gates=less_set_aside(gates, opened, outcome, kind, options.accept_set_aside, before),
            feature_count=sum(batch.num_rows for batch in batches),
            row_count=opened.raw.row_count,
            margin_m=max(outcome.shift_margin_m + widest_m, float(packed.get("margin_m", 0.0))),
            errors_m={} if kind is LayerKind.FARMLAND else errors_m,
            unread=opened.unread,
            left_open=len(rows_aside(opened, outcome, kind)) + before,
            shown=_shown(opened, kind),
        )
        if gardens:
            beside = replace(
                layer, open_batches=lambda: gardens, feature_count=sum(batch.num_rows for batch in gardens)
            )
            layer = replace(layer, beside=beside)
        return layer, opened.journal.ledger()


POPULATION = "人口"


def _shown(opened: Opened, kind: LayerKind) -> pa.Table | None:
    """Return the cells of control units by title, how many people sensitive sites count, and the ids."""
    if kind not in {LayerKind.CONTROL_UNITS, LayerKind.SENSITIVE_SITES}:
        return None
    cells = {}
    for name in opened.raw.headers:
        title = TITLES_OF_FIELDS.get(plain_name(name), name.split("（")[0].split("(")[0].rstrip("*"))
        column = opened.raw.columns[name]
        if kind is LayerKind.CONTROL_UNITS:
            cells[title] = list(column)
        elif title == POPULATION and (title not in cells or unit_of_header(name) != "户"):
            cells[title] = plain_numbers(column, name, "人", opened.journal)
    if kind is LayerKind.CONTROL_UNITS and "class" in opened.columns:
        read = {word: read_word(kind.value, word) for word in opened.coded("class").words}
        cells["类别"] = [word if isinstance(read[word], Unknown) else str(read[word]) for word in opened.texts("class")]
    return pa.table({**cells, "": opened.ids}) if cells else None


@contextmanager
def _as_file(source: Path | GeoDataFrame, name: str, shown_as: str) -> Iterator[tuple[Path, str]]:
    """Yield a file and what it is called; a GeoDataFrame as the GeoParquet that it would write.

    Its named indexes are columns, as geopandas writes them; a column of mixed kinds is told as text.
    """
    if isinstance(source, Path):
        yield source, shown_as
        return
    if not hasattr(source, "to_parquet"):
        raise UsageError(Problem("只读文件路径或 GeoDataFrame", found=type(source).__name__, remedy="路径写成 Path(…)"))
    named = [level for level in source.index.names if level is not None and level not in source.columns]
    frame = (source.reset_index(level=named) if named else source).rename(columns=str)
    for column in frame.columns[[str(kind) == "object" for kind in frame.dtypes]]:
        cells = zip(frame[column], frame[column].isna(), strict=True)
        frame[column] = [None if is_blank else as_text(cell) for cell, is_blank in cells]
    with TemporaryDirectory(prefix="hmgeo-") as folder:
        file = Path(folder) / "GeoDataFrame.parquet"
        frame.to_parquet(file, index=False)
        yield file, shown_as or name or file.stem


def _provenance(path: Path, declared: Provenance | None, shown: str) -> Provenance:
    return replace(declared or Provenance(shown), path=shown, sha256=file_sha256(path))


_AREA_KINDS = frozenset(
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
    """Read a file, recognise its columns and give every row its id.

    `InputError`: the file as a whole can't be used.
    """
    journal = Journal(shown_path(path, shown_as))
    raw = read_raw(path, layer=options.layer, journal=journal, kind=kind)
    place = Place(file=journal.file, sheet=raw.sheet)
    columns = columns_of(raw, kind, options, place)
    column = columns.by_role.get("id", "")
    write_mapping(columns, journal)
    if raw.geometry is None:
        raw = join_corners(raw, columns, understand(options, place), journal)
        columns = columns if raw.geometry is None else columns.at(None, ())
    note_standard(raw.headers, raw.sheet, kind, journal)
    ids = make_ids(raw.columns[column] if column else None, raw.row_count, column, journal)
    raw, unread = settle_words(raw, columns, kind, options.words, journal)
    note_documents(raw, journal)
    return Opened(raw, columns, ids, journal, unread, edition=options.edition)


def columns_of(raw: RawTable, kind: LayerKind, options: ReadOptions, place: Place) -> Columns:
    """Return what the columns of `raw` mean in a layer of a `kind`, as `options` have it; errors name `place`."""
    cells = raw.columns if raw.geometry is None else None
    columns = map_columns(recognise(raw.headers, kind, cells), options.columns, raw.headers, place)
    column = id_column(raw.headers, kind, options.id_field or columns.by_role.get("id", ""), place)
    return replace(columns, by_role={"id": "", **columns.by_role} | {"id": column}) if column else columns


def place_rows(opened: Opened, kind: LayerKind, options: ReadOptions, *, are_receptors: bool) -> Outcome:
    """Bring every row of `opened` to lon/lat on CGCS2000, or say why not.

    `are_receptors`: whether bad rows are set aside, and areas asked for where only areas make up the kind; sources
    all stay. `InputError`: no coordinates, several, or several tables side by side.
    """
    raw, columns, journal = opened.raw, opened.columns, opened.journal
    place = Place(file=journal.file, sheet=raw.sheet)
    declared = understand(options, place)
    outcome = Outcome.of_rows(raw.row_count, journal, are_receptors=are_receptors)
    read_on: Datum | None = None
    polygons_only = are_receptors and kind in _AREA_KINDS
    if raw.geometry is None:
        if polygons_only:
            remedy = "改用带面状几何的文件（gpkg、geojson、shp、parquet）"
            raise InputError(Problem(f"{kind.zh}须为面状图层，表格不能表达范围", place, remedy=remedy))
        require_one_table(columns, raw, place)
        if not are_receptors and lacks_coordinates(columns, raw):
            journal.note("没有坐标列", "没有坐标列的名单", "按所填的县、乡镇处理，不落点")
            for row in range(raw.row_count):  # the places that they name may still tell something
                outcome.leave(row, "没有坐标")
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
        outcome.sound = _find_sound(raw.geometry)
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


_COMPILED_FROM, _LOADED_FROM = 30_000, 5_000
"""Fewer rows don't make up for compiling, for loading what is compiled."""


def _find_sound(wkb: pa.Array) -> NDArray[np.bool_]:
    """Return which shapes surely need nothing done to them; without compiled code nobody knows of any."""
    is_kept = len(wkb) >= _LOADED_FROM and any(code_folder().glob("*.sound._find_sound-*.code"))
    if len(wkb) < _COMPILED_FROM and not is_kept:
        return np.zeros(len(wkb), bool)
    from hmgeo.intake.places.sound import sound_rows  # noqa: PLC0415 -- llvmlite takes its time

    return sound_rows(wkb, CHINA)


def _stays_as_it_is(raw: RawTable, columns: Columns, declared: Declared) -> bool:
    """Tell whether degrees of a file stand on CGCS2000, or on WGS84, which is taken for the same."""
    crs = declared.crs or raw.crs
    if crs is None or not crs.is_geographic or crs.is_bound or "datum" in columns or declared.is_turned:
        return False
    return {datum_of(crs), declared.datum or Datum.CGCS2000} <= {Datum.CGCS2000, Datum.WGS84}


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


class Inspection(Struct, frozen=True):
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
    lines: tuple[int, ...]
    standard: str
    mapping: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]
    headers: tuple[str, ...]
    cells: Mapping[str, list[str]]
    ids: tuple[str, ...]
    statuses: tuple[str, ...]
    extent: tuple[float, ...]
    counties: tuple[tuple[str, int], ...]
    margin_m: tuple[float, ...]
    shapes: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]
    blanks: tuple[tuple[str, str], ...]
    located: pa.Table
    ledger: Ledger


def inspect_file(path: Path, wanted: LayerKind | None, options: ReadOptions, shown_as: str = "") -> Inspection:
    """Read a file as a layer of a kind and say all that can be said of it.

    `wanted`: the kind; None for the one that the file's own fields tell. `InputError`: the file as a whole can't be
    used.
    """
    opened = open_file(path, wanted or LayerKind.ENTERPRISES, options, shown_as)
    kind = wanted or _kind_told(opened)
    if wanted is None and kind is not LayerKind.ENTERPRISES:
        del opened  # a full sheet isn't held twice
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
    located = outcome.shapes[outcome.is_assessed()]
    points = shapely.get_coordinates(shapely.point_on_surface(located))
    covered = ((unit.name, int(unit.covers(*points.T).sum())) for unit in counties())
    margins_m = outcome.uncertainty_m[outcome.is_assessed()]
    types = np.unique(shapely.get_type_id(located), return_counts=True)
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
        extent=tuple(shapely.total_bounds(located).tolist()) if len(located) else (),
        counties=tuple(sorted((pair for pair in covered if pair[1]), key=lambda pair: -pair[1])),
        margin_m=(float(margins_m.min()), float(margins_m.max())) if margins_m.size else (),
        shapes=tuple((_SHAPE_WORDS.get(int(code), "其他"), int(count)) for code, count in zip(*types, strict=True)),
        missing=missing,
        blanks=blanks,
        located=_located(opened, outcome),
        ledger=opened.journal.ledger(),
    )


def guess_kind(path: Path, options: ReadOptions) -> LayerKind:
    """Return the kind that the standard fields of `path`, read by `options`, tell; sites for outlines; or enterprises.

    The file is read as enterprises for that.
    """
    return _kind_told(open_file(path, LayerKind.ENTERPRISES, options, ""))


def _kind_told(opened: Opened) -> LayerKind:
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
        empty = [row for row, text in enumerate(texts, start=1) if is_blank(text)]
        if empty:
            blanks.append((header, name_rows(empty)))
    return tuple(missing), tuple(blanks)
