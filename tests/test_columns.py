"""The one table of columns: what it says reaches every file; a new column is its line and where it is worked out."""

from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from small_results import small_results

from hmgeo.outputs.tables import write_data
from hmgeo.results.columns import TABLES, column_of

ROOT = Path(__file__).resolve().parent.parent

WRITE = """
import sys
from pathlib import Path
from types import MappingProxyType
import pyarrow as pa
from msgspec import structs
from hmgeo.results import columns
from hmgeo.results.columns import column_of_line
from small_results import small_results

out, language, is_there = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "with"
results = small_results()
if is_there:
    # its line
    cells = "smell_m|number|气味所及|how far it smells|none_found||popup 各源结果:9:distance_m".split("|")
    line = column_of_line(cells)
    table = columns.SOURCES
    more = structs.replace(table, columns=(*columns.TABLES[table.name].columns, line))
    columns.TABLES = MappingProxyType({**columns.TABLES, table.name: more})
    # where it is worked out
    reach = pa.array([120.5, *([None] * (results.sources.num_rows - 1))], pa.float64())
    results = structs.replace(results, sources=results.sources.append_column("smell_m", reach))

from hmgeo.outputs.gis import write_geopackage
from hmgeo.outputs.guide import write_dictionary
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.sheets.screening import write_workbook
from hmgeo.outputs.tables import write_data
from hmgeo.results.results import Presentation

shown = Presentation(language=language)
held = write_data(results, out, language) | write_geopackage(results, out / "findings.gpkg")
write_dictionary(held, out / "dictionary.csv")
write_workbook(results, shown, out / "screening.xlsx")
write_map(results, shown, out / "map.html")
"""


def written(out: Path, language: str, is_there: str) -> Path:
    """Write the files in a process of its own, where the table of columns has one line more."""
    out.mkdir()
    command = [sys.executable, "-c", WRITE, str(out), language, is_there]
    paths = f"{ROOT / 'src'}:{ROOT / 'tests'}"
    subprocess.run(command, check=True, env={"PYTHONPATH": paths, "PATH": ""}, timeout=120)  # noqa: S603 - our own words
    return out


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("language", "header"), [("zh", "气味所及"), ("en", "how far it smells")])
def test_a_column_with_its_line_is_seen_everywhere_in_both_languages(
    language: str, header: str, tmp_path: Path
) -> None:
    out = written(tmp_path / "out", language, "with")
    assert [row["smell_m"] for row in rows_of(out / "sources.csv")][:2] == ["120.5000", ""]
    (told,) = [row for row in rows_of(out / "dictionary.csv") if (row["文件"], row["列"]) == ("sources.csv", "smell_m")]
    assert (told["单位"], told["中文"], told["English"]) == ("m", "气味所及", "how far it smells")
    assert (told["空值的意思"], told["null means"]) == (
        "现有数据中没有，或未测算",
        "none in the data at hand, or not measured",
    )
    page = openpyxl.load_workbook(out / "screening.xlsx")["各源结果" if language == "zh" else "Each source"]
    ((row, column),) = [(cell.row, cell.column) for line in page for cell in line if cell.value == header]
    assert page.cell(row + 2, column).value == 120.5  # below the second row of the header
    with closing(sqlite3.connect(out / "findings.gpkg")) as base:
        said = "select name, title from gpkg_data_columns where table_name = 'sources' and column_name = 'smell_m'"
        assert base.execute(said).fetchall() == [("气味所及(m)", "气味所及(m)")]
        (style,) = base.execute("select styleQML from layer_styles where f_table_name = 'sources'").fetchone()
    assert 'field="smell_m"' in style
    assert 'name="气味所及(m)"' in style
    text = (out / "map.html").read_text(encoding="utf-8")
    assert '["smell_m","120.5 m"]' in text.replace('", "', '","')
    assert "气味所及" in text
    assert "how far it smells" in text


def test_without_the_line_nothing_is_said_of_it(tmp_path: Path) -> None:
    out = written(tmp_path / "out", "zh", "without")
    for path in out.iterdir():
        if path.suffix in {".csv", ".html"}:
            assert "smell_m" not in path.read_text(encoding="utf-8-sig"), path.name


def test_a_parquet_file_says_what_its_columns_hold(tmp_path: Path) -> None:
    write_data(small_results(), tmp_path)
    field = pq.read_schema(tmp_path / "counts.parquet").field("area_ha")
    assert {key.decode(): value.decode() for key, value in field.metadata.items()} == {
        "zh": "面积",
        "en": "area",
        "unit": "ha",
        "null_zh": "没有可用位置，未测算",
        "null_en": "no usable position, not measured",
    }


def test_a_column_without_a_line_is_named() -> None:
    with pytest.raises(
        LookupError, match=r"sources\.csv has a column smell_m without a line in hmgeo\.results\.columns"
    ):
        column_of("sources.csv", "smell_m")


def test_lines_are_whole_and_aliases_told_apart() -> None:
    for table in TABLES.values():
        names, aliases = [one.name for one in table.columns], [one.alias_in("zh") for one in table.columns]
        assert len(set(names)) == len(names), table.name
        if table.name not in {"overhead.csv", "evidence.csv"}:
            assert len(set(aliases)) == len(aliases), table.name
        assert all(one.zh and one.en and one.null.zh and one.null.en for one in table.columns), table.name


def test_the_page_on_columns_is_that_of_the_table() -> None:
    command = [sys.executable, ROOT / "tools" / "pages.py", "columns"]
    page = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own words
    assert (ROOT / "docs" / "columns.md").read_text(encoding="utf-8") == page.stdout.decode()
