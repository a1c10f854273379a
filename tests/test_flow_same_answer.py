"""The same project on the same ground, however the file of heights is written: the same ways, targets and catchments.

South-up, in tiles and with a collar of nodata the cells are the same, and so is every answer. In another CRS the
heights are resampled (bilinear) to cells that lie elsewhere: then the same targets are met in the same order, with flow
distances, areas and ends within the tolerances written here. Sources on a divide are left out on purpose: which side
their water takes is decided by a metre, and resampling may turn it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import oregon_project as oregon
import pytest

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.project.flow import OPTIONS, FlowReport, flow_project
from hmgeo.project.inputs import load_inputs
from hmgeo.project.spec import read_spec
from hmgeo.terrain.slope import parcel_slopes
from hmgeo.water.snap import LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAR = dict(zip(OPTIONS, ("20km", "60m", "breach", "100m", "80"), strict=True))
NEAR = FAR | {LIMIT: "1km"}
AS_WRITTEN = {"south_up": oregon.south_up, "tiles": oregon.tiles, "collar": oregon.collar}
OTHER_CRS = {"utm": "EPSG:32649", "gauss_kruger": "EPSG:4548", "geographic": "EPSG:4490"}

DISTANCE_SHARE, DISTANCE_M = 0.04, 100.0
"""Flow distances differ by 4 % of the way or three cells, whichever is more."""

AREA_SHARE = 0.06
EDGE_M, LIMIT_M = 310.0, 220.0
"""Ends at the edge of the data lie within ten cells of each other (resampling costs the outermost cells); ends at the
limit within seven, most of them within one."""

SLOPE_DEG, MEAN_SLOPE_DEG = 1.5, 0.3
"""Mean slope of a parcel of 1.3 ha at most, and of all parcels: resampling smooths."""


@dataclass(frozen=True, slots=True)
class Told:
    """Answers in the order of the tables."""

    far: FlowReport
    near: FlowReport
    slopes: list[tuple[str, float | None, int | None]]

    def met(self) -> dict[str, list[tuple[str, float]]]:
        rows = [row for row in self.far.met.to_pylist() if row["layer"] == "farmland"]
        sources = dict.fromkeys(row["source_id"] for row in rows)
        return {
            one: [(row["receptor_id"], row["flow_distance_m"]) for row in rows if row["source_id"] == one]
            for one in sources
        }

    def drained(self) -> dict[str, list[tuple[str, float]]]:
        """Return sources in each target's catchment, in their order; none where it can't be told."""
        rows = sorted(self.far.catchments.to_pylist(), key=lambda row: row["order"] or 0)
        targets = dict.fromkeys(row["target_id"] for row in self.far.catchments.to_pylist())
        return {
            one: [
                (row["source_id"], row["flow_distance_m"]) for row in rows if row["target_id"] == one and row["order"]
            ]
            for one in targets
        }

    def target(self, column: str) -> dict[str, Any]:
        return {row["target_id"]: row[column] for row in self.far.catchments.to_pylist()}

    def ends(self, *, near: bool) -> dict[str, tuple[str, float, float]]:
        rows = (self.near if near else self.far).paths.to_pylist()
        return {row["source_id"]: (row["ends"], row["end_lon"], row["end_lat"]) for row in rows}


def told(folder: Path, given: oregon.Places, dem_of: Callable[[Path], str]) -> Told:
    folder.mkdir()
    project = oregon.write_project(folder, given, dem_of(folder)) / "project.yml"
    inputs = load_inputs(read_spec(project))
    assert inputs.farmland is not None
    slopes = parcel_slopes(inputs.farmland, inputs.elevation)[0].to_pylist()
    rows = [(row["receptor_id"], row["slope_deg"], row["slope_grade"]) for row in slopes]
    return Told(flow_project(project, FAR), flow_project(project, NEAR), rows)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> oregon.Places:
    return oregon.places(tmp_path_factory.mktemp("places"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, given: oregon.Places) -> Told:
    folder = tmp_path_factory.mktemp("plain") / "project"
    return told(folder, given, lambda place: oregon.write(place / "dem.tif", oregon.heights()).name)


def test_the_project_says_what_it_was_made_to_say(plain: Told) -> None:
    """Each source meets the farmland below it, nearest first, and drains to its own outlet in the order of its stop."""
    met = plain.met()
    for number in range(1, 9):
        for source, below in (("Sb", ["Fa"]), ("Sd", ["Fc", "Fa"]), ("Se", ["Fc", "Fa"])):
            names = [name for name, _ in met[f"{source}{number}"]]
            assert names[: len(below)] == [f"{one}{number}" for one in below]
        own = [one for one in plain.drained()[f"Z{number}"] if one[0].endswith(str(number))]
        assert [name for name, _ in own] == [f"Sb{number}", f"Sd{number}", f"Se{number}"]
        assert [way_m for _, way_m in own] == sorted(way_m for _, way_m in own)
    # A stop is the first cell at or beyond its metres on the stem; steps are 30 or 42.4 m.
    sure = [number for number in range(1, 9) if plain.target("target_status")[f"I{number}"] == "snapped"]
    assert sure == [1, 2, 3, 4, 5, 6]
    for number in sure:
        ways = dict(plain.drained()[f"I{number}"])
        for name in ("Sb", "Sd", "Se"):
            assert oregon.STOPS_M[name] <= ways[f"{name}{number}"] < oregon.STOPS_M[name] + 42.5


@pytest.mark.parametrize("form", AS_WRITTEN)
def test_the_same_cells_give_the_same_answer_to_the_last_digit(
    form: str, plain: Told, given: oregon.Places, tmp_path: Path
) -> None:
    other = told(tmp_path / "project", given, AS_WRITTEN[form])
    assert other.slopes == plain.slopes
    for ours, theirs in ((other.far, plain.far), (other.near, plain.near)):
        assert ours.paths.drop_columns("geometry").equals(theirs.paths.drop_columns("geometry"))
        assert ours.paths["geometry"].equals(theirs.paths["geometry"])
        assert ours.met.equals(theirs.met)
        assert ours.catchments.equals(theirs.catchments)


@pytest.fixture(scope="module", params=OTHER_CRS)
def moved(request: pytest.FixtureRequest, given: oregon.Places, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("moved") / "project"
    return told(folder, given, lambda place: oregon.resampled(place, OTHER_CRS[request.param]))


def near_enough(ours: list[tuple[str, float]], theirs: list[tuple[str, float]]) -> bool:
    """Tell whether two lists name the same things in the same order, about as far."""
    pairs = zip([way_m for _, way_m in ours], [way_m for _, way_m in theirs], strict=True)
    return [name for name, _ in ours] == [name for name, _ in theirs] and all(
        abs(one - two) <= max(DISTANCE_M, DISTANCE_SHARE * two) for one, two in pairs
    )


def test_resampled_ways_meet_the_same_targets_in_the_same_order(moved: Told, plain: Told) -> None:
    ours, theirs = moved.met(), plain.met()
    assert ours.keys() == theirs.keys()
    assert [one for one in ours if not near_enough(ours[one], theirs[one])] == []


def test_resampled_catchments_hold_the_same_sources_in_the_same_order(moved: Told, plain: Told) -> None:
    """Of shapes always; a point on a stream beside another may turn into 无法判断, but never into another answer."""
    ours, theirs = moved.drained(), plain.drained()
    status, area_ha = moved.target("target_status"), moved.target("catchment_area_ha")
    unsure = [one for one in theirs if plain.target("target_status")[one] != status[one]]
    assert set(unsure) <= {"I3"}
    assert [status[one] for one in unsure] == ["cannot_tell"] * len(unsure)
    for target in theirs:
        if target in unsure:
            assert ours[target] == []
            continue
        assert near_enough(ours[target], theirs[target])
        before_ha = plain.target("catchment_area_ha")[target]
        assert area_ha[target] == (None if before_ha is None else pytest.approx(before_ha, rel=AREA_SHARE))


def test_resampled_ways_end_alike_and_near_each_other(moved: Told, plain: Told) -> None:
    for near, most_m in ((False, EDGE_M), (True, LIMIT_M)):
        ours, theirs = moved.ends(near=near), plain.ends(near=near)
        assert {one: end[0] for one, end in ours.items()} == {one: end[0] for one, end in theirs.items()}
        apart_m = {one: apart(ours[one], theirs[one]) for one in theirs}
        at_edge = [one for one, end in theirs.items() if end[0] == "edge"]
        assert max(apart_m[one] for one in at_edge) <= EDGE_M
        assert max([way_m for one, way_m in apart_m.items() if one not in at_edge], default=0.0) <= most_m
        if near:
            assert at_edge == ["Sb1", "Sb4"]
            assert float(np.median(list(apart_m.values()))) < oregon.CELL_M


def apart(ours: tuple[str, float, float], theirs: tuple[str, float, float]) -> float:
    return float(ELLIPSOID.inv(*ours[1:], *theirs[1:])[2])


def test_resampled_slopes_of_parcels_are_alike(moved: Told, plain: Told) -> None:
    ours, theirs = (np.array([slope for _, slope, _ in one.slopes], float) for one in (moved, plain))
    assert [name for name, *_ in moved.slopes] == [name for name, *_ in plain.slopes]
    assert np.abs(ours - theirs).max() < SLOPE_DEG
    assert abs(float((ours - theirs).mean())) < MEAN_SLOPE_DEG
