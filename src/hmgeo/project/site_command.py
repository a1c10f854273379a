"""What `hmgeo site` does: read the sites, judge them, print or write the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.errors import Place, Problem, UsageError
from hmgeo.outputs import wording
from hmgeo.outputs.siting_labels import say
from hmgeo.outputs.siting_print import printed_lines
from hmgeo.project.progress import silent
from hmgeo.project.site import open_desk, parse_ranges, read_sites, read_typed
from hmgeo.project.site_write import answer_document, check_sites, write_siting

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from hmgeo.findings.siting import SitingResults
    from hmgeo.layers.options import ReadOptions
    from hmgeo.project.progress import Progress
    from hmgeo.project.site_input import Typed
    from hmgeo.vocabulary import Basis, Verdict

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

    def lines(self) -> list[str]:
        """Return the answer for the terminal, line by line."""
        printed: list[str] = []
        for dossier in self.results.dossiers[:PRINTED_SITES]:
            printed += [*printed_lines(dossier, self.results, self.language), ""]
        rest = len(self.results.dossiers) - PRINTED_SITES
        printed += (
            [say("另有 {rest} 个项目未在此列出，见结果文件。", self.language, rest=str(rest))] if rest > 0 else []
        )
        written = "结果：{folder}（siting.xlsx、siting.json、findings.parquet）"
        printed += [say(written, self.language, folder=str(self.folder))] if self.folder else []
        return [*printed, wording.disclaimer(self.language)]


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
    desk = open_desk(request.project, as_of=request.as_of, ranges_m=parse_ranges(request.ranges))
    if request.sites is None:
        sites, ledger = read_typed(request.typed)
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
