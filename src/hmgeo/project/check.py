"""Read everything a project names, say what it holds and what is wrong with it; compute nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hmgeo.analysis.choices import Choices, unset_text
from hmgeo.analysis.network_layers import NO_NETWORK, rivers_of
from hmgeo.errors import HmgeoError, Problem
from hmgeo.project.assemble import WARNED_EVENTS, layers_used
from hmgeo.project.inputs import SIDE_LOADERS, SOURCES_KIND, Inputs, load_inputs
from hmgeo.project.spec import read_spec
from hmgeo.rules.words import BOTH, NETWORK
from hmgeo.vocabulary import Basis, Classification, Completeness, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.findings.used import LayerUsed
    from hmgeo.project.spec import ProjectSpec
    from hmgeo.records import Layer, Positions, Raster, SideTable

_SHOWN_EVENTS = 20
UPSTREAM_MODE = "upstream_mode"


@dataclass(frozen=True, slots=True)
class Table:
    """A table to print."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found: errors and warnings together, errors first, and tables about the data."""

    problems: tuple[Problem, ...]
    tables: tuple[Table, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether nothing stands in the way of a run."""
        return all(problem.is_warning for problem in self.problems)


def check_project(path: str | Path) -> CheckReport:
    """Read a project with all its layers and report every problem at once.

    Parameters
    ----------
    path
        A project.yml or its folder.

    Returns
    -------
    CheckReport
        Errors stop a run; warnings cap what it may say. Nothing is raised for faults in the user's files.
    """
    try:
        spec = read_spec(Path(path))
        inputs = load_inputs(spec)
    except HmgeoError as error:
        return CheckReport(error.problems)
    return CheckReport(tuple(_warnings(spec, inputs)), (_suitability(inputs), _rows(inputs), _events(inputs)))


def _warnings(spec: ProjectSpec, inputs: Inputs) -> Iterator[Problem]:
    """Yield what caps the answers without standing in their way."""
    gap = _farmland_gap(inputs)
    if gap:
        yield _warning(gap, spec, "layers", "补充耕地图层，或核实后写明 coverage 和 completeness: complete")
    for kind, layer in spec.layers.items():
        if layer.classification is Classification.UNMARKED:
            yield _warning(f"「{kind.zh}」密级未标注，结果仅限内部使用", spec, "classification", "写明密级")
    rule = inputs.book.get(spec.screening_rule) if spec.screening_rule else None
    choices = Choices(spec.parameters)
    for name in rule.parameters if rule else ():
        if choices.get(name) is None:
            yield _warning(unset_text(name), spec, name, "在 parameters 下写明取值、决定人、日期和理由")
    gap = _network_gap(inputs, choices)
    if gap:
        remedy = "提供「河流」图层，并在 parameters 下写明 river_direction 和 snap_distance_m"
        yield _warning(gap, spec, UPSTREAM_MODE, remedy)
    for entry in inputs.ledger.entries:
        if entry.event in WARNED_EVENTS:
            yield _warning(f"{entry.file}：{entry.reason}{entry.action}", spec, "datum", "写明 datum")


def _farmland_gap(inputs: Inputs) -> str:
    if inputs.farmland is None:
        return "未提供「耕地」，相关条款将未评估"
    if inputs.farmland.gates.coverage is None:
        return "「耕地」未申明数据范围，计数只是下限，不能据以认定未触及"
    if inputs.farmland.gates.completeness is not Completeness.COMPLETE:
        return "「耕地」未申明完整，计数只是下限，不能据以认定未触及"
    return ""


def _network_gap(inputs: Inputs, choices: Choices) -> str:
    """Return why clauses that the project wants answered along drawn rivers can't be; empty where they can.

    Where no way is chosen and there are no heights, the rivers are all that could answer.
    """
    mode, rivers = choices.code(UPSTREAM_MODE), rivers_of(inputs.others, choices)
    has_rivers_alone = inputs.elevation is None and rivers is not None
    if mode not in {NETWORK, BOTH} and (mode or not has_rivers_alone):
        return ""
    return NO_NETWORK if rivers is None else rivers.why_not()


def _warning(what: str, spec: ProjectSpec, key: str, remedy: str) -> Problem:
    return Problem(what, spec.place(key), remedy=remedy, is_warning=True)


def _suitability(inputs: Inputs) -> Table:
    """Return the table of what each layer may be used for (数据适用性表)."""
    optional = (inputs.farmland, *inputs.others, inputs.elevation, *inputs.sides.values())
    given = (one for one in optional if one is not None)
    layers: list[Positions | Layer | Raster | SideTable] = [inputs.positions, *given]
    rows = tuple(
        (
            layer.kind.zh,
            layer.provenance.path,
            "栅格" if layer.kind is LayerKind.ELEVATION else str(layer.feature_count),
            layer.basis.zh,
            layer.gates.coverage_name or "未申明",
            layer.gates.completeness.zh,
            layer.gates.vintage or "未申明",
            layer.gates.classification.value,
            layer.provenance.source or "未申明",
            _fitness(layer),
        )
        for layer in layers_used(layers)
    )
    header = ("图层", "文件", "记录数", "数据性质", "数据范围", "完整性", "时点", "密级", "提供单位", "适用性")
    return Table("数据适用性表", header, rows)


def _fitness(layer: LayerUsed) -> str:
    """Return what a layer may be used for, by its gates and its basis."""
    told = []
    if layer.basis in {Basis.SYNTHETIC, Basis.APPROXIMATE}:
        told.append("仅供演示，不得用于真实判断" if layer.basis is Basis.SYNTHETIC else "示意，不作判断依据")
    if layer.kind is SOURCES_KIND or layer.kind in SIDE_LOADERS:
        return "；".join(told) or "可用"
    if layer.gates.coverage is None or layer.gates.completeness is not Completeness.COMPLETE:
        told.append("命中有效，不能据以认定未触及")
    if not layer.gates.vintage:
        told.append("时点不明")
    return "；".join(told) or "可用于命中和未触及"


def _rows(inputs: Inputs) -> Table:
    counted = Counter(inputs.positions.table["status"].to_pylist())
    rows = tuple((status.zh, str(counted[status.value])) for status in Status)
    return Table("污染源记录", ("状态", "行数"), (*rows, ("合计", str(inputs.positions.table.num_rows))))


def _events(inputs: Inputs) -> Table:
    """Return the ledger, summed by file and event."""
    counted = Counter((entry.file, entry.event) for entry in inputs.ledger.entries)
    rows = tuple((file, event, str(count)) for (file, event), count in counted.most_common(_SHOWN_EVENTS))
    return Table("处理台账摘要", ("文件", "事项", "条数"), rows)
