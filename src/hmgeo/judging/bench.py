"""A question, and its bench: every rule that speaks where a source lies is judged, and findings made, here alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct, field

from hmgeo.judging.applies import Subject
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Facts
from hmgeo.judging.judge import Judgement, judge, user_radius_rule
from hmgeo.judging.places import Areas, Membership, Place, membership
from hmgeo.results.siting import NOTHING_MEASURED, Citation, Finding
from hmgeo.rules.claims import Dispute
from hmgeo.rules.model import Rule, RuleStanding
from hmgeo.rules.standing import in_territory, standing_of, territory_name
from hmgeo.vocabulary import COUNTED_RADII_M, Basis
from hmgeo.words import say


class Question(Struct, frozen=True):
    """What is asked of the layers.

    Parameters
    ----------
    as_of
        The day asked about; None only for a bare comparison by radius.
    radius_m
        The search radius; counts are made at `COUNTED_RADII_M` below it and at itself. 0 searches nothing.
    rules
        Rules to judge by, classifying ones included; empty for a bare comparison by radius.
    adopted
        Ids of rules adopted from elsewhere.
    screening_rule_id
        The rule whose verdict stands in the table of sources; empty for none.
    home_counties
        Six-digit codes of the project's own area; sources outside are marked 界外. Empty asks nothing.
    mixes
        Whether real sources are held against invented layers; else questions to those stay open.
    disputes
        By source id, from `hmgeo.judging.crosscheck`: words of its row that its own figures or other tables
        contradict; clauses that rest on either value aren't judged.
    """

    as_of: date | None
    radius_m: float = 0.0
    rules: tuple[Rule, ...] = ()
    adopted: frozenset[str] = frozenset()
    choices: Choices = field(default_factory=Choices)
    screening_rule_id: str = ""
    areas: Areas = field(default_factory=Areas)
    home_counties: frozenset[str] = frozenset()
    mixes: bool = False
    disputes: Mapping[str, tuple[Dispute, ...]] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """The day asked about; empty for a bare comparison by radius."""
        return self.as_of.isoformat() if self.as_of else ""

    @property
    def radii_m(self) -> tuple[float, ...]:
        """All radii to count at, ascending, the search radius last."""
        return (*(radius for radius in COUNTED_RADII_M if radius < self.radius_m), self.radius_m)


class Heard(Struct, frozen=True):
    """A rule that speaks in a place: how it stands there, and how it is cited."""

    rule: Rule
    standing: RuleStanding
    citation: Citation


class Bench:
    """One question asked of one source after another; what a place alone decides is looked up once.

    `kind`: of the sources, for a bare comparison by radius.
    """

    def __init__(self, question: Question, kind: str = "") -> None:
        self.question = question
        self._kind = kind
        self._heard: dict[tuple[frozenset[str], frozenset[str]], tuple[Heard, ...]] = {}
        self._areas: dict[Place, Membership] = {}

    def heard(self, place: Place) -> tuple[Heard, ...]:
        """Return the rules whose territory holds or may hold a place, or that are adopted, in the question's order."""
        key = place.codes, place.not_in
        if key not in self._heard:
            question = self.question
            speaking = (
                (rule, self.standing(rule, place))
                for rule in question.rules
                if rule.id in question.adopted or in_territory(rule, *key)
            )
            by_radius = [user_radius_rule(question.radius_m, self._kind)] if question.as_of is None else None
            self._heard[key] = tuple(Heard(*pair, citation_of(*pair)) for pair in by_radius or speaking)
        return self._heard[key]

    def standing(self, rule: Rule, place: Place) -> RuleStanding:
        """Return how a rule stands in a place on the day asked about."""
        is_adopted = rule.id in self.question.adopted
        as_of = self.question.as_of or date.min
        return standing_of(rule, as_of=as_of, place_codes=place.codes, adopted=is_adopted, not_in=place.not_in)

    def area(self, place: Place) -> Membership:
        """Return the key areas that hold a place on the day asked about."""
        question = self.question
        if question.as_of is None:
            return Membership()
        if place not in self._areas:
            areas = membership(place, question.rules, question.as_of, question.choices, question.adopted)
            self._areas[place] = areas
        return self._areas[place]

    def judge_all(self, subject: Subject, place: Place, facts: Facts, basis: Callable[[Rule], Basis]) -> list[Finding]:
        """Return what every rule that speaks in a `place` and gives findings says of the source `subject`.

        `basis`: how real what a rule says is.
        """
        choices = self.question.choices
        return [
            Finding(
                **finding_fields(heard.citation, judge(heard.rule, heard.standing, subject, facts, choices)),
                basis=basis(heard.rule),
            )
            for heard in self.heard(place)
            if heard.rule.gives_findings
        ]

    def open_territories(self, places: Iterable[Place]) -> tuple[str, ...]:
        """Return a line for each territory of which it isn't known whether it holds some of the places."""
        rows: Counter[tuple[str, ...]] = Counter()
        clauses: dict[tuple[str, ...], int] = {}
        for place in places:
            doubted = (heard.rule for heard in self.heard(place) if heard.standing.doubt)
            open_ = Counter(rule.territory for rule in doubted if rule.gives_findings and not rule.basin)
            rows.update(open_.keys())
            clauses |= open_
        return tuple(
            say("territory_open", rows=rows[territory], count=clauses[territory], name=territory_name(territory))
            for territory in rows
        )


def finding_fields(citation: Citation, judgement: Judgement) -> dict[str, Any]:
    """Return the fields of a `Finding` (and of a `Clause`) that a `judgement` gives, by name, with its `citation`."""
    return {
        "citation": citation,
        "verdict": judgement.verdict,
        "standing": judgement.standing,
        "other": judgement.other,
        "certainty": judgement.certainty,
        "measured": judgement.measurement or NOTHING_MEASURED,
        "reasons": tuple(filter(None, judgement.reasons)),
        "note": judgement.note,
        "reason_codes": judgement.reason_codes,
    }


def citation_of(rule: Rule, standing: RuleStanding) -> Citation:
    """Return `rule` as cited, by the dated value that was judged (`standing`), else by its latest."""
    cited = standing.value or rule.latest
    return Citation(
        rule.id,
        rule.title.zh,
        rule.effect.value,
        rule.legal_rank,
        rule.authority,
        rule.territory,
        cited.document,
        cited.document_number,
        cited.clause,
        cited.quote,
        str(cited.in_force_from or ""),
        rule.decider,
        rule.matter,
        standing.verified,
        rule.in_principle,
        rule.condition,
        rule.note,
        rule.title.en,
    )
