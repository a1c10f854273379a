"""Whether a source is cadmium-related: what a person found comes before what the trade suggests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.records import Unknown
from hmgeo.reference.cells import read_trade, read_word
from hmgeo.reference.templates import find_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hmgeo.analysis.choices import Choices

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
    >>> from hmgeo.analysis.choices import Choices
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
