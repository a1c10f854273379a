"""The view from the land: which sources reach each parcel and each township, and what lies under influence.

A parcel counts once, however many sources reach it; sources known by place only reach nothing here, since nobody knows
where in the place they stand.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.analysis.land_view import named_sources
from hmgeo.findings.columns import TOWNSHIPS_SCHEMA
from hmgeo.vocabulary import COUNTY_DIGITS, SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from hmgeo.analysis.land_view import LandView

NO_TOWNSHIP = "未注明乡镇"


def township_table(
    land: LandView,
    sources: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    radius_m: float,
    sites: pa.Table | None = None,
) -> pa.Table:
    """Return `TOWNSHIPS_SCHEMA`: per township its sources, its parcels, and the parcels that sources reach.

    Parameters
    ----------
    land
        Parcels with who reaches them; `township` holds a nine-digit code or a name.
    sources
        Rows of the table of sources.
    names
        Township and county names by code.
    sites
        Villages and sensitive sites (`REACHED_SCHEMA`), counted by the township that their rows name.
    """
    key_of = partial(_key, codes={name: code for code, name in reversed(list(names.items()))}, names=names)
    receptors = land.receptors
    keys = [key_of(text) for text in receptors["township"].to_pylist()]
    there, near = _sites_by_town(sites, key_of)
    own = [key_of(row["township_code"] or row["township"] or "") for row in sources]
    towns = sorted(dict.fromkeys([*keys, *own, *there]), key=lambda key: (key == NO_TOWNSHIP, key))
    place = {key: index for index, key in enumerate(towns)}
    town = np.array([place[key] for key in keys], np.int64)
    reached = receptors["source_count"].to_numpy() > 0
    area_ha = receptors["area_ha"].to_numpy()
    words = np.array(receptors["class"].to_pylist(), dtype=object)
    reaching = _reaching(land, place, key_of)
    rows = []
    for index, key in enumerate(towns):
        here = town == index
        under = here & reached
        rows.append(
            {
                "township_code": key if key.isdigit() else "",
                "township": names.get(key, key),
                "county": names.get(key[:COUNTY_DIGITS], "") if key.isdigit() else "",
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
                "site_count": there[key],
                "reached_site_count": near[key],
            }
        )
    return pa.Table.from_pylist(rows, TOWNSHIPS_SCHEMA)


_CLASS_CODES = {
    SoilQualityClass.PRIORITY_PROTECTION: "priority_protection",
    SoilQualityClass.SAFE_USE: "safe_use",
    SoilQualityClass.STRICT_CONTROL: "strict_control",
    SoilQualityClass.UNCLASSIFIED: "unclassified",
}


def _sites_by_town(sites: pa.Table | None, key_of: Callable[[str], str]) -> tuple[Counter[str], Counter[str]]:
    """Return by township how many sites there are, and how many of them a source reaches."""
    there, near = Counter[str](), Counter[str]()
    for row in sites.select(["township", "source_count"]).to_pylist() if sites is not None else ():
        there[key_of(row["township"])] += 1
        near[key_of(row["township"])] += bool(row["source_count"])
    return there, near


def _reaching(land: LandView, towns: Mapping[str, int], key_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return per township how many sources reach it, the nearest one, and all of them by distance."""
    least: list[dict[str, float]] = [{} for _ in towns]
    for (text, source), met in land.met.items():
        held = least[towns[key_of(text)]]
        held[source] = min(met.least_m, held.get(source, np.inf))
    found: list[dict[str, Any]] = []
    for held in least:
        near = sorted(held.items(), key=lambda one: (one[1], one[0]))
        ids, distances_m = [one for one, _ in near], [metres for _, metres in near]
        found.append(
            {
                "reaching_count": len(ids),
                "nearest_source_id": ids[0] if ids else "",
                "nearest_source_m": distances_m[0] if ids else None,
                "sources": named_sources(ids, distances_m),
            }
        )
    return found


def _key(text: str, codes: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return the code of a township that a cell names, else its words."""
    if text in names:
        return text
    return codes.get(text, text) or NO_TOWNSHIP
