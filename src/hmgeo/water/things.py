"""What questions about water are asked of: the layers of a run, and their features by name and shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from hmgeo.judging.bench import Question
    from hmgeo.records import Layer, Positions, SideTable
    from hmgeo.vocabulary import LayerKind


@dataclass(frozen=True, slots=True)
class Things:
    """Sources or receptors with their shapes in lon/lat; None where a row has no usable position.

    Parameters
    ----------
    kinds
        Layer codes; empty where all are of one kind that nobody asks for.
    why_not
        By id: why there is no position; the usual sentence where it says nothing.
    """

    ids: Sequence[str]
    names: Sequence[str]
    geometries: Sequence[shapely.Geometry | None] = field(repr=False)
    classes: Sequence[str] = ()
    kinds: Sequence[str] = ()
    why_not: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waters:
    """What questions about water are asked of.

    Parameters
    ----------
    layers
        By kind, farmland included; none that the sources may not be held against.
    left_out
        Kinds whose basis forbids that.
    """

    positions: Positions
    layers: Mapping[LayerKind, Layer]
    sides: Mapping[LayerKind, SideTable]
    question: Question
    left_out: tuple[LayerKind, ...] = ()
    tables: dict[LayerKind, pa.Table] = field(default_factory=dict, repr=False)

    def table(self, kind: LayerKind) -> pa.Table | None:
        """Return a layer's rows, read once; None where there is no such layer."""
        if kind not in self.layers:
            return None
        if kind not in self.tables:
            self.tables[kind] = self.layers[kind].read()
        return self.tables[kind]

    def things(self, kind: LayerKind) -> Things:
        """Return a layer's features."""
        table = self.table(kind)
        if table is None:
            return Things([], [], [])
        shapes = [None if one is None else shapely.from_wkb(one) for one in table["geometry"].to_pylist()]
        columns = [table[name].to_pylist() for name in ("receptor_id", "name", "class")]
        return Things(columns[0], columns[1], shapes, columns[2], [kind.value] * len(shapes))
