"""hmgeo: GIS screening for heavy-metal pollution control areas (重金属污染防控重点区域).

Everything public is listed in `__all__` and loaded when first used.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "BareFile": "hmgeo.project.bare",
    "HmgeoError": "hmgeo.errors",
    "Presentation": "hmgeo.results.results",
    "Question": "hmgeo.judging.bench",
    "ReadOptions": "hmgeo.intake.load",
    "Results": "hmgeo.results.results",
    "Run": "hmgeo.project.run",
    "Site": "hmgeo.siting.site",
    "SiteDesk": "hmgeo.project.sites.desk",
    "SitingBench": "hmgeo.siting.bench",
    "check_project": "hmgeo.project.check",
    "choose_candidates": "hmgeo.siting.candidates",
    "demo_projects": "hmgeo.project.start",
    "ellipsoidal_area_m2": "hmgeo.geo.ellipsoid",
    "geodesic_buffer": "hmgeo.geo.ellipsoid",
    "load_book": "hmgeo.rules.book",
    "load_positions": "hmgeo.intake.load",
    "load_receptors": "hmgeo.intake.load",
    "map_figure": "hmgeo.outputs.figure.figure",
    "measure_proximity": "hmgeo.proximity.measure",
    "open_desk": "hmgeo.project.sites.desk",
    "overlay_clauses": "hmgeo.siting.overlay",
    "pair_distances": "hmgeo.geo.distance",
    "pairs_files": "hmgeo.project.pairs.measure",
    "prepare_shapes": "hmgeo.geo.distance",
    "project_results": "hmgeo.project.run",
    "run_demo": "hmgeo.project.start",
    "run_project": "hmgeo.project.run",
    "screen_files": "hmgeo.project.screening",
    "write_figures": "hmgeo.outputs.figure.figure",
    "write_map": "hmgeo.outputs.map.page",
    "write_workbook": "hmgeo.outputs.sheets.screening",
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
