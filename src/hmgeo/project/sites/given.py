"""Planned sites as a user gives them: typed, or in a file whose blank cells options fill."""

from __future__ import annotations

import csv
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.errors import Place, Problem, UsageError, raise_problems
from hmgeo.intake.load import ReadOptions, load_positions
from hmgeo.judging.crosscheck import dispute_entries, option_disputes
from hmgeo.judging.facts import Unknown as Doubted
from hmgeo.judging.facts import doubted_facts
from hmgeo.judging.own_columns import (
    ACTIONS,
    ADDED,
    OFFSET,
    amount_of,
    by_metal,
    metal_cell,
    numbers_of,
    stated_action,
    unread_doubts,
)
from hmgeo.judging.places import Areas, places_of
from hmgeo.records import Ledger, LedgerEntry, Positions, Provenance
from hmgeo.reference.cells import plain_trade, read_trade
from hmgeo.reference.tables import find_header, trades
from hmgeo.rules.claims import KIND, Dispute, doubts_of, telling_words
from hmgeo.rules.nodes import near
from hmgeo.rules.words import ATTRIBUTES, EDITIONS, SOURCE_KINDS, mentioned_facts, stated_facts, stated_numbers
from hmgeo.siting.site import PROJECT_SITES, Site
from hmgeo.vocabulary import METALS, Action, Basis, LayerKind, Status, Unknown
from hmgeo.words import one_by_one, say, sentences

AT_ID = "拟建点位"
AT_FILE = "--at"
DEFAULT_EDITION = "2017"
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
DECIMALS = "坐标位数"
_YES_NO = {"yes": True, "no": False, "是": True, "否": False, "true": True, "false": False}


class Typed(Struct, frozen=True):
    """What a user types of a site.

    Parameters
    ----------
    at
        `LON,LAT` as written: the digits say how exact it is.
    trade, edition
        GB/T 4754 code and edition.
    kind
        What it is, by the codes of `hmgeo.rules.words.SOURCE_KINDS`.
    metals
        `Pb=12.5`: new emission in kg/a.
    stated
        `name=yes` or `name=no`, by the names of `hmgeo.rules.words.ATTRIBUTES`.
    uncertainty
        定位误差 in metres, added to what the digits leave open.
    """

    at: str
    trade: str = ""
    edition: str = ""
    action: str = ""
    datum: str = "cgcs2000"
    uncertainty: str = ""
    name: str = ""
    kind: str = PROJECT_SITES
    metals: Sequence[str] = field(default_factory=tuple)
    stated: Sequence[str] = field(default_factory=tuple)


NOTHING_TYPED = Typed("")


def typed_site(typed: Typed, *, for_list: bool = False, in_china: bool = False) -> tuple[Site, Ledger]:
    """Return the hypothetical site that a user types; one without a point can only be asked where it might stand.

    `for_list`: what is typed fills the blanks of a list, so that an edition alone means something.
    `in_china`: as in `ReadOptions`.
    `UsageError` or `InputError` with everything that can't be understood.
    """
    problems: list[Problem] = []
    lon, comma, lat = typed.at.replace("，", ",").partition(",")
    if typed.at and not comma:
        problems.append(Problem("点位看不懂", Place(key=AT_FILE), typed.at, "经度,纬度", "如 113.02,23.60"))
    action = _action_of(typed.action, problems)
    if typed.edition and typed.edition not in map(str, EDITIONS):
        allowed = "、".join(map(str, EDITIONS))
        problems.append(Problem("行业分类版本看不懂", Place(key="--edition"), typed.edition, allowed, "改为其中之一"))
    trade = read_trade(typed.trade)
    if isinstance(trade, Unknown) and trade.code != "not_stated":
        problems.append(Problem("行业代码看不懂", Place(key="--trade"), typed.trade, "GB/T 4754 代码", "如 3212"))
    if typed.edition and not typed.trade and not for_list:
        problems.append(
            Problem("--edition 须与 --trade 同用", Place(key="--edition"), typed.edition, remedy="加上 --trade")
        )
    if typed.kind not in SOURCE_KINDS:
        allowed = "、".join(f"{code}（{zh}）" for code, zh in SOURCE_KINDS.items())
        problems.append(Problem("没有这一类对象", Place(key="--kind"), typed.kind, allowed, "改为其中之一"))
    added_kg, attributes = _metals(typed.metals, problems), _statements(typed.stated, problems)
    raise_problems(UsageError, problems)
    edition = typed.edition or (DEFAULT_EDITION if typed.trade else "")
    code = plain_trade(typed.trade, edition)
    note = "" if typed.edition or not typed.trade else f"未注明行业分类版本，按 {DEFAULT_EDITION} 版读取。"
    cells = {"项目名称": typed.name, "行业代码": typed.trade, "行业分类版本": edition}
    disputed = () if for_list else option_disputes(cells, action, added_kg, attributes)
    known = doubted_facts(attributes, doubts_of(disputed))
    site = Site(
        AT_ID,
        typed.name or AT_ID,
        None,
        trade_code=code,
        trade_edition=edition,
        action=action,
        kind=typed.kind,
        attributes=known,
        numbers=numbers_of({}, added_kg),
        added_kg=added_kg,
        status=Status.NOT_LOCATED,
        note=sentences(note, *(entry.note for entry in disputed)),
        facts=facts_of(action, code, edition, added_kg, known),
        doubts=doubts_of(disputed),
    )
    if not typed.at:
        return site, Ledger()
    return _located(site, typed, (lon.strip(), lat.strip()), ReadOptions(in_china=in_china))


def _located(site: Site, typed: Typed, at: tuple[str, str], options: ReadOptions) -> tuple[Site, Ledger]:
    """Put a typed point on the ground by the same reader that files go through: digits, datum, range, all alike."""
    lon, lat = at
    row = {"项目编号": AT_ID, "经度": lon, "纬度": lat, "坐标系": typed.datum, "定位误差(m)": typed.uncertainty}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "at.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([list(row), list(row.values())])
        positions, ledger = load_positions(
            path, kind=LayerKind.PROJECT_SITES, basis=Basis.UNDECLARED, name=AT_FILE, options=options, shown_as=AT_FILE
        )
    located = positions.table.to_pylist()[0]
    if located["status"] != Status.ASSESSED.value:
        raise UsageError(Problem("点位不能使用", Place(key=AT_FILE), typed.at, remedy=located["note"]))
    decimals = min((len(text.partition(".")[2]) for text in at), default=0)
    is_plain = all(_DECIMAL.fullmatch(text) for text in at)
    notes = ((DECIMALS, say("decimals_given", count=decimals)),) if is_plain else ()
    placed = replace(
        site,
        facts=(*site.facts, *notes),
        geometry=shapely.from_wkb(located["geometry"]),
        uncertainty_m=located["position_uncertainty_m"],
        status=Status.ASSESSED,
        note=site.note + located["note"],
    )
    return placed, ledger


def _action_of(text: str, problems: list[Problem]) -> Action | None:
    """Return the action that a word or code means; None for an empty one."""
    if not text:
        return None
    action = ACTIONS.get(text.strip())
    if action is None:
        allowed = "、".join(f"{known.value}（{known.zh}）" for known in Action)
        problems.append(Problem("建设性质看不懂", Place(key="--action"), text, allowed, "改为其中之一"))
    return action


def _metals(texts: Sequence[str], problems: list[Problem]) -> dict[str, float]:
    """Return kg/a by metal from words such as Pb=12.5."""
    amounts: dict[str, float] = {}
    for text in texts:
        symbol, _, number = (part.strip() for part in text.partition("="))
        kg = amount_of(number)
        if symbol not in METALS or kg is None:
            allowed = f"{'、'.join(METALS)}，千克每年"
            problems.append(Problem("新增排放量看不懂", Place(key="--metal"), text, allowed, "如 Pb=12.5"))
        elif amounts.get(symbol, kg) != kg:
            problems.append(Problem("同一金属写了两个数值", Place(key="--metal"), text, remedy="只留一个"))
        else:
            amounts[symbol] = kg
    return amounts


def _statements(texts: Sequence[str], problems: list[Problem]) -> dict[str, bool]:
    """Return yes/no facts from words such as may_pollute_soil=yes."""
    facts: dict[str, bool] = {}
    by_word = {zh: code for code, zh in ATTRIBUTES.items()}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        code = by_word.get(name.removeprefix("是否"), name)
        if code not in ATTRIBUTES:
            nearest = near(name, tuple(ATTRIBUTES))
            remedy = f"是否为「{nearest}」" if nearest else "用 hmgeo rules show 查看条款所问的事实"
            problems.append(Problem("没有这一事实", Place(key="--set"), text, remedy=remedy))
        elif value.casefold() not in _YES_NO:
            problems.append(Problem("只能是 yes 或 no", Place(key="--set"), text, "yes、no", "如 may_pollute_soil=yes"))
        elif facts.get(code, said := _YES_NO[value.casefold()]) is not said:
            problems.append(Problem("同一事实写了是又写了否", Place(key="--set"), text, remedy="只留一个"))
        else:
            facts[code] = said
    return facts


def facts_of(
    action: Action | None,
    trade: str,
    edition: str,
    added_kg: Mapping[str, float],
    attributes: Mapping[str, bool | Doubted],
) -> tuple[tuple[str, str], ...]:
    """Return the lines about a site that people read first, name and text; None and empty are told as not stated.

    `edition` is 2011, 2017 or empty, `added_kg` kilograms a year by metal, `attributes` yes, no or disputed by fact;
    `trade` a code, `action` what is built.
    """
    return _lines_on(action, trade, edition, tuple(added_kg.items()), tuple(attributes.items()))


@lru_cache(maxsize=4096)
def _lines_on(
    action: Action | None,
    trade: str,
    edition: str,
    added_kg: tuple[tuple[str, float], ...],
    attributes: tuple[tuple[str, bool | Doubted], ...],
) -> tuple[tuple[str, str], ...]:
    """Return `facts_of`: rows of a list that say the same share it."""
    known = trades().get((int(edition), trade)) if edition.isdigit() else None
    named = f"{trade} {known.name}" if known is not None else trade
    emitted = [say("metal_mass", metal=METALS[metal], mass=kg) for metal, kg in added_kg]
    stated = [say("site.stated", fact=ATTRIBUTES[code], said=_fact_word(value)) for code, value in attributes]
    return (
        ("建设性质", "未说明" if action is None else action.zh),
        ("行业", f"{named}（GB/T 4754—{edition or '版本未注明'}）" if trade else "未说明"),
        ("新增重点重金属排放", say("listed", parts=tuple(emitted)) if emitted else "未说明"),
        ("填报的事实", one_by_one(stated) or "未填报"),
    )


def _fact_word(value: object) -> str:
    return "是" if value is True else "否" if value is False else "矛盾待核实"


_SHOWN = (
    "建设单位", "环评类别", "产品及产能", "主要工艺", "总量来源企业", "来源核定文号", "管控单元编码",
    "环评防护距离及起算点",
)  # fmt: skip


def sites_of_file(
    path: Path,
    areas: Areas,
    *,
    basis: Basis,
    options: ReadOptions,
    defaults: Typed = NOTHING_TYPED,
    as_of: date | None = None,
) -> tuple[list[Site], Positions, Ledger]:
    """Return the sites of list 建设项目 in `path`, every row once, their positions and the ledger.

    `defaults`: what its rows are that don't say (`kind`), and what holds for those that leave a cell blank. A cell wins
    over an option, also one that isn't understood; the note of the row and the ledger tell which held.
    `as_of`: the day asked about; None makes no date past or ahead.

    `InputError`, `UsageError`: the file as a whole can't be used, or an option isn't understood.
    """
    positions, ledger = load_positions(
        path,
        kind=LayerKind.PROJECT_SITES,
        basis=basis,
        name="project_sites",
        provenance=Provenance(path.name),
        options=options,
        shown_as=path.name,
    )
    places = places_of(positions, areas)
    headers = positions.attributes.column_names
    name, *apart = (find_header(headers, word) for word in ("项目名称", "项目编号", "经度", "纬度"))
    columns = positions.attributes.drop_columns(sorted({*apart} - {""})).to_pylist() or [{} for _ in places]

    read = _reader(name, basis, defaults, as_of)
    sites, stated, disputes = [], Counter[tuple[str, bool]](), list[LedgerEntry]()
    rows = zip(positions.table.to_pylist(), columns, places, shapely.from_wkb(positions.table["geometry"]), strict=True)
    for number, (row, cells, place, shape) in enumerate(rows, start=1):
        site, filled, disputed = read(cells, row["trade_code"], row["trade_edition"])
        stated.update(filled.used)
        own = {"site_id": row["source_id"], "name": row["name"] or row["source_id"], "place": place}
        own |= {"geometry": shape, "uncertainty_m": row["position_uncertainty_m"] or 0.0}
        own |= {"status": Status.of(row["status"]), "note": sentences(row["note"], site.note)}
        sites.append(replace(site, **own))
        disputes += dispute_entries(path.name, number, row["source_id"], disputed)
    told_of = [
        LedgerEntry(
            path.name,
            value=option,
            event="选项作默认值" if is_used else "选项未用",
            reason="清单中未填" if is_used else "清单中已填，以清单为准",
            action=say("rows_by_option" if is_used else "rows_by_list", count=count),
        )
        for (option, is_used), count in stated.items()
    ]
    return sites, positions, ledger + Ledger((*told_of, *disputes))


_Read: TypeAlias = "tuple[Site, _Filled, tuple[Dispute, ...]]"
"""What a row says of its site but name, position and place, where that comes from, and what contradicts it."""


def _reader(
    name: str, basis: Basis, defaults: Typed, as_of: date | None
) -> Callable[[Mapping[str, str], str, str], _Read]:
    """Return what reads a row by its cells, trade and edition; rows that say the same are read once.

    Of column `name` that is what claims look for in it, unless it contradicts the row.
    """
    like, _ = typed_site(replace(defaults, at=""), for_list=True)

    @lru_cache(maxsize=4096)
    def once(row: tuple[tuple[str, str], ...], code: str, edition: str) -> _Read:
        cells = dict(row)
        filled = _filled(code, edition, cells, defaults, like)
        disputed = _disputed(code, cells, filled, as_of)
        return _site(cells, basis, filled, disputed, _kind_said(cells, code, defaults.kind)), filled, disputed

    def read(cells: Mapping[str, str], code: str, edition: str) -> _Read:
        alike = {**cells, name: telling_words(cells[name])} if name else cells
        found = once(tuple(alike.items()), code, edition)
        return once(tuple(cells.items()), code, edition) if found[2] else found

    return read


_KIND_COLUMNS = ("类型", "对象类型", "设施类型")
_KINDS = {zh: code for code, zh in SOURCE_KINDS.items()} | {
    "拟建项目": PROJECT_SITES,
    "渣堆": "waste_heaps",
    "历史遗留渣堆": "waste_heaps",
    "废渣": "waste_heaps",
    "矿山": "mines",
    "入河排污口": "outfalls",
    "园区": "industrial_parks",
}


_GROUND = frozenset(SOURCE_KINDS) - {
    "enterprises", PROJECT_SITES, "outfalls", "tailings_ponds", "waste_heaps", "contaminated_sites", "mines",
}  # fmt: skip
"""What is land or an area: it has no trade and isn't built; beside either, 园区 tells where something lies."""


def _kind_said(cells: Mapping[str, str], trade: str, default: str) -> tuple[str, str]:
    """Return what a row says that it is, and why that can't be read; where it says nothing, what the options say.

    `trade`: the row's own code. A firm that is still to be built is no firm that is there.
    """
    word = next(filter(None, (_cell(cells, name) for name in _KIND_COLUMNS)), "")
    kind = _KINDS.get(word) or (word if word in SOURCE_KINDS else "")
    is_built = stated_action(cells)[0] is Action.NEW
    if (kind in _GROUND and (trade or is_built)) or (kind == "enterprises" and is_built):
        kind = default if kind == default else ""
    return kind or default, "" if kind or not word else say("kind_unread", word=word, kind=SOURCE_KINDS[default])


class _Filled(Struct, frozen=True):
    """What holds for a row: its own cells, options where those are blank; `used` has each option and whether it did."""

    action: Action | None
    trade_code: str
    trade_edition: str
    added_kg: Mapping[str, float]
    attributes: Mapping[str, bool]
    used: Mapping[tuple[str, bool], int]


def _filled(own_code: str, own_edition: str, cells: Mapping[str, str], typed: Typed, like: Site) -> _Filled:
    used: dict[tuple[str, bool], int] = {}

    def takes(option: str, *, is_blank: bool) -> bool:
        used[option, is_blank] = 1
        return is_blank

    action, _ = stated_action(cells)
    if typed.action and takes(f"--action {typed.action}", is_blank=not _cell(cells, "建设性质")):
        action = like.action
    code, edition = own_code, own_edition
    if typed.trade and takes(f"--trade {typed.trade}", is_blank=not code):
        code, edition = like.trade_code, edition or like.trade_edition
    if typed.edition and code and takes(f"--edition {typed.edition}", is_blank=not own_edition):
        edition = typed.edition
    added_kg = by_metal(cells, ADDED)
    for metal, kg in like.added_kg.items():
        if takes(f"--metal {metal}={kg:g}", is_blank=not metal_cell(cells, ADDED, metal)):
            added_kg[metal] = kg
    attributes, mentioned = stated_facts(cells), mentioned_facts(cells)
    for fact, value in like.attributes.items():
        if takes(f"--set {fact}={'yes' if value else 'no'}", is_blank=fact not in mentioned):
            attributes[fact] = value is True
    return _Filled(action, code, edition, added_kg, attributes, used)


def _disputed(own_code: str, cells: Mapping[str, str], filled: _Filled, as_of: date | None) -> tuple[Dispute, ...]:
    """Return where a row contradicts itself or the options that fill its blanks."""
    own_kg, own_facts = by_metal(cells, ADDED), stated_facts(cells)
    added_kg = {metal: kg for metal, kg in filled.added_kg.items() if metal not in own_kg}
    facts = {fact: value for fact, value in filled.attributes.items() if fact not in own_facts}
    action = None if _cell(cells, "建设性质") else filled.action
    code = {} if own_code else {"行业代码": filled.trade_code}
    return option_disputes({**cells, **code}, action, added_kg, facts, as_of)


def _site(
    cells: Mapping[str, str], basis: Basis, filled: _Filled, disputed: Sequence[Dispute], said: tuple[str, str]
) -> Site:
    """Return all that a row says of its site but name, position and place; rows that say the same share it.

    `said`: what it is, and why that can't be read, as `_kind_said` has it.
    """
    action, added_kg = filled.action, filled.added_kg
    kind, unread = said
    doubts = unread_doubts(cells) | doubts_of(disputed)
    attributes = doubted_facts(filled.attributes, doubts)
    notes = [*(entry.note for entry in disputed), stated_action(cells)[1]]
    for is_used, code in ((True, "options_taken"), (False, "options_unused")):
        options = tuple(option for option, state in filled.used if state is is_used)
        notes += [say(code, options=options)] if options else []
    own_class = _cell(cells, "土壤环境质量类别")
    shown = tuple((name, value) for name in _SHOWN if (value := _cell(cells, name)))
    return Site(
        "",
        "",
        None,
        trade_code=filled.trade_code,
        trade_edition=filled.trade_edition,
        action=action,
        kind=kind,
        basis=basis,
        attributes=attributes,
        numbers=numbers_of(stated_numbers(cells), added_kg, by_metal(cells, OFFSET)),
        added_kg=added_kg,
        offset_kg=by_metal(cells, OFFSET),
        classes=MappingProxyType({LayerKind.FARMLAND.value: own_class} if own_class else {}),
        note=sentences(*notes, unread),
        facts=(*facts_of(action, filled.trade_code, filled.trade_edition, added_kg, attributes), *shown),
        doubts=doubts | ({KIND: unread} if unread else {}),
    )


def _cell(cells: Mapping[str, str], column: str) -> str:
    return cells.get(find_header(list(cells), column), "").strip()
