"""Numba behind one door: compiled functions that keep their machine code in a folder that can be written.

Importing this module imports numba, which takes half a second; the rest of hmgeo imports it only when it measures.
The first use on a machine compiles for some seconds and keeps the result, under a name made of the engine's own code,
so that no other version's is ever used (`hmgeo.reference.machine`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

from hmgeo.reference.machine import code_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile on first call, keep the machine code, run without the interpreter lock; IEEE arithmetic throughout."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(code_folder())  # read when the decorator runs; other packages keep their own
    try:
        return cast(
            "Function", numba.njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)(function)
        )
    finally:
        numba.config.CACHE_DIR = before


def inner(function: Function) -> Function:
    """Compile for other compiled functions alone: kept as a part of those, and not to be called from Python."""
    only = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Function", numba.njit(nogil=True, error_model="numpy", **only)(function))
