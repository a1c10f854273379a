"""The distance engine bare: pairs or counts of two files. Imports no geopandas, so that it starts at once.

The receptors are never held as a whole where that can be avoided: a packed file is read by the row groups that the
sources reach, a plain GeoPackage or GeoParquet in parts, other formats at once.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from hmgeo.analysis.land_areas import land_areas, with_land_areas
from hmgeo.analysis.proximity import measure_proximity
from hmgeo.errors import InputError, Place, Problem, UsageError
from hmgeo.layers.batchwise import PlainParts
from hmgeo.layers.load import ReadOptions
from hmgeo.layers.opening import open_parts
from hmgeo.layers.remote import RemoteFile, stored_at
from hmgeo.layers.stream import RowGroups, is_packed, stream_receptors
from hmgeo.project.bare import load_bare
from hmgeo.project.folder import whole_stored
from hmgeo.project.pairs_sink import CodedPairsSink
from hmgeo.project.progress import silent
from hmgeo.records import Ledger
from hmgeo.vocabulary import COUNTED_RADII_M

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hmgeo.analysis.proximity import Fetch, Proximity
    from hmgeo.layers.remote import Stored
    from hmgeo.project.bare import BareFile
    from hmgeo.project.progress import Progress
    from hmgeo.records import Layer


def pairs_files(  # noqa: PLR0913 -- one option for each thing the command may be told
    sources: BareFile,
    receptors: BareFile,
    out: str | Path | RemoteFile,
    *,
    radius_m: float = 10_000.0,
    aggregate: bool = False,
    clipped_area: bool = False,
    scheduler: str = "",
    progress: Progress = silent,
    tell: Callable[[str], None] = lambda _: None,
) -> Proximity:
    """Measure the pairs of two files and write them as Parquet; with `aggregate` only counts per source.

    Parameters
    ----------
    receptors, out
        The receptors, if Parquet, and what is written may lie at an address that fsspec knows (`stored_at`).
    clipped_area
        With `aggregate`: counts also tell the land under parcels and inside the circle, common ground once; measured by
        this process, whatever the scheduler.
    scheduler
        Address of a Dask scheduler, or `local`; empty to measure in this process. The bytes are the same.
    tell
        Hears in words how the receptors were read, and what packing them would save.

    Raises
    ------
    InputError, UsageError, OutputError
        As `screen_files`.
    """
    if clipped_area and not aggregate:
        raise UsageError(Problem("--clipped-area 须与 --aggregate 同用", remedy="点对文件里没有面积，加上 --aggregate"))
    positions, layer, _ = load_bare(sources, receptors, opener=open_receptors)
    radii_m = (*(radius for radius in COUNTED_RADII_M if radius < radius_m), radius_m)
    target = out if isinstance(out, RemoteFile) else stored_at(out)
    with whole_stored(target, [sources.path, receptors.path]) as temporary:
        sink = nullcontext() if aggregate else CodedPairsSink(temporary)
        with sink as pairs, _fetching(scheduler, layer) as fetch:
            proximity = measure_proximity(
                positions,
                layer,
                radii_m=radii_m,
                pairs=pairs,
                progress=lambda done: progress("测算距离", done, layer.feature_count),
                fetch=fetch,
            )
        if aggregate:
            counts = proximity.counts
            if clipped_area:
                total = positions.table.num_rows
                land = land_areas(positions, layer, radii_m, lambda done: progress("测算去重与圆内面积", done, total))
                counts = with_land_areas(counts, land)
            pq.write_table(counts, temporary, compression="zstd")
    for line in reading_told(layer, receptors.path.name):
        tell(line)
    return proximity


@contextmanager
def _fetching(scheduler: str, layer: Layer) -> Iterator[Fetch | None]:
    if not scheduler:
        yield None
        return
    from hmgeo.project.cluster import cluster, fetch_by  # noqa: PLC0415 -- only clusters need it

    with cluster(scheduler) as client:
        yield fetch_by(client, layer)


def open_receptors(path: Stored, **said: Any) -> tuple[Layer, Ledger]:  # noqa: ANN401 -- as `load_receptors`
    """Open receptors in the way that holds least in memory; takes what `load_receptors` takes.

    Raises
    ------
    InputError
        The file can't be used.
    """
    options = said.pop("options")
    if is_packed(path):
        if options != ReadOptions():
            remedy = "去掉图层、编号、坐标系等选项，或换用打包前的文件"
            raise InputError(Problem("工作格式文件已整理完毕，不再接受读取选项", Place(file=path.name), remedy=remedy))
        return stream_receptors(path, **said, fingerprint=False), Ledger()
    return open_parts(path, options=options, **said)


def reading_told(layer: Layer, name: str) -> list[str]:
    """Say in words how a layer was read by the passes so far."""
    opened = layer.open_batches
    if isinstance(opened, RowGroups):
        return [f"{name} 为工作格式：读取行组 {len(opened.read)} 个，共 {len(opened.boxes)} 个。"]
    if not isinstance(opened, PlainParts):
        return [f"{name} 整体读入内存；行数很多时请先 hmgeo layers pack {name}，内存不再随文件增长。"]
    befell = [f"{event} {count} 行" for event, count in opened.told.items()]
    lines = [f"{name} 读取时：{'、'.join(befell)}。"] if befell else []
    saving = f"先运行一次 hmgeo layers pack {name}，以后不再整理，只读污染源够得着的行组。"
    return [*lines, f"{name} 分批读取整理 {opened.rows} 行用了 {opened.seconds:.1f} 秒；{saving}"]
