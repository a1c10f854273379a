"""Everything that a project names, loaded and held against each other; all problems at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely
from msgspec import field
from msgspec.structs import replace

from hmgeo.errors import InputError, Place, Problem, ProjectError, raise_problems
from hmgeo.geo.raster import kept
from hmgeo.intake.areas import Area, Context, context_layers, shipped_counties
from hmgeo.intake.columns import ReadOptions
from hmgeo.intake.formats.raster import load_elevation
from hmgeo.intake.layers import ASIDE_EVENT
from hmgeo.intake.load import load_positions, load_receptors
from hmgeo.intake.places.locate import UNDECLARED_EVENT
from hmgeo.intake.places.mend import lies_in_china
from hmgeo.intake.places.suspicion import DATUM_EVENT
from hmgeo.intake.side_tables import WIND_EVENT, load_side_table, outlets_sheet_of
from hmgeo.judging.places import Areas
from hmgeo.project.bare import Collector, Loaded, mixed_basis
from hmgeo.project.spec import VALIDITY_FILE, LayerSpec, ProjectSpec
from hmgeo.records import (
    POSITION_SCHEMA,
    Gates,
    Layer,
    Ledger,
    LedgerEntry,
    Positions,
    Provenance,
    Raster,
    Record,
    SideTable,
    table_of,
)
from hmgeo.reference.tables import key_areas
from hmgeo.results.columns import SHAPES_SCHEMA
from hmgeo.results.results import ContextLayer
from hmgeo.results.used import DEFAULT_ORDER, LayerUsed, ParameterUsed, VisitOrder
from hmgeo.rules.book import RuleBook, load_book
from hmgeo.rules.nodes import near
from hmgeo.rules.parameters import ParameterDeclaration, declaration, declared
from hmgeo.vocabulary import Basis, LayerKind
from hmgeo.words import Reason, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hmgeo.judging.bench import Question
    from hmgeo.judging.choices import ChosenParameter
    from hmgeo.rules.model import Validity


SOURCES_KIND = LayerKind.ENTERPRISES
SIDE_KINDS = (LayerKind.WIND, LayerKind.OUTLETS)
"""Kinds of tables without shapes."""

_RASTER_OPTIONS = ("path", "basis", "name", "gates", "provenance", "shown_as")


class Inputs(Record, frozen=True):
    """What a project rests on.

    Parameters
    ----------
    others
        Layers that are shown and that later questions use, but the distance screening doesn't judge by.
    areas
        The project's own area, resolved.
    context
        Administrative lines and rivers for orientation, from the shipped layers.
    sides
        Tables without shapes: wind frequencies, outlets.
    """

    positions: Positions
    farmland: Layer | None
    others: tuple[Layer, ...]
    elevation: Raster | None
    areas: tuple[Area, ...]
    context: tuple[Context, ...]
    book: RuleBook
    ledger: Ledger
    sides: Mapping[LayerKind, SideTable] = field(default_factory=dict)

    @property
    def receptors(self) -> tuple[Layer, ...]:
        """The layers with shapes that are no sources, farmland first."""
        return tuple(layer for layer in (self.farmland, *self.others) if layer is not None)

    @property
    def layers(self) -> tuple[Positions | Layer | Raster | SideTable, ...]:
        """All that the project gives: sources, farmland, the others, heights, tables without shapes."""
        return (self.positions, *self.judged, *self.sides.values())

    @property
    def judged(self) -> tuple[Layer | Raster, ...]:
        """What sources are held against: receptors and heights."""
        return (*self.receptors, *(() if self.elevation is None else (self.elevation,)))


def load_inputs(spec: ProjectSpec, *, needs_sources: bool = True) -> Inputs:
    """Load all that `spec` names: layers, areas, rules, side tables, what is drawn around them.

    `needs_sources`: whether a project without a layer of sources is refused; without one `positions` holds no row.

    `ProjectError` or `InputError` with every problem of every layer, area and rule.
    """
    collector = Collector()
    if needs_sources and SOURCES_KIND not in spec.layers:
        remedy = f"在 layers 下写明 {SOURCES_KIND.value}: {{path: …, basis: …}}"
        collector.problems.append(Problem("项目没有污染源图层", spec.place("layers"), remedy=remedy))
    packs = [spec.folder / pack for pack in spec.rule_packs]
    book = collector.attempt(load_book, packs)
    if book is not None and spec.validity:
        book = collector.attempt(book.checked, spec.validity, VALIDITY_FILE) or book
    if book is not None:
        collector.problems += _rule_problems(spec, book)
    collector.problems += _basis_problems(spec)
    areas = [collector.area(code, spec.folder, spec.place("area")) for code in spec.area_ids]
    positions, elevation = None, None
    layers: dict[LayerKind, Layer] = {}
    sides: dict[LayerKind, SideTable] = {}
    in_china = lie_in_china(area for area in areas if area is not None)
    for kind, layer in spec.layers.items():
        options = _arguments(spec, layer, _gates(spec, layer, collector), in_china=in_china)
        if kind is SOURCES_KIND:
            positions = collector.layer(load_positions, **options)
        elif kind is LayerKind.ELEVATION:
            read = collector.layer(load_elevation, **{key: options[key] for key in _RASTER_OPTIONS})
            elevation = None if read is None else kept(read)
        elif kind in SIDE_KINDS:
            _keep(sides, kind, collector.layer(load_side_table, **options))
        else:
            _keep(layers, kind, collector.layer(load_receptors, **options))
    _keep(sides, LayerKind.OUTLETS, _outlets_beside(spec, collector))
    resolved = tuple(area for area in areas if area is not None)
    context = collector.attempt(context_layers, (), resolved) or ()
    of_project = all(problem.where.file == spec.file.name for problem in collector.problems)
    raise_problems(ProjectError if of_project else InputError, collector.problems)
    if positions is None and not needs_sources:
        kind, blank = SOURCES_KIND, POSITION_SCHEMA.empty_table()
        positions = Positions(kind.value, kind, Basis.UNDECLARED, Provenance(""), blank, pa.table({}))
    if positions is None or book is None:
        raise ProjectError(Problem("项目读不出", Place(file=spec.file.name)))
    farmland = layers.pop(LayerKind.FARMLAND, None)
    return Inputs(
        positions, farmland, tuple(layers.values()), elevation, resolved, context, book, collector.ledger, sides
    )


def _keep(layers: dict[LayerKind, Loaded], kind: LayerKind, loaded: Loaded | None) -> None:
    if loaded is not None:
        layers[kind] = loaded


def _outlets_beside(spec: ProjectSpec, collector: Collector) -> SideTable | None:
    """Return the outlets that the workbook of enterprises carries in a sheet of its own, unless they are a layer."""
    listed = spec.layers.get(SOURCES_KIND)
    if listed is None or LayerKind.OUTLETS in spec.layers:
        return None
    sheet = outlets_sheet_of(spec.folder / listed.path)
    if not sheet:
        return None
    options = _arguments(spec, replace(listed, kind=LayerKind.OUTLETS), _gates(spec, listed, collector))
    outlets = collector.layer(load_side_table, **{**options, "options": ReadOptions(sheet)})
    return outlets if outlets is not None and outlets.table.num_rows else None


def lie_in_china(areas: Iterable[Area]) -> bool:
    """Return whether areas lie in China, so that a position abroad is a mistake; False where there are none."""
    bounds = np.array([area.geometry.bounds for area in areas]).reshape(-1, 4)
    return bool(len(bounds) and lies_in_china(bounds).all())


def _arguments(spec: ProjectSpec, layer: LayerSpec, gates: Gates, *, in_china: bool = False) -> dict[str, object]:
    path = spec.folder / layer.path
    return {
        "path": path,
        "kind": layer.kind,
        "basis": layer.basis,
        "name": layer.kind.value,
        "gates": gates,
        "provenance": Provenance(layer.path, "", layer.source, layer.licence, layer.credit),
        "options": replace(layer.options, in_china=in_china, words=spec.words),
        "shown_as": layer.path,
    }


def _gates(spec: ProjectSpec, layer: LayerSpec, collector: Collector) -> Gates:
    area = None
    if layer.coverage:
        area = collector.area(layer.coverage, spec.folder, spec.place("coverage", layer.line))
    return Gates(
        None if area is None else area.geometry,
        "" if area is None else f"{area.name}（{layer.coverage}）",
        layer.completeness,
        layer.vintage,
        layer.classification,
    )


def _rule_problems(spec: ProjectSpec, book: RuleBook) -> list[Problem]:
    """Name every rule that the project asks for and the book doesn't hold."""
    asked = [("screening_rule", spec.screening_rule, 0)] if spec.screening_rule else []
    asked += [("adopt", adoption.rule, adoption.line) for adoption in spec.adopt]
    problems = []
    for key, rule_id, line in asked:
        if rule_id not in book.ids:
            nearest = near(rule_id, book.ids)
            remedy = f"是否为「{nearest}」" if nearest else "核对规则编号"
            problems.append(Problem("规则库中没有这一规则", spec.place(key, line), found=rule_id, remedy=remedy))
    return problems


def _basis_problems(spec: ProjectSpec) -> list[Problem]:
    """Refuse to judge real sources on invented receptors, unless the project gives a reason."""
    sources, farmland = spec.layers.get(SOURCES_KIND), spec.layers.get(LayerKind.FARMLAND)
    if sources is None or spec.mix_basis:
        return []
    judged = [layer for layer in (farmland, *map(spec.layers.get, SIDE_KINDS)) if layer is not None]
    return [
        problem
        for receptors in judged
        for problem in mixed_basis(sources.basis, receptors.basis, spec.place("layers", receptors.line))
    ]


WARNED_EVENTS = frozenset({UNDECLARED_EVENT, DATUM_EVENT, ASIDE_EVENT, "没有坐标列", WIND_EVENT})
"""Ledger events that stand on top of every output, too."""

MIX_BASIS = "mix_basis"


def layers_used(layers: Iterable[Positions | Layer | Raster | SideTable]) -> tuple[LayerUsed, ...]:
    """Return what the outputs print of each of `layers`."""
    return tuple(_layer_used(layer) for layer in layers)


def _layer_used(layer: Positions | Layer | Raster | SideTable) -> LayerUsed:
    kind, count, rows = LayerKind.ELEVATION, 1, None
    if isinstance(layer, Positions | SideTable):
        kind, count, rows = layer.kind, layer.table.num_rows, layer.table.num_rows
    elif isinstance(layer, Layer):
        kind, count, rows = layer.kind, layer.feature_count or 0, layer.row_count
    return LayerUsed(layer.name, kind, layer.basis, layer.provenance, layer.gates, count, rows)


def warning_of(entry: LedgerEntry) -> Reason:
    """Return what an entry of the ledger says on top of every output."""
    return say("file_warns", file=entry.file, reason=entry.reason, action=entry.action)


def layer_warnings(ledger: Ledger) -> tuple[str, ...]:
    """Return what of the ledger stands on top of every output."""
    warnings = (warning_of(entry) for entry in ledger.entries if entry.event in WARNED_EVENTS)
    return tuple(dict.fromkeys(warnings))


def validity_used(checks: Iterable[Validity]) -> tuple[ParameterUsed, ...]:
    """Return an office's own `checks` of clauses and texts, as choices of the project."""
    return tuple(
        ParameterUsed(f"效力核实：{check.subject}", check.found, by=check.by, on=str(check.on), reason=check.document)
        for check in checks
    )


def context_layers_of(
    areas: Sequence[Area], contexts: Iterable[Context], layers: Iterable[Layer]
) -> tuple[ContextLayer, ...]:
    """Return what is drawn for orientation: `areas`, lines and rivers of `contexts`, the other `layers`."""
    lines = [
        ContextLayer(context.role, context.title, context.basis, context.credit, context.table) for context in contexts
    ]
    key_ids = {area.id for area in key_areas()}
    plain = [area for area in areas if area.id not in key_ids]
    lines[:0] = [
        *_area_layer("key_area", "重点区域", [area for area in areas if area.id in key_ids]),
        *_area_layer("project_area", "项目区域", plain),
    ]
    shown = (
        ContextLayer(layer.kind.value, layer.kind.zh, layer.basis, layer.provenance.credit, _table(layer))
        for layer in layers
    )
    return (*lines, *shown)


def _area_layer(role: str, title: str, areas: Sequence[Area]) -> list[ContextLayer]:
    """Return the project's areas as one layer; an area that no text names a key area isn't called one."""
    if not areas:
        return []
    rows = [{"id": area.id, "name": area.name, "geometry": shapely.to_wkb(area.geometry)} for area in areas]
    basis = Basis.worst(*(area.basis for area in areas))
    credit = "；".join(dict.fromkeys(area.credit for area in areas))
    return [ContextLayer(role, title, basis, credit, table_of(rows, SHAPES_SCHEMA))]


_SORTED = {"group": "先按组", "distance": "先按距离档", "township": "先按乡镇"}


def parameters_used(
    question: Question, mix_basis: str = "", order: VisitOrder = DEFAULT_ORDER
) -> tuple[ParameterUsed, ...]:
    """Return the choices of `question` (`mix_basis`, `order` of visits too) and recorded defaults its rules read."""
    chosen = [ParameterUsed(MIX_BASIS, mix_basis)] if mix_basis else []
    chosen += [_parameter_used(parameter) for parameter in question.choices.chosen.values()]
    if order.by:
        title = f"{order.value}（{_SORTED[order.value]}）"
        chosen.append(ParameterUsed("现场核查先后（visit_order）", title, "", order.by, order.on, order.reason))
    names = {name for rule in question.rules for name in rule.parameters}
    defaults = [
        ParameterUsed(parameter.title_zh, _choice_text(parameter, parameter.default), parameter.unit, reason="默认约定")
        for parameter in declared()
        if parameter.name in names and parameter.default and parameter.name not in question.choices.chosen
    ]
    return (*chosen, *defaults)


def _parameter_used(chosen: ChosenParameter) -> ParameterUsed:
    known = declaration(chosen.name)
    value = "、".join(chosen.value) if isinstance(chosen.value, tuple) else str(chosen.value)
    if isinstance(chosen.value, float):
        value = f"{chosen.value:g}"
    if known is not None:
        value = _choice_text(known, value)
    if chosen.edition:
        value += f"（GB/T 4754—{chosen.edition}）"
    title = chosen.name if known is None else f"{known.title_zh}（{chosen.name}）"
    return ParameterUsed(title, value, chosen.unit, chosen.by, chosen.on, chosen.reason)


def _choice_text(known: ParameterDeclaration, code: str) -> str:
    choice = known.choice(code)
    return code if choice is None else f"{choice.zh}（{code}）"


def administrative_areas(contexts: Iterable[Context], layers: Iterable[Layer] = ()) -> Areas:
    """Return counties and townships to look places up in.

    `contexts`: what ships with the program around the project.
    `layers`: the project's own; a layer of counties or townships goes before what ships. Its ids are administrative
    codes.
    """
    by_role = {context.role: (context.table, context.basis) for context in contexts}
    own = {layer.kind: (_table(layer), layer.basis) for layer in layers if layer.kind in _ADMINISTRATIVE}
    counties = own.get(LayerKind.COUNTIES) or by_role.get("county")
    townships = own.get(LayerKind.TOWNSHIPS) or by_role.get("township")
    return Areas(
        None if counties is None else counties[0],
        None if townships is None else townships[0],
        townships_are_approximate=townships is None or townships[1] is Basis.APPROXIMATE,
        outlines=shipped_counties(),
    )


_ADMINISTRATIVE = frozenset({LayerKind.COUNTIES, LayerKind.TOWNSHIPS})


def _table(layer: Layer) -> pa.Table:
    """Return a layer as one that is drawn or looked up: id, name, geometry."""
    columns = layer.read().select(["receptor_id", "name", "geometry"]).columns
    return pa.Table.from_arrays(columns, schema=SHAPES_SCHEMA)
