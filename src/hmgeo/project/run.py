"""A project from inputs to the one `Results` that outputs take, and how it is shown: to whom, in which language."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import shapely
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.intake.quality import WORD_EVENT
from hmgeo.judging.bench import Bench, Question
from hmgeo.judging.choices import Choices
from hmgeo.judging.crosscheck import CrossCheck, cross_check
from hmgeo.outputs.map.audience import PUBLIC, refuse, why_no_page
from hmgeo.outputs.map.ground import hillshade
from hmgeo.project.bare import Progress, silent
from hmgeo.project.folder import PLAIN, RUN_MANIFEST, WARNINGS, Asked, Wish, as_written, clock, is_older, whole_folder
from hmgeo.project.inputs import (
    Inputs,
    administrative_areas,
    context_layers_of,
    layer_warnings,
    layers_used,
    load_inputs,
    parameters_used,
    validity_used,
)
from hmgeo.project.pairs.file import Both, ParquetSink
from hmgeo.project.run_files import drawable, ground_layers, new_run, write_manifest, write_outputs
from hmgeo.project.spec import Adoption, ProjectSpec, read_spec, settings_of
from hmgeo.records import Layer, Ledger, Positions, Raster, Sink, UnreadWord
from hmgeo.reference.cells import compared_word
from hmgeo.reference.machine import note_run
from hmgeo.reference.tables import CLASS_YEAR
from hmgeo.results.columns import AGREEMENT, BARRIERS, BASINS, FLIPS, PAIRS_SCHEMA
from hmgeo.results.results import Backdrop, ContextLayer, Presentation, Results, noted, with_decisions
from hmgeo.results.siting import CompiledRules
from hmgeo.results.used import JoinUsed, LayerUsed, ParameterUsed, RuleUsed
from hmgeo.rules.model import Rule, RuleStanding
from hmgeo.rules.standing import codes_of_place, in_territory, standing_of
from hmgeo.screening.bureau import CANNOT_TELL, bureau_view, with_terrain
from hmgeo.screening.heights import Ground, HeightFacts, heights_of, terrain_view
from hmgeo.screening.land import LandView, exceedances_of
from hmgeo.screening.screen import Screened, screen, with_land
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.overlay import hatched_places
from hmgeo.siting.page_rules import compile_rules
from hmgeo.terrain.ponds_and_mines import overhead_ledger
from hmgeo.terrain.slope import with_slopes
from hmgeo.vocabulary import (
    COUNTRY,
    UNREAD_CODE,
    Basis,
    Classification,
    LayerKind,
    PositionKind,
    Standing,
    Status,
    Verdict,
)
from hmgeo.water.view import water_view, waters_of
from hmgeo.words import Reason, packed, say

_LOST_NAMED = 5


def unread_words(layers: Iterable[Positions | Layer], findings: pa.Table) -> tuple[UnreadWord, ...]:
    """Return the words of `layers` that no list holds, those first that keep most from being told.

    `findings`: their reason codes tell which findings wait for a word.
    """
    waiting = Counter(
        code.removeprefix(UNREAD_CODE)
        for verdict, codes in zip(findings["verdict"].to_pylist(), findings["reason_codes"].to_pylist(), strict=True)
        if verdict == Verdict.NOT_ASSESSED.value
        for code in set((codes or "").split(";"))
        if code.startswith(UNREAD_CODE)
    )
    words: dict[tuple[str, str], UnreadWord] = {}
    for word in (word for layer in layers for word in layer.unread):
        known = words.get((word.word, word.column))
        rows = word.rows + (0 if known is None else known.rows)
        words[word.word, word.column] = replace(word, rows=rows, verdicts=waiting[word.word])
    return tuple(sorted(words.values(), key=lambda word: (-word.verdicts, -word.rows, word.word)))


def cross_warnings(joins: Iterable[JoinUsed], disputed: int) -> tuple[str, ...]:
    """Return a sentence for each of `joins` that leads nowhere for some rows, and one on contradictions.

    `disputed`: rows whose words other figures contradict.
    """
    warnings = [
        say(
            "links_lost", layer=join.table, rows=join.rows, column=join.column, target=join.target, joined=join.joined,
            lost=join.set_aside, which="、".join(join.lost[:_LOST_NAMED]) + "等" * (len(join.lost) > _LOST_NAMED),
        )
        for join in joins
        if join.set_aside
    ]  # fmt: skip
    if disputed:
        warnings.append(say("rows_disputed", count=disputed))
    return tuple(warnings)


def rules_used(question: Question, screened: Screened, adoptions: Sequence[Adoption]) -> tuple[RuleUsed, ...]:
    """Return the rules of `question` that judged `screened` or only inform, with the reasons of `adoptions`."""
    counted = Counter(screened.findings["rule_id"].to_pylist())
    reasons = {adoption.rule: f"{adoption.reason}（{adoption.by}，{adoption.on}）" for adoption in adoptions}
    used = []
    for rule in question.rules:
        standing = screened.standings.get(rule.id) or _standing_at_home(rule, question)
        if standing is not None:
            used.append(_rule_used(rule, standing, counted[rule.id], reasons.get(rule.id, "")))
    return tuple(used)


def _standing_at_home(rule: Rule, question: Question) -> RuleStanding | None:
    """Return how a rule stands in the project's own area; None where that isn't its territory."""
    home = question.home_counties
    codes = codes_of_place(COUNTRY).union(*(codes_of_place(code) for code in home))
    if question.as_of is None or not in_territory(rule, codes):
        return None
    return standing_of(rule, as_of=question.as_of, place_codes=codes, adopted=False)


def _rule_used(rule: Rule, standing: RuleStanding, findings: int, reason: str) -> RuleUsed:
    cited = standing.value or rule.latest
    return RuleUsed(
        rule.id,
        rule.title.zh,
        rule.effect.value,
        standing.standing.value,
        rule.legal_rank.value,
        cited.document,
        cited.clause,
        cited.quote,
        cited.quote_sha256,
        rule.decider,
        str(cited.in_force_from or ""),
        standing.verified,
        findings,
        "".join(filter(None, (standing.note_zh, reason, rule.note))),
        rule.title.en,
    )


def as_examples(table: pa.Table) -> pa.Table:
    """Return a table of sources or findings whose every judged row says 示例判定 in its note."""
    return noted(table, [say("example_judged") if verdict else "" for verdict in table["verdict"].to_pylist()])


def warnings_of(
    question: Question, screened: Screened, ledger: Ledger, layers: Sequence[LayerUsed], mix_basis: str
) -> tuple[str, ...]:
    """Return the sentences that stand on top of every output: on `question`, `screened`, `ledger` and `layers`.

    `mix_basis` is the reason for real sources on invented receptors; empty for none.
    """
    warnings: list[str] = []
    if mix_basis:
        warnings.append(say("example_judged_since", why=mix_basis))
    standing = screened.standings.get(question.screening_rule_id)
    if standing is not None and standing.standing is Standing.ADOPTED:
        warnings.append(say("rule_says", rule=question.screening_rule_id, text=standing.note_zh))
    warnings += layer_warnings(ledger)
    statuses = Counter(screened.sources["status"].to_pylist())
    for status in (Status.NOT_LOCATED, Status.REJECTED):
        if statuses[status.value]:
            warnings.append(say("rows_not_measured", count=statuses[status.value], status=status))
    doubted = sum(bool(place.doubt) for place in screened.places)
    if doubted:
        warnings.append(say("rows_outside_county", count=doubted))
    if question.as_of is not None:
        warnings += Bench(question).open_territories(screened.places)
        warnings += expired_texts(screened.findings)
    farmland = [layer for layer in layers if layer.kind is LayerKind.FARMLAND]
    if not farmland:
        warnings.append(say("farmland_absent"))
    unmarked = [layer.kind.zh for layer in layers if layer.gates.classification is Classification.UNMARKED]
    if unmarked:
        warnings.append(say("layers_unmarked", layers=tuple(dict.fromkeys(unmarked))))
    return tuple(warnings)


def expired_texts(findings: pa.Table) -> tuple[Reason, ...]:
    """Return what of `findings` is open because the period of texts is over, once for all firms."""
    columns = (findings[name].to_pylist() for name in ("standing", "verdict", "document", "rule_id"))
    state = (Standing.PERIOD_OVER.value, Verdict.NOT_ASSESSED.value)
    rows = [(document, rule) for *stands, document, rule in zip(*columns, strict=True) if tuple(stands) == state]
    if not rows:
        return ()
    clauses = Counter(document for document, _ in dict.fromkeys(rows))
    texts = tuple(say("text_expired", document=document, clauses=count) for document, count in clauses.items())
    return (say("texts_expired", clauses=clauses.total(), findings=len(rows), texts=texts),)


def with_class_years(receptors: pa.Table, layers: Iterable[Layer]) -> pa.Table:
    """Return receptors with a last column `class_year` as the layers write it; unchanged where none says a year."""
    years: dict[tuple[str, str], str] = {}
    for layer in layers:
        for batch in layer.batches():
            linked = zip(batch.column("receptor_id").to_pylist(), batch.column("links").to_pylist(), strict=True)
            for receptor_id, links in linked:
                year = next((text for code, text in links or () if code == CLASS_YEAR), "")
                if year:
                    years[layer.kind.value, receptor_id] = year
    if not years:
        return receptors
    keys = zip(receptors["receptor_kind"].to_pylist(), receptors["receptor_id"].to_pylist(), strict=True)
    return receptors.append_column("class_year", pa.array([years.get(key, "") for key in keys], pa.string()))


def _clauses_for_page(inputs: Inputs, question: Question) -> CompiledRules | None:
    """Return what the map page needs to judge a clicked place; None where no day is asked about."""
    if question.as_of is None:
        return None
    area = shapely.union_all([part.geometry for part in inputs.areas]) if inputs.areas else None
    return replace(
        compile_rules(SitingBench(inputs.receptors, question)), area=None if area is None else shapely.to_wkb(area)
    )


OLDER = "这里的结果是旧版布局，将整个换成新版"
_ASKED_BY: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        AGREEMENT.name: {"upstream_mode": frozenset({"both"})},
        FLIPS.name: {"terrain": frozenset({"considered"})},
        BASINS.name: {"closed_basins": frozenset({"keep"})},
        BARRIERS.name: {"barrier_ridge_m": frozenset(), "small_catchment_ha": frozenset()},
    }
)
"""What only a specialist reads: the parameters that ask for it, and the choices that do (any, where none is named)."""


def unasked(choices: Choices) -> frozenset[str]:
    """Return the tables that only a specialist reads and none of `choices` asks for."""

    def asks(name: str, words: frozenset[str]) -> bool:
        chosen = choices.chosen.get(name)
        return chosen is not None and (not words or chosen.value in words)

    return frozenset(table for table, by in _ASKED_BY.items() if not any(asks(*question) for question in by.items()))


INTERNAL = "internal"
PUBLIC_ONLY_MAPS = "公开版仅指本文件夹的地图和图件；其余结果文件仍按各图层密级管理，不得随图公开。"


def shown_as(wish: Wish, elevation: Raster | None, choices: Choices | None = None) -> Presentation:
    """Return how results are shown by `wish` over `elevation`, with the tables that `choices` ask for."""
    audience = PUBLIC if wish.public else INTERNAL
    return Presentation(
        language=wish.language,
        audience=audience,
        backdrop=_backdrop_of(elevation, audience),
        watermark=wish.watermark,
        left_out=frozenset() if wish.evidence else unasked(choices or Choices()),
        also=wish.also,
    )


def _backdrop_of(elevation: Raster | None, audience: str = INTERNAL) -> Backdrop | None:
    """Return the hillshade of an elevation layer; None where there is none or it may not be shown."""
    if elevation is None or elevation.gates.classification is Classification.CLASSIFIED:
        return None
    if audience == PUBLIC and elevation.gates.classification is not Classification.PUBLIC:
        return None
    return hillshade(elevation)


def with_reasons(results: Results, presentation: Presentation) -> Results:
    """Return `results` whose warnings also say which outputs a folder by `presentation` lacks, what is public."""
    reasons = [why_no_page(results), *drawable(results)[1]]
    if presentation.audience == PUBLIC:
        reasons.append(PUBLIC_ONLY_MAPS)
    return replace(results, warnings=(*results.warnings, *filter(None, reasons)))


PLACE_ROLE = "source_place"


def place_layers(places: pa.Table) -> tuple[ContextLayer, ...]:
    """Return the hatched `places` (`PLACES_SCHEMA`) of sources known by place only, as a layer for orientation."""
    if not places.num_rows:
        return ()
    basis = Basis.APPROXIMATE if any(places["is_approximate"].to_pylist()) else Basis.REAL
    return (ContextLayer(PLACE_ROLE, "仅知所在行政区的污染源（斜线范围）", basis, "", hatched_places(places)),)


def place_warnings(sources: pa.Table) -> tuple[str, ...]:
    """Return how many sources are known by place only, and how many no one can place in a key area's towns."""
    warnings = []
    places = sources["position_kind"].to_pylist().count(PositionKind.PLACE.value)
    if places:
        warnings.append(say("rows_without_coordinates", count=places))
    unknown = sources["key_area_towns"].to_pylist().count(CANNOT_TELL)
    if unknown:
        warnings.append(say("rows_without_township", count=unknown))
    return tuple(warnings)


DEFAULT_RADIUS_M = 10_000.0


class Run(Struct, frozen=True):
    """A finished run: where it lies and what it found."""

    folder: Path
    results: Results


def run_project(
    path: str | Path,
    out: str | Path | None = None,
    *,
    accept_suggestions: bool = False,
    words: Path | None = None,
    overrides: Path | None = None,
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
    words
        A file that says what words outside the closed lists mean, beside what the project says.
    overrides
        A file of people's decisions on findings, instead of the one that the project names.
    wish
        Maps for the public, a watermark.
    progress
        Hears each stage in words, and how much of it is done.

    Raises
    ------
    ProjectError, InputError, RuleError
        With every problem found, before anything is written.
    OutputError
        Where the folder can't be written (nothing half-written stays), or a public map is asked of layers that
        forbid it.
    """
    asked = Asked.of(path, out, accepts=accept_suggestions, words=words, overrides=overrides, wish=wish)
    spec = asked.spec
    if wish.public:  # before anything is computed
        refuse(((kind, kind.value, layer.classification) for kind, layer in spec.layers.items()), PUBLIC)
    spec.decisions()  # its faults before anything is computed
    made_of = asked.made_of()
    progress("读取图层", 0, None)
    inputs = load_inputs(spec)
    started = clock()
    presentation = shown_as(wish, inputs.elevation, Choices(spec.parameters))
    with run_folder(asked.folder, spec.files, progress) as temporary:
        with ParquetSink(new_run(temporary), PAIRS_SCHEMA) as pairs:
            results = _with_words(spec, inputs, _judged(spec, inputs, pairs, progress))
        settings = settings_of(spec, words)
        results = finish(results, presentation, temporary, asked.command, started, progress, settings)
    written = as_written(asked.folder)
    if written is not None and not results.failed and made_of and made_of == asked.made_of():
        note_run(written[0], made_of | {WARNINGS: json.dumps([packed(warning) for warning in results.warnings])})
    return Run(asked.folder, results)


@contextmanager
def run_folder(out: Path, inputs: Sequence[object], progress: Progress) -> Iterator[Path]:
    """Give a temporary folder for run `out` as `whole_folder`, clear of `inputs`; `progress` hears of an older one."""
    if is_older(out):
        progress(OLDER, 0, None)
    files = [path for path in inputs if isinstance(path, Path)]  # a frame lies nowhere
    with whole_folder(out, files, record=RUN_MANIFEST) as folder:
        yield folder


def project_results(
    path: str | Path, *, accept_suggestions: bool = False, words: Path | None = None, page: bool = True
) -> Results:
    """Run a project as `run_project` does and return what it found, writing nothing.

    Parameters
    ----------
    path, accept_suggestions, words
        As for `run_project`.
    page
        Also what the map page judges by, which takes as long as a small project.

    Raises
    ------
    ProjectError, InputError, RuleError
        With every problem found.
    """
    spec = read_spec(Path(path)).with_words(words)
    return _found(spec.accepting() if accept_suggestions else spec, page=page)[0]


def results_and_elevation(path: str | Path) -> tuple[Results, Raster | None]:
    """Run project `path`, a file or folder, and return what it found and its heights, writing nothing."""
    return _found(read_spec(Path(path)))


def _found(spec: ProjectSpec, *, page: bool = True) -> tuple[Results, Raster | None]:
    inputs = load_inputs(spec)
    return _with_words(spec, inputs, _judged(spec, inputs, None, silent, page=page)), inputs.elevation


def finish(
    results: Results,
    presentation: Presentation,
    folder: Path,
    command: str,
    started: tuple[str, float],
    progress: Progress,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Results:
    """Write the outputs and the manifest of `results` to `folder`; return them with what was said on writing.

    `presentation` says how they are shown, `started` holds the time of day and seconds of `clock`, `command` and
    `settings` go into the manifest; `progress` hears of it.
    """
    progress("写出表格与地图", 0, None)
    results = with_reasons(results, presentation)
    failed = write_outputs(results, presentation, folder)
    results = replace(results, warnings=(*results.warnings, *failed), failed=failed)
    clock = {"started": started[0], "seconds": round(time.monotonic() - started[1], 3)}
    write_manifest(results, folder, command=command, run=clock, settings=settings)
    return results


class Verdicts(Struct, frozen=True):
    """What a project's sources were judged to be, before anything is made of it; `check` foresees a run by the same."""

    question: Question
    crossed: CrossCheck
    heights: HeightFacts
    land: LandView
    screened: Screened


def judge_inputs(spec: ProjectSpec, inputs: Inputs, pairs: Sink | None, progress: Progress) -> Verdicts:
    """Judge all `inputs` by every rule as a run of `spec` does; `pairs` takes what is measured, `progress` hears."""
    question = _question(spec, inputs)
    farmland = inputs.farmland
    is_vague = farmland is None or farmland.basis is Basis.APPROXIMATE  # it may lie anywhere
    land = LandView(exceedances_of(farmland), float("inf") if farmland is None or is_vague else farmland.margin_m)
    total = farmland.feature_count if farmland else 0
    layers = inputs.positions, inputs.farmland, inputs.others
    heights = heights_of(inputs.elevation, *layers, question.choices, mixes=question.mixes)
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
    return Verdicts(question, crossed, heights, land, screened)


def _judged(spec: ProjectSpec, inputs: Inputs, pairs: Sink | None, progress: Progress, *, page: bool = True) -> Results:
    judged = judge_inputs(spec, inputs, pairs, progress)
    question, crossed, heights, land = judged.question, judged.crossed, judged.heights, judged.land
    screened = _with_land(spec, inputs, judged.screened, progress)
    progress("追踪水流", 0, None)
    waters = waters_of(inputs.positions, inputs.farmland, inputs.others, inputs.sides, question)
    water = water_view(waters, heights.water, heights.barred)
    bureau = bureau_view(
        inputs.positions, screened, question, land, inputs.others, inputs.sides, water, spec.visit_order
    )
    progress("测算地形", 0, None)
    layers = inputs.positions, inputs.farmland, inputs.others
    asked = inputs.elevation, question.choices, question.radius_m
    terrain = terrain_view(Ground(*layers, *asked, screened.sources, bureau.tables.reached, heights.water))
    bureau = with_terrain(bureau, terrain)
    used = layers_used(inputs.layers)
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
        parameters=parameters_used(question, spec.mix_basis, spec.visit_order),
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
        compiled_rules=_clauses_for_page(inputs, question) if page else None,
        bureau=bureau.tables,
        terrain=terrain,
        water=water,
        joins=crossed.joins,
        visit_order=spec.visit_order,
    )


def _with_words(spec: ProjectSpec, inputs: Inputs, results: Results) -> Results:
    results = with_decisions(results, spec.decisions())
    met = {compared_word(entry.value) for entry in inputs.ledger.entries if entry.event == WORD_EVENT}
    idle = tuple(word.word for word in spec.words if compared_word(word.word) not in met)
    used = (
        ParameterUsed(f"用语「{word.word}」", word.means, "", word.by, word.on, word.reason)
        for word in spec.words
        if compared_word(word.word) in met
    )
    return replace(
        results,
        parameters=(*results.parameters, *used, *validity_used(spec.validity)),
        warnings=(*results.warnings, *((say("words_unused", words=idle),) if idle else ())),
        unread=unread_words((inputs.positions, *inputs.receptors), results.findings),
    )


def _with_land(spec: ProjectSpec, inputs: Inputs, screened: Screened, progress: Progress) -> Screened:
    if not spec.clipped_area or inputs.farmland is None:
        return screened
    count = inputs.positions.table.num_rows
    return with_land(
        screened, inputs.positions, inputs.farmland, lambda done: progress("测算去重与圆内面积", done, count)
    )


def _question(spec: ProjectSpec, inputs: Inputs) -> Question:
    rule = inputs.book.get(spec.screening_rule).latest if spec.screening_rule else None
    return Question(
        as_of=spec.as_of,
        radius_m=(rule and rule.value) or DEFAULT_RADIUS_M,
        rules=inputs.book.rules,
        adopted=frozenset(adoption.rule for adoption in spec.adopt),
        choices=Choices(spec.parameters),
        screening_rule_id=spec.screening_rule,
        areas=administrative_areas(inputs.context, inputs.others),
        home_counties=frozenset().union(*(area.counties for area in inputs.areas)),
        mixes=bool(spec.mix_basis),
    )
