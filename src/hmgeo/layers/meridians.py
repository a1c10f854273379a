"""The central meridian of metres without a zone prefix, where the county that a row names leaves only one."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from hmgeo.datum import Datum, gauss_kruger_crs
from hmgeo.layers.admin import COUNTY_TOLERANCE_M, declared_place
from hmgeo.layers.georeference import unproject
from hmgeo.layers.journal import name_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.layers.admin import AdminUnit
    from hmgeo.layers.digits import Pair
    from hmgeo.layers.outcome import Outcome
    from hmgeo.layers.rawtable import RawTable
    from hmgeo.layers.schema import Columns

_MERIDIANS = range(75, 138, 3)
_FARTHEST_DEG = 4.5


def meridians_by_county(
    rows: Sequence[int],
    pairs: dict[int, Pair],
    datums: Sequence[Datum | None],
    raw: RawTable,
    columns: Columns,
    outcome: Outcome,
) -> dict[int, float]:
    """Return the one meridian, 3° or 6°, that puts each row into its county; rows with none or several are left out.

    Parameters
    ----------
    rows
        Rows in metres without a zone prefix or a meridian.
    """
    counties: dict[AdminUnit, list[int]] = defaultdict(list)
    for row in rows:
        words = (
            raw.columns[columns[role]][row] if role in columns else "" for role in ("county", "township", "region_code")
        )
        county = declared_place(*words).county
        if county is not None:
            counties[county].append(row)
    found: dict[int, float] = {}
    for county, members in counties.items():
        fitting = _fitting(county, members, pairs, datums)
        found |= {row: meridians[0] for row, meridians in fitting.items() if len(meridians) == 1}
    for meridian in sorted(set(found.values())):
        told = [row + 1 for row in sorted(found) if found[row] == meridian]
        outcome.journal.note(
            "中央子午线由县推定",
            f"共 {name_rows(told)}没有带号和中央子午线，只有 {meridian:g}° 能使点落在所填县内",
            f"按中央子午线 {meridian:g}° 读取",
            field=f"{columns['lon']}、{columns['lat']}",
            value=f"{meridian:g}",
        )
    return found


def _fitting(
    county: AdminUnit, rows: Sequence[int], pairs: dict[int, Pair], datums: Sequence[Datum | None]
) -> dict[int, list[float]]:
    west, _, east, _ = county.shape.bounds
    x = np.array([pairs[row].x for row in rows])
    y = np.array([pairs[row].y for row in rows])
    found: dict[int, list[float]] = defaultdict(list)
    for meridian in _MERIDIANS:
        if abs(meridian - (west + east) / 2) > _FARTHEST_DEG:
            continue
        lon, lat = unproject(gauss_kruger_crs(float(meridian), datum=datums[rows[0]] or Datum.CGCS2000), x, y)
        finite = np.isfinite(lon) & np.isfinite(lat)
        inside = np.zeros(len(rows), dtype=bool)
        inside[finite] = county.outside_m(lon[finite], lat[finite]) <= COUNTY_TOLERANCE_M
        for position in np.flatnonzero(inside).tolist():
            found[rows[position]].append(float(meridian))
    return found
