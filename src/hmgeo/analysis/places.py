"""Which county and township holds each source: read from the names in its row first, from geometry second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from hmgeo.analysis.named_places import named_place
from hmgeo.reference.tables import townships
from hmgeo.reference.templates import find_header
from hmgeo.vocabulary import COUNTY_DIGITS, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from hmgeo.records import Positions


@dataclass(frozen=True, slots=True)
class Areas:
    """Administrative areas to look sources up in: codes, names and polygons (lon/lat).

    Parameters
    ----------
    counties, townships
        Tables with id (code), name, geometry; None where none are at hand.
    townships_are_approximate
        Whether township polygons are no boundaries but cells around seats.
    """

    counties: pa.Table | None = None
    townships: pa.Table | None = None
    townships_are_approximate: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """Where a source lies.

    Parameters
    ----------
    township_from_geometry
        True where only a polygon says so, not the row itself.
    note
        Where name and coordinates disagree.
    """

    county_code: str = ""
    county: str = ""
    township_code: str = ""
    township: str = ""
    township_from_geometry: bool = False
    note: str = ""

    @property
    def code(self) -> str:
        """The innermost code known."""
        return self.township_code or self.county_code


NOWHERE = Place()


def places_of(positions: Positions, areas: Areas) -> tuple[Place, ...]:
    """Return the place of every row, in order; empty parts where nothing tells.

    Parameters
    ----------
    positions
        Sources; rows without coordinates are placed by the names they carry.
    """
    by_geometry = _holding(positions, areas.counties), _holding(positions, areas.townships)
    county_names = _names(areas.counties)
    township_names = {town.code: town.name for town in townships()} | _names(areas.townships)
    rows = positions.table.select(["county", "township", "status"]).to_pylist()
    texts = texts_of(positions)
    return tuple(
        _place(row, free, (county, township), county_names, township_names)
        for row, free, county, township in zip(rows, texts, *by_geometry, strict=True)
    )


def texts_of(positions: Positions) -> list[list[tuple[str, str]]]:
    """Return for each row the free texts that may name a place, most telling first, with what each is called."""
    headers = positions.attributes.column_names
    columns = [("名称", positions.table["name"].to_pylist())]
    for place, word in ((0, "生产经营场所地址"), (2, "责任单位")):
        header = find_header(headers, word)
        if header:
            columns.insert(place, (word, positions.attributes[header].to_pylist()))
    return [[(word, texts[row]) for word, texts in columns if texts[row]] for row in range(positions.table.num_rows)]


def _names(table: pa.Table | None) -> dict[str, str]:
    if table is None:
        return {}
    return dict(zip(table["id"].to_pylist(), table["name"].to_pylist(), strict=True))


def _holding(positions: Positions, table: pa.Table | None) -> list[str]:
    """Return the code of the polygon that holds each row's point, empty where none does."""
    found = [""] * positions.table.num_rows
    if table is None:
        return found
    located = [row for row, wkb in enumerate(positions.table["geometry"].to_pylist()) if wkb is not None]
    if not located:
        return found
    lon, lat = (positions.table[name].to_pylist() for name in ("lon", "lat"))
    points = [shapely.Point(lon[row], lat[row]) for row in located]
    tree = shapely.STRtree(shapely.from_wkb(table["geometry"].to_pylist()))
    codes = table["id"].to_pylist()
    point, polygon = tree.query(points, predicate="intersects")
    for one, other in zip(point[::-1], polygon[::-1], strict=True):  # on a shared border the first polygon stays
        found[located[one]] = codes[other]
    return found


def _place(
    row: Mapping[str, str],
    texts: Sequence[tuple[str, str]],
    codes_at: tuple[str, str],
    counties: Mapping[str, str],
    townships: Mapping[str, str],
) -> Place:
    """Join what the row says with what the polygons say; free texts count only where no polygon speaks."""
    county_at, township_at = codes_at
    free = texts if row["status"] == Status.NOT_LOCATED.value else ()
    named = named_place(row["county"], row["township"], free, counties, townships)
    township = named.township_code or township_at
    county = named.county_code or county_at or township_at[:COUNTY_DIGITS]
    disagrees = county_at and named.county_code and county_at != named.county_code
    return Place(
        county,
        counties.get(county, row["county"]),
        township if township.startswith(county) else "",
        townships.get(township, row["township"]) if township.startswith(county) else row["township"],
        township_from_geometry=bool(township) and not named.township_code,
        note=f"点位不在所填{counties[named.county_code]}内，请核对坐标或地址。" if disagrees else named.note,
    )
