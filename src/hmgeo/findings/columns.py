"""Column contracts of the tables in a run folder. These columns come first, in this order; more may follow."""

from __future__ import annotations

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
