"""What the tables of a project say of each other: links that lead nowhere, claims that other tables contradict."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct, field

from hmgeo.judging.applies import FOUND, NOT_RELATED, cadmium_of, found_cadmium
from hmgeo.judging.choices import Choices
from hmgeo.judging.own_columns import JOINED, NO_ENTERPRISE, NO_ID, REPEATED, OwnColumns, join_outlets, trade_of
from hmgeo.records import Layer, Ledger, LedgerEntry, Positions, SideTable
from hmgeo.reference.tables import DISTRICT, ENTERPRISE, INTAKE, LINKS, METALS, PARK, ZONE, links_by_row, same_name
from hmgeo.results.used import JoinUsed
from hmgeo.rules.claims import CADMIUM, EVENT, WATER, Dispute, Emission, Said, Told, disputes
from hmgeo.rules.words import ATTRIBUTES
from hmgeo.vocabulary import METALS as METALS_ZH
from hmgeo.vocabulary import Action, LayerKind
from hmgeo.words import say

JOIN_EVENT = "关联未成"
_JOINS = (
    (LayerKind.OUTFALLS, ENTERPRISE, LayerKind.ENTERPRISES),
    (LayerKind.IRRIGATION_INTAKES, DISTRICT, LayerKind.IRRIGATION_DISTRICTS),
    (LayerKind.IRRIGATION_DISTRICTS, INTAKE, LayerKind.IRRIGATION_INTAKES),
    (LayerKind.FARMLAND, DISTRICT, LayerKind.IRRIGATION_DISTRICTS),
    (LayerKind.FARMLAND, INTAKE, LayerKind.IRRIGATION_INTAKES),
    (LayerKind.INTAKES, ZONE, LayerKind.WATER_SOURCE_ZONES),
    (LayerKind.ENTERPRISES, PARK, LayerKind.INDUSTRIAL_PARKS),
)
"""Rows of the first kind name a row of the last by id or name; asked only where both lists are given."""


class CrossCheck(Struct, frozen=True):
    """What doesn't fit together.

    `disputes`: by source id: words of its row that its own figures or other tables contradict.
    `joins`: every link between tables, with how many rows it took and how many it set aside.
    """

    disputes: Mapping[str, tuple[Dispute, ...]] = field(default_factory=dict)
    joins: tuple[JoinUsed, ...] = ()
    ledger: Ledger = field(default_factory=Ledger)


def cross_check(
    positions: Positions,
    farmland: Layer | None,
    others: Sequence[Layer],
    sides: Mapping[LayerKind, SideTable],
    as_of: date | None,
    choices: Choices,
) -> CrossCheck:
    """Hold every list against the others.

    Parameters
    ----------
    as_of
        The day asked about; None makes no date past or ahead.
    choices
        Hold the trades that count as cadmium-related.
    farmland, others
        Layers; None and none where the project has none.
    sides
        Tables without geometry, by kind: outlets, soil points.
    """
    layers = {layer.kind: layer for layer in (*others, *(() if farmland is None else (farmland,)))}
    disputes, disputed = _disputed(positions, layers, sides, as_of, choices)
    joins, broken = _joined(positions, layers, sides)
    return CrossCheck(disputes, joins, Ledger((*disputed, *broken)))


def dispute_entries(file: str, row: int, source_id: str, contradictions: Iterable[Dispute]) -> list[LedgerEntry]:
    """Return a ledger entry for each of the `contradictions` in `row` (from 1) of `file`, that of `source_id`."""
    return [
        LedgerEntry(
            file=file,
            row=row,
            field=contradiction.claim.where,
            value=contradiction.values,
            event=EVENT,
            reason=contradiction.cause,
            action=contradiction.action,
            source_id=source_id,
        )
        for contradiction in contradictions
    ]


def option_disputes(
    cells: Mapping[str, str],
    action: Action | None,
    added_kg: Mapping[str, float],
    attributes: Mapping[str, bool],
    as_of: date | None = None,
) -> tuple[Dispute, ...]:
    """Return where what a user types of a site contradicts itself.

    Parameters
    ----------
    cells
        Name and trade, or a whole row, by the columns of the list of projects.
    added_kg
        New emission in kg/a by metal.
    action
        The kind of work; None where nobody said.
    attributes
        Yes/no facts by their codes in `ATTRIBUTES`.
    as_of
        The day asked about; None makes no date past or ahead.
    """
    work = {} if action is None else {"建设性质": action.zh}
    added = {f"新增{METALS_ZH[metal]}(kg/a)": f"{kg:f}" for metal, kg in added_kg.items()}
    facts = {f"是否{ATTRIBUTES[code]}": "是" if value else "否" for code, value in attributes.items()}
    return disputes(Told({**cells, **work, **added, **facts}, as_of=as_of))


def _disputed(
    positions: Positions,
    layers: Mapping[LayerKind, Layer],
    sides: Mapping[LayerKind, SideTable],
    as_of: date | None,
    choices: Choices,
) -> tuple[dict[str, tuple[Dispute, ...]], list[LedgerEntry]]:
    own, rows = OwnColumns(positions), positions.table.drop_columns("geometry").to_pylist()
    emitted = _emissions([row["source_id"] for row in rows], layers.get(LayerKind.OUTFALLS), sides)
    attributes = positions.attributes.to_pylist() or [{} for _ in rows]
    by_source: dict[str, tuple[Dispute, ...]] = {}
    entries: list[LedgerEntry] = []
    for number, (row, cells) in enumerate(zip(rows, attributes, strict=True)):
        trade = trade_of(own, number, row)
        edition = row["trade_edition"] or ("2017" if trade.code_2017 else "2011" if trade.code_2011 else "")
        code = row["trade_code"] or (trade.code_2017 if edition == "2017" else trade.code_2011)
        stated = found_cadmium(cells)
        by_trade = cadmium_of("" if stated is None else FOUND, "", code, edition, choices)
        against = Said("行业代码", code, say("grounds_found", found=by_trade.basis))
        beside = {CADMIUM: (against,)} if by_trade.word == NOT_RELATED else {}
        names = {same_name(_base(row["source_id"])), same_name(row["name"])} - {""}
        emissions = tuple(emission for name in sorted(names) for emission in emitted.get(name, ()))
        disputed = disputes(Told(cells, emissions, beside, as_of))
        if disputed:
            by_source[row["source_id"]] = disputed
            entries += dispute_entries(positions.provenance.path, number + 1, row["source_id"], disputed)
    return by_source, entries


def _emissions(
    source_ids: Sequence[str], outfalls: Layer | None, sides: Mapping[LayerKind, SideTable]
) -> dict[str, list[Emission]]:
    """Return what outlets and outfalls say is emitted, by the id or name of the enterprise."""
    emitted: dict[str, list[Emission]] = defaultdict(list)
    outlets = sides.get(LayerKind.OUTLETS)
    joined = join_outlets(outlets, source_ids).table.to_pylist()
    for row, listed in zip(joined, [] if outlets is None else outlets.table.to_pylist(), strict=True):
        if row["status"] in {JOINED, REPEATED} and row["pollutant"]:
            where = say("of_outlets_in_doubt" if row["status"] == REPEATED else "of_outlet", outlet=row["outlet_id"])
            emission = Emission(where, row["pollutant"], row["medium"], row["emission_kg"], listed["year"])
            emitted[same_name(row["enterprise_id"])].append(emission)
    for batch in () if outfalls is None else outfalls.batches():
        for row in batch.select(["receptor_id", "links"]).to_pylist():
            links = dict(row["links"] or ())
            if links.get(ENTERPRISE) and links.get(METALS):
                where = say("of_outfall", outfall=row["receptor_id"])
                emitted[same_name(links[ENTERPRISE])].append(Emission(where, links[METALS], WATER))
    return emitted


def _joined(
    positions: Positions, layers: Mapping[LayerKind, Layer], sides: Mapping[LayerKind, SideTable]
) -> tuple[tuple[JoinUsed, ...], list[LedgerEntry]]:
    joins, entries = [], []
    outlets = sides.get(LayerKind.OUTLETS)
    if outlets is not None:
        rows = join_outlets(outlets, positions.table["source_id"].to_pylist()).table
        named = [
            owner or "未填"
            for owner, status in zip(rows["enterprise_id"].to_pylist(), rows["status"].to_pylist(), strict=True)
            if status in {NO_ENTERPRISE, NO_ID, REPEATED}
        ]
        joins.append(_join_used(LayerKind.OUTLETS, ENTERPRISE, LayerKind.ENTERPRISES, rows.num_rows, named))
    for kind, link, target in _JOINS:
        links = _links_of(kind, link, positions, layers)
        known = _names_of(target, positions, layers)
        if links is None or known is None:
            continue
        lost: dict[str, list[int]] = defaultdict(list)
        count = 0
        for row, text in links:
            count += 1
            if same_name(text) not in known:
                lost[text].append(row)
        if count:
            joins.append(
                _join_used(kind, link, target, count, [text for text, rows_of in lost.items() for _ in rows_of])
            )
        file = positions.provenance.path if kind is positions.kind else layers[kind].provenance.path
        entries += [_lost(file, link, target, text, rows_of) for text, rows_of in lost.items()]
    return tuple(joins), entries


def _join_used(kind: LayerKind, link: str, target: LayerKind, count: int, lost: Sequence[str]) -> JoinUsed:
    return JoinUsed(kind.zh, LINKS[link][0], target.zh, count, count - len(lost), tuple(dict.fromkeys(lost)))


def _lost(file: str, link: str, target: LayerKind, text: str, rows: Sequence[int]) -> LedgerEntry:
    single = rows[0] if len(rows) == 1 else 0
    return LedgerEntry(
        file=file,
        row=single,
        field=LINKS[link][0],
        value=text,
        event=JOIN_EVENT,
        reason=say("no_such_id", layer=target.zh, count=len(rows)),
        action="未建立关联，该行照常列示，请核对编号",
    )


def _links_of(
    kind: LayerKind, link: str, positions: Positions, layers: Mapping[LayerKind, Layer]
) -> Iterator[tuple[int, str]] | None:
    """Return (row from 1, text) of the rows that name another; None where the list isn't given."""
    if kind is positions.kind:
        columns = {name: positions.attributes[name].to_pylist() for name in positions.attributes.column_names}
        filled = {name: [cell or "" for cell in cells] for name, cells in columns.items()}
        rows = links_by_row(filled, range(positions.table.num_rows))
        return ((row, links[link]) for row, links in enumerate(rows, start=1) if links.get(link))
    if kind not in layers:
        return None
    batches = (batch.column("links").to_pylist() for batch in layers[kind].batches())
    listed = (dict(links or ()) for part in batches for links in part)
    return ((row, links[link]) for row, links in enumerate(listed, start=1) if links.get(link))


def _names_of(kind: LayerKind, positions: Positions, layers: Mapping[LayerKind, Layer]) -> frozenset[str] | None:
    """Return ids and names of a list as they are compared; None where it isn't given."""
    if kind is positions.kind:
        table, column = positions.table, "source_id"
    elif kind in layers:
        table, column = layers[kind].read(), "receptor_id"
    else:
        return None
    words = (*map(_base, table[column].to_pylist()), *table["name"].to_pylist())
    return frozenset(same_name(word) for word in words if word)


def _base(source_id: str) -> str:
    """Return an id as the list gave it, without the number that tells repeats apart."""
    return source_id.split("#", maxsplit=1)[0]
