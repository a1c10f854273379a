"""头顶库 and mines as leads for checking: who lies within a circle, and who beside the way down.

The emergency department's own designation comes first; neither list replaces it.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from msgspec import Struct

from hmgeo.geo.distance import pair_distances, prepare_shapes
from hmgeo.geo.ellipsoid import geodesic_buffer
from hmgeo.judging.choices import Choices, unset_text
from hmgeo.judging.crosscheck import dispute_entries
from hmgeo.judging.facts import Unknown, incomplete, missing_layer
from hmgeo.records import Layer, Ledger, table_of
from hmgeo.reference.tables import DATUM, DESIGNATED, TOE_LAT, TOE_LON
from hmgeo.results.columns import MINES_SCHEMA, OVERHEAD_SCHEMA
from hmgeo.rules.claims import OVERHEAD, Dispute, Said, Told, disputes
from hmgeo.vocabulary import MEASURE_DECIMALS, POLLUTED_CLASSES, Basis, Completeness, LayerKind
from hmgeo.water.grid import End, FlowGrid
from hmgeo.water.trace import Downhill, Targets, Things, cells_beside, downhill, level_notes, met_by_any, things_of
from hmgeo.words import one_by_one, say, sentences

OVERHEAD_M = 1000.0
"""「十三五」生态环境保护规划 第七章第五节: 1 公里内有居民或重要设施的尾矿库."""


class Overhead(Struct, frozen=True):
    """Receptors near a pond by both readings.

    Parameters
    ----------
    by_circle
        (row, ground distance in metres) within the limit of the pond as drawn, nearest first.
    by_path
        (row, flow distance in metres) met along the water within the limit, first met first, by every way that it may
        take; Unknown off the grid.
    doubtful
        Rows that only some ways meet, out of level ground with two ways out alike.
    """

    by_circle: tuple[tuple[int, float], ...]
    by_path: tuple[tuple[int, float], ...] | Unknown
    doubtful: frozenset[int] = frozenset()

    @property
    def only_by_circle(self) -> tuple[int, ...]:
        """Rows that only the circle holds: the readings differ."""
        on_path = set() if isinstance(self.by_path, Unknown) else {row for row, _ in self.by_path}
        return tuple(row for row, _ in self.by_circle if row not in on_path)

    @property
    def only_by_path(self) -> tuple[int, ...]:
        """Rows that only the path meets."""
        in_circle = {row for row, _ in self.by_circle}
        return (
            () if isinstance(self.by_path, Unknown) else tuple(row for row, _ in self.by_path if row not in in_circle)
        )


def by_circle(
    pond: shapely.Geometry, receptors: Sequence[shapely.Geometry], limit_m: float = OVERHEAD_M
) -> tuple[tuple[int, float], ...]:
    """Return (row, ground distance in metres) of `receptors` within `limit_m` of `pond` as drawn, nearest first."""
    if not len(receptors):
        return ()
    rows = np.arange(len(receptors))
    apart = pair_distances(prepare_shapes([pond]), prepare_shapes(list(receptors)), np.zeros(len(rows), np.int64), rows)
    distance_m = np.round(apart.distance_m, MEASURE_DECIMALS)
    order = np.argsort(distance_m, kind="stable")
    return tuple((int(row), float(distance_m[row])) for row in order if distance_m[row] <= limit_m)


def overhead(
    grid: FlowGrid,
    pond: shapely.Geometry,
    _dam_toe: shapely.Point | None,
    receptors: Sequence[shapely.Geometry],
    beside: Targets,
    limit_m: float = OVERHEAD_M,
) -> Overhead:
    """Return who lies near a pond by both readings.

    Parameters
    ----------
    pond
        In lon/lat.
    _dam_toe
        Toe of the initial dam (初期坝坝脚), where the path starts; the pond's main exit where it isn't known.
    beside
        The same receptors on the grid, widened as the project chose (`cells_beside`), rows alike.
    limit_m
        Of the circle, and along the water.
    """
    near = by_circle(pond, receptors, limit_m)
    path: Downhill | Unknown = downhill(grid, pond if _dam_toe is None else _dam_toe, limit_m)
    if isinstance(path, Unknown):
        return Overhead(near, path)
    met = met_by_any(path, beside)
    doubtful = frozenset(row for row, _, is_doubtful in met if is_doubtful)
    return Overhead(near, tuple((row, way_m) for row, way_m, _ in met), doubtful)


HAS, HAS_NONE = "有", "无"
"""Answers of the forms; a blank where neither is known."""
BESIDE = "path_beside_m"
FACILITIES = LayerKind.RESIDENTIAL_AND_IMPORTANT_FACILITIES
NOT_STATED = "未载明"
_ZERO_SHIFT = frozenset({"CGCS2000", "2000", "2000国家大地坐标系", "WGS84", "WGS-84", "EPSG:4490", "EPSG:4326"})
_NAMED = 12
TO_CHECK = say("to_check")


class _Pond(Struct, frozen=True):
    """A tailings pond with what its row says: its dam's toe or why there is none, and how far off it may lie."""

    pond_id: str
    name: str
    geometry: shapely.Geometry
    designated: str
    toe: shapely.Point | None
    toe_note: str = ""
    off_m: float = 0.0


def ponds_of(layer: Layer) -> list[_Pond]:
    """Return the ponds of a layer."""
    ponds = []
    for row in layer.read().select(["receptor_id", "name", "geometry", "links"]).to_pylist():
        if row["geometry"]:
            pond_id, links, shape = row["receptor_id"], dict(row["links"] or ()), shapely.from_wkb(row["geometry"])
            toe, note = _dam_toe(links)
            if toe is None and shape.geom_type == "Point":
                toe, note = shape, ""
            off_m = np.inf if layer.basis is Basis.APPROXIMATE else layer.margin_m + layer.errors_m.get(pond_id, 0.0)
            ponds.append(_Pond(pond_id, row["name"], shape, links.get(DESIGNATED, "") or NOT_STATED, toe, note, off_m))
    return ponds


def _dam_toe(links: Mapping[str, str]) -> tuple[shapely.Point | None, str]:
    """Return the toe of the starter dam that a row states, or why it can't be used.

    >>> _dam_toe({"toe_lon": "107.5", "toe_lat": "25.1", "datum": "CGCS2000"})[0].x
    107.5
    >>> _dam_toe({"toe_lon": "107.5", "toe_lat": "25.1", "datum": "北京54"})[1]
    '坝脚坐标系为「北京54」，未作换算，改从库区最低出水处起算。'
    """
    try:
        lon, lat = float(links[TOE_LON]), float(links[TOE_LAT])
    except (KeyError, ValueError):
        return None, say("from_lowest_outlet", why=say("dam_toe_unstated"))
    datum = links.get(DATUM, "").upper().replace(" ", "")
    if datum not in _ZERO_SHIFT:
        why = say("dam_toe_datum", word=links[DATUM]) if datum else say("dam_toe_without_datum")
        return None, say("from_lowest_outlet", why=why)
    return shapely.Point(lon, lat), ""


def overhead_table(
    ponds: Sequence[_Pond], facilities: Layer | None, grid: FlowGrid | Unknown, choices: Choices
) -> pa.Table:
    """Return `OVERHEAD_SCHEMA`, one row for each of `ponds`.

    `facilities` is None where no such layer is given, `grid` Unknown without heights; `choices` say how wide the strip
    beside the way is.
    """
    things = Things((), (), ()) if facilities is None else things_of(facilities.read())
    bound = "" if facilities is None else _lower(facilities)
    rows = [_row(pond, things, facilities, grid, choices) for pond in ponds]
    for row in rows:
        row["note"] = sentences(row["note"], bound, *(dispute.note for dispute in pond_disputes(row)))
    return table_of(rows, OVERHEAD_SCHEMA)


def pond_disputes(row: Mapping[str, Any]) -> tuple[Dispute, ...]:
    """Return where a pond (`row` of `OVERHEAD_SCHEMA`) is said to be no 头顶库 and somebody lives beneath it.

    >>> pond_disputes({"designated": "否", "by_circle": "示例村（430 m）", "by_path": ""})[0].values
    '是否头顶库「否」与尾矿库 1 km 内「示例村（430 m）」'
    """
    below_by = (("尾矿库 1 km 内", row["by_circle"]), ("下游流经路径旁", row["by_path"]))
    below = tuple(Said(where, words) for where, words in below_by if words)
    return disputes(Told({"是否头顶库": row["designated"]}, beside={OVERHEAD: below}))


def overhead_ledger(ponds: pa.Table, others: Sequence[Layer]) -> Ledger:
    """Return a ledger entry for each pond whose own word people below it contradict.

    `ponds`: `OVERHEAD_SCHEMA`. `others`: the project's layers, to name the file of the ponds.
    """
    file = next((layer.provenance.path for layer in others if layer.kind is LayerKind.TAILINGS_PONDS), "")
    rows = ponds.select(["pond_id", "designated", "by_circle", "by_path"]).to_pylist()
    return Ledger(
        tuple(entry for row in rows for entry in dispute_entries(file, 0, row["pond_id"], pond_disputes(row)))
    )


def _lower(layer: Layer) -> str:
    """Return why more may live below a pond than the layer tells; empty where it is complete."""
    gates = layer.gates
    is_whole = gates.completeness is Completeness.COMPLETE and not gates.aside
    return "" if is_whole else incomplete(layer.kind.zh, gates.aside)


def _row(
    pond: _Pond, things: Things, facilities: Layer | None, grid: FlowGrid | Unknown, choices: Choices
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
        "downstream_1km": "",
    }
    way = grid if isinstance(grid, Unknown) else downhill(grid, pond.toe or pond.geometry, OVERHEAD_M)
    if not isinstance(way, Unknown) and not isinstance(grid, Unknown):
        row["path_ends"] = one_by_one([way.end.zh, *level_notes(grid, way)])
        row["path"] = shapely.to_wkb(way.line(grid.frame))
    if facilities is None:
        return row | {"note": missing_layer(FACILITIES.value).why}
    shapes = [shape for shape in things.geometries if shape is not None]
    if len(shapes) < len(things.geometries):
        return row | {"note": say("feature_without_shape", layer=FACILITIES)}
    near = by_circle(pond.geometry, shapes)
    row |= _found("circle", near, things)
    beside_m = choices.number(BESIDE)
    if beside_m is None or isinstance(grid, Unknown):
        why = grid.why if isinstance(grid, Unknown) else unset_text(BESIDE)
        return row | {"note": say("way_down_not_judged", why=why)}
    both = overhead(grid, pond.geometry, pond.toe, shapes, cells_beside(grid, things, beside_m))
    if isinstance(both.by_path, Unknown):
        return row | {"note": say("way_down_not_judged", why=both.by_path.why)}
    only = {
        "only_by_circle": _named([(row, None) for row in both.only_by_circle], things),
        "only_by_path": _named([(row, None) for row in both.only_by_path], things, both.doubtful),
    }
    start = pond.geometry if pond.toe is None else shapely.union(pond.geometry, pond.toe)
    asked = {"downstream_1km": downstream_answer(both, way, facilities, start, beside_m, pond.off_m)}
    return row | _found("path", both.by_path, things, both.doubtful) | only | asked | {"note": pond.toe_note}


def downstream_answer(
    both: Overhead,
    way: Downhill | Unknown,
    facilities: Layer,
    pond: shapely.Geometry,
    beside_m: float,
    pond_off_m: float = 0.0,
) -> str:
    """Return 有 where a way down surely meets people or facilities, 无 where nothing could have been missed.

    `both` are the readings, `beside_m` the width of the strip beside `way`, `pond_off_m` how far off the pond may lie.

    Neither where pond or facilities are drawn, or may lie farther off than the strip beside the way is wide; 无 only
    where both lie as drawn.
    """
    met = () if isinstance(both.by_path, Unknown) else both.by_path
    off_m = pond_off_m + facilities.margin_m + max(facilities.errors_m.values(), default=0.0)
    if facilities.basis is Basis.APPROXIMATE or off_m > beside_m:
        return ""
    if any(row not in both.doubtful for row, _ in met):
        return HAS
    gates, searched = facilities.gates, geodesic_buffer(pond, OVERHEAD_M + beside_m)
    is_told = not isinstance(way, Unknown) and way.end is End.LIMIT and not way.flat_cells and not way.branches
    is_whole = not _lower(facilities) and gates.coverage is not None and shapely.covers(gates.coverage, searched)
    return HAS_NONE if is_told and is_whole and not met and not off_m else ""


def _found(
    kind: str, near: Sequence[tuple[int, float]], things: Things, doubtful: Container[int] = ()
) -> dict[str, Any]:
    nearest = {f"{kind}_nearest_m": near[0][1]} if near else {}
    return {f"{kind}_count": len(near), f"by_{kind}": _named(near, things, doubtful)} | nearest


def _named(near: Sequence[tuple[int, float | None]], things: Things, doubtful: Container[int] = ()) -> str:
    words: list[str] = []
    for row, distance_m in near[:_NAMED]:
        far = "" if distance_m is None else f"{distance_m:.0f} m"
        more = far if row not in doubtful else say("metres_to_check", distance=far) if far else TO_CHECK
        name = things.names[row] or things.ids[row]
        words.append(say("bracketed", thing=name, more=more) if more else name)
    return one_by_one([*words, say("places_more", count=len(near) - _NAMED) if len(near) > _NAMED else ""])


AROUND, DOWNSTREAM = "surroundings_m", "max_downstream_m"


class Polluted(Struct, frozen=True):
    """Farmland of the two polluted classes.

    `things`: with their class words. `area_ha`: of whole parcels, in the same order.
    """

    things: Things
    area_ha: tuple[float, ...]


def polluted_of(reached: pa.Table) -> Polluted:
    """Return the parcels of 严格管控类 and 安全利用类 among a run's receptors (`reached`)."""
    is_parcel = pc.equal(reached["receptor_kind"], LayerKind.FARMLAND.value)
    table = reached.filter(pc.and_(is_parcel, pc.is_in(reached["class"], value_set=pa.array(list(POLLUTED_CLASSES)))))
    columns = [table[name].to_pylist() for name in ("receptor_id", "name", "class", "area_ha")]
    shapes = list(shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False)))
    return Polluted(Things(columns[0], columns[1], shapes, columns[2]), tuple(columns[3]))


def mine_table(mines: Layer, polluted: Polluted, grid: FlowGrid | Unknown, choices: Choices) -> pa.Table:
    """Return `MINES_SCHEMA` of `mines`, in the order that its docstring tells.

    `polluted` is the farmland that counts, `grid` leads the water (Unknown without heights), `choices` hold the limits.
    """
    table = mines.read()
    beside_m = choices.number(BESIDE)
    targets = None
    if not isinstance(grid, Unknown) and beside_m is not None:
        targets = cells_beside(grid, polluted.things, beside_m)
    rows = []
    for mine_id, name, wkb in zip(
        *(table[column].to_pylist() for column in ("receptor_id", "name", "geometry")), strict=True
    ):
        row: dict[str, Any] = {"mine_id": mine_id, "name": name}
        if wkb is None:
            rows.append(row | {"note": say("mine_without_position")})
            continue
        shape = shapely.from_wkb(wkb)
        around, why_around = _around(shape, polluted, choices)
        below, why_below = _below(shape, polluted, grid, targets, choices)
        rows.append(row | around | below | {"note": sentences(why_around, why_below)})
    rows.sort(key=_place)
    return table_of([row | {"rank": rank} for rank, row in enumerate(rows, start=1)], MINES_SCHEMA)


def _place(row: dict[str, Any]) -> tuple[float, ...]:
    areas = [
        -(row.get(f"{where}_{word}_ha") or 0.0)
        for word in POLLUTED_CLASSES.values()
        for where in ("downstream", "near")
    ]
    nearest = [np.inf if row.get(name) is None else row[name] for name in ("downstream_m", "nearest_m")]
    return (*areas, *nearest)


def _around(shape: shapely.Geometry, polluted: Polluted, choices: Choices) -> tuple[dict[str, Any], str]:
    shapes = [parcel for parcel in polluted.things.geometries if parcel is not None]
    near = by_circle(shape, shapes, np.inf)
    cells: dict[str, Any] = {"nearest_m": near[0][1] if near else None}
    limit_m = choices.number(AROUND)
    if limit_m is None:
        return cells, unset_text(AROUND)
    cells["near_limit_m"] = limit_m
    return cells | _areas("near", (row for row, distance_m in near if distance_m <= limit_m), polluted), ""


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
    limits = {"downstream_limit_m": limit_m, "path_ends": one_by_one([way.end.zh, *level_notes(grid, way)])}
    cells = (
        limits | {"downstream_m": met[0][1] if met else None} | _areas("downstream", (row for row, _ in met), polluted)
    )
    short = "" if way.end is End.LIMIT else say("water_ends", reached_m=way.length_m, end=way.end.zh)
    open_ = sum(is_doubtful for _, _, is_doubtful in met_by_any(way, targets))
    doubt = say("parcels_on_one_way", count=open_) if open_ else ""
    return cells, sentences(short, doubt)


def _areas(where: str, rows: Iterable[int], polluted: Polluted) -> dict[str, float]:
    sums = dict.fromkeys(POLLUTED_CLASSES.values(), 0.0)
    for row in rows:
        sums[POLLUTED_CLASSES[polluted.things.classes[row]]] += polluted.area_ha[row] or 0.0
    return {f"{where}_{word}_ha": round(area_ha, MEASURE_DECIMALS) for word, area_ha in sums.items()}
