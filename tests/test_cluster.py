"""The same bytes from workers of a Dask cluster as from one process, also when one of them is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from strategies import layer_of, offset, positions_of, star

import hmgeo.project.pairs.measure
from hmgeo.errors import UsageError
from hmgeo.intake.formats.packed import stream_receptors, write_packed
from hmgeo.project.bare import BareFile
from hmgeo.project.pairs.file import CodedPairsSink
from hmgeo.project.pairs.measure import cluster, fetch_by, measure_group, pairs_files
from hmgeo.proximity.elsewhere import run_errand
from hmgeo.proximity.measure import TableSink, measure_proximity
from hmgeo.results.columns import PAIRS_SCHEMA
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmgeo.proximity.elsewhere import Errand, Fetched
    from hmgeo.records import Layer, Positions

PLACE = (113.05, 23.68)
RADII_M = [2_000.0, 10_000.0]


def ground(count: int = 300) -> Layer:
    random = np.random.default_rng(21)
    shapes = [star(offset(PLACE, *random.uniform(-20_000, 20_000, 2)), [70.0] * 7, [0.0] * 7) for _ in range(count)]
    words = (["优先保护类", "安全利用类", "严格管控类"] * count)[:count]
    return layer_of(shapes, classes=words, batch_rows=64)


def sources() -> Positions:
    random = np.random.default_rng(22)
    near = [shapely.Point(offset(PLACE, *random.uniform(-20_000, 20_000, 2))) for _ in range(15)]
    return positions_of([*near, shapely.Point(PLACE[0] + 2, PLACE[1])])


def fetched_here(layer: Layer) -> object:
    """Measure every batch as a worker would, one batch to a task."""

    def fetch(errand: Errand, _boxes: np.ndarray) -> Iterator[Fetched]:
        for batch in layer.batches():
            yield from run_errand(errand, [batch])

    return fetch


@pytest.mark.parametrize("wants_pairs", [True, False])
def test_units_measured_elsewhere_merge_to_the_same_result(tmp_path: Path, *, wants_pairs: bool) -> None:
    layer, made = ground(), []
    for name, fetch in (("here", None), ("elsewhere", fetched_here(layer))):
        if not wants_pairs:
            made.append((measure_proximity(sources(), layer, radii_m=RADII_M, fetch=fetch), b""))
            continue
        with CodedPairsSink(tmp_path / name) as sink:
            measured = measure_proximity(sources(), layer, radii_m=RADII_M, pairs=sink, fetch=fetch)
        made.append((measured, (tmp_path / name).read_bytes()))
    (here, pairs_here), (elsewhere, pairs_elsewhere) = made
    assert pairs_here == pairs_elsewhere
    assert here.counts.equals(elsewhere.counts)
    assert here.nearest.equals(elsewhere.nearest)
    assert here.count_max.equals(elsewhere.count_max)
    assert here.receptor_count == elsewhere.receptor_count == 300
    assert here.nearest["distance_m"].to_pylist()[-1] > 100_000  # the last source has its nearest far off


def test_only_packed_layers_go_to_a_cluster(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="多机测算只接受工作格式文件"):
        fetch_by(None, ground())
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="连不上调度程序"), cluster("nonsense://here"):
        pass
    del tmp_path


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::UserWarning")
def test_a_killed_worker_is_survived_and_the_bytes_are_the_same(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    packed = tmp_path / "packed.parquet"
    tables = [ground().read() for _ in range(40)]
    write_packed(tables, packed, LayerKind.FARMLAND)
    table = tmp_path / "sources.csv"
    here = [shapely.from_wkb(wkb) for wkb in sources().table["geometry"].to_pylist()]
    lines = [f"E{i},{point.x:.7f},{point.y:.7f}" for i, point in enumerate(here)]
    table.write_text("\n".join(["enterprise_id,lon,lat", *lines]), encoding="utf-8")
    pairs_files(BareFile(table), BareFile(packed), tmp_path / "one.parquet")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as workers,
        distributed.Client(workers) as client,
    ):
        client.run(slow_down)
        killed = threading.Thread(target=kill_one, args=(client,))
        killed.start()
        many = tmp_path / "many.parquet"
        pairs_files(BareFile(table), BareFile(packed), many, scheduler=workers.scheduler_address)
        killed.join()
    assert pq.read_metadata(tmp_path / "one.parquet").num_rows > 10_000
    assert (tmp_path / "many.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()


def slow_down() -> None:
    """Make every unit take a while on this worker, so that there is a midway."""
    place = hmgeo.project.pairs.measure
    quick = place.run_errand

    def slow(errand: Errand, batches: Iterator[object]) -> list[Fetched]:
        time.sleep(0.2)
        return quick(errand, batches)

    place.run_errand = slow


def kill_one(client: object) -> None:
    """Kill a worker process once both have tasks."""
    time.sleep(3)
    process = next(iter(client.run(os.getpid).values()))
    os.kill(process, signal.SIGKILL)


def test_a_row_group_is_measured_by_its_number(tmp_path: Path) -> None:
    packed = tmp_path / "packed.parquet"
    write_packed([ground(50).read(), ground(60).read()], packed, LayerKind.FARMLAND)
    layer = stream_receptors(packed, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)
    asked = []

    def fetch(errand: Errand, boxes: np.ndarray) -> Iterator[Fetched]:
        asked.append(layer.open_batches.meeting(boxes).tolist())
        for group in asked[0]:
            yield from measure_group(layer.open_batches, group, errand)

    sink = TableSink(PAIRS_SCHEMA)
    plain = measure_proximity(sources(), layer, radii_m=RADII_M, pairs=sink)
    there = measure_proximity(sources(), layer, radii_m=RADII_M, fetch=fetch)
    assert asked == [[0, 1]]
    assert there.counts.equals(plain.counts)


def test_a_class_that_no_visited_row_group_has_is_told_alike(tmp_path: Path) -> None:
    """One row group near the source, one 200 km off with a class of its own."""
    path = tmp_path / "ground.parquet"
    near = next(ground(3).batches())
    far = layer_of([shapely.box(PLACE[0] + 2, PLACE[1], PLACE[0] + 2.001, PLACE[1] + 0.001)], classes=["未划分"])
    tables = [pa.Table.from_batches([near]), pa.Table.from_batches([next(far.batches())])]
    write_packed(tables, path, LayerKind.FARMLAND)
    layer = stream_receptors(path, kind=LayerKind.FARMLAND, basis=Basis.SYNTHETIC)

    def fetch(errand: Errand, boxes: np.ndarray) -> Iterator[Fetched]:
        yield from run_errand(errand, layer.open_batches.within(boxes))

    here, elsewhere = (
        measure_proximity(positions_of([shapely.Point(PLACE)]), layer, radii_m=[30_000.0], fetch=one)
        for one in (None, fetch)
    )
    assert here.counts["class"].to_pylist() == ["all", "优先保护类", "安全利用类", "严格管控类", "未划分"]
    assert here.counts.equals(elsewhere.counts)
