"""Composed tests by three-valued logic: a part that decides needs no other; else what isn't known stays unknown."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from hmgeo.analysis.outcome import Outcome, Side

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def all_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Return met where every part is, not met where one isn't, else unknown."""
    return _combined(outcomes, decisive=Side.NOT_MET)


def any_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Return met where one part is, not met where none is, else unknown."""
    return _combined(outcomes, decisive=Side.MET)


def _combined(outcomes: Sequence[Outcome], *, decisive: Side) -> Outcome:
    """Combine parts; every mixture of their possible sides is a possible side of the whole."""
    given = _whole((one.given for one in outcomes), decisive)
    possible = {_whole(sides, decisive) for sides in product(*(one.possible for one in outcomes))}
    counted = [one for one in outcomes if given in one.possible] or list(outcomes)
    if given is decisive:
        is_approximate = all(one.is_approximate for one in counted if one.given is given)
    else:
        is_approximate = any(one.is_approximate for one in outcomes)
    why = dict.fromkeys(sentence for one in counted for sentence in one.why)
    if possible - {given}:  # what could tip it is worth saying too
        why |= dict.fromkeys(sentence for one in outcomes if one.others for sentence in one.why)
    measurements = [one.measurement for one in counted if one.measurement is not None]
    return Outcome(given, frozenset(possible) - {given}, tuple(why), next(iter(measurements), None), is_approximate)


def _whole(sides: Iterable[Side], decisive: Side) -> Side:
    found = set(sides)
    if decisive in found:
        return decisive
    return Side.UNKNOWN if Side.UNKNOWN in found else decisive.opposite
