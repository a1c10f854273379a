"""A project's layers put onto a grid that drains, so that rules may ask about water."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.flow import targets_of
from hmgeo.analysis.flow_facts import WaterLayer
from hmgeo.analysis.flow_grid import ClosedBasins, Conditioning, flow_grid
from hmgeo.analysis.flow_snap import snap
from hmgeo.vocabulary import Basis, Completeness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.flow_snap import SnapRule
    from hmgeo.analysis.raster_strips import Cells
    from hmgeo.records import Layer, Raster

ON_STREAMS = frozenset({"intakes", "irrigation_intakes", "water_stations", "outfalls"})
"""Layers whose points lie on a river: they are put onto the stream before anything is asked of them."""


class ProjectWater:
    """A project's water, made when the first rule asks for it: most runs need none.

    Parameters
    ----------
    elevation
        Heights in metres.
    layers
        Whatever rules may ask about.
    conditioning, snap_rule
        As chosen; Unknown where a parameter is unset, which then is said wherever it matters.
    """

    def __init__(
        self,
        elevation: Raster,
        layers: Iterable[Layer],
        conditioning: Conditioning | Unknown,
        snap_rule: SnapRule | Unknown,
    ) -> None:
        self._elevation = elevation
        self._layers = {layer.kind.value: layer for layer in layers}
        self._conditioning = conditioning
        self._snap_rule = snap_rule
        self._made: dict[str, WaterLayer] = {}

    @cached_property
    def grid(self) -> FlowGrid:
        """The grid that drains."""
        chosen = self._conditioning
        return flow_grid(self._elevation, Conditioning(ClosedBasins.BREACH) if isinstance(chosen, Unknown) else chosen)

    def why_not(self, code: str) -> str:
        """Return which unset parameter keeps a layer from being asked about; empty where none does.

        How closed basins are treated matters only where there are any.
        """
        if isinstance(self._conditioning, Unknown) and self.grid.basins:
            return f"{self._conditioning.why}高程中有封闭洼地 {len(self.grid.basins)} 处，填平与保留的结论可能不同。"
        if code in ON_STREAMS and isinstance(self._snap_rule, Unknown):
            return self._snap_rule.why
        return ""

    @property
    def is_approximate(self) -> bool:
        """Whether the heights are no more than a hint."""
        return self._elevation.basis is Basis.APPROXIMATE

    def has(self, code: str) -> bool:
        """Whether there is such a layer."""
        return code in self._layers

    def layer(self, code: str) -> WaterLayer:
        """Return a layer on the grid; made once."""
        if code not in self._made:
            rule = None if isinstance(self._snap_rule, Unknown) else self._snap_rule
            self._made[code] = water_layer(self.grid, self._layers[code], rule)
        return self._made[code]


def water_layer(grid: FlowGrid, layer: Layer, snap_rule: SnapRule | None) -> WaterLayer:
    """Return a layer's features as cells of the grid; without a rule points stay where they are."""
    table = layer.read()
    columns = [table[name].to_pylist() for name in ("receptor_id", "name", "class")]
    on_stream = layer.kind.value in ON_STREAMS
    cells = [_cells(grid, wkb, snap_rule if on_stream else None) for wkb in table["geometry"].to_pylist()]
    return WaterLayer(
        targets_of(columns[0], columns[1], columns[2], cells),
        layer.gates.coverage,
        layer.gates.completeness is Completeness.COMPLETE,
        layer.basis is Basis.APPROXIMATE,
        [None if wkb is None else shapely.from_wkb(wkb) for wkb in table["geometry"].to_pylist()],
    )


def _cells(grid: FlowGrid, wkb: bytes | None, snap_rule: SnapRule | None) -> Cells:
    if wkb is None:
        return np.zeros(0, np.int64)
    geometry = shapely.from_wkb(wkb)
    if snap_rule is not None and geometry.geom_type == "Point":
        return snap(grid, geometry, snap_rule).cells
    cells = grid.frame.cells_of_shape(geometry)
    on_grid: Cells = cells[grid.downstream[cells] >= 0]
    return on_grid
