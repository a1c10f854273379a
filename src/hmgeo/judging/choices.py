"""What a project chose where a text leaves something open, and what follows where it chose nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType

from msgspec import Struct, field

from hmgeo.rules.parameters import ParameterType, declaration
from hmgeo.words import Reason, say

METRES = "m"
USER_DECIDER = "使用者设定"

ChosenValue = float | str | tuple[str, ...]


class ChosenParameter(Struct, frozen=True):
    """One choice, with who made it, when and why.

    `value`: a number in `unit`, a choice's code or text, or a list of codes.
    `edition`: of GB/T 4754, for lists of trade codes.
    """

    name: str
    value: ChosenValue
    unit: str = ""
    edition: int | None = None
    by: str = ""
    on: str = ""
    reason: str = ""


class Choices(Struct, frozen=True):
    """All choices of a project, and defaults that the book records.

    `assumed`: choices that nobody made, tried out to see whether they matter; see `spread`.
    """

    chosen: Mapping[str, ChosenParameter] = field(default_factory=lambda: MappingProxyType({}))
    assumed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> ChosenParameter | None:
        """Return what was chosen (or is being tried out) for `name`, else its recorded default, else None."""
        if name in self.chosen:
            return self.chosen[name]
        if name in self.assumed:
            return ChosenParameter(name, self.assumed[name])
        declared = declaration(name)
        if declared is not None and declared.default:
            return ChosenParameter(name, declared.default, declared.unit, reason="默认约定")
        return None

    def code(self, name: str) -> str:
        """Return the code chosen for the parameter `name`, empty where nothing was chosen."""
        chosen = self.get(name)
        return "" if chosen is None else str(chosen.value)

    def number(self, name: str) -> float | None:
        """Return the number chosen for `name`, in the unit of its declaration; None where none was chosen."""
        chosen = self.get(name)
        return chosen.value if chosen is not None and isinstance(chosen.value, float) else None

    def is_open(self, name: str) -> bool:
        """Return whether the choice `name` is asked for and nobody has made it.

        Recorded defaults and points settled by the program's design ask nobody; what is asked only under another
        choice (`when`) is open only there.
        """
        declared = declaration(name)
        if name in self.chosen or declared is None or declared.default or declared.settled:
            return False
        asked_under, _, code = declared.when.partition("=")
        return not asked_under or self.code(asked_under) == code

    def spread(self, names: Iterable[str]) -> Iterator[Choices]:
        """Yield the choices completed in every allowed way where a closed choice among `names` is unset.

        A verdict may stand in spite of an unset parameter where all of these agree.
        """
        declared = [point for point in map(declaration, names) if point is not None and self.is_open(point.name)]
        closed = [point for point in declared if point.type is ParameterType.CHOICE]
        for codes in product(*([choice.code for choice in point.choices] for point in closed)):
            tried = {point.name: code for point, code in zip(closed, codes, strict=True)}
            yield Choices(self.chosen, MappingProxyType(tried))


def unset_text(name: str) -> Reason:
    """Return the sentence for a parameter `name` that nobody chose, with the hints that exist."""
    declared = declaration(name)
    if declared is None:
        return say("parameter_unset", title=name)
    if not declared.hints:
        return say("parameter_unset", title=declared.title_zh)
    hints = tuple(say("hint", value=str(hint.value), source=hint.source, label=hint.label) for hint in declared.hints)
    return say("parameter_unset_hinted", title=declared.title_zh, hints=hints)


@lru_cache(maxsize=256, typed=True)
def chosen_text(name: str, number: float) -> Reason:
    """Return the sentence that goes with a verdict resting on the `number` chosen for `name`, in its declared unit."""
    declared = declaration(name)
    title, unit = (name, "") if declared is None else (declared.title_zh, declared.unit)
    return say("distance_chosen" if unit == METRES else "number_chosen", title=title, number=number, unit=unit)
