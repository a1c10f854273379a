"""What rules may ask of a planned site: layers, the places that may hold it, heights around it, its own numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace

from hmgeo.geo.distance import box_around
from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.geo.raster import Strip, strips
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Facts, NumberFact, Stated, Unasked, Unknown, missing_layer, unplaced
from hmgeo.judging.layers import LayerFacts, LayerIndex, PlaceOnly, Sources
from hmgeo.judging.own_columns import emission_facts
from hmgeo.judging.places import Areas, Elsewhere, Place, Places, names_in
from hmgeo.records import Layer, Raster
from hmgeo.rules.claims import NUMBERS
from hmgeo.terrain.slope import slopes_of
from hmgeo.vocabulary import COUNTY_DIGITS, Action, Basis, Status
from hmgeo.water.agreement import WaterFacts
from hmgeo.water.by_heights import ON_STREAMS, FlowFacts, ProjectWater
from hmgeo.water.by_rivers import NetworkFacts, ProjectRivers
from hmgeo.water.snap import conditioning_of, snap_rule_of
from hmgeo.words import say

ELEVATION = "elevation"


class SiteHeights:
    """A project's heights, kept ready; the grid that drains and the slopes are made when a clause first asks.

    `raster`: heights in metres. `choices`: how closed basins are treated and how points are put onto a stream.
    """

    def __init__(self, raster: Raster, layers: Iterable[Layer], choices: Choices) -> None:
        self.raster = raster
        self.snap_rule = snap_rule_of(choices)
        self.water = ProjectWater(raster, layers, conditioning_of(choices), self.snap_rule)

    @cached_property
    def slope_strips(self) -> list[Strip]:
        """The heights, as slopes are measured on them."""
        return list(strips(self.raster, 1))


class _SiteGround(Unasked):
    """The ground of one site, its slope worked out once; without heights the answer says so."""

    def __init__(self, site: Site, heights: SiteHeights | None) -> None:
        super().__init__()
        self._site = site
        self._heights = heights

    @cached_property
    def _slope(self) -> NumberFact | Unknown:
        if self._heights is None:
            return missing_layer(ELEVATION)
        raster, passed = self._heights.raster, self._heights.slope_strips
        return slopes_of(raster, [self._site.geometry], [self._site.uncertainty_m], passed)[0]

    def slope(self) -> NumberFact | Unknown:
        """Return the slope of the site in degrees."""
        return self._slope


PROJECT_SITES = "project_sites"
_PLACE_ONLY = Unknown(say("site_without_position"))


class Site(Struct, frozen=True):
    """A planned site.

    Parameters
    ----------
    geometry
        Shapely point, line or polygon in lon/lat on CGCS2000; None where it isn't located.
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

    @property
    def known(self) -> dict[str, bool | Unknown]:
        """What is stated of it and what its new emissions say, by the names of `ATTRIBUTES`."""
        return {**emission_facts(self.added_kg), **self.attributes}

    @property
    def stated(self) -> Stated:
        """What words and emissions say of it."""
        doubt = self.doubts.get(NUMBERS, "")
        return Stated(self.known, self.numbers, self.added_kg, self.offset_kg, self.classes, doubt=doubt)


class OwnArea:
    """A project's own area, its outlines by name, kept ready for site after site."""

    def __init__(self, outlines: Mapping[str, shapely.Geometry]) -> None:
        self._names = tuple(outlines)
        self._outlines = list(outlines.values())
        self._whole = shapely.union_all(self._outlines)
        shapely.prepare([*self._outlines, self._whole])

    def note(self, site: Site) -> str:
        """Return that `site` lies outside, or may; empty where it doesn't."""
        shape, off_m = site.geometry, site.uncertainty_m
        if shape is None or not self._names:
            return ""
        if not shapely.intersects(self._outlines, shape).any():
            return say("site_outside_area", areas=self._names)
        if off_m > 0 and shapely.covers(self._whole, box_around(list(shape.bounds), off_m)[0]):
            return ""
        reached = geodesic_buffer(shape, off_m) if off_m > 0 else shape
        return "" if shapely.covers(self._whole, reached) else say("site_may_be_outside_area", areas=self._names)


class PlaceFinder:
    """Looks sites up in counties and townships; built once."""

    def __init__(self, areas: Areas) -> None:
        self._counties = _Polygons(areas.counties)
        self._townships = _Polygons(areas.townships)
        self._others = _Polygons(areas.outlines)
        self._elsewhere = Elsewhere(areas)

    def find(self, site: Site) -> Places:
        """Return the places that hold `site`; names in its row win over polygons."""
        shape = site.geometry
        if shape is None:
            return Places(site.place or Place())
        point = shapely.point_on_surface(shape)
        inner = site.place or self._at(point)
        if not inner.code and site.place is None:
            inner = replace(inner, not_in=self._elsewhere.not_in([shape], [site.uncertainty_m])[0])
        elif site.place is None and site.uncertainty_m > 0:
            reached = self._elsewhere.reached([shape], [site.uncertainty_m])[0]
            inner = replace(inner, reach=tuple(sorted(reached - {inner.county_code})))
        across = () if shape.geom_type == "Point" else self._reached(shape, inner)
        if inner.township_code and not inner.township_from_geometry:  # its cells are hints, outlines of counties aren't
            return Places(inner, tuple(place for place in across if place.county_code != inner.county_code))
        near = () if self._is_far_from_borders(shape, site.uncertainty_m) else self._near(site, inner)
        return Places(inner, across, tuple(place for place in near if place not in across))

    def _near(self, site: Site, inner: Place) -> tuple[Place, ...]:
        return self._reached(geodesic_buffer(site.geometry, site.uncertainty_m), inner)

    def _is_far_from_borders(self, shape: shapely.Geometry, uncertainty_m: float) -> bool:
        """Return whether a box around all that the uncertainty reaches meets no more places than the shape does."""
        if uncertainty_m <= 0:
            return True
        box = box_around(list(shape.bounds), uncertainty_m)[0]
        layers = (self._counties, self._townships)
        return all(polygons.holding(box) == polygons.holding(shape) for polygons in layers)

    def _at(self, point: shapely.Geometry) -> Place:
        county = next(iter(self._counties.holding(point)), "")
        town = next((code for code in self._townships.holding(point) if code.startswith(county)), "")
        county = county or town[:COUNTY_DIGITS] or next(iter(self._others.holding(point)), "")
        return self._place(county, town)

    def _place(self, county: str, town: str) -> Place:
        name = self._counties.name(county) or self._others.name(county)
        return Place(county, name, town, self._townships.name(town), township_from_geometry=bool(town))

    def _reached(self, shape: shapely.Geometry, own: Place) -> tuple[Place, ...]:
        """Return the places besides the given one that a shape reaches into, in the order of the layers."""
        counties = self._counties.holding(shape) or [""]
        towns = self._townships.holding(shape)
        places = []
        for county in counties:
            inner = [town for town in towns if town.startswith(county)] if county else []
            places += [self._place(county, town) for town in inner or [""]]
        return tuple(place for place in dict.fromkeys(places) if place.code != own.code)


class _Polygons:
    def __init__(self, table: pa.Table | None) -> None:
        self._codes: list[str] = [] if table is None else table["id"].to_pylist()
        self._names = names_in(table)
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


def facts_of_place(site: Site, places: Places) -> Facts:
    """Return what rules may ask of `site` known by its `places` only: key areas, stated facts, emissions."""
    return Facts(PlaceOnly(places, _PLACE_ONLY), Unasked(_PLACE_ONLY), Unasked(_PLACE_ONLY), site.stated)


def facts_of(
    sites: Sequence[Site],
    places: Sequence[Places],
    indexes: Mapping[str, LayerIndex],
    heights: SiteHeights | None = None,
    rivers: ProjectRivers | None = None,
) -> list[Facts]:
    """Return what rules may ask of each of some sites, whose layers are asked together.

    `heights`, `rivers`: none where the project has none. What lies on a river is put onto the stream.
    `indexes`: layers at hand, by code.
    """
    facts = [facts_of_place(site, known) for site, known in zip(sites, places, strict=True)]
    located = [at for at, site in enumerate(sites) if site.geometry is not None and site.status is Status.ASSESSED]
    for at in [at for at in located if places[at].given.doubt]:
        facts[at] = unplaced(sites[at].stated, places[at].given.doubt)
        located.remove(at)
    if not located:
        return facts
    shapes, off_m = [sites[at].geometry for at in located], [sites[at].uncertainty_m for at in located]
    among, water = Sources(shapes, off_m, indexes), None if heights is None else heights.water
    for number, at in enumerate(located):
        site = sites[at]
        position = site.geometry, site.uncertainty_m
        rule = None if heights is None or site.kind not in ON_STREAMS else heights.snap_rule
        over_ground, along_lines = FlowFacts(*position, water, snap_rule=rule), NetworkFacts(*position, rivers)
        facts[at] = Facts(
            LayerFacts(*position, indexes, places[at], among=among, at=number),
            WaterFacts(over_ground, along_lines, has_heights=water is not None),
            _SiteGround(site, heights),
            site.stated,
        )
    return facts
