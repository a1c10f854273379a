"""Everything that a run says of the ground beside its verdicts; what isn't assessed says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from hmgeo.analysis.barrier_view import barrier_rule, barriers
from hmgeo.analysis.choices import chosen_text, unset_text
from hmgeo.analysis.facts import Unknown, missing_layer
from hmgeo.analysis.layer_index import LayerIndexes
from hmgeo.analysis.mine_view import mine_table, polluted_of
from hmgeo.analysis.overhead_view import overhead_table, ponds_of
from hmgeo.analysis.parcel_slopes import parcel_slopes, steep_farmland
from hmgeo.analysis.raster_strips import frame_of
from hmgeo.analysis.terrain import ReliefScheme
from hmgeo.analysis.terrain_screen import measured_pairs, terrain_flips
from hmgeo.errors import HmgeoError
from hmgeo.findings.terrain import TerrainTables
from hmgeo.rules.parameters import declaration
from hmgeo.vocabulary import LayerKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.analysis.terrain_places import PlaceTerrain
    from hmgeo.analysis.water_layers import ProjectWater
    from hmgeo.records import Layer, Positions, Raster

WINDOW = "relief_window_m"
NO_HEIGHTS = missing_layer(LayerKind.ELEVATION.value)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run has to say something of the ground with.

    Parameters
    ----------
    sources, reached
        Of the same run: sources with their nearest parcel, receptors with areas.
    water
        Made when first asked for its grid; None without heights.
    """

    positions: Positions
    farmland: Layer | None
    others: Sequence[Layer]
    elevation: Raster | None
    choices: Choices
    radius_m: float
    sources: pa.Table = field(repr=False)
    reached: pa.Table = field(repr=False)
    water: ProjectWater | None = None

    def layer(self, kind: LayerKind) -> Layer | None:
        """Return the layer of a kind, None where the project has none."""
        return next((one for one in self.others if one.kind is kind), None)

    def grid(self) -> FlowGrid | Unknown:
        """Return the grid that drains, or why there is none."""
        if self.water is None:
            return NO_HEIGHTS
        try:
            return self.water.grid
        except HmgeoError as error:
            return Unknown("；".join(f"{one.what}。{one.remedy}" for one in error.problems) + "。")


def terrain_view(ground: Ground) -> TerrainTables:
    """Return every table on the ground of a run."""
    made = TerrainTables()
    notes: dict[str, tuple[str, ...]] = {}
    slopes, steep = made.slopes, made.steep
    if ground.farmland is not None:
        slopes, notes["slopes"] = parcel_slopes(ground.farmland, ground.elevation)
        steep = steep_farmland(ground.reached, slopes, LayerIndexes([*ground.others]))
    flips, places, notes["flips"] = _flips(ground)
    grid: FlowGrid | Unknown | None = None
    shapes = _nearest_parcels(ground)
    found = made.barriers
    if ground.elevation is not None and shapes:
        grid = ground.grid()
        rule = barrier_rule(ground.choices)
        found = barriers(ground.sources, shapes, grid, rule, places)
        notes["barriers"] = _chosen(ground.choices, ("barrier_ridge_m", "small_catchment_ha"))
    overhead, mines = made.overhead, made.mines
    ponds, shafts = ground.layer(LayerKind.TAILINGS_PONDS), ground.layer(LayerKind.MINES)
    if ponds is not None:
        grid = grid or ground.grid()
        facilities = ground.layer(LayerKind.RESIDENTIAL_AND_IMPORTANT_FACILITIES)
        overhead = overhead_table(ponds_of(ponds), facilities, grid, ground.choices)
        notes["overhead"] = _chosen(ground.choices, ("path_beside_m",))
    if shafts is not None and ground.farmland is not None:
        grid = grid or ground.grid()
        mines = mine_table(shafts, polluted_of(ground.reached), grid, ground.choices)
        notes["mines"] = _chosen(ground.choices, ("surroundings_m", "max_downstream_m", "path_beside_m"))
    return TerrainTables(slopes, steep, flips, found, overhead, mines, notes)


def _flips(ground: Ground) -> tuple[pa.Table, Mapping[str, PlaceTerrain | Unknown], tuple[str, ...]]:
    empty = TerrainTables().flips
    if ground.farmland is None:
        return empty, {}, (missing_layer(LayerKind.FARMLAND.value).why,)
    if ground.elevation is None:
        return empty, {}, (NO_HEIGHTS.why,)
    window_m = ground.choices.number(WINDOW)
    if window_m is None:
        return empty, {}, (unset_text(WINDOW),)
    scheme = ReliefScheme(window_m)
    measured = measured_pairs(ground.positions, ground.farmland, ground.radius_m)
    if not measured.source_ids:
        return empty, {}, ("没有已定位的污染源。",)
    found = terrain_flips(ground.elevation, measured, scheme, ground.radius_m)
    places = dict(zip(measured.source_ids, found.places, strict=True))
    return found.table, places, (f"{scheme.described(frame_of(ground.elevation))}。",)


def _nearest_parcels(ground: Ground) -> dict[str, shapely.Geometry]:
    """Return the shapes of parcels that are some source's nearest."""
    wanted = {one for one in ground.sources["nearest_farmland_id"].to_pylist() if one}
    ids = ground.reached["receptor_id"].to_pylist()
    rows = [row for row, one in enumerate(ids) if one in wanted]
    shapes = shapely.from_wkb(ground.reached["geometry"].take(pa.array(rows, pa.int64())).to_pylist())
    return {ids[row]: shape for row, shape in zip(rows, shapes, strict=True)}


def _chosen(choices: Choices, names: Sequence[str]) -> tuple[str, ...]:
    """Return how each number was chosen, or that it wasn't."""
    told = []
    for name in names:
        number = choices.number(name)
        declared = declaration(name)
        title = name if declared is None else declared.title_zh
        told.append(f"「{title}」未选定。" if number is None else chosen_text(name, number))
    return tuple(told)
