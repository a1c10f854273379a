"""What a project chose where a text leaves something open, and what follows where it chose nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING

from hmgeo.rules.parameters import ParameterType, declaration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ChosenValue = float | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChosenParameter:
    """One choice, with who made it, when and why.

    Parameters
    ----------
    value
        A number in `unit`, a choice's code or text, or a list of codes.
    edition
        Of GB/T 4754, for lists of trade codes.
    """

    name: str
    value: ChosenValue
    unit: str = ""
    edition: int | None = None
    by: str = ""
    on: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """All choices of a project, and defaults that the book records."""

    chosen: Mapping[str, ChosenParameter] = field(default_factory=lambda: MappingProxyType({}))

    def get(self, name: str) -> ChosenParameter | None:
        """Return what was chosen, else the recorded default, else None."""
        if name in self.chosen:
            return self.chosen[name]
        declared = declaration(name)
        if declared is not None and declared.default:
            return ChosenParameter(name, declared.default, declared.unit, reason="默认约定")
        return None

    def with_choice(self, name: str, code: str) -> Choices:
        """Return the same choices with one more."""
        return Choices(MappingProxyType({**self.chosen, name: ChosenParameter(name, code)}))

    def spread(self, names: Iterable[str]) -> Iterator[Choices]:
        """Yield the choices completed in every allowed way where a closed choice is unset.

        A verdict may stand in spite of an unset parameter where all of these agree.
        """
        unset = [one for one in map(declaration, names) if one is not None and self.get(one.name) is None]
        closed = [one for one in unset if one.type is ParameterType.CHOICE]
        for codes in product(*([choice.code for choice in one.choices] for one in closed)):
            completed = self
            for one, code in zip(closed, codes, strict=True):
                completed = completed.with_choice(one.name, code)
            yield completed


def unset_text(name: str) -> str:
    """Return the sentence for a parameter that nobody chose, with the hints that exist."""
    declared = declaration(name)
    if declared is None:
        return f"条文未规定「{name}」，须由使用单位确定并说明理由。"
    text = f"条文未规定「{declared.title_zh}」，须由使用单位确定并说明理由。"
    hints = "；".join(f"参考值{hint.value}出自{hint.source}，{hint.label}" for hint in declared.hints)
    return f"{text}{hints}。" if hints else text
