"""`hmgeo flow`: where water goes from a project's sources, what it meets, who drains to its water objects."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely
from msgspec import Struct

from hmgeo.errors import Place, Problem, ProjectError, UsageError
from hmgeo.judging.choices import ChosenParameter
from hmgeo.project.bare import parse_radius_m
from hmgeo.project.folder import whole_file
from hmgeo.project.inputs import Inputs, load_inputs
from hmgeo.project.spec import ProjectSpec, read_spec
from hmgeo.records import Layer
from hmgeo.rules.parameters import declaration
from hmgeo.rules.words import LAYERS
from hmgeo.vocabulary import GROUNDWATER, LayerKind
from hmgeo.water.grid import ClosedBasins, Conditioning, FlowGrid, flow_grid
from hmgeo.water.snap import BASINS, LIMIT, SNAP, STREAM, SnapRule
from hmgeo.water.trace import Things, catchments_of, cells_beside, downstream_of, level_text, things_of
from hmgeo.water.view import NOT_SURFACE, TARGET_KINDS, areas_as_things

BESIDE, DOWNSTREAM = "path_beside_m", "max_downstream_m"
OPTIONS = {LIMIT: "--limit", BESIDE: "--beside", BASINS: "--closed-basins", SNAP: "--snap", STREAM: "--stream-ha"}
"""By parameter the option that is used instead."""
_INSTEAD = {LIMIT: DOWNSTREAM}
"""Parameters that are asked where the first is unset."""
_ZERO = re.compile(r"0+(\.0*)?(m|米|km|公里)?")
"""No distance at all, in the units of `parse_radius_m`; a lone 0 needs none."""


class Setting(Struct, frozen=True):
    """One value with where it came from.

    Parameters
    ----------
    parameter
        The name in project.yml; of an option the one that it stands for.
    value
        Metres, hectares or the code of a choice.
    origin
        A sentence part in Chinese: which option, or which parameter with who chose it, when and why.
    """

    parameter: str
    value: float | str
    origin: str


class FlowOptions(Struct, frozen=True):
    """What is asked, and how heights are read; all of it is printed with the answer.

    Parameters
    ----------
    limit_m
        How far along the water.
    beside_m
        How near to the path a feature counts as met.
    snap_rule
        None where nothing has to be put onto a stream and nobody chose how.
    source_ids
        Only these sources; all where empty.
    sources_kind
        Which layer's features are the sources.
    settings
        Where each value came from.
    """

    limit_m: float
    beside_m: float
    conditioning: Conditioning
    snap_rule: SnapRule | None
    source_ids: tuple[str, ...] = ()
    sources_kind: LayerKind = LayerKind.ENTERPRISES
    settings: tuple[Setting, ...] = ()

    def origin(self, parameter: str) -> str:
        """Return where the value of `parameter` came from, in words; empty where there is none."""
        return next(
            (setting.origin for setting in self.settings if OPTIONS_OF.get(setting.parameter) == OPTIONS[parameter]), ""
        )


OPTIONS_OF = OPTIONS | {DOWNSTREAM: OPTIONS[LIMIT]}


def _flow_options(
    words: Mapping[str, str], spec: ProjectSpec, kind: str, source_ids: Sequence[str], *, needs_snap: bool
) -> FlowOptions:
    """Return what command and project ask; raise with all words that can't be read and values nobody gives."""
    problems: list[Problem] = []
    settings: dict[str, Setting] = {}
    for name in OPTIONS:
        try:
            setting = _setting(name, words, spec.parameters)
        except UsageError as fault:
            problems += fault.problems
            continue
        if setting is not None:
            settings[name] = setting
        elif needs_snap or name not in {SNAP, STREAM}:
            problems.append(_unset(name, spec))
    problems += _unknown(kind, [known.value for known in LayerKind], "--from")
    if problems:
        raise UsageError(problems)
    is_snapped = SNAP in settings and STREAM in settings
    return FlowOptions(
        float(settings[LIMIT].value),
        float(settings[BESIDE].value),
        Conditioning(ClosedBasins(str(settings[BASINS].value))),
        SnapRule(float(settings[SNAP].value), float(settings[STREAM].value)) if is_snapped else None,
        tuple(source_ids),
        LayerKind.of(kind),
        tuple(setting for name, setting in settings.items() if is_snapped or name not in {SNAP, STREAM}),
    )


def _setting(name: str, options: Mapping[str, str], parameters: Mapping[str, ChosenParameter]) -> Setting | None:
    """Return a value and where it came from; None where nobody gave one."""
    chosen = next((parameters[key] for key in (name, _INSTEAD.get(name, "")) if key in parameters), None)
    if options.get(name):
        unused = "" if chosen is None else f"，未用项目参数 {chosen.name}（{_text(chosen)}）"
        return Setting(name, _read(name, options[name]), f"命令选项 {OPTIONS[name]}{unused}")
    if chosen is None:
        return None
    value = chosen.value if isinstance(chosen.value, float) else str(chosen.value)
    who = "，".join(filter(None, (chosen.by, chosen.on, chosen.reason)))
    return Setting(chosen.name, value, f"项目参数 {chosen.name}" + (f"：{who}" if who else ""))


def _text(chosen: ChosenParameter) -> str:
    value = f"{chosen.value:g}" if isinstance(chosen.value, float) else str(chosen.value)
    return f"{value} {chosen.unit}".strip()


def _read(name: str, word: str) -> float | str:
    option = OPTIONS[name]
    if name == BASINS:
        problems = _unknown(word, [kind.value for kind in ClosedBasins], option)
        if problems:
            raise UsageError(problems)
        return word
    if name == STREAM:
        try:
            area_ha = float(word)
        except ValueError:
            area_ha = -1.0
        if not 0 < area_ha < float("inf"):
            place = Place(key=OPTIONS[STREAM])
            raise UsageError(Problem("面积看不懂", place, found=word, allowed="大于 0 的公顷数", remedy="如 100"))
        return area_ha
    if name == BESIDE and _ZERO.fullmatch(word.lower().replace(" ", "")):
        return 0.0
    try:
        return parse_radius_m(word)
    except UsageError as fault:
        (only,) = fault.problems
        problem = Problem("距离看不懂", Place(key=option), found=word, allowed=only.allowed, remedy="如 20km、300m")
        raise UsageError(problem) from None


def _unknown(word: str, allowed: Sequence[str], option: str) -> list[Problem]:
    if word in allowed:
        return []
    return [Problem("不认识这个词", found=word, allowed="、".join(allowed), remedy=f"改写 {option}")]


def _unset(name: str, spec: ProjectSpec) -> Problem:
    declared = declaration(name)
    title = name if declared is None else declared.title_zh
    instead = f"（或 {_INSTEAD[name]}）" if name in _INSTEAD else ""
    under = "settings" if declared is not None and declared.is_setting else "parameters"
    remedy = f"在 {under} 下写 {name}{instead}，或加选项 {OPTIONS[name]}；条文未规定，没有默认值"
    return Problem(f"没有选定「{title}」", spec.place(under), remedy=remedy)


_NOTHING_TO_SNAP = SnapRule(tolerance_m=0.0, stream_ha=0.0)
_NOT_MET = (LayerKind.RIVERS, LayerKind.COUNTIES, LayerKind.TOWNSHIPS, LayerKind.ELEVATION)


class FlowReport(Struct, frozen=True):
    """The answer: tables of `hmgeo.results.columns`, sentences on how it was found, and the files it rests on."""

    paths: pa.Table
    met: pa.Table
    catchments: pa.Table
    notes: tuple[str, ...]
    settings: tuple[Setting, ...] = ()
    files: tuple[Path, ...] = ()


def flow_project(
    path: Path, words: Mapping[str, str], kind: str = LayerKind.ENTERPRISES.value, source_ids: Sequence[str] = ()
) -> FlowReport:
    """Follow the water of the sources of project `path`, file or folder, on its own grid of heights.

    `ProjectError`, `InputError`: as for a run; also where the project has no heights, or they don't fit into memory.
    `UsageError` where a source asked for isn't there, or neither an option nor the project gives what has no default.

    Parameters
    ----------
    words
        What was typed, by the parameter that it stands for (`OPTIONS`); the project's own stand for what wasn't.
    kind
        Code of the layer whose features are the sources.
    source_ids
        Only these; all where empty.
    """
    spec = read_spec(path)
    inputs = load_inputs(spec)
    if inputs.elevation is None:
        remedy = "在 layers 下写明 elevation: {path: …, basis: …}，向自然资源部门获取"
        raise ProjectError(Problem("项目没有高程图层，水流方向不能测算", spec.place("layers"), remedy=remedy))
    targets = _targets([layer for layer in inputs.receptors if layer.kind in TARGET_KINDS])
    has_points = any(shape is not None and shape.geom_type == "Point" for shape in targets.geometries)
    options = _flow_options(words, spec, kind, source_ids, needs_snap=has_points)
    sources = _asked(_sources(inputs, options.sources_kind), options.source_ids)
    grid = flow_grid(inputs.elevation, options.conditioning)
    met = {
        layer.kind.value: cells_beside(grid, things_of(layer.read()), options.beside_m)
        for layer in inputs.receptors
        if layer.kind not in _NOT_MET and layer.kind is not options.sources_kind
    }
    downstream = downstream_of(grid, sources, met, _borders(inputs), options.limit_m)
    rule = options.snap_rule or _NOTHING_TO_SNAP
    catchments = catchments_of(grid, targets, sources, options.limit_m, rule).table
    return FlowReport(
        downstream.paths, downstream.met, catchments, _notes(inputs, grid, options), options.settings, spec.files
    )


def _sources(inputs: Inputs, kind: LayerKind) -> Things:
    if kind is inputs.positions.kind:
        table = inputs.positions.table
        shapes = [None if shape is None else shapely.from_wkb(shape) for shape in table["geometry"].to_pylist()]
        return Things(table["source_id"].to_pylist(), table["name"].to_pylist(), shapes)
    layers = [layer for layer in inputs.others if layer.kind is kind]
    if not layers:
        raise UsageError(Problem(f"项目没有「{kind.zh}」图层", found=kind.value, remedy="核对 --from 的图层代码"))
    return things_of(layers[0].read())


def _asked(sources: Things, ids: Sequence[str]) -> Things:
    missing = [id_ for id_ in ids if id_ not in sources.ids]
    if missing:
        raise UsageError(Problem("没有这一污染源", found="、".join(missing), remedy="核对 --source 的编号"))
    if not ids:
        return sources
    kept = [sources.ids.index(id_) for id_ in ids]
    return Things(
        [sources.ids[row] for row in kept],
        [sources.names[row] for row in kept],
        [sources.geometries[row] for row in kept],
    )


def _targets(layers: Sequence[Layer]) -> Things:
    """Return intakes and zones; groundwater isn't fed by the surface, so that it has no catchment here."""
    parts = [things_of(layer.read()) for layer in layers]
    words = [word for part in parts for word in part.classes]
    ids = [id_ for part in parts for id_ in part.ids]
    shapes = [shape for part in parts for shape in part.geometries]
    return Things(
        ids,
        [name for part in parts for name in part.names],
        [None if GROUNDWATER in word else shape for word, shape in zip(words, shapes, strict=True)],
        why_not={id_: NOT_SURFACE for id_, word in zip(ids, words, strict=True) if GROUNDWATER in word},
    )


def _borders(inputs: Inputs) -> dict[str, Things]:
    """Return townships and counties of the shipped context, so that crossings can be told."""
    tables = {cell.role: cell.table for cell in inputs.context[::-1]}
    codes = {"township": "townships", "county": "counties"}
    return {code: areas_as_things(tables[role]) for role, code in codes.items() if role in tables}


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
        level_text(conditioning),
        "乡镇界为示意，过界位置不作判断依据。未遇到不等于实地不存在。",
        *(f"{entry.file}：{entry.action}。" for entry in inputs.ledger.entries if entry.event == "高程已换算"),
    )


Shown = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def shown_tables(report: FlowReport) -> tuple[Shown, ...]:
    """Return title, header and rows of what of `report` a terminal shows: paths, what they meet, who drains."""
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
    """Write the paths of `report` as GeoJSON in lon/lat, one feature for each source that has one.

    `OutputError` where `out` is one of the project's files, or can't be written.
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
        "settings": [
            {"parameter": setting.parameter, "value": setting.value, "from": setting.origin}
            for setting in report.settings
        ],
        "paths": report.paths.drop_columns(["geometry"]).to_pylist(),
        "met": report.met.to_pylist(),
        "catchments": report.catchments.to_pylist(),
    }
