"""Pairs beyond one machine: the row groups of a packed file measured by Dask workers, merged here in their order.

The scheduling is Dask's: a task that fails or whose worker dies is done again, by another worker. The file must lie
where every worker finds it under the same path or address.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hmgeo.analysis.engine.elsewhere import run_errand
from hmgeo.errors import Place, Problem, UsageError
from hmgeo.layers.stream import RowGroups
from hmgeo.reference.machine import core_count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.elsewhere import Errand, Fetched
    from hmgeo.analysis.proximity import Fetch
    from hmgeo.records import Layer

    Floats = NDArray[np.float64]

LOCAL = "local"
_AHEAD_PER_THREAD = 2
_RETRIES = 3


@contextmanager
def cluster(scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler, or start workers on this machine; hand out the Dask client.

    Parameters
    ----------
    scheduler
        `tcp://HOST:PORT`, or `local` for one process on each core.

    Raises
    ------
    UsageError
        Dask isn't installed, or nobody answers.
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
    """Return what `measure_proximity` takes to have a packed layer measured by a cluster.

    Raises
    ------
    UsageError
        The layer isn't packed.
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
    """Measure one row group; runs on a worker."""
    return run_errand(errand, groups.of_group(group))
