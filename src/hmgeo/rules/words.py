"""Closed words that rule files may use beyond `hmgeo.vocabulary` (`words.tsv`), and what columns state by them."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from msgspec import Struct

from hmgeo.reference.cells import read_word
from hmgeo.reference.tables import is_blank, metals_named
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
_METAL = f"(?:{'|'.join(METALS.values())}|重金属)"
_DOUBTED = expression(
    r"[疑?？缺]|(?<![招接对])待(?!外运|清运|转运|处[理置])|但(?![无不未没])|(?<!拆)除[^,，;；。]*外(?![排运委售购送])"
    r"|不[确详足]|不清(?![洗理淤])|不明(?!显)|不排除|不好说|[非是]不|(?<!不)(?<!无)(?<!没有)(?<!不存在)可能|无法|也许|或有|为是"
    r"|[未尚没][^,，;；。超]{0,3}[知定判明调评核查测检](?![出见到显查测])|未开展(?=$|[,，;；。])|估计|应该|大概|历史上(?![无未不没])|(?<![无不])需.{0,4}[核查调评测]|正在[核查调评测]"
    r"|无[^,，;；。]{0,2}(?:资料|数据|依据)|(?<![不未会])存在|(?<![不未])曾|仍(?![无不未])"
    r"|(?:^|[,，;；。])(?![^,，;；。]*(?:[不未](?![超多大高])|[没禁防]|非(?!正常)|零(?!星)|低于检|无(?!组织)))"
    rf"(?:(?=[^,，;；。]*(?:排|含|产生|有))[^,，;；。]*{_METAL}"
    r"|[^,，;；。]*(?:(?:渗漏|泄漏)(?!.{0,3}(?:收集|报警|检测|监测|应急|风险[低小]))|(?<![不未])超标))"
)
"""Grounds that take a no back: doubt, an exception, or a metal, a leak or an excess after all."""
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
_YEAR = r"(?<!\d)(?:19|20)\d\d(?!\d)"
_COUNT = r"\s*(?:第|no\.?)?\s*[\d〇零○一二三四五六七八九十百]{1,6}(?![\d\s]{0,4}[年月])"
_NUMBERED = expression(
    rf"[〔\[(【<{{]\s*(?:{_YEAR}|[〇零○一二三四五六七八九]{{4}})\s*年?\s*[〕\])】>}}]\s*字?{_COUNT}"
    rf"|[〔\[(]\d\d[〕\])]{_COUNT}\s*号|{_YEAR}\s*(?:年(?=\s*第)|字)?{_COUNT}\s*号"
    rf"|[函发办审字批令复政]\s*{_YEAR}\s*[/—–_-]{_COUNT}\s*号|[令函字告]\s*第\s*\d+\s*号|字\s*\d[\d-]*\s*号"
    rf"|[函发办审字批令复政]\s*{_YEAR}\s*[-\s]\s*(?!(?:0?\d|1[0-2])$)\d{{1,3}}$",
    re.IGNORECASE,
)
"""The number of a document: its year in brackets or beside a 号; a day (6月30号), a house or an annex has neither."""
_BESIDE_THE_POINT = expression(
    r"(?:扩区|跟踪评价)[正在申报待未尚开展办理审批中]{2,6}|拟扩区|报批稿[的》]|未(?:调整|扩区|变更|来科|来城|央)|未[到过]期"
    r"|不[含包]|无(?:[锡为极棣]|政\w{0,3}[〔\[(])|计划委|请示的[批复]|正在建设|计划\d{4}年[扩调]区"
    r"|修编[^,，;；。]{0,8}(?:中|环评|编制)|未政\w{0,3}[〔\[(]|关于(?:申请|撤销)[^〔\[(]*的批复"
)
"""Words beside a number that hold one of `_NOT_GIVEN` and say nothing against the document."""
_NOT_GIVEN = expression(
    r"(?:^|\W)[无否]|[无没][文批审号有效]|[未待拟不疑缺暂?]|预[计期]|力争|争取|计划|筹|正在|[编制审批报建办查评申请定理]中(?!\w)"
    r"|申[报请]|办理|受理|请示|请\s*[〔\[(]|[在上呈]报|报[批送审请]|送审|纪要|委托|合同|驳|退回|草案|初稿|征求意见|公示|[已被]撤|罚|改字|责令|补正|整改|立案|招标|询价|信访|专家意见"
    r"|否决|[在补]办|在[批审编]"
    r"|撤[销回]|[收追]回|注销|取消|[作已被]废|废止|[终停中]止|失[效去]|[超逾过到]期"
)
"""Words beside a number that leave open whether the document is there: asked for, refused, or no longer in force."""
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
    return {_plain(name): code for code, (zh, _) in MEASURED_ATTRIBUTES.items() for name in (code, zh)}


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
    """Return the word that answers; grounds behind it, in a column that asks for them, are read for doubts of a no."""
    if not column.endswith("及依据"):
        return value
    word, *grounds = re.split(r"[,，;；:：。]", value, maxsplit=1)
    return value if word.strip() in _NO and grounds and _DOUBTED.search(metals_named(grounds[0])) else word.strip()


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


def names_document(cell: str) -> bool:
    """Tell whether a cell gives the number of a document that is there; 待批, a year or a plan to ask for one don't.

    >>> [names_document(cell) for cell in ("桂政函〔2010〕1号", "正在办理，预计2024年取得")]
    [True, False]
    """
    text = unicodedata.normalize("NFKC", cell)
    return bool(_NUMBERED.search(text)) and not _NOT_GIVEN.search(_BESIDE_THE_POINT.sub("", text))


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
        code = _number_columns().get(_plain(column))
        if code is not None and _NUMBER.fullmatch(cell.strip()):
            numbers[code] = float(cell)
    return numbers


def unread_numbers(row: Mapping[str, str]) -> dict[str, str]:
    """Return by column the cells of `row` under headers of `stated_numbers` that hold no number and aren't blank."""
    return {
        column: cell.strip()
        for column, cell in row.items()
        if _plain(column) in _number_columns() and not is_blank(cell) and not _NUMBER.fullmatch(cell.strip())
    }


def stated_by_row(columns: Mapping[str, Sequence[str]], rows: Sequence[int]) -> list[dict[str, bool]]:
    """Return `stated_facts` of some rows of a table of columns."""
    known = {name: values for name, values in columns.items() if says_something(name)}
    return [stated_facts({name: values[row] for name, values in known.items()}) for row in rows]


def says_something(column: str) -> bool:
    """Tell whether a column of that name may state yes/no facts."""
    name = _plain(column)
    return name in _attribute_columns() or name in _STATES
