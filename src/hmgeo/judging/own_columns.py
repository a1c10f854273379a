"""What a list's own columns and its outlets say of each source, under the names that offices use."""

import calendar
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
from msgspec import Struct, field

from hmgeo.judging.facts import Stated, doubted_facts
from hmgeo.judging.facts import Unknown as Doubted
from hmgeo.records import Ledger, LedgerEntry, Positions, SideTable, table_of
from hmgeo.reference.cells import read_trade, read_word
from hmgeo.reference.tables import find_header, is_blank, mass_of, means_the_same, metals_named, trades, trades_named
from hmgeo.results.columns import OUTLETS_SCHEMA
from hmgeo.rules.claims import AIR, NAMED_METALS, NUMBERS, WATER
from hmgeo.rules.words import stated_facts, stated_numbers, unread_facts, unread_numbers
from hmgeo.vocabulary import FIVE_METALS, Action, Unknown
from hmgeo.vocabulary import METALS as METAL_WORDS
from hmgeo.words import one_by_one, say, sentences

METALS = tuple(METAL_WORDS[metal] for metal in FIVE_METALS)
_EDITIONS = (2017, 2011)
_YEAR_END = re.compile(r"(\d{4})年(?:(\d{1,2})月)?(?:底|末)(?:前|之前|以前)?")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


class TradeCodes(Struct, frozen=True):
    """A source's trade in both editions of GB/T 4754; empty where nothing says it. note: why something is missing."""

    name: str = ""
    code_2017: str = ""
    code_2011: str = ""
    note: str = ""


class OwnColumns:
    """The input's own cells, by the names of the list templates or their aliases."""

    def __init__(self, positions: Positions) -> None:
        self._table = positions.attributes
        self._columns: dict[str, list[str]] = {}

    def text(self, row: int, name: str) -> str:
        """Return the stripped cell of a `row` (from 0) in the column `name` or an alias; empty without such a one."""
        if name not in self._columns:
            header = find_header(self._table.column_names, name)
            self._columns[name] = self._table[header].to_pylist() if header else []
        cells = self._columns[name]
        return (cells[row] or "").strip() if cells else ""

    def cells(self, row: int) -> dict[str, str]:
        """Return a whole `row` (from 0) by the list's own headers; empty where the list has none."""
        rows: list[dict[str, str]] = self._table.slice(row, 1).to_pylist()
        return rows[0] if rows else {}

    def number(self, row: int, name: str) -> float | None:
        """Return the cell of a `row` in the column `name` as an amount; None where it is blank or isn't one."""
        return amount_of(unicodedata.normalize("NFKC", self.text(row, name)))

    def emissions(self, row: int, medium: str) -> dict[str, float]:
        """Return kg a year of a `row` by metal, zeros too, for a `medium` (废气 or 废水), numbers alone."""
        masses = {metal: self.number(row, f"{medium}{metal}") for metal in METALS}
        return {metal: value for metal, value in masses.items() if value is not None}


def trade_of(own: OwnColumns, row: int, position: Mapping[str, str]) -> TradeCodes:
    """Return a source's trade in both editions: its own code and edition first, else the name by the reference table.

    `row` is its number in `own`, `position` its row of the table of positions. A strange name gives no code.
    """
    name = own.text(row, "行业名称")
    code = "" if position["trade_code"] == name else position["trade_code"]  # a name stands in where no code is given
    edition = position["trade_edition"] or ("2017" if means_the_same(code) else "")
    trade = read_trade(code)
    if isinstance(trade, Unknown):
        if trade.code != "not_stated":
            return TradeCodes(name, note=say("trade_code_not_converted", found=code))
    elif trade.named:
        return TradeCodes(name or code, trade.text("2017"), trade.text("2011"))
    if code and edition in map(str, _EDITIONS):
        known = trades().get((int(edition), code))
        other = trades_named(known.name) if known is not None else ()
        codes = {known_as.edition: known_as.code for known_as in other} | {int(edition): code}
        return TradeCodes(name or (known.name if known else ""), codes.get(2017, ""), codes.get(2011, ""))
    if code:
        return TradeCodes(name, note="行业代码未注明版本，未换算为两版代码")
    codes = {official.edition: official.code for official in trades_named(name)}
    note = "" if codes or not name else say("trade_name_not_in_table", name=name)
    return TradeCodes(name, codes.get(2017, ""), codes.get(2011, ""), note)


def due_day(text: str) -> str:
    """Return the last day of a deadline (`text`, as written) as YYYY-MM-DD; empty where it names none.

    >>> due_day("2020年底前"), due_day("2021年2月底前"), due_day("2022/6/30"), due_day("持续实施")
    ('2020-12-31', '2021-02-28', '2022-06-30', '')
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    day = _DAY.fullmatch(plain)
    if day:
        return f"{int(day[1]):04d}-{int(day[2]):02d}-{int(day[3]):02d}"
    end = _YEAR_END.fullmatch(plain)
    if end is None:
        return ""
    year, month = int(end[1]), int(end[2] or 12)
    if not 1 <= month <= 12:  # noqa: PLR2004 -- months
        return ""
    return f"{year:04d}-{month:02d}-{calendar.monthrange(year, month)[1]:02d}"


ACTION_COLUMN = "建设性质"
ADDED, OFFSET = "新增", "替代"
_SYMBOLS = {word: metal for metal, word in METAL_WORDS.items()}
ACTIONS = (
    {action.zh: action for action in Action}
    | {action.value: action for action in Action}
    | {"技改": Action.TECHNICAL_UPGRADE}
)


def stated_of_row(cells: Mapping[str, str], doubts: Mapping[str, str]) -> Stated:
    """Return what a row of a list states of its source, with what its stated emissions say.

    `doubts`: why nobody can rest on something that is stated, by topic. `cells`: by the headers of the list.

    >>> said = stated_of_row({"新增铅(kg/a)": "10", "新增镉(kg/a)": "1", "替代量(kg/a)": "12"}, {})
    >>> said.added_kg, said.numbers, said.attribute("emits_cadmium")
    ({'Pb': 10.0, 'Cd': 1.0}, {'added_emission_kg': 11.0, 'offset_kg': 12.0}, True)
    """
    added_kg = by_metal(cells, ADDED)
    doubts = unread_doubts(cells) | dict(doubts)
    attributes = emission_facts(added_kg) | doubted_facts(stated_facts(cells), doubts)
    offset_kg = by_metal(cells, OFFSET)
    numbers = numbers_of(stated_numbers(cells), added_kg, offset_kg)
    return Stated(attributes, numbers, added_kg, offset_kg, doubt=doubts.get(NUMBERS, ""))


def unread_doubts(cells: Mapping[str, str]) -> dict[str, str]:
    """Return why a clause can't rest on what one of the `cells` fails to say, by topic; a blank says nothing.

    An emission that can't be read may be above zero: what an emission says is open then, and so are sums and shares.

    >>> unread_doubts({"是否化工园区": "待查"})["is_chemical"]
    '是否化工园区所填「待查」看不懂，本条未作判断。'
    >>> sorted(unread_doubts({"新增镉(kg/a)": "若干", "新增铅(kg/a)": "10"}))
    ['emits_cadmium', 'numbers']
    """
    doubts: dict[str, str] = {
        fact: say("cell_unread", column=column, cell=cell) for fact, (column, cell) in unread_facts(cells).items()
    }
    unread = {
        (start, metal): cell
        for start in (ADDED, OFFSET)
        for metal, cell in _metal_cells(cells, start)
        if not is_blank(cell) and amount_of(cell) is None
    }
    unread_reasons = {
        key: say("cell_unread", column=f"{key[0]}{METAL_WORDS[key[1]]}", cell=cell) for key, cell in unread.items()
    }
    unread_reasons |= {
        (column, ""): say("cell_unread", column=column, cell=cell) for column, cell in unread_numbers(cells).items()
    }
    stated = {mass for name, cell in cells.items() if not is_blank(cell) for mass, rest in (mass_of(name),) if not rest}
    for column, cell in cells.items():
        mass, rest = mass_of(column)
        if rest and mass[:2] in {ADDED, OFFSET} and mass not in stated and not is_blank(cell) and amount_of(cell) != 0:
            key = mass[:2], _SYMBOLS.get(mass[2:], "")
            unread_reasons.setdefault(key, say("part_unread", column=column, cell=cell))
    if unread_reasons:
        doubts[NUMBERS] = sentences(*unread_reasons.values())
    known = {**emission_facts(by_metal(cells, ADDED)), **stated_facts(cells)}
    for (start, metal), why in unread_reasons.items():
        if start.startswith(ADDED):
            doubts |= {fact: why for fact in emission_facts({metal: 1.0}) if fact not in known and fact not in doubts}
    return doubts


def emission_facts(added_kg: Mapping[str, float]) -> dict[str, bool | Doubted]:
    """Return what new emissions `added_kg` (kg/a by symbol) say: metals discharged and added, cadmium its own."""
    emitted = {metal for metal, kg in added_kg.items() if kg > 0}
    facts = ("adds_heavy_metal_emission", "discharges_heavy_metals") if emitted else ()
    return dict.fromkeys((*facts, *(("emits_cadmium",) if "Cd" in emitted else ())), True)


def stated_action(cells: Mapping[str, str]) -> tuple[Action | None, str]:
    """Return the kind of work that `cells` state, None where they state none, and what is said of an unread word.

    >>> stated_action({"建设性质": "新建"})[0].value, stated_action({"建设性质": "翻修"})[0]
    ('new', None)
    """
    written = cells.get(find_header(list(cells), ACTION_COLUMN), "").strip()
    word = read_word(ACTION_COLUMN, written)
    action = None if isinstance(word, Unknown) else ACTIONS[word]
    return action, say("action_unread", word=written) if written and action is None else ""


def number_of(text: str) -> float | None:
    """Return the finite number that `text` is; None for anything else."""
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def amount_of(text: str) -> float | None:
    """Return the finite number of 0 or more that `text` is; None for anything else.

    >>> amount_of("12.5"), amount_of("-5")
    (12.5, None)
    """
    value = number_of(text)
    return None if value is None or value < 0 else value


def numbers_of(
    stated: Mapping[str, float], added_kg: Mapping[str, float], offset_kg: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return the `stated` numbers, in kg/a, with `added_kg` of the five metals summed where nobody states the sum.

    A total that was rounded gives way to the sum of its metals where that is the stricter.

    >>> numbers_of({"added_emission_kg": 12.0, "offset_kg": 15.0}, {"Pb": 12.4}, {"Pb": 14.6})
    {'added_emission_kg': 12.4, 'offset_kg': 14.6}
    """
    added, offset = (
        [of_metal[metal] for metal in FIVE_METALS if metal in of_metal] for of_metal in (added_kg, offset_kg or {})
    )
    numbers = ({"added_emission_kg": sum(added)} if added else {}) | dict(stated)
    if added and sum(added) > numbers["added_emission_kg"] + _NOISE_KG:
        numbers["added_emission_kg"] = sum(added)
    if offset and "offset_kg" in numbers and sum(offset) < numbers["offset_kg"] - _NOISE_KG:
        numbers["offset_kg"] = sum(offset)
    return numbers


_NOISE_KG = 0.5e-6


def metal_cell(cells: Mapping[str, str], start: str, metal: str) -> str:
    """Return the cell of a row's `cells` such as 新增铅(kg/a) (`start` 新增, `metal` a symbol); empty without one."""
    return dict(_metal_cells(cells, start)).get(metal, "")


def _metal_cells(cells: Mapping[str, str], start: str) -> list[tuple[str, str]]:
    """Return the metals, by their symbols, for which a row has a column, each with the first cell that isn't blank."""
    headers = _metal_headers(tuple(cells), start)
    return [(metal, next(filter(None, (cells[name].strip() for name in names)), "")) for metal, names in headers]


def by_metal(cells: Mapping[str, str], start: str) -> dict[str, float]:
    """Return kg/a by metal symbol from `cells` such as 新增铅(kg/a), `start` 新增; blanks say nothing."""
    masses = ((metal, amount_of(cell)) for metal, cell in _metal_cells(cells, start))
    return {metal: kg for metal, kg in masses if kg is not None}


@lru_cache(maxsize=64)
def _metal_headers(headers: tuple[str, ...], start: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each metal that has columns of its emission, with these; the rows of a list share them."""
    headers_of = (
        (metal, tuple(header for header in headers if mass_of(header) == (start + word, "")))
        for metal, word in METAL_WORDS.items()
    )
    return tuple((metal, names) for metal, names in headers_of if names)


JOINED, NO_ENTERPRISE, NO_ID, REPEATED = "已关联", "无对应企业", "未填企业编号", "企业编号重复，未归入"
_HEXAVALENT = "六价铬"
_MOST_NAMED = 3


class OutletCells(Struct, frozen=True):
    """What a source's outlets say together.

    Parameters
    ----------
    stacks_m
        Heights of its stacks, ascending.
    emissions_kg
        By medium and metal: kg a year, summed over its outlets; metals told together (铅、镉) stay together.
    receiving
        Receiving waters, each once.
    text
        All outlets in words, in the order of the table.
    unstated
        Media of outlets of a metal whose mass nobody states, or that nobody knows to be this source's.
    doubt
        Which outlets may be this source's, in words.
    """

    stacks_m: tuple[float, ...] = ()
    emissions_kg: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    receiving: tuple[str, ...] = ()
    text: str = ""
    unstated: frozenset[str] = frozenset()
    doubt: str = ""


class JoinedOutlets(Struct, frozen=True):
    """Outlets by source id, every input row with what became of it (`OUTLETS_SCHEMA`), and the ledger of the rest.

    `of_others`: what holds for a source without outlets of its own.
    """

    by_source: Mapping[str, OutletCells] = field(default_factory=dict)
    of_others: OutletCells = field(default_factory=OutletCells)
    table: pa.Table = field(default_factory=OUTLETS_SCHEMA.empty_table)
    ledger: Ledger = field(default_factory=Ledger)


def join_outlets(outlets: SideTable | None, source_ids: Sequence[str]) -> JoinedOutlets:
    """Return outlets with the sources they belong to.

    `outlets`: none where the project has none. `source_ids`: of all sources; a repeated id carries `#2`.
    """
    if outlets is None:
        return JoinedOutlets()
    known = set(source_ids)
    rows, entries = [], []
    of_owner: dict[str, list[dict[str, Any]]] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for row in outlets.table.to_pylist():
        owner = row["enterprise_id"]
        status = _status(owner, known)
        key = owner, row["outlet_id"], row["pollutant"]
        seen[key] += 1
        repeated = row["outlet_id"] and seen[key] > 1
        note = one_by_one((row["note"], say("outlet_repeated") if repeated else ""))
        is_joined = status == JOINED
        rows.append({**row, "status": status, "source_id": owner if is_joined else "", "note": note})
        if is_joined:
            of_owner.setdefault(owner, []).append(row)
        else:
            entries.append(_entry(outlets, row, status))
    cells = {owner: _cells(listed) for owner, listed in of_owner.items()}
    lost = [
        row for row in rows if row["status"] != JOINED and _metal_named(row["pollutant"]) and row["emission_kg"] != 0
    ]
    table = table_of([{name: row[name] for name in OUTLETS_SCHEMA.names} for row in rows], OUTLETS_SCHEMA)
    return JoinedOutlets(cells, _of_others(lost), table, Ledger(tuple(entries)))


def _of_others(lost: Sequence[Mapping[str, Any]]) -> OutletCells:
    """Return what outlets of metals that belong to nobody leave open of a source without outlets of its own."""
    if not lost:
        return OutletCells()
    named = [row["outlet_id"] or f"第 {row['row']} 行" for row in lost]
    listed = "、".join(named[:_MOST_NAMED]) + ("等" if len(named) > _MOST_NAMED else "")
    media = frozenset({AIR, WATER} if any(not row["medium"] for row in lost) else {row["medium"] for row in lost})
    return OutletCells(unstated=media, doubt=say("outlets_unjoined", listed=listed))


def _status(owner: str, known: set[str]) -> str:
    if not owner:
        return NO_ID
    if f"{owner}#2" in known:
        return REPEATED
    return JOINED if owner in known else NO_ENTERPRISE


def _entry(outlets: SideTable, row: Mapping[str, Any], status: str) -> LedgerEntry:
    reasons = {
        NO_ENTERPRISE: "企业清单中没有这一企业编号",
        NO_ID: "没有填写企业编号",
        REPEATED: "企业清单中这一编号不止一行，不能确定属于哪一家",
    }
    return LedgerEntry(
        file=outlets.provenance.path,
        row=row["row"],
        field="企业编号",
        value=row["enterprise_id"],
        event="排放口未关联",
        reason=reasons[status],
        action="列入排放口表，未计入任何企业，请核对",
    )


def _cells(rows: Sequence[Mapping[str, Any]]) -> OutletCells:
    emissions: dict[str, dict[str, float]] = {}
    for row in rows:
        metal = _metal_named(row["pollutant"])
        if metal and row["emission_kg"] is not None and row["medium"] in {AIR, WATER}:
            of_medium = emissions.setdefault(row["medium"], {})
            of_medium[metal] = of_medium.get(metal, 0.0) + row["emission_kg"]
    heights = {(row["outlet_id"] or row["row"]): row["stack_height_m"] for row in rows if row["stack_height_m"]}
    waters = dict.fromkeys(row["receiving_water"] for row in rows if row["receiving_water"])
    unstated = {row["medium"] for row in rows if row["emission_kg"] is None and _metal_named(row["pollutant"])}
    words = "；".join(map(_words, rows))
    return OutletCells(tuple(sorted(heights.values())), emissions, tuple(waters), words, frozenset(unstated))


def _metal_named(pollutant: str) -> str:
    """Return the metal that a pollutant's name holds, several joined; empty for what is no metal.

    >>> _metal_named("镉及其化合物"), _metal_named("Cr6+"), _metal_named("铅、Cd"), _metal_named("颗粒物")
    ('镉', '六价铬', '铅镉', '')
    """
    pollutant = metals_named(pollutant)
    named = "".join(metal for metal in NAMED_METALS if metal in pollutant)
    return named.replace("铬", _HEXAVALENT) if _HEXAVALENT in pollutant else named


def _words(row: Mapping[str, Any]) -> str:
    height_m, mass_kg = row["stack_height_m"], row["emission_kg"]
    parts = (
        row["outlet_id"] or f"#{row['row']}",
        f"{height_m:g} m" if height_m else "",
        row["pollutant"] + ("" if mass_kg is None else f" {mass_kg:g} kg/a"),
        f"→ {row['receiving_water']}" if row["receiving_water"] else "",
    )
    return " ".join(filter(None, parts))
