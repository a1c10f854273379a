"""The irrigation pathway from tables alone: outlet, receiving water, intake, irrigation district, parcels.

Canals don't follow a surface, so no heights decide here; where heights or drawn rivers tell that an intake lies above
the outlet, the chain is broken there. A missing link is named and clears nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct

from hmgeo.geo.ellipsoid import ellipsoidal_area_m2
from hmgeo.reference.tables import DISTRICT, ENTERPRISE, INTAKE, WATER, same_name
from hmgeo.vocabulary import MEASURE_DECIMALS, LayerKind, SoilQualityClass
from hmgeo.words import Reason, say, say_with

ESTABLISHED, BROKEN, UNKNOWN = "established", "broken", "not_assessed"
NO_LAYERS, ELSEWHERE = "缺图层", "上下游"
"""Where a chain ends that nobody asked for, or whose intake is known to lie elsewhere; elsewhere a link is untold."""
_M2_PER_HA = 10_000
_WASTEWATER = ("", "废水", "污水", "雨水")
_NEEDED = (LayerKind.IRRIGATION_INTAKES, LayerKind.FARMLAND)


class Along(Struct, frozen=True):
    """How an intake lies to an outlet along the water.

    `flow_m`: the way from outlet to intake; None where the water doesn't come by.
    `datum`: what tells it, such as 按高程推算.
    """

    flow_m: float | None
    datum: str


class ChainSource(Struct, frozen=True):
    """A source with the waters that lists without shapes name, and where it stands (lon/lat; None where unknown).

    `waters`: pairs of a water and the column that names it; asked only where no outfall belongs to the source.
    """

    source_id: str
    name: str
    waters: tuple[tuple[str, str], ...] = ()
    geometry: shapely.Geometry | None = None


class ChainTables(Struct, frozen=True):
    """The lists that the chain is read from; None where nobody provided one. Tables of `RECEPTOR_SCHEMA`.

    `along`: tells how an intake lies to an outlet; None where neither heights nor drawn rivers do.
    """

    outlets: pa.Table | None = None
    intakes: pa.Table | None = None
    districts: pa.Table | None = None
    parcels: pa.Table | None = None
    along: Callable[[shapely.Geometry, shapely.Geometry], Along | None] | None = None


class _Watered(Struct, frozen=True):
    """The parcels of a district: rows, and by which column or shape they are known."""

    rows: tuple[int, ...]
    datum: tuple[Reason, ...]


def irrigation_chains(sources: Sequence[ChainSource], tables: ChainTables) -> list[dict[str, Any]]:
    """Return rows of `IRRIGATION_SCHEMA`: every source at least once, in input order; read from `tables`.

    `sources`: outfalls are found by id or name of the enterprise; without one the water that other lists name counts.
    """
    missing = [kind.zh for kind, table in zip(_NEEDED, (tables.intakes, tables.parcels), strict=True) if table is None]
    if missing:
        text = say("irrigation_without_layers", layers=tuple(missing))
        return [_row(source, UNKNOWN, {"broken_at": NO_LAYERS, "chain": text}) for source in sources]
    book = _Lists(tables)
    return [row for source in sources for row in book.chains(source)]


class _Lists:
    """The lists, indexed by what their rows say."""

    def __init__(self, tables: ChainTables) -> None:
        self._along = tables.along
        self._outlets = _rows(tables.outlets)
        self._has_outlets = tables.outlets is not None
        self._intakes = _rows(tables.intakes)
        self._districts = _rows(tables.districts)
        self._parcels = _rows(tables.parcels)
        self._points = shapely.point_on_surface(np.array([row["geometry"] for row in self._parcels], dtype=object))
        self._by_link: dict[tuple[str, str], list[int]] = {}
        for number, row in enumerate(self._parcels):
            for code in (INTAKE, DISTRICT):
                if code in row["links"]:
                    self._by_link.setdefault((code, same_name(row["links"][code])), []).append(number)
        self._silent = np.array([not {INTAKE, DISTRICT} & set(row["links"]) for row in self._parcels], dtype=bool)

    def chains(self, source: ChainSource) -> list[dict[str, Any]]:
        """Return every chain of a source."""
        names = {same_name(source.source_id), same_name(source.name)} - {""}
        own = [
            row
            for row in self._outlets
            if same_name(row["links"].get(ENTERPRISE, "")) in names and row["class"] in _WASTEWATER
        ]
        if not own:
            waters = source.waters or (("", say("water_stated_nowhere")),)
            at = source.geometry
            return [row for water, datum in waters for row in self._from_water(source, None, water, datum, at)]
        return [
            row
            for outlet in own
            for row in self._from_water(
                source, outlet, outlet["links"].get(WATER, ""), say("water_of_outfalls"), outlet["geometry"]
            )
        ]

    def _from_water(
        self, source: ChainSource, outlet: Mapping[str, Any] | None, water: str, datum: str, at: shapely.Geometry | None
    ) -> list[dict[str, Any]]:
        if outlet is not None:
            links = [say("link_outfall", name=outlet["name"] or outlet["receptor_id"])]
        else:
            code = "link_without_outfall" if self._has_outlets else "link_without_outfalls"
            links = [say(code, name=source.name or source.source_id)]
        known = {"outlet_id": "" if outlet is None else outlet["receptor_id"], "water": water}
        if not water:
            why = datum if outlet is None else say("water_not_in_outfalls")
            return [_broken(source, known, links, "受纳水体", why)]
        links.append(say("link_water", water=water, datum=datum))
        intakes = [row for row in self._intakes if same_name(row["links"].get(WATER, "")) == same_name(water)]
        if not intakes:
            return [_broken(source, known, links, "取水口", say("no_intake_of_water", water=water))]
        return [self._from_intake(source, known, links, intake, at) for intake in intakes]

    def _from_intake(
        self,
        source: ChainSource,
        known: Mapping[str, Any],
        links_so_far: Sequence[Reason],
        intake: Mapping[str, Any],
        at: shapely.Geometry | None,
    ) -> dict[str, Any]:
        along = None
        if self._along is not None and at is not None and intake["geometry"] is not None:
            along = self._along(at, intake["geometry"])
        cells = {**known, "intake_id": intake["receptor_id"], "intake_name": intake["name"]}
        name = intake["name"] or intake["receptor_id"]
        if along is None:
            links = [*links_so_far, say("link_intake_unverified", name=name)]
        elif along.flow_m is None:
            links = [*links_so_far, say("link_intake", name=name)]
            return _broken(source, cells, links, ELSEWHERE, say("intake_not_below", datum=along.datum))
        else:
            cells["intake_flow_m"] = round(along.flow_m, 1)
            links = [*links_so_far, say("link_intake_below", name=name, flow_m=along.flow_m, datum=along.datum)]
        return self._from_district(source, cells, links, intake)

    def _from_district(
        self, source: ChainSource, known: Mapping[str, Any], links_so_far: Sequence[Reason], intake: Mapping[str, Any]
    ) -> dict[str, Any]:
        named = intake["links"].get(DISTRICT, "")
        district, datum = self._district(intake)
        if district is None:
            direct = self._by_link.get((INTAKE, same_name(intake["receptor_id"])), [])
            if direct:
                return self._end(source, known, links_so_far, _Watered(tuple(direct), (say("parcels_of_intake"),)))
            why = say("no_such_district", name=named) if named else say("no_district_named")
            return _broken(source, known, links_so_far, "灌区", why)
        cells = {**known, "district_id": district["receptor_id"], "district_name": district["name"]}
        links = [*links_so_far, say("link_district", name=district["name"] or district["receptor_id"], datum=datum)]
        return self._end(source, cells, links, self._watered(district, intake))

    def _district(self, intake: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, str]:
        """Return the district that an intake feeds: the intake's own word first, then the district's."""
        named = same_name(intake["links"].get(DISTRICT, ""))
        for row in self._districts:
            if named and named in {same_name(row["receptor_id"]), same_name(row["name"])}:
                return row, say("district_of_intakes")
        names = {same_name(intake["receptor_id"]), same_name(intake["name"])} - {""}
        for row in self._districts:
            if not named and same_name(row["links"].get(INTAKE, "")) in names:
                return row, say("district_of_districts")
        return None, ""

    def _watered(self, district: Mapping[str, Any], intake: Mapping[str, Any]) -> _Watered:
        """Return a district's parcels: those that name it, and those that name nothing but lie in its shape."""
        keys = [(DISTRICT, same_name(district[column])) for column in ("receptor_id", "name") if district[column]]
        keys.append((INTAKE, same_name(intake["receptor_id"])))
        naming = sorted({row for key in keys for row in self._by_link.get(key, [])})
        shape = district["geometry"]
        inside: list[int] = []
        if shape is not None and shape.area > 0 and len(self._parcels):
            inside = np.flatnonzero(self._silent & shapely.contains(shape, self._points)).tolist()
        datum = [say("parcels_naming", count=len(naming))] if naming else []
        datum += [say("parcels_silent", count=len(inside))] if inside else []
        return _Watered((*naming, *inside), tuple(datum))

    def _end(
        self, source: ChainSource, known: Mapping[str, Any], links: Sequence[Reason], watered: _Watered
    ) -> dict[str, Any]:
        if not watered.rows:
            return _broken(source, known, links, "地块", say("no_parcel_of_district"))
        parcels = [self._parcels[row] for row in watered.rows]
        area = {
            word: sum(_hectares(parcel) for parcel in parcels if parcel["class"] == word.value)
            for word in (SoilQualityClass.STRICT_CONTROL, SoilQualityClass.SAFE_USE)
        }
        total = sum(_hectares(parcel) for parcel in parcels)
        polluted = tuple(say("class_area", word=word, area_ha=value) for word, value in area.items() if value)
        text = say_with(
            "link_parcels_polluted" if polluted else "link_parcels",
            {"count": len(parcels), "area_ha": total, "datum": watered.datum, "polluted": polluted},
        )
        cells = {
            **known,
            "parcel_count": len(parcels),
            "area_ha": round(total, MEASURE_DECIMALS),
            "strict_control_ha": round(area[SoilQualityClass.STRICT_CONTROL], MEASURE_DECIMALS),
            "safe_use_ha": round(area[SoilQualityClass.SAFE_USE], MEASURE_DECIMALS),
            "broken_at": "",
            "chain": say("irrigation_chain", links=(*links, text)),
        }
        return _row(source, ESTABLISHED, cells)


def _broken(
    source: ChainSource, known: Mapping[str, Any], links: Sequence[Reason], link: str, why: str
) -> dict[str, Any]:
    """Return a chain that ends early, with the link that is missing and why."""
    chain = say("irrigation_chain", links=(*links, say("link_missing", link=link, why=why)))
    return _row(source, BROKEN, {**known, "broken_at": link, "chain": chain})


def _row(source: ChainSource, status: str, cells: Mapping[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(("outlet_id", "water", "intake_id", "intake_name", "district_id", "district_name"), "")
    return {"source_id": source.source_id, "name": source.name, "status": status, **empty, **cells}


def _rows(table: pa.Table | None) -> list[dict[str, Any]]:
    if table is None:
        return []
    return [
        row
        | {
            "links": dict(row["links"] or ()),
            "geometry": None if row["geometry"] is None else shapely.from_wkb(row["geometry"]),
        }
        for row in table.drop_columns("stated").to_pylist()
    ]


def _hectares(parcel: Mapping[str, Any]) -> float:
    """Return the official area where the layer has one, else the ellipsoidal one as drawn."""
    official: float | None = parcel["official_area_m2"]
    area_m2 = official if official is not None else float(ellipsoidal_area_m2([parcel["geometry"]])[0])
    return area_m2 / _M2_PER_HA
