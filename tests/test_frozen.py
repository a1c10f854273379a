"""Our frozen dataclasses against the library's own, made of the same definition."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from hmgeo import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


class _Plain:
    name: str
    size: float = 1.5
    parts: list[int] = field(default_factory=list, repr=False)
    seen: int = field(default=0, compare=False)
    known: ClassVar[tuple[str, ...]] = ("a",)


class _Counted:
    given: str
    length: int = field(init=False, default=0)
    found: dict[str, int] = field(init=False, default_factory=dict)
    last: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.given))
        object.__setattr__(self, "last", self.given[-1:])


class _Named:
    word: str

    def __repr__(self) -> str:
        return f"<{self.word}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.word.lower() == other.word.lower()

    def __hash__(self) -> int:
        return hash(self.word.lower())


class _Empty:
    pass


Made = Any
"""A class that was made here, or what makes one."""

KINDS = (_Plain, _Counted, _Named, _Empty)
GIVEN: dict[type, list[dict[str, Any]]] = {
    _Plain: [{"name": "a"}, {"name": "a", "seen": 3}, {"name": "b", "size": 2.0, "parts": [1]}, {}, {"odd": 1}],
    _Counted: [{"given": "abc"}, {"given": ""}, {"given": "abc", "length": 2}],
    _Named: [{"word": "A"}, {"word": "a"}, {"word": "b"}],
    _Empty: [{}, {}],
}


def made_of(kind: type, make: Made) -> Made:
    """Return a dataclass made of a copy of a definition by `make`."""
    body = {name: value for name, value in vars(kind).items() if name not in {"__dict__", "__weakref__"}}
    return make(frozen=True, slots=True)(type(kind.__name__, (), body))


OURS = {kind: made_of(kind, frozen.dataclass) for kind in KINDS}
LIBRARYS = {kind: made_of(kind, dataclasses.dataclass) for kind in KINDS}


def outcome(step: Callable[[], Made]) -> Made:
    """Return what a step gives, or the name of what it raises."""
    try:
        return step()
    except Exception as error:  # noqa: BLE001 -- whatever the library's raises
        return type(error).__name__


@pytest.mark.parametrize("kind", KINDS)
def test_objects_are_told_compared_and_taken_apart_as_the_librarys(kind: type) -> None:
    def told(made: Made) -> list[Any]:
        objects = [outcome(lambda given=given: made(**given)) for given in GIVEN[kind]]
        whole = [one for one in objects if not isinstance(one, str)]
        return [
            [one if isinstance(one, str) else repr(one) for one in objects],
            [[left == right for right in objects] for left in objects],
            [left == 1 for left in whole],
            [
                [outcome(lambda one=one: hash(one)) == outcome(lambda two=two: hash(two)) for two in whole]
                for one in whole
            ],
            [dataclasses.asdict(one) for one in whole],
            [repr(dataclasses.replace(one)) for one in whole],
            [[(part.name, part.repr, part.compare) for part in dataclasses.fields(one)] for one in whole],
            [outcome(lambda one=one: one.__dict__) for one in whole],
            *(
                [outcome(lambda one=one, name=name: setattr(one, name, "x")) for one in whole]
                for name in made.__slots__
            ),
            *([outcome(lambda one=one, name=name: delattr(one, name)) for one in whole] for name in made.__slots__),
            [repr(copy.deepcopy(one)) for one in whole],
            made.__match_args__,
            made.__slots__,
        ]

    assert told(OURS[kind]) == told(LIBRARYS[kind])


def test_a_list_that_nobody_gave_is_each_objects_own() -> None:
    first, second = OURS[_Plain](name="a"), OURS[_Plain](name="a")
    assert first.parts is not second.parts


@frozen.dataclass(frozen=True, slots=True)
class _Kept:
    word: str
    more: tuple[_Kept, ...] = ()
    length: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "length", len(self.word))


def test_what_is_packed_up_comes_out_as_it_was() -> None:
    one = _Kept("ab", (_Kept("c"), _Kept("")))
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 -- our own
    assert repr(one) == (
        "_Kept(word='ab', more=(_Kept(word='c', more=(), length=1), _Kept(word='', more=(), length=0)), length=2)"
    )


def test_other_ways_are_the_librarys() -> None:
    ordered = made_of(_Counted, lambda **how: frozen.dataclass(order=True, **how))
    assert ordered("a") < ordered("b")
