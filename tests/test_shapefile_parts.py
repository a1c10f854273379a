"""A shapefile read in parts gives what it gives held as a whole, however its members are spoilt."""

from __future__ import annotations

import shutil
import struct
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hmgeo.errors import InputError
from hmgeo.intake.formats import bulk, dbf
from hmgeo.intake.formats.packed import open_parts
from hmgeo.intake.formats.vectors import distinct_words, shapefile_parts
from hmgeo.intake.layers import ASIDE_EVENT
from hmgeo.intake.load import load_receptors
from hmgeo.intake.rows import Journal
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 9
HEAD, STEP = 32 * 7 + 1, 1 + 8 + 20 + 20 + 8 + 1 + 9
"""Of the .dbf below: where records begin, and how long they are."""
COLUMNS = [
    ("土壤环境质", "C", 8),
    ("BSM", "N", 20),
    ("n", "N", 20),
    ("day", "D", 8),
    ("truth", "L", 1),
    ("DLBM", "C", 9),
]


def write_dbf(path: Path, encoding: str) -> None:
    """Write a .dbf by its own description, byte for byte."""
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(encoding)[:10], kind.encode(), width, 3 if name == "n" else 0)
        for name, kind, width in COLUMNS
    )
    head = struct.pack("<B3BIHH20x", 3, 126, 11, 29, COUNT, HEAD, STEP)
    rows = [
        b" "
        + "三类".encode(encoding).ljust(8)
        + str(4418020010000000011 + row).encode().rjust(20)
        + f"{row}.250".encode().rjust(20)
        + b"2026112%d" % row
        + b"TF?"[row % 3 :][:1]
        + b"0101".ljust(9)
        for row in range(COUNT)
    ]
    path.write_bytes(head + fields + b"\r" + b"".join(rows) + b"\x1a")


def make_file(folder: Path, encoding: str = "gb18030", z: str = "") -> Path:
    path = folder / "地块.shp"
    boxes = [shapely.box(113 + n / 100, 23, 113.005 + n / 100, 23.005) for n in range(COUNT)]
    boxes[3] = shapely.MultiPolygon([boxes[3], shapely.box(113, 24, 113.1, 24.1)])
    shapes = shapely.to_wkb(shapely.force_3d(boxes, 1.0) if z else np.array(boxes))
    shapes[4] = None
    written = [np.array(["x"] * COUNT, object)]
    pyogrio.raw.write(
        path, shapes, written, ["x"], geometry_type=f"Polygon{z}", crs="EPSG:4490", driver="ESRI Shapefile"
    )
    path.with_suffix(".cpg").unlink()
    write_dbf(path.with_suffix(".dbf"), encoding)
    return path


def poke(suffix: str, at: int, text: bytes) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        member = path.with_suffix(suffix)
        data = bytearray(member.read_bytes())
        data[at : at + len(text)] = text[: max(0, len(data) - at)]
        member.write_bytes(data)

    return edit


def write(suffix: str, text: bytes) -> Callable[[Path], None]:
    return lambda path: path.with_suffix(suffix).write_bytes(text) and None


def cut(suffix: str, share: float) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        member = path.with_suffix(suffix)
        member.write_bytes(member.read_bytes()[: int(member.stat().st_size * share)])

    return edit


def lose(suffix: str) -> Callable[[Path], None]:
    return lambda path: path.with_suffix(suffix).unlink(missing_ok=True)


def record(row: int, column: int = -1) -> int:
    return HEAD + row * STEP + (0 if column < 0 else 1 + sum(width for _, _, width in COLUMNS[:column]))


EDITS: dict[str, Callable[[Path], None]] = {
    "nothing": lambda _: None,
    "a cpg": write(".cpg", b"GBK"),
    "a cpg that says UTF-8": write(".cpg", b"UTF-8"),
    "a cpg of Latin": write(".cpg", b"ISO-8859-1"),
    "a cpg of nothing known": write(".cpg", b"KLINGON"),
    "half a character at the end of a cell": poke(".dbf", record(2, 0), "甲乙丙".encode("gb18030") + b"a\xb0"),
    "half a character, and one that begins in the next cell": poke(".dbf", record(2, 0), b"abcdefg\xb0\x41"),
    "bytes of no encoding": poke(".dbf", record(5, 5), b"\xff\xff\xff"),
    "a zero in a text": poke(".dbf", record(5, 5), b"01\0\xb0"),
    "a deleted row": poke(".dbf", record(1), b"*"),
    "two deleted rows, one the last": lambda path: (
        [poke(".dbf", record(row), b"*")(path) for row in (4, COUNT - 1)] and None
    ),
    "a blank number": poke(".dbf", record(2, 1), b" " * 20),
    "stars for a number": poke(".dbf", record(2, 1), b"*" * 20),
    "letters for a number": poke(".dbf", record(2, 1), "约".encode("gb18030") + b"7"),
    "long digits": poke(".dbf", record(2, 2), b"1234567890123456.250"),
    "a day that is none": poke(".dbf", record(2, 3), b"20261399"),
    "a blank day": poke(".dbf", record(2, 3), b" " * 8),
    "no doubt of truth": lambda path: [poke(".dbf", record(row, 4), b"T")(path) for row in range(COUNT)] and None,
    "two columns of one name": poke(".dbf", 32 + 5 * 32, b"n".ljust(11, b"\0")),
    "a memo": poke(".dbf", 32 + 5 * 32 + 11, b"M"),
    "a wrong count": poke(".dbf", 4, b"\7"),
    "a count of more": poke(".dbf", 4, b"\x0c"),
    "half a dbf": cut(".dbf", 0.6),
    "half a shp": cut(".shp", 0.6),
    "half an index": cut(".shx", 0.6),
    "no index": lose(".shx"),
    "no prj": lose(".prj"),
    "no dbf": lose(".dbf"),
    "a strange prj": write(".prj", b"noise"),
    "a type of no kind": poke(".shp", 32, b"\x1f"),
    "a shape of no kind": poke(".shp", 108, b"\x63"),
    "parts without end": poke(".shp", 144, b"\xff\xff\xff\x7f"),
    "an index into nothing": poke(".shx", 100, b"\x7f\xff\xff\xff"),
    "an index into another shape": poke(".shx", 108, b"\x00\x00\x00\x32"),
}


def what_is_read(path: Path, rows: int, fewest: int) -> Any:  # noqa: ANN401 -- compared only
    """Return all that is read; None where a file isn't read in parts."""
    journal = Journal("a.shp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "_FEWEST_ROWS", fewest)
        try:
            parts = list(shapefile_parts(path, journal, rows))
        except InputError as error:
            return [str(problem) for problem in error.problems]
    if not parts:
        return None
    cells = [list(row) for part in parts for row in zip(*(part.columns[name] for name in part.headers), strict=True)]
    held = [part.geometry.to_pylist() if part.geometry else [] for part in parts]
    shapes = [shape for part in held for shape in part]
    return parts[0].headers, cells, shapes, sum(part.row_count for part in parts), parts[0].crs, journal.entries


def assert_alike(path: Path) -> Any:  # noqa: ANN401 -- compared only
    whole = what_is_read(path, 0, 10**9)
    assert what_is_read(path, 0, 1) == whole
    in_parts = what_is_read(path, 4, 1)
    assert in_parts in (None, whole)
    return in_parts


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_a_spoilt_shapefile_is_read_alike(tmp_path: Path, encoding: str, edit: str) -> None:
    path = make_file(tmp_path, encoding)
    EDITS[edit](path)
    assert_alike(path)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8"])
def test_heights_are_read_alike(tmp_path: Path, encoding: str) -> None:
    assert_alike(make_file(tmp_path, encoding, " Z"))


def test_a_file_written_again_is_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbf, "_HEADER_BYTES", HEAD)  # the texts lie beyond what is held of the file
    path = make_file(tmp_path, "utf-8")
    before = what_is_read(path, 4, 1)
    (tmp_path / "other").mkdir()
    other = make_file(tmp_path / "other", "utf-8")
    for written in (path, other):
        poke(".dbf", record(5, 5), "甲乙".encode("gb18030"))(written)
    assert what_is_read(path, 4, 1) == what_is_read(other, 4, 1) != before


@pytest.mark.parametrize("fewest", [1, 10**9])
@pytest.mark.parametrize("other", ["土壤环境", "土壤环境质量类别"])
def test_columns_that_may_be_the_same_one_are_both_kept(tmp_path: Path, other: str, fewest: int) -> None:
    path, shapes = tmp_path / "地块.shp", shapely.to_wkb(np.array([shapely.box(113, 23, 113.01, 23.01)]))
    cells = [np.array([word], object) for word in ("严格管控类", "另一列")]
    said = {"geometry_type": "Polygon", "crs": "EPSG:4490", "driver": "ESRI Shapefile", "encoding": "GB18030"}
    with pytest.warns(RuntimeWarning) if len(other) > 5 else nullcontext():  # GDAL cuts it to 土壤环境_1
        pyogrio.raw.write(path, shapes, cells, ["土壤环境质", other], **said)
    headers, rows, _, _, _, entries = what_is_read(path, 0, fewest)
    assert rows == [["严格管控类", "另一列"]]
    assert len(set(headers)) == 2
    is_alike = other == "土壤环境"
    assert headers == (["土壤环境质", "土壤环境"] if is_alike else headers)
    told = [(entry.field, str(entry.reason)) for entry in entries if "不止一列" in str(entry.reason)]
    assert told == ([(name, "不止一列可能是「土壤环境质量类别」") for name in headers] if is_alike else [])


IN_PARTS = [
    "nothing",
    "a cpg",
    "a cpg that says UTF-8",
    "half a character at the end of a cell",
    "a deleted row",
    "a blank number",
    "long digits",
    "no doubt of truth",
    "no index",
    "no prj",
]


@pytest.mark.parametrize("edit", IN_PARTS)
def test_what_offices_hand_in_is_read_in_parts(tmp_path: Path, edit: str) -> None:
    path = make_file(tmp_path)
    EDITS[edit](path)
    headers, cells, _, count, _, entries = assert_alike(path)
    assert headers == ["土壤环境质量类别", "BSM", "n", "day", "truth", "DLBM"]
    assert cells[0] == [
        "三类",
        "4418020010000000011",
        "0.250" if edit == "long digits" else "0.25",
        "2026-11-20",
        cells[0][4],
        "0101",
    ]
    assert (len(cells), count) == (COUNT - (edit == "a deleted row"),) * 2
    assert {"编码", "长编号", "列名截断"} - {entry.event for entry in entries} <= {"编码"}


@settings(max_examples=30, deadline=None)
@given(
    edits=st.lists(st.sampled_from(list(EDITS.values())), max_size=4),
    pokes=st.lists(
        st.tuples(st.sampled_from([".dbf", ".shp", ".shx"]), st.integers(0, 900), st.binary(min_size=1, max_size=4)),
        max_size=2,
    ),
    encoding=st.sampled_from(["gb18030", "utf-8"]),
)
def test_shapefiles_with_several_faults_are_read_alike(
    tmp_path_factory: pytest.TempPathFactory,
    edits: list[Callable[[Path], None]],
    pokes: list[tuple[str, int, bytes]],
    encoding: str,
) -> None:
    folder = tmp_path_factory.mktemp("shp")
    path = make_file(folder, encoding)
    for edit in [*edits, *(poke(*told) for told in pokes)]:
        if all(path.with_suffix(suffix).exists() for suffix in (".dbf", ".shx", ".prj")):
            edit(path)
    if path.read_bytes()[:4] == b"\0\0\x27\x0a":
        assert_alike(path)
    shutil.rmtree(folder)


def test_rows_and_ledger_of_a_layer_are_those_of_the_whole(tmp_path: Path) -> None:
    path = make_file(tmp_path)
    said = {"kind": LayerKind.FARMLAND, "basis": Basis.SYNTHETIC}
    whole, told = load_receptors(path, **said)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "_FEWEST_ROWS", 1)
        layer, ledger = open_parts(path, **said)
        assert not ledger.entries
        assert layer.read().to_pylist() == whole.read().to_pylist()
        aside = [entry for entry in told.entries if entry.event == ASIDE_EVENT]
        assert [str(entry.reason) for entry in aside] == [
            "「耕地」搁置了 1 个图形不可用的要素（4418020010000000015），可能在任何位置，不等于不存在。"
        ]
        of_rows = [entry for entry in told.entries if entry not in aside]
        assert layer.open_batches.entries == [*of_rows, *aside]
        assert distinct_words(path, "", "DLBM") == {"0101"}
    assert whole.read()["class"].to_pylist() == ["三类"] * (COUNT - 1)
