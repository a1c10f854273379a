"""From what was screened to the one `Results` that outputs take."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from hmgeo.findings.columns import SHAPES_SCHEMA
from hmgeo.findings.results import ContextLayer
from hmgeo.findings.text import sentences
from hmgeo.findings.used import JoinUsed, LayerUsed, ParameterUsed, RuleUsed
from hmgeo.records import Layer, Positions, SideTable
from hmgeo.reference.tables import key_areas
from hmgeo.rules.parameters import ParameterDeclaration, declaration, declared
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Basis, Classification, LayerKind, Standing, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hmgeo.analysis.choices import ChosenParameter
    from hmgeo.analysis.question import Question
    from hmgeo.analysis.screen import Screened
    from hmgeo.layers.areas import Area, Context
    from hmgeo.project.spec import Adoption
    from hmgeo.records import Ledger, Raster
    from hmgeo.rules.model import Rule, RuleStanding

WARNED_EVENTS = frozenset({"坐标系未声明", "坐标系疑误"})
"""Ledger events that stand on top of every output, too."""

MIX_BASIS = "mix_basis"
_LOST_NAMED = 5
EXAMPLE = "示例判定：真实污染源对照合成或示意数据"


def layers_used(layers: Iterable[Positions | Layer | Raster | SideTable]) -> tuple[LayerUsed, ...]:
    """Return what the outputs print of each layer."""
    return tuple(_layer_used(layer) for layer in layers)


def _layer_used(layer: Positions | Layer | Raster | SideTable) -> LayerUsed:
    kind, count, rows = LayerKind.ELEVATION, 1, None
    if isinstance(layer, Positions | SideTable):
        kind, count, rows = layer.kind, layer.table.num_rows, layer.table.num_rows
    elif isinstance(layer, Layer):
        kind, count, rows = layer.kind, layer.feature_count or 0, layer.row_count
    return LayerUsed(layer.name, kind, layer.basis, layer.provenance, layer.gates, count, rows)


def cross_warnings(joins: Iterable[JoinUsed], disputed: int) -> tuple[str, ...]:
    """Return a sentence for each link between lists that leads nowhere for some rows, and one on contradictions.

    Parameters
    ----------
    disputed
        Rows whose words other figures contradict.
    """
    found = [
        f"「{one.table}」{one.rows} 行按「{one.column}」关联「{one.target}」，{one.joined} 行已关联，"
        f"{one.set_aside} 行未关联（{_some(one.lost)}），见处理台账。"
        for one in joins
        if one.set_aside
    ]
    if disputed:
        found.append(f"{disputed} 行所填与其他数据矛盾，两值均保留，以其为依据的条款未作判断，见处理台账。")
    return tuple(found)


def _some(words: Sequence[str]) -> str:
    return "、".join(words[:_LOST_NAMED]) + ("等" if len(words) > _LOST_NAMED else "")


def context_layers_of(
    areas: Sequence[Area], contexts: Iterable[Context], layers: Iterable[Layer]
) -> tuple[ContextLayer, ...]:
    """Return what is drawn for orientation: the project's area, administrative lines, rivers, its other layers."""
    lines = [ContextLayer(one.role, one.title, one.basis, one.credit, one.table) for one in contexts]
    key_ids = {one.id for one in key_areas()}
    plain = [area for area in areas if area.id not in key_ids]
    lines[:0] = [
        *_area_layer("key_area", "重点区域", [area for area in areas if area.id in key_ids]),
        *_area_layer("project_area", "项目区域", plain),
    ]
    shown = []
    for layer in layers:
        table = layer.read().select(["receptor_id", "name", "geometry"])
        named = pa.Table.from_arrays(table.columns, schema=SHAPES_SCHEMA)
        shown.append(ContextLayer(layer.kind.value, layer.kind.zh, layer.basis, layer.provenance.credit, named))
    return (*lines, *shown)


def _area_layer(role: str, title: str, areas: Sequence[Area]) -> list[ContextLayer]:
    """Return the project's areas as one layer; an area that no text names a key area isn't called one."""
    if not areas:
        return []
    rows = [{"id": area.id, "name": area.name, "geometry": shapely.to_wkb(area.geometry)} for area in areas]
    basis = Basis.worst(*(area.basis for area in areas))
    credit = "；".join(dict.fromkeys(area.credit for area in areas))
    return [ContextLayer(role, title, basis, credit, pa.Table.from_pylist(rows, SHAPES_SCHEMA))]


def rules_used(question: Question, screened: Screened, adoptions: Sequence[Adoption]) -> tuple[RuleUsed, ...]:
    """Return the rules that judged, and those in effect on the area that only classify or inform."""
    counted = Counter(screened.findings["rule_id"].to_pylist())
    reasons = {one.rule: f"{one.reason}（{one.by}，{one.on}）" for one in adoptions}
    used = []
    for rule in question.rules:
        standing = screened.standings.get(rule.id) or _standing_at_home(rule, question)
        if standing is not None:
            used.append(_rule_used(rule, standing, counted[rule.id], reasons.get(rule.id, "")))
    return tuple(used)


def _standing_at_home(rule: Rule, question: Question) -> RuleStanding | None:
    """Return how a rule stands in the project's own area; None where that isn't its territory."""
    codes = frozenset().union(*(codes_of_place(code) for code in question.home_counties))
    if question.as_of is None or not set(rule.territory) & codes:
        return None
    return standing_of(rule, as_of=question.as_of, place_codes=codes, adopted=False)


def _rule_used(rule: Rule, standing: RuleStanding, findings: int, reason: str) -> RuleUsed:
    cited = standing.value or rule.latest
    verified = f"{rule.verified.state.zh}（{rule.verified.against}，{rule.verified.on or '未注明日期'}）"
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
        verified,
        findings,
        "".join(filter(None, (standing.note_zh, reason, rule.note))),
        rule.title.en,
    )


def parameters_used(question: Question, mix_basis: str = "") -> tuple[ParameterUsed, ...]:
    """Return the project's choices and the recorded defaults that its rules read."""
    chosen = [ParameterUsed(MIX_BASIS, mix_basis)] if mix_basis else []
    chosen += [_parameter_used(one) for one in question.choices.chosen.values()]
    names = {name for rule in question.rules for name in rule.parameters}
    defaults = [
        ParameterUsed(one.title_zh, _choice_text(one, one.default), one.unit, reason="默认约定")
        for one in declared()
        if one.name in names and one.default and one.name not in question.choices.chosen
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


def as_examples(table: pa.Table) -> pa.Table:
    """Return a table of sources or findings whose every judged row says 示例判定 in its note."""
    judged = zip(table["verdict"].to_pylist(), table["note"].to_pylist(), strict=True)
    notes = [sentences(EXAMPLE, note or "") if verdict else note for verdict, note in judged]
    return table.set_column(table.column_names.index("note"), table.schema.field("note"), pa.array(notes, pa.string()))


def _choice_text(known: ParameterDeclaration, code: str) -> str:
    choice = known.choice(code)
    return code if choice is None else f"{choice.zh}（{code}）"


def warnings_of(
    question: Question, screened: Screened, ledger: Ledger, layers: Sequence[LayerUsed], mix_basis: str
) -> tuple[str, ...]:
    """Return the sentences that stand on top of every output."""
    found = []
    if mix_basis:
        found.append(f"示例判定：真实污染源对照合成或示意数据，理由：{mix_basis}。")
    standing = screened.standings.get(question.screening_rule_id)
    if standing is not None and standing.standing is Standing.ADOPTED:
        found.append(f"{question.screening_rule_id}：{standing.note_zh}")
    found += dict.fromkeys(
        f"{entry.file}：{entry.reason}{entry.action}。" for entry in ledger.entries if entry.event in WARNED_EVENTS
    )
    statuses = Counter(screened.sources["status"].to_pylist())
    for status in (Status.NOT_LOCATED, Status.REJECTED):
        if statuses[status.value]:
            found.append(f"{statuses[status.value]} 行{status.zh}，未参与测算，见处理台账。")
    farmland = [layer for layer in layers if layer.kind is LayerKind.FARMLAND]
    if not farmland:
        found.append("未提供「耕地」，相关条款未评估。请向自然资源部门获取。")
    unmarked = [layer.kind.zh for layer in layers if layer.gates.classification is Classification.UNMARKED]
    if unmarked:
        found.append(f"「{'」「'.join(dict.fromkeys(unmarked))}」密级未标注，本结果仅限内部使用。")
    return tuple(found)
