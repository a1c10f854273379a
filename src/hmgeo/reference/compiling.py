"""Numba itself, for functions whose machine code isn't kept yet; importing it takes half a second.

Kept code needs it only where it makes arrays, by numba's own memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_int64
from functools import cache, partial
from typing import Any

from llvmlite.binding import add_symbol

from hmgeo.reference.machine import hidden

with hidden("scipy", "yaml"):  # it would load them just to see whether they are there
    import numba

types, as_dtype = numba.types, numba.np.numpy_support.as_dtype
_helpers = numba.core.runtime._nrt_python.c_helpers  # noqa: SLF001 -- numba has no other way
for _name, _address in _helpers.items():
    add_symbol(_name if _name.startswith("_") else f"NRT_{_name}", _address)

numba.core.base._load_global_helpers()  # noqa: SLF001 -- as above; else not told before it compiles itself

release = CFUNCTYPE(None, c_int64)(_helpers["MemInfo_release"])
"""Gives memory back that compiled code has made."""


def _nothing() -> None:
    """Look for no packages that teach numba types of their own."""


class _Part(numba.core.codegen.JITCodeLibrary):  # type: ignore[misc]  # numba has no types
    """The code of a function that is put into others: improved and made machine code there, not by itself."""

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

    def add_llvm_module(self, module: object) -> None:
        """Take in code as it was written."""
        self._final_module.link_in(module)

    def finalize(self) -> None:
        """Take in the functions that it calls."""
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)  # noqa: SLF001 -- as above
        self._finalized = True


class _Whole(numba.core.compiler.Compiler):  # type: ignore[misc]  # numba has no types
    def __init__(self, typing: Any, target: Any, _library: object, *more: Any) -> None:  # noqa: ANN401 -- as above
        library = numba.core.codegen.JITCodeLibrary(target.codegen(), "whole")
        library.enable_object_caching()
        super().__init__(typing, target, library, *more)


@cache
def _dispatcher(function: Callable[..., Any], **options: Any) -> Any:  # noqa: ANN401 -- as above
    """Return what compiles `function`, to run without the interpreter lock; IEEE arithmetic."""
    only = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    disabled, numba.config.DISABLE_JIT = numba.config.DISABLE_JIT, 0  # a user's switch is for the user's functions
    dispatcher = numba.njit(**only, **options)(function)
    numba.config.DISABLE_JIT = disabled
    dispatcher._compilation_chain_init_hook = _nothing  # noqa: SLF001 -- no package's own types stand in ours
    return dispatcher


@cache
def _part(function: Callable[..., Any], **options: Any) -> Any:  # noqa: ANN401 -- as above
    """Return what compiles `function` for other compiled ones."""
    dispatcher = _dispatcher(function, **options)
    template = dispatcher.get_call_template  # asked for constants' own types first, it would compile for each of them
    dispatcher.get_call_template = lambda args, kws: template(tuple(map(types.unliteral, args)), kws)
    return dispatcher


_WAYS = {
    "compiled": _part,
    "inner": partial(_part, no_rewrites=True, _nrt=False),
    "written": numba.extending.intrinsic,
}


def kind_of(function: Callable[..., Any], way: str) -> Any:  # noqa: ANN401 -- as above
    """Return numba's type of `function`, compiled in this way or writing machine code itself."""
    made = _WAYS[way](function)
    context = numba.core.registry.cpu_target.typing_context
    context.refresh()
    return context.resolve_value_type(made)


@contextmanager
def _taking_parts() -> Iterator[None]:
    """Have numba take its own functions for parts, too, and ask once what an operation on numbers is."""
    codegen, asked = numba.core.registry.cpu_target.target_context.codegen(), types.BaseFunction
    known: dict[Any, Any] = {}

    def once(self: Any, context: Any, kinds: Any, more: Any) -> Any:  # noqa: ANN401 -- as above
        if more or not all(isinstance(kind, types.Number) for kind in kinds):
            return ask(self, context, kinds, more)
        if (self, kinds) not in known:
            known[self, kinds] = ask(self, context, kinds, more)
        return known[self, kinds]

    with numba.core.compiler_lock.global_compiler_lock:  # nobody else compiles meanwhile
        library, ask = codegen._library_class, asked.get_call_type  # noqa: SLF001 -- numba has no other way
        codegen._library_class, asked.get_call_type = _Part, once  # noqa: SLF001 -- as above
        try:
            yield
        finally:
            codegen._library_class, asked.get_call_type = library, ask  # noqa: SLF001 -- as above


def machine_code(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any, bytes]:
    """Compile `function` for the types of `arguments`; return its symbol, what it returns, and the machine code.

    What it returns is told by dtype, by dtype and dimensions of an array, by a list of those, or is None.
    """
    dispatcher, kinds = _dispatcher(function, pipeline_class=_Whole), tuple(map(numba.typeof, arguments))
    with _taking_parts():
        dispatcher.compile(kinds)
    made = dispatcher.overloads[kinds]
    _, _, (code, _) = made.library.serialize_using_object_code()
    return made.fndesc.llvm_func_name, _returned(made.signature.return_type), code


def _returned(kind: Any) -> Any:  # noqa: ANN401 -- as above
    if kind == types.none:
        return None
    if isinstance(kind, types.Array):
        return {"dtype": as_dtype(kind.dtype).str, "ndim": kind.ndim}
    if isinstance(kind, types.BaseTuple):
        if any(isinstance(one, types.BaseTuple) for one in kind):
            raise TypeError(kind)  # it would lie in memory with gaps that nobody here counts
        return [_returned(one) for one in kind]
    return as_dtype(kind).str
