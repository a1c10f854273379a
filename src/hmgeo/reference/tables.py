"""Reference tables that ship with the package, and the one way to read them.

Every row carries the source it was taken from and how sure that is, in the words of the table.

Column names are compared without case, spaces and the star of a required field; full-width signs equal half-width
ones, and a unit in brackets may be missing.

Names are compared without spaces, letter case and width; nothing is guessed from parts of a name.
"""

import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

from msgspec import Struct

from hmgeo.vocabulary import expression
from hmgeo.words import say


class KeyArea(Struct, frozen=True):
    """A heavy-metal key control area (重点区域, 重点防控区) as a policy text names it.

    Parameters
    ----------
    level
        county, township, place, basin, prefecture, county+ (a county and what surrounds it).
    admin_code
        Six-digit county code, nine-digit township code, or the county that a place or basin lies in.
    role
        key_area, demo_regional, demo_basin, coordination_group, ...
    """

    id: str
    name: str
    level: str
    admin_code: str
    role: str
    metals: tuple[str, ...]
    document: str
    clause: str


class FormerUnit(Struct, frozen=True):
    """An older name and code of a county-level unit, in use until a year."""

    code: str
    name: str
    former_code: str
    former_name: str
    until: int

    @property
    def said(self) -> str:
        """What is to be said where the older name is met."""
        return say("older_name", former=self.former_name, until=self.until, name=self.name)


class Township(Struct, frozen=True):
    """A township-level unit (乡镇、街道) by its nine-digit code."""

    code: str
    name: str
    county_code: str
    source: str


class Trade(Struct, frozen=True):
    """A trade class of GB/T 4754 in one edition."""

    code: str
    edition: int
    name: str


def read_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a table of the package by its file name."""
    text = resources.files("hmgeo.reference").joinpath("data", name).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


@lru_cache(maxsize=1)
def former_units() -> Mapping[str, FormerUnit]:
    """Return county-level units by each older name and code.

    >>> former_units()["靖西县"].code, former_units()["451025"].said
    ('451081', '「靖西县」为旧名（至 2015 年），今靖西市')
    """
    units = [
        FormerUnit(row["code"], row["name"], row["former_code"], row["former_name"], int(row["until"]))
        for row in read_rows("former_units.csv")
    ]
    return MappingProxyType({key: unit for unit in units for key in (unit.former_name, unit.former_code)})


_COUNTY = expression(r"(.{2,}?)(?P<kind>(?:[\u4e00-\u9fff]{1,3}族)+自治县|县|区|市|旗)")
_NO_PLACE = expression(
    r"\(?(?:市辖区|县级市|(?:省|自治区)直辖县级行政(?:区划|单位)|(?<=庆市)县(?!$)"
    r"|(?:高新|经开|开发|合作|发展|示范|大湾|[粤桂湘黔滇川][东南西北]山)区(?!$))\)?|\([原曾][^()]*\)$"
)
"""What may stand beside a county and is no other one: levels, zones, what it was called."""
_ELSEWHERE = expression(
    r"[不非未没除邻近疑拟跨县旗及与或兼]|可能|无(?!锡)|(?<!自治)(?<!地)区|(?<![太固松])原|临(?!沂|汾|沧|夏)"
    r"|(?<![省区])[、;]|(?<![省市州盟区]),|(?<!呼)和(?!田)"
)
"""What before a name says another place, or none; not the prefectures whose names hold such a word."""
_PARTED = expression(r"[\W_至]")
_BESIDE = expression(r"([^()]+)\(([^()]+)\)")
_PREFECTURE = expression(
    r"(?!.*(?:搬|(?<!宿)迁|[移至在到往现改归转其外]))(?:[^()]+(?:省|自治区))?(?:[^()]{2,5}(?:市|州|盟|地区)|[^()]+自治州)"
)
"""What is a prefecture where it stands beside its county in brackets: nothing that tells of moving, or of others."""


@lru_cache(maxsize=8192)
def county_forms(name: str) -> tuple[str, ...]:
    """Return how lists write a county by its official `name`, that first.

    >>> county_forms("连山壮族瑶族自治县")
    ('连山壮族瑶族自治县', '连山县', '连山')
    """
    match = _COUNTY.fullmatch(name)
    if match is None:
        return (name,)
    ending = "县" if match["kind"].endswith("自治县") else match["kind"]
    return tuple(dict.fromkeys((name, match[1] + ending, match[1])))


@lru_cache(maxsize=8192)
def county_of_cell(cell: str, names: frozenset[str]) -> str:
    """Return which of `names`, official ones of counties, a cell names; empty where none, or another stands beside it.

    A prefecture may stand before it, or one of the two in brackets behind the other; signs and spaces don't matter.

    >>> cells = ("清远市市辖区清城区", "英德", "英德市（清远市）", "英德、清城区", "不在英德市")
    >>> [county_of_cell(cell, frozenset({"清城区", "英德市"})) for cell in cells]
    ['清城区', '英德市', '英德市', '', '']
    """
    text = _NO_PLACE.sub("/", unicodedata.normalize("NFKC", cell)).strip("/ 。,;、【】[]")
    if pair := _BESIDE.fullmatch("".join(text.split())):
        first, second = pair.groups()
        if second not in names and _PREFECTURE.fullmatch(second):
            text = second + first
        elif _PREFECTURE.fullmatch(first):
            text = first + second
    plain = "".join(text.split())
    whole = {name for name in names if plain in county_forms(name)}
    if whole:
        return whole.pop() if len(whole) == 1 else ""
    ends = {form: name for name in names for form in county_forms(name)[:-1] or (name,) if plain.endswith(form)}
    end = max(ends, key=len, default="")
    before, own = plain.removesuffix(end), ends.get(end, "")
    others = names - {own}
    if not own or _ELSEWHERE.search(before.replace(end, "")) or any(name in before for name in others):
        return ""
    *listed, _ = _PARTED.split(text)
    forms = tuple(form for name in others for form in county_forms(name)) if listed else ()
    return "" if any(part.endswith(forms) for part in listed) else own  # 英德-清新区


@lru_cache(maxsize=1)
def provinces() -> Mapping[str, tuple[str, str]]:
    """Return the name of each province by its code, official and short.

    >>> provinces()["450000"]
    ('广西壮族自治区', '广西')
    """
    return MappingProxyType({row["code"]: (row["name"], row["short"]) for row in read_rows("provinces.csv")})


@lru_cache(maxsize=1)
def territories() -> Mapping[str, tuple[str, tuple[str, ...]]]:
    """Return for territories of clauses below a province their name and the counties that make them up."""
    rows = read_rows("territories.csv")
    return MappingProxyType({row["code"]: (row["name"], tuple(row["counties"].split(";"))) for row in rows})


@lru_cache(maxsize=1)
def key_areas() -> tuple[KeyArea, ...]:
    """Return the key areas of the texts, in the order of the table.

    >>> next(area.name for area in key_areas() if area.id == "GX-ND")
    '南丹县'
    """
    return tuple(
        KeyArea(
            id=row["id"],
            name=row["official_name"] or row["name_text"],
            level=row["level"],
            admin_code=row["admin_code"],
            role=row["role"],
            metals=tuple(filter(None, row["metals"].split(";"))),
            document=row["source_seed"],
            clause=row["clause"],
        )
        for row in read_rows("key_areas.csv")
    )


@lru_cache(maxsize=1)
def trades() -> dict[tuple[int, str], Trade]:
    """Return the trade classes held, by edition (2011, 2017) and code; not the whole standard.

    >>> trades()[2017, "3212"].name
    '铅锌冶炼'
    >>> trades()[2011, "3130"].name, trades()[2017, "3391"].name
    ('黑色金属铸造', '黑色金属铸造')
    """
    by_code: dict[tuple[int, str], Trade] = {}
    for row in read_rows("industry_codes.csv"):
        for edition in (2017, 2011):
            code = row[f"gbt4754_{edition}"]
            name = row[f"name_{edition}"] or row["name_2017"]
            if code:
                by_code.setdefault((edition, code), Trade(code, edition, name))
    return by_code


@lru_cache(maxsize=1)
def renumbered() -> Mapping[tuple[int, str], tuple[str, ...]]:
    """Return the codes whose meaning differs between the editions, as far as the table tells; others mean the same.

    By (edition, code): the codes of the same trade in the other edition, empty where the table doesn't hold it.

    >>> renumbered()[2011, "3849"], renumbered()[2017, "3130"], (2017, "3212") in renumbered()
    (('3843',), (), False)
    """
    codes: dict[tuple[int, str], tuple[str, ...]] = {}
    for row in read_rows("industry_codes.csv"):
        newer, older = row["gbt4754_2017"], row["gbt4754_2011"]
        if newer and older and newer != older:
            for edition, code, same in ((2017, newer, older), (2011, older, newer)):
                codes[edition, code] = (*codes.get((edition, code), ()), same)
    for edition, code in tuple(codes):
        codes.setdefault((2011 if edition == 2017 else 2017, code), ())  # noqa: PLR2004  # the two editions
    return MappingProxyType(codes)


def means_the_same(code: str) -> bool:
    """Return whether both editions hold a code for the same trade; False where the table doesn't hold it.

    >>> means_the_same("3212"), means_the_same("3130"), means_the_same("1511")
    (True, False, False)
    """
    return all((edition, code) in trades() and (edition, code) not in renumbered() for edition in (2011, 2017))


class Implied(Struct, frozen=True):
    """What a kind of source, or a trade, says of a fact: yes, no, maybe (a class wider than the fact) or unknown."""

    fact: str
    kind: str
    edition: str
    code: str
    means: str
    source: str = ""


@lru_cache(maxsize=1)
def implied_facts() -> tuple[Implied, ...]:
    """Return what kinds and trades say of facts; an empty kind, edition or code stands for any, `*` for any other."""
    return tuple(Implied(**row) for row in read_rows("implied_facts.csv"))


@lru_cache(maxsize=1)
def basins() -> Mapping[tuple[str, str], bool]:
    """Return whether a basin holds an administrative code, by (basin, code), as far as the table tells.

    >>> basins()["yellow", "419001"], basins()["yangtze", "419001"], basins().get(("yangtze", "522726"))
    (True, False, None)
    """
    return MappingProxyType({(row["basin"], row["code"]): row["holds"] == "yes" for row in read_rows("basins.csv")})


@lru_cache(maxsize=1)
def townships() -> tuple[Township, ...]:
    """Return the township codes held: those of the example counties and of 清远市, in order of code.

    >>> next(town.name for town in townships() if town.code == "441802105")
    '龙塘镇'
    """
    rows = read_rows("townships.csv")
    return tuple(Township(row["code"], row["name"], row["county_code"], row["source"]) for row in rows)


@lru_cache(maxsize=16_384)
def trades_named(name: str) -> tuple[Trade, ...]:
    """Return the classes that carry a name, in both editions, where the table pairs them.

    `name`: as a list writes it. Only a whole name counts, with or without a closing 业: nothing is guessed from parts.

    At most one for each edition, 2017 first; empty where the table doesn't hold the name.

    Examples
    --------
    >>> [(trade.edition, trade.code) for trade in trades_named("铜压延加工")]
    [(2017, '3251'), (2011, '3261')]
    >>> trades_named("涉重金属危险废物处理处置业")
    ()
    """
    rows = read_rows("industry_codes.csv")
    wanted = "".join(name.split())
    names = {row[column] for row in rows for column in ("name_2017", "name_2011")}
    if wanted not in names:
        wanted = wanted.removesuffix("业")
    fitting = []
    for edition, other in ((2017, 2011), (2011, 2017)):
        same = [row for row in rows if wanted and row[f"name_{edition}"] == wanted]
        paired = same or [row for row in rows if wanted and row[f"name_{other}"] == wanted]
        codes = dict.fromkeys(row[f"gbt4754_{edition}"] for row in paired if row[f"gbt4754_{edition}"])
        if len(codes) == 1:
            fitting.append(trades()[edition, next(iter(codes))])
    return tuple(fitting)


PLACEHOLDERS = frozenset(
    {"", "-", "--", "–", "—", "——", "/", "\\", "无", "没有", "暂无", "空", "null", "none", "n/a", "#n/a"}
)
"""What stands in a cell that says nothing, in small letters."""


def is_blank(cell: str) -> bool:
    """Tell whether a `cell` says nothing.

    >>> is_blank(" －－ "), is_blank("#N/A"), is_blank("0")
    (True, True, False)
    """
    return unicodedata.normalize("NFKC", cell).strip().casefold() in PLACEHOLDERS


GUIDE_MARKS = ("【填写要求】", "【示例】")
"""What the first cells of a template's second and third row start with: rows that are no data."""


def _names(wanted: str) -> Mapping[str, tuple[str, ...]]:
    rows = (row for row in read_rows("columns.csv") if row["list"] == wanted)
    return MappingProxyType({row["of"]: tuple(row["names"].split()) for row in rows})


ALIASES = _names("alias")
"""Other names under which a column is found."""


class TemplateColumn(Struct, frozen=True):
    """One column of a list; empty text where nothing is said."""

    name: str
    is_required: bool
    allowed: str
    example: str


@lru_cache(maxsize=1)
def templates() -> Mapping[str, tuple[TemplateColumn, ...]]:
    """Return the columns of every list, by the list's name, in order.

    >>> [column.name for column in templates()["风频表"]]
    ['风向', '频率(%)', '气象站', '年份']
    """
    by_list: dict[str, list[TemplateColumn]] = {}
    for row in read_rows("templates.csv"):
        column = TemplateColumn(row["column"], row["required"] == "yes", row["allowed"], row["example"])
        by_list.setdefault(row["template"], []).append(column)
    return MappingProxyType({name: tuple(columns) for name, columns in by_list.items()})


@lru_cache(maxsize=4096)
def bare_header(text: str) -> str:
    """Return `text`, a column name, as it is compared.

    >>> bare_header(" 排气筒高度（m）* "), bare_header("所在县(区、市)"), bare_header("是否涉镉#2")
    ('排气筒高度', '所在县', '是否涉镉')
    >>> bare_header("废气Cd（kg/a）"), bare_header("废水Cr(VI)"), bare_header("新增铅量 kg/a")
    ('废气镉', '废水六价铬', '新增铅')
    """
    mass, rest = mass_of(text)
    plain = half_header(text)
    plain = metals_named(plain) if plain.startswith(_MASSES) else plain
    return mass + rest or re.sub(r"\([^()]*\)$", "", plain) or plain


def half_header(text: str) -> str:
    """Return `text`, a column name, in small half-width letters without blanks, its unit in round brackets.

    >>> half_header("新增铅_kg"), half_header("供水人口 万人*"), half_header("日供水量【t/d】"), half_header("area_m2")
    ('新增铅(kg)', '供水人口(万人)', '日供水量(t/d)', 'area_m2')
    """
    plain = re.sub(r"[*\ufeff]+|#\d+\s*$", "", unicodedata.normalize("NFKC", text).replace("\u2212", "-").casefold())
    plain = plain.translate(_ROUND).strip()
    return "".join((plain if plain.isascii() else _UNIT_BEHIND.sub(r"(\1\2)", plain)).split())


_ROUND = str.maketrans("[]【】", "()()")
_SIGN = r"万?(?:[kmμu]?g|t|k?m[23]?|ha)(?:[/·](?:[a-z]+\d?(?:-1)?|[年日天]))?"
_WORD = r"(?:万?吨|千克|公斤|毫克)"
_UNIT_BEHIND = re.compile(
    rf"[\s_:,]+({_SIGN}|{_WORD}(?:/[年日天])?|[十百千万][人户]|万?立方米(?:/[日天])?|公顷)$"
    rf"|(?<=[\u4e00-\u9fff)])({_SIGN}|{_WORD}/[年日天])$"
)
"""A unit behind a name without brackets; 人 and the like may end a name that is spaced out (联 系 人)."""


@lru_cache(maxsize=4096)
def mass_of(text: str) -> tuple[str, str]:
    """Return the mass that `text`, a column name, begins with, and what makes it a part of that or another thing.

    >>> mass_of("新增铅合计[kg/a]"), mass_of("废水总Cd（一期）(t/a)"), mass_of("替代总量_kg"), mass_of("新增铅来源")
    (('新增铅', ''), ('废水镉', '(一期)'), ('替代量', ''), ('', ''))
    """
    plain = metals_named(half_header(text))
    match = _MASS.match(plain)
    rest = _NO_PART.sub("", plain[match.end() :]) if match else ""
    if match is None or _NO_MASS.match(rest):
        return "", ""
    total = {"替代": "替代量", "新增重点重金属": "新增重点重金属排放量"}.get(match[3])
    return total or match[1] + match[2], _WHOLE.sub("", rest)


_MASSES = ("废气", "废水", "新增", "替代")
_MASS = re.compile(
    r"(废气|废水|新增|替代)总?(六价铬|[铅汞镉铬砷铊锑镍铜锌锰钒])|(新增重点重金属|替代)(?=[总年排放]*量|合计)"
)
_NO_PART = re.compile(r"\((?![^()]*(?:期|[主次副兼老前后]|其[他它中]|[现原]有|[在拟]建|部分|车间|线|不含|除))[^()]*\)")
_WHOLE = re.compile(r"^(?:及其化合物|年|总|的|排放|合计|总计|量)*")
_NO_MASS = re.compile(
    r"锌?(?:[酸蓄膏板渣泥锭盐鞣]|精?矿|冶)|电池|.*(?:来源|比|倍|依据|备注|说明|标准|限值|年份|文号|单位|企业|项目|日期|时间|措施|工艺"
    r"|减|产能|产量)"
)
"""What isn't a mass of the metal emitted, though its name begins like one."""
_METAL_SIGNS: Mapping[str, str] = MappingProxyType(
    {
        "pb": "铅",
        "hg": "汞",
        "cd": "镉",
        "cr": "铬",
        "as": "砷",
        "tl": "铊",
        "sb": "锑",
        "ni": "镍",
        "cu": "铜",
        "zn": "锌",
    }
    | {"mn": "锰", "lead": "铅", "mercury": "汞", "cadmium": "镉", "chromium": "铬", "arsenic": "砷"}
)
_METAL_SIGN = re.compile(rf"(?i)(?<![a-z])(?:{'|'.join(_METAL_SIGNS)})(?![a-z])")
_OXYGEN_DEMAND = re.compile(r"(?i)cod[_(-]*(?:cr|mn)\)?|^\s*cod\s+(?:cr|mn)\s*$|高锰酸盐指数|重铬酸[盐钾](?:指数|法)")
"""How oxygen demand is measured, with chromium or manganese, which the water holds none of for that."""
_CHROMIUM_SIX = re.compile(r"(?i)(?:(?<![a-z])cr|铬)[\s(]*(?:6\+|\+6|vi(?![a-z])|六价(?=\)))\)?")


def metals_named(text: str) -> str:
    """Return `text` with the signs of metals as their Chinese names; COD(Cr) names none.

    >>> metals_named("Pb、Cd"), metals_named("COD(Cr)、总As"), metals_named("Cr6+"), metals_named("铬（Ⅵ）")
    ('铅、镉', 'COD、总砷', '六价铬', '六价铬')
    """
    plain = _CHROMIUM_SIX.sub("六价铬", unicodedata.normalize("NFKC", text))
    return _METAL_SIGN.sub(lambda sign: _METAL_SIGNS[sign[0].lower()], _OXYGEN_DEMAND.sub("COD", plain))


def find_header(headers: Sequence[str], name: str) -> str:
    """Return the one of `headers` that is called `name` or one of its aliases; empty where it isn't there.

    >>> find_header(["企业名称", "完成时限"], "实施时间")
    '完成时限'
    """
    return _found(tuple(headers), name)


@lru_cache(maxsize=4096)
def _found(headers: tuple[str, ...], name: str) -> str:
    known: dict[str, str] = {}
    for header in sorted(headers, key=lambda text: text.rstrip("* ").endswith((")", "）"))):
        known.setdefault(bare_header(header), header)
    wanted = (bare_header(alias) for alias in ALIASES.get(name, (name,)))
    return next((known[alias] for alias in wanted if alias in known), "")


ENTERPRISE, WATER, INTAKE, DISTRICT, METALS = "enterprise", "water", "intake", "district", "metals"
EXCEEDS, ELEMENTS, CLASS_YEAR = "exceeds", "elements", "class_year"
SLOPE_GRADE, DESIGNATED = "slope_grade", "designated"
PARK, ZONE = "park", "zone"
TOE_LON, TOE_LAT, DATUM = "toe_lon", "toe_lat", "datum"

LINKS = _names("link")
"""Columns that point at other lists, by code, most telling first; a bracket after the name doesn't matter.

Some tell of the thing itself: whether a parcel's produce exceeds a limit, which elements, when it was classed, its
slope grade; whether the emergency department designated a tailings pond as 头顶库, and where its dam's toe lies.
"""


def links_by_row(columns: Mapping[str, Sequence[str]], rows: Sequence[int]) -> list[dict[str, str]]:
    """Return for some `rows` of a table, its `columns` by name, what they say of other things; blanks say nothing.

    >>> links_by_row({"灌区编号": ["GQ-1"], "灌溉水源": [" 东河 "], "备注": ["x"]}, [0])
    [{'water': '东河', 'district': 'GQ-1'}]
    """
    known = {bare_header(name): values for name, values in reversed(list(columns.items()))}
    columns_of = {
        code: [known[bare_header(word)] for word in words if bare_header(word) in known]
        for code, words in LINKS.items()
    }
    columns_of = {code: lists for code, lists in columns_of.items() if lists}
    made = []
    for row in rows:
        links = {
            code: next((text for values in lists if (text := values[row].strip())), "")
            for code, lists in columns_of.items()
        }
        made.append({code: text for code, text in links.items() if text})
    return made


def is_link(header: str) -> bool:
    """Tell whether a column called `header` says something of other things."""
    return bare_header(header) in _link_headers()


@lru_cache(maxsize=1)
def _link_headers() -> frozenset[str]:
    return frozenset(bare_header(word) for words in LINKS.values() for word in words)


def same_name(text: str) -> str:
    """Return `text`, a name, as it is compared.

    >>> same_name("示例 河０１") == same_name("示例河01")
    True
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
