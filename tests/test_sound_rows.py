"""The quick road through a layer and the general one give the same rows and the same ledger, whatever the file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS
from strategies import ANCHORS

from hmgeo.errors import InputError
from hmgeo.intake import load
from hmgeo.intake.columns import NO_ID
from hmgeo.intake.formats import vectors
from hmgeo.intake.formats.packed import open_parts
from hmgeo.intake.load import ReadOptions, load_receptors
from hmgeo.intake.places.mend import CHINA
from hmgeo.intake.places.sound import KnownTexts, are_ids, sound_rows
from hmgeo.intake.rows import Cells, cells_of, column_texts
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH = ANCHORS[0]
STEP = 0.001
WHOLE = [(0, 0), (3, 0), (3, 3), (0, 3)]


def ring(corners: list[tuple[int, int]]) -> shapely.Polygon:
    """Return a ring whose corners are counted in thousandths of a degree."""
    return shapely.Polygon([(WEST + x * STEP, SOUTH + y * STEP) for x, y in corners])


def holed(shell: list[tuple[int, int]], *holes: list[tuple[int, int]]) -> shapely.Polygon:
    return shapely.Polygon(ring(shell).exterior, [ring(hole).exterior for hole in holes])


WHOLE_LINE = [(WEST + x * STEP, SOUTH + y * STEP) for x, y in WHOLE]


def wkb_of(*shapes: shapely.Geometry) -> pa.Array:
    return pa.array([shapely.to_wkb(shape) for shape in shapes], pa.binary())


def test_what_is_sound_and_what_is_left_to_geos() -> None:
    hole = [(1, 1), (2, 1), (2, 2), (1, 2)]
    wide = [(0, 0), (6, 0), (6, 6), (0, 6)]
    rows = {
        "a square": (ring(WHOLE), True),
        "clockwise": (ring(WHOLE[::-1]), True),
        "a corner on a straight edge": (ring([(0, 0), (1, 0), (3, 0), (3, 3), (0, 3)]), True),
        "a bow tie": (ring([(0, 0), (3, 3), (3, 0), (0, 3)]), False),
        "a corner on another edge": (ring([(0, 0), (3, 0), (3, 3), (1, 0), (0, 3)]), False),
        "a spike": (ring([(0, 0), (3, 0), (5, 0), (3, 0), (3, 3)]), False),
        "twice around its middle": (ring([(0, 3), (2, -3), (-3, 1), (3, 1), (-2, -3)]), False),
        "a star": (ring([(0, 4), (-1, 1), (-4, 0), (-1, -1), (0, -4), (1, -1), (4, 0), (1, 1)]), True),
        "not seen whole from its middle": (
            ring([(0, 0), (6, 0), (6, 6), (5, 6), (5, 1), (1, 1), (1, 6), (0, 6)]),
            True,
        ),
        "a corner twice": (ring([(0, 0), (3, 0), (3, 0), (3, 3)]), False),
        "no area": (ring([(0, 0), (3, 0), (1, 0)]), False),
        "abroad": (shapely.box(10.0, 23.0, 10.1, 23.1), False),
        "axes swapped": (shapely.box(23.0, 113.0, 23.1, 113.1), False),
        "a hole": (holed(WHOLE, hole), True),
        "a hole that goes the same way": (holed(WHOLE, hole[::-1]), True),
        "two holes": (holed(wide, hole, [(4, 1), (5, 1), (5, 2)]), True),
        "a hole that touches the shell": (holed(WHOLE, [(0, 1), (2, 1), (2, 2)]), False),
        "a hole beside the shell": (holed(WHOLE, [(4, 1), (5, 1), (5, 2)]), False),
        "a hole around the shell": (holed(hole, WHOLE), False),
        "a hole across the shell": (holed(WHOLE, [(2, 1), (4, 1), (4, 2)]), False),
        "holes in one another": (holed(wide, [(1, 1), (5, 1), (5, 5), (1, 5)], [(2, 2), (3, 2), (3, 3)]), False),
        "holes that touch": (holed(wide, hole, [(2, 2), (3, 2), (3, 3)]), False),
        "a hole that crosses itself": (holed(WHOLE, [(1, 1), (2, 2), (2, 1), (1, 2)]), False),
        "one part of several": (shapely.MultiPolygon([ring(WHOLE)]), True),
        "two parts": (shapely.MultiPolygon([ring(hole), shapely.box(WEST + 1, SOUTH, WEST + 1.1, SOUTH + 0.1)]), True),
        "parts with holes": (shapely.MultiPolygon([holed(WHOLE, hole), ring([(4, 0), (6, 0), (6, 6)])]), True),
        "a part in another": (shapely.MultiPolygon([ring(WHOLE), ring(hole)]), False),
        "a part around another": (shapely.MultiPolygon([ring(hole), ring(WHOLE)]), False),
        "a part in the other's hole": (
            shapely.MultiPolygon([holed(wide, [(1, 1), (5, 1), (5, 5), (1, 5)]), ring([(2, 2), (3, 2), (3, 3)])]),
            False,  # valid, and GEOS may say so
        ),
        "parts with an edge in common": (
            shapely.MultiPolygon([ring(WHOLE), shapely.box(WEST + 0.003, SOUTH, WEST + 0.004, SOUTH + 0.003)]),
            False,
        ),
        "parts with a corner in common": (shapely.MultiPolygon([ring(WHOLE), ring([(3, 3), (5, 3), (5, 5)])]), False),
        "no parts": (shapely.MultiPolygon(), False),
        "a bow tie as the one part": (shapely.MultiPolygon([ring([(0, 0), (3, 3), (3, 0), (0, 3)])]), False),
        "a bow tie as the second part": (
            shapely.MultiPolygon([ring(hole), ring([(4, 0), (6, 3), (6, 0), (4, 3)])]),
            False,
        ),
        "a hole in the one part": (shapely.MultiPolygon([(WHOLE_LINE, [ring(hole).exterior.coords])]), True),
        "heights": (shapely.force_3d(ring(WHOLE)), False),
        "a point": (shapely.Point(WEST, SOUTH), False),
    }
    found = sound_rows(wkb_of(*(shape for shape, _ in rows.values())), CHINA)
    assert dict(zip(rows, found.tolist(), strict=True)) == {name: sound for name, (_, sound) in rows.items()}


def test_bytes_that_would_not_go_out_as_they_came_are_not_sound() -> None:
    square = shapely.to_wkb(ring(WHOLE))
    nan = square[:13] + np.array([np.nan]).tobytes() + square[21:]
    open_ring = square[:9] + (4).to_bytes(4, "little") + square[13:-16]
    big_endian = shapely.to_wkb(ring(WHOLE), byte_order=0)
    one, two = (b"\1\6\0\0\0" + bytes([parts]) + b"\0\0\0" + square for parts in (1, 2))
    mixed = b"\0\0\0\0\6\0\0\0\1" + square
    rows = [
        square,
        one,
        square + b"\0",
        square[:-1],
        nan,
        open_ring,
        big_endian,
        b"",
        None,
        two,
        mixed,
        one[:-1],
        one[:9],
        two + square[:-1],
        two + square + b"\0",
        b"\1\3\0\0\0\2\0\0\0" + square[9:],
        b"\1\3\0\0\0\1\0\0\0\xff\xff\xff\xff" + square[13:],
        b"\1\3\0\0\0\xff\xff\xff\xff" + square[9:],
        b"\1\6\0\0\0\xff\xff\xff\xff" + square,
    ]
    assert sound_rows(pa.array(rows, pa.binary()), CHINA).tolist() == [True, True] + [False] * (len(rows) - 2)
    assert sound_rows(pa.array([None, square, square], pa.large_binary())[1:], CHINA).tolist() == [True, True]


CORNERS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7)
BOXES = st.builds(
    lambda x, y, wide, high: [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)],
    *[st.integers(0, 5)] * 2, *[st.integers(1, 6)] * 2
)  # fmt: skip
POLYGONS = st.lists(BOXES | CORNERS, min_size=1, max_size=3).map(lambda rings: holed(*rings))
SHAPES = POLYGONS | st.lists(POLYGONS, min_size=1, max_size=3).map(shapely.MultiPolygon)


@pytest.mark.parametrize("text", [*sorted(NO_ID), "", " P1", "P1 ", "\tP1", "P1\u3000", None])
def test_what_may_stand_for_no_id_is_looked_at_one_by_one(text: str | None) -> None:
    assert are_ids(pa.array(["P1", "7", "A-1"]))
    assert not are_ids(pa.array(["P1", text, "A-1"]))


@given(st.lists(SHAPES, max_size=20))
def test_no_shape_is_taken_for_sound_that_geos_refuses(shapes: list[shapely.Geometry]) -> None:
    found = sound_rows(wkb_of(*shapes), CHINA)
    assert all(shape.is_valid and shape.area > 0 for shape, sound in zip(shapes, found, strict=True) if sound)


def test_texts_are_new_once() -> None:
    known, texts = KnownTexts(), pa.array(["P1", "P2", "P1", "", "地块一", None])
    assert known.enter(texts).tolist() == [True, True, False, True, True, False]
    assert known.enter(pa.array(["x", "P2", "地块一", "P3"], pa.large_string())[1:]).tolist() == [False, False, True]
    many = pa.array([str(number) for number in range(200_000)])  # the table grows twice
    assert known.enter(many[:99_000]).all()
    assert known.enter(many).tolist() == [False] * 99_000 + [True] * 101_000
    assert not known.enter(many).any()


def shapes_of_rows() -> st.SearchStrategy[bytes | None]:
    corners = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=6)
    clean = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda at: shapely.box(WEST + at[0] * STEP, SOUTH, WEST + (at[0] + 1) * STEP, SOUTH + (at[1] + 1) * STEP)
    )
    odd = st.sampled_from(
        [
            shapely.Polygon(),
            shapely.Point(WEST, SOUTH),
            shapely.LineString([(WEST, SOUTH), (WEST, SOUTH + 1), (WEST + 1, SOUTH), (WEST, SOUTH)]),
            shapely.box(WEST, 200.0, WEST + 1, 201.0),
            shapely.box(23.0, 113.0, 23.1, 113.1),
            shapely.box(0.0, 50.0, 0.1, 50.1),
            shapely.force_3d(shapely.box(WEST, SOUTH, WEST + 1, SOUTH + 1)),
            shapely.MultiPolygon([shapely.box(WEST, SOUTH, WEST + 1, SOUTH + 1)]),
            shapely.GeometryCollection([shapely.Point(WEST, SOUTH), shapely.box(WEST, SOUTH, WEST + 1, SOUTH + 1)]),
        ]
    )
    broken = st.sampled_from([b"", b"\1", b"\1\3\0\0\0\1\0\0\0", b"\1\x0a\0\0\0\0\0\0\0"])
    return st.one_of(
        clean.map(shapely.to_wkb),
        clean.map(lambda shape: shapely.to_wkb(shapely.MultiPolygon([shape]))),
        corners.map(ring).map(shapely.to_wkb),
        corners.map(lambda told: shapely.to_wkb(shapely.MultiPolygon([ring(told)]))),
        SHAPES.map(shapely.to_wkb),
        odd.map(shapely.to_wkb),
        broken,
        st.none(),
    )


COLUMNS: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "parcel_id": (pa.string(), st.sampled_from(["P1", "P2", " P3 ", "P4　", "", None, "地块", "row-2", "P1#2"])),
    "BSM": (pa.int64(), st.sampled_from([1, 2, 3, 44, None])),
    "class": (pa.string(), st.sampled_from(["优先保护类", " 安全利用类", "", None, "三类", "待定", "x1"])),
    "DLBM": (pa.string(), st.sampled_from(["0101", "0103", "0305", "", None, "？？", "101"])),
    "TBDLMJ": (pa.float64(), st.sampled_from([3000.0, 0.5, 1e-5, 1e20, 0.0, -1.0, float("nan"), None])),
    "TBMJ": (pa.float32(), st.sampled_from([3000.5, 12.0, None])),
    "KCMJ": (pa.string(), st.sampled_from(["0", "2.5", "", "约 3", None])),
    "ZLDWDM": (pa.string(), st.sampled_from(["441802105201", "4418", "", None])),
    "乡镇": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["龙塘镇", " 石角镇", "", None])),
    "灌区编号": (pa.string(), st.sampled_from(["GQ-1", " GQ-2 ", "", None])),
    "是否永久基本农田": (pa.bool_(), st.sampled_from([True, False, None])),
    "坐标系": (pa.string(), st.sampled_from(["", "CGCS2000", "gcj02", "未知", "某地方系"])),
    "标签": (pa.list_(pa.string()), st.sampled_from([["a"], [], None])),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    rows = draw(st.integers(1, 12))
    names = draw(st.lists(st.sampled_from(list(COLUMNS)), unique=True))
    made = {
        name: pa.array(draw(st.lists(COLUMNS[name][1], min_size=rows, max_size=rows)), COLUMNS[name][0])
        for name in names
    }
    made["geometry"] = pa.array(draw(st.lists(shapes_of_rows(), min_size=rows, max_size=rows)), pa.binary())
    crs = draw(st.sampled_from(["EPSG:4490", "EPSG:4326", "EPSG:4610", "EPSG:4547", "EPSG:4214", "EPSG:4617", None]))
    column = {"encoding": "WKB", "geometry_types": []} | ({"crs": json.loads(CRS(crs).to_json())} if crs else {})
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    return pa.table(made).replace_schema_metadata({"geo": json.dumps(geo)})


def outcome_of(path: Path, *, in_parts: bool, accept: bool) -> object:
    """Return the rows and the ledger that a file gives, or the words in which it is refused."""
    said = {"kind": LayerKind.FARMLAND, "basis": Basis.SYNTHETIC, "options": ReadOptions(accept_suggestions=accept)}
    try:
        layer, ledger = (open_parts if in_parts else load_receptors)(path, **said)
        rows = layer.read().to_pylist()
    except InputError as error:
        return [str(problem) for problem in error.problems]
    return rows, getattr(layer.open_batches, "entries", list(ledger.entries)), layer.margin_m


@pytest.mark.parametrize("in_parts", [True, False])
@given(table=tables(), accept=st.booleans())
def test_both_roads_give_the_same_rows_and_the_same_ledger(
    tmp_path_factory: pytest.TempPathFactory, *, in_parts: bool, table: pa.Table, accept: bool
) -> None:
    path = tmp_path_factory.mktemp("roads") / "parcels.parquet"
    pq.write_table(table, path, row_group_size=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "_find_sound", lambda wkb: np.zeros(len(wkb), bool))
        patch.setattr(vectors, "Cells", lambda columns: dict(Cells(columns)))
        general = outcome_of(path, in_parts=in_parts, accept=accept)
    assert outcome_of(path, in_parts=in_parts, accept=accept) == general


ANY_CELL = st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=2), st.booleans())
ONE_KIND = st.sampled_from([st.integers(-9, 9), st.floats(), st.text(max_size=3), st.integers(10**18, 10**20)])


@given(st.one_of(st.lists(ANY_CELL), ONE_KIND.flatmap(lambda kind: st.lists(st.one_of(st.none(), kind)))))
def test_a_column_says_what_each_of_its_cells_says(values: list[Any]) -> None:
    held, texts = Cells({"a": cells_of(values)}), column_texts(values)
    assert held["a"] == texts
    told = held.coded("a")
    assert [told.words[number] for number in told.code] == texts


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (np.array([3, -4], np.int16), ["3", "-4"]),
        (np.array([441802.0, np.nan, 0.1]), ["441802", "", "0.1"]),
        (np.array([0.5, 1e20], np.float32), ["0.5", "1.0000000200408773e+20"]),
        (np.array([True, False]), ["true", "false"]),
        (np.array(["2026-11-29", "NaT"], "datetime64[D]"), ["2026-11-29", ""]),
        (np.array(["龙塘镇", None, ""], object), ["龙塘镇", "", ""]),
        ([1, "abc", 2.5, None], ["1", "abc", "2.5", ""]),
    ],
)
def test_columns_as_gdal_and_sqlite_hand_them_out(values: list[object], texts: list[str]) -> None:
    assert Cells({"a": cells_of(values)})["a"] == texts


def headed(flags: int) -> bytes:
    return b"GP\0" + bytes([flags]) + b"\x8a\x11\0\0" + bytes(vectors._ENVELOPE_BYTES.get(flags >> 1 & 7, 0))


POINTS = st.binary(max_size=9).map(lambda rest: rest + shapely.to_wkb(shapely.box(0, 0, 1, 1)))


BLOBS = st.one_of(
    st.none(), st.binary(max_size=12), st.builds(lambda flags, rest: headed(flags) + rest, st.sampled_from([1, 3, 5]),
    st.binary(max_size=9)), st.text(max_size=2)
)  # fmt: skip


@given(st.one_of(st.lists(BLOBS), st.lists(st.one_of(st.none(), POINTS.map(lambda rest: headed(3) + rest)))))
def test_headers_and_arcs_are_seen_all_at_once_as_one_by_one(blobs: list[Any]) -> None:
    bare = vectors._bare_wkb(blobs)
    assert bare.to_pylist() == list(map(vectors._strip_header, blobs))
    assert vectors.has_curves(bare) == any(map(vectors.is_curved, bare.to_pylist()))


def test_an_arc_is_seen_in_either_byte_order() -> None:
    for wkb in (b"\1\x08\0\0\0", b"\0\0\0\0\x0a", b"\1\xf3\x03\0\0"):  # the last is a surface with heights
        assert vectors.has_curves(pa.array([None, b"", wkb], pa.large_binary())) == vectors.is_curved(wkb)
    assert vectors.has_curves(pa.array([b"\1\x08\0\0\0"], pa.large_binary()))


def write_geopackage(path: Path, columns: dict[str, list[Any]], shapes: list[bytes | None], crs: str | None) -> None:
    """Write what a GeoPackage must have and no more; SQLite takes any value in any column."""
    code = int(crs.removeprefix("EPSG:")) if crs else -1
    with closing(sqlite3.connect(path)) as base:
        base.execute("CREATE TABLE gpkg_contents (table_name, data_type)")
        base.execute("INSERT INTO gpkg_contents VALUES ('dk', 'features')")
        base.execute("CREATE TABLE gpkg_geometry_columns (table_name, column_name, srs_id)")
        base.execute("INSERT INTO gpkg_geometry_columns VALUES ('dk', 'geom', ?)", (code,))
        base.execute("CREATE TABLE gpkg_spatial_ref_sys (organization, organization_coordsys_id, definition, srs_id)")
        base.execute("INSERT INTO gpkg_spatial_ref_sys VALUES ('EPSG', ?, 'x', ?)", (code, code))
        names = ["fid", "geom", *columns]
        listed = ", ".join(f'"{name}"' for name in names)
        base.execute(f"CREATE TABLE dk ({listed})")
        held = [None if one is None else headed(1) + one for one in shapes]
        rows = zip(range(1, len(held) + 1), held, *columns.values(), strict=True)
        base.executemany(f"INSERT INTO dk VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608 -- our own names
        base.commit()


MIXED = st.one_of(st.none(), st.integers(-3, 3), st.sampled_from([0.5, 3000.0, "", " 0101 ", "P1", "三类", "2.5 亩"]))


@st.composite
def packages(draw: st.DrawFn) -> tuple[dict[str, list[Any]], list[bytes | None], str | None]:
    table = draw(tables())
    told = [name for name in table.column_names if name not in {"geometry", "标签", "是否永久基本农田"}]
    columns = {name: table[name].to_pylist() for name in told}
    for name in draw(st.lists(st.sampled_from(told or ["BSM"]), unique=True, max_size=2)):
        columns[name] = draw(st.lists(MIXED, min_size=table.num_rows, max_size=table.num_rows))
    shapes = table["geometry"].to_pylist()
    if any(map(vectors.is_curved, shapes)):  # GDAL would have to read a file that is no whole GeoPackage
        shapes = [None if vectors.is_curved(one) else one for one in shapes]
    return columns, shapes, draw(st.sampled_from(["EPSG:4490", "EPSG:4326", "EPSG:4547", None]))


@pytest.mark.parametrize("in_parts", [True, False])
@given(package=packages(), accept=st.booleans())
def test_both_roads_through_a_geopackage_give_the_same_rows_and_the_same_ledger(
    tmp_path_factory: pytest.TempPathFactory,
    *,
    in_parts: bool,
    package: tuple[dict[str, list[Any]], list[bytes | None], str | None],
    accept: bool,
) -> None:
    path = tmp_path_factory.mktemp("roads") / "parcels.gpkg"
    write_geopackage(path, *package)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "_find_sound", lambda wkb: np.zeros(len(wkb), bool))
        patch.setattr(vectors, "cells_of", lambda values: pa.array(column_texts(values), pa.string()))
        patch.setattr(vectors, "Cells", lambda columns: dict(Cells(columns)))
        patch.setattr(
            vectors, "_bare_wkb", lambda blobs: pa.array(map(vectors._strip_header, blobs), pa.large_binary())
        )
        general = outcome_of(path, in_parts=in_parts, accept=accept)
    assert outcome_of(path, in_parts=in_parts, accept=accept) == general
