"""What the ground adds to the tables of sources, of evidence and of receptors: columns after their own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.analysis.parcel_slopes import with_slopes

if TYPE_CHECKING:
    from hmgeo.analysis.bureau import Bureau
    from hmgeo.findings.terrain import TerrainTables

TERRAIN, BARRIER = "terrain", "barrier"
"""Class of the source's place, and what stands between it and its nearest parcel, in words; empty where unknown."""


def with_terrain(bureau: Bureau, terrain: TerrainTables) -> Bureau:
    """Return a bureau's tables with the ground in them: `terrain` and `barrier`, and the slope of each parcel."""
    told = {row["source_id"]: row for row in terrain.barriers.to_pylist()}
    tables = replace(
        bureau.tables,
        evidence=_told(bureau.tables.evidence, told),
        reached=with_slopes(bureau.tables.reached, terrain.slopes),
    )
    return replace(bureau, sources=_told(bureau.sources, told), tables=tables)


def _told(table: pa.Table, told: dict[str, dict[str, str]]) -> pa.Table:
    ids = table["source_id"].to_pylist()
    for name in (TERRAIN, BARRIER):
        texts = [told.get(one, {}).get(name) or "" for one in ids]
        table = table.append_column(name, pa.array(texts, pa.string()))
    return table
