"""How one place on a river lies to another: by drawn rivers, else by heights; unknown where both disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.flow_snap import SnapStatus, snap
from hmgeo.analysis.irrigation import Along
from hmgeo.analysis.river_network import OnNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.flow_snap import SnapRule
    from hmgeo.analysis.river_network import RiverNetwork

BY_NETWORK, BY_HEIGHTS = "按所绘河网", "按高程推算"


def along_of(
    grid: FlowGrid | None, network: RiverNetwork | None, rule: SnapRule | None
) -> Callable[[shapely.Geometry, shapely.Geometry], Along | None] | None:
    """Return what tells how a lower place lies to an upper one; None where nothing can.

    Where rivers are drawn they decide; heights then must not say the contrary. Nothing is told of places that can't
    be put onto a river, or where both disagree.
    """
    if rule is None or (grid is None and network is None):
        return None

    def along(upper: shapely.Geometry, lower: shapely.Geometry) -> Along | None:
        above, below = shapely.point_on_surface(upper), shapely.point_on_surface(lower)
        drawn = None if network is None else _by_network(network, rule, above, below)
        derived = None if grid is None else _by_heights(grid, rule, above, below)
        if drawn is None or derived is None:
            return drawn or derived
        return drawn if (drawn.flow_m is None) == (derived.flow_m is None) else None

    return along


def _by_network(network: RiverNetwork, rule: SnapRule, above: shapely.Point, below: shapely.Point) -> Along | None:
    upper, lower = network.spot(above, rule), network.spot(below, rule)
    if upper.status is not OnNetwork.SNAPPED or lower.status is not OnNetwork.SNAPPED:
        return None
    return Along(network.way_m(upper, lower), BY_NETWORK)


def _by_heights(grid: FlowGrid, rule: SnapRule, above: shapely.Point, below: shapely.Point) -> Along | None:
    upper, lower = snap(grid, above, rule), snap(grid, below, rule)
    if upper.status is not SnapStatus.SNAPPED or lower.status is not SnapStatus.SNAPPED:
        return None
    cells, way_m, _ = grid.path(int(upper.cells[0]))
    at = np.flatnonzero(cells == lower.cells[0])
    return Along(float(way_m[at[0]]) if len(at) else None, BY_HEIGHTS)
