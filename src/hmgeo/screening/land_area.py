"""Land around each source by class and radius, common ground counted once: as whole parcels, and inside the circle.

The sources are taken tile by tile, each with the parcels within its reach, so that memory doesn't grow with a packed
layer; of others, what lies within reach of any source is held. Which parcels are within a radius is what
`measure_proximity` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.geo.ellipsoid import SQUARE_M_PER_HA, search_boxes
from hmgeo.geo.land_area import ClippedAreas
from hmgeo.proximity.measure import measure_proximity
from hmgeo.records import RECEPTOR_SCHEMA, Layer, Positions
from hmgeo.results.columns import AREA_CLIPPED, AREA_UNION, FARMLAND_CLIPPED
from hmgeo.vocabulary import ALL_CLASSES, MEASURE_DECIMALS, LandClass, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from hmgeo.screening.screen import Screened

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]
    Geometries = NDArray[np.object_]

_M_PER_DEGREE = 111_000.0
_LAST_LAT = 85.0
_LAST_LON = 175.0

LandAreas: TypeAlias = "dict[tuple[str, float, str], tuple[float, float | None]]"
"""Hectares by source, radius and class: under whole parcels, and inside the circle (None where there is none)."""


@dataclass(slots=True)
class _Numbered:
    """Takes coded pairs of parcels whose ids are their numbers."""

    takes_coded = True
    source: list[Indices] = field(default_factory=list)
    parcel: list[Indices] = field(default_factory=list)
    metres: list[Floats] = field(default_factory=list)

    def write(self, batch: pa.RecordBatch) -> None:
        source, receptor, _, metres = batch.columns
        self.source.append(source.indices.to_numpy().astype(np.int64))
        numbers = receptor.dictionary.take(receptor.indices)
        self.parcel.append(pc.cast(numbers, pa.int64()).to_numpy())
        self.metres.append(metres.to_numpy())


def land_areas(
    positions: Positions,
    receptors: Layer,
    radii_m: Sequence[float],
    progress: Callable[[int], None] = lambda _: None,
) -> LandAreas:
    """Measure the land around every located source, common ground once.

    Parameters
    ----------
    positions, receptors, radii_m
        As for `measure_proximity`.
    progress
        Called with the number of sources done so far.

    Returns
    -------
    dict
        Classes met by a source's search, and `all`; ellipsoidal areas as drawn, whatever official area a parcel has.
        Under whole parcels: those within the radius, as counted. Inside the circle: for points only, and not within
        5 degrees of the poles and the antimeridian; None elsewhere.
    """
    radii = sorted(set(radii_m))
    table = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value)).combine_chunks()
    places = _shapes(table)
    reach_m = radii[-1] + np.zeros(len(places))
    boxes = search_boxes(shapely.bounds(places).reshape(-1, 4), reach_m)
    layer = _Reached(receptors, boxes)
    made: LandAreas = {}
    done = 0
    for rows in _tiles(places, radii[-1]):
        own = Positions(
            positions.name,
            positions.kind,
            positions.basis,
            positions.provenance,
            table.take(pa.array(rows)),
            pa.table({}),
        )
        _measure_tile(own, places[rows], layer.meeting(boxes[rows]), radii, made)
        done += len(rows)
        progress(done)
    return made


class _Reached:
    """A layer's parcels that meet boxes: read anew each time where the layer knows where they are, else held."""

    def __init__(self, layer: Layer, boxes: Floats) -> None:
        self._layer = layer
        self._within = getattr(layer.open_batches, "within", None)
        self._held = [] if self._within else list(_meeting(layer.batches(), boxes))

    def meeting(self, boxes: Floats) -> Layer:
        """Return the parcels that meet any of (n, 4) boxes as a layer, each with its number for an id."""
        read = self._held if self._within is None else self._within(boxes)
        batches = list(_meeting(read, boxes))
        columns = batches[0].schema if batches else None
        table = pa.Table.from_batches(batches, columns).combine_chunks() if columns else None
        parts = []
        if table is not None and table.num_rows:
            ids = pa.array(np.arange(table.num_rows).astype(str), pa.string())
            place = table.schema.get_field_index("receptor_id")
            parts = table.set_column(place, "receptor_id", ids).to_batches()
        layer = self._layer
        count = sum(part.num_rows for part in parts)
        return Layer(layer.name, layer.kind, layer.basis, layer.provenance, lambda: parts, feature_count=count)


def _meeting(batches: Sequence[pa.RecordBatch] | Iterator[pa.RecordBatch], boxes: Floats) -> Iterator[pa.RecordBatch]:
    turns = np.concatenate([boxes + np.array([turn, 0.0, turn, 0.0]) for turn in (-360.0, 0.0, 360.0)])
    tree = shapely.STRtree(shapely.box(*turns.T))
    for batch in batches:
        held = np.unique(tree.query(_shapes(batch))[0])
        if len(held):
            yield batch.take(pa.array(held))


def _shapes(table: pa.Table | pa.RecordBatch) -> Geometries:
    return np.asarray(shapely.from_wkb(table.column("geometry").to_numpy(zero_copy_only=False)), dtype=object)


def _tiles(places: Geometries, radius_m: float) -> list[Indices]:
    """Return the rows of sources that lie near one another, tiles as wide as the search, in order of their place."""
    bounds = shapely.bounds(places).reshape(-1, 4)
    cells = np.floor(np.nan_to_num(bounds[:, :2]) / (2 * radius_m / _M_PER_DEGREE)).astype(np.int64)
    _, tile = np.unique(cells, axis=0, return_inverse=True)
    tile = tile.ravel()
    order = np.argsort(tile, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(tile[order])) + 1) if len(order) else []


def _measure_tile(positions: Positions, places: Geometries, layer: Layer, radii: list[float], made: LandAreas) -> None:
    pairs = _Numbered()
    measure_proximity(positions, layer, radii_m=radii, pairs=pairs)
    ids = positions.table["source_id"].to_pylist()
    source, parcel, metres = (
        np.concatenate(parts) if parts else np.empty(0) for parts in (pairs.source, pairs.parcel, pairs.metres)
    )
    reached, parcel = np.unique(parcel.astype(np.int64), return_inverse=True)
    parcels = layer.read().take(pa.array(reached)) if len(reached) else RECEPTOR_SCHEMA.empty_table()
    shapes, land = _shapes(parcels), parcels["land_class"]
    for column in (parcels["class"], *[land] * (land.null_count < len(land))):
        coded = pc.fill_null(column, "").combine_chunks().dictionary_encode()
        areas = ClippedAreas(shapes, coded.indices.to_numpy().astype(np.int64))
        for number, source_id in enumerate(ids):
            own = source == number
            for radius_m in radii:
                union = areas.union_m2(np.sort(parcel[own & (metres <= radius_m)]))
                circle = _in_circle(areas, places[number], radius_m)
                for place, word in enumerate([ALL_CLASSES, *coded.dictionary.to_pylist()]):
                    clipped = None if circle is None else float(circle[place]) / SQUARE_M_PER_HA
                    made[source_id, radius_m, word] = float(union[place]) / SQUARE_M_PER_HA, clipped


def _in_circle(areas: ClippedAreas, place: shapely.Geometry, radius_m: float) -> Floats | None:
    if not isinstance(place, shapely.Point) or abs(place.y) > _LAST_LAT or abs(place.x) > _LAST_LON:
        return None
    return areas.clipped_m2(place.x, place.y, radius_m)


def with_land_areas(counts: pa.Table, found: LandAreas) -> pa.Table:
    """Append `area_union_ha` and `area_clipped_ha` to counts; null for sources that weren't measured.

    Parameters
    ----------
    counts
        `COUNTS_SCHEMA`, whatever follows.
    found
        What `land_areas` returned.
    """
    measured = {source_id for source_id, _, _ in found}
    union: list[float | None] = []
    circle: list[float | None] = []
    for row in counts.select(["source_id", "radius_m", "class"]).to_pylist():
        source_id, radius_m, word = row["source_id"], row["radius_m"], row["class"]
        whole, clipped = found.get((source_id, radius_m, ALL_CLASSES), (None, None))
        if word == LandClass.GARDEN:  # beside the farmland that was measured
            whole, clipped = None, None
        elif word != ALL_CLASSES and source_id in measured:
            none_met = (0.0, None if clipped is None else 0.0)
            whole, clipped = found.get((source_id, radius_m, word), none_met)
        union.append(whole)
        circle.append(clipped)
    counts = counts.append_column(AREA_UNION, pa.array(union, pa.float64()))
    return counts.append_column(AREA_CLIPPED, pa.array(circle, pa.float64()))


def with_clipped_area(sources: pa.Table, found: LandAreas, radius_m: float) -> pa.Table:
    """Append `farmland_area_clipped_ha` to the table of sources: hectares inside the circle, common ground once.

    Null for a source that is no point or has no place.
    """
    made = [found.get((source_id, radius_m, ALL_CLASSES), (None, None))[1] for source_id in _ids(sources)]
    rounded = [None if area_ha is None else round(area_ha, MEASURE_DECIMALS) for area_ha in made]
    return sources.append_column(FARMLAND_CLIPPED, pa.array(rounded, pa.float64()))


def with_land(
    screened: Screened, positions: Positions, farmland: Layer, progress: Callable[[int], None] = lambda _: None
) -> Screened:
    """Return a screening whose counts and sources also tell the land around each source, common ground once."""
    found = land_areas(positions, farmland, screened.radii_m, progress)
    return replace(
        screened,
        counts=with_land_areas(screened.counts, found),
        sources=with_clipped_area(screened.sources, found, screened.radii_m[-1]),
    )


def _ids(table: pa.Table) -> list[str]:
    ids: list[str] = table["source_id"].to_pylist()
    return ids
