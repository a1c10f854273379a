"""What clauses may ask of heights around a planned site: where water goes, what drains to it, how steep it is."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hmgeo.analysis.facts import UnansweredFacts, Unknown, missing_layer
from hmgeo.analysis.flow_choices import conditioning_of, snap_rule_of
from hmgeo.analysis.flow_facts import FlowFacts
from hmgeo.analysis.network_facts import NetworkFacts
from hmgeo.analysis.terrain import slope_strips
from hmgeo.analysis.terrain_places import slopes_of
from hmgeo.analysis.water_facts import WaterFacts
from hmgeo.analysis.water_layers import ON_STREAMS, ProjectWater

if TYPE_CHECKING:
    from collections.abc import Iterable

    import shapely

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Features, NumberFact, PlaceFact
    from hmgeo.analysis.network_layers import ProjectRivers
    from hmgeo.analysis.terrain import Measured
    from hmgeo.records import Layer, Raster

ELEVATION = "elevation"


class SiteHeights:
    """A project's heights, kept ready; the grid that drains and the slopes are made when a clause first asks.

    Parameters
    ----------
    raster
        Heights in metres.
    layers
        Whatever clauses may ask about.
    choices
        How closed basins are treated and how points are put onto a stream.
    """

    def __init__(self, raster: Raster, layers: Iterable[Layer], choices: Choices) -> None:
        self.raster = raster
        self.snap_rule = snap_rule_of(choices)
        self.water = ProjectWater(raster, layers, conditioning_of(choices), self.snap_rule)

    @cached_property
    def slope_strips(self) -> list[Measured]:
        """The slope of every cell."""
        return list(slope_strips(self.raster))


class HeightAnswers(UnansweredFacts):
    """Answers about water and slope for one site; each question is worked out once.

    Parameters
    ----------
    heights
        None where the project has none: every answer then says so.
    kind
        Of the site, by the codes of `hmgeo.rules.words.SOURCE_KINDS`; what lies on a river is put onto the stream.
    rivers
        None where the project has no drawn rivers.
    """

    def __init__(
        self,
        geometry: shapely.Geometry,
        uncertainty_m: float,
        kind: str,
        heights: SiteHeights | None,
        rivers: ProjectRivers | None = None,
    ) -> None:
        self._geometry = geometry
        self._uncertainty_m = uncertainty_m
        self._heights = heights
        water = None if heights is None else heights.water
        rule = None if heights is None or kind not in ON_STREAMS else heights.snap_rule
        by_heights = FlowFacts(geometry, uncertainty_m, water, snap_rule=rule)
        by_rivers = NetworkFacts(geometry, uncertainty_m, rivers)
        self._flow = WaterFacts(by_heights, by_rivers, has_heights=water is not None)
        self._met: dict[tuple[bool, Features, float, str], PlaceFact | Unknown] = {}

    def upstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from the site reaches one of the features within the limit along the water."""
        key = (True, features, limit_m, mode)
        if key not in self._met:
            self._met[key] = self._flow.upstream(features, limit_m, mode)
        return self._met[key]

    def downstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from one of the features reaches the site within the limit along the water."""
        key = (False, features, limit_m, mode)
        if key not in self._met:
            self._met[key] = self._flow.downstream(features, limit_m, mode)
        return self._met[key]

    def beside_path(self, features: Features, limit_m: float, beside_m: float) -> PlaceFact | Unknown:
        """Return whether the way down from the site passes within `beside_m` of the features before the limit."""
        return self._flow.beside_path(features, limit_m, beside_m)

    @cached_property
    def _slope(self) -> NumberFact | Unknown:
        if self._heights is None:
            return missing_layer(ELEVATION)
        strips = self._heights.slope_strips
        return slopes_of(self._heights.raster, [self._geometry], [self._uncertainty_m], strips)[0]

    def slope(self) -> NumberFact | Unknown:
        """Return the slope of the site in degrees."""
        return self._slope
