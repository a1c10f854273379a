"""The measures of a run, source by source; of sources that only a place is known of, as ranges over that place.

Everything is measured in one plane about the middle of places and receptors, whose distortion is bounded and counted
into every range. The least distance is that of the place's outline itself. The greatest distance is searched for by
splitting the place into cells: a distance changes by no more than the way walked, so a cell whose middle lies d from
the nearest receptor reaches at most d + its half diagonal. Counts are bounded over a grid of cells in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray
from pyproj import Transformer

from hmgeo.geo.distance import covered_m
from hmgeo.geo.ellipsoid import FLATTENING, SEMI_MAJOR_M, SMALLEST_RADIUS_M, ellipsoidal_area_m2, hectares
from hmgeo.judging.facts import DistanceFact, Features, PlaceFact, Unknown, missing_layer
from hmgeo.judging.layers import LayerFacts, LayerIndex, PlaceOnly, named_class, untold
from hmgeo.judging.places import KEY_AREAS, Areas, Place, Places
from hmgeo.proximity.measure import Proximity
from hmgeo.records import Layer, Positions, schema_of, table_of
from hmgeo.reference.cells import leaves_class_open
from hmgeo.results.text import distance_text
from hmgeo.vocabulary import (
    ALL_CLASSES,
    MEASURE_DECIMALS,
    Basis,
    ClassKind,
    Completeness,
    LandClass,
    LayerKind,
    PositionKind,
    Status,
    classes_in_order,
)
from hmgeo.words import say

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


class Nearest(Struct, frozen=True):
    """The nearest receptor of a source; bearing_deg is None where they touch."""

    receptor_id: str
    receptor_name: str
    receptor_class: str
    distance_m: float
    bearing_deg: float | None


class Measures(Struct, frozen=True):
    """Measures by source id; sources without a usable position are in none of them.

    Parameters
    ----------
    nearest
        By source id and class (`all` for any class).
    count, area_ha
        Within the search radius, all classes.
    count_max
        Within the radius plus the position's uncertainty, all classes.
    covered_m
        How far the layer's coverage reaches around a source; missing where none is declared.
    is_complete
        Whether the layer is declared complete within its coverage.
    unread
        Class words met that the official list doesn't hold.
    margin_m
        How far off the receptors may lie.
    """

    nearest: Mapping[tuple[str, str], Nearest]
    count: Mapping[str, int]
    area_ha: Mapping[str, float]
    count_max: Mapping[str, int]
    covered_m: Mapping[str, float]
    is_complete: bool
    unread: tuple[str, ...] = ()
    margin_m: float = 0.0

    def are_lower_bounds(self, source_id: str, radius_m: float) -> bool:
        """Whether a search of `radius_m` around the source `source_id` may have missed receptors."""
        return not self.is_complete or self.covered_m.get(source_id, -np.inf) < radius_m


def widened(positions: Positions, margin_m: float) -> Positions:
    """Return `positions` as unsure as they and a layer (`margin_m`) are together, to be measured against that layer."""
    if not margin_m:
        return positions
    at = positions.table.schema.get_field_index("position_uncertainty_m")
    wider = pc.add(positions.table["position_uncertainty_m"], margin_m)
    return replace(positions, table=positions.table.set_column(at, "position_uncertainty_m", wider))


def measures_of(positions: Positions, receptors: Layer | None, proximity: Proximity | None) -> Measures:
    """Gather the measures of a run (`proximity`); empty where there was no layer (`receptors`) to measure against."""
    if receptors is None or proximity is None:
        return Measures({}, {}, {}, {}, {}, is_complete=False)
    nearest = {(row.pop("source_id"), row.pop("class")): Nearest(**row) for row in proximity.nearest.to_pylist()}
    of_all = pc.equal(proximity.counts["class"], ALL_CLASSES)
    widest = pc.equal(proximity.counts["radius_m"], proximity.radii_m[-1])
    counts = proximity.counts.filter(pc.and_(of_all, widest)).to_pylist()
    maxima = proximity.count_max.filter(pc.equal(proximity.count_max["class"], ALL_CLASSES)).to_pylist()
    return Measures(
        nearest,
        {row["source_id"]: row["count"] for row in counts},
        {row["source_id"]: row["area_ha"] for row in counts},
        {row["source_id"]: row["count"] for row in maxima},
        _covered(positions, receptors),
        receptors.gates.completeness is Completeness.COMPLETE,
        unread_words(word for _, word in nearest),
        receptors.margin_m,
    )


def _covered(positions: Positions, receptors: Layer) -> dict[str, float]:
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    if receptors.gates.coverage is None or not located.num_rows:
        return {}
    reach_m = covered_m(
        shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False)),
        located["position_uncertainty_m"].to_numpy().astype(np.float64),
        receptors.gates.coverage,
    )
    return dict(zip(located["source_id"].to_pylist(), reach_m.tolist(), strict=True))


class MeasuredLayers(LayerFacts):
    """Where one located source lies: farmland by the measures of a run, everything else from its layers.

    Parameters
    ----------
    row
        The source's row of `POSITION_SCHEMA`.
    farmland
        The layer that was measured against; None where there is none.
    indexes, places, barred
        As in `LayerFacts`.
    """

    def __init__(
        self,
        row: Mapping[str, Any],
        farmland: Layer | None,
        measures: Measures,
        indexes: Mapping[str, LayerIndex],
        places: Places,
        *,
        barred: tuple[LayerKind, ...] = (),
    ) -> None:
        super().__init__(
            shapely.from_wkb(row["geometry"]), row["position_uncertainty_m"], indexes, places, barred=barred
        )
        self._id: str = row["source_id"]
        self._farmland = farmland
        self._measures = measures

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return the distance to `features`: farmland of these classes by the run's measures, all else by layers."""
        if features.layer != LayerKind.FARMLAND.value or features.having or features.lacking:
            return super().distance(features)
        if self._farmland is None:
            return missing_layer(features.layer)
        keys = [(self._id, word) for word in features.classes or (ALL_CLASSES,)]
        candidates = [self._measures.nearest[key] for key in keys if key in self._measures.nearest]
        nearest = min(candidates, key=lambda near: near.distance_m, default=None)
        unread = self._unread(features)
        off_m = self._uncertainty_m + self._farmland.margin_m
        untold_why = ""
        if unread is not None:
            untold_why = class_unread(features, unread.receptor_name or unread.receptor_id, unread.receptor_class)
        low_m = high_m = np.inf
        if nearest is not None:
            low_m = round(max(0.0, nearest.distance_m - off_m), MEASURE_DECIMALS)
            high_m = round(nearest.distance_m + off_m, MEASURE_DECIMALS)
        return DistanceFact(
            low_m,
            high_m,
            None if nearest is None else nearest.distance_m,
            off_m,
            "" if nearest is None else nearest.receptor_id,
            "" if nearest is None else nearest.receptor_name,
            None if nearest is None else nearest.bearing_deg,
            covered_m=self._measures.covered_m.get(self._id),
            is_complete=self._measures.is_complete,
            is_approximate=self._farmland.basis is Basis.APPROXIMATE,
            untold_m=np.inf if unread is None else round(max(0.0, unread.distance_m - off_m), MEASURE_DECIMALS),
            untold_why=untold_why,
            aside=self._farmland.gates.aside,
        )

    def _unread(self, features: Features) -> Nearest | None:
        """Return the nearest parcel whose class word isn't understood, where classes are asked."""
        if not features.classes:
            return None
        keys = [(self._id, word) for word in self._measures.unread if word not in features.classes]
        candidates = [self._measures.nearest[key] for key in keys if key in self._measures.nearest]
        return min(candidates, key=lambda near: near.distance_m, default=None)


def class_unread(features: Features, name: str, word: str) -> str:
    """Return what is said of the parcel `name` whose class `word` isn't understood, though `features` ask for it."""
    return untold(features, named_class(name, word))


def unread_words(words: Iterable[str]) -> tuple[str, ...]:
    """Return the class words of farmland that leave the class open, each once, sorted."""
    met = set(words) - {ALL_CLASSES}
    return tuple(sorted(word for word in met if leaves_class_open(LayerKind.FARMLAND.value, word)))


SHOWN_GAP_M = 100.0
"""The greatest distance is pinned to this where no radius depends on it."""
DECIDING_GAP_M = 5.0
"""... and to this where a radius lies inside the gap."""
COUNT_CELLS = 256
_MOST_CELLS = 4096
_LONGEST_EDGE_DEG = 0.01
_SAG_M = 0.05
"""How far an edge of that length, straight in lon/lat, may leave the straight line in the plane."""


class CountRange(Struct, frozen=True):
    """Receptors and hectares within a radius, fewest and most over the place."""

    count_low: int
    count_high: int
    area_low_ha: float
    area_high_ha: float


class PlaceRange(Struct, frozen=True):
    """What may be said of a source somewhere in a place.

    Parameters
    ----------
    nearest_m
        By class (`all` for any): least and greatest possible distance to the nearest receptor; classes that the layer
        doesn't hold are missing.
    nearest_error_m
        How much the greatest distance of `all` may be overstated.
    within, within_by_land
        By radius (m) and class; by what the land is used as, where the layer says it.
    count_error_m
        Half diagonal of the cells that counts were bounded over: a radius may act as that much larger or smaller.
    """

    nearest_m: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    nearest_error_m: float = 0.0
    within: Mapping[tuple[float, str], CountRange] = field(default_factory=dict)
    count_error_m: float = 0.0
    within_by_land: Mapping[tuple[float, str], CountRange] = field(default_factory=dict)


def _numbered(words: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return class words in order, and the number of each row's among them."""
    classes = classes_in_order(words)
    code = {word: index for index, word in enumerate(classes)}
    return classes, np.array([code[word] for word in words], np.int64)


class Field:
    """All receptors of a layer in one plane, ready to be asked from many places.

    `receptors`: layer of `RECEPTOR_SCHEMA` batches in lon/lat; held in memory.
    `places`: (lon, lat) bounds west, south, east, north of all places to be asked about.
    """

    def __init__(self, receptors: Layer, places: Sequence[float]) -> None:
        table = receptors.read()
        shapes = shapely.from_wkb(table["geometry"].to_numpy())
        bounds = np.array([places, shapely.total_bounds(shapes)])
        west, south = np.nanmin(bounds[:, :2], axis=0).tolist()
        east, north = np.nanmax(bounds[:, 2:], axis=0).tolist()
        self._plane = _plane((west + east) / 2, (south + north) / 2)
        official_m2 = table["official_area_m2"].to_numpy().astype(np.float64)
        self.area_ha = hectares(np.where(np.isnan(official_m2), ellipsoidal_area_m2(shapes), official_m2))
        self.classes, self.code = _numbered(table["class"].to_pylist())
        land = table["land_class"]
        is_told = land.null_count < len(land)
        self.lands, self.land_code = _numbered([word or LandClass.UNREAD.value for word in land.to_pylist()] * is_told)
        flat = self.flatten(shapes)
        box = shapely.bounds(flat)
        self.middle = np.ascontiguousarray((box[:, :2] + box[:, 2:]) / 2)
        self.reach_m = np.hypot(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) / 2
        self.trees = {ALL_CLASSES: shapely.STRtree(flat)}
        self.trees |= {word: shapely.STRtree(flat[self.code == code]) for code, word in enumerate(self.classes)}
        corners = self.flatten(shapely.points([[x, y] for x in (west, east) for y in (south, north)]))
        farthest_m = float(np.hypot(*shapely.get_coordinates(corners).T).max())
        self.distortion = (farthest_m / SMALLEST_RADIUS_M) ** 2 / 5 + 2e-6

    def flatten(self, shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Bring lon/lat `shapes` into the plane, long edges cut up first."""
        cut = shapely.segmentize(shapes, _LONGEST_EDGE_DEG)
        return np.asarray(shapely.transform(cut, lambda xy: np.column_stack(self._plane.transform(*xy.T))))

    def widened(self, distance_m: float) -> float:
        """Return the greatest ground distance that `distance_m` in the plane may stand for."""
        return distance_m * (1 + self.distortion) + _SAG_M

    def narrowed(self, distance_m: float) -> float:
        """Return the least ground distance that `distance_m` in the plane may stand for."""
        return max(0.0, distance_m * (1 - self.distortion) - _SAG_M)


def covered_around_m(place: shapely.Geometry, coverage: shapely.Geometry, around: Field) -> float:
    """Return how far a search around a whole place surely stays inside a coverage; negative where the place leaves it.

    `place`, `coverage`: polygons in lon/lat. `around`: the plane they are held in.
    """
    flat = around.flatten(np.array([place, shapely.boundary(coverage)], dtype=object))
    apart_m = float(shapely.distance(*flat))
    return around.narrowed(apart_m) if shapely.covers(coverage, place) else -around.widened(apart_m)


def place_range(place: shapely.Geometry, around: Field, radii_m: Sequence[float]) -> PlaceRange:
    """Return the ranges over all positions in a place.

    Every position in the place lies inside every range.

    Parameters
    ----------
    place
        Polygon or multipolygon in lon/lat.
    radii_m
        Ascending; distances are pinned down where one of them is at stake.
    around
        All receptors.
    """
    flat = around.flatten(np.array([place], dtype=object))[0]
    nearest: dict[str, tuple[float, float]] = {}
    error_m = 0.0
    for word in (ALL_CLASSES, *around.classes):
        tree = around.trees[word]
        if not len(tree):
            continue
        low_m = float(tree.query_nearest(flat, return_distance=True, all_matches=False)[1][0])
        proven_m, high_m = _greatest(flat, tree, around, radii_m)
        nearest[word] = (around.narrowed(low_m) if low_m else 0.0, around.widened(high_m))
        if word == ALL_CLASSES:
            error_m = around.widened(high_m) - around.narrowed(proven_m)
    within, land, cell_m = _counts(flat, around, radii_m)
    return PlaceRange(nearest, error_m, within, cell_m, land)


def _greatest(
    flat: shapely.Geometry, tree: shapely.STRtree, around: Field, radii_m: Sequence[float]
) -> tuple[float, float]:
    """Return bounds of the greatest distance to the nearest shape of a tree, in the plane."""
    shapely.prepare(flat)
    proven_m = float(_distances(shapely.points(shapely.get_coordinates(flat)), tree).max(initial=0.0))
    settled_m = proven_m
    middles, side_m = _cells(flat, 1)
    while len(middles):
        reach_m = side_m / math.sqrt(2)
        points = shapely.points(middles)
        apart_m = _distances(points, tree)
        inside = shapely.intersects(flat, points)
        proven_m = max(proven_m, float(apart_m[inside].max(initial=0.0)))
        upper_m = max(settled_m, float((apart_m + reach_m).max()))
        undecided = any(
            proven_m * (1 - around.distortion) - _SAG_M <= radius_m <= around.widened(upper_m) for radius_m in radii_m
        )
        if len(middles) > _MOST_CELLS:
            return proven_m, upper_m
        wanted_m = DECIDING_GAP_M if undecided else SHOWN_GAP_M
        open_ = apart_m + reach_m > proven_m + wanted_m
        settled_m = max(settled_m, float((apart_m + reach_m)[~open_].max(initial=0.0)))
        middles, side_m = _split(flat, middles[open_], side_m)
    return proven_m, max(proven_m, settled_m)


def _distances(points: NDArray[np.object_], tree: shapely.STRtree) -> Floats:
    (asked, _), distance_m = tree.query_nearest(points, return_distance=True, all_matches=False)
    apart_m = np.full(len(points), np.inf)
    apart_m[asked] = distance_m
    return apart_m


def _cells(flat: shapely.Geometry, wanted: int) -> tuple[Floats, float]:
    """Return middles and side of about `wanted` square cells that cover a place."""
    west, south, east, north = flat.bounds
    wide, high = east - west, north - south
    side_m = max(math.sqrt(wide * high / wanted), max(wide, high) / (4 * wanted), 1e-3)
    x = west + side_m * (np.arange(math.ceil(wide / side_m) or 1) + 0.5)
    y = south + side_m * (np.arange(math.ceil(high / side_m) or 1) + 0.5)
    middles = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return middles[_meet(flat, middles, side_m)], side_m


def _split(flat: shapely.Geometry, middles: Floats, side_m: float) -> tuple[Floats, float]:
    """Cut cells into four each and keep those that meet the place."""
    quarter = side_m / 4
    steps = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * quarter
    finer = (middles[:, None] + steps[None]).reshape(-1, 2)
    return finer[_meet(flat, finer, side_m / 2)], side_m / 2


def _meet(flat: shapely.Geometry, middles: Floats, side_m: float) -> NDArray[np.bool_]:
    half = side_m / 2 * (1 + 1e-9)
    x, y = middles.T
    return np.asarray(shapely.intersects(flat, shapely.box(x - half, y - half, x + half, y + half)))


def _counts(
    flat: shapely.Geometry, around: Field, radii_m: Sequence[float]
) -> tuple[dict[tuple[float, str], CountRange], dict[tuple[float, str], CountRange], float]:
    """Bound counts and areas within the radii over a grid of cells; by soil, and by land use."""
    from hmgeo.proximity.tally import tally_cells  # noqa: PLC0415 -- LLVM loads slowly, few need it

    shapely.prepare(flat)
    middles, side_m = _cells(flat, COUNT_CELLS)
    slack_m = side_m / math.sqrt(2) + _SAG_M
    radii = np.array(radii_m, np.float64)
    west, south, east, north = flat.bounds
    reach_m = radii[-1] * (1 + 2 * around.distortion) + slack_m + around.reach_m
    x, y = around.middle.T
    near = (x > west - reach_m) & (x < east + reach_m) & (y > south - reach_m) & (y < north + reach_m)

    def ranges(words: Sequence[str], code: NDArray[np.int64]) -> dict[tuple[float, str], CountRange]:
        if not words:
            return {}
        fewest, most, least_ha, most_ha = tally_cells(
            middles,
            around.middle[near],
            around.reach_m[near],
            code[near],
            around.area_ha[near],
            radii * (1 - around.distortion) - slack_m,
            radii * (1 + around.distortion) + slack_m,
            len(words),
        )
        by_radius = {}
        for row, radius_m in enumerate(radii_m):
            for column, word in enumerate((ALL_CLASSES, *words), start=-1):
                at = row, column  # all classes stand last in the tally
                by_radius[radius_m, word] = CountRange(
                    int(fewest[at]),
                    int(most[at]),
                    round(float(least_ha[at]), MEASURE_DECIMALS),
                    round(float(most_ha[at]), MEASURE_DECIMALS),
                )
        return by_radius

    return ranges(around.classes, around.code), ranges(around.lands, around.land_code), slack_m


def _plane(lon: float, lat: float) -> Transformer:
    flat = f"+proj=aeqd +lat_0={lat!r} +lon_0={lon!r} +a={SEMI_MAJOR_M} +rf={1 / FLATTENING} +units=m"
    return Transformer.from_crs("EPSG:4490", flat, always_xy=True)


PLACES_SCHEMA = schema_of("text source_id place_code place_name", "flag is_approximate", "shape geometry")
"""Where each source may stand that only a place is known of."""


class PlaceSource(Struct, frozen=True):
    """The administrative area that a source lies somewhere in, and what was measured from it.

    Parameters
    ----------
    is_approximate
        Whether the outline is no boundary but a cell around the township's seat; then nothing is certain.
    measured
        None where no receptors were given.
    covered_m
        How far the receptors' coverage reaches around the whole place; None where none is declared.
    aside
        As in `Gates`, of the receptors.
    """

    code: str
    name: str
    geometry: shapely.Geometry
    is_approximate: bool
    note: str = ""
    measured: PlaceRange | None = None
    covered_m: float | None = None
    is_complete: bool = False
    aside: str = ""

    def lower_bounds(self, radius_m: float) -> bool:
        """Whether a search of `radius_m` may have missed receptors."""
        return not self.is_complete or self.covered_m is None or self.covered_m < radius_m

    def columns(self, radius_m: float) -> dict[str, Any]:
        """Return the cells of the table of sources at `radius_m`: ranges over the place, fewest and most."""
        cells: dict[str, Any] = {"status": Status.ASSESSED.value, "position_kind": PositionKind.PLACE.value}
        if self.measured is None or ALL_CLASSES not in self.measured.nearest_m:
            return cells
        low_m, high_m = self.measured.nearest_m[ALL_CLASSES]
        within = self.measured.within[radius_m, ALL_CLASSES]
        return cells | {
            "nearest_farmland_m": round(low_m, MEASURE_DECIMALS),
            "nearest_farmland_max_m": round(high_m, MEASURE_DECIMALS),
            "farmland_count": within.count_low,
            "farmland_count_max": within.count_high,
            "farmland_area_ha": within.area_low_ha,
            "counts_are_lower_bounds": self.lower_bounds(radius_m),
        }

    def sentence(self) -> str:
        """Return what is to be said of a source known by place."""
        outline = say("outline_approximate" if self.is_approximate else "outline_official")
        if self.measured is None:
            return say("somewhere_unmeasured", place=self.name)
        near_m, far_m = self.measured.nearest_error_m, self.measured.count_error_m
        return say(
            "somewhere_measured",
            place=self.name,
            outline=outline,
            nearest_error=distance_text(near_m),
            count_error=distance_text(far_m),
        )


def place_sources(positions: Positions, places: Sequence[Place], areas: Areas) -> dict[str, PlaceSource]:
    """Return, by source id, the place of every row without coordinates whose township or county has an outline here.

    A township whose outline isn't held is widened to its county, and says so.

    Parameters
    ----------
    places
        Of the rows, in order.
    positions
        Rows of sources.
    areas
        Outlines of townships and counties.
    """
    townships, counties = _outlines(areas.townships), _outlines(areas.counties)
    by_id = {}
    rows = zip(positions.table.select(["source_id", "status", "position_kind"]).to_pylist(), places, strict=True)
    for row, place in rows:
        awaits_datum = row["position_kind"] == PositionKind.POINT.value
        if row["status"] != Status.NOT_LOCATED.value or awaits_datum:
            continue
        if place.township_code in townships:
            name, shape = townships[place.township_code]
            source = PlaceSource(place.township_code, f"{place.county}{name}", shape, areas.townships_are_approximate)
        elif place.county_code in counties:
            name, shape = counties[place.county_code]
            note = say("township_not_held", township=place.township, county=name) if place.township else ""
            source = PlaceSource(place.county_code, name, shape, is_approximate=False, note=note)
        else:
            continue
        by_id[row["source_id"]] = source
    return by_id


def _outlines(table: pa.Table | None) -> dict[str, tuple[str, shapely.Geometry]]:
    """Return name and shape of each area by its code."""
    if table is None:
        return {}
    shapes = shapely.from_wkb(table["geometry"].to_pylist())
    rows = zip(table["id"].to_pylist(), table["name"].to_pylist(), shapes, strict=True)
    return {code: (name, shape) for code, name, shape in rows}


def measured_places(
    sources: Mapping[str, PlaceSource], receptors: Layer | None, radii_m: Sequence[float]
) -> dict[str, PlaceSource]:
    """Return `sources` with what was measured to `receptors` at `radii_m`; sources of one place share the work."""
    if receptors is None or not sources:
        return dict(sources)
    shapes = {source.code: source.geometry for source in sources.values()}
    around = Field(receptors, shapely.total_bounds(list(shapes.values())).tolist())
    ranges = {code: place_range(shape, around, radii_m) for code, shape in shapes.items()}
    coverage = receptors.gates.coverage
    reach_m: dict[str, float | None] = {
        code: None if coverage is None else covered_around_m(shape, coverage, around) for code, shape in shapes.items()
    }
    is_complete = receptors.gates.completeness is Completeness.COMPLETE
    return {
        source_id: replace(
            source,
            is_approximate=source.is_approximate or receptors.basis is Basis.APPROXIMATE,
            measured=ranges[source.code],
            covered_m=reach_m[source.code],
            is_complete=is_complete,
            aside=receptors.gates.aside,
        )
        for source_id, source in sources.items()
    }


def places_table(sources: Mapping[str, PlaceSource]) -> pa.Table:
    """Return `PLACES_SCHEMA` rows of `sources` for drawing."""
    rows = [
        {
            "source_id": source_id,
            "place_code": source.code,
            "place_name": source.name,
            "is_approximate": source.is_approximate,
            "geometry": shapely.to_wkb(source.geometry),
        }
        for source_id, source in sources.items()
    ]
    return table_of(rows, PLACES_SCHEMA)


def count_rows(sources: Mapping[str, PlaceSource]) -> list[dict[str, Any]]:
    """Return `COUNTS_SCHEMA` rows with the fewest of each range: what holds wherever in its place `sources` is."""
    rows: list[dict[str, Any]] = []
    for source_id, source in sources.items():
        if source.measured is not None:
            soil, land = source.measured.within, source.measured.within_by_land
            both = [(ClassKind.SOIL, *item) for item in soil.items()]
            both += [(ClassKind.LAND, *item) for item in land.items() if item[0][1] != ALL_CLASSES]
            for kind, (radius_m, word), within in sorted(both, key=lambda counted: counted[1][0]):
                cells = {"source_id": source_id, "radius_m": radius_m, "class": word}
                cells["class_kind"] = word if word == ALL_CLASSES else kind.value
                rows.append(cells | {"count": within.count_low, "area_ha": within.area_low_ha})
    return rows


class PlaceRanges(PlaceOnly):
    """Where a source known by place lies: ranges to farmland, and membership by code."""

    def __init__(self, source: PlaceSource, places: Places, *, has_farmland: bool) -> None:
        super().__init__(places)
        self._source = source
        self._has_farmland = has_farmland

    def inside(self, features: Features, /) -> PlaceFact | Unknown:
        """Return whether a key area holds the place; other `features` can't be told from a place alone."""
        if features.layer == KEY_AREAS:
            return super().inside(features)
        return self._by_place("somewhere_untold", features)

    def _by_place(self, code: str, features: Features) -> Unknown:
        return Unknown(say(code, place=self._source.name, layer=features.zh))

    def distance(self, features: Features, /) -> DistanceFact | Unknown:
        """Return the range of distances to farmland of the classes of `features`."""
        if features.layer != LayerKind.FARMLAND.value or features.having or features.lacking:
            return self._by_place("somewhere_not_measured", features)
        measured = self._source.measured
        if not self._has_farmland or measured is None:
            return missing_layer(features.layer)
        known = [measured.nearest_m[word] for word in features.classes or (ALL_CLASSES,) if word in measured.nearest_m]
        low_m = min((low for low, _ in known), default=np.inf)
        high_m = min((high for _, high in known), default=np.inf)
        unread = set(unread_words(measured.nearest_m)) - set(features.classes) if features.classes else ()
        untold_m, word = min(((measured.nearest_m[word][0], word) for word in unread), default=(np.inf, ""))
        return DistanceFact(
            round(low_m, MEASURE_DECIMALS),
            round(high_m, MEASURE_DECIMALS),
            None,
            untold_m=round(untold_m, MEASURE_DECIMALS),
            untold_why=class_unread(features, say("a_parcel"), word),
            covered_m=self._source.covered_m,
            is_complete=self._source.is_complete,
            aside=self._source.aside,
            is_approximate=self._source.is_approximate,
        )
