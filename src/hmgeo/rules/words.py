"""Closed words that rule files may use beyond `hmgeo.vocabulary` (`words.tsv`), and what columns state by them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

from hmgeo.reference.cells import read_word
from hmgeo.reference.tables import bare_header, is_blank, metals_named
from hmgeo.vocabulary import METALS, LayerKind, Unknown, expression
from hmgeo.words import table_rows


class _LayerWord(Struct, frozen=True):
    """A kind of layer that a test may need, with the department to ask for it."""

    zh: str
    department: str


LAYERS: Mapping[str, _LayerWord] = MappingProxyType(
    {kind.value: _LayerWord(kind.zh, kind.department) for kind in LayerKind}
    | {
        "key_areas": _LayerWord("重金属污染防控重点区域", "生态环境部门"),
        "reclamation_parcels": _LayerWord("拟复垦地块", "自然资源部门"),
        "planned_land_use": _LayerWord("规划用地", "自然资源部门"),
    }
)
"""Layers by code: the kinds of layers, and what only rules name."""


_LISTS: dict[str, dict[str, str]] = {}
for _list, _code, _words in table_rows("hmgeo.rules", "words.tsv"):
    _LISTS.setdefault(_list, {})[_code] = _words

SOURCE_KINDS: Mapping[str, str] = MappingProxyType(_LISTS["source_kind"])
"""What may be judged, by code; codes shared with `LAYERS` mean the same things."""

ATTRIBUTES: Mapping[str, str] = MappingProxyType(_LISTS["fact"])
"""Yes/no facts about a source that clauses ask for; they come from the input row, never from a guess."""

DECIDERS: Mapping[str, str] = MappingProxyType(_LISTS["decider"])
"""Who decides on which matter; the words of the screen."""

CLASS_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {layer: tuple(words.split()) for layer, words in _LISTS["class"].items()}
)
"""Official class words of each layer that has classes."""

BASINS: Mapping[str, str] = MappingProxyType({"yangtze": "长江流域", "yellow": "黄河流域"})
"""Basins that laws are about, by code; the fact `in_<code>_basin` says of a source that it lies there."""

MEASURED_ATTRIBUTES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"offset_kg": ("替代量", "kg/a"), "added_emission_kg": ("新增重点重金属排放量", "kg/a")}
)
"""Numbers about a source: words and unit."""

EDITIONS = (2011, 2017)
"""Editions of GB/T 4754."""

NETWORK, CATCHMENT, BOTH = "network", "catchment", "both"
"""What tells which way water flows, codes of the parameter `flow_by`: drawn rivers, heights, the two held together."""


_YES = frozenset({"是", "有", "已", "yes", "y", "true", "1"})
_NO = frozenset({"否", "无", "未", "no", "n", "false", "0"})
_YES_OR_NO = _YES | _NO

_CLASSES = {word: kind for kind, words in _LISTS["clause"].items() for word in words.split()}
_CLASSES |= dict.fromkeys(METALS.values(), "o")
_WORD = expression("|".join(sorted(_CLASSES, reverse=True)) + "|.", re.DOTALL)
_DENIAL = expression(r"(?=.*[nmx])[sjc]*(?:m[sjcm]*)?(?:b?n(?=[vos])v*(?:[osc]+(?:vc*)*)?|x)?|[sjcov]*mx|j*k[jk]*")
"""A clause that bears a no out, by the classes of its words (`words.tsv`).

It denies (n, x) what pollutes (o), what may (s) or what is done with it (v), names what keeps it from the soil (m), or
what the place is (k).
"""
_PRESENT = ("批准设立文号", "规划环评审查文号")
_EXTRA_COLUMNS = {
    "是否可能造成土壤污染及依据": "may_pollute_soil",
    "是否排放重点重金属": "discharges_heavy_metals",
    "是否化工园区": "is_chemical",
    "是否土壤污染重点监管单位": "key_supervised_unit",
    "批准设立文号": "park_lawful",
    "规划环评审查文号": "park_plan_eia",
}
_STATES = {
    "运行状态": {"在用": False, "停用": False, "闭库": True, "销库": True},
    "生产状态": {"在产": False, "停产": False, "关闭": True},
}
_SAID = {code: "|".join(sorted(words.split(), reverse=True)) for code, words in _LISTS["document"].items()}
_NAMES = expression(_SAID["name"])
_HAN = rf"[^\W\d_{_SAID['no_name']}]"
_YEAR = r"(?:(?:19|20)\d\d|[〇零○一二三四五六七八九]{4})"
_COUNT = r"(?:第|no\.?)?\s*(?:\d{1,5}(?:-\d+)?|[〇零○一二三四五六七八九十百]{1,6})(?!\d|\s*[年月])"
_DOCUMENT = expression(
    rf"(?:{_HAN}{{0,2}}(?:{_SAID['whose']})(?:{_SAID['kind']}){{0,8}}+"
    r"|(?<=[会府院部委局厅])(?:令|公告|(?=\d{4}年)))\s*"
    rf"(?:[〔\[(【<{{]\s*(?:{_YEAR}年?|\d\d)\s*[〕\])】>}}]\s*字?{_COUNT}\s*号?"
    rf"|(?:{_YEAR}|\d\d(?=-))\s*(?:年(?=\s*第)|字|[/—–_-])?\s*(?:{_COUNT}\s*号|\d{{3}}(?!\d))|(?<=[令告])第\s*\d+\s*号)",
    re.IGNORECASE,
)
"""The number of a document: whose and of what kind, its year, its count."""
_BESIDE = expression(
    rf"关于(?:同意|批准|撤销{_HAN}{{1,20}})?(?:设立|核定)[^\W_不未撤筹]{{1,40}}?的(?:批复|函)"
    rf"|(?:关于|《)(?:印发)?{_HAN}{{1,30}}(?:环境影响报告书|环评)(?:报批稿)?的?审查意见(?:的函)?"
    rf"|{_SAID['remark']}|[\s,;:、。()\[\]《》#]|(?:不含)?{_HAN}{{1,6}}[区园城]|不含(?:[{''.join(METALS.values())}]、?)+"
    rf"|原?{_HAN}{{0,12}}(?:政府|国务院|委员会|[委局厅部])(?:办公[厅室])?"
    rf"|{_YEAR}(?:年(?:\d\d?月(?:\d\d?日)?)?|([-./])\d\d?(?:\1\d\d?)?)(?!\d)"
)
"""What stands beside a number and leaves it in force: remarks of `words.tsv`, titles, parts of a park, organs, days."""
_NUMBER = expression(r"\+?\d+(?:\.\d+)?")


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    """Return a header without brackets and what stands in them, spaces and the number of a repeat; in small letters."""
    half = re.sub(r"#\d+$", "", unicodedata.normalize("NFKC", text).casefold())
    return "".join(re.sub(r"[(\[].*?[)\]]", "", half).split()).rstrip("*")


@lru_cache(maxsize=1)
def _attribute_columns() -> Mapping[str, str]:
    columns: dict[str, str] = {}
    for code, zh in ATTRIBUTES.items():
        columns |= {_plain(name): code for name in (code, zh, f"是否{zh}")}
    return columns | {_plain(name): code for name, code in _EXTRA_COLUMNS.items()}


@lru_cache(maxsize=1)
def _number_columns() -> Mapping[str, str]:
    return {bare_header(name): code for code, (zh, _) in MEASURED_ATTRIBUTES.items() for name in (code, zh)}


def stated_facts(row: Mapping[str, str]) -> dict[str, bool]:
    """Return the yes/no facts that a row states.

    `row`: column names as the office writes them, with the cells as text. A permit number that is filled in says that
    the permit is there; one left blank says nothing.

    >>> stated_facts({"是否化工园区": "否", "批准设立文号": "桂政函〔2010〕1号", "规划环评审查文号": "", "备注": "是"})
    {'is_chemical': False, 'park_lawful': True}
    """
    return {code: value for code, value, _, _ in said_facts(row)}


def said_facts(row: Mapping[str, str]) -> tuple[tuple[str, bool, str, str], ...]:
    """Return every statement of a yes/no fact in `row` (cells by header); rows that say the same share them.

    Its code, the value, the column and the cell that say it.

    >>> said_facts({"运行状态": "闭库", "生产状态": "在产"})
    (('closed', True, '运行状态', '闭库'), ('closed', False, '生产状态', '在产'))
    """
    columns = _fact_columns(tuple(row))
    return _said_in(columns, tuple((row[column] or "").strip() for column, _, _ in columns))


@lru_cache(maxsize=4096)
def _said_in(
    columns: tuple[tuple[str, str, str], ...], cells: tuple[str, ...]
) -> tuple[tuple[str, bool, str, str], ...]:
    return tuple(_facts_said(columns, cells))


def _facts_said(
    columns: tuple[tuple[str, str, str], ...], cells: tuple[str, ...]
) -> Iterator[tuple[str, bool, str, str]]:
    for (column, name, code), cell in zip(columns, cells, strict=True):
        value = cell.casefold()
        if name in _STATES:
            word = read_word(name, value)
            state = value if isinstance(word, Unknown) else word
            if state in _STATES[name]:
                yield "closed", _STATES[name][state], column, cell
        elif name in _PRESENT:
            if names_document(value):
                yield code, True, column, cell
        elif (answer := _yes_or_no(name, value)) in _YES_OR_NO:
            yield code, answer in _YES, column, cell


@lru_cache(maxsize=256)
def _fact_columns(headers: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Return those of `headers` that may state yes/no facts, each with its plain name and the fact's code."""
    named = ((header, _plain(header)) for header in headers if says_something(header))
    return tuple((header, name, _attribute_columns().get(name, "")) for header, name in named)


def _yes_or_no(column: str, value: str) -> str:
    """Return the word that answers; grounds behind a no, in a column that asks for them, must bear it out."""
    if not column.endswith("及依据"):
        return value
    word, *grounds = re.split("[,;:。]", metals_named("".join(value.split())))
    clauses = (_WORD.sub(lambda part: _CLASSES.get(part[0], "?"), clause) for clause in grounds if not is_blank(clause))
    return value if word in _NO and not all(map(_DENIAL.fullmatch, clauses)) else word


def unread_facts(row: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the column and the cell of every yes/no fact that a row tells in words that aren't understood.

    >>> unread_facts({"是否化工园区": "待查", "规划环评审查文号": "待批", "是否可能造成土壤污染及依据": "是，排放镉"})
    {'is_chemical': ('是否化工园区', '待查')}
    """
    read = stated_facts(row)
    return {
        code: (column, row[column].strip())
        for column, name, code in _fact_columns(tuple(row))
        if code and name not in _PRESENT and code not in read and not is_blank(row[column] or "")
    }


def document_columns(headers: Iterable[str]) -> list[str]:
    """Return the headers of columns that ask for the number of a document.

    >>> document_columns(["名称", "批准设立文号*", "是否化工园区"])
    ['批准设立文号*']
    """
    return [column for column, name, _ in _fact_columns(tuple(headers)) if name in _PRESENT]


def names_document(cell: str) -> bool:
    """Tell whether a cell gives the number of a document that is there; 待批, a year or a plan to ask for one don't.

    >>> [names_document(cell) for cell in ("桂政函〔2010〕1号", "正在办理，预计2024年取得")]
    [True, False]
    """
    named = _NAMES.sub(lambda name: f"某{name[0][1:]}", unicodedata.normalize("NFKC", cell))
    beside, count = _DOCUMENT.subn("#", named)
    return count > 0 and not _BESIDE.sub("", beside)


def mentioned_facts(row: Mapping[str, str]) -> frozenset[str]:
    """Return the facts for which a row has a cell that isn't blank, understood or not.

    >>> sorted(mentioned_facts({"是否化工园区": "待查", "规划环评审查文号": ""}))
    ['is_chemical']
    """
    named = _fact_columns(tuple(row))
    return frozenset("closed" if name in _STATES else code for column, name, code in named if row[column].strip())


def stated_numbers(row: Mapping[str, str]) -> dict[str, float]:
    """Return the numbers of `MEASURED_ATTRIBUTES` that a row states, in the unit that the word list gives.

    >>> stated_numbers({"替代量(kg/a)": "12.5", "新增重点重金属排放量": "-3", "备注": "3"})
    {'offset_kg': 12.5}
    """
    numbers: dict[str, float] = {}
    for column, cell in row.items():
        code = _number_columns().get(bare_header(column))
        if code is not None and _NUMBER.fullmatch(cell.strip()):
            numbers[code] = float(cell)
    return numbers


def unread_numbers(row: Mapping[str, str]) -> dict[str, str]:
    """Return by column the cells of `row` under headers of `stated_numbers` that hold no number and aren't blank."""
    return {
        column: cell.strip()
        for column, cell in row.items()
        if bare_header(column) in _number_columns() and not is_blank(cell) and not _NUMBER.fullmatch(cell.strip())
    }


def stated_by_row(columns: Mapping[str, Sequence[str]], rows: Sequence[int]) -> list[dict[str, bool]]:
    """Return `stated_facts` of some rows of a table of columns."""
    known = {name: values for name, values in columns.items() if says_something(name)}
    return [stated_facts({name: values[row] for name, values in known.items()}) for row in rows]


def says_something(column: str) -> bool:
    """Tell whether a column of that name may state yes/no facts."""
    name = _plain(column)
    return name in _attribute_columns() or name in _STATES
