"""Eight doubles at a time in LLVM's own vectors: the small language, its pointers, and level frames on the ellipsoid.

Left to itself LLVM does not vectorise a minimum without licence to reorder arithmetic, and on lists of a dozen it
spends its time in remainders. Here every lane does what scalar code would do, no operation is fused unless it says so
or reordered, and so the result does not depend on the width of a machine's registers.

The arrays must be held by whoever calls, for as long as the pointers are used.

To second order in the angles (dl, dp) from an origin at latitude p, with the radii of curvature n (prime vertical) and
m (meridian), e the eccentricity and w = 1 - e2 sin2 p:
    east  = n cos p dl - m sin p dl dp
    north = m dp + n sin p cos p dl2 / 2 + (3 e2 sin p cos p m / w) dp2 / 2
What is left out is under 1e-5 m within `FRAME_REACH_M` of the origin.

Arrays are scratch with room for eight more than they hold; what stands past the end is never used.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import FLATTENING, SEMI_MAJOR_M
from hmgeo.reference.compiled import Ir, inner, numba, written

Floats = NDArray[np.float64]

LANES = 8

_DOUBLE = ir.DoubleType()
_LONG = ir.IntType(64)
_VECTOR = ir.VectorType(_DOUBLE, LANES)


class _Lanes:
    """Eight doubles and the operations on them."""

    def __init__(self, builder: Ir, value: Ir) -> None:
        self.builder, self.value = builder, value

    def _with(self, other: _Lanes | float) -> Ir:
        return other.value if isinstance(other, _Lanes) else ir.Constant(_VECTOR, [float(other)] * LANES)

    def __add__(self, other: _Lanes | float) -> _Lanes:
        """Add lane by lane."""
        return _Lanes(self.builder, self.builder.fadd(self.value, self._with(other)))

    def __sub__(self, other: _Lanes | float) -> _Lanes:
        """Subtract lane by lane."""
        return _Lanes(self.builder, self.builder.fsub(self.value, self._with(other)))

    def __mul__(self, other: _Lanes | float) -> _Lanes:
        """Multiply lane by lane."""
        return _Lanes(self.builder, self.builder.fmul(self.value, self._with(other)))

    def __truediv__(self, other: _Lanes | float) -> _Lanes:
        """Divide lane by lane."""
        return _Lanes(self.builder, self.builder.fdiv(self.value, self._with(other)))

    def below(self, other: _Lanes | float, then: _Lanes | float, otherwise: _Lanes | float) -> _Lanes:
        """Choose by lane: `then` where this is less than `other`."""
        less = self.builder.fcmp_ordered("<", self.value, self._with(other))
        return _Lanes(self.builder, self.builder.select(less, self._with(then), self._with(otherwise)))

    def least(self, other: _Lanes | float) -> _Lanes:
        """Return the lesser by lane."""
        return self.below(other, self, other)

    def most(self, other: _Lanes | float) -> _Lanes:
        """Return the greater by lane."""
        return self.below(other, other, self)

    def _call(self, name: str) -> _Lanes:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        function = numba.core.cgutils.get_or_insert_function(self.builder.module, kind, f"{name}.v{LANES}f64")
        return _Lanes(self.builder, self.builder.call(function, [self.value]))

    def root(self) -> _Lanes:
        """Return square roots."""
        return self._call("llvm.sqrt")

    def rounded(self) -> _Lanes:
        """Return the nearest whole numbers, halves to even."""
        return self._call("llvm.rint")

    def magnitude(self) -> _Lanes:
        """Return absolute values."""
        return self._call("llvm.fabs")

    def fused(self, factor: _Lanes, addend: _Lanes) -> _Lanes:
        """Multiply and add with one rounding, as IEEE 754 has it: the same bits on every machine, slow on old ones."""
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        function = numba.core.cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.v{LANES}f64")
        return _Lanes(self.builder, self.builder.call(function, [self.value, factor.value, addend.value]))

    def negated(self) -> _Lanes:
        """Change signs."""
        return _Lanes(self.builder, self.builder.fneg(self.value))

    def lane(self, number: int) -> Ir:
        """Return one lane."""
        return self.builder.extract_element(self.value, ir.Constant(ir.IntType(32), number))


class _Writer:
    """Writes the body of one compiled function: arrays, loops, and what is kept between turns."""

    def __init__(self, context: Ir, builder: Ir, signature: Ir, arguments: Ir) -> None:
        self.builder, self.arguments = builder, arguments
        self._data = [
            context.make_array(kind)(context, builder, value).data if isinstance(kind, numba.types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]

    def number(self, argument: int) -> Ir:
        """Return a scalar argument."""
        return self._data[argument]

    def load(self, argument: int, at: Ir, shift: int = 0) -> _Lanes:
        """Load eight doubles of an array argument."""
        return _Lanes(self.builder, self.builder.load(self._pointer(argument, at, shift), align=8))

    def store(self, argument: int, at: Ir, lanes: _Lanes) -> None:
        """Store eight doubles into an array argument."""
        self.builder.store(lanes.value, self._pointer(argument, at, 0), align=8)

    def put(self, argument: int, at: int, value: Ir) -> None:
        """Store one double into an array argument."""
        self.builder.store(value, self.builder.gep(self._data[argument], [ir.Constant(_LONG, at)]))

    def across(self, lanes: _Lanes, *, least: bool) -> Ir:
        """Return the least or greatest of eight lanes."""
        value = lanes.lane(0)
        for i in range(1, LANES):
            other = lanes.lane(i)
            is_better = self.builder.fcmp_ordered("<" if least else ">", other, value)
            value = self.builder.select(is_better, other, value)
        return value

    def mark(self, argument: int, at: Ir, lanes: _Lanes, limit: _Lanes) -> None:
        """Store a byte per lane into a uint8 argument: 1 where it is no greater than the limit, else 0."""
        kind = ir.VectorType(ir.IntType(8), LANES)
        marks = self.builder.zext(self.builder.fcmp_ordered("<=", lanes.value, limit.value), kind)
        place = self.builder.gep(self._data[argument], [at])
        self.builder.store(marks, self.builder.bitcast(place, kind.as_pointer()), align=1)

    def _pointer(self, argument: int, at: Ir, shift: int) -> Ir:
        if shift:
            at = self.builder.add(at, ir.Constant(_LONG, shift))
        return self.builder.bitcast(self.builder.gep(self._data[argument], [at]), _VECTOR.as_pointer())

    def spread(self, scalar: Ir) -> _Lanes:
        """Return a scalar in all lanes."""
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        lane = self.builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return _Lanes(self.builder, self.builder.shuffle_vector(lane, undefined, zeros))

    def spread_field(self, argument: int, at: Ir) -> _Lanes:
        """Return one double of an array argument in all lanes."""
        place = ir.Constant(_LONG, at) if isinstance(at, int) else at
        return self.spread(self.builder.load(self.builder.gep(self._data[argument], [place])))

    def constant(self, value: float) -> _Lanes:
        """Return a number in all lanes."""
        return _Lanes(self.builder, ir.Constant(_VECTOR, [value] * LANES))

    def keep(self, lanes: _Lanes) -> _Kept:
        """Keep lanes between turns of a loop."""
        return _Kept(self.builder, numba.core.cgutils.alloca_once_value(self.builder, lanes.value))

    def turns(self, count: Ir) -> Ir:
        """Loop `count` times; `.index` is the number of the turn."""
        return numba.core.cgutils.for_range(self.builder, count)

    def blocks(self, count: Ir) -> Ir:
        """Loop over blocks of eight that cover `count`; `.index` is the first of each."""
        zero, step = ir.Constant(_LONG, 0), ir.Constant(_LONG, LANES)
        return numba.core.cgutils.for_range_slice(self.builder, zero, count, step, _LONG)


class _Kept:
    """Lanes that outlast a turn of a loop."""

    def __init__(self, builder: Ir, slot: Ir) -> None:
        self._builder, self._slot = builder, slot

    @property
    def now(self) -> _Lanes:
        """What is kept."""
        return _Lanes(self._builder, self._builder.load(self._slot))

    def set(self, lanes: _Lanes) -> None:
        """Keep something else."""
        self._builder.store(lanes.value, self._slot)


def _typed(write: Callable[[_Writer], None], *kinds: Ir) -> Ir:
    """Return what an intrinsic must return for arguments of these types; whole numbers are int64."""

    def generate(context: Ir, builder: Ir, signature: Ir, arguments: Ir) -> Ir:
        write(_Writer(context, builder, signature, arguments))
        return context.get_dummy_value()

    fixed = [numba.types.int64 if isinstance(kind, numba.types.Integer) else kind for kind in kinds]
    return numba.types.void(*fixed), generate


ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING)
FRAME_REACH_M = 450.0
NEARBY_M = 2_000.0
"""Where heights are reckoned one way nearer than this and another way farther off.

Place and point stand p2 / 2r and v2 / 2r below the frame's level, where v, the point's distance from the origin, is
not known any more. Far off, v2 is left out: an error of p v2 / 4 r2. Near by, the difference of heights is
level * (p + v) / 2r, taken as level * p / 2r: an error under level * p v / 4 r2. Both stay under 0.02 mm within
`FRAME_REACH_M` of the origin and 15 km, and under 0.07 mm at 50 km.
"""

BEND_M = 1e-4
"""How far a lon/lat-straight edge may bend away from the straight line that stands for it."""

_A = SEMI_MAJOR_M
_E2 = ECCENTRICITY_SQUARED
_RADIANS = math.pi / 180.0

X, Y, Z, SIN_LON, COS_LON, SIN_LAT, COS_LAT, EAST, NORTH, BEND_EAST, BEND_NORTH, BEND_MERIDIAN, CURVE_N, CURVE_M = (
    range(14)
)
FRAME_FIELDS = 14
"""A frame is an array: origin's earth-centred metres; sines and cosines; coefficients of the formulas above; and
1 / 24 n2, 1 / 24 m2, by which chords become arcs."""


@inner
def turn(sine: float, cosine: float, angle: float) -> tuple[float, float]:
    """Return `sine` and `cosine` after a turn by a small `angle` (under 0.05 rad, to the last bits)."""
    square = angle * angle
    s = angle * (1 - square * (1 / 6 - square * (1 / 120 - square / 5040)))
    c = 1 - square * (0.5 - square * (1 / 24 - square / 720))
    return sine * c + cosine * s, cosine * c - sine * s


@inner
def set_frame(frame: Floats, sin_lon: float, cos_lon: float, sin_lat: float, cos_lat: float) -> None:
    """Fill `frame` for the origin with sines and cosines `sin_lon`, `cos_lon`, `sin_lat`, `cos_lat`."""
    w = 1 - _E2 * sin_lat * sin_lat
    n = _A / math.sqrt(w)
    m = n * (1 - _E2) / w
    frame[X], frame[Y], frame[Z] = n * cos_lat * cos_lon, n * cos_lat * sin_lon, n * (1 - _E2) * sin_lat
    frame[SIN_LON], frame[COS_LON], frame[SIN_LAT], frame[COS_LAT] = sin_lon, cos_lon, sin_lat, cos_lat
    frame[EAST], frame[NORTH] = n * cos_lat, m
    frame[BEND_EAST], frame[BEND_NORTH] = m * sin_lat, 0.5 * n * sin_lat * cos_lat
    frame[BEND_MERIDIAN] = 1.5 * _E2 * sin_lat * cos_lat * m / w
    frame[CURVE_N], frame[CURVE_M] = 1 / (24 * n * n), 1 / (24 * m * m)


@inner
def set_frame_at(frame: Floats, lon: float, lat: float) -> None:
    """Fill `frame` for the origin at `lon`, `lat` in degrees."""
    lon, lat = lon * _RADIANS, lat * _RADIANS
    set_frame(frame, math.sin(lon), math.cos(lon), math.sin(lat), math.cos(lat))


_UNITS = 1e4


@written
def read_eight_points(buffer: Ir, at: Ir, lon: Ir, lat: Ir, first: Ir) -> Ir:
    """Read eight points of two doubles each from a uint8 array into lon[first:], lat[first:].

    They begin `at` bytes past the pointer `buffer`.
    """

    def write(w: _Writer) -> None:
        halves = []
        for half in (0, 8 * LANES):
            place = w.builder.add(w.number(1), ir.Constant(ir.IntType(64), half))
            pointer = w.builder.bitcast(w.builder.gep(w.number(0), [place]), ir.VectorType(_DOUBLE, LANES).as_pointer())
            halves.append(w.builder.load(pointer, align=1))
        for argument, parity in ((2, 0), (3, 1)):
            mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [2 * i + parity for i in range(LANES)])
            w.store(argument, w.number(4), _Lanes(w.builder, w.builder.shuffle_vector(*halves, mask)))

    return _typed(write, buffer, at, lon, lat, first)


@written
def box_of_points(lon: Ir, lat: Ir, count: Ir, box: Ir) -> Ir:
    """Fill box[:4] with west, south, east, north, and box[4] with 0, or NaN if a coordinate is not finite.

    `count` points in `lon`, `lat` (degrees).

    The points must be followed by seven copies of one of them.
    """

    def write(w: _Writer) -> None:
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

    return _typed(write, lon, lat, count, box)


@written
def see(  # noqa: PLR0913, PLR0917 -- arrays one by one
    frame: Ir, x: Ir, y: Ir, z: Ir, first: Ir, count: Ir, east: Ir, north: Ir, drop: Ir, squared: Ir
) -> Ir:
    """Bring `count` earth-centred places (`x`, `y`, `z`) from `first` on into a frame, as `east` and `north` in metres.

    `drop` is the squared height below its level, `squared` the squared chord to the origin.
    """

    def write(w: _Writer) -> None:
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

    return _typed(write, frame, x, y, z, first, count, east, north, drop, squared)


@written
def lay_points(frame: Ir, lon: Ir, lat: Ir, origin_lon: Ir, origin_lat: Ir, count: Ir, x: Ir, y: Ir) -> Ir:
    """Fill `x`, `y` with metres east and north of an origin for `count` points.

    Both are in degrees: `lon`, `lat` and `origin_lon`, `origin_lat`; `frame` is laid at the origin.
    """

    def write(w: _Writer) -> None:
        east, north, bend_east, bend_north, bend_meridian = (
            w.spread_field(0, i) for i in (EAST, NORTH, BEND_EAST, BEND_NORTH, BEND_MERIDIAN)
        )
        lon_0, lat_0 = w.spread(w.number(3)), w.spread(w.number(4))
        with w.blocks(w.number(5)) as (at, _):
            dl, dp = (w.load(1, at) - lon_0) * _RADIANS, (w.load(2, at) - lat_0) * _RADIANS
            w.store(6, at, dl * (east - bend_east * dp))
            w.store(7, at, dp * (north + bend_meridian * dp) + bend_north * dl * dl)

    return _typed(write, frame, lon, lat, origin_lon, origin_lat, count, x, y)


@written
def lay_edges(  # noqa: PLR0913, PLR0917 -- arrays one by one
    frame: Ir, x: Ir, y: Ir, count: Ir, unit_x: Ir, unit_y: Ir, along: Ir, across: Ir, half: Ir, bend: Ir
) -> Ir:
    """Fill the edges from each of `count` points (`x`, `y` in `frame`) to the next.

    `unit_x`, `unit_y` are their direction, `along` and `across` say where their line lies, `half` is half their length.

    A place (px, py) lies px unit_x + py unit_y + along past the middle of an edge and py unit_x - px unit_y + across
    beside its line. bend[0] becomes by how many metres the worst edge, straight in lon/lat, bends away from the
    straight line.
    """

    def write(w: _Writer) -> None:
        unit = w.constant(1.0)
        east, north = unit / w.spread_field(0, EAST), unit / w.spread_field(0, NORTH)
        mixed = (w.spread_field(0, BEND_EAST) * east * north).magnitude() * 0.25
        pure = (w.spread_field(0, BEND_NORTH) * east * east).magnitude() * 0.25
        most = w.keep(w.constant(0.0))
        with w.blocks(w.number(3)) as (at, _):
            x, y = w.load(1, at), w.load(2, at)
            ax, ay = w.load(1, at, 1) - x, w.load(2, at, 1) - y
            length = (ax * ax + ay * ay).root()
            most.set((ax.magnitude() * (mixed * ay.magnitude() + pure * ax.magnitude())).most(most.now))
            inverse = unit / length
            ux = w.constant(0.0).below(length, ax * inverse, 1.0)
            uy = w.constant(0.0).below(length, ay * inverse, 0.0)
            mx, my = x + ax * 0.5, y + ay * 0.5
            for argument, value in ((4, ux), (5, uy), (8, length * 0.5)):
                w.store(argument, at, value)
            w.store(6, at, (mx * ux + my * uy).negated())
            w.store(7, at, mx * uy - my * ux)
        w.put(9, 0, w.across(most.now, least=False))

    return _typed(write, frame, x, y, count, unit_x, unit_y, along, across, half, bend)


def _squared(place: tuple[_Lanes, _Lanes, _Lanes], edge: tuple[_Lanes, _Lanes, _Lanes, _Lanes, _Lanes]) -> _Lanes:
    """Return the squared distance between (px, py, -px) and an edge as `lay_edges` has it."""
    (px, py, minus_px), (ux, uy, along, across, half) = place, edge
    past = (px.fused(ux, py.fused(uy, along)).magnitude() - half).most(0.0)
    beside = py.fused(ux, minus_px.fused(uy, across))
    return past.fused(past, beside * beside)


@written
def nearest_of_segments(  # noqa: PLR0913, PLR0917 -- arrays one by one
    east: Ir, north: Ir, places: Ir, unit_x: Ir, unit_y: Ir, along: Ir, across: Ir, half: Ir, segments: Ir, least: Ir
) -> Ir:
    """Fill `least` with the least squared distance from each place to any segment; places innermost.

    `places` of `east`, `north`; `segments` as `lay_edges` has them: `unit_x`, `unit_y`, `along`, `across`, `half`.
    """

    def write(w: _Writer) -> None:
        with w.blocks(w.number(2)) as (at, _):
            px, py = w.load(0, at), w.load(1, at)
            place = px, py, px.negated()
            nearest = w.keep(w.constant(float("inf")))
            with w.turns(w.number(8)) as turn:
                ux, uy, along, across, half = (w.spread_field(i, turn.index) for i in range(3, 8))
                nearest.set(_squared(place, (ux, uy, along, across, half)).least(nearest.now))
            w.store(9, at, nearest.now)

    return _typed(write, east, north, places, unit_x, unit_y, along, across, half, segments, least)


@written
def to_geodesics(frame: Ir, east: Ir, north: Ir, drop: Ir, least: Ir, count: Ir, metres: Ir) -> Ir:
    """Turn `count` squared level distances (`least`) of places seen in `frame` into geodesics (`metres`).

    First comes the chord c (see `NEARBY_M`), then c + c3 / 24 r2, where r is the radius of curvature in the direction
    of the place, by Euler's theorem; `east`, `north` and `drop` are as `see` fills them.
    """

    def write(w: _Writer) -> None:
        curve_n, curve_m = w.spread_field(0, CURVE_N), w.spread_field(0, CURVE_M)
        with w.blocks(w.number(5)) as (at, _):
            x, y, drop, level = w.load(1, at), w.load(2, at), w.load(3, at), w.load(4, at)
            across = (x * x + y * y).most(1e-30)
            near = level + level * (drop / across)
            squared = across.below(NEARBY_M * NEARBY_M, near, level + drop)
            curve = curve_n + (curve_m - curve_n) * (y * y / across)
            w.store(6, at, squared.root() * (squared * curve + 1.0))

    return _typed(write, frame, east, north, drop, least, count, metres)


@written
def settle(metres: Ir, limit_m: Ir, count: Ir, radii_m: Ir, radii: Ir, rounded: Ir, keep: Ir, closest: Ir) -> Ir:
    """Round `count` distances (`metres`) to 0.1 mm in `rounded`, and mark in `keep` those within their `limit_m`.

    `radii_m` are the first `radii` limits common to all.

    closest[0] becomes how near one of them comes to its limit or a radius, closest[1] the least of them; both may be
    smaller than that where room past the end holds something else.
    """

    def write(w: _Writer) -> None:
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

    return _typed(write, metres, limit_m, count, radii_m, radii, rounded, keep, closest)


@written
def stand_in(  # noqa: PLR0913, PLR0917 -- arrays one by one
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
    """Fill `middle_m` with the chords to a polygon's middle; mark in `keep` those within their `limit_m`.

    In `unsettled` those are marked that settle nothing. `squared` holds `count` squared chords; `radii_m` the first
    `radii` common limits. `arc_excess` is what an arc is longer than its chord, per cube of that.

    A chord settles on which side of its limit and of every radius the polygon lies if it is farther from them than
    `slack_m` and by how much the arc is longer than the chord.
    """

    def write(w: _Writer) -> None:
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

    return _typed(write, squared, limit_m, count, radii_m, radii, slack_m, arc_excess, middle_m, keep, unsettled)


@written
def strips(coefficients: Ir, lon: Ir, lat: Ir, origin_lon: Ir, origin_lat: Ir, count: Ir, area: Ir) -> Ir:
    """Fill `area` with the area between each of `count` edges (`lon`, `lat`) and the parallel of the origin.

    A cubic in latitude (`coefficients`) gives the zone's width; all in degrees, `origin_lon` and `origin_lat` too.
    """

    def write(w: _Writer) -> None:
        first, second, third = (w.spread_field(0, i) for i in range(3))
        lon_0, lat_0 = w.spread(w.number(3)), w.spread(w.number(4))
        with w.blocks(w.number(5)) as (at, _):
            step = ((w.load(1, at, 1) - lon_0) - (w.load(1, at) - lon_0)) * _RADIANS
            low, high = (w.load(2, at) - lat_0) * _RADIANS, (w.load(2, at, 1) - lat_0) * _RADIANS
            mean, squares = (low + high) * 0.5, low * low + high * high
            w.store(
                6, at, step * (first * mean + second * (squares + low * high) * (1 / 3) + third * mean * squares * 0.5)
            )

    return _typed(write, coefficients, lon, lat, origin_lon, origin_lat, count, area)
