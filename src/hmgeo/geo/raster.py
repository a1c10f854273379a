"""Rasters in metres, passed strip by strip with a halo; shapes as cells of them, and cells as ground."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from hmgeo.errors import InputError, Place, Problem
from hmgeo.records import LON_LAT_CRS, Raster

Floats = NDArray[np.float64]
Heights = NDArray[np.float32]
Cells = NDArray[np.int64]

_FEW_CELLS, _AT_ONCE = 4096, 1 << 20
_KEPT_CELLS = 1 << 25
"""Held in memory between passes: 170 MB with their masks, an eighth of what directions of flow over them take."""

GRID_DECIMALS = 1
"""Heights, and metres along a grid of them, are told to the decimetre: no cell knows more."""

Transform = tuple[float, float, float, float, float, float]


@lru_cache(maxsize=16)
def _transformer(crs_from: str, crs_to: str) -> Transformer:
    return Transformer.from_crs(crs_from, crs_to, always_xy=True)


class Frame(Struct, frozen=True):
    """Where the cells of a north-up raster in metres lie.

    `crs`: projected, in metres. `transform`: (cell width, 0, west, 0, -cell height, north) in metres.
    """

    crs: str
    transform: Transform
    height: int
    width: int

    @property
    def cell_m(self) -> tuple[float, float]:
        """Width and height of a cell in metres."""
        return abs(self.transform[0]), abs(self.transform[4])

    @property
    def cell_area_m2(self) -> float:
        """Area of a cell in the projection's plane."""
        return self.cell_m[0] * self.cell_m[1]

    def to_plane(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return `geometry`, a lon/lat shape, in the raster's own plane (metres)."""
        there = _transformer(LON_LAT_CRS, self.crs)
        return shapely.transform(geometry, lambda xy: np.column_stack(there.transform(*xy.T)))

    def cell_of(self, lon: Floats, lat: Floats) -> Cells:
        """Return the (n,) flat numbers of the cells that hold `lon`, `lat` (degrees); -1 outside."""
        x, y = _transformer(LON_LAT_CRS, self.crs).transform(np.asarray(lon), np.asarray(lat))
        return self.cell_at(np.asarray(x, np.float64), np.asarray(y, np.float64))

    def cell_at(self, x: Floats, y: Floats) -> Cells:
        """Return the (n,) flat numbers of the cells that hold `x`, `y` (metres in the plane); -1 outside, for NaN."""
        with np.errstate(invalid="ignore"):
            column = np.floor((x - self.transform[2]) / self.transform[0])
            row = np.floor((y - self.transform[5]) / self.transform[4])
            inside = (row >= 0) & (row < self.height) & (column >= 0) & (column < self.width)
        flat = np.full(np.shape(x), -1, np.int64)
        flat[inside] = (row[inside] * self.width + column[inside]).astype(np.int64)
        return flat

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        """Return x and y, metres in the plane, of the centres of `cells`, (n,) flat numbers."""
        row, column = np.divmod(np.asarray(cells), self.width)
        return (
            self.transform[2] + (column + 0.5) * self.transform[0],
            self.transform[5] + (row + 0.5) * self.transform[4],
        )

    def lon_lat(self, cells: Cells) -> Floats:
        """Return the (n, 2) lon/lat degrees of the centres of `cells`, (n,) flat numbers."""
        lon, lat = _transformer(self.crs, LON_LAT_CRS).transform(*self.centres(cells))
        return np.column_stack([lon, lat])

    def cells_of_shape(self, geometry: shapely.Geometry) -> Cells:
        """Return the sorted flat cells that `geometry`, a lon/lat shape, covers.

        A point gives the cell that holds it; a line all cells it crosses; a polygon the cells whose centre it holds,
        and where it is too thin to hold one, the cells it touches. Parts outside the raster are left out.
        """
        return self.cells_of_shapes([geometry])[0]

    def cells_of_shapes(self, geometries: Sequence[shapely.Geometry | None], among: Cells | None = None) -> list[Cells]:
        """Return for each of `geometries` what `cells_of_shape` does; none where there is no shape.

        Where only some sorted flat cells are asked for, `among` these, others of wide shapes may be left out.
        """
        placed = self.to_plane(np.array(geometries, dtype=object))
        held = self._few_held(placed)
        return [held[row] if row in held else self._cells_of(flat, among) for row, flat in enumerate(placed)]

    def _few_held(self, placed: NDArray[Any]) -> dict[int, Cells]:
        """Return by row the cells whose centre small polygons hold, many asked in one go; no row that holds none."""
        windows = {row: self._window_of(flat) for row, flat in enumerate(placed) if flat is not None and flat.area > 0}
        small = [
            (row, *window)
            for row, window in windows.items()
            if window is not None and (window[1] - window[0]) * (window[3] - window[2]) <= _FEW_CELLS
        ]
        cells_by_row: dict[int, Cells] = {}
        most = _AT_ONCE // _FEW_CELLS
        for start in range(0, len(small), most):
            cells_by_row |= self._held_in(placed, np.array(small[start : start + most]))
        return cells_by_row

    def _held_in(self, placed: NDArray[Any], windows: NDArray[np.int64]) -> dict[int, Cells]:
        """Return the same of rows whose windows of cells, (n, 5), are given: row, then as `_window_of` has them."""
        rows, row_0, row_1, column_0, column_1 = windows.T
        wide = column_1 - column_0
        sizes = (row_1 - row_0) * wide
        owner = np.repeat(np.arange(len(rows)), sizes)
        within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        row, column = row_0[owner] + within // wide[owner], column_0[owner] + within % wide[owner]
        a, _, c, _, e, f = self.transform
        shapes = placed[rows]
        shapely.prepare(shapes)
        is_held = shapely.contains_xy(shapes[owner], c + column * a + a / 2, f + row * e + e / 2)
        held = np.split(
            (row * self.width + column)[is_held], np.cumsum(np.bincount(owner[is_held], minlength=len(rows)))[:-1]
        )
        return {number: own for number, own in zip(rows.tolist(), held, strict=True) if len(own)}

    def _cells_of(self, flat: shapely.Geometry | None, among: Cells | None) -> Cells:
        if flat is None:
            return np.zeros(0, np.int64)
        if flat.geom_type == "Point":
            cell = self.cell_at(np.array([flat.x]), np.array([flat.y]))
            return cell[cell >= 0]
        if among is not None and self._is_wide(flat):
            shapely.prepare(flat)
            is_held: NDArray[np.bool_] = shapely.contains_xy(flat, *self.centres(among))
            return among[is_held]
        cells = self._burned(flat, all_touched=flat.area == 0)
        return cells if len(cells) else self._burned(flat, all_touched=True)

    def _is_wide(self, flat: shapely.Geometry) -> bool:
        """Whether a shape surely holds the centre of a cell: what holds none is nowhere far from its own edge."""
        a, _, c, _, e, f = self.transform
        if not flat.is_valid:  # as a sound one may be where edges that are straight in degrees bend in the plane
            return False
        inner = shapely.intersection(flat, shapely.box(c, f + self.height * e, c + self.width * a, f))
        return bool(inner.area > 2 * inner.length * np.hypot(a, e))

    def cells_within(self, geometry: shapely.Geometry, distance_m: float) -> Cells:
        """Return the sorted flat cells whose centre lies within `distance_m` of a lon/lat `geometry`, in the plane."""
        return self._burned(shapely.buffer(self.to_plane(geometry), distance_m), all_touched=False)

    def cells_touching(self, geometry: shapely.Geometry, distance_m: float) -> Cells:
        """Return the sorted flat cells with any part within `distance_m` of a lon/lat `geometry`, in the plane."""
        return self._burned(shapely.buffer(self.to_plane(geometry), distance_m, quad_segs=64), all_touched=True)

    def _burned(self, flat: shapely.Geometry, *, all_touched: bool) -> Cells:
        window = self._window_of(flat)
        if window is None:
            return np.zeros(0, np.int64)
        row_0, row_1, column_0, column_1 = window
        if (row_1 - row_0) * (column_1 - column_0) > _FEW_CELLS:
            mask = self._rasterized(flat, window, all_touched=all_touched)
        else:
            mask = self._tested(flat, window, all_touched=all_touched)
        row, column = np.nonzero(mask)
        return ((row + row_0) * self.width + column + column_0).astype(np.int64, copy=False)

    def _tested(
        self, flat: shapely.Geometry, window: tuple[int, int, int, int], *, all_touched: bool
    ) -> NDArray[np.bool_]:
        """Ask cell by cell: much faster than rasterizing where a shape covers few."""
        row_0, row_1, column_0, column_1 = window
        a, _, c, _, e, f = self.transform
        x, y = np.meshgrid(c + np.arange(column_0, column_1) * a, f + np.arange(row_0, row_1) * e)
        mask: NDArray[np.bool_]
        if all_touched:
            mask = shapely.intersects(flat, shapely.box(x, y + e, x + a, y))
        else:
            mask = shapely.contains_xy(flat, x + a / 2, y + e / 2)
        return mask

    def _rasterized(
        self, flat: shapely.Geometry, window: tuple[int, int, int, int], *, all_touched: bool
    ) -> NDArray[Any]:
        from affine import Affine  # noqa: PLC0415 -- only where rasters are measured
        from rasterio.features import rasterize  # noqa: PLC0415 -- as above

        row_0, row_1, column_0, column_1 = window
        a, _, c, _, e, f = self.transform
        mask: NDArray[Any] = rasterize(
            [(flat, 1)],
            out_shape=(row_1 - row_0, column_1 - column_0),
            transform=Affine(a, 0.0, c + column_0 * a, 0.0, e, f + row_0 * e),
            all_touched=all_touched,
            dtype="uint8",
        )
        return mask

    def _window_of(self, flat: shapely.Geometry) -> tuple[int, int, int, int] | None:
        """Return first and last row and column of the raster that a shape in the plane may touch; None outside."""
        if flat.is_empty or not np.isfinite(flat.bounds).all():
            return None
        west, south, east, north = flat.bounds
        a, _, c, _, e, f = self.transform
        row_0, row_1 = max(0, int((north - f) // e)), min(self.height, int((south - f) // e) + 1)
        column_0, column_1 = max(0, int((west - c) // a)), min(self.width, int((east - c) // a) + 1)
        return (row_0, row_1, column_0, column_1) if row_0 < row_1 and column_0 < column_1 else None


class Strip(Struct, frozen=True):
    """Full-width rows of a raster: NaN where there is no value.

    Parameters
    ----------
    first_row, last_row
        Rows that the strip answers for, last_row excluded.
    heights
        Those rows with up to `halo` rows above and below, as far as the raster goes.
    halo_above
        Rows of `heights` that lie above first_row.
    """

    first_row: int
    last_row: int
    heights: Heights
    halo_above: int


def frame_of(raster: Raster) -> Frame:
    """Return where the cells of `raster` lie.

    `InputError` where it isn't north-up in a projection in metres.
    """
    crs = CRS.from_user_input(raster.crs)
    place = Place(file=raster.provenance.path)
    if not crs.is_projected or crs.axis_info[0].unit_conversion_factor != 1.0:
        remedy = "读入时换算为米制投影（软件读入项目高程时自动换算），或用 QGIS 重投影"
        raise InputError(Problem("坡度、起伏度和流向须在米制投影上计算", place, found=raster.crs, remedy=remedy))
    a, b, _, d, e, _ = raster.transform
    if b or d or a <= 0 or e >= 0:
        raise InputError(Problem("栅格不是正北朝上", place, found=str(raster.transform), remedy="用 gdalwarp 重新保存"))
    return Frame(raster.crs, raster.transform, raster.height, raster.width)


def strips(raster: Raster, halo: int = 0) -> Iterator[Strip]:
    """Pass over a raster from north to south in full-width strips with a halo, holding only the strips at hand.

    `halo`: rows above and below that a measure looks at.

    The raster's windows come in rows of blocks, from the top; memory is width * (block height + 2 * halo) cells.
    """
    buffer = np.full((0, raster.width), np.nan, np.float32)
    top = done = 0
    for band in _bands(raster):
        buffer = np.concatenate([buffer, band])
        reach = top + len(buffer)
        ready = reach if reach == raster.height else reach - halo
        if ready > done:
            yield Strip(done, ready, buffer[: min(ready + halo, reach) - top], done - top)
            done = ready
            keep_from = max(top, done - halo)
            buffer, top = buffer[keep_from - top :], keep_from


def _bands(raster: Raster) -> Iterator[Heights]:
    """Join the windows of one row of blocks after the other; masked cells become NaN."""
    band: Heights | None = None
    first = filled = 0
    for window, values in raster.windows():
        row, column = int(window.row_off), int(window.col_off)
        block = np.ma.filled(np.ma.asarray(values).astype(np.float32), np.nan)
        if band is None:
            band, first, filled = np.full((block.shape[0], raster.width), np.nan, np.float32), row, 0
        band[row - first : row - first + block.shape[0], column : column + block.shape[1]] = block
        filled += block.size
        if filled == band.size:
            yield band
            band = None


def kept(raster: Raster) -> Raster:
    """Return `raster` with its cells read, unpacked and warped in the first pass alone, where they are few enough."""
    if raster.height * raster.width > _KEPT_CELLS:
        return raster
    cache: list[tuple[Any, Any]] = []

    def windows() -> Iterator[tuple[Any, Any]]:
        if cache:
            yield from cache
            return
        passed = []
        for window in raster.windows():
            passed.append(window)
            yield window
        cache[:] = passed

    return replace(raster, open_windows=windows)


def read_whole(raster: Raster) -> Heights:
    """Return all heights of `raster` at once, (rows, columns), NaN where there is no value."""
    return np.concatenate([strip.heights for strip in strips(raster)])


_DECIMALS = 7


def ground_of(frame: Frame, cells: Cells) -> shapely.Geometry:
    """Return the union of `cells`, flat numbers of `frame`, as a (multi)polygon in lon/lat; an empty polygon for none.

    Cells that only touch at a corner stay apart.
    """
    if not len(cells):
        return shapely.Polygon()
    row, column = np.divmod(np.asarray(cells), frame.width)
    top, left = int(row.min()), int(column.min())
    mask = np.zeros((int(row.max()) - top + 1, int(column.max()) - left + 1), np.uint8)
    mask[row - top, column - left] = 1
    shapes = [_polygon(frame, part, top, left) for part in _outlines(mask)]
    there = Transformer.from_crs(frame.crs, LON_LAT_CRS, always_xy=True)
    ground = shapes[0] if len(shapes) == 1 else shapely.multipolygons(shapes)

    def to_lon_lat(xy: np.ndarray) -> np.ndarray:
        return np.round(np.column_stack(there.transform(*xy.T)), _DECIMALS)

    return shapely.transform(ground, to_lon_lat)


def _outlines(mask: np.ndarray) -> list[dict[str, list[list[tuple[float, float]]]]]:
    """Return outlines in (column, row) corners."""
    from rasterio.features import shapes  # noqa: PLC0415 -- only where rasters are measured

    return [shape for shape, value in shapes(mask, mask=mask.astype(bool), connectivity=4) if value]


def _polygon(frame: Frame, part: dict[str, list[list[tuple[float, float]]]], top: int, left: int) -> shapely.Polygon:
    a, _, c, _, e, f = frame.transform
    rings = [[(c + (left + column) * a, f + (top + row) * e) for column, row in ring] for ring in part["coordinates"]]
    return shapely.Polygon(rings[0], rings[1:])


_CURVE_BITS, _PLACES_AT_ONCE = 16, 100_000


def hilbert_distance(boxes: Floats) -> Cells:
    """Return the (n,) places of the middles of `boxes`, (n, 4), along a Hilbert curve over them all (Skilling 2004).

    >>> hilbert_distance(np.array([[0.0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, 1], [0, 1, 0, 1]])).argsort().tolist()
    [0, 3, 2, 1]
    """
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    np.nan_to_num(middle, copy=False)
    low = middle.min(axis=0, initial=np.inf)
    span = np.maximum(middle.max(axis=0, initial=-np.inf) - low, 1e-12)
    parts = (middle[first : first + _PLACES_AT_ONCE] for first in range(0, len(middle), _PLACES_AT_ONCE))
    return np.concatenate([np.zeros(0, np.int64), *(_along_curve((part - low) / span) for part in parts)])


def _along_curve(shares: Floats) -> Cells:
    """Return the places of (n, 2) shares of the way across, from 0 to 1."""
    x, y = (shares * (2**_CURVE_BITS - 1)).astype(np.int64).T
    place = np.zeros(len(shares), np.int64)
    for bit in range(_CURVE_BITS - 1, -1, -1):
        half = 1 << bit
        right, upper = (x & half) > 0, (y & half) > 0
        place += half * half * ((3 * right) ^ upper)
        flip = ~upper & right
        x, y = (
            np.where(flip, half - 1 - (x & (half - 1)), x & (half - 1)),
            np.where(flip, half - 1 - (y & (half - 1)), y & (half - 1)),
        )
        x, y = np.where(~upper, y, x), np.where(~upper, x, y)
    return place
