"""Counts, areas and nearest receptors, summed unit by unit in the order of the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmgeo.analysis.engine.pointers import bare
from hmgeo.reference.compiled import compiled
from hmgeo.vocabulary import SoilQualityClass

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hmgeo.analysis.engine.units import Found

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

NOWHERE = -1
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


class Tally:
    """What a pass has found so far.

    Parameters
    ----------
    source_count
        Sources.
    radii_m
        Ascending.
    """

    def __init__(self, source_count: int, radii_m: tuple[float, ...]) -> None:
        self.radii_m = radii_m
        self._radii_m = np.array(radii_m)
        self._kept: list[pa.Table] = []
        self._kept_rows: list[Indices] = []
        self.classes: dict[str, int] = {}
        self._counts = np.zeros((source_count, len(radii_m) + 1, 0), np.int64)
        self._area_ha = np.zeros((source_count, len(radii_m) + 1, 0))
        self.best_m = np.zeros((source_count, 0))
        self.best_row = np.zeros((source_count, 0), np.int64)

    def class_codes(self, words: pa.Array) -> Indices:
        """Return a number for each class word, making room for new ones."""
        encoded = words if pa.types.is_dictionary(words.type) else words.dictionary_encode()
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

    def add(self, take: Callable[[Indices], pa.RecordBatch], first_row: int, class_code: Indices, found: Found) -> None:
        """Add a unit's pairs, all within their source's reach; units come in the order of the layer.

        Parameters
        ----------
        take
            Returns `KEPT` columns of some of the unit's rows.
        """
        rings, classes = self._counts.shape[1:]
        sums = _Sums(self._radii_m, self._counts, self._area_ha, self.best_m, self.best_row, rings, classes)
        pairs = _Pairs(found.source, found.row, found.distance_m, class_code, found.area_ha, len(found.source))
        _add(pairs, first_row, sums)
        rows = np.unique(self.best_row[self.best_row >= first_row])
        if len(rows):
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
        held = np.isin(rows, self.best_row)
        self._kept = [pa.concat_tables(self._kept).filter(pa.array(held)).combine_chunks()]
        self._kept_rows = [rows[held]]

    def kept(self, rows: Indices) -> pa.Table:
        """Return receptor_id, name, class and geometry of rows that are the nearest of some source."""
        held = np.concatenate(self._kept_rows) if self._kept_rows else np.empty(0, np.int64)
        at = np.searchsorted(held, rows)  # rows were kept in ascending order
        return pa.concat_tables(self._kept).combine_chunks().take(pa.array(at))

    def nearest_of_all(self) -> tuple[Floats, Indices]:
        """Return metres and row of each source's nearest receptor, the first of equals; `NOWHERE` without one."""
        metres = self.best_m.min(axis=1, initial=np.inf)
        rows = np.where(self.best_m == metres[:, None], self.best_row, np.iinfo(np.int64).max)
        row = rows.min(axis=1, initial=np.iinfo(np.int64).max)
        return metres, np.where(np.isfinite(metres), row, NOWHERE)

    def ordered_classes(self) -> list[str]:
        """Return the classes met: official words in their order, then the rest by the alphabet."""
        official = [word.value for word in SoilQualityClass if word.value in self.classes]
        return official + sorted(set(self.classes) - set(official))


def class_column(part: pa.RecordBatch) -> pa.Array:
    """Return the class words of a batch, blank for null; with a dictionary if they came so."""
    words = part.column("class")
    return pc.fill_null(words.cast(pa.string()), "") if words.null_count else words
