"""Column contracts of the tables in a run folder: these come first, in this order; more may follow."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

SHAPES_SCHEMA = pa.schema([("id", pa.string()), ("name", pa.string()), ("geometry", pa.binary())])
"""Shapes of a layer that is drawn and not judged, lon/lat WKB."""

SOURCES_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("name", pa.string()),
        ("status", pa.string()),
        ("position_kind", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("position_uncertainty_m", pa.float64()),
        ("nearest_farmland_id", pa.string()),
        ("nearest_farmland_m", pa.float64()),
        ("nearest_farmland_max_m", pa.float64()),
        ("farmland_count", pa.int64()),
        ("farmland_count_max", pa.int64()),
        ("farmland_area_ha", pa.float64()),
        ("radius_m", pa.float64()),
        ("verdict", pa.string()),
        ("certainty", pa.string()),
        ("basis", pa.string()),
        ("note", pa.string()),
        # beyond the contract
        ("nearest_farmland_class", pa.string()),
        ("nearest_farmland_bearing_deg", pa.float64()),
        ("counts_are_lower_bounds", pa.bool_()),
        ("key_area_id", pa.string()),
        ("county", pa.string()),
        ("township", pa.string()),
        ("trade_code", pa.string()),
        ("trade_edition", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""sources.csv (which leaves geometry out): every input row once, in input order.

Distances and counts are null where they were not measured; verdict is the screening rule's alone and empty where a
project sets none. counts_are_lower_bounds is true where the search leaves the declared coverage.
"""

PAIRS_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("receptor_id", pa.string()),
        ("receptor_kind", pa.string()),
        ("distance_m", pa.float64()),
    ]
)
"""Every pair within the radius, by receptor and then by source, both in input order."""

COUNTS_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("radius_m", pa.float64()),
        ("class", pa.string()),
        ("count", pa.int64()),
        ("area_ha", pa.float64()),
    ]
)
"""Parcels within each radius by class, whole parcels counted; class `all` is the sum. Zero rows are written.

After these, is_lower_bound says whether the search of that radius leaves what the layer declares to cover; and, where
they were asked for, `AREA_UNION` and `AREA_CLIPPED`.
"""

AREA_UNION = "area_union_ha"
"""Ground under the parcels that were counted, each whole, as drawn, common ground once; `all` is no sum of classes."""

AREA_CLIPPED = "area_clipped_ha"
"""Ground under parcels within the radius, clipped by the circle, common ground once; null but for points."""

FARMLAND_CLIPPED = "farmland_area_clipped_ha"
"""In the table of sources: `AREA_CLIPPED` of `all` at the search radius."""

FINDINGS_SCHEMA = pa.schema(
    [
        ("finding_id", pa.string()),
        ("source_id", pa.string()),
        ("rule_id", pa.string()),
        ("verdict", pa.string()),
        ("verdict_other", pa.string()),
        ("certainty", pa.string()),
        ("standing", pa.string()),
        ("basis", pa.string()),
        ("measured", pa.float64()),
        ("measured_low", pa.float64()),
        ("measured_high", pa.float64()),
        ("limit_value", pa.float64()),
        ("unit", pa.string()),
        ("margin", pa.float64()),
        ("measured_text", pa.string()),
        ("receptor_id", pa.string()),
        ("receptor_name", pa.string()),
        ("bearing_deg", pa.float64()),
        ("key_area_id", pa.string()),
        ("as_of", pa.string()),
        ("legal_rank", pa.string()),
        ("document", pa.string()),
        ("clause", pa.string()),
        ("quote", pa.string()),
        ("decider", pa.string()),
        ("note", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""findings.parquet: one source judged against one rule. margin = measured - limit; bearing from true north."""

LEDGER_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("sheet", pa.string()),
        ("row", pa.int64()),
        ("field", pa.string()),
        ("value", pa.string()),
        ("event", pa.string()),
        ("reason", pa.string()),
        ("action", pa.string()),
        ("source_id", pa.string()),
    ]
)
"""ledger.csv: row 0 speaks of the file as a whole."""

RECEPTORS_SCHEMA = pa.schema(
    [
        ("receptor_id", pa.string()),
        ("receptor_kind", pa.string()),
        ("name", pa.string()),
        ("class", pa.string()),
        ("area_ha", pa.float64()),
        ("township", pa.string()),
        ("source_count", pa.int64()),
        ("nearest_source_id", pa.string()),
        ("nearest_source_m", pa.float64()),
        ("geometry", pa.binary()),
    ]
)
"""Receptors with the sources that reach them within the radius; nearest_source is empty where none does."""

TERRAIN_FLIPS_SCHEMA = pa.schema(
    [
        ("terrain_at", pa.string()),
        ("radius_m", pa.float64()),
        ("source_id", pa.string()),
        ("is_listed", pa.bool_()),
        ("is_listed_if_plain", pa.bool_()),
        ("source_terrain", pa.string()),
        ("pair_terrain", pa.string()),
    ]
)
"""Who is listed for each terrain choice (`not_considered` included) and each radius outside plains.

is_listed is null where heights are missing; a source flips where is_listed and is_listed_if_plain differ.
"""

FLOW_PATHS_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("name", pa.string()),
        ("status", pa.string()),
        ("length_m", pa.float64()),
        ("drop_m", pa.float64()),
        ("ends", pa.string()),
        ("end_lon", pa.float64()),
        ("end_lat", pa.float64()),
        ("upstream_area_ha", pa.float64()),
        ("note", pa.string()),
        ("source_kind", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""The way water takes downhill from each source: flow length, how the path ends, area that drains to its start.

length_m is null where a source has no position on the grid; geometry is the path in lon/lat.
"""

FLOW_MET_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("order", pa.int64()),
        ("layer", pa.string()),
        ("receptor_id", pa.string()),
        ("receptor_name", pa.string()),
        ("class", pa.string()),
        ("flow_distance_m", pa.float64()),
        ("note", pa.string()),
    ]
)
"""What a source's path meets downstream, nearest first: parcels, zones, intakes, township and county borders."""

FLOW_CATCHMENT_SCHEMA = pa.schema(
    [
        ("target_id", pa.string()),
        ("target_name", pa.string()),
        ("target_status", pa.string()),
        ("snap_distance_m", pa.float64()),
        ("catchment_area_ha", pa.float64()),
        ("source_id", pa.string()),
        ("order", pa.int64()),
        ("flow_distance_m", pa.float64()),
        ("note", pa.string()),
    ]
)
"""Sources in the catchment of an intake or zone, nearest along the water first; one row with empty source_id for a
target that has none or can't be told."""

REACHED_SCHEMA = pa.schema([*RECEPTORS_SCHEMA, ("sources", pa.string())])
"""receptors.parquet: every receptor once, with the sources that reach it within the radius, nearest first."""

TOWNSHIPS_SCHEMA = pa.schema(
    [
        ("township_code", pa.string()),
        ("township", pa.string()),
        ("county", pa.string()),
        ("radius_m", pa.float64()),
        ("source_count", pa.int64()),
        ("farmland_count", pa.int64()),
        ("farmland_area_ha", pa.float64()),
        ("reached_count", pa.int64()),
        ("reached_area_ha", pa.float64()),
        ("reached_priority_protection_ha", pa.float64()),
        ("reached_safe_use_ha", pa.float64()),
        ("reached_strict_control_ha", pa.float64()),
        ("reached_unclassified_ha", pa.float64()),
        ("reaching_count", pa.int64()),
        ("nearest_source_id", pa.string()),
        ("nearest_source_m", pa.float64()),
        ("sources", pa.string()),
        ("site_count", pa.int64()),
        ("reached_site_count", pa.int64()),
    ]
)
"""townships.csv: sources that stand in a township, its parcels, those that sources reach (each once), and by whom;
villages and sensitive sites in it, and those that sources reach."""

OUTLETS_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("enterprise_id", pa.string()),
        ("outlet_id", pa.string()),
        ("medium", pa.string()),
        ("position_text", pa.string()),
        ("stack_height_m", pa.float64()),
        ("pollutant", pa.string()),
        ("emission_kg", pa.float64()),
        ("receiving_water", pa.string()),
        ("status", pa.string()),
        ("source_id", pa.string()),
        ("note", pa.string()),
    ]
)
"""outlets.csv: every outlet once, in input order, with the source it belongs to; source_id is empty for the rest."""

LEADS_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("name", pa.string()),
        ("county", pa.string()),
        ("neighbour_code", pa.string()),
        ("neighbour", pa.string()),
        ("direction", pa.string()),
        ("distance_m", pa.float64()),
        ("farmland_count", pa.int64()),
        ("nearest_farmland_m", pa.float64()),
        ("note", pa.string()),
    ]
)
"""Leads across the county line. direction: 本地源影响界外 or 界外源影响本地; farmland_count is null where data end."""

SEARCH_AREAS_SCHEMA = pa.schema([("source_id", pa.string()), ("geometry", pa.binary())])
"""The circle (or buffer) that was searched around each source."""


def nothing_found() -> dict[str, pa.Table]:
    """Return the tables of a `Results` that judges nothing, such as an overview map, by the names of its fields."""
    schemas = {
        "sources": SOURCES_SCHEMA,
        "findings": FINDINGS_SCHEMA,
        "counts": COUNTS_SCHEMA,
        "receptors": RECEPTORS_SCHEMA,
        "search_areas": SEARCH_AREAS_SCHEMA,
    }
    return {name: schema.empty_table() for name, schema in schemas.items()}


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


IRRIGATION_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("name", pa.string()),
        ("status", pa.string()),
        ("outlet_id", pa.string()),
        ("water", pa.string()),
        ("intake_id", pa.string()),
        ("intake_name", pa.string()),
        ("intake_flow_m", pa.float64()),
        ("district_id", pa.string()),
        ("district_name", pa.string()),
        ("parcel_count", pa.int64()),
        ("area_ha", pa.float64()),
        ("strict_control_ha", pa.float64()),
        ("safe_use_ha", pa.float64()),
        ("broken_at", pa.string()),
        ("chain", pa.string()),
    ]
)
"""One row for each chain outlet, water, intake, district, parcels of a source; status: `established`, `broken` or
`not_assessed`. chain is the whole chain as a sentence, each link with what it rests on; broken_at names the link that
is missing. Areas in hectares of whole parcels."""

CATCHMENT_AREA_SCHEMA = pa.schema(
    [
        ("target_id", pa.string()),
        ("target_kind", pa.string()),
        ("name", pa.string()),
        ("catchment_area_ha", pa.float64()),
        ("source_count", pa.int64()),
        ("note", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""The ground that drains to a target within the limit, as polygons along cell edges in lon/lat."""

BASIN_SCHEMA = pa.schema(
    [
        ("basin_id", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("depth_m", pa.float64()),
        ("area_ha", pa.float64()),
        ("volume_m3", pa.float64()),
        ("drained_ha", pa.float64()),
        ("is_kept", pa.bool_()),
        ("sources_within", pa.string()),
        ("sources_draining", pa.string()),
        ("farmland_count", pa.int64()),
        ("others_within", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""Closed basins, deepest first: the ground below the rim (area_ha, geometry), what drains to it, and who lies in it."""

SAMPLING_SCHEMA = pa.schema(
    [
        ("point_id", pa.string()),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("why", pa.string()),
        ("document", pa.string()),
        ("clause", pa.string()),
        ("quote", pa.string()),
        ("rule_id", pa.string()),
        ("note", pa.string()),
        ("geometry", pa.binary()),
    ]
)
"""Where to sample or monitor: each place with why, and the clause where a text asks for it. Proposals, no sites."""

AGREEMENT_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("target_id", pa.string()),
        ("target_name", pa.string()),
        ("by_heights_m", pa.float64()),
        ("by_network_m", pa.float64()),
        ("status", pa.string()),
        ("note", pa.string()),
    ]
)
"""Heights and drawn rivers side by side, a source and a target a row; status: `agree`, `only_heights`,
`only_network`, `cannot_tell`."""


@dataclass(frozen=True, slots=True)
class WaterTables:
    """Everything of one run on water; empty tables with a note where it was not assessed.

    Parameters
    ----------
    notes
        How it was worked out, with every choice; or why it wasn't.
    """

    paths: pa.Table = field(default_factory=FLOW_PATHS_SCHEMA.empty_table, repr=False)
    met: pa.Table = field(default_factory=FLOW_MET_SCHEMA.empty_table, repr=False)
    catchments: pa.Table = field(default_factory=FLOW_CATCHMENT_SCHEMA.empty_table, repr=False)
    catchment_areas: pa.Table = field(default_factory=CATCHMENT_AREA_SCHEMA.empty_table, repr=False)
    basins: pa.Table = field(default_factory=BASIN_SCHEMA.empty_table, repr=False)
    chains: pa.Table = field(default_factory=IRRIGATION_SCHEMA.empty_table, repr=False)
    sampling: pa.Table = field(default_factory=SAMPLING_SCHEMA.empty_table, repr=False)
    agreement: pa.Table = field(default_factory=AGREEMENT_SCHEMA.empty_table, repr=False)
    notes: tuple[str, ...] = ()
