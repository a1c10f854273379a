"""The loop over rows and its grid over the sources: which to try for a polygon, what becomes of the distances."""

import math

import numpy as np
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import HALF_TURN_DEG, SMALLEST_RADIUS_M, earth_centred, search_boxes
from hmgeo.proximity.kernel import (
    ALL_AREAS,
    AREAS_OF_PAIRS,
    GENERAL,
    LARGEST_RADIUS_M,
    NEAR_LIMIT_M,
    Cells,
    Floats,
    Room,
    Rows,
    area_of,
    measure_large,
    measure_small,
)
from hmgeo.proximity.vectors import LANES, see, set_frame, settle, stand_in, turn
from hmgeo.proximity.wkb import SPARE, UNREADABLE, Scratch, find_box, holds, read_polygon, scratch_for
from hmgeo.reference.compiled import bare, compiled, inner, past

Indices = NDArray[np.int64]

SMALL_REACH_M = 400.0
"""Parcels that stay this near the middle of their box are found by their cell; larger ones search every source."""

_CELLS_PER_RADIUS = 8
_SMALLEST_CELL_M = 400.0
_MOST_CELLS = 500_000
_LARGEST_CELL_DEG = 2.0
LARGEST_LAT_DEG = 85.0


def can_grid(lon: Floats, lat: Floats, limit_m: Floats) -> NDArray[np.bool_]:
    """Tell which sources (`lon`, `lat` in degrees) search `limit_m` metres away from the antimeridian and the poles."""
    boxes = search_boxes(np.column_stack([lon, lat, lon, lat]), limit_m + 2 * SMALL_REACH_M)
    near_pole = np.maximum(np.abs(boxes[:, 1]), np.abs(boxes[:, 3])) >= LARGEST_LAT_DEG
    return ~near_pole & (boxes[:, 0] > -HALF_TURN_DEG) & (boxes[:, 2] < HALF_TURN_DEG)


def make_grid(lon: Floats, lat: Floats, limit_m: Floats, radii_m: tuple[float, ...]) -> Cells:
    """Lay the grid over point sources.

    Parameters
    ----------
    lon, lat
        (n,) degrees, such as `can_grid` allows.
    limit_m
        (n,) how far each source searches.
    radii_m
        Further limits that distances are compared with.
    """
    xyz = np.ascontiguousarray(earth_centred(np.column_stack([lon, lat])).T)
    boxes = search_boxes(np.column_stack([lon, lat, lon, lat]), limit_m + SMALL_REACH_M)
    if not len(lon):
        boxes = np.array([[0.0, 0.0, 1e-6, 1e-6]])
    west, south = boxes[:, 0].min(), boxes[:, 1].min()
    width, height = boxes[:, 2].max() - west, boxes[:, 3].max() - south
    metres = max(_SMALLEST_CELL_M, float(limit_m.max(initial=0.0)) / _CELLS_PER_RADIUS)
    step_lat = np.degrees(metres / SMALLEST_RADIUS_M)
    poleward = min(LARGEST_LAT_DEG, max(abs(south), abs(south + height)))
    step_lon = step_lat / np.cos(np.radians(poleward))
    grow = max(1.0, float(np.sqrt(width / step_lon * (height / step_lat) / _MOST_CELLS)))
    step_lat, step_lon = min(step_lat * grow, _LARGEST_CELL_DEG), min(step_lon * grow, _LARGEST_CELL_DEG)
    columns, rows = int(width / step_lon) + 1, int(height / step_lat) + 1
    middles = west + (np.arange(columns) + 0.5) * step_lon, south + (np.arange(rows) + 0.5) * step_lat
    first, source = _lists(boxes[: len(lon)], xyz, limit_m, (west, south), (step_lon, step_lat), middles)
    middle_lon, middle_lat = np.radians(middles[0]), np.radians(middles[1])
    listed = np.zeros((3, len(source) + 2 * LANES))
    for axis in range(3):
        np.take(xyz[axis], source, out=listed[axis, : len(source)])
    list_limit_m = _listed_limit_m(limit_m, source, int(np.diff(first).max(initial=0)))
    return Cells(
        columns, rows, float(west), float(south), float(step_lon), float(step_lat), first, source,
        listed[0], listed[1], listed[2], list_limit_m, len(list_limit_m) == listed.shape[1],
        np.sin(middle_lon), np.cos(middle_lon), np.sin(middle_lat), np.cos(middle_lat),
        xyz[0], xyz[1], xyz[2], np.ascontiguousarray(lon), np.ascontiguousarray(lat), np.ascontiguousarray(limit_m),
        len(limit_m), float(limit_m.max(initial=0.0)), np.array(radii_m, np.float64), len(radii_m),
    )  # fmt: skip


def _listed_limit_m(limit_m: Floats, source: NDArray[np.int32], longest: int) -> Floats:
    spare = np.zeros(2 * LANES)
    if len(limit_m) and (limit_m == limit_m[0]).all():
        return np.concatenate([np.full(longest, limit_m[0]), spare])
    return np.concatenate([limit_m[source], spare])


@compiled
def _walk(
    span: Indices,
    centre: Floats,
    half_m: Floats,
    xyz: Floats,
    limit_m: Floats,
    at: Indices,
    cell_source: NDArray[np.int32],
) -> None:
    """Count the cells that each source could reach, or, given room, list the sources by cell; `at` moves along."""
    columns = centre.shape[2]
    for source in range(len(limit_m)):
        for row in range(span[source, 1], span[source, 3]):
            reach_m = limit_m[source] + SMALL_REACH_M + half_m[row]
            for column in range(span[source, 0], span[source, 2]):
                dx = centre[0, row, column] - xyz[0, source]
                dy = centre[1, row, column] - xyz[1, source]
                dz = centre[2, row, column] - xyz[2, source]
                if dx * dx + dy * dy + dz * dz <= reach_m * reach_m:
                    cell = row * columns + column
                    if len(cell_source):
                        cell_source[at[cell]] = source
                    at[cell] += 1


def _lists(
    boxes: Floats,
    xyz: Floats,
    limit_m: Floats,
    corner: tuple[float, float],
    step: tuple[float, float],
    middles: tuple[Floats, Floats],
) -> tuple[Indices, NDArray[np.int32]]:
    """Return where each cell's list begins, and the sources, by cell, then source."""
    lon, lat = middles
    rows, columns = len(lat), len(lon)
    grid = np.array(np.meshgrid(lon, lat)).reshape(2, -1).T
    centre = np.ascontiguousarray(earth_centred(grid).T.reshape(3, rows, columns))
    equatorward = np.where(lat > 0, lat - step[1] / 2, lat + step[1] / 2)
    wide = earth_centred(np.column_stack([np.full(rows, lon[0] - step[0] / 2), equatorward]))
    half_m = np.linalg.norm(centre[:, :, 0].T - wide, axis=1) * 1.01 + 1
    low = np.floor((boxes[:, :2] - corner) / step).astype(np.int64)
    high = np.floor((boxes[:, 2:] - corner) / step).astype(np.int64) + 1
    span = np.clip(np.column_stack([low, high]), 0, [columns, rows, columns, rows])
    sizes = np.zeros(rows * columns, np.int64)
    if len(limit_m):
        _walk(span, centre, half_m, xyz, limit_m, sizes, np.empty(0, np.int32))
    first = np.concatenate([[0], np.cumsum(sizes)])
    source = np.empty(first[-1], np.int32)
    if len(source):
        _walk(span, centre, half_m, xyz, limit_m, first[:-1].copy(), source)
    return first, source


_RADIANS = math.pi / 180.0
_SERIES_DEG = 0.4
_POLEWARD_DEG, _WIDEST_DEG = 85.0, 90.0
_SLACK_M = 1e-3
_UNITS = 1e4
_ARC_EXCESS = 1.02 / (24 * SMALLEST_RADIUS_M**2)
_UNKNOWN, _NOTHING = -1, 0


@inner
def _gather(s: Scratch, cells: Cells) -> int:
    """Choose every source that a polygon's box could reach; return how many, or -1 around the globe's seams."""
    west, south, east, north = s.box[0], s.box[1], s.box[2], s.box[3]
    poleward = max(abs(south), abs(north))
    grow_lat = cells.widest_m / SMALLEST_RADIUS_M * 1.001 / _RADIANS
    if poleward + grow_lat > _POLEWARD_DEG or east - west > _WIDEST_DEG:
        return _UNKNOWN
    grow_lon = 1.01 * grow_lat / math.cos((poleward + grow_lat) * _RADIANS)
    if west - grow_lon < -HALF_TURN_DEG or east + grow_lon > HALF_TURN_DEG:
        return _UNKNOWN
    places = 0
    for source in range(cells.sources):
        x, y = cells.lon[source], cells.lat[source]
        if west - grow_lon <= x <= east + grow_lon and south - grow_lat <= y <= north + grow_lat:
            s.chosen[places] = source
            s.chosen_x[places] = cells.x[source]
            s.chosen_y[places] = cells.y[source]
            s.chosen_z[places] = cells.z[source]
            s.limit_m[places] = cells.limit_m[source]
            places += 1
    return places


@inner
def _sift(  # noqa: PLR0913, PLR0917 -- compiled code takes values one by one
    s: Scratch,
    cells: Cells,
    room: Room,
    row: int,
    low: int,
    listed: int,
    listed_limit_m: Floats,
    reach_m: float,
    pairs: int,
) -> tuple[int, int]:
    """Give stand-in distances where the middle's says enough; return how many pairs, and places left in front."""
    slack_m, code = reach_m + _SLACK_M, room.class_code[row]
    stand_in(
        s.squared, listed_limit_m, listed, cells.radii_m, cells.radii, slack_m, _ARC_EXCESS, s.metres, s.keep,
        s.unsettled,
    )  # fmt: skip
    places = 0
    for i in range(listed):
        source, middle_m = cells.source[low + i], s.metres[i]
        if s.unsettled[i] == 0 and middle_m - slack_m > room.bound_m[source * room.classes + code]:
            room.source[pairs], room.row[pairs], room.metres[pairs] = source, row, middle_m
            pairs += s.keep[i]
        elif middle_m <= listed_limit_m[i] + reach_m:
            s.chosen[places], s.limit_m[places] = source, listed_limit_m[i]
            s.east[places], s.north[places], s.drop[places] = s.east[i], s.north[i], s.drop[i]
            places += 1
    return pairs, places


@inner
def _is_near_limit(metres: float, limit_m: float, cells: Cells) -> bool:
    near = abs(metres - limit_m) <= NEAR_LIMIT_M
    for i in range(cells.radii):
        near |= abs(metres - cells.radii_m[i]) <= NEAR_LIMIT_M
    return near


@inner
def _emit_carefully(  # noqa: PLR0913, PLR0917 -- as above
    s: Scratch,
    cells: Cells,
    room: Room,
    chosen: NDArray[np.int32],
    places: int,
    row: int,
    rings: int,
    pairs: int,
    nears: int,
) -> tuple[int, int]:
    """Do the same where a source may lie inside, or a distance so near a limit that it must be measured again."""
    code = room.class_code[row]
    inside_m = 2 * (s.box[4] + 1.0)
    for i in range(places):
        source, metres = chosen[i], s.metres[i]
        limit_m = cells.limit_m[source]
        if metres <= inside_m:
            x, y = cells.lon[source], cells.lat[source]
            if (
                s.box[0] <= x <= s.box[2]
                and s.box[1] <= y <= s.box[3]
                and holds(s.lon, s.lat, s.ring_end, s.ring_part, rings, x, y)
            ):
                metres = 0.0
        if metres > limit_m + NEAR_LIMIT_M:
            continue
        if _is_near_limit(metres, limit_m, cells):
            room.near[nears] = pairs
            nears += 1
        metres = np.rint(metres * _UNITS) / _UNITS
        room.source[pairs], room.row[pairs], room.metres[pairs] = source, row, metres
        pairs += 1
        if not room.exact and metres < room.bound_m[source * room.classes + code]:
            room.bound_m[source * room.classes + code] = metres
    return pairs, nears


@inner
def _emit(  # noqa: PLR0913, PLR0917 -- as above
    s: Scratch,
    cells: Cells,
    room: Room,
    chosen: NDArray[np.int32],
    limit_m: Floats,
    places: int,
    row: int,
    rings: int,
    pairs: int,
    nears: int,
) -> tuple[int, int]:
    """Write the measured pairs within reach; return the new numbers of pairs and of those near a limit."""
    settle(s.metres, limit_m, places, cells.radii_m, cells.radii, s.rounded, s.keep, past(s.box, 5))
    if s.box[5] <= NEAR_LIMIT_M or s.box[6] <= 2 * (s.box[4] + 1.0):
        return _emit_carefully(s, cells, room, chosen, places, row, rings, pairs, nears)
    for i in range(places):
        room.source[pairs], room.row[pairs], room.metres[pairs] = chosen[i], row, s.rounded[i]
        pairs += s.keep[i]
    if not room.exact:
        code = room.class_code[row]
        for i in range(places):
            at = chosen[i] * room.classes + code
            if s.keep[i] and s.rounded[i] < room.bound_m[at]:
                room.bound_m[at] = s.rounded[i]
    return pairs, nears


@inner
def _find_middle(s: Scratch, cells: Cells) -> tuple[int, int, float, float, float, float]:
    """Return column, row (-1 off the grid) and sines and cosines of the middle of a polygon's box."""
    lon, lat = (s.box[0] + s.box[2]) / 2, (s.box[1] + s.box[3]) / 2
    column = math.floor((lon - cells.west) / cells.step_lon)
    line = math.floor((lat - cells.south) / cells.step_lat)
    if not (0 <= column < cells.columns and 0 <= line < cells.rows):
        lon, lat = lon * _RADIANS, lat * _RADIANS
        return -1, -1, math.sin(lon), math.cos(lon), math.sin(lat), math.cos(lat)
    turn_lon = (lon - (cells.west + (column + 0.5) * cells.step_lon)) * _RADIANS
    turn_lat = (lat - (cells.south + (line + 0.5) * cells.step_lat)) * _RADIANS
    sin_lon, cos_lon = turn(cells.column_sin[column], cells.column_cos[column], turn_lon)
    sin_lat, cos_lat = turn(cells.row_sin[line], cells.row_cos[line], turn_lat)
    return column, line, sin_lon, cos_lon, sin_lat, cos_lat


@inner
def _reach_m(s: Scratch, cos_lat: float) -> float:
    """Return a radius around the middle of a polygon's box that holds the box; infinite for boxes of degrees."""
    half_lon, half_lat = (s.box[2] - s.box[0]) / 2 * _RADIANS, (s.box[3] - s.box[1]) / 2 * _RADIANS
    if half_lat > _SERIES_DEG * _RADIANS or half_lon > _SERIES_DEG * _RADIANS:
        return np.inf
    wide = half_lon * (cos_lat + half_lat)
    return LARGEST_RADIUS_M * math.sqrt(half_lat * half_lat + wide * wide) + 0.01


@inner
def _search_row(
    s: Scratch, cells: Cells, room: Room, row: int, count: int, rings: int, pairs: int, nears: int
) -> tuple[int, int]:
    """Measure one polygon; return the new numbers of pairs and of those near a limit, pairs negative if it can't."""
    column, line, sin_lon, cos_lon, sin_lat, cos_lat = _find_middle(s, cells)
    lon, lat = (s.box[0] + s.box[2]) / 2, (s.box[1] + s.box[3]) / 2
    reach_m = _reach_m(s, cos_lat)
    s.box[4] = reach_m
    before = pairs
    chosen, limit_m, places, measured = s.chosen, s.limit_m, 0, True
    if reach_m > SMALL_REACH_M:
        places = _gather(s, cells)
        measured = places != _UNKNOWN and (places == 0 or measure_large(s, rings, places))
    elif column >= 0:
        low = cells.first[line * cells.columns + column]
        places = cells.first[line * cells.columns + column + 1] - low
        if places:
            set_frame(s.frame, sin_lon, cos_lon, sin_lat, cos_lat)
            see(s.frame, cells.list_x, cells.list_y, cells.list_z, low, places, s.east, s.north, s.drop, s.squared)
            chosen, limit_m = past(cells.source, low), past(cells.list_limit_m, low if cells.has_own_limits else 0)
            if not room.exact:
                pairs, places = _sift(s, cells, room, row, low, places, limit_m, reach_m, pairs)
                chosen, limit_m = s.chosen, s.limit_m
            measured = places == 0 or measure_small(s, lon, lat, rings, places)
    if not measured:
        return _UNKNOWN, nears
    if places:
        pairs, nears = _emit(s, cells, room, chosen, limit_m, places, row, rings, pairs, nears)
    if room.areas == ALL_AREAS or (room.areas == AREAS_OF_PAIRS and pairs > before):
        is_small = s.box[3] - s.box[1] < _SERIES_DEG
        room.area_m2[row] = area_of(s, sin_lat, cos_lat, lon, lat, count, rings) if is_small else np.nan
    return pairs, nears


@compiled
def search(begin_row: int, rows: Rows, cells: Cells, room: Room, scratch: Scratch) -> tuple[int, int, int]:
    """Measure `rows` from `begin_row` on against the sources until the `room` for pairs may not do.

    `cells` are the sources' grid, `scratch` is what `scratch_for` returns.

    Returns the next row, how many pairs were found and how many of them lie near a limit. Pairs stand by row, and
    within a row by source, but for the stand-ins, which come first.
    """
    rows, cells, room, s = bare(rows), bare(cells), bare(room), bare(scratch)
    pairs = nears = 0
    for row in range(begin_row, rows.size):
        if pairs + cells.sources + SPARE > room.size:
            return row, pairs, nears
        room.flags[row] = _NOTHING
        room.area_m2[row] = 0.0
        if rows.is_null[row] != 0:
            continue
        begin, end = rows.offsets[row], rows.offsets[row + 1]
        count, rings = read_polygon(rows.data, begin, end, s.lon, s.lat, s.ring_end, s.ring_part)
        if count == 0:
            continue
        if count == UNREADABLE or not find_box(s.lon, s.lat, count, s.box):
            room.flags[row] = GENERAL
            continue
        total, near = _search_row(s, cells, room, row, count, rings, pairs, nears)
        if total == _UNKNOWN:
            room.flags[row] = GENERAL
        else:
            pairs, nears = total, near
    return rows.size, pairs, nears


@compiled
def _fill_boxes(rows: Rows, scratch: Scratch, step: int, out: Floats, corners: Floats) -> None:
    rows, s = bare(rows), bare(scratch)
    for k in range(len(out)):
        row = k * step
        out[k, 0] = out[k, 1] = out[k, 2] = out[k, 3] = np.nan
        corners[k, 0] = corners[k, 1] = np.nan
        if rows.is_null[row] != 0:
            continue
        begin, end = rows.offsets[row], rows.offsets[row + 1]
        count, _ = read_polygon(rows.data, begin, end, s.lon, s.lat, s.ring_end, s.ring_part)
        if count > 0 and find_box(s.lon, s.lat, count, s.box):
            out[k, 0], out[k, 1], out[k, 2], out[k, 3] = s.box[0], s.box[1], s.box[2], s.box[3]
            corners[k, 0], corners[k, 1] = s.lon[0], s.lat[0]
        elif count != 0:
            out[k, 0] = out[k, 1] = -np.inf
            out[k, 2] = out[k, 3] = np.inf


def boxes(rows: Rows, step: int = 1) -> tuple[Floats, Floats]:
    """Return (k, 4) boxes in degrees and (k, 2) first corners of every `step`-th row.

    NaN for nothing; boxes are infinite for rows that only the general path can read.
    """
    count = -(-rows.size // step)
    out, corners = np.empty((count, 4)), np.empty((count, 2))
    _fill_boxes(rows, scratch_for(rows.offsets, 0), step, out, corners)
    return out, corners
