"""What rules ask of water, answered for one source from a grid that drains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import chain

import numpy as np
import shapely
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.errors import HmgeoError
from hmgeo.geo.raster import Cells
from hmgeo.judging.facts import Answer, Features, PlaceFact, Unknown, incomplete, missing_layer, undeclared
from hmgeo.judging.layers import unread_text
from hmgeo.records import Layer, Raster
from hmgeo.rules.words import BOTH, NETWORK
from hmgeo.vocabulary import Basis, Completeness
from hmgeo.water.by_rivers import NO_NETWORK
from hmgeo.water.grid import ClosedBasins, Conditioning, End, FlowGrid, flow_grid
from hmgeo.water.rivers import degrees_of
from hmgeo.water.snap import SnapRule, SnapStatus, comes_by, comes_by_shape, places_around, snap, streams_around
from hmgeo.water.trace import (
    MAY_LEAVE,
    OFF_GRID,
    Targets,
    exits_of,
    flat_notes,
    level_area_text,
    targets_beside,
    targets_of,
)
from hmgeo.words import say, sentences

Floats = NDArray[np.float64]

OFF_STREAM = say("off_stream")
UNSURE = say("features_unsure")
_MOST_TRACES = 200


class Moved(Struct, frozen=True):
    """Where a feature may lie that isn't sure of its place.

    Parameters
    ----------
    cells
        All cells that it may lie on, or of which it is one; a point is met for sure only where all of them are.
    core
        Cells that it covers wherever it lies: any of them is enough.
    may_be_off
        Whether it may lie on no stream that it should lie on.
    """

    error_m: float
    cells: Cells
    core: Cells
    may_be_off: bool = False

    def is_surely_in(self, reached: Cells) -> bool:
        """Whether it is met by what reaches the cells `reached`, wherever it lies."""
        if np.isin(self.core, reached).any():
            return True
        return not self.may_be_off and bool(len(self.cells)) and bool(np.isin(self.cells, reached).all())


class WaterLayer(Struct, frozen=True):
    """A layer as cells of the grid, and what finding nothing in it would prove.

    Parameters
    ----------
    coverage
        Shapely polygon in lon/lat, None where none is declared.
    shapes
        Of the targets, in lon/lat.
    aside
        As in `Gates`.
    moved
        Features that aren't sure of their place, by row.
    """

    targets: Targets
    coverage: shapely.Geometry | None
    is_complete: bool
    is_approximate: bool = False
    shapes: Sequence[shapely.Geometry | None] = ()
    aside: str = ""
    moved: Mapping[int, Moved] = field(default_factory=dict)

    def asked_moved(self, features: Features) -> dict[int, Moved]:
        """Return those of `features` that aren't sure of their place, by row; of the classes asked."""
        asked = set(features.classes)
        return {row: feature for row, feature in self.moved.items() if not asked or self.targets.classes[row] in asked}


class _Trace(Struct, frozen=True):
    """One way the water may take: what it met first, how it ended, and where it left a layer's coverage."""

    row: int
    way_m: float
    end: End
    reached_m: float
    is_covered: bool
    flat_cells: int = 0


class FlowFacts:
    """Answers about water over the ground for one source.

    Parameters
    ----------
    geometry
        Of the source, in lon/lat.
    water
        None where the project has no grid of heights.
    snap_rule
        For sources that lie on a river (water stations, outfalls): put onto the stream before asking what drains
        to them; Unknown where nobody chose how. None for all others.
    """

    def __init__(
        self,
        geometry: shapely.Geometry,
        uncertainty_m: float,
        water: ProjectWater | None,
        *,
        snap_rule: SnapRule | Unknown | None = None,
    ) -> None:
        self._geometry = geometry
        self._uncertainty_m = uncertainty_m
        self._water = water
        self._snap_rule = snap_rule

    def upstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of `features` within `limit_m` along the water.

        `mode`: network isn't answered here, both only in part.
        """
        asked = self._asked(features, mode)
        if isinstance(asked, Unknown):
            return asked
        return self._down(*asked, features, limit_m, mode)

    def beside_path(self, features: Features, limit_m: float, beside_m: float, /) -> PlaceFact | Unknown:
        """Return whether the way down passes within `beside_m` of `features` before `limit_m`.

        A feature counts from the first cell of the way that lies as near as that.
        """
        asked = self._asked(features, "")
        if isinstance(asked, Unknown):
            return asked
        water, layer = asked
        grid, shapes = water.grid, layer.shapes
        near = replace(
            layer,
            targets=targets_beside(grid, layer.targets, shapes, beside_m),
            moved={row: _moved_beside(grid, shapes[row], feature, beside_m) for row, feature in layer.moved.items()},
        )
        return self._down(water, near, features, limit_m, "")

    def _down(
        self, water: ProjectWater, layer: WaterLayer, features: Features, limit_m: float, mode: str
    ) -> PlaceFact | Unknown:
        exits = exits_of(water.grid, self._geometry)
        around = places_around(water.grid, self._geometry, self._uncertainty_m)
        if not len(exits):
            return Unknown(OFF_GRID)
        cells = layer.targets.of_classes(features.classes)
        traces = [_met_on(water.grid.path(int(cell), limit_m), water.grid, cells, layer) for cell in exits]
        met = [trace for trace in traces if trace.row >= 0]
        others = _meets(water.grid, around, cells, limit_m)
        # Out of level ground with two ways out alike water may go either way, as from a place that isn't sure.
        ways = [water.grid.branches(int(cell), limit_m) for cell in exits]
        branches = [[_met_on((way.cells, way.way_m, way.end), water.grid, cells, layer) for way in own] for own in ways]
        doubts = {True} if any(other.row >= 0 for own in branches for other in own) else set()
        if not any(
            min([trace.row, *(other.row for other in own)]) >= 0 for trace, own in zip(traces, branches, strict=True)
        ):
            doubts |= {False}
        best, elsewhere = min(met, key=lambda trace: trace.way_m, default=None), set[bool]()
        if moved := layer.asked_moved(features):
            reached = [water.grid.path(int(cell), limit_m)[0] for cell in exits]
            everywhere = np.concatenate([feature.cells for feature in moved.values()])
            elsewhere = _elsewhere(layer, features, moved, reached)
            elsewhere |= _meets(water.grid, np.union1d(exits, around), everywhere, limit_m) & {True}
        gap = _gap(features, layer, [*traces, *chain.from_iterable(branches)], mode)
        notes: list[str] = [MAY_LEAVE] if doubts - {best is not None} else []
        notes += [UNSURE] if elsewhere - {best is not None} else []
        flat_cells = max(trace.flat_cells for trace in ([best] if best else traces))
        why = sentences(*notes, *flat_notes(water.grid, flat_cells))
        is_approximate = water.is_approximate or layer.is_approximate
        return _fact(best, others | doubts | elsewhere, gap, layer, why, is_approximate=is_approximate)

    def downstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        """Return whether water from one of `features` reaches the source within `limit_m`; `mode` as in `upstream`."""
        asked = self._asked(features, mode)
        if isinstance(asked, Unknown):
            return asked
        water, layer = asked
        grid = water.grid
        target = self._target(grid)
        if isinstance(target, Unknown):
            return target
        cells, way_m = grid.catchment(target, limit_m)
        stretches = grid.stretches_above(cells, way_m)
        best = _nearest(layer.targets, features, cells, way_m, stretches)
        around, may_be_off = self._around(grid)
        asked_cells = layer.targets.of_classes(features.classes)
        if self._geometry.geom_type == "Point":
            others = comes_by(grid, around, asked_cells, limit_m)
        else:
            others = comes_by_shape(grid, self._geometry, self._uncertainty_m, asked_cells, limit_m)
        doubts = _may_come(grid, target, asked_cells, limit_m)
        if len(around):
            may_be = np.union1d(target, around)
            doubts |= _may_come(grid, may_be, asked_cells, limit_m)
            cells = grid.catchment(may_be, limit_m)[0]
        others = others | doubts
        notes: list[str] = [MAY_LEAVE] if doubts - {best is not None} else []
        flat_texts = flat_notes(grid, best.flat_cells) if best else []
        notes += flat_texts if best else [level_area_text(grid, stretches)]
        ends = [_Trace(-1, 0.0, End.EDGE, limit_m, is_covered=_covers(layer, grid, cells))]
        if not grid.is_edge(cells).any():
            ends = [_Trace(-1, 0.0, End.LIMIT, limit_m, is_covered=_covers(layer, grid, cells))]
        gap = _gap(features, layer, ends, mode, uphill=True)
        if moved := layer.asked_moved(features):
            everywhere = np.concatenate([feature.cells for feature in moved.values()])
            elsewhere = _elsewhere(layer, features, moved, [grid.catchment(target, limit_m)[0]])
            elsewhere |= {True} if np.isin(everywhere, cells).any() else set()
            others |= elsewhere
            notes += [UNSURE] if elsewhere - {best is not None} else []
        if may_be_off:
            others, gap = others | {False}, sentences(OFF_STREAM, gap)
        is_approximate = water.is_approximate or layer.is_approximate
        return _fact(best, others, gap, layer, sentences(*notes), is_approximate=is_approximate)

    def _asked(self, features: Features, mode: str) -> tuple[ProjectWater, WaterLayer] | Unknown:
        if self._water is None:
            return Unknown(say("flow_without_heights"))
        if mode == NETWORK:
            return Unknown(NO_NETWORK)
        if features.having or features.lacking:
            return Unknown(say("flow_not_by_fact", layer=features.zh))
        if not self._water.has(features.layer):
            return missing_layer(features.layer)
        unset = self._water.why_not(features.layer)
        return Unknown(unset) if unset else (self._water, self._water.layer(features.layer))

    def _around(self, grid: FlowGrid) -> tuple[Cells, bool]:
        """Return where else the source may lie, and whether that may be on no stream that it should lie on."""
        if isinstance(self._snap_rule, SnapRule) and self._geometry.geom_type == "Point":
            return streams_around(grid, self._geometry, self._uncertainty_m, self._snap_rule)
        return places_around(grid, self._geometry, self._uncertainty_m), False

    def _target(self, grid: FlowGrid) -> Cells | Unknown:
        if isinstance(self._snap_rule, Unknown):
            return self._snap_rule
        if self._snap_rule is None or self._geometry.geom_type != "Point":
            cells = grid.frame.cells_of_shape(self._geometry)
            return cells if len(cells) else Unknown(OFF_GRID)
        snapped = snap(grid, self._geometry, self._snap_rule)
        return snapped.cells if snapped.status is SnapStatus.SNAPPED else Unknown(snapped.why)


def _met_on(way: tuple[Cells, Floats, End], grid: FlowGrid, cells: Cells, layer: WaterLayer) -> _Trace:
    path, way_m, end = way
    hit = np.flatnonzero(np.isin(path, cells))
    is_covered = _covers(layer, grid, path)
    if not len(hit):
        return _Trace(-1, 0.0, end, float(way_m[-1]), is_covered, grid.level_stretch(path))
    first = int(hit[0])
    targets = layer.targets
    rows = targets.rows[targets.cells == path[first]]
    flat_cells = grid.level_stretch(path[:first])
    return _Trace(int(rows[0]), round(float(way_m[first]), 1), end, float(way_m[-1]), is_covered, flat_cells)


def _meets(grid: FlowGrid, starts: Cells, cells: Cells, limit_m: float) -> set[bool]:
    """Return the answers that occur among starts: does water from them meet one of the cells within the limit.

    Few starts are followed down, by every way that water may take; for many, all that drains to the cells is gathered
    once. No start is left out.
    """
    if len(starts) > _MOST_TRACES:
        leaving, coming, _ = grid.doubtful(cells, limit_m)
        answers = set(np.isin(starts, grid.catchment(cells, limit_m)[0]).tolist())
        answers |= {True} if np.isin(starts, coming).any() else set()
        return answers | ({False} if np.isin(starts, leaving).any() else set())
    ways = [grid.path(int(start), limit_m)[0] for start in starts]
    ways += [branch.cells for start in starts for branch in grid.branches(int(start), limit_m)]
    return {bool(np.isin(way, cells).any()) for way in ways}


def _elsewhere(
    layer: WaterLayer, features: Features, moved: Mapping[int, Moved], reached: Sequence[Cells]
) -> set[bool]:
    """Return {False} where something is met on one of the ways, and nothing for sure: features may lie elsewhere."""
    asked = layer.targets.of_classes(features.classes)
    exact = layer.targets.cells[~np.isin(layer.targets.rows, list(moved))]
    exact = exact[np.isin(exact, asked)]
    for cells in reached:
        if np.isin(exact, cells).any() or any(feature.is_surely_in(cells) for feature in moved.values()):
            return set()
    return {False} if any(np.isin(asked, cells).any() for cells in reached) else set()


def _may_come(grid: FlowGrid, places: Cells, asked: Cells, limit_m: float) -> set[bool]:
    """Return which answers level ground with two ways out alike adds: does water from the asked cells reach places."""
    leaving, coming, _ = grid.doubtful(places, limit_m)
    may = {True} if np.isin(asked, coming).any() else set()
    own = asked[np.isin(asked, grid.catchment(places, limit_m)[0])] if len(leaving) else leaving
    return may | ({False} if len(own) and np.isin(own, leaving).all() else set())


def _nearest(
    targets: Targets, features: Features, cells: Cells, way_m: Floats, stretches: NDArray[np.int64]
) -> _Trace | None:
    """Return the feature whose cells lie in a catchment with the shortest way."""
    asked = targets.of_classes(features.classes)
    inside = np.isin(cells, asked)
    if not inside.any():
        return None
    best = int(np.flatnonzero(inside)[np.argmin(way_m[inside])])
    rows = targets.rows[targets.cells == cells[best]]
    reached_m, flat_cells = float(way_m[best]), int(stretches[best])
    return _Trace(int(rows[0]), round(reached_m, 1), End.LIMIT, reached_m, is_covered=True, flat_cells=flat_cells)


def _covers(layer: WaterLayer, grid: FlowGrid, cells: Cells) -> bool:
    if layer.coverage is None:
        return False
    lon_lat = grid.frame.lon_lat(cells)
    return bool(shapely.contains_xy(layer.coverage, lon_lat[:, 0], lon_lat[:, 1]).all())


def _gap(features: Features, layer: WaterLayer, traces: list[_Trace], mode: str, *, uphill: bool = False) -> str:
    """Return why finding nothing along the water would prove nothing; empty where it does."""
    ended = [trace for trace in traces if trace.end is not End.LIMIT and trace.row < 0]
    reasons: list[str] = [NO_NETWORK] if mode == BOTH else []
    if ended and uphill:
        reasons.append(say("catchment_at_edge"))
    elif ended:
        reasons.append(say("water_ends", reached_m=ended[0].reached_m, end=ended[0].end.zh))
    if layer.targets.missing:
        reasons.append(say("features_off_stream", layer=features.zh, count=layer.targets.missing))
    if layer.coverage is None:
        reasons.append(undeclared(features.zh))
    elif not layer.is_complete:
        reasons.append(incomplete(features.zh, layer.aside))
    elif not all(trace.is_covered for trace in traces):
        reasons.append(sentences(say("water_leaves_coverage", layer=features.zh), layer.aside))
    return reasons[0] if reasons else unread_text(features, layer.targets.classes)


def _fact(
    best: _Trace | None, others: set[bool], gap: str, layer: WaterLayer, why: str, *, is_approximate: bool
) -> PlaceFact:
    answer = Answer.NO if best is None else Answer.YES
    also = {Answer.YES if hit else Answer.NO for hit in others} - {answer}
    if best is None:
        return PlaceFact(answer, frozenset(also), gap=gap, why=why, is_approximate=is_approximate)
    return PlaceFact(
        answer,
        frozenset(also),
        gap=gap if also else "",
        why=sentences(say("along_heights", way_m=best.way_m), why),
        receptor_id=layer.targets.ids[best.row],
        receptor_name=layer.targets.names[best.row],
        is_approximate=is_approximate,
        measured_m=best.way_m,
    )


def grid_or_why(water: ProjectWater) -> FlowGrid | Unknown:
    """Return the grid of `water` that drains, or why it can't be made."""
    try:
        return water.grid
    except HmgeoError as error:
        return Unknown("；".join(f"{problem.what}。{problem.remedy}" for problem in error.problems) + "。")


ON_STREAMS = frozenset({"intakes", "irrigation_intakes", "water_stations", "outfalls"})
"""Layers whose points lie on a river: they are put onto the stream before anything is asked of them."""


class ProjectWater:
    """A project's water, made when the first rule asks for it: most runs need none.

    `elevation`: heights in metres.
    `conditioning`, `snap_rule`: as chosen; Unknown where a parameter is unset, which then is said wherever it
    matters.
    """

    def __init__(
        self,
        elevation: Raster,
        layers: Iterable[Layer],
        conditioning: Conditioning | Unknown,
        snap_rule: SnapRule | Unknown,
    ) -> None:
        self._elevation = elevation
        self._layers = {layer.kind.value: layer for layer in layers}
        self._conditioning = conditioning
        self._snap_rule = snap_rule
        self._made: dict[str, WaterLayer] = {}

    @cached_property
    def grid(self) -> FlowGrid:
        """The grid that drains."""
        chosen = self._conditioning
        return flow_grid(self._elevation, Conditioning(ClosedBasins.BREACH) if isinstance(chosen, Unknown) else chosen)

    def why_not(self, code: str) -> str:
        """Return what keeps the layer `code` from being asked about (grid too large, parameter unset); else empty.

        How closed basins are treated matters only where there are any.
        """
        grid = grid_or_why(self)
        if isinstance(grid, Unknown):
            return grid.why
        if isinstance(self._conditioning, Unknown) and grid.basins:
            return sentences(self._conditioning.why, say("basins_undecided", count=len(grid.basins)))
        if code in ON_STREAMS and isinstance(self._snap_rule, Unknown):
            return self._snap_rule.why
        return ""

    @property
    def is_approximate(self) -> bool:
        """Whether the heights are no more than a hint."""
        return self._elevation.basis is Basis.APPROXIMATE

    def has(self, code: str) -> bool:
        """Whether there is a layer of this `code`."""
        return code in self._layers

    def layer(self, code: str) -> WaterLayer:
        """Return the layer `code` on the grid; made once."""
        if code not in self._made:
            rule = None if isinstance(self._snap_rule, Unknown) else self._snap_rule
            self._made[code] = water_layer(self.grid, self._layers[code], rule)
        return self._made[code]


def water_layer(grid: FlowGrid, layer: Layer, snap_rule: SnapRule | None) -> WaterLayer:
    """Return the features of `layer` as cells of `grid`; without `snap_rule` points stay where they are."""
    table = layer.read()
    columns = [table[name].to_pylist() for name in ("receptor_id", "name", "class")]
    on_stream = layer.kind.value in ON_STREAMS
    shapes = [None if wkb is None else shapely.from_wkb(wkb) for wkb in table["geometry"].to_pylist()]
    cells = [_cells(grid, shape, snap_rule if on_stream else None) for shape in shapes]
    errors_m = [layer.margin_m + layer.errors_m.get(feature_id, 0.0) for feature_id in columns[0]]
    return WaterLayer(
        targets_of(columns[0], columns[1], columns[2], cells),
        layer.gates.coverage,
        layer.gates.completeness is Completeness.COMPLETE,
        layer.basis is Basis.APPROXIMATE,
        shapes,
        layer.gates.aside,
        {
            row: _moved(grid, shape, error_m, snap_rule if on_stream else None)
            for row, (shape, error_m) in enumerate(zip(shapes, errors_m, strict=True))
            if shape is not None and error_m > 0
        },
    )


def _moved(grid: FlowGrid, shape: shapely.Geometry, error_m: float, snap_rule: SnapRule | None) -> Moved:
    nowhere = np.zeros(0, np.int64)
    if snap_rule is not None and shape.geom_type == "Point":
        cells, may_be_off = streams_around(grid, shape, error_m, snap_rule)
        return Moved(error_m, cells, nowhere, may_be_off)
    inner = shapely.buffer(shape, -degrees_of(error_m, shape))
    core = nowhere if inner.is_empty else grid.frame.cells_of_shape(inner)
    return Moved(error_m, places_around(grid, shape, error_m), core, may_be_off=shape.geom_type != "Point")


def _moved_beside(grid: FlowGrid, shape: shapely.Geometry | None, moved: Moved, beside_m: float) -> Moved:
    """Return where something counts that lies beside a feature, which may lie elsewhere."""
    if shape is None:
        return moved
    core = moved.core
    if beside_m > moved.error_m:
        core = np.union1d(core, grid.frame.cells_within(shape, beside_m - moved.error_m))
    return replace(moved, cells=places_around(grid, shape, beside_m + moved.error_m), core=core, may_be_off=True)


def _cells(grid: FlowGrid, geometry: shapely.Geometry | None, snap_rule: SnapRule | None) -> Cells:
    if geometry is None:
        return np.zeros(0, np.int64)
    if snap_rule is not None and geometry.geom_type == "Point":
        return snap(grid, geometry, snap_rule).cells
    cells = grid.frame.cells_of_shape(geometry)
    on_grid: Cells = cells[grid.downstream[cells] >= 0]
    return on_grid
