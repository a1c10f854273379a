"""头顶库 as a lead for checking: who lies within a circle and who beside the way down from the dam, side by side.

The emergency department's own designation comes first; neither list replaces it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.analysis.distance import pair_distances, prepare_shapes
from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.flow import downhill
from hmgeo.vocabulary import MEASURE_DECIMALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

    from hmgeo.analysis.flow import Downhill, Targets
    from hmgeo.analysis.flow_grid import End, FlowGrid

OVERHEAD_M = 1000.0
"""「十三五」生态环境保护规划 第七章第五节: 1 公里内有居民或重要设施的尾矿库."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """Receptors near a pond by both readings.

    Parameters
    ----------
    by_circle
        (row, ground distance in metres) within the limit of the pond as drawn, nearest first.
    by_path
        (row, flow distance in metres) met along the water within the limit, first met first; Unknown off the grid.
    path_ends
        How the path ended within the limit; None where it is unknown.
    """

    by_circle: tuple[tuple[int, float], ...]
    by_path: tuple[tuple[int, float], ...] | Unknown
    path_ends: End | None

    @property
    def only_by_circle(self) -> tuple[int, ...]:
        """Rows that only the circle holds: the readings differ."""
        held = set() if isinstance(self.by_path, Unknown) else {row for row, _ in self.by_path}
        return tuple(row for row, _ in self.by_circle if row not in held)

    @property
    def only_by_path(self) -> tuple[int, ...]:
        """Rows that only the path meets."""
        held = {row for row, _ in self.by_circle}
        return () if isinstance(self.by_path, Unknown) else tuple(row for row, _ in self.by_path if row not in held)


def by_circle(
    pond: shapely.Geometry, receptors: Sequence[shapely.Geometry], limit_m: float = OVERHEAD_M
) -> tuple[tuple[int, float], ...]:
    """Return (row, ground distance in metres) of the receptors within a limit of a pond as drawn, nearest first."""
    if not len(receptors):
        return ()
    rows = np.arange(len(receptors))
    found = pair_distances(prepare_shapes([pond]), prepare_shapes(list(receptors)), np.zeros(len(rows), np.int64), rows)
    distance_m = np.round(found.distance_m, MEASURE_DECIMALS)
    order = np.argsort(distance_m, kind="stable")
    return tuple((int(row), float(distance_m[row])) for row in order if distance_m[row] <= limit_m)


def overhead(
    grid: FlowGrid,
    pond: shapely.Geometry,
    dam_toe: shapely.Point | None,
    receptors: Sequence[shapely.Geometry],
    beside: Targets,
    limit_m: float = OVERHEAD_M,
) -> Overhead:
    """Return who lies near a pond by both readings.

    Parameters
    ----------
    pond
        In lon/lat.
    dam_toe
        Toe of the initial dam (初期坝坝脚), where the path starts; the pond's main exit where it isn't known.
    beside
        The same receptors on the grid, widened as the project chose (`cells_beside`), rows alike.
    """
    near = by_circle(pond, receptors, limit_m)
    path: Downhill | Unknown = downhill(grid, pond if dam_toe is None else dam_toe, limit_m)
    if isinstance(path, Unknown):
        return Overhead(near, path, None)
    return Overhead(near, tuple(beside.along(path)), path.end)
