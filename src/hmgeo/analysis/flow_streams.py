"""The streams of a grid as lines, each from its head to where it joins a longer one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from hmgeo.analysis.flow_grid import FlowGrid


def stream_lines(grid: FlowGrid, stream_ha: float) -> list[shapely.LineString]:
    """Return lines in lon/lat through cell centres, drawn downstream, the longest stream first.

    Parameters
    ----------
    stream_ha
        Area upstream from which a cell counts as stream.
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
