"""The view from the land: which sources reach each parcel and each township, and what lies under influence.

A parcel counts once, however many sources reach it; sources known by place only reach nothing here, since nobody knows
where in the place they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmgeo.findings.columns import REACHED_SCHEMA, TOWNSHIPS_SCHEMA
from hmgeo.vocabulary import SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

SOURCES_NAMED = 20
"""A parcel's cell names this many sources, nearest first, and says how many more there are."""
NO_TOWNSHIP = "未注明乡镇"
_COUNTY_DIGITS = 6


def receptors_reached(receptors: pa.Table, pairs: pa.Table) -> pa.Table:
    """Return every receptor with the sources that reach it, nearest first.

    Parameters
    ----------
    receptors
        `RECEPTORS_SCHEMA`.
    pairs
        `PAIRS_SCHEMA`; distances in metres.

    Returns
    -------
    pyarrow.Table
        The receptors' columns and `sources`: 编号（距离 m）, joined by `；`; empty where none reaches it.
    """
    rows = pc.index_in(pairs["receptor_id"], value_set=receptors["receptor_id"].combine_chunks()).to_numpy()
    distance_m = pairs["distance_m"].to_numpy()
    order = np.lexsort((np.arange(len(rows)), distance_m, rows))
    ids = pairs["source_id"].take(pa.array(order)).to_pylist()
    sorted_rows, sorted_m = rows[order], distance_m[order]
    bounds = np.searchsorted(sorted_rows, np.arange(receptors.num_rows + 1))
    texts = [
        _named(ids[start:stop], sorted_m[start:stop].tolist()) if stop > start else ""
        for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)
    ]
    with_sources = receptors.append_column("sources", pa.array(texts, pa.string()))
    return with_sources.select(REACHED_SCHEMA.names).cast(REACHED_SCHEMA)


def _named(ids: Sequence[str], distances_m: Sequence[float]) -> str:
    shown = [f"{one}（{m:.0f} m）" for one, m in zip(ids[:SOURCES_NAMED], distances_m, strict=False)]
    more = len(ids) - len(shown)
    return "；".join(shown) + (f"；另有 {more} 家" if more else "")


def township_table(
    receptors: pa.Table,
    pairs: pa.Table,
    sources: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    radius_m: float,
) -> pa.Table:
    """Return `TOWNSHIPS_SCHEMA`: per township its sources, its parcels, and the parcels that sources reach.

    Parameters
    ----------
    receptors
        `RECEPTORS_SCHEMA`; `township` holds a nine-digit code or a name.
    sources
        Rows of the table of sources.
    names
        Township and county names by code.
    """
    codes = {name: code for code, name in reversed(list(names.items()))}
    keys = [_key(text, codes, names) for text in receptors["township"].to_pylist()]
    own = [_key(row["township_code"] or row["township"] or "", codes, names) for row in sources]
    towns = sorted(dict.fromkeys([*keys, *own]), key=lambda key: (key == NO_TOWNSHIP, key))
    place = {key: index for index, key in enumerate(towns)}
    town = np.array([place[key] for key in keys], np.int64)
    reached = receptors["source_count"].to_numpy() > 0
    area_ha = receptors["area_ha"].to_numpy()
    words = np.array(receptors["class"].to_pylist(), dtype=object)
    reaching = _reaching(receptors, pairs, town, len(towns))
    rows = []
    for index, key in enumerate(towns):
        here = town == index
        under = here & reached
        rows.append(
            {
                "township_code": key if key.isdigit() else "",
                "township": names.get(key, key),
                "county": names.get(key[:_COUNTY_DIGITS], "") if key.isdigit() else "",
                "radius_m": radius_m,
                "source_count": own.count(key),
                "farmland_count": int(here.sum()),
                "farmland_area_ha": float(area_ha[here].sum()),
                "reached_count": int(under.sum()),
                "reached_area_ha": float(area_ha[under].sum()),
                **{
                    f"reached_{code}_ha": float(area_ha[under & (words == word.value)].sum())
                    for word, code in _CLASS_CODES.items()
                },
                **reaching[index],
            }
        )
    return pa.Table.from_pylist(rows, TOWNSHIPS_SCHEMA)


_CLASS_CODES = {
    SoilQualityClass.PRIORITY_PROTECTION: "priority_protection",
    SoilQualityClass.SAFE_USE: "safe_use",
    SoilQualityClass.STRICT_CONTROL: "strict_control",
    SoilQualityClass.UNCLASSIFIED: "unclassified",
}


def _reaching(receptors: pa.Table, pairs: pa.Table, town: np.ndarray, towns: int) -> list[dict[str, Any]]:
    """Return per township how many sources reach it, the nearest one, and all of them by distance."""
    found: list[dict[str, Any]] = [
        {"reaching_count": 0, "nearest_source_id": "", "nearest_source_m": None, "sources": ""} for _ in range(towns)
    ]
    if not pairs.num_rows:
        return found
    rows = pc.index_in(pairs["receptor_id"], value_set=receptors["receptor_id"].combine_chunks()).to_numpy()
    table = pa.table({"town": town[rows], "source_id": pairs["source_id"], "distance_m": pairs["distance_m"]})
    least = table.group_by(["town", "source_id"], use_threads=False).aggregate([("distance_m", "min")])
    least = least.sort_by([("town", "ascending"), ("distance_m_min", "ascending"), ("source_id", "ascending")])
    by_town: dict[int, list[tuple[str, float]]] = {}
    for row in least.to_pylist():
        by_town.setdefault(row["town"], []).append((row["source_id"], row["distance_m_min"]))
    for index, near in by_town.items():
        ids, distances_m = zip(*near, strict=True)
        found[index] = {
            "reaching_count": len(ids),
            "nearest_source_id": ids[0],
            "nearest_source_m": distances_m[0],
            "sources": _named(ids, distances_m),
        }
    return found


def _key(text: str, codes: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return the code of a township that a cell names, else its words."""
    if text in names:
        return text
    return codes.get(text, text) or NO_TOWNSHIP
