"""Mines beside the polluted farmland around and downstream of them: measures in columns, an order, no score."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.facts import Unknown
from hmgeo.analysis.flow import downhill
from hmgeo.analysis.flow_grid import End
from hmgeo.analysis.flow_overhead import by_circle
from hmgeo.analysis.flow_tables import cells_beside
from hmgeo.analysis.overhead_view import BESIDE
from hmgeo.analysis.water_things import Things
from hmgeo.findings.terrain import MINES_SCHEMA
from hmgeo.findings.text import sentences
from hmgeo.vocabulary import MEASURE_DECIMALS, POLLUTED_CLASSES, LayerKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.flow import Targets
    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.records import Layer

AROUND, DOWNSTREAM = "surroundings_m", "max_downstream_m"


@dataclass(frozen=True, slots=True)
class Polluted:
    """Farmland of the two polluted classes.

    Parameters
    ----------
    things
        With their class words.
    area_ha
        Of whole parcels, in the same order.
    """

    things: Things = field(repr=False)
    area_ha: tuple[float, ...] = field(repr=False)


def polluted_of(reached: pa.Table) -> Polluted:
    """Return the parcels of 严格管控类 and 安全利用类 among a run's receptors."""
    is_parcel = pc.equal(reached["receptor_kind"], LayerKind.FARMLAND.value)
    table = reached.filter(pc.and_(is_parcel, pc.is_in(reached["class"], value_set=pa.array(list(POLLUTED_CLASSES)))))
    columns = [table[name].to_pylist() for name in ("receptor_id", "name", "class", "area_ha")]
    shapes = list(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    return Polluted(Things(columns[0], columns[1], shapes, columns[2]), tuple(columns[3]))


def mine_table(mines: Layer, polluted: Polluted, grid: FlowGrid | Unknown, choices: Choices) -> pa.Table:
    """Return `MINES_SCHEMA`, in the order that its docstring tells."""
    table = mines.read()
    beside_m = choices.number(BESIDE)
    targets = None
    if not isinstance(grid, Unknown) and beside_m is not None:
        targets = cells_beside(grid, polluted.things, beside_m)
    rows = []
    for mine_id, name, wkb in zip(
        *(table[one].to_pylist() for one in ("receptor_id", "name", "geometry")), strict=True
    ):
        row: dict[str, Any] = {"mine_id": mine_id, "name": name}
        if wkb is None:
            rows.append(row | {"note": "没有可用的位置，未作判断。"})
            continue
        shape = shapely.from_wkb(wkb)
        around, why_around = _around(shape, polluted, choices)
        below, why_below = _below(shape, polluted, grid, targets, choices)
        rows.append(row | around | below | {"note": sentences(why_around, why_below)})
    rows.sort(key=_place)
    return pa.Table.from_pylist([row | {"rank": rank} for rank, row in enumerate(rows, start=1)], MINES_SCHEMA)


def _place(row: dict[str, Any]) -> tuple[float, ...]:
    areas = [
        -(row.get(f"{where}_{word}_ha") or 0.0)
        for word in POLLUTED_CLASSES.values()
        for where in ("downstream", "near")
    ]
    nearest = [np.inf if row.get(name) is None else row[name] for name in ("downstream_m", "nearest_m")]
    return (*areas, *nearest)


def _around(shape: shapely.Geometry, polluted: Polluted, choices: Choices) -> tuple[dict[str, Any], str]:
    shapes = [one for one in polluted.things.geometries if one is not None]
    found = by_circle(shape, shapes, np.inf)
    cells: dict[str, Any] = {"nearest_m": found[0][1] if found else None}
    limit_m = choices.number(AROUND)
    if limit_m is None:
        return cells, unset_text(AROUND)
    cells["near_limit_m"] = limit_m
    return cells | _areas("near", (row for row, distance_m in found if distance_m <= limit_m), polluted), ""


def _below(
    shape: shapely.Geometry, polluted: Polluted, grid: FlowGrid | Unknown, targets: Targets | None, choices: Choices
) -> tuple[dict[str, Any], str]:
    limit_m = choices.number(DOWNSTREAM)
    if isinstance(grid, Unknown):
        return {}, grid.why
    if limit_m is None or targets is None:
        return {}, unset_text(DOWNSTREAM if limit_m is None else BESIDE)
    way = downhill(grid, shape, limit_m)
    if isinstance(way, Unknown):
        return {}, way.why
    met = targets.along(way)
    way_told = {"downstream_limit_m": limit_m, "path_ends": way.end.zh}
    cells = (
        way_told
        | {"downstream_m": met[0][1] if met else None}
        | _areas("downstream", (row for row, _ in met), polluted)
    )
    short = (
        ""
        if way.end is End.LIMIT
        else f"水流在 {way.length_m / 1000:.1f} km 处{way.end.zh}，其后未作判断，结果为下限。"
    )
    return cells, short


def _areas(where: str, rows: Iterable[int], polluted: Polluted) -> dict[str, float]:
    sums = dict.fromkeys(POLLUTED_CLASSES.values(), 0.0)
    for row in rows:
        sums[POLLUTED_CLASSES[polluted.things.classes[row]]] += polluted.area_ha[row] or 0.0
    return {f"{where}_{word}_ha": round(area_ha, MEASURE_DECIMALS) for word, area_ha in sums.items()}
