"""Rasters, read by windows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hmgeo.errors import InputError, Place, Problem
from hmgeo.layers.catalog import file_sha256, shown_path
from hmgeo.records import Gates, Provenance, Raster

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hmgeo.vocabulary import Basis


def load_raster(
    path: Path,
    *,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    shown_as: str = "",
) -> Raster:
    """Open a raster of one band in any format of GDAL, and check that it says where it lies and what is void.

    Returns
    -------
    Raster
        Its windows are (rasterio Window, masked array) pairs, block by block.

    Raises
    ------
    InputError
        Missing or unreadable file, no CRS, no position, or whole numbers without a nodata value; all at once.
    """
    import rasterio  # noqa: PLC0415 -- most runs need no raster

    shown = shown_path(path, shown_as)
    crs, transform, height, width = _describe(path, Place(file=shown))

    def open_windows() -> Iterator[tuple[Any, Any]]:
        with rasterio.open(path) as dataset:
            for _, window in dataset.block_windows(1):
                yield window, dataset.read(1, window=window, masked=True)

    return Raster(
        name=name or path.stem,
        basis=basis,
        provenance=replace(provenance or Provenance(shown), path=shown, sha256=file_sha256(path)),
        crs=crs,
        transform=transform,
        height=height,
        width=width,
        open_windows=open_windows,
        gates=gates,
    )


def _describe(path: Path, place: Place) -> tuple[str, tuple[float, float, float, float, float, float], int, int]:
    """Return CRS, transform, height and width of a raster that passes the checks."""
    import rasterio  # noqa: PLC0415 -- as above
    from rasterio.errors import RasterioIOError  # noqa: PLC0415

    if not path.is_file():
        raise InputError(Problem("文件不存在", place, remedy="核对路径和文件名"))
    try:
        with rasterio.open(path) as dataset:
            problems = _problems(dataset, place)
            crs = dataset.crs.to_string() if dataset.crs else ""
            a, b, c, d, e, f = tuple(dataset.transform)[:6]
            height, width = int(dataset.height), int(dataset.width)
    except RasterioIOError as problem:
        raise InputError(
            Problem("不是可读取的栅格文件", place, remedy="核对文件内容，或用 QGIS 另存为 GeoTIFF（tif）")
        ) from problem
    if problems:
        raise InputError(problems)
    return crs, (a, b, c, d, e, f), height, width


def _problems(dataset: Any, place: Place) -> list[Problem]:  # noqa: ANN401 -- rasterio carries no types
    problems = []
    if not dataset.crs:
        problems.append(Problem("栅格没有坐标系", place, remedy="用 gdal_edit 或 QGIS 指定坐标系后重新保存"))
    if dataset.transform.is_identity:
        problems.append(Problem("栅格没有地理位置", place, remedy="核对是否缺少同名的 tfw 文件"))
    if dataset.nodata is None and not np.issubdtype(np.dtype(dataset.dtypes[0]), np.floating):
        problems.append(Problem("栅格没有无效值（nodata）", place, remedy="用 gdal_edit -a_nodata 或 QGIS 写明无效值"))
    return problems
