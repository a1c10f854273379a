"""The way downhill from a source, what it meets, who drains to an intake; as answers and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from msgspec import Struct, field

from hmgeo.geo.raster import GRID_DECIMALS, Cells, Frame, ground_of
from hmgeo.judging.facts import Unknown
from hmgeo.records import Layer, Positions, SideTable, table_of
from hmgeo.results.columns import FLOW_CATCHMENT_SCHEMA, FLOW_MET_SCHEMA, FLOW_PATHS_SCHEMA
from hmgeo.water.snap import SnapRule, snap
from hmgeo.words import one_by_one, say, sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from hmgeo.judging.bench import Question
    from hmgeo.vocabulary import LayerKind
    from hmgeo.water.grid import Branch, ClosedBasin, Conditioning, End, FlowGrid

    Floats = NDArray[np.float64]


class Things(Struct, frozen=True):
    """Sources or receptors with their shapes in lon/lat; None where a row has no usable position.

    `kinds`: layer codes; empty where all are of one kind that nobody asks for.
    `why_not`: by id: why there is no position; the usual sentence where it says nothing.
    """

    ids: Sequence[str]
    names: Sequence[str]
    geometries: Sequence[shapely.Geometry | None]
    classes: Sequence[str] = ()
    kinds: Sequence[str] = ()
    why_not: Mapping[str, str] = field(default_factory=dict)


class Waters(Struct, frozen=True):
    """What questions about water are asked of.

    `layers`: by kind, farmland included; none that the sources may not be held against.
    `left_out`: kinds whose basis forbids that.
    """

    positions: Positions
    layers: Mapping[LayerKind, Layer]
    sides: Mapping[LayerKind, SideTable]
    question: Question
    left_out: tuple[LayerKind, ...] = ()
    tables: dict[LayerKind, pa.Table] = field(default_factory=dict)

    def table(self, kind: LayerKind) -> pa.Table | None:
        """Return the rows of the layer of this `kind`, read once; None where there is no such layer."""
        if kind not in self.layers:
            return None
        if kind not in self.tables:
            self.tables[kind] = self.layers[kind].read()
        return self.tables[kind]

    def things(self, kind: LayerKind) -> Things:
        """Return the features of the layer of this `kind`."""
        table = self.table(kind)
        return Things([], [], []) if table is None else things_of(table, kind.value)


def things_of(receptors: pa.Table, kind: str = "") -> Things:
    """Return the features of `receptors` (`RECEPTOR_SCHEMA`), all of one `kind` of layer."""
    shapes = [None if wkb is None else shapely.from_wkb(wkb) for wkb in receptors["geometry"].to_pylist()]
    ids, names, classes = (receptors[name].to_pylist() for name in ("receptor_id", "name", "class"))
    return Things(ids, names, shapes, classes, [kind] * len(shapes))


OFF_GRID = say("flow_off_heights")
POSITION_ABSENT = say("position_absent")


class Downhill(Struct, frozen=True):
    """The way water takes from a source.

    Parameters
    ----------
    cells, way_m
        Cells passed, and the flow distance to each from the source (0 at its edge).
    exits
        Cells where water leaves the source's shape (1 for a point); the path starts at the one that drains most.
    flat_cells
        Cells of the longest stretch of level ground that it goes over: there the heights don't lead.
    branches
        Ways that water may take as well, out of level ground with two ways out alike.
    """

    cells: Cells
    way_m: Floats
    end: End
    exits: Cells
    drop_m: float
    area_ha: float
    flat_cells: int = 0
    branches: tuple[Branch, ...] = ()

    @property
    def parting(self) -> tuple[Branch, ...]:
        """Branches that neither come back to this way nor are come back to."""
        return tuple(
            branch
            for branch in self.branches
            if branch.cells[-1] not in self.cells and self.cells[-1] not in branch.cells[branch.parts :]
        )

    @property
    def length_m(self) -> float:
        """Flow distance to the end of the path."""
        return round(float(self.way_m[-1]), GRID_DECIMALS)

    def line(self, frame: Frame) -> shapely.Geometry:
        """Return the path in lon/lat through cell centres of `frame`; a point where water goes nowhere."""
        lon_lat = frame.lon_lat(self.cells)
        return shapely.LineString(lon_lat) if len(lon_lat) > 1 else shapely.Point(lon_lat[0])


def exits_of(grid: FlowGrid, geometry: shapely.Geometry) -> Cells:
    """Return the cells where water leaves a lon/lat `geometry`, those that drain most first; empty off the grid.

    A point has one: the cell that holds it.
    """
    cells = grid.frame.cells_of_shape(geometry)
    cells = cells[grid.downstream[cells] >= 0]
    below = grid.downstream[cells]
    leaving = cells[(below == cells) | ~np.isin(below, cells)]
    ordered: Cells = leaving[np.argsort(-grid.upstream_cells[leaving], kind="stable")]
    return ordered


def downhill(grid: FlowGrid, geometry: shapely.Geometry, limit_m: float = np.inf) -> Downhill | Unknown:
    """Return the way water takes from `geometry`, at most `limit_m` along the water; unknown off the `grid`."""
    exits = exits_of(grid, geometry)
    if not len(exits):
        return Unknown(OFF_GRID)
    first = int(exits[0])
    cells, way_m, end = grid.path(first, limit_m)
    heights = grid.heights.reshape(-1)
    drop_m = round(float(heights[first] - heights[cells[-1]]), GRID_DECIMALS)
    flat_cells, branches = grid.level_stretch(cells), tuple(grid.branches(first, limit_m))
    return Downhill(cells, way_m, end, exits, drop_m, grid.area_ha(first), flat_cells, branches)


class Targets(Struct, frozen=True):
    """Features as cells of a grid, to be found along a path.

    `cells`, `rows`: parallel arrays ordered by cell: which cell belongs to which feature; features may share cells.
    `missing`: how many features have no cell: off the grid, or not to be put onto a stream.
    """

    ids: Sequence[str]
    names: Sequence[str]
    classes: Sequence[str]
    cells: Cells
    rows: NDArray[np.int64]
    missing: int = 0

    def of(self, row: int) -> Cells:
        """Return the cells of the feature in `row`."""
        own: Cells = self.cells[self.rows == row]
        return own

    def of_classes(self, classes: Sequence[str]) -> Cells:
        """Return the cells of all features of these `classes`; of all features where empty."""
        if not classes:
            return self.cells
        kept = np.flatnonzero(np.isin(np.asarray(self.classes, dtype=object), list(classes)))
        of_classes: Cells = self.cells[np.isin(self.rows, kept)]
        return of_classes

    def along(self, path: Downhill | Branch) -> list[tuple[int, float]]:
        """Return (row, flow distance) of every feature that `path` meets, in the order met."""
        first = np.searchsorted(self.cells, path.cells, side="left")
        last = np.searchsorted(self.cells, path.cells, side="right")
        met: dict[int, float] = {}
        for at in np.flatnonzero(last > first):
            for row in self.rows[first[at] : last[at]]:
                met.setdefault(int(row), round(float(path.way_m[at]), GRID_DECIMALS))
        return list(met.items())


def level_notes_to(grid: FlowGrid, way: Downhill, cell: int) -> list[str]:
    """Return what is to be said of level ground of `grid` on `way` down to `cell`, one of its cells."""
    before = way.cells[: np.flatnonzero(way.cells == cell)[0]]
    is_sure = all(cell in branch.cells for branch in way.branches)
    return [*flat_notes(grid, grid.level_stretch(before)), *([] if is_sure else [MAY_LEAVE])]


def met_by_any(path: Downhill, targets: Targets) -> list[tuple[int, float, bool]]:
    """Return (row, flow distance, whether only some ways do) of what `path` or a branch meets in `targets`."""
    ways = [dict(targets.along(path)), *(dict(targets.along(branch)) for branch in path.branches)]
    met: dict[int, float] = {}
    for way in ways:
        met = way | met
    met_rows = [(row, way_m, not all(row in way for way in ways)) for row, way_m in met.items()]
    return sorted(met_rows, key=lambda met_row: met_row[1]) if len(ways) > 1 else met_rows


def targets_of(ids: Sequence[str], names: Sequence[str], classes: Sequence[str], cells: Sequence[Cells]) -> Targets:
    """Gather features (`ids`, `names`, `classes`) with their `cells`; the caller leaves out cells without height."""
    rows = np.repeat(np.arange(len(cells)), [len(own) for own in cells])
    flat = np.concatenate(cells) if cells else np.zeros(0, np.int64)
    order = np.argsort(flat, kind="stable")  # rows ascend already
    missing = sum(not len(own) for own in cells)
    return Targets(ids, names, classes, flat[order].astype(np.int64), rows[order], missing)


def targets_beside(
    grid: FlowGrid, targets: Targets, shapes: Sequence[shapely.Geometry | None], beside_m: float
) -> Targets:
    """Return `targets` widened to cells of `grid` whose centre lies within `beside_m` of their `shapes` (lon/lat)."""
    cells = []
    for row, shape in enumerate(shapes):
        own = targets.of(row)
        if shape is not None and beside_m > 0:
            own = np.union1d(own, grid.frame.cells_within(shape, beside_m))
        cells.append(own[grid.downstream[own] >= 0])
    return targets_of(targets.ids, targets.names, targets.classes, cells)


class _Border(Struct, frozen=True):
    """A border that a path crosses: from which area into which, and after how far."""

    area_from: str
    area_to: str
    flow_distance_m: float


def borders_along(path: Downhill | Branch, areas: Targets) -> list[_Border]:
    """Return the borders between `areas` that `path` crosses, in order; empty names stand for outside all areas."""
    if not len(areas.cells):
        return []
    at = np.searchsorted(areas.cells, path.cells)
    inside = (at < len(areas.cells)) & (areas.cells[np.minimum(at, len(areas.cells) - 1)] == path.cells)
    row = np.where(inside, areas.rows[np.minimum(at, len(areas.cells) - 1)], -1)
    borders = []
    for step in np.flatnonzero(row[1:] != row[:-1]):
        names = ["" if area < 0 else areas.names[area] for area in (int(row[step]), int(row[step + 1]))]
        borders.append(_Border(names[0], names[1], round(float(path.way_m[step + 1]), GRID_DECIMALS)))
    return borders


MAY_LEAVE = say("may_leave_elsewhere")
DOUBTFUL = say("may_drain_here")


class _Drains(NamedTuple):
    """A source (by row) whose water reaches a target, or may, and over how many level cells at a stretch."""

    row: int
    way_m: float
    flat_cells: int | None
    is_ambiguous: bool


class _Upstream(Struct, frozen=True):
    """Sources that drain to a target, nearest along the water first; those that only may drain there with the others.

    `area_ha` is the catchment as far as grid and limit go; where it `touches_edge` it goes on beyond, so may sources.
    `doubt` tells how much of it comes over much level ground or depends on two ways out alike; empty where none does.
    """

    area_ha: float
    sources: tuple[_Drains, ...]
    touches_edge: bool
    cells: Cells
    doubt: str = ""


def upstream_sources(grid: FlowGrid, target: Cells, sources: Sequence[Cells], limit_m: float = np.inf) -> _Upstream:
    """Return the sources whose water reaches the target's cells within a flow distance, or may.

    Parameters
    ----------
    sources
        For each source the cells where its water starts (`exits_of`).
    grid, target
        Cells of the grid that count as the target.
    limit_m
        How far along the water.
    """
    cells, way_m = grid.catchment(target, limit_m)
    if not len(cells):
        return _Upstream(0.0, (), touches_edge=False, cells=cells)
    leaving, coming, coming_m = grid.doubtful(target, limit_m)
    stretches = grid.stretches_above(cells, way_m)
    every = np.concatenate([cells, coming])
    order = np.argsort(every)
    known, known_m = every[order], np.concatenate([way_m, coming_m])[order]
    is_coming = order >= len(cells)
    is_ambiguous = is_coming | np.isin(known, leaving)
    drains: list[_Drains] = []
    for row, own in enumerate(sources):
        at = np.searchsorted(known, own[_held_in(known, own)])
        if len(at):
            best = at[np.lexsort((known_m[at], is_coming[at]))[0]]
            flat_cells = None if is_coming[best] else int(stretches[order[best]])
            way, doubts = round(float(known_m[best]), GRID_DECIMALS), bool(is_ambiguous[at].all())
            drains.append(_Drains(row, way, flat_cells, doubts))
    cell_ha = grid.frame.cell_area_m2 / 10_000
    lost_ha, won_ha = len(leaving) * cell_ha, len(coming) * cell_ha
    doubt = say("area_may_drain_here", lost_ha=lost_ha, won_ha=won_ha) if lost_ha + won_ha > 0 else ""
    doubt = sentences(level_area_text(grid, stretches), doubt)
    ordered = tuple(sorted(drains, key=lambda source: (source.way_m, source.row)))
    is_edge = bool(grid.is_edge(cells).any())
    return _Upstream(len(cells) * cell_ha, ordered, is_edge, np.sort(cells), doubt)


def level_area_text(grid: FlowGrid, stretches: NDArray[np.int64]) -> str:
    """Return how much of a catchment of `grid` comes over much level ground; empty where nothing does.

    `stretches`: as of `FlowGrid.stretches_above`.
    """
    most = grid.conditioning.flat_cells
    area_ha = int((stretches > most).sum()) * grid.frame.cell_area_m2 / 10_000
    return say("area_over_level", area_ha=area_ha, cells=most) if area_ha > 0 else ""


_NO_CELLS = np.zeros(0, np.int64)


def cells_beside(grid: FlowGrid, things: Things, beside_m: float) -> Targets:
    """Return `things` as targets on `grid`: their own cells and, with `beside_m`, those as near as that."""
    cells = []
    for geometry, own in zip(things.geometries, grid.frame.cells_of_shapes(things.geometries), strict=True):
        wide = beside_m > 0 and geometry is not None
        near = np.union1d(own, grid.frame.cells_within(geometry, beside_m)) if wide else own
        cells.append(near[grid.downstream[near] >= 0])
    return _targets(things, cells)


def _targets(things: Things, cells: Sequence[Cells]) -> Targets:
    return targets_of(things.ids, things.names, things.classes or [""] * len(things.ids), cells)


class _Downstream(Struct, frozen=True):
    """What was found downhill: `FLOW_PATHS_SCHEMA`, one row for each source, and `FLOW_MET_SCHEMA`."""

    paths: pa.Table
    met: pa.Table


def downstream_of(
    grid: FlowGrid, sources: Things, layers: Mapping[str, Targets], areas: Mapping[str, Things], limit_m: float
) -> _Downstream:
    """Follow the water over `grid` from each of `sources`, at most `limit_m`.

    `layers`: what may be met, by layer code.
    `areas`: townships and counties; crossings of their borders are met, too.
    """
    paths: list[dict[str, Any]] = []
    met: list[dict[str, Any]] = []
    kinds = sources.kinds or [""] * len(sources.ids)
    ways: list[Downhill | Unknown] = [
        Unknown(sources.why_not.get(source_id, POSITION_ABSENT)) if shape is None else downhill(grid, shape, limit_m)
        for source_id, shape in zip(sources.ids, sources.geometries, strict=True)
    ]
    led = [way for way in ways if isinstance(way, Downhill)]
    followed = [way.cells for way in led] + [branch.cells for way in led for branch in way.branches]
    passed = np.unique(np.concatenate([_NO_CELLS, *followed]))
    borders = {
        code: _targets(things, grid.frame.cells_of_shapes(things.geometries, passed)) for code, things in areas.items()
    }
    for source_id, name, path, kind in zip(sources.ids, sources.names, ways, kinds, strict=True):
        paths.append({"source_id": source_id, "name": name, "source_kind": kind} | _path_row(grid, path))
        if isinstance(path, Downhill):
            rows = sorted(_all_met(path, layers, borders), key=lambda row: (row["flow_distance_m"], row["layer"]))
            met += [{"source_id": source_id, "order": order} | row for order, row in enumerate(rows, 1)]
    return _Downstream(table_of(paths, FLOW_PATHS_SCHEMA), table_of(met, FLOW_MET_SCHEMA))


def _path_row(grid: FlowGrid, path: Downhill | Unknown) -> dict[str, Any]:
    if isinstance(path, Unknown):
        return {"status": "not_assessed", "ends": "", "note": path.why}
    end_lon, end_lat = grid.frame.lon_lat(path.cells[-1:])[0]
    exits = len(path.exits)
    notes = [path.end.zh, *([say("exits_of_ground", exits=exits)] if exits > 1 else [])]
    notes += level_notes(grid, path)
    return {
        "status": "assessed",
        "length_m": path.length_m,
        "drop_m": path.drop_m,
        "ends": path.end.value,
        "end_lon": round(float(end_lon), 6),
        "end_lat": round(float(end_lat), 6),
        "upstream_area_ha": round(path.area_ha, 2),
        "note": one_by_one(notes),
        "flat_cells": path.flat_cells,
        "is_ambiguous": bool(path.parting),
        "geometry": shapely.to_wkb(path.line(grid.frame)),
    }


def level_text(conditioning: Conditioning) -> str:
    """Return how `conditioning` leads water over level ground and what is marked there."""
    percent = round(100 * (conditioning.alike - 1))
    return say("level_ground_told", cells=conditioning.flat_cells, percent=percent)


def level_notes(grid: FlowGrid, path: Downhill) -> list[str]:
    """Return that `path` goes over much level ground of `grid`, and where else it may leave it; else nothing."""
    notes = flat_notes(grid, path.flat_cells)
    for branch in path.parting:
        lon, lat = grid.frame.lon_lat(branch.cells[-1:])[0]
        at_m = float(branch.way_m[branch.parts - 1])
        notes.append(say("may_go_elsewhere", at_m=at_m, lon=float(lon), lat=float(lat), end=branch.end.zh))
    return notes


def flat_notes(grid: FlowGrid, flat_cells: int | None) -> list[str]:
    """Return that a way goes over much level ground: more `flat_cells` than `grid` was told; else nothing."""
    is_much = flat_cells is not None and flat_cells > grid.conditioning.flat_cells
    return [say("over_level", cells=flat_cells)] if is_much and flat_cells is not None else []


_NO_POSITION = sentences(POSITION_ABSENT)
ONLY_BY_BRANCH, NOT_BY_BRANCH = say("met_by_other_way_only"), say("not_met_by_other_way")


def _all_met(path: Downhill, layers: Mapping[str, Targets], borders: Mapping[str, Targets]) -> list[dict[str, Any]]:
    """Return what a way meets, marked where a branch doesn't; and what only a branch meets."""

    def key(row: dict[str, Any]) -> tuple[str, str, str]:
        return row["layer"], row["receptor_id"], row["receptor_name"]

    rows = _met_rows(path, layers, borders)
    led = {key(row) for row in rows}
    more: dict[tuple[str, str, str], dict[str, Any]] = {}
    for branch in path.branches:
        others = {key(row): row for row in reversed(_met_rows(branch, layers, borders))}
        for row in rows:
            row["is_ambiguous"] |= key(row) not in others
        more = {met_key: row for met_key, row in others.items() if met_key not in led} | more
    for marked, note in ((rows, NOT_BY_BRANCH), (list(more.values()), ONLY_BY_BRANCH)):
        for row in marked:
            row["is_ambiguous"] |= marked is not rows
            row["note"] = one_by_one([row["note"], note if row["is_ambiguous"] else ""])
    return rows + list(more.values())


def _met_rows(
    path: Downhill | Branch, layers: Mapping[str, Targets], borders: Mapping[str, Targets]
) -> list[dict[str, Any]]:
    rows = [
        {
            "layer": layer,
            "receptor_id": targets.ids[row],
            "receptor_name": targets.names[row],
            "class": targets.classes[row],
            "flow_distance_m": way_m,
            "note": "",
            "is_ambiguous": False,
        }
        for layer, targets in layers.items()
        for row, way_m in targets.along(path)
    ]
    rows += [
        {
            "layer": layer,
            "receptor_id": "",
            "receptor_name": say(
                "border_crossed",
                upper=border.area_from or say("outside_data"),
                lower=border.area_to or say("outside_data"),
            ),
            "class": "",
            "flow_distance_m": border.flow_distance_m,
            "note": say("crosses_border"),
            "is_ambiguous": False,
        }
        for layer, targets in borders.items()
        for border in borders_along(path, targets)
    ]
    return rows


class Catchments(NamedTuple):
    """`FLOW_CATCHMENT_SCHEMA`, and the cells of each target's catchment, in the order of targets."""

    table: pa.Table
    cells: Sequence[Cells]


def catchments_of(grid: FlowGrid, targets: Things, sources: Things, limit_m: float, snap_rule: SnapRule) -> Catchments:
    """Return the `sources` in the catchment of each target on `grid`, nearest along the water first.

    `targets`: points (intakes) are put onto a stream first; shapes (zones) count as drawn.
    `limit_m`, `snap_rule`: how far along the water, and how points are put onto streams.
    """
    starts = [_NO_CELLS if shape is None else exits_of(grid, shape) for shape in sources.geometries]
    rows: list[dict[str, Any]] = []
    drained: list[Cells] = []
    for target_id, name, geometry in zip(targets.ids, targets.names, targets.geometries, strict=True):
        cells, status = target_cells(grid, geometry, snap_rule, targets.why_not.get(target_id, _NO_POSITION))
        head = {"target_id": target_id, "target_name": name} | status
        if not len(cells):
            rows.append(head)
            drained.append(cells)
            continue
        upstream = upstream_sources(grid, cells, starts, limit_m)
        drained.append(upstream.cells)
        head["catchment_area_ha"] = round(upstream.area_ha, 2)
        edge = say("catchment_leaves_heights") if upstream.touches_edge else ""
        head["note"] = sentences(head["note"], edge, upstream.doubt)
        for order, source in enumerate(upstream.sources, 1):
            notes = [*flat_notes(grid, source.flat_cells), *([DOUBTFUL] if source.is_ambiguous else [])]
            rows.append(
                head
                | {"source_id": sources.ids[source.row], "order": order, "flow_distance_m": source.way_m}
                | {"flat_cells": source.flat_cells, "is_ambiguous": source.is_ambiguous}
                | {"note": sentences(head["note"], *notes)}
            )
        rows += [] if upstream.sources else [head | {"source_id": ""}]
    return Catchments(table_of(rows, FLOW_CATCHMENT_SCHEMA), drained)


def target_cells(
    grid: FlowGrid, geometry: shapely.Geometry | None, snap_rule: SnapRule, why_not: str = _NO_POSITION
) -> tuple[Cells, dict[str, Any]]:
    """Return a target's cells on `grid` and the cells of its row.

    A point is put onto a stream by `snap_rule`, a shape counts as drawn. Where `geometry` is None, `why_not` is said.
    """
    status: dict[str, Any] = {"target_status": "not_assessed", "note": why_not, "source_id": ""}
    if geometry is None:
        return _NO_CELLS, status
    if geometry.geom_type == "Point":
        snapped = snap(grid, geometry, snap_rule)
        distance_m = None if snapped.reach is None else snapped.reach.distance_m
        return snapped.cells, status | {
            "target_status": snapped.status.value,
            "snap_distance_m": distance_m,
            "note": snapped.why,
        }
    cells = grid.frame.cells_of_shape(geometry)
    cells = cells[grid.downstream[cells] >= 0]
    if not len(cells):
        return cells, status | {"note": say("off_heights")}
    return cells, status | {"target_status": "on_shape", "note": ""}


def stream_lines(grid: FlowGrid, stream_ha: float) -> list[shapely.LineString]:
    """Return lines in lon/lat through cell centres of `grid`, drawn downstream, the longest stream first.

    `stream_ha`: area upstream from which a cell counts as stream.
    """
    least_cells = stream_ha * 10_000 / grid.frame.cell_area_m2
    wet = (grid.upstream_cells >= least_cells) & (grid.downstream >= 0)
    fed = np.zeros(len(wet), dtype=np.bool_)
    moving = np.flatnonzero(wet & (grid.downstream != np.arange(len(wet))))
    fed[grid.downstream[moving]] = True
    heads = np.flatnonzero(wet & ~fed)
    paths = sorted((grid.path(int(head))[0] for head in heads), key=lambda path: (-len(path), int(path[0])))
    taken = np.zeros(len(wet), dtype=np.bool_)
    lines = []
    for path in paths:
        met = np.flatnonzero(taken[path])
        own = path[: met[0] + 1] if len(met) else path
        taken[own] = True
        if len(own) > 1:
            lines.append(shapely.LineString(grid.frame.lon_lat(own)))
    return lines


FARMLAND = "farmland"
_MOST_NAMED = 30
_STEPS_PER_M = 256


def basin_cells(grid: FlowGrid, basin: ClosedBasin) -> Cells:
    """Return the sorted cells of the hollow `basin` of `grid`: connected with its bottom and below its rim.

    The rim's height is that of the bottom and the depth; heights are held in steps of 1/256 m, as for filling.
    """
    bottom_m = round(float(grid.heights.reshape(-1)[basin.lowest_cell]) * _STEPS_PER_M) / _STEPS_PER_M
    from hmgeo.geo.drainage import hollow  # noqa: PLC0415 -- LLVM loads slowly

    cells = hollow(basin.lowest_cell, grid.heights, bottom_m + basin.depth_m, _STEPS_PER_M)
    return np.sort(cells)


def _held_in(kept: Cells, asked: Cells) -> NDArray[np.bool_]:
    """Return which of the asked cells are among the held, which are sorted."""
    at = np.minimum(np.searchsorted(kept, asked), max(len(kept) - 1, 0))
    return kept[at] == asked if len(kept) else np.zeros(len(asked), np.bool_)


def basin_rows(
    grid: FlowGrid, ids: Sequence[str], starts: Sequence[Cells], layers: Mapping[str, Targets], kinds: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return rows of `BASIN_SCHEMA`, deepest basin first.

    Parameters
    ----------
    ids, starts
        Sources, and for each the cells where its water starts.
    layers
        Receptors on the grid by layer code; farmland is counted, others are named.
    kinds
        Chinese words of the layer codes.
    """
    return [_row(grid, number, basin, ids, starts, layers, kinds) for number, basin in enumerate(grid.basins, start=1)]


def _row(
    grid: FlowGrid,
    number: int,
    basin: ClosedBasin,
    ids: Sequence[str],
    starts: Sequence[Cells],
    layers: Mapping[str, Targets],
    kinds: Mapping[str, str],
) -> dict[str, Any]:
    cells = basin_cells(grid, basin)
    drained = np.sort(grid.catchment(cells)[0])
    within = [name for name, own in zip(ids, starts, strict=True) if _held_in(cells, own).any()]
    draining = [name for name, own in zip(ids, starts, strict=True) if _held_in(drained, own).any()]
    lon, lat = grid.frame.lon_lat(np.array([basin.lowest_cell]))[0]
    cell_ha = grid.frame.cell_area_m2 / 10_000
    rows_by_layer = {code: np.unique(targets.rows[_held_in(cells, targets.cells)]) for code, targets in layers.items()}
    others = [
        f"{kinds.get(code, code)} {layers[code].names[row] or layers[code].ids[row]}"
        for code, rows in rows_by_layer.items()
        if code != FARMLAND
        for row in rows
    ]
    return {
        "basin_id": f"WD{number:02d}",
        "lon": round(float(lon), 6),
        "lat": round(float(lat), 6),
        "depth_m": round(basin.depth_m, 1),
        "area_ha": round(len(cells) * cell_ha, 2),
        "volume_m3": round(basin.volume_m3, 0),
        "drained_ha": round(len(drained) * cell_ha, 2),
        "is_kept": basin.is_kept,
        "sources_within": _listed(within),
        "sources_draining": _listed(draining),
        "farmland_count": len(rows_by_layer.get(FARMLAND, ())),
        "others_within": _listed(others),
        "geometry": shapely.to_wkb(ground_of(grid.frame, cells)),
    }


def _listed(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 处" if len(names) > _MOST_NAMED else ""
    return "、".join(names[:_MOST_NAMED]) + more
