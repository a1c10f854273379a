"""What a run found of water, as tables: paths, catchments, chains of irrigation, closed basins, places to sample."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from hmgeo.findings.columns import FLOW_CATCHMENT_SCHEMA, FLOW_MET_SCHEMA, FLOW_PATHS_SCHEMA

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
