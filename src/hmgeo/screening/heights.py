"""What a run asks of heights: the radius by terrain, water for each source, everything it says of the ground."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.geo.raster import frame_of
from hmgeo.judging.choices import Choices, chosen_text, unset_text
from hmgeo.judging.facts import (
    Features,
    TerrainVerdict,
    Unasked,
    Unknown,
    Water,
    barred_kinds,
    missing_layer,
    not_asked,
)
from hmgeo.judging.layers import LayerIndexes
from hmgeo.proximity.measure import TableSink, measure_proximity
from hmgeo.records import Layer, Positions, Raster
from hmgeo.results.columns import PAIRS_SCHEMA
from hmgeo.results.results import TerrainTables
from hmgeo.rules.parameters import declaration
from hmgeo.terrain.barrier import barrier_rule, barriers
from hmgeo.terrain.ponds_and_mines import mine_table, overhead_table, polluted_of, ponds_of
from hmgeo.terrain.radius import (
    Pairs,
    TerrainAt,
    TerrainQuestion,
    TerrainRadii,
    flips,
    line_classes,
    outcomes,
    pair_classes,
)
from hmgeo.terrain.slope import PlaceTerrain, ReliefScheme, parcel_slopes, steep_farmland, terrain_class_at
from hmgeo.vocabulary import MEASURE_DECIMALS, Basis, LayerKind, Status
from hmgeo.water.agreement import WaterFacts
from hmgeo.water.by_heights import FlowFacts, ProjectWater, grid_or_why
from hmgeo.water.by_rivers import NetworkFacts, ProjectRivers, rivers_of
from hmgeo.water.grid import FlowGrid
from hmgeo.water.snap import conditioning_of, snap_rule_of
from hmgeo.words import say, sentences

Floats = NDArray[np.float64]

RELIEF = "relief"


class TerrainChoice(Struct, frozen=True):
    """What a project chose where terrain is considered."""

    at: TerrainAt
    scheme: ReliefScheme
    radii: TerrainRadii

    def described(self, raster: Raster) -> str:
        """Say what was chosen, in Chinese, for notes and captions; the window is told in cells of `raster`."""
        words = {"farmland": "耕地一端", "source": "企业一端", "worst": "两端取距离较长者", "path": "沿两端连线"}
        radii = [
            say("radius_unset", terrain=name) if m is None else say("radius_set", terrain=name, radius_m=m)
            for name, m in (
                ("平原", self.radii.plain_m), ("丘陵", self.radii.hill_m), ("山区", self.radii.mountain_m)
            )
        ]  # fmt: skip
        scheme = self.scheme.described(frame_of(raster))
        return say("terrain_chosen", scheme=scheme, end=words[self.at.value], radii=tuple(radii))


def terrain_choice(choices: Choices, plain_m: float) -> TerrainChoice | Unknown:
    """Return the terrain parameters among `choices`; Unknown with the reason where one that is needed isn't set.

    `plain_m` is the radius on plain ground.

    Radii for hills and mountains may stay unset: then such pairs are undecided.
    """
    for name in ("terrain_at", "terrain_scheme"):
        if not choices.code(name):
            return Unknown(unset_text(name))
    if choices.code("terrain_scheme") != RELIEF:
        return Unknown(say("terrain_scheme_without_classes"))
    window_m = choices.number("relief_window_m")
    if window_m is None:
        return Unknown(unset_text("relief_window_m"))
    radii = TerrainRadii(plain_m, choices.number("hill_limit_m"), choices.number("mountain_limit_m"))
    return TerrainChoice(TerrainAt(choices.code("terrain_at")), ReliefScheme(window_m), radii)


class Measured(Struct, frozen=True):
    """Located sources, parcels, and every pair that the uncertainty may bring within the plain's radius."""

    source_ids: Sequence[str]
    sources: Sequence[shapely.Geometry]
    uncertainties_m: Floats
    receptor_ids: Sequence[str]
    receptors: Sequence[shapely.Geometry]
    pairs: Pairs

    def within(self, radius_m: float) -> Pairs:
        """Return the pairs within `radius_m` of the positions as given."""
        is_near = self.pairs.distance_m <= radius_m
        return Pairs(self.pairs.source[is_near], self.pairs.receptor[is_near], self.pairs.distance_m[is_near])


def measured_pairs(positions: Positions, farmland: Layer, plain_m: float, classes: Sequence[str] = ()) -> Measured:
    """Measure the pairs of `positions` and `farmland` that terrain is asked of: within `plain_m` and what is unsure.

    `classes`: official classes of parcels that count; all where empty.
    """
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    uncertainties_m = located["position_uncertainty_m"].to_numpy().astype(np.float64)
    parcels = farmland.read().select(["receptor_id", "class", "geometry"])
    if classes:
        parcels = parcels.filter(pc.is_in(parcels["class"], value_set=pa.array(classes)))
    sink = TableSink(PAIRS_SCHEMA)
    if located.num_rows and parcels.num_rows:
        widest_m = plain_m + float(uncertainties_m.max())
        measure_proximity(positions, farmland, radii_m=[widest_m], pairs=sink, nearest=False)
    met = sink.table()
    source = pc.index_in(met["source_id"], value_set=located["source_id"].combine_chunks())
    receptor = pc.index_in(met["receptor_id"], value_set=parcels["receptor_id"].combine_chunks())
    kept = pc.is_valid(receptor).to_numpy(zero_copy_only=False)
    pairs = Pairs(
        source.to_numpy(zero_copy_only=False)[kept].astype(np.int64),
        receptor.to_numpy(zero_copy_only=False)[kept].astype(np.int64),
        met["distance_m"].to_numpy()[kept],
    )
    return Measured(
        located["source_id"].to_pylist(),
        list(shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False))),
        uncertainties_m,
        parcels["receptor_id"].to_pylist(),
        list(shapely.from_wkb(parcels["geometry"].to_numpy(zero_copy_only=False))),
        pairs,
    )


def terrain_verdicts(raster: Raster, measured: Measured, choice: TerrainChoice) -> Mapping[str, TerrainVerdict]:
    """Return what each located source comes to by `choice`, by its id.

    `raster` holds heights in metres; `measured` the pairs.

    The range within the position's uncertainty moves the distances; classes are those at the position as given.
    """
    pairs, count = measured.pairs, len(measured.source_ids)
    here = terrain_class_at(raster, choice.scheme, measured.sources, measured.uncertainties_m.tolist())
    there = terrain_class_at(raster, choice.scheme, measured.receptors, [0.0] * len(measured.receptors))
    lines = []
    if choice.at is TerrainAt.PATH:
        lines = line_classes(raster, choice.scheme, pairs, measured.sources, measured.receptors)
    classes = pair_classes(pairs, here, there, choice.at, lines)
    spread_m = measured.uncertainties_m[pairs.source]
    by_sign = []
    for sign in (0.0, -1.0, 1.0):
        moved_m = np.round(np.clip(pairs.distance_m + sign * spread_m, 0.0, None), MEASURE_DECIMALS).astype(np.float64)
        by_sign.append(outcomes(Pairs(pairs.source, pairs.receptor, moved_m), classes, choice.radii, count))
    own_outcomes, nearer, farther = by_sign
    return {
        source_id: TerrainVerdict(
            own,
            frozenset({near.side, far.side}) - {own.side},
            "" if own.receptor < 0 else measured.receptor_ids[own.receptor],
        )
        for source_id, own, near, far in zip(measured.source_ids, own_outcomes, nearer, farther, strict=True)
    }


class _TerrainScreen:
    """What terrain makes of the sources of a run; worked out once for each kind of parcels and radius asked for."""

    def __init__(self, raster: Raster | None, positions: Positions, farmland: Layer | None, choices: Choices) -> None:
        self._raster = raster
        self._positions = positions
        self._farmland = farmland
        self._choices = choices
        self._found: dict[tuple[tuple[str, ...], float], Mapping[str, TerrainVerdict]] = {}

    def verdict(self, source_id: str, classes: tuple[str, ...], plain_m: float) -> TerrainVerdict | Unknown:
        """Return what the source `source_id` comes to; Unknown where heights or a needed choice are missing.

        `classes` of parcels count (all where empty), `plain_m` is the radius on plain ground.
        """
        if self._raster is None or self._farmland is None:
            return Unknown(say("terrain_class_without_heights"))
        choice = terrain_choice(self._choices, plain_m)
        if isinstance(choice, Unknown):
            return choice
        key = (classes, plain_m)
        if key not in self._found:
            measured = measured_pairs(self._positions, self._farmland, plain_m, classes)
            self._found[key] = terrain_verdicts(self._raster, measured, choice)
        verdict = self._found[key].get(source_id)
        if verdict is None:
            return Unknown(say("terrain_class_without_position"))
        return replace(verdict, how=choice.described(self._raster))


class _SourceGround(Unasked):
    """The ground of one source of a run: radii by terrain, where the project considers terrain."""

    def __init__(self, source_id: str, screen: _TerrainScreen | None, why: Unknown | None = None) -> None:
        super().__init__(why)
        self._id = source_id
        self._screen = screen

    def terrain(self, features: Features, plain_m: float, /) -> TerrainVerdict | Unknown | None:
        """Return what radii by terrain (`plain_m` on plains) make of the distance to `features`: farmland alone."""
        if self._screen is None or features.layer != LayerKind.FARMLAND.value:
            return None
        return self._screen.verdict(self._id, features.classes, plain_m)


_CONSIDERED = "considered"


class HeightFacts(Struct, frozen=True):
    """Water and terrain of a run; empty where there are no heights, no drawn rivers and nobody asks for terrain.

    Parameters
    ----------
    water, rivers
        By heights and by drawn lines; None where the project has no such layer.
    decides
        Whether the project's distances depend on heights, so that their basis counts in every finding.
    barred
        Kinds of layers that the sources may not be held against: such heights and rivers are None here.
    """

    water: ProjectWater | None = None
    terrain: _TerrainScreen | None = None
    basis: Basis = Basis.REAL
    decides: bool = False
    rivers: ProjectRivers | None = None
    barred: tuple[LayerKind, ...] = ()

    def bases(self) -> dict[str, Basis]:
        """Return how real the heights are, by their code; empty where there are none."""
        return {} if self.water is None else {LayerKind.ELEVATION.value: self.basis}

    def water_of(self, geometry: shapely.Geometry, uncertainty_m: float) -> WaterFacts:
        """Return what rules may ask of water for one source; every answer says what is missing.

        `geometry` is lon/lat, `uncertainty_m` that of the position.
        """
        why = self._why_barred()
        heights: Water = FlowFacts(geometry, uncertainty_m, self.water) if why is None else Unasked(why)
        lines = NetworkFacts(geometry, uncertainty_m, self.rivers, self.barred)
        return WaterFacts(heights, lines, has_heights=self.water is not None, barred=self.barred)

    def ground_of(self, source_id: str) -> _SourceGround:
        """Return what rules may ask of the ground for the source `source_id`."""
        return _SourceGround(source_id, self.terrain, self._why_barred())

    def _why_barred(self) -> Unknown | None:
        is_barred = LayerKind.ELEVATION in self.barred
        return not_asked(LayerKind.ELEVATION.value, self.barred) if is_barred else None


def heights_of(
    elevation: Raster | None,
    positions: Positions,
    farmland: Layer | None,
    others: Sequence[Layer],
    choices: Choices,
    *,
    mixes: bool = False,
) -> HeightFacts:
    """Return what a run may ask of its heights.

    Parameters
    ----------
    elevation
        None where the project has none: rules on water then answer as without it.
    mixes
        Whether the project says that real sources are held against invented data; else such layers aren't asked.
    positions, farmland, others
        Of the run; None without farmland.
    """
    barred = barred_kinds(positions.basis, others, elevation, mixes=mixes)
    elevation = None if LayerKind.ELEVATION in barred else elevation
    considers = choices.code("terrain") == _CONSIDERED
    terrain = _TerrainScreen(elevation, positions, farmland, choices) if considers else None
    layers = [*(layer for layer in others if layer.kind not in barred), *(() if farmland is None else (farmland,))]
    rivers = rivers_of(layers, choices)
    if elevation is None:
        return HeightFacts(terrain=terrain, rivers=rivers, barred=barred)
    water = ProjectWater(elevation, layers, conditioning_of(choices), snap_rule_of(choices))
    return HeightFacts(water, terrain, elevation.basis, decides=considers, rivers=rivers, barred=barred)


NO_HEIGHTS = missing_layer(LayerKind.ELEVATION.value)


class Ground(Struct, frozen=True):
    """What a run has to say something of the ground with.

    `sources`, `reached`: of the same run: sources with their nearest parcel, receptors with areas.
    `water`: made when first asked for its grid; None without heights.
    """

    positions: Positions
    farmland: Layer | None
    others: Sequence[Layer]
    elevation: Raster | None
    choices: Choices
    radius_m: float
    sources: pa.Table
    reached: pa.Table
    water: ProjectWater | None = None

    def layer(self, kind: LayerKind) -> Layer | None:
        """Return the layer of this `kind`, None where the project has none."""
        return next((layer for layer in self.others if layer.kind is kind), None)

    def grid(self) -> FlowGrid | Unknown:
        """Return the grid that drains, or why there is none."""
        return NO_HEIGHTS if self.water is None else grid_or_why(self.water)


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
    between = made.barriers
    if ground.elevation is not None and shapes:
        grid = ground.grid()
        rule = barrier_rule(ground.choices)
        between = barriers(ground.sources, shapes, grid, rule, places)
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
    return TerrainTables(slopes, steep, flips, between, overhead, mines, notes)


def _flips(ground: Ground) -> tuple[pa.Table, Mapping[str, PlaceTerrain | Unknown], tuple[str, ...]]:
    empty = TerrainTables().flips
    if ground.farmland is None:
        return empty, {}, (missing_layer(LayerKind.FARMLAND.value).why,)
    if ground.elevation is None:
        return empty, {}, (NO_HEIGHTS.why,)
    window_m = ground.choices.number("relief_window_m")
    if window_m is None:
        return empty, {}, (unset_text("relief_window_m"),)
    scheme = ReliefScheme(window_m)
    measured = measured_pairs(ground.positions, ground.farmland, ground.radius_m)
    if not measured.source_ids:
        return empty, {}, (say("no_source_located"),)
    uncertainties_m = measured.uncertainties_m.tolist()
    question = TerrainQuestion(
        ground.elevation, scheme, measured.source_ids, measured.sources, uncertainties_m, measured.receptors
    )
    flipped = flips(question, measured.within(ground.radius_m), ground.radius_m)
    places = dict(zip(measured.source_ids, flipped.places, strict=True))
    return flipped.table, places, (sentences(scheme.described(frame_of(ground.elevation))),)


def _nearest_parcels(ground: Ground) -> dict[str, shapely.Geometry]:
    """Return the shapes of parcels that are some source's nearest."""
    wanted = {parcel_id for parcel_id in ground.sources["nearest_farmland_id"].to_pylist() if parcel_id}
    ids = ground.reached["receptor_id"].to_pylist()
    rows = [row for row, parcel_id in enumerate(ids) if parcel_id in wanted]
    shapes = shapely.from_wkb(ground.reached["geometry"].take(pa.array(rows, pa.int64())).to_pylist())
    return {ids[row]: shape for row, shape in zip(rows, shapes, strict=True)}


def _chosen(choices: Choices, names: Sequence[str]) -> tuple[str, ...]:
    """Return how each number was chosen, or that it wasn't."""
    reasons = []
    for name in names:
        number = choices.number(name)
        declared = declaration(name)
        title = name if declared is None else declared.title_zh
        reasons.append(say("number_not_chosen", title=title) if number is None else chosen_text(name, number))
    return tuple(reasons)
