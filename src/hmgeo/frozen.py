"""The standard library's frozen dataclasses with slots, made in a third of its time.

It compiles six functions for a class, a quarter second for the three hundred that a run loads; here it is one, and the
others are shared. Everything else of a class is the library's: fields, `replace`, `asdict`, what type checkers know.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 -- handed on
else:

    def dataclass(**how: bool) -> Callable[[type], type]:
        """Make a dataclass as `dataclasses.dataclass` does of `how`."""
        return _made if how == {"frozen": True, "slots": True} else dataclasses.dataclass(**how)


def _made(kind: type) -> type:
    own = {name for name in ("__repr__", "__eq__", "__hash__") if vars(kind).get(name) is not None}
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(kind)
    fields = dataclasses.fields(made)
    made.__own_slots__ = tuple(getattr(made, field.name) for field in fields)
    made.__init__ = _init_of(made, fields)
    made.__setattr__ = made.__delattr__ = _refused
    made.__reduce__ = _reduced
    same, known = _values_of([field.name for field in fields if field.compare]), (lambda one: hash(same(one)))
    shared = {"__repr__": _told, "__hash__": known, "__eq__": lambda one, other: _are_equal(one, other, same)}
    for name in shared.keys() - own:
        setattr(made, name, shared[name])
    return made  # type: ignore[no-any-return]


def _init_of(made: Any, fields: Sequence[dataclasses.Field[Any]]) -> Callable[..., None]:  # noqa: ANN401 -- any dataclass
    """Return what fills the slots of a new object, the only function that is compiled for a class."""
    missing = dataclasses.MISSING
    names: dict[str, Any] = {"MISSING": missing}
    taken, filled = ["self"], []
    for at, field in enumerate(fields):
        has_default, has_factory = field.default is not missing, field.default_factory is not missing
        names |= {f"put{at}": made.__own_slots__[at].__set__, f"default{at}": field.default}
        names[f"make{at}"] = field.default_factory
        value = f"make{at}()" if has_factory else f"default{at}"
        if field.init:
            taken.append(f"{field.name}=default{at}" if has_default or has_factory else field.name)
            value = f"{value} if {field.name} is MISSING else {field.name}" if has_factory else field.name
        if field.init or has_default or has_factory:
            filled.append(f"    put{at}(self, {value})")
    filled += ["    self.__post_init__()"] if hasattr(made, "__post_init__") else []
    exec("\n".join([f"def __init__({', '.join(taken)}):", *filled, "    return"]), names)  # noqa: S102 -- as the library does
    made_init: Callable[..., None] = names["__init__"]
    made_init.__qualname__ = f"{made.__qualname__}.__init__"
    return made_init


def _values_of(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the values of fields; `attrgetter` gives one alone bare, and takes none."""
    values = attrgetter(*names) if names else lambda _: ()
    return (lambda one: (values(one),)) if len(names) == 1 else values


def _told(self: Any) -> str:  # noqa: ANN401 -- any dataclass
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _are_equal(one: object, other: object, values_of: Callable[[Any], object]) -> Any:  # noqa: ANN401 -- or NotImplemented
    return values_of(one) == values_of(other) if type(one) is type(other) else NotImplemented


def _refused(self: object, name: str, _value: object = None) -> None:
    raise dataclasses.FrozenInstanceError(type(self).__qualname__, name)


def _reduced(self: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- any dataclass
    kind = type(self)
    return _filled, (kind, *(slot.__get__(self, kind) for slot in kind.__own_slots__))


def _filled(kind: Any, *values: object) -> object:  # noqa: ANN401 -- any dataclass
    """Return an object as it was when it was packed up; nothing is checked again."""
    one = object.__new__(kind)
    for slot, value in zip(kind.__own_slots__, values, strict=True):
        slot.__set__(one, value)
    return one
