"""The distance engine bare: pairs or counts of two files, on this machine or by Dask workers.

The receptors are never held as a whole where that can be avoided: a packed file is read by the row groups that the
sources reach, a plain GeoPackage, GeoParquet or large shapefile in parts, other formats at once.

The scheduling is Dask's: a task that fails or whose worker dies is done again, by another worker. The file must lie
where every worker finds it under the same path or address.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.errors import InputError, Place, Problem, UsageError
from hmgeo.intake.formats.archive import RemoteFile, Stored, stored_at
from hmgeo.intake.formats.packed import (
    Packed,
    PlainParts,
    RowGroups,
    is_packed,
    open_parts,
    pack_layer,
    stream_receptors,
)
from hmgeo.intake.formats.read import why_unused
from hmgeo.intake.layers import NO_FARMLAND_EVENT
from hmgeo.intake.load import ReadOptions
from hmgeo.intake.rows import SET_ASIDE_EVENT
from hmgeo.project.bare import BareFile, Progress, load_bare, silent
from hmgeo.project.folder import ending_of, whole_file, whole_stored
from hmgeo.project.pairs.file import CodedPairsSink
from hmgeo.proximity.elsewhere import Errand, Fetched, run_errand
from hmgeo.proximity.measure import Fetch, Proximity, measure_proximity
from hmgeo.records import Layer, Ledger, Positions
from hmgeo.reference.machine import core_count
from hmgeo.vocabulary import COUNTED_RADII_M, LayerKind

Floats = NDArray[np.float64]


def pairs_files(  # noqa: PLR0913 -- one option for each thing the command may be told
    sources: BareFile,
    receptors: BareFile,
    out: str | Path | RemoteFile,
    *,
    kind: LayerKind = LayerKind.FARMLAND,
    radius_m: float | Sequence[float] = 10_000.0,
    aggregate: bool = False,
    clipped_area: bool = False,
    scheduler: str = "",
    nearest: bool = True,
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda _: None,
) -> Proximity:
    """Measure the pairs of two files and write them as Parquet; with `aggregate` only counts per source.

    Parameters
    ----------
    sources, receptors, kind, out
        Receptors of this kind, if Parquet, and what is written may lie at an address that fsspec knows.
    radius_m
        How far pairs reach, in metres, with counts at the usual radii up to it; of several the largest, counts at each.
    clipped_area
        With `aggregate`: counts also tell land under parcels and in the circle, common ground once; by this process.
    scheduler
        Address of a Dask scheduler, or `local`; empty to measure in this process. The bytes are the same.
    nearest
        As in `measure_proximity`; neither file tells it.
    progress, tell
        Hear how far it is, and how the receptors were read, and what packing them would save.

    Raises
    ------
    InputError, UsageError, OutputError
        As `screen_files`.
    """
    if clipped_area and not aggregate:
        raise UsageError(Problem("--clipped-area 须与 --aggregate 同用", remedy="点对文件里没有面积，加上 --aggregate"))
    target = _parquet(out)
    positions, layer, ledger = load_bare(sources, receptors, kind=kind, opener=_open_receptors)
    radii_m = tuple(radius_m) if isinstance(radius_m, Sequence) else (radius_m,)
    if len(radii_m) == 1:
        radii_m = (*(radius for radius in COUNTED_RADII_M if radius < radii_m[0]), *radii_m)
    with whole_stored(target, [bare.path for bare in (sources, receptors) if not bare.is_frame]) as temporary:
        with nullcontext() if aggregate else CodedPairsSink(temporary) as pairs, _fetching(scheduler, layer) as fetch:
            proximity = measure_proximity(
                positions,
                layer,
                radii_m=radii_m,
                pairs=pairs,
                progress=lambda done: progress("测算距离", done, layer.feature_count),
                fetch=fetch,
                nearest=nearest,
            )
        if aggregate:
            counts = _with_land_areas(proximity, positions, layer, progress) if clipped_area else proximity.counts
            pq.write_table(counts, temporary, compression="zstd")
    for line in (*_unused(sources), *_unused(receptors), *_reading_told(layer, ledger, receptors.shown)):
        tell(line)
    return proximity


def _unused(bare: BareFile) -> list[str]:
    """Say that a layer is named which isn't looked for: this command writes no ledger."""
    why = why_unused(bare.options.layer, "" if bare.is_frame else bare.path.suffix.lower())
    return [f"{bare.shown}：{why}，忽略所指定的图层名「{bare.options.layer}」。"] if why else []


def _with_land_areas(proximity: Proximity, positions: Positions, layer: Layer, progress: Progress) -> pa.Table:
    land = import_module("hmgeo.screening.land")  # hardly ever asked for
    told = partial(progress, "测算去重与圆内面积", total=positions.table.num_rows)
    counted: pa.Table = land.with_land_areas(
        proximity.counts, land.land_areas(positions, layer, proximity.radii_m, told)
    )
    return counted


@contextmanager
def _fetching(scheduler: str, layer: Layer) -> Iterator[Fetch | None]:
    if not scheduler:
        yield None
        return

    with cluster(scheduler) as client:
        yield fetch_by(client, layer)


def _open_receptors(path: Stored, **passed: Any) -> tuple[Layer, Ledger]:  # noqa: ANN401 -- as `load_receptors`
    """Open receptors in the way that holds least in memory; takes what `load_receptors` takes."""
    options = passed.pop("options")
    if is_packed(path):
        if options != ReadOptions(columns_flag=options.columns_flag):
            remedy = "去掉图层、编号、坐标系等选项，或换用打包前的文件"
            raise InputError(Problem("工作格式文件已整理完毕，不再接受读取选项", Place(file=path.name), remedy=remedy))
        return stream_receptors(path, **passed, fingerprint=False), Ledger()
    return open_parts(path, options=options, **passed)


def _reading_told(layer: Layer, ledger: Ledger, name: str) -> list[str]:
    """Say how a layer was read and what befell its rows; what has no usable shape is in no pair, but not absent."""
    opened = layer.open_batches
    if isinstance(opened, RowGroups):
        befell, rows = dict(opened.befell), layer.feature_count or 0
        rows += befell.get(SET_ASIDE_EVENT, 0) + befell.get(NO_FARMLAND_EVENT, 0)
        way = f"{name} 为工作格式：读取行组 {len(opened.read)} 个，共 {len(opened.boxes)} 个。"
    elif isinstance(opened, PlainParts):
        befell, rows = Ledger(tuple(opened.entries)).events(), opened.rows
        saving = f"先运行一次 hmgeo layers pack {name}，以后不再整理，只读污染源够得着的行组。"
        way = f"{name} 分批读取整理 {rows} 行用了 {opened.seconds:.1f} 秒；{saving}"
    else:
        befell, rows = ledger.events(layer.provenance.path), layer.row_count or 0
        way = f"{name} 整体读入内存；行数很多时请先 hmgeo layers pack {name}，内存不再随文件增长。"
    events = [f"{event} {count} 行" for event, count in befell.items() if count]
    lines = [f"{name} 读取时：{'、'.join(events)}。"] if events else []
    if aside := befell.get(SET_ASIDE_EVENT, 0):
        meaning = "已搁置：不等于不存在，最近距离可能偏大，计数为下限。"
        return [*lines, way, f"{name} 共 {rows} 行，其中 {aside} 行图形不可用，{meaning}"]
    return [*lines, way]


LOCAL = "local"
_AHEAD_PER_THREAD = 2
_RETRIES = 3


@contextmanager
def cluster(scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler, or start workers on this machine; hand out the Dask client.

    `scheduler`: `tcp://HOST:PORT`, or `local` for one process on each core.

    `UsageError`: Dask isn't installed, or nobody answers.
    """
    place = Place(key="--scheduler")
    try:
        distributed = import_module("distributed")
    except ImportError as problem:
        remedy = 'pip install "hmgeo[dask]"'
        raise UsageError(Problem("没有安装 dask 和 distributed", place, remedy=remedy)) from problem
    if scheduler != LOCAL:
        try:
            client = distributed.Client(scheduler, timeout=10)
        except (OSError, ValueError) as problem:
            remedy = "核对地址，确认调度程序已启动"
            allowed = "local 或 tcp://主机:端口"
            raise UsageError(Problem("连不上调度程序", place, scheduler, allowed, remedy)) from problem
        with client:
            yield client
        return
    with (
        distributed.LocalCluster(n_workers=core_count(), threads_per_worker=1, dashboard_address=None) as workers,
        distributed.Client(workers) as client,
    ):
        yield client


def fetch_by(client: Any, layer: Layer) -> Fetch:  # noqa: ANN401 -- Dask carries no types
    """Return what `measure_proximity` takes to have a packed `layer` measured by the cluster of a Dask `client`.

    `UsageError`: the layer isn't packed.
    """
    groups = layer.open_batches
    if not isinstance(groups, RowGroups):
        remedy = "先运行 hmgeo layers pack，再用写出的文件"
        problem = Problem("多机测算只接受工作格式文件", Place(key="--scheduler"), layer.provenance.path, remedy=remedy)
        raise UsageError(problem)

    def fetch(errand: Errand, boxes: Floats) -> Iterable[Fetched]:
        wanted = deque(groups.meeting(boxes).tolist())
        groups.read.update(wanted)
        under_way: deque[Any] = deque()
        while wanted or under_way:
            ahead = _AHEAD_PER_THREAD * max(1, sum(client.nthreads().values()))
            while wanted and len(under_way) < ahead:
                task = client.submit(measure_group, groups, wanted.popleft(), errand, pure=False, retries=_RETRIES)
                under_way.append(task)
            yield from under_way.popleft().result()

    return fetch


def measure_group(groups: RowGroups, group: int, errand: Errand) -> list[Fetched]:
    """Measure row group number `group` of `groups` by `errand`; runs on a worker."""
    return run_errand(errand, groups.of_group(group))


class PackedFile(Struct, frozen=True):
    """Where a packed layer and its ledger were written, and what was packed."""

    path: Path
    ledger_path: Path
    packed: Packed


def _parquet(out: str | Path | RemoteFile) -> Stored:
    """Return where `out` lies. `UsageError`: a path that isn't called .parquet."""
    target = out if isinstance(out, RemoteFile) else stored_at(out)
    if isinstance(target, Path):
        ending_of(target, (".parquet",))
    return target


def pack_file(
    path: str | Path | RemoteFile,
    out: str | Path | None,
    *,
    options: ReadOptions,
    kind: LayerKind = LayerKind.FARMLAND,
    progress: Progress = silent,
) -> PackedFile:
    """Pack a file of receptors into `out`, by default `NAME.packed.parquet` beside it, or here for an address.

    `kind` and `options` say what `path` holds; `progress` hears of rows read.

    `InputError` or `OutputError` as `screen_files`.
    """
    stored = path if isinstance(path, RemoteFile) else stored_at(path)
    folder, inputs = (stored.parent, [stored]) if isinstance(stored, Path) else (Path(), [])
    target = Path(out) if out is not None else folder / f"{stored.stem}.packed.parquet"
    ending_of(target, (".parquet",))
    ledger_path = target.with_name(f"{target.stem}.ledger.csv")
    with whole_file(target, inputs, ledger_path.name) as temporary:
        packed = pack_layer(
            stored,
            temporary,
            kind=kind,
            options=options,
            shown_as=stored.name,
            progress=lambda rows: progress("读取整理", rows, None),
        )
        import_module("hmgeo.outputs.tables").write_entries(
            packed.ledger.entries, temporary.with_name(ledger_path.name)
        )
    return PackedFile(target, ledger_path, packed)
