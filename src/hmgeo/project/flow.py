"""`hmgeo flow`: where water goes from a project's sources, what it meets, and who drains to its water sources."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from hmgeo.analysis.flow_choices import BASINS, LIMIT, SNAP, STREAM
from hmgeo.analysis.flow_grid import ClosedBasins, flow_grid
from hmgeo.analysis.flow_snap import SnapRule
from hmgeo.analysis.flow_tables import catchments_of, cells_beside, downstream_of
from hmgeo.analysis.water_things import Things
from hmgeo.analysis.water_view import NOT_SURFACE, TARGET_KINDS
from hmgeo.errors import Problem, ProjectError, UsageError
from hmgeo.project.flow_options import BESIDE, flow_options
from hmgeo.project.folder import whole_file
from hmgeo.project.inputs import load_inputs
from hmgeo.project.spec import read_spec
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import GROUNDWATER, LayerKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from hmgeo.analysis.flow_grid import FlowGrid
    from hmgeo.project.flow_options import FlowOptions, FlowWords, Setting
    from hmgeo.project.inputs import Inputs
    from hmgeo.records import Layer

_NOTHING_TO_SNAP = SnapRule(tolerance_m=0.0, stream_ha=0.0)
_NOT_MET = (LayerKind.RIVERS, LayerKind.COUNTIES, LayerKind.TOWNSHIPS, LayerKind.ELEVATION)


@dataclass(frozen=True, slots=True)
class FlowReport:
    """The answer: tables of `hmgeo.findings.columns`, sentences on how it was found, and the files it rests on."""

    paths: pa.Table
    met: pa.Table
    catchments: pa.Table
    notes: tuple[str, ...]
    settings: tuple[Setting, ...] = ()
    files: tuple[Path, ...] = ()


def flow_project(path: Path, words: FlowWords) -> FlowReport:
    """Follow the water of a project's sources on its own grid of heights.

    Parameters
    ----------
    words
        What was given with the command; the project's parameters stand for what was left out.

    Raises
    ------
    ProjectError, InputError
        As for a run; also where the project has no heights, or they don't fit into memory.
    UsageError
        Where a source asked for isn't there, or neither an option nor the project gives what has no default.
    """
    spec = read_spec(path)
    inputs = load_inputs(spec)
    if inputs.elevation is None:
        remedy = "在 layers 下写明 elevation: {path: …, basis: …}，向自然资源部门获取"
        raise ProjectError(Problem("项目没有高程图层，水流方向不能测算", spec.place("layers"), remedy=remedy))
    layers = [layer for layer in (inputs.farmland, *inputs.others) if layer is not None]
    targets = _targets([layer for layer in layers if layer.kind in TARGET_KINDS])
    has_points = any(one is not None and one.geom_type == "Point" for one in targets.geometries)
    options = flow_options(words, spec, needs_snap=has_points)
    sources = _asked(_sources(inputs, options.sources_kind), options.source_ids)
    grid = flow_grid(inputs.elevation, options.conditioning)
    met = {
        layer.kind.value: cells_beside(grid, _things(layer), options.beside_m)
        for layer in layers
        if layer.kind not in _NOT_MET and layer.kind is not options.sources_kind
    }
    found = downstream_of(grid, sources, met, _borders(inputs, grid), options.limit_m)
    rule = options.snap_rule or _NOTHING_TO_SNAP
    catchments = catchments_of(grid, targets, sources, options.limit_m, rule)
    return FlowReport(found.paths, found.met, catchments, _notes(inputs, grid, options), options.settings, spec.files)


def _sources(inputs: Inputs, kind: LayerKind) -> Things:
    if kind is inputs.positions.kind:
        table = inputs.positions.table
        shapes = [None if one is None else shapely.from_wkb(one) for one in table["geometry"].to_pylist()]
        return Things(table["source_id"].to_pylist(), table["name"].to_pylist(), shapes)
    held = [layer for layer in inputs.others if layer.kind is kind]
    if not held:
        raise UsageError(Problem(f"项目没有「{kind.zh}」图层", found=kind.value, remedy="核对 --from 的图层代码"))
    return _things(held[0])


def _asked(sources: Things, ids: Sequence[str]) -> Things:
    missing = [one for one in ids if one not in sources.ids]
    if missing:
        raise UsageError(Problem("没有这一污染源", found="、".join(missing), remedy="核对 --source 的编号"))
    if not ids:
        return sources
    kept = [sources.ids.index(one) for one in ids]
    return Things(
        [sources.ids[row] for row in kept],
        [sources.names[row] for row in kept],
        [sources.geometries[row] for row in kept],
    )


def _things(layer: Layer) -> Things:
    table = layer.read()
    shapes = [None if one is None else shapely.from_wkb(one) for one in table["geometry"].to_pylist()]
    columns = [table[name].to_pylist() for name in ("receptor_id", "name", "class")]
    return Things(columns[0], columns[1], shapes, columns[2])


def _targets(layers: Sequence[Layer]) -> Things:
    """Return intakes and zones; groundwater isn't fed by the surface, so that it has no catchment here."""
    parts = [_things(layer) for layer in layers]
    words = [word for part in parts for word in part.classes]
    ids = [one for part in parts for one in part.ids]
    given = [shape for part in parts for shape in part.geometries]
    return Things(
        ids,
        [name for part in parts for name in part.names],
        [None if GROUNDWATER in word else shape for word, shape in zip(words, given, strict=True)],
        why_not={one: NOT_SURFACE for one, word in zip(ids, words, strict=True) if GROUNDWATER in word},
    )


def _borders(inputs: Inputs, grid: FlowGrid) -> dict[str, Any]:
    """Return townships and counties of the shipped context as targets, so that crossings can be told."""
    borders = {}
    for role, code in (("township", "townships"), ("county", "counties")):
        held = [one.table for one in inputs.context if one.role == role]
        if held:
            shapes = [shapely.from_wkb(one) for one in held[0]["geometry"].to_pylist()]
            things = Things(held[0]["id"].to_pylist(), held[0]["name"].to_pylist(), shapes)
            borders[code] = cells_beside(grid, things, 0.0)
    return borders


def _notes(inputs: Inputs, grid: FlowGrid, options: FlowOptions) -> tuple[str, ...]:
    conditioning, rule = options.conditioning, options.snap_rule
    kept = conditioning.closed_basins is ClosedBasins.KEEP
    deepest = f"，最深 {grid.basins[0].depth_m:.0f} m" if grid.basins else ""
    basis = "" if inputs.elevation is None else inputs.elevation.basis.zh.removesuffix("数据")
    treated = "保留，水流止于洼底" if kept else "按填平处理，水流越过最低垭口"
    hollow = f"深度达 {conditioning.basin_depth_m:g} m、不少于 {conditioning.basin_cells} 格的封闭洼地"
    stream = "" if rule is None else f"容差 {rule.tolerance_m:g} m（{options.origin(SNAP)}），"
    stream += "" if rule is None else f"集水面积达 {rule.stream_ha:g} 公顷视为水流（{options.origin(STREAM)}）"
    return (
        f"流向由高程推算（{basis}数据，格 {grid.frame.cell_m[0]:.1f} m），只反映地面径流，不含渠道、管道和地下水。",
        f"追踪距离 {options.limit_m / 1000:g} km（{options.origin(LIMIT)}）。",
        f"距流经路径 {options.beside_m:g} m 以内视为遇到（{options.origin(BESIDE)}）。",
        f"{hollow} {len(grid.basins)} 处{deepest}，本次{treated}（{options.origin(BASINS)}）；岩溶区洼地可能转入地下。",
        f"取水口落到水流上的{stream}。" if stream else "没有需要落到水流上的取水口。",
        "乡镇界为示意，过界位置不作判断依据。未遇到不等于实地不存在。",
        *(f"{entry.file}：{entry.action}。" for entry in inputs.ledger.entries if entry.event == "高程已换算"),
    )


Shown = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def shown_tables(report: FlowReport) -> tuple[Shown, ...]:
    """Return title, header and rows of what a terminal shows: paths, what they meet, who drains to the targets."""
    paths: list[tuple[str, ...]] = [
        (row["source_id"], row["name"], _number(row["length_m"], 1000), _number(row["drop_m"], 1), row["note"])
        for row in report.paths.to_pylist()
    ]
    met: list[tuple[str, ...]] = [
        (
            row["source_id"],
            str(row["order"]),
            _number(row["flow_distance_m"], 1000),
            LAYERS[row["layer"]].zh,
            _called(row["receptor_name"], row["receptor_id"]),
            row["class"],
        )
        for row in report.met.to_pylist()
    ]
    drained: list[tuple[str, ...]] = [
        (
            _called(row["target_name"], row["target_id"]),
            _number(row["catchment_area_ha"], 100),
            row["source_id"] or ("未评估" if row["catchment_area_ha"] is None else "现有数据中没有"),
            _number(row["flow_distance_m"], 1000),
            row["note"],
        )
        for row in report.catchments.to_pylist()
    ]
    return (
        ("下游流经路径", ("编号", "名称", "流程 km", "落差 m", "说明"), paths),
        ("流经路径遇到的对象", ("编号", "次序", "流程 km", "图层", "名称", "类别"), met),
        ("水源地集水范围内的污染源", ("水源地", "追踪距离内集水 km²", "污染源", "流程 km", "说明"), drained),
    )


def _called(name: str, feature_id: str) -> str:
    return f"{name}（{feature_id}）" if name and feature_id else name or feature_id


def _number(value: float | None, divisor: float) -> str:
    return "" if value is None else f"{value / divisor:.2f}"


def write_paths(report: FlowReport, out: Path) -> None:
    """Write the paths as GeoJSON in lon/lat, one feature for each source that has one.

    Raises
    ------
    OutputError
        Where `out` is one of the project's files, or can't be written.
    """
    features = []
    for row in report.paths.to_pylist():
        shape = row.pop("geometry")
        if shape is not None:
            geometry = json.loads(shapely.to_geojson(shapely.from_wkb(shape)))
            features.append({"type": "Feature", "properties": row, "geometry": geometry})
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    with whole_file(out, report.files) as temporary:
        temporary.write_text(text, encoding="utf-8")


def report_rows(report: FlowReport) -> dict[str, Any]:
    """Return the report as plain lists for JSON, geometry left out."""
    return {
        "notes": list(report.notes),
        "settings": [{"parameter": one.parameter, "value": one.value, "from": one.origin} for one in report.settings],
        "paths": report.paths.drop_columns(["geometry"]).to_pylist(),
        "met": report.met.to_pylist(),
        "catchments": report.catchments.to_pylist(),
    }
