"""The zone of one clause: where its test comes out so that it touches a project, as polygons."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import shapely

from hmgeo.analysis.applies import Subject, exemption, hindrance
from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.judge import verdict_of
from hmgeo.analysis.key_areas import KEY_AREA_KIND, KEY_AREAS
from hmgeo.analysis.kinds.distance import STRAIGHT_MODES, TERRAIN_CONSIDERED
from hmgeo.analysis.kinds.inquiry import Inquiry, features_of
from hmgeo.analysis.kinds.registry import evaluate
from hmgeo.analysis.layer_facts import untold_template
from hmgeo.analysis.outcome import Side
from hmgeo.analysis.places import Place
from hmgeo.analysis.site_facts import SiteNumbers, SitePlaces
from hmgeo.analysis.siting import citation_of, stated_of
from hmgeo.analysis.zones import zone_within
from hmgeo.rules.kinds import DISTANCE_KINDS, INSIDE_KINDS, parameters_of
from hmgeo.rules.parameters import ParameterType, declaration
from hmgeo.rules.standing import codes_of_place, standing_of
from hmgeo.vocabulary import SPEAKING, Effect, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.facts import Features
    from hmgeo.analysis.places import Areas
    from hmgeo.analysis.site_facts import Site
    from hmgeo.analysis.siting import SitingBench
    from hmgeo.findings.siting import Citation
    from hmgeo.rules.model import DatedValue, Rule, RuleStanding, Test

NO_ZONE = "需要水流、坡度或占比测算，本条未画范围。"
TERRAIN_OPEN = "已选择考虑地形，但未作地形分级，本条未画范围。"
NOWHERE = shapely.Polygon()
_ATTRIBUTE_KINDS = frozenset({"attribute", "ratio", "classification", KEY_AREA_KIND})
_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where a test is met and where it isn't; elsewhere nobody can tell."""

    met: shapely.Geometry
    not_met: shapely.Geometry


class UndrawableError(Exception):
    """Why a test has no zone."""


def cells_of(area: shapely.Geometry, areas: Areas) -> Iterator[tuple[shapely.Geometry, Place]]:
    """Yield the pieces of an area by the county and township that hold them; what no polygon holds comes last."""
    rest = area
    for county, name, shape in _rows(areas.counties):
        inside = polygonal(shapely.intersection(rest, shape))
        if inside.is_empty:
            continue
        rest = polygonal(shapely.difference(rest, shape))
        for town, town_name, town_shape in _rows(areas.townships):
            if town.startswith(county):
                piece = polygonal(shapely.intersection(inside, town_shape))
                inside = polygonal(shapely.difference(inside, town_shape))
                if not piece.is_empty:
                    yield piece, Place(county, name, town, town_name, township_from_geometry=True)
        if not inside.is_empty:
            yield inside, Place(county, name)
    if not rest.is_empty:
        yield rest, Place()


def _rows(table: pa.Table | None) -> Iterator[tuple[str, str, shapely.Geometry]]:
    if table is not None:
        for row in table.to_pylist():
            yield row["id"], row["name"], shapely.from_wkb(row["geometry"])


@dataclass(slots=True)
class Drawer:
    """Draws the zones of one project over the pieces of an area."""

    bench: SitingBench
    site: Site
    cells: list[tuple[shapely.Geometry, Place]]
    buffers: dict[tuple[Features, float], tuple[shapely.Geometry, shapely.Geometry]] = field(default_factory=dict)
    open: dict[str, shapely.Geometry] = field(default_factory=dict)
    """Of the rule last drawn: why nobody can tell there whether it touches, and where."""

    def zone(self, rule: Rule) -> tuple[Citation, Verdict, shapely.Geometry] | None:
        """Return a rule as cited, what it says, and where; None where it reaches the project nowhere in the area."""
        drawn: list[tuple[Verdict, shapely.Geometry]] = []
        citation = None
        self.open = {}
        groups: dict[tuple[str, ...], list[tuple[shapely.Geometry, Place]]] = {}
        for cell, place in self.cells:
            groups.setdefault(self._kin(rule, place), []).append((cell, place))
        for members in groups.values():
            place = members[0][1]
            standing = self.standing(rule, place)
            value = standing.value
            if value is None or not self._reaches(rule, place):
                continue
            cell = shapely.union_all([one for one, _ in members])
            citation = citation_of(rule, standing)
            drawn.append((touching_verdict(rule), self._touched(rule, value, cell, place)))
        if citation is None:
            return None
        geometry = shapely.union_all([one for _, one in drawn])
        return citation, min((verdict for verdict, _ in drawn), key=lambda one: one.gravity), geometry

    def standing(self, rule: Rule, place: Place) -> RuleStanding:
        """Return how a rule stands in a place."""
        asked = self.bench.question
        is_adopted = rule.id in asked.adopted
        codes = codes_of_place(place.code)
        return standing_of(rule, as_of=asked.as_of, place_codes=codes, adopted=is_adopted)

    def _kin(self, rule: Rule, place: Place) -> tuple[str, ...]:
        """Return what tells places apart for a rule: its standing there, and what it says of key areas."""
        standing = self.standing(rule, place).standing.value
        answers = [standing]
        for leaf in rule.test.leaves() if rule.test is not None else ():
            if leaf.kind == KEY_AREA_KIND or leaf.text("layer") == KEY_AREAS:
                features = replace(features_of(leaf, self.bench.question.choices), layer=KEY_AREAS)
                answers.append(str(SiteNumbers(self.site, SitePlaces(place)).inside(features)))
        return tuple(answers)

    def _reaches(self, rule: Rule, place: Place) -> bool:
        asked = self.bench.question
        if self.standing(rule, place).standing not in SPEAKING or rule.test is None:
            return False
        if not (rule.id in asked.adopted or set(rule.territory) & codes_of_place(place.code)):
            return False
        site = self.site
        said = stated_of(site)
        subject = Subject(site.kind, site.trade_code, site.trade_edition, site.action, said, doubts=site.doubts)
        obstacle = hindrance(rule, subject, asked.choices)
        exempt = exemption(rule, subject)
        if obstacle is not None or (exempt is not None and exempt.is_known):
            if obstacle is not None and obstacle.verdict is Verdict.NOT_ASSESSED:
                raise UndrawableError(obstacle.why)
            return False
        if exempt is not None:
            raise UndrawableError(exempt.why)
        unset = _unset_outside(rule, asked.choices)
        if unset:
            raise UndrawableError("".join(map(unset_text, unset)))
        return True

    def _touched(self, rule: Rule, value: DatedValue, cell: shapely.Geometry, place: Place) -> shapely.Geometry:
        """Return where in a cell every allowed completion of what nobody chose touches."""
        if rule.test is None:
            return NOWHERE
        touched = cell
        graver = Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET
        for choices in self.bench.question.choices.spread(rule.parameters):
            inquiry = Inquiry(value, SiteNumbers(self.site, SitePlaces(place)), choices, graver)
            ground = self._ground(rule.test, inquiry, cell)
            touched = shapely.intersection(touched, ground.not_met if rule.effect is Effect.REQUIRE else ground.met)
        return polygonal(touched)

    def _ground(self, test: Test, inquiry: Inquiry, cell: shapely.Geometry) -> _Ground:
        if test.parts:
            parts = [self._ground(part, inquiry, cell) for part in test.parts]
            met, not_met = [one.met for one in parts], [one.not_met for one in parts]
            if test.kind == "all_of":
                return _Ground(_common(met), shapely.union_all(not_met))
            return _Ground(shapely.union_all(met), _common(not_met))
        if test.kind in _ATTRIBUTE_KINDS or test.text("layer") == KEY_AREAS:
            given = evaluate(test, inquiry).given
            return _Ground(cell if given is Side.MET else NOWHERE, cell if given is Side.NOT_MET else NOWHERE)
        layer = test.text("layer")
        if layer not in self.bench.indexes:
            if not layer:
                raise UndrawableError(NO_ZONE)
            return _Ground(NOWHERE, NOWHERE)
        return self._of_layer(test, inquiry, cell)

    def _of_layer(self, test: Test, inquiry: Inquiry, cell: shapely.Geometry) -> _Ground:
        features = features_of(test, inquiry.choices)
        if test.kind in INSIDE_KINDS:
            inside, maybe = self._features(features)
            self._leave_open(features, inside, maybe)
            outside = shapely.difference(self._cleared(features.layer, cell, 0.0), maybe)
            inside = shapely.intersection(inside, cell)
            return _Ground(inside, outside) if test.kind == "within" else _Ground(outside, inside)
        if test.kind not in DISTANCE_KINDS:
            raise UndrawableError(NO_ZONE)
        name = test.text("limit")
        limit_m = inquiry.choices.number(name) if name else inquiry.value.value
        if limit_m is None:
            return _Ground(NOWHERE, NOWHERE)
        if inquiry.choices.code(test.text("mode")) not in STRAIGHT_MODES:
            raise UndrawableError(NO_ZONE)
        if inquiry.choices.code(test.text("terrain")) == TERRAIN_CONSIDERED:
            raise UndrawableError(TERRAIN_OPEN)
        within, maybe_within = self._buffers(features, limit_m)
        self._leave_open(features, within, maybe_within)
        near = shapely.intersection(within, cell)
        far = shapely.difference(self._cleared(features.layer, cell, limit_m), maybe_within)
        return _Ground(near, far) if test.kind == "maximum_distance" else _Ground(far, near)

    def _features(self, features: Features) -> tuple[shapely.Geometry, shapely.Geometry]:
        """Return the features that count, and those that count or may count."""
        index = self.bench.indexes[features.layer]
        return index.union(features), index.union(features, untold=True)

    def _buffers(self, features: Features, limit_m: float) -> tuple[shapely.Geometry, shapely.Geometry]:
        """Return all within the limit of features that count, and of those that count or may count."""
        if (features, limit_m) not in self.buffers:
            index = self.bench.indexes[features.layer]
            states = index.states(features)
            sure = zone_within(index.shapes.geometries[states == 1], limit_m)
            untold = index.shapes.geometries[states == 0]
            either = sure if not len(untold) else shapely.union(sure, zone_within(untold, limit_m))
            self.buffers[features, limit_m] = sure, either
        return self.buffers[features, limit_m]

    def _leave_open(self, features: Features, sure: shapely.Geometry, either: shapely.Geometry) -> None:
        """Remember where features lie of which nobody can tell whether they count."""
        if either is not sure and not shapely.equals(either, sure):
            index = self.bench.indexes[features.layer]
            names = [index.label(row) for row in np.flatnonzero(index.states(features) == 0).tolist()]
            more = f"等 {len(names)} 个" if len(names) > _NAMED else ""
            why = untold_template(features).format(name="、".join(names[:_NAMED]) + more)
            self.open[why] = polygonal(shapely.difference(either, sure))

    def _cleared(self, layer: str, cell: shapely.Geometry, limit_m: float) -> shapely.Geometry:
        """Return where finding nothing within the limit proves that there is nothing."""
        index = self.bench.indexes[layer]
        coverage = index.layer.gates.coverage
        if coverage is None or not index.is_complete:
            return NOWHERE
        if limit_m > 0:
            coverage = shapely.difference(coverage, zone_within([shapely.boundary(coverage)], limit_m))
        return shapely.intersection(coverage, cell)


def touching_verdict(rule: Rule) -> Verdict:
    """Return what a rule says where it touches."""
    return verdict_of(rule, Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET)


def _unset_outside(rule: Rule, choices: Choices) -> list[str]:
    """Return open points that no field of the test reads and that aren't closed choices."""
    read = {rule.applies_to.trades.parameter, *(parameters_of(rule.test) if rule.test is not None else ())}
    found = [declaration(name) for name in rule.parameters if name not in read and choices.is_open(name)]
    return [one.name for one in found if one is not None and one.type is not ParameterType.CHOICE]


def _common(geometries: list[shapely.Geometry]) -> shapely.Geometry:
    common = geometries[0]
    for other in geometries[1:]:
        common = shapely.intersection(common, other)
    return common


def polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a shape; lines and points that an overlay leaves at borders are dropped."""
    if geometry.geom_type in {"Polygon", "MultiPolygon"}:
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else NOWHERE
