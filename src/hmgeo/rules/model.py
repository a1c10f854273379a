"""What a rule is: one clause as data, its dated values with their citations, its standing, its worked cases.

All classes are frozen. Fields ending in `_zh` hold sentences for people.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

from hmgeo.vocabulary import Action, Effect, LegalRank, Standing, ValidityState, Verdict, Word
from hmgeo.words import Reason, say

ANY_LAYER = "*"
"""Stands for every layer where a case gives one value for all."""


class LayerState(StrEnum):
    """What a case says of a layer: whether it can carry a `clear`."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    MISSING = "missing"


class Given(Struct, frozen=True):
    """The situation of a case, in closed words.

    Parameters
    ----------
    as_of, place, adopted
        The day, the innermost administrative code that holds the source (`standing.codes_of_place` gives the chain),
        and whether the project adopts the rule from elsewhere.
    source_kind, trade, edition, action, attributes
        The source; empty or missing means that nobody said.
    parameters
        Choices; what is missing is unset.
    layers
        State of each layer named by the test; a layer that isn't named is complete.
    distance_m, distance_high_m
        Nearest and farthest possible distance to the test's layer by layer code (or `*`), in metres; the second only
        where the position is uncertain. Infinite where nothing is within the search.
    inside, touches, upstream, downstream
        By layer code (or `*`): yes, no, or partly (inside only). They speak of features that the test means: of its
        classes, and with what it says of having and lacking. Membership of key areas is told by `place` instead.
    share_percent
        Share of the source's area, by layer code (or `*`).
    ratio, number, slope_deg
        For the kinds of those names; `number` by attribute.
    classes
        Official class of the source or of the receptor it meets, by layer code (or `*`).
    """

    as_of: date
    place: str
    adopted: bool = False
    source_kind: str = ""
    trade: str = ""
    edition: int | None = None
    action: Action | None = None
    attributes: Mapping[str, bool] = field(default_factory=dict)
    parameters: Mapping[str, FieldValue] = field(default_factory=dict)
    layers: Mapping[str, LayerState] = field(default_factory=dict)
    distance_m: Mapping[str, float] = field(default_factory=dict)
    distance_high_m: Mapping[str, float] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    touches: Mapping[str, str] = field(default_factory=dict)
    upstream: Mapping[str, str] = field(default_factory=dict)
    downstream: Mapping[str, str] = field(default_factory=dict)
    share_percent: Mapping[str, float] = field(default_factory=dict)
    ratio: float | None = None
    number: Mapping[str, float] = field(default_factory=dict)
    slope_deg: float | None = None
    classes: Mapping[str, str] = field(default_factory=dict)


class Expected(Struct, frozen=True):
    """What a case must come to; verdict is None for rules that give none (classify, inform).

    `key_areas`: ids that a classifying rule must put out.
    `reason`: words that the note must hold where the verdict is `not_assessed` or `not_applicable`.
    """

    standing: Standing
    verdict: Verdict | None = None
    certainty: str = ""
    key_areas: tuple[str, ...] = ()
    reason: str = ""


class Case(Struct, frozen=True):
    """A situation worked out by hand, run as a test; `line` is where it starts in its file."""

    id: str
    given: Given
    expect: Expected
    line: int = 0


Scalar = str | float | bool
"""A single value in a rule file: text, number (always float) or truth."""

FieldValue = Scalar | tuple[str, ...]
"""What a field of a test holds."""

NO_FIELDS: Mapping[str, FieldValue] = MappingProxyType({})

WHITESPACE = re.compile(r"\s+")


class Runs(Word):
    """Whether a rule is judged by the program."""

    YES = "yes", "可判定", "is judged"
    INFORM = "inform", "仅提示", "only informs"
    NOT_SPATIAL = "not_spatial", "非空间条款", "is not spatial"
    TEXT_NOT_HELD = "text_not_held", "原文未收录", "text not held"


class VerificationState(Word):
    """Whether a quote was held against a text."""

    VERIFIED = "verified", "已核对", "verified"
    UNVERIFIED = "unverified", "效力待核实", "standing to be verified"


class Title(Struct, frozen=True):
    """A rule's name in both languages."""

    zh: str
    en: str


class Period(Struct, frozen=True):
    """A stated period, both days inclusive."""

    start: date
    end: date


class TaskDue(Struct, frozen=True):
    """A task's due day. It never ends a rule."""

    on: date
    task: str


class DatedValue(Struct, frozen=True):
    """What a clause says from one day on, with the citation of exactly that wording.

    Parameters
    ----------
    in_force_from
        First day; None only where the text is not held and its day is unknown.
    plan_period
        Period that the text itself states; only this, a repeal or a successor ends a value.
    target_year
        Year of a target; doesn't end the rule.
    value, unit
        The number that the text gives, None where it gives none (then a parameter holds it).
    value_max
        Upper end where the text gives a range.
    article, paragraph, item
        条, 款, 项 as the text numbers them, each empty where the text has none.
    quote
        Verbatim.
    text
        Name of the held copy in which the quote stands, empty where none is held.
    """

    in_force_from: date | None
    document: str
    quote: str = ""
    article: str = ""
    paragraph: str = ""
    item: str = ""
    value: float | None = None
    value_max: float | None = None
    unit: str = ""
    plan_period: Period | None = None
    target_year: int | None = None
    task_due: tuple[TaskDue, ...] = ()
    repealed_on: date | None = None
    replaced_by: str = ""
    document_number: str = ""
    text: str = ""
    note: str = ""

    @property
    def clause(self) -> str:
        """The place in the document, outermost part first, such as 二（三）3.

        >>> DatedValue(None, "方案", article="二", paragraph="（三）", item="3").clause
        '二（三）3'
        """
        return f"{self.article}{self.paragraph}{self.item}"

    @property
    def quote_sha256(self) -> str:
        """SHA-256 of the quote without any whitespace, in hexadecimal."""
        return hashlib.sha256(WHITESPACE.sub("", self.quote).encode()).hexdigest()


class TradeCodes(Struct, frozen=True):
    """Codes of GB/T 4754 in one edition; a code stands for every class that begins with it."""

    edition: int
    codes: tuple[str, ...]


class Trades(Struct, frozen=True):
    """Which trades a rule is about: any, explicit lists by edition, or a list that the user must choose.

    Parameters
    ----------
    parameter
        Name of the parameter that holds the codes; then `lists` is empty.
    note
        What the codes can't tell.
    parts
        Facts that narrow listed codes wider than the clause (3360 for 电镀), by `reference/data/implied_facts.csv`; a
        source of which one is known to be so is meant whatever its code, one that is known not to be so isn't.
    """

    lists: tuple[TradeCodes, ...] = ()
    parameter: str = ""
    note: str = ""
    parts: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether every trade is meant."""
        return not self.lists and not self.parameter


class Condition(Struct, frozen=True):
    """A yes/no attribute of the source that must have one value; unknown is never read as no."""

    attribute: str
    expected: bool


class AppliesTo(Struct, frozen=True):
    """Who a rule speaks to. An empty tuple of actions means that the clause doesn't ask about the action.

    Parameters
    ----------
    source_kinds
        Codes of `hmgeo.rules.kinds.SOURCE_KINDS`.
    conditions
        All must hold.
    is_existing
        Whether the clause speaks of what stands already (已建成的); what is stated to be new isn't meant.
    """

    source_kinds: tuple[str, ...]
    trades: Trades = field(default_factory=Trades)
    actions: tuple[Action, ...] = ()
    conditions: tuple[Condition, ...] = ()
    is_existing: bool = False


class Exemption(Struct, frozen=True):
    """A case that the text itself takes out, with its words.

    It applies where the action is one of `actions` (any, where empty) and all conditions hold; the rule is then not
    applicable. Where a condition isn't known the rule's verdict stands, and the exception is printed with it.
    """

    quote: str
    actions: tuple[Action, ...] = ()
    conditions: tuple[Condition, ...] = ()
    text_zh: str = ""


class Test(Struct, frozen=True):
    """A test of one of the closed kinds; `all_of` and `any_of` hold parts instead of fields."""

    __test__ = False  # not a test class for pytest

    kind: str
    fields: Mapping[str, FieldValue] = field(default_factory=lambda: NO_FIELDS)
    parts: tuple[Test, ...] = ()

    def text(self, name: str) -> str:
        """Return the text of the field `name`, empty where it isn't set."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the list of the field `name`, empty where it isn't set."""
        value = self.fields.get(name, ())
        return value if isinstance(value, tuple) else ()

    def number(self, name: str) -> float | None:
        """Return the number of the field `name`, None where it isn't set."""
        value = self.fields.get(name)
        return value if isinstance(value, float) else None

    def leaves(self) -> tuple[Test, ...]:
        """Return the simple tests in order."""
        return tuple(leaf for part in self.parts for leaf in part.leaves()) if self.parts else (self,)


class Verification(Struct, frozen=True):
    """Against what the quote and standing were checked, and when.

    `held_until`: last day of which the copy at hand speaks: for a later day nobody has looked whether it was amended
    or replaced.
    """

    state: VerificationState
    against: str
    on: date | None = None
    held_until: date | None = None

    def text_on(self, day: date) -> str:
        """Return state, copy and day of the check as they are printed beside a clause.

        >>> from datetime import date
        >>> copy = Verification(VerificationState.VERIFIED, "文本库", date(2026, 11, 21), date(2025, 4, 30))
        >>> copy.text_on(date(2025, 4, 30))
        '已核对（文本库，2026-11-21）'
        >>> copy.text_on(date(2025, 5, 1))
        '效力待核实（所收录文本截至2025-04-30，此后是否修订或被替代未核实；文本库，2026-11-21）'
        """
        checked = "，".join(filter(None, (self.against, str(self.on or ""))))
        is_later = self.held_until is not None and day > self.held_until
        state = VerificationState.UNVERIFIED if is_later else self.state
        ends = f"所收录文本截至{self.held_until}，此后是否修订或被替代未核实；" if state is not self.state else ""
        return f"{state.zh}（{ends}{checked}）"


class Validity(Struct, frozen=True):
    """An office's own check of a clause, or of a whole text (效力核实), with what it rests on.

    Parameters
    ----------
    subject
        The id of a rule, or the title of a document.
    document
        What the check rests on, such as the number of a letter.
    since
        From which day a text is followed or lost; None for one still applied.
    followed_by
        Title of the successor; `is_held` says whether the rule book holds it.
    """

    subject: str
    state: ValidityState
    by: str
    on: date
    document: str
    since: date | None = None
    followed_by: str = ""
    is_held: bool = False
    line: int = 0

    @property
    def found(self) -> Reason:
        """What was found, as `已接续于《…》，自2024-01-01起`."""
        state = say("followed_by", state=self.state, by=self.followed_by) if self.followed_by else self.state
        if self.since is None:
            return say("validity_found", found=state)
        return say("validity_found_since", found=state, since=str(self.since))

    @property
    def text(self) -> Reason:
        """The check as it is printed beside a clause.

        >>> from datetime import date
        >>> Validity("A-1", ValidityState.STILL, "市局", date(2026, 11, 20), "环函〔2026〕3号").text
        '单位效力核实：仍执行（市局，2026-11-20，依据环函〔2026〕3号）'
        """
        return say("validity_checked", found=self.found, by=self.by, on=str(self.on), document=self.document)


class RunsState(Struct, frozen=True):
    """Whether the program judges a rule, and why not."""

    state: Runs
    why: str = ""


class Rule(Struct, frozen=True):
    """One clause as data.

    Parameters
    ----------
    territory
        Administrative codes (CN, or six or nine digits) where the text has force.
    basin
        Basin that the text is about within its territory, by `reference/data/basins.csv`; empty for none.
    uncovered
        Words of the quote that no test covers; while they stand, the rule can be hit but never cleared.
    decider
        The authority that decides, in the words of the screen; `matter` says on what.
    parameters
        Names of what the text leaves open and this rule reads. One that is unset, has no recorded default and isn't a
        closed choice keeps the rule from being judged; a closed choice does so only where its choices would differ.
    condition
        For effect `restrict`: what must be fulfilled, as printed.
    would_decide
        For texts not held: what they would decide.
    validity
        What the user's office found of its standing; None where it said nothing.
    pack, file, line
        Where the record stands.
    """

    id: str
    title: Title
    legal_rank: LegalRank
    authority: str
    territory: tuple[str, ...]
    applies_to: AppliesTo
    test: Test | None
    effect: Effect
    history: tuple[DatedValue, ...]
    decider: str
    matter: str
    verified: Verification
    runs: RunsState
    exceptions: tuple[Exemption, ...] = ()
    parameters: tuple[str, ...] = ()
    in_principle: bool = False
    condition: str = ""
    would_decide: str = ""
    basin: str = ""
    uncovered: str = ""
    note: str = ""
    cases: tuple[Case, ...] = ()
    validity: Validity | None = None
    pack: str = ""
    file: str = ""
    line: int = 0

    @property
    def gives_findings(self) -> bool:
        """Whether the rule writes findings (classify and inform only fill columns or quote text)."""
        return self.effect in {Effect.BAN, Effect.REQUIRE, Effect.RESTRICT, Effect.LIST}

    @property
    def latest(self) -> DatedValue:
        """The newest dated value."""
        return self.history[-1]


class RuleStanding(Struct, frozen=True):
    """How a rule stands for a place and day, and which of its dated values speaks.

    `doubt`: why it isn't known whether the rule's territory holds the place; empty where it does.
    `verified`: whether the text stands verified for the day, against what, as printed; empty for a radius of the
    user's own.
    """

    standing: Standing
    value: DatedValue | None
    note_zh: str
    doubt: str = ""
    verified: str = ""
