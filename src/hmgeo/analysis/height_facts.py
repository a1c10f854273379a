"""What a run may ask of heights: nothing is worked out before a rule asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.barred import BarredFacts, barred_kinds, not_asked
from hmgeo.analysis.flow_choices import conditioning_of, snap_rule_of
from hmgeo.analysis.flow_facts import FlowFacts
from hmgeo.analysis.network_facts import NetworkFacts
from hmgeo.analysis.network_layers import rivers_of
from hmgeo.analysis.terrain_screen import TerrainScreen
from hmgeo.analysis.water_facts import WaterFacts
from hmgeo.analysis.water_layers import ProjectWater
from hmgeo.vocabulary import Basis, LayerKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Facts
    from hmgeo.analysis.network_layers import ProjectRivers
    from hmgeo.records import Layer, Positions, Raster

_CONSIDERED = "considered"


@dataclass(frozen=True, slots=True)
class HeightFacts:
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
    terrain: TerrainScreen | None = None
    basis: Basis = Basis.REAL
    decides: bool = False
    rivers: ProjectRivers | None = None
    barred: tuple[LayerKind, ...] = ()

    def bases(self) -> dict[str, Basis]:
        """Return how real the heights are, by their code; empty where there are none."""
        return {} if self.water is None else {LayerKind.ELEVATION.value: self.basis}

    def flow_facts(self, geometry: shapely.Geometry, uncertainty_m: float) -> WaterFacts:
        """Return what rules may ask of water for one source; every answer says what is missing."""
        heights: Facts = FlowFacts(geometry, uncertainty_m, self.water)
        if LayerKind.ELEVATION in self.barred:
            heights = BarredFacts(not_asked(LayerKind.ELEVATION.value, self.barred))
        lines = NetworkFacts(geometry, uncertainty_m, self.rivers, self.barred)
        return WaterFacts(heights, lines, has_heights=self.water is not None, barred=self.barred)


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
    """
    barred = barred_kinds(positions.basis, others, elevation, mixes=mixes)
    elevation = None if LayerKind.ELEVATION in barred else elevation
    considers = choices.code("terrain") == _CONSIDERED
    terrain = TerrainScreen(elevation, positions, farmland, choices) if considers else None
    layers = [*(one for one in others if one.kind not in barred), *(() if farmland is None else (farmland,))]
    rivers = rivers_of(layers, choices)
    if elevation is None:
        return HeightFacts(terrain=terrain, rivers=rivers, barred=barred)
    water = ProjectWater(elevation, layers, conditioning_of(choices), snap_rule_of(choices))
    return HeightFacts(water, terrain, elevation.basis, decides=considers, rivers=rivers, barred=barred)
