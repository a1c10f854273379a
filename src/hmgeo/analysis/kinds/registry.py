"""Which function judges which kind of test."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from hmgeo.analysis.kinds import attribute, compose, distance, flow, overlay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.kinds.inquiry import Inquiry
    from hmgeo.analysis.outcome import Outcome
    from hmgeo.rules.model import Test


class Evaluator(Protocol):
    """Judges a simple test for one source."""

    def __call__(self, test: Test, inquiry: Inquiry) -> Outcome:
        """Return the outcome."""


class Combiner(Protocol):
    """Joins the outcomes of a composed test's parts."""

    def __call__(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the outcome of the whole."""


EVALUATORS: Mapping[str, Evaluator] = MappingProxyType(
    {
        "within": overlay.within,
        "not_within": overlay.not_within,
        "minimum_distance": distance.minimum_distance,
        "maximum_distance": distance.maximum_distance,
        "overlap_share": overlay.overlap_share,
        "adjacency": distance.adjacency,
        "upstream_of": flow.upstream_of,
        "downstream_of": flow.downstream_of,
        "classification": attribute.classification,
        "ratio": attribute.ratio,
        "attribute": attribute.attribute,
        "slope": attribute.slope,
        "key_area": overlay.key_area,
    }
)
"""The simple kinds of `hmgeo.rules.kinds`, each with its function."""

COMBINERS: Mapping[str, Combiner] = MappingProxyType({"all_of": compose.all_of, "any_of": compose.any_of})
"""The kinds that hold parts."""


def evaluate(test: Test, inquiry: Inquiry) -> Outcome:
    """Judge a test, part by part."""
    if test.kind in COMBINERS:
        return COMBINERS[test.kind]([evaluate(part, inquiry) for part in test.parts])
    return EVALUATORS[test.kind](test, inquiry)
