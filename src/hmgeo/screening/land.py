"""The view from the land, summed up as pairs are made, and the land around each source, common ground counted once.

Of which sources reach each parcel and township, what stays in memory is one row for each receptor (with at most
`SOURCES_NAMED` sources in words), and one for each township and source that meet.

A parcel counts once, however many sources reach it; sources known by place only reach nothing here, since nobody knows
where in the place they stand.

Land around sources is measured as whole parcels and inside the circle: tile by tile, each with the parcels within its
reach, so that memory doesn't grow with a packed layer; of others, what lies within reach of any source is held. Which
parcels are within a radius is what `measure_proximity` says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct, field
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import SQUARE_M_PER_HA, search_boxes
from hmgeo.geo.land_area import ClippedAreas
from hmgeo.proximity.measure import TableSink, measure_proximity
from hmgeo.records import RECEPTOR_SCHEMA, Layer, Positions, table_of
from hmgeo.reference.tables import ELEMENTS, EXCEEDS
from hmgeo.results.columns import (
    AREA_CLIPPED,
    AREA_UNION,
    FARMLAND_CLIPPED,
    LAND_TOTALS_SCHEMA,
    PAIRS_SCHEMA,
    REACHED_SCHEMA,
    RECEPTORS_SCHEMA,
    TOWNSHIPS_SCHEMA,
)
from hmgeo.vocabulary import (
    ALL_CLASSES,
    COUNTY_DIGITS,
    LAND_CODES,
    MEASURE_DECIMALS,
    ClassKind,
    LandClass,
    SoilQualityClass,
    Status,
    classes_in_order,
)

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Geometries = NDArray[np.object_]


SOURCES_NAMED = 20
Near = tuple[tuple[str, float], ...]
"""Ids of sources with their distances in metres, nearest first."""
"""A cell names this many sources, nearest first, and says how many more there are."""
_YES = frozenset({"是", "有", "超标", "yes", "y", "true", "1"})
_NO = frozenset({"否", "无", "未超标", "不超标", "没有", "no", "n", "false", "0"})


class Met(Struct):
    """How often a source meets the receptors of a place, and the least distance in metres."""

    count: int = 0
    least_m: float = float("inf")

    def add(self, count: int, least_m: float) -> None:
        """Take more pairs: their `count`, and `least_m` of them."""
        self.count += count
        self.least_m = min(self.least_m, least_m)


class Exceeding(Struct):
    """Parcels within reach of a source whose produce exceeds a limit; `unstated`: those of which nobody says."""

    count: int = 0
    area_ha: float = 0.0
    least_m: float = float("inf")
    unstated: int = 0


class Exceedances(Struct, frozen=True):
    """What a layer's own columns say of its parcels: whether anyone told; which exceed, with elements; which don't."""

    is_told: bool = False
    elements: Mapping[str, str] = field(default_factory=dict)
    sound: frozenset[str] = frozenset()


_NONE_TOLD = Exceedances()


class LandView:
    """Takes pairs and receptors of a pass side by side.

    `exceedances`: parcels whose produce exceeds a limit.
    `off_m`: how far off the parcels may lie; infinite where they are drawn approximately.

    `hmgeo.proximity.measure` hands out the pairs of some receptors, then those receptors: pairs wait until then.
    """

    def __init__(self, exceedances: Exceedances = _NONE_TOLD, off_m: float = 0.0) -> None:
        self.exceedances = exceedances
        self.off_m = off_m
        self.exceeding: dict[str, Exceeding] = {}
        self.met: dict[tuple[str, str], Met] = {}
        self.count: Counter[str] = Counter()
        self.nearest: dict[str, tuple[float, str]] = {}
        self._batches: list[pa.RecordBatch] = []
        self.pairs = TableSink(PAIRS_SCHEMA)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take receptors (`batch` of `RECEPTORS_SCHEMA`) whose pairs were handed out before."""
        waiting = self.pairs.table()
        self.pairs.batches.clear()
        texts = self._sum_up(waiting, batch) if waiting.num_rows and batch.num_rows else [""] * batch.num_rows
        columns = [*batch.select(RECEPTORS_SCHEMA.names).columns, pa.array(texts, pa.string())]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=REACHED_SCHEMA))

    @property
    def reached(self) -> pa.Table:
        """Every receptor with the sources that reach it, nearest first: 编号（距离 m）, joined by `；`."""
        return pa.Table.from_batches(self._batches, REACHED_SCHEMA)

    @property
    def receptors(self) -> pa.Table:
        """The receptors without that text (`RECEPTORS_SCHEMA`)."""
        return self.reached.select(RECEPTORS_SCHEMA.names)

    def _sum_up(self, pairs: pa.Table, receptors: pa.RecordBatch) -> list[str]:
        """Put some receptors' pairs into the sums; return the sources of each in words."""
        rows = pc.index_in(pairs["receptor_id"], value_set=receptors["receptor_id"]).to_numpy()
        distance_m = pairs["distance_m"].to_numpy()
        order = np.lexsort((np.arange(len(rows)), distance_m, rows))
        ids = pairs["source_id"].take(pa.array(order)).to_pylist()
        near_rows, near_m = rows[order], distance_m[order]
        self._count_places(near_rows, ids, near_m, receptors)
        self._count_exceeding(near_rows, ids, near_m, receptors)
        bounds = np.searchsorted(near_rows, np.arange(receptors.num_rows + 1)).tolist()
        metres = near_m.tolist()
        return [named_sources(ids[start:stop], metres[start:stop]) for start, stop in pairwise(bounds)]

    def _count_places(
        self, rows: np.ndarray, ids: Sequence[str], metres: np.ndarray, receptors: pa.RecordBatch
    ) -> None:
        town = receptors["township"].take(pa.array(rows))
        table = pa.table({"town": town, "source": ids, "row": rows, "metres": metres})
        wanted = [("metres", "min"), ("metres", "count")]
        grouped = table.group_by(["town", "source"], use_threads=False).aggregate(wanted)
        for group in grouped.to_pylist():
            key = group["town"] or "", group["source"]
            self.met.setdefault(key, Met()).add(group["metres_count"], group["metres_min"])
            self.count[group["source"]] += group["metres_count"]
        sources, code = np.unique(np.array(ids, dtype=object), return_inverse=True)
        order = np.lexsort((rows, metres, code))
        firsts = order[np.searchsorted(code[order], np.arange(len(sources)))]  # of each source the nearest receptor
        for source, at in zip(sources.tolist(), firsts.tolist(), strict=True):
            metre = float(metres[at])
            if source not in self.nearest or metre < self.nearest[source][0]:
                self.nearest[source] = metre, receptors["receptor_id"][int(rows[at])].as_py()

    def _count_exceeding(
        self, rows: np.ndarray, ids: Sequence[str], metres: np.ndarray, receptors: pa.RecordBatch
    ) -> None:
        if not self.exceedances.is_told:
            return
        names = receptors["receptor_id"].to_pylist()
        exceed = [parcel_id in self.exceedances.elements for parcel_id in names]
        unsaid = [
            not is_over and parcel_id not in self.exceedances.sound
            for parcel_id, is_over in zip(names, exceed, strict=True)
        ]
        area_ha = receptors["area_ha"].to_pylist()
        for position in np.flatnonzero(np.array(unsaid)[rows]).tolist():
            self.exceeding.setdefault(ids[position], Exceeding()).unstated += 1
        for position in np.flatnonzero(np.array(exceed)[rows]).tolist():
            exceeding = self.exceeding.setdefault(ids[position], Exceeding())
            exceeding.count += 1
            exceeding.area_ha += area_ha[rows[position]]
            exceeding.least_m = min(exceeding.least_m, float(metres[position]))


def named_sources(ids: Sequence[str], distances_m: Sequence[float]) -> str:
    """Return sources (`ids`, nearest first) with their `distances_m` in words, at most `SOURCES_NAMED`.

    >>> named_sources(["S2", "S1"], [50.0, 100.4])
    'S2（50 m）；S1（100 m）'
    """
    shown = [f"{source_id}（{m:.0f} m）" for source_id, m in zip(ids[:SOURCES_NAMED], distances_m, strict=False)]
    more = len(ids) - len(shown)
    return "；".join(shown) + (f"；另有 {more} 家" if more else "")


def exceedances_of(farmland: Layer | None) -> Exceedances:
    """Return which parcels' produce exceeds a limit, as the own columns of `farmland` say (近三年农产品超标)."""
    is_told = False
    elements: dict[str, str] = {}
    sound: set[str] = set()
    for batch in farmland.batches() if farmland is not None else ():
        links = batch["links"] if "links" in batch.schema.names else None
        if links is None or EXCEEDS not in pc.unique(links.keys).to_pylist():
            continue
        is_told = True
        for parcel_id, pairs in zip(batch["receptor_id"].to_pylist(), links.to_pylist(), strict=True):
            stated = dict(pairs or ())
            word = stated.get(EXCEEDS, "").strip().casefold()
            if word in _YES:
                elements[parcel_id] = stated.get(ELEMENTS, "")
            elif word in _NO:
                sound.add(parcel_id)
    return Exceedances(is_told, elements, frozenset(sound))


NO_TOWNSHIP, NO_COUNTY, ALL_COUNTIES = "未注明乡镇", "未注明县区", "合计"


def township_table(
    land: LandView,
    sources: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    radius_m: float,
    sites: pa.Table | None = None,
    gardens: pa.Table | None = None,
) -> pa.Table:
    """Return `TOWNSHIPS_SCHEMA`: per township its sources, its parcels, and those that sources reach in `radius_m`.

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
    gardens
        Parcels of 园地 beside the farmland; None where nobody tells of any.
    """
    key_of = _keys_of(names)
    receptors = land.receptors
    keys = [key_of(text) for text in receptors["township"].to_pylist()]
    there, near = _sites_by_town(sites, key_of)
    own = [key_of(row["township_code"] or row["township"] or "") for row in sources]
    beside_ha = _reached_ha(gardens, key_of)
    towns = sorted(dict.fromkeys([*keys, *own, *there, *beside_ha]), key=lambda key: (key == NO_TOWNSHIP, key))
    place = {key: index for index, key in enumerate(towns)}
    town = np.array([place[key] for key in keys], np.int64)
    reached = receptors["source_count"].to_numpy() > 0
    area_ha = receptors["area_ha"].to_numpy()
    of_class = _columns_by_class(receptors)
    reaching = [_reached_by(near) for near in _near(land, place, key_of)]
    rows = []
    for index, key in enumerate(towns):
        here = town == index
        under = here & reached
        rows.append(
            {
                "township_code": key if key.isdigit() else "",
                "township": names.get(key, key),
                "county": names.get(key[:COUNTY_DIGITS], ""),
                "radius_m": radius_m,
                "source_count": own.count(key),
                "farmland_count": int(here.sum()),
                "farmland_area_ha": float(area_ha[here].sum()),
                "reached_count": int(under.sum()),
                "reached_area_ha": float(area_ha[under].sum()),
                **{name: float(area_ha[under & is_class].sum()) for name, is_class in of_class.items()},
                "reached_garden_ha": None if gardens is None else beside_ha[key],
                **reaching[index],
                "site_count": there[key],
                "reached_site_count": near[key],
            }
        )
    return table_of(rows, TOWNSHIPS_SCHEMA)


def _columns_by_class(receptors: pa.Table) -> dict[str, np.ndarray]:
    """Return which parcels each column of a class sums up; none of land use where the layer says nothing of it."""
    masks: dict[str, np.ndarray] = {}
    for column, codes in (("class", _CLASS_CODES), ("land_class", LAND_CODES)):
        if column == "class" or receptors[column].null_count < receptors.num_rows:
            words = np.array(receptors[column].to_pylist(), dtype=object)
            masks |= {f"reached_{code}_ha": words == word for word, code in codes.items()}
    return masks


_CLASS_CODES: Mapping[str, str] = {
    SoilQualityClass.PRIORITY_PROTECTION: "priority_protection",
    SoilQualityClass.SAFE_USE: "safe_use",
    SoilQualityClass.STRICT_CONTROL: "strict_control",
    SoilQualityClass.UNCLASSIFIED: "unclassified",
}


def _reached_ha(gardens: pa.Table | None, key_of: Callable[[str], str]) -> dict[str, float]:
    """Return by township the hectares of 园地 that a source reaches, 0 where none does."""
    by_town: dict[str, float] = defaultdict(float)
    for row in gardens.select(["township", "area_ha", "source_count"]).to_pylist() if gardens is not None else ():
        by_town[key_of(row["township"])] += row["area_ha"] * bool(row["source_count"])
    return by_town


def beside_of(positions: Positions, gardens: Layer, radii_m: Sequence[float]) -> tuple[pa.Table, pa.Table]:
    """Return counts of 园地 by source and radius (`COUNTS_SCHEMA`), and its parcels (`RECEPTORS_SCHEMA`)."""
    reached = TableSink(RECEPTORS_SCHEMA)
    counts = measure_proximity(positions, gardens, radii_m=radii_m, reached=reached, nearest=False).counts
    counts = counts.filter(pc.equal(counts["class"], ALL_CLASSES))
    for name, word in (("class", LandClass.GARDEN.value), ("class_kind", ClassKind.LAND.value)):
        column = pa.array([word] * len(counts), pa.string())
        counts = counts.set_column(counts.schema.get_field_index(name), name, column)
    return counts, reached.table()


def with_gardens(counts: pa.Table, gardens: pa.Table) -> pa.Table:
    """Put counts of 园地 (`gardens`) behind those of farmland (`counts`), a lower bound where those are."""

    def keys(table: pa.Table) -> list[tuple[str, float]]:
        return list(zip(table["source_id"].to_pylist(), table["radius_m"].to_pylist(), strict=True))

    bound = dict(zip(keys(counts), counts["is_lower_bound"].to_pylist(), strict=True))
    flags = pa.array([bound[key] for key in keys(gardens)], pa.bool_())
    table = pa.concat_tables([counts, gardens.append_column("is_lower_bound", flags)])
    place = {key: at for at, key in enumerate(bound)}
    return table.take(pa.array(np.argsort([place[key] for key in keys(table)], kind="stable")))


def _sites_by_town(sites: pa.Table | None, key_of: Callable[[str], str]) -> tuple[Counter[str], Counter[str]]:
    """Return by township how many sites there are, and how many of them a source reaches."""
    there, near = Counter[str](), Counter[str]()
    for row in sites.select(["township", "source_count"]).to_pylist() if sites is not None else ():
        there[key_of(row["township"])] += 1
        near[key_of(row["township"])] += bool(row["source_count"])
    return there, near


def land_totals(
    receptors: pa.Table,
    sources: Sequence[Mapping[str, Any]],
    counts: pa.Table,
    radii_m: Sequence[float],
    names: Mapping[str, str],
    gardens: pa.Table | None = None,
) -> pa.Table:
    """Return `LAND_TOTALS_SCHEMA`: farmland within each radius of any source, each parcel once, by county and class.

    Parameters
    ----------
    receptors
        `RECEPTORS_SCHEMA` of the farmland.
    gardens
        The same of 园地: a class of land use of its own, in no other sum.
    sources
        Rows of the table of sources; those without a position reach nothing, so that what is counted is a lower bound.
    counts
        The table of counts, which says whose search leaves the coverage at which radius.
    radii_m, names
        Counted at each radius; `names` are those of counties by code.
    """
    key_of = _keys_of(names)
    if gardens is not None:
        receptors = pa.concat_tables([receptors.select(RECEPTORS_SCHEMA.names), gardens])
    towns, town = _coded(receptors["township"])
    codes = [key[:COUNTY_DIGITS] * key.isdigit() for key in (key_of(name or "") for name in towns)]
    unplaced = sum(row["geometry"] is None for row in sources)
    beyond: dict[float, set[str]] = defaultdict(set)
    for row in counts.filter(counts["is_lower_bound"]).to_pylist():
        beyond[row["radius_m"]].add(row["source_id"])
    area_ha = receptors["area_ha"].to_numpy()
    nearest_m = receptors["nearest_source_m"].to_numpy()
    classes = _land_classes(receptors)
    counties = [("", ALL_COUNTIES, np.ones(len(town), bool))]
    for known in sorted(set(codes)):
        here = np.isin(town, [at for at, code in enumerate(codes) if code == known])
        counties.append((known, names.get(known, known) or NO_COUNTY, here))
    rows = []
    for code, county, here in counties:
        for radius_m in radii_m:
            within = here & (nearest_m <= radius_m)
            head = {
                "county_code": code,
                "county": county,
                "radius_m": radius_m,
                "is_lower_bound": bool(beyond[radius_m] or unplaced),
                "sources_beyond_coverage": len(beyond[radius_m]),
                "sources_unplaced": unplaced,
            }
            for kind_of, word, is_class in classes:
                both = within & is_class
                cells = {"class_kind": kind_of, "class": word, "count": int(both.sum())}
                rows.append(head | cells | {"area_ha": float(area_ha[both].sum())})
    return table_of(rows if len(town) else [], LAND_TOTALS_SCHEMA)


def _land_classes(receptors: pa.Table) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Return kind and word of each class, and which `receptors` are of it; 园地 is a class of land use alone."""
    lands, land = _coded(receptors["land_class"])
    soils, soil = _coded(receptors["class"])
    is_farmland = ~np.isin(land, [at for at, word in enumerate(lands) if word == LandClass.GARDEN])
    classes = [(ALL_CLASSES, ALL_CLASSES, is_farmland)]
    every = np.ones(len(land), bool)
    for kind, words, numbers, among in (ClassKind.SOIL, soils, soil, is_farmland), (ClassKind.LAND, lands, land, every):
        met = {words[at] for at in np.unique(numbers[among])} - {None}
        classes += [(kind.value, word, among & (numbers == words.index(word))) for word in classes_in_order(met)]
    return classes


def _coded(column: pa.ChunkedArray) -> tuple[list[str | None], NDArray[np.int32]]:
    """Return the texts of a column, each once, and which of them stands in each row."""
    coded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()


def sources_by_town(land: LandView, towns: pa.Table, names: Mapping[str, str]) -> tuple[Near, ...]:
    """Return who reaches each of `towns` (`TOWNSHIPS_SCHEMA`), nearest first, as ids with distances in metres.

    `land` knows who meets whom, `names` are those of townships by code.
    """
    rows = towns.select(["township_code", "township"]).to_pylist()
    place = {row["township_code"] or row["township"]: index for index, row in enumerate(rows)}
    return tuple(near[:SOURCES_NAMED] for near in _near(land, place, _keys_of(names)))


def _near(land: LandView, towns: Mapping[str, int], key_of: Callable[[str], str]) -> list[Near]:
    least: list[dict[str, float]] = [{} for _ in towns]
    for (text, source), met in land.met.items():
        by_source = least[towns[key_of(text)]]
        by_source[source] = min(met.least_m, by_source.get(source, np.inf))
    return [tuple(sorted(by_source.items(), key=lambda pair: (pair[1], pair[0]))) for by_source in least]


def _reached_by(near: Near) -> dict[str, Any]:
    """Return how many sources reach a township, the nearest one, and all of them by distance."""
    ids, distances_m = [source_id for source_id, _ in near], [metres for _, metres in near]
    return {
        "reaching_count": len(ids),
        "nearest_source_id": ids[0] if ids else "",
        "nearest_source_m": distances_m[0] if ids else None,
        "sources": named_sources(ids, distances_m),
    }


def _keys_of(names: Mapping[str, str]) -> Callable[[str], str]:
    """Return what gives the code of a township that a cell names, else its words: a code stands for itself."""
    codes = {name: code for code, name in reversed(list(names.items()))}
    return lambda text: codes.get(text, text) or NO_TOWNSHIP


_M_PER_DEGREE = 111_000.0
_LAST_LAT = 85.0
_LAST_LON = 175.0

LandAreas: TypeAlias = "dict[tuple[str, float, str], tuple[float, float | None]]"
"""Hectares by source, radius and class: under whole parcels, and inside the circle (None where there is none)."""


class _Numbered(Struct):
    """Takes coded pairs of parcels whose ids are their numbers."""

    takes_coded = True
    source: list[Indices] = field(default_factory=list)
    parcel: list[Indices] = field(default_factory=list)
    metres: list[Floats] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        source, receptor, _, metres = batch.columns
        self.source.append(source.indices.to_numpy().astype(np.int64))
        numbers = receptor.dictionary.take(receptor.indices)
        self.parcel.append(pc.cast(numbers, pa.int64()).to_numpy())
        self.metres.append(metres.to_numpy())


def land_areas(
    positions: Positions, receptors: Layer, radii_m: Sequence[float], progress: Callable[[int], None] = lambda _: None
) -> LandAreas:
    """Measure the land around every located source, common ground once.

    `positions`, `receptors`, `radii_m`: as for `measure_proximity`.

    Returned: classes met by a source's search, and `all`; ellipsoidal areas as drawn, whatever official area a parcel
    has. Under whole parcels: those within the radius, as counted. Inside the circle: for points only, and not within 5
    degrees of the poles and the antimeridian; None elsewhere.
    """
    radii = sorted(set(radii_m))
    table = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value)).combine_chunks()
    places = _shapes(table)
    reach_m = radii[-1] + np.zeros(len(places))
    boxes = search_boxes(shapely.bounds(places).reshape(-1, 4), reach_m)
    layer = _Reached(receptors, boxes)
    made: LandAreas = {}
    done = 0
    for rows in _tiles(places, radii[-1]):
        own = Positions(
            positions.name,
            positions.kind,
            positions.basis,
            positions.provenance,
            table.take(pa.array(rows)),
            pa.table({}),
        )
        _measure_tile(own, places[rows], layer.meeting(boxes[rows]), radii, made)
        done += len(rows)
        progress(done)
    return made


class _Reached:
    """A layer's parcels that meet boxes: read anew each time where the layer knows where they are, else held."""

    def __init__(self, layer: Layer, boxes: Floats) -> None:
        self._layer = layer
        self._within = getattr(layer.open_batches, "within", None)
        self._held = [] if self._within else list(_meeting(layer.batches(), boxes))

    def meeting(self, boxes: Floats) -> Layer:
        """Return the parcels that meet any of (n, 4) boxes as a layer, each with its number for an id."""
        read = self._held if self._within is None else self._within(boxes)
        batches = list(_meeting(read, boxes))
        columns = batches[0].schema if batches else None
        table = pa.Table.from_batches(batches, columns).combine_chunks() if columns else None
        parts = []
        if table is not None and table.num_rows:
            ids = pa.array(np.arange(table.num_rows).astype(str), pa.string())
            place = table.schema.get_field_index("receptor_id")
            parts = table.set_column(place, "receptor_id", ids).to_batches()
        layer = self._layer
        count = sum(part.num_rows for part in parts)
        return Layer(layer.name, layer.kind, layer.basis, layer.provenance, lambda: parts, feature_count=count)


def _meeting(batches: Sequence[pa.RecordBatch] | Iterator[pa.RecordBatch], boxes: Floats) -> Iterator[pa.RecordBatch]:
    turns = np.concatenate([boxes + np.array([turn, 0.0, turn, 0.0]) for turn in (-360.0, 0.0, 360.0)])
    tree = shapely.STRtree(shapely.box(*turns.T))
    for batch in batches:
        met = np.unique(tree.query(_shapes(batch))[0])
        if len(met):
            yield batch.take(pa.array(met))


def _shapes(table: pa.Table | pa.RecordBatch) -> Geometries:
    return np.asarray(shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False)), dtype=object)


def _tiles(places: Geometries, radius_m: float) -> list[Indices]:
    """Return the rows of sources that lie near one another, tiles as wide as the search, in order of their place."""
    bounds = shapely.bounds(places).reshape(-1, 4)
    cells = np.floor(np.nan_to_num(bounds[:, :2]) / (2 * radius_m / _M_PER_DEGREE)).astype(np.int64)
    _, tile = np.unique(cells, axis=0, return_inverse=True)
    tile = tile.ravel()
    order = np.argsort(tile, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(tile[order])) + 1) if len(order) else []


def _measure_tile(positions: Positions, places: Geometries, layer: Layer, radii: list[float], made: LandAreas) -> None:
    pairs = _Numbered()
    measure_proximity(positions, layer, radii_m=radii, pairs=pairs, nearest=False)
    ids = positions.table["source_id"].to_pylist()
    source, parcel, metres = (
        np.concatenate(parts) if parts else np.empty(0) for parts in (pairs.source, pairs.parcel, pairs.metres)
    )
    reached, parcel = np.unique(parcel.astype(np.int64), return_inverse=True)
    parcels = layer.read().take(pa.array(reached)) if len(reached) else RECEPTOR_SCHEMA.empty_table()
    shapes, land = _shapes(parcels), parcels["land_class"]
    for column in (parcels["class"], *[land] * (land.null_count < len(land))):
        words = pc.fill_null(column.cast(pa.string()), "")  # a packed file's dictionary has words that nothing here has
        coded = words.combine_chunks().dictionary_encode()
        areas = ClippedAreas(shapes, coded.indices.to_numpy().astype(np.int64))
        for number, source_id in enumerate(ids):
            own = source == number
            for radius_m in radii:
                union = areas.union_m2(np.sort(parcel[own & (metres <= radius_m)]))
                circle = _in_circle(areas, places[number], radius_m)
                for place, word in enumerate([ALL_CLASSES, *coded.dictionary.to_pylist()]):
                    clipped = None if circle is None else float(circle[place]) / SQUARE_M_PER_HA
                    made[source_id, radius_m, word] = float(union[place]) / SQUARE_M_PER_HA, clipped


def _in_circle(areas: ClippedAreas, place: shapely.Geometry, radius_m: float) -> Floats | None:
    if not isinstance(place, shapely.Point) or abs(place.y) > _LAST_LAT or abs(place.x) > _LAST_LON:
        return None
    return areas.clipped_m2(place.x, place.y, radius_m)


def with_land_areas(counts: pa.Table, areas: LandAreas) -> pa.Table:
    """Append `area_union_ha` and `area_clipped_ha` to counts; null for sources that weren't measured.

    `counts`: `COUNTS_SCHEMA`, whatever follows. `areas`: what `land_areas` returned.
    """
    measured = {source_id for source_id, _, _ in areas}
    union: list[float | None] = []
    circle: list[float | None] = []
    for row in counts.select(["source_id", "radius_m", "class"]).to_pylist():
        source_id, radius_m, word = row["source_id"], row["radius_m"], row["class"]
        whole, clipped = areas.get((source_id, radius_m, ALL_CLASSES), (None, None))
        if word == LandClass.GARDEN:  # beside the farmland that was measured
            whole, clipped = None, None
        elif word != ALL_CLASSES and source_id in measured:
            none_met = (0.0, None if clipped is None else 0.0)
            whole, clipped = areas.get((source_id, radius_m, word), none_met)
        union.append(whole)
        circle.append(clipped)
    counts = counts.append_column(AREA_UNION, pa.array(union, pa.float64()))
    return counts.append_column(AREA_CLIPPED, pa.array(circle, pa.float64()))


def with_clipped_area(sources: pa.Table, areas: LandAreas, radius_m: float) -> pa.Table:
    """Append `farmland_area_clipped_ha` to `sources`: hectares inside the circle of `radius_m`, common ground once.

    Null for a source that is no point or has no place.
    """
    made = [
        areas.get((source_id, radius_m, ALL_CLASSES), (None, None))[1] for source_id in sources["source_id"].to_pylist()
    ]
    rounded = [None if area_ha is None else round(area_ha, MEASURE_DECIMALS) for area_ha in made]
    return sources.append_column(FARMLAND_CLIPPED, pa.array(rounded, pa.float64()))
