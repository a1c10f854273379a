"""Screening on bare files: no project, no day, no trades; the user's radius alone."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from hmgeo.analysis.proximity import TableSink, measure_proximity
from hmgeo.analysis.screen import COUNTED_RADII_M, Question, screen
from hmgeo.analysis.user_rule import USER_DECIDER, USER_RADIUS_ID
from hmgeo.errors import InputError, Place, Problem, UsageError, raise_problems
from hmgeo.findings.columns import PAIRS_SCHEMA, RECEPTORS_SCHEMA
from hmgeo.findings.results import ParameterUsed, Presentation, Results, RuleUsed
from hmgeo.findings.text import radius_text
from hmgeo.layers.load import ReadOptions, load_positions, load_receptors
from hmgeo.project.assemble import layers_used, warnings_of
from hmgeo.project.folder import whole_file, whole_folder
from hmgeo.project.inputs import Collector, mixed_basis
from hmgeo.project.run import Run, clock, finish, silent
from hmgeo.project.sinks import ParquetSink
from hmgeo.project.write import PAIRS_NAME
from hmgeo.records import Gates, Ledger, Provenance
from hmgeo.vocabulary import Basis, Completeness, LayerKind

if TYPE_CHECKING:
    import pyarrow as pa

    from hmgeo.analysis.proximity import Proximity
    from hmgeo.analysis.screen import Screened
    from hmgeo.project.run import Progress
    from hmgeo.records import Layer, Positions

_UNITS = {"km": 1000.0, "公里": 1000.0, "千米": 1000.0, "m": 1.0, "米": 1.0}
_LONGEST_M = 1_000_000.0


@dataclass(frozen=True, slots=True)
class BareFile:
    """A file with what the user says of it.

    Parameters
    ----------
    covers
        Area code, key-area id or polygon file that the layer covers completely; empty where nobody said.
    credit
        The line that must be shown with the data, as its licence asks.
    """

    path: Path
    options: ReadOptions = field(default_factory=ReadOptions)
    basis: Basis = Basis.UNDECLARED
    covers: str = ""
    credit: str = ""


def parse_radius_m(text: str) -> float:
    """Return a radius in metres from text such as 10km, 500m, 10公里.

    Raises
    ------
    UsageError
        Where the unit is missing or unknown, or the number isn't positive.

    Examples
    --------
    >>> parse_radius_m("10km"), parse_radius_m("500 m")
    (10000.0, 500.0)
    """
    compact = text.strip().lower().replace(" ", "")
    unit = next((unit for unit in _UNITS if compact.endswith(unit)), "")
    number = compact.removesuffix(unit)
    try:
        radius_m = float(number) * _UNITS[unit]
    except (ValueError, KeyError):
        radius_m = -1.0
    if not 0 < radius_m <= _LONGEST_M:
        allowed = f"数字加单位 {'、'.join(_UNITS)}，大于 0，不超过 1000km"
        raise UsageError(Problem("半径看不懂", Place(key="--radius"), found=text, allowed=allowed, remedy="如 10km"))
    return radius_m


def screen_files(
    sources: BareFile,
    farmland: BareFile,
    out: str | Path,
    *,
    radius_m: float = 10_000.0,
    progress: Progress = silent,
) -> Run:
    """Screen the sources of one file against the farmland of another by distance alone.

    Parameters
    ----------
    sources, farmland
        Files with what the user says of them.
    out
        The run folder.

    Returns
    -------
    Run
        Findings of rule `USER-RADIUS`: `listed` within the radius, `clear` outside, with the note that coverage is
        not declared unless `farmland.covers` says what it is.

    Raises
    ------
    InputError, UsageError
        With every problem of both files, before anything is written.
    OutputError
        Where the folder can't be written.
    """
    progress("读取图层", 0, None)
    positions, layer, ledger = _load(sources, farmland, LayerKind.FARMLAND)
    question = Question(None, radius_m, screening_rule_id=USER_RADIUS_ID)
    started = clock()
    command = f"hmgeo screen --radius {radius_text(radius_m).replace(' ', '')}"
    with whole_folder(Path(out), [sources.path, farmland.path]) as temporary:
        reached = TableSink(RECEPTORS_SCHEMA)
        with ParquetSink(temporary / PAIRS_NAME, PAIRS_SCHEMA) as pairs:
            screened = screen(
                positions,
                layer,
                question,
                pairs=pairs,
                reached=reached,
                progress=lambda done: progress("测算距离", done, layer.feature_count),
            )
        results = _results(question, screened, reached.table(), (positions, layer), ledger)
        finish(results, Presentation(), temporary, command, started, progress)
    return Run(Path(out), results)


def _results(
    question: Question, screened: Screened, receptors: pa.Table, measured: tuple[Positions, Layer], ledger: Ledger
) -> Results:
    layers = layers_used(measured)
    radius = radius_text(question.radius_m)
    return Results(
        title=f"{radius} 距离排查",
        as_of=None,
        area_name="",
        radius_m=question.radius_m,
        radii_m=screened.radii_m,
        sources=screened.sources,
        findings=screened.findings,
        counts=screened.counts,
        receptors=receptors,
        search_areas=screened.search_areas,
        ledger=ledger,
        layers=layers,
        rules=(_user_rule_used(question.radius_m, screened.findings.num_rows),),
        parameters=(ParameterUsed("半径", f"{question.radius_m:g}", "m", USER_DECIDER),),
        screening_rule_id=USER_RADIUS_ID,
        warnings=(*_coverage_warning(measured[1]), *warnings_of(question, screened, ledger, layers, "")),
    )


def _coverage_warning(farmland: Layer) -> tuple[str, ...]:
    if farmland.gates.coverage is not None:
        return ()
    return ("耕地数据范围未申明：未触及仅指现有数据未触及，不能排除触及；计数为下限。",)


def pairs_files(
    sources: BareFile,
    receptors: BareFile,
    out: str | Path,
    *,
    radius_m: float = 10_000.0,
    aggregate: bool = False,
    progress: Progress = silent,
) -> Proximity:
    """Measure the pairs of two files and write them as Parquet; with `aggregate` only counts per source.

    Raises
    ------
    InputError, UsageError, OutputError
        As `screen_files`.
    """
    positions, layer, _ = _load(sources, receptors, LayerKind.FARMLAND)
    radii_m = (*(radius for radius in COUNTED_RADII_M if radius < radius_m), radius_m)
    with whole_file(Path(out), [sources.path, receptors.path]) as temporary:
        sink = nullcontext() if aggregate else ParquetSink(temporary, PAIRS_SCHEMA)
        with sink as pairs:
            proximity = measure_proximity(
                positions,
                layer,
                radii_m=radii_m,
                pairs=pairs,
                progress=lambda done: progress("测算距离", done, layer.feature_count),
            )
        if aggregate:
            pq.write_table(proximity.counts, temporary, compression="zstd")
    return proximity


def _load(sources: BareFile, receptors: BareFile, kind: LayerKind) -> tuple[Positions, Layer, Ledger]:
    """Load both files, with the problems of both at once."""
    collector = Collector()
    collector.problems += mixed_basis(sources.basis, receptors.basis, Place(key="--sources-basis"))
    gates = Gates()
    if receptors.covers:
        area = collector.area(receptors.covers, Path(), Place(key="--farmland-covers"))
        if area is not None:
            gates = Gates(area.geometry, f"{area.name}（{receptors.covers}）", Completeness.COMPLETE)
    positions = collector.layer(
        load_positions,
        path=sources.path,
        kind=LayerKind.ENTERPRISES,
        basis=sources.basis,
        name="sources",
        provenance=Provenance(sources.path.name, credit=sources.credit),
        options=sources.options,
        shown_as=sources.path.name,
    )
    layer = collector.layer(
        load_receptors,
        path=receptors.path,
        kind=kind,
        basis=receptors.basis,
        name=kind.value,
        provenance=Provenance(receptors.path.name, credit=receptors.credit),
        gates=gates,
        options=receptors.options,
        shown_as=receptors.path.name,
    )
    raise_problems(InputError, collector.problems)
    if positions is None or layer is None:
        raise InputError(Problem("文件读不出", Place(file=sources.path.name)))
    return positions, layer, collector.ledger


def _user_rule_used(radius_m: float, findings: int) -> RuleUsed:
    title = f"使用者设定的半径 {radius_text(radius_m)}（非法定距离）"
    return RuleUsed(
        USER_RADIUS_ID,
        title,
        "list",
        "",
        "",
        "",
        "",
        "",
        "",
        USER_DECIDER,
        "",
        "",
        findings,
        "仅按距离比较，不依据任何条文。",
    )
