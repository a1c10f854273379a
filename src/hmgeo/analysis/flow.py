"""Questions about water: the way downhill from a source, what it meets, and which sources drain to an intake."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.raster_strips import GRID_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.flow_grid import End, FlowGrid
    from hmgeo.analysis.raster_strips import Cells, Frame

    Floats = NDArray[np.float64]

OFF_GRID = "不在高程数据范围内，水流方向未作判断。"


@dataclass(frozen=True, slots=True)
class Downhill:
    """The way water takes from a source.

    Parameters
    ----------
    cells, way_m
        Cells passed, and the flow distance to each from the source (0 at its edge).
    end
        How the path ends.
    exits
        Cells where water leaves the source's shape (1 for a point); the path starts at the one that drains most.
    """

    cells: Cells = field(repr=False)
    way_m: Floats = field(repr=False)
    end: End
    exits: Cells = field(repr=False)
    drop_m: float
    area_ha: float

    @property
    def length_m(self) -> float:
        """Flow distance to the end of the path."""
        return round(float(self.way_m[-1]), GRID_DECIMALS)

    def line(self, frame: Frame) -> shapely.Geometry:
        """Return the path in lon/lat through cell centres; a point where water goes nowhere."""
        lon_lat = frame.lon_lat(self.cells)
        return shapely.LineString(lon_lat) if len(lon_lat) > 1 else shapely.Point(lon_lat[0])


def exits_of(grid: FlowGrid, geometry: shapely.Geometry) -> Cells:
    """Return the cells where water leaves a lon/lat shape, those that drain most first; empty off the grid.

    A point has one: the cell that holds it.
    """
    cells = grid.frame.cells_of_shape(geometry)
    cells = cells[grid.downstream[cells] >= 0]
    below = grid.downstream[cells]
    leaving = cells[(below == cells) | ~np.isin(below, cells)]
    ordered: Cells = leaving[np.argsort(-grid.upstream_cells[leaving], kind="stable")]
    return ordered


def downhill(grid: FlowGrid, geometry: shapely.Geometry, limit_m: float = np.inf) -> Downhill | Unknown:
    """Return the way water takes from a source, at most `limit_m` along the water."""
    exits = exits_of(grid, geometry)
    if not len(exits):
        return Unknown(OFF_GRID)
    first = int(exits[0])
    cells, way_m, end = grid.path(first, limit_m)
    heights = grid.heights.reshape(-1)
    drop_m = round(float(heights[first] - heights[cells[-1]]), GRID_DECIMALS)
    return Downhill(cells, way_m, end, exits, drop_m, grid.area_ha(first))


@dataclass(frozen=True, slots=True)
class Targets:
    """Features as cells of a grid, to be found along a path.

    Parameters
    ----------
    ids, names, classes
        Of the features.
    cells, rows
        Parallel arrays ordered by cell: which cell belongs to which feature; features may share cells.
    missing
        How many features have no cell: off the grid, or not to be put onto a stream.
    """

    ids: Sequence[str]
    names: Sequence[str]
    classes: Sequence[str]
    cells: Cells = field(repr=False)
    rows: NDArray[np.int64] = field(repr=False)
    missing: int = 0

    def of(self, row: int) -> Cells:
        """Return the cells of one feature."""
        own: Cells = self.cells[self.rows == row]
        return own

    def of_classes(self, classes: Sequence[str]) -> Cells:
        """Return the cells of all features of these classes; of all features where empty."""
        if not classes:
            return self.cells
        kept = np.flatnonzero(np.isin(np.asarray(self.classes, dtype=object), list(classes)))
        of_classes: Cells = self.cells[np.isin(self.rows, kept)]
        return of_classes

    def along(self, path: Downhill) -> list[tuple[int, float]]:
        """Return (row, flow distance) of every feature that a path meets, in the order met."""
        first = np.searchsorted(self.cells, path.cells, side="left")
        last = np.searchsorted(self.cells, path.cells, side="right")
        met: dict[int, float] = {}
        for at in np.flatnonzero(last > first):
            for row in self.rows[first[at] : last[at]]:
                met.setdefault(int(row), round(float(path.way_m[at]), GRID_DECIMALS))
        return list(met.items())


def targets_of(ids: Sequence[str], names: Sequence[str], classes: Sequence[str], cells: Sequence[Cells]) -> Targets:
    """Gather features with their cells; cells without height are the caller's to leave out."""
    rows = np.repeat(np.arange(len(cells)), [len(one) for one in cells])
    flat = np.concatenate(cells) if cells else np.zeros(0, np.int64)
    order = np.lexsort((rows, flat))
    missing = sum(not len(one) for one in cells)
    return Targets(ids, names, classes, flat[order].astype(np.int64), rows[order], missing)


def targets_beside(
    grid: FlowGrid, targets: Targets, shapes: Sequence[shapely.Geometry | None], beside_m: float
) -> Targets:
    """Return targets widened to the cells whose centre lies within a distance of their shapes (lon/lat)."""
    cells = []
    for row, shape in enumerate(shapes):
        own = targets.of(row)
        if shape is not None and beside_m > 0:
            own = np.union1d(own, grid.frame.cells_within(shape, beside_m))
        cells.append(own[grid.downstream[own] >= 0])
    return targets_of(targets.ids, targets.names, targets.classes, cells)


@dataclass(frozen=True, slots=True)
class Border:
    """A border that a path crosses: from which area into which, and after how far."""

    area_from: str
    area_to: str
    flow_distance_m: float


def borders_along(path: Downhill, areas: Targets) -> list[Border]:
    """Return the borders between areas that a path crosses, in order; empty names stand for outside all areas."""
    if not len(areas.cells):
        return []
    at = np.searchsorted(areas.cells, path.cells)
    inside = (at < len(areas.cells)) & (areas.cells[np.minimum(at, len(areas.cells) - 1)] == path.cells)
    row = np.where(inside, areas.rows[np.minimum(at, len(areas.cells) - 1)], -1)
    found = []
    for step in np.flatnonzero(row[1:] != row[:-1]):
        names = ["" if one < 0 else areas.names[one] for one in (int(row[step]), int(row[step + 1]))]
        found.append(Border(names[0], names[1], round(float(path.way_m[step + 1]), GRID_DECIMALS)))
    return found


@dataclass(frozen=True, slots=True)
class Upstream:
    """Sources that drain to a target.

    Parameters
    ----------
    area_ha
        Of the catchment, as far as the grid and the limit go.
    sources
        (row of the source, flow distance in metres), nearest along the water first.
    touches_edge
        Whether the catchment reaches the edge of the data: then it goes on beyond, and so may the sources.
    """

    area_ha: float
    sources: tuple[tuple[int, float], ...]
    touches_edge: bool
    cells: Cells = field(repr=False)


def upstream_sources(grid: FlowGrid, target: Cells, sources: Sequence[Cells], limit_m: float = np.inf) -> Upstream:
    """Return the sources whose water reaches the target's cells within a flow distance.

    Parameters
    ----------
    sources
        For each source the cells where its water starts (`exits_of`).
    """
    cells, way_m = grid.catchment(target, limit_m)
    if not len(cells):
        return Upstream(0.0, (), touches_edge=False, cells=cells)
    order = np.argsort(cells)
    held, way_held = cells[order], way_m[order]
    found: list[tuple[int, float]] = []
    for row, own in enumerate(sources):
        at = np.searchsorted(held, own)
        inside = (at < len(held)) & (held[np.minimum(at, len(held) - 1)] == own)
        if inside.any():
            found.append((row, round(float(way_held[at[inside]].min()), GRID_DECIMALS)))
    area_ha = len(cells) * grid.frame.cell_area_m2 / 10_000
    sources_met = tuple(sorted(found, key=lambda one: (one[1], one[0])))
    return Upstream(area_ha, sources_met, bool(grid.is_edge(held).any()), held)
