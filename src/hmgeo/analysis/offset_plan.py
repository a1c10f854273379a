"""A plan of purchases held against the ledger of reduction sources, and against what a ratio asks of each project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hmgeo.analysis.offsets import DECIMALS, SUMMED, needs_of
from hmgeo.errors import InputError, Place, Problem, raise_problems
from hmgeo.vocabulary import METALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmgeo.analysis.offsets import OffsetLedger


@dataclass(frozen=True, slots=True)
class Purchase:
    """One row of a plan: a project takes kilograms a year of one metal from a source.

    Parameters
    ----------
    added_kg
        The project's new emission of the metal; None where the row doesn't say.
    row
        Data row in the file it was read from.
    """

    project_id: str
    source_id: str
    metal: str
    kg: float
    added_kg: float | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class Covered:
    """What a project must replace of one metal, or of the five together, and what its purchases come to, kg/a."""

    project_id: str
    metal: str
    added_kg: float
    ratio: float
    required_kg: float
    bought_kg: float

    @property
    def lacking_kg(self) -> float:
        """What is still to be bought."""
        return max(0.0, round(self.required_kg - self.bought_kg, DECIMALS))


def settle(ledger: OffsetLedger, purchases: Iterable[Purchase], file: str = "") -> OffsetLedger:
    """Return the ledger after all purchases, in the order of the plan.

    Raises
    ------
    InputError
        Every row that asks for a kilogram that is already sold, for a strange source or one without a document, with
        its row, metal and kilograms; the ledger stays as it was.
    """
    problems: list[Problem] = []
    for one in purchases:
        try:
            ledger = ledger.allot(one.project_id, one.source_id, one.metal, one.kg)
        except InputError as error:
            key = f"{one.project_id} 购自 {one.source_id}：{METALS.get(one.metal, one.metal)} {one.kg:g} kg/a"
            where = Place(file=file, row=one.row, key=key)
            problems += [replace(problem, where=where) for problem in error.problems]
    raise_problems(InputError, problems)
    return ledger


def covered(purchases: Sequence[Purchase], ratio: float, *, is_summed: bool, file: str = "") -> tuple[Covered, ...]:
    """Return for each project what a ratio asks for and what it has bought, per metal or over the five metals.

    Raises
    ------
    InputError
        A project states two different new emissions of one metal.
    """
    added: dict[str, dict[str, float]] = {}
    bought: dict[str, dict[str, float]] = {}
    problems = []
    for one in purchases:
        stated = added.setdefault(one.project_id, {})
        if one.added_kg is not None and stated.setdefault(one.metal, one.added_kg) != one.added_kg:
            place = Place(file=file, row=one.row, field="新增量")
            found = f"{one.added_kg:g}，前面为 {stated[one.metal]:g} kg/a"
            problems.append(Problem("同一项目同一金属的新增量前后不一", place, found, remedy="核对后写成同一数值"))
        taken = bought.setdefault(one.project_id, {})
        taken[one.metal] = taken.get(one.metal, 0.0) + one.kg
    raise_problems(InputError, problems)
    return tuple(
        Covered(project_id, need.metal, need.added_kg, ratio, need.required_kg, _bought(bought[project_id], need.metal))
        for project_id, stated in added.items()
        for need in needs_of(stated, ratio, is_summed=is_summed)
    )


def _bought(taken: Mapping[str, float], metal: str) -> float:
    five = tuple(METALS)[:5]
    kg = sum(taken.get(one, 0.0) for one in five) if metal == SUMMED else taken.get(metal, 0.0)
    return round(kg, DECIMALS)
