"""The hot loops of the kernel, eight lanes at a time: points in from bytes, boxes, level frames, limits.

Arrays are scratch with room for eight more than they hold; what stands past the end is never used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llvmlite import ir
from numba import types

from hmgeo.analysis.engine.frames import (
    BEND_EAST,
    BEND_MERIDIAN,
    BEND_NORTH,
    COS_LAT,
    COS_LON,
    CURVE_M,
    CURVE_N,
    EAST,
    NEARBY_M,
    NORTH,
    SIN_LAT,
    SIN_LON,
    X,
    Y,
    Z,
)
from hmgeo.analysis.engine.lanes import LANES, Lanes, Writer, typed, written

if TYPE_CHECKING:
    from hmgeo.analysis.engine.untyped import Ir

_DOUBLE = ir.DoubleType()
_RADIANS = 0.017453292519943295
_UNITS = 1e4


def _load_bytes(builder: Ir, arguments: Ir, kind: Ir) -> Ir:
    pointer = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())
    return builder.load(pointer, align=1)


@written
def read_count(_typing: Ir, buffer: Ir, _at: Ir) -> Ir:
    """Read the little-endian unsigned 32-bit number at a byte past a pointer."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return builder.zext(_load_bytes(builder, arguments, ir.IntType(32)), ir.IntType(64))

    return types.int64(buffer, types.int64), generate


@written
def read_double(_typing: Ir, buffer: Ir, _at: Ir) -> Ir:
    """Read the little-endian double at a byte past a pointer."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return _load_bytes(builder, arguments, _DOUBLE)

    return types.float64(buffer, types.int64), generate


@written
def read_eight_points(_typing: Ir, buffer: Ir, at: Ir, lon: Ir, lat: Ir, first: Ir) -> Ir:
    """Read eight points of two doubles each from a uint8 array into lon[first:], lat[first:]."""

    def write(w: Writer) -> None:
        halves = []
        for half in (0, 8 * LANES):
            place = w.builder.add(w.number(1), ir.Constant(ir.IntType(64), half))
            pointer = w.builder.bitcast(w.builder.gep(w.number(0), [place]), ir.VectorType(_DOUBLE, LANES).as_pointer())
            halves.append(w.builder.load(pointer, align=1))
        for argument, parity in ((2, 0), (3, 1)):
            mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [2 * i + parity for i in range(LANES)])
            w.store(argument, w.number(4), Lanes(w.builder, w.builder.shuffle_vector(*halves, mask)))

    return typed(write, buffer, at, lon, lat, first)


@written
def box_of_points(_typing: Ir, lon: Ir, lat: Ir, count: Ir, box: Ir) -> Ir:
    """Fill box[:4] with west, south, east, north, and box[4] with 0, or NaN if a coordinate is not finite.

    The points must be followed by seven copies of one of them.
    """

    def write(w: Writer) -> None:
        zero = ir.Constant(ir.IntType(64), 0)
        kept = [w.keep(w.load(argument, zero)) for argument in (0, 1, 0, 1)]
        odd = w.keep(w.constant(0.0))
        with w.blocks(w.number(2)) as (at, _):
            x, y = w.load(0, at), w.load(1, at)
            for slot, value, least in zip(kept, (x, y, x, y), (True, True, False, False), strict=True):
                slot.set(value.least(slot.now) if least else value.most(slot.now))
            odd.set(odd.now + x * 0.0 + y * 0.0)
        for i, slot in enumerate(kept):
            w.put(3, i, w.across(slot.now, least=i < 2))  # noqa: PLR2004 -- west and south
        total = odd.now.lane(0)
        for i in range(1, LANES):
            total = w.builder.fadd(total, odd.now.lane(i))
        w.put(3, 4, total)

    return typed(write, lon, lat, count, box)


@written
def see(  # noqa: PLR0913, PLR0917 -- arrays one by one
    _typing: Ir,
    frame: Ir,
    x: Ir,
    y: Ir,
    z: Ir,
    first: Ir,
    count: Ir,
    east: Ir,
    north: Ir,
    drop: Ir,
    squared: Ir,
) -> Ir:
    """Bring earth-centred places from `first` on into a frame.

    `drop` is the squared height below its level, `squared` the squared chord to the origin.
    """

    def write(w: Writer) -> None:
        sin_lon, cos_lon, sin_lat, cos_lat, ox, oy, oz = (
            w.spread_field(0, i) for i in (SIN_LON, COS_LON, SIN_LAT, COS_LAT, X, Y, Z)
        )
        with w.blocks(w.number(5)) as (at, _):
            place = w.builder.add(at, w.number(4))
            dx, dy, dz = w.load(1, place) - ox, w.load(2, place) - oy, w.load(3, place) - oz
            outward = cos_lon * dx + sin_lon * dy
            up = cos_lat * outward + sin_lat * dz
            to_east, to_north = cos_lon * dy - sin_lon * dx, cos_lat * dz - sin_lat * outward
            w.store(6, at, to_east)
            w.store(7, at, to_north)
            w.store(8, at, up * up)
            w.store(9, at, to_east * to_east + to_north * to_north + up * up)

    return typed(write, frame, x, y, z, first, count, east, north, drop, squared)


@written
def lay_points(
    _typing: Ir,
    frame: Ir,
    lon: Ir,
    lat: Ir,
    origin_lon: Ir,
    origin_lat: Ir,
    count: Ir,
    x: Ir,
    y: Ir,
) -> Ir:
    """Fill x, y with metres east and north of an origin (degrees) for points in degrees."""

    def write(w: Writer) -> None:
        east, north, bend_east, bend_north, bend_meridian = (
            w.spread_field(0, i) for i in (EAST, NORTH, BEND_EAST, BEND_NORTH, BEND_MERIDIAN)
        )
        lon_0, lat_0 = w.spread(w.number(3)), w.spread(w.number(4))
        with w.blocks(w.number(5)) as (at, _):
            dl, dp = (w.load(1, at) - lon_0) * _RADIANS, (w.load(2, at) - lat_0) * _RADIANS
            w.store(6, at, dl * (east - bend_east * dp))
            w.store(7, at, dp * (north + bend_meridian * dp) + bend_north * dl * dl)

    return typed(write, frame, lon, lat, origin_lon, origin_lat, count, x, y)


@written
def to_geodesics(
    _typing: Ir,
    frame: Ir,
    east: Ir,
    north: Ir,
    drop: Ir,
    least: Ir,
    count: Ir,
    metres: Ir,
) -> Ir:
    """Turn squared level distances into geodesics: the chord (see `frames.NEARBY_M`), then c + c3 / 24 r2.

    r is the radius of curvature in the direction of the place, by Euler's theorem.
    """

    def write(w: Writer) -> None:
        curve_n, curve_m = w.spread_field(0, CURVE_N), w.spread_field(0, CURVE_M)
        with w.blocks(w.number(5)) as (at, _):
            x, y, drop, level = w.load(1, at), w.load(2, at), w.load(3, at), w.load(4, at)
            across = (x * x + y * y).most(1e-30)
            near = level + level * (drop / across)
            squared = across.below(NEARBY_M * NEARBY_M, near, level + drop)
            curve = curve_n + (curve_m - curve_n) * (y * y / across)
            w.store(6, at, squared.root() * (squared * curve + 1.0))

    return typed(write, frame, east, north, drop, least, count, metres)


@written
def settle(
    _typing: Ir,
    metres: Ir,
    limit_m: Ir,
    count: Ir,
    radii_m: Ir,
    radii: Ir,
    rounded: Ir,
    keep: Ir,
    closest: Ir,
) -> Ir:
    """Round distances, and mark in `keep` those within their limit.

    closest[0] becomes how near one of them comes to its limit or a radius, closest[1] the least of them; both may be
    smaller than that where room past the end holds something else.
    """

    def write(w: Writer) -> None:
        to_limit, least = w.keep(w.constant(float("inf"))), w.keep(w.constant(float("inf")))
        with w.blocks(w.number(2)) as (at, _):
            metres, limit_m = w.load(0, at), w.load(1, at)
            least.set(metres.least(least.now))
            to_limit.set((metres - limit_m).magnitude().least(to_limit.now))
            with w.turns(w.number(4)) as turn:
                to_limit.set((metres - w.spread_field(3, turn.index)).magnitude().least(to_limit.now))
            w.store(5, at, (metres * _UNITS).rounded() / w.constant(_UNITS))
            w.mark(6, at, metres, limit_m)
        w.put(7, 0, w.across(to_limit.now, least=True))
        w.put(7, 1, w.across(least.now, least=True))

    return typed(write, metres, limit_m, count, radii_m, radii, rounded, keep, closest)


@written
def stand_in(  # noqa: PLR0913, PLR0917 -- arrays one by one
    _typing: Ir,
    squared: Ir,
    limit_m: Ir,
    count: Ir,
    radii_m: Ir,
    radii: Ir,
    slack_m: Ir,
    arc_excess: Ir,
    middle_m: Ir,
    keep: Ir,
    unsettled: Ir,
) -> Ir:
    """Fill the chords to a polygon's middle, and mark those within their limit and those that settle nothing.

    A chord settles on which side of its limit and of every radius the polygon lies if it is farther from them than
    `slack_m` and by how much the arc is longer than the chord.
    """

    def write(w: Writer) -> None:
        slack_m, arc_excess = w.spread(w.number(5)), w.spread(w.number(6))
        with w.blocks(w.number(2)) as (at, _):
            squared, limit_m = w.load(0, at), w.load(1, at)
            middle_m = squared.root()
            apart = w.keep((middle_m - limit_m).magnitude())
            with w.turns(w.number(4)) as turn:
                apart.set((middle_m - w.spread_field(3, turn.index)).magnitude().least(apart.now))
            w.store(7, at, middle_m)
            w.mark(8, at, middle_m, limit_m)
            w.mark(9, at, apart.now, slack_m + arc_excess * squared * middle_m)

    return typed(write, squared, limit_m, count, radii_m, radii, slack_m, arc_excess, middle_m, keep, unsettled)


@written
def strips(
    _typing: Ir,
    coefficients: Ir,
    lon: Ir,
    lat: Ir,
    origin_lon: Ir,
    origin_lat: Ir,
    count: Ir,
    area: Ir,
) -> Ir:
    """Fill the area between each edge and the parallel of the origin; a cubic in latitude gives the zone's width."""

    def write(w: Writer) -> None:
        one, two, three = (w.spread_field(0, i) for i in range(3))
        lon_0, lat_0 = w.spread(w.number(3)), w.spread(w.number(4))
        with w.blocks(w.number(5)) as (at, _):
            step = ((w.load(1, at, 1) - lon_0) - (w.load(1, at) - lon_0)) * _RADIANS
            low, high = (w.load(2, at) - lat_0) * _RADIANS, (w.load(2, at, 1) - lat_0) * _RADIANS
            mean, squares = (low + high) * 0.5, low * low + high * high
            w.store(6, at, step * (one * mean + two * (squares + low * high) * (1 / 3) + three * mean * squares * 0.5))

    return typed(write, coefficients, lon, lat, origin_lon, origin_lat, count, area)
