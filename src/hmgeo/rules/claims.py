"""Words that disagree: one table of what a row claims, and of what its other cells or other tables say against it.

Neither value wins. Both are kept and told, and clauses that rest on either aren't judged. A claim stands against
evidence only where both can't be true.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import ClassVar, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.reference.cells import (
    ANY_TRADE,
    TradeCell,
    amount,
    divisions_named,
    read_trade,
    read_word,
    trade_words,
    unit_of_header,
)
from hmgeo.reference.tables import bare_header, is_blank, mass_of, metals_named, read_rows, trades, trades_named
from hmgeo.rules.words import said_facts, says_something
from hmgeo.vocabulary import FIVE_METALS, METALS, expression
from hmgeo.words import Reason, say, sentences

Reading: TypeAlias = "Callable[[Told], Iterator[Said]]"
"""What it finds in all that is told of a row."""

AIR, WATER = "废气", "废水"
NAMED_METALS = ("铅", "汞", "镉", "铬", "砷", "铊", "锑", "镍", "铜", "锌", "锰", "钒")
ACTIONS = {"新建": "新建", "改建": "改建", "扩建": "扩建", "技术改造": "技术改造", "技改": "技术改造", "搬迁": "搬迁"}
_ENLARGED = "改扩建"
_NOTHING = expression(r"0|n\.?d\.?")
_NEGATED = expression(r"[否未]|[不非](?![锈常])|无(?![锡为极棣])|零(?!陵)|低于|检出限")
_DAY = expression(r"(\d{4})(?:\D{1,2}(\d{1,2}))?(?:\D{1,2}(\d{1,2}))?\D?")
_RUN_TOGETHER = expression(r"(\d{4})(\d{2})(\d{2})?")
_PERMIT_ENDS = (
    "许可证有效期至",
    "排污许可证有效期至",
    "许可证有效期",
    "排污许可证有效期",
    "排污许可证有效期限",
    "有效期至",
)


class Said(Struct, frozen=True):
    """One value, and the table and column that give it.

    `is_unread`: nobody knows what it comes to, so that it may speak for or against; `grounds` tell why, if it can be
    read.
    """

    where: str
    value: str
    grounds: str = ""
    is_unread: bool = False

    @property
    def text(self) -> Reason:
        """The value as it is quoted."""
        return say("value_quoted", where=self.where, value=self.value, grounds=self.grounds)


class Emission(Struct, frozen=True):
    """What a table says a source emits.

    Parameters
    ----------
    pollutant
        As written; several metals may stand together.
    kg
        A year's mass; None where the table names the pollutant without one that can be read.
    unread
        The cell that ought to hold the mass and doesn't, or not surely; `grounds` tell why, if it can be read.
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
    unread: str = ""
    grounds: str = ""

    @property
    def said(self) -> Said:
        """The emission as evidence."""
        if self.unread:
            return Said(self.where, self.unread, self.grounds, is_unread=True)
        mass = "（数量未填）" if self.kg is None else f" {self.kg:g} kg/a"
        year = "" if self.year is None else f"（{self.year} 年）"
        return Said(self.where, f"{self.pollutant}{mass}{year}")


class Told(Struct, frozen=True, dict=True):
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

    cells: Mapping[str, str]
    emissions: tuple[Emission, ...] = ()
    beside: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    as_of: dt.date | None = None

    @cached_property
    def facts(self) -> Mapping[tuple[str, bool], list[Said]]:
        """Cells that state a yes/no fact, by its code and the value."""
        facts: dict[tuple[str, bool], list[Said]] = {}
        for code, value, column, cell in said_facts(self.cells):
            facts.setdefault((code, value), []).append(Said(column.strip().rstrip("*"), cell))
        return facts

    def given(self, *names: str) -> Iterator[Said]:
        """Yield the cells of columns of these `names`, those that say nothing left out."""
        headers = _by_bare_name(tuple(self.cells))
        for header in (header for name in names for header in headers.get(bare_header(name), ())):
            if cell := (self.cells[header] or "").strip():
                yield Said(header.strip().rstrip("*"), cell)

    @cached_property
    def emitted(self) -> tuple[Emission, ...]:
        """Every emission above zero, its own columns' first."""
        stated = (*_own_emissions(self), *self.emissions)
        return tuple(emission for emission in stated if emission.kg is None or emission.kg > 0)


@lru_cache(maxsize=256)
def _by_bare_name(headers: tuple[str, ...]) -> Mapping[str, list[str]]:
    """Return the `headers` by their bare names; the rows of a list share them."""
    named: dict[str, list[str]] = {}
    for header in headers:
        named.setdefault(bare_header(header), []).append(header)
    return named


def emits(metals: Sequence[str], *, medium: str = "", is_added: bool = False) -> Reading:
    """Read emissions of one of the `metals` (of anything where none is named).

    Of a `medium`, where one is named; new ones only if `is_added`.
    """
    return lambda row: (
        emission.said
        for emission in row.emitted
        if (not metals or any(metal in metals_named(emission.pollutant) for metal in metals))
        and medium in {"", emission.medium}
        and (emission.is_added or not is_added)
    )


def _cells(names: Sequence[str], is_meant: Callable[[str], object]) -> Reading:
    return lambda row: (cell for cell in row.given(*names) if is_meant(cell.value))


def _states(names: Sequence[str], words: Sequence[str]) -> Reading:
    """Read the cells of columns that hold one of the words."""
    return _cells(names, lambda value: value in words)


def _lists(names: Sequence[str], words: Sequence[str]) -> Reading:
    """Read cells that name one of the words and deny nothing."""
    return _cells(
        names, lambda value: any(word in metals_named(value) for word in words) and not _NEGATED.search(value)
    )


def _is_filled(value: str) -> bool:
    plain = unicodedata.normalize("NFKC", value).strip().casefold()
    return not (is_blank(plain) or _NOTHING.fullmatch(plain) or _NEGATED.match(plain))


def filled(names: Sequence[str]) -> Reading:
    """Read cells of columns of these `names` that say something, and not 无 or the like."""
    return _cells(names, _is_filled)


_REMARK = expression(r"\((?:未检出|低于检出限|不涉及|无|n\.?d\.?|人|实测|监测|\d{4}年?)\)$")
_ZEROS = expression(r"(?:约?0++(?:\.0++)?+(?:人|户|吨|千克|kg|t|/a|/d)*+[;,、/\s]*+)+")
_ROUGHLY = expression(
    r"(?:(?P<about>大?约|近)|(?P<below><|小于|不[足到满及]|未满|未达到?|低于|少于)|(?P<most>≤|[不未]超过|不[大多高]于|至多)"
    r"|(?P<above>>|≥|大于|多于|超过|不少于|不低于|至少))?"
    r"(?P<low>\d[\d,.]*)(?:人?[-~—至到]+(?P<high>\d[\d,.]*))?(?P<times>万?)(?P<odd>[余多])?(?P<unit>(?:m[23]|[^\d以左])*)"
    r"(?:(?P<round>左右)|(?P<within>以[下内])|(?P<over>以上))?"
)
_MOST_AT_HOME = 10


def _bounds(cell: Said, unit: str) -> tuple[float, float] | None:
    """Return the least and the most that an amount may be in a `unit`; None where it can't be read.

    About a number is half a unit of its first digit less, or one more; a household is one to ten people.

    >>> [_bounds(Said("供水人口", cell), "人") for cell in ("约8000人", "不超过0.8万", "500-800", "0（未检出）")]
    [(7500.0, 9000.0), (0.0, 8000.0), (500.0, 800.0), (0.0, 0.0)]
    """
    plain = _REMARK.sub("", unicodedata.normalize("NFKC", cell.value).strip().casefold()).replace(" ", "")
    if _ZEROS.fullmatch(plain):
        return 0.0, 0.0
    unit, most_at_home = ("户", _MOST_AT_HOME) if "户" in plain + cell.where else (unit, 1)
    exact, match = amount(plain, cell.where, unit), _ROUGHLY.fullmatch(plain)
    if exact is not None:
        return exact, exact * most_at_home
    if match is None:
        return None
    own_unit = match["times"] + (match["unit"] or (unit if match["times"] else ""))
    low = amount(match["low"] + own_unit, cell.where, unit)
    high = amount((match["high"] or match["low"]) + own_unit, cell.where, unit)
    if low is None or high is None or high < low:
        return None
    digit = 10.0 ** math.floor(math.log10(high)) if high else 0.0
    if match["about"] or match["round"]:
        low, high = low - digit / 2, high + digit
    elif match["odd"]:
        high += digit
    elif match["below"] or match["most"] or match["within"]:
        low, high = 0.0, math.nextafter(high, 0) if match["below"] else high
    elif match["above"] or match["over"]:
        high = math.inf
    return low, high * most_at_home


def _at_least(names: Sequence[str], unit: str, least: float = 0.0) -> Reading:
    """Read amounts above zero and not below a bound in a `unit`, and those that may be so or can't be read."""

    def read(row: Told) -> Iterator[Said]:
        for cell in row.given(*names):
            bounds = _bounds(cell, unit)
            low, high = bounds or (0.0, math.inf if _is_filled(cell.value) else 0.0)
            if 0 < low >= least:
                yield cell
            elif 0 < high >= least:
                yield replace(cell, is_unread=True)

    return read


def _dated(names: Sequence[str], *, past: bool) -> Reading:
    """Read dates that lie wholly before the day asked about, or wholly after it."""

    def read(row: Told) -> Iterator[Said]:
        for cell in row.given(*names):
            days = _days(cell.value)
            if days is not None and row.as_of is not None and (days[1] < row.as_of if past else days[0] > row.as_of):
                yield cell

    return read


def _later_emissions(row: Told) -> Iterator[Said]:
    """Yield emissions of a year after the source is said to have stopped; the list's own date where none is given."""
    closing = next(row.given("停产关闭时间", "关闭时间", "停产时间"), None) or next(row.given("资料时点"), None)
    days = None if closing is None else _days(closing.value)
    if closing is not None and days is not None:
        for emission in row.emitted:
            if emission.year is not None and emission.year > days[1].year and not emission.is_added:
                yield emission.said


def _permit_in_force(row: Told) -> Iterator[Said]:
    """Yield the last day of a permit that is still in force on the day asked about."""
    for cell in row.given(*_PERMIT_ENDS):
        days = _days(re.split("[至到~—]", cell.value)[-1].strip())
        if days is not None and row.as_of is not None and days[1] >= row.as_of:
            yield cell


def _other_medium(row: Told) -> Iterator[Said]:
    """Yield the id of an outlet (DA for air, DW for water) that belies its 类型."""
    wrong = {AIR: "DW", WATER: "DA"}
    for kind in row.given("类型"):
        for outlet in row.given("排放口编号"):
            if outlet.value.upper().startswith(wrong.get(kind.value, "?")):
                yield outlet


def _trade_code(row: Told) -> Iterator[Said]:
    """Yield the row's cell of trade codes where it can be read."""
    for cell in row.given("行业代码", "行业小类代码", "trade_code"):
        trade = read_trade(cell.value)
        if isinstance(trade, TradeCell) and trade.stated:
            yield cell


def _other_trade(row: Told) -> Iterator[Said]:
    """Yield the words of a row that name another trade than all of its codes: trade, key industry, firm, products."""
    trade = next((read_trade(cell.value) for cell in _trade_code(row)), None)
    codes = trade.stated if isinstance(trade, TradeCell) else ()
    edition = next((cell.value for cell in row.given("行业分类版本", "trade_edition")), "")
    first, *more = _trade_code(row)
    others = (cell for cell in more if cell.where != first.where and not _is_same_trade(codes, cell.value))
    is_told = bool(edition) and edition[:4] in _aside(first.where)
    yield from filter(None, (_against(first, cell, is_first="主" in _aside(first.where) or is_told) for cell in others))
    for cell in row.given("行业名称", "行业类别", "所属行业"):
        if all(_is_other_trade(code, edition, cell.value) for code in codes):
            yield cell
    for cell in row.given("重点行业归类"):
        divisions = _key_industries().get(cell.value, frozenset())
        if divisions and not any(code[:2] in divisions for code in codes):
            yield cell
    for cell in row.given("企业名称", "项目名称", "单位名称", "名称", "主要产品及产能", "产品及产能"):
        if all(_is_other_division(code, cell.value) for code in codes):
            yield cell


_ASIDE = expression(r"20\d\d|[主次副兼老期]|其[他它]|[现原]有|[在拟]建")


def _aside(header: str) -> str:
    """Return the bracket behind a header that tells which edition, part or phase its column is about.

    >>> _aside("行业代码（2011版）*"), _aside("新增铅(一期)#2"), _aside("新增铅(kg/a)"), _aside("行业代码（必填）")
    ('2011版', '一期', '', '')
    """
    mass, rest = mass_of(header)
    if mass and rest:
        return rest.strip("()")
    bracket = re.search(r"\(([^()]*)\)[\s*]*(?:#\d+)?$", unicodedata.normalize("NFKC", header))
    return bracket[1] if bracket and not unit_of_header(header) and _ASIDE.search(bracket[1]) else ""


def _against(first: Said, other: Said, *, is_first: bool = False) -> Said | None:
    """Return what another column says against the `first`; None where that is the one that counts (`is_first`)."""
    aside = _aside(first.where)
    if aside == _aside(other.where):
        return other
    return replace(other, is_unread=True, grounds=say("which_counts_open")) if aside and not is_first else None


def _is_same_trade(codes: Sequence[str], text: str) -> bool:
    """Return whether one of the codes in a cell begins one of `codes`, or the other way round."""
    trade = read_trade(text)
    other = trade.stated if isinstance(trade, TradeCell) else ()
    return any(mine.startswith(its) or its.startswith(mine) for mine in codes for its in other)


def _other_action(row: Told) -> Iterator[Said]:
    """Yield what says another kind of work than 建设性质: a repeat of it, the name of a project that says only that."""
    action = next((ACTIONS.get(cell.value, "") for cell in row.given("建设性质")), "")
    yield from (cell for cell in row.given("建设性质") if action and ACTIONS.get(cell.value, action) != action)
    for cell in row.given("项目名称", "名称"):
        named = {meaning for word, meaning in ACTIONS.items() if word in cell.value}
        if action and len(named) == 1 and action not in named and _ENLARGED not in cell.value:
            yield cell


def _is_other_trade(code: str, edition: str, name: str) -> bool:
    """Return whether a trade's name is held under other codes only; else whether its words name another division."""
    named = trades_named(name)
    if named:
        year = re.search("2011|2017", edition)
        same = [official for official in named if year is None or str(official.edition) == year[0]]
        return bool(same) and not any(
            official.code.startswith(code) or code.startswith(official.code) for official in same
        )
    known = {trade.name for (_, its_code), trade in trades().items() if its_code == code}
    return name not in known and _is_other_division(code, name)


def _is_other_division(code: str, text: str) -> bool:
    """Return whether words of a text name divisions of GB/T 4754, and none is the code's.

    >>> _is_other_division("3212", "示例面包厂"), _is_other_division("3360", "示例食品机械电镀厂")
    (True, False)
    """
    named = divisions_named(text)
    return bool(named) and not any({code[:2], ANY_TRADE} & divisions for divisions in named)


def telling_words(name: str) -> str:
    """Return the words in a `name` that claims look for: a name of these alone contradicts as much as the whole.

    >>> telling_words("示例食品厂扩建项目")
    '食品、扩建'
    """
    return "、".join(word for word in (*trade_words(), *ACTIONS, _ENLARGED) if word in name)


@lru_cache(maxsize=1)
def _key_industries() -> Mapping[str, frozenset[str]]:
    divisions: dict[str, set[str]] = {}
    for row in read_rows("industry_codes.csv"):
        codes = (row["gbt4754_2017"], row["gbt4754_2011"])
        divisions.setdefault(row["key_industry_zh"], set()).update(code[:2] for code in codes if code)
    return {name: frozenset(codes) for name, codes in divisions.items() if name}


def _own_emissions(row: Told) -> Iterator[Emission]:
    """Yield the masses that a row's own columns state: 废气镉, 废水铅, 新增砷."""
    year = next((days[0].year for cell in row.given("排放量年份") if (days := _days(cell.value))), None)
    for header, cell in row.cells.items():
        (name, rest), text = mass_of(header), (cell or "").strip()
        start, metal = name[:2], name[2:].removesuffix("排放量")
        if start not in {AIR, WATER, "新增"}:
            continue
        least, most = _bounds(Said(header, text), "kg/a") or (0.0, math.inf)
        kg = least if least == most and not (rest and most) else None
        if most < math.inf or _is_filled(text):
            medium, unread = "" if start == "新增" else start, text if kg is None else ""
            where, grounds = header.strip().rstrip("*"), say("whole_open") if rest else ""
            yield Emission(where, metal, medium, kg, year, is_added=not medium, unread=unread, grounds=grounds)


def _days(text: str) -> tuple[dt.date, dt.date] | None:
    """Return the first and the last day that a date may mean; None where it can't be read.

    >>> [str(day) for day in _days("2015年6月")], _days("去年")
    (['2015-06-01', '2015-06-30'], None)
    """
    plain = unicodedata.normalize("NFKC", text).strip().split(" ")[0]
    match = _DAY.fullmatch(plain) or _RUN_TOGETHER.fullmatch(plain)
    if match is None:
        return None
    year, month, day = (int(part or 0) for part in match.groups())
    try:
        first = dt.date(year, month or 1, day or 1)
        last = first if day else dt.date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except ValueError:
        return None
    return first, last


CADMIUM, TRADE, ACTION, NUMBERS = "cadmium", "trade", "action", "numbers"
"""What a clause may rest on beside the facts of `ATTRIBUTES`: cadmium-related or not, trade, action, emissions."""

KIND = "kind"
"""What the thing itself is."""

OVERHEAD = "overhead"
"""Who lives below a dam, as other tables tell it."""

EVENT = "填报矛盾"
_NOT_RELATED = "不涉及"
_MOST_NAMED = 3
_CLOSED, _STOPPED, _RUNNING = ("关闭", "闭库", "销库"), ("停产", "停用", "搬迁", "历史遗留"), ("在产", "在用")
_STATES = ("生产状态", "运行状态", "企业状态", "运营状态")
_STARTS = ("投产时间", "投产日期", "建成时间", "建成投产时间", "竣工时间")
_MANY_TONS, _MANY_PEOPLE = 1000.0, 10_000.0
"""千吨万人: a day's supply of 1000 t, or 10,000 people supplied."""


class Dispute(Struct, frozen=True):
    """A claim and what contradicts it; `touches` names what a clause may rest on."""

    claim: Said
    evidence: tuple[Said, ...]
    touches: tuple[str, ...] = ()

    @property
    def values(self) -> Reason:
        """Both values."""
        shown = tuple(cell.text for cell in self.evidence[:_MOST_NAMED])
        if len(self.evidence) > _MOST_NAMED:
            return say("values_and_more", claim=self.claim.text, evidence=shown, count=len(self.evidence))
        return say("two_values", claim=self.claim.text, evidence=shown)

    @property
    def is_open(self) -> bool:
        """Whether all that may speak against the claim can't be read, or isn't the whole."""
        return all(cell.is_unread for cell in self.evidence)

    def _words(self, stands: str, unread: str, unsure: str) -> str:
        """Return which of the words hold: both can be read, the evidence can't, or what it tells isn't the whole."""
        return stands if not self.is_open else unsure if any(cell.grounds for cell in self.evidence) else unread

    @property
    def why(self) -> Reason:
        """Why a clause that rests on either isn't judged."""
        return say(self._words("contradicted", "contradiction_open", "contradiction_unsure"), values=self.values)

    @property
    def note(self) -> Reason:
        """What stands in the row of the source."""
        words = self._words("contradiction_noted", "contradiction_open_noted", "contradiction_unsure_noted")
        return say(words, values=self.values)

    @property
    def cause(self) -> Reason:
        """What is the matter, for the ledger."""
        return say(self._words("not_both_true", "evidence_unread", "evidence_unsure"))

    @property
    def action(self) -> str:
        """What was done, for the ledger."""
        return say("both_kept_unjudged" if self.touches else "both_kept")


class _Claim(Struct, frozen=True):
    """A line of the table: how the claim is found in a row, what can't be true with it, what clauses may rest on it."""

    name: str
    says: Reading
    against: tuple[Reading, ...]
    touches: tuple[str, ...] = ()


def _said_both_ways(row: Told) -> Iterator[Dispute]:
    """Yield facts that two columns of one row state otherwise, such as 闭库 and 在产."""
    codes = dict.fromkeys(code for code, _ in row.facts) if len(row.facts) > 1 else ()
    for code in codes:
        yes, no = (row.facts.get((code, value)) for value in (True, False))
        if yes and no:
            yield Dispute(yes[0], (no[0],), (code,))


@lru_cache(maxsize=256)
def _amount_columns(headers: tuple[str, ...]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """Return the columns of what is added and of what replaces it: those of the total, then those of each metal."""
    named: dict[str, list[str]] = {}
    for header in headers:
        name, rest = mass_of(header)
        if not rest or _ASIDE.search(rest):
            named.setdefault(name, []).append(header)
    return tuple(
        tuple(
            tuple(header for name in names for header in named.get(name, ()))
            for names in ((total,), *((start + zh,) for zh in METALS.values()))
        )
        for start, total in (("新增", "新增重点重金属排放量"), ("替代", "替代量"))
    )


def _amounts_disagree(row: Told) -> Iterator[Dispute]:
    """Yield masses that two columns state otherwise, and totals that aren't the sum of what their metals come to."""
    for columns in _amount_columns(tuple(row.cells)):
        cells = ([Said(name.strip().rstrip("*"), row.cells[name].strip()) for name in names] for names in columns)
        masses = [[(amount(cell.value, cell.where, "kg/a"), cell) for cell in of_one] for of_one in cells]
        stated = [[(kg, cell) for kg, cell in of_one if kg is not None] for of_one in masses]
        for (first_kg, first), *others in filter(None, stated):
            if otherwise := tuple(filter(None, (_against(first, cell) for kg, cell in others if kg != first_kg))):
                yield Dispute(first, tuple(sorted(otherwise, key=lambda cell: cell.is_unread)), (NUMBERS,))
        total, *metals = stated
        parts = [of_one[0] for of_one in metals if of_one]
        five = [of_one[0] for of_one in metals[: len(FIVE_METALS)] if of_one]
        if not (total and five):
            continue
        told_kg, told = total[0]
        over_kg = [told_kg - math.fsum(kg for kg, _ in summed) for summed in (five, parts)]
        if min(map(abs, over_kg)) > _rounding_kg(told):
            is_short = len(five) < len(FIVE_METALS) and min(over_kg) > 0
            *against, last = (replace(cell, is_unread=is_short) for _, cell in parts)
            last = replace(last, grounds=say("other_metals_blank")) if is_short else last
            yield Dispute(told, (*against, last), (NUMBERS,))


_MILLIGRAM = 0.5e-6


def _rounding_kg(cell: Said) -> float:
    """Return half a unit of the last digit of a mass, a twentieth of it at most and half a milligram at least.

    >>> [_rounding_kg(Said("替代量(t/a)", cell)) for cell in ("0.35", "12.35 kg", "1")]
    [5.0, 0.005, 50.0]
    """
    number = re.match(r"[\d,]*(?:\.(\d*))?", plain := unicodedata.normalize("NFKC", cell.value).strip())
    places, rest = (len(number[1] or ""), plain[number.end() :]) if number else (0, "")
    half, whole = (amount(text, cell.where, "kg/a") or 0.0 for text in (f"0.{'0' * places}5{rest}", plain))
    return max(_MILLIGRAM, min(half, whole / 20))


_CADMIUM_COLUMNS = ("是否涉镉", "涉镉情况", "涉镉认定")


def _cadmium_denied(row: Told) -> Iterator[Said]:
    grounds = next(row.given("涉镉依据"), None)
    grounds_text = say("no_grounds") if grounds is None else say("grounds_given", grounds=grounds.value)
    for cell in row.given(*_CADMIUM_COLUMNS):
        if read_word("是否涉镉", cell.value) == _NOT_RELATED:
            yield Said(cell.where, cell.value, grounds_text)
    yield from row.beside.get(CADMIUM, ())


def _overhead(row: Told) -> Iterator[Said]:
    yield from row.beside.get(OVERHEAD, ())


_DISCHARGES = ("废水去向", "排放去向")
_NO_DISCHARGE = ("不外排", "不排放", "零排放", "无废水", "无外排", "无")
_NO_METALS = ("无", "不涉及", "不涉重", "不涉重金属", "否")


def _denial(name: str, code: str, *against: Reading, touches: tuple[str, ...] = ()) -> _Claim:
    """Return that a yes/no fact is stated not to be so, which clauses on it rest on."""
    return _Claim(name, lambda row: iter(row.facts.get((code, False), ())), against, (code, *touches))


_CLAIMS: tuple[_Claim, ...] = (
    _Claim(
        "不涉镉",
        _cadmium_denied,
        (
            emits(("镉",)),
            _lists(("涉及重金属", "含重金属原辅料及含量", "特征污染物", "主要污染物"), ("镉",)),
            _cells(_CADMIUM_COLUMNS, lambda value: read_word("是否涉镉", value) in {"已认定", "行业推定"}),
        ),
        (CADMIUM, "emits_cadmium"),
    ),
    _denial("不排镉", "emits_cadmium", emits(("镉",)), touches=(CADMIUM,)),
    _denial("不排放重金属", "discharges_heavy_metals", emits((*NAMED_METALS, "重金属"))),
    _Claim("不涉重金属", _states(("涉及重金属", "是否涉重金属"), _NO_METALS), (emits(NAMED_METALS),)),
    _denial("不排放", "discharges_pollutants", emits(())),
    _denial("不向河流排放", "discharges_to_river", emits(NAMED_METALS, medium=WATER)),
    _Claim(
        "废水不外排",
        _states(_DISCHARGES, _NO_DISCHARGE),
        (emits((), medium=WATER), filled(("受纳水体",))),
        ("discharges_to_river",),
    ),
    _denial("不增加重金属排放", "adds_heavy_metal_emission", emits((*NAMED_METALS, "重金属"), is_added=True)),
    _denial("不增加排污量", "adds_discharge", emits((), is_added=True)),
    _denial("不涉铊锑", "thallium_or_antimony", emits(("铊", "锑")), _lists(("涉及重金属",), ("铊", "锑"))),
    _Claim("关闭", _states(_STATES, _CLOSED), (_later_emissions, _permit_in_force), ("closed",)),
    # A plant that has stopped is as little closed as one that runs: no clause tells them apart.
    _Claim("停产", _states(_STATES, _STOPPED), (_later_emissions, _permit_in_force)),
    _Claim("在产", _states(_STATES, _RUNNING), (_dated(("停产关闭时间", "关闭时间"), past=True),), ("closed",)),
    _Claim("已投产", _states(_STATES, _RUNNING), (_dated(_STARTS, past=False),)),
    _Claim("在建", _states(_STATES, ("在建",)), (_dated(_STARTS, past=True),)),
    _Claim(
        "新建",
        _states(("建设性质",), ("新建", "new")),
        (_dated(_STARTS, past=True), _states(_STATES, (*_RUNNING, "停产", "关闭", "搬迁"))),
        (ACTION,),
    ),
    _Claim(
        "非头顶库",
        _states(("是否头顶库", "头顶库认定"), ("否", "不是", "非头顶库")),
        (_at_least(("下游1km居民数",), "人"), filled(("下游重要设施",)), _overhead),
    ),
    _Claim("无主", _states(("运行状态",), ("无主",)), (filled(("运营管理单位",)),)),
    _Claim("责任主体灭失", _states(("责任主体",), ("灭失",)), (filled(("责任单位", "运营管理单位")),)),
    _Claim(
        "水源停用",
        _states(("使用状态",), ("停用", "取消", "撤销", "已取消", "已撤销")),
        (_at_least(("供水人口",), "人"), _at_least(("日供水量",), "m3/d")),
    ),
    _denial(
        "非千吨万人",
        "thousand_ton_source",
        _at_least(("日供水量",), "m3/d", _MANY_TONS),
        _at_least(("供水人口",), "人", _MANY_PEOPLE),
    ),
    _denial("非化工", "is_chemical", _lists(("主导产业",), ("化工",))),
    _Claim(
        "不涉重园区",
        _states(("是否涉重金属园区",), ("否",)),
        (_lists(("主导产业",), ("冶炼", "电镀", "表面处理", "蓄电池", "制革", "鞣制")),),
    ),
    _denial("无总量来源", "offset_source_named", filled(("总量来源企业", "来源核定文号"))),
    _Claim("排放口类型", _states(("类型",), (AIR, WATER)), (_other_medium,)),
    _Claim("行业代码", _trade_code, (_other_trade,), (TRADE,)),
    _Claim("建设性质", _states(("建设性质",), tuple(ACTIONS)), (_other_action,), (ACTION,)),
)
"""What can be claimed and what speaks against it: a new kind of contradiction is a line here."""


class _Listening(Told, frozen=True):
    """A row without cells that notes which columns it is asked for."""

    asked: ClassVar[set[str]] = set()

    def given(self, *names: str) -> Iterator[Said]:
        """Note the `names` and yield nothing."""
        self.asked.update(map(bare_header, names))
        return iter(())


@lru_cache(maxsize=1)
def _asked_by_claims() -> Mapping[str, frozenset[str]]:
    """Return the bare names of the columns that each claim is read from, by its name; yes/no facts apart."""
    columns = {}
    for claim in _CLAIMS:
        row = _Listening({})
        row.asked.clear()
        list(claim.says(row))
        columns[claim.name] = frozenset(row.asked)
    return columns


def may_claim(header: str) -> bool:
    """Tell whether a column called `header` may hold a claim: rows without any can't contradict themselves."""
    is_amount = any(any(columns) for columns in _amount_columns((header,)))
    return is_amount or says_something(header) or any(bare_header(header) in it for it in _asked_by_claims().values())


@lru_cache(maxsize=256)
def _claims_in(headers: tuple[str, ...]) -> tuple[_Claim, ...]:
    """Return the claims that a row with these `headers` may hold; those that other tables make stay."""
    bare, has_facts = set(map(bare_header, headers)), any(map(says_something, headers))
    asked = _asked_by_claims()
    return tuple(
        claim
        for claim in _CLAIMS
        if claim.says is _cadmium_denied or (bare & asked[claim.name] if asked[claim.name] else has_facts)
    )


def disputes(row: Told) -> tuple[Dispute, ...]:
    """Return every contradiction in what is told of a `row`.

    >>> found = disputes(Told({"是否涉镉": "不涉及", "废气镉(kg/a)": "2.1"}))
    >>> found[0].values, found[0].touches
    ('是否涉镉「不涉及」（未填依据）与废气镉(kg/a)「镉 2.1 kg/a」', ('cadmium', 'emits_cadmium'))
    >>> disputes(Told({"是否涉镉": "不涉及", "废气镉(kg/a)": "0"}))
    ()
    """
    contradictions = [*_said_both_ways(row), *_amounts_disagree(row)]
    for claim in _claims_in(tuple(row.cells)):
        claimed = next(iter(claim.says(row)), None)
        if claimed is None:
            continue
        found = dict.fromkeys(cell for read in claim.against for cell in read(row))
        evidence = tuple(sorted(found, key=lambda cell: cell.is_unread))
        if evidence:
            contradictions.append(Dispute(claimed, evidence, claim.touches))
    return tuple(contradictions)


def doubts_of(contradictions: Iterable[Dispute]) -> dict[str, str]:
    """Return why a clause can't rest on something that `contradictions` touch, by what it would rest on."""
    why: dict[str, list[str]] = {}
    for dispute in contradictions:
        for topic in dispute.touches:
            why.setdefault(topic, []).append(dispute.why)
    return {topic: sentences(*reasons) for topic, reasons in why.items()}
