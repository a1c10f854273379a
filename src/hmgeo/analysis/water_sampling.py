"""Proposals where to sample, gathered from a run's layers and choices; what is unset is said, not assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import shapely

from hmgeo.analysis import sampling
from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.flow_streams import stream_lines
from hmgeo.analysis.sampling import Named
from hmgeo.findings.water import SAMPLING_SCHEMA
from hmgeo.reference.links import ENTERPRISE, METALS, same_name
from hmgeo.rules.standing import codes_of_place
from hmgeo.rules.stated import stated_facts
from hmgeo.vocabulary import GROUNDWATER, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hmgeo.analysis.flow_choices import FlowChoices
    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.sampling import Proposal
    from hmgeo.analysis.water_things import Things, Waters
    from hmgeo.rules.model import Rule

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
    below, dry = sampling.below_risks(
        grid, [(kind.zh, one) for kind in _RISK_KINDS for one in _of(waters, kind)], chosen
    )
    proposals += below
    notes += dry
    density, bandwidth_m = choices.number(DENSITY), choices.number(BANDWIDTH)
    if density is None or bandwidth_m is None:
        notes += [
            f"密集区下游点位未提出：{unset_text(name)}" for name in (DENSITY, BANDWIDTH) if not choices.number(name)
        ]
    else:
        traced = _traced_metals(waters, sources)
        below, dry = sampling.below_clusters(grid, traced, bandwidth_m, density, chosen)
        proposals += below
        notes += dry
        notes += [] if traced else ["清单和排放口台账中没有标明涉铊、涉锑的企业，未提出密集区下游点位。"]
    around_m = choices.number(SURROUNDINGS)
    if around_m is None:
        notes.append(f"空气点位未提出：{unset_text(SURROUNDINGS)}")
    else:
        parks = [*_of(waters, LayerKind.INDUSTRIAL_PARKS), *_key_enterprises(waters, sources)]
        proposals += sampling.beside_sensitive(parks, _of(waters, LayerKind.SENSITIVE_SITES), around_m)
    double_m = choices.number(DOUBLE_M)
    if double_m is None:
        notes.append(f"双源点位未提出：{unset_text(DOUBLE_M)}")
    else:
        proposals += sampling.double_sources(_wells(waters), _polluters(sources), double_m)
    home = frozenset().union(*(codes_of_place(code) for code in waters.question.home_counties))

    def is_in_territory(rule: Rule) -> bool:
        return bool(set(rule.territory) & home)

    rows = sampling.sampling_rows(proposals, {rule.id: rule for rule in waters.question.rules}, is_in_territory)
    return pa.Table.from_pylist(rows, SAMPLING_SCHEMA), tuple(notes)


def _of(waters: Waters, kind: LayerKind) -> list[Named]:
    return _named(waters.things(kind))


def _named(things: Things) -> list[Named]:
    return [
        Named(one, name, shape)
        for one, name, shape in zip(things.ids, things.names, things.geometries, strict=True)
        if shape is not None
    ]


def _sections(waters: Waters, grid: FlowGrid, chosen: FlowChoices) -> tuple[list[Proposal], list[str]]:
    areas = waters.question.areas
    if areas.townships is None:
        return [], ["交界断面未提出：没有乡级行政区。"]
    rows = areas.townships.select(["id", "name", "geometry"]).to_pylist()
    towns = [Named(row["id"], row["name"], shapely.from_wkb(row["geometry"])) for row in rows]
    rivers, notes = [one for one in _of(waters, LayerKind.RIVERS) if one.geometry.length > 0], []
    if not rivers:
        least_ha = chosen.snap_rule.stream_ha * _RIVER_OF_STREAMS
        notes.append(f"未提供「河流」，交界断面取自高程推算、集水面积不小于 {least_ha:g} ha 的水流。")
        rivers = [
            Named(f"水流{number:03d}", f"高程推算的水流{number:03d}", line)
            for number, line in enumerate(stream_lines(grid, least_ha), start=1)
        ]
    return sampling.sections(rivers, towns, is_approximate=areas.townships_are_approximate), notes


def _traced_metals(waters: Waters, sources: Things) -> list[Named]:
    """Return enterprises whose list or outfalls name thallium or antimony."""
    told = set()
    outfalls = waters.table(LayerKind.OUTFALLS)
    for row in outfalls.select(["links"]).to_pylist() if outfalls is not None else ():
        links = dict(row["links"] or ())
        if any(metal in links.get(METALS, "") for metal in TRACED_METALS):
            told.add(same_name(links.get(ENTERPRISE, "")))
    return [
        one
        for one, row in _enterprises(waters, sources)
        if same_name(one.id) in told
        or stated_facts(row).get("thallium_or_antimony")
        or any(metal in row.get(name, "") for name in _METAL_COLUMNS for metal in TRACED_METALS)
    ]


def _key_enterprises(waters: Waters, sources: Things) -> list[Named]:
    return [one for one, row in _enterprises(waters, sources) if stated_facts(row).get("key_supervised_unit")]


def _enterprises(waters: Waters, sources: Things) -> Iterator[tuple[Named, dict[str, str]]]:
    attributes = waters.positions.attributes.to_pylist() or [{}] * waters.positions.table.num_rows
    shapes = dict(zip(sources.ids, sources.geometries, strict=True))
    for row, own in zip(waters.positions.table.select(["source_id", "name"]).to_pylist(), attributes, strict=True):
        shape = shapes.get(row["source_id"])
        if shape is not None:
            yield Named(row["source_id"], row["name"], shape), own


def _wells(waters: Waters) -> list[Named]:
    things = waters.things(LayerKind.INTAKES)
    is_well = np.array([GROUNDWATER in word for word in things.classes], dtype=bool)
    return [one for one, kept in zip(_named(things), is_well, strict=False) if kept]


def _polluters(sources: Things) -> list[tuple[str, Named]]:
    kinds = {kind.value: kind.zh for kind in LayerKind}
    return [
        (kinds[kind], Named(one, name, shape))
        for one, name, shape, kind in zip(sources.ids, sources.names, sources.geometries, sources.kinds, strict=True)
        if shape is not None and kind != LayerKind.OUTFALLS.value
    ]
