"""Who may see what: classified layers give no page at all, a public page is a whitelist, never a redaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.vocabulary import Classification, LayerKind

if TYPE_CHECKING:
    from hmgeo.findings.results import LayerUsed, Results

PUBLIC = "public"
SOURCE_KINDS = frozenset({LayerKind.ENTERPRISES, LayerKind.TAILINGS_PONDS})
_FRAME_ROLES = frozenset({"key_area", "county", "township", "river"})
_LAYER_ROLES = frozenset(kind.value for kind in LayerKind)
_SOURCE_COLUMNS = ("source_count", "nearest_source_id", "nearest_source_m")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page may show.

    Parameters
    ----------
    results
        Without the sources and layers that must not be shown.
    sums_only
        Kinds of receptors that are shown as sums by township only.
    hidden
        Layers that were left out, in words.
    statistics
        Township, verdict code and number of sources, where single sources are not shown.
    """

    results: Results
    sums_only: frozenset[str] = frozenset()
    hidden: tuple[str, ...] = ()
    statistics: tuple[tuple[str, str, int], ...] = ()


def shown_to(results: Results, audience: str) -> Shown:
    """Return what an audience may see.

    Parameters
    ----------
    audience
        `public` for the whitelist (layers marked 公开, sums by township); anything else is internal.

    Raises
    ------
    OutputError
        Where a layer is 涉密; for `public` also where one is 未标注. All layers are named at once.
    """
    refused = {Classification.CLASSIFIED} | ({Classification.UNMARKED} if audience == PUBLIC else set())
    problems = [_refusal(layer, audience) for layer in results.layers if layer.gates.classification in refused]
    if problems:
        raise OutputError(problems)
    if audience != PUBLIC:
        return Shown(results)
    hidden = [layer for layer in results.layers if layer.gates.classification is not Classification.PUBLIC]
    kinds = {layer.kind for layer in hidden}
    reduced = _without_context(results, frozenset(kind.value for kind in kinds))
    statistics: tuple[tuple[str, str, int], ...] = ()
    if kinds & SOURCE_KINDS:
        statistics = township_statistics(results)
        reduced = _without_sources(reduced)
    names = tuple(dict.fromkeys(layer.kind.zh for layer in hidden))
    return Shown(reduced, frozenset(kind.value for kind in kinds), names, statistics)


def township_statistics(results: Results) -> tuple[tuple[str, str, int], ...]:
    """Return township, verdict code and number of sources, in order of first appearance."""
    counted: dict[tuple[str, str], int] = {}
    for row in results.sources.select(["county", "township", "verdict"]).to_pylist():
        key = (row["township"] or row["county"] or "", row["verdict"] or "")
        counted[key] = counted.get(key, 0) + 1
    return tuple((town, verdict, count) for (town, verdict), count in counted.items())


def _refusal(layer: LayerUsed, audience: str) -> Problem:
    word = layer.gates.classification.value
    what = f"「{layer.kind.zh}」密级未标注或为涉密，已拒绝公开导出"
    if audience != PUBLIC:
        what = f"「{layer.kind.zh}」为涉密，不能写成网页地图"
    return Problem(
        what,
        Place(file="map.html", key=layer.name),
        found=word,
        allowed=Classification.PUBLIC.value if audience == PUBLIC else "公开、内部、敏感或未标注",
        remedy="在 project.yml 为该图层写明密级，或去掉该图层；涉密数据按保密规定另行处理",
    )


def _without_context(results: Results, hidden: frozenset[str]) -> Results:
    """Drop what is drawn of hidden layers; lines that belong to no layer of the user stay."""
    marked = {layer.kind.value for layer in results.layers}
    kept = tuple(
        layer
        for layer in results.context
        if layer.role in _FRAME_ROLES or (layer.role in marked and layer.role not in hidden)
    )
    return replace(results, context=kept)


def _without_sources(results: Results) -> Results:
    """Drop sources, their findings, counts and searched areas, and what receptors say of them."""
    receptors = results.receptors
    for name in _SOURCE_COLUMNS:
        place = receptors.schema.get_field_index(name)
        receptors = receptors.set_column(place, name, pa.nulls(len(receptors), receptors.schema.field(place).type))
    return replace(
        results,
        sources=results.sources.slice(0, 0),
        findings=results.findings.slice(0, 0),
        counts=results.counts.slice(0, 0),
        search_areas=results.search_areas.slice(0, 0),
        receptors=receptors,
        bureau=None,
        warnings=(),
    )
