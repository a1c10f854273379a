"""The book of rules: the packaged files with the user's packs beside them, in an order that no file order changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.errors import Place, Problem, RuleError
from hmgeo.rules.load import RuleFile, load_rules
from hmgeo.rules.nodes import near
from hmgeo.rules.parameters import FILE as PARAMETERS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.rules.model import Rule
    from hmgeo.vocabulary import Effect

SUFFIXES = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, ordered by id.

    Parameters
    ----------
    packs
        Name and version of each pack, ordered by name.
    """

    rules: tuple[Rule, ...]
    packs: tuple[tuple[str, str], ...]

    def get(self, rule_id: str) -> Rule:
        """Return the rule of that id.

        Raises
        ------
        RuleError
            Where there is none; names the nearest id.

        Examples
        --------
        >>> load_book().get("SCR-JY-10KM").latest.value
        10000.0
        """
        found = next((rule for rule in self.rules if rule.id == rule_id), None)
        if found is None:
            nearest = near(rule_id, self.ids)
            remedy = f"是否为「{nearest}」" if nearest else "用 hmgeo rules list 查看全部编号"
            raise RuleError(Problem("规则库中没有这一规则", Place(), found=rule_id, remedy=remedy))
        return found

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all rules, in order."""
        return tuple(rule.id for rule in self.rules)

    def by_effect(self, *effects: Effect) -> tuple[Rule, ...]:
        """Return the rules of these effects, in order."""
        return tuple(rule for rule in self.rules if rule.effect in effects)


def load_book(packs: Sequence[Path] = ()) -> RuleBook:
    """Return the packaged rules and those of the user's packs.

    Parameters
    ----------
    packs
        Rule files, or folders whose .yml files are read.

    Raises
    ------
    RuleError
        With every fault of every file; nothing is loaded then.
    """
    return _assemble([*_packaged(), *_read_packs(packs)]) if packs else _packaged_book()


def read_into_book(path: Path) -> tuple[RuleBook, tuple[Rule, ...]]:
    """Return the book with a file or folder read into it, and the rules that stand there.

    A packaged file stands in the book already: it is not read a second time.

    Raises
    ------
    RuleError
        As `load_book`.
    """
    packaged = resources.files("hmgeo.rules").joinpath("data")
    folder = path if path.is_dir() else path.parent
    if isinstance(packaged, Path) and folder.resolve() == packaged.resolve() and path.name != PARAMETERS_FILE:
        own = [file for file in _packaged() if path.is_dir() or file.file == path.name]
        return _packaged_book(), tuple(rule for file in own for rule in file.rules)
    files = _read_packs([path])
    return _assemble([*_packaged(), *files]), tuple(rule for file in files for rule in file.rules)


@lru_cache(maxsize=1)
def _packaged_book() -> RuleBook:
    return _assemble(_packaged())


@lru_cache(maxsize=1)
def _packaged() -> tuple[RuleFile, ...]:
    folder = resources.files("hmgeo.rules").joinpath("data")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(SUFFIXES))
    return _read_all([(name, folder.joinpath(name).read_bytes()) for name in names if name != PARAMETERS_FILE])


def _read_packs(packs: Sequence[Path]) -> tuple[RuleFile, ...]:
    contents: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for pack in packs:
        files = sorted(path for path in pack.iterdir() if path.suffix in SUFFIXES) if pack.is_dir() else [pack]
        if not files:
            problems.append(Problem("规则包内没有 .yml 文件", Place(file=str(pack)), remedy="核对 rule_packs 的路径"))
        for path in files:
            try:
                contents.append((str(path), path.read_bytes()))
            except OSError as error:
                problems.append(
                    Problem(
                        "规则文件读不出", Place(file=str(path)), found=error.strerror or "", remedy="核对路径和权限"
                    )
                )
    if problems:
        raise RuleError(problems)
    return _read_all(contents)


def _read_all(contents: Sequence[tuple[str, bytes]]) -> tuple[RuleFile, ...]:
    """Read every file before raising, so that all faults are seen at once."""
    files: list[RuleFile] = []
    problems: list[Problem] = []
    for name, content in contents:
        try:
            files.append(load_rules(content, name))
        except RuleError as error:
            problems.extend(error.problems)
    if problems:
        raise RuleError(problems)
    return tuple(files)


def _assemble(files: Sequence[RuleFile]) -> RuleBook:
    """Join files into one book; an id may stand in one file only."""
    found: dict[str, Rule] = {}
    problems: list[Problem] = []
    for rule in (rule for file in files for rule in file.rules):
        if rule.id in found:
            first = found[rule.id]
            problems.append(
                Problem(
                    "规则编号重复",
                    Place(file=rule.file, line=rule.line),
                    found=rule.id,
                    remedy=f"已在 {first.file} 第 {first.line} 行使用，改用新的编号",
                )
            )
        else:
            found[rule.id] = rule
    if problems:
        raise RuleError(problems)
    packs = sorted({(file.pack, file.version) for file in files})
    return RuleBook(tuple(found[rule_id] for rule_id in sorted(found)), tuple(packs))
