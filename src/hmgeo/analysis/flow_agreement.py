"""How far the streams of a grid lie from mapped rivers: evidence on whether its water can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy import ndimage

from hmgeo.analysis.river_network import OnNetwork

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.flow_snap import SnapRule
    from hmgeo.analysis.river_network import RiverNetwork, Spot
    from hmgeo.analysis.water_things import Things


@dataclass(frozen=True, slots=True)
class StreamOffsets:
    """Distances from points of mapped rivers, one for each cell length, to the nearest stream of the grid.

    Parameters
    ----------
    count
        Points on the grid.
    median_m, upper_m
        Half of the points, and nine in ten, lie nearer than this.
    share_within_two_cells
        Between 0 and 1.
    """

    count: int
    median_m: float
    upper_m: float
    share_within_two_cells: float

    @property
    def zh(self) -> str:
        """The agreement as a sentence."""
        return (
            f"所绘河流上 {self.count} 个点，距高程推算的水流中位数 {self.median_m:.0f} m，"
            f"九成不超过 {self.upper_m:.0f} m；两格以内的占 {100 * self.share_within_two_cells:.0f}%。"
        )


def stream_offsets(grid: FlowGrid, rivers: Sequence[shapely.Geometry], stream_ha: float) -> StreamOffsets | None:
    """Compare mapped rivers (lon/lat lines) with cells that drain at least `stream_ha`; None where none is on it."""
    frame = grid.frame
    is_stream = (grid.upstream_cells * frame.cell_area_m2 >= stream_ha * 10_000).reshape(grid.shape)
    if not is_stream.any():
        return None
    width_m, height_m = frame.cell_m
    away_m = ndimage.distance_transform_edt(~is_stream, sampling=(height_m, width_m)).reshape(-1)
    lines = [shapely.segmentize(frame.to_plane(river), max(frame.cell_m)) for river in rivers]
    xy = shapely.get_coordinates(lines)
    cells = frame.cell_at(xy[:, 0], xy[:, 1])
    cells = cells[cells >= 0]
    cells = cells[grid.downstream[cells] >= 0]
    if not len(cells):
        return None
    found = away_m[cells]
    median_m, upper_m = np.quantile(found, [0.5, 0.9])
    near = float((found <= 2 * max(frame.cell_m)).mean())
    return StreamOffsets(len(cells), round(float(median_m), 1), round(float(upper_m), 1), round(near, 4))


AGREE, ONLY_HEIGHTS, ONLY_NETWORK, CANNOT_TELL = "agree", "only_heights", "only_network", "cannot_tell"
DISAGREE = "高程与所绘河网结论不一，无法判断"


def agreement_rows(
    network: RiverNetwork | None,
    sources: Things,
    targets: Things,
    catchments: pa.Table,
    rule: SnapRule,
    limit_m: float,
) -> list[dict[str, Any]]:
    """Return rows of `AGREEMENT_SCHEMA` for every source and point target that heights or drawn rivers join.

    Parameters
    ----------
    network
        None where no river is drawn: nothing to compare.
    catchments
        What heights say (`FLOW_CATCHMENT_SCHEMA`).
    """
    if network is None:
        return []
    derived = {(row["source_id"], row["target_id"]): row["flow_distance_m"] for row in catchments.to_pylist()}
    told = {row["target_id"] for row in catchments.to_pylist() if row["catchment_area_ha"] is not None}
    above = [(one, _spot(network, shape, rule)) for one, shape in zip(sources.ids, sources.geometries, strict=True)]
    rows = []
    for target_id, name, shape in zip(targets.ids, targets.names, targets.geometries, strict=True):
        below = _spot(network, shape, rule) if shape is not None and shape.geom_type == "Point" else None
        for source_id, upper in above if below is not None else ():
            by_heights_m = derived.get((source_id, target_id))
            row = _compared(network, upper, below, by_heights_m, limit_m, has_heights=target_id in told)
            if row is not None:
                rows.append({"source_id": source_id, "target_id": target_id, "target_name": name, **row})
    return rows


def _spot(network: RiverNetwork, shape: shapely.Geometry | None, rule: SnapRule) -> Spot | None:
    return None if shape is None else network.spot(shapely.point_on_surface(shape), rule)


def _compared(
    network: RiverNetwork,
    upper: Spot | None,
    below: Spot | None,
    by_heights_m: float | None,
    limit_m: float,
    *,
    has_heights: bool,
) -> dict[str, Any] | None:
    """Return what both say of one pair; None where neither joins them."""
    spots = [one for one in (upper, below) if one is not None]
    off = [one for one in spots if one.status is not OnNetwork.SNAPPED]
    cells: dict[str, Any] = {"by_heights_m": by_heights_m, "by_network_m": None}
    if off or upper is None or below is None:
        why = off[0].why if off else ""
        return None if by_heights_m is None else cells | {"status": ONLY_HEIGHTS, "note": why}
    way_m = network.way_m(upper, below, limit_m)
    if way_m is None and by_heights_m is None:
        return None
    cells["by_network_m"] = None if way_m is None else round(way_m, 1)
    moved = f"污染源{upper.why}取水口{below.why}"
    if way_m is not None and by_heights_m is not None:
        return cells | {"status": AGREE, "note": moved}
    if way_m is not None and not has_heights:
        return cells | {"status": ONLY_NETWORK, "note": moved}
    return cells | {"status": CANNOT_TELL, "note": f"{DISAGREE}。{moved}"}
