"""What a run found of water and ground as layers to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.outputs.map.leads import OVERHEAD_PATH
from hmgeo.results.results import ContextLayer
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hmgeo.results.results import TerrainTables, WaterTables
    from hmgeo.results.used import LayerUsed


FLOW_PATH, CATCHMENT, CLOSED_BASIN, SAMPLING = "flow_path", "catchment", "closed_basin", "sampling_point"
_CREDIT = "由高程推算，只反映地面径流"


def water_layers(water: WaterTables, layers: Sequence[LayerUsed]) -> tuple[ContextLayer, ...]:
    """Return the layers that hold anything; their basis is the worst of all that went in."""
    basis = Basis.worst(*(layer.basis for layer in layers)) if layers else Basis.UNDECLARED
    paths = water.paths.filter(pc.is_valid(water.paths["geometry"]))
    made = (
        (CATCHMENT, "取水口、保护区集水范围", water.catchment_areas, "target_id", _catchment_names(water)),
        (CLOSED_BASIN, "封闭洼地", water.basins, "basin_id", _basin_names(water)),
        (FLOW_PATH, "径流路径", paths, "source_id", _path_names(paths)),
        (SAMPLING, "建议布点", water.sampling, "point_id", _sampling_names(water)),
    )
    return tuple(
        ContextLayer(role, title, basis, _CREDIT, _named(table, column, names))
        for role, title, table, column, names in made
        if table.num_rows
    )


def _named(table: pa.Table, column: str, names: Sequence[str]) -> pa.Table:
    return pa.table({"id": table[column], "name": pa.array(names, pa.string()), "geometry": table["geometry"]})


def _catchment_names(water: WaterTables) -> list[str]:
    return [
        f"{row['name'] or row['target_id']} 集水 {row['catchment_area_ha'] / 100:.1f} km²，"
        f"污染源 {row['source_count']} 处"
        for row in water.catchment_areas.drop_columns("geometry").to_pylist()
    ]


def _basin_names(water: WaterTables) -> list[str]:
    return [
        f"{row['basin_id']} 深 {row['depth_m']:.0f} m，{row['area_ha']:.1f} ha，"
        f"{'保留' if row['is_kept'] else '按填平'}"
        for row in water.basins.drop_columns("geometry").to_pylist()
    ]


def _path_names(paths: pa.Table) -> list[str]:
    return [
        f"{row['name'] or row['source_id']} 径流 {row['length_m'] / 1000:.1f} km，{row['note']}"
        for row in paths.drop_columns("geometry").to_pylist()
    ]


def _sampling_names(water: WaterTables) -> list[str]:
    return [f"{row['point_id']} {row['why']}" for row in water.sampling.drop_columns("geometry").to_pylist()]


_TITLE = "头顶库下游路径（复核线索）"


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
