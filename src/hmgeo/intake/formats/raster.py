"""Rasters read by windows, through the only door that GDAL is let in by.

GDAL opens what it recognises by content, whatever the name: a VRT named `dem.tif` makes it read files and addresses
that the VRT names. So the driver is chosen here and no other may try, files beside the raster (.aux.xml, .ovr, .msk,
.tfw) are not looked at, and one that would change what cells mean is refused, not passed over. Only the .prj of an
ASCII grid is read, which has no other place for its CRS.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem, raise_problems
from hmgeo.geo.ellipsoid import ELLIPSOID, local_metric_crs
from hmgeo.intake.catalog import file_sha256, grid_members, shown_path
from hmgeo.records import Gates, Ledger, LedgerEntry, Provenance, Raster
from hmgeo.vocabulary import Basis, expression
from hmgeo.words import say

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""No land lies outside: the Dead Sea's shore is at -430 m, open mines included, Qomolangma at 8,849 m."""

_ALLOWED = "GeoTIFF（含 COG）、Erdas Imagine（img）、ASCII Grid（asc）、SRTM（hgt）"
_GDAL_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": False,
    "GTIFF_GEOREF_SOURCES": "INTERNAL",
}
_MARKS = {b"II*\x00": "GTiff", b"MM\x00*": "GTiff", b"II+\x00": "GTiff", b"MM\x00+": "GTiff", b"EHFA_HEADER_TAG": "HFA"}
_ASCII_GRID = expression(rb"(?:ncols|nrows|xllcorner|yllcorner|xllcenter|yllcenter|dx|dy|cellsize)[ \t]", re.IGNORECASE)
_SRTM_NAME = expression(r"[NS]\d{2}[EW]\d{3}(\.\w+)?\.hgt", re.IGNORECASE)
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
_ASIDE = expression(rb"<(Scale|Offset|UnitType|NoDataValue|SRS|GeoTransform)\b")
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


class _RasterFile(Struct, frozen=True):
    """A raster file that passed the door, with its one driver of GDAL; height in metres = cell * factor_m + shift_m."""

    path: Path
    driver: str
    place: Place
    factor_m: float = 1.0
    shift_m: float = 0.0

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Open it here and there; rasterio's error goes on where its first bytes promised more than the rest keeps."""
        import rasterio  # noqa: PLC0415 -- most runs need no raster

        with _alone():
            dataset = rasterio.open(self.path, driver=self.driver)
        with closing(dataset):
            yield dataset

    def cells(self, view: Any, window: Any, **options: Any) -> Any:  # noqa: ANN401 -- rasterio carries no types
        """Read a window of the one band, of the dataset or of what warps it; refuse what ends too early."""
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


def _recognise(path: Path, place: Place) -> _RasterFile:
    """Return a file with the one driver that may open it; refuse what isn't taken or doesn't stand alone."""
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
        kind = "VRT（指向别处数据的说明文件）" if b"<VRTDataset" in head else ""
        kind = kind or next((name for mark, name in _OTHERS.items() if head.startswith(mark)), "")
        remedy = f"核对来源后转成独立的 GeoTIFF：{_translate(path)}"
        raise InputError(Problem("不是可读取的栅格文件", place, kind, _ALLOWED, remedy))
    aside = _beside(path, driver)
    if aside:
        remedy = f"把它们一并写进新的 GeoTIFF：{_translate(path)}"
        raise InputError(Problem("栅格的一部分在别的文件里，不能只读这一个", place, aside, remedy=remedy))
    return _RasterFile(path.absolute(), driver, place)


def _translate(path: Path, options: str = "") -> str:
    """Return the line that makes a GeoTIFF of its own of a raster."""
    return f'gdal_translate -of GTiff {options}{" " if options else ""}"{path.name}" "{path.stem}_new.tif"'


def _in_metres(dataset: Any, file: _RasterFile) -> tuple[_RasterFile, list[Problem]]:  # noqa: ANN401 -- as above
    """Return the file with what its tags say of its cells, and what is wrong with that."""
    problems: list[Problem] = []
    if dataset.count != 1:
        remedy = f"只留高程那一个波段：{_translate(file.path, '-b 1')}"
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


def _impossible_heights(dataset: Any, file: _RasterFile) -> list[Problem]:  # noqa: ANN401 -- as above
    """Read every cell once and return what can't be the height of land: voids under another number, another unit."""
    from rasterio.windows import Window  # noqa: PLC0415 -- as above

    lowest, highest = np.inf, -np.inf
    block_rows = dataset.block_shapes[0][0]
    rows = max(block_rows, _SCAN_CELLS // dataset.width // block_rows * block_rows)
    for row in range(0, dataset.height, rows):
        window = Window(0, row, dataset.width, min(rows, dataset.height - row))
        heights = file.cells(dataset, window, masked=True).compressed()
        if heights.size:  # not-a-number passes by: min(x, nan) is x
            lowest = min(lowest, float(np.fmin.reduce(heights)))
            highest = max(highest, float(np.fmax.reduce(heights)))
    if lowest > highest:
        return []
    ends_m = {cell: cell * file.factor_m + file.shift_m for cell in (lowest, highest)}
    wrong = [cell for cell, height_m in ends_m.items() if not LOWEST_M <= height_m <= HIGHEST_M]
    if not wrong:
        return []
    shown = "、".join(f"{ends_m[cell]:.10g} m" for cell in wrong)
    remedy = (
        f"若是无效值：{_translate(file.path, f'-a_nodata {wrong[0]:.10g}')}；"
        f"若单位不是米：换算为米后用 gdal_edit -units m 写明"
    )
    return [Problem("有不可能的高程", file.place, shown, f"{LOWEST_M:g} 至 {HIGHEST_M:g} m", remedy)]


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
        tags = sorted({mark.decode() for mark in _ASIDE.findall(aux.read_bytes())})
        if tags:
            return f"{aux.name}：{'、'.join(tags)}"
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


Transform = tuple[float, float, float, float, float, float]

BLOCK_CELLS = 256
"""Rows and columns of the windows of a grid that is warped or put together while it is read."""

RASTER_SUFFIXES = (".tif", ".tiff", ".img", ".hgt", ".asc", ".vrt")
"""What is taken for a raster by its name; whether it may be read, its first bytes tell."""

TILE_SUFFIXES = (".tif", ".tiff", ".img", ".hgt", ".asc", ".zip")


def _own_windows(file: _RasterFile) -> Iterator[tuple[Any, Any]]:
    with file.opened() as dataset:
        for _, window in dataset.block_windows(1):
            yield window, file.heights(file.cells(dataset, window, masked=True))


def load_elevation(
    path: Path,
    *,
    basis: Basis,
    name: str = "",
    gates: Gates = Gates(),  # noqa: B008 -- frozen
    provenance: Provenance | None = None,
    shown_as: str = "",
) -> tuple[Raster, Ledger]:
    """Open heights as one north-up grid in metres.

    `InputError`: missing or unreadable file, a format that isn't taken, no CRS, no position, whole numbers without a
    nodata value, an unknown unit, heights that no land has, for every tile at once; tiles of different CRS or cell
    size; no tile in the folder.

    A single north-up raster in metres comes as it is, cell for cell, with the scale, offset and unit applied that it
    states. South-up files are turned without change; tiles are put together, the first in the order of names winning
    where they overlap; geographic ones are warped (bilinear) to a transverse Mercator in metres about their middle
    meridian. The ledger says which.

    Parameters
    ----------
    path
        A raster, or a folder of tiles that share a CRS and a cell size.
    basis, gates, provenance, shown_as
        As in `load_positions`.
    name
        The file's stem, or the folder's, where empty.
    """
    shown = shown_path(path, shown_as)
    sources = _sources(path, shown)
    grids = [source.grid for source in sources]
    entries = [_conversion(source.file) for source in sources if source.file.is_converted]
    if len(sources) == 1 and grids[0].is_north_up and grids[0].is_metric and not path.is_dir():
        grid, windows = grids[0], partial(_own_windows, sources[0].file)
    else:
        grid, resampling = _target_grid(grids)
        windows = partial(_warped_windows, [source.file for source in sources], grid, resampling)
        entries.append(_entry(shown, grids, grid, resampling))
    origin = replace(provenance or Provenance(shown), path=shown, sha256=_sha256(path, sources))
    raster = Raster(name or path.stem, basis, origin, grid.crs, grid.transform, grid.height, grid.width, windows, gates)
    return raster, Ledger(tuple(entries))


class _Grid(Struct, frozen=True):
    """A raster's shape and place."""

    crs: str
    transform: Transform
    height: int
    width: int
    is_metric: bool = True

    @property
    def is_north_up(self) -> bool:
        a, _, _, _, e, _ = self.transform
        return a > 0 and e < 0

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        a, _, c, _, e, f = self.transform
        x, y = (c, c + a * self.width), (f, f + e * self.height)
        return min(x), min(y), max(x), max(y)


class _Source(Struct, frozen=True):
    """A raster that passed the checks, and where it lies."""

    grid: _Grid
    file: _RasterFile


def _sources(path: Path, shown: str) -> list[_Source]:
    """Describe every tile; all faults at once."""
    if not path.is_dir():
        return [_describe(path, Place(file=shown))]
    tiles = sorted(tile for tile in path.iterdir() if tile.suffix.lower() in TILE_SUFFIXES)
    if not tiles:
        allowed = "、".join(TILE_SUFFIXES)
        raise InputError(Problem("文件夹中没有高程图幅", Place(file=shown), allowed=allowed, remedy="核对路径"))
    sources: list[_Source] = []
    problems: list[Problem] = []
    for tile in tiles:
        try:
            sources.append(_describe(tile, Place(file=f"{shown}/{tile.name}")))
        except InputError as error:
            problems += error.problems
    for source in sources:
        grid, first = source.grid, sources[0].grid
        cells = np.abs([grid.transform[0], grid.transform[4]])
        if grid.crs != first.crs or not np.allclose(cells, np.abs([first.transform[0], first.transform[4]])):
            what = f"{grid.crs}，格 {cells[0]:g}×{cells[1]:g}"
            problems.append(Problem("各图幅坐标系或格的大小不同", source.file.place, found=what, remedy="统一后重试"))
    raise_problems(InputError, problems)
    return sources


def _target_grid(sources: Sequence[_Grid]) -> tuple[_Grid, str]:
    """Return the grid to read everything on, and how cells are resampled."""
    from rasterio.warp import transform_bounds  # noqa: PLC0415 -- most runs need no raster

    sides = list(zip(*(source.bounds for source in sources), strict=True))
    west, south, east, north = min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])
    first = sources[0]
    a, e = abs(first.transform[0]), abs(first.transform[4])
    height, width = round((north - south) / e), round((east - west) / a)
    if first.is_metric:
        return _Grid(first.crs, (a, 0.0, west, 0.0, -e, north), height, width), "nearest"
    crs = local_metric_crs((west + east) / 2)
    cell_m = _square_cell_m(first, ((west + east) / 2, (south + north) / 2))
    left, bottom, right, top = transform_bounds(first.crs, crs, west, south, east, north, densify_pts=21)
    height, width = int(np.ceil((top - bottom) / cell_m)), int(np.ceil((right - left) / cell_m))
    return _Grid(crs, (cell_m, 0.0, left, 0.0, -cell_m, top), height, width), "bilinear"


def _square_cell_m(source: _Grid, middle: tuple[float, float]) -> float:
    """Return the side of a square as large as a geographic cell in the middle of the data, to 0.1 m."""
    lon, lat = middle
    a, e = abs(source.transform[0]), abs(source.transform[4])
    _, _, sides_m = ELLIPSOID.inv([lon, lon], [lat, lat], [lon + a, lon], [lat, lat + e])
    return max(0.1, round(float(np.sqrt(sides_m[0] * sides_m[1])), 1))


def _warped_windows(files: Sequence[_RasterFile], grid: _Grid, resampling: str) -> Iterator[tuple[Any, Any]]:
    """Yield the grid's windows block by block from the top, each put together from the tiles; only one is held."""
    from contextlib import ExitStack  # noqa: PLC0415 -- as above

    from affine import Affine  # noqa: PLC0415 -- as above
    from rasterio.enums import Resampling  # noqa: PLC0415 -- as above
    from rasterio.vrt import WarpedVRT  # noqa: PLC0415 -- as above
    from rasterio.windows import Window  # noqa: PLC0415 -- as above

    options = {
        "crs": grid.crs,
        "transform": Affine(*grid.transform),
        "height": grid.height,
        "width": grid.width,
        "resampling": Resampling[resampling],
        "dtype": "float32",
        "nodata": float("nan"),
    }
    with ExitStack() as stack:
        opened = [stack.enter_context(file.opened()) for file in files]
        views = [stack.enter_context(WarpedVRT(dataset, **options)) for dataset in opened]
        for row in range(0, grid.height, BLOCK_CELLS):
            for column in range(0, grid.width, BLOCK_CELLS):
                rows, columns = min(BLOCK_CELLS, grid.height - row), min(BLOCK_CELLS, grid.width - column)
                window = Window(column, row, columns, rows)
                values = np.full((rows, columns), np.nan, np.float32)
                for view, file in zip(views, files, strict=True):
                    values = np.where(np.isnan(values), file.heights(file.cells(view, window)), values)
                yield window, np.ma.masked_invalid(values)


def _entry(shown: str, sources: Sequence[_Grid], grid: _Grid, resampling: str) -> LedgerEntry:
    done = []
    if len(sources) > 1:
        done.append(f"{len(sources)} 幅拼接")
    if not all(source.is_north_up for source in sources):
        done.append("转为正北朝上")
    if resampling == "bilinear":
        done.append(say("grid_warped", crs=grid.crs, cell_m=grid.transform[0]))
    reason = "坡度、起伏度和流向须在正北朝上的米制格网上计算"
    return LedgerEntry(shown, value=sources[0].crs, event="高程已换算", reason=reason, action="，".join(done) or "原样")


def _conversion(file: _RasterFile) -> LedgerEntry:
    shift = f" {'+' if file.shift_m > 0 else '-'} {abs(file.shift_m):g}" if file.shift_m else ""
    action = f"高程（米）= 格值 × {file.factor_m:g}{shift}"
    return LedgerEntry(file.place.file, event="高程已换算", reason="文件标明了比例、偏移或单位", action=action)


def _sha256(path: Path, sources: Sequence[_Source]) -> str:
    """Return the hash of the file, or of the concatenated tiles in the order of their names."""
    if not path.is_dir():
        return file_sha256(path)
    digest = hashlib.sha256()
    for source in sources:
        for member in grid_members(source.file.path):
            digest.update(member.read_bytes())
    return digest.hexdigest()


def _describe(path: Path, place: Place) -> _Source:
    """Return a raster that passes the checks, every cell read once."""
    from rasterio.errors import RasterioIOError  # noqa: PLC0415 -- as above

    file = _recognise(path, place)
    try:
        with file.opened() as dataset:
            file, problems = _in_metres(dataset, file)
            problems += _problems(dataset, file)
            if not problems:
                problems += _impossible_heights(dataset, file)
            crs = dataset.crs.to_string() if dataset.crs else ""
            is_metric = bool(dataset.crs and dataset.crs.is_projected and dataset.crs.linear_units_factor[1] == 1.0)
            a, b, c, d, e, f = tuple(dataset.transform)[:6]
            height, width = int(dataset.height), int(dataset.width)
    except RasterioIOError as problem:
        remedy = f"核对文件内容，或另存为 GeoTIFF：{_translate(path)}"
        raise InputError(Problem("不是可读取的栅格文件", place, remedy=remedy)) from problem
    raise_problems(InputError, problems)
    return _Source(_Grid(crs, (a, b, c, d, e, f), height, width, is_metric), file)


def _problems(dataset: Any, file: _RasterFile) -> list[Problem]:  # noqa: ANN401 -- rasterio carries no types
    problems, place = [], file.place
    if not dataset.crs:
        remedy = f"写明坐标系，如 {_translate(file.path, '-a_srs EPSG:4547')}"
        problems.append(Problem("栅格没有坐标系", place, remedy=remedy))
    if dataset.transform.is_identity:
        remedy = f"旁边有 tfw 文件时把它写进去：{_translate(file.path)}"
        problems.append(Problem("栅格没有地理位置", place, remedy=remedy))
    if dataset.transform.b or dataset.transform.d:
        problems.append(Problem("栅格带旋转", place, remedy="用 gdalwarp 重新保存为不带旋转的栅格"))
    if dataset.nodata is None and not np.issubdtype(np.dtype(dataset.dtypes[0]), np.floating):
        remedy = f"写明无效值，如 {_translate(file.path, '-a_nodata -32768')}"
        problems.append(Problem("栅格没有无效值（nodata）", place, remedy=remedy))
    return problems
