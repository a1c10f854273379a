"""The words of outputs in English: reasons by their codes, other phrases as they stand beside their Chinese.

Reasons are told by the catalogue of `hmgeo.words`, whatever they hold. A text that is no reason is looked up as it
stands, whole or sentence by sentence: labels, words of closed lists, remarks. No part of a text is ever filled in or
read out of it: names, ids, quotes of law and whatever else stands in no list stay as they are, so that numbers and
data are the same in both languages.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from hmgeo import vocabulary
from hmgeo.outputs import wording
from hmgeo.vocabulary import Word
from hmgeo.words import ENGLISH, Reason, catalogue, render, table_rows

PHRASES_FILE = "english.tsv"
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_OPEN, _CLOSE = "（《「", "）》」"
_ENDS_IN_BRACKET = re.compile(r"([^（）《》]+)（([^（）]+)）")
_END_IN_ENGLISH = {"。": ". ", "；": "; ", "！": "! ", "｜": " | ", "\n": "\n"}


def in_language(text: str, language: str) -> str:
    """Return a text of ours in `language`: as it is unless that is English."""
    return in_english(text) if language == ENGLISH else text


def value_in_language(text: str, language: str) -> str:
    """Return a cell in `language` where we made it; what a list holds is data and stays."""
    return in_language(text, language) if isinstance(text, Reason) else text


def in_english(text: str) -> str:
    """Return a text in English as far as it is known.

    >>> from hmgeo.words import say
    >>> in_english(say("coverage_ends_near", reach_m=90.0, limit_m=500.0))
    'The point lies 90 m from the edge of the data, less than the search radius of 500 m: results are lower bounds.'
    >>> in_english("清城区"), in_english("没有坐标。"), in_english("823 m（±50 m）")
    ('清城区', 'No coordinates.', '823 m (±50 m)')
    """
    return render(text, ENGLISH, in_english) if isinstance(text, Reason) else _read(text)


@lru_cache(maxsize=200_000)
def _read(text: str) -> str:
    pieces = _sentences(text)
    if len(pieces) == 1:
        return _sentence(text)
    english, is_ours = [], True
    for piece in pieces:
        if piece in _END_IN_ENGLISH:
            english.append(_END_IN_ENGLISH[piece] if is_ours else piece)  # what isn't ours keeps its own sign
            continue
        english.append(_sentence(piece))
        is_ours = english[-1] != piece or not _CHINESE.search(piece)
    return "".join(english).strip(" ")


def _sentences(text: str) -> list[str]:
    """Cut a text at the ends of its sentences, ends apart; brackets hold together."""
    pieces, depth = [""], 0
    for sign in text:
        depth += (sign in _OPEN) - (sign in _CLOSE)
        if sign in _END_IN_ENGLISH and depth <= 0:
            pieces += [sign, ""]
        else:
            pieces[-1] += sign
    return [piece for piece in pieces if piece]


def _sentence(text: str) -> str:
    if not _CHINESE.search(text):
        return re.sub(r"（(±[^）]*)）", r" (\1)", text)
    known = phrases()
    if text in known:
        return known[text]
    bracketed = _ENDS_IN_BRACKET.fullmatch(text)
    if bracketed is not None:
        return f"{_read(bracketed[1])} ({_read(bracketed[2])})"
    parts = text.split("、")
    return ", ".join(known[part] for part in parts) if all(part in known for part in parts) else text


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, str]:
    """Return the English of every phrase: those of the file, words of closed lists, sentences without values."""
    known = {entry.zh.rstrip("。"): entry.en.rstrip(".") for entry in catalogue().values() if "{" not in entry.zh}
    known |= {text.zh: text.en for text in wording.TEXTS.values()}
    for words in vars(vocabulary).values():
        if isinstance(words, type) and issubclass(words, Word):
            known |= {word.zh: word.en for word in words}
    return {**known, **dict(written())}


def written() -> tuple[tuple[str, str], ...]:
    """Return the phrases of the file, Chinese and English side by side."""
    return tuple((zh, en) for zh, en in table_rows("hmgeo.outputs", PHRASES_FILE))
