"""Whether a rule speaks to a source at all: kind, trade, action, conditions, and whether cadmium is involved."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from msgspec import Struct, field

from hmgeo.judging.choices import Choices, unset_text
from hmgeo.judging.facts import Side
from hmgeo.judging.facts import Unknown as Doubted
from hmgeo.reference.cells import read_trade, read_word
from hmgeo.reference.tables import Implied, find_header, implied_facts
from hmgeo.rules.claims import ACTION, CADMIUM, KIND, TRADE
from hmgeo.rules.model import Exemption, Rule
from hmgeo.rules.words import ATTRIBUTES, SOURCE_KINDS
from hmgeo.vocabulary import Action, Unknown
from hmgeo.words import Reason, say, sentences

FOUND, BY_TRADE, NOT_RELATED = "已认定", "行业推定", "不涉及"
DISPUTED = say("cadmium_disputed")
CADMIUM_TRADES = "cadmium_trades"


class Cadmium(Struct, frozen=True):
    """已认定, 行业推定, 不涉及, 矛盾待核实 or empty (nobody can tell), with what it rests on."""

    word: str
    basis: str


def found_cadmium(columns: Mapping[str, str]) -> bool | Unknown | None:
    """Return what a row's `columns` state as found; None where they state nothing, or infer it from the trade.

    >>> found_cadmium({"是否涉镉*": "已认定"}), found_cadmium({"是否涉镉": "行业推定"}), found_cadmium({})
    (True, None, None)
    >>> found_cadmium({"是否涉镉": "待查"}).found
    '待查'
    """
    word = read_word("是否涉镉", columns.get(find_header(list(columns), "是否涉镉"), "") or "")
    if isinstance(word, Unknown):
        return None if word.code == "not_stated" else word
    return {FOUND: True, NOT_RELATED: False}.get(word)


def cadmium_of(stated: str, stated_basis: str, code: str, edition: str, choices: Choices) -> Cadmium:
    """Return whether a source is cadmium-related.

    Parameters
    ----------
    stated, stated_basis
        The list's own 是否涉镉 and 涉镉依据.
    code, edition
        GB/T 4754 code and edition of the source's trade.
    choices
        Hold the chosen trades (`cadmium_trades`).

    Examples
    --------
    >>> from hmgeo.judging.choices import Choices
    >>> cadmium_of("已认定", "监测报告", "1712", "2017", Choices()).basis
    '名单填报：监测报告'
    >>> cadmium_of("", "", "", "", Choices()).word
    ''
    """
    word = read_word("是否涉镉", stated)
    if isinstance(word, Unknown) and word.code != "not_stated":
        return Cadmium("", say("cadmium_entry_unread", word=stated))
    if word in (FOUND, NOT_RELATED):
        reason = say("cadmium_listed", basis=stated_basis) if stated_basis else say("cadmium_listed_bare")
        return Cadmium(str(word), reason)
    chosen = choices.get(CADMIUM_TRADES)
    if chosen is None or not isinstance(chosen.value, tuple):
        return Cadmium("", say("cadmium_trades_unset"))
    return _by_trade(code, edition, str(chosen.edition), chosen.value)


def _by_trade(code: str, edition: str, listed_edition: str, listed_codes: tuple[str, ...]) -> Cadmium:
    """Return what the trade suggests, by codes of the edition that the user chose."""
    trade = read_trade(code)
    if isinstance(trade, Unknown):
        return Cadmium("", say("cadmium_trade_unread", code=code) if code else say("cadmium_trade_absent"))
    fits = trade.among(edition, {listed_edition: listed_codes})
    edition = trade.edition(edition, (listed_edition,))
    code = trade.text(edition) or code
    if isinstance(fits, Unknown) and fits.code == "edition":
        if not edition:
            return Cadmium("", say("cadmium_no_edition", held=listed_edition))
        return Cadmium("", say("cadmium_other_edition", edition=edition, held=listed_edition))
    if isinstance(fits, Unknown):
        return Cadmium("", say("cadmium_trade_coarse", code=fits.found))
    if fits:
        return Cadmium(BY_TRADE, say("cadmium_trade", code=code, edition=listed_edition))
    return Cadmium(NOT_RELATED, say("cadmium_other_trade", code=code, edition=listed_edition))


class Subject(Struct, frozen=True):
    """What is judged: facts from the input row. Empty or missing means that nobody said.

    Parameters
    ----------
    trade_code
        The cell as `hmgeo.reference.cells.read_trade` reads it: one code, several, or official names.
    is_cadmium_related
        What a person found; it comes before what the trade suggests. None where nobody said.
    doubts
        Why nobody can rest on something that is stated, by the topics of `hmgeo.rules.claims`; facts of `attributes`
        that other words contradict are `Unknown` there.
    """

    kind: str
    trade_code: str = ""
    trade_edition: str = ""
    action: Action | None = None
    attributes: Mapping[str, bool | Doubted] = field(default_factory=dict)
    is_cadmium_related: bool | Unknown | None = None
    doubts: Mapping[str, str] = field(default_factory=dict)


class Reach(Struct, frozen=True):
    """Whether a clause speaks to a source.

    Parameters
    ----------
    side
        Met where it does, not met where it doesn't, else unknown.
    why
        Why it doesn't, or isn't known to; empty where it does.
    wide
        Where only something wider than the clause (a trade code) says that it does: what is to be asked.
    derived
        What was taken from kind or trade because nobody stated it, with the source.
    """

    side: Side
    why: str = ""
    wide: str = ""
    derived: str = ""


SPEAKS = Reach(Side.MET)


class Exempt(Struct, frozen=True):
    """An exception that the text makes and that holds for the source, or may hold."""

    is_known: bool
    why: str


def exemption(rule: Rule, subject: Subject) -> Exempt | None:
    """Return the exception of `rule` that takes `subject` out, or may take it out; None where none can.

    Only a known one takes it out; the text of one that may hold is printed beside the rule's verdict.
    """
    exempts = [reason for exempt in rule.exceptions if (reason := _exempt(exempt, subject)) is not None]
    known = [exempt for exempt in exempts if exempt.is_known]
    return next(iter(known or exempts), None)


def _exempt(exception: Exemption, subject: Subject) -> Exempt | None:
    """Return whether one exception holds: all of its conditions, and one of its actions where it names any."""
    is_said = subject.action is not None and ACTION not in subject.doubts
    if exception.actions and is_said and subject.action is not None and not subject.action.is_among(exception.actions):
        return None
    doubted = [subject.doubts[ACTION]] if exception.actions and ACTION in subject.doubts else []
    unsaid: list[Reason] = [say("kind_of_project")] if exception.actions and subject.action is None else []
    for condition in exception.conditions:
        known, is_maybe = known_fact(subject, condition.attribute)
        if isinstance(known, Doubted):
            doubted.append(known.why)
        elif known is None or is_maybe:
            unsaid.append(say("whether", what=ATTRIBUTES[condition.attribute]))
        elif known is not condition.expected:
            return None
    if unsaid:
        return Exempt(is_known=False, why=say("exception_unstated", what=tuple(unsaid), quote=exception.quote))
    if doubted:
        return Exempt(is_known=False, why=say("exception_doubted", why=sentences(*doubted), quote=exception.quote))
    return Exempt(is_known=True, why=exempt_text(exception))


def exempt_text(exception: Exemption) -> Reason:
    """Return that a source falls under `exception`, as the text or its `text_zh` says it."""
    if exception.text_zh:
        return say("exempt_since", quote=exception.quote, why=exception.text_zh)
    return say("exempt", quote=exception.quote)


def reach(rule: Rule, subject: Subject, choices: Choices, doubt: str = "") -> Reach:
    """Return whether a rule speaks to the source: its kind, action, trade, situation and territory together.

    `doubt`: why it isn't known whether the territory holds the source (`RuleStanding.doubt`).
    `choices`: hold the lists of trades that a rule leaves to the user.
    """
    checks = (_kind, _action, _trade, _conditions)
    reaches = [check(rule, subject, choices) for check in checks]
    reaches.append(_territory(rule, subject, doubt))
    for side in (Side.NOT_MET, Side.UNKNOWN):
        first = next((reached for reached in reaches if reached.side is side), None)
        if first is not None:
            return first
    wide, derived = (
        sentences(*texts) for texts in zip(*((reached.wide, reached.derived) for reached in reaches), strict=True)
    )
    return Reach(Side.MET, wide=wide, derived=derived)


def _no(why: str) -> Reach:
    return Reach(Side.NOT_MET, say("not_applicable", what=why))


def _unknown(why: str) -> Reach:
    return Reach(Side.UNKNOWN, why)


def implied(subject: Subject, fact: str) -> Implied | None:
    """Return what the kind and trade of `subject` say of `fact`, a code of `ATTRIBUTES`; None where they say nothing.

    The longest code that fits decides; a trade that is contradicted or can't be read decides nothing.
    """
    return _implied(subject.kind, subject.trade_code, subject.trade_edition, fact, is_doubted=TRADE in subject.doubts)


@lru_cache(maxsize=4096)
def _implied(kind: str, code: str, edition: str, fact: str, *, is_doubted: bool) -> Implied | None:
    rows = [row for row in implied_facts() if row.fact == fact and row.kind in {"", kind}]
    plain = next((row for row in rows if not row.code), None)
    trade = read_trade(code) if rows and plain is None and not is_doubted else None
    if plain is not None or trade is None or isinstance(trade, Unknown):
        return plain
    codes = trade.stated or tuple(code for _, code in trade.named)
    findings = [_implied_by(code, rows, edition) for code in codes]
    return min(filter(None, findings), key=lambda row: _TELLING.index(row.means), default=None)


_TELLING = ("yes", "maybe", "unknown", "no")


def _implied_by(code: str, rows: Sequence[Implied], edition: str) -> Implied | None:
    """Return what one code says: by the longest listed code that it begins with, else by what is said of all others."""
    fits = [row for row in rows if row.code != "*" and code.startswith(row.code) and row.edition in {"", edition}]
    may_fit = [row for row in rows if row.code != "*" and row.code.startswith(code)]
    others = [row for row in rows if row.code == "*" and not may_fit]
    return max(fits, key=lambda row: len(row.code), default=next(iter(others), None))


def known_fact(subject: Subject, name: str) -> tuple[bool | Doubted | None, bool]:
    """Return what is known of the fact `name` of `subject`, and whether only a code that is wider than it says so.

    None where nobody knows, `Doubted` where what is stated can't hold.

    What is stated comes first; what a source is by its kind can't be denied by a word.
    """
    stated = subject.attributes.get(name)
    by_kind = implied(subject, name)
    if name == "is_relocation" and stated is None and subject.action is Action.RELOCATE:
        return True, False
    if stated is not None:
        if stated is False and by_kind is not None and by_kind.means == "yes":
            is_by_kind = bool(by_kind.kind) and not by_kind.code
            kind = SOURCE_KINDS.get(subject.kind, subject.kind)
            what = say("kind_is", kind=kind) if is_by_kind else say("trade_is", code=subject.trade_code)
            return Doubted(say("fact_denied", what=what, words=ATTRIBUTES[name])), False
        return stated, False
    if by_kind is not None and by_kind.kind and KIND in subject.doubts:  # what it is nobody could read
        return Doubted(subject.doubts[KIND]), False
    means = "" if by_kind is None else by_kind.means
    return {"yes": True, "maybe": True, "no": False}.get(means), means == "maybe"


def _kind(rule: Rule, subject: Subject, _: Choices) -> Reach:
    if subject.kind in rule.applies_to.source_kinds:
        return SPEAKS
    if KIND in subject.doubts:
        return _unknown(subject.doubts[KIND])
    return _no(say("reach_kind", kind=SOURCE_KINDS.get(subject.kind, subject.kind)))


def _action(rule: Rule, subject: Subject, _: Choices) -> Reach:
    actions, doubted = rule.applies_to.actions, subject.doubts.get(ACTION, "")
    if rule.applies_to.is_existing and subject.action is not None and subject.action.is_among((Action.NEW,)):
        return _unknown(doubted) if doubted else _no(say("reach_action", action=subject.action))
    if not actions:
        return SPEAKS
    if doubted:
        return _unknown(doubted)
    if subject.action is None:
        return _unknown(say("action_unstated", actions=tuple(actions)))
    return SPEAKS if subject.action.is_among(actions) else _no(say("reach_action", action=subject.action))


def _territory(rule: Rule, subject: Subject, doubt: str) -> Reach:
    """Return whether the basin that a law is about holds the source, where its place doesn't tell."""
    if not doubt:
        return SPEAKS
    stated = subject.attributes.get(f"in_{rule.basin}_basin")
    if stated is None or isinstance(stated, Doubted):
        return _unknown(doubt if stated is None else stated.why)
    return SPEAKS if stated else _no(say("reach_basin"))


def _trade(rule: Rule, subject: Subject, choices: Choices) -> Reach:
    if rule.applies_to.trades.is_any:
        return SPEAKS
    is_cadmium = rule.applies_to.trades.parameter == CADMIUM_TRADES
    doubted = subject.doubts.get(CADMIUM, "") if is_cadmium else ""
    is_found = subject.is_cadmium_related
    if is_cadmium and not doubted and is_found is not None:
        if isinstance(is_found, Unknown):
            return _unknown(say("cadmium_unread", word=is_found.found))
        return SPEAKS if is_found else _no(say("reach_cadmium"))
    doubted = doubted or subject.doubts.get(TRADE, "")
    return _unknown(doubted) if doubted else _trade_listed(rule, subject, choices)


def _trade_listed(rule: Rule, subject: Subject, choices: Choices) -> Reach:
    """Return whether the lists of a rule hold the source's trade, or a stated process does."""
    parts = {name: known_fact(subject, name) for name in rule.applies_to.trades.parts}
    if any(known is True and not is_maybe for known, is_maybe in parts.values()):
        return SPEAKS
    lists = trade_lists(rule, choices)
    if lists is None:
        return _unknown(unset_text(rule.applies_to.trades.parameter))
    whole = _trade_in(subject, lists)
    if whole.side is Side.UNKNOWN or not parts:
        return whole
    if whole.side is Side.NOT_MET:
        return _elsewhere(subject, parts) or whole
    return _narrowed(subject, lists, parts)


def _narrowed(
    subject: Subject, lists: Mapping[str, tuple[str, ...]], parts: Mapping[str, tuple[bool | Doubted | None, bool]]
) -> Reach:
    """Return whether a listed trade is meant, where some of the listed codes are wider than the clause."""
    narrow = {
        edition: tuple(code for code in codes if not _is_wide(code, edition, parts)) for edition, codes in lists.items()
    }
    sure = _trade_in(subject, narrow)
    if sure.side is Side.MET:
        return sure
    wide = tuple(ATTRIBUTES[name] for name, (_, is_maybe) in parts.items() if is_maybe)
    if wide:
        return Reach(Side.MET, wide=say("trade_wide", code=subject.trade_code, words=wide))
    return _doubted(parts) or sure


def _is_wide(code: str, edition: str, parts: Iterable[str]) -> bool:
    """Return whether a listed code stands there for a part of its class only."""
    return any(fact in parts for held in {"", edition} for fact in _maybe_facts().get((code, held), ()))


@cache
def _maybe_facts() -> Mapping[tuple[str, str], list[str]]:
    """Return what a code may or may not do, by code and edition."""
    facts_by_code: dict[tuple[str, str], list[str]] = {}
    for row in implied_facts():
        if row.means == "maybe":
            facts_by_code.setdefault((row.code, row.edition), []).append(row.fact)
    return facts_by_code


def _elsewhere(subject: Subject, parts: Mapping[str, tuple[bool | Doubted | None, bool]]) -> Reach | None:
    """Return why a trade that isn't listed may still be meant: its firms may run the process that is."""
    silent = {name: implied(subject, name) for name, (known, _) in parts.items() if known is None}
    words = tuple(ATTRIBUTES[name] for name, row in silent.items() if row is not None and row.means == "unknown")
    if words:
        return _unknown(say("trade_may_run_it", code=subject.trade_code, words=words))
    return _doubted(parts)


def _doubted(parts: Mapping[str, tuple[bool | Doubted | None, bool]]) -> Reach | None:
    return next((_unknown(known.why) for known, _ in parts.values() if isinstance(known, Doubted)), None)


def trade_lists(rule: Rule, choices: Choices) -> dict[str, tuple[str, ...]] | None:
    """Return the codes that `rule` names, by edition; None where the user had to choose them and didn't (`choices`)."""
    trades = rule.applies_to.trades
    if not trades.parameter:
        return {str(listed.edition): listed.codes for listed in trades.lists}
    chosen = choices.get(trades.parameter)
    if chosen is None or not isinstance(chosen.value, tuple):
        return None
    return {str(chosen.edition): chosen.value}


def _trade_in(subject: Subject, lists: Mapping[str, tuple[str, ...]]) -> Reach:
    """Return whether the listed codes, by edition, hold the source's trade."""
    trade = read_trade(subject.trade_code)
    if isinstance(trade, Unknown):
        unsaid = trade.code == "not_stated"
        return _unknown(say("trade_unstated") if unsaid else say("trade_unreadable", code=subject.trade_code))
    fits = trade.among(subject.trade_edition, lists)
    edition = trade.edition(subject.trade_edition, lists)
    code = trade.text(edition) or subject.trade_code
    stated = say("edition", edition=edition) if edition else say("edition_unstated")
    if isinstance(fits, Unknown) and fits.code == "edition":
        editions = tuple(say("edition", edition=edition) for edition in lists)
        return _unknown(say("trade_other_edition", code=code, stated=stated, held=editions))
    if isinstance(fits, Unknown):
        return _unknown(say("trade_coarse", code=fits.found))
    return SPEAKS if fits else _no(say("reach_trade", code=code, edition=stated))


def _conditions(rule: Rule, subject: Subject, _: Choices) -> Reach:
    unknown: list[str] = []
    doubted: list[str] = []
    wide: list[str] = []
    derived: list[str] = []
    for condition in rule.applies_to.conditions:
        word = ATTRIBUTES[condition.attribute]
        known, is_maybe = known_fact(subject, condition.attribute)
        if isinstance(known, Doubted):
            doubted.append(known.why)
        elif known is None or (is_maybe and not condition.expected):
            unknown.append(word)
        elif known is not condition.expected:
            return _no(say("reach_not_situation" if condition.expected else "reach_situation", word=word))
        elif is_maybe:
            wide.append(_wide(subject, condition.attribute))
        else:
            derived.append(_derivation(subject, condition.attribute))
    unsaid = [say("facts_unstated", words=tuple(unknown))] if unknown else []
    if doubted or unsaid:
        return _unknown(sentences(*doubted, *unsaid))
    return Reach(Side.MET, wide=sentences(*wide), derived=sentences(*derived))


def _wide(subject: Subject, name: str) -> Reason:
    """Return what is to be asked where the kind or the trade of a source is wider than a fact."""
    row, words = implied(subject, name), ATTRIBUTES[name]
    if row is not None and row.code:
        return say("fact_wide", code=subject.trade_code, words=words)
    return say("fact_wide_by_kind", kind=SOURCE_KINDS.get(subject.kind, subject.kind), words=words)


def _derivation(subject: Subject, name: str) -> str:
    """Return from what a fact was taken that nobody stated; empty where somebody did."""
    row = None if subject.attributes.get(name) is not None else implied(subject, name)
    if row is None or row.means != "yes":
        return ""
    kind = say("derived_from_kind", kind=SOURCE_KINDS.get(subject.kind, subject.kind))
    what = say("derived_from_trade", code=subject.trade_code) if row.code else kind
    return say("fact_derived", what=what, words=ATTRIBUTES[name], source=row.source)
