"""Eight doubles at a time in LLVM's own vectors: the small language that `vectors` is written in.

Left to itself LLVM does not vectorise a minimum without licence to reorder arithmetic, and on lists of a dozen it
spends its time in remainders. Here every lane does what scalar code would do, no operation is fused unless it says so
or reordered, and so the result does not depend on the width of a machine's registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.analysis.engine.untyped import Ir

LANES = 8

_DOUBLE = ir.DoubleType()
_LONG = ir.IntType(64)
_VECTOR = ir.VectorType(_DOUBLE, LANES)


class Lanes:
    """Eight doubles and the operations on them."""

    def __init__(self, builder: Ir, value: Ir) -> None:
        self.builder, self.value = builder, value

    def _with(self, other: Lanes | float) -> Ir:
        return other.value if isinstance(other, Lanes) else ir.Constant(_VECTOR, [float(other)] * LANES)

    def __add__(self, other: Lanes | float) -> Lanes:
        """Add lane by lane."""
        return Lanes(self.builder, self.builder.fadd(self.value, self._with(other)))

    def __sub__(self, other: Lanes | float) -> Lanes:
        """Subtract lane by lane."""
        return Lanes(self.builder, self.builder.fsub(self.value, self._with(other)))

    def __mul__(self, other: Lanes | float) -> Lanes:
        """Multiply lane by lane."""
        return Lanes(self.builder, self.builder.fmul(self.value, self._with(other)))

    def __truediv__(self, other: Lanes | float) -> Lanes:
        """Divide lane by lane."""
        return Lanes(self.builder, self.builder.fdiv(self.value, self._with(other)))

    def below(self, other: Lanes | float, then: Lanes | float, otherwise: Lanes | float) -> Lanes:
        """Choose by lane: `then` where this is less than `other`."""
        less = self.builder.fcmp_ordered("<", self.value, self._with(other))
        return Lanes(self.builder, self.builder.select(less, self._with(then), self._with(otherwise)))

    def least(self, other: Lanes | float) -> Lanes:
        """Return the lesser by lane."""
        return self.below(other, self, other)

    def most(self, other: Lanes | float) -> Lanes:
        """Return the greater by lane."""
        return self.below(other, other, self)

    def _call(self, name: str) -> Lanes:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"{name}.v{LANES}f64")
        return Lanes(self.builder, self.builder.call(function, [self.value]))

    def root(self) -> Lanes:
        """Return square roots."""
        return self._call("llvm.sqrt")

    def rounded(self) -> Lanes:
        """Return the nearest whole numbers, halves to even."""
        return self._call("llvm.rint")

    def magnitude(self) -> Lanes:
        """Return absolute values."""
        return self._call("llvm.fabs")

    def fused(self, factor: Lanes, addend: Lanes) -> Lanes:
        """Multiply and add with one rounding, as IEEE 754 has it: the same bits on every machine, slow on old ones."""
        kind = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.v{LANES}f64")
        return Lanes(self.builder, self.builder.call(function, [self.value, factor.value, addend.value]))

    def negated(self) -> Lanes:
        """Change signs."""
        return Lanes(self.builder, self.builder.fneg(self.value))

    def lane(self, number: int) -> Ir:
        """Return one lane."""
        return self.builder.extract_element(self.value, ir.Constant(ir.IntType(32), number))


class Writer:
    """Writes the body of one compiled function: arrays, loops, and what is kept between turns."""

    def __init__(self, context: Ir, builder: Ir, signature: Ir, arguments: Ir) -> None:
        self.builder, self.arguments = builder, arguments
        self._data = [
            context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]

    def number(self, argument: int) -> Ir:
        """Return a scalar argument."""
        return self._data[argument]

    def load(self, argument: int, at: Ir, shift: int = 0) -> Lanes:
        """Load eight doubles of an array argument."""
        return Lanes(self.builder, self.builder.load(self._pointer(argument, at, shift), align=8))

    def store(self, argument: int, at: Ir, lanes: Lanes) -> None:
        """Store eight doubles into an array argument."""
        self.builder.store(lanes.value, self._pointer(argument, at, 0), align=8)

    def put(self, argument: int, at: int, value: Ir) -> None:
        """Store one double into an array argument."""
        self.builder.store(value, self.builder.gep(self._data[argument], [ir.Constant(_LONG, at)]))

    def across(self, lanes: Lanes, *, least: bool) -> Ir:
        """Return the least or greatest of eight lanes."""
        value = lanes.lane(0)
        for i in range(1, LANES):
            other = lanes.lane(i)
            is_better = self.builder.fcmp_ordered("<" if least else ">", other, value)
            value = self.builder.select(is_better, other, value)
        return value

    def mark(self, argument: int, at: Ir, lanes: Lanes, limit: Lanes) -> None:
        """Store a byte per lane into a uint8 argument: 1 where it is no greater than the limit, else 0."""
        kind = ir.VectorType(ir.IntType(8), LANES)
        marks = self.builder.zext(self.builder.fcmp_ordered("<=", lanes.value, limit.value), kind)
        place = self.builder.gep(self._data[argument], [at])
        self.builder.store(marks, self.builder.bitcast(place, kind.as_pointer()), align=1)

    def _pointer(self, argument: int, at: Ir, shift: int) -> Ir:
        if shift:
            at = self.builder.add(at, ir.Constant(_LONG, shift))
        return self.builder.bitcast(self.builder.gep(self._data[argument], [at]), _VECTOR.as_pointer())

    def spread(self, scalar: Ir) -> Lanes:
        """Return a scalar in all lanes."""
        undefined = ir.Constant(_VECTOR, ir.Undefined)
        lane = self.builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return Lanes(self.builder, self.builder.shuffle_vector(lane, undefined, zeros))

    def spread_field(self, argument: int, at: Ir) -> Lanes:
        """Return one double of an array argument in all lanes."""
        place = ir.Constant(_LONG, at) if isinstance(at, int) else at
        return self.spread(self.builder.load(self.builder.gep(self._data[argument], [place])))

    def constant(self, value: float) -> Lanes:
        """Return a number in all lanes."""
        return Lanes(self.builder, ir.Constant(_VECTOR, [value] * LANES))

    def keep(self, lanes: Lanes) -> Kept:
        """Keep lanes between turns of a loop."""
        return Kept(self.builder, cgutils.alloca_once_value(self.builder, lanes.value))

    def turns(self, count: Ir) -> Ir:
        """Loop `count` times; `.index` is the number of the turn."""
        return cgutils.for_range(self.builder, count)

    def blocks(self, count: Ir) -> Ir:
        """Loop over blocks of eight that cover `count`; `.index` is the first of each."""
        zero, step = ir.Constant(_LONG, 0), ir.Constant(_LONG, LANES)
        return cgutils.for_range_slice(self.builder, zero, count, step, _LONG)


class Kept:
    """Lanes that outlast a turn of a loop."""

    def __init__(self, builder: Ir, slot: Ir) -> None:
        self._builder, self._slot = builder, slot

    @property
    def now(self) -> Lanes:
        """What is kept."""
        return Lanes(self._builder, self._builder.load(self._slot))

    def set(self, lanes: Lanes) -> None:
        """Keep something else."""
        self._builder.store(lanes.value, self._slot)


def written(function: Callable[..., Ir]) -> Ir:
    """Register a function that writes its own machine code."""
    return intrinsic(function)


def typed(write: Callable[[Writer], None], *kinds: Ir) -> Ir:
    """Return what an intrinsic must return for arguments of these types; whole numbers are int64."""

    def generate(context: Ir, builder: Ir, signature: Ir, arguments: Ir) -> Ir:
        write(Writer(context, builder, signature, arguments))
        return context.get_dummy_value()

    fixed = [types.int64 if isinstance(kind, types.Integer) else kind for kind in kinds]
    return types.void(*fixed), generate
