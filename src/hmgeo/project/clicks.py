"""The clauses of a run, compiled for its map page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.compiled_rules import compile_rules
from hmgeo.analysis.question import SitingQuestion
from hmgeo.analysis.siting import SitingBench

if TYPE_CHECKING:
    from hmgeo.analysis.question import Question
    from hmgeo.findings.compiled import CompiledRules
    from hmgeo.project.inputs import Inputs


def clauses_for_page(inputs: Inputs, question: Question) -> CompiledRules | None:
    """Return what the map page needs to judge a clicked place; None where no day is asked about."""
    if question.as_of is None:
        return None
    layers = [*(() if inputs.farmland is None else (inputs.farmland,)), *inputs.others]
    asked = SitingQuestion(question.as_of, question.rules, question.choices, question.areas, question.adopted)
    area = shapely.union_all([one.geometry for one in inputs.areas]) if inputs.areas else None
    return replace(compile_rules(SitingBench(layers, asked)), area=None if area is None else shapely.to_wkb(area))
