"""Sources of uncertain position asked what drains to them: every place that they may stand on."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from grids import CRS, point, raster
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from test_flow import BREACH, VALLEY
from test_flow_facts import INF, water

from hmgeo.judging.facts import Answer, Features, PlaceFact
from hmgeo.water.by_heights import OFF_STREAM, FlowFacts
from hmgeo.water.grid import flow_grid
from hmgeo.water.snap import SnapRule, comes_by, places_around

DEM = raster(VALLEY)
"""Five by five cells of 10 m: column 2 is the valley floor and falls to the south, the sides fall to it."""
LON_LAT = "EPSG:4490"
FARMLAND = Features("farmland")


def drained(facts: FlowFacts, limit_m: float = INF) -> PlaceFact:
    found = facts.downstream(FARMLAND, limit_m, "")
    assert isinstance(found, PlaceFact)
    return found


@pytest.mark.parametrize(
    ("cell", "error_m", "answer", "others"),
    [
        # From the parcel at the head of the valley water comes down column 2, and nowhere else.
        ((3, 2), 0.0, Answer.YES, set()),
        ((3, 2), 4.0, Answer.YES, set()),
        ((3, 2), 6.0, Answer.YES, {Answer.NO}),
        ((3, 1), 4.0, Answer.NO, set()),
        # A cell's centre lies 5 m from its border: 6 m reach into the next, though not to its centre.
        ((3, 1), 6.0, Answer.NO, {Answer.YES}),
    ],
)
def test_a_place_beside_the_valley_may_lie_in_it(
    cell: tuple[int, int], error_m: float, answer: Answer, others: set[Answer]
) -> None:
    held = water(flow_grid(DEM, BREACH), [(0, 2)])
    found = drained(FlowFacts(point(DEM, *cell), error_m, held))
    assert (found.answer, set(found.others)) == (answer, others)


def test_the_way_up_is_limited_for_every_place() -> None:
    held = water(flow_grid(DEM, BREACH), [(0, 2)])
    # From (0, 2) to (2, 2) water runs 20 m, to (3, 2) 30 m.
    assert set(drained(FlowFacts(point(DEM, 2, 2), 4.0, held), 25.0).others) == set()
    assert set(drained(FlowFacts(point(DEM, 2, 2), 6.0, held), 25.0).others) == {Answer.NO}
    assert set(drained(FlowFacts(point(DEM, 3, 2), 6.0, held), 25.0).others) == {Answer.YES}


def test_a_station_is_put_onto_every_stream_that_may_be_meant() -> None:
    grid = flow_grid(DEM, BREACH)
    held = water(grid, [(0, 2)])
    rule = SnapRule(25.0, 0.08)  # eight cells of 0.01 ha: the valley floor from its second row
    at = point(DEM, 3, 1)
    assert drained(FlowFacts(at, 3.0, held, snap_rule=rule)).others == frozenset()
    loose = drained(FlowFacts(at, 16.0, held, snap_rule=rule))
    assert (loose.answer, loose.others) == (Answer.YES, frozenset({Answer.NO}))
    assert loose.gap.startswith(OFF_STREAM)


def test_a_pond_is_moved_as_a_whole() -> None:
    held = water(flow_grid(DEM, BREACH), [(0, 2)])
    upper, lower = point(DEM, 1, 1), point(DEM, 3, 3)
    pond = shapely.box(upper.x, lower.y, lower.x, upper.y)
    # Wherever it lies within 4 m it holds the valley floor; 12 m may move it off.
    assert drained(FlowFacts(pond, 4.0, held)).others == frozenset()
    assert drained(FlowFacts(pond, 12.0, held)).others == frozenset({Answer.NO})


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 143), min_size=1, max_size=6, unique=True),
    st.lists(st.integers(0, 143), min_size=1, max_size=6, unique=True),
    st.integers(0, 60), st.integers(0, 3),
)  # fmt: skip
def test_all_at_once_is_one_by_one(places: list[int], targets: list[int], limit_m: int, seed: int) -> None:
    """Both ways of asking, whichever has fewer to follow, against the path of every target."""
    grid = flow_grid(raster(np.random.default_rng(seed).uniform(0, 50, (12, 12))), BREACH)
    singly = {
        any(place in grid.path(target, float(limit_m))[0].tolist() for target in targets) for place in sorted(places)
    }
    assert comes_by(grid, np.array(sorted(places)), np.array(targets), float(limit_m)) == singly


@settings(max_examples=60, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 2 * np.pi), st.floats(0.5, 14.0), st.floats(-4.9, 4.9), st.floats(-4.9, 4.9))
def test_no_place_is_left_out(share: float, towards: float, error_m: float, east_m: float, north_m: float) -> None:
    grid = flow_grid(DEM, BREACH)
    x, y = grid.frame.centres(np.array([12]))
    here = np.array([x[0] + east_m, y[0] + north_m])
    there = here + share * error_m * np.array([np.cos(towards), np.sin(towards)]) * 0.999
    lon_lat = _lon_lat(here)
    cell = grid.frame.cell_at(there[:1], there[1:])
    assert int(cell[0]) in places_around(grid, lon_lat, error_m).tolist()


def _lon_lat(xy: np.ndarray) -> shapely.Point:
    return shapely.Point(Transformer.from_crs(CRS, LON_LAT, always_xy=True).transform(*xy))
