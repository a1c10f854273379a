"""Compiled functions, whose machine code is kept in a folder that can be written and called as it is.

The first use on a machine compiles for some seconds by numba and keeps the result, under a name made of the engine's
own code, so that no other version's is ever used (`hmgeo.reference.machine`). Later uses load it by llvmlite alone.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, cached_property, update_wrapper
from importlib import import_module
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np
from llvmlite import binding, ir

from hmgeo.reference.machine import CacheFolderWarning, code_folder

Function = TypeVar("Function", bound=Callable[..., Any])

Kind: TypeAlias = tuple[Any, ...]

_lock = threading.RLock()
_DIGEST_BYTES = 32


class _Numba:
    """Numba, imported when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- numba has no types
        return getattr(import_module("numba"), name)


numba = _Numba()


_LET_GO = b"NRT_MemInfo_call_dtor"
"""What lets go of memory that compiled code made; named in code that makes none, too, and never called there."""

_let_go = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _: None)


@cache
def _engine(*, makes_arrays: bool) -> Any:  # noqa: ANN401 -- llvmlite has no types
    """Return what loads machine code: two, as what is loaded first decides for all of one who lets go of memory."""
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    if not makes_arrays and binding.address_of_symbol(_LET_GO.decode()) is None:
        binding.add_symbol(_LET_GO.decode(), ctypes.cast(_let_go, ctypes.c_void_p).value)
    target = binding.Target.from_triple(binding.get_process_triple())
    machine = target.create_target_machine(reloc="static" if target.name.startswith("x86") else "default", jit=True)
    return binding.create_mcjit_compiler(binding.parse_assembly(""), machine)


@cache
def _source(path: str) -> bytes:
    return Path(path).read_bytes()


def _spread(value: Any, kinds: list[Kind], values: list[Any]) -> None:  # noqa: ANN401 -- whatever is handed over
    """Append an argument's kind, and its values in the order in which numba's functions take them."""
    if isinstance(value, np.ndarray):
        flags = value.flags
        order = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        kinds.append((value.dtype.str, value.ndim, order, flags.writeable, flags.aligned))
        values += (0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides)
    elif isinstance(value, tuple):
        kinds.append((type(value).__qualname__, len(value)))
        for one in value:
            _spread(one, kinds, values)
    elif isinstance(value, np.generic):
        kinds.append((value.dtype.str,))
        values.append(value.item())
    else:
        if isinstance(value, int) and value.bit_length() > _INTEGER_BITS:
            raise OverflowError(value)  # C would take what is left of it
        kinds.append(({bool: "b1", int: "i8", float: "f8"}[type(value)],))
        values.append(value)


_PARTS_OF_ARRAY = 5
_INTEGER_BITS = 63
_C_KINDS = {
    "b1": ctypes.c_bool,
    "i4": ctypes.c_int32,
    "i8": ctypes.c_int64,
    "f4": ctypes.c_float,
    "f8": ctypes.c_double,
}
"""By the end of numpy's code; numpy's own table takes longer to import than it saves lines."""


def _c_kinds(kinds: tuple[Kind, ...]) -> Iterator[Any]:
    for kind in kinds:
        match kind:
            case dtype, ndim, _, _, _:
                yield from [ctypes.c_int64] * (_PARTS_OF_ARRAY + 2 * ndim)
            case (dtype,):
                yield _C_KINDS[dtype[-2:]]


def _leaves(returned: Any) -> Iterator[Any]:  # noqa: ANN401 -- as `hmgeo.reference.compiling` tells it
    if isinstance(returned, list):
        for one in returned:
            yield from _leaves(one)
    elif isinstance(returned, dict):
        yield from [ctypes.c_int64] * (_PARTS_OF_ARRAY + 2 * returned["ndim"])
    else:
        yield _C_KINDS[(returned or "i8")[-2:]]  # None is written as a pointer to nothing


def _gathered(returned: Any, values: Iterator[Any]) -> Any:  # noqa: ANN401 -- as `hmgeo.reference.compiling` tells it
    """Make what Python gets of the values that stand in memory."""
    if isinstance(returned, list):
        return tuple(_gathered(one, values) for one in returned)
    if not isinstance(returned, dict):
        return next(values) if returned else None
    memory, _, count, size, data = (next(values) for _ in range(_PARTS_OF_ARRAY))
    shape, strides = ([next(values) for _ in range(returned["ndim"])] for _ in range(2))
    held = (ctypes.c_char * (count * size)).from_address(data) if count else b""
    made = np.ndarray(shape, returned["dtype"], held, strides=strides).copy()
    if memory:
        import_module("hmgeo.reference.compiling").release(memory)
    return made


class _Compiled:
    """A function that is compiled for the types of its arguments on first call, and runs without the interpreter lock.

    Other compiled functions take it in as they are compiled.
    """

    def __init__(self, function: Callable[..., Any], way: str = "compiled") -> None:
        self._function, self._way = function, way
        self.ready: dict[tuple[Kind, ...], Callable[..., Any]] = {}
        update_wrapper(self, function)

    @cached_property
    def _numba_type_(self) -> Any:  # noqa: ANN401 -- numba has no types
        return import_module("hmgeo.reference.compiling").kind_of(self._function, self._way)

    def __call__(self, *arguments: Any) -> Any:  # noqa: ANN401 -- whatever is handed over
        """Call the machine code."""
        kinds: list[Kind] = []
        values: list[Any] = []
        _spread(arguments, kinds, values)
        key = tuple(kinds)
        if key not in self.ready:
            with _lock:
                if key not in self.ready:
                    self.ready[key] = _callable(*self._code(key, arguments), key)
        return self.ready[key](values)

    def _code(self, key: tuple[Kind, ...], arguments: tuple[Any, ...]) -> tuple[str, Any, bytes]:
        """Return what is kept; what isn't, or was cut off or changed, is compiled, and kept where there is room."""
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        stamp = hashlib.sha256(repr((name, key)).encode() + _source(self._function.__code__.co_filename))
        path = code_folder() / f"{name}-{stamp.hexdigest()[:16]}.code"
        with suppress(OSError):
            data = path.read_bytes()
            seal, line, code = data[:_DIGEST_BYTES], *data[_DIGEST_BYTES:].partition(b"\n")[::2]
            if seal == hashlib.sha256(data[_DIGEST_BYTES:]).digest():
                return (*json.loads(line), code)
            told = f"留存的编译结果已损坏，重新编译：{path}"
            warnings.warn(told, CacheFolderWarning, stacklevel=3)
        *described, code = import_module("hmgeo.reference.compiling").machine_code(self._function, arguments)
        body = json.dumps(described).encode() + b"\n" + code
        with suppress(OSError), tempfile.TemporaryDirectory(dir=path.parent, ignore_cleanup_errors=True) as room:
            (Path(room) / path.name).write_bytes(hashlib.sha256(body).digest() + body)
            (Path(room) / path.name).replace(path)
        return (*described, code)


def _callable(symbol: str, returned: Any, code: bytes, kinds: tuple[Kind, ...]) -> Callable[..., Any]:  # noqa: ANN401
    """Load machine code; return what calls it with values as `_spread` has them."""
    named = set(re.findall(rb"(?:NRT|numba)_\w+", code))
    makes_arrays = bool(named - {_LET_GO, b"NRT_incref", b"NRT_decref"})
    if makes_arrays or os.name == "nt":
        import_module("hmgeo.reference.compiling")  # numba tells where its own functions lie
    engine = _engine(makes_arrays=makes_arrays)
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    pointers = [ctypes.c_void_p, ctypes.c_void_p]
    call = ctypes.CFUNCTYPE(ctypes.c_int32, *pointers, *_c_kinds(kinds))(engine.get_function_address(symbol))
    leaves = list(enumerate(_leaves(returned)))

    class Room(ctypes.Structure):
        _fields_ = [(f"f{i}", kind) for i, kind in leaves]

    def run(values: list[Any]) -> Any:  # noqa: ANN401 -- as above
        room, reason = Room(), ctypes.c_void_p()
        if call(ctypes.addressof(room), ctypes.addressof(reason), *values) not in _RETURNED:
            raise MemoryError(symbol)  # the one fault that is known to be met; numba tells no kind here
        return _gathered(returned, (getattr(room, f"f{i}") for i, _ in leaves))

    return run


_RETURNED = 0, -2
"""With a value, with None."""


def compiled(function: Function) -> Function:
    """Compile `function` on first call, keep the machine code, run without the interpreter lock; IEEE arithmetic."""
    return cast("Function", _Compiled(function))


def inner(function: Function) -> Function:
    """Compile `function` for other compiled ones alone: kept as a part of those, not to be called from Python."""
    return cast("Function", _Compiled(function, "inner"))


Ir: TypeAlias = Any
"""A context, builder, signature, type or value of the code being generated."""


def written(function: Callable[..., Ir]) -> Ir:
    """Register a function of its arguments' types that writes its own machine code."""

    def definition(_typing: Ir, *kinds: Ir) -> Ir:
        return function(*kinds)

    first = Parameter("typing", Parameter.POSITIONAL_ONLY)  # what numba hands every intrinsic, and none here asks
    definition.__signature__ = Signature([first, *signature(function).parameters.values()])  # type: ignore[attr-defined]
    definition.__name__, definition.__doc__ = function.__name__, function.__doc__
    return _Compiled(definition, "written")


@written
def bare(tuple_kind: Ir) -> Ir:
    """Return a named tuple (`tuple_kind`) whose arrays have become pointers to their first elements."""
    types = numba.types
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

    return pointer(pointer, numba.types.int64), generate


def _load_bytes(builder: Ir, arguments: Ir, kind: Ir) -> Ir:
    pointer = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())
    return builder.load(pointer, align=1)


@written
def read_count(buffer: Ir, _at: Ir) -> Ir:
    """Read the little-endian unsigned 32-bit number `_at` bytes past the pointer `buffer`."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return builder.zext(_load_bytes(builder, arguments, ir.IntType(32)), ir.IntType(64))

    return numba.types.int64(buffer, numba.types.int64), generate


@written
def read_double(buffer: Ir, _at: Ir) -> Ir:
    """Read the little-endian double `_at` bytes past the pointer `buffer`."""

    def generate(_context: Ir, builder: Ir, _signature: Ir, arguments: Ir) -> Ir:
        return _load_bytes(builder, arguments, ir.DoubleType())

    return numba.types.float64(buffer, numba.types.int64), generate
