"""Both ways of reading a GeoPackage give the same cells, shapes and entries, whatever stands in the table."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import geopandas
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
    "bytes behind": "UPDATE t SET geom = CAST(geom || x'0102' AS BLOB) WHERE fid = 5",
}
ODD = {
    "a sign of no width in a text": "UPDATE t SET name = 'a' || char(0) || 'b' WHERE fid = 2",
    "numbers below zero": "UPDATE t SET fid = fid - 5",
    "gaps": "DELETE FROM t WHERE fid IN (2, 3, 7)",
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
    "a wrong count": "UPDATE gpkg_ogr_contents SET feature_count = 12",
    "no count": "DROP TABLE gpkg_ogr_contents",
    "a log": "PRAGMA journal_mode = WAL",
}
HIGH = shapely.Polygon([(113, 23, 1), (113.1, 23, 2), (113.1, 23.1, 3), (113, 23, 1)])
BLOBS = {
    "big": shapely.to_wkb(shapely.box(113, 23, 113.5, 23.5), byte_order=0),
    "high": shapely.to_wkb(HIGH, flavor="iso"),
    "old": shapely.to_wkb(HIGH, flavor="extended"),
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


def is_in_bulk(path: Path) -> bool:
    with pytest.MonkeyPatch.context() as patch, sqlite3.connect(path) as database:
        patch.setattr(bulk, "_FEWEST_ROWS", 1)
        return bulk.batches_in_bulk(path, database, "t", "geom", 100) is not None


@pytest.mark.parametrize("fewest", [COUNT, COUNT + 1])
def test_a_smaller_table_is_read_in_bulk_where_gdal_is_loaded(
    tmp_path: Path, fewest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(tmp_path, [])
    monkeypatch.setattr(bulk, "_FEWEST_LOADED", fewest)
    with closing(sqlite3.connect(path)) as database:
        assert (bulk.batches_in_bulk(path, database, "t", "geom", 100) is not None) == (fewest == COUNT)
        monkeypatch.delitem(sys.modules, "pyogrio")
        assert bulk.batches_in_bulk(path, database, "t", "geom", 100) is None


@pytest.mark.parametrize("edit", [*PLAIN, *ODD])
def test_a_table_is_read_alike_both_ways(tmp_path: Path, edit: str) -> None:
    path = make_file(tmp_path, [PLAIN.get(edit) or ODD[edit]])
    for rows in (0, 4):
        assert what_is_read(path, rows, 1) == what_is_read(path, rows, 10**9)
    assert is_in_bulk(path) == (edit in PLAIN)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(list(PLAIN.values())), max_size=4), st.integers(2, 12))
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
    assert is_in_bulk(path)


def test_text_that_is_none_is_refused_both_ways(tmp_path: Path) -> None:
    path = make_file(tmp_path, ["UPDATE t SET name = CAST(x'ff41' AS TEXT) WHERE fid = 2"])
    assert what_is_read(path, 4, 1) == what_is_read(path, 4, 10**9)
    assert "不是有效的 GeoPackage" in what_is_read(path, 4, 1)[0]


def test_a_path_that_gdal_would_split_is_read_by_rows(tmp_path: Path) -> None:
    (tmp_path / "a!b").mkdir()
    path = make_file(tmp_path, []).rename(tmp_path / "a!b" / "t.zip.gpkg")
    assert what_is_read(path, 4, 1) == what_is_read(path, 4, 10**9)
