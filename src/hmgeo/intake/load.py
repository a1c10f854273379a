"""Files in, trustworthy layers out: sources with positions, receptors in batches, rasters by windows."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hmgeo.errors import Problem, UsageError
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
    from collections.abc import Iterator

    from geopandas import GeoDataFrame

    from hmgeo.vocabulary import Basis


__all__ = ["ReadOptions", "load_elevation", "load_positions", "load_raster", "load_receptors"]


def load_positions(
    path: Path | GeoDataFrame,
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
        Points, lines or areas; a GeoDataFrame is read as the GeoParquet that it would write.
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

    Examples
    --------
    >>> from hmgeo.project.start import demo_projects
    >>> from hmgeo.vocabulary import Basis, LayerKind
    >>> file = demo_projects()[0].parents[2] / "synthetic" / "qingcheng" / "water_stations.xlsx"
    >>> stations, _ = load_positions(file, kind=LayerKind.WATER_STATIONS, basis=Basis.SYNTHETIC)
    >>> stations.to_geopandas().crs.to_epsg()
    4490
    """
    with _as_file(path, name, shown_as) as (file, shown):
        opened = open_file(file, kind, options, shown)
        outcome = place_rows(opened, kind, options, are_receptors=False)
        check_cells(opened, outcome, kind)
        positions = Positions(
            name=name or file.stem,
            kind=kind,
            basis=basis,
            provenance=_provenance(file, provenance, opened.journal.file),
            table=positions_table(opened, outcome),
            attributes=attributes_table(opened),
            gates=gates,
            unread=opened.unread,
        )
        return positions, opened.journal.ledger()


def load_receptors(
    path: Path | GeoDataFrame,
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
    with _as_file(path, name, shown_as) as (file, shown):
        opened = open_file(file, kind, options, shown)
        outcome = place_rows(opened, kind, options, are_receptors=True)
        batches, gardens = receptor_batches(opened, outcome, kind)
        packed = packed_own(file)
        before = left_open_of(packed)
        errors_m = own_errors_m(opened, outcome)
        widest_m = max(errors_m.values(), default=0.0) if kind is LayerKind.FARMLAND else 0.0
        layer = Layer(
            name=name or file.stem,
            kind=kind,
            basis=basis,
            provenance=_provenance(file, provenance, opened.journal.file),
            open_batches=lambda: batches,
            gates=less_set_aside(gates, opened, outcome, kind, options.accept_set_aside, before),
            feature_count=sum(batch.num_rows for batch in batches),
            row_count=opened.raw.row_count,
            margin_m=max(outcome.shift_margin_m + widest_m, float(packed.get("margin_m", 0.0))),
            errors_m={} if kind is LayerKind.FARMLAND else errors_m,
            unread=opened.unread,
            left_open=len(rows_aside(opened, outcome, kind)) + before,
        )
        if gardens:
            beside = replace(
                layer, open_batches=lambda: gardens, feature_count=sum(batch.num_rows for batch in gardens)
            )
            layer = replace(layer, beside=beside)
        return layer, opened.journal.ledger()


@contextmanager
def _as_file(source: Path | GeoDataFrame, name: str, shown_as: str) -> Iterator[tuple[Path, str]]:
    """Yield a file and what it is called; a GeoDataFrame as the GeoParquet that it would write.

    Its named indexes are columns, as geopandas writes them; a column of mixed kinds is told as text.
    """
    if isinstance(source, Path):
        yield source, shown_as
        return
    if not hasattr(source, "to_parquet"):
        raise UsageError(Problem("只读文件路径或 GeoDataFrame", found=type(source).__name__, remedy="路径写成 Path(…)"))
    named = [level for level in source.index.names if level is not None and level not in source.columns]
    frame = (source.reset_index(level=named) if named else source).rename(columns=str)
    for column in frame.columns[[str(kind) == "object" for kind in frame.dtypes]]:
        cells = zip(frame[column], frame[column].isna(), strict=True)
        frame[column] = [None if is_blank else str(cell) for cell, is_blank in cells]
    with TemporaryDirectory(prefix="hmgeo-") as folder:
        file = Path(folder) / "GeoDataFrame.parquet"
        frame.to_parquet(file, index=False)
        yield file, shown_as or name or file.stem


def _provenance(path: Path, declared: Provenance | None, shown: str) -> Provenance:
    return replace(declared or Provenance(shown), path=shown, sha256=file_sha256(path))
