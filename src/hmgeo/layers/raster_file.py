"""The only door to raster files: GDAL sees a driver that the first bytes name, one file, and nothing beside it.

GDAL opens what it recognises by content, whatever the name: a VRT named `dem.tif` makes it read files and addresses
that the VRT names. So the driver is chosen here and no other may try, files beside the raster (.aux.xml, .ovr, .msk,
.tfw) are not looked at, and one that would change what cells mean is refused, not passed over. Only the .prj of an
ASCII grid is read, which has no other place for its CRS.
"""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hmgeo.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""No land lies outside: the Dead Sea's shore is at -430 m, open mines included, Qomolangma at 8,849 m."""

_ALLOWED = "GeoTIFF（含 COG）、Erdas Imagine（img）、ASCII Grid（asc）、SRTM（hgt）"
_GDAL_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": False,
    "GTIFF_GEOREF_SOURCES": "INTERNAL",
}
_MARKS = {
    b"II*\x00": "GTiff",
    b"MM\x00*": "GTiff",
    b"II+\x00": "GTiff",
    b"MM\x00+": "GTiff",
    b"EHFA_HEADER_TAG": "HFA",
}
_ASCII_GRID = re.compile(rb"(?:ncols|nrows|xllcorner|yllcorner|xllcenter|yllcenter|dx|dy|cellsize)[ \t]", re.IGNORECASE)
_SRTM_NAME = re.compile(r"[NS]\d{2}[EW]\d{3}(\.\w+)?\.hgt", re.IGNORECASE)
_SRTM_BYTES = {2 * rows * columns for rows, columns in ((1201, 1201), (3601, 3601), (3601, 1801), (7201, 7201))}
_OTHERS = {
    b"PK\x03\x04": "压缩包（zip）",
    b"\x1f\x8b": "压缩包（gz）",
    b"\x89HDF": "HDF5 或 netCDF",
    b"CDF": "netCDF",
    b"GRIB": "GRIB",
    b"SQLite format 3": "GeoPackage 或 SQLite",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x00\x00\x00\x0cjP": "JPEG 2000",
}
_HEAD_BYTES = 1024
_SCAN_CELLS = 1 << 22
_HFA_ELSEWHERE = b"ExternalRasterDMS"
_ASIDE = re.compile(rb"<(Scale|Offset|UnitType|NoDataValue|SRS|GeoTransform)\b")
_METRES = {
    **dict.fromkeys(("", "m", "metre", "metres", "meter", "meters", "米"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot", "英尺"), 0.3048),
    **dict.fromkeys(("us-ft", "ftus", "us survey foot"), 1200 / 3937),
    **dict.fromkeys(("dm", "decimetre", "decimeter", "分米"), 0.1),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "厘米"), 0.01),
    **dict.fromkeys(("mm", "millimetre", "millimeter", "毫米"), 0.001),
    **dict.fromkeys(("km", "kilometre", "kilometer", "千米"), 1000.0),
}
"""Metres in a unit, by the words that files state."""


@dataclass(frozen=True, slots=True)
class RasterFile:
    """A raster file that passed the door.

    Parameters
    ----------
    driver
        The one driver of GDAL that may open it.
    factor_m, shift_m
        Height in metres = cell * factor_m + shift_m: the scale, offset and unit that the file states.
    """

    path: Path
    driver: str
    place: Place
    factor_m: float = 1.0
    shift_m: float = 0.0

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Open it here and there; cells are read by `cells`.

        Raises
        ------
        rasterio.errors.RasterioIOError
            Its first bytes promised more than the rest keeps.
        """
        import rasterio  # noqa: PLC0415 -- most runs need no raster

        with _alone():
            dataset = rasterio.open(self.path, driver=self.driver)
        with closing(dataset):
            yield dataset

    def cells(self, view: Any, window: Any, **options: Any) -> Any:  # noqa: ANN401 -- rasterio carries no types
        """Read a window of the one band, of the dataset or of what warps it.

        Raises
        ------
        InputError
            The file ends too early or its cells don't unpack.
        """
        from rasterio.errors import RasterioError  # noqa: PLC0415 -- as above

        try:
            with _alone():
                return view.read(1, window=window, **options)
        except RasterioError as problem:
            remedy = "文件可能没有传完：核对大小，重新下载或复制"
            raise InputError(Problem("栅格的格值读不出来", self.place, remedy=remedy)) from problem

    def heights(self, values: Any) -> Any:  # noqa: ANN401 -- masked or plain, as it came
        """Return cells in metres; as they are where the file states neither scale, offset nor another unit."""
        if not self.is_converted:
            return values
        return (values.astype(np.float64) * self.factor_m + self.shift_m).astype(np.float32)

    @property
    def is_converted(self) -> bool:
        """Whether cells are anything else than metres."""
        return (self.factor_m, self.shift_m) != (1.0, 0.0)


def recognise(path: Path, place: Place) -> RasterFile:
    """Return a file with the one driver that may open it.

    Raises
    ------
    InputError
        It isn't there, is of no kind that is taken, or doesn't stand alone.
    """
    if path.absolute().as_posix().startswith("/vsi"):
        raise InputError(Problem("不读 GDAL 虚拟路径（/vsi…）", place, remedy="下载或解压到本机，写文件本身的路径"))
    if not path.is_file():
        raise InputError(Problem("文件不存在", place, remedy="核对路径和文件名"))
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    driver = next((name for mark, name in _MARKS.items() if head.startswith(mark)), "")
    if _ASCII_GRID.match(head):
        driver = "AAIGrid"
    elif not driver and _SRTM_NAME.fullmatch(path.name) and path.stat().st_size in _SRTM_BYTES:
        driver = "SRTMHGT"
    if not driver:
        found = "VRT（指向别处数据的说明文件）" if b"<VRTDataset" in head else ""
        found = found or next((name for mark, name in _OTHERS.items() if head.startswith(mark)), "")
        remedy = f"核对来源后转成独立的 GeoTIFF：{translate(path)}"
        raise InputError(Problem("不是可读取的栅格文件", place, found, _ALLOWED, remedy))
    aside = _beside(path, driver)
    if aside:
        remedy = f"把它们一并写进新的 GeoTIFF：{translate(path)}"
        raise InputError(Problem("栅格的一部分在别的文件里，不能只读这一个", place, aside, remedy=remedy))
    return RasterFile(path.absolute(), driver, place)


def translate(path: Path, said: str = "") -> str:
    """Return the line that makes a GeoTIFF of its own of a raster."""
    return f'gdal_translate -of GTiff {said}{" " if said else ""}"{path.name}" "{path.stem}_new.tif"'


def in_metres(dataset: Any, file: RasterFile) -> tuple[RasterFile, list[Problem]]:  # noqa: ANN401 -- as above
    """Return the file with what its tags say of its cells, and what is wrong with that."""
    problems: list[Problem] = []
    if dataset.count != 1:
        remedy = f"只留高程那一个波段：{translate(file.path, '-b 1')}"
        problems.append(Problem("高程栅格须只有一个波段", file.place, f"{dataset.count} 个波段", "1 个", remedy))
    unit = (dataset.units[0] or "").strip()
    scale, offset = float(dataset.scales[0]), float(dataset.offsets[0])
    unit_m = _METRES.get(unit.casefold())
    if unit_m is None:
        allowed = "、".join(word for word in _METRES if word)
        remedy = "换算为米后用 gdal_edit -units m 写明单位"
        problems.append(Problem("高程的单位看不懂", file.place, unit, allowed, remedy))
    if scale == 0 or not np.isfinite([scale, offset]).all():
        remedy = "用 gdal_edit -scale、-offset 写明比例和偏移"
        problems.append(Problem("栅格标明的比例或偏移不能用", file.place, f"{scale:g}、{offset:g}", remedy=remedy))
    if problems:
        return file, problems
    metres = float(unit_m or 1.0)
    return replace(file, factor_m=scale * metres, shift_m=offset * metres), []


def impossible_heights(dataset: Any, file: RasterFile) -> list[Problem]:  # noqa: ANN401 -- as above
    """Read every cell once and return what can't be the height of land: voids under another number, another unit.

    Raises
    ------
    InputError
        As `RasterFile.cells`.
    """
    from rasterio.windows import Window  # noqa: PLC0415 -- as above

    lowest, highest = np.inf, -np.inf
    block_rows = dataset.block_shapes[0][0]
    rows = max(block_rows, _SCAN_CELLS // dataset.width // block_rows * block_rows)
    for row in range(0, dataset.height, rows):
        window = Window(0, row, dataset.width, min(rows, dataset.height - row))
        held = file.cells(dataset, window, masked=True).compressed()
        if held.size:  # not-a-number passes by: min(x, nan) is x
            lowest = min(lowest, float(np.fmin.reduce(held)))
            highest = max(highest, float(np.fmax.reduce(held)))
    if lowest > highest:
        return []
    ends_m = {cell: cell * file.factor_m + file.shift_m for cell in (lowest, highest)}
    wrong = [cell for cell, height_m in ends_m.items() if not LOWEST_M <= height_m <= HIGHEST_M]
    if not wrong:
        return []
    found = "、".join(f"{ends_m[cell]:.10g} m" for cell in wrong)
    remedy = (
        f"若是无效值：{translate(file.path, f'-a_nodata {wrong[0]:.10g}')}；"
        f"若单位不是米：换算为米后用 gdal_edit -units m 写明"
    )
    return [Problem("有不可能的高程", file.place, found, f"{LOWEST_M:g} 至 {HIGHEST_M:g} m", remedy)]


def _alone() -> Any:  # noqa: ANN401 -- as above
    """Return what keeps GDAL from files beside the raster.

    Never held across a yield: rasterio keeps these settings by thread, not by generator.
    """
    from rasterio import Env  # noqa: PLC0415 -- as above

    return Env(**_GDAL_OPTIONS)


def _beside(path: Path, driver: str) -> str:
    """Return what lies in other files and changes what cells mean; statistics and overviews don't."""
    aux = path.with_name(f"{path.name}.aux.xml")
    if aux.is_file():
        said = sorted({mark.decode() for mark in _ASIDE.findall(aux.read_bytes())})
        if said:
            return f"{aux.name}：{'、'.join(said)}"
    mask = path.with_name(f"{path.name}.msk")
    if mask.is_file():
        return mask.name
    if driver == "HFA" and _holds(path, _HFA_ELSEWHERE):
        return "ige"
    return ""


def _holds(path: Path, word: bytes) -> bool:
    """Tell whether a file holds a word anywhere."""
    tail = b""
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            if word in tail + chunk:
                return True
            tail = chunk[-len(word) :]
    return False
