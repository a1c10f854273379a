"""What rules may ask of a planned site: layers, the places that may hold it, heights around it, its own numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.geo.nearest import box_around
from hmgeo.judging.facts import Answer, Features, PlaceFact, UnansweredFacts, Unknown, missing_layer
from hmgeo.judging.layers import LayerFacts
from hmgeo.judging.places import KEY_AREAS, Place, inside_key_areas
from hmgeo.terrain.places import slopes_of
from hmgeo.terrain.slope import slope_strips
from hmgeo.vocabulary import COUNTY_DIGITS, Basis, Status
from hmgeo.water.agreement import WaterFacts
from hmgeo.water.by_heights import ON_STREAMS, FlowFacts, ProjectWater
from hmgeo.water.by_rivers import NetworkFacts
from hmgeo.water.choices import conditioning_of, snap_rule_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from hmgeo.judging.choices import Choices
    from hmgeo.judging.facts import DistanceFact, NumberFact
    from hmgeo.judging.layers import LayerIndex
    from hmgeo.judging.places import Areas
    from hmgeo.records import Layer, Raster
    from hmgeo.terrain.slope import Measured
    from hmgeo.vocabulary import Action
    from hmgeo.water.by_rivers import ProjectRivers


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


PROJECT_SITES = "project_sites"
PER_METAL = "per_metal"
_PLACE_ONLY = Unknown("只知所在行政区，没有可用的坐标或范围，本条未作判断。")


@dataclass(frozen=True, slots=True)
class Site:
    """A planned site.

    Parameters
    ----------
    geometry
        Shapely point, line or polygon in lon/lat on CGCS2000; None where it isn't located.
    uncertainty_m
        Of the position, metres.
    kind
        A source kind of `hmgeo.rules.words`.
    attributes, numbers
        What is stated of it, by the names of `ATTRIBUTES` and `MEASURED_ATTRIBUTES`; `doubts` as in `Subject`.
    added_kg, offset_kg
        New emission, and what is named to replace it, in kg/a by metal.
    classes
        Its own official class by layer code, for sites that are farmland.
    place
        Where names say it lies; None asks the polygons.
    facts
        Further lines for people: name and text.
    """

    site_id: str
    name: str
    geometry: shapely.Geometry | None
    uncertainty_m: float = 0.0
    trade_code: str = ""
    trade_edition: str = ""
    action: Action | None = None
    kind: str = PROJECT_SITES
    basis: Basis = Basis.UNDECLARED
    attributes: Mapping[str, bool | Unknown] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    added_kg: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    offset_kg: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    classes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    place: Place | None = None
    status: Status = Status.ASSESSED
    note: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    doubts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class SitePlaces:
    """The administrative areas that may hold a site.

    Parameters
    ----------
    given
        Of its representative point, or as named.
    across
        Other places that its shape reaches into.
    near
        Other places that its position's uncertainty reaches.
    """

    given: Place
    across: tuple[Place, ...] = ()
    near: tuple[Place, ...] = ()


class PlaceFinder:
    """Looks sites up in counties and townships; built once."""

    def __init__(self, areas: Areas) -> None:
        self._counties = _Polygons(areas.counties)
        self._townships = _Polygons(areas.townships)

    def find(self, site: Site) -> SitePlaces:
        """Return the places that hold a site; names in its row win over polygons."""
        shape = site.geometry
        if shape is None:
            return SitePlaces(site.place or Place())
        point = shapely.point_on_surface(shape)
        given = site.place or self._at(point)
        if given.township_code and not given.township_from_geometry:
            return SitePlaces(given)
        across = () if shape.geom_type == "Point" else self._reached(shape, given)
        near = () if self._is_far_from_borders(shape, site.uncertainty_m) else self._near(site, given)
        return SitePlaces(given, across, tuple(one for one in near if one not in across))

    def _near(self, site: Site, given: Place) -> tuple[Place, ...]:
        return self._reached(geodesic_buffer(site.geometry, site.uncertainty_m), given)

    def _is_far_from_borders(self, shape: shapely.Geometry, uncertainty_m: float) -> bool:
        """Return whether a box around all that the uncertainty reaches meets no more places than the shape does."""
        if uncertainty_m <= 0:
            return True
        box = box_around(list(shape.bounds), uncertainty_m)[0]
        layers = (self._counties, self._townships)
        return all(one.holding(box) == one.holding(shape) for one in layers)

    def _at(self, point: shapely.Geometry) -> Place:
        county = next(iter(self._counties.holding(point)), "")
        town = next((code for code in self._townships.holding(point) if code.startswith(county)), "")
        return self._place(county or town[:COUNTY_DIGITS], town)

    def _place(self, county: str, town: str) -> Place:
        return Place(
            county, self._counties.name(county), town, self._townships.name(town), township_from_geometry=bool(town)
        )

    def _reached(self, shape: shapely.Geometry, given: Place) -> tuple[Place, ...]:
        """Return the places besides the given one that a shape reaches into, in the order of the layers."""
        counties = self._counties.holding(shape) or [""]
        towns = self._townships.holding(shape)
        found = []
        for county in counties:
            inner = [town for town in towns if town.startswith(county)] if county else []
            found += [self._place(county, town) for town in inner or [""]]
        return tuple(one for one in dict.fromkeys(found) if one.code != given.code)


class _Polygons:
    def __init__(self, table: pa.Table | None) -> None:
        self._codes: list[str] = [] if table is None else table["id"].to_pylist()
        self._names: dict[str, str] = (
            {} if table is None else dict(zip(self._codes, table["name"].to_pylist(), strict=True))
        )
        shapes = [] if table is None else shapely.from_wkb(table["geometry"].to_pylist())
        shapely.prepare(shapes)
        self._tree = shapely.STRtree(shapes)

    def holding(self, shape: shapely.Geometry) -> list[str]:
        """Return the codes of the polygons that a shape meets, in the order of the layer."""
        asked = np.array([shape], dtype=object)
        return [self._codes[row] for row in sorted(self._tree.query(asked, predicate="intersects")[1].tolist())]

    def name(self, code: str) -> str:
        """Return the name of a code, empty where it has none."""
        return self._names.get(code, "")


class SiteNumbers(UnansweredFacts):
    """Answers about a site known by its place only: key areas, stated facts, emissions."""

    def __init__(self, site: Site, places: SitePlaces) -> None:
        self._site = site
        self._places = places

    def distance(self, features: Features) -> DistanceFact | Unknown:  # noqa: ARG002 -- the protocol's
        """Return that only the place is known."""
        return _PLACE_ONLY

    def inside(self, features: Features) -> PlaceFact | Unknown:
        """Return whether a key area holds the place; other layers can't be asked."""
        return in_key_areas(self._places, features.area_ids) if features.layer == KEY_AREAS else _PLACE_ONLY

    def upstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:  # noqa: ARG002 -- as above
        """Return that only the place is known."""
        return _PLACE_ONLY

    def downstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:  # noqa: ARG002 -- as above
        """Return that only the place is known."""
        return _PLACE_ONLY

    def slope(self) -> NumberFact | Unknown:
        """Return that only the place is known."""
        return _PLACE_ONLY

    def attribute(self, name: str) -> bool | Unknown | None:
        """Return a stated fact."""
        return self._site.attributes.get(name)

    def number(self, name: str) -> float | None:
        """Return a stated number."""
        return self._site.numbers.get(name)

    def ratio(self, numerator: str, denominator: str, basis: str) -> float | Unknown:
        """Return the quotient: summed over the metals, or the smallest of the single metals."""
        found = emission_ratio(self._site, basis) if numerator == "offset_kg" else None
        return super().ratio(numerator, denominator, basis) if found is None else found

    def class_of(self, layer: str) -> str | Unknown:
        """Return the site's own official class."""
        return self._site.classes.get(layer) or super().class_of(layer)


class SiteFacts(LayerFacts):
    """Answers about a located site; every question to a layer is asked once.

    Parameters
    ----------
    heights, rivers
        None where the project has none.
    """

    def __init__(
        self,
        site: Site,
        indexes: Mapping[str, LayerIndex],
        places: SitePlaces,
        heights: SiteHeights | None = None,
        rivers: ProjectRivers | None = None,
    ) -> None:
        super().__init__(
            site.geometry, site.uncertainty_m, indexes, places.given, attributes=site.attributes, numbers=site.numbers
        )
        self._site = site
        self._places = places
        self._distances: dict[Features, DistanceFact | Unknown] = {}
        self._insides: dict[Features, PlaceFact | Unknown] = {}
        self._heights, self._rivers = heights, rivers

    @cached_property
    def _answers(self) -> HeightAnswers:
        site = self._site
        return HeightAnswers(site.geometry, site.uncertainty_m, site.kind, self._heights, self._rivers)

    def upstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from the site reaches one of the features."""
        return self._answers.upstream(features, limit_m, mode)

    def downstream(self, features: Features, limit_m: float, mode: str) -> PlaceFact | Unknown:
        """Return whether water from one of the features reaches the site."""
        return self._answers.downstream(features, limit_m, mode)

    def beside_path(self, features: Features, limit_m: float, beside_m: float) -> PlaceFact | Unknown:
        """Return whether the way down from the site passes beside the features."""
        return self._answers.beside_path(features, limit_m, beside_m)

    def slope(self) -> NumberFact | Unknown:
        """Return the slope of the site in degrees."""
        return self._answers.slope()

    def class_of(self, layer: str) -> str | Unknown:
        """Return the site's own official class."""
        return self._site.classes.get(layer) or super().class_of(layer)

    def distance(self, features: Features) -> DistanceFact | Unknown:
        """Return the shortest ground distance to the features."""
        found = self._distances.get(features)
        if found is None:
            found = self._distances[features] = super().distance(features)
        return found

    def inside(self, features: Features) -> PlaceFact | Unknown:
        """Return whether the site lies in one of the features, with what its uncertainty leaves open."""
        found = self._insides.get(features)
        if found is None:
            asks_place = features.layer == KEY_AREAS
            found = in_key_areas(self._places, features.area_ids) if asks_place else super().inside(features)
            self._insides[features] = found
        return found

    def depth_m(self, features: Features) -> float | None:
        """Return how far inside the features the site lies in metres; None where it isn't wholly inside."""
        index = self._index(features)
        if isinstance(index, Unknown):
            return None
        depth_m = index.depth_m(self._source, features)
        return depth_m if depth_m >= 0 else None

    def ratio(self, numerator: str, denominator: str, basis: str) -> float | Unknown:
        """Return the quotient: summed over the metals, or the smallest of the single metals."""
        found = emission_ratio(self._site, basis) if numerator == "offset_kg" else None
        return super().ratio(numerator, denominator, basis) if found is None else found


def in_key_areas(places: SitePlaces, area_ids: Sequence[str]) -> PlaceFact | Unknown:
    """Return whether one of the key areas holds a site that may lie in several places.

    A shape that reaches into places inside and outside is partly inside; a position whose uncertainty does leaves both
    answers open.
    """
    first = inside_key_areas(places.given, area_ids)
    if isinstance(first, Unknown):
        return first
    answer, why = first.answer, [first.why]
    across = {_plain(inside_key_areas(one, area_ids), why) for one in places.across} - {None}
    if across - {answer}:
        answer = Answer.PARTLY
        why.append("用地范围跨重点区域边界，按部分位于其内判断。")
    near = {_plain(inside_key_areas(one, area_ids), why) for one in places.near} - {None}
    others = frozenset(one for one in near if one is not None) - {answer, first.answer}
    if others:
        why.append("位置误差范围跨重点区域边界。")
    text = "".join(dict.fromkeys(filter(None, why)))
    return PlaceFact(answer, others, why=text, is_approximate=first.is_approximate)


def _plain(found: PlaceFact | Unknown, why: list[str]) -> Answer | None:
    if isinstance(found, Unknown):
        why.append(found.why)
        return None
    return found.answer


def emission_ratio(site: Site, basis: str) -> float | None:
    """Return offset by new emission; None where a number is missing.

    Examples
    --------
    >>> site = Site("1", "", None, added_kg={"Pb": 10.0, "Cd": 1.0}, offset_kg={"Pb": 12.0, "Cd": 2.0})
    >>> emission_ratio(site, "per_metal"), round(emission_ratio(site, "sum_of_five"), 4)
    (1.2, 1.2727)
    """
    added = {metal: kg for metal, kg in site.added_kg.items() if kg > 0}
    if basis == PER_METAL:
        if not added or not site.offset_kg:
            return None
        return min(site.offset_kg.get(metal, 0.0) / kg for metal, kg in added.items())
    above = sum(site.offset_kg.values()) if site.offset_kg else site.numbers.get("offset_kg")
    below = sum(added.values()) or site.numbers.get("added_emission_kg")
    return None if above is None or not below else above / below
