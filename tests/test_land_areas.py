"""Land around sources, common ground once, by class and radius: against shapely and geodesic areas, file to table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import oracle
import pyarrow.parquet as pq
import pytest
import shapely
from strategies import layer_of, offset, positions_of, star

from hmgeo.errors import ProjectError, UsageError
from hmgeo.geo.land_area import ClippedAreas
from hmgeo.intake.formats.packed import stream_receptors, write_packed
from hmgeo.project.bare import BareFile
from hmgeo.project.pairs.measure import pairs_files
from hmgeo.project.run import run_project
from hmgeo.proximity.measure import measure_proximity
from hmgeo.screening.land import land_areas, with_land_areas
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from hmgeo.records import Layer

PLACE = (113.05, 23.68)
RADII_M = [1_000.0, 3_000.0]
WORDS = ("优先保护类", "安全利用类", "严格管控类")


def geodesic_ha(shape: shapely.Geometry) -> float:
    """Return the area with edges cut to about 11 m, ring by ring with the geodesic formula."""
    fine = shapely.segmentize(shape, 1e-4)
    return abs(oracle.GEOD.geometry_area_perimeter(shapely.orient_polygons(fine))[0]) / 10_000


def circle(at: tuple[float, float], radius_m: float, corners: int = 60_000) -> shapely.Polygon:
    lon, lat, _ = oracle.GEOD.fwd(
        np.full(corners, at[0]), np.full(corners, at[1]), np.arange(corners) * 360 / corners, np.full(corners, radius_m)
    )
    return shapely.Polygon(np.column_stack([lon, lat]))


def expected(at: tuple[float, float], shapes: Sequence[shapely.Geometry], radius_m: float) -> tuple[float, float]:
    """Return hectares under the shapes within the radius, and inside the circle."""
    distance_m = np.round(oracle.distances_m(np.array([at]), shapes)[0], 4)
    near = [shape for shape, metres in zip(shapes, distance_m, strict=True) if metres <= radius_m]
    union = shapely.union_all(near)
    return geodesic_ha(union), geodesic_ha(shapely.intersection(union, circle(at, radius_m)))


def overlapping(count: int = 300, seed: int = 5) -> list[shapely.Polygon]:
    """Parcels of 40 to 250 m, so dense that most lie over others."""
    random = np.random.default_rng(seed)
    return [
        star(offset(PLACE, *random.uniform(-3_300, 3_300, 2)), (random.uniform(40, 250, 7)).tolist(), [0.0] * 7)
        for _ in range(count)
    ]


def test_areas_agree_with_union_and_clip_by_shapely_and_the_geodesic_formula() -> None:
    shapes = overlapping()
    words = [WORDS[i % 3] for i in range(len(shapes))]
    points = [PLACE, offset(PLACE, 900.0, -400.0)]
    positions = positions_of([shapely.Point(point) for point in points])
    found = land_areas(positions, layer_of(shapes, classes=words, batch_rows=31), RADII_M)
    assert len(found) == 2 * 2 * 4
    for (source_id, radius_m, word), areas in found.items():
        own = [shape for shape, one in zip(shapes, words, strict=True) if word in {one, "all"}]
        assert areas == pytest.approx(expected(points[int(source_id[1:])], own, radius_m), rel=1e-6)
    assert len(ClippedAreas(np.array(shapes, dtype=object))._of_all.later) > 200


def squares() -> tuple[Layer, float]:
    """Two squares of 100 m side by side but for a half in common, of two classes, and their area."""
    first = shapely.box(*offset(PLACE, 0, 0), *offset(PLACE, 100, 100))
    second = shapely.box(*offset(PLACE, 50, 0), *offset(PLACE, 150, 100))
    layer = layer_of([first, second], classes=WORDS[:2], official_area_m2=[20_000.0, 20_000.0])
    return layer, geodesic_ha(first)


def test_common_ground_is_counted_once_and_all_is_no_sum_of_classes() -> None:
    layer, one_ha = squares()
    positions = positions_of([shapely.Point(PLACE)])
    counts = measure_proximity(positions, layer, radii_m=[500.0]).counts
    table = with_land_areas(counts, land_areas(positions, layer, [500.0])).to_pylist()
    assert [row["class"] for row in table] == ["all", *WORDS[:2]]
    assert [row["area_ha"] for row in table] == [4.0, 2.0, 2.0]  # as the layer says, whatever is drawn
    assert [row["area_union_ha"] / one_ha for row in table] == pytest.approx([1.5, 1, 1], rel=1e-6)
    assert [row["area_clipped_ha"] / one_ha for row in table] == pytest.approx([1.5, 1, 1], rel=1e-6)


def test_who_has_no_circle_and_who_was_not_located() -> None:
    layer, one_ha = squares()
    line = shapely.LineString([PLACE, offset(PLACE, 0, 100)])
    positions = positions_of([line, None, shapely.Point(offset(PLACE, 9_000, 0))])
    counts = measure_proximity(positions, layer, radii_m=[500.0]).counts
    found = land_areas(positions, layer, [500.0])
    rows = with_land_areas(counts, found).to_pylist()
    cells = {(row["source_id"], row["class"]): (row["area_union_ha"], row["area_clipped_ha"]) for row in rows}
    assert cells["S0", "all"] == (pytest.approx(1.5 * one_ha, rel=1e-6), None)
    assert cells["S2", "all"] == cells["S2", WORDS[0]] == (0.0, 0.0)
    assert {source_id for source_id, _ in cells} == {"S0", "S2"}
    unmeasured = with_land_areas(counts, {})
    assert unmeasured["area_union_ha"].null_count == unmeasured.num_rows


def test_shapes_apart_at_the_same_distance_and_parcels_across_the_antimeridian() -> None:
    west, east = (shapely.box(lon, 10.0, lon + 0.001, 10.001) for lon in (179.9985, -179.9995))
    positions = positions_of([shapely.Point(179.9999, 10.0005)])
    found = land_areas(positions, layer_of([west, east], classes=WORDS[:1] * 2), [500.0])
    union, clipped = found["S0", 500.0, "all"]
    assert union == pytest.approx(geodesic_ha(west) + geodesic_ha(east), rel=1e-6)
    assert clipped is None  # the seam is left to the distances


def test_a_packed_layer_gives_what_a_held_one_gives(tmp_path: Path) -> None:
    layer = layer_of(overlapping(60), batch_rows=17)
    write_packed([layer.read()], tmp_path / "packed.parquet", LayerKind.FARMLAND)
    packed = stream_receptors(tmp_path / "packed.parquet", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    points = [shapely.Point(offset(PLACE, east, 500.0)) for east in (0.0, 40_000.0, 900.0, 200_000.0)]
    heard: list[int] = []
    here = land_areas(positions_of(points), layer, RADII_M, heard.append)
    there = land_areas(positions_of(points), packed, RADII_M)
    assert here.keys() == there.keys()
    assert [cell for key in here for cell in here[key]] == pytest.approx([cell for key in here for cell in there[key]])
    assert heard[-1] == len(points)


def test_a_class_that_a_packed_file_has_only_beyond_reach_is_no_class_here(tmp_path: Path) -> None:
    near, far = (shapely.Point(offset(PLACE, east, 0.0)).buffer(0.0005) for east in (0.0, 19_000.0))
    layer = layer_of([near, far], classes=[WORDS[2], WORDS[0]])
    write_packed([layer.read()], tmp_path / "packed.parquet", LayerKind.FARMLAND)
    packed = stream_receptors(tmp_path / "packed.parquet", kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    positions = positions_of([shapely.Point(PLACE)])
    found = land_areas(positions, packed, [1000.0])
    assert found == land_areas(positions, layer, [1000.0])
    assert found["S0", 1000.0, WORDS[2]][0] == pytest.approx(geodesic_ha(near), rel=1e-6)


def files(folder: Path) -> tuple[BareFile, BareFile]:
    table = folder / "sources.csv"
    table.write_text(f"enterprise_id,lon,lat\nE1,{PLACE[0]},{PLACE[1]}\n", encoding="utf-8")
    write_packed([layer_of(overlapping(40)).read()], folder / "packed.parquet", LayerKind.FARMLAND)
    return BareFile(table), BareFile(folder / "packed.parquet")


def test_pairs_aggregate_with_clipped_area_adds_two_columns(tmp_path: Path, hmgeo_command: Callable[..., Any]) -> None:
    sources, receptors = files(tmp_path)
    pairs_files(sources, receptors, tmp_path / "plain.parquet", radius_m=2_000.0, aggregate=True)
    given = ("--sources", sources.path, "--receptors", receptors.path, "--radius", "2km", "--aggregate")
    ended = hmgeo_command("pairs", *given, "--clipped-area", "--out", tmp_path / "land.parquet")
    assert ended.code == 0
    plain, land = pq.read_table(tmp_path / "plain.parquet"), pq.read_table(tmp_path / "land.parquet")
    assert land.column_names == [*plain.column_names, "area_union_ha", "area_clipped_ha"]
    assert land.select(plain.column_names).equals(plain)
    whole = land.to_pylist()[-5]
    assert (whole["radius_m"], whole["class"]) == (2_000.0, "all")
    near = [shapely.from_wkb(wkb) for wkb in layer_of(overlapping(40)).read()["geometry"].to_pylist()]
    assert (whole["area_union_ha"], whole["area_clipped_ha"]) == pytest.approx(expected(PLACE, near, 2_000.0), rel=1e-6)
    with pytest.raises(UsageError, match="--clipped-area 须与 --aggregate 同用"):
        pairs_files(sources, receptors, tmp_path / "pairs.parquet", clipped_area=True)


@pytest.fixture(scope="module")
def project(bare_qingcheng: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enterprises and parcels of the shipped project, with the setting."""
    file = tmp_path_factory.mktemp("land") / "project.yml"
    file.write_text(f"{bare_qingcheng}clipped_area: true\n", encoding="utf-8")
    return file


def test_a_project_may_ask_for_it(project: Path, tmp_path: Path) -> None:
    run = run_project(project, tmp_path / "out")
    counts = pq.read_table(run.folder / "data" / "counts.parquet")
    assert counts.column_names[5:] == ["class_kind", "is_lower_bound", "area_union_ha", "area_clipped_ha"]
    rows = {(row["source_id"], row["radius_m"], row["class"]): row for row in counts.to_pylist()}
    names = ("source_id", "farmland_area_clipped_ha")
    clipped = dict(zip(*(run.results.sources[name].to_pylist() for name in names), strict=True))
    measured = [source_id for source_id, area_ha in clipped.items() if area_ha is not None]
    assert len(measured) == 56  # of 60: two were rejected, one wasn't located, one is known by its township only
    for source_id in measured:
        whole = rows[source_id, 10_000.0, "all"]
        assert clipped[source_id] == pytest.approx(whole["area_clipped_ha"], abs=6e-5)
        assert whole["area_clipped_ha"] <= whole["area_union_ha"] * (1 + 1e-9)
    book = openpyxl.load_workbook(run.folder / "screening.xlsx", read_only=True)
    told = {
        name: [cell for row in book[name].iter_rows(max_row=14, values_only=True) for cell in row if cell]
        for name in ("各源结果",)
    }
    assert "圆内面积(ha)" in told["各源结果"]
    assert any("重叠处只计一次；只对点位计算" in str(cell) for cell in told["各源结果"])


def test_the_setting_is_yes_or_no(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "project.yml"
    file.write_text(
        project.read_text(encoding="utf-8").replace("clipped_area: true", "clipped_area: 是"), encoding="utf-8"
    )
    with pytest.raises(ProjectError, match="clipped_area 须为 true 或 false（现为「是」）"):
        run_project(file)


def test_land_is_the_same_in_however_many_units_it_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Squares that share no ground: their union is their sum. What a unit found must not change while it is held."""
    step = 0.0004
    squares = [
        shapely.box(lon, lat, lon + step / 2, lat + step / 2)
        for lon in PLACE[0] + step * np.arange(-30, 30)
        for lat in PLACE[1] + step * np.arange(-30, 30)
    ]
    positions, layer = positions_of([shapely.Point(PLACE)]), layer_of(squares)
    monkeypatch.setattr("hmgeo.proximity.units._MOST_ROWS", 64)
    monkeypatch.setattr("hmgeo.proximity.units._FEWEST_ROWS", 64)
    counts = measure_proximity(positions, layer, radii_m=RADII_M).counts
    land = land_areas(positions, layer, RADII_M)
    for row in counts.to_pylist():
        assert land[row["source_id"], row["radius_m"], row["class"]][0] == pytest.approx(row["area_ha"], rel=1e-9)
