"""What a bureau's screening adds to the distances: own columns, key areas both ways, the land's view, the border."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.geo.distance import pair_distances, prepare_one, prepare_shapes
from hmgeo.geo.ellipsoid import search_boxes
from hmgeo.judging.applies import DISPUTED, Cadmium, cadmium_of
from hmgeo.judging.bench import Question
from hmgeo.judging.facts import Answer, Features, Unknown, barred_kinds, barred_text
from hmgeo.judging.layers import LayerIndexes
from hmgeo.judging.own_columns import OwnColumns, due_day, join_outlets, trade_of
from hmgeo.judging.places import KEY_AREA_KIND, Place, inside_key_areas, names_in
from hmgeo.proximity.measure import measure_proximity
from hmgeo.records import Layer, Ledger, Positions, SideTable, table_of, told_cells
from hmgeo.reference.tables import townships
from hmgeo.results.columns import BARRIER, EVIDENCE_SCHEMA, EXTRA_SCHEMA, LEADS_SCHEMA, TERRAIN, TOWNSHIPS_SCHEMA, WORKS
from hmgeo.results.results import BureauTables, TerrainTables, WaterTables
from hmgeo.results.used import DEFAULT_ORDER, VisitOrder
from hmgeo.rules.claims import CADMIUM
from hmgeo.rules.parameters import declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.screening.evidence import Around, Pathways, evidence_rows, pathways_of, visiting, wind_of
from hmgeo.screening.land import LandView, land_totals, sources_by_town, township_table
from hmgeo.screening.screen import Screened
from hmgeo.screening.somewhere import places_table
from hmgeo.terrain.ponds_and_mines import HAS
from hmgeo.terrain.slope import with_slopes
from hmgeo.vocabulary import (
    ALL_CLASSES,
    COUNTRY,
    COUNTY_DIGITS,
    INVENTED,
    MEASURE_DECIMALS,
    Basis,
    Effect,
    LayerKind,
    PositionKind,
    Standing,
    Status,
    Verdict,
)
from hmgeo.words import codes_of, one_by_one, parts_of, say, sentences

OUTWARD, INWARD = "本地源，周边涉及界外", "界外源，周边涉及本地"
DATA_MISSING = "界外数据缺失，界外受体未统计，不等于没有受体"


def leads_table(
    sources: Sequence[Mapping[str, Any]],
    counties: pa.Table | None,
    home: frozenset[str],
    land: LandView,
    radius_m: float,
) -> pa.Table:
    """Return `LEADS_SCHEMA`: what one county should tell another, by source in input order and county by code.

    A lead says that a search circle crosses a line. It says nothing of pollution.

    Parameters
    ----------
    sources
        Rows of the table of sources; those known by place only are left out, since where they stand isn't known.
    counties
        Table of id, name, geometry around the project's area; None gives no leads.
    home
        Six-digit codes of the project's own counties.
    land
        Parcels with who reaches them.
    """
    located = [
        row
        for row in sources
        if row["status"] == Status.ASSESSED.value and row["position_kind"] != PositionKind.PLACE.value
    ]
    if counties is None or not home or not located:
        return LEADS_SCHEMA.empty_table()
    codes, names = counties["id"].to_pylist(), counties["name"].to_pylist()
    points = prepare_shapes(shapely.from_wkb([row["geometry"] for row in located]))
    areas = prepare_shapes(shapely.from_wkb(counties["geometry"].to_pylist()))
    boxes = shapely.box(*search_boxes(points.bounds, np.full(len(located), radius_m)).T)
    at, county_at = np.nonzero(shapely.intersects(boxes[:, None], shapely.box(*areas.bounds.T)))
    apart_m = pair_distances(points, areas, at, county_at).distance_m
    reached = _reached(land)
    towns = land.receptors["township"].unique().to_pylist()
    covered = {code[:COUNTY_DIGITS] for code in towns if code[:COUNTY_DIGITS].isdigit()}
    rows = []
    for source, county, distance_m in zip(at.tolist(), county_at.tolist(), apart_m.tolist(), strict=True):
        row, code = located[source], codes[county]
        at_home = row["county_code"] in home
        if distance_m > radius_m or code == row["county_code"] or (code in home) is at_home:
            continue
        met = reached.get((row["source_id"], code), (0 if code in covered else None, None))
        cells = {"neighbour_code": code, "neighbour": names[county], "distance_m": round(distance_m, MEASURE_DECIMALS)}
        rows.append(cells | _lead(row, met, at_home=at_home))
    return table_of(rows, LEADS_SCHEMA)


def _lead(row: Mapping[str, Any], met: tuple[int | None, float | None], *, at_home: bool) -> dict[str, Any]:
    """Return the cells of a lead that tell of the source and of what it reaches."""
    count, nearest_m = met
    return {
        "source_id": row["source_id"],
        "name": row["name"],
        "county": row["county"],
        "direction": OUTWARD if at_home else INWARD,
        "farmland_count": count,
        "nearest_farmland_m": nearest_m,
        "note": DATA_MISSING if count is None else "",
    }


def _reached(land: LandView) -> dict[tuple[str, str], tuple[int, float]]:
    """Return parcels and the nearest distance by source and county code, as far as parcels carry codes."""
    by_pair: dict[tuple[str, str], tuple[int, float]] = {}
    for (town, source), met in land.met.items():
        key = source, town[:COUNTY_DIGITS]
        count, least_m = by_pair.get(key, (0, np.inf))
        by_pair[key] = count + met.count, min(least_m, met.least_m)
    return by_pair


YES, NO, CANNOT_TELL = "是", "否", "无法判断"
_WORDS = {Answer.YES: YES, Answer.NO: NO}
SITE_KINDS = frozenset({LayerKind.SENSITIVE_SITES, LayerKind.RESIDENTIAL_AND_IMPORTANT_FACILITIES})
"""Layers of villages and sensitive sites: who reaches each is told as for parcels."""
EXTENT, OPEN_EXTENT = "key_area_extent", "key_area_extent_unset"
"""The parameter, and the reason told where one answer is asked for and it isn't chosen; both are given here."""


class Bureau(Struct, frozen=True):
    """Tables beyond the distances; `sources` are the screened ones with `EXTRA_SCHEMA`; `ledger` tells of outlets."""

    sources: pa.Table
    tables: BureauTables
    ledger: Ledger = field(default_factory=Ledger)


def bureau_view(
    positions: Positions,
    screened: Screened,
    question: Question,
    land: LandView,
    others: Sequence[Layer] = (),
    sides: Mapping[LayerKind, SideTable] = MappingProxyType({}),
    water: WaterTables | None = None,
    chosen: VisitOrder = DEFAULT_ORDER,
) -> Bureau:
    """Return all that a bureau needs of `positions` beside the distances and clauses `screened` for the `question`.

    Parameters
    ----------
    land
        Parcels of the same run with who reaches them; empty where no farmland was given.
    others
        Layers beside farmland; survey focus areas (排查重点区域) say why a source is in.
    sides
        Wind frequencies and outlets, where the project gives them.
    water
        What the run found of irrigation and runoff; None where nobody asked.
    chosen
        What comes first in the order of visits.
    """
    own = OwnColumns(positions)
    within = _survey_areas(screened, next((layer for layer in others if layer.kind is LayerKind.SURVEY_AREAS), None))
    rows = screened.sources.to_pylist()
    extra = [
        _extra(number, row, place, own, question, screened, within)
        for number, (row, place) in enumerate(zip(rows, screened.places, strict=True))
    ]
    sources = [row | more for row, more in zip(rows, extra, strict=True)]
    outlets = join_outlets(sides.get(LayerKind.OUTLETS), [row["source_id"] for row in rows])
    around = Around(land, sites := _sites(positions, others, question.radius_m), _pathways(own, rows, water))
    evidence = evidence_rows(
        sources, screened.counts, own, radius_m=question.radius_m, wind=wind_of(sides.get(LayerKind.WIND)),
        outlets=outlets, around=around, disputed=question.disputes,
    )  # fmt: skip
    visiting(sources, evidence, chosen)
    trusted = _trusted(rows, screened.places, positions)
    evidence = _with_answers(evidence, positions, trusted, others, question)
    towns, names = TOWNSHIPS_SCHEMA.empty_table(), names_of_areas(question)
    if land.reached.num_rows or sites.reached.num_rows:
        towns = township_table(land, sources, names, question.radius_m, sites.reached, screened.gardens)
    return Bureau(
        table_of(sources, pa.schema([*screened.sources.schema, *EXTRA_SCHEMA])),
        BureauTables(
            table_of(evidence, EVIDENCE_SCHEMA),
            positions.attributes,
            places_table(screened.place_sources),
            towns,
            with_works(pa.concat_tables([land.reached, sites.reached]), trusted, land.off_m),
            leads_table(sources, question.areas.counties, question.home_counties, land, question.radius_m),
            outlets.table if LayerKind.OUTLETS in sides else None,
            sources_by_town(land, towns, names) if towns.num_rows else (),
            land_totals(land.receptors, sources, screened.counts, screened.radii_m, names, screened.gardens),
        ),
        outlets.ledger,
    )


def _sites(positions: Positions, others: Sequence[Layer], radius_m: float) -> LandView:
    """Return villages and sensitive sites with who reaches them; real sources never meet invented sites."""
    view = LandView()
    for layer in others:
        is_mixed = positions.basis is Basis.REAL and layer.basis in INVENTED
        if layer.kind in SITE_KINDS and not is_mixed:
            measure_proximity(positions, layer, radii_m=(radius_m,), pairs=view.pairs, reached=view, nearest=False)
    return view


WORKS_M, AROUND_M = 2000.0, 1000.0
"""安全利用类耕地调查表: 2公里范围内有或曾经有工矿企业、冶炼厂; 地下水污染源: 周边1km是否存在敏感受体."""
ASKED_KINDS = (
    LayerKind.WATER_SOURCE_ZONES,
    LayerKind.IMPORTANT_WATER_SOURCES,
    LayerKind.INTAKES,
    LayerKind.IRRIGATION_INTAKES,
    LayerKind.NATURE_RESERVES,
    LayerKind.RIVERS,
    LayerKind.WATER_STATIONS,
)
"""Receptors that the form on sources of groundwater pollution counts, as far as there are kinds of layers for them."""


def _trusted(rows: Sequence[Mapping[str, Any]], places: Sequence[Place], positions: Positions) -> list[dict[str, Any]]:
    """Return the rows of sources with the sources' own basis; without a status where their place isn't believed."""
    own: dict[str, Any] = {"basis": positions.basis.value}
    return [{**row, **own, **({"status": ""} if place.doubt else {})} for row, place in zip(rows, places, strict=True)]


def with_works(reached: pa.Table, sources: Sequence[Mapping[str, Any]], farmland_off_m: float = 0.0) -> pa.Table:
    """Return receptors with whether a listed enterprise surely lies within 2 km of each parcel; null elsewhere.

    Parameters
    ----------
    farmland_off_m
        How far off the parcels may lie; infinite where they are drawn approximately.
    reached
        `REACHED_SCHEMA` of parcels and sites.
    sources
        Rows of the table of sources with their basis; without a status where their place isn't believed.
    """
    off_m = {row["source_id"]: (row["position_uncertainty_m"] or 0.0) + farmland_off_m for row in sources
             if row["status"] == Status.ASSESSED.value and row["basis"] != Basis.APPROXIMATE.value}  # fmt: skip
    columns = (reached[name].to_pylist() for name in ("receptor_kind", "nearest_source_id", "nearest_source_m"))
    answers = [
        HAS if kind == LayerKind.FARMLAND.value and near_m is not None and near_m + off_m.get(at, np.inf) <= WORKS_M
        else None
        for kind, at, near_m in zip(*columns, strict=True)
    ]  # fmt: skip
    return reached.append_column(WORKS, pa.array(answers, pa.string()))


def _with_answers(
    evidence: Sequence[Mapping[str, Any]],
    positions: Positions,
    sources: Sequence[Mapping[str, Any]],
    others: Sequence[Layer],
    question: Question,
) -> list[dict[str, Any]]:
    """Return the evidence with what lies within 1 km of each source, by kind, and why the rest can't be told."""
    barred = barred_kinds(positions.basis, others, mixes=question.mixes)
    indexes = LayerIndexes(layer for layer in others if layer.kind in ASKED_KINDS and layer.kind not in barred)
    barred_here = {layer.kind for layer in others}.intersection(barred)
    return [{**known, **asked_around(row, indexes, barred_here)} for known, row in zip(evidence, sources, strict=True)]


def asked_around(
    row: Mapping[str, Any], indexes: LayerIndexes, barred: Collection[LayerKind] = frozenset()
) -> dict[str, str]:
    """Return what lies within 1 km of a source by kind: counted, none (only by a complete layer), or why untold.

    Parameters
    ----------
    row
        Of the table of sources; its basis is that of the sources, its status empty where its place isn't believed.
    barred
        Kinds that are given and must not be asked: invented ones beside real sources.
    indexes
        Layers at hand by kind.
    """
    if row["status"] != Status.ASSESSED.value or row["position_kind"] == PositionKind.PLACE.value:
        return {"receptors_1km": "", "receptors_1km_found": "", "receptors_1km_open": say("asked_unplaced")}
    shape = prepare_one(shapely.from_wkb(row["geometry"]))
    sentences_found, gaps, sure = [], [], 0
    for kind in ASKED_KINDS:
        index = indexes.get(kind.value)
        if index is None:
            continue
        off_m = (row["position_uncertainty_m"] or 0.0) + index.layer.margin_m
        is_drawn = index.is_approximate or row["basis"] == Basis.APPROXIMATE.value
        most_m = off_m + float(index.errors_m.max(initial=0.0))
        hits = index.within(shape, Features(kind.value), AROUND_M + most_m)
        errors_m = (off_m + index.errors_m[[hit.row for hit in hits]]).tolist()
        ends = [(hit.distance_m - off, hit.distance_m + off) for hit, off in zip(hits, errors_m, strict=True)]
        near = [hit for hit, (_, high) in zip(hits, ends, strict=True) if high <= AROUND_M and not is_drawn]
        maybe = sum(low <= AROUND_M for low, _ in ends) - len(near)
        sure += len(near)
        reach_m, gates = index.covered_m(shape, off_m), index.layer.gates
        is_whole = reach_m is not None and reach_m >= AROUND_M and index.is_complete
        is_whole = is_whole and not gates.aside and not is_drawn
        sentences_found += (
            [say("asked_found", layer=kind, count=len(near), nearest_m=near[0].distance_m)] if near else []
        )
        sentences_found += [say("asked_near", layer=kind, count=maybe)] if maybe else []
        sentences_found += [say("asked_none", layer=kind)] if is_whole and not near and not maybe else []
        gaps += [] if is_whole or near or maybe else [kind]
    absent = tuple(kind for kind in ASKED_KINDS if kind.value not in indexes and kind not in barred)
    why = (
        say("asked_absent", layers=absent) if absent else "",
        barred_text([kind for kind in ASKED_KINDS if kind in barred]),
        say("asked_gap", layers=tuple(gaps)) if gaps else "",
        say("asked_without_kind"),
    )
    return {
        "receptors_1km": HAS if sure else "",  # never 无: the form counts kinds that no layer holds
        "receptors_1km_found": sentences(*sorted(sentences_found, key=lambda told: told.code == "asked_none")),
        "receptors_1km_open": sentences(*why),
    }


def names_of_areas(question: Question) -> dict[str, str]:
    """Return the names of counties and townships by code, those of the project's own areas (`question`) first."""
    official = {town.code: town.name for town in townships()}
    return official | names_in(question.areas.counties) | names_in(question.areas.townships)


def _pathways(own: OwnColumns, rows: Sequence[Mapping[str, Any]], water: WaterTables | None) -> Pathways:
    stored = {row["source_id"]: own.text(number, "固废堆存情况") for number, row in enumerate(rows)}
    return Pathways() if water is None else pathways_of(water, stored)


def _extra(
    number: int,
    row: Mapping[str, Any],
    place: Place,
    own: OwnColumns,
    question: Question,
    screened: Screened,
    within: Mapping[str, str],
) -> dict[str, Any]:
    trade = trade_of(own, number, row)
    edition = row["trade_edition"] or ("2017" if trade.code_2017 else "2011" if trade.code_2011 else "")
    code = row["trade_code"] or (trade.code_2017 if edition == "2017" else trade.code_2011)
    cadmium = cadmium_of(own.text(number, "是否涉镉"), own.text(number, "涉镉依据"), code, edition, question.choices)
    disputed = [
        say("contradiction_to_check", values=contradiction.values)
        for contradiction in question.disputes.get(row["source_id"], ())
        if CADMIUM in contradiction.touches
    ]
    if disputed:
        cadmium = Cadmium(DISPUTED, one_by_one(disputed))
    deadline = own.text(number, "实施时间")
    extents = _extents(place, question)
    parts = [part for part in parts_of(screened.notes[number]) if not extents or codes_of([part]) != (OPEN_EXTENT,)]
    doubt = ""
    if CANNOT_TELL in extents.values():
        doubt = "名单未写明所在乡镇，无法判断是否位于重点区域所列乡镇" if place.county_code else "不知所在县（市、区）"
    cells: dict[str, Any] = {
        "county_code": place.county_code,
        "township_code": place.township_code,
        "key_area_district": extents.get("district", ""),
        "key_area_towns": extents.get("towns", ""),
        "trade_name": trade.name,
        "trade_code_2017": trade.code_2017,
        "trade_code_2011": trade.code_2011,
        "cadmium": cadmium.word,
        "cadmium_basis": cadmium.basis,
        "production_state": own.text(number, "生产状态"),
        "action_text": own.text(number, "使用情况"),
        "deadline_text": deadline,
        "deadline": due_day(deadline),
        "survey_area": within.get(row["source_id"], ""),
        "why_in": _why_in(row, within.get(row["source_id"], "")),
        "note": sentences(*parts, doubt, trade.note),
    }
    somewhere = screened.place_sources.get(row["source_id"])
    if somewhere is not None and somewhere.measured is not None:
        most = somewhere.measured.within[question.radius_m, ALL_CLASSES]
        cells |= {"farmland_area_max_ha": most.area_high_ha, "range_error_m": somewhere.measured.nearest_error_m}
    return cells


def _why_in(row: Mapping[str, Any], survey_area: str) -> str:
    """Return what brings a source into the survey, as far as data tell."""
    reasons: list[str] = []
    if row["verdict"] == Verdict.LISTED.value:
        reasons.append(Verdict.LISTED.zh)
    if survey_area:
        reasons.append(say("survey_area_is", area=survey_area))
    if row["key_area_id"]:
        reasons.append(say("key_area_is", area=row["key_area_id"]))
    return one_by_one(reasons)


def _extents(place: Place, question: Question) -> dict[str, str]:
    """Return for each way to read the key area (whole district, towns) whether it holds the place."""
    declared = declaration(EXTENT)
    if question.as_of is None or declared is None:
        return {}
    home = codes_of_place(COUNTRY).union(*(codes_of_place(code) for code in question.home_counties))
    for rule in question.rules:
        test = rule.test
        if rule.effect is not Effect.CLASSIFY or test is None or test.kind != KEY_AREA_KIND:
            continue
        if test.text("extent") != EXTENT:
            continue
        standing = standing_of(rule, as_of=question.as_of, place_codes=home, adopted=rule.id in question.adopted)
        if standing.standing in {Standing.IN_FORCE, Standing.ADOPTED}:
            return {choice.code: _answer(place, choice.area_ids) for choice in declared.choices}
    return {}


def _answer(place: Place, area_ids: tuple[str, ...]) -> str:
    fact = inside_key_areas(place, area_ids)
    if isinstance(fact, Unknown) or fact.is_approximate:
        return CANNOT_TELL
    return _WORDS[fact.answer]


def _survey_areas(screened: Screened, surveys: Layer | None) -> dict[str, str]:
    """Return by source id the names of the survey focus areas that hold it; a place that only overlaps one: 可能."""
    if surveys is None:
        return {}
    table = surveys.read()
    areas = shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))
    shapely.prepare(areas)
    labels = [
        name or area_id
        for name, area_id in zip(table["name"].to_pylist(), table["receptor_id"].to_pylist(), strict=True)
    ]
    by_source = {}
    for row in screened.sources.select(["source_id", "geometry"]).to_pylist():
        somewhere = screened.place_sources.get(row["source_id"])
        shape = somewhere.geometry if somewhere is not None else shapely.from_wkb(row["geometry"])
        if shape is None:
            continue
        inside, touched = shapely.covers(areas, shape), shapely.intersects(areas, shape)
        words = [
            name if is_in else say("name_possibly" if somewhere is not None else "name_partly", name=name)
            for name, is_in, meets in zip(labels, inside, touched, strict=True)
            if meets
        ]
        if words:
            by_source[row["source_id"]] = say("listed", parts=tuple(words)) if words[1:] else words[0]
    return by_source


def with_terrain(bureau: Bureau, terrain: TerrainTables) -> Bureau:
    """Return the tables of `bureau` with the ground in them: `terrain` and `barrier`, and the slope of each parcel."""
    by_source = {row["source_id"]: row for row in terrain.barriers.to_pylist()}
    tables = replace(
        bureau.tables,
        evidence=_told(bureau.tables.evidence, by_source),
        reached=with_slopes(bureau.tables.reached, terrain.slopes),
    )
    return replace(bureau, sources=_told(bureau.sources, by_source), tables=tables)


def _told(table: pa.Table, by_source: dict[str, dict[str, str]]) -> pa.Table:
    ids = table["source_id"].to_pylist()
    for name in (TERRAIN, BARRIER):
        texts = [by_source.get(source_id, {}).get(name) or "" for source_id in ids]
        table = table.append_column(name, told_cells(texts) if name == BARRIER else pa.array(texts, pa.string()))
    return table
