"""Numba behind one door: compiled functions that keep their machine code in a folder that can be written.

Importing this module imports numba, which takes half a second; the rest of hmgeo imports it only when it measures.
The first use on a machine compiles for some seconds and keeps the result, under a name made of the engine's own code,
so that no other version's is ever used (`hmgeo.reference.machine`).
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import numba
from llvmlite import ir
from llvmlite.binding import add_symbol, parse_assembly, parse_bitcode
from numba import types
from numba.core.caching import FunctionCache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.runtime import _nrt_python
from numba.extending import intrinsic

from hmgeo.reference.machine import CacheFolderWarning, code_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])


for _name, _address in _nrt_python.c_helpers.items():  # numba compiles more with them, which kept code holds already
    add_symbol(_name if _name.startswith("_") else f"NRT_{_name}", _address)


class _Mending(FunctionCache):  # type: ignore[misc]  # numba has no types
    """Kept machine code; what was cut off or can't be read is compiled again, what can't be kept isn't.

    As everywhere with numba nothing tells that bytes within it were changed.
    """

    def load_overload(self, sig: object, target_context: object) -> object:
        """Return what is kept for a signature; None where nothing usable is.

        Machine code needs none of what numba knows about types: that is loaded only to compile.
        """
        try:
            return self._loaded(sig, target_context)
        except Exception as error:  # noqa: BLE001 -- a cut or foreign pickle raises anything
            warnings.warn(
                f"留存的编译结果已损坏，重新编译：{self.cache_path}（{type(error).__name__}）",
                CacheFolderWarning,
                stacklevel=2,
            )
            with suppress(OSError):
                self.flush()
            return None

    def _loaded(self, sig: object, target_context: Any) -> object:  # noqa: ANN401 -- numba has no types
        """Return what is kept; its source, most of it, is taken apart only for another function that it is put into."""
        data = self._cache_file.load(self._index_key(sig, target_context.codegen()))
        if data is None:
            return None
        (name, kind, (code, source)), described, *more = data
        symbols = described.llvm_func_name, described.llvm_cpython_wrapper_name
        stub = parse_assembly("".join(f'define void @"{symbol}"() {{ unreachable }}\n' for symbol in symbols))
        made = self._impl.rebuild(target_context, ((name, kind, (code, stub.as_bitcode())), described, *more))
        made.library._get_module_for_linking = lambda: parse_bitcode(source)  # noqa: SLF001 -- numba has no other way
        return made

    def save_overload(self, sig: object, data: object) -> None:
        """Keep machine code where there is room for it."""
        with suppress(OSError):
            super().save_overload(sig, data)


def _nothing() -> None:
    """Look for no packages that teach numba types of their own."""


def compiled(function: Function) -> Function:
    """Compile `function` on first call, keep the machine code, run without the interpreter lock; IEEE arithmetic."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(code_folder())  # read when the decorator runs; other packages keep their own
    try:
        dispatcher = numba.njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
        dispatcher._cache = _Mending(dispatcher.py_func)  # noqa: SLF001 -- what cache=True does, with our cache
        dispatcher._compilation_chain_init_hook = _nothing  # noqa: SLF001 -- no package's own types stand in ours
        return cast("Function", dispatcher)
    finally:
        numba.config.CACHE_DIR = before


class _Part(JITCodeLibrary):  # type: ignore[misc]  # numba has no types
    """The code of a function that is only put into others: improved and made machine code there, not by itself."""

    @property
    def codegen(self) -> _Part:
        """What numba registers the addresses of machine code with: there are none."""
        return self

    def set_env(self, _name: str, _environment: object) -> None:
        """Nothing here asks for Python objects."""

    def get_pointer_to_function(self, _name: str) -> int:
        """Say that Python can't call it."""
        self._ensure_finalized()
        return 0

    def add_llvm_module(self, module: Ir) -> None:
        """Take in code as it was written."""
        self._final_module.link_in(module)

    def finalize(self) -> None:
        """Take in the functions that it calls."""
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)  # noqa: SLF001 -- as above
        self._finalized = True


class _Parts(Compiler):  # type: ignore[misc]  # numba has no types
    def __init__(self, typing: Any, target: Any, _library: object, *more: Any) -> None:  # noqa: ANN401 -- as above
        super().__init__(typing, target, _Part(target.codegen(), "part"), *more)


def inner(function: Function) -> Function:
    """Compile `function` for other compiled ones alone: kept as a part of those, not to be called from Python."""
    only = dict.fromkeys(("no_cpython_wrapper", "no_cfunc_wrapper", "no_rewrites"), True)
    dispatcher = numba.njit(nogil=True, error_model="numpy", pipeline_class=_Parts, _nrt=False, **only)(function)
    template = dispatcher.get_call_template  # asked for constants' own types first, it would compile for each of them
    dispatcher.get_call_template = lambda args, kws: template(tuple(map(types.unliteral, args)), kws)
    return cast("Function", dispatcher)


Ir: TypeAlias = Any
"""A context, builder, signature, type or value of the code being generated."""


def written(function: Callable[..., Ir]) -> Ir:
    """Register a function of its arguments' types that writes its own machine code."""

    def definition(_typing: Ir, *kinds: Ir) -> Ir:
        return function(*kinds)

    first = Parameter("typing", Parameter.POSITIONAL_ONLY)  # what numba hands every intrinsic, and none here asks
    definition.__signature__ = Signature([first, *signature(function).parameters.values()])  # type: ignore[attr-defined]
    definition.__name__, definition.__doc__ = function.__name__, function.__doc__
    return intrinsic(definition)


@written
def bare(tuple_kind: Ir) -> Ir:
    """Return a named tuple (`tuple_kind`) whose arrays have become pointers to their first elements."""
    kinds = [types.CPointer(kind.dtype) if isinstance(kind, types.Array) else kind for kind in tuple_kind.types]
    result = types.NamedTuple(kinds, tuple_kind.instance_class)

    def generate(context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        values = []
        for i, kind in enumerate(tuple_kind.types):
            value = builder.extract_value(arguments[0], i)
            is_array = isinstance(kind, types.Array)
            values.append(context.make_array(kind)(context, builder, value).data if is_array else value)
        return context.make_tuple(builder, result, values)

    return result(tuple_kind), generate


@written
def past(pointer: Ir, _count: Ir) -> Ir:
    """Return `pointer` moved on by so many elements (`_count`)."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return builder.gep(arguments[0], [arguments[1]])

    return pointer(pointer, types.int64), generate


def _load_bytes(builder: Ir, arguments: Ir, kind: Ir) -> Ir:
    pointer = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())
    return builder.load(pointer, align=1)


@written
def read_count(buffer: Ir, _at: Ir) -> Ir:
    """Read the little-endian unsigned 32-bit number `_at` bytes past the pointer `buffer`."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return builder.zext(_load_bytes(builder, arguments, ir.IntType(32)), ir.IntType(64))

    return types.int64(buffer, types.int64), generate


@written
def read_double(buffer: Ir, _at: Ir) -> Ir:
    """Read the little-endian double `_at` bytes past the pointer `buffer`."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return _load_bytes(builder, arguments, ir.DoubleType())

    return types.float64(buffer, types.int64), generate
