"""The working format, pairs as Parquet, and where compiled code is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
import shapely
from msgspec.structs import replace
from strategies import layer_of, offset, positions_of, star

from hmgeo.errors import InputError
from hmgeo.geo.raster import hilbert_distance
from hmgeo.intake.formats.packed import (
    GROUP_ROWS,
    is_packed,
    pack_layer,
    stream_receptors,
    write_packed,
)
from hmgeo.project.pairs.file import CodedPairsSink
from hmgeo.proximity.measure import TableSink, measure_proximity
from hmgeo.reference.machine import CacheFolderWarning, choose_folder
from hmgeo.results.columns import PAIRS_SCHEMA
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from hmgeo.proximity.measure import Proximity

PLACE = (113.05, 23.68)
FARMLAND = {"kind": LayerKind.FARMLAND, "basis": Basis.SYNTHETIC}


def scattered(count: int, within_m: float = 30_000.0, seed: int = 3) -> list[shapely.Polygon]:
    random = np.random.default_rng(seed)
    places = random.uniform(-within_m, within_m, (count, 2))
    return [star(offset(PLACE, *away), (60 * random.uniform(0.4, 1, 6)).tolist(), [0.0] * 6) for away in places]


def sources(count: int = 12, within_m: float = 30_000.0) -> list[shapely.Point]:
    random = np.random.default_rng(4)
    return [shapely.Point(offset(PLACE, *away)) for away in random.uniform(-within_m, within_m, (count, 2))]


def test_hilbert_order_visits_every_cell_of_a_square_by_neighbours() -> None:
    side = 8
    x, y = (grid.ravel().astype(float) for grid in np.meshgrid(np.arange(side), np.arange(side)))
    order = np.argsort(hilbert_distance(np.column_stack([x, y, x, y])))
    steps = np.abs(np.diff(x[order])) + np.abs(np.diff(y[order]))
    assert steps.tolist() == [1.0] * (side * side - 1)


def test_packed_layers_hold_the_same_receptors(tmp_path: Path) -> None:
    given = layer_of(scattered(300)).read()
    out = tmp_path / "packed.parquet"
    assert write_packed([given], out, LayerKind.FARMLAND) == 300
    layer = stream_receptors(out, **FARMLAND)
    read = layer.read()
    assert is_packed(out)
    assert layer.feature_count == 300
    assert layer.provenance.path == "packed.parquet"
    assert read.sort_by("receptor_id").equals(given.sort_by("receptor_id"))
    assert pq.ParquetFile(out).metadata.row_group(0).num_rows == min(300, GROUP_ROWS)


def test_packing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    given = layer_of(scattered(50)).read()
    paths = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    for path in paths:
        write_packed([given], path, LayerKind.FARMLAND)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_packing_a_file_mends_it_on_the_way(tmp_path: Path) -> None:
    bow_tie = [[0, 0], [0.01, 0.01], [0.01, 0], [0, 0.01], [0, 0]]
    ring = [[PLACE[0] + x, PLACE[1] + y] for x, y in bow_tie]
    feature = {
        "type": "Feature",
        "properties": {"parcel_id": "A"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    path = tmp_path / "farmland.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    packed = pack_layer(path, tmp_path / "packed.parquet")
    layer = stream_receptors(tmp_path / "packed.parquet", **FARMLAND)
    assert (packed.rows, packed.row_groups) == (1, 1)
    assert "几何修复" in {entry.event for entry in packed.ledger.entries}
    assert shapely.from_wkb(layer.read()["geometry"][0].as_py()).is_valid


def test_only_row_groups_near_the_sources_are_read_and_nothing_is_lost(tmp_path: Path) -> None:
    """Two parts 300 km apart: near sources read one row group of two, and the answer is that of the whole layer."""
    near = layer_of(scattered(80), ids=[f"N{i}" for i in range(80)], classes=["优先保护类"] * 80).read()
    shifted = [shapely.transform(shape, lambda xy: xy + np.array([3.0, 0.0])) for shape in scattered(80)]
    far = layer_of(shifted, ids=[f"F{i}" for i in range(80)], classes=["严格管控类"] * 80).read()
    out = tmp_path / "packed.parquet"
    write_packed([near, far], out, LayerKind.FARMLAND)
    layer = stream_receptors(out, **FARMLAND)
    whole = type(layer)(layer.name, layer.kind, layer.basis, layer.provenance, layer.read().to_batches)
    made = []
    for one in (layer, whole):
        pairs = TableSink(PAIRS_SCHEMA)
        measured = measure_proximity(positions_of(sources()), one, radii_m=[10_000.0], pairs=pairs)
        made.append((measured, pairs.table()))
    assert made[0][1].equals(made[1][1])
    assert made[0][0].counts.equals(made[1][0].counts)
    assert made[0][0].nearest.equals(made[1][0].nearest)
    assert (made[0][0].receptor_count, made[1][0].receptor_count) == (80, 160)


def test_who_asks_for_no_nearest_has_the_layer_read_once_and_the_same_pairs_and_counts() -> None:
    ground = layer_of(scattered(80)).read()
    passes: list[int] = []

    def opened() -> list[pa.RecordBatch]:
        passes.append(len(made))
        return ground.to_batches()

    once = replace(layer_of(scattered(80)), open_batches=opened)
    far_off = shapely.Point(PLACE[0] + 4, PLACE[1])
    made: list[tuple[Proximity, pa.Table]] = []
    for nearest in (True, False):
        pairs = TableSink(PAIRS_SCHEMA)
        positions = positions_of([*sources(), far_off])
        made.append(
            (measure_proximity(positions, once, radii_m=[10_000.0], pairs=pairs, nearest=nearest), pairs.table())
        )
    assert passes == [0, 0, 1]
    assert made[0][1].equals(made[1][1])
    assert made[0][0].counts.equals(made[1][0].counts)
    assert made[0][0].nearest.schema == made[1][0].nearest.schema
    assert (made[0][0].nearest.num_rows > 0, made[1][0].nearest.num_rows) == (True, 0)


def test_the_nearest_beyond_reach_is_found_in_row_groups_not_read_before(tmp_path: Path) -> None:
    out = tmp_path / "packed.parquet"
    write_packed([layer_of(scattered(60)).read()], out, LayerKind.FARMLAND)
    far_off = [shapely.Point(PLACE[0] + 4, PLACE[1])]
    nearest = [
        measure_proximity(positions_of(far_off), layer, radii_m=[10_000.0]).nearest
        for layer in (stream_receptors(out, **FARMLAND), layer_of(scattered(60)))
    ]
    assert nearest[0].equals(nearest[1])
    assert nearest[0]["distance_m"][0].as_py() > 300_000


@pytest.mark.parametrize(("what", "words"), [("csv", "不是工作格式文件"), ("kind", "图层类别不符")])
def test_files_that_are_not_packed_so_are_refused(tmp_path: Path, what: str, words: str) -> None:
    path = tmp_path / ("given.csv" if what == "csv" else "given.parquet")
    if what == "csv":
        path.write_text("a\n1\n", encoding="utf-8")
    else:
        write_packed([layer_of(scattered(3)).read()], path, LayerKind.RIVERS)
    with pytest.raises(InputError, match=words):
        stream_receptors(path, **FARMLAND)


@pytest.mark.parametrize("group_rows", [7, 1_000])
def test_coded_pairs_read_back_as_plain_ones_in_the_same_bytes_however_cut(tmp_path: Path, group_rows: int) -> None:
    ground = scattered(200, 12_000.0)
    plain = TableSink(PAIRS_SCHEMA)
    positions = positions_of(sources(12, 12_000.0))
    measure_proximity(positions, layer_of(ground), radii_m=[10_000.0], pairs=plain)
    made = []
    for batch_rows in (1_000, 9):
        path = tmp_path / f"pairs-{batch_rows}.parquet"
        with CodedPairsSink(path, group_rows) as sink:
            measure_proximity(positions, layer_of(ground, batch_rows=batch_rows), radii_m=[10_000.0], pairs=sink)
        assert pq.read_table(path).equals(plain.table())
        assert sink.rows == len(plain.table())
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_no_pairs_make_a_file_with_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "pairs.parquet"
    with CodedPairsSink(path) as sink:
        measure_proximity(positions_of([shapely.Point(0, 0)]), layer_of(scattered(3)), radii_m=[10.0], pairs=sink)
    assert pq.read_table(path).schema.names == PAIRS_SCHEMA.names
    assert pq.read_table(path).num_rows == 0


def test_compiled_code_goes_to_a_temporary_folder_when_nothing_else_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a file, no folder"
    blocked.write_text("")
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.warns(CacheFolderWarning, match="改存临时目录"):
        folder = choose_folder(blocked / "package", "abc")
    assert folder.parent == tmp_path
    assert folder.name.endswith("-abc")


def test_importing_the_interface_does_not_import_numba() -> None:
    code = "import hmgeo, hmgeo.proximity.measure, sys; print('numba' in sys.modules)"
    done = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "False"
