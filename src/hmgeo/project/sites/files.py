"""What `hmgeo site` does: read the sites, judge them, print the answer or write its folder."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import shapely

from hmgeo.errors import Place, Problem, UsageError
from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.outputs import siting_json, siting_words, wording
from hmgeo.outputs.sheets.answer import clause_lines, screen_lines
from hmgeo.outputs.sheets.siting import write_siting_workbook
from hmgeo.outputs.siting_words import say, word
from hmgeo.outputs.tables import write_ledger_csv, write_parquet
from hmgeo.project.bare import silent
from hmgeo.project.folder import SCHEMA, clock, entries, versions, whole_file, whole_folder, write_record
from hmgeo.project.sites.desk import open_desk, parse_ranges, read_sites, read_typed
from hmgeo.records import table_of
from hmgeo.results.columns import FINDINGS_SCHEMA
from hmgeo.results.results import Presentation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from hmgeo.intake.columns import ReadOptions
    from hmgeo.project.bare import Progress
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
    batches = [table_of(dossier.answer.finding_rows(), FINDINGS_SCHEMA) for dossier in results.dossiers]
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
EXTRACTS = (".docx", ".pdf", ".json")
_SKETCHED_M = 3000.0
"""Objects nearer than this decide how much ground a sketch shows."""


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
    extracts
        Files to write the extract into, by suffix: .docx, .pdf, .json.
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
    extracts: tuple[Path, ...] = ()


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
        printed += [say("site.more_in_files", self.language, rest=str(rest))] if rest > 0 else []
        printed += [say("site.written", self.language, folder=str(self.folder))] if self.folder else []
        return [*printed[1:], *(["", wording.disclaimer(self.language)] if every_clause else [])]


def write_extracts(desk: SiteDesk, results: SitingResults, request: SiteRequest) -> None:
    """Write the extract of every site into each file asked for.

    Raises
    ------
    OutputError
        Where a file can't be written, or lies where an input does.
    """
    from hmgeo.outputs.sheets.extract import extract_document, write_extract  # noqa: PLC0415 -- matplotlib loads slowly

    asked = asked_of(request)
    made = [extract_document(dossier, results, asked, request.language) for dossier in results.dossiers]
    drawn = [_sketch(desk, dossier, request.language) for dossier in results.dossiers]
    files = [desk.spec.file, *(desk.spec.folder / one.path for one in desk.spec.layers.values())]
    files += [] if request.sites is None else [request.sites]
    for path in request.extracts:
        with whole_file(path, files) as written:
            write_extract(made, drawn, written, title=results.title)


def asked_of(request: SiteRequest) -> dict[str, Any]:
    """Return a question as plain values, by which it can be asked again; a list of sites by its name alone."""
    typed = {
        name: list(value) if isinstance(value, tuple | list) else value for name, value in asdict(request.typed).items()
    }
    day = request.as_of.isoformat() if request.as_of else ""
    return {
        "typed": typed,
        "sites": "" if request.sites is None else request.sites.name,
        "as_of": day,
        "ranges": list(request.ranges),
        "words": "" if request.words is None else request.words.name,
    }


def _sketch(desk: SiteDesk, dossier: Dossier, language: str) -> bytes:
    """Draw what the layers hold near a site; nothing where nobody knows where it is."""
    from hmgeo.outputs.sheets.extract import sketch  # noqa: PLC0415 -- as above

    if dossier.answer.geometry is None or dossier.answer.lon is None:
        return b""
    site = shapely.from_wkb(dossier.answer.geometry)
    ring = geodesic_buffer(site, 1000.0)
    near_m = [one.low_m for one in dossier.nearest if one.distance_m is not None and one.low_m <= _SKETCHED_M]
    reach_m = max(1200.0, 1.25 * max(near_m, default=0.0))
    seen = shapely.box(*geodesic_buffer(site, 1.5 * reach_m).bounds)
    around: dict[str, list[shapely.Geometry]] = {}
    for layer in desk.layers:
        shapes = [
            shape
            for one in layer.batches()
            for shape in shapely.from_wkb(one["geometry"].to_numpy(zero_copy_only=False))
        ]
        met = [
            shapely.clip_by_rect(shape, *seen.bounds)
            for shape in shapes
            if shape is not None and shape.intersects(seen)
        ]
        if met:
            around.setdefault(word(layer.kind, language), []).extend(met)
    return sketch(site, around, reach_m, ring)


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
    wrong = [path for path in request.extracts if path.suffix.lower() not in EXTRACTS]
    if wrong:
        place = Place(key="--extract")
        raise UsageError(Problem("摘录的格式看不懂", place, wrong[0].name, "、".join(EXTRACTS), "如 摘录.docx"))
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
    if request.extracts:
        write_extracts(desk, results, request)
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
