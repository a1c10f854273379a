"""Screening on bare files: no project, no day, no trades; the user's radius alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely

from hmgeo.intake.areas import context_layers
from hmgeo.judging.applies import cadmium_of
from hmgeo.judging.bench import Question
from hmgeo.judging.choices import USER_DECIDER, Choices
from hmgeo.judging.judge import USER_RADIUS_ID
from hmgeo.judging.own_columns import OwnColumns
from hmgeo.project.bare import BareFile, Progress, load_bare, silent
from hmgeo.project.folder import PLAIN, Wish, clock
from hmgeo.project.inputs import context_layers_of, layers_used
from hmgeo.project.pairs.file import ParquetSink
from hmgeo.project.run import Run, finish, run_folder, shown_as, warnings_of
from hmgeo.project.run_files import new_run
from hmgeo.proximity.measure import TableSink
from hmgeo.records import Layer, Ledger, Positions, table_of
from hmgeo.results.columns import EVIDENCE_SCHEMA, EXTRA_SCHEMA, PAIRS_SCHEMA, RECEPTORS_SCHEMA, VISITS_SCHEMA
from hmgeo.results.results import BureauTables, Results
from hmgeo.results.text import radius_text
from hmgeo.results.used import DEFAULT_ORDER, ParameterUsed, RuleUsed
from hmgeo.screening.bureau import names_of_areas
from hmgeo.screening.evidence import evidence_rows, visiting
from hmgeo.screening.land import land_totals
from hmgeo.screening.screen import Screened, screen, with_land
from hmgeo.screening.somewhere import places_table
from hmgeo.words import render, say


def screen_files(
    sources: BareFile,
    farmland: BareFile,
    out: str | Path,
    *,
    radius_m: float = 10_000.0,
    clipped_area: bool = False,
    wish: Wish = PLAIN,
    progress: Progress = silent,
) -> Run:
    """Screen the sources of one file against the farmland of another by distance alone, into run folder `out`.

    Parameters
    ----------
    sources, farmland
        Files with what the user says of them.
    radius_m, progress
        The distance, in metres, that judges; hears how far it is.
    clipped_area
        Whether tables also say how much farmland lies inside each circle and under the parcels counted, common ground
        once; takes its time.
    wish
        The language of the tables.

    Returns
    -------
    Run
        Findings of rule `USER-RADIUS`: `listed` within the radius; outside it `clear` where `farmland.covers` says what
        the farmland covers, else `not_assessed` by reason `coverage_undeclared`.

    Raises
    ------
    InputError, UsageError
        With every problem of both files, before anything is written.
    OutputError
        Where the folder can't be written.
    """
    progress("读取图层", 0, None)
    positions, layer, ledger = load_bare(sources, farmland)
    question = Question(None, radius_m, screening_rule_id=USER_RADIUS_ID)
    started = clock()
    asked = f"{wish.options()}{' --clipped-area' if clipped_area else ''}"
    command = f"hmgeo screen --radius {radius_text(radius_m).replace(' ', '')}{asked}"
    with run_folder(Path(out), [sources.local, farmland.local], progress) as temporary:
        reached = TableSink(RECEPTORS_SCHEMA)
        with ParquetSink(new_run(temporary), PAIRS_SCHEMA) as pairs:
            screened = screen(
                positions,
                layer,
                question,
                pairs=pairs,
                reached=reached,
                progress=lambda done: progress("测算距离", done, layer.feature_count),
            )
        if clipped_area:
            total = positions.table.num_rows
            screened = with_land(screened, positions, layer, lambda done: progress("测算去重与圆内面积", done, total))
        results = _results(question, screened, reached.table(), (positions, layer), ledger, wish.language)
        results = finish(results, shown_as(wish, None), temporary, command, started, progress)
    return Run(Path(out), results)


def _results(
    question: Question,
    screened: Screened,
    receptors: pa.Table,
    measured: tuple[Positions, Layer],
    ledger: Ledger,
    language: str,
) -> Results:
    layers = layers_used(measured)
    radius = radius_text(question.radius_m)
    own = OwnColumns(measured[0])
    rows = [row | _stated(own, number, row) for number, row in enumerate(screened.sources.to_pylist())]
    evidence = evidence_rows(rows, screened.counts, own, radius_m=question.radius_m)
    visiting(rows, evidence, DEFAULT_ORDER)
    points = [point for wkb in screened.sources["geometry"].to_pylist() if wkb and (point := shapely.from_wkb(wkb))]
    contexts = context_layers((), (), points)
    return Results(
        title=render(say("screening_by_distance", radius=radius), language),
        as_of=None,
        area_name="",
        radius_m=question.radius_m,
        radii_m=screened.radii_m,
        sources=table_of(rows, pa.schema([*screened.sources.schema, *_STATED, *VISITS_SCHEMA])),
        findings=screened.findings,
        counts=screened.counts,
        receptors=receptors,
        search_areas=screened.search_areas,
        ledger=ledger,
        context=context_layers_of((), contexts, []) if any(one.role == "county" for one in contexts) else (),
        layers=layers,
        rules=(_user_rule_used(question.radius_m, screened.findings.num_rows),),
        parameters=(ParameterUsed("半径", f"{question.radius_m:g}", "m", USER_DECIDER),),
        screening_rule_id=USER_RADIUS_ID,
        bureau=BureauTables(
            table_of(evidence, EVIDENCE_SCHEMA),
            measured[0].attributes,
            places_table(screened.place_sources),
            land_totals=land_totals(
                receptors, rows, screened.counts, screened.radii_m, names_of_areas(question), screened.gardens
            ),
        ),
        warnings=(*_coverage_warning(measured[1]), *warnings_of(question, screened, ledger, layers, "")),
    )


_STATED = [EXTRA_SCHEMA.field(name) for name in ("cadmium", "cadmium_basis", "production_state")]


def _stated(own: OwnColumns, number: int, row: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what the list states of cadmium and production; nobody chose trades, so a blank stays blank."""
    stated, state = own.text(number, "是否涉镉"), own.text(number, "生产状态")
    if not stated:
        return {"cadmium": None, "cadmium_basis": None, "production_state": state}
    basis = own.text(number, "涉镉依据")
    cadmium = cadmium_of(stated, basis, row["trade_code"], row["trade_edition"], Choices())
    return {"cadmium": cadmium.word, "cadmium_basis": cadmium.basis, "production_state": state}


def _coverage_warning(farmland: Layer) -> tuple[str, ...]:
    if farmland.gates.coverage is not None:
        return ()
    return ("耕地数据范围未申明：半径内现有数据未见的不作未触及；计数为下限。申明范围用 --farmland-covers。",)


def _user_rule_used(radius_m: float, findings: int) -> RuleUsed:
    title = say("radius_by_user", radius=radius_text(radius_m))
    note = "仅按距离比较，不依据任何条文。"
    return RuleUsed(USER_RADIUS_ID, title, "list", decider=USER_DECIDER, findings=findings, note=note)
