"""What `hmgeo site` does: read the sites, judge them, print the answer or write its folder."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hmgeo.errors import Place, Problem, UsageError
from hmgeo.outputs import siting_json, siting_words, wording
from hmgeo.outputs.sheets.answer import clause_lines, screen_lines
from hmgeo.outputs.sheets.siting import write_siting_workbook
from hmgeo.outputs.siting_words import say
from hmgeo.outputs.tables import write_ledger_csv, write_parquet
from hmgeo.project.folder import SCHEMA, clock, entries, versions, whole_folder, write_record
from hmgeo.project.inputs import silent
from hmgeo.project.sites.desk import open_desk, parse_ranges, read_sites, read_typed
from hmgeo.results.columns import FINDINGS_SCHEMA
from hmgeo.results.results import Presentation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from hmgeo.intake.columns import ReadOptions
    from hmgeo.project.inputs import Progress
    from hmgeo.project.sites.desk import SiteDesk
    from hmgeo.project.sites.given import Typed
    from hmgeo.records import Ledger
    from hmgeo.results.siting import Dossier, SitingResults
    from hmgeo.siting.site import Site
    from hmgeo.vocabulary import Basis, Verdict


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


PRINTED_SITES = 20


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """What the user asks.

    Parameters
    ----------
    typed
        A point; its `at` is empty where a file is given.
    sites
        A file of sites; None where a point is typed.
    words
        A file that says what words outside the closed lists mean.
    """

    project: Path
    typed: Typed
    sites: Path | None
    sites_basis: Basis
    options: ReadOptions
    as_of: date | None = None
    ranges: tuple[str, ...] = ()
    out: Path | None = None
    language: str = "zh"
    words: Path | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, and where it was written."""

    results: SitingResults = field(repr=False)
    folder: Path | None = None
    language: str = "zh"

    def json_text(self) -> str:
        """Return the answer as JSON: what siting.json holds."""
        return json.dumps(answer_document(self.results, self.language), ensure_ascii=False, indent=1)

    def count(self, verdict: Verdict) -> int:
        """Return how many clauses of all sites have a verdict."""
        return sum(dossier.answer.counts()[verdict] for dossier in self.results.dossiers)

    def lines(self, *, every_clause: bool = False) -> list[str]:
        """Return the answer for the terminal: each site on one screen, or every clause of it."""
        told = clause_lines if every_clause else screen_lines
        printed: list[str] = []
        for dossier in self.results.dossiers[:PRINTED_SITES]:
            printed += ["", *told(dossier, self.results, self.language)]
        rest = len(self.results.dossiers) - PRINTED_SITES
        printed += (
            [say("另有 {rest} 个项目未在此列出，见结果文件。", self.language, rest=str(rest))] if rest > 0 else []
        )
        written = "结果：{folder}（siting.xlsx、siting.json、findings.parquet）"
        printed += [say(written, self.language, folder=str(self.folder))] if self.folder else []
        return [*printed[1:], *(["", wording.disclaimer(self.language)] if every_clause else [])]


def answer_sites(request: SiteRequest, *, progress: Progress = silent) -> Answered:
    """Answer a request; write the folder where one is named.

    Raises
    ------
    UsageError
        Neither or both of a point and a file are given; many sites without a folder.
    ProjectError, InputError, RuleError, OutputError
        As the project, the file or the folder has it.
    """
    if bool(request.typed.at) == (request.sites is not None):
        raise UsageError(
            Problem("须给出 --at 或 --sites 之一", Place(key="--at"), remedy="点位用 --at，清单用 --sites")
        )
    progress("读取图层", 0, None)
    ranges_m = parse_ranges(request.ranges)
    desk = open_desk(request.project, as_of=request.as_of, ranges_m=ranges_m, words=request.words)
    if request.sites is None:
        sites, ledger = read_typed(desk, request.typed)
    else:
        sites, ledger = read_sites(
            desk, request.sites, basis=request.sites_basis, options=request.options, defaults=request.typed
        )
    results = check_sites(desk, sites, ledger, progress=progress)
    if request.out is None:
        return Answered(results, language=request.language)
    files = [desk.spec.file, *(desk.spec.folder / layer.path for layer in desk.spec.layers.values())]
    files += [] if request.sites is None else [request.sites]
    named = f"--at {request.typed.at}" if request.sites is None else f"--sites {request.sites.name}"
    command = f"hmgeo site --project {desk.spec.folder.name} {named}"
    folder = write_siting(
        results, request.out, inputs=files, command=command, language=request.language, progress=progress
    )
    return Answered(results, folder, request.language)
