"""How far around each source a layer's declared coverage reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.distance import pair_distances, prepare_shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray


def covered_m(
    geometries: NDArray[np.object_], uncertainty_m: NDArray[np.float64], coverage: shapely.Geometry
) -> NDArray[np.float64]:
    """Return how far a search around each source stays inside the coverage.

    Parameters
    ----------
    geometries
        (n,) sources in lon/lat.
    uncertainty_m
        (n,) of their positions, metres.
    coverage
        Polygon or multipolygon in lon/lat.

    Returns
    -------
    ndarray
        (n,) metres: distance to the coverage's outline less the uncertainty; negative for sources outside.

    Examples
    --------
    >>> inside = np.array([shapely.Point(0.5, 0.0)], dtype=object)
    >>> square = shapely.box(0, -1, 1, 1)
    >>> covered_m(inside, np.array([0.0]), square).round(0).tolist()
    [55660.0]
    """
    sources = prepare_shapes(geometries)
    outline = prepare_shapes([shapely.boundary(coverage)])
    count = len(sources)
    found = pair_distances(sources, outline, np.arange(count), np.zeros(count, np.int64))
    shapely.prepare(coverage)
    inside = shapely.covers(coverage, geometries)
    reach_m = np.where(inside, found.distance_m, -np.maximum(found.distance_m, 1e-4))
    return np.asarray(reach_m - uncertainty_m, dtype=np.float64)
