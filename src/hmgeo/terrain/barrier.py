"""What stands between a source and its nearest parcel: the highest ground on the line, and shared catchments.

Information beside the verdict; no text makes a verdict of it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import shapely
from msgspec import Struct
from numpy.typing import NDArray

from hmgeo.geo.ellipsoid import ELLIPSOID
from hmgeo.geo.raster import GRID_DECIMALS, Cells, Frame, Heights
from hmgeo.judging.choices import Choices
from hmgeo.judging.facts import Unknown
from hmgeo.records import table_of
from hmgeo.results.columns import BARRIER_SCHEMA
from hmgeo.terrain.slope import PlaceTerrain
from hmgeo.vocabulary import MEASURE_DECIMALS
from hmgeo.water.grid import FlowGrid
from hmgeo.water.trace import flat_notes
from hmgeo.words import say, sentences

Floats = NDArray[np.float64]

_TWO_ENDS = 2


class BarrierRule(Struct, frozen=True):
    """What counts as a ridge and as a small catchment; choices, printed with the results.

    `ridge_m`: how far the ground between must rise above the higher end; None calls nothing a ridge.
    `small_catchment_ha`: up to which size a common catchment is called small; None calls none so.
    """

    ridge_m: float | None
    small_catchment_ha: float | None


class _Profile(Struct, frozen=True):
    """Heights along the geodesic from a source (0) to a parcel.

    `divide_m` is the highest ground between, above the grid's zero, `at_m` how far from the source it stands; where the
    ground between is lower than an end it rises above it by less than nothing.
    """

    distance_m: float
    source_height_m: float
    parcel_height_m: float
    divide_m: float
    at_m: float

    @property
    def above_source_m(self) -> float:
        """How far the divide rises above the source."""
        return round(self.divide_m - self.source_height_m, GRID_DECIMALS)

    @property
    def above_parcel_m(self) -> float:
        """How far the divide rises above the parcel."""
        return round(self.divide_m - self.parcel_height_m, GRID_DECIMALS)

    @property
    def above_higher_end_m(self) -> float:
        """How far the divide rises above the higher of both ends."""
        return min(self.above_source_m, self.above_parcel_m)


def profile(frame: Frame, heights: Heights, source: shapely.Point, parcel: shapely.Point) -> _Profile | Unknown:
    """Return the heights along the geodesic from `source` to `parcel` (lon/lat points), sampled once a cell of `frame`.

    `heights` are (rows, columns) in metres.

    Unknown where the line leaves the grid or crosses a cell without height.
    """
    bearing, _, distance_m = ELLIPSOID.inv(source.x, source.y, parcel.x, parcel.y)
    steps = max(_TWO_ENDS, int(np.ceil(distance_m / min(frame.cell_m))) + 1)
    along_m = np.linspace(0.0, distance_m, steps)
    start = np.full(steps, source.x), np.full(steps, source.y)
    lon, lat, _ = ELLIPSOID.fwd(*start, np.full(steps, bearing), along_m)
    cells = frame.cell_of(np.asarray(lon), np.asarray(lat))
    values = np.where(cells >= 0, heights.reshape(-1)[cells], np.nan)
    if np.isnan(values).any():
        return Unknown(say("ridge_without_heights"))
    top = int(np.argmax(values))
    ends = [round(float(values[end]), GRID_DECIMALS) for end in (0, -1)]
    return _Profile(
        round(float(distance_m), GRID_DECIMALS),
        ends[0],
        ends[1],
        round(float(values[top]), GRID_DECIMALS),
        round(float(along_m[top]), GRID_DECIMALS),
    )


class _Meeting(NamedTuple):
    """Where the waters of two ends come together.

    `area_ha` is the smallest catchment that holds both, None where they don't meet on the grid; `others_ha` what else
    it may be, out of level ground with two ways out alike; `flat_cells` the longest level stretch on the ways there.
    """

    area_ha: float | None
    others_ha: frozenset[float | None] = frozenset()
    flat_cells: int = 0


def _meeting(grid: FlowGrid, source: Cells, parcel: Cells) -> _Meeting:
    """Return where the waters of two ends meet; a cell of each end comes first in its array."""
    if not len(source) or not len(parcel):
        return _Meeting(None)
    here, there = (
        [grid.path(int(end[0]))[0], *(branch.cells for branch in grid.branches(int(end[0])))]
        for end in (source, parcel)
    )
    area_ha, *others_ha = (_joined_ha(grid, way, other_way) for way in here for other_way in there)
    before = (_before(here[0], there[0]), _before(there[0], here[0]))
    return _Meeting(area_ha, frozenset(others_ha) - {area_ha}, max(map(grid.level_stretch, before)))


def _before(way: Cells, other: Cells) -> Cells:
    """Return the cells of a way before it meets another."""
    joined: Cells = way[: np.argmax([*np.isin(way, other), True])]
    return joined


def _joined_ha(grid: FlowGrid, way: Cells, other: Cells) -> float | None:
    at = len(_before(way, other))
    return grid.area_ha(int(way[at])) if at < len(way) else None


MAY_MEET = say("waters_may_meet")


class Barrier(Struct, frozen=True):
    """Evidence on what lies between a source and a parcel.

    Parameters
    ----------
    has_ridge
        Whether the ground between rises at least `BarrierRule.ridge_m` above both ends; None where that is unset.
    common_ha
        Size of the smallest common catchment; None where the waters don't join on the grid.
    is_same_small_catchment
        None where `BarrierRule.small_catchment_ha` is unset, or where that depends on the way out of level ground.
    notes
        What is to be said of level ground on the ways to where the waters join.
    """

    profile: _Profile
    has_ridge: bool | None
    common_ha: float | None
    is_same_small_catchment: bool | None
    notes: tuple[str, ...] = ()

    @property
    def zh(self) -> str:
        """The evidence as a sentence; it changes no verdict."""
        line = self.profile
        above_m, common_ha = line.above_higher_end_m, self.common_ha
        rise = say("rises_above_ends", rise_m=above_m) if above_m > 0 else say("no_higher_than_ends")
        if self.has_ridge is not None:
            rise = say("with_ridge" if self.has_ridge else "without_ridge", what=rise)
        water = say("waters_apart") if common_ha is None else say("waters_meet", area_ha=common_ha)
        if self.is_same_small_catchment is not None:
            water = say("same_catchment" if self.is_same_small_catchment else "other_catchment", what=water)
        between = say("ground_between", top_m=line.divide_m, at_m=line.at_m, rise=rise, water=water)
        return sentences(between, *self.notes)


def barrier(grid: FlowGrid, source: shapely.Point, parcel: shapely.Point, rule: BarrierRule) -> Barrier | Unknown:
    """Return what lies on `grid` between two lon/lat points, `source` and `parcel`, judged by `rule`."""
    line = profile(grid.frame, grid.heights, source, parcel)
    if isinstance(line, Unknown):
        return line
    ends = [grid.frame.cells_of_shape(end) for end in (source, parcel)]
    meeting = _meeting(grid, ends[0], ends[1])
    has_ridge = None if rule.ridge_m is None else line.above_higher_end_m >= rule.ridge_m
    is_small = None
    if rule.small_catchment_ha is not None:
        limit_ha = rule.small_catchment_ha
        answers = {size_ha is not None and size_ha <= limit_ha for size_ha in (meeting.area_ha, *meeting.others_ha)}
        is_small = answers.pop() if len(answers) == 1 else None
    notes = (*flat_notes(grid, meeting.flat_cells), *([MAY_MEET] if meeting.others_ha else []))
    return Barrier(line, has_ridge, meeting.area_ha, is_small, notes)


RIDGE, SMALL = "barrier_ridge_m", "small_catchment_ha"


def barrier_rule(choices: Choices) -> BarrierRule:
    """Return what counts as a ridge and as a small catchment by `choices`; None where the project doesn't say."""
    return BarrierRule(choices.number(RIDGE), choices.number(SMALL))


def barriers(
    sources: pa.Table,
    parcels: Mapping[str, shapely.Geometry],
    grid: FlowGrid | Unknown,
    rule: BarrierRule,
    places: Mapping[str, PlaceTerrain | Unknown],
) -> pa.Table:
    """Return `BARRIER_SCHEMA`: every source that has a position, once, in order.

    Parameters
    ----------
    sources
        `SOURCES_SCHEMA`, with the nearest parcel of each.
    parcels
        Shapes in lon/lat by id.
    grid
        Unknown where the project has no heights, or too many for memory.
    places
        How rugged the place of each source is, by its id.
    """
    rows = []
    for row in sources.to_pylist():
        if row["geometry"] is None:
            continue
        cells = {"source_id": row["source_id"]} | _place(places.get(row["source_id"]))
        parcel = parcels.get(row["nearest_farmland_id"])
        if isinstance(grid, Unknown):
            rows.append(cells | {"barrier": grid.why})
        elif parcel is None:
            rows.append(cells | {"barrier": say("ridge_without_parcel")})
        else:
            evidence = _between(grid, shapely.from_wkb(row["geometry"]), parcel, rule)
            near = {"receptor_id": row["nearest_farmland_id"], "distance_m": row["nearest_farmland_m"]}
            rows.append(cells | near | _cells(evidence))
    return table_of(rows, BARRIER_SCHEMA)


def _place(place: PlaceTerrain | Unknown | None) -> dict[str, Any]:
    if place is None or isinstance(place, Unknown):
        return {"terrain": ""}
    return {"terrain": place.terrain.value, "relief_m": place.relief_m}


def _between(
    grid: FlowGrid, source: shapely.Geometry, parcel: shapely.Geometry, rule: BarrierRule
) -> Barrier | Unknown:
    start = shapely.point_on_surface(source) if source.area else shapely.Point(shapely.get_coordinates(source)[0])
    end = shapely.Point(shapely.get_coordinates(shapely.shortest_line(start, parcel))[-1])
    return barrier(grid, start, end, rule)


def _cells(evidence: Barrier | Unknown) -> dict[str, Any]:
    if isinstance(evidence, Unknown):
        return {"barrier": evidence.why}
    line = evidence.profile
    return {
        "source_height_m": line.source_height_m,
        "parcel_height_m": line.parcel_height_m,
        "divide_m": line.divide_m,
        "divide_at_m": line.at_m,
        "above_higher_end_m": line.above_higher_end_m,
        "has_ridge": evidence.has_ridge,
        "common_catchment_ha": None if evidence.common_ha is None else round(evidence.common_ha, MEASURE_DECIMALS),
        "is_same_small_catchment": evidence.is_same_small_catchment,
        "barrier": evidence.zh,
    }
