"""Counts, areas and nearest receptors, summed unit by unit in the order of the layer, and the tables they become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.geo.distance import pair_distances, prepare_shapes
from hmgeo.geo.ellipsoid import bearing_deg
from hmgeo.records import schema_of
from hmgeo.reference.compiled import bare, compiled
from hmgeo.results.columns import COUNTS_SCHEMA
from hmgeo.vocabulary import ALL_CLASSES, ClassKind, LandClass, classes_in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from hmgeo.proximity.units import Found, Sources

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

NOWHERE = -1
_BETWEEN = "\x1f"
"""Between the soil's and the land's class, where rows have both: one tally holds them, tables sum them up by either."""
_EVERY = slice(None)
_SPARE_ROWS = 20_000
KEPT = ("receptor_id", "name", "class", "geometry")
"""Columns of receptors that are kept while they are the nearest of some source."""


class _Sums(NamedTuple):
    """The tally's arrays: (s, rings, classes) counts and hectares, and (s, classes) of the rest."""

    radii_m: Floats
    counts: Indices
    area_ha: Floats
    best_m: Floats
    best_row: Indices
    rings: int
    classes: int


class _Pairs(NamedTuple):
    """Pairs by row, and class and area of the rows."""

    source: NDArray[np.int32]
    row: NDArray[np.int32]
    metres: Floats
    class_code: Indices
    area_ha: Floats
    size: int


@compiled
def _add(pairs: _Pairs, first_row: int, sums: _Sums) -> None:
    """Add pairs; the first of equals stays the nearest, and areas are summed in the order of the layer."""
    p, t = bare(pairs), bare(sums)
    for k in range(p.size):
        source, row, metres = p.source[k], p.row[k], p.metres[k]
        code = p.class_code[row]
        ring = 0
        for i in range(t.rings - 1):
            ring += metres > t.radii_m[i]  # no branch: which ring comes next can't be foretold
        at = (source * t.rings + ring) * t.classes + code
        t.counts[at] += 1
        t.area_ha[at] += p.area_ha[row]
        best = source * t.classes + code
        if metres < t.best_m[best]:
            t.best_m[best], t.best_row[best] = metres, first_row + row


@compiled
def tally_cells(
    cells: Floats,
    middles: Floats,
    reach_m: Floats,
    code: Indices,
    area_ha: Floats,
    surely_m: Floats,
    possibly_m: Floats,
    classes: int,
) -> tuple[Indices, Indices, Floats, Floats]:
    """Return fewest, most, least and most hectares by radius and class (all classes last) over the cells.

    Parameters
    ----------
    cells, middles
        (n, 2) middles of cells and of the balls around receptors, metres in a plane.
    reach_m, code, area_ha
        (n,) radius of each ball, class (from 0 to under `classes`) and hectares of its receptor.
    surely_m, possibly_m
        Per radius, ascending: a ball wholly within the first counts everywhere in the cell, one that reaches into the
        second may count somewhere in it.
    """
    radii = len(surely_m)
    fewest = np.full((radii, classes + 1), np.iinfo(np.int64).max, np.int64)
    most = np.zeros((radii, classes + 1), np.int64)
    least_ha = np.full((radii, classes + 1), np.inf)
    most_ha = np.zeros((radii, classes + 1))
    low = np.empty((radii, classes + 1), np.int64)
    high = np.empty((radii, classes + 1), np.int64)
    low_ha = np.empty((radii, classes + 1))
    high_ha = np.empty((radii, classes + 1))
    for cell in range(len(cells)):
        low[:] = 0
        high[:] = 0
        low_ha[:] = 0.0
        high_ha[:] = 0.0
        for ball in range(len(middles)):
            east, north = middles[ball, 0] - cells[cell, 0], middles[ball, 1] - cells[cell, 1]
            apart2 = east * east + north * north
            farthest = possibly_m[radii - 1] + reach_m[ball]
            if apart2 > farthest * farthest:
                continue
            apart = np.sqrt(apart2)
            kind = code[ball]
            first = 0  # radii ascend: what the first of them holds, all others hold; they are summed up below
            while apart - reach_m[ball] > possibly_m[first] and first < radii - 1:
                first += 1
            high[first, kind] += 1
            high_ha[first, kind] += area_ha[ball]
            while first < radii and apart + reach_m[ball] > surely_m[first]:
                first += 1
            if first < radii:
                low[first, kind] += 1
                low_ha[first, kind] += area_ha[ball]
        _sum_up(low, high, low_ha, high_ha)
        fewest = np.minimum(fewest, low)
        most = np.maximum(most, high)
        least_ha = np.minimum(least_ha, low_ha)
        most_ha = np.maximum(most_ha, high_ha)
    return fewest, most, least_ha, most_ha


@compiled
def _sum_up(low: Indices, high: Indices, low_ha: Floats, high_ha: Floats) -> None:
    """Add what smaller radii hold to larger ones, and all classes into the last column, in place."""
    radii, columns = low.shape
    for radius in range(radii):
        for kind in range(columns - 1):
            if radius > 0:
                low[radius, kind] += low[radius - 1, kind]
                high[radius, kind] += high[radius - 1, kind]
                low_ha[radius, kind] += low_ha[radius - 1, kind]
                high_ha[radius, kind] += high_ha[radius - 1, kind]
            low[radius, columns - 1] += low[radius, kind]
            high[radius, columns - 1] += high[radius, kind]
            low_ha[radius, columns - 1] += low_ha[radius, kind]
            high_ha[radius, columns - 1] += high_ha[radius, kind]


class Tally:
    """What a pass has found so far.

    `radii_m`: ascending. `keeps_rows`: whether the rows that are some source's nearest are kept.
    """

    def __init__(self, source_count: int, radii_m: tuple[float, ...], *, keeps_rows: bool = True) -> None:
        self.radii_m = radii_m
        self._keeps_rows = keeps_rows
        self._radii_m = np.array(radii_m)
        self._kept: list[pa.Table] = []
        self._kept_rows: list[Indices] = []
        self.classes: dict[str, int] = {}
        self._counts = np.zeros((source_count, len(radii_m) + 1, 0), np.int64)
        self._area_ha = np.zeros((source_count, len(radii_m) + 1, 0))
        self.best_m = np.zeros((source_count, 0))
        self.best_row = np.zeros((source_count, 0), np.int64)

    def know(self, soil: Sequence[str], land: Sequence[str]) -> None:
        """Make room for class words that a layer has (`soil` and `land`), whether or not they are met."""
        self.class_codes(pa.array([*soil, *(f"{soil[0]}{_BETWEEN}{word}" for word in land if soil)], pa.string()))

    def class_codes(self, words: pa.Array) -> Indices:
        """Return a number for each of the class `words` (as `class_column` gives them), making room for new ones."""
        encoded = _encoded(words)
        numbers = [self.classes.setdefault(word, len(self.classes)) for word in encoded.dictionary.to_pylist()]
        missing = len(self.classes) - self.best_m.shape[1]
        if missing:
            self._counts = np.pad(self._counts, ((0, 0), (0, 0), (0, missing)))
            self._area_ha = np.pad(self._area_ha, ((0, 0), (0, 0), (0, missing)))
            self.best_m = np.pad(self.best_m, ((0, 0), (0, missing)), constant_values=np.inf)
            self.best_row = np.pad(self.best_row, ((0, 0), (0, missing)), constant_values=NOWHERE)
        if not numbers:
            return np.zeros(len(words), np.int64)
        codes: Indices = np.array(numbers, np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]
        return codes

    def add(self, take: Callable[[Indices], pa.RecordBatch], first_row: int, class_code: Indices, met: Found) -> None:
        """Add a unit's pairs (`met`), all within their source's reach; units come in the order of the layer.

        Parameters
        ----------
        take
            Returns `KEPT` columns of some of the unit's rows.
        first_row
            Of the unit in the layer.
        class_code
            (n,) number of the class of each of its rows.
        """
        rings, classes = self._counts.shape[1:]
        sums = _Sums(self._radii_m, self._counts, self._area_ha, self.best_m, self.best_row, rings, classes)
        pairs = _Pairs(met.source, met.row, met.distance_m, class_code, met.area_ha, len(met.source))
        _add(pairs, first_row, sums)
        rows = np.unique(self.best_row[self.best_row >= first_row])
        if len(rows) and self._keeps_rows:
            self._kept.append(pa.Table.from_batches([take(rows - first_row)]))
            self._kept_rows.append(rows)
            if sum(map(len, self._kept_rows)) > _SPARE_ROWS + self.best_row.size:
                self._forget()

    @property
    def count(self) -> Indices:
        """(sources, radii, classes) receptors within each radius."""
        return np.cumsum(self._counts[:, :-1], axis=1)

    @property
    def count_max(self) -> Indices:
        """(sources, classes) receptors within the search radius plus the position's uncertainty."""
        widest: Indices = self._counts.sum(axis=1)
        return widest

    @property
    def area_ha(self) -> Floats:
        """(sources, radii, classes) hectares within each radius."""
        return np.cumsum(self._area_ha[:, :-1], axis=1)

    def _forget(self) -> None:
        """Keep only the rows that are still the nearest of some source."""
        rows = np.concatenate(self._kept_rows)
        is_held = np.isin(rows, self.best_row)
        self._kept = [pa.concat_tables(self._kept).filter(pa.array(is_held)).combine_chunks()]
        self._kept_rows = [rows[is_held]]

    def kept(self, rows: Indices) -> pa.Table:
        """Return receptor_id, name, class and geometry of `rows` of the layer that are the nearest of some source."""
        kept_rows = np.concatenate(self._kept_rows) if self._kept_rows else np.empty(0, np.int64)
        at = np.searchsorted(kept_rows, rows)  # rows were kept in ascending order
        return pa.concat_tables(self._kept).combine_chunks().take(pa.array(at))

    def nearest(self, codes: Sequence[int] | slice = _EVERY) -> tuple[Floats, Indices]:
        """Return metres and row of each source's nearest receptor of the classes `codes`, the first of equals.

        `NOWHERE` and infinite without one.
        """
        best_m = self.best_m[:, codes]
        metres = best_m.min(axis=1, initial=np.inf)
        rows = np.where(best_m == metres[:, None], self.best_row[:, codes], np.iinfo(np.int64).max)
        row = rows.min(axis=1, initial=np.iinfo(np.int64).max)
        return metres, np.where(np.isfinite(metres), row, NOWHERE)

    def codes_of(self, kind: ClassKind) -> dict[str, list[int]]:
        """Return the numbers of each class of a `kind`: official words in order, the rest by the alphabet."""
        codes: dict[str, list[int]] = {}
        for both, code in self.classes.items():
            soil, _, land = both.partition(_BETWEEN)
            if kind is ClassKind.SOIL or land:
                codes.setdefault(soil if kind is ClassKind.SOIL else land, []).append(code)
        return {word: codes[word] for word in classes_in_order(codes)}


def class_column(part: pa.RecordBatch) -> pa.Array:
    """Return the class words of `part`, blank for null; with a dictionary if they came so.

    Where rows say what the land is used as, a word is both: that of the soil, then that of the land.
    """
    words, land = part.column("class"), part.column("land_class")
    words = pc.fill_null(words.cast(pa.string()), "") if words.null_count else words
    if land.null_count == len(land):
        return words
    soil, used = (_encoded(column) for column in (words, pc.fill_null(land.cast(pa.string()), LandClass.UNREAD.value)))
    wide = len(used.dictionary)
    both = soil.indices.to_numpy().astype(np.int64) * wide + used.indices.to_numpy()
    met = np.bincount(both, minlength=len(soil.dictionary) * wide) > 0
    soils, lands = soil.dictionary.to_pylist(), used.dictionary.to_pylist()
    words = [f"{soils[pair // wide]}{_BETWEEN}{lands[pair % wide]}" for pair in np.flatnonzero(met).tolist()]
    return pa.DictionaryArray.from_arrays(pa.array((np.cumsum(met) - 1)[both], pa.int32()), pa.array(words))


def _encoded(words: pa.Array) -> pa.DictionaryArray:
    return words if pa.types.is_dictionary(words.type) else words.dictionary_encode()


NEAREST_SCHEMA = schema_of(
    "text source_id class receptor_id receptor_name receptor_class", "number distance_m bearing_deg"
)
_SHAPES_AT_ONCE = 5_000
COUNT_MAX_SCHEMA = pa.schema([COUNTS_SCHEMA.field(name) for name in ("source_id", "class", "count")])


def _by_class(tally: Tally) -> tuple[list[str], list[str], Callable[[Any], Any]]:
    """Return words and kinds of all classes, `all` first, and what sums the last axis of an array up by them."""
    soil, land = tally.codes_of(ClassKind.SOIL), tally.codes_of(ClassKind.LAND)

    def summed(values: NDArray[Any]) -> NDArray[Any]:
        parts = [values[..., codes].sum(axis=-1, keepdims=True) for codes in (*soil.values(), *land.values())]
        of_soil = np.concatenate([values[..., :0], *parts[: len(soil)]], axis=-1)
        return np.concatenate([of_soil.sum(axis=-1, keepdims=True), of_soil, *parts[len(soil) :]], axis=-1)

    kinds = [ALL_CLASSES, *[ClassKind.SOIL.value] * len(soil), *[ClassKind.LAND.value] * len(land)]
    return [ALL_CLASSES, *soil, *land], kinds, summed


def count_table(tally: Tally, ids: pa.Array, radii_m: tuple[float, ...]) -> pa.Table:
    """Return `COUNTS_SCHEMA` rows of `tally` for each of `ids`, `radii_m` and class, `all` first."""
    words, kinds, summed = _by_class(tally)
    sources, radii = len(ids), len(radii_m)
    columns = [
        ids.take(pa.array(np.repeat(np.arange(sources), radii * len(words)))),
        pa.array(np.tile(np.repeat(np.array(radii_m), len(words)), sources)),
        pa.array(words * (sources * radii), pa.string()),
        pa.array(summed(tally.count).ravel()),
        pa.array(summed(tally.area_ha).ravel()),
        pa.array(kinds * (sources * radii), pa.string()),
    ]
    return pa.table(columns, schema=COUNTS_SCHEMA)


def count_max_table(tally: Tally, ids: pa.Array) -> pa.Table:
    """Return by `ids` and class the count of `tally` within the search radius plus the position's uncertainty."""
    words, _, summed = _by_class(tally)
    columns = [
        ids.take(pa.array(np.repeat(np.arange(len(ids)), len(words)))),
        pa.array(words * len(ids), pa.string()),
        pa.array(summed(tally.count_max).ravel()),
    ]
    return pa.table(columns, schema=COUNT_MAX_SCHEMA)


def nearest_table(tally: Tally, far: list[Tally], sources: Sources) -> pa.Table:
    """Return `NEAREST_SCHEMA` rows from `tally`: per source the nearest of all, then of each class found within reach.

    `far`: tallies of the nearest, of whatever class, of sources with none within reach.
    """
    words = tally.codes_of(ClassKind.SOIL)
    bests = [tally.nearest(), *map(tally.nearest, words.values())]
    metres, row = (np.column_stack(column) for column in zip(*bests, strict=True))
    source, column = np.nonzero(row != NOWHERE)
    parts = [_rows(tally, sources, source, column, metres[source, column], row[source, column])]
    for beyond in far:
        far_m, far_row = beyond.nearest()
        alone = np.flatnonzero(far_row != NOWHERE)
        parts.append(_rows(beyond, sources, alone, np.zeros_like(alone), far_m[alone], far_row[alone]))
    table = pa.concat_tables(parts)
    order = np.lexsort((table["column"].to_numpy(), table["source"].to_numpy()))
    table = table.take(pa.array(order))
    spoken = pa.array([ALL_CLASSES, *words]).take(table["column"].combine_chunks())
    columns = [sources.ids.take(table["source"].combine_chunks()), spoken, *table.columns[2:]]
    return pa.table(columns, schema=NEAREST_SCHEMA)


def _rows(tally: Tally, sources: Sources, source: Indices, column: Indices, metres: Floats, row: Indices) -> pa.Table:
    """Return the rows of one tally, with bearings measured anew."""
    if not len(source):
        kept = {name: pa.array([], pa.string()) for name in ("receptor_id", "name", "class")}
        bearing = np.empty(0)
    else:
        unique, place = np.unique(row, return_inverse=True)
        table = tally.kept(unique)
        bearing = np.where(metres > 0, _bearings_deg(table, sources, source, place), np.nan)
        table = table.take(pa.array(place))
        kept = {name: table[name].combine_chunks() for name in ("receptor_id", "name", "class")}
    return pa.table(
        {
            "source": pa.array(source, pa.int64()),
            "column": pa.array(column, pa.int64()),
            "receptor_id": kept["receptor_id"],
            "name": kept["name"],
            "receptor_class": kept["class"],
            "distance_m": pa.array(metres, pa.float64()),
            "bearing_deg": pa.array(bearing, mask=np.isnan(bearing)),
        }
    )


def _bearings_deg(table: pa.Table, sources: Sources, source: Indices, place: Indices) -> Floats:
    """Return where each source's receptor lies, some thousand shapes at a time.

    A source's nearest of all is the nearest of its class, too: it is measured once.
    """
    pair, again = np.unique(source * len(table) + place, return_inverse=True)
    source, place = pair // len(table), pair % len(table)
    made = np.empty(len(source))
    for first in range(0, len(table), _SHAPES_AT_ONCE):
        rows = np.flatnonzero((place >= first) & (place < first + _SHAPES_AT_ONCE))
        shapes = prepare_shapes(shapely.from_wkb(table["geometry"].slice(first, _SHAPES_AT_ONCE).to_numpy()))
        pairs = pair_distances(sources.shapes, shapes, source[rows], place[rows] - first)
        made[rows] = bearing_deg(pairs.from_lon_lat, pairs.to_lon_lat)
    return made[again]
