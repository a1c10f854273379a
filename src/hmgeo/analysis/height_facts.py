"""What a run may ask of heights: nothing is worked out before a rule asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmgeo.analysis.flow_choices import conditioning_of, snap_rule_of
from hmgeo.analysis.flow_facts import FlowFacts
from hmgeo.analysis.terrain_screen import TerrainScreen
from hmgeo.analysis.water_layers import ProjectWater
from hmgeo.vocabulary import Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    import shapely

    from hmgeo.analysis.choices import Choices
    from hmgeo.records import Layer, Positions, Raster

_CONSIDERED = "considered"


@dataclass(frozen=True, slots=True)
class HeightFacts:
    """Water and terrain of a run; empty where there are no heights and nobody asks for terrain.

    Parameters
    ----------
    decides
        Whether the project's distances depend on heights, so that their basis counts in every finding.
    """

    water: ProjectWater | None = None
    terrain: TerrainScreen | None = None
    basis: Basis = Basis.REAL
    decides: bool = False

    def flow_facts(self, geometry: shapely.Geometry, uncertainty_m: float) -> FlowFacts | None:
        """Return what rules may ask of water for one source."""
        return None if self.water is None else FlowFacts(geometry, uncertainty_m, self.water)


def heights_of(
    elevation: Raster | None, positions: Positions, farmland: Layer | None, others: Sequence[Layer], choices: Choices
) -> HeightFacts:
    """Return what a run may ask of its heights.

    Parameters
    ----------
    elevation
        None where the project has none: rules on water then answer as without it.
    """
    considers = choices.code("terrain") == _CONSIDERED
    terrain = TerrainScreen(elevation, positions, farmland, choices) if considers else None
    if elevation is None:
        return HeightFacts(terrain=terrain)
    layers = [*others, *(() if farmland is None else (farmland,))]
    water = ProjectWater(elevation, layers, conditioning_of(choices), snap_rule_of(choices))
    return HeightFacts(water, terrain, elevation.basis, decides=considers)
