"""A hundred and more files that no reader should trust, made anew for each test session."""

from __future__ import annotations

import io
import json
import random
import sqlite3
import struct
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio.raw
import shapely
import xlwt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAD = "企业编号,企业名称,经度,纬度\n"
ROW = "E1,甲厂,113.05,23.6\n"
_random = random.Random(11)  # noqa: S311 -- noise, not secrets
NOISE = _random.randbytes(5000)


def _zip(members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def _book(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _repacked(data: bytes, name: str, change: Callable[[bytes], bytes] | None) -> bytes:
    """Change or drop one member of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    if change is None:
        del members[name]
    else:
        members[name] = change(members[name])
    return _zip(members)


def _xls() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("表")
    for column, text in enumerate(["企业编号", "经度", "纬度"]):
        sheet.write(0, column, text)
    for column, value in enumerate(["E1", 113.05, 23.6]):
        sheet.write(1, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


GOOD_BOOK = _book([["企业编号", "经度", "纬度"], ["E1", 113.05, 23.6]])
GOOD_XLS = _xls()
SHEET = "xl/worksheets/sheet1.xml"


def _feature(geometry: object) -> dict[str, object]:
    return {"type": "Feature", "properties": {"企业编号": "E1"}, "geometry": geometry}


def _features(*geometries: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": [_feature(one) for one in geometries]}).encode()


ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
KML = b"<?xml version='1.0'?><kml xmlns='http://www.opengis.net/kml/2.2'>"
ONE = b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":'
AT = {"type": "Point", "coordinates": [113, 23]}
VRT = b"<OGRVRTLayer name='a'><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>"
ENDLESS = "WITH RECURSIVE n(fid, geom) AS (SELECT 1, NULL UNION ALL SELECT fid + 1, NULL FROM n) SELECT * FROM n"

TEXTS: dict[str, bytes] = {
    "empty.csv": b"",
    "mark_only.csv": b"\xef\xbb\xbf",
    "blank_lines.csv": b"\n\n\n\n",
    "noise.csv": NOISE,
    "nul_inside.csv": (HEAD + "E1,甲\x00厂,113.05,23.6\n").encode(),
    "cut_gbk.csv": (HEAD + ROW).encode("gbk")[:11],
    "latin1.csv": "id,name,lon,lat\n1,\xe9\xff\xfe,1,2\n".encode("latin-1"),
    "open_quote.csv": (HEAD + 'E1,"甲厂,113.05,23.6\n').encode(),
    "long_cell.csv": (HEAD + f"E1,{'甲' * 200_000},113.05,23.6\n").encode(),
    "header_only.csv": HEAD.encode(),
    "no_header.csv": b"1,2,3,4\n5,6,7,8\n",
    "blank_header.csv": b",,,\nE1,a,113.05,23.6\n",
    "fullwidth_commas.csv": "企业编号，经度，纬度\nE1，113.05，23.6\n".encode(),
    "one_column.csv": "企业编号\nE1\n".encode(),
    "no_latitude.csv": "企业编号,经度\nE1,113.05\n".encode(),
    "metres.csv": "企业编号,X坐标,Y坐标\nE1,412345.6,2612345.6\n".encode(),
    "only_cr.csv": (HEAD + ROW).replace("\n", "\r").encode(),
    "odd_utf16.csv": (HEAD + ROW).encode("utf-16")[:-1],
    "lone_surrogate.csv": b"\xff\xfe" + (HEAD + ROW).encode("utf-16-le") + b"\x00\xd8",
    "utf32.csv": (HEAD + ROW).encode("utf-32"),
    "same_names.csv": "经度,经度,纬度,纬度\n113,114,23,24\n".encode(),
    "thousand_columns.csv": (",".join(f"c{n}" for n in range(5000)) + "\n" + ",".join("1" * 5000) + "\n").encode(),
    "wider_rows.csv": (HEAD + ROW.strip() + ",x,y,z\n" * 3).encode(),
    "page.csv": b"<html><body><table><tr><td>1</td></tr></table></body></html>",
    "record.csv": b'{"type": "FeatureCollection", "features": []}',
    "book.csv": GOOD_BOOK,
    "huge_numbers.csv": (HEAD + "E1,甲,9" + "9" * 400 + ",23\nE2,乙,1e400,1e-400\n").encode(),
    "formulas.csv": (HEAD + '=cmd|\' /C calc\'!A0,@SUM(1),"=1+1",+1\n').encode(),
    "controls.csv": (HEAD + "E1,\x1b[31m甲\x07\x08,113.05,23.6\n").encode(),
    "only_titles.csv": "某某区企业一览表\n填报单位：某局\n".encode(),
    "empty.xlsx": b"",
    "text.xlsx": (HEAD + ROW).encode(),
    "cut.xlsx": GOOD_BOOK[: len(GOOD_BOOK) // 2],
    "tail_lost.xlsx": GOOD_BOOK[:-30],
    "head_lost.xlsx": GOOD_BOOK[200:],
    "plain_zip.xlsx": _zip({"a.txt": b"a"}),
    "no_sheet.xlsx": _repacked(GOOD_BOOK, SHEET, None),
    "no_workbook.xlsx": _repacked(GOOD_BOOK, "xl/workbook.xml", None),
    "no_types.xlsx": _repacked(GOOD_BOOK, "[Content_Types].xml", None),
    "unclosed_sheet.xlsx": _repacked(GOOD_BOOK, SHEET, lambda data: data[: len(data) // 2]),
    "noise_sheet.xlsx": _repacked(GOOD_BOOK, SHEET, lambda _: NOISE),
    "far_cell.xlsx": _repacked(GOOD_BOOK, SHEET, lambda data: data.replace(b'r="A2"', b'r="XFD1048576"')),
    "bad_reference.xlsx": _repacked(GOOD_BOOK, SHEET, lambda data: data.replace(b'r="A2"', b'r="ZZZZ99999999"')),
    "text_number.xlsx": _repacked(GOOD_BOOK, SHEET, lambda data: data.replace(b"<v>113.05</v>", b"<v>abc</v>")),
    "entities.xlsx": _repacked(
        GOOD_BOOK,
        SHEET,
        lambda data: ENTITIES + data[data.find(b"<worksheet") :],
    ),
    "empty_book.xlsx": _book([]),
    "blank_cells.xlsx": _book([[None, None], [None, " "]]),
    "error_cells.xlsx": _book([["企业编号", "经度", "纬度"], ["E1", "#N/A", "#REF!"]]),
    "office.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE,
    "page.xls": b"<html><table><tr><td>1</td></tr></table></html>",
    "text.xls": (HEAD + ROW).encode("gbk"),
    "cut.xls": GOOD_XLS[:1500],
    "noise_inside.xls": GOOD_XLS[:700] + NOISE[:1000] + GOOD_XLS[1700:],
    "short.xls": GOOD_XLS[:100],
    "empty.geojson": b"",
    "noise.geojson": NOISE,
    "cut.geojson": _features({"type": "Point", "coordinates": [113, 23]})[:-20],
    "list.geojson": b"[1, 2, 3]",
    "number.geojson": b"42",
    "deep.geojson": b"[" * 100_000,
    "deep_closed.geojson": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "no_features.geojson": b'{"type": "FeatureCollection", "features": []}',
    "features_of_numbers.geojson": b'{"type": "FeatureCollection", "features": [1, "a", null]}',
    "null_geometry.geojson": _features(None, None),
    "unknown_type.geojson": _features({"type": "Blob", "coordinates": []}),
    "text_coordinates.geojson": _features({"type": "Point", "coordinates": ["a", "b"]}),
    "no_coordinates.geojson": _features({"type": "Point"}),
    "empty_coordinates.geojson": _features({"type": "Polygon", "coordinates": []}),
    "two_corners.geojson": _features({"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}),
    "nan.geojson": _features({"type": "Point", "coordinates": [float("nan"), float("inf")]}),
    "huge.geojson": _features({"type": "Point", "coordinates": [1e308, -1e308]}),
    "strange_crs.geojson": _features(AT)[:-1] + b',"crs":{"properties":{"name":"EPSG:99999999"}}}',
    "crs_of_list.geojson": _features(AT)[:-1] + b',"crs":[1]}',
    "properties_of_list.geojson": ONE + b'[1],"geometry":null}]}',
    "utf16.geojson": _features(None).decode().encode("utf-16"),
    "deep_collection.geojson": ONE
    + b'{},"geometry":'
    + b'{"type":"GeometryCollection","geometries":[' * 3000
    + b"]}" * 3000
    + b"}]}",
    "empty.gpkg": b"",
    "text.gpkg": b"SQLite format 3",
    "noise.gpkg": b"SQLite format 3\x00" + NOISE,
    "text.parquet": b"PAR1 PAR1",
    "noise.parquet": b"PAR1" + NOISE + b"PAR1",
    "text.kml": b"hello",
    "no_root.kml": b"<?xml version='1.0'?><a/>",
    "unclosed.kml": KML + b"<Document><Placemark>",
    "no_placemark.kml": KML + b"<Document></Document></kml>",
    "entities.kml": b"<!DOCTYPE kml [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]><kml><name>&b;</name></kml>",
    "words_for_coordinates.kml": KML + b"<Document><Placemark><Point>"
    b"<coordinates>a,b</coordinates></Point></Placemark></Document></kml>",
    "link.kml": KML + b"<NetworkLink><Link><href>file:///etc/passwd"
    b"</href></Link></NetworkLink></kml>",
    "text.kmz": b"hello",
    "no_kml.kmz": _zip({"a.txt": b"a"}),
    "noise.kmz": _zip({"doc.kml": NOISE}),
    "text.zip": b"hello",
    "cut.zip": _zip({"a.csv": (HEAD + ROW).encode()})[:-25],
    "no_layer.zip": _zip({"readme.txt": b"a"}),
    "nothing.zip": _zip({}),
    "traversal.zip": _zip({"../../outside.csv": (HEAD + ROW).encode()}),
    "absolute.zip": _zip({"/srv/outside.csv": (HEAD + ROW).encode()}),
    "drive.zip": _zip({"C:/outside.csv": (HEAD + ROW).encode()}),
    "nested.zip": _zip({"inner.zip": _zip({"a.csv": b"a"})}),
    "two.zip": _zip({"a.csv": (HEAD + ROW).encode(), "b.csv": (HEAD + ROW).encode()}),
    "noise_shp.zip": _zip({"a.shp": NOISE}),
    "broken_book.zip": _zip({"a.xlsx": GOOD_BOOK[:500]}),
    "noise_gdb.zip": _zip({"a.gdb/a00000001.gdbtable": NOISE, "a.gdb/gdb": b"x"}),
    "empty.shp": b"",
    "text.shp": b"<OGRVRTDataSource>" + VRT + b"</OGRVRTDataSource>",
    "mark_only.shp": b"\x00\x00\x27\x0a",
    "noise.shp": b"\x00\x00\x27\x0a" + NOISE,
    "huge_header.shp": struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 0x7FFFFFFF) + struct.pack("<2i8d", 1000, 5, *[0.0] * 8),
    "layer.vrt": b"<OGRVRTDataSource/>",
    "drawing.dwg": b"AC1015",
    "list.rar": b"Rar!",
    "no_suffix": b"a",
    "file.gdb": b"a",
}  # fmt: skip


def _too_large() -> dict[str, bytes]:
    """Archives of far more than they look; made only where they are written, since they take a second."""
    bomb = b"0" * (200 << 20)
    many = {f"{number}.txt": b"" for number in range(10_001)}
    return {
        "bomb.xlsx": _zip({SHEET: bomb}),
        "bomb.zip": _zip({"a.csv": bomb}),
        "many.zip": _zip(many, method=zipfile.ZIP_STORED),
    }


def write_broken(folder: Path) -> list[Path]:
    """Write every broken file into a folder and return the paths to try."""
    for name, data in (TEXTS | _too_large()).items():
        (folder / name).write_bytes(data)
    _write_gdbs(folder)
    _write_geopackages(folder)
    _write_parquets(folder)
    _write_shapefiles(folder)
    members = {".dbf", ".shx", ".prj", ".cpg"}
    there = sorted(path for path in folder.iterdir() if path.suffix not in members)
    return [*there, folder, folder / "not_there.csv"]


def _write_gdbs(folder: Path) -> None:
    (folder / "empty.gdb").mkdir()
    (folder / "noise.gdb").mkdir()
    (folder / "noise.gdb" / "a00000001.gdbtable").write_bytes(NOISE)


POINT = np.array([shapely.to_wkb(shapely.Point(113.05, 23.6))], dtype=object)


def _write_geopackages(folder: Path) -> None:
    good = folder / "good_once.gpkg"
    pyogrio.raw.write(good, POINT, [], [], geometry_type="Point", crs="EPSG:4490", driver="GPKG", layer="点")
    data = good.read_bytes()
    good.unlink()
    (folder / "cut.gpkg").write_bytes(data[: len(data) // 3])
    (folder / "noise_inside.gpkg").write_bytes(data[:8192] + NOISE[:4096] + data[12288:])
    changes = {
        "no_contents.gpkg": ["DROP TABLE gpkg_contents"],
        "no_layer.gpkg": ["DELETE FROM gpkg_contents"],
        "lost_table.gpkg": ['DROP TABLE "点"'],
        "no_columns_table.gpkg": ["DROP TABLE gpkg_geometry_columns"],
        "noise_geometry.gpkg": ["UPDATE \"点\" SET geom = x'47500001FFFFFFFF00'"],
        "text_geometry.gpkg": ["UPDATE \"点\" SET geom = 'POINT(1 2)'"],
        "strange_srs.gpkg": [
            "UPDATE gpkg_spatial_ref_sys SET definition = 'x', organization = 'NONE' WHERE srs_id = 4490"
        ],
        "endless_view.gpkg": [
            'DROP TABLE "点"',
            f'CREATE VIEW "点" AS {ENDLESS}',
        ],
    }
    for name, statements in changes.items():
        path = folder / name
        path.write_bytes(data)
        with sqlite3.connect(path) as database:
            triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (trigger,) in triggers:
                database.execute(f'DROP TRIGGER "{trigger}"')
            for statement in statements:
                database.execute(statement)
        database.close()
    with sqlite3.connect(folder / "other.gpkg") as database:
        database.execute("CREATE TABLE a (b)")
    database.close()


def _write_parquets(folder: Path) -> None:
    def write(name: str, table: pa.Table, geo: bytes | None) -> None:
        pq.write_table(table.replace_schema_metadata({b"geo": geo} if geo is not None else None), folder / name)

    ids = pa.array(["E1"])
    wkb = pa.array([bytes(POINT[0])])
    write("no_geo.parquet", pa.table({"a": ids}), None)
    write("bad_geo.parquet", pa.table({"a": ids, "geometry": wkb}), b"{")
    write("list_geo.parquet", pa.table({"a": ids, "geometry": wkb}), b"[1]")
    write(
        "text_geometry.parquet",
        pa.table({"a": ids, "geometry": ids}),
        b'{"primary_column": "geometry", "columns": {"geometry": {}}}',
    )
    noise = pa.table({"a": ids, "geometry": pa.array([NOISE[:50]])})
    write(
        "noise_geometry.parquet", noise, b'{"primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB"}}}'
    )
    write(
        "odd_crs.parquet",
        pa.table({"a": ids, "geometry": wkb}),
        b'{"primary_column": "geometry", "columns": {"geometry": {"crs": {"a": 1}}}}',
    )
    write("no_rows.parquet", pa.table({"a": pa.array([], pa.string())}), None)
    whole = (folder / "no_geo.parquet").read_bytes()
    (folder / "cut.parquet").write_bytes(whole[:-6])


def _write_shapefiles(folder: Path) -> None:
    def write(stem: str) -> Path:
        path = folder / f"{stem}.shp"
        pyogrio.raw.write(
            path,
            POINT,
            [np.array(["甲"], dtype=object)],
            ["name"],
            geometry_type="Point",
            crs="EPSG:4490",
            driver="ESRI Shapefile",
        )
        return path

    write("no_prj").with_suffix(".prj").unlink()
    write("noise_prj").with_suffix(".prj").write_bytes(NOISE)
    write("noise_shx").with_suffix(".shx").write_bytes(NOISE)
    write("noise_dbf").with_suffix(".dbf").write_bytes(NOISE)
    write("empty_dbf").with_suffix(".dbf").write_bytes(b"")
    write("strange_cpg").with_suffix(".cpg").write_bytes(b"KLINGON")
    cut = write("cut_records")
    cut.write_bytes(cut.read_bytes()[:105])
