"""The answer for a planned site, frozen: what each clause says of it, on what evidence, and what wasn't judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from msgspec import Struct, field

from hmgeo.records import Ledger, Record
from hmgeo.results.used import LayerUsed, ParameterUsed
from hmgeo.vocabulary import (
    COUNTRY,
    MEASURE_DECIMALS,
    SPEAKING,
    Basis,
    Certainty,
    Classification,
    Effect,
    LegalRank,
    Settling,
    Standing,
    Unassessed,
    Verdict,
)
from hmgeo.words import encoded, groups_of

_RANKS = {rank: place for place, rank in enumerate(LegalRank)}


class Citation(Struct, frozen=True):
    """A clause as cited: the dated wording that was judged.

    `territory`: administrative codes where the text has force.
    `verified`: against what the quote was held, and when, in words.
    """

    rule_id: str
    title: str
    effect: str
    legal_rank: LegalRank
    authority: str
    territory: tuple[str, ...]
    document: str
    document_number: str
    clause: str
    quote: str
    value_from: str
    decider: str
    matter: str
    verified: str
    in_principle: bool = False
    condition: str = ""
    note: str = ""
    title_en: str = ""

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Where the clause stands among those of one verdict: legal rank, then authority, the widest first."""
        widest = min((_breadth(code) for code in self.territory), default=0)
        return _RANKS[self.legal_rank], widest, self.authority, self.rule_id


def _breadth(code: str) -> int:
    if code == COUNTRY:
        return 0
    return 1 if code.endswith("0000") else 2 if code.endswith("00") else 3


class Measurement(Struct, frozen=True):
    """The number that a test rests on, with the nearest object; None where there is none.

    Parameters
    ----------
    value
        As measured at the position as given; None where nothing was found within the search or the position is a
        place.
    low, high
        The range that the position's uncertainty allows; None where unknown.
    limit
        What it was held against; None where the test asks only for yes or no.
    text
        As people read it.
    bearing_deg
        From the source to the nearest object, from true north; None where shapes touch.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    unit: str = ""
    text: str = ""
    receptor_id: str = ""
    receptor_name: str = ""
    bearing_deg: float | None = None

    @property
    def margin(self) -> float | None:
        """By how much the value exceeds the limit; None where either is missing."""
        if self.value is None or self.limit is None:
            return None
        return round(self.value - self.limit, MEASURE_DECIMALS)


NOTHING_MEASURED = Measurement()


class Finding(Struct, frozen=True):
    """What one rule says of one source.

    Parameters
    ----------
    other
        The other side within the position's uncertainty; None where there is none.
    reasons
        Sentences: why it isn't judged, what limits the answer, which condition must be met.
    note
        The reasons, and how the rule stands.
    reason_codes
        Codes of the reasons, joined by `;`.
    basis
        The worst of the source and of the layers that went in.
    """

    citation: Citation
    verdict: Verdict
    standing: Standing
    other: Verdict | None = None
    certainty: Certainty | None = None
    measured: Measurement = NOTHING_MEASURED
    reasons: tuple[str, ...] = ()
    note: str = ""
    reason_codes: str = ""
    basis: Basis = Basis.UNDECLARED

    def row(self, source_id: str, key_area_ids: str, as_of: str, geometry: bytes | None) -> dict[str, Any]:
        """Return a row of `FINDINGS_SCHEMA` of `source_id`, `key_area_ids`, `as_of` (ISO), `geometry` (WKB)."""
        cited, measured = self.citation, self.measured
        return {
            "finding_id": f"{source_id}|{cited.rule_id}",
            "source_id": source_id,
            "rule_id": cited.rule_id,
            "verdict": self.verdict.value,
            "verdict_other": self.other.value if self.other else "",
            "certainty": self.certainty.value if self.certainty else "",
            "standing": self.standing.value,
            "basis": self.basis.value,
            "measured": measured.value,
            "measured_low": measured.low,
            "measured_high": measured.high,
            "limit_value": measured.limit,
            "unit": measured.unit,
            "margin": measured.margin,
            "measured_text": measured.text,
            "receptor_id": measured.receptor_id,
            "receptor_name": measured.receptor_name,
            "bearing_deg": measured.bearing_deg,
            "key_area_id": key_area_ids,
            "as_of": as_of,
            "legal_rank": cited.legal_rank.value,
            "document": cited.document,
            "clause": cited.clause or Standing.TEXT_NOT_HELD.zh,
            "quote": cited.quote or Standing.TEXT_NOT_HELD.zh,
            "decider": cited.decider,
            "note": self.note,
            "geometry": geometry,
            "reason_codes": self.reason_codes,
            "reasons": encoded(self.note),
        }


class Clause(Finding, frozen=True):
    """A finding on a site, with the evidence for it.

    Parameters
    ----------
    evidence
        Sentences: what was measured, the nearest object with its bearing, what it lies in.
    changes
        Sentences: what would change the answer.
    layers
        Codes of the layers that went in.
    missing_layers, open_parameters, unsaid
        What keeps the clause from being judged: codes of layers, names of parameters, facts that nobody stated.
    is_example
        Whether a site that isn't invented was held against invented data: the verdict then reads 示例判定.
    """

    evidence: Sequence[str] = ()
    changes: Sequence[str] = ()
    layers: tuple[str, ...] = ()
    missing_layers: tuple[str, ...] = ()
    open_parameters: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    is_example: bool = False

    @property
    def order(self) -> tuple[int, tuple[int, int, str, str]]:
        """Where it is read: gravest first, then by legal rank and authority."""
        return self.verdict.gravity, self.citation.order

    @property
    def is_unmet(self) -> bool:
        """Whether it is a requirement that the data don't show to be met, which is no ban."""
        return self.verdict is Verdict.PROHIBITED and self.citation.effect == Effect.REQUIRE.value

    @property
    def settling(self) -> tuple[Settling, tuple[str, ...]]:
        """What would settle it where it isn't assessed: a text, a layer, a choice, a fact, a position, or its data."""
        if self.standing not in SPEAKING:
            return Settling.TEXT, (self.standing.value,)
        if Unassessed.of_reasons(groups_of(self.reason_codes).split(";")) is Unassessed.PLACE:
            return Settling.PLACE, ()
        named = (
            (Settling.LAYER, self.missing_layers),
            (Settling.PARAMETER, self.open_parameters),
            (Settling.FACT, self.unsaid),
        )
        settling = next(((kind, what) for kind, what in named if what), None)
        return settling or (Settling.DATA, self.layers)


class OpenClauses(Struct, frozen=True):
    """Clauses that one and the same thing would settle.

    `what`: codes of layers, names of parameters, facts, or a standing.
    """

    settling: Settling
    what: tuple[str, ...]
    clauses: tuple[Clause, ...]


_EFFECTS = {effect.value: place for place, effect in enumerate(Effect)}


def grouped(clauses: Iterable[Clause]) -> list[OpenClauses]:
    """Return `clauses` that aren't assessed by what would settle them: gravest effect first, then the most at once."""
    waiting: dict[tuple[Settling, tuple[str, ...]], list[Clause]] = {}
    for clause in clauses:
        waiting.setdefault(clause.settling, []).append(clause)
    order = list(Settling)
    groups = [OpenClauses(*key, tuple(members)) for key, members in waiting.items()]
    return sorted(
        groups,
        key=lambda group: (
            min(_EFFECTS[clause.citation.effect] for clause in group.clauses),
            -len(group.clauses),
            order.index(group.settling),
        ),
    )


class Nearest(Struct, frozen=True):
    """The nearest object of a layer at hand, whether a clause asks for it or not.

    Parameters
    ----------
    distance_m
        At the position as given; None where the layer holds nothing.
    low_m, high_m
        The range that the position's uncertainty allows.
    is_open
        Whether something nearer may be missing: the layer isn't declared complete as far as this.
    """

    layer: str
    name: str
    distance_m: float | None
    low_m: float
    high_m: float
    bearing_deg: float | None
    is_open: bool


class SiteFact(Struct, frozen=True):
    """One line of what is known of a project."""

    name: str
    value: str


class SiteAnswer(Record, frozen=True):
    """What every clause says of one site. There is no overall verdict: counts, gravest first.

    Parameters
    ----------
    geometry
        WKB in lon/lat on CGCS2000; None where the site has no usable position.
    facts
        What is known of the project, line by line.
    place
        County and township in words.
    key_area_ids
        Joined by `;`.
    clauses
        In reading order.
    informs
        Clauses in force here that only inform; they give no verdict.
    """

    site_id: str
    name: str
    status: str
    position_kind: str
    lon: float | None
    lat: float | None
    uncertainty_m: float | None
    geometry: bytes | None
    as_of: str
    facts: tuple[SiteFact, ...]
    place: str
    key_area_ids: str
    notes: tuple[str, ...]
    clauses: tuple[Clause, ...]
    informs: tuple[Citation, ...] = ()

    def counts(self) -> dict[Verdict, int]:
        """Count the clauses by verdict, gravest first, zeros included."""
        verdicts = [clause.verdict for clause in self.clauses]
        return {verdict: verdicts.count(verdict) for verdict in Verdict}

    def unassessed(self) -> dict[Unassessed, int]:
        """Count the clauses that weren't assessed, by group, zeros included."""
        return Unassessed.counted((clause.verdict.value, groups_of(clause.reason_codes)) for clause in self.clauses)

    def having(self, verdict: Verdict) -> tuple[Clause, ...]:
        """Return the clauses of `verdict`, in reading order."""
        return tuple(clause for clause in self.clauses if clause.verdict is verdict)

    def open_bans(self) -> tuple[Clause, ...]:
        """Return the bans that can't be excluded yet."""
        return tuple(
            clause for clause in self.having(Verdict.NOT_ASSESSED) if clause.citation.effect == Effect.BAN.value
        )

    def parts(self) -> dict[str, tuple[Clause, ...]]:
        """Return the clauses in the parts in which one screen, a page and a sheet show them, in that order."""
        prohibited, open_, bans = self.having(Verdict.PROHIBITED), self.having(Verdict.NOT_ASSESSED), self.open_bans()
        others = (clause for clause in open_ if clause.citation.effect != Effect.BAN.value)
        return {
            "ban": tuple(clause for clause in prohibited if not clause.is_unmet),
            "unmet": tuple(clause for clause in prohibited if clause.is_unmet),
            "conditional": self.having(Verdict.CONDITIONAL),
            "listed": self.having(Verdict.LISTED),
            "open_ban": tuple(clause for group in grouped(bans) for clause in group.clauses),
            "open_other": tuple(clause for group in grouped(others) for clause in group.clauses),
            "clear": self.having(Verdict.CLEAR),
            "not_applicable": self.having(Verdict.NOT_APPLICABLE),
        }

    def missing(self) -> dict[str, int]:
        """Count by layer code the clauses that weren't judged since the layer wasn't given, most first."""
        counted = Counter(
            code for clause in self.clauses if clause.verdict is Verdict.NOT_ASSESSED for code in clause.missing_layers
        )
        return dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))

    @property
    def has_examples(self) -> bool:
        """Whether some clause was held against invented data: see `Clause.is_example`."""
        return any(clause.is_example for clause in self.clauses)

    def brief(self) -> Brief:
        """Return what a long list tells of the site."""
        unmet = sum(clause.is_unmet for clause in self.having(Verdict.PROHIBITED))
        counts = tuple(self.counts().values())
        return Brief(self.site_id, self.name, self.status, self.place, "".join(self.notes), counts, unmet)


class Brief(Struct, frozen=True):
    """What a long list tells of one site.

    `counts`: of clauses, by `Verdict` in its order. `unmet`: how many requirements the data don't show to be met.
    """

    site_id: str
    name: str
    status: str
    place: str
    note: str
    counts: tuple[int, ...]
    unmet: int


class Zoning(Struct, frozen=True):
    """One line on a plan's zone: control unit, redline, permanent basic farmland, development boundary.

    `state`: in words: inside which, outside all, partly, or that the layer wasn't given.
    `details`: (name, text) pairs, such as the four parts of a control unit's access list.
    """

    title: str
    state: str
    details: tuple[tuple[str, str], ...] = ()
    note: str = ""


class Target(Struct, frozen=True):
    """A protected object within a range; bearing_deg is None where the site touches it."""

    receptor_id: str
    name: str
    kind: str
    distance_m: float
    bearing_deg: float | None
    population: int | None = None
    township: str = ""


class TargetTable(Struct, frozen=True):
    """Protected objects (环境保护目标) of one element within one range.

    Parameters
    ----------
    standard
        The standard that sets the range, with its verification state.
    range_m
        None where nobody set it; then `targets` is empty and `note` says so.
    population
        Persons of the objects whose number is known; `unknown_population` counts the others.
    """

    element: str
    standard: str
    range_m: float | None
    targets: tuple[Target, ...] = ()
    population: int | None = None
    unknown_population: int = 0
    note: str = ""


class OffsetLine(Struct, frozen=True):
    """What an offset clause asks for, by metal or summed."""

    rule_id: str
    metal: str
    added_kg: float
    ratio: float
    required_kg: float
    named_kg: float | None
    note: str = ""


class Dossier(Struct, frozen=True):
    """One site's answer with what a report around it needs."""

    answer: SiteAnswer
    zoning: tuple[Zoning, ...] = ()
    targets: tuple[TargetTable, ...] = ()
    offsets: tuple[OffsetLine, ...] = ()
    offset_notes: tuple[str, ...] = ()
    nearest: tuple[Nearest, ...] = ()


class SitingResults(Record, frozen=True):
    """All sites of one question, frozen, with the data and choices they rest on.

    Parameters
    ----------
    dossiers
        Every site's, in the order of the list; of a long one only those that get a sheet of their own.
    layers
        By code, those at hand.
    departments
        By layer code, its word and whom to ask for it.
    warnings
        Sentences that stand on top of every output.
    briefs, listed
        Of a long list, every site, and the clauses to be listed with their sites.
    """

    title: str
    as_of: str
    dossiers: tuple[Dossier, ...]
    layers: Mapping[str, LayerUsed]
    parameters: tuple[ParameterUsed, ...]
    ledger: Ledger
    departments: Mapping[str, tuple[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    warnings: tuple[str, ...] = ()
    briefs: tuple[Brief, ...] = ()
    listed: tuple[tuple[str, Clause], ...] = ()

    @property
    def sites(self) -> tuple[Brief, ...]:
        """Every site in brief, in the order of the list."""
        return self.briefs or tuple(dossier.answer.brief() for dossier in self.dossiers)


MARGIN_M = 1.0
"""Within this distance of a limit or a border, in metres, a page says that the answer could flip."""


class CompiledLayer(Record, frozen=True):
    """One layer that compiled tests ask.

    Parameters
    ----------
    code, title, department
        The layer, its word, and whom to ask for it.
    coverage
        WKB polygon in lon/lat inside which the layer was surveyed; None where nobody said.
    is_complete
        Whether it holds everything of its kind within its coverage.
    gaps
        Why finding nothing in it would prove nothing: `outside` its coverage, `near` the edge of it (`{reach}` and
        `{limit}` in metres), `undeclared`, `incomplete`.
    features
        Columns label (name, else id) and geometry (lon/lat WKB), in the order of the layer.
    off_m
        How far off any of them may lie.
    """

    code: str
    title: str
    department: str
    basis: Basis
    vintage: str
    classification: Classification
    coverage: bytes | None
    is_complete: bool
    gaps: Mapping[str, str]
    features: pa.Table
    off_m: float = 0.0


class CompiledSet(Record, frozen=True):
    """Which features of a layer count.

    Parameters
    ----------
    title
        The layer in words, with the classes that count.
    states
        One byte per feature: 0 doesn't count, 1 counts, 2 nobody can tell.
    untold
        What is said where a feature that may count decides; `{name}` stands for it.
    """

    layer: str
    title: str
    states: bytes
    untold: str = ""


class CompiledRules(Record, frozen=True):
    """Every clause that could apply to a project site, by place.

    Parameters
    ----------
    clauses
        Plain records (see `hmgeo.siting.page_rules`).
    citations
        Clauses as cited; records name them by number.
    places
        By administrative code (empty for a place that no polygon holds): numbers of the records, in no order.
    beside
        By the code of each county drawn: those of a place that no polygon holds and that may lie in this one, within
        `outline_error_m` metres.
    place_names
        County and township in words, by the same codes.
    attributes
        Yes/no facts that clauses ask for: code and Chinese word.
    missing
        Layers that clauses ask for and nobody gave: code, and (word, whom to ask).
    words
        Sentences on whom a clause reaches, with parts to fill in.
    counties, townships
        Tables with id and geometry that say which place holds a point; None where none are at hand.
    area
        WKB of the project's own area, over which zones are drawn; None for everywhere.
    """

    as_of: str
    clauses: tuple[Mapping[str, Any], ...]
    citations: tuple[Citation, ...]
    places: Mapping[str, tuple[int, ...]]
    beside: Mapping[str, tuple[int, ...]]
    outline_error_m: float
    place_names: Mapping[str, str]
    attributes: Mapping[str, str]
    missing: Mapping[str, tuple[str, str]]
    words: Mapping[str, str]
    sets: tuple[CompiledSet, ...]
    layers: Mapping[str, CompiledLayer]
    counties: pa.Table | None
    townships: pa.Table | None
    area: bytes | None = None
