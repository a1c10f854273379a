"""What the texts leave open: the declared parameters, their choices, and the recorded defaults."""

import re
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml
from msgspec import Struct

from hmgeo.errors import RuleError, raise_problems
from hmgeo.reference.machine import kept
from hmgeo.rules.nodes import Reader, compose, line_of

FILE = "parameters.yml"


class ParameterType(StrEnum):
    """What a parameter's value is."""

    NUMBER = "number"
    CHOICE = "choice"
    CODES = "code_list"
    WORDS = "word_list"
    TEXT = "text"
    DATE = "date"


class Choice(Struct, frozen=True):
    """One allowed answer.

    `area_ids`, `classes`: what the choice means for key areas or for official classes of a layer; empty where it
    means neither.
    """

    code: str
    zh: str
    area_ids: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


class OpenText(Struct, frozen=True):
    """Which text leaves a parameter open; quote is verbatim, empty where the openness is a silence."""

    document: str
    clause: str = ""
    quote: str = ""
    text: str = ""


class _Hint(Struct, frozen=True):
    """A number or a list found elsewhere; never the law's."""

    value: str
    source: str

    @property
    def label(self) -> str:
        return "非法定距离" if re.search(r"\d ?k?m\b|公里", self.value) else "非法定取值"


class ParameterDeclaration(Struct, frozen=True):
    """One point that the texts leave open.

    Parameters
    ----------
    items
        Numbers of the open points that this answers (1 to 30).
    default
        A recorded default, printed in every output; empty where the user must choose.
    when
        `parameter=choice`: asked only then; empty where it is always asked.
    settled
        How the program's design decides the point, so that nobody has to choose; empty where it doesn't.
    is_setting
        Whether it says how water and ground are worked out, of which no text speaks: it stands under `settings`.
    """

    name: str
    title_zh: str
    type: ParameterType
    items: tuple[int, ...]
    left_open_by: tuple[OpenText, ...]
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    hints: tuple[_Hint, ...] = ()
    default: str = ""
    when: str = ""
    settled: str = ""
    is_setting: bool = False

    def choice(self, code: str) -> Choice | None:
        """Return the choice of that code, None where it isn't one."""
        return next((choice for choice in self.choices if choice.code == code), None)


_KEYS = tuple(
    {"title_zh": "title", "is_setting": "setting"}.get(name, name) for name in ParameterDeclaration.__struct_fields__
)


@lru_cache(maxsize=1)
def declared() -> tuple[ParameterDeclaration, ...]:
    """Return every declared parameter in the order of the packaged file.

    `RuleError` where the packaged file is faulty.

    >>> next(one.title_zh for one in declared() if one.name == "cadmium_trades")
    '涉镉等重金属行业'
    """
    room = Path(__file__).parent
    content, decides = (
        room / "data" / FILE,
        [room.parent / "vocabulary.py", *sorted(room.glob("*.py")), *sorted(room.glob("*.tsv"))],
    )
    return kept("parameters", room, [*decides, content], lambda: _read_parameters(content.read_bytes(), FILE))


def title_of(name: str) -> str:
    """Return what a parameter is called, its name where nobody declared it."""
    declared = declaration(name)
    return name if declared is None else declared.title_zh


@lru_cache(maxsize=256)
def declaration(name: str) -> ParameterDeclaration | None:
    """Return the declaration of that name, None where there is none."""
    return next((parameter for parameter in declared() if parameter.name == name), None)


def _read_parameters(content: bytes, file: str) -> tuple[ParameterDeclaration, ...]:
    """Return the declarations of a file, or raise every fault with file and line."""
    reader = Reader(file)
    root = reader.mapping(compose(content, file), ("schema", "parameters"), ("schema", "parameters"), "参数文件")
    declared_here = [_declaration(reader, node) for node in reader.items(root, "parameters")]
    seen: set[str] = set()
    for parameter, node in zip(declared_here, reader.items(root, "parameters"), strict=True):
        if parameter.name in seen:
            reader.fault(node, "参数名重复", found=parameter.name, remedy="只保留一个")
        seen.add(parameter.name)
    raise_problems(RuleError, reader.problems)
    return tuple(declared_here)


def _declaration(reader: Reader, node: yaml.Node) -> ParameterDeclaration:
    entries = reader.mapping(node, _KEYS, ("name", "title", "items", "type", "left_open_by"), "参数")
    kind = reader.word(entries, "type", [parameter.value for parameter in ParameterType]) or "text"
    unit = reader.text(entries, "unit")
    if kind == ParameterType.NUMBER and not unit:
        reader.fault(line_of(node), "数字参数缺少 unit", remedy="补写单位")
    items = (reader.integer(item, "items") for item in reader.items(entries, "items"))
    return ParameterDeclaration(
        name=reader.text(entries, "name"),
        title_zh=reader.text(entries, "title"),
        type=ParameterType(kind),
        items=tuple(item for item in items if item is not None),
        left_open_by=tuple(_open_text(reader, parameter) for parameter in reader.items(entries, "left_open_by")),
        unit=unit,
        choices=tuple(_choice(reader, parameter) for parameter in reader.items(entries, "choices")),
        hints=tuple(_hint(reader, parameter) for parameter in reader.items(entries, "hints")),
        default=reader.text(entries, "default"),
        when=reader.text(entries, "when"),
        settled=reader.text(entries, "settled"),
        is_setting=reader.truth(entries, "setting"),
    )


def _choice(reader: Reader, node: yaml.Node) -> Choice:
    entries = reader.mapping(node, ("code", "zh", "area_ids", "classes"), ("code", "zh"), "choices")
    code, zh = (reader.text(entries, name) for name in ("code", "zh"))
    area_ids, classes = (reader.texts(entries, name) for name in ("area_ids", "classes"))
    return Choice(code, zh, area_ids, classes)


def _open_text(reader: Reader, node: yaml.Node) -> OpenText:
    names = ("document", "clause", "quote", "text")
    entries = reader.mapping(node, names, ("document",), "left_open_by")
    return OpenText(*(reader.text(entries, name) for name in names))


def _hint(reader: Reader, node: yaml.Node) -> _Hint:
    names = ("value", "source")
    entries = reader.mapping(node, names, names, "hints")
    return _Hint(*(reader.text(entries, name) for name in names))
