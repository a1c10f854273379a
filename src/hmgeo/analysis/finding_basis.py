"""How real a finding is: the worst of the layers that its clause asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.analysis.kinds.distance import FLOW_PATH
from hmgeo.rules.kinds import FLOW_KINDS
from hmgeo.rules.words import CATCHMENT, NETWORK
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hmgeo.analysis.choices import Choices
    from hmgeo.rules.model import Rule, Test

_RIVERS, _HEIGHTS = LayerKind.RIVERS.value, LayerKind.ELEVATION.value


def asked_layers(rule: Rule, choices: Choices) -> Iterator[str]:
    """Yield the codes of the layers that a rule's test asks: its targets, and the rivers or heights between.

    Where no mode is chosen both ways along the water are asked.
    """
    for leaf in rule.test.leaves() if rule.test is not None else ():
        if leaf.text("layer"):
            yield leaf.text("layer")
        yield from _between(leaf, choices.code(leaf.text("mode")))


def _between(leaf: Test, mode: str) -> tuple[str, ...]:
    if leaf.kind in FLOW_KINDS:
        return {NETWORK: (_RIVERS,), CATCHMENT: (_HEIGHTS,)}.get(mode, (_RIVERS, _HEIGHTS))
    return (_HEIGHTS,) if leaf.kind == "slope" or mode == FLOW_PATH else ()


def basis_of(rule: Rule, choices: Choices, basis: Basis, held: Mapping[str, Basis]) -> Basis:
    """Return how real what a rule says is.

    Parameters
    ----------
    basis
        Of the sources and of what they are always measured against.
    held
        By the codes of the layers that sources are held against, how real each is.
    """
    return Basis.worst(basis, *(held[code] for code in asked_layers(rule, choices) if code in held))
