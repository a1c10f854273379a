"""The folder of a siting answer: siting.xlsx, siting.json, findings.parquet, ledger.csv, manifest.json."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hmgeo.findings.columns import FINDINGS_SCHEMA
from hmgeo.findings.results import Presentation
from hmgeo.outputs import siting_json, siting_words
from hmgeo.outputs.siting import write_siting_workbook
from hmgeo.outputs.tables import write_ledger_csv, write_parquet
from hmgeo.project.folder import SCHEMA, entries, whole_folder, write_record
from hmgeo.project.manifest import versions
from hmgeo.project.progress import silent
from hmgeo.project.run import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.analysis.site_facts import Site
    from hmgeo.findings.siting import Dossier, SitingResults
    from hmgeo.project.progress import Progress
    from hmgeo.project.site import SiteDesk
    from hmgeo.records import Ledger

FULL_JSON_SITES = 1000
"""Above so many sites siting.json holds counts only; findings.parquet always holds every clause of every site."""
_EVERY = 200
_LIBRARIES = ("numpy", "pyarrow", "pyproj", "shapely", "xlsxwriter")


def check_sites(desk: SiteDesk, sites: Sequence[Site], ledger: Ledger, *, progress: Progress = silent) -> SitingResults:
    """Judge sites one after another and return the frozen answer, each site once, in input order."""
    made: list[Dossier] = []
    for number, site in enumerate(sites, start=1):
        made.append(desk.dossier(site))
        if number % _EVERY == 0 or number == len(sites):
            progress("逐条研判", number, len(sites))
    return desk.results(made, ledger)


def write_siting(
    results: SitingResults,
    out: str | Path,
    *,
    inputs: Sequence[Path],
    command: str,
    language: str = "zh",
    progress: Progress = silent,
) -> Path:
    """Write the folder of a siting answer; it appears whole or not at all.

    Raises
    ------
    OutputError
        Where the folder holds something else or can't be written.
    """
    started = clock()
    with whole_folder(Path(out), inputs) as folder:
        progress("写出表格", 0, None)
        write_siting_workbook(results, Presentation(language=language), folder / "siting.xlsx")
        _write_json(results, folder / "siting.json", language)
        write_parquet(_findings(results), folder / "findings.parquet")
        write_ledger_csv(siting_words.shell(results), folder / "ledger.csv")
        _write_manifest(results, folder, command, started)
    return Path(out)


def answer_document(results: SitingResults, language: str = "zh") -> dict[str, Any]:
    """Return the whole answer as plain values, the same as siting.json holds; codes are the same in any language."""
    if len(results.dossiers) > FULL_JSON_SITES:
        sites = [_short(dossier) for dossier in results.dossiers]
    else:
        sites = [siting_json.dossier_document(dossier, results, language) for dossier in results.dossiers]
    return siting_json.document(results, sites, language)


def _short(dossier: Dossier) -> dict[str, Any]:
    answer = dossier.answer
    counts = {verdict.value: count for verdict, count in answer.counts().items()}
    return {"site_id": answer.site_id, "name": answer.name, "place": answer.place, "counts": counts}


def _write_json(results: SitingResults, path: Path, language: str) -> None:
    text = json.dumps(answer_document(results, language), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _findings(results: SitingResults) -> pa.Table:
    """Return every clause of every site; texts that repeat are kept once."""
    batches = [pa.Table.from_pylist(dossier.answer.finding_rows(), FINDINGS_SCHEMA) for dossier in results.dossiers]
    if not batches:
        return FINDINGS_SCHEMA.empty_table()
    return pa.concat_tables(batches)


def _write_manifest(results: SitingResults, folder: Path, command: str, started: tuple[str, float]) -> None:
    counts: dict[str, int] = {}
    for dossier in results.dossiers:
        for verdict, count in dossier.answer.counts().items():
            counts[verdict.value] = counts.get(verdict.value, 0) + count
    manifest = {
        "schema": SCHEMA,
        "kind": "siting",
        "versions": versions(_LIBRARIES),
        "command": command,
        "title": results.title,
        "as_of": results.as_of,
        "inputs": [
            {
                "kind": code,
                "path": layer.provenance.path,
                "sha256": layer.provenance.sha256,
                "basis": layer.basis.value,
                "coverage": layer.gates.coverage_name or "unknown",
                "completeness": layer.gates.completeness.value,
                "vintage": layer.gates.vintage or "unknown",
                "classification": layer.gates.classification.value,
            }
            for code, layer in results.layers.items()
        ],
        "parameters": [asdict(one) for one in results.parameters],
        "counts": {"sites": len(results.dossiers), "findings_by_verdict": counts, "ledger": len(results.ledger)},
        "outputs": entries(folder),
        "warnings": list(results.warnings),
        "run": {"started": started[0], "seconds": round(time.monotonic() - started[1], 3)},
    }
    write_record(folder, manifest)
