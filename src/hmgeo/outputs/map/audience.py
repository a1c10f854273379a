"""Who may see what: classified layers give no page at all, a public page is a whitelist, never a redaction."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from msgspec.structs import replace

from hmgeo.errors import OutputError, Place, Problem
from hmgeo.results.columns import VISITS_SCHEMA
from hmgeo.results.results import Results, without_decisions
from hmgeo.vocabulary import Classification, LayerKind

PUBLIC = "public"
SOURCE_KINDS = frozenset({LayerKind.ENTERPRISES, LayerKind.TAILINGS_PONDS})
_FRAME_ROLES = frozenset({"key_area", "county", "township", "river"})
OVERHEAD_PATH = "overhead_path"
WATER_ROLES = frozenset({"flow_path", "catchment", "closed_basin", "sampling_point", OVERHEAD_PATH})
"""Layers that a run works out of water and heights."""

_SOURCE_COLUMNS = ("source_count", "nearest_source_id", "nearest_source_m")
_SLOPE_COLUMNS = ("slope_grade", "slope_from", "slope_deg")
_FINDING_COLUMNS = (
    "measured", "measured_low", "measured_high", "margin", "measured_text", "receptor_id", "receptor_name",
    "bearing_deg",
)  # fmt: skip


class Shown(Struct, frozen=True):
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
    """Return what of `results` an audience may see.

    `audience`: `public` for the whitelist (layers marked 公开, sums by township); anything else is internal.
    `OutputError` where a layer is 涉密; for `public` also where one is 未标注. All layers are named at once.
    """
    refuse([(layer.kind, layer.name, layer.gates.classification) for layer in results.layers], audience)
    if audience != PUBLIC:
        return Shown(results)
    if results.decisions:
        results = without_decisions(results)
    hidden = [layer for layer in results.layers if layer.gates.classification is not Classification.PUBLIC]
    kinds = {layer.kind for layer in hidden}
    if kinds:
        results = _without_ground(results)
    reduced = _without_context(results, frozenset(kind.value for kind in kinds))
    statistics: tuple[tuple[str, str, int], ...] = ()
    if kinds & SOURCE_KINDS:
        counted: dict[tuple[str, str], int] = {}
        for row in results.sources.select(["county", "township", "verdict"]).to_pylist():
            key = (row["township"] or row["county"] or "", row["verdict"] or "")
            counted[key] = counted.get(key, 0) + 1
        statistics = tuple((town, verdict, count) for (town, verdict), count in counted.items())
        reduced = _without_sources(reduced)
    elif kinds:
        reduced = _without_receptors_of_sources(reduced)
    names = tuple(dict.fromkeys(layer.kind.zh for layer in hidden))
    return Shown(reduced, frozenset(kind.value for kind in kinds), names, statistics)


def refuse(marks: Iterable[tuple[LayerKind, str, Classification]], audience: str) -> None:
    """Refuse what no page for `audience` may hold: 涉密; for `public` 未标注 too.

    `marks`: kind, name and 密级 of each layer. `OutputError`, naming every layer that stands against it.
    """
    refused = {Classification.CLASSIFIED} | ({Classification.UNMARKED} if audience == PUBLIC else set())
    problems = [_refusal(kind, name, mark, audience) for kind, name, mark in marks if mark in refused]
    if problems:
        raise OutputError(problems)


def why_no_page(results: Results) -> str:
    """Return in words why no web page may be written of results at all; empty where one may."""
    kinds = [layer.kind.zh for layer in results.layers if layer.gates.classification is Classification.CLASSIFIED]
    names = "」「".join(dict.fromkeys(kinds))
    return f"「{names}」为涉密：未写网页地图 map.html；其余结果文件按涉密资料管理。" if kinds else ""


def _refusal(kind: LayerKind, name: str, mark: Classification, audience: str) -> Problem:
    what = f"「{kind.zh}」密级未标注或为涉密，已拒绝公开导出"
    if audience != PUBLIC:
        what = f"「{kind.zh}」为涉密，不能写成网页地图"
    return Problem(
        what,
        Place(file="map.html", key=name),
        found=mark.value,
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


def _without_ground(results: Results) -> Results:
    """Drop what was worked out of water and heights: it joins single sources, receptors and cells."""
    kept = tuple(layer for layer in results.context if layer.role not in WATER_ROLES)
    slopes = [name for name in _SLOPE_COLUMNS if name in results.receptors.column_names]
    receptors = _emptied(results.receptors, slopes)
    return replace(results, context=kept, receptors=receptors, terrain=None, water=None)


def _without_sources(results: Results) -> Results:
    """Drop sources, their findings, counts and searched areas, and what receptors say of them."""
    return replace(
        results,
        sources=results.sources.slice(0, 0),
        findings=results.findings.slice(0, 0),
        counts=results.counts.slice(0, 0),
        search_areas=results.search_areas.slice(0, 0),
        receptors=_emptied(results.receptors, _SOURCE_COLUMNS),
        bureau=None,
        warnings=(),
    )


def _without_receptors_of_sources(results: Results) -> Results:
    """Drop what sources and findings say of single receptors, and the counts around single sources."""
    return replace(
        results,
        sources=_emptied(results.sources, [name for name in results.sources.column_names if _tells_receptor(name)]),
        findings=_emptied(_quiet(results.findings), _FINDING_COLUMNS),
        counts=results.counts.slice(0, 0),
        bureau=None,
    )


def _quiet(findings: pa.Table) -> pa.Table:
    """Return findings without the notes of those that measured something; other notes say what is missing."""
    tells = pc.or_(pc.is_valid(findings["measured"]), pc.not_equal(pc.fill_null(findings["receptor_id"], ""), ""))
    for name in ("note", "reasons"):
        place = findings.schema.get_field_index(name)
        nothing = pa.nulls(len(findings), findings.schema.field(name).type)
        findings = findings.set_column(place, name, pc.if_else(tells, nothing, findings[name]))
    return findings


def _tells_receptor(column: str) -> bool:
    """Tell whether a column speaks of receptors; the order of visits does, by group, distance and reason."""
    return column.startswith(("nearest_farmland", "farmland_")) or column in VISITS_SCHEMA.names


def _emptied(table: pa.Table, names: Iterable[str]) -> pa.Table:
    """Return a table in which some columns say nothing."""
    for name in names:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.nulls(len(table), table.schema.field(place).type))
    return table
