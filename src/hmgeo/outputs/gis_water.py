"""What a run found of water as tables of the GeoPackage: ways downhill, catchments, closed basins, sampling, ponds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import shapely

from hmgeo.outputs import qml
from hmgeo.outputs.style import UNJUDGED, context_style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from hmgeo.findings.results import Results
    from hmgeo.outputs.style import Style


@dataclass(frozen=True, slots=True)
class WaterPart:
    """One table without its geometry, its shapes in lon/lat, and how QGIS draws it."""

    name: str
    role: str
    rows: pa.Table = field(repr=False)
    shapes: list[shapely.Geometry] = field(repr=False)
    style: str = field(repr=False)


def water_parts(results: Results) -> Iterator[WaterPart]:
    """Yield the tables that hold anything, with all their columns."""
    for name, role, table, symbol in _held(results):
        drawn = table.filter(pc.is_valid(table["geometry"]))
        if drawn.num_rows:
            shapes = list(shapely.from_wkb(drawn["geometry"].to_pylist()))
            rows = drawn.drop_columns("geometry")
            mark = qml.marker(UNJUDGED, 2.4) if symbol is None else symbol(context_style(role))
            yield WaterPart(name, role, rows, shapes, qml.single(mark, qml.aliases(rows.column_names)))


def _held(results: Results) -> Iterator[tuple[str, str, pa.Table, Callable[[Style], qml.Symbol] | None]]:
    """Yield name, role, table and symbol (None for points) of every table that the run has."""
    water, terrain = results.water, results.terrain
    if water is not None:
        yield "flow_paths", "flow_path", water.paths, qml.line
        yield "catchments", "catchment", water.catchment_areas, qml.fill
        yield "closed_basins", "closed_basin", water.basins, qml.fill
        yield "sampling_points", "sampling_point", water.sampling, None
    if terrain is not None:
        names = ["geometry" if name == "path" else name for name in terrain.overhead.column_names]
        yield "overhead_paths", "overhead_path", terrain.overhead.rename_columns(names), qml.line
