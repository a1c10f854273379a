"""`terrain: considered` for a distance rule: what each source comes to under radii by class, and who flips."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.proximity import TableSink, measure_proximity
from hmgeo.analysis.raster_strips import frame_of
from hmgeo.analysis.terrain import ReliefScheme
from hmgeo.analysis.terrain_flips import Flips, TerrainQuestion, flips
from hmgeo.analysis.terrain_places import terrain_class_at
from hmgeo.analysis.terrain_radius import Pairs, TerrainAt, TerrainRadii, line_classes, outcomes, pair_classes
from hmgeo.analysis.terrain_verdict import TerrainVerdict
from hmgeo.findings.columns import PAIRS_SCHEMA
from hmgeo.vocabulary import MEASURE_DECIMALS, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hmgeo.analysis.choices import Choices
    from hmgeo.records import Layer, Positions, Raster

    Floats = NDArray[np.float64]

RELIEF = "relief"


@dataclass(frozen=True, slots=True)
class TerrainChoice:
    """What a project chose where terrain is considered."""

    at: TerrainAt
    scheme: ReliefScheme
    radii: TerrainRadii

    def described(self, raster: Raster) -> str:
        """Say what was chosen, in Chinese, for notes and captions."""
        words = {"farmland": "耕地一端", "source": "企业一端", "worst": "两端取距离较长者", "path": "沿两端连线"}
        radii = [
            f"{name} {'未定' if radius_m is None else f'{radius_m / 1000:g} km'}"
            for name, radius_m in (("丘陵", self.radii.hill_m), ("山区", self.radii.mountain_m))
        ]
        plain = f"平原 {self.radii.plain_m / 1000:g} km"
        return f"{self.scheme.described(frame_of(raster))}；以{words[self.at.value]}为准；{plain}，{'，'.join(radii)}。"


def terrain_choice(choices: Choices, plain_m: float) -> TerrainChoice | Unknown:
    """Return the terrain parameters of a project; Unknown with the reason where one that is needed isn't set.

    Radii for hills and mountains may stay unset: then such pairs are undecided.
    """
    for name in ("terrain_at", "terrain_scheme"):
        if not choices.code(name):
            return Unknown(unset_text(name))
    if choices.code("terrain_scheme") != RELIEF:
        return Unknown("所选地形划分办法（坡度级、自有范围）没有确定的类别对应，本条未作判断；可改用起伏度。")
    window_m = choices.number("relief_window_m")
    if window_m is None:
        return Unknown(unset_text("relief_window_m"))
    radii = TerrainRadii(plain_m, choices.number("hill_limit_m"), choices.number("mountain_limit_m"))
    return TerrainChoice(TerrainAt(choices.code("terrain_at")), ReliefScheme(window_m), radii)


@dataclass(frozen=True, slots=True)
class Measured:
    """Located sources, parcels, and every pair that the uncertainty may bring within the plain's radius."""

    source_ids: Sequence[str]
    sources: Sequence[shapely.Geometry] = field(repr=False)
    uncertainties_m: Floats
    receptor_ids: Sequence[str] = field(repr=False)
    receptors: Sequence[shapely.Geometry] = field(repr=False)
    pairs: Pairs = field(repr=False)

    def within(self, radius_m: float) -> Pairs:
        """Return the pairs within a radius of the positions as given."""
        held = self.pairs.distance_m <= radius_m
        return Pairs(self.pairs.source[held], self.pairs.receptor[held], self.pairs.distance_m[held])


def measured_pairs(positions: Positions, farmland: Layer, plain_m: float, classes: Sequence[str] = ()) -> Measured:
    """Measure the pairs that terrain is asked of.

    Parameters
    ----------
    classes
        Official classes of parcels that count; all where empty.
    """
    located = positions.table.filter(pc.equal(positions.table["status"], Status.ASSESSED.value))
    uncertainties_m = located["position_uncertainty_m"].to_numpy().astype(np.float64)
    parcels = farmland.read().select(["receptor_id", "class", "geometry"])
    if classes:
        parcels = parcels.filter(pc.is_in(parcels["class"], value_set=pa.array(classes)))
    sink = TableSink(PAIRS_SCHEMA)
    if located.num_rows and parcels.num_rows:
        widest_m = plain_m + float(uncertainties_m.max())
        measure_proximity(positions, farmland, radii_m=[widest_m], pairs=sink)
    found = sink.table()
    source = pc.index_in(found["source_id"], value_set=located["source_id"].combine_chunks())
    receptor = pc.index_in(found["receptor_id"], value_set=parcels["receptor_id"].combine_chunks())
    kept = pc.is_valid(receptor).to_numpy(zero_copy_only=False)
    pairs = Pairs(
        source.to_numpy(zero_copy_only=False)[kept].astype(np.int64),
        receptor.to_numpy(zero_copy_only=False)[kept].astype(np.int64),
        found["distance_m"].to_numpy()[kept],
    )
    return Measured(
        located["source_id"].to_pylist(),
        list(shapely.from_wkb(located["geometry"].to_numpy(zero_copy_only=False))),
        uncertainties_m,
        parcels["receptor_id"].to_pylist(),
        list(shapely.from_wkb(parcels["geometry"].to_numpy(zero_copy_only=False))),
        pairs,
    )


def terrain_verdicts(raster: Raster, measured: Measured, choice: TerrainChoice) -> Mapping[str, TerrainVerdict]:
    """Return what each located source comes to, by its id.

    The range within the position's uncertainty moves the distances; classes are those at the position as given.
    """
    pairs, count = measured.pairs, len(measured.source_ids)
    here = terrain_class_at(raster, choice.scheme, measured.sources, measured.uncertainties_m.tolist())
    there = terrain_class_at(raster, choice.scheme, measured.receptors, [0.0] * len(measured.receptors))
    lines = []
    if choice.at is TerrainAt.PATH:
        lines = line_classes(raster, choice.scheme, pairs, measured.sources, measured.receptors)
    classes = pair_classes(pairs, here, there, choice.at, lines)
    spread_m = measured.uncertainties_m[pairs.source]
    found = []
    for sign in (0.0, -1.0, 1.0):
        moved_m = np.round(np.clip(pairs.distance_m + sign * spread_m, 0.0, None), MEASURE_DECIMALS).astype(np.float64)
        found.append(outcomes(Pairs(pairs.source, pairs.receptor, moved_m), classes, choice.radii, count))
    given, nearer, farther = found
    return {
        source_id: TerrainVerdict(
            own,
            frozenset({near.side, far.side}) - {own.side},
            "" if own.receptor < 0 else measured.receptor_ids[own.receptor],
        )
        for source_id, own, near, far in zip(measured.source_ids, given, nearer, farther, strict=True)
    }


class TerrainScreen:
    """What terrain makes of the sources of a run; worked out once for each kind of parcels and radius asked for.

    Parameters
    ----------
    raster
        Heights in metres; None where the project has none.
    """

    def __init__(self, raster: Raster | None, positions: Positions, farmland: Layer | None, choices: Choices) -> None:
        self._raster = raster
        self._positions = positions
        self._farmland = farmland
        self._choices = choices
        self._found: dict[tuple[tuple[str, ...], float], Mapping[str, TerrainVerdict]] = {}

    def verdict(self, source_id: str, classes: tuple[str, ...], plain_m: float) -> TerrainVerdict | Unknown:
        """Return what a source comes to; Unknown where heights or a needed choice are missing."""
        if self._raster is None or self._farmland is None:
            return Unknown("未提供「高程」，地形类别未作判断。请向自然资源部门获取。")
        choice = terrain_choice(self._choices, plain_m)
        if isinstance(choice, Unknown):
            return choice
        key = (classes, plain_m)
        if key not in self._found:
            measured = measured_pairs(self._positions, self._farmland, plain_m, classes)
            self._found[key] = terrain_verdicts(self._raster, measured, choice)
        held = self._found[key].get(source_id)
        if held is None:
            return Unknown("没有可用的位置，地形类别未作判断。")
        return replace(held, how=choice.described(self._raster))


def terrain_flips(raster: Raster, measured: Measured, scheme: ReliefScheme, plain_m: float) -> Flips:
    """Return who is listed for all terrain choices and radii, and the terrain of each source."""
    question = TerrainQuestion(
        raster,
        scheme,
        measured.source_ids,
        measured.sources,
        measured.uncertainties_m.tolist(),
        measured.receptors,
    )
    return flips(question, measured.within(plain_m), plain_m)
