"""Both readings of water held together: drawn rivers and heights; unknown where they disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hmgeo.geo.raster import Cells
from hmgeo.judging.facts import Answer, Features, PlaceFact, Unknown, Water, not_asked
from hmgeo.rules.words import BOTH, CATCHMENT, NETWORK
from hmgeo.vocabulary import LayerKind
from hmgeo.water.by_rivers import NetworkFacts
from hmgeo.water.grid import FlowGrid
from hmgeo.water.irrigation import Along
from hmgeo.water.rivers import OnNetwork, RiverNetwork, Spot
from hmgeo.water.snap import SnapRule, SnapStatus, snap
from hmgeo.water.trace import DOUBTFUL, Things
from hmgeo.words import say, sentences

Floats = NDArray[np.float64]


class _StreamOffsets(Struct, frozen=True):
    """How far points of mapped rivers, one a cell length, lie from the grid's nearest stream: half, nine in ten."""

    count: int
    median_m: float
    upper_m: float
    share_within_two_cells: float

    @property
    def zh(self) -> str:
        """The agreement as a sentence."""
        percent = 100 * self.share_within_two_cells
        return say(
            "rivers_against_heights", count=self.count, median_m=self.median_m, upper_m=self.upper_m, percent=percent
        )


def stream_offsets(grid: FlowGrid, rivers: Sequence[shapely.Geometry], stream_ha: float) -> _StreamOffsets | None:
    """Compare mapped `rivers` (lon/lat lines) with cells of `grid` that drain `stream_ha`; None where none is on it."""
    frame = grid.frame
    streams = np.flatnonzero(grid.upstream_cells >= stream_ha * 10_000 / frame.cell_area_m2)
    if not len(streams):
        return None
    lines = [shapely.segmentize(frame.to_plane(river), max(frame.cell_m)) for river in rivers]
    xy = shapely.get_coordinates(lines)
    cells = frame.cell_at(xy[:, 0], xy[:, 1])
    cells = cells[cells >= 0]
    cells = cells[grid.downstream[cells] >= 0]
    if not len(cells):
        return None
    width_m, height_m = frame.cell_m
    size_m = np.array([height_m, width_m])
    wet, places = (np.column_stack(np.divmod(own, frame.width)) for own in (streams, cells))
    away_m = _nearest_m(wet, places, size_m)
    median_m, upper_m = np.quantile(away_m, [0.5, 0.9])
    near = float((away_m <= 2 * max(frame.cell_m)).mean())
    return _StreamOffsets(len(cells), round(float(median_m), 1), round(float(upper_m), 1), round(near, 4))


_TILE = 32


def _nearest_m(wet: Cells, places: Cells, size_m: Floats) -> Floats:
    """Return how far the nearest of `wet` lies from each of `places`, (n, 2) rows and columns of cells of `size_m`.

    Those farther than a tile are asked for among all; most have theirs in a tile beside their own.
    """
    beside = np.stack(np.meshgrid((-1, 0, 1), (-1, 0, 1)), axis=-1).reshape(-1, 1, 2)
    tiles = np.zeros(np.maximum(wet.max(axis=0), places.max(axis=0)) // _TILE + 3, np.bool_)
    tiles[tuple((np.unique(places // _TILE, axis=0) + 1 + beside).reshape(-1, 2).T)] = True
    near = wet[tiles[tuple((wet // _TILE + 1).T)]]
    away_m = np.full(len(places), np.inf)
    for among in (near, wet):
        left = np.flatnonzero(away_m > _TILE * size_m.min())
        if len(left) and len(among):
            points = shapely.points(places[left] * size_m)
            tree = shapely.STRtree(shapely.points(among * size_m))
            away_m[left] = tree.query_nearest(points, all_matches=False, return_distance=True)[1]
    return away_m


AGREE, ONLY_HEIGHTS, ONLY_NETWORK, CANNOT_TELL = "agree", "only_heights", "only_network", "cannot_tell"


def agreement_rows(
    network: RiverNetwork | None, sources: Things, targets: Things, catchments: pa.Table, rule: SnapRule, limit_m: float
) -> list[dict[str, Any]]:
    """Return rows of `AGREEMENT_SCHEMA` for every source and point target that heights or drawn rivers join.

    Parameters
    ----------
    network
        None where no river is drawn: nothing to compare.
    catchments
        What heights say (`FLOW_CATCHMENT_SCHEMA`).
    sources, targets
        Things of the project; targets that are no points aren't compared.
    limit_m
        How far along the water.
    """
    if network is None:
        return []
    drained = catchments.to_pylist()
    derived = {(row["source_id"], row["target_id"]): row["flow_distance_m"] for row in drained}
    doubtful = {(row["source_id"], row["target_id"]) for row in drained if row["is_ambiguous"]}
    drained_ids = {row["target_id"] for row in drained if row["catchment_area_ha"] is not None}
    above = [
        (source_id, _spot(network, shape, rule))
        for source_id, shape in zip(sources.ids, sources.geometries, strict=True)
    ]
    rows = []
    for target_id, name, shape in zip(targets.ids, targets.names, targets.geometries, strict=True):
        below = _spot(network, shape, rule) if shape is not None and shape.geom_type == "Point" else None
        for source_id, upper in above if below is not None else ():
            by_heights_m = derived.get((source_id, target_id))
            row = _compared(network, upper, below, by_heights_m, limit_m, has_heights=target_id in drained_ids)
            if row is not None:
                row["note"] = sentences(row["note"], DOUBTFUL if (source_id, target_id) in doubtful else "")
                rows.append({"source_id": source_id, "target_id": target_id, "target_name": name, **row})
    return rows


def _spot(network: RiverNetwork, shape: shapely.Geometry | None, rule: SnapRule) -> Spot | None:
    return None if shape is None else network.spot(shapely.point_on_surface(shape), rule.tolerance_m)


def _compared(
    network: RiverNetwork,
    upper: Spot | None,
    below: Spot | None,
    by_heights_m: float | None,
    limit_m: float,
    *,
    has_heights: bool,
) -> dict[str, Any] | None:
    """Return what both say of one pair; None where neither joins them."""
    spots = [spot for spot in (upper, below) if spot is not None]
    off = [spot for spot in spots if spot.status is not OnNetwork.SNAPPED]
    cells: dict[str, Any] = {"by_heights_m": by_heights_m, "by_network_m": None}
    if off or upper is None or below is None:
        why = off[0].why if off else ""
        return None if by_heights_m is None else cells | {"status": ONLY_HEIGHTS, "note": why}
    way_m = network.way_m(upper, below, limit_m)
    if way_m is None and by_heights_m is None:
        return None
    cells["by_network_m"] = None if way_m is None else round(way_m, 1)
    moved = say("both_moved", upper=upper.why, below=below.why)
    if way_m is not None and by_heights_m is not None:
        return cells | {"status": AGREE, "note": moved}
    if way_m is not None and not has_heights:
        return cells | {"status": ONLY_NETWORK, "note": moved}
    return cells | {"status": CANNOT_TELL, "note": sentences(say("ways_disagree"), moved)}


def along_of(
    grid: FlowGrid | None, network: RiverNetwork | None, rule: SnapRule | None
) -> Callable[[shapely.Geometry, shapely.Geometry], Along | None] | None:
    """Return what tells how a lower place lies to an upper one; None where nothing can.

    `grid` or `network` is None where there are no heights or no rivers, `rule` where nobody chose how a point is put
    onto them.

    Where rivers are drawn they decide; heights then must not say the contrary. Nothing is told of places that can't
    be put onto a river, or where both disagree.
    """
    if rule is None or (grid is None and network is None):
        return None

    def along(upper: shapely.Geometry, lower: shapely.Geometry) -> Along | None:
        above, below = shapely.point_on_surface(upper), shapely.point_on_surface(lower)
        drawn = None if network is None else _by_network(network, rule, above, below)
        derived = None if grid is None else _by_heights(grid, rule, above, below)
        if drawn is None or derived is None:
            return drawn or derived
        return drawn if (drawn.flow_m is None) == (derived.flow_m is None) else None

    return along


def _by_network(network: RiverNetwork, rule: SnapRule, above: shapely.Point, below: shapely.Point) -> Along | None:
    upper, lower = network.spot(above, rule.tolerance_m), network.spot(below, rule.tolerance_m)
    if upper.status is not OnNetwork.SNAPPED or lower.status is not OnNetwork.SNAPPED:
        return None
    return Along(network.way_m(upper, lower), say("by_drawn_rivers"))


def _by_heights(grid: FlowGrid, rule: SnapRule, above: shapely.Point, below: shapely.Point) -> Along | None:
    upper, lower = snap(grid, above, rule), snap(grid, below, rule)
    if upper.status is not SnapStatus.SNAPPED or lower.status is not SnapStatus.SNAPPED:
        return None
    cells, way_m, _ = grid.path(int(upper.cells[0]))
    at = np.flatnonzero(cells == lower.cells[0])
    flat_cells = grid.level_stretch(cells[: at[0]] if len(at) else cells)
    is_much = flat_cells > grid.conditioning.flat_cells
    datum = say("by_heights_level", cells=flat_cells) if is_much else say("by_heights")
    if any((lower.cells[0] in branch.cells) != bool(len(at)) for branch in grid.branches(int(upper.cells[0]))):
        return None
    return Along(float(way_m[at[0]]) if len(at) else None, datum)


class WaterFacts:
    """Answers about water for one source; each question along the water is worked out once.

    Parameters
    ----------
    heights
        Whoever follows water over the ground.
    rivers
        Whoever follows drawn lines.
    has_heights
        Whether there is a grid of heights: without one, rivers answer alone where no mode is asked for.
    barred
        Kinds of layers that the source may not be held against.
    """

    def __init__(
        self, heights: Water, rivers: NetworkFacts, *, has_heights: bool, barred: tuple[LayerKind, ...] = ()
    ) -> None:
        self._barred = barred
        self._heights = heights
        self._rivers = rivers
        self._has_heights = has_heights
        self._met: dict[tuple[bool, Features, float, str], PlaceFact | Unknown] = {}

    def upstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        """Return whether water from the source reaches one of `features` within `limit_m` along the water.

        `mode` says by what: rivers, heights, both; empty for the best there is.
        """
        return self._along(features, limit_m, mode, is_against=False)

    def downstream(self, features: Features, limit_m: float, mode: str, /) -> PlaceFact | Unknown:
        """Return whether water from one of `features` reaches the source within `limit_m` along the water."""
        return self._along(features, limit_m, mode, is_against=True)

    def beside_path(self, features: Features, limit_m: float, beside_m: float, /) -> PlaceFact | Unknown:
        """Return whether the first `limit_m` of the way down pass within `beside_m` of `features`; by heights."""
        if self._is_barred(features):
            return not_asked(features.layer, self._barred)
        return self._heights.beside_path(features, limit_m, beside_m)

    def _along(self, features: Features, limit_m: float, mode: str, *, is_against: bool) -> PlaceFact | Unknown:
        key = (is_against, features, limit_m, mode)
        if key not in self._met:
            heights, rivers = self._heights, self._rivers
            over_ground = heights.downstream if is_against else heights.upstream
            along_lines = rivers.downstream if is_against else rivers.upstream
            by_heights, by_rivers = (
                partial(over_ground, features, limit_m, CATCHMENT),
                partial(along_lines, features, limit_m),
            )
            self._met[key] = self._by(features, mode, by_heights, by_rivers)
        return self._met[key]

    def _is_barred(self, features: Features) -> bool:
        return any(kind.value == features.layer for kind in self._barred)

    def _by(
        self,
        features: Features,
        mode: str,
        by_heights: Callable[[], PlaceFact | Unknown],
        by_rivers: Callable[[], PlaceFact | Unknown],
    ) -> PlaceFact | Unknown:
        if self._is_barred(features):
            return not_asked(features.layer, self._barred)
        why_not = self._rivers.why_not()
        if mode == NETWORK or (not mode and not self._has_heights and not why_not):
            return by_rivers()
        if mode != BOTH:
            fact = by_heights()
            asks_rivers = not mode and not self._has_heights and self._rivers.is_drawn
            return Unknown(sentences(fact.why, why_not)) if asks_rivers and isinstance(fact, Unknown) else fact
        if why_not:
            return _alone(by_heights(), why_not)
        if not self._has_heights:
            without = by_heights()
            return _alone(by_rivers(), without.why)
        return joint(by_heights(), by_rivers())


def _alone(fact: PlaceFact | Unknown, why_not: str) -> PlaceFact | Unknown:
    """Return what one way tells where the other is missing: a hit stands, finding nothing proves nothing."""
    if isinstance(fact, Unknown):
        return Unknown(sentences(fact.why, why_not))
    finds_nothing = Answer.NO in {fact.answer, *fact.others}
    return replace(fact, gap=sentences(fact.gap, why_not)) if finds_nothing else fact


def joint(by_heights: PlaceFact | Unknown, by_rivers: PlaceFact | Unknown) -> PlaceFact | Unknown:
    """Join two answers to one question, `by_heights` and `by_rivers`.

    What either finds is found, what one doesn't find stays open.

    Where both agree their agreement is told. Where only one finds something, or one cannot tell, both answers are
    possible; only where both find nothing, and nothing stands in the way of either, is nothing there.
    """
    facts = [fact for fact in (by_heights, by_rivers) if isinstance(fact, PlaceFact)]
    open_reasons = sentences(*(fact.why for fact in (by_heights, by_rivers) if isinstance(fact, Unknown)))
    if not facts:
        return Unknown(open_reasons)
    best = min(facts, key=lambda fact: (fact.answer is not Answer.YES, fact.measured_m or 0.0))
    possible = {answer for fact in facts for answer in (fact.answer, *fact.others)} | (
        {Answer.NO} if open_reasons else set()
    )
    gaps = [_split(by_heights, by_rivers), *(fact.gap for fact in facts), open_reasons]
    agrees = len(facts) > 1 and all(fact.answer is best.answer for fact in facts)
    is_proven = best.answer is Answer.YES or not any(gaps)
    return replace(
        best,
        others=frozenset(possible - {best.answer}),
        gap=sentences(*gaps) if Answer.NO in possible else "",
        why=sentences(say("ways_agree") if agrees and is_proven else "", _apart(facts), *(fact.why for fact in facts)),
        is_approximate=any(fact.is_approximate for fact in facts),
    )


def _split(by_heights: PlaceFact | Unknown, by_rivers: PlaceFact | Unknown) -> str:
    """Return that one finds what the other rules out; empty where neither speaks against the other."""
    if isinstance(by_heights, Unknown) or isinstance(by_rivers, Unknown) or by_heights.answer is by_rivers.answer:
        return ""
    is_by_heights = by_heights.answer is Answer.YES
    lacking = by_rivers if is_by_heights else by_heights
    if lacking.gap:
        return ""
    return say("met_by_heights_only" if is_by_heights else "met_by_rivers_only")


def _apart(facts: list[PlaceFact]) -> str:
    """Return that two ways meet different features; empty where they meet the same."""
    met = {fact.receptor_id: fact.receptor_name or fact.receptor_id for fact in facts if fact.answer is Answer.YES}
    return say("ways_meet_others", names=tuple(met.values())) if len(met) > 1 else ""
