"""hmgeo: GIS screening for heavy-metal pollution control areas (重金属污染防控重点区域).

Everything public is listed in `__all__` and loaded when first used.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "BareFile": "hmgeo.project.bare",
    "HmgeoError": "hmgeo.errors",
    "Presentation": "hmgeo.findings.results",
    "ReadOptions": "hmgeo.layers.load",
    "Results": "hmgeo.findings.results",
    "Run": "hmgeo.project.run",
    "Site": "hmgeo.analysis.site_facts",
    "SiteDesk": "hmgeo.project.site",
    "SitingBench": "hmgeo.analysis.siting",
    "SitingQuestion": "hmgeo.analysis.question",
    "check_project": "hmgeo.project.check",
    "choose_candidates": "hmgeo.analysis.candidates",
    "demo_projects": "hmgeo.project.demo",
    "ellipsoidal_area_m2": "hmgeo.geodesy",
    "geodesic_buffer": "hmgeo.geodesy",
    "load_book": "hmgeo.rules.book",
    "load_positions": "hmgeo.layers.load",
    "load_receptors": "hmgeo.layers.load",
    "map_figure": "hmgeo.outputs.figure.figure",
    "measure_proximity": "hmgeo.analysis.proximity",
    "open_desk": "hmgeo.project.site",
    "overlay_clauses": "hmgeo.analysis.overlay",
    "pair_distances": "hmgeo.analysis.distance",
    "pairs_files": "hmgeo.project.pairs",
    "prepare_shapes": "hmgeo.analysis.distance",
    "project_results": "hmgeo.project.run",
    "run_demo": "hmgeo.project.demo",
    "run_project": "hmgeo.project.run",
    "screen_files": "hmgeo.project.screening",
    "write_figures": "hmgeo.outputs.figure.figure",
    "write_map": "hmgeo.outputs.map.page",
    "write_workbook": "hmgeo.outputs.screening_book",
}

__all__ = sorted([*_HOMES, "__version__"])  # noqa: PLE0605 - a list, told from the table above


def __getattr__(name: str) -> object:
    """Load a public name from its home."""
    if name not in _HOMES:
        message = f"module 'hmgeo' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the public names."""
    return sorted([*globals(), *_HOMES])
