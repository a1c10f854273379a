"""The year in which a parcel was classed, for receptors whose layer says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from hmgeo.reference.links import CLASS_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmgeo.records import Layer


def with_class_years(receptors: pa.Table, layers: Iterable[Layer]) -> pa.Table:
    """Return receptors with a last column `class_year` as the layers write it; unchanged where none says a year."""
    years: dict[tuple[str, str], str] = {}
    for layer in layers:
        for batch in layer.batches():
            said = zip(batch.column("receptor_id").to_pylist(), batch.column("links").to_pylist(), strict=True)
            for receptor_id, links in said:
                year = next((text for code, text in links or () if code == CLASS_YEAR), "")
                if year:
                    years[layer.kind.value, receptor_id] = year
    if not years:
        return receptors
    keys = zip(receptors["receptor_kind"].to_pylist(), receptors["receptor_id"].to_pylist(), strict=True)
    return receptors.append_column("class_year", pa.array([years.get(key, "") for key in keys], pa.string()))
