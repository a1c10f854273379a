"""Column contracts of the tables in a run folder. These columns come first, in this order; more may follow."""

from __future__ import annotations

import pyarrow as pa

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
"""Parcels within each radius by class, whole parcels counted; class `all` is the sum. Zero rows are written."""

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
