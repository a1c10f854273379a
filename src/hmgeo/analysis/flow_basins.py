"""Closed basins as they lie on the ground: the hollow below its rim, what drains to it, and who lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from hmgeo.analysis.flow_kernels import hollow
from hmgeo.analysis.flow_shapes import ground_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.flow import Targets
    from hmgeo.analysis.flow_grid import ClosedBasin, FlowGrid
    from hmgeo.analysis.raster_strips import Cells

FARMLAND = "farmland"
_MOST_NAMED = 30
_STEPS_PER_M = 256


def basin_cells(grid: FlowGrid, basin: ClosedBasin) -> Cells:
    """Return the sorted cells of a hollow: connected with its bottom and below its rim.

    Notes
    -----
    The rim's height is that of the bottom and the depth; heights are held in steps of 1/256 m, as for filling.
    """
    bottom_m = round(float(grid.heights.reshape(-1)[basin.lowest_cell]) * _STEPS_PER_M) / _STEPS_PER_M
    cells = hollow(basin.lowest_cell, grid.heights, bottom_m + basin.depth_m, _STEPS_PER_M)
    return np.sort(cells)


def held_in(held: Cells, asked: Cells) -> NDArray[np.bool_]:
    """Return which of the asked cells are among the held, which are sorted."""
    at = np.minimum(np.searchsorted(held, asked), max(len(held) - 1, 0))
    return held[at] == asked if len(held) else np.zeros(len(asked), np.bool_)


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
    within = [name for name, own in zip(ids, starts, strict=True) if held_in(cells, own).any()]
    draining = [name for name, own in zip(ids, starts, strict=True) if held_in(drained, own).any()]
    lon, lat = grid.frame.lon_lat(np.array([basin.lowest_cell]))[0]
    cell_ha = grid.frame.cell_area_m2 / 10_000
    held = {code: np.unique(one.rows[held_in(cells, one.cells)]) for code, one in layers.items()}
    others = [
        f"{kinds.get(code, code)} {layers[code].names[row] or layers[code].ids[row]}"
        for code, rows in held.items()
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
        "farmland_count": len(held.get(FARMLAND, ())),
        "others_within": _listed(others),
        "geometry": shapely.to_wkb(ground_of(grid.frame, cells)),
    }


def _listed(names: Sequence[str]) -> str:
    more = f"等 {len(names)} 处" if len(names) > _MOST_NAMED else ""
    return "、".join(names[:_MOST_NAMED]) + more
