from __future__ import annotations

import numpy as np
import pytest
import shapely
from grids import frame, point, raster

from hmgeo.judging.facts import Side, Unknown
from hmgeo.terrain.radius import (
    Pairs,
    TerrainAt,
    TerrainQuestion,
    TerrainRadii,
    flips,
    line_classes,
    outcomes,
    pair_classes,
)
from hmgeo.terrain.slope import PlaceTerrain, ReliefScheme
from hmgeo.vocabulary import TerrainClass

PLAIN, HILL, MOUNTAIN = (PlaceTerrain(one, 0.0) for one in TerrainClass)
NOWHERE = Unknown("没有高程")


def pairs(*rows: tuple[int, int, float]) -> Pairs:
    source, receptor, distance_m = zip(*rows, strict=True)
    return Pairs(np.array(source), np.array(receptor), np.array(distance_m))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (TerrainAt.SOURCE, ["plain", "plain", "hill", None]),
        (TerrainAt.FARMLAND, ["hill", "mountain", "mountain", "plain"]),
        # The longer radius of both ends: plain wins even over an unknown end.
        (TerrainAt.WORST, ["plain", "plain", "hill", "plain"]),
    ],
)
def test_whose_terrain_counts(at: TerrainAt, expected: list[str | None]) -> None:
    sources = [PLAIN, HILL, NOWHERE]
    receptors = [HILL, MOUNTAIN, PLAIN]
    four = pairs((0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0), (2, 2, 1.0))
    found = pair_classes(four, sources, receptors, at)
    assert [None if one is None else one.value for one in found] == expected


def test_an_unknown_end_leaves_the_longer_radius_open_unless_the_other_is_plain() -> None:
    assert pair_classes(pairs((0, 0, 1.0)), [NOWHERE], [MOUNTAIN], TerrainAt.WORST) == [None]


TWO = pairs((0, 0, 6000.0), (0, 1, 8000.0))


@pytest.mark.parametrize(
    ("classes", "radii", "side", "receptor"),
    [
        ("hp", TerrainRadii(10_000.0, 5000.0, 3000.0), Side.MET, 1),
        ("hp", TerrainRadii(10_000.0), Side.MET, 1),
        ("hh", TerrainRadii(10_000.0), Side.UNKNOWN, 0),
        ("mh", TerrainRadii(10_000.0, 5000.0), Side.UNKNOWN, 0),
        ("hh", TerrainRadii(10_000.0, 5000.0), Side.NOT_MET, 0),
        ("hh", TerrainRadii(10_000.0, 6000.0), Side.MET, 0),
        ("hm", TerrainRadii(10_000.0, 5000.0, 8000.0), Side.MET, 1),
        (".h", TerrainRadii(10_000.0, 5000.0), Side.UNKNOWN, 0),
    ],
)
def test_what_a_source_comes_to(classes: str, radii: TerrainRadii, side: Side, receptor: int) -> None:
    word = {"p": TerrainClass.PLAIN, "h": TerrainClass.HILL, "m": TerrainClass.MOUNTAIN, ".": None}
    (found,) = outcomes(TWO, [word[one] for one in classes], radii, 1)
    assert (found.side, found.receptor) == (side, receptor)


def test_the_words_beside_an_open_radius() -> None:
    hill = [TerrainClass.HILL] * 2
    open_, short = (outcomes(TWO, hill, radii, 1)[0] for radii in (TerrainRadii(10_000.0), TerrainRadii(1e4, 5e3)))
    assert open_.why == "条文未规定丘陵半径，项目亦未给定，未作判断；按平原半径 10 km 则在范围内。"
    assert short.why == "按平原半径 10 km 则在范围内，按所定丘陵半径不在。"
    (void,) = outcomes(TWO, [None, None], TerrainRadii(10_000.0), 1)
    assert void.why == "缺少高程，地形类别未作判断；按平原半径 10 km 则在范围内。"


def test_beyond_the_plains_radius_nothing_is_open() -> None:
    (found,) = outcomes(pairs((0, 0, 10_000.0001)), [TerrainClass.HILL], TerrainRadii(10_000.0), 1)
    assert (found.side, found.receptor, found.why) == (Side.NOT_MET, -1, "")


# 200 cells of 100 m: flat in the west, a saw of 300 m in the east from column 100 on.
COLUMNS = np.arange(200)
SAW = np.tile(np.where((COLUMNS >= 100) & (COLUMNS % 2 == 0), 300.0, 0.0), (21, 1))


def test_most_of_the_line_decides_along_the_line() -> None:
    given = raster(SAW, cell_m=100.0)
    places = [point(given, 10, column) for column in (10, 90, 180)]
    two = pairs((0, 0, 1.0), (0, 1, 1.0))
    scheme = ReliefScheme(300.0)
    assert line_classes(given, scheme, two, places[:1], places[1:]) == [TerrainClass.PLAIN, TerrainClass.PLAIN]
    assert line_classes(given, scheme, two, places[1:2], [places[0], places[2]]) == [
        TerrainClass.PLAIN,
        TerrainClass.MOUNTAIN,
    ]


def test_who_flips_for_each_choice_and_radius() -> None:
    given = raster(SAW, cell_m=100.0)
    place = frame(given)
    near, far = (point(given, 10, column) for column in (95, 150))
    parcels = [point(given, 10, 130), point(given, 10, 160)]
    question = TerrainQuestion(given, ReliefScheme(300.0), ["W", "E"], [near, far], [0.0, 0.0], parcels)
    four = pairs((0, 0, 3500.0), (0, 1, 6500.0), (1, 0, 2000.0), (1, 1, 1000.0))
    table = flips(question, four).table.to_pylist()
    listed = {(row["terrain_at"], row["radius_m"], row["source_id"]): row["is_listed"] for row in table}
    assert len(table) == 5 * 6 * 2
    assert all(row["is_listed_if_plain"] for row in table)
    # W stands in the plain: at the source, or at the flatter end, its radius stays 10 km.
    assert [listed[at, 1000.0, "W"] for at in ("source", "worst", "farmland", "not_considered")] == [
        True,
        True,
        False,
        False,
    ]
    assert [listed["farmland", radius_m, "W"] for radius_m in (5000.0, 3000.0)] == [True, False]
    assert [listed[at, 1000.0, "E"] for at in ("source", "worst", "farmland", "path", "not_considered")] == [True] * 5
    assert {row["source_terrain"] for row in table if row["source_id"] == "E"} == {"mountain"}
    assert place.cell_m == (100.0, 100.0)


def test_lines_need_heights_all_along() -> None:
    holed = SAW.copy()
    holed[:, 50] = np.nan
    given = raster(holed, cell_m=100.0)
    ends = [point(given, 10, 20), point(given, 10, 90)]
    assert line_classes(given, ReliefScheme(300.0), pairs((0, 0, 1.0)), ends[:1], ends[1:]) == [None]
    assert isinstance(ends[0], shapely.Point)
