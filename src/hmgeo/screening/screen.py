"""Distance screening: every source against every rule that holds it, as rows of sources and findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.geo.ellipsoid import DRAWN_CORNERS, geodesic_buffer
from hmgeo.judging.applies import Subject, found_cadmium
from hmgeo.judging.bench import Bench, Question
from hmgeo.judging.facts import Facts, Features, Stated, Unknown, unplaced
from hmgeo.judging.judge import USER_RADIUS_ID, basis_of
from hmgeo.judging.layers import FARTHEST_SEARCH_M, LayerIndexes
from hmgeo.judging.own_columns import stated_action, stated_of_row
from hmgeo.judging.places import Membership, Place, Places, places_of
from hmgeo.proximity.measure import Proximity, measure_proximity
from hmgeo.records import Layer, Positions, Sink, table_of
from hmgeo.results.columns import COUNTS_SCHEMA, FINDINGS_SCHEMA, SEARCH_AREAS_SCHEMA, SOURCES_SCHEMA
from hmgeo.results.siting import Finding
from hmgeo.rules.claims import doubts_of
from hmgeo.rules.model import Rule, RuleStanding
from hmgeo.screening.heights import HeightFacts, heights_of
from hmgeo.screening.land import beside_of, land_areas, with_clipped_area, with_gardens, with_land_areas
from hmgeo.screening.somewhere import (
    MeasuredLayers,
    Measures,
    PlaceRanges,
    PlaceSource,
    count_rows,
    measured_places,
    measures_of,
    place_sources,
    widened,
)
from hmgeo.vocabulary import ALL_CLASSES, MEASURE_DECIMALS, Basis, Standing, Status
from hmgeo.words import Reason, say, sentences

Row = dict[str, Any]


def _source_row(
    row: Mapping[str, Any],
    place: Place,
    key_area_ids: str,
    deciding: Finding | None,
    measures: Measures,
    *,
    radius_m: float,
    basis: Basis,
    note: str,
) -> Row:
    """Return a row of `SOURCES_SCHEMA`; measures are empty where the source has no usable position."""
    source_id = row["source_id"]
    nearest = measures.nearest.get((source_id, ALL_CLASSES))
    is_assessed = row["status"] == Status.ASSESSED.value
    verdict = certainty = reasons = ""
    if deciding is not None:
        verdict = deciding.verdict.value
        certainty = deciding.certainty.value if deciding.certainty else ""
        reasons = deciding.reason_codes
    carried = ("source_id", "name", "status", "position_kind", "lon", "lat", "position_uncertainty_m", "geometry")
    return {name: row[name] for name in (*carried, "trade_code", "trade_edition")} | {
        "nearest_farmland_id": nearest.receptor_id if nearest else "",
        "nearest_farmland_m": nearest.distance_m if nearest else None,
        "nearest_farmland_max_m": (
            round(nearest.distance_m + row["position_uncertainty_m"] + measures.margin_m, MEASURE_DECIMALS)
            if nearest
            else None
        ),
        "farmland_count": measures.count.get(source_id),
        "farmland_count_max": measures.count_max.get(source_id),
        "farmland_area_ha": measures.area_ha.get(source_id),
        "radius_m": radius_m,
        "verdict": verdict,
        "certainty": certainty,
        "basis": basis.value,
        "note": note,
        "nearest_farmland_class": nearest.receptor_class if nearest else "",
        "nearest_farmland_bearing_deg": nearest.bearing_deg if nearest else None,
        "counts_are_lower_bounds": measures.are_lower_bounds(source_id, radius_m) if is_assessed else None,
        "key_area_id": key_area_ids,
        "county": place.county,
        "township": place.township,
        "reason_codes": reasons,
    }


def search_areas(positions: Positions, radius_m: float) -> pa.Table:
    """Return what was searched around each located source within `radius_m`, as drawn on maps."""
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    shapes = shapely.from_wkb(located["geometry"].to_pylist())
    drawn = [shapely.to_wkb(geodesic_buffer(shape, radius_m, DRAWN_CORNERS)) for shape in shapes]
    return pa.Table.from_pydict({"source_id": located["source_id"].to_pylist(), "geometry": drawn}, SEARCH_AREAS_SCHEMA)


class Screened(Struct, frozen=True):
    """What the screening found: tables of `hmgeo.results.columns`, and how each rule stood where it judged.

    Parameters
    ----------
    standings
        For each rule id, the standing of its first finding, or of the first source for rules that only classify.
    places
        The county and township of each source, in order.
    place_sources
        By source id: those known by place only, with their ranges.
    notes
        What stands in the note of each source, in order, as the reasons that it was told from.
    gardens
        Parcels of 园地 (`RECEPTORS_SCHEMA`), which no clause asks for; None where the layer tells of none.
    """

    radii_m: tuple[float, ...]
    sources: pa.Table
    findings: pa.Table
    counts: pa.Table
    search_areas: pa.Table
    standings: Mapping[str, RuleStanding]
    places: tuple[Place, ...] = ()
    place_sources: Mapping[str, PlaceSource] = field(default_factory=dict)
    notes: tuple[Reason, ...] = ()
    gardens: pa.Table | None = None


def screen(
    positions: Positions,
    farmland: Layer | None,
    question: Question,
    *,
    others: Sequence[Layer] = (),
    heights: HeightFacts | None = None,
    pairs: Sink | None = None,
    reached: Sink | None = None,
    progress: Callable[[int], None] | None = None,
) -> Screened:
    """Judge sources by the distance to farmland, and by every rule of the question that the layers can answer.

    Source of the 10 km: 济源产城融合示范区2021年土壤污染防治攻坚战实施方案 二（三）3.

    Where the search leaves the declared coverage counts are lower bounds, and finding nothing clears nothing.

    Parameters
    ----------
    positions
        Sources; every row comes out once.
    farmland
        Parcels; None gives `not_assessed` with the reason.
    others
        Layers beside farmland that rules may ask about.
    heights
        What rules may ask of heights, from `hmgeo.screening.heights.heights_of`; None where there are none.
    pairs, reached, progress
        As in `hmgeo.proximity.measure.measure_proximity`.
    """
    proximity, gardens = None, None
    unsure = positions if farmland is None else widened(positions, farmland.margin_m)
    if farmland is not None:
        proximity = measure_proximity(
            unsure, farmland, radii_m=question.radii_m, pairs=pairs, reached=reached, progress=progress
        )
        if farmland.beside is not None:
            gardens = beside_of(unsure, farmland.beside, question.radii_m)
    measures = measures_of(unsure, farmland, proximity)
    places = places_of(positions, question.areas)
    somewhere = measured_places(place_sources(positions, places, question.areas), farmland, question.radii_m)
    heights = heights or heights_of(None, positions, farmland, others, question.choices, mixes=question.mixes)
    kept = [layer for layer in others if layer.kind not in heights.barred]
    indexes = LayerIndexes([*kept, *(() if farmland is None else (farmland,))])
    bases = {layer.kind.value: layer.basis for layer in kept} | heights.bases()
    bench = _Bench(positions, farmland, question, measures, indexes, places, somewhere, heights, bases)
    screened = _compose(bench, proximity)
    if gardens is None:
        return screened
    return replace(screened, counts=with_gardens(screened.counts, gardens[0]), gardens=gardens[1])


class _Bench(Struct, frozen=True):
    """What every source is judged with."""

    positions: Positions
    farmland: Layer | None
    question: Question
    measures: Measures
    indexes: LayerIndexes
    places: tuple[Place, ...] = ()
    somewhere: Mapping[str, PlaceSource] = field(default_factory=dict)
    heights: HeightFacts = field(default_factory=HeightFacts)
    bases: Mapping[str, Basis] = field(default_factory=dict)

    def doubts(self, source_id: str) -> dict[str, str]:
        """Return why a clause can't rest on some words of a source's row, by what it would rest on."""
        return doubts_of(self.question.disputes.get(source_id, ()))

    def subject(self, row: Row, columns: Mapping[str, str], stated: Stated) -> Subject:
        """Return what is judged of a source."""
        return Subject(
            self.positions.kind.value,
            row["trade_code"],
            row["trade_edition"],
            stated_action(columns)[0],
            attributes=stated.attributes,
            is_cadmium_related=found_cadmium(columns),
            doubts=self.doubts(row["source_id"]),
        )

    @property
    def basis(self) -> Basis:
        """How real sources, farmland and whatever decides their distance are."""
        farmland = () if self.farmland is None else (self.farmland.basis,)
        heights = (self.heights.basis,) if self.heights.decides else ()
        return Basis.worst(self.positions.basis, *farmland, *heights)

    def stated(self, source_id: str, columns: Mapping[str, str]) -> Stated:
        """Return what a source's row states, unknown where other words contradict it."""
        return stated_of_row(columns, self.doubts(source_id))

    def facts(self, row: Row, place: Place, stated: Stated) -> Facts:
        """Return what rules may ask of a source."""
        source_id, places = row["source_id"], Places(place)
        if source_id in self.somewhere:
            has_farmland = self.farmland is not None
            known = self.somewhere[source_id]
            ranges = PlaceRanges(known, places, has_farmland=has_farmland)
            return Facts(ranges, stated=stated)
        if row["status"] != Status.ASSESSED.value:
            return unplaced(Stated(stated.attributes))
        if place.doubt:
            return unplaced(stated, place.doubt)
        heights = self.heights
        layers = MeasuredLayers(row, self.farmland, self.measures, self.indexes, places, barred=heights.barred)
        water = heights.water_of(shapely.from_wkb(row["geometry"]), row["position_uncertainty_m"])
        return Facts(layers, water, heights.ground_of(source_id), stated)


def _compose(bench: _Bench, proximity: Proximity | None) -> Screened:
    positions, question, measures = bench.positions, bench.question, bench.measures
    places, somewhere = bench.places, bench.somewhere
    basis, rules = bench.basis, Bench(question, positions.kind.value)
    cache: dict[str, Basis] = {}

    def basis_by(rule: Rule) -> Basis:
        if rule.id not in cache:
            cache[rule.id] = basis_of(rule, question.choices, basis, bench.bases)
        return cache[rule.id]

    sources, findings = [], []
    standings: dict[str, RuleStanding] = {}
    cells = positions.attributes.to_pylist() or [{} for _ in places]
    for row, place, columns in zip(positions.table.to_pylist(), places, cells, strict=True):
        stated = bench.stated(row["source_id"], columns)
        facts = bench.facts(row, place, stated)
        subject = bench.subject(row, columns, stated)
        judged = rules.judge_all(subject, place, facts, basis_by)
        for heard_rule in rules.heard(place):
            if heard_rule.rule.gives_findings:
                standings.setdefault(heard_rule.rule.id, heard_rule.standing)
        area = rules.area(place)
        findings += [_row(finding, row, area.ids, question) for finding in judged]
        deciding = next((finding for finding in judged if finding.citation.rule_id == question.screening_rule_id), None)
        known = somewhere.get(row["source_id"])
        spoken = () if known is None else (known.sentence(), known.note)
        deciding_note = "" if deciding is None else deciding.note
        disputes = question.disputes.get(row["source_id"], ())
        doubted = [dispute.note for dispute in disputes if dispute.why not in deciding_note]
        notes = sentences(
            *spoken,
            stated_action(columns)[1],
            _notes(row, place, area, deciding, question, _gap(row, facts, bench)),
            *doubted,
        )
        source = _source_row(
            row, place, area.ids, deciding, measures, radius_m=question.radius_m, basis=basis, note=notes
        )
        sources.append(source | ({} if known is None else known.columns(question.radius_m)))
    counts = _with_bounds(_counts(positions, proximity, somewhere), measures, somewhere)
    return Screened(
        question.radii_m,
        table_of(sources, SOURCES_SCHEMA),
        table_of(findings, FINDINGS_SCHEMA),
        counts,
        search_areas(positions, question.radius_m),
        standings,
        places,
        somewhere,
        tuple(row["note"] for row in sources),
    )


def _counts(positions: Positions, proximity: Proximity | None, somewhere: Mapping[str, PlaceSource]) -> pa.Table:
    """Return the counts of all sources in input order; of a place the fewest, wherever in it the source is."""
    if proximity is None:
        return COUNTS_SCHEMA.empty_table()
    if not somewhere:
        return proximity.counts
    table = pa.concat_tables([proximity.counts, table_of(count_rows(somewhere), COUNTS_SCHEMA)])
    ids = positions.table["source_id"].combine_chunks()
    order = pc.index_in(table["source_id"], value_set=ids)
    return table.take(pc.sort_indices(pa.table({"at": order}), sort_keys=[("at", "ascending")]))


def _with_bounds(counts: pa.Table, measures: Measures, somewhere: Mapping[str, PlaceSource]) -> pa.Table:
    """Say of each count whether it is a lower bound: its radius may leave the coverage where a less doesn't."""
    bounds = [
        somewhere[source_id].lower_bounds(radius_m)
        if source_id in somewhere
        else measures.are_lower_bounds(source_id, radius_m)
        for source_id, radius_m in zip(counts["source_id"].to_pylist(), counts["radius_m"].to_pylist(), strict=True)
    ]
    return counts.append_column("is_lower_bound", pa.array(bounds, pa.bool_()))


def _row(finding: Finding, row: Row, key_area_ids: str, question: Question) -> Row:
    """Return a row of `FINDINGS_SCHEMA`; a radius that the user set cites nothing."""
    cells = finding.row(row["source_id"], key_area_ids, question.day, row["geometry"])
    if finding.citation.rule_id != USER_RADIUS_ID:
        return cells
    return cells | dict.fromkeys(("standing", "legal_rank", "clause", "quote"), "")


def _notes(
    row: Mapping[str, Any], place: Place, area: Membership, deciding: Finding | None, question: Question, gap: str
) -> str:
    """Join what is to be said of a row: of its input, its place, its measures, its verdict."""
    outside = bool(question.home_counties and place.county_code) and place.county_code not in question.home_counties
    adopted = deciding is not None and deciding.standing is Standing.ADOPTED
    return sentences(
        row["note"],
        place.doubt or place.note,
        say("beyond_area", county=place.county) if outside else "",
        area.note,
        gap,
        *(() if deciding is None else deciding.reasons),
        Standing.ADOPTED.zh if adopted else "",
    )


def _gap(row: Row, facts: Facts, bench: _Bench) -> str:
    """Return why the counts of a row are lower bounds, whatever the rules made of them."""
    is_known = row["source_id"] in bench.somewhere or row["status"] == Status.ASSESSED.value
    if bench.farmland is None or not is_known:
        return ""
    kind = bench.farmland.kind
    fact = facts.layers.distance(Features(kind.value))
    if isinstance(fact, Unknown):
        return ""
    gap = fact.coverage_gap(kind.zh, bench.question.radius_m)
    may_be_nearer = fact.aside and fact.coverage_gap(kind.zh, min(fact.high_m, FARTHEST_SEARCH_M))
    return say("nearest_may_be_nearer", why=fact.aside) if may_be_nearer and fact.aside not in gap else gap


def with_land(
    screened: Screened, positions: Positions, farmland: Layer, progress: Callable[[int], None] = lambda _: None
) -> Screened:
    """Return `screened` with counts and sources that also tell the land around each source, common ground once."""
    areas = land_areas(positions, farmland, screened.radii_m, progress)
    return replace(
        screened,
        counts=with_land_areas(screened.counts, areas),
        sources=with_clipped_area(screened.sources, areas, screened.radii_m[-1]),
    )
