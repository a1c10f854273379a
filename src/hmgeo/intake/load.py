"""Files in, trustworthy layers out: sources with positions, receptors in batches, rasters by windows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hmgeo.intake.catalog import file_sha256
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.formats.raster import load_elevation, load_raster
from hmgeo.intake.formats.vectors import left_open_of, packed_own
from hmgeo.intake.pipeline import open_file, place_rows
from hmgeo.intake.quality import check_cells
from hmgeo.intake.receptors import less_set_aside, own_errors_m, receptor_batches, rows_aside
from hmgeo.intake.sources import attributes_table, positions_table
from hmgeo.records import Gates, Layer, Ledger, Positions, Provenance
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.vocabulary import Basis


__all__ = ["ReadOptions", "load_elevation", "load_positions", "load_raster", "load_receptors"]


def load_positions(
    path: Path,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> tuple[Positions, Ledger]:
    """Read sources: every row once, with where it may be or why that is unknown.

    Parameters
    ----------
    path
        csv, xlsx, gpkg, geojson, shp or parquet; points, lines or areas.
    kind, basis, gates, provenance
        As the project declares them. The path and SHA-256 of `provenance` are filled in here.
    name
        The layer's name; the file's stem where empty.
    options
        What the file doesn't say itself.
    shown_as
        The path as the user wrote it, for provenance and ledger.

    Returns
    -------
    positions, ledger
        lon/lat on CGCS2000 (EPSG:4490), uncertainty in metres.

    Raises
    ------
    InputError
        The file as a whole can't be used. Single bad rows don't raise: they are `rejected` or `not_located`.
    """
    opened = open_file(path, kind, options, shown_as)
    outcome = place_rows(opened, kind, options, are_receptors=False)
    check_cells(opened, outcome, kind)
    table = positions_table(opened, outcome)
    positions = Positions(
        name=name or path.stem,
        kind=kind,
        basis=basis,
        provenance=_provenance(path, provenance, opened.journal.file),
        table=table,
        attributes=attributes_table(opened),
        gates=gates,
        unread=opened.unread,
    )
    return positions, opened.journal.ledger()


def load_receptors(
    path: Path,
    *,
    kind: LayerKind,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 -- frozen
    shown_as: str = "",
) -> tuple[Layer, Ledger]:
    """Read receptors: mended shapes in Arrow batches of 50,000; what is set aside stands in the ledger.

    Parameters are those of `load_positions`. geopandas is not imported, but for a shapefile.

    Raises
    ------
    InputError
        The file as a whole can't be used, or holds no usable feature.
    """
    opened = open_file(path, kind, options, shown_as)
    outcome = place_rows(opened, kind, options, are_receptors=True)
    batches = receptor_batches(opened, outcome, kind)
    packed = packed_own(path)
    before = left_open_of(packed)
    errors_m = own_errors_m(opened, outcome)
    widest_m = max(errors_m.values(), default=0.0) if kind is LayerKind.FARMLAND else 0.0
    layer = Layer(
        name=name or path.stem,
        kind=kind,
        basis=basis,
        provenance=_provenance(path, provenance, opened.journal.file),
        open_batches=lambda: batches,
        gates=less_set_aside(gates, opened, outcome, kind, options.accept_set_aside, before),
        feature_count=sum(batch.num_rows for batch in batches),
        row_count=opened.raw.row_count,
        margin_m=max(outcome.shift_margin_m + widest_m, float(packed.get("margin_m", 0.0))),
        errors_m={} if kind is LayerKind.FARMLAND else errors_m,
        unread=opened.unread,
        left_open=len(rows_aside(opened, outcome, kind)) + before,
    )
    return layer, opened.journal.ledger()


def _provenance(path: Path, given: Provenance | None, shown: str) -> Provenance:
    return replace(given or Provenance(shown), path=shown, sha256=file_sha256(path))
