"""The distance engine bare: pairs or counts of two files. Imports no geopandas, so that it starts at once."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from hmgeo.analysis.proximity import measure_proximity
from hmgeo.analysis.screen import COUNTED_RADII_M
from hmgeo.findings.columns import PAIRS_SCHEMA
from hmgeo.project.bare import load_bare
from hmgeo.project.folder import whole_file
from hmgeo.project.progress import silent
from hmgeo.project.sinks import ParquetSink

if TYPE_CHECKING:
    from hmgeo.analysis.proximity import Proximity
    from hmgeo.project.bare import BareFile
    from hmgeo.project.progress import Progress


def pairs_files(
    sources: BareFile,
    receptors: BareFile,
    out: str | Path,
    *,
    radius_m: float = 10_000.0,
    aggregate: bool = False,
    progress: Progress = silent,
) -> Proximity:
    """Measure the pairs of two files and write them as Parquet; with `aggregate` only counts per source.

    Raises
    ------
    InputError, UsageError, OutputError
        As `screen_files`.
    """
    positions, layer, _ = load_bare(sources, receptors)
    radii_m = (*(radius for radius in COUNTED_RADII_M if radius < radius_m), radius_m)
    with whole_file(Path(out), [sources.path, receptors.path]) as temporary:
        sink = nullcontext() if aggregate else ParquetSink(temporary, PAIRS_SCHEMA)
        with sink as pairs:
            proximity = measure_proximity(
                positions,
                layer,
                radii_m=radii_m,
                pairs=pairs,
                progress=lambda done: progress("测算距离", done, layer.feature_count),
            )
        if aggregate:
            pq.write_table(proximity.counts, temporary, compression="zstd")
    return proximity
