"""The zones of clauses, drawn on the ellipsoid so finely that drawing and judging agree, and laid over each other.

A circle's corners lie on a geodesic circle, so many that its edges fall short of it by less than the tolerance. The
zone of a segment of at most 200 m is the hull of the circles around its ends; that of a shape is the union of the
zones of its segments and the shape itself. No plane and no projection comes in.

What no clause touches is never called allowed: it is what the clauses that could be drawn leave untouched within the
coverage of the layers at hand.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hmgeo.geo.distance import prepare_shapes
from hmgeo.geo.ellipsoid import ELLIPSOID, ellipsoidal_area_m2
from hmgeo.judging.applies import Subject, exemption, reach
from hmgeo.judging.bench import citation_of
from hmgeo.judging.choices import unset_text
from hmgeo.judging.clause_tests import STRAIGHT_MODES, TERRAIN_CONSIDERED, Inquiry, evaluate, features_of
from hmgeo.judging.facts import Features, Side
from hmgeo.judging.judge import unset_outside_the_test, verdict_of
from hmgeo.judging.layers import untold
from hmgeo.judging.places import KEY_AREA_KIND, KEY_AREAS, Areas, Place, Places
from hmgeo.records import table_of
from hmgeo.results.columns import SHAPES_SCHEMA
from hmgeo.results.siting import Citation
from hmgeo.rules.kinds import DISTANCE_KINDS, INSIDE_KINDS, layers_of
from hmgeo.rules.model import DatedValue, Rule, Test
from hmgeo.rules.standing import in_territory
from hmgeo.siting.bench import SitingBench
from hmgeo.siting.site import Site, facts_of_place
from hmgeo.vocabulary import SPEAKING, Effect, Verdict
from hmgeo.words import say, sentences

Geometries = Sequence[shapely.Geometry] | NDArray[np.object_]

TOLERANCE_M = 0.05
"""How far a drawn border may lie from the true one, metres; a border is drawn on average where it belongs."""
_FEWEST_CORNERS = 32
_CIRCLES_AT_ONCE = 2_000


def corners(radius_m: float) -> int:
    """Return how many corners a circle of `radius_m` needs for its edges to lie within `TOLERANCE_M` of it.

    >>> corners(500.0), corners(10_000.0)
    (224, 996)
    """
    half_angle = np.sqrt(2 * TOLERANCE_M / max(radius_m, TOLERANCE_M))
    return max(_FEWEST_CORNERS, int(np.ceil(np.pi / half_angle / 4)) * 4)


def zone_within(geometries: Geometries, radius_m: float) -> shapely.Geometry:
    """Return the lon/lat polygon of everything within `radius_m` metres, drawn to `TOLERANCE_M`.

    `geometries`: points, lines, polygons and their multis in lon/lat on CGCS2000 (EPSG:4490).
    """
    array = np.asarray(geometries, dtype=object)
    if not len(array):
        return shapely.Polygon()
    if radius_m <= 0:
        return shapely.union_all(array)
    shapes = prepare_shapes(array)
    is_bent = np.zeros(len(array), dtype=bool)
    areal = shapely.get_dimensions(array) == 2  # noqa: PLR2004 -- polygons
    is_bent[areal] = shapely.area(array[areal]) < shapely.area(shapely.convex_hull(array[areal])) * (1 - 1e-12)
    count = np.diff(shapes.first)
    pieces: list[shapely.Geometry] = list(array[areal])
    convex = np.flatnonzero(areal & ~is_bent)
    for row in convex.tolist():
        ring = _circles(shapes.start[shapes.first[row] : shapes.first[row + 1]], radius_m)
        pieces.append(shapely.convex_hull(shapely.multipoints(ring.reshape(-1, 2))))
    by_edge = np.flatnonzero(np.repeat(is_bent | ~areal, count))
    for low in range(0, len(by_edge), _CIRCLES_AT_ONCE):
        rows = by_edge[low : low + _CIRCLES_AT_ONCE]
        pieces += _stadiums(shapes.start[rows], shapes.end[rows], radius_m)
    return shapely.union_all(np.array(pieces, dtype=object))


def _stadiums(start: NDArray[np.float64], end: NDArray[np.float64], radius_m: float) -> list[shapely.Geometry]:
    """Return the zone of each segment: the hull of the circles around its ends."""
    first = _circles(start, radius_m)
    same = np.all(start == end, axis=1)
    both = np.concatenate([first, np.where(same[:, None, None], first, _circles(end, radius_m))], axis=1)
    which = np.repeat(np.arange(len(both)), both.shape[1])
    return list(shapely.convex_hull(shapely.multipoints(shapely.points(both.reshape(-1, 2)), indices=which)))


def _circles(centres: NDArray[np.float64], radius_m: float) -> NDArray[np.float64]:
    """Return (k, corners, 2) lon/lat corners; half of them would fall short, so the radius is half a sagitta longer."""
    count = corners(radius_m)
    longer_m = radius_m * (1 + (1 - np.cos(np.pi / count)) / 2)
    azimuth = np.tile(np.arange(count) * (360 / count), len(centres))
    lon, lat = np.repeat(centres, count, axis=0).T
    there_lon, there_lat, _ = ELLIPSOID.fwd(lon, lat, azimuth, np.full(len(azimuth), longer_m))
    return np.column_stack([there_lon, there_lat]).reshape(len(centres), count, 2)


NO_ZONE = say("zone_not_drawable")
NOWHERE = shapely.Polygon()
_ATTRIBUTE_KINDS = frozenset({"attribute", "ratio", "classification", KEY_AREA_KIND})
_NAMED = 5


class _Ground(Struct, frozen=True):
    """Where a test is met and where it isn't; elsewhere nobody can tell."""

    met: shapely.Geometry
    not_met: shapely.Geometry


class UndrawableError(Exception):
    """Why a test has no zone."""


def _cells_of(area: shapely.Geometry, areas: Areas) -> Iterator[tuple[shapely.Geometry, Place]]:
    """Yield the pieces of an area by the county and township that hold them; what no polygon holds comes last."""
    rest = area
    for county, name, shape in _rows(areas.counties):
        inside = _polygonal(shapely.intersection(rest, shape))
        if inside.is_empty:
            continue
        rest = _polygonal(shapely.difference(rest, shape))
        for town, town_name, town_shape in _rows(areas.townships):
            if town.startswith(county):
                piece = _polygonal(shapely.intersection(inside, town_shape))
                inside = _polygonal(shapely.difference(inside, town_shape))
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


class _Drawer(Struct):
    """Draws the zones of one project over the pieces of an area."""

    bench: SitingBench
    site: Site
    cells: list[tuple[shapely.Geometry, Place]]
    buffers: dict[tuple[Features, float], tuple[shapely.Geometry, shapely.Geometry]] = field(default_factory=dict)
    open: dict[str, shapely.Geometry] = field(default_factory=dict)
    """Of the rule last drawn: why nobody can tell there whether it touches, and where."""

    def zone(self, rule: Rule) -> tuple[Citation, Verdict, shapely.Geometry] | None:
        """Return `rule` as cited, what it says, and where; None where it reaches the project nowhere in the area."""
        drawn: list[tuple[Verdict, shapely.Geometry]] = []
        citation = None
        self.open = {}
        groups: dict[tuple[str, ...], list[tuple[shapely.Geometry, Place]]] = {}
        for cell, place in self.cells:
            groups.setdefault(self._kin(rule, place), []).append((cell, place))
        for members in groups.values():
            place = members[0][1]
            standing = self.bench.rules.standing(rule, place)
            value = standing.value
            if value is None or not self._reaches(rule, place):
                continue
            cell = shapely.union_all([piece for piece, _ in members])
            citation = citation_of(rule, standing)
            verdict = verdict_of(rule, Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET)
            drawn.append((verdict, self._touched(rule, value, cell, place)))
        if citation is None:
            return None
        geometry = shapely.union_all([shape for _, shape in drawn])
        return citation, min((verdict for verdict, _ in drawn), key=lambda verdict: verdict.gravity), geometry

    def _kin(self, rule: Rule, place: Place) -> tuple[str, ...]:
        """Return what tells places apart for a rule: its standing there, and what it says of key areas."""
        standing = self.bench.rules.standing(rule, place).standing.value
        answers = [standing]
        for leaf in rule.test.leaves() if rule.test is not None else ():
            if leaf.kind == KEY_AREA_KIND or leaf.text("layer") == KEY_AREAS:
                features = replace(features_of(leaf, self.bench.question.choices), layer=KEY_AREAS)
                answers.append(str(facts_of_place(self.site, Places(place)).layers.inside(features)))
        return tuple(answers)

    def _reaches(self, rule: Rule, place: Place) -> bool:
        asked = self.bench.question
        if self.bench.rules.standing(rule, place).standing not in SPEAKING or rule.test is None:
            return False
        if not (rule.id in asked.adopted or in_territory(rule, place.codes, place.not_in)):
            return False
        site = self.site
        attributes = site.known
        subject = Subject(site.kind, site.trade_code, site.trade_edition, site.action, attributes, doubts=site.doubts)
        reached = reach(rule, subject, asked.choices, self.bench.rules.standing(rule, place).doubt)
        exempt = exemption(rule, subject)
        if reached.side is Side.NOT_MET or (exempt is not None and exempt.is_known):
            return False
        if reached.side is Side.UNKNOWN:
            raise UndrawableError(reached.why)
        unset = unset_outside_the_test(rule, asked.choices)
        if unset:
            raise UndrawableError(sentences(*map(unset_text, unset)))
        return True

    def _touched(self, rule: Rule, value: DatedValue, cell: shapely.Geometry, place: Place) -> shapely.Geometry:
        """Return where in a cell every allowed completion of what nobody chose touches."""
        if rule.test is None:
            return NOWHERE
        touched = cell
        graver = Side.NOT_MET if rule.effect is Effect.REQUIRE else Side.MET
        for choices in self.bench.question.choices.spread(rule.parameters):
            inquiry = Inquiry(value, facts_of_place(self.site, Places(place)), choices, graver)
            ground = self._ground(rule.test, inquiry, cell)
            touched = shapely.intersection(touched, ground.not_met if rule.effect is Effect.REQUIRE else ground.met)
        return _polygonal(touched)

    def _ground(self, test: Test, inquiry: Inquiry, cell: shapely.Geometry) -> _Ground:
        if test.parts:
            parts = [self._ground(part, inquiry, cell) for part in test.parts]
            met, not_met = [part.met for part in parts], [part.not_met for part in parts]
            if test.kind == "all_of":
                return _Ground(reduce(shapely.intersection, met), shapely.union_all(not_met))
            return _Ground(shapely.union_all(met), reduce(shapely.intersection, not_met))
        if test.kind in _ATTRIBUTE_KINDS or test.text("layer") == KEY_AREAS:
            side = evaluate(test, inquiry).given
            return _Ground(cell if side is Side.MET else NOWHERE, cell if side is Side.NOT_MET else NOWHERE)
        layer = test.text("layer")
        if layer not in self.bench.indexes:
            if not layer:
                raise UndrawableError(NO_ZONE)
            return _Ground(NOWHERE, NOWHERE)
        return self._of_layer(test, inquiry, cell)

    def _of_layer(self, test: Test, inquiry: Inquiry, cell: shapely.Geometry) -> _Ground:
        features = features_of(test, inquiry.choices)
        if test.kind in INSIDE_KINDS:
            index = self.bench.indexes[features.layer]
            inside, maybe = index.union(features), index.union(features, untold=True)
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
            raise UndrawableError(say("zone_without_terrain"))
        within, maybe_within = self._buffers(features, limit_m)
        self._leave_open(features, within, maybe_within)
        near = shapely.intersection(within, cell)
        far = shapely.difference(self._cleared(features.layer, cell, limit_m), maybe_within)
        return _Ground(near, far) if test.kind == "maximum_distance" else _Ground(far, near)

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
            why = untold(features, "、".join(names[:_NAMED]) + more)
            self.open[why] = _polygonal(shapely.difference(either, sure))

    def _cleared(self, layer: str, cell: shapely.Geometry, limit_m: float) -> shapely.Geometry:
        """Return where finding nothing within the limit proves that there is nothing."""
        index = self.bench.indexes[layer]
        coverage = index.layer.gates.coverage
        if coverage is None or not index.is_complete:
            return NOWHERE
        if limit_m > 0:
            coverage = shapely.difference(coverage, zone_within([shapely.boundary(coverage)], limit_m))
        return shapely.intersection(coverage, cell)


def _polygonal(geometry: shapely.Geometry) -> shapely.Geometry:
    """Return the areas of a shape; lines and points that an overlay leaves at borders are dropped."""
    if geometry.geom_type in {"Polygon", "MultiPolygon"}:
        return geometry
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else NOWHERE


TOUCHED = frozenset({Verdict.PROHIBITED, Verdict.CONDITIONAL, Verdict.LISTED})
_HA = 1e4


class Zone(Struct, frozen=True):
    """Where one clause touches.

    Parameters
    ----------
    verdict
        What it says there: the gravest, where places differ.
    geometry
        Polygon in lon/lat, within the area asked about.
    alone_ha, alone_percent
        Of the area, whatever other clauses touch.
    added_ha
        What it adds to the clauses before it.
    left_ha
        What remains untouched after it.
    layers
        Codes of the layers at hand that went in.
    """

    citation: Citation
    verdict: Verdict
    geometry: shapely.Geometry
    alone_ha: float = 0.0
    alone_percent: float = 0.0
    added_ha: float = 0.0
    left_ha: float = 0.0
    layers: tuple[str, ...] = ()


class Overlay(Struct, frozen=True):
    """The zones of an area in reading order, and what couldn't be drawn.

    Parameters
    ----------
    undrawn
        Clauses that reach the project but have no zone, or may have more of it, with the reason.
    untouched
        Of the area, within the coverage of every layer that went in, what no drawn clause touches.
    uncovered
        Of the area, what lies outside the coverage of one of them, or where a feature isn't understood: there nothing
        follows from not being touched.
    """

    area_ha: float
    zones: tuple[Zone, ...]
    undrawn: tuple[tuple[Citation, str], ...]
    untouched: shapely.Geometry
    untouched_ha: float = 0.0
    uncovered: shapely.Geometry = NOWHERE


def overlay_clauses(bench: SitingBench, site: Site, area: shapely.Geometry) -> Overlay:
    """Draw where each clause touches a project anywhere in an area.

    `site`: the project: trade, action, stated facts; its geometry isn't read.
    `area`: polygon in lon/lat.

    A point without uncertainty lies in a zone exactly where `bench.check` gives prohibited, conditional or listed for
    the clause, but for `hmgeo.siting.overlay.TOLERANCE_M` at its border.
    """
    cells = list(_cells_of(area, bench.question.areas))
    drawer = _Drawer(bench, replace(site, geometry=None), cells)
    zones: list[Zone] = []
    undrawn: list[tuple[Citation, str]] = []
    used: list[str] = []
    unknown: list[shapely.Geometry] = []
    for rule in bench.question.rules:
        if not rule.gives_findings:
            continue
        try:
            drawn = drawer.zone(rule)
        except UndrawableError as why:
            undrawn.append((citation_of(rule, drawer.bench.rules.standing(rule, cells[0][1])), str(why)))
            continue
        if drawn is None or rule.test is None:
            continue
        for doubt, where in drawer.open.items():
            unknown.append(shapely.difference(where, drawn[2]))
            undrawn.append((drawn[0], doubt))
        at_hand = tuple(code for code in layers_of(rule.test) if code in bench.indexes)
        used += at_hand
        if not drawn[2].is_empty:
            zones.append(Zone(*drawn, layers=at_hand))
    zones.sort(key=lambda zone: (zone.verdict.gravity, zone.citation.order))
    covered = _polygonal(shapely.difference(_covered(bench, area, used), shapely.union_all(unknown)))
    return _in_sequence(area, covered, zones, tuple(undrawn))


def _covered(bench: SitingBench, area: shapely.Geometry, used: list[str]) -> shapely.Geometry:
    covered = area
    for code in dict.fromkeys(used):
        coverage = bench.indexes[code].layer.gates.coverage
        covered = NOWHERE if coverage is None else shapely.intersection(covered, coverage)
    return _polygonal(covered)


def _in_sequence(
    area: shapely.Geometry, covered: shapely.Geometry, zones: list[Zone], undrawn: tuple[tuple[Citation, str], ...]
) -> Overlay:
    whole_ha, left, made = _ha(area), area, []
    for zone in zones:
        alone_ha, before_ha = _ha(zone.geometry), _ha(left)
        left = _polygonal(shapely.difference(left, zone.geometry))
        left_ha = _ha(left)
        percent = 100 * alone_ha / whole_ha if whole_ha else 0.0
        made.append(
            replace(zone, alone_ha=alone_ha, alone_percent=percent, added_ha=before_ha - left_ha, left_ha=left_ha)
        )
    untouched = _polygonal(shapely.intersection(left, covered))
    uncovered = _polygonal(shapely.difference(area, covered))
    return Overlay(whole_ha, tuple(made), undrawn, untouched, _ha(untouched), uncovered)


def _ha(geometry: shapely.Geometry) -> float:
    return 0.0 if geometry.is_empty else float(ellipsoidal_area_m2([geometry])[0]) / _HA


_LINES = 36


def hatched_places(places: pa.Table) -> pa.Table:
    """Return one hatched figure per place, named after it and the number of sources known to be somewhere in it.

    `places`: `hmgeo.screening.somewhere.PLACES_SCHEMA`.

    id (code), name, geometry (lines as lon/lat WKB), in the order in which places are first met.
    """
    rows = {row["place_code"]: row for row in places.to_pylist()}
    counted = Counter(places["place_code"].to_pylist())
    figures = [
        {
            "id": code,
            "name": f"{row['place_name']}：{counted[code]} 家仅知位于此范围",
            "geometry": shapely.to_wkb(hatching(shapely.from_wkb(row["geometry"]))),
        }
        for code, row in rows.items()
    ]
    return table_of(figures, SHAPES_SCHEMA)


def hatching(place: BaseGeometry) -> BaseGeometry:
    """Return slanting lines across `place`, and its outline.

    >>> lines = hatching(shapely.box(0, 0, 1, 1))
    >>> lines.geom_type, bool(shapely.covers(shapely.box(0, 0, 1, 1), lines))
    ('MultiLineString', True)
    """
    west, south, east, north = place.bounds
    span = max(east - west, north - south)
    starts = np.linspace(-span, span, _LINES + 1)[1:-1]
    ends = [[(west + start, south), (west + start + span, south + span)] for start in starts.tolist()]
    inside = shapely.intersection(place, shapely.multilinestrings([shapely.linestrings(end) for end in ends]))
    parts = shapely.get_parts(shapely.get_parts([inside, shapely.boundary(place)]))
    lines = [part for part in parts if part.geom_type == "LineString" and not math.isclose(part.length, 0)]
    return shapely.multilinestrings(lines)
