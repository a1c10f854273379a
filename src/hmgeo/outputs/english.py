"""The words of outputs in English: reasons by their codes, other phrases as they stand beside their Chinese.

Reasons are told by the catalogue of `hmgeo.words`. What still comes as finished Chinese is read back by the phrases of
`english.tsv` and the catalogue's own; that goes as rooms hand on reasons.
Tables are filled in Chinese once; a text is put into English where it is written. A phrase may hold parts in braces:
what stands there is put into English in its turn. Names, ids, quotes of law and whatever else no phrase covers stay as
they are, so that numbers and data are the same in both languages.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from hmgeo import vocabulary
from hmgeo.outputs import wording
from hmgeo.vocabulary import Word
from hmgeo.words import ENGLISH, Reason, render, templates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


PHRASES_FILE = "english.tsv"
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_OPEN, _CLOSE = "（《「", "）》」"
_ENDS_IN_BRACKET = re.compile(r"([^（）《》]+)（([^（）]+)）")
_END_IN_ENGLISH = {"。": ". ", "；": "; ", "！": "! ", "｜": " | ", "\n": "\n"}
_PART = re.compile(r"\{([a-z_]+)\}")
_TOLD = re.compile(r"\{([a-z_]+):([^}]*)\}")
_CUT_ZH, _CUTS_EN = re.compile("[。；]"), (re.compile(r"\. "), re.compile(r"[.;] "))
_NARROW = {"n": "[0-9.,e+-]+", "r": "[0-9.,]+ k?m"}
_DEEPEST, _TELLING = 6, 3


def in_language(text: str, language: str) -> str:
    """Return a text of ours in `language`: as it is unless that is English."""
    if language != ENGLISH:
        return text
    return in_english(text)


def in_english(text: str) -> str:
    """Return a text in English as far as its phrases are known.

    Examples
    --------
    >>> in_english("该点距数据边界 90 米，小于查询半径 500 米，结果为下限。")
    'The point lies 90 m from the edge of the data, less than the search radius of 500 m: results are lower bounds.'
    >>> in_english("清城区"), in_english("最近耕地 1.4 km（±50 m）")
    ('清城区', 'nearest farmland 1.4 km (±50 m)')
    """
    return render(text, ENGLISH, in_english) if isinstance(text, Reason) else _read(text)


@lru_cache(maxsize=200_000)
def _read(text: str) -> str:
    return _say(text, 0)


def _say(text: str, depth: int) -> str:
    pieces = _sentences(text)
    if len(pieces) == 1:
        return _sentence(text, depth)
    said = [_END_IN_ENGLISH.get(piece) or _sentence(piece, depth) for piece in pieces]
    return "".join(said).strip(" ")


def _sentences(text: str) -> list[str]:
    """Cut a text at the ends of its sentences, ends apart; brackets hold together."""
    pieces, held = [""], 0
    for sign in text:
        held += (sign in _OPEN) - (sign in _CLOSE)
        if sign in _END_IN_ENGLISH and held <= 0:
            pieces += [sign, ""]
        else:
            pieces[-1] += sign
    return [piece for piece in pieces if piece]


def _sentence(text: str, depth: int) -> str:
    if not _CHINESE.search(text):
        return _plain_signs(text)
    found = _known(text, depth)
    if found is not None:
        return found
    bracketed = _ENDS_IN_BRACKET.fullmatch(text)
    if bracketed is not None and depth <= _DEEPEST:
        return f"{_say(bracketed[1], depth + 1)} ({_say(bracketed[2], depth + 1)})"
    if "、" not in text or depth > _DEEPEST:
        return _plain_signs(text)
    parts = [_known(part, depth + 1) for part in text.split("、")]
    told = [part for part in parts if part is not None]
    return ", ".join(told) if len(told) == len(parts) else _plain_signs(text)  # a list of names stays one


def _known(text: str, depth: int) -> str | None:
    """Return the English of a whole phrase; None where there is none."""
    exact, patterns = phrases()
    if text in exact:
        return exact[text]
    if depth > _DEEPEST:
        return None
    for anchor, pattern, english in patterns:
        match = pattern.fullmatch(text) if anchor in text else None
        if match is not None:
            parts = {name: _listed(part, depth + 1) for name, part in match.groupdict().items()}
            return english.format(**parts)
    return None


def _listed(part: str, depth: int) -> str:
    """Return what stands in a phrase; names that a pair of brackets hold side by side (「甲」「乙」) one by one."""
    return '", "'.join(_say(name, depth) for name in part.split("」「"))


def _plain_signs(text: str) -> str:
    return re.sub(r"（(±[^）]*)）", r" (\1)", text)


@lru_cache(maxsize=1)
def phrases() -> tuple[Mapping[str, str], tuple[tuple[str, re.Pattern[str], str], ...]]:
    """Return whole phrases, and those with parts: longest piece, pattern, English; the most telling first."""
    exact = {zh: en for zh, en in _of_catalogue() if not _PART.search(zh)}
    exact |= {text.zh: text.en for text in vars(wording).values() if isinstance(text, wording.Text)}
    for words in vars(vocabulary).values():
        if isinstance(words, type) and issubclass(words, Word):
            exact |= {word.zh: word.en for word in words}
    exact[wording.DISCLAIMER] = wording.DISCLAIMER_EN
    open_ended = {zh: en for zh, en in _of_catalogue() if _PART.search(zh)}
    for zh, en in written():
        (open_ended if _PART.search(zh) else exact)[zh] = en
    for one in list(exact):
        if _PART.search(one) or "{" in one:
            del exact[one]
    order = sorted(open_ended, key=lambda zh: (-len(_PART.sub("", zh)), zh))
    return exact, tuple((max(_PART.split(zh)[::2], key=len), _pattern(zh), open_ended[zh]) for zh in order)


def _of_catalogue() -> Iterator[tuple[str, str]]:
    """Yield the catalogue's sentences, piece by piece, where both languages have as many; numbers are named n."""
    for zh, en in templates():
        plain_zh, plain_en = (_TOLD.sub(_plain_part, text) for text in (zh, en))
        ours, said = _CUT_ZH.split(plain_zh.rstrip("。")), plain_en.rstrip(".")
        cuts = ([said], *(cut.split(said) for cut in _CUTS_EN))
        pairs = zip(ours, next((cut for cut in cuts if len(cut) == len(ours)), ()), strict=False)
        yield from (pair for pair in pairs if _is_telling(pair[0]))


def _is_telling(zh: str) -> bool:
    """Tell whether nothing but the phrase itself reads so: it holds no parts, or enough between them."""
    between = _PART.sub("", zh)
    return len(_CHINESE.findall(between)) >= _TELLING or (between == zh and bool(_CHINESE.search(zh)))


def _plain_part(part: re.Match[str]) -> str:
    unit = re.search(" km²?$", part[2])
    is_number = re.search("[dfg]$", part[2].split(" ")[0])
    return f"{{{'n_' if is_number else ''}{part[1]}}}{unit[0] if unit else ''}"


def written() -> tuple[tuple[str, str], ...]:
    """Return the phrases of the file, Chinese and English side by side."""
    text = resources.files("hmgeo.outputs").joinpath(PHRASES_FILE).read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    next(rows)
    return tuple((zh, en) for zh, en in rows)


def _pattern(zh: str) -> re.Pattern[str]:
    """Return the expression that a phrase with parts stands for; n, or n_ and more, is a number, r a radius."""
    made, held = "", set()
    for index, piece in enumerate(_PART.split(zh)):
        if index % 2 == 0:
            made += re.escape(piece)
        elif piece in held:
            made += f"(?P={piece})"
        else:
            made += f"(?P<{piece}>{_NARROW.get('n' if piece.startswith('n_') else piece, '.+?')})"
            held.add(piece)
    return re.compile(made, re.DOTALL)
