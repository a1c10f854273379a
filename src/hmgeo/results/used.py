"""What went into results: layers, rules, choices; for captions, notes and the manifest."""

from msgspec import Struct

from hmgeo.records import Gates, Provenance
from hmgeo.vocabulary import Basis, LayerKind


class LayerUsed(Struct, frozen=True):
    """A layer that went into the results, for captions, notes and the manifest.

    `feature_count`, `row_count`: features used, and all that the file holds; what isn't used was set aside with a
    ledger entry. row_count is None where nobody counted.
    """

    name: str
    kind: LayerKind
    basis: Basis
    provenance: Provenance
    gates: Gates
    feature_count: int
    row_count: int | None = None


class JoinUsed(Struct, frozen=True):
    """A link between two lists: rows = joined + set aside.

    Parameters
    ----------
    table, column, target
        Rows of `table` name one of `target` in `column`.
    rows, joined
        Rows that name one, and those whose word is found.
    lost
        The words that lead nowhere, each once.
    """

    table: str
    column: str
    target: str
    rows: int
    joined: int
    lost: tuple[str, ...] = ()

    @property
    def set_aside(self) -> int:
        """Rows whose word leads nowhere."""
        return self.rows - self.joined


class RuleUsed(Struct, frozen=True):
    """A rule as it stood on the day asked about; `findings` counts what it judged (0 for classify and inform)."""

    rule_id: str
    title: str
    effect: str
    standing: str = ""
    legal_rank: str = ""
    document: str = ""
    clause: str = ""
    quote: str = ""
    quote_sha256: str = ""
    decider: str = ""
    value_from: str = ""
    verified: str = ""
    findings: int = 0
    note: str = ""
    title_en: str = ""


class VisitOrder(Struct, frozen=True):
    """By what the order of visits is made, with who chose it, when and why; `by` is empty for the default."""

    value: str = "group"
    by: str = ""
    on: str = ""
    reason: str = ""

    @property
    def sorted_by(self) -> tuple[str, ...]:
        """What decides first, then within that: `group`, `distance`, `township`."""
        return VISIT_ORDERS[self.value]


VISIT_ORDERS = {
    "group": ("group", "distance", "township"),
    "distance": ("distance", "group", "township"),
    "township": ("township", "group", "distance"),
}
"""The orders of visits that a project may choose, by their codes."""
DEFAULT_ORDER = VisitOrder()


class DecisionUsed(Struct, frozen=True):
    """What a person decided on a finding; it stands beside what was found, never in its place.

    Parameters
    ----------
    then
        The verdict that was decided on.
    now
        The verdict as found now; empty where there is no such finding any more, or not surely of this enterprise.
    name
        Of the enterprise that was decided on; empty where nobody said it.
    """

    finding_id: str
    decision: str
    by: str
    on: str
    document: str
    reason: str
    then: str
    now: str = ""
    name: str = ""

    @property
    def is_stale(self) -> bool:
        """Whether the finding is another than the one decided on."""
        return self.then != self.now


class ParameterUsed(Struct, frozen=True):
    """A choice that a text leaves open, with who made it, when and why; `by` is empty for a recorded default."""

    name: str
    value: str
    unit: str = ""
    by: str = ""
    on: str = ""
    reason: str = ""
