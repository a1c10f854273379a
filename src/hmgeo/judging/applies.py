"""Whether a rule speaks to a source at all: kind, trade, action, conditions, and whether cadmium is involved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hmgeo.judging.choices import unset_text
from hmgeo.judging.facts import Unknown as Doubted
from hmgeo.records import Unknown
from hmgeo.reference.cells import read_trade, read_word
from hmgeo.reference.tables import find_header
from hmgeo.rules.claims import ACTION, CADMIUM, TRADE
from hmgeo.rules.words import ATTRIBUTES, SOURCE_KINDS
from hmgeo.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.judging.choices import Choices
    from hmgeo.rules.model import Exemption, Rule
    from hmgeo.vocabulary import Action


FOUND, BY_TRADE, NOT_RELATED, DISPUTED = "已认定", "行业推定", "不涉及", "矛盾待核实"
CADMIUM_TRADES = "cadmium_trades"


@dataclass(frozen=True, slots=True)
class Cadmium:
    """已认定, 行业推定, 不涉及, 矛盾待核实 or empty (nobody can tell), with what it rests on."""

    word: str
    basis: str


def found_cadmium(columns: Mapping[str, str]) -> bool | Unknown | None:
    """Return what a list states as found; None where it states nothing, or only infers it from the trade.

    Examples
    --------
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
        return Cadmium("", f"是否涉镉所填「{stated}」看不懂，未判定")
    if word in (FOUND, NOT_RELATED):
        return Cadmium(str(word), "名单填报" + (f"：{stated_basis}" if stated_basis else "，未填依据"))
    chosen = choices.get(CADMIUM_TRADES)
    if chosen is None or not isinstance(chosen.value, tuple):
        return Cadmium("", "涉镉行业名录未选定，未判定")
    return _by_trade(code, edition, str(chosen.edition), chosen.value)


def _by_trade(code: str, edition: str, held: str, listed_codes: tuple[str, ...]) -> Cadmium:
    """Return what the trade suggests, by codes of the edition that the user chose."""
    listed = f"项目选定的涉镉行业（GB/T 4754—{held}）"
    trade = read_trade(code)
    if isinstance(trade, Unknown):
        return Cadmium("", f"行业代码「{code}」看不懂，未判定" if code else "缺少行业代码，未判定")
    edition = trade.edition(edition, (held,))
    code = trade.text(edition) or code
    if edition != held or not trade.codes(edition):
        return Cadmium("", f"行业代码为 {edition or '未注明'} 版，名录为 {held} 版，未判定")
    fits = trade.fits(edition, listed_codes)
    if isinstance(fits, Unknown):
        return Cadmium("", f"行业代码 {fits.found} 只到大类或中类，或缺前导零，未判定")
    if fits:
        return Cadmium(BY_TRADE, f"行业代码 {code} 属{listed}")
    return Cadmium(NOT_RELATED, f"行业代码 {code} 不属{listed}")


NOT_APPLICABLE = "原因：{what}不在条款适用范围。"
ACTION_WORD = "行为（{action}）"
TRADE_WORD = "行业（{code}，{edition} 版）"
SITUATION_WORD = "情形（{word}）"
TRADE_UNSAID = "缺少行业代码，无法判断条款是否适用，本条未作判断。"
TRADE_COARSE = "行业代码 {code} 只到大类或中类，或缺前导零，不能判断是否为条款所列行业，本条未作判断。"
TRADE_UNREAD = "行业代码「{code}」看不懂，无法判断条款是否适用，本条未作判断。"
CADMIUM_UNREAD = "是否涉镉所填「{word}」看不懂，无法判断条款是否适用，本条未作判断。"
OTHER_EDITION = (
    "行业代码 {code} 为 {stated}，条款行业按 {held} 给出；同一代码在两版中可指不同行业，不作换算，本条未作判断。"
)
FACTS_UNSAID = "未说明是否{words}，本条未作判断。"
EXEMPT_UNSAID = "未说明{words}，不能判断是否属条文除外情形（“{quote}”）。"
EXEMPT = "原因：属条文除外情形（“{quote}”）{said}。"
"""Why a rule doesn't reach a source, or isn't known to, with parts to fill in."""


@dataclass(frozen=True, slots=True)
class Subject:
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


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a rule isn't judged for a source: not applicable, or something isn't known."""

    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Exempt:
    """An exception that the text makes and that holds for the source, or may hold."""

    is_known: bool
    why: str


def exemption(rule: Rule, subject: Subject) -> Exempt | None:
    """Return the exception that takes the source out, or may take it out; None where none can."""
    found = [reason for one in rule.exceptions if (reason := _exempt(one, subject)) is not None]
    known = [one for one in found if one.is_known]
    return next(iter(known or found), None)


def _exempt(one: Exemption, subject: Subject) -> Exempt | None:
    """Return whether one exception holds: all of its conditions, and one of its actions where it names any."""
    is_said = subject.action is not None and ACTION not in subject.doubts
    if one.actions and is_said and subject.action not in one.actions:
        return None
    doubted = subject.doubts.get(ACTION, "") if one.actions else ""
    unsaid = ["建设性质"] if one.actions and subject.action is None else []
    for condition in one.conditions:
        known = subject.attributes.get(condition.attribute)
        if isinstance(known, Doubted):
            doubted += known.why
        elif known is None:
            unsaid.append(f"是否{ATTRIBUTES[condition.attribute]}")
        elif known is not condition.expected:
            return None
    if doubted and not unsaid:
        return Exempt(is_known=False, why=doubted)
    if unsaid:
        return Exempt(is_known=False, why=doubted + EXEMPT_UNSAID.format(words="、".join(unsaid), quote=one.quote))
    said = f"：{one.text_zh}" if one.text_zh else ""
    return Exempt(is_known=True, why=EXEMPT.format(quote=one.quote, said=said))


def hindrance(rule: Rule, subject: Subject, choices: Choices) -> Hindrance | None:
    """Return why a rule doesn't reach the source, None where it does."""
    checks = (_kind, _action, _trade, _conditions)
    found = [reason for check in checks if (reason := check(rule, subject, choices)) is not None]
    certain = [reason for reason in found if reason.verdict is Verdict.NOT_APPLICABLE]
    return next(iter(certain or found), None)


def _not_applicable(why: str) -> Hindrance:
    return Hindrance(Verdict.NOT_APPLICABLE, NOT_APPLICABLE.format(what=why))


def _unknown(why: str) -> Hindrance:
    return Hindrance(Verdict.NOT_ASSESSED, why)


def _kind(rule: Rule, subject: Subject, _: Choices) -> Hindrance | None:
    if subject.kind in rule.applies_to.source_kinds:
        return None
    return _not_applicable(f"对象（{SOURCE_KINDS.get(subject.kind, subject.kind)}）")


def _action(rule: Rule, subject: Subject, _: Choices) -> Hindrance | None:
    actions = rule.applies_to.actions
    if actions and ACTION in subject.doubts:
        return _unknown(subject.doubts[ACTION])
    if not actions or subject.action in actions:
        return None
    if subject.action is None:
        return _unknown(f"条款针对{'、'.join(action.zh for action in actions)}，未说明建设性质，本条未作判断。")
    return _not_applicable(ACTION_WORD.format(action=subject.action.zh))


def _trade(rule: Rule, subject: Subject, choices: Choices) -> Hindrance | None:
    if rule.applies_to.trades.is_any:
        return None
    is_cadmium = rule.applies_to.trades.parameter == CADMIUM_TRADES
    doubted = subject.doubts.get(CADMIUM, "") if is_cadmium else ""
    found = subject.is_cadmium_related
    if is_cadmium and not doubted and found is not None:
        if isinstance(found, Unknown):
            return _unknown(CADMIUM_UNREAD.format(word=found.found))
        return None if found else _not_applicable("涉镉情况（名单填报：不涉及）")
    doubted = doubted or subject.doubts.get(TRADE, "")
    return _unknown(doubted) if doubted else _trade_listed(rule, subject, choices)


def _trade_listed(rule: Rule, subject: Subject, choices: Choices) -> Hindrance | None:
    """Return why the lists of a rule don't reach the source's trade."""
    lists = trade_lists(rule, choices)
    if lists is None:
        return _unknown(unset_text(rule.applies_to.trades.parameter))
    return _trade_in(subject, lists)


def trade_lists(rule: Rule, choices: Choices) -> dict[str, tuple[str, ...]] | None:
    """Return the codes by edition, None where the user had to choose them and didn't."""
    trades = rule.applies_to.trades
    if not trades.parameter:
        return {str(one.edition): one.codes for one in trades.lists}
    chosen = choices.get(trades.parameter)
    if chosen is None or not isinstance(chosen.value, tuple):
        return None
    return {str(chosen.edition): chosen.value}


def _trade_in(subject: Subject, lists: Mapping[str, tuple[str, ...]]) -> Hindrance | None:
    """Return why the listed codes, by edition, don't reach the source; None where they do."""
    trade = read_trade(subject.trade_code)
    if isinstance(trade, Unknown):
        unsaid = trade.code == "not_stated"
        return _unknown(TRADE_UNSAID if unsaid else TRADE_UNREAD.format(code=subject.trade_code))
    edition = trade.edition(subject.trade_edition, lists)
    code = trade.text(edition) or subject.trade_code
    if edition not in lists or not trade.codes(edition):
        stated = f"{edition} 版" if edition else "未注明版本"
        held = "、".join(f"{edition} 版" for edition in lists)
        return _unknown(OTHER_EDITION.format(code=code, stated=stated, held=held))
    fits = trade.fits(edition, lists[edition])
    if isinstance(fits, Unknown):
        return _unknown(TRADE_COARSE.format(code=fits.found))
    return None if fits else _not_applicable(TRADE_WORD.format(code=code, edition=edition))


def _conditions(rule: Rule, subject: Subject, _: Choices) -> Hindrance | None:
    unknown, doubted = [], ""
    for condition in rule.applies_to.conditions:
        word = ATTRIBUTES[condition.attribute]
        known = subject.attributes.get(condition.attribute)
        if isinstance(known, Doubted):
            doubted += known.why
        elif known is None:
            unknown.append(word)
        elif known is not condition.expected:
            return _not_applicable(SITUATION_WORD.format(word=f"{'' if condition.expected else '非'}{word}"))
    unsaid = FACTS_UNSAID.format(words="、是否".join(unknown)) if unknown else ""
    return _unknown(doubted + unsaid) if doubted or unsaid else None
