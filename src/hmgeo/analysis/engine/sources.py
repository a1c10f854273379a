"""Located sources, sorted into those that the compiled kernel measures and those that the general path does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.analysis.distance import prepare_shapes
from hmgeo.analysis.engine.grid import can_grid
from hmgeo.geodesy import HALF_TURN_DEG
from hmgeo.vocabulary import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hmgeo.records import Positions

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

FARTHEST_M = 50_000.0
"""Up to here a chord becomes a geodesic by its local radius alone, within 0.02 mm."""


class Sources:
    """Located sources, ready for measuring.

    Parameters
    ----------
    positions
        Rows whose status is not assessed are left out.
    """

    def __init__(self, positions: Positions) -> None:
        self._fill(positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value)))

    @classmethod
    def of_table(cls, table: pa.Table) -> Sources:
        """Return the sources whose `batch` was sent here."""
        sources = cls.__new__(cls)
        sources._fill(table)  # noqa: SLF001 -- another way to be made
        return sources

    @property
    def batch(self) -> pa.RecordBatch:
        """What another process must know of the sources."""
        return (
            self._located.select(["source_id", "position_uncertainty_m", "geometry"]).combine_chunks().to_batches()[0]
        )

    def _fill(self, located: pa.Table) -> None:
        self._located = located
        self.ids = located["source_id"].combine_chunks()
        self.shapes = prepare_shapes(shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False)))
        self.uncertainty_m: Floats = located["position_uncertainty_m"].to_numpy().astype(np.float64)
        self.is_point = shapely.get_type_id(self.shapes.geometries) == shapely.GeometryType.POINT
        self.is_point &= ~shapely.is_empty(self.shapes.geometries)
        self.lon, self.lat = np.zeros(len(self.ids)), np.zeros(len(self.ids))
        places = shapely.get_coordinates(self.shapes.geometries[self.is_point])
        self.lon[self.is_point], self.lat[self.is_point] = places[:, 0], places[:, 1]

    def split(self, limit_m: Floats, chosen: Indices) -> tuple[Indices, Indices]:
        """Part the chosen sources into those for the kernel and those for the general path, given their reach."""
        fit = self.is_point[chosen] & (limit_m[chosen] <= FARTHEST_M)
        fit &= (np.abs(self.lon[chosen]) <= HALF_TURN_DEG) & (np.abs(self.lat[chosen]) < HALF_TURN_DEG / 2)
        fit[fit] = can_grid(self.lon[chosen][fit], self.lat[chosen][fit], limit_m[chosen][fit])
        return chosen[fit], chosen[~fit]
