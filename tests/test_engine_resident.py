"""Single questions to polygons kept in memory, against the plain engine."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from strategies import layer_of, offset, star, with_hole

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.analysis.engine.resident import ResidentIndex

PLACE = (113.05, 23.68)
GROUND = [
    star(offset(PLACE, *away), (90 * size * np.linspace(0.5, 1, 9)).tolist(), [0.0] * 9)
    for away, size in zip(
        np.random.default_rng(8).uniform(-12_000, 12_000, (400, 2)),
        np.random.default_rng(9).lognormal(0, 1, 400),
        strict=True,
    )
]
GROUND.append(with_hole(star(PLACE, [2_500.0] * 60, [0.0] * 60), PLACE, 0.5))
POINTS = [offset(PLACE, *away) for away in np.random.default_rng(10).uniform(-13_000, 13_000, (25, 2))]


def plain_m(lon: float, lat: float) -> np.ndarray:
    none = np.zeros(len(GROUND), np.int64)
    found = pair_distances(
        prepare_shapes([shapely.Point(lon, lat)]), prepare_shapes(GROUND), none, np.arange(len(GROUND))
    )
    return np.round(found.distance_m, 4)


@pytest.mark.parametrize("radius_m", [300.0, 1_000.0, 10_000.0])
def test_within_and_distances(radius_m: float) -> None:
    index = ResidentIndex(layer_of(GROUND))
    for lon, lat in POINTS:
        expected = plain_m(lon, lat)
        rows, metres = index.distances(lon, lat, radius_m)
        assert sorted(index.within(lon, lat, radius_m)) == sorted(rows) == np.flatnonzero(expected <= radius_m).tolist()
        assert metres == pytest.approx(expected[rows], abs=3e-4)


def test_nearest_inside_a_hole_inside_a_polygon_and_far_away() -> None:
    index = ResidentIndex(layer_of(GROUND))
    for lon, lat in [*POINTS, PLACE, offset(PLACE, 1_900, 0), offset(PLACE, 60_000, 9_000), (20.0, 60.0)]:
        row, metres = index.nearest(lon, lat)
        expected = plain_m(lon, lat)
        assert metres == pytest.approx(expected.min(), abs=3e-4)
        assert expected[row] == pytest.approx(expected.min(), abs=3e-4)


def test_an_empty_layer_has_no_nearest() -> None:
    assert ResidentIndex(layer_of([shapely.Polygon()])).nearest(*PLACE) == (-1, float("inf"))
