"""Broken files: no traceback, no hanging, nothing touched; what is refused says file, place and fix, with exit 2."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from broken_files import write_broken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Ended

WITH_ROWS = frozenset(
    {
        "controls.csv",
        "cut_records.shp",
        "empty_coordinates.geojson",
        "empty_dbf.shp",
        "entities.xlsx",
        "error_cells.xlsx",
        "features_of_numbers.geojson",
        "formulas.csv",
        "huge.geojson",
        "huge_numbers.csv",
        "nan.geojson",
        "no_coordinates.geojson",
        "no_types.xlsx",
        "noise_dbf.shp",
        "noise_geometry.gpkg",
        "noise_geometry.parquet",
        "null_geometry.geojson",
        "only_cr.csv",
        "properties_of_list.geojson",
        "strange_cpg.shp",
        "text_coordinates.geojson",
        "text_geometry.gpkg",
        "two_corners.geojson",
        "unknown_type.geojson",
        "wider_rows.csv",
        "words_for_coordinates.kml",
    }
)
"""Files that hold rows, good or bad: each row is told. All others are refused as a whole."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("broken") / "inputs"
    folder.mkdir()
    return folder, write_broken(folder)


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder.parent).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.parent.rglob("*"))
        if path.is_file()
    }


def test_every_broken_file_ends_in_words(broken: tuple[Path, list[Path]], hmgeo_command: Callable[..., Ended]) -> None:
    folder, paths = broken
    assert len(paths) > 140
    before = fingerprint(folder)
    faults: dict[str, str] = {}
    for path in paths:
        ended = hmgeo_command("layers", "check", path, "--kind", "enterprises")
        said = ended.out + ended.err
        expected = 0 if path.name in WITH_ROWS else 2
        if "Traceback" in said or ended.code != expected:
            faults[path.name] = f"{ended.code}: {said[-500:]}"
        elif expected and not (ended.faults and path.name in ended.faults[0] and "处理：" in ended.faults[0]):
            faults[path.name] = said[-500:]
    assert faults == {}
    assert fingerprint(folder) == before
