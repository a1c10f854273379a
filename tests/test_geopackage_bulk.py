"""Both ways of reading a GeoPackage give the same cells, shapes and entries, whatever stands in the table."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hmgeo.errors import InputError
from hmgeo.intake.formats import bulk
from hmgeo.intake.formats.vectors import geopackage_parts
from hmgeo.intake.rows import Journal

COUNT = 9
PLAIN = {
    "a null": "UPDATE t SET name = NULL, area = NULL, number = NULL WHERE fid = 3",
    "a missing shape": "UPDATE t SET geom = NULL WHERE fid = 4",
    "text like a number": "UPDATE t SET name = '007' WHERE fid = 2",
    "a whole number among doubles": "UPDATE t SET area = 7 WHERE fid = 2",
    "a huge number": "UPDATE t SET number = 9223372036854775807 WHERE fid = 2",
    "byte order": "UPDATE t SET geom = CAST(substr(geom, 1, 40) || :big AS BLOB) WHERE fid = 5",
    "height": "UPDATE t SET geom = CAST(substr(geom, 1, 40) || :high AS BLOB) WHERE fid = 5",
    "height as once written": "UPDATE t SET geom = CAST(substr(geom, 1, 40) || :old AS BLOB) WHERE fid = 5",
    "no shape in the bytes": "UPDATE t SET geom = CAST(substr(geom, 1, 40) || zeroblob(50) AS BLOB) WHERE fid = 5",
    "numbers below zero": "UPDATE t SET fid = fid - 5",
    "gaps": "DELETE FROM t WHERE fid IN (2, 3, 7)",
    "far numbers": "UPDATE t SET fid = 9223372036854775807 WHERE fid = 9",
    "another number": "ALTER TABLE t ADD COLUMN rowid TEXT DEFAULT 'a'",
    "a wrong count": "UPDATE gpkg_ogr_contents SET feature_count = 12",
    "no count": "DROP TABLE gpkg_ogr_contents",
    "bytes behind": "UPDATE t SET geom = CAST(geom || x'0102' AS BLOB) WHERE fid = 5",
}
ODD = {
    "a sign of no width in a text": "UPDATE t SET name = 'a' || char(0) || 'b' WHERE fid = 2",
    "text among whole numbers": "UPDATE t SET number = 'seven' WHERE fid = 2",
    "a double among whole numbers": "UPDATE t SET number = 1.5 WHERE fid = 2",
    "text among doubles": "UPDATE t SET area = '约 7' WHERE fid = 2",
    "bytes in a text": "UPDATE t SET name = x'616263' WHERE fid = 2",
    "a geometry without a header": "UPDATE t SET geom = x'00' WHERE fid = 6",
    "a text for a geometry": "UPDATE t SET geom = 'GP' WHERE fid = 6",
    "an empty geometry": "UPDATE t SET geom = x'4750001100000000010300000000000000' WHERE fid = 6",
    "an extension": "UPDATE t SET geom = CAST(x'47500021' || substr(geom, 5) AS BLOB) WHERE fid = 6",
    "a day": "ALTER TABLE t ADD COLUMN day DATE",
    "a truth": "ALTER TABLE t ADD COLUMN truth BOOLEAN DEFAULT 1",
    "a small number": "ALTER TABLE t ADD COLUMN small MEDIUMINT DEFAULT 5000000000",
    "a column worked out": "ALTER TABLE t ADD COLUMN twice INTEGER AS (2 * number)",
    "a log": "PRAGMA journal_mode = WAL",
}
OF_ROWS = [edit for edit in (PLAIN | ODD).values() if edit.startswith(("UPDATE t", "DELETE"))]
HIGH = shapely.Polygon([(113, 23, 1), (113.1, 23, 2), (113.1, 23.1, 3), (113, 23, 1)])
BLOBS = {
    "big": shapely.to_wkb(shapely.box(113, 23, 113.5, 23.5), byte_order=0),
    "high": shapely.to_wkb(HIGH, flavor="iso"),
    "old": shapely.to_wkb(HIGH, flavor="extended"),
    "arcs": bytes.fromhex("010a00000001000000010800000005000000")
    + struct.pack("<10d", 113, 23, 114, 24, 115, 23, 114, 22, 113, 23),
}


def make_file(folder: Path, edits: list[str]) -> Path:
    path = folder / "t.gpkg"
    boxes = [shapely.box(113 + n / 100, 23, 113.005 + n / 100, 23.005) for n in range(COUNT)]
    columns = {
        "name": [f"地块{n}" for n in range(COUNT)],
        "area": [n + 0.5 for n in range(COUNT)],
        "number": range(COUNT),
    }
    frame = geopandas.GeoDataFrame(columns, geometry=boxes, crs=4490)
    frame.to_file(path, layer="t", engine="pyogrio")
    with sqlite3.connect(path) as database:
        names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        for (name,) in database.execute(names).fetchall():  # they ask for functions that GDAL alone has
            database.execute(f'DROP TRIGGER "{name}"')
    database.close()
    for edit in edits:
        database = sqlite3.connect(path)
        database.execute(edit, {name: blob for name, blob in BLOBS.items() if f":{name}" in edit})
        database.commit()
        database.close()
    return path


def what_is_read(path: Path, rows: int, fewest: int) -> object:
    journal = Journal("t.gpkg")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "_FEWEST_ROWS", fewest)
        try:
            parts = list(geopackage_parts(path, "", journal, rows))
        except InputError as error:
            return [str(problem) for problem in error.problems]
    cells = [list(row) for part in parts for row in zip(*(part.columns[name] for name in part.headers), strict=True)]
    shapes = [shape for part in parts for shape in part.geometry.to_pylist()]
    return parts[0].headers, cells, shapes, sum(part.row_count for part in parts), journal.entries


def rows_in_bulk(path: Path, rows: int) -> int:
    with pytest.MonkeyPatch.context() as patch, closing(sqlite3.connect(path)) as database:
        patch.setattr(bulk, "_FEWEST_ROWS", 1)
        return sum(table.num_rows for table, _ in bulk.tables_in_bulk(path, database, "t", "geom", rows))


@pytest.mark.parametrize("fewest", [COUNT, COUNT + 1])
def test_a_smaller_table_is_read_in_bulk_where_gdal_is_loaded(
    tmp_path: Path, fewest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(tmp_path, [])
    monkeypatch.setattr(bulk, "_FEWEST_LOADED", fewest)
    with closing(sqlite3.connect(path)) as database:
        assert bool(list(bulk.tables_in_bulk(path, database, "t", "geom", 100))) == (fewest == COUNT)
        monkeypatch.delitem(sys.modules, "pyogrio")
        assert not list(bulk.tables_in_bulk(path, database, "t", "geom", 100))


@pytest.mark.parametrize("edit", [*PLAIN, *ODD])
def test_a_table_is_read_alike_both_ways(tmp_path: Path, edit: str) -> None:
    path = make_file(tmp_path, [PLAIN.get(edit) or ODD[edit]])
    for rows in (0, 4):
        assert what_is_read(path, rows, 1) == what_is_read(path, rows, 10**9)
    there = 6 if edit == "gaps" else COUNT
    assert rows_in_bulk(path, 0) == (there if edit in PLAIN else 0)


@pytest.mark.parametrize(
    ("odd_row", "rows", "expected"), [(1, 2, 0), (2, 2, 0), (5, 2, 4), (9, 2, 8), (9, 3, 8), (9, 4, 8)]
)
@pytest.mark.parametrize("has_gaps", [False, True])
def test_whole_parts_before_an_odd_cell_come_in_bulk(
    tmp_path: Path, odd_row: int, rows: int, expected: int, *, has_gaps: bool
) -> None:
    edits = [ODD["text among doubles"].replace("= 2", f"= {odd_row}")]
    path = make_file(tmp_path, [*edits, "UPDATE t SET fid = 10 * fid"] if has_gaps else edits)
    assert rows_in_bulk(path, rows) == expected
    assert what_is_read(path, rows, 1) == what_is_read(path, rows, 10**9)


def test_rows_that_gdal_tells_twice_are_read_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_file(tmp_path, [PLAIN["gaps"]])
    opened = bulk._opened

    def twice(*args: object) -> Iterator[pa.RecordBatch]:
        return (batch for told in opened(*args) for batch in (told, told))

    def at_once(*args: object) -> Iterator[pa.RecordBatch]:
        (batch,) = opened(*args)
        yield pa.concat_batches([batch, batch[3:]])

    def as_many_as_numbers(*args: object) -> Iterator[pa.RecordBatch]:  # 5, 6, 8 and 9 are four, as 6 to 9 would be
        (batch,) = opened(*args)
        yield from (batch[:3], batch[2:])

    for told in (twice, at_once, as_many_as_numbers):
        monkeypatch.setattr(bulk, "_opened", told)
        assert rows_in_bulk(path, 100) <= 6
        assert what_is_read(path, 100, 1) == what_is_read(path, 100, 10**9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(OF_ROWS), max_size=4, unique=True), st.integers(2, 12))
def test_tables_with_several_oddities_are_read_alike(edits: list[str], rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = make_file(Path(folder), edits)
        assert what_is_read(path, rows, 1) == what_is_read(path, rows, 10**9)


def test_a_key_of_another_name_is_a_column(tmp_path: Path) -> None:
    path = make_file(tmp_path, ["ALTER TABLE t RENAME COLUMN fid TO OBJECTID"])
    headers, cells, _, count, _ = what_is_read(path, 4, 1)
    assert headers == ["OBJECTID", "name", "area", "number"]
    assert cells[1] == ["2", "地块1", "1.5", "1"]
    assert count == COUNT
    assert rows_in_bulk(path, 4) == COUNT


def test_text_that_is_none_is_refused_both_ways(tmp_path: Path) -> None:
    path = make_file(tmp_path, ["UPDATE t SET name = CAST(x'ff41' AS TEXT) WHERE fid = 2"])
    assert what_is_read(path, 4, 1) == what_is_read(path, 4, 10**9)
    assert "不是有效的 GeoPackage" in what_is_read(path, 4, 1)[0]


def test_a_path_that_gdal_would_split_is_read_by_rows(tmp_path: Path) -> None:
    (tmp_path / "a!b").mkdir()
    path = make_file(tmp_path, []).rename(tmp_path / "a!b" / "t.zip.gpkg")
    assert what_is_read(path, 4, 1) == what_is_read(path, 4, 10**9)


def test_what_lies_beside_a_file_is_heeded_through_a_link_too(tmp_path: Path) -> None:
    path = make_file(tmp_path, [ODD["a log"]])
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "t.gpkg"
    link.symlink_to(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM t WHERE fid > 2")
        assert [what_is_read(file, 0, 1)[3] for file in (path, link)] == [2, 2]


def test_a_write_that_was_broken_off_is_no_data(tmp_path: Path) -> None:
    path = make_file(tmp_path, [])
    (tmp_path / "copy").mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        for step in ("PRAGMA cache_size = 1", "BEGIN", "UPDATE t SET name = hex(zeroblob(5000))"):
            database.execute(step)
        for name in ("t.gpkg", "t.gpkg-journal"):
            shutil.copyfile(tmp_path / name, tmp_path / "copy" / name)
    for fewest in (1, 10**9):
        assert "不是有效的 GeoPackage" in what_is_read(tmp_path / "copy" / "t.gpkg", 0, fewest)[0]
    (tmp_path / "copy" / "t.gpkg-journal").write_bytes(b"")
    assert rows_in_bulk(path, 0) == COUNT


def test_a_query_under_a_name_in_other_letters_is_refused(tmp_path: Path) -> None:
    path = make_file(tmp_path, ["ALTER TABLE t RENAME TO u", "CREATE VIEW T AS SELECT * FROM u"])
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE gpkg_contents SET table_name = 't'")
    assert "图层是视图" in what_is_read(path, 0, 10**9)[0]


def test_more_columns_than_one_condition_holds_are_read(tmp_path: Path) -> None:
    path = make_file(tmp_path, [])
    with closing(sqlite3.connect(path)) as database, database:
        for number in range(1_000):
            database.execute(f"ALTER TABLE t ADD COLUMN c{number} TEXT")
    assert what_is_read(path, 0, 1) == what_is_read(path, 0, 10**9)
    assert len(what_is_read(path, 0, 1)[0]) == 1_003


KEYED = (
    "CREATE TABLE u (fid INT, geom POLYGON, name TEXT PRIMARY KEY, area REAL, number INT) WITHOUT ROWID;"
    "INSERT INTO u SELECT * FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t"
)
TORN = "UPDATE t SET geom = CAST(substr(geom, 1, 40) || substr(:arcs, 1, 60) AS BLOB) WHERE fid = 2"


@pytest.mark.parametrize("edit", ["UPDATE gpkg_ogr_contents SET feature_count = 3", PLAIN["gaps"], TORN, KEYED])
def test_arcs_become_chords_in_their_own_rows(tmp_path: Path, edit: str) -> None:
    curved = "UPDATE t SET geom = CAST(substr(geom, 1, 40) || :arcs AS BLOB) WHERE fid IN (1, 6)"
    path = make_file(tmp_path, [curved, "UPDATE t SET geom = x'00' WHERE fid = 4", *edit.split(";")])
    for fewest in (1, 10**9):
        whole = what_is_read(path, 0, fewest)
        assert what_is_read(path, 4, fewest)[:4] == whole[:4]
        shapes = dict(zip([row[0] for row in whole[1]], whole[2], strict=True))
        assert shapes["地块3"] == b"\0"
        drawn = shapely.from_wkb([shapes["地块0"], shapes["地块5"]])
        assert all(shape.geom_type == "Polygon" and shape.area > 3 for shape in drawn)
