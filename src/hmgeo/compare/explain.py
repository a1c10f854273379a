"""Why a finding says what it says: from the cell that somebody filled in to the verdict, out of the run's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow.parquet as pq
import pyogrio
import pyogrio.raw
import shapely
from msgspec.structs import replace

from hmgeo.compare.verify import home_of, project_name, read_manifest, read_tables
from hmgeo.errors import HmgeoError, InputError, Place, Problem
from hmgeo.intake.catalog import file_sha256
from hmgeo.intake.formats.read import read_raw
from hmgeo.intake.rows import Journal
from hmgeo.outputs import wording
from hmgeo.outputs.tables import OWN_PREFIX
from hmgeo.project.folder import ending_of, whole_file
from hmgeo.project.spec import read_spec
from hmgeo.rules.book import load_book
from hmgeo.rules.kinds import layers_of
from hmgeo.vocabulary import Basis, Completeness, Effect, LayerKind, LegalRank, PositionKind, Status
from hmgeo.words import template

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hmgeo.outputs.figure.finding import Ground
    from hmgeo.rules.model import Rule


_NAMED = 8


class Part(NamedTuple):
    """One step of an explanation: its title, and lines of name and text."""

    title: str
    lines: tuple[tuple[str, str], ...]


def explain_finding(folder: Path, finding: str, project: Path | None = None) -> tuple[Part, ...]:
    """Return the way from the cell to the verdict, step by step.

    `finding`: a `finding_id`, `source_id|rule_id`.
    `project`: the project.yml or its folder, for the row of the workbook; looked for above the run where nothing is
    said.
    `InputError`: no such finding: with those of the source, or the nearest sources.
    """
    manifest, record = read_manifest(folder)
    tables = read_tables(folder, record)
    judged = _finding(tables.findings, finding, folder)
    source = _source(tables.sources, judged["source_id"])
    ledger = [row for row in tables.ledger if row["source_id"] == judged["source_id"]]
    rule_used = {used["rule_id"]: used for used in manifest["rules"]}.get(judged["rule_id"], {})
    rule = {known.id: known for known in load_book().rules}.get(judged["rule_id"])
    return (
        Part("结论", tuple(_verdict(judged))),
        Part("原表", tuple(_cells(source, _row_told(folder, project, manifest, source)))),
        Part("读成", tuple(_read_as(source, ledger))),
        Part("量得", _told(wording.measured_steps(judged))),
        Part("条款", tuple(_clause(judged, rule_used))),
        Part("参数", tuple(wording.parameter_lines(manifest["parameters"], None if rule is None else rule.parameters))),
        Part("数据", tuple(_layers(manifest, judged, rule))),
        Part("什么会使它改变", _told((*wording.flip_steps(judged), wording.RERUN))),
    )


def _told(steps: Iterable[wording.Step]) -> tuple[tuple[str, str], ...]:
    return tuple((template(step.name), str(step.text)) for step in steps)


PICTURES = (".png", ".pdf", ".svg")
_OF_PICTURE = ("结论", "量得", "条款", "什么会使它改变")
_LEFT_OUT = frozenset({"评估基准日", "规则", "核对", "作用", "效力层级", "所据"})


def draw_finding(folder: Path, finding: str, out: Path, parts: Sequence[Part]) -> str:
    """Draw a finding from what the run folder holds; return in words what couldn't be drawn, empty where all was.

    `out`: a png, pdf or svg.
    `parts`: its explanation, of which the most telling is printed below the drawing.
    `InputError`: the source has no place, or the run's shapes can't be read.
    `UsageError`: another kind of file.
    """
    from hmgeo.outputs.figure.finding import Words, agrees, write_finding  # noqa: PLC0415 -- what draws loads slowly

    suffix = ending_of(out, PICTURES, "--picture")
    manifest, record = read_manifest(folder)
    tables = read_tables(folder, record)
    row = _finding(tables.findings, finding, folder)
    ground = _ground(record.parent, row, _source(tables.sources, row["source_id"]))
    name = _source(tables.sources, row["source_id"]).get("name", "")
    basis = Basis.of(row["basis"] or manifest["basis"])
    words = Words(
        f"{row['source_id']} {name}　{wording.badge(row)}",
        f"{manifest['project']['title']}　{row['rule_id']}　评估基准日 {row['as_of'] or '未设'}",
        [banner for banner in (wording.basis_banner(basis),) if banner],
        [line for part in parts if part.title in _OF_PICTURE for line in part.lines if line[0] not in _LEFT_OUT],
        f"{manifest['caption']}　{wording.DISCLAIMER}",
    )
    with whole_file(out, []) as made:
        write_finding(ground, words, made, suffix)
    if row["measured"] is not None and row["unit"] == "m" and row["receptor_id"] and not agrees(ground):
        return "结果文件夹里的图形与所量的不是同一段（沿水流、按原始图形或在别处量得），图上不画距离线。"
    return ""


def _ground(data: Path, finding: Mapping[str, Any], source: Mapping[str, str]) -> Ground:
    """Return the shapes that a finding speaks of, as the run folder holds them."""
    from hmgeo.outputs.figure.finding import Ground, agrees  # noqa: PLC0415 -- what draws loads slowly

    where = [("finding_id", "==", finding["finding_id"])]
    cells = pq.read_table(data / "findings.parquet", columns=["geometry"], filters=where)["geometry"].to_pylist()
    book = data / "findings.gpkg"
    shapes = [shapely.from_wkb(cell) for cell in cells if cell] or [
        shape for _, shape in shapes_of(book, "source_positions", "source_id", finding["source_id"])
    ]
    if not shapes or shapes[0].is_empty:
        raise InputError(Problem("这个污染源没有位置，画不出", Place(file=data.parent.name), finding["source_id"]))
    is_length = finding["unit"] == "m"
    margin = source.get("position_uncertainty_m") or 0.0
    plain = Ground(
        shapes[0],
        float(margin) if source.get("position_kind") != PositionKind.PLACE.value else 0.0,
        measured_m=finding["measured"] if is_length else None,
        limit_m=finding["limit_value"] if is_length else None,
    )
    if not finding["receptor_id"]:
        return plain
    receptors = _receptors(data)
    ground = [(kind, shape) for _, kind, shape in receptors]
    own = [(kind, shape) for receptor_id, kind, shape in receptors if receptor_id == finding["receptor_id"]]
    layers = ("areas", "context_lines", "context_points")
    kinds = {kind.value for kind in LayerKind}  # a catchment bears the id of what it drains to
    named = [
        shape for name in layers for shape in shapes_of(book, name, "id", finding["receptor_id"]) if shape[0] in kinds
    ]
    tried = [(kind, replace(plain, nearest=shape)) for kind, shape in (*own, *named)]
    kind, chosen = next((shape for shape in tried if agrees(shape[1])), tried[0] if tried else ("", plain))
    is_inside = chosen.nearest is not None and chosen.nearest.intersects(chosen.source)
    ways = [] if is_length or is_inside else shapes_of(book, "flow_paths", "source_id", finding["source_id"])
    return replace(
        chosen,
        others=[shape for of, shape in ground if own and of == kind and shape is not chosen.nearest],
        paths=[shape for _, shape in ways],
    )


def _receptors(data: Path) -> list[tuple[str, str, shapely.Geometry]]:
    """Return id, kind and shape of the receptors of a run; `screen` writes them into its GeoPackage alone."""
    columns, path, book = ["receptor_id", "receptor_kind"], data / "receptors.parquet", data / "findings.gpkg"
    if path.is_file():
        rows = pq.read_table(path, columns=[*columns, "geometry"]).to_pylist()
        receptors = [(row["receptor_id"], row["receptor_kind"], row["geometry"]) for row in rows]
    elif book.is_file() and "receptors" in {name for name, _ in pyogrio.list_layers(book)}:
        meta, _, shapes, fields = pyogrio.raw.read(book, layer="receptors", columns=columns)
        ids, kinds = (fields[list(meta["fields"]).index(name)] for name in columns)
        receptors = list(zip(ids, kinds, shapes, strict=True))
    else:
        receptors = []
    return [(str(receptor_id), str(kind), shapely.from_wkb(shape)) for receptor_id, kind, shape in receptors if shape]


def shapes_of(
    book: Path, layer: str = "areas", column: str = "", wanted: str = ""
) -> list[tuple[str, shapely.Geometry]]:
    """Return shapes of `layer` in GeoPackage `book` (lon/lat) with their roles, with `column` where it is `wanted`."""
    if not book.is_file() or layer not in {name for name, _ in pyogrio.list_layers(book)}:
        return []
    quoted = wanted.replace("'", "''")
    where = f"\"{column}\" = '{quoted}'" if column else None
    meta, _, shapes, fields = pyogrio.raw.read(book, layer=layer, where=where)
    roles = fields[list(meta["fields"]).index("role")] if "role" in meta["fields"] else [""] * len(shapes)
    return [(str(role), shapely.from_wkb(shape)) for role, shape in zip(roles, shapes, strict=True) if shape]


def as_plain(parts: Sequence[Part]) -> dict[str, list[dict[str, str]]]:
    """Return the explanation `parts` as plain values: lists of name and text by title."""
    return {part.title: [{"name": name, "text": text} for name, text in part.lines] for part in parts}


def _finding(findings: Sequence[dict[str, Any]], wanted: str, folder: Path) -> dict[str, Any]:
    named = next((row for row in findings if row["finding_id"] == wanted), None)
    if named is not None:
        return named
    name = wanted.partition("|")[0]
    near = [row["finding_id"] for row in findings if row["source_id"] == name]
    allowed = near or list(dict.fromkeys(row["source_id"] for row in findings))
    shown = "、".join(allowed[:_NAMED]) + (f" 等 {len(allowed)} 个" if len(allowed) > _NAMED else "")
    what = "没有这条结论" if near else "没有这个污染源"
    remedy = "先写污染源编号，再写规则编号，如 A1 SCR-JY-10KM；有空格的加双引号"
    raise InputError(Problem(what, Place(file=folder.name), wanted, shown, remedy))


def _source(rows: Sequence[dict[str, str]], source_id: str) -> dict[str, str]:
    number = next((at for at, row in enumerate(rows) if row["source_id"] == source_id), None)
    return {} if number is None else {**rows[number], "_number": str(number)}


def _verdict(finding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "结论", wording.badge(finding)
    if finding["certainty"]:
        yield "可靠性", wording.certainty_word(finding)
    if finding["verdict_other"]:
        yield "另一可能", wording.verdict_word(finding["verdict_other"])
    if finding["note"]:
        yield "说明", finding["note"]
    yield "评估基准日", finding["as_of"] or "未设"


def _row_told(folder: Path, project: Path | None, manifest: Mapping[str, Any], source: Mapping[str, str]) -> str:
    """Return the file, sheet and row that a source stands in, as Excel counts; why not, where that can't be told."""
    home = home_of(folder, project, manifest)
    layer = next((entry for entry in manifest["inputs"] if entry["kind"] == LayerKind.ENTERPRISES.value), None)
    if home is None or layer is None or not (home / layer["path"]).exists():
        return "原表没有找到，行号从略；用 --project 写明项目文件夹"
    path = home / layer["path"]
    if file_sha256(path) != layer["sha256"]:
        return f"{layer['path']} 与运行时不同，行号从略"
    try:
        spec = read_spec(home / project_name(manifest)).layers.get(LayerKind.ENTERPRISES)
        sheet = "" if spec is None else spec.options.layer
        raw = read_raw(path, layer=sheet, journal=Journal(layer["path"]), kind=LayerKind.ENTERPRISES)
    except HmgeoError as error:
        return f"{layer['path']}：{error.problems[0].what}，行号从略"
    number = int(source.get("_number", "0"))
    line = raw.lines[number] if number < len(raw.lines) else number + 1
    return f"{layer['path']}{f' 工作表 {raw.sheet}' if raw.sheet else ''} 第 {line} 行"


def _cells(source: Mapping[str, str], where: str) -> Iterator[tuple[str, str]]:
    yield "位置", where
    for name, text in source.items():
        if name.startswith(OWN_PREFIX) and text:
            yield name.removeprefix(OWN_PREFIX), text


def _read_as(source: Mapping[str, str], ledger: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    if not source:
        yield "状态", "sources.csv 中没有这个编号"
        return
    yield "状态", Status.of(source["status"]).zh
    yield "位置类型", wording.position_word(source["position_kind"]) or "无"
    if source["lon"]:
        yield (
            "坐标（CGCS2000）",
            f"{source['lon']}, {source['lat']}，误差 ±{float(source['position_uncertainty_m']):.1f} m",
        )
    titles = {"county": "县", "township": "乡镇", "trade_code": "行业代码", "trade_edition": "行业分类版本"}
    yield from ((title, source[name]) for name, title in titles.items() if source.get(name))
    for row in ledger:
        cell = f"（{row['field']}「{row['value']}」）" if row["field"] or row["value"] else ""
        yield f"台账：{row['event']}", f"{row['reason']}{cell}，{row['action']}"


def _clause(finding: Mapping[str, Any], rule_used: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not finding["quote"]:
        yield "条款", "不依据条款，半径由使用者设定"
        return
    yield "规则", f"{finding['rule_id']} {rule_used.get('title', '')}".strip()
    yield "出处", wording.citation(finding)
    yield "原文", f"“{finding['quote']}”"
    yield "效力层级", LegalRank.of(finding["legal_rank"]).zh if finding["legal_rank"] else ""
    yield "效力", wording.standing_word(finding["standing"], verified=rule_used.get("verified", ""))
    if rule_used.get("effect"):
        yield "作用", Effect.of(rule_used["effect"]).zh
    yield "认定部门", finding["decider"]
    if rule_used.get("verified"):
        yield "核对", rule_used["verified"]


def _layers(manifest: Mapping[str, Any], judged: Mapping[str, Any], rule: Rule | None) -> Iterator[tuple[str, str]]:
    """Yield the layers that the clause asks, with what is known of each; how many others the run had.

    A clause of the project's own may ask any of them, a radius that the user set only farmland.
    """
    kinds = {kind.value: kind.zh for kind in LayerKind}
    asked = {LayerKind.ENTERPRISES.value}
    if rule is None:
        asked |= {*kinds} if judged["quote"] else {LayerKind.FARMLAND.value}
    elif rule.test is not None:
        asked |= {*layers_of(rule.test)}
    used = [layer for layer in manifest["inputs"] if layer["kind"] in asked]
    for layer in used:
        extent, time = ("未申明" if layer[name] == "unknown" else layer[name] for name in ("coverage", "vintage"))
        gates = f"范围 {extent}，完整性 {Completeness.of(layer['completeness']).zh}，时点 {time}"
        yield kinds.get(layer["kind"], layer["kind"]), f"{layer['path']}：{wording.basis_word(layer['basis'])}，{gates}"
    if rest := len(manifest["inputs"]) - len(used):
        yield "其余图层", f"{rest} 个，本条不用，见 data/manifest.json"
