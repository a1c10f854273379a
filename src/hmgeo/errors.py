"""Every exception hmgeo raises on purpose.

A problem says what is wrong, where, the value found, what is allowed and what to do next. Checks collect all
problems and raise once; nobody sees a traceback for a mistake in a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Place:
    """Where a problem sits. Empty parts are left out of the text.

    Parameters
    ----------
    file, sheet, field, key
        As the user wrote them: a path, a sheet or layer, a column, a key of a YAML file.
    row, line
        Data row counted from 1 (headers excluded), or line of a text file; 0 where there is none.
    """

    file: str = ""
    sheet: str = ""
    row: int = 0
    field: str = ""
    key: str = ""
    line: int = 0

    def __str__(self) -> str:
        """Return the place in words, outermost part first."""
        parts = [
            self.file,
            f"图层/工作表 {self.sheet}" if self.sheet else "",
            f"第 {self.line} 行" if self.line else "",
            f"数据第 {self.row} 行" if self.row else "",
            f"字段 {self.field}" if self.field else "",
            f"键 {self.key}" if self.key else "",
        ]
        return "，".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and the way out of it.

    Examples
    --------
    >>> print(Problem("文件不存在", Place(file="a.csv"), remedy="核对路径"))
    a.csv：文件不存在。处理：核对路径
    """

    what: str
    where: Place = field(default_factory=Place)
    found: str = ""
    allowed: str = ""
    remedy: str = ""
    is_warning: bool = False

    def __str__(self) -> str:
        """Return the whole problem as one sentence in Chinese."""
        place = str(self.where)
        text = f"{place}：{self.what}" if place else self.what
        if self.found:
            text += f"（现为「{self.found}」）"
        if self.allowed:
            text += f"；允许：{self.allowed}"
        if self.remedy:
            text = f"{text.rstrip('。')}。处理：{self.remedy}"
        return text


class HmgeoError(Exception):
    """Base of all hmgeo errors; carries every problem found, not only the first."""

    exit_code = 2

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Problem, ...]]]:
        """Travel between processes as what it was made of, not as its text."""
        return type(self), (self.problems,)


class InputError(HmgeoError):
    """A data file can't be read or lacks what is needed."""


class ProjectError(HmgeoError):
    """A project.yml is wrong."""


class RuleError(HmgeoError):
    """A rule file is wrong; nothing is loaded."""


class UsageError(HmgeoError):
    """A command or call can't mean what it says."""


class OutputError(HmgeoError):
    """A result can't be written where it should go."""


def raise_problems(error: type[HmgeoError], problems: Iterable[Problem]) -> None:
    """Raise `error` once with all problems that aren't warnings; do nothing where there are none."""
    serious = [problem for problem in problems if not problem.is_warning]
    if serious:
        raise error(serious)
