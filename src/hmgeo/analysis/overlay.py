"""Overlay of judged clauses (已评估条款叠加): where each clause touches a project of one trade and action.

What no clause touches is never called allowed: it is what the clauses that could be drawn leave untouched within the
coverage of the layers at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.clause_zones import NOWHERE, Drawer, UndrawableError, cells_of, polygonal
from hmgeo.analysis.siting import citation_of
from hmgeo.geodesy import ellipsoidal_area_m2
from hmgeo.rules.kinds import layers_of
from hmgeo.vocabulary import Verdict

if TYPE_CHECKING:
    from hmgeo.analysis.site_facts import Site
    from hmgeo.analysis.siting import SitingBench
    from hmgeo.findings.siting import Citation

TOUCHED = frozenset({Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED})
_HA = 1e4


@dataclass(frozen=True, slots=True)
class Zone:
    """Where one clause touches.

    Parameters
    ----------
    verdict
        What it says there: the gravest, where places differ.
    geometry
        Polygon in lon/lat, within the area asked about.
    alone_ha, alone_percent
        Of the area, whatever other clauses touch.
    added_ha
        What it adds to the clauses before it.
    left_ha
        What remains untouched after it.
    layers
        Codes of the layers at hand that went in.
    """

    citation: Citation
    verdict: Verdict
    geometry: shapely.Geometry = field(repr=False)
    alone_ha: float = 0.0
    alone_percent: float = 0.0
    added_ha: float = 0.0
    left_ha: float = 0.0
    layers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlay:
    """The zones of an area in reading order, and what couldn't be drawn.

    Parameters
    ----------
    undrawn
        Clauses that reach the project but have no zone, or may have more of it, with the reason.
    untouched
        Of the area, within the coverage of every layer that went in, what no drawn clause touches.
    uncovered
        Of the area, what lies outside the coverage of one of them, or where a feature isn't understood: there nothing
        follows from not being touched.
    """

    area_ha: float
    covered_ha: float
    zones: tuple[Zone, ...]
    undrawn: tuple[tuple[Citation, str], ...]
    untouched: shapely.Geometry = field(repr=False)
    untouched_ha: float = 0.0
    uncovered: shapely.Geometry = field(default=NOWHERE, repr=False)


def overlay_clauses(bench: SitingBench, site: Site, area: shapely.Geometry) -> Overlay:
    """Draw where each clause touches a project anywhere in an area.

    Parameters
    ----------
    bench
        Layers, rules, choices, places.
    site
        The project: trade, action, stated facts; its geometry isn't read.
    area
        Polygon in lon/lat.

    Returns
    -------
    Overlay
        A point without uncertainty lies in a zone exactly where `bench.check` gives prohibited, conditional or listed
        for the clause, but for `hmgeo.analysis.zones.TOLERANCE_M` at its border.
    """
    cells = list(cells_of(area, bench.question.areas))
    drawer = Drawer(bench, replace(site, geometry=None), cells)
    zones: list[Zone] = []
    undrawn: list[tuple[Citation, str]] = []
    used: list[str] = []
    unknown: list[shapely.Geometry] = []
    for rule in bench.question.rules:
        if not rule.gives_findings:
            continue
        try:
            drawn = drawer.zone(rule)
        except UndrawableError as why:
            undrawn.append((citation_of(rule, drawer.standing(rule, cells[0][1])), str(why)))
            continue
        if drawn is None or rule.test is None:
            continue
        for doubt, where in drawer.open.items():
            unknown.append(shapely.difference(where, drawn[2]))
            undrawn.append((drawn[0], doubt))
        held = tuple(code for code in layers_of(rule.test) if code in bench.indexes)
        used += held
        if not drawn[2].is_empty:
            zones.append(Zone(*drawn, layers=held))
    zones.sort(key=lambda one: (one.verdict.gravity, one.citation.order))
    covered = polygonal(shapely.difference(_covered(bench, area, used), shapely.union_all(unknown)))
    return _in_sequence(area, covered, zones, tuple(undrawn))


def _covered(bench: SitingBench, area: shapely.Geometry, used: list[str]) -> shapely.Geometry:
    covered = area
    for code in dict.fromkeys(used):
        coverage = bench.indexes[code].layer.gates.coverage
        covered = NOWHERE if coverage is None else shapely.intersection(covered, coverage)
    return polygonal(covered)


def _in_sequence(
    area: shapely.Geometry, covered: shapely.Geometry, zones: list[Zone], undrawn: tuple[tuple[Citation, str], ...]
) -> Overlay:
    whole_ha, left, made = _ha(area), area, []
    for zone in zones:
        alone_ha, before_ha = _ha(zone.geometry), _ha(left)
        left = polygonal(shapely.difference(left, zone.geometry))
        left_ha = _ha(left)
        percent = 100 * alone_ha / whole_ha if whole_ha else 0.0
        made.append(
            replace(zone, alone_ha=alone_ha, alone_percent=percent, added_ha=before_ha - left_ha, left_ha=left_ha)
        )
    untouched = polygonal(shapely.intersection(left, covered))
    uncovered = polygonal(shapely.difference(area, covered))
    return Overlay(whole_ha, _ha(covered), tuple(made), undrawn, untouched, _ha(untouched), uncovered)


def _ha(geometry: shapely.Geometry) -> float:
    return 0.0 if geometry.is_empty else float(ellipsoidal_area_m2([geometry])[0]) / _HA
