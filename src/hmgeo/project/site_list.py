"""Planned sites from a file, with what a user types for the cells that it leaves blank."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import shapely

from hmgeo.analysis.crosscheck import dispute_entries, option_disputes
from hmgeo.analysis.facts import doubted_facts
from hmgeo.analysis.places import places_of
from hmgeo.analysis.site_facts import Site
from hmgeo.layers.load import load_positions
from hmgeo.project.site_input import ACTIONS, NOTHING_TYPED, Typed, facts_of, number_of, numbers_of, typed_site
from hmgeo.records import Ledger, LedgerEntry, Provenance
from hmgeo.reference.templates import find_header
from hmgeo.rules.claims import doubts_of
from hmgeo.rules.stated import mentioned_facts, stated_facts, stated_numbers
from hmgeo.vocabulary import METALS, LayerKind, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from hmgeo.analysis.places import Areas
    from hmgeo.analysis.places import Place as AdminPlace
    from hmgeo.layers.options import ReadOptions
    from hmgeo.records import Positions
    from hmgeo.rules.claims import Dispute
    from hmgeo.vocabulary import Action, Basis

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
    """Return the sites of a file with the columns of the list 建设项目; every row once.

    Parameters
    ----------
    areas
        Where names and coordinates are looked up.
    basis
        Of the file.
    defaults
        What its rows are (`kind`), and what holds for those that leave a cell blank. A cell wins over an option, also
        one that isn't understood; the note of the row and the ledger tell which held.
    as_of
        The day asked about; None makes no date past or ahead.

    Raises
    ------
    InputError, UsageError
        The file as a whole can't be used, or an option isn't understood.
    """
    like, _ = typed_site(replace(defaults, at=""), for_list=True)
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
    sites, told, disputes = [], Counter[tuple[str, bool]](), list[LedgerEntry]()
    for number, (row, cells, place) in enumerate(rows, start=1):
        filled = _filled(row, cells, defaults, like)
        told.update(filled.used)
        disputed = _disputed(row, cells, filled, as_of)
        sites.append(_site(row, cells, (place, basis), filled, disputed))
        disputes += dispute_entries(path.name, number, row["source_id"], disputed)
    told_of = [
        LedgerEntry(
            path.name,
            value=option,
            event="选项作默认值" if is_used else "选项未用",
            reason="清单中未填" if is_used else "清单中已填，以清单为准",
            action=f"{count} 行" + ("按选项研判" if is_used else "按清单研判"),
        )
        for (option, is_used), count in told.items()
    ]
    return [replace(site, kind=defaults.kind) for site in sites], positions, ledger + Ledger((*told_of, *disputes))


@dataclass(frozen=True, slots=True)
class _Filled:
    """What holds for a row: its own cells, options where those are blank; `used` has each option and whether it did."""

    action: Action | None
    trade_code: str
    trade_edition: str
    added_kg: Mapping[str, float]
    attributes: Mapping[str, bool]
    used: Mapping[tuple[str, bool], int]


def _filled(row: Mapping[str, Any], cells: Mapping[str, str], typed: Typed, like: Site) -> _Filled:
    headers = list(cells)
    used: dict[tuple[str, bool], int] = {}

    def takes(option: str, *, is_blank: bool) -> bool:
        used[option, is_blank] = 1
        return is_blank

    action = ACTIONS.get(_cell(cells, headers, "建设性质"))
    if typed.action and takes(f"--action {typed.action}", is_blank=not _cell(cells, headers, "建设性质")):
        action = like.action
    code, edition = row["trade_code"], row["trade_edition"]
    if typed.trade and takes(f"--trade {typed.trade}", is_blank=not code):
        code, edition = like.trade_code, edition or like.trade_edition
    if typed.edition and code and takes(f"--edition {typed.edition}", is_blank=not row["trade_edition"]):
        edition = typed.edition
    added_kg = _by_metal(cells, "新增")
    for metal, kg in like.added_kg.items():
        if takes(f"--metal {metal}={kg:g}", is_blank=not _metal_cell(cells, headers, "新增", metal)):
            added_kg[metal] = kg
    attributes, mentioned = stated_facts(cells), mentioned_facts(cells)
    for fact, value in like.attributes.items():
        if takes(f"--set {fact}={'yes' if value else 'no'}", is_blank=fact not in mentioned):
            attributes[fact] = value is True
    return _Filled(action, code, edition, added_kg, attributes, used)


def _disputed(
    row: Mapping[str, Any], cells: Mapping[str, str], filled: _Filled, as_of: date | None
) -> tuple[Dispute, ...]:
    """Return where a row contradicts itself or the options that fill its blanks."""
    own_kg, own_facts = _by_metal(cells, "新增"), stated_facts(cells)
    added_kg = {metal: kg for metal, kg in filled.added_kg.items() if metal not in own_kg}
    facts = {fact: value for fact, value in filled.attributes.items() if fact not in own_facts}
    action = None if _cell(cells, list(cells), "建设性质") else filled.action
    code = {} if row["trade_code"] else {"行业代码": filled.trade_code}
    return option_disputes({**cells, **code}, action, added_kg, facts, as_of)


def _site(
    row: Mapping[str, Any],
    cells: Mapping[str, str],
    where: tuple[AdminPlace, Basis],
    filled: _Filled,
    disputed: Sequence[Dispute],
) -> Site:
    place, basis = where
    written = _cell(cells, list(cells), "建设性质")
    action, added_kg = filled.action, filled.added_kg
    attributes = doubted_facts(filled.attributes, doubts_of(disputed))
    note = row["note"] + "".join(one.note for one in disputed)
    if written and action is None:
        note += f"建设性质「{written}」不能归入新建、改建、扩建、技术改造，按未说明处理。"
    for is_used, told in ((True, "清单未填，按选项"), (False, "清单已填，选项未用")):
        options = "、".join(option for option, state in filled.used if state is is_used)
        note += f"{told}：{options}。" if options else ""
    offset_kg = _by_metal(cells, "替代")
    shown = tuple((name, value) for name in _SHOWN if (value := cells.get(find_header(list(cells), name), "").strip()))
    return Site(
        row["source_id"],
        row["name"] or row["source_id"],
        None if row["geometry"] is None else shapely.from_wkb(row["geometry"]),
        row["position_uncertainty_m"] or 0.0,
        filled.trade_code,
        filled.trade_edition,
        action,
        basis=basis,
        attributes=attributes,
        numbers=numbers_of(stated_numbers(cells), added_kg),
        added_kg=added_kg,
        offset_kg=offset_kg,
        classes=_classes(cells),
        place=place,
        status=Status.of(row["status"]),
        note=note,
        facts=(*facts_of(action, filled.trade_code, filled.trade_edition, added_kg, attributes), *shown),
        doubts=doubts_of(disputed),
    )


def _cell(cells: Mapping[str, str], headers: Sequence[str], column: str) -> str:
    return cells.get(find_header(headers, column), "").strip()


def _metal_cell(cells: Mapping[str, str], headers: Sequence[str], start: str, metal: str) -> str:
    return _cell(cells, headers, f"{start}{METALS[metal]}") or _cell(cells, headers, f"{start}{METALS[metal]}排放量")


def _classes(cells: Mapping[str, str]) -> Mapping[str, str]:
    """Return a parcel's own official class; empty where its row has none."""
    found = cells.get(find_header(list(cells), "土壤环境质量类别"), "").strip()
    return MappingProxyType({LayerKind.FARMLAND.value: found} if found else {})


def _by_metal(cells: Mapping[str, str], start: str) -> dict[str, float]:
    """Return kg/a by metal from columns such as 新增铅(kg/a); blanks say nothing."""
    headers = list(cells)
    found = {}
    for symbol in METALS:
        kg = number_of(_metal_cell(cells, headers, start, symbol))
        if kg is not None:
            found[symbol] = kg
    return found
