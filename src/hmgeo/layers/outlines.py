"""Whether a polygon that outlines a county does so better on an internet datum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.datum import Datum, to_cgcs2000
from hmgeo.layers.admin import counties

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_SHAPES = 200
_LEAST_AREA_DEG2 = 0.003  # some 35 square kilometres
_SAME_OUTLINE = 0.85
_LEAST_GAIN = 0.01


@dataclass(frozen=True, slots=True)
class OutlineFit:
    """How well shapes cover the counties they outline: overlap over union, mean of all."""

    datum: Datum
    count: int
    as_given: float
    restored: float

    def __str__(self) -> str:
        """Return both shares in words."""
        return f"与所画县界的重合度：按 {self.datum.zh} 读取 {self.restored:.1%}，按所申明的坐标系 {self.as_given:.1%}"


def outline_datum(shapes: NDArray[np.object_]) -> OutlineFit | None:
    """Return the internet datum on which outlines of counties fit better; None where none do or none is an outline."""
    if len(shapes) > _MOST_SHAPES:
        return None
    large = shapes[(shapely.area(shapes) > _LEAST_AREA_DEG2) & shapely.is_valid(shapes)]
    outlines = np.array([unit.shape for unit in counties()], dtype=object)
    fits: list[tuple[float, float, float]] = []
    for one in large:
        near = outlines[shapely.intersects(outlines, shapely.point_on_surface(one))]
        shares = [_overlap(one, outline) for outline in near]
        if shares and max(shares) >= _SAME_OUTLINE:
            outline = near[int(np.argmax(shares))]
            gcj02, bd09 = (_overlap(_restored(one, datum), outline) for datum in (Datum.GCJ02, Datum.BD09))
            fits.append((max(shares), gcj02, bd09))
    if not fits:
        return None
    as_given, *others = np.mean(fits, axis=0).tolist()
    best = int(np.argmax(others))
    if others[best] - as_given < _LEAST_GAIN:
        return None
    return OutlineFit((Datum.GCJ02, Datum.BD09)[best], len(fits), as_given, others[best])


def _restored(one: shapely.Geometry, datum: Datum) -> shapely.Geometry:
    return shapely.transform(one, lambda xy: np.column_stack(to_cgcs2000(xy[:, 0], xy[:, 1], datum)))


def _overlap(one: shapely.Geometry, other: shapely.Geometry) -> float:
    return float(shapely.area(shapely.intersection(one, other)) / shapely.area(shapely.union(one, other)))
