"""All views of one run, written into its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmgeo.outputs.figure.figure import write_figures
from hmgeo.outputs.gis import write_geopackage
from hmgeo.outputs.map.audience import why_no_page
from hmgeo.outputs.map.page import write_map
from hmgeo.outputs.screening_book import write_workbook
from hmgeo.outputs.survey_list import write_survey_list
from hmgeo.outputs.tables import (
    write_counts,
    write_evidence_csv,
    write_findings,
    write_leads_csv,
    write_ledger_csv,
    write_outlets_csv,
    write_receptors,
    write_sources_csv,
    write_terrain,
    write_townships_csv,
    write_water,
)

if TYPE_CHECKING:
    from pathlib import Path

    from hmgeo.findings.results import Presentation, Results

PAIRS_NAME = "pairs.parquet"


def write_outputs(results: Results, presentation: Presentation, folder: Path) -> None:
    """Write every file of a run folder but pairs (written while they are made) and the manifest (written last).

    A layer marked 涉密 leaves the page out; `with_reasons` has put the reason among the warnings.
    """
    language = presentation.language
    write_sources_csv(results, folder / "sources.csv", language)
    write_counts(results, folder / "counts.parquet")
    write_findings(results, folder / "findings.parquet")
    write_ledger_csv(results, folder / "ledger.csv", language)
    write_geopackage(results, folder / "findings.gpkg")
    write_workbook(results, presentation, folder / "screening.xlsx")
    if results.bureau is not None:
        write_townships_csv(results.bureau, folder / "townships.csv")
        write_evidence_csv(results.bureau, folder / "evidence.csv", language)
        write_leads_csv(results.bureau, folder / "leads.csv", language)
        write_outlets_csv(results.bureau, folder / "outlets.csv", language)
        write_receptors(results.bureau, folder / "receptors.parquet")
        write_survey_list(results, presentation, folder / "survey_list.xlsx")
    if results.terrain is not None:
        write_terrain(results.terrain, folder)
    if results.water is not None:
        write_water(results.water, folder)
    if not why_no_page(results):
        write_map(results, presentation, folder / "map.html")
    write_figures(results, presentation, [folder / "map.pdf", folder / "map.png"])
