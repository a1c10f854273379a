"""The view from the land: which sources reach each parcel and township, summed up as pairs are made.

What stays in memory is one row for each receptor (with at most `SOURCES_NAMED` sources in words), and one for each
township and source that meet.

A parcel counts once, however many sources reach it; sources known by place only reach nothing here, since nobody knows
where in the place they stand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmgeo.proximity.measure import TableSink, measure_proximity
from hmgeo.records import table_of
from hmgeo.reference.tables import ELEMENTS, EXCEEDS
from hmgeo.results.columns import (
    LAND_TOTALS_SCHEMA,
    REACHED_SCHEMA,
    RECEPTORS_SCHEMA,
    TOWNSHIPS_SCHEMA,
)
from hmgeo.vocabulary import (
    ALL_CLASSES,
    COUNTY_DIGITS,
    LAND_CODES,
    ClassKind,
    LandClass,
    SoilQualityClass,
    classes_in_order,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from hmgeo.records import Layer, Positions


SOURCES_NAMED = 20
Near = tuple[tuple[str, float], ...]
"""Ids of sources with their distances in metres, nearest first."""
"""A cell names this many sources, nearest first, and says how many more there are."""
_YES = frozenset({"是", "有", "超标", "yes", "y", "true", "1"})
_NO = frozenset({"否", "无", "未超标", "不超标", "没有", "no", "n", "false", "0"})


@dataclass(slots=True)
class Met:
    """How often a source meets the receptors of a place, and the least distance in metres."""

    count: int = 0
    least_m: float = float("inf")

    def add(self, count: int, least_m: float) -> None:
        """Take more pairs."""
        self.count += count
        self.least_m = min(self.least_m, least_m)


@dataclass(slots=True)
class Exceeding:
    """Parcels within reach of a source whose produce exceeds a limit; `unstated`: those of which nobody says."""

    count: int = 0
    area_ha: float = 0.0
    least_m: float = float("inf")
    unstated: int = 0


@dataclass(frozen=True, slots=True)
class Exceedances:
    """What a layer's own columns say of its parcels: whether anyone told; which exceed, with elements; which don't."""

    is_told: bool = False
    elements: Mapping[str, str] = field(default_factory=dict)
    sound: frozenset[str] = frozenset()


class LandView:
    """Takes pairs and receptors of a pass side by side.

    Parameters
    ----------
    exceedances
        Parcels whose produce exceeds a limit.
    off_m
        How far off the parcels may lie; infinite where they are drawn approximately.

    Notes
    -----
    `hmgeo.proximity.measure` hands out the pairs of some receptors, then those receptors: pairs wait until then.
    """

    def __init__(self, exceedances: Exceedances = Exceedances(), off_m: float = 0.0) -> None:
        self.exceedances = exceedances
        self.off_m = off_m
        self.exceeding: dict[str, Exceeding] = {}
        self.met: dict[tuple[str, str], Met] = {}
        self.count: Counter[str] = Counter()
        self.nearest: dict[str, tuple[float, str]] = {}
        self._waiting: list[pa.RecordBatch] = []
        self._batches: list[pa.RecordBatch] = []
        self.pairs = PairsSink(self)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take receptors (`RECEPTORS_SCHEMA`) whose pairs were handed out before."""
        waiting, self._waiting = self._waiting, []
        texts = [""] * batch.num_rows
        if waiting and batch.num_rows:
            texts = self._sum_up(pa.Table.from_batches(waiting), batch)
        columns = [*batch.select(RECEPTORS_SCHEMA.names).columns, pa.array(texts, pa.string())]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=REACHED_SCHEMA))

    def wait(self, batch: pa.RecordBatch) -> None:
        """Keep pairs (`PAIRS_SCHEMA`) until their receptors come."""
        self._waiting.append(batch)

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
        for one in grouped.to_pylist():
            key = one["town"] or "", one["source"]
            self.met.setdefault(key, Met()).add(one["metres_count"], one["metres_min"])
            self.count[one["source"]] += one["metres_count"]
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
        exceed = [one in self.exceedances.elements for one in names]
        unsaid = [not is_over and one not in self.exceedances.sound for one, is_over in zip(names, exceed, strict=True)]
        area_ha = receptors["area_ha"].to_pylist()
        for position in np.flatnonzero(np.array(unsaid)[rows]).tolist():
            self.exceeding.setdefault(ids[position], Exceeding()).unstated += 1
        for position in np.flatnonzero(np.array(exceed)[rows]).tolist():
            held = self.exceeding.setdefault(ids[position], Exceeding())
            held.count += 1
            held.area_ha += area_ha[rows[position]]
            held.least_m = min(held.least_m, float(metres[position]))


class PairsSink:
    """The side of a `LandView` that takes pairs."""

    def __init__(self, view: LandView) -> None:
        self._view = view

    def write(self, batch: pa.RecordBatch) -> None:
        """Take one batch of `PAIRS_SCHEMA`."""
        self._view.wait(batch)


def named_sources(ids: Sequence[str], distances_m: Sequence[float]) -> str:
    """Return sources with their distances in words.

    Examples
    --------
    >>> named_sources(["S2", "S1"], [50.0, 100.4])
    'S2（50 m）；S1（100 m）'
    """
    shown = [f"{one}（{m:.0f} m）" for one, m in zip(ids[:SOURCES_NAMED], distances_m, strict=False)]
    more = len(ids) - len(shown)
    return "；".join(shown) + (f"；另有 {more} 家" if more else "")


def exceedances_of(farmland: Layer | None) -> Exceedances:
    """Return which parcels' produce exceeds a limit, as the layer's own columns say (近三年农产品超标)."""
    is_told = False
    elements: dict[str, str] = {}
    sound: set[str] = set()
    for batch in farmland.batches() if farmland is not None else ():
        links = batch["links"] if "links" in batch.schema.names else None
        if links is None or EXCEEDS not in pc.unique(links.keys).to_pylist():
            continue
        is_told = True
        for one, told in zip(batch["receptor_id"].to_pylist(), links.to_pylist(), strict=True):
            said = dict(told or ())
            word = said.get(EXCEEDS, "").strip().casefold()
            if word in _YES:
                elements[one] = said.get(ELEMENTS, "")
            elif word in _NO:
                sound.add(one)
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
                **{name: float(area_ha[under & held].sum()) for name, held in of_class.items()},
                "reached_garden_ha": None if gardens is None else beside_ha[key],
                **reaching[index],
                "site_count": there[key],
                "reached_site_count": near[key],
            }
        )
    return table_of(rows, TOWNSHIPS_SCHEMA)


def _columns_by_class(receptors: pa.Table) -> dict[str, np.ndarray]:
    """Return which parcels each column of a class sums up; none of land use where the layer says nothing of it."""
    found: dict[str, np.ndarray] = {}
    for column, codes in (("class", _CLASS_CODES), ("land_class", LAND_CODES)):
        if column == "class" or receptors[column].null_count < receptors.num_rows:
            words = np.array(receptors[column].to_pylist(), dtype=object)
            found |= {f"reached_{code}_ha": words == word for word, code in codes.items()}
    return found


_CLASS_CODES: Mapping[str, str] = {
    SoilQualityClass.PRIORITY_PROTECTION: "priority_protection",
    SoilQualityClass.SAFE_USE: "safe_use",
    SoilQualityClass.STRICT_CONTROL: "strict_control",
    SoilQualityClass.UNCLASSIFIED: "unclassified",
}


def _reached_ha(gardens: pa.Table | None, key_of: Callable[[str], str]) -> dict[str, float]:
    """Return by township the hectares of 园地 that a source reaches, 0 where none does."""
    found: dict[str, float] = defaultdict(float)
    for row in gardens.select(["township", "area_ha", "source_count"]).to_pylist() if gardens is not None else ():
        found[key_of(row["township"])] += row["area_ha"] * bool(row["source_count"])
    return found


def beside_of(positions: Positions, gardens: Layer, radii_m: Sequence[float]) -> tuple[pa.Table, pa.Table]:
    """Return counts of 园地 by source and radius (`COUNTS_SCHEMA`), and its parcels (`RECEPTORS_SCHEMA`)."""
    reached = TableSink(RECEPTORS_SCHEMA)
    counts = measure_proximity(positions, gardens, radii_m=radii_m, reached=reached).counts
    counts = counts.filter(pc.equal(counts["class"], ALL_CLASSES))
    for name, word in (("class", LandClass.GARDEN.value), ("class_kind", ClassKind.LAND.value)):
        told = pa.array([word] * len(counts), pa.string())
        counts = counts.set_column(counts.schema.get_field_index(name), name, told)
    return counts, reached.table()


def with_gardens(counts: pa.Table, gardens: pa.Table) -> pa.Table:
    """Put counts of 园地 behind those of farmland of the same source and radius, a lower bound where those are."""

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
    """
    key_of = _keys_of(names)
    if gardens is not None:
        receptors = pa.concat_tables([receptors.select(RECEPTORS_SCHEMA.names), gardens])
    codes = np.array([key[:COUNTY_DIGITS] * key.isdigit() for key in map(key_of, receptors["township"].to_pylist())])
    unplaced = sum(row["geometry"] is None for row in sources)
    beyond: dict[float, set[str]] = defaultdict(set)
    for row in counts.filter(counts["is_lower_bound"]).to_pylist():
        beyond[row["radius_m"]].add(row["source_id"])
    area_ha = receptors["area_ha"].to_numpy()
    nearest_m = receptors["nearest_source_m"].to_numpy()
    land = np.array(receptors["land_class"].to_pylist(), dtype=object)
    every, is_farmland = np.ones(len(codes), bool), land != LandClass.GARDEN
    classes = [(ALL_CLASSES, ALL_CLASSES, is_farmland)]
    soil = np.array(receptors["class"].to_pylist(), dtype=object)
    soil[~is_farmland] = None
    for kind, words in (ClassKind.SOIL, soil), (ClassKind.LAND, land):
        classes += [(kind.value, word, words == word) for word in classes_in_order(set(words) - {None})]
    counties = [("", ALL_COUNTIES, every)]
    counties += [(one, names.get(one, one) or NO_COUNTY, codes == one) for one in sorted(set(codes.tolist()))]
    rows = []
    for code, county, here in counties:
        for radius_m in radii_m:
            within = here & (nearest_m <= radius_m)
            told = {
                "county_code": code,
                "county": county,
                "radius_m": radius_m,
                "is_lower_bound": bool(beyond[radius_m] or unplaced),
                "sources_beyond_coverage": len(beyond[radius_m]),
                "sources_unplaced": unplaced,
            }
            for kind_of, word, held in classes:
                both = within & held
                cells = {"class_kind": kind_of, "class": word, "count": int(both.sum())}
                rows.append(told | cells | {"area_ha": float(area_ha[both].sum())})
    return table_of(rows if len(codes) else [], LAND_TOTALS_SCHEMA)


def sources_by_town(land: LandView, towns: pa.Table, names: Mapping[str, str]) -> tuple[Near, ...]:
    """Return who reaches each township of `township_table`, nearest first, as ids with distances in metres."""
    rows = towns.select(["township_code", "township"]).to_pylist()
    place = {row["township_code"] or row["township"]: index for index, row in enumerate(rows)}
    return tuple(near[:SOURCES_NAMED] for near in _near(land, place, _keys_of(names)))


def _near(land: LandView, towns: Mapping[str, int], key_of: Callable[[str], str]) -> list[Near]:
    least: list[dict[str, float]] = [{} for _ in towns]
    for (text, source), met in land.met.items():
        held = least[towns[key_of(text)]]
        held[source] = min(met.least_m, held.get(source, np.inf))
    return [tuple(sorted(held.items(), key=lambda one: (one[1], one[0]))) for held in least]


def _reached_by(near: Near) -> dict[str, Any]:
    """Return how many sources reach a township, the nearest one, and all of them by distance."""
    ids, distances_m = [one for one, _ in near], [metres for _, metres in near]
    return {
        "reaching_count": len(ids),
        "nearest_source_id": ids[0] if ids else "",
        "nearest_source_m": distances_m[0] if ids else None,
        "sources": named_sources(ids, distances_m),
    }


def _keys_of(names: Mapping[str, str]) -> Callable[[str], str]:
    return partial(_key, codes={name: code for code, name in reversed(list(names.items()))})


def _key(text: str, codes: Mapping[str, str]) -> str:
    """Return the code of a township that a cell names, else its words: a code stands for itself."""
    return codes.get(text, text) or NO_TOWNSHIP
