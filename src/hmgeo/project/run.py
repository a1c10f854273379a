"""The whole pipeline: files, layers, analysis with rules, findings, outputs in a run folder."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.analysis.bureau import bureau_view
from hmgeo.analysis.choices import Choices
from hmgeo.analysis.crosscheck import cross_check
from hmgeo.analysis.height_facts import heights_of
from hmgeo.analysis.land_areas import with_land
from hmgeo.analysis.land_view import LandView, exceedances_of
from hmgeo.analysis.overhead_view import overhead_ledger
from hmgeo.analysis.parcel_slopes import with_slopes
from hmgeo.analysis.places import Areas
from hmgeo.analysis.question import Question
from hmgeo.analysis.screen import screen
from hmgeo.analysis.terrain_columns import with_terrain
from hmgeo.analysis.terrain_view import Ground, terrain_view
from hmgeo.analysis.water_view import water_view, waters_of
from hmgeo.findings.columns import PAIRS_SCHEMA
from hmgeo.findings.results import Results
from hmgeo.project.assemble import (
    as_examples,
    context_layers_of,
    cross_warnings,
    layers_used,
    parameters_used,
    rules_used,
    warnings_of,
)
from hmgeo.project.bureau_notes import place_layers, place_warnings
from hmgeo.project.class_years import with_class_years
from hmgeo.project.clicks import clauses_for_page
from hmgeo.project.folder import whole_folder
from hmgeo.project.inputs import Inputs, load_inputs
from hmgeo.project.manifest import write_manifest
from hmgeo.project.progress import silent
from hmgeo.project.shown import Wish, with_reasons
from hmgeo.project.sinks import Both, ParquetSink
from hmgeo.project.spec import ProjectSpec, read_spec
from hmgeo.project.terrain_context import ground_layers
from hmgeo.project.write import PAIRS_NAME, write_outputs
from hmgeo.reference.tables import key_areas
from hmgeo.vocabulary import COUNTY_DIGITS, Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.analysis.bureau import Bureau
    from hmgeo.analysis.height_facts import HeightFacts
    from hmgeo.analysis.screen import Screened
    from hmgeo.findings.results import Presentation
    from hmgeo.findings.used import LayerUsed
    from hmgeo.findings.water import WaterTables
    from hmgeo.project.progress import Progress
    from hmgeo.records import Raster, Sink

DEFAULT_RADIUS_M = 10_000.0
PLAIN = Wish()


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: where it lies and what it found."""

    folder: Path
    results: Results


def run_project(
    path: str | Path,
    out: str | Path | None = None,
    *,
    accept_suggestions: bool = False,
    wish: Wish = PLAIN,
    progress: Progress = silent,
) -> Run:
    """Run a project and write its run folder.

    Parameters
    ----------
    path
        A project.yml or its folder.
    out
        The run folder; `runs/<as_of>` beside the project file where nothing is said.
    accept_suggestions
        Change points as the suspicion checks suggest, each with a ledger entry.
    wish
        Maps for the public, a watermark.
    progress
        Hears how far the run is.

    Raises
    ------
    ProjectError, InputError, RuleError
        With every problem found, before anything is written.
    OutputError
        Where the folder can't be written (nothing half-written stays), or a public map is asked of layers that
        forbid it.
    """
    spec = read_spec(Path(path))
    wish.check(spec)
    if accept_suggestions:
        spec = spec.accepting()
    progress("读取图层", 0, None)
    inputs = load_inputs(spec)
    folder = Path(out) if out is not None else spec.folder / "runs" / spec.as_of.isoformat()
    flags = (" --accept-suggestions" if accept_suggestions else "") + wish.options()
    command = f"hmgeo run {spec.folder.name}{flags}"
    started = clock()
    with whole_folder(folder, spec.files) as temporary:
        with ParquetSink(temporary / PAIRS_NAME, PAIRS_SCHEMA) as pairs:
            results = _project_results(spec, inputs, pairs, progress)
        results = finish(results, wish.presentation(inputs.elevation), temporary, command, started, progress)
    return Run(folder, results)


def project_results(path: str | Path) -> Results:
    """Run a project and return what it found, writing nothing."""
    return results_and_elevation(path)[0]


def results_and_elevation(path: str | Path) -> tuple[Results, Raster | None]:
    """Run a project and return what it found, and its elevation layer where it has one, writing nothing."""
    spec = read_spec(Path(path))
    inputs = load_inputs(spec)
    return _project_results(spec, inputs, None, silent), inputs.elevation


def finish(
    results: Results,
    presentation: Presentation,
    folder: Path,
    command: str,
    started: tuple[str, float],
    progress: Progress,
) -> Results:
    """Write the outputs and the manifest; return the results with what was said on writing."""
    progress("写出表格与地图", 0, None)
    results = with_reasons(results, presentation)
    write_outputs(results, presentation, folder)
    clock = {"started": started[0], "seconds": round(time.monotonic() - started[1], 3)}
    write_manifest(results, folder, command=command, run=clock)
    return results


def clock() -> tuple[str, float]:
    """Return the time of day for the manifest, and a clock to measure by."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), time.monotonic()


def _project_results(spec: ProjectSpec, inputs: Inputs, pairs: Sink | None, progress: Progress) -> Results:
    question = _question(spec, inputs)
    land = LandView(exceedances_of(inputs.farmland))
    total = inputs.farmland.feature_count if inputs.farmland else 0
    heights = _heights(inputs, question)
    layers = inputs.positions, inputs.farmland, inputs.others
    crossed = cross_check(*layers, inputs.sides, question.as_of, question.choices)
    question = replace(question, disputes=crossed.disputes)
    screened = screen(
        inputs.positions,
        inputs.farmland,
        question,
        others=inputs.others,
        heights=heights,
        pairs=Both(pairs, land.pairs),
        reached=land,
        progress=lambda done: progress("测算距离", done, total),
    )
    screened = _with_land(spec, inputs, screened, progress)
    progress("追踪水流", 0, None)
    water = _water(inputs, question, heights)
    bureau = bureau_view(inputs.positions, screened, question, land, inputs.others, inputs.sides, water)
    progress("测算地形", 0, None)
    terrain = terrain_view(_ground(inputs, question, screened, bureau, heights))
    bureau = with_terrain(bureau, terrain)
    used = _layers_of(inputs)
    return Results(
        title=spec.title,
        as_of=spec.as_of,
        area_name="、".join(dict.fromkeys(area.name for area in inputs.areas)),
        radius_m=question.radius_m,
        radii_m=screened.radii_m,
        sources=as_examples(bureau.sources) if spec.mix_basis else bureau.sources,
        findings=as_examples(screened.findings) if spec.mix_basis else screened.findings,
        counts=screened.counts,
        receptors=with_class_years(
            with_slopes(land.receptors, terrain.slopes), () if inputs.farmland is None else (inputs.farmland,)
        ),
        search_areas=screened.search_areas,
        ledger=inputs.ledger + bureau.ledger + crossed.ledger + overhead_ledger(terrain.overhead, inputs.others),
        layers=used,
        rules=rules_used(question, screened, spec.adopt),
        parameters=parameters_used(question, spec.mix_basis),
        context=(
            *context_layers_of(inputs.areas, inputs.context, inputs.others),
            *place_layers(bureau.tables.places),
            *ground_layers(water, terrain, used),
        ),
        screening_rule_id=spec.screening_rule,
        warnings=(
            *warnings_of(question, screened, inputs.ledger, used, spec.mix_basis),
            *place_warnings(bureau.sources),
            *cross_warnings(crossed.joins, len(crossed.disputes)),
        ),
        compiled_rules=clauses_for_page(inputs, question),
        bureau=bureau.tables,
        terrain=terrain,
        water=water,
        joins=crossed.joins,
    )


def _ground(inputs: Inputs, question: Question, screened: Screened, bureau: Bureau, heights: HeightFacts) -> Ground:
    return Ground(
        inputs.positions, inputs.farmland, inputs.others, inputs.elevation, question.choices, question.radius_m,
        screened.sources, bureau.tables.reached, heights.water,
    )  # fmt: skip


def _layers_of(inputs: Inputs) -> tuple[LayerUsed, ...]:
    measured = [inputs.positions] if inputs.farmland is None else [inputs.positions, inputs.farmland]
    rasters = [] if inputs.elevation is None else [inputs.elevation]
    return layers_used([*measured, *inputs.others, *rasters, *inputs.sides.values()])


def _with_land(spec: ProjectSpec, inputs: Inputs, screened: Screened, progress: Progress) -> Screened:
    if not spec.clipped_area or inputs.farmland is None:
        return screened
    count = inputs.positions.table.num_rows
    return with_land(
        screened, inputs.positions, inputs.farmland, lambda done: progress("测算去重与圆内面积", done, count)
    )


def _heights(inputs: Inputs, question: Question) -> HeightFacts:
    layers = inputs.positions, inputs.farmland, inputs.others
    return heights_of(inputs.elevation, *layers, question.choices, mixes=question.mixes)


def _water(inputs: Inputs, question: Question, heights: HeightFacts) -> WaterTables:
    waters = waters_of(inputs.positions, inputs.farmland, inputs.others, inputs.sides, question)
    return water_view(waters, None if heights.water is None else heights.water.grid, heights.barred)


def _question(spec: ProjectSpec, inputs: Inputs) -> Question:
    radius_m = DEFAULT_RADIUS_M
    if spec.screening_rule:
        radius_m = inputs.book.get(spec.screening_rule).latest.value or DEFAULT_RADIUS_M
    tables = {one.role: one for one in inputs.context}
    counties, townships = tables.get("county"), tables.get("township")
    return Question(
        as_of=spec.as_of,
        radius_m=radius_m,
        rules=inputs.book.rules,
        adopted=frozenset(adoption.rule for adoption in spec.adopt),
        choices=Choices(spec.parameters),
        screening_rule_id=spec.screening_rule,
        areas=Areas(
            None if counties is None else counties.table,
            None if townships is None else townships.table,
            townships_are_approximate=townships is None or townships.basis is Basis.APPROXIMATE,
        ),
        home_counties=county_codes(spec.area_ids),
        mixes=bool(spec.mix_basis),
    )


def county_codes(area_ids: Sequence[str]) -> frozenset[str]:
    """Return the six-digit county codes that hold key areas or administrative areas.

    Examples
    --------
    >>> sorted(county_codes(["GD-QC-LT", "451221"]))
    ['441802', '451221']
    """
    codes = {area.id: area.admin_code for area in key_areas()}
    return frozenset(codes.get(one, one)[:COUNTY_DIGITS] for one in area_ids if codes.get(one, one).isdigit())
