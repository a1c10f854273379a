"""What is told of one source or receptor, and readers of it: cells, figures, dates, trades.

A reader yields only what is plainly said: a blank, a number that nobody can read or a date that may fall on either side
yields nothing.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from hmgeo.reference.cells import TradeCell, read_trade
from hmgeo.reference.tables import bare_header, read_rows, trades, trades_named
from hmgeo.rules.words import said_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


AIR, WATER = "废气", "废水"
ANY_TRADE = "*"
"""Stands in the table of trade words beside words that serve every trade, such as 机械."""
NAMED_METALS = ("铅", "汞", "镉", "铬", "砷", "铊", "锑", "镍", "铜", "锌", "锰", "钒")
ACTIONS = {"新建": "新建", "改建": "改建", "扩建": "扩建", "技术改造": "技术改造", "技改": "技术改造", "搬迁": "搬迁"}
_NOTHING = frozenset({"", "-", "—", "/", "无", "否", "0", "未", "未填", "不涉及", "不详", "n/a", "none", "null"})
_NEGATED = re.compile("[不无未非否零]|低于|检出限")
_QUANTITY = re.compile(r"\+?(\d+(?:\.\d+)?)\s*[a-z/㎏千克公斤吨人户m³·]*")
_DAY = re.compile(r"(\d{4})(?:\D{1,2}(\d{1,2}))?(?:\D{1,2}(\d{1,2}))?\D?")
_RUN_TOGETHER = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_PERMIT_ENDS = (
    "许可证有效期至",
    "排污许可证有效期至",
    "许可证有效期",
    "排污许可证有效期",
    "排污许可证有效期限",
    "有效期至",
)


@dataclass(frozen=True, slots=True)
class Said:
    """One value, and the table and column that give it."""

    where: str
    value: str
    grounds: str = ""

    @property
    def text(self) -> str:
        """The value as it is quoted."""
        return f"{self.where}「{self.value}」{self.grounds}"


@dataclass(frozen=True, slots=True)
class Emission:
    """What a table says a source emits.

    Parameters
    ----------
    pollutant
        As written; several metals may stand together.
    kg
        A year's mass; None where the table names the pollutant without one.
    year
        Of the figure; None where nobody said.
    is_added
        Whether it is a project's new emission.
    """

    where: str
    pollutant: str
    medium: str = ""
    kg: float | None = None
    year: int | None = None
    is_added: bool = False

    @property
    def said(self) -> Said:
        """The emission as evidence."""
        mass = "（数量未填）" if self.kg is None else f" {self.kg:g} kg/a"
        year = "" if self.year is None else f"（{self.year} 年）"
        return Said(self.where, f"{self.pollutant}{mass}{year}")


@dataclass(frozen=True, slots=True)
class Told:
    """All that is told of one source or receptor.

    Parameters
    ----------
    cells
        Its own row: column names as the office writes them, cells as text.
    emissions
        From other tables; those of its own columns are read here.
    beside
        What else stands for or against a claim, by the claim's name.
    as_of
        None where no day is asked about; then nothing is past or ahead.
    """

    cells: Mapping[str, str] = field(repr=False)
    emissions: tuple[Emission, ...] = ()
    beside: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    as_of: dt.date | None = None
    _by_name: dict[str, list[Said]] = field(default_factory=dict, init=False, repr=False)
    _facts: list[tuple[str, bool, Said]] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        """Read the row once: the claims ask it again and again."""
        for header, cell in self.cells.items():
            if cell and cell.strip():
                said = Said(header.strip().rstrip("*"), cell.strip())
                self._by_name.setdefault(bare_header(header), []).append(said)
        for code, value, column, cell in said_facts(self.cells):
            self._facts.append((code, value, Said(column.strip().rstrip("*"), cell)))

    def given(self, *names: str) -> Iterator[Said]:
        """Yield the cells of columns of these names, those that say nothing left out."""
        for name in names:
            yield from self._by_name.get(bare_header(name), ())

    def facts(self) -> Iterator[tuple[str, bool, Said]]:
        """Yield every statement of a yes/no fact: its code, the value and the cell that says it."""
        yield from self._facts

    def emitted(self) -> Iterator[Emission]:
        """Yield every emission above zero, its own columns' first."""
        yield from (one for one in (*_own_emissions(self), *self.emissions) if one.kg is None or one.kg > 0)


def denied(code: str, told: Told) -> Iterator[Said]:
    """Yield the cells that state a yes/no fact not to be so."""
    yield from (said for known, value, said in told.facts() if known == code and not value)


def states(names: Sequence[str], words: Sequence[str], told: Told) -> Iterator[Said]:
    """Yield the cells of columns that hold one of the words."""
    yield from (one for one in told.given(*names) if one.value in words)


def emits(metals: Sequence[str], told: Told, *, medium: str = "", is_added: bool = False) -> Iterator[Said]:
    """Yield emissions of one of the metals (of anything where none is named), of a medium, or new ones only."""
    for one in told.emitted():
        is_named = not metals or any(metal in one.pollutant for metal in metals)
        if is_named and medium in {"", one.medium} and (one.is_added or not is_added):
            yield one.said


def lists(names: Sequence[str], words: Sequence[str], told: Told) -> Iterator[Said]:
    """Yield cells that name one of the words and deny nothing."""
    for one in told.given(*names):
        if any(word in one.value for word in words) and not _NEGATED.search(one.value):
            yield one


def filled(names: Sequence[str], told: Told) -> Iterator[Said]:
    """Yield cells that say something, and not 无 or the like."""
    for one in told.given(*names):
        if one.value.casefold() not in _NOTHING and not _NEGATED.match(one.value):
            yield one


def at_least(names: Sequence[str], least: float, told: Told) -> Iterator[Said]:
    """Yield numbers above zero and not below a bound."""
    for one in told.given(*names):
        number = _number(one.value)
        if number is not None and number > 0 and number >= least:
            yield one


def past(names: Sequence[str], told: Told) -> Iterator[Said]:
    """Yield dates that lie wholly before the day asked about."""
    for one in told.given(*names):
        days = _days(one.value)
        if days is not None and told.as_of is not None and days[1] < told.as_of:
            yield one


def ahead(names: Sequence[str], told: Told) -> Iterator[Said]:
    """Yield dates that lie wholly after the day asked about."""
    for one in told.given(*names):
        days = _days(one.value)
        if days is not None and told.as_of is not None and days[0] > told.as_of:
            yield one


def later_emissions(told: Told) -> Iterator[Said]:
    """Yield emissions of a year after the source is said to have stopped; the list's own date where none is given."""
    closing = next(told.given("停产关闭时间", "关闭时间", "停产时间"), None) or next(told.given("资料时点"), None)
    days = None if closing is None else _days(closing.value)
    if closing is not None and days is not None:
        for one in told.emitted():
            if one.year is not None and one.year > days[1].year and not one.is_added:
                yield one.said


def permit_in_force(told: Told) -> Iterator[Said]:
    """Yield the last day of a permit that is still in force on the day asked about."""
    for one in told.given(*_PERMIT_ENDS):
        days = _days(re.split("[至到~—]", one.value)[-1].strip())
        if days is not None and told.as_of is not None and days[1] >= told.as_of:
            yield one


def other_medium(told: Told) -> Iterator[Said]:
    """Yield the id of an outlet (DA for air, DW for water) that belies its 类型."""
    wrong = {AIR: "DW", WATER: "DA"}
    for kind in told.given("类型"):
        for one in told.given("排放口编号"):
            if one.value.upper().startswith(wrong.get(kind.value, "?")):
                yield one


def trade_code(told: Told) -> Iterator[Said]:
    """Yield the row's cell of trade codes where it can be read."""
    for one in told.given("行业代码", "行业小类代码", "trade_code"):
        trade = read_trade(one.value)
        if isinstance(trade, TradeCell) and trade.stated:
            yield one


def other_trade(told: Told) -> Iterator[Said]:
    """Yield the words of a row that name another trade than all of its codes: trade, key industry, firm, products."""
    trade = next((read_trade(one.value) for one in trade_code(told)), None)
    codes = trade.stated if isinstance(trade, TradeCell) else ()
    edition = next((one.value for one in told.given("行业分类版本", "trade_edition")), "")
    for one in told.given("行业名称", "行业类别", "所属行业"):
        if all(_is_other_trade(code, edition, one.value) for code in codes):
            yield one
    for one in told.given("重点行业归类"):
        divisions = _key_industries().get(one.value, frozenset())
        if divisions and not any(code[:2] in divisions for code in codes):
            yield one
    for one in told.given("企业名称", "项目名称", "单位名称", "名称", "主要产品及产能", "产品及产能"):
        if all(_is_other_division(code, one.value) for code in codes):
            yield one


def other_action(told: Told) -> Iterator[Said]:
    """Yield the name of a project that says another kind of work, and only that, than 建设性质."""
    action = next((ACTIONS.get(one.value, "") for one in told.given("建设性质")), "")
    for one in told.given("项目名称", "名称"):
        named = {meaning for word, meaning in ACTIONS.items() if word in one.value}
        if action and len(named) == 1 and action not in named and "改扩建" not in one.value:
            yield one


def _is_other_trade(code: str, edition: str, name: str) -> bool:
    """Return whether a trade's name is held under other codes only; else whether its words name another division."""
    named = trades_named(name)
    if named:
        year = re.search("2011|2017", edition)
        same = [one for one in named if year is None or str(one.edition) == year[0]]
        return bool(same) and not any(one.code.startswith(code) or code.startswith(one.code) for one in same)
    known = {trade.name for (_, held), trade in trades().items() if held == code}
    return name not in known and _is_other_division(code, name)


def _is_other_division(code: str, text: str) -> bool:
    """Return whether words of a text name divisions of GB/T 4754, and none is the code's.

    Examples
    --------
    >>> _is_other_division("3212", "示例面包厂"), _is_other_division("3360", "示例食品机械电镀厂")
    (True, False)
    """
    named = [divisions for word, divisions in _trade_words().items() if word in text]
    return bool(named) and not any({code[:2], ANY_TRADE} & divisions for divisions in named)


@lru_cache(maxsize=1)
def _trade_words() -> Mapping[str, frozenset[str]]:
    return {row["word"]: frozenset(row["divisions"].split()) for row in read_rows("trade_words.csv")}


@lru_cache(maxsize=1)
def _key_industries() -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in read_rows("industry_codes.csv"):
        codes = (row["gbt4754_2017"], row["gbt4754_2011"])
        found.setdefault(row["key_industry_zh"], set()).update(code[:2] for code in codes if code)
    return {name: frozenset(codes) for name, codes in found.items() if name}


def _own_emissions(told: Told) -> Iterator[Emission]:
    """Yield the masses that a row's own columns state: 废气镉, 废水铅, 新增砷."""
    year = next((days[0].year for one in told.given("排放量年份") if (days := _days(one.value))), None)
    for header, cell in told.cells.items():
        match = re.fullmatch(f"({AIR}|{WATER}|新增)(六价铬|[{''.join(NAMED_METALS)}])(?:排放量)?", bare_header(header))
        kg = _number(cell or "") if match else None
        if match and kg is not None:
            medium = "" if match[1] == "新增" else match[1]
            yield Emission(header.strip().rstrip("*"), match[2], medium, kg, year, is_added=not medium)


def _number(text: str) -> float | None:
    match = _QUANTITY.fullmatch(unicodedata.normalize("NFKC", text).strip().casefold().replace(",", ""))
    return float(match[1]) if match else None


def _days(text: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day that a date may mean; None where it can't be read.

    Examples
    --------
    >>> [str(day) for day in _days("2015年6月")], _days("去年")
    (['2015-06-01', '2015-06-30'], None)
    """
    plain = unicodedata.normalize("NFKC", text).strip().split(" ")[0]
    match = _DAY.fullmatch(plain) or _RUN_TOGETHER.fullmatch(plain)
    if match is None:
        return None
    year, month, day = (int(one or 0) for one in match.groups())
    try:
        first = dt.date(year, month or 1, day or 1)
        last = first if day else dt.date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except ValueError:
        return None
    return first, last
