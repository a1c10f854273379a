"""Planned sites from what a user types or a file holds; both are read by the same loader."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import shapely

from hmgeo.analysis.offsets import FIVE_METALS, METALS
from hmgeo.analysis.places import places_of
from hmgeo.analysis.site_facts import PROJECT_SITES, Site
from hmgeo.errors import Place, Problem, UsageError, raise_problems
from hmgeo.layers.load import ReadOptions, load_positions
from hmgeo.records import Ledger, Provenance, Unknown
from hmgeo.reference.cells import plain_trade, read_trade
from hmgeo.reference.tables import trades
from hmgeo.reference.templates import find_header
from hmgeo.rules.nodes import near
from hmgeo.rules.stated import stated_facts, stated_numbers
from hmgeo.rules.words import ATTRIBUTES, EDITIONS, SOURCE_KINDS
from hmgeo.vocabulary import Action, Basis, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.places import Areas
    from hmgeo.analysis.places import Place as AdminPlace
    from hmgeo.records import Positions

AT_ID = "拟建点位"
AT_FILE = "--at"
DEFAULT_EDITION = "2017"
_ACTIONS = (
    {action.zh: action for action in Action}
    | {action.value: action for action in Action}
    | {"技改": Action.TECHNICAL_UPGRADE}
)
_YES_NO = {"yes": True, "no": False, "是": True, "否": False, "true": True, "false": False}
_SHOWN = (
    "建设单位", "环评类别", "产品及产能", "主要工艺", "总量来源企业", "来源核定文号", "管控单元编码",
    "环评防护距离及起算点",
)  # fmt: skip


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


def typed_site(typed: Typed) -> tuple[Site, Ledger]:
    """Return the hypothetical site that a user types; one without a point can only be asked where it might stand.

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
    check_kind(typed.kind, problems)
    added_kg = _metals(typed.metals, problems)
    attributes = _statements(typed.stated, problems)
    if problems:
        raise UsageError(problems)
    edition = typed.edition or (DEFAULT_EDITION if typed.trade else "")
    code = plain_trade(typed.trade, edition)
    note = "" if typed.edition or not typed.trade else f"未注明行业分类版本，按 {DEFAULT_EDITION} 版读取。"
    site = Site(
        AT_ID,
        typed.name or AT_ID,
        None,
        trade_code=code,
        trade_edition=edition,
        action=action,
        kind=typed.kind,
        attributes=attributes,
        numbers=_numbers({}, added_kg),
        added_kg=added_kg,
        status=Status.NOT_LOCATED,
        note=note,
        facts=_facts(action, code, edition, added_kg, attributes),
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


def sites_of_file(
    path: Path, areas: Areas, *, basis: Basis, options: ReadOptions, kind: str = PROJECT_SITES
) -> tuple[list[Site], Positions, Ledger]:
    """Return the sites of a file with the columns of the list 建设项目; every row once.

    Parameters
    ----------
    areas
        Where names and coordinates are looked up.
    basis
        Of the file.
    kind
        What its rows are, by the codes of `hmgeo.rules.words.SOURCE_KINDS`.

    Raises
    ------
    InputError, UsageError
        The file as a whole can't be used, or no clause knows the kind.
    """
    problems: list[Problem] = []
    check_kind(kind, problems)
    raise_problems(UsageError, problems)
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
    columns = positions.attributes.to_pylist() or [{} for _ in places]
    rows = zip(positions.table.to_pylist(), columns, places, strict=True)
    sites = [_site(row, cells, place, basis) for row, cells, place in rows]
    return [replace(site, kind=kind) for site in sites] if kind != PROJECT_SITES else sites, positions, ledger


def _site(row: Mapping[str, Any], cells: Mapping[str, str], place: AdminPlace, basis: Basis) -> Site:
    written = cells.get(find_header(list(cells), "建设性质"), "").strip()
    action = _ACTIONS.get(written)
    note = row["note"]
    if written and action is None:
        note += f"建设性质「{written}」不能归入新建、改建、扩建、技术改造，按未说明处理。"
    added_kg = _by_metal(cells, "新增")
    offset_kg = _by_metal(cells, "替代")
    attributes = stated_facts(cells)
    shown = tuple((name, value) for name in _SHOWN if (value := cells.get(find_header(list(cells), name), "").strip()))
    return Site(
        row["source_id"],
        row["name"] or row["source_id"],
        None if row["geometry"] is None else shapely.from_wkb(row["geometry"]),
        row["position_uncertainty_m"] or 0.0,
        row["trade_code"],
        row["trade_edition"],
        action,
        basis=basis,
        attributes=attributes,
        numbers=_numbers(stated_numbers(cells), added_kg),
        added_kg=added_kg,
        offset_kg=offset_kg,
        classes=_classes(cells),
        place=place,
        status=Status.of(row["status"]),
        note=note,
        facts=(*_facts(action, row["trade_code"], row["trade_edition"], added_kg, attributes), *shown),
    )


def _classes(cells: Mapping[str, str]) -> Mapping[str, str]:
    """Return a parcel's own official class; empty where its row has none."""
    found = cells.get(find_header(list(cells), "土壤环境质量类别"), "").strip()
    return MappingProxyType({LayerKind.FARMLAND.value: found} if found else {})


def action_of(text: str, problems: list[Problem]) -> Action | None:
    """Return the action that a word or code means; None for an empty one."""
    if not text:
        return None
    action = _ACTIONS.get(text.strip())
    if action is None:
        allowed = "、".join(f"{one.value}（{one.zh}）" for one in Action)
        problems.append(Problem("建设性质看不懂", Place(key="--action"), text, allowed, "改为其中之一"))
    return action


def _metals(texts: Sequence[str], problems: list[Problem]) -> dict[str, float]:
    """Return kg/a by metal from words such as Pb=12.5."""
    found: dict[str, float] = {}
    for text in texts:
        symbol, _, number = (part.strip() for part in text.partition("="))
        kg = _number(number)
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


def _by_metal(cells: Mapping[str, str], start: str) -> dict[str, float]:
    """Return kg/a by metal from columns such as 新增铅(kg/a); blanks say nothing."""
    headers = list(cells)
    found = {}
    for symbol, zh in METALS.items():
        header = find_header(headers, f"{start}{zh}") or find_header(headers, f"{start}{zh}排放量")
        kg = _number(cells.get(header, ""))
        if kg is not None:
            found[symbol] = kg
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _numbers(stated: Mapping[str, float], added_kg: Mapping[str, float]) -> dict[str, float]:
    """Return the stated numbers, with the new emission of the five metals summed where nobody states the sum."""
    five = [added_kg[metal] for metal in FIVE_METALS if metal in added_kg]
    return ({"added_emission_kg": sum(five)} if five else {}) | dict(stated)


def _facts(
    action: Action | None, trade: str, edition: str, added_kg: Mapping[str, float], attributes: Mapping[str, bool]
) -> tuple[tuple[str, str], ...]:
    known = trades().get((int(edition), trade)) if edition.isdigit() else None
    named = f"{trade} {known.name}" if known is not None else trade
    emitted = "、".join(f"{METALS[metal]} {kg:g} kg/a" for metal, kg in added_kg.items())
    said = "；".join(f"{ATTRIBUTES[code]}：{'是' if value else '否'}" for code, value in attributes.items())
    return (
        ("建设性质", "未说明" if action is None else action.zh),
        ("行业", f"{named}（GB/T 4754—{edition or '版本未注明'}）" if trade else "未说明"),
        ("新增重点重金属排放", emitted or "未说明"),
        ("填报的事实", said or "未填报"),
    )
