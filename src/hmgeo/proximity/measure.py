"""Which receptors lie within the radii of which sources: batches in, pairs to a sink, measures out.

One pass over the receptors finds pairs, counts, areas and the nearest receptor by class. Sources with nothing within
reach cost a second pass for the nearest receptor however far. The work is done in `hmgeo.proximity`, which is
imported on first use: it loads LLVM.
Distances are rounded to 0.1 mm before they are compared with a radius; radii are inclusive.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
from msgspec import Struct, field

from hmgeo.errors import Problem, UsageError
from hmgeo.records import Layer, Positions, Record, Sink
from hmgeo.reference import machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from hmgeo.proximity.elsewhere import Errand, Fetched


Fetch: TypeAlias = "Callable[[Errand, NDArray[np.float64]], Iterable[Fetched]]"
"""Takes an errand and (n, 4) lon/lat boxes; units that meet none of them needn't be measured."""


class TableSink(Struct):
    """Keeps the batches in memory, for small work and for notebooks."""

    schema: pa.Schema
    batches: list[pa.RecordBatch] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        """Keep one `batch`."""
        self.batches.append(batch)

    def table(self) -> pa.Table:
        """Return all batches as one table."""
        return pa.Table.from_batches(self.batches, self.schema)


class Proximity(Record, frozen=True):
    """What was measured. Only located sources appear.

    Parameters
    ----------
    radii_m
        Ascending; the last is the radius of the search.
    counts
        `COUNTS_SCHEMA`: every located source x radius x class, zeros included.
    nearest
        `NEAREST_SCHEMA`: per source a row of class `all` (however far) and a row for each class found within reach.
        bearing_deg is null where shapes touch.
    count_max
        source_id, class, count: within the search radius plus the position's uncertainty.
    """

    radii_m: tuple[float, ...]
    counts: pa.Table
    nearest: pa.Table
    count_max: pa.Table
    receptor_count: int


def measure_proximity(  # noqa: PLR0913 -- each may be left out
    positions: Positions,
    receptors: Layer,
    *,
    radii_m: Sequence[float],
    pairs: Sink | None = None,
    reached: Sink | None = None,
    progress: Callable[[int], None] | None = None,
    threads: int = 0,
    fetch: Fetch | None = None,
    nearest: bool = True,
) -> Proximity:
    """Measure which receptors lie near which sources.

    Parameters
    ----------
    positions
        Sources; rows whose status is not assessed are left out.
    receptors
        Layer of `RECEPTOR_SCHEMA` batches in lon/lat; read once, or twice where a source has none within reach.
    radii_m
        Radii to count at; the largest is the search radius.
    pairs
        Takes every pair within the search radius (`PAIRS_SCHEMA`), by receptor and then source, both in input order.
    reached
        Takes every receptor (`RECEPTORS_SCHEMA`) with the sources that reach it.
    progress
        Called with the number of receptors done so far.
    threads
        0: one for each core. The result doesn't depend on it, nor on how the layer's batches are cut.
    fetch
        Has the units measured elsewhere, by `hmgeo.proximity.elsewhere.run_errand`, and returns them in the
        order of the layer; the result is the same. It then writes coded pairs, and `reached` stays silent.
    nearest
        False: `Proximity.nearest` stays empty, and the layer is read once.

    Returns
    -------
    Proximity
        Distances in metres on CGCS2000, rounded to 0.1 mm; areas of whole parcels in hectares, official where the
        layer carries an official area, else ellipsoidal as drawn.

    Raises
    ------
    UsageError
        If no radius is given or one is not a positive number.
    """
    radii = tuple(sorted(set(map(float, radii_m))))
    if not radii or not all(np.isfinite(radius) and radius > 0 for radius in radii):
        raise UsageError(Problem("半径须为正数", found=str(list(radii_m)), allowed="例如 10km、500m"))
    machine.wait()
    engine = import_module("hmgeo.proximity.run")
    given = {"pairs": pairs, "reached": reached, "progress": progress, "threads": threads, "fetch": fetch}
    return Proximity(radii, *engine.run(positions, receptors, radii, **given, wants_nearest=nearest))
