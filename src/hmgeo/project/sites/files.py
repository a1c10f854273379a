"""What `hmgeo site` does: read the sites, judge them, print the answer or write its folder."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import pairwise, takewhile
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from hmgeo.errors import Place, Problem, UsageError
from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.intake.columns import ReadOptions
from hmgeo.outputs import siting_words, wording
from hmgeo.outputs.sheets.answer import clause_lines, list_lines, screen_lines
from hmgeo.outputs.sheets.siting import DOSSIER_SHEETS, GRAVE, LISTED_ROWS, write_siting_workbook
from hmgeo.outputs.siting_words import say
from hmgeo.outputs.tables import parquet_file, write_entries
from hmgeo.outputs.wording import worded as word
from hmgeo.project.bare import Progress, silent
from hmgeo.project.folder import SCHEMA, clock, ending_of, entries, versions, whole_files, whole_folder, write_record
from hmgeo.project.sites.desk import SiteDesk, open_desk, parse_ranges, read_sites, read_typed
from hmgeo.project.sites.given import Typed
from hmgeo.records import Ledger, table_of
from hmgeo.results.columns import FINDINGS_SCHEMA
from hmgeo.results.results import Presentation
from hmgeo.results.siting import Brief, Clause, Dossier, Finding, SiteAnswer, SitingResults
from hmgeo.siting.bench import SITES_AT_ONCE
from hmgeo.siting.site import Site
from hmgeo.vocabulary import Basis, Verdict
from hmgeo.words import say_with

_LIBRARIES = ("numpy", "pyarrow", "pypdfium2", "pyproj", "reportlab", "shapely", "xlsxwriter")


def _check_sites(
    desk: SiteDesk,
    sites: Sequence[Site],
    ledger: Ledger,
    *,
    progress: Progress = silent,
    hear: Callable[[SiteAnswer], None] = lambda _: None,
    is_whole: bool = True,
) -> SitingResults:
    """Judge sites, some at a time, and return the frozen answer, each site once, in input order.

    `hear` takes each answer as soon as it is there. Unless `is_whole` only dossiers with a sheet of their own are kept.
    """
    made: list[Dossier] = []
    listing = _Listing()
    whole = len(sites) if is_whole else min(len(sites), DOSSIER_SHEETS)
    for begin, end in pairwise([*range(0, whole, SITES_AT_ONCE), *range(whole, len(sites), SITES_AT_ONCE), len(sites)]):
        some = sites[begin:end]
        if begin < whole:
            made += desk.dossiers(some)
            answers = [dossier.answer for dossier in made[begin:]]
        else:
            answers = desk.answers(some)
        for answer in answers:
            hear(answer)
            if not is_whole:
                listing.add(answer)
        progress("逐条研判", end, len(sites))
    if is_whole:
        return desk.results(made, ledger)
    results = desk.results(made, ledger, has_examples=listing.has_examples)
    return replace(results, briefs=tuple(listing.briefs), listed=tuple(listing.listed))


class _Listing(Struct):
    """Keeps of a long list what its workbook shows: each site in brief, and the clauses that it has room for."""

    briefs: list[Brief] = field(default_factory=list)
    listed: list[tuple[str, Clause]] = field(default_factory=list)
    has_examples: bool = False
    is_full: bool = False

    def add(self, answer: SiteAnswer) -> None:
        self.briefs.append(answer.brief())
        self.has_examples = self.has_examples or answer.has_examples
        grave = list(takewhile(lambda clause: clause.verdict in GRAVE, answer.clauses))
        kept = grave[: LISTED_ROWS - len(self.listed)] if self.is_full else answer.clauses
        for clause in kept:  # of a grave one what would change it isn't told, and what it is told by isn't kept
            is_grave = clause.verdict in GRAVE
            told = replace(clause, evidence=tuple(clause.evidence), changes=()) if is_grave else clause
            self.listed.append((answer.site_id, told))
        if not self.is_full and len(self.listed) > LISTED_ROWS:
            self.is_full = True
            self.listed = [(site_id, clause) for site_id, clause in self.listed if clause.verdict in GRAVE]
        del self.listed[LISTED_ROWS:]


def answer_text(results: SitingResults, language: str = "zh") -> Iterator[str]:
    """Yield piece by piece what siting.json holds of `results` in `language`; of a long list the counts of each site.

    Long is a list of more sites than get a sheet of their own; findings.parquet has every clause of every site, too. No
    more than one site is held as plain values at a time.
    """
    count = len(results.sites)
    if count > DOSSIER_SHEETS:
        told = say_with("site.counts_only", {"count": count, "most": DOSSIER_SHEETS})
        results = replace(results, warnings=(*results.warnings, told))
    before, behind = _laid_out(siting_words.document(results, [], language)).split(_NO_SITES, 1)
    yield before + _NO_SITES.removesuffix("]")
    if count > DOSSIER_SHEETS:
        sites: Iterable[dict[str, Any]] = map(_short, results.sites)
    else:
        sites = (siting_words.dossier_document(dossier, results, language) for dossier in results.dossiers)
    end = ""
    for site in sites:
        yield f"{end}\n{_laid_out(site)}".replace("\n", "\n  ")
        end = ","
    yield f"\n ]{behind}" if end else f"]{behind}"


_NO_SITES = '\n "sites": []'


def _laid_out(document: dict[str, Any]) -> str:
    """Return `document` as JSON a line for each value, as json does it by `indent`, in a twentieth of its time."""
    return msgspec.json.format(json.dumps(document, ensure_ascii=False), indent=1)


_VERDICTS = tuple(verdict.value for verdict in Verdict)


def _short(site: Brief) -> dict[str, Any]:
    counts = dict(zip(_VERDICTS, site.counts, strict=True))
    return {"site_id": site.site_id, "name": site.name, "place": site.place, "counts": counts}


@contextmanager
def _findings_file(path: Path) -> Iterator[Callable[[SiteAnswer], None]]:
    """Write every clause of every site as it comes."""
    waiting: list[SiteAnswer] = []
    with parquet_file(FINDINGS_SCHEMA, path) as write:

        def hear(answer: SiteAnswer) -> None:
            waiting.append(answer)
            if len(waiting) >= SITES_AT_ONCE:
                write(_findings(waiting))
                waiting.clear()

        yield hear
        write(_findings(waiting))


def _findings(answers: Sequence[SiteAnswer]) -> pa.Table:
    """Return the findings on sites, site by site in reading order; what several have in common is made once."""
    clauses = [clause for answer in answers for clause in answer.clauses]
    ids = list(map(id, clauses))
    met = dict(zip(ids, clauses, strict=True))
    alike: dict[tuple[int, ...], tuple[int, Clause]] = {}
    numbers = [alike.setdefault(tuple(map(id, _FINDING(one))), (len(alike), one))[0] for one in met.values()]
    different = table_of([clause.row("", "", "", None) for _, clause in alike.values()], FINDINGS_SCHEMA)
    own = {
        "source_id": [answer.site_id for answer in answers],
        "key_area_id": [answer.key_area_ids for answer in answers],
        "as_of": [answer.as_of for answer in answers],
        "geometry": [answer.geometry for answer in answers],
    }
    by_clause = pa.array(list(map(dict(zip(met, numbers, strict=True)).__getitem__, ids)), pa.int32())
    by_site = pa.array(np.repeat(np.arange(len(answers), dtype=np.int32), [len(answer.clauses) for answer in answers]))
    columns = {name: _at(different[name].combine_chunks(), by_clause) for name in different.column_names}
    columns |= {name: _at(pa.array(cells, FINDINGS_SCHEMA.field(name).type), by_site) for name, cells in own.items()}
    site_ids, rule_ids = (columns[name].cast(pa.string()) for name in ("source_id", "rule_id"))
    columns["finding_id"] = pc.binary_join_element_wise(site_ids, rule_ids, "|")
    return pa.table(columns)


def _at(cells: pa.Array, rows: pa.Array) -> pa.Array:
    """Return the cells of some rows, texts as a dictionary."""
    return pa.DictionaryArray.from_arrays(rows, cells) if pa.types.is_string(cells.type) else cells.take(rows)


_FINDING = attrgetter(*Finding.__struct_fields__)


def _write_answer(results: SitingResults, folder: Path, language: str) -> None:
    write_siting_workbook(results, Presentation(language=language), folder / "siting.xlsx")
    with (folder / "siting.json").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(answer_text(results, language))
        file.write("\n")
    write_entries(results.ledger.entries, folder / "ledger.csv", language)


def _write_manifest(results: SitingResults, folder: Path, command: str, started: tuple[str, float]) -> None:
    sums = [sum(counts) for counts in zip(*(site.counts for site in results.sites), strict=True)]
    counts = dict(zip(_VERDICTS, sums, strict=False))
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
        "parameters": [asdict(parameter) for parameter in results.parameters],
        "counts": {"sites": len(results.sites), "findings_by_verdict": counts, "ledger": len(results.ledger)},
        "outputs": entries(folder),
        "warnings": list(results.warnings),
        "run": {"started": started[0], "seconds": round(time.monotonic() - started[1], 3)},
    }
    write_record(folder, manifest)


PRINTED_SITES, SCREENS = DOSSIER_SHEETS, 3
EXTRACTS = (".docx", ".pdf", ".json")
_SKETCHED_M = 3000.0
"""Objects nearer than this decide how much ground a sketch shows."""


class SiteRequest(Struct, frozen=True):
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


class Answered(Struct, frozen=True):
    """The answer, and where it was written."""

    results: SitingResults
    folder: Path | None = None
    language: str = "zh"

    def json_text(self) -> str:
        """Return the answer as JSON: what siting.json holds."""
        return "".join(answer_text(self.results, self.language))

    def count(self, verdict: Verdict) -> int:
        """Return how many clauses of all sites have a verdict."""
        return sum(site.counts[list(Verdict).index(verdict)] for site in self.results.sites)

    def lines(self, *, every_clause: bool = False) -> list[str]:
        """Return the answer for the terminal: each site on one screen, or with `every_clause` all of it.

        Of a list of more than `SCREENS` sites each has a line or two: which, where, and its counts, gravest first.
        """
        is_list = len(self.results.sites) > SCREENS and not every_clause
        lines_of = clause_lines if every_clause else list_lines if is_list else screen_lines
        printed = [""] if is_list else []
        for dossier in self.results.dossiers[:PRINTED_SITES]:
            printed += [*([] if is_list else [""]), *lines_of(dossier, self.results, self.language)]
        rest = len(self.results.sites) - PRINTED_SITES
        printed += [say("site.more_in_files", self.language, rest=str(rest))] if rest > 0 else []
        printed += [say("site.written", self.language, folder=str(self.folder))] if self.folder else []
        return [*printed[1:], *(["", wording.disclaimer(self.language)] if every_clause else [])]


def _write_extracts(desk: SiteDesk, results: SitingResults, request: SiteRequest) -> None:
    """Write the extract of every site into each file asked for."""
    from hmgeo.outputs.sheets.extract import extract_document, write_extract  # noqa: PLC0415 -- what draws loads slowly

    asked = asked_of(request)
    made = [extract_document(dossier, results, asked, request.language) for dossier in results.dossiers]
    drawn = [_sketch(desk, dossier, request.language) for dossier in results.dossiers]
    with whole_files(request.extracts, _read_by(desk, request)) as written:
        for path in written:
            write_extract(made, drawn, path, title=results.title)


def _read_by(desk: SiteDesk, request: SiteRequest) -> list[Path]:
    return [*desk.spec.files, *([] if request.sites is None else [request.sites])]


def asked_of(request: SiteRequest) -> dict[str, Any]:
    """Return `request` as plain values, by which it can be asked again; a list of sites by its name alone."""
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
    near_m = [near.low_m for near in dossier.nearest if near.distance_m is not None and near.low_m <= _SKETCHED_M]
    reach_m = max(1200.0, 1.25 * max(near_m, default=0.0))
    seen = shapely.box(*geodesic_buffer(site, 1.5 * reach_m).bounds)
    around: dict[str, list[shapely.Geometry]] = {}
    for layer in desk.inputs.receptors:
        shapes = [
            shape
            for batch in layer.batches()
            for shape in shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
        ]
        met = [
            shapely.clip_by_rect(shape, *seen.bounds)
            for shape in shapes
            if shape is not None and shape.intersects(seen)
        ]
        if met:
            around.setdefault(word(layer.kind, language), []).extend(met)
    return sketch(site, around, reach_m, ring)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage: a long list's cells are kept to the end, and what runs in circles, its workbook, comes last.

    Whoever had the search off has it off afterwards.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_uncollected()
def answer_sites(request: SiteRequest, *, progress: Progress = silent) -> Answered:
    """Answer `request`; write the folder where it names one; `progress` hears how far it is.

    `UsageError`: neither or both of a point and a file are given; many sites without a folder.
    `ProjectError`, `InputError`, `RuleError` or `OutputError` as the project, the file or the folder has it.
    """
    if bool(request.typed.at) == (request.sites is not None):
        raise UsageError(
            Problem("须给出 --at 或 --sites 之一", Place(key="--at"), remedy="点位用 --at，清单用 --sites")
        )
    for path in request.extracts:
        ending_of(path, EXTRACTS, "--extract")
    progress("读取图层", 0, None)
    ranges_m = parse_ranges(request.ranges)
    desk = open_desk(request.project, as_of=request.as_of, ranges_m=ranges_m, words=request.words)
    if request.sites is None:
        sites, ledger = read_typed(desk, request.typed)
    else:
        sites, ledger = read_sites(
            desk, request.sites, basis=request.sites_basis, options=request.options, defaults=request.typed
        )
    is_whole = bool(request.extracts) or len(sites) <= DOSSIER_SHEETS
    if request.out is None:
        results = _check_sites(desk, sites, ledger, progress=progress, is_whole=is_whole)
        if request.extracts:
            _write_extracts(desk, results, request)
        return Answered(results, language=request.language)
    named = f"--at {request.typed.at}" if request.sites is None else f"--sites {request.sites.name}"
    command = f"hmgeo site --project {desk.spec.folder.name} {named}"
    started = clock()
    with whole_folder(request.out, _read_by(desk, request)) as folder:
        with _findings_file(folder / "findings.parquet") as hear:
            results = _check_sites(desk, sites, ledger, progress=progress, hear=hear, is_whole=is_whole)
        if request.extracts:
            _write_extracts(desk, results, request)
        progress("写出表格", 0, None)
        _write_answer(results, folder, request.language)
        _write_manifest(results, folder, command, started)
    return Answered(results, request.out, request.language)
