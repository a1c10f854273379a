"""Every exception hmgeo raises on purpose.

A problem says what is wrong, where, the value found, what is allowed and what to do next. Checks collect all
problems and raise once; nobody sees a traceback for a mistake in a file.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Self

from msgspec import Struct, field
from msgspec.structs import force_setattr

from hmgeo.vocabulary import expression

_NAMED = expression(
    r"(?:(?:pass(?:word|wd|phrase)?|pwd|secret|token|signature|credential|(?:access|account|api)[_-]?key"
    r"|(?<![^\W_])(?:pw|sas|sign?|tk)|密码|口令)[\"']?\s*(?:=|＝|%3d)\s*"
    r"|(?:pass(?:word|wd|phrase)|pwd|密码|口令)[\"']?\s*[:：]\s*)(?!\*\*\*)"
    r"(?!(?:无|略|没有|不需要|见[^\s@]*|none|null|n/a)(?:[\s。；，,;：）」\"']|$))"
    r"""((?:'(?:\\.|[^'\\])*'?|"(?:\\.|[^"\\])*"?|\{(?:\}\}|[^}])*\}?|\\.|[^\s\\'"。；，：）」])+)""",
    re.IGNORECASE,
)
_PROTOCOL = expression(r"(?<![a-z\d+.-])([a-z][a-z\d+.-]+):/{1,2}", re.IGNORECASE)
_NEXT = expression(r"::(?=[a-z][a-z\d+.-]*:/)", re.IGNORECASE)
"""Stands before the next address of a chain."""
_OPEN = r"(?:s?web)?hdfs|viewfs|zip|tar|libarchive|file|local|memory"
_NO_PASSWORD = expression(_OPEN, re.IGNORECASE)
"""Protocols that know none: an @ behind the first slash belongs to a file's name."""
_WITH_BLANKS = expression(
    rf"(?<![a-z\d+.-])(?!(?:{_OPEN}):)[a-z][a-z\d+.-]+:/{{1,2}}"
    r"(?!(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}(?!\d))([^\s/@:]*:[^\s@]*(?:[^\S\r\n]+[^\s@]+){0,5}[^\S\r\n]+[^\s@]*@)",
    re.IGNORECASE,
)
"""A password with blanks in an address: a word that names a user and no host, and the next @ in its line."""
_ESCAPED = expression(r"(?::|%3a)(?:%2f){2}", re.IGNORECASE)
_ORACLE = expression(r"\b(?:oci|odbc|geor|georaster|thin):", re.IGNORECASE)
_NUMBERED_HOST = expression(r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}", re.IGNORECASE)
"""No name of a user: what stands behind its slash is a file."""
_HOST = expression(r"@[\w.-]+(?::\d+)?/")
_USER = expression(r"[^/:@\\「\"'(=]+(?=:)")
_SIGNS = ("@", "=", "＝", "%40", "%3d", "pass", "pwd", "密码", "口令")


def without_passwords(text: str) -> str:
    """Return a text without the accounts of addresses in it, and with *** for each password it names.

    What may be a password is taken for one: of `https://host:80/a@b` no more than `https://b` is left.

    >>> without_passwords("postgresql://me:w%40rd@host:5432/db?password=x y")
    'postgresql://host:5432/db?password=*** y'
    >>> without_passwords("PG:host=h user='me' password='a b' dbname=d")
    "PG:host=h user='me' password=*** dbname=d"
    """
    plain = text.replace("＠", "@")
    lower = plain.lower()
    if not any(sign in lower for sign in _SIGNS):
        return text
    hidden = [(*match.span(1), "***") for match in _NAMED.finditer(text)]
    hidden += [(*match.span(1), "") for match in _WITH_BLANKS.finditer(plain)]
    for word in re.finditer(r"\S+", plain):
        starts = [0, *(match.end() for match in _NEXT.finditer(word[0])), len(word[0])]
        for start, end in pairwise(starts):
            first, last = _account(word[0][start:end])
            hidden.append((word.start() + start + first, word.start() + start + last, ""))
    shown, at = "", 0
    for start, end, sign in sorted(hidden):
        shown += text[at:start] + (sign if end > at else "")
        at = max(at, end)
    return shown + text[at:]


def _account(word: str) -> tuple[int, int]:
    """Return from where to where a word without blanks names an account; what begins as a port may be a password."""
    last = word.rfind("@")
    if (protocol := _PROTOCOL.search(word)) and protocol.end() <= last:
        head, slash, _ = word[protocol.end() : last].partition("/")
        if slash and (":" not in head or _NUMBERED_HOST.fullmatch(head) or _NO_PASSWORD.fullmatch(protocol[1])):
            last = protocol.end() + head.rfind("@")
        return protocol.end(), last + 1
    if escaped := _ESCAPED.search(word):
        return escaped.end(), max(escaped.end(), last + 1, word.rfind("%40") + 3)
    if (oracle := _ORACLE.search(word)) and "/" in word[oracle.end() : last]:
        return oracle.end(), last + 1
    user = _USER.search(word) if _HOST.search(word) else None
    return (user.start(), last + 1) if user and user.end() < last else (0, 0)


def hide_passwords(record: Struct, *names: str) -> None:
    """Take passwords out of the texts of `record`, which is being made; `names` are its fields."""
    for name in names:
        force_setattr(record, name, without_passwords(getattr(record, name)))


class Place(Struct, frozen=True):
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

    def __post_init__(self) -> None:
        """Hold no password."""
        hide_passwords(self, "file", "sheet", "field", "key")

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


class Problem(Struct, frozen=True):
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

    def __post_init__(self) -> None:
        """Hold no password."""
        hide_passwords(self, "what", "found", "allowed", "remedy")

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
    """Raise `error` once with all problems that aren't warnings, each once; do nothing where there are none."""
    serious = list(dict.fromkeys(problem for problem in problems if not problem.is_warning))
    if serious:
        raise error(serious)
