"""Where to sample: proposals drawn from clauses and measures, each with why. People choose the place on the ground."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct

from hmgeo.geo.distance import pair_distances, prepare_shapes
from hmgeo.judging.choices import unset_text
from hmgeo.judging.facts import Unknown
from hmgeo.records import table_of
from hmgeo.reference.tables import ENTERPRISE, METALS, metals_named, same_name
from hmgeo.results.columns import SAMPLING_SCHEMA
from hmgeo.results.text import distance_text
from hmgeo.rules.model import Rule
from hmgeo.rules.standing import codes_of_place, in_territory
from hmgeo.rules.words import stated_facts
from hmgeo.vocabulary import COUNTRY, GROUNDWATER, LayerKind
from hmgeo.water.grid import FlowGrid
from hmgeo.water.snap import FlowChoices
from hmgeo.water.trace import Downhill, Things, Waters, downhill, level_notes_to, stream_lines
from hmgeo.words import Reason, one_by_one, say, say_with

SECTION, RISK, CLUSTER, AIR, DOUBLE = "section", "below_risk", "cluster", "air", "double_source"
KINDS: Mapping[str, str] = {
    SECTION: "河流出入乡镇界断面",
    RISK: "园区、尾矿库下游",
    CLUSTER: "涉铊涉锑企业密集区下游",
    AIR: "园区、重点企业周边敏感区（空气）",
    DOUBLE: "地下水双源",
}
CLAUSES: Mapping[str, tuple[str, ...]] = {
    SECTION: ("WAT-JY-SECTIONS", "MON-QY-RIVER"),
    RISK: ("MON-QY-RIVER",),
    CLUSTER: ("MON-GX-TLSB",),
    AIR: ("MON-QY-AIR",),
    DOUBLE: ("WAT-JY-GW",),
}
"""Rules whose clause asks for the place, by kind; the first that the book holds is cited."""


class Named(Struct, frozen=True):
    """A thing with a shape in lon/lat."""

    id: str
    name: str
    geometry: shapely.Geometry

    @property
    def called(self) -> str:
        """Name, or id where there is no name."""
        return self.name or self.id


class Proposal(Struct, frozen=True):
    """A place to sample, before it is numbered and its clause is cited."""

    kind: str
    name: str
    point: shapely.Point
    why: Reason
    notes: tuple[str, ...] = ()


def _sampling_rows(
    proposals: Iterable[Proposal], rules: Mapping[str, Rule], home: Collection[str]
) -> list[dict[str, Any]]:
    """Return rows of `SAMPLING_SCHEMA`, numbered by kind in the order given."""
    numbers: dict[str, int] = {}
    rows = []
    for proposal in proposals:
        numbers[proposal.kind] = numbers.get(proposal.kind, 0) + 1
        cited_rules = [rules[name] for name in CLAUSES[proposal.kind] if name in rules]
        rule = next((rule for rule in cited_rules if in_territory(rule, home)), cited_rules[0] if cited_rules else None)
        notes = proposal.notes
        cited = {"document": "", "clause": "", "quote": "", "rule_id": ""}
        if rule is not None:
            value = rule.latest
            cited = {"document": value.document, "clause": value.clause, "quote": value.quote, "rule_id": rule.id}
            notes += () if in_territory(rule, home) else (say("clause_of_other_area"),)
        rows.append(
            {
                "point_id": f"{_PREFIX[proposal.kind]}{numbers[proposal.kind]:03d}",
                "kind": proposal.kind,
                "name": proposal.name,
                "lon": round(proposal.point.x, 6),
                "lat": round(proposal.point.y, 6),
                "why": proposal.why,
                **cited,
                "note": one_by_one(notes),
                "geometry": shapely.to_wkb(proposal.point),
            }
        )
    return rows


_PREFIX = {SECTION: "DM", RISK: "XY", CLUSTER: "MJ", AIR: "KQ", DOUBLE: "SY"}


def sections(rivers: Sequence[Named], townships: Sequence[Named], *, is_approximate: bool) -> list[Proposal]:
    """Return where rivers pass from one township into another.

    Where a river runs along a border the first place stands, with how many more there are.

    Parameters
    ----------
    rivers
        Lines drawn downstream, or the streams of heights.
    townships
        Areas whose borders count.
    is_approximate
        Whether these are no boundaries, which each proposal then says.
    """
    if not townships:
        return []
    tree = shapely.STRtree([town.geometry for town in townships])
    met_by_border: dict[tuple[str, frozenset[str]], list[tuple[shapely.Point, str, str]]] = {}
    for river in rivers:
        for line in shapely.get_parts(river.geometry):
            for crossing in _crossings(line, townships, tree):
                met_by_border.setdefault((river.called, frozenset(crossing[1:])), []).append(crossing)
    doubt = (say("borders_approximate"),) if is_approximate else ()
    proposals = []
    for (river_name, _), met in met_by_border.items():
        point, upper, lower = met[0]
        again = (say("runs_along_border", count=len(met) - 1),) if len(met) > 1 else ()
        values = {"river": river_name, "upper": upper, "lower": lower}
        name, why = say("section_name", **values), say("river_passes", **values)
        proposals.append(Proposal(SECTION, name, point, why, (*again, *doubt)))
    return proposals


def _crossings(
    line: shapely.LineString, townships: Sequence[Named], tree: shapely.STRtree
) -> list[tuple[shapely.Point, str, str]]:
    """Return where a line leaves one township for another, in its direction."""
    pieces: list[tuple[float, float, str]] = []
    for row in tree.query(line, predicate="intersects"):
        inside = shapely.intersection(line, townships[row].geometry)
        for part in shapely.get_parts(inside):
            if part.geom_type == "LineString" and part.length > 0:
                ends = [shapely.line_locate_point(line, shapely.Point(part.coords[at])) for at in (0, -1)]
                pieces.append((min(ends), max(ends), townships[row].called))
    pieces.sort()
    crossings = []
    for (_, end, upper), (start, _, lower) in pairwise(pieces):
        if upper != lower and abs(start - end) < _SAME_PLACE_DEG:
            crossings.append((shapely.line_interpolate_point(line, end), upper, lower))
    return crossings


_SAME_PLACE_DEG = 2e-6


def clusters(
    sources: Sequence[Named], bandwidth_m: float, per_km2: float
) -> list[tuple[shapely.Point, tuple[str, ...], float]]:
    """Return groups of sources that stand densely: middle, ids, and the highest density met.

    `bandwidth_m`, `per_km2`: around each source the others within the bandwidth are counted (itself included) over the
    circle's area; sources at or above the density make a group with all that lie within the bandwidth of them.
    """
    if not sources:
        return []
    shapes = prepare_shapes([member.geometry for member in sources])
    count = len(sources)
    first, second = (grid.ravel() for grid in np.meshgrid(np.arange(count), np.arange(count), indexing="ij"))
    distance_m = pair_distances(shapes, shapes, first, second).distance_m.reshape(count, count)
    near = distance_m <= bandwidth_m
    density = near.sum(axis=1) / (np.pi * (bandwidth_m / 1000) ** 2)
    is_dense = density >= per_km2
    left, groups = set(np.flatnonzero(is_dense).tolist()), []
    while left:
        group: set[int] = set()
        front = [min(left)]
        while front:
            member = front.pop()
            if member not in group:
                group.add(member)
                left.discard(member)
                front += np.flatnonzero(near[member] & (is_dense | is_dense[member])).tolist()
        rows = sorted(group)
        points = shapely.multipoints([shapely.point_on_surface(sources[row].geometry) for row in rows])
        groups.append((points.centroid, tuple(sources[row].id for row in rows), float(density[rows].max())))
    return groups


def below_clusters(
    grid: FlowGrid, sources: Sequence[Named], bandwidth_m: float, per_km2: float, chosen: FlowChoices
) -> tuple[list[Proposal], list[str]]:
    """Return for each dense group the place on a stream where the water of most of its members has come together.

    `sources`, `bandwidth_m` and `per_km2` as in `clusters`; `grid` and `chosen` lead the water.

    Second, a sentence for each group whose water reaches no stream within the limit.

    Among stream cells within the limit, that which most members' ways pass; of these the one with the shortest longest
    way.
    """
    by_id = {source.id: source for source in sources}
    proposals, dry = [], []
    for _, ids, density in clusters(sources, bandwidth_m, per_km2):
        met: dict[int, list[float]] = {}
        ways = [downhill(grid, by_id[name].geometry, chosen.limit_m) for name in ids]
        for way in ways:
            for cell, way_m in _stream_way(grid, way, chosen):
                met.setdefault(cell, []).append(way_m)
        if not met:
            dry.append(_dry(say("traced_cluster", names=ids), chosen))
            continue
        cell, reached = min(met.items(), key=lambda entry: (-len(entry[1]), max(entry[1]), entry[0]))
        why = say_with(
            "cluster_meets" if len(reached) > 1 else "cluster_of_one_passes",
            {"count": len(ids), "names": ids, "bandwidth_m": bandwidth_m, "density": density,
             "together": len(reached), "flow_m": max(reached)},
        )  # fmt: skip
        name = say("below_cluster", count=len(ids))
        proposals.append(Proposal(CLUSTER, name, _centre(grid, cell), why, _by_heights(grid, ways, cell)))
    return proposals, dry


def below_risks(
    grid: FlowGrid, risks: Sequence[tuple[LayerKind, Named]], chosen: FlowChoices
) -> tuple[list[Proposal], list[str]]:
    """Return for each of `risks` (a park or pond with the word of its kind) where its water first reaches a stream.

    Second, a sentence for each whose water reaches no stream within the limit.
    """
    proposals, dry = [], []
    for kind, thing in risks:
        place = say("kind_and_name", kind=kind, name=thing.called)
        way = downhill(grid, thing.geometry, chosen.limit_m)
        first = next(_stream_way(grid, way, chosen), None)
        if first is None:
            dry.append(_dry(place, chosen))
            continue
        why = say("runoff_reaches_stream", place=place, flow_m=first[1])
        notes, name = _by_heights(grid, [way], first[0]), say("below_place", name=thing.called)
        proposals.append(Proposal(RISK, name, _centre(grid, first[0]), why, notes))
    return proposals, dry


def _dry(what: Reason, chosen: FlowChoices) -> str:
    return say("no_stream_below", what=what, limit_m=chosen.limit_m)


def _by_heights(grid: FlowGrid, ways: Sequence[Downhill | Unknown], cell: int) -> tuple[str, ...]:
    """Return that heights tell a place, and what level ground there is on the ways to it."""
    texts = [level_notes_to(grid, way, cell) for way in ways if isinstance(way, Downhill) and cell in way.cells]
    return tuple(dict.fromkeys([say("where_runoff_meets"), *chain.from_iterable(texts)]))


def _stream_way(grid: FlowGrid, way: Downhill | Unknown, chosen: FlowChoices) -> Iterator[tuple[int, float]]:
    """Yield the stream cells on a way downhill with the way to each."""
    if isinstance(way, Downhill):
        for cell, way_m in zip(way.cells.tolist(), way.way_m.tolist(), strict=True):
            if grid.area_ha(cell) >= chosen.snap_rule.stream_ha:
                yield cell, way_m


def _centre(grid: FlowGrid, cell: int) -> shapely.Point:
    return shapely.Point(grid.frame.lon_lat(np.array([cell]))[0])


def _beside_sensitive(emitters: Sequence[Named], sites: Sequence[Named], limit_m: float) -> list[Proposal]:
    """Return for each park or key enterprise the nearest sensitive site within the distance: one place each."""
    if not emitters or not sites:
        return []
    targets = prepare_shapes([site.geometry for site in sites])
    proposals = []
    for emitter in emitters:
        rows = np.arange(len(sites))
        shapes = prepare_shapes([emitter.geometry])
        distance_m = pair_distances(shapes, targets, np.zeros(len(rows), np.int64), rows).distance_m
        near = np.flatnonzero(distance_m <= limit_m)
        if not len(near):
            continue
        nearest = int(near[np.argmin(distance_m[near])])
        site = sites[nearest]
        why = say(
            "sites_beside", name=emitter.called, radius=distance_text(limit_m), count=len(near), nearest=site.called,
            distance=distance_text(float(distance_m[nearest])),
        )  # fmt: skip
        point = shapely.point_on_surface(site.geometry)
        proposals.append(Proposal(AIR, f"{emitter.called}—{site.called}", point, why, (say("point_within_site"),)))
    return proposals


def double_sources(
    waters: Sequence[Named], polluters: Sequence[tuple[LayerKind, Named]], limit_m: float
) -> list[Proposal]:
    """Return each groundwater source (`waters`) with the `polluters` within `limit_m`, by kind and nearest first."""
    proposals = []
    for water in waters:
        near: list[tuple[float, int]] = []
        if polluters:
            shapes = prepare_shapes([polluter.geometry for _, polluter in polluters])
            rows = np.arange(len(polluters))
            own = prepare_shapes([water.geometry])
            away = pair_distances(own, shapes, np.zeros(len(rows), np.int64), rows).distance_m
            near = sorted((float(away[row]), row) for row in range(len(polluters)) if away[row] <= limit_m)
        listed = tuple(
            say("bracketed", thing=say("kind_and_name", kind=kind, name=polluter.called), more=distance_text(away_m))
            for away_m, (kind, polluter) in ((away_m, polluters[row]) for away_m, row in near)
        )
        code = "polluters_around" if listed else "no_polluters_around"
        why = say_with(code, {"radius": distance_text(limit_m), "count": len(near), "listed": listed})
        point = shapely.point_on_surface(water.geometry)
        proposals.append(Proposal(DOUBLE, water.called, point, why, (say("distance_is_no_flow"), say("none_in_data"))))
    return proposals


TRACED_METALS = ("铊", "锑")
DENSITY, BANDWIDTH, SURROUNDINGS, DOUBLE_M = "dense_threshold", "dense_bandwidth_m", "surroundings_m", "double_source_m"
_METAL_COLUMNS = ("涉及重金属", "特征污染物")
_RIVER_OF_STREAMS = 10
"""How many times the area of the least stream makes one whose crossings of borders are worth a section."""
_RISK_KINDS = (LayerKind.INDUSTRIAL_PARKS, LayerKind.TAILINGS_PONDS)


def sampling_of(
    waters: Waters, grid: FlowGrid, sources: Things, chosen: FlowChoices
) -> tuple[pa.Table, tuple[str, ...]]:
    """Return `SAMPLING_SCHEMA` and sentences on what couldn't be proposed."""
    choices = waters.question.choices
    proposals, notes = _sections(waters, grid, chosen)
    below, dry = below_risks(grid, [(kind, thing) for kind in _RISK_KINDS for thing in _of(waters, kind)], chosen)
    proposals += below
    notes += dry
    density, bandwidth_m = choices.number(DENSITY), choices.number(BANDWIDTH)
    if density is None or bandwidth_m is None:
        notes += [
            say("no_places_below_clusters", why=unset_text(name))
            for name in (DENSITY, BANDWIDTH)
            if not choices.number(name)
        ]
    else:
        traced = _traced_metals(waters, sources)
        below, dry = below_clusters(grid, traced, bandwidth_m, density, chosen)
        proposals += below
        notes += dry
        notes += [] if traced else [say("no_traced_metals")]
    around_m = choices.number(SURROUNDINGS)
    if around_m is None:
        notes.append(say("no_places_for_air", why=unset_text(SURROUNDINGS)))
    else:
        listed = _enterprises(waters, sources)
        key = (enterprise for enterprise, row in listed if stated_facts(row).get("key_supervised_unit"))
        proposals += _beside_sensitive(
            [*_of(waters, LayerKind.INDUSTRIAL_PARKS), *key], _of(waters, LayerKind.SENSITIVE_SITES), around_m
        )
    double_m = choices.number(DOUBLE_M)
    if double_m is None:
        notes.append(say("no_double_places", why=unset_text(DOUBLE_M)))
    else:
        proposals += double_sources(_wells(waters), _polluters(sources), double_m)
    home = codes_of_place(COUNTRY).union(*(codes_of_place(code) for code in waters.question.home_counties))
    rows = _sampling_rows(proposals, {rule.id: rule for rule in waters.question.rules}, home)
    return table_of(rows, SAMPLING_SCHEMA), tuple(notes)


def _of(waters: Waters, kind: LayerKind) -> list[Named]:
    return _named(waters.things(kind))


def _named(things: Things) -> list[Named]:
    return [
        Named(thing_id, name, shape)
        for thing_id, name, shape in zip(things.ids, things.names, things.geometries, strict=True)
        if shape is not None
    ]


def _sections(waters: Waters, grid: FlowGrid, chosen: FlowChoices) -> tuple[list[Proposal], list[str]]:
    areas = waters.question.areas
    if areas.townships is None:
        return [], [say("no_sections")]
    rows = areas.townships.select(["id", "name", "geometry"]).to_pylist()
    towns = [Named(row["id"], row["name"], shapely.from_wkb(row["geometry"])) for row in rows]
    rivers = [river for river in _of(waters, LayerKind.RIVERS) if river.geometry.length > 0]
    notes: list[str] = []
    if not rivers:
        least_ha = chosen.snap_rule.stream_ha * _RIVER_OF_STREAMS
        notes.append(say("sections_by_heights", area_ha=least_ha))
        rivers = [
            Named(f"水流{number:03d}", f"高程推算的水流{number:03d}", line)
            for number, line in enumerate(stream_lines(grid, least_ha), start=1)
        ]
    return sections(rivers, towns, is_approximate=areas.townships_are_approximate), notes


def _traced_metals(waters: Waters, sources: Things) -> list[Named]:
    """Return enterprises whose list or outfalls name thallium or antimony."""
    named = set()
    outfalls = waters.table(LayerKind.OUTFALLS)
    for row in outfalls.select(["links"]).to_pylist() if outfalls is not None else ():
        links = dict(row["links"] or ())
        if any(metal in metals_named(links.get(METALS, "")) for metal in TRACED_METALS):
            named.add(same_name(links.get(ENTERPRISE, "")))
    return [
        enterprise
        for enterprise, row in _enterprises(waters, sources)
        if same_name(enterprise.id) in named
        or stated_facts(row).get("thallium_or_antimony")
        or any(metal in metals_named(row.get(name, "")) for name in _METAL_COLUMNS for metal in TRACED_METALS)
    ]


def _enterprises(waters: Waters, sources: Things) -> Iterator[tuple[Named, dict[str, str]]]:
    attributes = waters.positions.attributes.to_pylist() or [{}] * waters.positions.table.num_rows
    shapes = dict(zip(sources.ids, sources.geometries, strict=True))
    for row, own in zip(waters.positions.table.select(["source_id", "name"]).to_pylist(), attributes, strict=True):
        shape = shapes.get(row["source_id"])
        if shape is not None:
            yield Named(row["source_id"], row["name"], shape), own


def _wells(waters: Waters) -> list[Named]:
    things = waters.things(LayerKind.INTAKES)
    return [
        Named(thing_id, name, shape)
        for thing_id, name, shape, word in zip(things.ids, things.names, things.geometries, things.classes, strict=True)
        if shape is not None and GROUNDWATER in word
    ]


def _polluters(sources: Things) -> list[tuple[LayerKind, Named]]:
    return [
        (LayerKind.of(kind), Named(thing_id, name, shape))
        for thing_id, name, shape, kind in zip(
            sources.ids, sources.names, sources.geometries, sources.kinds, strict=True
        )
        if shape is not None and kind != LayerKind.OUTFALLS.value
    ]
