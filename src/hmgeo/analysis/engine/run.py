"""The engine from end to end, for `hmgeo.analysis.proximity`, which imports it on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.analysis.engine.far import far_pass
from hmgeo.analysis.engine.passes import Wanted, fetched_pass, near_pass, without_neighbour
from hmgeo.analysis.engine.sources import Sources
from hmgeo.analysis.engine.tables import count_max_table, count_table, nearest_table
from hmgeo.analysis.engine.tally import Tally
from hmgeo.analysis.engine.threads import thread_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from hmgeo.analysis.engine.elsewhere import Errand, Fetched
    from hmgeo.records import Layer, Positions, Sink

    Floats = NDArray[np.float64]


def run(
    positions: Positions,
    receptors: Layer,
    radii_m: tuple[float, ...],
    *,
    pairs: Sink | None,
    reached: Sink | None,
    progress: Callable[[int], None] | None,
    threads: int,
    fetch: Callable[[Errand, Floats], Iterable[Fetched]] | None = None,
) -> tuple[pa.Table, pa.Table, pa.Table, int]:
    """Measure; parameters are those of `measure_proximity`, radii ascending. Returns the fields of `Proximity`."""
    sources = Sources(positions)
    tally = Tally(len(sources.ids), radii_m)
    wanted = Wanted(
        radii_m[-1],
        str(receptors.kind),
        pairs=pairs.write if pairs is not None else None,
        coded=bool(getattr(pairs, "takes_coded", False)),
        forgets=bool(getattr(pairs, "forgets", False)),
        reached=reached.write if reached is not None else None,
        progress=progress,
    )
    if reached is None:  # a packed layer tells all its classes, also of what isn't read
        tally.class_codes(pa.array(getattr(receptors.open_batches, "classes", ()), pa.string()))
    workers = thread_count(threads)
    if fetch is not None and len(sources.ids):
        rows, corners = fetched_pass(sources, tally, wanted, fetch)
    else:
        rows, corners = near_pass(sources, receptors, tally, wanted, workers)
    alone = without_neighbour(tally)
    far = far_pass(sources, receptors, alone, corners, workers) if len(alone) else []
    return (
        count_table(tally, sources.ids, radii_m),
        nearest_table(tally, far, sources),
        count_max_table(tally, sources.ids),
        rows,
    )
