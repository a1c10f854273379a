"""Counts, areas and nearest receptors, summed slice by slice; the order of slices changes nothing but ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmgeo.findings.columns import COUNTS_SCHEMA
from hmgeo.geodesy import bearing_deg
from hmgeo.vocabulary import ALL_CLASSES, SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.distance import Shapes

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

NEAREST_SCHEMA = pa.schema(
    [
        ("source_id", pa.string()),
        ("class", pa.string()),
        ("receptor_id", pa.string()),
        ("receptor_name", pa.string()),
        ("receptor_class", pa.string()),
        ("distance_m", pa.float64()),
        ("bearing_deg", pa.float64()),
    ]
)
COUNT_MAX_SCHEMA = pa.schema([COUNTS_SCHEMA.field(name) for name in ("source_id", "class", "count")])


@dataclass(frozen=True, slots=True)
class Slice:
    """Some receptors, ready for measuring: a record batch, its shapes, areas and class numbers, row by row."""

    batch: pa.RecordBatch
    shapes: Shapes
    area_ha: Floats
    class_code: Indices


@dataclass(frozen=True, slots=True)
class Pairs:
    """Measured pairs of a slice, by receptor and then source: (k,) indices, rounded metres, (k, 2) nearest points."""

    source: Indices
    receptor: Indices
    distance_m: Floats
    from_lon_lat: Floats
    to_lon_lat: Floats

    def only(self, keep: NDArray[np.bool_]) -> Pairs:
        """Return the pairs that `keep` marks."""
        return Pairs(
            self.source[keep],
            self.receptor[keep],
            self.distance_m[keep],
            self.from_lon_lat[keep],
            self.to_lon_lat[keep],
        )


@dataclass(slots=True)
class Best:
    """The nearest receptor of one source in one class so far."""

    distance_m: float = np.inf
    receptor_id: str = ""
    receptor_name: str = ""
    receptor_class: str = ""
    bearing_deg: float = np.nan


class Tally:
    """What a pass has found so far."""

    def __init__(self, source_count: int, radii_m: tuple[float, ...]) -> None:
        self.radii_m = radii_m
        self.source_count = source_count
        self.classes: dict[str, int] = {}
        self.count = np.zeros((source_count, len(radii_m), 0), np.int64)
        self.area_ha = np.zeros((source_count, len(radii_m), 0))
        self.count_max = np.zeros((source_count, 0), np.int64)
        self.best: dict[tuple[int, str], Best] = {}

    def class_codes(self, words: Sequence[str]) -> Indices:
        """Return a number for each class word, making room for new ones."""
        for word in words:
            self.classes.setdefault(word, len(self.classes))
        missing = len(self.classes) - self.count.shape[2]
        self.count = np.pad(self.count, ((0, 0), (0, 0), (0, missing)))
        self.area_ha = np.pad(self.area_ha, ((0, 0), (0, 0), (0, missing)))
        self.count_max = np.pad(self.count_max, ((0, 0), (0, missing)))
        return np.array([self.classes[word] for word in words], np.int64)

    def add(self, part: Slice, pairs: Pairs) -> None:
        """Count pairs, all of them within their source's search radius widened by its uncertainty."""
        code = part.class_code[pairs.receptor]
        np.add.at(self.count_max, (pairs.source, code), 1)
        for place, radius_m in enumerate(self.radii_m):
            within = pairs.distance_m <= radius_m
            cell = (pairs.source[within], code[within])
            np.add.at(self.count[:, place], cell, 1)
            np.add.at(self.area_ha[:, place], cell, part.area_ha[pairs.receptor[within]])

    def remember_nearest(self, part: Slice, pairs: Pairs, *, by_class: bool) -> None:
        """Keep the nearest receptor of each source, of all and (where asked) by class; the first of equals wins."""
        words = part.batch.column("class").to_pylist()
        for code in (None, *np.unique(part.class_code)) if by_class else (None,):
            chosen = np.arange(len(pairs.source))
            if code is not None:
                chosen = np.flatnonzero(part.class_code[pairs.receptor] == code)
            keys = pairs.receptor[chosen], pairs.distance_m[chosen], pairs.source[chosen]
            order = chosen[np.lexsort(keys)]
            for pair in order[np.flatnonzero(np.diff(pairs.source[order], prepend=-1))]:
                word = ALL_CLASSES if code is None else words[pairs.receptor[pair]]
                self._offer(part, pairs, int(pair), word)

    def _offer(self, part: Slice, pairs: Pairs, pair: int, word: str) -> None:
        best = self.best.setdefault((int(pairs.source[pair]), word), Best())
        if pairs.distance_m[pair] < best.distance_m:
            row = int(pairs.receptor[pair])
            best.distance_m = float(pairs.distance_m[pair])
            best.receptor_id = part.batch.column("receptor_id")[row].as_py()
            best.receptor_name = part.batch.column("name")[row].as_py()
            best.receptor_class = part.batch.column("class")[row].as_py()
            only = slice(pair, pair + 1)
            touches = best.distance_m == 0
            best.bearing_deg = (
                np.nan if touches else float(bearing_deg(pairs.from_lon_lat[only], pairs.to_lon_lat[only])[0])
            )

    def ordered_classes(self) -> list[str]:
        """Return the classes met: official words in their order, then the rest by the alphabet."""
        official = [word.value for word in SoilQualityClass if word.value in self.classes]
        return official + sorted(set(self.classes) - set(official))

    def count_table(self, ids: Sequence[str]) -> pa.Table:
        """Return `COUNTS_SCHEMA` rows for every source, radius and class, `all` first."""
        words = self.ordered_classes()
        codes = [self.classes[word] for word in words]
        rows: list[tuple[object, ...]] = []
        for source, source_id in enumerate(ids):
            for place, radius_m in enumerate(self.radii_m):
                count, area_ha = self.count[source, place, codes], self.area_ha[source, place, codes]
                rows.append((source_id, radius_m, ALL_CLASSES, int(count.sum()), float(area_ha.sum())))
                parts = zip(words, count, area_ha, strict=True)
                rows += [(source_id, radius_m, word, int(n), float(ha)) for word, n, ha in parts]
        return _table(rows, COUNTS_SCHEMA)

    def count_max_table(self, ids: Sequence[str]) -> pa.Table:
        """Return source_id, class, count within the search radius plus the position's uncertainty."""
        rows: list[tuple[object, ...]] = []
        for source, source_id in enumerate(ids):
            rows.append((source_id, ALL_CLASSES, int(self.count_max[source].sum())))
            words = self.ordered_classes()
            rows += [(source_id, word, int(self.count_max[source, self.classes[word]])) for word in words]
        return _table(rows, COUNT_MAX_SCHEMA)

    def nearest_table(self, ids: Sequence[str]) -> pa.Table:
        """Return `NEAREST_SCHEMA` rows: per source the nearest of all, then of each class found within reach."""
        rows: list[tuple[object, ...]] = []
        for source, source_id in enumerate(ids):
            for word in (ALL_CLASSES, *self.ordered_classes()):
                best = self.best.get((source, word))
                if best is not None:
                    bearing = None if np.isnan(best.bearing_deg) else best.bearing_deg
                    receptor = best.receptor_id, best.receptor_name, best.receptor_class
                    rows.append((source_id, word, *receptor, best.distance_m, bearing))
        return _table(rows, NEAREST_SCHEMA)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
