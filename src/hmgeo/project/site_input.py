"""Planned sites from what a user types or a file holds; both are read by the same loader."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.crosscheck import option_disputes
from hmgeo.analysis.facts import doubted_facts
from hmgeo.analysis.site_facts import PROJECT_SITES, Site
from hmgeo.errors import Place, Problem, UsageError
from hmgeo.layers.load import load_positions
from hmgeo.records import Ledger, Unknown
from hmgeo.reference.cells import plain_trade, read_trade
from hmgeo.reference.tables import trades
from hmgeo.rules.claims import doubts_of
from hmgeo.rules.nodes import near
from hmgeo.rules.words import ATTRIBUTES, EDITIONS, SOURCE_KINDS
from hmgeo.vocabulary import FIVE_METALS, METALS, Action, Basis, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.facts import Unknown as Doubted


AT_ID = "拟建点位"
AT_FILE = "--at"
DEFAULT_EDITION = "2017"
ACTIONS = (
    {action.zh: action for action in Action}
    | {action.value: action for action in Action}
    | {"技改": Action.TECHNICAL_UPGRADE}
)
_YES_NO = {"yes": True, "no": False, "是": True, "否": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Typed:
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


def typed_site(typed: Typed, *, for_list: bool = False) -> tuple[Site, Ledger]:
    """Return the hypothetical site that a user types; one without a point can only be asked where it might stand.

    Parameters
    ----------
    for_list
        What is typed fills the blanks of a list, so that an edition alone means something.

    Raises
    ------
    UsageError, InputError
        With everything that can't be understood.
    """
    problems: list[Problem] = []
    lon, comma, lat = typed.at.replace("，", ",").partition(",")
    if typed.at and not comma:
        problems.append(Problem("点位看不懂", Place(key=AT_FILE), typed.at, "经度,纬度", "如 113.02,23.60"))
    action = action_of(typed.action, problems)
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
    check_kind(typed.kind, problems)
    added_kg = _metals(typed.metals, problems)
    attributes = _statements(typed.stated, problems)
    if problems:
        raise UsageError(problems)
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
        note=note + "".join(one.note for one in disputed),
        facts=facts_of(action, code, edition, added_kg, known),
        doubts=doubts_of(disputed),
    )
    return _located(site, typed, lon.strip(), lat.strip()) if typed.at else (site, Ledger())


def _located(site: Site, typed: Typed, lon: str, lat: str) -> tuple[Site, Ledger]:
    """Put a typed point on the ground by the same reader that files go through: digits, datum, range, all alike."""
    row = {"项目编号": AT_ID, "经度": lon, "纬度": lat, "坐标系": typed.datum, "定位误差(m)": typed.uncertainty}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "at.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([list(row), list(row.values())])
        positions, ledger = load_positions(
            path, kind=LayerKind.PROJECT_SITES, basis=Basis.UNDECLARED, name=AT_FILE, shown_as=AT_FILE
        )
    found = positions.table.to_pylist()[0]
    if found["status"] != Status.ASSESSED.value:
        raise UsageError(Problem("点位不能使用", Place(key=AT_FILE), typed.at, remedy=found["note"]))
    placed = replace(
        site,
        geometry=shapely.from_wkb(found["geometry"]),
        uncertainty_m=found["position_uncertainty_m"],
        status=Status.ASSESSED,
        note=site.note + found["note"],
    )
    return placed, ledger


def check_kind(kind: str, problems: list[Problem]) -> None:
    """Add the problem of a kind that no clause knows."""
    if kind not in SOURCE_KINDS:
        allowed = "、".join(f"{code}（{zh}）" for code, zh in SOURCE_KINDS.items())
        problems.append(Problem("没有这一类对象", Place(key="--kind"), kind, allowed, "改为其中之一"))


def action_of(text: str, problems: list[Problem]) -> Action | None:
    """Return the action that a word or code means; None for an empty one."""
    if not text:
        return None
    action = ACTIONS.get(text.strip())
    if action is None:
        allowed = "、".join(f"{one.value}（{one.zh}）" for one in Action)
        problems.append(Problem("建设性质看不懂", Place(key="--action"), text, allowed, "改为其中之一"))
    return action


def _metals(texts: Sequence[str], problems: list[Problem]) -> dict[str, float]:
    """Return kg/a by metal from words such as Pb=12.5."""
    found: dict[str, float] = {}
    for text in texts:
        symbol, _, number = (part.strip() for part in text.partition("="))
        kg = number_of(number)
        if symbol not in METALS or kg is None or kg < 0:
            allowed = f"{'、'.join(METALS)}，千克每年"
            problems.append(Problem("新增排放量看不懂", Place(key="--metal"), text, allowed, "如 Pb=12.5"))
        else:
            found[symbol] = kg
    return found


def _statements(texts: Sequence[str], problems: list[Problem]) -> dict[str, bool]:
    """Return yes/no facts from words such as may_pollute_soil=yes."""
    found: dict[str, bool] = {}
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
        else:
            found[code] = _YES_NO[value.casefold()]
    return found


def number_of(text: str) -> float | None:
    """Return the number that a text is; None for anything else."""
    try:
        return float(text)
    except ValueError:
        return None


def numbers_of(stated: Mapping[str, float], added_kg: Mapping[str, float]) -> dict[str, float]:
    """Return the stated numbers, with the new emission of the five metals summed where nobody states the sum."""
    five = [added_kg[metal] for metal in FIVE_METALS if metal in added_kg]
    return ({"added_emission_kg": sum(five)} if five else {}) | dict(stated)


def facts_of(
    action: Action | None,
    trade: str,
    edition: str,
    added_kg: Mapping[str, float],
    attributes: Mapping[str, bool | Doubted],
) -> tuple[tuple[str, str], ...]:
    """Return the lines about a site that people read first: name and text."""
    known = trades().get((int(edition), trade)) if edition.isdigit() else None
    named = f"{trade} {known.name}" if known is not None else trade
    emitted = "、".join(f"{METALS[metal]} {kg:g} kg/a" for metal, kg in added_kg.items())
    said = "；".join(f"{ATTRIBUTES[code]}：{_fact_word(value)}" for code, value in attributes.items())
    return (
        ("建设性质", "未说明" if action is None else action.zh),
        ("行业", f"{named}（GB/T 4754—{edition or '版本未注明'}）" if trade else "未说明"),
        ("新增重点重金属排放", emitted or "未说明"),
        ("填报的事实", said or "未填报"),
    )


def _fact_word(value: object) -> str:
    return "是" if value is True else "否" if value is False else "矛盾待核实"
