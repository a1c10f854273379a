"""头顶库 of a project: the department's own designation first, then both readings of 1 km side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import shapely

from hmgeo.analysis.choices import unset_text
from hmgeo.analysis.crosscheck import dispute_entries
from hmgeo.analysis.facts import Unknown, missing_layer
from hmgeo.analysis.flow import Downhill, downhill
from hmgeo.analysis.flow_overhead import OVERHEAD_M, by_circle, overhead
from hmgeo.analysis.flow_tables import cells_beside
from hmgeo.analysis.water_things import Things
from hmgeo.findings.terrain import OVERHEAD_SCHEMA
from hmgeo.records import Ledger
from hmgeo.reference.links import DATUM, DESIGNATED, TOE_LAT, TOE_LON
from hmgeo.rules.claims import OVERHEAD, disputes
from hmgeo.rules.told import Said, Told
from hmgeo.vocabulary import Completeness, LayerKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hmgeo.analysis.choices import Choices
    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.records import Layer
    from hmgeo.rules.claims import Dispute

BESIDE = "path_beside_m"
FACILITIES = LayerKind.RESIDENTIAL_AND_IMPORTANT_FACILITIES
NOT_STATED = "未载明"
_ZERO_SHIFT = frozenset({"CGCS2000", "2000", "2000国家大地坐标系", "WGS84", "WGS-84", "EPSG:4490", "EPSG:4326"})
_NAMED = 12


@dataclass(frozen=True, slots=True)
class Pond:
    """A tailings pond with what its row says.

    Parameters
    ----------
    toe
        Of the starter dam; None with the reason in `toe_note` where the row doesn't give a usable one.
    """

    pond_id: str
    name: str
    geometry: shapely.Geometry = field(repr=False)
    designated: str
    toe: shapely.Point | None
    toe_note: str = ""


def ponds_of(layer: Layer) -> list[Pond]:
    """Return the ponds of a layer."""
    table = layer.read()
    rows = zip(
        table["receptor_id"].to_pylist(),
        table["name"].to_pylist(),
        table["geometry"].to_pylist(),
        table["links"].to_pylist(),
        strict=True,
    )
    return [_pond(pond_id, name, shapely.from_wkb(wkb), dict(links or ())) for pond_id, name, wkb, links in rows if wkb]


def _pond(pond_id: str, name: str, geometry: shapely.Geometry, said: Mapping[str, str]) -> Pond:
    toe, note = dam_toe(said)
    if toe is None and geometry.geom_type == "Point":
        toe, note = geometry, ""
    return Pond(pond_id, name, geometry, said.get(DESIGNATED, "") or NOT_STATED, toe, note)


def dam_toe(said: Mapping[str, str]) -> tuple[shapely.Point | None, str]:
    """Return the toe of the starter dam that a row states, or why it can't be used.

    Examples
    --------
    >>> dam_toe({"toe_lon": "107.5", "toe_lat": "25.1", "datum": "CGCS2000"})[0].x
    107.5
    >>> dam_toe({"toe_lon": "107.5", "toe_lat": "25.1", "datum": "北京54"})[1]
    '坝脚坐标系为「北京54」，未作换算，改从库区最低出水处起算。'
    """
    try:
        lon, lat = float(said[TOE_LON]), float(said[TOE_LAT])
    except (KeyError, ValueError):
        return None, "未载明初期坝坝脚坐标，改从库区最低出水处起算。"
    datum = said.get(DATUM, "").upper().replace(" ", "")
    if datum not in _ZERO_SHIFT:
        why = f"坝脚坐标系为「{said[DATUM]}」，未作换算" if datum else "未载明坝脚坐标系"
        return None, f"{why}，改从库区最低出水处起算。"
    return shapely.Point(lon, lat), ""


def overhead_table(
    ponds: Sequence[Pond], facilities: Layer | None, grid: FlowGrid | Unknown, choices: Choices
) -> pa.Table:
    """Return `OVERHEAD_SCHEMA`, one row for each pond."""
    held = Things((), (), ())
    if facilities is not None:
        table = facilities.read()
        shapes = [None if one is None else shapely.from_wkb(one) for one in table["geometry"].to_pylist()]
        held = Things(table["receptor_id"].to_pylist(), table["name"].to_pylist(), shapes)
    bound = "" if facilities is None or facilities.gates.completeness is Completeness.COMPLETE else _lower(facilities)
    rows = [_row(pond, held, facilities, grid, choices) for pond in ponds]
    for row in rows:
        row["note"] += bound + "".join(one.note for one in pond_disputes(row))
    return pa.Table.from_pylist(rows, OVERHEAD_SCHEMA)


def pond_disputes(row: Mapping[str, Any]) -> tuple[Dispute, ...]:
    """Return where a pond is said to be no 头顶库 and somebody lives within 1 km of it or beside the way down.

    Examples
    --------
    >>> pond_disputes({"designated": "否", "by_circle": "示例村（430 m）", "by_path": ""})[0].values
    '是否头顶库「否」与尾矿库 1 km 内「示例村（430 m）」'
    """
    found = (("尾矿库 1 km 内", row["by_circle"]), ("下游流经路径旁", row["by_path"]))
    below = tuple(Said(where, words) for where, words in found if words)
    return disputes(Told({"是否头顶库": row["designated"]}, beside={OVERHEAD: below}))


def overhead_ledger(ponds: pa.Table, others: Sequence[Layer]) -> Ledger:
    """Return a ledger entry for each pond whose own word people below it contradict.

    Parameters
    ----------
    ponds
        `OVERHEAD_SCHEMA`.
    others
        The project's layers, to name the file of the ponds.
    """
    file = next((one.provenance.path for one in others if one.kind is LayerKind.TAILINGS_PONDS), "")
    rows = ponds.select(["pond_id", "designated", "by_circle", "by_path"]).to_pylist()
    return Ledger(tuple(one for row in rows for one in dispute_entries(file, 0, row["pond_id"], pond_disputes(row))))


def _lower(layer: Layer) -> str:
    return f"「{layer.kind.zh}」未申明完整，结果为下限。"


def _row(
    pond: Pond, held: Things, facilities: Layer | None, grid: FlowGrid | Unknown, choices: Choices
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "pond_id": pond.pond_id,
        "name": pond.name,
        "designated": pond.designated,
        "by_circle": "",
        "by_path": "",
        "path_ends": "",
        "only_by_circle": "",
        "only_by_path": "",
    }
    way = grid if isinstance(grid, Unknown) else downhill(grid, pond.toe or pond.geometry, OVERHEAD_M)
    if not isinstance(way, Unknown) and not isinstance(grid, Unknown):
        row |= _way(way, grid)
    if facilities is None:
        return row | {"note": missing_layer(FACILITIES.value).why}
    shapes = [one for one in held.geometries if one is not None]
    if len(shapes) < len(held.geometries):
        return row | {"note": "「居民点和重要设施」有要素没有图形，未作判断。"}
    near = by_circle(pond.geometry, shapes)
    row |= _found("circle", near, held)
    beside_m = choices.number(BESIDE)
    if beside_m is None or isinstance(grid, Unknown):
        why = grid.why if isinstance(grid, Unknown) else unset_text(BESIDE)
        return row | {"note": f"下游流经路径未作判断：{why}"}
    found = overhead(grid, pond.geometry, pond.toe, shapes, cells_beside(grid, held, beside_m))
    if isinstance(found.by_path, Unknown):
        return row | {"note": f"下游流经路径未作判断：{found.by_path.why}"}
    only = {
        "only_by_circle": _named([(one, None) for one in found.only_by_circle], held),
        "only_by_path": _named([(one, None) for one in found.only_by_path], held),
    }
    return row | _found("path", found.by_path, held) | only | {"note": pond.toe_note}


def _way(way: Downhill, grid: FlowGrid) -> dict[str, Any]:
    return {"path_ends": way.end.zh, "path": shapely.to_wkb(way.line(grid.frame))}


def _found(kind: str, found: Sequence[tuple[int, float]], held: Things) -> dict[str, Any]:
    nearest = {f"{kind}_nearest_m": found[0][1]} if found else {}
    return {f"{kind}_count": len(found), f"by_{kind}": _named(found, held)} | nearest


def _named(found: Sequence[tuple[int, float | None]], held: Things) -> str:
    words = [
        (held.names[row] or held.ids[row]) + ("" if distance_m is None else f"（{distance_m:.0f} m）")
        for row, distance_m in found[:_NAMED]
    ]
    return "；".join(words) + (f"；另有 {len(found) - _NAMED} 处" if len(found) > _NAMED else "")
