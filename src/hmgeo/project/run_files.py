"""The files of one run: every view of its results, the layers drawn for orientation, and the manifest."""

import csv
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from msgspec.structs import asdict, replace

from hmgeo.errors import HmgeoError, InputError, Place, Problem, UsageError
from hmgeo.outputs import wording
from hmgeo.outputs.english import in_language
from hmgeo.outputs.gis import ALSO, write_also, write_geopackage
from hmgeo.outputs.guide import GUIDE_NAME, write_dictionary, write_guide
from hmgeo.outputs.map.audience import OVERHEAD_PATH, PUBLIC, why_no_page
from hmgeo.outputs.sheets.report import REPORT, Told, default_template, wanted_of, write_letter, write_report
from hmgeo.outputs.sheets.screening import write_workbook
from hmgeo.outputs.sheets.survey import KMZ, write_field_kmz, write_survey_list
from hmgeo.outputs.tables import unguarded, write_data
from hmgeo.outputs.templates import FIX_SOURCE, fix_title, rows_to_fix, write_fixme
from hmgeo.project.folder import (
    DATA,
    PRINT,
    RUN_MANIFEST,
    RUN_SCHEMA,
    ending_of,
    entries,
    folder_files,
    said_words,
    versions,
    whole_file,
    whole_files,
    write_record,
)
from hmgeo.results.columns import FINDINGS, PAIRS, SOURCES, TOWNSHIPS
from hmgeo.results.results import ContextLayer, Presentation, Results, TerrainTables, WaterTables, shapes_of
from hmgeo.results.used import LayerUsed
from hmgeo.rules.book import load_book
from hmgeo.vocabulary import Basis
from hmgeo.words import decoded, say

_NAMED = 5
PAIRS_NAME = f"{DATA}/{PAIRS.name}"


def new_run(folder: Path) -> Path:
    """Lay out an empty run folder; return where its pairs go, which are written while they are made."""
    for name in (DATA, PRINT):
        (folder / name).mkdir()
    return folder / PAIRS_NAME


FARTHEST_DRAWN_DEG = 85.0
"""Web maps end at 85.05 degrees of latitude; what lies beyond can't be drawn."""


def drawable(results: Results) -> tuple[Results, tuple[str, ...]]:
    """Return results as pictures can show them, and what is said of whatever has no place in them.

    Sources, parcels and search areas that reach beyond `FARTHEST_DRAWN_DEG` keep their rows and lose their shapes.
    """
    sources, lost = _within_drawn(results.sources, ("geometry", "lon", "lat"))
    receptors, more = _within_drawn(results.receptors, ("geometry",))
    if not lost and not more:
        return results, ()
    areas = results.search_areas
    areas = areas.filter(
        pa.array([source_id not in set(lost) for source_id in areas["source_id"].to_pylist()], pa.bool_())
    )
    remarks = [
        say(
            "beyond_drawn",
            count=len(ids),
            kind=noun,
            which=(*ids[: _NAMED - 1], say("and_others", name=ids[_NAMED - 1])) if len(ids) > _NAMED else tuple(ids),
            latitude_deg=FARTHEST_DRAWN_DEG,
        )
        for noun, ids in (("污染源", lost), ("受体", more))
        if ids
    ]
    return replace(results, sources=sources, receptors=receptors, search_areas=areas), tuple(remarks)


def _within_drawn(table: pa.Table, columns: Sequence[str]) -> tuple[pa.Table, list[str]]:
    """Return a table whose shapes all can be drawn, and the ids of those rows that lost theirs."""
    bounds = shapely.bounds(shapes_of(table)).reshape(-1, 4)
    beyond = np.abs(bounds[:, [1, 3]]).max(axis=1, initial=0.0) > FARTHEST_DRAWN_DEG
    if not beyond.any():
        return table, []
    for name in columns:
        at, field = table.schema.get_field_index(name), table.schema.field(name)
        table = table.set_column(at, field, pc.if_else(pa.array(beyond), pa.scalar(None, field.type), table[name]))
    ids = "source_id" if "source_id" in table.column_names else "receptor_id"
    return table, table.filter(pa.array(beyond))[ids].to_pylist()


def write_outputs(results: Results, presentation: Presentation, folder: Path) -> tuple[str, ...]:
    """Write every file of run folder `folder` but pairs (written on the way) and the manifest (written last).

    `results` whose page `presentation` may not show leave it out; `with_reasons` has put the reason among the warnings.
    Numbers come first: a sheet or a picture that fails is left out and named.

    A sentence for each file that could not be made; empty where all were.
    """
    from hmgeo.outputs.figure.figure import write_figures  # noqa: PLC0415 -- what draws loads slowly
    from hmgeo.outputs.map.page import write_map  # noqa: PLC0415 -- as do folium and pandas
    from hmgeo.outputs.sheets.cards import CARDS, write_cards  # noqa: PLC0415 -- as does what it draws with

    data, paper = folder / DATA, folder / PRINT
    columns = write_data(results, data, presentation.language, presentation.left_out)
    columns |= write_geopackage(results, data / "findings.gpkg", presentation.language)
    write_dictionary(columns, data / "dictionary.csv")
    to_fix = rows_to_fix(results.ledger.entries)
    drawn, _ = drawable(results)
    steps: dict[tuple[str, ...], Callable[[], object]] = {
        ("screening.xlsx",): lambda: write_workbook(results, presentation, folder / "screening.xlsx"),
        ("survey_list.xlsx",): lambda: write_survey_list(results, presentation, folder / "survey_list.xlsx"),
    }
    if to_fix or results.unread:
        title = fix_title(results.title, len(to_fix))
        steps["fixme.xlsx",] = lambda: write_fixme(
            to_fix,
            FIX_SOURCE,
            folder / "fixme.xlsx",
            title=title,
            unread=results.unread,
            language=presentation.language,
        )
    if not why_no_page(results):
        if presentation.audience != PUBLIC:  # it names what a public map leaves out
            steps[f"{PRINT}/{KMZ}",] = lambda: write_field_kmz(results, paper / KMZ, presentation.language)
            steps[f"{PRINT}/{CARDS}",] = lambda: write_cards(drawn, presentation, paper / CARDS)
        steps["map.html",] = lambda: write_map(drawn, presentation, folder / "map.html")
    for word in presentation.also:
        if word != "kmz" or not why_no_page(results):
            steps[f"{DATA}/{ALSO[word]}",] = partial(
                write_also, results, word, data / ALSO[word], presentation.language
            )
    prints = ("map.pdf", "map.png")
    steps[tuple(f"{PRINT}/{name}" for name in prints)] = lambda: write_figures(
        drawn, presentation, [paper / name for name in prints]
    )
    steps[REPORT,] = lambda: write_report(told_by(results, presentation, folder), folder / REPORT)
    failed = tuple(filter(None, (_attempted(step, names, folder) for names, step in steps.items())))
    write_guide(results, presentation, folder / GUIDE_NAME, [*folder_files(folder), RUN_MANIFEST])
    return failed


def told_by(results: Results, presentation: Presentation, folder: Path) -> Told:
    """Return what the report is made from: `results` as `presentation` shows them, the picture that `folder` holds."""
    bureau = results.bureau
    picture = folder / PRINT / "map.png"
    return Told(
        _manifest_of(results, presentation),
        results.sources.drop_columns("geometry").to_pylist(),
        results.finding_rows(),
        [] if bureau is None else bureau.townships.to_pylist(),
        picture if picture.is_file() else None,
        presentation.language,
    )


def read_told(folder: Path) -> Told:
    """Read what the report is made from out of a run folder; refuse one that this version didn't write."""
    manifest = folder / RUN_MANIFEST
    if not manifest.is_file():
        remedy = "给出 hmgeo run 或 hmgeo screen 写出的结果文件夹"
        raise InputError(Problem("不是结果文件夹", Place(file=folder.name), f"没有 {RUN_MANIFEST}", remedy=remedy))
    entry = json.loads(manifest.read_text(encoding="utf-8"))
    if "visit_order" not in entry:
        raise InputError(
            Problem("结果由较早的版本写出，没有核查先后", Place(file=folder.name), remedy="重新运行后再写报告")
        )
    picture = folder / PRINT / "map.png"
    rows = pq.read_table(folder / DATA / FINDINGS.name).drop_columns("geometry").to_pylist()
    findings = [row | {"note": decoded(row["reasons"] or ())} for row in rows]
    townships = folder / DATA / TOWNSHIPS.name
    return Told(
        entry,
        _csv_rows(folder / DATA / SOURCES.name),
        findings,
        _csv_rows(townships) if townships.is_file() else [],
        picture if picture.is_file() else None,
        "en" if ("--lang", "en") in pairwise(said_words(entry)) else "zh",
    )


def report_of_run(run: Path | None, out: Path, template: Path | None, new_template: Path | None) -> Path:
    """Write the report of `run` to `out`, by a `template` if any, or the default to `new_template`; return its path.

    `InputError`, `OutputError` or `UsageError` where the folder, the template or what lies at the place forbids it.
    """
    if new_template is None and run is None:
        raise UsageError(Problem("没有给出结果文件夹", Place(key="RUN"), remedy="hmgeo report 结果文件夹"))
    if template is not None and not template.is_file():
        raise InputError(Problem("找不到报告模板", Place(file=template.name), remedy="用 --new-template 写出默认模板"))
    target = new_template or out
    ending_of(target, (".docx",), "--out" if new_template is None else "--new-template")
    manifest = None if run is None else read_told(run)
    with whole_file(target, [path for path in (template,) if path is not None]) as made:
        if new_template is not None:
            made.write_bytes(default_template())
        elif manifest is not None:
            write_report(manifest, made, template)
    return target


def letters_of_run(run: Path | None, folder: Path) -> list[Path]:
    """Write to `folder` a letter of inquiry for each department that the findings of `run` wait for.

    `InputError`, `OutputError` or `UsageError` as `report_of_run`.
    """
    if run is None:
        raise UsageError(
            Problem("没有给出结果文件夹", Place(key="RUN"), remedy="hmgeo report 结果文件夹 --letters 文件夹")
        )
    manifest = read_told(run)
    letters = wanted_of(manifest.findings)
    made = [folder / f"查询函-{department.replace('/', '、')}.docx" for department in letters]
    with whole_files(made, []) as written:
        for path, (department, wanted) in zip(written, letters.items(), strict=True):
            write_letter(manifest, department, wanted, path)
    return made


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{name: unguarded(text) for name, text in row.items()} for row in csv.DictReader(file, restval="")]


def _attempted(step: Callable[[], object], names: Sequence[str], folder: Path) -> str:
    """Make files; return in words that they failed, with nothing half-made left; empty where they didn't.

    What a person can mend (a full disk, a locked file) is raised as ever.
    """
    try:
        step()
    except (HmgeoError, OSError):
        raise
    except Exception as fault:  # noqa: BLE001 -- a fault of ours in a picture must not take the numbers with it
        for path in (folder / name for name in names):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return say("output_failed", names=tuple(names), fault=f"{type(fault).__name__}：{fault}")
    return ""


_LIBRARIES = (
    "folium",
    "geopandas",
    "numpy",
    "pyarrow",
    "pyogrio",
    "pypdfium2",
    "pyproj",
    "reportlab",
    "shapely",
    "xlsxwriter",
)


def write_manifest(
    results: Results, folder: Path, *, command: str, run: Mapping[str, Any], settings: Mapping[str, str]
) -> None:
    """Write the manifest of a finished run folder, of `results`.

    Parameters
    ----------
    command
        As the user gave it, without machine paths.
    run
        Wall clock and duration; ignored when runs are compared.
    settings
        SHA-256 of the project's own file and its rule packs, by path from the project's folder.
    """
    entry = {"command": command, "settings": dict(settings), "outputs": entries(folder, RUN_MANIFEST), "run": dict(run)}
    write_record(folder, _manifest_of(results) | entry, RUN_MANIFEST)


def _manifest_of(results: Results, presentation: Presentation | None = None) -> dict[str, Any]:
    """Return what the manifest says of results: all but the command, the outputs and the clock."""
    shown = presentation or Presentation()
    return {
        "schema": RUN_SCHEMA,
        "versions": versions(_LIBRARIES),
        "project": {"title": results.title, "area": results.area_name},
        "as_of": results.as_of.isoformat() if results.as_of else None,
        "radius_m": results.radius_m,
        "radii_m": list(results.radii_m),
        "rule_book": dict(load_book().packs) if results.as_of else {},
        "screening_rule": results.screening_rule_id,
        "basis": results.basis.value,
        "inputs": [_input(layer) for layer in results.layers],
        "rules": [asdict(rule) for rule in results.rules],
        "parameters": [asdict(parameter) for parameter in results.parameters],
        "counts": {
            "sources_in": results.sources.num_rows,
            "sources_by_status": results.status_counts(),
            "findings": results.findings.num_rows,
            "findings_by_verdict": {verdict.value: count for verdict, count in results.verdict_counts().items()},
            "not_assessed_by_group": {group.value: count for group, count in results.unassessed_counts().items()},
            "receptors": results.receptors.num_rows,
            "ledger": len(results.ledger),
        },
        "decisions": [asdict(decision) | {"is_stale": decision.is_stale} for decision in results.decisions],
        "visit_order": asdict(results.visit_order) | {"text": wording.visit_order(results, shown.language)},
        "caption": in_language(wording.caption(results, shown), shown.language),
        "joins": [asdict(join) | {"set_aside": join.set_aside} for join in results.joins],
        "warnings": list(results.warnings),
    }


def _input(layer: LayerUsed) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind.value,
        "kind_zh": layer.kind.zh,
        "path": layer.provenance.path,
        "sha256": layer.provenance.sha256,
        "basis": layer.basis.value,
        "source": layer.provenance.source,
        "licence": layer.provenance.licence,
        "credit": layer.provenance.credit,
        "coverage": layer.gates.coverage_name or "unknown",
        "completeness": layer.gates.completeness.value,
        "vintage": layer.gates.vintage or "unknown",
        "classification": layer.gates.classification.value,
        "features": layer.feature_count,
        "rows": layer.row_count,
        "set_aside": None if layer.row_count is None else layer.row_count - layer.feature_count,
    }


FLOW_PATH, CATCHMENT, CLOSED_BASIN, SAMPLING = "flow_path", "catchment", "closed_basin", "sampling_point"
_CREDIT = "由高程推算，只反映地面径流"


def ground_layers(water: WaterTables, terrain: TerrainTables, layers: Sequence[LayerUsed]) -> tuple[ContextLayer, ...]:
    """Return the layers of `water` and `terrain` that hold anything, the leads on top.

    Their basis is the worst of `layers`, which went in.
    """
    basis = Basis.worst(*(layer.basis for layer in layers)) if layers else Basis.UNDECLARED
    paths = water.paths.filter(pc.is_valid(water.paths["geometry"]))
    made: tuple[tuple[str, str, pa.Table, str, Callable[[dict[str, Any]], str]], ...] = (
        (CATCHMENT, "取水口、保护区集水范围", water.catchment_areas, "target_id", lambda row:
            f"{row['name'] or row['target_id']} 集水 {row['catchment_area_ha'] / 100:.1f} km²，"
            f"污染源 {row['source_count']} 处"),
        (CLOSED_BASIN, "封闭洼地", water.basins, "basin_id", lambda row:
            f"{row['basin_id']} 深 {row['depth_m']:.0f} m，{row['area_ha']:.1f} ha，"
            f"{'保留' if row['is_kept'] else '按填平'}"),
        (FLOW_PATH, "径流路径", paths, "source_id", lambda row:
            f"{row['name'] or row['source_id']} 径流 {row['length_m'] / 1000:.1f} km，{row['note']}"),
        (SAMPLING, "建议布点", water.sampling, "point_id", lambda row: f"{row['point_id']} {row['why']}"),
        (OVERHEAD_PATH, "头顶库下游路径（复核线索）", _leads(terrain.overhead), "pond_id", lambda row:
            row["name"] or row["pond_id"]),
    )  # fmt: skip
    return tuple(
        ContextLayer(role, title, basis, _CREDIT, _named(table, column, name))
        for role, title, table, column, name in made
        if table.num_rows
    )


def _leads(overhead: pa.Table) -> pa.Table:
    """Return ponds whose way down is a line, the line as their shape."""
    table = overhead.filter(pc.is_valid(overhead["path"]))
    shapes = shapely.from_wkb(table["path"].to_numpy(zero_copy_only=False))
    lines = table.filter(pa.array(shapely.get_dimensions(shapes) == 1))
    return lines.rename_columns(["geometry" if name == "path" else name for name in lines.column_names])


def _named(table: pa.Table, column: str, name: Callable[[dict[str, Any]], str]) -> pa.Table:
    names = list(map(name, table.drop_columns("geometry").to_pylist()))
    return pa.table({"id": table[column], "name": pa.array(names, pa.string()), "geometry": table["geometry"]})
