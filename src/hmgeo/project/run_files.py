"""The files of one run: every view of its results, and the manifest of what went in and came out."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING, Any

from hmgeo.outputs.figure.figure import write_figures
from hmgeo.outputs.gis import write_geopackage
from hmgeo.outputs.guide import GUIDE_NAME, write_dictionary, write_guide
from hmgeo.outputs.map.audience import why_no_page
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.sheets.survey import write_survey_list
from hmgeo.outputs.sheets.workbook import write_workbook
from hmgeo.outputs.tables import write_data
from hmgeo.outputs.templates import FIX_SOURCE, fix_title, rows_to_fix, write_fixme
from hmgeo.project.folder import DATA, PRINT, RUN_MANIFEST, RUN_SCHEMA, entries, folder_files, write_record
from hmgeo.results.columns import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hmgeo.results.results import Presentation, Results
    from hmgeo.results.used import LayerUsed

PAIRS_NAME = f"{DATA}/{PAIRS.name}"


def new_run(folder: Path) -> Path:
    """Lay out an empty run folder; return where its pairs go, which are written while they are made."""
    for name in (DATA, PRINT):
        (folder / name).mkdir()
    return folder / PAIRS_NAME


def write_outputs(results: Results, presentation: Presentation, folder: Path) -> None:
    """Write every file of a run folder but pairs (written while they are made) and the manifest (written last).

    A layer marked 涉密 leaves the page out; `with_reasons` has put the reason among the warnings.
    """
    data, paper = folder / DATA, folder / PRINT
    held = write_data(results, data, presentation.language, presentation.left_out)
    held |= write_geopackage(results, data / "findings.gpkg")
    write_dictionary(held, data / "dictionary.csv")
    write_workbook(results, presentation, folder / "screening.xlsx")
    if results.bureau is not None:
        write_survey_list(results, presentation, folder / "survey_list.xlsx")
    to_fix = rows_to_fix(results.ledger.entries)
    if to_fix:
        write_fixme(to_fix, FIX_SOURCE, folder / "fixme.xlsx", title=fix_title(results.title, len(to_fix)))
    if not why_no_page(results):
        write_map(results, presentation, folder / "map.html")
    write_figures(results, presentation, [paper / "map.pdf", paper / "map.png"])
    write_guide(results, presentation, folder / GUIDE_NAME, [*folder_files(folder), RUN_MANIFEST])


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
        "schema": RUN_SCHEMA,
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
            "not_assessed_by_group": {group.value: count for group, count in results.unassessed_counts().items()},
            "receptors": results.receptors.num_rows,
            "ledger": len(results.ledger),
        },
        "joins": [asdict(join) | {"set_aside": join.set_aside} for join in results.joins],
        "outputs": entries(folder, RUN_MANIFEST),
        "warnings": list(results.warnings),
        "run": dict(run),
    }
    write_record(folder, manifest, RUN_MANIFEST)


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
