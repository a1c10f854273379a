"""Bare pointers for compiled code: no reference counts, which would cost more than the arithmetic.

The arrays must be held by whoever calls, for as long as the pointers are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import types

from hmgeo.analysis.engine.lanes import written

if TYPE_CHECKING:
    from hmgeo.analysis.engine.untyped import Ir


@written
def bare(_typing: Ir, held: Ir) -> Ir:
    """Return a named tuple whose arrays have become pointers to their first elements."""
    kinds = [types.CPointer(kind.dtype) if isinstance(kind, types.Array) else kind for kind in held.types]
    result = types.NamedTuple(kinds, held.instance_class)

    def generate(context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        values = []
        for i, kind in enumerate(held.types):
            value = builder.extract_value(arguments[0], i)
            is_array = isinstance(kind, types.Array)
            values.append(context.make_array(kind)(context, builder, value).data if is_array else value)
        return context.make_tuple(builder, result, values)

    return result(held), generate


@written
def past(_typing: Ir, pointer: Ir, _count: Ir) -> Ir:
    """Return the pointer so many elements further on."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, types.int64), generate
