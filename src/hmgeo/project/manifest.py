"""manifest.json: what went in, by which rules and choices, what came out. Wall clock stands only under `run`."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from hmgeo.project.folder import SCHEMA, entries, write_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hmgeo.findings.results import Results
    from hmgeo.findings.used import LayerUsed

_LIBRARIES = ("folium", "geopandas", "matplotlib", "numpy", "pyarrow", "pyogrio", "pyproj", "shapely", "xlsxwriter")


def write_manifest(results: Results, folder: Path, *, command: str, run: Mapping[str, Any]) -> None:
    """Write the manifest of a finished run folder.

    Parameters
    ----------
    command
        As the user gave it, without machine paths.
    run
        Wall clock and duration; ignored when runs are compared.
    """
    manifest = {
        "schema": SCHEMA,
        "versions": versions(_LIBRARIES),
        "command": command,
        "project": {"title": results.title, "area": results.area_name},
        "as_of": results.as_of.isoformat() if results.as_of else None,
        "radius_m": results.radius_m,
        "radii_m": list(results.radii_m),
        "screening_rule": results.screening_rule_id,
        "basis": results.basis.value,
        "inputs": [_input(layer) for layer in results.layers],
        "rules": [asdict(rule) for rule in results.rules],
        "parameters": [asdict(parameter) for parameter in results.parameters],
        "counts": {
            "sources_in": results.sources.num_rows,
            "sources_by_status": results.status_counts(),
            "findings": results.findings.num_rows,
            "findings_by_verdict": {verdict.value: count for verdict, count in results.verdict_counts().items()},
            "receptors": results.receptors.num_rows,
            "ledger": len(results.ledger),
        },
        "joins": [asdict(join) | {"set_aside": join.set_aside} for join in results.joins],
        "outputs": entries(folder),
        "warnings": list(results.warnings),
        "run": dict(run),
    }
    write_record(folder, manifest)


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of the libraries that wrote."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in libraries}


def _input(layer: LayerUsed) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind.value,
        "path": layer.provenance.path,
        "sha256": layer.provenance.sha256,
        "basis": layer.basis.value,
        "source": layer.provenance.source,
        "licence": layer.provenance.licence,
        "credit": layer.provenance.credit,
        "coverage": layer.gates.coverage_name or "unknown",
        "completeness": layer.gates.completeness.value,
        "vintage": layer.gates.vintage or "unknown",
        "classification": layer.gates.classification.value,
        "features": layer.feature_count,
        "rows": layer.row_count,
        "set_aside": None if layer.row_count is None else layer.row_count - layer.feature_count,
    }
