"""Distance screening: every source against every rule that holds it, with the measures that the rules rest on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.analysis.applies import Subject
from hmgeo.analysis.choices import Choices
from hmgeo.analysis.facts import Features, Unknown
from hmgeo.analysis.judge import judge
from hmgeo.analysis.key_areas import Membership, membership
from hmgeo.analysis.measures import Measures, SourceFacts, measures_of
from hmgeo.analysis.places import Areas, Place, places_of
from hmgeo.analysis.proximity import Proximity, Sink, measure_proximity
from hmgeo.analysis.rows import Judged, finding_row, source_row
from hmgeo.analysis.user_rule import user_radius_rule
from hmgeo.findings.columns import COUNTS_SCHEMA, FINDINGS_SCHEMA, SOURCES_SCHEMA
from hmgeo.findings.text import sentences
from hmgeo.geodesy import geodesic_buffer
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import Basis, Standing, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from hmgeo.records import Layer, Positions
    from hmgeo.rules.model import Rule, RuleStanding

COUNTED_RADII_M = (1000.0, 2000.0, 3000.0, 5000.0, 10000.0)
SEARCH_AREA_SCHEMA = pa.schema([("source_id", pa.string()), ("geometry", pa.binary())])


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the layers.

    Parameters
    ----------
    as_of
        The day asked about; None only for a bare comparison by radius.
    radius_m
        The search radius; counts are made at `COUNTED_RADII_M` below it and at itself.
    rules
        Rules to judge by, classifying ones included; empty for a bare comparison by radius.
    adopted
        Ids of rules adopted from elsewhere.
    screening_rule_id
        The rule whose verdict stands in the table of sources; empty for none.
    home_counties
        Six-digit codes of the project's own area; sources outside are marked 界外. Empty asks nothing.
    """

    as_of: date | None
    radius_m: float
    rules: tuple[Rule, ...] = ()
    adopted: frozenset[str] = frozenset()
    choices: Choices = field(default_factory=Choices)
    screening_rule_id: str = ""
    areas: Areas = field(default_factory=Areas)
    home_counties: frozenset[str] = frozenset()

    @property
    def radii_m(self) -> tuple[float, ...]:
        """All radii to count at, ascending, the search radius last."""
        return (*(radius for radius in COUNTED_RADII_M if radius < self.radius_m), self.radius_m)


@dataclass(frozen=True, slots=True)
class Screened:
    """What the screening found: tables of `hmgeo.findings.columns`, and how each rule stood where it judged.

    Parameters
    ----------
    standings
        For each rule id, the standing of its first finding, or of the first source for rules that only classify.
    """

    radii_m: tuple[float, ...]
    sources: pa.Table
    findings: pa.Table
    counts: pa.Table
    search_areas: pa.Table
    standings: Mapping[str, RuleStanding]


def screen(
    positions: Positions,
    farmland: Layer | None,
    question: Question,
    *,
    pairs: Sink | None = None,
    reached: Sink | None = None,
    progress: Callable[[int], None] | None = None,
) -> Screened:
    """Judge sources by the distance to farmland.

    Parameters
    ----------
    positions
        Sources; every row comes out once.
    farmland
        Parcels; None gives `not_assessed` with the reason.
    question
        Day, radius, rules, choices, areas.
    pairs, reached, progress
        As in `hmgeo.analysis.proximity.measure_proximity`.

    Returns
    -------
    Screened
        Where the search leaves the declared coverage counts are lower bounds, and finding nothing clears nothing.

    Notes
    -----
    Source of the 10 km: 济源产城融合示范区2021年土壤污染防治攻坚战实施方案 二（三）3.
    """
    proximity = None
    if farmland is not None:
        proximity = measure_proximity(
            positions, farmland, radii_m=question.radii_m, pairs=pairs, reached=reached, progress=progress
        )
    return _compose(positions, farmland, question, proximity)


def _compose(positions: Positions, farmland: Layer | None, question: Question, proximity: Proximity | None) -> Screened:
    measures = measures_of(positions, farmland, proximity)
    places = places_of(positions, question.areas)
    basis = positions.basis if farmland is None else Basis.worst(positions.basis, farmland.basis)
    sources, findings = [], []
    standings: dict[str, RuleStanding] = {}
    for row, place in zip(positions.table.to_pylist(), places, strict=True):
        judged = _judged(row, place, positions, farmland, question, measures)
        for one in judged:
            standings.setdefault(one.rule.id, one.standing)
        area = Membership()
        if question.as_of is not None:
            area = membership(place, question.rules, question.as_of, question.choices, question.adopted)
        findings += [finding_row(row, one, area.ids, question.as_of, basis) for one in judged]
        deciding = next((one for one in judged if one.rule.id == question.screening_rule_id), None)
        notes = _notes(row, place, area, deciding, question, _gap(row, farmland, question, measures))
        sources.append(
            source_row(row, place, area.ids, deciding, measures, radius_m=question.radius_m, basis=basis, note=notes)
        )
    counts = COUNTS_SCHEMA.empty_table() if proximity is None else proximity.counts
    return Screened(
        question.radii_m,
        pa.Table.from_pylist(sources, SOURCES_SCHEMA),
        pa.Table.from_pylist(findings, FINDINGS_SCHEMA),
        counts,
        _search_areas(positions, question.radius_m),
        standings,
    )


def _judged(
    row: Mapping[str, Any],
    place: Place,
    positions: Positions,
    farmland: Layer | None,
    question: Question,
    measures: Measures,
) -> list[Judged]:
    """Judge one source by every rule that writes findings and holds it, or is adopted."""
    facts = None
    if row["status"] == Status.ASSESSED.value:
        facts = SourceFacts(row, farmland, measures, undeclared_may_clear=question.as_of is None, place=place)
    subject = Subject(positions.kind.value, row["trade_code"], row["trade_edition"])
    if question.as_of is None:
        rule, standing = user_radius_rule(question.radius_m, positions.kind.value)
        return [Judged(rule, standing, judge(rule, standing, subject, facts, question.choices))]
    codes = codes_of_place(place.code)
    judged = []
    for rule in question.rules:
        adopted = rule.id in question.adopted
        if not rule.gives_findings or not (adopted or set(rule.territory) & codes):
            continue
        standing = standing_of(rule, as_of=question.as_of, place_codes=codes, adopted=adopted)
        judged.append(Judged(rule, standing, judge(rule, standing, subject, facts, question.choices)))
    return judged


def _notes(
    row: Mapping[str, Any], place: Place, area: Membership, deciding: Judged | None, question: Question, gap: str
) -> str:
    """Join what is to be said of a row: of its input, its place, its measures, its verdict."""
    outside = bool(question.home_counties and place.county_code) and place.county_code not in question.home_counties
    judgement = None if deciding is None else deciding.judgement
    adopted = judgement is not None and judgement.standing is Standing.ADOPTED
    return sentences(
        row["note"],
        place.note,
        f"界外：位于{place.county}，不在本项目区域内" if outside else "",
        area.note,
        gap,
        *(() if judgement is None else judgement.reasons),
        Standing.ADOPTED.zh if adopted else "",
    )


def _gap(row: Mapping[str, Any], farmland: Layer | None, question: Question, measures: Measures) -> str:
    """Return why the counts of a row are lower bounds, whatever the rules made of them."""
    if farmland is None or row["status"] != Status.ASSESSED.value:
        return ""
    facts = SourceFacts(row, farmland, measures, undeclared_may_clear=question.as_of is None)
    fact = facts.distance(Features(farmland.kind.value))
    return "" if isinstance(fact, Unknown) else fact.coverage_gap(farmland.kind.zh, question.radius_m)


def _search_areas(positions: Positions, radius_m: float) -> pa.Table:
    """Return what was searched around each located source, as drawn on maps."""
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    shapes = shapely.from_wkb(located["geometry"].to_pylist())
    drawn = [shapely.to_wkb(geodesic_buffer(shape, radius_m)) for shape in shapes]
    return pa.Table.from_pydict({"source_id": located["source_id"].to_pylist(), "geometry": drawn}, SEARCH_AREA_SCHEMA)
