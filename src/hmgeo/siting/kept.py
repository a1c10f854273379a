"""What was concluded from answers, kept by these answers: the same answers again come to the same at once.

Facts of a source are asked in some order, and what was said so far decides what is asked next; so what was concluded
hangs on a tree of questions, with a branch for each answer. An answer that is one source's own, such as a measured
distance, has no branch: what rests on it is concluded anew every time.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.judging.facts import Facts, PlaceFact, Unknown
from hmgeo.words import Reason

T = TypeVar("T")
_Question = tuple[str, str, tuple[Any, ...]]
_MOST = 5_000
"""Answers kept of one clause; beyond, all are forgotten."""


class _Branch(Struct, Generic[T]):
    """What is asked next, with a branch for each answer, or what was concluded."""

    question: _Question | None = None
    branches: dict[Hashable, _Branch[T]] = field(default_factory=dict)
    concluded: T | None = None


class Kept(Generic[T]):
    """What one function concludes from facts, by their answers; all else that it rests on must stay the same."""

    def __init__(self) -> None:
        self._root: _Branch[T] = _Branch()
        self._size = 0

    def conclude(self, asked: Sequence[Facts], conclude: Callable[[Facts], T]) -> list[T]:
        """Return what `conclude` makes of the facts of each of those `asked`.

        It asks their layers, water and ground, and of what is stated only what is the same for all facts given here.
        """
        made: dict[int, T] = {}
        waiting: list[tuple[_Branch[T] | None, list[int]]] = [(self._root, list(range(len(asked))))]
        while waiting:
            branch, members = waiting.pop()
            if not members:
                continue
            if branch is not None and branch.question is not None:
                for said, some in _by_answer(asked, members, branch.question):
                    if said is None:
                        made.update((member, conclude(asked[member])) for member in some)
                    else:
                        waiting.append((branch.branches.get(said), some))
            elif branch is not None and branch.concluded is not None:
                made.update(dict.fromkeys(members, branch.concluded))
            else:
                first, *rest = members
                heard: list[tuple[_Question, Any]] = []
                parts: dict[str, Any] = {part: _Listening(part, getattr(asked[first], part), heard) for part in _PARTS}
                made[first] = conclude(replace(asked[first], **parts))
                self._keep(heard, made[first])
                waiting.append((self._root, rest))
        return [made[member] for member in range(len(asked))]

    def _keep(self, heard: Sequence[tuple[_Question, Any]], concluded: T) -> None:
        """Keep what was concluded from what was `heard`; of answers that are one source's own only the question."""
        if self._size + len(heard) > _MOST:
            self._root, self._size = _Branch(), 0
        branch = self._root
        for question, answer in heard:
            branch.question, said = question, said_as(answer)
            if said is None:
                return
            self._size += said not in branch.branches
            branch = branch.branches.setdefault(said, _Branch())
        branch.concluded = concluded


def _by_answer(
    asked: Sequence[Facts], members: Sequence[int], question: _Question
) -> Iterable[tuple[Hashable | None, list[int]]]:
    """Return what is said to a question, each with those of whom it is said; sources asked together share answers."""
    part, name, values = question
    shared: dict[int, tuple[object, list[int]]] = {}
    parts = [getattr(asked[member], part) for member in members]
    together = getattr(parts[0], f"{name}_each", None)
    answers = (getattr(one, name)(*values) for one in parts) if together is None else together(parts, *values)
    for member, answer in zip(members, answers, strict=True):
        shared.setdefault(id(answer), (answer, []))[1].append(member)
    alike: dict[Hashable | None, list[int]] = {}
    for answer, some in shared.values():
        alike.setdefault(said_as(answer), []).extend(some)
    return alike.items()


_PARTS = ("layers", "water", "ground")


class _Listening:
    """One part of the facts of a source, which notes what it was asked and what it said."""

    def __init__(self, part: str, asked: object, heard: list[tuple[_Question, Any]]) -> None:
        self._part, self._asked, self._heard = part, asked, heard

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return the method `name`, listened to."""

        def ask(*values: Any) -> Any:  # noqa: ANN401 - whatever the method takes and gives
            answer = getattr(self._asked, name)(*values)
            self._heard.append(((self._part, name, values), answer))
            return answer

        return ask


def said_as(answer: object) -> Hashable | None:
    """Return an `answer` as something to look it up by; None for one that is the source's own."""
    if isinstance(answer, Unknown):
        return _worded(answer.why)
    if isinstance(answer, PlaceFact) and answer.measured_m is None:
        gap, why = _worded(answer.gap), _worded(answer.why)
        told = (answer.answer, answer.others, answer.centroid_inside, answer.receptor_id, answer.receptor_name)
        return None if gap is None or why is None else (*told, gap, why, answer.is_approximate)
    return "nobody looked" if answer is None else None


def _worded(value: object) -> Hashable | None:
    """Return a text with all that its words were made of; None where a measured number is among it."""
    if isinstance(value, float):
        return None
    if isinstance(value, Reason):
        value = (Reason, value.code, *value.values.values())
    if isinstance(value, tuple):
        parts = tuple(map(_worded, value))
        return None if None in parts else parts
    return type(value), value


class Sentences(Sequence[str]):
    """Sentences that are put into words when somebody first reads them: by calling `make` once."""

    __slots__ = ("_make", "_told")

    def __init__(self, make: Callable[[], Sequence[str]]) -> None:
        self._make: Callable[[], Sequence[str]] | None = make
        self._told: tuple[str, ...] = ()

    def told(self) -> tuple[str, ...]:
        """Return the sentences."""
        if self._make is not None:
            self._told, self._make = tuple(self._make()), None
        return self._told

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...

    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        """Return the sentence, or the sentences, `at` a place."""
        return self.told()[at]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.told())

    def __eq__(self, other: object) -> bool:
        """Return whether they are the same sentences."""
        return self.told() == tuple(other) if isinstance(other, Sentences | tuple) else NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the sentences."""
        return hash(self.told())

    def __repr__(self) -> str:
        """Return the sentences as they are written in code."""
        return repr(self.told())
