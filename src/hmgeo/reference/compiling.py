"""Numba itself, for functions whose machine code isn't kept yet; importing it takes half a second.

Kept code needs it only where it makes arrays, by numba's own memory.
"""

from __future__ import annotations

from ctypes import CFUNCTYPE, c_int64
from functools import cache
from typing import TYPE_CHECKING, Any

from llvmlite.binding import add_symbol

from hmgeo.reference.machine import hidden

if TYPE_CHECKING:
    from collections.abc import Callable

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


@cache
def _compiled(function: Callable[..., Any]) -> Any:  # noqa: ANN401 -- numba has no types
    """Compile `function` to run without the interpreter lock; IEEE arithmetic."""
    only = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    dispatcher = numba.njit(nogil=True, error_model="numpy", **only)(function)
    dispatcher._compilation_chain_init_hook = _nothing  # noqa: SLF001 -- no package's own types stand in ours
    return dispatcher


class _Part(numba.core.codegen.JITCodeLibrary):  # type: ignore[misc]  # numba has no types
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

    def add_llvm_module(self, module: object) -> None:
        """Take in code as it was written."""
        self._final_module.link_in(module)

    def finalize(self) -> None:
        """Take in the functions that it calls."""
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)  # noqa: SLF001 -- as above
        self._finalized = True


class _Parts(numba.core.compiler.Compiler):  # type: ignore[misc]  # numba has no types
    def __init__(self, typing: Any, target: Any, _library: object, *more: Any) -> None:  # noqa: ANN401 -- as above
        super().__init__(typing, target, _Part(target.codegen(), "part"), *more)


@cache
def _inner(function: Callable[..., Any]) -> Any:  # noqa: ANN401 -- as above
    """Compile `function` for other compiled ones alone: kept as a part of those, not to be called from Python."""
    only = dict.fromkeys(("no_cpython_wrapper", "no_cfunc_wrapper", "no_rewrites"), True)
    dispatcher = numba.njit(nogil=True, error_model="numpy", pipeline_class=_Parts, _nrt=False, **only)(function)
    template = dispatcher.get_call_template  # asked for constants' own types first, it would compile for each of them
    dispatcher.get_call_template = lambda args, kws: template(tuple(map(types.unliteral, args)), kws)
    return dispatcher


_WAYS = {"compiled": _compiled, "inner": _inner, "written": numba.extending.intrinsic}


def kind_of(function: Callable[..., Any], way: str) -> Any:  # noqa: ANN401 -- as above
    """Return numba's type of `function`, compiled in this way or writing machine code itself."""
    made = _WAYS[way](function)
    context = numba.core.registry.cpu_target.typing_context
    context.refresh()
    return context.resolve_value_type(made)


def machine_code(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[str, Any, bytes]:
    """Compile `function` for the types of `arguments`; return its symbol, what it returns, and the machine code.

    What it returns is told by dtype, by dtype and dimensions of an array, by a list of those, or is None.
    """
    dispatcher, kinds = _compiled(function), tuple(map(numba.typeof, arguments))
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
        return [_returned(one) for one in kind]
    return as_dtype(kind).str
