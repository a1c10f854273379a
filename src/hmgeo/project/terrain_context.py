"""What a run found of water and ground as layers to draw; of the ground the ways down from tailings ponds, as leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.findings.results import ContextLayer
from hmgeo.outputs.map.leads import OVERHEAD_PATH
from hmgeo.project.water_context import water_layers
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.findings.terrain import TerrainTables
    from hmgeo.findings.used import LayerUsed
    from hmgeo.findings.water import WaterTables

_TITLE = "头顶库下游路径（复核线索）"
_CREDIT = "由高程推算，只反映地面径流"


def ground_layers(water: WaterTables, terrain: TerrainTables, layers: Sequence[LayerUsed]) -> tuple[ContextLayer, ...]:
    """Return the layers of both that hold anything, the leads on top."""
    return (*water_layers(water, layers), *terrain_layers(terrain, layers))


def terrain_layers(terrain: TerrainTables, layers: Sequence[LayerUsed]) -> tuple[ContextLayer, ...]:
    """Return the layers that hold anything; their basis is the worst of all that went in."""
    table = terrain.overhead.filter(pc.is_valid(terrain.overhead["path"]))
    shapes = shapely.from_wkb(table["path"].to_numpy(zero_copy_only=False))
    table = table.filter(pa.array(shapely.get_dimensions(shapes) == 1))
    if not table.num_rows:
        return ()
    basis = Basis.worst(*(layer.basis for layer in layers)) if layers else Basis.UNDECLARED
    names = [
        name or pond_id for name, pond_id in zip(*(table[key].to_pylist() for key in ("name", "pond_id")), strict=True)
    ]
    drawn = pa.table({"id": table["pond_id"], "name": pa.array(names, pa.string()), "geometry": table["path"]})
    return (ContextLayer(OVERHEAD_PATH, _TITLE, basis, _CREDIT, drawn),)
