"""The suite of cases for any program: hmgeo's answers, and that the expected ones don't rest on hmgeo."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from oracle import distance_m
from shapely.geometry import shape

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "conformance"
KNOWN: dict[tuple[str, str], str] = {}
"""Where hmgeo differs, and how."""


def script(name: str) -> ModuleType:
    found = importlib.util.spec_from_file_location(f"conformance_{name}", HERE / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    __import__("sys").modules[found.name] = module
    found.loader.exec_module(module)
    return module


RUN, ADAPTER = script("run"), script("hmgeo_adapter")


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    return [ADAPTER.answers(folder) for folder in RUN.folders()]


def test_hmgeo_answers_as_expected_and_the_page_says_so(answers: list[dict[str, Any]]) -> None:
    cases = RUN.compared(answers)
    assert len(cases) >= 190
    assert {(case.folder, case.name): case.fault for case in cases if case.fault} == KNOWN
    assert RUN.page(cases, "hmgeo") == (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("folder", "name", "change", "fault"),
    [
        ("thresholds", "N500-plus|CF-NEAR-500", {"verdict": "listed"}, "listed, expected clear"),
        ("thresholds", "N500-at|CF-NEAR-500", {"measured": 500.0002}, "500.0002 m, expected 500.0 m"),
        ("errors", "perhaps|CF-NEAR-1000", {"certainty": "certain"}, "certain, expected ambiguous"),
    ],
)
def test_a_wrong_answer_is_told(
    answers: list[dict[str, Any]], folder: str, name: str, change: dict[str, Any], fault: str
) -> None:
    spoilt = json.loads(json.dumps(answers))
    for answer in spoilt:
        if answer["folder"] == folder:
            answer["findings"][name] |= change
    told = {(case.folder, case.name): case.fault for case in RUN.compared(spoilt) if case.fault}
    assert told == KNOWN | {(folder, name): fault}


def test_a_folder_without_an_answer_fails_in_each_case(answers: list[dict[str, Any]]) -> None:
    told = [case for case in RUN.compared(answers[1:]) if case.fault and case.folder == answers[0]["folder"]]
    assert [case.fault for case in told] == ["no answer"]


def test_points_laid_out_at_a_distance_lie_there_by_brute_force() -> None:
    """Two independent ways: the direct geodesic problem, and a search along every edge."""
    home = HERE / "cases" / "thresholds"
    layer = json.loads((home / "farmland.geojson").read_text(encoding="utf-8"))
    parcels = {one["properties"]["BSM"]: shape(one["geometry"]) for one in layer["features"]}
    rows = [line.split(",") for line in (home / "sources.csv").read_text(encoding="utf-8").splitlines()[1:]]
    expected = json.loads((home / "expected.json").read_text(encoding="utf-8"))["cases"]
    for name, _, lon, lat in rows:
        limit = name.partition("-")[0].strip("NE")
        measured = distance_m(float(lon), float(lat), parcels[f"P{limit}"])
        assert measured == pytest.approx(expected[f"{name}|CF-NEAR-{limit}"]["measured_m"], abs=1e-5)


def test_the_files_are_those_that_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = script("make")
    monkeypatch.setattr(make, "HERE", tmp_path)
    for write in (make.thresholds, make.shapes, make.datums, make.absence, make.words, make.dates, make.borders):
        write()
    make.rows_kept()
    kept, made = (
        {str(path.relative_to(home)): path.read_bytes() for path in sorted((home / "cases").rglob("*.*"))}
        for home in (HERE, tmp_path)
    )
    assert made == kept
