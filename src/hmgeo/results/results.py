"""The one thing that outputs take: what was found, from what, by which rules."""

from __future__ import annotations

import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.errors import Problem, UsageError
from hmgeo.records import TOLD, Ledger, Record, UnreadWord, geo_frame, told_cells
from hmgeo.reference.tables import same_name
from hmgeo.results import columns
from hmgeo.results.used import DEFAULT_ORDER, DecisionUsed, JoinUsed, LayerUsed, ParameterUsed, RuleUsed, VisitOrder
from hmgeo.vocabulary import Basis, Unassessed, Verdict
from hmgeo.words import Reason, decoded, encoded, groups_of, parts_of, say, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

    from hmgeo.results.siting import CompiledRules


SHAPED = ("sources", "findings", "receptors", "search_areas")
"""The tables of a run whose rows have shapes."""
_MOST_HELD, _held = 100_000, dict[int, "NDArray[Any]"]()


def shapes_of(table: pa.Table) -> NDArray[Any]:
    """Return the shapely geometries of a table's rows; every view of a run asks: not too many are held for the next."""
    held = _held.get(id(table))
    if held is None:
        held = np.asarray(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)), dtype=object)
        held.flags.writeable = False
        if table.num_rows <= _MOST_HELD:
            _held[id(table)] = held
            weakref.finalize(table, _held.pop, id(table), None)
    return held


class ContextLayer(Record, frozen=True):
    """Something drawn for orientation: a table with name and geometry (lon/lat WKB), never judged against.

    `role`: `key_area`, `county`, `township`, `river`, `file` (rows of a file being looked at), or a layer kind's
    code.
    `table`: columns id, name, geometry, and basis-dependent extras.
    """

    role: str
    title: str
    basis: Basis
    credit: str
    table: pa.Table


class BureauTables(Record, frozen=True):
    """What a bureau's screening has beside distances and clauses; tables of `hmgeo.results.columns`.

    Parameters
    ----------
    evidence
        One row per source: cells by pathway and receptor.
    attributes
        The input's own columns as text, rows as in `sources`.
    places
        source_id, place_code, place_name, is_approximate, geometry: where a source may stand that only a place is
        known of.
    townships, reached, leads
        The view from the land, and what crosses the county line; empty for bare `hmgeo screen`.
    outlets
        Every outlet given, with the source it belongs to; None where the project gives none.
    reaching
        Which sources reach each row of `townships`, nearest first, each with its distance in metres.
    land_totals
        Farmland within each radius of any source, each parcel once, by county and class.
    """

    evidence: pa.Table
    attributes: pa.Table
    places: pa.Table
    townships: pa.Table = field(default_factory=columns.TOWNSHIPS_SCHEMA.empty_table)
    reached: pa.Table = field(default_factory=columns.REACHED_SCHEMA.empty_table)
    leads: pa.Table = field(default_factory=columns.LEADS_SCHEMA.empty_table)
    outlets: pa.Table | None = None
    reaching: tuple[tuple[tuple[str, float], ...], ...] = ()
    land_totals: pa.Table = field(default_factory=columns.LAND_TOTALS_SCHEMA.empty_table)


class TerrainTables(Record, frozen=True):
    """Everything of one run on the ground; empty tables with a note where it was not assessed.

    `notes`: how each table was made, with every choice, or why it wasn't; by the table's name.
    """

    slopes: pa.Table = field(default_factory=columns.SLOPES_SCHEMA.empty_table)
    steep: pa.Table = field(default_factory=columns.STEEP_SCHEMA.empty_table)
    flips: pa.Table = field(default_factory=columns.TERRAIN_FLIPS_SCHEMA.empty_table)
    barriers: pa.Table = field(default_factory=columns.BARRIER_SCHEMA.empty_table)
    overhead: pa.Table = field(default_factory=columns.OVERHEAD_SCHEMA.empty_table)
    mines: pa.Table = field(default_factory=columns.MINES_SCHEMA.empty_table)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)


class WaterTables(Record, frozen=True):
    """Everything of one run on water; empty tables with a note where it was not assessed.

    `notes`: how it was worked out, with every choice; or why it wasn't.
    """

    paths: pa.Table = field(default_factory=columns.FLOW_PATHS_SCHEMA.empty_table)
    met: pa.Table = field(default_factory=columns.FLOW_MET_SCHEMA.empty_table)
    catchments: pa.Table = field(default_factory=columns.FLOW_CATCHMENT_SCHEMA.empty_table)
    catchment_areas: pa.Table = field(default_factory=columns.CATCHMENT_AREA_SCHEMA.empty_table)
    basins: pa.Table = field(default_factory=columns.BASIN_SCHEMA.empty_table)
    chains: pa.Table = field(default_factory=columns.IRRIGATION_SCHEMA.empty_table)
    sampling: pa.Table = field(default_factory=columns.SAMPLING_SCHEMA.empty_table)
    agreement: pa.Table = field(default_factory=columns.AGREEMENT_SCHEMA.empty_table)
    notes: tuple[str, ...] = ()


class Results(Record, frozen=True):
    """A finished run, frozen.

    Parameters
    ----------
    title, as_of
        Of the project; as_of is None for bare `hmgeo screen`.
    radius_m, radii_m
        The screening radius, and all radii counted at, ascending.
    sources, findings, counts, receptors
        Tables whose first columns are those of `hmgeo.results.columns`.
    search_areas
        Columns source_id, geometry: the circle (or buffer) that was searched, as computed.
    screening_rule_id
        The rule whose verdict stands in `sources`; empty where there is none.
    warnings
        Sentences that stand on top of every output.
    compiled_rules
        Clauses and ground for a page that judges a clicked place; None where nobody compiled them.
    bureau, terrain, water
        The latter two are None for bare `hmgeo screen`.
    failed
        A sentence for each sheet or picture that could not be made; among the warnings too.
    unread
        Words outside the closed lists, with what each keeps from being told.
    """

    title: str
    as_of: date | None
    area_name: str
    radius_m: float
    radii_m: tuple[float, ...]
    sources: pa.Table
    findings: pa.Table
    counts: pa.Table
    receptors: pa.Table
    search_areas: pa.Table
    ledger: Ledger
    layers: tuple[LayerUsed, ...] = ()
    rules: tuple[RuleUsed, ...] = ()
    parameters: tuple[ParameterUsed, ...] = ()
    decisions: tuple[DecisionUsed, ...] = ()
    context: tuple[ContextLayer, ...] = ()
    screening_rule_id: str = ""
    warnings: tuple[str, ...] = ()
    compiled_rules: CompiledRules | None = None
    bureau: BureauTables | None = None
    terrain: TerrainTables | None = None
    water: WaterTables | None = None
    joins: tuple[JoinUsed, ...] = ()
    failed: tuple[str, ...] = ()
    visit_order: VisitOrder = DEFAULT_ORDER
    unread: tuple[UnreadWord, ...] = ()

    def to_geopandas(self, name: str) -> GeoDataFrame:
        """Return one of the tables with shapes as a GeoDataFrame on CGCS2000 (EPSG:4490).

        Parameters
        ----------
        name
            `sources`, `findings`, `receptors` or `search_areas`.

        Raises
        ------
        UsageError
            There is no such table.

        Examples
        --------
        >>> from hmgeo import demo_projects, project_results
        >>> results = project_results(demo_projects()[0])  # doctest: +SKIP
        >>> results.to_geopandas("sources").to_file("sources.gpkg")  # doctest: +SKIP
        """
        if name not in SHAPED:
            raise UsageError(Problem("没有这张表", found=name, allowed="、".join(SHAPED)))
        return geo_frame(getattr(self, name))

    @property
    def basis(self) -> Basis:
        """The worst basis of all layers that went in."""
        return Basis.worst(*(layer.basis for layer in self.layers)) if self.layers else Basis.UNDECLARED

    def lower_bounds(self) -> frozenset[tuple[str, float]]:
        """Return the (source, radius in metres) at which the search leaves the declared coverage."""
        if "is_lower_bound" not in self.counts.column_names:  # then the sources say it of all their radii
            known = self.sources.select(["source_id", "counts_are_lower_bounds"]).to_pylist()
            floors = (row["source_id"] for row in known if row["counts_are_lower_bounds"])
            return frozenset((source_id, radius_m) for source_id in floors for radius_m in self.radii_m)
        rows = self.counts.select(["source_id", "radius_m", "is_lower_bound"]).to_pylist()
        return frozenset((row["source_id"], row["radius_m"]) for row in rows if row["is_lower_bound"])

    def finding_rows(self) -> list[dict[str, Any]]:
        """Return the findings as `rows_of` does."""
        return rows_of(self.findings)

    def verdict_counts(self) -> dict[Verdict, int]:
        """Count the findings by verdict, gravest first, zeros included."""
        return counts_of(self.findings)[0]

    def unassessed_counts(self) -> dict[Unassessed, int]:
        """Count the findings that weren't assessed, by group, zeros included."""
        return counts_of(self.findings)[1]

    def verified_of(self, rule_id: str | None) -> str:
        """Return how the text of `rule_id` was checked, as printed; empty where it isn't among the rules used."""
        return next((rule.verified for rule in self.rules if rule.rule_id == rule_id), "")

    def status_counts(self) -> dict[str, int]:
        """Count the input rows by status."""
        return dict(Counter(self.sources["status"].to_pylist()))


def rows_of(findings: pa.Table) -> list[dict[str, Any]]:
    """Return `findings` without their shapes; each note is the reasons that it was told from."""
    rows = findings.drop_columns("geometry").to_pylist()
    return [row | {"note": decoded(row["reasons"])} if row.get("reasons") else row for row in rows]


def counts_of(findings: pa.Table) -> tuple[dict[Verdict, int], dict[Unassessed, int]]:
    """Count `findings` by verdict, gravest first, and those that weren't assessed by group; zeros included."""
    verdicts = findings["verdict"].to_pylist()
    groups = (groups_of(codes or "") for codes in findings["reason_codes"].to_pylist())
    counted = Counter(verdicts)
    by_verdict = {verdict: counted.get(verdict.value, 0) for verdict in Verdict}
    return by_verdict, Unassessed.counted(zip(verdicts, groups, strict=True))


class Backdrop(Record, frozen=True):
    """A picture laid under a map, such as a hillshade.

    `png`: in EPSG:3857, as web maps draw. `bounds`: west, south, east, north in lon/lat.
    """

    png: bytes
    bounds: tuple[float, float, float, float]
    title: str
    credit: str


class Tiles(Struct, frozen=True):
    """Online pictures under a map, asked for by the user; the page then needs the network for them alone.

    Parameters
    ----------
    url
        With {x}, {y}, {z}; https.
    host
        The only one that the page may ask.
    datum
        In words; never a shifted one.
    """

    title: str
    url: str
    host: str
    attribution: str
    datum: str
    max_zoom: int

    def __repr__(self) -> str:
        """Return title and host; the address may hold the user's key."""
        return f"Tiles({self.title!r}, host={self.host!r})"


class Presentation(Struct, frozen=True):
    """How results are shown.

    Parameters
    ----------
    audience
        `public` for the whitelist on maps; anything else is internal.
    maker
        Signs the caption (制图单位).
    field_forms
        Caps the 核查表 sheets.
    watermark
        Lies over maps beside what their data ask for: 单位·姓名·时间·运行编号 as the user writes it.
    tiles
        Online pictures under the page, the lowest first; none unless the user asks.
    left_out
        Tables that only a specialist reads and nobody asked for, by the names of their files.
    also
        Further formats of the GIS layers.
    """

    language: str = "zh"
    audience: str = "internal"
    maker: str = ""
    paper: str = "A4"
    field_forms: int = 30
    backdrop: Backdrop | None = None
    watermark: str = ""
    tiles: tuple[Tiles, ...] = ()
    left_out: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()


def noted(table: pa.Table, added: Sequence[str]) -> pa.Table:
    """Return `table` with a sentence of `added` (or empty) before the note of each row, among its reasons too."""
    names = [name for name in ("note", "reasons") if name in table.column_names]
    rows = table.select(names).to_pylist()
    for text, row in zip(added, rows, strict=True):
        if text:
            whole = sentences(text, decoded(row["reasons"]) if row.get("reasons") else row["note"] or "")
            row |= {"note": whole, "reasons": encoded(whole)}
    for name in names:
        at, field = table.column_names.index(name), table.schema.field(name)
        cells = [row[name] for row in rows]
        table = table.set_column(at, field, told_cells(cells) if field.type == TOLD else pa.array(cells, field.type))
    return table


def with_decisions(results: Results, decisions: Sequence[DecisionUsed]) -> Results:
    """Return `results` with `decisions` beside each finding, and beside its source where the list shows it.

    No verdict is another by it; a decision on what is found otherwise now, or not at all, is to be looked at again.
    So is one whose id is another enterprise's now, or of several: it stands beside none of them.
    """
    if not decisions:
        return results
    verdicts = dict(
        zip(results.findings["finding_id"].to_pylist(), results.findings["verdict"].to_pylist(), strict=True)
    )
    names = dict(zip(results.sources["source_id"].to_pylist(), results.sources["name"].to_pylist(), strict=True))
    others = {
        decision.finding_id
        for decision in decisions
        if decision.finding_id in verdicts and _is_of_another(decision, names)
    }
    used = tuple(
        replace(decision, now="" if decision.finding_id in others else verdicts.get(decision.finding_id, ""))
        for decision in decisions
    )
    findings, sources = _beside(results, {one.finding_id: decided_words(one) for one in used if one.now})
    lost = tuple(decision.finding_id for decision in used if not decision.now and decision.finding_id not in others)
    moved = tuple(
        f"{decision.finding_id} {decision.name}".strip() for decision in used if decision.finding_id in others
    )
    summary = say(
        "decisions_told",
        count=len(used),
        stale=sum(decision.is_stale for decision in used),
        lost=say("decisions_lost", which=lost) if lost else "",
        moved=say("decisions_moved", which=moved) if moved else "",
    )
    return replace(
        results,
        decisions=used,
        findings=noted(results.findings, findings),
        sources=noted(results.sources, sources),
        warnings=(*results.warnings, summary),
    )


def _beside(results: Results, told_of: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what is told beside each finding, and beside each source where the rule that lists it found it."""
    findings = [told_of.get(finding_id, "") for finding_id in results.findings["finding_id"].to_pylist()]
    rule = results.screening_rule_id
    return findings, [told_of.get(f"{source_id}|{rule}", "") for source_id in results.sources["source_id"].to_pylist()]


def _is_of_another(decision: DecisionUsed, names: Mapping[str, str | None]) -> bool:
    """Tell whether a decision's id isn't surely the enterprise's that was decided on: its name says, or must say."""
    source_id = decision.finding_id.rpartition("|")[0]
    if not decision.name:
        return f"{source_id}#2" in names  # the first of several keeps the id as written
    return same_name(decision.name) != same_name(names.get(source_id) or "")


def decided_words(decision: DecisionUsed) -> Reason:
    """Return what a person decided in `decision`, with who, when, by which document and why."""
    values = {name: getattr(decision, name) for name in ("decision", "by", "on", "document", "reason")}
    if not decision.is_stale:
        return say("decided", **values)
    return say("decided_otherwise", **values, then=Verdict.of(decision.then), now=Verdict.of(decision.now))


def without_decisions(results: Results) -> Results:
    """Return `results` as they were found: who decided what on them is nobody's business but the office's."""
    told_of = {one.finding_id: str(sentences(decided_words(one))) for one in results.decisions if one.now}
    findings, sources = _beside(results, told_of)
    return replace(
        results,
        decisions=(),
        findings=_unsaid(results.findings, findings),
        sources=_unsaid(results.sources, sources),
        warnings=tuple(warning for warning in results.warnings if getattr(warning, "code", "") != "decisions_told"),
    )


def _unsaid(table: pa.Table, removed: Sequence[str]) -> pa.Table:
    """Return a table without the sentences that `noted` put before its notes."""
    at = table.column_names.index("note")
    field, notes = table.schema.field("note"), zip(table["note"].to_pylist(), removed, strict=True)
    if field.type == TOLD:
        left = [sentences(*parts_of(note or "")[1:]) if text else note for note, text in notes]
        return table.set_column(at, field, told_cells(left))
    left = [(note or "").removeprefix(text) for note, text in notes]
    table = table.set_column(at, field, pa.array(left, field.type))
    field, reasons = table.schema.field("reasons"), table["reasons"].to_pylist()
    kept = [cell[1:] if text and cell else cell for cell, text in zip(reasons, removed, strict=True)]
    return table.set_column(table.column_names.index("reasons"), field, pa.array(kept, field.type))
