"""What a run found of the ground, as tables: slopes, who flips under which radius, ridges, ponds overhead, mines."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from hmgeo.findings.columns import TERRAIN_FLIPS_SCHEMA

SLOPES_SCHEMA = pa.schema(
    [
        ("receptor_id", pa.string()),
        ("slope_grade", pa.int64()),
        ("slope_from", pa.string()),
        ("slope_deg", pa.float64()),
    ]
)
"""Farmland slope grade (2, 6, 15, 25 degrees make 1 to 5); slope_from: `layer` (GDPDJB) before `elevation`.

slope_deg is the mean over the grid of heights, whatever the grade comes from; null off the grid.
"""

STEEP_SCHEMA = pa.schema(
    [
        ("list", pa.string()),
        ("status", pa.string()),
        ("receptor_id", pa.string()),
        ("township", pa.string()),
        ("class", pa.string()),
        ("area_ha", pa.float64()),
        ("slope_grade", pa.int64()),
        ("slope_from", pa.string()),
        ("slope_deg", pa.float64()),
        ("water_source", pa.string()),
        ("note", pa.string()),
    ]
)
"""Steep farmland that the national text speaks of. list: `from_25` or `water_15_25`; status: `listed` or
`not_assessed`; parcels that are neither stand in no list."""

BARRIER_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("terrain", pa.string()),
        ("relief_m", pa.float64()),
        ("receptor_id", pa.string()),
        ("distance_m", pa.float64()),
        ("source_height_m", pa.float64()),
        ("parcel_height_m", pa.float64()),
        ("divide_m", pa.float64()),
        ("divide_at_m", pa.float64()),
        ("above_higher_end_m", pa.float64()),
        ("has_ridge", pa.bool_()),
        ("common_catchment_ha", pa.float64()),
        ("is_same_small_catchment", pa.bool_()),
        ("barrier", pa.string()),
    ]
)
"""What lies between each source and its nearest parcel; information beside the verdict.

has_ridge and is_same_small_catchment are null where their parameter is unset; common_catchment_ha where the waters
don't join on the grid.
"""

OVERHEAD_SCHEMA = pa.schema(
    [
        ("pond_id", pa.string()),
        ("name", pa.string()),
        ("designated", pa.string()),
        ("circle_count", pa.int64()),
        ("circle_nearest_m", pa.float64()),
        ("by_circle", pa.string()),
        ("path_count", pa.int64()),
        ("path_nearest_m", pa.float64()),
        ("by_path", pa.string()),
        ("path_ends", pa.string()),
        ("only_by_circle", pa.string()),
        ("only_by_path", pa.string()),
        ("note", pa.string()),
        ("path", pa.binary()),
    ]
)
"""头顶库 as leads for checking: the department's designation first, then both readings of 1 km side by side.

designated is the layer's own word. Counts are null where a reading was not assessed, with the reason in note. path is
the way down from the dam's toe within the limit, a line in lon/lat.
"""

MINES_SCHEMA = pa.schema(
    [
        ("rank", pa.int64()),
        ("mine_id", pa.string()),
        ("name", pa.string()),
        ("nearest_m", pa.float64()),
        ("near_strict_control_ha", pa.float64()),
        ("near_safe_use_ha", pa.float64()),
        ("downstream_m", pa.float64()),
        ("downstream_strict_control_ha", pa.float64()),
        ("downstream_safe_use_ha", pa.float64()),
        ("near_limit_m", pa.float64()),
        ("downstream_limit_m", pa.float64()),
        ("path_ends", pa.string()),
        ("note", pa.string()),
    ]
)
"""Mines with the polluted farmland around and downstream of them, each measure in a column of its own, no score.

Order: more 严格管控 downstream first, then near, then 安全利用 alike, then nearer; rank is the place in that order.
nearest_m and downstream_m are to the nearest parcel of either class; areas are of whole parcels within the limits,
which the project chose. path_ends says how the way down ended.
"""


@dataclass(frozen=True, slots=True)
class TerrainTables:
    """Everything of one run on the ground; empty tables with a note where it was not assessed.

    Parameters
    ----------
    notes
        How each table was made, with every choice, or why it wasn't; by the table's name.
    """

    slopes: pa.Table = field(default_factory=SLOPES_SCHEMA.empty_table, repr=False)
    steep: pa.Table = field(default_factory=STEEP_SCHEMA.empty_table, repr=False)
    flips: pa.Table = field(default_factory=TERRAIN_FLIPS_SCHEMA.empty_table, repr=False)
    barriers: pa.Table = field(default_factory=BARRIER_SCHEMA.empty_table, repr=False)
    overhead: pa.Table = field(default_factory=OVERHEAD_SCHEMA.empty_table, repr=False)
    mines: pa.Table = field(default_factory=MINES_SCHEMA.empty_table, repr=False)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
