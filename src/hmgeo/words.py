"""Reasons in words: one catalogue, each code with its Chinese and English side by side, and what tells a reason by it.

A line of the catalogue holds a code, the group of what it keeps from being assessed (`hmgeo.vocabulary.Unassessed`;
empty for none), both languages, and, of one that keeps a clause from being judged, the code of what would settle it:
what a person can do about it. `{name}` stands for a value: text, a number with its format and unit
(`{way_m:.2f km}` tells metres in kilometres), a list with what stands between its members (`{words:、}`; `~` lets them
follow each other as sentences do), another reason, or one without its end and its bracketed part (`{why:bare}`). `[…]`
says what follows for a clause; it is left out where only what is the case is wanted.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import resources
from string import Formatter
from types import MappingProxyType
from typing import Any, Never, Self

from msgspec import Struct

from hmgeo import vocabulary
from hmgeo.vocabulary import UNREAD_CODE, Word


class Reason(str):
    """Why something is so: a code of the catalogue with values. Read as a text it is the catalogue's Chinese.

    `say` makes one, `render` tells it in a language; nobody reads it out of its words.

    `text`: as the catalogue tells it in Chinese. `values`: by the names that the catalogue's words give them.
    """

    __slots__ = ("code", "values")
    code: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, code: str, values: Mapping[str, Value]) -> Self:
        """Make the reason."""
        reason = super().__new__(cls, text)
        object.__setattr__(reason, "code", code)
        object.__setattr__(reason, "values", MappingProxyType(dict(values)))
        return reason

    def __setattr__(self, name: str, value: object) -> Never:
        """Refuse to be changed.

        `AttributeError` always.
        """
        message = f"a reason doesn't change: {name}"
        raise AttributeError(message)

    def __reduce__(self) -> tuple[type[Reason], tuple[str, str, dict[str, Any]]]:
        """Return how to make it anew."""
        return type(self), (str(self), self.code, dict(self.values))


Value = str | float | Reason | tuple["Value", ...]
"""What a reason holds: a text, a number, a word of `hmgeo.vocabulary`, another reason, or several of them."""


CATALOGUE_FILE = "words.tsv"
ENGLISH = "en"
SENTENCES = "sentences"
PLAIN = "plain"
_ENDS = ("。", "；", "！")
_BETWEEN = {"zh": "、", ENGLISH: ", "}
_UNITS = {" km": 1000.0, " km²": 100.0}
"""Units that a value in metres or hectares may be told in."""
_PACKED = "\x1e"
_JSON = json.JSONEncoder(ensure_ascii=False)
_TOGETHER = "~"
"""How a list of sentences is told: one after the other."""
_COUNTED = re.compile(
    r"(\{(\w+)(?::[^{}]*)?\})( (?:more )?[a-z]{3,}s\b)?"
    r"( (?:are|differ|drain|have|lie|look|name|search|stand|state|wait)\b)?"
)
"""A value in an English template, what it counts, and the verb that follows at once."""
_FOLLOWS = re.compile(r"\[([^\[\]]*)\]")


class Entry(Struct, frozen=True):
    """One line of the catalogue."""

    code: str
    group: str
    zh: str
    en: str
    settles: str = ""

    def template(self, language: str) -> str:
        """Return the words of a language."""
        return self.en if language == ENGLISH else self.zh


def table_rows(package: str, file: str) -> list[list[str]]:
    """Return the rows of `file` in `package`, a table with tabs between its cells, without the header."""
    text = resources.files(package).joinpath(file).read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE))


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Entry]:
    """Return every line by its code."""
    return {row[0]: Entry(*row) for row in table_rows("hmgeo", CATALOGUE_FILE)}


def say(code: str, /, **values: Value) -> Reason:
    """Return the reason of the catalogue's `code`; its words ask for each of `values` by name, no more and no less.

    `KeyError` for a code or a value that the catalogue doesn't hold.

    >>> say("layer_incomplete", layer="耕地")
    '「耕地」未申明完整，结果为下限。'
    >>> print(render(say("layer_incomplete", layer="Farmland"), "en"))
    "Farmland" isn't declared complete: results are lower bounds.
    """
    return Reason(_told(code, values, "zh", str, bare=False), code, values)


def say_with(code: str, values: Mapping[str, Value]) -> Reason:
    """Return the reason of `code`, told by those of `values` that its words ask for; KeyError for one they lack."""
    asked = {name for _, name, _ in _pieces(catalogue()[code].zh, bare=False) if name}
    return say(code, **{name: value for name, value in values.items() if name in asked})


def template(code: str, language: str = "zh") -> str:
    """Return the words of `code` in `language` for a page that fills in the values itself, each as `{name}`."""
    return "".join(
        literal + ("" if name is None else f"{{{name}}}")
        for literal, name, _ in _pieces(catalogue()[code].template(language), bare=False)
    )


def in_number(template: str, values: Mapping[str, Any]) -> str:
    """Return an English `template` whose words are in the singular wherever one of `values` counts one of them.

    A text that isn't called a count may be a name.

    >>> in_number("{count:d} rows are left, {rest} more classes, {id} holds", {"count": 1, "rest": "2", "id": "1"})
    '{count:d} row is left, {rest} more classes, {id} holds'
    """
    ones = {name for name, value in values.items() if value == 1 or (value == "1" and name in {"count", "n", "rest"})}
    return (
        _COUNTED.sub(lambda hit: _of_one(*hit.groups("")) if hit[2] in ones else hit[0], template) if ones else template
    )


def _of_one(value: str, _: str, noun: str, verb: str) -> str:
    verbs = {" are": " is", " have": " has", " search": " searches"}
    one = re.sub(r"(?<=ss)es$|s$", "", re.sub(r"ies$", "ys", noun))
    return f"{value}{one}{verbs.get(verb, verb and f'{verb}s')}"


def plain(text: str) -> Reason:
    """Return a text that isn't the catalogue's, such as a note of the input, as a reason."""
    return text if isinstance(text, Reason) else Reason(text, PLAIN, {"text": text})


def sentences(*parts: str) -> Reason:
    """Join `parts`, each once and each closed by a full stop; empty ones are left out.

    >>> sentences("没有坐标", "", "请补充。", "没有坐标")
    '没有坐标。请补充。'
    """
    flat = tuple(dict.fromkeys(sentence for part in parts for sentence in parts_of(part)))
    closed = dict.fromkeys(part if part.endswith(_ENDS) else f"{part}。" for part in flat)
    return Reason("".join(closed), SENTENCES, {"parts": flat})


def one_by_one(parts: Iterable[str]) -> str:
    """Return parts with a semicolon between them, empty ones left out; the only one as it is."""
    filled = tuple(filter(None, parts))
    return say("one_by_one", parts=filled) if len(filled) > 1 else next(iter(filled), "")


def parts_of(text: str) -> tuple[str, ...]:
    """Return the sentences that a text was joined from, itself where it wasn't, none where it is empty."""
    if not text:
        return ()
    if isinstance(text, Reason) and text.code == SENTENCES:
        parts: tuple[str, ...] = text.values["parts"]
        return parts
    return (text,)


def codes_of(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the codes of reasons, each once, and which word a reason lies in; other texts have none."""
    flat = (
        reason for text in texts for reason in parts_of(text) if isinstance(reason, Reason) and reason.code != PLAIN
    )
    coded = ((reason.code, *(f"{UNREAD_CODE}{word}" for word in _unread_in(reason))) for reason in flat)
    return tuple(dict.fromkeys(code for codes in coded for code in codes))


def _unread_in(reason: Reason) -> Iterator[str]:
    """Yield the word that a reason says isn't understood."""
    names = ("word", "cell", "unread") if reason.code.endswith("_unread") else ("unread",)
    yield from (word for name in names if (word := reason.values.get(name)))


def groups_of(codes: str) -> str:
    """Return what codes, joined by `;`, keep from being assessed: the group of each, or the code where it has none.

    >>> groups_of("layer_absent;place_unknown")
    'missing;place_unknown'
    """
    entries = catalogue()
    groups = (entries[code].group or code if code in entries else code for code in codes.split(";"))
    return ";".join(dict.fromkeys(groups))


def render(text: str, language: str, speak: Callable[[str], str] = str, *, bare: bool = False) -> str:
    """Return `text` in `language` (`zh` or `en`); one that is no reason goes through `speak` in English, else as it is.

    `speak`: puts what isn't a reason, such as words of a list among the values, into English.
    `bare`: without what follows for a clause, and without a full stop.
    """
    if not isinstance(text, Reason):
        return speak(text) if language == ENGLISH else text
    if text.code == SENTENCES and language == ENGLISH:
        pieces = (render(part, language, speak) for part in text.values["parts"])
        return " ".join(
            dict.fromkeys(piece if piece.endswith((".", ";", "!", "。")) else f"{piece}." for piece in pieces if piece)
        )
    if text.code == SENTENCES:
        return str(text)
    if text.code == PLAIN:
        return speak(text.values["text"]) if language == ENGLISH else str(text)
    return _told(text.code, text.values, language, speak, bare=bare)


def bared(text: str) -> str:
    """Return `text` in Chinese, as a reason without what follows for a clause, and without a full stop."""
    return render(text, "zh", bare=True).rstrip("。")


def encoded(text: str) -> list[dict[str, str]]:
    """Return the reasons that a text is joined from, each as its code and its values in JSON.

    >>> encoded(say("layer_incomplete", layer="耕地"))
    [{'code': 'layer_incomplete', 'values': '{"layer": "耕地"}'}]
    """
    return [
        {"code": reason.code, "values": _JSON.encode(_data(dict(reason.values)))}
        for reason in map(plain, parts_of(text))
    ]


def decoded(reasons: Iterable[Mapping[str, str]]) -> Reason:
    """Return what `encoded` was given, from its `reasons`: code and values in JSON each."""
    return sentences(*(_decoded(reason["code"], reason["values"]) for reason in reasons))


def packed(text: str) -> str:
    """Return a text as a cell keeps it: one that is no reason as it is, a reason as its code and values."""
    if not isinstance(text, Reason) or text.code == PLAIN:
        return str(text)
    return _PACKED + _JSON.encode(_data(text))


@lru_cache(maxsize=4096)
def unpacked(cell: str) -> str:
    """Return what `packed` was given; a `cell` that holds no reason is the text itself."""
    if not cell.startswith(_PACKED):
        return cell
    text: str = _value(json.loads(cell.removeprefix(_PACKED)))
    return text


@lru_cache(maxsize=4096)
def _decoded(code: str, values: str) -> Reason:
    return _reason(code, json.loads(values))


def _data(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, Reason):
        return {"code": value.code, "values": _data(dict(value.values))}
    if isinstance(value, Word):
        return {"word": type(value).__name__, "code": value.value}
    if isinstance(value, dict):
        return {name: _data(member) for name, member in value.items()}
    if isinstance(value, tuple | list):
        return [_data(member) for member in value]
    return value.item() if hasattr(value, "item") else value  # a count that numpy summed


def _value(data: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    if isinstance(data, list):
        return tuple(map(_value, data))
    if not isinstance(data, dict):
        return data
    if "values" in data:
        return _reason(data["code"], data["values"])
    return getattr(vocabulary, data["word"]).of(data["code"])


def _reason(code: str, data: Mapping[str, Any]) -> Reason:
    values = {name: _value(member) for name, member in data.items()}
    if code == PLAIN:
        return plain(values["text"])
    return sentences(*values["parts"]) if code == SENTENCES else say(code, **values)


def _told(code: str, values: Mapping[str, Any], language: str, speak: Callable[[str], str], *, bare: bool) -> str:
    template = catalogue()[code].template(language)
    template = in_number(template, values) if language == ENGLISH else template
    pieces = [
        literal + ("" if name is None else _one(values[name], spec, language, speak))
        for literal, name, spec in _pieces(template, bare)
    ]
    text = "".join(pieces).strip() if language == ENGLISH and "[" in template else "".join(pieces)
    return text.rstrip("。.") if bare else text


@lru_cache(maxsize=4096)
def _pieces(template: str, bare: bool) -> tuple[tuple[str, str | None, str], ...]:  # noqa: FBT001 - a key of the cache
    """Return literal, name of a value and how it is told, piece by piece."""
    text = _FOLLOWS.sub("" if bare else r"\1", template)
    return tuple((literal, name, spec or "") for literal, name, spec, _ in Formatter().parse(text))


def _one(value: Any, spec: str, language: str, speak: Callable[[str], str]) -> str:  # noqa: ANN401 - a Value
    if language == "zh" and (type(value) is str or (type(value) is Reason and spec != "bare")):
        return value  # a reason's own text
    if isinstance(value, tuple):
        between = ("" if language == "zh" else " ") if spec == _TOGETHER else spec or _BETWEEN[language]
        return between.join(_one(member, "", language, speak) for member in value)
    if isinstance(value, Word):
        return value.en if language == ENGLISH else value.zh
    if isinstance(value, str):
        return render(value, language, speak, bare=spec == "bare")
    unit = next((unit for unit in _UNITS if spec.endswith(unit)), "")
    return format(value / _UNITS[unit], spec.removesuffix(unit)) + unit if unit else format(value, spec)
