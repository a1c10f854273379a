"""hmgeo: GIS screening for heavy-metal pollution control areas (重金属污染防控重点区域).

Everything public is listed in `__all__` and loaded when first used.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "BareFile": "hmgeo.project.bare",
    "HmgeoError": "hmgeo.errors",
    "ReadOptions": "hmgeo.intake.load",
    "Results": "hmgeo.results.results",
    "check_project": "hmgeo.project.check",
    "demo_projects": "hmgeo.project.start",
    "load_positions": "hmgeo.intake.load",
    "load_receptors": "hmgeo.intake.load",
    "measure_proximity": "hmgeo.proximity.measure",
    "open_desk": "hmgeo.project.sites.desk",
    "pairs_files": "hmgeo.project.pairs.measure",
    "project_results": "hmgeo.project.run",
    "run_project": "hmgeo.project.run",
    "screen_files": "hmgeo.project.screening",
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
