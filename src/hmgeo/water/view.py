"""All that a run says of water: ways downhill, catchments, closed basins, irrigation, where to sample.

Where a choice is unset or heights are missing the tables stay empty and the first note says why; irrigation needs no
heights and is always asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hmgeo.geo.raster import ground_of
from hmgeo.judging.facts import Unknown, barred_kinds, barred_text
from hmgeo.judging.own_columns import OwnColumns
from hmgeo.records import Layer, Positions, SideTable, table_of
from hmgeo.results.columns import AGREEMENT_SCHEMA, BASIN_SCHEMA, CATCHMENT_AREA_SCHEMA, IRRIGATION_SCHEMA
from hmgeo.results.results import WaterTables
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import GROUNDWATER, LayerKind, Status
from hmgeo.water.agreement import agreement_rows, along_of, stream_offsets
from hmgeo.water.by_heights import ProjectWater, grid_or_why
from hmgeo.water.by_rivers import why_not_as_drawn
from hmgeo.water.grid import ClosedBasins, FlowGrid
from hmgeo.water.irrigation import ChainSource, ChainTables, irrigation_chains
from hmgeo.water.rivers import RiverNetwork, river_network
from hmgeo.water.sampling import sampling_of
from hmgeo.water.snap import FlowChoices, SnapStatus, flow_choices, snap
from hmgeo.water.trace import (
    Catchments,
    Targets,
    Things,
    Waters,
    basin_rows,
    catchments_of,
    cells_beside,
    downstream_of,
    exits_of,
    level_text,
)
from hmgeo.words import say, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from hmgeo.judging.bench import Question


SOURCE_KINDS = (
    LayerKind.OUTFALLS,
    LayerKind.TAILINGS_PONDS,
    LayerKind.WASTE_HEAPS,
    LayerKind.MINES,
    LayerKind.CONTAMINATED_SITES,
)
TARGET_KINDS = (LayerKind.INTAKES, LayerKind.WATER_SOURCE_ZONES)
ORIENTATION = (LayerKind.RIVERS, LayerKind.COUNTIES, LayerKind.TOWNSHIPS, LayerKind.ELEVATION)
NO_HEIGHTS = say("zone_absent", layer=LayerKind.ELEVATION, department=LAYERS[LayerKind.ELEVATION].department)
NOT_SURFACE = say("groundwater_not_traced")


def waters_of(
    positions: Positions,
    farmland: Layer | None,
    others: Sequence[Layer],
    sides: Mapping[LayerKind, SideTable],
    question: Question,
) -> Waters:
    """Gather the layers; real sources are never held against invented ones unless the project says so.

    `positions` are the sources, `farmland` and `others` the layers, `sides` the tables without geometry by kind;
    `question` is what is asked.
    """
    all_layers = [layer for layer in (farmland, *others) if layer is not None]
    barred = barred_kinds(positions.basis, all_layers, mixes=question.mixes)
    by_kind = {layer.kind: layer for layer in all_layers if layer.kind not in barred}
    return Waters(positions, by_kind, sides, question, barred)


def water_view(waters: Waters, water: ProjectWater | None, barred: Sequence[LayerKind] = ()) -> WaterTables:
    """Return everything of one run on water; `waters` is what is asked of.

    `water`: heights that drain, asked only where the project says how; None where it has none, or the sources may not
    be held against them.
    `barred`: kinds of layers that the sources may not be held against.
    """
    chosen = flow_choices(waters.question.choices)
    network, untold = _network(waters)
    is_barred = LayerKind.ELEVATION in barred
    left_out = barred_text((*waters.left_out, *((LayerKind.ELEVATION,) if is_barred else ())))
    notes = [note for note in (left_out, untold) if note]
    why: str
    if water is None:
        why = say("water_not_assessed", why=barred_text((LayerKind.ELEVATION,)) if is_barred else NO_HEIGHTS)
    elif isinstance(chosen, Unknown):
        why = chosen.why
    else:
        grid = grid_or_why(water)
        if not isinstance(grid, Unknown):
            return _Traced(waters, grid, network, chosen, notes).tables()
        why = say("water_not_assessed", why=grid.why)
    return WaterTables(chains=_chains(waters, None, network, None), notes=(why, *notes))


def _network(waters: Waters) -> tuple[RiverNetwork | None, str]:
    """Return the drawn rivers where their direction is the water's; None else, with why drawn ones aren't used."""
    rivers = waters.things(LayerKind.RIVERS)
    drawn = [(name, line) for name, line in zip(rivers.names, rivers.geometries, strict=True) if line is not None]
    why_not = why_not_as_drawn(waters.question.choices)
    if drawn and why_not:
        return None, sentences(why_not, say("drawn_rivers_not_used"))
    return river_network([name for name, _ in drawn], [line for _, line in drawn]), ""


def _chains(
    waters: Waters, grid: FlowGrid | None, network: RiverNetwork | None, chosen: FlowChoices | None
) -> pa.Table:
    own = OwnColumns(waters.positions)
    named_waters: dict[str, list[str]] = {}
    outlets = waters.sides.get(LayerKind.OUTLETS)
    for row in outlets.table.to_pylist() if outlets is not None else ():
        if row["receiving_water"] and row["medium"] != "废气":
            named_waters.setdefault(row["enterprise_id"], []).append(row["receiving_water"])
    sources = []
    for number, row in enumerate(waters.positions.table.to_pylist()):
        stated = own.text(number, "受纳水体")
        named = [(water, say("water_of_outlets")) for water in dict.fromkeys(named_waters.get(row["source_id"], ()))]
        named += [(stated, say("water_of_enterprises"))] if stated else []
        shape = None if row["geometry"] is None else shapely.from_wkb(row["geometry"])
        sources.append(ChainSource(row["source_id"], row["name"], tuple(named), shape))
    tables = ChainTables(
        waters.table(LayerKind.OUTFALLS),
        waters.table(LayerKind.IRRIGATION_INTAKES),
        waters.table(LayerKind.IRRIGATION_DISTRICTS),
        waters.table(LayerKind.FARMLAND),
        along_of(grid, network, None if chosen is None else chosen.snap_rule),
    )
    return table_of(irrigation_chains(sources, tables), IRRIGATION_SCHEMA)


class _Traced:
    """The tables of a run that has heights and choices."""

    def __init__(
        self, waters: Waters, grid: FlowGrid, network: RiverNetwork | None, chosen: FlowChoices, notes: Sequence[str]
    ) -> None:
        self._waters, self._grid, self._network, self._chosen = waters, grid, network, chosen
        self._notes = notes
        self._sources = self._all_sources()
        self._starts = [
            np.zeros(0, np.int64) if shape is None else exits_of(grid, shape) for shape in self._sources.geometries
        ]
        self._met: dict[str, Targets] = {
            kind.value: cells_beside(grid, waters.things(kind), 0.0)
            for kind in waters.layers
            if kind not in SOURCE_KINDS and kind not in ORIENTATION
        }

    def tables(self) -> WaterTables:
        """Return all tables."""
        grid, chosen, waters = self._grid, self._chosen, self._waters
        downstream = downstream_of(grid, self._sources, self._met, self._borders(), chosen.limit_m)
        targets = self._targets()
        catchments = catchments_of(grid, targets, self._sources, chosen.limit_m, chosen.snap_rule)
        agreement = agreement_rows(
            self._network, self._sources, targets, catchments.table, chosen.snap_rule, chosen.limit_m
        )
        kinds = {kind.value: kind.zh for kind in LayerKind}
        sampling, unasked = sampling_of(waters, grid, self._sources, chosen)
        basins = basin_rows(grid, self._sources.ids, self._starts, self._met, kinds)
        return WaterTables(
            paths=downstream.paths,
            met=downstream.met,
            catchments=catchments.table,
            catchment_areas=self._areas(targets, catchments),
            basins=table_of(basins, BASIN_SCHEMA),
            chains=_chains(waters, grid, self._network, chosen),
            sampling=sampling,
            agreement=table_of(agreement, AGREEMENT_SCHEMA),
            notes=(*self._described(), *self._notes, *unasked),
        )

    def _all_sources(self) -> Things:
        """Return enterprises, outfalls put onto their stream, ponds, heaps, mines; a repeated id names its kind."""
        parts = [self._positions(), *(self._waters.things(kind) for kind in SOURCE_KINDS)]
        ids: list[str] = []
        why_not: dict[str, str] = {}
        shapes: list[shapely.Geometry | None] = []
        seen: set[str] = set()
        for part in parts:
            for thing_id, shape, kind in zip(part.ids, part.geometries, part.kinds, strict=True):
                name = f"{kind}:{thing_id}" if thing_id in seen else thing_id
                placed, why = self._on_stream(shape) if kind == LayerKind.OUTFALLS.value else (shape, "")
                if why:
                    why_not[name] = why
                seen.add(name)
                ids.append(name)
                shapes.append(placed)
        names = [name for part in parts for name in part.names]
        kinds = [kind for part in parts for kind in part.kinds]
        return Things(ids, names, shapes, kinds=kinds, why_not=why_not)

    def _positions(self) -> Things:
        rows = self._waters.positions.table.to_pylist()
        shapes = [
            shapely.from_wkb(row["geometry"]) if row["status"] == Status.ASSESSED.value and row["geometry"] else None
            for row in rows
        ]
        kinds = [self._waters.positions.kind.value] * len(rows)
        return Things([row["source_id"] for row in rows], [row["name"] for row in rows], shapes, kinds=kinds)

    def _on_stream(self, shape: shapely.Geometry | None) -> tuple[shapely.Geometry | None, str]:
        if shape is None or shape.geom_type != "Point":
            return shape, ""
        snapped = snap(self._grid, shape, self._chosen.snap_rule)
        if snapped.status is not SnapStatus.SNAPPED:
            return None, snapped.why
        return shapely.Point(self._grid.frame.lon_lat(snapped.cells)[0]), ""

    def _targets(self) -> Things:
        """Return intakes and zones; groundwater isn't fed by the surface, so its intakes have no catchment here."""
        parts = [self._waters.things(kind) for kind in TARGET_KINDS]
        words = [word for part in parts for word in part.classes]
        ids = [thing_id for part in parts for thing_id in part.ids]
        drawn = [shape for part in parts for shape in part.geometries]
        shapes = [None if GROUNDWATER in word else shape for word, shape in zip(words, drawn, strict=True)]
        why_not = {thing_id: NOT_SURFACE for thing_id, word in zip(ids, words, strict=True) if GROUNDWATER in word}
        names = [name for part in parts for name in part.names]
        kinds = [kind for part in parts for kind in part.kinds]
        return Things(ids, names, shapes, kinds=kinds, why_not=why_not)

    def _borders(self) -> dict[str, Things]:
        areas = self._waters.question.areas
        tables_of_areas = {"townships": areas.townships, "counties": areas.counties}
        return {code: areas_as_things(table) for code, table in tables_of_areas.items() if table is not None}

    def _areas(self, targets: Things, catchments: Catchments) -> pa.Table:
        counted: dict[str, int] = {}
        noted: dict[str, str] = {}
        for row in catchments.table.to_pylist():
            counted[row["target_id"]] = counted.get(row["target_id"], 0) + bool(row["source_id"])
            noted[row["target_id"]] = row["note"]
        rows: list[dict[str, Any]] = []
        for target_id, name, cells, kind in zip(
            targets.ids, targets.names, catchments.cells, targets.kinds, strict=True
        ):
            if not len(cells):
                continue
            area_ha = len(cells) * self._grid.frame.cell_area_m2 / 10_000
            rows.append(
                {
                    "target_id": target_id,
                    "target_kind": kind,
                    "name": name,
                    "catchment_area_ha": round(area_ha, 2),
                    "source_count": counted.get(target_id, 0),
                    "note": noted.get(target_id, ""),
                    "geometry": shapely.to_wkb(ground_of(self._grid.frame, cells)),
                }
            )
        return table_of(rows, CATCHMENT_AREA_SCHEMA)

    def _described(self) -> tuple[str, ...]:
        grid, chosen = self._grid, self._chosen
        conditioning, rule = chosen.conditioning, chosen.snap_rule
        kept = conditioning.closed_basins is ClosedBasins.KEEP
        hollows = say(
            "basins_found", depth_m=conditioning.basin_depth_m, cells=conditioning.basin_cells, count=len(grid.basins)
        )
        if grid.basins:
            hollows = say("basins_deepest", found=hollows, deepest_m=grid.basins[0].depth_m)
        offsets = None
        rivers = [line for line in self._waters.things(LayerKind.RIVERS).geometries if line is not None]
        if rivers:
            offsets = stream_offsets(grid, rivers, rule.stream_ha)
        return (
            say("flow_by_heights", cell_m=grid.frame.cell_m[0]),
            say("followed_for", limit_m=chosen.limit_m),
            say("put_onto_streams", tolerance_m=rule.tolerance_m, stream_ha=rule.stream_ha),
            say("basins_kept" if kept else "basins_filled", found=hollows),
            level_text(conditioning),
            say("not_met_is_not_absent"),
            *(() if offsets is None else (offsets.zh,)),
        )


def areas_as_things(table: pa.Table) -> Things:
    """Return the areas of `table`, townships or counties."""
    shapes = [shapely.from_wkb(wkb) for wkb in table["geometry"].to_pylist()]
    return Things(table["id"].to_pylist(), table["name"].to_pylist(), shapes)
