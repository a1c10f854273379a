"""The demo's two run folders: complete, as the contract says, the same twice, and of one mind in all their views."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hmgeo import demo_projects, project_results, run_project
from hmgeo.outputs.tables import write_data
from hmgeo.project import start
from hmgeo.project.start import run_demo
from hmgeo.vocabulary import Basis, Certainty, PositionKind, SoilQualityClass, Standing, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpyxl import Workbook

    from hmgeo.project.run import Run
    from hmgeo.results.results import Results

ROOT = Path(__file__).resolve().parent.parent
PROJECTS = ("qingcheng", "nandan")
ON_TOP = {"阅读说明.txt", "map.html", "report.docx", "survey_list.xlsx", "screening.xlsx", "fixme.xlsx"}
FILES = ON_TOP | {"print/cards.pdf", "print/map.pdf", "print/map.png"} | {
    f"data/{name}"
    for name in ("manifest.json", "dictionary.csv", "findings.gpkg", "sources.csv", "pairs.parquet", "counts.parquet",
                 "findings.parquet", "ledger.csv")
}  # fmt: skip

# columns as the contract spells them, written out here so that a change of our own schemas can't hide
SOURCES = """source_id name status position_kind lon lat position_uncertainty_m nearest_farmland_id nearest_farmland_m
    nearest_farmland_max_m farmland_count farmland_count_max farmland_area_ha radius_m verdict certainty basis note"""
FINDINGS = """finding_id source_id rule_id verdict verdict_other certainty standing basis measured measured_low
    measured_high limit_value unit margin measured_text receptor_id receptor_name bearing_deg key_area_id as_of
    legal_rank document clause quote decider note geometry"""
COLUMNS = {
    "data/sources.csv": SOURCES.split(),
    "data/pairs.parquet": ["source_id", "receptor_id", "receptor_kind", "distance_m"],
    "data/counts.parquet": ["source_id", "radius_m", "class", "count", "area_ha"],
    "data/findings.parquet": FINDINGS.split(),
    "data/ledger.csv": ["file", "sheet", "row", "field", "value", "event", "reason", "action", "source_id"],
}  # fmt: skip
WORDS = {
    "status": {"assessed", "not_located", "rejected"},
    "position_kind": {"point", "shape", "place", ""},
    "verdict": {"prohibited", "conditional", "listed", "clear", "not_applicable", "not_assessed"},
    "certainty": {"certain", "ambiguous", ""},
    "standing": {"in_force", "not_yet", "period_over", "repealed", "outside_territory", "adopted", "text_not_held"},
    "basis": {"real", "undeclared", "approximate", "synthetic"},
}
Row = dict[str, Any]


def rows_of(path: Path) -> list[Row]:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def header_of(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


@pytest.fixture(scope="module", params=PROJECTS)
def folder(request: pytest.FixtureRequest, own_run: Callable[[str], Run]) -> Path:
    return own_run(request.param).folder


@pytest.fixture(scope="module")
def results(folder: Path, shipped_results: Callable[[str], Results]) -> Results:
    return shipped_results(folder.name)


@pytest.fixture(scope="module")
def book(folder: Path) -> Workbook:
    return openpyxl.load_workbook(folder / "screening.xlsx", read_only=True)


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Row:
    found: Row = json.loads((folder / "data/manifest.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def sources(folder: Path) -> list[Row]:
    return rows_of(folder / "data/sources.csv")


@pytest.fixture(scope="module")
def findings(folder: Path) -> list[Row]:
    return rows_of(folder / "data/findings.parquet")


# ---- the contract -------------------------------------------------------------------------------------------------


def names_of(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_folder_holds_every_file(folder: Path) -> None:
    assert names_of(folder) >= FILES
    assert {path.name for path in folder.iterdir()} == ON_TOP | {"data", "print"}
    sizes = {name: (folder / name).stat().st_size for name in names_of(folder)}
    assert min(sizes[name] for name in FILES) > 500
    assert min(sizes.values()) > 100  # a table of few rows is still a table


def test_tables_for_specialists_are_written_where_a_parameter_asks(folder: Path, book: Workbook) -> None:
    """Terrain isn't considered in either, upstream is read from heights alone; basins are kept in Nandan only."""
    made = names_of(folder)
    assert made & {"data/flow_agreement.csv", "data/terrain_flips.parquet"} == set()
    assert len(book.sheetnames) == 9
    assert ("data/closed_basins.csv" in made) is (folder.name == "nandan")
    assert "data/barriers.csv" in made


def test_the_guide_speaks_of_every_file_on_top_and_of_no_other(folder: Path) -> None:
    text = (folder / "阅读说明.txt").read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    who = lines[lines.index("哪个文件给谁看") + 1 : lines.index("清单是怎样得出的") - 1]
    assert [line.split()[0] for line in who] == [
        "map.html", "report.docx", "survey_list.xlsx", "screening.xlsx", "fixme.xlsx", "print/map.pdf",
        "print/cards.pdf", "print/现场.kmz", "print/map.png", "data/findings.qgz", "data/findings.gpkg",
        "data/dictionary.csv", "data/manifest.json", "data/",
    ]  # fmt: skip
    assert "排查规则 SCR-JY-10KM：" in text
    assert "本地参照（非本地有效依据）" in text


def test_the_dictionary_tells_every_column_of_every_table(folder: Path) -> None:
    rows = rows_of(folder / "data/dictionary.csv")
    told = {(row["文件"], row["列"]): row for row in rows}
    assert len(told) == len(rows)
    for path in sorted((folder / "data").iterdir()):
        if path.suffix in {".csv", ".parquet"} and path.name != "dictionary.csv":
            assert {name for file, name in told if file == path.name} == set(header_of(path)), path.name
    with sqlite3.connect(f"file:{folder / 'data' / 'findings.gpkg'}?mode=ro&immutable=1", uri=True) as db:
        for (table,) in db.execute("select table_name from gpkg_contents where data_type = 'features'").fetchall():
            held = {row[1] for row in db.execute(f"pragma table_info({table})")} - {"fid"}
            assert {name for file, name in told if file == f"findings.gpkg/{table}"} == held, table
    said = told["sources.csv", "nearest_farmland_m"]
    assert (said["单位"], said["中文"], said["English"]) == ("m", "最近耕地距离", "distance to nearest farmland")
    assert said["空值的意思"] == "现有数据中没有，或未测算"
    assert all(row["中文"] and row["English"] and row["空值的意思"] and row["null means"] for row in rows)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_begin_as_agreed(folder: Path, name: str) -> None:
    assert header_of(folder / name)[: len(COLUMNS[name])] == COLUMNS[name]


def test_closed_words_are_the_agreed_ones() -> None:
    """The vocabulary itself: whoever reads the files relies on these codes."""
    ours = {"status": Status, "position_kind": PositionKind, "verdict": Verdict, "certainty": Certainty,
            "standing": Standing, "basis": Basis}  # fmt: skip
    assert {name: {word.value for word in words} for name, words in ours.items()} == {
        name: words - {""} for name, words in WORDS.items()
    }


def test_only_closed_words_are_written(sources: list[Row], findings: list[Row]) -> None:
    for rows in (sources, findings):
        for name, words in WORDS.items():
            if name in rows[0]:
                assert {row[name] for row in rows} <= words, name


def test_every_input_row_comes_out_once(sources: list[Row], manifest: Row, folder: Path) -> None:
    ids = [row["source_id"] for row in sources]
    assert (len(set(ids)), "" in ids) == (len(ids), False)
    project = next(path for path in demo_projects() if path.parent.name == folder.name)
    sheet = openpyxl.load_workbook(project.parent / manifest["inputs"][0]["path"], read_only=True).worksheets[0]
    given = [row for row in sheet.iter_rows(min_row=2, values_only=True) if any(cell is not None for cell in row)]
    assert len(sources) == len(given) == manifest["counts"]["sources_in"]
    statuses = Counter(row["status"] for row in sources)
    assert statuses == manifest["counts"]["sources_by_status"]
    assert all(statuses[status] >= 1 for status in WORDS["status"])


def test_a_word_that_the_outlets_contradict_is_not_judged_and_stands_in_the_list(
    own_run: Callable[[str], Run],
) -> None:
    """The list says 不涉及 of both; the table of outlets gives them 2.10 and 0.40 kg of cadmium a year."""
    folder = own_run("nandan").folder
    rows = {row["source_id"]: row for row in rows_of(folder / "data/sources.csv")}
    for source_id, mass in (("示例ND-009", "2.1 kg/a"), ("示例ND-006", "0.4 kg/a")):
        assert rows[source_id]["verdict"] == "not_assessed"
        assert "是否涉镉「不涉及」（未填依据）" in rows[source_id]["note"]
        assert mass in rows[source_id]["note"]
    told = [row for row in rows_of(folder / "data/ledger.csv") if row["event"] == "填报矛盾"]
    assert [row["source_id"] for row in told] == ["示例ND-006", "示例ND-009", "示例ND-015#2"]
    sheet = openpyxl.load_workbook(folder / "survey_list.xlsx", read_only=True)["表1 排查清单"]
    listed = {row[1] for row in sheet.iter_rows(values_only=True) if len(row) > 1}
    assert {"示例ND-006", "示例ND-009"} <= listed
    joins = json.loads((folder / "data/manifest.json").read_text(encoding="utf-8"))["joins"]
    assert [(one["rows"], one["joined"], one["set_aside"]) for one in joins if one["table"] == "排放口"] == [
        (14, 11, 3)
    ]


def test_tables_speak_of_known_sources_and_parcels_only(folder: Path, sources: list[Row], results: Results) -> None:
    known = {row["source_id"] for row in sources}
    for name in ("pairs", "counts", "findings"):
        assert {row["source_id"] for row in rows_of(folder / f"data/{name}.parquet")} <= known
    parcels = set(results.receptors["receptor_id"].to_pylist())
    assert {row["receptor_id"] for row in rows_of(folder / "data/pairs.parquet")} <= parcels


def test_pairs_stand_once_and_within_the_radius(folder: Path) -> None:
    pairs = rows_of(folder / "data/pairs.parquet")
    keys = Counter((row["source_id"], row["receptor_id"], row["receptor_kind"]) for row in pairs)
    assert max(keys.values()) == 1
    assert {row["receptor_kind"] for row in pairs} == {"farmland"}
    assert all(0 <= row["distance_m"] <= 10_000 and row["distance_m"] == round(row["distance_m"], 4) for row in pairs)


def test_counts_and_nearest_are_those_of_the_pairs(folder: Path, sources: list[Row]) -> None:
    by_source: dict[str, dict[str, float]] = {}
    for row in rows_of(folder / "data/pairs.parquet"):
        by_source.setdefault(row["source_id"], {})[row["receptor_id"]] = row["distance_m"]
    for row in sources:
        if row["status"] != "assessed":
            assert (row["farmland_count"], row["nearest_farmland_m"]) == ("", "")
            continue
        if row["position_kind"] == "place":
            assert row["source_id"] not in by_source
            assert int(row["farmland_count"]) <= int(row["farmland_count_max"])
            continue
        near = by_source.get(row["source_id"], {})
        assert int(row["farmland_count"]) == len(near)
        assert int(row["farmland_count_max"]) >= len(near)
        if near:
            assert float(row["nearest_farmland_m"]) == min(near.values()) == near[row["nearest_farmland_id"]]
        else:
            assert float(row["nearest_farmland_m"]) > 10_000
        reach_m = float(row["nearest_farmland_max_m"]) - float(row["nearest_farmland_m"])
        assert reach_m == pytest.approx(float(row["position_uncertainty_m"]), abs=1e-9)


def test_counts_at_every_radius_and_class_are_those_of_the_pairs(
    folder: Path, sources: list[Row], results: Results
) -> None:
    receptors = results.receptors.to_pylist()
    land = {row["receptor_id"]: (row["class"], row["land_class"], row["area_ha"]) for row in receptors}
    pairs = rows_of(folder / "data/pairs.parquet")
    count, area_ha = Counter[tuple[str, float, str]](), Counter[tuple[str, float, str]]()
    for pair in pairs:
        soil, use, hectares = land[pair["receptor_id"]]
        for radius_m in (1_000.0, 2_000.0, 3_000.0, 5_000.0, 8_000.0, 10_000.0):
            if pair["distance_m"] <= radius_m:
                for word in (soil, use, "all"):
                    key = (pair["source_id"], radius_m, word)
                    count[key] += 1
                    area_ha[key] += hectares
    by_place = {row["source_id"] for row in sources if row["position_kind"] == "place"}
    told = [row for row in rows_of(folder / "data/counts.parquet") if row["source_id"] not in by_place]
    assert {row["class"] for row in told if row["class_kind"] == "soil_quality"} == {*SoilQualityClass}
    assert {row["class"] for row in told if row["class_kind"] == "land_use"} == {"水田", "水浇地", "旱地"}
    assert {row["class"] for row in told if row["class_kind"] == "all"} == {"all"}
    for row in told:
        key = (row["source_id"], row["radius_m"], row["class"])
        assert row["count"] == count[key]
        assert row["area_ha"] == pytest.approx(area_ha[key], abs=1e-6)


def test_findings_are_named_by_source_and_rule_and_cite_their_text(findings: list[Row]) -> None:
    assert len({row["finding_id"] for row in findings}) == len(findings)
    assert all(row["finding_id"] == f"{row['source_id']}|{row['rule_id']}" for row in findings)
    silent = [row["finding_id"] for row in findings if not (row["document"] and row["clause"] and row["quote"])]
    assert silent == []
    unexplained = [row["finding_id"] for row in findings if row["verdict"] == "not_assessed" and not row["note"]]
    assert unexplained == []


def test_every_source_is_judged_by_the_screening_rule(sources: list[Row], findings: list[Row], manifest: Row) -> None:
    screening = {row["source_id"]: row for row in findings if row["rule_id"] == manifest["screening_rule"]}
    assert manifest["screening_rule"] == "SCR-JY-10KM"
    assert list(screening) == [row["source_id"] for row in sources]
    for row in sources:
        finding = screening[row["source_id"]]
        assert (row["verdict"], row["certainty"]) == (finding["verdict"], finding["certainty"])
        assert finding["standing"] == "adopted"
        assert finding["quote"].startswith("2021年底前完成耕地周边（原则上平原地区周边10公里之内")
        if finding["measured"] is not None:
            assert finding["margin"] == pytest.approx(finding["measured"] - 10_000, abs=1e-9)
        if row["verdict"] == "listed":
            assert finding["measured_low"] <= 10_000
        if row["verdict"] == "clear":
            assert (finding["measured_high"] > 10_000, row["counts_are_lower_bounds"]) == (True, "false")


def test_no_number_is_infinite(folder: Path) -> None:
    for name in ("pairs", "counts", "findings"):
        table = pq.read_table(folder / f"data/{name}.parquet")
        for field in table.schema:
            if pa.types.is_floating(field.type):
                assert pc.any(pc.is_inf(table[field.name])).as_py() in {False, None}, (name, field.name)


def test_the_manifest_holds_what_the_contract_asks(folder: Path, manifest: Row) -> None:
    asked = {"schema", "versions", "command", "project", "inputs", "rules", "parameters", "as_of", "counts", "outputs",
             "warnings", "run"}  # fmt: skip
    assert asked <= set(manifest)
    assert set(manifest["outputs"]) == names_of(folder) - {"data/manifest.json"}
    for name, entry in manifest["outputs"].items():
        content = (folder / name).read_bytes()
        assert (entry["sha256"], entry["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    project = next(path for path in demo_projects() if path.parent.name == folder.name)
    for one in manifest["inputs"]:
        assert one["sha256"] == hashlib.sha256((project.parent / one["path"]).read_bytes()).hexdigest()
        assert {"coverage", "completeness", "vintage", "classification", "basis"} <= set(one)
    for rule in manifest["rules"]:
        if rule["quote"]:
            assert rule["quote_sha256"]
    chosen = {one["name"]: one for one in manifest["parameters"]}
    trades = next(one for name, one in chosen.items() if "cadmium_trades" in name)
    assert (trades["by"], trades["on"], trades["reason"]) == ("示例", "2026-11-21", "示例参数")


def test_no_machine_path_and_no_clock_outside_run(folder: Path, manifest: Row) -> None:
    for name in ("data/manifest.json", "map.html", "data/sources.csv", "data/ledger.csv"):
        text = (folder / name).read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert str(folder.parent) not in text
    started = manifest.pop("run")["started"]
    assert started[:13] not in json.dumps(manifest)
    manifest["run"] = {"started": started}


def test_the_geopackage_holds_its_tables_and_styles(folder: Path) -> None:
    with sqlite3.connect(f"file:{folder / 'data' / 'findings.gpkg'}?mode=ro&immutable=1", uri=True) as db:
        tables = {row[0] for row in db.execute("select table_name from gpkg_contents")}
        styled = {row[0] for row in db.execute("select f_table_name from layer_styles")}
    assert {"findings", "sources", "source_positions", "receptors", "areas"} <= tables
    assert {"findings", "sources", "receptors"} <= styled


# ---- twice the same -----------------------------------------------------------------------------------------------


def assert_same_bytes(first: Path, again: Path) -> None:
    assert names_of(again) == names_of(first)
    for file in sorted(names_of(first) - {"data/manifest.json"}):
        assert (again / file).read_bytes() == (first / file).read_bytes(), file
    one, two = (json.loads((each / "data/manifest.json").read_text(encoding="utf-8")) for each in (first, again))
    assert (one.pop("run"), two.pop("run")) != ({}, {})
    assert one == two


def test_tables_written_again_are_the_same_bytes(folder: Path, results: Results, tmp_path: Path) -> None:
    write_data(results, tmp_path)
    again = names_of(tmp_path) & names_of(folder / "data")
    assert again >= {"sources.csv", "counts.parquet", "findings.parquet", "ledger.csv", "barriers.csv"}
    for name in again:
        assert (tmp_path / name).read_bytes() == (folder / "data" / name).read_bytes(), name


@pytest.mark.slow
def test_run_by_demo_and_by_itself_the_bytes_are_the_same(own_run: Callable[[str], Run], tmp_path: Path) -> None:
    runs = run_demo(tmp_path)
    assert [run.folder.name for run in runs] == [path.parent.name for path in demo_projects()]
    for run in runs:
        assert_same_bytes(own_run(run.folder.name).folder, run.folder)


# ---- all views of one mind ----------------------------------------------------------------------------------------


def assert_same(ours: Results, told: Results) -> None:
    for name in ("sources", "findings", "counts", "receptors"):
        assert getattr(ours, name).equals(getattr(told, name)), name
    assert ours.warnings == told.warnings
    assert ours.ledger.entries == told.ledger.entries


@pytest.mark.slow
def test_the_api_finds_what_a_run_finds_and_writes_nothing(shipped_results: Callable[[str], Results]) -> None:
    for path in demo_projects():
        assert_same(project_results(path), shipped_results(path.parent.name))


def test_the_api_and_the_demo_find_what_a_run_of_a_small_project_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the shipped ones slow tests tell the same."""
    small, project = ROOT / "tests" / "broken_projects", tmp_path / "small"
    shutil.copytree(small / "data", project / "data")
    shutil.copy(small / "good.yml", project / "project.yml")
    before = names_of(project)
    ours = project_results(project)
    assert names_of(project) == before
    again = run_project(project, tmp_path / "out")
    assert_same(ours, again.results)
    monkeypatch.setattr(start, "demo_projects", lambda: (project / "project.yml",))
    (by_demo,) = run_demo(tmp_path / "demo")
    assert by_demo.folder == tmp_path / "demo" / "small"
    assert_same_bytes(again.folder, by_demo.folder)


def test_api_and_table_agree(results: Results, sources: list[Row]) -> None:
    for ours, told in zip(results.sources.to_pylist(), sources, strict=True):
        for name in ("source_id", "name", "status", "verdict", "certainty", "nearest_farmland_id", "note"):
            assert told[name].removeprefix("'") == (ours[name] or "").removeprefix("'")
        for name in ("nearest_farmland_m", "farmland_count", "farmland_count_max", "farmland_area_ha", "lon", "lat"):
            assert (told[name] == "") is (ours[name] is None)
            if ours[name] is not None:
                assert float(told[name]) == pytest.approx(ours[name], abs=1e-4)


def test_api_and_manifest_agree(results: Results, manifest: Row, findings: list[Row]) -> None:
    counts = manifest["counts"]
    assert results.status_counts() == counts["sources_by_status"]
    assert {word.value: n for word, n in results.verdict_counts().items()} == counts["findings_by_verdict"]
    assert Counter(row["verdict"] for row in findings) == +Counter(counts["findings_by_verdict"])
    assert (counts["findings"], counts["ledger"]) == (len(findings), len(results.ledger))
    assert counts["receptors"] == results.receptors.num_rows == 2_000
    assert list(results.warnings) == manifest["warnings"]


def sheet_rows(book: Workbook, sheet: str, first_header: str, header_rows: int) -> list[tuple[Any, ...]]:
    """Return the rows between the header and the first empty row."""
    rows = list(book[sheet].iter_rows(values_only=True))
    start = next(i for i, row in enumerate(rows) if row[0] == first_header) + header_rows
    end = next(i for i, row in enumerate(rows) if i >= start and all(cell is None for cell in row))
    return rows[start:end]


def test_workbook_and_table_agree(
    book: Workbook, folder: Path, sources: list[Row], findings: list[Row], results: Results
) -> None:
    rows = sheet_rows(book, "各源结果", "清单序号", 2)
    verdicts = {word.zh: word.value for word in Verdict} | {"已量，现有数据未见": "not_assessed"}
    statuses = {word.zh: word.value for word in Status}
    for row, told in zip(rows, sources, strict=True):
        assert (str(row[0] or ""), row[1], verdicts[row[7]], statuses[row[6]]) == (
            told["list_number"],
            told["source_id"],
            told["verdict"],
            told["status"],
        )
        nearest_m, parcel, count, area_mu = row[9:13]
        assert (str(count or "") if told["farmland_count"] == "" else str(count)) == told["farmland_count"]
        assert (parcel or "") == told["nearest_farmland_id"]
        if told["nearest_farmland_m"]:
            if told["position_kind"] != "place":
                assert nearest_m == pytest.approx(float(told["nearest_farmland_m"]), abs=1e-4)
            assert area_mu == pytest.approx(float(told["farmland_area_ha"]) * 15, abs=2e-3)
    clauses = sheet_rows(book, "依据", "清单序号", 1)
    titles = {rule.rule_id: rule.title for rule in results.rules}
    assert Counter((row[1], row[4], verdicts[row[3]]) for row in clauses) == Counter(
        (row["source_id"], titles[row["rule_id"]], row["verdict"])
        for row in findings
        if row["verdict"] in {"prohibited", "conditional", "listed"}
    )
    ledger = sheet_rows(book, "处理台账", "文件", 1)
    assert sum(row[6] for row in ledger) == len(rows_of(folder / "data/ledger.csv"))


def test_geopackage_and_tables_agree(folder: Path, sources: list[Row], findings: list[Row], results: Results) -> None:
    with sqlite3.connect(f"file:{folder / 'data' / 'findings.gpkg'}?mode=ro&immutable=1", uri=True) as db:
        told = db.execute("select source_id, status, verdict, farmland_count from sources order by fid").fetchall()
        judged = db.execute("select finding_id, verdict from findings order by fid").fetchall()
        located = db.execute("select count(*) from source_positions").fetchone()[0]
        land = db.execute("select receptor_id, source_count from receptors order by fid").fetchall()
    assert [(a, b, c, "" if d is None else str(d)) for a, b, c, d in told] == [
        (row["source_id"], row["status"], row["verdict"], row["farmland_count"]) for row in sources
    ]
    assert judged == [(row["finding_id"], row["verdict"]) for row in findings]
    assert located == sum(row["status"] == "assessed" for row in sources)
    reached = Counter(row["receptor_id"] for row in rows_of(folder / "data/pairs.parquet"))
    assert land == [(name, reached[name]) for name in results.receptors["receptor_id"].to_pylist()]


def test_map_and_tables_agree(
    folder: Path, sources: list[Row], results: Results, page_data: Callable[[Path], Row]
) -> None:
    data = page_data(folder / "map.html")
    legend = data["legend"]
    for kind, name in (("verdict", "verdict"), ("status", "status"), ("certainty", "certainty")):
        counted = Counter(row[name] for row in sources if row[name])
        assert {key.partition(":")[2]: n for key, n in legend.items() if key.startswith(f"{kind}:")} == counted
    classes = Counter(results.receptors["class"].to_pylist())
    assert {key.partition(":")[2]: n for key, n in legend.items() if key.startswith("class:")} == classes
    drawn = {one["id"]: one["verdict"] for one in data["sources"]}
    points = [row for row in sources if row["status"] == "assessed" and row["position_kind"] != "place"]
    assert drawn == {row["source_id"]: row["verdict"] for row in points}
    assert {one["id"] for one in data["unmapped"]} == {
        row["source_id"] for row in sources if row["status"] != "assessed" or row["position_kind"] == "place"
    }


def test_every_view_says_adopted_and_invented(folder: Path, book: Workbook, results: Results) -> None:
    """The rule has no local force and the data are made up: nobody may miss either."""
    texts = {
        name: (folder / name).read_text(encoding="utf-8-sig")
        for name in ("data/sources.csv", "map.html", "data/manifest.json", "阅读说明.txt")
    }
    texts |= {sheet.title: str(list(sheet.iter_rows(values_only=True))) for sheet in book}
    for name in ("data/sources.csv", "map.html", "data/manifest.json", "各源结果"):
        assert "本地参照（非本地有效依据）" in texts[name], name
    for name in ("map.html", "阅读说明.txt", *book.sheetnames):
        assert "合成数据，仅供软件演示" in texts[name], name
        assert "不是环评审批" in texts[name], name
    assert results.basis is Basis.SYNTHETIC
    assert {row["basis"] for row in results.sources.to_pylist()} == {"synthetic"}
    assert all(re.fullmatch(r"示例企业.+", row["name"]) for row in results.sources.to_pylist() if row["name"])


# ---- installed from a wheel ---------------------------------------------------------------------------------------


def python(*arguments: str, **options: object) -> str:
    """Run a fresh Python and return what it printed."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600, **options)  # noqa: S603 - ours
    return done.stdout


@pytest.mark.slow
def test_the_wheel_runs_the_demo_from_another_folder(own_run: Callable[[str], Run], tmp_path: Path) -> None:
    """Built, unpacked beside the installed dependencies, run elsewhere: the layers come from inside the package."""
    copy = tmp_path / "checkout"
    wanted = ("src", "layers", "pyproject.toml", "README.md", "LICENSE", "NOTICE")
    copy.mkdir()
    for name in wanted:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "runs"))
        else:
            shutil.copy(source, copy / name)
    pip = ["-m", "pip", "--disable-pip-version-check", "--quiet"]
    python(*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path / "dist"), str(copy))
    (wheel,) = (tmp_path / "dist").glob("hmgeo-*.whl")
    target, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    python(*pip, "install", "--no-deps", "--target", str(target), str(wheel))
    shutil.rmtree(copy)
    elsewhere.mkdir()
    libraries = (sysconfig.get_path(name) for name in ("purelib", "platlib"))
    there = {"cwd": elsewhere, "env": {**os.environ, "PYTHONPATH": os.pathsep.join([str(target), *libraries])}}
    asked = "import hmgeo; from hmgeo.intake.catalog import shipped_folder as f; print(hmgeo.__file__, f(), sep='\\n')"
    # -S: without site packages' .pth files, so that an editable install of the checkout can't be found
    told = python("-S", "-c", asked, **there).splitlines()
    assert told == [str(target / "hmgeo" / "__init__.py"), str(target / "hmgeo" / "_shipped")]
    python("-S", "-c", "from hmgeo.cli import command; command()", "demo", **there)
    for name in PROJECTS:
        made = elsewhere / "hmgeo-demo" / name
        assert names_of(made) == names_of(own_run(name).folder)
        for file in sorted(names_of(made) - {"data/manifest.json"}):
            assert (made / file).read_bytes() == (own_run(name).folder / file).read_bytes(), file
